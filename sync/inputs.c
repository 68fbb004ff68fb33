#include "sync/inputs.h"

#include <assert.h>
#include <string.h>

#include "sync/operation_parts.h"
#include "sync/room_parts.h"

/* --- What a kind takes ---------------------------------------------------------------------------- */

/* Heads of short arrays and binaries, and the longest integer that an array may hold. */
#define INTS_HEAD_BYTES   1
#define INTS_ITEM_BYTES   5
#define BINARY_HEAD_BYTES 2

int64_t input_bytes_max(const struct field *field)
{
    switch ((enum field_type)field->type) {
    case FIELD_INT: {
        int64_t least = (int64_t)pack_integer_bytes(field->minimum);
        int64_t most = (int64_t)pack_integer_bytes(field->maximum);
        return least > most ? least : most;
    }
    case FIELD_INTS:
        return INTS_HEAD_BYTES + INTS_ITEM_BYTES * field->maximum;
    case FIELD_BINARY:
        return BINARY_HEAD_BYTES + field->maximum;
    case FIELD_ANY:
    case FIELD_BOOL:
    case FIELD_FIXED:
    case FIELD_STRING:
    case FIELD_TYPE_COUNT:
        break;
    }
    return INT64_MAX;
}

void inputs_declare(struct room *room)
{
    const struct input_rules *rules = room->rules->input;
    if (rules == NULL)
        return;
    room->input = schema_field(&rules->value);
    room->input_bytes = (uint8_t)input_bytes_max(&room->input);
}

/* --- Rings ---------------------------------------------------------------------------------------- */

static size_t slot_bytes(const struct room *room)
{
    return 1u + room->input_bytes;
}

/* What is in force comes from a log, and none wait. */
static bool from_log(const struct room *room)
{
    return room->replaying || room->rerunning;
}

static size_t slots_bytes(const struct room *room)
{
    return from_log(room) ? 0 : INPUT_AHEAD_MAX * slot_bytes(room);
}

static size_t inputs_bytes(const struct room *room)
{
    return sizeof(struct inputs) + slots_bytes(room);
}

static uint8_t *slot_of(const struct room *room, struct inputs *inputs, uint64_t tick)
{
    return inputs->slots + tick % INPUT_AHEAD_MAX * slot_bytes(room);
}

/* Nothing is in force for longer than the tick to come. */
static void begin(const struct room *room, struct inputs *inputs, uint64_t welcomed)
{
    memset(inputs->slots, 0, slots_bytes(room));
    inputs->next = welcomed + 1;
    inputs->margin = INPUT_MARGIN_NONE;
    inputs->missed = 0;
    inputs->ends = true;
    inputs->sending = inputs->untold = false;
}

/* The seat's ring, made where there is none; NULL without memory. */
static struct inputs *inputs_of_seat(struct room *room, struct seat *seat)
{
    if (seat->has_inputs)
        return seat->inputs;
    size_t bytes = inputs_bytes(room);
    if (!heap_reserve(&room->state.heap, heap_rounded(bytes)))
        return NULL;
    struct inputs *inputs = heap_take(&room->state.heap, bytes);
    memset(inputs, 0, sizeof *inputs);
    begin(room, inputs, seat->welcomed);
    seat->inputs = inputs;
    seat->has_inputs = true;
    room->input_seats++;
    return inputs;
}

void inputs_renew(struct room *room, struct seat *seat)
{
    if (seat->has_inputs)
        begin(room, seat->inputs, room->tick);
    else
        seat->welcomed = room->tick;
}

void inputs_drop(struct room *room, struct seat *seat)
{
    if (!seat->has_inputs)
        return;
    heap_give(&room->state.heap, seat->inputs, inputs_bytes(room));
    seat->has_inputs = false;
    room->input_seats--;
}

/* --- As they arrive ------------------------------------------------------------------------------- */

static void put_in_slot(uint8_t *slot, size_t capacity, struct reader *reader)
{
    struct writer writer = writer_on(slot + 1, capacity);
    value_canonical(reader, &writer);
    assert(writer.status == STATUS_OK); /* it fits the field: check_values(), input_bytes_max() */
    slot[0] = (uint8_t)writer.length;
}

/* One for this tick, which the reader stands at. */
static void arrive(struct room *room, struct inputs *inputs, uint64_t tick, struct reader *reader)
{
    struct input_counts *counts = &room->input_counts;
    int64_t margin = (int64_t)tick - (int64_t)(room->tick + 1);
    uint8_t *slot = slot_of(room, inputs, tick);
    if (margin < inputs->margin)
        inputs->margin = margin;
    if (margin < 0) {
        counts->late++;
    } else if (margin >= INPUT_AHEAD_MAX) {
        counts->early++;
    } else if (slot[0] != 0) {
        counts->duplicate++;
    } else {
        put_in_slot(slot, room->input_bytes, reader);
        counts->taken++;
        return;
    }
    (void)read_value(reader);
}

/* Reads all values; why the first that may not be taken may not. */
static enum status check_values(const struct room *room,
                                const struct seat *seat,
                                struct reader *reader,
                                uint32_t count)
{
    enum status fits = STATUS_OK;
    if (room->rules->input == NULL || seat->role < ROLE_EDITOR)
        fits = STATUS_DENIED;
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        bool none = read_type(reader) == PACK_NIL;
        struct bytes value = read_value(reader);
        if (fits == STATUS_OK && reader->status == STATUS_OK)
            fits = none ? STATUS_TYPE : value_check(&room->input, value);
    }
    return fits;
}

/* Where the first of `count` goes. A message that is refused was sent all the same: the next one counts
 * on from it. */
static enum status advance(struct inputs *inputs, int64_t gap, uint32_t count, uint64_t *first)
{
    int64_t tick = (int64_t)inputs->next + gap;
    if (tick < 0 || tick > INTEGER_MAX - count)
        return STATUS_MALFORMED;
    *first = (uint64_t)tick;
    if (!inputs->sending)
        inputs->first = *first;
    inputs->next = *first + count;
    inputs->sending = inputs->untold = true;
    return STATUS_OK;
}

enum status inputs_submit(struct room *room, uint32_t number, struct bytes message)
{
    struct seat *seat = &room->seats[number];
    struct reader reader = reader_on(message);
    uint32_t elements = read_array(&reader);
    uint32_t count = elements - 2;
    (void)read_integer(&reader);
    if (elements < 3 || count > INPUTS_MESSAGE_MAX)
        reader_fail(&reader, STATUS_MALFORMED);
    int64_t gap = read_integer_in(&reader, -INPUT_GAP_MAX, INPUT_GAP_MAX);
    struct reader values = reader;
    enum status fits = check_values(room, seat, &reader, count);
    enum status status = reader_end(&reader);
    if (status != STATUS_OK)
        return status;
    if (room->rules->input != NULL) {
        uint64_t first;
        struct inputs *inputs = inputs_of_seat(room, seat);
        status = inputs == NULL ? STATUS_MEMORY : advance(inputs, gap, count, &first);
        if (status != STATUS_OK)
            return status;
        room->inputs_untold = true;
        for (uint32_t i = 0; fits == STATUS_OK && i < count; i++)
            arrive(room, inputs, first + i, &values);
    }
    if (fits != STATUS_OK)
        room_notice(room, number, fits);
    return STATUS_OK;
}

/* --- At each tick --------------------------------------------------------------------------------- */

static struct bytes in_force(const struct inputs *inputs)
{
    return (struct bytes){inputs->packed, inputs->length};
}

/* Whether it is another one than before. */
static bool put_in_force(struct inputs *inputs, struct bytes input)
{
    bool changes = !bytes_equal(in_force(inputs), input);
    if (input.length > 0)
        memcpy(inputs->packed, input.data, input.length);
    inputs->length = (uint8_t)input.length;
    inputs->held = 0;
    inputs->holding &= !changes; /* what the log has of it begins anew */
    return changes;
}

static void count_missed(struct room *room, struct inputs *inputs)
{
    if (!inputs->sending || room->tick < inputs->first)
        return;
    room->input_counts.missed++;
    if (inputs->missed < UINT32_MAX)
        inputs->missed++;
}

/* That nothing is in force is told when it becomes so, not as long as it stays so: a member that has
 * stopped sending gets no frame for that alone. */
static void take_tick(struct room *room, uint32_t number)
{
    const struct seat *seat = &room->seats[number];
    struct inputs *inputs = seat->inputs;
    uint8_t *slot = slot_of(room, inputs, room->tick);
    struct bytes own = {slot + 1, slot[0]};
    bool plays = seat->state == SEAT_TAKEN && seat->role >= ROLE_EDITOR;
    bool held = inputs->length > 0 && inputs->held < room->rules->input->hold && !inputs->ends;
    inputs->untold |= own.length > 0 || inputs->length > 0;
    if (own.length == 0 && seat->state == SEAT_TAKEN)
        count_missed(room, inputs);
    if (plays && own.length == 0 && held)
        inputs->held++;
    else if (put_in_force(inputs, plays ? own : (struct bytes){NULL, 0}))
        log_input(room, number, in_force(inputs));
    bool holding = inputs->length > 0 && inputs->held > 0;
    if (holding != inputs->holding)
        log_held(room, number, holding);
    inputs->holding = holding;
    inputs->ends = false;
    slot[0] = 0;
    room->inputs_untold |= inputs->untold;
}

void inputs_tick(struct room *room)
{
    if (room->input_seats == 0 || room->rerunning)
        return;
    for (uint32_t i = 0; i < room->seat_count; i++)
        if (room->seats[i].has_inputs)
            take_tick(room, i);
}

void inputs_pass(struct room *room)
{
    for (uint32_t i = 0; room->input_seats > 0 && i < room->seat_count; i++)
        if (room->seats[i].has_inputs)
            slot_of(room, room->seats[i].inputs, room->tick)[0] = 0;
}

/* --- For frames ----------------------------------------------------------------------------------- */

bool inputs_are_told(const struct seat *seat)
{
    return seat->has_inputs && seat->inputs->sending;
}

bool inputs_untold(const struct seat *seat)
{
    return inputs_are_told(seat) && seat->inputs->untold;
}

struct input_report inputs_tell(struct seat *seat)
{
    struct inputs *inputs = seat->inputs;
    struct input_report report = {.arrived = inputs->margin != INPUT_MARGIN_NONE,
                                  .margin = inputs->margin,
                                  .missed = inputs->missed};
    inputs->margin = INPUT_MARGIN_NONE;
    inputs->missed = 0;
    inputs->untold = false;
    return report;
}

/* --- For logs and snapshots ---------------------------------------------------------------------------------- */

struct bytes inputs_in_force(const struct seat *seat)
{
    return seat->has_inputs ? in_force(seat->inputs) : (struct bytes){NULL, 0};
}

bool inputs_replay(struct room *room, struct seat *seat, struct bytes input, uint32_t held)
{
    struct inputs *inputs = inputs_of_seat(room, seat);
    if (inputs == NULL)
        return false;
    (void)put_in_force(inputs, input);
    inputs->held = input.length > 0 ? held : 0;
    inputs->holding = inputs->held > 0;
    return true;
}

bool inputs_replay_held(struct seat *seat, bool held)
{
    if (inputs_in_force(seat).length == 0)
        return false;
    seat->inputs->holding = held;
    seat->inputs->held = held ? 1 : 0;
    return true;
}

void inputs_replay_ticks(struct room *room, uint64_t ticks)
{
    for (uint32_t i = 0; room->input_seats > 0 && i < room->seat_count; i++) {
        struct inputs *inputs = room->seats[i].has_inputs ? room->seats[i].inputs : NULL;
        if (inputs == NULL || !inputs->holding)
            continue;
        uint32_t left = UINT32_MAX - inputs->held;
        inputs->held += ticks < left ? (uint32_t)ticks : left;
    }
}

/* --- For rules ------------------------------------------------------------------------------------ */

static const struct inputs *inputs_of(const struct room *room, uint32_t member)
{
    const struct seat *seat = member_seat(room, member);
    return seat != NULL && seat->has_inputs ? seat->inputs : NULL;
}

struct bytes room_input(const struct room *room, uint32_t member)
{
    const struct inputs *inputs = inputs_of(room, member);
    return inputs == NULL ? (struct bytes){NULL, 0} : in_force(inputs);
}

bool room_input_number(const struct room *room, uint32_t member, int64_t *number)
{
    struct reader reader = reader_on(room_input(room, member));
    if (read_type(&reader) != PACK_INTEGER)
        return false;
    *number = read_integer(&reader);
    return true;
}

uint32_t room_input_held(const struct room *room, uint32_t member)
{
    const struct inputs *inputs = inputs_of(room, member);
    return inputs == NULL || inputs->length == 0 ? 0 : inputs->held;
}

const struct input_counts *room_input_counts(const struct room *room)
{
    return &room->input_counts;
}
