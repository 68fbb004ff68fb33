/* What a track must be, so that a car is never in two places and walls hold everywhere. */
#include "sync/race_step.h"
#include "tools/tracks/track_plan.h"

#include <stdio.h>

#define HALF_MIN  3.5 /* m from the centre to the edge: two cars side by side */
#define WALL_MAX  200.0
#define FOLD      0.2 /* the share of the spacing that is left along the inner wall of a bend */
#define CORNERS   4u
#define COUNT_MIN 32u

struct corner {
    double x, y;
};

/* The road and its verges from point i to the next. */
struct piece {
    struct corner corners[CORNERS];
};

static struct corner beside(const struct shape_point *point, double offset)
{
    return (struct corner){point->x - point->ty * offset, point->y + point->tx * offset};
}

static struct piece piece_at(const struct track_shape *shape, uint32_t i)
{
    const struct shape_point *from = &shape->exact[i];
    const struct shape_point *to = &shape->exact[(i + 1) % shape->track.count];
    return (struct piece){{beside(from, -from->left), beside(from, from->right),
                           beside(to, to->right), beside(to, -to->left)}};
}

static bool
fail(char error[ERROR_MAX], const struct track_shape *shape, uint32_t i, const char *why)
{
    const struct shape_point *point = &shape->exact[i];
    snprintf(error, ERROR_MAX, "%s at %.0f m along the lap, near (%.0f, %.0f)", why,
             i * shape->spacing, point->x, point->y);
    return false;
}

/* Both walls go forwards with the road, and not much slower. */
static bool folds(const struct track_shape *shape, uint32_t i)
{
    struct piece piece = piece_at(shape, i);
    const struct shape_point *from = &shape->exact[i];
    const struct shape_point *to = &shape->exact[(i + 1) % shape->track.count];
    double tx = (from->tx + to->tx) / 2, ty = (from->ty + to->ty) / 2;
    const struct corner *c = piece.corners;
    double left = (c[3].x - c[0].x) * tx + (c[3].y - c[0].y) * ty;
    double right = (c[2].x - c[1].x) * tx + (c[2].y - c[1].y) * ty;
    return left < FOLD * shape->spacing || right < FOLD * shape->spacing;
}

/* Whether a line along one side of `a` has all of `b` on its outer side. */
static bool divided(const struct piece *a, const struct piece *b)
{
    for (uint32_t side = 0; side < CORNERS; side++) {
        struct corner from = a->corners[side], to = a->corners[(side + 1) % CORNERS];
        struct corner inner = a->corners[(side + 2) % CORNERS];
        double dx = to.x - from.x, dy = to.y - from.y;
        double inside = dx * (inner.y - from.y) - dy * (inner.x - from.x);
        bool all_outside = true;
        for (uint32_t i = 0; i < CORNERS && all_outside; i++) {
            double here = dx * (b->corners[i].y - from.y) - dy * (b->corners[i].x - from.x);
            all_outside = here * inside <= 0;
        }
        if (all_outside)
            return true;
    }
    return false;
}

/* The first piece that lies on another one that is no neighbour of it; the count when there is none. */
static uint32_t first_overlap(const struct track_shape *shape)
{
    uint32_t count = shape->track.count;
    for (uint32_t i = 0; i < count; i++) {
        struct piece a = piece_at(shape, i);
        for (uint32_t j = i + 2; j < count && !(i == 0 && j == count - 1); j++) {
            struct piece b = piece_at(shape, j);
            if (!divided(&a, &b) && !divided(&b, &a))
                return i;
        }
    }
    return count;
}

static bool check_points(const struct track_shape *shape, char error[ERROR_MAX])
{
    for (uint32_t i = 0; i < shape->track.count; i++) {
        const struct shape_point *point = &shape->exact[i];
        if (point->half < HALF_MIN)
            return fail(error, shape, i, "the road is too narrow");
        if (point->left > WALL_MAX || point->right > WALL_MAX)
            return fail(error, shape, i, "a wall is too far away");
        if (folds(shape, i))
            return fail(error, shape, i, "the inner wall folds back: the bend is too tight");
    }
    return true;
}

static bool check_grid(const struct track_shape *shape, char error[ERROR_MAX])
{
    const struct track *track = &shape->track;
    int64_t back = track->grid_first + (int64_t)(CAR_GRID - 1) * track->grid_step;
    if (back > track->length / 2) {
        snprintf(error, ERROR_MAX, "the grid is longer than half a lap");
        return false;
    }
    for (int64_t at = 0; at <= back; at += track->spacing) {
        uint32_t i = (uint32_t)((track->length - at) / track->spacing) % track->count;
        if (shape->points[i].half * (RACE_METRE / TRACK_WIDTHS) < track->grid_side + CAR_RADIUS)
            return fail(error, shape, i, "the grid does not fit on the road");
    }
    return true;
}

bool track_shape_check(const struct track_shape *shape, char error[ERROR_MAX])
{
    const struct track *track = &shape->track;
    if (track->count < COUNT_MIN) {
        snprintf(error, ERROR_MAX, "a lap of %u points is too short", track->count);
        return false;
    }
    if (!check_points(shape, error) || !check_grid(shape, error))
        return false;
    uint32_t overlap = first_overlap(shape);
    if (!track->crosses && overlap < track->count)
        return fail(error, shape, overlap, "the track meets itself");
    if (track->crosses && overlap == track->count) {
        snprintf(error, ERROR_MAX, "it is said to cross itself and does not");
        return false;
    }
    return true;
}
