/* check_room_log.c - a room built from its log is the room that wrote it; damage gives a status. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "sync/snapshot.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/notation.h"

static struct room_options options;
static struct room *room;
static struct kept_log kept;
static uint32_t ada, bob;

static const struct kinds kinds = {.rules = {&kind_open, &kind_every}, .count = 2};

static void setup(void)
{
    options = (struct room_options){.rules = &kind_every,
                                    .limits = {.tombstones = 4, .clients = 3},
                                    .incarnation = 7,
                                    .logs = true,
                                    .saves = true};
    kept = (struct kept_log){0};
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

static void teardown(void)
{
    room_destroy(room);
    kept_log_free(&kept);
}

static void tick(void)
{
    step(room);
    kept_log_take(&kept, room);
}

static void seat_both(void)
{
    kept_log_take(&kept, room);
    ada = join(room, 1, ROLE_OWNER);
    bob = join(room, 2, ROLE_EDITOR);
    tick();
}

static void does(uint32_t seat, const char *edits, enum status status)
{
    ck_assert_int_eq(outcome(room, seat, edits), status);
    kept_log_take(&kept, room);
}

static void sleeps(void)
{
    room_leave(room, ada);
    room_leave(room, bob);
    tick();
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&kept, room);
}

static struct bytes log_bytes(void)
{
    return (struct bytes){kept.data, kept.length};
}

static enum status replay_all(struct replay *replay, struct bytes bytes)
{
    *replay = replay_begin(&options, &kinds);
    return replay_log(replay, bytes);
}

/* A snapshot but for what it says of presence, which is not logged. */
static struct bytes without_presence(const struct room *of, struct bytes snapshot)
{
    uint64_t stamp = of->state.scopes[SCOPE_PRESENCE]->stamp;
    return (struct bytes){snapshot.data, snapshot.length - pack_integer_bytes((int64_t)stamp)};
}

static void expect_same(const struct room *again)
{
    struct bytes one = snapshot_of(room), two = snapshot_of(again);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    ck_assert(bytes_equal(without_presence(room, one), without_presence(again, two)));
    free((void *)one.data);
    free((void *)two.data);
}

/* --- Each act -------------------------------------------------------------------------------------- */

static void opened(void)
{
    kept_log_take(&kept, room);
}

static void joined_and_left(void)
{
    seat_both();
    room_leave(room, ada);
    tick();
    join(room, 3, ROLE_VIEWER);
    tick();
    join(room, 1, ROLE_EDITOR);
    tick();
}

/* More than are remembered, and the first of them once more. */
static void forgotten(void)
{
    kept_log_take(&kept, room);
    for (unsigned key = 1; key <= 8; key++) {
        uint32_t seat = join(room, key % 7 + 1, ROLE_EDITOR);
        tick();
        does(seat, "[0 'hands' 'h' 'cards' 3] [0 'papers' 'p' 'v' 1]", STATUS_OK);
        does(seat, "[1 'hands' 'none' 'cards' 3]", STATUS_NOT_FOUND);
        room_leave(room, seat);
        tick();
    }
}

static void in_roles(void)
{
    seat_both();
    ck_assert_int_eq(room_set_role(room, bob, ROLE_OWNER), STATUS_OK);
    tick();
    does(bob, "[0 'secrets' 's' 'v' 1]", STATUS_OK);
}

static void written(void)
{
    seat_both();
    does(ada, "[0 'shapes' 'a' 'n' 1 'text' 'abc' 'any' 'longer than eight' 'points' [1 2]]",
         STATUS_OK);
    does(ada, "[2 'shapes' 'a' 'points' 3 4] [3 'shapes' 'a' 'votes' 2]", STATUS_OK);
    does(bob, "[0 'papers' 'p' 'q' 0.1 'r' [[[1]]]] [0 'texts' 't' 'x' nil]", STATUS_OK);
    does(bob, "[33 'papers' 'p' 1 'q' 2] [5 'chat' 0 'hello'] [5 'chat' 1 'only ada']", STATUS_OK);
    does(ada, "[4 'shapes' 'a']", STATUS_OK);
    for (int i = 0; i < 12; i++)
        does(ada, i % 2 == 0 ? "[0 'papers' 'z' 'q' 1]" : "[4 'papers' 'z']",
             i == 0 || i == 1 ? STATUS_OK : STATUS_DELETED);
}

static void pruned(void)
{
    char line[64];
    seat_both();
    for (int i = 0; i < 24; i++) {
        snprintf(line, sizeof line, i % 2 == 0 ? "[0 'papers' 'p%d']" : "[4 'papers' 'p%d']",
                 i / 2 % 6);
        outcome(room, ada, line);
        kept_log_take(&kept, room);
    }
    ck_assert_uint_gt(room->state.scopes[SCOPE_EVERYONE]->horizon, 0);
}

static void refused(void)
{
    seat_both();
    does(ada, "[1 'papers' 'none' 'f' 1]", STATUS_NOT_FOUND);
    does(bob, "[0 'new' 'a' 'f' 1] [1 'papers' 'none']", STATUS_NOT_FOUND);
    does(bob, "[1 'papers' 'none' 'f' [[[[[[[1]]]]]]]]", STATUS_NOT_FOUND);
}

static void deep(void)
{
    seat_both();
    does(bob, "[0 'papers' 'p' 'f' [[[[[[[1]]]]]]]]", STATUS_OK);
    does(bob, "[0 'papers' 'q' 'f' 2]", STATUS_OK);
}

static void edited_by_rules(void)
{
    seat_both();
    ck_assert_int_eq(server_edit(room, 0, "[0 'weather' 'there' 'wind' 3 'rain' [[[[[[[1]]]]]]]]"),
                     STATUS_OK);
    ck_assert_int_eq(server_edit(room, 2, "[0 'hands' 'h' 'cards' 9]"), STATUS_OK);
    ck_assert_int_eq(server_edit(room, 0, "[0 'ledger' 'l' 'new' 1] [5 'arrival' 2 'you']"),
                     STATUS_OK);
    ck_assert_int_eq(server_edit(room, 0, "[1 'presence' '1' 'hat' 'red']"), STATUS_OK);
    tick();
}

static void taught_by_presence(void)
{
    seat_both();
    ck_assert_int_eq(presence(room, ada, "'mood' 'good' 'hat' 'red'"), STATUS_OK);
    kept_log_take(&kept, room);
    does(bob, "[0 'papers' 'p' 'w' 2]", STATUS_OK);
}

static void timed(void)
{
    seat_both();
    for (int i = 0; i < 200; i++)
        tick();
    does(ada, "[0 'papers' 'p']", STATUS_OK);
}

static void slept_and_woken(void)
{
    for (uint64_t incarnation = 8; incarnation < 11; incarnation++) {
        seat_both();
        does(ada, "[32 'shapes' 'a' 0 'n' 1] [0 'hands' 'h' 'cards' 1]", STATUS_OK);
        does(ada, "[4 'shapes' 'a']", STATUS_OK);
        for (int i = 0; i < 30; i++)
            tick();
        sleeps();
        bool clean;
        struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
        ck_assert(clean);
        ck_assert_int_eq(room_wake(again, incarnation), STATUS_OK);
        room_destroy(room);
        room = again;
        kept_log_take(&kept, room);
    }
}

static void hashed(void)
{
    seat_both();
    does(ada, "[0 'hands' 'h' 'cards' 1]", STATUS_OK);
    ck_assert_int_eq(room_log_hash(room), STATUS_OK);
    tick();
}

/* Much happens, and nothing of it is written down. */
static uint32_t play_in_a_hole(void)
{
    room_log_stop(room);
    uint32_t cyd = join(room, 3, ROLE_EDITOR);
    step(room);
    outcome(room, ada, "[0 'papers' 'unseen' 'f' 1] [0 'learnt' 'l' 'g' 2] [4 'shapes' 'a']");
    outcome(room, ada, "[1 'papers' 'none' 'f' 1]");
    ck_assert_int_eq(presence(room, ada, "'mood' 'good'"), STATUS_OK);
    room_leave(room, bob);
    for (int i = 0; i < 130; i++)
        step(room); /* the wind turns */
    return cyd;
}

static void with_holes(void)
{
    seat_both();
    for (int i = 0; i < 2; i++) {
        does(ada, "[0 'shapes' 'a' 'n' 1 'points' [1 2]]", i == 0 ? STATUS_OK : STATUS_DELETED);
        play_in_a_hole();
        kept_log_resume(&kept, room);
        does(ada, "[0 'papers' 'after' 'f' 1] [0 'hands' 'h' 'cards' 3]", STATUS_OK);
        bob = join(room, 2, ROLE_EDITOR);
        tick();
    }
}

static void asleep_behind_a_hole(void)
{
    seat_both();
    room_leave(room, play_in_a_hole());
    room_leave(room, ada);
    step(room);
    kept_log_resume(&kept, room);
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&kept, room);
}

static void (*const pasts[])(void) = {
    opened,          joined_and_left,
    forgotten,       in_roles,
    written,         pruned,
    refused,         deep,
    timed,           edited_by_rules,
    hashed,          taught_by_presence,
    with_holes,      asleep_behind_a_hole,
    slept_and_woken,
};
#define PASTS ((int)(sizeof pasts / sizeof pasts[0]))

START_TEST(a_log_leads_to_the_room_that_wrote_it)
{
    struct replay replay;
    pasts[_i]();
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert_uint_eq(replay.wall_ms, 1000 + 50 * room_logged(room));
    expect_same(replay_room(&replay));
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_snapshot_stands_for_all_before_it_and_what_it_has_is_skipped)
{
    pasts[_i]();
    struct bytes whole = log_bytes();
    struct replay early, late;
    enum status status;
    for (size_t length = 1; length <= whole.length; length++) {
        if (replay_all(&early, (struct bytes){whole.data, length}) == STATUS_OK) {
            struct bytes snapshot = snapshot_of(replay_room(&early));
            late = replay_begin(&options, &kinds);
            ck_assert_int_eq(replay_snapshot(&late, snapshot), STATUS_OK);
            status = replay_log(&late, whole);
            ck_assert_msg(status == STATUS_OK, "at %zu: %s", length, status_text(status));
            expect_same(replay_room(&late));
            replay_abandon(&late);
            free((void *)snapshot.data);
        }
        replay_abandon(&early);
    }
}
END_TEST

START_TEST(an_ended_room_is_told_from_others)
{
    struct replay replay;
    seat_both();
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert(!replay.ended);
    replay_abandon(&replay);
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_end(room, "game over");
    tick();
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert(replay.ended);
    replay_abandon(&replay);
}
END_TEST

START_TEST(the_kind_stands_first)
{
    seat_both();
    ck_assert(bytes_equal(log_kind(log_bytes()), bytes_of("every")));
    struct bytes last = {kept.data + kept.last, kept.length - kept.last};
    ck_assert_uint_eq(log_kind(last).length, 0);
    ck_assert_uint_eq(log_kind((struct bytes){0}).length, 0);
}
END_TEST

START_TEST(a_log_may_begin_with_all_that_the_room_is)
{
    struct replay replay;
    seat_both();
    play_in_a_hole();
    kept_log_resume(&kept, room);
    struct bytes behind = {kept.data + kept.last, kept.length - kept.last};
    ck_assert(bytes_equal(log_kind(behind), bytes_of("every")));
    ck_assert_int_eq(replay_all(&replay, behind), STATUS_OK);
    expect_same(replay_room(&replay));
    replay_abandon(&replay);
}
END_TEST

/* --- Logs that do not fit -------------------------------------------------------------------------- */

START_TEST(a_missing_entry_is_found)
{
    struct replay replay;
    seat_both();
    does(ada, "[0 'papers' 'p']", STATUS_OK);
    size_t from = kept.last, to = kept.length;
    does(ada, "[0 'papers' 'q']", STATUS_OK);
    memmove(kept.data + from, kept.data + to, kept.length - to);
    kept.length -= to - from;
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_NOT_FOUND);
    replay_abandon(&replay);
}
END_TEST

START_TEST(another_state_than_was_logged_is_found)
{
    struct replay replay;
    seat_both();
    does(ada, "[0 'papers' 'p' 'f' 'what was written']", STATUS_OK);
    sleeps();
    uint8_t *there = memmem(kept.data, kept.length, "what was", 8);
    ck_assert_ptr_nonnull(there);
    there[0] = 'W';
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_REFUSED);
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_log_of_another_kind_is_not_read)
{
    struct replay replay;
    seat_both();
    uint8_t *there = memmem(kept.data, kept.length, "every", 5);
    memcpy(there, "evary", 5);
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_KIND);
    replay_abandon(&replay);
}
END_TEST

static struct room *replayed_under(struct room_limits limits, bool *clean)
{
    options.limits = limits;
    struct room *again = kept_log_replay(&kept, &options, &kinds, clean);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    ck_assert_uint_eq(again->options.limits.tombstones, limits.tombstones);
    return again;
}

/* What was forgotten stays so, what was remembered too, and seats may be more than are allowed now:
 * only what comes after goes by the new limits. */
START_TEST(under_other_limits_a_room_is_the_same_but_not_clean)
{
    static const struct room_limits others[] = {
        {.tombstones = 1, .clients = 1, .members = 1},
        {.tombstones = 100, .clients = 100},
        {.tombstones = 4, .clients = 2},
        {.tombstones = 3, .clients = 3},
    };
    bool clean;
    forgotten();
    pruned();
    sleeps();
    room_destroy(replayed_under(options.limits, &clean));
    ck_assert(clean);
    struct room *again = replayed_under(others[_i], &clean);
    ck_assert(!clean);
    ck_assert_int_eq(room_wake(again, 9), STATUS_OK);
    kept_log_take(&kept, again);
    join(again, 40, ROLE_EDITOR);
    step(again);
    kept_log_take(&kept, again);
    ck_assert_uint_le(again->client_count, others[_i].clients + 1);
    room_destroy(room);
    room = again;
    room_destroy(replayed_under(others[_i], &clean));
}
END_TEST

START_TEST(another_format_is_not_clean)
{
    seat_both();
    sleeps();
    struct bytes name = bytes_of("every");
    uint8_t *format = (uint8_t *)memmem(kept.data, kept.length, name.data, name.length) + 6;
    ck_assert_uint_eq(*format, LOG_FORMAT);
    *format = LOG_FORMAT + 1;
    bool clean;
    room_destroy(kept_log_replay(&kept, &options, &kinds, &clean));
    ck_assert(!clean);
}
END_TEST

/* The same name, and another field: 0 of the log's kind, 1 of that of its snapshot, 2 of that behind a
 * hole. */
static struct kinds changed_kinds(void)
{
    static struct collection_rules collections[8];
    static struct rules changed;
    changed = kind_every;
    ck_assert_uint_le(changed.collection_count, sizeof collections / sizeof collections[0]);
    memcpy(collections, kind_every.collections, changed.collection_count * sizeof collections[0]);
    collections[1].role = ROLE_ADMIN;
    changed.collections = collections;
    return (struct kinds){.rules = {&changed}, .count = 1};
}

START_TEST(a_kind_that_declares_other_names_than_then_is_told)
{
    seat_both();
    play_in_a_hole();
    kept_log_resume(&kept, room);
    struct bytes behind = {kept.data + kept.last, kept.length - kept.last};
    struct bytes snapshot = snapshot_of(room);
    struct kinds changed = changed_kinds();
    struct replay replay = replay_begin(&options, &changed);
    enum status status = _i == 1 ? replay_snapshot(&replay, snapshot)
                                 : replay_log(&replay, _i == 0 ? log_bytes() : behind);
    ck_assert_int_eq(status, STATUS_KIND);
    ck_assert(replay.changed);
    replay_abandon(&replay);
    free((void *)snapshot.data);
}
END_TEST

/* As it was opened, its origin without the fingerprint of the names. */
START_TEST(a_log_of_format_1_is_read_and_not_clean)
{
    bool clean;
    seat_both();
    sleeps();
    struct bytes name = bytes_of("every");
    uint8_t *origin = (uint8_t *)memmem(kept.data, kept.length, name.data, name.length) + 5;
    ck_assert_uint_eq(origin[0], 0x90 + ORIGIN_ELEMENTS);
    origin[0]--;
    origin[1] = 1;
    uint8_t *declared = origin + 5; /* behind four small integers */
    ck_assert_uint_eq(declared[0], 0xc4);
    ck_assert_uint_eq(declared[1], BITS_BYTES);
    uint8_t *rest = declared + 2 + BITS_BYTES;
    memmove(declared, rest, kept.length - (size_t)(rest - kept.data));
    kept.length -= 2 + BITS_BYTES;
    struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    ck_assert(!clean);
    room_destroy(again);
}
END_TEST

START_TEST(who_crashed_awake_is_not_clean_and_nobody_is_seated)
{
    bool clean;
    written();
    struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
    ck_assert(!clean);
    ck_assert_uint_eq(room_members(again), 0);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    room_destroy(again);
}
END_TEST

START_TEST(nothing_is_no_room)
{
    enum status status;
    bool clean;
    struct replay replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_log(&replay, (struct bytes){0}), STATUS_OK);
    ck_assert_ptr_null(replay_end(&replay, &clean, &status));
    ck_assert_int_eq(status, STATUS_NOT_FOUND);
}
END_TEST

/* --- Damage ---------------------------------------------------------------------------------------- */

/* A room out of damaged bytes may hold other things, but it must work. */
static void use(struct room *other)
{
    ck_assert_int_eq(room_wake(other, (uint64_t)INTEGER_MAX), STATUS_OK);
    uint32_t seat = join(other, 99, ROLE_OWNER);
    step(other);
    outcome(other, seat, "[0 'papers' 'p' 'f' 1] [0 'hands' 'h' 'cards' 1] [5 'chat' 0 1]");
    outcome(other, seat, "[4 'papers' 'p'] [0 'shapes' 'new' 'n' 1]");
    for (int i = 0; i < 3; i++)
        step(other);
    free((void *)snapshot_of(other).data);
}

static struct bytes everything(void)
{
    joined_and_left();
    does(bob, "[0 'shapes' 'a' 'n' 1 'text' 'abc' 'points' [1 2] 'votes' 1]", STATUS_OK);
    does(bob, "[2 'shapes' 'a' 'points' 3] [0 'hands' 'h' 'cards' 1] [5 'chat' 2 'psst']",
         STATUS_OK);
    does(bob, "[0 'texts' 't' 'q' 0.5]", STATUS_OK);
    does(bob, "[1 'texts' 'none' 'q' [1]]", STATUS_NOT_FOUND);
    does(bob, "[4 'shapes' 'a'] [5 'chat' 0 'hi']", STATUS_OK);
    ck_assert_int_eq(presence(room, bob, "'mood' 'good'"), STATUS_OK);
    kept_log_take(&kept, room);
    ck_assert_int_eq(room_set_role(room, bob, ROLE_OWNER), STATUS_OK);
    ck_assert_int_eq(room_log_hash(room), STATUS_OK);
    for (int i = 0; i < 70; i++)
        tick();
    room_log_stop(room);
    outcome(room, bob, "[0 'texts' 'u' 'q' 1]");
    kept_log_resume(&kept, room);
    return log_bytes();
}

static void replay_damaged(struct bytes bytes, unsigned *good, struct counted_memory *counted)
{
    enum status status;
    bool clean;
    uint8_t *exact = malloc(bytes.length + 1); /* so that reading past the end is seen */
    memcpy(exact, bytes.data, bytes.length);
    struct replay replay = replay_begin(&options, &kinds);
    enum status logged = replay_log(&replay, (struct bytes){exact, bytes.length});
    free(exact);
    struct room *other = replay_end(&replay, &clean, &status);
    ck_assert_int_eq(other != NULL, status == STATUS_OK);
    ck_assert(logged == STATUS_OK || other == NULL);
    ck_assert_int_lt(status, STATUS_COUNT);
    if (other != NULL) {
        use(other);
        ++*good;
    }
    room_destroy(other);
    ck_assert_uint_eq(counted->live, 0);
}

START_TEST(a_log_cut_anywhere_gives_a_status_without_a_leak)
{
    unsigned good = 0;
    struct counted_memory counted = {.left = UINT64_MAX};
    struct bytes bytes = everything();
    options.memory = memory_counted(&counted);
    for (size_t length = 0; length <= bytes.length; length++)
        replay_damaged((struct bytes){bytes.data, length}, &good, &counted);
    ck_assert_uint_gt(good, 10); /* those that end with an entry */
    ck_assert_uint_lt(good, 40);
}
END_TEST

START_TEST(damage_gives_a_status_or_a_sound_room)
{
    unsigned good = 0;
    struct counted_memory counted = {.left = UINT64_MAX};
    struct chance chance = chance_of((uint64_t)_i);
    struct bytes bytes = everything();
    uint8_t *damaged = malloc(bytes.length);
    options.memory = memory_counted(&counted);
    for (size_t at = 0; at < bytes.length; at++) {
        memcpy(damaged, bytes.data, bytes.length);
        if (_i < 8)
            damaged[at] ^= (uint8_t)(1u << _i);
        else
            damaged[at] = (uint8_t)chance_bits(&chance);
        replay_damaged((struct bytes){damaged, bytes.length}, &good, &counted);
        ck_assert_uint_lt(counted.peak, 256u << 20);
    }
    ck_assert_uint_lt(good, bytes.length * 2 / 3);
    free(damaged);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    struct counted_memory counted = {0};
    struct bytes bytes = everything();
    struct room *again = NULL;
    options.memory = memory_counted(&counted);
    for (uint64_t allowed = 0; again == NULL; allowed++) {
        enum status status;
        bool clean;
        counted.left = allowed;
        struct replay replay = replay_begin(&options, &kinds);
        enum status logged = replay_log(&replay, bytes);
        ck_assert(logged == STATUS_OK || logged == STATUS_MEMORY);
        again = replay_end(&replay, &clean, &status);
        ck_assert_int_eq(status, logged);
        ck_assert(again != NULL || counted.live == 0);
        ck_assert_uint_lt(allowed, 1000);
    }
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    room_destroy(again);
    ck_assert_uint_eq(counted.live, 0);
}
END_TEST

/* An entry that nobody has written, in notation, behind the log of an open room. */
START_TEST(what_no_room_writes_is_damage)
{
    static const char *const acts[] = {
        "[14 1]",                                                   /* no such act */
        "[4 0]",                                                    /* nobody sits there */
        "[6 0 0 [[0 'papers' 'p']]]",                               /* likewise */
        "[3 0 x01020304 1 0 1 nil]",                                /* a short key */
        "[3 0 x000102030405060708090a0b0c0d0e0f 2 0 1 nil]",        /* not the next member */
        "[3 1000000 x000102030405060708090a0b0c0d0e0f 1 0 1 nil]",  /* no such seat */
        "[3 0 x000102030405060708090a0b0c0d0e0f 1 0 9 nil]",        /* no such role */
        "[1 [1 6 4 3]]",                                            /* an incarnation before */
        "[1 [1 7 0 3]]",                                            /* no tombstones at all */
        "[1 [1 7 4]]",                                              /* too short an origin */
        "[7 0 [[0 'presence' '1']]] [8 '']",                        /* a name of nothing */
        "[8 'x']",                                                  /* a name that is known */
        "[7 0 [[1 'papers' 'none' 'f' 1]]]",                        /* was never applied */
        "[7 0 []]",                                                 /* no edits */
        "[7 5 [[0 'hands' 'h']]]",                                  /* nobody's own */
        "[0 'open' [1 7 4 3] x0000000000000000 x0000000000000001]", /* opened once more */
        "[10 x00]",                                                 /* too few bits */
        "[2 0 x0000000000000001]",                                  /* another hash */
    };
    uint8_t entry[256];
    char line[256];
    struct replay replay;
    kept_log_take(&kept, room);
    struct writer writer = writer_on(entry, sizeof entry);
    unsigned acts_in_line = _i == 10 ? 2 : 1;
    snprintf(line, sizeof line, "2 1 1000 %s", acts[_i]);
    pack_array(&writer, 3 + acts_in_line);
    notation_pack(&writer, line);
    replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_log(&replay, log_bytes()), STATUS_OK);
    ck_assert_int_ne(replay_log(&replay, writer_bytes(&writer)), STATUS_OK);
    replay_abandon(&replay);
}
END_TEST

/* All that a room is, of another incarnation, or of another tick than it says. */
START_TEST(what_stands_behind_a_hole_has_to_fit)
{
    struct replay replay;
    struct kept_log other = {0};
    if (_i == 0)
        options.incarnation++;
    struct room *twin = room_create(&options);
    options.incarnation = 7;
    kept_log_take(&kept, room);
    kept_log_take(&other, twin);
    room_log_stop(twin);
    step(twin);
    kept_log_resume(&other, twin);
    uint8_t *entry = other.data + other.last;
    if (_i == 1) {
        entry[1]++; /* its tick, and how long since the entry before */
        entry[2]++;
    }
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert_int_eq(replay_log(&replay, (struct bytes){entry, other.length - other.last}),
                     STATUS_MALFORMED);
    replay_abandon(&replay);
    room_destroy(twin);
    kept_log_free(&other);
}
END_TEST

START_TEST(random_numbers_without_a_stream_are_damage)
{
    struct replay replay;
    kept_log_take(&kept, room);
    uint8_t bits[8];
    for (int i = 0; i < 8; i++)
        bits[i] = (uint8_t)(room->random[1] >> 8 * (7 - i));
    uint8_t *there = memmem(kept.data, kept.length, bits, sizeof bits);
    ck_assert_ptr_nonnull(there);
    there[7] &= 0xfe;
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_MALFORMED);
    replay_abandon(&replay);
}
END_TEST

/* --- Durable ticks --------------------------------------------------------------------------------- */

START_TEST(the_durable_tick_is_the_last_saved_entry_or_now)
{
    seat_both();
    uint64_t first = room_logged(room);
    ck_assert_uint_eq(room_durable(room), 0);
    room_save(room, first);
    ck_assert_uint_eq(room_durable(room), first);
    tick();
    tick(); /* in which nothing happens */
    ck_assert_uint_eq(room_logged(room), first);
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
    outcome(room, ada, "[0 'papers' 'p']");
    ck_assert_uint_eq(room_durable(room), first); /* not even written down */
    kept_log_take(&kept, room);
    ck_assert_uint_eq(room_durable(room), first);
    room_save(room, first);
    ck_assert_uint_eq(room_durable(room), first);
    room_save(room, room_logged(room));
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
}
END_TEST

START_TEST(the_durable_tick_stands_still_in_a_hole)
{
    seat_both();
    room_save(room, room_logged(room));
    tick(); /* in which nothing happens */
    uint64_t before = room_durable(room);
    ck_assert_uint_eq(before, room_tick_number(room));
    does(ada, "[0 'papers' 'p']", STATUS_OK);
    uint64_t written_down = room_logged(room);
    ck_assert_uint_lt(room_durable(room), written_down);
    room_save(room, written_down - 1);
    before = room_durable(room);
    room_log_stop(room);
    outcome(room, ada, "[0 'papers' 'q']");
    ck_assert(!room_log_pending(room));
    ck_assert_uint_eq(room_durable(room), before);
    room_save(room, written_down); /* what had been written down reached the disk */
    ck_assert_uint_eq(room_durable(room), written_down);
    kept_log_resume(&kept, room);
    ck_assert_uint_eq(room_durable(room), written_down);
    room_save(room, room_logged(room));
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
}
END_TEST

START_TEST(a_hole_begins_behind_what_was_told_to_be_saved)
{
    seat_both();
    room_save(room, room_logged(room));
    tick();
    tick();
    uint64_t told = room_durable(room);
    ck_assert_uint_gt(told, room_logged(room));
    room_log_stop(room);
    step(room);
    ck_assert_uint_eq(room_durable(room), told);
}
END_TEST

START_TEST(what_is_not_written_comes_with_the_next_entry)
{
    struct replay replay;
    seat_both();
    outcome(room, ada, "[0 'papers' 'p']");
    outcome(room, ada, "[0 'papers' 'q']");
    ck_assert(room_log_pending(room));
    kept_log_take(&kept, room);
    ck_assert(!room_log_pending(room));
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert_uint_eq(room_hash_kept(replay_room(&replay)), room_hash_kept(room));
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_room_that_does_not_log_is_always_saved)
{
    room_destroy(room);
    options.logs = options.saves = false;
    room = room_create(&options);
    uint32_t seat = join(room, 1, ROLE_OWNER);
    outcome(room, seat, "[0 'papers' 'p']");
    ck_assert(!room_log_pending(room));
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("room log");
    TCase *acts = tcase_create("acts");
    tcase_add_checked_fixture(acts, setup, teardown);
    tcase_set_timeout(acts, 60);
    tcase_add_loop_test(acts, a_log_leads_to_the_room_that_wrote_it, 0, PASTS);
    tcase_add_loop_test(acts, a_snapshot_stands_for_all_before_it_and_what_it_has_is_skipped, 0,
                        PASTS);
    tcase_add_test(acts, an_ended_room_is_told_from_others);
    tcase_add_test(acts, the_kind_stands_first);
    tcase_add_test(acts, a_log_may_begin_with_all_that_the_room_is);
    suite_add_tcase(suite, acts);

    TCase *others = tcase_create("other logs");
    tcase_add_checked_fixture(others, setup, teardown);
    tcase_add_test(others, a_missing_entry_is_found);
    tcase_add_test(others, another_state_than_was_logged_is_found);
    tcase_add_test(others, a_log_of_another_kind_is_not_read);
    tcase_add_loop_test(others, under_other_limits_a_room_is_the_same_but_not_clean, 0, 4);
    tcase_add_test(others, another_format_is_not_clean);
    tcase_add_test(others, a_log_of_format_1_is_read_and_not_clean);
    tcase_add_loop_test(others, a_kind_that_declares_other_names_than_then_is_told, 0, 3);
    tcase_add_test(others, who_crashed_awake_is_not_clean_and_nobody_is_seated);
    tcase_add_test(others, nothing_is_no_room);
    suite_add_tcase(suite, others);

    TCase *damage = tcase_create("damage");
    tcase_add_checked_fixture(damage, setup, teardown);
    tcase_set_timeout(damage, 60);
    tcase_add_test(damage, a_log_cut_anywhere_gives_a_status_without_a_leak);
    tcase_add_loop_test(damage, damage_gives_a_status_or_a_sound_room, 0, 10);
    tcase_add_test(damage, each_allocation_may_fail);
    tcase_add_loop_test(damage, what_no_room_writes_is_damage, 0, 18);
    tcase_add_loop_test(damage, what_stands_behind_a_hole_has_to_fit, 0, 2);
    tcase_add_test(damage, random_numbers_without_a_stream_are_damage);
    suite_add_tcase(suite, damage);

    TCase *durable = tcase_create("durable");
    tcase_add_checked_fixture(durable, setup, teardown);
    tcase_add_test(durable, the_durable_tick_is_the_last_saved_entry_or_now);
    tcase_add_test(durable, the_durable_tick_stands_still_in_a_hole);
    tcase_add_test(durable, a_hole_begins_behind_what_was_told_to_be_saved);
    tcase_add_test(durable, what_is_not_written_comes_with_the_next_entry);
    tcase_add_test(durable, a_room_that_does_not_log_is_always_saved);
    suite_add_tcase(suite, durable);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
