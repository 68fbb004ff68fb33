#include "tests/durability/power_cut.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STOP_CHECKS_MAX 5000

static bool run(const char *verb, const char *place)
{
    char command[256];
    snprintf(command, sizeof command, "%s %s %s", TEST_POWER_CUT, verb, place);
    return system(command) == 0;
}

bool power_is_there(void)
{
    return run("probe", "");
}

void power_begin(struct power_cut *power)
{
    snprintf(power->place, sizeof power->place, "%s/tutti-power-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(power->place));
    ck_assert_msg(run("make", power->place), "no disk to cut");
    snprintf(power->data, sizeof power->data, "%s/disk/data", power->place);
}

/* The letter of a thread's state in /proc. */
static char thread_state(pid_t pid, const char *thread)
{
    char path[320], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%.200s/stat", (int)pid, thread);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 'T'; /* it has ended */
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && name_end[1] == ' ' ? name_end[2] : '?';
}

static bool stands_still(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    ck_assert_ptr_nonnull(threads);
    bool still = true;
    for (const struct dirent *entry; still && (entry = readdir(threads)) != NULL;)
        still = entry->d_name[0] == '.' || thread_state(pid, entry->d_name) == 'T';
    closedir(threads);
    return still;
}

/* A thread that is in the midst of a sync ends it before it stops. */
static void stop(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    for (int i = 0; i < STOP_CHECKS_MAX; i++) {
        if (stands_still(pid))
            return;
        usleep(1000);
    }
    ck_abort_msg("the server does not stand still");
}

void power_cut(struct power_cut *power, struct server_process *server)
{
    stop(server->pid);
    bool copied = run("copy", power->place);
    server_signal(server, SIGKILL);
    ck_assert_msg(copied && run("swap", power->place), "the disk was not cut");
}

void power_end(struct power_cut *power)
{
    ck_assert(run("remove", power->place));
}
