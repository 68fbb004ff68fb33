/* pen.h - strokes as people draw and write them, for boards to be filled with.
 *
 *   struct pen pen = pen_of(seed);
 *   struct pen_stroke stroke;
 *   pen_draw(&pen, 50, &stroke);
 *
 * A stroke bends smoothly, is fast in its middle and slow at its ends, and is pressed on the same
 * way with a tremor. Short strokes are commoner than long ones (lengths are log-uniform), and the
 * next one begins near the end of the last, as in writing, or somewhere else.
 *
 * Units      points are half pixels, each from the one before, with a pressure of 0..127.
 * Ownership  a plain value; the same seed and calls give the same strokes.
 */
#ifndef TOOLS_BENCH_PEN_H
#define TOOLS_BENCH_PEN_H

#include <stdint.h>

#define PEN_POINTS_MAX 1000u
#define PEN_BOARD      16000 /* half pixels either way that are drawn on */

struct pen_stroke {
    int32_t x, y; /* of the first point, half pixels */
    uint32_t count;
    int32_t points[3 * PEN_POINTS_MAX]; /* dx, dy, pressure */
};

struct pen {
    uint64_t random;
    double x, y;
};

struct pen pen_of(uint64_t seed);
void pen_draw(struct pen *pen, uint32_t count, struct pen_stroke *stroke);

#endif
