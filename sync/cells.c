/* cells.c - the fields of records: numbers, packed values, and lists that grow at their tails. */
#include <assert.h>
#include <string.h>

#include "sync/state_parts.h"

/* --- Reading fields ------------------------------------------------------------------------------ */

const struct cell *record_cell(const struct record *record, int field)
{
    if (field >= record->cell_count || record->content.cells[field].stamp == 0)
        return NULL;
    return &record->content.cells[field];
}

struct bytes cell_packed(const struct cell *cell)
{
    const uint8_t *data = cell->type == CELL_SHORT ? cell->value.inside : cell->value.packed;
    return (struct bytes){data, cell->aux.length};
}

uint32_t list_count(const struct cell *cell)
{
    return cell->aux.last == NULL ? 0 : cell->aux.last->start + cell->aux.last->count;
}

uint32_t list_bytes(const struct cell *cell)
{
    return cell->aux.last == NULL ? 0 : cell->aux.last->offset + cell->aux.last->length;
}

bool list_is(const struct cell *cell, struct bytes items, uint32_t count)
{
    const uint8_t *at = items.data;
    if (list_count(cell) != count || list_bytes(cell) != items.length)
        return false;
    for (const struct segment *segment = cell->value.first; segment != NULL;
         segment = segment->next) {
        if (memcmp(segment->data, at, segment->length) != 0)
            return false;
        at += segment->length;
    }
    return true;
}

void cell_write(struct writer *writer, const struct cell *cell)
{
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        pack_nil(writer);
        return;
    case CELL_NUMBER:
        pack_integer(writer, cell->value.number);
        return;
    case CELL_SHORT:
    case CELL_PACKED:
        pack_raw(writer, cell_packed(cell), 1);
        return;
    case CELL_LIST:
        pack_array(writer, list_count(cell));
        for (const struct segment *segment = cell->value.first; segment != NULL;
             segment = segment->next)
            pack_raw(writer, (struct bytes){segment->data, segment->length}, segment->count);
    }
}

size_t cell_write_bytes(const struct cell *cell)
{
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        return 1;
    case CELL_NUMBER:
        return pack_integer_bytes(cell->value.number);
    case CELL_SHORT:
    case CELL_PACKED:
        return cell->aux.length;
    case CELL_LIST:
        return 5 + list_bytes(cell);
    }
    return 0;
}

/* --- Changing them -------------------------------------------------------------------------------- */

/* Lets go of what a cell holds; its type and value are the caller's to set. */
static void cell_clear(struct state *state, struct record *record, struct cell *cell)
{
    if (cell->type == CELL_PACKED)
        heap_give(&state->heap, cell->value.packed, cell->aux.length);
    if (cell->type == CELL_PACKED || cell->type == CELL_SHORT)
        record->length -= cell->aux.length;
    if (cell->type != CELL_LIST)
        return;
    record->length -= list_bytes(cell);
    for (struct segment *segment = cell->value.first, *next; segment != NULL; segment = next) {
        next = segment->next;
        heap_give(&state->heap, segment, sizeof *segment + segment->capacity);
    }
}

void cells_free(struct state *state, struct record *record)
{
    for (int i = 0; i < record->cell_count; i++)
        cell_clear(state, record, &record->content.cells[i]);
    if (record->cell_count > 0)
        heap_give(&state->heap, record->content.cells, record->cell_count * sizeof(struct cell));
    record->cell_count = 0;
}

/* Cells up to this field, and as many more as there were, so that they grow seldom. */
static struct cell *cell_at(struct state *state, struct record *record, int field)
{
    if (field >= record->cell_count) {
        int known = state->schema.collections[record->collection].field_count;
        int count = field < 2 * record->cell_count ? 2 * record->cell_count : field + 1;
        assert(field < known);
        count = count < known ? count : known;
        struct cell *cells = heap_take(&state->heap, (size_t)count * sizeof *cells);
        size_t used = record->cell_count * sizeof *cells;
        if (used > 0) {
            memcpy(cells, record->content.cells, used);
            heap_give(&state->heap, record->content.cells, used);
        }
        memset((uint8_t *)cells + used, 0, (size_t)count * sizeof *cells - used);
        record->content.cells = cells;
        record->cell_count = (uint8_t)count;
    }
    return &record->content.cells[field];
}

static void cell_sign(struct cell *cell, struct author author)
{
    cell->author = author.member;
    cell->sequence = author.sequence;
}

/* Keeps what a number was at the frame before, for differences (rule 6). */
static void cell_keep_before(const struct record *record, struct cell *cell)
{
    if (cell->stamp > record->scope->difference)
        return; /* changed since that frame already: kept then */
    cell->has_before = cell->type == CELL_NUMBER;
    if (cell->has_before)
        cell->aux.before = cell->value.number;
}

void state_set_number(struct state *state,
                      struct record *record,
                      int field,
                      int64_t number,
                      struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    if (cell->type == CELL_NUMBER && cell->value.number == number)
        return;
    cell_keep_before(record, cell);
    cell->type = CELL_NUMBER;
    cell->value.number = number;
    cell->stamp = touch(record);
}

static void
cell_hold(struct state *state, struct record *record, struct cell *cell, struct bytes packed)
{
    cell->type = packed.length <= sizeof cell->value.inside ? CELL_SHORT : CELL_PACKED;
    uint8_t *data = cell->value.inside;
    if (cell->type == CELL_PACKED)
        data = cell->value.packed = heap_take(&state->heap, packed.length);
    memcpy(data, packed.data, packed.length);
    cell->aux.length = (uint32_t)packed.length;
    record->length += (uint32_t)packed.length;
}

void state_set_packed(struct state *state,
                      struct record *record,
                      int field,
                      struct bytes packed,
                      struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    if ((cell->type == CELL_SHORT || cell->type == CELL_PACKED) &&
        bytes_equal(cell_packed(cell), packed))
        return;
    cell_clear(state, record, cell);
    cell_hold(state, record, cell, packed);
    cell->stamp = touch(record);
}

void state_unset(struct state *state, struct record *record, int field, struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    if (cell->type == CELL_HOLE)
        return;
    cell_keep_before(record, cell);
    cell_clear(state, record, cell);
    cell->type = CELL_HOLE;
    cell->stamp = touch(record);
}

/* --- Lists --------------------------------------------------------------------------------------- */

static struct bytes segment_items(const struct segment *segment)
{
    return (struct bytes){segment->data, segment->length};
}

/* A block with room for so many bytes; what rounding up gives away serves the items that follow. */
static struct segment *segment_take(struct state *state, size_t bytes)
{
    uint32_t block = heap_rounded(sizeof(struct segment) + bytes);
    struct segment *segment = heap_take(&state->heap, block);
    *segment = (struct segment){.capacity = block - (uint32_t)sizeof *segment};
    return segment;
}

static void segment_give(struct state *state, struct segment *segment)
{
    heap_give(&state->heap, segment, sizeof *segment + segment->capacity);
}

/* Those before and behind a segment, or the cell, point to it. */
static void segment_link(struct cell *cell, struct segment *segment)
{
    if (segment->previous != NULL)
        segment->previous->next = segment;
    else
        cell->value.first = segment;
    if (segment->next != NULL)
        segment->next->previous = segment;
    else
        cell->aux.last = segment;
}

static void
segment_write(struct segment *segment, struct bytes items, uint32_t count, uint64_t stamp)
{
    memcpy(segment->data + segment->length, items.data, items.length);
    segment->length += (uint32_t)items.length;
    segment->count += count;
    segment->stamp = stamp;
}

static void segment_add(struct state *state,
                        struct cell *cell,
                        struct bytes items,
                        uint32_t count,
                        uint64_t stamp)
{
    struct segment *segment = segment_take(state, items.length);
    segment->previous = cell->aux.last;
    segment->start = list_count(cell);
    segment->offset = list_bytes(cell);
    segment_write(segment, items, count, stamp);
    segment_link(cell, segment);
}

/* More items for a segment, as long as it is small or has room: NULL where it is neither. */
static struct segment *segment_extend(struct state *state,
                                      struct cell *cell,
                                      struct segment *segment,
                                      struct bytes items,
                                      uint32_t count,
                                      uint64_t stamp)
{
    size_t length = segment->length + items.length;
    if (length > segment->capacity) {
        if (sizeof *segment + length > SEGMENT_SMALL)
            return NULL;
        struct segment *grown = segment_take(state, length);
        uint32_t capacity = grown->capacity;
        memcpy(grown, segment, sizeof *segment + segment->length);
        grown->capacity = capacity;
        segment_link(cell, grown);
        segment_give(state, segment);
        segment = grown;
    }
    segment_write(segment, items, count, stamp);
    return segment;
}

/* Items that a frame has shown join those before them: whoever stands between the two is
 * sent some again, all others nothing. So a list that grows by single items is a few segments long.
 * As many segments stay apart as there are ticks between frames: no frame may have shown them. */
static void list_settle(struct state *state, const struct scope *scope, struct cell *cell)
{
    struct segment *segment = cell->aux.last;
    for (uint32_t i = 1; i < state->frame_ticks && segment != NULL; i++)
        segment = segment->previous;
    if (segment == NULL || segment->previous == NULL || segment->stamp > scope->tick_began)
        return;
    struct segment *joined = segment_extend(state, cell, segment->previous, segment_items(segment),
                                            segment->count, segment->stamp);
    if (joined == NULL)
        return;
    joined->next = segment->next;
    segment_link(cell, joined);
    segment_give(state, segment);
}

void state_set_list(struct state *state,
                    struct record *record,
                    int field,
                    struct bytes items,
                    uint32_t count,
                    struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    cell_clear(state, record, cell);
    cell->type = CELL_LIST;
    cell->value.first = NULL;
    cell->aux.last = NULL;
    cell->stamp = touch(record);
    if (count > 0)
        segment_add(state, cell, items, count, cell->stamp);
    record->length += (uint32_t)items.length;
}

void state_append(struct state *state,
                  struct record *record,
                  int field,
                  struct bytes items,
                  uint32_t count,
                  struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    if (cell->type != CELL_LIST) {
        state_set_list(state, record, field, items, count, author);
        return;
    }
    cell_sign(cell, author);
    if (count == 0)
        return;
    struct scope *scope = record->scope;
    if (scope->tick != state->tick) {
        scope->tick = state->tick;
        scope->tick_began = scope->stamp;
    }
    cell->stamp = touch(record);
    record->length += (uint32_t)items.length;
    struct segment *last = cell->aux.last;
    if (last != NULL && last->stamp > scope->tick_began &&
        segment_extend(state, cell, last, items, count, cell->stamp) != NULL)
        return;
    list_settle(state, scope, cell);
    segment_add(state, cell, items, count, cell->stamp);
}

void state_restore_segment(struct state *state,
                           struct record *record,
                           int field,
                           struct bytes items,
                           uint32_t count)
{
    struct cell *cell = &record->content.cells[field];
    assert(cell->type == CELL_LIST);
    cell->stamp = touch(record);
    record->length += (uint32_t)items.length;
    segment_add(state, cell, items, count, cell->stamp);
}
