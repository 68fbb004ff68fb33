#include "server/opening.h"

#include "server/forks.h"
#include "server/replays.h"
#include "server/room_host.h"
#include "sync/log.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

enum opening_state {
    OPENING_SLEEPING, /* it is still falling asleep, or being deleted */
    OPENING_LOADING,
    OPENING_FORKING, /* there is no such room: the moment that it is made of is on its way */
    OPENING_SAVING   /* that it is awake is on its way to the disk */
};

/* A session that waits, with its hello. */
struct waiting {
    struct waiting *prev, *next;
    struct opening *opening;
    struct session *session;
    bool unrecorded; /* what it wishes for a room that is made new */
    size_t length;
    uint8_t hello[];
};

struct opening {
    struct asker asker; /* first: whom the storage gives a moment */
    UT_hash_handle hh;  /* in hub->openings, by name */
    struct hub *hub;
    struct waiting *waiting;    /* in the order in which they came */
    struct job *load;           /* OPENING_LOADING, OPENING_FORKING; NULL once it is answered */
    struct room_host *host;     /* OPENING_SAVING */
    struct fork *fork;          /* what a room is made of where there is none; NULL: of nothing */
    struct replay_place place;  /* of a replay, until it has its host */
    uint64_t tick, incarnation; /* of a replay: where it begins; of a room: the last that it had */
    uint64_t number; /* of the flush that it waits for; 0: it waits for opening_slept() */
    enum opening_state state;
    bool lost;
    uint8_t room_length, name_length; /* the name of a replay begins with that of its room */
    char name[HUB_NAME_MAX];
};

static struct bytes name_of(const struct opening *opening)
{
    return (struct bytes){(const uint8_t *)opening->name, opening->name_length};
}

static struct bytes room_of(const struct opening *opening)
{
    return (struct bytes){(const uint8_t *)opening->name, opening->room_length};
}

static bool is_replay(const struct opening *opening)
{
    return opening->room_length < opening->name_length;
}

static struct opening *find(const struct hub *hub, struct bytes name)
{
    struct opening *opening = NULL;
    HASH_FIND(hh, hub->openings, name.data, (unsigned)name.length, opening);
    return opening;
}

bool opening_is_there(const struct hub *hub, struct bytes name)
{
    return find(hub, name) != NULL;
}

uint32_t openings_count(const struct hub *hub)
{
    return HASH_COUNT(hub->openings);
}

/* --- Waiting ------------------------------------------------------------------------------------ */

static bool is_wanted(const struct opening *opening)
{
    return opening->waiting != NULL || opening->fork != NULL;
}

/* The store is not to work for nobody. */
static void tell_wanted(struct opening *opening)
{
    if (opening->load != NULL)
        storage_forsake(opening->hub->storage, opening->load, !is_wanted(opening));
}

static void forget_waiting(struct waiting *waiting)
{
    struct opening *opening = waiting->opening;
    DL_DELETE(opening->waiting, waiting);
    free(waiting);
    tell_wanted(opening);
}

void opening_forsake(struct session *session)
{
    forget_waiting(session->waiting);
    session->waiting = NULL;
}

/* Out of the wait: the session is as it was before its hello, and holds nothing. */
static struct session *release(struct waiting *waiting)
{
    struct session *session = waiting->session;
    session->state = SESSION_HELLO;
    session->target = NULL;
    forget_waiting(waiting);
    return session;
}

static void forget(struct opening *opening)
{
    assert(opening->fork == NULL);
    replay_place_give(opening->hub, &opening->place);
    HASH_DELETE(hh, opening->hub->openings, opening);
    free(opening);
}

/* Whoever asked for the fork is told, if there is one: the opening goes on without it. */
static void deny_fork(struct opening *opening, const struct http_denial *denial)
{
    struct fork *fork = opening->fork;
    opening->fork = NULL;
    if (fork != NULL)
        fork_denied(fork, denial);
}

static void fail_fork(struct opening *opening)
{
    struct http_denial denial =
        http_denial(503, REFUSAL_MEMORY, "the server has no memory left, or is going down");
    denial.retry_s = 1;
    deny_fork(opening, &denial);
}

/* The room is there, and is saved once the disk is well; but nobody may take it for saved. */
static void deny_unsaved_fork(struct opening *opening)
{
    struct http_denial denial = http_denial(
        503, REFUSAL_FORK, "the room is there, but not saved now: the disk is full, or fails");
    deny_fork(opening, &denial);
}

static void refuse_all(struct opening *opening, const struct hub_denial *denial)
{
    fail_fork(opening);
    while (opening->waiting != NULL)
        session_refuse(release(opening->waiting), denial->refusal, denial->code, denial->detail);
    forget(opening);
}

static void admit_all(struct opening *opening, struct room_host *host)
{
    host->held = false;
    if (opening->fork != NULL)
        fork_made(opening->fork);
    opening->fork = NULL;
    while (opening->waiting != NULL) {
        struct waiting *waiting = opening->waiting;
        uint8_t hello[MESSAGE_BYTES_MAX];
        size_t length = waiting->length;
        memcpy(hello, waiting->hello, length);
        struct session *session = release(waiting);
        session_join(session, host, (struct bytes){hello, length});
    }
    forget(opening);
}

/* What anyone may make the store do: by far more than people who come back after a restart. What
 * one address is refused costs the others nothing. */
static bool may_begin(struct hub *hub, struct address *address, struct hub_denial *denial)
{
    *denial = (struct hub_denial){.code = CLOSE_SERVER_FULL,
                                  .refusal = REFUSAL_ADDRESS_OPENINGS,
                                  .detail = "too many rooms are being opened from this address"};
    if (!address_may(&hub->addresses, address, ADDRESS_OPENS_ROOMS, 1, hub->now_us))
        return false;
    *denial = (struct hub_denial){.code = CLOSE_SERVER_FULL,
                                  .refusal = REFUSAL_OPENINGS,
                                  .detail = "too many rooms are being opened"};
    if (openings_count(hub) >= hub->limits.openings)
        return false;
    denial->refusal = REFUSAL_LOAD_RATE;
    return bucket_take(&hub->load_bucket, &hub->limits.load_rate, hub->now_us, 1);
}

static void take_moment(struct asker *asker, struct storage_event *event);

static struct opening *add(struct hub *hub, const struct target *target)
{
    struct opening *opening = calloc(1, sizeof *opening);
    if (opening == NULL)
        return NULL;
    uint8_t buffer[HUB_NAME_MAX];
    struct bytes name = target_host(target, buffer);
    opening->asker.answer = take_moment;
    opening->hub = hub;
    opening->tick = target->tick;
    opening->incarnation = target->incarnation;
    opening->room_length = (uint8_t)target->room.length;
    opening->name_length = (uint8_t)name.length;
    memcpy(opening->name, name.data, name.length);
    HASH_ADD(hh, hub->openings, name, (unsigned)opening->name_length, opening);
    if (!opening->lost)
        return opening;
    free(opening);
    return NULL;
}

static bool load(struct opening *opening)
{
    struct storage *storage = opening->hub->storage;
    opening->state = OPENING_LOADING;
    if (is_replay(opening))
        opening->load = storage_moment(storage, room_of(opening), opening->incarnation,
                                       opening->tick, &opening->asker);
    else
        opening->load = storage_load(storage, name_of(opening), opening);
    return opening->load != NULL;
}

/* With all that a room needs which is looked for; the place is the opening's, or free again. */
static struct opening *begin_in(struct hub *hub,
                                struct address *address,
                                const struct target *target,
                                struct replay_place place,
                                struct hub_denial *denial)
{
    struct opening *opening = NULL;
    if (may_begin(hub, address, denial)) {
        *denial = (struct hub_denial){.refusal = REFUSAL_MEMORY, .code = CLOSE_MEMORY};
        opening = add(hub, target);
    }
    if (opening == NULL) {
        replay_place_give(hub, &place);
        return NULL;
    }
    opening->place = place;
    if (hub_room_is_falling_asleep(hub, name_of(opening)) || load(opening))
        return opening;
    forget(opening);
    return NULL;
}

static struct opening *begin(struct hub *hub,
                             struct address *address,
                             const struct target *target,
                             struct hub_denial *denial)
{
    struct replay_place place = {0};
    if (target->replay.length > 0 && !replay_place_take(hub, address, &place, denial))
        return NULL;
    return begin_in(hub, address, target, place, denial);
}

bool opening_wait(struct hub *hub,
                  struct session *session,
                  const struct target *target,
                  struct bytes hello,
                  struct hub_denial *denial)
{
    struct waiting *waiting = malloc(sizeof *waiting + hello.length);
    *denial = (struct hub_denial){.refusal = REFUSAL_MEMORY, .code = CLOSE_MEMORY};
    if (waiting == NULL)
        return false;
    uint8_t buffer[HUB_NAME_MAX];
    struct opening *opening = find(hub, target_host(target, buffer));
    if (opening == NULL)
        opening = begin(hub, session->address, target, denial);
    if (opening == NULL) {
        free(waiting);
        return false;
    }
    *waiting = (struct waiting){.opening = opening,
                                .session = session,
                                .unrecorded = target->unrecorded,
                                .length = hello.length};
    memcpy(waiting->hello, hello.data, hello.length);
    DL_APPEND(opening->waiting, waiting);
    tell_wanted(opening);
    free(session->target);
    session->waiting = waiting;
    session->state = SESSION_WAITING;
    wheel_set(&hub->wheel, &session->deadline, hub->now_s + OPENING_S);
    return true;
}

/* --- Opening ------------------------------------------------------------------------------------ */

/* The first who waits decides what kind a new room is of; one whose kind nobody knows, or whose
 * address may not make another, is sent away, and the next decides. */
static void make_new(struct opening *opening, uint64_t incarnation)
{
    struct hub *hub = opening->hub;
    while (opening->waiting != NULL) {
        struct waiting *first = opening->waiting;
        struct hello hello;
        struct hub_denial denial;
        enum status status = wire_read_hello((struct bytes){first->hello, first->length}, &hello);
        assert(status == STATUS_OK); /* it was read before */
        (void)status;
        struct room_wish wish = {.name = name_of(opening),
                                 .kind = hello.kind,
                                 .above = incarnation,
                                 .unrecorded = first->unrecorded,
                                 .address = first->session->address};
        struct room_host *host = hub_room_new(hub, &wish, &denial);
        if (host != NULL) {
            admit_all(opening, host);
            return;
        }
        session_refuse(release(first), denial.refusal, denial.code, denial.detail);
    }
    forget(opening);
}

/* They get in when this flush is on the disk. */
static void save(struct opening *opening, struct room_host *host, uint64_t number)
{
    struct hub *hub = opening->hub;
    if (hub->saves && hub->saving != SAVING_WELL)
        deny_unsaved_fork(opening);
    if (!hub->saves || hub->saving != SAVING_WELL) {
        admit_all(opening, host);
        return;
    }
    opening->state = OPENING_SAVING;
    opening->host = host;
    host->held = true;
    opening->number = number;
    storage_flush(hub->storage, hub->now_us, true);
}

static void wake(struct opening *opening, const struct storage_event *event)
{
    static const struct hub_denial no_memory = {.refusal = REFUSAL_MEMORY, .code = CLOSE_MEMORY};
    struct hub *hub = opening->hub;
    bool goes_on = event->clean && hub->saving == SAVING_WELL;
    uint64_t incarnation =
        goes_on ? event->incarnation : hub_next_incarnation(hub, event->incarnation);
    uint64_t number = storage_open_number(hub->storage);
    struct room_host *host =
        hub_room_woken(hub, name_of(opening), event->room, incarnation, event->clean);
    if (host == NULL) {
        refuse_all(opening, &no_memory);
        return;
    }
    if (goes_on)
        save(opening, host, number);
    else
        admit_all(opening, host);
}

/* What it waited for is on the disk, or its load was not made. */
static void load_now(struct opening *opening)
{
    static const struct hub_denial no_memory = {.refusal = REFUSAL_MEMORY, .code = CLOSE_MEMORY};
    if (!is_wanted(opening))
        forget(opening);
    else if (!load(opening))
        refuse_all(opening, &no_memory);
}

/* --- Moments: where a replay begins, what a fork is made of ---------------------------------------- */

static void open_replay(struct opening *opening, struct moment *moment)
{
    struct hub_denial denial;
    if (!is_wanted(opening)) {
        forget(opening);
        return;
    }
    if (moment->result == MOMENT_FORSAKEN) {
        load_now(opening);
        return;
    }
    struct room_host *host = replay_open(opening->hub, name_of(opening), opening->room_length,
                                         moment, &opening->place, &denial);
    if (host != NULL)
        admit_all(opening, host);
    else
        refuse_all(opening, &denial);
}

/* Who waits for it gets a room that is made of nothing where none could be made of the moment, as they
 * would have without the fork. */
static void make_fork(struct opening *opening, struct moment *moment)
{
    struct hub *hub = opening->hub;
    struct http_denial denial;
    uint64_t number = storage_open_number(hub->storage);
    struct room *room = fork_room(opening->fork, moment, &denial);
    struct room_host *host = NULL;
    if (room != NULL)
        host = hub_room_forked(hub, name_of(opening), room, opening->incarnation, &denial);
    if (host != NULL) {
        save(opening, host, number);
        return;
    }
    deny_fork(opening, &denial);
    make_new(opening, opening->incarnation);
}

static void take_moment(struct asker *asker, struct storage_event *event)
{
    static_assert(offsetof(struct opening, asker) == 0, "who is asked for is its opening");
    struct opening *opening = (struct opening *)asker;
    opening->load = NULL;
    if (opening->state == OPENING_FORKING)
        make_fork(opening, event->moment);
    else
        open_replay(opening, event->moment);
    moment_free(event->moment);
}

/* Nobody has the name. */
static void look_for_moment(struct opening *opening, uint64_t incarnation)
{
    const struct fork *fork = opening->fork;
    opening->state = OPENING_FORKING;
    opening->incarnation = incarnation;
    opening->load = storage_origin(opening->hub->storage, fork_source(fork), fork->incarnation,
                                   fork->tick, &opening->asker);
    if (opening->load != NULL)
        return;
    fail_fork(opening);
    make_new(opening, incarnation);
}

/* What is stored under its name is left as it is. */
static void deny_taken(struct opening *opening)
{
    struct http_denial denial = http_denial(409, REFUSAL_FORK, "there is a room of that name");
    deny_fork(opening, &denial);
}

bool opening_fork(struct hub *hub, struct fork *fork, struct hub_denial *denial)
{
    struct target target = {.room = fork_name(fork)};
    struct opening *opening = begin(hub, fork->session->address, &target, denial);
    if (opening == NULL)
        return false;
    opening->fork = fork;
    return true;
}

void opening_loaded(struct hub *hub, struct storage_event *event)
{
    struct opening *opening = event->ticket;
    struct hub_denial denial = {.refusal = REFUSAL_ROOM, .code = CLOSE_MEMORY};
    assert(opening->state == OPENING_LOADING);
    opening->load = NULL;
    switch (event->result) {
    case LOAD_DONE:
        deny_taken(opening);
        if (opening->waiting != NULL) {
            wake(opening, event);
        } else { /* nobody wants it any more */
            room_destroy(event->room);
            storage_slept(hub->storage, name_of(opening));
            forget(opening);
        }
        return;
    case LOAD_NONE:
        if (opening->fork != NULL)
            look_for_moment(opening, event->incarnation);
        else
            make_new(opening, event->incarnation);
        return;
    case LOAD_KIND:
        deny_taken(opening);
        denial =
            (struct hub_denial){.refusal = REFUSAL_KIND, .code = CLOSE_KIND, .detail = event->text};
        hub_log_room(opening->hub, LOG_ROOM_UNREADABLE, name_of(opening), event->text);
        break;
    case LOAD_QUARANTINED:
        deny_taken(opening);
        denial.code = CLOSE_DAMAGED;
        hub_log_room(opening->hub, LOG_ROOM_UNREADABLE, name_of(opening), event->text);
        opening->hub->counters.store_failures++;
        break;
    case LOAD_FORSAKEN:
        load_now(opening);
        return;
    case LOAD_FAILED:
        denial.detail = "the room cannot be read";
        opening->hub->counters.store_failures++;
        break;
    }
    refuse_all(opening, &denial);
}

void opening_slept(struct hub *hub, struct bytes name)
{
    struct opening *opening = find(hub, name);
    if (opening != NULL && opening->state == OPENING_SLEEPING && opening->number == 0)
        load_now(opening);
}

bool opening_delete(struct hub *hub, struct bytes name)
{
    struct opening *opening = add(hub, &(struct target){.room = name});
    if (opening == NULL)
        return false;
    opening->number = storage_open_number(hub->storage);
    if (storage_remove(hub->storage, name, hub->incarnation))
        return true;
    forget(opening);
    return false;
}

void opening_flushed(struct hub *hub, uint64_t number)
{
    struct opening *opening, *next;
    HASH_ITER(hh, hub->openings, opening, next)
    {
        if (opening->number == 0 || opening->number > number)
            continue;
        if (opening->state == OPENING_SAVING)
            admit_all(opening, opening->host);
        else if (opening->state == OPENING_SLEEPING)
            load_now(opening);
    }
}

void openings_without_disk(struct hub *hub)
{
    struct opening *opening, *next;
    HASH_ITER(hh, hub->openings, opening, next)
    {
        if (opening->state != OPENING_SAVING)
            continue;
        deny_unsaved_fork(opening);
        struct room *room = opening->host->room;
        uint64_t incarnation = hub_next_incarnation(hub, room_incarnation(room));
        if (!room_host_can_log(opening->host) || room_wake(room, incarnation) != STATUS_OK)
            continue; /* they wait until their time is over */
        room_host_log(opening->host);
        admit_all(opening, opening->host);
    }
}

void openings_end(struct hub *hub)
{
    struct opening *opening, *next;
    HASH_ITER(hh, hub->openings, opening, next)
    {
        assert(opening->waiting == NULL);
        fail_fork(opening);
        forget(opening);
    }
}
