#include "sync/race_step.h"
#include "tools/tracks/track_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FINE       64u        /* steps from one control point to the next, to measure along them */
#define KERB_BEND  (1.0 / 95) /* bends tighter than this many metres have kerbs, */
#define KERB_NEAR  5u         /* and so many points before and behind them, */
#define KERB_FROM  2.4        /* where the racing line is no farther from the edge than this */
#define WIDTH_UNIT (1.0 / TRACK_WIDTHS)

/* --- The curve: a closed cubic B-spline, smooth to its second derivative ----------------------- */

struct weights {
    double of[4];
};

static struct weights weights_at(double f)
{
    double g = 1 - f;
    return (struct weights){{g * g * g / 6, (3 * f * f * f - 6 * f * f + 4) / 6,
                             (-3 * f * f * f + 3 * f * f + 3 * f + 1) / 6, f * f * f / 6}};
}

static struct weights slopes_at(double f)
{
    double g = 1 - f;
    return (struct weights){
        {-g * g / 2, (3 * f * f - 4 * f) / 2, (-3 * f * f + 2 * f + 1) / 2, f * f / 2}};
}

static const struct plan_point *control(const struct track_plan *plan, uint32_t span, uint32_t i)
{
    return &plan->points[(span + plan->count - 1 + i) % plan->count];
}

/* What the plan says at parameter `at`, which counts control points; the edges go over into one
 * another as the road does, surfaces from the nearer control point. */
static struct plan_point blend(const struct track_plan *plan, uint32_t span, struct weights weights)
{
    struct plan_point sum = {0};
    for (uint32_t i = 0; i < 4; i++) {
        const struct plan_point *point = control(plan, span, i);
        sum.x += weights.of[i] * point->x;
        sum.y += weights.of[i] * point->y;
        sum.width += weights.of[i] * point->width;
        sum.left += weights.of[i] * point->left;
        sum.right += weights.of[i] * point->right;
    }
    return sum;
}

static void sample(struct shape_point *exact,
                   struct track_point *point,
                   const struct track_plan *plan,
                   double at)
{
    uint32_t span = (uint32_t)at % plan->count;
    double f = at - (double)(uint32_t)at;
    struct plan_point here = blend(plan, span, weights_at(f));
    struct plan_point slope = blend(plan, span, slopes_at(f));
    double length = sqrt(slope.x * slope.x + slope.y * slope.y);
    const struct plan_point *nearest = control(plan, span, f < 0.5 ? 1 : 2);
    *exact = (struct shape_point){.x = here.x, .y = here.y, .half = here.width / 2};
    exact->tx = length > 0 ? slope.x / length : 1;
    exact->ty = length > 0 ? slope.y / length : 0;
    exact->left = exact->half + here.left;
    exact->right = exact->half + here.right;
    point->on_left = nearest->on_left;
    point->on_right = nearest->on_right;
}

/* Distances from the start at each fine step of the parameter. */
static double measure(const struct track_plan *plan, double *along)
{
    uint32_t steps = plan->count * FINE;
    struct plan_point last = blend(plan, 0, weights_at(0));
    along[0] = 0;
    for (uint32_t i = 1; i <= steps; i++) {
        struct plan_point here =
            blend(plan, i / FINE % plan->count, weights_at((double)(i % FINE) / FINE));
        double dx = here.x - last.x, dy = here.y - last.y;
        along[i] = along[i - 1] + sqrt(dx * dx + dy * dy);
        last = here;
    }
    return along[steps];
}

static bool sample_evenly(struct track_shape *shape, const struct track_plan *plan, char error[])
{
    static double along[PLAN_POINTS_MAX * FINE + 1];
    double length = measure(plan, along);
    double wanted = length / (SHAPE_SPACING * SHAPE_STRIDE);
    if (!(wanted >= 2 && wanted <= SHAPE_POINTS_MAX / SHAPE_STRIDE)) {
        snprintf(error, ERROR_MAX, "a lap of %.0f m is too short or too long", length);
        return false;
    }
    shape->track.count = (uint32_t)wanted * SHAPE_STRIDE;
    shape->spacing = length / shape->track.count;
    uint32_t step = 0;
    for (uint32_t i = 0; i < shape->track.count; i++) {
        double distance = i * shape->spacing;
        while (along[step + 1] <= distance)
            step++;
        double part = (distance - along[step]) / (along[step + 1] - along[step]);
        sample(&shape->exact[i], &shape->points[i], plan, (step + part) / FINE);
    }
    return true;
}

/* --- Into the table --------------------------------------------------------------------------- */

static int32_t rounded(double value)
{
    return (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
}

/* The angle whose sine and cosine, as the race reckons them, come closest to a direction. */
static uint16_t heading_of(double tx, double ty)
{
    uint16_t heading = ty < 0 ? 0x8000 : 0;
    for (uint32_t step = 0x4000; step > 0; step /= 2) {
        uint16_t next = (uint16_t)(heading + step);
        if (race_cosine(next) * ty - race_sine(next) * tx >= 0)
            heading = next;
    }
    return heading;
}

static double bend_at(const struct track_shape *shape, uint32_t i)
{
    uint32_t count = shape->track.count;
    const struct shape_point *a = &shape->exact[(i + count - 1) % count];
    const struct shape_point *b = &shape->exact[(i + 1) % count];
    return (a->tx * b->ty - a->ty * b->tx) / (2 * shape->spacing);
}

/* Where the racing line comes to the edge of a bend, or within a few points of one: on that side. */
static uint16_t kerb_at(const struct track_shape *shape, uint32_t i)
{
    uint32_t count = shape->track.count;
    const struct shape_point *point = &shape->exact[i];
    double beside = point->line < 0 ? -point->line : point->line;
    if (beside < point->half - KERB_FROM)
        return 0;
    for (uint32_t near = count - KERB_NEAR; near <= count + KERB_NEAR; near++) {
        double bend = bend_at(shape, (i + near) % count);
        if (bend > KERB_BEND || bend < -KERB_BEND)
            return point->line < 0 ? TRACK_KERB_LEFT : TRACK_KERB_RIGHT;
    }
    return 0;
}

/* A kerb begins a point before the line comes to it and ends one behind. */
static void lay_kerbs(struct track_shape *shape)
{
    uint32_t count = shape->track.count;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t near = count - 1; near <= count + 1; near++)
            shape->points[(i + near) % count].kerbs |= kerb_at(shape, i);
    }
}

static void tabulate_points(struct track_shape *shape)
{
    for (uint32_t i = 0; i < shape->track.count; i++) {
        const struct shape_point *exact = &shape->exact[i];
        struct track_point *point = &shape->points[i];
        point->x = rounded(exact->x * RACE_METRE);
        point->y = rounded(exact->y * RACE_METRE);
        point->tx = (int16_t)rounded(exact->tx * TRACK_UNIT);
        point->ty = (int16_t)rounded(exact->ty * TRACK_UNIT);
        point->heading = heading_of(exact->tx, exact->ty);
        point->half = (uint16_t)rounded(exact->half / WIDTH_UNIT);
        point->left = (uint16_t)rounded(exact->left / WIDTH_UNIT);
        point->right = (uint16_t)rounded(exact->right / WIDTH_UNIT);
    }
}

static void enclose(struct track *track, const struct shape_point *point, double offset)
{
    int32_t x = rounded((point->x - point->ty * offset) * RACE_METRE);
    int32_t y = rounded((point->y + point->tx * offset) * RACE_METRE);
    track->west = x < track->west ? x : track->west;
    track->east = x > track->east ? x : track->east;
    track->north = y < track->north ? y : track->north;
    track->south = y > track->south ? y : track->south;
}

static void tabulate_track(struct track_shape *shape, const struct track_plan *plan)
{
    struct track *track = &shape->track;
    track->points = shape->points;
    track->spacing = rounded(shape->spacing * RACE_METRE);
    track->length = track->spacing * (int32_t)track->count;
    track->grid_first = rounded(plan->grid_first * RACE_METRE);
    track->grid_step = rounded(plan->grid_step * RACE_METRE);
    track->grid_side = rounded(plan->grid_side * RACE_METRE);
    track->checkpoint_count = plan->checkpoints;
    for (uint32_t i = 0; i < plan->checkpoints; i++)
        track->checkpoints[i] = i * track->count / plan->checkpoints;
    track->west = track->north = RACE_FAR;
    track->east = track->south = -RACE_FAR;
    for (uint32_t i = 0; i < track->count; i++) {
        enclose(track, &shape->exact[i], -shape->exact[i].left);
        enclose(track, &shape->exact[i], shape->exact[i].right);
    }
}

bool track_shape_make(struct track_shape *shape,
                      const struct track_plan *plan,
                      char error[ERROR_MAX])
{
    memset(shape, 0, sizeof *shape);
    shape->track = plan->track;
    if (!sample_evenly(shape, plan, error))
        return false;
    tabulate_points(shape);
    tabulate_track(shape, plan);
    if (!track_shape_check(shape, error))
        return false;
    track_line_find(shape);
    lay_kerbs(shape);
    return true;
}
