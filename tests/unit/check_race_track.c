/* check_race_track.c - places on the tracks there are: found again, in order, on the right ground. */
#include "sync/race_step.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define CENTIMETRE (RACE_METRE / 100)

static const struct track *track; /* tracks[_i] */

static struct track_place place_at(int64_t along, int32_t offset)
{
    struct track_spot spot;
    struct track_place place;
    track_at(track, along, offset, &spot);
    track_find(track, spot.x, spot.y, spot.segment, &place);
    return place;
}

START_TEST(a_place_is_found_again)
{
    track = &tracks[_i];
    struct chance chance = chance_of((uint64_t)_i);
    for (int run = 0; run < 20000; run++) {
        int32_t along = (int32_t)chance_below(&chance, (uint32_t)track->length);
        const struct track_point *point = &track->points[along / track->spacing];
        int32_t wide = point->left < point->right ? point->left : point->right;
        int32_t offset = (int32_t)chance_below(&chance, (uint32_t)wide * 2) - wide;
        offset *= RACE_METRE / TRACK_WIDTHS;
        struct track_place place = place_at(along, offset);
        ck_assert_int_le(abs(place.offset - offset), 2 * CENTIMETRE);
        ck_assert_int_le(abs(track_advance(track, place.along, along)), 15 * CENTIMETRE);
    }
}
END_TEST

START_TEST(the_search_ends_a_few_points_away)
{
    track = &tracks[_i];
    struct track_spot spot;
    track_at(track, 0, 0, &spot);
    struct track_place place;
    track_find(track, spot.x, spot.y, TRACK_SEARCH - 1, &place);
    ck_assert_uint_eq(place.segment, 0);
    track_find(track, spot.x, spot.y, track->count - TRACK_SEARCH / 2, &place);
    ck_assert_uint_eq(place.segment, 0);
    track_find(track, spot.x, spot.y, track->count / 2, &place);
    uint32_t away = place.segment > track->count / 2 ? place.segment - track->count / 2
                                                     : track->count / 2 - place.segment;
    ck_assert_uint_le(away, TRACK_SEARCH);
    track_find(track, spot.x, spot.y, UINT32_MAX, &place); /* counts as the first */
    ck_assert_uint_eq(place.segment, 0);
    track_find(track, INT32_MIN, INT32_MAX, 0, &place);
    ck_assert_int_ge(place.along, 0);
    ck_assert_int_lt(place.along, track->length);
}
END_TEST

START_TEST(ways_are_the_short_ones)
{
    track = &tracks[_i];
    int32_t length = track->length;
    ck_assert_int_eq(track_advance(track, 0, 10), 10);
    ck_assert_int_eq(track_advance(track, 10, 0), -10);
    ck_assert_int_eq(track_advance(track, length - 5, 5), 10);
    ck_assert_int_eq(track_advance(track, 5, length - 5), -10);
    ck_assert_int_eq(track_advance(track, 0, length / 2), length / 2);
    ck_assert_int_lt(track_advance(track, 0, length / 2 + 1), 0);
    ck_assert_int_eq(track_wrap(track, -1), length - 1);
    ck_assert_int_eq(track_wrap(track, length), 0);
    ck_assert_int_eq(track_wrap(track, (int64_t)length * 1000 + 7), 7);
    ck_assert_int_eq(track_wrap(track, INT64_MIN) >= 0, 1);
}
END_TEST

START_TEST(reaching_a_line_is_passing_it)
{
    track = &tracks[_i];
    for (uint32_t i = 0; i < track->checkpoint_count; i++) {
        int32_t line = (int32_t)track->checkpoints[i] * track->spacing;
        int32_t before = track_wrap(track, line - 100), after = track_wrap(track, line + 300);
        ck_assert_int_eq(track_crossing(track, i, before, line), TRACK_STEP_PARTS);
        ck_assert_int_eq(track_crossing(track, i, line, after), -1);
        ck_assert_int_eq(track_crossing(track, i, before, after), TRACK_STEP_PARTS / 4);
        ck_assert_int_eq(track_crossing(track, i, before, track_wrap(track, line - 1)), -1);
        ck_assert_int_eq(track_crossing(track, i, after, before), -1);
        ck_assert_int_eq(track_crossing(track, i, after, after), -1);
    }
}
END_TEST

START_TEST(a_lap_passes_every_checkpoint_once_in_order)
{
    track = &tracks[_i];
    int32_t along = track->length - RACE_METRE;
    uint32_t passed = 0;
    for (int32_t way = 0; way < track->length; way += RACE_METRE / 2) {
        int32_t next = track_wrap(track, along + RACE_METRE / 2);
        for (uint32_t i = 0; i < track->checkpoint_count; i++) {
            if (track_crossing(track, i, along, next) >= 0)
                ck_assert_uint_eq(passed++, i);
        }
        along = next;
    }
    ck_assert_uint_eq(passed, track->checkpoint_count);
}
END_TEST

START_TEST(the_ground_changes_at_edge_kerb_and_verge)
{
    track = &tracks[_i];
    for (uint32_t i = 0; i < track->count; i++) {
        const struct track_point *point = &track->points[i];
        struct track_place place = place_at((int64_t)i * track->spacing, 0);
        place.segment = i;
        place.offset = place.half;
        ck_assert_uint_eq(track_surface(track, &place), SURFACE_ASPHALT);
        place.offset = -place.half;
        ck_assert_uint_eq(track_surface(track, &place), SURFACE_ASPHALT);
        bool kerb = (point->kerbs & TRACK_KERB_RIGHT) != 0;
        place.offset = place.half + 1;
        ck_assert_uint_eq(track_surface(track, &place), kerb ? SURFACE_KERB : point->on_right);
        place.offset = place.half + TRACK_KERB;
        ck_assert_uint_eq(track_surface(track, &place), kerb ? SURFACE_KERB : point->on_right);
        place.offset = place.half + TRACK_KERB + 1;
        ck_assert_uint_eq(track_surface(track, &place), point->on_right);
        place.offset = -place.half - TRACK_KERB - 1;
        ck_assert_uint_eq(track_surface(track, &place), point->on_left);
    }
}
END_TEST

START_TEST(sixteen_stand_on_the_grid_behind_the_line_and_apart)
{
    track = &tracks[_i];
    struct car cars[CAR_GRID];
    for (uint32_t i = 0; i < CAR_GRID; i++) {
        car_grid(&cars[i], track, i);
        struct track_place place;
        track_find(track, cars[i].x, cars[i].y, cars[i].segment, &place);
        ck_assert_uint_eq(place.segment, cars[i].segment);
        ck_assert_int_le(abs(place.offset) + CAR_RADIUS, place.half + CENTIMETRE);
        ck_assert_int_lt(track_advance(track, 0, place.along), -RACE_METRE);
        ck_assert_uint_eq(cars[i].surface, SURFACE_ASPHALT);
        int32_t fx = race_cosine(cars[i].heading), fy = race_sine(cars[i].heading);
        ck_assert_int_gt(track_speed(&place, fx, fy), TRACK_UNIT * 97 / 100);
        for (uint32_t j = 0; j < i; j++)
            ck_assert_int_eq(car_contact(&cars[i], &cars[j]), 0);
    }
}
END_TEST

START_TEST(tables_hold_together)
{
    track = &tracks[_i];
    ck_assert_int_eq(track->length, track->spacing * (int32_t)track->count);
    ck_assert_uint_eq(track->checkpoints[0], 0);
    for (uint32_t i = 0; i < track->count; i++) {
        const struct track_point *a = &track->points[i];
        const struct track_point *b = &track->points[(i + 1) % track->count];
        int64_t dx = b->x - a->x, dy = b->y - a->y;
        int32_t gap = (int32_t)race_root((uint64_t)(dx * dx + dy * dy));
        ck_assert_int_lt(abs(gap - track->spacing), track->spacing / 20);
        ck_assert_int_gt((dx * a->tx + dy * a->ty) / TRACK_UNIT, track->spacing * 9 / 10);
        ck_assert_int_lt(abs(race_cosine(a->heading) - a->tx), 4);
        ck_assert_int_lt(abs(race_sine(a->heading) - a->ty), 4);
        ck_assert_int_ge(a->left, a->half);
        ck_assert_int_ge(a->right, a->half);
        ck_assert_int_lt(abs(a->line), a->half);
        ck_assert_int_ge(a->x, track->west);
        ck_assert_int_le(a->x, track->east);
        ck_assert_int_ge(a->y, track->north);
        ck_assert_int_le(a->y, track->south);
    }
    for (uint32_t i = 0; i < (uint32_t)_i; i++)
        ck_assert_str_ne(tracks[i].name, track->name);
}
END_TEST

int main(void)
{
    int count = (int)track_count;
    TCase *tcase = tcase_create("race_track");
    tcase_add_loop_test(tcase, a_place_is_found_again, 0, count);
    tcase_add_loop_test(tcase, the_search_ends_a_few_points_away, 0, count);
    tcase_add_loop_test(tcase, ways_are_the_short_ones, 0, count);
    tcase_add_loop_test(tcase, reaching_a_line_is_passing_it, 0, count);
    tcase_add_loop_test(tcase, a_lap_passes_every_checkpoint_once_in_order, 0, count);
    tcase_add_loop_test(tcase, the_ground_changes_at_edge_kerb_and_verge, 0, count);
    tcase_add_loop_test(tcase, sixteen_stand_on_the_grid_behind_the_line_and_apart, 0, count);
    tcase_add_loop_test(tcase, tables_hold_together, 0, count);

    Suite *suite = suite_create("race_track");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
