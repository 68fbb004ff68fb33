/* rules.h - a room kind: its collections, events, rates, and what happens when.
 *
 *   static const struct field_rules presence_fields[] = {
 *       {.name = "x", .type = FIELD_FIXED, .maximum = 131071, .steps = 2},
 *   };
 *   static const struct collection_rules collections[] = {
 *       {.name = "presence", .sight = SIGHT_PRESENCE, .fields = presence_fields, .field_count = 1},
 *   };
 *   const struct rules my_rules = {.name = "mine", .tick_hz = 20, .frame_hz = 20,
 *                                  .collections = collections, .collection_count = 1};
 *
 * Ownership  static tables; a room keeps pointers to them for its whole life.
 * Errors     a table that breaks a limit is a caller's mistake and is asserted in room_create().
 * Threads    callbacks run inside room_tick() on the room's thread. They must be deterministic:
 *            no clock, no randomness but room_random(), no state but the room's own records.
 */
#ifndef SYNC_RULES_H
#define SYNC_RULES_H

#include "sync/base.h"

struct room;

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

struct edit_context;

/* One edit of a client as rules->accept sees it, before anything of its operation is applied. What
 * fits no field is refused before; more of records: the functions at the end. */
struct edit_view {
    uint32_t member;
    enum role role;
    int verb;         /* enum verb in sync/operation.h */
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
    /* The first collection is "presence" with SIGHT_PRESENCE. Its fields 0 `user` and 1 `away` come
     * by themselves, those declared follow. */
    const struct collection_rules *collections;
    uint32_t collection_count;
    const struct event_rules *events;
    uint32_t event_count;
    bool learns; /* collections and events named by clients are learnt, seen by everyone */
    const struct input_rules *input; /* NULL: members send none */
    uint32_t tick_records; /* most records the callbacks of one tick make; memory is set aside */
    uint32_t tick_bytes;   /* most bytes of values they write beside */

    /* All optional. */
    void (*created)(struct room *room);
    void (*joined)(struct room *room, uint32_t member);
    void (*left)(struct room *room, uint32_t member);
    enum status (*accept)(struct room *room, const struct edit_view *edit);
    void (*tick)(struct room *room);
    void (*timer)(struct room *room, uint32_t timer);
};

/* --- For rules->accept: records as an edit finds them, and its own as the edit leaves it -------- */

/* What the edits before it in the same operation do is counted in. */
enum standing {
    STANDING_NONE, /* no such record, and no memory of one */
    STANDING_DELETED,
    STANDING_COMING, /* an edit behind it in the same operation makes it */
    STANDING_LIVE
};
enum standing edit_standing(const struct edit_view *edit, int collection, struct bytes id);

struct field_view {
    bool set;
    uint32_t author; /* of the last change; 0 for the server, or where there never was one */
    int64_t number;  /* of FIELD_INT and FIELD_FIXED; of a list how many items it has */
    /* The value of any other type, as msgpack; a list's only where the operation sets it whole and
     * adds nothing to it. Valid as long as the edit. */
    struct bytes packed;
};

/* Fields are numbered as in the tables, those of presence from 2 on. All zero for a record that is
 * not live. */
struct field_view
edit_field(const struct edit_view *edit, int collection, struct bytes id, int field);
struct field_view edit_finds(const struct edit_view *edit, int field);
struct field_view edit_leaves(const struct edit_view *edit, int field);

/* --- Inputs, in any callback: what a member wants at this tick -------------------------------- */

/* The packed value in force; empty where there is none: the member has sent none in time and nothing
 * is held, it is away, a viewer, or not here. Valid as long as the tick. */
struct bytes room_input(const struct room *room, uint32_t member);

/* The same of FIELD_INT; false where there is none. */
bool room_input_number(const struct room *room, uint32_t member, int64_t *number);

/* For how many ticks it has been held since the member's own one; 0: it is this tick's own. */
uint32_t room_input_held(const struct room *room, uint32_t member);

#endif
