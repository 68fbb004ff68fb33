/* race_sound.c - whether a memory is one that a race can have. It comes from a disk, or out of a file: what
 * follows from it indexes tables, is counted on, and is written into records, which take no more than their
 * ranges. */
#include <string.h>

#include "sync/race_parts.h"

#define TRAVEL_MAX ((int64_t)RACE_FAR * RACE_METRE)

static bool within(int64_t number, int64_t bound)
{
    return number >= -bound && number <= bound;
}

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

/* --- A driver ------------------------------------------------------------------------------------ */

/* Other cars may have pushed it a little beyond the walls, and made it faster than it goes by itself. */
static bool car_sound(const struct track *track, const struct car *car)
{
    bool near = car->x >= track->west - CAR_LENGTH && car->x <= track->east + CAR_LENGTH &&
                car->y >= track->north - CAR_LENGTH && car->y <= track->south + CAR_LENGTH;
    return near && within(car->vx, SHOWN_SPEED_TOP) && within(car->vy, SHOWN_SPEED_TOP) &&
           car_speed(car) <= SHOWN_SPEED_TOP && car->segment < track->count &&
           car->surface < SURFACE_COUNT;
}

/* A lap begins before now: the next one is timed from there. */
static int64_t lap_latest(const struct race_memory *race)
{
    if (race->phase == PHASE_RACING)
        return (int64_t)race->clock * 1000 / RACE_TICK_HZ;
    return race->phase == PHASE_RESULTS ? RACE_MS_MAX : 0;
}

static bool times_sound(const struct race_memory *race, const struct racer *racer)
{
    return racer->lap_began >= 0 && racer->lap_began <= lap_latest(race) &&
           time_sound(racer->last) && time_sound(racer->best) && time_sound(racer->total) &&
           time_sound(racer->gap) && racer->penalty >= 0 && racer->penalty <= PENALTY_MAX;
}

static bool way_sound(const struct race_memory *race, const struct racer *racer)
{
    const struct track *track = race_track(race);
    return within(racer->travel, TRAVEL_MAX) && within(racer->furthest, TRAVEL_MAX) &&
           racer->along >= 0 && racer->along < track->length && racer->cut >= 0 &&
           racer->cut <= RACE_FAR && racer->gate < track->checkpoint_count &&
           (racer->under_way || (racer->gate == 0 && racer->laps == 0));
}

static bool flags_sound(const struct racer *racer)
{
    return racer->under_way <= 1 && racer->missed <= 1 && racer->cause < CAUSES &&
           racer->untold <= 1 && racer->piloted <= 1 && racer->helped <= 1 && racer->spoilt <= 1 &&
           racer->records <= (RECORD_FASTEST | RECORD_ROOM);
}

/* What the member has said of itself. */
static bool wishes_sound(const struct racer *racer)
{
    return racer->colour < COLOURS && racer->ready <= 1 && racer->vote <= track_count &&
           name_sound(&racer->name);
}

/* Points are counted and medals given when it is over. */
static bool standing_sound(const struct race_memory *race, const struct racer *racer)
{
    bool counted = race->phase == PHASE_RESULTS;
    return racer->grid >= 1 && racer->grid <= RACERS_MAX && racer->position >= 1 &&
           racer->position <= RACERS_MAX && (counted || racer->gained == 0) &&
           racer->medal <= (counted ? MEDALS : 0);
}

static bool state_sound(const struct race_memory *race, const struct racer *racer)
{
    bool bot = racer->skill > 0, member = racer->member != 0, home = racer->laps == race->laps;
    bool begun = race->phase != PHASE_COUNTDOWN, over = race->phase == PHASE_RESULTS;
    if (racer->laps > race->laps || (bot && member))
        return false;
    switch ((enum racer_state)racer->state) {
    case RACER_RACING:
        return !over && !home && bot != member;
    case RACER_FINISHED:
        return begun && home;
    case RACER_LATE:
        return over && !home;
    case RACER_RETIRED:
        return begun && !home && !bot && !member;
    case RACER_NONE:
    case RACER_WAITING:
    case RACER_STATES:
        break;
    }
    return false;
}

/* Whoever waits has nothing of a race but its place. */
static bool waiting_sound(const struct racer *racer)
{
    struct racer bare;
    memset(&bare, 0, sizeof bare);
    bare.state = RACER_WAITING;
    bare.member = racer->member;
    bare.points = racer->points;
    bare.untold = racer->untold;
    bare.colour = racer->colour;
    bare.ready = racer->ready;
    bare.vote = racer->vote;
    bare.name = racer->name;
    return memcmp(racer, &bare, sizeof bare) == 0 && racer->member != 0 && racer->untold <= 1 &&
           wishes_sound(racer);
}

static bool racer_sound(const struct race_memory *race, const struct racer *racer)
{
    static const struct racer nobody;
    if (racer->state == RACER_NONE)
        return memcmp(racer, &nobody, sizeof nobody) == 0;
    if (race->phase == PHASE_LOBBY)
        return waiting_sound(racer);
    return state_sound(race, racer) && standing_sound(race, racer) && flags_sound(racer) &&
           way_sound(race, racer) && times_sound(race, racer) && racer->tow <= CAR_TOW_MAX &&
           racer->next_tow <= CAR_TOW_MAX && car_sound(race_track(race), &racer->car) &&
           wishes_sound(racer);
}

/* --- The race ------------------------------------------------------------------------------------ */

/* A member has one place. */
static bool members_differ(const struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        for (uint32_t k = 0; k < i; k++)
            if (race->racers[i].member != 0 && race->racers[i].member == race->racers[k].member)
                return false;
    return true;
}

/* The clock at the end of the last tick of a phase. Results end with a frame. */
static uint32_t clock_max(const struct race_memory *race)
{
    switch ((enum race_phase)race->phase) {
    case PHASE_LOBBY:
        return READY_TICKS - 1;
    case PHASE_COUNTDOWN:
        return COUNTDOWN_TICKS - 1;
    case PHASE_RACING:
        return race->deadline;
    case PHASE_RESULTS:
        return RESULTS_TICKS + FRAME_TICKS - 1;
    case PHASES:
        break;
    }
    return 0;
}

static bool awaited_sound(const struct race_memory *race)
{
    return race->awaited <= RETURN_TICKS || (race->awaited == AWAITS_ANYONE && race_is_on(race));
}

static bool counts_sound(const struct race_memory *race, uint64_t tick)
{
    return race->clock <= clock_max(race) && race->clock <= tick &&
           race->members_home <= RACERS_MAX && race->bots_home <= RACERS_MAX &&
           awaited_sound(race) &&
           (!race_is_on(race) || race->deadline <= race->laps * LAP_TICKS_MAX);
}

static bool bests_sound(const struct race_memory *race)
{
    for (uint32_t i = 0; i < TRACKS_MAX; i++)
        if (!time_sound(race->bests[i].lap) || !name_sound(&race->bests[i].name))
            return false;
    for (uint32_t i = 0; i < GATES_MAX; i++)
        if (!time_sound(race->first[i]))
            return false;
    return true;
}

bool race_sound(const struct race_memory *race, uint64_t tick)
{
    bool known = race->phase < PHASES && race->track < track_count && race->laps >= 1 &&
                 race->laps <= LAPS_MAX;
    if (!known || !counts_sound(race, tick) || !bests_sound(race) || !members_differ(race))
        return false;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (!racer_sound(race, &race->racers[i]))
            return false;
    return true;
}

bool race_memory_sound(const struct room *room, const void *memory)
{
    return race_sound(memory, room_tick_number(room));
}
