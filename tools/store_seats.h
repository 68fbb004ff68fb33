/* store_seats.h - who sits where, as a log goes on: the log names seats, people call themselves by names.
 *
 *   struct seats_told seats = {0};
 *   seats_begin(&seats, replay.room);                what sits there by the room that the log begins with
 *   of each act:  seats_before(&seats, &act, room);
 *                 const struct sitting *who = seats_at(&seats, act.seat);
 *                 seats_after(&seats, &act);
 *   seats_free(&seats);
 *
 * `room` is the replay's, in which the act's entry is applied already; NULL where there is none.
 *
 * Errors     without memory somebody is not known by name; nothing else comes of it.
 */
#ifndef TOOLS_STORE_SEATS_H
#define TOOLS_STORE_SEATS_H

#include "sync/log_read.h"

#include <stdio.h>

/* More seats than a room has are not told apart. */
#define SEATS_TOLD_MAX (1u << 20)

struct sitting {
    uint32_t member; /* 0: not known */
    uint8_t *user;   /* packed */
    size_t user_length;
};

struct seats_told {
    struct sitting *seats;
    uint32_t count;
};

void seats_begin(struct seats_told *seats, const struct room *room);
void seats_before(struct seats_told *seats, const struct log_act *act, const struct room *room);
void seats_after(struct seats_told *seats, const struct log_act *act);
void seats_free(struct seats_told *seats);

/* NULL where nobody is known to sit. */
const struct sitting *seats_at(const struct seats_told *seats, uint32_t number);

/* What a user is called: its "name", or all of it where it is a text. Empty for neither. */
struct bytes user_name(struct bytes user);

/* "Ada #3", "#3", or "server" for member 0. */
void write_name(FILE *out, uint32_t member, struct bytes user);

/* Whether somebody is meant by `wanted`: a member's number, or what it is called. */
bool is_called(const char *wanted, uint32_t member, struct bytes user);

#endif
