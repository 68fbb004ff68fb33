#include "clients/c/messages.h"

#include "sync/limits.h"

/* Reads the array's head and the kind, which the caller has looked at already. */
static uint32_t read_head(struct reader *reader, uint32_t least)
{
    uint32_t count = read_array(reader);
    (void)read_integer(reader);
    if (count < least)
        reader_fail(reader, STATUS_MALFORMED);
    return count;
}

static uint32_t read_natural(struct reader *reader)
{
    return (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
}

/* Elements that later versions put at the end. */
static void skip_surplus(struct reader *reader, uint32_t count)
{
    for (; count > 0 && reader->status == STATUS_OK; count--)
        (void)read_value(reader);
}

enum status message_read_status(struct reader *reader)
{
    int64_t status = read_integer_in(reader, 0, INT32_MAX);
    return status < STATUS_COUNT ? (enum status)status : STATUS_REFUSED;
}

/* Pairs of a number and a status: checked here, read again by whom they concern. */
static struct reader read_refusals(struct reader *reader, uint32_t elements, uint32_t *count)
{
    struct reader refusals = *reader;
    if (elements % 2 != 0)
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < elements / 2 && reader->status == STATUS_OK; i++) {
        (void)read_natural(reader);
        (void)message_read_status(reader);
    }
    *count = reader->status == STATUS_OK ? elements / 2 : 0;
    return refusals;
}

static uint8_t read_scopes(struct reader *reader)
{
    uint32_t mask = 0;
    uint32_t count = read_array(reader);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++)
        mask |= 1u << read_integer_in(reader, 0, SCOPE_COUNT - 1);
    return (uint8_t)mask;
}

static void read_limits(struct reader *reader, struct wire_limits *limits)
{
    uint32_t count = read_array(reader);
    if (count < 7) {
        reader_fail(reader, STATUS_MALFORMED);
        return;
    }
    limits->message_bytes = read_natural(reader);
    limits->messages_per_second = read_natural(reader);
    limits->messages_burst = read_natural(reader);
    limits->bytes_per_second = read_natural(reader);
    limits->bytes_burst = read_natural(reader);
    limits->operations_in_flight = read_natural(reader);
    limits->record_bytes = read_natural(reader);
    skip_surplus(reader, count - 7);
}

/* A kind of safety that a later version adds is no less safe than those known. */
static enum durability read_durability(struct reader *reader)
{
    uint32_t durability = read_natural(reader);
    return durability < DURABILITY_DISK ? (enum durability)durability : DURABILITY_DISK;
}

/* Its elements are those of a field's definition; those that later versions put behind are skipped. */
static struct input_terms read_input_terms(struct reader *reader)
{
    struct input_terms terms = {.taken = true};
    if (read_type(reader) == PACK_NIL) {
        read_nil(reader);
        return (struct input_terms){0};
    }
    uint32_t count = read_array(reader);
    if (count < 6) {
        reader_fail(reader, STATUS_MALFORMED);
        return (struct input_terms){0};
    }
    terms.type = read_natural(reader);
    terms.minimum = read_integer_in(reader, -INTEGER_MAX, INTEGER_MAX);
    terms.maximum = read_integer_in(reader, -INTEGER_MAX, INTEGER_MAX);
    terms.steps = read_natural(reader);
    terms.hold = read_natural(reader);
    terms.ahead = read_natural(reader);
    skip_surplus(reader, count - 6);
    return terms;
}

/* Elements that later versions put behind are skipped. */
static void read_forked(struct reader *reader, struct welcome *welcome)
{
    if (read_type(reader) == PACK_NIL) {
        read_nil(reader);
        return;
    }
    uint32_t count = read_array(reader);
    if (count < 3) {
        reader_fail(reader, STATUS_MALFORMED);
        return;
    }
    welcome->forked = read_string(reader);
    welcome->forked_incarnation = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
    welcome->forked_tick = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
    if (welcome->forked.length > ROOM_NAME_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    skip_surplus(reader, count - 3);
}

enum status message_read_welcome(struct bytes message, struct welcome *welcome)
{
    struct reader reader = reader_on(message);
    uint32_t count = read_head(&reader, 14);
    welcome->member = (uint32_t)read_integer_in(&reader, 1, UINT32_MAX);
    welcome->incarnation = (uint64_t)read_integer_in(&reader, 0, INTEGER_MAX);
    welcome->tick = (uint64_t)read_integer_in(&reader, 0, INTEGER_MAX);
    welcome->tick_hz = (uint32_t)read_integer_in(&reader, 1, 1000);
    welcome->frame_hz = (uint32_t)read_integer_in(&reader, 1, 1000);
    welcome->kind = read_string(&reader);
    welcome->sequence = read_natural(&reader);
    welcome->key_known = read_bool(&reader);
    welcome->seat_kept = read_bool(&reader);
    welcome->scopes_kept = read_scopes(&reader);
    welcome->durability = read_durability(&reader);
    read_limits(&reader, &welcome->limits);
    uint32_t refusals = read_array(&reader);
    welcome->refusals = read_refusals(&reader, refusals, &welcome->refusal_count);
    uint32_t used = 14;
    welcome->durable = welcome->tick;
    if (reader.status == STATUS_OK && count > used) {
        welcome->durable -= (uint64_t)read_integer_in(&reader, 0, (int64_t)welcome->tick);
        used++;
    }
    welcome->input = (struct input_terms){0};
    if (reader.status == STATUS_OK && count > used) {
        welcome->input = read_input_terms(&reader);
        used++;
    }
    welcome->forked = (struct bytes){0};
    welcome->forked_incarnation = welcome->forked_tick = 0;
    if (reader.status == STATUS_OK && count > used) {
        read_forked(&reader, welcome);
        used++;
    }
    if (reader.status == STATUS_OK)
        skip_surplus(&reader, count - used);
    return reader_end(&reader);
}

static void read_news(struct reader *reader, struct frame_head *frame)
{
    uint32_t elements = read_array(reader);
    if (elements < 2)
        reader_fail(reader, STATUS_MALFORMED);
    frame->decided = read_natural(reader);
    frame->durable = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
    if (reader->status == STATUS_OK)
        frame->refusals = read_refusals(reader, elements - 2, &frame->refusal_count);
}

static void read_inputs(struct reader *reader, struct frame_head *frame)
{
    frame->inputs = true;
    frame->arrived = read_type(reader) != PACK_NIL;
    if (frame->arrived)
        frame->margin = read_integer_in(reader, -INTEGER_MAX, INTEGER_MAX);
    else
        read_nil(reader);
    frame->missed = read_natural(reader);
    if (read_type(reader) == PACK_NIL)
        read_nil(reader);
    else
        read_news(reader, frame);
}

enum status message_read_frame(struct bytes message, struct frame_head *frame)
{
    *frame = (struct frame_head){0};
    struct reader reader = reader_on(message);
    uint32_t count = read_array(&reader);
    int64_t kind = read_integer(&reader);
    uint32_t least = kind == SERVER_FRAME_INPUTS ? 5 : kind == SERVER_FRAME_NEWS ? 3 : 2;
    if (!server_message_is_frame(kind) || count < least)
        reader_fail(&reader, STATUS_MALFORMED);
    frame->ticks = read_natural(&reader);
    if (kind == SERVER_FRAME_INPUTS)
        read_inputs(&reader, frame);
    else if (kind == SERVER_FRAME_NEWS)
        read_news(&reader, frame);
    frame->sections = reader;
    frame->section_count = reader.status == STATUS_OK ? count - least : 0;
    return reader.status;
}

enum status message_read_clock(struct bytes message, struct clock_answer *answer)
{
    struct reader reader = reader_on(message);
    if (read_head(&reader, 4) != 4)
        reader_fail(&reader, STATUS_MALFORMED);
    answer->echo = read_integer_in(&reader, 0, INTEGER_MAX);
    answer->wall_ms = (uint64_t)read_integer_in(&reader, 0, INTEGER_MAX);
    answer->tick = (uint64_t)read_integer_in(&reader, 0, INTEGER_MAX);
    return reader_end(&reader);
}

enum status message_read_notice(struct bytes message, enum status *status, struct bytes *text)
{
    struct reader reader = reader_on(message);
    if (read_head(&reader, 3) != 3)
        reader_fail(&reader, STATUS_MALFORMED);
    *status = message_read_status(&reader);
    *text = read_string(&reader);
    return reader_end(&reader);
}

enum status message_read_saving(struct bytes message, enum saving *saving)
{
    struct reader reader = reader_on(message);
    if (read_head(&reader, 2) != 2)
        reader_fail(&reader, STATUS_MALFORMED);
    *saving = (enum saving)read_integer_in(&reader, SAVING_WELL, SAVING_PAUSED);
    return reader_end(&reader);
}

void message_write_hello(struct writer *writer, const struct hello *hello)
{
    pack_array(writer, hello->accepts != 0 ? 10 : 9);
    pack_integer(writer, CLIENT_HELLO);
    pack_integer(writer, hello->version);
    pack_binary(writer, (struct bytes){hello->key, sizeof hello->key});
    if (hello->kind.length > 0)
        pack_string(writer, hello->kind);
    else
        pack_nil(writer);
    if (hello->user.length > 0)
        pack_raw(writer, hello->user, 1);
    else
        pack_nil(writer);
    pack_integer(writer, hello->sequence);
    pack_integer(writer, hello->decided);
    pack_integer(writer, (int64_t)hello->incarnation);
    uint32_t places = 0;
    for (int scope = 0; scope < SCOPE_COUNT; scope++)
        places += hello->places_held >> scope & 1;
    pack_array(writer, 2 * places);
    for (int scope = 0; scope < SCOPE_COUNT; scope++) {
        if ((hello->places_held >> scope & 1) == 0)
            continue;
        pack_integer(writer, scope);
        pack_integer(writer, (int64_t)hello->places[scope]);
    }
    if (hello->accepts != 0)
        pack_integer(writer, (int64_t)hello->accepts);
}

void message_write_clock(struct writer *writer, int64_t echo)
{
    pack_array(writer, 2);
    pack_integer(writer, CLIENT_CLOCK);
    pack_integer(writer, echo);
}

void message_write_leave(struct writer *writer)
{
    pack_array(writer, 1);
    pack_integer(writer, CLIENT_LEAVE);
}

void message_write_inputs_head(struct writer *writer, int64_t gap, uint32_t count)
{
    pack_array(writer, 2 + count);
    pack_integer(writer, CLIENT_INPUTS);
    pack_integer(writer, gap);
}
