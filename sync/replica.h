/* replica.h - what a client holds of a room, built from the sections of frames.
 *
 *   struct replica *replica = replica_create(&(struct memory){0});
 *   replica_watch(replica, &watcher);                              optional
 *   replica_welcome(replica, scopes_kept, same_incarnation);       at each welcome
 *   replica_sections(replica, &reader, sections);                  at each frame
 *   const struct replica_collection *shapes = replica_collection(replica, bytes_of("shapes"));
 *   for (const struct replica_record *record = NULL;
 *        (record = replica_next(replica, shapes, record)) != NULL;)
 *       draw(replica_number(record, 0));
 *
 * A transfer that takes several frames is shown when it is complete. What a welcome did not keep
 * stays visible, as it was, until the whole state is there again; the watcher is then told the
 * difference between the two.
 *
 * Ownership  records, definitions and views are the replica's; they are good until the next call
 *            that is not a read. Inside the watcher's calls only reading is allowed.
 * Errors     bytes come from the network: a section that breaks the format gives TRUNCATED or
 *            MALFORMED, one too large LIMIT, no memory MEMORY. The frame's changes up to there may
 *            show, the scope at fault has no place any more, and every further frame gives the
 *            same status until the next welcome: end the connection and join again.
 * Limits     REPLICA_SLOTS_MAX, REPLICA_TRANSFER_BYTES_MAX.
 * Threads    one owner at a time.
 * Source     sync/README.md, "Frames".
 */
#ifndef SYNC_REPLICA_H
#define SYNC_REPLICA_H

#include "sync/base.h"
#include "sync/limits.h"
#include "sync/pack.h"
#include "sync/rules.h"
#include "sync/wire.h"

/* Slots are dense; a table of pointers of this size is the most that one hostile slot costs. */
#define REPLICA_SLOTS_MAX (1u << 20)

/* One transfer, packed, until it is complete: some times the largest state of a room. */
#define REPLICA_TRANSFER_BYTES_MAX (64u << 20)

struct replica;
struct replica_record;

struct replica_field {
    struct bytes name; /* here and below, a NUL follows */
    bool defined;
    enum field_type type;
    enum merge merge;
    int64_t minimum, maximum;
    uint32_t steps; /* FIELD_FIXED: the number held divided by it is the value */
    uint8_t name_data[NAME_BYTES_MAX + 1];
};

struct replica_collection {
    struct bytes name;
    uint32_t number;
    bool presence; /* records are named by member */
    uint32_t scope;
    uint32_t field_count; /* highest field number + 1 */
    struct replica_field fields[FIELDS_MAX];
    uint8_t name_data[NAME_BYTES_MAX + 1];
};

struct replica_event {
    struct bytes name;
    uint32_t number;
    uint32_t kept; /* newest kept per scope */
    uint8_t name_data[NAME_BYTES_MAX + 1];
};

/* One time that an event happened. */
struct replica_occurrence {
    const struct replica_event *event;
    uint32_t scope;
    uint32_t from; /* a member's number, 0 for the server */
    bool history;  /* it happened before this client looked */
    struct bytes value;
    struct replica_occurrence *next; /* the next newer one in its list */
};

/* Called at the end of replica_sections() with what that frame made visible: removed records,
 * then added and changed ones in the order of their first change, then events. A record that was
 * added in the frame is not told as changed. Any of them may be NULL. */
struct replica_watcher {
    void *context;
    void (*record_added)(void *context, const struct replica_record *record);
    void (*record_changed)(void *context, const struct replica_record *record, uint32_t mask);
    void (*record_removed)(void *context, const struct replica_record *record); /* last values */
    void (*event)(void *context, const struct replica_occurrence *occurrence);
};

/* NULL when there is no memory. */
struct replica *replica_create(const struct memory *memory);
void replica_destroy(struct replica *replica);
void replica_watch(struct replica *replica, const struct replica_watcher *watcher);

/* A new connection begins. `scopes_kept` has bit s for scope s. Where the names are not kept or
 * the incarnation is another, nothing is. */
void replica_welcome(struct replica *replica, uint8_t scopes_kept, bool same_incarnation);

/* The sections of one frame, 0 of them too: the reader stands at the first and is moved behind
 * the last. */
MUST_CHECK enum status
replica_sections(struct replica *replica, struct reader *reader, uint32_t sections);

/* True when the first frame after the last welcome is here and no transfer is under way. */
bool replica_complete(const struct replica *replica);

/* The place for the next hello; false where none is to be told. */
bool replica_place(const struct replica *replica, enum wire_scope scope, uint64_t *place);

/* The state hash of sync/hash.h over everything visible. */
uint64_t replica_hash(const struct replica *replica);

/* --- Definitions: NULL or -1 where there is none ---------------------------------------------- */

const struct replica_collection *replica_collection(const struct replica *replica,
                                                    struct bytes name);
const struct replica_collection *replica_collection_at(const struct replica *replica,
                                                       uint32_t number);
const struct replica_event *replica_event(const struct replica *replica, struct bytes name);
const struct replica_event *replica_event_at(const struct replica *replica, uint32_t number);
int replica_field(const struct replica_collection *collection, struct bytes name);

/* --- Records ----------------------------------------------------------------------------------- */

const struct replica_record *replica_find(const struct replica *replica,
                                          const struct replica_collection *collection,
                                          struct bytes id);
const struct replica_record *replica_find_member(const struct replica *replica,
                                                 const struct replica_collection *collection,
                                                 uint32_t member);

/* The record after `previous`, the first for NULL; NULL at the end or without a collection. */
const struct replica_record *replica_next(const struct replica *replica,
                                          const struct replica_collection *collection,
                                          const struct replica_record *previous);
uint32_t replica_count(const struct replica *replica); /* records of all collections */

const struct replica_collection *replica_record_collection(const struct replica_record *record);
struct bytes replica_record_id(const struct replica_record *record); /* a member in decimal */
uint32_t replica_record_member(const struct replica_record *record); /* 0 if not presence */

/* --- Values: a field that is unset, or of another type, gives 0 or no bytes -------------------- */

uint32_t replica_record_mask(const struct replica_record *record); /* of the set fields */
bool replica_has(const struct replica_record *record, int field);

/* FIELD_INT, FIELD_FIXED (in steps). */
int64_t replica_number(const struct replica_record *record, int field);

/* All other types: one packed value; for MERGE_APPEND the items one after the other. */
struct bytes replica_packed(const struct replica_record *record, int field, uint32_t *items);

/* Any field as one packed value: a number as integer, a list as array, nil when unset. */
void replica_pack(const struct replica_record *record, int field, struct writer *writer);

/* --- Events: those kept, oldest first within a scope ------------------------------------------- */

const struct replica_occurrence *replica_occurrence_next(const struct replica *replica,
                                                         const struct replica_event *event,
                                                         const struct replica_occurrence *previous);

#endif
