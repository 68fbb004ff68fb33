/* hub_rooms.c - a hub's rooms: found, made, woken, put to sleep. */
#include "server/hub.h"

#include "server/opening.h"
#include "server/replays.h"
#include "sync/hash.h"
#include "sync/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

static unsigned hash_of(const struct hub *hub, struct bytes name)
{
    return (unsigned)hash_bytes(hub->hash_seed, name);
}

struct room_host *hub_room_named(const struct hub *hub, struct bytes name)
{
    struct room_host *host = NULL;
    HASH_FIND_BYHASHVALUE(hh, hub->rooms, name.data, (unsigned)name.length, hash_of(hub, name),
                          host);
    return host;
}

static struct bytes name_of(const struct room_host *host)
{
    return (struct bytes){(const uint8_t *)host->name, host->name_length};
}

void hub_log_room(struct hub *hub, enum log_event event, struct bytes name, const char *detail)
{
    struct log_line line = log_begin(hub->log, event);
    log_text(&line, "room", name);
    log_text(&line, "detail", bytes_of(detail));
    log_end(&line);
}

static struct room_host *
deny(struct hub_denial *denial, enum refusal refusal, enum close_code code, const char *detail)
{
    *denial = (struct hub_denial){.refusal = refusal, .code = code, .detail = detail};
    return NULL;
}

/* --- Opened ------------------------------------------------------------------------------------- */

bool hub_room_is_falling_asleep(const struct hub *hub, struct bytes name)
{
    const struct room_host *host = hub_room_named(hub, name);
    return host != NULL && (host->sleep_number > 0 || host->ended);
}

bool hub_room_find(struct hub *hub,
                   struct bytes name,
                   struct room_host **host,
                   struct hub_denial *denial)
{
    *host = hub_room_named(hub, name);
    if (*host != NULL && (*host)->sleep_number == 0 && !(*host)->held && !(*host)->ended)
        return true;
    bool there = *host != NULL || opening_is_there(hub, name);
    *host = NULL;
    if (there || HASH_COUNT(hub->rooms) + openings_count(hub) < hub->limits.rooms)
        return true;
    deny(denial, REFUSAL_ROOMS, CLOSE_SERVER_FULL, "too many rooms");
    return false;
}

const struct room_host *hub_room_recording(const struct hub *hub, struct bytes name)
{
    const struct room_host *host = hub_room_named(hub, name);
    bool records = host != NULL && !host->stuck && !host->ended && room_host_leaves_trace(host);
    return records ? host : NULL;
}

/* Enters the room into the tables; it is empty until someone joins. NULL without memory: the room is the
 * caller's still. */
static struct room_host *enter_room(struct hub *hub, struct room *room, struct bytes name)
{
    struct room_host *host = room_host_create(hub, room, name);
    if (host == NULL)
        return NULL;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, hub->rooms, host->name, host->name_length, hash_of(hub, name),
                                host);
    if (host->lost) {
        host->room = NULL;
        room_host_destroy(host);
        return NULL;
    }
    host->empty_since_s = hub->now_s;
    DL_APPEND(hub->empty, host);
    return host;
}

/* The same for a room that is gone where there is no memory. */
static struct room_host *host_room(struct hub *hub, struct room *room, struct bytes name)
{
    struct room_host *host = enter_room(hub, room, name);
    if (host == NULL)
        room_destroy(room);
    return host;
}

struct room_host *hub_room_replay(struct hub *hub, struct bytes name, struct room *room)
{
    return enter_room(hub, room, name);
}

/* That it is awake is the first that the storage hears of it. */
static struct room_host *log_opening(struct hub *hub, struct room_host *host)
{
    if (host != NULL && room_host_can_log(host)) {
        room_host_log(host);
        return host;
    }
    if (host != NULL)
        hub_room_forget(hub, host);
    return NULL;
}

uint64_t hub_next_incarnation(struct hub *hub, uint64_t above)
{
    uint64_t highest = hub->incarnation > above ? hub->incarnation : above;
    /* A wall clock that is behind does not give out again what a crash made forget. */
    uint64_t beyond = highest + 1 + hub_random(hub, 1u << 20);
    hub->incarnation = hub->wall_us > highest ? hub->wall_us : beyond;
    return hub->incarnation;
}

static const char stuck_text[] = "the rules of this room did not come back from a tick";
static const char slow_text[] = "the rules of this room take more time than there is";

static void quarantine(struct hub *hub, struct bytes name, const char *reason)
{
    hub_log_room(hub, LOG_ROOM_QUARANTINED, name, reason);
    if (!storage_quarantine(hub->storage, name, reason))
        hub_log_room(hub, LOG_ROOM_NOT_STORED, name, status_text(STATUS_MEMORY));
}

/* What the rules of a room did, which is to be quarantined for it. */
static const char *
blame_rules(struct hub *hub, struct bytes name, enum guard_end end, const struct room *room)
{
    const char *text = end == GUARD_STUCK   ? stuck_text
                       : end == GUARD_BROKE ? room_ended(room)
                                            : slow_text;
    hub->counters.rooms_stuck += end == GUARD_STUCK;
    hub->counters.rooms_slow += end == GUARD_SLOW;
    hub->counters.rooms_broken += end == GUARD_BROKE;
    quarantine(hub, name, text);
    return text;
}

/* NULL without memory, and where its rules went wrong: then its name is one in quarantine, or everyone
 * who asks would make it again. */
static struct room *create_room(struct hub *hub,
                                struct bytes name,
                                const struct room_options *options,
                                struct hub_denial *denial)
{
    enum guard_end end = GUARD_WELL;
    struct room *room;
    if (hub->guard == NULL || !guard_is_for(options->rules))
        room = room_create(options);
    else
        end = guard_open(hub->guard, name, options, &room);
    if (room != NULL && room_is_broken(room))
        end = GUARD_BROKE;
    *denial = (struct hub_denial){.refusal = REFUSAL_MEMORY, .code = CLOSE_MEMORY};
    if (end == GUARD_WELL)
        return room;
    *denial = (struct hub_denial){.refusal = REFUSAL_ROOM,
                                  .code = CLOSE_DAMAGED,
                                  .detail = blame_rules(hub, name, end, room)};
    room_destroy(room);
    return NULL;
}

struct room_host *
hub_room_new(struct hub *hub, const struct room_wish *wish, struct hub_denial *denial)
{
    struct bytes name = wish->name;
    struct bytes kind = wish->kind.length > 0 ? wish->kind : bytes_of("open");
    const struct rules *rules = kind_find(hub->kinds, kind);
    if (rules == NULL)
        return deny(denial, REFUSAL_KIND, CLOSE_KIND, NULL);
    /* First, so that what one address is refused costs the others nothing. */
    if (!address_may(&hub->addresses, wish->address, ADDRESS_MAKES_ROOMS, 1, hub->now_us))
        return deny(denial, REFUSAL_ADDRESS_ROOMS, CLOSE_SERVER_FULL,
                    "too many new rooms from this address");
    if (!bucket_take(&hub->room_bucket, &hub->limits.room_rate, hub->now_us, 1))
        return deny(denial, REFUSAL_ROOM_RATE, CLOSE_SERVER_FULL, "too many new rooms");

    uint64_t seed = (uint64_t)hub_random(hub, UINT32_MAX) << 32;
    struct room_options options = {
        .rules = rules,
        .limits = hub->limits.room,
        .incarnation = hub_next_incarnation(hub, wish->above),
        .seed = seed | hub_random(hub, UINT32_MAX),
        .grace_ticks = hub->limits.grace_s * rules->tick_hz,
        .logs = true,
        .saves = hub->saves,
        .unrecorded = wish->unrecorded,
    };
    struct room *room = create_room(hub, name, &options, denial);
    if (room == NULL)
        return NULL;
    struct room_host *host = log_opening(hub, host_room(hub, room, name));
    if (host == NULL)
        return deny(denial, REFUSAL_MEMORY, CLOSE_MEMORY, NULL);
    hub->counters.rooms_created++;
    hub_log_room(hub, LOG_ROOM_OPENED, name, "new");
    return host;
}

/* Its first tick clears it: what rules keep in records alone is still there. */
static void tell_if_unsound(struct hub *hub, struct bytes name, const struct room *room)
{
    if (room_is_sound(room))
        return;
    hub->counters.memories_cleared++;
    hub_log_room(hub, LOG_ROOM_UNSOUND, name, "its rules do not take the memory that was kept");
}

struct room_host *hub_room_woken(struct hub *hub,
                                 struct bytes name,
                                 struct room *room,
                                 uint64_t incarnation,
                                 bool clean)
{
    room_set_grace(room, hub->limits.grace_s * room_rules(room)->tick_hz);
    if (room_wake(room, incarnation) != STATUS_OK) {
        room_destroy(room);
        return NULL;
    }
    struct room_host *host = host_room(hub, room, name);
    if (host != NULL)
        host->stored = true;
    host = log_opening(hub, host);
    if (host == NULL)
        return NULL;
    if (incarnation > hub->incarnation)
        hub->incarnation = incarnation;
    if (clean)
        hub->counters.rooms_woken++;
    else
        hub->counters.rooms_recovered++;
    hub_log_room(hub, LOG_ROOM_OPENED, name, clean ? "woken" : "recovered");
    tell_if_unsound(hub, name, host->room);
    return host;
}

static struct http_denial too_large_to_fork(void)
{
    return http_denial(507, REFUSAL_FORK, "the room is too large to be written down at once");
}

struct room_host *hub_room_forked(struct hub *hub,
                                  struct bytes name,
                                  struct room *room,
                                  uint64_t above,
                                  struct http_denial *denial)
{
    uint64_t incarnation = hub_next_incarnation(hub, above);
    *denial = http_denial(503, REFUSAL_MEMORY, "the server has no memory left");
    denial->retry_s = 1;
    room_set_grace(room, hub->limits.grace_s * room_rules(room)->tick_hz);
    if (room_wake(room, incarnation) != STATUS_OK) {
        room_destroy(room);
        return NULL;
    }
    struct room_host *host = host_room(hub, room, name);
    if (host == NULL)
        return NULL;
    if (!room_host_log_whole(host)) {
        if (!room_host_fits(host))
            *denial = too_large_to_fork();
        hub_room_forget(hub, host);
        return NULL;
    }
    hub_log_room(hub, LOG_ROOM_OPENED, name, "forked");
    tell_if_unsound(hub, name, host->room);
    return host;
}

/* --- Awake and empty ---------------------------------------------------------------------------- */

static struct rhythm *rhythm_of(struct hub *hub, const struct room_host *host)
{
    return &hub->rhythms[room_rules(host->room)->tick_hz];
}

void hub_room_awake(struct hub *hub, struct room_host *host)
{
    if (host->awake)
        return;
    struct rhythm *rhythm = rhythm_of(hub, host);
    DL_DELETE(hub->empty, host);
    if (rhythm->rooms == NULL) {
        beat_start(&rhythm->beat, room_rules(host->room)->tick_hz, hub->now_us);
        if (beat_next_us(&rhythm->beat) < hub->next_us)
            hub->next_us = beat_next_us(&rhythm->beat);
    }
    DL_APPEND(rhythm->rooms, host);
    host->awake = true;
}

void hub_room_empty(struct hub *hub, struct room_host *host)
{
    assert(host->awake);
    struct rhythm *rhythm = rhythm_of(hub, host);
    DL_DELETE(rhythm->rooms, host);
    DL_APPEND(hub->empty, host);
    host->empty_since_s = hub->now_s;
    host->awake = false;
}

/* --- Logged ------------------------------------------------------------------------------------- */

bool hub_entry_reserve(struct hub *hub, size_t bytes)
{
    if (bytes <= hub->entry_capacity)
        return true;
    uint8_t *entry = realloc(hub->entry, 2 * bytes);
    if (entry == NULL)
        return false;
    hub->entry = entry;
    hub->entry_capacity = 2 * bytes;
    return true;
}

bool hub_log_reserve(struct hub *hub, size_t bytes)
{
    return hub_entry_reserve(hub, bytes) && storage_reserve(hub->storage, bytes);
}

void hub_logged(struct hub *hub, struct room_host *host, uint64_t number)
{
    uint32_t place = number % FLUSHES_AHEAD;
    static_assert(STORAGE_FLUSHES_MAX + 1 < FLUSHES_AHEAD, "flushes do not share a place");
    DL_APPEND2(hub->logged[place], host, logged[place].prev, logged[place].next);
    host->logged[place].there = true;
}

static void unlog(struct hub *hub, struct room_host *host, uint32_t place)
{
    DL_DELETE2(hub->logged[place], host, logged[place].prev, logged[place].next);
    host->logged[place].there = false;
}

/* --- Without a log -------------------------------------------------------------------------------- */

/* What comes is thrown away from here on, and the room with it if the server ends now: it comes back
 * as of its durable tick. */
static void stop_log(struct hub *hub, struct room_host *host)
{
    room_host_stop_log(host);
    DL_APPEND2(hub->unlogged, host, hole.prev, hole.next);
    hub->counters.holes++;
    hub_log_room(hub, LOG_ROOM_UNLOGGED, name_of(host), "the disk takes nothing");
}

/* False when it cannot be written down now. */
static bool begin_log_anew(struct hub *hub, struct room_host *host)
{
    if (storage_flush_is_full(hub->storage))
        storage_flush(hub->storage, hub->now_us, true);
    if (storage_flush_is_full(hub->storage) || !room_host_log_whole(host))
        return false;
    DL_DELETE2(hub->unlogged, host, hole.prev, hole.next);
    room_host_tell_saving(host);
    hub_log_room(hub, LOG_ROOM_LOGGED_AGAIN, name_of(host), "from all that it is");
    return true;
}

bool hub_room_may_tick(struct hub *hub, struct room_host *host)
{
    if (host->replaying != NULL)
        return true;
    if (!host->unlogged && hub->saving == SAVING_PAUSED && room_host_goes_on(host))
        stop_log(hub, host);
    if (host->unlogged)
        return true;
    /* A full flush is that of a disk that is slower than what comes in. */
    return hub->saving != SAVING_PAUSED && !storage_flush_is_full(hub->storage);
}

void hub_room_resume(struct hub *hub, struct room_host *host)
{
    if (!host->unlogged || hub->saving != SAVING_WELL || hub->resumes == 0)
        return;
    if (begin_log_anew(hub, host)) /* else after one of the next ticks */
        hub->resumes--;
}

void hub_resume_idle_rooms(struct hub *hub)
{
    struct room_host *host, *next;
    DL_FOREACH_SAFE2(hub->unlogged, host, next, hole.next)
    {
        if (!host->awake && host->sleep_number == 0)
            hub_room_resume(hub, host);
    }
}

/* --- Asleep ------------------------------------------------------------------------------------- */

void hub_room_forget(struct hub *hub, struct room_host *host)
{
    counters_add_room(&hub->counters.rooms, host->room);
    for (uint32_t place = 0; place < FLUSHES_AHEAD; place++)
        if (host->logged[place].there)
            unlog(hub, host, place);
    if (host->unlogged)
        DL_DELETE2(hub->unlogged, host, hole.prev, hole.next);
    if (host->sleep_number > 0) {
        DL_DELETE(hub->falling, host);
    } else {
        if (host->awake)
            hub_room_empty(hub, host);
        DL_DELETE(hub->empty, host);
    }
    HASH_DELETE(hh, hub->rooms, host);
    room_host_destroy(host);
}

/* The room is over; what it wrote last has to reach the disk before it is forgotten. */
static bool fall_asleep(struct hub *hub, struct room_host *host)
{
    enum status status = STATUS_MEMORY;
    bool logs = !host->unlogged || begin_log_anew(hub, host);
    if (logs && room_host_can_log(host))
        status = room_sleep(host->room);
    if (status != STATUS_OK) {
        hub->counters.store_failures++;
        hub_log_room(hub, LOG_ROOM_NOT_STORED, name_of(host), status_text(status));
        return false;
    }
    room_host_log(host);
    if (host->awake)
        hub_room_empty(hub, host);
    DL_DELETE(hub->empty, host);
    DL_APPEND(hub->falling, host);
    host->sleep_number = storage_open_number(hub->storage);
    return true;
}

/* Its end is on the disk. */
static void has_slept(struct hub *hub, struct room_host *host)
{
    char name[ROOM_NAME_MAX];
    struct bytes copy = {(const uint8_t *)name, host->name_length};
    memcpy(name, host->name, host->name_length);
    if (!host->ended && !host->quarantined) {
        storage_slept(hub->storage, copy);
        hub->counters.rooms_slept++;
        hub_log_room(hub, LOG_ROOM_SLEPT, copy, "empty");
    }
    hub_room_forget(hub, host);
    opening_slept(hub, copy);
}

void hub_rooms_flushed(struct hub *hub, uint64_t number)
{
    uint32_t place = number % FLUSHES_AHEAD;
    while (hub->logged[place] != NULL) {
        struct room_host *host = hub->logged[place];
        room_host_saved(host, number);
        unlog(hub, host, place);
        if (host->sleep_number == number)
            has_slept(hub, host);
    }
}

/* That it is deleted goes behind all that it wrote; nobody finds it again before that is on the
 * disk. */
static bool drop(struct hub *hub, struct room_host *host)
{
    uint64_t number = storage_open_number(hub->storage);
    struct logged *place = &host->logged[number % FLUSHES_AHEAD];
    if (!storage_remove(hub->storage, name_of(host), hub->incarnation))
        return false;
    host->ended = true;
    if (!place->there)
        hub_logged(hub, host, number);
    place->tick = room_logged(host->room);
    if (host->awake)
        hub_room_empty(hub, host);
    if (host->sleep_number == 0) {
        DL_DELETE(hub->empty, host);
        DL_APPEND(hub->falling, host);
    }
    host->sleep_number = number;
    return true;
}

void hub_room_drop(struct hub *hub, struct room_host *host)
{
    host->ended = true;
    replays_end_of(hub, name_of(host));
    if (!host->stored)
        hub_room_forget(hub, host);
    else if (!drop(hub, host))
        hub_room_empty(hub, host); /* there was no memory: again when it has lingered */
}

/* The last flush that has something of the room and is not on the disk; 0: there is none. */
static uint64_t last_logged(const struct hub *hub, const struct room_host *host)
{
    uint64_t number = storage_open_number(hub->storage);
    for (uint32_t i = 0; i < FLUSHES_AHEAD && i < number; i++)
        if (host->logged[(number - i) % FLUSHES_AHEAD].there)
            return number - i;
    return 0;
}

void hub_room_quarantine(struct hub *hub, struct room_host *host, enum guard_end end)
{
    const char *text = blame_rules(hub, name_of(host), end, host->room);
    host->stuck = end == GUARD_STUCK;
    host->quarantined = true;
    room_host_close_all(host, CLOSE_ENDED, text);
    if (host->unlogged) { /* it comes back as of its durable tick */
        DL_DELETE2(hub->unlogged, host, hole.prev, hole.next);
        host->unlogged = false;
    }
    uint64_t number = last_logged(hub, host);
    if (number == 0) {
        hub_room_forget(hub, host);
        return;
    }
    hub_room_empty(hub, host);
    DL_DELETE(hub->empty, host);
    DL_APPEND(hub->falling, host);
    host->sleep_number = number;
}

static bool delete_in_memory(struct hub *hub, struct room_host *host, struct bytes name)
{
    bool first = !host->ended;
    if (host->stored && !drop(hub, host))
        return false;
    if (first) {
        hub->counters.rooms_ended++;
        hub_log_room(hub, LOG_ROOM_ENDED, name, "deleted");
        room_host_close_all(host, CLOSE_ENDED, "deleted");
    }
    if (!host->stored) {
        hub_room_forget(hub, host);
        hub_tell_answer(hub, STORAGE_REMOVED, name, (struct bytes){0}, STORE_OK, "");
    }
    return true;
}

bool hub_delete_room(struct hub *hub, struct bytes name)
{
    struct room_host *host = hub_room_named(hub, name);
    if (opening_is_there(hub, name))
        return false;
    replays_end_of(hub, name);
    if (host == NULL) {
        if (!opening_delete(hub, name))
            return false;
    } else if (!delete_in_memory(hub, host, name)) {
        return false;
    }
    storage_flush(hub->storage, hub->now_us, true);
    return true;
}

bool hub_release_room(struct hub *hub, struct bytes name)
{
    return storage_release_room(hub->storage, name);
}

bool hub_strike(struct hub *hub, struct bytes board, struct bytes name)
{
    return storage_strike(hub->storage, board, name);
}

/* Nothing of it has to be kept. */
static void forget_blank(struct hub *hub, struct room_host *host)
{
    hub->counters.rooms_forgotten++;
    hub_log_room(hub, LOG_ROOM_SLEPT, name_of(host), "nothing to keep");
    hub_room_forget(hub, host);
}

/* While the disk fails rooms stay awake: what they are is nowhere else. */
static bool put_to_sleep(struct hub *hub, struct room_host *host)
{
    if (!room_host_leaves_trace(host)) {
        forget_blank(hub, host);
        return true;
    }
    if (host->ended)
        return drop(hub, host);
    return hub->saving == SAVING_WELL && !host->held && fall_asleep(hub, host);
}

void hub_sleep_empty_rooms(struct hub *hub)
{
    for (uint32_t i = 0; i < SLEEPS_PER_SECOND && hub->empty != NULL; i++) {
        struct room_host *host = hub->empty;
        if (hub->now_s - host->empty_since_s < hub->limits.linger_s)
            return;
        if (put_to_sleep(hub, host))
            continue;
        DL_DELETE(hub->empty, host);
        DL_APPEND(hub->empty, host);
        host->empty_since_s = hub->now_s;
    }
}

void hub_end_rooms(struct hub *hub)
{
    while (hub->rooms != NULL) {
        struct room_host *host = hub->rooms;
        if (room_host_leaves_trace(host) && host->sleep_number == 0)
            (void)(host->ended ? drop(hub, host) : fall_asleep(hub, host));
        hub_room_forget(hub, host);
    }
}
