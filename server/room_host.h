/* room_host.h - a room with its connections: who sits where, and what each is sent.
 *
 * A room is awake while someone has a seat in it: it ticks. Once it is empty it stands still; the
 * hub puts it to sleep when it has been empty for a while.
 */
#ifndef SERVER_ROOM_HOST_H
#define SERVER_ROOM_HOST_H

#include "persistence/flush.h"
#include "server/bucket.h"
#include "server/guard.h"
#include "server/recorder.h"
#include "server/target.h"
#include "sync/room.h"

#define HASH_NONFATAL_OOM                1
#define uthash_nonfatal_oom(added_entry) ((added_entry)->lost = true)
#include <uthash.h>

struct hub;
struct session;
struct replaying;

/* Flushes that may be under way at once, the open one counted. */
#define FLUSHES_AHEAD 4u

/* Of a blank room's log that waits to be worth storing: some twenty who came. More would cost idle
 * members more memory than what is kept of a room that is stored. */
#define UNSTORED_LOG_MAX 1024u

/* That a room wrote something into a flush, up to which tick. */
struct logged {
    struct room_host *prev, *next; /* among the rooms of that flush */
    uint64_t tick;
    bool there;
};

struct room_host {
    UT_hash_handle hh; /* in hub->rooms, by name */
    struct hub *hub;
    struct room *room;
    struct replaying *replaying; /* a recording is watched in it; NULL: it is a room of its own */
    struct session **seats;      /* the connection of each seat; NULL where there is none */
    uint32_t seat_capacity;
    struct room_host *prev, *next; /* among the rooms of its rhythm, or among the empty ones */
    struct bucket_rate message_rate;
    struct guard_account account;
    struct logged logged[FLUSHES_AHEAD];
    struct {
        struct room_host *prev, *next;
    } hole;                       /* among those that go on without a log */
    struct flush_buffer unstored; /* its log from the opening on, as long as it is not stored */
    struct recorder recorder;
    uint64_t since_hash;   /* bytes logged */
    uint64_t sleep_number; /* falling asleep: of the flush that makes it so; else 0 */
    uint32_t empty_since_s;
    bool recorded; /* its past is kept, with presence */
    bool stored;   /* the storage has its log */
    bool unlogged; /* it goes on, and what it does is not written down */
    bool held;     /* that it woke is not on the disk yet: nobody may join */
    bool ended;    /* by its rules: nothing of it is kept */
    bool awake;
    bool guarded;     /* its rules do something */
    bool quarantined; /* it is only here until what it logged is on the disk */
    bool stuck;       /* a step was left in the middle: the room is not to be touched, nor freed */
    bool lost;        /* the table of rooms had no memory for it */
    uint8_t name_length;
    char name[HUB_NAME_MAX + 1];
};

/* A host for a room, which it owns from here on. NULL without memory: the room is then the
 * caller's still. */
struct room_host *room_host_create(struct hub *hub, struct room *room, struct bytes name);
void room_host_destroy(struct room_host *host);

/* Seats the session and welcomes it; an older connection of the same client is closed. On any other
 * status than STATUS_OK nothing has changed. */
MUST_CHECK enum status
room_host_join(struct room_host *host, struct session *session, const struct hello *hello);

/* The session's seat has no connection any more: its member leaves, or is away for the grace
 * period. Nothing happens where another session has taken the seat over. */
void room_host_unseat(struct room_host *host, const struct session *session, bool leave);

bool room_host_is_kind(const struct room_host *host, struct bytes kind); /* empty: any */

/* Writes down what the room has done; its memory was set aside by room_host_can_log(). The log of a
 * room that is blank, and not stored, waits here: with the first act that has to be kept all of it goes
 * to the storage; above UNSTORED_LOG_MAX it is room_host_keep(). */
bool room_host_can_log(struct room_host *host);
void room_host_log(struct room_host *host);

/* The room is one that is stored from here on, blank as it may be: with its log, or where that does not
 * tell all that the room is, since its rules' memory began with something, with that. False without memory. */
MUST_CHECK bool room_host_keep(struct room_host *host);

/* Something of it is stored, or will be when the disk is well. Else it is forgotten when it is empty for a while. */
bool room_host_leaves_trace(const struct room_host *host);

/* The room goes on without a log; what waited to be worth storing is not needed any more. */
void room_host_stop_log(struct room_host *host);

/* Writes down all that the room is, where it was without a log, or in the place of what waits of it. False
 * without memory, or when it is more than one entry may be: nothing has happened then. */
bool room_host_log_whole(struct room_host *host);

/* False for one that is more than one entry may be. */
bool room_host_fits(const struct room_host *host);

/* True when the kind does not wait for the disk. */
bool room_host_goes_on(const struct room_host *host);

/* How the disk is, as far as this room goes. */
enum saving room_host_saving(const struct room_host *host);

/* Everything in this flush is saved. */
void room_host_saved(struct room_host *host, uint64_t number);

/* Tells every member how the disk is, who has not been told. */
void room_host_tell_saving(struct room_host *host);

/* The phases of a beat: ticks with their notices, then one frame to each member. */
void room_host_beat(struct room_host *host, uint32_t steps);

/* Sends what a drained socket has missed, a few messages at most. */
void room_host_catch_up(struct room_host *host, struct session *session);

/* Ends the connections of all members with this code. */
void room_host_close_all(struct room_host *host, enum close_code code, const char *detail);

#endif
