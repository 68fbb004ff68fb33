/* load.c - `tutti load`: rooms full of members that move like hands do, write or race, and what it costs. */
#include "tools/load.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sync/race_parts.h"
#include "tools/commands.h"

#define MEMBERS_MAX 60000u
#define JOIN_BATCH  64u /* connections on their way in at once */

#define JOIN_TIMEOUT_US   (120 * SECOND_US)
#define WARM_UP_US        SECOND_US
#define SETTLE_TIMEOUT_US (30 * SECOND_US)
#define START_TIMEOUT_US  (60 * SECOND_US) /* of races, the countdown's 4 s among them */
#define CLOCK_PERIOD_S    5.0
#define MOVES_HZ          20
#define PROGRESS_US       (2 * SECOND_US)

/* The window goes on for so long after the stalled member reads again. */
#define STALL_TRAIL_S 3.0

static const char usage[] =
    "usage: tutti load [--url ws://ADDRESS:PORT] [--rooms R] [--clients N] [--rate HZ]\n"
    "                  [--writes HZ] [--seconds S] [--kind KIND] [--bots B] [--observers K]\n"
    "                  [--idle] [--stall SECONDS [--stall-buffer BYTES]] [--show-frame] [--json]\n"
    "\n"
    "Fills R rooms with N members each, lets all of them move like hands on mice, or race in a\n"
    "race, and tells what they got, how late, and what it cost the server.\n"
    "\n"
    "  --url URL        the server, by its IPv4 address (default ws://127.0.0.1:7777)\n"
    "  --rooms R        rooms (default 1)\n"
    "  --clients N      members of each room (default 50)\n"
    "  --rate HZ        moves per second of each member (default 20); in races messages with\n"
    "                   its inputs, of which there is one a tick (default 60)\n"
    "  --writes HZ      operations per second of each member, who then all observe (default 0)\n"
    "  --seconds S      how long to measure (default 10)\n"
    "  --kind KIND      the rooms' kind (default cursors; open where members write). In a race\n"
    "                   16 members drive, the others look on, and all observe\n"
    "  --bots B         drivers that are no members, in the free places of each race (default 0)\n"
    "  --observers K    members of each room that decode everything and check it (default 2)\n"
    "  --idle           nobody moves; asks for the clock now and then\n"
    "  --stall SECONDS  one more member stops reading for so long and then catches up\n"
    "  --stall-buffer BYTES\n"
    "                   its SO_RCVBUF: the smaller, the sooner the server notices (default: the\n"
    "                   system's, which takes minutes of cursors)\n"
    "  --show-frame     prints one frame byte by byte\n"
    "  --json           the report as one JSON object\n";

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* --- Options --------------------------------------------------------------------------------------- */

/* ws://A.B.C.D:PORT: plain sockets, so no names and no TLS. */
static bool take_url(struct load_options *options, const char *url)
{
    char address[32];
    unsigned port;
    int used = 0;
    if (sscanf(url, "ws://%31[0-9.]:%u%n", address, &port, &used) != 2 || port > UINT16_MAX ||
        (url[used] != 0 && strcmp(url + used, "/") != 0))
        return false;
    options->server.sin_family = AF_INET;
    options->server.sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, address, &options->server.sin_addr) == 1;
}

static bool take_number(const char *text, double least, double most, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == 0 && *number >= least && *number <= most;
}

static bool take_option(struct load_options *options, int option, const char *argument)
{
    double number = 0;
    bool good = true;
    switch (option) {
    case 'u':
        return take_url(options, argument);
    case 'r':
        good = take_number(argument, 1, MEMBERS_MAX, &number);
        options->rooms = (uint32_t)number;
        return good;
    case 'c':
        good = take_number(argument, 1, MEMBERS_MAX, &number);
        options->clients = (uint32_t)number;
        return good;
    case 'o':
        good = take_number(argument, 1, MEMBERS_MAX, &number);
        options->observers = (uint32_t)number;
        return good;
    case 'z':
        return take_number(argument, 0.1, 1000, &options->rate);
    case 'w':
        return take_number(argument, 0, 1000, &options->writes);
    case 's':
        return take_number(argument, 0.1, 3600, &options->seconds);
    case 't':
        return take_number(argument, 0.1, 600, &options->stall_s);
    case 'b':
        good = take_number(argument, 1, 1 << 24, &number);
        options->stall_buffer = (int)number;
        return good;
    case 'k':
        options->kind = argument;
        return strlen(argument) <= NAME_BYTES_MAX;
    case 'a':
        good = take_number(argument, 0, BOTS_MAX, &number);
        options->bots = (uint32_t)number;
        return good;
    case 'i':
        options->idle = true;
        return true;
    case 'f':
        options->show_frame = true;
        return true;
    case 'j':
        options->json = true;
        return true;
    }
    return false;
}

static bool take_options(struct load_options *options, int count, char **arguments)
{
    static const struct option names[] = {
        {"url", required_argument, NULL, 'u'},
        {"rooms", required_argument, NULL, 'r'},
        {"clients", required_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'z'},
        {"writes", required_argument, NULL, 'w'},
        {"seconds", required_argument, NULL, 's'},
        {"kind", required_argument, NULL, 'k'},
        {"bots", required_argument, NULL, 'a'},
        {"observers", required_argument, NULL, 'o'},
        {"stall", required_argument, NULL, 't'},
        {"stall-buffer", required_argument, NULL, 'b'},
        {"idle", no_argument, NULL, 'i'},
        {"show-frame", no_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        if (option == 'h') {
            fputs(usage, stdout);
            exit(0);
        }
        if (option == '?')
            return false;
        if (!take_option(options, option, optarg)) {
            fprintf(stderr, "tutti load: \"%s\" is no good value\n", optarg);
            return false;
        }
    }
    if (optind != count)
        return false;
    if (options->kind == NULL)
        options->kind = options->writes > 0 ? "open" : "cursors";
    bool races = load_races(options);
    if (races && (options->writes > 0 || options->stall_s > 0)) {
        fputs("tutti load: in a race nobody writes or stalls\n", stderr);
        return false;
    }
    if (options->observers > options->clients || options->writes > 0 || races)
        options->observers = options->clients;
    if (options->rate == 0)
        options->rate = races ? RACE_TICK_HZ : MOVES_HZ;
    double least = options->stall_s + STALL_TRAIL_S;
    if (options->stall_s > 0 && options->seconds < least)
        options->seconds = least;
    return (uint64_t)options->rooms * options->clients < MEMBERS_MAX;
}

/* --- Turns: each member's comes round evenly -------------------------------------------------------- */

struct turns {
    uint64_t start_us, taken;
    double per_second; /* of all members together */
};

static uint64_t turn_due_us(const struct turns *turns)
{
    return turns->start_us + (uint64_t)((double)turns->taken / turns->per_second * 1e6);
}

static void begin_turns(struct turns *turns, double per_second, uint64_t now_us)
{
    *turns = (struct turns){.start_us = now_us, .per_second = per_second};
}

/* A run that is behind leaves turns out after a quarter of a second, and counts them. */
static uint64_t skip_late_turns(struct turns *turns, uint64_t now_us)
{
    uint64_t late = 0;
    while (turns->per_second > 0 && turn_due_us(turns) + SECOND_US / 4 < now_us) {
        turns->taken++;
        late++;
    }
    return late;
}

/* --- A run ------------------------------------------------------------------------------------------- */

struct run {
    struct load load;
    struct report report;
    struct turns moves, writes, clocks;
    uint32_t opened;
    uint64_t progress_us;
};

static void
say_progress(struct run *run, uint64_t now_us, const char *what, double value, double of)
{
    if (now_us < run->progress_us || isatty(STDERR_FILENO) == 0)
        return;
    fprintf(stderr, "  %s %.0f of %.0f\n", what, value, of);
    run->progress_us = now_us + PROGRESS_US;
}

static bool prepare(struct run *run)
{
    struct load *load = &run->load;
    const struct load_options *options = &load->options;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    load->count = options->rooms * options->clients + (options->stall_s > 0 ? 1 : 0);
    if (files.rlim_cur < load->count + 64) {
        fprintf(stderr, "tutti load: %u connections need more open files than the limit of %llu\n",
                load->count, (unsigned long long)files.rlim_cur);
        return false;
    }
    load->rooms = calloc(options->rooms, sizeof *load->rooms);
    load->members = calloc(load->count, sizeof *load->members);
    load->scratch = malloc(MESSAGE_BYTES_MAX);
    load->links = (struct links){.server = options->server, .events = &load_link_events};
    if (load->rooms == NULL || load->members == NULL || load->scratch == NULL ||
        !links_open(&load->links)) {
        fputs("tutti load: no memory\n", stderr);
        return false;
    }
    uint32_t run_number = 0; /* rooms of one run are its own */
    (void)!getrandom(&run_number, sizeof run_number, 0);
    for (uint32_t i = 0; i < options->rooms; i++)
        snprintf(load->rooms[i].name, sizeof load->rooms[i].name, "load-%08x-%u", run_number, i);
    return true;
}

static void take_totals(struct run *run, struct totals *totals)
{
    const struct load *load = &run->load;
    *totals = (struct totals){0};
    for (uint32_t i = 0; i < load->count; i++) {
        const struct member *member = &load->members[i];
        totals->traffic.messages_in += member->link.traffic.messages_in;
        totals->traffic.payload_in += member->link.traffic.payload_in;
        totals->traffic.wire_in += member->link.traffic.wire_in;
        totals->traffic.messages_out += member->link.traffic.messages_out;
        totals->traffic.payload_out += member->link.traffic.payload_out;
        totals->traffic.wire_out += member->link.traffic.wire_out;
        totals->frames += member->frames;
        totals->frame_bytes += member->frame_bytes;
        if (member->observer != NULL && member != load->stall.member)
            totals->observer_frame_bytes += member->frame_bytes;
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    totals->tool_cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    totals->server_told = metrics_read(&totals->server, load->options.server);
}

/* The next whose turn it is; NULL while that is nobody's. */
static struct member *take_turn(struct run *run, struct turns *turns, uint64_t now_us)
{
    if (turns->per_second == 0 || turn_due_us(turns) > now_us)
        return NULL;
    return &run->load.members[turns->taken++ % run->load.count];
}

static uint64_t earlier_turn_us(const struct turns *turns, uint64_t due_us)
{
    if (turns->per_second == 0 || turn_due_us(turns) >= due_us)
        return due_us;
    return turn_due_us(turns);
}

static void move_or_race(struct load *load, struct member *member, uint64_t now_us)
{
    if (load_races(&load->options))
        member_race(member, now_us);
    else
        member_move(member, 1 / load->options.rate, now_us);
}

/* Everyone whose turn has come moves and writes, or asks for the clock; then the sockets have
 * theirs. */
static void take_turns(struct run *run, bool active)
{
    uint64_t now_us = tutti_now_us();
    uint64_t late = skip_late_turns(&run->moves, now_us) + skip_late_turns(&run->writes, now_us);
    (void)skip_late_turns(&run->clocks, now_us);
    if (active)
        run->report.turns_late += late;
    for (struct member *member; active && (member = take_turn(run, &run->moves, now_us)) != NULL;)
        move_or_race(&run->load, member, now_us);
    for (struct member *member; active && (member = take_turn(run, &run->writes, now_us)) != NULL;)
        member_write(member, now_us);
    for (struct member *member; (member = take_turn(run, &run->clocks, now_us)) != NULL;)
        member_ask_clock(member, now_us);
    uint64_t due = turn_due_us(&run->clocks);
    if (active)
        due = earlier_turn_us(&run->moves, earlier_turn_us(&run->writes, due));
    now_us = tutti_now_us();
    uint64_t wait_ms = due > now_us ? (due - now_us + 999) / 1000 : 0; /* late by up to 1 ms */
    links_turn(&run->load.links, wait_ms > 100 ? 100 : (int)wait_ms);
}

/* Observers first: they tell how walkers are to say where they are. */
static bool may_open(const struct run *run)
{
    const struct load *load = &run->load;
    uint32_t observers = load->options.rooms * load->options.observers;
    if (run->opened == load->count || run->opened - load->joined - load->lost >= JOIN_BATCH)
        return false;
    return run->opened < observers || load->joined + load->lost >= observers;
}

static bool join(struct run *run)
{
    struct load *load = &run->load;
    uint64_t start_us = tutti_now_us();
    begin_turns(&run->clocks, load->count / CLOCK_PERIOD_S, start_us);
    while (load->joined < load->count && load->lost == 0 && !interrupted) {
        uint64_t now_us = tutti_now_us();
        while (may_open(run))
            if (!member_open(load, run->opened++)) {
                fputs("tutti load: no memory\n", stderr);
                return false;
            }
        take_turns(run, false);
        say_progress(run, now_us, "joined", load->joined, load->count);
        if (now_us - start_us > JOIN_TIMEOUT_US)
            break;
    }
    run->report.join_s = (double)(tutti_now_us() - start_us) / 1e6;
    if (load->joined == load->count)
        return true;
    fprintf(stderr, "tutti load: %u of %u joined in %.1f s", load->joined, load->count,
            run->report.join_s);
    fprintf(stderr, load->lost > 0 ? "; the first loss: %s\n" : "%s\n", load->first_loss);
    return false;
}

static void begin_activity(struct run *run)
{
    const struct load_options *options = &run->load.options;
    uint64_t now_us = tutti_now_us();
    begin_turns(&run->moves, options->idle ? 0 : run->load.count * options->rate, now_us);
    begin_turns(&run->writes, run->load.count * options->writes, now_us);
}

/* Until every room's race is under way; true where members do not race. */
static bool start_races(struct run *run)
{
    struct load *load = &run->load;
    uint64_t end_us = tutti_now_us() + START_TIMEOUT_US;
    if (!load_races(&load->options))
        return true;
    while (load_racing(load) < load->options.rooms && load->lost == 0 && !interrupted &&
           tutti_now_us() < end_us)
        take_turns(run, true);
    if (load_racing(load) == load->options.rooms)
        return true;
    fprintf(stderr, "tutti load: %u of %u races have begun\n", load_racing(load),
            load->options.rooms);
    return false;
}

static void warm_up(struct run *run)
{
    uint64_t end_us = tutti_now_us() + WARM_UP_US;
    while (tutti_now_us() < end_us && !interrupted)
        take_turns(run, true);
    run->report.turns_late = 0;
}

/* --- The member that stalls ---------------------------------------------------------------------------- */

static void begin_stall(struct run *run)
{
    struct stall *stall = &run->load.stall;
    if (stall->member != NULL && stall->member->link.state == LINK_OPEN)
        link_pause(&run->load.links, &stall->member->link);
}

/* The others, of whom member 0 is one, stand at the tick that it has to reach. */
static void end_stall(struct run *run)
{
    struct load *load = &run->load;
    struct stall *stall = &load->stall;
    (void)metrics_read(&stall->during, load->options.server);
    stall->resumed = true;
    stall->resumed_us = tutti_now_us();
    stall->tick_wanted = tutti_tick(load->members[0].observer->client);
    stall->messages_before = stall->member->frames;
    stall->bytes_before = stall->member->frame_bytes;
    if (stall->member->link.state == LINK_OPEN)
        link_resume(&load->links, &stall->member->link);
}

static void measure(struct run *run)
{
    struct load *load = &run->load;
    uint64_t start_us = tutti_now_us(), now_us = start_us;
    uint64_t end_us = start_us + (uint64_t)(load->options.seconds * 1e6);
    uint64_t stall_end_us = start_us + (uint64_t)(load->options.stall_s * 1e6);
    load->measuring = true;
    begin_stall(run);
    while (now_us < end_us && !interrupted) {
        take_turns(run, true);
        now_us = tutti_now_us();
        if (load->stall.member != NULL && !load->stall.resumed && now_us >= stall_end_us)
            end_stall(run);
        say_progress(run, now_us, "seconds measured", (double)(now_us - start_us) / 1e6,
                     load->options.seconds);
    }
    load->measuring = false;
    run->report.window_s = (double)(now_us - start_us) / 1e6;
}

static uint64_t count_lost(const struct load *load)
{
    uint64_t lost = 0;
    for (uint32_t i = 0; i < load->count; i++)
        if (load->members[i].observer != NULL && !load->members[i].lost)
            lost += observer_lost(&load->members[i]);
    return lost;
}

/* Nobody moves any more: in the end everyone is seen where they said they are, and all is saved. */
static void settle(struct run *run)
{
    struct load *load = &run->load;
    uint64_t end_us = tutti_now_us() + SETTLE_TIMEOUT_US;
    uint64_t look_us = 0;
    while (!run->report.settled && tutti_now_us() < end_us && !interrupted) {
        take_turns(run, false);
        for (uint32_t i = 0; i < load->options.rooms * load->options.observers; i++)
            member_pump(&load->members[i], tutti_now_us());
        if (tutti_now_us() < look_us)
            continue;
        bool moves = !load->options.idle && !load_races(&load->options);
        run->report.lost_updates = moves ? count_lost(load) : 0;
        run->report.unsaved = load_unsaved(load);
        run->report.settled = run->report.lost_updates == 0 && run->report.unsaved == 0;
        look_us = tutti_now_us() + SECOND_US / 10;
    }
}

static bool run_load(struct run *run)
{
    struct load *load = &run->load;
    if (!prepare(run))
        return false;
    (void)metrics_read(&run->report.empty, load->options.server);
    if (!join(run))
        return false;
    begin_activity(run);
    if (!start_races(run))
        return false;
    warm_up(run);
    take_totals(run, &run->report.before);
    measure(run);
    run->report.racing = load_races(&load->options) ? load_racing(load) : 0;
    take_totals(run, &run->report.after);
    settle(run);
    if (interrupted) {
        fputs("tutti load: interrupted\n", stderr);
        return false;
    }
    if (load->options.json)
        load_report_json(load, &run->report, stdout);
    else
        load_report(load, &run->report, stdout);
    bool raced = !load_races(&load->options) ||
                 (run->report.racing == load->options.rooms && load_astray(load) == 0);
    return run->report.settled && raced && load->lost == 0 && load->outcomes.refused == 0;
}

int command_load(int count, char **arguments)
{
    static struct run run;
    run.load.options =
        (struct load_options){.rooms = 1, .clients = 50, .observers = 2, .seconds = 10};
    if (!take_url(&run.load.options, "ws://127.0.0.1:7777") ||
        !take_options(&run.load.options, count, arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    bool good = run_load(&run);
    struct load *load = &run.load;
    for (uint32_t i = 0; load->members != NULL && i < load->count; i++)
        member_close(&load->members[i]);
    if (load->links.input != NULL)
        links_close(&load->links);
    free(load->members);
    free(load->rooms);
    free(load->scratch);
    free(load->shown);
    return good ? 0 : 1;
}
