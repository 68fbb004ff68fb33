#include "server/recorder.h"

#include "server/hub.h"
#include "server/room_host.h"
#include "sync/log.h"
#include "sync/track.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A hash walks through the room: so many bytes of it in a second. */
#define HASH_BYTES_PER_SECOND (100u << 10)

static bool store(struct room_host *host, uint64_t first, uint64_t last, struct bytes entries)
{
    struct flush_entry entry = {
        .room = {(const uint8_t *)host->name, host->name_length},
        .incarnation = room_incarnation(host->room),
        .first = first,
        .last = last,
        .bytes = entries,
    };
    bool taken = storage_track(host->hub->storage, &entry);
    host->recorder.whole |= !taken;
    return taken;
}

void recorder_forget(struct room_host *host)
{
    free(host->recorder.waiting.data);
    host->recorder.waiting = (struct flush_buffer){0};
}

void recorder_stored(struct room_host *host)
{
    struct recorder *recorder = &host->recorder;
    struct bytes entries = {recorder->waiting.data, recorder->waiting.length};
    if (entries.length > 0)
        (void)store(host, recorder->first, recorder->last, entries);
    recorder_forget(host);
}

/* What waits grows by an entry; without memory for it, the next tells all. */
static void wait(struct room_host *host, struct bytes entry)
{
    struct recorder *recorder = &host->recorder;
    struct flush_buffer *waiting = &recorder->waiting;
    size_t length = waiting->length + entry.length;
    uint8_t *data = realloc(waiting->data, length);
    if (data == NULL) {
        recorder_forget(host);
        recorder->whole = true;
        return;
    }
    if (waiting->length == 0)
        recorder->first = recorder->last;
    memcpy(data + waiting->length, entry.data, entry.length);
    *waiting = (struct flush_buffer){.data = data, .length = length, .capacity = length};
    if (length > TRACK_UNSTORED_MAX && !room_host_keep(host)) {
        recorder_forget(host);
        recorder->whole = true;
    }
}

static void take(struct room_host *host)
{
    struct hub *hub = host->hub;
    struct recorder *recorder = &host->recorder;
    uint64_t tick = room_tick_number(host->room);
    bool whole = recorder->whole ||
                 tick >= recorder->keyframe + KEYFRAME_S * room_rules(host->room)->tick_hz;
    size_t bytes = room_track_bytes(host->room, whole);
    if (!hub_entry_reserve(hub, bytes)) {
        recorder->whole = true;
        return;
    }
    struct writer writer = writer_on(hub->entry, bytes);
    room_track_write(host->room, hub->wall_us / 1000, whole, &writer);
    assert(writer.status == STATUS_OK); /* room_track_bytes() */
    recorder->whole = false;
    recorder->last = tick;
    if (whole)
        recorder->keyframe = tick;
    hub->counters.track_bytes += writer.length;
    if (host->stored)
        (void)store(host, tick, tick, writer_bytes(&writer));
    else
        wait(host, writer_bytes(&writer));
}

/* After a crash a room's ticks go on behind its log. A track is sealed up to there, so that no tick is
 * given twice: while presence alone goes on, the log says now and then that it is well. */
static void keep_up_log(struct room_host *host)
{
    struct room *room = host->room;
    uint64_t seconds = KEYFRAME_S;
    if (!host->stored || host->recorder.last <= room_logged(room))
        return;
    if (room_bytes(room) / HASH_BYTES_PER_SECOND > seconds)
        seconds = room_bytes(room) / HASH_BYTES_PER_SECOND;
    uint64_t due = room_logged(room) + seconds * room_rules(room)->tick_hz;
    if (room_tick_number(room) >= due && !room_log_pending(room) &&
        room_log_hash(room) == STATUS_OK)
        host->since_hash = 0;
}

void recorder_take(struct room_host *host)
{
    if (host->unlogged || !host->recorded)
        return;
    if (room_track_pending(host->room))
        take(host);
    keep_up_log(host);
}
