/* check_admin_backup.c - `tutti backup` of a running server, and what `tutti restore` makes of it. */
#include "tests/run_suite.h"
#include "tests/tended_server.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

START_TEST(a_backup_of_a_running_server_is_restored)
{
    char copy[128], restored[128];
    snprintf(copy, sizeof copy, "%s/copy", server.folder);
    snprintf(restored, sizeof restored, "%s/restored", server.folder);
    write_room("lobby");
    ck_assert_msg(tutti("backup %s", copy) == 0, "%s", out);
    ck_assert_int_eq(tutti("backup %s", copy), 1);
    expect_out("is not empty");
    raw_say(&visitor, "[1 [[0 'shapes' 'later' 'n' 3]]]");
    wait_for_records("lobby", 3);

    ck_assert_msg(tutti_in(restored, "restore %s", copy) == 0, "%s", out);
    ck_assert_int_eq(tutti_in(restored, "restore %s", copy), 1);
    expect_out("is not empty");
    ck_assert_msg(tutti_in(restored, "check") == 0, "%s", out);
    ck_assert_int_eq(tutti_in(restored, "show lobby"), 0);
    expect_out(RECORD_A);
    expect_out(RECORD_B);
    expect_not_out("later");
}
END_TEST

static long long incarnation_in(const char *act)
{
    for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, 0, NULL);
        json_t *number = json_object_get(object, "incarnation");
        bool is = strcmp(json_string_value(json_object_get(object, "act")), act) == 0;
        long long incarnation = json_integer_value(number);
        json_decref(object);
        if (is)
            return incarnation;
    }
    ck_abort_msg("no act %s", act);
    return 0;
}

START_TEST(a_restored_room_is_another_than_the_one_its_members_know)
{
    char copy[80];
    write_room("lobby");
    leave("lobby");
    server_signal(&server, SIGTERM);
    snprintf(copy, sizeof copy, "%s/copy", server.folder);
    ck_assert_int_eq(tutti("backup %s", copy), 0);

    struct server_process second = server;
    snprintf(second.folder, sizeof second.folder, "%.40s/second", server.folder);
    ck_assert_msg(tutti_in(second.folder, "restore %s", copy) == 0, "%s", out);
    server_restart(&second);
    enter("lobby");
    server_signal(&second, SIGTERM);
    ck_assert_int_eq(tutti_in(second.folder, "log lobby"), 0);
    expect_out("\"act\":\"woken\"");
    char again[OPERATOR_OUT_MAX];
    memcpy(again, out, sizeof again);
    long long before = incarnation_in("opened");
    memcpy(out, again, sizeof out);
    ck_assert_int_gt(incarnation_in("woken"), before);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("admin backup");
    tcase_add_checked_fixture(tcase, setup_tended, teardown_tended);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_backup_of_a_running_server_is_restored);
    tcase_add_test(tcase, a_restored_room_is_another_than_the_one_its_members_know);
    Suite *suite = suite_create("admin backup");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
