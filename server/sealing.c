/* sealing.c - what was flushed goes into the archive, and what was deleted out of it: the
 * archivist's.
 *
 * A sealing is a round over all rooms that have something when it begins, in steps of a transaction each:
 * who asks for a room or a moment waits for one step, not for all. The journal forgets what was taken
 * before the round began, and only when every step has succeeded; of what a round that was cut short has
 * sealed, the journal tells again and nothing is taken twice. */
#include "server/storage_parts.h"

#include <stdio.h>
#include <string.h>

/* Rooms sealed in one transaction. */
#define SEAL_ROOMS 256u

/* A step ends behind so much of what it packs where somebody waits, or may ask again soon; where nobody asks
 * for anything it goes on, as a transaction costs the disk more than what is in it. */
#define SEAL_STEP_BYTES (256u << 10)

/* Rooms whose files are looked at behind a sealing. */
#define SEAL_LOOKS 4u

/* Scores written in one transaction. */
#define SEAL_SCORES 256u

/* --- One room ------------------------------------------------------------------------------------ */

static void clear_sealed(struct storage *storage, struct sealed_room *room, bool with_snapshot)
{
    struct tail *tail = room->tail;
    tail->piece = with_snapshot ? room->next : room->piece;
    sealed_room_done(storage, room);
    if (tail->asleep)
        tail_forget(storage, tail);
}

static void count_sealed(struct storage *storage, uint64_t segments, uint64_t snapshots)
{
    pthread_mutex_lock(&storage->mutex);
    storage->figures.seals += segments;
    storage->figures.snapshots += snapshots;
    pthread_mutex_unlock(&storage->mutex);
}

/* --- Failures ------------------------------------------------------------------------------------ */

/* Fails once and for all where the disk lied: what it says it has can no longer be taken for safe,
 * so the journal goes on keeping it. */
void archivist_seal_failed(struct storage *storage, enum store_result result)
{
    bool for_ever = result == STORE_FAILED || result == STORE_DAMAGED;
    pthread_mutex_lock(&storage->mutex);
    bool known = storage->figures.archive_fails;
    storage->figures.failures++;
    storage->figures.archive_fails |= for_ever;
    pthread_mutex_unlock(&storage->mutex);
    if (!known)
        storage_trouble(storage, "the archive: %s: %.80s", store_result_text(result),
                        storage->store->place(storage->store));
    if (for_ever)
        storage_lost(storage);
}

/* STORE_DAMAGED may mean that the archive as a whole was, and has been replaced meanwhile. */
static enum store_result
seal_twice(struct storage *storage, const struct store_sealed *sealed, size_t count)
{
    struct store *store = storage->store;
    uint64_t wall_ms = storage->options.wall_ms();
    enum store_result result = store->seal(store, sealed, count, wall_ms);
    return result == STORE_DAMAGED ? store->seal(store, sealed, count, wall_ms) : result;
}

/* What is stored of this room alone is damaged: its log goes beside that, so that the journal need
 * not keep it, nor any other room's because of it. */
static enum store_result
set_aside(struct storage *storage, struct tail *tail, const struct store_sealed *sealed)
{
    struct store *store = storage->store;
    char why[STORE_PLACE_MAX];
    snprintf(why, sizeof why, "%s", store->place(store));
    struct bytes reason = {(const uint8_t *)why, strlen(why)};
    uint64_t wall_ms = storage->options.wall_ms();
    enum store_result result = store->set_aside(store, sealed, reason, wall_ms);
    if (result == STORE_DAMAGED)
        result = store->set_aside(store, sealed, reason, wall_ms);
    if (result != STORE_OK)
        return result;
    if (tail->aside)
        return STORE_OK;
    tail->broken = true;
    tail->aside = true;
    pthread_mutex_lock(&storage->mutex);
    storage->figures.set_aside++;
    pthread_mutex_unlock(&storage->mutex);
    storage_trouble(storage, "quarantined: %s", why);
    return STORE_OK;
}

/* --- Many rooms ---------------------------------------------------------------------------------- */

struct sealing {
    struct storage *storage;
    size_t count;
    uint64_t bytes; /* as they are stored */
    uint64_t work;  /* bytes before they were packed, with those that a snapshot was made of */
    struct store_sealed sealed[SEAL_ROOMS];
    struct sealed_room rooms[SEAL_ROOMS];
};

/* False where there is nothing of it to seal. */
static bool add_room(struct sealing *sealing, struct tail *tail)
{
    struct store_sealed *sealed = &sealing->sealed[sealing->count];
    struct sealed_room *room = &sealing->rooms[sealing->count];
    if (!sealed_room_due(sealing->storage, tail, room))
        return false;
    *sealed = sealed_room_make(sealing->storage, room);
    sealing->bytes +=
        sealed->segment.bytes.length + sealed->track.bytes.length + sealed->snapshot.bytes.length;
    sealing->work += tail->log.length + room->part.length;
    if (sealed->snapshot.bytes.length > 0)
        sealing->work +=
            room->piece.log_bytes + room->piece.snapshot_bytes + room->next.snapshot_bytes;
    sealing->count++;
    return true;
}

static bool is_enough(const struct sealing *sealing)
{
    struct storage *storage = sealing->storage;
    if (sealing->count == SEAL_ROOMS || sealing->bytes >= storage->options.sealing_bytes)
        return true;
    return sealing->work >= SEAL_STEP_BYTES && !storage->round.at_once &&
           (storage->round.served > 0 || queue_is_asked(storage, &storage->to_archivist));
}

/* As many as one step takes, of those that this round has not been through with. */
static void collect(struct sealing *sealing)
{
    struct storage *storage = sealing->storage;
    for (struct tail *tail = storage->tails, *next; tail != NULL; tail = next) {
        next = tail->hh.next;
        if (is_enough(sealing))
            return;
        bool alone = tail->aside; /* it would fail the others' transaction */
        if (tail->removed || tail->round == storage->round.number || (alone && sealing->count > 0))
            continue;
        tail->round = storage->round.number;
        if (!add_room(sealing, tail) && tail->asleep)
            tail_forget(storage, tail);
        if (alone && sealing->count > 0)
            return;
    }
}

/* The sessions of those that are recorded; of the others the past goes as soon as a snapshot stands for it. */
static enum store_result keep_past(struct sealing *sealing, size_t from, size_t count)
{
    struct storage *storage = sealing->storage;
    struct putting putting = {.storage = storage};
    for (size_t i = from; i < from + count; i++)
        if (room_is_kept(storage, sealing->sealed[i].kind, sealing->rooms[i].tail))
            sessions_take(&putting, sealing->rooms[i].tail);
    enum store_result result = sessions_put(&putting);
    for (size_t i = from; i < from + count && result == STORE_OK; i++)
        if (!room_is_kept(storage, sealing->sealed[i].kind, sealing->rooms[i].tail) &&
            sealing->sealed[i].snapshot.bytes.length > 0)
            result = archivist_forget_past(storage, tail_name(sealing->rooms[i].tail));
    return result;
}

/* Seals these rooms, each of them but what is damaged; where that is, halving finds out. */
static enum store_result seal_range(struct sealing *sealing, size_t from, size_t count)
{
    struct storage *storage = sealing->storage;
    const struct store_sealed *sealed = &sealing->sealed[from];
    struct sealed_room *rooms = &sealing->rooms[from];
    enum store_result result = STORE_DAMAGED;
    if (count > 1 || !rooms[0].tail->aside)
        result = seal_twice(storage, sealed, count);
    if (result == STORE_DAMAGED && count > 1) {
        result = seal_range(sealing, from, count / 2);
        if (result == STORE_OK)
            result = seal_range(sealing, from + count / 2, count - count / 2);
        return result;
    }
    bool aside = result == STORE_DAMAGED;
    if (aside)
        result = set_aside(storage, rooms[0].tail, sealed);
    if (result != STORE_OK)
        return result;
    uint64_t snapshots = 0;
    if (!aside)
        result = keep_past(sealing, from, count);
    for (size_t i = 0; i < count; i++) {
        bool with_snapshot = !aside && sealed[i].snapshot.bytes.length > 0;
        snapshots += with_snapshot ? 1 : 0;
        clear_sealed(storage, &rooms[i], with_snapshot);
    }
    count_sealed(storage, count, snapshots);
    return result;
}

static enum store_result seal_collected(struct sealing *sealing)
{
    enum store_result result = STORE_OK;
    if (sealing->count > 0)
        result = seal_range(sealing, 0, sealing->count);
    for (size_t i = 0; i < sealing->count; i++)
        sealed_room_free(&sealing->rooms[i]);
    return result;
}

/* Some of the tails; *more where others may be left. */
static enum store_result seal_some(struct storage *storage, bool *more)
{
    struct sealing sealing = {.storage = storage};
    collect(&sealing);
    *more = sealing.count > 0;
    return seal_collected(&sealing);
}

/* --- Rooms that were deleted --------------------------------------------------------------------- */

enum store_result archivist_remove_again(struct storage *storage, struct tail *tail)
{
    struct store *store = storage->store;
    enum store_result result = store->remove(store, tail_name(tail), tail->incarnation);
    if (result == STORE_DAMAGED) /* the archive may have been replaced */
        result = store->remove(store, tail_name(tail), tail->incarnation);
    if (result == STORE_OK)
        tail_forget(storage, tail);
    else
        archivist_seal_failed(storage, result);
    return result;
}

enum store_result archivist_remove(struct storage *storage, struct bytes name, uint64_t incarnation)
{
    struct known known = {0};
    struct tail *tail = tail_find(storage, name);
    enum store_result result = room_known(storage, name, &known);
    /* One of a later life is in the archive: the journal is behind, and tells of the one before. */
    bool later = result == STORE_OK && known.incarnation > incarnation;
    bool none = later || result == STORE_NOT_FOUND || known.state == STORE_ROOM_DELETED;
    if (tail != NULL && later)
        tail_forget(storage, tail);
    if (later)
        return STORE_NOT_FOUND;
    if (tail == NULL && none)
        return quarantine_forget(storage, name) ? STORE_OK : STORE_NOT_FOUND;
    tail = tail_of(storage, name);
    if (tail == NULL)
        return STORE_MEMORY;
    (void)quarantine_forget(storage, name);
    tail_empty(storage, tail);
    track_empty(storage, tail);
    tail->incarnation = incarnation;
    tail->removed = true;
    return archivist_remove_again(storage, tail);
}

/* All that it can; false where something is left. */
static bool remove_deleted(struct storage *storage)
{
    bool all = true;
    for (struct tail *tail = storage->tails, *next; tail != NULL; tail = next) {
        next = tail->hh.next;
        if (tail->removed && archivist_remove_again(storage, tail) != STORE_OK)
            all = false;
    }
    return all;
}

/* --- Boards -------------------------------------------------------------------------------------- */

/* Some of what has changed of them; the journal keeps the results that say so until then. */
static enum store_result seal_scores(struct storage *storage, bool *more)
{
    struct store *store = storage->store;
    struct store_score scores[SEAL_SCORES];
    size_t count = boards_unsaved(storage->boards, scores, SEAL_SCORES);
    *more = count == SEAL_SCORES;
    if (count == 0)
        return STORE_OK;
    enum store_result result = store->write_scores(store, scores, count);
    if (result == STORE_DAMAGED) /* the archive may have been replaced */
        result = store->write_scores(store, scores, count);
    if (result == STORE_OK)
        boards_saved(storage->boards);
    return result;
}

/* --- All of it ----------------------------------------------------------------------------------- */

/* The archive takes nothing in this life. */
static bool is_shut(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool shut = storage->figures.archive_fails || storage->fenced;
    pthread_mutex_unlock(&storage->mutex);
    return shut;
}

bool archivist_is_behind(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool behind = storage->figures.archive_behind;
    pthread_mutex_unlock(&storage->mutex);
    return behind;
}

static void set_behind(struct storage *storage, bool behind)
{
    pthread_mutex_lock(&storage->mutex);
    storage->figures.archive_behind = behind;
    pthread_mutex_unlock(&storage->mutex);
}

/* False where the archive takes nothing. */
static bool begin_round(struct storage *storage)
{
    struct round *round = &storage->round;
    storage->sealed_ms = storage->options.clock_ms();
    quarantines_again(storage);
    if (is_shut(storage))
        return false;
    *round =
        (struct round){.phase = ROUND_ROOMS, .number = round->number + 1, .taken = storage->taken};
    round->behind = !remove_deleted(storage);
    return true;
}

/* The journal forgets what is in the archive once nothing else rests on it; the next time will
 * do where there is no memory for that. */
static void end_sealing(struct storage *storage, enum store_result result)
{
    struct round *round = &storage->round;
    if (result != STORE_OK)
        archivist_seal_failed(storage, result);
    bool behind = result != STORE_OK || round->behind;
    set_behind(storage, behind);
    struct job *job = behind ? NULL : job_new(JOB_RELEASE, (struct bytes){0});
    if (job != NULL) {
        job->number = round->taken;
        queue_push(storage, &storage->to_writer, job);
    }
    round->phase = ROUND_PAST;
}

/* Behind its rooms come the boards: a result is on its board when its log is taken. An archive that has failed
 * for good since the step before is not asked any more, and the journal keeps all. */
static enum store_result seal_step(struct storage *storage)
{
    struct round *round = &storage->round;
    bool more = false;
    if (is_shut(storage)) {
        round->phase = ROUND_PAST;
        return STORE_FAILED;
    }
    enum store_result result =
        round->phase == ROUND_ROOMS ? seal_some(storage, &more) : seal_scores(storage, &more);
    if (result != STORE_OK || (!more && round->phase == ROUND_BOARDS))
        end_sealing(storage, result);
    else if (!more)
        round->phase = ROUND_BOARDS;
    return result;
}

void archivist_seal_begin(struct storage *storage)
{
    if (storage->round.phase == ROUND_OVER)
        (void)begin_round(storage);
}

void archivist_seal_early(struct storage *storage)
{
    if (!archivist_is_behind(storage))
        archivist_seal_begin(storage);
}

void archivist_seal_step(struct storage *storage)
{
    struct round *round = &storage->round;
    switch (round->phase) {
    case ROUND_ROOMS:
    case ROUND_BOARDS:
        (void)seal_step(storage);
        break;
    case ROUND_PAST:
        archivist_retain(storage);
        round->phase = ROUND_FILES;
        break;
    case ROUND_FILES:
        if (!archivist_collect(storage) || ++round->looks == SEAL_LOOKS)
            round->phase = ROUND_OVER;
        break;
    case ROUND_OVER:
        break;
    }
}

static bool seals(const struct round *round)
{
    return round->phase == ROUND_ROOMS || round->phase == ROUND_BOARDS;
}

enum store_result archivist_seal(struct storage *storage)
{
    enum store_result result = begin_round(storage) ? STORE_OK : STORE_FAILED;
    storage->round.at_once = true;
    while (result == STORE_OK && seals(&storage->round))
        result = seal_step(storage);
    return result;
}

enum store_result archivist_seal_room(struct storage *storage, struct tail *tail)
{
    struct sealing sealing = {.storage = storage};
    if (is_shut(storage))
        return STORE_FAILED;
    bool due = !tail->removed && add_room(&sealing, tail);
    enum store_result result = due ? seal_collected(&sealing) : STORE_OK;
    if (result != STORE_OK) {
        archivist_seal_failed(storage, result);
        set_behind(storage, true);
    }
    return result;
}
