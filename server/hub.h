/* hub.h - the sessions and rooms of one thread, and their time.
 *
 *   struct hub *hub = hub_create(&options);
 *   each turn of the loop      hub_turn(hub, now_us, wall_us)
 *   each event of a socket     session_...(session, ...)
 *   at hub_next_us(hub)        hub_beat(hub)
 *   to stop                    hub_drain(hub), go on until hub_is_empty(hub), hub_destroy(hub)
 *
 * A hub asks no clock and opens no socket: time is handed in, bytes go out through the transport,
 * what rooms do goes into the storage. Nothing here is global, so one process may have several.
 *
 * Order that must hold, in a beat of a room: tick, log, frames. At a join: awake on the disk before
 * anyone is seated. At sleep: on the disk before forgotten.
 *
 * Units      microseconds of a monotonic clock (now) and since 1970 (wall).
 * Threads    one owner: the thread of its loop.
 */
#ifndef SERVER_HUB_H
#define SERVER_HUB_H

#include "server/addresses.h"
#include "server/beat.h"
#include "server/cards.h"
#include "server/counters.h"
#include "server/files.h"
#include "server/guard.h"
#include "server/http.h"
#include "server/limits.h"
#include "server/log.h"
#include "server/room_host.h"
#include "server/session.h"
#include "server/storage.h"
#include "server/transport.h"
#include "server/wheel.h"
#include "sync/frame.h"

/* A clock that is this late stands still, as far as /healthz is concerned. */
#define HEALTH_LATE_US UINT64_C(2000000)

/* Rooms put to sleep per second; the rest wait for the next one, so that ticks do not. */
#define SLEEPS_PER_SECOND 200u

/* Rooms written down whole in one beat, after a disk that failed. */
#define RESUMES_PER_BEAT 4u

struct hub_options {
    struct hub_limits limits;
    const struct transport *transport;
    struct storage *storage; /* not stopped by the hub */
    const struct kinds *kinds;
    struct guard *guard; /* of the hub's thread; NULL: rules are trusted to come back */
    const char *record;  /* kinds that are recorded: recorded_kinds.h; NULL: all */
    enum durability durability;
    struct log *log;
    uint64_t now_us, wall_us;
    uint64_t seed; /* unpredictable: it guards the table of rooms and spreads retries */
};

/* Rooms that tick together. */
struct rhythm {
    struct beat beat;
    struct room_host *rooms;
};

/* Whom the storage answers, as the ticket of what it was asked for. */
struct asker {
    void (*answer)(struct asker *asker, struct storage_event *event);
};

/* One of the replays that there may be, and of those that an address may have opened. */
struct replay_place {
    struct address *address;
    bool taken;
};

/* What the storage answered to hub_delete_room() (STORAGE_REMOVED), hub_release_room() (RELEASED) or
 * hub_strike() (STRUCK); of other orders the board is empty. `text` tells of failures. */
typedef void hub_answer(void *context,
                        enum storage_event_kind kind,
                        struct bytes name,
                        struct bytes board,
                        enum store_result result,
                        const char *text);

/* Fields are read by sessions, rooms, pages and tests. */
struct hub {
    struct hub_limits limits;
    struct bucket_rate message_rate; /* of sessions that have not joined */
    const struct transport *transport;
    struct storage *storage;
    const struct kinds *kinds;
    struct guard *guard;
    const char *record;
    struct log *log;
    struct counters counters;
    struct addresses addresses;
    struct files files;
    struct cards cards;
    struct wheel wheel; /* holds every session */
    struct frames *frames;
    struct beat second; /* deadlines, sleeping rooms */
    struct rhythm rhythms[BEAT_HZ_MAX + 1];
    uint64_t next_us;                        /* of the earliest beat */
    uint64_t messages_before;                /* counted up to the last whole second */
    bool gathers;                            /* in that second many messages came */
    struct room_host *rooms;                 /* by name */
    struct room_host *empty;                 /* longest first */
    struct room_host *falling;               /* asleep as soon as the disk knows it */
    struct room_host *logged[FLUSHES_AHEAD]; /* that wrote into a flush, by its number */
    struct room_host *unlogged;              /* that go on without a log */
    uint32_t resumes;                        /* logs that may begin anew in this beat */
    struct opening *openings;                /* rooms that are on their way, by name */
    struct replaying *replays;               /* rooms with a player: see replays.h */
    struct fetch *fetches;                   /* that replays asked the storage for */
    struct order *orders;                    /* about recordings, that the storage has to answer */
    enum durability durability;
    bool saves;              /* durability is more than memory */
    enum saving saving;      /* as the members were told */
    bool fenced;             /* another server has the store: stop */
    uint64_t dropped_told;   /* bytes of recordings, up to the last line about them */
    uint32_t dropped_next_s; /* not before there is another one */
    bool disk_lost;          /* nothing but another start may help: stop where that was asked for */
    hub_answer *answered;    /* what became of an order; NULL: nobody wants to know */
    void *answered_context;
    uint64_t incarnation; /* highest given out */
    uint8_t *entry;       /* of a room's log, while it is handed over */
    size_t entry_capacity;
    struct bucket room_bucket, load_bucket, deflate_bucket, answer_bucket;
    uint64_t now_us, wall_us;
    uint32_t now_s;
    uint64_t random;
    unsigned hash_seed;
    bool draining;
    uint8_t message[FRAME_HEADROOM + MESSAGE_BYTES_MAX];
};

/* NULL without memory. */
struct hub *hub_create(const struct hub_options *options);

/* Every session must be gone. Rooms fall asleep; the storage still has to be stopped. */
void hub_destroy(struct hub *hub);

/* Tells the time; to be called before anything else in a turn of the loop. */
void hub_turn(struct hub *hub, uint64_t now_us, uint64_t wall_us);

uint64_t hub_next_us(const struct hub *hub);

/* Until when the loop may let input gather before it looks for more: 0 for not at all, never past
 * the next beat. */
uint64_t hub_gather_until_us(const struct hub *hub, uint64_t now_us);

/* What has come of loads and flushes; also a part of every beat. */
void hub_storage_turn(struct hub *hub);

/* Says in the log what went of recordings, now and then. */
void hub_tell_dropped(struct hub *hub);

/* Ticks that are due, and once a second the deadlines of sessions and rooms. */
void hub_beat(struct hub *hub);

/* True while the clocks are served in time. */
bool hub_is_healthy(const struct hub *hub);

/* Asks every client to come back later, and takes no new one. */
void hub_drain(struct hub *hub);
bool hub_is_empty(const struct hub *hub);

/* Members of all rooms, those away included. */
uint64_t hub_members(const struct hub *hub);

/* What rooms say of what their members sent, those that are gone included. */
struct room_figures hub_room_figures(const struct hub *hub);

/* Whether one more WebSocket may be opened for this session's address: 101, which counts as one
 * opened, 429 or 503. Says why not in `refusal` and `text`. */
int hub_admit(struct hub *hub,
              const struct session *session,
              enum refusal *refusal,
              const char **text);

/* What the peer may do in rooms: whoever may connect may edit. */
enum role hub_role(const struct hub *hub, const struct session *session);

/* Why there is no room. */
struct hub_denial {
    enum refusal refusal;
    enum close_code code;
    const char *detail; /* NULL for none */
};

/* --- hub_rooms.c: rooms come and go ----------------------------------------------------------- */

/* The room of this name, if it is awake and may be joined; else *host is NULL, and opening_wait() is
 * next. False with a denial when it cannot be opened either. */
bool hub_room_find(struct hub *hub,
                   struct bytes name,
                   struct room_host **host,
                   struct hub_denial *denial);

/* A room that is not there. */
struct room_wish {
    struct bytes name;
    struct bytes kind;       /* empty: `open` */
    uint64_t above;          /* the last incarnation that it had */
    bool unrecorded;         /* whoever opens it wants nothing kept of its past */
    struct address *address; /* of whoever wishes for it; NULL where addresses are not counted */
};

/* Makes the room. NULL with a denial. */
struct room_host *
hub_room_new(struct hub *hub, const struct room_wish *wish, struct hub_denial *denial);

/* A loaded room, from here on the hub's. NULL without memory: it is gone then. */
struct room_host *hub_room_woken(struct hub *hub,
                                 struct bytes name,
                                 struct room *room,
                                 uint64_t incarnation,
                                 bool clean);

/* The same for one that is made of a moment of another: written down whole, under an incarnation above
 * this one. NULL with a denial: it is gone then. */
struct room_host *hub_room_forked(struct hub *hub,
                                  struct bytes name,
                                  struct room *room,
                                  uint64_t above,
                                  struct http_denial *denial);

/* One that a player writes, and owns. NULL without memory. */
struct room_host *hub_room_replay(struct hub *hub, struct bytes name, struct room *room);

/* The room of this name in whatever state; NULL where it is not in memory. */
struct room_host *hub_room_named(const struct hub *hub, struct bytes name);

/* One in memory with a recording that grows; else NULL. */
const struct room_host *hub_room_recording(const struct hub *hub, struct bytes name);

/* Out of memory, with nothing of it stored from here on. */
void hub_room_forget(struct hub *hub, struct room_host *host);

uint64_t hub_next_incarnation(struct hub *hub, uint64_t above);
bool hub_room_is_falling_asleep(const struct hub *hub, struct bytes name);

/* Moves of a room between the lists of those that tick and those that are empty. */
void hub_room_awake(struct hub *hub, struct room_host *host);
void hub_room_empty(struct hub *hub, struct room_host *host);

/* Deletes an ended room, and forgets it as soon as that is on the disk. */
void hub_room_drop(struct hub *hub, struct room_host *host);

/* Takes the room away from its members, whom it tells so with CLOSE_ENDED: its rules did not come back
 * from a tick, take more time than there is, or did what they may not. What it logged is kept; nobody gets in until it is
 * released. */
void hub_room_quarantine(struct hub *hub, struct room_host *host, enum guard_end end);

/* Ends the room for good, on the operator's order: its members are closed with CLOSE_ENDED, nothing
 * of it stays stored. Answered by hub->answered, at once where nothing was stored of it. False while
 * it is being opened, or without memory: nothing has happened, again in a moment. */
MUST_CHECK bool hub_delete_room(struct hub *hub, struct bytes name);

/* Lets a quarantined room be opened again. Answered by hub->answered. False without memory. */
MUST_CHECK bool hub_release_room(struct hub *hub, struct bytes name);

/* Takes a name off a board, or off all where that is empty. Answered by hub->answered. False without
 * memory. */
MUST_CHECK bool hub_strike(struct hub *hub, struct bytes board, struct bytes name);

/* All in this flush is on the disk. */
void hub_rooms_flushed(struct hub *hub, uint64_t number);

/* Puts rooms to sleep that nobody was in for the time of the linger; forgets those not stored. */
void hub_sleep_empty_rooms(struct hub *hub);
void hub_end_rooms(struct hub *hub);

/* Tells whoever gave an order what came of it. */
void hub_tell_answer(struct hub *hub,
                     enum storage_event_kind kind,
                     struct bytes name,
                     struct bytes board,
                     enum store_result result,
                     const char *text);

/* True when the room may tick now. One whose kind does not wait for the disk goes on without a log
 * where the log would be too much to hold. */
bool hub_room_may_tick(struct hub *hub, struct room_host *host);

/* After a tick: a room without a log is written down whole and logs again, where the disk is well. */
void hub_room_resume(struct hub *hub, struct room_host *host);

/* The same for those that do not tick; once a beat. */
void hub_resume_idle_rooms(struct hub *hub);

/* Memory to write an entry of so many bytes into, at hub->entry. */
MUST_CHECK bool hub_entry_reserve(struct hub *hub, size_t bytes);

/* The same for one that goes into the open flush; that a room has written into this flush. */
MUST_CHECK bool hub_log_reserve(struct hub *hub, size_t bytes);
void hub_logged(struct hub *hub, struct room_host *host, uint64_t number);

void hub_log_room(struct hub *hub, enum log_event event, struct bytes name, const char *detail);

/* Uniform below bound, from the hub's own stream. */
uint32_t hub_random(struct hub *hub, uint32_t bound);

/* Where a message may be written that is sent at once: MESSAGE_BYTES_MAX, with headroom. */
uint8_t *hub_message(struct hub *hub);

#endif
