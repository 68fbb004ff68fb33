#include "sync/race_step.h"

/* Figures of the car, in metres, seconds and turns; tenths where that is written. */
#define SPEED(tenths)        ((tenths)*RACE_METRE / (10 * RACE_TICK_HZ))
#define ACCELERATION(tenths) ((tenths)*RACE_METRE / (10 * RACE_TICK_HZ * RACE_TICK_HZ))
#define RADIAN               10430 /* 1/65536 of a turn */

#define ENGINE       ACCELERATION(110) /* standing; falls evenly to nothing at ENGINE_SPEED */
#define ENGINE_SPEED SPEED(900)
#define REVERSE      ACCELERATION(60)
#define BACKWARDS    SPEED(100) /* as fast as it goes backwards */
#define BRAKES       ACCELERATION(160)
#define HANDBRAKE    ACCELERATION(50)
#define IDLING       ACCELERATION(12) /* what the engine holds back without throttle */
#define AIR          980 /* m in which the air alone takes the e-th part of the speed */
#define TOW_PARTS    (5 * CAR_TOW_MAX / 2) /* all of the draught takes two fifths off the air */

#define TURN_CIRCLE   38                /* m driven for a whole turn, steered all the way */
#define TURN_PULL     ACCELERATION(200) /* most that steering asks of the tyres */
#define SPIN_LAG      6 /* ticks in which the e-th part of a change of spin is left */
#define SPIN_MAX      2000
#define SLIDE         SPEED(30) /* sideways, from which on the tyres only slide */
#define STRAIGHTEN    20        /* ticks, like SPIN_LAG: a car turns to where it goes */
#define DRIFT         40        /* the same while it slides with throttle */
#define HANDBRAKE_LAG 80        /* the same while the rear wheels are locked */
#define ALIGNS_FROM   SPEED(20)

#define BOUNCE_PARTS 4                /* a quarter of the speed into a wall comes back */
#define RUB_PARTS    4                /* a quarter of it is lost along the wall */
#define SCRAPE       ACCELERATION(15) /* lost along a wall in each tick at it */
#define NUDGE_PARTS  64               /* of the speed into a wall turns the car along it */
#define NUDGE_STEEP  160              /* so that a nose at the wall does not stay there */
#define NUDGE_MAX    400
#define IMPULSE(gap) ((gap)*13 / 20) /* half of the closing speed, and three tenths of that back */
#define CLEAR        2 /* pushed apart by as much more, so that rounding leaves no touch */
#define TWIST_PARTS  8 /* of a push at nose or tail turns the car */

#define TOW_FROM  (CAR_LENGTH - CAR_LENGTH / 4)
#define TOW_REACH (28 * RACE_METRE)
#define TOW_HALF  (2 * RACE_METRE) /* on either side of the car ahead */
#define TOW_SPEED SPEED(200)

/* What holds a car on each surface: sideways while its tyres roll, sideways while they slide, what
 * rolling costs at any speed, and in how many ticks the e-th part of its speed is lost, 0 for none. */
struct ground {
    int32_t grip, slide, rolling, drag_ticks;
};

static const struct ground grounds[SURFACE_COUNT] = {
    [SURFACE_ASPHALT] = {ACCELERATION(180), ACCELERATION(140), ACCELERATION(4), 0},
    [SURFACE_KERB] = {ACCELERATION(155), ACCELERATION(125), ACCELERATION(8), 1200},
    [SURFACE_GRASS] = {ACCELERATION(85), ACCELERATION(70), ACCELERATION(25), 300},
    [SURFACE_SAND] = {ACCELERATION(75), ACCELERATION(60), ACCELERATION(30), 140},
};

/* --- Numbers ---------------------------------------------------------------------------------- */

#define QUARTER_STEPS 64

/* A quarter of a turn. */
static const int16_t quarter[QUARTER_STEPS + 1] = {
    0,     402,   804,   1205,  1606,  2006,  2404,  2801,  3196,  3590,  3981,  4370,  4756,
    5139,  5520,  5897,  6270,  6639,  7005,  7366,  7723,  8076,  8423,  8765,  9102,  9434,
    9760,  10080, 10394, 10702, 11003, 11297, 11585, 11866, 12140, 12406, 12665, 12916, 13160,
    13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978, 15137, 15286, 15426, 15557,
    15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379, 16384,
};

int32_t race_sine(uint16_t angle)
{
    int32_t within = angle & 0x3fff;
    if ((angle & 0x4000) != 0)
        within = 0x4000 - within;
    int32_t step = within / 256;
    int32_t low = quarter[step];
    int32_t high = quarter[step < QUARTER_STEPS ? step + 1 : QUARTER_STEPS];
    int32_t sine = low + (high - low) * (within % 256) / 256;
    return (angle & 0x8000) != 0 ? -sine : sine;
}

int32_t race_cosine(uint16_t angle)
{
    return race_sine((uint16_t)(angle + 0x4000u));
}

uint32_t race_root(uint64_t square)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
        if (square >= root + bit) {
            square -= root + bit;
            root = root / 2 + bit;
        } else {
            root /= 2;
        }
    }
    return (uint32_t)root;
}

static int32_t size_of(int32_t value)
{
    return value < 0 ? -value : value;
}

static int32_t clamp(int64_t value, int32_t most)
{
    if (value > most)
        return most;
    return value < -most ? -most : (int32_t)value;
}

static int32_t toward_zero(int32_t value, int32_t amount)
{
    if (value > 0)
        return value > amount ? value - amount : 0;
    return -value > amount ? value + amount : 0;
}

/* The component of (x, y) along the direction (dx, dy). */
static int32_t component(int64_t x, int64_t y, int32_t dx, int32_t dy)
{
    return (int32_t)((x * dx + y * dy) / TRACK_UNIT);
}

static void bound(struct car *car)
{
    car->x = clamp(car->x, RACE_FAR);
    car->y = clamp(car->y, RACE_FAR);
    car->spin = (int16_t)clamp(car->spin, SPIN_MAX);
    int64_t vx = clamp(car->vx, 16 * CAR_SPEED_MAX);
    int64_t vy = clamp(car->vy, 16 * CAR_SPEED_MAX);
    int64_t square = vx * vx + vy * vy;
    if (square > (int64_t)CAR_SPEED_MAX * CAR_SPEED_MAX) {
        int64_t speed = (int64_t)race_root((uint64_t)square) + 1;
        vx = vx * CAR_SPEED_MAX / speed;
        vy = vy * CAR_SPEED_MAX / speed;
    }
    car->vx = (int32_t)vx;
    car->vy = (int32_t)vy;
}

/* --- Forces ----------------------------------------------------------------------------------- */

static const struct ground *ground_under(const struct car *car)
{
    return &grounds[car->surface < SURFACE_COUNT ? car->surface : SURFACE_ASPHALT];
}

static int32_t at_most(int32_t value, int32_t most)
{
    return value < most ? value : most;
}

/* What pedals add to the speed ahead; what slows down without turning round is left to resistance(). */
static int32_t thrust(int32_t ahead, uint32_t input, const struct ground *ground)
{
    if ((input & CAR_BRAKE) != 0)
        return ahead <= 0 && ahead > -BACKWARDS ? -at_most(REVERSE, ground->grip) : 0;
    if ((input & CAR_THROTTLE) == 0 || ahead > ENGINE_SPEED)
        return 0;
    int32_t rest = ahead > 0 ? ENGINE_SPEED - ahead : ENGINE_SPEED;
    return at_most((int32_t)((int64_t)ENGINE * rest / ENGINE_SPEED), ground->grip);
}

static int32_t resistance(int32_t ahead, uint32_t input, const struct ground *ground, uint32_t tow)
{
    int64_t speed = size_of(ahead);
    int64_t air = speed * speed / RACE_METRE / AIR;
    int64_t draught = tow < CAR_TOW_MAX ? tow : CAR_TOW_MAX;
    int64_t sum = ground->rolling + air * (TOW_PARTS - draught) / TOW_PARTS;
    if (ground->drag_ticks > 0)
        sum += speed / ground->drag_ticks;
    if ((input & CAR_BRAKE) != 0 && ahead > 0)
        sum += at_most(BRAKES, ground->grip);
    else if ((input & (CAR_THROTTLE | CAR_BRAKE)) == 0)
        sum += IDLING;
    else if ((input & CAR_BRAKE) == 0 && ahead < 0)
        sum += at_most(BRAKES, ground->grip); /* throttle while it rolls backwards */
    if ((input & CAR_HANDBRAKE) != 0)
        sum += at_most(HANDBRAKE, ground->grip);
    return (int32_t)sum;
}

/* What the tyres add to the speed sideways: all of it away, as far as they hold. */
static int32_t hold(int32_t side, uint32_t input, const struct ground *ground)
{
    int32_t grip = size_of(side) < SLIDE ? ground->grip : ground->slide;
    if ((input & CAR_HANDBRAKE) != 0)
        grip = grip * 2 / 5;
    return -clamp(side, grip);
}

int32_t car_turn_max(int32_t ahead)
{
    int32_t speed = size_of(ahead);
    int32_t slow = speed / TURN_CIRCLE;
    int32_t fast = speed > 0 ? TURN_PULL * RADIAN / speed : slow;
    return at_most(slow, fast);
}

/* The spin that steering and the tyres' wish to roll lead to. */
static int32_t spin_wanted(int32_t ahead, int32_t side, uint32_t input)
{
    bool locked = (input & CAR_HANDBRAKE) != 0;
    int32_t steer = at_most((int32_t)(input & CAR_STEER_MASK), 2 * CAR_STEER_CENTRE);
    int32_t most = car_turn_max(ahead);
    if (locked)
        most = most * 3 / 2;
    int32_t spin = (ahead < 0 ? -most : most) * (steer - CAR_STEER_CENTRE) / CAR_STEER_CENTRE;
    if (ahead > ALIGNS_FROM) {
        bool drifts = (input & CAR_THROTTLE) != 0 && size_of(side) >= SLIDE;
        int32_t slip = clamp((int64_t)side * RADIAN / ahead, RADIAN);
        spin += slip / (locked ? HANDBRAKE_LAG : drifts ? DRIFT : STRAIGHTEN);
    }
    return spin;
}

static void turn(struct car *car, int32_t wanted)
{
    int32_t change = wanted - car->spin;
    if (change / SPIN_LAG != 0)
        change /= SPIN_LAG;
    else if (change != 0)
        change = change < 0 ? -1 : 1; /* else it would never come to rest */
    car->spin = (int16_t)clamp(car->spin + change, SPIN_MAX);
    car->heading = (uint16_t)(car->heading + car->spin);
}

/* --- Walls ------------------------------------------------------------------------------------ */

/* The nose, or the tail of a car that goes backwards, turns away from the wall: the steeper it points
 * at it and the harder it hits, the more. */
static void turn_along(struct car *car, const struct track_place *place, int32_t sign, int32_t into)
{
    int32_t fx = race_cosine(car->heading), fy = race_sine(car->heading);
    int32_t across = size_of(component(fx, fy, place->nx, place->ny));
    bool facing_back = component(fx, fy, place->ny, -place->nx) < 0;
    int32_t turned = facing_back == (car_ahead(car) < 0) ? -sign : sign;
    int32_t nudge = at_most(NUDGE_STEEP * across / TRACK_UNIT + into / NUDGE_PARTS, NUDGE_MAX);
    car->spin = (int16_t)clamp(car->spin + nudge * turned, SPIN_MAX);
}

/* Slides along the wall on the side `sign` (1: right) of the road: nothing of the way into it is left, a part of that
 * comes back, and of the way along it some is lost. */
static void slide_along(struct car *car, const struct track_place *place, int32_t sign)
{
    int32_t into = component(car->vx, car->vy, place->nx, place->ny) * sign;
    int32_t along = track_speed(place, car->vx, car->vy);
    int32_t away = 0;
    if (into > 0) {
        away = -(into + into / BOUNCE_PARTS) * sign;
        turn_along(car, place, sign, into);
    } else {
        into = 0;
    }
    int32_t lost = toward_zero(along, SCRAPE + into / RUB_PARTS) - along;
    car->vx += component(away, lost, place->nx, place->ny);
    car->vy += component(away, lost, place->ny, -place->nx);
    car->signs |= CAR_WALL;
}

static void put_at(struct car *car, const struct track_place *place, int32_t offset)
{
    car->x = place->x + (int32_t)((int64_t)place->nx * offset / TRACK_UNIT);
    car->y = place->y + (int32_t)((int64_t)place->ny * offset / TRACK_UNIT);
}

/* A wall holds the car wherever it is on that side, however far it got in one tick. */
static void keep_on_track(struct car *car, const struct track *track)
{
    struct track_place place;
    bool found = track_find(track, car->x, car->y, car->segment, &place);
    int32_t fx = race_cosine(car->heading), fy = race_sine(car->heading);
    int32_t across = size_of(component(fx, fy, place.nx, place.ny));
    int32_t reach = CAR_RADIUS + (int32_t)((int64_t)CAR_NOSE * across / TRACK_UNIT);
    int32_t sign = place.offset < 0 ? -1 : 1;
    int32_t most = (sign < 0 ? place.left : place.right) - reach;
    if (place.offset * sign > most) {
        place.offset = most * sign;
        put_at(car, &place, place.offset);
        slide_along(car, &place, sign);
    } else if (!found) {
        put_at(car, &place, place.offset); /* it was nowhere near where it said it was */
    }
    car->segment = (uint16_t)place.segment;
    car->surface = (uint8_t)track_surface(track, &place);
}

void car_step(struct car *car, uint32_t input, const struct track *track, uint32_t tow)
{
    bound(car);
    const struct ground *ground = ground_under(car);
    int32_t fx = race_cosine(car->heading), fy = race_sine(car->heading);
    int32_t ahead = component(car->vx, car->vy, fx, fy);
    int32_t side = component(car->vx, car->vy, -fy, fx);

    int32_t pushed = ahead + thrust(ahead, input, ground);
    int32_t push = toward_zero(pushed, resistance(ahead, input, ground, tow)) - ahead;
    int32_t pull = hold(side, input, ground);
    car->signs = size_of(side) >= SLIDE ? CAR_SLIDES : 0;
    if ((input & CAR_BRAKE) != 0 && ahead > 0)
        car->signs |= CAR_BRAKES;
    turn(car, spin_wanted(ahead, side, input));

    bool rests =
        ahead + push == 0 && side + pull == 0; /* to the last bit, which rounding would leave */
    car->vx = rests ? 0 : car->vx + component(push, pull, fx, -fy);
    car->vy = rests ? 0 : car->vy + component(push, pull, fy, fx);
    car->x += car->vx;
    car->y += car->vy;
    keep_on_track(car, track);
}

/* --- Two cars --------------------------------------------------------------------------------- */

/* Where two cars overlap most: which circle of each (1: the front one), and the vector between their
 * centres, from the second to the first. */
struct overlap {
    int32_t first, second;
    int64_t dx, dy, square;
};

/* Which of two cars is looked at first, so that the order they are given in plays no part. */
static bool comes_first(const struct car *a, const struct car *b)
{
    if (a->x != b->x)
        return a->x < b->x;
    if (a->y != b->y)
        return a->y < b->y;
    if (a->heading != b->heading)
        return a->heading < b->heading;
    if (a->vx != b->vx)
        return a->vx < b->vx;
    return a->vy < b->vy;
}

static bool find_overlap(const struct car *a, const struct car *b, struct overlap *overlap)
{
    static const int32_t ends[2] = {1, -1};
    int64_t x = (int64_t)a->x - b->x, y = (int64_t)a->y - b->y;
    overlap->square = (int64_t)CAR_WIDTH * CAR_WIDTH;
    if (x > CAR_LENGTH || x < -CAR_LENGTH || y > CAR_LENGTH || y < -CAR_LENGTH)
        return false;
    int32_t ax = component(CAR_NOSE, 0, race_cosine(a->heading), 0);
    int32_t ay = component(CAR_NOSE, 0, race_sine(a->heading), 0);
    int32_t bx = component(CAR_NOSE, 0, race_cosine(b->heading), 0);
    int32_t by = component(CAR_NOSE, 0, race_sine(b->heading), 0);
    bool found = false;
    for (uint32_t i = 0; i < 4; i++) {
        int32_t first = ends[i / 2], second = ends[i % 2];
        int64_t dx = x + first * ax - second * bx, dy = y + first * ay - second * by;
        int64_t square = dx * dx + dy * dy;
        if (square >= overlap->square)
            continue;
        overlap->first = first;
        overlap->second = second;
        overlap->dx = dx;
        overlap->dy = dy;
        overlap->square = square;
        found = true;
    }
    return found;
}

/* The impulse (ix, iy) at the front (end 1) or the rear of a car. */
static void strike(struct car *car, int32_t end, int32_t ix, int32_t iy)
{
    int32_t fx = race_cosine(car->heading), fy = race_sine(car->heading);
    int32_t twist = end * component(iy, -(int64_t)ix, fx, fy) / TWIST_PARTS;
    car->vx += ix;
    car->vy += iy;
    car->spin = (int16_t)clamp(car->spin + (int64_t)twist, SPIN_MAX);
    car->signs |= CAR_BUMPED;
}

int32_t car_contact(struct car *a, struct car *b)
{
    struct car *first = comes_first(a, b) ? a : b;
    struct car *second = first == a ? b : a;
    struct overlap overlap;
    if (!find_overlap(first, second, &overlap))
        return 0;

    bound(first);
    bound(second);
    int32_t distance = (int32_t)race_root((uint64_t)overlap.square);
    int32_t nx = -TRACK_UNIT, ny = 0; /* on the very same spot: the first one goes west */
    if (distance > 0) {
        nx = (int32_t)(overlap.dx * TRACK_UNIT / distance);
        ny = (int32_t)(overlap.dy * TRACK_UNIT / distance);
    }
    if (((int64_t)first->x - second->x) * nx + ((int64_t)first->y - second->y) * ny < 0) {
        nx = -nx; /* far into each other: their middles never come closer */
        ny = -ny;
    }
    int32_t push = at_most((CAR_WIDTH - distance) / 2 + CLEAR, CAR_PUSH_MAX);
    int32_t px = component(push, 0, nx, 0), py = component(push, 0, ny, 0);
    first->x += px;
    first->y += py;
    second->x -= px;
    second->y -= py;

    int32_t closing = -component(first->vx - second->vx, first->vy - second->vy, nx, ny);
    int32_t impulse = closing > 0 ? IMPULSE(closing) : 0;
    int32_t ix = component(impulse, 0, nx, 0), iy = component(impulse, 0, ny, 0);
    strike(first, overlap.first, ix, iy);
    strike(second, overlap.second, -ix, -iy);
    return closing > 0 ? closing : 1;
}

uint32_t car_tow(const struct car *car, const struct car *ahead)
{
    int64_t x = (int64_t)ahead->x - car->x, y = (int64_t)ahead->y - car->y;
    if (x > TOW_REACH || x < -TOW_REACH || y > TOW_REACH || y < -TOW_REACH)
        return 0;
    int32_t fx = race_cosine(ahead->heading), fy = race_sine(ahead->heading);
    int32_t gap = component(x, y, fx, fy);
    int32_t aside = size_of(component(x, y, -fy, fx));
    int32_t together = component(race_cosine(car->heading), race_sine(car->heading), fx, fy);
    if (gap < TOW_FROM || gap > TOW_REACH || aside > TOW_HALF || together < TRACK_UNIT * 7 / 8 ||
        car_ahead(ahead) < TOW_SPEED)
        return 0;
    int64_t near = (int64_t)(TOW_REACH - gap) * CAR_TOW_MAX / (TOW_REACH - TOW_FROM);
    return (uint32_t)(near * (TOW_HALF - aside) / TOW_HALF);
}

/* --- On the track ----------------------------------------------------------------------------- */

void car_place(struct car *car, const struct track *track, int64_t along, int32_t offset)
{
    struct track_spot spot;
    struct track_place place;
    track_at(track, along, offset, &spot);
    track_find(track, spot.x, spot.y, spot.segment, &place);
    car->x = spot.x;
    car->y = spot.y;
    car->vx = 0;
    car->vy = 0;
    car->heading = track->points[spot.segment].heading;
    car->spin = 0;
    car->segment = (uint16_t)place.segment;
    car->surface = (uint8_t)track_surface(track, &place);
    car->signs = 0;
}

void car_grid(struct car *car, const struct track *track, uint32_t place)
{
    int64_t back = track->grid_first + (int64_t)(place % CAR_GRID) * track->grid_step;
    car_place(car, track, -back, place % 2 == 0 ? -track->grid_side : track->grid_side);
}

int32_t car_ahead(const struct car *car)
{
    return component(car->vx, car->vy, race_cosine(car->heading), race_sine(car->heading));
}

int32_t car_speed(const struct car *car)
{
    int64_t vx = car->vx, vy = car->vy;
    return (int32_t)race_root((uint64_t)(vx * vx + vy * vy));
}
