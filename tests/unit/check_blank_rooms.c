/* check_blank_rooms.c - rooms in which nothing has happened that is kept: they leave no trace; and how
 * one comes to be stored after all. */
#include "sync/hash.h"
#include "sync/log.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* --- What the store holds --------------------------------------------------------------------------- */

static bool count_flush(void *context, const struct store_flush *flush)
{
    (void)flush;
    ++*(uint32_t *)context;
    return true;
}

static bool count_room(void *context, const struct store_room *room)
{
    (void)room;
    ++*(uint32_t *)context;
    return true;
}

/* Rooms of the archive and flushes of the journal. */
static uint32_t stored(void)
{
    uint32_t count = 0;
    uint64_t last;
    ck_assert_int_eq(world.store->flushes(world.store, count_flush, &count, &last), STORE_OK);
    ck_assert_int_eq(world.store->rooms(world.store, count_room, &count), STORE_OK);
    return count;
}

static struct room_host *host_of(const struct peer *peer)
{
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer->session->host;
}

static void leave(int index)
{
    if (world.peers[index]->session->state != SESSION_CLOSING)
        peer_say(world.peers[index], "[4]");
    peer_free(index);
}

/* A hello of a client that was here before, with a user of so many bytes. */
static struct peer *join_as(int index, int key, int64_t sequence, size_t user)
{
    static const char text[USER_BYTES_MAX];
    uint8_t bytes[2 * USER_BYTES_MAX], id[CLIENT_KEY_BYTES] = {(uint8_t)key};
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of("lobby"));
    struct writer writer = writer_on(bytes, sizeof bytes);
    pack_array(&writer, 9);
    pack_integer(&writer, CLIENT_HELLO);
    pack_integer(&writer, 1);
    pack_binary(&writer, (struct bytes){id, sizeof id});
    pack_string(&writer, bytes_of("open"));
    pack_binary(&writer, (struct bytes){(const uint8_t *)text, user});
    pack_integer(&writer, sequence);
    pack_integer(&writer, 0);
    pack_integer(&writer, 0);
    pack_array(&writer, 0);
    peer_receive(peer, writer_bytes(&writer));
    world_store();
    return peer;
}

/* --- Forgotten -------------------------------------------------------------------------------------- */

START_TEST(ten_thousand_rooms_that_were_looked_into_leave_nothing)
{
    struct hub *hub = world.hub;
    hub->limits.rooms = 10000;
    hub->limits.room_rate = (struct bucket_rate){.per_second = 10000, .burst = 10000};
    hub->limits.linger_s = 0;
    bucket_fill(&hub->room_bucket, &hub->limits.room_rate, hub->now_us);
    for (int i = 0; i < 10000; i++) {
        char name[16];
        snprintf(name, sizeof name, "room-%d", i);
        host_of(peer_join(0, name));
        leave(0);
    }
    ck_assert_uint_eq(hub->counters.rooms_created, 10000);
    for (int second = 0; second < 60 && hub->rooms != NULL; second++)
        world_pass(1000);
    ck_assert_ptr_null(hub->rooms);
    ck_assert_uint_eq(hub->counters.rooms_forgotten, 10000);
    ck_assert_uint_eq(hub->counters.rooms_slept, 0);
    ck_assert(storage_figures(world.storage).flushes == 0);
    ck_assert_uint_eq(stored(), 0);
}
END_TEST

/* Presence, its names, hashes and the end of a seat's grace are nothing to keep. */
START_TEST(who_only_shows_up_leaves_nothing)
{
    struct peer *ada = peer_join(0, "lobby"), *ben = peer_join(1, "lobby");
    peer_say(ada, "[2 'x' 5 'colour' 'red']");
    world_pass(200);
    peer_disconnect(ben);
    world_pass(10000);
    ck_assert(room_is_blank(host_of(ada)->room));
    ck_assert(!host_of(ada)->stored);
    ck_assert_uint_gt(host_of(ada)->unstored.length, 0);
    session_alive(ada->session);
    ck_assert_uint_eq(room_durable(host_of(ada)->room), room_tick_number(host_of(ada)->room));
    leave(0);
    world_pass(40000);
    ck_assert_ptr_null(world.hub->rooms);
    ck_assert_uint_eq(stored(), 0);
}
END_TEST

START_TEST(a_blank_room_comes_back_as_another)
{
    uint64_t incarnation = room_incarnation(host_of(peer_join(0, "lobby"))->room);
    if (_i == 0) {
        leave(0);
        world_pass(40000);
    } else {
        world_pass(1000);
        world_crash();
    }
    struct peer *ada = peer_join(1, "lobby");
    ck_assert_uint_gt(room_incarnation(host_of(ada)->room), incarnation);
    ck_assert_uint_eq(world.hub->counters.rooms_woken + world.hub->counters.rooms_recovered, 0);
    ck_assert_uint_eq(stored(), 0);
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

START_TEST(a_blank_room_does_not_wait_for_a_disk_that_fails)
{
    world.loses = true;
    world.store->append = full_disk;
    peer_join(0, "lobby");
    struct peer *ben = peer_join(1, "busy");
    peer_say(ben, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    leave(0);
    leave(1);
    world_pass(40000);
    ck_assert_uint_eq(world.hub->counters.rooms_forgotten, 1);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 1);
}
END_TEST

/* What a client sent before, elsewhere, is as safe here as it will ever be: it does not wait for a
 * flush that never comes. */
START_TEST(nobody_waits_for_a_blank_room_to_be_saved)
{
    join_as(0, 7, 5, 0);
    world_pass(1000);
    int frames = peer_messages(world.peers[0], SERVER_FRAME);
    world_pass(10000);
    ck_assert_int_eq(peer_messages(world.peers[0], SERVER_FRAME), frames);
    ck_assert(!host_of(world.peers[0])->stored);
}
END_TEST

static int answers;
static enum store_result answered;

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

START_TEST(a_blank_room_is_deleted)
{
    world.hub->answered = on_answer;
    answers = 0;
    struct peer *ada = peer_join(0, "lobby");
    world_pass(200);
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    ck_assert_int_eq(peer_close_code(ada), CLOSE_ENDED);
    ck_assert_int_eq(answers, 1);
    ck_assert_int_eq(answered, STORE_OK);
    ck_assert_ptr_null(world.hub->rooms);
    world_pass(1000);
    ck_assert_int_eq(answers, 1);
    ck_assert_uint_eq(stored(), 0);
    host_of(peer_join(1, "lobby"));
}
END_TEST

START_TEST(a_blank_room_that_ends_is_gone)
{
    struct peer *ada = peer_join(0, "lobby");
    world_pass(200);
    room_end(host_of(ada)->room, "game over");
    world_pass(200);
    ck_assert_int_eq(peer_close_code(ada), CLOSE_ENDED);
    ck_assert_ptr_null(world.hub->rooms);
    ck_assert_uint_eq(stored(), 0);
}
END_TEST

/* --- Stored after all --------------------------------------------------------------------------------- */

/* The message of this kind that came first. */
static struct reader first_message(const struct peer *peer, int wanted)
{
    for (size_t at = 0; at < peer->out_length;) {
        const uint8_t *frame = peer->out + at;
        size_t length = frame[1], header = 2;
        if (length == 126) {
            length = (size_t)frame[2] << 8 | frame[3];
            header = 4;
        }
        struct reader reader = reader_on((struct bytes){frame + header, length});
        read_array(&reader);
        if ((frame[0] & 0x0f) == 2 && read_integer(&reader) == wanted)
            return reader;
        at += header + length;
    }
    ck_abort_msg("no message %d came", wanted);
    return reader_on((struct bytes){0});
}

/* Of a welcome: the member's number, the sequence, whether the key is known, and its last refusal. */
struct greeting {
    int64_t member, sequence, refused;
    bool known;
};

static struct greeting greeting_of(const struct peer *peer)
{
    struct greeting greeting = {0};
    struct reader reader = first_message(peer, SERVER_WELCOME);
    greeting.member = read_integer(&reader);
    for (int i = 0; i < 4; i++)
        read_integer(&reader); /* incarnation, tick, rates */
    read_string(&reader);
    greeting.sequence = read_integer(&reader);
    greeting.known = read_bool(&reader);
    read_bool(&reader);
    for (uint32_t kept = read_array(&reader); kept > 0; kept--)
        read_integer(&reader);
    read_integer(&reader);
    read_value(&reader);
    for (uint32_t refusals = read_array(&reader); refusals > 0; refusals--)
        greeting.refused = read_integer(&reader); /* sequence, status: the last is a status */
    ck_assert_int_eq(reader.status, STATUS_OK);
    return greeting;
}

/* Ada comes, shows a field of her own and leaves; Ben comes; then one of them does what has to be
 * kept. */
static struct peer *ben_alone(void)
{
    join_as(0, 1, 0, 0);
    world_pass(200);
    peer_say(world.peers[0], "[2 'colour' 'red']");
    world_pass(200);
    leave(0);
    world_pass(200);
    struct peer *ben = join_as(1, 2, 0, 100);
    world_pass(200);
    ck_assert(!host_of(ben)->stored);
    return ben;
}

START_TEST(a_room_that_is_stored_late_comes_back_with_all_that_was_before)
{
    struct peer *ben = ben_alone();
    peer_say(ben,
             "[1 [[1 'shapes' 'none' 'x' 1]] [[0 'shapes' 'a' 'x' 1]] [[1 'shapes' 'b' 'x' 1]]]");
    world_pass(200);
    ck_assert(host_of(ben)->stored);
    ck_assert_ptr_null(host_of(ben)->unstored.data);
    const struct room *room = host_of(ben)->room;
    uint64_t hash = room_hash_kept(room), incarnation = room_incarnation(room);
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
    world_crash();
    struct greeting greeting = greeting_of(join_as(2, 2, 3, 0));
    room = host_of(world.peers[2])->room;
    ck_assert_uint_eq(world.hub->counters.rooms_recovered, 1);
    ck_assert_uint_gt(room_incarnation(room), incarnation);
    ck_assert_uint_eq(room_hash_kept(room), hash);
    ck_assert_uint_eq(room_records(room), 1);
    ck_assert_int_eq(greeting.member, 2);
    ck_assert(greeting.known);
    ck_assert_int_eq(greeting.sequence, 3);
    ck_assert_int_eq(greeting.refused, STATUS_NOT_FOUND);
    greeting = greeting_of(join_as(3, 1, 0, 0));
    ck_assert_int_eq(greeting.member, 1);
    ck_assert(greeting.known);
    world_pass(200);
    /* The name that presence taught has the number that it had. */
    struct reader frame = first_message(world.peers[3], SERVER_FRAME);
    struct bytes all = {frame.data, frame.length};
    const char definition[] = "\x99\x01\x00\x02\xa6"
                              "colour";
    ck_assert_ptr_nonnull(memmem(all.data, all.length, definition, sizeof definition - 1));
}
END_TEST

/* A refused operation as well: its outcome has to be remembered. */
START_TEST(any_operation_that_is_decided_makes_a_room_worth_keeping)
{
    static const char *const operations[] = {
        "[1 [[0 'shapes' 'a' 'x' 1]]]",
        "[1 [[1 'shapes' 'none' 'x' 1]]]",
        "[1 [[5 'chat' 0 'hello']]]",
    };
    struct peer *ada = peer_join(0, "lobby");
    world_pass(100);
    ck_assert(room_is_blank(host_of(ada)->room));
    peer_say(ada, operations[_i]);
    world_pass(200);
    ck_assert(!room_is_blank(host_of(ada)->room));
    ck_assert(host_of(ada)->stored);
    leave(0);
    world_pass(60000);
    ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);
    ck_assert_uint_eq(world.hub->counters.rooms_forgotten, 0);
    host_of(peer_join(1, "lobby"));
    ck_assert_uint_eq(world.hub->counters.rooms_woken, 1);
}
END_TEST

/* Fills the log that waits to `length` bytes exactly, by users of the right size. */
static void fill_log(const struct room_host *host, size_t length)
{
    const struct flush_buffer *log = &host->unstored;
    const size_t usual = 256;
    for (int key = 1; log->length < length; key++) {
        size_t before = log->length;
        join_as(1, key, 0, usual);
        world_pass(100);
        size_t entry = log->length - before;
        leave(1);
        world_pass(100);
        size_t both = log->length - before; /* coming and going */
        if (length - log->length >= both + entry)
            continue;
        /* The last one is as long as is missing. */
        size_t last = usual + (length - log->length) - entry;
        ck_assert_uint_ge(last, 256);
        ck_assert_uint_le(last, USER_BYTES_MAX);
        join_as(1, key + 1, 0, last);
        world_pass(100);
        return;
    }
}

/* 0: below, 1: at the limit, 2: above. */
START_TEST(the_log_of_a_blank_room_has_a_limit)
{
    struct peer *ada = peer_join(0, "lobby");
    world_pass(100);
    const struct room_host *host = host_of(ada);
    fill_log(host, UNSTORED_LOG_MAX - 1 + (size_t)_i);
    ck_assert_int_eq(host->stored, _i == 2);
    ck_assert_uint_eq(host->unstored.length, _i == 2 ? 0 : UNSTORED_LOG_MAX - 1 + (size_t)_i);
    ck_assert(room_is_blank(host->room)); /* its log tells all of it */
    world_crash();
    host_of(peer_join(2, "lobby"));
    ck_assert_uint_eq(world.hub->counters.rooms_recovered, _i == 2);
    ck_assert_uint_eq(world.hub->counters.rooms_created, _i < 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blank rooms");
    TCase *cases = tcase_create("forgotten");
    tcase_add_checked_fixture(cases, world_setup, world_teardown);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, ten_thousand_rooms_that_were_looked_into_leave_nothing);
    tcase_add_test(cases, who_only_shows_up_leaves_nothing);
    tcase_add_loop_test(cases, a_blank_room_comes_back_as_another, 0, 2);
    tcase_add_test(cases, a_blank_room_does_not_wait_for_a_disk_that_fails);
    tcase_add_test(cases, nobody_waits_for_a_blank_room_to_be_saved);
    tcase_add_test(cases, a_blank_room_is_deleted);
    tcase_add_test(cases, a_blank_room_that_ends_is_gone);
    suite_add_tcase(suite, cases);
    TCase *late = tcase_create("stored");
    tcase_add_checked_fixture(late, world_setup, world_teardown);
    tcase_set_timeout(late, 30);
    tcase_add_test(late, a_room_that_is_stored_late_comes_back_with_all_that_was_before);
    tcase_add_loop_test(late, any_operation_that_is_decided_makes_a_room_worth_keeping, 0, 3);
    tcase_add_loop_test(late, the_log_of_a_blank_room_has_a_limit, 0, 3);
    suite_add_tcase(suite, late);
    return run_suite(suite);
}
