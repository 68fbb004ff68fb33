/* check_guard.c - steps that do not end, take too long, or end the process. */
#include "server/guard.h"
#include "sync/kinds.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_HZ 20u

static struct scratch scratch;
static int folder;
static struct guard *guard;

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE}};

static struct rules rules_with(void (*tick)(struct room *room))
{
    return (struct rules){.name = "mine",
                          .tick_hz = TICK_HZ,
                          .frame_hz = TICK_HZ,
                          .collections = collections,
                          .collection_count = 1,
                          .tick = tick};
}

static struct room *room_with(const struct rules *rules)
{
    struct room *room = room_create(&(struct room_options){.rules = rules, .incarnation = 1});
    ck_assert_ptr_nonnull(room);
    return room;
}

static enum guard_end tick(struct guard_account *account, struct room *room)
{
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    return guard_tick(guard, account, bytes_of("track"), room);
}

static void setup(void)
{
    scratch = scratch_make();
    folder = open(scratch.path, O_RDONLY | O_DIRECTORY);
    ck_assert_int_ge(folder, 0);
    guard = guard_create(folder);
    ck_assert_ptr_nonnull(guard);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
}

static void teardown(void)
{
    guard_destroy(guard);
    close(folder);
    scratch_remove(&scratch);
}

/* --- What rules do ---------------------------------------------------------------------------------- */

/* The thread sanitizer keeps signals back until the thread calls something that may wait, and blocks all
 * of them in a handler, which a jump out of one leaves so. */
static void let_signals_come(void)
{
#ifdef __SANITIZE_THREAD__
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    nanosleep(&(struct timespec){0}, NULL);
#endif
}

static void loop(struct room *room)
{
    (void)room;
    for (volatile unsigned turns = 0;; let_signals_come())
        turns = turns + 1;
}

static uint64_t used_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t burn_ns;

static void burn(struct room *room)
{
    (void)room;
    for (uint64_t from = used_ns(); used_ns() < from + burn_ns;)
        ;
}

static void wait_long(struct room *room)
{
    (void)room;
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
}

static void recurse(struct room *room);
static void (*volatile deeper)(struct room *room) = recurse;

static void recurse(struct room *room)
{
    volatile char weight[4096];
    weight[0] = 1;
    deeper(room);
    weight[0]++;
}

static void fault(struct room *room)
{
    (void)room;
    volatile uintptr_t nowhere = 8;
    *(volatile int *)nowhere = 1;
}

static void give_up(struct room *room)
{
    (void)room;
    abort();
}

static void be_killed(struct room *room)
{
    (void)room;
    raise(SIGKILL);
}

static void *fault_elsewhere(void *context)
{
    fault(context);
    return NULL;
}

static void fault_in_another_thread(struct room *room)
{
    pthread_t thread;
    pthread_create(&thread, NULL, fault_elsewhere, room);
    pthread_join(thread, NULL);
}

static void do_nothing(struct room *room)
{
    (void)room;
}

/* --- Steps ------------------------------------------------------------------------------------------ */

START_TEST(a_tick_that_ends_is_well)
{
    struct rules rules = rules_with(do_nothing);
    struct guard_account account = {0};
    struct room *room = room_with(&rules);
    for (unsigned i = 0; i < 3 * TICK_HZ; i++)
        ck_assert_int_eq(tick(&account, room), GUARD_WELL);
    ck_assert_uint_eq(room_tick_number(room), 3 * TICK_HZ);
    room_destroy(room);
}
END_TEST

START_TEST(a_tick_that_does_not_end_is_left_and_others_go_on)
{
    struct rules looping = rules_with(loop), well = rules_with(do_nothing);
    struct guard_account account = {0}, other = {0};
    struct room *room = room_with(&looping), *beside = room_with(&well);
    ck_assert_int_eq(tick(&account, room), GUARD_STUCK);
    ck_assert_int_eq(tick(&other, beside), GUARD_WELL);
    struct room *second = room_with(&looping);
    struct guard_account again = {0};
    ck_assert_int_eq(tick(&again, second), GUARD_STUCK);
    ck_assert_int_eq(tick(&other, beside), GUARD_WELL);
    room_destroy(beside);
}
END_TEST

START_TEST(a_room_whose_making_does_not_end_is_left)
{
    struct rules rules = rules_with(do_nothing);
    rules.created = loop;
    struct room *room;
    struct room_options options = {.rules = &rules, .incarnation = 1};
    ck_assert_int_eq(guard_open(guard, bytes_of("track"), &options, &room), GUARD_STUCK);
    ck_assert_ptr_null(room);
    rules.created = do_nothing;
    ck_assert_int_eq(guard_open(guard, bytes_of("track"), &options, &room), GUARD_WELL);
    ck_assert_ptr_nonnull(room);
    room_destroy(room);
}
END_TEST

/* Two seconds' worth of ticks: the first that is over by the wall is measured again. */
START_TEST(ticks_that_take_more_than_their_interval_are_slow)
{
    burn_ns = 1500000000u / TICK_HZ;
    struct rules rules = rules_with(burn);
    struct guard_account account = {0};
    struct room *room = room_with(&rules);
    unsigned ticks = 1;
    while (ticks < 2 * TICK_HZ && tick(&account, room) == GUARD_WELL)
        ticks++;
    ck_assert_uint_gt(ticks, TICK_HZ / 2);
    ck_assert_uint_lt(ticks, 2 * TICK_HZ);
    room_destroy(room); /* it is as it should be */
}
END_TEST

/* Members could else have a room quarantined by what they send. */
START_TEST(ticks_full_of_messages_are_no_fault)
{
    static char message[4200];
    burn_ns = 1500000000u / TICK_HZ;
    struct rules rules = rules_with(burn);
    struct guard_account account = {0};
    struct room *room = room_with(&rules);
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    memset(message, 'a', sizeof message);
    memcpy(message, "[1 [[5 'e' 0 '", 14);
    memcpy(message + 4100, "']]]", 5);
    for (unsigned i = 0; i < 3 * TICK_HZ; i++) {
        ck_assert_int_eq(submit(room, seat, message), STATUS_OK);
        ck_assert_int_eq(tick(&account, room), GUARD_WELL);
    }
    room_destroy(room);
}
END_TEST

START_TEST(one_slow_tick_is_no_fault)
{
    struct rules rules = rules_with(burn);
    struct guard_account account = {0};
    struct room *room = room_with(&rules);
    for (unsigned i = 0; i < 3 * TICK_HZ; i++) {
        burn_ns = i % TICK_HZ == 0 ? 300000000 : 0;
        ck_assert_int_eq(tick(&account, room), GUARD_WELL);
    }
    room_destroy(room);
}
END_TEST

START_TEST(a_machine_that_stalls_blames_nobody)
{
    struct rules rules = rules_with(wait_long);
    struct guard_account account = {0};
    struct room *room = room_with(&rules);
    for (unsigned i = 0; i < 10; i++)
        ck_assert_int_eq(tick(&account, room), GUARD_WELL);
    room_destroy(room);
}
END_TEST

/* --- The end of the process ------------------------------------------------------------------------- */

/* A process with a guard of its own, whose rules do this in their first tick. */
static void live_and_die(void (*deed)(struct room *room), bool in_a_step)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rules rules = rules_with(deed);
        struct guard_account account = {0};
        guard = guard_create(folder);
        struct room *room = room_with(&rules);
        if (in_a_step)
            (void)tick(&account, room);
        else
            deed(room);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
}

static const struct {
    void (*deed)(struct room *room);
    int signal;
} ends[] = {{fault, SIGSEGV}, {recurse, SIGSEGV}, {give_up, SIGABRT}};

START_TEST(who_ends_the_process_is_blamed_with_tick_and_signal)
{
    struct guard_blame blame;
    live_and_die(ends[_i].deed, true);
    ck_assert(guard_blame(folder, &blame));
    ck_assert(bytes_equal((struct bytes){blame.name, blame.name_length}, bytes_of("track")));
    ck_assert_ptr_nonnull(strstr(blame.reason, "rules of mine"));
    ck_assert_ptr_nonnull(strstr(blame.reason, "tick 1: "));
    ck_assert_ptr_nonnull(strstr(blame.reason, strsignal(ends[_i].signal)));
    guard_destroy(guard);
    guard = guard_create(folder);
    ck_assert(guard_blame(folder, &blame)); /* it is told until it is known elsewhere */
    guard_forget(guard);
    ck_assert(!guard_blame(folder, &blame));
}
END_TEST

static const struct {
    void (*deed)(struct room *room);
    bool in_a_step;
} innocent[] = {{fault, false},
                {give_up, false},
                {be_killed, true},
                {fault_in_another_thread, true}};

START_TEST(nobody_is_blamed_for_what_others_did)
{
    struct guard_blame blame;
    live_and_die(innocent[_i].deed, innocent[_i].in_a_step);
    ck_assert(!guard_blame(folder, &blame));
}
END_TEST

/* A power cut in the middle of a step finds what was there before it. */
START_TEST(steps_write_nothing)
{
    struct rules rules = rules_with(do_nothing);
    struct guard_account account = {0};
    struct room *room = room_with(&rules);
    struct stat before, after;
    ck_assert_int_eq(fstatat(folder, "ticking", &before, 0), 0);
    ck_assert_int_eq(utimensat(folder, "ticking", (struct timespec[2]){{0}, {0}}, 0), 0);
    for (unsigned i = 0; i < TICK_HZ; i++)
        ck_assert_int_eq(tick(&account, room), GUARD_WELL);
    ck_assert_int_eq(fstatat(folder, "ticking", &after, 0), 0);
    ck_assert_int_eq(after.st_mtim.tv_sec, 0);
    ck_assert_int_eq(after.st_size, before.st_size);
    room_destroy(room);
}
END_TEST

START_TEST(a_file_that_was_cut_short_is_made_whole)
{
    struct guard_blame blame;
    int fd = openat(folder, "ticking", O_RDWR);
    ck_assert_int_eq(ftruncate(fd, 3), 0);
    close(fd);
    live_and_die(fault, true);
    ck_assert(guard_blame(folder, &blame));
}
END_TEST

START_TEST(a_file_of_other_bytes_blames_nobody)
{
    struct guard_blame blame;
    uint8_t bytes[512];
    live_and_die(fault, true);
    ck_assert(guard_blame(folder, &blame));
    int fd = openat(folder, "ticking", O_RDWR);
    ssize_t length = pread(fd, bytes, sizeof bytes, 0);
    ck_assert_int_gt(length, 24);
    ck_assert_int_eq(ftruncate(fd, length - 1), 0);
    ck_assert(!guard_blame(folder, &blame));
    for (size_t at = 0; at < 24; at++) { /* format, tick, the name's length: no byte leads astray */
        uint8_t flipped = bytes[at] ^ 0xff;
        ck_assert_int_eq(pwrite(fd, bytes, (size_t)length, 0), length);
        ck_assert_int_eq(pwrite(fd, &flipped, 1, (off_t)at), 1);
        if (guard_blame(folder, &blame))
            ck_assert_uint_le(blame.name_length, ROOM_NAME_MAX);
        else
            ck_assert(at < 8 || at >= 16);
    }
    close(fd);
    ck_assert(!guard_blame(-1, &blame));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("guard");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120); /* seconds of processor time, of which there may be little */
    tcase_add_test(tcase, a_tick_that_ends_is_well);
    tcase_add_test(tcase, a_tick_that_does_not_end_is_left_and_others_go_on);
    tcase_add_test(tcase, a_room_whose_making_does_not_end_is_left);
    tcase_add_test(tcase, ticks_that_take_more_than_their_interval_are_slow);
    tcase_add_test(tcase, ticks_full_of_messages_are_no_fault);
    tcase_add_test(tcase, one_slow_tick_is_no_fault);
    tcase_add_test(tcase, a_machine_that_stalls_blames_nobody);
    tcase_add_loop_test(tcase, who_ends_the_process_is_blamed_with_tick_and_signal, 0,
                        sizeof ends / sizeof ends[0]);
    tcase_add_loop_test(tcase, nobody_is_blamed_for_what_others_did, 0,
                        sizeof innocent / sizeof innocent[0]);
    tcase_add_test(tcase, steps_write_nothing);
    tcase_add_test(tcase, a_file_that_was_cut_short_is_made_whole);
    tcase_add_test(tcase, a_file_of_other_bytes_blames_nobody);
    Suite *suite = suite_create("guard");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
