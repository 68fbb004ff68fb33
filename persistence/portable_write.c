#include "persistence/portable_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define LEVEL 6

/* Fewer bytes are not worth it. */
#define DEFLATED_MIN 128u

struct portable_writer {
    FILE *file;
    EVP_MD_CTX *digest;
    uint64_t pieces, written;
    struct portable_order order;
    uint8_t *plain, *deflated; /* of PIECE_BYTES_MAX and of what deflating that may take */
    size_t deflated_capacity;
    char *path, *partial;
};

static enum store_result fail(char error[PORTABLE_ERROR_MAX], const char *path, int why)
{
    snprintf(error, PORTABLE_ERROR_MAX, "%.160s: %.80s", path, strerror(why));
    return why == ENOSPC || why == EDQUOT ? STORE_FULL
           : why == ENOMEM                ? STORE_MEMORY
                                          : STORE_FAILED;
}

static enum store_result put(struct portable_writer *writer, const void *bytes, size_t length)
{
    if (fwrite(bytes, 1, length, writer->file) != length ||
        EVP_DigestUpdate(writer->digest, bytes, length) != 1)
        return STORE_FAILED;
    writer->written += length;
    return STORE_OK;
}

static enum store_result begin(struct portable_writer *writer)
{
    uint8_t head[PORTABLE_HEAD_BYTES];
    memcpy(head, PORTABLE_MAGIC, PORTABLE_MAGIC_BYTES);
    put_number(head + PORTABLE_MAGIC_BYTES, PORTABLE_VERSION, 4);
    return put(writer, head, sizeof head);
}

static char *partial_of(const char *path)
{
    size_t length = strlen(path) + sizeof ".XXXXXX";
    char *partial = malloc(length);
    if (partial != NULL)
        snprintf(partial, length, "%s.XXXXXX", path);
    return partial;
}

static bool set_up(struct portable_writer *writer, const char *path)
{
    writer->deflated_capacity = compressBound(PIECE_BYTES_MAX);
    writer->plain = malloc(PIECE_BYTES_MAX);
    writer->deflated = malloc(writer->deflated_capacity);
    writer->digest = EVP_MD_CTX_new();
    writer->path = strdup(path);
    return writer->plain != NULL && writer->deflated != NULL && writer->digest != NULL &&
           writer->path != NULL && EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) == 1;
}

/* Set once the file is there: then it is to go. */
static enum store_result open_partial(struct portable_writer *writer,
                                      char error[PORTABLE_ERROR_MAX])
{
    char *partial = partial_of(writer->path);
    if (partial == NULL)
        return fail(error, writer->path, ENOMEM);
    int fd = mkstemp(partial);
    int why = errno;
    writer->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (writer->file != NULL) {
        writer->partial = partial;
        return STORE_OK;
    }
    if (fd >= 0) {
        close(fd);
        unlink(partial);
    }
    free(partial);
    return fail(error, writer->path, why);
}

enum store_result
portable_create(const char *path, struct portable_writer **made, char error[PORTABLE_ERROR_MAX])
{
    *made = NULL;
    if (access(path, F_OK) == 0)
        return fail(error, path, EEXIST);
    struct portable_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return fail(error, path, ENOMEM);
    enum store_result result = set_up(writer, path) ? STORE_OK : fail(error, path, ENOMEM);
    if (result == STORE_OK)
        result = open_partial(writer, error);
    if (result == STORE_OK && begin(writer) != STORE_OK)
        result = fail(error, path, errno);
    if (result == STORE_OK)
        *made = writer;
    else
        portable_drop(writer);
    return result;
}

/* The bytes as they go into the file: deflated where that is shorter. */
static struct bytes shortened(struct portable_writer *writer, size_t length)
{
    uLongf deflated = writer->deflated_capacity;
    struct bytes plain = {writer->plain, length};
    if (length < DEFLATED_MIN ||
        compress2(writer->deflated, &deflated, writer->plain, length, LEVEL) != Z_OK ||
        deflated >= length)
        return plain;
    return (struct bytes){writer->deflated, deflated};
}

static enum store_result write_piece(struct portable_writer *writer,
                                     const struct portable_piece *piece)
{
    uint8_t head[PIECE_HEAD_BYTES];
    size_t length = portable_front(piece, writer->plain);
    if (piece->bytes.length > 0)
        memcpy(writer->plain + length, piece->bytes.data, piece->bytes.length);
    length += piece->bytes.length;
    struct bytes stored = shortened(writer, length);
    memcpy(head, portable_layouts[piece->kind].name, 4);
    put_number(head + 4, writer->pieces++, 4);
    put_number(head + 8, stored.length, 4);
    put_number(head + 12, length, 4);
    put_number(head + 16, portable_checksum(head, stored), 4);
    enum store_result result = put(writer, head, sizeof head);
    return result == STORE_OK ? put(writer, stored.data, stored.length) : result;
}

enum store_result portable_write(struct portable_writer *writer,
                                 const struct portable_piece *piece,
                                 char error[PORTABLE_ERROR_MAX])
{
    assert(piece->bytes.length <= portable_layouts[piece->kind].most);
    const char *wrong = portable_order_check(&writer->order, piece);
    if (wrong != NULL) {
        snprintf(error, PORTABLE_ERROR_MAX, "the %s of tick %llu: %s",
                 portable_kind_text(piece->kind), (unsigned long long)piece->first, wrong);
        return STORE_DAMAGED;
    }
    errno = EIO;
    enum store_result result = write_piece(writer, piece);
    return result == STORE_OK ? result : fail(error, writer->path, errno);
}

/* The name is as safe as the bytes when the folder is on the disk, too. */
static bool sync_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    free(copy);
    return synced;
}

static bool close_file(struct portable_writer *writer)
{
    FILE *file = writer->file;
    writer->file = NULL;
    bool synced = fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && synced;
}

static bool publish(struct portable_writer *writer)
{
    if (!close_file(writer) || rename(writer->partial, writer->path) != 0)
        return false;
    free(writer->partial);
    writer->partial = NULL;
    return sync_folder(writer->path);
}

enum store_result
portable_end(struct portable_writer *writer, uint64_t *bytes, char error[PORTABLE_ERROR_MAX])
{
    uint8_t sum[PORTABLE_SUM_BYTES];
    unsigned length = sizeof sum;
    struct portable_piece end = {
        .kind = PORTABLE_END, .count = writer->pieces, .sum = {sum, sizeof sum}};
    errno = EIO;
    enum store_result result = STORE_FAILED;
    EVP_MD_CTX *before = EVP_MD_CTX_new();
    if (before != NULL && EVP_MD_CTX_copy_ex(before, writer->digest) == 1 &&
        EVP_DigestFinal_ex(before, sum, &length) == 1)
        result = portable_write(writer, &end, error);
    else
        fail(error, writer->path, ENOMEM);
    EVP_MD_CTX_free(before);
    *bytes = writer->written;
    if (result == STORE_OK && !publish(writer))
        result = fail(error, writer->path, errno);
    portable_drop(writer);
    return result;
}

void portable_drop(struct portable_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->file != NULL)
        fclose(writer->file);
    if (writer->partial != NULL)
        unlink(writer->partial);
    EVP_MD_CTX_free(writer->digest);
    free(writer->plain);
    free(writer->deflated);
    free(writer->partial);
    free(writer->path);
    free(writer);
}
