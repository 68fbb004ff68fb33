/* play_board.c - a board on which a few people draw, lock, hold, comment and take back at random, much
 * of it against the rules; whatever they try, a board is one that can be drawn. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/board_parts.h"
#include "sync/kinds.h"
#include "tests/property/play.h"

static uint32_t chance(const struct turn *turn, uint32_t bound)
{
    return play_chance(turn->random, bound);
}

/* --- What members do ------------------------------------------------------------------------------ */

static void write_id(const struct turn *turn, char first, struct writer *writer)
{
    char id[24];
    snprintf(id, sizeof id, "%c%u", first, chance(turn, turn->ids));
    pack_string(writer, bytes_of(id));
}

static void name(struct writer *writer, const char *field)
{
    pack_string(writer, bytes_of(field));
}

static void number(struct writer *writer, const char *field, int64_t value)
{
    name(writer, field);
    pack_integer(writer, value);
}

/* Now and then one too many or too few. */
static void write_numbers(const struct turn *turn, uint32_t step, struct writer *writer)
{
    uint32_t count = step * chance(turn, 4) + (chance(turn, 8) == 0 ? 1 : 0);
    for (uint32_t i = 0; i < count; i++)
        pack_integer(writer, (int64_t)chance(turn, 140));
}

/* One field of an object, some that it may not have. */
static void write_field(const struct turn *turn, struct writer *writer)
{
    static const char *const names[] = {"start", "end", "frame"};
    switch (chance(turn, 9)) {
    case 0:
    case 1:
        name(writer, names[chance(turn, 3)]);
        if (chance(turn, 4) == 0)
            pack_nil(writer);
        else
            write_id(turn, 'o', writer);
        return;
    case 2:
        number(writer, "lock", (int64_t)chance(turn, 3));
        return;
    case 3:
        number(writer, "type", (int64_t)chance(turn, 11));
        return;
    case 4:
        name(writer, chance(turn, 2) == 0 ? "z" : "w");
        pack_nil(writer);
        return;
    case 5: {
        name(writer, "points");
        struct open_array points = pack_array_begin(writer);
        write_numbers(turn, 3, writer);
        pack_array_end(writer, points);
        return;
    }
    default:
        number(writer, chance(turn, 2) == 0 ? "x" : "y", (int64_t)chance(turn, 4000) - 2000);
    }
}

static void write_object(const struct turn *turn, struct writer *writer)
{
    static const int64_t types[] = {TYPE_STROKE, TYPE_RECTANGLE, TYPE_ARROW, TYPE_FRAME,
                                    TYPE_FRAME};
    number(writer, "type", types[chance(turn, 5)]);
    name(writer, "z");
    pack_string(writer, bytes_of(chance(turn, 2) == 0 ? "a0" : "b1"));
    number(writer, "x", 0);
    if (chance(turn, 12) > 0)
        number(writer, "y", 8);
    number(writer, "w", 80);
    number(writer, "h", 80);
    write_field(turn, writer);
}

static void write_comment(const struct turn *turn, struct writer *writer)
{
    number(writer, "x", 0);
    number(writer, "y", (int64_t)chance(turn, 100));
    name(writer, "text");
    pack_string(writer, bytes_of(chance(turn, 2) == 0 ? "why?" : "how?"));
    if (chance(turn, 2) == 0) {
        name(writer, "on");
        write_id(turn, 'o', writer);
    }
}

static void write_reply(const struct turn *turn, struct writer *writer)
{
    name(writer, "comment");
    write_id(turn, 'c', writer);
    name(writer, "text");
    pack_string(writer, bytes_of("so"));
}

struct kind_of_record {
    const char *collection;
    char id;
    void (*write)(const struct turn *turn, struct writer *writer);
};

static const struct kind_of_record records[] = {
    {"objects", 'o', write_object},
    {"objects", 'o', write_object},
    {"comments", 'c', write_comment},
    {"replies", 'r', write_reply},
};

static void write_emit(const struct turn *turn, struct writer *writer)
{
    pack_integer(writer, 5);
    name(writer, "chat");
    pack_integer(writer, chance(turn, 2) == 0 ? 0 : turn->others[chance(turn, turn->other_count)]);
    pack_map(writer, 1);
    name(writer, chance(turn, 4) == 0 ? "words" : "text");
    pack_string(writer, bytes_of("hi"));
}

static void write_edit(const struct turn *turn, struct writer *writer)
{
    const struct kind_of_record *kind = &records[chance(turn, 4)];
    bool mine = chance(turn, 5) == 0;
    uint32_t what = chance(turn, 10);
    struct open_array edit = pack_array_begin(writer);
    if (what == 0) {
        write_emit(turn, writer);
    } else {
        int64_t verb = what <= 3 ? 0 : what <= 6 ? 1 : what <= 8 ? 4 : 2;
        if (verb != 0 && what != 7)
            kind = &records[0];
        pack_integer(writer, verb + (mine && verb != 2 ? 32 : 0));
        pack_string(writer, bytes_of(kind->collection));
        write_id(turn, kind->id, writer);
        if (mine && verb != 2)
            pack_integer(writer, turn->sequence - (int64_t)chance(turn, turn->sequence));
        if (verb == 0)
            kind->write(turn, writer);
        else if (verb == 1)
            write_field(turn, writer);
        else if (verb == 2) {
            name(writer, chance(turn, 3) == 0 ? "cuts" : "points");
            write_numbers(turn, 3, writer);
        }
    }
    pack_array_end(writer, edit);
}

/* --- What must hold ------------------------------------------------------------------------------- */

static bool has_all(const struct replica_record *record, uint32_t fields)
{
    return (replica_record_mask(record) & fields) == fields;
}

#define BIT(field) (UINT32_C(1) << (field))

static void check_object(const struct replica_record *object, unsigned seed)
{
    uint32_t items;
    ck_assert_msg(has_all(object, BIT(OBJECT_TYPE) | BIT(OBJECT_Z) | BIT(OBJECT_X) | BIT(OBJECT_Y)),
                  "seed %u: an object is not complete", seed);
    int64_t type = replica_number(object, OBJECT_TYPE);
    ck_assert_msg(type < TYPE_COUNT, "seed %u: type %lld", seed, (long long)type);
    bool box = type == TYPE_RECTANGLE || type == TYPE_FRAME;
    ck_assert_msg(!box || has_all(object, BIT(OBJECT_W) | BIT(OBJECT_H)),
                  "seed %u: a box has no sides", seed);
    replica_packed(object, OBJECT_POINTS, &items);
    ck_assert_msg(items % (type == TYPE_STROKE ? 3 : 2) == 0, "seed %u: half a point", seed);
    replica_packed(object, OBJECT_CUTS, &items);
    ck_assert_msg(items % 2 == 0, "seed %u: half a cut", seed);
}

/* The frame that holds the object; NULL where there is none any more. */
static const struct replica_record *frame_of(const struct replica *replica,
                                             const struct replica_collection *objects,
                                             const struct replica_record *object)
{
    uint32_t items;
    if (!replica_has(object, OBJECT_FRAME))
        return NULL;
    struct reader reader = reader_on(replica_packed(object, OBJECT_FRAME, &items));
    return replica_find(replica, objects, read_string(&reader));
}

static void
check_board(const struct replica *replica, uint32_t member, enum role role, unsigned seed)
{
    const struct replica_collection *objects = replica_collection(replica, bytes_of("objects"));
    const struct replica_record *object = NULL;
    (void)member, (void)role;
    while ((object = replica_next(replica, objects, object)) != NULL) {
        check_object(object, seed);
        const struct replica_record *outer = frame_of(replica, objects, object);
        for (unsigned deep = 0; outer != NULL; deep++, outer = frame_of(replica, objects, outer))
            ck_assert_msg(deep < 64, "seed %u: a frame holds itself", seed);
    }
    const struct replica_collection *comments = replica_collection(replica, bytes_of("comments"));
    const struct replica_record *comment = NULL;
    while ((comment = replica_next(replica, comments, comment)) != NULL)
        ck_assert_msg(has_all(comment, BIT(COMMENT_X) | BIT(COMMENT_Y) | BIT(COMMENT_TEXT)),
                      "seed %u: a comment is not complete", seed);
}

const struct play play_board = {.rules = &kind_board,
                                .write_edit = write_edit,
                                .check = check_board};
