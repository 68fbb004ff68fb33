/* game_room.h - a room whose rules write in a tick what the test wants of them.
 *
 *   in_tick(every_value);                       a function that calls put(), room_emit() and the like
 *   expect_number(CARS, 0, "a", CAR_X, -1000);
 *
 * The room and its log are those of logged_room.h.
 */
#ifndef TESTS_GAME_ROOM_H
#define TESTS_GAME_ROOM_H

#include "tests/logged_room.h"

enum collection_number {
    PRESENCE,
    CARS,
    HANDS,
    SECRETS,
    LEDGER,
    NONE
};

enum {
    PRESENCE_X = 2,
    PRESENCE_NOTE = 3
};

enum car_field {
    CAR_X,
    CAR_ON,
    CAR_NAME,
    CAR_DATA,
    CAR_ANY,
    CAR_SUM,
    CAR_TRAIL,
    CAR_PLACE,
    CAR_FIELDS
};

enum event_number {
    CHAT,
    WAVE,
    NO_EVENT
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

extern struct rules kind; /* of the room; it may write 8 records and 64 bytes in a tick */
extern const struct kinds game_kinds;

/* With both members; at its end the log has to lead to the room. */
void setup_game(void);
void teardown_game(void);

/* What was written down leads to the same records, stamps and slots. */
void expect_same_from_log(void);

/* The next tick, in which the rules do this. */
void in_tick(void (*what)(void));

/* False when the last tick has not called them. */
bool rules_are_asked(void);

/* --- Inside of a tick --------------------------------------------------------------------------- */

struct bytes noted(const char *line); /* good for seven more */
struct field_value number_of(uint32_t field, int64_t number);
struct field_value packed_of(uint32_t field, const char *line);

enum status put(int collection, uint32_t member, const char *id, struct field_value value);
enum status put_x(const char *id, int64_t x); /* of a car */
void every_value(void);                       /* of the car 'a' */

void expect_number(int collection, uint32_t member, const char *id, uint32_t field, int64_t wanted);

#endif
