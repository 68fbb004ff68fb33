/* check_inputs_log.c - which inputs are written down, and what a replay has of them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/replay_parts.h"
#include "sync/room_parts.h"
#include "sync/snapshot_parts.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

static struct room_options options;
static struct room *room;
static struct kept_log kept;
static uint32_t ada, bob;

static void tick(void)
{
    step(room);
    kept_log_take(&kept, room);
}

static void setup(void)
{
    options = (struct room_options){.rules = &kind_mixed, .incarnation = 1, .logs = true};
    kept = (struct kept_log){0};
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    kept_log_take(&kept, room);
    ada = join(room, 1, ROLE_EDITOR);
    bob = join(room, 2, ROLE_EDITOR);
    tick(); /* tick 2: the opening takes one */
}

static void teardown(void)
{
    room_destroy(room);
    kept_log_free(&kept);
}

static void say(uint32_t seat, const char *message)
{
    ck_assert_int_eq(submit(room, seat, message), STATUS_OK);
}

/* All acts of inputs in the log: "tick/seat=number", "tick/seat" where none is in force any more. */
static void expect_acts(const char *wanted)
{
    char got[1024] = "";
    struct reader log = reader_on((struct bytes){kept.data, kept.length});
    struct log_entry entry;
    while (log_read_entry(&log, &entry)) {
        struct reader acts = reader_on(entry.acts);
        struct log_act act;
        while (log_read_act(&acts, &act)) {
            if (act.act != ACT_INPUT)
                continue;
            struct reader input = reader_on(act.input);
            size_t length = strlen(got);
            length += (size_t)snprintf(got + length, sizeof got - length, "%d/%u", (int)entry.tick,
                                       act.seat);
            if (read_type(&input) == PACK_INTEGER)
                length += (size_t)snprintf(got + length, sizeof got - length, "=%d",
                                           (int)read_integer(&input));
            snprintf(got + length, sizeof got - length, " ");
        }
    }
    ck_assert_int_eq(reader_end(&log), STATUS_OK);
    ck_assert_str_eq(got, wanted);
}

static struct replay replayed(void)
{
    struct kinds kinds = {.rules = {&kind_mixed}, .count = 1};
    struct replay replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_log(&replay, (struct bytes){kept.data, kept.length}), STATUS_OK);
    return replay;
}

/* A replay of all that was logged shows what the room shows. */
static void expect_replayed(void)
{
    struct replay replay = replayed();
    const struct room *again = replay_room(&replay);
    for (uint32_t member = 1; member <= 3; member++)
        ck_assert(bytes_equal(room_input(again, member), room_input(room, member)));
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    replay_abandon(&replay);
}

START_TEST(the_log_holds_the_changes_and_no_more)
{
    say(ada, "[5 1 7 7 8]"); /* ticks 3 to 5: the welcome's tick was 1 */
    say(bob, "[5 2 0]");
    for (int i = 3; i <= 9; i++) {
        tick();
        expect_replayed();
    }
    expect_acts("3/0=7 4/1=0 5/0=8 7/1 8/0 ");
    struct kept_log before = kept;
    tick();
    ck_assert_uint_eq(kept.length, before.length); /* and no entry for nothing */
}
END_TEST

/* "tick/seat held", "tick/seat own": all acts that tell so. */
static void expect_held(const char *wanted)
{
    char got[1024] = "";
    struct reader log = reader_on((struct bytes){kept.data, kept.length});
    struct log_entry entry;
    while (log_read_entry(&log, &entry)) {
        struct reader acts = reader_on(entry.acts);
        struct log_act act;
        size_t length = strlen(got);
        while (log_read_act(&acts, &act))
            if (act.act == ACT_HELD)
                length += (size_t)snprintf(got + length, sizeof got - length, "%d/%u %s ",
                                           (int)entry.tick, act.seat, act.held ? "held" : "own");
    }
    ck_assert_str_eq(got, wanted);
}

/* The kind holds them for two ticks. */
START_TEST(the_log_tells_whether_an_input_is_held)
{
    say(ada, "[5 1 7]"); /* tick 3, held in 4, its own again in 5 */
    tick();
    tick();
    say(ada, "[5 1 7 7]");
    for (int i = 5; i <= 9; i++) {
        tick();
        struct replay replay = replayed();
        replay_pass(&replay, room_tick_number(room));
        ck_assert_uint_eq(room_input_held(replay_room(&replay), 1), room_input_held(room, 1));
        replay_abandon(&replay);
    }
    expect_acts("3/0=7 9/0 ");
    expect_held("4/0 held 5/0 own 7/0 held ");
}
END_TEST

START_TEST(a_new_connection_holds_nothing_of_the_one_before)
{
    say(ada, "[5 1 7]");
    tick();
    ck_assert_uint_eq(join(room, 1, ROLE_EDITOR), ada);
    tick();
    ck_assert_uint_eq(room_input(room, 1).length, 0);
    expect_acts("3/0=7 4/0 ");
    expect_held("");
}
END_TEST

START_TEST(what_ends_with_a_connection_or_a_seat_is_written_down)
{
    say(ada, "[5 1 1 2 3 4 5]");
    say(bob, "[5 1 1 2 3 4 5]");
    tick();
    room_disconnect(room, ada);
    tick();
    expect_replayed();
    room_leave(room, bob);
    tick();
    expect_replayed();
    expect_acts("3/0=1 3/1=1 4/0 4/1=2 5/1 ");
}
END_TEST

START_TEST(behind_a_hole_the_log_has_what_is_in_force)
{
    say(ada, "[5 1 1 1 1 1 1]");
    tick();
    room_log_stop(room);
    say(bob, "[5 2 6 6 6]");
    step(room);
    step(room);
    kept_log_resume(&kept, room);
    expect_replayed();
    tick();
    tick();
    expect_replayed();
    expect_acts("3/0=1 ");
}
END_TEST

/* It would be taken for one of a tick that comes round to the same place. */
START_TEST(what_came_for_the_tick_of_a_resumed_log_is_lost)
{
    tick();
    room_leave(room, bob);
    tick(); /* something to be written down: the entry that comes needs a tick of its own */
    ck_assert_uint_eq(room_logged(room), room_tick_number(room));
    uint64_t taken = room_input_counts(room)->taken;
    say(ada, "[5 3 7]");
    ck_assert_uint_eq(room_input_counts(room)->taken, taken + 1); /* for the very next */
    room_log_stop(room);
    kept_log_resume(&kept, room);
    for (unsigned i = 0; i <= INPUT_AHEAD_MAX; i++) {
        tick();
        ck_assert_uint_eq(room_input(room, room_seat_member(room, ada)).length, 0);
    }
    expect_replayed();
}
END_TEST

/* --- Snapshots ------------------------------------------------------------------------------------------ */

static struct replay loaded(struct bytes snapshot, enum status *status)
{
    struct kinds kinds = {.rules = {&kind_mixed}, .count = 1};
    struct replay replay = replay_begin(&options, &kinds);
    *status = replay_snapshot(&replay, snapshot);
    return replay;
}

START_TEST(a_snapshot_has_what_is_in_force)
{
    enum status status;
    say(bob, "[5 1 6]");
    tick();
    struct bytes snapshot = snapshot_of(room);
    struct replay replay = loaded(snapshot, &status);
    ck_assert_int_eq(status, STATUS_OK);
    for (uint32_t member = 1; member <= 2; member++)
        ck_assert(bytes_equal(room_input(replay_room(&replay), member), room_input(room, member)));
    ck_assert_uint_gt(room_input(room, 2).length, 0);
    struct bytes second = snapshot_of(replay_room(&replay)); /* as the archive makes them */
    struct replay again = loaded(second, &status);
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert(bytes_equal(room_input(replay_room(&again), 2), room_input(room, 2)));
    replay_abandon(&replay);
    replay_abandon(&again);
    free((void *)(uintptr_t)snapshot.data);
    free((void *)(uintptr_t)second.data);
}
END_TEST

/* Behind what a snapshot has up to its clients, by format; seats 0 and 1 are taken. */
static const struct {
    int format;
    const char *tail;
    enum status status;
} tails[] = {
    {SNAPSHOT_FORMAT_BARE, "5", STATUS_OK},
    {SNAPSHOT_FORMAT_BARE, "5 0 7", STATUS_OK},
    {SNAPSHOT_FORMAT_BARE, "5 0 7 1 x00", STATUS_OK},
    {SNAPSHOT_FORMAT_BARE, "5 1 x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d",
     STATUS_OK},
    {SNAPSHOT_FORMAT_BARE, "5 1 x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
     STATUS_MALFORMED},
    {SNAPSHOT_FORMAT_BARE, "5 0 nil", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT_BARE, "5 0", STATUS_TRUNCATED},
    {SNAPSHOT_FORMAT_BARE, "5 0 7 0 7", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT_BARE, "5 1 7 0 7", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT_BARE, "5 2 7", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT_BARE, "5 -1 7", STATUS_MALFORMED},
    /* loaded, complete, forked from; how many seats; seat, role, input, held, here, user; presence's stamp */
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 0 false nil 1 1 nil 0 false nil 5", STATUS_OK},
    {SNAPSHOT_FORMAT, "true false 'a' 3 9 2 0 1 7 2 false 'ada' 1 3 nil 0 false nil 5", STATUS_OK},
    {SNAPSHOT_FORMAT, "false true 'a' 0 9 2 0 1 7 2 false 'ada' 1 3 nil 0 false nil 5",
     STATUS_MALFORMED},
    {SNAPSHOT_FORMAT, "false true '' 1 0 1 7 0 false nil 5", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 0 false nil 0 1 nil 0 false nil 5", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 0 false nil 2 1 nil 0 false nil 5", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT, "false true '' 2 0 4 7 0 false nil 1 1 nil 0 false nil 5", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 -1 false nil 1 1 nil 0 false nil 5", STATUS_MALFORMED},
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 0 false nil 1 1 nil 0", STATUS_TRUNCATED},
    /* here: user, away, fields that rules look at, of which this kind has none */
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 0 true 'ada' true 0 1 1 nil 0 true nil false 0 5",
     STATUS_OK},
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 0 true 'ada' true 1 2 7 1 1 nil 0 false nil 5",
     STATUS_MALFORMED},
    {SNAPSHOT_FORMAT, "false true '' 2 0 1 7 0 true 'ada' true 1 99 7 1 1 nil 0 false nil 5",
     STATUS_MALFORMED},
};

START_TEST(damage_in_a_snapshot_of_inputs_is_found)
{
    uint8_t bytes[4096];
    enum status status;
    struct bytes snapshot = snapshot_of(room);
    struct writer behind = writer_on(NULL, SIZE_MAX);
    snapshot_write_life(room, &behind);
    snapshot_write_seats(room, &behind);
    pack_integer(&behind, (int64_t)room->state.scopes[SCOPE_PRESENCE]->stamp);
    struct bytes clients = {snapshot.data, snapshot.length - behind.length};
    struct writer writer = writer_on(bytes, sizeof bytes);
    pack_raw(&writer, clients, 1);
    notation_pack(&writer, tails[_i].tail);
    bytes[0] = (uint8_t)tails[_i].format;
    struct replay replay = loaded(writer_bytes(&writer), &status);
    ck_assert_msg(status == tails[_i].status, "%s: %s", tails[_i].tail, status_text(status));
    replay_abandon(&replay);
    free((void *)(uintptr_t)snapshot.data);
}
END_TEST

START_TEST(a_room_in_which_nothing_but_inputs_came_is_blank)
{
    say(ada, "[5 1 1 2 3]");
    for (int i = 0; i < 5; i++)
        tick();
    ck_assert(room_is_blank(room));
    ck_assert_int_eq(outcome(room, ada, "[0 'papers' 'p']"), STATUS_OK);
    ck_assert(!room_is_blank(room));
}
END_TEST

/* Beside so many acts, each as long as one may be, what else a tick sets aside is little. */
#define MANY 1800u

/* For the next tick. */
static void say_longest(uint32_t seat, uint8_t byte)
{
    uint8_t value[INPUT_BYTES_MAX - 2] = {byte};
    uint8_t message[INPUT_BYTES_MAX + 8];
    struct seat *of = &room->seats[seat];
    uint64_t next = of->has_inputs ? of->inputs->next : of->welcomed + 1;
    struct writer writer = writer_on(message, sizeof message);
    pack_array(&writer, 3);
    pack_integer(&writer, CLIENT_INPUTS);
    pack_integer(&writer, (int64_t)(room->tick + 1 - next));
    pack_binary(&writer, (struct bytes){value, sizeof value});
    ck_assert_int_eq(room_submit(room, seat, writer_bytes(&writer)), STATUS_OK);
}

/* It fills slowly, so that each length of the log is met before its memory grows again. */
START_TEST(a_room_full_of_inputs_fits_the_memory_of_its_tick)
{
    struct input_rules wide = {
        .value = {.type = FIELD_BINARY, .maximum = INPUT_BYTES_MAX - 2},
    };
    struct rules kind = kind_mixed;
    kind.input = &wide;
    teardown();
    options.rules = &kind;
    room = room_create(&options);
    for (uint32_t count = 0; count < MANY; count++) {
        ck_assert_uint_eq(join(room, 1 + count, ROLE_EDITOR), count);
        if (count % 20 != 0)
            continue;
        for (uint32_t seat = 0; seat <= count; seat++)
            say_longest(seat, (uint8_t)(count / 20));
        tick();
        ck_assert_ptr_null(room_ended(room));
    }
    ck_assert_uint_eq(room_input(room, 1).length, INPUT_BYTES_MAX);
    expect_replayed();
}
END_TEST

/* Whole entries of one act; the room stands at tick 2. */
static const struct {
    const char *act;
    enum status status;
} damages[] = {
    {"[14 0 7]", STATUS_OK},
    {"[14 0 nil]", STATUS_OK},
    {"[14 1 x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d]", STATUS_OK},
    {"[14 1 x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e]", STATUS_MALFORMED},
    {"[14 2 7]", STATUS_MALFORMED},
    {"[14 -1 7]", STATUS_MALFORMED},
    {"[14 0]", STATUS_MALFORMED},
    {"[14 0 7 7]", STATUS_MALFORMED},
};

START_TEST(damage_in_an_input_is_found)
{
    char line[256];
    uint8_t entry[256];
    snprintf(line, sizeof line, "[3 1 1000 %s]", damages[_i].act);
    struct writer writer = writer_on(entry, sizeof entry);
    notation_pack(&writer, line);
    struct replay replay = replayed();
    ck_assert_int_eq(replay_log(&replay, writer_bytes(&writer)), damages[_i].status);
    replay_abandon(&replay);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_log_holds_the_changes_and_no_more);
    tcase_add_test(tcase, the_log_tells_whether_an_input_is_held);
    tcase_add_test(tcase, a_new_connection_holds_nothing_of_the_one_before);
    tcase_add_test(tcase, what_ends_with_a_connection_or_a_seat_is_written_down);
    tcase_add_test(tcase, behind_a_hole_the_log_has_what_is_in_force);
    tcase_add_test(tcase, what_came_for_the_tick_of_a_resumed_log_is_lost);
    tcase_add_test(tcase, a_snapshot_has_what_is_in_force);
    tcase_add_loop_test(tcase, damage_in_a_snapshot_of_inputs_is_found, 0,
                        (int)(sizeof tails / sizeof tails[0]));
    tcase_add_test(tcase, a_room_in_which_nothing_but_inputs_came_is_blank);
    tcase_add_test(tcase, a_room_full_of_inputs_fits_the_memory_of_its_tick);
    tcase_add_loop_test(tcase, damage_in_an_input_is_found, 0,
                        (int)(sizeof damages / sizeof damages[0]));
    Suite *suite = suite_create("inputs_log");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
