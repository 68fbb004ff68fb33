/* snapshot_seats.c - of a snapshot what a room has beside its state: those who are seated, as its rules
 * see them, and where it stands in its life. */
#include <string.h>

#include "sync/replay_parts.h"
#include "sync/room_parts.h"
#include "sync/snapshot_parts.h"

/* --- Writing -------------------------------------------------------------------------------------- */

static void write_optional(struct writer *writer, struct bytes value)
{
    if (value.length > 0)
        pack_raw(writer, value, 1);
    else
        pack_nil(writer);
}

/* Whether it is here, or its join still waits for a tick. */
static void write_presence(const struct room *room, uint32_t number, struct writer *writer)
{
    const struct seat *seat = &room->seats[number];
    struct bytes waits = {0};
    uint32_t fields = 0;
    pack_bool(writer, seat->presence != NULL);
    if (seat->presence == NULL) {
        (void)join_waits(room, number, &waits);
        write_optional(writer, waits);
        return;
    }
    const struct cell *user = record_cell(seat->presence, PRESENCE_USER);
    bool named = user != NULL && user->type != CELL_HOLE;
    write_optional(writer, named ? cell_packed(user) : (struct bytes){0});
    pack_bool(writer, seat_is_away(seat));
    for (uint32_t left = room->logged_fields; left != 0; left &= left - 1) {
        const struct cell *cell = record_cell(seat->presence, __builtin_ctz(left));
        fields |= cell != NULL && cell->type != CELL_HOLE ? left & -left : 0;
    }
    pack_integer(writer, __builtin_popcount(fields));
    for (; fields != 0; fields &= fields - 1) {
        pack_integer(writer, __builtin_ctz(fields));
        cell_write(writer, record_cell(seat->presence, __builtin_ctz(fields)));
    }
}

void snapshot_write_seats(const struct room *room, struct writer *writer)
{
    pack_integer(writer, room->asleep ? 0 : room->seats_taken);
    for (uint32_t i = 0; i < room->seat_count && !room->asleep; i++) {
        const struct seat *seat = &room->seats[i];
        if (seat->state == SEAT_FREE)
            continue;
        struct bytes input = inputs_in_force(seat);
        pack_integer(writer, i);
        pack_integer(writer, seat->role);
        write_optional(writer, input);
        pack_integer(writer, input.length > 0 ? seat->inputs->held : 0);
        write_presence(room, i, writer);
    }
}

/* Whether its rules are still to be told that it woke; whether rules can be run over what follows. */
void snapshot_write_life(const struct room *room, struct writer *writer)
{
    const struct room_fork *fork = room_forked_from(room);
    pack_bool(writer, room->loaded);
    pack_bool(writer, room->complete || !room->replaying);
    pack_string(writer, (struct bytes){room->fork.name, room->fork.name_length});
    if (fork == NULL)
        return;
    pack_integer(writer, (int64_t)fork->incarnation);
    pack_integer(writer, (int64_t)fork->tick);
}

/* --- Reading -------------------------------------------------------------------------------------- */

void snapshot_load_life(struct room *room, struct reader *reader)
{
    room->loaded = read_bool(reader);
    room->complete = read_bool(reader);
    struct bytes name = read_string(reader);
    if (name.length > ROOM_NAME_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    if (reader->status != STATUS_OK || name.length == 0)
        return;
    uint64_t incarnation = (uint64_t)read_integer_in(reader, 1, INTEGER_MAX);
    uint64_t tick = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
    room_set_fork(room, name, incarnation, tick);
}

/* Each seat once at most, in their order. */
static struct seat *load_seat(struct room *room, struct reader *reader, uint32_t *least)
{
    uint32_t number = (uint32_t)read_integer_in(reader, 0, ROOM_MEMBERS_MAX - 1);
    if (reader->status != STATUS_OK)
        return NULL;
    bool taken = number < room->seat_count && room->seats[number].state != SEAT_FREE;
    if (!taken || number < *least) {
        reader_fail(reader, STATUS_MALFORMED);
        return NULL;
    }
    *least = number + 1;
    return &room->seats[number];
}

static struct bytes load_optional(struct reader *reader, size_t most)
{
    struct bytes value = log_value(read_value(reader));
    if (value.length > most)
        reader_fail(reader, STATUS_MALFORMED);
    return value;
}

static void load_input(struct room *room,
                       struct seat *seat,
                       struct bytes input,
                       uint32_t held,
                       struct reader *reader)
{
    if (reader->status == STATUS_OK && input.length > 0 && !inputs_replay(room, seat, input, held))
        reader_fail(reader, STATUS_MEMORY);
}

static void load_presence(struct room *room, struct seat *seat, struct reader *reader)
{
    uint32_t number = (uint32_t)(seat - room->seats);
    bool here = read_bool(reader);
    struct bytes user = load_optional(reader, USER_BYTES_MAX);
    if (!here) {
        enum status status = reader->status;
        if (status == STATUS_OK)
            status = join_wait(room, number, user);
        reader_fail(reader, status);
        return;
    }
    bool away = read_bool(reader);
    int64_t fields = read_integer_in(reader, 0, FIELDS_MAX);
    if (reader->status == STATUS_OK && !seat_reserve(room, user.length))
        reader_fail(reader, STATUS_MEMORY);
    if (reader->status != STATUS_OK)
        return;
    seat_shows(room, number, user);
    if (away)
        seat_shows_away(room, seat, true);
    for (int64_t i = 0; i < fields && reader->status == STATUS_OK; i++) {
        int64_t field = read_integer(reader);
        struct bytes value = read_value(reader);
        enum status status = reader->status;
        if (status == STATUS_OK)
            status = seat_told(room, seat, field, value);
        if (status != STATUS_OK)
            reader_fail(reader, status);
    }
}

void snapshot_load_seats(struct room *room, struct reader *reader)
{
    uint32_t count = (uint32_t)read_integer_in(reader, 0, ROOM_MEMBERS_MAX);
    uint32_t least = 0;
    if (count != room->seats_taken)
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        struct seat *seat = load_seat(room, reader, &least);
        if (seat == NULL)
            return;
        seat->role = (uint8_t)read_integer_in(reader, 0, ROLE_COUNT - 1);
        struct bytes input = load_optional(reader, INPUT_BYTES_MAX);
        uint32_t held = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
        load_input(room, seat, input, held, reader);
        load_presence(room, seat, reader);
    }
}

void snapshot_load_inputs(struct room *room, struct reader *reader)
{
    for (uint32_t least = 0; !reader_done(reader);) {
        struct seat *seat = load_seat(room, reader, &least);
        if (seat == NULL)
            return;
        struct bytes input = load_optional(reader, INPUT_BYTES_MAX);
        if (input.length == 0)
            reader_fail(reader, STATUS_MALFORMED);
        load_input(room, seat, input, 0, reader);
    }
}
