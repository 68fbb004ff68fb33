/* store_show.c - `tutti show ROOM`: what a stored room holds, or held after some tick. */
#include "sync/files.h"
#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/store_command.h"
#include "tools/store_moment.h"
#include "tools/store_records.h"
#include "tools/store_seats.h"
#include "tools/store_text.h"
#include "tools/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: tutti show ROOM[@MOMENT] [--tick N] [--table] [--data DIR] [--kinds DIR]\n"
    "\n"
    "Prints what is saved of a room as lines of JSON: the room, who is in it, its records and "
    "events,\n"
    "and its images as they are now.\n"
    "\n"
    "  ROOM@N       as it was after tick N (default: the last that is saved)\n"
    "  ROOM@N.I     the same, or nothing where that tick is not one of incarnation I\n"
    "  ROOM@TIME    as it was then, as 2026-01-31T12:00 (UTC)\n"
    "  --tick N     the same as ROOM@N\n" STORE_TABLE_USAGE STORE_DATA_USAGE STORE_KINDS_USAGE;

/* What it prints, and where the readable form of it waits until all is known. */
struct showing {
    const struct room *room;
    struct seats_told seats;
    struct table *table; /* NULL: JSON */
};

static void print_room(const struct store_history *history, const struct replay *replay)
{
    const struct room *room = replay->room;
    fputs("{\"type\":\"room\",\"room\":", stdout);
    print_text(history->name);
    printf(",\"kind\":\"%s\",\"tick\":%" PRIu64 ",\"incarnation\":%" PRIu64, room->rules->name,
           room->tick, room_incarnation(room));
    if (replay->wall_ms > 0) {
        fputs(",\"time\":", stdout);
        print_time(replay->wall_ms);
    }
    printf(",\"records\":%" PRIu32 ",\"hash\":\"%016" PRIx64 "\",\"quarantined\":%s}\n",
           room_records(room), room_hash_kept(room),
           history->state == STORE_ROOM_QUARANTINED ? "true" : "false");
}

static void print_room_plain(const struct store_history *history, const struct replay *replay)
{
    const struct room *room = replay->room;
    printf("%.*s, a room of kind %s, after tick %" PRIu64 " of incarnation %" PRIu64 ": %" PRIu32
           " records",
           (int)history->name.length, (const char *)history->name.data, room->rules->name,
           room->tick, room_incarnation(room), room_records(room));
    if (replay->wall_ms > 0) {
        fputs("; ", stdout);
        write_time(stdout, replay->wall_ms);
    }
    puts(history->state == STORE_ROOM_QUARANTINED ? "; quarantined\n" : "\n");
}

/* --- Who is there --------------------------------------------------------------------------------- */

static const struct record *presence_in(const struct room *room, const struct seat *seat)
{
    const struct record *shown = presence_shown(room, seat->client->member);
    return shown != NULL ? shown : seat->presence;
}

static void write_presence(FILE *out, const struct room *room, const struct record *presence)
{
    if (presence == NULL)
        fputs("{}", out);
    else
        record_write_values(out, &room->state.schema.collections[0], presence, PRESENCE_FIELDS);
}

static void show_member(struct showing *showing, uint32_t number)
{
    const struct room *room = showing->room;
    const struct seat *seat = &room->seats[number];
    const struct sitting *who = seats_at(&showing->seats, number);
    struct bytes user = {0};
    if (who != NULL)
        user = (struct bytes){who->user, who->user_length};
    if (showing->table != NULL) {
        fputs("member", table_cell(showing->table));
        fprintf(table_cell(showing->table), "%" PRIu32, seat->client->member);
        write_name(table_cell(showing->table), seat->client->member, user);
        write_presence(table_cell(showing->table), room, presence_in(room, seat));
        return;
    }
    printf("{\"type\":\"member\",\"member\":%" PRIu32 ",\"role\":\"%s\",\"user\":",
           seat->client->member, role_name(seat->role));
    if (user.length > 0)
        json_packed(stdout, user);
    else
        fputs("null", stdout);
    fputs(",\"presence\":", stdout);
    write_presence(stdout, room, presence_in(room, seat));
    puts("}");
}

static void show_members(struct showing *showing)
{
    seats_begin(&showing->seats, showing->room);
    for (uint32_t i = 0; i < showing->room->seat_count; i++)
        if (showing->room->seats[i].state != SEAT_FREE)
            show_member(showing, i);
}

/* --- What it holds -------------------------------------------------------------------------------- */

static void write_owner(const struct showing *showing, const struct record *record)
{
    struct bytes user = {0};
    for (uint32_t i = 0; i < showing->seats.count; i++)
        if (showing->seats.seats[i].member == record->owner)
            user =
                (struct bytes){showing->seats.seats[i].user, showing->seats.seats[i].user_length};
    write_name(table_cell(showing->table), record->owner, user);
}

static void row_of_record(const struct showing *showing, const struct record *record)
{
    const struct schema *schema = &showing->room->state.schema;
    bool event = record->kind == RECORD_EVENT;
    const struct collection *collection = event ? NULL : &schema->collections[record->collection];
    struct bytes name = event ? schema->events[record->collection].name : collection->name;
    FILE *cell = table_cell(showing->table);
    table_write_plain(cell, (const char *)name.data, name.length, TABLE_CELL_MAX);
    cell = table_cell(showing->table);
    if (!event)
        table_write_plain(cell, (const char *)record_id(record).data, record_id(record).length,
                          TABLE_CELL_MAX);
    write_owner(showing, record);
    cell = table_cell(showing->table);
    if (event)
        json_packed(cell, (struct bytes){record->content.value, record->length});
    else
        record_write_values(cell, collection, record, 0);
}

static void show_scope(struct showing *showing, const struct scope *scope, uint32_t member)
{
    if (scope == NULL)
        return;
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer) {
        if (record->kind == RECORD_TOMBSTONE)
            continue;
        if (showing->table != NULL)
            row_of_record(showing, record);
        else
            record_write(stdout, &showing->room->state.schema, record, member);
    }
}

static void show_state(struct showing *showing)
{
    const struct room *room = showing->room;
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++)
        if (i != SCOPE_PRESENCE && i != SCOPE_MINE)
            show_scope(showing, room->state.scopes[i], 0);
    show_scope(showing, room->state.server, 0);
    for (uint32_t i = 0; i < room->client_buckets; i++)
        for (const struct client *client = room->clients[i]; client != NULL; client = client->chain)
            show_scope(showing, client->mine, client->member);
}

/* --- Its files ------------------------------------------------------------------------------------ */

/* Whether a record of the room names the file. */
struct naming {
    const struct room *room;
    const uint8_t *hash;
    bool named;
};

static void compare_hash(void *context, const uint8_t hash[FILE_HASH_BYTES])
{
    struct naming *naming = context;
    naming->named |= memcmp(naming->hash, hash, FILE_HASH_BYTES) == 0;
}

static bool print_file(void *context, const struct store_file *file)
{
    struct naming *naming = context;
    naming->hash = file->hash;
    naming->named = false;
    room_each_file(naming->room, compare_hash, naming);
    fputs("{\"type\":\"file\",\"hash\":", stdout);
    hash_write(stdout, file->hash);
    printf(",\"bytes\":%" PRIu64 ",\"added\":", file->bytes);
    print_time(file->added_ms);
    fputs(",\"wanted\":", stdout);
    print_time(file->used_ms);
    printf(",\"named\":%s}\n", naming->named ? "true" : "false");
    return true;
}

static int print_files(const struct store_history *history, const struct room *room)
{
    struct store *store = history->folder->store;
    struct naming naming = {.room = room};
    if (store->files->list(store, history->name, print_file, &naming) == STORE_OK)
        return 0;
    return complain("show", store->place(store));
}

/* --- All of it ------------------------------------------------------------------------------------ */

static int show_room(const struct store_history *history,
                     const struct replay *replay,
                     const struct store_options *options)
{
    static const char *const heads[] = {"collection", "id", "by", "values"};
    struct showing showing = {.room = replay->room};
    int result = 0;
    if (options->table)
        showing.table = table_create(heads, sizeof heads / sizeof heads[0]);
    (options->table ? print_room_plain : print_room)(history, replay);
    show_members(&showing);
    show_state(&showing);
    if (options->table)
        table_print(showing.table, stdout);
    else
        result = print_files(history, replay->room);
    table_free(showing.table);
    seats_free(&showing.seats);
    return result;
}

static int show(struct store_folder *folder, const struct store_options *options)
{
    struct store_history history;
    struct store_moment moment;
    int result = 0;
    if (!moment_read(&moment, options->argument))
        return complain("show", "that is no ROOM, ROOM@TICK, ROOM@TICK.INCARNATION or ROOM@TIME");
    if (options->to != UINT64_MAX)
        moment.tick = options->to;
    if (!history_find(&history, folder, moment.room))
        return complain("show", history.error);
    struct replay replay = history_replay_begin(&options->kinds);
    if (moment_replay(&moment, &history, &replay))
        result = show_room(&history, &replay, options);
    else
        result = complain("show", history.error);
    replay_abandon(&replay);
    return result;
}

int command_show(int count, char **arguments)
{
    static const struct store_command command = {
        "show", usage,
        STORE_TAKES_ARGUMENT | STORE_TAKES_TICKS | STORE_TAKES_KINDS | STORE_TAKES_TABLE, show};
    return store_command_run(&command, count, arguments);
}
