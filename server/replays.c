#include "server/replays.h"

#include "server/opening.h"
#include "sync/player.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

struct question {
    enum player_wants wants;
    uint64_t tick, incarnation;
};

/* A question to the storage. It outlives a replay that ends meanwhile. */
struct fetch {
    struct asker asker; /* first */
    struct fetch *prev, *next;
    struct hub *hub;
    struct replaying *replaying; /* NULL: nobody wants to know any more */
    struct job *job;
    struct question question;
    uint64_t
        durable; /* up to this tick the storage had all that the room had logged when it was asked */
    uint64_t shown; /* and at this one presence last changed, which comes some time later */
};

struct replaying {
    struct replaying *prev, *next; /* among the hub's */
    struct hub *hub;
    struct room_host *host;
    struct player *player;
    struct fetch *fetch; /* under way; else NULL */
    struct replay_place place;
    uint64_t asked_us;     /* when more was asked for */
    struct question again; /* to be asked once more, at `again_us`; wants nothing: none is */
    uint64_t again_us;
    uint32_t tries;      /* that failed since something came */
    uint64_t last;       /* tick of the recording, as the player knows it */
    bool grows;          /* likewise */
    bool watches;        /* nothing of what it shows is dropped meanwhile */
    uint8_t room_length; /* of the host's name */
};

/* --- Places -------------------------------------------------------------------------------------- */

bool replay_place_take(struct hub *hub,
                       struct address *address,
                       struct replay_place *place,
                       struct hub_denial *denial)
{
    *denial = (struct hub_denial){.code = CLOSE_SERVER_FULL,
                                  .refusal = REFUSAL_ADDRESS_REPLAYS,
                                  .detail = "too many replays of this address"};
    if (address != NULL && address_replays(address) >= hub->limits.replays_per_address)
        return false;
    denial->refusal = REFUSAL_REPLAYS;
    denial->detail = "too many replays";
    if (hub->counters.replays >= hub->limits.replays)
        return false;
    *place = (struct replay_place){.address = address, .taken = true};
    address_begins_replay(address);
    hub->counters.replays++;
    return true;
}

void replay_place_give(struct hub *hub, struct replay_place *place)
{
    if (!place->taken)
        return;
    addresses_end_replay(&hub->addresses, place->address, hub->now_us);
    hub->counters.replays--;
    *place = (struct replay_place){0};
}

/* --- Questions ------------------------------------------------------------------------------------- */

static void forget_fetch(struct fetch *fetch)
{
    DL_DELETE(fetch->hub->fetches, fetch);
    free(fetch);
}

static void take_answer(struct asker *asker, struct storage_event *event);

static struct bytes room_of(const struct replaying *replaying)
{
    return (struct bytes){(const uint8_t *)replaying->host->name, replaying->room_length};
}

static bool fetch_for(struct replaying *replaying, struct question question)
{
    struct hub *hub = replaying->hub;
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return false;
    *fetch = (struct fetch){
        .asker = {take_answer}, .hub = hub, .replaying = replaying, .question = question};
    struct bytes room = room_of(replaying);
    const struct room_host *live = hub_room_recording(hub, room);
    fetch->durable = live != NULL ? room_durable(live->room) : 0;
    fetch->shown = live != NULL && !live->recorder.whole ? live->recorder.last : 0;
    fetch->job =
        question.wants == PLAYER_MOMENT
            ? storage_moment(hub->storage, room, question.incarnation, question.tick, &fetch->asker)
            : storage_more(hub->storage, room, question.tick, &fetch->asker);
    if (fetch->job == NULL) {
        free(fetch);
        return false;
    }
    DL_APPEND(hub->fetches, fetch);
    replaying->fetch = fetch;
    hub->counters.replay_fetches++;
    return true;
}

static const char *reason_of(enum moment_result result)
{
    switch (result) {
    case MOMENT_NONE:
        return "nothing is recorded of that moment";
    case MOMENT_UNRECORDED:
        return "this room is not recorded";
    case MOMENT_GAP:
        return "that moment was not written down, or is not kept any more";
    case MOMENT_LOST:
        return "that moment was lost in a crash";
    case MOMENT_DAMAGED:
        return "what was recorded of that moment is damaged";
    case MOMENT_KIND:
        return "it was recorded by other rules than this server has";
    case MOMENT_DONE:
    case MOMENT_QUARANTINED: /* of an origin alone */
    case MOMENT_FAILED:
    case MOMENT_FORSAKEN:
        break;
    }
    return "the recording cannot be read now";
}

/* Where nothing follows, nothing has happened up to what was durable, unless presence has that is on its way: else
 * an awake room in which little happens would be shown as late as the next thing that does. */
static struct recorded recorded_of(const struct stretch *stretch, const struct fetch *fetch)
{
    bool quiet = stretch->end && fetch->shown <= stretch->to && fetch->durable > stretch->to;
    return (struct recorded){
        .log = {stretch->log.data, stretch->log.length},
        .track = {stretch->track.data, stretch->track.length},
        .to = quiet ? fetch->durable : stretch->to,
        .end = stretch->end,
    };
}

/* What there is of it by now. */
static void note_last(struct replaying *replaying, uint64_t last)
{
    if (last <= replaying->last)
        return;
    replaying->last = last;
    player_extend(replaying->player, last, replaying->grows);
}

/* A disk that does not answer now is asked again, a few times, while the replay shows what it has. */
static void
give_failure(struct replaying *replaying, const struct fetch *fetch, enum moment_result result)
{
    bool transient = result == MOMENT_FAILED || result == MOMENT_FORSAKEN;
    replaying->hub->counters.replay_failures++;
    if (transient && replaying->tries < REPLAY_TRIES) {
        replaying->again = fetch->question;
        replaying->again_us = replaying->hub->now_us + (REPLAY_MORE_US << replaying->tries);
        replaying->tries++;
        return;
    }
    replaying->tries = 0;
    player_fail(replaying->player, reason_of(result));
}

static void
give_moment(struct replaying *replaying, struct moment *moment, const struct fetch *fetch)
{
    if (moment->result == MOMENT_DONE) {
        replaying->tries = 0;
        note_last(replaying, moment->room.last);
        player_load(replaying->player, &moment->replay, recorded_of(&moment->follows, fetch));
        moment->replay = (struct replay){0};
    } else {
        give_failure(replaying, fetch, moment->result);
    }
}

/* It goes on behind a gap, where there is anything. */
static void
give_more(struct replaying *replaying, const struct more *more, const struct fetch *fetch)
{
    bool gap = more->result == MOMENT_GAP && more->next > 0;
    struct question behind = {.wants = PLAYER_MOMENT, .tick = more->next};
    if (gap && fetch_for(replaying, behind))
        return;
    if (more->result == MOMENT_DONE) {
        replaying->tries = 0;
        note_last(replaying, more->room.last);
        player_feed(replaying->player, recorded_of(&more->stretch, fetch));
    } else {
        give_failure(replaying, fetch, more->result);
    }
}

static void take_answer(struct asker *asker, struct storage_event *event)
{
    static_assert(offsetof(struct fetch, asker) == 0, "who asks is the question");
    struct fetch *fetch = (struct fetch *)asker;
    struct replaying *replaying = fetch->replaying;
    if (replaying != NULL) {
        replaying->fetch = NULL;
        if (event->kind == STORAGE_MOMENT)
            give_moment(replaying, event->moment, fetch);
        else
            give_more(replaying, event->more, fetch);
    }
    forget_fetch(fetch);
    moment_free(event->moment);
    more_free(event->more);
}

/* Without memory it is asked in the next tick. */
static void fulfil_wish(struct replaying *replaying)
{
    struct hub *hub = replaying->hub;
    struct player_wish wish = player_wish(replaying->player);
    if (replaying->again.wants != PLAYER_NOTHING) {
        if (hub->now_us >= replaying->again_us && fetch_for(replaying, replaying->again))
            replaying->again = (struct question){0};
        return;
    }
    bool early = hub->now_us < replaying->asked_us + REPLAY_MORE_US;
    if (replaying->fetch != NULL || wish.wants == PLAYER_NOTHING)
        return;
    if (wish.wants == PLAYER_MORE && early)
        return;
    struct question question = {
        .wants = wish.wants, .tick = wish.tick, .incarnation = wish.incarnation};
    if (!fetch_for(replaying, question))
        return;
    player_asked(replaying->player);
    if (wish.wants == PLAYER_MORE)
        replaying->asked_us = hub->now_us;
}

/* --- The replay ------------------------------------------------------------------------------------ */

/* What the room has done since is there to be seen as soon as it is on the disk. */
static void follow_live_room(struct replaying *replaying)
{
    const struct room_host *live = hub_room_recording(replaying->hub, room_of(replaying));
    if (live != NULL)
        replaying->last = room_durable(live->room);
    if (live != NULL || replaying->grows)
        player_extend(replaying->player, replaying->last, live != NULL);
    replaying->grows = live != NULL;
}

void replay_tick(struct room_host *host)
{
    struct replaying *replaying = host->replaying;
    follow_live_room(replaying);
    player_tick(replaying->player);
    fulfil_wish(replaying);
}

void replay_close(struct replaying *replaying)
{
    struct hub *hub = replaying->hub;
    if (replaying->fetch != NULL) {
        replaying->fetch->replaying = NULL;
        storage_forsake(hub->storage, replaying->fetch->job, true);
    }
    if (replaying->watches)
        storage_unwatch(hub->storage, room_of(replaying));
    replay_place_give(hub, &replaying->place);
    DL_DELETE(hub->replays, replaying);
    player_destroy(replaying->player);
    free(replaying);
}

static void deny(struct hub_denial *denial, enum moment_result result)
{
    *denial = (struct hub_denial){.refusal = REFUSAL_REPLAY, .detail = reason_of(result)};
    switch (result) {
    case MOMENT_NONE:
    case MOMENT_UNRECORDED:
    case MOMENT_GAP:
    case MOMENT_LOST:
        denial->code = CLOSE_ENDED;
        return;
    case MOMENT_DAMAGED:
        denial->code = CLOSE_DAMAGED;
        return;
    case MOMENT_KIND:
        denial->code = CLOSE_KIND;
        return;
    case MOMENT_DONE:
    case MOMENT_QUARANTINED:
    case MOMENT_FAILED:
    case MOMENT_FORSAKEN:
        denial->code = CLOSE_MEMORY;
        return;
    }
}

static struct player *
create_player(struct hub *hub, struct bytes room, const struct moment *moment, enum status *status)
{
    struct bytes kind = {moment->room.kind, moment->room.kind_length};
    const struct rules *rules = kind_find(hub->kinds, kind);
    *status = STATUS_KIND;
    if (rules == NULL)
        return NULL;
    struct player_options options = {
        .rules = rules,
        .limits = hub->limits.room,
        .incarnation = hub_next_incarnation(hub, 0),
        .seed = hub_random(hub, UINT32_MAX),
        .grace_ticks = hub->limits.grace_s * rules->tick_hz,
        .first = moment->room.first,
        .last = moment->room.last,
        .tick = moment->tick,
        .tick_incarnation = moment->room.incarnation,
        .grows = hub_room_recording(hub, room) != NULL,
    };
    return player_create(&options, status);
}

/* It has the moment where it begins already. */
static void load_first(struct player *player, struct moment *moment)
{
    player_asked(player);
    player_load(player, &moment->replay, recorded_of(&moment->follows, &(struct fetch){0}));
    moment->replay = (struct replay){0};
}

struct room_host *replay_open(struct hub *hub,
                              struct bytes name,
                              size_t room_length,
                              struct moment *moment,
                              struct replay_place *place,
                              struct hub_denial *denial)
{
    struct bytes room = {name.data, room_length};
    enum status status = STATUS_MEMORY;
    deny(denial, moment->result);
    if (moment->result != MOMENT_DONE)
        return NULL;
    struct replaying *replaying = calloc(1, sizeof *replaying);
    struct player *player = replaying != NULL ? create_player(hub, room, moment, &status) : NULL;
    if (status == STATUS_KIND)
        deny(denial, MOMENT_KIND);
    struct room_host *host =
        player != NULL ? hub_room_replay(hub, name, player_room(player)) : NULL;
    if (host == NULL) {
        player_destroy(player);
        free(replaying);
        return NULL;
    }
    *replaying = (struct replaying){.hub = hub,
                                    .host = host,
                                    .player = player,
                                    .place = *place,
                                    .last = moment->room.last,
                                    .room_length = (uint8_t)room_length};
    *place = (struct replay_place){0};
    replaying->watches = storage_watch(hub->storage, room);
    host->replaying = replaying;
    DL_APPEND(hub->replays, replaying);
    load_first(player, moment);
    hub->counters.replays_opened++;
    hub_log_room(hub, LOG_ROOM_OPENED, name, "a replay");
    return host;
}

/* --- The end --------------------------------------------------------------------------------------- */

static bool is_over(const struct room_host *host, uint32_t now_s)
{
    return host->ended || (!host->awake && now_s - host->empty_since_s >= REPLAY_LINGER_S);
}

/* Whoever has come since it ended waits for another one. */
static void forget(struct hub *hub, struct room_host *host)
{
    char name[HUB_NAME_MAX];
    struct bytes copy = {(const uint8_t *)name, host->name_length};
    memcpy(name, host->name, host->name_length);
    hub_log_room(hub, LOG_ROOM_SLEPT, copy, "a replay");
    hub_room_forget(hub, host);
    opening_slept(hub, copy);
}

void replays_sweep(struct hub *hub)
{
    struct replaying *replaying, *next;
    DL_FOREACH_SAFE(hub->replays, replaying, next)
    {
        if (is_over(replaying->host, hub->now_s))
            forget(hub, replaying->host);
    }
}

void replays_end_of(struct hub *hub, struct bytes room)
{
    struct replaying *replaying;
    DL_FOREACH(hub->replays, replaying)
    {
        if (!bytes_equal(room_of(replaying), room))
            continue;
        replaying->host->ended = true;
        room_host_close_all(replaying->host, CLOSE_ENDED, "deleted");
    }
}

void replays_end(struct hub *hub)
{
    struct fetch *fetch, *next;
    assert(hub->replays == NULL);
    DL_FOREACH_SAFE(hub->fetches, fetch, next)
    forget_fetch(fetch);
}
