/* check_storage.c - the storage over a store that fails as told: what is said to be saved is, in its
 * order, and what was stored comes back as it was.
 *
 * Tests of a disk that fails have the storage's threads, since only they wait and try again; each
 * waits for what it expects, and the test's time is the bound. */
#include "persistence/store_memory.h"
#include "persistence/store_sqlite.h"
#include "server/storage.h"
#include "sync/hash.h"
#include "tests/faulty_store.h"
#include "tests/helpers.h"
#include "tests/scratch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scratch scratch;
static struct faulty_store faulty;
static struct storage *storage;
static struct room *room;
static uint64_t now_us;
static bool saw_trouble, saw_well;

/* The storage's threads tell that something happened. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static bool awake;

static void wake(void *context)
{
    (void)context;
    pthread_mutex_lock(&mutex);
    awake = true;
    pthread_cond_signal(&woken);
    pthread_mutex_unlock(&mutex);
}

static void wait_awake(void)
{
    pthread_mutex_lock(&mutex);
    while (!awake)
        pthread_cond_wait(&woken, &mutex);
    awake = false;
    pthread_mutex_unlock(&mutex);
}

/* --- Lives --------------------------------------------------------------------------------------- */

static struct storage_options options;

static const struct rules *find(struct bytes kind)
{
    return bytes_equal(kind, bytes_of("every")) ? &kind_every : NULL;
}

static void live(void)
{
    char error[STORAGE_ERROR_MAX];
    options.store = &faulty.store;
    storage = storage_create(&options, error);
    ck_assert_msg(storage != NULL, "%s", error);
}

static void end(bool saved)
{
    ck_assert_int_eq(storage_stop(storage), saved);
    storage_destroy(storage);
    storage = NULL;
}

/* What was not sealed stays in the journal. */
static void crash(void)
{
    faulty_store_fail(&faulty, CALL_SEAL, STORE_BUSY, FAULTY_FOR_EVER);
    end(true);
    faulty_store_fail(&faulty, CALL_SEAL, STORE_OK, 0);
}

/* What the journal and the archive hold is the next life's. */
static void begin(struct store *store, bool threads)
{
    ck_assert_ptr_nonnull(store);
    faulty_store_init(&faulty, store);
    options = (struct storage_options){.rooms = {.saves = true}, .find = find};
    options.wake = threads ? wake : NULL;
    now_us = 1000000;
    saw_trouble = saw_well = false;
    live();
}

static struct store *memory_store(void)
{
    return store_memory_create(8u << 20);
}

static struct store *sqlite_store(void)
{
    struct store *store = NULL;
    char error[STORE_SQLITE_ERROR_MAX];
    struct store_sqlite_options sqlite = {.folder = scratch.path, .sync = true};
    ck_assert_int_eq(store_sqlite_open(&sqlite, &store, error), STORE_OK);
    return store;
}

static void setup(void)
{
    scratch = scratch_make();
    begin(memory_store(), false);
}

static void setup_threads(void)
{
    scratch = scratch_make();
    begin(memory_store(), true);
}

/* Bit 0: threads; bit 1: a store of files. */
static void begin_again(int which)
{
    end(true);
    faulty_store_free(&faulty);
    begin((which & 2) != 0 ? sqlite_store() : memory_store(), (which & 1) != 0);
}

static void teardown(void)
{
    room_destroy(room);
    room = NULL;
    storage_destroy(storage);
    storage = NULL;
    faulty_store_free(&faulty);
    scratch_remove(&scratch);
}

/* --- What happens ---------------------------------------------------------------------------------- */

static struct storage_event await(enum storage_event_kind kind)
{
    struct storage_event event;
    for (;;) {
        if (options.wake == NULL)
            storage_work(storage);
        while (storage_next(storage, &event)) {
            saw_trouble |= event.kind == STORAGE_TROUBLE;
            saw_well |= event.kind == STORAGE_WELL;
            if (event.kind == kind)
                return event;
        }
        ck_assert_msg(options.wake != NULL, "it never happens");
        wait_awake();
    }
}

static void log_bytes(struct bytes name, uint64_t incarnation, uint64_t tick, struct bytes bytes)
{
    struct flush_entry entry = {
        .room = name, .incarnation = incarnation, .first = tick, .last = tick, .bytes = bytes};
    ck_assert(storage_reserve(storage, bytes.length));
    ck_assert(storage_log(storage, &entry));
}

static void hand_over(void)
{
    now_us += STORAGE_FLUSH_US;
    storage_flush(storage, now_us, true);
}

/* One flush of no meaning. */
static void flush(uint64_t tick)
{
    log_bytes(bytes_of("noise"), 1, tick, bytes_of("some bytes"));
    hand_over();
}

static void flush_and_await(uint64_t tick)
{
    flush(tick);
    await(STORAGE_FLUSHED);
}

static void expect_appended(const char *expected)
{
    char line[512] = "";
    for (uint32_t i = 0; i < faulty.appended_count; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "%u ",
                 (unsigned)faulty.appended[i]);
    ck_assert_str_eq(line, expected);
}

/* --- Rooms ----------------------------------------------------------------------------------------- */

static const struct bytes lobby = {(const uint8_t *)"lobby", 5};

static void log_room(void)
{
    static uint8_t entry[1 << 16];
    struct writer writer = writer_on(entry, sizeof entry);
    if (!room_log_pending(room))
        return;
    room_log_write(room, 1000, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    log_bytes(lobby, room_incarnation(room), room_logged(room), writer_bytes(&writer));
}

static void flush_room(void)
{
    log_room();
    hand_over();
    await(STORAGE_FLUSHED);
}

static void make_room(uint64_t incarnation)
{
    room_destroy(room);
    room = room_create(&(struct room_options){
        .rules = &kind_every, .incarnation = incarnation, .logs = true, .saves = true});
    ck_assert_ptr_nonnull(room);
    flush_room();
}

/* A record of so many letters more, by a member who comes and goes. */
static void write_in_room(unsigned number, unsigned letters)
{
    static char line[4096];
    uint32_t seat = join(room, number, ROLE_EDITOR);
    int length = snprintf(line, sizeof line, "[0 'papers' 'p%u' 'text' '%0*u']", number,
                          (int)letters, number);
    ck_assert_int_lt(length, (int)sizeof line);
    ck_assert_int_eq(outcome(room, seat, line), STATUS_OK);
    log_room();
    room_leave(room, seat);
    step(room);
    flush_room();
}

static void put_to_sleep(void)
{
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    flush_room();
    storage_slept(storage, lobby);
}

static struct storage_event load(void)
{
    ck_assert(storage_load(storage, lobby, &storage));
    struct storage_event event = await(STORAGE_LOADED);
    ck_assert_ptr_eq(event.ticket, &storage);
    ck_assert_int_eq(event.room != NULL, event.result == LOAD_DONE);
    return event;
}

/* The room that comes back is the one that went. */
static void expect_back(bool clean)
{
    struct storage_event event = load();
    ck_assert_int_eq(event.result, LOAD_DONE);
    ck_assert_int_eq(event.clean, clean);
    ck_assert_uint_eq(event.incarnation, room_incarnation(room));
    ck_assert_uint_eq(room_hash_kept(event.room), room_hash_kept(room));
    ck_assert_uint_eq(room_tick_number(event.room), room_logged(room));
    room_destroy(event.room);
}

/* --- Flushes --------------------------------------------------------------------------------------- */

START_TEST(flushes_become_durable_in_their_order)
{
    begin_again(_i);
    uint64_t told = 0;
    for (uint64_t tick = 1; tick <= 30; tick++) {
        uint64_t number = storage_open_number(storage);
        flush(tick);
        while (told + STORAGE_FLUSHES_MAX <= number && told < number) {
            ck_assert_uint_eq(await(STORAGE_FLUSHED).number, told + 1);
            told++;
        }
    }
    end(true);
    ck_assert_uint_ge(faulty.appended_count, 15);
    for (uint32_t i = 0; i < faulty.appended_count; i++)
        ck_assert_uint_eq(faulty.appended[i], i + 1);
    live();
    ck_assert_uint_eq(storage_open_number(storage), faulty.appended_count + 1);
}
END_TEST

START_TEST(while_two_are_under_way_the_rest_goes_out_together)
{
    faulty_store_stall(&faulty, CALL_APPEND, true);
    for (uint64_t tick = 1; tick <= 10; tick++)
        flush(tick);
    ck_assert_uint_eq(storage_open_number(storage), 3);
    ck_assert_uint_gt(storage_figures(storage).waiting_bytes, 10 * strlen("some bytes"));
    faulty_store_stall(&faulty, CALL_APPEND, false);
    await(STORAGE_FLUSHED);
    await(STORAGE_FLUSHED);
    hand_over();
    ck_assert_uint_eq(await(STORAGE_FLUSHED).number, 3);
    ck_assert_uint_eq(storage_figures(storage).waiting_bytes, 0);
    ck_assert_uint_eq(storage_figures(storage).waiting_us, 0);
}
END_TEST

START_TEST(what_may_pass_is_tried_again_in_the_same_journal)
{
    static const enum store_result passing[] = {STORE_FULL, STORE_BUSY, STORE_MEMORY};
    flush_and_await(1);
    faulty_store_fail(&faulty, CALL_APPEND, passing[_i], _i == 2 ? 5 : 2);
    flush(2);
    await(STORAGE_TROUBLE);
    await(STORAGE_WELL);
    ck_assert_uint_eq(await(STORAGE_FLUSHED).number, 2);
    ck_assert(!storage_figures(storage).failing);
    ck_assert_uint_eq(faulty_store_calls(&faulty, CALL_RENEW_JOURNAL), 0);
    end(true);
    ck_assert_int_eq(faulty.calls[CALL_RECLAIM] > 0, passing[_i] == STORE_FULL);
    expect_appended(_i == 2 ? "1 2 2 2 2 2 2 " : "1 2 2 2 ");
}
END_TEST

START_TEST(a_journal_that_lies_is_left_and_the_next_gets_all_that_is_kept)
{
    static const enum store_result lies[] = {STORE_FAILED, STORE_DAMAGED};
    for (uint64_t tick = 1; tick <= 3; tick++)
        flush_and_await(tick);
    faulty_store_fail(&faulty, CALL_APPEND, lies[_i], 1);
    flush(4);
    await(STORAGE_TROUBLE);
    await(STORAGE_WELL);
    ck_assert_uint_eq(await(STORAGE_FLUSHED).number, 4);
    flush_and_await(5);
    ck_assert_uint_eq(storage_figures(storage).generations, 1);
    ck_assert_uint_eq(faulty_store_calls(&faulty, CALL_RENEW_JOURNAL), 1);
    expect_appended("1 2 3 4 1 2 3 4 5 ");
}
END_TEST

START_TEST(a_new_journal_that_fails_too_is_tried_until_it_holds_all)
{
    begin_again(1 | _i << 1);
    flush_and_await(1);
    flush_and_await(2);
    faulty_store_fail(&faulty, CALL_APPEND, STORE_FAILED, 2); /* the first, and of the new one */
    flush(3);
    ck_assert_uint_eq(await(STORAGE_FLUSHED).number, 3);
    ck_assert(saw_trouble && saw_well);
    expect_appended("1 2 3 1 1 2 3 ");
    crash();
    live(); /* nothing is missing in what the journal tells now */
    ck_assert_uint_eq(storage_open_number(storage), 4);
    flush_and_await(4);
}
END_TEST

START_TEST(what_nobody_can_tell_is_asked_again)
{
    flush_and_await(1);
    faulty.done_all_the_same = _i == 1;
    faulty_store_fail(&faulty, CALL_APPEND, STORE_UNKNOWN, 2);
    flush_and_await(2);
    ck_assert(!saw_trouble);
    ck_assert_uint_eq(faulty_store_calls(&faulty, CALL_RENEW_JOURNAL), 0);
    expect_appended("1 2 2 2 ");
}
END_TEST

START_TEST(a_server_that_lost_its_store_writes_nothing_more)
{
    flush_and_await(1);
    faulty_store_fail(&faulty, CALL_APPEND, STORE_FENCED, 1);
    flush(2);
    await(STORAGE_FENCED);
    flush(3);
    end(false);
    expect_appended("1 2 ");
    ck_assert_uint_eq(faulty.calls[CALL_SEAL], 0);
    ck_assert_uint_eq(faulty.calls[CALL_RELEASE], 0);
}
END_TEST

START_TEST(the_ring_is_full_by_bytes_while_the_disk_fails)
{
    end(true);
    options.ring_bytes = 4000;
    live();
    static char large[3000];
    log_bytes(bytes_of("noise"), 1, 1, (struct bytes){(const uint8_t *)large, sizeof large});
    hand_over();
    await(STORAGE_FLUSHED);
    ck_assert(!storage_is_full(storage, now_us));
    faulty_store_fail(&faulty, CALL_APPEND, STORE_FULL, FAULTY_FOR_EVER);
    flush(2);
    await(STORAGE_TROUBLE);
    ck_assert(!storage_is_full(storage, now_us));
    log_bytes(bytes_of("noise"), 1, 3, (struct bytes){(const uint8_t *)large, 1000});
    ck_assert(storage_is_full(storage, now_us));
    faulty_store_fail(&faulty, CALL_APPEND, STORE_OK, 0);
    await(STORAGE_WELL);
    ck_assert(!storage_is_full(storage, now_us));
}
END_TEST

START_TEST(the_ring_is_full_by_time_while_the_disk_fails)
{
    uint64_t since_us = now_us + STORAGE_FLUSH_US;
    faulty_store_fail(&faulty, CALL_APPEND, STORE_BUSY, FAULTY_FOR_EVER);
    flush(1);
    await(STORAGE_TROUBLE);
    ck_assert_uint_eq(storage_figures(storage).waiting_us, since_us);
    ck_assert(!storage_is_full(storage, since_us + STORAGE_RING_S * UINT64_C(1000000)));
    ck_assert(storage_is_full(storage, since_us + STORAGE_RING_S * UINT64_C(1000000) + 1));
    faulty_store_fail(&faulty, CALL_APPEND, STORE_OK, 0);
    await(STORAGE_WELL);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_ever_and_says_what_is_lost)
{
    flush_and_await(1);
    faulty_store_fail(&faulty, CALL_APPEND, _i == 0 ? STORE_FULL : STORE_FAILED, FAULTY_FOR_EVER);
    flush(2);
    await(STORAGE_TROUBLE);
    flush(3);
    end(false);
    faulty_store_fail(&faulty, CALL_APPEND, STORE_OK, 0);
    live();
    ck_assert_uint_eq(storage_open_number(storage), 2);
}
END_TEST

START_TEST(a_journal_that_cannot_be_read_whole_is_not_cut_short)
{
    char error[STORAGE_ERROR_MAX];
    uint64_t fence;
    struct store *under = faulty.under;
    flush_and_await(1);
    crash();
    ck_assert_int_eq(under->claim(under, &fence), STORE_OK);
    struct store_flush strange = {.number = 2, .bytes = bytes_of("no entry at all")};
    ck_assert_int_eq(under->append(under, fence, &strange), STORE_OK);
    ck_assert_ptr_null(storage_create(&options, error));
    ck_assert_uint_gt(strlen(error), 0);
}
END_TEST

/* --- Rooms come back ------------------------------------------------------------------------------- */

START_TEST(a_room_comes_back_from_the_journal_the_archive_and_both)
{
    begin_again(_i);
    ck_assert_int_eq(load().result, LOAD_NONE);
    make_room(5);
    write_in_room(1, 10);
    expect_back(false); /* out of the tail */
    crash();
    live();
    expect_back(false); /* out of the journal */
    end(true);
    live();
    expect_back(false); /* out of the archive */
    ck_assert_uint_ge(storage_incarnation(storage), 5);
    write_in_room(2, 10);
    expect_back(false); /* out of the archive and the tail */
    put_to_sleep();
    expect_back(true);
    crash();
    live();
    expect_back(true);
    end(true);
    live();
    expect_back(true);
}
END_TEST

START_TEST(a_long_log_gets_a_snapshot_that_leads_to_the_same_room)
{
    begin_again(_i);
    make_room(5);
    for (unsigned i = 1; i <= 12; i++)
        write_in_room(i, 2000);
    put_to_sleep();
    end(true);
    live();
    uint32_t segments = faulty_store_calls(&faulty, CALL_READ);
    expect_back(true);
    ck_assert_uint_eq(faulty_store_calls(&faulty, CALL_READ), segments + 1);
    struct storage_event event = load();
    ck_assert_int_eq(room_wake(event.room, 6), STATUS_OK);
    room_destroy(room);
    room = event.room;
    flush_room();
    write_in_room(40, 10);
    end(true);
    live();
    expect_back(false);
}
END_TEST

static bool count_snapshot(void *context, const struct store_blob *blob)
{
    *(uint64_t *)context = blob->first;
    return true;
}

START_TEST(snapshots_are_made_of_rooms_that_sleep_with_a_long_log)
{
    uint64_t tick = 0;
    make_room(5);
    for (unsigned i = 1; i <= 12; i++)
        write_in_room(i, _i == 0 ? 100 : 2000);
    put_to_sleep();
    end(true);
    enum store_result result =
        faulty.under->snapshot(faulty.under, lobby, UINT64_MAX, count_snapshot, &tick);
    ck_assert_int_eq(result, _i == 0 ? STORE_NOT_FOUND : STORE_OK);
    ck_assert_uint_eq(tick, _i == 0 ? 0 : room_tick_number(room));
}
END_TEST

START_TEST(a_crash_between_sealing_and_release_doubles_nothing)
{
    begin_again(_i);
    for (uint64_t incarnation = 5; incarnation < 9; incarnation++) {
        if (incarnation == 5)
            make_room(incarnation);
        write_in_room((unsigned)incarnation, 10);
        faulty_store_fail(&faulty, CALL_RELEASE, STORE_BUSY, FAULTY_FOR_EVER);
        end(true); /* it seals */
        faulty_store_fail(&faulty, CALL_RELEASE, STORE_OK, 0);
        live();
        expect_back(false);
        struct storage_event event = load();
        ck_assert_int_eq(room_wake(event.room, incarnation + 1), STATUS_OK);
        room_destroy(room);
        room = event.room;
        flush_room();
        ck_assert(!storage_figures(storage).archive_fails);
    }
    end(true);
    ck_assert(!saw_trouble);
    live();
    expect_back(false);
}
END_TEST

START_TEST(a_kind_that_is_not_here_is_told_and_nothing_is_touched)
{
    make_room(5);
    room_destroy(room);
    room = room_create(&(struct room_options){.rules = &kind_open, .incarnation = 6, .logs = true});
    static uint8_t entry[256];
    struct writer writer = writer_on(entry, sizeof entry);
    room_log_write(room, 1, &writer);
    log_bytes(bytes_of("strange"), 6, 1, writer_bytes(&writer));
    hand_over();
    await(STORAGE_FLUSHED);
    ck_assert(storage_load(storage, bytes_of("strange"), &storage));
    ck_assert_int_eq(await(STORAGE_LOADED).result, LOAD_KIND);
    end(true);
    live();
    ck_assert(storage_load(storage, bytes_of("strange"), &storage));
    ck_assert_int_eq(await(STORAGE_LOADED).result, LOAD_KIND);
    struct storage_event event = load();
    ck_assert_int_eq(event.result, LOAD_DONE);
    room_destroy(event.room);
}
END_TEST

START_TEST(a_log_that_leads_nowhere_is_quarantined_and_stays_so)
{
    make_room(5);
    write_in_room(1, 10);
    log_bytes(lobby, 5, room_logged(room) + 7, bytes_of("\x94\x20\x01\x01\x92\x04\x00"));
    hand_over();
    await(STORAGE_FLUSHED);
    struct storage_event event = load();
    ck_assert_int_eq(event.result, LOAD_QUARANTINED);
    ck_assert_uint_gt(strlen(event.text), 0);
    if (_i == 0)
        crash();
    else
        end(true);
    live();
    ck_assert_int_eq(load().result, LOAD_QUARANTINED);
    end(true);
    ck_assert(!saw_trouble);
    live();
    event = load();
    ck_assert_int_eq(event.result, LOAD_QUARANTINED);
    ck_assert_uint_gt(strlen(event.text), 0);
}
END_TEST

START_TEST(an_archive_that_does_not_answer_makes_a_load_fail_and_no_more)
{
    static const enum store_call calls[] = {CALL_ROOM, CALL_SNAPSHOT, CALL_READ};
    make_room(5);
    write_in_room(1, 10);
    put_to_sleep();
    end(true);
    live();
    faulty_store_fail(&faulty, calls[_i], _i == 1 ? STORE_MEMORY : STORE_BUSY, 1);
    ck_assert_int_eq(load().result, LOAD_FAILED);
    expect_back(true);
}
END_TEST

/* --- The archive fails ----------------------------------------------------------------------------- */

START_TEST(an_archive_that_lies_never_lets_the_journal_forget)
{
    flush_and_await(1);
    faulty_store_fail(&faulty, CALL_SEAL, _i == 0 ? STORE_FAILED : STORE_DAMAGED, 2);
    end(true);
    uint32_t seals = faulty.calls[CALL_SEAL];
    ck_assert_uint_eq(seals, _i == 0 ? 1 : 2);
    ck_assert_uint_eq(faulty.calls[CALL_RELEASE], 0);
    faulty_store_fail(&faulty, CALL_SEAL, STORE_OK, 0);
    live(); /* a new server tries again */
    end(true);
    ck_assert_uint_eq(faulty.calls[CALL_SEAL], seals + 1);
    ck_assert_uint_eq(faulty.calls[CALL_RELEASE], 1);
}
END_TEST

START_TEST(a_full_archive_fills_the_ring_and_passes)
{
    end(true);
    options.seal_ms = 1;
    options.ring_bytes = 500;
    options.wake = wake;
    live();
    faulty_store_fail(&faulty, CALL_SEAL, STORE_FULL, FAULTY_FOR_EVER);
    uint64_t tick = 1;
    while (!storage_is_full(storage, now_us))
        flush_and_await(tick++);
    ck_assert(saw_trouble);
    ck_assert_uint_ge(storage_figures(storage).kept_bytes, options.ring_bytes);
    faulty_store_fail(&faulty, CALL_SEAL, STORE_OK, 0);
    end(true);
    ck_assert_uint_lt(tick, 200);
    live();
    ck_assert_uint_eq(storage_figures(storage).kept_bytes, 0); /* the journal is empty */
}
END_TEST

/* --- Removal --------------------------------------------------------------------------------------- */

START_TEST(a_removed_room_does_not_come_back_and_a_new_one_is_its_own)
{
    begin_again(_i);
    make_room(5);
    write_in_room(1, 10);
    put_to_sleep();
    storage_remove(storage, lobby);
    ck_assert_int_eq(await(STORAGE_REMOVED).answer, STORE_OK);
    ck_assert_int_eq(load().result, LOAD_NONE);
    crash();
    live();
    struct storage_event event = load();
    ck_assert_int_eq(event.result, LOAD_NONE);
    ck_assert_uint_eq(event.incarnation, 5);
    make_room(6);
    write_in_room(7, 10);
    expect_back(false);
    crash();
    live();
    expect_back(false);
    end(true);
    live();
    expect_back(false);
    faulty_store_fail(&faulty, CALL_RELEASE, STORE_BUSY, FAULTY_FOR_EVER);
    write_in_room(8, 10);
    end(true);
    faulty_store_fail(&faulty, CALL_RELEASE, STORE_OK, 0);
    live();
    expect_back(false);
}
END_TEST

START_TEST(a_removal_that_fails_is_tried_again_before_anything_is_forgotten)
{
    make_room(5);
    write_in_room(1, 10);
    put_to_sleep();
    faulty_store_fail(&faulty, _i == 0 ? CALL_REMOVE : CALL_SEAL, STORE_BUSY, 2);
    storage_remove(storage, lobby);
    ck_assert_int_eq(await(STORAGE_REMOVED).answer, STORE_BUSY);
    ck_assert_int_eq(load().result, LOAD_FAILED); /* tried again, and failed again */
    struct storage_event event = load();
    ck_assert_int_eq(event.result, LOAD_NONE);
    ck_assert_uint_eq(event.incarnation, 5);
    end(true);
    ck_assert_uint_ge(faulty.calls[CALL_RELEASE], 1);
    live();
    ck_assert_int_eq(load().result, LOAD_NONE);
}
END_TEST

START_TEST(a_room_that_had_ended_is_not_loaded_even_if_nobody_removed_it)
{
    make_room(5);
    for (unsigned i = 1; i <= 12; i++)
        write_in_room(i, 2000);
    room_end(room, "game over");
    step(room);
    put_to_sleep();
    if (_i == 0)
        crash();
    else
        end(true);
    live();
    struct storage_event event = load();
    ck_assert_int_eq(event.result, LOAD_NONE);
    ck_assert_uint_eq(event.incarnation, 5);
}
END_TEST

START_TEST(removing_what_is_not_there_says_so)
{
    storage_remove(storage, lobby);
    struct storage_event event = await(STORAGE_REMOVED);
    ck_assert_int_eq(event.answer, STORE_NOT_FOUND);
    ck_assert(bytes_equal((struct bytes){event.name, event.name_length}, lobby));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage");
    TCase *calm = tcase_create("rooms");
    tcase_add_checked_fixture(calm, setup, teardown);
    tcase_set_timeout(calm, 20);
    tcase_add_loop_test(calm, flushes_become_durable_in_their_order, 0, 4);
    tcase_add_loop_test(calm, a_room_comes_back_from_the_journal_the_archive_and_both, 0, 4);
    tcase_add_loop_test(calm, a_long_log_gets_a_snapshot_that_leads_to_the_same_room, 0, 4);
    tcase_add_loop_test(calm, snapshots_are_made_of_rooms_that_sleep_with_a_long_log, 0, 2);
    tcase_add_loop_test(calm, a_crash_between_sealing_and_release_doubles_nothing, 0, 4);
    tcase_add_test(calm, a_kind_that_is_not_here_is_told_and_nothing_is_touched);
    tcase_add_loop_test(calm, a_log_that_leads_nowhere_is_quarantined_and_stays_so, 0, 2);
    tcase_add_loop_test(calm, an_archive_that_does_not_answer_makes_a_load_fail_and_no_more, 0, 3);
    tcase_add_test(calm, a_journal_that_cannot_be_read_whole_is_not_cut_short);
    tcase_add_loop_test(calm, an_archive_that_lies_never_lets_the_journal_forget, 0, 2);
    tcase_add_loop_test(calm, a_removed_room_does_not_come_back_and_a_new_one_is_its_own, 0, 4);
    tcase_add_loop_test(calm, a_removal_that_fails_is_tried_again_before_anything_is_forgotten, 0,
                        2);
    tcase_add_loop_test(calm, a_room_that_had_ended_is_not_loaded_even_if_nobody_removed_it, 0, 2);
    tcase_add_test(calm, removing_what_is_not_there_says_so);
    suite_add_tcase(suite, calm);

    TCase *bad = tcase_create("bad disks");
    tcase_add_checked_fixture(bad, setup_threads, teardown);
    tcase_set_timeout(bad, 30);
    tcase_add_test(bad, while_two_are_under_way_the_rest_goes_out_together);
    tcase_add_loop_test(bad, what_may_pass_is_tried_again_in_the_same_journal, 0, 3);
    tcase_add_loop_test(bad, a_journal_that_lies_is_left_and_the_next_gets_all_that_is_kept, 0, 2);
    tcase_add_loop_test(bad, a_new_journal_that_fails_too_is_tried_until_it_holds_all, 0, 2);
    tcase_add_loop_test(bad, what_nobody_can_tell_is_asked_again, 0, 2);
    tcase_add_test(bad, a_server_that_lost_its_store_writes_nothing_more);
    tcase_add_test(bad, the_ring_is_full_by_bytes_while_the_disk_fails);
    tcase_add_test(bad, the_ring_is_full_by_time_while_the_disk_fails);
    tcase_add_loop_test(bad, a_stop_does_not_wait_for_ever_and_says_what_is_lost, 0, 2);
    tcase_add_test(bad, a_full_archive_fills_the_ring_and_passes);
    suite_add_tcase(suite, bad);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
