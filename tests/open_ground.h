/* open_ground.h - a track that is nearly no track: a ring of four kilometres across and 200 m wide, so that
 * what a car does by itself can be measured. */
#ifndef TESTS_OPEN_GROUND_H
#define TESTS_OPEN_GROUND_H

#include "sync/race_track.h"

#define OPEN_GROUND_POINTS 1024

struct open_ground {
    struct track track;
    struct track_point points[OPEN_GROUND_POINTS];
};

/* Asphalt as far as `half` metres from the centre line, from there to the walls at 100 m `verge`. */
void open_ground_make(struct open_ground *ground, uint32_t half, enum surface verge);

#endif
