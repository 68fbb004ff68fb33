/* check_judge.c - files that are not what they should be: each is refused with its place, and nothing of it is
 * there. */
#include "sync/log_piece.h"
#include "sync/race_parts.h"
#include "sync/snapshot.h"
#include "tests/operator.h"
#include "tests/portable_file.h"
#include "tests/run_suite.h"
#include "tools/store_history.h"
#include "tools/store_judge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[64], data[80], path[80];
static struct portable_file *file;
static struct judging judging;

static void make_root(void)
{
    strcpy(root, "/tmp/check-judge-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(data, sizeof data, "%s/data", root);
    snprintf(path, sizeof path, "%s/room.tutti", root);
    ck_assert_msg(run_command("%s record --kind board --people 2 --minutes 1 %s lobby 2>&1 && "
                              "%s export lobby %s --data %s 2>&1",
                              TEST_TUTTI, data, TEST_TUTTI, path, data) == 0,
                  "%s", out);
}

/* One recording for all: a test reads it, and writes another in a process of its own. */
static void remove_root(void)
{
    ck_assert_int_eq(run_command("rm -rf %s", root), 0);
}

static void setup(void)
{
    snprintf(path, sizeof path, "%s/room.tutti", root);
    file = portable_file_read(path);
    snprintf(path, sizeof path, "%s/other.tutti", root);
    judging = (struct judging){.kinds = &kinds_built_in};
}

static void teardown(void)
{
    portable_file_free(file);
}

static enum store_result judge_stream(FILE *stream)
{
    ck_assert_ptr_nonnull(stream);
    enum store_result result = judge(&judging, stream);
    fclose(stream);
    return result;
}

static enum store_result judge_path(void)
{
    return judge_stream(fopen(path, "rb"));
}

static enum store_result judge_file(void)
{
    portable_file_write(file, path);
    return judge_path();
}

static void expect_refused(enum store_result result, const char *why)
{
    ck_assert_msg(result == STORE_DAMAGED, "%d: %s", result, judging.error);
    ck_assert_msg(strstr(judging.error, why) != NULL, "%s, not %s", judging.error, why);
}

/* --- The bytes ------------------------------------------------------------------------------------ */

static uint8_t *read_whole(size_t *length)
{
    portable_file_write(file, path);
    FILE *stream = fopen(path, "rb");
    ck_assert_ptr_nonnull(stream);
    uint8_t *bytes = malloc(1 << 20);
    *length = fread(bytes, 1, 1 << 20, stream);
    fclose(stream);
    return bytes;
}

START_TEST(what_is_whole_is_well)
{
    ck_assert_msg(judge_file() == STORE_OK, "%s", judging.error);
    ck_assert_str_eq(judging.name, "lobby");
    ck_assert_uint_eq(judging.sessions, 1);
    ck_assert_uint_eq(judging.first, 1);
    ck_assert_uint_gt(judging.last, 1000);
}
END_TEST

/* Behind each piece, a byte later, within its head and in its middle. */
START_TEST(a_file_that_ends_at_any_piece_is_refused)
{
    size_t length;
    uint8_t *bytes = read_whole(&length);
    for (size_t i = 0; i < file->count; i++) {
        uint64_t begin = file->begins[i], end = file->begins[i + 1];
        const uint64_t cuts[] = {begin, begin + 1, begin + 19, (begin + end) / 2};
        for (size_t j = 0; j < sizeof cuts / sizeof cuts[0]; j++) {
            char place[40];
            snprintf(place, sizeof place, "piece %zu", i);
            expect_refused(judge_stream(fmemopen(bytes, cuts[j], "rb")), place);
            ck_assert_ptr_nonnull(strstr(judging.error, "the file ends there"));
        }
    }
    free(bytes);
}
END_TEST

#define FLIP_STEP 37u /* bits of bytes so far apart, in turn */

START_TEST(a_bit_that_flips_is_refused_with_its_piece)
{
    size_t length, piece = 0;
    uint8_t *bytes = read_whole(&length);
    for (size_t at = 12; at < length; at += FLIP_STEP) {
        char place[40];
        while (piece + 1 < file->count && at >= file->begins[piece + 1])
            piece++;
        size_t number = at >= file->begins[file->count - 1 + 1] ? file->count : piece;
        snprintf(place, sizeof place, "piece %zu", number);
        bytes[at] ^= (uint8_t)(1u << at % 8);
        expect_refused(judge_stream(fmemopen(bytes, length, "rb")), place);
        bytes[at] ^= (uint8_t)(1u << at % 8);
    }
    free(bytes);
}
END_TEST

/* --- Files whose checksums fit, and which lie ----------------------------------------------------- */

static size_t log_at(int number)
{
    size_t at = portable_file_find(file, PORTABLE_LOG, 0);
    while (number-- > 0)
        at = portable_file_find(file, PORTABLE_LOG, at + 1);
    return at;
}

/* The entries of a log as they were before they were packed. */
static struct bytes entries_of(size_t at, struct log_piece *piece)
{
    ck_assert_int_eq(log_piece_open(piece, file->pieces[at].bytes), STATUS_OK);
    return piece->entries;
}

/* The room as it is behind the first so many logs, as a snapshot before the next one. */
static struct portable_piece snapshot_behind(int logs, uint8_t **bytes)
{
    struct replay replay = history_replay_begin(&kinds_built_in);
    for (int i = 0; i < logs; i++) {
        struct log_piece piece;
        ck_assert_int_eq(replay_log(&replay, entries_of(log_at(i), &piece)), STATUS_OK);
        log_piece_close(&piece);
    }
    const struct room *room = replay_room(&replay);
    size_t length = snapshot_bytes(room);
    *bytes = malloc(length);
    struct writer writer = writer_on(*bytes, length);
    snapshot_write(room, &writer);
    struct portable_piece snapshot = {.kind = PORTABLE_SNAPSHOT,
                                      .incarnation = room_incarnation(room),
                                      .first = room_tick_number(room),
                                      .bytes = writer_bytes(&writer)};
    replay_abandon(&replay);
    return snapshot;
}

static void drop_tracks(void)
{
    for (size_t i = 0; i < file->count;)
        if (file->pieces[i].kind == PORTABLE_TRACK)
            portable_file_drop(file, i);
        else
            i++;
}

static void put_snapshot_before(size_t at, int logs)
{
    uint8_t *bytes;
    portable_file_insert(file, at, snapshot_behind(logs, &bytes));
    free(bytes);
}

/* What is recorded begins with a snapshot: the room's beginning is not there. */
static void begin_with_snapshot(void)
{
    drop_tracks();
    put_snapshot_before(log_at(0), 1);
    portable_file_drop(file, log_at(0));
}

/* And here its middle is not. */
static void make_gap(void)
{
    drop_tracks();
    put_snapshot_before(log_at(1), 2);
    portable_file_drop(file, log_at(1));
}

static void lie_missing_log(void)
{
    drop_tracks();
    portable_file_drop(file, log_at(1));
}

static void lie_unopened(void)
{
    drop_tracks();
    portable_file_drop(file, log_at(0));
    file->pieces[log_at(0)].begins = 1;
}

static void lie_changed_log(void)
{
    struct log_piece piece;
    size_t at = log_at(2);
    struct bytes entries = entries_of(at, &piece);
    uint8_t *changed = malloc(entries.length);
    memcpy(changed, entries.data, entries.length);
    memset(changed + entries.length / 2, 0xc1, 8);
    portable_file_set(file, at, (struct bytes){changed, entries.length});
    free(changed);
    log_piece_close(&piece);
}

/* The last entry falls asleep, and ends with a hash. */
static void lie_changed_state(void)
{
    struct log_piece piece;
    size_t at = file->count - 1;
    while (file->pieces[at].kind != PORTABLE_LOG)
        at--;
    struct bytes entries = entries_of(at, &piece);
    uint8_t *changed = malloc(entries.length);
    memcpy(changed, entries.data, entries.length);
    changed[entries.length - 1] ^= 1;
    portable_file_set(file, at, (struct bytes){changed, entries.length});
    free(changed);
    log_piece_close(&piece);
}

static void lie_cut_log(void)
{
    struct log_piece piece;
    size_t at = log_at(1);
    struct bytes entries = entries_of(at, &piece);
    portable_file_set(file, at, (struct bytes){entries.data, entries.length - 1});
    log_piece_close(&piece);
}

static void lie_packed_log(void)
{
    uint8_t rubbish[64];
    memset(rubbish, 0xc1, sizeof rubbish);
    portable_file_set(file, log_at(1), (struct bytes){rubbish, sizeof rubbish});
}

static void lie_first_tick(void)
{
    drop_tracks();
    file->pieces[log_at(1)].first--;
}

static void lie_last_tick(void)
{
    drop_tracks();
    file->pieces[log_at(0)].last--;
}

static void lie_incarnation(void)
{
    file->pieces[log_at(1)].incarnation++;
}

static void lie_track(void)
{
    static const uint8_t nothing[] = {0x94, 0x01, 0x01, 0x01, 0xc0};
    portable_file_set(file, portable_file_find(file, PORTABLE_TRACK, 0),
                      (struct bytes){nothing, sizeof nothing});
}

/* A log's entry where presence should be. */
static void lie_log_as_track(void)
{
    struct log_piece piece;
    size_t at = portable_file_find(file, PORTABLE_TRACK, 0);
    struct bytes entries = entries_of(log_at(0), &piece);
    struct reader reader = reader_on(entries);
    struct log_entry entry;
    ck_assert(log_read_entry(&reader, &entry) && log_read_entry(&reader, &entry));
    file->pieces[at].first = file->pieces[at].last = entry.tick;
    portable_file_set(file, at, entry.bytes);
    log_piece_close(&piece);
}

static void lie_snapshot_moment(void)
{
    begin_with_snapshot();
    file->pieces[portable_file_find(file, PORTABLE_SNAPSHOT, 0)].first--;
}

static void lie_snapshot(void)
{
    begin_with_snapshot();
    size_t at = portable_file_find(file, PORTABLE_SNAPSHOT, 0);
    struct bytes bytes = file->pieces[at].bytes;
    portable_file_set(file, at, (struct bytes){bytes.data, bytes.length / 2});
}

/* Of another moment, where the log leads to another state. */
static void lie_snapshot_between(void)
{
    drop_tracks();
    uint8_t *bytes;
    struct portable_piece snapshot = snapshot_behind(1, &bytes);
    snapshot.first = file->pieces[log_at(1)].last;
    portable_file_insert(file, log_at(2), snapshot);
    free(bytes);
}

static void lie_kind(void)
{
    file->pieces[0].room_kind.length = 4; /* "boar" */
}

static void lie_other_kind(void)
{
    struct bytes *kind = &file->pieces[0].room_kind;
    memcpy((void *)(uintptr_t)kind->data, "open", 4);
    kind->length = 4;
}

static void lie_name(void)
{
    *(uint8_t *)(uintptr_t)file->pieces[0].name.data = '/';
}

static struct portable_piece image(uint64_t length)
{
    static const uint8_t hash[STORE_HASH_BYTES];
    return (struct portable_piece){
        .kind = PORTABLE_FILE, .length = length, .type = 1, .hash = {hash, sizeof hash}};
}

static void lie_image(void)
{
    static const uint8_t png[20] = "\x89PNG\r\n\x1a\n";
    portable_file_insert(file, file->count, image(sizeof png));
    portable_file_insert(
        file, file->count,
        (struct portable_piece){.kind = PORTABLE_PART, .bytes = {png, sizeof png}});
}

static void lie_type(void)
{
    static const uint8_t page[20] = "<html><script>";
    portable_file_insert(file, file->count, image(sizeof page));
    portable_file_insert(
        file, file->count,
        (struct portable_piece){.kind = PORTABLE_PART, .bytes = {page, sizeof page}});
}

static const struct {
    void (*lie)(void);
    const char *why;
} lies[] = {
    {lie_missing_log, "a part of it is missing"},
    {lie_unopened, "nothing leads to it"},
    {lie_changed_log, "(log)"},
    {lie_changed_state, "it leads to another state than it says"},
    {lie_cut_log, "(log)"},
    {lie_packed_log, "it does not unpack"},
    {lie_first_tick, "it begins with another tick than it says"},
    {lie_last_tick, "it lies outside of what the piece says"},
    {lie_incarnation, "its room is in another incarnation than it says"},
    {lie_track, "(track)"},
    {lie_log_as_track, "it is no presence"},
    {lie_snapshot_moment, "it is of another moment than it says"},
    {lie_snapshot, "(snapshot)"},
    {lie_snapshot_between, "(snapshot)"},
    {lie_kind, "its kind is none that is known here"},
    {lie_other_kind, "its room is of another kind than the file says"},
    {lie_name, "its name is none that a room has"},
    {lie_image, "the file is not what its hash says"},
    {lie_type, "the file is of another type than it says"},
};

START_TEST(a_file_that_lies_is_refused)
{
    lies[_i].lie();
    expect_refused(judge_file(), lies[_i].why);
}
END_TEST

/* Of the first one that is there, which msgpack has as a binary of this length. */
static void spoil_memory(size_t at, struct bytes bytes)
{
    static const uint8_t head[] = {0xc5, sizeof(struct race_memory) >> 8,
                                   sizeof(struct race_memory) & 0xff};
    uint8_t *spoilt = malloc(bytes.length);
    memcpy(spoilt, bytes.data, bytes.length);
    uint8_t *memory = memmem(spoilt, bytes.length, head, sizeof head);
    ck_assert_ptr_nonnull(memory);
    memory[sizeof head + offsetof(struct race_memory, phase)] = PHASES;
    portable_file_set(file, at, (struct bytes){spoilt, bytes.length});
    free(spoilt);
}

/* 0: in the log, 1: in a snapshot. */
START_TEST(a_memory_that_no_race_has_is_refused)
{
    portable_file_free(file);
    ck_assert_msg(run_command("%s record --kind race --people 2 --minutes 1 %s/race race 2>&1 && "
                              "%s export race %s/race.tutti --data %s/race 2>&1",
                              TEST_TUTTI, root, TEST_TUTTI, root, root) == 0,
                  "%s", out);
    char race[80];
    snprintf(race, sizeof race, "%s/race.tutti", root);
    file = portable_file_read(race);
    if (_i == 1)
        begin_with_snapshot();
    ck_assert_msg(judge_file() == STORE_OK, "%s", judging.error);
    if (_i == 0) {
        struct log_piece piece;
        spoil_memory(log_at(0), entries_of(log_at(0), &piece));
        log_piece_close(&piece);
    } else {
        size_t at = portable_file_find(file, PORTABLE_SNAPSHOT, 0);
        spoil_memory(at, file->pieces[at].bytes);
    }
    expect_refused(judge_file(), "its rules cannot have the memory that it has");
    ck_assert_int_eq(run_command("rm -rf %s/race %s/race.tutti", root, root), 0);
}
END_TEST

/* --- Limits --------------------------------------------------------------------------------------- */

START_TEST(work_is_bounded)
{
    ck_assert_int_eq(judge_file(), STORE_OK);
    uint64_t bytes = judging.bytes, walked = judging.walked;
    ck_assert(bytes > 0 && walked > 0);
    judging.limits = (struct judge_limits){.bytes = bytes, .walked = walked};
    ck_assert_int_eq(judge_path(), STORE_OK);
    judging.limits = (struct judge_limits){.bytes = bytes - 1};
    expect_refused(judge_path(), "it is longer than what is taken, unpacked");
    judging.limits = (struct judge_limits){.walked = walked - 1};
    expect_refused(judge_path(), "it takes more work than is given to any file");
    judging.limits = (struct judge_limits){.memory = 1000};
    ck_assert_int_ne(judge_path(), STORE_OK);
    ck_assert_ptr_nonnull(strstr(judging.error, status_text(STATUS_MEMORY)));
    judging.limits = (struct judge_limits){.memory = 64u << 20};
    ck_assert_msg(judge_path() == STORE_OK, "%s", judging.error);
}
END_TEST

/* A few bytes that are a log of 64 MiB: they are unpacked no further than they may be. */
START_TEST(what_inflates_is_counted)
{
    size_t length = 16u << 20;
    uint8_t *zeros = calloc(1, length);
    portable_file_set(file, log_at(1), (struct bytes){zeros, length});
    judging.limits.bytes = 8u << 20;
    expect_refused(judge_file(), "it is longer than what is taken, unpacked");
    free(zeros);
}
END_TEST

static bool stop_at_once(void *context, uint64_t done)
{
    (void)context, (void)done;
    return false;
}

START_TEST(who_waits_can_stop_it)
{
    judging.progress = stop_at_once;
    ck_assert_int_eq(judge_file(), STORE_BUSY);
    ck_assert_str_eq(judging.error, "stopped");
}
END_TEST

/* --- Into a store --------------------------------------------------------------------------------- */

static int tutti_there(const char *what)
{
    return run_command("%s %s --data %s/there 2>&1", TEST_TUTTI, what, root);
}

/* The log with its middle gone, or its beginning: what is kept is played, the rest is told to be gone. */
START_TEST(gaps_go_along)
{
    char order[128];
    if (_i == 0)
        begin_with_snapshot();
    else
        make_gap();
    uint64_t before = file->pieces[portable_file_find(file, PORTABLE_SNAPSHOT, 0)].first;
    ck_assert_msg(judge_file() == STORE_OK, "%s", judging.error);
    snprintf(order, sizeof order, "import %s --as gap%d", path, _i);
    ck_assert_msg(tutti_there(order) == 0, "%s", out);
    ck_assert_msg(tutti_there("check") == 0, "%s", out);
    snprintf(order, sizeof order, "show gap%d@%llu", _i, (unsigned long long)before + 1);
    ck_assert_msg(tutti_there(order) == 0, "%s", out);
    snprintf(order, sizeof order, "show gap%d@%llu", _i, (unsigned long long)before - 1);
    ck_assert_msg(tutti_there(order) == 1, "%s", out);
    snprintf(order, sizeof order, "export gap%d %s.again", _i, path);
    ck_assert_msg(tutti_there(order) == 0, "%s", out);
    snprintf(path + strlen(path), 8, ".again");
    struct portable_file *again = portable_file_read(path);
    ck_assert_uint_eq(again->count, file->count);
    for (size_t i = 1; i < file->count; i++) {
        ck_assert_int_eq(again->pieces[i].kind, file->pieces[i].kind);
        ck_assert_uint_eq(again->pieces[i].first, file->pieces[i].first);
        ck_assert_uint_eq(again->pieces[i].begins, file->pieces[i].begins);
        ck_assert(bytes_equal(again->pieces[i].bytes, file->pieces[i].bytes));
    }
    portable_file_free(again);
    ck_assert_int_eq(run_command("rm -rf %s %s/there", path, root), 0);
}
END_TEST

/* What goes in is given up in its middle. */
static enum store_result fill_until_it_lies(void *context, struct store_import *import)
{
    judging.import = import;
    return judge_stream(fopen(context, "rb"));
}

static bool note_room(void *context, const struct store_room *room)
{
    *(uint64_t *)context = room->incarnation;
    return true;
}

START_TEST(of_what_is_refused_nothing_is_there)
{
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    uint64_t incarnation = 0;
    ck_assert_int_eq(run_command("mkdir %s/there", root), 0);
    snprintf(data, sizeof data, "%s/there", root);
    struct store_sqlite_options options = {.folder = data, .sync = true};
    struct store_import_room room = {.name = bytes_of("lobby"), .made_ms = 1, .wall_ms = 2};
    ck_assert_int_eq(store_sqlite_open(&options, &store, error), STORE_OK);
    lie_image();
    portable_file_write(file, path);
    ck_assert_int_eq(store_sqlite_import(store, &room, fill_until_it_lies, path), STORE_DAMAGED);
    ck_assert_int_eq(store->room(store, room.name, note_room, &incarnation), STORE_NOT_FOUND);
    ck_assert_uint_eq(store->incarnation(store), 0);
    struct store_held held;
    ck_assert_int_eq(store->files->held(store, room.name, &held), STORE_OK);
    ck_assert_uint_eq(held.all_bytes, 0);

    file->count -= 2;
    portable_file_write(file, path);
    ck_assert_msg(store_sqlite_import(store, &room, fill_until_it_lies, path) == STORE_OK, "%s",
                  store->place(store));
    ck_assert_int_eq(store->room(store, room.name, note_room, &incarnation), STORE_OK);
    ck_assert_uint_gt(incarnation, file->pieces[0].incarnation);
    ck_assert_int_eq(store_sqlite_import(store, &room, fill_until_it_lies, path), STORE_FAILED);
    ck_assert_ptr_nonnull(strstr(store->place(store), "is there already"));
    store->close(store);
    file->count += 2;
    ck_assert_msg(tutti_there("check") == 0, "%s", out);
    ck_assert_int_eq(run_command("rm -rf %s/there", root), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("judge");
    tcase_add_unchecked_fixture(tcase, make_root, remove_root);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, what_is_whole_is_well);
    tcase_add_test(tcase, a_file_that_ends_at_any_piece_is_refused);
    tcase_add_test(tcase, a_bit_that_flips_is_refused_with_its_piece);
    tcase_add_loop_test(tcase, a_file_that_lies_is_refused, 0, (int)(sizeof lies / sizeof lies[0]));
    tcase_add_loop_test(tcase, a_memory_that_no_race_has_is_refused, 0, 2);
    tcase_add_test(tcase, work_is_bounded);
    tcase_add_test(tcase, what_inflates_is_counted);
    tcase_add_test(tcase, who_waits_can_stop_it);
    tcase_add_loop_test(tcase, gaps_go_along, 0, 2);
    tcase_add_test(tcase, of_what_is_refused_nothing_is_there);
    Suite *suite = suite_create("judge");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
