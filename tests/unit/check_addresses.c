/* check_addresses.c - what one address may have and do, and for how long it is remembered. */
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>

#define HERE  0x0a000001u
#define THERE 0x0a000002u
#define HOME  0x7f000001u

/* --- Connections ----------------------------------------------------------------------------------- */

static struct session *open_from(uint32_t address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    return session_open(world.hub, (struct sockaddr *)&from);
}

START_TEST(connections_of_one_address_have_a_limit)
{
    enum refusal refusal;
    const char *text;
    struct session *sessions[4];
    world.hub->limits.connections_per_address = 2;
    for (int i = 0; i < 4; i++) {
        sessions[i] = open_from(0x0a000001);
        ck_assert_ptr_nonnull(sessions[i]);
        ck_assert_int_eq(hub_admit(world.hub, sessions[i], &refusal, &text), i < 2 ? 101 : 429);
    }
    ck_assert_ptr_null(open_from(0x0a000001));
    struct session *other = open_from(0x0a000002);
    ck_assert_int_eq(hub_admit(world.hub, other, &refusal, &text), 101);
    session_destroy(sessions[0]);
    session_destroy(sessions[1]);
    ck_assert_int_eq(hub_admit(world.hub, sessions[2], &refusal, &text), 101);
    session_destroy(sessions[2]);
    session_destroy(sessions[3]);
    session_destroy(other);
}
END_TEST

START_TEST(loopback_is_counted_only_when_told_so)
{
    enum refusal refusal;
    const char *text;
    world.hub->limits.connections_per_address = 1;
    struct session *a = open_from(0x7f000001), *b = open_from(0x7f000001);
    ck_assert_int_eq(hub_admit(world.hub, b, &refusal, &text), 101);
    world.hub->limits.count_loopback = true;
    struct session *c = open_from(0x7f000001), *d = open_from(0x7f000001);
    ck_assert_int_eq(hub_admit(world.hub, d, &refusal, &text), 429);
    session_destroy(a);
    session_destroy(b);
    session_destroy(c);
    session_destroy(d);
}
END_TEST

/* What a handshake is answered with. */
static int admitted(const struct session *session, enum refusal expected)
{
    enum refusal refusal = REFUSAL_COUNT;
    const char *text;
    int status = hub_admit(world.hub, session, &refusal, &text);
    ck_assert_int_eq(refusal, status == 101 ? REFUSAL_COUNT : expected);
    return status;
}

/* One after the other: none of them has more than one at a time. */
static int connect_from(uint32_t address)
{
    struct session *session = open_from(address);
    int status = admitted(session, REFUSAL_ADDRESS_RATE);
    session_destroy(session);
    return status;
}

START_TEST(connections_of_one_address_have_a_rate)
{
    world.hub->limits.address_rates[ADDRESS_CONNECTS] =
        (struct address_rate){.per_minute = 60, .burst = 3};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(connect_from(HERE), 101);
    ck_assert_int_eq(connect_from(HERE), 429);
    ck_assert_int_eq(connect_from(THERE), 101);
    world_jump(SECOND - 1);
    ck_assert_int_eq(connect_from(HERE), 429);
    world_jump(1);
    ck_assert_int_eq(connect_from(HERE), 101);
    ck_assert_int_eq(connect_from(HERE), 429);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(connect_from(HOME), 101);
}
END_TEST

/* As long as it could do more at once than it may; then nothing is left of it. */
START_TEST(an_address_is_remembered_until_it_makes_no_difference)
{
    world.hub->limits.address_rates[ADDRESS_CONNECTS] =
        (struct address_rate){.per_minute = 60, .burst = 5};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(connect_from(HERE), 101);
    world_pass(2900);
    ck_assert_ptr_nonnull(world.hub->addresses.table);
    struct session *session = open_from(HERE); /* whom it is held by meanwhile does not matter */
    world_pass(2100);
    session_destroy(session);
    ck_assert_ptr_null(world.hub->addresses.table);
    ck_assert_int_eq(connect_from(HERE), 101);
    world_pass(2500);
    ck_assert_ptr_null(world.hub->addresses.table);
    session_destroy(open_from(HERE)); /* did nothing */
    ck_assert_ptr_null(world.hub->addresses.table);
}
END_TEST

/* --- Rooms ----------------------------------------------------------------------------------------- */

/* Its close code; 0 for a seat. */
static int join_from(uint32_t address, const char *room)
{
    struct peer *peer = peer_open_from(0, address);
    session_upgraded(peer->session, bytes_of(room));
    peer_hello(peer, 0, "'open'");
    int code = peer_close_code(peer);
    if (code == 0)
        ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    else
        ck_assert(peer_close_says(peer, "too many new rooms from this address; retry_ms="));
    peer_free(0);
    return code;
}

START_TEST(rooms_of_one_address_have_a_rate)
{
    world.hub->limits.address_rates[ADDRESS_MAKES_ROOMS] =
        (struct address_rate){.per_minute = 2, .burst = 2};
    ck_assert_int_eq(join_from(HERE, "one"), 0);
    ck_assert_int_eq(join_from(HERE, "two"), 0);
    ck_assert_int_eq(join_from(HERE, "three"), CLOSE_SERVER_FULL);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_ADDRESS_ROOMS], 1);
    ck_assert_uint_eq(world.hub->counters.rooms_created, 2);
    ck_assert_int_eq(join_from(HERE, "one"), 0); /* which is there */
    ck_assert_int_eq(join_from(THERE, "three"), 0);
    ck_assert_int_eq(join_from(HERE, "three"), 0);
    world_jump(30 * SECOND - 1);
    ck_assert_int_eq(join_from(HERE, "four"), CLOSE_SERVER_FULL);
    world_jump(1);
    ck_assert_int_eq(join_from(HERE, "four"), 0);
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "home-%d", i);
        ck_assert_int_eq(join_from(HOME, name), 0);
    }
}
END_TEST

/* Rooms that are there, and people who do not stay for them. */
START_TEST(rooms_looked_for_by_one_address_have_a_rate)
{
    world.hub->limits.address_rates[ADDRESS_OPENS_ROOMS] =
        (struct address_rate){.per_minute = 2, .burst = 2};
    world.hub->limits.load_rate = (struct bucket_rate){.per_second = 1, .burst = 3};
    bucket_fill(&world.hub->load_bucket, &world.hub->limits.load_rate, world.hub->now_us);
    for (int i = 0; i < 5; i++) {
        char name[] = {'r', (char)('0' + i), 0};
        struct peer *peer = peer_open_from(0, HERE);
        session_upgraded(peer->session, bytes_of(name));
        peer_hello_only(peer, 0, "'open'");
        ck_assert_int_eq(peer_close_code(peer), i < 2 ? 0 : CLOSE_SERVER_FULL);
        peer_free(0);
        world_store();
    }
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_ADDRESS_OPENINGS], 3);
    ck_assert_int_eq(join_from(THERE, "lobby"), 0); /* whom the others cost nothing */
    ck_assert_int_eq(join_from(HERE, "lobby"), 0);  /* which is awake */
    world_jump(30 * SECOND);
    ck_assert_int_eq(join_from(HERE, "other"), 0);
}
END_TEST

/* Who may not make the room is sent away, and the next who waits for it makes it. */
START_TEST(one_who_may_not_does_not_stand_in_the_way_of_others)
{
    world.hub->limits.address_rates[ADDRESS_MAKES_ROOMS] =
        (struct address_rate){.per_minute = 1, .burst = 1};
    ck_assert_int_eq(join_from(HERE, "one"), 0);
    struct peer *peers[] = {peer_open_from(1, HERE), peer_open_from(2, THERE)};
    for (int i = 0; i < 2; i++) {
        session_upgraded(peers[i]->session, bytes_of("two"));
        peer_hello_only(peers[i], 1 + i, "'open'");
    }
    world_store();
    ck_assert_int_eq(peer_close_code(peers[0]), CLOSE_SERVER_FULL);
    ck_assert_int_eq(peers[1]->session->state, SESSION_JOINED);
}
END_TEST

/* The rate of all together is not used up by what one address is refused. */
START_TEST(what_one_is_refused_costs_the_others_nothing)
{
    world.hub->limits.address_rates[ADDRESS_MAKES_ROOMS] =
        (struct address_rate){.per_minute = 1, .burst = 1};
    world.hub->limits.room_rate = (struct bucket_rate){.per_second = 1, .burst = 2};
    ck_assert_int_eq(join_from(HERE, "one"), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(join_from(HERE, "two"), CLOSE_SERVER_FULL);
    ck_assert_int_eq(join_from(THERE, "two"), 0);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_ROOM_RATE], 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("addresses");
    TCase *cases = tcase_create("limits");
    tcase_add_checked_fixture(cases, world_setup, world_teardown);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, connections_of_one_address_have_a_limit);
    tcase_add_test(cases, rooms_looked_for_by_one_address_have_a_rate);
    tcase_add_test(cases, loopback_is_counted_only_when_told_so);
    tcase_add_test(cases, connections_of_one_address_have_a_rate);
    tcase_add_test(cases, an_address_is_remembered_until_it_makes_no_difference);
    tcase_add_test(cases, rooms_of_one_address_have_a_rate);
    tcase_add_test(cases, one_who_may_not_does_not_stand_in_the_way_of_others);
    tcase_add_test(cases, what_one_is_refused_costs_the_others_nothing);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
