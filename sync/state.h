/* state.h - what a room holds: scopes of records, tombstones and events in the order of stamps.
 *
 * The six rules of sync/README.md are about what is here: `created`, `stamp` of records and
 * cells, holes, tombstones and `horizon`, `start` of list segments, `before` of numbers.
 *
 * These are the primitives; nothing here asks whether someone may. operation.h does, and frames
 * are made by delta.h. Inside a tick nothing allocates: the caller has reserved heap, slots and
 * buckets with state_reserve().
 */
#ifndef SYNC_STATE_H
#define SYNC_STATE_H

#include "sync/heap.h"
#include "sync/limits.h"
#include "sync/schema.h"
#include "sync/wire.h"

enum cell_type {
    CELL_HOLE = 0, /* unset; with a stamp it once was set */
    CELL_NUMBER,   /* FIELD_INT, FIELD_FIXED: value.number */
    CELL_SHORT,    /* packed value of up to 8 bytes, in place */
    CELL_PACKED,   /* packed value in the heap */
    CELL_LIST      /* value.first, aux.last; both NULL when empty */
};

/* Items that came together, or that joined others when they were no longer new. A list is a chain of
 * them; a stamp is that of the newest item. */
struct segment {
    struct segment *next, *previous;
    uint64_t stamp;
    uint32_t start; /* index of the first item */
    uint32_t count;
    uint32_t offset; /* bytes of the items before */
    uint32_t length; /* bytes used of data */
    uint32_t capacity;
    uint8_t data[]; /* packed items */
};

/* Segments join while their block is no larger than this. */
#define SEGMENT_SMALL 512u

/* The value of one field of one record. */
struct cell {
    uint64_t stamp; /* 0: never set */
    union {
        int64_t number;
        uint8_t inside[8];
        uint8_t *packed;
        struct segment *first;
    } value;
    union {
        int64_t before;  /* a number's value at the frame before, where has_before */
        uint32_t length; /* of SHORT and PACKED, bytes */
        struct segment *last;
    } aux;
    uint32_t author;   /* member, 0 for the server */
    uint32_t sequence; /* the author's operation, 0 for none */
    uint8_t type;      /* enum cell_type */
    bool has_before;
};

enum record_kind {
    RECORD_LIVE,
    RECORD_TOMBSTONE,
    RECORD_EVENT
};

/* An entry of a scope's list: a record, what is left of a removed one, or an event. */
struct record {
    struct record *older, *newer; /* in the scope, by stamp */
    struct record *chain;         /* hash bucket; of events: see struct event_ring */
    struct scope *scope;
    uint64_t stamp;
    uint64_t created;
    union {
        struct cell *cells;     /* live */
        uint8_t *value;         /* event */
        struct record *younger; /* tombstone: the next younger one */
    } content;
    uint32_t owner;  /* who made it; tombstone: who removed it; event: who sent it */
    uint32_t slot;   /* live and tombstone */
    uint32_t length; /* live: bytes of values; event: bytes of the value */
    uint32_t seat;   /* presence records: the member's; SEAT_NONE: it is shown, and not here */
    uint8_t kind;
    uint8_t collection; /* or the event's number */
    uint8_t cell_count;
    uint8_t id_length;
    uint8_t id[];
};

/* The events of one name in a scope, in a circle: behind the newest comes the oldest. */
struct event_ring {
    struct event_ring *next; /* of another name */
    struct record *newest;
    uint32_t count;
    uint8_t event;
};

struct scope {
    struct record *oldest, *newest;
    struct record *tombstone_oldest, *tombstone_newest;
    struct event_ring *events; /* of the names that have come up */
    uint64_t stamp;            /* of the last change */
    uint64_t horizon;          /* tombstones up to here are pruned */
    uint64_t tick;             /* of the last append, and the stamp before it */
    uint64_t tick_began;
    uint64_t difference; /* stamp of the frame before, which differences are based on */
    struct record **slots;
    uint32_t slot_count; /* slots ever used */
    uint32_t slot_capacity;
    uint32_t slot_free; /* first free slot + 1; the next one is in its place in slots */
    uint32_t live;
    uint32_t tombstones;
};

struct state {
    struct memory memory;
    struct heap heap;
    struct schema schema;
    struct scope *scopes[SCOPE_COUNT]; /* NULL where the kind has none; MINE is in each client */
    struct scope *server;              /* SIGHT_SERVER */
    struct record **buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t indexed;      /* records and tombstones in buckets */
    uint32_t shared;       /* live records, presence not counted */
    uint32_t tombstones_max;
    uint32_t frame_ticks; /* from one frame to the next */
    uint64_t seed;        /* of the buckets' hash */
    uint64_t slot_bytes;  /* memory of all slot arrays */
    uint64_t tick;        /* the room's */
};

MUST_CHECK bool state_init(struct state *state,
                           const struct memory *memory,
                           const struct rules *rules,
                           uint32_t tombstones_max,
                           uint64_t seed);
void state_free(struct state *state);

/* A scope of its own (SIGHT_MEMBER). Takes heap; its slots come with scope_reserve(). */
struct scope *state_add_scope(struct state *state);
void state_remove_scope(struct state *state, struct scope *scope); /* and all that is in it */
#define SCOPE_BYTES (sizeof(struct scope))

/* All that is in a scope goes, or its events, and leaves nothing behind: its horizon is above every
 * place that there was, so that whoever looks at it starts over. */
void state_clear_scope(struct state *state, struct scope *scope);
void state_drop_events(struct state *state, struct scope *scope);

/* The oldest entry with a stamp beyond this one; NULL: there is none. */
struct record *scope_beyond(const struct scope *scope, uint64_t stamp);

/* A loaded scope as it stands where every change has been framed. */
void scope_settle(struct scope *scope);

/* Memory for `records` more entries in the index, and `bytes` of heap. */
MUST_CHECK bool state_reserve(struct state *state, uint32_t records, size_t bytes);
MUST_CHECK bool scope_reserve(struct state *state, struct scope *scope, uint32_t records);

/* Most heap that a record with all its cells takes, while it grows to `fields` fields. */
size_t record_reserve(uint32_t fields);

/* The live record or the tombstone of this id, or NULL. */
struct record *
state_find(const struct state *state, const struct scope *scope, int collection, struct bytes id);

struct record *state_make(struct state *state,
                          struct scope *scope,
                          int collection,
                          struct bytes id,
                          uint32_t owner);
void state_remove(struct state *state, struct record *record, uint32_t by);

/* Who changes a field, and with which operation. */
struct author {
    uint32_t member;
    uint32_t sequence;
};

/* Changes to fields. Each gives the record its scope's next stamp, unless the value is what it
 * was: then only its author changes. Values are packed and canonical; `items` of a list likewise. */
void state_set_number(struct state *state,
                      struct record *record,
                      int field,
                      int64_t number,
                      struct author author);
void state_set_packed(struct state *state,
                      struct record *record,
                      int field,
                      struct bytes packed,
                      struct author author);
void state_unset(struct state *state, struct record *record, int field, struct author author);
void state_set_list(struct state *state,
                    struct record *record,
                    int field,
                    struct bytes items,
                    uint32_t count,
                    struct author author);
void state_append(struct state *state,
                  struct record *record,
                  int field,
                  struct bytes items,
                  uint32_t count,
                  struct author author);

/* The next segment of a list out of a snapshot, which joins no other. */
void state_restore_segment(struct state *state,
                           struct record *record,
                           int field,
                           struct bytes items,
                           uint32_t count);

/* Adds an event; the oldest of its name goes where more than its `kept` are there. */
void state_emit(struct state *state,
                struct scope *scope,
                int event,
                uint32_t from,
                struct bytes value);
/* Most heap that an event with so many bytes takes. */
size_t event_reserve(size_t bytes);

/* The cell of a field, or NULL where it never was set. */
const struct cell *record_cell(const struct record *record, int field);
/* The packed value of SHORT and PACKED cells. */
struct bytes cell_packed(const struct cell *cell);
uint32_t list_count(const struct cell *cell);
uint32_t list_bytes(const struct cell *cell);
/* Whether it holds these items, and no others. */
bool list_is(const struct cell *cell, struct bytes items, uint32_t count);
/* The whole value as one packed one; a list is an array, a hole is nil. */
void cell_write(struct writer *writer, const struct cell *cell);
size_t cell_write_bytes(const struct cell *cell); /* how much that is, at most */

static inline struct bytes record_id(const struct record *record)
{
    return (struct bytes){record->id, record->id_length};
}

#endif
