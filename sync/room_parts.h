/* room_parts.h - the inside of a room, shared by room.c, room_tick.c, seats.c, inbox.c, inputs.c, clients.c,
 * frame.c, log.c, track.c, replay*.c, rerun*.c, follow.c, player.c, snapshot*.c, rules_*.c,
 * operation_check.c and welcome.c alone. */
#ifndef SYNC_ROOM_PARTS_H
#define SYNC_ROOM_PARTS_H

#include "sync/inputs.h"
#include "sync/log.h"
#include "sync/operation.h"
#include "sync/place.h"
#include "sync/room.h"
#include "sync/state.h"

/* A refused operation, remembered until enough younger ones push it out. */
struct refusal {
    uint32_t sequence;
    uint8_t status;
};

/* What the room knows of a client key, seated or not. Never more than OPERATIONS_IN_FLIGHT_MAX
 * operations are undecided or untold, so that many refusals are all that can be asked for. */
struct client {
    uint8_t key[CLIENT_KEY_BYTES];
    struct client *chain;         /* hash bucket */
    struct client *older, *newer; /* those without a seat, by when they left */
    struct refusal *refusals;     /* ring of OPERATIONS_IN_FLIGHT_MAX; NULL before the first */
    struct scope *mine;           /* private scope; NULL before it is needed */
    uint32_t refused;             /* refusals ever; the ring's next is this modulo its size */
    uint32_t member;
    uint32_t sequence; /* of the newest decided operation */
    uint32_t seat;     /* SEAT_NONE: without one */
};
#define REFUSALS_BYTES (OPERATIONS_IN_FLIGHT_MAX * sizeof(struct refusal))

/* Edits that may wait for one tick, whoever's they are; bounds the memory set aside for the tick. */
#define INBOX_EDITS_MAX 8192u

/* Beside these each seat has a share of its own, so that there is room for what it sends however
 * much the others do: its part of so many edits, but no more than one operation may have and no
 * fewer than two (its join, its presence). Of the bytes a quarter is divided so. */
#define INBOX_OWN_EDITS 4096u

/* What one seat may have waiting: as many edits as its operations in flight can hold, and an eighth
 * of the bytes but at least two full messages. */
#define SEAT_EDITS_MAX (OPERATIONS_IN_FLIGHT_MAX * EDITS_MAX)
static_assert(SEAT_EDITS_MAX <= UINT16_MAX, "struct seat counts them");
#define SEAT_BYTES_MIN (2 * (MESSAGE_BYTES_MAX + 64))

enum seat_state {
    SEAT_FREE,
    SEAT_TAKEN,
    SEAT_AWAY,
    SEAT_LEAVING
};

/* Places beyond everyone and presence: MINE and the roles. */
#define PLACES_EXTRA (SCOPE_COUNT - SCOPE_MINE)
#define PLACES_BYTES (PLACES_EXTRA * sizeof(struct place))

struct seat {
    struct client *client;
    struct record *presence; /* NULL before the tick that takes the join */
    struct place everyone, presence_place;
    struct place *extra; /* [PLACES_EXTRA]; NULL where nothing but the two above is in sight */
    union {
        struct inputs *inputs; /* with has_inputs */
        uint64_t welcomed;     /* else: tick of the last welcome */
    };
    uint64_t frame_tick;    /* of the last frame or welcome; while away: when the grace ends */
    uint64_t awaits;        /* tick of the last frame or welcome that decided something */
    uint64_t durable_told;  /* the durable tick that the client knows */
    uint32_t names;         /* definitions known */
    uint32_t told;          /* newest own sequence whose outcome was told */
    uint32_t decided;       /* by the client's word in its last hello */
    uint32_t next_free;     /* of a free seat: the next free one + 1 */
    uint32_t waiting_bytes; /* messages in the inbox, as they lie there */
    uint16_t waiting_edits; /* at most SEAT_EDITS_MAX */
    uint16_t undecided;     /* operations in the inbox, at most OPERATIONS_IN_FLIGHT_MAX */
    uint8_t state;          /* enum seat_state */
    uint8_t role;           /* enum role */
    uint8_t held;           /* bit per wire scope: the client holds something of it */
    uint8_t held_joining;   /* `held` as the last join left it: the scopes kept */
    bool fresh : 1;         /* no frame since the welcome */
    bool kept : 1;          /* the last join found the seat still there */
    bool known : 1;         /* the last join's key was known */
    bool inflates : 1;      /* it can read deflated sections */
    bool has_inputs : 1;    /* it has sent some */
};

enum inbox_kind {
    INBOX_JOIN,
    INBOX_BACK,
    INBOX_ROLE,
    INBOX_MESSAGE,
    INBOX_SCARCE, /* reruns: an operation that found no room left */
    INBOX_NAME    /* reruns: presence teaches a name; of SEAT_NONE */
};

/* Followed by `length` bytes, padded to 8. */
struct inbox_entry {
    uint32_t seat;
    uint32_t length;
    uint16_t kind; /* enum inbox_kind */
    uint16_t role; /* of INBOX_ROLE; of a rerun's INBOX_JOIN whether it is due */
    uint32_t edits;
};

struct inbox {
    uint8_t *data;
    uint32_t capacity;
    uint32_t length;
    uint32_t edits; /* records that may be made */
    size_t bytes;   /* of the messages */
};

struct timer {
    uint64_t due;
    uint32_t number;
};

/* What the rules may still do: in this tick, or in the callback about one member. */
struct allowance {
    uint32_t records, bytes, timers;
    bool of_member;
};

/* The rules' own memory, and what the log has of it. */
struct rules_memory {
    uint8_t *data;    /* [rules->memory_bytes]; NULL where the rules have none */
    uint64_t created; /* hash of what the rules began with */
    uint64_t logged;  /* hash of what was written down last; of zeros before that */
    uint64_t tick;    /* when it was last looked at */
    bool told;        /* a room that is made from the log has had its beginning */
};

struct card {
    uint64_t stamp;
    uint32_t length;
    uint8_t packed[CARD_BYTES_MAX];
};

/* Acts since the last log entry: sync/log.h. */
struct acts {
    uint8_t *data;
    uint32_t capacity;
    uint32_t length;
    uint32_t count;
};

struct room {
    struct room_options options;
    const struct rules *rules;
    struct state state;
    uint64_t tick;
    uint64_t random[2]; /* PCG32: state and stream */
    struct room_fork fork;
    const char *ended;
    bool broken; /* it ended since its rules did what they may not */

    struct seat *seats;
    uint32_t seat_count, seat_capacity; /* ever used; allocated */
    uint32_t seat_free;                 /* first free one + 1 */
    uint32_t seats_taken;
    uint32_t seats_away;
    bool departing; /* someone has left or lost its connection since the last tick */

    struct client **clients; /* buckets */
    uint32_t client_buckets;
    uint32_t client_count;
    struct client *client_oldest, *client_newest; /* without a seat */
    uint32_t last_member;
    uint32_t declared; /* definitions that come with the kind; the others were learnt */
    bool learns;       /* names, anywhere */
    bool has_private;  /* the kind has SIGHT_MEMBER collections */
    bool has_roles;
    uint32_t logged_fields; /* of presence, a bit each: those that rules look at */

    struct allowance allowance;
    struct rules_memory memory;
    struct card card;
    size_t write_bytes; /* most that one write of the rules takes in the log beside packed values */
    bool judging;       /* in rules->accept, which may write nothing */
    bool loaded;        /* no tick was made since: the rules are to be told */

    struct inbox inbox;
    struct field input;   /* what a member may send for a tick, with rules->input */
    uint8_t input_bytes;  /* most that it takes */
    bool inputs_untold;   /* since the last frames */
    uint32_t input_seats; /* that have sent some */
    struct input_counts input_counts;
    struct timer *timers; /* [ROOM_TIMERS_MAX] where the rules use them */
    uint32_t timer_count;
    struct notice notices[NOTICES_MAX];
    uint32_t notice_count;
    uint32_t notices_told; /* the first so many are of the last tick, the others came after it */
    uint64_t refusals[STATUS_COUNT];

    struct acts acts;
    uint64_t logged; /* tick of the last log entry */
    uint64_t saved;  /* entries up to this tick are on the disk */
    uint64_t random_logged;
    struct {
        uint64_t stamp; /* presence up to here is in the track */
        uint64_t tick;  /* of its last entry */
        bool begun;     /* its entries so far are a base for the next one */
    } track;
    bool blank;     /* nothing in its log has to be kept */
    bool unlogged;  /* what it does is not written down until room_log_resume() */
    bool replaying; /* it is being built from its log: there is no more presence than the log has */
    bool rerunning; /* its rules run again over its log: sync/rerun.h */
    bool complete;  /* of a replayed room: it has all that rules can see, but for their memory */
    struct scope
        *heard;   /* of a replayed room: presence that its log tells of those seated; NULL: none */
    bool asleep;  /* of a replayed room: the log ends with its sleep */
    bool foreign; /* of a replayed room: places that clients hold are void */

    /* Frames: is there anything to send? */
    bool news;            /* an operation was decided since the last frames */
    bool behind;          /* someone stands behind the newest stamp */
    bool private_changed; /* a private scope was written since the last frames */
    bool saved_moved;     /* the durable tick moved since the last frames */
    uint32_t names_framed;
    uint64_t shared_tick; /* tick of the last frames: where most members stand */
    uint64_t number;      /* that section.c knows the room by; 0 before its first frames */
    struct {              /* of what everyone sees: frames_gather() */
        uint64_t base;    /* members that stood here are waited for, */
        uint64_t stamp;   /* as long as they have not been sent what there was then, */
        uint64_t until;   /* before this tick; 0: nobody is */
    } gathering;
};

/* Heap for a client and its places. */
#define CLIENT_RESERVE (heap_rounded(sizeof(struct client)) + heap_rounded(PLACES_BYTES))

/* clients.c: the memory of client keys. */
struct client *client_find(const struct room *room, const uint8_t *key);
/* A new one with the next member number. NULL without memory. When it is seated, the oldest without a
 * seat are forgotten where there are too many: not before, since a join may still fail. */
struct client *client_add(struct room *room, const uint8_t *key, uint32_t sequence);
void clients_trim(struct room *room);
/* The same with a number given, as a snapshot has it. */
struct client *client_restore(struct room *room, const uint8_t *key, uint32_t member);
/* Of a client without a seat: as if its key had never been here. */
void client_forget(struct room *room, struct client *client);
void client_sit(struct room *room, struct client *client, uint32_t seat);
void client_rise(struct room *room, struct client *client);
void client_refuse(struct room *room, struct client *client, enum status status);
/* Refusals are counted from 0 on: the first one of an operation above `sequence`, and each one up
 * to client->refused. */
uint32_t client_refusals_after(const struct client *client, uint32_t sequence);
const struct refusal *client_refusal(const struct client *client, uint32_t number);
void clients_free(struct room *room);

/* room.c: a room before its rules' `created`; zeros in limits become their defaults. */
struct room *room_make(const struct room_options *options);
/* Its beginning: `created` is called. False without memory. */
MUST_CHECK bool room_open(struct room *room);
void room_default_limits(struct room_limits *limits);

/* Of a write of the rules that is logged, a number: its field, and itself. */
#define NUMBER_BYTES (2u + 9u)

/* room_tick.c: memory for so many edits of so many bytes; and a loaded room as it stands between ticks. */
bool room_reserve(struct room *room, uint32_t edits, size_t bytes);
void room_settle(struct room *room);
void room_set_tick(struct room *room, uint64_t tick);
/* Something without a sequence was refused: it is counted, and the member told with the next tick. */
void room_notice(struct room *room, uint32_t seat, enum status status);
/* How much of the past it remembers from here on. */
void room_set_memory(struct room *room, const struct room_limits *limits);

/* rules_room.c */
struct allowance allowance_of_tick(const struct rules *rules);
struct allowance allowance_of_member(const struct rules *rules); /* without timers: the tick's */
/* The rules did what they may not: nothing of theirs is called any more. */
void room_break(struct room *room, const char *reason);
/* False where more is asked for, which breaks the room. */
bool allowance_spend(struct room *room, uint32_t records, size_t bytes);
void random_seed(struct room *room, uint64_t seed);

/* rules_records.c: applies one operation of the wire document as the server (author 0), whole or not at
 * all: what a log has of the rules' writes. `member` says whose private scope is meant, else it is 0. */
MUST_CHECK enum status room_edit(struct room *room, uint32_t member, struct bytes operation);

/* log.c: each writes one act, where the room logs. Memory for them is set aside before. */
#define ORIGIN_ELEMENTS 5u
#define BITS_BYTES      8u
MUST_CHECK bool log_reserve(struct room *room, size_t acts, size_t bytes);
void log_opened(struct room *room);
void log_joined(struct room *room, uint32_t seat, struct bytes user);
void log_left(struct room *room, uint32_t seat);
void log_away(struct room *room, uint32_t seat);
void log_here(struct room *room, uint32_t seat, struct bytes user); /* empty: none */
/* What rules look at of the seat's presence, and has changed after this stamp of the scope. */
void log_told(struct room *room, uint32_t seat, uint64_t since);
void log_role(struct room *room, uint32_t seat, enum role role);
void log_operation(struct room *room, uint32_t seat, enum status status, struct bytes operation);
void log_edit(struct room *room, uint32_t member, struct bytes operation);
/* The same where the operation is what the caller packs between the two; false: it need not. */
bool log_edit_begin(struct room *room, uint32_t member, struct writer *writer);
void log_edit_end(struct room *room, const struct writer *writer);
void log_named(struct room *room, uint32_t known); /* definitions from `known` on */
void log_timer(struct room *room, uint32_t number, uint32_t ticks);
void log_input(struct room *room, uint32_t seat, struct bytes input); /* empty: none is in force */
void log_held(struct room *room, uint32_t seat, bool held);
void log_random(struct room *room);
void log_memory(struct room *room); /* where it has changed */
void log_tick_end(struct room *room);
void log_result(struct room *room, const struct log_result *result);
void log_ended(struct room *room, const char *reason);
/* Falling asleep and waking take a tick each, in which no timer runs. */
void timers_wait(struct room *room);

/* replay_seats.c: a seat as the log or a snapshot has it; and nobody seated any more, nor shown. */
MUST_CHECK bool seat_replay(struct room *room, struct client *client, uint32_t number);
void seats_drop(struct room *room);
struct log_act;
/* Who joins, in the seat and under the number that the log has; MALFORMED where they are not to be had. */
MUST_CHECK enum status seat_join(struct room *room, const struct log_act *joined);

/* inbox.c */
size_t inbox_padded(size_t length);
enum status inbox_add(struct room *room, struct inbox_entry entry, const uint8_t *bytes);
/* The same of two pieces that together are the entry's bytes, whatever else waits. MEMORY. */
MUST_CHECK enum status
inbox_put(struct room *room, struct inbox_entry entry, struct bytes head, struct bytes rest);
/* The next entry from `at` on, and where its bytes are; false at the end. */
bool inbox_next(const struct inbox *inbox,
                uint32_t *at,
                struct inbox_entry *entry,
                struct bytes *bytes);
/* Puts an entry that lies at or behind the end of `kept`, an inbox of the same bytes, at its end. */
void inbox_keep(struct inbox *kept, const struct inbox_entry *entry, struct bytes bytes);
/* The join of this seat that waits for the tick, and its user; a rerun's waits until it is due. */
bool join_waits(const struct room *room, uint32_t seat, struct bytes *user);
MUST_CHECK enum status join_wait(struct room *room, uint32_t seat, struct bytes user);
void join_forget(struct room *room, uint32_t seat);
MUST_CHECK enum status join_due(struct room *room, uint32_t seat); /* behind all that waits */
bool join_is_due(const struct room *room, const struct inbox_entry *entry);
/* What waits of an earlier connection when its client comes back with a new one: the client is
 * told that its operations never arrived and sends them again; its role is that of the new join. */
void inbox_void(struct room *room, uint32_t seat);

/* seats.c: a member's presence, where it is here; and where it is shown, here or not. */
struct record *presence_find(const struct room *room, uint32_t member);
struct record *presence_shown(const struct room *room, uint32_t member);
/* The member is here, or is back: its presence, made where there is none; an empty user is none. */
void seat_shows(struct room *room, uint32_t seat, struct bytes user);
void seat_shows_away(struct room *room, struct seat *seat, bool away);
bool seat_is_away(const struct seat *seat);
/* NULL for a member that is not here. */
struct seat *member_seat(const struct room *room, uint32_t member);
struct scope *client_private_scope(struct room *room, struct client *client);
void seat_release(struct room *room, uint32_t number);
struct place *seat_place(struct seat *seat, enum wire_scope scope);
struct scope *seat_scope(const struct room *room, const struct seat *seat, enum wire_scope scope);
bool seat_sees(const struct room *room, const struct seat *seat, enum wire_scope scope);

#endif
