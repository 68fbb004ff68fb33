#include "tests/operator.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define COMMAND_MAX 1024
#define MOMENT_NS   50000000L

char out[OPERATOR_OUT_MAX];

int run_command_listed(const char *format, va_list arguments)
{
    char command[COMMAND_MAX];
    ck_assert_int_lt(vsnprintf(command, sizeof command, format, arguments), COMMAND_MAX);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    size_t length = fread(out, 1, sizeof out - 1, pipe);
    out[length] = '\0';
    int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int run_command(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = run_command_listed(format, arguments);
    va_end(arguments);
    return status;
}

void expect_out(const char *text)
{
    ck_assert_msg(strstr(out, text) != NULL, "no %s in: %s", text, out);
}

void expect_not_out(const char *text)
{
    ck_assert_msg(strstr(out, text) == NULL, "%s in: %s", text, out);
}

void wait_a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = MOMENT_NS}, NULL);
}
