/* board.c - the kind `board`: a whiteboard of strokes, shapes, texts, notes, images and frames, with
 * comments on them. What each field means: sync/README.md, "The kind board".
 */
#include "sync/limits.h"
#include "sync/rules.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Places are eighths of a pixel, a million pixels either way. */
#define STEPS     8u
#define PLACE_MAX (INT64_C(1) << 23)

/* 16 colours that follow the theme, then those of one's own. */
#define COLOUR_MAX ((INT64_C(1) << 24) + 15)

#define PLACE  .type = FIELD_FIXED, .minimum = -PLACE_MAX, .maximum = PLACE_MAX, .steps = STEPS
#define EXTENT .type = FIELD_FIXED, .maximum = PLACE_MAX, .steps = STEPS
#define COLOUR .type = FIELD_INT, .maximum = COLOUR_MAX
#define NAMES  .type = FIELD_STRING, .maximum = RECORD_ID_BYTES_MAX /* a record */

static const struct field_rules presence_fields[] = {
    {.name = "x", PLACE},
    {.name = "y", PLACE},
    {.name = "view", .type = FIELD_INTS, .maximum = 4},
    {.name = "selection", .type = FIELD_ANY},
    {.name = "draft", .type = FIELD_ANY},
    {.name = "laser", .type = FIELD_BOOL},
    {.name = "tool", .type = FIELD_INT, .maximum = 31},
    {.name = "state", .type = FIELD_ANY},
};

/* What every stroke has comes first: a record holds cells up to the last field that it has, and a
 * board is mostly strokes. */
static const struct field_rules object_fields[] = {
    {.name = "type", .type = FIELD_INT, .maximum = 15},
    {.name = "z", .type = FIELD_STRING, .maximum = 64},
    {.name = "x", PLACE},
    {.name = "y", PLACE},
    {.name = "colour", COLOUR},
    {.name = "size", .type = FIELD_INT, .minimum = 1, .maximum = 255},
    {.name = "tool", .type = FIELD_INT, .maximum = 7},
    {.name = "points", .type = FIELD_INTS, .merge = MERGE_APPEND},
    {.name = "cuts", .type = FIELD_INTS, .merge = MERGE_APPEND},
    {.name = "w", EXTENT},
    {.name = "h", EXTENT},
    {.name = "angle", .type = FIELD_INT, .maximum = 4095},
    {.name = "fill", COLOUR},
    {.name = "dash", .type = FIELD_INT, .maximum = 3},
    {.name = "opacity", .type = FIELD_INT, .maximum = 100},
    {.name = "text", .type = FIELD_BINARY, .merge = MERGE_APPEND},
    {.name = "font", .type = FIELD_INT, .maximum = 7},
    {.name = "font_size", .type = FIELD_INT, .minimum = 4, .maximum = 512},
    {.name = "align", .type = FIELD_INT, .maximum = 8},
    {.name = "start", NAMES},
    {.name = "end", NAMES},
    {.name = "start_at", .type = FIELD_INTS, .maximum = 2},
    {.name = "end_at", .type = FIELD_INTS, .maximum = 2},
    {.name = "bend", .type = FIELD_INT, .minimum = -(1 << 20), .maximum = 1 << 20},
    {.name = "heads", .type = FIELD_INT, .maximum = 15},
    {.name = "frame", NAMES},
    {.name = "groups", .type = FIELD_ANY},
    {.name = "lock", .type = FIELD_INT, .maximum = 2},
    {.name = "image", .type = FIELD_BINARY, .maximum = 32},
};

static const struct field_rules comment_fields[] = {
    {.name = "x", PLACE},
    {.name = "y", PLACE},
    {.name = "on", NAMES},
    {.name = "text", .type = FIELD_STRING, .maximum = 4000},
    {.name = "name", .type = FIELD_STRING, .maximum = 80},
    {.name = "colour", COLOUR},
    {.name = "at", .type = FIELD_INT, .maximum = INTEGER_MAX},
    {.name = "resolved", .type = FIELD_BOOL},
};

static const struct field_rules reply_fields[] = {
    {.name = "comment", NAMES},
    {.name = "text", .type = FIELD_STRING, .maximum = 4000},
    {.name = "name", .type = FIELD_STRING, .maximum = 80},
    {.name = "at", .type = FIELD_INT, .maximum = INTEGER_MAX},
};

static const struct collection_rules board_collections[] = {
    {.name = "presence",
     .sight = SIGHT_PRESENCE,
     .fields = presence_fields,
     .field_count = COUNT(presence_fields)},
    {.name = "objects", .fields = object_fields, .field_count = COUNT(object_fields)},
    {.name = "comments", .fields = comment_fields, .field_count = COUNT(comment_fields)},
    {.name = "replies", .fields = reply_fields, .field_count = COUNT(reply_fields)},
};

static const struct event_rules board_events[] = {
    {.name = "chat", .kept = 200},
    {.name = "reaction", .kept = 32, .presence = true},
    {.name = "summon", .kept = 8, .presence = true},
};

const struct rules kind_board = {
    .name = "board",
    .tick_hz = 20,
    .frame_hz = 20,
    .collections = board_collections,
    .collection_count = COUNT(board_collections),
    .events = board_events,
    .event_count = COUNT(board_events),
};
