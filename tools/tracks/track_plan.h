/* track_plan.h - a track as its maker wrote it, and as the table that it becomes.
 *
 *   struct track_plan plan;
 *   struct track_shape shape;
 *   if (track_plan_read(&plan, path, error) && track_shape_make(&shape, &plan, error))
 *       shape.track and shape.points are what the race drives on
 *
 * Units      a plan is in metres; a shape is in the units of sync/race_track.h.
 * Errors     false, with a sentence in `error` that says what is wrong and where.
 * Limits     below. Nothing but additions, products, quotients and roots of doubles goes into a shape, so that every
 *            machine makes the same table.
 */
#ifndef TOOLS_TRACKS_TRACK_PLAN_H
#define TOOLS_TRACKS_TRACK_PLAN_H

#include "sync/race_track.h"

#define PLAN_POINTS_MIN  8u
#define PLAN_POINTS_MAX  128u
#define SHAPE_POINTS_MAX 2048u
#define SHAPE_SPACING    3.0 /* m between points, about */
#define SHAPE_STRIDE     8u  /* their count is a multiple of this: the racing line begins coarse */
#define ERROR_MAX        256

/* Where the control points of the plan pull the road. */
struct plan_point {
    double x, y;
    double width;              /* of the road */
    double left, right;        /* from its edges to the walls */
    uint8_t on_left, on_right; /* enum surface there */
};

struct track_plan {
    struct track track; /* name, title, laps, colours, crosses */
    double grid_first, grid_step, grid_side;
    struct plan_point points[PLAN_POINTS_MAX];
    uint32_t count;
    uint32_t checkpoints;
};

struct track_shape {
    struct track track; /* its `points` is the array below */
    struct track_point points[SHAPE_POINTS_MAX];
    /* The same before rounding, for what is reckoned from it. */
    struct shape_point {
        double x, y, tx, ty;
        double half, left, right; /* from the centre to the edge and to the walls */
        double line;
    } exact[SHAPE_POINTS_MAX];
    double spacing;
};

bool track_plan_read(struct track_plan *plan, const char *path, char error[ERROR_MAX]);
bool track_shape_make(struct track_shape *shape,
                      const struct track_plan *plan,
                      char error[ERROR_MAX]);

/* Steps of track_shape_make(): the line that bends least, the speed on it; then what a track must be. */
void track_line_find(struct track_shape *shape);
bool track_shape_check(const struct track_shape *shape, char error[ERROR_MAX]);

#endif
