/* check_rerun.c - rules that run again over a log: all that they can see comes back, and what they do
 * otherwise is found where they do it first. */
#include "sync/rerun.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/kinds.h"
#include "sync/room_parts.h"
#include "tests/logged_room.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

/* --- A kind that looks at everything -------------------------------------------------------------- */

static const struct field_rules presence_fields[] = {
    {.name = "watch", .type = FIELD_BOOL, .logged = true},
    {.name = "speed", .type = FIELD_INT, .maximum = 1000, .logged = true},
    {.name = "note", .type = FIELD_ANY},
};
static const struct field_rules seen_fields[] = {
    {.name = "held", .type = FIELD_INT},  {.name = "away", .type = FIELD_INT},
    {.name = "speed", .type = FIELD_INT}, {.name = "watch", .type = FIELD_INT},
    {.name = "ticks", .type = FIELD_INT}, {.name = "who", .type = FIELD_ANY},
};
enum {
    SEEN_HELD,
    SEEN_AWAY,
    SEEN_SPEED,
    SEEN_WATCH,
    SEEN_TICKS,
    SEEN_WHO,
    SEEN_FIELDS
};
static const struct collection_rules collections[] = {
    {.name = "presence",
     .sight = SIGHT_PRESENCE,
     .learns = true,
     .fields = presence_fields,
     .field_count = 3},
    {.name = "seen", .server_only = true, .fields = seen_fields, .field_count = SEEN_FIELDS},
    {.name = "papers", .learns = true},
    {.name = "hands",
     .sight = SIGHT_MEMBER,
     .server_only = true,
     .fields = seen_fields,
     .field_count = 1},
};
enum {
    SEEN = 1,
    PAPERS = 2,
    HANDS = 3
};

struct watcher {
    uint64_t ticks;
    uint32_t joined, left;
};

/* What a test changes of the rules once the log is written. */
static int64_t extra_held;
static uint64_t extra_ticks;
static bool refuses, forgets, draws;

static void put(struct room *of,
                int collection,
                uint32_t member,
                const char *id,
                const struct field_value *values,
                uint32_t count)
{
    ck_assert_int_eq(room_put(of, collection, member, bytes_of(id), values, count), STATUS_OK);
}

static void look_at(struct room *of, uint32_t member)
{
    const struct watcher *watcher = room_memory(of);
    int64_t watch = 0, speed = 0;
    char id[16];
    room_number(of, 0, member, (struct bytes){0}, 2, &watch);
    room_number(of, 0, member, (struct bytes){0}, 3, &speed);
    snprintf(id, sizeof id, "m%u", member);
    struct field_value values[] = {
        {.field = SEEN_HELD, .number = extra_held + room_input_held(of, member)},
        {.field = SEEN_AWAY, .number = room_member_away(of, member)},
        {.field = SEEN_SPEED, .number = speed},
        {.field = SEEN_WATCH, .number = watch},
        {.field = SEEN_TICKS, .number = (int64_t)(watcher->ticks / 10)},
        {.field = SEEN_WHO, .packed = room_member_user(of, member)},
    };
    put(of, SEEN, 0, id, values, values[SEEN_WHO].packed.length > 0 ? SEEN_FIELDS : SEEN_WHO);
}

static void on_joined(struct room *of, uint32_t member)
{
    struct watcher *watcher = room_memory(of);
    struct field_value card = {.field = 0, .number = ++watcher->joined};
    put(of, HANDS, member, "card", &card, 1);
    look_at(of, member);
}

static void on_left(struct room *of, uint32_t member)
{
    struct watcher *watcher = room_memory(of);
    char id[16];
    watcher->left++;
    snprintf(id, sizeof id, "m%u", member);
    if (!forgets)
        ck_assert_int_eq(room_remove(of, SEEN, 0, bytes_of(id)), STATUS_OK);
}

static enum status on_accept(struct room *of, const struct edit_view *edit)
{
    const struct watcher *watcher = room_memory(of);
    (void)edit;
    return refuses || watcher->ticks % 7 == 0 ? STATUS_REFUSED : STATUS_OK;
}

static void on_timer(struct room *of, uint32_t timer)
{
    struct field_value ticks = {.field = SEEN_TICKS, .number = timer};
    put(of, SEEN, 0, "timer", &ticks, 1);
    ck_assert_int_eq(room_set_timer(of, timer % 5 + 1, 9), STATUS_OK);
}

static void on_created(struct room *of)
{
    ck_assert_int_eq(room_set_timer(of, 1, 4), STATUS_OK);
}

static void on_tick(struct room *of)
{
    struct watcher *watcher = room_memory(of);
    watcher->ticks += 1 + extra_ticks;
    for (uint32_t member = 0; (member = room_member_next(of, member)) != 0;)
        look_at(of, member);
    if (draws || watcher->ticks % 13 == 0)
        (void)room_random(of, 10);
}

static const struct input_rules input = {.value = {.type = FIELD_INT, .maximum = 100}, .hold = 4};
static struct rules watching;
static const struct kinds watchers = {.rules = {&watching, &kind_open, &kind_board, &kind_every},
                                      .count = 4};

static void setup(void)
{
    watching = (struct rules){.name = "watching",
                              .tick_hz = 20,
                              .frame_hz = 20,
                              .collections = collections,
                              .collection_count = 4,
                              .input = &input,
                              .tick_records = 64,
                              .tick_bytes = 8192,
                              .memory_bytes = sizeof(struct watcher),
                              .memory_ticks = 25,
                              .created = on_created,
                              .joined = on_joined,
                              .accept = on_accept,
                              .left = on_left,
                              .timer = on_timer,
                              .tick = on_tick};
    extra_held = 0;
    extra_ticks = 0;
    refuses = forgets = draws = false;
    options = (struct room_options){.rules = &watching,
                                    .incarnation = 3,
                                    .seed = 11,
                                    .grace_ticks = 9,
                                    .logs = true,
                                    .saves = true};
    kept = (struct kept_log){0};
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    kept_log_take(&kept, room);
}

static void ticks(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        tick();
}

static void say(uint32_t seat, const char *message)
{
    ck_assert_int_eq(submit(room, seat, message), STATUS_OK);
}

/* --- Running again -------------------------------------------------------------------------------- */

static struct rerun rerun;

static void run_again(void)
{
    rerun = rerun_begin(&options, &watchers, 0);
    ck_assert_int_eq(rerun_log(&rerun, log_bytes()), STATUS_OK);
}

static void expect_the_same(uint64_t least)
{
    run_again();
    ck_assert_msg(!rerun.differs, "tick %u, what %d: %s %s %s, acts %d and %d",
                  (unsigned)rerun.difference.tick, rerun.difference.what,
                  rerun.difference.collection, rerun.difference.record, rerun.difference.field,
                  rerun.difference.recorded_act, rerun.difference.made_act);
    ck_assert_uint_ge(rerun.ticks, least);
    rerun_abandon(&rerun);
}

static const struct rerun_difference *expect_difference(enum rerun_what what, uint64_t tick)
{
    run_again();
    ck_assert(rerun.differs);
    ck_assert_msg(rerun.difference.what == what, "%d at tick %u: %s %s %s", rerun.difference.what,
                  (unsigned)rerun.difference.tick, rerun.difference.collection,
                  rerun.difference.record, rerun.difference.field);
    ck_assert_uint_eq(rerun.difference.tick, tick);
    rerun_abandon(&rerun);
    return &rerun.difference;
}

static int64_t number_in(const struct rerun_value *value)
{
    struct reader reader = reader_on((struct bytes){value->packed, value->length});
    return read_integer(&reader);
}

/* Two members do a little of everything. */
static void play(void)
{
    ada = join(room, 1, ROLE_EDITOR);
    bob = join(room, 2, ROLE_OWNER);
    tick();
    say(ada, "[5 0 1 2 3]");
    ticks(9); /* held, and then none */
    say(ada, "[2 'watch' true 'speed' 7]");
    say(bob, "[2 'speed' 900 'note' 'hm' 'learnt' 1]");
    tick();
    say(bob, "[24 6]"); /* by three */
    say(bob, "[5 0 9]");
    tick();
    does(ada, "[0 'papers' 'a' 'f' 1]", STATUS_OK);
    room_disconnect(room, ada);
    ticks(3);
    ck_assert_uint_eq(join(room, 1, ROLE_VIEWER), ada);
    ticks(2);
    ck_assert_int_eq(room_set_role(room, ada, ROLE_EDITOR), STATUS_OK);
    ticks(40);
    room_disconnect(room, bob);
    ticks(12);
}

START_TEST(all_that_rules_can_see_comes_back)
{
    play();
    expect_the_same(70);
}
END_TEST

START_TEST(it_goes_on_through_sleep_and_crashes)
{
    bool clean;
    play();
    for (int round = 0; round < 2; round++) {
        if (round == 0) {
            room_leave(room, ada);
            tick();
            ck_assert_int_eq(room_sleep(room), STATUS_OK);
            kept_log_take(&kept, room);
        }
        struct room *again = kept_log_replay(&kept, &options, &watchers, &clean);
        ck_assert_int_eq(room_wake(again, options.incarnation + (uint64_t)round), STATUS_OK);
        room_destroy(room);
        room = again;
        kept_log_take(&kept, room);
        ada = join(room, 1, ROLE_EDITOR);
        ticks(60);
    }
    expect_the_same(180);
}
END_TEST

/* Its log says so, its snapshots, and what goes on from them; of another room nothing does. */
START_TEST(that_it_is_not_recorded_stays_with_the_room)
{
    bool clean;
    ck_assert(room_is_recorded(room) && !log_opens_unrecorded(log_bytes()));
    struct bytes ordinary = snapshot_of(room);
    room_destroy(room);
    kept_log_free(&kept);
    kept = (struct kept_log){0};
    options.unrecorded = true;
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    options.unrecorded = false; /* from here on the bytes say it */
    struct bytes snapshot = snapshot_of(room);
    ck_assert_uint_eq(snapshot.length, ordinary.length + 1);
    kept_log_take(&kept, room);
    ck_assert(log_opens_unrecorded(log_bytes()));
    play();
    expect_the_same(70);
    for (int compact = 0; compact < 2; compact++) {
        if (compact)
            kept_log_compact(&kept, &options, &watchers);
        struct room *again = kept_log_replay(&kept, &options, &watchers, &clean);
        ck_assert(!room_is_recorded(again));
        room_destroy(again);
    }
    free((void *)(uintptr_t)snapshot.data);
    free((void *)(uintptr_t)ordinary.data);
}
END_TEST

START_TEST(behind_a_hole_they_go_on_with_what_the_log_says)
{
    play();
    room_log_stop(room);
    uint32_t cyd = join(room, 3, ROLE_EDITOR);
    for (int i = 0; i < 7; i++)
        step(room);
    say(cyd, "[2 'watch' true]");
    say(cyd, "[5 9 9 9 9]");
    step(room);
    uint32_t dan = join(room, 4, ROLE_EDITOR); /* waits while the log begins anew */
    kept_log_resume(&kept, room);
    ticks(30);
    room_leave(room, dan);
    ticks(9);
    expect_the_same(100);
}
END_TEST

START_TEST(they_begin_in_the_middle_where_the_log_has_their_memory)
{
    play();
    uint64_t before = room_tick_number(room);
    struct bytes snapshot = snapshot_of(room);
    ticks(60);
    room_leave(room, ada);
    ticks(20);
    rerun = rerun_begin(&options, &watchers, 0);
    ck_assert_int_eq(rerun_snapshot(&rerun, snapshot), STATUS_OK);
    ck_assert_int_eq(rerun_log(&rerun, log_bytes()), STATUS_OK);
    ck_assert(!rerun.differs);
    ck_assert_uint_gt(rerun.ticks, 50);
    ck_assert_uint_lt(rerun.ticks, room_tick_number(room) - before); /* the memory came later */
    rerun_abandon(&rerun);
    free((void *)(uintptr_t)snapshot.data);
}
END_TEST

static uint64_t tick_of(enum act wanted, uint64_t from);

static bool takes_none(const struct room *of, const void *memory)
{
    (void)of;
    return memory == NULL;
}

/* From another place of the log on nobody knows what they would do. */
START_TEST(they_do_not_begin_with_a_memory_that_they_do_not_take)
{
    bool exact;
    play();
    uint64_t from = room_tick_number(room);
    ticks(60);
    watching.sound = takes_none;
    for (int moment = 0; moment < 2; moment++) {
        rerun = rerun_begin(&options, &watchers, from);
        rerun.moment = moment == 1;
        ck_assert_int_eq(rerun_log(&rerun, log_bytes()), STATUS_OK);
        ck_assert_uint_eq(rerun.ticks, 0);
        ck_assert(rerun.differs == (moment == 0));
        if (rerun.differs) {
            ck_assert_int_eq(rerun.difference.what, RERUN_UNSOUND);
            ck_assert_uint_eq(rerun.difference.tick, tick_of(ACT_MEMORY, from));
        }
        struct replay replay = rerun_end(&rerun, &exact);
        ck_assert(!exact);
        replay_abandon(&replay);
    }
}
END_TEST

/* The same of a memory in front of a hash, which the replay has not seen yet. */
START_TEST(nor_with_one_that_stands_with_a_hash)
{
    play();
    while (room_logged(room) != room_tick_number(room))
        tick();
    uint64_t from = room_tick_number(room);
    ck_assert_int_eq(room_log_hash(room), STATUS_OK);
    ticks(3);
    watching.sound = takes_none;
    rerun = rerun_begin(&options, &watchers, from);
    ck_assert_int_eq(rerun_log(&rerun, log_bytes()), STATUS_OK);
    ck_assert(rerun.differs);
    ck_assert_int_eq(rerun.difference.what, RERUN_UNSOUND);
    ck_assert_uint_eq(rerun.difference.tick, from);
    rerun_abandon(&rerun);
}
END_TEST

/* What was loaded they cleared, and do so again. */
START_TEST(a_memory_that_was_cleared_when_the_room_woke_is_cleared_again)
{
    bool clean;
    watching.sound = takes_none;
    play();
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&kept, room);
    struct room *again = kept_log_replay(&kept, &options, &watchers, &clean);
    ck_assert_int_eq(room_wake(again, 4), STATUS_OK);
    room_destroy(room);
    room = again;
    kept_log_take(&kept, room);
    ticks(20);
    ck_assert_uint_lt(((const struct watcher *)room_memory(room))->ticks, 30);
    play();
    expect_the_same(100);
}
END_TEST

static void add_entry(const char *line)
{
    uint8_t entry[256];
    struct writer writer = writer_on(entry, sizeof entry);
    notation_pack(&writer, line);
    kept.data = realloc(kept.data, kept.length + writer.length);
    memcpy(kept.data + kept.length, entry, writer.length);
    kept.length += writer.length;
}

/* Ticks that the log has nothing of; rules that come to them have seen enough. */
static enum rerun_end until_silent(void *context, struct room *ticked)
{
    const uint64_t *silent = context;
    if (ticked->tick >= *silent)
        return RERUN_OVER;
    room_tick(ticked);
    return RERUN_WELL;
}

/* A log that says so costs no years. */
START_TEST(rules_are_not_run_for_ever)
{
    static const uint64_t silences[] = {RERUN_TICKS_MAX - 1, RERUN_TICKS_MAX, RERUN_TICKS_MAX + 1,
                                        UINT64_C(1) << 50};
    char line[128];
    play();
    uint64_t tick = room_logged(room);
    uint64_t since = silences[_i] + 1;
    snprintf(line, sizeof line, "[%llu %llu 1000 [10 x0102030405060708]]",
             (unsigned long long)(tick + since), (unsigned long long)since);
    add_entry(line);
    rerun = rerun_begin(&options, &watchers, 0);
    rerun.tick = until_silent;
    rerun.context = &tick;
    ck_assert_int_eq(rerun_log(&rerun, log_bytes()), STATUS_OK);
    ck_assert(!rerun.differs);
    ck_assert_uint_eq(rerun.last, tick);
    ck_assert(rerun.over == (silences[_i] <= RERUN_TICKS_MAX));
    rerun_abandon(&rerun);
}
END_TEST

/* An old log lacks what rules can see. */
START_TEST(nothing_runs_over_a_log_that_does_not_tell_all)
{
    play();
    struct bytes log = log_bytes();
    struct reader reader = reader_on(log);
    read_array(&reader);
    for (int i = 0; i < 3; i++)
        read_integer(&reader);
    read_array(&reader);
    read_integer(&reader);
    read_string(&reader);
    read_array(&reader);
    uint8_t *format = kept.data + reader.at;
    ck_assert_uint_eq(*format, LOG_FORMAT);
    *format = LOG_FORMAT_COMPLETE - 1;
    run_again();
    ck_assert(!rerun.differs);
    ck_assert_uint_eq(rerun.ticks, 0);
    bool exact;
    struct replay replay = rerun_end(&rerun, &exact);
    ck_assert(!exact);
    replay_abandon(&replay);
}
END_TEST

/* --- Other kinds ---------------------------------------------------------------------------------- */

static void in_room_of(const struct rules *rules, uint32_t records)
{
    room_destroy(room);
    kept_log_free(&kept);
    options.rules = rules;
    options.limits.records = records;
    room = room_create(&options);
    kept_log_take(&kept, room);
    seat_both();
}

START_TEST(what_found_no_room_finds_none_again)
{
    in_room_of(&kind_open, 3);
    does(ada, "[0 'shapes' 'a' 'x' 1] [0 'shapes' 'b' 'x' 2]", STATUS_OK);
    does(bob, "[0 'shapes' 'c' 'x' 1] [0 'shapes' 'd' 'x' 2]", STATUS_LIMIT);
    does(bob, "[0 'shapes' 'c' 'x' 1]", STATUS_OK);
    does(ada, "[1 'shapes' 'none' 'x' 1]", STATUS_NOT_FOUND);
    ck_assert_int_eq(presence(room, ada, "'mood' 'good' 'hat' 1"), STATUS_OK);
    kept_log_take(&kept, room);
    does(ada, "[1 'shapes' 'a' 'y' 1] [5 'chat' 0 'hi']", STATUS_OK);
    does(ada, "[5 'chat' 7 'nobody']", STATUS_NOT_FOUND);
    expect_the_same(8);
}
END_TEST

START_TEST(a_board_is_judged_again)
{
    in_room_of(&kind_board, 0);
    does(ada, "[0 'objects' 'a' 'type' 1 'z' 'a0' 'x' 0 'y' 0 'w' 8 'h' 8 'lock' 2]", STATUS_OK);
    does(bob, "[1 'objects' 'a' 'x' 8]", STATUS_LOCKED);
    does(bob, "[0 'objects' 'b' 'type' 1]", STATUS_INCOMPLETE);
    sleeps();
    expect_the_same(4);
}
END_TEST

START_TEST(rules_with_timers_and_chance_do_the_same_again)
{
    in_room_of(&kind_every, 0);
    does(ada, "[0 'hands' 'h' 'card' 1]", STATUS_OK);
    for (int i = 0; i < 130; i++)
        tick();
    sleeps();
    expect_the_same(130);
}
END_TEST

/* --- Rules that are not what they were ------------------------------------------------------------- */

/* Where the first entry with such an act is, from a tick on. */
static uint64_t tick_of(enum act wanted, uint64_t from)
{
    struct reader log = reader_on(log_bytes());
    struct log_entry entry;
    while (log_read_entry(&log, &entry)) {
        struct reader acts = reader_on(entry.acts);
        struct log_act act;
        while (entry.tick >= from && log_read_act(&acts, &act))
            if (act.act == wanted)
                return entry.tick;
    }
    ck_abort_msg("there is none");
    return 0;
}

START_TEST(a_field_is_named_with_both_values)
{
    play();
    extra_held = 3;
    const struct rerun_difference *difference =
        expect_difference(RERUN_FIELD, tick_of(ACT_HERE, 0));
    ck_assert_str_eq(difference->collection, "seen");
    ck_assert_str_eq(difference->record, "m1");
    ck_assert_str_eq(difference->field, "held");
    ck_assert_int_eq(number_in(&difference->recorded), 0);
    ck_assert_int_eq(number_in(&difference->made), 3);
}
END_TEST

START_TEST(a_record_that_should_be_gone_is_named)
{
    play();
    forgets = true;
    const struct rerun_difference *difference =
        expect_difference(RERUN_RECORD, tick_of(ACT_LEFT, 0));
    ck_assert_str_eq(difference->record, "m2");
    ck_assert(!difference->recorded.there);
    ck_assert(difference->made.there);
}
END_TEST

START_TEST(an_outcome_is_told_with_whose_it_is)
{
    play();
    refuses = true;
    const struct rerun_difference *difference =
        expect_difference(RERUN_OUTCOME, tick_of(ACT_OPERATION, 0));
    ck_assert_uint_eq(difference->member, 1);
    ck_assert_int_eq(difference->recorded_status, STATUS_OK);
    ck_assert_int_eq(difference->made_status, STATUS_REFUSED);
}
END_TEST

START_TEST(a_byte_of_memory_is_told)
{
    ticks(60);
    uint64_t first = tick_of(ACT_MEMORY, 0);
    extra_ticks = 256;
    const struct rerun_difference *difference = expect_difference(RERUN_MEMORY, first);
    ck_assert_uint_eq(difference->at, 1);
    ck_assert_int_ne(number_in(&difference->recorded), number_in(&difference->made));
}
END_TEST

START_TEST(chance_that_is_asked_where_it_was_not_is_found)
{
    play();
    draws = true;
    const struct rerun_difference *difference = expect_difference(RERUN_ACT, 2);
    ck_assert(difference->made_acts);
    ck_assert_int_eq(difference->made_act, ACT_RANDOM);
}
END_TEST

/* --- Moments -------------------------------------------------------------------------------------- */

/* The room with its memory is the one that was, at every tick, also between two entries. */
START_TEST(a_moment_is_the_room_as_it_was)
{
    static uint8_t memories[256][sizeof(struct watcher)];
    uint64_t hashes[256];
    ada = join(room, 1, ROLE_EDITOR);
    for (uint64_t at = room_tick_number(room) + 1; at < 120; at++) {
        tick();
        if (at == 50)
            say(ada, "[2 'watch' true]");
        hashes[at] = room_hash_kept(room);
        memcpy(memories[at], room_memory(room), sizeof(struct watcher));
    }
    for (uint64_t at = 2; at < 120; at++) {
        bool exact, clean;
        enum status status;
        struct replay replay =
            rerun_moment(&options, &watchers, (struct bytes){0}, log_bytes(), at, &exact);
        ck_assert(exact);
        struct room *then = replay_end(&replay, &clean, &status);
        ck_assert_ptr_nonnull(then);
        ck_assert_uint_eq(room_tick_number(then), at);
        ck_assert_mem_eq(room_memory(then), memories[at], sizeof(struct watcher));
        ck_assert_uint_eq(room_hash_kept(then), hashes[at]);
        room_destroy(then);
    }
}
END_TEST

START_TEST(where_rules_have_changed_a_moment_has_the_memory_of_the_log)
{
    play();
    extra_held = 1;
    bool exact;
    uint64_t at = room_tick_number(room);
    struct replay replay =
        rerun_moment(&options, &watchers, (struct bytes){0}, log_bytes(), at, &exact);
    ck_assert(!exact);
    ck_assert_int_eq(replay.status, STATUS_OK);
    ck_assert_uint_eq(room_tick_number(replay_room(&replay)), at);
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_moment_that_the_log_does_not_lead_to_says_why)
{
    bool exact;
    play();
    struct bytes log = log_bytes();
    log.length--;
    struct replay replay =
        rerun_moment(&options, &watchers, (struct bytes){0}, log, UINT64_MAX >> 12, &exact);
    ck_assert_int_ne(replay.status, STATUS_OK);
    replay_abandon(&replay);
}
END_TEST

/* --- Memory ---------------------------------------------------------------------------------------- */

START_TEST(without_memory_it_says_so)
{
    play();
    struct counted_memory counted = {.left = UINT64_MAX};
    struct room_options own = options;
    own.memory = memory_counted(&counted);
    enum status status = STATUS_MEMORY;
    for (uint64_t blocks = 0; status == STATUS_MEMORY; blocks++) {
        counted.left = blocks;
        struct rerun one = rerun_begin(&own, &watchers, 0);
        status = rerun_log(&one, log_bytes());
        rerun_abandon(&one);
        ck_assert_uint_eq(counted.live, 0);
    }
    ck_assert_int_eq(status, STATUS_OK);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("rerun");
    tcase_add_checked_fixture(tcase, setup, teardown_logged);
    tcase_add_test(tcase, all_that_rules_can_see_comes_back);
    tcase_add_test(tcase, it_goes_on_through_sleep_and_crashes);
    tcase_add_test(tcase, that_it_is_not_recorded_stays_with_the_room);
    tcase_add_test(tcase, behind_a_hole_they_go_on_with_what_the_log_says);
    tcase_add_test(tcase, they_begin_in_the_middle_where_the_log_has_their_memory);
    tcase_add_test(tcase, they_do_not_begin_with_a_memory_that_they_do_not_take);
    tcase_add_test(tcase, nor_with_one_that_stands_with_a_hash);
    tcase_add_test(tcase, a_memory_that_was_cleared_when_the_room_woke_is_cleared_again);
    tcase_add_loop_test(tcase, rules_are_not_run_for_ever, 0, 4);
    tcase_add_test(tcase, nothing_runs_over_a_log_that_does_not_tell_all);
    tcase_add_test(tcase, what_found_no_room_finds_none_again);
    tcase_add_test(tcase, a_board_is_judged_again);
    tcase_add_test(tcase, rules_with_timers_and_chance_do_the_same_again);
    tcase_add_test(tcase, a_field_is_named_with_both_values);
    tcase_add_test(tcase, a_record_that_should_be_gone_is_named);
    tcase_add_test(tcase, an_outcome_is_told_with_whose_it_is);
    tcase_add_test(tcase, a_byte_of_memory_is_told);
    tcase_add_test(tcase, chance_that_is_asked_where_it_was_not_is_found);
    tcase_add_test(tcase, a_moment_is_the_room_as_it_was);
    tcase_add_test(tcase, where_rules_have_changed_a_moment_has_the_memory_of_the_log);
    tcase_add_test(tcase, a_moment_that_the_log_does_not_lead_to_says_why);
    tcase_add_test(tcase, without_memory_it_says_so);
    Suite *suite = suite_create("rerun");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
