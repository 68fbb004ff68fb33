/* replay_seats.c - who is in a room that is built from its log, and as much of their presence as the log
 * has: what rules can see. */
#include <string.h>

#include "sync/operation_parts.h"
#include "sync/replay_parts.h"
#include "sync/room_parts.h"

struct bytes log_value(struct bytes packed)
{
    struct reader reader = reader_on(packed);
    return read_type(&reader) == PACK_NIL ? (struct bytes){0} : packed;
}

/* --- Seats ---------------------------------------------------------------------------------------- */

bool seat_replay(struct room *room, struct client *client, uint32_t number)
{
    void *seats = room->seats;
    bool grown = memory_grow(&room->options.memory, &seats, &room->seat_capacity, number + 1,
                             sizeof *room->seats);
    room->seats = seats;
    if (!grown)
        return false;
    for (; room->seat_count <= number; room->seat_count++)
        room->seats[room->seat_count] = (struct seat){.state = SEAT_FREE};
    room->seats[number] = (struct seat){.state = SEAT_TAKEN, .client = client};
    room->seats_taken++;
    client_sit(room, client, number);
    return true;
}

static void stand_up(struct room *room, uint32_t number)
{
    struct seat *seat = &room->seats[number];
    uint32_t member = seat->client->member;
    struct record *shown = presence_shown(room, member);
    if (shown != NULL)
        state_remove(&room->state, shown, member);
    client_rise(room, seat->client);
    if (seat->extra != NULL)
        heap_give(&room->state.heap, seat->extra, PLACES_BYTES);
    inputs_drop(room, seat);
    *seat = (struct seat){.state = SEAT_FREE};
    room->seats_taken--;
}

void seats_drop(struct room *room)
{
    for (uint32_t i = 0; i < room->seat_count; i++)
        if (room->seats[i].state != SEAT_FREE)
            stand_up(room, i);
    room->seat_count = 0;
    room->seat_free = 0;
    room->seats_away = 0;
    room->inbox.length = room->inbox.edits = 0;
    room->inbox.bytes = 0;
    if (room->heard != NULL)
        state_remove_scope(&room->state, room->heard);
    room->heard = NULL;
}

struct seat *replay_seat(struct replay *replay, const struct log_act *act)
{
    struct room *room = replay->room;
    if (act->seat < room->seat_count && room->seats[act->seat].state != SEAT_FREE)
        return &room->seats[act->seat];
    replay_fail(replay, STATUS_MALFORMED);
    return NULL;
}

/* --- Coming and going ----------------------------------------------------------------------------- */

/* Member numbers are given once, one after the other. */
static bool fits(const struct room *room, const struct client *client, const struct log_act *joined)
{
    if (client == NULL)
        return joined->member == room->last_member + 1;
    return client->member == joined->member && client->sequence == joined->sequence &&
           client->seat == SEAT_NONE;
}

enum status seat_join(struct room *room, const struct log_act *joined)
{
    bool taken = joined->seat < room->seat_count && room->seats[joined->seat].state != SEAT_FREE;
    if (taken || room->asleep || joined->seat >= ROOM_MEMBERS_MAX ||
        joined->member > UINT32_MAX - 1)
        return STATUS_MALFORMED;
    struct client *client = client_find(room, joined->key.data);
    bool new = client == NULL;
    if (!fits(room, client, joined))
        return STATUS_MALFORMED;
    if (!heap_reserve(&room->state.heap, CLIENT_RESERVE))
        return STATUS_MEMORY;
    if (new)
        client = client_add(room, joined->key.data, joined->sequence);
    if (client == NULL || !seat_replay(room, client, joined->seat))
        return STATUS_MEMORY;
    room->seats[joined->seat].role = (uint8_t)joined->role;
    if (new)
        clients_trim(room);
    return STATUS_OK;
}

/* Its join waits, as in the room that was: until the log says that the member is here. */
void replay_joined(struct replay *replay, const struct log_act *act)
{
    replay_fail(replay, seat_join(replay->room, act));
    if (replay->room->complete && !replay_failed(replay))
        replay_fail(replay, join_wait(replay->room, act->seat, log_value(act->user)));
}

void replay_left(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = replay_seat(replay, act);
    if (seat == NULL)
        return;
    join_forget(replay->room, act->seat);
    if (seat->presence != NULL)
        state_remove(&replay->room->state, seat->presence, seat->client->member);
    stand_up(replay->room, act->seat);
}

void replay_role(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = replay_seat(replay, act);
    if (seat != NULL)
        seat->role = (uint8_t)act->role;
}

/* --- Presence ------------------------------------------------------------------------------------- */

void replay_here(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = replay_seat(replay, act);
    if (seat == NULL)
        return;
    struct room *room = replay->room;
    seat->role = (uint8_t)act->role;
    struct bytes user = log_value(act->user);
    bool waits = join_waits(room, act->seat, &user);
    if (user.length > USER_BYTES_MAX)
        replay_fail(replay, STATUS_MALFORMED);
    else if (!seat_reserve(room, user.length))
        replay_fail(replay, STATUS_MEMORY);
    else
        seat_shows(room, act->seat, user);
    if (waits)
        join_forget(room, act->seat);
}

bool seat_reserve(struct room *room, size_t bytes)
{
    struct heap *heap = &room->state.heap;
    if (room->heard == NULL) {
        if (!heap_reserve(heap, heap_rounded(SCOPE_BYTES)))
            return false;
        room->heard = state_add_scope(&room->state);
    }
    return room_reserve(room, 2, bytes + 1);
}

/* The seat of someone who is here. */
static struct seat *seat_here(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = replay_seat(replay, act);
    if (seat == NULL || seat->presence != NULL)
        return seat;
    replay_fail(replay, STATUS_MALFORMED);
    return NULL;
}

void replay_away(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = seat_here(replay, act);
    if (seat == NULL)
        return;
    if (!seat_reserve(replay->room, 0))
        replay_fail(replay, STATUS_MEMORY);
    else
        seat_shows_away(replay->room, seat, true);
}

enum status seat_told(struct room *room, struct seat *seat, int64_t field, struct bytes value)
{
    const struct collection *presence = &room->state.schema.collections[0];
    if (field < 0 || field >= FIELDS_MAX || (room->logged_fields >> field & 1) == 0 ||
        value.length > RECORD_BYTES_MAX ||
        value_check(&presence->fields[field], value) != STATUS_OK)
        return STATUS_MALFORMED;
    if (!seat_reserve(room, value.length))
        return STATUS_MEMORY;
    const struct actor actor = {
        .room = room, .state = &room->state, .author = {seat->client->member, 0}};
    value_apply(&actor, seat->presence, (int)field, value);
    return STATUS_OK;
}

void replay_told(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = seat_here(replay, act);
    struct reader told = reader_on(act->pairs);
    while (seat != NULL && !replay_failed(replay) && !reader_done(&told)) {
        int64_t field = read_integer(&told);
        struct bytes value = read_value(&told);
        enum status status = told.status;
        if (status == STATUS_OK)
            status = seat_told(replay->room, seat, field, value);
        replay_fail(replay, status);
    }
}

/* --- Inputs --------------------------------------------------------------------------------------- */

void replay_input(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = replay_seat(replay, act);
    if (seat == NULL)
        return;
    struct bytes input = log_value(act->input);
    if (input.length > INPUT_BYTES_MAX)
        replay_fail(replay, STATUS_MALFORMED);
    else if (!inputs_replay(replay->room, seat, input, 0))
        replay_fail(replay, STATUS_MEMORY);
}

void replay_held(struct replay *replay, const struct log_act *act)
{
    struct seat *seat = replay_seat(replay, act);
    if (seat != NULL && !inputs_replay_held(seat, act->held))
        replay_fail(replay, STATUS_MALFORMED);
}
