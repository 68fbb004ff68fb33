/* bits.c - a marble after every 1,000th of many steps, as this machine's compiler has it. */
#include "step.h"

#include <stdio.h>

#define STEPS 200000

int main(void)
{
    struct marble marble = {.x = 100 * UNIT, .y = 100 * UNIT};
    uint32_t random = 1;
    for (int i = 1; i <= STEPS; i++) {
        random = random * 1664525u + 1013904223u;
        marble_step(&marble, (random >> 16) % 10); /* 9 is no tilt */
        if (i % 1000 == 0)
            printf("%d %d %d %d\n", marble.x, marble.y, marble.vx, marble.vy);
    }
    return 0;
}
