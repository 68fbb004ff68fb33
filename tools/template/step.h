/* step.h - how a marble rolls: one tick of it, for the server and for the browser.
 *
 * Both run this very code and come to the same bits, so the browser can show a marble before the
 * server has said where it is. Keep it so: integers only, no library, nothing but the arguments.
 */
#ifndef STEP_H
#define STEP_H

#include <stdint.h>

#define UNIT         256 /* of length: a pixel of the table */
#define TABLE_WIDTH  (960 * UNIT)
#define TABLE_HEIGHT (540 * UNIT)
#define RADIUS       (14 * UNIT)
#define SPEED_MAX    (8 * UNIT) /* more than any marble reaches */

/* How a player tilts the table: -1, 0 or 1 across and down, each counted from 0. */
#define TILT_LEVEL 4
#define TILT_MAX   8

/* Velocities are per tick of 1/60 s. */
struct marble {
    int32_t x, y;
    int32_t vx, vy;
};

void marble_step(struct marble *marble, uint32_t tilt);

#endif
