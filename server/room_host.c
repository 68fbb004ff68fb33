#include "server/room_host.h"

#include "server/hub.h"
#include "server/recorded_kinds.h"
#include "server/replays.h"
#include "server/session.h"
#include "sync/frame.h"
#include "sync/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SEATS_MIN 4u

/* A room of which less is logged goes without a hash in its log. */
#define HASH_LOG_BYTES (64u << 10)

/* A larger room is not written down as one entry: beside a full flush there would be no room for it. */
#define WHOLE_BYTES_MAX (STORE_BLOB_MAX / 2)

/* Messages per second that a kind asks for: an input per tick, as much again for operations and
 * once more for the clock and bursts of the network. */
static struct bucket_rate message_rate_for(const struct hub *hub, uint32_t tick_hz)
{
    struct bucket_rate rate = hub->limits.message_rate;
    if (rate.per_second == 0)
        rate.per_second = 3 * tick_hz + 60;
    if (rate.burst == 0)
        rate.burst = 2 * rate.per_second;
    return rate;
}

struct room_host *room_host_create(struct hub *hub, struct room *room, struct bytes name)
{
    struct room_host *host = calloc(1, sizeof *host);
    if (host == NULL)
        return NULL;
    host->hub = hub;
    host->room = room;
    host->message_rate = message_rate_for(hub, room_rules(room)->tick_hz);
    host->recorded = room_is_recorded(room) &&
                     recorded_kinds_have(hub->record, bytes_of(room_rules(room)->name));
    host->guarded = hub->guard != NULL && guard_is_for(room_rules(room));
    host->name_length = (uint8_t)name.length;
    memcpy(host->name, name.data, name.length);
    return host;
}

void room_host_destroy(struct room_host *host)
{
    if (host->replaying != NULL)
        replay_close(host->replaying);
    else if (!host->stuck)
        room_destroy(host->room);
    free(host->unstored.data);
    recorder_forget(host);
    free(host->seats);
    free(host);
}

/* --- Seats -------------------------------------------------------------------------------------- */

static bool reserve_seat(struct room_host *host, uint32_t seat)
{
    if (seat < host->seat_capacity)
        return true;
    uint32_t capacity = host->seat_capacity > 0 ? host->seat_capacity : SEATS_MIN;
    while (capacity <= seat)
        capacity *= 2;
    struct session **seats = realloc(host->seats, capacity * sizeof(struct session *));
    if (seats == NULL)
        return false;
    memset(seats + host->seat_capacity, 0,
           (capacity - host->seat_capacity) * sizeof(struct session *));
    host->seats = seats;
    host->seat_capacity = capacity;
    return true;
}

static void log_joined(const struct room_host *host, const struct session *session)
{
    struct log_line line = log_begin(host->hub->log, LOG_SESSION_JOINED);
    log_text(&line, "room", bytes_of(host->name));
    log_number(&line, "member", room_seat_member(host->room, session->seat));
    log_end(&line);
}

/* One whose socket takes nothing is told when it does again. */
static void tell_saving(struct session *session)
{
    enum saving saving = room_host_saving(session->host);
    if (session->saving == saving)
        return;
    if (session_is_choked(session)) {
        session->behind = true;
        return;
    }
    struct writer writer = writer_on(hub_message(session->hub), MESSAGE_BYTES_MAX);
    wire_write_saving(&writer, saving);
    session->saving = (uint8_t)saving;
    session_send(session, writer.data, writer.length);
}

bool room_host_goes_on(const struct room_host *host)
{
    return room_rules(host->room)->unkept == UNKEPT_CONTINUE;
}

enum saving room_host_saving(const struct room_host *host)
{
    bool paused = host->hub->saving == SAVING_PAUSED;
    if (host->replaying != NULL) /* nothing of it is saved */
        return SAVING_WELL;
    if (host->unlogged || (paused && room_host_goes_on(host)))
        return SAVING_INTERRUPTED;
    return host->hub->saving;
}

void room_host_tell_saving(struct room_host *host)
{
    for (uint32_t seat = 0; seat < host->seat_capacity; seat++) {
        if (host->seats[seat] != NULL)
            tell_saving(host->seats[seat]);
    }
}

static void welcome(struct room_host *host, struct session *session)
{
    struct hub *hub = host->hub;
    struct wire_limits limits = {
        .message_bytes = MESSAGE_BYTES_MAX,
        .messages_per_second = host->message_rate.per_second,
        .messages_burst = host->message_rate.burst,
        .bytes_per_second = hub->limits.bytes_rate.per_second,
        .bytes_burst = hub->limits.bytes_rate.burst,
        .operations_in_flight = OPERATIONS_IN_FLIGHT_MAX,
        .record_bytes = RECORD_BYTES_MAX,
        .durability = host->replaying != NULL ? DURABILITY_MEMORY : hub->durability,
        .recorded = host->recorded && host->replaying == NULL,
    };
    struct writer writer = writer_on(hub_message(hub), MESSAGE_BYTES_MAX);
    wire_write_welcome(&writer, host->room, session->seat, &limits);
    if (writer.status != STATUS_OK)
        session_refuse(session, REFUSAL_MEMORY, CLOSE_MEMORY, NULL);
    else if (session_is_choked(session))
        session_refuse(session, REFUSAL_SLOW, CLOSE_SLOW, NULL);
    else
        session_send(session, writer.data, writer.length);
    session->saving = SAVING_WELL; /* as a welcome says by itself */
    if (session->state == SESSION_JOINED)
        tell_saving(session);
}

enum status
room_host_join(struct room_host *host, struct session *session, const struct hello *hello)
{
    struct hub *hub = host->hub;
    uint32_t seat;
    enum status status = room_join(host->room, hello, hub_role(hub, session), &seat);
    if (status != STATUS_OK)
        return status;
    if (!reserve_seat(host, seat)) {
        room_leave(host->room, seat);
        hub_room_awake(hub, host); /* a tick is needed to free the seat */
        return STATUS_MEMORY;
    }
    struct session *older = host->seats[seat];
    session->state = SESSION_JOINED;
    session->host = host;
    session->seat = seat;
    host->seats[seat] = session;
    hub->counters.joins++;
    bucket_fill(&session->messages, &host->message_rate, hub->now_us);
    wheel_set(&hub->wheel, &session->deadline, hub->now_s + PING_AFTER_S);
    hub_room_awake(hub, host);
    if (older != NULL) {
        hub->counters.takeovers++;
        session_close(older, CLOSE_REPLACED, NULL);
    }
    welcome(host, session);
    log_joined(host, session);
    return STATUS_OK;
}

void room_host_unseat(struct room_host *host, const struct session *session, bool leave)
{
    if (host->seats[session->seat] != session)
        return;
    host->seats[session->seat] = NULL;
    if (host->stuck)
        return;
    if (leave)
        room_leave(host->room, session->seat);
    else
        room_disconnect(host->room, session->seat);
}

void room_host_close_all(struct room_host *host, enum close_code code, const char *detail)
{
    for (uint32_t seat = 0; seat < host->seat_capacity; seat++) {
        if (host->seats[seat] != NULL)
            session_close(host->seats[seat], code, detail);
    }
}

/* --- The log ------------------------------------------------------------------------------------ */

bool room_host_is_kind(const struct room_host *host, struct bytes kind)
{
    return kind.length == 0 || bytes_equal(kind, bytes_of(room_rules(host->room)->name));
}

bool room_host_can_log(struct room_host *host)
{
    return hub_log_reserve(host->hub, host->unstored.length + room_log_bytes_max(host->room));
}

/* The hash costs a walk through the room, so it comes once in as many bytes as the room has. */
static void log_hash(struct room_host *host, size_t bytes)
{
    host->since_hash += bytes;
    if (host->since_hash < HASH_LOG_BYTES || host->since_hash < room_bytes(host->room))
        return;
    if (room_log_hash(host->room) == STATUS_OK)
        host->since_hash = 0;
}

bool room_host_leaves_trace(const struct room_host *host)
{
    return host->stored || host->unlogged;
}

static void forget_unstored(struct room_host *host)
{
    free(host->unstored.data);
    host->unstored = (struct flush_buffer){0};
}

/* Whether the entry may wait, and does; without memory for it, it need not. */
static bool log_waits(struct room_host *host, struct bytes entry)
{
    struct flush_buffer *unstored = &host->unstored;
    size_t length = unstored->length + entry.length;
    if (host->stored || !room_is_blank(host->room) || length > UNSTORED_LOG_MAX)
        return false;
    uint8_t *data = realloc(unstored->data, length);
    if (data == NULL)
        return false;
    memcpy(data + unstored->length, entry.data, entry.length);
    *unstored = (struct flush_buffer){.data = data, .length = length, .capacity = length};
    return true;
}

static void log_store(struct room_host *host, uint64_t first, struct bytes entries)
{
    struct hub *hub = host->hub;
    uint64_t tick = room_logged(host->room);
    struct flush_entry entry = {
        .room = {(const uint8_t *)host->name, host->name_length},
        .incarnation = room_incarnation(host->room),
        .first = first,
        .last = tick,
        .bytes = entries,
    };
    bool logged = storage_log(hub->storage, &entry);
    assert(logged); /* the memory was set aside */
    (void)logged;
    host->stored = true;
    uint64_t number = storage_open_number(hub->storage);
    struct logged *place = &host->logged[number % FLUSHES_AHEAD];
    if (!place->there)
        hub_logged(hub, host, number);
    place->tick = tick;
}

void room_host_log(struct room_host *host)
{
    struct hub *hub = host->hub;
    struct flush_buffer *unstored = &host->unstored;
    if (!room_log_pending(host->room))
        return;
    /* Behind what waits: together they are what is stored. */
    struct writer writer =
        writer_on(hub->entry + unstored->length, hub->entry_capacity - unstored->length);
    room_log_write(host->room, hub->wall_us / 1000, &writer);
    assert(writer.status == STATUS_OK); /* room_host_can_log() */
    uint64_t tick = room_logged(host->room);
    if (log_waits(host, writer_bytes(&writer))) {
        room_save(host->room, tick); /* there is nothing in it that could be lost */
        return;
    }
    bool tells_all = room_rules(host->room)->memory_bytes == 0;
    if (!host->stored && room_is_blank(host->room) && !tells_all && room_host_keep(host))
        return;
    uint64_t first = unstored->length > 0 ? LOG_TICK_FIRST : tick;
    if (unstored->length > 0)
        memcpy(hub->entry, unstored->data, unstored->length);
    log_store(host, first, (struct bytes){hub->entry, unstored->length + writer.length});
    log_hash(host, unstored->length + writer.length);
    forget_unstored(host);
    recorder_stored(host);
}

void room_host_stop_log(struct room_host *host)
{
    forget_unstored(host);
    recorder_forget(host);
    room_log_stop(host->room);
    host->unlogged = true;
}

bool room_host_fits(const struct room_host *host)
{
    return room_bytes(host->room) <= WHOLE_BYTES_MAX;
}

bool room_host_log_whole(struct room_host *host)
{
    struct hub *hub = host->hub;
    if (!room_host_fits(host))
        return false;
    size_t bytes = room_log_resume_bytes(host->room);
    uint8_t *entry = malloc(bytes);
    if (entry == NULL || !storage_reserve(hub->storage, bytes)) {
        free(entry);
        return false;
    }
    if (!host->unlogged)
        room_log_stop(host->room);
    struct writer writer = writer_on(entry, bytes);
    room_log_resume(host->room, hub->wall_us / 1000, &writer);
    assert(writer.status == STATUS_OK); /* room_log_resume_bytes() */
    log_store(host, room_logged(host->room), writer_bytes(&writer));
    forget_unstored(host);
    recorder_forget(host);
    host->since_hash = 0;
    host->unlogged = false;
    free(entry);
    return true;
}

/* From its opening on. */
static bool store_unstored(struct room_host *host)
{
    struct bytes log = {host->unstored.data, host->unstored.length};
    if (!storage_reserve(host->hub->storage, log.length))
        return false;
    log_store(host, LOG_TICK_FIRST, log);
    forget_unstored(host);
    recorder_stored(host);
    return true;
}

bool room_host_keep(struct room_host *host)
{
    if (room_host_leaves_trace(host))
        return true;
    bool tells_all = room_rules(host->room)->memory_bytes == 0 && host->unstored.length > 0;
    return tells_all ? store_unstored(host) : room_host_log_whole(host);
}

void room_host_saved(struct room_host *host, uint64_t number)
{
    if (host->stuck)
        return;
    room_save(host->room, host->logged[number % FLUSHES_AHEAD].tick);
}

/* --- Frames ------------------------------------------------------------------------------------- */

static void send_frame(struct session *session, const struct frame *frame)
{
    struct counters *counters = &session->hub->counters;
    counters->frames_out++;
    counters->frames_shared += frame->shared;
    session->behind = frame->more;
    session_send(session, frame->message, frame->length);
}

static void send_frames(struct room_host *host)
{
    struct hub *hub = host->hub;
    if (!frames_begin(hub->frames, host->room))
        return;
    for (uint32_t seat = 0; seat < host->seat_capacity; seat++) {
        struct session *session = host->seats[seat];
        if (session == NULL)
            continue;
        if (session_is_choked(session)) {
            frames_skip(hub->frames, seat);
            session->behind = true;
            hub->counters.skipped++;
            continue;
        }
        struct frame frame = frames_next(hub->frames, seat);
        session->behind = false;
        if (frame.message == NULL)
            continue;
        send_frame(session, &frame);
        if (frame.more)
            hub->transport->want_write(session->socket);
    }
    frames_end(hub->frames, true);
}

void room_host_catch_up(struct room_host *host, struct session *session)
{
    struct hub *hub = host->hub;
    tell_saving(session);
    if (session_is_choked(session))
        return;
    session->behind = false;
    if (!frames_begin(hub->frames, host->room))
        return;
    uint32_t sent = 0;
    do {
        struct frame frame = frames_next(hub->frames, session->seat);
        if (frame.message == NULL)
            break;
        send_frame(session, &frame);
        hub->counters.caught_up++;
        sent++;
    } while (session->behind && sent < CATCH_UP_MESSAGES && !session_is_choked(session));
    frames_end(hub->frames, false);
    if (session->behind && !session->choked)
        hub->transport->want_write(session->socket);
}

/* --- Beats -------------------------------------------------------------------------------------- */

static void send_notices(struct room_host *host)
{
    struct hub *hub = host->hub;
    uint32_t count;
    const struct notice *notices = room_notices(host->room, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct session *session =
            notices[i].seat < host->seat_capacity ? host->seats[notices[i].seat] : NULL;
        if (session == NULL)
            continue;
        if (session_is_choked(session)) {
            hub->counters.notices_dropped++;
            continue;
        }
        struct writer writer = writer_on(hub_message(hub), MESSAGE_BYTES_MAX);
        wire_write_notice(&writer, notices[i].status, status_text(notices[i].status));
        session_send(session, writer.data, writer.length);
    }
}

static void log_room(const struct room_host *host, enum log_event event, const char *reason)
{
    struct log_line line = log_begin(host->hub->log, event);
    log_text(&line, "room", bytes_of(host->name));
    log_text(&line, "reason", bytes_of(reason));
    log_end(&line);
}

static enum guard_end tick(struct room_host *host)
{
    enum guard_end end = GUARD_WELL;
    host->hub->counters.ticks++;
    if (host->replaying != NULL) {
        replay_tick(host);
    } else if (host->guarded) {
        struct bytes name = {(const uint8_t *)host->name, host->name_length};
        end = guard_tick(host->hub->guard, &host->account, name, host->room);
    } else {
        room_tick(host->room);
    }
    return end != GUARD_STUCK && room_is_broken(host->room) ? GUARD_BROKE : end;
}

void room_host_beat(struct room_host *host, uint32_t steps)
{
    struct hub *hub = host->hub;
    const struct rules *rules = room_rules(host->room);
    uint32_t frame_ticks = rules->tick_hz / rules->frame_hz;
    for (uint32_t step = 0; step < steps && room_ended(host->room) == NULL; step++) {
        enum status status = room_prepare(host->room);
        if (status == STATUS_OK && !host->unlogged && !room_host_can_log(host))
            status = STATUS_MEMORY;
        if (status != STATUS_OK) {
            hub->counters.ticks_without_memory++;
            log_room(host, LOG_ROOM_STUCK, status_text(status));
            return;
        }
        enum guard_end end = tick(host);
        if (end == GUARD_STUCK) {
            hub_room_quarantine(hub, host, end);
            return;
        }
        room_host_log(host);
        if (end == GUARD_BROKE || (room_ended(host->room) == NULL && end == GUARD_SLOW)) {
            hub_room_quarantine(hub, host, end);
            return;
        }
        if (room_ended(host->room) == NULL)
            hub_room_resume(hub, host);
        send_notices(host);
        /* One frame a beat, of the tick that is due and not of those behind it: motion is shown
         * by the tick that a frame tells. */
        bool is_last = steps - 1 - step < frame_ticks || room_ended(host->room) != NULL;
        if (room_frame_due(host->room) && is_last) {
            send_frames(host);
            recorder_take(host);
        }
    }

    const char *ended = room_ended(host->room);
    if (ended != NULL) {
        hub->counters.rooms_ended++;
        log_room(host, LOG_ROOM_ENDED, ended);
        room_host_close_all(host, CLOSE_ENDED, ended);
        hub_room_drop(hub, host);
    } else if (room_members(host->room) == 0) {
        recorder_take(host); /* who left last */
        hub_room_empty(hub, host);
    }
}
