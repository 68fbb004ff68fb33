/* portable_parts.h - the bytes of the portable file, for the files that write and read it. */
#ifndef PERSISTENCE_PORTABLE_PARTS_H
#define PERSISTENCE_PORTABLE_PARTS_H

#include "persistence/portable.h"

/* It is no text, nothing has changed its line ends, and printing it stops there. */
#define PORTABLE_MAGIC       "\x89TUTTI\n\x1a"
#define PORTABLE_MAGIC_BYTES 8u
#define PORTABLE_HEAD_BYTES  12u /* the magic, the version */

/* Name, number, bytes in the file, bytes when inflated, checksum. */
#define PIECE_HEAD_BYTES 20u

#define PIECE_NUMBERS_MAX 6u
#define PIECE_TEXTS_MAX   3u

/* What stands before the bytes of a piece takes less than this. */
#define PIECE_FRONT_MAX 1024u
#define PIECE_BYTES_MAX (PIECE_FRONT_MAX + STORE_BLOB_MAX)

static_assert(ROOM_NAME_MAX + NAME_BYTES_MAX + PORTABLE_PROGRAM_MAX + 8 * PIECE_NUMBERS_MAX + 6 <
                  PIECE_FRONT_MAX,
              "what a room's piece has fits");
static_assert(STORE_TITLE_MAX + STORE_COLOUR_MAX + STORE_BY_MAX + 8 * PIECE_NUMBERS_MAX + 6 <
                  PIECE_FRONT_MAX,
              "what a marker's piece has fits");

/* Numbers of 8 bytes, lowest first; texts, each behind its length of 2 bytes; bytes up to the end. */
struct portable_text {
    size_t at; /* in struct portable_piece */
    size_t least, most;
};

struct portable_layout {
    char name[5];
    const char *text;
    size_t number_count, text_count;
    size_t numbers[PIECE_NUMBERS_MAX]; /* where they stand in struct portable_piece */
    struct portable_text texts[PIECE_TEXTS_MAX];
    size_t least, most; /* of the bytes */
};

extern const struct portable_layout portable_layouts[PORTABLE_KINDS];

static inline void put_number(uint8_t *at, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

static inline uint64_t take_number(const uint8_t *at, unsigned bytes)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)at[i] << 8 * i;
    return number;
}

/* What is behind a piece's head, not deflated: its front, PIECE_FRONT_MAX at most, before its bytes. */
size_t portable_front(const struct portable_piece *piece, uint8_t front[PIECE_FRONT_MAX]);

/* The piece, of views; NULL, or what is wrong with it. */
const char *
portable_take(enum portable_kind kind, struct bytes bytes, struct portable_piece *piece);

/* Over the head without its checksum, and what is stored behind it. */
uint32_t portable_checksum(const uint8_t head[PIECE_HEAD_BYTES], struct bytes stored);

#endif
