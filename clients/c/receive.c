/* receive.c - what the server tells. */
#include <stdlib.h>
#include <string.h>

#include "clients/c/client.h"

/* Often enough to notice a dead link within a few seconds. */
#define CLOCK_INTERVAL_US (5 * SECOND_US)

/* --- Outcomes of operations -------------------------------------------------------------------------- */

/* The outcome of the oldest pending operation. */
static void decide(struct tutti_client *client, enum status status)
{
    struct pending pending = operations_take(&client->operations);
    free(pending.packed);
    client->operations.decided = pending.sequence;
    if (client->handlers.decided != NULL)
        client->handlers.decided(client->handlers.context, client, pending.operation,
                                 pending.sequence, (enum tutti_status)status);
}

/* The status that a list of (number, status) has for a number; those not in it went well. */
static enum status outcome(struct reader refusals, uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t refused = (uint32_t)read_integer_in(&refusals, 0, UINT32_MAX);
        enum status status = message_read_status(&refusals);
        if (refused == number)
            return status;
    }
    return STATUS_OK;
}

static bool was_sent(const struct operations *operations)
{
    return operations->count > 0 && operations_at(operations, 0)->sequence != 0;
}

/* Operations that were sent on an earlier connection: decided, never arrived, or nobody knows. */
static void resolve_pending(struct tutti_client *client, const struct welcome *welcome)
{
    struct operations *operations = &client->operations;
    while (welcome->key_known && was_sent(operations) &&
           operations_at(operations, 0)->sequence <= welcome->sequence)
        decide(client, outcome(welcome->refusals, welcome->refusal_count,
                               operations_at(operations, 0)->sequence));
    /* The first that never arrived has the very next number, else the server remembers less than
     * it once told. */
    bool known =
        welcome->key_known &&
        (!was_sent(operations) || operations_at(operations, 0)->sequence == welcome->sequence + 1);
    while (!known && was_sent(operations)) {
        struct pending pending = operations_take(operations);
        free(pending.packed);
        if (client->handlers.uncertain != NULL)
            client->handlers.uncertain(client->handlers.context, client, pending.operation);
    }
    for (uint32_t i = 0; i < operations->count; i++)
        operations_at(operations, i)->sequence = 0;
    operations->in_flight = 0;
    operations->sequence = welcome->sequence;
    operations->decided = welcome->sequence;
    if (operations->highest < welcome->sequence)
        operations->highest = welcome->sequence;
}

/* --- Messages --------------------------------------------------------------------------------- */

static enum status
receive_welcome(struct tutti_client *client, uint64_t now_us, struct bytes message)
{
    struct welcome welcome;
    enum status status = message_read_welcome(message, &welcome);
    if (status != STATUS_OK)
        return status;
    if (!client->hello_sent || client->state != TUTTI_CONNECTING ||
        welcome.kind.length > NAME_BYTES_MAX)
        return STATUS_MALFORMED;
    bool same = client->incarnation == welcome.incarnation;
    replica_welcome(client->replica, welcome.scopes_kept, same);
    client->member = welcome.member;
    client->incarnation = welcome.incarnation;
    client->tick = welcome.tick;
    client->tick_hz = welcome.tick_hz;
    client->frame_hz = welcome.frame_hz;
    client->limits = welcome.limits;
    memcpy(client->kind, welcome.kind.data, welcome.kind.length);
    client->kind[welcome.kind.length] = 0;
    pace_begin(&client->pace, &welcome.limits, now_us);
    presence_renew(&client->presence);
    client->clock.next_us = now_us;
    client_set_reason(client, 0, "", 0);
    resolve_pending(client, &welcome);
    client_set_state(client, TUTTI_LOADING);
    return STATUS_OK;
}

static enum status receive_frame(struct tutti_client *client, struct bytes message)
{
    struct frame_head frame;
    enum status status = message_read_frame(message, &frame);
    if (status != STATUS_OK)
        return status;
    if (client->state != TUTTI_LOADING && client->state != TUTTI_LIVE)
        return STATUS_MALFORMED;
    if (frame.decided > client->operations.in_flight)
        return STATUS_MALFORMED;
    client->tick += frame.ticks;
    status = replica_sections(client->replica, &frame.sections, frame.section_count);
    if (status == STATUS_OK)
        status = reader_end(&frame.sections);
    if (status != STATUS_OK)
        return status;
    for (uint32_t back = frame.decided; back > 0; back--)
        decide(client, outcome(frame.refusals, frame.refusal_count, back - 1));
    if (client->state == TUTTI_LOADING && replica_complete(client->replica)) {
        client->been_live = true;
        client->tries = 0;
        client_set_state(client, TUTTI_LIVE);
    }
    return STATUS_OK;
}

static enum status receive_clock(struct tutti_client *client, uint64_t now_us, struct bytes message)
{
    struct clock_answer answer;
    enum status status = message_read_clock(message, &answer);
    if (status == STATUS_OK && clock_answered(&client->clock, &answer, now_us))
        client->clock.next_us = now_us + CLOCK_INTERVAL_US;
    return status;
}

static enum status receive_notice(struct tutti_client *client, struct bytes message)
{
    enum status refusal;
    struct bytes text;
    enum status status = message_read_notice(message, &refusal, &text);
    if (status == STATUS_OK && client->handlers.notice != NULL)
        client->handlers.notice(client->handlers.context, client, (enum tutti_status)refusal,
                                (const char *)text.data, text.length);
    return status;
}

static enum status receive(struct tutti_client *client, uint64_t now_us, struct bytes message)
{
    int64_t kind;
    enum status status = wire_read_kind(message, &kind);
    if (status != STATUS_OK)
        return status;
    switch (kind) {
    case SERVER_FRAME:
    case SERVER_FRAME_NEWS:
        return receive_frame(client, message);
    case SERVER_WELCOME:
        return receive_welcome(client, now_us, message);
    case SERVER_CLOCK:
        return receive_clock(client, now_us, message);
    case SERVER_NOTICE:
        return receive_notice(client, message);
    }
    return STATUS_MALFORMED;
}

void tutti_received(struct tutti_client *client,
                    uint64_t now_us,
                    const uint8_t *message,
                    size_t length)
{
    if (!client->open || client->dropping != 0 || client->state == TUTTI_ENDED)
        return;
    enum status status = length > MESSAGE_BYTES_MAX
                             ? STATUS_LIMIT
                             : receive(client, now_us, (struct bytes){message, length});
    if (status == STATUS_MEMORY)
        client_drop(client, CLOSE_MEMORY, "no memory for the room's state");
    else if (status != STATUS_OK)
        client_drop(client, CLOSE_MALFORMED, "the server sent a malformed message");
}
