/* race_track.h - the road of a race: a closed centre line with walls, and where on it something is.
 *
 *   struct track_place before = {0}, now;
 *   track_find(track, car->x, car->y, car->segment, &now);
 *   int32_t gained = track_advance(track, before.along, now.along);
 *   int32_t part = track_crossing(track, wanted, before.along, now.along);
 *   if (part >= 0)
 *       the line of checkpoint `wanted` was passed after part / TRACK_STEP_PARTS of this tick
 *
 * Units      lengths are 1/RACE_METRE m, speeds that in a tick of 1/RACE_TICK_HZ s, directions have the
 *            length TRACK_UNIT, angles are 1/65536 of a turn. As on a screen, x grows to the right and y
 *            downwards, angle 0 looks along x and grows clockwise. `along` counts from the start line
 *            in the direction of driving, 0 .. length - 1; `offset` is to the right of the centre line.
 * Ownership  tracks are constant tables, made at build time from sync/tracks/ by tools/tracks.
 * Errors     none: any numbers give some place on the track.
 * Limits     TRACK_SEARCH; TRACK_CHECKPOINTS_MAX; TRACKS_MAX, which rooms remember the best laps of.
 *
 * Freestanding: also a part of race.wasm. Between two of its points the road is the quadrilateral that the
 * crosswise lines through both cut out, so drawing straight lines from point to point draws it exactly.
 */
#ifndef SYNC_RACE_TRACK_H
#define SYNC_RACE_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#define RACE_METRE   65536
#define RACE_TICK_HZ 60

/* No coordinate is farther out. */
#define RACE_FAR (1 << 30)

#define TRACK_UNIT            16384 /* length of a direction */
#define TRACK_WIDTHS          256   /* widths in a point are whole 1/TRACK_WIDTHS m */
#define TRACK_PACES           4     /* its pace is a multiple of this */
#define TRACK_CHECKPOINTS_MAX 32
#define TRACKS_MAX            16
#define TRACK_STEP_PARTS      256

/* Points that a search from the last place goes either way. At full speed a car passes one in three ticks. */
#define TRACK_SEARCH 16

enum surface {
    SURFACE_ASPHALT,
    SURFACE_KERB,
    SURFACE_GRASS,
    SURFACE_SAND,
    SURFACE_COUNT
};

enum {
    TRACK_KERB_LEFT = 1,
    TRACK_KERB_RIGHT = 2
};

/* How far a kerb reaches beyond the road's edge. */
#define TRACK_KERB (RACE_METRE * 5 / 4)

struct track_point {
    int32_t x, y;
    int16_t tx, ty;   /* direction of driving */
    uint16_t heading; /* the same as an angle */
    uint16_t half;    /* from the centre to either edge, 1/TRACK_WIDTHS m */
    uint16_t left;    /* from the centre to the wall, likewise */
    uint16_t right;   /* likewise */
    int16_t line;     /* offset of the racing line, 1/TRACK_WIDTHS m */
    uint16_t pace;    /* a speed at which that line can be driven, in TRACK_PACES */
    uint8_t on_left;  /* enum surface between the edge, or its kerb, and the wall */
    uint8_t on_right;
    uint16_t kerbs; /* TRACK_KERB_LEFT | TRACK_KERB_RIGHT */
};

struct track {
    char name[16];  /* a word of a-z */
    char title[24]; /* for people */
    const struct track_point *points;
    uint32_t count;
    int32_t spacing; /* along, from each point to the next and from the last to the first */
    int32_t length;  /* count * spacing */
    uint32_t laps;   /* of a race, as its maker meant it */
    uint32_t checkpoint_count;
    uint32_t
        checkpoints[TRACK_CHECKPOINTS_MAX]; /* points, in order; the first is 0, start and finish */
    int32_t grid_first;                     /* from the line back to the first place of the grid */
    int32_t grid_step;                      /* from a place to the next one behind it */
    int32_t grid_side;                /* from the centre line, to one side and the other in turn */
    int32_t west, north, east, south; /* what the walls enclose lies within */
    uint32_t ground, road, accent;    /* colours for drawing, 0xrrggbb */
    bool crosses; /* over itself, by a bridge: cars close to each other may be far along the lap */
};

extern const struct track tracks[];
extern const uint32_t track_count;

/* Where on the road something is. */
struct track_place {
    uint32_t segment; /* from this point to the next */
    int32_t part;     /* how far between the two, 0..65536 */
    int32_t along;
    int32_t offset; /* beyond a wall too */
    int32_t x, y;   /* of the centre line here */
    int32_t nx, ny; /* crosswise, to the right; a little shorter than TRACK_UNIT within bends */
    int32_t half;   /* to the edge */
    int32_t left;   /* to the walls, both positive */
    int32_t right;
};

/* The place of (x, y), searched from segment `near`: TRACK_SEARCH points each way and no farther, so parts
 * of the road that come close to each other, or cross, are not mistaken for one another. False when it lies farther along:
 * the place is then at the end of the search. */
bool track_find(const struct track *track,
                int32_t x,
                int32_t y,
                uint32_t near,
                struct track_place *place);

enum surface track_surface(const struct track *track, const struct track_place *place);

/* Any number as a distance along the lap: 0 .. length - 1. */
int32_t track_wrap(const struct track *track, int64_t along);

/* The shortest way from one to the other, negative when it leads backwards: -length / 2 .. length / 2. */
int32_t track_advance(const struct track *track, int32_t from, int32_t to);

/* Whether the line of checkpoint `checkpoint` was passed forwards between two distances along the lap less than half a
 * lap apart: after how many TRACK_STEP_PARTS of the way, 0..TRACK_STEP_PARTS; -1 when it was not.
 * Reaching the line is passing it; leaving it is not. */
int32_t track_crossing(const struct track *track, uint32_t checkpoint, int32_t from, int32_t to);

/* Speed along the road of something there that moves by (vx, vy); negative: the wrong way. */
int32_t track_speed(const struct track_place *place, int32_t vx, int32_t vy);

/* The position at a distance along the lap (any number) and an offset, and the segment it lies on. */
struct track_spot {
    int32_t x, y;
    uint32_t segment;
};
void track_at(const struct track *track, int64_t along, int32_t offset, struct track_spot *spot);

/* The racing line's offset, and the pace on it, at a distance along the lap (any number). */
int32_t track_line(const struct track *track, int64_t along);
int32_t track_pace(const struct track *track, int64_t along);

#endif
