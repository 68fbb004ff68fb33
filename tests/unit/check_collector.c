/* check_collector.c - images that nothing shows any more go, after the grace and not before: a room
 * that logs, a storage in the test's thread, and both clocks in its hand. */
#include "persistence/store_memory.h"
#include "server/file_work.h"
#include "server/limits.h"
#include "server/storage.h"
#include "sync/files.h"
#include "sync/log.h"
#include "tests/faulty_store.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_MS UINT64_C(86400000)
#define HOUR_MS  UINT64_C(3600000)
#define BEGIN_MS UINT64_C(1700000000000)

static struct faulty_store faulty;
static struct store *store;
static struct storage *storage;
static struct room *room;
static struct frames *frames;
static const struct rules *kind;
static uint32_t ada;
static uint64_t now_ms; /* of both clocks, since 1970 */

static uint64_t clock_of_test(void)
{
    return now_ms;
}

static void live(void)
{
    char error[STORAGE_ERROR_MAX];
    store = faulty_store_init(&faulty, store_memory_create(8 << 20));
    storage = storage_create(&(struct storage_options){.store = store,
                                                       .rooms = {.saves = true},
                                                       .kinds = &kinds_built_in,
                                                       .clock_ms = clock_of_test,
                                                       .wall_ms = clock_of_test,
                                                       .file_grace_ms = GRACE_MS},
                             error);
    ck_assert_msg(storage != NULL, "%s", error);
}

static void make_room(const struct rules *rules)
{
    now_ms = BEGIN_MS;
    kind = rules;
    live();
    room = room_create(
        &(struct room_options){.rules = rules, .incarnation = 1, .logs = true, .saves = true});
    frames = frames_create(&(struct memory){0});
    ck_assert_ptr_nonnull(room);
    ck_assert_ptr_nonnull(frames);
    ada = join(room, 1, ROLE_EDITOR);
}

static void make_open(void)
{
    make_room(&kind_open);
}

static void make_board(void)
{
    make_room(&kind_board);
}

static void drop(void)
{
    storage_destroy(storage);
    faulty_store_free(&faulty);
    room_destroy(room);
    frames_destroy(frames);
}

/* What the room has to write down is flushed. */
static void log_room(void)
{
    if (!room_log_pending(room))
        return;
    uint8_t bytes[65536];
    struct writer writer = writer_on(bytes, sizeof bytes);
    room_log_write(room, now_ms, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    uint64_t tick = room_logged(room);
    struct flush_entry entry = {.room = bytes_of("lobby"),
                                .incarnation = 1,
                                .first = tick,
                                .last = tick,
                                .bytes = writer_bytes(&writer)};
    ck_assert(storage_log(storage, &entry));
    storage_flush(storage, now_ms * 1000, true);
}

static void work(void)
{
    struct storage_event event;
    storage_work(storage);
    while (storage_next(storage, &event))
        storage_flush(storage, now_ms * 1000, true);
}

/* Hours go by, in the steps of the sealings. */
static void pass(uint64_t hours)
{
    for (uint64_t i = 0; i < 6 * hours; i++) {
        now_ms += HOUR_MS / 6;
        work();
    }
}

/* The room has done something, and ada is told. */
static void make_entry(const char *edits)
{
    ck_assert_int_eq(outcome(room, ada, edits), STATUS_OK);
    log_room();
    room_save(room, room_logged(room));
    if (frames_begin(frames, room)) {
        frames_next(frames, ada);
        frames_end(frames, true);
    }
}

static void edit(const char *edits)
{
    make_entry(edits);
    work();
}

/* A file whose hash is this byte 32 times. */
static void put(uint8_t byte)
{
    struct store_file file = {.type = 1, .added_ms = now_ms, .used_ms = now_ms};
    memset(file.hash, byte, STORE_HASH_BYTES);
    uint64_t upload;
    bool added;
    ck_assert_int_eq(store->files->begin(store, bytes_of("lobby"), 3, &upload), STORE_OK);
    ck_assert_int_eq(store->files->write(store, upload, bytes_of("abc")), STORE_OK);
    ck_assert_int_eq(store->files->end(store, upload, &file, &added), STORE_OK);
}

static bool is_there(uint8_t byte)
{
    struct store_file file;
    memset(file.hash, byte, STORE_HASH_BYTES);
    return store->files->find(store, bytes_of("lobby"), file.hash, &file) == STORE_OK;
}

static uint64_t files_there(void)
{
    struct store_held held;
    ck_assert_int_eq(store->files->held(store, bytes_of("lobby"), &held), STORE_OK);
    return held.files;
}

#define HASH_AA "xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_BB "xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void show(const char *id, const char *hash)
{
    char edits[256];
    snprintf(edits, sizeof edits, "[0 'shapes' '%s' 'picture' %s]", id, hash);
    edit(edits);
}

static void hide(const char *id)
{
    char edits[64];
    snprintf(edits, sizeof edits, "[4 'shapes' '%s']", id);
    edit(edits);
}

/* A snapshot stands before what comes next. */
static void make_long_log(void)
{
    char edits[1200];
    for (int i = 0; i < 1100; i++) {
        snprintf(edits, sizeof edits, "[0 'notes' 'n' 'text' '%01000d']", i);
        make_entry(edits);
    }
    uint64_t before = storage_figures(storage).snapshots;
    pass(1);
    ck_assert_uint_gt(storage_figures(storage).snapshots, before);
}

/* --- Which files a room names ------------------------------------------------------------------- */

static void count(void *context, const uint8_t hash[FILE_HASH_BYTES])
{
    ck_assert(hash[0] == 0xaa || hash[0] == 0xbb);
    ++*(unsigned *)context;
}

static unsigned named(void)
{
    unsigned files = 0;
    room_each_file(room, count, &files);
    return files;
}

START_TEST(a_field_that_was_learnt_may_name_a_file)
{
    ck_assert_uint_eq(named(), 0);
    show("a", HASH_AA);
    show("b", HASH_AA);
    show("c", HASH_BB);
    edit("[0 'shapes' 'd' 'picture' xaaaa]");
    edit("[0 'shapes' 'e' 'points' 5]");
    ck_assert_uint_eq(named(), 3);
    hide("b");
    ck_assert_uint_eq(named(), 2);
    ck_assert(rules_name_files(kind));
    ck_assert(!rules_name_files(&kind_cursors));
}
END_TEST

START_TEST(a_board_names_its_images)
{
    edit("[0 'objects' 'a' 'type' 8 'z' 'V' 'x' 0 'y' 0 'w' 80 'h' 80 'image' " HASH_AA "]");
    ck_assert_uint_eq(named(), 1);
    ck_assert(rules_name_files(kind));
    edit("[4 'objects' 'a']");
    ck_assert_uint_eq(named(), 0);
}
END_TEST

/* --- What goes ---------------------------------------------------------------------------------- */

START_TEST(what_nothing_ever_showed_goes_after_the_grace)
{
    put(0xaa);
    pass(23);
    ck_assert(is_there(0xaa));
    ck_assert_uint_eq(storage_figures(storage).files_collected, 0);
    pass(2);
    ck_assert(!is_there(0xaa));
    ck_assert_uint_eq(storage_figures(storage).files_collected, 1);
}
END_TEST

START_TEST(what_is_shown_stays)
{
    put(0xaa);
    put(0xbb);
    show("a", HASH_AA);
    pass(100);
    ck_assert(is_there(0xaa));
    ck_assert(!is_there(0xbb));
}
END_TEST

START_TEST(what_is_shown_behind_a_snapshot_stays)
{
    put(0xaa);
    put(0xbb);
    show("a", HASH_AA);
    make_long_log();
    show("b", HASH_BB);
    pass(100);
    ck_assert(is_there(0xaa));
    ck_assert(is_there(0xbb));
}
END_TEST

/* The grace begins when it was last shown, however long ago that was looked up. */
START_TEST(the_grace_begins_when_it_is_hidden)
{
    put(0xaa);
    show("a", HASH_AA);
    pass(20);
    hide("a");
    pass(23);
    ck_assert(is_there(0xaa));
    pass(2);
    ck_assert(!is_there(0xaa));
}
END_TEST

START_TEST(hidden_and_shown_again_it_stays)
{
    put(0xaa);
    show("a", HASH_AA);
    make_long_log();
    hide("a");
    pass(12);
    show("b", HASH_AA);
    pass(11);
    hide("b");
    pass(23);
    ck_assert(is_there(0xaa)); /* 46 hours after it was hidden first */
    show("c", HASH_AA);
    pass(48);
    ck_assert(is_there(0xaa));
}
END_TEST

START_TEST(hidden_behind_a_snapshot_that_shows_it_goes)
{
    put(0xaa);
    show("a", HASH_AA);
    make_long_log();
    hide("a");
    pass(26);
    ck_assert(!is_there(0xaa));
}
END_TEST

/* As the hub sends one, where all files together may have 40 bytes; the second takes over half. */
static void upload(uint8_t letter)
{
    struct file_work *work = file_work_create(bytes_of("lobby"));
    ck_assert_ptr_nonnull(work);
    work->task = FILE_WRITE;
    work->bounds = (struct file_bounds){.room_files = 9, .room_bytes = 1000, .all_bytes = 40};
    work->data = malloc(16);
    ck_assert_ptr_nonnull(work->data);
    memset(work->data, letter, 16);
    work->length = work->capacity = 16;
    work->file.bytes = 16;
    work->last = true;
    storage_file(storage, work);
    storage_work(storage);
    struct file_work *done = storage_file_done(storage);
    ck_assert_ptr_eq(done, work);
    ck_assert_int_eq(done->outcome, FILE_DONE);
    file_work_free(done);
}

START_TEST(where_space_is_short_what_nothing_names_goes_soon)
{
    upload('a');
    upload('b');
    ck_assert_uint_eq(files_there(), 2);
    now_ms += UNNAMED_S * UINT64_C(1000);
    work();
    ck_assert_uint_eq(files_there(), 1);
    pass(25);
    ck_assert_uint_eq(files_there(), 0);
}
END_TEST

START_TEST(sent_again_it_is_wanted_again)
{
    put(0xaa);
    pass(20);
    put(0xaa);
    pass(20);
    ck_assert(is_there(0xaa));
    pass(5);
    ck_assert(!is_there(0xaa));
}
END_TEST

START_TEST(many_go_a_few_at_a_time)
{
    for (unsigned i = 1; i <= 200; i++)
        put((uint8_t)i);
    show("a", HASH_AA);
    pass(30);
    ck_assert_uint_eq(storage_figures(storage).files_collected, 199);
    ck_assert(is_there(0xaa));
}
END_TEST

/* --- What is not sealed ------------------------------------------------------------------------ */

static enum store_result (*seal)(struct store *, const struct store_sealed *, size_t, uint64_t);
static const char *edits_at_sealing;

/* The room goes on while it is sealed, so that some of its log waits when files are looked at. */
static enum store_result
seal_and_go_on(struct store *of, const struct store_sealed *sealed, size_t count, uint64_t wall_ms)
{
    make_entry(edits_at_sealing);
    return seal(of, sealed, count, wall_ms);
}

static void go_on_at_sealings(const char *edits)
{
    seal = store->seal;
    store->seal = seal_and_go_on;
    edits_at_sealing = edits;
}

START_TEST(what_is_not_sealed_is_seen)
{
    put(0xaa);
    put(0xbb);
    show("b", HASH_BB);
    pass(23);
    hide("b");
    go_on_at_sealings("[0 'shapes' 'a' 'picture' " HASH_AA "]");
    now_ms += HOUR_MS;
    work();
    ck_assert(is_there(0xaa));
    pass(25);
    ck_assert(is_there(0xaa));
    ck_assert(!is_there(0xbb));
    store->seal = seal;
}
END_TEST

START_TEST(a_room_that_is_never_quiet_has_its_files_collected)
{
    put(0xaa);
    go_on_at_sealings("[0 'notes' 'n' 'text' 'go on']");
    edit(edits_at_sealing);
    pass(23);
    ck_assert(is_there(0xaa));
    pass(2);
    ck_assert(!is_there(0xaa));
    store->seal = seal;
}
END_TEST

/* --- What cannot be asked ----------------------------------------------------------------------- */

START_TEST(files_of_a_room_that_cannot_be_read_stay)
{
    put(0xbb);
    show("a", HASH_AA);
    pass(1);
    ck_assert_int_eq(store->quarantine(store, bytes_of("lobby"), bytes_of("test")), STORE_OK);
    pass(60);
    ck_assert(is_there(0xbb));
    ck_assert_int_eq(store->release_quarantine(store, bytes_of("lobby")), STORE_OK);
    pass(60);
    ck_assert(!is_there(0xbb));
}
END_TEST

START_TEST(while_reading_fails_nothing_goes)
{
    put(0xbb);
    show("a", HASH_AA);
    pass(1);
    faulty_store_fail(&faulty, CALL_READ, STORE_FAILED, FAULTY_FOR_EVER);
    pass(60);
    ck_assert(is_there(0xbb));
    faulty_store_fail(&faulty, CALL_READ, STORE_OK, 0);
    pass(60);
    ck_assert(!is_there(0xbb));
}
END_TEST

START_TEST(while_the_archive_takes_nothing_nothing_goes)
{
    put(0xaa);
    pass(1);
    faulty_store_fail(&faulty, CALL_SEAL, STORE_FULL, FAULTY_FOR_EVER);
    show("a", HASH_AA);
    pass(60);
    ck_assert(is_there(0xaa));
    faulty_store_fail(&faulty, CALL_SEAL, STORE_OK, 0);
    pass(60);
    ck_assert(is_there(0xaa));
}
END_TEST

/* What waits to be written may show it again. */
START_TEST(while_the_journal_takes_nothing_nothing_goes)
{
    put(0xaa);
    show("a", HASH_AA);
    pass(1);
    hide("a");
    pass(1);
    faulty_store_fail(&faulty, CALL_APPEND, STORE_FULL, FAULTY_FOR_EVER);
    show("b", HASH_AA);
    ck_assert(storage_figures(storage).failing);
    pass(60);
    ck_assert(is_there(0xaa));
}
END_TEST

START_TEST(without_a_grace_everything_stays)
{
    storage_destroy(storage);
    char error[STORAGE_ERROR_MAX];
    storage = storage_create(&(struct storage_options){.store = store,
                                                       .kinds = &kinds_built_in,
                                                       .clock_ms = clock_of_test,
                                                       .wall_ms = clock_of_test},
                             error);
    put(0xaa);
    pass(60);
    ck_assert(is_there(0xaa));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("collector");
    TCase *names = tcase_create("names");
    tcase_add_checked_fixture(names, make_open, drop);
    tcase_add_test(names, a_field_that_was_learnt_may_name_a_file);
    suite_add_tcase(suite, names);

    TCase *board = tcase_create("board");
    tcase_add_checked_fixture(board, make_board, drop);
    tcase_add_test(board, a_board_names_its_images);
    suite_add_tcase(suite, board);

    TCase *tests = tcase_create("collector");
    tcase_add_checked_fixture(tests, make_open, drop);
    tcase_add_test(tests, what_nothing_ever_showed_goes_after_the_grace);
    tcase_add_test(tests, what_is_shown_stays);
    tcase_add_test(tests, what_is_shown_behind_a_snapshot_stays);
    tcase_add_test(tests, the_grace_begins_when_it_is_hidden);
    tcase_add_test(tests, hidden_and_shown_again_it_stays);
    tcase_add_test(tests, hidden_behind_a_snapshot_that_shows_it_goes);
    tcase_add_test(tests, where_space_is_short_what_nothing_names_goes_soon);
    tcase_add_test(tests, sent_again_it_is_wanted_again);
    tcase_add_test(tests, many_go_a_few_at_a_time);
    tcase_add_test(tests, what_is_not_sealed_is_seen);
    tcase_add_test(tests, a_room_that_is_never_quiet_has_its_files_collected);
    tcase_add_test(tests, files_of_a_room_that_cannot_be_read_stay);
    tcase_add_test(tests, while_reading_fails_nothing_goes);
    tcase_add_test(tests, while_the_archive_takes_nothing_nothing_goes);
    tcase_add_test(tests, while_the_journal_takes_nothing_nothing_goes);
    tcase_add_test(tests, without_a_grace_everything_stays);
    suite_add_tcase(suite, tests);

    return run_suite(suite);
}
