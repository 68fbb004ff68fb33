#include "tests/game_room.h"

#include <check.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/notation.h"

static const struct field_rules presence_fields[] = {
    {.name = "x", .type = FIELD_FIXED, .maximum = 4000, .steps = 2},
    {.name = "note", .type = FIELD_ANY},
};
static const struct field_rules car_fields[CAR_FIELDS] = {
    [CAR_X] = {.name = "x", .type = FIELD_INT, .minimum = -1000, .maximum = 1000},
    [CAR_ON] = {.name = "on", .type = FIELD_BOOL},
    [CAR_NAME] = {.name = "name", .type = FIELD_STRING, .maximum = 8},
    [CAR_DATA] = {.name = "data", .type = FIELD_BINARY},
    [CAR_ANY] = {.name = "any", .type = FIELD_ANY},
    [CAR_SUM] = {.name = "sum", .type = FIELD_INT, .merge = MERGE_ADD, .maximum = 10},
    [CAR_TRAIL] = {.name = "trail", .type = FIELD_INTS, .merge = MERGE_APPEND, .maximum = 4},
    [CAR_PLACE] = {.name = "place", .type = FIELD_INTS, .maximum = 2},
};
static const struct field_rules one_field[] = {{.name = "n", .type = FIELD_INT}};
static const struct collection_rules collections[] = {
    [PRESENCE] = {.name = "presence",
                  .sight = SIGHT_PRESENCE,
                  .fields = presence_fields,
                  .field_count = COUNT(presence_fields)},
    [CARS] = {.name = "cars", .fields = car_fields, .field_count = CAR_FIELDS},
    [HANDS] = {.name = "hands", .sight = SIGHT_MEMBER, .fields = one_field, .field_count = 1},
    [SECRETS] = {.name = "secrets",
                 .sight = SIGHT_ROLE,
                 .role = ROLE_OWNER,
                 .fields = one_field,
                 .field_count = 1},
    [LEDGER] = {.name = "ledger", .sight = SIGHT_SERVER, .fields = one_field, .field_count = 1},
};
static const struct event_rules events[] = {
    [CHAT] = {.name = "chat", .kept = 3},
    [WAVE] = {.name = "wave", .kept = 2, .presence = true},
};

struct rules kind;
const struct kinds game_kinds = {.rules = {&kind}, .count = 1};

static void (*doing)(void);

static void on_tick(struct room *one)
{
    (void)one;
    if (doing != NULL)
        doing();
    doing = NULL;
}

void in_tick(void (*what)(void))
{
    doing = what;
    tick();
}

bool rules_are_asked(void)
{
    return doing == NULL;
}

void setup_game(void)
{
    kind = (struct rules){.name = "game",
                          .tick_hz = 20,
                          .frame_hz = 20,
                          .collections = collections,
                          .collection_count = COUNT(collections),
                          .events = events,
                          .event_count = COUNT(events),
                          .tick_records = 8,
                          .tick_bytes = 64,
                          .tick = on_tick};
    options = (struct room_options){.rules = &kind, .incarnation = 7, .logs = true};
    kept = (struct kept_log){0};
    doing = NULL;
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    seat_both();
}

void expect_same_from_log(void)
{
    bool clean;
    kept_log_take(&kept, room);
    struct room *again = kept_log_replay(&kept, &options, &game_kinds, &clean);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++) {
        const struct scope *one = room->state.scopes[i], *two = again->state.scopes[i];
        if (i == SCOPE_PRESENCE || one == NULL)
            continue;
        ck_assert_uint_eq(two->stamp, one->stamp);
        ck_assert_uint_eq(two->slot_count, one->slot_count);
        ck_assert_uint_eq(two->slot_free, one->slot_free);
    }
    room_destroy(again);
}

void teardown_game(void)
{
    if (room != NULL)
        expect_same_from_log();
    teardown_logged();
}
struct bytes noted(const char *line)
{
    static uint8_t packed[8][MESSAGE_BYTES_MAX];
    static unsigned next;
    uint8_t *buffer = packed[next++ % 8];
    struct writer writer = writer_on(buffer, MESSAGE_BYTES_MAX);
    notation_pack(&writer, line);
    return writer_bytes(&writer);
}

struct field_value number_of(uint32_t field, int64_t number)
{
    return (struct field_value){.field = field, .number = number};
}

struct field_value packed_of(uint32_t field, const char *line)
{
    return (struct field_value){.field = field, .packed = noted(line)};
}

enum status put(int collection, uint32_t member, const char *id, struct field_value value)
{
    return room_put(room, collection, member, bytes_of(id), &value, 1);
}

enum status put_x(const char *id, int64_t x)
{
    return put(CARS, 0, id, number_of(CAR_X, x));
}

void every_value(void)
{
    const struct field_value values[] = {
        number_of(CAR_X, -1000),         number_of(CAR_ON, 1),
        packed_of(CAR_NAME, "'Ada'"),    packed_of(CAR_DATA, "x0102"),
        number_of(CAR_ANY, 7),           number_of(CAR_SUM, 10),
        packed_of(CAR_TRAIL, "[1 2 3]"), packed_of(CAR_PLACE, "[4 5]"),
    };
    ck_assert_int_eq(room_put(room, CARS, 0, bytes_of("a"), values, COUNT(values)), STATUS_OK);
}

void expect_number(int collection, uint32_t member, const char *id, uint32_t field, int64_t wanted)
{
    int64_t number = INT64_MIN;
    ck_assert(room_number(room, collection, member, bytes_of(id), field, &number));
    ck_assert_int_eq(number, wanted);
}
