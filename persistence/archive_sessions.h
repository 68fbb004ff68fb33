/* archive_sessions.h - sessions and markers: the archive's tables `session` and `marker`. See struct
 * store_sessions. */
#ifndef PERSISTENCE_ARCHIVE_SESSIONS_H
#define PERSISTENCE_ARCHIVE_SESSIONS_H

#include "persistence/archive_table.h"

#define ARCHIVE_SESSIONS_SQL                                                                       \
    "CREATE TABLE session(id INTEGER PRIMARY KEY, room BLOB, kind BLOB, incarnation INTEGER,"      \
    " first INTEGER, last INTEGER, began_ms INTEGER, ended_ms INTEGER, title BLOB,"                \
    " pinned INTEGER, checksum INTEGER) STRICT;"                                                   \
    "CREATE INDEX session_room ON session(room, first);"                                           \
    "CREATE TABLE marker(id INTEGER PRIMARY KEY, room BLOB, tick INTEGER, incarnation INTEGER,"    \
    " title BLOB, colour BLOB, author BLOB, checksum INTEGER, UNIQUE(room, tick, incarnation))"    \
    " STRICT"

extern const struct archive_table archive_session_table, archive_marker_table;

MUST_CHECK enum store_result
archive_sessions_put(struct archive *archive, const struct store_session *sessions, size_t count);
MUST_CHECK enum store_result
archive_session_entitle(struct archive *archive, uint64_t id, struct bytes title);
MUST_CHECK enum store_result archive_session_pin(struct archive *archive, uint64_t id, bool pinned);
MUST_CHECK enum store_result archive_session_remove(struct archive *archive, uint64_t id);
MUST_CHECK enum store_result archive_sessions_list(struct archive *archive,
                                                   struct bytes room,
                                                   store_session_visitor *visitor,
                                                   void *context);

MUST_CHECK enum store_result archive_mark(struct archive *archive,
                                          const struct store_marker *marker);
MUST_CHECK enum store_result archive_unmark(struct archive *archive,
                                            const struct store_marker *marker);
MUST_CHECK enum store_result archive_markers(struct archive *archive,
                                             struct bytes room,
                                             store_marker_visitor *visitor,
                                             void *context);

/* Within a transaction: one with its title and pin. STORE_DAMAGED where its id is taken. */
MUST_CHECK enum store_result archive_session_add(struct archive *archive,
                                                 const struct store_session *session);

/* Within a transaction: sessions of the room that ended before the tick, are not pinned, and of which
 * nothing is kept; markers of these ticks. */
MUST_CHECK enum store_result archive_sessions_drop_empty(struct archive *archive,
                                                         struct bytes room,
                                                         uint64_t room_id,
                                                         uint64_t tick);
MUST_CHECK enum store_result
archive_markers_drop(struct archive *archive, struct bytes room, uint64_t first, uint64_t last);

/* All of both, within a transaction. */
MUST_CHECK enum store_result archive_sessions_drop_room(struct archive *archive, struct bytes room);

#endif
