/* store_show.c - `tutti show ROOM`: what a stored room holds, or held after some tick. */
#include "sync/files.h"
#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/store_history.h"
#include "tools/store_options.h"
#include "tools/store_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: tutti show ROOM [--tick N] [--data DIR] [--kinds DIR]\n"
    "\n"
    "Prints what is saved of a room as lines of JSON: the room, its records and events, and its\n"
    "images as they are now.\n"
    "\n"
    "  --tick N     as it was after this tick (default: the last that is saved)\n" STORE_DATA_USAGE
        STORE_KINDS_USAGE;

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

static void print_values(const struct collection *collection, const struct record *record)
{
    bool first = true;
    fputs(",\"values\":{", stdout);
    for (int i = 0; i < record->cell_count; i++) {
        const struct cell *cell = record_cell(record, i);
        if (cell == NULL || cell->type == CELL_HOLE)
            continue;
        size_t length = cell_write_bytes(cell);
        uint8_t *data = malloc(length);
        struct writer writer = writer_on(data, data != NULL ? length : 0);
        cell_write(&writer, cell);
        fputs(first ? "" : ",", stdout);
        first = false;
        print_text(collection->fields[i].name);
        putchar(':');
        json_packed(stdout, writer_bytes(&writer));
        free(data);
    }
    putchar('}');
}

static void print_record(const struct schema *schema, const struct record *record, uint32_t member)
{
    bool event = record->kind == RECORD_EVENT;
    const struct collection *collection = event ? NULL : &schema->collections[record->collection];
    printf("{\"type\":\"%s\",\"%s\":", event ? "event" : "record", event ? "event" : "collection");
    print_text(event ? schema->events[record->collection].name : collection->name);
    if (member != 0)
        printf(",\"seen_by\":%" PRIu32, member);
    if (event) {
        printf(",\"from\":%" PRIu32 ",\"value\":", record->owner);
        json_packed(stdout, (struct bytes){record->content.value, record->length});
    } else {
        fputs(",\"id\":", stdout);
        print_text(record_id(record));
        printf(",\"owner\":%" PRIu32, record->owner);
        print_values(collection, record);
    }
    puts("}");
}

static void print_scope(const struct schema *schema, const struct scope *scope, uint32_t member)
{
    if (scope == NULL)
        return;
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer)
        if (record->kind != RECORD_TOMBSTONE)
            print_record(schema, record, member);
}

static void print_state(const struct room *room)
{
    const struct schema *schema = &room->state.schema;
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++)
        if (i != SCOPE_PRESENCE && i != SCOPE_MINE)
            print_scope(schema, room->state.scopes[i], 0);
    print_scope(schema, room->state.server, 0);
    for (uint32_t i = 0; i < room->client_buckets; i++)
        for (const struct client *client = room->clients[i]; client != NULL; client = client->chain)
            print_scope(schema, client->mine, client->member);
}

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
    fputs("{\"type\":\"file\",\"hash\":\"", stdout);
    for (size_t i = 0; i < STORE_HASH_BYTES; i++)
        printf("%02x", file->hash[i]);
    printf("\",\"bytes\":%" PRIu64 ",\"added\":", file->bytes);
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

int command_show(int count, char **arguments)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, usage,
                           STORE_TAKES_ARGUMENT | STORE_TAKES_TICKS | STORE_TAKES_KINDS);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    struct store_folder folder;
    struct store_history history;
    int result = 0;
    if (!store_folder_open(&folder, options.data)) {
        result = complain("show", folder.error);
    } else if (!history_find(&history, &folder, options.argument)) {
        result = complain("show", history.error);
    } else {
        struct replay replay = history_replay_begin(&options.kinds);
        if (history_replay(&history, FROM_SNAPSHOT, options.to, &replay)) {
            print_room(&history, &replay);
            print_state(replay.room);
            result = print_files(&history, replay.room);
        } else {
            result = complain("show", history.error);
        }
        replay_abandon(&replay);
    }
    store_folder_close(&folder);
    return result;
}
