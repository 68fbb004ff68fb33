/* race_phases.c - the life of a race: lobby, countdown, racing, results, and again.
 *
 * The lobby and the results change in frames alone: nothing in them is worth more than 20 looks a second.
 */
#include <assert.h>
#include <string.h>

#include "sync/race_parts.h"

static void phase_set(struct race_memory *race, enum race_phase phase)
{
    race->phase = (uint8_t)phase;
    race->clock = 0;
}

/* --- The lobby ----------------------------------------------------------------------------------- */

static void lobby_begin(struct room *room, struct race_memory *race)
{
    phase_set(race, PHASE_LOBBY);
    race->laps = setting(room, SETTINGS_LAPS);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        struct racer kept = *racer;
        racer_free(racer);
        if (kept.member == 0)
            continue;
        racer->state = RACER_WAITING;
        racer->member = kept.member;
        racer->points = kept.points;
        racer->colour = kept.colour;
        racer->ready = kept.ready;
        racer->vote = kept.vote;
        racer->name = kept.name;
    }
    places_clear(room, race);
    places_give(room, race);
}

struct tally {
    uint32_t drivers; /* that are here */
    uint32_t ready;
};

static struct tally tally_drivers(const struct room *room, const struct race_memory *race)
{
    struct tally tally = {0};
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        const struct racer *racer = &race->racers[i];
        if (!room_member_here(room, racer->member) || room_member_away(room, racer->member))
            continue;
        tally.drivers++;
        tally.ready += racer->ready;
    }
    return tally;
}

static bool all_ready(struct tally tally)
{
    return tally.drivers > 0 && tally.ready == tally.drivers;
}

/* The track with the most votes; of as many the first one, but the one that is set above all. */
static uint8_t track_chosen(const struct race_memory *race)
{
    uint32_t votes[TRACKS_MAX] = {0};
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].vote > 0)
            votes[race->racers[i].vote - 1]++;
    uint8_t chosen = race->track;
    for (uint8_t track = 0; track < track_count; track++)
        if (votes[track] > votes[chosen])
            chosen = track;
    return chosen;
}

/* --- The grid ------------------------------------------------------------------------------------ */

static void bots_fill(struct room *room, struct race_memory *race)
{
    uint32_t bots = setting(room, SETTINGS_BOTS);
    for (uint32_t i = 0; i < RACERS_MAX && bots > 0; i++)
        if (race->racers[i].state == RACER_NONE) {
            racer_make_bot(room, race, i);
            bots--;
        }
}

/* Who stands where is drawn. */
static void grid_draw(struct room *room, struct race_memory *race)
{
    uint8_t drawn[RACERS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        if (race->racers[i].state == RACER_NONE)
            continue;
        uint32_t at = room_random(room, ++count);
        drawn[count - 1] = drawn[at];
        drawn[at] = (uint8_t)i;
    }
    for (uint32_t i = 0; i < count; i++)
        race->racers[drawn[i]].grid = race->racers[drawn[i]].position = (uint8_t)(i + 1);
}

static void countdown_begin(struct room *room, struct race_memory *race)
{
    race->track = track_chosen(race);
    race->laps = setting(room, SETTINGS_LAPS);
    race->round++;
    race->members_home = race->bots_home = 0;
    race->deadline = race->laps * LAP_TICKS_MAX;
    memset(race->first, 0, sizeof race->first);
    bots_fill(room, race);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer->state == RACER_NONE)
            continue;
        racer->state = RACER_RACING;
        racer->ready = false;
    }
    grid_draw(room, race);
    cars_line_up(race);
    phase_set(race, PHASE_COUNTDOWN);
}

static uint32_t members_racing(const struct race_memory *race)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        count += race->racers[i].member != 0 && race->racers[i].state == RACER_RACING;
    return count;
}

static void countdown_tick(struct room *room, struct race_memory *race)
{
    if (members_racing(race) == 0 && !cars_are_offered(race)) {
        lobby_begin(room, race);
        return;
    }
    if (++race->clock == COUNTDOWN_TICKS)
        phase_set(race, PHASE_RACING);
}

/* --- The race ------------------------------------------------------------------------------------ */

static void deadline_within(struct race_memory *race, uint32_t ticks)
{
    if (race->deadline > race->clock + ticks)
        race->deadline = race->clock + ticks;
}

static bool anyone_racing(const struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].state == RACER_RACING)
            return true;
    return false;
}

static void racing_tick(struct room *room, struct race_memory *race)
{
    race->clock++;
    cars_drive(room, race);
    if (race->members_home > 0)
        deadline_within(race, STRAGGLER_TICKS);
    if (race->bots_home > 0)
        deadline_within(race, BOT_HOME_TICKS);
    if (members_racing(race) == 0 && !cars_are_offered(race))
        deadline_within(race, BOTS_LEFT_TICKS);
    if (race->clock < race->deadline && anyone_racing(race))
        return;
    results_count(race);
    phase_set(race, PHASE_RESULTS);
}

/* --- The step ------------------------------------------------------------------------------------ */

static void lobby_frame(struct room *room, struct race_memory *race)
{
    wishes_take(room, race);
    places_clear(room, race);
    if (room_tick_number(room) % SEATING_TICKS == 0)
        places_give(room, race);
    race->track = track_chosen(race);
    race->laps = setting(room, SETTINGS_LAPS);
    struct tally tally = tally_drivers(room, race);
    race->clock = tally.ready > 0 ? race->clock + FRAME_TICKS : 0;
    if (all_ready(tally) || race->clock >= READY_TICKS)
        countdown_begin(room, race);
}

/* Results of a race that nobody is left of are for nobody. */
static bool anyone_there(const struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].member != 0)
            return true;
    return false;
}

static void results_tick(struct room *room, struct race_memory *race)
{
    if (race->clock < RACERS_MAX)
        results_tell(room, race, &race->racers[race->clock]);
    race->clock++;
    cars_drive(room, race);
    if (!room_frame_due(room) || race->clock < RACERS_MAX)
        return;
    wishes_take(room, race);
    bool again = all_ready(tally_drivers(room, race));
    if (!again && race->clock < RESULTS_TICKS && anyone_there(race))
        return;
    lobby_begin(room, race);
    if (again)
        countdown_begin(room, race);
}

void race_tick(struct room *room)
{
    struct race_memory *race = room_memory(room);
    bool frame = room_frame_due(room);
    racers_await(room, race);
    if (race->awaited == AWAITS_ANYONE)
        return;
    switch ((enum race_phase)race->phase) {
    case PHASE_LOBBY:
        if (frame)
            lobby_frame(room, race);
        break;
    case PHASE_COUNTDOWN:
        countdown_tick(room, race);
        break;
    case PHASE_RACING:
        racing_tick(room, race);
        break;
    case PHASE_RESULTS:
        results_tick(room, race);
        break;
    case PHASES:
        break;
    }
    if (!frame)
        return;
    judge_order(race);
    race_show(room, race);
    own_show(room, race);
    card_show(room, race);
}

/* --- Beginning and waking ------------------------------------------------------------------------ */

void race_created(struct room *room)
{
    struct race_memory *race = room_memory(room);
    const struct field_value settings[SETTINGS_FIELDS] = {
        {.field = SETTINGS_LAPS, .number = setting(room, SETTINGS_LAPS)},
        {.field = SETTINGS_BOTS, .number = setting(room, SETTINGS_BOTS)},
        {.field = SETTINGS_LEVEL, .number = setting(room, SETTINGS_LEVEL)},
        {.field = SETTINGS_LISTED, .number = setting(room, SETTINGS_LISTED)},
    };
    enum status status =
        room_put(room, RACE_SETTINGS, 0, bytes_of("next"), settings, SETTINGS_FIELDS);
    assert(status == STATUS_OK);
    (void)status;
    race->laps = setting(room, SETTINGS_LAPS);
    race_show(room, race);
    card_show(room, race);
}

/* A race goes on where it was, and waits a while for those who drove in it, or for whoever wants to. */
void race_woken(struct room *room)
{
    struct race_memory *race = room_memory(room);
    race->card = 0;
    race->awaited = 0;
    if (race_is_on(race)) {
        race->awaited = room_just_forked(room) ? AWAITS_ANYONE : RETURN_TICKS;
        if (race->awaited == AWAITS_ANYONE)
            cars_offer(room, race);
        return;
    }
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        racer_free(&race->racers[i]);
    phase_set(race, PHASE_LOBBY);
    race->laps = setting(room, SETTINGS_LAPS);
}
