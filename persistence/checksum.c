#include "persistence/checksum.h"

#include "sync/hash.h"

#include <assert.h>

uint64_t checksum(const uint64_t numbers[], size_t count, struct bytes name, struct bytes bytes)
{
    assert(count <= CHECKSUM_NUMBERS_MAX);
    uint8_t written[CHECKSUM_NUMBERS_MAX * 8];
    for (size_t i = 0; i < count; i++)
        for (size_t byte = 0; byte < 8; byte++)
            written[8 * i + byte] = (uint8_t)(numbers[i] >> (8 * byte));
    uint64_t sum = hash_bytes(0, (struct bytes){written, 8 * count});
    return hash_bytes(hash_bytes(sum, name), bytes);
}
