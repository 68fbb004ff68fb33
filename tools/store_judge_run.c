#include "tools/store_judge_run.h"

#include "sync/hash.h"
#include "sync/log_pack.h"
#include "sync/room_parts.h"
#include "sync/track.h"
#include "tools/store_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a seat counts for where all of them are walked through. */
#define SEAT_WALK 64u

/* --- Limits --------------------------------------------------------------------------------------- */

#define HEAD_BYTES 16u /* keeps what follows aligned */

static void *allocate(void *context, size_t bytes)
{
    struct judge_run *run = context;
    if (bytes > run->limits.memory - run->held)
        return NULL;
    uint8_t *block = malloc(HEAD_BYTES + bytes);
    if (block == NULL)
        return NULL;
    memcpy(block, &bytes, sizeof bytes);
    run->held += bytes;
    return block + HEAD_BYTES;
}

static void release(void *context, void *data)
{
    struct judge_run *run = context;
    uint8_t *block = (uint8_t *)data - HEAD_BYTES;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    run->held -= bytes;
    free(block);
}

const char *run_charge(struct judge_run *run, uint64_t bytes)
{
    if (bytes > run->limits.bytes - run->bytes)
        return "it is longer than what is taken, unpacked";
    run->bytes += bytes;
    return NULL;
}

static bool walk(struct judge_run *run, uint64_t bytes)
{
    if (bytes > run->limits.walked - run->walked)
        return false;
    run->walked += bytes;
    return true;
}

static uint64_t seats_walk(const struct room *room)
{
    return (uint64_t)room->seat_count * SEAT_WALK;
}

/* What of an entry takes longer than its bytes tell. */
static bool walk_entry(struct judge_run *run, const struct log_entry *entry)
{
    const struct room *room = run->replay.room;
    if (room == NULL)
        return true;
    if (!walk(run, seats_walk(room)))
        return false;
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    while (log_read_act(&acts, &act)) {
        bool state = act.act == ACT_HASH || act.act == ACT_SLEPT || act.act == ACT_WOKEN ||
                     act.act == ACT_RESUMED || act.act == ACT_PRESENT;
        if (state && !walk(run, room_bytes(room) + seats_walk(room)))
            return false;
    }
    return true;
}

/* --- Building ------------------------------------------------------------------------------------- */

static void begin(struct judge_run *run)
{
    run_end(run);
    run->replay = history_replay_begin(run->kinds);
    run->replay.options.memory = (struct memory){allocate, release, run};
}

void run_end(struct judge_run *run)
{
    replay_abandon(&run->replay);
    run->replay = (struct replay){0};
}

static const char *at_tick(struct judge_run *run, uint64_t tick, const char *why)
{
    snprintf(run->why, sizeof run->why, "tick %" PRIu64 ": %s", tick, why);
    return run->why;
}

static const char *check_kind(const struct judge_run *run)
{
    const struct room *room = run->replay.room;
    return bytes_equal(bytes_of(room->rules->name), run->kind)
               ? NULL
               : "its room is of another kind than the file says";
}

static const char unsound[] = "its rules cannot have the memory that it has";

/* Whether the entry brings a memory. */
static bool has_memory(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    while (log_read_act(&acts, &act))
        if (act.act == ACT_MEMORY || act.act == ACT_RESUMED)
            return true;
    return false;
}

const char *run_snapshot(struct judge_run *run, const struct portable_piece *piece)
{
    bool again = run->replay.room != NULL && room_tick_number(run->replay.room) == piece->first;
    uint64_t hash = again ? room_hash_kept(run->replay.room) : 0;
    const char *why = run_charge(run, log_piece_length(piece->bytes));
    begin(run);
    if (why != NULL)
        return why;
    if (replay_snapshot(&run->replay, piece->bytes) != STATUS_OK)
        return history_complaint(&run->replay);
    const struct room *room = run->replay.room;
    if (room_tick_number(room) != piece->first || room_incarnation(room) != piece->incarnation)
        return "it is of another moment than it says";
    if (again && room_hash_kept(room) != hash)
        return "it is not what the log leads to";
    return room_is_sound(room) ? check_kind(run) : unsound;
}

/* Whether the log may go on with this entry, which the engine does not ask for. */
static const char *check_entry(struct judge_run *run,
                               const struct portable_piece *piece,
                               const struct log_entry *entry,
                               uint64_t before)
{
    if (entry->tick <= before || entry->tick < piece->first || entry->tick > piece->last)
        return at_tick(run, entry->tick, "it lies outside of what the piece says");
    if (run->replay.room == NULL && log_kind(entry->bytes).length == 0)
        return at_tick(run, entry->tick, "nothing leads to it");
    if (!walk_entry(run, entry))
        return at_tick(run, entry->tick, "it takes more work than is given to any file");
    return NULL;
}

const char *run_log(struct judge_run *run, const struct portable_piece *piece, struct bytes entries)
{
    if (piece->begins == 1)
        begin(run);
    struct reader log = reader_on(entries);
    struct log_entry entry;
    uint64_t at = 0;
    const char *why = NULL;
    while (why == NULL && log_read_entry(&log, &entry)) {
        bool first = at == 0;
        why = check_entry(run, piece, &entry, at);
        if (why == NULL && first && entry.tick != piece->first)
            why = "it begins with another tick than it says";
        if (why == NULL && replay_log(&run->replay, entry.bytes) != STATUS_OK)
            why = at_tick(run, entry.tick, history_complaint(&run->replay));
        if (why == NULL && has_memory(&entry) && !room_is_sound(run->replay.room))
            why = at_tick(run, entry.tick, unsound);
        at = entry.tick;
    }
    if (why != NULL)
        return why;
    if (reader_end(&log) != STATUS_OK)
        return at_tick(run, at, "what follows it is not to be read");
    if (at != piece->last)
        return "it ends with another tick than it says";
    if (room_incarnation(run->replay.room) != piece->incarnation)
        return "its room is in another incarnation than it says";
    return run->replay.ended ? "its rules have ended the room: a server would delete it"
                             : check_kind(run);
}

/* A replay passes over what it cannot show yet, whatever that is. */
static bool is_presence(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    bool is = true;
    while (log_read_act(&acts, &act))
        is = is && (act.act == ACT_PRESENT || act.act == ACT_SHOWN || act.act == ACT_GONE ||
                    act.act == ACT_SAID);
    return is;
}

const char *
run_track(struct judge_run *run, const struct portable_piece *piece, struct bytes entries)
{
    struct reader track = reader_on(entries);
    struct log_entry entry;
    uint64_t at = 0;
    while (log_read_entry(&track, &entry)) {
        if (entry.tick <= at || entry.tick < piece->first || entry.tick > piece->last)
            return at_tick(run, entry.tick, "it lies outside of what the piece says");
        if (!is_presence(&entry))
            return at_tick(run, entry.tick, "it is no presence");
        if (!walk_entry(run, &entry))
            return at_tick(run, entry.tick, "it takes more work than is given to any file");
        if (replay_track(&run->replay, entry.bytes) != STATUS_OK)
            return at_tick(run, entry.tick, history_complaint(&run->replay));
        at = entry.tick;
    }
    return at > 0 && reader_end(&track) == STATUS_OK
               ? NULL
               : at_tick(run, at, "what follows it is not to be read");
}
