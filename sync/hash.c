#include "sync/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(uint64_t seed, struct bytes bytes)
{
    return XXH3_64bits_withSeed(bytes.length > 0 ? (const void *)bytes.data : "", bytes.length,
                                seed);
}

uint64_t hash_member(uint64_t seed, uint32_t member)
{
    uint8_t digits[10];
    size_t first = sizeof digits;
    do {
        digits[--first] = (uint8_t)('0' + member % 10);
        member /= 10;
    } while (member > 0);
    return hash_bytes(seed, (struct bytes){digits + first, sizeof digits - first});
}
