#include "server/addresses.h"

#include "server/bucket.h"

#include <assert.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM                1
#define uthash_nonfatal_oom(added_entry) ((added_entry)->lost = true)
#include <uthash.h>

#define KEY_BYTES 8u
#define SECOND_US UINT64_C(1000000)

/* Tokens for one act: a bucket that gains so many a second gains an act a minute. */
#define ACT_TOKENS 60u

static_assert(ADDRESS_RATE_MAX <= BUCKET_TOKENS_MAX / ACT_TOKENS, "a full bucket is a bucket");

struct address {
    struct wheel_entry forget; /* set while nobody holds it */
    UT_hash_handle hh;
    struct bucket acts[ADDRESS_ACTS];
    uint64_t full_us; /* when all of them are full */
    uint8_t key[KEY_BYTES];
    uint32_t sockets;
    uint32_t replays;
    bool lost; /* the table had no memory for it */
};

static struct bucket_rate rate_of(const struct addresses *addresses, enum address_act act)
{
    const struct address_rate *rate = &addresses->rates[act];
    return (struct bucket_rate){.per_second = rate->per_minute, .burst = ACT_TOKENS * rate->burst};
}

void addresses_init(struct addresses *addresses, const struct address_rate *rates, uint32_t now_s)
{
    *addresses = (struct addresses){.rates = rates};
    wheel_init(&addresses->remembered, now_s);
}

static void forget(struct addresses *addresses, struct address *address)
{
    HASH_DELETE(hh, addresses->table, address);
    free(address);
}

static void on_forgotten(void *context, struct wheel_entry *entry)
{
    static_assert(offsetof(struct address, forget) == 0, "an entry is its address");
    forget(context, (struct address *)entry);
}

void addresses_end(struct addresses *addresses)
{
    wheel_empty(&addresses->remembered, on_forgotten, addresses);
    assert(addresses->table == NULL);
}

void addresses_advance(struct addresses *addresses, uint32_t now_s)
{
    wheel_advance(&addresses->remembered, now_s, on_forgotten, addresses);
}

/* The four bytes of an IPv4 peer, however it is written; NULL for a true IPv6 peer. */
static const uint8_t *v4_of(const struct sockaddr *peer)
{
    if (peer->sa_family == AF_INET)
        return (const uint8_t *)&((const struct sockaddr_in *)(const void *)peer)->sin_addr;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    return IN6_IS_ADDR_V4MAPPED(v6) ? v6->s6_addr + 12 : NULL;
}

bool address_is_loopback(const struct sockaddr *peer)
{
    const uint8_t *v4 = v4_of(peer);
    if (v4 != NULL)
        return v4[0] == 127;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(v6);
}

static void key_of(uint8_t key[KEY_BYTES], const struct sockaddr *peer)
{
    const uint8_t *v4 = v4_of(peer);
    memset(key, 0, KEY_BYTES);
    if (v4 != NULL)
        memcpy(key + KEY_BYTES - 4, v4, 4);
    else
        memcpy(key, ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr.s6_addr,
               KEY_BYTES);
}

static struct address *add(struct addresses *addresses, const uint8_t *key, uint64_t now_us)
{
    struct address *address = calloc(1, sizeof *address);
    if (address == NULL)
        return NULL;
    memcpy(address->key, key, KEY_BYTES);
    for (int act = 0; act < ADDRESS_ACTS; act++) {
        struct bucket_rate rate = rate_of(addresses, (enum address_act)act);
        bucket_fill(&address->acts[act], &rate, now_us);
    }
    HASH_ADD(hh, addresses->table, key, KEY_BYTES, address);
    if (address->lost) {
        free(address);
        return NULL;
    }
    return address;
}

struct address *
addresses_hold(struct addresses *addresses, const struct sockaddr *peer, uint64_t now_us)
{
    uint8_t key[KEY_BYTES];
    key_of(key, peer);
    struct address *address = NULL;
    HASH_FIND(hh, addresses->table, key, KEY_BYTES, address);
    if (address == NULL)
        address = add(addresses, key, now_us);
    if (address == NULL)
        return NULL;
    wheel_clear(&addresses->remembered, &address->forget);
    address->sockets++;
    return address;
}

/* Nothing of the peer is open any more. */
static void let_go(struct addresses *addresses, struct address *address, uint64_t now_us)
{
    if (address->full_us <= now_us)
        forget(addresses, address);
    else
        wheel_set(&addresses->remembered, &address->forget,
                  (uint32_t)(address->full_us / SECOND_US) + 1);
}

void addresses_drop(struct addresses *addresses, struct address *address, uint64_t now_us)
{
    if (address == NULL)
        return;
    address->sockets--;
    if (address->sockets == 0 && address->replays == 0)
        let_go(addresses, address, now_us);
}

uint32_t address_replays(const struct address *address)
{
    return address != NULL ? address->replays : 0;
}

void address_begins_replay(struct address *address)
{
    if (address != NULL)
        address->replays++;
}

void addresses_end_replay(struct addresses *addresses, struct address *address, uint64_t now_us)
{
    if (address == NULL)
        return;
    address->replays--;
    if (address->sockets == 0 && address->replays == 0)
        let_go(addresses, address, now_us);
}

bool address_may(const struct addresses *addresses,
                 struct address *address,
                 enum address_act act,
                 uint32_t times,
                 uint64_t now_us)
{
    assert(times <= ADDRESS_RATE_MAX);
    if (address == NULL)
        return true;
    struct bucket *bucket = &address->acts[act];
    struct bucket_rate rate = rate_of(addresses, act);
    if (!bucket_take(bucket, &rate, now_us, times * ACT_TOKENS))
        return false;
    uint64_t full_us = now_us + bucket_wait_us(bucket, &rate, now_us, rate.burst);
    if (full_us > address->full_us)
        address->full_us = full_us;
    return true;
}

uint32_t address_wait_s(const struct addresses *addresses,
                        const struct address *address,
                        enum address_act act,
                        uint32_t times,
                        uint64_t now_us)
{
    struct bucket_rate rate = rate_of(addresses, act);
    uint64_t wait_us = address != NULL
                           ? bucket_wait_us(&address->acts[act], &rate, now_us, times * ACT_TOKENS)
                           : 0;
    return (uint32_t)((wait_us + SECOND_US - 1) / SECOND_US);
}

uint32_t address_sockets(const struct address *address)
{
    return address != NULL ? address->sockets : 0;
}
