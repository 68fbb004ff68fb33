/* race_bits.c - reads cases from stdin and writes what becomes of each: see race_bits.test.mjs, which builds them
 * and compares this program, as several compilers made it, with race.wasm. */
#include "sync/race_driver.h"

#include <stdio.h>
#include <stdlib.h>

struct bits_case {
    struct car car, other;
    uint32_t input, track, tow, skill;
    int32_t lane;
};

struct bits_result {
    struct car car, other;
    int32_t impact;
    uint32_t tow, driven;
};

static void play(const struct bits_case *given, struct bits_result *result)
{
    const struct track *track = &tracks[given->track % track_count];
    result->car = given->car;
    result->other = given->other;
    result->tow = car_tow(&result->car, &result->other);
    car_step(&result->car, given->input, track, given->tow);
    result->driven = driver_input(&result->car, track, given->skill, given->lane);
    result->impact = car_contact(&result->car, &result->other);
}

int main(void)
{
    struct bits_case given;
    struct bits_result result;
    while (fread(&given, sizeof given, 1, stdin) == 1) {
        play(&given, &result);
        if (fwrite(&result, sizeof result, 1, stdout) != 1)
            return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
