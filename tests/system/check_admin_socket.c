/* check_admin_socket.c - the socket in the data folder on which a running server is asked. */
#include "persistence/store_sqlite.h"
#include "tests/run_suite.h"
#include "tests/tended_server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CALLERS   9 /* one more than are served at once */
#define ASKED_MAX 4096

static int call(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 8};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", server.folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void expect_answer(int fd, const char *text)
{
    char answer[512];
    size_t length = 0;
    for (ssize_t got; (got = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0;)
        length += (size_t)got;
    answer[length] = '\0';
    ck_assert_str_eq(answer, text);
    close(fd);
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* As the server that has stopped leaves it. */
static void stop_with_score(const char *board, const char *name)
{
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    struct store_sqlite_options options = {.folder = server.folder, .sync = true};
    struct store_score score = {
        .board = bytes_of(board), .name = bytes_of(name), .score = 3, .at_ms = 1000};
    server_signal(&server, SIGTERM);
    ck_assert_msg(store_sqlite_open(&options, &store, error) == STORE_OK, "%s", error);
    ck_assert_int_eq(store->write_scores(store, &score, 1), STORE_OK);
    store->close(store);
}

START_TEST(what_is_no_request_is_refused)
{
    static const char *const rows[][2] = {
        {"rooms\n", "ok\n"},
        {"\n", "error there is no such request\n"},
        {"rooms now\n", "error there is no such request\n"},
        {"delete \n", "error that is no room's name\n"},
        {"delete no room\n", "error that is no room's name\n"},
        {"release ../..\n", "error that is no room's name\n"},
        {"delete nowhere\n", "none\n"},
        {"release nowhere\n", "none\n"},
        {"strike \n", "error that is no name and board, in hex digits\n"},
        {"strike 4\n", "error that is no name and board, in hex digits\n"},
        {"strike 4G\n", "error that is no name and board, in hex digits\n"},
        {"strike 41 \n", "error that is no name and board, in hex digits\n"},
        {"strike 41 41 41\n", "error that is no name and board, in hex digits\n"},
        {"strike 41 41\n", "none\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = call();
        say(fd, rows[i][0]);
        expect_answer(fd, rows[i][1]);
    }
    char large[ASKED_MAX + 1];
    memset(large, 'a', ASKED_MAX);
    large[ASKED_MAX] = '\0';
    int fd = call();
    say(fd, large);
    expect_answer(fd, "error the request is too long\n");
    close(call()); /* who says nothing and goes */
}
END_TEST

START_TEST(callers_beyond_the_limit_wait_for_their_turn)
{
    int fds[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        fds[i] = call();
    say(fds[CALLERS - 1], "rooms\n");
    for (int i = 0; i < CALLERS - 1; i++)
        close(fds[i]);
    expect_answer(fds[CALLERS - 1], "ok\n");
}
END_TEST

START_TEST(the_socket_is_private_and_comes_and_goes_with_the_server)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "%s/admin.sock", server.folder);
    ck_assert_int_eq(stat(path, &facts), 0);
    ck_assert(S_ISSOCK(facts.st_mode));
    ck_assert_int_eq(facts.st_mode & 0777, 0600);
    server_signal(&server, SIGKILL);
    ck_assert_int_eq(stat(path, &facts), 0);
    ck_assert_msg(tutti("rooms") == 0, "%s", out); /* nobody answers: it is read at rest */
    server_restart(&server);
    int fd = call();
    say(fd, "rooms\n");
    expect_answer(fd, "ok\n");
    server_signal(&server, SIGTERM);
    ck_assert_int_ne(stat(path, &facts), 0);
}
END_TEST

/* Both are read before the storage answers the first. */
START_TEST(one_name_on_two_boards_is_answered_for_each)
{
    static const char *const laps = "strike 41 6c617073\n", *const nowhere = "strike 41 6e6f\n";
    stop_with_score("laps", "A");
    server_restart(&server);
    int on_laps = call(), on_nowhere = call();
    int asked = call(); /* once it is answered, those who called before are heard */
    say(asked, "rooms\n");
    expect_answer(asked, "ok\n");
    kill(server.pid, SIGSTOP);
    say(on_laps, laps);
    say(on_nowhere, nowhere);
    kill(server.pid, SIGCONT);
    expect_answer(on_laps, "ok\n");
    expect_answer(on_nowhere, "none\n");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("admin socket");
    tcase_add_checked_fixture(tcase, setup_tended, teardown_tended);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_no_request_is_refused);
    tcase_add_test(tcase, callers_beyond_the_limit_wait_for_their_turn);
    tcase_add_test(tcase, the_socket_is_private_and_comes_and_goes_with_the_server);
    tcase_add_test(tcase, one_name_on_two_boards_is_answered_for_each);
    Suite *suite = suite_create("admin socket");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
