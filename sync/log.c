/* log.c - what a room writes down. One entry is the array [tick, ticks since the entry before,
 * wall time in ms, act, ...], an act the array [enum act, ...] with the elements that sync/log.h
 * names; 64 bits that are no number of the wire are binaries. replay.c reads it.
 *
 * Acts gather in room->acts, whose memory is set aside before the tick. */
#include "sync/log.h"

#include <assert.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "sync/snapshot.h"

/* An act's head, and up to four integers of five bytes. */
#define ACT_BYTES 32u

/* Most bytes of an entry behind a hole beside its snapshot. */
#define RESUMED_BYTES (4 * ACT_BYTES)

static bool is_logging(const struct room *room)
{
    return room->options.logs && !room->unlogged;
}

/* --- Acts ---------------------------------------------------------------------------------------- */

bool log_reserve(struct room *room, size_t acts, size_t bytes)
{
    struct acts *log = &room->acts;
    size_t wanted = log->length + acts * ACT_BYTES + bytes;
    if (!is_logging(room))
        return true;
    if (wanted > UINT32_MAX)
        return false;
    void *data = log->data;
    bool grown = memory_grow(&room->options.memory, &data, &log->capacity, (uint32_t)wanted, 1);
    log->data = data;
    return grown;
}

/* Where the elements of an act go, behind its kind. */
static struct writer act_begin(struct room *room, enum act act, uint32_t elements)
{
    struct acts *log = &room->acts;
    struct writer writer = writer_on(log->data + log->length, log->capacity - log->length);
    pack_array(&writer, 1 + elements);
    pack_integer(&writer, act);
    return writer;
}

/* It fits: what comes from members was reserved, and rules do no more than they declare. */
static void act_end(struct room *room, const struct writer *writer)
{
    assert(writer->status == STATUS_OK);
    room->acts.length += (uint32_t)writer->length;
    room->acts.count++;
}

static void act_numbers(struct room *room, enum act act, const int64_t *numbers, uint32_t count)
{
    if (!is_logging(room))
        return;
    struct writer writer = act_begin(room, act, count);
    for (uint32_t i = 0; i < count; i++)
        pack_integer(&writer, numbers[i]);
    act_end(room, &writer);
}

/* One packed value, or nil where there is none. */
static void pack_optional(struct writer *writer, struct bytes value)
{
    if (value.length > 0)
        pack_raw(writer, value, 1);
    else
        pack_nil(writer);
}

/* 64 bits that are no number of the wire. */
static void write_bits(struct writer *writer, uint64_t bits)
{
    uint8_t bytes[BITS_BYTES];
    for (unsigned i = 0; i < BITS_BYTES; i++)
        bytes[i] = (uint8_t)(bits >> 8 * (BITS_BYTES - 1 - i));
    pack_binary(writer, (struct bytes){bytes, BITS_BYTES});
}

static void act_bits(struct room *room, enum act act, uint64_t bits)
{
    if (!is_logging(room))
        return;
    struct writer writer = act_begin(room, act, 1);
    write_bits(&writer, bits);
    act_end(room, &writer);
}

static void write_origin(struct writer *writer, const struct room *room)
{
    pack_array(writer, ORIGIN_ELEMENTS);
    pack_integer(writer, LOG_FORMAT);
    pack_integer(writer, (int64_t)room->options.incarnation);
    pack_integer(writer, room->options.limits.tombstones);
    pack_integer(writer, room->options.limits.clients);
    write_bits(writer, schema_declared_hash(&room->state.schema, room->rules));
}

void log_opened(struct room *room)
{
    if (!is_logging(room))
        return;
    room_set_tick(room, LOG_TICK_FIRST); /* like sleeping and waking, it takes one */
    struct writer writer = act_begin(room, ACT_OPENED, 4);
    pack_string(&writer, bytes_of(room->rules->name));
    write_origin(&writer, room);
    write_bits(&writer, room->random[0]);
    write_bits(&writer, room->random[1]);
    act_end(room, &writer);
    if (room->options.unrecorded)
        act_numbers(room, ACT_UNRECORDED, NULL, 0);
    room->random_logged = room->random[0];
}

static void log_woken(struct room *room)
{
    struct writer writer = act_begin(room, ACT_WOKEN, 1);
    write_origin(&writer, room);
    act_end(room, &writer);
}

void log_joined(struct room *room, uint32_t number, struct bytes user)
{
    if (!is_logging(room))
        return;
    const struct seat *seat = &room->seats[number];
    const struct client *client = seat->client;
    struct writer writer = act_begin(room, ACT_JOINED, 6);
    pack_integer(&writer, number);
    pack_binary(&writer, (struct bytes){client->key, CLIENT_KEY_BYTES});
    pack_integer(&writer, client->member);
    pack_integer(&writer, client->sequence);
    pack_integer(&writer, seat->role);
    pack_optional(&writer, user);
    act_end(room, &writer);
}

void log_left(struct room *room, uint32_t seat)
{
    act_numbers(room, ACT_LEFT, (const int64_t[]){seat}, 1);
}

void log_away(struct room *room, uint32_t seat)
{
    act_numbers(room, ACT_AWAY, (const int64_t[]){seat}, 1);
}

void log_here(struct room *room, uint32_t number, struct bytes user)
{
    if (!is_logging(room))
        return;
    struct writer writer = act_begin(room, ACT_HERE, 3);
    pack_integer(&writer, number);
    pack_integer(&writer, room->seats[number].role);
    pack_optional(&writer, user);
    act_end(room, &writer);
}

void log_told(struct room *room, uint32_t number, uint64_t since)
{
    const struct record *presence = room->seats[number].presence;
    uint32_t changed = 0;
    for (uint32_t left = room->logged_fields; left != 0; left &= left - 1) {
        const struct cell *cell = record_cell(presence, __builtin_ctz(left));
        changed |= cell != NULL && cell->stamp > since ? left & -left : 0;
    }
    if (changed == 0 || !is_logging(room))
        return;
    struct writer writer = act_begin(room, ACT_TOLD, 2);
    pack_integer(&writer, number);
    pack_array(&writer, 2 * (uint32_t)__builtin_popcount(changed));
    for (; changed != 0; changed &= changed - 1) {
        pack_integer(&writer, __builtin_ctz(changed));
        cell_write(&writer, record_cell(presence, __builtin_ctz(changed)));
    }
    act_end(room, &writer);
}

void log_role(struct room *room, uint32_t seat, enum role role)
{
    act_numbers(room, ACT_ROLE, (const int64_t[]){seat, role}, 2);
}

void log_operation(struct room *room, uint32_t seat, enum status status, struct bytes operation)
{
    if (!is_logging(room))
        return;
    room->blank = false;
    struct writer writer = act_begin(room, ACT_OPERATION, 3);
    pack_integer(&writer, seat);
    pack_integer(&writer, status);
    pack_raw(&writer, operation, 1);
    act_end(room, &writer);
}

bool log_edit_begin(struct room *room, uint32_t member, struct writer *writer)
{
    if (!is_logging(room))
        return false;
    room->blank = false;
    *writer = act_begin(room, ACT_EDIT, 2);
    pack_integer(writer, member);
    return true;
}

void log_edit_end(struct room *room, const struct writer *writer)
{
    act_end(room, writer);
}

void log_edit(struct room *room, uint32_t member, struct bytes operation)
{
    struct writer writer;
    if (!log_edit_begin(room, member, &writer))
        return;
    pack_raw(&writer, operation, 1);
    log_edit_end(room, &writer);
}

/* Presence is not logged, but the names that it teaches keep their numbers. */
void log_named(struct room *room, uint32_t known)
{
    const struct schema *schema = &room->state.schema;
    if (!is_logging(room))
        return;
    for (uint32_t i = known; i < schema->definition_count; i++) {
        const struct definition *definition = &schema->definitions[i];
        assert(definition->kind == 1 && definition->collection == 0);
        struct writer writer = act_begin(room, ACT_NAMED, 1);
        pack_string(&writer, schema->collections[0].fields[definition->number].name);
        act_end(room, &writer);
    }
}

void log_timer(struct room *room, uint32_t number, uint32_t ticks)
{
    room->blank = false;
    act_numbers(room, ACT_TIMER, (const int64_t[]){number, ticks}, 2);
}

void log_input(struct room *room, uint32_t seat, struct bytes input)
{
    if (!is_logging(room))
        return;
    struct writer writer = act_begin(room, ACT_INPUT, 2);
    pack_integer(&writer, seat);
    pack_optional(&writer, input);
    act_end(room, &writer);
}

void log_held(struct room *room, uint32_t seat, bool held)
{
    if (!is_logging(room))
        return;
    struct writer writer = act_begin(room, ACT_HELD, 2);
    pack_integer(&writer, seat);
    pack_bool(&writer, held);
    act_end(room, &writer);
}

void log_random(struct room *room)
{
    if (!is_logging(room) || room->random[0] == room->random_logged)
        return;
    act_bits(room, ACT_RANDOM, room->random[0]);
    room->random_logged = room->random[0];
}

void log_memory(struct room *room)
{
    struct rules_memory *memory = &room->memory;
    uint64_t hash = room_memory_hash(room);
    if (!is_logging(room))
        return;
    memory->tick = room->tick;
    memory->told = true;
    if (hash == memory->logged)
        return;
    struct writer writer = act_begin(room, ACT_MEMORY, 1);
    pack_binary(&writer, (struct bytes){memory->data, room->rules->memory_bytes});
    act_end(room, &writer);
    memory->logged = hash;
    room->blank = false;
}

/* While there is nothing else to keep, its first change; then its beginning, with whatever it is that
 * has to be kept. */
static bool memory_is_due(const struct room *room)
{
    const struct rules_memory *memory = &room->memory;
    const struct rules *rules = room->rules;
    if (rules->memory_bytes == 0 || !is_logging(room) || room->rerunning)
        return false;
    if (room->blank)
        return room_memory_hash(room) != memory->created;
    return !memory->told ||
           (rules->memory_ticks > 0 && room->tick - memory->tick >= rules->memory_ticks);
}

void log_tick_end(struct room *room)
{
    if (memory_is_due(room))
        log_memory(room);
    log_random(room);
}

void log_result(struct room *room, const struct log_result *result)
{
    if (!is_logging(room))
        return;
    room->blank = false;
    struct writer writer = act_begin(room, ACT_RESULT, 4);
    pack_string(&writer, result->board);
    pack_string(&writer, result->name);
    pack_integer(&writer, result->score);
    pack_optional(&writer, result->details);
    act_end(room, &writer);
}

/* As much of the reason as there is room for, whole characters. */
void log_ended(struct room *room, const char *reason)
{
    struct bytes text = bytes_of(reason);
    if (!is_logging(room))
        return;
    if (text.length > ROOM_REASON_BYTES_MAX) {
        text.length = ROOM_REASON_BYTES_MAX;
        while (text.length > 0 && (text.data[text.length] & 0xc0) == 0x80)
            text.length--;
    }
    struct writer writer = act_begin(room, ACT_ENDED, 1);
    pack_string(&writer, text);
    act_end(room, &writer);
}

/* --- Entries ------------------------------------------------------------------------------------- */

bool room_log_pending(const struct room *room)
{
    return room->acts.count > 0;
}

size_t room_log_bytes(const struct room *room)
{
    return room->acts.length + ACT_BYTES;
}

size_t room_log_bytes_max(const struct room *room)
{
    return room->acts.capacity + 2 * ACT_BYTES;
}

static void
write_head(struct writer *writer, const struct room *room, uint64_t wall_ms, uint32_t acts)
{
    pack_array(writer, 3 + acts);
    pack_integer(writer, (int64_t)room->tick);
    pack_integer(writer, (int64_t)(room->tick - room->logged));
    pack_integer(writer, (int64_t)wall_ms);
}

void room_log_write(struct room *room, uint64_t wall_ms, struct writer *writer)
{
    struct acts *acts = &room->acts;
    write_head(writer, room, wall_ms, acts->count);
    pack_raw(writer, (struct bytes){acts->data, acts->length}, acts->count);
    acts->length = 0;
    acts->count = 0;
    room->logged = room->tick;
}

void room_save(struct room *room, uint64_t tick)
{
    uint64_t before = room_durable(room);
    if (tick > room->saved)
        room->saved = tick;
    room->saved_moved |= room_durable(room) != before;
}

bool room_is_blank(const struct room *room)
{
    return room->blank;
}

uint64_t room_logged(const struct room *room)
{
    return room->logged;
}

uint64_t room_durable(const struct room *room)
{
    bool all = room->acts.count == 0 && room->logged <= room->saved && !room->unlogged;
    return all || !room->options.logs ? room->tick : room->saved;
}

enum status room_log_hash(struct room *room)
{
    if (!log_reserve(room, 2, room->rules->memory_bytes))
        return STATUS_MEMORY;
    log_memory(room);
    act_bits(room, ACT_HASH, room_hash_kept(room));
    return STATUS_OK;
}

/* --- Holes --------------------------------------------------------------------------------------- */

void timers_wait(struct room *room)
{
    for (uint32_t i = 0; i < room->timer_count; i++)
        room->timers[i].due++;
}

void room_log_stop(struct room *room)
{
    assert(is_logging(room));
    room->saved = room_durable(room); /* which does not go back, although the room goes on */
    room->acts.length = 0;
    room->acts.count = 0;
    room->blank = false; /* what comes cannot be told from nothing later */
    room->unlogged = true;
}

size_t room_log_resume_bytes(const struct room *room)
{
    return snapshot_bytes(room) + room->timer_count * sizeof(uint64_t) + RESUMED_BYTES;
}

void room_log_resume(struct room *room, uint64_t wall_ms, struct writer *writer)
{
    assert(room->unlogged);
    if (room->tick == room->logged) {
        room_set_tick(room, room->tick + 1);
        timers_wait(room);
        inputs_pass(room);
    }
    write_head(writer, room, wall_ms, 1);
    pack_array(writer, 3);
    pack_integer(writer, ACT_RESUMED);
    write_origin(writer, room);
    pack_binary_head(writer, snapshot_bytes(room));
    snapshot_write(room, writer);
    room->unlogged = false;
    room->track.begun = false; /* who replays it has no presence from before */
    room->logged = room->tick;
    room->random_logged = room->random[0];
    room->memory.logged = room_memory_hash(room);
    room->memory.told = true;
}

/* --- Sleeping and waking ------------------------------------------------------------------------- */

enum status room_sleep(struct room *room)
{
    assert(is_logging(room));
    if (!log_reserve(room, 2, room->rules->memory_bytes))
        return STATUS_MEMORY;
    room_set_tick(room, room->tick + 1);
    timers_wait(room);
    log_memory(room);
    struct writer writer = act_begin(room, ACT_SLEPT, 2);
    pack_integer(&writer, (int64_t)room->state.scopes[SCOPE_PRESENCE]->stamp);
    write_bits(&writer, room_hash_kept(room));
    act_end(room, &writer);
    room->asleep = true;
    return STATUS_OK;
}

enum status room_wake(struct room *room, uint64_t incarnation)
{
    bool logs = room->options.logs;
    assert(room->seats_taken == 0 && incarnation >= room->options.incarnation);
    room->options.logs = true;
    if (!log_reserve(room, 1, 0)) {
        room->options.logs = logs;
        return STATUS_MEMORY;
    }
    room_set_tick(room, room->tick + 1);
    timers_wait(room);
    room->options.incarnation = incarnation;
    room->asleep = room->foreign = room->unlogged = false;
    room->random_logged = room->random[0];
    log_woken(room);
    return STATUS_OK;
}
