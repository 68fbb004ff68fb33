/* check_verify.c - `tutti verify` on the data of the real server: rules that are what they were, and rules
 * that are not. */
#include "sync/wire.h"
#include "tests/run_suite.h"
#include "tests/tended_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char same[64], other[64]; /* folders of kinds */

static void make_folder(char *folder, const char *pattern, const char *kind)
{
    strcpy(folder, pattern);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(run_command("cp %s/%s.so %s/steady.so", TEST_KINDS, kind, folder), 0);
}

static void setup(void)
{
    make_folder(same, "/tmp/check-verify-XXXXXX", "steady");
    make_folder(other, "/tmp/check-verify-XXXXXX", "steady_changed");
    server = server_start_with((const char *const[]){"--kinds", same, NULL});
    visitor.fd = -1;
}

static void teardown(void)
{
    raw_shut(&visitor);
    server_stop(&server);
    ck_assert_int_eq(run_command("rm -r %s %s", same, other), 0);
}

static void enter_steady(void)
{
    raw_shut(&visitor);
    ck_assert_int_eq(raw_open(&visitor, server.port, "steady"), 101);
    raw_hello(&visitor, 1, "'steady'");
    raw_expect(&visitor, SERVER_WELCOME);
}

/* Until the log has this. */
static void wait_for_log(const char *text)
{
    for (int i = 0; i < MOMENTS_MAX; i++) {
        if (tutti("log steady --kinds %s", same) == 0 && strstr(out, text) != NULL)
            return;
        wait_a_moment();
    }
    ck_abort_msg("the log never has %s: %s", text, out);
}

START_TEST(rules_that_are_the_same_are_verified_and_others_found)
{
    enter_steady();
    wait_for_log("\"n\":30");
    ck_assert_msg(tutti("verify steady --kinds %s", same) == 0, "%s", out);
    expect_out("verified ");
    server_signal(&server, SIGKILL);
    server_restart(&server);
    enter_steady();
    wait_for_log("\"act\":\"woken\"");
    ck_assert_msg(tutti("verify steady --kinds %s", same) == 0, "%s", out);
    ck_assert_int_eq(tutti("verify steady --kinds %s", other), 1);
    expect_out("tick 2: counts/all n: 1 in the log, 2 by the rules\n");
    ck_assert_msg(tutti("verify steady --kinds %s --to 1", same) != 2, "%s", out);
}
END_TEST

static const char *const recorded[] = {"race", "board", "cursors"};

/* What people would do, made faster than they do it, into a folder of its own. */
START_TEST(recorded_sessions_are_verified)
{
    char folder[sizeof same + 8];
    snprintf(folder, sizeof folder, "%s/data", other);
    ck_assert_msg(run_command("%s record --kind %s --people 3 --minutes 1 %s lobby 2>&1",
                              TEST_TUTTI, recorded[_i], folder) == 0,
                  "%s", out);
    ck_assert_msg(tutti_in(folder, "verify lobby") == 0, "%s", out);
    expect_out("verified ");
    ck_assert_msg(tutti_in(folder, "verify lobby --from 700") == 0, "%s", out);
    ck_assert_msg(tutti_in(folder, "sessions lobby") == 0, "%s", out);
    unsigned long long session = 0;
    ck_assert_int_eq(sscanf(out, "{\"session\":\"%llx\"", &session), 1);
    ck_assert_msg(tutti_in(folder, "verify lobby --session %016llx", session) == 0, "%s", out);
    expect_out("verified ");
    ck_assert_int_eq(tutti_in(folder, "verify lobby --session %016llx", session ^ 1), 1);
    expect_out("no such session");
}
END_TEST

START_TEST(what_cannot_be_verified_is_told)
{
    ck_assert_int_eq(tutti("verify"), 2);
    ck_assert_int_eq(tutti("verify nobody"), 1);
    expect_out("there is no such room");
    enter_steady();
    wait_for_log("\"n\":2");
    ck_assert_int_eq(tutti("verify steady"), 1); /* without the kind */
    ck_assert_int_eq(tutti("verify --help"), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("verify");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, rules_that_are_the_same_are_verified_and_others_found);
    tcase_add_loop_test(tcase, recorded_sessions_are_verified, 0,
                        (int)(sizeof recorded / sizeof recorded[0]));
    tcase_add_test(tcase, what_cannot_be_verified_is_told);
    Suite *suite = suite_create("verify");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
