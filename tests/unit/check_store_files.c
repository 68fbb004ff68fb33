/* check_store_files.c - the contract of persistence/store_files.h against every store; then what the
 * archive's files promise beyond it: older formats, damage, salvage. */
#include "persistence/checksum.h"
#include "persistence/store_memory.h"
#include "persistence/store_sqlite.h"
#include "tests/contract.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 512

/* --- Words for the tests ------------------------------------------------------------------------ */

/* A hash that begins with this letter; files are told apart by it. */
static struct store_file named(char letter)
{
    struct store_file file = {.type = 3, .added_ms = 1000, .used_ms = 1000};
    memset(file.hash, 7, STORE_HASH_BYTES);
    file.hash[0] = (uint8_t)letter;
    return file;
}

static uint8_t byte_at(char letter, size_t at)
{
    return (uint8_t)((size_t)letter * 131 + at * 7 + at / STORE_FILE_PART);
}

static uint64_t begin(const char *room, uint64_t bytes)
{
    uint64_t upload = 0;
    ok(store->files->begin(store, bytes_of(room), bytes, &upload));
    return upload;
}

/* `parts` at once. */
static void write_all(uint64_t upload, char letter, size_t bytes, size_t parts)
{
    uint8_t *data = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        data[i] = byte_at(letter, i);
    for (size_t at = 0; at < bytes; at += parts * STORE_FILE_PART) {
        size_t left = bytes - at, most = parts * STORE_FILE_PART;
        ok(store->files->write(store, upload,
                               (struct bytes){data + at, left < most ? left : most}));
    }
    free(data);
}

static bool put_at(const char *room, char letter, size_t bytes, uint64_t wall_ms)
{
    struct store_file file = named(letter);
    file.added_ms = file.used_ms = wall_ms;
    uint64_t upload = begin(room, bytes);
    write_all(upload, letter, bytes, 2);
    bool added = false;
    ok(store->files->end(store, upload, &file, &added));
    return added;
}

static void put(const char *room, char letter, size_t bytes)
{
    ck_assert(put_at(room, letter, bytes, 1000));
}

static bool put_at_once(const char *room, char letter, size_t bytes)
{
    struct store_file file = named(letter);
    uint8_t *data = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        data[i] = byte_at(letter, i);
    bool added = false;
    ok(store->files->put(store, bytes_of(room), (struct bytes){data, bytes}, &file, &added));
    free(data);
    return added;
}

static enum store_result find(const char *room, char letter, struct store_file *file)
{
    struct store_file wanted = named(letter);
    return store->files->find(store, bytes_of(room), wanted.hash, file);
}

static uint64_t used_ms(const char *room, char letter)
{
    struct store_file file;
    ok(find(room, letter, &file));
    return file.used_ms;
}

struct reading {
    char letter;
    size_t at;
};

static void compare_part(void *context, struct bytes part)
{
    struct reading *reading = context;
    ck_assert_uint_gt(part.length, 0);
    for (size_t i = 0; i < part.length; i++)
        ck_assert_uint_eq(part.data[i], byte_at(reading->letter, reading->at + i));
    reading->at += part.length;
}

/* The result of the read behind the last part that was good. */
static enum store_result read_all(const char *room, char letter, size_t *bytes)
{
    struct store_file wanted = named(letter);
    struct reading reading = {.letter = letter};
    enum store_result result = STORE_OK;
    for (uint64_t part = 0; result == STORE_OK; part++)
        result =
            store->files->read(store, bytes_of(room), wanted.hash, part, compare_part, &reading);
    *bytes = reading.at;
    return result;
}

static void expect_file(const char *room, char letter, size_t bytes)
{
    struct store_file file;
    size_t read;
    ok(find(room, letter, &file));
    ck_assert_uint_eq(file.bytes, bytes);
    ck_assert_uint_eq(file.type, 3);
    ck_assert(bytes_equal(store_file_room(&file), bytes_of(room)));
    gives(STORE_NOT_FOUND, read_all(room, letter, &read));
    ck_assert_uint_eq(read, bytes);
}

static bool add_letter(void *context, const struct store_file *file)
{
    char *text = context;
    size_t length = strlen(text);
    text[length] = (char)file->hash[0];
    text[length + 1] = '\0';
    return text[length] != '!';
}

static void expect_list(const char *room, const char *letters)
{
    char text[64] = "";
    ok(store->files->list(store, bytes_of(room), add_letter, text));
    ck_assert_str_eq(text, letters);
}

static void expect_held(const char *room, uint64_t count, uint64_t bytes, uint64_t all)
{
    struct store_held held;
    ok(store->files->held(store, bytes_of(room), &held));
    ck_assert_uint_eq(held.files, count);
    ck_assert_uint_eq(held.bytes, bytes);
    ck_assert_uint_eq(held.all_bytes, all);
}

static void seal(const char *room)
{
    ok(seal_segment(room, 1, 1, "log"));
}

/* --- The contract ------------------------------------------------------------------------------- */

START_TEST(a_file_comes_back_part_by_part)
{
    static const size_t lengths[] = {1, STORE_FILE_PART - 1, STORE_FILE_PART, STORE_FILE_PART + 1,
                                     5 * STORE_FILE_PART + 9};
    put("a", 'x', lengths[_i]);
    expect_file("a", 'x', lengths[_i]);
    reopen();
    expect_file("a", 'x', lengths[_i]);
}
END_TEST

START_TEST(a_file_that_is_there_comes_at_once)
{
    static const size_t lengths[] = {1, STORE_FILE_PART, 4 * STORE_FILE_PART + 9};
    ck_assert(put_at_once("a", 'x', lengths[_i]));
    expect_file("a", 'x', lengths[_i]);
    expect_held("a", 1, lengths[_i], lengths[_i]);
    ck_assert(!put_at_once("a", 'x', lengths[_i]));
    reopen();
    expect_file("a", 'x', lengths[_i]);
    expect_held("a", 1, lengths[_i], lengths[_i]);
}
END_TEST

/* Whoever begins next, in whichever room: what is written on is not theirs. */
START_TEST(an_upload_that_is_gone_is_nobody_elses)
{
    seal("a");
    uint64_t gone = begin("a", 2 * STORE_FILE_PART);
    write_all(gone, 'x', STORE_FILE_PART, 1);
    if (_i == 0)
        ok(store->remove(store, bytes_of("a"), 0));
    else
        ok(store->files->drop(store, gone));
    uint64_t next = begin("b", STORE_FILE_PART);
    uint8_t byte = 0;
    struct store_file file = named('x');
    bool added;
    gives(STORE_NOT_FOUND, store->files->write(store, gone, (struct bytes){&byte, 1}));
    gives(STORE_NOT_FOUND, store->files->end(store, gone, &file, &added));
    gives(STORE_NOT_FOUND, store->files->drop(store, gone));
    write_all(next, 'y', STORE_FILE_PART, 1);
    file = named('y');
    ok(store->files->end(store, next, &file, &added));
    expect_file("b", 'y', STORE_FILE_PART);
}
END_TEST

START_TEST(an_upload_is_as_long_as_announced)
{
    uint8_t bytes[8] = {0};
    bool added;
    struct store_file file = named('x');
    uint64_t upload = begin("a", STORE_FILE_PART + 5);
    gives(STORE_DAMAGED, store->files->end(store, upload, &file, &added));
    write_all(upload, 'x', STORE_FILE_PART, 1);
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
    uint64_t upload = begin("a", 3 * STORE_FILE_PART);
    write_all(upload, 'x', STORE_FILE_PART, 1);
    gives(STORE_NOT_FOUND, find("a", 'x', &(struct store_file){0}));
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
    uint64_t x = begin("a", STORE_FILE_PART + 1), y = begin("a", STORE_FILE_PART + 2);
    write_all(y, 'y', STORE_FILE_PART + 2, 1);
    write_all(x, 'x', STORE_FILE_PART + 1, 1);
    bool added;
    struct store_file file = named('x');
    ok(store->files->end(store, x, &file, &added));
    file = named('y');
    ok(store->files->end(store, y, &file, &added));
    expect_file("a", 'x', STORE_FILE_PART + 1);
    expect_file("a", 'y', STORE_FILE_PART + 2);
}
END_TEST

START_TEST(what_is_there_is_not_added_twice)
{
    ck_assert(put_at("a", 'x', 70000, 5000));
    ck_assert(!put_at("a", 'x', 70000, 4000));
    ck_assert_uint_eq(used_ms("a", 'x'), 5000);
    ck_assert(!put_at("a", 'x', 70000, 6000));
    ck_assert_uint_eq(used_ms("a", 'x'), 6000);
    expect_held("a", 1, 70000, 70000);
    expect_file("a", 'x', 70000);
}
END_TEST

START_TEST(each_room_has_its_own)
{
    put("a", 'x', 10);
    put("b", 'x', 10);
    gives(STORE_NOT_FOUND, find("c", 'x', &(struct store_file){0}));
    struct store_file file = named('x');
    ok(store->files->remove(store, bytes_of("a"), file.hash));
    gives(STORE_NOT_FOUND, store->files->remove(store, bytes_of("a"), file.hash));
    expect_file("b", 'x', 10);
    expect_held("b", 1, 10, 10);
}
END_TEST

START_TEST(they_go_with_their_room)
{
    seal("a");
    seal("ab");
    put("a", 'x', STORE_FILE_PART + 5);
    put("a", 'y', 5);
    put("ab", 'x', 7);
    uint64_t upload = begin("a", 9);
    ok(store->remove(store, bytes_of("a"), 0));
    expect_list("a", "");
    expect_held("a", 0, 0, 7);
    gives(STORE_NOT_FOUND, store->files->write(store, upload, bytes_of("123456789")));
    expect_file("ab", 'x', 7);
}
END_TEST

START_TEST(they_are_listed_by_hash_until_the_visitor_says_stop)
{
    put("a", 'z', 1);
    put("a", 'b', 1);
    put("a", '!', 1);
    put("b", 'c', 1);
    put("a", 'm', 1);
    expect_list("a", "!");
    struct store_file file = named('!');
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
    put("a", 'x', 1);
    put("a", 'y', 1);
    put("a", 'z', 1);
    ok(store->files->list(store, bytes_of("a"), remove_it, NULL));
    expect_held("a", 0, 0, 0);
}
END_TEST

static void use(const char *room, char letter, uint64_t wall_ms)
{
    struct store_use one = {.used_ms = wall_ms};
    memcpy(one.hash, named(letter).hash, sizeof one.hash);
    ok(store->files->use(store, bytes_of(room), &one, 1));
}

START_TEST(use_moves_forward_alone)
{
    put_at("a", 'x', 1, 1000);
    put_at("a", 'z', 1, 1000);
    use("a", 'x', 999);
    ck_assert_uint_eq(used_ms("a", 'x'), 1000);
    struct store_use uses[] = {{.used_ms = 1003}, {.used_ms = 1002}, {.used_ms = 1001}};
    memcpy(uses[0].hash, named('z').hash, STORE_HASH_BYTES);
    memcpy(uses[1].hash, named('y').hash, STORE_HASH_BYTES); /* which is not there */
    memcpy(uses[2].hash, named('x').hash, STORE_HASH_BYTES);
    ok(store->files->use(store, bytes_of("a"), uses, 3));
    reopen();
    ck_assert_uint_eq(used_ms("a", 'x'), 1001);
    ck_assert_uint_eq(used_ms("a", 'z'), 1003);
    gives(STORE_NOT_FOUND, find("a", 'y', &(struct store_file){0}));
}
END_TEST

START_TEST(the_stalest_was_wanted_the_longest_ago)
{
    struct store_file file;
    gives(STORE_NOT_FOUND, store->files->stalest(store, &file));
    put_at("a", 'x', 1, 3000);
    put_at("b", 'y', 1, 2000);
    put_at("c", 'z', 1, 4000);
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

/* --- In a file ---------------------------------------------------------------------------------- */

static const char *path_of(const char *name)
{
    static char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", store_folder(), name);
    return path;
}

/* Behind the store's back. */
static void run_sql(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path_of("archive.db"), &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
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
    char sql[256];
    uint64_t format = 1;
    uint64_t sum = checksum(&format, 1, bytes_of("format"), (struct bytes){0});
    snprintf(sql, sizeof sql,
             "DROP TABLE file; DROP TABLE file_part; DROP TABLE chain;"
             " DROP TABLE score;"
             "DELETE FROM meta WHERE key IN ('incarnation', 'suspect');"
             "UPDATE meta SET value = 1, checksum = %" PRId64 " WHERE key = 'format'",
             (int64_t)sum);
    store->close(store);
    run_sql(sql);
}

static bool count_room(void *context, const struct store_room *room)
{
    (void)room;
    ++*(unsigned *)context;
    return true;
}

START_TEST(uploads_do_not_outlive_their_server)
{
    uint64_t upload = begin("a", 2 * STORE_FILE_PART);
    write_all(upload, 'x', STORE_FILE_PART, 1);
    put("a", 'y', 5);
    reopen();
    expect_held("a", 1, 5, 5);
    bool added;
    struct store_file file = named('x');
    gives(STORE_NOT_FOUND, store->files->end(store, upload, &file, &added));
    expect_file("a", 'y', 5);
}
END_TEST

/* What all files come to is not looked up again: who sends tiny ones would make it count them all. */
START_TEST(what_goes_is_taken_off_the_sum)
{
    put("a", 'x', 10);
    put("a", 'y', 20);
    expect_held("a", 2, 30, 30);
    run_sql("UPDATE file SET bytes = 1000 WHERE id = 1");
    struct store_file file = named('y');
    ok(store->files->remove(store, bytes_of("a"), file.hash));
    put("b", 'z', 5);
    expect_held("b", 1, 5, 15);
    ok(store->files->remove(store, bytes_of("a"), named('x').hash)); /* which does not check */
    expect_held("b", 1, 5, 5);
}
END_TEST

START_TEST(an_archive_without_files_is_brought_forward)
{
    seal("a");
    go_back_to_format_1();
    ck_assert_str_eq(open_store(), "");
    expect_held("a", 0, 0, 0);
    put("a", 'x', 70000);
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
    seal("a");
    go_back_to_format_1();
    ck_assert_msg(store_sqlite_open_to_read(store_folder(), &store, error) == STORE_OK, "%s",
                  error);
    unsigned rooms = 0;
    ok(store->rooms(store, count_room, &rooms));
    ck_assert_uint_eq(rooms, 1);
    gives(STORE_NOT_FOUND, find("a", 'x', &(struct store_file){0}));
    expect_list("a", "");
    expect_held("a", 0, 0, 0);
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

START_TEST(a_damaged_archive_without_files_is_salvaged)
{
    seal("a");
    seal("b");
    go_back_to_format_1();
    run_sql("UPDATE room SET last = 2 WHERE id = 1");
    ck_assert_ptr_nonnull(strstr(open_store(), "2 rooms kept, 1 of them in quarantine"));
    put("b", 'x', 5);
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
    put("a", 'x', 2 * STORE_FILE_PART + 100);
    ck_assert_uint_eq(damages(), 0);
    store->close(store);
    run_sql(damage[_i].sql);
    ck_assert_str_eq(open_store(), "");
    size_t read;
    gives(damage[_i].find, find("a", 'x', &(struct store_file){0}));
    gives(damage[_i].read, read_all("a", 'x', &read));
    ck_assert_uint_eq(read, damage[_i].good);
    ck_assert_uint_eq(damages(), 1);

    /* Sent anew it is whole again. */
    (void)put_at("a", 'x', 2 * STORE_FILE_PART + 100, 1);
    expect_file("a", 'x', 2 * STORE_FILE_PART + 100);
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

START_TEST(what_is_damaged_stands_in_nobodys_way)
{
    put_at("a", 'x', 5, 1000);
    put_at("a", 'y', 5, 2000);
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
    seal("a");
    put("a", 'x', 5);
    put("a", 'y', 5);
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
    seal("a");
    put("a", 'x', STORE_FILE_PART + 3);
    put("a", 'y', STORE_FILE_PART + 3);
    put("b", 'z', 7);
    (void)begin("b", 99);
    store->close(store);
    run_sql("DELETE FROM room WHERE id = 1;"
            "UPDATE file_part SET checksum = 1 WHERE id >> 16 = 2 AND (id & 65535) = 1");
    ck_assert_str_eq(open_store(), "");
    gives(STORE_DAMAGED, store->room(store, bytes_of("a"), look_at_room, NULL));
    expect_file("a", 'x', STORE_FILE_PART + 3);
    expect_file("b", 'z', 7);
    gives(STORE_NOT_FOUND, find("a", 'y', &(struct store_file){0}));
    expect_held("b", 1, 7, STORE_FILE_PART + 10);
    ck_assert_uint_eq(damages(), 0);
    put("a", 'y', 8);
    expect_file("a", 'y', 8);
}
END_TEST

/* It is replaced while it runs, without what was under way; the next ones are no one else's. */
START_TEST(a_salvage_gives_no_upload_to_another)
{
    seal("a");
    put("b", 'z', 7);
    uint64_t gone = begin("b", 9);
    run_sql("DELETE FROM room WHERE id = 1");
    gives(STORE_DAMAGED, store->room(store, bytes_of("a"), look_at_room, NULL));
    expect_file("b", 'z', 7);
    uint64_t next = begin("c", 9);
    ck_assert_uint_ne(gone, next);
    gives(STORE_NOT_FOUND, store->files->write(store, gone, bytes_of("123456789")));
    expect_held("b", 1, 7, 16);
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

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
