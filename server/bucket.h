/* bucket.h - a token bucket: how much of something a peer may still do right now.
 *
 *   static const struct bucket_rate rate = {.per_second = 120, .burst = 240};
 *   struct bucket bucket;
 *   bucket_fill(&bucket, &rate, now_us);
 *   if (!bucket_take(&bucket, &rate, now_us, 1))
 *       refuse; bucket_wait_us() says when the next one fits
 *
 * Units      time is microseconds on the caller's monotonic clock; amounts are whole tokens.
 * Ownership  plain values. The rate is kept apart because thousands of buckets share one.
 * Errors     none at run time. A rate outside its bounds is a caller's mistake and is asserted.
 * Source     the classic token bucket (RFC 2697, section 3), in integers: nothing is rounded away.
 */
#ifndef SERVER_BUCKET_H
#define SERVER_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* Upper bound of both numbers of a rate; keeps every product here below 2^63. */
#define BUCKET_TOKENS_MAX 1000000000u

struct bucket_rate {
    uint32_t per_second; /* tokens gained, 1..BUCKET_TOKENS_MAX */
    uint32_t burst;      /* most tokens held, 1..BUCKET_TOKENS_MAX */
};

struct bucket {
    uint64_t credit;     /* millionths of a token */
    uint64_t updated_us; /* when credit was last true */
};

/* Makes the bucket full. */
void bucket_fill(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_us);

/* Takes the tokens if they are all there, else none. A clock that steps back stands still. */
bool bucket_take(struct bucket *bucket,
                 const struct bucket_rate *rate,
                 uint64_t now_us,
                 uint32_t tokens);

/* How long until bucket_take() would succeed, 0 when it would now. More tokens than a burst
 * never come: the wait is then the one for a full bucket. */
uint64_t bucket_wait_us(const struct bucket *bucket,
                        const struct bucket_rate *rate,
                        uint64_t now_us,
                        uint32_t tokens);

#endif
