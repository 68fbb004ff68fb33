#include "persistence/portable_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Grows with the largest piece that came, never with what a head claims that is not there. */
struct buffer {
    uint8_t *data;
    size_t capacity;
};

struct portable_reader {
    FILE *file;
    EVP_MD_CTX *digest;
    uint64_t at;    /* bytes that were read */
    uint64_t begin; /* of the piece that is read */
    uint32_t pieces;
    bool headed; /* the file's head was read */
    bool ended;
    struct portable_order order;
    struct buffer stored, plain;
    uint8_t sum[PORTABLE_SUM_BYTES]; /* of all before the piece that is read */
    const char *kind;                /* of that piece; NULL as long as it is not known */
    char place[PORTABLE_ERROR_MAX];
};

/* What is read at once: so much memory a file of a few bytes can ask for at most. */
#define READ_STEP (1u << 20)

struct portable_reader *portable_open(FILE *file)
{
    struct portable_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->file = file;
    reader->digest = EVP_MD_CTX_new();
    if (reader->digest != NULL && EVP_DigestInit_ex(reader->digest, EVP_sha256(), NULL) == 1)
        return reader;
    portable_close(reader);
    return NULL;
}

void portable_close(struct portable_reader *reader)
{
    if (reader == NULL)
        return;
    EVP_MD_CTX_free(reader->digest);
    free(reader->stored.data);
    free(reader->plain.data);
    free(reader);
}

uint64_t portable_at(const struct portable_reader *reader)
{
    return reader->at;
}

const uint8_t *portable_sum(const struct portable_reader *reader)
{
    return reader->sum;
}

const char *portable_place(const struct portable_reader *reader)
{
    return reader->place;
}

static enum store_result
tell(struct portable_reader *reader, enum store_result result, const char *why)
{
    if (!reader->headed)
        snprintf(reader->place, sizeof reader->place, "%s", why);
    else if (reader->kind == NULL)
        snprintf(reader->place, sizeof reader->place, "piece %" PRIu32 " at byte %" PRIu64 ": %s",
                 reader->pieces, reader->begin, why);
    else
        snprintf(reader->place, sizeof reader->place,
                 "piece %" PRIu32 " (%s) at byte %" PRIu64 ": %s", reader->pieces, reader->kind,
                 reader->begin, why);
    return result;
}

static enum store_result damaged(struct portable_reader *reader, const char *why)
{
    return tell(reader, STORE_DAMAGED, why);
}

enum store_result portable_refuse(struct portable_reader *reader, const char *why)
{
    reader->pieces--;
    return damaged(reader, why);
}

/* --- Bytes ---------------------------------------------------------------------------------------- */

static enum store_result read_some(struct portable_reader *reader, uint8_t *bytes, size_t length)
{
    errno = 0;
    size_t got = fread(bytes, 1, length, reader->file);
    reader->at += got;
    if (got == length)
        return STORE_OK;
    if (ferror(reader->file))
        return tell(reader, STORE_FAILED, strerror(errno != 0 ? errno : EIO));
    return damaged(reader, "the file ends there");
}

static bool grow(struct buffer *buffer, size_t capacity)
{
    if (capacity <= buffer->capacity)
        return true;
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL)
        return false;
    *buffer = (struct buffer){data, capacity};
    return true;
}

/* In steps: memory is asked for as the bytes come. */
static enum store_result read_stored(struct portable_reader *reader, size_t length)
{
    enum store_result result = STORE_OK;
    for (size_t at = 0; at < length && result == STORE_OK;) {
        size_t step = length - at < READ_STEP ? length - at : READ_STEP;
        if (!grow(&reader->stored, at + step))
            return tell(reader, STORE_MEMORY, "no memory");
        result = read_some(reader, reader->stored.data + at, step);
        at += step;
    }
    return result;
}

static enum store_result digest(struct portable_reader *reader, const void *bytes, size_t length)
{
    return EVP_DigestUpdate(reader->digest, bytes, length) == 1
               ? STORE_OK
               : tell(reader, STORE_MEMORY, "no memory");
}

/* --- Pieces --------------------------------------------------------------------------------------- */

static enum store_result read_head(struct portable_reader *reader)
{
    uint8_t head[PORTABLE_HEAD_BYTES];
    enum store_result result = read_some(reader, head, sizeof head);
    if (result == STORE_FAILED)
        return result;
    if (result != STORE_OK || memcmp(head, PORTABLE_MAGIC, PORTABLE_MAGIC_BYTES) != 0)
        return damaged(reader, "it is no recording of a room");
    uint64_t version = take_number(head + PORTABLE_MAGIC_BYTES, 4);
    if (version != PORTABLE_VERSION) {
        char why[80];
        snprintf(why, sizeof why, "it is of version %" PRIu64 ", and %u is the newest known here",
                 version, PORTABLE_VERSION);
        return damaged(reader, why);
    }
    reader->headed = true;
    return digest(reader, head, sizeof head);
}

static bool find_kind(const uint8_t *name, enum portable_kind *kind)
{
    for (unsigned i = 0; i < PORTABLE_KINDS; i++)
        if (memcmp(name, portable_layouts[i].name, 4) == 0) {
            *kind = (enum portable_kind)i;
            return true;
        }
    return false;
}

/* The bytes of the piece as they were before they were deflated. */
static enum store_result inflated(struct portable_reader *reader, size_t stored, size_t length)
{
    struct bytes bytes = {reader->stored.data, stored};
    if (stored == length) {
        struct buffer plain = reader->plain;
        reader->plain = reader->stored;
        reader->stored = plain;
        return STORE_OK;
    }
    if (!grow(&reader->plain, length))
        return tell(reader, STORE_MEMORY, "no memory");
    uLongf got = length;
    uLong used = bytes.length;
    int code = uncompress2(reader->plain.data, &got, bytes.data, &used);
    if (code == Z_MEM_ERROR)
        return tell(reader, STORE_MEMORY, "no memory");
    bool whole = code == Z_OK && got == length && used == bytes.length;
    return whole ? STORE_OK : damaged(reader, "it does not inflate to what it says");
}

/* What stands in its head is believed as far as the kind allows, before anything is read. */
static enum store_result read_piece(struct portable_reader *reader, struct portable_piece *piece)
{
    uint8_t head[PIECE_HEAD_BYTES];
    enum portable_kind kind;
    enum store_result result = read_some(reader, head, sizeof head);
    if (result != STORE_OK)
        return result;
    if (!find_kind(head, &kind))
        return damaged(reader, "it is of no kind");
    reader->kind = portable_kind_text(kind);
    uint64_t stored = take_number(head + 8, 4), length = take_number(head + 12, 4);
    if (take_number(head + 4, 4) != reader->pieces)
        return damaged(reader, "its number is not the next");
    if (stored == 0 || stored > length || length > PIECE_FRONT_MAX + portable_layouts[kind].most)
        return damaged(reader, "it is not as long as it may be");
    result = read_stored(reader, stored);
    if (result != STORE_OK)
        return result;
    struct bytes bytes = {reader->stored.data, stored};
    if (take_number(head + 16, 4) != portable_checksum(head, bytes))
        return damaged(reader, "its checksum is another one");
    result = digest(reader, head, sizeof head);
    if (result == STORE_OK)
        result = digest(reader, bytes.data, bytes.length);
    if (result == STORE_OK)
        result = inflated(reader, stored, length);
    if (result != STORE_OK)
        return result;
    const char *wrong = portable_take(kind, (struct bytes){reader->plain.data, length}, piece);
    if (wrong == NULL)
        wrong = portable_order_check(&reader->order, piece);
    return wrong == NULL ? STORE_OK : damaged(reader, wrong);
}

/* The sum up to here, in case that the next piece is the last. */
static enum store_result note_sum(struct portable_reader *reader)
{
    unsigned length = PORTABLE_SUM_BYTES;
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    bool done = copy != NULL && EVP_MD_CTX_copy_ex(copy, reader->digest) == 1 &&
                EVP_DigestFinal_ex(copy, reader->sum, &length) == 1;
    EVP_MD_CTX_free(copy);
    return done ? STORE_OK : tell(reader, STORE_MEMORY, "no memory");
}

static enum store_result check_end(struct portable_reader *reader,
                                   const struct portable_piece *piece)
{
    if (piece->count != reader->pieces)
        return damaged(reader, "it counts other pieces");
    if (memcmp(piece->sum.data, reader->sum, PORTABLE_SUM_BYTES) != 0)
        return damaged(reader, "the checksum over all is another one");
    if (fgetc(reader->file) != EOF)
        return damaged(reader, "something stands behind it");
    reader->ended = true;
    return STORE_NOT_FOUND;
}

enum store_result portable_next(struct portable_reader *reader, struct portable_piece *piece)
{
    assert(!reader->ended);
    enum store_result result = reader->headed ? STORE_OK : read_head(reader);
    if (result != STORE_OK)
        return result;
    reader->begin = reader->at;
    reader->kind = NULL;
    result = note_sum(reader);
    if (result == STORE_OK)
        result = read_piece(reader, piece);
    if (result == STORE_OK && piece->kind == PORTABLE_END)
        return check_end(reader, piece);
    if (result == STORE_OK)
        reader->pieces++;
    return result;
}
