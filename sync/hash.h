/* hash.h - the state hash: equal exactly when two hold the same values for the same eyes.
 *
 * The hash of a record chains, each seeded with the one before: the collection's name, the
 * record's id (a presence record's is its member's number in decimal), then for every set field
 * in the order of the fields' numbers its name and its value, packed in canonical form; a list is
 * chained item by item. An event chains its name, its member in decimal, and its value. The state's hash is the sum of these
 * modulo 2^64, so that it does not depend on any order. Stamps, slots and authors are not part
 * of it.
 *
 * Source     XXH3, 64 bits (Debian's libxxhash).
 */
#ifndef SYNC_HASH_H
#define SYNC_HASH_H

#include "sync/base.h"

uint64_t hash_bytes(uint64_t seed, struct bytes bytes);

/* For a member's number as it stands in the chain. */
uint64_t hash_member(uint64_t seed, uint32_t member);

struct room;

/* The state hash of what the member in this seat may see; of everything with seat SEAT_NONE. */
uint64_t room_hash(const struct room *room, uint32_t seat);

/* The state hash of what is kept with the room: everything but presence, and the hash of its rules'
 * memory where they have one. */
uint64_t room_hash_kept(const struct room *room);

/* That memory's, seeded with 0; 0 where they have none. */
uint64_t room_memory_hash(const struct room *room);

#endif
