/* archive_file_rows.h - the rows of files and of their parts, for archive_files.c and
 * archive_files_check.c alone. */
#ifndef PERSISTENCE_ARCHIVE_FILE_ROWS_H
#define PERSISTENCE_ARCHIVE_FILE_ROWS_H

#include "persistence/archive_files.h"

#define UPLOAD_BYTES   16u /* in the place of a hash */
#define FILE_PART_BITS 16u
#define FOR_EVER       ((uint64_t)INT64_MAX) /* what an upload is wanted until */

enum archive_file_statement {
    FILE_ADD,
    FILE_FIND,
    FILE_AFTER,
    FILE_BEFORE,
    FILE_NEXT,
    FILE_OF_ROOM,
    FILE_ARRIVING,
    FILE_STALEST,
    FILE_HELD,
    FILE_ALL,
    FILE_SET,
    FILE_DROP,
    FILE_PART_ADD,
    FILE_PART_READ,
    FILE_PARTS_DROP,
    STATEMENTS
};

/* A row of `file`. */
struct file_row {
    uint64_t id;
    struct store_file file;
    uint8_t upload[UPLOAD_BYTES];
    bool arriving; /* `upload` stands in the place of the hash */
    uint64_t parts, sum;
};

/* Prepares the statements. STORE_NOT_FOUND where the file is of a format that knew of no files. */
MUST_CHECK enum store_result file_rows_ready(struct archive *archive);

struct bytes file_row_hash(const struct file_row *row);

/* Says where the damage is, and gives STORE_DAMAGED. */
enum store_result file_damage(struct bytes room, struct bytes hash, const char *what);
enum store_result file_row_damage(const struct file_row *row, const char *what);

/* The row that a statement with its values bound leads to, which is reset then. STORE_DAMAGED with as
 * much of it as is there. The second passes over rows that do not check. */
MUST_CHECK enum store_result
file_row_read(struct archive *archive, sqlite3_stmt *statement, struct file_row *row);
MUST_CHECK enum store_result
file_row_read_sound(struct archive *archive, sqlite3_stmt *statement, struct file_row *row);

/* By FILE_ADD or FILE_SET. */
MUST_CHECK enum store_result file_row_write(struct archive *archive,
                                            enum archive_file_statement statement,
                                            const struct file_row *row);

/* Drops it with its parts. What all files come to is less by what the row says. */
MUST_CHECK enum store_result file_row_drop(struct archive *archive, const struct file_row *row);

/* As many as its bytes make. */
uint64_t file_row_parts(const struct file_row *row);

/* The next part of the row, which counts it; the caller writes the row. STORE_DAMAGED for one that
 * is not as long as it has to be. */
MUST_CHECK enum store_result
file_part_add(struct archive *archive, struct file_row *row, struct bytes bytes);

/* Part number `part`, whose checksum joins `sum`. */
MUST_CHECK enum store_result file_part_read(struct archive *archive,
                                            const struct file_row *row,
                                            uint64_t part,
                                            uint64_t *sum,
                                            store_part_visitor *visitor,
                                            void *context);

#endif
