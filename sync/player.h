/* player.h - plays a recording: a room whose recorded state nobody writes but the player, so that
 * every client and renderer shows it as it shows a live one.
 *
 *   struct player *player = player_create(&options, &status);
 *   struct room *room = player_room(player);               members join it as any room
 *   each 1/tick_hz:
 *       room_prepare(room); player_tick(player);           in the place of room_tick()
 *       struct player_wish wish = player_wish(player);
 *       if (wish.wants != PLAYER_NOTHING) fetch it; player_asked(player);
 *   when it is there: player_load(), player_feed() or player_fail()
 *
 * The room has the kind's name, rates and collections, and one collection more, `replay`, whose record
 * `player` holds what members ask for and what the player tells: sync/README.md, "Recordings". Its rules
 * refuse all else; members have presence, under numbers from FOLLOW_OWN_MEMBERS on.
 *
 * The player reads no disk: it says what it wishes for, one thing at a time, and goes on showing what it
 * has until that comes.
 *
 * Units      ticks are the recording's. Speeds are quarters: 4 is as it was.
 * Ownership  bytes are copied. The player owns its room and the replay that it is given.
 * Errors     a recording is bytes from a disk: where it is damaged the player stands still and says so,
 *            until it is sent elsewhere.
 */
#ifndef SYNC_PLAYER_H
#define SYNC_PLAYER_H

#include "sync/log.h"
#include "sync/room.h"

#define PLAYER_SPEED_MAX 64u

struct player_options {
    const struct rules *rules; /* of the recorded room */
    struct room_limits limits; /* of the replay room; those of what it shows are the recording's */
    struct memory memory;
    uint64_t incarnation; /* of the replay room */
    uint64_t seed;
    uint32_t grace_ticks;
    uint64_t first, last;      /* ticks of the recording's first and last moment */
    uint64_t tick;             /* where to begin; what is outside counts as the nearest one */
    uint64_t tick_incarnation; /* of that moment; 0: whichever has it */
    bool grows;                /* the room is live: player_extend() will say how far it has come */
};

/* A stretch of a recording. */
struct recorded {
    struct bytes log, track; /* whole entries, in their order */
    uint64_t to;             /* with all there is up to this tick */
    bool end;                /* nothing is recorded behind it, so far */
};

struct player;

/* NULL with MEMORY; KIND: the kind cannot have one collection more, or has one named `replay`. */
struct player *player_create(const struct player_options *options, enum status *status);
void player_destroy(struct player *player);

struct room *player_room(struct player *player);

/* One step: the room's, what its members ask for, and as much of the recording as is due. Behind
 * room_prepare(). */
void player_tick(struct player *player);

/* --- What it lacks -------------------------------------------------------------------------------- */

enum player_wants {
    PLAYER_NOTHING,
    PLAYER_MOMENT, /* the room at the end of `tick`, and what follows */
    PLAYER_MORE    /* what follows behind `tick` */
};

struct player_wish {
    enum player_wants wants;
    uint64_t tick;
    uint64_t incarnation; /* of the moment; 0: whichever has it */
};

/* PLAYER_NOTHING while the one before is being fetched. */
struct player_wish player_wish(const struct player *player);

/* It is being fetched: one of the next three calls will answer it. */
void player_asked(struct player *player);

/* The moment that was asked for: a replay up to it, with its presence, which is the player's from here
 * on; and what follows. Where more was asked for it is the first moment behind a gap: the player goes on
 * there when it has played what is before. */
void player_load(struct player *player, struct replay *moment, struct recorded what_follows);

/* What follows, that was asked for. */
void player_feed(struct player *player, struct recorded more);

/* It is not to be had. The text, UTF-8, is copied, up to ROOM_REASON_BYTES_MAX. */
void player_fail(struct player *player, const char *reason);

/* The recording has come up to this tick, and will go on or not. */
void player_extend(struct player *player, uint64_t last, bool grows);

#endif
