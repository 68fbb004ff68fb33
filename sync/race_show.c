/* race_show.c - the memory as records. What a record says already costs nothing to say again, so each
 * frame says everything. */
#include <assert.h>

#include "sync/race_parts.h"

#define OWN_TICKS    SECOND_TICKS /* at the latest, for whoever just came */
#define SIGNS_FRAMES 3u

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a car is sent as it lies");

/* A member that is not here any more has no records of its own; and a room that ends writes none. */
static void put(struct room *room,
                enum race_collection collection,
                uint32_t member,
                struct bytes id,
                const struct field_value *values,
                uint32_t count)
{
    enum status status = room_put(room, (int)collection, member, id, values, count);
    assert(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_LIMIT);
    (void)status;
}

static struct bytes packed_name(const struct racer_name *name, uint8_t packed[RACER_NAME_MAX + 2])
{
    struct writer writer = writer_on(packed, RACER_NAME_MAX + 2);
    pack_string(&writer, racer_name(name));
    return writer_bytes(&writer);
}

/* --- The race ------------------------------------------------------------------------------------ */

/* The first tick in which cars roll. */
static uint64_t starts(const struct room *room, const struct race_memory *race)
{
    uint64_t tick = room_tick_number(room);
    if (race->phase == PHASE_COUNTDOWN)
        return tick + COUNTDOWN_TICKS - race->clock + 1;
    return race->phase == PHASE_RACING ? tick - race->clock + 1 : 0;
}

/* The tick in which this phase ends at the latest. */
static uint64_t ends(const struct room *room, const struct race_memory *race)
{
    uint64_t tick = room_tick_number(room);
    switch ((enum race_phase)race->phase) {
    case PHASE_LOBBY:
        return race->clock > 0 ? tick + READY_TICKS - race->clock : 0;
    case PHASE_COUNTDOWN:
        return tick + COUNTDOWN_TICKS - race->clock;
    case PHASE_RACING:
        return tick + race->deadline - race->clock;
    case PHASE_RESULTS:
        return tick + RESULTS_TICKS - race->clock;
    case PHASES:
        break;
    }
    return 0;
}

static void show_race(struct room *room, const struct race_memory *race)
{
    uint8_t packed[RACER_NAME_MAX + 2];
    const struct race_best *best = &race->bests[race->track];
    const struct field_value values[RACE_FIELDS] = {
        {.field = RACE_PHASE, .number = race->phase},
        {.field = RACE_TRACK, .number = race->track},
        {.field = RACE_LAPS, .number = race->laps},
        {.field = RACE_ROUND, .number = race->round},
        {.field = RACE_STARTS, .number = (int64_t)starts(room, race)},
        {.field = RACE_ENDS, .number = (int64_t)ends(room, race)},
        {.field = RACE_BEST, .number = best->lap},
        {.field = RACE_HOLDER, .packed = packed_name(&best->name, packed)},
    };
    put(room, RACE_RACE, 0, bytes_of("now"), values, RACE_FIELDS);
}

/* --- Drivers and cars ---------------------------------------------------------------------------- */

static const uint8_t packed_nil[] = {0xc0};

static void show_driver(struct room *room, const struct race_memory *race, uint32_t place)
{
    const struct racer *racer = &race->racers[place];
    uint8_t packed[RACER_NAME_MAX + 2];
    struct bytes unset = {.length = 0};
    if (racer->vote == 0)
        unset = (struct bytes){packed_nil, sizeof packed_nil};
    const struct field_value values[DRIVER_FIELDS] = {
        {.field = DRIVER_NAME, .packed = packed_name(&racer->name, packed)},
        {.field = DRIVER_COLOUR, .number = racer->colour},
        {.field = DRIVER_READY, .number = racer->ready},
        {.field = DRIVER_VOTE, .number = racer->vote - 1, .packed = unset},
        {.field = DRIVER_MEMBER, .number = racer->member},
        {.field = DRIVER_STATE, .number = racer->state},
        {.field = DRIVER_SKILL, .number = racer->skill},
        {.field = DRIVER_GRID, .number = racer->grid},
        {.field = DRIVER_POSITION, .number = racer->position},
        {.field = DRIVER_LAP, .number = racer->laps},
        {.field = DRIVER_GATE, .number = racer->gate},
        {.field = DRIVER_GAP, .number = racer->gap},
        {.field = DRIVER_BEGAN, .number = racer->lap_began},
        {.field = DRIVER_LAST, .number = racer->last},
        {.field = DRIVER_BEST, .number = racer->best},
        {.field = DRIVER_TOTAL, .number = racer->total},
        {.field = DRIVER_PENALTY, .number = racer->penalty},
        {.field = DRIVER_WARNING, .number = judge_warning(racer)},
        {.field = DRIVER_PILOT, .number = racer->piloted},
        {.field = DRIVER_POINTS, .number = racer->points},
        {.field = DRIVER_GAINED, .number = racer->gained},
        {.field = DRIVER_MEDAL, .number = racer->medal},
        {.field = DRIVER_RECORDS, .number = racer->records},
    };
    put(room, RACE_DRIVERS, 0, racer_id(place), values, DRIVER_FIELDS);
}

static int64_t shown_signs(const struct racer *racer)
{
    int64_t signs = 0;
    signs |= (racer->car.signs & CAR_BRAKES) != 0 ? SHOWN_BRAKES : 0;
    signs |= (racer->car.signs & CAR_SLIDES) != 0 ? SHOWN_SLIDES : 0;
    signs |= racer->ghost > 0 || racer->state != RACER_RACING ? SHOWN_GHOST : 0;
    return signs;
}

/* Rounded to the nearest step, whatever the sign. */
static int64_t in_steps(int32_t place)
{
    const int64_t step = RACE_METRE / SHOWN_PLACE_STEPS;
    return (place + step / 2 + SHOWN_PLACE_MAX * step) / step - SHOWN_PLACE_MAX;
}

/* How fast it goes and what its tyres do changes all the time, and nobody sees it as fast: so it
 * comes in every third frame. The other frames are a quarter shorter for it. */
static bool shows_signs(const struct room *room, const struct race_memory *race)
{
    uint64_t frame = room_tick_number(room) / FRAME_TICKS;
    return race->phase != PHASE_RACING || frame % SIGNS_FRAMES == 0;
}

static void show_car(struct room *room, const struct race_memory *race, uint32_t place)
{
    const struct racer *racer = &race->racers[place];
    const struct car *car = &racer->car;
    uint32_t count = shows_signs(room, race) ? SHOWN_FIELDS : SHOWN_SPEED;
    int64_t speed = (int64_t)car_speed(car) * RACE_TICK_HZ * SHOWN_SPEED_STEPS / RACE_METRE;
    static_assert(CAR_SPEED_MAX * 142 / 100 < SHOWN_SPEED_TOP,
                  "any speed can be shown, also where a hit gives as much again crosswise");
    const struct field_value values[SHOWN_FIELDS] = {
        {.field = SHOWN_X, .number = in_steps(car->x)},
        {.field = SHOWN_Y, .number = in_steps(car->y)},
        {.field = SHOWN_HEADING, .number = car->heading / (65536 / SHOWN_HEADINGS)},
        {.field = SHOWN_SPEED, .number = speed},
        {.field = SHOWN_SIGNS, .number = shown_signs(racer)},
    };
    put(room, RACE_CARS, 0, racer_id(place), values, count);
}

void race_show(struct room *room, struct race_memory *race)
{
    show_race(room, race);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        const struct racer *racer = &race->racers[i];
        if (racer->state != RACER_NONE)
            show_driver(room, race, i);
        else
            (void)room_remove(room, RACE_DRIVERS, 0, racer_id(i));
        if (racer_rolls(racer))
            show_car(room, race, i);
        else
            (void)room_remove(room, RACE_CARS, 0, racer_id(i));
    }
}

/* --- A driver's own car -------------------------------------------------------------------------- */

static void show_own(struct room *room, struct racer *racer, uint32_t place)
{
    uint8_t packed[sizeof(struct car) + 2];
    uint64_t tick = room_tick_number(room);
    struct writer writer = writer_on(packed, sizeof packed);
    pack_binary(&writer, (struct bytes){(const uint8_t *)&racer->car, sizeof racer->car});
    const struct field_value values[OWN_FIELDS] = {
        {.field = OWN_CAR, .number = place},
        {.field = OWN_TICK, .number = (int64_t)tick},
        {.field = OWN_TOW, .number = racer->tow},
        {.field = OWN_NEXT, .number = racer->next_tow},
        {.field = OWN_CHANGES, .number = (int64_t)(tick - tick % TOW_TICKS + TOW_TICKS)},
        {.field = OWN_CAUSE, .number = racer->cause},
        {.field = OWN_STATE, .packed = writer_bytes(&writer)},
    };
    put(room, RACE_OWN, racer->member, bytes_of("car"), values, OWN_FIELDS);
}

/* While it is driven for its member nothing could be foreseen; with the first input it is told again. */
void own_show(struct room *room, struct race_memory *race)
{
    if (race->phase != PHASE_COUNTDOWN && race->phase != PHASE_RACING)
        return;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        bool drives = racer->member != 0 && racer->state == RACER_RACING && !racer->piloted;
        bool stale = race->clock < racer->told || race->clock - racer->told >= OWN_TICKS;
        if (!drives || (racer->cause == 0 && !racer->untold && !stale))
            continue;
        show_own(room, racer, i);
        racer->told = race->clock;
        racer->cause = 0;
        racer->untold = false;
    }
}
