#include "server/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHECKS_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKS_LEAKS 1
#endif
#endif
#ifdef CHECKS_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

#define SECOND_NS UINT64_C(1000000000)

/* The timer goes off so often in a second of processor time. It runs all the time, so that a step
 * costs no system call; one that sees it go off once more than this has used a second at least. */
#define ALARMS_PER_SECOND 5
#define ALARM_NS          (TICK_CPU_MAX_MS * 1000000L / ALARMS_PER_SECOND)

#define FILE_NAME "ticking"
#define FORMAT    UINT64_C(0x31676e696b636974) /* "ticking1" */

/* The file. It is written while the process dies, and read by the next one. */
struct ticking {
    uint64_t format;
    uint64_t tick;
    uint32_t name_length; /* 0: nobody is to blame */
    int32_t signal;       /* that came in the middle of the step */
    uint8_t name[ROOM_NAME_MAX];
    char kind[NAME_BYTES_MAX + 1];
};

struct step {
    struct bytes name; /* of the room */
    const struct rules *rules;
    uint64_t tick;
    const struct room_options *options; /* NULL: a tick of `room` */
    struct room *room;
};

struct guard {
    int file; /* -1: there is none */
    timer_t timer;
    bool timed;  /* there is the timer: its number may be 0 */
    void *stack; /* for a crash that has used all of the usual one; NULL where there was one */
    const struct step *step;      /* while `running` is this guard */
    volatile sig_atomic_t alarms; /* since the step began */
    sigjmp_buf out;
};

/* A signal does not tell whom it is for: the guard whose step runs in this thread. */
static _Thread_local struct guard *volatile running;

/* --- Signals -------------------------------------------------------------------------------------- */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
#define CRASHES (sizeof crashes / sizeof crashes[0])

/* What is done about signals is the process's, whatever guards there are. */
static struct sigaction before[CRASHES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void on_alarm(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    struct guard *guard = running;
    if (guard == NULL || info->si_code != SI_TIMER)
        return;
    if (++guard->alarms > ALARMS_PER_SECOND)
        siglongjmp(guard->out, 1);
}

/* With what a handler of signals may call. */
static void blame(int file, const struct step *step, int signal)
{
    struct ticking ticking = {.format = FORMAT,
                              .tick = step->tick,
                              .name_length = (uint32_t)step->name.length,
                              .signal = signal};
    memcpy(ticking.name, step->name.data, step->name.length);
    strncpy(ticking.kind, step->rules->name, NAME_BYTES_MAX);
    ssize_t written = pwrite(file, &ticking, sizeof ticking, 0);
    (void)written; /* there is nobody to tell */
}

/* Notes whose step it was, and leaves the rest to who had the signal before. */
static void on_crash(int signal, siginfo_t *info, void *context)
{
    (void)context;
    struct guard *guard = running;
    bool from_outside = info->si_code <= 0 && info->si_pid != getpid();
    if (guard != NULL && guard->file >= 0 && !from_outside)
        blame(guard->file, guard->step, signal);
    for (size_t i = 0; i < CRASHES; i++)
        if (crashes[i] == signal)
            sigaction(signal, &before[i], NULL);
    if (info->si_code <= 0) /* it was sent; what the processor raised comes again by itself */
        raise(signal);
}

static void take_signals(void)
{
    struct sigaction alarm = {.sa_sigaction = on_alarm,
                              .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER};
    struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&alarm.sa_mask);
    sigemptyset(&crash.sa_mask);
    sigaction(SIGVTALRM, &alarm, NULL);
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &crash, &before[i]);
}

/* --- The file ------------------------------------------------------------------------------------- */

static bool write_nobody(int file)
{
    struct ticking nobody = {.format = FORMAT};
    errno = ENOSPC;
    return pwrite(file, &nobody, sizeof nobody, 0) == (ssize_t)sizeof nobody;
}

static bool is_whole(int file)
{
    struct stat status;
    return fstat(file, &status) == 0 && status.st_size == (off_t)sizeof(struct ticking);
}

/* It has its length from the beginning, so that a crash needs no block that a full disk does not have. */
static bool open_file(struct guard *guard, int folder)
{
    guard->file = openat(folder, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return guard->file >= 0 && (is_whole(guard->file) || write_nobody(guard->file));
}

static bool read_file(int folder, struct ticking *ticking)
{
    int fd = openat(folder, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool whole = pread(fd, ticking, sizeof *ticking, 0) == (ssize_t)sizeof *ticking;
    close(fd);
    return whole && ticking->format == FORMAT && ticking->name_length <= ROOM_NAME_MAX;
}

bool guard_blame(int folder, struct guard_blame *blame)
{
    struct ticking ticking;
    if (folder < 0 || !read_file(folder, &ticking) || ticking.name_length == 0 ||
        ticking.signal == 0)
        return false;
    blame->name_length = ticking.name_length;
    memcpy(blame->name, ticking.name, ticking.name_length);
    snprintf(blame->reason, sizeof blame->reason,
             "the rules of %.*s ended the server in tick %" PRIu64 ": %s", (int)NAME_BYTES_MAX,
             ticking.kind, ticking.tick, strsignal(ticking.signal));
    return true;
}

void guard_forget(struct guard *guard)
{
    if (guard->file >= 0)
        (void)write_nobody(guard->file);
}

/* --- Steps ---------------------------------------------------------------------------------------- */

/* By itself, so that nothing in the callers is kept in a register that a jump restores. */
__attribute__((noinline)) static bool run(struct guard *guard, struct step *step)
{
    guard->alarms = 0;
    guard->step = step;
    atomic_signal_fence(memory_order_seq_cst); /* it is there before anything can go wrong in it */
    if (sigsetjmp(guard->out, 0) != 0) {
        running = NULL;
        return false;
    }
    running = guard;
    if (step->options != NULL)
        step->room = room_create(step->options);
    else
        room_tick(step->room);
    running = NULL;
    return true;
}

/* What is left is not lost by mistake; of a room that is only being made nobody knows where it is. */
static void leave(const struct room *room)
{
#ifdef CHECKS_LEAKS
    __lsan_ignore_object(room);
#else
    (void)room;
#endif
}

static void allow_leaks(bool allowed)
{
#ifdef CHECKS_LEAKS
    if (allowed)
        __lsan_disable();
    else
        __lsan_enable();
#else
    (void)allowed;
#endif
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* The wall clock is read for less than a system call; it shows too much while the machine stalls. */
static clockid_t clock_of(const struct guard_account *account)
{
    return account->exact ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
}

/* What members sent is work for the engine, and no fault of the rules: a tick with more of it than this
 * is left out. */
#define ACCOUNT_MESSAGES_MAX 4096u

static bool is_slow(struct guard_account *account, uint32_t hz, uint64_t ns)
{
    account->spent_ns += ns;
    account->ticks++;
    bool over = account->spent_ns > SECOND_NS;
    if (over && account->exact)
        return true;
    if (over || account->ticks == hz)
        *account = (struct guard_account){.exact = over};
    return false;
}

enum guard_end
guard_tick(struct guard *guard, struct guard_account *account, struct bytes name, struct room *room)
{
    const struct rules *rules = room_rules(room);
    struct step step = {
        .name = name, .rules = rules, .tick = room_tick_number(room) + 1, .room = room};
    clockid_t clock = clock_of(account);
    bool counts = room_waiting_bytes(room) <= ACCOUNT_MESSAGES_MAX;
    uint64_t from_ns = clock_ns(clock);
    if (!run(guard, &step)) {
        leave(room);
        return GUARD_STUCK;
    }
    bool slow = counts && is_slow(account, rules->tick_hz, clock_ns(clock) - from_ns);
    return slow ? GUARD_SLOW : GUARD_WELL;
}

enum guard_end guard_open(struct guard *guard,
                          struct bytes name,
                          const struct room_options *options,
                          struct room **room)
{
    struct step step = {.name = name, .rules = options->rules, .options = options};
    allow_leaks(true);
    bool ended = run(guard, &step);
    allow_leaks(false);
    *room = ended ? step.room : NULL;
    return ended ? GUARD_WELL : GUARD_STUCK;
}

bool guard_is_for(const struct rules *rules)
{
    return rules->created != NULL || rules->joined != NULL || rules->left != NULL ||
           rules->accept != NULL || rules->woken != NULL || rules->tick != NULL ||
           rules->timer != NULL;
}

/* --- Setting up ----------------------------------------------------------------------------------- */

#define CRASH_STACK_BYTES (64u << 10)

static bool start_timer(struct guard *guard)
{
    struct sigevent alarm = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
    alarm._sigev_un._tid = gettid();
    struct itimerspec every = {.it_interval = {.tv_nsec = ALARM_NS},
                               .it_value = {.tv_nsec = ALARM_NS}};
    guard->timed = timer_create(CLOCK_THREAD_CPUTIME_ID, &alarm, &guard->timer) == 0;
    return guard->timed && timer_settime(guard->timer, 0, &every, NULL) == 0;
}

/* Endless recursion leaves nothing of the usual one for a handler. */
static bool have_crash_stack(struct guard *guard)
{
    stack_t stack;
    if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE) == 0)
        return true;
    guard->stack = malloc(CRASH_STACK_BYTES);
    stack = (stack_t){.ss_sp = guard->stack, .ss_size = CRASH_STACK_BYTES};
    return guard->stack != NULL && sigaltstack(&stack, NULL) == 0;
}

struct guard *guard_create(int folder)
{
    struct guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL)
        return NULL;
    pthread_once(&once, take_signals);
    guard->file = -1;
    bool noted = folder < 0 || open_file(guard, folder);
    if (noted && have_crash_stack(guard) && start_timer(guard))
        return guard;
    int reason = errno;
    guard_destroy(guard);
    errno = reason;
    return NULL;
}

void guard_destroy(struct guard *guard)
{
    if (guard == NULL)
        return;
    if (guard->timed)
        timer_delete(guard->timer);
    if (guard->stack != NULL)
        sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    free(guard->stack);
    if (guard->file >= 0)
        close(guard->file);
    free(guard);
}
