/* archive.h - rooms, their logs in segments and their snapshots: the file `archive.db`.
 *
 *   meta      format, store, rooms
 *   room      id, name, kind, incarnation, first, last, created_ms, bytes, snapshot_tick, state,
 *             reason, checksum
 *   segment   id = room's id << 36 | first tick
 *   snapshot  id = room's id << 36 | tick; both: room's name, incarnation, last, previous,
 *             sealed_ms, codec, length, stored, part, parts, checksum, bytes
 *   part      id, owner, bytes: what a blob has beyond its first MiB; owner = id << 1 | 1 for a
 *             snapshot's
 *
 *   file, file_part: see archive_files.h
 *
 * A segment names the last tick of the one before it, so that one that is missing is missed; the
 * room's row says where its log begins and ends. Rooms are numbered from 1 without gaps, and `rooms`
 * tells how many there are: a room that cannot be found is never taken for one that never was.
 *
 * It is the archive half of struct store; see there. What is handed to a visitor has been read to
 * the end: a visitor may call the archive.
 */
#ifndef PERSISTENCE_ARCHIVE_H
#define PERSISTENCE_ARCHIVE_H

#include "persistence/sqlite_file.h"

#define ARCHIVE_FILE_STATEMENTS 15

struct archive {
    struct sqlite_place place;
    struct sqlite_file file;
    uint8_t store[STORE_ID_BYTES];
    uint64_t rooms;       /* also the highest id */
    uint64_t added;       /* rooms, by the transaction that runs */
    uint64_t incarnation; /* highest of any room */

    /* archive_files.c's. */
    sqlite3_stmt *file_rows[ARCHIVE_FILE_STATEMENTS];
    uint64_t file_bytes; /* of all files and uploads, where that is known */
    bool file_bytes_known;
};

/* Opens it, or makes it with a new identity where there is none. STORE_DAMAGED where the file cannot
 * be read or a room's row does not check: see salvage.h. */
MUST_CHECK enum store_result archive_open(struct archive *archive,
                                          const struct sqlite_place *place);
void archive_close(struct archive *archive);

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
MUST_CHECK enum store_result
archive_rooms(struct archive *archive, store_room_visitor *visitor, void *context);
MUST_CHECK enum store_result
archive_quarantine(struct archive *archive, struct bytes name, struct bytes reason);
MUST_CHECK enum store_result archive_release_quarantine(struct archive *archive, struct bytes name);
MUST_CHECK enum store_result
archive_remove(struct archive *archive, struct bytes name, uint64_t incarnation);
MUST_CHECK enum store_result
archive_reclaim(struct archive *archive, uint64_t bytes, uint64_t *freed);
MUST_CHECK enum store_result archive_check(struct archive *archive,
                                           store_damage_visitor *visitor,
                                           store_progress *progress,
                                           void *context);

#endif
