/* archive_files.h - the files of rooms in the archive: the tables `file` and `file_part`.
 *
 *   file       id 1.., room's name, hash, type, bytes, parts, sum, added_ms, used_ms, checksum
 *   file_part  id = file's id << 16 | number of the part from 0, checksum, bytes
 *
 * An upload is a row too: it has 16 random bytes in the place of its hash, and is wanted for ever. Who
 * sends it knows it by its id, which is not given again while this process runs, whatever becomes of
 * the row or of the file that it was in.
 * `sum` is made of the checksums of the parts, so that a part that is missing, or strayed here, is
 * missed.
 *
 * It is struct store_files; see there.
 */
#ifndef PERSISTENCE_ARCHIVE_FILES_H
#define PERSISTENCE_ARCHIVE_FILES_H

#include "persistence/archive.h"
#include "persistence/store_files.h"

#define ARCHIVE_FILES_SQL                                                                          \
    "CREATE TABLE file(id INTEGER PRIMARY KEY, room BLOB NOT NULL, hash BLOB NOT NULL,"            \
    " type INTEGER NOT NULL, bytes INTEGER NOT NULL, parts INTEGER NOT NULL,"                      \
    " sum INTEGER NOT NULL, added_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL,"                  \
    " checksum INTEGER NOT NULL) STRICT;"                                                          \
    "CREATE UNIQUE INDEX file_of_room ON file(room, hash);"                                        \
    "CREATE INDEX file_by_use ON file(used_ms);"                                                   \
    "CREATE TABLE file_part(id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL,"                    \
    " bytes BLOB NOT NULL) STRICT"

/* Statements are prepared by the first call that needs them: a file of an older format, which is
 * only read, has no such tables, and so no files. */
void archive_files_close(struct archive *archive);

/* Drops what uploads have left behind. */
MUST_CHECK enum store_result archive_files_tidy(struct archive *archive);

/* All files and uploads of the room, within a transaction. */
MUST_CHECK enum store_result archive_files_drop_room(struct archive *archive, struct bytes room);

/* Reads every file. Damage is reported, and the walk goes on. `step` is called after each: false
 * ends it. */
MUST_CHECK enum store_result archive_files_check(struct archive *archive,
                                                 store_damage_visitor *visitor,
                                                 bool (*step)(void *context),
                                                 void *visitor_context,
                                                 void *step_context);

/* Copies what checks of `from`, which is damaged, one transaction a file. */
MUST_CHECK enum store_result
archive_files_salvage(struct archive *from, struct archive *to, unsigned *kept, unsigned *lost);

/* Within a transaction. */
MUST_CHECK enum store_result
archive_upload_begin(struct archive *archive, struct bytes room, uint64_t bytes, uint64_t *upload);
MUST_CHECK enum store_result
archive_upload_write(struct archive *archive, uint64_t upload, struct bytes bytes);
MUST_CHECK enum store_result archive_upload_end(struct archive *archive,
                                                uint64_t upload,
                                                const struct store_file *file,
                                                bool *added);

MUST_CHECK enum store_result
archive_file_begin(struct archive *archive, struct bytes room, uint64_t bytes, uint64_t *upload);
MUST_CHECK enum store_result
archive_file_write(struct archive *archive, uint64_t upload, struct bytes bytes);
MUST_CHECK enum store_result archive_file_end(struct archive *archive,
                                              uint64_t upload,
                                              const struct store_file *file,
                                              bool *added);
MUST_CHECK enum store_result archive_file_put(struct archive *archive,
                                              struct bytes room,
                                              struct bytes bytes,
                                              const struct store_file *file,
                                              bool *added);
MUST_CHECK enum store_result archive_file_drop(struct archive *archive, uint64_t upload);
MUST_CHECK enum store_result archive_file_find(struct archive *archive,
                                               struct bytes room,
                                               const uint8_t hash[STORE_HASH_BYTES],
                                               struct store_file *file);
MUST_CHECK enum store_result archive_file_read(struct archive *archive,
                                               struct bytes room,
                                               const uint8_t hash[STORE_HASH_BYTES],
                                               uint64_t part,
                                               store_part_visitor *visitor,
                                               void *context);
MUST_CHECK enum store_result archive_file_list(struct archive *archive,
                                               struct bytes room,
                                               store_file_visitor *visitor,
                                               void *context);
MUST_CHECK enum store_result
archive_file_held(struct archive *archive, struct bytes room, struct store_held *held);
MUST_CHECK enum store_result archive_file_use(struct archive *archive,
                                              struct bytes room,
                                              const struct store_use *uses,
                                              size_t count);
MUST_CHECK enum store_result archive_file_remove(struct archive *archive,
                                                 struct bytes room,
                                                 const uint8_t hash[STORE_HASH_BYTES]);
MUST_CHECK enum store_result archive_file_stalest(struct archive *archive, struct store_file *file);

#endif
