/* check_upgrade.c - who may open a WebSocket: every way to ask wrongly, and every origin. */
#include "server/upgrade.h"
#include "tests/run_suite.h"

#include <check.h>
#include <string.h>

static const struct bytes *no_origins;

static struct upgrade_request good_request(void)
{
    return (struct upgrade_request){
        .get = true,
        .path = bytes_of("/v1/rooms/lobby"),
        .host = bytes_of("127.0.0.1:7777"),
        .upgrade = bytes_of("websocket"),
        .connection = bytes_of("Upgrade"),
        .key = bytes_of("dGhlIHNhbXBsZSBub25jZQ=="),
        .version = bytes_of("13"),
        .subprotocols = bytes_of("tutti.v1"),
    };
}

START_TEST(a_good_request_names_its_room)
{
    struct upgrade_request request = good_request();
    struct upgrade_verdict verdict = upgrade_judge(&request, no_origins, 0);
    ck_assert_int_eq(verdict.status, 101);
    ck_assert(bytes_equal(verdict.target.room, bytes_of("lobby")));
    ck_assert_uint_eq(verdict.target.replay.length, 0);
}
END_TEST

START_TEST(a_replay_is_named_with_the_moment_where_it_begins)
{
    struct upgrade_request request = good_request();
    request.path = bytes_of("/v1/rooms/lobby/replay/x-1");
    request.query = bytes_of("at=120.7");
    struct upgrade_verdict verdict = upgrade_judge(&request, no_origins, 0);
    ck_assert_int_eq(verdict.status, 101);
    ck_assert(bytes_equal(verdict.target.room, bytes_of("lobby")));
    ck_assert(bytes_equal(verdict.target.replay, bytes_of("x-1")));
    ck_assert_uint_eq(verdict.target.tick, 120);
    ck_assert_uint_eq(verdict.target.incarnation, 7);
}
END_TEST

static const char *const texts[] = {"lobby", "lobby?record=no", "lobby/replay/x?at=0.0",
                                    "lobby/replay/x?at=9007199254740992.9007199254740992"};

START_TEST(a_target_is_remembered_as_a_text)
{
    struct target target, again;
    char text[TARGET_TEXT_MAX], other[TARGET_TEXT_MAX];
    uint8_t name[HUB_NAME_MAX];
    ck_assert_int_eq(target_recall(bytes_of(texts[_i]), &target), TARGET_GOOD);
    struct bytes written = target_write(&target, text);
    ck_assert(bytes_equal(written, bytes_of(texts[_i])));
    ck_assert_int_eq(target_recall(written, &again), TARGET_GOOD);
    ck_assert(bytes_equal(target_write(&again, other), written));
    ck_assert(bytes_equal(target_host(&target, name), bytes_of(_i <= 1 ? "lobby" : "lobby/x")));
}
END_TEST

enum part {
    PATH,
    QUERY, /* of a replay */
    HOST,
    UPGRADE,
    CONNECTION,
    KEY,
    VERSION,
    SUBPROTOCOLS
};

static const struct {
    enum part part;
    const char *value;
    int status;
} cases[] = {
    {PATH, "/", 404},
    {PATH, "/v1/rooms", 404},
    {PATH, "/v1/rooms/", 400},
    {PATH, "/v1/rooms/a/b", 404},
    {PATH, "/v1/rooms/a b", 400},
    {PATH, "/v1/rooms/a.b", 400},
    {PATH, "/v1/rooms/%61", 400},
    {PATH, "/v1/rooms/A-Z_09", 101},
    {PATH, "/v1/rooms/0123456789012345678901234567890123456789012345678901234567890123", 101},
    {PATH, "/v1/rooms/01234567890123456789012345678901234567890123456789012345678901234", 400},
    {PATH, "/v1/rooms/a/replay", 404},
    {PATH, "/v1/rooms/a/replay/", 400},
    {PATH, "/v1/rooms/a/replays/x", 404},
    {PATH, "/v1/rooms/a b/replay/x", 400},
    {PATH, "/v1/rooms//replay/x", 400},
    {PATH, "/v1/rooms/a/replay/x y", 400},
    {PATH, "/v1/rooms/a/replay/x/y", 400},
    {PATH, "/v1/rooms/a/replay/x", 101},
    {PATH, "/v1/rooms/a/replay/01234567890123456789012345678901", 101},
    {PATH, "/v1/rooms/a/replay/012345678901234567890123456789012", 400},
    {QUERY, "", 101},
    {QUERY, "at=0", 101},
    {QUERY, "at=5.0", 101},
    {QUERY, "at=9007199254740992", 101},
    {QUERY, "at=9007199254740993", 400},
    {QUERY, "at=00000000000000001", 400},
    {QUERY, "at=", 400},
    {QUERY, "at=.5", 400},
    {QUERY, "at=5.", 400},
    {QUERY, "at=5.5.5", 400},
    {QUERY, "at=-5", 400},
    {QUERY, "at=0x5", 400},
    {QUERY, "at=5&at=6", 400},
    {QUERY, "to=5", 400},
    {QUERY, "?", 400},
    {HOST, "", 400},
    {UPGRADE, "h2c", 400},
    {UPGRADE, "websocket2", 400},
    {UPGRADE, "WebSocket", 101},
    {CONNECTION, "", 400},
    {CONNECTION, "close", 400},
    {CONNECTION, "keep-alive, Upgrade", 101},
    {CONNECTION, "upgraded", 400},
    {KEY, "", 400},
    {KEY, "short", 400},
    {VERSION, "", 400},
    {VERSION, "8", 400},
    {VERSION, "13, 8", 400},
    {VERSION, "130", 400},
    {SUBPROTOCOLS, "", 400},
    {SUBPROTOCOLS, "tutti", 400},
    {SUBPROTOCOLS, "tutti.v10", 400},
    {SUBPROTOCOLS, "TUTTI.V1", 400},
    {SUBPROTOCOLS, "chat, tutti.v1", 101},
    {SUBPROTOCOLS, "tutti.v1,bearer.abc", 101},
};

START_TEST(each_mistake_has_its_status)
{
    struct upgrade_request request = good_request();
    struct bytes *parts[] = {
        [PATH] = &request.path,
        [QUERY] = &request.query,
        [HOST] = &request.host,
        [UPGRADE] = &request.upgrade,
        [CONNECTION] = &request.connection,
        [KEY] = &request.key,
        [VERSION] = &request.version,
        [SUBPROTOCOLS] = &request.subprotocols,
    };
    if (cases[_i].part == QUERY)
        request.path = bytes_of("/v1/rooms/a/replay/x");
    *parts[cases[_i].part] = bytes_of(cases[_i].value);
    struct upgrade_verdict verdict = upgrade_judge(&request, no_origins, 0);
    ck_assert_msg(verdict.status == cases[_i].status, "\"%s\" got %d", cases[_i].value,
                  verdict.status);
    if (verdict.status != 101)
        ck_assert_uint_gt(strlen(verdict.text), 10);
}
END_TEST

START_TEST(only_get_opens_a_websocket)
{
    struct upgrade_request request = good_request();
    request.get = false;
    ck_assert_int_eq(upgrade_judge(&request, no_origins, 0).status, 400);
}
END_TEST

/* What the library would cut is refused before it gets there. */
START_TEST(a_list_of_subprotocols_has_a_limit)
{
    char list[129];
    memset(list, 'x', sizeof list);
    memcpy(list, "tutti.v1,", 9);
    struct upgrade_request request = good_request();
    request.subprotocols = (struct bytes){(const uint8_t *)list, 127};
    ck_assert_int_eq(upgrade_judge(&request, no_origins, 0).status, 101);
    request.subprotocols.length = 128;
    ck_assert_int_eq(upgrade_judge(&request, no_origins, 0).status, 400);
}
END_TEST

static const struct {
    const char *origin, *host;
    bool allowed;
} origins[] = {
    {"", "127.0.0.1:7777", true}, /* not a page */
    {"http://127.0.0.1:7777", "127.0.0.1:7777", true},
    {"http://localhost:7777", "localhost:7777", true},
    {"HTTP://LocalHost:7777", "localhost:7777", true},
    {"http://app.localhost:7777", "app.localhost:7777", true},
    {"https://localhost", "localhost", true},
    {"http://[::1]:7777", "[::1]:7777", true},
    {"http://192.168.7.7:80", "192.168.7.7:80", true},
    {"http://localhost:7778", "localhost:7777", false},
    {"http://localhost", "localhost:7777", false},
    {"null", "localhost:7777", false},
    {"file://", "localhost:7777", false},
    {"localhost:7777", "localhost:7777", false},
    {"ftp://localhost:7777", "localhost:7777", false},
    {"http://evil.example", "localhost:7777", false},
    {"http://localhost:7777.evil.example", "localhost:7777", false},
    {"http://evil.example/localhost:7777", "localhost:7777", false},
    {"http://user@localhost:7777", "localhost:7777", false},
    /* A name of the attacker's own that resolves to this server. */
    {"http://evil.example:7777", "evil.example:7777", false},
    {"http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false},
    {"http://evillocalhost", "evillocalhost", false},
    /* Allowed by name. */
    {"https://app.example", "tutti.example", true},
    {"https://APP.example", "tutti.example", true},
    {"http://app.example", "tutti.example", false},
    {"https://app.example:444", "tutti.example", false},
    {"https://app.example.evil", "tutti.example", false},
};

START_TEST(origins_are_judged_exactly)
{
    const struct bytes allowed[] = {bytes_of("https://app.example")};
    struct upgrade_request request = good_request();
    request.origin = bytes_of(origins[_i].origin);
    request.host = bytes_of(origins[_i].host);
    struct upgrade_verdict verdict = upgrade_judge(&request, allowed, 1);
    ck_assert_msg(verdict.status == (origins[_i].allowed ? 101 : 403), "%s at %s got %d",
                  origins[_i].origin, origins[_i].host, verdict.status);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("upgrade");
    tcase_add_test(tcase, a_good_request_names_its_room);
    tcase_add_test(tcase, a_replay_is_named_with_the_moment_where_it_begins);
    tcase_add_loop_test(tcase, a_target_is_remembered_as_a_text, 0, sizeof texts / sizeof texts[0]);
    tcase_add_loop_test(tcase, each_mistake_has_its_status, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(tcase, only_get_opens_a_websocket);
    tcase_add_test(tcase, a_list_of_subprotocols_has_a_limit);
    tcase_add_loop_test(tcase, origins_are_judged_exactly, 0, sizeof origins / sizeof origins[0]);
    Suite *suite = suite_create("upgrade");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
