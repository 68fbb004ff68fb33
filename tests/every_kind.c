#include "tests/every_kind.h"

#include <assert.h>
#include <stdio.h>

#include "sync/pack.h"
#include "sync/room.h"

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
    {.name = "ledger", .sight = SIGHT_SERVER, .learns = true},
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

#define LINE_BYTES 128u
#define WIND_TIMER 1u
#define WIND_TICKS 60u

/* A limit of the room, or a snapshot that a fuzzer made up, may stand in the way. */
static void edit(struct room *room, uint32_t member, const struct writer *writer)
{
    enum status status = room_edit(room, member, writer_bytes(writer));
    assert(status != STATUS_TRUNCATED && status != STATUS_MALFORMED);
    (void)status;
}

/* Puts one record with one number in it. */
static void put_number(struct room *room,
                       const char *collection,
                       uint32_t member,
                       const char *id,
                       const char *field,
                       int64_t value)
{
    uint8_t bytes[LINE_BYTES];
    struct writer writer = writer_on(bytes, sizeof bytes);
    pack_array(&writer, 1);
    pack_array(&writer, 5);
    pack_integer(&writer, 0);
    pack_string(&writer, bytes_of(collection));
    pack_string(&writer, bytes_of(id));
    pack_string(&writer, bytes_of(field));
    pack_integer(&writer, value);
    edit(room, member, &writer);
}

static void announce(struct room *room, uint32_t member)
{
    uint8_t bytes[LINE_BYTES];
    struct writer writer = writer_on(bytes, sizeof bytes);
    pack_array(&writer, 1);
    pack_array(&writer, 4);
    pack_integer(&writer, 5);
    pack_string(&writer, bytes_of("arrival"));
    pack_integer(&writer, 0);
    pack_integer(&writer, member);
    edit(room, 0, &writer);
}

static void set_wind(struct room *room, int64_t wind)
{
    put_number(room, "weather", 0, "here", "wind", wind);
    enum status status = room_set_timer(room, WIND_TIMER, WIND_TICKS);
    assert(status == STATUS_OK || status == STATUS_LIMIT);
    (void)status;
}

static void created(struct room *room)
{
    put_number(room, "ledger", 0, "all", "joined", 0);
    set_wind(room, 0);
}

static void joined(struct room *room, uint32_t member)
{
    char id[16];
    snprintf(id, sizeof id, "m%u", member);
    put_number(room, "hands", member, id, "cards", 5);
    put_number(room, "ledger", 0, "all", "joined", member);
    announce(room, member);
}

static void timer(struct room *room, uint32_t number)
{
    (void)number;
    set_wind(room, room_random(room, 12));
}

const struct rules kind_every = {
    .name = "every",
    .tick_hz = 20,
    .frame_hz = 20,
    .collections = collections,
    .collection_count = COUNT(collections),
    .events = events,
    .event_count = COUNT(events),
    .learns = true,
    .input = &input,
    .tick_records = 16,
    .tick_bytes = 2048,
    .created = created,
    .joined = joined,
    .timer = timer,
};
