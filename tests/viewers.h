/* viewers.h - members of a room that look at its frames: each has a replica, and each frame is taken
 * apart for the test and applied.
 *
 *   create();  uint32_t ada = viewer(ROLE_EDITOR);  tick_for(1);
 *   do_one(ada, "[0 'shapes' 'a']");  struct seen seen = round_for(1);  expect_equal(1);
 *
 * One room and its frames at a time, for the fixture of a test case: setup_viewers() and
 * teardown_viewers().
 */
#ifndef TESTS_VIEWERS_H
#define TESTS_VIEWERS_H

#include "tests/helpers.h"

#define VIEWERS_MAX 60

extern struct room_options options; /* for create(); kind_mixed unless changed */
extern struct room *room;
extern struct frames *frames;
extern struct replica *replicas[VIEWERS_MAX]; /* by seat */

void setup_viewers(void);
void teardown_viewers(void);
void create(void);

/* A member with a replica; seats of a new room are given out from 0. */
uint32_t viewer(enum role role);

struct section_seen {
    int scope;
    int flags;
    int64_t advance;
    uint32_t elements; /* of runs, or definitions */
    struct reader runs;
};

struct seen {
    struct frame_head head;
    size_t length;
    bool shared, more;
    const uint8_t *at; /* NULL: there was nothing to say */
    struct section_seen sections[SCOPE_COUNT];
};

/* The next frame of this member, applied to its replica. */
struct seen next(uint32_t seat);
const struct section_seen *section_of(const struct seen *seen, int scope);

/* So many records of `papers`, r0 and on, that few fit one message. */
void fill(unsigned records, unsigned from);

/* All that there is for this member between two ticks; its bytes. */
size_t catch_up(uint32_t seat);

/* One frame for each of the first `count` seats; the last one's. */
struct seen round_for(uint32_t count);
struct seen tick_for(uint32_t count);
void do_one(uint32_t seat, const char *edits);

/* Each of the first `count` holds what the room holds for it. */
void expect_equal(uint32_t count);

#endif
