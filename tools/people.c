#include "tools/people.h"

#include <stdlib.h>
#include <string.h>

static const struct habit *const habits[] = {&cursors_habit, &board_habit, &race_habit};

/* --- Chance --------------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, neighbouring ones too. */
static uint64_t random_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

uint32_t person_below(struct person *person, uint32_t bound)
{
    return (uint32_t)((random_next(&person->random) >> 32) * bound >> 32);
}

bool person_does(struct person *person, uint32_t one_of)
{
    return person_below(person, one_of) == 0;
}

uint32_t
person_ticks(const struct people *people, struct person *person, double low_s, double high_s)
{
    double share = person_below(person, 1u << 16) / 65536.0;
    return 1 + (uint32_t)((low_s + (high_s - low_s) * share) * people->hz);
}

/* --- Saying --------------------------------------------------------------------------------------- */

struct writer *say(struct people *people, uint32_t elements, enum client_message kind)
{
    people->saying = writer_on(people->bytes, sizeof people->bytes);
    pack_array(&people->saying, 1 + elements);
    pack_integer(&people->saying, kind);
    return &people->saying;
}

struct writer *
say_edit(struct people *people, enum verb verb, uint32_t collection, uint32_t elements)
{
    struct writer *writer = say(people, 1, CLIENT_OPERATIONS);
    pack_array(writer, 1);
    pack_array(writer, 2 + elements);
    pack_integer(writer, verb);
    pack_integer(writer, collection);
    return writer;
}

bool said(struct people *people, const struct person *person)
{
    const struct writer *writer = &people->saying;
    return writer->status == STATUS_OK &&
           room_submit(people->room, person->seat, writer_bytes(writer)) == STATUS_OK;
}

void person_moves(struct people *people, struct person *person)
{
    hand_move(&person->hand, 1.0 / people->hz);
}

bool person_points(struct people *people,
                   struct person *person,
                   uint32_t field,
                   int32_t x,
                   int32_t y)
{
    if (x == person->shown_x && y == person->shown_y)
        return true;
    person->shown_x = x;
    person->shown_y = y;
    struct writer *writer = say(people, 4, CLIENT_PRESENCE);
    pack_integer(writer, field);
    pack_integer(writer, x);
    pack_integer(writer, field + 1);
    pack_integer(writer, y);
    return said(people, person);
}

/* --- Being there ---------------------------------------------------------------------------------- */

static const struct habit *habit_of(const struct rules *rules)
{
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
        if (strcmp(habits[i]->kind, rules->name) == 0)
            return habits[i];
    return NULL;
}

static bool join(struct people *people, struct person *person, uint32_t number)
{
    static const char *const names[] = {"Ada", "Bea", "Cem", "Dan", "Eli",
                                        "Fay", "Gus", "Hal", "Ida", "Jan"};
    uint8_t user[64];
    struct writer writer = writer_on(user, sizeof user);
    pack_map(&writer, 2);
    pack_string(&writer, bytes_of("name"));
    pack_string(&writer, bytes_of(names[number % (sizeof names / sizeof names[0])]));
    pack_string(&writer, bytes_of("color"));
    pack_integer(&writer, number % 16);
    struct hello hello = {.version = WIRE_VERSION, .user = writer_bytes(&writer)};
    for (unsigned i = 0; i < CLIENT_KEY_BYTES; i++)
        hello.key[i] = (uint8_t)random_next(&person->random);
    hand_init(&person->hand, random_next(&person->random));
    person->pen = pen_of(random_next(&person->random));
    return room_join(people->room, &hello, number == 0 ? ROLE_OWNER : ROLE_EDITOR, &person->seat) ==
               STATUS_OK &&
           people->habit->arrive(people, person);
}

struct people *people_create(struct room *room, uint32_t count, uint64_t seed)
{
    struct people *people = calloc(1, sizeof *people);
    struct person *persons = calloc(count, sizeof *persons);
    struct frames *frames = frames_create(&(struct memory){0});
    const struct habit *habit = habit_of(room_rules(room));
    bool made = people != NULL && persons != NULL && frames != NULL && habit != NULL;
    if (made) {
        *people = (struct people){.room = room,
                                  .habit = habit,
                                  .frames = frames,
                                  .hz = room_rules(room)->tick_hz,
                                  .persons = persons};
        for (; people->count < count && made; people->count++) {
            persons[people->count].random = seed + people->count * UINT64_C(0x632be59bd9b4e019);
            made = join(people, &persons[people->count], people->count);
        }
    }
    if (made)
        return people;
    frames_destroy(frames);
    free(persons);
    free(people);
    return NULL;
}

void people_destroy(struct people *people)
{
    if (people == NULL)
        return;
    frames_destroy(people->frames);
    free(people->persons);
    free(people);
}

bool people_act(struct people *people)
{
    for (uint32_t i = 0; i < people->count; i++)
        if (!people->habit->act(people, &people->persons[i]))
            return false;
    return true;
}

void people_look(struct people *people)
{
    if (!room_frame_due(people->room) || !frames_begin(people->frames, people->room))
        return;
    for (uint32_t i = 0; i < people->count; i++)
        while (frames_next(people->frames, people->persons[i].seat).more)
            continue;
    frames_end(people->frames, true);
}

void people_leave(struct people *people)
{
    for (uint32_t i = 0; i < people->count; i++)
        room_leave(people->room, people->persons[i].seat);
}
