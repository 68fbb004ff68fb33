#include "tests/portable_file.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXTS 8

static void texts_of(struct portable_piece *piece, struct bytes *texts[TEXTS])
{
    struct bytes *const all[TEXTS] = {&piece->name,  &piece->room_kind, &piece->program,
                                      &piece->title, &piece->colour,    &piece->by,
                                      &piece->hash,  &piece->bytes};
    memcpy(texts, all, sizeof all);
}

static struct bytes copied(struct bytes bytes)
{
    uint8_t *data = malloc(bytes.length + 1);
    ck_assert_ptr_nonnull(data);
    if (bytes.length > 0)
        memcpy(data, bytes.data, bytes.length);
    return (struct bytes){data, bytes.length};
}

static void forget(struct bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static struct portable_piece piece_copied(struct portable_piece piece)
{
    struct bytes *texts[TEXTS];
    texts_of(&piece, texts);
    for (int i = 0; i < TEXTS; i++)
        *texts[i] = copied(*texts[i]);
    return piece;
}

static void piece_forget(struct portable_piece *piece)
{
    struct bytes *texts[TEXTS];
    texts_of(piece, texts);
    for (int i = 0; i < TEXTS; i++)
        forget(*texts[i]);
}

struct portable_file *portable_file_read(const char *path)
{
    struct portable_file *file = calloc(1, sizeof *file);
    FILE *opened = fopen(path, "rb");
    ck_assert(file != NULL && opened != NULL);
    struct portable_reader *reader = portable_open(opened);
    struct portable_piece piece;
    enum store_result result;
    file->begins[0] = 12;
    while ((result = portable_next(reader, &piece)) == STORE_OK) {
        ck_assert_uint_lt(file->count, PORTABLE_PIECES_MAX);
        file->pieces[file->count++] = piece_copied(piece);
        file->begins[file->count] = portable_at(reader);
    }
    ck_assert_msg(result == STORE_NOT_FOUND, "%s", portable_place(reader));
    portable_close(reader);
    fclose(opened);
    return file;
}

void portable_file_free(struct portable_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        piece_forget(&file->pieces[i]);
    free(file);
}

size_t portable_file_find(const struct portable_file *file, enum portable_kind kind, size_t from)
{
    while (from < file->count && file->pieces[from].kind != kind)
        from++;
    ck_assert_uint_lt(from, file->count);
    return from;
}

void portable_file_drop(struct portable_file *file, size_t at)
{
    piece_forget(&file->pieces[at]);
    file->count--;
    memmove(&file->pieces[at], &file->pieces[at + 1], (file->count - at) * sizeof file->pieces[0]);
}

void portable_file_insert(struct portable_file *file, size_t at, struct portable_piece piece)
{
    ck_assert_uint_lt(file->count, PORTABLE_PIECES_MAX);
    memmove(&file->pieces[at + 1], &file->pieces[at], (file->count - at) * sizeof file->pieces[0]);
    file->pieces[at] = piece_copied(piece);
    file->count++;
}

void portable_file_set(struct portable_file *file, size_t at, struct bytes bytes)
{
    struct bytes old = file->pieces[at].bytes;
    file->pieces[at].bytes = copied(bytes);
    forget(old);
}

void portable_file_write(const struct portable_file *file, const char *path)
{
    struct portable_writer *writer;
    char error[PORTABLE_ERROR_MAX];
    uint64_t bytes;
    unlink(path);
    ck_assert_msg(portable_create(path, &writer, error) == STORE_OK, "%s", error);
    for (size_t i = 0; i < file->count; i++)
        ck_assert_msg(portable_write(writer, &file->pieces[i], error) == STORE_OK, "%zu: %s", i,
                      error);
    ck_assert_msg(portable_end(writer, &bytes, error) == STORE_OK, "%s", error);
}
