/* track.c - presence beside the log. An entry is the log's, [tick, ticks since the entry before, wall
 * time in ms, act, ...], of the acts PRESENT, SHOWN, GONE and SAID that sync/log.h names. Numbers stand
 * in it whole, in their fields' steps. */
#include "sync/track.h"

#include <assert.h>

#include "sync/log_read.h"
#include "sync/operation_parts.h"
#include "sync/room_parts.h"
#include "sync/state_parts.h"

/* The head of an entry, with PRESENT. */
#define ENTRY_BYTES 40u
/* An act beside its values: its head and two numbers. */
#define ACT_BYTES 16u

static struct scope *presence_of(const struct room *room)
{
    return room->state.scopes[SCOPE_PRESENCE];
}

/* --- Writing -------------------------------------------------------------------------------------- */

bool room_track_pending(const struct room *room)
{
    const struct scope *presence = presence_of(room);
    bool untold = !room->track.begun && presence->oldest != NULL;
    return room->rules->records_presence && (presence->stamp != room->track.stamp || untold);
}

/* What changed beyond this stamp goes into the next entry; 0: all there is. */
static uint64_t place_of(const struct room *room, bool whole)
{
    bool based = room->track.begun && presence_of(room)->horizon <= room->track.stamp;
    return whole || !based ? 0 : room->track.stamp;
}

/* A keyframe says by leaving them out who is gone. */
static bool is_told(const struct record *record, uint64_t place)
{
    return record->kind != RECORD_TOMBSTONE || place > 0;
}

/* The fields of a record that go into the entry, a bit each. */
static uint32_t fields_told(const struct record *record, uint64_t place)
{
    uint32_t told = 0;
    bool new = record->created > place;
    for (int i = 0; i < record->cell_count; i++) {
        const struct cell *cell = record_cell(record, i);
        if (cell != NULL && (new ? cell->type != CELL_HOLE : cell->stamp > place))
            told |= UINT32_C(1) << i;
    }
    return told;
}

static size_t act_bytes(const struct record *record, uint64_t place)
{
    size_t bytes = ACT_BYTES;
    if (record->kind == RECORD_EVENT)
        return bytes + record->length;
    uint32_t left = record->kind == RECORD_LIVE ? fields_told(record, place) : 0;
    for (; left != 0; left &= left - 1)
        bytes += 1 + cell_write_bytes(&record->content.cells[__builtin_ctz(left)]);
    return bytes;
}

size_t room_track_bytes(const struct room *room, bool whole)
{
    uint64_t place = place_of(room, whole);
    size_t bytes = ENTRY_BYTES;
    const struct record *record = scope_beyond(presence_of(room), place);
    for (; record != NULL; record = record->newer)
        bytes += is_told(record, place) ? act_bytes(record, place) : 0;
    return bytes;
}

static void write_shown(struct writer *writer, const struct record *record, uint64_t place)
{
    uint32_t told = fields_told(record, place);
    pack_array(writer, 2 + 2 * (uint32_t)__builtin_popcount(told));
    pack_integer(writer, ACT_SHOWN);
    pack_integer(writer, record->owner);
    for (; told != 0; told &= told - 1) {
        int field = __builtin_ctz(told);
        pack_integer(writer, field);
        cell_write(writer, &record->content.cells[field]);
    }
}

/* Of a member's record the id is its number, whoever ended it. */
static uint32_t member_of(const struct record *record)
{
    uint32_t member = 0;
    for (uint8_t i = 0; i < record->id_length; i++)
        member = 10 * member + (record->id[i] - (uint32_t)'0');
    return member;
}

static void write_gone(struct writer *writer, const struct record *record)
{
    pack_array(writer, 2);
    pack_integer(writer, ACT_GONE);
    pack_integer(writer, member_of(record));
}

static void write_said(struct writer *writer, const struct record *event)
{
    pack_array(writer, 4);
    pack_integer(writer, ACT_SAID);
    pack_integer(writer, event->collection);
    pack_integer(writer, event->owner);
    pack_raw(writer, (struct bytes){event->content.value, event->length}, 1);
}

static void write_act(struct writer *writer, const struct record *record, uint64_t place)
{
    switch ((enum record_kind)record->kind) {
    case RECORD_LIVE:
        write_shown(writer, record, place);
        return;
    case RECORD_TOMBSTONE:
        write_gone(writer, record);
        return;
    case RECORD_EVENT:
        write_said(writer, record);
        return;
    }
}

static uint32_t count_acts(const struct record *first, uint64_t place)
{
    uint32_t count = place == 0 ? 1 : 0;
    for (const struct record *record = first; record != NULL; record = record->newer)
        count += is_told(record, place) ? 1 : 0;
    return count;
}

void room_track_write(struct room *room, uint64_t wall_ms, bool whole, struct writer *writer)
{
    uint64_t place = place_of(room, whole);
    const struct record *first = scope_beyond(presence_of(room), place);
    uint32_t acts = count_acts(first, place);
    assert(acts > 0);
    pack_array(writer, 3 + acts);
    pack_integer(writer, (int64_t)room->tick);
    pack_integer(writer, (int64_t)(room->tick - room->track.tick));
    pack_integer(writer, (int64_t)wall_ms);
    if (place == 0) {
        pack_array(writer, 1);
        pack_integer(writer, ACT_PRESENT);
    }
    for (const struct record *record = first; record != NULL; record = record->newer)
        if (is_told(record, place))
            write_act(writer, record, place);
    room->track.stamp = presence_of(room)->stamp;
    room->track.tick = room->tick;
    room->track.begun = true;
}

/* --- Reading -------------------------------------------------------------------------------------- */

static void fail(struct replay *replay, enum status status)
{
    if (replay->status == STATUS_OK)
        replay->status = status;
}

static bool reserve(struct replay *replay, size_t bytes)
{
    if (!room_reserve(replay->room, 1, bytes))
        fail(replay, STATUS_MEMORY);
    return replay->status == STATUS_OK;
}

static struct record *take_member(struct room *room, uint32_t member)
{
    struct record *record = presence_shown(room, member);
    if (record != NULL)
        return record;
    uint8_t digits[DECIMAL_DIGITS];
    struct bytes id = bytes_decimal(member, digits);
    record = state_make(&room->state, presence_of(room), 0, id, member);
    record->seat = SEAT_NONE;
    return record;
}

/* Who would have written the field: `user` and `away` are the server's. */
static struct actor actor_for(struct room *room, uint32_t member, int field)
{
    return (struct actor){.room = room,
                          .state = &room->state,
                          .rules = room->rules,
                          .limits = &room->options.limits,
                          .author = {field < PRESENCE_FIELDS ? 0 : member, 0}};
}

/* A field that the room does not know was learnt in a hole of its log, and is left out. */
static enum status
show_field(struct room *room, struct record *record, int number, struct bytes packed)
{
    const struct collection *presence = &room->state.schema.collections[0];
    if (number >= presence->field_count)
        return STATUS_OK;
    if (value_check(&presence->fields[number], packed) != STATUS_OK)
        return STATUS_MALFORMED;
    struct actor actor = actor_for(room, record->owner, number);
    value_apply(&actor, record, number, packed);
    return STATUS_OK;
}

/* In a keyframe what is not named is unset, and the record comes behind all that the keyframe leaves out. */
static void take_shown(struct replay *replay, const struct log_act *act, bool whole)
{
    struct room *room = replay->room;
    if (!reserve(replay, act->pairs.length))
        return;
    struct record *record = take_member(room, act->member);
    struct reader pairs = reader_on(act->pairs);
    uint32_t named = 0;
    for (uint32_t i = 0; i < act->pair_count; i++) {
        int field = (int)read_integer(&pairs);
        named |= UINT32_C(1) << field;
        fail(replay, show_field(room, record, field, read_value(&pairs)));
    }
    for (int i = 0; whole && i < record->cell_count; i++)
        if ((named >> i & 1) == 0)
            state_unset(&room->state, record, i, (struct author){0, 0});
    if (whole)
        touch(record);
    if (record->length > RECORD_BYTES_MAX)
        fail(replay, STATUS_MALFORMED);
}

static void take_gone(struct room *room, uint32_t member)
{
    struct record *record = presence_shown(room, member);
    if (record != NULL)
        state_remove(&room->state, record, member);
}

static void take_said(struct replay *replay, const struct log_act *act)
{
    struct state *state = &replay->room->state;
    bool known = act->event < state->schema.event_count;
    if (!known || !state->schema.events[act->event].presence || act->value.length > EVENT_BYTES_MAX)
        fail(replay, STATUS_MALFORMED);
    else if (!heap_reserve(&state->heap, event_reserve(act->value.length)))
        fail(replay, STATUS_MEMORY);
    else
        state_emit(state, presence_of(replay->room), (int)act->event, act->member, act->value);
}

static struct record *next_of(struct record *record, enum record_kind kind)
{
    while (record != NULL && record->kind != (uint8_t)kind)
        record = record->newer;
    return record;
}

/* Whether the events of a keyframe are those that there are. */
static bool events_are_so(const struct room *room, const struct log_entry *keyframe)
{
    const struct record *event = next_of(presence_of(room)->oldest, RECORD_EVENT);
    struct reader acts = reader_on(keyframe->acts);
    struct log_act act;
    while (log_read_act(&acts, &act)) {
        if (act.act != ACT_SAID)
            continue;
        struct bytes value = {NULL, 0};
        if (event != NULL)
            value = (struct bytes){event->content.value, event->length};
        if (event == NULL || event->collection != act.event || event->owner != act.member ||
            !bytes_equal(value, act.value))
            return false;
        event = next_of(event->newer, RECORD_EVENT);
    }
    return event == NULL;
}

/* Those who were not named since this stamp. A tombstone may be forgotten meanwhile, who is here not. */
static void remove_unnamed(struct room *room, uint64_t stamp)
{
    struct record *record = next_of(presence_of(room)->oldest, RECORD_LIVE);
    while (record != NULL && record->stamp <= stamp) {
        struct record *next = next_of(record->newer, RECORD_LIVE);
        state_remove(&room->state, record, record->owner);
        record = next;
    }
}

static void apply_entry(struct replay *replay, const struct log_entry *entry, bool whole)
{
    struct room *room = replay->room;
    struct scope *presence = presence_of(room);
    uint64_t stamp = presence->stamp;
    bool heard = whole && events_are_so(room, entry);
    if (whole && !heard)
        state_drop_events(&room->state, presence);
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    bool first = true;
    for (; replay->status == STATUS_OK && log_read_act(&acts, &act); first = false) {
        if (act.act == ACT_SHOWN)
            take_shown(replay, &act, whole);
        else if (act.act == ACT_GONE)
            take_gone(room, act.member);
        else if (act.act == ACT_SAID && !heard)
            take_said(replay, &act);
        else if (act.act != ACT_SAID && (act.act != ACT_PRESENT || !first))
            fail(replay, STATUS_MALFORMED); /* an act of the log */
    }
    if (whole && replay->status == STATUS_OK)
        remove_unnamed(room, stamp);
}

bool track_is_keyframe(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    return log_read_act(&acts, &act) && act.act == ACT_PRESENT;
}

static void take_entry(struct replay *replay, const struct log_entry *entry)
{
    if (entry->tick < replay->track.began || entry->tick <= replay->track.tick)
        return;
    bool whole = track_is_keyframe(entry);
    bool follows = replay->track.shown && entry->tick - entry->since == replay->track.tick;
    replay->track.tick = entry->tick;
    replay->track.shown = whole || follows;
    if (replay->track.shown)
        apply_entry(replay, entry, whole);
}

enum status replay_track(struct replay *replay, struct bytes entries)
{
    struct reader reader = reader_on(entries);
    struct log_entry entry;
    if (replay->room == NULL)
        fail(replay, STATUS_NOT_FOUND);
    while (replay->status == STATUS_OK && log_read_entry(&reader, &entry))
        take_entry(replay, &entry);
    fail(replay, reader.status);
    /* A snapshot does not tell since when the room was awake: what came before showed others. */
    if (replay->room != NULL && replay->room->seats_taken == 0 &&
        presence_of(replay->room)->live > 0)
        state_clear_scope(&replay->room->state, presence_of(replay->room));
    return replay->status;
}
