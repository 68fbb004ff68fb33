/* people_board.c - people at a whiteboard: they look about, draw and write by hand, push things around, and
 * type into notes. */
#include <stdio.h>
#include <string.h>

#include "sync/board_parts.h"
#include "tools/people.h"

/* Of presence, as board.c has them. */
enum {
    FIELD_X = 2,
    FIELD_VIEW = 4,
    FIELD_SELECTION = 5,
    FIELD_TOOL = 8
};

/* Half pixels, which pointers and pens are told in here, to eighths. */
#define EIGHTHS 4

/* Pages tell of a stroke 20 times a second, and pens are seen 60 times. */
#define POINTS_A_TICK 3u
#define POINT_NUMBERS 3u
#define POINTS_MIN    6u
#define POINTS_SPAN   54u

#define NOTE_SIDE (200 * PLACE_STEPS)

/* What a few typed letters are as an update of the text's library. */
#define UPDATE_BYTES 24u

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* --- What is said ---------------------------------------------------------------------------------- */

static bool look_at(struct people *people, struct person *person)
{
    struct writer *writer = say(people, 2, CLIENT_PRESENCE);
    pack_integer(writer, FIELD_VIEW);
    pack_array(writer, 4);
    pack_integer(writer, (int32_t)person_below(person, 8000) - 4000);
    pack_integer(writer, (int32_t)person_below(person, 8000) - 4000);
    pack_integer(writer, 1920);
    pack_integer(writer, 1080);
    return said(people, person);
}

static bool take_tool(struct people *people, struct person *person, uint32_t tool)
{
    struct writer *writer = say(people, 2, CLIENT_PRESENCE);
    pack_integer(writer, FIELD_TOOL);
    pack_integer(writer, tool);
    return said(people, person);
}

static bool select_object(struct people *people, struct person *person, bool selected)
{
    struct writer *writer = say(people, 2, CLIENT_PRESENCE);
    pack_integer(writer, FIELD_SELECTION);
    pack_array(writer, selected ? 1 : 0);
    if (selected)
        pack_string(writer, bytes_of(person->object));
    return said(people, person);
}

/* A new one, in front of all that it made before. */
static struct writer *
say_object(struct people *people, struct person *person, enum object_type type, uint32_t pairs)
{
    char z[8];
    for (unsigned i = 0; i + 1 < sizeof person->object; i++)
        person->object[i] = base62[person_below(person, sizeof base62 - 1)];
    person->made++;
    snprintf(z, sizeof z, "b%c%c%c", base62[person->made / 3844 % 62],
             base62[person->made / 62 % 62], base62[person->made % 62]);
    struct writer *writer = say_edit(people, VERB_PUT, BOARD_OBJECTS, 1 + 2 * (2 + pairs));
    pack_string(writer, bytes_of(person->object));
    pack_integer(writer, OBJECT_TYPE);
    pack_integer(writer, type);
    pack_integer(writer, OBJECT_Z);
    pack_string(writer, bytes_of(z));
    return writer;
}

static void pack_pair(struct writer *writer, enum object_field field, int64_t value)
{
    pack_integer(writer, field);
    pack_integer(writer, value);
}

/* --- Drawing --------------------------------------------------------------------------------------- */

static bool begin_stroke(struct people *people, struct person *person)
{
    pen_draw(&person->pen, POINTS_MIN + person_below(person, POINTS_SPAN), &person->stroke);
    person->drawn = 0;
    struct writer *writer = say_object(people, person, TYPE_STROKE, 5);
    pack_pair(writer, OBJECT_X, person->stroke.x * EIGHTHS);
    pack_pair(writer, OBJECT_Y, person->stroke.y * EIGHTHS);
    pack_pair(writer, OBJECT_COLOUR, person->seat % 16);
    pack_pair(writer, OBJECT_SIZE, 6);
    pack_pair(writer, OBJECT_TOOL, 0);
    person->shown_x = person->stroke.x * EIGHTHS;
    person->shown_y = person->stroke.y * EIGHTHS;
    return said(people, person);
}

/* The next points, and the pointer with them. */
static bool go_on_drawing(struct people *people, struct person *person)
{
    uint32_t count = person->stroke.count - person->drawn;
    count = count < POINTS_A_TICK ? count : POINTS_A_TICK;
    const int32_t *points = &person->stroke.points[POINT_NUMBERS * person->drawn];
    struct writer *writer = say_edit(people, VERB_APPEND, BOARD_OBJECTS, 2 + count * POINT_NUMBERS);
    pack_string(writer, bytes_of(person->object));
    pack_integer(writer, OBJECT_POINTS);
    for (uint32_t i = 0; i < count * POINT_NUMBERS; i++)
        pack_integer(writer, points[i]);
    person->drawn += count;
    for (uint32_t i = 0; i < count; i++) {
        person->shown_x += points[POINT_NUMBERS * i] * EIGHTHS;
        person->shown_y += points[POINT_NUMBERS * i + 1] * EIGHTHS;
    }
    if (!said(people, person))
        return false;
    writer = say(people, 4, CLIENT_PRESENCE);
    pack_pair(writer, (enum object_field)FIELD_X, person->shown_x);
    pack_pair(writer, (enum object_field)(FIELD_X + 1), person->shown_y);
    return said(people, person);
}

static bool draw(struct people *people, struct person *person)
{
    if (person->drawn < person->stroke.count) {
        bool done = go_on_drawing(people, person);
        if (person->drawn == person->stroke.count)
            person->pause = person_ticks(people, person, 0.15, 0.6);
        return done;
    }
    if (person->pause > 0) {
        person->pause--;
        return true;
    }
    return begin_stroke(people, person);
}

/* --- Pushing and typing ---------------------------------------------------------------------------- */

static bool put_note(struct people *people, struct person *person)
{
    struct writer *writer = say_object(people, person, TYPE_NOTE, 5);
    pack_pair(writer, OBJECT_X, person->hand.x * EIGHTHS);
    pack_pair(writer, OBJECT_Y, person->hand.y * EIGHTHS);
    pack_pair(writer, OBJECT_COLOUR, person_below(person, 16));
    pack_pair(writer, OBJECT_W, NOTE_SIDE);
    pack_pair(writer, OBJECT_H, NOTE_SIDE);
    return said(people, person);
}

static bool point(struct people *people, struct person *person)
{
    person_moves(people, person);
    const struct hand *hand = &person->hand;
    return person_points(people, person, FIELD_X, hand->x * EIGHTHS, hand->y * EIGHTHS);
}

static bool drag(struct people *people, struct person *person)
{
    if (!point(people, person))
        return false;
    struct writer *writer = say_edit(people, VERB_SET, BOARD_OBJECTS, 5);
    pack_string(writer, bytes_of(person->object));
    pack_pair(writer, OBJECT_X, person->shown_x);
    pack_pair(writer, OBJECT_Y, person->shown_y);
    return said(people, person);
}

/* Three or four times a second. */
static bool type(struct people *people, struct person *person)
{
    uint8_t update[UPDATE_BYTES] = {1, 1, 0xb0, 0x91, 0x8c, 0x05};
    if (!person_does(person, people->hz / 3))
        return true;
    for (unsigned i = 6; i < sizeof update; i++)
        update[i] = (uint8_t)(i < 12 ? person->seat : 'a' + person_below(person, 26));
    struct writer *writer = say_edit(people, VERB_APPEND, BOARD_OBJECTS, 3);
    pack_string(writer, bytes_of(person->object));
    pack_integer(writer, OBJECT_TEXT);
    pack_binary(writer, (struct bytes){update, 10 + person_below(person, UPDATE_BYTES - 10)});
    return said(people, person);
}

/* --- From one thing to the next --------------------------------------------------------------------- */

static bool arrive(struct people *people, struct person *person)
{
    person->ticks_left = person_ticks(people, person, 0, 10);
    person->stroke.count = 0;
    return true;
}

static bool leave_off(struct people *people, struct person *person)
{
    switch (person->doing) {
    case DOING_DRAG:
    case DOING_TYPE:
        return select_object(people, person, false);
    case DOING_DRAW:
        person->object[0] = 0;
        return true;
    case DOING_POINT:
    case DOING_NOTHING:
        return true;
    }
    return true;
}

static bool begin(struct people *people, struct person *person, uint32_t what)
{
    if (what < 30) {
        person->doing = DOING_NOTHING;
        person->ticks_left = person_ticks(people, person, 3, 40);
        return true;
    }
    if (what < 60) {
        person->doing = DOING_POINT;
        person->ticks_left = person_ticks(people, person, 2, 15);
        return !person_does(person, 3) || look_at(people, person);
    }
    if (what < 85) {
        person->doing = DOING_DRAW;
        person->ticks_left = person_ticks(people, person, 5, 30);
        return take_tool(people, person, 1 + person_below(person, 3)) &&
               begin_stroke(people, person);
    }
    person->doing = what < 92 ? DOING_DRAG : DOING_TYPE;
    person->ticks_left = person_ticks(people, person, person->doing == DOING_DRAG ? 0.7 : 3,
                                      person->doing == DOING_DRAG ? 3 : 15);
    return put_note(people, person) && select_object(people, person, true);
}

static bool act(struct people *people, struct person *person)
{
    bool strokes = person->doing == DOING_DRAW && person->drawn < person->stroke.count;
    if (person->ticks_left > 0)
        person->ticks_left--;
    if (person->ticks_left == 0 && !strokes)
        return leave_off(people, person) && begin(people, person, person_below(person, 100));
    switch (person->doing) {
    case DOING_NOTHING:
        return true;
    case DOING_POINT:
        return point(people, person);
    case DOING_DRAW:
        return draw(people, person);
    case DOING_DRAG:
        return drag(people, person);
    case DOING_TYPE:
        return type(people, person);
    }
    return true;
}

const struct habit board_habit = {.kind = "board", .arrive = arrive, .act = act};
