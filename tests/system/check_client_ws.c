/* check_client_ws - the C client on libwebsockets against the real server, over real sockets. */
#include <check.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clients/c/tutti.h"
#include "tests/run_suite.h"
#include "tests/server_process.h"

/* How long a condition may take to come true: nothing is timed, but a test ends. */
#define CHECK_EVERY_MS 5u
#define CHECKS_MAX     2000u

static struct server_process server;
static struct tutti_loop *loop;
static char url[64];

/* --- Waiting ------------------------------------------------------------------------------------- */

static bool (*condition)(void);
static unsigned checks;

static void check_condition(void *context)
{
    (void)context;
    if (condition == NULL)
        return;
    if (condition() || ++checks > CHECKS_MAX)
        tutti_loop_stop(loop);
}

#define wait_for(name)                                                                             \
    do {                                                                                           \
        condition = name;                                                                          \
        checks = 0;                                                                                \
        tutti_loop_run(loop);                                                                      \
        ck_assert_msg(name(), "waited in vain: " #name);                                           \
    } while (0)

/* --- Two clients and what they are told ----------------------------------------------------------- */

struct person {
    struct tutti_client *client;
    unsigned lives;
    unsigned good, refused, saved, uncertain;
    enum tutti_status last_refusal;
    unsigned in_time; /* frames that told of inputs which all came in time */
    char chat[64];
};

static struct person ada, ben;

static void on_state(void *context, struct tutti_client *client, enum tutti_state state)
{
    struct person *person = context;
    (void)client;
    person->lives += state == TUTTI_LIVE;
}

static void on_event(void *context,
                     struct tutti_client *client,
                     const char *name,
                     uint32_t from,
                     struct tutti_value value,
                     bool history)
{
    struct person *person = context;
    (void)client, (void)history;
    if (strcmp(name, "chat") == 0)
        snprintf(person->chat, sizeof person->chat, "%u:%.*s", from, (int)value.length,
                 (const char *)value.data);
}

static void on_decided(void *context,
                       struct tutti_client *client,
                       uint64_t operation,
                       uint32_t sequence,
                       enum tutti_status status)
{
    struct person *person = context;
    (void)client, (void)operation, (void)sequence;
    person->good += status == TUTTI_OK;
    person->refused += status != TUTTI_OK;
    if (status != TUTTI_OK)
        person->last_refusal = status;
}

static void on_saved(void *context, struct tutti_client *client, uint64_t operation)
{
    struct person *person = context;
    (void)client, (void)operation;
    person->saved++;
}

static void on_uncertain(void *context, struct tutti_client *client, uint64_t operation)
{
    struct person *person = context;
    (void)client, (void)operation;
    person->uncertain++;
}

static void
on_inputs(void *context, struct tutti_client *client, const struct tutti_input_report *report)
{
    struct person *person = context;
    (void)client;
    person->in_time += report->arrived && report->margin >= 0 && report->missed == 0;
}

static void join_at(struct person *person, const char *where, const char *kind, const uint8_t *key)
{
    struct tutti_options options = {.kind = kind, .user = tutti_text("somebody")};
    struct tutti_handlers handlers = {
        .context = person,
        .state_changed = on_state,
        .event = on_event,
        .decided = on_decided,
        .saved = on_saved,
        .uncertain = on_uncertain,
        .inputs = on_inputs,
    };
    if (key != NULL) {
        memcpy(options.key, key, sizeof options.key);
        options.key_given = true;
    }
    person->client = tutti_join(loop, where, "lobby", &options, &handlers);
    ck_assert_ptr_nonnull(person->client);
}

static bool live(const struct person *person)
{
    return tutti_state(person->client) == TUTTI_LIVE;
}

static bool ada_lives(void)
{
    return live(&ada);
}

static bool both_live(void)
{
    return live(&ada) && live(&ben);
}

static bool all_decided(void)
{
    return tutti_pending(ada.client) == 0;
}

static bool all_saved(void)
{
    return tutti_unsaved(ada.client) == 0;
}

static bool both_see_the_same(void)
{
    return both_live() && tutti_pending(ada.client) == 0 && tutti_pending(ben.client) == 0 &&
           tutti_hash(ada.client) == tutti_hash(ben.client);
}

static void setup(void)
{
    server = server_start(0);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u", server.port);
    loop = tutti_loop_create(NULL);
    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(tutti_loop_every(loop, CHECK_EVERY_MS, check_condition, NULL), TUTTI_OK);
    ada = ben = (struct person){0};
}

static void teardown(void)
{
    tutti_destroy(ada.client);
    tutti_destroy(ben.client);
    tutti_loop_destroy(loop);
    server_stop(&server);
}

/* --- Rooms ----------------------------------------------------------------------------------------- */

static const struct tutti_record *ada_at_bens(void)
{
    return tutti_find_member(ben.client, tutti_member(ada.client));
}

static bool ben_sees_ada_at_12_5(void)
{
    const struct tutti_record *record = ada_at_bens();
    return record != NULL && tutti_number(record, "x") == 12.5 && tutti_number(record, "y") == 7;
}

static bool ben_sees_ada_at_100(void)
{
    return tutti_number(ada_at_bens(), "x") == 100;
}

START_TEST(a_cursor_moves_before_the_others_eyes)
{
    join_at(&ada, url, "cursors", NULL);
    join_at(&ben, url, "cursors", NULL);
    tutti_presence(ada.client, "x", tutti_real(12.5));
    tutti_presence(ada.client, "y", tutti_real(7));
    wait_for(both_live);
    wait_for(ben_sees_ada_at_12_5);
    tutti_presence(ada.client, "x", tutti_real(100));
    wait_for(ben_sees_ada_at_100);
    ck_assert_str_eq(tutti_kind(ben.client), "cursors");
    struct tutti_value user = tutti_get(ada_at_bens(), "user");
    ck_assert(user.length == 8 && memcmp(user.data, "somebody", 8) == 0);
}
END_TEST

static bool ben_heard_hello(void)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%u:hello", tutti_member(ada.client));
    return strcmp(ben.chat, wanted) == 0;
}

START_TEST(a_chat_line_arrives_and_is_kept_for_the_next)
{
    join_at(&ada, url, "cursors", NULL);
    wait_for(ada_lives);
    ck_assert_int_eq(tutti_emit(ada.client, "chat", tutti_text("hello")), TUTTI_OK);
    wait_for(all_decided);
    ck_assert_uint_eq(ada.good, 1);
    join_at(&ben, url, "cursors", NULL);
    wait_for(both_live);
    wait_for(ben_heard_hello);
}
END_TEST

START_TEST(records_are_made_changed_and_deleted)
{
    join_at(&ada, url, "open", NULL);
    join_at(&ben, url, "open", NULL);
    wait_for(both_live);
    struct tutti_pair fields[] = {{"text", tutti_text("tea")}, {"n", tutti_real(1.5)}};
    ck_assert_int_eq(tutti_put(ada.client, "shapes", "a", fields, 2), TUTTI_OK);
    ck_assert_int_eq(tutti_put(ada.client, "shapes", "b", fields, 1), TUTTI_OK);
    ck_assert_int_eq(tutti_delete(ada.client, "shapes", "b"), TUTTI_OK);
    wait_for(all_decided);
    wait_for(both_see_the_same);
    ck_assert_double_eq(tutti_number(tutti_find(ben.client, "shapes", "a"), "n"), 1.5);
    ck_assert_ptr_null(tutti_find(ben.client, "shapes", "b"));
    ck_assert_uint_eq(ada.good, 3);
}
END_TEST

START_TEST(a_refusal_has_its_status)
{
    join_at(&ada, url, "open", NULL);
    wait_for(ada_lives);
    struct tutti_pair field = {"n", tutti_integer(1)};
    struct tutti_edit edits[] = {
        {.verb = TUTTI_PUT, .collection = "shapes", .id = "a", .fields = &field, .count = 1},
        {.verb = TUTTI_SET, .collection = "shapes", .id = "zz", .fields = &field, .count = 1},
    };
    uint64_t operation;
    ck_assert_int_eq(tutti_submit(ada.client, edits, 2, &operation), TUTTI_OK);
    wait_for(all_decided);
    ck_assert_uint_eq(ada.refused, 1);
    ck_assert_int_eq(ada.last_refusal, TUTTI_NOT_FOUND);
    ck_assert_ptr_null(tutti_find(ada.client, "shapes", "a")); /* whole or not at all */
}
END_TEST

/* --- Broken connections ------------------------------------------------------------------------------ */

static bool ada_waits(void)
{
    return !live(&ada);
}

static bool ada_lives_again(void)
{
    return live(&ada) && ada.lives > 1;
}

/* Operations go on while the link breaks again and again: each is applied exactly once. */
START_TEST(every_operation_is_applied_once_whatever_breaks)
{
    struct relay relay = relay_start(server.port);
    char through[64];
    snprintf(through, sizeof through, "ws://127.0.0.1:%u", relay.port);
    join_at(&ada, through, "open", NULL);
    join_at(&ben, url, "open", NULL);
    wait_for(both_live);
    uint32_t member = tutti_member(ada.client);
    struct tutti_pair one = {"n", tutti_integer(1)};
    struct tutti_edit add = {
        .verb = TUTTI_ADD, .collection = "counts", .id = "c", .fields = &one, .count = 1};
    ck_assert_int_eq(tutti_put(ada.client, "counts", "c", NULL, 0), TUTTI_OK);
    unsigned submitted = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 30; i++, submitted++)
            ck_assert_int_eq(tutti_submit(ada.client, &add, 1, NULL), TUTTI_OK);
        relay_cut(&relay);
        wait_for(ada_waits);
        for (int i = 0; i < 10; i++, submitted++)
            ck_assert_int_eq(tutti_submit(ada.client, &add, 1, NULL), TUTTI_OK);
        relay_resume(&relay);
        wait_for(ada_lives);
    }
    wait_for(all_decided);
    wait_for(both_see_the_same);
    wait_for(all_saved);
    ck_assert_double_eq(tutti_number(tutti_find(ben.client, "counts", "c"), "n"), submitted);
    ck_assert_uint_eq(ada.saved, submitted + 1);
    ck_assert_uint_eq(ada.uncertain, 0);
    ck_assert_uint_eq(ada.refused, 0);
    ck_assert_uint_eq(tutti_member(ada.client), member);
    relay_cut(&relay);
}
END_TEST

static bool ben_sees_ada_again(void)
{
    return both_live() && ben.lives > 1 && ada_at_bens() != NULL &&
           tutti_number(ada_at_bens(), "x") == 12.5;
}

START_TEST(a_restarted_server_is_found_again)
{
    join_at(&ada, url, "cursors", NULL);
    join_at(&ben, url, "cursors", NULL);
    tutti_presence(ada.client, "x", tutti_real(12.5));
    wait_for(both_live);
    server_signal(&server, SIGKILL);
    wait_for(ada_waits);
    ck_assert_str_ne(tutti_state_reason(ada.client, NULL), "");
    server_restart(&server);
    wait_for(ada_lives_again);
    wait_for(ben_sees_ada_again);
}
END_TEST

static bool ada_has_ended(void)
{
    return tutti_state(ada.client) == TUTTI_ENDED;
}

START_TEST(a_second_client_with_the_key_takes_the_seat)
{
    join_at(&ada, url, "cursors", NULL);
    wait_for(ada_lives);
    uint32_t member = tutti_member(ada.client);
    join_at(&ben, url, "cursors", tutti_key(ada.client));
    wait_for(ada_has_ended);
    int code;
    tutti_state_reason(ada.client, &code);
    ck_assert_int_eq(code, 4009);
    ck_assert_uint_eq(tutti_member(ben.client), member);
}
END_TEST

static bool ben_sees_nobody_else(void)
{
    return live(&ben) &&
           tutti_next(ben.client, "presence", tutti_next(ben.client, "presence", NULL)) == NULL;
}

START_TEST(a_client_that_leaves_is_gone_at_once)
{
    join_at(&ada, url, "cursors", NULL);
    join_at(&ben, url, "cursors", NULL);
    wait_for(both_live);
    tutti_leave(ada.client);
    wait_for(ada_has_ended);
    wait_for(ben_sees_nobody_else);
}
END_TEST

/* --- What cannot be joined ----------------------------------------------------------------------------- */

START_TEST(a_room_of_another_kind_is_told)
{
    join_at(&ben, url, "open", NULL);
    join_at(&ada, url, "no-such-kind", NULL);
    wait_for(ada_has_ended);
    int code;
    tutti_state_reason(ada.client, &code);
    ck_assert_int_eq(code, 4012);
}
END_TEST

START_TEST(a_path_that_is_no_room_is_told)
{
    char wrong[96];
    snprintf(wrong, sizeof wrong, "%s/elsewhere", url);
    join_at(&ada, wrong, "open", NULL);
    wait_for(ada_has_ended);
    int code;
    tutti_state_reason(ada.client, &code);
    ck_assert_int_eq(code, 404);
}
END_TEST

static bool ada_waits_for_the_next_try(void)
{
    return tutti_state(ada.client) == TUTTI_WAITING;
}

START_TEST(tls_towards_a_server_without_it_is_tried_again)
{
    char secure[64];
    snprintf(secure, sizeof secure, "wss://127.0.0.1:%u", server.port);
    join_at(&ada, secure, "open", NULL);
    wait_for(ada_waits_for_the_next_try);
}
END_TEST

START_TEST(what_is_no_url_or_room_is_refused_at_once)
{
    struct tutti_options options = {.kind = NULL};
    struct tutti_handlers handlers = {.context = NULL};
    static const char *const wrong[] = {"", "http://127.0.0.1:1", "ws://", "127.0.0.1:7777"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_ptr_null(tutti_join(loop, wrong[i], "lobby", &options, &handlers));
    ck_assert_ptr_null(tutti_join(loop, url, "no room", &options, &handlers));
    ck_assert_ptr_null(tutti_join(loop, url, "", &options, &handlers));
}
END_TEST

/* --- On a caller's loop ---------------------------------------------------------------------------------- */

static void check_live(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    unsigned *rounds = timer->data;
    (void)events;
    if (live(&ada) || ++*rounds > CHECKS_MAX)
        ev_break(ev, EVBREAK_ALL);
}

START_TEST(a_loop_of_libev_drives_it_too)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    struct tutti_loop *other = tutti_loop_create(ev);
    ck_assert_ptr_nonnull(other);
    unsigned rounds = 0;
    struct ev_timer timer;
    ev_timer_init(&timer, check_live, 0.005, 0.005);
    timer.data = &rounds;
    ev_timer_start(ev, &timer);
    struct tutti_handlers handlers = {.context = &ada, .state_changed = on_state};
    ada.client =
        tutti_join(other, url, "lobby", &(struct tutti_options){.kind = "open"}, &handlers);
    ev_run(ev, 0);
    ck_assert_int_eq(tutti_state(ada.client), TUTTI_LIVE);
    ev_timer_stop(ev, &timer);
    tutti_destroy(ada.client);
    ada.client = NULL;
    tutti_loop_destroy(other);
    ev_loop_destroy(ev);
}
END_TEST

/* --- Inputs -------------------------------------------------------------------------------------- */

/* Half a second ahead of the room, which no stall of a test machine is sure to respect: what is too
 * late is left out. */
#define LEAD_TICKS 30u

static uint64_t newest_input;

static bool ada_leads(void)
{
    uint64_t target = tutti_tick_now(ada.client, tutti_now_us()) + LEAD_TICKS;
    if (newest_input + LEAD_TICKS < target)
        newest_input = target - 1;
    while (newest_input < target &&
           tutti_input(ada.client, newest_input + 1, tutti_integer(15)) == TUTTI_OK)
        newest_input++;
    return ada.in_time >= 10;
}

START_TEST(inputs_lead_the_room_and_come_in_time)
{
    join_at(&ada, url, "race", NULL);
    wait_for(ada_lives);
    struct tutti_input_terms terms = tutti_input_terms(ada.client);
    ck_assert(terms.taken);
    ck_assert_int_eq(terms.maximum, 255);
    ck_assert_uint_gt(terms.ahead, LEAD_TICKS);
    newest_input = 0;
    wait_for(ada_leads);
    uint64_t next = newest_input + 1;
    ck_assert_int_eq(tutti_input(ada.client, next, tutti_integer(256)), TUTTI_RANGE);
}
END_TEST

static Suite *client_ws_suite(void)
{
    Suite *suite = suite_create("client_ws");
    TCase *cases = tcase_create("real server");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_cursor_moves_before_the_others_eyes);
    tcase_add_test(cases, a_chat_line_arrives_and_is_kept_for_the_next);
    tcase_add_test(cases, records_are_made_changed_and_deleted);
    tcase_add_test(cases, a_refusal_has_its_status);
    tcase_add_test(cases, every_operation_is_applied_once_whatever_breaks);
    tcase_add_test(cases, a_restarted_server_is_found_again);
    tcase_add_test(cases, a_second_client_with_the_key_takes_the_seat);
    tcase_add_test(cases, a_client_that_leaves_is_gone_at_once);
    tcase_add_test(cases, a_room_of_another_kind_is_told);
    tcase_add_test(cases, a_path_that_is_no_room_is_told);
    tcase_add_test(cases, tls_towards_a_server_without_it_is_tried_again);
    tcase_add_test(cases, what_is_no_url_or_room_is_refused_at_once);
    tcase_add_test(cases, a_loop_of_libev_drives_it_too);
    tcase_add_test(cases, inputs_lead_the_room_and_come_in_time);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return run_suite(client_ws_suite());
}
