/* race_judge.c - what a car has done, from where it was and where it is: gates in their order, laps, short
 * cuts, the wrong way; who is where, and how far behind.
 *
 * Nothing here trusts a driver: a gate is passed by rolling over its line forwards, in a tick in which the
 * car moved as far as cars do.
 */
#include <assert.h>

#include "sync/race_parts.h"

/* What a car may advance in a tick: beyond that it came around a bend's inner point, or was put there. */
#define ADVANCE_MAX (8 * RACE_METRE)

/* A short cut: on grass and sand a car came so much farther along the road than it drove. */
#define CUT_LENGTH  (8 * RACE_METRE)
#define CUT_PENALTY 2000
#define CUT_SHOWN   (3 * SECOND_TICKS)
static_assert((int32_t)(LAPS_MAX * (LAP_TICKS_MAX / SECOND_TICKS) * 1000) + PENALTY_MAX <=
                  RACE_MS_MAX,
              "the longest race and all penalties are a time");

/* Backwards faster than that, for so long, is the wrong way. */
#define BACKWARDS_SPEED (3 * RACE_METRE / RACE_TICK_HZ)
#define BACKWARDS_TICKS (SECOND_TICKS * 3 / 4)

#define MISSED_LENGTH (10 * RACE_METRE)
#define GETS_ON       (2 * RACE_METRE)
#define RESCUE_BEFORE (8 * RACE_METRE) /* a gate that was missed */
#define GHOST_TICKS   (2 * SECOND_TICKS)

static int32_t place_along(const struct track *track, const struct car *car)
{
    struct track_place place;
    track_find(track, car->x, car->y, car->segment, &place);
    return place.along;
}

void judge_begin(const struct race_memory *race, struct racer *racer)
{
    const struct track *track = race_track(race);
    racer->along = place_along(track, &racer->car);
    racer->travel = racer->furthest = track_advance(track, 0, racer->along);
    racer->cause |= CAUSE_PUT;
    racer->tow = racer->next_tow = 0;
}

/* Where on its way the gate is that the car has to pass next. */
static int64_t gate_travel(const struct track *track, const struct racer *racer)
{
    int64_t laps = racer->laps + (racer->gate == 0 && racer->under_way);
    return laps * track->length + (int64_t)track->checkpoints[racer->gate] * track->spacing;
}

/* --- Short cuts ---------------------------------------------------------------------------------- */

static void cut_settle(struct racer *racer)
{
    if (racer->cut <= CUT_LENGTH)
        return;
    if (racer->penalty <= PENALTY_MAX - CUT_PENALTY)
        racer->penalty += CUT_PENALTY;
    racer->warned = CUT_SHOWN;
    racer->spoilt = true;
    racer->cut = 0;
}

static void judge_cut(struct racer *racer, int32_t advance)
{
    if (racer->warned > 0)
        racer->warned--;
    if (racer->car.surface == SURFACE_GRASS || racer->car.surface == SURFACE_SAND) {
        int32_t step = advance < ADVANCE_MAX ? advance : ADVANCE_MAX;
        int32_t cut = racer->cut + step - car_speed(&racer->car);
        racer->cut = cut < 0 ? 0 : cut < RACE_FAR ? cut : RACE_FAR;
        return;
    }
    cut_settle(racer);
    racer->cut = 0;
}

/* --- Gates and laps ------------------------------------------------------------------------------ */

/* At a part of this tick. */
static int32_t time_at(const struct race_memory *race, int32_t part)
{
    int64_t parts = (int64_t)(race->clock - 1) * TRACK_STEP_PARTS + part;
    int64_t time = parts * 1000 / (RACE_TICK_HZ * TRACK_STEP_PARTS);
    return time > 0 ? (int32_t)time : 1;
}

static void lap_complete(struct race_memory *race, struct racer *racer, int32_t time)
{
    cut_settle(racer); /* a lap that ends off the road is judged by what it was so far */
    racer->laps++;
    racer->last = time - racer->lap_began;
    racer->lap_began = time;
    if (!racer->spoilt && (racer->best == 0 || racer->last < racer->best)) {
        racer->best = racer->last;
        results_lap(race, racer);
    }
    racer->spoilt = racer->piloted;
    if (racer->laps < race->laps)
        return;
    racer->state = RACER_FINISHED;
    racer->total = time + racer->penalty;
    racer->tow = racer->next_tow = 0;
    racer->warned = 0;
    if (racer->skill > 0)
        race->bots_home++;
    else
        race->members_home++;
}

static void gate_pass(struct race_memory *race, struct racer *racer, int32_t time)
{
    const struct track *track = race_track(race);
    uint32_t number = racer->laps * track->checkpoint_count + racer->gate;
    if (racer->gate == 0 && racer->under_way) {
        number += track->checkpoint_count;
        lap_complete(race, racer, time);
    }
    racer->under_way = true;
    racer->gate = (uint8_t)((racer->gate + 1u) % track->checkpoint_count);
    int32_t *first = &race->first[number];
    if (*first == 0 || time < *first) /* within a tick they are judged in no order */
        *first = time;
    racer->gap = time - *first;
}

static void judge_gate(struct race_memory *race, struct racer *racer, int32_t from, int32_t advance)
{
    const struct track *track = race_track(race);
    int64_t wanted = gate_travel(track, racer);
    bool there = racer->travel >= wanted && racer->travel - advance < wanted;
    int32_t part = there ? track_crossing(track, racer->gate, from, racer->along) : -1;
    if (part >= 0 && advance <= ADVANCE_MAX) {
        gate_pass(race, racer, time_at(race, part));
        racer->missed = false;
        return;
    }
    racer->missed = racer->travel > wanted + (racer->missed ? 0 : MISSED_LENGTH);
}

/* --- The wrong way, and no way at all ------------------------------------------------------------- */

static void judge_way(struct racer *racer, int32_t advance)
{
    if (advance >= 0)
        racer->backwards = 0;
    else if (advance < -BACKWARDS_SPEED && racer->backwards < UINT16_MAX)
        racer->backwards++;
    if (racer->travel > racer->furthest + GETS_ON) {
        racer->furthest = racer->travel;
        racer->stuck = 0;
    } else if (racer->stuck < UINT16_MAX) {
        racer->stuck++;
    }
}

void judge_tick(struct race_memory *race, struct racer *racer)
{
    const struct track *track = race_track(race);
    int32_t from = racer->along;
    racer->along = place_along(track, &racer->car);
    int32_t advance = track_advance(track, from, racer->along);
    racer->travel += advance;
    judge_cut(racer, advance);
    judge_way(racer, advance);
    judge_gate(race, racer, from, advance);
}

enum warning judge_warning(const struct racer *racer)
{
    if (racer->state != RACER_RACING)
        return WARNING_NONE;
    if (racer->backwards > BACKWARDS_TICKS)
        return WARNING_WRONG_WAY;
    if (racer->missed)
        return WARNING_MISSED;
    return racer->warned > 0 ? WARNING_CUT : WARNING_NONE;
}

void judge_rescue(const struct race_memory *race, struct racer *racer)
{
    const struct track *track = race_track(race);
    int64_t before = gate_travel(track, racer) - RESCUE_BEFORE;
    int64_t travel = racer->travel < before ? racer->travel : before;
    if (travel == racer->travel)
        cut_settle(racer); /* it keeps what it gained */
    car_place(&racer->car, track, travel, 0);
    racer->along = place_along(track, &racer->car);
    racer->travel = racer->furthest = travel;
    racer->stuck = racer->backwards = 0;
    racer->cut = 0;
    racer->missed = false;
    racer->cause |= CAUSE_PUT;
    racer->ghost = GHOST_TICKS;
}

/* --- The order ----------------------------------------------------------------------------------- */

/* How far it has come, as far as that counts. */
static int64_t reached(const struct race_memory *race, const struct racer *racer)
{
    int64_t gate = gate_travel(race_track(race), racer);
    return racer->travel < gate ? racer->travel : gate;
}

/* 0 those who are home, 1 those on the way, 2 those who left. */
static int rank_of(const struct racer *racer)
{
    return racer->state == RACER_FINISHED ? 0 : racer->state == RACER_RETIRED ? 2 : 1;
}

static bool precedes(const struct race_memory *race, const struct racer *a, const struct racer *b)
{
    if (rank_of(a) != rank_of(b))
        return rank_of(a) < rank_of(b);
    if (a->state == RACER_FINISHED)
        return a->total < b->total;
    return reached(race, a) > reached(race, b);
}

/* In the order of the frame before, so that equal ones keep theirs; and few moves sort it. */
static uint32_t in_order(struct race_memory *race, struct racer *order[RACERS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].position > 0)
            order[count++] = &race->racers[i];
    for (uint32_t i = 1; i < count; i++) {
        struct racer *one = order[i];
        uint32_t at = i;
        while (at > 0 && order[at - 1]->position > one->position) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = one;
    }
    return count;
}

void judge_order(struct race_memory *race)
{
    struct racer *order[RACERS_MAX];
    uint32_t count = in_order(race, order);
    for (uint32_t i = 1; i < count; i++) {
        struct racer *one = order[i];
        uint32_t at = i;
        while (at > 0 && precedes(race, one, order[at - 1])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = one;
    }
    for (uint32_t i = 0; i < count; i++) {
        order[i]->position = (uint8_t)(i + 1);
        if (order[i]->state == RACER_FINISHED)
            order[i]->gap = order[i]->total - order[0]->total;
    }
}
