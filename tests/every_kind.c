#include "tests/every_kind.h"

#include <assert.h>
#include <stdio.h>

#include "sync/rules.h"

static const struct field_rules presence_fields[] = {
    {.name = "x", .type = FIELD_FIXED, .maximum = 4000, .steps = 2},
    {.name = "y", .type = FIELD_FIXED, .maximum = 4000, .steps = 2},
    {.name = "note", .type = FIELD_ANY},
};

static const struct field_rules shape_fields[] = {
    {.name = "n", .type = FIELD_INT, .minimum = -1000, .maximum = 1000},
    {.name = "fix", .type = FIELD_FIXED, .minimum = -80, .maximum = 80, .steps = 8},
    {.name = "on", .type = FIELD_BOOL},
    {.name = "text", .type = FIELD_STRING, .maximum = 8},
    {.name = "data", .type = FIELD_BINARY, .maximum = 4},
    {.name = "ints", .type = FIELD_INTS, .maximum = 3},
    {.name = "any", .type = FIELD_ANY},
    {.name = "votes", .type = FIELD_INT, .merge = MERGE_ADD, .minimum = -10, .maximum = 10},
    {.name = "points", .type = FIELD_INTS, .merge = MERGE_APPEND, .maximum = 20},
    {.name = "lines", .type = FIELD_ANY, .merge = MERGE_APPEND, .maximum = 20},
};

static const struct field_rules weather_fields[] = {{.name = "wind", .type = FIELD_INT}};
static const struct field_rules hand_fields[] = {{.name = "cards", .type = FIELD_INT}};
static const struct field_rules ledger_fields[] = {{.name = "joined", .type = FIELD_INT}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct collection_rules collections[] = {
    {.name = "presence",
     .sight = SIGHT_PRESENCE,
     .learns = true,
     .fields = presence_fields,
     .field_count = COUNT(presence_fields)},
    {.name = "shapes",
     .sight = SIGHT_EVERYONE,
     .fields = shape_fields,
     .field_count = COUNT(shape_fields)},
    {.name = "papers", .sight = SIGHT_EVERYONE, .learns = true},
    {.name = "weather",
     .sight = SIGHT_EVERYONE,
     .server_only = true,
     .learns = true,
     .fields = weather_fields,
     .field_count = COUNT(weather_fields)},
    {.name = "secrets", .sight = SIGHT_ROLE, .role = ROLE_OWNER, .learns = true},
    {.name = "hands",
     .sight = SIGHT_MEMBER,
     .learns = true,
     .fields = hand_fields,
     .field_count = COUNT(hand_fields)},
    {.name = "ledger",
     .sight = SIGHT_SERVER,
     .learns = true,
     .fields = ledger_fields,
     .field_count = COUNT(ledger_fields)},
};

static const struct event_rules events[] = {
    {.name = "chat", .kept = 3},
    {.name = "wave", .kept = 2, .presence = true},
    {.name = "arrival", .kept = 2},
};

static const struct input_rules input = {
    .value = {.type = FIELD_INT, .minimum = -1000, .maximum = 1000},
    .hold = 2,
};

const struct rules kind_mixed = {
    .name = "mixed",
    .tick_hz = 20,
    .frame_hz = 20,
    .records_presence = true,
    .collections = collections,
    .collection_count = COUNT(collections),
    .events = events,
    .event_count = COUNT(events),
    .learns = true,
    .input = &input,
    .tick_records = 4,
    .tick_bytes = 1024,
};

/* --- Rules that write ---------------------------------------------------------------------------- */

enum {
    WEATHER = 3,
    HANDS = 5,
    LEDGER = 6
};
#define EVENT_ARRIVAL 2

#define WIND_TIMER 1u
#define WIND_TICKS 60u

/* What the room has been through. */
struct every_memory {
    uint32_t joined, left;
    uint64_t gusts;
};

/* A limit of the room, or a snapshot that a fuzzer made up, may stand in the way. */
static void expect(enum status status)
{
    assert(status != STATUS_TRUNCATED && status != STATUS_MALFORMED && status != STATUS_RANGE);
    (void)status;
}

static void
put_number(struct room *room, int collection, uint32_t member, const char *id, int64_t value)
{
    struct field_value field = {.field = 0, .number = value};
    expect(room_put(room, collection, member, bytes_of(id), &field, 1));
}

static void set_wind(struct room *room, int64_t wind)
{
    put_number(room, WEATHER, 0, "here", wind);
    expect(room_set_timer(room, WIND_TIMER, WIND_TICKS));
}

static void created(struct room *room)
{
    put_number(room, LEDGER, 0, "all", 0);
    set_wind(room, 0);
}

static void joined(struct room *room, uint32_t member)
{
    struct every_memory *memory = room_memory(room);
    char id[16];
    uint8_t packed[8];
    struct writer writer = writer_on(packed, sizeof packed);
    snprintf(id, sizeof id, "m%u", member);
    put_number(room, HANDS, member, id, 5);
    put_number(room, LEDGER, 0, "all", member);
    pack_integer(&writer, member);
    expect(room_emit(room, EVENT_ARRIVAL, 0, writer_bytes(&writer)));
    memory->joined++;
}

static void left(struct room *room, uint32_t member)
{
    struct every_memory *memory = room_memory(room);
    char name[16];
    snprintf(name, sizeof name, "m%u", member);
    expect(room_result(room, bytes_of("stays"), bytes_of(name), (int64_t)room_tick_number(room),
                       (struct bytes){0}));
    memory->left++;
}

static void timer(struct room *room, uint32_t number)
{
    struct every_memory *memory = room_memory(room);
    (void)number;
    memory->gusts++;
    set_wind(room, room_random(room, 12));
}

const struct rules kind_every = {
    .name = "every",
    .tick_hz = 20,
    .frame_hz = 20,
    .records_presence = true,
    .collections = collections,
    .collection_count = COUNT(collections),
    .events = events,
    .event_count = COUNT(events),
    .learns = true,
    .input = &input,
    .tick_records = 16,
    .tick_bytes = 2048,
    .member_records = 4,
    .member_bytes = 64,
    .memory_bytes = sizeof(struct every_memory),
    .memory_ticks = 1,
    .created = created,
    .joined = joined,
    .left = left,
    .timer = timer,
};
