/* view.c - reading the room: the replica under its public names. */
#include <string.h>

#include "clients/c/client.h"

static const struct tutti_record *outside(const struct replica_record *record)
{
    return (const struct tutti_record *)record;
}

static const struct replica_record *inside(const struct tutti_record *record)
{
    return (const struct replica_record *)record;
}

static const char *text_of(struct bytes name)
{
    return (const char *)name.data;
}

const struct tutti_record *tutti_next(const struct tutti_client *client,
                                      const char *collection,
                                      const struct tutti_record *previous)
{
    return outside(replica_next(client->replica,
                                replica_collection(client->replica, bytes_of(collection)),
                                inside(previous)));
}

const struct tutti_record *
tutti_find(const struct tutti_client *client, const char *collection, const char *id)
{
    return outside(replica_find(
        client->replica, replica_collection(client->replica, bytes_of(collection)), bytes_of(id)));
}

const struct tutti_record *tutti_find_member(const struct tutti_client *client, uint32_t member)
{
    return outside(
        replica_find_member(client->replica, replica_collection_at(client->replica, 0), member));
}

const char *tutti_record_collection(const struct tutti_record *record)
{
    return text_of(replica_record_collection(inside(record))->name);
}

const char *tutti_record_id(const struct tutti_record *record, size_t *length)
{
    struct bytes id = replica_record_id(inside(record));
    *length = id.length;
    return text_of(id);
}

uint32_t tutti_record_member(const struct tutti_record *record)
{
    return replica_record_member(inside(record));
}

int tutti_field(const struct tutti_record *record, const char *name)
{
    return replica_field(replica_record_collection(inside(record)), bytes_of(name));
}

uint32_t tutti_field_count(const struct tutti_record *record)
{
    return replica_record_collection(inside(record))->field_count;
}

const char *tutti_field_name(const struct tutti_record *record, uint32_t field)
{
    if (field >= tutti_field_count(record))
        return NULL;
    return text_of(replica_record_collection(inside(record))->fields[field].name);
}

struct tutti_value tutti_get_at(const struct tutti_record *record, uint32_t index)
{
    const struct replica_record *inner = inside(record);
    if (index >= FIELDS_MAX || !replica_has(inner, (int)index))
        return tutti_nil();
    const struct replica_field *field = &replica_record_collection(inner)->fields[index];
    int64_t number = replica_number(inner, (int)index);
    if (field->type == FIELD_INT)
        return tutti_integer(number);
    if (field->type == FIELD_FIXED)
        return tutti_real((double)number / field->steps);
    uint32_t items;
    struct bytes packed = replica_packed(inner, (int)index, &items);
    if (field->merge != MERGE_APPEND)
        return value_unpack(packed);
    return (struct tutti_value){
        .type = TUTTI_ITEMS,
        .integer = items,
        .data = packed.data,
        .length = packed.length,
    };
}

struct tutti_value tutti_get(const struct tutti_record *record, const char *field)
{
    int number = tutti_field(record, field);
    return number < 0 ? tutti_nil() : tutti_get_at(record, (uint32_t)number);
}

double tutti_number(const struct tutti_record *record, const char *field)
{
    struct tutti_value value = tutti_get(record, field);
    if (value.type == TUTTI_INTEGER)
        return (double)value.integer;
    return value.type == TUTTI_REAL ? value.real : 0;
}
