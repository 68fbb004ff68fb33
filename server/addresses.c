#include "server/addresses.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM                1
#define uthash_nonfatal_oom(added_entry) ((added_entry)->lost = true)
#include <uthash.h>

#define KEY_BYTES 8u

struct address {
    UT_hash_handle hh;
    uint8_t key[KEY_BYTES];
    uint32_t sockets;
    bool lost; /* the table had no memory for it */
};

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

struct address *addresses_hold(struct addresses *addresses, const struct sockaddr *peer)
{
    uint8_t key[KEY_BYTES];
    key_of(key, peer);
    struct address *address = NULL;
    HASH_FIND(hh, addresses->table, key, KEY_BYTES, address);
    if (address == NULL) {
        address = calloc(1, sizeof *address);
        if (address == NULL)
            return NULL;
        memcpy(address->key, key, KEY_BYTES);
        HASH_ADD(hh, addresses->table, key, KEY_BYTES, address);
        if (address->lost) {
            free(address);
            return NULL;
        }
    }
    address->sockets++;
    return address;
}

void addresses_drop(struct addresses *addresses, struct address *address)
{
    if (address == NULL || --address->sockets > 0)
        return;
    HASH_DELETE(hh, addresses->table, address);
    free(address);
}

uint32_t address_sockets(const struct address *address)
{
    return address != NULL ? address->sockets : 0;
}
