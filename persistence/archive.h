/* archive.h - rooms, their recordings in segments and their snapshots: the file `archive.db`.
 *
 *   meta      format, store, rooms, incarnation, suspect
 *   room      id, name, kind, incarnation, first, last, created_ms, bytes, snapshot_tick, state,
 *             reason, checksum
 *   chain     name, next, checksum: each room's name, with the one that follows it bytewise
 *   segment   id = room's id << 36 | first tick
 *   snapshot  id = room's id << 36 | tick; both: room's name, incarnation, last, previous,
 *             sealed_ms, codec, length, stored, part, parts, checksum, bytes
 *   track     presence, likewise; id = room's id << 36 | first tick
 *   summary   what a segment tells of, likewise, with began_ms and ended_ms: of the segment with its id,
 *             or of the track where there is no such segment
 *   part      id, owner, bytes: what a blob has beyond its first MiB; owner = id << 1 | 1 for a
 *             snapshot's; for a track's the complement of id << 1
 *
 *   file, file_part: see archive_files.h; session, marker: archive_sessions.h
 *
 *   gap       id of a segment, room's name, last, checksum: between it and what ends at `last` the log is
 *             not kept any more
 *
 * A segment names the last tick of the one before it, so that one that is missing is missed, unless a gap
 * is told of; the room's row says where its log begins and ends. A room that cannot be found is never taken for one
 * that never was: its name has to lie between two that follow each other. Rooms are numbered from 1
 * without gaps, and `rooms` tells how many there are.
 *
 * Opening looks at no room: a row is checked whenever it is read. Where one did not check, the file
 * is `suspect`, and the next opening looks at all of them.
 *
 * It is the archive half of struct store; see there. What is handed to a visitor has been read to
 * the end: a visitor may call the archive.
 */
#ifndef PERSISTENCE_ARCHIVE_H
#define PERSISTENCE_ARCHIVE_H

#include "persistence/sqlite_file.h"

#define ARCHIVE_FILE_STATEMENTS 15

enum archive_link_statement {
    LINK_UP_TO,
    LINK_ADD,
    LINK_SET,
    ARCHIVE_LINK_STATEMENTS
};

/* A room, and when the oldest of what may go of it was sealed. */
#define ARCHIVE_OLD_MAX 64u
struct archive_old {
    uint64_t room, sealed_ms;
};

struct archive {
    struct sqlite_place place;
    struct sqlite_file file;
    uint8_t store[STORE_ID_BYTES];
    uint64_t rooms;       /* also the highest id */
    uint64_t added;       /* rooms, by the transaction that runs */
    uint64_t incarnation; /* highest that any room has or had */
    uint64_t noted;       /* of it, what the file knows */
    bool suspect;         /* a room's row did not check */
    bool suspect_noted;   /* the file knows */
    uint64_t format;      /* the file's */
    bool tracked;         /* which has tracks and summaries */
    bool gapped;          /* and logs with gaps */

    /* archive_names.c's. */
    sqlite3_stmt *links[ARCHIVE_LINK_STATEMENTS];
    bool chained; /* the file's format has the names in their order */

    /* archive_retain.c's. */
    uint64_t stored; /* bytes of all rooms' blobs, where that is known */
    bool stored_known;
    bool owes_room;     /* what was freed in the file is not the disk's yet */
    uint64_t looked_at; /* id of the room where its rounds stand */
    struct archive_old oldest[ARCHIVE_OLD_MAX]; /* of this round, the oldest first */
    size_t old_count;

    /* archive_files.c's. */
    sqlite3_stmt *file_rows[ARCHIVE_FILE_STATEMENTS];
    uint64_t file_bytes; /* of all files and uploads, where that is known */
    bool file_bytes_known;
    uint64_t last_file; /* the highest id that was given to one, gone or not */
};

/* Opens it, or makes it with a new identity where there is none. STORE_DAMAGED where the file cannot
 * be read or a room's row does not check: see salvage.h. */
MUST_CHECK enum store_result archive_open(struct archive *archive,
                                          const struct sqlite_place *place);
void archive_close(struct archive *archive);

/* That a room's row did not check is for the next opening to know; tried again where that fails. */
void archive_note_suspicion(struct archive *archive);

MUST_CHECK enum store_result archive_seal(struct archive *archive,
                                          const struct store_sealed *sealed,
                                          size_t count,
                                          uint64_t wall_ms);
MUST_CHECK enum store_result archive_set_aside(struct archive *archive,
                                               const struct store_sealed *sealed,
                                               struct bytes reason,
                                               uint64_t wall_ms);
MUST_CHECK enum store_result archive_room(struct archive *archive,
                                          struct bytes name,
                                          store_room_visitor *visitor,
                                          void *context);
MUST_CHECK enum store_result archive_snapshot(struct archive *archive,
                                              struct bytes name,
                                              uint64_t tick,
                                              store_blob_visitor *visitor,
                                              void *context);
MUST_CHECK enum store_result archive_read(struct archive *archive,
                                          struct bytes name,
                                          uint64_t after,
                                          store_blob_visitor *visitor,
                                          void *context);
MUST_CHECK enum store_result archive_tracks(struct archive *archive,
                                            struct bytes name,
                                            uint64_t tick,
                                            store_blob_visitor *visitor,
                                            void *context);
MUST_CHECK enum store_result archive_segments(struct archive *archive,
                                              struct bytes name,
                                              uint64_t after,
                                              store_segment_visitor *visitor,
                                              void *context);
MUST_CHECK enum store_result
archive_recorded(struct archive *archive, struct bytes name, uint64_t after, uint64_t *bytes);
MUST_CHECK enum store_result
archive_rooms(struct archive *archive, store_room_visitor *visitor, void *context);
MUST_CHECK enum store_result
archive_quarantine(struct archive *archive, struct bytes name, struct bytes reason);
MUST_CHECK enum store_result archive_release_quarantine(struct archive *archive, struct bytes name);
MUST_CHECK enum store_result
archive_remove(struct archive *archive, struct bytes name, uint64_t incarnation);
MUST_CHECK enum store_result
archive_reclaim(struct archive *archive, uint64_t bytes, uint64_t *freed);
MUST_CHECK enum store_result
archive_retain(struct archive *archive, const struct store_retention *retention, uint64_t *freed);
MUST_CHECK enum store_result archive_check(struct archive *archive,
                                           store_damage_visitor *visitor,
                                           store_progress *progress,
                                           void *context);

#endif
