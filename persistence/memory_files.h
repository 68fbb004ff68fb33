/* memory_files.h - the files of the store that forgets: struct store_files. They take at most half
 * of what it may hold, so that rooms find room beside them. */
#ifndef PERSISTENCE_MEMORY_FILES_H
#define PERSISTENCE_MEMORY_FILES_H

#include "persistence/memory_rooms.h"
#include "persistence/store_files.h"

struct memory_file;

struct memory_files {
    struct memory_budget *budget;
    struct memory_file *first; /* by room and hash; uploads before them */
    uint64_t bytes;            /* of all */
    uint64_t last_upload;      /* number */
};

void memory_files_free(struct memory_files *files);
void memory_files_drop_room(struct memory_files *files, struct bytes room);

MUST_CHECK enum store_result
memory_files_begin(struct memory_files *files, struct bytes room, uint64_t bytes, uint64_t *upload);
MUST_CHECK enum store_result
memory_files_write(struct memory_files *files, uint64_t upload, struct bytes bytes);
MUST_CHECK enum store_result memory_files_end(struct memory_files *files,
                                              uint64_t upload,
                                              const struct store_file *file,
                                              bool *added);
MUST_CHECK enum store_result memory_files_put(struct memory_files *files,
                                              struct bytes room,
                                              struct bytes bytes,
                                              const struct store_file *file,
                                              bool *added);
MUST_CHECK enum store_result memory_files_drop(struct memory_files *files, uint64_t upload);
MUST_CHECK enum store_result memory_files_find(const struct memory_files *files,
                                               struct bytes room,
                                               const uint8_t hash[STORE_HASH_BYTES],
                                               struct store_file *file);
MUST_CHECK enum store_result memory_files_read(const struct memory_files *files,
                                               struct bytes room,
                                               const uint8_t hash[STORE_HASH_BYTES],
                                               uint64_t part,
                                               store_part_visitor *visitor,
                                               void *context);
MUST_CHECK enum store_result memory_files_list(const struct memory_files *files,
                                               struct bytes room,
                                               store_file_visitor *visitor,
                                               void *context);
void memory_files_held(const struct memory_files *files,
                       struct bytes room,
                       struct store_held *held);
MUST_CHECK enum store_result memory_files_use(struct memory_files *files,
                                              struct bytes room,
                                              const struct store_use *uses,
                                              size_t count);
MUST_CHECK enum store_result memory_files_remove(struct memory_files *files,
                                                 struct bytes room,
                                                 const uint8_t hash[STORE_HASH_BYTES]);
MUST_CHECK enum store_result memory_files_stalest(const struct memory_files *files,
                                                  struct store_file *file);

#endif
