/* race.c - the engine alone: bytes and time of a race, no sockets.
 *
 *   bench_race [--members N] [--bots N] [--seconds S]
 *
 * On each track members and bots race: 60 ticks and 20 frames a second, members by an input for every tick.
 * Prints the payload of frames for each car, everything counted, as one who looks on gets them and as a
 * driver does, who is told of its own car and of its inputs too; what a driver sends; the processor time of
 * ticks and frames, and how many such rooms a processor would carry. Instructions: run it under
 * `valgrind --tool=callgrind --toggle-collect=room_tick`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sync/frame.h"
#include "sync/kinds.h"
#include "sync/race_parts.h"
#include "sync/room.h"

#define SECONDS_MAX 60u
#define TICKS_MAX   (SECONDS_MAX * RACE_TICK_HZ)
#define SKILL       180u
#define HEADER      6u /* and mask, of RFC 6455: what a client's short message takes beside */
#define LOOKER      RACERS_MAX

struct bench {
    struct room *room;
    struct frames *frames;
    uint32_t members, bots, ticks;
    uint32_t seats[RACERS_MAX + 1]; /* of members; then of one that looks on */
    uint64_t next[RACERS_MAX];      /* the tick after its newest input's */
    uint64_t looker_bytes, driver_bytes, sent_bytes;
    uint32_t frame_count, driver_frames, sent;
    double tick_us[TICKS_MAX], frames_us[TICKS_MAX];
};

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "bench_race: %s\n", what);
    exit(EXIT_FAILURE);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* --- Members ------------------------------------------------------------------------------------- */

static uint32_t join(struct bench *bench, uint32_t number, enum role role)
{
    struct hello hello = {.version = WIRE_VERSION};
    uint32_t seat;
    memcpy(hello.key, &number, sizeof number);
    must(room_join(bench->room, &hello, role, &seat) == STATUS_OK, "cannot join");
    return seat;
}

static struct racer *racer_of(const struct bench *bench, uint32_t member)
{
    struct race_memory *race = room_memory(bench->room);
    uint32_t number = room_seat_member(bench->room, bench->seats[member]);
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].member == number)
            return &race->racers[i];
    return NULL;
}

static void send(struct bench *bench, uint32_t member)
{
    const struct race_memory *race = room_memory(bench->room);
    const struct racer *racer = racer_of(bench, member);
    uint64_t tick = room_tick_number(bench->room) + 1;
    uint8_t bytes[16];
    struct writer writer = writer_on(bytes, sizeof bytes);
    pack_array(&writer, 3);
    pack_integer(&writer, CLIENT_INPUTS);
    pack_integer(&writer, (int64_t)(tick - bench->next[member]));
    pack_integer(&writer, driver_input(&racer->car, race_track(race), SKILL, 0));
    must(room_submit(bench->room, bench->seats[member], writer_bytes(&writer)) == STATUS_OK,
         "an input is refused");
    bench->next[member] = tick + 1;
    bench->sent++;
    bench->sent_bytes += writer.length + HEADER;
}

/* One operation: its record's number, and pairs of a field and a number. */
static void ask(struct bench *bench,
                uint32_t member,
                enum race_collection collection,
                struct bytes id,
                const struct field_value *values,
                uint32_t count)
{
    uint8_t bytes[64];
    struct writer writer = writer_on(bytes, sizeof bytes);
    pack_array(&writer, 2);
    pack_integer(&writer, CLIENT_OPERATIONS);
    pack_array(&writer, 1);
    pack_array(&writer, 3 + 2 * count);
    pack_integer(&writer, VERB_SET);
    pack_integer(&writer, collection);
    pack_string(&writer, id);
    for (uint32_t i = 0; i < count; i++) {
        pack_integer(&writer, values[i].field);
        if (collection == RACE_DRIVERS && values[i].field == DRIVER_READY)
            pack_bool(&writer, values[i].number != 0);
        else
            pack_integer(&writer, values[i].number);
    }
    must(room_submit(bench->room, bench->seats[member], writer_bytes(&writer)) == STATUS_OK,
         "a wish is refused");
}

/* --- A race -------------------------------------------------------------------------------------- */

static void tick(struct bench *bench)
{
    must(room_prepare(bench->room) == STATUS_OK, "no memory");
    room_tick(bench->room);
}

static void frames_for_all(struct bench *bench)
{
    if (!frames_begin(bench->frames, bench->room))
        return;
    for (uint32_t i = 0; i <= LOOKER; i++) {
        if (i >= bench->members && i < LOOKER)
            continue;
        struct frame frame;
        do {
            frame = frames_next(bench->frames, bench->seats[i]);
            if (frame.message == NULL)
                break;
            *(i == LOOKER ? &bench->looker_bytes : &bench->driver_bytes) += frame.length;
            bench->driver_frames += i < LOOKER;
            bench->frame_count += i == LOOKER;
        } while (frame.more);
    }
    frames_end(bench->frames, true);
}

/* Until the lights go out, with everyone's first load done. */
static void start(struct bench *bench, uint32_t track)
{
    const struct race_memory *race = room_memory(bench->room);
    const struct field_value settings[] = {{.field = SETTINGS_LAPS, .number = LAPS_MAX},
                                           {.field = SETTINGS_BOTS, .number = bench->bots},
                                           {.field = SETTINGS_LEVEL, .number = 2}};
    const struct field_value wishes[] = {{.field = DRIVER_READY, .number = true},
                                         {.field = DRIVER_VOTE, .number = track}};
    for (uint32_t i = 0; i < FRAME_TICKS; i++)
        tick(bench);
    ask(bench, 0, RACE_SETTINGS, bytes_of("next"), settings, 3);
    for (uint32_t i = 0; i < bench->members; i++)
        ask(bench, i, RACE_DRIVERS, racer_id((uint32_t)(racer_of(bench, i) - race->racers)), wishes,
            2);
    for (uint32_t i = 0; race->phase != PHASE_RACING; i++) {
        must(i < 2 * READY_TICKS, "the race does not start");
        tick(bench);
        if (room_frame_due(bench->room))
            frames_for_all(bench);
    }
    bench->looker_bytes = bench->driver_bytes = 0;
    bench->frame_count = bench->driver_frames = 0;
}

static void drive(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->ticks; i++) {
        for (uint32_t member = 0; member < bench->members; member++)
            send(bench, member);
        double began = now_us();
        tick(bench);
        double ticked = now_us();
        if (room_frame_due(bench->room))
            frames_for_all(bench);
        bench->tick_us[i] = ticked - began;
        bench->frames_us[i] = now_us() - ticked;
    }
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static double sum(const double *times, uint32_t count)
{
    double total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += times[i];
    return total;
}

static void report(struct bench *bench, uint32_t track)
{
    double cars = bench->members + bench->bots;
    double tick = sum(bench->tick_us, bench->ticks) / bench->ticks;
    double frames = sum(bench->frames_us, bench->ticks) / bench->ticks;
    qsort(bench->tick_us, bench->ticks, sizeof bench->tick_us[0], compare);
    printf("%s: %u members and %u bots\n", tracks[track].name, bench->members, bench->bots);
    printf("  payload per car and frame %.2f bytes, to a driver %.2f\n",
           (double)bench->looker_bytes / bench->frame_count / cars,
           (double)bench->driver_bytes / bench->driver_frames / cars);
    printf("  an input for each tick takes %.1f bytes, WebSocket framing included\n",
           (double)bench->sent_bytes / bench->sent);
    printf(
        "  tick p50 %.1f us, p99 %.1f us; on average %.2f us, and %.2f us for the frames of all\n",
        bench->tick_us[bench->ticks / 2], bench->tick_us[bench->ticks * 99 / 100], tick, frames);
    printf("  room: %llu bytes taken; %.0f such rooms a processor\n",
           (unsigned long long)room_footprint(bench->room), 1e6 / RACE_TICK_HZ / (tick + frames));
}

static void race_on(struct bench *bench, uint32_t track)
{
    bench->room =
        room_create(&(struct room_options){.rules = &kind_race, .incarnation = 1, .seed = 1});
    must(bench->room != NULL, "no memory");
    bench->sent = 0;
    bench->sent_bytes = 0;
    for (uint32_t i = 0; i < bench->members; i++) {
        bench->seats[i] = join(bench, i, ROLE_EDITOR);
        bench->next[i] = room_tick_number(bench->room) + 1;
    }
    bench->seats[LOOKER] = join(bench, LOOKER, ROLE_VIEWER);
    start(bench, track);
    drive(bench);
    report(bench, track);
    room_destroy(bench->room);
}

static uint32_t number_in(const char *text, uint32_t minimum, uint32_t maximum)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    must(*end == 0 && number >= minimum && number <= maximum, "a number is out of range");
    return (uint32_t)number;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.members = 8, .bots = 8, .ticks = 30 * RACE_TICK_HZ};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--members") == 0)
            bench.members = number_in(value, 1, RACERS_MAX);
        else if (strcmp(argv[i], "--bots") == 0)
            bench.bots = number_in(value, 0, BOTS_MAX);
        else if (strcmp(argv[i], "--seconds") == 0)
            bench.ticks = number_in(value, 1, SECONDS_MAX) * RACE_TICK_HZ;
        else
            must(false, "usage: bench_race [--members N] [--bots N] [--seconds S]");
    }
    must(bench.members + bench.bots <= RACERS_MAX, "there are 16 places");
    bench.frames = frames_create(&(struct memory){0});
    must(bench.frames != NULL, "no memory");
    for (uint32_t track = 0; track < track_count; track++)
        race_on(&bench, track);
    frames_destroy(bench.frames);
    return EXIT_SUCCESS;
}
