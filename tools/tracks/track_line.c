/* The racing line: of all lines between the edges the one that bends least, found by smoothing, coarse
 * first. And the pace on it: what the tyres hold in the bends, what the brakes allow before them. */
#include "tools/tracks/track_plan.h"

#include <math.h>

#define ROUNDS  300u
#define EDGE    1.6  /* m that the line keeps from the edges of the road */
#define TYRES   15.5 /* m/s² sideways, less than asphalt holds (race_step.c) */
#define BRAKES  12.5 /* m/s² likewise */
#define FASTEST 66.0 /* m/s */

struct spot {
    double x, y;
};

static struct spot spot_at(const struct track_shape *shape, uint32_t i)
{
    const struct shape_point *point = &shape->exact[i % shape->track.count];
    return (struct spot){point->x - point->ty * point->line, point->y + point->tx * point->line};
}

static double within(double value, double most)
{
    if (value > most)
        return most;
    return value < -most ? -most : value;
}

/* Moves one point of the line crosswise to where its four neighbours want it. */
static void relax(struct track_shape *shape, uint32_t i, uint32_t stride)
{
    uint32_t count = shape->track.count;
    struct spot a = spot_at(shape, i + count - 2 * stride), b = spot_at(shape, i + count - stride);
    struct spot c = spot_at(shape, i + stride), d = spot_at(shape, i + 2 * stride);
    double x = (4 * (b.x + c.x) - a.x - d.x) / 6;
    double y = (4 * (b.y + c.y) - a.y - d.y) / 6;
    struct shape_point *point = &shape->exact[i];
    double offset = (y - point->y) * point->tx - (x - point->x) * point->ty;
    point->line = within(offset, point->half > EDGE ? point->half - EDGE : 0);
}

/* Points between those of the stride get a share of both. */
static void fill(struct track_shape *shape, uint32_t stride)
{
    uint32_t count = shape->track.count;
    for (uint32_t i = 0; i < count; i += stride) {
        double from = shape->exact[i].line, to = shape->exact[(i + stride) % count].line;
        shape->exact[i + stride / 2].line = (from + to) / 2;
    }
}

static double bend_at(const struct track_shape *shape, uint32_t i)
{
    uint32_t count = shape->track.count;
    struct spot a = spot_at(shape, i + count - 2), b = spot_at(shape, i), c = spot_at(shape, i + 2);
    double abx = b.x - a.x, aby = b.y - a.y, bcx = c.x - b.x, bcy = c.y - b.y;
    double acx = c.x - a.x, acy = c.y - a.y;
    double lengths = (abx * abx + aby * aby) * (bcx * bcx + bcy * bcy) * (acx * acx + acy * acy);
    return 2 * fabs(abx * bcy - aby * bcx) / sqrt(lengths);
}

static double pace_in_bend(const struct track_shape *shape, uint32_t i)
{
    double bend = bend_at(shape, i);
    return bend * FASTEST * FASTEST > TYRES ? sqrt(TYRES / bend) : FASTEST;
}

/* Twice round backwards, so that the last bend before the start is slow enough for the first. */
static void find_pace(struct track_shape *shape)
{
    static double pace[SHAPE_POINTS_MAX];
    uint32_t count = shape->track.count;
    for (uint32_t i = 0; i < count; i++)
        pace[i] = pace_in_bend(shape, i);
    for (uint32_t i = 2 * count; i-- > 0;) {
        double next = pace[(i + 1) % count];
        double most = sqrt(next * next + 2 * BRAKES * shape->spacing);
        if (pace[i % count] > most)
            pace[i % count] = most;
    }
    double unit = (double)TRACK_PACES * RACE_TICK_HZ / RACE_METRE; /* m/s */
    for (uint32_t i = 0; i < count; i++)
        shape->points[i].pace = (uint16_t)(pace[i] / unit);
}

void track_line_find(struct track_shape *shape)
{
    uint32_t count = shape->track.count;
    for (uint32_t stride = SHAPE_STRIDE; stride > 0; stride /= 2) {
        for (uint32_t round = 0; round < ROUNDS; round++) {
            for (uint32_t i = 0; i < count; i += stride)
                relax(shape, i, stride);
        }
        if (stride > 1)
            fill(shape, stride);
    }
    for (uint32_t i = 0; i < count; i++)
        shape->points[i].line = (int16_t)(shape->exact[i].line * TRACK_WIDTHS);
    find_pace(shape);
}
