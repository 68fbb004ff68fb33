#include "step.h"

#define PUSH 24 /* what a tilt adds to the velocity in a tick */
#define DRAG 64 /* this part of the velocity is lost in a tick, and a little more */

static int32_t roll(int32_t speed, int32_t push)
{
    speed += push - speed / DRAG;
    return speed > 0 ? speed - 1 : speed < 0 ? speed + 1 : 0;
}

/* A wall gives back three quarters. */
static void bounce(int32_t *place, int32_t *speed, int32_t from, int32_t to)
{
    if (*place >= from && *place <= to)
        return;
    *place = *place < from ? 2 * from - *place : 2 * to - *place;
    *speed = -*speed * 3 / 4;
}

void marble_step(struct marble *marble, uint32_t tilt)
{
    if (tilt > TILT_MAX)
        tilt = TILT_LEVEL;
    marble->vx = roll(marble->vx, ((int32_t)(tilt % 3) - 1) * PUSH);
    marble->vy = roll(marble->vy, ((int32_t)(tilt / 3) - 1) * PUSH);
    marble->x += marble->vx;
    marble->y += marble->vy;
    bounce(&marble->x, &marble->vx, RADIUS, TABLE_WIDTH - RADIUS);
    bounce(&marble->y, &marble->vy, RADIUS, TABLE_HEIGHT - RADIUS);
}
