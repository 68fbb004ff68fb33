/* logged_room.h - a room whose log is kept, and what a log leads to.
 *
 *   seat_both();
 *   does(ada, "[0 'papers' 'p']", STATUS_OK);
 *   ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
 *   expect_same(replay_room(&replay));
 *
 * The room and its options are those of viewers.h, its two members those of pair.h.
 */
#ifndef TESTS_LOGGED_ROOM_H
#define TESTS_LOGGED_ROOM_H

#include "tests/kept_log.h"
#include "tests/pair.h"

extern struct kept_log kept;
extern const struct kinds kinds; /* open and every */

void setup_logged(void); /* in a room of kind_every, incarnation 7, that remembers little */
void teardown_logged(void);

void tick(void);
void seat_both(void);
void does(uint32_t seat, const char *edits, enum status status);
void joined_and_left(void); /* ada, and then a third; she comes back with another role */
void sleeps(void);

/* Much happens, and nothing of it is written down: the seat of a third member. The log has to be
 * resumed. */
uint32_t play_in_a_hole(void);

struct bytes log_bytes(void); /* good until the next entry */
enum status replay_all(struct replay *replay, struct bytes bytes);

/* The room, but for presence, which is not logged. */
void expect_same(const struct room *again);

#endif
