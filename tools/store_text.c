#include "tools/store_text.h"

#include "tools/json.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void write_time(FILE *out, uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    char text[40] = "";
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    fprintf(out, "%s.%03uZ", text, (unsigned)(wall_ms % 1000));
}

void print_time(uint64_t wall_ms)
{
    putchar('"');
    write_time(stdout, wall_ms);
    putchar('"');
}

void print_text(struct bytes text)
{
    json_text(stdout, (const char *)text.data, text.length);
}

const char *act_name(enum act act)
{
    static const char *const names[] = {
        [ACT_OPENED] = "opened",       [ACT_WOKEN] = "woken",
        [ACT_SLEPT] = "slept",         [ACT_JOINED] = "joined",
        [ACT_LEFT] = "left",           [ACT_ROLE] = "role",
        [ACT_OPERATION] = "operation", [ACT_EDIT] = "edit",
        [ACT_NAMED] = "named",         [ACT_TIMER] = "timer",
        [ACT_RANDOM] = "random",       [ACT_ENDED] = "ended",
        [ACT_HASH] = "hash",           [ACT_RESUMED] = "resumed",
        [ACT_INPUT] = "input",         [ACT_MEMORY] = "memory",
        [ACT_RESULT] = "result",       [ACT_AWAY] = "away",
        [ACT_PRESENT] = "present",     [ACT_SHOWN] = "shown",
        [ACT_GONE] = "gone",           [ACT_SAID] = "said",
        [ACT_HERE] = "here",           [ACT_HELD] = "held",
        [ACT_TOLD] = "told",           [ACT_UNRECORDED] = "unrecorded"};
    return (size_t)act < sizeof names / sizeof names[0] ? names[act] : "something unknown";
}

const char *role_name(enum role role)
{
    static const char *const names[] = {"viewer", "editor", "owner", "admin"};
    static_assert(sizeof names / sizeof names[0] == ROLE_COUNT, "every role has its name");
    return names[role];
}

/* --- For people --------------------------------------------------------------------------------- */

bool progress_show(struct progress *progress, uint64_t done, uint64_t all)
{
    unsigned percent = all > 0 ? (unsigned)(100 * done / all) : 100;
    if ((progress->shown && percent == progress->percent) || !isatty(STDERR_FILENO))
        return true;
    fprintf(stderr, "\r%s %u%% ", progress->what, percent);
    progress->percent = percent;
    progress->shown = true;
    return true;
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

void store_catch_stop(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool store_stopped(void)
{
    return stopped != 0;
}

int complain(const char *what, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "tutti %s: %s\n", what, why);
    return 1;
}
