/* check_modules.c - folders of room kinds: what is loaded, and each sentence with which it is not. */
#include "server/modules.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scratch scratch;
static struct modules modules;
static struct kinds kinds;
static char error[MODULES_ERROR_MAX];

static void setup(void)
{
    scratch = scratch_make();
    modules = (struct modules){0};
    kinds = kinds_built_in;
    error[0] = '\0';
}

static void teardown(void)
{
    modules_close(&modules);
    scratch_remove(&scratch);
}

static char *path_of(const char *file)
{
    static char path[SCRATCH_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", scratch.path, file);
    return path;
}

static void put(const char *kind, const char *as)
{
    char command[512];
    snprintf(command, sizeof command, "cp %s/%s.so %s && chmod 755 %s", TEST_KINDS, kind,
             path_of(as), path_of(as));
    ck_assert_int_eq(system(command), 0);
}

static void write_text(const char *file, const char *text)
{
    FILE *out = fopen(path_of(file), "w");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
}

static void opens(void)
{
    ck_assert_msg(modules_open(&modules, scratch.path, &kinds, error), "%s", error);
}

/* Not, with these words about this file. */
static void refuses(const char *file, const char *words)
{
    ck_assert(!modules_open(&modules, scratch.path, &kinds, error));
    ck_assert_msg(strstr(error, file) != NULL, "no %s in: %s", file, error);
    ck_assert_msg(strstr(error, words) != NULL, "no %s in: %s", words, error);
    ck_assert_uint_eq(kinds.count, kinds_built_in.count);
}

START_TEST(kinds_are_loaded_beside_those_built_in)
{
    put("plain", "b.so");
    put("wayward", "a.so");
    write_text("notes.txt", "not looked at");
    write_text("libfoo.so.1", "nor this");
    opens();
    ck_assert_uint_eq(kinds.count, kinds_built_in.count + 2);
    ck_assert_str_eq(kinds.rules[kinds_built_in.count]->name, "wayward"); /* a.so */
    ck_assert_ptr_nonnull(kind_find(&kinds, bytes_of("plain")));
    ck_assert_ptr_eq(kind_find(&kinds, bytes_of("open")), &kind_open);
}
END_TEST

START_TEST(an_empty_folder_has_none)
{
    opens();
    ck_assert_uint_eq(kinds.count, kinds_built_in.count);
}
END_TEST

static const struct {
    const char *kind, *words;
} misfits[] = {
    {"other_interface", "was built for interface 4 of room kinds, and this program has 3"},
    {"other_size", "was built with a struct rules of"},
    {"no_rules", "its room_kind has no rules"},
    {"no_symbol", "exports no room_kind"},
    {"taken_name", "there is a kind named open already"},
    {"too_fast", "its rules cannot be: "},
    {"missing_function", "undefined symbol: room_nonsense"},
};

START_TEST(what_does_not_fit_is_refused_by_name)
{
    put(misfits[_i].kind, "mine.so");
    refuses("mine.so", misfits[_i].words);
}
END_TEST

START_TEST(a_name_is_taken_once)
{
    put("plain", "a.so");
    put("plain", "b.so");
    ck_assert(!modules_open(&modules, scratch.path, &kinds, error));
    ck_assert_ptr_nonnull(strstr(error, "b.so: there is a kind named plain already"));
}
END_TEST

START_TEST(what_is_no_shared_object_is_refused)
{
    write_text("text.so", "#!/bin/sh\n");
    chmod(path_of("text.so"), 0644);
    refuses("text.so", "cannot be loaded: ");
}
END_TEST

START_TEST(a_folder_or_a_link_is_no_module)
{
    ck_assert_int_eq(mkdir(path_of("a.so"), 0755), 0);
    refuses("a.so", "is no plain file");
    ck_assert_int_eq(rmdir(path_of("a.so")), 0);
    put("plain", "plain");
    char target[SCRATCH_PATH_MAX + 64];
    strcpy(target, path_of("plain"));
    ck_assert_int_eq(symlink(target, path_of("a.so")), 0);
    refuses("a.so", "is no plain file");
}
END_TEST

static const mode_t unsafe[] = {0775, 0757};

START_TEST(what_others_may_write_is_refused)
{
    put("plain", "plain.so");
    chmod(path_of("plain.so"), unsafe[_i]);
    refuses("plain.so", "others than its owner may write it");
    chmod(path_of("plain.so"), 0755);
    chmod(scratch.path, unsafe[_i]);
    refuses(scratch.path, "others than its owner may write it");
    chmod(scratch.path, 0755);
    opens();
}
END_TEST

START_TEST(what_belongs_to_another_user_is_refused)
{
    if (geteuid() != 0)
        return; /* only root can give a file away */
    put("plain", "plain.so");
    ck_assert_int_eq(chown(path_of("plain.so"), 12345, 0), 0);
    refuses("plain.so", "belongs to another user");
    ck_assert_int_eq(chown(path_of("plain.so"), 0, 0), 0);
    ck_assert_int_eq(chown(scratch.path, 12345, 0), 0);
    refuses(scratch.path, "belongs to another user");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_told)
{
    ck_assert(!modules_open(&modules, path_of("none"), &kinds, error));
    ck_assert_ptr_nonnull(strstr(error, "none: No such file or directory"));
    write_text("file", "");
    ck_assert(!modules_open(&modules, path_of("file"), &kinds, error));
    ck_assert_ptr_nonnull(strstr(error, "file: is no folder"));
}
END_TEST

START_TEST(there_are_no_more_than_kinds_max)
{
    static char names[KINDS_MAX][16];
    static struct rules others[KINDS_MAX];
    for (uint32_t i = 0; kinds.count < KINDS_MAX - 1; i++) {
        snprintf(names[i], sizeof names[i], "other%u", i);
        others[i].name = names[i];
        ck_assert_int_eq(kinds_add(&kinds, &others[i]), STATUS_OK);
    }
    put("plain", "a.so");
    opens();
    ck_assert_uint_eq(kinds.count, KINDS_MAX);
    scratch_empty(&scratch);
    put("wayward", "b.so");
    ck_assert(!modules_open(&modules, scratch.path, &kinds, error));
    ck_assert_ptr_nonnull(strstr(error, "there are more than 64 kinds"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("modules");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, kinds_are_loaded_beside_those_built_in);
    tcase_add_test(tcase, an_empty_folder_has_none);
    tcase_add_loop_test(tcase, what_does_not_fit_is_refused_by_name, 0,
                        sizeof misfits / sizeof misfits[0]);
    tcase_add_test(tcase, a_name_is_taken_once);
    tcase_add_test(tcase, what_is_no_shared_object_is_refused);
    tcase_add_test(tcase, a_folder_or_a_link_is_no_module);
    tcase_add_loop_test(tcase, what_others_may_write_is_refused, 0, 2);
    tcase_add_test(tcase, what_belongs_to_another_user_is_refused);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_told);
    tcase_add_test(tcase, there_are_no_more_than_kinds_max);
    Suite *suite = suite_create("modules");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
