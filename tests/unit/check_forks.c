/* check_forks.c - live rooms made of moments of others: equal to the moment, which stays as it is; names
 * that are taken, limits, disks that fail, and who asked for it gone. */
#include "server/forks.h"
#include "server/opening.h"
#include "sync/hash.h"
#include "sync/log.h"
#include "sync/race_parts.h"
#include "tests/notation.h"
#include "tests/ordering.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOMENTS 12

static struct {
    uint64_t tick, hash;
} past[MOMENTS];
static struct peer *ada, *page;
static struct fork *fork_asked;
static struct http_denial denial;

/* A room that did something at each of its moments, and someone who asks over HTTP. */
static void setup(void)
{
    world_setup();
    ada = peer_join(0, "lobby");
    page = peer_open(1);
    fork_asked = NULL;
    for (int i = 0; i < MOMENTS; i++) {
        char line[64];
        snprintf(line, sizeof line, "[1 [[0 'shapes' 's%d' 'x' %d]]]", i % 5, i);
        peer_say(ada, line);
        world_pass(200);
        past[i].tick = room_logged(ada->session->host->room);
        past[i].hash = room_hash_kept(ada->session->host->room);
    }
}

static void teardown(void)
{
    fork_end(fork_asked);
    world_teardown();
}

static void ask(struct fork_wish wish)
{
    fork_end(fork_asked);
    page->wants_write = false;
    denial = (struct http_denial){0};
    fork_asked = fork_begin(world.hub, page->session, &wish, &denial);
}

static void fork_lobby(const char *name, uint64_t tick)
{
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of(name), .tick = tick});
    ck_assert_msg(fork_asked != NULL, "%s", denial.text);
    world_pass(500);
    ck_assert(page->wants_write);
}

static struct room *room_named(struct bytes name)
{
    struct room_host *host = hub_room_named(world.hub, name);
    ck_assert_ptr_nonnull(host);
    return host->room;
}

/* --- What it is -------------------------------------------------------------------------------------- */

START_TEST(a_fork_is_the_room_as_it_was)
{
    char name[16];
    snprintf(name, sizeof name, "fork%d", _i);
    fork_lobby(name, past[_i].tick);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    ck_assert_uint_eq(fork_asked->tick, past[_i].tick);
    struct room *room = room_named(bytes_of(name));
    ck_assert_uint_eq(room_hash_kept(room), past[_i].hash);
    ck_assert_uint_ne(room_incarnation(room), room_incarnation(ada->session->host->room));
    ck_assert_uint_eq(room_hash_kept(ada->session->host->room), past[MOMENTS - 1].hash);
    ck_assert_uint_eq(world.hub->counters.forks, 1);
}
END_TEST

/* The log has its memory every ten seconds. */
START_TEST(a_race_goes_on_from_where_it_was)
{
    static struct race_memory memory;
    world.seals = _i == 1; /* then some of it is in the archive */
    world_restart();
    peer_free(1);
    page = peer_open(1);
    struct peer *driver = peer_open(2);
    session_upgraded(driver->session, bytes_of("race"));
    peer_hello(driver, 2, "'race'");
    world_pass(1000);
    peer_say(driver, "[1 [[1 'drivers' '0' 'ready' true]]]");
    world_pass(17000);
    const struct room *race = driver->session->host->room;
    const struct race_memory *now = room_memory(driver->session->host->room);
    ck_assert_int_eq(now->phase, PHASE_RACING);
    memory = *now;
    uint64_t tick = room_tick_number(race);
    world_pass(300); /* until the disk has it */
    ask((struct fork_wish){.source = bytes_of("race"), .name = bytes_of("other"), .tick = tick});
    ck_assert_msg(fork_asked != NULL, "%s", denial.text);
    world_pass(500);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    ck_assert_uint_eq(fork_asked->tick, tick);
    ck_assert_mem_eq(room_memory(room_named(bytes_of("other"))), &memory, sizeof memory);
}
END_TEST

/* It says so for ever: also when it has slept. */
static void expect_forked_from_lobby(const struct room *room, uint64_t tick)
{
    const struct room_fork *fork = room_forked_from(room);
    ck_assert_ptr_nonnull(fork);
    struct bytes name = {fork->name, fork->name_length};
    ck_assert(bytes_equal(name, bytes_of("lobby")));
    ck_assert_uint_eq(fork->tick, tick);
    ck_assert_uint_eq(fork->incarnation, room_incarnation(ada->session->host->room));
    ck_assert_ptr_null(room_forked_from(ada->session->host->room));
}

START_TEST(it_goes_on_by_itself)
{
    fork_lobby("other", past[3].tick);
    expect_forked_from_lobby(room_named(bytes_of("other")), past[3].tick);
    struct peer *ben = peer_join(2, "other");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    peer_say(ben, "[1 [[4 'shapes' 's0']]]");
    world_pass(200);
    ck_assert_uint_eq(room_records(ben->session->host->room), 3);
    ck_assert_uint_eq(room_hash_kept(ada->session->host->room), past[MOMENTS - 1].hash);
    uint64_t hash = room_hash_kept(ben->session->host->room);
    peer_disconnect(ben);
    world_pass(60000);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("other")));
    peer_free(2);
    ben = peer_join(2, "other");
    ck_assert_uint_eq(room_hash_kept(ben->session->host->room), hash);
    expect_forked_from_lobby(ben->session->host->room, past[3].tick);
}
END_TEST

START_TEST(it_is_on_the_disk_when_it_is_told)
{
    fork_lobby("other", past[5].tick);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    fork_end(fork_asked);
    fork_asked = NULL;
    world_crash();
    struct peer *ben = peer_join(2, "other");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(room_hash_kept(ben->session->host->room), past[5].hash);
}
END_TEST

START_TEST(a_fork_of_a_fork_is_one_too)
{
    fork_lobby("other", past[5].tick);
    ask((struct fork_wish){.source = bytes_of("other"), .name = bytes_of("third")});
    world_pass(500);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    ck_assert_uint_eq(room_hash_kept(room_named(bytes_of("third"))), past[5].hash);
}
END_TEST

START_TEST(a_room_that_sleeps_is_forked_without_waking)
{
    peer_disconnect(ada);
    world_pass(60000);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("lobby")));
    peer_free(1);
    page = peer_open(1);
    fork_lobby("other", past[7].tick);
    ck_assert_uint_eq(room_hash_kept(room_named(bytes_of("other"))), past[7].hash);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("lobby")));
}
END_TEST

START_TEST(a_tick_beyond_the_last_is_the_last)
{
    fork_lobby("other", 1000000);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    ck_assert_uint_eq(room_hash_kept(room_named(bytes_of("other"))), past[MOMENTS - 1].hash);
}
END_TEST

START_TEST(without_a_name_it_gets_one_that_nobody_guesses)
{
    fork_lobby("", past[2].tick);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    uint8_t first[ROOM_NAME_MAX];
    size_t length = fork_asked->name_length;
    ck_assert_uint_eq(length, 16);
    memcpy(first, fork_asked->name, length);
    ck_assert(wire_room_name_valid(fork_name(fork_asked)));
    fork_lobby("", past[2].tick);
    ck_assert_mem_ne(first, fork_asked->name, length);
}
END_TEST

/* --- What is refused ----------------------------------------------------------------------------------- */

static void expect_denied(int status, enum refusal refusal)
{
    const struct http_denial *why = &denial;
    if (fork_asked != NULL) {
        world_pass(500);
        ck_assert(page->wants_write);
        ck_assert_int_eq(fork_asked->step, FORK_DENIED);
        why = &fork_asked->denial;
    }
    ck_assert_int_eq(why->status, status);
    ck_assert_int_eq(why->refusal, refusal);
    ck_assert_uint_gt(strlen(why->text), 10);
}

START_TEST(a_name_that_is_taken_stays_as_it_is)
{
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("lobby"), .tick = 3});
    expect_denied(409, REFUSAL_FORK); /* awake */
    peer_disconnect(ada);
    world_pass(60000);
    peer_free(1);
    page = peer_open(1);
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("lobby"), .tick = 3});
    expect_denied(409, REFUSAL_FORK); /* asleep */
    struct peer *ben = peer_join(2, "lobby");
    ck_assert_uint_eq(room_hash_kept(ben->session->host->room), past[MOMENTS - 1].hash);
    ck_assert_uint_eq(world.hub->counters.forks, 0);
}
END_TEST

START_TEST(of_a_room_that_is_not_there_nothing_is_made)
{
    ask((struct fork_wish){.source = bytes_of("nowhere"), .name = bytes_of("other"), .tick = 3});
    expect_denied(404, REFUSAL_FORK);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("other")));
    ck_assert_uint_eq(openings_count(world.hub), 0);
    ask((struct fork_wish){
        .source = bytes_of("lobby"), .name = bytes_of("other"), .tick = 3, .incarnation = 77});
    expect_denied(404, REFUSAL_FORK);
}
END_TEST

/* Whoever comes while it is made waits for it. */
START_TEST(who_comes_meanwhile_gets_the_fork)
{
    ask((struct fork_wish){
        .source = bytes_of("lobby"), .name = bytes_of("other"), .tick = past[4].tick});
    struct peer *ben = peer_open(2);
    session_upgraded(ben->session, bytes_of("other"));
    peer_hello_only(ben, 2, "'open'");
    ck_assert_int_eq(ben->session->state, SESSION_WAITING);
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("other"), .tick = 3});
    expect_denied(409, REFUSAL_FORK);
    world_pass(500);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(room_hash_kept(ben->session->host->room), past[4].hash);
}
END_TEST

START_TEST(who_comes_meanwhile_gets_a_new_room_where_none_can_be_made)
{
    ask((struct fork_wish){.source = bytes_of("nowhere"), .name = bytes_of("other"), .tick = 3});
    struct peer *ben = peer_open(2);
    session_upgraded(ben->session, bytes_of("other"));
    peer_hello_only(ben, 2, "'open'");
    expect_denied(404, REFUSAL_FORK);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(room_records(ben->session->host->room), 0);
}
END_TEST

START_TEST(whoever_asked_may_go)
{
    ask((struct fork_wish){
        .source = bytes_of("lobby"), .name = bytes_of("other"), .tick = past[4].tick});
    fork_end(fork_asked);
    fork_asked = NULL;
    peer_disconnect(page);
    world_pass(500);
    ck_assert_uint_eq(room_hash_kept(room_named(bytes_of("other"))), past[4].hash);
}
END_TEST

START_TEST(a_server_that_ends_tells_so)
{
    ask((struct fork_wish){
        .source = bytes_of("lobby"), .name = bytes_of("other"), .tick = past[4].tick});
    hub_drain(world.hub);
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("more"), .tick = 3});
    expect_denied(503, REFUSAL_DRAINING);
}
END_TEST

START_TEST(forks_count_as_new_rooms)
{
    world.hub->limits.rooms = 2;
    fork_lobby("one", 3);
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("two"), .tick = 3});
    expect_denied(503, REFUSAL_ROOMS);
    world.hub->limits.rooms = 100;
    world.hub->limits.room_rate = (struct bucket_rate){.per_second = 1, .burst = 1};
    bucket_fill(&world.hub->room_bucket, &world.hub->limits.room_rate, world.now_us);
    fork_lobby("two", 3);
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("three"), .tick = 3});
    expect_denied(503, REFUSAL_ROOM_RATE);
    world_pass(1000);
    fork_lobby("three", 3);
    world.hub->limits.address_rates[ADDRESS_MAKES_ROOMS] =
        (struct address_rate){.per_minute = 1, .burst = 1};
    peer_free(1);
    page = peer_open_from(1, 0x0a0000ffu);
    world_pass(1000);
    fork_lobby("four", 3);
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("five"), .tick = 3});
    expect_denied(429, REFUSAL_ADDRESS_ROOMS);
    ck_assert_uint_ge(denial.retry_s, 1);
}
END_TEST

static enum store_result
full_disk(struct store *store, uint64_t fence, const struct store_flush *flush)
{
    (void)store;
    (void)fence;
    (void)flush;
    return STORE_FULL;
}

START_TEST(what_is_not_on_the_disk_is_not_told_as_made)
{
    world.store->append = full_disk;
    world.loses = true;
    /* It fails while the fork is on its way, and then has failed already. */
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("one"), .tick = 3});
    expect_denied(503, REFUSAL_FORK);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    ask((struct fork_wish){.source = bytes_of("lobby"), .name = bytes_of("two"), .tick = 3});
    ck_assert_ptr_null(fork_asked);
    expect_denied(503, REFUSAL_FORK);
    ck_assert_uint_ge(denial.retry_s, 1);
}
END_TEST

/* --- As it is ordered ---------------------------------------------------------------------------------- */

static int post_fork(const char *body)
{
    return order_of(page, HTTP_POST, "/v1/rooms/lobby/forks", body);
}

static void end_order(void)
{
    order_forget();
    teardown();
}

START_TEST(an_order_is_answered_with_the_name_and_the_moment)
{
    char body[64], answer[160];
    snprintf(body, sizeof body, "{\"tick\":%llu,\"room\":\"other\"}",
             (unsigned long long)past[6].tick);
    ck_assert_int_eq(post_fork(body), 201);
    snprintf(answer, sizeof answer,
             "{\"room\":\"other\",\"from\":{\"room\":\"lobby\",\"tick\":%llu,"
             "\"incarnation\":%llu}}\n",
             (unsigned long long)past[6].tick,
             (unsigned long long)room_incarnation(ada->session->host->room));
    ck_assert_str_eq(ordered->json, answer);
    ck_assert_uint_eq(room_hash_kept(room_named(bytes_of("other"))), past[6].hash);
}
END_TEST

static const char *const wrong_orders[] = {
    "",
    "{",
    "[]",
    "7",
    "null",
    "{}",
    "{\"tick\":-1}",
    "{\"tick\":9007199254740993}",
    "{\"tick\":1.5}",
    "{\"tick\":\"5\"}",
    "{\"tick\":null}",
    "{\"tick\":5,\"tick\":6}",
    "{\"tick\":5,\"incarnation\":-1}",
    "{\"tick\":5,\"room\":7}",
    "{\"tick\":5,\"room\":\"\"}",
    "{\"tick\":5,\"room\":\"a/b\"}",
    "{\"tick\":5,\"room\":\"\\u0000\"}",
    "{\"tick\":5,\"room\":\"01234567890123456789012345678901234567890123456789012345678901234\"}",
    "{\"tick\":5,\"more\":1}",
    "{\"tick\":5} {\"tick\":6}",
    "\xff\xfe",
};

START_TEST(an_order_in_other_words_is_refused)
{
    ck_assert_int_eq(post_fork(wrong_orders[_i]), 400);
    ck_assert_uint_eq(world.hub->counters.forks, 0);
}
END_TEST

START_TEST(an_order_has_a_length)
{
    static char body[ORDER_BODY_MAX + 2];
    memset(body, ' ', ORDER_BODY_MAX);
    memcpy(body, "{\"tick\":3}", 10);
    ck_assert_int_eq(post_fork(body), 201);
    body[ORDER_BODY_MAX] = ' ';
    ck_assert_int_eq(post_fork(body), 413);
    body[ORDER_BODY_MAX] = '\0';
    memset(body, '[', ORDER_BODY_MAX);
    ck_assert_int_eq(post_fork(body), 400);
}
END_TEST

START_TEST(an_order_is_posted_to_a_room)
{
    ck_assert_int_eq(order_of(page, HTTP_GET, "/v1/rooms/lobby/forks", ""), 405);
    ck_assert_int_eq(order_of(page, HTTP_POST, "/v1/rooms/a b/forks", "{\"tick\":3}"), 400);
    ck_assert_int_eq(order_of(page, HTTP_POST, "/v1/rooms//forks", "{\"tick\":3}"), 400);
    ck_assert(!recordings_asked(bytes_of("/v1/rooms/lobby")));
    ck_assert(!recordings_asked(bytes_of("/v1/rooms/lobby/forks/x")));
    ck_assert(!recordings_asked(bytes_of("/v1/rooms/lobby/files")));
}
END_TEST

/* --- Rules that run again, over what somebody else may have written ---------------------------------- */

static enum mood {
    WELL,
    STUCK, /* a tick does not end */
    SLOW   /* each takes a tenth of a second */
} mood;

static uint64_t cpu_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* Sanitizers let signals in where a thread may wait. */
/* They do not count for so many ticks behind this one. */
#define STILL_TICKS 100u
static uint64_t still;

static void moody_tick(struct room *room)
{
    uint32_t *ticks = room_memory(room);
    uint64_t until = cpu_ms() + 100;
    for (uint32_t turn = 1; (mood == STUCK && cpu_ms() > 0) || (mood == SLOW && cpu_ms() < until);
         turn++)
        if (turn % 1024 == 0)
            nanosleep(&(struct timespec){0}, NULL);
    uint64_t tick = room_tick_number(room);
    if (still == 0 || tick <= still || tick > still + STILL_TICKS)
        (*ticks)++;
}

static const struct collection_rules moody_collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE},
    {.name = "shapes", .learns = true}};

static const struct rules moody = {.name = "moody",
                                   .tick_hz = 20,
                                   .frame_hz = 20,
                                   .collections = moody_collections,
                                   .collection_count = 2,
                                   .memory_bytes = sizeof(uint32_t),
                                   .memory_ticks = 20,
                                   .tick = moody_tick};

static struct peer *join_moody(void)
{
    static const struct kinds kinds = {.rules = {&kind_open, &moody}, .count = 2};
    mood = WELL;
    world.kinds = &kinds;
    world_restart();
    peer_free(1);
    page = peer_open(1);
    struct peer *bob = peer_open(2);
    session_upgraded(bob->session, bytes_of("play"));
    peer_hello(bob, 2, "'moody'");
    return bob;
}

/* The room that was; the ticks that its rules had counted by then. */
static uint64_t play_moody(void)
{
    struct peer *bob = join_moody();
    peer_say(bob, "[1 [[0 'shapes' 's' 'x' 1]]]");
    world_pass(5500);
    uint64_t tick = room_tick_number(bob->session->host->room);
    peer_say(bob, "[4]");
    peer_disconnect(bob);
    world_pass(1000); /* it stands still */
    return tick;
}

/* The fork begins with the memory that was written down, and whoever waits for the archive waits no longer. */
START_TEST(rules_that_do_not_come_back_are_left)
{
    uint64_t tick = play_moody();
    mood = _i == 0 ? STUCK : SLOW;
    uint64_t from_ms = cpu_ms();
    ask((struct fork_wish){.source = bytes_of("play"), .name = bytes_of("other"), .tick = tick});
    ck_assert_msg(fork_asked != NULL, "%s", denial.text);
    world_pass(500);
    ck_assert_uint_ge(cpu_ms() - from_ms, 900);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    mood = WELL;
    const uint32_t *counted = room_memory(room_named(bytes_of("other")));
    ck_assert_uint_gt(*counted, 60);
    ck_assert_uint_lt(*counted, tick);
}
END_TEST

START_TEST(rules_that_come_back_count_to_the_tick)
{
    uint64_t tick = play_moody();
    ask((struct fork_wish){.source = bytes_of("play"), .name = bytes_of("other"), .tick = tick});
    world_pass(500);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
    const uint32_t *counted = room_memory(room_named(bytes_of("other")));
    ck_assert_uint_eq(*counted, tick - LOG_TICK_FIRST);
}
END_TEST

/* So much that it is written down whole when it is next sealed. */
static void write_a_lot(struct peer *bob)
{
    static char line[12 << 10];
    static uint8_t message[sizeof line];
    for (int i = 0; i < 120; i++) {
        struct writer writer = writer_on(message, sizeof message);
        snprintf(line, sizeof line, "[1 [[0 'shapes' 's' 'x' '%0*d']]]", 10000, i);
        notation_pack(&writer, line);
        peer_receive(bob, writer_bytes(&writer));
        world_pass(200);
        bob->out_length = 0; /* it reads */
    }
}

static bool note_tick(void *context, const struct store_blob *blob)
{
    *(uint64_t *)context = blob->first;
    return true;
}

/* The ticks that its rules had counted in a fork of this tick. */
static uint64_t counted_at(uint64_t tick)
{
    char name[16];
    snprintf(name, sizeof name, "at%u", (unsigned)tick);
    ask((struct fork_wish){.source = bytes_of("play"), .name = bytes_of(name), .tick = tick});
    ck_assert_msg(fork_asked != NULL, "%s", denial.text);
    world_pass(500);
    ck_assert_msg(fork_asked->step == FORK_MADE, "tick %u: %s", (unsigned)tick,
                  fork_asked->denial.text);
    const uint32_t *counted = room_memory(room_named(bytes_of(name)));
    return *counted;
}

/* Behind a snapshot the log has their memory only when it was due: it is found before it, as long as that is kept. */
START_TEST(behind_a_snapshot_they_count_to_the_tick)
{
    uint64_t at = 0, freed;
    struct store *store = world.store;
    world.seals = true;
    struct peer *bob = join_moody();
    write_a_lot(bob);
    world_pass(STORAGE_SEAL_MS + 2000);
    ck_assert_int_eq(store->snapshot(store, bytes_of("play"), UINT64_MAX, note_tick, &at),
                     STORE_OK);
    for (uint64_t tick = at; tick < at + 30; tick += 3)
        ck_assert_uint_eq(counted_at(tick), tick - LOG_TICK_FIRST);
    world_pass(STORAGE_SEAL_MS);
    struct store_retention everything = {.before_ms = UINT64_MAX};
    ck_assert_int_eq(store->retain(store, &everything, &freed), STORE_OK);
    ck_assert_uint_gt(freed, 0);
    uint64_t tick = at + moody.memory_ticks + 5;
    ck_assert_uint_eq(counted_at(tick), tick - LOG_TICK_FIRST);
}
END_TEST

/* A memory that stood still is not written down again before it is due, although it has changed since. */
START_TEST(behind_a_pause_they_count_to_the_tick)
{
    struct peer *bob = join_moody();
    peer_say(bob, "[1 [[0 'shapes' 's' 'x' 1]]]");
    world_pass(3000);
    still = room_tick_number(bob->session->host->room) + moody.memory_ticks / 2;
    uint64_t on = still + STILL_TICKS;
    world_pass((STILL_TICKS + 3 * moody.memory_ticks) * 50);
    for (uint64_t tick = on - 30; tick < on + moody.memory_ticks + 9; tick += 3) {
        uint64_t counted = tick <= on ? still : tick - STILL_TICKS;
        ck_assert_uint_eq(counted_at(tick), counted - LOG_TICK_FIRST);
    }
}
END_TEST

/* Its rules may have ended a server: they are not to do so with each who asks. */
START_TEST(of_a_room_in_quarantine_nothing_is_made)
{
    uint64_t tick = play_moody();
    world_pass((world.hub->limits.linger_s + 5) * 1000);
    ck_assert(storage_quarantine(world.storage, bytes_of("play"), "it ended the server"));
    world_pass(500);
    struct fork_wish wish = {.source = bytes_of("play"), .name = bytes_of("other"), .tick = tick};
    ask(wish);
    world_pass(500);
    ck_assert_int_eq(fork_asked->step, FORK_DENIED);
    ck_assert_int_eq(fork_asked->denial.status, 409);
    ck_assert(storage_release_room(world.storage, bytes_of("play")));
    ask(wish);
    world_pass(500);
    ck_assert_int_eq(fork_asked->step, FORK_MADE);
}
END_TEST

int main(void)
{
    TCase *made = tcase_create("made");
    tcase_add_checked_fixture(made, setup, teardown);
    tcase_add_loop_test(made, a_fork_is_the_room_as_it_was, 0, MOMENTS);
    tcase_add_loop_test(made, a_race_goes_on_from_where_it_was, 0, 2);
    tcase_add_test(made, it_goes_on_by_itself);
    tcase_add_test(made, it_is_on_the_disk_when_it_is_told);
    tcase_add_test(made, a_fork_of_a_fork_is_one_too);
    tcase_add_test(made, a_room_that_sleeps_is_forked_without_waking);
    tcase_add_test(made, a_tick_beyond_the_last_is_the_last);
    tcase_add_test(made, without_a_name_it_gets_one_that_nobody_guesses);
    tcase_add_test(made, who_comes_meanwhile_gets_the_fork);
    tcase_add_test(made, whoever_asked_may_go);

    TCase *rules = tcase_create("rules");
    tcase_add_checked_fixture(rules, setup, teardown);
    tcase_set_timeout(rules, 60); /* as long as a second of processor time takes */
    tcase_add_loop_test(rules, rules_that_do_not_come_back_are_left, 0, 2);
    tcase_add_test(rules, rules_that_come_back_count_to_the_tick);
    tcase_add_test(rules, behind_a_snapshot_they_count_to_the_tick);
    tcase_add_test(rules, behind_a_pause_they_count_to_the_tick);
    tcase_add_test(rules, of_a_room_in_quarantine_nothing_is_made);

    TCase *refused = tcase_create("refused");
    tcase_add_checked_fixture(refused, setup, teardown);
    tcase_add_test(refused, a_name_that_is_taken_stays_as_it_is);
    tcase_add_test(refused, of_a_room_that_is_not_there_nothing_is_made);
    tcase_add_test(refused, who_comes_meanwhile_gets_a_new_room_where_none_can_be_made);
    tcase_add_test(refused, a_server_that_ends_tells_so);
    tcase_add_test(refused, forks_count_as_new_rooms);
    tcase_add_test(refused, what_is_not_on_the_disk_is_not_told_as_made);

    TCase *orders = tcase_create("ordered");
    tcase_add_checked_fixture(orders, setup, end_order);
    tcase_add_test(orders, an_order_is_answered_with_the_name_and_the_moment);
    tcase_add_loop_test(orders, an_order_in_other_words_is_refused, 0,
                        sizeof wrong_orders / sizeof wrong_orders[0]);
    tcase_add_test(orders, an_order_has_a_length);
    tcase_add_test(orders, an_order_is_posted_to_a_room);

    Suite *suite = suite_create("forks");
    suite_add_tcase(suite, made);
    suite_add_tcase(suite, rules);
    suite_add_tcase(suite, refused);
    suite_add_tcase(suite, orders);
    return run_suite(suite);
}
