/* main.c - tutti-server: options, folders, signals, and one hub on one loop. */
#include "persistence/folder.h"
#include "persistence/store_memory.h"
#include "persistence/store_sqlite.h"
#include "server/folders.h"
#include "server/hub.h"
#include "server/modules.h"
#include "server/recorded_kinds.h"
#include "server/service.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#ifndef TUTTI_VERSION
#define TUTTI_VERSION "0.1.0"
#endif

/* Files beside sockets: the data folder, the loop, the library's own. */
#define SPARE_FILES 64u

/* What is kept where nothing is. */
#define STORE_BYTES_MAX (UINT64_C(512) << 20)

struct program {
    struct options options;
    struct log log;
    struct folder folder;
    struct modules modules;
    struct kinds kinds;
    struct ev_loop *loop;
    struct site *site;
    struct service *service;
    struct ev_io signals;
    int signal_fd;
    bool salvaged;
    bool hangs; /* a thread of the service does not come back */
};

static void
log_failed(struct program *program, enum log_event event, const char *what, const char *why)
{
    struct log_line line = log_begin(&program->log, event);
    log_text(&line, "what", bytes_of(what));
    log_text(&line, "reason", bytes_of(why));
    log_end(&line);
}

static int fail(struct program *program, const char *what, const char *why)
{
    log_failed(program, LOG_FAILED, what, why);
    return EXIT_FAILURE;
}

/* Sockets are files. Where the system allows fewer than asked for, there are fewer connections. */
static void fit_connections(struct options *options)
{
    rlim_t wanted = (rlim_t)options->limits.connections + SPARE_SOCKETS + SPARE_FILES;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    if (files.rlim_cur < wanted) {
        rlim_t hard = files.rlim_max;
        files.rlim_cur = hard < wanted ? hard : wanted;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur < wanted && files.rlim_cur > SPARE_SOCKETS + SPARE_FILES)
        options->limits.connections = (uint32_t)(files.rlim_cur - SPARE_SOCKETS - SPARE_FILES);
}

static bool open_folder(struct program *program)
{
    const char *path = program->options.data;
    switch (folder_open(&program->folder, path)) {
    case FOLDER_OPEN:
        return true;
    case FOLDER_LOCKED:
        fail(program, path, "another server uses this data folder");
        return false;
    case FOLDER_FAILED:
        break;
    }
    fail(program, path, strerror(errno));
    return false;
}

static bool open_kinds(struct program *program)
{
    char error[MODULES_ERROR_MAX];
    const char *folder = program->options.kinds;
    program->kinds = kinds_built_in;
    if (folder != NULL && !modules_open(&program->modules, folder, &program->kinds, error)) {
        fail(program, "--kinds", error);
        return false;
    }
    struct bytes unknown;
    if (!recorded_kinds_are_known(program->options.record, &program->kinds, &unknown)) {
        char name[NAME_BYTES_MAX + 32];
        snprintf(name, sizeof name, "no such kind: %.*s", (int)unknown.length,
                 (const char *)unknown.data);
        fail(program, "--record", name);
        return false;
    }
    for (uint32_t i = kinds_built_in.count; i < program->kinds.count; i++) {
        struct log_line line = log_begin(&program->log, LOG_KIND_LOADED);
        log_text(&line, "kind", bytes_of(program->kinds.rules[i]->name));
        log_end(&line);
    }
    return true;
}

/* NULL after it has said why. */
static struct store *open_store(struct program *program)
{
    char error[STORE_SQLITE_ERROR_MAX] = "no memory";
    struct store *store = NULL;
    if (program->options.durability == DURABILITY_MEMORY) {
        store = store_memory_create(STORE_BYTES_MAX);
    } else {
        struct store_sqlite_options options = {
            .folder = program->options.data,
            .sync = program->options.durability == DURABILITY_DISK,
        };
        if (store_sqlite_open(&options, &store, error) != STORE_OK)
            store = NULL;
        else if (error[0] != '\0')
            program->salvaged = true;
        if (program->salvaged)
            log_failed(program, LOG_SALVAGED, program->options.data, error);
    }
    if (store == NULL)
        fail(program, program->options.data, error);
    return store;
}

static bool open_site(struct program *program)
{
    static const char *const www[] = {"../clients/examples", "../../clients/examples",
                                      "../share/tutti/examples", NULL};
    static const char *const client[] = {"../clients/js/dist", "../../clients/js/dist",
                                         "../share/tutti/client", NULL};
    char found[PATH_MAX];
    program->site = site_create(&program->log);
    if (program->site == NULL)
        return false;

    folders_find(found, www);
    site_mount(program->site, "/", program->options.www != NULL ? program->options.www : found,
               "There are no pages to show: the examples are not where this server looks for "
               "them. Start it with <code>--www DIR</code>. Rooms work all the same.");
    folders_find(found, client);
    site_mount(program->site, "/tutti/",
               program->options.client != NULL ? program->options.client : found,
               "The JavaScript client has not been built. In <code>clients/js</code>, run "
               "<code>npm install</code> and <code>npm run build</code>, then start the server "
               "again.");
    return true;
}

/* The first signal asks everyone to leave, the second ends it there. */
static void on_signal(struct ev_loop *loop, struct ev_io *watcher, int events)
{
    (void)events;
    struct program *program = watcher->data;
    struct signalfd_siginfo signal;
    if (read(program->signal_fd, &signal, sizeof signal) != sizeof signal)
        return;
    if (program->service == NULL || service_is_draining(program->service)) {
        ev_break(loop, EVBREAK_ALL);
        return;
    }
    struct log_line line = log_begin(&program->log, LOG_DRAINING);
    log_text(&line, "signal", bytes_of(strsignal((int)signal.ssi_signo)));
    log_end(&line);
    service_drain(program->service);
}

static bool watch_signals(struct program *program)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, not the end */
    program->signal_fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (program->signal_fd < 0)
        return false;
    ev_io_init(&program->signals, on_signal, program->signal_fd, EV_READ);
    program->signals.data = program;
    ev_io_start(program->loop, &program->signals);
    return true;
}

static void log_listening(struct program *program)
{
    const struct endpoint *endpoint = service_endpoint(program->service);
    bool v6 = strchr(endpoint->address, ':') != NULL;
    char address[96], url[128];
    snprintf(address, sizeof address, "%s%s%s:%u", v6 ? "[" : "", endpoint->address, v6 ? "]" : "",
             endpoint->port);
    snprintf(url, sizeof url, "http://%s/", address);
    struct log_line line = log_begin(&program->log, LOG_LISTENING);
    log_text(&line, "address", bytes_of(address));
    log_text(&line, "url", bytes_of(url));
    log_text(&line, "version", bytes_of(TUTTI_VERSION));
    log_number(&line, "max_connections", program->options.limits.connections);
    log_end(&line);
}

static int run(struct program *program)
{
    char error[SERVICE_ERROR_MAX];
    fit_connections(&program->options);
    if (!open_kinds(program) || !open_folder(program))
        return EXIT_FAILURE;
    program->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (program->loop == NULL || !watch_signals(program) || !open_site(program))
        return fail(program, "start", strerror(errno));
    struct store *store = open_store(program);
    if (store == NULL)
        return EXIT_FAILURE;
    program->service = service_create(
        &(struct service_options){
            .loop = program->loop,
            .options = &program->options,
            .kinds = &program->kinds,
            .store = store,
            .salvaged = program->salvaged,
            .site = program->site,
            .log = &program->log,
            .folder = program->folder.fd,
        },
        error);
    if (program->service == NULL)
        return fail(program, "start", error);
    log_listening(program);

    ev_run(program->loop, 0);

    bool failed = service_has_failed(program->service);
    bool saved = service_destroy(program->service, &program->hangs);
    program->service = NULL;
    if (!saved)
        log_failed(program, LOG_NOT_SAVED, program->options.data,
                   "the disk did not take all of it in time");
    struct log_line line = log_begin(&program->log, LOG_STOPPED);
    log_end(&line);
    return saved && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void release(struct program *program)
{
    site_destroy(program->site);
    if (program->loop != NULL)
        ev_loop_destroy(program->loop);
    if (program->signal_fd >= 0)
        close(program->signal_fd);
    folder_close(&program->folder);
    modules_close(&program->modules);
}

/* A buffer from here on is mapped by itself and goes back to the system when it is freed: header tables
 * and flushes come and go between what lives long. glibc would raise the limit with each one freed, and cut
 * buffers off the top of the heap as long as there is some. */
#define MAPPED_BYTES_MIN (16 * 1024)
#define HEAP_TOP_BYTES   (4 * 1024)

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
    mallopt(M_TOP_PAD, HEAP_TOP_BYTES);
    struct program program = {.folder = {.fd = -1, .lock_fd = -1}, .signal_fd = -1};
    char error[OPTIONS_ERROR_MAX];
    switch (options_read(&program.options, argc, argv, getenv, error)) {
    case OPTIONS_HELP:
        options_print_help(stdout);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        printf("tutti-server %s\n", TUTTI_VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_BAD:
        fprintf(stderr, "tutti-server: %s\n", error);
        return 2;
    case OPTIONS_RUN:
        break;
    }
    log_init(&program.log, program.options.log_level, log_to_stderr, NULL);
    int result = run(&program);
    /* Nobody else may have the folder while that thread can write, nor may exit() clear away what
     * it works with. */
    if (program.hangs)
        _exit(result);
    release(&program);
    return result;
}
