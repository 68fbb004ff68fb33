#include "sync/follow.h"

#include <string.h>

#include "sync/room_parts.h"

/* One call. */
struct work {
    struct follow *follow;
    struct room *target;
    const struct room *source;
    bool jump;
    enum status status;
};

/* A scope of both. */
struct pair {
    struct scope *target;
    const struct scope *source;
    uint64_t place; /* the source was followed up to here */
};

static bool fail(struct work *work, enum status status)
{
    work->status = status;
    return false;
}

/* --- Names ---------------------------------------------------------------------------------------- */

/* Whether a collection of the target is nothing of the source's. */
static bool is_own(const struct work *work, int number)
{
    return number >= (int)work->source->rules->collection_count &&
           number < (int)work->target->rules->collection_count;
}

static int match_collection(const struct work *work, const struct collection *from)
{
    struct state *state = &work->target->state;
    if (from->sight == SIGHT_MEMBER || from->sight == SIGHT_SERVER)
        return -1;
    int number = schema_collection(&state->schema, from->name);
    if (number < 0)
        return schema_learn_collection(&state->schema, &state->heap, from->name);
    const struct collection *to = &state->schema.collections[number];
    bool same = to->sight == from->sight && to->role == from->role;
    return same && !is_own(work, number) ? number : -1;
}

static int match_field(const struct work *work, int collection, const struct field *from)
{
    struct state *state = &work->target->state;
    if (collection < 0)
        return -1;
    const struct collection *to = &state->schema.collections[collection];
    int number = collection_field(to, from->name);
    if (number < 0)
        return schema_learn_field(&state->schema, &state->heap, collection, from->name,
                                  (enum merge)from->merge);
    const struct field *known = &to->fields[number];
    return known->type == from->type && known->merge == from->merge ? number : -1;
}

static int match_event(const struct work *work, const struct event_name *from)
{
    struct state *state = &work->target->state;
    int number = schema_event(&state->schema, from->name);
    if (number >= 0)
        return state->schema.events[number].presence == from->presence ? number : -1;
    return schema_learn_event(&state->schema, &state->heap, from->name);
}

static void match_definition(const struct work *work, const struct definition *definition)
{
    struct follow *follow = work->follow;
    const struct schema *schema = &work->source->state.schema;
    int number = definition->number, collection = definition->collection;
    switch (definition->kind) {
    case 0:
        follow->collections[number] = (int8_t)match_collection(work, &schema->collections[number]);
        return;
    case 1:
        follow->fields[collection][number] = (int8_t)match_field(
            work, follow->collections[collection], &schema->collections[collection].fields[number]);
        return;
    default:
        follow->events[number] = (int8_t)match_event(work, &schema->events[number]);
    }
}

/* Those that came since the last call; all of them where it was about another room. */
static bool match_names(struct work *work)
{
    struct follow *follow = work->follow;
    const struct schema *schema = &work->source->state.schema;
    if (work->jump)
        follow->names = 0;
    uint32_t declared = work->source->declared; /* by the target's kind too */
    uint32_t known = follow->names > declared ? follow->names : declared;
    size_t each = SCHEMA_EDIT_BYTES + NAME_BYTES_MAX;
    size_t bytes = (schema->definition_count - known) * each;
    if (bytes > 0 && !heap_reserve(&work->target->state.heap, SCHEMA_TICK_BYTES + bytes))
        return fail(work, STATUS_MEMORY);
    for (; follow->names < schema->definition_count; follow->names++)
        match_definition(work, &schema->definitions[follow->names]);
    return true;
}

/* The source's collection that a target's shows; -1: none of those that it has. */
static int collection_back(const struct work *work, int number)
{
    const struct schema *schema = &work->source->state.schema;
    for (uint32_t i = 0; i < schema->collection_count; i++) {
        bool seen = schema->collections[i].sight != SIGHT_MEMBER &&
                    schema->collections[i].sight != SIGHT_SERVER;
        if (seen && work->follow->collections[i] == number)
            return (int)i;
    }
    return -1;
}

/* --- Fields --------------------------------------------------------------------------------------- */

/* Whether a list begins with all that another one is. */
static bool list_begins(const struct cell *list, const struct cell *beginning)
{
    const struct segment *segment = list->value.first;
    uint32_t at = 0; /* in that segment */
    if (list_bytes(list) < list_bytes(beginning))
        return false;
    for (const struct segment *held = beginning->value.first; held != NULL; held = held->next) {
        for (uint32_t done = 0; done < held->length;) {
            if (at == segment->length) {
                segment = segment->next;
                at = 0;
            }
            uint32_t left = segment->length - at, wanted = held->length - done;
            uint32_t length = left < wanted ? left : wanted;
            if (memcmp(segment->data + at, held->data + done, length) != 0)
                return false;
            at += length;
            done += length;
        }
    }
    return true;
}

/* What is behind the first items, so many bytes of them. */
static void append_behind(struct state *state,
                          struct record *record,
                          int field,
                          const struct cell *from,
                          uint32_t held,
                          struct author author)
{
    uint32_t bytes = 0, count = 0; /* that the field holds */
    const struct cell *cell = record_cell(record, field);
    if (held > 0) {
        bytes = held;
        count = list_count(cell);
    }
    for (const struct segment *segment = from->value.first; segment != NULL;
         segment = segment->next) {
        uint32_t end = segment->offset + segment->length;
        if (end <= bytes)
            continue;
        uint32_t skip = bytes > segment->offset ? bytes - segment->offset : 0;
        uint32_t items = segment->count - (skip > 0 ? count - segment->start : 0);
        state_append(state, record, field,
                     (struct bytes){segment->data + skip, segment->length - skip}, items, author);
    }
}

/* A list that has only grown is appended to, so that viewers get no more than the new items. */
static void copy_list(struct state *state,
                      struct record *record,
                      int field,
                      const struct cell *from,
                      struct author author)
{
    const struct cell *cell = record_cell(record, field);
    bool grows = cell != NULL && cell->type == CELL_LIST && list_begins(from, cell);
    if (!grows)
        state_set_list(state, record, field, (struct bytes){NULL, 0}, 0, author);
    append_behind(state, record, field, from, grows ? list_bytes(cell) : 0, author);
}

static void
copy_cell(struct state *state, struct record *record, int field, const struct cell *from)
{
    struct author author = {from->author, from->sequence};
    switch ((enum cell_type)from->type) {
    case CELL_HOLE:
        if (record_cell(record, field) != NULL)
            state_unset(state, record, field, author);
        return;
    case CELL_NUMBER:
        state_set_number(state, record, field, from->value.number, author);
        return;
    case CELL_SHORT:
    case CELL_PACKED:
        state_set_packed(state, record, field, cell_packed(from), author);
        return;
    case CELL_LIST:
        copy_list(state, record, field, from, author);
    }
}

/* What copying takes at most. A segment may join others as it is appended. */
static size_t cell_bytes(const struct cell *from)
{
    size_t bytes = 0;
    if (from->type == CELL_PACKED)
        return heap_rounded(from->aux.length);
    if (from->type != CELL_LIST)
        return 0;
    for (const struct segment *segment = from->value.first; segment != NULL;
         segment = segment->next)
        bytes += heap_rounded(sizeof *segment + segment->length) + 2 * SEGMENT_SMALL;
    return bytes;
}

/* --- Records -------------------------------------------------------------------------------------- */

/* A record of presence that shows a member of the target's own. The source has none such, unless it is made
 * of bytes that no room has written. */
static bool is_own_member(const struct record *record)
{
    return record->collection == 0 && record->owner >= FOLLOW_OWN_MEMBERS;
}

static bool reserve_record(struct work *work,
                           const struct pair *pair,
                           const struct record *from,
                           int collection,
                           uint64_t since)
{
    struct state *state = &work->target->state;
    size_t bytes = record_reserve(state->schema.collections[collection].field_count);
    for (int i = 0; i < from->cell_count; i++)
        if (from->content.cells[i].stamp > since)
            bytes += cell_bytes(&from->content.cells[i]);
    if (!state_reserve(state, 1, bytes) || !scope_reserve(state, pair->target, 1))
        return fail(work, STATUS_MEMORY);
    return true;
}

/* Fields that the source's record does not have. */
static void unset_others(struct state *state, struct record *record, uint32_t shown)
{
    for (int i = 0; i < record->cell_count; i++)
        if ((shown >> i & 1) == 0 && record_cell(record, i) != NULL)
            state_unset(state, record, i, (struct author){0, 0});
}

static bool
show_record(struct work *work, const struct pair *pair, const struct record *from, bool whole)
{
    struct state *state = &work->target->state;
    int collection = work->follow->collections[from->collection];
    if (collection < 0 || is_own_member(from))
        return true;
    struct bytes id = record_id(from);
    struct record *record = state_find(state, pair->target, collection, id);
    bool live = record != NULL && record->kind == RECORD_LIVE;
    uint64_t since = live && !whole ? pair->place : 0;
    uint32_t shown = 0;
    if (!reserve_record(work, pair, from, collection, since))
        return false;
    if (!live) {
        record = state_make(state, pair->target, collection, id, from->owner);
        record->seat = SEAT_NONE;
    }
    record->owner = from->owner;
    for (int i = 0; i < from->cell_count; i++) {
        const struct cell *cell = record_cell(from, i);
        int field = work->follow->fields[from->collection][i];
        if (cell == NULL || field < 0)
            continue;
        shown |= UINT32_C(1) << field;
        if (cell->stamp > since)
            copy_cell(state, record, field, cell);
    }
    if (live && whole)
        unset_others(state, record, shown);
    return true;
}

static void remove_record(struct work *work, const struct pair *pair, const struct record *from)
{
    struct state *state = &work->target->state;
    int collection = work->follow->collections[from->collection];
    if (collection < 0)
        return;
    struct record *record = state_find(state, pair->target, collection, record_id(from));
    if (record != NULL && record->kind == RECORD_LIVE && !is_own_member(record))
        state_remove(state, record, from->owner);
}

/* --- Events --------------------------------------------------------------------------------------- */

static bool emit(struct work *work, const struct pair *pair, const struct record *from)
{
    struct state *state = &work->target->state;
    int event = work->follow->events[from->collection];
    if (event < 0)
        return true;
    if (!heap_reserve(&state->heap, event_reserve(from->length)))
        return fail(work, STATUS_MEMORY);
    struct bytes value = {from->content.value, from->length};
    state_emit(state, pair->target, event, from->owner, value);
    return true;
}

/* The next event that goes over, from this entry on. */
static const struct record *next_event(const struct work *work, const struct record *from)
{
    while (from != NULL &&
           (from->kind != RECORD_EVENT || work->follow->events[from->collection] < 0))
        from = from->newer;
    return from;
}

static const struct record *next_shown(const struct record *record)
{
    while (record != NULL && record->kind != RECORD_EVENT)
        record = record->newer;
    return record;
}

static bool same_event(const struct work *work, const struct record *from, const struct record *to)
{
    struct bytes one = {from->content.value, from->length};
    struct bytes two = {to->content.value, to->length};
    return work->follow->events[from->collection] == to->collection && from->owner == to->owner &&
           bytes_equal(one, two);
}

static bool events_are_so(const struct work *work, const struct pair *pair)
{
    const struct record *from = next_event(work, pair->source->oldest);
    const struct record *to = next_shown(pair->target->oldest);
    while (from != NULL && to != NULL && same_event(work, from, to)) {
        from = next_event(work, from->newer);
        to = next_shown(to->newer);
    }
    return from == NULL && to == NULL;
}

/* Others are kept than those that viewers have: they get the scope anew, and its events as history. */
static bool replace_events(struct work *work, const struct pair *pair)
{
    state_drop_events(&work->target->state, pair->target);
    const struct record *from = next_event(work, pair->source->oldest);
    for (; from != NULL; from = next_event(work, from->newer))
        if (!emit(work, pair, from))
            return false;
    return true;
}

/* --- Scopes --------------------------------------------------------------------------------------- */

/* The next live record that is not the target's own. */
static struct record *next_foreign(const struct work *work, struct record *record)
{
    while (record != NULL && (record->kind != RECORD_LIVE || is_own_member(record) ||
                              is_own(work, record->collection)))
        record = record->newer;
    return record;
}

/* What the source does not have. A tombstone may be forgotten meanwhile, a live record not. */
static void remove_others(struct work *work, const struct pair *pair)
{
    struct record *record = next_foreign(work, pair->target->oldest);
    while (record != NULL) {
        struct record *next = next_foreign(work, record->newer);
        int collection = collection_back(work, record->collection);
        const struct record *from = NULL;
        if (collection >= 0)
            from = state_find(&work->source->state, pair->source, collection, record_id(record));
        if (from == NULL || from->kind != RECORD_LIVE)
            state_remove(&work->target->state, record, record->owner);
        record = next;
    }
}

static bool compare_scope(struct work *work, const struct pair *pair)
{
    remove_others(work, pair);
    const struct record *from = pair->source->oldest;
    for (; from != NULL; from = from->newer) {
        bool new = !work->jump && from->kind == RECORD_EVENT && from->stamp > pair->place;
        if (from->kind == RECORD_LIVE && !show_record(work, pair, from, true))
            return false;
        if (new && !emit(work, pair, from))
            return false;
    }
    return events_are_so(work, pair) || replace_events(work, pair);
}

static bool go_on(struct work *work, const struct pair *pair)
{
    const struct record *from = scope_beyond(pair->source, pair->place);
    for (; from != NULL; from = from->newer) {
        bool taken = true;
        switch ((enum record_kind)from->kind) {
        case RECORD_LIVE:
            taken = show_record(work, pair, from, false);
            break;
        case RECORD_TOMBSTONE:
            remove_record(work, pair, from);
            break;
        case RECORD_EVENT:
            taken = emit(work, pair, from);
            break;
        }
        if (!taken)
            return false;
    }
    return true;
}

static bool follow_scope(struct work *work, int number)
{
    struct pair pair = {.target = work->target->state.scopes[number],
                        .source = work->source->state.scopes[number],
                        .place = work->follow->places[number]};
    if (pair.target == NULL || pair.source == NULL)
        return true;
    bool based =
        !work->jump && pair.source->horizon <= pair.place && pair.place <= pair.source->stamp;
    if (!(based ? go_on(work, &pair) : compare_scope(work, &pair)))
        return false;
    work->follow->places[number] = pair.source->stamp;
    return true;
}

enum status
room_follow(struct follow *follow, struct room *target, const struct room *source, bool jump)
{
    struct work work = {follow, target, source, jump || follow->source != source, STATUS_OK};
    follow->source = NULL; /* until all has gone well */
    bool followed = match_names(&work);
    for (int i = SCOPE_EVERYONE; followed && i < SCOPE_COUNT; i++)
        followed = i == SCOPE_MINE || follow_scope(&work, i);
    if (followed)
        follow->source = source;
    return work.status;
}
