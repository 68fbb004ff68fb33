/* rerun.c - rules run again over their log. Each entry is applied by the replay first, which knows whether
 * it is sound; then the same tick is made by the rules, and what they did is compared. */
#include "sync/rerun.h"

#include <string.h>

#include "sync/hash.h"
#include "sync/replay_parts.h"
#include "sync/room_parts.h"
#include "sync/snapshot.h"

struct rerun
rerun_begin(const struct room_options *options, const struct kinds *kinds, uint64_t from)
{
    return (struct rerun){.replay = replay_begin(options, kinds), .from = from};
}

enum status rerun_snapshot(struct rerun *rerun, struct bytes bytes)
{
    return replay_snapshot(&rerun->replay, bytes);
}

/* Rules run no more, before the log says anew what the room is. */
static void drop_room(struct rerun *rerun)
{
    room_destroy(rerun->room);
    rerun->room = NULL;
}

/* --- Where they begin ----------------------------------------------------------------------------- */

/* What the log has told of presence is all that there is of it. */
static void show_those_heard(struct room *room)
{
    struct state *state = &room->state;
    struct scope *presence = state->scopes[SCOPE_PRESENCE];
    if (room->heard == NULL)
        return;
    state->scopes[SCOPE_PRESENCE] = room->heard;
    room->heard = NULL;
    state_remove_scope(state, presence);
}

/* It goes on as a room does; what was refused for lack of room is told by the log, not by limits. */
static void bring_to_life(struct room *room)
{
    show_those_heard(room);
    room->replaying = false;
    room->rerunning = true;
    room->options.logs = true;
    room->options.limits.records = room->options.limits.state_bytes = UINT32_MAX;
    room->random_logged = room->random[0];
    room->logged = room->tick;
    for (uint32_t i = 0; i < room->seat_count; i++) {
        struct seat *seat = &room->seats[i];
        seat->frame_tick = UINT64_MAX; /* who is away leaves when the log says so */
        if (seat->state == SEAT_FREE || !seat_is_away(seat))
            continue;
        seat->state = SEAT_AWAY;
        room->seats_away++;
    }
}

/* What rules do with a memory that they cannot have, nobody knows. That of a room which was loaded they do not see. */
static bool is_taken(struct rerun *rerun)
{
    const struct room *room = rerun->replay.room;
    bool taken = room->loaded || room_is_sound(room);
    if (!taken && !rerun->moment) {
        rerun->difference = (struct rerun_difference){.tick = room->tick, .what = RERUN_UNSOUND};
        rerun->differs = true;
    }
    return taken;
}

static void begin_from_replay(struct rerun *rerun)
{
    struct replay *replay = &rerun->replay;
    if (!is_taken(rerun))
        return;
    size_t length = snapshot_bytes(replay->room);
    uint8_t *bytes = memory_allocate(&replay->options.memory, length);
    if (bytes == NULL) {
        replay_fail(replay, STATUS_MEMORY);
        return;
    }
    struct writer writer = writer_on(bytes, length);
    snapshot_write(replay->room, &writer);
    rerun->room = replay_load(replay, writer_bytes(&writer));
    memory_release(&replay->options.memory, bytes);
    if (rerun->room != NULL)
        bring_to_life(rerun->room);
}

static void begin_from_opening(struct rerun *rerun, const struct log_act *opened)
{
    struct replay *replay = &rerun->replay;
    struct room_options options = replay->options;
    options.rules = replay->room->rules;
    options.incarnation = opened->origin.incarnation;
    options.unrecorded = replay->room->options.unrecorded;
    rerun->room = room_make(&options);
    if (rerun->room == NULL) {
        replay_fail(replay, STATUS_MEMORY);
        return;
    }
    room_set_memory(rerun->room, &replay->room->options.limits);
    memcpy(rerun->room->random, opened->random, sizeof opened->random);
    bring_to_life(rerun->room);
    if (!room_open(rerun->room))
        replay_fail(replay, STATUS_MEMORY);
}

/* The memory that stands in front of a hash was written down between two ticks. */
static bool is_between_ticks(const struct reader *acts)
{
    struct reader rest = *acts;
    struct log_act next;
    return log_read_act(&rest, &next) && next.act == ACT_HASH;
}

/* Whether the log says all that rules can see, their memory too, at the end of this tick. */
static bool tells_all(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    bool all = false;
    while (log_read_act(&acts, &act)) {
        if (act.act == ACT_SLEPT)
            return false;
        all |= act.act == ACT_MEMORY && !is_between_ticks(&acts);
        all |= (act.act == ACT_WOKEN || act.act == ACT_RESUMED) && entry->act_count == 1;
    }
    return all;
}

/* The same of the end of the tick in front of it: the memory stands first, with a hash. */
static bool tells_all_before(const struct log_entry *entry, struct log_act *memory)
{
    struct reader acts = reader_on(entry->acts);
    return entry->since == 1 && log_read_act(&acts, memory) && memory->act == ACT_MEMORY &&
           is_between_ticks(&acts);
}

/* Whether the room that the replay has is that. */
static bool is_whole(const struct rerun *rerun, const struct log_entry *entry)
{
    const struct room *room = rerun->replay.room;
    return !room->asleep && (room->rules->memory_bytes == 0 || tells_all(entry));
}

/* --- What differs --------------------------------------------------------------------------------- */

static struct rerun_difference *differ(struct rerun *rerun, enum rerun_what what)
{
    struct rerun_difference *difference = &rerun->difference;
    const char *ended = room_ended(rerun->room);
    *difference = (struct rerun_difference){.tick = rerun->room->tick, .what = what};
    if (ended != NULL)
        strncpy(difference->ended, ended, sizeof difference->ended - 1);
    rerun->differs = true;
    return difference;
}

/* Of an act that differs the record that it changed, where there is one. */
static void
differ_in_acts(struct rerun *rerun, const struct log_act *recorded, const struct log_act *made)
{
    struct rerun_difference *difference = differ(rerun, RERUN_ACT);
    bool judged = recorded != NULL && made != NULL && recorded->act == ACT_OPERATION &&
                  made->act == ACT_OPERATION && recorded->seat == made->seat &&
                  bytes_equal(recorded->operation, made->operation);
    if (judged) {
        const struct seat *seat = &rerun->room->seats[made->seat];
        difference->what = RERUN_OUTCOME;
        difference->member = seat->state != SEAT_FREE ? seat->client->member : 0;
        difference->recorded_status = recorded->status;
        difference->made_status = made->status;
    } else if (!rerun_compare(rerun->replay.room, rerun->room, difference)) {
        difference->recorded_acts = recorded != NULL;
        difference->made_acts = made != NULL;
        difference->recorded_act = recorded != NULL ? recorded->act : ACT_OPENED;
        difference->made_act = made != NULL ? made->act : ACT_OPENED;
    }
    drop_room(rerun);
}

static void differ_in_memory(struct rerun *rerun, struct bytes recorded)
{
    const uint8_t *made = rerun->room->memory.data;
    struct rerun_difference *difference = differ(rerun, RERUN_MEMORY);
    if (!rerun_compare(rerun->replay.room, rerun->room, difference)) {
        while (recorded.data[difference->at] == made[difference->at])
            difference->at++;
        struct writer a = writer_on(difference->recorded.packed, RERUN_VALUE_MAX);
        struct writer b = writer_on(difference->made.packed, RERUN_VALUE_MAX);
        pack_integer(&a, recorded.data[difference->at]);
        pack_integer(&b, made[difference->at]);
        difference->recorded.there = difference->made.there = true;
        difference->recorded.length = a.length;
        difference->made.length = b.length;
    }
    drop_room(rerun);
}

/* What the log has for other reasons than that something was done. */
static bool is_done(const struct log_act *act)
{
    return act->act != ACT_MEMORY && act->act != ACT_HASH && act->act != ACT_OPENED &&
           act->act != ACT_SLEPT;
}

/* The next act that says what was done, and its bytes. */
static bool next_done(struct reader *acts, struct log_act *act, struct bytes *bytes)
{
    for (;;) {
        size_t from = acts->at;
        if (!log_read_act(acts, act))
            return false;
        *bytes = (struct bytes){acts->data + from, acts->at - from};
        if (is_done(act))
            return true;
    }
}

static void forget_acts(struct room *room)
{
    room->acts.length = room->acts.count = 0;
    room->logged = room->tick;
}

/* What the rules have done in this tick has to be what the log has of it. */
static void compare_acts(struct rerun *rerun, struct bytes recorded)
{
    struct reader log = reader_on(recorded);
    struct reader now = reader_on((struct bytes){rerun->room->acts.data, rerun->room->acts.length});
    struct log_act one, other;
    struct bytes a, b;
    for (;;) {
        bool there = next_done(&log, &one, &a), here = next_done(&now, &other, &b);
        if (!there && !here)
            break;
        if (there && here && bytes_equal(a, b))
            continue;
        differ_in_acts(rerun, there ? &one : NULL, here ? &other : NULL);
        return;
    }
    forget_acts(rerun->room);
}

/* --- Ticks ---------------------------------------------------------------------------------------- */

static enum status run_tick(struct rerun *rerun)
{
    struct room *room = rerun->room;
    enum rerun_end end = RERUN_WELL;
    if (room_prepare(room) != STATUS_OK)
        return STATUS_MEMORY;
    if (rerun->tick != NULL)
        end = rerun->tick(rerun->context, room);
    else
        room_tick(room);
    if (end != RERUN_WELL) {
        rerun->over = true;
        if (end == RERUN_STUCK)
            rerun->room = NULL;
        drop_room(rerun);
        return STATUS_OK;
    }
    rerun->ticks++;
    rerun->last = room->tick;
    return STATUS_OK;
}

/* Nothing happens by itself before the next timer. */
static bool is_idle(const struct room *room)
{
    return (room->rules->tick == NULL || room->ended != NULL) && !room->loaded &&
           !room->departing && room->inbox.length == 0;
}

static void leap(struct rerun *rerun, uint64_t to)
{
    struct room *room = rerun->room;
    bool timers = room->timer_count > 0 && room->ended == NULL;
    if (timers && room->timers[0].due <= to)
        to = room->timers[0].due > room->tick ? room->timers[0].due - 1 : room->tick;
    rerun->ticks += to - room->tick;
    inputs_replay_ticks(room, to - room->tick);
    room_set_tick(room, to);
    rerun->last = to;
}

/* Ticks of which the log has nothing: the rules do nothing in them either. */
static enum status run_to(struct rerun *rerun, uint64_t to)
{
    enum status status = STATUS_OK;
    if (rerun->room != NULL && !is_idle(rerun->room) && to - rerun->room->tick > RERUN_TICKS_MAX)
        drop_room(rerun);
    while (status == STATUS_OK && rerun->room != NULL && rerun->room->tick < to) {
        if (is_idle(rerun->room))
            leap(rerun, to);
        if (rerun->room->tick == to)
            break;
        inputs_replay_ticks(rerun->room, 1);
        status = run_tick(rerun);
        if (status == STATUS_OK && rerun->room != NULL && rerun->room->acts.count > 0)
            compare_acts(rerun, (struct bytes){0});
    }
    return status;
}

/* What the log says of the state as it is now, memory and hash; false where it is another one. */
static bool is_as_told(const struct rerun *rerun, const struct log_act *act)
{
    const struct room *room = rerun->room;
    if (act->act == ACT_MEMORY)
        return memcmp(room->memory.data, act->memory.data, act->memory.length) == 0;
    return room_hash_kept(room) == act->hash;
}

struct checks {
    struct log_act memory; /* as it has to be after the tick; with ACT_MEMORY */
    struct log_act slept;  /* likewise */
    bool differs;          /* before the tick it was not as told */
    struct log_act told;   /* by this */
};

/* Gives the room what the entry has from outside, and checks what it says of the ticks before. */
static enum status
feed_entry(struct rerun *rerun, const struct log_entry *entry, struct checks *checks)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && log_read_act(&acts, &act)) {
        bool before = act.act == ACT_HASH || (act.act == ACT_MEMORY && is_between_ticks(&acts));
        if (before && !checks->differs && !is_as_told(rerun, &act)) {
            checks->differs = true;
            checks->told = act;
        }
        if (act.act == ACT_MEMORY && !before)
            checks->memory = act;
        if (act.act == ACT_SLEPT)
            checks->slept = act;
        status = rerun_feed(rerun->room, &act);
    }
    return status;
}

static void differ_from(struct rerun *rerun, const struct log_act *told)
{
    if (told->act == ACT_MEMORY) {
        differ_in_memory(rerun, told->memory);
        return;
    }
    struct rerun_difference *difference = differ(rerun, RERUN_HASH);
    (void)rerun_compare(rerun->replay.room, rerun->room, difference);
    drop_room(rerun);
}

/* After the tick. */
static void check(struct rerun *rerun, const struct log_entry *entry, const struct checks *checks)
{
    if (checks->differs) {
        differ_from(rerun, &checks->told);
        return;
    }
    compare_acts(rerun, entry->acts);
    if (rerun->room != NULL && checks->memory.act == ACT_MEMORY &&
        !is_as_told(rerun, &checks->memory))
        differ_from(rerun, &checks->memory);
    if (rerun->room != NULL && checks->slept.act == ACT_SLEPT && !is_as_told(rerun, &checks->slept))
        differ_from(rerun, &checks->slept);
    if (checks->slept.act == ACT_SLEPT)
        drop_room(rerun);
}

/* The tick of an entry, which the replay has applied. */
static enum status run_entry(struct rerun *rerun, const struct log_entry *entry)
{
    struct checks checks = {.differs = false};
    enum status status = run_to(rerun, entry->tick - 1);
    if (status != STATUS_OK || rerun->room == NULL)
        return status;
    struct room *room = rerun->room;
    inputs_replay_ticks(room, 1);
    if (!log_reserve(room, entry->act_count, entry->acts.length))
        return STATUS_MEMORY;
    status = feed_entry(rerun, entry, &checks);
    if (status != STATUS_OK)
        return status;
    if (checks.slept.act == ACT_SLEPT)
        room_set_tick(room, entry->tick); /* no rules are asked in it */
    else
        status = run_tick(rerun);
    if (status == STATUS_OK && rerun->room != NULL)
        check(rerun, entry, &checks);
    return status;
}

/* --- Entries -------------------------------------------------------------------------------------- */

/* Says what the room is, whatever it was. */
static bool begins_anew(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    bool begins = false;
    while (!begins && log_read_act(&acts, &act))
        begins = act.act == ACT_OPENED || act.act == ACT_WOKEN || act.act == ACT_RESUMED;
    return begins;
}

/* At the end of this tick, if all is known there. */
static bool may_begin(const struct rerun *rerun, uint64_t tick)
{
    const struct room *room = rerun->replay.room;
    bool needless = rerun->moment && room->rules->memory_bytes == 0;
    return !rerun->differs && !rerun->over && !needless && tick >= rerun->from && room->complete &&
           !rerun->replay.ended;
}

static void begin(struct rerun *rerun, const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act first;
    bool opens = log_read_act(&acts, &first) && first.act == ACT_OPENED;
    if (!may_begin(rerun, entry->tick))
        return;
    if (!opens) {
        if (is_whole(rerun, entry))
            begin_from_replay(rerun);
        return;
    }
    if (entry->tick == LOG_TICK_FIRST)
        begin_from_opening(rerun, &first);
    if (rerun->room != NULL && !replay_failed(&rerun->replay))
        compare_acts(rerun, entry->acts);
}

/* In front of an entry that the replay has not applied. A log in which hashes stand close together has the memory
 * nowhere else. */
static void begin_before(struct rerun *rerun, const struct log_entry *entry)
{
    struct room *room = rerun->replay.room;
    struct log_act act;
    if (rerun->room != NULL || room == NULL || room->asleep || room->tick + 1 != entry->tick ||
        !may_begin(rerun, room->tick) || !tells_all_before(entry, &act) ||
        act.memory.length != room->rules->memory_bytes)
        return;
    memcpy(room->memory.data, act.memory.data, act.memory.length);
    begin_from_replay(rerun);
}

static void take_entry(struct rerun *rerun, const struct log_entry *entry)
{
    struct replay *replay = &rerun->replay;
    bool skipped = replay->room != NULL && entry->tick <= replay->room->tick;
    begin_before(rerun, entry);
    if (replay_log(replay, entry->bytes) != STATUS_OK || skipped)
        return;
    if (begins_anew(entry))
        drop_room(rerun);
    if (rerun->room != NULL)
        replay_fail(replay, run_entry(rerun, entry));
    if (rerun->room == NULL && !replay_failed(replay))
        begin(rerun, entry);
}

enum status rerun_log(struct rerun *rerun, struct bytes bytes)
{
    struct reader log = reader_on(bytes);
    struct log_entry entry;
    while (!replay_failed(&rerun->replay) && log_read_entry(&log, &entry))
        take_entry(rerun, &entry);
    if (!replay_failed(&rerun->replay))
        replay_fail(&rerun->replay, reader_end(&log));
    return rerun->replay.status;
}

enum status rerun_pass(struct rerun *rerun, uint64_t tick)
{
    struct replay *replay = &rerun->replay;
    if (replay_failed(replay) || replay->room == NULL)
        return replay->status;
    if (rerun->room != NULL)
        replay_fail(replay, run_to(rerun, tick));
    if (!replay->room->asleep)
        replay_pass(replay, tick);
    return replay->status;
}

bool rerun_is_exact(const struct rerun *rerun)
{
    const struct room *room = rerun->replay.room;
    return room != NULL && (room->rules->memory_bytes == 0 || room->asleep || rerun->room != NULL);
}

struct replay rerun_end(struct rerun *rerun, bool *exact)
{
    struct replay replay = rerun->replay;
    struct room *room = replay.room;
    size_t memory = room != NULL ? room->rules->memory_bytes : 0;
    *exact = rerun_is_exact(rerun);
    if (rerun->room != NULL && memory > 0)
        memcpy(room->memory.data, rerun->room->memory.data, memory);
    drop_room(rerun);
    rerun->replay.room = NULL;
    return replay;
}

void rerun_abandon(struct rerun *rerun)
{
    drop_room(rerun);
    replay_abandon(&rerun->replay);
}

/* --- Moments -------------------------------------------------------------------------------------- */

/* Where the log tells all for the last time up to this tick. */
static uint64_t newest_whole(struct bytes log, uint64_t tick)
{
    struct reader reader = reader_on(log);
    struct log_entry entry;
    struct log_act memory;
    uint64_t newest = 0;
    while (log_read_entry(&reader, &entry) && entry.tick <= tick) {
        if (tells_all_before(&entry, &memory))
            newest = entry.tick - 1;
        if (tells_all(&entry))
            newest = entry.tick;
    }
    return newest;
}

struct replay rerun_moment(const struct room_options *options,
                           const struct kinds *kinds,
                           struct bytes snapshot,
                           struct bytes log,
                           uint64_t tick,
                           bool *exact)
{
    struct rerun rerun = rerun_begin(options, kinds, newest_whole(log, tick));
    rerun.moment = true;
    struct reader reader = reader_on(log);
    struct log_entry entry;
    enum status status = STATUS_OK;
    if (snapshot.length > 0)
        status = rerun_snapshot(&rerun, snapshot);
    while (status == STATUS_OK && log_read_entry(&reader, &entry) && entry.tick <= tick)
        status = rerun_log(&rerun, entry.bytes);
    if (status == STATUS_OK && reader.status != STATUS_OK)
        replay_fail(&rerun.replay, reader.status);
    if (rerun_pass(&rerun, tick) == STATUS_OK)
        return rerun_end(&rerun, exact);
    drop_room(&rerun);
    return rerun_end(&rerun, exact);
}
