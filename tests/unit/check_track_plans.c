/* check_track_plans.c - plans that are no tracks are refused, with a sentence that says why and where. */
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tools/tracks/track_plan.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scratch scratch;
static struct track_plan plan;
static struct track_shape shape;
static char error[ERROR_MAX];

static void setup(void)
{
    scratch = scratch_make();
}

static void teardown(void)
{
    scratch_remove(&scratch);
}

/* What a plan is made of; each test changes a part. */
struct parts {
    const char *head, *sides, *points, *tail;
};

static const struct parts good = {
    .head = "'name':'test','title':'Test','laps':2,'checkpoints':4,"
            "'colours':{'ground':'#102030','road':'#405060','accent':'#708090'}",
    .sides = "'width':12,'left':{'verge':5,'surface':'grass'},'right':{'verge':5}",
    .points = "[0,0],[60,0],[120,0],[180,20],[200,80],[180,140],[120,160],[60,160],[0,160],"
              "[-60,140],[-80,80],[-60,20]",
    .tail = "'grid':{'first':5,'step':4,'side':2}",
};

static bool makes(struct parts parts)
{
    char path[SCRATCH_PATH_MAX + 16], text[4096];
    snprintf(path, sizeof path, "%s/plan.json", scratch.path);
    snprintf(text, sizeof text, "{%s,%s,'points':[%s],%s}", parts.head, parts.sides, parts.points,
             parts.tail);
    for (char *quote = strchr(text, '\''); quote != NULL; quote = strchr(quote, '\''))
        *quote = '"';
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    error[0] = '\0';
    return track_plan_read(&plan, path, error) && track_shape_make(&shape, &plan, error);
}

static void refused(struct parts parts, const char *why)
{
    ck_assert_msg(!makes(parts), "taken: %s", why);
    ck_assert_msg(strstr(error, why) != NULL, "\"%s\" does not say \"%s\"", error, why);
}

static void refused_points(const char *points, const char *why)
{
    struct parts parts = good;
    parts.points = points;
    refused(parts, why);
}

static void refused_tail(const char *tail, const char *why)
{
    struct parts parts = good;
    parts.tail = tail;
    refused(parts, why);
}

static void refused_sides(const char *sides, const char *why)
{
    struct parts parts = good;
    parts.sides = sides;
    refused(parts, why);
}

static void refused_head(const char *head, const char *why)
{
    struct parts parts = good;
    parts.head = head;
    refused(parts, why);
}

START_TEST(a_good_plan_is_a_track)
{
    ck_assert_msg(makes(good), "%s", error);
    ck_assert_str_eq(shape.track.name, "test");
    ck_assert_uint_eq(shape.track.ground, 0x102030);
    ck_assert_uint_eq(shape.track.checkpoint_count, 4);
    ck_assert_uint_eq(shape.track.count % SHAPE_STRIDE, 0);
    ck_assert_uint_eq(shape.points[0].half, 6 * TRACK_WIDTHS);
    ck_assert_uint_eq(shape.points[0].left, 11 * TRACK_WIDTHS);
}
END_TEST

START_TEST(the_line_cuts_bends_and_the_pace_falls_before_them)
{
    ck_assert(makes(good));
    uint32_t widest = 0, slowest = 0;
    for (uint32_t i = 0; i < shape.track.count; i++) {
        const struct track_point *point = &shape.points[i];
        ck_assert_int_lt(abs(point->line), point->half - TRACK_WIDTHS);
        widest = point->line > shape.points[widest].line ? i : widest;
        slowest = point->pace < shape.points[slowest].pace ? i : slowest;
    }
    ck_assert_int_gt(shape.points[widest].line, 3 * TRACK_WIDTHS); /* a lap to the right */
    ck_assert_uint_lt(shape.points[slowest].pace, shape.points[0].pace);
}
END_TEST

START_TEST(kerbs_are_where_the_line_comes_to_the_edge)
{
    ck_assert(makes(good));
    uint32_t right = 0, none = 0;
    for (uint32_t i = 0; i < shape.track.count; i++) {
        const struct track_point *point = &shape.points[i];
        right += (point->kerbs & TRACK_KERB_RIGHT) != 0;
        none += point->kerbs == 0;
        if (point->kerbs == TRACK_KERB_RIGHT)
            ck_assert_int_gt(point->line, 0);
        if (point->kerbs == TRACK_KERB_LEFT)
            ck_assert_int_lt(point->line, 0);
    }
    ck_assert_uint_gt(right, 4);
    ck_assert_uint_gt(none, 4);
}
END_TEST

START_TEST(a_file_that_is_no_plan_is_refused)
{
    ck_assert(!track_plan_read(&plan, "/nowhere/plan.json", error));
    refused_tail("'grid':", "line");
    refused_head("'name':'Test 1','title':'T'", "name");
    refused_head("'name':'averyveryverylongname','title':'T'", "name");
    refused_head("'name':'a','title':'say \\'so\\''", "title");
    refused_head("'name':'a','title':'T','laps':0", "laps");
    refused_head("'name':'a','title':'T','laps':51", "laps");
    refused_head("'name':'a','title':'T','laps':1,'colours':{'ground':'green'}", "ground");
    refused_tail("'grid':{'first':1}", "first");
    refused_tail("'grid':{'side':-1}", "side");
    refused_sides("'width':7.9", "width");
    refused_sides("'width':61", "width");
    refused_sides("'left':{'verge':0.4}", "verge");
    refused_sides("'left':{'verge':5,'surface':'lava'}", "left");
    refused_points("[0,0],[60,0],[120,0]", "points");
    refused_points("[0,0],[60,0],[120,0],[180,'a'],[200,80],[180,140],[120,160],[60,160]", "point");
    refused_points("[0,0],[60,0],[9000,0],[180,0],[200,80],[180,140],[120,160],[60,160]", "point");
}
END_TEST

START_TEST(a_bend_tighter_than_its_verges_is_refused)
{
    refused_points("[0,0],[60,0],[120,0],[180,0],[190,6],[180,12],[120,40],[60,160],[0,160],"
                   "[-60,140],[-80,80],[-60,20]",
                   "too tight at");
}
END_TEST

START_TEST(a_track_that_meets_itself_is_refused_unless_it_says_so)
{
    const char *eight = "[150,0],[130,-87],[75,-87],[0,0],[-75,87],[-130,87],[-150,0],[-130,-87],"
                        "[-75,-87],[0,0],[75,87],[130,87]";
    refused_points(eight, "meets itself at");
    struct parts bridge = good;
    bridge.points = eight;
    bridge.tail = "'crosses':true,'grid':{'step':3}";
    ck_assert_msg(makes(bridge), "%s", error);
    refused_tail("'crosses':true,'grid':{'step':4}", "does not");
}
END_TEST

START_TEST(two_parts_too_close_for_their_verges_are_refused)
{
    struct parts waist = good;
    waist.points = "[0,0],[70,0],[140,45],[210,0],[280,0],[320,50],[280,100],[210,100],[140,55],"
                   "[70,100],[0,100],[-40,50]";
    waist.sides = "'width':10,'left':{'verge':5},'right':{'verge':5}";
    ck_assert_msg(makes(waist), "%s", error);
    waist.sides = "'width':10,'left':{'verge':5},'right':{'verge':18}";
    refused(waist, "meets itself at");
}
END_TEST

START_TEST(a_grid_must_fit)
{
    struct parts small = good;
    small.points = "[0,0],[40,0],[80,0],[110,20],[110,50],[80,70],[40,70],[0,70],[-30,50],[-30,20]";
    ck_assert_msg(makes(small), "%s", error);
    small.tail = "'grid':{'first':50,'step':10}";
    refused(small, "half a lap");
    refused_tail("'grid':{'step':4,'side':5.5}", "does not fit");
    struct parts wide = good;
    wide.tail = "'grid':{'step':4,'side':5}";
    ck_assert_msg(makes(wide), "%s", error);
}
END_TEST

START_TEST(a_lap_has_to_be_long_enough)
{
    refused_points("[0,0],[2,0],[4,0],[6,1],[6,2],[4,3],[2,3],[0,2]", "too short");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("track_plans");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_good_plan_is_a_track);
    tcase_add_test(tcase, the_line_cuts_bends_and_the_pace_falls_before_them);
    tcase_add_test(tcase, kerbs_are_where_the_line_comes_to_the_edge);
    tcase_add_test(tcase, a_file_that_is_no_plan_is_refused);
    tcase_add_test(tcase, a_bend_tighter_than_its_verges_is_refused);
    tcase_add_test(tcase, a_track_that_meets_itself_is_refused_unless_it_says_so);
    tcase_add_test(tcase, two_parts_too_close_for_their_verges_are_refused);
    tcase_add_test(tcase, a_grid_must_fit);
    tcase_add_test(tcase, a_lap_has_to_be_long_enough);

    Suite *suite = suite_create("track_plans");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
