/* watch.c - `tutti watch ROOM`: a live room as JSON lines, until Ctrl-C. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/c/tutti.h"
#include "tools/commands.h"
#include "tools/json.h"

/* How long saying goodbye may take. */
#define LEAVE_MS 500u

static const char usage[] =
    "usage: tutti watch ROOM [--url URL] [--kind KIND] [--name NAME]\n"
    "\n"
    "Joins the room and prints a line of JSON for all that happens: state, added, changed and\n"
    "removed records with their values, events. Reconnects by itself; Ctrl-C ends it.\n"
    "\n"
    "  --url URL    the server (default ws://127.0.0.1:7777)\n"
    "  --kind KIND  the room's kind, where the room is not there yet (default: its own, or open)\n"
    "  --name NAME  what the others see this watcher as (default: nothing)\n";

/* The signal handler has nothing but this. */
static struct tutti_loop *signalled_loop;

static void on_signal(int number)
{
    (void)number;
    tutti_loop_stop(signalled_loop);
}

static void print_id(const struct tutti_record *record)
{
    size_t length;
    const char *collection = tutti_record_collection(record);
    fputs(",\"collection\":", stdout);
    json_text(stdout, collection, strlen(collection));
    if (tutti_record_member(record) != 0) {
        printf(",\"member\":%" PRIu32, tutti_record_member(record));
        return;
    }
    const char *id = tutti_record_id(record, &length);
    fputs(",\"id\":", stdout);
    json_text(stdout, id, length);
}

/* The fields of the mask that a record has; those that a change has unset show as null. */
static void print_values(const struct tutti_record *record, uint32_t mask, bool with_unset)
{
    bool first = true;
    fputs(",\"values\":{", stdout);
    for (uint32_t i = 0; i < tutti_field_count(record); i++) {
        const char *name = tutti_field_name(record, i);
        struct tutti_value value = tutti_get_at(record, i);
        if ((mask >> i & 1) == 0 || name == NULL || (value.type == TUTTI_NIL && !with_unset))
            continue;
        fputs(first ? "" : ",", stdout);
        first = false;
        json_text(stdout, name, strlen(name));
        putchar(':');
        json_value(stdout, value);
    }
    fputs("}", stdout);
}

static void print_start(const struct tutti_client *client, const char *type)
{
    printf("{\"type\":\"%s\",\"tick\":%" PRIu64, type, tutti_tick(client));
}

static void print_end(void)
{
    puts("}");
}

static void on_added(void *context, struct tutti_client *client, const struct tutti_record *record)
{
    (void)context;
    print_start(client, "added");
    print_id(record);
    print_values(record, UINT32_MAX, false);
    print_end();
}

static void on_changed(void *context,
                       struct tutti_client *client,
                       const struct tutti_record *record,
                       uint32_t fields)
{
    (void)context;
    print_start(client, "changed");
    print_id(record);
    print_values(record, fields, true);
    print_end();
}

static void
on_removed(void *context, struct tutti_client *client, const struct tutti_record *record)
{
    (void)context;
    print_start(client, "removed");
    print_id(record);
    print_values(record, UINT32_MAX, false);
    print_end();
}

static void on_event(void *context,
                     struct tutti_client *client,
                     const char *name,
                     uint32_t from,
                     struct tutti_value value,
                     bool history)
{
    (void)context;
    print_start(client, "event");
    fputs(",\"event\":", stdout);
    json_text(stdout, name, strlen(name));
    printf(",\"from\":%" PRIu32 ",\"history\":%s,\"value\":", from, history ? "true" : "false");
    json_value(stdout, value);
    print_end();
}

static void on_state(void *context, struct tutti_client *client, enum tutti_state state)
{
    static const char *const names[] = {"waiting", "connecting", "loading", "live", "ended"};
    struct tutti_loop *loop = context;
    int code;
    const char *reason = tutti_state_reason(client, &code);
    print_start(client, "state");
    printf(",\"state\":\"%s\"", names[state]);
    if (state == TUTTI_LIVE) {
        printf(",\"member\":%" PRIu32 ",\"kind\":", tutti_member(client));
        json_text(stdout, tutti_kind(client), strlen(tutti_kind(client)));
    }
    if (reason[0] != 0) {
        printf(",\"code\":%d,\"reason\":", code);
        json_text(stdout, reason, strlen(reason));
    }
    print_end();
    if (state == TUTTI_ENDED)
        tutti_loop_stop(loop);
}

struct options {
    const char *url, *room, *kind, *name;
};

static bool take_options(struct options *options, int count, char **arguments)
{
    static const struct option names[] = {
        {"url", required_argument, NULL, 'u'},
        {"kind", required_argument, NULL, 'k'},
        {"name", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        switch (option) {
        case 'u':
            options->url = optarg;
            break;
        case 'k':
            options->kind = optarg;
            break;
        case 'n':
            options->name = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            return false;
        }
    }
    if (optind != count - 1)
        return false;
    options->room = arguments[optind];
    return true;
}

static void stop_loop(void *context)
{
    tutti_loop_stop(context);
}

/* Ends when the room ends it or a signal does. */
static int watch(struct tutti_loop *loop, const struct options *options)
{
    struct tutti_handlers handlers = {
        .context = loop,
        .state_changed = on_state,
        .record_added = on_added,
        .record_changed = on_changed,
        .record_removed = on_removed,
        .event = on_event,
    };
    struct tutti_options client_options = {.kind = options->kind};
    if (options->name != NULL)
        client_options.user = tutti_text(options->name);
    struct tutti_client *client =
        tutti_join(loop, options->url, options->room, &client_options, &handlers);
    if (client == NULL) {
        fprintf(stderr, "tutti watch: cannot join room \"%s\" at %s: not a room's name or URL\n",
                options->room, options->url);
        return 2;
    }
    tutti_loop_run(loop);
    int code = 0;
    bool ended_by_server = tutti_state(client) == TUTTI_ENDED;
    if (ended_by_server) {
        fprintf(stderr, "tutti watch: %s", tutti_state_reason(client, &code));
        fprintf(stderr, " (%d)\n", code);
    } else {
        tutti_leave(client);
        if (tutti_loop_every(loop, LEAVE_MS, stop_loop, loop) == TUTTI_OK &&
            tutti_state(client) != TUTTI_ENDED)
            tutti_loop_run(loop);
    }
    tutti_destroy(client);
    return ended_by_server ? 1 : 0;
}

int command_watch(int count, char **arguments)
{
    struct options options = {.url = "ws://127.0.0.1:7777"};
    if (!take_options(&options, count, arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct tutti_loop *loop = tutti_loop_create(NULL);
    if (loop == NULL) {
        fputs("tutti watch: cannot start a loop\n", stderr);
        return 1;
    }
    signalled_loop = loop;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    int result = watch(loop, &options);
    tutti_loop_destroy(loop);
    return result;
}
