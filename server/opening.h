/* opening.h - a room or a replay that is not there yet, and those who wait for it.
 *
 *   hub_room_find()            no such room is awake: opening_wait(hub, session, ...)
 *   STORAGE_LOADED        opening_loaded(): woken, made new, or refused
 *   STORAGE_MOMENT        a replay begins there; a fork is made of it
 *   STORAGE_FLUSHED       opening_flushed(): that it woke is on the disk, its joiners get in
 *
 * A room that comes back with the incarnation it had must be known to be awake before anyone sees
 * it: else a crash could bring it back a second time, and stamps would mean two things. One that
 * is new, or was recovered after a crash, has an incarnation that nobody has seen; nothing waits for
 * the disk then, nor while the disk fails.
 *
 * Threads    the hub's.
 */
#ifndef SERVER_OPENING_H
#define SERVER_OPENING_H

#include "server/hub.h"
#include "server/target.h"

/* How long a joiner waits for its room. */
#define OPENING_S 20u

struct opening;
struct fork;

/* Lets the session wait for this room or replay, which nobody waited for before or others do
 * already. False with a denial. */
MUST_CHECK bool opening_wait(struct hub *hub,
                             struct session *session,
                             const struct target *target,
                             struct bytes hello,
                             struct hub_denial *denial);

/* The session waits no longer. */
void opening_forsake(struct session *session);

void opening_loaded(struct hub *hub, struct storage_event *event);
void opening_flushed(struct hub *hub, uint64_t number);

/* The disk fails: those who wait for it get in another way. */
void openings_without_disk(struct hub *hub);

/* A room that was falling asleep has done so: loads it where someone waits for it. */
void opening_slept(struct hub *hub, struct bytes name);

/* Deletes a room that is not in memory: nobody may find it again from here on, so whoever comes waits
 * until that is on the disk. Nobody waits for it yet. False without memory. */
MUST_CHECK bool opening_delete(struct hub *hub, struct bytes name);

/* Makes the room that the fork names, unless there is one: fork_tell() says what came of it. Whoever
 * comes meanwhile waits for it. False with a denial. */
MUST_CHECK bool opening_fork(struct hub *hub, struct fork *fork, struct hub_denial *denial);

bool opening_is_there(const struct hub *hub, struct bytes name);
uint32_t openings_count(const struct hub *hub);
void openings_end(struct hub *hub);

#endif
