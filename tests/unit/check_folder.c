/* check_folder.c - the data folder: made for its owner alone, for one server at a time. */
#include "persistence/folder.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[64];

static void make_place(void)
{
    strcpy(place, "/tmp/tutti-check-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static void clear_place(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/data/lock", place);
    unlink(path);
    snprintf(path, sizeof path, "%s/data", place);
    rmdir(path);
    rmdir(place);
}

START_TEST(one_server_has_the_folder)
{
    char path[96];
    struct folder folder, other;
    snprintf(path, sizeof path, "%s/data", place);
    ck_assert_int_eq(folder_open(&folder, path), FOLDER_OPEN);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0700);
    ck_assert_int_eq(folder_open(&other, path), FOLDER_LOCKED);
    folder_close(&folder);
    ck_assert_int_eq(folder_open(&other, path), FOLDER_OPEN);
    folder_close(&other);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_fails)
{
    struct folder folder;
    ck_assert_int_eq(folder_open(&folder, "/proc/no/such/folder"), FOLDER_FAILED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("folder");
    TCase *folder = tcase_create("folder");
    tcase_add_checked_fixture(folder, make_place, clear_place);
    tcase_add_test(folder, one_server_has_the_folder);
    tcase_add_test(folder, a_folder_that_cannot_be_made_fails);
    suite_add_tcase(suite, folder);
    return run_suite(suite);
}
