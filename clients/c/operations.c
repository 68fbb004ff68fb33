#include <stdlib.h>
#include <string.h>

#include "clients/c/client.h"

/* An operation waits in a message with others; one alone may be as large as a record. */
#define OPERATIONS_MESSAGE_BYTES 16384u

/* Beside the array of edits, a message has its own head and kind. */
#define OPERATION_BYTES_MAX (MESSAGE_BYTES_MAX - 16u)

/* What goes in place of a refused operation: nobody may delete a presence, so that it is refused
 * too and changes nothing. */
static const uint8_t REFUSED_AGAIN[] = {0x91, 0x93, TUTTI_DELETE, 0x00, 0xa1, '-'};

/* --- The queue ------------------------------------------------------------------------------------ */

struct pending *operations_at(const struct operations *operations, uint32_t index)
{
    return &operations->ring[(operations->first + index) % operations->capacity];
}

struct pending operations_take(struct operations *operations)
{
    struct pending front = *operations_at(operations, 0);
    operations->first = (operations->first + 1) % operations->capacity;
    operations->count--;
    operations->bytes -= front.length;
    operations->refused -= front.told == TOLD_REFUSED;
    if (operations->settled > 0)
        operations->settled--;
    else if (operations->in_flight > 0)
        operations->in_flight--;
    return front;
}

void operations_refuse(struct operations *operations, struct pending *pending)
{
    operations->bytes -= pending->length;
    operations->refused++;
    free(pending->packed);
    pending->packed = NULL;
    pending->length = 0;
    pending->told = TOLD_REFUSED;
}

static bool reserve(struct operations *operations)
{
    if (operations->count < operations->capacity)
        return true;
    uint32_t capacity = operations->capacity == 0 ? 16 : 2 * operations->capacity;
    struct pending *ring = calloc(capacity, sizeof *ring);
    if (ring == NULL)
        return false;
    for (uint32_t i = 0; i < operations->count; i++)
        ring[i] = *operations_at(operations, i);
    free(operations->ring);
    operations->ring = ring;
    operations->capacity = capacity;
    operations->first = 0;
    return true;
}

void operations_release(struct operations *operations)
{
    while (operations->count > 0)
        free(operations_take(operations).packed);
    free(operations->ring);
    *operations = (struct operations){0};
}

/* --- Packing edits --------------------------------------------------------------------------------
 * Names go as they are: an operation may be sent to a room that has come back with other numbers. */

static bool name_valid(const char *name)
{
    return name != NULL && name[0] != 0 && strlen(name) <= NAME_BYTES_MAX;
}

static bool id_valid(const char *id)
{
    size_t length = id == NULL ? 0 : strlen(id);
    for (size_t i = 0; i < length; i++)
        if (id[i] < 0x21 || id[i] > 0x7e)
            return false;
    return length > 0 && length <= RECORD_ID_BYTES_MAX;
}

static bool edit_valid(const struct tutti_edit *edit)
{
    if (!name_valid(edit->collection))
        return false;
    if (edit->verb == TUTTI_EMIT)
        return edit->count == 1;
    if (!id_valid(edit->id) || edit->guards > 7)
        return false;
    size_t names = edit->verb == TUTTI_APPEND && edit->count > 1 ? 1 : edit->count;
    for (size_t i = 0; i < names; i++)
        if (!name_valid(edit->fields[i].name))
            return false;
    return edit->verb != TUTTI_APPEND || edit->count > 0;
}

static void pack_guards(struct writer *writer, const struct tutti_edit *edit)
{
    if ((edit->guards & TUTTI_IF_STAMP) != 0)
        pack_integer(writer, (int64_t)edit->stamp);
    if ((edit->guards & TUTTI_IF_MINE) != 0)
        pack_integer(writer, edit->sequence);
}

static uint32_t edit_elements(const struct tutti_edit *edit)
{
    uint32_t guards = (edit->guards & TUTTI_IF_STAMP) != 0;
    guards += (edit->guards & TUTTI_IF_MINE) != 0;
    uint32_t count = (uint32_t)edit->count;
    switch (edit->verb) {
    case TUTTI_EMIT:
        return 4;
    case TUTTI_DELETE:
        return 3 + guards;
    case TUTTI_APPEND:
        return 3 + guards + 1 + count;
    case TUTTI_PUT:
    case TUTTI_SET:
    case TUTTI_ADD:
        break;
    }
    return 3 + guards + 2 * count;
}

static void
pack_edit(struct writer *writer, const struct replica *replica, const struct tutti_edit *edit)
{
    pack_array(writer, edit_elements(edit));
    pack_integer(writer, edit->verb + 8 * (int64_t)edit->guards);
    pack_string(writer, bytes_of(edit->collection));
    if (edit->verb == TUTTI_EMIT) {
        pack_integer(writer, edit->to);
        value_pack(writer, &edit->fields[0].value, NULL);
        return;
    }
    pack_string(writer, bytes_of(edit->id));
    pack_guards(writer, edit);
    if (edit->verb == TUTTI_DELETE)
        return;
    const struct replica_collection *collection =
        replica_collection(replica, bytes_of(edit->collection));
    for (size_t i = 0; i < edit->count; i++) {
        const char *name = edit->verb == TUTTI_APPEND ? edit->fields[0].name : edit->fields[i].name;
        int number = collection == NULL ? -1 : replica_field(collection, bytes_of(name));
        if (edit->verb != TUTTI_APPEND || i == 0)
            pack_string(writer, bytes_of(name));
        value_pack(writer, &edit->fields[i].value, number < 0 ? NULL : &collection->fields[number]);
    }
}

enum tutti_status operations_submit(struct tutti_client *client,
                                    const struct tutti_edit *edits,
                                    size_t count,
                                    uint64_t *operation)
{
    struct operations *operations = &client->operations;
    if (count == 0 || count > EDITS_MAX || operations->count >= client->unsaved_operations_max)
        return TUTTI_LIMIT;
    for (size_t i = 0; i < count; i++)
        if (!edit_valid(&edits[i]) || edits[i].count > MESSAGE_BYTES_MAX)
            return TUTTI_RANGE;
    uint8_t *scratch = malloc(OPERATION_BYTES_MAX);
    if (scratch == NULL)
        return TUTTI_MEMORY;
    struct writer writer = writer_on(scratch, OPERATION_BYTES_MAX);
    pack_array(&writer, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        pack_edit(&writer, client->replica, &edits[i]);
    enum tutti_status status = (enum tutti_status)writer.status;
    if (status == TUTTI_OK && operations->bytes + writer.length > client->unsaved_bytes_max)
        status = TUTTI_LIMIT;
    uint8_t *packed = status == TUTTI_OK ? malloc(writer.length) : NULL;
    if (status == TUTTI_OK && (packed == NULL || !reserve(operations))) {
        free(packed);
        status = TUTTI_MEMORY;
    }
    if (status == TUTTI_OK) {
        memcpy(packed, scratch, writer.length);
        *operations_at(operations, operations->count) = (struct pending){
            .operation = ++operations->submitted,
            .tick = UINT64_MAX,
            .packed = packed,
            .length = (uint32_t)writer.length,
        };
        operations->count++;
        operations->bytes += writer.length;
        if (operation != NULL)
            *operation = operations->submitted;
    }
    free(scratch);
    return status;
}

/* --- Sending -------------------------------------------------------------------------------------- */

static struct bytes packed_bytes(const struct pending *pending)
{
    if (pending->told == TOLD_REFUSED)
        return (struct bytes){REFUSED_AGAIN, sizeof REFUSED_AGAIN};
    return (struct bytes){pending->packed, pending->length};
}

void operations_write(struct operations *operations, struct writer *writer, uint32_t window)
{
    uint32_t first = operations->settled + operations->in_flight;
    uint32_t count = 0;
    size_t length = 0;
    while (first + count < operations->count && operations->in_flight + count < window) {
        length += operations_at(operations, first + count)->length;
        if (count > 0 && length > OPERATIONS_MESSAGE_BYTES)
            break;
        count++;
    }
    pack_array(writer, 1 + count);
    pack_integer(writer, CLIENT_OPERATIONS);
    for (uint32_t i = 0; i < count; i++) {
        struct pending *pending = operations_at(operations, first + i);
        pack_raw(writer, packed_bytes(pending), 1);
        pending->sequence = ++operations->sequence;
        operations->repeated += pending->sent;
        pending->sent = true;
    }
    operations->in_flight += count;
    if (operations->highest < operations->sequence)
        operations->highest = operations->sequence;
}
