/* fuzz_replica - frames of any bytes into a replica, over several connections.
 *
 * The input is a row of steps: a byte that tells the sections of a frame, then the length (two
 * bytes) and the bytes of the frame. 255 is a new connection, the length the scopes that are kept;
 * after 254 only so many blocks of memory may be had as the length says.
 */
#include <stdlib.h>

#include "sync/replica.h"
#include "tests/fuzz/counted.h"
#include "tests/fuzz/fuzzed.h"

#define NEW_CONNECTION 255
#define FEW_BLOCKS     254

/* Less than what hostile slots can make it ask for. */
#define MEMORY_MOST ((size_t)24 << 20)

/* Everything that a reader of the replica may ask for. */
static void read_all(const struct replica *replica)
{
    static uint8_t packed[1 << 20];
    (void)replica_hash(replica);
    for (uint32_t i = 0; i < COLLECTIONS_MAX; i++) {
        const struct replica_collection *collection = replica_collection_at(replica, i);
        const struct replica_record *record = NULL;
        while ((record = replica_next(replica, collection, record)) != NULL) {
            if (replica_find(replica, collection, replica_record_id(record)) != record)
                abort();
            struct writer writer = writer_on(packed, sizeof packed);
            for (int field = 0; field < (int)FIELDS_MAX; field++)
                replica_pack(record, field, &writer);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counted counted = {.most = MEMORY_MOST, .blocks = UINT32_MAX};
    struct memory memory = counted_memory(&counted);
    struct replica *replica = replica_create(&memory);
    if (replica == NULL)
        abort();
    for (size_t at = 0; at + 3 <= size;) {
        uint8_t step = data[at];
        size_t length = (size_t)data[at + 1] << 8 | data[at + 2];
        at += 3;
        if (step == NEW_CONNECTION) {
            replica_welcome(replica, (uint8_t)length, length >> 8 != 0);
            continue;
        }
        if (step == FEW_BLOCKS) {
            counted.blocks = (uint32_t)length;
            continue;
        }
        if (length > size - at)
            length = size - at;
        struct reader reader = reader_on((struct bytes){data + at, length});
        enum status status = replica_sections(replica, &reader, step);
        if (status == STATUS_MEMORY && !counted.refused)
            abort();
        read_all(replica);
        at += length;
    }
    replica_destroy(replica);
    if (counted.held != 0)
        abort();
    return 0;
}
