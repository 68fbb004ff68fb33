/* rules.h - all that the writer of a room kind needs: the tables that say what is in a room, the
 * callbacks that say what happens in it, and what those may call.
 *
 *   static const struct field_rules score_fields[] = {{.name = "points", .type = FIELD_INT}};
 *   static const struct collection_rules collections[] = {
 *       {.name = "presence", .sight = SIGHT_PRESENCE},
 *       {.name = "scores", .server_only = true, .fields = score_fields, .field_count = 1},
 *   };
 *   static void tick(struct room *room)
 *   {
 *       struct game *game = room_memory(room);
 *       struct field_value points = {.field = 0, .number = ++game->points};
 *       room_put(room, 1, 0, bytes_of("all"), &points, 1);
 *   }
 *   const struct rules my_rules = {.name = "mine", .tick_hz = 20, .frame_hz = 20,
 *                                  .collections = collections, .collection_count = 2,
 *                                  .memory_bytes = sizeof(struct game), .memory_ticks = 20,
 *                                  .tick_records = 1, .tick = tick};
 *
 * sync/README.md, "Writing a kind", tells how a room lives and what keeps it the same in every run.
 *
 * Ownership  static tables; a room keeps pointers to them for its whole life.
 * Errors     a table that breaks a limit: rules_check(). What a callback asks for and cannot have is
 *            answered with a status and changes nothing. Rules that do more in one tick than they
 *            declared lose their room: it is broken off, with a reason that names the limit.
 * Threads    callbacks run inside room_tick() on the room's thread. They must be deterministic:
 *            no clock, no randomness but room_random(), no state but room_memory() and records.
 */
#ifndef SYNC_RULES_H
#define SYNC_RULES_H

#include "sync/base.h"
#include "sync/limits.h"
#include "sync/pack.h"

struct room;

/* --- Tables --------------------------------------------------------------------------------------- */

/* Numbers are wire format: see sync/README.md, "Values and types". */
enum field_type {
    FIELD_ANY = 0,
    FIELD_BOOL = 1,
    FIELD_INT = 2,
    FIELD_FIXED = 3, /* integer count of 1/steps */
    FIELD_STRING = 4,
    FIELD_BINARY = 5,
    FIELD_INTS = 6,
    FIELD_TYPE_COUNT
};

enum merge {
    MERGE_SET = 0,    /* the last value wins */
    MERGE_APPEND = 1, /* a list that grows at its tail */
    MERGE_ADD = 2,    /* a sum; FIELD_INT or FIELD_FIXED */
    MERGE_COUNT
};

/* Who sees a collection or an event. */
enum sight {
    SIGHT_EVERYONE = 0,
    SIGHT_PRESENCE = 1, /* everyone; a record belongs to a member and leaves with it */
    SIGHT_MEMBER = 2,   /* the member that a record was made for, alone */
    SIGHT_ROLE = 3,     /* members of collection_rules.role and above */
    SIGHT_SERVER = 4    /* nobody: state of the rules */
};

enum role {
    ROLE_VIEWER = 0, /* sees, has a presence, writes no shared record */
    ROLE_EDITOR = 1,
    ROLE_OWNER = 2,
    ROLE_ADMIN = 3,
    ROLE_COUNT
};

struct field_rules {
    const char *name;
    enum field_type type;
    enum merge merge;
    int64_t minimum, maximum; /* of numbers, in steps; `maximum` of lengths. 0, 0: the widest */
    uint32_t steps;           /* FIELD_FIXED: steps in 1; 0 means 1 */
    bool file;                /* FIELD_BINARY that may hold a file's hash: see files.h */
    bool logged; /* of presence: callbacks look at it, so the log has it; members alone set it */
};

struct collection_rules {
    const char *name;
    enum sight sight;
    enum role role;   /* SIGHT_ROLE: the least role that sees it */
    bool server_only; /* members read, only rules write */
    bool learns;      /* fields named by clients are learnt as they appear, type any */
    const struct field_rules *fields;
    uint32_t field_count;
};

struct event_rules {
    const char *name;
    uint32_t kept; /* newest kept per scope; 0 means EVENTS_KEPT_DEFAULT */
    bool presence; /* goes with presence: not part of what is kept with the room */
};

/* What a member sends for each tick: one value, an integer with a range, `ints` or `binary`, of at
 * most INPUT_BYTES_MAX bytes packed. */
struct input_rules {
    struct field_rules value; /* without name and merge */
    uint32_t hold;            /* for how many ticks the last one stays where the next is missing */
};

/* What an edit does. Numbers are wire format: see sync/README.md, "operations". */
enum verb {
    VERB_PUT = 0,
    VERB_SET = 1,
    VERB_APPEND = 2,
    VERB_ADD = 3,
    VERB_DELETE = 4,
    VERB_EMIT = 5
};

struct edit_context;

/* One edit of a client as rules->accept sees it, before anything of its operation is applied. What
 * fits no field is refused before; more of records: the functions at the end. */
struct edit_view {
    uint32_t member;
    enum role role;
    enum verb verb;
    int target;       /* number of the collection or the event: declared ones as in the tables */
    struct bytes id;  /* empty for an event */
    uint32_t owner;   /* who made the record: this member where the operation makes it */
    uint32_t changes; /* fields it sets or adds to, a bit each; none that a guard leaves alone */
    bool makes;       /* it makes the record */
    bool if_mine;     /* takes back what this member did: what it sets was there before */
    struct bytes arguments; /* msgpack values behind the guards, as in the wire document */
    const struct edit_context *context;
};

/* What a room does while its log can be kept nowhere: the disk fails, and what may wait for it is
 * full. */
enum unkept {
    UNKEPT_PAUSE = 0, /* it stands still: nothing is decided that could not be saved */
    UNKEPT_CONTINUE   /* it goes on without a log, and is saved whole when the disk is well again */
};

struct rules {
    const char *name;
    uint32_t tick_hz;  /* 1..120 */
    uint32_t frame_hz; /* divides tick_hz */
    enum unkept unkept;
    bool records_presence; /* recordings show presence too: sync/track.h */
    /* The first collection is "presence" with SIGHT_PRESENCE. Its fields 0 `user` and 1 `away` come
     * by themselves, those declared follow. */
    const struct collection_rules *collections;
    uint32_t collection_count;
    const struct event_rules *events;
    uint32_t event_count;
    bool learns; /* collections and events named by clients are learnt, seen by everyone */
    const struct input_rules *input; /* NULL: members send none */
    /* What the callbacks of one tick do at most; memory is set aside for it before the tick. Records:
     * calls of room_put(), room_remove(), room_emit() and room_result() that change something; bytes:
     * of the packed values that they write beside, and of a result's board, name and details. Those of
     * `member` are for each call of `joined` and `left`; 0: as those of the tick. Of MEMBERS_MOVING_MAX
     * that came, and as many that went, are rules told in one tick, and of fewer where they may write more
     * about all of these than TICK_RECORDS_MAX or TICK_BYTES_MAX: the others wait for the next ones. */
    uint32_t tick_records, tick_bytes;
    uint32_t member_records, member_bytes;
    uint32_t memory_bytes; /* of room_memory(); 0..ROOM_MEMORY_MAX */
    uint32_t memory_ticks; /* it is written down at most once in so many ticks; 0: when the room
                              falls asleep, and where it never was before */

    /* Whether these memory_bytes are a memory that this room can have at the end of its tick, or had up to
     * memory_ticks before. Asked of each that comes from outside, which may be anything, before rules run
     * over it: one that was loaded is cleared where it is none, before `woken`, over a log they do not run
     * from there, and no file with it is imported. It reads and writes nothing. NULL: rules take any. */
    bool (*sound)(const struct room *room, const void *memory);

    /* All optional. In a tick they come in this order, `accept` and `joined` as the messages did. */
    void (*created)(struct room *room); /* once in the room's life: before its first tick */
    void (*woken)(struct room *room); /* first in the tick after it was loaded; nobody is seated */
    void (*joined)(struct room *room, uint32_t member);
    enum status (*accept)(struct room *room, const struct edit_view *edit); /* may write nothing */
    void (*left)(struct room *room, uint32_t member); /* it has no seat any more */
    void (*timer)(struct room *room, uint32_t timer);
    void (*tick)(struct room *room);
};

/* False with the sentence, in `error`, that says which table breaks which limit. */
MUST_CHECK bool rules_check(const struct rules *rules, char *error, size_t size);

/* --- The room -------------------------------------------------------------------------------------- */

uint64_t room_tick_number(const struct room *room); /* of the tick being made */

/* True when this tick is one that sends frames (every tick_hz/frame_hz-th): what moves all the time
 * is best written in these alone. Who reads slowly is caught up at any tick, and then sees what was
 * written at the newest such tick before that. */
bool room_frame_due(const struct room *room);

/* In `woken`: whether the room is one that was made of a moment of another just now. Nobody who was in that
 * one comes back. */
bool room_just_forked(const struct room *room);

/* The rules' own: memory_bytes of plain data, zero when the room is created. No pointers, and integers
 * of fixed width: it is written down as it stands. After a crash of the server it is up to memory_ticks
 * older than the records, so what has to agree belongs in here, with records made from it. */
void *room_memory(struct room *room);

/* Uniform in 0..bound-1 from the room's stream; bound > 0. */
uint32_t room_random(struct room *room, uint32_t bound);

/* Calls rules->timer with `timer` in `ticks` (at least 1) ticks; again replaces, 0 cancels. The
 * numbers are the rules' own. STATUS_LIMIT beyond ROOM_TIMERS_MAX at once, or TICK_TIMERS_MAX calls
 * in one tick. */
MUST_CHECK enum status room_set_timer(struct room *room, uint32_t timer, uint32_t ticks);

/* Ends the room with a reason, for ever: its members are sent away (4014), nothing of it is kept.
 * Static text; of more than ROOM_REASON_BYTES_MAX the rest is not told. */
void room_end(struct room *room, const char *reason);

/* --- Members -------------------------------------------------------------------------------------- */

uint32_t room_members(const struct room *room); /* seats taken, those away included */

/* The members in the order of their seats: the first one `after` 0, then the one after each. 0 at the
 * end. */
uint32_t room_member_next(const struct room *room, uint32_t after);

/* Of one that is not here: false; the least; false; empty. */
bool room_member_here(const struct room *room, uint32_t member);
enum role room_member_role(const struct room *room, uint32_t member);
bool room_member_away(const struct room *room, uint32_t member);         /* as the others see it */
struct bytes room_member_user(const struct room *room, uint32_t member); /* packed; empty: none */

/* --- Inputs: what a member wants at this tick ------------------------------------------------------ */

/* The packed value in force; empty where there is none: the member has sent none in time and nothing
 * is held, it is away, a viewer, or not here. Valid as long as the tick. */
struct bytes room_input(const struct room *room, uint32_t member);

/* The same of FIELD_INT; false where there is none. */
bool room_input_number(const struct room *room, uint32_t member, int64_t *number);

/* For how many ticks it has been held since the member's own one; 0: it is this tick's own. */
uint32_t room_input_held(const struct room *room, uint32_t member);

/* --- Records -------------------------------------------------------------------------------------- */

/* Collections, fields and events are numbered as in the tables, fields of presence from 2 on.
 *
 * `member` says whose record is meant: in a collection with SIGHT_MEMBER, and in presence, where the
 * id is empty. Else it is 0. An id is 1 to RECORD_ID_BYTES_MAX characters of 0x21 to 0x7e. */

/* A field and its value. With `packed` empty it is the number, also for FIELD_BOOL (0 or 1) and
 * FIELD_ANY; else `packed` is one msgpack value, of which nil unsets the field. */
struct field_value {
    uint32_t field;
    int64_t number;
    struct bytes packed;
};

/* Sets these fields, each named once, and makes the record where there is none or no longer one: all of
 * them or, where one is refused, none, and nobody but the caller is told. What is so already costs
 * nothing. In presence only fields that are no numbers and not `logged` may be set: those are the
 * member's own. NOT_FOUND, TYPE, RANGE, MALFORMED, DENIED; LIMIT: more than a record may hold, or than
 * a tick may write, which breaks the room off. */
enum status room_put(struct room *room,
                     int collection,
                     uint32_t member,
                     struct bytes id,
                     const struct field_value *values,
                     uint32_t count);

/* NOT_FOUND where it is not there. */
enum status room_remove(struct room *room, int collection, uint32_t member, struct bytes id);

/* An event from the server: to everyone (0) or to one member; `packed` is one msgpack value of at most
 * EVENT_BYTES_MAX. */
enum status room_emit(struct room *room, int event, uint32_t to, struct bytes packed);

/* What a field holds. */
struct field_view {
    bool set;
    uint32_t author; /* of the last change; 0 for the server, or where there never was one */
    int64_t number;  /* of FIELD_INT and FIELD_FIXED; of a list how many items it has */
    /* The value of any other type, as msgpack; a list's only in an edit that sets it whole, in an
     * operation that adds nothing to it. Valid until the room is written to, or as long as the edit. */
    struct bytes packed;
};

/* All zero where no record is, or the field is unset. */
struct field_view room_field(const struct room *room,
                             int collection,
                             uint32_t member,
                             struct bytes id,
                             uint32_t field);

/* The same for a number or a bool; false where there is none. */
bool room_number(const struct room *room,
                 int collection,
                 uint32_t member,
                 struct bytes id,
                 uint32_t field,
                 int64_t *number);

/* --- What others are told ------------------------------------------------------------------------- */

/* A score for a board that outlives the room. It goes into the log, and from there on the board once,
 * when the log is stored. Board and name are UTF-8 of 1 to BOARD_BYTES_MAX and RESULT_NAME_BYTES_MAX
 * bytes, the score is within INTEGER_MAX, details are one msgpack value of at most
 * RESULT_DETAILS_BYTES_MAX, or empty. RANGE, MALFORMED; LIMIT as of room_put(). */
enum status room_result(struct room *room,
                        struct bytes board,
                        struct bytes name,
                        int64_t score,
                        struct bytes details);

/* What lists of rooms show of this one: one msgpack value of at most CARD_BYTES_MAX, empty for none. It
 * is not kept: a room that wakes has none before its rules set one. LIMIT, MALFORMED. */
enum status room_card(struct room *room, struct bytes packed);

/* --- For rules->accept: records as an edit finds them, and its own as the edit leaves it ---------- */

/* What the edits before it in the same operation do is counted in. */
enum standing {
    STANDING_NONE, /* no such record, and no memory of one */
    STANDING_DELETED,
    STANDING_COMING, /* an edit behind it in the same operation makes it */
    STANDING_LIVE
};
enum standing edit_standing(const struct edit_view *edit, int collection, struct bytes id);

/* Fields are numbered as in the tables, those of presence from 2 on. All zero for a record that is
 * not live. */
struct field_view
edit_field(const struct edit_view *edit, int collection, struct bytes id, int field);
struct field_view edit_finds(const struct edit_view *edit, int field);
struct field_view edit_leaves(const struct edit_view *edit, int field);

/* --- A kind of one's own -------------------------------------------------------------------------- */

/* A shared object in the folder of `--kinds` is a kind when it defines
 *
 *   const struct room_kind room_kind = ROOM_KIND(&my_rules);
 *
 * The number grows whenever something above changes in shape or meaning: what was built for another
 * is refused. */
#define KIND_INTERFACE 3u

struct room_kind {
    uint32_t interface;
    uint32_t rules_bytes;
    const struct rules *rules;
};
extern const struct room_kind room_kind __attribute__((visibility("default")));

#define ROOM_KIND(rules_of_it)                                                                     \
    {                                                                                              \
        .interface = KIND_INTERFACE, .rules_bytes = sizeof(struct rules), .rules = (rules_of_it)   \
    }

#endif
