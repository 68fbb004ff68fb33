#include "server/forks.h"

#include "server/opening.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Of a name that is made here: letters of 6 bits, which nobody guesses. */
#define NAME_LETTERS 16u

struct bytes fork_source(const struct fork *fork)
{
    return (struct bytes){fork->source, fork->source_length};
}

struct bytes fork_name(const struct fork *fork)
{
    return (struct bytes){fork->name, fork->name_length};
}

/* --- Limits -------------------------------------------------------------------------------------- */

static bool deny(struct http_denial *denial, int status, enum refusal refusal, const char *text)
{
    *denial = http_denial(status, refusal, text);
    denial->retry_s = status == 503 || status == 429;
    return false;
}

/* What new rooms are held to, however they are made. */
static bool may_be_made(struct hub *hub,
                        const struct session *session,
                        struct bytes name,
                        struct http_denial *denial)
{
    struct addresses *addresses = &hub->addresses;
    struct address *address = session->address;
    if (hub->draining)
        return deny(denial, 503, REFUSAL_DRAINING, "the server is going down");
    if (hub->saves && hub->saving != SAVING_WELL)
        return deny(denial, 503, REFUSAL_FORK, "nothing is saved now: the disk is full, or fails");
    if (hub_room_named(hub, name) != NULL || opening_is_there(hub, name))
        return deny(denial, 409, REFUSAL_FORK, "there is a room of that name");
    if (HASH_COUNT(hub->rooms) + openings_count(hub) >= hub->limits.rooms)
        return deny(denial, 503, REFUSAL_ROOMS, "too many rooms");
    if (!address_may(addresses, address, ADDRESS_MAKES_ROOMS, 1, hub->now_us)) {
        deny(denial, 429, REFUSAL_ADDRESS_ROOMS, "too many new rooms from this address");
        denial->retry_s = address_wait_s(addresses, address, ADDRESS_MAKES_ROOMS, 1, hub->now_us);
        return false;
    }
    if (!bucket_take(&hub->room_bucket, &hub->limits.room_rate, hub->now_us, 1))
        return deny(denial, 503, REFUSAL_ROOM_RATE, "too many new rooms");
    return true;
}

/* --- Begun and ended ------------------------------------------------------------------------------- */

/* False when the system has no randomness. */
static bool make_name(struct fork *fork)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t random[NAME_LETTERS];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return false;
    for (size_t i = 0; i < NAME_LETTERS; i++)
        fork->name[i] = (uint8_t)letters[random[i] & 63];
    fork->name_length = NAME_LETTERS;
    return true;
}

static struct fork *make(struct hub *hub, struct session *session, const struct fork_wish *wish)
{
    struct fork *fork = calloc(1, sizeof *fork);
    if (fork == NULL)
        return NULL;
    fork->hub = hub;
    fork->session = session;
    fork->tick = wish->tick;
    fork->incarnation = wish->incarnation;
    fork->source_length = (uint8_t)wish->source.length;
    fork->name_length = (uint8_t)wish->name.length;
    memcpy(fork->source, wish->source.data, wish->source.length);
    if (wish->name.length > 0)
        memcpy(fork->name, wish->name.data, wish->name.length);
    if (wish->name.length > 0 || make_name(fork))
        return fork;
    free(fork);
    return NULL;
}

struct fork *fork_begin(struct hub *hub,
                        struct session *session,
                        const struct fork_wish *wish,
                        struct http_denial *denial)
{
    struct hub_denial why;
    struct fork *fork = make(hub, session, wish);
    if (fork == NULL) {
        deny(denial, 503, REFUSAL_MEMORY, "the server has no memory left");
    } else if (may_be_made(hub, session, fork_name(fork), denial)) {
        if (opening_fork(hub, fork, &why))
            return fork;
        deny(denial, why.refusal == REFUSAL_ADDRESS_OPENINGS ? 429 : 503, why.refusal,
             why.detail != NULL ? why.detail : "the server has no memory left");
    }
    free(fork);
    return NULL;
}

void fork_end(struct fork *fork)
{
    if (fork == NULL)
        return;
    if (fork->step == FORK_WAITS)
        fork->session = NULL;
    else
        free(fork);
}

/* Whoever waits for it looks at it, else nobody ever will. */
static void tell(struct fork *fork, enum fork_step step)
{
    fork->step = step;
    if (fork->session != NULL)
        fork->hub->transport->want_write(fork->session->socket);
    else
        free(fork);
}

void fork_made(struct fork *fork)
{
    fork->hub->counters.forks++;
    tell(fork, FORK_MADE);
}

void fork_denied(struct fork *fork, const struct http_denial *denial)
{
    fork->denial = *denial;
    tell(fork, FORK_DENIED);
}

/* --- Its room -------------------------------------------------------------------------------------- */

struct http_denial moment_denial(enum moment_result result, enum refusal refusal)
{
    struct http_denial denial;
    switch (result) {
    case MOMENT_NONE:
        deny(&denial, 404, refusal, "nothing is recorded of that moment");
        return denial;
    case MOMENT_UNRECORDED:
        deny(&denial, 404, refusal, "this room is not recorded");
        return denial;
    case MOMENT_GAP:
        deny(&denial, 404, refusal, "that moment was not written down, or is not kept any more");
        return denial;
    case MOMENT_LOST:
        deny(&denial, 404, refusal, "that moment was lost in a crash");
        return denial;
    case MOMENT_QUARANTINED:
        deny(&denial, 409, refusal, "this room is in quarantine");
        return denial;
    case MOMENT_DAMAGED:
        deny(&denial, 500, refusal, "what was recorded of that moment is damaged");
        return denial;
    case MOMENT_KIND:
        deny(&denial, 409, REFUSAL_KIND, "it was recorded by other rules than this server has");
        return denial;
    case MOMENT_DONE:
    case MOMENT_FAILED:
    case MOMENT_FORSAKEN:
        break;
    }
    deny(&denial, 503, refusal, "the recording cannot be read now");
    return denial;
}

struct room *fork_room(struct fork *fork, struct moment *moment, struct http_denial *denial)
{
    if (moment->result != MOMENT_DONE) {
        *denial = moment_denial(moment->result, REFUSAL_FORK);
        return NULL;
    }
    bool clean;
    enum status status;
    struct room *room = replay_end(&moment->replay, &clean, &status);
    moment->replay = (struct replay){0};
    if (room == NULL) {
        deny(denial, 503, REFUSAL_MEMORY, "the server has no memory left");
        return NULL;
    }
    fork->tick = moment->tick;
    fork->incarnation = moment->room.incarnation;
    room_set_fork(room, fork_source(fork), fork->incarnation, fork->tick);
    return room;
}
