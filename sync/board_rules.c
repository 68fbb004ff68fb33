/* board_rules.c - what a board refuses, and why: sync/README.md, "The kind board".
 *
 * An edit under the guard "if mine" takes back what its sender did, so that it is refused only where
 * someone else has forbidden it since: whatever it refers to may be gone by now.
 */
#include "sync/board_parts.h"

#include <math.h>

#include "sync/limits.h"
#include "sync/pack.h"

#define BIT(field) (UINT32_C(1) << (field))

static bool changes(const struct edit_view *edit, int field)
{
    return (edit->changes & BIT(field)) != 0;
}

static bool owns(const struct edit_view *edit)
{
    return edit->owner == edit->member || edit->role >= ROLE_OWNER;
}

/* The text of a string field; empty where it is unset. */
static struct bytes text_of(struct field_view field)
{
    struct reader reader = reader_on(field.packed);
    return field.set ? read_string(&reader) : (struct bytes){0};
}

/* What the edit puts into a list: all of it, or what it appends. */
static struct reader items_of(const struct edit_view *edit, int field)
{
    if (edit->verb != VERB_APPEND) {
        struct field_view list = edit_leaves(edit, field);
        struct reader whole = reader_on(list.packed);
        if (list.set)
            read_array(&whole);
        return whole;
    }
    struct reader reader = reader_on(edit->arguments);
    read_value(&reader); /* the field's number or name */
    return reader;
}

static enum status needs(const struct edit_view *edit, uint32_t fields)
{
    for (; fields != 0; fields &= fields - 1)
        if (!edit_leaves(edit, __builtin_ctz(fields)).set)
            return STATUS_INCOMPLETE;
    return STATUS_OK;
}

/* A name of what is not there is let stand where it once was: its sender could not know. */
static enum status check_name(const struct edit_view *edit, int field, int collection)
{
    struct bytes id = text_of(edit_leaves(edit, field));
    if (!changes(edit, field) || edit->if_mine || !edit_leaves(edit, field).set)
        return STATUS_OK;
    return edit_standing(edit, collection, id) != STANDING_NONE ? STATUS_OK : STATUS_NOT_FOUND;
}

/* --- Objects ------------------------------------------------------------------------------------- */

/* Whoever could take the lock off before may change the rest with the same edit; and who made all of
 * a record, its lock too, may take that back. */
static enum status check_lock(const struct edit_view *edit)
{
    struct field_view lock = edit_finds(edit, OBJECT_LOCK);
    bool undone = edit->verb == VERB_DELETE && edit->if_mine;
    if (edit->makes || lock.number == LOCK_FREE || undone)
        return STATUS_OK;
    if (lock.number == LOCK_KEPT)
        return lock.author == edit->member || edit->role >= ROLE_OWNER ? STATUS_OK : STATUS_LOCKED;
    if (edit->verb == VERB_DELETE)
        return STATUS_LOCKED;
    bool frees = edit_leaves(edit, OBJECT_LOCK).number == LOCK_FREE;
    bool only_lock = (edit->changes & ~BIT(OBJECT_LOCK)) == 0;
    return frees || only_lock ? STATUS_OK : STATUS_LOCKED;
}

/* What a type cannot be drawn without. */
static uint32_t needed(int64_t type)
{
    const uint32_t all = BIT(OBJECT_TYPE) | BIT(OBJECT_Z) | BIT(OBJECT_X) | BIT(OBJECT_Y);
    const uint32_t box = all | BIT(OBJECT_W) | BIT(OBJECT_H);
    switch ((enum object_type)type) {
    case TYPE_STROKE:
    case TYPE_LINE:
    case TYPE_ARROW:
    case TYPE_TEXT:
        return all;
    case TYPE_RECTANGLE:
    case TYPE_ELLIPSE:
    case TYPE_DIAMOND:
    case TYPE_NOTE:
    case TYPE_FRAME:
        return box;
    case TYPE_IMAGE:
        return box | BIT(OBJECT_IMAGE);
    case TYPE_COUNT:
        break;
    }
    return all;
}

/* Types whose points mean the same; a frame stays one, since others are in it. */
static int family(int64_t type)
{
    switch (type) {
    case TYPE_STROKE:
        return 0;
    case TYPE_LINE:
    case TYPE_ARROW:
        return 1;
    case TYPE_FRAME:
        return 2;
    default:
        return 3;
    }
}

/* What is locked is for people to unlock, and to them there is only what shows. */
static enum status check_unseen(const struct edit_view *edit)
{
    switch ((enum object_type)edit_leaves(edit, OBJECT_TYPE).number) {
    case TYPE_STROKE:
    case TYPE_LINE:
    case TYPE_ARROW:
        break;
    case TYPE_RECTANGLE:
    case TYPE_ELLIPSE:
    case TYPE_DIAMOND:
    case TYPE_TEXT:
    case TYPE_NOTE:
    case TYPE_IMAGE:
    case TYPE_FRAME:
    case TYPE_COUNT:
        return STATUS_OK;
    }
    bool locked = edit_leaves(edit, OBJECT_LOCK).number != LOCK_FREE;
    bool seen = edit_leaves(edit, OBJECT_POINTS).number > 0;
    return seen || !locked ? STATUS_OK : STATUS_INCOMPLETE;
}

static enum status check_type(const struct edit_view *edit)
{
    int64_t type = edit_leaves(edit, OBJECT_TYPE).number;
    if (type >= TYPE_COUNT)
        return STATUS_RANGE;
    bool other = changes(edit, OBJECT_TYPE) && !edit->makes;
    if (other && family(edit_finds(edit, OBJECT_TYPE).number) != family(type))
        return STATUS_TYPE;
    bool touched = edit->makes || (edit->changes & needed(type)) != 0;
    return touched ? needs(edit, needed(type)) : STATUS_OK;
}

/* Bytewise order is the order of z: any other character would sort where nobody expects it. */
static bool is_digit_62(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

static enum status check_z(const struct edit_view *edit)
{
    if (!changes(edit, OBJECT_Z))
        return STATUS_OK;
    struct bytes z = text_of(edit_leaves(edit, OBJECT_Z));
    for (size_t i = 0; i < z.length; i++)
        if (!is_digit_62(z.data[i]))
            return STATUS_RANGE;
    return z.length > 0 ? STATUS_OK : STATUS_RANGE;
}

/* Whole points only, or all that follow would be read out of step; none beyond all of the board. */
static enum status check_points(const struct edit_view *edit)
{
    if (!changes(edit, OBJECT_POINTS))
        return STATUS_OK;
    bool stroke = edit_leaves(edit, OBJECT_TYPE).number == TYPE_STROKE;
    struct reader items = items_of(edit, OBJECT_POINTS);
    uint32_t count = 0;
    for (; !reader_done(&items); count++) {
        int64_t item = read_integer(&items);
        bool pressure = stroke && count % 3 == 2;
        int64_t maximum = pressure ? PRESSURE_MAX : stroke ? STROKE_POINT_MAX : LINE_POINT_MAX;
        if (item > maximum || item < (pressure ? 0 : -maximum))
            return STATUS_RANGE;
    }
    return count % (stroke ? 3 : 2) == 0 ? STATUS_OK : STATUS_RANGE;
}

static enum status check_cuts(const struct edit_view *edit)
{
    if (!changes(edit, OBJECT_CUTS))
        return STATUS_OK;
    struct reader items = items_of(edit, OBJECT_CUTS);
    while (!reader_done(&items)) {
        int64_t from = read_integer(&items);
        bool pair = !reader_done(&items);
        int64_t to = pair ? read_integer(&items) : -1;
        if (from < 0 || to < from)
            return STATUS_RANGE;
    }
    return STATUS_OK;
}

static enum status check_text(const struct edit_view *edit)
{
    if (!changes(edit, OBJECT_TEXT))
        return STATUS_OK;
    for (struct reader items = items_of(edit, OBJECT_TEXT); !reader_done(&items);) {
        if (read_type(&items) != PACK_BINARY)
            return STATUS_TYPE;
        read_binary(&items);
    }
    return STATUS_OK;
}

static enum status check_anchor(const struct edit_view *edit, int field)
{
    struct field_view anchor = edit_leaves(edit, field);
    if (!changes(edit, field) || !anchor.set)
        return STATUS_OK;
    struct reader reader = reader_on(anchor.packed);
    return read_array(&reader) == 2 ? STATUS_OK : STATUS_RANGE;
}

static enum status check_groups(const struct edit_view *edit)
{
    struct field_view groups = edit_leaves(edit, OBJECT_GROUPS);
    if (!changes(edit, OBJECT_GROUPS) || !groups.set)
        return STATUS_OK;
    struct reader reader = reader_on(groups.packed);
    if (read_type(&reader) != PACK_ARRAY)
        return STATUS_TYPE;
    if (read_array(&reader) > GROUPS_MAX)
        return STATUS_RANGE;
    while (!reader_done(&reader)) {
        if (read_type(&reader) != PACK_STRING)
            return STATUS_TYPE;
        size_t length = read_string(&reader).length;
        if (length < 1 || length > RECORD_ID_BYTES_MAX)
            return STATUS_RANGE;
    }
    return STATUS_OK;
}

static enum status check_image(const struct edit_view *edit)
{
    struct field_view image = edit_leaves(edit, OBJECT_IMAGE);
    if (!changes(edit, OBJECT_IMAGE) || !image.set)
        return STATUS_OK;
    struct reader reader = reader_on(image.packed);
    return read_binary(&reader).length == IMAGE_BYTES ? STATUS_OK : STATUS_RANGE;
}

/* What an arrow is attached to is another object. */
static enum status check_end(const struct edit_view *edit, int field)
{
    if (changes(edit, field) && bytes_equal(text_of(edit_leaves(edit, field)), edit->id))
        return STATUS_REFUSED;
    return check_name(edit, field, BOARD_OBJECTS);
}

/* Frames in frames in themselves would never be done moving. */
static bool holds_itself(const struct edit_view *edit, struct bytes frame)
{
    for (uint32_t i = 0; i < FRAMES_DEEP_MAX; i++) {
        if (bytes_equal(frame, edit->id))
            return true;
        struct field_view outer = edit_field(edit, BOARD_OBJECTS, frame, OBJECT_FRAME);
        if (!outer.set)
            return false;
        frame = text_of(outer);
    }
    return true;
}

static enum status check_frame(const struct edit_view *edit)
{
    struct field_view field = edit_leaves(edit, OBJECT_FRAME);
    if (!changes(edit, OBJECT_FRAME) || !field.set)
        return STATUS_OK;
    struct bytes frame = text_of(field);
    if (holds_itself(edit, frame))
        return STATUS_REFUSED;
    struct field_view type = edit_field(edit, BOARD_OBJECTS, frame, OBJECT_TYPE);
    if (type.set && type.number != TYPE_FRAME)
        return STATUS_REFUSED;
    return check_name(edit, OBJECT_FRAME, BOARD_OBJECTS);
}

static enum status accept_object(const struct edit_view *edit)
{
    bool removes = edit->verb == VERB_DELETE;
    if (edit->changes == 0 && !edit->makes && !removes)
        return STATUS_OK; /* nothing of what it takes back is its sender's any more */
    enum status status = check_lock(edit);
    if (status != STATUS_OK || removes)
        return status;
    static enum status (*const checks[])(const struct edit_view *) = {
        check_type, check_unseen, check_z,     check_points, check_cuts,
        check_text, check_groups, check_image, check_frame,
    };
    for (size_t i = 0; status == STATUS_OK && i < sizeof checks / sizeof checks[0]; i++)
        status = checks[i](edit);
    for (int end = 0; status == STATUS_OK && end < 2; end++) {
        status = check_anchor(edit, end == 0 ? OBJECT_START_AT : OBJECT_END_AT);
        if (status == STATUS_OK)
            status = check_end(edit, end == 0 ? OBJECT_START : OBJECT_END);
    }
    return status;
}

/* --- Comments and replies ------------------------------------------------------------------------ */

/* Anyone pins a comment elsewhere, as objects under it move and go, and says that it is resolved;
 * what it says is its author's. */
static enum status accept_comment(const struct edit_view *edit)
{
    const uint32_t anyones =
        BIT(COMMENT_X) | BIT(COMMENT_Y) | BIT(COMMENT_ON) | BIT(COMMENT_RESOLVED);
    if ((edit->verb == VERB_DELETE || (edit->changes & ~anyones) != 0) && !owns(edit))
        return STATUS_DENIED;
    if (edit->verb == VERB_DELETE)
        return STATUS_OK;
    enum status status = needs(edit, BIT(COMMENT_X) | BIT(COMMENT_Y) | BIT(COMMENT_TEXT));
    return status == STATUS_OK ? check_name(edit, COMMENT_ON, BOARD_OBJECTS) : status;
}

/* Unlike what is drawn, a reply to a comment that is gone is of no use to anyone: its author is told,
 * and those that a deletion left behind anyone may clear away. */
static enum status accept_reply(const struct edit_view *edit)
{
    struct bytes before = text_of(edit_finds(edit, REPLY_COMMENT));
    if (edit->verb == VERB_DELETE && edit_standing(edit, BOARD_COMMENTS, before) != STANDING_LIVE)
        return STATUS_OK;
    if (!owns(edit))
        return STATUS_DENIED;
    if (edit->verb == VERB_DELETE)
        return STATUS_OK;
    struct bytes comment = text_of(edit_leaves(edit, REPLY_COMMENT));
    if (changes(edit, REPLY_COMMENT) && !edit->if_mine &&
        edit_standing(edit, BOARD_COMMENTS, comment) == STANDING_DELETED)
        return STATUS_DELETED;
    enum status status = needs(edit, BIT(REPLY_COMMENT) | BIT(REPLY_TEXT));
    return status == STATUS_OK ? check_name(edit, REPLY_COMMENT, BOARD_COMMENTS) : status;
}

/* --- Events -------------------------------------------------------------------------------------- */

/* What a map has under a key, as a reader at it; a failed one where there is nothing. */
static struct reader value_at(struct bytes map, const char *key)
{
    struct reader reader = reader_on(map);
    if (read_type(&reader) != PACK_MAP)
        reader_fail(&reader, STATUS_TYPE);
    for (uint32_t left = read_map(&reader); left > 0; left--) {
        if (bytes_equal(read_string(&reader), bytes_of(key)))
            return reader;
        read_value(&reader);
    }
    reader_fail(&reader, STATUS_INCOMPLETE);
    return reader;
}

static enum status check_words(struct bytes map, const char *key, size_t length)
{
    struct reader reader = value_at(map, key);
    if (reader.status != STATUS_OK)
        return reader.status;
    if (read_type(&reader) != PACK_STRING)
        return STATUS_TYPE;
    struct bytes text = read_string(&reader);
    return text.length > 0 && text.length <= length ? STATUS_OK : STATUS_RANGE;
}

static enum status check_numbers(struct bytes map, const char *keys)
{
    for (; *keys != 0; keys++) {
        struct reader reader = value_at(map, (char[]){*keys, 0});
        if (reader.status != STATUS_OK)
            return reader.status;
        enum pack_type type = read_type(&reader);
        if (type != PACK_INTEGER && type != PACK_FLOAT)
            return STATUS_TYPE;
        double number = type == PACK_INTEGER ? (double)read_integer(&reader) : read_double(&reader);
        if (!(fabs(number) <= EVENT_PLACE_MAX))
            return STATUS_RANGE;
    }
    return STATUS_OK;
}

static enum status accept_event(const struct edit_view *edit)
{
    enum status status = STATUS_OK;
    switch ((enum board_event)edit->target) {
    case BOARD_CHAT:
        return check_words(edit->arguments, "text", EVENT_BYTES_MAX);
    case BOARD_REACTION:
        status = check_numbers(edit->arguments, "xy");
        return status == STATUS_OK ? check_words(edit->arguments, "emoji", EMOJI_BYTES_MAX)
                                   : status;
    case BOARD_SUMMON:
        return check_numbers(edit->arguments, "xywh");
    case BOARD_EVENTS:
        break;
    }
    return STATUS_OK;
}

enum status board_accept(struct room *room, const struct edit_view *edit)
{
    (void)room;
    if (edit->verb == VERB_EMIT)
        return accept_event(edit);
    switch ((enum board_collection)edit->target) {
    case BOARD_OBJECTS:
        return accept_object(edit);
    case BOARD_COMMENTS:
        return accept_comment(edit);
    case BOARD_REPLIES:
        return accept_reply(edit);
    case BOARD_PRESENCE:
    case BOARD_COLLECTIONS:
        break;
    }
    return STATUS_OK;
}
