#include "tests/kept_log.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/log_pack.h"
#include "sync/log_piece.h"
#include "sync/log_read.h"
#include "sync/snapshot.h"

static struct writer entry_begin(struct kept_log *log, size_t bound)
{
    if (log->length + bound > log->capacity) {
        log->capacity = 2 * (log->length + bound);
        log->data = realloc(log->data, log->capacity);
    }
    return writer_on(log->data + log->length, bound);
}

static void entry_end(struct kept_log *log, const struct room *room, const struct writer *writer)
{
    ck_assert_int_eq(writer->status, STATUS_OK);
    log->tick = room_logged(room);
    log->last = log->length;
    log->length += writer->length;
}

static uint64_t wall_ms_of(const struct room *room)
{
    return 1000 + 50 * room_tick_number(room);
}

void kept_log_take(struct kept_log *log, struct room *room)
{
    if (!room_log_pending(room))
        return;
    struct writer writer = entry_begin(log, room_log_bytes(room));
    room_log_write(room, wall_ms_of(room), &writer);
    entry_end(log, room, &writer);
}

void kept_log_resume(struct kept_log *log, struct room *room)
{
    struct writer writer = entry_begin(log, room_log_resume_bytes(room));
    room_log_resume(room, wall_ms_of(room), &writer);
    entry_end(log, room, &writer);
}

static void add(struct kept_log *log, struct bytes entry, uint64_t tick)
{
    struct writer writer = entry_begin(log, entry.length);
    memcpy(writer.data, entry.data, entry.length);
    log->last = log->length;
    log->length += entry.length;
    log->tick = tick;
}

void kept_log_copy(struct kept_log *log, const struct kept_log *from)
{
    if (from->tick > log->tick)
        add(log, (struct bytes){from->data + from->last, from->length - from->last}, from->tick);
}

struct kept_log kept_log_until(const struct kept_log *log, uint64_t tick)
{
    struct kept_log until = {0};
    struct reader reader = reader_on((struct bytes){log->data, log->length});
    struct log_entry entry;
    while (log_read_entry(&reader, &entry) && entry.tick <= tick)
        add(&until, entry.bytes, entry.tick);
    return until;
}

static struct replay
replayed(const struct kept_log *log, const struct room_options *options, const struct kinds *kinds)
{
    struct replay replay = replay_begin(options, kinds);
    if (log->snapshot != NULL) {
        struct bytes snapshot = {log->snapshot, log->snapshot_length};
        ck_assert_int_eq(replay_snapshot(&replay, snapshot), STATUS_OK);
    }
    enum status status = replay_log(&replay, (struct bytes){log->data, log->length});
    ck_assert_msg(status == STATUS_OK, "the log: %s", status_text(status));
    return replay;
}

/* As the archive keeps it: packed where that is shorter. Takes the snapshot. */
static struct bytes packed_snapshot(struct bytes snapshot)
{
    const struct memory memory = {0};
    size_t capacity = log_pack_bytes_max(snapshot.length);
    struct writer writer = writer_on(malloc(capacity), capacity);
    if (!snapshot_pack(&memory, snapshot, &writer)) {
        free(writer.data);
        return snapshot;
    }
    struct log_piece piece;
    ck_assert_uint_eq(log_piece_length(writer_bytes(&writer)), snapshot.length);
    ck_assert_int_eq(log_piece_open(&piece, writer_bytes(&writer)), STATUS_OK);
    ck_assert(bytes_equal(piece.entries, snapshot));
    log_piece_close(&piece);
    free((void *)(uintptr_t)snapshot.data);
    return writer_bytes(&writer);
}

void kept_log_compact(struct kept_log *log,
                      const struct room_options *options,
                      const struct kinds *kinds)
{
    struct replay replay = replayed(log, options, kinds);
    struct bytes snapshot = packed_snapshot(snapshot_of(replay_room(&replay)));
    replay_abandon(&replay);
    free(log->snapshot);
    log->snapshot = (uint8_t *)(uintptr_t)snapshot.data;
    log->snapshot_length = snapshot.length;
    /* The last entry stays: what a snapshot has already is skipped. */
    memmove(log->data, log->data + log->last, log->length - log->last);
    log->length -= log->last;
    log->last = 0;
}

struct room *kept_log_replay(const struct kept_log *log,
                             const struct room_options *options,
                             const struct kinds *kinds,
                             bool *clean)
{
    struct replay replay = replayed(log, options, kinds);
    enum status status;
    struct room *room = replay_end(&replay, clean, &status);
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_ptr_nonnull(room);
    return room;
}

struct bytes snapshot_of(const struct room *room)
{
    size_t length = snapshot_bytes(room);
    uint8_t *data = malloc(length);
    struct writer writer = writer_on(data, length);
    snapshot_write(room, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    ck_assert_uint_eq(writer.length, length);
    return writer_bytes(&writer);
}

void kept_log_free(struct kept_log *log)
{
    free(log->data);
    free(log->snapshot);
    *log = (struct kept_log){0};
}
