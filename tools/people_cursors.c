/* people_cursors.c - people over a page: pointers that move and rest, a word now and then. */
#include <string.h>

#include "tools/people.h"

/* As "The kind cursors" numbers them, in half pixels. */
enum {
    FIELD_X = 2,
    FIELD_TYPING = 5
};
enum {
    EVENT_CHAT = 0,
    EVENT_REACTION = 1
};

/* Half pixels: of 0 to 65,535 pixels. */
#define PAGE_MIDDLE 65536

static bool arrive(struct people *people, struct person *person)
{
    person->ticks_left = person_ticks(people, person, 0, 5);
    return true;
}

static bool emit(struct people *people, struct person *person)
{
    static const char *const lines[] = {"hello!", "where are we?", "the second row looks odd to me",
                                        "yes", "let us take the blue one, then"};
    struct writer *writer = say_edit(people, VERB_EMIT, EVENT_CHAT, 2);
    pack_integer(writer, 0);
    pack_string(writer, bytes_of(lines[person_below(person, sizeof lines / sizeof lines[0])]));
    return said(people, person);
}

static bool react(struct people *people, struct person *person)
{
    struct writer *writer = say_edit(people, VERB_EMIT, EVENT_REACTION, 2);
    pack_integer(writer, 0);
    pack_string(writer, bytes_of("\xf0\x9f\x91\x8d"));
    return said(people, person);
}

static bool tell_typing(struct people *people, struct person *person, bool typing)
{
    struct writer *writer = say(people, 2, CLIENT_PRESENCE);
    pack_integer(writer, FIELD_TYPING);
    pack_bool(writer, typing);
    return said(people, person);
}

/* Over a page that is half as wide as the hand's screen: places count from the middle of the range. */
static bool point(struct people *people, struct person *person)
{
    person_moves(people, person);
    const struct hand *hand = &person->hand;
    int32_t x = PAGE_MIDDLE + (hand->x - HAND_WIDTH / 2) / 2;
    return person_points(people, person, FIELD_X, x, hand->y / 2);
}

/* From one thing to the next. */
static bool turn(struct people *people, struct person *person)
{
    enum doing before = person->doing;
    if (before == DOING_TYPE) {
        person->doing = DOING_NOTHING;
        person->ticks_left = person_ticks(people, person, 2, 20);
        return tell_typing(people, person, false) && emit(people, person);
    }
    if (before == DOING_POINT && person_does(person, 6)) {
        person->doing = DOING_TYPE;
        person->ticks_left = person_ticks(people, person, 2, 10);
        return tell_typing(people, person, true);
    }
    person->doing = before == DOING_POINT ? DOING_NOTHING : DOING_POINT;
    person->ticks_left = person->doing == DOING_POINT ? person_ticks(people, person, 2, 40)
                                                      : person_ticks(people, person, 2, 30);
    return true;
}

static bool act(struct people *people, struct person *person)
{
    if (person->ticks_left-- == 0 && !turn(people, person))
        return false;
    if (person->doing != DOING_POINT)
        return true;
    if (person_does(person, 60 * people->hz) && !react(people, person))
        return false;
    return point(people, person);
}

const struct habit cursors_habit = {.kind = "cursors", .arrive = arrive, .act = act};
