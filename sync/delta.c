#include "sync/delta.h"

#include <assert.h>
#include <string.h>

/* The head of a run with its mask, count and first slot takes at most this. */
#define RUN_HEAD_BYTES 24u

/* --- Collecting: which entries, which fields of them -------------------------------------------- */

/* The group's number, made where there is none; -1 when there are too many. */
static int group_find(struct delta_work *work, enum run_form form, int collection, uint32_t mask)
{
    for (uint32_t i = 0; i < work->group_count; i++) {
        const struct delta_group *group = &work->groups[i];
        if (group->form == form && group->collection == collection && group->mask == mask)
            return (int)i;
    }
    if (work->group_count == DELTA_GROUPS_MAX)
        return -1;
    work->groups[work->group_count] = (struct delta_group){
        .mask = mask, .collection = (uint8_t)collection, .form = (uint8_t)form};
    return (int)work->group_count++;
}

static uint32_t mask_of_set(const struct record *record)
{
    uint32_t mask = 0;
    for (int i = 0; i < record->cell_count; i++) {
        const struct cell *cell = &record->content.cells[i];
        if (cell->stamp > 0 && cell->type != CELL_HOLE)
            mask |= UINT32_C(1) << i;
    }
    return mask;
}

static size_t values_bytes(const struct record *record, uint32_t mask)
{
    size_t bytes = 0;
    for (; mask != 0; mask &= mask - 1)
        bytes += cell_write_bytes(&record->content.cells[__builtin_ctz(mask)]);
    return bytes;
}

/* The part of a list that came after `base`, and what joined it; NULL when there is none, as in an
 * emptied list. */
static const struct segment *list_tail(const struct cell *cell, uint64_t base)
{
    const struct segment *tail = NULL;
    const struct segment *segment = cell->aux.last;
    while (segment != NULL && segment->stamp > base) {
        tail = segment;
        segment = segment->previous;
    }
    return tail;
}

static size_t tail_bytes(const struct segment *segment)
{
    size_t bytes = RUN_HEAD_BYTES;
    for (; segment != NULL; segment = segment->next)
        bytes += segment->length;
    return bytes;
}

static uint64_t difference(const struct cell *cell)
{
    return zigzag(cell->value.number - cell->aux.before);
}

/* A difference is an integer of the wire like any other: beyond 2^53 the value goes whole. */
static bool may_move(const struct cell *cell)
{
    return cell->type == CELL_NUMBER && cell->has_before &&
           difference(cell) <= (uint64_t)INTEGER_MAX;
}

/* Sorts a known record's changed fields by how they travel. Returns the bytes they take at most. */
static size_t sort_changes(const struct record *record,
                           const struct delta_request *request,
                           uint32_t *set,
                           uint32_t *moved,
                           uint32_t *lists)
{
    size_t bytes = 0;
    for (int i = 0; i < record->cell_count; i++) {
        const struct cell *cell = &record->content.cells[i];
        uint32_t bit = UINT32_C(1) << i;
        if (cell->stamp <= request->place.base)
            continue;
        if (cell->type == CELL_LIST) {
            *lists |= bit;
            bytes += tail_bytes(list_tail(cell, request->place.base));
        } else if (request->differences && may_move(cell)) {
            if (cell->value.number == cell->aux.before)
                continue; /* there and back since the frame before */
            *moved |= bit;
            bytes += pack_integer_bytes((int64_t)difference(cell));
        } else {
            *set |= bit;
            bytes += cell_write_bytes(cell);
        }
    }
    return bytes;
}

/* Decides how one live record travels; its bytes at most, 0 when the groups are exhausted. */
static size_t collect_live(struct delta_work *work,
                           const struct record *record,
                           const struct delta_request *request,
                           struct delta_entry *entry)
{
    int collection = record->collection;
    uint32_t groups = work->group_count;
    size_t slot = pack_integer_bytes(record->slot); /* a gap takes no more */
    if (record->created > request->place.base) {
        uint32_t mask = mask_of_set(record);
        entry->whole_group = (int8_t)group_find(work, RUN_PUT, collection, mask);
        if (entry->whole_group < 0)
            return 0;
        return slot + 2 + record->id_length + values_bytes(record, mask) +
               (work->group_count - groups) * RUN_HEAD_BYTES;
    }
    uint32_t set = 0;
    uint32_t moved = 0;
    size_t bytes = sort_changes(record, request, &set, &moved, &entry->lists);
    if (set != 0)
        entry->whole_group = (int8_t)group_find(work, RUN_SET_GAPS, collection, set);
    if (moved != 0)
        entry->moved_group = (int8_t)group_find(work, RUN_MOVED_GAPS, collection, moved);
    if ((set != 0 && entry->whole_group < 0) || (moved != 0 && entry->moved_group < 0))
        return 0;
    return bytes + 2 * slot + (work->group_count - groups) * RUN_HEAD_BYTES;
}

/* Decides how one entry travels; 0 when it does not fit any more. */
static size_t collect_entry(struct delta_work *work,
                            struct record *record,
                            const struct delta_request *request,
                            struct delta_entry *entry)
{
    *entry = (struct delta_entry){.record = record, .whole_group = -1, .moved_group = -1};
    switch ((enum record_kind)record->kind) {
    case RECORD_TOMBSTONE:
        return pack_integer_bytes(record->slot);
    case RECORD_EVENT:
        return RUN_HEAD_BYTES + record->length;
    case RECORD_LIVE:
        break;
    }
    return collect_live(work, record, request, entry);
}

static struct delta_result
collect(struct delta_work *work, const struct scope *scope, const struct delta_request *request)
{
    struct delta_result result = {request->place.position, true};
    size_t bytes = RUN_HEAD_BYTES; /* of the deletes */
    work->count = 0;
    work->group_count = 0;
    const struct record *record = scope_beyond(scope, request->place.position);
    for (; record != NULL; record = record->newer) {
        /* Made and removed beyond the place: it was never shown. */
        bool unseen = record->kind == RECORD_TOMBSTONE && record->created > request->place.position;
        if (!unseen) {
            struct delta_entry *entry = &work->entries[work->count];
            uint32_t groups = work->group_count;
            size_t cost = work->count == SECTION_ENTRIES_MAX
                              ? 0
                              : collect_entry(work, (struct record *)record, request, entry);
            if (cost == 0 || (bytes + cost > request->budget && work->count > 0)) {
                work->group_count = groups;
                result.complete = false;
                return result;
            }
            bytes += cost;
            work->count++;
            if (entry->whole_group >= 0)
                work->groups[entry->whole_group].count++;
            if (entry->moved_group >= 0)
                work->groups[entry->moved_group].count++;
        }
        result.position = record->stamp;
    }
    result.position = scope->stamp;
    return result;
}

/* --- Slots in order ------------------------------------------------------------------------------ */

/* Least significant byte first; as many passes as the highest slot needs. */
static void sort_slots(struct delta_work *work, uint32_t count)
{
    uint32_t highest = 0;
    bool sorted = true;
    for (uint32_t i = 0; i < count; i++) {
        sorted &= work->sorted[i].slot >= highest;
        if (work->sorted[i].slot > highest)
            highest = work->sorted[i].slot;
    }
    if (sorted)
        return;
    for (unsigned shift = 0; shift < 32 && (shift == 0 || highest >> shift != 0); shift += 8) {
        uint32_t starts[257] = {0};
        for (uint32_t i = 0; i < count; i++)
            starts[(work->sorted[i].slot >> shift & 0xff) + 1]++;
        for (uint32_t i = 1; i < 257; i++)
            starts[i] += starts[i - 1];
        for (uint32_t i = 0; i < count; i++)
            work->spare[starts[work->sorted[i].slot >> shift & 0xff]++] = work->sorted[i];
        memcpy(work->sorted, work->spare, count * sizeof work->sorted[0]);
    }
}

/* The gap before slot `i` of the sorted ones. */
static uint32_t gap(const struct delta_work *work, uint32_t i)
{
    return i == 0 ? work->sorted[0].slot : work->sorted[i].slot - work->sorted[i - 1].slot - 1;
}

static void write_gaps(const struct delta_work *work, uint32_t count, struct writer *writer)
{
    pack_integer(writer, count);
    for (uint32_t i = 0; i < count; i++)
        pack_integer(writer, gap(work, i));
}

/* --- Writing ------------------------------------------------------------------------------------- */

static void write_run(struct writer *writer, enum run_form form, unsigned number)
{
    pack_integer(writer, (int64_t)(8 * number + (unsigned)form));
}

static void write_deletes(struct delta_work *work, struct writer *writer)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < work->count; i++) {
        const struct record *record = work->entries[i].record;
        if (record->kind == RECORD_TOMBSTONE)
            work->sorted[count++] = (struct slot_entry){record->slot, i};
    }
    if (count == 0)
        return;
    sort_slots(work, count);
    uint32_t distinct = 1; /* a slot may have been deleted from more than once */
    for (uint32_t i = 1; i < count; i++)
        if (work->sorted[i].slot != work->sorted[i - 1].slot)
            work->sorted[distinct++] = work->sorted[i];
    write_run(writer, RUN_DELETE, 0);
    write_gaps(work, distinct, writer);
}

static void write_put(const struct delta_work *work,
                      const struct state *state,
                      int number,
                      struct writer *writer)
{
    const struct delta_group *group = &work->groups[number];
    bool presence = state->schema.collections[group->collection].sight == SIGHT_PRESENCE;
    write_run(writer, RUN_PUT, group->collection);
    pack_integer(writer, group->mask);
    pack_integer(writer, group->count);
    for (uint32_t i = 0; i < work->count; i++) {
        const struct record *record = work->entries[i].record;
        if (work->entries[i].whole_group != number)
            continue;
        pack_integer(writer, record->slot);
        if (presence)
            pack_integer(writer, record->owner);
        else
            pack_string(writer, record_id(record));
        for (uint32_t left = group->mask; left != 0; left &= left - 1)
            cell_write(writer, &record->content.cells[__builtin_ctz(left)]);
    }
}

/* Ascending slots of the group's records. */
static uint32_t sort_group(struct delta_work *work, int number, bool moved)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < work->count; i++) {
        const struct delta_entry *entry = &work->entries[i];
        if ((moved ? entry->moved_group : entry->whole_group) == number)
            work->sorted[count++] = (struct slot_entry){entry->record->slot, i};
    }
    sort_slots(work, count);
    return count;
}

/* Which records: by gaps or by bitmap, whatever is shorter. */
static void write_which(struct delta_work *work,
                        const struct delta_group *group,
                        uint32_t count,
                        struct writer *writer)
{
    uint32_t first = work->sorted[0].slot;
    size_t bitmap = (work->sorted[count - 1].slot - first) / 8 + 1;
    size_t gaps = pack_integer_bytes(count);
    for (uint32_t i = 0; i < count; i++)
        gaps += pack_integer_bytes(gap(work, i));
    bool shorter = pack_integer_bytes(first) + (bitmap < 256 ? 2 : 3) + bitmap < gaps;
    enum run_form form = (enum run_form)group->form;
    if (shorter && bitmap <= sizeof work->bitmap)
        form = form == RUN_SET_GAPS ? RUN_SET_BITMAP : RUN_MOVED_BITMAP;
    write_run(writer, form, group->collection);
    pack_integer(writer, group->mask);
    if (form == (enum run_form)group->form) {
        write_gaps(work, count, writer);
        return;
    }
    memset(work->bitmap, 0, bitmap);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = work->sorted[i].slot - first;
        work->bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
    pack_integer(writer, first);
    pack_binary(writer, (struct bytes){work->bitmap, bitmap});
}

static void write_moved_value(const struct cell *cell, uint64_t base, struct writer *writer)
{
    bool unchanged = cell->stamp <= base; /* a field that only others of the group changed */
    pack_integer(writer, unchanged ? 0 : (int64_t)difference(cell));
}

static void write_group(struct delta_work *work, int number, uint64_t base, struct writer *writer)
{
    const struct delta_group *group = &work->groups[number];
    bool moved = group->form == RUN_MOVED_GAPS;
    uint32_t count = sort_group(work, number, moved);
    if (count == 0)
        return;
    write_which(work, group, count, writer);
    for (uint32_t i = 0; i < count; i++) {
        const struct record *record = work->entries[work->sorted[i].entry].record;
        for (uint32_t left = group->mask; left != 0; left &= left - 1) {
            const struct cell *cell = &record->content.cells[__builtin_ctz(left)];
            if (moved)
                write_moved_value(cell, base, writer);
            else
                cell_write(writer, cell);
        }
    }
}

static void write_lists(const struct delta_entry *entry, uint64_t base, struct writer *writer)
{
    const struct record *record = entry->record;
    for (uint32_t left = entry->lists; left != 0; left &= left - 1) {
        int field = __builtin_ctz(left);
        const struct cell *cell = &record->content.cells[field];
        const struct segment *tail = list_tail(cell, base);
        uint32_t start = tail == NULL ? list_count(cell) : tail->start;
        write_run(writer, RUN_APPEND, record->collection);
        pack_integer(writer, field);
        pack_integer(writer, record->slot);
        pack_integer(writer, start);
        pack_integer(writer, list_count(cell) - start);
        for (; tail != NULL; tail = tail->next)
            pack_raw(writer, (struct bytes){tail->data, tail->length}, tail->count);
    }
}

static void write_event(const struct record *event, struct writer *writer)
{
    write_run(writer, RUN_EVENT, event->collection);
    pack_integer(writer, event->owner);
    pack_raw(writer, (struct bytes){event->content.value, event->length}, 1);
}

/* --- Joining groups of differences --------------------------------------------------------------- */

static size_t group_cost(uint32_t mask, uint32_t count)
{
    uint32_t which = count < 8 ? count : 8 + count / 8;
    return 4 + which + count * (size_t)__builtin_popcount(mask);
}

/* Whether every record of the group may have all the fields of the mask: what it did not change
 * must be a number that the receiver holds. */
static bool group_widens(const struct delta_work *work, int number, uint32_t mask, uint64_t base)
{
    for (uint32_t i = 0; i < work->count; i++) {
        const struct delta_entry *entry = &work->entries[i];
        if (entry->moved_group != number)
            continue;
        for (uint32_t left = mask & ~work->groups[number].mask; left != 0; left &= left - 1) {
            const struct cell *cell = record_cell(entry->record, __builtin_ctz(left));
            if (cell == NULL || cell->type != CELL_NUMBER || cell->stamp > base)
                return false;
        }
    }
    return true;
}

static void group_absorb(struct delta_work *work, int into, int from)
{
    for (uint32_t i = 0; i < work->count; i++)
        if (work->entries[i].moved_group == from)
            work->entries[i].moved_group = (int8_t)into;
    work->groups[into].mask |= work->groups[from].mask;
    work->groups[into].count += work->groups[from].count;
    work->groups[from].count = 0;
}

static bool join_pair(struct delta_work *work, int into, int from, uint64_t base)
{
    const struct delta_group *a = &work->groups[into];
    const struct delta_group *b = &work->groups[from];
    if (a->form != RUN_MOVED_GAPS || b->form != RUN_MOVED_GAPS || a->collection != b->collection ||
        a->count == 0 || b->count == 0)
        return false;
    uint32_t mask = a->mask | b->mask;
    if (group_cost(mask, a->count + b->count) >=
        group_cost(a->mask, a->count) + group_cost(b->mask, b->count))
        return false;
    if (!group_widens(work, into, mask, base) || !group_widens(work, from, mask, base))
        return false;
    group_absorb(work, into, from);
    return true;
}

/* A hand that moved only sideways costs a zero byte among the others, a run of its own costs
 * more: groups are joined while that makes the section shorter. */
static void join_groups(struct delta_work *work, uint64_t base)
{
    for (int into = 0; into < (int)work->group_count; into++)
        for (int from = 0; from < (int)work->group_count; from++)
            if (from != into && join_pair(work, into, from, base))
                from = -1; /* the group has grown: look again at all */
}

struct delta_result delta_write(struct delta_work *work,
                                const struct state *state,
                                const struct scope *scope,
                                const struct delta_request *request,
                                struct writer *writer)
{
    uint64_t base = request->place.base;
    struct delta_result result = collect(work, scope, request);
    if (request->differences)
        join_groups(work, base);
    write_deletes(work, writer);
    for (int i = 0; i < (int)work->group_count; i++)
        if (work->groups[i].form == RUN_PUT && work->groups[i].count > 0)
            write_put(work, state, i, writer);
    for (int i = 0; i < (int)work->group_count; i++)
        if (work->groups[i].form != RUN_PUT)
            write_group(work, i, base, writer);
    for (uint32_t i = 0; i < work->count; i++) {
        if (work->entries[i].record->kind == RECORD_EVENT)
            write_event(work->entries[i].record, writer);
        else if (work->entries[i].lists != 0)
            write_lists(&work->entries[i], base, writer);
    }
    return result;
}
