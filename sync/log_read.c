#include "sync/log_read.h"

#include "sync/operation.h"
#include "sync/room_parts.h"
#include "sync/snapshot_parts.h"

enum act log_read_head(struct reader *reader)
{
    static const uint8_t elements_of[] = {
        [ACT_OPENED] = 4, [ACT_WOKEN] = 1,     [ACT_SLEPT] = 2, [ACT_JOINED] = 6,  [ACT_LEFT] = 1,
        [ACT_ROLE] = 2,   [ACT_OPERATION] = 3, [ACT_EDIT] = 2,  [ACT_NAMED] = 1,   [ACT_TIMER] = 2,
        [ACT_RANDOM] = 1, [ACT_ENDED] = 1,     [ACT_HASH] = 1,  [ACT_RESUMED] = 2, [ACT_INPUT] = 2,
        [ACT_MEMORY] = 1, [ACT_RESULT] = 4,
    };
    uint32_t elements = read_array(reader);
    int64_t act = read_integer_in(reader, 0, sizeof elements_of - 1);
    if (reader->status == STATUS_OK && elements != 1u + elements_of[act])
        reader_fail(reader, STATUS_MALFORMED);
    return (enum act)act;
}

uint64_t log_read_bits(struct reader *reader)
{
    struct bytes bytes = read_binary(reader);
    uint64_t bits = 0;
    if (bytes.length != BITS_BYTES)
        reader_fail(reader, STATUS_MALFORMED);
    for (size_t i = 0; i < BITS_BYTES && reader->status == STATUS_OK; i++)
        bits = bits << 8 | bytes.data[i];
    return bits;
}

struct log_origin log_read_origin(struct reader *reader)
{
    struct log_origin origin = {0};
    uint32_t count = read_array(reader);
    origin.format = (uint64_t)read_integer_in(reader, 1, INTEGER_MAX);
    origin.incarnation = (uint64_t)read_integer_in(reader, 1, INTEGER_MAX);
    origin.tombstones = (uint32_t)read_integer_in(reader, 1, UINT32_MAX);
    origin.clients = (uint32_t)read_integer_in(reader, 1, UINT32_MAX);
    if (count != (origin.format > 1 ? ORIGIN_ELEMENTS : ORIGIN_ELEMENTS - 1))
        reader_fail(reader, STATUS_MALFORMED);
    if (origin.format > 1)
        origin.declared = log_read_bits(reader);
    return origin;
}

struct log_result log_read_result(struct reader *reader)
{
    struct log_result result = {.board = read_string(reader)};
    result.name = read_string(reader);
    result.score = read_integer(reader);
    bool none = read_type(reader) == PACK_NIL;
    struct bytes details = read_value(reader);
    if (!none)
        result.details = details;
    return result;
}

static uint32_t read_small(struct reader *reader)
{
    return (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
}

/* Its values may be as deep as values may be, which is deeper than read_value() goes from here. */
static struct bytes read_operation(struct reader *reader)
{
    size_t from = reader->at;
    operation_count(reader);
    return (struct bytes){reader->data + from, reader->at - from};
}

static void read_joined(struct reader *reader, struct log_act *act)
{
    act->seat = read_small(reader);
    read_binary(reader); /* the client's key */
    act->member = read_small(reader);
    read_small(reader); /* its sequence */
    act->role = (enum role)read_integer_in(reader, 0, ROLE_COUNT - 1);
    act->user = read_value(reader);
}

static void read_elements(struct reader *reader, struct log_act *act)
{
    switch (act->act) {
    case ACT_OPENED:
        act->text = read_string(reader);
        act->origin = log_read_origin(reader);
        read_binary(reader);
        read_binary(reader);
        return;
    case ACT_WOKEN:
        act->origin = log_read_origin(reader);
        return;
    case ACT_RESUMED:
        act->origin = log_read_origin(reader);
        act->snapshot = read_binary(reader);
        act->text = snapshot_kind(act->snapshot);
        return;
    case ACT_SLEPT:
        read_integer(reader);
        read_binary(reader);
        return;
    case ACT_JOINED:
        read_joined(reader, act);
        return;
    case ACT_LEFT:
        act->seat = read_small(reader);
        return;
    case ACT_ROLE:
        act->seat = read_small(reader);
        act->role = (enum role)read_integer_in(reader, 0, ROLE_COUNT - 1);
        return;
    case ACT_OPERATION:
        act->seat = read_small(reader);
        act->status = (enum status)read_integer_in(reader, 0, STATUS_COUNT - 1);
        act->operation = read_operation(reader);
        return;
    case ACT_EDIT:
        act->member = read_small(reader);
        act->operation = read_operation(reader);
        return;
    case ACT_NAMED:
    case ACT_ENDED:
        act->text = read_string(reader);
        return;
    case ACT_TIMER:
        act->timer = read_small(reader);
        act->ticks = read_small(reader);
        return;
    case ACT_MEMORY:
        act->memory = read_binary(reader);
        return;
    case ACT_RESULT:
        act->result = log_read_result(reader);
        return;
    case ACT_RANDOM:
    case ACT_HASH:
        read_binary(reader);
        return;
    case ACT_INPUT:
        act->seat = read_small(reader);
        act->input = read_value(reader);
        return;
    }
}

bool log_read_act(struct reader *acts, struct log_act *act)
{
    if (reader_done(acts))
        return false;
    *act = (struct log_act){.act = log_read_head(acts)};
    if (acts->status == STATUS_OK)
        read_elements(acts, act);
    return acts->status == STATUS_OK;
}

bool log_read_entry(struct reader *log, struct log_entry *entry)
{
    if (reader_done(log))
        return false;
    size_t from = log->at;
    uint32_t elements = read_array(log);
    entry->tick = (uint64_t)read_integer_in(log, 0, INTEGER_MAX);
    entry->since = (uint64_t)read_integer_in(log, 0, INTEGER_MAX);
    entry->wall_ms = (uint64_t)read_integer_in(log, 0, INTEGER_MAX);
    if (elements < 4 || entry->since > entry->tick)
        reader_fail(log, STATUS_MALFORMED);
    if (log->status != STATUS_OK)
        return false;
    entry->act_count = elements - 3;
    size_t acts = log->at;
    struct log_act act;
    entry->resumes = false;
    for (uint32_t i = 0; i < entry->act_count; i++) {
        if (!log_read_act(log, &act)) {
            reader_fail(log, STATUS_TRUNCATED);
            return false;
        }
        entry->resumes |= act.act == ACT_RESUMED;
    }
    entry->acts = (struct bytes){log->data + acts, log->at - acts};
    entry->bytes = (struct bytes){log->data + from, log->at - from};
    return true;
}

enum status log_results(struct bytes log,
                        void (*take)(void *context,
                                     const struct log_entry *entry,
                                     const struct log_result *result),
                        void *context)
{
    struct reader reader = reader_on(log);
    struct log_entry entry;
    struct log_act act;
    while (log_read_entry(&reader, &entry)) {
        struct reader acts = reader_on(entry.acts);
        while (log_read_act(&acts, &act))
            if (act.act == ACT_RESULT)
                take(context, &entry, &act.result);
    }
    return reader_end(&reader);
}
