/* archive_table.h - tables of small rows with a checksum each: walked, checked and salvaged alike.
 *
 *   sqlite3_stmt *walk;
 *   result = archive_table_walk(archive, table, "WHERE board = ?1", &walk);      and bind
 *   while (archive_table_step(archive, table, walk, &row, &result))  look at row
 *   sqlite3_finalize(walk);
 *
 * A file of an older format, which is only read, may lack the table: then it has no rows. */
#ifndef PERSISTENCE_ARCHIVE_TABLE_H
#define PERSISTENCE_ARCHIVE_TABLE_H

#include "persistence/archive.h"

/* One row, of whichever table; its views are good until the statement goes on. */
struct archive_row {
    uint64_t id;
    union {
        struct store_score score;
        struct store_session session;
        struct store_marker marker;
    };
};

struct archive_table {
    const char *name; /* also what a row is called where it does not check */
    const char *row;  /* its columns; the first is the id */
    uint64_t since;   /* the format that brought it */

    /* Reads the columns; false when they do not check. The row's id is set. */
    bool (*take)(sqlite3_stmt *statement, struct archive_row *row);

    /* Writes a row that does, within a transaction, with an id of its own choice. */
    enum store_result (*add)(struct archive *archive, const struct archive_row *row);
};

/* All of them. */
#define ARCHIVE_TABLES 3u
extern const struct archive_table *const archive_tables[ARCHIVE_TABLES];

/* A statement over the table's rows: SELECT ... FROM ..., and what `rest` says. NULL, which has no rows, where
 * there is no such table. */
MUST_CHECK enum store_result archive_table_walk(struct archive *archive,
                                                const struct archive_table *table,
                                                const char *rest,
                                                sqlite3_stmt **walk);

/* The next row that checks; what does not is passed over. False at the end, where *result is STORE_OK, and
 * where the table cannot be read on. */
bool archive_table_step(struct archive *archive,
                        const struct archive_table *table,
                        sqlite3_stmt *walk,
                        struct archive_row *row,
                        enum store_result *result);

/* The next row, whatever it is like: STORE_NOT_FOUND after the last; STORE_DAMAGED, and its id is above 0,
 * where it does not check; and where it cannot be read at all, its id is 0. */
MUST_CHECK enum store_result archive_table_next(struct archive *archive,
                                                const struct archive_table *table,
                                                sqlite3_stmt *walk,
                                                struct archive_row *row);

/* A statement for once; NULL unless STORE_OK. */
MUST_CHECK enum store_result
archive_statement(struct archive *archive, const char *sql, sqlite3_stmt **statement);

/* Tells of each row that does not check. */
MUST_CHECK enum store_result archive_table_check(struct archive *archive,
                                                 const struct archive_table *table,
                                                 store_damage_visitor *visitor,
                                                 void *context);

/* Copies what checks, from both ends: one bad page costs what is on it. */
MUST_CHECK enum store_result
archive_table_salvage(struct archive *from, struct archive *to, const struct archive_table *table);

#endif
