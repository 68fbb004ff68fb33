/* rules_room.c - what rules may ask of their room beside its records: sync/rules.h. */
#include <assert.h>
#include <string.h>

#include "sync/log.h"
#include "sync/room_parts.h"

/* --- What a tick allows --------------------------------------------------------------------------- */

struct allowance allowance_of_tick(const struct rules *rules)
{
    return (struct allowance){
        .records = rules->tick_records, .bytes = rules->tick_bytes, .timers = TICK_TIMERS_MAX};
}

struct allowance allowance_of_member(const struct rules *rules)
{
    uint32_t records = rules->member_records > 0 ? rules->member_records : rules->tick_records;
    uint32_t bytes = rules->member_bytes > 0 ? rules->member_bytes : rules->tick_bytes;
    return (struct allowance){.records = records, .bytes = bytes, .of_member = true};
}

/* The room stands still for this, and its log says nothing of an end: what it has is kept. */
void room_break(struct room *room, const char *reason)
{
    room->allowance =
        (struct allowance){0}; /* what waits in the same callback is not done either */
    if (room->ended != NULL)
        return;
    room->ended = reason;
    room->broken = true;
}

static bool overdrawn(struct room *room, const char *reason)
{
    room_break(room, reason);
    return false;
}

/* The reasons name what would have had to be declared larger. */
static const char *too_many_records(const struct room *room)
{
    return room->allowance.of_member && room->rules->member_records > 0
               ? "the rules wrote more about a member than their member_records"
               : "the rules wrote more in a tick than their tick_records";
}

static const char *too_many_bytes(const struct room *room)
{
    return room->allowance.of_member && room->rules->member_bytes > 0
               ? "the rules wrote more about a member than their member_bytes"
               : "the rules wrote more in a tick than their tick_bytes";
}

bool allowance_spend(struct room *room, uint32_t records, size_t bytes)
{
    struct allowance *left = &room->allowance;
    if (room->judging)
        return overdrawn(room, "the rules wrote in accept");
    if (records > left->records)
        return overdrawn(room, too_many_records(room));
    if (bytes > left->bytes)
        return overdrawn(room, too_many_bytes(room));
    left->records -= records;
    left->bytes -= (uint32_t)bytes;
    return true;
}

/* --- The room ------------------------------------------------------------------------------------- */

uint64_t room_tick_number(const struct room *room)
{
    return room->tick;
}

bool room_frame_due(const struct room *room)
{
    return room->tick % (room->rules->tick_hz / room->rules->frame_hz) == 0;
}

void *room_memory(struct room *room)
{
    return room->memory.data;
}

/* PCG32 (O'Neill 2014): 64 bits of state, an odd increment as the stream. */
static uint32_t random_next(struct room *room)
{
    uint64_t old = room->random[0];
    room->random[0] = old * UINT64_C(6364136223846793005) + room->random[1];
    uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);
    return shifted >> turn | shifted << (-turn & 31);
}

void random_seed(struct room *room, uint64_t seed)
{
    room->random[0] = 0;
    room->random[1] = (seed << 1) | 1;
    random_next(room);
    room->random[0] += seed;
    random_next(room);
}

uint32_t room_random(struct room *room, uint32_t bound)
{
    assert(bound > 0);
    uint32_t uneven = -bound % bound; /* this many of 2^32 would favour the low results */
    uint32_t number;
    do {
        number = random_next(room);
    } while (number < uneven);
    return number % bound;
}

enum status room_set_timer(struct room *room, uint32_t number, uint32_t ticks)
{
    assert(room->rules->timer != NULL);
    if (!room->replaying && room->allowance.timers == 0)
        return STATUS_LIMIT;
    room->allowance.timers -= room->replaying ? 0 : 1;
    uint32_t count = room->timer_count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (room->timers[i].number != number)
            room->timers[kept++] = room->timers[i];
    room->timer_count = kept;
    if (kept == ROOM_TIMERS_MAX && ticks > 0)
        return STATUS_LIMIT;
    log_timer(room, number, ticks);
    if (ticks == 0)
        return STATUS_OK;
    struct timer timer = {room->tick + ticks, number};
    uint32_t at = kept; /* by due tick; equal ones in the order in which they were set */
    while (at > 0 && room->timers[at - 1].due > timer.due) {
        room->timers[at] = room->timers[at - 1];
        at--;
    }
    room->timers[at] = timer;
    room->timer_count++;
    return STATUS_OK;
}

void room_end(struct room *room, const char *reason)
{
    if (room->ended != NULL)
        return;
    log_ended(room, reason);
    room->ended = reason;
}

const char *room_ended(const struct room *room)
{
    return room->ended;
}

bool room_is_broken(const struct room *room)
{
    return room->broken;
}

/* --- Members -------------------------------------------------------------------------------------- */

uint32_t room_members(const struct room *room)
{
    return room->seats_taken;
}

uint32_t room_member_next(const struct room *room, uint32_t after)
{
    uint32_t at = 0;
    if (after != 0) {
        const struct record *presence = presence_find(room, after);
        if (presence == NULL)
            return 0;
        at = presence->seat + 1;
    }
    for (; at < room->seat_count; at++)
        if (room->seats[at].state != SEAT_FREE && room->seats[at].presence != NULL)
            return room->seats[at].client->member;
    return 0;
}

bool room_member_here(const struct room *room, uint32_t member)
{
    return member_seat(room, member) != NULL;
}

enum role room_member_role(const struct room *room, uint32_t member)
{
    const struct record *presence = presence_find(room, member);
    return presence == NULL ? ROLE_VIEWER : (enum role)room->seats[presence->seat].role;
}

static const struct cell *presence_cell(const struct room *room, uint32_t member, int field)
{
    const struct record *presence = presence_find(room, member);
    const struct cell *cell = presence == NULL ? NULL : record_cell(presence, field);
    return cell == NULL || cell->type == CELL_HOLE ? NULL : cell;
}

bool room_member_away(const struct room *room, uint32_t member)
{
    return presence_cell(room, member, PRESENCE_AWAY) != NULL;
}

struct bytes room_member_user(const struct room *room, uint32_t member)
{
    const struct cell *user = presence_cell(room, member, PRESENCE_USER);
    return user == NULL ? (struct bytes){0} : cell_packed(user);
}

/* --- What others are told ------------------------------------------------------------------------- */

/* A string that the log can be read with again. */
static bool is_text(struct bytes text, size_t most)
{
    uint8_t packed[BOARD_BYTES_MAX + RESULT_NAME_BYTES_MAX];
    struct writer writer = writer_on(packed, sizeof packed);
    if (text.length < 1 || text.length > most)
        return false;
    pack_string(&writer, text);
    struct reader reader = reader_on(writer_bytes(&writer));
    read_string(&reader);
    return reader_end(&reader) == STATUS_OK;
}

static enum status check_value(struct bytes packed, size_t most)
{
    struct reader reader = reader_on(packed);
    if (packed.length == 0)
        return STATUS_OK;
    if (packed.length > most)
        return STATUS_LIMIT;
    read_value(&reader);
    return reader_end(&reader) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

enum status room_result(struct room *room,
                        struct bytes board,
                        struct bytes name,
                        int64_t score,
                        struct bytes details)
{
    if (!is_text(board, BOARD_BYTES_MAX) || !is_text(name, RESULT_NAME_BYTES_MAX))
        return STATUS_MALFORMED;
    if (score < -INTEGER_MAX || score > INTEGER_MAX)
        return STATUS_RANGE;
    enum status status = check_value(details, RESULT_DETAILS_BYTES_MAX);
    if (status != STATUS_OK)
        return status;
    if (!allowance_spend(room, 1, board.length + name.length + details.length))
        return STATUS_LIMIT;
    log_result(room, &(struct log_result){board, name, score, details});
    return STATUS_OK;
}

enum status room_card(struct room *room, struct bytes packed)
{
    struct card *card = &room->card;
    enum status status = check_value(packed, CARD_BYTES_MAX);
    if (status != STATUS_OK || bytes_equal(packed, (struct bytes){card->packed, card->length}))
        return status;
    if (packed.length > 0)
        memcpy(card->packed, packed.data, packed.length);
    card->length = (uint32_t)packed.length;
    card->stamp++;
    return STATUS_OK;
}

struct bytes room_card_shown(const struct room *room, uint64_t *stamp)
{
    *stamp = room->card.stamp;
    return (struct bytes){room->card.packed, room->card.length};
}
