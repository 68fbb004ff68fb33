#include "server/bucket.h"

#include <assert.h>

/* Tokens per second times microseconds are millionths of a token: refilling never divides. */
#define MILLIONTHS UINT64_C(1000000)

static_assert(BUCKET_TOKENS_MAX <= INT64_MAX / MILLIONTHS, "a full bucket fits 63 bits");

static uint64_t full(const struct bucket_rate *rate)
{
    assert(rate->per_second > 0 && rate->per_second <= BUCKET_TOKENS_MAX);
    assert(rate->burst > 0 && rate->burst <= BUCKET_TOKENS_MAX);
    return rate->burst * MILLIONTHS;
}

/* What is missing is divided by the rate, rather than the elapsed time multiplied with it: a
 * bucket that was left alone for years must not overflow. */
static uint64_t
credit_at(const struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_us)
{
    uint64_t most = full(rate);
    if (bucket->credit >= most)
        return most;
    if (now_us <= bucket->updated_us)
        return bucket->credit;

    uint64_t elapsed_us = now_us - bucket->updated_us;
    if (elapsed_us > (most - bucket->credit) / rate->per_second)
        return most;
    return bucket->credit + elapsed_us * rate->per_second;
}

void bucket_fill(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_us)
{
    *bucket = (struct bucket){.credit = full(rate), .updated_us = now_us};
}

bool bucket_take(struct bucket *bucket,
                 const struct bucket_rate *rate,
                 uint64_t now_us,
                 uint32_t tokens)
{
    bucket->credit = credit_at(bucket, rate, now_us);
    if (now_us > bucket->updated_us)
        bucket->updated_us = now_us;

    uint64_t price = tokens * MILLIONTHS;
    if (price > bucket->credit)
        return false;
    bucket->credit -= price;
    return true;
}

uint64_t bucket_wait_us(const struct bucket *bucket,
                        const struct bucket_rate *rate,
                        uint64_t now_us,
                        uint32_t tokens)
{
    uint64_t credit = credit_at(bucket, rate, now_us);
    uint64_t price = tokens < rate->burst ? tokens * MILLIONTHS : full(rate);
    if (price <= credit)
        return 0;
    /* Rounded up: whoever waits that long finds the tokens there. */
    return (price - credit + rate->per_second - 1) / rate->per_second;
}
