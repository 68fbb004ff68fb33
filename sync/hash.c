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
    uint8_t digits[DECIMAL_DIGITS];
    return hash_bytes(seed, bytes_decimal(member, digits));
}
