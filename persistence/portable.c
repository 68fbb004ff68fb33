/* portable.c - the pieces of the portable file: what each is made of, and in which order they come. */
#include "persistence/portable_parts.h"

#include <stddef.h>
#include <string.h>
#include <zlib.h>

#define AT(field) offsetof(struct portable_piece, field)
#define TEXT(field, least, most)                                                                   \
    {                                                                                              \
        AT(field), least, most                                                                     \
    }

#define BLOB_NUMBERS AT(incarnation), AT(first), AT(last)

const struct portable_layout portable_layouts[PORTABLE_KINDS] = {
    [PORTABLE_ROOM] = {"ROOM",
                       "room",
                       5,
                       3,
                       {BLOB_NUMBERS, AT(made_ms), AT(exported_ms)},
                       {TEXT(name, 1, ROOM_NAME_MAX), TEXT(room_kind, 1, NAME_BYTES_MAX),
                        TEXT(program, 0, PORTABLE_PROGRAM_MAX)},
                       0,
                       0},
    [PORTABLE_SESSION] = {"SESS",
                          "session",
                          6,
                          1,
                          {BLOB_NUMBERS, AT(began_ms), AT(ended_ms), AT(pinned)},
                          {TEXT(title, 0, STORE_TITLE_MAX)},
                          0,
                          0},
    [PORTABLE_MARKER] = {"MARK",
                         "marker",
                         2,
                         3,
                         {AT(incarnation), AT(first)},
                         {TEXT(title, 0, STORE_TITLE_MAX), TEXT(colour, 0, STORE_COLOUR_MAX),
                          TEXT(by, 0, STORE_BY_MAX)},
                         0,
                         0},
    [PORTABLE_SNAPSHOT] =
        {"SNAP", "snapshot", 2, 0, {AT(incarnation), AT(first)}, {{0}}, 1, STORE_BLOB_MAX},
    [PORTABLE_LOG] = {"LOG ", "log", 4, 0, {BLOB_NUMBERS, AT(begins)}, {{0}}, 1, STORE_BLOB_MAX},
    [PORTABLE_TRACK] = {"TRCK", "track", 3, 0, {BLOB_NUMBERS}, {{0}}, 1, STORE_BLOB_MAX},
    [PORTABLE_FILE] = {"FILE",
                       "file",
                       4,
                       1,
                       {AT(length), AT(type), AT(added_ms), AT(used_ms)},
                       {TEXT(hash, STORE_HASH_BYTES, STORE_HASH_BYTES)},
                       0,
                       0},
    [PORTABLE_PART] = {"PART", "part of a file", 0, 0, {0}, {{0}}, 1, STORE_FILE_PART},
    [PORTABLE_END] = {"END ",
                      "end",
                      1,
                      1,
                      {AT(count)},
                      {TEXT(sum, PORTABLE_SUM_BYTES, PORTABLE_SUM_BYTES)},
                      0,
                      0},
};

const char *portable_kind_text(enum portable_kind kind)
{
    return portable_layouts[kind].text;
}

/* --- One piece ------------------------------------------------------------------------------------ */

static uint64_t number_at(const struct portable_piece *piece, size_t at)
{
    uint64_t number;
    memcpy(&number, (const uint8_t *)piece + at, sizeof number);
    return number;
}

static struct bytes text_at(const struct portable_piece *piece, size_t at)
{
    struct bytes text;
    memcpy(&text, (const uint8_t *)piece + at, sizeof text);
    return text;
}

size_t portable_front(const struct portable_piece *piece, uint8_t front[PIECE_FRONT_MAX])
{
    const struct portable_layout *layout = &portable_layouts[piece->kind];
    size_t length = 0;
    for (size_t i = 0; i < layout->number_count; i++, length += 8)
        put_number(front + length, number_at(piece, layout->numbers[i]), 8);
    for (size_t i = 0; i < layout->text_count; i++) {
        struct bytes text = text_at(piece, layout->texts[i].at);
        assert(text.length >= layout->texts[i].least && text.length <= layout->texts[i].most);
        put_number(front + length, text.length, 2);
        if (text.length > 0)
            memcpy(front + length + 2, text.data, text.length);
        length += 2 + text.length;
    }
    return length;
}

const char *portable_take(enum portable_kind kind, struct bytes bytes, struct portable_piece *piece)
{
    const struct portable_layout *layout = &portable_layouts[kind];
    *piece = (struct portable_piece){.kind = kind};
    size_t at = 0;
    for (size_t i = 0; i < layout->number_count; i++, at += 8) {
        if (bytes.length - at < 8)
            return "it is too short";
        uint64_t number = take_number(bytes.data + at, 8);
        memcpy((uint8_t *)piece + layout->numbers[i], &number, sizeof number);
    }
    for (size_t i = 0; i < layout->text_count; i++) {
        const struct portable_text *text = &layout->texts[i];
        size_t length = bytes.length - at < 2 ? SIZE_MAX : take_number(bytes.data + at, 2);
        if (length == SIZE_MAX || length > bytes.length - at - 2)
            return "it is too short";
        if (length < text->least || length > text->most)
            return "a text is not as long as it may be";
        struct bytes view = {bytes.data + at + 2, length};
        memcpy((uint8_t *)piece + text->at, &view, sizeof view);
        at += 2 + length;
    }
    piece->bytes = (struct bytes){bytes.data + at, bytes.length - at};
    bool fits = piece->bytes.length >= layout->least && piece->bytes.length <= layout->most;
    return fits ? NULL : "it is not as long as it may be";
}

uint32_t portable_checksum(const uint8_t head[PIECE_HEAD_BYTES], struct bytes stored)
{
    uLong sum = crc32(0, head, PIECE_HEAD_BYTES - 4);
    return (uint32_t)crc32(sum, stored.data, (uInt)stored.length);
}

/* --- Their order ---------------------------------------------------------------------------------- */

static bool is_tick(uint64_t tick)
{
    return tick >= 1 && tick <= STORE_TICK_MAX;
}

static bool is_stretch(const struct portable_piece *piece)
{
    return is_tick(piece->first) && is_tick(piece->last) && piece->first <= piece->last;
}

/* Numbers of the wire: readers of JSON take no more. */
static bool is_time(uint64_t ms)
{
    return ms <= (uint64_t)INTEGER_MAX;
}

static const char *check_room(const struct portable_order *order,
                              const struct portable_piece *piece)
{
    if (order->begun)
        return "there is one already";
    return is_time(piece->made_ms) && is_time(piece->exported_ms)
               ? NULL
               : "it has numbers that no room has";
}

static const char *check_session(struct portable_order *order, const struct portable_piece *piece)
{
    const struct portable_piece *last = &order->last;
    if (last->kind != PORTABLE_ROOM && last->kind != PORTABLE_SESSION)
        return "sessions come right behind the room";
    if (!is_stretch(piece) || piece->pinned > 1 || !is_time(piece->began_ms) ||
        !is_time(piece->ended_ms))
        return "it has numbers that no session has";
    if (last->kind == PORTABLE_SESSION &&
        (piece->first < last->first ||
         (piece->first == last->first && piece->incarnation <= last->incarnation)))
        return "sessions come in the order of their first ticks";
    return ++order->sessions > STORE_SESSIONS_MAX ? "more sessions than a room may have" : NULL;
}

static const char *check_marker(struct portable_order *order, const struct portable_piece *piece)
{
    const struct portable_piece *last = &order->last;
    if (last->kind > PORTABLE_MARKER)
        return "markers come before what was recorded";
    if (!is_tick(piece->first))
        return "it has numbers that no marker has";
    if (last->kind == PORTABLE_MARKER &&
        (piece->first < last->first ||
         (piece->first == last->first && piece->incarnation <= last->incarnation)))
        return "markers come in the order of their ticks";
    return ++order->markers > STORE_MARKERS_MAX ? "more markers than a room may have" : NULL;
}

static const char *check_snapshot(struct portable_order *order, const struct portable_piece *piece)
{
    if (order->last.kind > PORTABLE_TRACK)
        return "files come behind all that was recorded";
    if (!is_tick(piece->first) || piece->first < order->tick)
        return "it is from before what came before it";
    order->tick = order->run = piece->first;
    order->in_run = true;
    return NULL;
}

static const char *check_log(struct portable_order *order, const struct portable_piece *piece)
{
    if (order->last.kind > PORTABLE_TRACK)
        return "files come behind all that was recorded";
    if (!is_stretch(piece) || piece->first <= order->tick || piece->begins > 1)
        return "it does not lie behind what came before it";
    if (piece->begins == 1)
        order->run = piece->first - 1;
    else if (!order->in_run)
        return "nothing leads to it";
    order->in_run = true;
    order->tick = piece->last;
    return NULL;
}

static const char *check_track(struct portable_order *order, const struct portable_piece *piece)
{
    if (order->last.kind != PORTABLE_LOG && order->last.kind != PORTABLE_TRACK)
        return "presence comes behind the log of its ticks";
    if (!is_stretch(piece) || piece->first <= order->shown || piece->first <= order->run ||
        piece->last > order->tick)
        return "it does not lie in what came before it";
    order->shown = piece->last;
    return NULL;
}

static const char *check_file(struct portable_order *order, const struct portable_piece *piece)
{
    bool first = order->last.kind != PORTABLE_PART;
    if (!order->in_run)
        return "nothing was recorded";
    if (piece->length == 0 || piece->length > STORE_FILE_MAX || piece->type > UINT8_MAX ||
        !is_time(piece->added_ms) || !is_time(piece->used_ms))
        return "it has numbers that no file has";
    if (!first && memcmp(piece->hash.data, order->hash, STORE_HASH_BYTES) <= 0)
        return "files come in the order of their hashes";
    memcpy(order->hash, piece->hash.data, STORE_HASH_BYTES);
    order->left = piece->length;
    return NULL;
}

static const char *check_part(struct portable_order *order, const struct portable_piece *piece)
{
    uint64_t wanted = order->left < STORE_FILE_PART ? order->left : STORE_FILE_PART;
    if (order->left == 0 || piece->bytes.length != wanted)
        return "it is not as long as what the file lacks";
    order->left -= piece->bytes.length;
    return NULL;
}

static const char *check_kind(struct portable_order *order, const struct portable_piece *piece)
{
    switch (piece->kind) {
    case PORTABLE_ROOM:
        return check_room(order, piece);
    case PORTABLE_SESSION:
        return check_session(order, piece);
    case PORTABLE_MARKER:
        return check_marker(order, piece);
    case PORTABLE_SNAPSHOT:
        return check_snapshot(order, piece);
    case PORTABLE_LOG:
        return check_log(order, piece);
    case PORTABLE_TRACK:
        return check_track(order, piece);
    case PORTABLE_FILE:
        return check_file(order, piece);
    case PORTABLE_PART:
        return check_part(order, piece);
    case PORTABLE_END:
        return order->in_run ? NULL : "nothing was recorded";
    default:
        return "it is of no kind";
    }
}

/* Of files and ends it is zero. */
static bool incarnation_fits(const struct portable_piece *piece)
{
    return piece->kind >= PORTABLE_FILE ||
           (piece->incarnation >= 1 && piece->incarnation <= PORTABLE_INCARNATION_MAX);
}

const char *portable_order_check(struct portable_order *order, const struct portable_piece *piece)
{
    if (!order->begun && piece->kind != PORTABLE_ROOM)
        return "a room comes first";
    if (order->left > 0 && piece->kind != PORTABLE_PART)
        return "the file before it is not whole";
    if (!incarnation_fits(piece))
        return "its incarnation is none that a room has";
    const char *wrong = check_kind(order, piece);
    order->begun = true;
    order->last = (struct portable_piece){
        .kind = piece->kind, .incarnation = piece->incarnation, .first = piece->first};
    return wrong;
}
