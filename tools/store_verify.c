/* store_verify.c - `tutti verify`: the rules run again over what is saved of a room. */
#include "sync/rerun.h"
#include "sync/room_parts.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/store_command.h"
#include "tools/store_history.h"
#include "tools/store_text.h"

#include <inttypes.h>
#include <stdio.h>

static const char usage[] =
    "usage: tutti verify ROOM [--session ID | --from N --to N] [--data DIR] [--kinds DIR]\n"
    "\n"
    "Runs the rules of the room's kind, as this program has them, again over what is saved of its "
    "past:\n"
    "who came and went, what was asked and which inputs were in force is what the log says, and "
    "all that\n"
    "the rules did has to come out the same. Prints the first tick in which it does not, with the "
    "record,\n"
    "the field and both values. The exit status is 0 when it all did, 1 when not.\n"
    "\n"
    "  --session ID  one session alone (see tutti sessions)\n"
    "  --from N     begin with the snapshot before this tick (default: as far back as the log "
    "goes)\n"
    "  --to N       the last tick\n" STORE_DATA_USAGE STORE_KINDS_USAGE;

struct verifying {
    struct rerun rerun;
    struct progress progress;
    uint64_t begun, first, last, to; /* before the first entry; of those looked at; all of them */
};

/* --- What differs --------------------------------------------------------------------------------- */

static void print_plain(const struct rerun_value *value)
{
    if (!value->there)
        fputs("not set", stdout);
    else if (value->cut)
        fputs("a long value", stdout);
    else
        json_packed(stdout, (struct bytes){value->packed, value->length});
}

static void print_record(const struct rerun_difference *difference)
{
    printf("%s/%s", difference->collection, difference->record);
    if (difference->member != 0)
        printf(" of member %" PRIu32, difference->member);
}

static void print_acts(const struct rerun_difference *difference)
{
    printf("the log has %s, the rules do %s",
           difference->recorded_acts ? act_name(difference->recorded_act) : "nothing",
           difference->made_acts ? act_name(difference->made_act) : "nothing");
    if (difference->recorded_acts && difference->made_acts &&
        difference->recorded_act == difference->made_act)
        fputs(" as well, but another one", stdout);
}

static void print_difference(const struct rerun_difference *difference)
{
    printf("tick %" PRIu64 ": ", difference->tick);
    switch (difference->what) {
    case RERUN_FIELD:
        print_record(difference);
        printf(" %s: ", difference->field);
        print_plain(&difference->recorded);
        fputs(" in the log, ", stdout);
        print_plain(&difference->made);
        fputs(" by the rules", stdout);
        break;
    case RERUN_RECORD:
        print_record(difference);
        fputs(difference->recorded.there ? " is in the log and not by the rules"
                                         : " is by the rules and not in the log",
              stdout);
        break;
    case RERUN_OUTCOME:
        printf("an operation of member %" PRIu32 ": \"%s\" in the log, \"%s\" by the rules",
               difference->member, status_text(difference->recorded_status),
               status_text(difference->made_status));
        break;
    case RERUN_MEMORY:
        printf("byte %zu of the rules' memory: ", difference->at);
        print_plain(&difference->recorded);
        fputs(" in the log, ", stdout);
        print_plain(&difference->made);
        fputs(" by the rules", stdout);
        break;
    case RERUN_ACT:
        print_acts(difference);
        break;
    case RERUN_HASH:
        fputs("the state has another hash than the log says", stdout);
        break;
    case RERUN_UNSOUND:
        fputs("the log has a memory that the rules of today do not take", stdout);
        break;
    }
    if (difference->ended[0] != '\0')
        printf(" (they have ended the room: %s)", difference->ended);
    putchar('\n');
}

/* --- The log -------------------------------------------------------------------------------------- */

static bool take(void *context, const struct log_entry *entry)
{
    struct verifying *verifying = context;
    struct rerun *rerun = &verifying->rerun;
    if (entry->tick > verifying->to)
        return false;
    if (entry->tick <= verifying->begun)
        return true;
    if (verifying->first == 0)
        verifying->first = entry->tick;
    verifying->last = entry->tick;
    progress_show(&verifying->progress, entry->tick - verifying->first,
                  verifying->to - verifying->first + 1);
    return rerun_log(rerun, entry->bytes) == STATUS_OK && !rerun->differs;
}

static int report(const struct verifying *verifying)
{
    const struct rerun *rerun = &verifying->rerun;
    uint64_t all = verifying->first > 0 ? verifying->last - verifying->first + 1 : 0;
    if (rerun->replay.status != STATUS_OK)
        return complain("verify", "this log does not lead to a room; see tutti check");
    if (rerun->differs) {
        print_difference(&rerun->difference);
        return 1;
    }
    if (rerun->ticks == 0)
        return complain("verify",
                        "nothing to run rules over: the log is of an older server, or has no place "
                        "at which all is known that they can see");
    printf("verified %" PRIu64 " ticks", rerun->ticks);
    if (all > rerun->ticks + 1)
        printf(" of %" PRIu64 " in the log", all);
    putchar('\n');
    return 0;
}

static int verify(struct store_history *history, const struct store_options *options)
{
    struct verifying verifying = {.progress = {.what = "verify"}, .to = options->to};
    verifying.rerun.replay = history_replay_begin(&options->kinds);
    struct replay *replay = &verifying.rerun.replay;
    if (verifying.to > history->last)
        verifying.to = history->last;
    bool read = options->from > 0 ? history_start(history, options->from, replay)
                                  : history_begin(history, replay);
    if (replay->room != NULL)
        verifying.begun = room_tick_number(replay->room);
    read = read && history_entries(history, take, &verifying);
    progress_end(&verifying.progress);
    int result = read ? report(&verifying) : complain("verify", history->error);
    rerun_abandon(&verifying.rerun);
    return result;
}

static int verify_session(struct store_history *history, const struct store_options *options)
{
    struct store_session session;
    struct store *store = history->folder->store;
    enum store_result result = store_session_find(store, history->name, options->session, &session);
    if (result == STORE_NOT_FOUND)
        return complain("verify", "the room has no such session");
    if (result != STORE_OK)
        return complain("verify", store_result_text(result));
    struct store_options ticks = *options;
    ticks.from = session.first;
    ticks.to = session.last;
    return verify(history, &ticks);
}

static int ask(struct store_folder *folder, const struct store_options *options)
{
    struct store_history history;
    if (!history_find(&history, folder, options->argument))
        return complain("verify", history.error);
    return options->session != 0 ? verify_session(&history, options) : verify(&history, options);
}

int command_verify(int count, char **arguments)
{
    static const struct store_command command = {
        "verify", usage,
        STORE_TAKES_ARGUMENT | STORE_TAKES_TICKS | STORE_TAKES_SESSION | STORE_TAKES_KINDS, ask};
    return store_command_run(&command, count, arguments);
}
