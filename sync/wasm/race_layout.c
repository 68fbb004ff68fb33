/* race_layout.c - what only race.wasm holds: cars for the page to fill, and where each field of a struct
 * lies, so that the page needs no second description of it. */
#include "sync/race_driver.h"

#include <stddef.h>

#define CARS 64

extern struct car cars[CARS];
struct car cars[CARS];
extern const uint32_t car_count;
const uint32_t car_count = CARS;

/* One field: of which struct, its name, where, how large, and what it is: 'i' and 'u' are integers with
 * and without sign, 'a' an array of uint32_t, 't' a text that ends with 0, 'p' an address. The size of a
 * struct is a field with no name. */
struct layout {
    char of[12], name[20];
    uint32_t offset, bytes, type;
};

#define FIELD(of, name, type)                                                                      \
    {                                                                                              \
#of, #name, offsetof(struct of, name), sizeof(((struct of *)0)->name), type                \
    }
#define SIZE(of)                                                                                   \
    {                                                                                              \
#of, "", 0, sizeof(struct of), 0                                                           \
    }

#define CAR(name, type)   FIELD(car, name, type)
#define TRACK(name, type) FIELD(track, name, type)
#define POINT(name, type) FIELD(track_point, name, type)

extern const struct layout layouts[];
const struct layout layouts[] = {
    SIZE(car),
    CAR(x, 'i'),
    CAR(y, 'i'),
    CAR(vx, 'i'),
    CAR(vy, 'i'),
    CAR(heading, 'u'),
    CAR(spin, 'i'),
    CAR(segment, 'u'),
    CAR(surface, 'u'),
    CAR(signs, 'u'),
    SIZE(track),
    TRACK(name, 't'),
    TRACK(title, 't'),
    TRACK(points, 'p'),
    TRACK(count, 'u'),
    TRACK(spacing, 'i'),
    TRACK(length, 'i'),
    TRACK(laps, 'u'),
    TRACK(checkpoint_count, 'u'),
    TRACK(checkpoints, 'a'),
    TRACK(grid_first, 'i'),
    TRACK(grid_step, 'i'),
    TRACK(grid_side, 'i'),
    TRACK(west, 'i'),
    TRACK(north, 'i'),
    TRACK(east, 'i'),
    TRACK(south, 'i'),
    TRACK(ground, 'u'),
    TRACK(road, 'u'),
    TRACK(accent, 'u'),
    TRACK(crosses, 'u'),
    SIZE(track_point),
    POINT(x, 'i'),
    POINT(y, 'i'),
    POINT(tx, 'i'),
    POINT(ty, 'i'),
    POINT(heading, 'u'),
    POINT(half, 'u'),
    POINT(left, 'u'),
    POINT(right, 'u'),
    POINT(line, 'i'),
    POINT(pace, 'u'),
    POINT(on_left, 'u'),
    POINT(on_right, 'u'),
    POINT(kerbs, 'u'),
};

extern const uint32_t layout_bytes, layout_count;
const uint32_t layout_bytes = sizeof layouts[0];
const uint32_t layout_count = sizeof layouts / sizeof layouts[0];
