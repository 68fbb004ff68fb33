/* race_sound.c - whether a memory that was loaded is one that a race can have. It comes from a disk: what
 * follows from it indexes tables and is written into records, which take no more than their ranges. */
#include "sync/race_parts.h"

#define TRAVEL_MAX ((int64_t)RACE_FAR * RACE_METRE)

static bool time_sound(int32_t time)
{
    return time >= 0 && time <= RACE_MS_MAX;
}

static bool name_sound(const struct racer_name *name)
{
    uint8_t packed[RACER_NAME_MAX + 2];
    if (name->length > RACER_NAME_MAX)
        return false;
    struct writer writer = writer_on(packed, sizeof packed);
    pack_string(&writer, racer_name(name));
    struct reader reader = reader_on(writer_bytes(&writer));
    read_string(&reader);
    return reader_end(&reader) == STATUS_OK;
}

static bool within(int64_t number, int64_t bound)
{
    return number >= -bound && number <= bound;
}

static bool car_sound(const struct track *track, const struct car *car)
{
    return within(car->x, RACE_FAR) && within(car->y, RACE_FAR) && within(car->vx, CAR_SPEED_MAX) &&
           within(car->vy, CAR_SPEED_MAX) && car->segment < track->count &&
           car->surface < SURFACE_COUNT;
}

static bool times_sound(const struct racer *racer)
{
    return time_sound(racer->lap_began) && time_sound(racer->last) && time_sound(racer->best) &&
           time_sound(racer->total) && time_sound(racer->penalty) && time_sound(racer->gap);
}

static bool racer_sound(const struct race_memory *race, const struct racer *racer)
{
    const struct track *track = race_track(race);
    bool way = within(racer->travel, TRAVEL_MAX) && within(racer->furthest, TRAVEL_MAX) &&
               racer->along >= 0 && racer->along < track->length && within(racer->cut, RACE_FAR) &&
               racer->gate < track->checkpoint_count && racer->laps <= race->laps;
    bool standing = racer->state < RACER_STATES && racer->grid <= RACERS_MAX &&
                    racer->position <= RACERS_MAX && racer->medal <= 3;
    if (racer->state == RACER_RACING)
        standing &= racer->grid > 0 && racer->position > 0 && racer->laps < race->laps;
    bool wishes = racer->vote <= track_count && racer->colour < COLOURS;
    return way && standing && wishes && times_sound(racer) && racer->tow <= CAR_TOW_MAX &&
           car_sound(track, &racer->car) && name_sound(&racer->name);
}

static bool clock_sound(const struct race_memory *race)
{
    switch ((enum race_phase)race->phase) {
    case PHASE_LOBBY:
        return race->clock <= READY_TICKS;
    case PHASE_COUNTDOWN:
        return race->clock < COUNTDOWN_TICKS;
    case PHASE_RACING:
        return race->clock <= race->deadline;
    case PHASE_RESULTS:
        return race->clock < RESULTS_TICKS + FRAME_TICKS; /* they end with a frame */
    case PHASES:
        break;
    }
    return false;
}

bool race_sound(const struct race_memory *race)
{
    if (race->track >= track_count || race->laps < 1 || race->laps > LAPS_MAX ||
        race->deadline > LAPS_MAX * LAP_TICKS_MAX || !clock_sound(race))
        return false;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (!racer_sound(race, &race->racers[i]))
            return false;
    for (uint32_t i = 0; i < RACE_TRACKS; i++)
        if (!time_sound(race->bests[i].lap) || !name_sound(&race->bests[i].name))
            return false;
    for (uint32_t i = 0; i < GATES_MAX; i++)
        if (!time_sound(race->first[i]))
            return false;
    return true;
}
