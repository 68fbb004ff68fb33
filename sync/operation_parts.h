/* operation_parts.h - how the work on operations is divided: operation_read.c decodes edits,
 * operation_names.c finds what their names stand for, operation_check.c says whether they may be
 * applied, with operation_group.c, which knows what the edits before will have done; operation.c
 * applies them, and value.c knows what fits in a field. */
#ifndef SYNC_OPERATION_PARTS_H
#define SYNC_OPERATION_PARTS_H

#include "sync/operation.h"

/* One value in canonical form can take this much: a float of 5 bytes may become an integer of 9. */
#define CANONICAL_BYTES_MAX (2 * RECORD_BYTES_MAX)

/* A number or a name, as the document allows for collections, fields and events. */
struct reference {
    int64_t number; /* -1 for a name */
    struct bytes name;
};

struct edit {
    enum verb verb;
    unsigned guards;
    struct reference target; /* collection or event */
    struct bytes id;
    uint64_t stamp;
    uint32_t sequence;
    uint32_t to;
    struct bytes arguments; /* packed values */
    uint32_t argument_count;
};

/* --- operation_read.c ---------------------------------------------------------------------------- */

struct reference read_reference(struct reader *reader);
bool record_id_valid(struct bytes id);
struct bytes read_record_id(struct reader *reader);
struct edit read_edit(struct reader *reader);
/* `count` elements: pairs of a field and a value, or a field and its items. */
void check_arguments(struct reader *reader, enum verb verb, uint32_t count);

/* --- operation_names.c --------------------------------------------------------------------------- */

struct fresh_field {
    struct bytes name;
    enum merge merge;
};

/* Names that an operation is the first to use. While it is checked they are noted here, with the
 * numbers that they are going to have; the room learns them only when the operation is applied,
 * which meets them in the same order. So a refused operation teaches nothing. */
struct fresh_names {
    struct collection collections[COLLECTIONS_MAX];
    struct bytes events[EVENT_NAMES_MAX];
    struct fresh_field fields[COLLECTIONS_MAX][FIELDS_MAX]; /* those beyond the known ones */
    uint8_t collection_count, event_count;
    uint8_t field_counts[COLLECTIONS_MAX];
    uint64_t bytes; /* what learning them counts for, against the room's memory */
};
void fresh_begin(struct fresh_names *fresh);

/* Numbers of names; below 0 minus a status. A name that the room does not know, and may learn, is
 * noted in `fresh`, or learnt where that is NULL. */
int resolve_collection(const struct actor *actor,
                       const struct reference *reference,
                       struct fresh_names *fresh);
int resolve_field(const struct actor *actor,
                  int collection,
                  const struct reference *reference,
                  enum merge merge,
                  struct fresh_names *fresh);
int resolve_event(const struct actor *actor,
                  const struct reference *reference,
                  struct fresh_names *fresh);

/* What a resolved number stands for. An event: its name. */
const struct collection *
collection_of(const struct actor *actor, const struct fresh_names *fresh, int number);
const struct field *
field_of(const struct actor *actor, const struct fresh_names *fresh, int collection, int number);
struct bytes event_of(const struct actor *actor, const struct fresh_names *fresh, int number);

/* Whether a replay leaves edits of this collection out: there is no presence in it. */
bool left_out(const struct actor *actor, const struct collection *collection);

/* Where the collection's records are for this actor, or NULL. */
struct scope *scope_for(const struct actor *actor, const struct collection *collection);

/* --- value.c ------------------------------------------------------------------------------------- */

/* Whether one packed value may stand in the field; whether items may follow those it holds. */
enum status value_check(const struct field *field, struct bytes packed);
enum status
value_check_items(const struct field *field, struct reader *reader, uint32_t count, uint64_t held);

/* `count` values of the reader in canonical form, in the writer. */
struct bytes canonical(struct reader *reader, uint32_t count, struct writer *writer);
size_t canonical_bytes(struct bytes packed);

/* Puts one checked value into a field. */
void value_apply(const struct actor *actor, struct record *record, int number, struct bytes packed);

/* --- operation_group.c --------------------------------------------------------------------------- */

/* What a field holds, by the room's word or after what a group does to it. */
struct holding {
    struct bytes packed; /* a whole value that is no number; empty for a list that was added to */
    int64_t number;      /* or how many items */
    uint32_t bytes;      /* that the value takes, at most */
    bool set;
};

/* What the group has done to a record so far. */
struct touched {
    const struct scope *scope;
    const struct record *record; /* as the room has it: live, a tombstone or NULL */
    int collection;
    struct bytes id;
    bool exists;
    bool made;         /* by the group */
    bool deleted;      /* likewise */
    uint64_t length;   /* of its values then, at most */
    uint32_t foreseen; /* fields with something in `fields`, a bit each */
    uint32_t written;  /* fields whose last change will be the group's */
    struct holding fields[FIELDS_MAX];
};

struct group {
    struct touched touched[EDITS_MAX];
    uint32_t touched_count;
    uint32_t created;
    uint64_t bytes; /* that the values take, at most */
    struct fresh_names fresh;
    /* Of the edit at hand: the fields that it changes, and what they held before it. */
    uint32_t changes;
    struct holding before[FIELDS_MAX];
    uint32_t before_written;
};
void group_begin(struct group *group);
struct touched *group_touch(struct group *group,
                            const struct scope *scope,
                            int collection,
                            struct bytes id,
                            const struct record *record);

/* The field as the edits so far leave it. */
struct holding holding_of(const struct touched *touched, int field);

/* Under the guard "if mine": whether the field's last change was this client's operation. */
bool foreseen_mine(const struct actor *actor,
                   const struct edit *edit,
                   const struct touched *touched,
                   int field);

/* Notes what a field will hold. STATUS_LIMIT beyond what a record takes. */
enum status
foresee(struct group *group, struct touched *touched, int field, struct holding holding);

/* Where an edit stands that the rules are asked about: `rest` is at the edits behind it. */
struct edit_context {
    const struct actor *actor;
    const struct group *group;
    const struct touched *touched; /* its record; NULL for an event */
    const struct reader *rest;
    uint32_t rest_count;
};

/* --- operation_check.c --------------------------------------------------------------------------- */

/* STATUS_OK when every edit of the operation may be applied; they are given as they were read. */
enum status operation_check(const struct actor *actor,
                            struct reader *reader,
                            uint32_t count,
                            struct edit edits[EDITS_MAX]);

/* The same for whole values of a member's own presence, `count` elements. */
enum status presence_check_values(const struct actor *actor,
                                  const struct record *record,
                                  struct reader *reader,
                                  uint32_t count);

#endif
