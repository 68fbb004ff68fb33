/* addresses.h - what each peer address has open, and how fast it opens more.
 *
 *   addresses_init(&addresses, rates, now_s);
 *   address = addresses_hold(&addresses, peer, now_us);          a socket of this peer
 *   if (!address_may(&addresses, address, ADDRESS_CONNECTS, 1, now_us)) refuse
 *   addresses_drop(&addresses, address, now_us);
 *   addresses_advance(&addresses, now_s);                        once a second
 *
 * An IPv6 peer counts by the first 64 bits of its address: whoever has one address of such a net
 * has all of them. Who leaves and comes again is not new: an address is remembered until it may do
 * again all that it may do at once.
 *
 * Ownership  an entry lives while it is held, and as long as it is remembered.
 */
#ifndef SERVER_ADDRESSES_H
#define SERVER_ADDRESSES_H

#include "server/wheel.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* What has a rate. */
enum address_act {
    ADDRESS_CONNECTS,    /* opens a WebSocket */
    ADDRESS_MAKES_ROOMS, /* wishes for a room that is not there */
    ADDRESS_OPENS_ROOMS, /* has one looked for in the store */
    ADDRESS_SENDS_FILES, /* each time a KiB of them */
    ADDRESS_FILLS_FILES, /* the same in the long run: its share of what the server can hold */
    ADDRESS_READS_LISTS, /* asks what there is, over HTTP */
    ADDRESS_ACTS
};

struct address_rate {
    uint32_t per_minute; /* 1..ADDRESS_RATE_MAX, as the burst */
    uint32_t burst;
};
#define ADDRESS_RATE_MAX 10000000u

struct address; /* one peer */

struct addresses {
    struct address *table;
    const struct address_rate *rates; /* [ADDRESS_ACTS] */
    struct wheel remembered;          /* those that nobody holds, until they are forgotten */
};

/* The rates stay the caller's. */
void addresses_init(struct addresses *addresses, const struct address_rate *rates, uint32_t now_s);

/* Forgets all; nobody may hold one any more. */
void addresses_end(struct addresses *addresses);

/* One more socket of this peer. NULL without memory. */
struct address *
addresses_hold(struct addresses *addresses, const struct sockaddr *peer, uint64_t now_us);

/* One less. NULL is fine. */
void addresses_drop(struct addresses *addresses, struct address *address, uint64_t now_us);

/* Forgets whom there is no need to remember. */
void addresses_advance(struct addresses *addresses, uint32_t now_s);

/* Sockets of the peer now; 0 for NULL. */
uint32_t address_sockets(const struct address *address);

/* Whether the peer may do so so many times more now, which counts then. NULL may do anything. */
bool address_may(const struct addresses *addresses,
                 struct address *address,
                 enum address_act act,
                 uint32_t times,
                 uint64_t now_us);

/* Seconds until it may, rounded up. */
uint32_t address_wait_s(const struct addresses *addresses,
                        const struct address *address,
                        enum address_act act,
                        uint32_t times,
                        uint64_t now_us);

/* Replays that the peer has opened. Its entry lives as long as they do. NULL is fine. */
uint32_t address_replays(const struct address *address);
void address_begins_replay(struct address *address);
void addresses_end_replay(struct addresses *addresses, struct address *address, uint64_t now_us);

/* True for 127.0.0.0/8, ::1, and the former written as IPv6. */
bool address_is_loopback(const struct sockaddr *peer);

#endif
