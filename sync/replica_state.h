/* replica_state.h - the inside of a replica: names, scopes full of records, transfers, worlds.
 *
 * A world is all that belongs together: definitions and the scopes read with them. A replica shows
 * one world; after a welcome that kept nothing it builds another beside it. Changes are noted on
 * the records themselves, so that telling them needs no memory.
 *
 * Only sync/replica*.c include this. See sync/replica.h for the contract.
 */
#ifndef SYNC_REPLICA_STATE_H
#define SYNC_REPLICA_STATE_H

#include "sync/replica.h"

/* --- Definitions ------------------------------------------------------------------------------- */

struct replica_names {
    struct replica_collection *collections[COLLECTIONS_MAX];
    struct replica_event *events[EVENT_NAMES_MAX];
    uint64_t count; /* definitions of all sorts */
};

void replica_names_clear(struct replica_names *names, const struct memory *memory);

/* Reads definitions to the end of the reader. On failure those before the faulty one are in. */
MUST_CHECK enum status
replica_names_read(struct replica_names *names, const struct memory *memory, struct reader *reader);

const struct replica_collection *replica_names_collection(const struct replica_names *names,
                                                          struct bytes name);
const struct replica_event *replica_names_event(const struct replica_names *names,
                                                struct bytes name);

/* --- Records ----------------------------------------------------------------------------------- */

struct replica_value {
    int64_t number;            /* FIELD_INT, FIELD_FIXED */
    uint8_t *data;             /* all others: packed */
    uint32_t length, capacity; /* of data */
    uint32_t items;            /* of a list */
};

/* What the watcher has not been told yet. VANISHED: came and went untold, or was replaced. */
enum replica_change {
    CHANGE_NONE,
    CHANGE_ADDED,
    CHANGE_FIELDS,
    CHANGE_REMOVED,
    CHANGE_VANISHED
};

struct replica_record {
    const struct replica_collection *collection;
    uint32_t slot;
    uint32_t member;
    uint32_t set;     /* mask of fields that have a value */
    uint32_t changed; /* mask of fields, with CHANGE_FIELDS */
    uint32_t value_capacity;
    struct replica_value *values; /* by field number */
    struct replica_record *noted; /* the next in struct replica_changes */
    enum replica_change change;
    uint8_t id_length;
    uint8_t id[RECORD_ID_BYTES_MAX];
};

/* Records and events that the watcher is to be told about, in the order of their first change. */
struct replica_changes {
    struct replica_record *first, *last;
    struct replica_occurrence *first_event, *last_event;
};

/* The newest occurrences of one event in one scope. */
struct replica_log {
    struct replica_occurrence *first, *last;
    uint32_t count;
};

/* Records by slot and, through an open-addressed table, by collection and id. */
struct replica_scope {
    struct replica_record **slots;
    uint32_t slot_capacity;
    struct replica_record **index;
    uint32_t index_capacity; /* a power of two or 0, at most half full */
    uint32_t count;
    struct replica_log logs[EVENT_NAMES_MAX];
};

struct replica_record *replica_scope_find(const struct replica_scope *scope,
                                          const struct replica_collection *collection,
                                          struct bytes id);

/* The record in a slot, NULL for an empty one. */
struct replica_record *replica_scope_at(const struct replica_scope *scope, int64_t slot);

/* The record of this name in this slot, made where it is not there. Whatever else had the slot or
 * the name is removed. NULL when there is no memory. */
struct replica_record *replica_scope_put(struct replica_scope *scope,
                                         const struct memory *memory,
                                         struct replica_changes *changes,
                                         const struct replica_record *named);

void replica_scope_remove(struct replica_scope *scope,
                          const struct memory *memory,
                          struct replica_changes *changes,
                          struct replica_record *record);

/* Empties a scope: noted as removals, or untold where `changes` is NULL. */
void replica_scope_clear(struct replica_scope *scope,
                         const struct memory *memory,
                         struct replica_changes *changes);

/* Empties `old` because `scope` takes its place: records of both are compared by names, and what
 * is noted in `changes`, where those of `scope` are noted as added, becomes the difference. */
void replica_scope_replace(struct replica_scope *old,
                           const struct replica_scope *scope,
                           const struct replica_names *names,
                           const struct memory *memory,
                           struct replica_changes *changes);

/* Moves an occurrence into its log and forgets those beyond `kept`. */
void replica_scope_keep(struct replica_scope *scope,
                        const struct memory *memory,
                        struct replica_occurrence *occurrence);

/* Notes that fields of a record differ from what the watcher knows. */
void replica_note_fields(struct replica_changes *changes,
                         struct replica_record *record,
                         uint32_t mask);
void replica_note_event(struct replica_changes *changes, struct replica_occurrence *occurrence);
void replica_changes_append(struct replica_changes *changes, struct replica_changes *more);

/* Frees the events noted of one scope; SCOPE_COUNT means all. */
void replica_changes_drop_events(struct replica_changes *changes,
                                 const struct memory *memory,
                                 uint32_t scope);

/* After telling: frees what was removed, marks the rest as told. */
void replica_changes_settle(struct replica_changes *changes, const struct memory *memory);

/* --- Values ------------------------------------------------------------------------------------ */

/* Room for the value of a field; NULL when there is no memory. */
struct replica_value *
replica_record_value(struct replica_record *record, const struct memory *memory, uint32_t field);
MUST_CHECK enum status
replica_value_assign(struct replica_value *value, const struct memory *memory, struct bytes packed);
MUST_CHECK enum status replica_value_append(struct replica_value *value,
                                            const struct memory *memory,
                                            struct bytes packed,
                                            uint32_t items);
void replica_value_truncate(struct replica_value *value, uint32_t items);
bool replica_field_is_number(const struct replica_field *field);

/* --- Runs -------------------------------------------------------------------------------------- */

struct replica_target {
    const struct memory *memory;
    const struct replica_names *names;
    struct replica_scope *scope;
    struct replica_changes *changes;
    uint32_t number; /* the scope's */
    bool history;
};

/* Applies runs to the end of the reader. On failure those before the faulty value are in. */
MUST_CHECK enum status replica_runs_read(const struct replica_target *target,
                                         struct reader *reader);

/* Skips `count` values of any depth; msgpack's nesting is followed by counting, not by calling. */
void replica_skip(struct reader *reader, uint64_t count);

/* --- The whole --------------------------------------------------------------------------------- */

/* Sections of a transfer that goes on, as they came. */
struct replica_transfer {
    bool open;
    bool restart; /* replaces the scope */
    bool history; /* the wire said so */
    uint64_t advance;
    uint8_t *bytes;
    uint32_t length, capacity;
};

struct replica_part {
    struct replica_scope scope;
    struct replica_transfer transfer;
    uint64_t place;
    bool held;  /* the content is the complete state at `place` */
    bool stale; /* the content is only shown until there is a newer one */
};

struct replica_world {
    struct replica_names names;
    struct replica_part parts[SCOPE_COUNT]; /* of SCOPE_NAMES, the scope is not used */
    struct replica_changes changes;
};

struct replica {
    struct memory memory;
    struct replica_watcher watcher;
    struct replica_world worlds[2];
    unsigned shown;   /* index of the visible world */
    bool building;    /* the other world takes the sections */
    bool first_frame; /* has come since the last welcome */
    enum status failed;
    uint8_t *inflated; /* [MESSAGE_BYTES_MAX], for deflated sections; NULL before the first */
};

const struct replica_world *replica_shown(const struct replica *replica);

#endif
