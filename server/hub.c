#include "server/hub.h"

#include "sync/hash.h"
#include "sync/snapshot.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define SECOND_US UINT64_C(1000000)

/* Sessions that have not joined are held to the rate of a room at this many ticks a second. */
#define USUAL_TICK_HZ 20u

struct hub *hub_create(const struct hub_options *options)
{
    struct hub *hub = calloc(1, sizeof *hub);
    struct frames *frames = frames_create(&(struct memory){0});
    if (hub == NULL || frames == NULL) {
        free(hub);
        frames_destroy(frames);
        return NULL;
    }
    hub->limits = options->limits;
    hub->message_rate = options->limits.message_rate;
    if (hub->message_rate.per_second == 0)
        hub->message_rate.per_second = 3 * USUAL_TICK_HZ + 60;
    if (hub->message_rate.burst == 0)
        hub->message_rate.burst = 2 * hub->message_rate.per_second;
    hub->transport = options->transport;
    hub->store = options->store;
    hub->log = options->log;
    hub->frames = frames;
    hub->random = options->seed;
    hub->hash_seed = (unsigned)(options->seed >> 32);
    hub_turn(hub, options->now_us, options->wall_us);
    wheel_init(&hub->wheel, hub->now_s);
    beat_start(&hub->second, 1, hub->now_us);
    hub->next_us = beat_next_us(&hub->second);
    bucket_fill(&hub->room_bucket, &hub->limits.room_rate, hub->now_us);
    return hub;
}

void hub_turn(struct hub *hub, uint64_t now_us, uint64_t wall_us)
{
    hub->now_us = now_us;
    hub->wall_us = wall_us;
    hub->now_s = (uint32_t)(now_us / SECOND_US);
    log_clock(hub->log, now_us);
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint32_t hub_random(struct hub *hub, uint32_t bound)
{
    hub->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = hub->random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (uint32_t)((z >> 32) * bound >> 32);
}

uint8_t *hub_message(struct hub *hub)
{
    return hub->message + FRAME_HEADROOM;
}

/* --- Rooms -------------------------------------------------------------------------------------- */

static unsigned hash_of(const struct hub *hub, struct bytes name)
{
    return (unsigned)hash_bytes(hub->hash_seed, name);
}

static struct room_host *find_room(const struct hub *hub, struct bytes name)
{
    struct room_host *host = NULL;
    HASH_FIND_BYHASHVALUE(hh, hub->rooms, name.data, (unsigned)name.length, hash_of(hub, name),
                          host);
    return host;
}

static void log_room(struct hub *hub, enum log_event event, struct bytes name, const char *detail)
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

/* Enters the room into the tables; it is empty until someone joins. */
static struct room_host *host_room(struct hub *hub, struct room *room, struct bytes name)
{
    struct room_host *host = room_host_create(hub, room, name);
    if (host == NULL) {
        room_destroy(room);
        return NULL;
    }
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, hub->rooms, host->name, host->name_length, hash_of(hub, name),
                                host);
    if (host->lost) {
        room_host_destroy(host);
        return NULL;
    }
    host->empty_since_s = hub->now_s;
    DL_APPEND(hub->empty, host);
    return host;
}

static struct room_options options_for(struct hub *hub, const struct rules *rules)
{
    uint64_t seed = (uint64_t)hub_random(hub, UINT32_MAX) << 32;
    return (struct room_options){
        .rules = rules,
        .limits = hub->limits.room,
        .seed = seed | hub_random(hub, UINT32_MAX),
        .grace_ticks = hub->limits.grace_s * rules->tick_hz,
    };
}

static struct room_host *
create_room(struct hub *hub, struct bytes name, struct bytes kind, struct hub_denial *denial)
{
    const struct rules *rules = kind_find(kind.length > 0 ? kind : bytes_of("open"));
    if (rules == NULL)
        return deny(denial, REFUSAL_KIND, CLOSE_KIND, NULL);
    if (!bucket_take(&hub->room_bucket, &hub->limits.room_rate, hub->now_us, 1))
        return deny(denial, REFUSAL_ROOM_RATE, CLOSE_SERVER_FULL, "too many new rooms");

    struct room_options options = options_for(hub, rules);
    options.incarnation = hub->store->next_incarnation(hub->store, hub->wall_us);
    struct room *room = room_create(&options);
    struct room_host *host = room != NULL ? host_room(hub, room, name) : NULL;
    if (host == NULL)
        return deny(denial, REFUSAL_MEMORY, CLOSE_MEMORY, NULL);
    hub->counters.rooms_created++;
    log_room(hub, LOG_ROOM_OPENED, name, "new");
    return host;
}

/* A room that cannot be read stays in the store as it is: nothing is made in its place. */
static struct room_host *wake_room(struct hub *hub,
                                   struct bytes name,
                                   const struct snapshot *snapshot,
                                   struct hub_denial *denial)
{
    const struct rules *rules = kind_find(snapshot->kind);
    enum status status = STATUS_KIND;
    struct room *room = NULL;
    if (rules != NULL) {
        struct room_options options = options_for(hub, rules);
        options.incarnation = snapshot->incarnation;
        room = snapshot_read(&options, snapshot->bytes, &status);
    }
    if (room == NULL) {
        hub->counters.store_failures++;
        log_room(hub, LOG_ROOM_UNREADABLE, name, status_text(status));
        return deny(denial, REFUSAL_MEMORY, CLOSE_MEMORY, "the room cannot be read");
    }
    struct room_host *host = host_room(hub, room, name);
    if (host == NULL)
        return deny(denial, REFUSAL_MEMORY, CLOSE_MEMORY, NULL);
    hub->counters.rooms_woken++;
    log_room(hub, LOG_ROOM_OPENED, name, "woken");
    return host;
}

static bool same_kind(struct bytes asked, struct bytes has)
{
    return asked.length == 0 || bytes_equal(asked, has);
}

struct room_host *
hub_room(struct hub *hub, struct bytes name, struct bytes kind, struct hub_denial *denial)
{
    struct room_host *host = find_room(hub, name);
    if (host != NULL) {
        if (!same_kind(kind, bytes_of(room_rules(host->room)->name)))
            return deny(denial, REFUSAL_KIND, CLOSE_KIND, NULL);
        return host;
    }
    if (HASH_COUNT(hub->rooms) >= hub->limits.rooms)
        return deny(denial, REFUSAL_ROOMS, CLOSE_SERVER_FULL, "too many rooms");

    struct snapshot snapshot;
    enum status status = hub->store->get(hub->store, name, &snapshot);
    if (status == STATUS_NOT_FOUND)
        return create_room(hub, name, kind, denial);
    if (status != STATUS_OK) {
        hub->counters.store_failures++;
        return deny(denial, REFUSAL_MEMORY, CLOSE_MEMORY, "the room cannot be read");
    }
    if (!same_kind(kind, snapshot.kind))
        return deny(denial, REFUSAL_KIND, CLOSE_KIND, NULL);
    return wake_room(hub, name, &snapshot, denial);
}

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

static void add_inputs(uint64_t sum[STATUS_COUNT], const struct room *room)
{
    const uint64_t *refused = room_refusals(room);
    for (int status = 0; status < STATUS_COUNT; status++)
        sum[status] += refused[status];
}

static void forget_room(struct hub *hub, struct room_host *host)
{
    add_inputs(hub->counters.inputs, host->room);
    if (host->awake)
        hub_room_empty(hub, host);
    DL_DELETE(hub->empty, host);
    HASH_DELETE(hh, hub->rooms, host);
    room_host_destroy(host);
}

void hub_room_drop(struct hub *hub, struct room_host *host)
{
    struct bytes name = {(const uint8_t *)host->name, host->name_length};
    if (hub->store->remove(hub->store, name) != STATUS_OK)
        hub->counters.store_failures++;
    forget_room(hub, host);
}

static enum status store_room(struct hub *hub, const struct room_host *host)
{
    size_t capacity = snapshot_bytes(host->room);
    uint8_t *buffer = malloc(capacity > 0 ? capacity : 1);
    if (buffer == NULL)
        return STATUS_MEMORY;
    struct writer writer = writer_on(buffer, capacity);
    snapshot_write(host->room, &writer);
    enum status status = writer.status;
    if (status == STATUS_OK) {
        struct snapshot snapshot = {
            .kind = bytes_of(room_rules(host->room)->name),
            .incarnation = room_incarnation(host->room),
            .tick = room_tick_number(host->room),
            .bytes = writer_bytes(&writer),
        };
        struct bytes name = {(const uint8_t *)host->name, host->name_length};
        status = hub->store->put(hub->store, name, &snapshot);
    }
    free(buffer);
    return status;
}

/* A room that cannot be stored stays awake, empty, and is tried again after another linger. */
static void sleep_room(struct hub *hub, struct room_host *host)
{
    struct bytes name = {(const uint8_t *)host->name, host->name_length};
    enum status status = store_room(hub, host);
    if (status != STATUS_OK) {
        hub->counters.store_failures++;
        log_room(hub, LOG_ROOM_NOT_STORED, name, status_text(status));
        DL_DELETE(hub->empty, host);
        DL_APPEND(hub->empty, host);
        host->empty_since_s = hub->now_s;
        return;
    }
    hub->counters.rooms_slept++;
    log_room(hub, LOG_ROOM_SLEPT, name, "empty");
    forget_room(hub, host);
}

static void sleep_empty_rooms(struct hub *hub)
{
    for (uint32_t i = 0; i < SLEEPS_PER_SECOND && hub->empty != NULL; i++) {
        if (hub->now_s - hub->empty->empty_since_s < hub->limits.linger_s)
            return;
        sleep_room(hub, hub->empty);
    }
}

/* --- Time --------------------------------------------------------------------------------------- */

static void on_deadline(void *context, struct wheel_entry *entry)
{
    (void)context;
    static_assert(offsetof(struct session, deadline) == 0, "an entry is its session");
    session_due((struct session *)entry);
}

static void beat_rhythm(struct hub *hub, struct rhythm *rhythm)
{
    struct beat_due due = beat_take(&rhythm->beat, hub->now_us);
    if (due.steps == 0)
        return;
    counters_late(&hub->counters, due.late_us);
    uint64_t rooms = 0;
    struct room_host *host, *next;
    DL_FOREACH_SAFE(rhythm->rooms, host, next)
    {
        room_host_beat(host, due.steps);
        rooms++;
    }
    if (due.dropped > 0) {
        hub->counters.ticks_dropped += due.dropped * rooms;
        struct log_line line = log_begin(hub->log, LOG_TICKS_DROPPED);
        log_number(&line, "hz", rhythm->beat.hz);
        log_number(&line, "ticks", (int64_t)due.dropped);
        log_number(&line, "rooms", (int64_t)rooms);
        log_end(&line);
    }
}

void hub_beat(struct hub *hub)
{
    uint64_t next_us = UINT64_MAX;
    for (uint32_t hz = 1; hz <= BEAT_HZ_MAX; hz++) {
        struct rhythm *rhythm = &hub->rhythms[hz];
        if (rhythm->rooms != NULL)
            beat_rhythm(hub, rhythm);
        if (rhythm->rooms != NULL && beat_next_us(&rhythm->beat) < next_us)
            next_us = beat_next_us(&rhythm->beat);
    }
    if (beat_take(&hub->second, hub->now_us).steps > 0) {
        uint64_t messages = hub->counters.messages_in - hub->messages_before;
        hub->messages_before = hub->counters.messages_in;
        hub->gathers = messages >= GATHER_MESSAGES_PER_SECOND;
        wheel_advance(&hub->wheel, hub->now_s, on_deadline, NULL);
        sleep_empty_rooms(hub);
    }
    if (beat_next_us(&hub->second) < next_us)
        next_us = beat_next_us(&hub->second);
    hub->next_us = next_us;
}

uint64_t hub_gather_until_us(const struct hub *hub, uint64_t now_us)
{
    if (!hub->gathers)
        return 0;
    uint64_t until_us = now_us + GATHER_US;
    return until_us < hub->next_us ? until_us : hub->next_us;
}

uint64_t hub_next_us(const struct hub *hub)
{
    return hub->next_us;
}

bool hub_is_healthy(const struct hub *hub)
{
    if (beat_next_us(&hub->second) + HEALTH_LATE_US < hub->now_us)
        return false;
    for (uint32_t hz = 1; hz <= BEAT_HZ_MAX; hz++) {
        const struct rhythm *rhythm = &hub->rhythms[hz];
        if (rhythm->rooms != NULL && beat_next_us(&rhythm->beat) + HEALTH_LATE_US < hub->now_us)
            return false;
    }
    return true;
}

/* --- Load and end ------------------------------------------------------------------------------- */

uint64_t hub_members(const struct hub *hub)
{
    uint64_t members = 0;
    for (const struct room_host *host = hub->rooms; host != NULL; host = host->hh.next)
        members += room_members(host->room);
    return members;
}

void hub_refused_inputs(const struct hub *hub, uint64_t inputs[STATUS_COUNT])
{
    memcpy(inputs, hub->counters.inputs, sizeof hub->counters.inputs);
    for (const struct room_host *host = hub->rooms; host != NULL; host = host->hh.next)
        add_inputs(inputs, host->room);
}

int hub_admit(struct hub *hub,
              const struct session *session,
              enum refusal *refusal,
              const char **text)
{
    if (hub->draining) {
        *refusal = REFUSAL_DRAINING;
        *text = "the server is going down";
        return 503;
    }
    if (hub->counters.connections >= hub->limits.connections) {
        *refusal = REFUSAL_CONNECTIONS;
        *text = "the server has all the connections it takes";
        return 503;
    }
    if (address_sockets(session->address) > hub->limits.connections_per_address) {
        *refusal = REFUSAL_ADDRESS;
        *text = "too many connections from this address";
        return 429;
    }
    return 101;
}

static void drain_session(void *context, struct wheel_entry *entry)
{
    struct hub *hub = context;
    struct session *session = (struct session *)entry;
    wheel_set(&hub->wheel, entry, hub->now_s + CLOSING_S);
    if (session->state == SESSION_PAGE && session->transfer == NULL)
        hub->transport->kill(session->socket);
    else if (session->state != SESSION_PAGE)
        session_close(session, CLOSE_RESTARTING, NULL);
}

void hub_drain(struct hub *hub)
{
    hub->draining = true;
    wheel_empty(&hub->wheel, drain_session, hub);
}

bool hub_is_empty(const struct hub *hub)
{
    return hub->counters.sockets == 0;
}

void hub_destroy(struct hub *hub)
{
    if (hub == NULL)
        return;
    assert(hub_is_empty(hub));
    while (hub->rooms != NULL) {
        struct room_host *host = hub->rooms;
        if (store_room(hub, host) != STATUS_OK)
            hub->counters.store_failures++;
        forget_room(hub, host);
    }
    frames_destroy(hub->frames);
    free(hub);
}
