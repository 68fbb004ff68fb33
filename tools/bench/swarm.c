/* swarm.c - the load side of the benchmarks: members who join, move like hands do, and count.
 *
 * One thread, the same work for either server: join in batches, let everything settle, read the
 * server's processor time, move for a window, read it again, print one line of JSON.
 */
#include "tools/bench/probe.h"
#include "tools/bench/swarm_client.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#define CLIENTS_MAX    60000
#define EVENTS_AT_ONCE 512
#define NANOSECONDS    UINT64_C(1000000000)
#define MILLISECOND_NS UINT64_C(1000000)

/* How often a Tutti client asks for the time. */
#define CLOCK_PERIOD_S 5.0

/* Between the last join and the first measurement, so that first loads are out of the way. */
#define WARM_UP_S 1.0

struct options {
    struct sockaddr_in server;
    enum dialect dialect;
    const char *kind; /* of a Tutti server's rooms */
    uint32_t clients, rooms;
    uint32_t movers; /* of each room; the others join and listen */
    double rate;     /* messages per second of a mover */
    double window_s, join_s;
    uint32_t batch; /* connections on their way in at once */
    bool idle;
    pid_t pid; /* 0: memory is not looked at */
};

/* Turns that come round evenly: turn k is due at start + k / per_second. */
struct schedule {
    uint64_t start_ns, turns_taken;
    double per_second; /* of all clients together */
};

struct load {
    struct options options;
    struct swarm swarm;
    struct client *clients;
    uint32_t opened;
    uint32_t movers; /* the first so many clients: client i is in room i % rooms */
    struct schedule moves, clocks;
    uint64_t late_ns; /* the longest that a move came after it was due */
};

static const char usage[] =
    "usage: swarm --server 127.0.0.1:PORT [--dialect floor|tutti] [--kind KIND] [--clients N]\n"
    "             [--rooms N] [--movers N] [--rate N] [--window SECONDS] [--join SECONDS]\n"
    "             [--batch N] [--idle] [--pid PID]\n"
    "\n"
    "  --dialect  who is there: the floor (default) or a Tutti server\n"
    "  --kind     of a Tutti server's rooms, with x and y in presence (default cursors)\n"
    "  --clients  how many join (default 50), spread over --rooms (default 1)\n"
    "  --movers   how many of each room move (default all)\n"
    "  --rate     messages per second of each that moves (default 20)\n"
    "  --window   seconds measured (default 3)\n"
    "  --join     seconds that joining may take (default 60)\n"
    "  --batch    connections on their way in at once (default 64)\n"
    "  --idle     join, stay silent for the window, and look at the memory of --pid\n";

/* Time */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

static uint64_t after_s(double seconds)
{
    return now_ns() + (uint64_t)(seconds * (double)NANOSECONDS);
}

static struct schedule schedule_begin(double per_second)
{
    return (struct schedule){.start_ns = now_ns(), .per_second = per_second};
}

/* True, and one turn is taken, when the next turn is due; `late_ns` is by how much. */
static bool schedule_due(struct schedule *schedule, uint64_t now, uint64_t *late_ns)
{
    if (schedule->per_second <= 0)
        return false;
    double due_s = (double)schedule->turns_taken / schedule->per_second;
    uint64_t due = schedule->start_ns + (uint64_t)(due_s * (double)NANOSECONDS);
    if (due > now)
        return false;
    schedule->turns_taken++;
    *late_ns = now - due;
    return true;
}

/* The loop */

static void take_events(struct load *load, int timeout_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(load->swarm.epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);
    for (int i = 0; i < count; i++)
        client_turn(&load->swarm, events[i].data.ptr, events[i].events);
}

static void take_turns(struct load *load)
{
    uint64_t now = now_ns();
    uint64_t late_ns;
    while (schedule_due(&load->moves, now, &late_ns)) {
        uint64_t turn = load->moves.turns_taken - 1;
        client_point(&load->swarm, &load->clients[turn % load->movers], 1 / load->options.rate);
        if (late_ns > load->late_ns)
            load->late_ns = late_ns;
    }
    while (schedule_due(&load->clocks, now, &late_ns)) {
        uint64_t turn = load->clocks.turns_taken - 1;
        client_clock(&load->swarm, &load->clients[turn % load->options.clients],
                     now / MILLISECOND_NS);
    }
}

/* Moves are sent in steps of a millisecond: finer ones would only cost the machine the time that
 * the server is to have. */
static void run(struct load *load, double seconds)
{
    uint64_t end = after_s(seconds);
    while (now_ns() < end) {
        take_events(load, 1);
        take_turns(load);
    }
}

/* Returns how long it took. */
static double join_all(struct load *load)
{
    const struct options *options = &load->options;
    struct swarm *swarm = &load->swarm;
    uint64_t begin = now_ns();
    uint64_t deadline = after_s(options->join_s);
    while (swarm->joined < options->clients && swarm->lost == 0 && now_ns() < deadline) {
        while (load->opened < options->clients && swarm->connecting < options->batch) {
            client_open(swarm, &load->clients[load->opened], load->opened);
            load->opened++;
        }
        take_events(load, 10);
    }
    if (swarm->joined < options->clients)
        errx(EXIT_FAILURE, "only %u of %u joined", swarm->joined, options->clients);
    return (double)(now_ns() - begin) / (double)NANOSECONDS;
}

/* Measuring */

struct reading {
    uint64_t at_ns;
    double server_cpu_s, own_cpu_s;
    struct swarm swarm; /* its counters */
};

static double own_cpu_s(void)
{
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
           (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
}

static struct reading reading_take(const struct load *load)
{
    const char *path = load->options.dialect == DIALECT_FLOOR ? "/stats" : "/metrics";
    struct reading reading = {.server_cpu_s = probe_cpu_s(load->options.server, path)};
    reading.at_ns = now_ns();
    reading.own_cpu_s = own_cpu_s();
    reading.swarm = load->swarm;
    return reading;
}

static double per(double amount, double count)
{
    return count > 0 ? amount / count : 0;
}

static void print_setting(const struct load *load, double join_s)
{
    printf("{\"dialect\":\"%s\",\"clients\":%u,\"rooms\":%u,\"movers\":%u,\"rate\":%g,"
           "\"join_s\":%.3f,\"lost\":%u",
           load->options.dialect == DIALECT_FLOOR ? "floor" : "tutti", load->options.clients,
           load->options.rooms, load->movers, load->options.rate, join_s, load->swarm.lost);
}

/* Every move goes to all members of its room, the mover too, in both servers. */
static void print_window(const struct load *load, const struct reading *a, const struct reading *b)
{
    double window_s = (double)(b->at_ns - a->at_ns) / (double)NANOSECONDS;
    double cpu_us = (b->server_cpu_s - a->server_cpu_s) * 1e6;
    double moves = (double)(b->swarm.positions_sent - a->swarm.positions_sent);
    double clocks = (double)(b->swarm.clocks_sent - a->swarm.clocks_sent);
    double frames = (double)(b->swarm.frames_received - a->swarm.frames_received) - clocks;
    double bytes = (double)(b->swarm.bytes_received - a->swarm.bytes_received);
    double sent = (double)(b->swarm.bytes_sent - a->swarm.bytes_sent);
    double updates = moves * load->options.clients / load->options.rooms;

    printf(",\"window_s\":%.3f,\"server_cpu_s\":%.6f,\"swarm_cpu_s\":%.6f", window_s, cpu_us / 1e6,
           b->own_cpu_s - a->own_cpu_s);
    printf(",\"messages_sent\":%.0f,\"clocks_sent\":%.0f,\"bytes_sent\":%.0f,\"updates\":%.0f",
           moves, clocks, sent, updates);
    printf(",\"frames_received\":%.0f,\"bytes_received\":%.0f,\"bytes_per_frame\":%.2f", frames,
           bytes, per(bytes, frames));
    printf(",\"cpu_us_per_frame\":%.4f,\"cpu_us_per_message\":%.4f,\"cpu_us_per_update\":%.6f",
           per(cpu_us, frames), per(cpu_us, moves), per(cpu_us, updates));
    printf(",\"late_ms_max\":%.1f,\"sends_blocked\":%ju}\n", (double)load->late_ns / 1e6,
           (uintmax_t)(b->swarm.sends_blocked - a->swarm.sends_blocked));
}

static void print_memory(const struct load *load, struct memory_use before, struct memory_use after)
{
    double clients = load->options.clients;
    printf(",\"rss_before_kib\":%jd,\"rss_after_kib\":%jd,\"rss_per_connection_bytes\":%.0f"
           ",\"private_before_kib\":%jd,\"private_after_kib\":%jd"
           ",\"private_per_connection_bytes\":%.0f}\n",
           (intmax_t)before.resident_kib, (intmax_t)after.resident_kib,
           (double)(after.resident_kib - before.resident_kib) * 1024 / clients,
           (intmax_t)before.private_kib, (intmax_t)after.private_kib,
           (double)(after.private_kib - before.private_kib) * 1024 / clients);
}

static void measure_idle(struct load *load)
{
    struct memory_use before = probe_memory(load->options.pid);
    double join_s = join_all(load);
    run(load, load->options.window_s);
    struct memory_use after = probe_memory(load->options.pid);
    print_setting(load, join_s);
    print_memory(load, before, after);
}

static void measure_window(struct load *load)
{
    double join_s = join_all(load);
    load->moves = schedule_begin(load->movers * load->options.rate);
    load->clocks = schedule_begin(load->options.clients / CLOCK_PERIOD_S);
    run(load, WARM_UP_S);

    struct reading before = reading_take(load);
    load->late_ns = 0;
    run(load, load->options.window_s);
    struct reading after = reading_take(load);
    print_setting(load, join_s);
    print_window(load, &before, &after);
}

/* Options */

static double number_of(const char *text, const char *option, double minimum, double maximum)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= minimum && value <= maximum))
        errx(EXIT_FAILURE, "--%s wants a number from %g to %g, not '%s'", option, minimum, maximum,
             text);
    return value;
}

static uint32_t count_of(const char *text, const char *option, double maximum)
{
    return (uint32_t)number_of(text, option, 1, maximum);
}

/* Loopback alone: the swarm must never be let loose on anyone else's machine. */
static struct sockaddr_in server_of(const char *text)
{
    static const char host[] = "127.0.0.1:";
    if (strncmp(text, host, strlen(host)) != 0)
        errx(EXIT_FAILURE, "--server wants 127.0.0.1:PORT, not '%s'", text);
    uint32_t port = count_of(text + strlen(host), "server", UINT16_MAX);
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static enum dialect dialect_of(const char *text)
{
    if (strcmp(text, "floor") == 0)
        return DIALECT_FLOOR;
    if (strcmp(text, "tutti") == 0)
        return DIALECT_TUTTI;
    errx(EXIT_FAILURE, "no dialect '%s'\n%s", text, usage);
}

static const char *kind_of(const char *text)
{
    if (strlen(text) == 0 || strlen(text) > SPEAKER_KIND_MAX)
        errx(EXIT_FAILURE, "--kind wants 1 to %u bytes, not '%s'", SPEAKER_KIND_MAX, text);
    return text;
}

static const struct option option_table[] = {
    {"server", required_argument, NULL, 's'}, {"dialect", required_argument, NULL, 'd'},
    {"kind", required_argument, NULL, 'k'},   {"clients", required_argument, NULL, 'c'},
    {"rooms", required_argument, NULL, 'r'},  {"movers", required_argument, NULL, 'm'},
    {"rate", required_argument, NULL, 'f'},   {"window", required_argument, NULL, 'w'},
    {"join", required_argument, NULL, 'j'},   {"batch", required_argument, NULL, 'b'},
    {"idle", no_argument, NULL, 'i'},         {"pid", required_argument, NULL, 'p'},
    {"help", no_argument, NULL, 'h'},         {0}};

static void option_set(struct options *options, int option, const char *value)
{
    switch (option) {
    case 's':
        options->server = server_of(value);
        break;
    case 'd':
        options->dialect = dialect_of(value);
        break;
    case 'k':
        options->kind = kind_of(value);
        break;
    case 'c':
        options->clients = count_of(value, "clients", CLIENTS_MAX);
        break;
    case 'r':
        options->rooms = count_of(value, "rooms", CLIENTS_MAX);
        break;
    case 'm':
        options->movers = count_of(value, "movers", CLIENTS_MAX);
        break;
    case 'f':
        options->rate = number_of(value, "rate", 0.01, 1000);
        break;
    case 'w':
        options->window_s = number_of(value, "window", 0.1, 600);
        break;
    case 'j':
        options->join_s = number_of(value, "join", 1, 600);
        break;
    case 'b':
        options->batch = count_of(value, "batch", 4096);
        break;
    case 'i':
        options->idle = true;
        break;
    case 'p':
        options->pid = (pid_t)count_of(value, "pid", INT32_MAX);
        break;
    case 'h':
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        fputs(usage, stderr);
        exit(EXIT_FAILURE);
    }
}

static struct options options_read(int argc, char **argv)
{
    struct options options = {.kind = "cursors",
                              .clients = 50,
                              .rooms = 1,
                              .rate = 20,
                              .window_s = 3,
                              .join_s = 60,
                              .batch = 64};
    int option;
    while ((option = getopt_long(argc, argv, "", option_table, NULL)) != -1)
        option_set(&options, option, optarg);

    if (optind < argc)
        errx(EXIT_FAILURE, "what is '%s'?\n%s", argv[optind], usage);
    if (options.server.sin_port == 0)
        errx(EXIT_FAILURE, "--server is missing\n%s", usage);
    if (options.clients % options.rooms != 0)
        errx(EXIT_FAILURE, "%u clients do not fill %u rooms evenly", options.clients,
             options.rooms);
    if (options.idle && options.pid == 0)
        errx(EXIT_FAILURE, "--idle wants --pid, whose memory is measured");
    return options;
}

static void files_allow(uint32_t clients)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < clients + 64)
        errx(EXIT_FAILURE, "%u clients want more than %ju open files", clients,
             (uintmax_t)files.rlim_cur);
}

static void load_open(struct load *load)
{
    const struct options *options = &load->options;
    files_allow(options->clients);
    uint32_t movers_all = options->movers * options->rooms;
    load->movers = movers_all == 0 || movers_all > options->clients ? options->clients : movers_all;
    load->clients = calloc(options->clients, sizeof *load->clients);
    load->swarm = (struct swarm){.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                                 .server = options->server,
                                 .dialect = options->dialect,
                                 .kind = options->kind,
                                 .rooms = options->rooms};
    if (load->clients == NULL || load->swarm.epoll_fd < 0)
        err(EXIT_FAILURE, "%u clients", options->clients);
    if (getrandom(&load->swarm.random, sizeof load->swarm.random, 0) < 0 || load->swarm.random == 0)
        load->swarm.random = now_ns();
}

int main(int argc, char **argv)
{
    static struct load load;
    load.options = options_read(argc, argv);
    load_open(&load);
    if (load.options.idle)
        measure_idle(&load);
    else
        measure_window(&load);

    for (uint32_t i = 0; i < load.opened; i++)
        client_close(&load.swarm, &load.clients[i]);
    free(load.clients);
    return load.swarm.lost == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
