/* operation_names.c - what the names in an operation stand for, and those that it teaches. */
#include <string.h>

#include "sync/operation_parts.h"

/* What a new name counts for beside its bytes, against the room's memory. */
#define NAME_COST 64u

void fresh_begin(struct fresh_names *fresh)
{
    fresh->collection_count = 0;
    fresh->event_count = 0;
    memset(fresh->field_counts, 0, sizeof fresh->field_counts);
    fresh->bytes = 0;
}

const struct collection *
collection_of(const struct actor *actor, const struct fresh_names *fresh, int number)
{
    const struct schema *schema = &actor->state->schema;
    if ((uint32_t)number < schema->collection_count)
        return &schema->collections[number];
    return &fresh->collections[(uint32_t)number - schema->collection_count];
}

const struct field *
field_of(const struct actor *actor, const struct fresh_names *fresh, int collection, int number)
{
    const struct collection *known = collection_of(actor, fresh, collection);
    if (number < known->field_count)
        return &known->fields[number];
    return schema_learnt_field(fresh->fields[collection][number - known->field_count].merge);
}

struct bytes event_of(const struct actor *actor, const struct fresh_names *fresh, int number)
{
    const struct schema *schema = &actor->state->schema;
    if ((uint32_t)number < schema->event_count)
        return schema->events[number].name;
    return fresh->events[(uint32_t)number - schema->event_count];
}

/* --- Collections --------------------------------------------------------------------------------- */

static int
fresh_collection(const struct schema *schema, struct fresh_names *fresh, struct bytes name)
{
    for (uint32_t i = 0; i < fresh->collection_count; i++)
        if (bytes_equal(fresh->collections[i].name, name))
            return (int)(schema->collection_count + i);
    uint32_t number = schema->collection_count + fresh->collection_count;
    if (number == COLLECTIONS_MAX)
        return -1;
    fresh->collections[fresh->collection_count++] = schema_learnt_collection(name);
    fresh->bytes += NAME_COST + name.length;
    return (int)number;
}

static int name_collection(const struct actor *actor, struct bytes name, struct fresh_names *fresh)
{
    struct schema *schema = &actor->state->schema;
    int number = schema_collection(schema, name);
    if (number >= 0)
        return number;
    if (!schema->learns)
        return -STATUS_NOT_FOUND;
    number = fresh != NULL ? fresh_collection(schema, fresh, name)
                           : schema_learn_collection(schema, &actor->state->heap, name);
    return number >= 0 ? number : -STATUS_LIMIT;
}

int resolve_collection(const struct actor *actor,
                       const struct reference *reference,
                       struct fresh_names *fresh)
{
    uint32_t count = actor->state->schema.collection_count;
    count += fresh != NULL ? fresh->collection_count : 0;
    if (reference->number >= count)
        return -STATUS_NOT_FOUND;
    int number = (int)reference->number;
    if (number < 0)
        number = name_collection(actor, reference->name, fresh);
    if (number < 0 || actor->server)
        return number;
    const struct collection *collection = collection_of(actor, fresh, number);
    if (collection->sight == SIGHT_SERVER ||
        (collection->sight == SIGHT_ROLE && actor->role < (enum role)collection->role))
        return -STATUS_NOT_FOUND; /* what is out of sight is not told from what is not there */
    if (collection->server_only || collection->sight == SIGHT_PRESENCE)
        return -STATUS_DENIED;
    return number;
}

/* --- Fields -------------------------------------------------------------------------------------- */

static int fresh_field(const struct collection *known,
                       struct fresh_names *fresh,
                       int collection,
                       struct bytes name,
                       enum merge merge)
{
    struct fresh_field *fields = fresh->fields[collection];
    uint32_t count = fresh->field_counts[collection];
    for (uint32_t i = 0; i < count; i++)
        if (bytes_equal(fields[i].name, name))
            return (int)(known->field_count + i);
    if (known->field_count + count == FIELDS_MAX)
        return -1;
    fields[fresh->field_counts[collection]++] = (struct fresh_field){name, merge};
    fresh->bytes += NAME_COST + name.length;
    return (int)(known->field_count + count);
}

int resolve_field(const struct actor *actor,
                  int collection,
                  const struct reference *reference,
                  enum merge merge,
                  struct fresh_names *fresh)
{
    struct schema *schema = &actor->state->schema;
    const struct collection *known = collection_of(actor, fresh, collection);
    uint32_t count = known->field_count;
    count += fresh != NULL ? fresh->field_counts[collection] : 0;
    if (reference->number >= 0)
        return reference->number < count ? (int)reference->number : -STATUS_NOT_FOUND;
    int number = collection_field(known, reference->name);
    if (number >= 0)
        return number;
    if (!known->learns)
        return -STATUS_NOT_FOUND;
    number = fresh != NULL ? fresh_field(known, fresh, collection, reference->name, merge)
                           : schema_learn_field(schema, &actor->state->heap, collection,
                                                reference->name, merge);
    return number >= 0 ? number : -STATUS_LIMIT;
}

/* --- Events -------------------------------------------------------------------------------------- */

static int fresh_event(const struct schema *schema, struct fresh_names *fresh, struct bytes name)
{
    for (uint32_t i = 0; i < fresh->event_count; i++)
        if (bytes_equal(fresh->events[i], name))
            return (int)(schema->event_count + i);
    uint32_t number = schema->event_count + fresh->event_count;
    if (number == EVENT_NAMES_MAX)
        return -1;
    fresh->events[fresh->event_count++] = name;
    fresh->bytes += NAME_COST + name.length;
    return (int)number;
}

int resolve_event(const struct actor *actor,
                  const struct reference *reference,
                  struct fresh_names *fresh)
{
    struct schema *schema = &actor->state->schema;
    uint32_t count = schema->event_count + (fresh != NULL ? fresh->event_count : 0);
    if (reference->number >= 0)
        return reference->number < count ? (int)reference->number : -STATUS_NOT_FOUND;
    int number = schema_event(schema, reference->name);
    if (number >= 0)
        return number;
    if (!schema->learns)
        return -STATUS_NOT_FOUND;
    number = fresh != NULL ? fresh_event(schema, fresh, reference->name)
                           : schema_learn_event(schema, &actor->state->heap, reference->name);
    return number >= 0 ? number : -STATUS_LIMIT;
}

/* --- Scopes -------------------------------------------------------------------------------------- */

struct scope *scope_for(const struct actor *actor, const struct collection *collection)
{
    if (collection->sight == SIGHT_MEMBER)
        return actor->mine;
    if (collection->sight == SIGHT_SERVER)
        return actor->state->server;
    return actor->state->scopes[collection_scope(collection)];
}
