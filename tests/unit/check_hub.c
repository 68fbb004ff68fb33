/* check_hub.c - rooms made, asleep and awake again; limits of all together; time, and the end. */
#include "server/opening.h"
#include "server/pages.h"
#include "server/storage_parts.h"
#include "sync/log.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>
#include <netinet/in.h>
#include <string.h>

/* --- Limits of all together ------------------------------------------------------------------------ */

START_TEST(rooms_have_a_limit)
{
    world.hub->limits.rooms = 2;
    peer_join(0, "one");
    peer_join(1, "two");
    struct peer *third = peer_join(2, "three");
    ck_assert_int_eq(peer_close_code(third), 4015);
    ck_assert(peer_close_says(third, "; retry_ms="));
    struct peer *old = peer_join(3, "two");
    ck_assert_int_eq(old->session->state, SESSION_JOINED);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_ROOMS], 1);
}
END_TEST

START_TEST(new_rooms_have_a_rate)
{
    world.hub->limits.room_rate = (struct bucket_rate){.per_second = 1, .burst = 1};
    peer_join(0, "one");
    ck_assert_int_eq(peer_close_code(peer_join(1, "two")), 4015);
    world_pass(1000);
    ck_assert_int_eq(peer_join(2, "two")->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(members_have_a_limit)
{
    world.hub->limits.room.members = 2;
    peer_join(0, "lobby");
    peer_join(1, "lobby");
    struct peer *third = peer_join(2, "lobby");
    ck_assert_int_eq(peer_close_code(third), 4010);
    ck_assert(peer_close_says(third, "; retry_ms="));
}
END_TEST

START_TEST(connections_have_a_limit)
{
    enum refusal refusal;
    const char *text;
    world.hub->limits.connections = 1;
    peer_join(0, "lobby");
    struct peer *second = peer_open(1);
    ck_assert_int_eq(hub_admit(world.hub, second->session, &refusal, &text), 503);
    ck_assert_int_eq(refusal, REFUSAL_CONNECTIONS);
    world.hub->limits.connections = 2;
    ck_assert_int_eq(hub_admit(world.hub, second->session, &refusal, &text), 101);
}
END_TEST

/* A member that inflates; how many bytes came to it. */
static size_t join_inflating(int index)
{
    char line[160];
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of("lobby"));
    snprintf(line, sizeof line, "[0 1 x%030d%02x 'open' nil 0 0 0 [] 1]", 0, index);
    peer_say(peer, line);
    world_store();
    world_pass(100);
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer->out_length;
}

START_TEST(deflating_has_a_rate)
{
    const struct counters *counters = &world.hub->counters;
    struct peer *ada = peer_join(0, "lobby");
    for (int shape = 0; shape < 20; shape++) {
        char line[256];
        snprintf(line, sizeof line, "[1 [[0 'shapes' 's%d' 'text' '%0150d']]]", shape, 0);
        peer_say(ada, line);
    }
    world_pass(100);
    ck_assert_uint_lt(join_inflating(1), 1000);
    ck_assert_uint_ge(counters->deflated, 3000);
    ck_assert_uint_lt(join_inflating(2), 1000); /* made before */
    ck_assert_uint_lt(counters->deflated, 6000);
    peer_say(ada, "[1 [[0 'shapes' 'b']]]");
    world_pass(100);
    ck_assert_uint_eq(counters->undeflated, 0);
    bucket_take(&world.hub->deflate_bucket, &DEFLATE_RATE, world.now_us, DEFLATE_RATE.burst);
    world.hub->deflate_bucket.updated_us = world.now_us + SECOND; /* nothing comes in till then */
    ck_assert_uint_gt(join_inflating(3), 3000);
    ck_assert_uint_ge(counters->undeflated, 3000);
    world_pass(2000);
    ck_assert_uint_lt(join_inflating(4), 1000);
}
END_TEST

/* --- Rooms come and go ----------------------------------------------------------------------------- */

START_TEST(an_empty_room_stands_still_then_sleeps_and_comes_back)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_say(ada, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    struct room *room = ada->session->host->room;
    uint64_t incarnation = room_incarnation(room);
    ck_assert_uint_eq(room_records(room), 1);
    peer_say(ada, "[4]");
    peer_disconnect(ada);
    world_pass(1000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 1);
    uint64_t ticks = world.hub->counters.ticks;
    world_pass(20000);
    ck_assert_uint_eq(world.hub->counters.ticks, ticks);
    world_pass(12000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);

    struct peer *ben = peer_join(1, "lobby");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(world.hub->counters.rooms_woken, 1);
    ck_assert_uint_eq(room_incarnation(ben->session->host->room), incarnation);
    ck_assert_uint_eq(room_records(ben->session->host->room), 1);
}
END_TEST

START_TEST(who_comes_back_in_time_keeps_the_room_awake)
{
    peer_disconnect(peer_join(0, "lobby"));
    world_pass(20000); /* grace, then empty for 15 s */
    struct peer *ben = peer_join(1, "lobby");
    world_pass(20000);
    session_alive(ben->session);
    world_pass(20000);
    ck_assert_uint_eq(world.hub->counters.rooms_slept, 0);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(a_broken_connection_keeps_its_seat_for_the_grace_period)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_join(1, "lobby");
    world_pass(100);
    peer_disconnect(ada);
    world_pass(3000);
    ck_assert_uint_eq(hub_members(world.hub), 2);
    world_pass(3000);
    ck_assert_uint_eq(hub_members(world.hub), 1);
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

static void note_dropped(void *context, const char *line, size_t length)
{
    char *told = context;
    if (memmem(line, length, "recordings_dropped", strlen("recordings_dropped")) != NULL)
        snprintf(told + strlen(told), 100, "%.*s", (int)length, line);
}

START_TEST(what_goes_of_recordings_is_told_once_a_minute)
{
    char told[256] = "";
    world.log.sink = note_dropped;
    world.log.context = told;
    world_pass(2000);
    ck_assert_str_eq(told, "");
    world.hub->storage->figures.dropped_bytes = 500;
    world_pass(2000);
    world.hub->storage->figures.dropped_bytes = 700;
    world_pass(2000);
    ck_assert_str_eq(told, "info recordings_dropped bytes=500 in_all=500\n");
    world_pass(60000);
    ck_assert_ptr_nonnull(strstr(told, "\ninfo recordings_dropped bytes=200 in_all=700\n"));
}
END_TEST

START_TEST(rooms_stay_awake_and_members_are_told_while_the_disk_is_full)
{
    struct peer *ada = peer_join(0, "lobby");
    world_pass(100);
    ck_assert_int_eq(peer_messages(ada, SERVER_SAVING), 0);
    world.store->append = full_disk;
    peer_say(ada, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    ck_assert_int_eq(peer_messages(ada, SERVER_SAVING), 1);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    ck_assert_uint_eq(room_records(ada->session->host->room), 1);
    ck_assert_uint_lt(room_durable(ada->session->host->room),
                      room_tick_number(ada->session->host->room));
    peer_say(ada, "[4]");
    peer_disconnect(ada);
    world_pass(40000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 1);
    struct peer *ben = peer_join(1, "lobby");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_int_eq(peer_messages(ben, SERVER_SAVING), 1);
    world.loses = true;
}
END_TEST

static bool is_rubbish(void *context, const struct store_blob *blob)
{
    *(bool *)context = bytes_equal(blob->bytes, bytes_of("rubbish"));
    return true;
}

START_TEST(a_room_that_cannot_be_read_is_not_written_over)
{
    struct store_sealed sealed = {
        .name = bytes_of("lobby"),
        .kind = bytes_of("open"),
        .segment = {.incarnation = 9, .first = 1, .last = 1, .bytes = bytes_of("rubbish")}};
    bool kept = false;
    ck_assert_int_eq(world.store->seal(world.store, &sealed, 1, 0), STORE_OK);
    ck_assert_int_eq(peer_close_code(peer_join(0, "lobby")), 4018);
    world_pass(60000);
    ck_assert_int_eq(peer_close_code(peer_join(1, "lobby")), 4018);
    ck_assert_int_eq(world.store->read(world.store, bytes_of("lobby"), 0, is_rubbish, &kept),
                     STORE_OK);
    ck_assert(kept);
    ck_assert_int_eq(peer_join(2, "other")->session->state, SESSION_JOINED);
}
END_TEST

/* The hub goes without a word to the storage, as in a crash; what was flushed is there. */
START_TEST(a_room_comes_back_from_its_log_in_a_new_incarnation)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_say(ada, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    uint64_t incarnation = room_incarnation(ada->session->host->room);
    world_crash();
    struct peer *ben = peer_join(1, "lobby");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(world.hub->counters.rooms_recovered, 1);
    ck_assert_uint_gt(room_incarnation(ben->session->host->room), incarnation);
    ck_assert_uint_eq(room_records(ben->session->host->room), 1);
}
END_TEST

START_TEST(who_waits_for_a_room_gets_in_when_that_it_woke_is_saved)
{
    struct peer *first = peer_join(0, "lobby");
    peer_say(first, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    peer_disconnect(first);
    world_pass(60000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);
    struct peer *ada = peer_open(1), *ben = peer_open(2), *eve = peer_open(3);
    struct peer *all[] = {ada, ben, eve};
    for (int i = 0; i < 3; i++) {
        session_upgraded(all[i]->session, bytes_of("lobby"));
        peer_hello_only(all[i], 1 + i, i == 1 ? "'cursors'" : "'open'");
        ck_assert_int_eq(all[i]->session->state, SESSION_WAITING);
    }
    peer_disconnect(eve);
    world_store();
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
    ck_assert_int_eq(peer_close_code(ben), 4012);
    ck_assert_uint_eq(hub_members(world.hub), 1);
}
END_TEST

/* --- Deleted --------------------------------------------------------------------------------------- */

static enum store_result answered;
static int answers;

static void on_answer(void *context,
                      enum storage_event_kind kind,
                      struct bytes name,
                      struct bytes board,
                      enum store_result result,
                      const char *text)
{
    ck_assert_uint_eq(board.length, 0);
    (void)context;
    ck_assert_int_eq(kind, STORAGE_REMOVED);
    (void)text;
    ck_assert(bytes_equal(name, bytes_of("lobby")));
    answered = result;
    answers++;
}

static void expect_deleted(int index)
{
    world_pass(200);
    ck_assert_int_eq(answers, 1);
    ck_assert_int_eq(answered, STORE_OK);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    struct peer *later = peer_join(index, "lobby");
    ck_assert_int_eq(later->session->state, SESSION_JOINED);
    ck_assert_uint_eq(room_records(later->session->host->room), 0);
}

static struct peer *join_and_write(int index)
{
    struct peer *peer = peer_join(index, "lobby");
    peer_say(peer, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    ck_assert_uint_eq(room_records(peer->session->host->room), 1);
    answers = 0;
    world.hub->answered = on_answer;
    return peer;
}

START_TEST(a_room_is_deleted_under_its_members)
{
    struct peer *ada = join_and_write(0), *ben = peer_join(1, "lobby");
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    ck_assert_int_eq(peer_close_code(ada), CLOSE_ENDED);
    ck_assert_int_eq(peer_close_code(ben), CLOSE_ENDED);
    ck_assert(peer_close_says(ada, "deleted"));
    expect_deleted(2);
}
END_TEST

START_TEST(a_room_is_deleted_while_it_falls_asleep)
{
    peer_say(join_and_write(0), "[4]");
    world_pass(1000);
    struct room_host *host = world.hub->rooms;
    host->empty_since_s = 0;
    hub_sleep_empty_rooms(world.hub);
    ck_assert_uint_gt(host->sleep_number, 0);
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    expect_deleted(1);
}
END_TEST

START_TEST(a_room_is_deleted_when_it_is_not_on_its_way)
{
    peer_say(join_and_write(0), "[4]");
    world_pass(60000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    struct peer *ben = peer_open(1);
    session_upgraded(ben->session, bytes_of("lobby"));
    peer_hello_only(ben, 1, "'open'");
    ck_assert(!hub_delete_room(world.hub, bytes_of("lobby")));
    world_pass(200);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_int_eq(answers, 0);
    peer_say(ben, "[4]");
    world_pass(60000);
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    expect_deleted(2);
}
END_TEST

/* Awake, falling asleep, or asleep. */
static void delete_in_state(int state)
{
    struct peer *ada = join_and_write(0);
    if (state > 0)
        peer_say(ada, "[4]");
    if (state == 1) {
        world_pass(1000);
        world.hub->rooms->empty_since_s = 0;
        hub_sleep_empty_rooms(world.hub);
        ck_assert_uint_gt(world.hub->rooms->sleep_number, 0);
    } else if (state == 2) {
        world_pass(60000);
        ck_assert_ptr_null(world.hub->rooms);
    }
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
}

/* The crash comes before the disk knows: then it is there, and nobody was told; when the disk knows;
 * when it was answered. */
START_TEST(a_deleted_room_does_not_come_back_from_a_crash)
{
    int step = _i % 3;
    delete_in_state(_i / 3);
    if (step == 1)
        storage_work(world.storage);
    else if (step == 2)
        world_store();
    ck_assert_int_eq(answers, step == 2);
    world_crash();
    struct peer *ben = peer_join(1, "lobby");
    world_pass(200);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(room_records(ben->session->host->room), step == 0);
}
END_TEST

START_TEST(nobody_gets_in_before_the_deletion_is_on_the_disk)
{
    delete_in_state(_i);
    struct peer *ben = peer_open(1);
    session_upgraded(ben->session, bytes_of("lobby"));
    peer_hello_only(ben, 1, "'open'");
    ck_assert_int_eq(ben->session->state, SESSION_WAITING);
    ck_assert(!hub_delete_room(world.hub, bytes_of("lobby"))); /* again in a moment */
    world_pass(200);
    ck_assert_int_eq(answers, 1);
    ck_assert_int_eq(answered, STORE_OK);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(room_records(ben->session->host->room), 0);
}
END_TEST

/* Where it is in memory two orders are answered; the room is removed once. */
START_TEST(a_room_that_is_being_deleted_may_be_deleted)
{
    delete_in_state(_i);
    ck_assert_int_eq(hub_delete_room(world.hub, bytes_of("lobby")), _i < 2);
    world_pass(200);
    ck_assert_int_eq(answers, _i < 2 ? 2 : 1);
    ck_assert_uint_eq(openings_count(world.hub), 0);
    ck_assert_ptr_null(world.hub->rooms);
    ck_assert_uint_eq(world.hub->counters.rooms_ended, _i < 2);
}
END_TEST

/* --- Time, health, the end ------------------------------------------------------------------------- */

START_TEST(ticks_keep_their_rate_and_drop_what_is_too_late)
{
    peer_join(0, "lobby");
    world_pass(10000);
    ck_assert_uint_ge(world.hub->counters.ticks, 199);
    ck_assert_uint_le(world.hub->counters.ticks, 200);
    uint64_t before = world.hub->counters.ticks;
    world_jump(5 * SECOND);
    hub_beat(world.hub);
    ck_assert_uint_eq(world.hub->counters.ticks, before + BEAT_CATCHUP_MAX);
    ck_assert_uint_eq(world.hub->counters.ticks_dropped, 100 - BEAT_CATCHUP_MAX);
}
END_TEST

/* Of the last frame with inputs that went to the peer. */
static int64_t ticks_told(const struct peer *peer)
{
    struct bytes payload;
    (void)peer_last_frame(peer, &payload);
    struct reader reader = reader_on(payload);
    (void)read_array(&reader);
    ck_assert_int_eq(read_integer(&reader), SERVER_FRAME_INPUTS);
    return read_integer(&reader);
}

/* Motion is shown by the ticks of frames: those of a server that makes up for ticks too are of the ticks
 * in which records were written. */
START_TEST(frames_are_of_the_ticks_that_are_due)
{
    struct peer *ada = peer_open(0);
    session_upgraded(ada->session, bytes_of("track"));
    peer_hello(ada, 0, "'race'");
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
    const struct rules *rules = room_rules(ada->session->host->room);
    const uint32_t frame_ticks = rules->tick_hz / rules->frame_hz;
    ck_assert_uint_gt(frame_ticks, 1);
    peer_say(ada, "[5 0 15]");
    world_pass(200);
    srand(7);
    for (int beat = 0, frames = 0; frames < 40; beat++) {
        ck_assert_int_lt(beat, 1000);
        int sent = peer_messages(ada, SERVER_FRAME);
        peer_say(ada, "[5 1 15]");
        world_jump((uint64_t)(rand() % 40000));
        hub_beat(world.hub);
        int more = peer_messages(ada, SERVER_FRAME) - sent;
        ck_assert_int_le(more, 1);
        if (more == 1)
            ck_assert_int_eq(ticks_told(ada) % frame_ticks, 0);
        frames += more;
    }
}
END_TEST

static int health(void)
{
    struct http_request request = {.method = HTTP_GET, .path = bytes_of("/healthz")};
    struct http_response response;
    ck_assert(pages_answer(world.hub, &request, &response));
    http_release(&response);
    return response.status;
}

START_TEST(input_gathers_only_where_there_is_much_of_it)
{
    struct hub *hub = world.hub;
    peer_join(0, "lobby");
    world_pass(1000);
    ck_assert_uint_eq(hub_gather_until_us(hub, hub->now_us), 0);
    hub->counters.messages_in += GATHER_MESSAGES_PER_SECOND - 1;
    world_pass(1000);
    ck_assert_uint_eq(hub_gather_until_us(hub, hub->now_us), 0);
    hub->counters.messages_in += GATHER_MESSAGES_PER_SECOND;
    world_pass(1000);
    uint64_t next_us = hub_next_us(hub);
    ck_assert_uint_eq(hub_gather_until_us(hub, next_us - GATHER_US - 1), next_us - 1);
    ck_assert_uint_eq(hub_gather_until_us(hub, next_us - 1), next_us);
    world_pass(1000);
    ck_assert_uint_eq(hub_gather_until_us(hub, hub->now_us), 0);
}
END_TEST

START_TEST(health_sees_that_ticks_stand_still)
{
    struct peer *ada = peer_join(0, "lobby");
    world_pass(1000);
    ck_assert_int_eq(health(), 200);
    world_jump(4 * SECOND);
    ck_assert_int_eq(health(), 503);
    hub_beat(world.hub);
    ck_assert_int_eq(health(), 200);
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(metrics_are_one_table)
{
    peer_join(0, "lobby");
    world_pass(1000);
    struct http_request request = {.method = HTTP_GET, .path = bytes_of("/metrics")};
    struct http_response response;
    ck_assert(pages_answer(world.hub, &request, &response));
    static const char *const wanted[] = {
        "\ntutti_connections 1\n",
        "\ntutti_members 1\n",
        "\ntutti_rooms 1\n",
        "\ntutti_tick_lateness_seconds_count ",
        "\nprocess_cpu_seconds_total ",
        "\nprocess_resident_memory_bytes ",
        "tutti_refused_total{reason=\"slow\"} 0\n",
        "tutti_closed_total{code=\"4011\"} 0\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        ck_assert_msg(
            memmem(response.body.data, response.body.length, wanted[i], strlen(wanted[i])) != NULL,
            "no %s", wanted[i]);
    http_release(&response);
    request.path = bytes_of("/nothing");
    ck_assert(!pages_answer(world.hub, &request, &response));
}
END_TEST

START_TEST(refused_inputs_are_counted_also_of_rooms_that_are_gone)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_say(ada, "[1 [[1 'shapes' 'none' 'x' 1]]]");
    world_pass(100);
    ck_assert_uint_eq(hub_room_figures(world.hub).refused[STATUS_NOT_FOUND], 1);
    peer_say(ada, "[4]");
    peer_disconnect(ada);
    world_pass(32000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    ck_assert_uint_eq(hub_room_figures(world.hub).refused[STATUS_NOT_FOUND], 1);
}
END_TEST

START_TEST(a_drain_sends_everyone_away)
{
    enum refusal refusal;
    const char *text;
    struct peer *ada = peer_join(0, "lobby");
    struct peer *choked = peer_join(1, "lobby");
    struct peer *hello = peer_open(2);
    struct peer *page = peer_open(3);
    session_upgraded(hello->session, bytes_of("lobby"));
    choked->choked = true;
    world_pass(100);
    hub_drain(world.hub);
    ck_assert_int_eq(peer_close_code(ada), 4001);
    ck_assert(peer_close_says(ada, "; retry_ms="));
    ck_assert(choked->killed);
    ck_assert_int_eq(peer_close_code(hello), 4001);
    ck_assert(page->killed);
    ck_assert_int_eq(hub_admit(world.hub, page->session, &refusal, &text), 503);
    ck_assert(!hub_is_empty(world.hub));
    for (int i = 0; i < 4; i++)
        peer_disconnect(world.peers[i]);
    ck_assert(hub_is_empty(world.hub));
}
END_TEST

START_TEST(a_member_costs_little)
{
    ck_assert_uint_le(sizeof(struct session), 144);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, world_setup, world_teardown);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static Suite *hub_suite(void)
{
    Suite *suite = suite_create("hub");
    TCase *limits = add_case(suite, "limits");
    tcase_add_test(limits, rooms_have_a_limit);
    tcase_add_test(limits, new_rooms_have_a_rate);
    tcase_add_test(limits, members_have_a_limit);
    tcase_add_test(limits, connections_have_a_limit);
    tcase_add_test(limits, deflating_has_a_rate);
    tcase_add_test(limits, a_member_costs_little);

    TCase *rooms = add_case(suite, "rooms");
    tcase_add_test(rooms, an_empty_room_stands_still_then_sleeps_and_comes_back);
    tcase_add_test(rooms, who_comes_back_in_time_keeps_the_room_awake);
    tcase_add_test(rooms, a_broken_connection_keeps_its_seat_for_the_grace_period);
    tcase_add_test(rooms, rooms_stay_awake_and_members_are_told_while_the_disk_is_full);
    tcase_add_test(rooms, a_room_comes_back_from_its_log_in_a_new_incarnation);
    tcase_add_test(rooms, who_waits_for_a_room_gets_in_when_that_it_woke_is_saved);
    tcase_add_test(rooms, a_room_is_deleted_under_its_members);
    tcase_add_test(rooms, a_room_is_deleted_while_it_falls_asleep);
    tcase_add_test(rooms, a_room_is_deleted_when_it_is_not_on_its_way);
    tcase_add_loop_test(rooms, a_deleted_room_does_not_come_back_from_a_crash, 0, 9);
    tcase_add_loop_test(rooms, nobody_gets_in_before_the_deletion_is_on_the_disk, 0, 3);
    tcase_add_loop_test(rooms, a_room_that_is_being_deleted_may_be_deleted, 0, 3);
    tcase_add_test(rooms, a_room_that_cannot_be_read_is_not_written_over);

    TCase *time = add_case(suite, "time");
    tcase_add_test(time, ticks_keep_their_rate_and_drop_what_is_too_late);
    tcase_add_test(time, frames_are_of_the_ticks_that_are_due);
    tcase_add_test(time, input_gathers_only_where_there_is_much_of_it);
    tcase_add_test(time, health_sees_that_ticks_stand_still);
    tcase_add_test(time, metrics_are_one_table);
    tcase_add_test(time, what_goes_of_recordings_is_told_once_a_minute);
    tcase_add_test(time, refused_inputs_are_counted_also_of_rooms_that_are_gone);
    tcase_add_test(time, a_drain_sends_everyone_away);
    return suite;
}

int main(void)
{
    return run_suite(hub_suite());
}
