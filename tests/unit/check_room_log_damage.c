/* check_room_log_damage.c - a damaged log gives a status or a sound room, and no more memory than it
 * should. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/logged_room.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

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

int main(void)
{
    mallopt(M_TOP_PAD, 64 << 20); /* rooms come and go by the thousand: their pages stay */
    Suite *suite = suite_create("room log damage");
    TCase *damage = tcase_create("damage");
    tcase_add_checked_fixture(damage, setup_logged, teardown_logged);
    tcase_set_timeout(damage, 60);
    tcase_add_test(damage, a_log_cut_anywhere_gives_a_status_without_a_leak);
    tcase_add_loop_test(damage, damage_gives_a_status_or_a_sound_room, 0, 10);
    tcase_add_test(damage, each_allocation_may_fail);
    tcase_add_loop_test(damage, what_no_room_writes_is_damage, 0, 18);
    tcase_add_loop_test(damage, what_stands_behind_a_hole_has_to_fit, 0, 2);
    tcase_add_test(damage, random_numbers_without_a_stream_are_damage);
    suite_add_tcase(suite, damage);
    return run_suite(suite);
}
