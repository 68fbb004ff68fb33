/* check_board.c - what a board takes and what it refuses, each rule from both sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/board_parts.h"
#include "tests/board_room.h"
#include "tests/run_suite.h"

/* --- Objects ------------------------------------------------------------------------------------- */

START_TEST(an_object_has_what_its_type_is_drawn_with)
{
    static const struct row rows[] = {
        {"[0 'objects' 'a' " STROKE "]", STATUS_OK},
        {"[0 'objects' 'b' 'z' 'a' 'x' 0 'y' 0]", STATUS_INCOMPLETE},
        {"[0 'objects' 'b' 'type' 0 'x' 0 'y' 0]", STATUS_INCOMPLETE},
        {"[0 'objects' 'b' 'type' 0 'z' 'a' 'y' 0]", STATUS_INCOMPLETE},
        {"[0 'objects' 'b' 'type' 0 'z' 'a' 'x' 0]", STATUS_INCOMPLETE},
        {"[0 'objects' 'b' 'type' 6 'z' 'a' 'x' 0 'y' 0]", STATUS_OK},
        {"[0 'objects' 'c' " BOX "]", STATUS_OK},
        {"[0 'objects' 'd' 'type' 1 'z' 'a' 'x' 0 'y' 0 'w' 8]", STATUS_INCOMPLETE},
        {"[0 'objects' 'd' 'type' 2 'z' 'a' 'x' 0 'y' 0 'h' 8]", STATUS_INCOMPLETE},
        {"[0 'objects' 'd' 'type' 3 'z' 'a' 'x' 0 'y' 0]", STATUS_INCOMPLETE},
        {"[0 'objects' 'd' 'type' 7 'z' 'a' 'x' 0 'y' 0]", STATUS_INCOMPLETE},
        {"[0 'objects' 'd' 'type' 9 'z' 'a' 'x' 0 'y' 0]", STATUS_INCOMPLETE},
        {"[0 'objects' 'd' 'type' 8 'z' 'a' 'x' 0 'y' 0 'w' 8 'h' 8]", STATUS_INCOMPLETE},
        {"[0 'objects' 'd']", STATUS_INCOMPLETE},
        {"[1 'objects' 'a' 'z' nil]", STATUS_INCOMPLETE},
        {"[1 'objects' 'a' 'type' nil]", STATUS_INCOMPLETE},
        {"[1 'objects' 'c' 'w' nil]", STATUS_INCOMPLETE},
        {"[1 'objects' 'a' 'w' 8] [1 'objects' 'a' 'w' nil]", STATUS_OK}, /* a stroke's scale */
        {"[1 'objects' 'c' 'x' 8]", STATUS_OK},
    };
    EACH_ROW(rows);
}
END_TEST

START_TEST(a_type_stays_in_its_family)
{
    good("[0 'objects' 'box' " BOX "] [0 'objects' 'line' 'type' 4 'z' 'a' 'x' 0 'y' 0]");
    good("[0 'objects' 'pen' " STROKE "] [0 'objects' 'frame' " FRAME "]");
    static const struct row rows[] = {
        {"[1 'objects' 'box' 'type' 2]", STATUS_OK},
        {"[1 'objects' 'box' 'type' 7]", STATUS_OK},
        {"[1 'objects' 'box' 'type' 8]", STATUS_INCOMPLETE},
        {"[1 'objects' 'box' 'type' 0]", STATUS_TYPE},
        {"[1 'objects' 'box' 'type' 5]", STATUS_TYPE},
        {"[1 'objects' 'box' 'type' 9]", STATUS_TYPE},
        {"[1 'objects' 'frame' 'type' 1]", STATUS_TYPE},
        {"[1 'objects' 'line' 'type' 5]", STATUS_OK},
        {"[1 'objects' 'line' 'type' 0]", STATUS_TYPE},
        {"[1 'objects' 'pen' 'type' 4]", STATUS_TYPE},
        {"[1 'objects' 'pen' 'type' 0]", STATUS_OK},
        {"[1 'objects' 'box' 'type' 10]", STATUS_RANGE},
        {"[0 'objects' 'new' 'type' 15 'z' 'a' 'x' 0 'y' 0]", STATUS_RANGE},
        {"[0 'objects' 'new' 'type' 16 'z' 'a' 'x' 0 'y' 0]", STATUS_RANGE},
    };
    EACH_ROW(rows);
}
END_TEST

/* Below, at and above every bound that the tables have. */
#define BOUNDS 17
START_TEST(values_stay_within_their_bounds)
{
    static const struct {
        const char *field;
        long minimum, maximum;
    } bounds[] = {
        {"x", -8388608, 8388608}, {"y", -8388608, 8388608}, {"w", 0, 8388608},
        {"h", 0, 8388608},        {"angle", 0, 4095},       {"colour", 0, 16777231},
        {"fill", 0, 16777231},    {"size", 1, 255},         {"dash", 0, 3},
        {"opacity", 0, 100},      {"tool", 0, 7},           {"font", 0, 7},
        {"font_size", 4, 512},    {"align", 0, 8},          {"bend", -1048576, 1048576},
        {"heads", 0, 15},         {"lock", 0, 2},
    };
    good("[0 'objects' 'a' " BOX "]");
    ck_assert_uint_eq(sizeof bounds / sizeof bounds[0], BOUNDS);
    const long values[] = {bounds[_i].minimum - 1, bounds[_i].minimum, bounds[_i].maximum,
                           bounds[_i].maximum + 1};
    for (int value = 0; value < 4; value++) {
        char edit[128];
        snprintf(edit, sizeof edit, "[1 'objects' 'a' '%s' %ld]", bounds[_i].field, values[value]);
        enum status expected = value == 0 || value == 3 ? STATUS_RANGE : STATUS_OK;
        ck_assert_msg(outcome(room, ada, edit) == expected, "%s", edit);
    }
}
END_TEST

START_TEST(z_is_an_index_of_1_to_64_digits_and_letters)
{
    good("[0 'objects' 'a' " BOX "]");
    static const struct row rows[] = {
        {"[1 'objects' 'a' 'z' '']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '09AZaz']", STATUS_OK},
        {"[1 'objects' 'a' 'z' '/']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' ':']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '@']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '[']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '`']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '{']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '~']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' 'a b']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '\x7f']", STATUS_RANGE},
        {"[1 'objects' 'a' 'z' '\xc3\xa9']", STATUS_RANGE},
    };
    EACH_ROW(rows);
    good(padded("[1 'objects' 'a' 'z' '", 64, "']"));
    refused(padded("[1 'objects' 'a' 'z' '", 65, "']"), STATUS_RANGE);
}
END_TEST

START_TEST(points_come_whole)
{
    good("[0 'objects' 'pen' " STROKE "] [0 'objects' 'line' " ARROW "]");
    static const struct row rows[] = {
        {"[2 'objects' 'pen' 'points' 0 0 64]", STATUS_OK},
        {"[2 'objects' 'pen' 'points' 0 0]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'points' 0 0 64 1]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'points' 3 -3 127 3 -3 0]", STATUS_OK},
        {"[2 'objects' 'pen' 'points' 3 -3 128]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'points' 3 -3 -1]", STATUS_RANGE},
        {"[2 'objects' 'pen' 7 3 -3 9]", STATUS_OK}, /* by number */
        {"[2 'objects' 'pen' 7 3 -3]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'points']", STATUS_OK},
        {"[1 'objects' 'pen' 'points' [1 2 3]]", STATUS_OK},
        {"[1 'objects' 'pen' 'points' [1 2]]", STATUS_RANGE},
        {"[1 'objects' 'pen' 'points' nil]", STATUS_OK},
        {"[0 'objects' 'new' " STROKE " 'points' [1 2 3 4]]", STATUS_RANGE},
        {"[0 'objects' 'new' " STROKE " 'points' [1 2 128]]", STATUS_RANGE},
        {"[1 'objects' 'line' 'points' [800 -800]]", STATUS_OK},
        {"[1 'objects' 'line' 'points' [800 -800 1]]", STATUS_RANGE},
        {"[2 'objects' 'line' 'points' 1 2]", STATUS_OK},
        {"[2 'objects' 'pen' 'points' 4194303 -4194303 1]", STATUS_OK},
        {"[2 'objects' 'pen' 'points' 4194304 -4194304 1]", STATUS_OK},
        {"[2 'objects' 'pen' 'points' 4194305 0 1]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'points' 0 -4194305 1]", STATUS_RANGE},
        {"[2 'objects' 'line' 'points' 16777215 -16777215]", STATUS_OK},
        {"[2 'objects' 'line' 'points' 16777216 -16777216]", STATUS_OK},
        {"[2 'objects' 'line' 'points' 16777217 0]", STATUS_RANGE},
        {"[1 'objects' 'line' 'points' [0 -16777217]]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'points' 'one' 2 3]", STATUS_TYPE},
        {"[2 'objects' 'pen' 'cuts' 0 16]", STATUS_OK},
        {"[2 'objects' 'pen' 'cuts' 16 16]", STATUS_OK},
        {"[2 'objects' 'pen' 'cuts' 16 15]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'cuts' -1 15]", STATUS_RANGE},
        {"[2 'objects' 'pen' 'cuts' 1 2 3]", STATUS_RANGE},
        {"[1 'objects' 'pen' 'cuts' [0 8 16 24]]", STATUS_OK},
        {"[1 'objects' 'pen' 'cuts' [0 8 16]]", STATUS_RANGE},
    };
    EACH_ROW(rows);
}
END_TEST

/* A stroke goes on in another record before this one is full. */
START_TEST(a_stroke_takes_as_many_points_as_a_record_holds)
{
    good("[0 'objects' 'pen' " STROKE "]");
    static char line[MESSAGE_BYTES_MAX];
    size_t at = (size_t)snprintf(line, sizeof line, "[2 'objects' 'pen' 'points'");
    for (int point = 0; point < 1000; point++)
        at += (size_t)snprintf(line + at, sizeof line - at, " 200 200 1");
    snprintf(line + at, sizeof line - at, "]");
    for (int thousands = 0; thousands < 6; thousands++)
        good(line);
    refused(line, STATUS_LIMIT);
}
END_TEST

/* Updates of 250 bytes, 253 packed. */
static const char *many_texts(int count)
{
    static char line[MESSAGE_BYTES_MAX];
    size_t at = (size_t)snprintf(line, sizeof line, "[2 'objects' 'a' 'text'");
    for (int i = 0; i < count; i++) {
        at += (size_t)snprintf(line + at, sizeof line - at, " x");
        memset(line + at, '5', 500);
        at += 500;
    }
    snprintf(line + at, sizeof line - at, "]");
    return line;
}

START_TEST(text_is_updates_of_bytes)
{
    good("[0 'objects' 'a' " BOX "]");
    static const struct row rows[] = {
        {"[2 'objects' 'a' 'text' x0102]", STATUS_OK},
        {"[2 'objects' 'a' 'text' 'words']", STATUS_TYPE},
        {"[2 'objects' 'a' 'text' x01 7]", STATUS_TYPE},
        {"[1 'objects' 'a' 'text' [x01 x02]]", STATUS_OK},
        {"[1 'objects' 'a' 'text' [x01 true]]", STATUS_TYPE},
        {"[1 'objects' 'a' 'text' 'words']", STATUS_TYPE},
        {"[1 'objects' 'a' 'text' nil]", STATUS_OK},
    };
    EACH_ROW(rows);
    for (int half = 0; half < 2; half++)
        good(many_texts(64));
    refused(many_texts(3), STATUS_LIMIT);
}
END_TEST

START_TEST(an_image_is_named_by_32_bytes)
{
    good("[0 'objects' 'a' " BOX "]");
    good(padded("[1 'objects' 'a' 'type' 8 'image' x", 64, "]"));
    refused(padded("[1 'objects' 'a' 'image' x", 62, "]"), STATUS_RANGE);
    refused(padded("[1 'objects' 'a' 'image' x", 66, "]"), STATUS_RANGE);
    refused("[1 'objects' 'a' 'image' nil]", STATUS_INCOMPLETE);
    refused("[1 'objects' 'a' 'image' 'name']", STATUS_TYPE);
}
END_TEST

START_TEST(small_lists_have_their_shape)
{
    good("[0 'objects' 'a' " ARROW "]");
    static const struct row rows[] = {
        {"[1 'objects' 'a' 'start_at' [512 512]]", STATUS_OK},
        {"[1 'objects' 'a' 'start_at' [512]]", STATUS_RANGE},
        {"[1 'objects' 'a' 'end_at' [1 2 3]]", STATUS_RANGE},
        {"[1 'objects' 'a' 'end_at' []]", STATUS_RANGE},
        {"[1 'objects' 'a' 'end_at' nil]", STATUS_OK},
        {"[1 'objects' 'a' 'groups' ['g' 'h']]", STATUS_OK},
        {"[1 'objects' 'a' 'groups' ['1' '2' '3' '4' '5' '6' '7' '8']]", STATUS_OK},
        {"[1 'objects' 'a' 'groups' ['1' '2' '3' '4' '5' '6' '7' '8' '9']]", STATUS_RANGE},
        {"[1 'objects' 'a' 'groups' ['abcdefghijklmnopqrstuvwx']]", STATUS_OK},
        {"[1 'objects' 'a' 'groups' ['abcdefghijklmnopqrstuvwxy']]", STATUS_RANGE},
        {"[1 'objects' 'a' 'groups' ['']]", STATUS_RANGE},
        {"[1 'objects' 'a' 'groups' [1]]", STATUS_TYPE},
        {"[1 'objects' 'a' 'groups' 'g']", STATUS_TYPE},
        {"[1 'objects' 'a' 'groups' []]", STATUS_OK},
    };
    EACH_ROW(rows);
}
END_TEST

/* --- References ---------------------------------------------------------------------------------- */

START_TEST(a_reference_names_what_is_or_was_there)
{
    good("[0 'objects' 'box' " BOX "] [0 'objects' 'frame' " FRAME "]");
    static const struct row rows[] = {
        {"[0 'objects' 'a' " ARROW " 'start' 'box' 'end' 'frame']", STATUS_OK},
        {"[1 'objects' 'a' 'end' 'nowhere']", STATUS_NOT_FOUND},
        {"[1 'objects' 'a' 'start' 'nowhere']", STATUS_NOT_FOUND},
        {"[1 'objects' 'a' 'start' '']", STATUS_NOT_FOUND},
        {"[1 'objects' 'a' 'start' nil]", STATUS_OK},
        {"[1 'objects' 'a' 'end' 'a']", STATUS_REFUSED},
        {"[1 'objects' 'a' 'frame' 'nowhere']", STATUS_NOT_FOUND},
        {"[1 'objects' 'a' 'frame' 'frame']", STATUS_OK},
        {"[1 'objects' 'a' 'frame' 'box']", STATUS_REFUSED},
        {"[0 'comments' 'c' " WORDS " 'on' 'nowhere']", STATUS_NOT_FOUND},
        {"[0 'comments' 'c' " WORDS " 'on' 'box']", STATUS_OK},
        {"[4 'objects' 'box'] [4 'objects' 'frame']", STATUS_OK},
        /* Whoever sent these did not know yet. */
        {"[0 'objects' 'b' " ARROW " 'start' 'box' 'end' 'frame' 'frame' 'frame']", STATUS_OK},
        {"[0 'comments' 'd' " WORDS " 'on' 'box']", STATUS_OK},
    };
    EACH_ROW(rows);
    expect("objects", "a", "end", "'frame'");
    expect("comments", "c", "on", "'box'");
}
END_TEST

START_TEST(a_group_may_refer_to_what_it_makes)
{
    good("[0 'objects' 'a' " ARROW " 'start' 'b' 'end' 'c' 'frame' 'f'] [0 'objects' 'b' " BOX "] "
         "[0 'objects' 'c' " BOX " 'frame' 'f'] [0 'objects' 'f' " FRAME "]");
    good("[0 'comments' 'c' " WORDS " 'on' 'd'] [0 1 'd' " BOX "] "
         "[0 'replies' 'r' 'comment' 'c' 'text' 'so']");
    refused("[0 'objects' 'e' " ARROW " 'start' 'r'] [0 'comments' 'r' " WORDS "]",
            STATUS_NOT_FOUND); /* no object */
    refused("[0 'objects' 'e' " ARROW " 'start' 'g'] [0 'objects' 'g' 'z' 'a']", STATUS_INCOMPLETE);
    refused("[0 'objects' 'e' " ARROW " 'start' 'g'] [1 'objects' 'g' 'x' 1]", STATUS_NOT_FOUND);
    refused("[0 'objects' 'g' " FRAME "] [0 'objects' 'h' " BOX "] "
            "[0 'objects' 'e' " ARROW " 'frame' 'h']",
            STATUS_REFUSED);
}
END_TEST

START_TEST(no_frame_is_in_itself)
{
    good("[0 'objects' 'a' " FRAME "] [0 'objects' 'b' " FRAME " 'frame' 'a'] "
         "[0 'objects' 'c' " FRAME " 'frame' 'b']");
    refused("[1 'objects' 'a' 'frame' 'a']", STATUS_REFUSED);
    refused("[1 'objects' 'a' 'frame' 'b']", STATUS_REFUSED);
    refused("[1 'objects' 'a' 'frame' 'c']", STATUS_REFUSED);
    refused("[0 'objects' 'd' " FRAME " 'frame' 'e'] [0 'objects' 'e' " FRAME " 'frame' 'd']",
            STATUS_REFUSED);
    refused("[1 'objects' 'b' 'x' 1] [1 'objects' 'a' 'frame' 'c']", STATUS_REFUSED);
    good("[1 'objects' 'c' 'frame' nil] [1 'objects' 'a' 'frame' 'c']");
}
END_TEST

START_TEST(frames_are_so_deep_in_each_other)
{
    good("[0 'objects' 'f0' " FRAME "]");
    for (unsigned deep = 1; deep <= FRAMES_DEEP_MAX; deep++) {
        char edit[160];
        snprintf(edit, sizeof edit, "[0 'objects' 'f%u' " FRAME " 'frame' 'f%u']", deep, deep - 1);
        ck_assert_msg(outcome(room, ada, edit) == STATUS_OK, "%s", edit);
    }
    refused("[0 'objects' 'deep' " BOX " 'frame' 'f16']", STATUS_REFUSED);
    good("[0 'objects' 'deep' " BOX " 'frame' 'f15']");
}
END_TEST

/* --- Undo ---------------------------------------------------------------------------------------- */

START_TEST(undo_of_a_deletion_stands_though_its_targets_are_forgotten)
{
    room_destroy(room);
    room = room_create(&(struct room_options){
        .rules = &kind_board, .incarnation = 1, .limits = {.tombstones = 2}});
    ada = join(room, 1, ROLE_OWNER);
    bob = join(room, 2, ROLE_EDITOR);
    good("[0 'objects' 'f' " FRAME "] [0 'objects' 'x' " BOX "] [0 'objects' 'y' " BOX "]");
    bobs("[0 'objects' 'a' " ARROW " 'start' 'f' 'frame' 'f']", STATUS_OK);
    good("[4 'objects' 'f']");
    good("[4 'objects' 'x']");
    bobs("[4 'objects' 'a']", STATUS_OK);
    bobs("[0 'objects' 'b' " ARROW " 'start' 'f']", STATUS_NOT_FOUND);
    bobs("[32 'objects' 'a' 2 " ARROW " 'start' 'f' 'frame' 'f']", STATUS_OK);
    expect("objects", "a", "frame", "'f'");
}
END_TEST

START_TEST(what_is_taken_back_may_refer_to_what_is_gone)
{
    good("[0 'objects' 'f' " FRAME "] [0 'objects' 'g' " FRAME "]");
    bobs("[0 'objects' 'a' " ARROW " 'start' 'f' 'frame' 'f']", STATUS_OK);
    bobs("[1 'objects' 'a' 'start' 'g' 'frame' 'g']", STATUS_OK);
    bobs("[33 'objects' 'a' 2 'start' 'never' 'frame' 'never']", STATUS_OK);
    expect("objects", "a", "start", "'never'");
    bobs("[4 'objects' 'a']", STATUS_OK);
    bobs("[32 'objects' 'a' 4 " ARROW " 'end' 'never']", STATUS_OK);
    expect("objects", "a", "end", "'never'");
    bobs("[33 'objects' 'g' 1 'start' 'g']",
         STATUS_OK); /* nothing of it is bob's: nothing changes */
    expect("objects", "g", "start", "nil");
    bobs("[33 'objects' 'a' 5 'start' 'a']", STATUS_REFUSED); /* it was not so before */
}
END_TEST

/* --- Everything else ----------------------------------------------------------------------------- */

START_TEST(events_have_what_shows_them)
{
    static const struct row rows[] = {
        {"[5 'chat' 0 {'name' 'Ada' 'text' 'hi'}]", STATUS_OK},
        {"[5 'chat' 0 {'name' 'Ada'}]", STATUS_INCOMPLETE},
        {"[5 'chat' 0 {'text' ''}]", STATUS_RANGE},
        {"[5 'chat' 0 {'text' 5}]", STATUS_TYPE},
        {"[5 'chat' 0 'hi']", STATUS_TYPE},
        {"[5 'reaction' 0 {'x' 1 'y' 2.5 'emoji' '!'}]", STATUS_OK},
        {"[5 'reaction' 0 {'x' 1 'emoji' '!'}]", STATUS_INCOMPLETE},
        {"[5 'reaction' 0 {'x' 1 'y' nil 'emoji' '!'}]", STATUS_TYPE},
        {"[5 'reaction' 0 {'x' 1 'y' 2 'emoji' '12345678901234567890123456789012'}]", STATUS_OK},
        {"[5 'reaction' 0 {'x' 1 'y' 2 'emoji' '123456789012345678901234567890123'}]",
         STATUS_RANGE},
        {"[5 'summon' 0 {'x' 1 'y' 2 'w' 3 'h' 4}]", STATUS_OK},
        {"[5 'summon' 2 {'x' 1 'y' 2 'w' 3 'h' 4}]", STATUS_OK},
        {"[5 'summon' 0 {'x' 4194304 'y' -4194304 'w' 4194303.5 'h' 4}]", STATUS_OK},
        {"[5 'summon' 0 {'x' 4194305 'y' 2 'w' 3 'h' 4}]", STATUS_RANGE},
        {"[5 'summon' 0 {'x' 1 'y' -4194305 'w' 3 'h' 4}]", STATUS_RANGE},
        {"[5 'summon' 0 {'x' 1 'y' 2 'w' 4194304.5 'h' 4}]", STATUS_RANGE},
        {"[5 'reaction' 0 {'x' 1e308 'y' 2 'emoji' '!'}]", STATUS_RANGE},
        {"[5 'summon' 0 {'x' 1 'y' 2 'w' 3}]", STATUS_INCOMPLETE},
        {"[5 'gossip' 0 {'text' 'hi'}]", STATUS_NOT_FOUND},
    };
    EACH_ROW(rows);
}
END_TEST

START_TEST(a_board_learns_no_names)
{
    static const struct row rows[] = {
        {"[0 'layers' 'a']", STATUS_NOT_FOUND},
        {"[0 'objects' 'a' " BOX " 'glow' 1]", STATUS_NOT_FOUND},
        {"[0 'objects' 'a' " BOX " 29 1]", STATUS_NOT_FOUND},
        {"[1 'presence' '1' 'x' 1]", STATUS_DENIED},
    };
    EACH_ROW(rows);
}
END_TEST

int main(void)
{
    TCase *objects = tcase_create("objects");
    tcase_add_checked_fixture(objects, setup_board, teardown_pair);
    tcase_add_test(objects, an_object_has_what_its_type_is_drawn_with);
    tcase_add_test(objects, a_type_stays_in_its_family);
    tcase_add_loop_test(objects, values_stay_within_their_bounds, 0, BOUNDS);
    tcase_add_test(objects, z_is_an_index_of_1_to_64_digits_and_letters);
    tcase_add_test(objects, points_come_whole);
    tcase_add_test(objects, a_stroke_takes_as_many_points_as_a_record_holds);
    tcase_add_test(objects, text_is_updates_of_bytes);
    tcase_add_test(objects, an_image_is_named_by_32_bytes);
    tcase_add_test(objects, small_lists_have_their_shape);

    TCase *references = tcase_create("references");
    tcase_add_checked_fixture(references, setup_board, teardown_pair);
    tcase_add_test(references, a_reference_names_what_is_or_was_there);
    tcase_add_test(references, a_group_may_refer_to_what_it_makes);
    tcase_add_test(references, no_frame_is_in_itself);
    tcase_add_test(references, frames_are_so_deep_in_each_other);
    tcase_add_test(references, undo_of_a_deletion_stands_though_its_targets_are_forgotten);
    tcase_add_test(references, what_is_taken_back_may_refer_to_what_is_gone);

    TCase *others = tcase_create("others");
    tcase_add_checked_fixture(others, setup_board, teardown_pair);
    tcase_add_test(others, events_have_what_shows_them);
    tcase_add_test(others, a_board_learns_no_names);

    Suite *suite = suite_create("board");
    suite_add_tcase(suite, objects);
    suite_add_tcase(suite, references);
    suite_add_tcase(suite, others);
    return run_suite(suite);
}
