/* check_rules_memory.c - what a room keeps for its rules, when it is written down, and what they tell
 * others: results and cards. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/log_read.h"
#include "sync/snapshot.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

static const struct field_rules score_fields[] = {{.name = "points", .type = FIELD_INT}};
static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE},
    {.name = "scores", .fields = score_fields, .field_count = 1},
};

struct game {
    uint64_t round;
    uint32_t began;
    uint32_t woken;
};

static struct rules kind;
static struct room_options options;
static struct room *room;
static struct kept_log kept;
static char heard[256];

static void hear(const char *what)
{
    strncat(heard, what, sizeof heard - strlen(heard) - 1);
    strncat(heard, " ", sizeof heard - strlen(heard) - 1);
}

static struct game *game_of(struct room *one)
{
    return room_memory(one);
}

static void on_created(struct room *one)
{
    hear("created");
    game_of(one)->began = 42;
}

static void on_woken(struct room *one)
{
    hear("woken");
    ck_assert_uint_eq(room_member_next(one, 0), 0);
    game_of(one)->woken++;
}

static void on_joined(struct room *one, uint32_t member)
{
    (void)one, (void)member;
    hear("joined");
}

static bool counting;
static void (*doing)(void);

static void on_tick(struct room *one)
{
    if (counting)
        game_of(one)->round++;
    if (doing != NULL)
        doing();
    doing = NULL;
}

static const struct kinds kinds = {.rules = {&kind}, .count = 1};

static void setup(void)
{
    kind = (struct rules){.name = "game",
                          .tick_hz = 20,
                          .frame_hz = 20,
                          .collections = collections,
                          .collection_count = 2,
                          .tick_records = 8,
                          .tick_bytes = 1024,
                          .memory_bytes = sizeof(struct game),
                          .memory_ticks = 4,
                          .created = on_created,
                          .woken = on_woken,
                          .joined = on_joined,
                          .tick = on_tick};
    options = (struct room_options){.rules = &kind, .incarnation = 7, .logs = true};
    kept = (struct kept_log){0};
    heard[0] = 0;
    counting = false;
    doing = NULL;
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    kept_log_take(&kept, room);
}

static void teardown(void)
{
    room_destroy(room);
    kept_log_free(&kept);
}

static void ticks(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        step(room);
        kept_log_take(&kept, room);
    }
}

static void in_tick(void (*what)(void))
{
    doing = what;
    ticks(1);
}

/* Something that has to be kept. */
static void put_score(void)
{
    struct field_value points = {.field = 0, .number = (int64_t)room_tick_number(room)};
    ck_assert_int_eq(room_put(room, 1, 0, bytes_of("a"), &points, 1), STATUS_OK);
}

static unsigned memories_logged(void)
{
    struct reader log = reader_on((struct bytes){kept.data, kept.length});
    struct log_entry entry;
    struct log_act act;
    unsigned count = 0;
    while (log_read_entry(&log, &entry)) {
        struct reader acts = reader_on(entry.acts);
        while (log_read_act(&acts, &act))
            count += act.act == ACT_MEMORY ? 1 : 0;
    }
    ck_assert_int_eq(reader_end(&log), STATUS_OK);
    return count;
}

/* The room as a crash leaves it, or its sleep: awake again in its place. */
static void come_back(bool clean)
{
    bool was_clean;
    struct room *again = kept_log_replay(&kept, &options, &kinds, &was_clean);
    ck_assert_int_eq(was_clean, clean);
    ck_assert_int_eq(room_wake(again, room_incarnation(room) + (clean ? 0 : 1)), STATUS_OK);
    room_destroy(room);
    room = again;
    kept_log_take(&kept, room);
}

static void sleep_and_wake(void)
{
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&kept, room);
    come_back(true);
}

/* --- Its life ------------------------------------------------------------------------------------- */

START_TEST(it_is_zero_before_the_rules_begin)
{
    ck_assert_uint_eq(game_of(room)->round, 0);
    ck_assert_uint_eq(game_of(room)->woken, 0);
    ck_assert_uint_eq(game_of(room)->began, 42);
    kind.memory_bytes = 0;
    kind.memory_ticks = 0;
    kind.created = NULL;
    struct room *without = room_create(&options);
    ck_assert_ptr_null(room_memory(without));
    room_destroy(without);
}
END_TEST

START_TEST(it_survives_sleep)
{
    counting = true;
    ticks(7);
    sleep_and_wake();
    ck_assert_uint_eq(game_of(room)->round, 7);
    ck_assert_uint_eq(game_of(room)->began, 42);
}
END_TEST

START_TEST(it_survives_a_snapshot)
{
    enum status status;
    counting = true;
    ticks(5);
    struct bytes bytes = snapshot_of(room);
    struct room *again = snapshot_read(&options, bytes, &status);
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_uint_eq(game_of(again)->round, 5);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    game_of(again)->round++;
    ck_assert_uint_ne(room_hash_kept(again), room_hash_kept(room));
    room_destroy(again);
    free((void *)(uintptr_t)bytes.data);
}
END_TEST

START_TEST(a_crash_takes_back_a_few_ticks_at_most)
{
    counting = true;
    ticks(20 + (unsigned)_i);
    come_back(false);
    ck_assert_uint_le(game_of(room)->round, 20 + (unsigned)_i);
    ck_assert_uint_gt(game_of(room)->round, 20 + (unsigned)_i - kind.memory_ticks);
}
END_TEST

START_TEST(a_log_that_was_compacted_has_it)
{
    counting = true;
    ticks(9);
    kept_log_compact(&kept, &options, &kinds);
    ticks(4);
    sleep_and_wake();
    ck_assert_uint_eq(game_of(room)->round, 13);
}
END_TEST

START_TEST(a_hole_in_the_log_ends_with_it)
{
    counting = true;
    ticks(2);
    room_log_stop(room);
    for (int i = 0; i < 10; i++)
        step(room);
    kept_log_resume(&kept, room);
    bool clean;
    struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
    ck_assert_uint_eq(game_of(again)->round, 12);
    room_destroy(again);
}
END_TEST

START_TEST(the_hash_in_the_log_counts_it)
{
    counting = true;
    ticks(6); /* one tick behind what was written down */
    ck_assert_int_eq(room_log_hash(room), STATUS_OK);
    ticks(2);
    sleep_and_wake();
    ck_assert_uint_eq(game_of(room)->round, 8);
}
END_TEST

/* --- When it is written down ---------------------------------------------------------------------- */

START_TEST(it_is_written_down_once_in_so_many_ticks)
{
    ck_assert_uint_eq(memories_logged(), 0);
    counting = true;
    ticks(1); /* at once, the first time */
    ck_assert_uint_eq(memories_logged(), 1);
    ticks(3);
    ck_assert_uint_eq(memories_logged(), 1);
    ticks(1);
    ck_assert_uint_eq(memories_logged(), 2);
    ticks(40);
    ck_assert_uint_eq(memories_logged(), 12);
}
END_TEST

START_TEST(it_is_not_written_down_while_it_stays_the_same)
{
    counting = true;
    ticks(1);
    counting = false;
    ticks(40);
    ck_assert_uint_eq(memories_logged(), 1);
    for (int i = 0; i < 40; i++)
        in_tick(put_score);
    ck_assert_uint_eq(memories_logged(), 1);
}
END_TEST

START_TEST(it_may_be_written_down_at_sleep_alone)
{
    kind.memory_ticks = 0;
    counting = true;
    ticks(50);
    ck_assert_uint_eq(memories_logged(), 1); /* without it there would be nothing to keep */
    sleep_and_wake();
    ck_assert_uint_eq(memories_logged(), 2);
    ck_assert_uint_eq(game_of(room)->round, 50);
}
END_TEST

/* 0: every so many ticks, 1: at sleep alone. */
START_TEST(what_it_began_with_is_nothing_to_keep)
{
    kind.memory_ticks = _i == 0 ? 4 : 0;
    join(room, 1, ROLE_EDITOR);
    ticks(10);
    ck_assert(room_is_blank(room));
    ck_assert_uint_eq(memories_logged(), 0);
    in_tick(put_score);
    ck_assert(!room_is_blank(room));
    ck_assert_uint_eq(memories_logged(), 1); /* with the first that is */
    come_back(false);
    ck_assert_uint_eq(game_of(room)->began, 42);
}
END_TEST

START_TEST(its_first_change_is_something_to_keep)
{
    ticks(3);
    ck_assert(room_is_blank(room));
    counting = true;
    ticks(1);
    ck_assert(!room_is_blank(room));
}
END_TEST

/* --- Waking --------------------------------------------------------------------------------------- */

START_TEST(rules_are_told_once_that_the_room_was_loaded)
{
    ticks(2);
    ck_assert_str_eq(heard, "created ");
    counting = true;
    ticks(1);
    sleep_and_wake();
    ck_assert_str_eq(heard, "created ");
    join(room, 1, ROLE_EDITOR);
    ticks(3);
    ck_assert_str_eq(heard, "created woken joined ");
    ck_assert_uint_eq(game_of(room)->woken, 1);
}
END_TEST

static unsigned asked;

static bool on_sound(const struct room *one, const void *memory)
{
    const struct game *game = memory;
    ck_assert_ptr_eq(memory, room_memory((struct room *)(uintptr_t)one));
    asked++;
    return game->round <= 100 && room_tick_number(one) > 0;
}

/* Below, at and above what the rules take. Awake it is theirs alone. */
START_TEST(a_memory_that_rules_do_not_take_is_cleared_before_they_wake)
{
    kind.sound = on_sound;
    asked = 0;
    ticks(3);
    game_of(room)->round = 99 + (uint64_t)_i;
    ticks(1);
    ck_assert_uint_eq(asked, 0);
    if (_i == 2)
        come_back(false); /* it has been awake for as long as memory_ticks */
    else
        sleep_and_wake();
    ck_assert_uint_eq(game_of(room)->round, 99 + (uint64_t)_i);
    ck_assert(room_is_sound(room) == (_i < 2));
    asked = 0;
    ticks(5);
    ck_assert_uint_eq(asked, 1);
    ck_assert_uint_eq(game_of(room)->round, _i < 2 ? 99 + (uint64_t)_i : 0);
    ck_assert_uint_eq(game_of(room)->began, _i < 2 ? 42 : 0);
    ck_assert_uint_eq(game_of(room)->woken, 1);
    ck_assert(room_is_sound(room));
    sleep_and_wake();
    ticks(1);
    ck_assert_uint_eq(game_of(room)->woken, 2);
}
END_TEST

/* 0: of the log, 1: of a snapshot. */
START_TEST(memory_of_another_size_is_another_kind)
{
    enum status status;
    bool clean;
    counting = true;
    ticks(5);
    struct bytes bytes = snapshot_of(room);
    kind.memory_bytes += 8;
    if (_i == 0) {
        struct replay replay = replay_begin(&options, &kinds);
        ck_assert_int_eq(replay_log(&replay, (struct bytes){kept.data, kept.length}), STATUS_KIND);
        ck_assert(replay.changed);
        ck_assert_ptr_null(replay_end(&replay, &clean, &status));
    } else {
        ck_assert_ptr_null(snapshot_read(&options, bytes, &status));
        ck_assert_int_eq(status, STATUS_KIND);
    }
    kind.memory_bytes -= 8; /* the room is still that one */
    free((void *)(uintptr_t)bytes.data);
}
END_TEST

/* Bytes of an act that says another size than the kind has. */
START_TEST(memory_that_does_not_fit_is_told)
{
    counting = true;
    ticks(1);
    uint8_t *there = memmem(kept.data, kept.length, "\x92\x0f\xc4\x10", 4);
    ck_assert_ptr_nonnull(there);
    there[3] = 15;
    memmove(there + 4, there + 5, (size_t)(kept.data + kept.length - there - 5));
    struct replay replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_log(&replay, (struct bytes){kept.data, kept.length - 1}), STATUS_KIND);
    replay_abandon(&replay);
}
END_TEST

/* --- Results -------------------------------------------------------------------------------------- */

static char long_text[256];

static struct bytes text_of(size_t length)
{
    memset(long_text, 'n', sizeof long_text);
    return (struct bytes){(const uint8_t *)long_text, length};
}

static struct bytes noted(const char *line)
{
    static uint8_t packed[1024];
    struct writer writer = writer_on(packed, sizeof packed);
    notation_pack(&writer, line);
    return writer_bytes(&writer);
}

static struct bytes details_of(size_t bytes)
{
    static uint8_t packed[1024];
    static const uint8_t zeros[1024];
    struct writer writer = writer_on(packed, sizeof packed);
    size_t head = bytes - 2 <= UINT8_MAX ? 2 : 3;
    pack_binary(&writer, (struct bytes){zeros, bytes - head});
    ck_assert_uint_eq(writer.length, bytes);
    return writer_bytes(&writer);
}

static enum status
result(struct bytes board, struct bytes name, int64_t score, struct bytes details)
{
    return room_result(room, board, name, score, details);
}

static void give_results(void)
{
    struct bytes none = {0};
    ck_assert_int_eq(result(bytes_of("laps"), bytes_of("Ada"), 61500, none), STATUS_OK);
    ck_assert_int_eq(result(bytes_of("laps"), bytes_of("Zo\xc3\xab"), -7, noted("{ 'car' 3 }")),
                     STATUS_OK);
}

struct told {
    unsigned count;
    uint64_t tick;
    char text[256];
};

static void take(void *context, const struct log_entry *entry, const struct log_result *result)
{
    struct told *told = context;
    size_t length = strlen(told->text);
    told->count++;
    told->tick = entry->tick;
    snprintf(told->text + length, sizeof told->text - length, "%.*s/%.*s/%lld/%zu ",
             (int)result->board.length, (const char *)result->board.data, (int)result->name.length,
             (const char *)result->name.data, (long long)result->score, result->details.length);
}

static struct told told_results(enum status expected)
{
    struct told told = {0};
    struct bytes log = {kept.data, kept.length};
    ck_assert_int_eq(log_results(log, take, &told), expected);
    return told;
}

START_TEST(results_are_read_from_the_log)
{
    ticks(3);
    in_tick(give_results);
    uint64_t tick = room_tick_number(room);
    ticks(1);
    ck_assert(!room_is_blank(room));
    struct told told = told_results(STATUS_OK);
    ck_assert_uint_eq(told.tick, tick);
    ck_assert_str_eq(told.text, "laps/Ada/61500/0 laps/Zo\xc3\xab/-7/6 ");
    come_back(false); /* a replay takes no notice */
    ck_assert_uint_eq(told_results(STATUS_OK).count, 2);
}
END_TEST

START_TEST(results_before_damage_are_told)
{
    in_tick(give_results);
    size_t good = kept.length;
    in_tick(give_results);
    kept.length--;
    ck_assert_int_ne(log_results((struct bytes){kept.data, kept.length}, take, &(struct told){0}),
                     STATUS_OK);
    struct told told = {0};
    enum status status = log_results((struct bytes){kept.data, kept.length}, take, &told);
    ck_assert_int_ne(status, STATUS_OK);
    ck_assert_uint_eq(told.count, 2);
    kept.length = good;
}
END_TEST

static void try_results(void)
{
    struct bytes none = {0}, a = bytes_of("a");
    ck_assert_int_eq(result(none, a, 1, none), STATUS_MALFORMED);
    ck_assert_int_eq(result(a, none, 1, none), STATUS_MALFORMED);
    ck_assert_int_eq(result(text_of(BOARD_BYTES_MAX + 1), a, 1, none), STATUS_MALFORMED);
    ck_assert_int_eq(result(a, text_of(RESULT_NAME_BYTES_MAX + 1), 1, none), STATUS_MALFORMED);
    ck_assert_int_eq(result(a, bytes_of("\xc3"), 1, none), STATUS_MALFORMED);
    ck_assert_int_eq(result(a, a, INTEGER_MAX + 1, none), STATUS_RANGE);
    ck_assert_int_eq(result(a, a, -INTEGER_MAX - 1, none), STATUS_RANGE);
    ck_assert_int_eq(result(a, a, 1, details_of(RESULT_DETAILS_BYTES_MAX + 1)), STATUS_LIMIT);
    ck_assert_int_eq(result(a, a, 1, noted("1 2")), STATUS_MALFORMED);
}

static void longest_result(void)
{
    ck_assert_int_eq(result(text_of(BOARD_BYTES_MAX), text_of(RESULT_NAME_BYTES_MAX), INTEGER_MAX,
                            details_of(RESULT_DETAILS_BYTES_MAX)),
                     STATUS_OK);
}

START_TEST(a_result_has_its_bounds)
{
    in_tick(try_results);
    ck_assert(room_is_blank(room));
    ck_assert_ptr_null(room_ended(room));
    in_tick(longest_result);
    ck_assert_uint_eq(told_results(STATUS_OK).count, 1);
}
END_TEST

static void too_many_results(void)
{
    for (unsigned i = 0; i < kind.tick_records; i++)
        ck_assert_int_eq(result(bytes_of("b"), bytes_of("n"), i, (struct bytes){0}), STATUS_OK);
    ck_assert_int_eq(result(bytes_of("b"), bytes_of("n"), 1, (struct bytes){0}), STATUS_LIMIT);
}

START_TEST(results_count_as_writes)
{
    in_tick(too_many_results);
    ck_assert_str_eq(room_ended(room), "the rules wrote more in a tick than their tick_records");
    ck_assert_uint_eq(told_results(STATUS_OK).count, kind.tick_records);
}
END_TEST

/* --- Cards ---------------------------------------------------------------------------------------- */

START_TEST(a_card_is_shown_while_the_room_is_awake)
{
    uint64_t before, after;
    ck_assert_uint_eq(room_card_shown(room, &before).length, 0);
    ck_assert_int_eq(room_card(room, noted("'monza'")), STATUS_OK);
    ck_assert(bytes_equal(room_card_shown(room, &after), noted("'monza'")));
    ck_assert_uint_ne(after, before);
    ck_assert_int_eq(room_card(room, noted("'monza'")), STATUS_OK);
    room_card_shown(room, &before);
    ck_assert_uint_eq(after, before);
    ck_assert_int_eq(room_card(room, noted("'spa'")), STATUS_OK);
    room_card_shown(room, &after);
    ck_assert_uint_ne(after, before);

    ck_assert_int_eq(room_card(room, details_of(CARD_BYTES_MAX + 1)), STATUS_LIMIT);
    ck_assert_int_eq(room_card(room, noted("1 2")), STATUS_MALFORMED);
    ck_assert(bytes_equal(room_card_shown(room, &after), noted("'spa'")));
    ck_assert_int_eq(room_card(room, details_of(CARD_BYTES_MAX)), STATUS_OK);
    ck_assert_uint_eq(room_card_shown(room, &after).length, CARD_BYTES_MAX);
    ck_assert_int_eq(room_card(room, (struct bytes){0}), STATUS_OK);
    ck_assert_uint_eq(room_card_shown(room, &after).length, 0);
    ck_assert(room_is_blank(room));
}
END_TEST

START_TEST(a_card_is_not_kept)
{
    uint64_t stamp;
    ck_assert_int_eq(room_card(room, noted("'monza'")), STATUS_OK);
    in_tick(put_score);
    sleep_and_wake();
    ck_assert_uint_eq(room_card_shown(room, &stamp).length, 0);
}
END_TEST

/* --- The end -------------------------------------------------------------------------------------- */

static const char *const reasons[] = {
    "over",
    "0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
    "12345678\xc3\xab",
};

static void end_room(void)
{
    room_end(room, reasons[1]);
    room_end(room, reasons[0]);
}

START_TEST(the_first_reason_holds_and_is_cut_between_characters)
{
    struct log_entry entry;
    struct log_act act = {0};
    in_tick(end_room);
    ck_assert_str_eq(room_ended(room), reasons[1]);
    ck_assert(!room_is_broken(room));
    struct reader log = reader_on((struct bytes){kept.data + kept.last, kept.length - kept.last});
    ck_assert(log_read_entry(&log, &entry));
    struct reader acts = reader_on(entry.acts);
    while (act.act != ACT_ENDED)
        ck_assert(log_read_act(&acts, &act));
    ck_assert_uint_eq(act.text.length, ROOM_REASON_BYTES_MAX - 1);
    ck_assert(!log_read_act(&acts, &act));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_memory");
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_add_test(memory, it_is_zero_before_the_rules_begin);
    tcase_add_test(memory, it_survives_sleep);
    tcase_add_test(memory, it_survives_a_snapshot);
    tcase_add_loop_test(memory, a_crash_takes_back_a_few_ticks_at_most, 0, 5);
    tcase_add_test(memory, a_log_that_was_compacted_has_it);
    tcase_add_test(memory, a_hole_in_the_log_ends_with_it);
    tcase_add_test(memory, the_hash_in_the_log_counts_it);
    tcase_add_test(memory, it_is_written_down_once_in_so_many_ticks);
    tcase_add_test(memory, it_is_not_written_down_while_it_stays_the_same);
    tcase_add_test(memory, it_may_be_written_down_at_sleep_alone);
    tcase_add_loop_test(memory, what_it_began_with_is_nothing_to_keep, 0, 2);
    tcase_add_test(memory, its_first_change_is_something_to_keep);
    tcase_add_test(memory, rules_are_told_once_that_the_room_was_loaded);
    tcase_add_loop_test(memory, a_memory_that_rules_do_not_take_is_cleared_before_they_wake, 0, 3);
    tcase_add_loop_test(memory, memory_of_another_size_is_another_kind, 0, 2);
    tcase_add_test(memory, memory_that_does_not_fit_is_told);
    suite_add_tcase(suite, memory);

    TCase *told = tcase_create("told");
    tcase_add_checked_fixture(told, setup, teardown);
    tcase_add_test(told, results_are_read_from_the_log);
    tcase_add_test(told, results_before_damage_are_told);
    tcase_add_test(told, a_result_has_its_bounds);
    tcase_add_test(told, results_count_as_writes);
    tcase_add_test(told, a_card_is_shown_while_the_room_is_awake);
    tcase_add_test(told, a_card_is_not_kept);
    tcase_add_test(told, the_first_reason_holds_and_is_cut_between_characters);
    suite_add_tcase(suite, told);

    return run_suite(suite);
}
