#include "server/service.h"

#include "server/admin.h"
#include "server/guard.h"
#include "server/listener.h"
#include "server/ws.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US UINT64_C(1000000)

/* How long idle watchers may wait for a turn in which they run. */
#define IDLE_WAIT_US (2 * (uint64_t)GATHER_US)

struct service {
    struct ev_loop *loop;
    struct log *log;
    struct storage *storage;
    struct guard *guard;
    struct hub *hub;
    struct ws *ws;
    struct admin *admin; /* NULL: there is none */
    struct listener listener;
    struct ev_check turn;      /* begins a turn of the loop */
    struct ev_prepare turned;  /* ends one */
    struct ev_idle idle;       /* runs when libwebsockets' own does */
    struct ev_io beat;         /* timer_fd */
    struct ev_async stored;    /* the storage's threads have something to tell */
    struct ev_timer drain_end; /* DRAIN_SECONDS after the drain began */
    uint64_t idle_us;          /* when the loop last had nothing to do */
    uint64_t armed_us;         /* what the timer is set to; 0 for nothing */
    int timer_fd;
    uint32_t blamed;    /* rooms quarantined at the start */
    bool blames;        /* the guard's file says whom, and the archive may not yet */
    bool exits_on_loss; /* of the disk */
    int folder;         /* of the data; -1: there is none */
    uint32_t keep_percent;
    bool failed;
};

static uint64_t clock_us(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * SECOND_US + (uint64_t)time.tv_nsec / 1000;
}

/* --- The loop ----------------------------------------------------------------------------------- */

static void on_turn(struct ev_loop *loop, struct ev_check *watcher, int events)
{
    (void)events;
    struct service *service = watcher->data;
    /* The loop has just read the wall clock itself. */
    hub_turn(service->hub, clock_us(CLOCK_MONOTONIC), (uint64_t)(ev_now(loop) * 1e6));
}

static void arm(struct service *service)
{
    uint64_t next_us = hub_next_us(service->hub);
    if (next_us == service->armed_us)
        return;
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(next_us / SECOND_US),
                     .tv_nsec = (long)(next_us % SECOND_US) * 1000},
    };
    timerfd_settime(service->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
    service->armed_us = next_us;
}

/* Idle watchers run in a turn that found nothing to do; libwebsockets has one, for input that it
 * kept back. Where every turn finds input that has gathered, none would ever run: so nothing is
 * gathered while one has been waiting for its turn. */
static void on_idle(struct ev_loop *loop, struct ev_idle *watcher, int events)
{
    (void)events;
    struct service *service = watcher->data;
    service->idle_us = service->hub->now_us;
    ev_idle_stop(loop, watcher);
}

static void gather(struct service *service)
{
    if (service->hub->gathers)
        ev_idle_start(service->loop, &service->idle);
    if (service->hub->now_us - service->idle_us > IDLE_WAIT_US)
        return;
    uint64_t until_us = hub_gather_until_us(service->hub, clock_us(CLOCK_MONOTONIC));
    if (until_us == 0)
        return;
    struct timespec until = {.tv_sec = (time_t)(until_us / SECOND_US),
                             .tv_nsec = (long)(until_us % SECOND_US) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void on_turned(struct ev_loop *loop, struct ev_prepare *watcher, int events)
{
    (void)events;
    struct service *service = watcher->data;
    arm(service);
    gather(service);
    if (service->hub->draining && hub_is_empty(service->hub))
        ev_break(loop, EVBREAK_ALL);
}

static void on_beat(struct ev_loop *loop, struct ev_io *watcher, int events)
{
    (void)loop;
    (void)events;
    struct service *service = watcher->data;
    uint64_t expirations;
    ssize_t got = read(service->timer_fd, &expirations, sizeof expirations);
    (void)got; /* how many do not matter: the hub counts by the clock */
    service->armed_us = 0;
    struct counters *counters = &service->hub->counters;
    uint64_t ticks = counters->ticks;
    uint64_t began_us = clock_us(CLOCK_MONOTONIC);
    hub_beat(service->hub);
    if (counters->ticks != ticks)
        counters_time(&counters->beats, clock_us(CLOCK_MONOTONIC) - began_us);
}

static void wake(void *context)
{
    struct service *service = context;
    ev_async_send(service->loop, &service->stored);
}

/* Once the archive knows who is to blame, the file need not: what an operator releases stays released. */
static void forget_blame(struct service *service)
{
    if (!service->blames || storage_figures(service->storage).quarantines > 0)
        return;
    guard_forget(service->guard);
    service->blames = false;
}

static void on_stored(struct ev_loop *loop, struct ev_async *watcher, int events)
{
    (void)loop;
    (void)events;
    struct service *service = watcher->data;
    forget_blame(service);
    hub_storage_turn(service->hub);
    bool gives_up = service->exits_on_loss && service->hub->disk_lost;
    if ((!service->hub->fenced && !gives_up) || service->hub->draining)
        return;
    struct log_line line = log_begin(service->log, gives_up ? LOG_DISK_LOST : LOG_FENCED);
    log_end(&line);
    service->failed = true;
    service_drain(service);
}

bool service_has_failed(const struct service *service)
{
    return service->failed;
}

static void on_drain_end(struct ev_loop *loop, struct ev_timer *watcher, int events)
{
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void on_accepted(void *context, int fd, const struct sockaddr *peer)
{
    struct service *service = context;
    ws_adopt(service->ws, fd, peer);
}

static void on_paused(void *context)
{
    struct service *service = context;
    service->hub->counters.accept_pauses++;
    struct log_line line = log_begin(service->log, LOG_ACCEPT_PAUSED);
    log_text(&line, "reason", bytes_of("the system has no more files or memory"));
    log_end(&line);
}

/* --- Setting up --------------------------------------------------------------------------------- */

static struct hub *open_hub(const struct service *service, const struct service_options *options)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return NULL;
    return hub_create(&(struct hub_options){
        .limits = options->options->limits,
        .transport = &ws_transport,
        .storage = service->storage,
        .kinds = options->kinds,
        .guard = service->guard,
        .record = options->options->record,
        .durability = options->options->durability,
        .log = options->log,
        .now_us = clock_us(CLOCK_MONOTONIC),
        .wall_us = clock_us(CLOCK_REALTIME),
        .seed = seed,
    });
}

static void start_watchers(struct service *service)
{
    ev_check_init(&service->turn, on_turn);
    ev_set_priority(&service->turn, EV_MAXPRI); /* the time is told before anything happens */
    ev_prepare_init(&service->turned, on_turned);
    ev_idle_init(&service->idle, on_idle);
    ev_io_init(&service->beat, on_beat, service->timer_fd, EV_READ);
    ev_set_priority(&service->beat, -1); /* a tick takes what has come before it */
    ev_timer_init(&service->drain_end, on_drain_end, DRAIN_SECONDS, 0.);
    service->turn.data = service;
    service->turned.data = service;
    service->idle.data = service;
    service->beat.data = service;
    ev_check_start(service->loop, &service->turn);
    ev_prepare_start(service->loop, &service->turned);
    ev_io_start(service->loop, &service->beat);
}

/* Of the disk that the folder lies on: what is free, and what the archive has. */
static uint64_t keep_bytes(void *context)
{
    const struct service *service = context;
    struct statvfs disk;
    struct stat archive;
    if (service->keep_percent == 0 || service->folder < 0 ||
        fstatvfs(service->folder, &disk) != 0 ||
        fstatat(service->folder, "archive.db", &archive, 0) != 0)
        return 0;
    uint64_t bytes = (uint64_t)disk.f_bavail * disk.f_frsize + (uint64_t)archive.st_size;
    return bytes / 100 * service->keep_percent;
}

static bool open_storage(struct service *service,
                         const struct service_options *options,
                         char error[SERVICE_ERROR_MAX])
{
    char reason[STORAGE_ERROR_MAX];
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        snprintf(error, SERVICE_ERROR_MAX, "cannot start: no randomness");
        return false;
    }
    service->folder = options->folder;
    service->keep_percent = options->options->keep_disk;
    ev_async_init(&service->stored, on_stored);
    service->stored.data = service;
    ev_async_start(service->loop, &service->stored);
    service->storage = storage_create(
        &(struct storage_options){
            .store = options->store,
            .rooms = {.limits = options->options->limits.room,
                      .saves = options->options->durability != DURABILITY_MEMORY},
            .salvaged = options->salvaged,
            .kinds = options->kinds,
            .wake = wake,
            .context = service,
            .ring_bytes = options->options->storage_ring,
            .file_grace_ms = options->options->limits.files.grace_s * UINT64_C(1000),
            .ring_s = options->options->storage_ring_s,
            .keep_ms = options->options->keep_days * UINT64_C(86400000),
            .keep_room_bytes = options->options->keep_room_bytes,
            .keep_bytes = keep_bytes,
            .record = options->options->record,
            .folder = options->folder > 0 ? options->folder : 0,
            .seed = seed,
        },
        reason);
    if (service->storage == NULL)
        snprintf(error, SERVICE_ERROR_MAX, "cannot read the journal: %.200s", reason);
    return service->storage != NULL;
}

/* Before anyone can join it: the same rules would do the same to this server. A disk that does not take
 * it keeps nobody else from their rooms. */
static bool quarantine_blamed(struct service *service, int folder, char error[SERVICE_ERROR_MAX])
{
    struct guard_blame blame;
    if (!guard_blame(folder, &blame))
        return true;
    struct bytes name = {blame.name, blame.name_length};
    if (!storage_quarantine(service->storage, name, blame.reason)) {
        snprintf(error, SERVICE_ERROR_MAX, "cannot start: no memory");
        return false;
    }
    service->blames = true;
    service->blamed = 1;
    struct log_line line = log_begin(service->log, LOG_ROOM_QUARANTINED);
    log_text(&line, "room", name);
    log_text(&line, "detail", bytes_of(blame.reason));
    log_end(&line);
    return true;
}

static bool open_guard(struct service *service, int folder, char error[SERVICE_ERROR_MAX])
{
    service->guard = guard_create(folder);
    if (service->guard == NULL)
        snprintf(error, SERVICE_ERROR_MAX, "cannot watch over the rooms' rules: %s",
                 strerror(errno));
    return service->guard != NULL;
}

static bool open_parts(struct service *service,
                       const struct service_options *options,
                       char error[SERVICE_ERROR_MAX])
{
    const struct options *said = options->options;
    if (!open_storage(service, options, error) || !open_guard(service, options->folder, error) ||
        !quarantine_blamed(service, options->folder, error))
        return false;
    service->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    service->hub = service->timer_fd >= 0 ? open_hub(service, options) : NULL;
    if (service->hub == NULL) {
        snprintf(error, SERVICE_ERROR_MAX, "cannot start: %s", strerror(errno));
        return false;
    }
    service->hub->counters.rooms_blamed = service->blamed;
    service->ws = ws_create(&(struct ws_options){
        .loop = options->loop,
        .hub = service->hub,
        .site = options->site,
        .origins = said->allowed_origins,
        .origin_count = said->allowed_origin_count,
    });
    if (service->ws == NULL) {
        snprintf(error, SERVICE_ERROR_MAX,
                 "cannot set up libwebsockets; is its plug-in for libev installed "
                 "(libwebsockets-evlib-ev)?");
        return false;
    }
    if (!listener_open(&service->listener, options->loop, &said->listen)) {
        snprintf(error, SERVICE_ERROR_MAX, "cannot listen on %.80s: %s", said->listen_text,
                 strerror(errno));
        return false;
    }
    return true;
}

/* The server runs without it, too. */
static void open_admin(struct service *service, int folder)
{
    if (folder < 0)
        return;
    service->admin = admin_open(service->loop, service->hub, folder);
    if (service->admin != NULL)
        return;
    struct log_line line = log_begin(service->log, LOG_ADMIN_MISSING);
    log_text(&line, "reason", bytes_of(strerror(errno)));
    log_end(&line);
}

struct service *service_create(const struct service_options *options, char error[SERVICE_ERROR_MAX])
{
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        options->store->close(options->store);
        snprintf(error, SERVICE_ERROR_MAX, "cannot start: no memory");
        return NULL;
    }
    service->loop = options->loop;
    service->log = options->log;
    service->exits_on_loss = options->options->exit_on_disk_failure;
    service->timer_fd = -1;
    service->listener = (struct listener){
        .accepted = on_accepted, .paused = on_paused, .context = service, .fd = -1};
    if (!open_parts(service, options, error)) {
        bool hangs;
        (void)service_destroy(service, &hangs);
        return NULL;
    }
    start_watchers(service);
    open_admin(service, options->folder);
    return service;
}

void service_drain(struct service *service)
{
    if (service->hub->draining)
        return;
    listener_close(&service->listener);
    hub_drain(service->hub);
    ev_timer_start(service->loop, &service->drain_end);
}

bool service_is_draining(const struct service *service)
{
    return service->hub->draining;
}

bool service_destroy(struct service *service, bool *hangs)
{
    *hangs = false;
    if (service == NULL)
        return true;
    admin_close(service->admin);
    listener_close(&service->listener);
    ev_check_stop(service->loop, &service->turn);
    ev_prepare_stop(service->loop, &service->turned);
    ev_idle_stop(service->loop, &service->idle);
    ev_io_stop(service->loop, &service->beat);
    ev_async_stop(service->loop, &service->stored);
    ev_timer_stop(service->loop, &service->drain_end);
    ws_destroy(service->ws); /* before the hub, whose sessions it ends */
    hub_destroy(service->hub);
    bool saved = service->storage == NULL || storage_stop(service->storage);
    if (service->storage != NULL)
        forget_blame(service);
    guard_destroy(service->guard);
    *hangs = service->storage != NULL && storage_hangs(service->storage);
    storage_destroy(service->storage);
    if (service->timer_fd >= 0)
        close(service->timer_fd);
    free(service);
    return saved;
}

const struct endpoint *service_endpoint(const struct service *service)
{
    return &service->listener.endpoint;
}

struct hub *service_hub(struct service *service)
{
    return service->hub;
}
