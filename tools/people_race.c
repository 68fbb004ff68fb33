/* people_race.c - people who race: they look at the road some times a second, and their hands follow. */
#include "sync/race_parts.h"
#include "tools/people.h"

/* No two drive the same. */
#define SKILL_LEAST 110u
#define SKILL_SPAN  120u

/* How far keys turn the wheel in a tick. */
#define STEER_A_TICK 3

static bool arrive(struct people *people, struct person *person)
{
    person->next = room_tick_number(people->room) + 1;
    person->input = person->wanted = CAR_COAST;
    person->skill = SKILL_LEAST + person_below(person, SKILL_SPAN);
    person->ticks_left = person_ticks(people, person, 2, 10);
    return true;
}

static const struct racer *racer_of(const struct people *people, const struct person *person)
{
    const struct race_memory *race = room_memory(people->room);
    uint32_t member = room_seat_member(people->room, person->seat);
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].member == member)
            return &race->racers[i];
    return NULL;
}

/* Keys: all the way to a side where the road turns, in the middle where it hardly does. */
static uint32_t decide(struct people *people, struct person *person, const struct racer *racer)
{
    const struct race_memory *race = room_memory(people->room);
    uint32_t input = driver_input(&racer->car, race_track(race), person->skill, 0);
    int32_t steer = (int32_t)(input & CAR_STEER_MASK) - CAR_STEER_CENTRE;
    int32_t way = steer > 4 ? 15 : steer < -4 ? -15 : steer > 1 ? 5 : steer < -1 ? -5 : 0;
    return (input & ~(uint32_t)CAR_STEER_MASK) | (uint32_t)(way + CAR_STEER_CENTRE);
}

static void steer(struct person *person)
{
    int32_t now = (int32_t)(person->input & CAR_STEER_MASK);
    int32_t to = (int32_t)(person->wanted & CAR_STEER_MASK);
    int32_t by = to - now;
    by = by > STEER_A_TICK ? STEER_A_TICK : by < -STEER_A_TICK ? -STEER_A_TICK : by;
    person->input = (person->wanted & ~(uint32_t)CAR_STEER_MASK) | (uint32_t)(now + by);
}

static bool drive(struct people *people, struct person *person, const struct racer *racer)
{
    uint64_t tick = room_tick_number(people->room) + 1;
    if (racer->state != RACER_RACING) {
        person->wanted = CAR_COAST;
    } else if (person->reacts-- == 0) {
        person->wanted = decide(people, person, racer);
        person->reacts = person_ticks(people, person, 0.06, 0.2);
    }
    steer(person);
    struct writer *writer = say(people, 2, CLIENT_INPUTS);
    pack_integer(writer, (int64_t)(tick - person->next));
    pack_integer(writer, person->input);
    person->next = tick + 1;
    return said(people, person);
}

/* As many bots as there are places left. */
static bool fill(struct people *people, struct person *person)
{
    uint32_t people_here = people->count < RACERS_MAX ? people->count : RACERS_MAX;
    struct writer *writer = say_edit(people, VERB_SET, RACE_SETTINGS, 5);
    pack_string(writer, bytes_of("next"));
    pack_integer(writer, SETTINGS_LAPS);
    pack_integer(writer, 3 + person_below(person, 3));
    pack_integer(writer, SETTINGS_BOTS);
    pack_integer(writer, RACERS_MAX - people_here);
    return said(people, person);
}

static bool get_ready(struct people *people, struct person *person, const struct racer *racer)
{
    const struct race_memory *race = room_memory(people->room);
    uint32_t place = (uint32_t)(racer - race->racers);
    struct writer *writer = say_edit(people, VERB_SET, RACE_DRIVERS, 5);
    pack_string(writer, racer_id(place));
    pack_integer(writer, DRIVER_VOTE);
    pack_integer(writer, person_below(person, (uint32_t)track_count));
    pack_integer(writer, DRIVER_READY);
    pack_bool(writer, true);
    return said(people, person);
}

static bool act(struct people *people, struct person *person)
{
    const struct race_memory *race = room_memory(people->room);
    const struct racer *racer = racer_of(people, person);
    if (racer == NULL)
        return true;
    if (race_is_on(race)) {
        person->ticks_left = person_ticks(people, person, 3, 12);
        return drive(people, person, racer);
    }
    if (person->ticks_left == 0 || --person->ticks_left > 0)
        return true;
    return (person != people->persons || fill(people, person)) && get_ready(people, person, racer);
}

const struct habit race_habit = {.kind = "race", .arrive = arrive, .act = act};
