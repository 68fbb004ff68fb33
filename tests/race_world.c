#include "tests/race_world.h"

#include <check.h>
#include <stdio.h>

#include "sync/kinds.h"

#define SEATS_MAX    VIEWERS_MAX
#define HALF_AN_HOUR (30u * 60 * RACE_TICK_HZ)
#define PACE         150u

static struct {
    bool drives, sends;
    uint32_t input;
    uint64_t next; /* the tick after the newest one it sent an input for */
} racers[SEATS_MAX];
static uint32_t framed_seats;
uint64_t framed_bytes, framed_count;

struct kept_log race_log;

static void log_take(void)
{
    if (options.logs)
        kept_log_take(&race_log, room);
}

static void setup(bool logs)
{
    setup_viewers();
    options = (struct room_options){
        .rules = &kind_race, .incarnation = 1, .seed = 7, .logs = logs, .saves = logs};
    for (int i = 0; i < SEATS_MAX; i++)
        racers[i].drives = racers[i].sends = false;
    framed_seats = 0;
    framed_bytes = framed_count = 0;
    race_log = (struct kept_log){0};
    create();
    log_take();
}

void setup_race(void)
{
    setup(false);
}

void setup_logged_race(void)
{
    setup(true);
}

void teardown_race(void)
{
    teardown_viewers();
    kept_log_free(&race_log);
}

struct race_memory *race_now(void)
{
    return room_memory(room);
}

struct racer *racer_at(uint32_t seat)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race_now()->racers[i].member == room_seat_member(room, seat))
            return &race_now()->racers[i];
    return NULL;
}

uint32_t racers_in(enum racer_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        count += race_now()->racers[i].state == state;
    return count;
}

uint32_t shortest_track(void)
{
    uint32_t found = 0;
    for (uint32_t i = 1; i < track_count; i++)
        if (tracks[i].length < tracks[found].length)
            found = i;
    return found;
}

static uint32_t comes(uint32_t seat)
{
    racers[seat].drives = true;
    racers[seat].next = room_tick_number(room) + 1;
    run();
    return seat;
}

uint32_t racer_joins_as(unsigned key, enum role role)
{
    return comes(join(room, key, role));
}

uint32_t racer_joins_named(unsigned key, const char *name)
{
    uint8_t packed[64];
    struct writer writer = writer_on(packed, sizeof packed);
    pack_map(&writer, 1);
    pack_string(&writer, bytes_of("name"));
    pack_string(&writer, bytes_of(name));
    struct hello hello = hello_of(key);
    hello.user = writer_bytes(&writer);
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &seat), STATUS_OK);
    return comes(seat);
}

uint32_t racer_joins(void)
{
    return racer_joins_as(room_members(room) + 1, ROLE_EDITOR);
}

void racer_nearly_home(uint32_t seat, int32_t metres)
{
    const struct track *track = race_track(race_now());
    struct racer *racer = racer_at(seat);
    int32_t before = metres * RACE_METRE;
    car_place(&racer->car, track, -before, 0);
    racer->along = track_wrap(track, -before);
    racer->travel = racer->furthest = track->length - before;
    racer->under_way = true;
    racer->gate = 0;
}

void racer_stops(uint32_t seat)
{
    racers[seat].drives = false;
}

void racer_drives_on(uint32_t seat)
{
    racers[seat].drives = true;
}

void racer_drives(uint32_t seat)
{
    racers[seat].drives = true;
    racers[seat].next = room_tick_number(room) + 1;
}

void racer_sends(uint32_t seat, uint32_t input)
{
    racers[seat].sends = true;
    racers[seat].input = input;
}

static void send_input(uint32_t seat)
{
    char message[64];
    uint64_t tick = room_tick_number(room) + 1;
    const struct racer *racer = racer_at(seat);
    uint32_t input = CAR_COAST;
    if (racers[seat].sends)
        input = racers[seat].input;
    else if (racer != NULL && racer->state == RACER_RACING)
        input = driver_input(&racer->car, race_track(race_now()), PACE, 0);
    racers[seat].sends = false;
    snprintf(message, sizeof message, "[5 %llu %u]", (unsigned long long)(tick - racers[seat].next),
             input);
    ck_assert_int_eq(submit(room, seat, message), STATUS_OK);
    racers[seat].next = tick + 1;
}

static void look(void)
{
    if (framed_seats == 0 || !room_frame_due(room))
        return;
    struct seen seen = round_for(framed_seats);
    framed_bytes += seen.length;
    framed_count++;
}

void run(void)
{
    bool inputs = race_now()->phase == PHASE_RACING || race_now()->phase == PHASE_COUNTDOWN;
    for (uint32_t seat = 0; seat < SEATS_MAX && inputs; seat++)
        if (racers[seat].drives)
            send_input(seat);
    step(room);
    log_take();
    look();
}

void run_for(uint32_t ticks)
{
    for (uint32_t i = 0; i < ticks; i++)
        run();
}

void run_to(enum race_phase phase)
{
    for (uint32_t i = 0; i < HALF_AN_HOUR && race_now()->phase != phase; i++)
        run();
    ck_assert_int_eq(race_now()->phase, phase);
}

enum status wish(uint32_t seat, const char *pairs)
{
    char edit[256];
    const struct racer *racer = racer_at(seat);
    ck_assert_ptr_nonnull(racer);
    snprintf(edit, sizeof edit, "[1 'drivers' '%ld' %s]", (long)(racer - race_now()->racers),
             pairs);
    enum status status = outcome(room, seat, edit);
    log_take();
    return status;
}

enum status set(uint32_t seat, const char *pairs)
{
    char edit[256];
    snprintf(edit, sizeof edit, "[1 'settings' 'next' %s]", pairs);
    enum status status = outcome(room, seat, edit);
    log_take();
    return status;
}

void race_of(uint32_t track, unsigned laps, unsigned bots)
{
    char pairs[64];
    uint32_t first = SEATS_MAX;
    for (uint32_t seat = SEATS_MAX; seat-- > 0;)
        if (racers[seat].drives)
            first = seat;
    ck_assert_uint_lt(first, SEATS_MAX);
    snprintf(pairs, sizeof pairs, "'laps' %u 'bots' %u 'level' 3", laps, bots);
    ck_assert_int_eq(set(first, pairs), STATUS_OK);
    snprintf(pairs, sizeof pairs, "'ready' true 'vote' %u", track);
    for (uint32_t seat = 0; seat < SEATS_MAX; seat++)
        if (racers[seat].drives && racer_at(seat) != NULL)
            ck_assert_int_eq(wish(seat, pairs), STATUS_OK);
    run_to(PHASE_RACING);
    ck_assert_uint_eq(race_now()->track, track);
}

void frames_for(uint32_t seats)
{
    for (uint32_t seat = 0; seat < seats; seat++) {
        replicas[seat] = replica_create(&(struct memory){0});
        replica_welcome(replicas[seat], 0, false);
    }
    framed_seats = seats;
}
