#include "sync/log_piece.h"

#include "sync/log_pack.h"

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
