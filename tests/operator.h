/* operator.h - what an operator does at a shell, and what is said then.
 *
 *   ck_assert_msg(run_command("%s check --data %s 2>&1", TEST_TUTTI, folder) == 0, "%s", out);
 *   expect_out("0 damages");
 */
#ifndef TESTS_OPERATOR_H
#define TESTS_OPERATOR_H

#include <stdarg.h>

#define OPERATOR_OUT_MAX 65536

extern char out[OPERATOR_OUT_MAX]; /* what the last command said */

/* The exit status of a command. */
__attribute__((format(printf, 1, 2))) int run_command(const char *format, ...);
__attribute__((format(printf, 1, 0))) int run_command_listed(const char *format, va_list arguments);

void expect_out(const char *text);
void expect_not_out(const char *text);

/* For a condition to be asked once more. */
void wait_a_moment(void);
#define MOMENTS_MAX 400

#endif
