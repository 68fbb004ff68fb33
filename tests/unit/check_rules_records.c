/* check_rules_records.c - records and events that rules write by number, and how many they may. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/notation.h"

enum collection_number {
    PRESENCE,
    CARS,
    HANDS,
    SECRETS,
    LEDGER,
    NONE
};

enum {
    PRESENCE_X = 2,
    PRESENCE_NOTE = 3
};

enum car_field {
    CAR_X,
    CAR_ON,
    CAR_NAME,
    CAR_DATA,
    CAR_ANY,
    CAR_SUM,
    CAR_TRAIL,
    CAR_PLACE,
    CAR_FIELDS
};

enum event_number {
    CHAT,
    WAVE,
    NO_EVENT
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

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

static struct rules kind;
static struct room_options options;
static struct room *room;
static struct kept_log kept;
static uint32_t ada, bob;

/* What the next tick's rules do. */
static void (*doing)(void);

static void on_tick(struct room *one)
{
    (void)one;
    if (doing != NULL)
        doing();
    doing = NULL;
}

static void in_tick(void (*what)(void))
{
    doing = what;
    step(room);
    kept_log_take(&kept, room);
}

static const struct kinds kinds = {.rules = {&kind}, .count = 1};

static void setup(void)
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
    kept_log_take(&kept, room);
    ada = join(room, 1, ROLE_OWNER);
    bob = join(room, 2, ROLE_EDITOR);
    in_tick(NULL);
}

/* What was written down leads to the same records, stamps and slots. */
static void expect_same_from_log(void)
{
    bool clean;
    kept_log_take(&kept, room);
    struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
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

static void teardown(void)
{
    if (room != NULL)
        expect_same_from_log();
    room_destroy(room);
    kept_log_free(&kept);
}

/* --- Values --------------------------------------------------------------------------------------- */

static struct bytes noted(const char *line)
{
    static uint8_t packed[8][MESSAGE_BYTES_MAX];
    static unsigned next;
    uint8_t *buffer = packed[next++ % 8];
    struct writer writer = writer_on(buffer, MESSAGE_BYTES_MAX);
    notation_pack(&writer, line);
    return writer_bytes(&writer);
}

static struct field_value number_of(uint32_t field, int64_t number)
{
    return (struct field_value){.field = field, .number = number};
}

static struct field_value packed_of(uint32_t field, const char *line)
{
    return (struct field_value){.field = field, .packed = noted(line)};
}

static enum status put(int collection, uint32_t member, const char *id, struct field_value value)
{
    return room_put(room, collection, member, bytes_of(id), &value, 1);
}

static enum status put_x(const char *id, int64_t x)
{
    return put(CARS, 0, id, number_of(CAR_X, x));
}

static void every_value(void)
{
    const struct field_value values[] = {
        number_of(CAR_X, -1000),         number_of(CAR_ON, 1),
        packed_of(CAR_NAME, "'Ada'"),    packed_of(CAR_DATA, "x0102"),
        number_of(CAR_ANY, 7),           number_of(CAR_SUM, 10),
        packed_of(CAR_TRAIL, "[1 2 3]"), packed_of(CAR_PLACE, "[4 5]"),
    };
    ck_assert_int_eq(room_put(room, CARS, 0, bytes_of("a"), values, COUNT(values)), STATUS_OK);
}

static void
expect_number(int collection, uint32_t member, const char *id, uint32_t field, int64_t wanted)
{
    int64_t number = INT64_MIN;
    ck_assert(room_number(room, collection, member, bytes_of(id), field, &number));
    ck_assert_int_eq(number, wanted);
}

START_TEST(a_record_is_put_and_read_by_number)
{
    in_tick(every_value);
    expect_value(room, "cars", 0, "a", "x", "-1000");
    expect_value(room, "cars", 0, "a", "on", "true");
    expect_value(room, "cars", 0, "a", "name", "'Ada'");
    expect_value(room, "cars", 0, "a", "any", "7");
    expect_value(room, "cars", 0, "a", "trail", "[1 2 3]");
    expect_value(room, "cars", 0, "a", "place", "[4 5]");
    expect_number(CARS, 0, "a", CAR_X, -1000);
    expect_number(CARS, 0, "a", CAR_ON, 1);
    expect_number(CARS, 0, "a", CAR_ANY, 7);
    expect_number(CARS, 0, "a", CAR_SUM, 10);
    int64_t none;
    ck_assert(!room_number(room, CARS, 0, bytes_of("a"), CAR_NAME, &none));
    ck_assert(!room_number(room, CARS, 0, bytes_of("b"), CAR_X, &none));
    ck_assert(!room_number(room, CARS, 0, bytes_of("a"), CAR_FIELDS, &none));
    ck_assert(!room_number(room, NONE, 0, bytes_of("a"), 0, &none));
    ck_assert(!room_number(room, -1, 0, bytes_of("a"), 0, &none));
    struct field_view name = room_field(room, CARS, 0, bytes_of("a"), CAR_NAME);
    ck_assert(name.set && bytes_equal(name.packed, noted("'Ada'")));
    ck_assert_int_eq(room_field(room, CARS, 0, bytes_of("a"), CAR_TRAIL).number, 3);
    ck_assert(!room_field(room, CARS, 0, bytes_of("b"), CAR_X).set);
}
END_TEST

static void unset_some(void)
{
    const struct field_value values[] = {packed_of(CAR_X, "nil"), packed_of(CAR_TRAIL, "nil"),
                                         packed_of(CAR_NAME, "nil"), number_of(CAR_ON, 0)};
    ck_assert_int_eq(room_put(room, CARS, 0, bytes_of("a"), values, COUNT(values)), STATUS_OK);
}

START_TEST(nil_unsets_a_field)
{
    int64_t none;
    in_tick(every_value);
    in_tick(unset_some);
    ck_assert(!room_number(room, CARS, 0, bytes_of("a"), CAR_X, &none));
    ck_assert(!room_field(room, CARS, 0, bytes_of("a"), CAR_TRAIL).set);
    expect_value(room, "cars", 0, "a", "name", "nil");
    expect_number(CARS, 0, "a", CAR_ON, 0);
}
END_TEST

static void put_the_same_often(void)
{
    for (unsigned i = 0; i < 10 * kind.tick_records; i++) {
        ck_assert_int_eq(put_x("a", -1000), STATUS_OK);
        ck_assert_int_eq(put(CARS, 0, "a", packed_of(CAR_NAME, "'Ada'")), STATUS_OK);
    }
}

START_TEST(what_is_so_already_costs_nothing)
{
    in_tick(every_value);
    uint64_t stamp = room->state.scopes[SCOPE_EVERYONE]->stamp;
    size_t length = kept.length;
    in_tick(put_the_same_often);
    ck_assert_uint_eq(room->state.scopes[SCOPE_EVERYONE]->stamp, stamp);
    ck_assert_uint_eq(kept.length, length);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

/* A value that a member wrote becomes the server's. */
static void put_what_bob_did(void)
{
    ck_assert_int_eq(put_x("b", 5), STATUS_OK);
}

START_TEST(the_servers_word_counts_even_where_it_says_the_same)
{
    ck_assert_int_eq(outcome(room, bob, "[0 'cars' 'b' 'x' 5]"), STATUS_OK);
    ck_assert_uint_eq(room_field(room, CARS, 0, bytes_of("b"), CAR_X).author, 2);
    kept_log_take(&kept, room);
    in_tick(put_what_bob_did);
    ck_assert_uint_eq(room_field(room, CARS, 0, bytes_of("b"), CAR_X).author, 0);
}
END_TEST

static void try_wrong_values(void)
{
    const struct {
        struct field_value value;
        enum status status;
    } wrong[] = {
        {number_of(CAR_X, 1001), STATUS_RANGE},
        {number_of(CAR_X, -1001), STATUS_RANGE},
        {packed_of(CAR_X, "1001"), STATUS_RANGE},
        {packed_of(CAR_X, "'one'"), STATUS_TYPE},
        {number_of(CAR_ON, 2), STATUS_RANGE},
        {packed_of(CAR_ON, "1"), STATUS_TYPE},
        {number_of(CAR_NAME, 1), STATUS_TYPE},
        {packed_of(CAR_NAME, "'too long a name'"), STATUS_RANGE},
        {number_of(CAR_ANY, INTEGER_MAX + 1), STATUS_RANGE},
        {number_of(CAR_SUM, 11), STATUS_RANGE},
        {packed_of(CAR_TRAIL, "[1 2 3 4 5]"), STATUS_RANGE},
        {packed_of(CAR_TRAIL, "3"), STATUS_TYPE},
        {number_of(CAR_TRAIL, 3), STATUS_TYPE},
        {packed_of(CAR_PLACE, "['a']"), STATUS_TYPE},
        {number_of(CAR_FIELDS, 1), STATUS_NOT_FOUND},
        {packed_of(CAR_ANY, "1 2"), STATUS_MALFORMED},
        {{.field = CAR_ANY, .packed = {(const uint8_t *)"\xa5hell", 5}}, STATUS_MALFORMED},
    };
    for (unsigned i = 0; i < COUNT(wrong); i++) {
        const struct field_value both[] = {
            number_of(CAR_SUM == wrong[i].value.field ? CAR_X : CAR_SUM, 1), wrong[i].value};
        enum status status = room_put(room, CARS, 0, bytes_of("w"), both, 2);
        ck_assert_msg(status == wrong[i].status, "%u: %s", i, status_text(status));
    }
    const struct field_value twice[] = {number_of(CAR_X, 1), number_of(CAR_X, 2)};
    ck_assert_int_eq(room_put(room, CARS, 0, bytes_of("w"), twice, 2), STATUS_MALFORMED);
    ck_assert_int_eq(put_x("", 1), STATUS_MALFORMED);
    ck_assert_int_eq(put_x("with space", 1), STATUS_MALFORMED);
    ck_assert_int_eq(put_x("five-and-twenty-characters", 1), STATUS_MALFORMED);
    ck_assert_int_eq(put(NONE, 0, "w", number_of(0, 1)), STATUS_NOT_FOUND);
    ck_assert_int_eq(put(-1, 0, "w", number_of(0, 1)), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_remove(room, CARS, 0, bytes_of("w")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_remove(room, NONE, 0, bytes_of("w")), STATUS_NOT_FOUND);
}

START_TEST(what_cannot_be_is_refused_whole)
{
    size_t length = kept.length;
    in_tick(try_wrong_values);
    ck_assert_uint_eq(room_records(room), 0);
    ck_assert_uint_eq(kept.length, length);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

static void longest_id(void)
{
    ck_assert_int_eq(put_x("four-and-twenty-letters.", 3), STATUS_OK);
}

static void remove_it(void)
{
    ck_assert_int_eq(room_remove(room, CARS, 0, bytes_of("four-and-twenty-letters.")), STATUS_OK);
}

START_TEST(what_was_removed_is_made_again)
{
    for (int64_t x = 1; x < 4; x++) {
        in_tick(longest_id);
        expect_number(CARS, 0, "four-and-twenty-letters.", CAR_X, 3);
        in_tick(remove_it);
        ck_assert_uint_eq(room_records(room), 0);
    }
    ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'mine' 'x' 1]"), STATUS_OK);
    ck_assert_int_eq(outcome(room, ada, "[4 'cars' 'mine']"), STATUS_OK);
    kept_log_take(&kept, room);
}
END_TEST

/* --- Whose records -------------------------------------------------------------------------------- */

static void deal(void)
{
    ck_assert_int_eq(put(HANDS, 1, "h", number_of(0, 11)), STATUS_OK);
    ck_assert_int_eq(put(HANDS, 2, "h", number_of(0, 22)), STATUS_OK);
    ck_assert_int_eq(put(HANDS, 3, "h", number_of(0, 33)), STATUS_NOT_FOUND);
    ck_assert_int_eq(put(SECRETS, 0, "s", number_of(0, 4)), STATUS_OK);
    ck_assert_int_eq(put(LEDGER, 0, "l", number_of(0, 5)), STATUS_OK);
}

static void take_back(void)
{
    ck_assert_int_eq(room_remove(room, HANDS, 1, bytes_of("h")), STATUS_OK);
    ck_assert_int_eq(room_remove(room, HANDS, 3, bytes_of("h")), STATUS_NOT_FOUND);
}

START_TEST(a_private_record_is_its_members)
{
    int64_t none;
    in_tick(deal);
    expect_number(HANDS, 1, "h", 0, 11);
    expect_number(HANDS, 2, "h", 0, 22);
    expect_number(SECRETS, 0, "s", 0, 4);
    expect_number(LEDGER, 0, "l", 0, 5);
    ck_assert(!room_number(room, HANDS, 3, bytes_of("h"), 0, &none));
    in_tick(take_back);
    ck_assert(!room_number(room, HANDS, 1, bytes_of("h"), 0, &none));
    expect_number(HANDS, 2, "h", 0, 22);
}
END_TEST

static void note_presence(void)
{
    ck_assert_int_eq(put(PRESENCE, 1, "", packed_of(PRESENCE_NOTE, "'hi'")), STATUS_OK);
    ck_assert_int_eq(put(PRESENCE, 1, "1", packed_of(PRESENCE_NOTE, "'ho'")), STATUS_MALFORMED);
    ck_assert_int_eq(put(PRESENCE, 9, "", packed_of(PRESENCE_NOTE, "'ho'")), STATUS_NOT_FOUND);
    ck_assert_int_eq(put(PRESENCE, 1, "", number_of(PRESENCE_X, 3)), STATUS_DENIED);
    ck_assert_int_eq(put(PRESENCE, 1, "", packed_of(PRESENCE_USER, "'me'")), STATUS_DENIED);
    ck_assert_int_eq(put(PRESENCE, 1, "", packed_of(PRESENCE_AWAY, "true")), STATUS_DENIED);
    ck_assert_int_eq(room_remove(room, PRESENCE, 1, bytes_of("")), STATUS_DENIED);
}

START_TEST(presence_is_read_by_member_and_not_written_down)
{
    ck_assert_int_eq(presence(room, ada, "'x' 40"), STATUS_OK);
    expect_number(PRESENCE, 1, "", PRESENCE_X, 40);
    size_t length = kept.length;
    in_tick(note_presence);
    expect_value(room, "presence", 0, "1", "note", "'hi'");
    ck_assert_uint_eq(kept.length, length);
}
END_TEST

/* --- Members -------------------------------------------------------------------------------------- */

START_TEST(members_are_told_one_by_one)
{
    ck_assert_uint_eq(room_members(room), 2);
    ck_assert_uint_eq(room_member_next(room, 0), 1);
    ck_assert_uint_eq(room_member_next(room, 1), 2);
    ck_assert_uint_eq(room_member_next(room, 2), 0);
    ck_assert_uint_eq(room_member_next(room, 77), 0);
    ck_assert(room_member_here(room, 2) && !room_member_here(room, 3));
    ck_assert_int_eq(room_member_role(room, 1), ROLE_OWNER);
    ck_assert_int_eq(room_member_role(room, 2), ROLE_EDITOR);
    ck_assert_int_eq(room_member_role(room, 3), ROLE_VIEWER);
    ck_assert_uint_eq(room_member_user(room, 3).length, 0);

    struct hello hello = hello_of(3);
    hello.user = noted("'Cleo'");
    uint32_t cleo;
    ck_assert_int_eq(room_join(room, &hello, ROLE_VIEWER, &cleo), STATUS_OK);
    ck_assert_uint_eq(room_member_next(room, 2), 0); /* its join waits for the tick */
    room_leave(room, ada);
    in_tick(NULL);
    ck_assert(bytes_equal(room_member_user(room, 3), noted("'Cleo'")));
    ck_assert_uint_eq(room_member_next(room, 0), 2);
    ck_assert_uint_eq(room_member_next(room, 2), 3);
    ck_assert(!room_member_away(room, 2));
    room_disconnect(room, bob);
    in_tick(NULL);
    ck_assert(room_member_away(room, 2) && room_member_here(room, 2));
    bob = join(room, 2, ROLE_VIEWER);
    in_tick(NULL);
    ck_assert(!room_member_away(room, 2));
}
END_TEST

/* --- Events --------------------------------------------------------------------------------------- */

static void say_things(void)
{
    ck_assert_int_eq(room_emit(room, CHAT, 0, noted("'all'")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, CHAT, 2, noted("'bob'")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, WAVE, 0, noted("1")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, WAVE, 1, noted("2")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, NO_EVENT, 0, noted("1")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_emit(room, -1, 0, noted("1")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_emit(room, CHAT, 9, noted("1")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_emit(room, CHAT, 0, (struct bytes){0}), STATUS_MALFORMED);
    ck_assert_int_eq(room_emit(room, CHAT, 0, noted("1 2")), STATUS_MALFORMED);
}

START_TEST(events_go_to_all_or_to_one)
{
    uint64_t everyone = room->state.scopes[SCOPE_EVERYONE]->stamp;
    uint64_t waved = room->state.scopes[SCOPE_PRESENCE]->stamp;
    in_tick(say_things);
    ck_assert_uint_eq(room->state.scopes[SCOPE_EVERYONE]->stamp, everyone + 1);
    ck_assert_uint_eq(room->state.scopes[SCOPE_PRESENCE]->stamp, waved + 1);
    ck_assert_uint_eq(member_seat(room, 1)->client->mine->stamp, 1);
    ck_assert_uint_eq(member_seat(room, 2)->client->mine->stamp, 1);
}
END_TEST

static void wave(void)
{
    ck_assert_int_eq(room_emit(room, WAVE, 0, noted("1")), STATUS_OK);
}

START_TEST(what_goes_with_presence_is_not_written_down)
{
    size_t length = kept.length;
    in_tick(wave);
    ck_assert_uint_eq(kept.length, length);
    ck_assert(room_is_blank(room));
}
END_TEST

static char filler[2 * RECORD_BYTES_MAX];

/* A string or binary whose packed value is so many bytes. */
static struct bytes packed_string(size_t bytes)
{
    static uint8_t packed[2 * RECORD_BYTES_MAX];
    memset(filler, 'a', sizeof filler);
    struct writer writer = writer_on(packed, sizeof packed);
    pack_binary(&writer, (struct bytes){(const uint8_t *)filler, bytes - 3});
    ck_assert_uint_eq(writer.length, bytes);
    return writer_bytes(&writer);
}

static void longest_events(void)
{
    ck_assert_int_eq(room_emit(room, CHAT, 0, packed_string(EVENT_BYTES_MAX)), STATUS_OK);
    ck_assert_int_eq(room_emit(room, CHAT, 0, packed_string(EVENT_BYTES_MAX + 1)), STATUS_LIMIT);
}

START_TEST(an_event_has_a_longest_value)
{
    kind.tick_bytes = 2 * EVENT_BYTES_MAX;
    in_tick(longest_events);
    ck_assert_ptr_null(room_ended(room));
    ck_assert_uint_eq(room->state.scopes[SCOPE_EVERYONE]->stamp, 1);
}
END_TEST

static void largest_records(void)
{
    struct field_value value = {.field = CAR_DATA, .packed = packed_string(RECORD_BYTES_MAX)};
    ck_assert_int_eq(put(CARS, 0, "a", value), STATUS_OK);
    ck_assert_int_eq(put(CARS, 0, "a", packed_of(CAR_NAME, "'A'")), STATUS_LIMIT);
    value.packed = packed_string(RECORD_BYTES_MAX + 1);
    ck_assert_int_eq(put(CARS, 0, "b", value), STATUS_LIMIT);
    value.packed = packed_string(RECORD_BYTES_MAX - 2);
    ck_assert_int_eq(put(CARS, 0, "a", value), STATUS_OK);
    ck_assert_int_eq(put(CARS, 0, "a", packed_of(CAR_NAME, "'A'")), STATUS_OK);
}

START_TEST(a_record_has_a_largest_size)
{
    kind.tick_bytes = 4 * RECORD_BYTES_MAX;
    in_tick(largest_records);
    ck_assert_uint_eq(room_records(room), 1);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

/* --- How much ------------------------------------------------------------------------------------- */

static unsigned writes;
static enum status last;

/* Of all three sorts, each of them a change. */
static void write_some(void)
{
    static int changed;
    for (unsigned i = 0; i < writes; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%u", i);
        if (i % 4 == 2)
            last = room_emit(room, CHAT, 0, noted("nil"));
        else if (i % 4 == 3)
            last = room_remove(room, CARS, 0, bytes_of("r0"));
        else
            last = put_x(i == 4 ? "r0" : id, ++changed);
    }
}

START_TEST(more_records_than_declared_end_the_room)
{
    kind.tick_bytes = 1000;
    for (writes = kind.tick_records - 1; writes <= kind.tick_records; writes++) {
        in_tick(write_some);
        ck_assert_int_eq(last, STATUS_OK);
        ck_assert_ptr_null(room_ended(room));
    }
    in_tick(write_some);
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room), "the rules wrote more in a tick than their tick_records");
    in_tick(every_value); /* nobody asks them any more */
    ck_assert(doing != NULL);
    ck_assert(room_is_broken(room));
    struct replay replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_log(&replay, (struct bytes){kept.data, kept.length}), STATUS_OK);
    ck_assert(!replay.ended); /* what it has is kept */
    replay_abandon(&replay);
}
END_TEST

static size_t written;

static void write_bytes(void)
{
    struct field_value value = {.field = CAR_DATA, .packed = packed_string(written)};
    last = put(CARS, 0, "a", value);
}

START_TEST(more_bytes_than_declared_end_the_room)
{
    kind.tick_bytes = 1000;
    for (written = 999; written <= 1000; written++) {
        in_tick(write_bytes);
        ck_assert_int_eq(last, STATUS_OK);
        ck_assert_ptr_null(room_ended(room));
    }
    in_tick(write_bytes);
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room), "the rules wrote more in a tick than their tick_bytes");
}
END_TEST

static unsigned writes_for_member;

static void write_for_member(struct room *one, uint32_t member)
{
    char id[24];
    for (unsigned i = 0; i < writes_for_member; i++) {
        snprintf(id, sizeof id, "m%u-%u", member, i);
        struct field_value value = number_of(CAR_X, (int64_t)room_tick_number(one));
        last = room_put(one, CARS, 0, bytes_of(id), &value, 1);
    }
}

/* However many come and go in one tick, each of them has the same. */
START_TEST(what_is_written_about_a_member_is_its_own)
{
    kind.member_records = _i == 0 ? 3 : 0;
    unsigned most = _i == 0 ? 3 : kind.tick_records;
    kind.joined = write_for_member;
    writes_for_member = most;
    uint32_t seats[40];
    for (unsigned key = 10; key < 50; key++)
        seats[key - 10] = join(room, key, ROLE_EDITOR);
    in_tick(every_value);
    ck_assert_ptr_null(room_ended(room));
    ck_assert_uint_eq(room_records(room), 40 * most + 1);
    kind.left = write_for_member;
    kind.joined = NULL;
    for (unsigned i = 0; i < 40; i++)
        room_leave(room, seats[i]);
    in_tick(unset_some);
    ck_assert_ptr_null(room_ended(room));
    kind.joined = write_for_member;
    writes_for_member = most + 1;
    join(room, 60, ROLE_EDITOR);
    in_tick(NULL);
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_ptr_nonnull(room_ended(room));
}
END_TEST

static void set_timers(void)
{
    for (unsigned i = 0; i < TICK_TIMERS_MAX; i++)
        ck_assert_int_eq(room_set_timer(room, i % 3, 100), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 1, 100), STATUS_LIMIT);
}

static void ignore_timer(struct room *one, uint32_t timer)
{
    (void)one, (void)timer;
}

START_TEST(so_many_timers_are_set_in_a_tick)
{
    room_destroy(room);
    kept.length = kept.last = 0;
    kind.timer = ignore_timer;
    room = room_create(&options);
    in_tick(set_timers);
    in_tick(set_timers);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

/* --- Accept --------------------------------------------------------------------------------------- */

static enum status judgement;

static enum status on_accept(struct room *one, const struct edit_view *edit)
{
    struct field_value value = number_of(CAR_X, 1);
    (void)edit;
    if (judgement == STATUS_COUNT + 1)
        last = room_put(one, CARS, 0, bytes_of("x"), &value, 1);
    return judgement == STATUS_COUNT + 1 ? STATUS_OK : judgement;
}

START_TEST(a_judgement_is_a_status)
{
    kind.accept = on_accept;
    for (judgement = STATUS_OK; judgement < STATUS_COUNT; judgement++) {
        ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'a' 'x' 1]"), judgement);
        kept_log_take(&kept, room);
    }
    judgement = _i == 0 ? STATUS_COUNT : (enum status) - 1;
    ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'b' 'x' 1]"), STATUS_REFUSED);
    ck_assert_str_eq(room_ended(room), "the rules' accept returned a status that there is not");
    judgement = STATUS_OK;
    ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'b' 'x' 1]"), STATUS_REFUSED);
    ck_assert_uint_eq(room_records(room), 1);
}
END_TEST

START_TEST(a_judge_writes_nothing)
{
    kind.accept = on_accept;
    judgement = STATUS_COUNT + 1;
    outcome(room, ada, "[0 'cars' 'a' 'x' 1]");
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room), "the rules wrote in accept");
    ck_assert_uint_eq(room_records(room), 1);
}
END_TEST

/* --- The log -------------------------------------------------------------------------------------- */

static struct chance chance;

static void anything(void)
{
    for (unsigned i = 0; i < kind.tick_records; i++) {
        char id[8], line[64];
        snprintf(id, sizeof id, "r%u", chance_below(&chance, 6));
        snprintf(line, sizeof line, "'%.*s'", (int)chance_below(&chance, 60),
                 "a text that is sometimes short and sometimes is rather long");
        int64_t number = (int)chance_below(&chance, 5);
        uint32_t member = 1 + chance_below(&chance, 2);
        switch (chance_below(&chance, 9)) {
        case 0:
            (void)room_remove(room, CARS, 0, bytes_of(id));
            break;
        case 1:
            (void)room_remove(room, HANDS, member, bytes_of(id));
            break;
        case 2:
            (void)put(HANDS, member, id, number_of(0, number));
            break;
        case 3:
            (void)room_emit(room, (int)chance_below(&chance, 2), chance_below(&chance, 3),
                            noted(line));
            break;
        case 4:
            (void)put(CARS, 0, id, packed_of(CAR_ANY, line));
            break;
        case 5:
            (void)put(CARS, 0, id, packed_of(CAR_TRAIL, number > 2 ? "[1 2]" : "[]"));
            break;
        case 6:
            (void)put(CARS, 0, id, packed_of(CAR_NAME, "nil"));
            break;
        case 7:
            (void)put(CARS, 0, id, number_of(CAR_ON, number % 2));
            break;
        default:
            (void)put(CARS, 0, id, number_of(CAR_PLACE - 2, number)); /* CAR_SUM */
        }
    }
}

START_TEST(a_log_leads_to_the_same)
{
    kind.tick_bytes = 1000;
    chance = chance_of((uint64_t)_i + 1);
    for (int i = 0; i < 30; i++)
        in_tick(anything);
    ck_assert_ptr_null(room_ended(room));
    expect_same_from_log();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_records");
    TCase *records = tcase_create("records");
    tcase_add_checked_fixture(records, setup, teardown);
    tcase_add_test(records, a_record_is_put_and_read_by_number);
    tcase_add_test(records, nil_unsets_a_field);
    tcase_add_test(records, what_is_so_already_costs_nothing);
    tcase_add_test(records, the_servers_word_counts_even_where_it_says_the_same);
    tcase_add_test(records, what_cannot_be_is_refused_whole);
    tcase_add_test(records, what_was_removed_is_made_again);
    tcase_add_test(records, a_private_record_is_its_members);
    tcase_add_test(records, presence_is_read_by_member_and_not_written_down);
    tcase_add_test(records, members_are_told_one_by_one);
    tcase_add_test(records, events_go_to_all_or_to_one);
    tcase_add_test(records, what_goes_with_presence_is_not_written_down);
    suite_add_tcase(suite, records);

    TCase *limits = tcase_create("limits");
    tcase_add_checked_fixture(limits, setup, teardown);
    tcase_add_test(limits, an_event_has_a_longest_value);
    tcase_add_test(limits, a_record_has_a_largest_size);
    tcase_add_test(limits, more_records_than_declared_end_the_room);
    tcase_add_test(limits, more_bytes_than_declared_end_the_room);
    tcase_add_loop_test(limits, what_is_written_about_a_member_is_its_own, 0, 2);
    tcase_add_test(limits, so_many_timers_are_set_in_a_tick);
    tcase_add_loop_test(limits, a_judgement_is_a_status, 0, 2);
    tcase_add_test(limits, a_judge_writes_nothing);
    suite_add_tcase(suite, limits);

    TCase *log = tcase_create("log");
    tcase_add_checked_fixture(log, setup, teardown);
    tcase_add_loop_test(log, a_log_leads_to_the_same, 0, 20);
    suite_add_tcase(suite, log);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
