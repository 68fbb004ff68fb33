/* rerun_compare.c - two rooms of one kind, record by record. */
#include <string.h>

#include "sync/rerun.h"
#include "sync/room_parts.h"

/* Where one scope of both is being compared. */
struct comparison {
    const struct room *recorded, *made;
    const struct scope *scope, *other; /* NULL where there is none */
    uint32_t member;
    struct rerun_difference *difference;
};

static void name_it(char *to, size_t size, struct bytes name)
{
    size_t length = name.length < size - 1 ? name.length : size - 1;
    memcpy(to, name.data, length);
    to[length] = '\0';
}

static void name_record(const struct comparison *comparison,
                        const struct room *room,
                        const struct record *record,
                        enum rerun_what what)
{
    struct rerun_difference *difference = comparison->difference;
    const struct collection *collection = &room->state.schema.collections[record->collection];
    difference->what = what;
    difference->member = comparison->member;
    name_it(difference->collection, sizeof difference->collection, collection->name);
    name_it(difference->record, sizeof difference->record, record_id(record));
}

/* --- Values --------------------------------------------------------------------------------------- */

/* A list's items, or the one value. */
static bool same_list(const struct cell *a, const struct cell *b)
{
    if (list_count(a) != list_count(b) || list_bytes(a) != list_bytes(b))
        return false;
    const struct segment *x = a->value.first, *y = b->value.first;
    for (uint32_t i = 0, k = 0; x != NULL && y != NULL;) {
        uint32_t length = x->length - i < y->length - k ? x->length - i : y->length - k;
        if (memcmp(x->data + i, y->data + k, length) != 0)
            return false;
        i += length;
        k += length;
        if (i == x->length) {
            x = x->next;
            i = 0;
        }
        if (k == y->length) {
            y = y->next;
            k = 0;
        }
    }
    return true;
}

static bool is_set(const struct cell *cell)
{
    return cell != NULL && cell->type != CELL_HOLE;
}

static bool same(const struct cell *a, const struct cell *b)
{
    if (!is_set(a) || !is_set(b))
        return is_set(a) == is_set(b);
    if (a->type != b->type)
        return false;
    switch ((enum cell_type)a->type) {
    case CELL_NUMBER:
        return a->value.number == b->value.number;
    case CELL_SHORT:
    case CELL_PACKED:
        return bytes_equal(cell_packed(a), cell_packed(b));
    case CELL_LIST:
        return same_list(a, b);
    case CELL_HOLE:
        break;
    }
    return true;
}

/* Of a list that does not fit, how many items it has. */
static struct rerun_value value_of(const struct cell *cell)
{
    struct rerun_value value = {.there = is_set(cell)};
    struct writer writer = writer_on(value.packed, sizeof value.packed);
    if (!value.there)
        return value;
    if (cell_write_bytes(cell) <= sizeof value.packed) {
        cell_write(&writer, cell);
        value.length = writer.length;
        return value;
    }
    value.cut = true;
    if (cell->type == CELL_LIST) {
        pack_integer(&writer, list_count(cell));
        value.length = writer.length;
        return value;
    }
    value.length = sizeof value.packed;
    memcpy(value.packed, cell_packed(cell).data, sizeof value.packed);
    return value;
}

/* --- Records -------------------------------------------------------------------------------------- */

static bool cells_differ(const struct comparison *comparison,
                         const struct record *record,
                         const struct record *other)
{
    struct rerun_difference *difference = comparison->difference;
    const struct schema *schema = &comparison->recorded->state.schema;
    int count = record->cell_count > other->cell_count ? record->cell_count : other->cell_count;
    for (int i = 0; i < count; i++) {
        const struct cell *a = record_cell(record, i), *b = record_cell(other, i);
        const struct collection *known = &schema->collections[record->collection];
        if (same(a, b))
            continue;
        name_record(comparison, comparison->recorded, record, RERUN_FIELD);
        struct bytes name = i < known->field_count ? known->fields[i].name : bytes_of("?");
        name_it(difference->field, sizeof difference->field, name);
        difference->recorded = value_of(a);
        difference->made = value_of(b);
        return true;
    }
    return false;
}

static bool is_live(const struct record *record)
{
    return record != NULL && record->kind == RECORD_LIVE;
}

static const struct record *
find(const struct room *room, const struct scope *scope, const struct record *record)
{
    if (scope == NULL)
        return NULL;
    const struct record *found =
        state_find(&room->state, scope, record->collection, record_id(record));
    return is_live(found) ? found : NULL;
}

static bool records_differ(const struct comparison *comparison)
{
    const struct record *record = comparison->scope != NULL ? comparison->scope->oldest : NULL;
    for (; record != NULL; record = record->newer) {
        if (!is_live(record))
            continue;
        const struct record *other = find(comparison->made, comparison->other, record);
        if (other != NULL && !cells_differ(comparison, record, other))
            continue;
        if (other == NULL) {
            name_record(comparison, comparison->recorded, record, RERUN_RECORD);
            comparison->difference->recorded.there = true;
        }
        return true;
    }
    record = comparison->other != NULL ? comparison->other->oldest : NULL;
    for (; record != NULL; record = record->newer) {
        if (!is_live(record) || find(comparison->recorded, comparison->scope, record) != NULL)
            continue;
        name_record(comparison, comparison->made, record, RERUN_RECORD);
        comparison->difference->made.there = true;
        return true;
    }
    return false;
}

static bool privates_differ(struct comparison *comparison)
{
    const struct room *room = comparison->recorded;
    for (uint32_t i = 0; i < room->client_buckets; i++)
        for (const struct client *client = room->clients[i]; client != NULL;
             client = client->chain) {
            const struct client *other = client_find(comparison->made, client->key);
            comparison->scope = client->mine;
            comparison->other = other != NULL ? other->mine : NULL;
            comparison->member = client->member;
            if (records_differ(comparison))
                return true;
        }
    return false;
}

bool rerun_compare(const struct room *recorded,
                   const struct room *made,
                   struct rerun_difference *difference)
{
    struct comparison comparison = {.recorded = recorded, .made = made, .difference = difference};
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++) {
        comparison.scope = recorded->state.scopes[i];
        comparison.other = made->state.scopes[i];
        if (i != SCOPE_PRESENCE && records_differ(&comparison))
            return true;
    }
    comparison.scope = recorded->state.server;
    comparison.other = made->state.server;
    return records_differ(&comparison) || privates_differ(&comparison);
}
