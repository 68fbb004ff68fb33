/* people.h - members of a room without a network, who do in it what people do: they point, draw and write,
 * drive, rest, and look at what the others do.
 *
 *   struct people *people = people_create(room, count, seed);
 *   each tick:
 *       people_act(people);
 *       room_prepare(room); room_tick(room);
 *       people_look(people);
 *   people_leave(people);
 *
 * They know what a page shows, and have no other means than its messages. The same seed does the same.
 *
 * Ownership  the room is the caller's and outlives them.
 * Errors     NULL, or false: the room does not take them, or a message of theirs; a mistake of this program.
 */
#ifndef TOOLS_PEOPLE_H
#define TOOLS_PEOPLE_H

#include "sync/frame.h"
#include "sync/room.h"
#include "tools/bench/hand.h"
#include "tools/bench/pen.h"

#define PEOPLE_MAX 200u

/* What they say in one tick. */
#define SAYING_BYTES_MAX 4096u

/* Pages tell of pointers so often at most. */
#define POINTER_HZ 20u

enum doing {
    DOING_NOTHING, /* reading, or looking elsewhere */
    DOING_POINT,   /* the pointer wanders */
    DOING_DRAW,    /* stroke by stroke */
    DOING_DRAG,    /* an object of its own goes where the pointer goes */
    DOING_TYPE     /* into a note */
};

struct person {
    uint32_t seat;
    uint64_t random;
    struct hand hand;
    struct pen pen;
    int32_t shown_x, shown_y; /* the pointer, as it was told last */
    enum doing doing;
    uint32_t ticks_left; /* of that */
    uint32_t pause;      /* ticks until the next stroke */
    struct pen_stroke stroke;
    uint32_t drawn; /* points of it; all: there is none under way */
    uint32_t made;  /* objects */
    int32_t z;
    char object[13]; /* the newest that it made, which it drags or types into; empty: none */
    uint64_t next;   /* the tick behind that of its last input */
    uint32_t input;
    uint32_t wanted; /* what its hands are moving to */
    uint32_t reacts; /* ticks until it looks at the road again */
    uint32_t skill;
};

struct people;

/* What people do in rooms of one kind. */
struct habit {
    const char *kind;
    bool (*arrive)(struct people *people, struct person *person);
    bool (*act)(struct people *people, struct person *person); /* before each tick */
};

struct people {
    struct room *room;
    const struct habit *habit;
    struct frames *frames;
    uint32_t count;
    uint32_t hz; /* ticks a second */
    struct writer saying;
    uint8_t bytes[SAYING_BYTES_MAX];
    struct person *persons;
};

/* NULL where there is no such habit, too. */
struct people *people_create(struct room *room, uint32_t count, uint64_t seed);
void people_destroy(struct people *people);

MUST_CHECK bool people_act(struct people *people);

/* Takes the frames of a tick in which they are due, as connections that are well. */
void people_look(struct people *people);
void people_leave(struct people *people);

/* --- For habits ----------------------------------------------------------------------------------- */

extern const struct habit cursors_habit, board_habit, race_habit;

/* Below `bound`, and whether it is one of so many; a length between two, in ticks. */
uint32_t person_below(struct person *person, uint32_t bound);
bool person_does(struct person *person, uint32_t one_of);
uint32_t
person_ticks(const struct people *people, struct person *person, double low_s, double high_s);

/* A message begins; its parts are packed into people->saying; and it is said. */
struct writer *say(struct people *people, uint32_t elements, enum client_message kind);
MUST_CHECK bool said(struct people *people, const struct person *person);

/* One operation of one edit, whose elements follow. */
struct writer *
say_edit(struct people *people, enum verb verb, uint32_t collection, uint32_t elements);

/* The hand goes on by a tick. */
void person_moves(struct people *people, struct person *person);

/* Where the pointer is, as these two fields of presence, in their steps; told where that is new. */
MUST_CHECK bool
person_points(struct people *people, struct person *person, uint32_t field, int32_t x, int32_t y);

#endif
