#include "clients/c/client.h"

#include <string.h>

#include "sync/operation_parts.h"

void inputs_welcome(struct own_inputs *inputs, const struct welcome *welcome)
{
    *inputs = (struct own_inputs){
        .newest = welcome->tick, .next = welcome->tick + 1, .terms = welcome->input};
}

/* As the room itself will judge it. */
static enum status check_value(const struct input_terms *terms, struct bytes packed)
{
    struct reader reader = reader_on(packed);
    const struct field field = {
        .type = (uint8_t)terms->type, .minimum = terms->minimum, .maximum = terms->maximum};
    return read_type(&reader) == PACK_NIL ? STATUS_TYPE : value_check(&field, packed);
}

enum tutti_status
inputs_put(struct own_inputs *inputs, uint64_t tick, const struct tutti_value *value)
{
    if (!inputs->terms.taken)
        return TUTTI_DENIED;
    if (tick <= inputs->newest)
        return TUTTI_STALE;
    if (tick - inputs->newest > INPUT_GAP_MAX || tick > (uint64_t)INTEGER_MAX - INPUT_AHEAD_MAX)
        return TUTTI_RANGE;
    if (inputs->count == INPUT_AHEAD_MAX)
        return TUTTI_LIMIT;
    struct own_input *input = &inputs->ring[(inputs->first + inputs->count) % INPUT_AHEAD_MAX];
    struct writer writer = writer_on(input->packed, sizeof input->packed);
    value_pack(&writer, value, NULL);
    enum status status = writer.status;
    if (status == STATUS_OK)
        status = check_value(&inputs->terms, writer_bytes(&writer));
    if (status != STATUS_OK)
        return (enum tutti_status)status;
    input->tick = inputs->newest = tick;
    input->length = (uint8_t)writer.length;
    inputs->count++;
    return TUTTI_OK;
}

static const struct own_input *input_at(const struct own_inputs *inputs, uint32_t index)
{
    return &inputs->ring[(inputs->first + index) % INPUT_AHEAD_MAX];
}

void inputs_write(struct own_inputs *inputs, struct writer *writer)
{
    uint64_t tick = input_at(inputs, 0)->tick;
    uint32_t count = 1;
    while (count < inputs->count && count < INPUTS_MESSAGE_MAX &&
           input_at(inputs, count)->tick == tick + count)
        count++;
    message_write_inputs_head(writer, (int64_t)tick - (int64_t)inputs->next, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct own_input *input = input_at(inputs, i);
        pack_raw(writer, (struct bytes){input->packed, input->length}, 1);
    }
    inputs->next = tick + count;
    inputs->first = (inputs->first + count) % INPUT_AHEAD_MAX;
    inputs->count -= count;
}
