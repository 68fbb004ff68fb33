/* tails.c - what was flushed of each room and is not sealed: the archivist's. */
#include "server/recorded_kinds.h"
#include "server/storage_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes tail_name(const struct tail *tail)
{
    return (struct bytes){tail->name, tail->name_length};
}

struct tail *tail_find(const struct storage *storage, struct bytes name)
{
    struct tail *tail = NULL;
    HASH_FIND(hh, storage->tails, name.data, (unsigned)name.length, tail);
    return tail;
}

struct tail *tail_of(struct storage *storage, struct bytes name)
{
    struct tail *tail = tail_find(storage, name);
    if (tail != NULL)
        return tail;
    tail = calloc(1, sizeof *tail);
    if (tail == NULL)
        return NULL;
    tail->round = storage->round.number;
    tail->name_length = (uint8_t)name.length;
    memcpy(tail->name, name.data, name.length);
    HASH_ADD(hh, storage->tails, name, (unsigned)tail->name_length, tail);
    if (tail->lost) {
        free(tail);
        return NULL;
    }
    return tail;
}

void tail_empty(struct storage *storage, struct tail *tail)
{
    storage->tail_bytes -= tail->log.length;
    free(tail->log.data);
    tail->log = (struct flush_buffer){0};
    tail->whole = 0;
}

void tail_forget(struct storage *storage, struct tail *tail)
{
    HASH_DELETE(hh, storage->tails, tail);
    tail_empty(storage, tail);
    track_empty(storage, tail);
    free(tail);
}

bool buffer_append(struct flush_buffer *buffer, struct bytes bytes)
{
    if (bytes.length > buffer->capacity - buffer->length) {
        size_t capacity = buffer->length + bytes.length;
        capacity += capacity / 4;
        uint8_t *data = realloc(buffer->data, capacity);
        if (data == NULL)
            return false;
        buffer->data = data;
        buffer->capacity = capacity;
    }
    if (bytes.length > 0)
        memcpy(buffer->data + buffer->length, bytes.data, bytes.length);
    buffer->length += bytes.length;
    return true;
}

static bool take_known(void *context, const struct store_room *room)
{
    struct known *known = context;
    known->incarnation = room->incarnation;
    known->first = room->first;
    known->last = room->last;
    known->snapshot_tick = room->snapshot_tick;
    known->state = room->state;
    if (room->kind.length <= NAME_BYTES_MAX) {
        known->kind_length = (uint8_t)room->kind.length;
        if (room->kind.length > 0)
            memcpy(known->kind, room->kind.data, room->kind.length);
    }
    snprintf(known->reason, sizeof known->reason, "%.*s", (int)room->reason.length,
             (const char *)room->reason.data);
    return false;
}

enum store_result room_known(struct storage *storage, struct bytes name, struct known *known)
{
    struct store *store = storage->store;
    char why[STORE_PLACE_MAX];
    enum store_result result = store->room(store, name, take_known, known);
    if (result != STORE_DAMAGED)
        return result;
    snprintf(why, sizeof why, "%s", store->place(store));
    result = store->room(store, name, take_known, known);
    if (result != STORE_DAMAGED) {
        storage->options.salvaged = true; /* no room goes on as if it had slept */
        storage_trouble(storage, "the archive: %.100s", why);
    }
    return result;
}

bool known_is_there(enum store_result result, const struct known *known)
{
    return result == STORE_OK && known->state != STORE_ROOM_DELETED;
}

bool room_is_kept(const struct storage *storage, struct bytes kind, const struct tail *tail)
{
    return (tail == NULL || !tail->unrecorded) &&
           recorded_kinds_have(storage->options.record, kind);
}

static size_t whole_bytes(struct bytes log)
{
    struct reader reader = reader_on(log);
    struct log_entry entry;
    return log_read_entry(&reader, &entry) && entry.resumes ? entry.bytes.length : 0;
}

/* The kind that a tail is to be sealed under: the archive's, or the one that the log opens with. */
static void set_kind(struct storage *storage, struct tail *tail, struct bytes log)
{
    struct known known = {0};
    struct bytes kind = log_kind(log);
    enum store_result result = room_known(storage, tail_name(tail), &known);
    if (known_is_there(result, &known) && known.kind_length > 0)
        kind = (struct bytes){known.kind, known.kind_length};
    if (result == STORE_NOT_FOUND || known.state == STORE_ROOM_DELETED)
        tail->whole = whole_bytes(log);
    tail->broken = result == STORE_DAMAGED || known.state == STORE_ROOM_QUARANTINED ||
                   quarantine_reason(storage, tail_name(tail)) != NULL;
    tail->unrecorded = log_opens_unrecorded(log) || room_was_unrecorded(storage, tail_name(tail));
    if (kind.length > NAME_BYTES_MAX)
        return;
    tail->kind_length = (uint8_t)kind.length;
    if (kind.length > 0)
        memcpy(tail->kind, kind.data, kind.length);
}

/* Up to where the archive has a room, or had: of what its newest snapshot stands for the log may be gone. In one
 * that is not well the log alone tells. */
static uint64_t known_end(const struct known *known)
{
    bool stands = known->state == STORE_ROOM_WELL && known->snapshot_tick > known->last;
    return stands ? known->snapshot_tick : known->last;
}

/* What the journal tells of a room that was deleted since is nothing any more. What it tells of one
 * that was sealed since, in a life that ended before the journal was told, is there already. */
static bool is_past(struct storage *storage, const struct flush_entry *entry)
{
    struct known known = {0};
    enum store_result result = room_known(storage, entry->room, &known);
    return result == STORE_OK && entry->incarnation <= known.incarnation &&
           (known.state == STORE_ROOM_DELETED || entry->last <= known_end(&known));
}

/* --- What the journal deletes further on --------------------------------------------------------- */

static struct foreseen *find_foreseen(const struct storage *storage, struct bytes name)
{
    struct foreseen *foreseen = NULL;
    HASH_FIND(hh, storage->foreseen, name.data, (unsigned)name.length, foreseen);
    return foreseen;
}

static struct foreseen *add_foreseen(struct storage *storage, struct bytes name)
{
    struct foreseen *foreseen = calloc(1, sizeof *foreseen);
    if (foreseen == NULL)
        return NULL;
    foreseen->name_length = (uint8_t)name.length;
    memcpy(foreseen->name, name.data, name.length);
    HASH_ADD(hh, storage->foreseen, name, (unsigned)foreseen->name_length, foreseen);
    if (foreseen->lost) {
        free(foreseen);
        return NULL;
    }
    return foreseen;
}

bool tails_foresee(struct storage *storage, struct bytes flush)
{
    struct flush_reader reader = {.bytes = flush};
    struct flush_entry entry;
    while (flush_next(&reader, &entry)) {
        if (!flush_entry_deletes(&entry))
            continue;
        struct foreseen *foreseen = find_foreseen(storage, entry.room);
        if (foreseen == NULL)
            foreseen = add_foreseen(storage, entry.room);
        if (foreseen == NULL)
            return false;
        if (entry.incarnation > foreseen->incarnation)
            foreseen->incarnation = entry.incarnation;
    }
    return true;
}

void tails_foresaw(struct storage *storage)
{
    struct foreseen *foreseen, *next;
    HASH_ITER(hh, storage->foreseen, foreseen, next)
    {
        HASH_DELETE(hh, storage->foreseen, foreseen);
        free(foreseen);
    }
}

static bool is_foreseen(const struct storage *storage, const struct flush_entry *entry)
{
    const struct foreseen *foreseen = find_foreseen(storage, entry->room);
    return foreseen != NULL && entry->incarnation <= foreseen->incarnation;
}

/* --- Taking --------------------------------------------------------------------------------------- */

/* One segment has to hold a tail, so it is sealed long before; while an archive takes nothing, it
 * grows until it cannot. */
#define TAIL_BYTES (STORE_BLOB_MAX / 4)

static bool is_beyond(const struct tail *tail, size_t bytes, size_t most)
{
    return tail != NULL && tail->log.length + bytes > most;
}

static enum store_result make_room(struct storage *storage, struct bytes name, size_t bytes)
{
    struct tail *tail = tail_find(storage, name);
    bool can_wait = !is_beyond(tail, bytes, STORE_BLOB_MAX) && archivist_is_behind(storage);
    if (!is_beyond(tail, bytes, TAIL_BYTES) || can_wait)
        return STORE_OK;
    enum store_result result = archivist_seal_room(storage, tail);
    if (!is_beyond(tail_find(storage, name), bytes, STORE_BLOB_MAX))
        return STORE_OK;
    return result != STORE_OK ? result : STORE_FAILED;
}

static enum store_result take_entry(struct storage *storage, const struct flush_entry *entry)
{
    if (entry->first == 0 || entry->last > STORE_TICK_MAX)
        return STORE_DAMAGED;
    enum store_result result = STORE_OK;
    struct tail *tail = tail_find(storage, entry->room);
    if (tail != NULL && tail->removed)
        result = archivist_remove_again(storage, tail);
    if (result != STORE_OK)
        return result; /* a room of the same name has been made since: they must not mix */
    tail = tail_find(storage, entry->room);
    if (tail == NULL && is_past(storage, entry))
        return STORE_OK;
    if (is_foreseen(storage, entry)) /* the tail tells that there was something to delete */
        return tail_of(storage, entry->room) != NULL ? STORE_OK : STORE_MEMORY;
    result = make_room(storage, entry->room, entry->bytes.length);
    if (result != STORE_OK)
        return result;
    tail = tail_of(storage, entry->room);
    if (tail == NULL || !buffer_append(&tail->log, entry->bytes))
        return STORE_MEMORY;
    storage->tail_bytes += entry->bytes.length;
    if (tail->kind_length == 0)
        set_kind(storage, tail, entry->bytes);
    if (tail->log.length == entry->bytes.length)
        tail->first = entry->first;
    if (tail->piece.after == 0)
        tail->piece.after = entry->first - 1;
    tail->last = entry->last;
    tail->incarnation = entry->incarnation;
    tail->asleep = false;
    return STORE_OK;
}

/* Whoever ordered it in this life is answered; the orders stand in the order of the entries. */
static enum store_result
take_deletion(struct storage *storage, const struct flush_entry *entry, struct job **removals)
{
    enum store_result result = archivist_remove(storage, entry->room, entry->incarnation);
    struct job *order = *removals;
    if (order != NULL) {
        *removals = order->next;
        archivist_answer(storage, order, STORAGE_REMOVED, result);
    }
    const struct tail *tail = tail_find(storage, entry->room);
    bool done = result == STORE_NOT_FOUND || (tail != NULL && tail->removed);
    return done ? STORE_OK : result;
}

enum store_result
tails_take(struct storage *storage, const struct batch *batch, struct job **removals)
{
    struct flush_reader reader = {.bytes = batch_bytes(batch)};
    struct flush_entry entry;
    enum store_result result = STORE_OK;
    while (result == STORE_OK && flush_next(&reader, &entry)) {
        /* Also those of a room that is deleted further on: they outlive it. */
        if (!flush_entry_deletes(&entry))
            boards_take_log(storage->boards, entry.bytes);
        result = flush_entry_deletes(&entry) ? take_deletion(storage, &entry, removals)
                                             : take_entry(storage, &entry);
        if (entry.incarnation > storage->incarnation && !storage->threads)
            storage->incarnation = entry.incarnation;
    }
    storage->taken = batch->number;
    if (result == STORE_OK && reader.damaged)
        result = STORE_DAMAGED;
    storage->incomplete |= result != STORE_OK;
    return storage->incomplete && result == STORE_OK ? STORE_FAILED : result;
}
