/* board.c - the kind `board`: a whiteboard of strokes, shapes, texts, notes, images and frames, with
 * comments on them. What each field means: sync/README.md, "The kind board".
 */
#include "sync/board_parts.h"
#include "sync/kinds.h"
#include "sync/limits.h"

/* 16 colours that follow the theme, then those of one's own. */
#define COLOUR_MAX ((INT64_C(1) << 24) + 15)

#define PLACE  .type = FIELD_FIXED, .minimum = -PLACE_MAX, .maximum = PLACE_MAX, .steps = PLACE_STEPS
#define EXTENT .type = FIELD_FIXED, .maximum = PLACE_MAX, .steps = PLACE_STEPS
#define COLOUR .type = FIELD_INT, .maximum = COLOUR_MAX
#define NAMES  .type = FIELD_STRING, .maximum = RECORD_ID_BYTES_MAX /* a record */
#define TIME                                                                                       \
    .type = FIELD_INT, .maximum = INT64_C(8640000000000000) /* ms; ECMA-262: a Date's last */

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

static const struct field_rules object_fields[OBJECT_FIELDS] = {
    [OBJECT_TYPE] = {.name = "type", .type = FIELD_INT, .maximum = 15},
    [OBJECT_Z] = {.name = "z", .type = FIELD_STRING, .maximum = 64},
    [OBJECT_X] = {.name = "x", PLACE},
    [OBJECT_Y] = {.name = "y", PLACE},
    [OBJECT_COLOUR] = {.name = "colour", COLOUR},
    [OBJECT_SIZE] = {.name = "size", .type = FIELD_INT, .minimum = 1, .maximum = 255},
    [OBJECT_TOOL] = {.name = "tool", .type = FIELD_INT, .maximum = 7},
    [OBJECT_POINTS] = {.name = "points", .type = FIELD_INTS, .merge = MERGE_APPEND},
    [OBJECT_CUTS] = {.name = "cuts", .type = FIELD_INTS, .merge = MERGE_APPEND},
    [OBJECT_W] = {.name = "w", EXTENT},
    [OBJECT_H] = {.name = "h", EXTENT},
    [OBJECT_ANGLE] = {.name = "angle", .type = FIELD_INT, .maximum = 4095},
    [OBJECT_FILL] = {.name = "fill", COLOUR},
    [OBJECT_DASH] = {.name = "dash", .type = FIELD_INT, .maximum = 3},
    [OBJECT_OPACITY] = {.name = "opacity", .type = FIELD_INT, .maximum = 100},
    [OBJECT_TEXT] = {.name = "text", .type = FIELD_BINARY, .merge = MERGE_APPEND},
    [OBJECT_FONT] = {.name = "font", .type = FIELD_INT, .maximum = 7},
    [OBJECT_FONT_SIZE] = {.name = "font_size", .type = FIELD_INT, .minimum = 4, .maximum = 512},
    [OBJECT_ALIGN] = {.name = "align", .type = FIELD_INT, .maximum = 8},
    [OBJECT_START] = {.name = "start", NAMES},
    [OBJECT_END] = {.name = "end", NAMES},
    [OBJECT_START_AT] = {.name = "start_at", .type = FIELD_INTS, .maximum = 2},
    [OBJECT_END_AT] = {.name = "end_at", .type = FIELD_INTS, .maximum = 2},
    [OBJECT_BEND] = {.name = "bend", .type = FIELD_INT, .minimum = -(1 << 20), .maximum = 1 << 20},
    [OBJECT_HEADS] = {.name = "heads", .type = FIELD_INT, .maximum = 15},
    [OBJECT_FRAME] = {.name = "frame", NAMES},
    [OBJECT_GROUPS] = {.name = "groups", .type = FIELD_ANY},
    [OBJECT_LOCK] = {.name = "lock", .type = FIELD_INT, .maximum = LOCK_KEPT},
    [OBJECT_IMAGE] = {.name = "image", .type = FIELD_BINARY, .maximum = IMAGE_BYTES, .file = true},
};

static const struct field_rules comment_fields[COMMENT_FIELDS] = {
    [COMMENT_X] = {.name = "x", PLACE},
    [COMMENT_Y] = {.name = "y", PLACE},
    [COMMENT_ON] = {.name = "on", NAMES},
    [COMMENT_TEXT] = {.name = "text", .type = FIELD_STRING, .maximum = 4000},
    [COMMENT_NAME] = {.name = "name", .type = FIELD_STRING, .maximum = 80},
    [COMMENT_COLOUR] = {.name = "colour", COLOUR},
    [COMMENT_AT] = {.name = "at", TIME},
    [COMMENT_RESOLVED] = {.name = "resolved", .type = FIELD_BOOL},
};

static const struct field_rules reply_fields[REPLY_FIELDS] = {
    [REPLY_COMMENT] = {.name = "comment", NAMES},
    [REPLY_TEXT] = {.name = "text", .type = FIELD_STRING, .maximum = 4000},
    [REPLY_NAME] = {.name = "name", .type = FIELD_STRING, .maximum = 80},
    [REPLY_AT] = {.name = "at", TIME},
};

static const struct collection_rules board_collections[BOARD_COLLECTIONS] = {
    [BOARD_PRESENCE] = {.name = "presence",
                        .sight = SIGHT_PRESENCE,
                        .fields = presence_fields,
                        .field_count = sizeof presence_fields / sizeof presence_fields[0]},
    [BOARD_OBJECTS] = {.name = "objects", .fields = object_fields, .field_count = OBJECT_FIELDS},
    [BOARD_COMMENTS] = {.name = "comments",
                        .fields = comment_fields,
                        .field_count = COMMENT_FIELDS},
    [BOARD_REPLIES] = {.name = "replies", .fields = reply_fields, .field_count = REPLY_FIELDS},
};

static const struct event_rules board_events[BOARD_EVENTS] = {
    [BOARD_CHAT] = {.name = "chat", .kept = 200},
    [BOARD_REACTION] = {.name = "reaction", .kept = 32, .presence = true},
    [BOARD_SUMMON] = {.name = "summon", .kept = 8, .presence = true},
};

const struct rules kind_board = {
    .name = "board",
    .tick_hz = 20,
    .frame_hz = 20,
    .records_presence = true,
    .collections = board_collections,
    .collection_count = BOARD_COLLECTIONS,
    .events = board_events,
    .event_count = BOARD_EVENTS,
    .accept = board_accept,
};
