/* check_snapshot_pack.c - snapshots in few bytes, and to the byte the same again. Those of random rooms are
 * packed wherever a test's log is made shorter: tests/kept_log.c. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/deflate.h"
#include "sync/hash.h"
#include "sync/log_pack_parts.h"
#include "sync/snapshot.h"
#include "tests/board_room.h"
#include "tests/kept_log.h"
#include "tests/packing.h"
#include "tests/run_suite.h"

static struct bytes snapshot, piece;

/* Some points of a stroke, which goes on slowly, at about the same pressure. */
static void go_on_drawing(void (*theirs)(const char *edits, enum status status),
                          struct chance *chance,
                          unsigned stroke)
{
    char line[512];
    int length = snprintf(line, sizeof line, "[2 'objects' 's%u' 'points'", stroke);
    for (int i = 0; i < 24; i++)
        length += snprintf(line + length, sizeof line - (size_t)length, " %d %d %u",
                           (int)chance_below(chance, 7) - 3, (int)chance_below(chance, 40),
                           120 + chance_below(chance, 3));
    snprintf(line + length, sizeof line - (size_t)length, "]");
    theirs(line, STATUS_OK);
}

/* Two who draw in turns, stroke after stroke; a note that is written into; what was said and deleted. */
static void draw(unsigned strokes)
{
    char line[128];
    struct chance chance = chance_of(7);
    for (unsigned i = 0; i < strokes; i++) {
        void (*theirs)(const char *edits, enum status status) = i / 3 % 2 == 0 ? bobs : carols;
        snprintf(line, sizeof line,
                 "[0 'objects' 's%u' 'type' 0 'z' 'a%u' 'x' %u 'y' %u 'colour' %u]", i, i % 10,
                 i * 90, i * 50, i % 3);
        theirs(line, STATUS_OK);
        for (unsigned k = 0; k < 6; k++)
            go_on_drawing(theirs, &chance, i);
    }
    bobs("[0 'objects' 'n' 'type' 7 'z' 'b' 'x' 1 'y' 2 'w' 80 'h' 80]", STATUS_OK);
    carols("[2 'objects' 'n' 'text' x0102030405060708]", STATUS_OK);
    carols("[5 'chat' 0 {'text' 'what is it?' 'name' 'Carol'}]", STATUS_OK);
    bobs("[4 'objects' 's3']", STATUS_OK);
    carols("[1 'objects' 's6' 'colour' 9]", STATUS_OK);
}

static void setup(void)
{
    packing_begin();
    setup_board();
    draw(12);
    snapshot = snapshot_of(room);
    piece = packed(snapshot_pack, snapshot);
    ck_assert_ptr_nonnull(piece.data);
}

static void teardown(void)
{
    piece_free(snapshot);
    piece_free(piece);
    teardown_pair();
}

START_TEST(a_board_comes_back)
{
    ck_assert(log_is_packed(piece));
    ck_assert_uint_eq(log_piece_length(piece), snapshot.length);
    ck_assert_uint_eq(log_piece_length(snapshot), snapshot.length);
    ck_assert_int_eq(unpacks(piece, snapshot), STATUS_OK);
}
END_TEST

START_TEST(a_board_takes_fewer_bytes_than_deflated)
{
    const struct memory memory = {0};
    struct deflate_part part = {snapshot, false};
    uint8_t *buffer = malloc(snapshot.length);
    size_t deflated = deflate_parts(&memory, &part, 1, buffer, snapshot.length);
    ck_assert_uint_gt(deflated, 0);
    ck_assert_uint_lt(piece.length, deflated * 9 / 10);
    free(buffer);
}
END_TEST

START_TEST(a_replay_begins_with_either)
{
    for (int i = 0; i < 2; i++) {
        struct replay replay = replay_begin(&options, &kinds_built_in);
        ck_assert_int_eq(replay_snapshot(&replay, i == 0 ? piece : snapshot), STATUS_OK);
        ck_assert_uint_eq(room_hash_kept(replay_room(&replay)), room_hash_kept(room));
        replay_abandon(&replay);
    }
}
END_TEST

START_TEST(a_replay_does_not_begin_with_a_part_of_it)
{
    struct replay replay = replay_begin(&options, &kinds_built_in);
    struct bytes part = {piece.data, piece.length - 1};
    ck_assert_int_ne(replay_snapshot(&replay, part), STATUS_OK);
    ck_assert_ptr_null(replay_room(&replay));
    replay_abandon(&replay);
}
END_TEST

static const char *const others[] = {"",
                                     "\x03",
                                     "\x02\xa5"
                                     "board",
                                     "\x03\xa5"
                                     "board"
                                     "\x01\x01",
                                     "\xc1\x02\x40\x40",
                                     "\x93\x01\x02\x03"};

START_TEST(what_is_no_snapshot_is_not_packed)
{
    struct bytes other = bytes_of(others[_i]);
    ck_assert_ptr_null(packed(snapshot_pack, other).data);
    ck_assert_ptr_null(packed(snapshot_pack, piece).data);
}
END_TEST

/* Wherever one ends or is another, it is not packed, or comes back all the same. */
START_TEST(what_is_damaged_comes_back_or_is_not_packed)
{
    struct bytes whole = snapshot;
    uint8_t *copy = malloc(whole.length);
    for (size_t i = (size_t)_i; i < whole.length; i += 7) {
        memcpy(copy, whole.data, whole.length);
        copy[i] ^= (uint8_t)(1u << i % 8);
        bool cut = i % 2 == 0;
        snapshot = (struct bytes){copy, cut ? i : whole.length};
        struct bytes damaged = packed(snapshot_pack, snapshot);
        if (damaged.data != NULL)
            ck_assert_int_eq(unpacks(damaged, snapshot), STATUS_OK);
        piece_free(damaged);
    }
    free(copy);
    snapshot = whole;
}
END_TEST

START_TEST(any_bit_that_flips_is_found_or_means_nothing)
{
    uint8_t *data = (uint8_t *)(uintptr_t)piece.data;
    unsigned meaningless = 0;
    for (size_t i = (size_t)_i; i < 8 * piece.length; i += 4) {
        data[i / 8] ^= (uint8_t)(1u << i % 8);
        meaningless += unpacks(piece, snapshot) == STATUS_OK;
        data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    ck_assert_uint_lt(meaningless, 2 * piece.length / 20);
}
END_TEST

START_TEST(no_more_and_no_less_than_a_piece_is_one)
{
    for (size_t i = 0; i < piece.length; i++)
        ck_assert_int_ne(unpacks((struct bytes){piece.data, i}, snapshot), STATUS_OK);
}
END_TEST

START_TEST(without_memory_nothing_is_left_behind)
{
    packs_or_gives_up(snapshot_pack, snapshot, piece);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("snapshot_pack");
    TCase *tcase = tcase_create("boards");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_board_comes_back);
    tcase_add_test(tcase, a_board_takes_fewer_bytes_than_deflated);
    tcase_add_test(tcase, a_replay_begins_with_either);
    tcase_add_test(tcase, a_replay_does_not_begin_with_a_part_of_it);
    tcase_add_loop_test(tcase, what_is_no_snapshot_is_not_packed, 0,
                        sizeof others / sizeof others[0]);
    tcase_add_loop_test(tcase, what_is_damaged_comes_back_or_is_not_packed, 0, 3);
    tcase_add_loop_test(tcase, any_bit_that_flips_is_found_or_means_nothing, 0, 2);
    tcase_add_test(tcase, no_more_and_no_less_than_a_piece_is_one);
    tcase_add_test(tcase, without_memory_nothing_is_left_behind);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
