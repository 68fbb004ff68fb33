/* addresses.h - how many sockets each peer address has open.
 *
 * An IPv6 peer counts by the first 64 bits of its address: whoever has one address of such a net
 * has all of them.
 *
 * Ownership  an entry lives while it is held; addresses_drop() gives one hold back.
 */
#ifndef SERVER_ADDRESSES_H
#define SERVER_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct address; /* one peer */

struct addresses {
    struct address *table;
};

/* One more socket of this peer. NULL without memory. */
struct address *addresses_hold(struct addresses *addresses, const struct sockaddr *peer);

/* One less. NULL is fine. */
void addresses_drop(struct addresses *addresses, struct address *address);

/* Sockets of the peer now; 0 for NULL. */
uint32_t address_sockets(const struct address *address);

/* True for 127.0.0.0/8, ::1, and the former written as IPv6. */
bool address_is_loopback(const struct sockaddr *peer);

#endif
