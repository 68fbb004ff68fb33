/* outcomes.c - what became of operations: decided, saved, to be sent again, or nobody knows.
 *
 * The room's memory decides. What it has had up to the sequence in a welcome is decided; what the
 * client holds above that was lost with the server or on its way, and goes again.
 */
#include <stdlib.h>

#include "clients/c/client.h"

/* The status that a list of (number, status) has for a number; those not in it went well. */
static enum status listed(struct reader refusals, uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t refused = (uint32_t)read_integer_in(&refusals, 0, UINT32_MAX);
        enum status status = message_read_status(&refusals);
        if (refused == number)
            return status;
    }
    return STATUS_OK;
}

static void
tell_decided(struct tutti_client *client, uint64_t operation, uint32_t sequence, enum status status)
{
    if (client->handlers.decided != NULL)
        client->handlers.decided(client->handlers.context, client, operation, sequence,
                                 (enum tutti_status)status);
}

/* The first operation behind those settled is decided. The caller hears what it does not know. */
static void settle(struct tutti_client *client, enum status status, uint64_t tick)
{
    struct operations *operations = &client->operations;
    struct pending *pending = operations_at(operations, operations->settled++);
    uint64_t operation = pending->operation;
    uint32_t sequence = pending->sequence;
    if (operations->in_flight > 0)
        operations->in_flight--;
    operations->decided = sequence;
    if (tick < pending->tick)
        pending->tick = tick;
    if (pending->told == TOLD_REFUSED || (pending->told == TOLD_APPLIED && status == STATUS_OK))
        return;
    if (status == STATUS_OK)
        pending->told = TOLD_APPLIED;
    else
        operations_refuse(operations, pending);
    tell_decided(client, operation, sequence, status);
}

void outcomes_of_frame(struct tutti_client *client, const struct frame_head *frame)
{
    for (uint32_t back = frame->decided; back > 0; back--)
        settle(client, listed(frame->refusals, frame->refusal_count, back - 1), client->tick);
}

static uint32_t first_sequence(const struct operations *operations)
{
    return operations->settled < operations->count
               ? operations_at(operations, operations->settled)->sequence
               : 0;
}

static void settle_known(struct tutti_client *client, const struct welcome *welcome)
{
    const struct operations *operations = &client->operations;
    for (uint32_t sequence; (sequence = first_sequence(operations)) != 0;) {
        if (sequence > welcome->sequence)
            break;
        settle(client, listed(welcome->refusals, welcome->refusal_count, sequence), welcome->tick);
    }
}

/* All that was sent may be in the room or not, but for what was refused. */
static void give_up(struct tutti_client *client)
{
    struct operations *operations = &client->operations;
    while (first_sequence(operations) != 0) {
        struct pending pending = operations_take(operations);
        free(pending.packed);
        if (pending.told != TOLD_REFUSED && client->handlers.uncertain != NULL)
            client->handlers.uncertain(client->handlers.context, client, pending.operation);
    }
}

void outcomes_of_welcome(struct tutti_client *client, const struct welcome *welcome)
{
    struct operations *operations = &client->operations;
    operations->settled = 0;
    operations->in_flight = 0;
    if (welcome->key_known)
        settle_known(client, welcome);
    else
        give_up(client);
    for (uint32_t i = operations->settled; i < operations->count; i++) {
        struct pending *pending = operations_at(operations, i);
        pending->sequence = 0;
        pending->tick = UINT64_MAX;
    }
    operations->sequence = welcome->sequence;
    operations->decided = welcome->sequence;
    if (operations->highest < welcome->sequence)
        operations->highest = welcome->sequence;
}

void outcomes_acknowledge(struct tutti_client *client)
{
    struct operations *operations = &client->operations;
    while (operations->settled > 0) {
        if (client->durability != DURABILITY_MEMORY &&
            operations_at(operations, 0)->tick > client->durable)
            break;
        struct pending pending = operations_take(operations);
        free(pending.packed);
        if (pending.told != TOLD_REFUSED && client->handlers.saved != NULL)
            client->handlers.saved(client->handlers.context, client, pending.operation);
    }
}
