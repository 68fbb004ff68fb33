/* send.c - what the client says, and when. */
#include <assert.h>
#include <string.h>

#include "clients/c/client.h"

static_assert(TUTTI_MESSAGE_BYTES_MAX == MESSAGE_BYTES_MAX, "the public header says the same");

static void write_hello(struct tutti_client *client, struct writer *writer)
{
    struct hello hello = {
        .version = WIRE_VERSION,
        .kind = bytes_of(client->kind_wanted),
        .user = {client->user, client->user_length},
        .sequence = client->operations.highest,
        .decided = client->operations.decided,
        .incarnation = client->incarnation,
        .accepts = ACCEPTS_DEFLATED,
    };
    memcpy(hello.key, client->key, sizeof hello.key);
    for (int scope = 0; scope < SCOPE_COUNT; scope++)
        if (client->incarnation != 0 &&
            replica_place(client->replica, (enum wire_scope)scope, &hello.places[scope]))
            hello.places_held |= (uint8_t)(1 << scope);
    message_write_hello(writer, &hello);
}

static bool operations_wait(const struct tutti_client *client)
{
    const struct operations *operations = &client->operations;
    return client->state == TUTTI_LIVE &&
           operations->settled + operations->in_flight < operations->count &&
           operations->in_flight < client->limits.operations_in_flight;
}

static bool presence_waits(const struct tutti_client *client)
{
    return client->state == TUTTI_LIVE && presence_dirty(&client->presence);
}

static bool inputs_wait(const struct tutti_client *client)
{
    return client->state == TUTTI_LIVE && client->inputs.count > 0;
}

static bool clock_waits(const struct tutti_client *client)
{
    return !client->clock.asked && (client->state == TUTTI_LOADING || client->state == TUTTI_LIVE);
}

enum utterance {
    SAY_NOTHING,
    SAY_HELLO,
    SAY_LEAVE,
    SAY_INPUTS,
    SAY_OPERATIONS,
    SAY_PRESENCE,
    SAY_CLOCK
};

static enum utterance next_utterance(const struct tutti_client *client, uint64_t now_us)
{
    if (!client->open || client->dropping != 0 || client->state == TUTTI_ENDED)
        return SAY_NOTHING;
    if (!client->hello_sent)
        return client->leaving ? SAY_LEAVE : SAY_HELLO;
    if (client->leaving)
        return SAY_LEAVE;
    if (inputs_wait(client))
        return SAY_INPUTS; /* first: they have a tick to meet */
    if (operations_wait(client) && now_us >= pace_ready_us(&client->pace))
        return SAY_OPERATIONS;
    if (presence_waits(client) && now_us >= client->presence.next_us)
        return SAY_PRESENCE;
    if (clock_waits(client) && now_us >= client->clock.next_us)
        return SAY_CLOCK;
    return SAY_NOTHING;
}

static void write_utterance(struct tutti_client *client,
                            enum utterance utterance,
                            struct writer *writer,
                            uint64_t now_us)
{
    switch (utterance) {
    case SAY_NOTHING:
        break;
    case SAY_HELLO:
        write_hello(client, writer);
        client->hello_sent = true;
        break;
    case SAY_LEAVE:
        if (client->hello_sent)
            message_write_leave(writer);
        client->hello_sent = true;
        client_set_state(client, TUTTI_ENDED);
        break;
    case SAY_INPUTS:
        inputs_write(&client->inputs, writer);
        break;
    case SAY_OPERATIONS:
        operations_write(&client->operations, writer, client->limits.operations_in_flight);
        break;
    case SAY_PRESENCE:
        presence_write(&client->presence, writer, replica_collection_at(client->replica, 0));
        client->presence.next_us = now_us + SECOND_US / client->frame_hz;
        break;
    case SAY_CLOCK:
        clock_ask(&client->clock, now_us);
        message_write_clock(writer, clock_echo(now_us));
        break;
    }
}

size_t tutti_output(struct tutti_client *client, uint64_t now_us, uint8_t *buffer, size_t capacity)
{
    assert(capacity >= TUTTI_MESSAGE_BYTES_MAX);
    enum utterance utterance = next_utterance(client, now_us);
    struct writer writer = writer_on(buffer, capacity);
    write_utterance(client, utterance, &writer, now_us);
    if (writer.status != STATUS_OK)
        return 0;
    if (writer.length > 0 && utterance != SAY_HELLO)
        pace_spend(&client->pace, writer.length, now_us);
    return writer.length;
}

bool tutti_output_due(const struct tutti_client *client, uint64_t now_us)
{
    return next_utterance(client, now_us) != SAY_NOTHING;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t client_send_due_us(const struct tutti_client *client)
{
    uint64_t due = UINT64_MAX;
    if (!client->open || client->dropping != 0 || client->state == TUTTI_ENDED)
        return due;
    if (!client->hello_sent || client->leaving || inputs_wait(client))
        return 0;
    if (operations_wait(client))
        due = earlier(due, pace_ready_us(&client->pace));
    if (presence_waits(client))
        due = earlier(due, client->presence.next_us);
    if (clock_waits(client))
        due = earlier(due, client->clock.next_us);
    return due;
}
