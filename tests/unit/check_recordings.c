/* check_recordings.c - what is told and said of a recording over HTTP: the timeline, markers, sessions. Rooms
 * of which there is none are in check_unrecorded.c. */
#include "tests/helpers.h"
#include "tests/ordering.h"
#include "tests/recorded_lobby.h"
#include "tests/run_suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- Timelines ------------------------------------------------------------------------------------- */

START_TEST(a_timeline_tells_what_there_is)
{
    const struct room *room = visit.ada->session->host->room;
    uint64_t durable = room_durable(room);
    read_timeline();
    ck_assert_str_eq(text_at(visit.timeline, "kind"), "open");
    ck_assert_int_eq(number_at(visit.timeline, "hz"), 20);
    ck_assert_uint_eq((uint64_t)number_at(visit.timeline, "incarnation"), room_incarnation(room));
    ck_assert_int_ge(number_at(visit.timeline, "first"), 1);
    ck_assert_uint_eq((uint64_t)number_at(visit.timeline, "last"), durable);
    json_t *activity = json_object_get(visit.timeline, "activity");
    json_t *operations = json_object_get(activity, "operations");
    ck_assert_uint_eq(json_array_size(operations),
                      json_array_size(json_object_get(activity, "presence")));
    int64_t all = 0;
    for (size_t i = 0; i < json_array_size(operations); i++)
        all += json_integer_value(json_array_get(operations, i));
    ck_assert_int_eq(all, 10);
    ck_assert_int_gt(number_at(activity, "ticks"), 0);
    ck_assert_uint_ge(json_array_size(json_object_get(visit.timeline, "incarnations")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(visit.timeline, "gaps")), 0);
}
END_TEST

/* Nothing is written down of ticks in which nothing happens, and they are a part of the recording all the same. */
START_TEST(a_quiet_room_goes_on)
{
    const struct room *room = visit.ada->session->host->room;
    char body[64];
    world_pass(30000);
    uint64_t logged = room_logged(room);
    ck_assert_uint_gt(room_tick_number(room), logged + 200);
    uint64_t durable = room_durable(room);
    ck_assert_uint_gt(durable, logged + 200);
    read_timeline();
    ck_assert_uint_eq((uint64_t)number_at(visit.timeline, "last"), durable);
    ck_assert_uint_eq((uint64_t)number_at(element("sessions", 0, 1), "last"), durable);
    snprintf(body, sizeof body, "{\"tick\":%d,\"title\":\"now\"}", (int)room_tick_number(room));
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, ROOM "/markers", body), 201);
    snprintf(body, sizeof body, "\"incarnation\":%" PRIu64 "}", room_incarnation(room));
    ck_assert_ptr_nonnull(strstr(ordered->json, body));
    snprintf(body, sizeof body, "{\"tick\":%d,\"title\":\"then\"}",
             (int)room_tick_number(room) + 1000);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, ROOM "/markers", body), 404);
    peer_say(visit.ada, "[4]");
    peer_disconnect(visit.ada);
    world_pass((world.hub->limits.linger_s + 5) * 1000);
    read_timeline();
    ck_assert_uint_gt((uint64_t)number_at(visit.timeline, "last"), logged + 200);
}
END_TEST

START_TEST(a_timeline_tells_who_was_there)
{
    uint32_t member = room_seat_member(visit.ada->session->host->room, visit.ada->session->seat);
    read_timeline();
    json_t *person = element("people", 0, 1);
    ck_assert_uint_eq((uint64_t)number_at(person, "member"), member);
    json_t *spans = json_object_get(person, "spans");
    ck_assert_uint_eq(json_array_size(spans), 1);
    ck_assert(json_is_null(json_array_get(json_array_get(spans, 0), 1)));
    peer_say(visit.ada, "[4]");
    peer_disconnect(visit.ada);
    world_pass(1000);
    read_timeline();
    spans = json_object_get(element("people", 0, 1), "spans");
    ck_assert(json_is_integer(json_array_get(json_array_get(spans, 0), 1)));
}
END_TEST

START_TEST(of_a_room_that_is_not_there_nothing_is_told)
{
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, "/v1/rooms/nowhere/recording", ""), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, "/v1/rooms/a b/recording", ""), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, ROOM "/recording", "{}"), 405);
    ck_assert_int_eq(order_of(visit.page, HTTP_HEAD, ROOM "/recording", ""), 200);
}
END_TEST

START_TEST(timelines_are_asked_for_at_a_rate)
{
    world.hub->limits.address_rates[ADDRESS_READS_LISTS] =
        (struct address_rate){.per_minute = 60, .burst = 2};
    peer_free(1);
    visit.page = peer_open_from(1, 0x0a0000ffu);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/recording", ""), 200);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/recording", ""),
                     200); /* one came meanwhile */
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/recording", ""), 429);
    ck_assert_uint_ge(order_denial.retry_s, 1);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_RECORDING_RATE], 0); /* by who answers */
}
END_TEST

/* --- Who did what ---------------------------------------------------------------------------------- */

/* The list's element of this id; NULL for none. */
static json_t *authored(json_t *authors, const char *list, const char *id)
{
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(authors, list), index, row)
    {
        if (strcmp(json_string_value(json_array_get(row, 1)), id) == 0)
            return row;
    }
    return NULL;
}

static json_t *read_authors(const char *path)
{
    json_error_t error;
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, path, ""), 200);
    json_decref(visit.timeline);
    visit.timeline = json_loadb(ordered->json, ordered->json_length, 0, &error);
    ck_assert_msg(visit.timeline != NULL, "%s in %.*s", error.text, (int)ordered->json_length,
                  ordered->json);
    return visit.timeline;
}

static uint32_t member_of(const struct peer *peer)
{
    return room_seat_member(peer->session->host->room, peer->session->seat);
}

START_TEST(who_made_changed_and_removed_what_is_told)
{
    const struct room *room = visit.ada->session->host->room;
    uint64_t before = room_logged(room);
    char path[96];
    struct peer *ben = peer_join(2, "lobby");
    peer_say(ben, "[1 [[1 'shapes' 's1' 'x' 50 'y' 2] [4 'shapes' 's2']]]");
    world_pass(100); /* which may not be on the disk yet */
    json_t *now = read_authors(ROOM "/authors");
    ck_assert_uint_eq((uint64_t)number_at(now, "incarnation"), room_incarnation(room));
    ck_assert_uint_gt((uint64_t)number_at(now, "tick"), before);
    ck_assert_uint_eq(json_array_size(json_object_get(now, "records")), 9);
    json_t *mine = authored(now, "records", "s0"), *ours = authored(now, "records", "s1");
    int64_t shapes = json_integer_value(json_array_get(mine, 0));
    ck_assert_str_eq(
        json_string_value(json_array_get(json_object_get(now, "collections"), (size_t)shapes)),
        "shapes");
    ck_assert_int_eq(json_integer_value(json_array_get(mine, 2)), member_of(visit.ada));
    ck_assert_uint_eq(json_array_size(mine), 3);
    ck_assert_int_eq(json_integer_value(json_array_get(ours, 2)), member_of(visit.ada));
    json_t *fields = json_array_get(ours, 3);
    ck_assert_uint_eq(json_object_size(fields), 2);
    ck_assert_int_eq(number_at(fields, "x"), member_of(ben));
    ck_assert_int_eq(number_at(fields, "y"), member_of(ben));
    int64_t stamp = number_at(now, "stamp");
    json_t *gone = authored(now, "removed", "s2");
    ck_assert_int_eq(json_integer_value(json_array_get(gone, 2)), member_of(ben));
    ck_assert_ptr_null(authored(now, "records", "s2"));

    snprintf(path, sizeof path, ROOM "/authors/%llu.%llu", (unsigned long long)before,
             (unsigned long long)room_incarnation(room));
    json_t *then = read_authors(path);
    ck_assert_uint_eq((uint64_t)number_at(then, "tick"), before);
    ck_assert_int_eq(number_at(then, "stamp") + 3, stamp); /* two fields, and a delete */
    ck_assert_uint_eq(json_array_size(json_object_get(then, "records")), 10);
    ck_assert_uint_eq(json_array_size(authored(then, "records", "s1")), 3);
    ck_assert_uint_eq(json_array_size(json_object_get(then, "removed")), 0);
}
END_TEST

START_TEST(who_did_what_is_known_of_a_room_that_sleeps)
{
    uint32_t member = member_of(visit.ada);
    world_crash();
    peer_free(1);
    visit.page = peer_open(1);
    json_t *now = read_authors(ROOM "/authors");
    ck_assert_uint_eq(json_array_size(json_object_get(now, "records")), 10);
    json_t *record = authored(now, "records", "s9");
    ck_assert_int_eq(json_integer_value(json_array_get(record, 2)), member);
}
END_TEST

START_TEST(of_what_is_not_recorded_nobody_is_told)
{
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, "/v1/rooms/nowhere/authors", ""), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, "/v1/rooms/nowhere/authors/5", ""), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors/40.999999", ""), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors/x", ""), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, ROOM "/authors", "{}"), 405);
    ck_assert_int_eq(order_of(visit.page, HTTP_HEAD, ROOM "/authors", ""), 200);
    world.hub->limits.address_rates[ADDRESS_MAKES_ROOMS] =
        (struct address_rate){.per_minute = 60, .burst = 1};
    peer_free(1);
    visit.page = peer_open_from(1, 0x0a0000ffu);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors/40", ""), 200);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors/40", ""), 429);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 200);
}
END_TEST

/* So that telling who did it costs as much as some lists do. */
static void make_large(void)
{
    char line[1024];
    const struct room *room = visit.ada->session->host->room;
    for (int i = 0; room_bytes(room) <= 2 * ANSWER_BYTES_PER_LIST; i++) {
        snprintf(line, sizeof line, "[1 [[0 'notes' 'n%d' 'text' '%0900d']]]", i, i);
        peer_say(visit.ada, line);
        world_pass(50);
    }
}

START_TEST(of_a_large_room_it_is_asked_less)
{
    make_large();
    world.hub->limits.address_rates[ADDRESS_READS_LISTS] =
        (struct address_rate){.per_minute = 60, .burst = 4};
    peer_free(1);
    visit.page = peer_open_from(1, 0x0a0000ffu);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 200);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 429);
    ck_assert_uint_ge(ordered->denial.retry_s, 1);
    world_pass(4000);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 200);
    world_pass(4000);
    world.hub->limits.address_rates[ADDRESS_READS_LISTS].burst =
        1; /* never: more than there may be */
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 200);
}
END_TEST

START_TEST(all_answers_together_are_so_long)
{
    uint64_t bytes = room_bytes(visit.ada->session->host->room);
    struct bucket *bucket = &world.hub->answer_bucket;
    *bucket = (struct bucket){.credit = (bytes - 1) * 1000000, .updated_us = UINT64_MAX};
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 503);
    ck_assert_uint_eq(ordered->denial.retry_s, 1);
    bucket->credit++;
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 503);
    bucket->credit = bytes * 1000000;
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 200);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors/40", ""), 503);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/recording", ""),
                     200); /* nobody has a user */
    *bucket = (struct bucket){.updated_us = world.hub->now_us};
    world_pass(1000);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/authors", ""), 200);
}
END_TEST

/* --- Markers --------------------------------------------------------------------------------------- */

static int mark(const char *body)
{
    return order_of(visit.page, HTTP_POST, ROOM "/markers", body);
}

START_TEST(a_marker_stands_at_its_moment_until_it_is_taken_away)
{
    ck_assert_int_eq(mark("{\"tick\":40,\"title\":\"the \\\"turn\\\"\",\"colour\":\"red\"}"), 201);
    char answer[64], path[96];
    uint64_t incarnation = room_incarnation(visit.ada->session->host->room);
    snprintf(answer, sizeof answer, "{\"tick\":40,\"incarnation\":%llu}\n",
             (unsigned long long)incarnation);
    ck_assert_str_eq(ordered->json, answer);
    ck_assert_int_eq(mark("{\"tick\":20,\"title\":\"\",\"by\":\"Ada\"}"), 201);
    read_timeline();
    json_t *first = element("markers", 0, 2), *second = element("markers", 1, 2);
    ck_assert_int_eq(number_at(first, "tick"), 20);
    ck_assert_str_eq(text_at(first, "by"), "Ada");
    ck_assert_int_eq(number_at(second, "tick"), 40);
    ck_assert_str_eq(text_at(second, "title"), "the \"turn\"");
    ck_assert_str_eq(text_at(second, "colour"), "red");
    ck_assert_int_eq(mark("{\"tick\":40,\"title\":\"another\"}"), 201);
    read_timeline();
    ck_assert_str_eq(text_at(element("markers", 1, 2), "title"), "another");
    snprintf(path, sizeof path, ROOM "/markers/40.%llu", (unsigned long long)incarnation);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, path, ""), 204);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, path, ""), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, ROOM "/markers/20", ""), 204);
    read_timeline();
    element("markers", 0, 0);
}
END_TEST

/* Between pieces that were sealed, too, and behind the last of them. */
START_TEST(a_tick_in_which_nothing_happened_is_marked_like_any_other)
{
    const struct room *room = visit.ada->session->host->room;
    char body[64], answer[96];
    world_pass(30000); /* nothing happens */
    peer_say(visit.ada, "[1 [[0 'shapes' 'late' 'x' 1]]]");
    world_pass(STORAGE_SEAL_MS + 5000);
    peer_say(visit.ada, "[1 [[0 'shapes' 'later' 'x' 1]]]");
    world_pass(1000);
    uint64_t last = room_durable(room);
    read_timeline();
    uint64_t first = (uint64_t)number_at(visit.timeline, "first");
    for (uint64_t tick = first; tick <= last; tick += 1 + (last - first) / 100) {
        world_pass(200);
        snprintf(body, sizeof body, "{\"tick\":%" PRIu64 ",\"title\":\"x\"}", tick);
        ck_assert_msg(mark(body) == 201, "tick %" PRIu64, tick);
        snprintf(answer, sizeof answer, "{\"tick\":%" PRIu64 ",\"incarnation\":%" PRIu64 "}\n",
                 tick, room_incarnation(room));
        ck_assert_str_eq(ordered->json, answer);
    }
}
END_TEST

START_TEST(a_marker_outlives_the_server)
{
    ck_assert_int_eq(mark("{\"tick\":40,\"title\":\"kept\"}"), 201);
    order_forget();
    world_crash();
    peer_free(1);
    visit.page = peer_open(1);
    read_timeline();
    ck_assert_str_eq(text_at(element("markers", 0, 1), "title"), "kept");
}
END_TEST

static const char *const wrong_markers[] = {
    "",
    "{}",
    "{\"tick\":40}",
    "{\"title\":\"x\"}",
    "{\"tick\":0,\"title\":\"x\"}",
    "{\"tick\":-1,\"title\":\"x\"}",
    "{\"tick\":68719476736,\"title\":\"x\"}",
    "{\"tick\":40,\"title\":7}",
    "{\"tick\":40,\"title\":\"x\",\"colour\":\"012345678901234567890123456789012\"}",
    "{\"tick\":40,\"title\":\"x\",\"more\":1}",
};

START_TEST(a_marker_in_other_words_is_refused)
{
    ck_assert_int_eq(mark(wrong_markers[_i]), 400);
}
END_TEST

START_TEST(a_title_has_a_length)
{
    char body[400];
    snprintf(body, sizeof body, "{\"tick\":40,\"title\":\"%0200d\"}", 0);
    ck_assert_int_eq(mark(body), 201);
    snprintf(body, sizeof body, "{\"tick\":40,\"title\":\"%0201d\"}", 0);
    ck_assert_int_eq(mark(body), 400);
}
END_TEST

START_TEST(what_was_not_recorded_is_not_marked)
{
    ck_assert_int_eq(mark("{\"tick\":100000,\"title\":\"x\"}"), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, "/v1/rooms/nowhere/markers",
                              "{\"tick\":4,\"title\":\"x\"}"),
                     404);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, ROOM "/markers/20", ""), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, ROOM "/markers/x", ""), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, ROOM "/markers/", ""), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, ROOM "/markers/5.", ""), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/markers", ""), 405);
}
END_TEST

/* --- Sessions -------------------------------------------------------------------------------------- */

START_TEST(a_session_has_a_title_and_a_pin)
{
    const char *path = session_path();
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"title\":\"Monday\"}"), 204);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"pinned\":true}"), 204);
    session_path();
    json_t *session = element("sessions", 0, 1);
    ck_assert_str_eq(text_at(session, "title"), "Monday");
    ck_assert(json_is_true(json_object_get(session, "pinned")));
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"title\":\"\",\"pinned\":false}"),
                     204);
    session_path();
    session = element("sessions", 0, 1);
    ck_assert_str_eq(text_at(session, "title"), "");
    ck_assert(json_is_false(json_object_get(session, "pinned")));
}
END_TEST

/* Also before anything of it is sealed. */
START_TEST(a_session_that_has_just_begun_is_one)
{
    char path[96];
    world_restart();
    peer_free(0);
    peer_free(1);
    visit.page = peer_open(1);
    visit.ada = peer_join(0, "lobby");
    peer_say(visit.ada, "[1 [[0 'shapes' 'now' 'x' 1]]]");
    world_pass(300);
    for (int sealed = 0; sealed < 2; sealed++) {
        read_timeline();
        json_t *session = element("sessions", 1, 2);
        ck_assert_uint_eq((uint64_t)number_at(session, "last"),
                          (uint64_t)number_at(visit.timeline, "last"));
        ck_assert_str_eq(text_at(session, "title"), sealed ? "begun" : "");
        snprintf(path, sizeof path, ROOM "/sessions/%s", text_at(session, "id"));
        ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"title\":\"begun\"}"), 204);
        world_pass(2 * STORAGE_SEAL_MS);
    }
}
END_TEST

START_TEST(a_session_is_edited_in_its_words)
{
    const char *path = session_path();
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{}"), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"title\":5}"), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"pinned\":1}"), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"pinned\":true,\"x\":1}"), 400);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, ROOM "/sessions/x", "{\"pinned\":true}"), 400);
    ck_assert_int_eq(
        order_of(visit.page, HTTP_POST, ROOM "/sessions/0123456789abcdef", "{\"pinned\":true}"),
        404);
}
END_TEST

/* Whoever knows the name of one room says nothing of another's sessions. */
START_TEST(a_session_is_its_rooms_alone)
{
    char elsewhere[96];
    const char *path = session_path();
    peer_say(peer_join(2, "other"), "[1 [[0 'shapes' 'a']]]");
    world_pass(1000);
    snprintf(elsewhere, sizeof elsewhere, "/v1/rooms/other%s", path + strlen(ROOM));
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, elsewhere, "{\"title\":\"mine\"}"), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_DELETE, elsewhere, ""), 404);
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, path, "{\"title\":\"ours\"}"), 204);
}
END_TEST

/* --- Nobody waits any more ------------------------------------------------------------------------- */

static void ask_and_go(enum http_method method, const char *path, const char *body)
{
    struct http_request request = {.method = method, .path = bytes_of(path)};
    struct order *order =
        order_begin(world.hub, visit.page->session, &request, strlen(body), &order_denial);
    ck_assert_ptr_nonnull(order);
    order_take(order, bytes_of(body));
    order_carry_out(order);
    ck_assert_int_eq(order_turn(order), ORDER_WAITS);
    order_end(order);
}

START_TEST(whoever_asked_may_go)
{
    ask_and_go(HTTP_GET, ROOM "/recording", "");
    ask_and_go(HTTP_GET, ROOM "/authors/40", "");
    ask_and_go(HTTP_POST, ROOM "/markers", "{\"tick\":40,\"title\":\"said\"}");
    world_pass(500);
    ck_assert_ptr_null(world.hub->orders);
    read_timeline();
    ck_assert_str_eq(text_at(element("markers", 0, 1), "title"), "said");
    ask_and_go(HTTP_GET, ROOM "/recording", ""); /* and the server ends */
}
END_TEST

int main(void)
{
    TCase *timelines = tcase_create("timelines");
    tcase_add_checked_fixture(timelines, lobby_setup, lobby_teardown);
    tcase_add_test(timelines, a_timeline_tells_what_there_is);
    tcase_add_test(timelines, a_quiet_room_goes_on);
    tcase_add_test(timelines, a_timeline_tells_who_was_there);
    tcase_add_test(timelines, of_a_room_that_is_not_there_nothing_is_told);
    tcase_add_test(timelines, timelines_are_asked_for_at_a_rate);
    tcase_add_test(timelines, whoever_asked_may_go);

    TCase *authors = tcase_create("authors");
    tcase_add_checked_fixture(authors, lobby_setup, lobby_teardown);
    tcase_add_test(authors, who_made_changed_and_removed_what_is_told);
    tcase_add_test(authors, who_did_what_is_known_of_a_room_that_sleeps);
    tcase_add_test(authors, of_what_is_not_recorded_nobody_is_told);
    tcase_add_test(authors, of_a_large_room_it_is_asked_less);
    tcase_add_test(authors, all_answers_together_are_so_long);

    TCase *markers = tcase_create("markers");
    tcase_add_checked_fixture(markers, lobby_setup, lobby_teardown);
    tcase_add_test(markers, a_marker_stands_at_its_moment_until_it_is_taken_away);
    tcase_add_test(markers, a_tick_in_which_nothing_happened_is_marked_like_any_other);
    tcase_add_test(markers, a_marker_outlives_the_server);
    tcase_add_loop_test(markers, a_marker_in_other_words_is_refused, 0,
                        sizeof wrong_markers / sizeof wrong_markers[0]);
    tcase_add_test(markers, a_title_has_a_length);
    tcase_add_test(markers, what_was_not_recorded_is_not_marked);

    TCase *sessions = tcase_create("sessions");
    tcase_add_checked_fixture(sessions, lobby_setup, lobby_teardown);
    tcase_add_test(sessions, a_session_has_a_title_and_a_pin);
    tcase_add_test(sessions, a_session_that_has_just_begun_is_one);
    tcase_add_test(sessions, a_session_is_edited_in_its_words);
    tcase_add_test(sessions, a_session_is_its_rooms_alone);

    Suite *suite = suite_create("recordings");
    suite_add_tcase(suite, timelines);
    suite_add_tcase(suite, authors);
    suite_add_tcase(suite, markers);
    suite_add_tcase(suite, sessions);
    return run_suite(suite);
}
