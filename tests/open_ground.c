#include "tests/open_ground.h"

#include "sync/race_step.h"

#include <string.h>

#define RADIUS  2000
#define WALL    100
#define SPACING 804224 /* a 1024th of the way round, 12.27 m */

void open_ground_make(struct open_ground *ground, uint32_t half, enum surface verge)
{
    memset(ground, 0, sizeof *ground);
    ground->track = (struct track){.name = "ring",
                                   .points = ground->points,
                                   .count = OPEN_GROUND_POINTS,
                                   .spacing = SPACING,
                                   .length = SPACING * OPEN_GROUND_POINTS,
                                   .checkpoint_count = 1};
    for (uint32_t i = 0; i < OPEN_GROUND_POINTS; i++) {
        struct track_point *point = &ground->points[i];
        uint16_t angle = (uint16_t)(i * 65536 / OPEN_GROUND_POINTS);
        point->tx = (int16_t)race_cosine(angle);
        point->ty = (int16_t)race_sine(angle);
        point->x = (int32_t)((int64_t)point->ty * RADIUS * RACE_METRE / TRACK_UNIT);
        point->y = (int32_t)(-(int64_t)point->tx * RADIUS * RACE_METRE / TRACK_UNIT);
        point->heading = angle;
        point->half = (uint16_t)(half * TRACK_WIDTHS);
        point->left = WALL * TRACK_WIDTHS;
        point->right = WALL * TRACK_WIDTHS;
        point->on_left = (uint8_t)verge;
        point->on_right = (uint8_t)verge;
    }
}
