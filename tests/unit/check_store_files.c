/* check_store_files.c - the contract of persistence/store_files.h against every store. */
#include "persistence/store_memory.h"
#include "tests/run_suite.h"
#include "tests/stored_files.h"

#include <stdlib.h>
#include <string.h>

START_TEST(a_file_comes_back_part_by_part)
{
    static const size_t lengths[] = {1, STORE_FILE_PART - 1, STORE_FILE_PART, STORE_FILE_PART + 1,
                                     5 * STORE_FILE_PART + 9};
    put_file("a", 'x', lengths[_i]);
    expect_file("a", 'x', lengths[_i]);
    reopen();
    expect_file("a", 'x', lengths[_i]);
}
END_TEST

START_TEST(a_file_that_is_there_comes_at_once)
{
    static const size_t lengths[] = {1, STORE_FILE_PART, 4 * STORE_FILE_PART + 9};
    ck_assert(put_file_at_once("a", 'x', lengths[_i]));
    expect_file("a", 'x', lengths[_i]);
    expect_held("a", 1, lengths[_i], lengths[_i]);
    ck_assert(!put_file_at_once("a", 'x', lengths[_i]));
    reopen();
    expect_file("a", 'x', lengths[_i]);
    expect_held("a", 1, lengths[_i], lengths[_i]);
}
END_TEST

/* Whoever begins next, in whichever room: what is written on is not theirs. */
START_TEST(an_upload_that_is_gone_is_nobody_elses)
{
    seal_room("a");
    uint64_t gone = begin_file("a", 2 * STORE_FILE_PART);
    write_file(gone, 'x', STORE_FILE_PART, 1);
    if (_i == 0)
        ok(store->remove(store, bytes_of("a"), 0));
    else
        ok(store->files->drop(store, gone));
    uint64_t next = begin_file("b", STORE_FILE_PART);
    uint8_t byte = 0;
    struct store_file file = file_named('x');
    bool added;
    gives(STORE_NOT_FOUND, store->files->write(store, gone, (struct bytes){&byte, 1}));
    gives(STORE_NOT_FOUND, store->files->end(store, gone, &file, &added));
    gives(STORE_NOT_FOUND, store->files->drop(store, gone));
    write_file(next, 'y', STORE_FILE_PART, 1);
    file = file_named('y');
    ok(store->files->end(store, next, &file, &added));
    expect_file("b", 'y', STORE_FILE_PART);
}
END_TEST

START_TEST(an_upload_is_as_long_as_announced)
{
    uint8_t bytes[8] = {0};
    bool added;
    struct store_file file = file_named('x');
    uint64_t upload = begin_file("a", STORE_FILE_PART + 5);
    gives(STORE_DAMAGED, store->files->end(store, upload, &file, &added));
    write_file(upload, 'x', STORE_FILE_PART, 1);
    gives(STORE_DAMAGED, store->files->end(store, upload, &file, &added));
    gives(STORE_DAMAGED, store->files->write(store, upload, (struct bytes){bytes, 6}));
    ok(store->files->write(store, upload, (struct bytes){bytes, 5}));
    gives(STORE_DAMAGED, store->files->write(store, upload, (struct bytes){bytes, 1}));
    ok(store->files->end(store, upload, &file, &added));
    expect_held("a", 1, STORE_FILE_PART + 5, STORE_FILE_PART + 5);
}
END_TEST

START_TEST(an_upload_is_no_file_and_counts_in_full)
{
    uint64_t upload = begin_file("a", 3 * STORE_FILE_PART);
    write_file(upload, 'x', STORE_FILE_PART, 1);
    gives(STORE_NOT_FOUND, find_file("a", 'x', &(struct store_file){0}));
    gives(STORE_NOT_FOUND, store->files->stalest(store, &(struct store_file){0}));
    expect_list("a", "");
    expect_held("a", 1, 3 * STORE_FILE_PART, 3 * STORE_FILE_PART);
    expect_held("b", 0, 0, 3 * STORE_FILE_PART);
    ok(store->files->drop(store, upload));
    expect_held("a", 0, 0, 0);
    gives(STORE_NOT_FOUND, store->files->write(store, upload, bytes_of("more")));
    gives(STORE_NOT_FOUND, store->files->drop(store, upload));
}
END_TEST

START_TEST(uploads_side_by_side_do_not_mix)
{
    uint64_t x = begin_file("a", STORE_FILE_PART + 1), y = begin_file("a", STORE_FILE_PART + 2);
    write_file(y, 'y', STORE_FILE_PART + 2, 1);
    write_file(x, 'x', STORE_FILE_PART + 1, 1);
    bool added;
    struct store_file file = file_named('x');
    ok(store->files->end(store, x, &file, &added));
    file = file_named('y');
    ok(store->files->end(store, y, &file, &added));
    expect_file("a", 'x', STORE_FILE_PART + 1);
    expect_file("a", 'y', STORE_FILE_PART + 2);
}
END_TEST

START_TEST(what_is_there_is_not_added_twice)
{
    ck_assert(put_file_at("a", 'x', 70000, 5000));
    ck_assert(!put_file_at("a", 'x', 70000, 4000));
    ck_assert_uint_eq(used_ms("a", 'x'), 5000);
    ck_assert(!put_file_at("a", 'x', 70000, 6000));
    ck_assert_uint_eq(used_ms("a", 'x'), 6000);
    expect_held("a", 1, 70000, 70000);
    expect_file("a", 'x', 70000);
}
END_TEST

START_TEST(each_room_has_its_own)
{
    put_file("a", 'x', 10);
    put_file("b", 'x', 10);
    gives(STORE_NOT_FOUND, find_file("c", 'x', &(struct store_file){0}));
    struct store_file file = file_named('x');
    ok(store->files->remove(store, bytes_of("a"), file.hash));
    gives(STORE_NOT_FOUND, store->files->remove(store, bytes_of("a"), file.hash));
    expect_file("b", 'x', 10);
    expect_held("b", 1, 10, 10);
}
END_TEST

START_TEST(they_go_with_their_room)
{
    seal_room("a");
    seal_room("ab");
    put_file("a", 'x', STORE_FILE_PART + 5);
    put_file("a", 'y', 5);
    put_file("ab", 'x', 7);
    uint64_t upload = begin_file("a", 9);
    ok(store->remove(store, bytes_of("a"), 0));
    expect_list("a", "");
    expect_held("a", 0, 0, 7);
    gives(STORE_NOT_FOUND, store->files->write(store, upload, bytes_of("123456789")));
    expect_file("ab", 'x', 7);
}
END_TEST

START_TEST(they_are_listed_by_hash_until_the_visitor_says_stop)
{
    put_file("a", 'z', 1);
    put_file("a", 'b', 1);
    put_file("a", '!', 1);
    put_file("b", 'c', 1);
    put_file("a", 'm', 1);
    expect_list("a", "!");
    struct store_file file = file_named('!');
    ok(store->files->remove(store, bytes_of("a"), file.hash));
    expect_list("a", "bmz");
    expect_list("b", "c");
    expect_list("nobody", "");
}
END_TEST

static bool remove_it(void *context, const struct store_file *file)
{
    (void)context;
    ok(store->files->remove(store, store_file_room(file), file->hash));
    return true;
}

START_TEST(a_visitor_may_remove_what_it_sees)
{
    put_file("a", 'x', 1);
    put_file("a", 'y', 1);
    put_file("a", 'z', 1);
    ok(store->files->list(store, bytes_of("a"), remove_it, NULL));
    expect_held("a", 0, 0, 0);
}
END_TEST

static void use(const char *room, char letter, uint64_t wall_ms)
{
    struct store_use one = {.used_ms = wall_ms};
    memcpy(one.hash, file_named(letter).hash, sizeof one.hash);
    ok(store->files->use(store, bytes_of(room), &one, 1));
}

START_TEST(use_moves_forward_alone)
{
    put_file_at("a", 'x', 1, 1000);
    put_file_at("a", 'z', 1, 1000);
    use("a", 'x', 999);
    ck_assert_uint_eq(used_ms("a", 'x'), 1000);
    struct store_use uses[] = {{.used_ms = 1003}, {.used_ms = 1002}, {.used_ms = 1001}};
    memcpy(uses[0].hash, file_named('z').hash, STORE_HASH_BYTES);
    memcpy(uses[1].hash, file_named('y').hash, STORE_HASH_BYTES); /* which is not there */
    memcpy(uses[2].hash, file_named('x').hash, STORE_HASH_BYTES);
    ok(store->files->use(store, bytes_of("a"), uses, 3));
    reopen();
    ck_assert_uint_eq(used_ms("a", 'x'), 1001);
    ck_assert_uint_eq(used_ms("a", 'z'), 1003);
    gives(STORE_NOT_FOUND, find_file("a", 'y', &(struct store_file){0}));
}
END_TEST

START_TEST(the_stalest_was_wanted_the_longest_ago)
{
    struct store_file file;
    gives(STORE_NOT_FOUND, store->files->stalest(store, &file));
    put_file_at("a", 'x', 1, 3000);
    put_file_at("b", 'y', 1, 2000);
    put_file_at("c", 'z', 1, 4000);
    ok(store->files->stalest(store, &file));
    ck_assert_int_eq(file.hash[0], 'y');
    use("b", 'y', 3500);
    ok(store->files->stalest(store, &file));
    ck_assert_int_eq(file.hash[0], 'x');
    ck_assert(bytes_equal(store_file_room(&file), bytes_of("a")));
}
END_TEST

#define BYTES_MAX (1u << 20)

START_TEST(memory_leaves_half_to_rooms)
{
    store = store_memory_create(BYTES_MAX);
    uint64_t upload;
    ok(store->files->begin(store, bytes_of("a"), BYTES_MAX / 2, &upload));
    gives(STORE_FULL, store->files->begin(store, bytes_of("a"), 1, &upload));
    expect_held("a", 1, BYTES_MAX / 2, BYTES_MAX / 2);
    store->close(store);
}
END_TEST

static void add_contract(TCase *tests)
{
    tcase_add_loop_test(tests, a_file_comes_back_part_by_part, 0, 5);
    tcase_add_loop_test(tests, a_file_that_is_there_comes_at_once, 0, 3);
    tcase_add_loop_test(tests, an_upload_that_is_gone_is_nobody_elses, 0, 2);
    tcase_add_test(tests, an_upload_is_as_long_as_announced);
    tcase_add_test(tests, an_upload_is_no_file_and_counts_in_full);
    tcase_add_test(tests, uploads_side_by_side_do_not_mix);
    tcase_add_test(tests, what_is_there_is_not_added_twice);
    tcase_add_test(tests, each_room_has_its_own);
    tcase_add_test(tests, they_go_with_their_room);
    tcase_add_test(tests, they_are_listed_by_hash_until_the_visitor_says_stop);
    tcase_add_test(tests, a_visitor_may_remove_what_it_sees);
    tcase_add_test(tests, use_moves_forward_alone);
    tcase_add_test(tests, the_stalest_was_wanted_the_longest_ago);
}
int main(void)
{
    Suite *suite = suite_create("store_files");
    contract_cases(suite, add_contract);

    TCase *half = tcase_create("in memory");
    tcase_add_test(half, memory_leaves_half_to_rooms);
    suite_add_tcase(suite, half);
    return run_suite(suite);
}
