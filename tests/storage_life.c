#include "tests/storage_life.h"

#include "persistence/store_memory.h"
#include "persistence/store_sqlite.h"
#include "sync/hash.h"
#include "tests/helpers.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct life life;

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

static const struct kinds kinds = {.rules = {&kind_every}, .count = 1};

void life_next(void)
{
    char error[STORAGE_ERROR_MAX];
    life.options.store = &life.faulty.store;
    life.storage = storage_create(&life.options, error);
    ck_assert_msg(life.storage != NULL, "%s", error);
}

void life_end(bool saved)
{
    ck_assert_int_eq(storage_stop(life.storage), saved);
    storage_destroy(life.storage);
    life.storage = NULL;
}

void life_crash(void)
{
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_BUSY, FAULTY_FOR_EVER);
    life_end(true);
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_OK, 0);
}

/* What the journal and the archive hold is the next life's. */
static void life_begin(struct store *store, bool threads)
{
    ck_assert_ptr_nonnull(store);
    faulty_store_init(&life.faulty, store);
    life.options = (struct storage_options){.rooms = {.saves = true}, .kinds = &kinds};
    life.options.wake = threads ? wake : NULL;
    life.now_us = 1000000;
    life.saw_trouble = life.saw_well = false;
    life.lost = 0;
    life_next();
}

static struct store *memory_store(void)
{
    return store_memory_create(8u << 20);
}

static struct store *sqlite_store(void)
{
    struct store *store = NULL;
    char error[STORE_SQLITE_ERROR_MAX];
    struct store_sqlite_options sqlite = {.folder = life.scratch.path, .sync = true};
    ck_assert_int_eq(store_sqlite_open(&sqlite, &store, error), STORE_OK);
    return store;
}

void life_setup(void)
{
    life.scratch = scratch_make();
    life_begin(memory_store(), false);
}

void life_setup_threads(void)
{
    life.scratch = scratch_make();
    life_begin(memory_store(), true);
}

void life_again(int which)
{
    life_end(true);
    faulty_store_free(&life.faulty);
    life_begin((which & 2) != 0 ? sqlite_store() : memory_store(), (which & 1) != 0);
}

void life_teardown(void)
{
    room_destroy(life.room);
    life.room = NULL;
    storage_destroy(life.storage);
    life.storage = NULL;
    faulty_store_free(&life.faulty);
    scratch_remove(&life.scratch);
}

/* --- What happens ---------------------------------------------------------------------------------- */

struct storage_event await_event(enum storage_event_kind kind)
{
    struct storage_event event;
    for (;;) {
        if (life.options.wake == NULL)
            storage_work(life.storage);
        while (storage_next(life.storage, &event)) {
            life.saw_trouble |= event.kind == STORAGE_TROUBLE;
            life.saw_well |= event.kind == STORAGE_WELL;
            life.lost += event.kind == STORAGE_LOST;
            if (event.kind == kind)
                return event;
        }
        ck_assert_msg(life.options.wake != NULL, "it never happens");
        wait_awake();
    }
}

void log_entry(struct bytes name, uint64_t incarnation, uint64_t tick, struct bytes bytes)
{
    struct flush_entry entry = {
        .room = name, .incarnation = incarnation, .first = tick, .last = tick, .bytes = bytes};
    ck_assert(storage_reserve(life.storage, bytes.length));
    ck_assert(storage_log(life.storage, &entry));
}

void hand_over(void)
{
    life.now_us += STORAGE_FLUSH_US;
    storage_flush(life.storage, life.now_us, true);
}

/* --- Rooms ----------------------------------------------------------------------------------------- */

const struct bytes lobby = {(const uint8_t *)"lobby", 5};

static void lobby_log(void)
{
    static uint8_t entry[1 << 16];
    struct writer writer = writer_on(entry, sizeof entry);
    if (!room_log_pending(life.room))
        return;
    room_log_write(life.room, 1000, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    log_entry(lobby, room_incarnation(life.room), room_logged(life.room), writer_bytes(&writer));
}

void lobby_flush(void)
{
    lobby_log();
    hand_over();
    await_event(STORAGE_FLUSHED);
}

void lobby_make(uint64_t incarnation)
{
    room_destroy(life.room);
    life.room = room_create(&(struct room_options){
        .rules = &kind_every, .incarnation = incarnation, .logs = true, .saves = true});
    ck_assert_ptr_nonnull(life.room);
    lobby_flush();
}

void lobby_write(unsigned number, unsigned letters)
{
    static char line[4096];
    uint32_t seat = join(life.room, number, ROLE_EDITOR);
    int length = snprintf(line, sizeof line, "[0 'papers' 'p%u' 'text' '%0*u']", number,
                          (int)letters, number);
    ck_assert_int_lt(length, (int)sizeof line);
    ck_assert_int_eq(outcome(life.room, seat, line), STATUS_OK);
    lobby_log();
    room_leave(life.room, seat);
    step(life.room);
    lobby_flush();
}

void lobby_sleeps(void)
{
    ck_assert_int_eq(room_sleep(life.room), STATUS_OK);
    lobby_flush();
    storage_slept(life.storage, lobby);
}

void lobby_remove(void)
{
    ck_assert(
        storage_remove(life.storage, lobby, life.room != NULL ? room_incarnation(life.room) : 1));
    hand_over();
}

struct storage_event lobby_load(void)
{
    ck_assert(storage_load(life.storage, lobby, &life.storage));
    struct storage_event event = await_event(STORAGE_LOADED);
    ck_assert_ptr_eq(event.ticket, &life.storage);
    ck_assert_int_eq(event.room != NULL, event.result == LOAD_DONE);
    return event;
}

void lobby_expect(bool clean)
{
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_DONE);
    ck_assert_int_eq(event.clean, clean);
    ck_assert_uint_eq(event.incarnation, room_incarnation(life.room));
    ck_assert_uint_eq(room_hash_kept(event.room), room_hash_kept(life.room));
    ck_assert_uint_eq(room_tick_number(event.room), room_logged(life.room));
    room_destroy(event.room);
}
