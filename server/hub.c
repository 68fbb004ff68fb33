#include "server/hub.h"

#include "server/opening.h"
#include "server/recordings.h"
#include "server/replays.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define SECOND_US UINT64_C(1000000)

/* Sessions that have not joined are held to the rate of a room at this many ticks a second. */
#define USUAL_TICK_HZ 20u

static bool may_deflate(void *context, size_t bytes)
{
    struct hub *hub = context;
    bool may = bucket_take(&hub->deflate_bucket, &DEFLATE_RATE, hub->now_us, (uint32_t)bytes);
    hub->counters.deflated += may ? bytes : 0;
    hub->counters.undeflated += may ? 0 : bytes;
    return may;
}

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
    hub->storage = options->storage;
    hub->kinds = options->kinds;
    hub->guard = options->guard;
    hub->record = options->record;
    hub->durability = options->durability;
    hub->saves = options->durability != DURABILITY_MEMORY;
    hub->incarnation = storage_incarnation(options->storage);
    hub->log = options->log;
    hub->frames = frames;
    hub->random = options->seed;
    hub->hash_seed = (unsigned)(options->seed >> 32);
    hub_turn(hub, options->now_us, options->wall_us);
    wheel_init(&hub->wheel, hub->now_s);
    beat_start(&hub->second, 1, hub->now_us);
    hub->next_us = beat_next_us(&hub->second);
    addresses_init(&hub->addresses, hub->limits.address_rates, hub->now_s);
    bucket_fill(&hub->room_bucket, &hub->limits.room_rate, hub->now_us);
    bucket_fill(&hub->load_bucket, &hub->limits.load_rate, hub->now_us);
    bucket_fill(&hub->deflate_bucket, &DEFLATE_RATE, hub->now_us);
    bucket_fill(&hub->answer_bucket, &ANSWER_RATE, hub->now_us);
    frames_deflate(frames, may_deflate, hub, DEFLATE_BYTES_MIN);
    return hub;
}

void hub_turn(struct hub *hub, uint64_t now_us, uint64_t wall_us)
{
    hub->now_us = now_us;
    hub->wall_us = wall_us;
    hub->now_s = (uint32_t)(now_us / SECOND_US);
    hub->counters.turns++;
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
    uint64_t rooms = 0;
    struct room_host *host, *next;
    DL_FOREACH_SAFE(rhythm->rooms, host, next)
    {
        if (!hub_room_may_tick(hub, host))
            continue;
        room_host_beat(host, due.steps);
        rooms++;
    }
    if (rooms > 0)
        counters_time(&hub->counters.lateness, due.late_us);
    if (due.dropped > 0 && rooms > 0) {
        hub->counters.ticks_dropped += due.dropped * rooms;
        struct log_line line = log_begin(hub->log, LOG_TICKS_DROPPED);
        log_number(&line, "hz", rhythm->beat.hz);
        log_number(&line, "ticks", (int64_t)due.dropped);
        log_number(&line, "rooms", (int64_t)rooms);
        log_end(&line);
    }
}

/* When what is logged must go out; not before the flushes under way have ended. */
static uint64_t flush_us(const struct hub *hub)
{
    uint64_t at_us = storage_flush_us(hub->storage);
    return at_us > hub->now_us ? at_us : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void hub_beat(struct hub *hub)
{
    uint64_t next_us = UINT64_MAX;
    hub_storage_turn(hub);
    hub->resumes = RESUMES_PER_BEAT;
    hub_resume_idle_rooms(hub);
    for (uint32_t hz = 1; hz <= BEAT_HZ_MAX; hz++) {
        struct rhythm *rhythm = &hub->rhythms[hz];
        if (rhythm->rooms != NULL)
            beat_rhythm(hub, rhythm);
        if (rhythm->rooms != NULL)
            next_us = earlier(next_us, beat_next_us(&rhythm->beat));
    }
    if (beat_take(&hub->second, hub->now_us).steps > 0) {
        uint64_t messages = hub->counters.messages_in - hub->messages_before;
        hub->messages_before = hub->counters.messages_in;
        hub->gathers = messages >= GATHER_MESSAGES_PER_SECOND;
        wheel_advance(&hub->wheel, hub->now_s, on_deadline, NULL);
        addresses_advance(&hub->addresses, hub->now_s);
        replays_sweep(hub);
        hub_sleep_empty_rooms(hub);
        hub_tell_dropped(hub);
    }
    storage_flush(hub->storage, hub->now_us, false);
    next_us = earlier(next_us, beat_next_us(&hub->second));
    hub->next_us = earlier(next_us, flush_us(hub));
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

enum role hub_role(const struct hub *hub, const struct session *session)
{
    (void)hub;
    (void)session;
    return ROLE_EDITOR;
}

/* --- Load and end ------------------------------------------------------------------------------- */

uint64_t hub_members(const struct hub *hub)
{
    uint64_t members = 0;
    for (const struct room_host *host = hub->rooms; host != NULL; host = host->hh.next)
        members += room_members(host->room);
    return members;
}

struct room_figures hub_room_figures(const struct hub *hub)
{
    struct room_figures figures = hub->counters.rooms;
    for (const struct room_host *host = hub->rooms; host != NULL; host = host->hh.next)
        counters_add_room(&figures, host->room);
    return figures;
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
    if (!address_may(&hub->addresses, session->address, ADDRESS_CONNECTS, 1, hub->now_us)) {
        *refusal = REFUSAL_ADDRESS_RATE;
        *text = "too many new connections from this address";
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
    openings_end(hub);
    hub_end_rooms(hub);
    replays_end(hub);
    orders_end(hub);
    addresses_end(&hub->addresses);
    cards_end(&hub->cards);
    frames_destroy(hub->frames);
    free(hub->entry);
    free(hub);
}
