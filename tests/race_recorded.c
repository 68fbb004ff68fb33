#include "tests/race_recorded.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define PAUSES 40u  /* one tick in so many a member begins to send nothing, or to send again */
#define BREAKS 400u /* likewise its connection breaks, or is there again */

static struct chance chance;
static uint32_t seats[2];
static bool sends[2], connected[2];

void recorded_race_begins(uint64_t seed, unsigned laps, unsigned bots)
{
    chance = chance_of(seed);
    for (int i = 0; i < 2; i++) {
        seats[i] = racer_joins();
        sends[i] = connected[i] = true;
    }
    uint32_t viewer = join(room, 90, ROLE_EDITOR);
    ck_assert_int_eq(submit(room, viewer, "[2 'watch' true]"), STATUS_OK);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), laps, bots);
    ck_assert_ptr_null(racer_at(viewer));
}

static void may_pause(int i)
{
    if (chance_below(&chance, PAUSES) != 0)
        return;
    sends[i] = !sends[i];
    if (sends[i])
        racer_drives_on(seats[i]);
    else
        racer_stops(seats[i]);
}

static void may_break(int i)
{
    if (chance_below(&chance, BREAKS) != 0)
        return;
    connected[i] = !connected[i];
    if (connected[i]) {
        ck_assert_uint_eq(join(room, (unsigned)i + 1, ROLE_EDITOR), seats[i]);
        racer_drives(seats[i]);
        sends[i] = true;
    } else {
        racer_stops(seats[i]);
        room_disconnect(room, seats[i]);
    }
}

void recorded_race_goes_on(uint32_t ticks)
{
    for (uint32_t tick = 0; tick < ticks; tick++) {
        for (int i = 0; i < 2; i++) {
            may_break(i);
            if (connected[i])
                may_pause(i);
        }
        run();
    }
}

struct bytes recording(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", TEST_RECORDINGS, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is not there", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    size_t length = (size_t)ftell(file);
    uint8_t *data = malloc(length);
    rewind(file);
    ck_assert_uint_eq(fread(data, 1, length, file), length);
    fclose(file);
    return (struct bytes){data, length};
}
