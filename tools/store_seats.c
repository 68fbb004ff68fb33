#include "tools/store_seats.h"

#include "sync/room_parts.h"
#include "tools/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters of what somebody is called, in a column. */
#define NAME_SHOWN 12u

static struct sitting *seat_for(struct seats_told *told, uint32_t number)
{
    if (number >= SEATS_TOLD_MAX)
        return NULL;
    if (number >= told->count) {
        struct sitting *seats = realloc(told->seats, (number + 1) * sizeof *seats);
        if (seats == NULL)
            return NULL;
        memset(seats + told->count, 0, (number + 1 - told->count) * sizeof *seats);
        told->seats = seats;
        told->count = number + 1;
    }
    return &told->seats[number];
}

static void stand_up(struct sitting *seat)
{
    free(seat->user);
    *seat = (struct sitting){0};
}

static void sit_down(struct sitting *seat, uint32_t member, struct bytes user)
{
    if (seat == NULL)
        return;
    stand_up(seat);
    seat->member = member;
    seat->user = user.length > 0 ? malloc(user.length) : NULL;
    seat->user_length = seat->user != NULL ? user.length : 0;
    if (seat->user != NULL)
        memcpy(seat->user, user.data, user.length);
}

static void everyone_stands_up(struct seats_told *told)
{
    for (uint32_t i = 0; i < told->count; i++)
        stand_up(&told->seats[i]);
}

/* Who it is says its presence: what the log has of that, or a track. */
static void sit_as_shown(struct sitting *seat, const struct room *room, const struct seat *taken)
{
    uint32_t member = taken->client->member;
    const struct record *shown =
        taken->presence != NULL ? taken->presence : presence_shown(room, member);
    const struct cell *user = shown != NULL ? record_cell(shown, PRESENCE_USER) : NULL;
    size_t length = user != NULL && user->type != CELL_HOLE ? cell_write_bytes(user) : 0;
    uint8_t *packed = length > 0 ? malloc(length) : NULL;
    struct writer writer = writer_on(packed, packed != NULL ? length : 0);
    if (packed != NULL)
        cell_write(&writer, user);
    sit_down(seat, member, writer_bytes(&writer));
    free(packed);
}

/* By the room itself, where the log does not tell how they came: it begins later, or has a hole. */
void seats_begin(struct seats_told *told, const struct room *room)
{
    uint32_t count = room != NULL ? room->seat_count : 0;
    for (uint32_t i = 0; i < count || i < told->count; i++) {
        bool taken = i < count && room->seats[i].state != SEAT_FREE;
        struct sitting *seat = seat_for(told, i);
        if (seat == NULL)
            return;
        if (!taken)
            stand_up(seat);
        else if (seat->member != room->seats[i].client->member)
            sit_as_shown(seat, room, &room->seats[i]);
    }
}

static bool is_nil(struct bytes packed)
{
    struct reader reader = reader_on(packed);
    return packed.length == 0 || read_type(&reader) == PACK_NIL;
}

void seats_before(struct seats_told *told, const struct log_act *act, const struct room *room)
{
    if (act->act == ACT_JOINED)
        sit_down(seat_for(told, act->seat), act->member, act->user);
    else if (act->act == ACT_HERE && act->seat < told->count && !is_nil(act->user))
        sit_down(&told->seats[act->seat], told->seats[act->seat].member, act->user);
    else if (act->act == ACT_RESUMED)
        seats_begin(told, room);
}

void seats_after(struct seats_told *told, const struct log_act *act)
{
    if (act->act == ACT_LEFT && act->seat < told->count)
        stand_up(&told->seats[act->seat]);
    else if (act->act == ACT_SLEPT || act->act == ACT_WOKEN)
        everyone_stands_up(told);
}

void seats_free(struct seats_told *told)
{
    everyone_stands_up(told);
    free(told->seats);
    *told = (struct seats_told){0};
}

const struct sitting *seats_at(const struct seats_told *told, uint32_t number)
{
    bool known = number < told->count && told->seats[number].member != 0;
    return known ? &told->seats[number] : NULL;
}

struct bytes user_name(struct bytes user)
{
    struct reader reader = reader_on(user);
    if (user.length == 0)
        return (struct bytes){0};
    if (read_type(&reader) == PACK_STRING)
        return read_string(&reader);
    if (read_type(&reader) != PACK_MAP)
        return (struct bytes){0};
    for (uint32_t left = read_map(&reader); left > 0; left--) {
        bool is_name = read_type(&reader) == PACK_STRING &&
                       bytes_equal(read_string(&reader), bytes_of("name"));
        if (is_name && read_type(&reader) == PACK_STRING)
            return read_string(&reader);
        (void)read_value(&reader);
    }
    return (struct bytes){0};
}

void write_name(FILE *out, uint32_t member, struct bytes user)
{
    struct bytes name = user_name(user);
    if (member == 0) {
        fputs("server", out);
        return;
    }
    if (name.length > 0 &&
        table_write_plain(out, (const char *)name.data, name.length, NAME_SHOWN) > 0)
        putc(' ', out);
    fprintf(out, "#%" PRIu32, member);
}

bool is_called(const char *wanted, uint32_t member, struct bytes user)
{
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, member);
    struct bytes name = user_name(user);
    return (member != 0 && strcmp(wanted, number) == 0) ||
           (name.length > 0 && bytes_equal(name, bytes_of(wanted)));
}
