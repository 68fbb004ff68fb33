#include <check.h>
#include <string.h>

#include "sync/hash.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

static uint64_t chain(uint64_t hash, const char *packed, size_t length)
{
    return hash_bytes(hash, (struct bytes){(const uint8_t *)packed, length});
}

/* A room of kind_mixed with one member, and what it looks like after these operations. */
static struct room *room_after(const char *const *lines, size_t count)
{
    struct room *room = room_of(&kind_mixed);
    uint32_t seat = join(room, 1, ROLE_OWNER);
    step(room);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(outcome(room, seat, lines[i]) == STATUS_OK, "%s", lines[i]);
    return room;
}

static uint64_t hash_after(const char *const *lines, size_t count)
{
    struct room *room = room_after(lines, count);
    uint64_t hash = room_hash(room, SEAT_NONE);
    room_destroy(room);
    return hash;
}
#define HASH_AFTER(...)                                                                            \
    hash_after((const char *const[]){__VA_ARGS__},                                                 \
               sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *))

/* As the header describes it, step by step. */
START_TEST(the_hash_is_what_the_header_says)
{
    uint64_t member = chain(chain(0, "presence", 8), "1", 1);
    uint64_t shape = chain(chain(0, "shapes", 6), "a", 1);
    shape = chain(chain(shape, "n", 1), "\x07", 1);
    shape = chain(chain(shape, "text", 4), "\xa2hi", 3);
    shape = chain(shape, "points", 6);
    shape = chain(chain(shape, "\x01", 1), "\xcd\x01\x00", 3);
    uint64_t event = chain(chain(chain(0, "chat", 4), "1", 1), "\xc3", 1);
    ck_assert_uint_eq(
        HASH_AFTER("[0 'shapes' 'a' 'text' 'hi' 'n' 7 'points' [1 256]]", "[5 'chat' 0 true]"),
        member + shape + event);
}
END_TEST

/* XXH3 of Debian's library today is that of any other day: clients compute it too. */
START_TEST(the_function_is_xxh3)
{
    ck_assert_uint_eq(hash_bytes(0, (struct bytes){NULL, 0}), UINT64_C(0x2d06800538d394c2));
    ck_assert_uint_eq(hash_member(9, 4294967295u), hash_bytes(9, bytes_of("4294967295")));
}
END_TEST

START_TEST(the_order_and_the_way_do_not_count)
{
    uint64_t hash = HASH_AFTER("[0 'shapes' 'a' 'n' 1]", "[0 'shapes' 'b' 'n' 2]");
    ck_assert_uint_eq(HASH_AFTER("[0 'shapes' 'b' 'n' 2]", "[0 'shapes' 'a' 'n' 1]"), hash);
    ck_assert_uint_eq(HASH_AFTER("[0 'shapes' 'c']", "[0 'shapes' 'b' 'n' 5 'on' true]",
                                 "[4 'shapes' 'c']", "[1 'shapes' 'b' 'n' 2 'on' nil]",
                                 "[0 'shapes' 'a'] [1 'shapes' 'a' 'n' 1]"),
                      hash);
    ck_assert_uint_eq(HASH_AFTER("[0 'shapes' 'a' 'points' [1 2 3]]"),
                      HASH_AFTER("[0 'shapes' 'a'] [2 'shapes' 'a' 'points' 1]",
                                 "[2 'shapes' 'a' 'points' 2 3]"));
}
END_TEST

START_TEST(every_difference_counts)
{
    uint64_t hashes[] = {
        HASH_AFTER("[0 'shapes' 'a' 'n' 1]"),
        HASH_AFTER("[0 'shapes' 'a' 'n' 2]"),
        HASH_AFTER("[0 'shapes' 'b' 'n' 1]"),
        HASH_AFTER("[0 'papers' 'a' 'n' 1]"),
        HASH_AFTER("[0 'shapes' 'a' 'fix' 1]"),
        HASH_AFTER("[0 'shapes' 'a']"),
        HASH_AFTER("[0 'papers' 'a']"),
        HASH_AFTER("[5 'chat' 0 1]"),
        HASH_AFTER("[5 'chat' 0 2]"),
        HASH_AFTER("[5 'wave' 0 1]"),
        HASH_AFTER("[0 'shapes' 'a' 'any' 1]"),
        HASH_AFTER("[0 'shapes' 'a' 'any' '1']"),
        HASH_AFTER("[0 'shapes' 'a' 'points' [1 2]]"),
        HASH_AFTER("[0 'shapes' 'a' 'points' [2 1]]"),
        HASH_AFTER("[0 'shapes' 'a' 'points' []]"),
    };
    size_t count = sizeof hashes / sizeof hashes[0];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(hashes[i] != hashes[k], "%zu and %zu", i, k);
}
END_TEST

START_TEST(a_member_hashes_what_it_sees)
{
    static const char *const lines[] = {"[0 'secrets' 's' 'v' 1]", "[0 'hands' 'h' 'v' 1]"};
    struct room *room = room_after(lines, 2);
    uint32_t bob = join(room, 2, ROLE_EDITOR);
    step(room);
    uint64_t before = room_hash(room, bob);
    ck_assert_uint_ne(room_hash(room, 0), before);
    ck_assert_uint_ne(room_hash(room, SEAT_NONE), before);
    ck_assert_int_eq(outcome(room, 0, "[1 'secrets' 's' 'v' 2]"), STATUS_OK);
    ck_assert_int_eq(outcome(room, 0, "[1 'hands' 'h' 'v' 2]"), STATUS_OK);
    ck_assert_int_eq(server_edit(room, 0, "[0 'ledger' 'l' 'v' 1]"), STATUS_OK);
    ck_assert_uint_eq(room_hash(room, bob), before);
    ck_assert_int_eq(outcome(room, bob, "[0 'shapes' 'a']"), STATUS_OK);
    ck_assert_uint_ne(room_hash(room, bob), before);
    room_destroy(room);
}
END_TEST

/* The replica comes to the same number by its own way. */
START_TEST(a_replica_hashes_the_same)
{
    static const char *const lines[] = {
        "[0 'shapes' 'a' 'n' 1 'fix' -3 'on' true 'text' 'x' 'data' x00ff 'any' [1 0.5 nil]]",
        "[2 'shapes' 'a' 'points' 1 2 3]",
        "[0 'hands' 'h' 'v' 1]",
        "[0 'secrets' 's' 'v' 'x']",
        "[5 'chat' 0 'hi']",
        "[5 'wave' 0 'hi']",
        "[5 'chat' 1 'hi']"};
    struct room *room = room_after(lines, 7);
    struct frames *frames = frames_create(&(struct memory){0});
    struct replica *replica = replica_create(&(struct memory){0});
    replica_welcome(replica, 0, false);
    frames_apply(frames, room, 0, replica);
    ck_assert_uint_eq(replica_hash(replica), room_hash(room, 0));
    replica_destroy(replica);
    frames_destroy(frames);
    room_destroy(room);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("hash");
    tcase_add_test(tcase, the_hash_is_what_the_header_says);
    tcase_add_test(tcase, the_function_is_xxh3);
    tcase_add_test(tcase, the_order_and_the_way_do_not_count);
    tcase_add_test(tcase, every_difference_counts);
    tcase_add_test(tcase, a_member_hashes_what_it_sees);
    tcase_add_test(tcase, a_replica_hashes_the_same);

    Suite *suite = suite_create("hash");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
