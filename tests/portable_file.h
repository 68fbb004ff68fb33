/* portable_file.h - a portable file taken apart, changed, and put together again.
 *
 *   struct portable_file file = portable_file_read(path);
 *   portable_file_drop(&file, 3);  portable_file_set(&file, 4, bytes);
 *   portable_file_write(&file, other);                              with checksums that fit
 */
#ifndef TESTS_PORTABLE_FILE_H
#define TESTS_PORTABLE_FILE_H

#include "persistence/portable.h"

#define PORTABLE_PIECES_MAX 200

struct portable_file {
    struct portable_piece pieces[PORTABLE_PIECES_MAX]; /* their texts and bytes are the file's */
    uint64_t begins[PORTABLE_PIECES_MAX + 1]; /* where each begins, and where the last ends */
    size_t count;
};

/* Fails the test where it is not to be read. */
struct portable_file *portable_file_read(const char *path);
void portable_file_free(struct portable_file *file);

/* The first piece of the kind from a place on, which is there. */
size_t portable_file_find(const struct portable_file *file, enum portable_kind kind, size_t from);

void portable_file_drop(struct portable_file *file, size_t at);
void portable_file_insert(struct portable_file *file, size_t at, struct portable_piece piece);
void portable_file_set(struct portable_file *file,
                       size_t at,
                       struct bytes bytes); /* a copy of them */

/* In the place of what is there. */
void portable_file_write(const struct portable_file *file, const char *path);

#endif
