/* fuzz_log_pack - any bytes as a packed piece of a log, and any as entries or a snapshot to be packed.
 *
 * The first byte chooses: 0, what follows is a piece; 1, it is a piece's body, behind two bytes that are
 * 1/16 of the length of its entries, and of which a set last bit says that it is a snapshot's; else it is
 * entries, or with an odd byte a snapshot, which come back as they are. Memory is bounded, and 2 to 63 take some
 * of it away.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/deflate.h"
#include "sync/log_pack_parts.h"
#include "tests/fuzz/counted.h"
#include "tests/fuzz/fuzzed.h"

/* The bounds of words allow so much. */
#define MEMORY_MOST ((size_t)256 << 20)

static void *sure(size_t length)
{
    void *block = malloc(length + 1);
    demand(block != NULL);
    return block;
}

static void unpack(struct counted *counted, struct bytes piece)
{
    struct memory memory = counted_memory(counted);
    uint8_t *entries = NULL;
    size_t length;
    enum status status = log_unpack(&memory, piece, &entries, &length);
    demand((entries != NULL) == (status == STATUS_OK));
    demand(status != STATUS_MEMORY || counted->refused);
    demand(status != STATUS_OK || log_is_packed(piece));
    memory_release(&memory, entries);
}

static void unpack_body(struct counted *counted, struct bytes body)
{
    if (body.length < 2)
        return;
    struct memory memory = counted_memory(counted);
    uint8_t *bytes = sure(LOG_PACK_HEAD_MAX + 2 * body.length + 64);
    struct chunk head = {.data = bytes, .capacity = LOG_PACK_HEAD_MAX};
    struct deflate_part rest = {{body.data + 2, body.length - 2}, false};
    uint64_t length = 16u * ((uint64_t)body.data[0] << 8 | body.data[1]) + 1;
    bytes[head.length++] = LOG_PACK_MARK;
    bytes[head.length++] = (body.data[1] & 1) != 0 ? LOG_PACK_VERSION_ACTS : LOG_PACK_VERSION;
    demand(chunk_add_number(&memory, &head, length) &&
           chunk_add_number(&memory, &head, rest.bytes.length));
    memset(bytes + head.length, 0, LOG_PACK_HASH);
    head.length += LOG_PACK_HASH;
    size_t deflated = deflate_parts(&memory, &rest, 1, bytes + head.length, 2 * body.length + 32);
    if (deflated > 0)
        unpack(counted, (struct bytes){bytes, head.length + deflated});
    free(bytes);
}

static void pack(struct counted *counted, struct bytes entries, bool snapshot)
{
    struct memory memory = counted_memory(counted);
    size_t capacity = log_pack_bytes_max(entries.length);
    uint8_t *bytes = sure(capacity), *again = NULL;
    struct writer writer = writer_on(bytes, capacity);
    size_t length;
    bool packed =
        snapshot ? snapshot_pack(&memory, entries, &writer) : log_pack(&memory, entries, &writer);
    demand(counted->held == 0 && writer.status == STATUS_OK);
    demand(packed == (writer.length > 0));
    if (packed) {
        counted->blocks = UINT32_MAX;
        demand(writer.length < entries.length && log_is_packed(writer_bytes(&writer)));
        demand(log_unpack(&memory, writer_bytes(&writer), &again, &length) == STATUS_OK);
        demand(length == entries.length && memcmp(again, entries.data, length) == 0);
        memory_release(&memory, again);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counted counted = {.most = MEMORY_MOST, .blocks = UINT32_MAX};
    if (size == 0)
        return 0;
    struct bytes rest = {data + 1, size - 1};
    if (data[0] == 0) {
        unpack(&counted, rest);
    } else if (data[0] == 1) {
        unpack_body(&counted, rest);
    } else {
        counted.blocks = data[0] < 64 ? data[0] : UINT32_MAX;
        pack(&counted, rest, data[0] % 2 == 1);
    }
    demand(counted.held == 0);
    return 0;
}
