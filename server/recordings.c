#include "server/recordings.h"

#include "server/target.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORKS "forks"

bool recordings_asked(struct bytes path)
{
    struct bytes room, rest;
    return target_split(path, &room, &rest) && bytes_equal(rest, bytes_of(FORKS));
}

static struct bytes room_of(const struct order *order)
{
    return (struct bytes){order->room, order->room_length};
}

/* --- Begun and ended ------------------------------------------------------------------------------- */

static struct order *
refuse(struct http_denial *denial, int status, enum refusal refusal, const char *text)
{
    *denial = http_denial(status, refusal, text);
    return NULL;
}

struct order *order_begin(struct hub *hub,
                          struct session *session,
                          const struct http_request *request,
                          uint64_t length,
                          struct http_denial *denial)
{
    struct bytes room, rest;
    bool asked = target_split(request->path, &room, &rest);
    assert(asked); /* recordings_asked() */
    (void)asked;
    if (!wire_room_name_valid(room))
        return refuse(denial, 400, REFUSAL_ROOM_NAME,
                      "a room's name is 1 to 64 characters of A-Z a-z 0-9 _ -");
    if (request->method != HTTP_POST)
        return refuse(denial, 405, REFUSAL_PATH, "POST to .../forks");
    if (length > ORDER_BODY_MAX)
        return refuse(denial, 413, REFUSAL_RECORDING, "the body is too long");
    struct order *order = calloc(1, sizeof *order);
    if (order == NULL)
        return refuse(denial, 503, REFUSAL_MEMORY, "the server has no memory left");
    order->hub = hub;
    order->session = session;
    order->length = (size_t)length;
    order->room_length = (uint8_t)room.length;
    memcpy(order->room, room.data, room.length);
    return order;
}

void order_take(struct order *order, struct bytes bytes)
{
    size_t left = order->length - order->arrived;
    size_t length = bytes.length < left ? bytes.length : left;
    memcpy(order->body + order->arrived, bytes.data, length);
    order->arrived += length;
}

void order_end(struct order *order)
{
    if (order == NULL)
        return;
    fork_end(order->fork);
    free(order->json);
    free(order);
}

/* --- Answers --------------------------------------------------------------------------------------- */

static void deny(struct order *order, int status, enum refusal refusal, const char *text)
{
    order->denial = http_denial(status, refusal, text);
    order->step = ORDER_DENIED;
}

static void deny_for_memory(struct order *order)
{
    deny(order, 503, REFUSAL_MEMORY, "the server has no memory left");
    order->denial.retry_s = 1;
}

/* Where the answer is written; NULL without memory. */
static FILE *begin_answer(struct order *order)
{
    return open_memstream(&order->json, &order->json_length);
}

static void end_answer(struct order *order, FILE *out, int status)
{
    bool whole = out != NULL && ferror(out) == 0;
    if (out == NULL || fclose(out) != 0 || !whole) {
        deny_for_memory(order);
        return;
    }
    order->status = status;
    order->step = ORDER_DONE;
}

/* --- Forks ----------------------------------------------------------------------------------------- */

static const char fork_words[] =
    "Send {\"tick\": N}, with \"incarnation\": N and \"room\": \"NAME\" if you like.";

/* A number of a moment; false beyond what one may be. */
static bool moment_number(json_int_t number)
{
    return number >= 0 && number <= INTEGER_MAX;
}

/* The names are views into the document. */
static bool read_fork(json_t *document, struct fork_wish *wish)
{
    json_int_t tick = 0, incarnation = 0;
    const char *name = NULL;
    size_t length = 0;
    int unpacked = json_unpack_ex(document, NULL, JSON_STRICT, "{s:I, s?I, s?s%}", "tick", &tick,
                                  "incarnation", &incarnation, "room", &name, &length);
    if (unpacked != 0 || !moment_number(tick) || !moment_number(incarnation))
        return false;
    wish->tick = (uint64_t)tick;
    wish->incarnation = (uint64_t)incarnation;
    wish->name = (struct bytes){(const uint8_t *)name, length};
    return name == NULL || wire_room_name_valid(wish->name);
}

static void begin_fork(struct order *order, json_t *document)
{
    struct fork_wish wish = {.source = room_of(order)};
    if (!read_fork(document, &wish)) {
        deny(order, 400, REFUSAL_RECORDING, fork_words);
        return;
    }
    order->fork = fork_begin(order->hub, order->session, &wish, &order->denial);
    if (order->fork == NULL)
        order->step = ORDER_DENIED;
}

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
    end_answer(order, out, 201);
}

/* --- Carried out ----------------------------------------------------------------------------------- */

void order_carry_out(struct order *order)
{
    json_t *document = order->arrived == order->length
                           ? json_loadb(order->body, order->length, JSON_REJECT_DUPLICATES, NULL)
                           : NULL;
    if (document == NULL)
        deny(order, 400, REFUSAL_RECORDING, fork_words);
    else
        begin_fork(order, document);
    json_decref(document);
}

enum order_step order_turn(struct order *order)
{
    if (order->step == ORDER_WAITS && order->fork != NULL)
        follow_fork(order);
    return order->step;
}
