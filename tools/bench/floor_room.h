/* floor_room.h - rooms of the floor server: who is in them, where they point, sending to all.
 *
 *   floor->epoll_fd = epoll_create1(0);
 *   room_enter(room_find(floor, name), connection);
 *   when it says something: room_point(connection, position);
 *   every tick: for each room, room_relay(floor, room);
 *
 * Ownership  connections belong to the caller; a room is never freed before the process ends.
 * Errors     out of memory ends the process: a floor that runs short measures nothing.
 */
#ifndef TOOLS_BENCH_FLOOR_ROOM_H
#define TOOLS_BENCH_FLOOR_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSITION_BYTES  4u   /* int16 x, int16 y as the client sent them */
#define ROOM_NAME_BYTES 128u /* with the terminator */

/* A request for an upgrade fits, and so does any message the floor understands. */
#define HELD_BYTES 2048u

struct room;

struct connection {
    int fd;
    struct room *room; /* NULL before the upgrade */
    uint32_t seat;     /* index in room->members */

    uint8_t *tail; /* what a short send left over; NULL nearly always */
    size_t tail_length;

    size_t held_length; /* the start of a message that has not arrived whole */
    uint8_t held[HELD_BYTES];
};

struct member {
    struct connection *connection;
    uint16_t number;
    bool moved; /* since the last tick */
    uint8_t position[POSITION_BYTES];
};

struct room {
    char name[ROOM_NAME_BYTES];
    struct member *members;
    uint32_t count, capacity;
    uint16_t numbers_given;
    struct room *next;
};

struct floor {
    int epoll_fd;
    struct room *rooms;
    uint8_t *frame; /* scratch for one relayed frame */
    size_t frame_capacity;

    uint64_t messages_in, frames_out, bytes_out, updates_delivered;
    uint64_t skipped; /* frames not sent because the client was still owed an earlier one */
};

/* The room of that name, made if need be. Names longer than fit are cut. */
struct room *room_find(struct floor *floor, const char *name, size_t name_length);

void room_enter(struct room *room, struct connection *connection);
void room_leave(struct connection *connection);

/* Keeps the connection's newest position for the next tick. */
void room_point(struct connection *connection, const uint8_t position[POSITION_BYTES]);

/* Sends one frame to every member; returns how many it was sent to. */
uint32_t room_send(struct floor *floor, struct room *room, const uint8_t *frame, size_t length);

/* Builds one frame of everyone who moved since the last tick and sends it to all; nothing where
 * nobody moved. Entry: uint16 member, int16 x, int16 y. */
void room_relay(struct floor *floor, struct room *room);

/* Goes on with what a short send left over. False when the connection is broken. */
bool connection_drain(struct floor *floor, struct connection *connection);

/* calloc() and realloc() that end the process when there is no memory. */
void *allocate(size_t bytes);
void *resize(void *block, size_t bytes);

#endif
