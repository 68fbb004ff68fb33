#include "sync/log_piece.h"

#include <stdlib.h>

static const struct memory memory;

enum status log_piece_open(struct log_piece *piece, struct bytes stored)
{
    *piece = (struct log_piece){.entries = stored};
    if (!log_is_packed(stored))
        return STATUS_OK;
    piece->entries = (struct bytes){0};
    size_t length;
    enum status status = log_unpack(&memory, stored, &piece->unpacked, &length);
    if (status == STATUS_OK)
        piece->entries = (struct bytes){piece->unpacked, length};
    return status;
}

void log_piece_close(struct log_piece *piece)
{
    memory_release(&memory, piece->unpacked);
    *piece = (struct log_piece){0};
}

struct bytes log_piece_pack(struct bytes bytes, log_piece_packer *pack, uint8_t **owned)
{
    if (bytes.length == 0 || bytes.length > LOG_PIECE_PACKED_MAX)
        return bytes;
    size_t capacity = log_pack_bytes_max(bytes.length);
    uint8_t *buffer = malloc(capacity);
    struct writer writer = writer_on(buffer, capacity);
    if (buffer == NULL || !pack(&memory, bytes, &writer)) {
        free(buffer);
        return bytes;
    }
    uint8_t *shrunk = realloc(buffer, writer.length);
    *owned = shrunk != NULL ? shrunk : buffer;
    return (struct bytes){*owned, writer.length};
}
