/* check_race_sound.c - which memories are one that a race can have: each number at the ends of its range, in each
 * phase; and that from any that is taken rules go on well, as they do over a log that came from elsewhere. */
#include <check.h>
#include <string.h>

#include "sync/race_parts.h"
#include "tests/race_world.h"
#include "tests/run_suite.h"

/* --- Races in each phase -------------------------------------------------------------------------- */

/* Their places; the last one is free. */
enum {
    ADA,
    BOB,
    EVE,
    BOT,
    NOBODY = RACERS_MAX - 1
};

static struct race_memory sound;

/* The first one is ready, and waits for the other two. No clock of a phase is later than the room's. */
static void wait_in_lobby(void)
{
    for (unsigned key = 1; key <= 3; key++)
        racer_joins_as(key, ROLE_EDITOR);
    run_for(RESULTS_TICKS + 2 * FRAME_TICKS);
    ck_assert_int_eq(set(0, "'bots' 1 'laps' 1"), STATUS_OK);
    ck_assert_int_eq(wish(0, "'ready' true 'vote' 0"), STATUS_OK);
    run_for(2 * FRAME_TICKS);
    ck_assert_uint_gt(race_now()->clock, 0);
}

/* The race goes on until one member is about to be home, one is, one has left; and a bot. */
static void drive_to_the_end(void)
{
    run_to(PHASE_RACING);
    run_for(10);
    racer_stops(EVE);
    room_leave(room, EVE);
    racer_nearly_home(BOB, 10);
    racer_nearly_home(ADA, 60);
    const struct racer *home = racer_at(BOB);
    while (home->state == RACER_RACING)
        run();
    ck_assert_uint_eq(racers_in(RACER_RETIRED), 1);
    ck_assert_int_eq(racer_at(ADA)->state, RACER_RACING);
}

static void race_in(enum race_phase phase)
{
    wait_in_lobby();
    if (phase != PHASE_LOBBY)
        for (uint32_t seat = 1; seat < 3; seat++)
            ck_assert_int_eq(wish(seat, "'ready' true"), STATUS_OK);
    if (phase == PHASE_COUNTDOWN) {
        run_to(phase);
        run_for(10);
    } else if (phase != PHASE_LOBBY) {
        drive_to_the_end();
        if (phase == PHASE_RESULTS)
            race_now()->deadline = race_now()->clock + 1;
        run_to(phase);
        run_for(FRAME_TICKS);
    }
    sound = *race_now();
    ck_assert_int_eq(sound.phase, phase);
    ck_assert(race_sound(&sound, room_tick_number(room)));
}

/* --- Any bytes ------------------------------------------------------------------------------------ */

static void ticks(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(room_prepare(room), STATUS_OK);
        room_tick(room);
        ck_assert_ptr_null(room_ended(room));
        ck_assert(race_sound(race_now(), room_tick_number(room)));
    }
}

/* The next phase comes soon. */
static void hurry(struct race_memory *race)
{
    if (race->phase == PHASE_LOBBY && race->clock > 0)
        race->clock = READY_TICKS - FRAME_TICKS;
    else if (race->phase == PHASE_COUNTDOWN)
        race->clock = COUNTDOWN_TICKS - 1;
    else if (race->phase == PHASE_RACING)
        race->deadline = race->clock + 1;
    else if (race->phase == PHASE_RESULTS)
        race->clock = RESULTS_TICKS;
}

/* As rules that run again would begin with it: through all phases. False where it is refused. */
static bool lives_on(const struct race_memory *memory)
{
    struct race_memory *race = race_now();
    *race = *memory;
    if (!race_sound(race, room_tick_number(room)))
        return false;
    for (uint32_t i = 0; i < PHASES; i++) {
        ticks(FRAME_TICKS);
        hurry(race);
    }
    ticks(RACERS_MAX + FRAME_TICKS);
    return true;
}

/* Each byte, with values at all ends: it is refused, or nothing that follows leads out of a table or a range. Of
 * what there are many of, every few bytes are tried. */
START_TEST(any_byte_of_a_memory_is_refused_or_harmless)
{
    static const uint8_t values[] = {0, 1, 128, 255};
    static struct race_memory spoilt;
    uint32_t taken = 0, refused = 0;
    race_in((enum race_phase)_i);
    ck_assert(lives_on(&sound));
    size_t dense = offsetof(struct race_memory, racers) + (BOB + 1) * sizeof(struct racer);
    for (size_t at = 0; at < sizeof sound; at += at < dense ? 1 : 29) {
        for (size_t i = 0; i < sizeof values; i++) {
            spoilt = sound;
            if (((uint8_t *)&spoilt)[at] == values[i])
                continue;
            ((uint8_t *)&spoilt)[at] = values[i];
            bool lived = lives_on(&spoilt);
            taken += lived;
            refused += !lived;
        }
    }
    ck_assert_uint_gt(taken, 300);
    ck_assert_uint_gt(refused, 300);
}
END_TEST

/* --- Each number ---------------------------------------------------------------------------------- */

static struct race_memory spoilt;
static uint64_t tick; /* later than any clock */

#define JUDGED(what, value, taken)                                                                 \
    do {                                                                                           \
        spoilt = sound;                                                                            \
        spoilt.what = (value);                                                                     \
        ck_assert_msg(race_sound(&spoilt, tick) == (taken), "%s is %s", #what, #value);            \
    } while (0)
#define TAKEN(what, value)   JUDGED(what, value, true)
#define REFUSED(what, value) JUDGED(what, value, false)
#define UP_TO(what, most)                                                                          \
    do {                                                                                           \
        TAKEN(what, most);                                                                         \
        REFUSED(what, (most) + 1);                                                                 \
    } while (0)
#define BETWEEN(what, least, most)                                                                 \
    do {                                                                                           \
        REFUSED(what, (least)-1);                                                                  \
        TAKEN(what, least);                                                                        \
        UP_TO(what, most);                                                                         \
    } while (0)

static void judge_in(enum race_phase phase)
{
    race_in(phase);
    tick = UINT32_MAX;
    ck_assert(race_sound(&sound, sound.clock));
    ck_assert(!race_sound(&sound, sound.clock - 1)); /* older than its room */
}

static void judge_race(void)
{
    REFUSED(phase, PHASES);
    UP_TO(members_home, (uint8_t)RACERS_MAX);
    UP_TO(bots_home, (uint8_t)RACERS_MAX);
    UP_TO(awaited, (uint16_t)RETURN_TICKS);
    BETWEEN(first[0], 0, RACE_MS_MAX);
    BETWEEN(first[GATES_MAX - 1], 0, RACE_MS_MAX);
    BETWEEN(bests[TRACKS_MAX - 1].lap, 0, RACE_MS_MAX);
    UP_TO(bests[0].name.length, RACER_NAME_MAX);
    REFUSED(racers[NOBODY].points, 1);
    REFUSED(racers[NOBODY].state, RACER_STATES);
    REFUSED(racers[BOB].member, sound.racers[ADA].member);
    sound.bests[0].name = (struct racer_name){.length = 1, .text = "a"};
    REFUSED(bests[0].name.text[0], (char)0xff);
}

static void judge_wishes(void)
{
    UP_TO(racers[ADA].colour, COLOURS - 1);
    UP_TO(racers[ADA].ready, 1);
    UP_TO(racers[ADA].vote, (uint8_t)track_count);
    UP_TO(racers[ADA].untold, 1);
    REFUSED(racers[ADA].name.length, RACER_NAME_MAX + 1);
    REFUSED(racers[ADA].name.text[0], (char)0xff);
}

static void judge_car(const struct track *track)
{
    sound.racers[ADA].car.vx = sound.racers[ADA].car.vy = 0;
    BETWEEN(racers[ADA].car.x, track->west - CAR_LENGTH, track->east + CAR_LENGTH);
    BETWEEN(racers[ADA].car.y, track->north - CAR_LENGTH, track->south + CAR_LENGTH);
    BETWEEN(racers[ADA].car.vx, -SHOWN_SPEED_TOP, SHOWN_SPEED_TOP);
    BETWEEN(racers[ADA].car.vy, -SHOWN_SPEED_TOP, SHOWN_SPEED_TOP);
    REFUSED(racers[ADA].car.vx, INT32_MIN);
    UP_TO(racers[ADA].car.segment, (uint16_t)(track->count - 1));
    UP_TO(racers[ADA].car.surface, SURFACE_COUNT - 1);
}

static void judge_way(const struct track *track)
{
    const int64_t far = (int64_t)RACE_FAR * RACE_METRE;
    sound.racers[ADA].under_way = 1;
    BETWEEN(racers[ADA].travel, -far, far);
    BETWEEN(racers[ADA].furthest, -far, far);
    BETWEEN(racers[ADA].along, 0, track->length - 1);
    BETWEEN(racers[ADA].cut, 0, RACE_FAR);
    UP_TO(racers[ADA].gate, (uint8_t)(track->checkpoint_count - 1));
    UP_TO(racers[ADA].under_way, 1);
    UP_TO(racers[ADA].missed, 1);
    UP_TO(racers[ADA].tow, CAR_TOW_MAX);
    UP_TO(racers[ADA].next_tow, CAR_TOW_MAX);
    UP_TO(racers[ADA].cause, CAUSES - 1);
}

/* What a place in a race has, begun or over. */
static void judge_racer(int32_t latest)
{
    const struct track *track = race_track(&sound);
    judge_car(track);
    judge_way(track);
    BETWEEN(racers[ADA].lap_began, 0, latest);
    BETWEEN(racers[ADA].last, 0, RACE_MS_MAX);
    BETWEEN(racers[ADA].best, 0, RACE_MS_MAX);
    BETWEEN(racers[ADA].total, 0, RACE_MS_MAX);
    BETWEEN(racers[ADA].gap, 0, RACE_MS_MAX);
    BETWEEN(racers[ADA].penalty, 0, PENALTY_MAX);
    BETWEEN(racers[ADA].position, 1, (uint8_t)RACERS_MAX);
    BETWEEN(racers[ADA].grid, 1, (uint8_t)RACERS_MAX);
    UP_TO(racers[ADA].records, RECORD_FASTEST | RECORD_ROOM);
    UP_TO(racers[ADA].piloted, 1);
    UP_TO(racers[ADA].helped, 1);
    UP_TO(racers[ADA].spoilt, 1);
    REFUSED(racers[ADA].skill, 1); /* a bot's */
    REFUSED(racers[ADA].laps, sound.laps);
    REFUSED(racers[ADA].state, RACER_WAITING);
    REFUSED(racers[ADA].state, RACER_NONE);
    REFUSED(racers[BOT].member, 77);
}

START_TEST(who_waits_in_a_lobby_has_a_place_and_no_more)
{
    judge_in(PHASE_LOBBY);
    judge_race();
    judge_wishes();
    UP_TO(clock, READY_TICKS - 1);
    UP_TO(track, (uint8_t)(track_count - 1));
    BETWEEN(laps, 1, LAPS_MAX);
    TAKEN(racers[ADA].points, UINT32_MAX);
    REFUSED(racers[ADA].member, 0);
    for (uint8_t state = 0; state <= RACER_STATES; state++)
        JUDGED(racers[ADA].state, state, state == RACER_WAITING);
    uint32_t refused = 0;
    for (size_t at = 0; at < sizeof(struct racer); at++) {
        spoilt = sound;
        ((uint8_t *)&spoilt.racers[ADA])[at] ^= 0x80;
        refused += !race_sound(&spoilt, tick);
    }
    ck_assert_uint_ge(refused, sizeof(struct racer) - sizeof(struct racer_name) - 8);
}
END_TEST

START_TEST(a_countdown_is_of_those_who_will_race)
{
    judge_in(PHASE_COUNTDOWN);
    judge_race();
    judge_wishes();
    judge_racer(0);
    UP_TO(clock, COUNTDOWN_TICKS - 1);
    UP_TO(deadline, sound.laps * LAP_TICKS_MAX);
    for (uint8_t state = 0; state <= RACER_STATES; state++)
        JUDGED(racers[ADA].state, state, state == RACER_RACING);
    REFUSED(racers[ADA].medal, 1);
    REFUSED(racers[ADA].member, 0);
}
END_TEST

START_TEST(a_race_has_who_drives_is_home_or_has_left)
{
    judge_in(PHASE_RACING);
    ck_assert_int_eq(sound.racers[BOB].state, RACER_FINISHED);
    ck_assert_int_eq(sound.racers[EVE].state, RACER_RETIRED);
    judge_race();
    judge_wishes();
    judge_racer((int32_t)(sound.clock * 1000 / RACE_TICK_HZ));
    UP_TO(clock, sound.deadline);
    UP_TO(deadline, sound.laps * LAP_TICKS_MAX);
    for (uint8_t state = 0; state <= RACER_STATES; state++)
        JUDGED(racers[BOB].state, state, state == RACER_FINISHED);
    for (uint8_t state = 0; state <= RACER_STATES; state++)
        JUDGED(racers[EVE].state, state, state == RACER_RETIRED);
    REFUSED(racers[EVE].member, 77);
    REFUSED(racers[BOB].laps, 0);
    REFUSED(racers[BOB].laps, sound.laps + 1);
    REFUSED(racers[BOB].medal, 1);
    REFUSED(racers[BOB].gained, 1);
    REFUSED(racers[ADA].member, 0);
}
END_TEST

START_TEST(results_have_medals_and_nobody_on_the_way)
{
    judge_in(PHASE_RESULTS);
    ck_assert_int_eq(sound.racers[ADA].state, RACER_LATE);
    judge_race();
    judge_wishes();
    judge_racer(RACE_MS_MAX);
    UP_TO(clock, RESULTS_TICKS + FRAME_TICKS - 1);
    TAKEN(deadline, UINT32_MAX); /* it is over */
    for (uint8_t state = 0; state <= RACER_STATES; state++)
        JUDGED(racers[ADA].state, state, state == RACER_LATE);
    UP_TO(racers[BOB].medal, MEDALS);
    TAKEN(racers[BOB].gained, UINT8_MAX);
    TAKEN(racers[ADA].member, 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("sound");
    tcase_add_checked_fixture(tcase, setup_race, teardown_race);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, who_waits_in_a_lobby_has_a_place_and_no_more);
    tcase_add_test(tcase, a_countdown_is_of_those_who_will_race);
    tcase_add_test(tcase, a_race_has_who_drives_is_home_or_has_left);
    tcase_add_test(tcase, results_have_medals_and_nobody_on_the_way);
    tcase_add_loop_test(tcase, any_byte_of_a_memory_is_refused_or_harmless, 0, PHASES);
    Suite *suite = suite_create("race_sound");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
