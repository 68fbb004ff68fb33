/* schema.h - a room's names: collections with their fields, and events, each with a number.
 *
 * Numbers are given in the order in which names appear and never change. Every name that members
 * may see is one definition; the list of definitions only grows, so that a client's place in it
 * is how many it knows (scope 0 of the wire).
 *
 * Ownership  names that are learnt are copied into the room's heap, declared ones are borrowed.
 */
#ifndef SYNC_SCHEMA_H
#define SYNC_SCHEMA_H

#include "sync/heap.h"
#include "sync/limits.h"
#include "sync/pack.h"
#include "sync/rules.h"

struct field {
    struct bytes name;
    int64_t minimum, maximum;
    uint32_t steps;
    uint8_t type;  /* enum field_type */
    uint8_t merge; /* enum merge */
    bool file;     /* may hold a file's hash */
};

/* The fields that presence has in any kind; those declared follow. */
enum presence_field {
    PRESENCE_USER,
    PRESENCE_AWAY,
    PRESENCE_FIELDS
};

struct collection {
    struct bytes name;
    struct field *fields;
    uint8_t field_count, field_capacity;
    uint8_t sight; /* enum sight */
    uint8_t role;  /* enum role */
    bool server_only;
    bool learns;
};

struct event_name {
    struct bytes name;
    uint32_t kept;
    bool presence;
};

struct definition {
    uint8_t kind; /* 0 collection, 1 field, 2 event: wire numbers */
    uint8_t number;
    uint8_t collection; /* of a field */
};

struct schema {
    struct collection *collections;
    struct event_name *events;
    struct definition *definitions;
    uint32_t collection_count, collection_capacity;
    uint32_t event_count, event_capacity;
    uint32_t definition_count, definition_capacity;
    bool learns;
};

/* Heap that learning takes at most beside the names' own bytes: once per tick however much, and
 * for each edit, which can teach a collection all its fields. schema_bytes() is what the names
 * declared by a kind take. */
#define SCHEMA_TICK_BYTES 32768u
#define SCHEMA_EDIT_BYTES 4096u
size_t schema_bytes(const struct rules *rules);

/* A field as it is declared, bounds that are left out being the widest. */
struct field schema_field(const struct field_rules *rules);

/* Declares the names of a kind, whose tables keep the limits: rules_check(). */
void schema_init(struct schema *schema, struct heap *heap, const struct rules *rules);

/* A fingerprint of the names that a kind declares, their types, bounds and sights, and of its memory's
 * size: what is kept of a room means nothing under others. */
uint64_t schema_declared_hash(const struct schema *schema, const struct rules *rules);

/* Numbers of names, or -1. */
int schema_collection(const struct schema *schema, struct bytes name);
int schema_event(const struct schema *schema, struct bytes name);
int collection_field(const struct collection *collection, struct bytes name);

/* What is learnt by a name: a collection without fields, seen by everyone; a field as the first
 * merge that it is used with needs it, here without its name. */
struct collection schema_learnt_collection(struct bytes name);
const struct field *schema_learnt_field(enum merge merge);

/* Learns a name: its number, or -1 where the limit is reached. */
int schema_learn_collection(struct schema *schema, struct heap *heap, struct bytes name);
int schema_learn_event(struct schema *schema, struct heap *heap, struct bytes name);
int schema_learn_field(struct schema *schema,
                       struct heap *heap,
                       int collection,
                       struct bytes name,
                       enum merge merge);

/* 1..NAME_BYTES_MAX bytes without control characters. */
bool schema_name_valid(struct bytes name);

/* Writes definition `index` as the wire has it. */
void schema_write_definition(const struct schema *schema, uint32_t index, struct writer *writer);

/* The wire's scope of a collection. */
int collection_scope(const struct collection *collection);

/* Whether numbers of this field travel as integers and may travel as differences. */
static inline bool field_is_number(const struct field *field)
{
    return field->type == FIELD_INT || field->type == FIELD_FIXED;
}

#endif
