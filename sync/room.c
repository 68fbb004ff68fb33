#include <assert.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/log.h"
#include "sync/room_parts.h"

/* --- Life of a room -------------------------------------------------------------------------- */

void room_default_limits(struct room_limits *limits)
{
    const struct room_limits defaults = {
        .members = ROOM_MEMBERS_DEFAULT,
        .records = ROOM_RECORDS_DEFAULT,
        .state_bytes = ROOM_STATE_BYTES_DEFAULT,
        .tombstones = ROOM_TOMBSTONES_DEFAULT,
        .inbox_bytes = ROOM_INBOX_BYTES_DEFAULT,
        .clients = ROOM_CLIENTS_DEFAULT,
    };
    limits->members = limits->members > 0 ? limits->members : defaults.members;
    limits->records = limits->records > 0 ? limits->records : defaults.records;
    limits->state_bytes = limits->state_bytes > 0 ? limits->state_bytes : defaults.state_bytes;
    limits->tombstones = limits->tombstones > 0 ? limits->tombstones : defaults.tombstones;
    limits->inbox_bytes = limits->inbox_bytes > 0 ? limits->inbox_bytes : defaults.inbox_bytes;
    limits->clients = limits->clients > 0 ? limits->clients : defaults.clients;
}

/* Of a write beside its values: the act, the edit and a record's id. */
#define WRITE_BYTES (24u + RECORD_ID_BYTES_MAX)

static uint32_t fields_widest(const struct rules *rules)
{
    uint32_t widest = 0;
    for (uint32_t i = 0; i < rules->collection_count; i++) {
        const struct collection_rules *collection = &rules->collections[i];
        bool learns = rules->learns || collection->learns;
        uint32_t count = learns ? FIELDS_MAX : collection->field_count;
        widest = count > widest ? count : widest;
    }
    return widest;
}

/* What the rules keep beside records. */
static bool take_memory(struct room *room)
{
    const struct rules *rules = room->rules;
    const struct memory *memory = &room->options.memory;
    room->write_bytes = WRITE_BYTES + fields_widest(rules) * NUMBER_BYTES;
    if (rules->timer != NULL) {
        room->timers = memory_allocate(memory, ROOM_TIMERS_MAX * sizeof *room->timers);
        if (room->timers == NULL)
            return false;
    }
    if (rules->memory_bytes == 0)
        return true;
    room->memory.data = memory_allocate(memory, rules->memory_bytes);
    if (room->memory.data == NULL)
        return false;
    memset(room->memory.data, 0, rules->memory_bytes);
    room->memory.logged = room->memory.created = room_memory_hash(room);
    return true;
}

struct room *room_make(const struct room_options *options)
{
    const struct rules *rules = options->rules;
    char error[RULES_ERROR_BYTES];
    bool sound = rules_check(rules, error, sizeof error);
    assert(sound);
    (void)sound;
    assert(options->incarnation >= 1 && options->incarnation <= (uint64_t)INTEGER_MAX);

    struct room *room = memory_allocate(&options->memory, sizeof *room);
    if (room == NULL)
        return NULL;
    *room = (struct room){.options = *options, .rules = rules};
    room_default_limits(&room->options.limits);
    if (room->options.grace_ticks == 0)
        room->options.grace_ticks = ROOM_GRACE_SECONDS_DEFAULT * rules->tick_hz;
    random_seed(room, options->seed);
    if (!state_init(&room->state, &options->memory, rules, room->options.limits.tombstones,
                    options->seed)) {
        memory_release(&options->memory, room);
        return NULL;
    }
    if (!take_memory(room)) {
        room_destroy(room);
        return NULL;
    }
    inputs_declare(room);
    room->allowance = allowance_of_tick(rules);
    room->learns = rules->learns;
    for (uint32_t i = 0; i < rules->collection_count; i++) {
        room->learns |= rules->collections[i].learns;
        room->has_private |= rules->collections[i].sight == SIGHT_MEMBER;
        room->has_roles |= rules->collections[i].sight == SIGHT_ROLE;
    }
    for (uint32_t i = 0; i < rules->collections[0].field_count; i++)
        if (rules->collections[0].fields[i].logged)
            room->logged_fields |= UINT32_C(1) << (PRESENCE_FIELDS + i);
    room->declared = room->state.schema.definition_count;
    return room;
}

bool room_open(struct room *room)
{
    if (!log_reserve(room, 2, NAME_BYTES_MAX + sizeof room->random))
        return false;
    log_opened(room);
    if (room->rules->created != NULL) {
        if (room_prepare(room) != STATUS_OK)
            return false;
        room->rules->created(room);
        log_random(room);
    }
    room->blank = room->options.logs; /* what its rules began with they would begin with again */
    room->memory.created = room_memory_hash(room);
    return true;
}

struct room *room_create(const struct room_options *options)
{
    struct room *room = room_make(options);
    if (room == NULL || room_open(room))
        return room;
    room_destroy(room);
    return NULL;
}

void room_destroy(struct room *room)
{
    if (room == NULL)
        return;
    struct memory memory = room->options.memory;
    clients_free(room);
    if (room->heard != NULL)
        memory_release(&memory, room->heard->slots);
    state_free(&room->state);
    memory_release(&memory, room->timers);
    memory_release(&memory, room->memory.data);
    memory_release(&memory, room->seats);
    memory_release(&memory, room->inbox.data);
    memory_release(&memory, room->acts.data);
    memory_release(&memory, room);
}

/* --- Figures ------------------------------------------------------------------------------------- */

const struct notice *room_notices(const struct room *room, uint32_t *count)
{
    *count = room->notices_told;
    return room->notices;
}

uint64_t room_incarnation(const struct room *room)
{
    return room->options.incarnation;
}

const struct room_fork *room_forked_from(const struct room *room)
{
    return room->fork.name_length > 0 ? &room->fork : NULL;
}

/* The first tick of a fork comes behind its moment by so many at most: being woken, written down whole and put to
 * sleep takes one each, and may happen again and again before anybody is there. Once somebody was, there is the grace
 * period at least before the next waking. */
#define FORK_WAKES_WITHIN 32

bool room_just_forked(const struct room *room)
{
    const struct room_fork *fork = room_forked_from(room);
    return fork != NULL && room_tick_number(room) <= fork->tick + FORK_WAKES_WITHIN;
}

void room_set_fork(struct room *room, struct bytes name, uint64_t incarnation, uint64_t tick)
{
    assert(name.length >= 1 && name.length <= ROOM_NAME_MAX);
    room->fork = (struct room_fork){
        .incarnation = incarnation, .tick = tick, .name_length = (uint8_t)name.length};
    memcpy(room->fork.name, name.data, name.length);
}

bool room_is_recorded(const struct room *room)
{
    return !room->options.unrecorded;
}

const struct rules *room_rules(const struct room *room)
{
    return room->rules;
}

/* As nothing but the room's opening leaves it. */
static bool is_clear(const struct room *room)
{
    const uint8_t *data = room->memory.data;
    size_t length = room->rules->memory_bytes;
    return length > 0 && data[0] == 0 && memcmp(data, data + 1, length - 1) == 0;
}

bool room_is_sound(const struct room *room)
{
    const struct rules *rules = room->rules;
    return rules->sound == NULL || (room->loaded && is_clear(room)) ||
           rules->sound(room, room->memory.data);
}

uint32_t room_records(const struct room *room)
{
    return room->state.shared;
}

uint64_t room_bytes(const struct room *room)
{
    return room->state.heap.used;
}

size_t room_waiting_bytes(const struct room *room)
{
    return room->inbox.bytes;
}

uint64_t room_footprint(const struct room *room)
{
    return sizeof *room + room->state.heap.footprint + room->state.slot_bytes +
           room->state.bucket_count * sizeof(struct record *) +
           room->client_buckets * sizeof(struct client *) +
           room->seat_capacity * sizeof(struct seat) + room->inbox.capacity + room->acts.capacity +
           room->rules->memory_bytes;
}

uint32_t room_seat_member(const struct room *room, uint32_t seat)
{
    return room->seats[seat].client->member;
}

const uint64_t *room_refusals(const struct room *room)
{
    return room->refusals;
}
