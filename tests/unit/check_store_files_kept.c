/* check_store_files_kept.c - what the archive's files promise of rooms' files beyond the contract: older
 * formats, damage, salvage. */
#include "persistence/store_sqlite.h"
#include "tests/run_suite.h"
#include "tests/store_formats.h"
#include "tests/stored_files.h"

#include <stdio.h>
#include <string.h>

/* Behind the store's back. */
static void run_sql(const char *sql)
{
    archive_run_sql(store_folder(), sql);
}

static void count_damage(void *context, struct bytes room, const char *place)
{
    ck_assert_msg(strncmp(place, "archive file ", 13) == 0, "%s", place);
    ck_assert(bytes_equal(room, bytes_of("a")));
    ++*(unsigned *)context;
}

static unsigned damages(void)
{
    unsigned count = 0;
    ok(store->check(store, count_damage, NULL, &count));
    return count;
}

/* The archive as format 1 has it, which knew of no files, nor of what came later. */
static void go_back_to_format_1(void)
{
    store->close(store);
    archive_go_back(store_folder(), 1);
}

static bool count_room(void *context, const struct store_room *room)
{
    (void)room;
    ++*(unsigned *)context;
    return true;
}

START_TEST(uploads_do_not_outlive_their_server)
{
    uint64_t upload = begin_file("a", 2 * STORE_FILE_PART);
    write_file(upload, 'x', STORE_FILE_PART, 1);
    put_file("a", 'y', 5);
    reopen();
    expect_held("a", 1, 5, 5);
    bool added;
    struct store_file file = file_named('x');
    gives(STORE_NOT_FOUND, store->files->end(store, upload, &file, &added));
    expect_file("a", 'y', 5);
}
END_TEST

/* What all files come to is not looked up again: who sends tiny ones would make it count them all. */
START_TEST(what_goes_is_taken_off_the_sum)
{
    put_file("a", 'x', 10);
    put_file("a", 'y', 20);
    expect_held("a", 2, 30, 30);
    run_sql("UPDATE file SET bytes = 1000 WHERE id = 1");
    struct store_file file = file_named('y');
    ok(store->files->remove(store, bytes_of("a"), file.hash));
    put_file("b", 'z', 5);
    expect_held("b", 1, 5, 15);
    ok(store->files->remove(store, bytes_of("a"), file_named('x').hash)); /* which does not check */
    expect_held("b", 1, 5, 5);
}
END_TEST

START_TEST(an_archive_without_files_is_brought_forward)
{
    seal_room("a");
    go_back_to_format_1();
    ck_assert_str_eq(open_store(), "");
    expect_held("a", 0, 0, 0);
    put_file("a", 'x', 70000);
    reopen();
    expect_file("a", 'x', 70000);
    unsigned rooms = 0;
    ok(store->rooms(store, count_room, &rooms));
    ck_assert_uint_eq(rooms, 1);
}
END_TEST

START_TEST(an_archive_without_files_can_be_read_as_it_is)
{
    char error[STORE_SQLITE_ERROR_MAX];
    claim();
    ok(append(1, "x"));
    seal_room("a");
    go_back_to_format_1();
    ck_assert_msg(store_sqlite_open_to_read(store_folder(), &store, error) == STORE_OK, "%s",
                  error);
    unsigned rooms = 0;
    ok(store->rooms(store, count_room, &rooms));
    ck_assert_uint_eq(rooms, 1);
    gives(STORE_NOT_FOUND, find_file("a", 'x', &(struct store_file){0}));
    expect_list("a", "");
    expect_held("a", 0, 0, 0);
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

START_TEST(a_damaged_archive_without_files_is_salvaged)
{
    seal_room("a");
    seal_room("b");
    go_back_to_format_1();
    run_sql("UPDATE room SET last = 2 WHERE id = 1");
    ck_assert_ptr_nonnull(strstr(open_store(), "2 rooms kept, 1 of them in quarantine"));
    put_file("b", 'x', 5);
}
END_TEST

START_TEST(damage_is_met_and_found)
{
    static const struct {
        const char *sql;
        enum store_result find, read;
        size_t good; /* bytes that are read before it is met */
    } damage[] = {
        {"UPDATE file SET type = 4", STORE_DAMAGED, STORE_DAMAGED, 0},
        {"UPDATE file SET used_ms = 4", STORE_DAMAGED, STORE_DAMAGED, 0},
        {"UPDATE file SET room = x'61', bytes = 1", STORE_DAMAGED, STORE_DAMAGED, 0},
        {"UPDATE file_part SET bytes = zeroblob(65536) WHERE (id & 65535) = 1", STORE_OK,
         STORE_DAMAGED, STORE_FILE_PART},
        {"UPDATE file_part SET checksum = 5 WHERE (id & 65535) = 2", STORE_OK, STORE_DAMAGED,
         2 * STORE_FILE_PART},
        {"DELETE FROM file_part WHERE (id & 65535) = 2", STORE_OK, STORE_DAMAGED,
         2 * STORE_FILE_PART},
    };
    put_file("a", 'x', 2 * STORE_FILE_PART + 100);
    ck_assert_uint_eq(damages(), 0);
    store->close(store);
    run_sql(damage[_i].sql);
    ck_assert_str_eq(open_store(), "");
    size_t read;
    gives(damage[_i].find, find_file("a", 'x', &(struct store_file){0}));
    gives(damage[_i].read, read_file("a", 'x', &read));
    ck_assert_uint_eq(read, damage[_i].good);
    ck_assert_uint_eq(damages(), 1);

    /* Sent anew it is whole again. */
    (void)put_file_at("a", 'x', 2 * STORE_FILE_PART + 100, 1);
    expect_file("a", 'x', 2 * STORE_FILE_PART + 100);
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

START_TEST(what_is_damaged_stands_in_nobodys_way)
{
    put_file_at("a", 'x', 5, 1000);
    put_file_at("a", 'y', 5, 2000);
    store->close(store);
    run_sql("UPDATE file SET type = 9 WHERE id = 1");
    ck_assert_str_eq(open_store(), "");
    struct store_file file;
    ok(store->files->stalest(store, &file));
    ck_assert_int_eq(file.hash[0], 'y');
    expect_list("a", "y");
}
END_TEST

START_TEST(a_damaged_file_goes_with_its_room)
{
    seal_room("a");
    put_file("a", 'x', 5);
    put_file("a", 'y', 5);
    store->close(store);
    run_sql("UPDATE file SET type = 9 WHERE id = 1");
    ck_assert_str_eq(open_store(), "");
    ok(store->remove(store, bytes_of("a"), 0));
    expect_held("a", 0, 0, 0);
}
END_TEST

static bool look_at_room(void *context, const struct store_room *room)
{
    (void)context;
    (void)room;
    return true;
}

/* A room is missing: the whole archive is copied as far as it is good. */
START_TEST(a_salvage_takes_files_along)
{
    seal_room("a");
    put_file("a", 'x', STORE_FILE_PART + 3);
    put_file("a", 'y', STORE_FILE_PART + 3);
    put_file("b", 'z', 7);
    (void)begin_file("b", 99);
    store->close(store);
    run_sql("DELETE FROM room WHERE id = 1;"
            "UPDATE file_part SET checksum = 1 WHERE id >> 16 = 2 AND (id & 65535) = 1");
    ck_assert_str_eq(open_store(), "");
    gives(STORE_DAMAGED, store->room(store, bytes_of("a"), look_at_room, NULL));
    expect_file("a", 'x', STORE_FILE_PART + 3);
    expect_file("b", 'z', 7);
    gives(STORE_NOT_FOUND, find_file("a", 'y', &(struct store_file){0}));
    expect_held("b", 1, 7, STORE_FILE_PART + 10);
    ck_assert_uint_eq(damages(), 0);
    put_file("a", 'y', 8);
    expect_file("a", 'y', 8);
}
END_TEST

/* It is replaced while it runs, without what was under way; the next ones are no one else's. */
START_TEST(a_salvage_gives_no_upload_to_another)
{
    seal_room("a");
    put_file("b", 'z', 7);
    uint64_t gone = begin_file("b", 9);
    run_sql("DELETE FROM room WHERE id = 1");
    gives(STORE_DAMAGED, store->room(store, bytes_of("a"), look_at_room, NULL));
    expect_file("b", 'z', 7);
    uint64_t next = begin_file("c", 9);
    ck_assert_uint_ne(gone, next);
    gives(STORE_NOT_FOUND, store->files->write(store, gone, bytes_of("123456789")));
    expect_held("b", 1, 7, 16);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_files_kept");
    TCase *tests = tcase_create("in a file");
    tcase_add_checked_fixture(tests, make_sqlite_disk, drop_store);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, uploads_do_not_outlive_their_server);
    tcase_add_test(tests, what_goes_is_taken_off_the_sum);
    tcase_add_test(tests, an_archive_without_files_is_brought_forward);
    tcase_add_test(tests, an_archive_without_files_can_be_read_as_it_is);
    tcase_add_test(tests, a_damaged_archive_without_files_is_salvaged);
    tcase_add_loop_test(tests, damage_is_met_and_found, 0, 6);
    tcase_add_test(tests, what_is_damaged_stands_in_nobodys_way);
    tcase_add_test(tests, a_damaged_file_goes_with_its_room);
    tcase_add_test(tests, a_salvage_takes_files_along);
    tcase_add_test(tests, a_salvage_gives_no_upload_to_another);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
