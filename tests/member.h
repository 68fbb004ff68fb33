/* member.h - the client's end of a room without a network: a key, a replica, what it was told.
 *
 *   struct member member;
 *   member_create(&member, 1);
 *   struct hello hello = member_hello(&member);
 *   if (member_join(&member, room, &hello, ROLE_EDITOR) == STATUS_OK) ...
 *   status = member_receive(&member, message);          each frame
 *
 * Errors     as room_join() and the readers of clients/c/messages.h have them.
 */
#ifndef TESTS_MEMBER_H
#define TESTS_MEMBER_H

#include "sync/replica.h"
#include "sync/room.h"

struct member {
    uint8_t key[CLIENT_KEY_BYTES];
    uint32_t seat;
    bool connected;
    bool skipped;         /* its socket takes nothing now */
    bool more;            /* its last frame said that the state goes on */
    uint64_t incarnation; /* of the last welcome */
    uint32_t sequence;    /* of the newest operation sent */
    uint32_t decided;
    struct replica *replica;
};

/* The key is made of one byte. Ends the program without memory. */
void member_create(struct member *member, uint8_t name);
void member_destroy(struct member *member);

/* What it says to come back with all that it holds. */
struct hello member_hello(const struct member *member);

/* Joins and takes the welcome. Up to MEMBER_WELCOME_BYTES of it are left in `welcome`, which may
 * be NULL; `length` is how many. */
#define MEMBER_WELCOME_BYTES 2048u
MUST_CHECK enum status member_join(struct member *member,
                                   struct room *room,
                                   const struct hello *hello,
                                   enum role role,
                                   uint8_t *welcome,
                                   size_t *length);

MUST_CHECK enum status member_receive(struct member *member, struct bytes frame);

/* True when it holds exactly what the room holds for it, as far as it can be told. */
bool member_agrees(const struct member *member, const struct room *room);

#endif
