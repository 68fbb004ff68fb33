/* store_log.c - `tutti log ROOM`: who did what in a room, and when. */
#include "sync/room_parts.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/store_command.h"
#include "tools/store_edits.h"
#include "tools/store_history.h"
#include "tools/store_seats.h"
#include "tools/store_text.h"
#include "tools/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: tutti log ROOM [--from N] [--to N] [--since TIME] [--until TIME] [--member WHO]\n"
    "                 [--collection NAME] [--table] [--data DIR] [--kinds DIR]\n"
    "\n"
    "Prints what is saved of a room's past as lines of JSON, one for each act: when, who, what, "
    "and\n"
    "what became of it.\n"
    "\n"
    "  --from N     the first tick (default: as far back as the log goes)\n"
    "  --to N       the last tick\n"
    "  --since TIME, --until TIME  the same by time, as 2026-01-31T12:00 (UTC)\n"
    "  --member WHO  acts of one member alone, by its number or by what it is called\n"
    "  --collection NAME  changes of one collection's records alone\n" STORE_TABLE_USAGE
        STORE_DATA_USAGE STORE_KINDS_USAGE;

struct telling {
    const struct store_options *options;
    struct replay replay; /* knows the names that operations have by number */
    struct seats_told seats;
    struct progress progress;
    uint64_t last;
};

static void print_who(const struct sitting *seat)
{
    if (seat == NULL)
        return;
    printf(",\"member\":%" PRIu32, seat->member);
    if (seat->user_length > 0) {
        fputs(",\"user\":", stdout);
        json_packed(stdout, (struct bytes){seat->user, seat->user_length});
    }
}

/* --- What --------------------------------------------------------------------------------------- */

static void print_result(const struct log_result *result)
{
    fputs(",\"board\":", stdout);
    print_text(result->board);
    fputs(",\"name\":", stdout);
    print_text(result->name);
    printf(",\"score\":%" PRId64, result->score);
    if (result->details.length > 0) {
        fputs(",\"details\":", stdout);
        json_packed(stdout, result->details);
    }
}

/* Fields of presence, by name where the room is known. */
static void print_told(const struct log_act *act, const struct schema *schema)
{
    struct reader told = reader_on(act->pairs);
    fputs(",\"presence\":{", stdout);
    for (uint32_t i = 0; i < act->pair_count; i++) {
        int64_t field = read_integer(&told);
        const struct collection *presence = schema != NULL ? &schema->collections[0] : NULL;
        fputs(i > 0 ? "," : "", stdout);
        if (presence != NULL && field >= 0 && field < presence->field_count)
            print_text(presence->fields[field].name);
        else
            printf("\"%" PRId64 "\"", field);
        putchar(':');
        json_packed(stdout, read_value(&told));
    }
    putchar('}');
}

static void print_act(const struct telling *telling, const struct log_act *act)
{
    const struct schema *schema =
        telling->replay.room != NULL ? &telling->replay.room->state.schema : NULL;
    switch (act->act) {
    case ACT_OPENED:
        fputs(",\"kind\":", stdout);
        print_text(act->text);
        printf(",\"incarnation\":%" PRIu64, act->origin.incarnation);
        break;
    case ACT_WOKEN:
    case ACT_RESUMED:
        printf(",\"incarnation\":%" PRIu64, act->origin.incarnation);
        break;
    case ACT_JOINED:
    case ACT_ROLE:
    case ACT_HERE:
        printf(",\"role\":\"%s\"", role_name(act->role));
        break;
    case ACT_OPERATION:
        printf(",\"status\":\"%s\",\"edits\":", status_text(act->status));
        operation_write(stdout, act->operation, schema);
        break;
    case ACT_EDIT:
        fputs(",\"edits\":", stdout);
        operation_write(stdout, act->operation, schema);
        break;
    case ACT_NAMED:
        fputs(",\"field\":", stdout);
        print_text(act->text);
        break;
    case ACT_TIMER:
        printf(",\"timer\":%" PRIu32 ",\"ticks\":%" PRIu32, act->timer, act->ticks);
        break;
    case ACT_INPUT:
        fputs(",\"input\":", stdout);
        json_packed(stdout, act->input);
        break;
    case ACT_ENDED:
        fputs(",\"reason\":", stdout);
        print_text(act->text);
        break;
    case ACT_RESULT:
        print_result(&act->result);
        break;
    case ACT_HELD:
        printf(",\"held\":%s", act->held ? "true" : "false");
        break;
    case ACT_TOLD:
        print_told(act, schema);
        break;
    case ACT_SLEPT:
    case ACT_LEFT:
    case ACT_AWAY:
    case ACT_RANDOM:
    case ACT_HASH:
    case ACT_MEMORY:
    case ACT_UNRECORDED:
    case ACT_PRESENT:
    case ACT_SHOWN:
    case ACT_GONE:
    case ACT_SAID:
        break;
    }
}

static bool is_seated(enum act act)
{
    return act == ACT_JOINED || act == ACT_LEFT || act == ACT_ROLE || act == ACT_OPERATION ||
           act == ACT_INPUT || act == ACT_HELD || act == ACT_HERE || act == ACT_AWAY ||
           act == ACT_TOLD;
}

static void
print_line(struct telling *telling, const struct log_entry *entry, const struct log_act *act)
{
    fputs("{\"time\":", stdout);
    print_time(entry->wall_ms);
    printf(",\"tick\":%" PRIu64 ",\"act\":\"%s\"", entry->tick, act_name(act->act));
    if (act->act == ACT_RESUMED)
        printf(",\"unrecorded_after\":%" PRIu64, entry->tick - entry->since);
    if (is_seated(act->act))
        print_who(seats_at(&telling->seats, act->seat));
    print_act(telling, act);
    puts("}");
}

/* --- For people ----------------------------------------------------------------------------------- */

/* Of what an edit wrote. */
#define VALUES_SHOWN 60u
#define WHO_WIDTH    18

static void print_name(const struct sitting *seat, bool is_server)
{
    char name[128] = "";
    FILE *out = fmemopen(name, sizeof name, "w");
    if (out != NULL && seat != NULL)
        write_name(out, seat->member, (struct bytes){seat->user, seat->user_length});
    else if (out != NULL && is_server)
        write_name(out, 0, (struct bytes){0});
    if (out != NULL)
        fclose(out);
    table_write_padded(stdout, name, WHO_WIDTH);
}

static void print_edits(const struct log_act *act, const struct schema *schema)
{
    struct edits_told told = edits_of(act->operation, schema);
    struct edit_told edit;
    for (bool first = true; edits_next(&told, &edit); first = false) {
        char *values = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&values, &length);
        if (out == NULL)
            return;
        edit_write_values(out, &edit);
        fclose(out);
        printf(first ? "%s " : "; %s ", edit.verb);
        table_write_plain(stdout, (const char *)edit.target.data, edit.target.length, 32);
        if (edit.edit.verb != VERB_EMIT) {
            putchar('/');
            table_write_plain(stdout, (const char *)edit.edit.id.data, edit.edit.id.length, 32);
        }
        putchar(' ');
        if (edit.edit.verb != VERB_DELETE)
            table_write_plain(stdout, values, length, VALUES_SHOWN);
        free(values);
    }
    if (act->act == ACT_OPERATION && act->status != STATUS_OK)
        printf(" (%s)", status_text(act->status));
}

static void
print_row(struct telling *telling, const struct log_entry *entry, const struct log_act *act)
{
    const struct schema *schema =
        telling->replay.room != NULL ? &telling->replay.room->state.schema : NULL;
    write_time(stdout, entry->wall_ms);
    printf(" %9" PRIu64 "  ", entry->tick);
    print_name(is_seated(act->act) ? seats_at(&telling->seats, act->seat) : NULL,
               act->act == ACT_EDIT);
    if (act->act == ACT_OPERATION || act->act == ACT_EDIT)
        print_edits(act, schema);
    else
        fputs(act_name(act->act), stdout);
    putchar('\n');
}

/* --- Which --------------------------------------------------------------------------------------------- */

static bool changes_collection(const struct telling *telling, const struct log_act *act)
{
    const struct room *room = telling->replay.room;
    struct edits_told told = edits_of(act->operation, room != NULL ? &room->state.schema : NULL);
    struct edit_told edit;
    if (act->act != ACT_OPERATION && act->act != ACT_EDIT)
        return false;
    while (edits_next(&told, &edit))
        if (edit.edit.verb != VERB_EMIT &&
            bytes_equal(edit.target, bytes_of(telling->options->collection)))
            return true;
    return false;
}

static bool is_by_member(const struct telling *telling, const struct log_act *act)
{
    const struct sitting *seat = is_seated(act->act) ? seats_at(&telling->seats, act->seat) : NULL;
    return seat != NULL && is_called(telling->options->member, seat->member,
                                     (struct bytes){seat->user, seat->user_length});
}

static bool is_of_interest(const struct telling *telling,
                           const struct log_entry *entry,
                           const struct log_act *act)
{
    const struct store_options *options = telling->options;
    if (act->act == ACT_RANDOM || act->act == ACT_HASH || act->act == ACT_MEMORY)
        return false;
    return entry->tick >= options->from && entry->wall_ms >= options->since_ms &&
           entry->wall_ms <= options->until_ms &&
           (options->member == NULL || is_by_member(telling, act)) &&
           (options->collection == NULL || changes_collection(telling, act));
}

/* --- All of it ----------------------------------------------------------------------------------------- */

static bool tell(void *context, const struct log_entry *entry)
{
    struct telling *telling = context;
    const struct store_options *options = telling->options;
    if (entry->tick > options->to)
        return false;
    /* A log that does not lead anywhere is still told. */
    bool applied = replay_log(&telling->replay, entry->bytes) == STATUS_OK;
    (void)applied;
    if (!isatty(STDOUT_FILENO))
        progress_show(&telling->progress, entry->tick, telling->last);
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    while (log_read_act(&acts, &act)) {
        seats_before(&telling->seats, &act, telling->replay.room);
        if (is_of_interest(telling, entry, &act))
            (options->table ? print_row : print_line)(telling, entry, &act);
        seats_after(&telling->seats, &act);
    }
    return true;
}

static int tell_all(struct store_history *history, const struct store_options *options)
{
    struct telling telling = {.options = options,
                              .replay = history_replay_begin(&options->kinds),
                              .progress = {.what = "log"},
                              .last = options->to < history->last ? options->to : history->last};
    int result = 0;
    bool begun = history_begin(history, &telling.replay);
    seats_begin(&telling.seats, telling.replay.room);
    bool told = begun && history_entries(history, tell, &telling);
    progress_end(&telling.progress);
    if (!told)
        result = complain("log", history->error);
    else if (telling.replay.status != STATUS_OK)
        result = complain("log", "this log does not lead to a room; see tutti check");
    seats_free(&telling.seats);
    replay_abandon(&telling.replay);
    return result;
}

static int ask(struct store_folder *folder, const struct store_options *options)
{
    struct store_history history;
    if (!history_find(&history, folder, options->argument))
        return complain("log", history.error);
    return tell_all(&history, options);
}

int command_log(int count, char **arguments)
{
    static const struct store_command command = {"log", usage,
                                                 STORE_TAKES_ARGUMENT | STORE_TAKES_TICKS |
                                                     STORE_TAKES_KINDS | STORE_TAKES_FILTERS |
                                                     STORE_TAKES_TABLE,
                                                 ask};
    return store_command_run(&command, count, arguments);
}
