/* store_files.h - the files of rooms: images and the like, each named by the SHA-256 of its bytes.
 *
 *   files->begin(store, room, length, &upload);
 *   files->write(store, upload, bytes); ...                 as they come
 *   files->end(store, upload, &file, &added);               now the room has it
 *   files->find(store, room, hash, &file);  files->read(store, room, hash, part, visitor, context);
 *
 * A file belongs to one room and goes with it. It is written and read in parts, so that nobody has
 * to hold one whole. What was begun and not ended is no file; it goes when the store is opened anew.
 * That the bytes have that hash is the caller's word; that they are the bytes that were written is
 * the store's.
 *
 * Errors     as in store.h; STORE_NOT_FOUND of an upload that is gone, with its room perhaps: no other
 *            one has its number. STORE_DAMAGED of one whose bytes are not as many as were announced.
 *            list() and stalest() pass over what does not check, which check() tells of.
 * Threads    that of the archive half.
 */
#ifndef PERSISTENCE_STORE_FILES_H
#define PERSISTENCE_STORE_FILES_H

#include "persistence/store_result.h"
#include "sync/base.h"
#include "sync/limits.h"

#define STORE_HASH_BYTES 32u

/* Files are written and read in parts of so many bytes; the last one may be shorter. */
#define STORE_FILE_PART 65536u

/* Longest file. */
#define STORE_FILE_MAX (1u << 30)

struct store_file {
    uint8_t room[ROOM_NAME_MAX];
    uint8_t room_length;
    uint8_t hash[STORE_HASH_BYTES];
    uint8_t type;      /* what it is: the caller's number */
    uint64_t bytes;    /* 1..STORE_FILE_MAX */
    uint64_t added_ms; /* since 1970 */
    uint64_t used_ms;  /* since 1970: when it was last known to be wanted */
};

struct store_use {
    uint8_t hash[STORE_HASH_BYTES];
    uint64_t used_ms;
};

/* What a room's files take, uploads under way counted in full. */
struct store_held {
    uint64_t files, bytes;
    uint64_t all_bytes; /* of all rooms */
};

struct store;
typedef bool store_file_visitor(void *context, const struct store_file *file);
typedef void store_part_visitor(void *context, struct bytes part);

struct store_files {
    /* A file of so many bytes begins to arrive. */
    MUST_CHECK enum store_result (*begin)(struct store *store,
                                          struct bytes room,
                                          uint64_t bytes,
                                          uint64_t *upload);

    /* The next bytes of it: a multiple of STORE_FILE_PART, but for the last. */
    MUST_CHECK enum store_result (*write)(struct store *store, uint64_t upload, struct bytes bytes);

    /* All of its bytes are there: it is a file of the room from now on, on the disk in every mode.
     * Where the room has one of this hash the two are one from then on, wanted as late as the later;
     * *added tells. Room and length in `file` are not looked at. */
    MUST_CHECK enum store_result (*end)(struct store *store,
                                        uint64_t upload,
                                        const struct store_file *file,
                                        bool *added);

    /* All three at once, of a file whose bytes are there. */
    MUST_CHECK enum store_result (*put)(struct store *store,
                                        struct bytes room,
                                        struct bytes bytes,
                                        const struct store_file *file,
                                        bool *added);

    /* It will not be ended. */
    MUST_CHECK enum store_result (*drop)(struct store *store, uint64_t upload);

    MUST_CHECK enum store_result (*find)(struct store *store,
                                         struct bytes room,
                                         const uint8_t hash[STORE_HASH_BYTES],
                                         struct store_file *file);

    /* Part number `part` of it, from 0 on: STORE_NOT_FOUND behind the last. */
    MUST_CHECK enum store_result (*read)(struct store *store,
                                         struct bytes room,
                                         const uint8_t hash[STORE_HASH_BYTES],
                                         uint64_t part,
                                         store_part_visitor *visitor,
                                         void *context);

    /* The room's files, by hash. The visitor may call the archive half. */
    MUST_CHECK enum store_result (*list)(struct store *store,
                                         struct bytes room,
                                         store_file_visitor *visitor,
                                         void *context);

    MUST_CHECK enum store_result (*held)(struct store *store,
                                         struct bytes room,
                                         struct store_held *held);

    /* They are wanted, or were until then: an earlier time than the one that a file has changes
     * nothing, and what is not there is passed over. */
    MUST_CHECK enum store_result (*use)(struct store *store,
                                        struct bytes room,
                                        const struct store_use *uses,
                                        size_t count);

    MUST_CHECK enum store_result (*remove)(struct store *store,
                                           struct bytes room,
                                           const uint8_t hash[STORE_HASH_BYTES]);

    /* Of all files that which was wanted the longest ago. */
    MUST_CHECK enum store_result (*stalest)(struct store *store, struct store_file *file);
};

static inline struct bytes store_file_room(const struct store_file *file)
{
    return (struct bytes){file->room, file->room_length};
}

#endif
