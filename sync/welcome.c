/* welcome.c - what a member is told when it has joined: sync/README.md, "welcome". */
#include "sync/log.h"
#include "sync/room_parts.h"

static void write_scopes_kept(struct writer *writer, const struct seat *seat)
{
    pack_array(writer, (uint32_t)__builtin_popcount(seat->held_joining));
    for (int scope = 0; scope < SCOPE_COUNT; scope++)
        if ((seat->held_joining >> scope & 1) != 0)
            pack_integer(writer, scope);
}

static void write_limits(struct writer *writer, const struct wire_limits *limits)
{
    pack_array(writer, 7);
    pack_integer(writer, limits->message_bytes);
    pack_integer(writer, limits->messages_per_second);
    pack_integer(writer, limits->messages_burst);
    pack_integer(writer, limits->bytes_per_second);
    pack_integer(writer, limits->bytes_burst);
    pack_integer(writer, limits->operations_in_flight);
    pack_integer(writer, limits->record_bytes);
}

/* Refused operations that the client did not know to be decided. */
static void write_refusals(struct writer *writer, const struct seat *seat)
{
    const struct client *client = seat->client;
    uint32_t first = client_refusals_after(client, seat->decided);
    pack_array(writer, 2 * (client->refused - first));
    for (uint32_t i = first; i < client->refused; i++) {
        pack_integer(writer, client_refusal(client, i)->sequence);
        pack_integer(writer, client_refusal(client, i)->status);
    }
}

static void write_input(struct writer *writer, const struct room *room)
{
    const struct input_rules *rules = room->rules->input;
    if (rules == NULL) {
        pack_nil(writer);
        return;
    }
    pack_array(writer, 6);
    pack_integer(writer, room->input.type);
    pack_integer(writer, room->input.minimum);
    pack_integer(writer, room->input.maximum);
    pack_integer(writer, room->input.steps);
    pack_integer(writer, rules->hold);
    pack_integer(writer, INPUT_AHEAD_MAX);
}

static void write_fork(struct writer *writer, const struct room_fork *fork)
{
    if (fork == NULL) {
        pack_nil(writer);
        return;
    }
    pack_array(writer, 3);
    pack_string(writer, (struct bytes){fork->name, fork->name_length});
    pack_integer(writer, (int64_t)fork->incarnation);
    pack_integer(writer, (int64_t)fork->tick);
}

void wire_write_welcome(struct writer *writer,
                        struct room *room,
                        uint32_t number,
                        const struct wire_limits *limits)
{
    struct seat *seat = &room->seats[number];
    seat->durable_told = room->options.saves ? room_durable(room) : room->tick;
    pack_array(writer, 18);
    pack_integer(writer, SERVER_WELCOME);
    pack_integer(writer, seat->client->member);
    pack_integer(writer, (int64_t)room->options.incarnation);
    pack_integer(writer, (int64_t)room->tick);
    pack_integer(writer, room->rules->tick_hz);
    pack_integer(writer, room->rules->frame_hz);
    pack_string(writer, bytes_of(room->rules->name));
    pack_integer(writer, seat->client->sequence);
    pack_bool(writer, seat->known);
    pack_bool(writer, seat->kept);
    write_scopes_kept(writer, seat);
    pack_integer(writer, limits->durability);
    write_limits(writer, limits);
    write_refusals(writer, seat);
    pack_integer(writer, (int64_t)(room->tick - seat->durable_told));
    write_input(writer, room);
    write_fork(writer, room_forked_from(room));
    pack_bool(writer, limits->recorded);
}
