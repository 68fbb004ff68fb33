/* check_lists.c - which rooms a list shows, how old it may be, and who may ask how often. */
#include "server/lists.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define LIST "/v1/kinds/carded/rooms"

static struct kinds kinds;
static struct http_response response;

/* With a result by its first member. */
static void joined(struct room *room, uint32_t member)
{
    char name[16];
    snprintf(name, sizeof name, "m%u", member);
    ck_assert_int_eq(
        room_result(room, bytes_of("a/b"), bytes_of(name), 10 * (int64_t)member, (struct bytes){0}),
        STATUS_OK);
}

static void show(struct room *room)
{
    static const uint8_t card[] = {0x81, 0xa1, 'n', 0x07}; /* {n: 7} */
    ck_assert_int_eq(room_card(room, (struct bytes){card, sizeof card}), STATUS_OK);
}

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE}};
static const struct rules carded = {.name = "carded",
                                    .tick_hz = 20,
                                    .frame_hz = 20,
                                    .collections = collections,
                                    .collection_count = 1,
                                    .tick_records = 4,
                                    .tick_bytes = 1024,
                                    .created = show,
                                    .joined = joined};

static void setup(void)
{
    world_setup();
    kinds = kinds_built_in;
    ck_assert_int_eq(kinds_add(&kinds, &carded), STATUS_OK);
    world.kinds = &kinds;
    world_restart();
}

static void teardown(void)
{
    http_release(&response);
    world_teardown();
}

static struct peer *join(int index, const char *room, const char *kind)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of(room));
    peer_hello(peer, index, kind);
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer;
}

static int ask(struct address *address, enum http_method method, const char *target)
{
    size_t path = strcspn(target, "?");
    const char *query = target[path] != '\0' ? target + path + 1 : "";
    struct http_request request = {
        .method = method, .path = {(const uint8_t *)target, path}, .query = bytes_of(query)};
    http_release(&response);
    ck_assert(lists_asked(request.path));
    lists_answer(world.hub, address, &request, "", &response);
    return response.status;
}

static bool body_is(const char *text)
{
    return bytes_equal(response.body, bytes_of(text));
}

static bool head_has(const char *text)
{
    return memmem(response.head, response.head_length, text, strlen(text)) != NULL;
}

START_TEST(rooms_that_woke_last_come_first)
{
    join(0, "one", "'carded'");
    join(1, "two", "'carded'");
    join(2, "two", "'carded'");
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    ck_assert(body_is("[{\"room\":\"two\",\"members\":2,\"card\":{\"n\":7}},\n"
                      " {\"room\":\"one\",\"members\":1,\"card\":{\"n\":7}}]\n"));
    ck_assert(head_has("content-type: application/json\r\n"));
    ck_assert_int_eq(ask(NULL, HTTP_HEAD, LIST), 200);
    ck_assert_uint_eq(response.body.length, 0);
}
END_TEST

START_TEST(rooms_without_a_card_are_not_there)
{
    join(0, "plain", "'open'");
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/kinds/open/rooms"), 200);
    ck_assert(body_is("[]\n"));
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    ck_assert(body_is("[]\n")); /* another kind of the same rate */
}
END_TEST

START_TEST(a_room_that_everyone_left_is_not_there)
{
    peer_disconnect(join(0, "one", "'carded'"));
    world_pass(1000 * (uint64_t)(world.hub->limits.grace_s + 2));
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    ck_assert(body_is("[]\n"));
}
END_TEST

START_TEST(a_list_serves_all_who_ask_within_a_second)
{
    const struct counters *counters = &world.hub->counters;
    join(0, "one", "'carded'");
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    join(1, "two", "'carded'");
    world_jump(CARDS_AGE_US - 1);
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    ck_assert(memmem(response.body.data, response.body.length, "two", 3) == NULL);
    ck_assert_uint_eq(counters->lists_made, 1);
    world_jump(1);
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    ck_assert(memmem(response.body.data, response.body.length, "two", 3) != NULL);
    ck_assert_uint_eq(counters->lists_made, 2);
    ck_assert_uint_eq(counters->lists_sent, 3);
}
END_TEST

/* An answer under way is not touched by a list that is made anew. */
START_TEST(an_answer_outlives_its_list)
{
    join(0, "one", "'carded'");
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    struct http_response first = response;
    response = (struct http_response){0};
    world_pass(2000);
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    ck_assert(bytes_equal(first.body, response.body));
    http_release(&first);
}
END_TEST

static uint32_t listed(void)
{
    uint32_t count = 0;
    for (size_t i = 0; i < response.body.length; i++)
        count += response.body.data[i] == '\n';
    return count;
}

START_TEST(a_list_has_a_limit)
{
    char name[16];
    world.hub->limits.rooms = 1000;
    world.hub->limits.room_rate = (struct bucket_rate){.per_second = 1000000, .burst = 1000000};
    world_pass(1000);
    uint32_t count = CARDS_LISTED_MAX - 1 + (uint32_t)_i;
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "room%u", i);
        join(0, name, "'carded'");
        peer_free(0); /* who is away has a seat still */
    }
    ck_assert_int_eq(ask(NULL, HTTP_GET, LIST), 200);
    ck_assert_uint_eq(listed(), count < CARDS_LISTED_MAX ? count : CARDS_LISTED_MAX);
    snprintf(name, sizeof name, "\"room%u\"", count - 1);
    ck_assert(memmem(response.body.data, response.body.length, name, strlen(name)) != NULL);
    bool oldest = memmem(response.body.data, response.body.length, "\"room0\"", 7) != NULL;
    ck_assert(oldest == (count <= CARDS_LISTED_MAX));
}
END_TEST

START_TEST(an_address_has_a_rate)
{
    world.hub->limits.address_rates[ADDRESS_READS_LISTS] =
        (struct address_rate){.per_minute = 60, .burst = 2};
    struct address *address = peer_open_from(0, 0x0a000001)->session->address;
    struct address *other = peer_open_from(1, 0x0a000002)->session->address;
    ck_assert_int_eq(ask(address, HTTP_GET, LIST), 200);
    ck_assert_int_eq(ask(address, HTTP_GET, LIST), 200);
    ck_assert_int_eq(ask(address, HTTP_GET, LIST), 429);
    ck_assert(head_has("retry-after: 1\r\n"));
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_LIST_RATE], 1);
    ck_assert_int_eq(ask(other, HTTP_GET, LIST), 200);
    world_jump(SECOND);
    ck_assert_int_eq(ask(address, HTTP_GET, LIST), 200);
    ck_assert_int_eq(ask(address, HTTP_GET, LIST), 429);
}
END_TEST

/* --- Results ---------------------------------------------------------------------------------------- */

static unsigned count_of(const char *text)
{
    unsigned count = 0;
    struct bytes body = response.body;
    const uint8_t *at;
    while (body.length > 0 && (at = memmem(body.data, body.length, text, strlen(text))) != NULL) {
        count++;
        body.length -= (size_t)(at + 1 - body.data);
        body.data = at + 1;
    }
    return count;
}

START_TEST(results_stand_on_their_board)
{
    for (int i = 0; i < 3; i++)
        join(i, "one", "'carded'");
    world_pass(200);
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/results/a/b"), 200);
    ck_assert_uint_eq(count_of("\"name\":"), 3);
    ck_assert(memcmp(response.body.data, "[{\"name\":\"m1\",\"score\":10,", 25) == 0);
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/results/a/b?best=high&limit=2"), 200);
    ck_assert_uint_eq(count_of("\"name\":"), 2);
    ck_assert(memcmp(response.body.data, "[{\"name\":\"m3\",\"score\":30,", 25) == 0);
    world_crash();
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/results/a/b?limit=100&best=low"), 200);
    ck_assert_uint_eq(count_of("\"name\":"), 3);
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/results/nothing"), 200);
    ck_assert(body_is("[]\n"));
}
END_TEST

START_TEST(what_is_no_question_is_refused)
{
    static const char *const bad[] = {
        "limit=0",     "limit=101",  "limit=",    "limit=1x",
        "limit=-1",    "limit=0100", "best=",     "best=mid",
        "best=lowest", "x=1",        "limit=5&&", "limit=18446744073709551617"};
    char target[96];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(target, sizeof target, "/v1/results/laps?%s", bad[i]);
        ck_assert_msg(ask(NULL, HTTP_GET, target) == 400, "%s", target);
    }
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_LIST_QUERY], sizeof bad / sizeof bad[0]);
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/results/laps?limit=1"), 200);
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/results/laps?limit=100"), 200);
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/results/laps?"), 200);
}
END_TEST

START_TEST(the_name_of_a_board_has_a_limit)
{
    char path[128] = "/v1/results/";
    size_t head = strlen(path);
    ck_assert(!lists_asked(bytes_of(path)));
    memset(path + head, 'b', BOARD_BYTES_MAX);
    ck_assert_int_eq(ask(NULL, HTTP_GET, path), 200);
    path[head + BOARD_BYTES_MAX] = 'b';
    ck_assert(!lists_asked(bytes_of(path)));
}
END_TEST

START_TEST(what_is_no_list_is_refused)
{
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/kinds/nothing/rooms"), 404);
    ck_assert_int_eq(ask(NULL, HTTP_GET, "/v1/kinds//rooms"), 404);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_KIND], 2);
    ck_assert_int_eq(ask(NULL, HTTP_POST, LIST), 405);
    ck_assert(head_has("allow: GET, HEAD\r\n"));
    static const char *const others[] = {"/",
                                         "/v1/kinds/",
                                         "/v1/kinds/open",
                                         "/v1/kinds/rooms",
                                         "/v1/kinds/a/b/rooms",
                                         "/v1/kinds/open/rooms/",
                                         ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!lists_asked(bytes_of(others[i])), "%s", others[i]);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("lists");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, rooms_that_woke_last_come_first);
    tcase_add_test(tcase, rooms_without_a_card_are_not_there);
    tcase_add_test(tcase, a_room_that_everyone_left_is_not_there);
    tcase_add_test(tcase, a_list_serves_all_who_ask_within_a_second);
    tcase_add_test(tcase, an_answer_outlives_its_list);
    tcase_add_loop_test(tcase, a_list_has_a_limit, 0, 3);
    tcase_add_test(tcase, an_address_has_a_rate);
    tcase_add_test(tcase, results_stand_on_their_board);
    tcase_add_test(tcase, what_is_no_question_is_refused);
    tcase_add_test(tcase, the_name_of_a_board_has_a_limit);
    tcase_add_test(tcase, what_is_no_list_is_refused);

    Suite *suite = suite_create("lists");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
