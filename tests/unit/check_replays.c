/* check_replays.c - recordings watched in rooms of their own: where they begin, who may do what, what a live
 * room adds, limits, and the end. */
#include "server/replays.h"
#include "sync/follow.h"
#include "sync/log.h"
#include "tests/helpers.h"
#include "tests/hub_world.h"
#include "tests/read_field.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define MOMENTS 10

static uint64_t past[MOMENTS]; /* ticks; after each the record `s` has its number */
static struct peer *ada;

/* A room that did something at each of its moments. */
static void setup(void)
{
    world_setup();
    ada = peer_join(0, "lobby");
    for (int i = 0; i < MOMENTS; i++) {
        char line[64];
        snprintf(line, sizeof line, "[1 [[0 'shapes' 's' 'x' %d]]]", i);
        peer_say(ada, line);
        world_pass(200);
        past[i] = room_logged(ada->session->host->room);
    }
}

static struct peer *open_replay(int index, const char *target, const char *kind)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of(target));
    peer_hello(peer, index, kind);
    return peer;
}

/* Someone who watches from the end of this tick on. */
static struct peer *watch(int index, const char *name, uint64_t tick)
{
    char target[TARGET_TEXT_MAX];
    snprintf(target, sizeof target, "lobby/replay/%s?at=%llu", name, (unsigned long long)tick);
    struct peer *peer = open_replay(index, target, "'open'");
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    world_pass(200);
    return peer;
}

static void expect_shown(const struct peer *peer, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    expect_value(peer->session->host->room, "shapes", 0, "s", "x", text);
}

static void command(struct peer *peer, const char *field, const char *value)
{
    char line[128];
    snprintf(line, sizeof line, "[1 [[1 'replay' 'player' '%s' %s]]]", field, value);
    peer_say(peer, line);
    world_pass(300);
}

static void seek(struct peer *peer, uint64_t tick)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)tick);
    command(peer, "seek", text);
}

/* --- Watching -------------------------------------------------------------------------------------- */

START_TEST(a_replay_begins_at_its_moment)
{
    struct peer *ben = watch(1, "x", past[_i]);
    expect_shown(ben, _i);
    ck_assert_uint_ge(room_seat_member(ben->session->host->room, ben->session->seat),
                      FOLLOW_OWN_MEMBERS);
    expect_shown(ada, MOMENTS - 1);
    ck_assert_uint_eq(world.hub->counters.replays, 1);
    ck_assert_uint_eq(world.hub->counters.replays_opened, 1);
}
END_TEST

START_TEST(all_who_open_the_same_are_in_the_same)
{
    struct peer *ben = watch(1, "x", past[2]);
    struct peer *eve = watch(2, "x", past[7]);
    struct peer *dan = watch(3, "y", past[7]);
    ck_assert_ptr_eq(ben->session->host, eve->session->host);
    ck_assert_ptr_ne(ben->session->host, dan->session->host);
    expect_shown(eve, 2);
    expect_shown(dan, 7);
    seek(eve, past[4]);
    expect_shown(ben, 4);
    expect_shown(dan, 7);
}
END_TEST

START_TEST(seeking_leads_to_the_moment_however_often)
{
    struct peer *ben = watch(1, "x", past[0]);
    struct chance chance = chance_of(7);
    for (int i = 0; i < 100; i++) {
        int moment = (int)chance_below(&chance, MOMENTS);
        seek(ben, past[moment]);
        expect_shown(ben, moment);
        if (i % 10 == 9) {
            peer_free(1);
            ben = watch(1, "x", 0);
            expect_shown(ben, moment);
        }
    }
}
END_TEST

START_TEST(it_plays_to_the_end)
{
    struct peer *ben = watch(1, "x", past[0]);
    command(ben, "speed", "64");
    command(ben, "playing", "true");
    for (int i = 0; i < 20; i++)
        world_pass(100);
    expect_shown(ben, MOMENTS - 1);
}
END_TEST

START_TEST(nobody_changes_what_was_recorded)
{
    struct peer *ben = watch(1, "x", past[3]);
    peer_say(ben, "[1 [[1 'shapes' 's' 'x' 99]]]");
    peer_say(ben, "[1 [[0 'shapes' 'mine' 'x' 1]]]");
    peer_say(ben, "[1 [[4 'shapes' 's']]]");
    peer_say(ben, "[1 [[0 'papers' 'mine' 'x' 1]]]"); /* a name that nobody taught */
    peer_say(ben, "[1 [[1 'replay' 'player' 'tick' 1]]]");
    world_pass(300);
    expect_shown(ben, 3);
    expect_value(ben->session->host->room, "shapes", 0, "mine", "x", "nil");
    const uint64_t *refused = room_refusals(ben->session->host->room);
    ck_assert_uint_eq(refused[STATUS_DENIED], 4);
    ck_assert_uint_eq(refused[STATUS_NOT_FOUND], 1);
}
END_TEST

/* Where a pointer was, at any tick; a viewer's own shows beside it. */
START_TEST(what_members_pointed_at_is_shown_too)
{
    struct {
        uint64_t tick;
        int x;
    } points[40];
    struct peer *dan = open_replay(1, "pointers", "'cursors'");
    struct room *room = dan->session->host->room;
    char member[16], target[64];
    snprintf(member, sizeof member, "%u", room_seat_member(room, dan->session->seat));
    peer_say(dan, "[1 [[5 'chat' 0 'hi']]]"); /* something that is kept */
    for (int i = 0; i < 40; i++) {
        char line[64];
        points[i].x = 10 * i * i;
        snprintf(line, sizeof line, "[2 'x' %d]", points[i].x);
        peer_say(dan, line);
        world_pass(200);
        points[i].tick = room_tick_number(room);
    }
    world_pass(3000);
    for (int i = 3; i < 40; i += 12) {
        char value[16];
        snprintf(target, sizeof target, "pointers/replay/p%d?at=%llu", i,
                 (unsigned long long)points[i].tick);
        struct peer *ben = open_replay(2, target, "nil");
        world_pass(200);
        ck_assert_int_eq(ben->session->state, SESSION_JOINED);
        snprintf(value, sizeof value, "%d", points[i].x);
        expect_value(ben->session->host->room, "presence", 0, member, "x", value);
        peer_say(ben, "[2 'x' 77]");
        world_pass(100);
        snprintf(target, sizeof target, "%u",
                 room_seat_member(ben->session->host->room, ben->session->seat));
        expect_value(ben->session->host->room, "presence", 0, target, "x", "77");
        expect_value(ben->session->host->room, "presence", 0, member, "x", value);
        peer_free(2);
    }
}
END_TEST

static int64_t shown_x(const struct room *room, const char *member)
{
    uint8_t buffer[16];
    size_t length = read_field(room, "presence", 0, member, "x", buffer, sizeof buffer);
    struct reader reader = reader_on((struct bytes){buffer, length});
    return length > 0 ? read_integer(&reader) : -1;
}

/* Presence comes to the storage some time behind the log, and is waited for. */
START_TEST(a_hand_in_a_live_room_is_shown_all_the_way)
{
    char member[16], line[64];
    struct peer *dan = open_replay(1, "pointers", "'cursors'");
    const struct room *room = dan->session->host->room;
    snprintf(member, sizeof member, "%u", room_seat_member(room, dan->session->seat));
    peer_say(dan, "[1 [[5 'chat' 0 'hi']]]");
    world_pass(3000);
    struct peer *ben = open_replay(2, "pointers/replay/x?at=999999", "nil");
    command(ben, "playing", "true");
    world_pass(2000);
    int64_t last = 0, widest = 0;
    for (int i = 1; i <= 400; i++) {
        snprintf(line, sizeof line, "[2 'x' %d]", 8 * i);
        peer_say(dan, line);
        world_pass(50);
        int64_t x = shown_x(ben->session->host->room, member);
        if (x < 0 || x == last)
            continue;
        if (last > 0 && x - last > widest)
            widest = x - last;
        last = x;
    }
    ck_assert_int_gt(last, 8 * 300);
    ck_assert_int_le(widest, 8 * 4);
}
END_TEST

START_TEST(a_live_room_is_watched_as_it_goes_on)
{
    struct peer *ben = watch(1, "x", past[MOMENTS - 1]);
    command(ben, "playing", "true");
    for (int i = 0; i < 5; i++) {
        char line[64];
        snprintf(line, sizeof line, "[1 [[0 'shapes' 's' 'x' %d]]]", 100 + i);
        peer_say(ada, line);
        world_pass(1500);
        expect_shown(ben, 100 + i);
    }
    command(ben, "playing", "false");
    seek(ben, past[1]);
    expect_shown(ben, 1);
    expect_shown(ada, 104);
}
END_TEST

/* --- What stays of it -------------------------------------------------------------------------------- */

static bool count_room(void *context, const struct store_room *room)
{
    int *count = context;
    ck_assert(bytes_equal(room->name, bytes_of("lobby")));
    *count += 1;
    return true;
}

static uint32_t store_fails; /* so many of them do */
static enum store_result (
    *store_read)(struct store *, struct bytes, uint64_t, store_blob_visitor *, void *);

static enum store_result read_later(struct store *store,
                                    struct bytes room,
                                    uint64_t after,
                                    store_blob_visitor *visit,
                                    void *context)
{
    if (store_fails == 0)
        return store_read(store, room, after, visit, context);
    store_fails--;
    return STORE_BUSY;
}

static int64_t player_state(const struct peer *peer)
{
    uint8_t buffer[16];
    size_t length = read_field(peer->session->host->room, "replay", 0, "player", "state", buffer,
                               sizeof buffer);
    struct reader reader = reader_on((struct bytes){buffer, length});
    return length > 0 ? read_integer(&reader) : -1;
}

/* _i of the questions that follow are not answered: the last but one that is asked again is. */
START_TEST(a_disk_that_does_not_answer_is_asked_again)
{
    struct peer *ben = watch(1, "x", past[MOMENTS - 1]);
    command(ben, "playing", "true");
    world_pass(3000);
    store_read = world.store->read;
    world.store->read = read_later;
    store_fails = (uint32_t)_i;
    peer_say(ada, "[1 [[0 'shapes' 's' 'x' 1000]]]");
    world_pass(30000);
    bool fails = store_fails > 0 || _i > (int)REPLAY_TRIES;
    ck_assert_int_eq(player_state(ben), fails ? 2 : 0);
    expect_shown(ben, fails ? MOMENTS - 1 : 1000);
    store_fails = 0;
    seek(ben, room_logged(ada->session->host->room));
    world_pass(1000);
    expect_shown(ben, 1000);
    ck_assert_int_eq(player_state(ben), 0);
    world.store->read = store_read;
}
END_TEST

START_TEST(nothing_stays_of_a_replay)
{
    struct peer *ben = watch(1, "x", past[3]);
    seek(ben, past[5]);
    peer_say(ben, "[4]");
    peer_disconnect(ben);
    world_pass(1000 * (REPLAY_LINGER_S - 2));
    ck_assert_uint_eq(world.hub->counters.replays, 1);
    world_pass(4000);
    ck_assert_uint_eq(world.hub->counters.replays, 0);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("lobby/x")));
    world_pass(STORAGE_SEAL_MS + 1000);
    int rooms = 0;
    ck_assert_int_eq(world.store->rooms(world.store, count_room, &rooms), STORE_OK);
    ck_assert_int_le(rooms, 1);
    expect_shown(ada, MOMENTS - 1);
}
END_TEST

START_TEST(a_room_that_sleeps_is_watched_without_waking)
{
    peer_disconnect(ada);
    world_pass(60000);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("lobby")));
    struct peer *ben = watch(1, "x", past[6]);
    expect_shown(ben, 6);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("lobby")));
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

START_TEST(a_replay_waits_for_no_disk)
{
    struct peer *ben = watch(1, "x", past[3]);
    world.store->append = full_disk;
    peer_say(ada, "[1 [[0 'shapes' 's' 'x' 50]]]");
    world_pass(5000);
    ck_assert_int_gt(peer_messages(ada, SERVER_SAVING), 0);
    ck_assert_int_eq(peer_messages(ben, SERVER_SAVING), 0);
    seek(ben, past[5]);
    expect_shown(ben, 5);
    world.loses = true;
}
END_TEST

/* --- Refused and ended ------------------------------------------------------------------------------- */

static const struct {
    const char *target, *kind;
    int code;
} wrong[] = {
    {"nowhere/replay/x?at=5", "'open'", 4014},
    {"nowhere/replay/x", "nil", 4014},
    {"lobby/replay/x?at=5.77", "'open'", 4014},
    {"lobby/replay/x?at=5", "'cursors'", 4012},
    {"lobby/replay/x?at=5", "'none'", 4012},
    {"lobby/replay/x?at=5", "nil", 0},
    {"lobby/replay/x", "nil", 0},
    {"lobby/replay/x?at=9007199254740992", "nil", 0},
};

START_TEST(what_is_not_there_is_not_shown)
{
    struct peer *ben = open_replay(1, wrong[_i].target, wrong[_i].kind);
    ck_assert_int_eq(peer_close_code(ben), wrong[_i].code);
    peer_disconnect(ben);
    world_pass(1000 * (REPLAY_LINGER_S + world.hub->limits.grace_s + 3));
    ck_assert_uint_eq(world.hub->counters.replays, 0);
    ck_assert_ptr_null(hub_room_named(world.hub, bytes_of("nowhere")));
}
END_TEST

START_TEST(a_damaged_recording_is_told_so)
{
    struct store_sealed sealed = {
        .name = bytes_of("broken"),
        .kind = bytes_of("open"),
        .segment = {.incarnation = 9, .first = 1, .last = 1, .bytes = bytes_of("rubbish")}};
    ck_assert_int_eq(world.store->seal(world.store, &sealed, 1, 0), STORE_OK);
    ck_assert_int_eq(peer_close_code(open_replay(1, "broken/replay/x", "nil")), 4018);
    ck_assert_uint_eq(world.hub->counters.replays, 0);
}
END_TEST

START_TEST(replays_have_a_limit)
{
    world.hub->limits.replays = 2;
    watch(1, "one", past[1]);
    struct peer *ben = watch(2, "two", past[1]);
    struct peer *eve = open_replay(3, "lobby/replay/three", "nil");
    ck_assert_int_eq(peer_close_code(eve), 4015);
    ck_assert(peer_close_says(eve, "; retry_ms="));
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_REPLAYS], 1);
    watch(4, "two", past[1]);
    peer_disconnect(world.peers[4]);
    peer_disconnect(ben);
    world_pass(1000 * (REPLAY_LINGER_S + world.hub->limits.grace_s + 3));
    watch(5, "three", past[1]);
}
END_TEST

START_TEST(an_address_opens_so_many_of_them)
{
    world.hub->limits.replays_per_address = 2;
    for (int i = 1; i < 3; i++) {
        char target[32];
        struct peer *peer = peer_open_from(i, 0x0a000009u);
        snprintf(target, sizeof target, "lobby/replay/r%d", i);
        session_upgraded(peer->session, bytes_of(target));
        peer_hello(peer, i, "nil");
        ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    }
    struct peer *third = peer_open_from(3, 0x0a000009u);
    session_upgraded(third->session, bytes_of("lobby/replay/r3"));
    peer_hello(third, 3, "nil");
    ck_assert_int_eq(peer_close_code(third), 4015);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_ADDRESS_REPLAYS], 1);
    watch(4, "r3", past[1]); /* another address */
    struct peer *fifth = peer_open_from(5, 0x0a000009u);
    session_upgraded(fifth->session, bytes_of("lobby/replay/r3"));
    peer_hello(fifth, 5, "nil");
    ck_assert_int_eq(fifth->session->state, SESSION_JOINED); /* it is there already */
}
END_TEST

static void ignore(void *context,
                   enum storage_event_kind kind,
                   struct bytes name,
                   struct bytes board,
                   enum store_result result,
                   const char *text)
{
    (void)context;
    (void)kind;
    (void)name;
    (void)board;
    (void)result;
    (void)text;
}

START_TEST(a_room_that_is_deleted_takes_its_replays_along)
{
    struct peer *ben = watch(1, "x", past[3]);
    world.hub->answered = ignore;
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    ck_assert_int_eq(peer_close_code(ben), 4014);
    ck_assert(peer_close_says(ben, "deleted"));
    struct peer *eve = peer_open(2);
    session_upgraded(eve->session, bytes_of("lobby/replay/x"));
    peer_hello_only(eve, 2, "nil");
    ck_assert_int_eq(eve->session->state, SESSION_WAITING);
    world_pass(3000);
    ck_assert_int_eq(peer_close_code(eve), 4014);
    ck_assert_uint_eq(world.hub->counters.replays, 0);
}
END_TEST

/* A question is under way, and nobody hears the answer. */
START_TEST(a_server_may_end_while_a_replay_reads)
{
    struct peer *ben = watch(1, "x", past[3]);
    world.hangs = true;
    peer_say(ben, "[1 [[1 'replay' 'player' 'seek' 1]]]");
    world_pass(300);
    struct peer *eve = peer_open(2);
    session_upgraded(eve->session, bytes_of("lobby/replay/y"));
    peer_hello_only(eve, 2, "nil");
    ck_assert_int_eq(eve->session->state, SESSION_WAITING);
    world.hangs = false;
}
END_TEST

START_TEST(a_replay_may_end_while_it_reads)
{
    struct peer *ben = watch(1, "x", past[3]);
    world.hangs = true;
    peer_say(ben, "[1 [[1 'replay' 'player' 'seek' 1]]]");
    world_pass(300);
    peer_say(ben, "[4]");
    peer_disconnect(ben);
    world_pass(1000 * (REPLAY_LINGER_S + 2));
    ck_assert_uint_eq(world.hub->counters.replays, 0);
    world.hangs = false;
    world_pass(200);
    peer_free(1);
    expect_shown(watch(1, "x", past[5]), 5);
}
END_TEST

int main(void)
{
    TCase *watching = tcase_create("watching");
    tcase_add_checked_fixture(watching, setup, world_teardown);
    tcase_add_loop_test(watching, a_replay_begins_at_its_moment, 0, MOMENTS);
    tcase_add_test(watching, all_who_open_the_same_are_in_the_same);
    tcase_add_test(watching, seeking_leads_to_the_moment_however_often);
    tcase_add_test(watching, it_plays_to_the_end);
    tcase_add_test(watching, nobody_changes_what_was_recorded);
    tcase_add_test(watching, what_members_pointed_at_is_shown_too);
    tcase_add_test(watching, a_hand_in_a_live_room_is_shown_all_the_way);
    tcase_add_test(watching, a_live_room_is_watched_as_it_goes_on);

    TCase *trace = tcase_create("trace");
    tcase_add_checked_fixture(trace, setup, world_teardown);
    tcase_add_loop_test(trace, a_disk_that_does_not_answer_is_asked_again, 0, REPLAY_TRIES + 2);
    tcase_add_test(trace, nothing_stays_of_a_replay);
    tcase_add_test(trace, a_room_that_sleeps_is_watched_without_waking);
    tcase_add_test(trace, a_replay_waits_for_no_disk);

    TCase *ends = tcase_create("ends");
    tcase_add_checked_fixture(ends, setup, world_teardown);
    tcase_add_loop_test(ends, what_is_not_there_is_not_shown, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_test(ends, a_damaged_recording_is_told_so);
    tcase_add_test(ends, replays_have_a_limit);
    tcase_add_test(ends, an_address_opens_so_many_of_them);
    tcase_add_test(ends, a_room_that_is_deleted_takes_its_replays_along);
    tcase_add_test(ends, a_server_may_end_while_a_replay_reads);
    tcase_add_test(ends, a_replay_may_end_while_it_reads);

    Suite *suite = suite_create("replays");
    suite_add_tcase(suite, watching);
    suite_add_tcase(suite, trace);
    suite_add_tcase(suite, ends);
    return run_suite(suite);
}
