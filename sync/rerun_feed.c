/* rerun_feed.c - what came into a room from outside, out of its log and into its inbox: in the order in
 * which the acts stand, which is that in which the tick took it. */
#include "sync/replay_parts.h"
#include "sync/rerun.h"
#include "sync/room_parts.h"

static enum status put(struct room *room,
                       const struct log_act *act,
                       enum inbox_kind kind,
                       struct bytes head,
                       struct bytes rest)
{
    struct inbox_entry entry = {.seat = act->seat,
                                .kind = (uint16_t)kind,
                                .role = (uint16_t)act->role,
                                .length = (uint32_t)(head.length + rest.length),
                                .edits = 1};
    if (act->act == ACT_OPERATION) {
        struct reader operation = reader_on(act->operation);
        entry.edits = operation_count(&operation);
    }
    return inbox_put(room, entry, head, rest);
}

static enum status put_here(struct room *room, struct seat *seat, const struct log_act *act)
{
    struct bytes waits;
    seat->role = (uint8_t)act->role; /* for all of the tick, as in room_join() */
    if (seat->state == SEAT_AWAY)
        room->seats_away--;
    seat->state = SEAT_TAKEN;
    return join_waits(room, act->seat, &waits)
               ? join_due(room, act->seat)
               : put(room, act, INBOX_BACK, log_value(act->user), (struct bytes){0});
}

/* The message that says it. */
static enum status put_message(struct room *room,
                               const struct log_act *act,
                               int64_t kind,
                               uint32_t count,
                               struct bytes body)
{
    uint8_t head[8];
    struct writer writer = writer_on(head, sizeof head);
    bool scarce = act->act == ACT_OPERATION && act->status == STATUS_LIMIT;
    pack_array(&writer, 1 + count);
    pack_integer(&writer, kind);
    return put(room, act, scarce ? INBOX_SCARCE : INBOX_MESSAGE, writer_bytes(&writer), body);
}

static void lose(struct room *room, struct seat *seat)
{
    room->departing = true;
    if (seat->state != SEAT_TAKEN)
        return;
    seat->state = SEAT_AWAY;
    seat->frame_tick = UINT64_MAX;
    room->seats_away++;
}

static enum status put_in_force(struct room *room, struct seat *seat, const struct log_act *act)
{
    struct bytes input = log_value(act->input);
    if (!inputs_replay(room, seat, input, 0))
        return STATUS_MEMORY;
    log_input(room, act->seat, input);
    return STATUS_OK;
}

/* What is about someone who has a seat. */
static enum status feed_seat(struct room *room, struct seat *seat, const struct log_act *act)
{
    switch (act->act) {
    case ACT_HERE:
        return put_here(room, seat, act);
    case ACT_OPERATION:
        seat->undecided++;
        return put_message(room, act, CLIENT_OPERATIONS, 1, act->operation);
    case ACT_TOLD:
        return put_message(room, act, CLIENT_PRESENCE, 2 * act->pair_count, act->pairs);
    case ACT_ROLE:
        return put(room, act, INBOX_ROLE, (struct bytes){0}, (struct bytes){0});
    case ACT_INPUT:
        return put_in_force(room, seat, act);
    case ACT_HELD:
        if (inputs_replay_held(seat, act->held))
            log_held(room, act->seat, act->held);
        return STATUS_OK;
    case ACT_AWAY:
        lose(room, seat);
        return STATUS_OK;
    case ACT_LEFT:
        room_leave(room, act->seat);
        return STATUS_OK;
    default:
        return STATUS_OK; /* the rules do it again */
    }
}

static enum status feed_join(struct room *room, const struct log_act *act)
{
    enum status status = seat_join(room, act);
    if (status != STATUS_OK)
        return status;
    room->seats[act->seat].frame_tick = UINT64_MAX;
    log_joined(room, act->seat, log_value(act->user));
    return join_wait(room, act->seat, log_value(act->user));
}

static bool is_about_seat(enum act act)
{
    return act == ACT_HERE || act == ACT_OPERATION || act == ACT_TOLD || act == ACT_ROLE ||
           act == ACT_INPUT || act == ACT_HELD || act == ACT_AWAY || act == ACT_LEFT;
}

/* A seat that is not taken here is one that the rules' room lacks: what it does is missed later. */
enum status rerun_feed(struct room *room, const struct log_act *act)
{
    if (act->act == ACT_JOINED)
        return feed_join(room, act);
    if (act->act == ACT_NAMED)
        return put(room, &(struct log_act){.act = ACT_NAMED, .seat = SEAT_NONE}, INBOX_NAME,
                   act->text, (struct bytes){0});
    bool seated = is_about_seat(act->act) && act->seat < room->seat_count &&
                  room->seats[act->seat].state != SEAT_FREE;
    return seated ? feed_seat(room, &room->seats[act->seat], act) : STATUS_OK;
}
