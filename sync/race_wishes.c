/* race_wishes.c - who has a car, and what members may ask for. */
#include <string.h>

#include "sync/race_parts.h"

#define BIT(field) (UINT32_C(1) << (field))

static const struct bytes settings_id = {(const uint8_t *)"next", 4};

/* --- Places -------------------------------------------------------------------------------------- */

struct bytes racer_id(uint32_t place)
{
    static const char digits[] = "0123456789101112131415";
    size_t at = place < 10 ? place : 2 * place - 10;
    return (struct bytes){(const uint8_t *)digits + at, place < 10 ? 1 : 2};
}

/* The place that has this id, or RACERS_MAX. */
static uint32_t place_of(struct bytes id)
{
    uint32_t place = 0;
    while (place < RACERS_MAX && !bytes_equal(racer_id(place), id))
        place++;
    return place;
}

static uint32_t place_free(const struct race_memory *race)
{
    uint32_t place = 0;
    while (place < RACERS_MAX && race->racers[place].state != RACER_NONE)
        place++;
    return place;
}

static struct racer *racer_of(struct race_memory *race, uint32_t member)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].member == member)
            return &race->racers[i];
    return NULL;
}

void racer_free(struct racer *racer)
{
    memset(racer, 0, sizeof *racer);
}

/* The first colour from this one on that no other car has. */
static uint8_t colour_free(const struct race_memory *race, uint32_t from)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].state != RACER_NONE)
            taken |= BIT(race->racers[i].colour);
    for (uint32_t i = 0; i < COLOURS; i++)
        if ((taken & BIT((from + i) % COLOURS)) == 0)
            return (uint8_t)((from + i) % COLOURS);
    return (uint8_t)(from % COLOURS);
}

static bool wants_car(const struct room *room, uint32_t member)
{
    int64_t watch = 0;
    room_number(room, RACE_PRESENCE, member, (struct bytes){0}, PRESENCE_WATCH, &watch);
    return watch == 0 && room_member_role(room, member) >= ROLE_EDITOR;
}

/* False where no place is free. */
static bool place_give(struct room *room, struct race_memory *race, uint32_t member)
{
    uint32_t place = place_free(race);
    if (place == RACERS_MAX)
        return false;
    if (!wants_car(room, member) || racer_of(race, member) != NULL)
        return true;
    struct racer *racer = &race->racers[place];
    uint8_t colour = colour_free(race, place);
    racer_free(racer);
    racer->state = RACER_WAITING;
    racer->member = member;
    racer->colour = colour;
    name_member(room, racer);
    return true;
}

void places_clear(struct room *room, struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (room_member_here(room, racer->member) && !wants_car(room, racer->member))
            racer_free(racer);
    }
}

void places_give(struct room *room, struct race_memory *race)
{
    uint32_t member = room_member_next(room, 0);
    while (member != 0 && place_give(room, race, member))
        member = room_member_next(room, member);
}

static uint8_t skill_drawn(struct room *room)
{
    static const uint8_t skills[LEVELS] = {64, 128, 192, 240};
    return (uint8_t)(skills[setting(room, SETTINGS_LEVEL)] - 15 + room_random(room, 31));
}

void racer_make_bot(struct room *room, struct race_memory *race, uint32_t place)
{
    struct racer *racer = &race->racers[place];
    if (racer->state == RACER_NONE) {
        racer->colour = colour_free(race, place);
        racer->state = RACER_RACING;
    }
    racer->member = racer->points = 0;
    racer->ready = racer->vote = 0;
    racer->skill = skill_drawn(room);
    name_bot(racer, place);
}

/* --- Cars that somebody may take ----------------------------------------------------------------- */

/* What one driver did is no lap of the next one's. */
static void laps_forget(struct racer *racer)
{
    racer->best = racer->records = 0;
    racer->spoilt = true;
}

void cars_offer(struct room *room, struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer->state == RACER_NONE || racer->skill > 0)
            continue;
        racer->member = racer->points = 0;
        racer->vote = 0;
        racer->piloted = false;
        racer->helped = true;
        laps_forget(racer);
        if (racer->state != RACER_RACING)
            continue;
        racer->skill = skill_drawn(room);
    }
}

static bool offered(const struct racer *racer)
{
    return racer->state == RACER_RACING && racer->skill > 0 && racer->helped;
}

bool cars_are_offered(const struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (offered(&race->racers[i]))
            return true;
    return false;
}

/* The one that was driven under this name, else the one that is farthest ahead. */
static struct racer *car_for(struct race_memory *race, const struct racer_name *name)
{
    struct racer *best = NULL;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (!offered(racer))
            continue;
        if (bytes_equal(racer_name(&racer->name), racer_name(name)))
            return racer;
        if (best == NULL || racer->position < best->position)
            best = racer;
    }
    return best;
}

static void car_take(struct room *room, struct race_memory *race, uint32_t member)
{
    struct racer driver = {.member = member};
    name_member(room, &driver);
    struct racer *racer = wants_car(room, member) ? car_for(race, &driver.name) : NULL;
    if (racer == NULL)
        return;
    racer->member = member;
    racer->name = driver.name;
    racer->skill = 0;
    racer->idle = 0;
    racer->untold = true;
    laps_forget(racer);
}

/* --- Who comes and goes -------------------------------------------------------------------------- */

void race_joined(struct room *room, uint32_t member)
{
    struct race_memory *race = room_memory(room);
    struct racer *racer = racer_of(race, member);
    if (race->awaited == AWAITS_ANYONE)
        race->awaited = 0;
    if (racer != NULL)
        racer->untold = true; /* it comes back, and knows nothing of its car */
    else if (race->phase == PHASE_LOBBY)
        place_give(room, race, member);
    else if (race_is_on(race))
        car_take(room, race, member);
}

static void racer_leaves(struct room *room, struct race_memory *race, struct racer *racer)
{
    switch ((enum race_phase)race->phase) {
    case PHASE_LOBBY:
        racer_free(racer);
        return;
    case PHASE_COUNTDOWN:
        racer_make_bot(room, race, (uint32_t)(racer - race->racers));
        return;
    case PHASE_RACING:
    case PHASE_RESULTS:
    case PHASES:
        break;
    }
    if (racer->state == RACER_RACING)
        racer->state = RACER_RETIRED;
    racer->member = 0;
    racer->ready = false;
}

void race_left(struct room *room, uint32_t member)
{
    struct race_memory *race = room_memory(room);
    struct racer *racer = racer_of(race, member);
    if (racer != NULL)
        racer_leaves(room, race, racer);
}

void racers_await(struct room *room, struct race_memory *race)
{
    if (race->awaited == 0 || race->awaited == AWAITS_ANYONE || --race->awaited > 0)
        return;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer->member != 0 && !room_member_here(room, racer->member))
            racer_leaves(room, race, racer);
    }
}

/* --- What members ask for ------------------------------------------------------------------------ */

static bool asks(const struct race_memory *race)
{
    return race->phase == PHASE_LOBBY || race->phase == PHASE_RESULTS;
}

static enum status accept_driver(const struct race_memory *race, const struct edit_view *edit)
{
    uint32_t place = place_of(edit->id);
    if (place == RACERS_MAX || race->racers[place].member != edit->member || edit->makes ||
        edit->verb == VERB_DELETE || (edit->changes & ~(BIT(DRIVER_WISHES) - 1)) != 0)
        return STATUS_DENIED;
    if (!asks(race))
        return STATUS_REFUSED;
    struct field_view vote = edit_leaves(edit, DRIVER_VOTE);
    struct reader name = reader_on(edit_leaves(edit, DRIVER_NAME).packed);
    bool named = name_fits(read_string(&name));
    return named && (!vote.set || vote.number < track_count) ? STATUS_OK : STATUS_RANGE;
}

static enum status accept_settings(struct race_memory *race, const struct edit_view *edit)
{
    bool drives = racer_of(race, edit->member) != NULL;
    if (edit->makes || edit->verb == VERB_DELETE || (!drives && edit->role < ROLE_OWNER))
        return STATUS_DENIED;
    if (!asks(race))
        return STATUS_REFUSED;
    for (int field = 0; field < SETTINGS_FIELDS; field++)
        if (!edit_leaves(edit, field).set)
            return STATUS_INCOMPLETE;
    return STATUS_OK;
}

static enum status accept_chat(const struct edit_view *edit)
{
    struct reader reader = reader_on(edit->arguments);
    if (read_type(&reader) != PACK_STRING)
        return STATUS_TYPE;
    size_t length = read_string(&reader).length;
    return length >= 1 && length <= CHAT_BYTES_MAX ? STATUS_OK : STATUS_RANGE;
}

enum status race_accept(struct room *room, const struct edit_view *edit)
{
    struct race_memory *race = room_memory(room);
    if (edit->verb == VERB_EMIT)
        return accept_chat(edit);
    if (edit->target == RACE_DRIVERS)
        return accept_driver(race, edit);
    return edit->target == RACE_SETTINGS ? accept_settings(race, edit) : STATUS_DENIED;
}

uint8_t setting(const struct room *room, enum settings_field field)
{
    static const uint8_t defaults[SETTINGS_FIELDS] = {LAPS_DEFAULT, BOTS_DEFAULT, LEVEL_DEFAULT,
                                                      true};
    int64_t number = defaults[field];
    room_number(room, RACE_SETTINGS, 0, settings_id, field, &number);
    return (uint8_t)number;
}

static int64_t wish(const struct room *room, uint32_t place, enum racer_field field, int64_t none)
{
    int64_t number = none;
    room_number(room, RACE_DRIVERS, 0, racer_id(place), field, &number);
    return number;
}

void wishes_take(struct room *room, struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        struct field_view name = room_field(room, RACE_DRIVERS, 0, racer_id(i), DRIVER_NAME);
        bool shown =
            wish(room, i, DRIVER_MEMBER, 0) == racer->member; /* else it is not its record */
        if (racer->member == 0 || !name.set || !shown)
            continue;
        struct reader reader = reader_on(name.packed);
        name_set(&racer->name, read_string(&reader));
        racer->colour = (uint8_t)wish(room, i, DRIVER_COLOUR, racer->colour);
        racer->ready = (uint8_t)wish(room, i, DRIVER_READY, false);
        racer->vote = (uint8_t)(wish(room, i, DRIVER_VOTE, -1) + 1);
    }
}
