/* seats.c - who sits in the room, what each seat may see, and coming back to it. */
#include <assert.h>
#include <string.h>

#include "sync/room_parts.h"

struct place *seat_place(struct seat *seat, enum wire_scope scope)
{
    if (scope == SCOPE_EVERYONE)
        return &seat->everyone;
    if (scope == SCOPE_PRESENCE)
        return &seat->presence_place;
    return seat->extra == NULL ? NULL : &seat->extra[scope - SCOPE_MINE];
}

struct scope *seat_scope(const struct room *room, const struct seat *seat, enum wire_scope scope)
{
    return scope == SCOPE_MINE ? seat->client->mine : room->state.scopes[scope];
}

bool seat_sees(const struct room *room, const struct seat *seat, enum wire_scope scope)
{
    return seat_scope(room, seat, scope) != NULL &&
           (scope < SCOPE_ROLE || seat->role >= scope - SCOPE_ROLE);
}

static bool seat_needs_extra(const struct room *room, const struct client *client)
{
    return room->has_roles || client->mine != NULL;
}

static void seat_take_extra(struct room *room, struct seat *seat)
{
    if (seat->extra != NULL)
        return;
    seat->extra = heap_take(&room->state.heap, PLACES_BYTES);
    memset(seat->extra, 0, PLACES_BYTES);
}

struct scope *client_private_scope(struct room *room, struct client *client)
{
    if (client->mine == NULL) {
        client->mine = state_add_scope(&room->state);
        if (client->seat != SEAT_NONE) {
            struct seat *seat = &room->seats[client->seat];
            seat_take_extra(room, seat);
            seat->held |= 1u << SCOPE_MINE; /* it stands at 0: what comes is not history */
        }
    }
    room->private_changed = true;
    return client->mine;
}

struct record *presence_shown(const struct room *room, uint32_t member)
{
    uint8_t digits[DECIMAL_DIGITS];
    struct record *record = state_find(&room->state, room->state.scopes[SCOPE_PRESENCE], 0,
                                       bytes_decimal(member, digits));
    return record != NULL && record->kind == RECORD_LIVE ? record : NULL;
}

struct record *presence_find(const struct room *room, uint32_t member)
{
    struct record *record = presence_shown(room, member);
    return record != NULL && record->seat != SEAT_NONE ? record : NULL;
}

/* --- What others see of it ---------------------------------------------------------------------------- */

bool seat_is_away(const struct seat *seat)
{
    const struct cell *cell =
        seat->presence == NULL ? NULL : record_cell(seat->presence, PRESENCE_AWAY);
    return cell != NULL && cell->type != CELL_HOLE;
}

void seat_shows_away(struct room *room, struct seat *seat, bool away)
{
    struct author server = {0, 0};
    uint8_t packed[1];
    struct writer writer = writer_on(packed, sizeof packed);
    pack_bool(&writer, true);
    if (away)
        state_set_packed(&room->state, seat->presence, PRESENCE_AWAY, writer_bytes(&writer),
                         server);
    else
        state_unset(&room->state, seat->presence, PRESENCE_AWAY, server);
}

static void set_user(struct room *room, struct seat *seat, struct bytes user)
{
    uint8_t scratch[2 * USER_BYTES_MAX];
    struct author server = {0, 0};
    struct writer writer = writer_on(scratch, sizeof scratch);
    struct reader reader = reader_on(user);
    if (user.length == 0)
        return;
    value_canonical(&reader, &writer);
    state_set_packed(&room->state, seat->presence, PRESENCE_USER, writer_bytes(&writer), server);
}

void seat_shows(struct room *room, uint32_t number, struct bytes user)
{
    struct seat *seat = &room->seats[number];
    uint8_t digits[DECIMAL_DIGITS];
    if (seat->presence == NULL) {
        struct scope *scope = room->replaying ? room->heard : room->state.scopes[SCOPE_PRESENCE];
        uint32_t member = seat->client->member;
        seat->presence = state_make(&room->state, scope, 0, bytes_decimal(member, digits), member);
        seat->presence->seat = number;
    } else {
        seat_shows_away(room, seat, false);
    }
    set_user(room, seat, user);
}

/* --- Who sits there ----------------------------------------------------------------------------------- */

/* A room that is being replayed has not everyone's presence. */
struct seat *member_seat(const struct room *room, uint32_t member)
{
    if (!room->replaying) {
        const struct record *presence = presence_find(room, member);
        return presence == NULL ? NULL : &room->seats[presence->seat];
    }
    for (uint32_t i = 0; i < room->seat_count; i++) {
        struct seat *seat = &room->seats[i];
        if (seat->state != SEAT_FREE && seat->client->member == member)
            return seat;
    }
    return NULL;
}

struct scope *room_private_scope(struct room *room, uint32_t member)
{
    const struct seat *seat = member_seat(room, member);
    return seat == NULL ? NULL : client_private_scope(room, seat->client);
}

static uint32_t seat_allot(struct room *room)
{
    if (room->seat_free > 0) {
        uint32_t seat = room->seat_free - 1;
        room->seat_free = room->seats[seat].next_free;
        return seat;
    }
    void *seats = room->seats;
    bool grown = memory_grow(&room->options.memory, &seats, &room->seat_capacity,
                             room->seat_count + 1, sizeof *room->seats);
    room->seats = seats;
    return grown ? room->seat_count++ : SEAT_NONE;
}

void seat_release(struct room *room, uint32_t number)
{
    struct seat *seat = &room->seats[number];
    if (seat->extra != NULL)
        heap_give(&room->state.heap, seat->extra, PLACES_BYTES);
    inputs_drop(room, seat);
    *seat = (struct seat){.next_free = room->seat_free};
    room->seat_free = number + 1;
    room->seats_taken--;
}

/* Takes over the places of a hello that still mean something here. */
static void seat_resume(struct room *room, struct seat *seat, const struct hello *hello)
{
    seat->held = 0;
    seat->names = 0;
    bool same = hello->incarnation == room->options.incarnation;
    for (unsigned i = 0; same && i < SCOPE_COUNT; i++) {
        if ((hello->places_held >> i & 1) == 0)
            continue;
        uint64_t at = hello->places[i];
        if (i == SCOPE_NAMES) {
            if (at > room->state.schema.definition_count)
                continue;
            seat->names = (uint32_t)at;
        } else {
            struct place *place = seat_place(seat, (enum wire_scope)i);
            const struct scope *scope = seat_scope(room, seat, (enum wire_scope)i);
            if (place == NULL || !seat_sees(room, seat, (enum wire_scope)i) || at > scope->stamp ||
                (at > 0 && at < scope->horizon))
                continue;
            *place = (struct place){.base = at, .position = at};
        }
        seat->held |= (uint8_t)(1u << i);
    }
    seat->held_joining = seat->held;
}

static void seat_welcome(struct room *room, struct seat *seat, const struct hello *hello)
{
    seat->frame_tick = room->tick;
    seat->told = seat->client->sequence;
    seat->awaits = hello->sequence > 0 ? room->tick : 0; /* what it sent before may not be saved */
    seat->decided = hello->decided;
    seat->inflates = (hello->accepts & ACCEPTS_DEFLATED) != 0;
    seat->fresh = true;
    seat->everyone = seat->presence_place = (struct place){0};
    if (seat->extra != NULL)
        memset(seat->extra, 0, PLACES_BYTES);
    inputs_renew(room, seat);
    seat_resume(room, seat, hello);
    room->behind = true;
}

/* A client that has a seat comes back to it. */
static enum status
rejoin(struct room *room, struct client *client, const struct hello *hello, enum role role)
{
    struct seat *seat = &room->seats[client->seat];
    struct inbox_entry entry = {.seat = client->seat,
                                .kind = INBOX_BACK,
                                .length = (uint32_t)hello->user.length,
                                .edits = 1};
    enum status status = inbox_add(room, entry, hello->user.data);
    if (status != STATUS_OK)
        return status;
    inbox_void(room, client->seat);
    if (seat->state == SEAT_AWAY)
        room->seats_away--;
    seat->state = SEAT_TAKEN;
    seat->role = (uint8_t)role;
    seat->kept = seat->known = true;
    seat_welcome(room, seat, hello);
    return STATUS_OK;
}

/* A client without a seat takes one. */
static enum status sit_down(struct room *room,
                            struct client *client,
                            const struct hello *hello,
                            enum role role,
                            uint32_t *number)
{
    struct inbox_entry entry = {
        .kind = INBOX_JOIN, .length = (uint32_t)hello->user.length, .edits = 1};
    *number = seat_allot(room);
    if (*number == SEAT_NONE)
        return STATUS_MEMORY;
    entry.seat = *number;
    room->seats_taken++;
    enum status status = inbox_add(room, entry, hello->user.data);
    if (status != STATUS_OK) {
        seat_release(room, *number);
        return status;
    }
    struct seat *seat = &room->seats[*number];
    *seat = (struct seat){.state = SEAT_TAKEN, .role = (uint8_t)role, .client = client};
    client_sit(room, client, *number);
    if (seat_needs_extra(room, client))
        seat_take_extra(room, seat);
    return STATUS_OK;
}

enum status
room_join(struct room *room, const struct hello *hello, enum role role, uint32_t *number)
{
    struct client *client = client_find(room, hello->key);
    if (client != NULL && client->seat != SEAT_NONE) {
        *number = client->seat;
        return rejoin(room, client, hello, role);
    }
    if (room->seats_taken >= room->options.limits.members)
        return STATUS_FULL;
    bool known = client != NULL;
    if (!heap_reserve(&room->state.heap, CLIENT_RESERVE) ||
        !log_reserve(room, 1, CLIENT_KEY_BYTES + hello->user.length))
        return STATUS_MEMORY;
    if (!known)
        client = client_add(room, hello->key, hello->sequence);
    if (client == NULL)
        return STATUS_MEMORY;
    enum status status = sit_down(room, client, hello, role, number);
    if (status != STATUS_OK && !known) {
        client_forget(room, client); /* its next try must not be told that it was here */
        room->last_member--;
    }
    if (status != STATUS_OK)
        return status;
    struct seat *seat = &room->seats[*number];
    seat->known = known;
    if (!known)
        clients_trim(room);
    log_joined(room, *number, hello->user);
    seat_welcome(room, seat, hello);
    return STATUS_OK;
}

enum status room_set_role(struct room *room, uint32_t seat, enum role role)
{
    struct inbox_entry entry = {
        .seat = seat, .kind = INBOX_ROLE, .role = (uint16_t)role, .edits = 1};
    return inbox_add(room, entry, NULL);
}

void room_set_grace(struct room *room, uint32_t ticks)
{
    room->options.grace_ticks = ticks;
}

void room_leave(struct room *room, uint32_t seat)
{
    assert(seat < room->seat_count && room->seats[seat].state != SEAT_FREE);
    if (room->seats[seat].state == SEAT_LEAVING)
        return;
    if (room->seats[seat].state == SEAT_AWAY)
        room->seats_away--;
    room->seats[seat].state = SEAT_LEAVING;
    room->departing = true;
}

void room_disconnect(struct room *room, uint32_t seat)
{
    assert(seat < room->seat_count && room->seats[seat].state != SEAT_FREE);
    if (room->seats[seat].state != SEAT_TAKEN)
        return;
    room->seats[seat].state = SEAT_AWAY;
    room->seats[seat].frame_tick = room->tick + room->options.grace_ticks;
    room->seats_away++;
    room->departing = true;
}
