#include "tools/bench/pen.h"

#include <assert.h>
#include <math.h>

/* How long strokes are, from end to end along their way, in half pixels. */
#define LENGTH_MIN 40.0
#define LENGTH_MAX 1600.0

/* A pen tells its pressure in 32 steps: more are not seen. */
#define PRESSURE_STEPS 31.0
#define PRESSURE_STEP  4

/* 0 up to 1, from a xorshift that is never 0. */
static double uniform(struct pen *pen)
{
    pen->random ^= pen->random << 13;
    pen->random ^= pen->random >> 7;
    pen->random ^= pen->random << 17;
    return (double)(pen->random >> 11) / 9007199254740992.0;
}

static double between(struct pen *pen, double low, double high)
{
    return low + (high - low) * uniform(pen);
}

static void place_anywhere(struct pen *pen)
{
    pen->x = between(pen, -PEN_BOARD, PEN_BOARD);
    pen->y = between(pen, -PEN_BOARD, PEN_BOARD);
}

struct pen pen_of(uint64_t seed)
{
    struct pen pen = {.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1};
    for (int i = 0; i < 8; i++)
        uniform(&pen);
    place_anywhere(&pen);
    return pen;
}

/* Speed along the way at 0..1 of it: that of a minimum-jerk reach, which is never quite still here. */
static double speed_at(double part)
{
    return 0.1 + 30 * part * part * (1 - part) * (1 - part);
}

void pen_draw(struct pen *pen, uint32_t count, struct pen_stroke *stroke)
{
    assert(count > 1 && count <= PEN_POINTS_MAX);
    if (uniform(pen) < 0.05 || fabs(pen->x) > PEN_BOARD || fabs(pen->y) > PEN_BOARD)
        place_anywhere(pen);
    pen->x += between(pen, -60, 60);
    pen->y += between(pen, -60, 60);
    double length = LENGTH_MIN * pow(LENGTH_MAX / LENGTH_MIN, uniform(pen));
    double heading = between(pen, 0, 2 * 3.14159265358979);
    double bend = 0; /* radians a step */
    double press = between(pen, 0.3, 0.7), tremor = 0;
    int32_t x = (int32_t)lround(pen->x), y = (int32_t)lround(pen->y);
    *stroke = (struct pen_stroke){.x = x, .y = y, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        double part = (double)i / (count - 1);
        if (i > 0) {
            bend = 0.9 * bend + between(pen, -0.04, 0.04);
            heading += bend;
            pen->x += length / count * speed_at(part) * cos(heading);
            pen->y += length / count * speed_at(part) * sin(heading);
        }
        tremor = 0.8 * tremor + between(pen, -0.02, 0.02);
        double pressure = press * (0.5 + 0.5 * sin(3.14159265358979 * part)) + tremor;
        pressure = pressure < 0 ? 0 : pressure > 1 ? 1 : pressure;
        int32_t now_x = (int32_t)lround(pen->x), now_y = (int32_t)lround(pen->y);
        stroke->points[3 * i] = now_x - x;
        stroke->points[3 * i + 1] = now_y - y;
        stroke->points[3 * i + 2] = PRESSURE_STEP * (int32_t)lround(PRESSURE_STEPS * pressure);
        x = now_x;
        y = now_y;
    }
}
