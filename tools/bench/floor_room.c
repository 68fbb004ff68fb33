#include "tools/bench/floor_room.h"

#include "tools/bench/websocket.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ENTRY_BYTES (sizeof(uint16_t) + POSITION_BYTES)

void *allocate(size_t bytes)
{
    void *block = calloc(1, bytes);
    if (block == NULL)
        err(EXIT_FAILURE, "%zu bytes", bytes);
    return block;
}

void *resize(void *block, size_t bytes)
{
    block = realloc(block, bytes);
    if (block == NULL)
        err(EXIT_FAILURE, "%zu bytes", bytes);
    return block;
}

/* A walk over all rooms is fine: it happens once in a connection's life. */
struct room *room_find(struct floor *floor, const char *name, size_t name_length)
{
    if (name_length >= ROOM_NAME_BYTES)
        name_length = ROOM_NAME_BYTES - 1;
    for (struct room *room = floor->rooms; room != NULL; room = room->next)
        if (strncmp(room->name, name, name_length) == 0 && room->name[name_length] == '\0')
            return room;

    struct room *room = allocate(sizeof *room);
    memcpy(room->name, name, name_length);
    room->next = floor->rooms;
    floor->rooms = room;
    return room;
}

void room_enter(struct room *room, struct connection *connection)
{
    if (room->count == room->capacity) {
        room->capacity = room->capacity == 0 ? 8 : 2 * room->capacity;
        room->members = resize(room->members, room->capacity * sizeof *room->members);
    }
    connection->room = room;
    connection->seat = room->count;
    room->members[room->count++] =
        (struct member){.connection = connection, .number = ++room->numbers_given};
}

void room_leave(struct connection *connection)
{
    struct room *room = connection->room;
    struct member *last = &room->members[--room->count];
    room->members[connection->seat] = *last;
    last->connection->seat = connection->seat;
    connection->room = NULL;
}

void room_point(struct connection *connection, const uint8_t position[POSITION_BYTES])
{
    struct member *member = &connection->room->members[connection->seat];
    memcpy(member->position, position, POSITION_BYTES);
    member->moved = true;
}

static void watch(struct floor *floor, struct connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(floor->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) != 0)
        err(EXIT_FAILURE, "epoll_ctl");
}

/* True when the frame is on its way, whole or with a tail that goes first when there is room.
 * A broken connection is left to its own event, which is certain to come. */
static bool connection_send(struct floor *floor,
                            struct connection *connection,
                            const uint8_t *frame,
                            size_t length)
{
    if (connection->tail != NULL)
        return false;
    ssize_t sent = send(connection->fd, frame, length, MSG_NOSIGNAL);
    if (sent == (ssize_t)length)
        return true;
    if (sent <= 0)
        return false;

    connection->tail_length = length - (size_t)sent;
    connection->tail = allocate(connection->tail_length);
    memcpy(connection->tail, frame + sent, connection->tail_length);
    watch(floor, connection, EPOLLIN | EPOLLOUT);
    return true;
}

bool connection_drain(struct floor *floor, struct connection *connection)
{
    ssize_t sent = send(connection->fd, connection->tail, connection->tail_length, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;

    connection->tail_length -= (size_t)sent;
    memmove(connection->tail, connection->tail + sent, connection->tail_length);
    if (connection->tail_length == 0) {
        free(connection->tail);
        connection->tail = NULL;
        watch(floor, connection, EPOLLIN);
    }
    return true;
}

uint32_t room_send(struct floor *floor, struct room *room, const uint8_t *frame, size_t length)
{
    uint32_t sent = 0;
    for (uint32_t i = 0; i < room->count; i++)
        if (connection_send(floor, room->members[i].connection, frame, length))
            sent++;

    floor->skipped += room->count - sent;
    floor->frames_out += sent;
    floor->bytes_out += sent * length;
    return sent;
}

static size_t write_moves(struct room *room, uint8_t *out)
{
    size_t length = 0;
    for (uint32_t i = 0; i < room->count; i++) {
        struct member *member = &room->members[i];
        if (!member->moved)
            continue;
        member->moved = false;
        memcpy(out + length, &member->number, sizeof member->number);
        memcpy(out + length + sizeof member->number, member->position, POSITION_BYTES);
        length += ENTRY_BYTES;
    }
    return length;
}

void room_relay(struct floor *floor, struct room *room)
{
    size_t needed = WS_HEADER_MAX + room->count * ENTRY_BYTES;
    if (floor->frame_capacity < needed) {
        floor->frame_capacity = 2 * needed;
        floor->frame = resize(floor->frame, floor->frame_capacity);
    }

    uint8_t *body = floor->frame + WS_HEADER_MAX;
    size_t body_length = write_moves(room, body);
    if (body_length == 0)
        return;

    /* The header's length depends on the body's: it is written last, to end where that begins. */
    uint8_t header[WS_HEADER_MAX];
    size_t header_length = ws_write_header(header, WS_BINARY, body_length);
    memcpy(body - header_length, header, header_length);
    uint32_t sent = room_send(floor, room, body - header_length, header_length + body_length);
    floor->updates_delivered += sent * (body_length / ENTRY_BYTES);
}
