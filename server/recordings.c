#include "server/recordings.h"

#include "server/authors_json.h"
#include "server/order_json.h"
#include "server/recording_json.h"
#include "server/target.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

/* --- Paths ----------------------------------------------------------------------------------------- */

/* ROOM/WHAT, or ROOM/WHAT/NAME. */
static const struct way {
    const char *what;
    bool named;
    enum http_method method;
    enum order_kind kind;
} ways[] = {
    {"recording", false, HTTP_GET, ORDER_TIMELINE},
    {"recording", false, HTTP_HEAD, ORDER_TIMELINE},
    {"authors", false, HTTP_GET, ORDER_AUTHORS},
    {"authors", false, HTTP_HEAD, ORDER_AUTHORS},
    {"authors", true, HTTP_GET, ORDER_AUTHORS},
    {"authors", true, HTTP_HEAD, ORDER_AUTHORS},
    {"forks", false, HTTP_POST, ORDER_FORK},
    {"markers", false, HTTP_POST, ORDER_MARK},
    {"markers", true, HTTP_DELETE, ORDER_UNMARK},
    {"sessions", true, HTTP_POST, ORDER_SESSION},
    {"sessions", true, HTTP_DELETE, ORDER_SESSION_GONE},
};
#define WAY_COUNT (sizeof ways / sizeof ways[0])

struct place {
    struct bytes room, what, name;
    bool named;
};

static bool read_place(struct bytes path, struct place *place)
{
    struct bytes rest;
    if (!target_split(path, &place->room, &rest) || rest.length == 0)
        return false;
    const uint8_t *slash = memchr(rest.data, '/', rest.length);
    size_t length = slash != NULL ? (size_t)(slash - rest.data) : rest.length;
    place->named = slash != NULL;
    place->what = (struct bytes){rest.data, length};
    place->name = (struct bytes){0};
    if (place->named)
        place->name = (struct bytes){slash + 1, rest.length - length - 1};
    return true;
}

static bool leads_to(const struct way *way, const struct place *place)
{
    return way->named == place->named && bytes_equal(place->what, bytes_of(way->what));
}

bool recordings_asked(struct bytes path)
{
    struct place place;
    if (!read_place(path, &place))
        return false;
    for (size_t i = 0; i < WAY_COUNT; i++)
        if (leads_to(&ways[i], &place))
            return true;
    return false;
}

static const struct way *find_way(const struct place *place, enum http_method method)
{
    for (size_t i = 0; i < WAY_COUNT; i++)
        if (leads_to(&ways[i], place) && ways[i].method == method)
            return &ways[i];
    return NULL;
}

/* Sixteen digits, 0-9 a-f. */
static bool read_id(struct bytes text, uint64_t *id)
{
    static const char digits[] = "0123456789abcdef";
    *id = 0;
    for (size_t i = 0; i < text.length; i++) {
        const char *digit = text.data[i] != 0 ? strchr(digits, text.data[i]) : NULL;
        if (digit == NULL)
            return false;
        *id = *id << 4 | (uint64_t)(digit - digits);
    }
    return text.length == 16;
}

/* --- Begun and ended ------------------------------------------------------------------------------- */

static struct order *
refuse(struct http_denial *denial, int status, enum refusal refusal, const char *text)
{
    *denial = http_denial(status, refusal, text);
    denial->retry_s = status == 503;
    return NULL;
}

/* A moment has to be made of what is on the disk; the rest of what is read is at hand. */
static bool is_light(const struct order *order)
{
    return order->kind == ORDER_TIMELINE || (order->kind == ORDER_AUTHORS && order->now);
}

/* What is light counts as reading lists does, all else as making rooms: it takes the disk as much. */
static bool may_be_ordered(struct order *order, struct http_denial *denial)
{
    struct hub *hub = order->hub;
    struct address *address = order->session->address;
    enum address_act act = is_light(order) ? ADDRESS_READS_LISTS : ADDRESS_MAKES_ROOMS;
    if (order->kind == ORDER_FORK) /* which has limits of its own */
        return true;
    if (!address_may(&hub->addresses, address, act, 1, hub->now_us)) {
        *denial = http_denial(429, REFUSAL_RECORDING_RATE,
                              "this address has asked for too much about recordings");
        denial->retry_s = address_wait_s(&hub->addresses, address, act, 1, hub->now_us);
        return false;
    }
    if (is_light(order) || bucket_take(&hub->room_bucket, &hub->limits.room_rate, hub->now_us, 1))
        return true;
    *denial = http_denial(503, REFUSAL_RECORDING_RATE, "too much is said about recordings");
    denial->retry_s = 1;
    return false;
}

/* What the path names beside the room. */
static bool read_name(struct order *order, struct bytes name, struct http_denial *denial)
{
    switch (order->kind) {
    case ORDER_AUTHORS:
    case ORDER_UNMARK:
        if (order->kind == ORDER_AUTHORS && order->now)
            return true;
        if (target_moment(name, &order->tick, &order->incarnation) && order->tick <= STORE_TICK_MAX)
            return true;
        *denial = http_denial(400, REFUSAL_MOMENT, "a moment is named by TICK or TICK.INCARNATION");
        return false;
    case ORDER_SESSION:
    case ORDER_SESSION_GONE:
        if (read_id(name, &order->id))
            return true;
        *denial = http_denial(400, REFUSAL_RECORDING, "a session is named by 16 digits, 0-9 a-f");
        return false;
    case ORDER_TIMELINE:
    case ORDER_FORK:
    case ORDER_MARK:
        break;
    }
    return true;
}

struct order *order_begin(struct hub *hub,
                          struct session *session,
                          const struct http_request *request,
                          uint64_t length,
                          struct http_denial *denial)
{
    struct place place;
    bool asked = read_place(request->path, &place);
    assert(asked); /* recordings_asked() */
    (void)asked;
    const struct way *way = find_way(&place, request->method);
    if (!wire_room_name_valid(place.room))
        return refuse(denial, 400, REFUSAL_ROOM_NAME,
                      "a room's name is 1 to 64 characters of A-Z a-z 0-9 _ -");
    if (way == NULL)
        return refuse(denial, 405, REFUSAL_PATH, "this is not to be done with a recording");
    if (length > ORDER_BODY_MAX)
        return refuse(denial, 413, REFUSAL_RECORDING, "the body is too long");
    struct order *order = calloc(1, sizeof *order);
    if (order == NULL)
        return refuse(denial, 503, REFUSAL_MEMORY, "the server has no memory left");
    order->hub = hub;
    order->session = session;
    order->kind = way->kind;
    order->now = !way->named;
    order->length = (size_t)length;
    order->room_length = (uint8_t)place.room.length;
    memcpy(order->room, place.room.data, place.room.length);
    if (read_name(order, place.name, denial) && may_be_ordered(order, denial))
        return order;
    free(order);
    return NULL;
}

void order_take(struct order *order, struct bytes bytes)
{
    size_t left = order->length - order->arrived;
    size_t length = bytes.length < left ? bytes.length : left;
    memcpy(order->body + order->arrived, bytes.data, length);
    order->arrived += length;
}

static void forget(struct order *order)
{
    free(order->json);
    free(order);
}

void order_end(struct order *order)
{
    if (order == NULL)
        return;
    fork_end(order->fork);
    if (!order->asks) {
        forget(order);
        return;
    }
    order->session = NULL;
    if (order->job != NULL)
        storage_forsake(order->hub->storage, order->job, true);
}

void orders_end(struct hub *hub)
{
    struct order *order, *next;
    DL_FOREACH_SAFE(hub->orders, order, next)
    {
        DL_DELETE(hub->orders, order);
        forget(order);
    }
}

/* --- Answers --------------------------------------------------------------------------------------- */

static void deny(struct order *order, int status, enum refusal refusal, const char *text)
{
    order->denial = http_denial(status, refusal, text);
    order->denial.retry_s = status == 503;
    order->step = ORDER_DENIED;
}

static void deny_for_memory(struct order *order)
{
    deny(order, 503, REFUSAL_MEMORY, "the server has no memory left");
}

/* Where the answer is written; NULL without memory. */
static FILE *begin_answer(struct order *order)
{
    return open_memstream(&order->json, &order->json_length);
}

static void end_answer(struct order *order, FILE *out, int status, bool whole)
{
    whole = whole && out != NULL && ferror(out) == 0;
    if (out == NULL || fclose(out) != 0 || !whole) {
        deny_for_memory(order);
        return;
    }
    order->status = status;
    order->step = ORDER_DONE;
}

static void done_without_words(struct order *order)
{
    order->status = 204;
    order->step = ORDER_DONE;
}

static bool refuse_rate(struct order *order, int status, const char *text, uint32_t retry_s)
{
    deny(order, status, REFUSAL_RECORDING_RATE, text);
    order->denial.retry_s = retry_s;
    return false;
}

/* What an answer made of so many bytes counts as, beside the one that each order does: never more than there
 * may be at once. */
static uint32_t lists_of(const struct hub *hub, uint32_t bytes)
{
    uint32_t most = hub->limits.address_rates[ADDRESS_READS_LISTS].burst - 1;
    uint32_t lists = bytes / ANSWER_BYTES_PER_LIST;
    return lists < most ? lists : most;
}

/* Who asks for much pays first, so that it is not everyone's that is used up. */
static bool may_be_answered(struct order *order, uint64_t bytes)
{
    struct hub *hub = order->hub;
    struct address *address = order->session->address;
    uint32_t price = bytes < ANSWER_RATE.burst ? (uint32_t)bytes : ANSWER_RATE.burst;
    uint32_t lists = lists_of(hub, price);
    if (!address_may(&hub->addresses, address, ADDRESS_READS_LISTS, lists, hub->now_us))
        return refuse_rate(
            order, 429, "this address has asked for too much about recordings",
            address_wait_s(&hub->addresses, address, ADDRESS_READS_LISTS, lists, hub->now_us));
    if (!bucket_take(&hub->answer_bucket, &ANSWER_RATE, hub->now_us, price))
        return refuse_rate(order, 503, "too much is said about recordings", 1);
    return true;
}

/* --- Timelines ------------------------------------------------------------------------------------- */

static void deny_timeline(struct order *order, const struct recording *recording)
{
    switch (recording->result) {
    case MOMENT_NONE:
    case MOMENT_GAP:
    case MOMENT_LOST:
        deny(order, 404, REFUSAL_RECORDING, "nothing is recorded of that room");
        return;
    case MOMENT_UNRECORDED:
        deny(order, 404, REFUSAL_RECORDING, "this room is not recorded");
        return;
    case MOMENT_DAMAGED:
        deny(order, 500, REFUSAL_RECORDING, "what was recorded of that room is damaged");
        return;
    case MOMENT_DONE:
    case MOMENT_QUARANTINED:
    case MOMENT_KIND:
    case MOMENT_FAILED:
    case MOMENT_FORSAKEN:
        break;
    }
    deny(order, 503, REFUSAL_RECORDING, "the recording cannot be read now");
}

static void take_timeline(struct order *order, const struct recording *recording)
{
    struct bytes kind = {recording->room.kind, recording->room.kind_length};
    if (recording->result != MOMENT_DONE) {
        deny_timeline(order, recording);
        return;
    }
    if (!may_be_answered(order, recording_text_bytes(recording)))
        return;
    FILE *out = begin_answer(order);
    bool whole = out != NULL && recording_write(out, recording, kind_find(order->hub->kinds, kind));
    end_answer(order, out, 200, whole);
}

/* --- Authors --------------------------------------------------------------------------------------- */

static void
answer_authors(struct order *order, const struct room *room, uint64_t tick, uint64_t incarnation)
{
    if (!may_be_answered(order, room_bytes(room)))
        return;
    FILE *out = begin_answer(order);
    if (out != NULL)
        authors_write(out, room, tick, incarnation);
    end_answer(order, out, 200, true);
}

static void take_authors(struct order *order, struct moment *moment)
{
    if (moment->result == MOMENT_DONE)
        answer_authors(order, replay_room(&moment->replay), moment->tick, moment->room.incarnation);
    else {
        order->denial = moment_denial(moment->result, REFUSAL_RECORDING);
        order->step = ORDER_DENIED;
    }
}

/* --- Notes ----------------------------------------------------------------------------------------- */

static void take_note(struct order *order, const struct storage_event *event)
{
    switch (event->answer) {
    case STORE_OK:
        break;
    case STORE_NOT_FOUND:
        deny(order, 404, REFUSAL_RECORDING, "there is no such moment, marker or session");
        return;
    case STORE_FULL:
        deny(order, 507, REFUSAL_RECORDING, "the room has all the markers that it may have");
        return;
    default:
        deny(order, 503, REFUSAL_RECORDING, "the disk does not take it now");
        return;
    }
    if (order->kind != ORDER_MARK) {
        done_without_words(order);
        return;
    }
    FILE *out = begin_answer(order);
    if (out != NULL)
        fprintf(out, "{\"tick\":%" PRIu64 ",\"incarnation\":%" PRIu64 "}\n", order->tick,
                event->incarnation);
    end_answer(order, out, 201, true);
}

static void conclude(struct order *order, const struct storage_event *event)
{
    if (event->kind == STORAGE_RECORDING)
        take_timeline(order, event->recording);
    else if (event->kind == STORAGE_MOMENT)
        take_authors(order, event->moment);
    else
        take_note(order, event);
    order->hub->transport->want_write(order->session->socket);
}

static void take_answer(struct asker *asker, struct storage_event *event)
{
    static_assert(offsetof(struct order, asker) == 0, "who asks is the order");
    struct order *order = (struct order *)asker;
    DL_DELETE(order->hub->orders, order);
    order->asks = false;
    order->job = NULL;
    if (order->session != NULL)
        conclude(order, event);
    else
        forget(order); /* nobody waits any more */
    recording_free(event->recording);
    moment_free(event->moment);
}

/* Whether the storage was asked. */
static void await(struct order *order, bool asked)
{
    if (!asked) {
        deny_for_memory(order);
        return;
    }
    order->asks = true;
    DL_APPEND(order->hub->orders, order);
}

static struct bytes room_of(const struct order *order)
{
    return (struct bytes){order->room, order->room_length};
}

static void note(struct order *order, struct note *note)
{
    const struct room_host *live = hub_room_recording(order->hub, room_of(order));
    note->marker.room = room_of(order);
    if (live != NULL) {
        note->awake_incarnation = room_incarnation(live->room);
        note->awake_to = room_tick_number(live->room);
    }
    await(order, storage_note(order->hub->storage, note, &order->asker));
}

static void ask_for_timeline(struct order *order)
{
    const struct room_host *live = hub_room_recording(order->hub, room_of(order));
    uint64_t awake_to = live != NULL ? room_durable(live->room) : 0;
    order->job = storage_recording(order->hub->storage, room_of(order), awake_to, &order->asker);
    await(order, order->job != NULL);
}

/* A room that is awake is asked itself: what it has done last may not be on the disk yet. */
static void ask_for_authors(struct order *order)
{
    const struct room_host *host = hub_room_named(order->hub, room_of(order));
    bool at_hand = host != NULL && !host->stuck && !host->quarantined;
    if (order->now && at_hand) {
        const struct room *room = host->room;
        answer_authors(order, room, room_tick_number(room), room_incarnation(room));
        return;
    }
    uint64_t tick = order->now ? STORE_TICK_MAX : order->tick;
    order->job = storage_moment(order->hub->storage, room_of(order), order->incarnation, tick,
                                &order->asker);
    await(order, order->job != NULL);
}

/* --- What bodies order ----------------------------------------------------------------------------- */

static void order_fork(struct order *order, json_t *document)
{
    struct fork_wish wish = {.source = room_of(order)};
    if (!order_json_fork(document, &wish)) {
        deny(order, 400, REFUSAL_RECORDING,
             "Send {\"tick\": N}, with \"incarnation\": N and \"room\": \"NAME\" if you like.");
        return;
    }
    order->fork = fork_begin(order->hub, order->session, &wish, &order->denial);
    if (order->fork == NULL)
        order->step = ORDER_DENIED;
}

static void order_marker(struct order *order, json_t *document)
{
    struct note marked = {.kind = NOTE_MARK};
    if (!order_json_marker(document, &marked.marker)) {
        deny(order, 400, REFUSAL_RECORDING,
             "Send {\"tick\": N, \"title\": \"...\"}, with \"incarnation\": N, \"colour\": \"...\" "
             "and \"by\": \"...\" if you like.");
        return;
    }
    order->tick = marked.marker.tick;
    note(order, &marked);
}

static void order_session(struct order *order, json_t *document)
{
    struct note titled = {.kind = NOTE_SESSION, .session = order->id};
    if (!order_json_session(document, &titled)) {
        deny(order, 400, REFUSAL_RECORDING,
             "Send {\"title\": \"...\"}, {\"pinned\": true or false}, or both.");
        return;
    }
    note(order, &titled);
}

/* --- Forks ----------------------------------------------------------------------------------------- */

static void follow_fork(struct order *order)
{
    const struct fork *fork = order->fork;
    switch (fork->step) {
    case FORK_WAITS:
        return;
    case FORK_DENIED:
        order->denial = fork->denial;
        order->step = ORDER_DENIED;
        return;
    case FORK_MADE:
        break;
    }
    FILE *out = begin_answer(order);
    if (out != NULL)
        fprintf(out,
                "{\"room\":\"%.*s\",\"from\":{\"room\":\"%.*s\",\"tick\":%" PRIu64
                ",\"incarnation\":%" PRIu64 "}}\n",
                fork->name_length, (const char *)fork->name, fork->source_length,
                (const char *)fork->source, fork->tick, fork->incarnation);
    end_answer(order, out, 201, true);
}

/* --- Carried out ----------------------------------------------------------------------------------- */

static void carry_out_body(struct order *order)
{
    json_t *document = order->arrived == order->length
                           ? json_loadb(order->body, order->length, JSON_REJECT_DUPLICATES, NULL)
                           : NULL;
    if (order->kind == ORDER_FORK)
        order_fork(order, document);
    else if (order->kind == ORDER_MARK)
        order_marker(order, document);
    else
        order_session(order, document);
    json_decref(document);
}

void order_carry_out(struct order *order)
{
    order->asker.answer = take_answer;
    switch (order->kind) {
    case ORDER_TIMELINE:
        ask_for_timeline(order);
        return;
    case ORDER_AUTHORS:
        ask_for_authors(order);
        return;
    case ORDER_UNMARK:
        note(order,
             &(struct note){.kind = NOTE_UNMARK,
                            .marker = {.tick = order->tick, .incarnation = order->incarnation}});
        return;
    case ORDER_SESSION_GONE:
        note(order, &(struct note){.kind = NOTE_SESSION_GONE, .session = order->id});
        return;
    case ORDER_FORK:
    case ORDER_MARK:
    case ORDER_SESSION:
        carry_out_body(order);
        return;
    }
}

enum order_step order_turn(struct order *order)
{
    if (order->step == ORDER_WAITS && order->fork != NULL)
        follow_fork(order);
    return order->step;
}
