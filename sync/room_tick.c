/* room_tick.c - a room's step: what waits for it is taken, members go, timers run, its rules have their turn. */
#include <string.h>

#include "sync/hash.h"
#include "sync/log.h"
#include "sync/room_parts.h"

/* --- Coming and going ------------------------------------------------------------------------------- */

/* Of how many members the rules are told in one tick that they came, and of as many that they went. What
 * they may write about all of these is no more than what any rules may in a tick, or it is one member. */
static uint32_t moves_max(const struct rules *rules)
{
    struct allowance member = allowance_of_member(rules);
    uint32_t most = MEMBERS_MOVING_MAX;
    if (rules->joined == NULL && rules->left == NULL)
        return UINT32_MAX;
    if (member.records > 0 && TICK_RECORDS_MAX / member.records < most)
        most = TICK_RECORDS_MAX / member.records;
    if (member.bytes > 0 && TICK_BYTES_MAX / member.bytes < most)
        most = TICK_BYTES_MAX / member.bytes;
    return most;
}

/* Whether the seat is to be given up in that tick. */
static bool is_over(const struct seat *seat, uint64_t tick)
{
    return seat->state == SEAT_LEAVING || (seat->state == SEAT_AWAY && tick >= seat->frame_tick);
}

/* Members that go in the next tick, and that come where rules are told of it, at most. */
struct moves {
    uint32_t joins, departures;
};

static struct moves moves_due(const struct room *room)
{
    struct moves moves = {0, 0};
    struct inbox_entry entry;
    struct bytes bytes;
    bool told = room->rules->joined != NULL;
    for (uint32_t at = 0; told && inbox_next(&room->inbox, &at, &entry, &bytes);)
        moves.joins += entry.seat != SEAT_NONE && entry.kind == INBOX_JOIN ? 1 : 0;
    bool going = room->departing || room->seats_away > 0;
    for (uint32_t i = 0; going && i < room->seat_count; i++)
        moves.departures += is_over(&room->seats[i], room->tick + 1) ? 1 : 0;
    uint32_t most = moves_max(room->rules);
    moves.joins = moves.joins < most ? moves.joins : most;
    moves.departures = moves.departures < most ? moves.departures : most;
    return moves;
}

/* --- Taking the inbox -------------------------------------------------------------------------- */

static struct actor actor_of(struct room *room, const struct seat *seat)
{
    return (struct actor){.room = room,
                          .state = &room->state,
                          .rules = room->rules,
                          .limits = &room->options.limits,
                          .author = {seat->client->member, 0},
                          .role = (enum role)seat->role,
                          .mine = seat->client->mine};
}

/* What they do about this member does not count as the tick's. */
static void
tell_rules(struct room *room, void (*callback)(struct room *room, uint32_t member), uint32_t member)
{
    struct allowance of_tick = room->allowance;
    if (callback == NULL || room->ended != NULL)
        return;
    room->allowance = allowance_of_member(room->rules);
    room->allowance.timers = of_tick.timers;
    callback(room, member);
    of_tick.timers = room->allowance.timers;
    room->allowance = of_tick;
}

static void take_join(struct room *room, uint32_t number, struct bytes user)
{
    seat_shows(room, number, user);
    log_here(room, number, (struct bytes){0}); /* who joined has said it */
    tell_rules(room, room->rules->joined, room->seats[number].client->member);
}

static void take_back(struct room *room, uint32_t number, struct bytes user)
{
    seat_shows(room, number, user);
    log_here(room, number, user);
}

void room_notice(struct room *room, uint32_t seat, enum status status)
{
    room->refusals[status]++;
    if (room->notice_count < NOTICES_MAX)
        room->notices[room->notice_count++] = (struct notice){seat, status};
}

static void drop_told_notices(struct room *room)
{
    room->notice_count -= room->notices_told;
    memmove(room->notices, room->notices + room->notices_told,
            room->notice_count * sizeof room->notices[0]);
}

static void take_operations(struct room *room, struct seat *seat, struct reader *reader)
{
    struct client *client = seat->client;
    while (!reader_done(reader)) {
        struct actor actor = actor_of(room, seat);
        actor.author.sequence = ++client->sequence;
        size_t from = reader->at;
        enum status status = operation_apply(&actor, reader);
        log_operation(room, client->seat, status,
                      (struct bytes){reader->data + from, reader->at - from});
        seat->undecided--;
        if (status == STATUS_OK)
            continue;
        client_refuse(room, client, status);
        room->refusals[status]++;
    }
    room->news = true;
}

static void take_message(struct room *room, uint32_t number, struct bytes message)
{
    struct seat *seat = &room->seats[number];
    struct reader reader = reader_on(message);
    uint32_t count = read_array(&reader);
    int64_t kind = read_integer(&reader);
    seat->waiting_bytes = seat->waiting_edits = 0;
    if (kind == CLIENT_OPERATIONS) {
        take_operations(room, seat, &reader);
        return;
    }
    struct actor actor = actor_of(room, seat);
    uint32_t known = room->state.schema.definition_count;
    uint64_t stamp = room->state.scopes[SCOPE_PRESENCE]->stamp;
    enum status status =
        kind == CLIENT_PRESENCE
            ? presence_set(&actor, seat->presence, &reader, count - 1)
            : presence_move(&actor, seat->presence, (uint32_t)(kind - CLIENT_MOVED), &reader);
    log_named(room, known);
    log_told(room, number, stamp);
    if (status != STATUS_OK)
        room_notice(room, number, status);
}

/* Again, with no more room than there was for it. */
static void take_scarce(struct room *room, uint32_t number, struct bytes message)
{
    struct room_limits limits = room->options.limits;
    room->options.limits.records = room->options.limits.state_bytes = 0;
    take_message(room, number, message);
    room->options.limits = limits;
}

static void take_name(struct room *room, struct bytes name)
{
    struct state *state = &room->state;
    uint32_t known = state->schema.definition_count;
    if (collection_field(&state->schema.collections[0], name) < 0)
        (void)schema_learn_field(&state->schema, &state->heap, 0, name, MERGE_SET);
    log_named(room, known);
}

static void take_entry(struct room *room, const struct inbox_entry *entry, struct bytes bytes)
{
    switch ((enum inbox_kind)entry->kind) {
    case INBOX_JOIN:
        take_join(room, entry->seat, bytes);
        return;
    case INBOX_BACK:
        take_back(room, entry->seat, bytes);
        return;
    case INBOX_ROLE:
        room->seats[entry->seat].role = (uint8_t)entry->role;
        log_role(room, entry->seat, (enum role)entry->role);
        room->behind = true;
        return;
    case INBOX_MESSAGE:
        take_message(room, entry->seat, bytes);
        return;
    case INBOX_SCARCE:
        take_scarce(room, entry->seat, bytes);
        return;
    case INBOX_NAME:
        return; /* nobody's: taken before */
    }
}

/* A seat whose join is one too many waits for the next tick, and whatever came for it waits behind its
 * join; nobody else does. */
static void take_inbox(struct room *room)
{
    struct inbox kept = {.data = room->inbox.data, .capacity = room->inbox.capacity};
    uint32_t joins = moves_max(room->rules);
    struct inbox_entry entry;
    struct bytes bytes;
    for (uint32_t at = 0; inbox_next(&room->inbox, &at, &entry, &bytes);) {
        if (entry.kind == INBOX_NAME)
            take_name(room, bytes);
        if (entry.seat == SEAT_NONE)
            continue;
        bool join = entry.kind == INBOX_JOIN;
        bool taken = join ? joins > 0 && join_is_due(room, &entry)
                          : room->seats[entry.seat].presence != NULL;
        if (!taken) {
            inbox_keep(&kept, &entry, bytes);
            continue;
        }
        joins -= join ? 1 : 0;
        take_entry(room, &entry, bytes);
    }
    room->inbox = kept;
}

/* --- Departures and timers --------------------------------------------------------------------- */

static void give_up_seat(struct room *room, uint32_t number)
{
    struct seat *seat = &room->seats[number];
    struct client *client = seat->client;
    state_remove(&room->state, seat->presence, client->member);
    log_left(room, number);
    client_rise(room, client);
    seat_release(room, number);
    tell_rules(room, room->rules->left, client->member);
}

/* After the inbox, so that what a member did before it left counts. Who is one too many waits for the next
 * tick, and so does who is still to come. */
static void take_departures(struct room *room)
{
    uint32_t left = moves_max(room->rules);
    bool waiting = false;
    if (!room->departing && room->seats_away == 0)
        return;
    for (uint32_t i = 0; i < room->seat_count; i++) {
        struct seat *seat = &room->seats[i];
        if (seat->state != SEAT_AWAY && seat->state != SEAT_LEAVING)
            continue;
        bool over = is_over(seat, room->tick);
        if (seat->presence == NULL || (over && left == 0)) {
            waiting = true;
        } else if (over) {
            room->seats_away -= seat->state == SEAT_AWAY ? 1 : 0;
            give_up_seat(room, i);
            left--;
        } else if (room->departing && !seat_is_away(seat)) {
            seat_shows_away(room, seat, true);
            log_away(room, i);
        }
    }
    room->departing = waiting;
}

static void run_timers(struct room *room)
{
    for (uint32_t i = 0; i < room->timer_count && room->ended == NULL;) {
        struct timer timer = room->timers[i];
        if (timer.due > room->tick) {
            i++;
            continue;
        }
        room->timer_count--;
        memmove(&room->timers[i], &room->timers[i + 1],
                (room->timer_count - i) * sizeof room->timers[0]);
        room->rules->timer(room, timer.number);
        i = 0; /* the callback may have set others */
    }
}

/* --- The step ------------------------------------------------------------------------------------ */

/* All that the rules may write in the next tick. */
struct rules_writes {
    uint32_t records;
    size_t bytes;
};

static struct rules_writes rules_writes(const struct rules *rules, struct moves moves)
{
    struct allowance member = allowance_of_member(rules);
    uint32_t members = moves.joins + (rules->left != NULL ? moves.departures : 0);
    return (struct rules_writes){rules->tick_records + members * member.records,
                                 rules->tick_bytes + members * (size_t)member.bytes};
}

/* Private scopes of those who may write into theirs in this tick, or for whom the rules may. */
static bool prepare_private(struct room *room, uint32_t per_tick)
{
    struct inbox_entry entry;
    struct bytes bytes;
    if (!room->has_private)
        return true;
    for (uint32_t i = 0; per_tick > 0 && i < room->seat_count; i++) {
        struct client *client = room->seats[i].client;
        if (client != NULL && client->mine != NULL &&
            !scope_reserve(&room->state, client->mine, per_tick))
            return false;
    }
    for (uint32_t at = 0; inbox_next(&room->inbox, &at, &entry, &bytes);) {
        if (entry.seat == SEAT_NONE)
            continue;
        struct client *client = room->seats[entry.seat].client;
        if (!heap_reserve(&room->state.heap, edit_reserve(&room->state.schema)))
            return false;
        struct scope *mine = client_private_scope(room, client);
        if (!scope_reserve(&room->state, mine, room->seats[entry.seat].waiting_edits + per_tick))
            return false;
    }
    return true;
}

/* Heap for the field `away` of those whose connection is lost: it may be the first of its record. */
static size_t departure_bytes(const struct room *room)
{
    if (!room->departing)
        return 0;
    return room->seats_away * (size_t)heap_rounded(PRESENCE_FIELDS * sizeof(struct cell));
}

bool room_reserve(struct room *room, uint32_t edits, size_t bytes)
{
    struct state *state = &room->state;
    bytes *= 4; /* a value takes at most that: canonical form and rounding */
    if (edits > 0) {
        bytes += edits * edit_reserve(&state->schema);
        bytes += room->learns ? SCHEMA_TICK_BYTES : 0;
    }
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (state->scopes[i] != NULL && !scope_reserve(state, state->scopes[i], edits))
            return false;
    if (state->server != NULL && !scope_reserve(state, state->server, edits))
        return false;
    if (room->heard != NULL && !scope_reserve(state, room->heard, edits))
        return false;
    return state_reserve(state, edits, bytes);
}

/* Each edit is an act at most, and stands in the log as it came; beside them there are names that
 * presence teaches, timers, who left or shows as away, and one act each for the random stream, the rules'
 * memory and the room's end. What presence tells rules is packed anew. */
static bool prepare_log(struct room *room, struct rules_writes writes, struct moves moves)
{
    const struct rules *rules = room->rules;
    size_t acts = room->inbox.edits + writes.records + moves.departures + FIELDS_MAX + 3;
    acts += rules->timer != NULL ? TICK_TIMERS_MAX : 0;
    acts += room->input_seats + (room->departing ? room->seats_away : 0);
    size_t told = (size_t)__builtin_popcount(room->logged_fields) * NUMBER_BYTES;
    size_t bytes = room->inbox.bytes + FIELDS_MAX * NAME_BYTES_MAX + writes.bytes +
                   writes.records * room->write_bytes + rules->memory_bytes +
                   ROOM_REASON_BYTES_MAX + room->input_seats * (size_t)INPUT_BYTES_MAX;
    bytes += told > 0 ? room->inbox.edits * told + room->inbox.bytes : 0;
    return log_reserve(room, acts, bytes);
}

enum status room_prepare(struct room *room)
{
    struct moves moves = moves_due(room);
    struct rules_writes writes = rules_writes(room->rules, moves);
    uint32_t records = room->inbox.edits + writes.records;
    size_t bytes = room->inbox.bytes + writes.bytes + departure_bytes(room) / 4 + 1;
    bool prepared = prepare_private(room, writes.records) && room_reserve(room, records, bytes) &&
                    prepare_log(room, writes, moves);
    room->allowance = allowance_of_tick(room->rules);
    return prepared ? STATUS_OK : STATUS_MEMORY;
}

void room_settle(struct room *room)
{
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (room->state.scopes[i] != NULL)
            scope_settle(room->state.scopes[i]);
    if (room->state.server != NULL)
        scope_settle(room->state.server);
    for (struct client *client = room->client_oldest; client != NULL; client = client->newer)
        if (client->mine != NULL)
            scope_settle(client->mine);
    room->names_framed = room->state.schema.definition_count;
    room->shared_tick = room->logged = room->saved = room->tick;
    room->random_logged = room->random[0];
    room->news = room->behind = room->private_changed = room->replaying = false;
    room->memory.logged = room_memory_hash(room);
    room->memory.tick = room->tick;
    room->memory.told = true;
    room->loaded = true;
    room->track.stamp = room->state.scopes[SCOPE_PRESENCE]->stamp;
    room->track.tick = room->tick;
    room->track.begun = false;
}

void room_set_tick(struct room *room, uint64_t tick)
{
    room->tick = room->state.tick = tick;
}

void room_set_memory(struct room *room, const struct room_limits *limits)
{
    room->options.limits.tombstones = room->state.tombstones_max = limits->tombstones;
    room->options.limits.clients = limits->clients;
}

/* What was loaded may hold anything. */
static void wake_rules(struct room *room)
{
    if (!room_is_sound(room))
        memset(room->memory.data, 0, room->rules->memory_bytes);
    if (room->rules->woken != NULL)
        room->rules->woken(room);
    room->loaded = false;
}

void room_tick(struct room *room)
{
    room_set_tick(room, room->tick + 1);
    drop_told_notices(room);
    inputs_tick(room); /* first, so that they are the same for all callbacks of the tick */
    if (room->loaded)
        wake_rules(room);
    take_inbox(room);
    take_departures(room);
    run_timers(room);
    if (room->rules->tick != NULL && room->ended == NULL)
        room->rules->tick(room);
    room->notices_told = room->notice_count;
    log_tick_end(room);
}
