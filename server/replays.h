/* replays.h - rooms in which a recording is watched: hosted as any room, written by a player alone.
 *
 *   replay_place_take()    there may be one more, and one more of this address
 *   replay_open()          when the storage has given the moment where it begins
 *   replay_tick()          in the place of room_tick(): what the player wishes for is asked of the storage
 *   replay_close()         in the place of room_destroy()
 *
 * A replay is not stored, and waits for no disk. It ends REPLAY_LINGER_S after the last viewer has gone,
 * and with the room that it shows. While that is awake its recording grows, and the player is told so.
 *
 * One question of a replay is under way at a time, so what a viewer may make the store do by seeking does
 * not depend on how fast that is done; of the seeks that come meanwhile the newest counts.
 *
 * Threads    the hub's.
 */
#ifndef SERVER_REPLAYS_H
#define SERVER_REPLAYS_H

#include "server/hub.h"
#include "server/target.h"

/* How long one stays that nobody is in. */
#define REPLAY_LINGER_S 10u

/* A recording that grows is asked for more no more often. */
#define REPLAY_MORE_US UINT64_C(500000)

/* What the disk does not give is asked for again so many times, after REPLAY_MORE_US and twice as long each
 * time: for a quarter of a minute. Then the replay says that it failed, until somebody goes elsewhere. */
#define REPLAY_TRIES 5u

/* Takes a place. False with a denial. */
MUST_CHECK bool replay_place_take(struct hub *hub,
                                  struct address *address,
                                  struct replay_place *place,
                                  struct hub_denial *denial);

/* It is free again, if it was taken. */
void replay_place_give(struct hub *hub, struct replay_place *place);

/* A replay of this name, which begins with that of its room, at the moment. The place and what the moment
 * holds are the replay's from here on. NULL with a denial, also for a moment that the storage could not
 * give: the place is the caller's still. */
struct room_host *replay_open(struct hub *hub,
                              struct bytes name,
                              size_t room_length,
                              struct moment *moment,
                              struct replay_place *place,
                              struct hub_denial *denial);

void replay_tick(struct room_host *host);

/* With its room. What is under way for it is not waited for. */
void replay_close(struct replaying *replaying);

/* Ends those that are over, or that nobody has been in for a while. Not while rooms tick. */
void replays_sweep(struct hub *hub);

/* The room is gone for good: its viewers are told so, and the next sweep ends its replays. */
void replays_end_of(struct hub *hub, struct bytes room);

/* The hub is destroyed: what the storage still has to say is not heard. */
void replays_end(struct hub *hub);

#endif
