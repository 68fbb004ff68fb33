/* replay.c - a room built again from its log: the acts of log.c, applied without asking the rules. */
#include <assert.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/log_piece.h"
#include "sync/replay_parts.h"
#include "sync/room_parts.h"
#include "sync/snapshot_parts.h"

struct replay replay_begin(const struct room_options *options, const struct kinds *kinds)
{
    struct replay replay = {.options = *options, .kinds = kinds};
    replay.options.logs = false; /* before room_wake() */
    room_default_limits(&replay.options.limits);
    return replay;
}

void replay_fail(struct replay *replay, enum status status)
{
    if (replay->status == STATUS_OK)
        replay->status = status;
}

/* The kind is another one than it was, under the same name. */
static void fail_changed(struct replay *replay)
{
    replay->changed |= replay->status == STATUS_OK;
    replay_fail(replay, STATUS_KIND);
}

bool replay_failed(const struct replay *replay)
{
    return replay->status != STATUS_OK;
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

/* --- Operations ---------------------------------------------------------------------------------- */

/* Of one that log_read_act() has looked at. */
static uint32_t edits_of(struct bytes operation)
{
    struct reader reader = reader_on(operation);
    return read_array(&reader);
}

static bool reserve_edits(struct replay *replay, uint32_t edits, size_t bytes)
{
    if (!room_reserve(replay->room, edits, bytes))
        replay_fail(replay, STATUS_MEMORY);
    return !replay_failed(replay);
}

/* The same for the scope of a member's own, where there is one; making it took some of what was reserved. */
static bool reserve_mine(struct replay *replay, uint32_t edits, size_t bytes, struct scope *mine)
{
    if (mine == NULL)
        return true;
    if (!scope_reserve(&replay->room->state, mine, edits))
        replay_fail(replay, STATUS_MEMORY);
    return reserve_edits(replay, edits, bytes);
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
static void apply_operation(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = replay_seat(replay, act);
    struct reader reader = reader_on(act->operation);
    struct bytes bytes = act->operation;
    uint32_t edits = edits_of(bytes);
    if (seat == NULL || !reserve_edits(replay, edits, bytes.length))
        return;
    struct room *room = replay->room;
    struct client *client = seat->client;
    struct scope *mine = room->has_private ? client_private_scope(room, client) : client->mine;
    if (!reserve_mine(replay, edits, bytes.length, mine))
        return;
    if (client->sequence++ == UINT32_MAX) {
        replay_fail(replay, STATUS_MALFORMED);
        return;
    }
    if (act->status != STATUS_OK) {
        client_refuse(room, client, act->status);
        return;
    }
    struct actor actor = actor_for(room, client);
    replay_fail(replay, operation_apply(&actor, &reader));
}

static void apply_rules_edit(struct replay *replay, const struct log_act *act)
{
    struct bytes bytes = act->operation;
    uint32_t edits = edits_of(bytes);
    if (!reserve_edits(replay, edits, bytes.length))
        return;
    struct scope *mine = act->member != 0 ? room_private_scope(replay->room, act->member) : NULL;
    if (!reserve_mine(replay, edits, bytes.length, mine))
        return;
    replay_fail(replay, room_edit(replay->room, act->member, bytes));
}

static void apply_named(struct replay *replay, struct bytes name)
{
    struct state *state = &replay->room->state;
    const struct collection *presence = &state->schema.collections[0];
    if (!schema_name_valid(name) || !presence->learns || collection_field(presence, name) >= 0)
        replay_fail(replay, STATUS_MALFORMED);
    else if (!room_reserve(replay->room, 1, name.length))
        replay_fail(replay, STATUS_MEMORY);
    else if (schema_learn_field(&state->schema, &state->heap, 0, name, MERGE_SET) < 0)
        replay_fail(replay, STATUS_MALFORMED);
}

/* Of another size the kind is another one. */
static void apply_memory(struct replay *replay, struct bytes memory)
{
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
    room->foreign = origin->format < LOG_FORMAT_SAME || origin->format > LOG_FORMAT;
    room->complete = origin->format >= LOG_FORMAT_COMPLETE;
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
        replay_fail(replay, STATUS_KIND);
    return rules;
}

static void apply_opened(struct replay *replay, const struct log_act *act)
{
    if (replay->room != NULL || (act->random[1] & 1) == 0) {
        replay_fail(replay, STATUS_MALFORMED);
        return;
    }
    struct room_options options = replay->options;
    options.rules = find_kind(replay, act->text);
    options.incarnation = act->origin.incarnation;
    if (options.rules == NULL)
        return;
    replay->room = room_make(&options);
    if (replay->room == NULL) {
        replay_fail(replay, STATUS_MEMORY);
        return;
    }
    room_set_tick(replay->room, replay->tick);
    track_begins(replay, replay->tick);
    replay->room->replaying = true;
    memcpy(replay->room->random, act->random, sizeof act->random);
    apply_origin(replay, &act->origin);
}

static void apply_woken(struct replay *replay, const struct log_act *act)
{
    struct room *room = replay->room;
    if (act->origin.incarnation < room->options.incarnation) {
        replay_fail(replay, STATUS_MALFORMED);
        return;
    }
    if (!room->asleep)
        fall_asleep(room, room->state.scopes[SCOPE_PRESENCE]->stamp);
    timers_wait(room);
    track_begins(replay, replay->tick + 1);
    room->asleep = false;
    room->loaded = true;
    apply_origin(replay, &act->origin);
}

struct room *replay_load(struct replay *replay, struct bytes bytes)
{
    struct room_options options = replay->options;
    struct bytes kind = snapshot_kind(bytes);
    if (kind.length == 0) {
        replay_fail(replay, STATUS_MALFORMED);
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
        replay_fail(replay, status);
    return room;
}

/* Behind a hole: the room is what the snapshot says, whatever it was. */
static void apply_resumed(struct replay *replay, const struct log_act *act)
{
    const struct log_origin *origin = &act->origin;
    struct room *before = replay->room;
    struct room *room = replay_load(replay, act->snapshot);
    if (room == NULL)
        return;
    bool fits = room->tick == replay->tick && !room->asleep &&
                room->options.incarnation == origin->incarnation &&
                (before == NULL || (before->options.incarnation == origin->incarnation &&
                                    before->rules == room->rules && !before->asleep));
    if (!fits) {
        room_destroy(room);
        replay_fail(replay, STATUS_MALFORMED);
        return;
    }
    room_destroy(before);
    replay->room = room;
    track_begins(replay, replay->tick);
    apply_origin(replay, origin);
}

static void check_hash(struct replay *replay, uint64_t hash)
{
    if (room_hash_kept(replay->room) != hash)
        replay_fail(replay, STATUS_REFUSED);
}

static void apply_slept(struct replay *replay, const struct log_act *act)
{
    check_hash(replay, act->hash);
    timers_wait(replay->room);
    fall_asleep(replay->room, act->presence);
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

static void apply_timer(struct replay *replay, const struct log_act *act)
{
    struct room *room = replay->room;
    if (room->rules->timer == NULL) {
        fail_changed(replay);
        return;
    }
    if (room->timer_count == ROOM_TIMERS_MAX)
        drop_due_timers(room);
    replay_fail(replay, room_set_timer(room, act->timer, act->ticks));
}

static void apply_act(struct replay *replay, const struct log_act *act)
{
    bool begins = act->act == ACT_OPENED || act->act == ACT_RESUMED;
    if (replay->room == NULL && !begins) {
        replay_fail(replay, STATUS_MALFORMED);
        return;
    }
    switch (act->act) {
    case ACT_OPENED:
        apply_opened(replay, act);
        return;
    case ACT_WOKEN:
        apply_woken(replay, act);
        return;
    case ACT_SLEPT:
        apply_slept(replay, act);
        return;
    case ACT_JOINED:
        replay_joined(replay, act);
        return;
    case ACT_LEFT:
        replay_left(replay, act);
        return;
    case ACT_ROLE:
        replay_role(replay, act);
        return;
    case ACT_OPERATION:
        apply_operation(replay, act);
        return;
    case ACT_EDIT:
        apply_rules_edit(replay, act);
        return;
    case ACT_NAMED:
        apply_named(replay, act->text);
        return;
    case ACT_TIMER:
        apply_timer(replay, act);
        return;
    case ACT_RANDOM:
        replay->room->random[0] = act->random[0];
        return;
    case ACT_ENDED:
        replay->ended = true;
        return;
    case ACT_HASH:
        check_hash(replay, act->hash);
        return;
    case ACT_RESUMED:
        apply_resumed(replay, act);
        return;
    case ACT_INPUT:
        replay_input(replay, act);
        return;
    case ACT_HELD:
        replay_held(replay, act);
        return;
    case ACT_MEMORY:
        apply_memory(replay, act->memory);
        return;
    case ACT_AWAY:
        replay_away(replay, act);
        return;
    case ACT_HERE:
        replay_here(replay, act);
        return;
    case ACT_TOLD:
        replay_told(replay, act);
        return;
    case ACT_RESULT:
        return; /* it is told of elsewhere: log_results() */
    case ACT_UNRECORDED:
        replay->room->options.unrecorded = true;
        return;
    case ACT_PRESENT:
    case ACT_SHOWN:
    case ACT_GONE:
    case ACT_SAID:
        replay_fail(replay, STATUS_MALFORMED); /* of a track: replay_track() */
        return;
    }
}

/* --- Entries ------------------------------------------------------------------------------------- */

/* The room's time goes on, and nothing else. */
static void pass_to(struct room *room, uint64_t tick)
{
    inputs_replay_ticks(room, tick - room->tick);
    room_set_tick(room, tick);
    room->loaded = false;
}

void replay_pass(struct replay *replay, uint64_t tick)
{
    if (tick <= replay->room->tick)
        return;
    pass_to(replay->room, tick);
    drop_due_timers(replay->room);
}

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
        replay_fail(replay, STATUS_NOT_FOUND);
    replay->tick = (uint64_t)tick;
    if (!skipped && reader->status == STATUS_OK && replay->room != NULL)
        pass_to(replay->room, (uint64_t)tick);
    for (uint32_t i = 3; i < elements && !replay_failed(replay) && reader->status == STATUS_OK;
         i++) {
        if (!log_read_act(reader, &act))
            reader_fail(reader, STATUS_TRUNCATED);
        else if (!skipped)
            apply_act(replay, &act);
    }
    replay_fail(replay, reader->status);
    if (skipped || replay_failed(replay))
        return;
    replay->wall_ms = (uint64_t)wall_ms;
    drop_due_timers(replay->room);
}

enum status replay_log(struct replay *replay, struct bytes bytes)
{
    struct reader reader = reader_on(bytes);
    while (!replay_failed(replay) && !reader_done(&reader))
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

bool log_opens_unrecorded(struct bytes log)
{
    struct reader reader = reader_on(log);
    struct log_entry entry;
    struct log_act opened = {0}, act = {0};
    if (!log_read_entry(&reader, &entry))
        return false;
    struct reader acts = reader_on(entry.acts);
    return log_read_act(&acts, &opened) && opened.act == ACT_OPENED && log_read_act(&acts, &act) &&
           act.act == ACT_UNRECORDED;
}

enum status replay_snapshot(struct replay *replay, struct bytes bytes)
{
    struct log_piece piece;
    assert(replay->room == NULL);
    replay_fail(replay, log_piece_open(&piece, bytes));
    if (!replay_failed(replay))
        replay->room = replay_load(replay, piece.entries);
    log_piece_close(&piece);
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
        replay_fail(replay, STATUS_NOT_FOUND);
    *status = replay->status;
    if (replay_failed(replay)) {
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
