/* store_log.c - `tutti log ROOM`: who did what in a room, and when. */
#include "sync/room_parts.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/store_history.h"
#include "tools/store_options.h"
#include "tools/store_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: tutti log ROOM [--from N] [--to N] [--data DIR] [--kinds DIR]\n"
                            "\n"
                            "Prints what is saved of a room's past as lines of JSON, one for each "
                            "act: when, who, what, and\n"
                            "what became of it.\n"
                            "\n"
                            "  --from N     the first tick (default: as far back as the log goes)\n"
                            "  --to N       the last tick\n" STORE_DATA_USAGE STORE_KINDS_USAGE;

/* More seats than a room has are not told apart. */
#define SEATS_MAX (1u << 20)

/* Who sits where: the log names seats. */
struct sitting {
    uint32_t member; /* 0: not known */
    uint8_t *user;   /* packed */
    size_t user_length;
};

struct telling {
    const struct store_options *options;
    struct replay replay; /* knows the names that operations have by number */
    struct sitting *seats;
    uint32_t seat_count;
};

/* --- Who ---------------------------------------------------------------------------------------- */

static struct sitting *seat_of(struct telling *telling, uint32_t number)
{
    if (number >= SEATS_MAX)
        return NULL;
    if (number >= telling->seat_count) {
        struct sitting *seats = realloc(telling->seats, (number + 1) * sizeof *seats);
        if (seats == NULL)
            return NULL;
        memset(seats + telling->seat_count, 0, (number + 1 - telling->seat_count) * sizeof *seats);
        telling->seats = seats;
        telling->seat_count = number + 1;
    }
    return &telling->seats[number];
}

static void stand_up(struct sitting *seat)
{
    if (seat == NULL)
        return;
    free(seat->user);
    *seat = (struct sitting){0};
}

static void sit_down(struct sitting *seat, uint32_t member, struct bytes user)
{
    if (seat == NULL)
        return;
    stand_up(seat);
    seat->member = member;
    seat->user = user.length > 0 ? malloc(user.length) : NULL;
    seat->user_length = seat->user != NULL ? user.length : 0;
    if (seat->user != NULL)
        memcpy(seat->user, user.data, user.length);
}

static void everyone_stands_up(struct telling *telling)
{
    for (uint32_t i = 0; i < telling->seat_count; i++)
        stand_up(&telling->seats[i]);
}

/* Those who sit there by the room itself, where the log does not tell how they came: it begins later,
 * or has a hole. */
static void seat_those_of(struct telling *telling, const struct room *room)
{
    uint32_t seats = room != NULL ? room->seat_count : 0;
    for (uint32_t i = 0; i < seats || i < telling->seat_count; i++) {
        bool taken = i < seats && room->seats[i].state != SEAT_FREE;
        struct sitting *seat = seat_of(telling, i);
        if (!taken)
            stand_up(seat);
        else if (seat != NULL && seat->member != room->seats[i].client->member)
            sit_down(seat, room->seats[i].client->member, (struct bytes){0});
    }
}

static void print_who(const struct sitting *seat)
{
    if (seat == NULL || seat->member == 0)
        return;
    printf(",\"member\":%" PRIu32, seat->member);
    if (seat->user_length > 0) {
        fputs(",\"user\":", stdout);
        json_packed(stdout, (struct bytes){seat->user, seat->user_length});
    }
}

/* --- What --------------------------------------------------------------------------------------- */

static const char *const roles[] = {"viewer", "editor", "owner", "admin"};
static_assert(sizeof roles / sizeof roles[0] == ROLE_COUNT, "every role has its name");

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
        printf(",\"role\":\"%s\"", roles[act->role]);
        break;
    case ACT_OPERATION:
        printf(",\"status\":\"%s\",\"edits\":", status_text(act->status));
        print_operation(act->operation, schema);
        break;
    case ACT_EDIT:
        fputs(",\"edits\":", stdout);
        print_operation(act->operation, schema);
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
    case ACT_PRESENT:
    case ACT_SHOWN:
    case ACT_GONE:
    case ACT_SAID:
        break;
    }
}

static bool is_of_interest(enum act act)
{
    return act != ACT_RANDOM && act != ACT_HASH && act != ACT_MEMORY;
}

static void
print_line(struct telling *telling, const struct log_entry *entry, const struct log_act *act)
{
    fputs("{\"time\":", stdout);
    print_time(entry->wall_ms);
    printf(",\"tick\":%" PRIu64 ",\"act\":\"%s\"", entry->tick, act_name(act->act));
    if (act->act == ACT_RESUMED)
        printf(",\"unrecorded_after\":%" PRIu64, entry->tick - entry->since);
    bool seated = act->act == ACT_JOINED || act->act == ACT_LEFT || act->act == ACT_ROLE ||
                  act->act == ACT_OPERATION || act->act == ACT_INPUT || act->act == ACT_HELD ||
                  act->act == ACT_HERE || act->act == ACT_AWAY || act->act == ACT_TOLD;
    if (seated)
        print_who(seat_of(telling, act->seat));
    print_act(telling, act);
    puts("}");
}

static bool tell(void *context, const struct log_entry *entry)
{
    struct telling *telling = context;
    const struct store_options *options = telling->options;
    if (entry->tick > options->to)
        return false;
    /* A log that does not lead anywhere is still told. */
    bool applied = replay_log(&telling->replay, entry->bytes) == STATUS_OK;
    (void)applied;
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    while (log_read_act(&acts, &act)) {
        struct sitting *seat = act.act == ACT_JOINED ? seat_of(telling, act.seat) : NULL;
        sit_down(seat, act.member, act.user);
        if (entry->tick >= options->from && is_of_interest(act.act))
            print_line(telling, entry, &act);
        if (act.act == ACT_LEFT)
            stand_up(seat_of(telling, act.seat));
        if (act.act == ACT_SLEPT || act.act == ACT_WOKEN)
            everyone_stands_up(telling);
        if (act.act == ACT_RESUMED)
            seat_those_of(telling, telling->replay.room);
    }
    return true;
}

static int tell_all(struct store_history *history, const struct store_options *options)
{
    struct telling telling = {.options = options, .replay = history_replay_begin(&options->kinds)};
    int result = 0;
    bool begun = history_begin(history, &telling.replay);
    seat_those_of(&telling, telling.replay.room);
    if (!begun || !history_entries(history, tell, &telling))
        result = complain("log", history->error);
    else if (telling.replay.status != STATUS_OK)
        result = complain("log", "this log does not lead to a room; see tutti check");
    everyone_stands_up(&telling);
    free(telling.seats);
    replay_abandon(&telling.replay);
    return result;
}

int command_log(int count, char **arguments)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, usage,
                           STORE_TAKES_ARGUMENT | STORE_TAKES_TICKS | STORE_TAKES_KINDS);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    struct store_folder folder;
    struct store_history history;
    int result;
    if (!store_folder_open(&folder, options.data))
        result = complain("log", folder.error);
    else if (!history_find(&history, &folder, options.argument))
        result = complain("log", history.error);
    else
        result = tell_all(&history, &options);
    store_folder_close(&folder);
    return result;
}
