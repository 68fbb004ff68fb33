#include "sync/log_read.h"

#include "sync/operation.h"
#include "sync/room_parts.h"
#include "sync/snapshot_parts.h"

enum act log_read_head(struct reader *reader, uint32_t *elements)
{
    /* With the act itself; 0: there is no such act. SHOWN: without the pairs that follow. */
    static const uint8_t lengths[] = {
        [ACT_OPENED] = 5, [ACT_WOKEN] = 2,      [ACT_SLEPT] = 3,     [ACT_JOINED] = 7,
        [ACT_LEFT] = 2,   [ACT_ROLE] = 3,       [ACT_OPERATION] = 4, [ACT_EDIT] = 3,
        [ACT_NAMED] = 2,  [ACT_TIMER] = 3,      [ACT_RANDOM] = 2,    [ACT_ENDED] = 2,
        [ACT_HASH] = 2,   [ACT_RESUMED] = 3,    [ACT_INPUT] = 3,     [ACT_MEMORY] = 2,
        [ACT_RESULT] = 5, [ACT_PRESENT] = 1,    [ACT_SHOWN] = 2,     [ACT_GONE] = 2,
        [ACT_SAID] = 4,   [ACT_AWAY] = 2,       [ACT_HERE] = 4,      [ACT_HELD] = 3,
        [ACT_TOLD] = 3,   [ACT_UNRECORDED] = 1,
    };
    uint32_t length = read_array(reader);
    enum act act = (enum act)read_integer_in(reader, 0, sizeof lengths - 1);
    bool pairs = act == ACT_SHOWN && length % 2 == 0 && length <= 2 + 2 * FIELDS_MAX;
    bool fits = length == lengths[act] || (pairs && length > lengths[act]);
    if (reader->status == STATUS_OK && (length == 0 || !fits))
        reader_fail(reader, STATUS_MALFORMED);
    *elements = reader->status == STATUS_OK ? length - 1 : 0;
    return act;
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
    act->key = read_binary(reader);
    if (act->key.length != CLIENT_KEY_BYTES)
        reader_fail(reader, STATUS_MALFORMED);
    act->member = read_small(reader);
    act->sequence = read_small(reader);
    act->role = (enum role)read_integer_in(reader, 0, ROLE_COUNT - 1);
    act->user = read_value(reader);
}

/* Fields and values, so many of both. */
static struct bytes read_pairs(struct reader *reader, uint32_t count)
{
    size_t from = reader->at;
    for (uint32_t i = 0; i < count; i++) {
        read_integer_in(reader, 0, FIELDS_MAX - 1);
        read_value(reader);
    }
    return (struct bytes){reader->data + from, reader->at - from};
}

/* Numbers of members begin at 1. */
static uint32_t read_member(struct reader *reader)
{
    return (uint32_t)read_integer_in(reader, 1, UINT32_MAX - 1);
}

static void read_elements(struct reader *reader, struct log_act *act, uint32_t elements)
{
    switch (act->act) {
    case ACT_OPENED:
        act->text = read_string(reader);
        act->origin = log_read_origin(reader);
        act->random[0] = log_read_bits(reader);
        act->random[1] = log_read_bits(reader);
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
        act->presence = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX - 1);
        act->hash = log_read_bits(reader);
        return;
    case ACT_JOINED:
        read_joined(reader, act);
        return;
    case ACT_LEFT:
    case ACT_AWAY:
        act->seat = read_small(reader);
        return;
    case ACT_HERE:
        act->seat = read_small(reader);
        act->role = (enum role)read_integer_in(reader, 0, ROLE_COUNT - 1);
        act->user = read_value(reader);
        return;
    case ACT_HELD:
        act->seat = read_small(reader);
        act->held = read_bool(reader);
        return;
    case ACT_TOLD:
        act->seat = read_small(reader);
        elements = read_array(reader);
        if (elements % 2 != 0)
            reader_fail(reader, STATUS_MALFORMED);
        act->pair_count = elements / 2;
        act->pairs = read_pairs(reader, act->pair_count);
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
        act->random[0] = log_read_bits(reader);
        return;
    case ACT_HASH:
        act->hash = log_read_bits(reader);
        return;
    case ACT_INPUT:
        act->seat = read_small(reader);
        act->input = read_value(reader);
        return;
    case ACT_PRESENT:
    case ACT_UNRECORDED:
        return;
    case ACT_SHOWN:
        act->member = read_member(reader);
        act->pair_count = (elements - 1) / 2;
        act->pairs = read_pairs(reader, act->pair_count);
        return;
    case ACT_GONE:
        act->member = read_member(reader);
        return;
    case ACT_SAID:
        act->event = (uint32_t)read_integer_in(reader, 0, EVENT_NAMES_MAX - 1);
        act->member = read_small(reader);
        act->value = read_value(reader);
        return;
    }
}

bool log_read_act(struct reader *acts, struct log_act *act)
{
    if (reader_done(acts))
        return false;
    uint32_t elements;
    *act = (struct log_act){.act = log_read_head(acts, &elements)};
    if (acts->status == STATUS_OK)
        read_elements(acts, act, elements);
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
