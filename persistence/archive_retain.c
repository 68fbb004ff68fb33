/* archive_retain.c - how much of recordings stays, and when the rest goes.
 *
 * Rooms are looked at one after the other, some with each call; a round over all of them finds which have
 * the oldest pieces. */
#include "persistence/archive_pieces.h"
#include "persistence/archive_table.h"

#include <stdlib.h>
#include <string.h>

/* Of one call that is not to free so much. */
#define ROWS_MAX  512u
#define ROOMS_MAX 512u

/* Pages given back to the file system at a time. */
#define GIVE_BACK "PRAGMA incremental_vacuum(4096)"

struct retaining {
    struct dropping dropping;
    const struct store_retention *retention;
    uint64_t wanted; /* bytes that are to go in any case */
    uint64_t rooms;  /* so many may still be looked at */
};

/* --- One room ------------------------------------------------------------------------------------ */

static void note_old(struct archive *archive, uint64_t room, uint64_t sealed_ms)
{
    size_t place = archive->old_count;
    while (place > 0 && archive->oldest[place - 1].sealed_ms > sealed_ms)
        place--;
    if (place == ARCHIVE_OLD_MAX)
        return;
    if (archive->old_count < ARCHIVE_OLD_MAX)
        archive->old_count++;
    memmove(&archive->oldest[place + 1], &archive->oldest[place],
            (archive->old_count - 1 - place) * sizeof archive->oldest[0]);
    archive->oldest[place] = (struct archive_old){.room = room, .sealed_ms = sealed_ms};
}

/* The room where something may go at all: STORE_NOT_FOUND where not. */
static enum store_result
find_room(const struct retaining *retaining, uint64_t id, struct archive_room *room)
{
    enum store_result result = archive_room_at(retaining->dropping.archive, id, room);
    if (result == STORE_DAMAGED && !retaining->dropping.archive->file.corrupt)
        return STORE_NOT_FOUND; /* it is salvaged at the next start */
    bool may = result == STORE_OK && room->room.state == STORE_ROOM_WELL &&
               !retention_spares(retaining->retention, room->room.name);
    return result == STORE_OK && !may ? STORE_NOT_FOUND : result;
}

/* What is too old of it, or too much; and how old the rest is. */
static enum store_result trim(struct retaining *retaining, uint64_t id)
{
    const struct store_retention *retention = retaining->retention;
    struct archive_room room;
    struct archive_piece piece;
    enum store_result result = find_room(retaining, id, &room);
    while (result == STORE_OK) {
        result = archive_piece_oldest(&retaining->dropping, &room, &piece);
        if (result != STORE_OK)
            break;
        bool large = retention->room_bytes > 0 && room.room.bytes > retention->room_bytes;
        if ((!large && piece.sealed_ms >= retention->before_ms) ||
            retaining->dropping.rows >= retaining->dropping.rows_max) {
            if (retention->only.length == 0)
                note_old(retaining->dropping.archive, id, piece.sealed_ms);
            return STORE_OK;
        }
        result = archive_piece_drop(&retaining->dropping, &room, &piece);
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* --- All rooms ----------------------------------------------------------------------------------- */

/* Goes on with the round; *round when it has come to its end. */
static enum store_result look_on(struct retaining *retaining, bool *round)
{
    struct archive *archive = retaining->dropping.archive;
    enum store_result result = STORE_OK;
    if (archive->looked_at == 0)
        archive->old_count = 0;
    while (result == STORE_OK && retaining->rooms > 0 && archive->looked_at < archive->rooms) {
        retaining->rooms--;
        result = trim(retaining, ++archive->looked_at);
    }
    *round = result == STORE_OK && archive->looked_at >= archive->rooms;
    if (*round)
        archive->looked_at = 0;
    return result;
}

static enum store_result weigh(struct archive *archive)
{
    sqlite3_stmt *row;
    if (archive->stored_known)
        return STORE_OK;
    enum store_result result =
        archive_statement(archive, "SELECT coalesce(sum(bytes), 0) FROM room", &row);
    if (result == STORE_OK)
        result = sqlite_file_step(&archive->file, row);
    if (result == STORE_OK)
        archive->stored = sqlite_column_number(row, 0);
    archive->stored_known = result == STORE_OK;
    sqlite3_finalize(row);
    return result;
}

static bool too_much(const struct retaining *retaining)
{
    uint64_t most = retaining->retention->all_bytes;
    return retaining->dropping.freed < retaining->wanted ||
           (most > 0 && retaining->dropping.archive->stored > most);
}

/* Takes the room out that is first among the old, drops its oldest piece, and puts it back with the next: in
 * its order, as far as that is known when more rooms have old pieces than are noted. */
static enum store_result drop_first(struct retaining *retaining, bool all_noted)
{
    struct archive *archive = retaining->dropping.archive;
    uint64_t id = archive->oldest[0].room;
    struct archive_room room;
    struct archive_piece piece;
    memmove(&archive->oldest[0], &archive->oldest[1],
            --archive->old_count * sizeof archive->oldest[0]);
    enum store_result result = find_room(retaining, id, &room);
    if (result == STORE_OK)
        result = archive_piece_oldest(&retaining->dropping, &room, &piece);
    if (result == STORE_OK)
        result = archive_piece_drop(&retaining->dropping, &room, &piece);
    if (result == STORE_OK)
        result = archive_piece_oldest(&retaining->dropping, &room, &piece);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    size_t count = archive->old_count;
    if (all_noted || (count > 0 && piece.sealed_ms <= archive->oldest[count - 1].sealed_ms))
        note_old(archive, id, piece.sealed_ms);
    return STORE_OK;
}

/* What is oldest of any room, as long as there is too much. */
static enum store_result drop_oldest(struct retaining *retaining)
{
    struct archive *archive = retaining->dropping.archive;
    bool all_noted = archive->old_count < ARCHIVE_OLD_MAX;
    if (retaining->retention->all_bytes == 0 && retaining->wanted == 0)
        return STORE_OK;
    enum store_result result = weigh(archive);
    while (result == STORE_OK && archive->old_count > 0 &&
           retaining->dropping.rows < retaining->dropping.rows_max && too_much(retaining))
        result = drop_first(retaining, all_noted);
    return result;
}

/* Round after round, until nothing has gone in one. */
static enum store_result run(struct retaining *retaining)
{
    bool round = true;
    uint64_t freed;
    enum store_result result;
    do {
        freed = retaining->dropping.freed;
        result = look_on(retaining, &round);
        if (result == STORE_OK && round)
            result = drop_oldest(retaining);
    } while (result == STORE_OK && round && retaining->dropping.freed > freed &&
             retaining->dropping.rows < retaining->dropping.rows_max && retaining->rooms > 0 &&
             too_much(retaining));
    return result;
}

/* Room that stays in the file serves the next sealing; only a journal that shares the disk needs it given
 * back. */
static enum store_result give_back(struct archive *archive)
{
    if (!archive->owes_room)
        return STORE_OK;
    enum store_result result = sqlite_file_exec(&archive->file, GIVE_BACK);
    if (result != STORE_OK)
        return result;
    archive->owes_room = false;
    return sqlite_file_checkpoint(&archive->file);
}

/* A disk that has failed is to see the same transaction again before it sees another one: of two that were
 * not synced nobody could tell which came first. So nothing is given back then, and the round begins anew. */
static enum store_result begin_and_run(struct archive *archive,
                                       const struct store_retention *retention,
                                       uint64_t wanted,
                                       uint64_t *freed)
{
    *freed = 0;
    struct retaining *retaining = calloc(1, sizeof *retaining);
    if (retaining == NULL)
        return STORE_MEMORY;
    retaining->dropping.archive = archive;
    retaining->retention = retention;
    retaining->wanted = wanted;
    retaining->dropping.rows_max = wanted > 0 ? UINT64_MAX : ROWS_MAX;
    retaining->rooms = wanted > 0 ? UINT64_MAX : ROOMS_MAX;
    enum store_result result = run(retaining);
    *freed = retaining->dropping.freed;
    free(retaining);
    archive->owes_room |= *freed > 0;
    if (result == STORE_FAILED || result == STORE_FULL)
        archive->looked_at = 0;
    return result == STORE_OK ? give_back(archive) : result;
}

/* Of one room, outside of the round. */
static enum store_result
retain_one(struct archive *archive, const struct store_retention *retention, uint64_t *freed)
{
    struct archive_room room;
    struct retaining *retaining = calloc(1, sizeof *retaining);
    *freed = 0;
    if (retaining == NULL)
        return STORE_MEMORY;
    retaining->dropping = (struct dropping){.archive = archive, .rows_max = ROWS_MAX};
    retaining->retention = retention;
    enum store_result result = archive_room_find(archive, retention->only, &room);
    if (result == STORE_OK)
        result = trim(retaining, room.id);
    *freed = retaining->dropping.freed;
    free(retaining);
    archive->owes_room |= *freed > 0;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result
archive_retain(struct archive *archive, const struct store_retention *retention, uint64_t *freed)
{
    if (retention->only.length > 0)
        return retain_one(archive, retention, freed);
    return begin_and_run(archive, retention, 0, freed);
}

enum store_result archive_reclaim(struct archive *archive, uint64_t bytes, uint64_t *freed)
{
    static const struct store_retention none;
    *freed = 0;
    if (bytes == 0)
        return STORE_OK;
    archive->looked_at = 0;
    enum store_result result = begin_and_run(archive, &none, bytes, freed);
    if (*freed > 0)
        return STORE_OK;
    return result == STORE_OK ? STORE_NOT_FOUND : result;
}
