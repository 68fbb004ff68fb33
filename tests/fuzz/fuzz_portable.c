/* fuzz_portable - any bytes as a portable file: refused with a place, or every rule of it holds.
 *
 * The first byte says what follows: 0, the file's bytes after its head; else steps, each a piece of a kind, with a
 * head and a checksum that fit, so that what is behind them is reached. Memory and work are bounded.
 */
#include <stdio.h>
#include <string.h>

#include "persistence/portable_parts.h"
#include "tests/fuzz/fuzzed.h"
#include "tests/fuzz/steps.h"
#include "tools/store_judge.h"

#define FILE_MOST ((size_t)1 << 20)

static size_t put_head(uint8_t *file)
{
    memcpy(file, PORTABLE_MAGIC, PORTABLE_MAGIC_BYTES);
    put_number(file + PORTABLE_MAGIC_BYTES, PORTABLE_VERSION, 4);
    return PORTABLE_HEAD_BYTES;
}

/* A deflated one where the step's bytes are said to be longer than they are. */
static size_t put_piece(uint8_t *file, uint32_t number, uint8_t what, struct bytes bytes)
{
    size_t length = bytes.length + ((what & 0x80) != 0 ? 1000 : 0);
    memcpy(file, portable_layouts[(what & 0x7f) % PORTABLE_KINDS].name, 4);
    put_number(file + 4, number, 4);
    put_number(file + 8, bytes.length, 4);
    put_number(file + 12, length, 4);
    if (bytes.length > 0)
        memcpy(file + PIECE_HEAD_BYTES, bytes.data, bytes.length);
    put_number(file + 16, portable_checksum(file, bytes), 4);
    return PIECE_HEAD_BYTES + bytes.length;
}

static size_t put_pieces(uint8_t *file, const uint8_t *data, size_t size)
{
    size_t length = put_head(file);
    struct steps steps = steps_on(data, size);
    struct bytes bytes;
    uint8_t what;
    for (uint32_t number = 0; steps_next(&steps, &what, &bytes); number++)
        if (length + PIECE_HEAD_BYTES + bytes.length <= FILE_MOST)
            length += put_piece(file + length, number, what, bytes);
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_MOST];
    if (size == 0 || size > FILE_MOST / 4)
        return 0;
    size_t length;
    if (data[0] == 0) {
        length = put_head(file);
        memcpy(file + length, data + 1, size - 1);
        length += size - 1;
    } else {
        length = put_pieces(file, data, size);
    }
    FILE *stream = fmemopen(file, length, "rb");
    demand(stream != NULL);
    struct judging judging = {.kinds = &fuzzed_kinds,
                              .limits = {.memory = (size_t)64 << 20,
                                         .bytes = (uint64_t)64 << 20,
                                         .walked = (uint64_t)256 << 20}};
    enum store_result result = judge(&judging, stream);
    fclose(stream);
    demand(result == STORE_OK || judging.error[0] != '\0');
    demand(judging.bytes <= judging.limits.bytes && judging.walked <= judging.limits.walked);
    return 0;
}
