#include "sync/race_driver.h"

#define SPEED(metres) ((metres)*RACE_METRE / RACE_TICK_HZ)
#define RADIAN        10430 /* 1/65536 of a turn */

#define LOOK          (7 * RACE_METRE)       /* as far ahead it aims, and */
#define LOOK_TICKS    20                     /* this much farther with speed */
#define LEAD_TICKS    4                      /* how much ahead the pedals are */
#define SLOWEST       SPEED(2)               /* steering is reckoned for no less */
#define EDGE          (RACE_METRE * 13 / 10) /* it aims no closer to the edge */
#define SLACK         SPEED(1)               /* too fast by this much it only coasts */
#define LOST_BELOW    SPEED(12)
#define TURNING_SPEED SPEED(6)
#define STANDING      SPEED(1) / 4
#define PASS_REACH    (24 * RACE_METRE)
#define PASS_GAP      (CAR_WIDTH * 3 / 2)

static int64_t size_of(int64_t value)
{
    return value < 0 ? -value : value;
}

static int32_t clamp(int64_t value, int32_t most)
{
    if (value > most)
        return most;
    return value < -most ? -most : (int32_t)value;
}

static uint32_t input_of(int32_t steer, uint32_t pedals)
{
    return (uint32_t)(CAR_STEER_CENTRE + steer) | pedals;
}

/* The steering whose circle leads through where the racing line will be in a moment. */
static int32_t steer_along(const struct car *car,
                           const struct track *track,
                           const struct track_place *place,
                           int32_t lane)
{
    int32_t ahead = car_ahead(car);
    int32_t speed = ahead > SLOWEST ? ahead : SLOWEST;
    int64_t aim = (int64_t)place->along + LOOK + (int64_t)speed * LOOK_TICKS;
    int32_t room = place->half > EDGE ? place->half - EDGE : 0;
    struct track_spot spot;
    track_at(track, aim, clamp((int64_t)track_line(track, aim) + lane, room), &spot);

    int64_t dx = (int64_t)spot.x - car->x, dy = (int64_t)spot.y - car->y;
    int64_t fx = race_cosine(car->heading), fy = race_sine(car->heading);
    int64_t aside = (dy * fx - dx * fy) / TRACK_UNIT;
    if (dx * fx + dy * fy <= 0)
        return aside < 0 ? -CAR_STEER_CENTRE : CAR_STEER_CENTRE;
    int64_t square = dx * dx + dy * dy;
    int64_t spin = speed * aside * (2 * RADIAN) / square;
    int32_t most = car_turn_max(speed);
    int64_t half = spin < 0 ? -most / 2 : most / 2;
    return clamp((spin * CAR_STEER_CENTRE + half) / most, CAR_STEER_CENTRE);
}

/* Slow and crosswise or the wrong way round: it goes on as it rolls until a wall comes close, then the
 * other way, and always so that the nose comes round to the road. What it rolls is all it remembers. */
static uint32_t turn_round(const struct car *car, const struct track_place *place, int64_t across)
{
    int32_t right = place->right - place->offset, left = place->left + place->offset;
    int32_t before = across > 0 ? right : left, behind = across > 0 ? left : right;
    int32_t ahead = car_ahead(car);
    bool forwards = before > behind;
    if (ahead > STANDING)
        forwards = before > CAR_LENGTH;
    else if (ahead < -STANDING)
        forwards = behind <= CAR_LENGTH;
    bool rolls_forwards = forwards ? ahead > -STANDING : ahead > STANDING;
    int32_t steer = (across > 0) == rolls_forwards ? -CAR_STEER_CENTRE : CAR_STEER_CENTRE;
    bool slow = size_of(ahead) < TURNING_SPEED || forwards != rolls_forwards;
    uint32_t pedal = forwards ? CAR_THROTTLE : CAR_BRAKE;
    return input_of(steer, slow ? pedal : 0);
}

static uint32_t pedals_for(const struct car *car, int32_t pace, bool astray)
{
    int32_t ahead = car_ahead(car);
    if (astray || ahead > pace + SLACK)
        return CAR_BRAKE;
    return ahead > pace || (car->signs & CAR_SLIDES) != 0 ? 0 : CAR_THROTTLE;
}

uint32_t
driver_input(const struct car *car, const struct track *track, uint32_t skill, int32_t lane)
{
    struct track_place place;
    track_find(track, car->x, car->y, car->segment, &place);
    int64_t fx = race_cosine(car->heading), fy = race_sine(car->heading);
    int64_t facing = (fx * place.ny - fy * place.nx) / TRACK_UNIT;
    int64_t across = (fx * place.nx + fy * place.ny) / TRACK_UNIT;
    bool astray = facing < TRACK_UNIT / 2;
    if (astray && size_of(car_ahead(car)) < LOST_BELOW)
        return turn_round(car, &place, across);

    int64_t lead = (int64_t)car_ahead(car) * LEAD_TICKS;
    int64_t pace = track_pace(track, place.along + lead);
    uint32_t graded = skill < DRIVER_SKILL_MAX ? skill : DRIVER_SKILL_MAX;
    pace = pace * (2 * DRIVER_SKILL_MAX + graded) / (3 * DRIVER_SKILL_MAX);
    if (car->surface == SURFACE_GRASS || car->surface == SURFACE_SAND)
        pace = pace * 2 / 3;
    return input_of(steer_along(car, track, &place, lane), pedals_for(car, (int32_t)pace, astray));
}

int32_t
driver_lane(const struct car *car, const struct track *track, const struct car *other, int32_t wish)
{
    struct track_place here, there;
    track_find(track, car->x, car->y, car->segment, &here);
    track_find(track, other->x, other->y, other->segment, &there);
    int32_t gap = track_advance(track, here.along, there.along);
    int32_t line = track_line(track, there.along);
    int64_t aside = (int64_t)there.offset - line - wish;
    if (gap <= 0 || gap > PASS_REACH || size_of(aside) >= PASS_GAP ||
        car_speed(car) <= car_speed(other))
        return wish;
    int32_t lane = there.offset - line;
    return there.offset > 0 ? lane - PASS_GAP : lane + PASS_GAP;
}
