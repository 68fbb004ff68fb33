/* board_parts.h - numbers of the kind `board`: of its collections, fields and events, in the order of
 * the tables in board.c, and what board_rules.c says to edits. */
#ifndef SYNC_BOARD_PARTS_H
#define SYNC_BOARD_PARTS_H

#include "sync/rules.h"

enum board_collection {
    BOARD_PRESENCE,
    BOARD_OBJECTS,
    BOARD_COMMENTS,
    BOARD_REPLIES,
    BOARD_COLLECTIONS
};

/* What every stroke has comes first: a record holds cells up to the last field that it has, and a
 * board is mostly strokes. */
enum object_field {
    OBJECT_TYPE,
    OBJECT_Z,
    OBJECT_X,
    OBJECT_Y,
    OBJECT_COLOUR,
    OBJECT_SIZE,
    OBJECT_TOOL,
    OBJECT_POINTS,
    OBJECT_CUTS,
    OBJECT_W,
    OBJECT_H,
    OBJECT_ANGLE,
    OBJECT_FILL,
    OBJECT_DASH,
    OBJECT_OPACITY,
    OBJECT_TEXT,
    OBJECT_FONT,
    OBJECT_FONT_SIZE,
    OBJECT_ALIGN,
    OBJECT_START,
    OBJECT_END,
    OBJECT_START_AT,
    OBJECT_END_AT,
    OBJECT_BEND,
    OBJECT_HEADS,
    OBJECT_FRAME,
    OBJECT_GROUPS,
    OBJECT_LOCK,
    OBJECT_IMAGE,
    OBJECT_FIELDS
};

enum comment_field {
    COMMENT_X,
    COMMENT_Y,
    COMMENT_ON,
    COMMENT_TEXT,
    COMMENT_NAME,
    COMMENT_COLOUR,
    COMMENT_AT,
    COMMENT_RESOLVED,
    COMMENT_FIELDS
};

enum reply_field {
    REPLY_COMMENT,
    REPLY_TEXT,
    REPLY_NAME,
    REPLY_AT,
    REPLY_FIELDS
};

enum board_event {
    BOARD_CHAT,
    BOARD_REACTION,
    BOARD_SUMMON,
    BOARD_EVENTS
};

enum object_type {
    TYPE_STROKE,
    TYPE_RECTANGLE,
    TYPE_ELLIPSE,
    TYPE_DIAMOND,
    TYPE_LINE,
    TYPE_ARROW,
    TYPE_TEXT,
    TYPE_NOTE,
    TYPE_IMAGE,
    TYPE_FRAME,
    TYPE_COUNT
};

enum object_lock {
    LOCK_FREE,
    LOCK_LOCKED, /* nothing but the lock changes, which anyone takes off */
    LOCK_KEPT    /* only who set it and the room's owners may change it */
};

/* Places are eighths of a pixel, a million pixels either way. */
#define PLACE_STEPS 8
#define PLACE_MAX   (INT64_C(1) << 23)

/* From one end of the board to the other, in the units of points. */
#define STROKE_STEPS     2
#define STROKE_POINT_MAX (2 * PLACE_MAX / PLACE_STEPS * STROKE_STEPS)
#define LINE_POINT_MAX   (2 * PLACE_MAX)

/* In pixels: views and pointers go beyond the board, though never far. */
#define EVENT_PLACE_MAX (4 * PLACE_MAX / PLACE_STEPS)

#define IMAGE_BYTES     32u
#define GROUPS_MAX      8u
#define FRAMES_DEEP_MAX 16u
#define PRESSURE_MAX    127
#define EMOJI_BYTES_MAX 32u

enum status board_accept(struct room *room, const struct edit_view *edit);

#endif
