/* screening.h - a recording that is played to viewers: the player, who brings it what it wishes for,
 * and replicas that look at its room.
 *
 *   struct screening screening = {.recording = &recording, .options = &options, .kinds = &kinds,
 *                                 .reach = 40};
 *   screening_open(&screening, tick);  screening_viewer(&screening);
 *   screening_say(&screening, 0, "'playing' true 'speed' 8");
 *   screening_tick(&screening);
 *   ck_assert_int_eq(screening_number(&screening, "tick"), 2);
 */
#ifndef TESTS_SCREENING_H
#define TESTS_SCREENING_H

#include "sync/frame.h"
#include "sync/player.h"
#include "sync/replica.h"
#include "tests/recording.h"

#define SCREENING_VIEWERS_MAX 8

struct screening {
    const struct recording *recording;
    const struct room_options *options; /* of the recorded room */
    const struct kinds *kinds;
    uint64_t reach; /* ticks that come with a moment, and at once behind it */
    uint64_t last;  /* what there is to bring; 0: all of the recording */
    bool holds;     /* nothing is brought: screening_bring() does */
    uint64_t lost;  /* what follows behind this tick is a gap, up to `found`; 0: none */
    uint64_t found;
    unsigned brought;
    uint32_t choked; /* viewers, a bit each, that are sent nothing */

    struct player *player;
    struct frames *frames;
    struct player_wish under_way;
    struct replica *replicas[SCREENING_VIEWERS_MAX];
    uint32_t seats[SCREENING_VIEWERS_MAX];
    uint32_t viewer_count;
};

void screening_open(struct screening *screening, uint64_t tick);
void screening_close(struct screening *screening);
uint32_t screening_viewer(struct screening *screening);

/* One tick, wishes, frames; each viewer that is complete holds what the room holds for it. */
void screening_tick(struct screening *screening);
void screening_ticks(struct screening *screening, unsigned ticks);

/* What was wished for before, and held back. */
void screening_bring(struct screening *screening);

/* Fields of the record `player`, in notation, and a tick; what became of it. */
enum status screening_say(struct screening *screening, uint32_t viewer, const char *pairs);

/* What the player tells; -1: it is unset. */
int64_t screening_number(const struct screening *screening, const char *field);

/* The room shows the moment that it tells of. */
void screening_expect(const struct screening *screening);

#endif
