/* store_sessions.c - `tutti sessions`: what was recorded, from waking to sleeping. */
#include "tools/commands.h"
#include "tools/store_command.h"
#include "tools/store_history.h"
#include "tools/store_text.h"
#include "tools/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: tutti sessions [ROOM] [--table] [--data DIR]\n"
    "\n"
    "Prints a line of JSON for each session of the room, or of all rooms: a stretch of its "
    "recording,\n"
    "from waking to sleeping, with its title and whether it is pinned. The first and the last of "
    "its\n"
    "ticks are moments for `tutti show ROOM@TICK.INCARNATION`. What a server has not sealed yet, "
    "the\n"
    "last ten seconds, is not told of.\n"
    "\n" STORE_TABLE_USAGE STORE_DATA_USAGE;

/* One session, its texts behind it. */
struct listed {
    struct store_session session;
    uint8_t texts[];
};

struct listing {
    const struct store_folder *folder;
    struct listed **all;
    size_t count, capacity;
    bool lacks_memory;
};

static struct bytes keep(uint8_t **at, struct bytes text)
{
    struct bytes kept = {*at, text.length};
    if (text.length > 0)
        memcpy(*at, text.data, text.length);
    *at += text.length;
    return kept;
}

static bool take(void *context, const struct store_session *session)
{
    struct listing *listing = context;
    size_t texts = session->room.length + session->kind.length + session->title.length;
    if (store_folder_deletes(listing->folder, session->room))
        return true;
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity > 0 ? 2 * listing->capacity : 64;
        struct listed **all = realloc(listing->all, capacity * sizeof *all);
        listing->lacks_memory = all == NULL;
        if (all == NULL)
            return false;
        listing->all = all;
        listing->capacity = capacity;
    }
    struct listed *listed = malloc(sizeof *listed + texts);
    listing->lacks_memory = listed == NULL;
    if (listed == NULL)
        return false;
    uint8_t *at = listed->texts;
    listed->session = *session;
    listed->session.room = keep(&at, session->room);
    listed->session.kind = keep(&at, session->kind);
    listed->session.title = keep(&at, session->title);
    listing->all[listing->count++] = listed;
    return true;
}

/* By room, then as they were. */
static int compare(const void *one, const void *other)
{
    const struct store_session *a = &(*(struct listed *const *)one)->session;
    const struct store_session *b = &(*(struct listed *const *)other)->session;
    int order = bytes_order(a->room, b->room);
    return order != 0 ? order : (a->first > b->first) - (a->first < b->first);
}

static void print_line(const struct store_session *session)
{
    printf("{\"session\":\"%016" PRIx64 "\",\"room\":", session->id);
    print_text(session->room);
    fputs(",\"kind\":", stdout);
    print_text(session->kind);
    printf(",\"incarnation\":%" PRIu64 ",\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"began\":",
           session->incarnation, session->first, session->last);
    print_time(session->began_ms);
    fputs(",\"ended\":", stdout);
    print_time(session->ended_ms);
    fputs(",\"title\":", stdout);
    print_text(session->title);
    printf(",\"pinned\":%s,\"stored_bytes\":%" PRIu64 "}\n", session->pinned ? "true" : "false",
           session->bytes);
}

static void write_bytes(FILE *out, struct bytes text)
{
    table_write_plain(out, (const char *)text.data, text.length, TABLE_CELL_MAX);
}

static void add_row(struct table *table, const struct store_session *session)
{
    uint64_t seconds = (session->ended_ms - session->began_ms) / 1000;
    fprintf(table_cell(table), "%016" PRIx64, session->id);
    write_bytes(table_cell(table), session->room);
    write_bytes(table_cell(table), session->kind);
    write_time(table_cell(table), session->began_ms);
    fprintf(table_cell(table), "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600,
            seconds / 60 % 60, seconds % 60);
    fprintf(table_cell(table), "%" PRIu64 "..%" PRIu64 ".%" PRIu64, session->first, session->last,
            session->incarnation);
    fprintf(table_cell(table), "%.1f", (double)session->bytes / 1024);
    fputs(session->pinned ? "pinned" : "", table_cell(table));
    write_bytes(table_cell(table), session->title);
}

static void print_all(const struct listing *listing, bool as_table)
{
    static const char *const heads[] = {"session", "room", "kind", "began", "lasted",
                                        "ticks",   "KiB",  "",     "title"};
    struct table *table = as_table ? table_create(heads, sizeof heads / sizeof heads[0]) : NULL;
    for (size_t i = 0; i < listing->count; i++) {
        if (as_table)
            add_row(table, &listing->all[i]->session);
        else
            print_line(&listing->all[i]->session);
    }
    table_print(table, stdout);
    table_free(table);
}

static int list(struct store_folder *folder, const struct store_options *options)
{
    struct listing listing = {.folder = folder};
    struct store *store = folder->store;
    struct bytes room = bytes_of(options->argument != NULL ? options->argument : "");
    int result = 0;
    struct store_history history;
    if (options->argument != NULL && !history_find(&history, folder, options->argument))
        return complain("sessions", history.error);
    enum store_result listed = store->sessions->list(store, room, take, &listing);
    if (listing.lacks_memory)
        result = complain("sessions", "no memory");
    else if (listed != STORE_OK)
        result = complain("sessions", store->place(store));
    if (result == 0 && listing.count > 1)
        qsort(listing.all, listing.count, sizeof *listing.all, compare);
    if (result == 0)
        print_all(&listing, options->table);
    for (size_t i = 0; i < listing.count; i++)
        free(listing.all[i]);
    free(listing.all);
    return result;
}

int command_sessions(int count, char **arguments)
{
    static const struct store_command command = {"sessions", usage,
                                                 STORE_MAY_TAKE_ARGUMENT | STORE_TAKES_TABLE, list};
    return store_command_run(&command, count, arguments);
}
