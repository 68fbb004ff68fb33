/* check_deflate.c - deflated bytes, and the first loads of a room that go deflated. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/deflate.h"
#include "tests/run_suite.h"
#include "tests/viewers.h"

static const struct memory plain_memory;

/* --- Bytes ----------------------------------------------------------------------------------------- */

static uint8_t original[MESSAGE_BYTES_MAX], squeezed[2 * MESSAGE_BYTES_MAX];
static uint8_t again[MESSAGE_BYTES_MAX + 16];

/* Half of them repeat what came before. */
static void fill_original(size_t length)
{
    struct chance chance = chance_of(length);
    for (size_t i = 0; i < length; i++)
        original[i] = i < 8 || chance_below(&chance, 2) == 0 ? (uint8_t)chance_bits(&chance)
                                                             : original[i - 8];
}

static struct bytes deflate_original(size_t length)
{
    struct deflater *deflater = deflater_create(&plain_memory);
    ck_assert_ptr_nonnull(deflater);
    fill_original(length);
    struct bytes plain = {original, length};
    size_t once = deflater_run(deflater, plain, squeezed, sizeof squeezed);
    ck_assert_uint_gt(once, 0);
    ck_assert_uint_eq(deflater_run(deflater, plain, squeezed, once - 1), 0);
    ck_assert_uint_eq(deflater_run(deflater, plain, squeezed, once + 1), once); /* it starts anew */
    deflater_destroy(deflater);
    return (struct bytes){squeezed, once};
}

START_TEST(what_was_deflated_comes_back)
{
    static const size_t lengths[] = {
        1, 2, 100, 1024, 32767, 32768, 32769, 65535, MESSAGE_BYTES_MAX};
    size_t length = lengths[_i];
    struct bytes deflated = deflate_original(length);
    memset(again, 0xa5, sizeof again);
    ck_assert_int_eq(inflate_bytes(&plain_memory, deflated, again, length), STATUS_OK);
    ck_assert_mem_eq(again, original, length);
    ck_assert_uint_eq(again[length], 0xa5);
}
END_TEST

START_TEST(parts_come_back_one_behind_the_other)
{
    fill_original(9000);
    const struct deflate_part parts[] = {{{original, 1}, false},
                                         {{original + 1, 3999}, true},
                                         {{original + 4000, 1000}, true},
                                         {{original + 5000, 4000}, false}};
    for (uint32_t count = 1; count <= 4; count++) {
        const struct deflate_part *last = &parts[count - 1];
        size_t all = (size_t)(last->bytes.data - original) + last->bytes.length;
        size_t length = deflate_parts(&plain_memory, parts, count, squeezed, sizeof squeezed);
        ck_assert_uint_gt(length, 0);
        struct bytes deflated = {squeezed, length};
        ck_assert_int_eq(inflate_bytes(&plain_memory, deflated, again, all), STATUS_OK);
        ck_assert_mem_eq(again, original, all);
        for (size_t less = 0; less < length; less += 1 + less / 4)
            ck_assert_uint_eq(deflate_parts(&plain_memory, parts, count, squeezed, less), 0);
        ck_assert_uint_eq(deflate_parts(&plain_memory, parts, count, squeezed, length - 1), 0);
        ck_assert_uint_ge(deflate_parts(&plain_memory, parts, count, squeezed, length + 1), length);
    }
}
END_TEST

START_TEST(parts_need_memory)
{
    struct counted_memory counted = {.left = 0};
    struct memory memory = memory_counted(&counted);
    fill_original(1000);
    const struct deflate_part part = {{original, 1000}, true};
    for (uint64_t blocks = 0; deflate_parts(&memory, &part, 1, squeezed, sizeof squeezed) == 0;) {
        ck_assert_uint_eq(counted.live, 0);
        counted.left = ++blocks;
        ck_assert_uint_lt(blocks, 100);
    }
    ck_assert_uint_eq(counted.live, 0);
}
END_TEST

START_TEST(what_is_not_just_so_long_is_malformed)
{
    struct bytes deflated = deflate_original(1000);
    memset(again, 0xa5, sizeof again);
    ck_assert_int_eq(inflate_bytes(&plain_memory, deflated, again, 999), STATUS_MALFORMED);
    ck_assert_uint_eq(again[999], 0xa5);
    ck_assert_int_eq(inflate_bytes(&plain_memory, deflated, again, 1001), STATUS_MALFORMED);
    ck_assert_int_eq(inflate_bytes(&plain_memory, deflated, again, 1), STATUS_MALFORMED);
    for (size_t length = 0; length < deflated.length; length++)
        ck_assert_int_eq(
            inflate_bytes(&plain_memory, (struct bytes){squeezed, length}, again, 1000),
            STATUS_MALFORMED);
    squeezed[deflated.length] = 0;
    ck_assert_int_eq(
        inflate_bytes(&plain_memory, (struct bytes){squeezed, deflated.length + 1}, again, 1000),
        STATUS_MALFORMED);
}
END_TEST

START_TEST(a_bomb_gets_no_more_than_it_said)
{
    struct deflater *deflater = deflater_create(&plain_memory);
    static uint8_t zeros[1 << 20];
    size_t length =
        deflater_run(deflater, (struct bytes){zeros, sizeof zeros}, squeezed, sizeof squeezed);
    ck_assert_uint_gt(length, 0);
    ck_assert_uint_lt(length, 8192);
    memset(again, 0xa5, sizeof again);
    ck_assert_int_eq(
        inflate_bytes(&plain_memory, (struct bytes){squeezed, length}, again, MESSAGE_BYTES_MAX),
        STATUS_MALFORMED);
    ck_assert_uint_eq(again[MESSAGE_BYTES_MAX], 0xa5);
    deflater_destroy(deflater);
}
END_TEST

START_TEST(noise_is_survived)
{
    struct chance chance = chance_of((uint64_t)_i);
    struct bytes deflated = deflate_original(2000);
    for (int round = 0; round < 500; round++) {
        uint32_t at = chance_below(&chance, (uint32_t)deflated.length);
        uint8_t before = squeezed[at];
        squeezed[at] = (uint8_t)chance_bits(&chance);
        enum status status = inflate_bytes(&plain_memory, deflated, again, 2000);
        ck_assert(status == STATUS_OK || status == STATUS_MALFORMED);
        squeezed[at] = before;
    }
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    struct bytes deflated = deflate_original(1000);
    struct counted_memory counted = {.left = 0};
    struct memory memory = memory_counted(&counted);
    uint64_t needed = 0;
    for (struct deflater *deflater = NULL; deflater == NULL; needed++) {
        counted.left = needed;
        deflater = deflater_create(&memory);
        deflater_destroy(deflater);
        ck_assert_uint_eq(counted.live, 0);
        ck_assert_uint_lt(needed, 20);
    }
    ck_assert_uint_gt(needed, 2);
    enum status status = STATUS_MEMORY;
    for (needed = 0; status == STATUS_MEMORY; needed++) {
        counted.left = needed;
        status = inflate_bytes(&memory, deflated, again, 1000);
        ck_assert_uint_eq(counted.live, 0);
        ck_assert_uint_lt(needed, 20);
    }
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_uint_gt(needed, 1);
}
END_TEST

/* --- First loads ----------------------------------------------------------------------------------- */

static uint32_t asked; /* how often something was to be deflated */
static size_t allowed;

static bool may(void *context, size_t bytes)
{
    (void)context;
    asked++;
    if (bytes > allowed)
        return false;
    allowed -= bytes;
    return true;
}

static uint32_t inflating_viewer(void)
{
    struct hello hello = hello_of(room_members(room) + 1);
    uint32_t seat;
    hello.accepts = ACCEPTS_DEFLATED | 1u << 20; /* and what is not known yet */
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &seat), STATUS_OK);
    replicas[seat] = replica_create(&(struct memory){0});
    replica_welcome(replicas[seat], 0, false);
    return seat;
}

/* The first member draws so many strokes, which the others do not see yet. */
static void draw(int strokes)
{
    static int drawn;
    for (int end = drawn + strokes; drawn < end; drawn++) {
        char edit[1024];
        int length = snprintf(edit, sizeof edit, "[0 'strokes' 's%d' 'points' [", drawn);
        for (int point = 0; point < 250; point++)
            length +=
                snprintf(edit + length, sizeof edit - (size_t)length, "%d ", point * drawn % 9);
        snprintf(edit + length, sizeof edit - (size_t)length, "]]");
        do_one(0, edit);
        ck_assert(frames_begin(frames, room));
        next(0);
        frames_skip(frames, 1);
        frames_end(frames, true);
    }
}

/* A member who draws so much that it takes several messages. */
static void setup(void)
{
    setup_viewers();
    options.rules = &kind_open;
    create();
    asked = 0;
    allowed = SIZE_MAX;
    frames_deflate(frames, may, NULL, DEFLATE_BYTES_MIN);
    viewer(ROLE_EDITOR);
    tick_for(1);
    draw(300);
}

static bool is_deflated(const struct seen *seen)
{
    const struct section_seen *section = section_of(seen, SCOPE_EVERYONE);
    return section != NULL && section->elements == 2 && read_type(&section->runs) == PACK_BINARY;
}

/* All frames of a member until it has all; how many bytes they were. */
static size_t load(uint32_t seat, bool deflated)
{
    size_t bytes = 0;
    bool more = true;
    while (more) {
        ck_assert(frames_begin(frames, room));
        struct seen seen = next(seat);
        frames_end(frames, false);
        ck_assert_int_eq(is_deflated(&seen), deflated);
        bytes += seen.length;
        more = seen.more;
    }
    return bytes;
}

START_TEST(a_first_load_is_deflated_for_who_can_inflate)
{
    uint32_t ben = viewer(ROLE_EDITOR);
    uint32_t ada = inflating_viewer();
    step(room);
    size_t whole = load(ben, false);
    size_t deflated = load(ada, true);
    ck_assert_uint_gt(whole, 65536);
    ck_assert_uint_lt(deflated, whole / 2);
    round_for(3);
    expect_equal(3);
    do_one(0, "[0 'strokes' 'last' 'points' [1 2 3]]");
    struct seen seen = round_for(3);
    ck_assert(!is_deflated(&seen));
    expect_equal(3);
}
END_TEST

START_TEST(a_first_load_is_deflated_once)
{
    uint32_t first = inflating_viewer();
    step(room);
    load(first, true);
    uint32_t once = asked;
    ck_assert_uint_ge(once, 2);
    round_for(2);
    for (int others = 0; others < 3; others++) { /* ticks may pass */
        uint32_t seat = inflating_viewer();
        step(room);
        load(seat, true);
        round_for(seat + 1);
    }
    ck_assert_uint_eq(asked, once);
    expect_equal(5);
    do_one(0, "[1 'strokes' 's7' 'points' [9]]"); /* what was kept is out of date */
    round_for(5);
    uint32_t last = inflating_viewer();
    step(room);
    load(last, true);
    ck_assert_uint_gt(asked, once);
    round_for(6);
    expect_equal(6);
}
END_TEST

/* So is all that takes several messages; a frame that has all in it is not. */
START_TEST(what_was_missed_is_deflated_once)
{
    uint32_t first = inflating_viewer(), second = inflating_viewer();
    step(room);
    load(first, true);
    load(second, true);
    round_for(3);
    expect_equal(3);
    uint32_t before = asked;
    draw(300);
    load(first, true);
    uint32_t once = asked;
    ck_assert_uint_ge(once, before + 2);
    load(second, true);
    ck_assert_uint_eq(asked, once);
    draw(10);
    load(first, false);
    ck_assert_uint_eq(asked, once);
    round_for(3);
    expect_equal(3);
}
END_TEST

/* A room that comes to stand where another was is not taken for it. */
START_TEST(another_room_is_another)
{
    uint32_t first = inflating_viewer();
    step(room);
    load(first, true);
    room_destroy(room);
    for (int i = 0; i < 2; i++) {
        replica_destroy(replicas[i]);
        replicas[i] = NULL;
    }
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    for (int stroke = 0; stroke < 300; stroke++) {
        char edit[64];
        snprintf(edit, sizeof edit, "[0 'others' 'o%d' 'points' [1 2 3 4 5 6 7 8]]", stroke);
        do_one(0, edit);
        round_for(1);
    }
    uint32_t ada = inflating_viewer();
    step(room);
    load(ada, true);
    round_for(2);
    expect_equal(2);
}
END_TEST

START_TEST(what_may_not_be_deflated_goes_plain)
{
    allowed = 70000; /* the first part */
    uint32_t ada = inflating_viewer();
    step(room);
    ck_assert(frames_begin(frames, room));
    struct seen seen = next(ada);
    ck_assert(is_deflated(&seen));
    seen = next(ada);
    ck_assert(!is_deflated(&seen));
    frames_end(frames, false);
    load(ada, false);
    round_for(2);
    expect_equal(2);
    frames_deflate(frames, NULL, NULL, DEFLATE_BYTES_MIN);
    uint32_t ben = inflating_viewer();
    step(room);
    load(ben, false);
    round_for(3);
    expect_equal(3);
}
END_TEST

START_TEST(what_is_small_or_gets_no_shorter_goes_plain)
{
    room_destroy(room);
    replica_destroy(replicas[0]);
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    do_one(0, "[0 'strokes' 'small' 'points' [1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1]]");
    round_for(1);
    uint32_t ada = inflating_viewer();
    step(room);
    load(ada, false);
    ck_assert_uint_eq(asked, 0);
    round_for(2);
    struct chance chance = chance_of(5);
    for (int noise = 0; noise < 8; noise++) {
        char edit[700];
        int length = snprintf(edit, sizeof edit, "[0 'noise' 'n%d' 'data' x", noise);
        for (int i = 0; i < 250; i++)
            length += snprintf(edit + length, sizeof edit - (size_t)length, "%02x",
                               chance_below(&chance, 256));
        snprintf(edit + length, sizeof edit - (size_t)length, "]");
        do_one(0, edit);
        round_for(2);
    }
    uint32_t ben = inflating_viewer();
    step(room);
    load(ben, false);
    ck_assert_uint_eq(asked, 1);
    round_for(3);
    uint32_t eve = inflating_viewer();
    step(room);
    load(eve, false);
    ck_assert_uint_eq(asked, 1); /* it is not tried again */
    round_for(4);
    expect_equal(4);
}
END_TEST

int main(void)
{
    TCase *bytes = tcase_create("bytes");
    tcase_add_loop_test(bytes, what_was_deflated_comes_back, 0, 9);
    tcase_add_test(bytes, parts_come_back_one_behind_the_other);
    tcase_add_test(bytes, parts_need_memory);
    tcase_add_test(bytes, what_is_not_just_so_long_is_malformed);
    tcase_add_test(bytes, a_bomb_gets_no_more_than_it_said);
    tcase_add_loop_test(bytes, noise_is_survived, 0, 4);
    tcase_add_test(bytes, each_allocation_may_fail);

    TCase *loads = tcase_create("first loads");
    tcase_add_checked_fixture(loads, setup, teardown_viewers);
    tcase_add_test(loads, a_first_load_is_deflated_for_who_can_inflate);
    tcase_add_test(loads, a_first_load_is_deflated_once);
    tcase_add_test(loads, what_was_missed_is_deflated_once);
    tcase_add_test(loads, another_room_is_another);
    tcase_add_test(loads, what_may_not_be_deflated_goes_plain);
    tcase_add_test(loads, what_is_small_or_gets_no_shorter_goes_plain);

    Suite *suite = suite_create("deflate");
    suite_add_tcase(suite, bytes);
    suite_add_tcase(suite, loads);
    return run_suite(suite);
}
