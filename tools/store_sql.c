/* store_sql.c - `tutti sql ROOM`: what happened in a room as tables for the plain `sqlite3` program. What is packed
 * in the archive nobody can ask; this unpacks it once, and then anything can be asked. */
#include "sync/log_piece.h"
#include "sync/room_parts.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/store_command.h"
#include "tools/store_edits.h"
#include "tools/store_history.h"
#include "tools/store_seats.h"
#include "tools/store_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: tutti sql ROOM [--from N] [--to N] [--since TIME] [--until TIME] [--member WHO]\n"
    "                 [--collection NAME] [--data DIR] [--kinds DIR]\n"
    "\n"
    "Prints what is saved of a room's past as SQL for the sqlite3 program, which makes tables of "
    "it:\n"
    "\n"
    "  tutti sql lobby | sqlite3 asked.db\n"
    "  sqlite3 -box asked.db \"select name, count(*) from edit join person using (room, member) "
    "group by name\"\n"
    "\n"
    "Several rooms may go into one file; a room that is there already is taken anew. The tables "
    "are\n"
    "told of in tools/README.md.\n"
    "\n"
    "  --from N     the first tick (default: as far back as the log goes)\n"
    "  --to N       the last tick\n"
    "  --since TIME, --until TIME  the same by time, as 2026-01-31T12:00 (UTC)\n"
    "  --member WHO  edits and presence of one member alone, by its number or what it is called\n"
    "  --collection NAME  edits of one collection's records alone\n" STORE_DATA_USAGE
        STORE_KINDS_USAGE;

static const char tables[] =
    "create table if not exists person (room text, member integer, name text, user text,\n"
    "  primary key (room, member)) without rowid;\n"
    "create table if not exists stay (room text, member integer, from_tick integer,\n"
    "  to_tick integer, from_ms integer, to_ms integer);\n"
    "create table if not exists edit (room text, tick integer, ms integer, member integer,\n"
    "  status text, verb text, collection text, id text, value text);\n"
    "create table if not exists presence (room text, tick integer, ms integer, member integer,\n"
    "  value text);\n"
    "create table if not exists result (room text, tick integer, ms integer, board text,\n"
    "  name text, score integer, details text);\n"
    "create index if not exists edit_id on edit (room, collection, id, tick);\n";

static const char *const table_names[] = {"person", "stay", "edit", "presence", "result"};

/* A member, and since when it is there. */
struct known {
    uint32_t member;
    bool is_here;
    bool is_meant; /* by --member */
    uint64_t from, from_ms;
};

struct asking {
    const struct store_options *options;
    struct store_history *history;
    struct replay replay; /* knows the names that operations have by number */
    struct seats_told seats;
    struct known *known;
    uint32_t known_count, known_capacity;
    uint64_t tick, ms; /* of the last entry */
    struct progress progress;
    bool lacks_memory;
};

/* --- SQL ------------------------------------------------------------------------------------------ */

/* The text of a literal; bytes that would end a line or a text are none that a name needs. */
static void write_quoted(FILE *out, const char *text, size_t length)
{
    putc('\'', out);
    for (size_t i = 0; i < length; i++) {
        bool is_control = (unsigned char)text[i] < 0x20;
        if (text[i] == '\'')
            putc('\'', out);
        putc(is_control ? ' ' : text[i], out);
    }
    putc('\'', out);
}

static void print_quoted(struct bytes text)
{
    write_quoted(stdout, (const char *)text.data, text.length);
}

static void begin_row(const struct asking *asking, const char *table)
{
    printf("insert into %s values (", table);
    print_quoted(asking->history->name);
}

static void print_moment(uint64_t tick, uint64_t ms)
{
    printf(",%" PRIu64 ",%" PRIu64, tick, ms);
}

/* What is written into `out` becomes a literal of the row: begin, write, end. */
struct literal {
    FILE *out;
    char *text;
    size_t length;
};

static FILE *literal_begin(struct asking *asking, struct literal *literal)
{
    *literal = (struct literal){.out = open_memstream(&literal->text, &literal->length)};
    if (literal->out == NULL)
        asking->lacks_memory = true;
    return literal->out;
}

static void literal_end(struct literal *literal)
{
    fclose(literal->out);
    putchar(',');
    write_quoted(stdout, literal->text, literal->length);
    free(literal->text);
}

static void print_packed(struct asking *asking, struct bytes packed)
{
    struct literal literal;
    if (packed.length == 0) {
        fputs(",null", stdout);
    } else if (literal_begin(asking, &literal) != NULL) {
        json_packed(literal.out, packed);
        literal_end(&literal);
    }
}

/* --- Who ------------------------------------------------------------------------------------------ */

static struct known *known_member(struct asking *asking, uint32_t member)
{
    for (uint32_t i = asking->known_count; i > 0; i--)
        if (asking->known[i - 1].member == member)
            return &asking->known[i - 1];
    if (asking->known_count == asking->known_capacity) {
        uint32_t capacity = asking->known_capacity > 0 ? 2 * asking->known_capacity : 64;
        struct known *known = realloc(asking->known, capacity * sizeof *known);
        asking->lacks_memory = known == NULL;
        if (known == NULL)
            return NULL;
        asking->known = known;
        asking->known_capacity = capacity;
    }
    asking->known[asking->known_count] = (struct known){.member = member};
    return &asking->known[asking->known_count++];
}

static void print_person(struct asking *asking, uint32_t member, struct bytes user)
{
    struct bytes name = user_name(user);
    printf("insert or replace into person values (");
    print_quoted(asking->history->name);
    printf(",%" PRIu32 ",", member);
    if (name.length > 0)
        print_quoted(name);
    else
        printf("'#%" PRIu32 "'", member);
    print_packed(asking, user);
    puts(");");
}

static void comes(struct asking *asking, const struct sitting *seat)
{
    struct known *known = seat != NULL ? known_member(asking, seat->member) : NULL;
    if (known == NULL)
        return;
    struct bytes user = {seat->user, seat->user_length};
    const char *wanted = asking->options->member;
    known->is_meant = wanted == NULL || is_called(wanted, seat->member, user);
    print_person(asking, seat->member, user);
    if (known->is_here)
        return;
    known->is_here = true;
    known->from = asking->tick;
    known->from_ms = asking->ms;
}

static void goes(struct asking *asking, struct known *known)
{
    if (!known->is_here)
        return;
    known->is_here = false;
    begin_row(asking, "stay");
    printf(",%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ");\n", known->member,
           known->from, asking->tick, known->from_ms, asking->ms);
}

static void everyone_goes(struct asking *asking)
{
    for (uint32_t i = 0; i < asking->known_count; i++)
        goes(asking, &asking->known[i]);
}

static void everyone_comes(struct asking *asking)
{
    for (uint32_t i = 0; i < asking->seats.count; i++)
        comes(asking, seats_at(&asking->seats, i));
}

static bool is_meant(struct asking *asking, uint32_t member)
{
    if (asking->options->member == NULL)
        return true;
    const struct known *known = member != 0 ? known_member(asking, member) : NULL;
    return known != NULL && known->is_meant;
}

/* --- What ----------------------------------------------------------------------------------------- */

static bool is_due(const struct store_options *options, const struct log_entry *entry)
{
    return entry->tick >= options->from && entry->tick <= options->to &&
           entry->wall_ms >= options->since_ms && entry->wall_ms <= options->until_ms;
}

static void print_edit(struct asking *asking,
                       const struct log_entry *entry,
                       uint32_t member,
                       enum status status,
                       const struct edit_told *edit)
{
    struct literal literal;
    begin_row(asking, "edit");
    print_moment(entry->tick, entry->wall_ms);
    printf(",%" PRIu32 ",'%s','%s',", member, status_text(status), edit->verb);
    print_quoted(edit->target);
    putchar(',');
    print_quoted(edit->edit.verb != VERB_EMIT ? edit->edit.id : (struct bytes){0});
    if (literal_begin(asking, &literal) != NULL) {
        edit_write_values(literal.out, edit);
        literal_end(&literal);
    }
    puts(");");
}

static void
print_edits(struct asking *asking, const struct log_entry *entry, const struct log_act *act)
{
    const struct room *room = asking->replay.room;
    const char *wanted = asking->options->collection;
    const struct sitting *seat =
        act->act == ACT_OPERATION ? seats_at(&asking->seats, act->seat) : NULL;
    uint32_t member = seat != NULL ? seat->member : 0;
    struct edits_told told = edits_of(act->operation, room != NULL ? &room->state.schema : NULL);
    struct edit_told edit;
    if (!is_meant(asking, member))
        return;
    while (edits_next(&told, &edit))
        if (wanted == NULL || bytes_equal(edit.target, bytes_of(wanted)))
            print_edit(asking, entry, member, act->act == ACT_OPERATION ? act->status : STATUS_OK,
                       &edit);
}

static void
print_result(struct asking *asking, const struct log_entry *entry, const struct log_result *result)
{
    begin_row(asking, "result");
    print_moment(entry->tick, entry->wall_ms);
    putchar(',');
    print_quoted(result->board);
    putchar(',');
    print_quoted(result->name);
    printf(",%" PRId64, result->score);
    print_packed(asking, result->details);
    puts(");");
}

static void
take_act(struct asking *asking, const struct log_entry *entry, const struct log_act *act)
{
    bool due = is_due(asking->options, entry);
    seats_before(&asking->seats, act, asking->replay.room);
    const struct sitting *seat = NULL;
    switch (act->act) {
    case ACT_JOINED:
    case ACT_HERE:
        comes(asking, seats_at(&asking->seats, act->seat));
        break;
    case ACT_LEFT:
        seat = seats_at(&asking->seats, act->seat);
        if (seat != NULL && known_member(asking, seat->member) != NULL)
            goes(asking, known_member(asking, seat->member));
        break;
    case ACT_SLEPT:
        everyone_goes(asking);
        break;
    case ACT_RESUMED:
        everyone_comes(asking);
        break;
    case ACT_OPERATION:
    case ACT_EDIT:
        if (due)
            print_edits(asking, entry, act);
        break;
    case ACT_RESULT:
        if (due && asking->options->member == NULL)
            print_result(asking, entry, &act->result);
        break;
    default: /* nothing that has a table */
        break;
    }
    seats_after(&asking->seats, act);
}

static bool take_entry(void *context, const struct log_entry *entry)
{
    struct asking *asking = context;
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    /* A log that does not lead anywhere is still told. */
    bool applied = replay_log(&asking->replay, entry->bytes) == STATUS_OK;
    (void)applied;
    if (!isatty(STDOUT_FILENO))
        progress_show(&asking->progress, entry->tick, asking->history->last);
    while (log_read_act(&acts, &act)) {
        /* Who was there when a server was killed was there up to the last that is known. */
        if (act.act == ACT_WOKEN)
            everyone_goes(asking);
        asking->tick = entry->tick;
        asking->ms = entry->wall_ms;
        take_act(asking, entry, &act);
    }
    return !asking->lacks_memory;
}

/* --- What members showed -------------------------------------------------------------------------- */

/* The fields of its own, not those that the server writes; how many there were. */
static uint32_t write_shown(FILE *out, const struct room *room, const struct log_act *act)
{
    const struct collection *presence = &room->state.schema.collections[0];
    struct reader pairs = reader_on(act->pairs);
    uint32_t written = 0;
    putc('{', out);
    for (uint32_t i = 0; i < act->pair_count; i++) {
        int64_t number = read_integer(&pairs);
        struct bytes value = read_value(&pairs);
        if (number < PRESENCE_FIELDS || number >= presence->field_count)
            continue;
        const struct field *field = &presence->fields[number];
        fputs(written++ > 0 ? "," : "", out);
        json_text(out, (const char *)field->name.data, field->name.length);
        putc(':', out);
        field_write_value(out, field, value);
    }
    putc('}', out);
    return written;
}

static void
print_shown(struct asking *asking, const struct log_entry *entry, const struct log_act *act)
{
    struct literal literal;
    if (literal_begin(asking, &literal) == NULL)
        return;
    if (write_shown(literal.out, asking->replay.room, act) == 0) {
        fclose(literal.out);
        free(literal.text);
        return;
    }
    begin_row(asking, "presence");
    print_moment(entry->tick, entry->wall_ms);
    printf(",%" PRIu32, act->member);
    literal_end(&literal);
    puts(");");
}

static bool take_track(void *context, const struct store_blob *track)
{
    struct asking *asking = context;
    struct log_piece piece;
    if (log_piece_open(&piece, track->bytes) == STATUS_OK) {
        struct reader entries = reader_on(piece.entries);
        struct log_entry entry;
        while (log_read_entry(&entries, &entry)) {
            struct reader acts = reader_on(entry.acts);
            struct log_act act;
            while (is_due(asking->options, &entry) && log_read_act(&acts, &act))
                if (act.act == ACT_SHOWN && is_meant(asking, act.member))
                    print_shown(asking, &entry, &act);
        }
    }
    log_piece_close(&piece);
    return !asking->lacks_memory;
}

static bool take_tracks(struct asking *asking)
{
    struct store_history *history = asking->history;
    struct store *store = history->folder->store;
    if (!history->archived || asking->replay.room == NULL)
        return true;
    enum store_result result = store->tracks(store, history->name, 0, take_track, asking);
    if (result == STORE_OK || result == STORE_NOT_FOUND)
        return true;
    snprintf(history->error, sizeof history->error, "%s", store->place(store));
    return false;
}

/* --- All of it ------------------------------------------------------------------------------------ */

static int unpack(struct store_history *history, const struct store_options *options)
{
    struct asking asking = {.options = options,
                            .history = history,
                            .replay = history_replay_begin(&options->kinds),
                            .progress = {.what = "sql"}};
    int result = 0;
    fputs(tables, stdout);
    puts("begin;");
    for (size_t i = 0; i < sizeof table_names / sizeof table_names[0]; i++) {
        printf("delete from %s where room = ", table_names[i]);
        print_quoted(history->name);
        puts(";");
    }
    bool begun = history_begin(history, &asking.replay);
    seats_begin(&asking.seats, asking.replay.room);
    everyone_comes(&asking);
    bool told = begun && history_entries(history, take_entry, &asking) && take_tracks(&asking);
    everyone_goes(&asking);
    progress_end(&asking.progress);
    if (asking.lacks_memory)
        result = complain("sql", "no memory");
    else if (!told)
        result = complain("sql", history->error);
    else if (asking.replay.status != STATUS_OK)
        result = complain("sql", "this log does not lead to a room; see tutti check");
    /* Half a room would be asked as if it were all of it. */
    puts(result == 0 ? "commit;" : "rollback;");
    seats_free(&asking.seats);
    free(asking.known);
    replay_abandon(&asking.replay);
    return result;
}

static int ask(struct store_folder *folder, const struct store_options *options)
{
    struct store_history history;
    if (!history_find(&history, folder, options->argument))
        return complain("sql", history.error);
    return unpack(&history, options);
}

int command_sql(int count, char **arguments)
{
    static const struct store_command command = {
        "sql", usage,
        STORE_TAKES_ARGUMENT | STORE_TAKES_TICKS | STORE_TAKES_KINDS | STORE_TAKES_FILTERS, ask};
    return store_command_run(&command, count, arguments);
}
