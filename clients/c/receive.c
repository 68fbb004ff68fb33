/* receive.c - what the server tells. */
#include <string.h>

#include "clients/c/client.h"

/* Often enough to notice a dead link within a few seconds. */
#define CLOCK_INTERVAL_US (5 * SECOND_US)

static void set_saving(struct tutti_client *client, enum saving saving)
{
    if (client->saving == saving)
        return;
    client->saving = saving;
    if (client->handlers.saving != NULL)
        client->handlers.saving(client->handlers.context, client, (enum tutti_saving)saving);
}

static void set_clock_tick(struct tutti_client *client, uint64_t tick, uint64_t when_us)
{
    client->clock_tick = tick;
    client->clock_tick_us = when_us;
}

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
    client->durable = welcome.durable;
    client->durability = welcome.durability;
    client->tick_hz = welcome.tick_hz;
    client->frame_hz = welcome.frame_hz;
    client->limits = welcome.limits;
    inputs_welcome(&client->inputs, &welcome);
    set_clock_tick(client, welcome.tick, now_us);
    memcpy(client->kind, welcome.kind.data, welcome.kind.length);
    client->kind[welcome.kind.length] = 0;
    if (welcome.forked.length > 0)
        memcpy(client->forked, welcome.forked.data, welcome.forked.length);
    client->forked[welcome.forked.length] = 0;
    client->forked_incarnation = welcome.forked_incarnation;
    client->forked_tick = welcome.forked_tick;
    pace_begin(&client->pace, &welcome.limits, now_us);
    presence_renew(&client->presence);
    client->clock.next_us = now_us;
    client_set_reason(client, 0, "", 0);
    set_saving(client, SAVING_WELL); /* the server tells when it is not */
    outcomes_of_welcome(client, &welcome);
    outcomes_acknowledge(client);
    client_set_state(client, TUTTI_LOADING);
    return STATUS_OK;
}

static void tell_inputs(struct tutti_client *client, const struct frame_head *frame)
{
    struct tutti_input_report report = {.tick = client->tick,
                                        .arrived = frame->arrived,
                                        .margin = frame->margin,
                                        .missed = frame->missed};
    if (frame->inputs && client->handlers.inputs != NULL)
        client->handlers.inputs(client->handlers.context, client, &report);
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
    client->durable += frame.durable;
    if (client->durable > client->tick)
        return STATUS_MALFORMED;
    status = replica_sections(client->replica, &frame.sections, frame.section_count);
    if (status == STATUS_OK)
        status = reader_end(&frame.sections);
    if (status != STATUS_OK)
        return status;
    outcomes_of_frame(client, &frame);
    outcomes_acknowledge(client);
    tell_inputs(client, &frame);
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
    uint64_t asked_us = client->clock.asked_us;
    if (status != STATUS_OK || !clock_answered(&client->clock, &answer, now_us))
        return status;
    client->clock.next_us = now_us + CLOCK_INTERVAL_US;
    set_clock_tick(client, answer.tick, now_us - (now_us - asked_us) / 2);
    return STATUS_OK;
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

static enum status receive_saving(struct tutti_client *client, struct bytes message)
{
    enum saving saving;
    enum status status = message_read_saving(message, &saving);
    if (status == STATUS_OK)
        set_saving(client, saving);
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
    case SERVER_FRAME_INPUTS:
        return receive_frame(client, message);
    case SERVER_WELCOME:
        return receive_welcome(client, now_us, message);
    case SERVER_CLOCK:
        return receive_clock(client, now_us, message);
    case SERVER_NOTICE:
        return receive_notice(client, message);
    case SERVER_SAVING:
        return receive_saving(client, message);
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
    if (status == STATUS_OK)
        return;
    client->incarnation = 0; /* half of it may have been applied: the state is loaded anew */
    if (status == STATUS_MEMORY)
        client_drop(client, CLOSE_MEMORY, "no memory for the room's state");
    else
        client_drop(client, CLOSE_MALFORMED, "the server sent a malformed message");
}
