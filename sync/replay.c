/* replay.c - a room built again from its log: the acts of log.c, applied without asking the rules. */
#include <assert.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/log_read.h"
#include "sync/room_parts.h"
#include "sync/snapshot_parts.h"

struct replay replay_begin(const struct room_options *options, const struct kinds *kinds)
{
    struct replay replay = {.options = *options, .kinds = kinds};
    replay.options.logs = false; /* before room_wake() */
    room_default_limits(&replay.options.limits);
    return replay;
}

static void fail(struct replay *replay, enum status status)
{
    if (replay->status == STATUS_OK)
        replay->status = status;
}

/* The kind is another one than it was, under the same name. */
static void fail_changed(struct replay *replay)
{
    replay->changed |= replay->status == STATUS_OK;
    fail(replay, STATUS_KIND);
}

static bool failed(const struct replay *replay)
{
    return replay->status != STATUS_OK;
}

static bool has_room(struct replay *replay)
{
    if (!failed(replay) && replay->room == NULL)
        fail(replay, STATUS_MALFORMED);
    return !failed(replay);
}

/* --- Seats --------------------------------------------------------------------------------------- */

bool seat_replay(struct room *room, struct client *client, uint32_t number)
{
    void *seats = room->seats;
    bool grown = memory_grow(&room->options.memory, &seats, &room->seat_capacity, number + 1,
                             sizeof *room->seats);
    room->seats = seats;
    if (!grown)
        return false;
    for (; room->seat_count <= number; room->seat_count++)
        room->seats[room->seat_count] = (struct seat){.state = SEAT_FREE};
    room->seats[number] = (struct seat){.state = SEAT_TAKEN, .client = client};
    room->seats_taken++;
    client_sit(room, client, number);
    return true;
}

static void leave(struct room *room, uint32_t number)
{
    struct seat *seat = &room->seats[number];
    uint32_t member = seat->client->member;
    struct record *shown = presence_shown(room, member);
    if (shown != NULL)
        state_remove(&room->state, shown, member);
    client_rise(room, seat->client);
    if (seat->extra != NULL)
        heap_give(&room->state.heap, seat->extra, PLACES_BYTES);
    inputs_drop(room, seat);
    *seat = (struct seat){.state = SEAT_FREE};
    room->seats_taken--;
}

void seats_drop(struct room *room)
{
    for (uint32_t i = 0; i < room->seat_count; i++)
        if (room->seats[i].state != SEAT_FREE)
            leave(room, i);
    room->seat_count = 0;
    room->seat_free = 0;
}

/* Nobody is seated, and presence begins anew: a place from before is never mistaken for one from
 * after. */
static void fall_asleep(struct room *room, uint64_t stamp)
{
    struct scope *presence = room->state.scopes[SCOPE_PRESENCE];
    state_clear_scope(&room->state, presence);
    presence->stamp = presence->horizon = stamp + 1;
    scope_settle(presence);
    seats_drop(room);
}

/* A track's entries from before this tick are about others than those who are seated from it on. */
static void track_begins(struct replay *replay, uint64_t tick)
{
    replay->track.began = tick;
    replay->track.shown = false;
}

static struct seat *read_seat(struct replay *replay, struct reader *reader)
{
    int64_t number = read_integer_in(reader, 0, UINT32_MAX);
    if (reader->status != STATUS_OK || !has_room(replay))
        return NULL;
    struct room *room = replay->room;
    if (number < room->seat_count && room->seats[number].state != SEAT_FREE)
        return &room->seats[number];
    fail(replay, STATUS_MALFORMED);
    return NULL;
}

static void apply_joined(struct replay *replay, struct reader *reader)
{
    int64_t number = read_integer_in(reader, 0, ROOM_MEMBERS_MAX - 1);
    struct bytes key = read_binary(reader);
    int64_t member = read_integer_in(reader, 1, UINT32_MAX - 1);
    int64_t sequence = read_integer_in(reader, 0, UINT32_MAX);
    read_integer_in(reader, 0, ROLE_COUNT - 1);
    read_value(reader);
    if (reader->status != STATUS_OK || !has_room(replay))
        return;
    struct room *room = replay->room;
    bool taken = number < room->seat_count && room->seats[number].state != SEAT_FREE;
    if (taken || room->asleep || key.length != CLIENT_KEY_BYTES) {
        fail(replay, STATUS_MALFORMED);
        return;
    }
    struct client *client = client_find(room, key.data);
    bool new = client == NULL;
    if (new &&member != (int64_t)room->last_member + 1) {
        fail(replay, STATUS_MALFORMED); /* numbers are given once, one after the other */
        return;
    }
    if (new)
        client = client_add(room, key.data, (uint32_t)sequence);
    bool reserved = heap_reserve(&room->state.heap, CLIENT_RESERVE);
    if (client == NULL || !reserved)
        fail(replay, STATUS_MEMORY);
    else if (client->member != member || client->sequence != sequence || client->seat != SEAT_NONE)
        fail(replay, STATUS_MALFORMED);
    else if (!seat_replay(room, client, (uint32_t)number))
        fail(replay, STATUS_MEMORY);
    else if (new)
        clients_trim(room);
}

/* It changes nothing of what is kept: it is there for who watches. */
static void apply_input(struct replay *replay, struct reader *reader)
{
    struct seat *seat = read_seat(replay, reader);
    bool none = read_type(reader) == PACK_NIL;
    struct bytes input = read_value(reader);
    if (reader->status != STATUS_OK || seat == NULL)
        return;
    if (none)
        input.length = 0;
    if (input.length > INPUT_BYTES_MAX)
        fail(replay, STATUS_MALFORMED);
    else if (!inputs_replay(replay->room, seat, input))
        fail(replay, STATUS_MEMORY);
}

/* --- Operations ---------------------------------------------------------------------------------- */

/* How many edits the next operation has, without taking it. */
static uint32_t peek_edits(struct replay *replay, const struct reader *reader, struct bytes *bytes)
{
    struct reader ahead = *reader;
    uint32_t edits = operation_count(&ahead);
    *bytes = (struct bytes){reader->data + reader->at, ahead.at - reader->at};
    if (ahead.status != STATUS_OK)
        fail(replay, ahead.status);
    return edits;
}

static bool reserve_edits(struct replay *replay, uint32_t edits, size_t bytes, struct scope *mine)
{
    struct room *room = replay->room;
    if (!room_reserve(room, edits, bytes) ||
        (mine != NULL && !scope_reserve(&room->state, mine, edits)))
        fail(replay, STATUS_MEMORY);
    return !failed(replay);
}

static struct actor actor_for(struct room *room, struct client *client)
{
    return (struct actor){.room = room,
                          .state = &room->state,
                          .rules = room->rules,
                          .limits = &room->options.limits,
                          .author = {client->member, client->sequence},
                          .role = ROLE_ADMIN,
                          .server = true,
                          .replay = true,
                          .mine = client->mine};
}

/* The outcome is known: what was applied then is applied now, what was refused is remembered. */
static void apply_operation(struct replay *replay, struct reader *reader)
{
    struct seat *seat = read_seat(replay, reader);
    int64_t outcome = read_integer_in(reader, 0, STATUS_COUNT - 1);
    struct bytes bytes;
    if (reader->status != STATUS_OK || seat == NULL)
        return;
    struct room *room = replay->room;
    uint32_t edits = peek_edits(replay, reader, &bytes);
    if (failed(replay) || !reserve_edits(replay, edits, bytes.length, NULL))
        return;
    struct client *client = seat->client;
    struct scope *mine = room->has_private ? client_private_scope(room, client) : client->mine;
    if (!reserve_edits(replay, edits, bytes.length, mine))
        return;
    if (client->sequence++ == UINT32_MAX) {
        fail(replay, STATUS_MALFORMED);
        return;
    }
    if (outcome != STATUS_OK) {
        client_refuse(room, client, (enum status)outcome);
        operation_count(reader); /* read_value() does not go as deep as its values may */
        return;
    }
    struct actor actor = actor_for(room, client);
    fail(replay, operation_apply(&actor, reader));
}

static void apply_rules_edit(struct replay *replay, struct reader *reader)
{
    uint32_t member = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    struct bytes bytes;
    if (reader->status != STATUS_OK || !has_room(replay))
        return;
    uint32_t edits = peek_edits(replay, reader, &bytes);
    if (failed(replay) || !reserve_edits(replay, edits, bytes.length, NULL))
        return;
    struct scope *mine = member != 0 ? room_private_scope(replay->room, member) : NULL;
    if (!reserve_edits(replay, edits, bytes.length, mine))
        return;
    fail(replay, room_edit(replay->room, member, bytes));
    operation_count(reader);
}

static void apply_named(struct replay *replay, struct reader *reader)
{
    struct bytes name = read_string(reader);
    if (reader->status != STATUS_OK || !has_room(replay))
        return;
    struct state *state = &replay->room->state;
    const struct collection *presence = &state->schema.collections[0];
    if (!schema_name_valid(name) || !presence->learns || collection_field(presence, name) >= 0)
        fail(replay, STATUS_MALFORMED);
    else if (!room_reserve(replay->room, 1, name.length))
        fail(replay, STATUS_MEMORY);
    else if (schema_learn_field(&state->schema, &state->heap, 0, name, MERGE_SET) < 0)
        fail(replay, STATUS_MALFORMED);
}

/* Of another size the kind is another one. */
static void apply_memory(struct replay *replay, struct reader *reader)
{
    struct bytes memory = read_binary(reader);
    if (reader->status != STATUS_OK || !has_room(replay))
        return;
    if (memory.length == 0 || memory.length != replay->room->rules->memory_bytes)
        fail_changed(replay);
    else
        memcpy(replay->room->memory.data, memory.data, memory.length);
}

/* --- The room itself ----------------------------------------------------------------------------- */

/* By what the log goes on. The limits decide what is forgotten: a replay under others would come out
 * differently. */
static void apply_origin(struct replay *replay, const struct log_origin *origin)
{
    struct room *room = replay->room;
    room->foreign = origin->format != LOG_FORMAT;
    room->options.incarnation = origin->incarnation;
    room_set_memory(
        room, &(struct room_limits){.tombstones = origin->tombstones, .clients = origin->clients});
    if (origin->format > 1 &&
        origin->declared != schema_declared_hash(&room->state.schema, room->rules))
        fail_changed(replay);
}

static const struct rules *find_kind(struct replay *replay, struct bytes kind)
{
    const struct rules *rules = kind_find(replay->kinds, kind);
    if (rules == NULL)
        fail(replay, STATUS_KIND);
    return rules;
}

static void apply_opened(struct replay *replay, struct reader *reader)
{
    struct bytes kind = read_string(reader);
    struct log_origin origin = log_read_origin(reader);
    uint64_t random[2];
    random[0] = log_read_bits(reader);
    random[1] = log_read_bits(reader);
    if (reader->status != STATUS_OK)
        return;
    if (replay->room != NULL || (random[1] & 1) == 0) {
        fail(replay, STATUS_MALFORMED);
        return;
    }
    struct room_options options = replay->options;
    options.rules = find_kind(replay, kind);
    options.incarnation = origin.incarnation;
    if (options.rules == NULL)
        return;
    replay->room = room_make(&options);
    if (replay->room == NULL) {
        fail(replay, STATUS_MEMORY);
        return;
    }
    room_set_tick(replay->room, replay->tick);
    track_begins(replay, replay->tick);
    replay->room->replaying = true;
    memcpy(replay->room->random, random, sizeof random);
    apply_origin(replay, &origin);
}

static void apply_woken(struct replay *replay, struct reader *reader)
{
    struct log_origin origin = log_read_origin(reader);
    if (reader->status != STATUS_OK || !has_room(replay))
        return;
    struct room *room = replay->room;
    if (origin.incarnation < room->options.incarnation) {
        fail(replay, STATUS_MALFORMED);
        return;
    }
    if (!room->asleep)
        fall_asleep(room, room->state.scopes[SCOPE_PRESENCE]->stamp);
    timers_wait(room);
    track_begins(replay, replay->tick + 1);
    room->asleep = false;
    apply_origin(replay, &origin);
}

static struct room *load_snapshot(struct replay *replay, struct bytes bytes)
{
    struct room_options options = replay->options;
    struct bytes kind = snapshot_kind(bytes);
    if (kind.length == 0) {
        fail(replay, STATUS_MALFORMED);
        return NULL;
    }
    options.rules = find_kind(replay, kind);
    if (options.rules == NULL)
        return NULL;
    enum status status;
    struct room *room = snapshot_load(&options, bytes, &status);
    if (status == STATUS_KIND)
        fail_changed(replay);
    else
        fail(replay, status);
    return room;
}

/* Behind a hole: the room is what the snapshot says, whatever it was. */
static void apply_resumed(struct replay *replay, struct reader *reader)
{
    struct log_origin origin = log_read_origin(reader);
    struct bytes snapshot = read_binary(reader);
    if (reader->status != STATUS_OK)
        return;
    struct room *before = replay->room;
    struct room *room = load_snapshot(replay, snapshot);
    if (room == NULL)
        return;
    bool fits = room->tick == replay->tick && !room->asleep &&
                room->options.incarnation == origin.incarnation &&
                (before == NULL || (before->options.incarnation == origin.incarnation &&
                                    before->rules == room->rules && !before->asleep));
    if (!fits) {
        room_destroy(room);
        fail(replay, STATUS_MALFORMED);
        return;
    }
    room_destroy(before);
    replay->room = room;
    track_begins(replay, replay->tick);
    apply_origin(replay, &origin);
}

static void check_hash(struct replay *replay, uint64_t hash)
{
    if (room_hash_kept(replay->room) != hash)
        fail(replay, STATUS_REFUSED);
}

static void apply_slept(struct replay *replay, struct reader *reader)
{
    uint64_t presence = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX - 1);
    uint64_t hash = log_read_bits(reader);
    if (reader->status != STATUS_OK || !has_room(replay))
        return;
    check_hash(replay, hash);
    timers_wait(replay->room);
    fall_asleep(replay->room, presence);
    track_begins(replay, replay->tick + 1);
    replay->room->asleep = true;
}

/* Timers that were due have been taken, whatever came of it. */
static void drop_due_timers(struct room *room)
{
    uint32_t due = 0;
    while (due < room->timer_count && room->timers[due].due <= room->tick)
        due++;
    if (due == 0)
        return;
    room->timer_count -= due;
    memmove(&room->timers[0], &room->timers[due], room->timer_count * sizeof room->timers[0]);
}

static void apply_timer(struct replay *replay, struct reader *reader)
{
    uint32_t number = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    uint32_t ticks = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    if (reader->status != STATUS_OK || !has_room(replay))
        return;
    struct room *room = replay->room;
    if (room->rules->timer == NULL) {
        fail_changed(replay);
        return;
    }
    if (room->timer_count == ROOM_TIMERS_MAX)
        drop_due_timers(room);
    fail(replay, room_set_timer(room, number, ticks));
}

static void apply_act(struct replay *replay, struct reader *reader)
{
    struct seat *seat;
    uint64_t bits;
    uint32_t elements;
    enum act act = log_read_head(reader, &elements);
    if (reader->status != STATUS_OK)
        return;
    switch (act) {
    case ACT_OPENED:
        apply_opened(replay, reader);
        return;
    case ACT_WOKEN:
        apply_woken(replay, reader);
        return;
    case ACT_SLEPT:
        apply_slept(replay, reader);
        return;
    case ACT_JOINED:
        apply_joined(replay, reader);
        return;
    case ACT_LEFT:
        seat = read_seat(replay, reader);
        if (seat != NULL)
            leave(replay->room, (uint32_t)(seat - replay->room->seats));
        return;
    case ACT_ROLE:
        seat = read_seat(replay, reader);
        int64_t role = read_integer_in(reader, 0, ROLE_COUNT - 1);
        if (seat != NULL)
            seat->role = (uint8_t)role;
        return;
    case ACT_OPERATION:
        apply_operation(replay, reader);
        return;
    case ACT_EDIT:
        apply_rules_edit(replay, reader);
        return;
    case ACT_NAMED:
        apply_named(replay, reader);
        return;
    case ACT_TIMER:
        apply_timer(replay, reader);
        return;
    case ACT_RANDOM:
        bits = log_read_bits(reader);
        if (has_room(replay))
            replay->room->random[0] = bits;
        return;
    case ACT_ENDED:
        read_string(reader);
        replay->ended = true;
        return;
    case ACT_HASH:
        bits = log_read_bits(reader);
        if (reader->status == STATUS_OK && has_room(replay))
            check_hash(replay, bits);
        return;
    case ACT_RESUMED:
        apply_resumed(replay, reader);
        return;
    case ACT_INPUT:
        apply_input(replay, reader);
        return;
    case ACT_MEMORY:
        apply_memory(replay, reader);
        return;
    case ACT_RESULT:
        log_read_result(reader); /* it is told of elsewhere: log_results() */
        return;
    case ACT_PRESENT:
    case ACT_SHOWN:
    case ACT_GONE:
    case ACT_SAID:
        fail(replay, STATUS_MALFORMED); /* of a track: replay_track() */
        return;
    }
}

/* --- Entries ------------------------------------------------------------------------------------- */

static void apply_entry(struct replay *replay, struct reader *reader)
{
    struct log_act act;
    uint32_t elements = read_array(reader);
    int64_t tick = read_integer_in(reader, 0, INTEGER_MAX);
    int64_t since = read_integer_in(reader, 0, INTEGER_MAX);
    int64_t wall_ms = read_integer_in(reader, 0, INTEGER_MAX);
    if (elements < 4 || since > tick)
        reader_fail(reader, STATUS_MALFORMED);
    bool skipped = replay->room != NULL && (uint64_t)tick <= replay->room->tick;
    if (!skipped && replay->room != NULL && (uint64_t)(tick - since) != replay->room->tick)
        fail(replay, STATUS_NOT_FOUND);
    replay->tick = (uint64_t)tick;
    if (!skipped && reader->status == STATUS_OK && replay->room != NULL)
        room_set_tick(replay->room, (uint64_t)tick);
    for (uint32_t i = 3; i < elements && reader->status == STATUS_OK && !failed(replay); i++) {
        if (!skipped)
            apply_act(replay, reader);
        else if (!log_read_act(reader, &act))
            reader_fail(reader, STATUS_TRUNCATED);
    }
    if (reader->status != STATUS_OK)
        fail(replay, reader->status);
    if (skipped || !has_room(replay))
        return;
    replay->wall_ms = (uint64_t)wall_ms;
    drop_due_timers(replay->room);
}

enum status replay_log(struct replay *replay, struct bytes bytes)
{
    struct reader reader = reader_on(bytes);
    while (!failed(replay) && !reader_done(&reader))
        apply_entry(replay, &reader);
    return replay->status;
}

struct bytes log_kind(struct bytes log)
{
    struct reader reader = reader_on(log);
    struct log_act act = {0};
    read_array(&reader);
    for (int i = 0; i < 3; i++)
        read_integer(&reader);
    bool begins = log_read_act(&reader, &act) && (act.act == ACT_OPENED || act.act == ACT_RESUMED);
    return begins ? act.text : (struct bytes){0};
}

enum status replay_snapshot(struct replay *replay, struct bytes bytes)
{
    assert(replay->room == NULL);
    replay->room = load_snapshot(replay, bytes);
    if (replay->room != NULL && replay->room->asleep)
        track_begins(replay, replay->room->tick + 1);
    return replay->status;
}

const struct room *replay_room(const struct replay *replay)
{
    return replay->room;
}

struct room *replay_end(struct replay *replay, bool *clean, enum status *status)
{
    struct room *room = replay->room;
    if (room == NULL)
        fail(replay, STATUS_NOT_FOUND);
    *status = replay->status;
    if (failed(replay)) {
        replay_abandon(replay);
        return NULL;
    }
    const struct room_limits *own = &room->options.limits, *limits = &replay->options.limits;
    *clean = room->asleep && !room->foreign && own->tombstones == limits->tombstones &&
             own->clients == limits->clients;
    room_set_memory(room, limits);
    if (!room->asleep)
        fall_asleep(room, room->state.scopes[SCOPE_PRESENCE]->stamp);
    room_settle(room);
    replay->room = NULL;
    return room;
}

void replay_abandon(struct replay *replay)
{
    room_destroy(replay->room);
    replay->room = NULL;
}
