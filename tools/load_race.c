/* load_race.c - members that race: they say that they are ready, and drive with an input for every tick.
 *
 * A driver knows what a person's page knows: its own car as the room told it last, carried on by the
 * race's own step with the inputs that are on their way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/kinds.h"
#include "sync/race_parts.h"
#include "tools/load.h"

/* Ticks by which inputs come ahead of the room's, at first and at most. */
#define LEAD_FIRST 3u
#define LEAD_MAX   30u

/* So many of them are to be left when an input arrives; frames that say more before one is given up. */
#define MARGIN_WANTED 1
#define LEAD_PATIENCE 40u

/* No two of a room's drivers are the same. */
#define SKILL_LEAST 120u
#define SKILL_STEP  37u

bool load_races(const struct load_options *options)
{
    return strcmp(options->kind, kind_race.name) == 0 && !options->idle;
}

static struct driver *driver_of(const struct member *member)
{
    return member->observer->driver;
}

static const struct track *track_of(const struct driver *driver)
{
    return &tracks[driver->track < track_count ? driver->track : 0];
}

static struct driven *driven_at(struct driver *driver, uint64_t tick)
{
    return &driver->driven[tick % DRIVEN_TICKS];
}

/* --- Its own car ----------------------------------------------------------------------------------- */

/* The frame before the one that showed this tick came too. Where one is passed over, the room has told a cause
 * in it that this one repeats no more. */
static bool follows(const struct driver *driver, uint64_t tick)
{
    return tick - driver->shown <= kind_race.tick_hz / kind_race.frame_hz;
}

/* What a tick makes of the car; before the start it stands. */
static void carry_on(struct driver *driver, struct driven *driven)
{
    uint32_t tow = driven->tick <= driver->tow_changes ? driver->tow : driver->next_tow;
    if (driver->starts != 0 && driven->tick >= driver->starts)
        car_step(&driver->car, driven->input, track_of(driver), tow);
    driven->car = driver->car;
}

/* The room's word, up to `tick`; from there on by the inputs that were sent. */
static void take_own(struct member *member, const struct tutti_record *record)
{
    struct driver *driver = driver_of(member);
    struct tutti_value state = tutti_get(record, "state");
    uint64_t tick = (uint64_t)tutti_number(record, "tick");
    if (state.type != TUTTI_BINARY || state.length != sizeof driver->car)
        return;
    const struct driven *driven = driven_at(driver, tick);
    if (driver->placed && driven->tick == tick && member->load->measuring) {
        bool caused = tutti_number(record, "cause") != 0;
        bool foreseen = memcmp(&driven->car, state.data, sizeof driven->car) == 0;
        driver->told++;
        driver->caused += caused;
        driver->astray += !caused && !foreseen && follows(driver, tick);
    }
    memcpy(&driver->car, state.data, sizeof driver->car);
    driver->tow = (uint32_t)tutti_number(record, "tow");
    driver->next_tow = (uint32_t)tutti_number(record, "next");
    driver->tow_changes = (uint64_t)tutti_number(record, "changes");
    driver->placed = true;
    if (driver->next <= tick)
        driver->next = tick + 1;
    for (uint64_t at = tick + 1; at < driver->next; at++)
        if (driven_at(driver, at)->tick == at)
            carry_on(driver, driven_at(driver, at));
}

static void take_race(struct driver *driver, const struct tutti_record *record)
{
    driver->phase = (uint32_t)tutti_number(record, "phase");
    driver->track = (uint32_t)tutti_number(record, "track");
    driver->starts = (uint64_t)tutti_number(record, "starts");
}

void driver_sees(struct member *member, const struct tutti_record *record)
{
    const char *collection = tutti_record_collection(record);
    if (strcmp(collection, "cars") == 0)
        member->observer->sightings.updates += member->load->measuring;
    else if (strcmp(collection, "own") == 0)
        take_own(member, record);
    else if (strcmp(collection, "race") == 0)
        take_race(driver_of(member), record);
}

/* --- Its lead ---------------------------------------------------------------------------------------- */

/* Grows at once, and not again before inputs sent with the new one can have arrived. */
static void adapt_lead(struct driver *driver, const struct tutti_input_report *report)
{
    if (!report->arrived || report->tick < driver->settled)
        return;
    if (report->margin < MARGIN_WANTED) {
        uint64_t lead = driver->lead + (uint64_t)(MARGIN_WANTED - report->margin);
        driver->lead = lead < LEAD_MAX ? (uint32_t)lead : LEAD_MAX;
        driver->settled = driver->next;
        driver->reports = 0;
    } else if (report->margin == MARGIN_WANTED) {
        driver->reports = 0;
    } else if (++driver->reports >= LEAD_PATIENCE && driver->lead > 0) {
        driver->lead--;
        driver->reports = 0;
    }
}

/* Every tick that a frame is the first to show. */
static void note_latency(struct member *member, uint64_t tick)
{
    struct driver *driver = driver_of(member);
    uint64_t now_us = tutti_now_us();
    uint64_t from = driver->shown + 1;
    if (from + DRIVEN_TICKS < tick)
        from = tick - DRIVEN_TICKS;
    driver->shown = tick;
    for (uint64_t at = from; at <= tick; at++) {
        const struct driven *driven = driven_at(driver, at);
        if (driven->tick == at && driven->sent_us != 0 && member->load->measuring)
            histogram_add(&member->load->latency, now_us - driven->sent_us);
    }
}

static void
on_inputs(void *context, struct tutti_client *client, const struct tutti_input_report *report)
{
    struct member *member = context;
    (void)client;
    note_latency(member, report->tick);
    adapt_lead(driver_of(member), report);
    if (member->load->measuring)
        driver_of(member)->missed += report->missed;
}

bool driver_prepare(struct observer *observer, struct tutti_handlers *handlers)
{
    observer->driver = calloc(1, sizeof *observer->driver);
    if (observer->driver == NULL)
        return false;
    observer->driver->lead = LEAD_FIRST;
    handlers->inputs = on_inputs;
    return true;
}

/* --- Its turn ------------------------------------------------------------------------------------------ */

static uint32_t think(const struct member *member)
{
    const struct driver *driver = driver_of(member);
    uint32_t number = member->index / member->load->options.rooms;
    uint32_t skill = SKILL_LEAST + number * SKILL_STEP % (DRIVER_SKILL_MAX - SKILL_LEAST);
    int32_t lane = ((int32_t)(number % 5) - 2) * (RACE_METRE / 2);
    return driver_input(&driver->car, track_of(driver), skill, lane);
}

static void give_input(struct member *member, uint64_t tick, uint64_t now_us)
{
    struct driver *driver = driver_of(member);
    struct driven *driven = driven_at(driver, tick);
    *driven = (struct driven){.tick = tick, .input = (uint8_t)think(member)};
    if (tutti_input(member->observer->client, tick, tutti_integer(driven->input)) == TUTTI_OK) {
        driven->sent_us = now_us;
        driver->sent += member->load->measuring;
    }
    carry_on(driver, driven);
}

/* Who has no car sends nothing. Ticks of which more are due than may wait are left out: this program
 * stood still. */
static void drive(struct member *member, uint64_t now_us)
{
    struct driver *driver = driver_of(member);
    uint64_t until = tutti_tick_now(member->observer->client, now_us) + driver->lead;
    if (!driver->placed)
        return;
    if (driver->next + INPUT_AHEAD_MAX <= until)
        driver->next = until - driver->lead;
    for (; driver->next <= until; driver->next++)
        give_input(member, driver->next, now_us);
}

/* Where everyone who can have a car has one: the record of this member's; else NULL. */
static const struct tutti_record *own_driver(const struct member *member)
{
    const struct tutti_client *client = member->observer->client;
    const struct tutti_record *record = NULL, *own = NULL;
    uint32_t wanted = member->load->options.clients, drivers = 0;
    while ((record = tutti_next(client, "drivers", record)) != NULL) {
        if ((uint32_t)tutti_number(record, "member") == tutti_member(client))
            own = record;
        drivers++;
    }
    return drivers < (wanted < RACERS_MAX ? wanted : RACERS_MAX) ? NULL : own;
}

/* Ready, and for its room's track; the first of a room that is sets the race up as well. */
static void wish(struct member *member)
{
    struct load *load = member->load;
    struct load_room *room = &load->rooms[member->room];
    const struct tutti_record *own = driver_of(member)->wished ? NULL : own_driver(member);
    if (own == NULL)
        return;
    char id[RECORD_ID_BYTES_MAX + 1];
    size_t length;
    const char *text = tutti_record_id(own, &length);
    snprintf(id, sizeof id, "%.*s", (int)length, text);
    const struct tutti_pair ready[] = {{"ready", tutti_bool(true)},
                                       {"vote", tutti_integer(member->room % track_count)}};
    const struct tutti_pair race[] = {{"laps", tutti_integer(LAPS_MAX)},
                                      {"bots", tutti_integer(load->options.bots)},
                                      {"level", tutti_integer(LEVELS - 1)}};
    const struct tutti_edit edits[] = {
        {.verb = TUTTI_SET, .collection = "drivers", .id = id, .fields = ready, .count = 2},
        {.verb = TUTTI_SET, .collection = "settings", .id = "next", .fields = race, .count = 3},
    };
    size_t count = room->set_up ? 1 : 2;
    if (tutti_submit(member->observer->client, edits, count, NULL) == TUTTI_OK)
        driver_of(member)->wished = room->set_up = true;
}

void member_race(struct member *member, uint64_t now_us)
{
    if (!member->joined || member->lost)
        return;
    switch ((enum race_phase)driver_of(member)->phase) {
    case PHASE_LOBBY:
        wish(member);
        break;
    case PHASE_COUNTDOWN:
    case PHASE_RACING:
        drive(member, now_us);
        break;
    case PHASE_RESULTS:
    case PHASES:
        break;
    }
    member_pump(member, now_us);
}

uint64_t load_astray(const struct load *load)
{
    uint64_t astray = 0;
    for (uint32_t i = 0; i < load->count; i++)
        astray += driver_of(&load->members[i])->astray;
    return astray;
}

uint32_t load_racing(const struct load *load)
{
    uint32_t racing = 0;
    for (uint32_t room = 0; room < load->options.rooms; room++)
        racing += driver_of(&load->members[room])->phase == PHASE_RACING;
    return racing;
}
