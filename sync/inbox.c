/* inbox.c - what waits for the next tick, in the order in which it came. */
#include <string.h>

#include "sync/room_parts.h"

size_t inbox_padded(size_t length)
{
    return (length + 7) & ~(size_t)7;
}

/* What an entry takes of the inbox's bytes. */
static size_t entry_bytes(size_t length)
{
    return sizeof(struct inbox_entry) + inbox_padded(length);
}

static uint32_t own_edits(const struct room *room)
{
    uint32_t share = INBOX_OWN_EDITS / room->seats_taken;
    share = share < EDITS_MAX ? share : EDITS_MAX;
    return share > 2 ? share : 2;
}

/* Within the seat's own share, which nobody else can take, or within what is there for all. */
static bool has_room(const struct room *room, const struct inbox_entry *entry)
{
    const struct inbox *inbox = &room->inbox;
    const struct seat *seat = &room->seats[entry->seat];
    bool joins = entry->kind == INBOX_JOIN;
    size_t limit = room->options.limits.inbox_bytes;
    size_t size = entry_bytes(entry->length);
    size_t bytes = size + (joins ? 0 : seat->waiting_bytes);
    uint32_t edits = entry->edits + (joins ? 0 : seat->waiting_edits);
    return size <= limit - inbox->length &&
           (bytes <= limit / 4 / room->seats_taken || inbox->length + size <= limit - limit / 4) &&
           (edits <= own_edits(room) || inbox->edits + entry->edits <= INBOX_EDITS_MAX);
}

enum status inbox_add(struct room *room, struct inbox_entry entry, const uint8_t *bytes)
{
    if (!has_room(room, &entry))
        return STATUS_LIMIT;
    return inbox_put(room, entry, (struct bytes){bytes, entry.length}, (struct bytes){0});
}

static uint8_t *add_bytes(uint8_t *to, struct bytes bytes)
{
    if (bytes.length > 0)
        memcpy(to, bytes.data, bytes.length);
    return to + bytes.length;
}

enum status
inbox_put(struct room *room, struct inbox_entry entry, struct bytes head, struct bytes rest)
{
    struct inbox *inbox = &room->inbox;
    size_t size = entry_bytes(entry.length);
    if (size > UINT32_MAX - inbox->length)
        return STATUS_MEMORY;
    void *data = inbox->data;
    bool grown = memory_grow(&room->options.memory, &data, &inbox->capacity,
                             inbox->length + (uint32_t)size, 1);
    inbox->data = data;
    if (!grown)
        return STATUS_MEMORY;
    memcpy(inbox->data + inbox->length, &entry, sizeof entry);
    add_bytes(add_bytes(inbox->data + inbox->length + sizeof entry, head), rest);
    inbox->length += (uint32_t)size;
    inbox->edits += entry.edits;
    inbox->bytes += entry.length;
    return STATUS_OK;
}

bool inbox_next(const struct inbox *inbox,
                uint32_t *at,
                struct inbox_entry *entry,
                struct bytes *bytes)
{
    if (*at == inbox->length)
        return false;
    memcpy(entry, inbox->data + *at, sizeof *entry);
    *bytes = (struct bytes){inbox->data + *at + sizeof *entry, entry->length};
    *at += (uint32_t)entry_bytes(entry->length);
    return true;
}

void inbox_keep(struct inbox *kept, const struct inbox_entry *entry, struct bytes bytes)
{
    uint8_t *to = kept->data + kept->length;
    if (bytes.length > 0)
        memmove(to + sizeof *entry, bytes.data, bytes.length);
    memcpy(to, entry, sizeof *entry);
    kept->length += (uint32_t)entry_bytes(bytes.length);
    kept->edits += entry->edits;
    kept->bytes += bytes.length;
}

/* --- Joins that wait ------------------------------------------------------------------------------- */

#define JOIN_DUE 1

/* Where it lies: its first byte and the one behind it. */
struct lying {
    uint32_t from, to;
    struct bytes user;
};

static bool find_join(const struct room *room, uint32_t seat, struct lying *lying)
{
    struct inbox_entry entry;
    struct bytes bytes;
    for (uint32_t at = 0, from = 0; inbox_next(&room->inbox, &at, &entry, &bytes); from = at) {
        if (entry.seat != seat || entry.kind != INBOX_JOIN || entry.role == JOIN_DUE)
            continue;
        *lying = (struct lying){from, at, bytes};
        return true;
    }
    return false;
}

bool join_waits(const struct room *room, uint32_t seat, struct bytes *user)
{
    struct lying join;
    bool waits = find_join(room, seat, &join);
    if (waits)
        *user = join.user;
    return waits;
}

static enum status put_join(struct room *room, uint32_t seat, struct bytes user, uint16_t due)
{
    struct inbox_entry entry = {
        .seat = seat, .kind = INBOX_JOIN, .role = due, .length = (uint32_t)user.length, .edits = 1};
    return user.length > USER_BYTES_MAX ? STATUS_MALFORMED
                                        : inbox_put(room, entry, user, (struct bytes){0});
}

enum status join_wait(struct room *room, uint32_t seat, struct bytes user)
{
    return put_join(room, seat, user, 0);
}

void join_forget(struct room *room, uint32_t seat)
{
    struct inbox *inbox = &room->inbox;
    struct lying join;
    if (!find_join(room, seat, &join))
        return;
    memmove(inbox->data + join.from, inbox->data + join.to, inbox->length - join.to);
    inbox->length -= join.to - join.from;
    inbox->edits--;
    inbox->bytes -= join.user.length;
}

enum status join_due(struct room *room, uint32_t seat)
{
    uint8_t user[USER_BYTES_MAX];
    struct lying join;
    if (!find_join(room, seat, &join))
        return STATUS_NOT_FOUND;
    size_t length = join.user.length;
    if (length > 0)
        memcpy(user, join.user.data, length);
    join_forget(room, seat);
    return put_join(room, seat, (struct bytes){user, length}, JOIN_DUE);
}

bool join_is_due(const struct room *room, const struct inbox_entry *entry)
{
    return !room->rerunning || entry->role == JOIN_DUE;
}

/* --- Messages --------------------------------------------------------------------------------------- */

void inbox_void(struct room *room, uint32_t seat)
{
    struct inbox *inbox = &room->inbox;
    struct inbox_entry entry;
    struct bytes bytes;
    for (uint32_t at = 0, from = 0; inbox_next(inbox, &at, &entry, &bytes); from = at) {
        if (entry.seat != seat || entry.kind == INBOX_JOIN || entry.kind == INBOX_BACK)
            continue;
        inbox->edits -= entry.edits;
        inbox->bytes -= entry.length;
        entry.seat = SEAT_NONE;
        memcpy(inbox->data + from, &entry, sizeof entry);
    }
    struct seat *owner = &room->seats[seat];
    owner->waiting_bytes = 0;
    owner->undecided = owner->waiting_edits = 0;
}

static bool
within_share(const struct room *room, const struct seat *seat, size_t bytes, uint32_t edits)
{
    uint32_t share = room->options.limits.inbox_bytes / 8;
    share = share < SEAT_BYTES_MIN ? SEAT_BYTES_MIN : share;
    return entry_bytes(bytes) <= share - seat->waiting_bytes &&
           edits <= SEAT_EDITS_MAX - seat->waiting_edits;
}

/* What a message holds, or why it cannot be taken. */
static enum status message_measure(struct bytes message, uint32_t *operations, uint32_t *edits)
{
    struct reader reader = reader_on(message);
    uint32_t count = read_array(&reader);
    int64_t kind = read_integer(&reader);
    if (reader.status != STATUS_OK)
        return reader.status;
    if (kind == CLIENT_OPERATIONS) {
        if (count < 2)
            return STATUS_MALFORMED;
        *operations = count - 1;
        for (uint32_t i = 1; i < count && reader.status == STATUS_OK; i++)
            *edits += operation_count(&reader);
    } else if (kind == CLIENT_PRESENCE) {
        presence_check(&reader, count - 1);
        *edits = 1;
    } else if (kind > CLIENT_MOVED && kind <= CLIENT_MOVED + CLIENT_MOVED_MASK_MAX) {
        if (count != 1 + (uint32_t)__builtin_popcountll((unsigned long long)kind - CLIENT_MOVED))
            return STATUS_MALFORMED;
        for (uint32_t i = 1; i < count; i++)
            read_integer_in(&reader, 0, 4 * INTEGER_MAX);
    } else {
        return STATUS_MALFORMED;
    }
    return reader_end(&reader);
}

enum status room_submit(struct room *room, uint32_t number, struct bytes message)
{
    struct seat *seat = &room->seats[number];
    uint32_t operations = 0;
    uint32_t edits = 0;
    int64_t kind;
    if (message.length > MESSAGE_BYTES_MAX)
        return STATUS_LIMIT;
    if (wire_read_kind(message, &kind) == STATUS_OK && kind == CLIENT_INPUTS)
        return inputs_submit(room, number, message);
    enum status status = message_measure(message, &operations, &edits);
    if (status != STATUS_OK)
        return status;
    uint32_t untold = seat->client->sequence - seat->told;
    if (operations > OPERATIONS_IN_FLIGHT_MAX ||
        operations + untold + seat->undecided > OPERATIONS_IN_FLIGHT_MAX ||
        operations + seat->undecided > UINT32_MAX - seat->client->sequence ||
        !within_share(room, seat, message.length, edits))
        return STATUS_LIMIT;
    status = inbox_add(room,
                       (struct inbox_entry){.seat = number,
                                            .kind = INBOX_MESSAGE,
                                            .length = (uint32_t)message.length,
                                            .edits = edits},
                       message.data);
    if (status != STATUS_OK)
        return status;
    seat->undecided = (uint16_t)(seat->undecided + operations);
    seat->waiting_bytes += (uint32_t)entry_bytes(message.length);
    seat->waiting_edits = (uint16_t)(seat->waiting_edits + edits);
    return STATUS_OK;
}
