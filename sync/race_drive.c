/* race_drive.c - one tick of all cars: what their drivers do, the step, and who runs into whom. */
#include <assert.h>
#include <stdlib.h>

#include "sync/race_parts.h"

/* Beyond that no car is in a bot's way, and no two touch. */
#define LANE_FAR    (24 * RACE_METRE)
#define CONTACT_FAR CAR_LENGTH

/* Slipstream is in coarse steps: each change of it is told to the driver, in a frame. */
#define TOW_STEP 64u
static_assert(TOW_TICKS % FRAME_TICKS == 0, "a slipstream changes with a frame");

/* Of the bot that drives for a member which sends nothing: it brings the car home and wins nothing. */
#define PILOT_SKILL 40u

/* No car gets on for so long: it is put back onto the road. */
#define STUCK_TICKS (8 * SECOND_TICKS)

static bool within(const struct car *a, const struct car *b, int32_t far)
{
    return abs(a->x - b->x) < far && abs(a->y - b->y) < far;
}

void cars_line_up(struct race_memory *race)
{
    const struct track *track = race_track(race);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer->state != RACER_RACING)
            continue;
        car_grid(&racer->car, track, racer->grid - 1u);
        judge_begin(race, racer);
    }
}

/* --- Drivers ------------------------------------------------------------------------------------- */

/* Bots keep apart from each other: each has a lane of its own that it comes back to. */
static int32_t lane_of(const struct race_memory *race, const struct racer *racer)
{
    const struct track *track = race_track(race);
    int32_t lane = ((int32_t)(racer->grid % 5) - 2) * (RACE_METRE / 4);
    for (uint32_t i = 0; i < RACERS_MAX && racer->state == RACER_RACING; i++) {
        const struct racer *other = &race->racers[i];
        if (other == racer || other->state != RACER_RACING)
            continue;
        int32_t ahead = track_advance(track, racer->along, other->along);
        if (ahead > 0 && ahead <= LANE_FAR)
            lane = driver_lane(&racer->car, track, &other->car, lane);
    }
    return lane;
}

static uint32_t
bot_drives(const struct race_memory *race, const struct racer *racer, uint32_t skill)
{
    return driver_input(&racer->car, race_track(race), skill, lane_of(race, racer));
}

static uint32_t member_drives(struct room *room, struct race_memory *race, struct racer *racer)
{
    int64_t input;
    bool sent = room_input_number(room, racer->member, &input);
    bool own = sent && room_input_held(room, racer->member) == 0;
    if (sent) {
        racer->idle = 0;
        if (racer->piloted || !own)
            racer->cause |= CAUSE_MISSED;
        racer->piloted = false;
        return (uint32_t)input;
    }
    racer->cause |= CAUSE_MISSED;
    if (racer->idle < UINT16_MAX)
        racer->idle++;
    if (racer->idle < PILOT_TICKS)
        return CAR_COAST;
    racer->piloted = racer->helped = racer->spoilt = true;
    return bot_drives(race, racer, PILOT_SKILL);
}

static uint32_t input_of(struct room *room, struct race_memory *race, struct racer *racer)
{
    if (racer->state != RACER_RACING)
        return bot_drives(race, racer, PILOT_SKILL);
    if (racer->member != 0)
        return member_drives(room, race, racer);
    return bot_drives(race, racer, racer->skill);
}

/* --- Among each other ---------------------------------------------------------------------------- */

static uint32_t tow_of(const struct race_memory *race, const struct racer *racer)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < RACERS_MAX && racer->state == RACER_RACING; i++) {
        const struct racer *other = &race->racers[i];
        bool draws = other != racer && racer_rolls(other);
        uint32_t tow = draws ? car_tow(&racer->car, &other->car) : 0;
        most = tow > most ? tow : most;
    }
    return most - most % TOW_STEP;
}

static void tows_change(struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        uint32_t tow = tow_of(race, racer);
        racer->untold |= tow != racer->next_tow;
        racer->tow = racer->next_tow;
        racer->next_tow = (uint16_t)tow;
    }
}

static bool solid(const struct racer *racer)
{
    return racer->state == RACER_RACING && racer->ghost == 0;
}

static void contacts_solve(struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *a = &race->racers[i];
        for (uint32_t k = i + 1; k < RACERS_MAX && solid(a); k++) {
            struct racer *b = &race->racers[k];
            if (solid(b) && within(&a->car, &b->car, CONTACT_FAR) &&
                car_contact(&a->car, &b->car) > 0) {
                a->cause |= CAUSE_TOUCHED;
                b->cause |= CAUSE_TOUCHED;
            }
        }
    }
}

/* --- The tick ------------------------------------------------------------------------------------ */

void cars_drive(struct room *room, struct race_memory *race)
{
    const struct track *track = race_track(race);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer_rolls(racer))
            car_step(&racer->car, input_of(room, race, racer), track, racer->tow);
    }
    contacts_solve(race);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer->ghost > 0)
            racer->ghost--;
        if (racer->state != RACER_RACING)
            continue;
        judge_tick(race, racer);
        if (racer->stuck >= STUCK_TICKS)
            judge_rescue(race, racer);
    }
    if (room_tick_number(room) % TOW_TICKS == 0)
        tows_change(race);
}
