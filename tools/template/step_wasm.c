/* step_wasm.c - what only step.wasm has: a marble in its memory, for the page to fill and to read. */
#include "step.h"

struct marble *marble_place(void);

struct marble *marble_place(void)
{
    static struct marble place;
    return &place;
}
