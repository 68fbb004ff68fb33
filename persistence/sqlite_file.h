/* sqlite_file.h - one SQLite file as this project keeps it, and what SQLite's codes mean here.
 *
 *   struct sqlite_file file;
 *   if (sqlite_file_open(&file, &options) == STORE_OK &&
 *       sqlite_file_prepare(&file, sql, COUNT, statements) == STORE_OK)
 *       sqlite3_bind_...(statements[ADD], ...);  sqlite_file_run(&file, statements[ADD]);
 *   sqlite_file_close(&file);
 *
 * The file is in WAL mode, checkpointed only when told, never mapped, and readable by its owner
 * alone. Statements belong to the file and go with it. Values are bound with SQLITE_STATIC, which
 * takes no memory and so cannot fail.
 *
 * Errors     every call that fails sets store_place().
 */
#ifndef PERSISTENCE_SQLITE_FILE_H
#define PERSISTENCE_SQLITE_FILE_H

#include "persistence/store.h"

#include <sqlite3.h>

#define SQLITE_FILE_PATH_MAX  1024u
#define SQLITE_FILE_NAME_MAX  64u
#define SQLITE_STATEMENTS_MAX 40u

/* Where a store's files are, and how they are written. */
struct sqlite_place {
    const char *folder;
    const char *vfs; /* NULL for the default one */
    bool sync;       /* a flush is on the disk before its append returns; sealings always are */
};

enum sqlite_file_use {
    SQLITE_FILE_OWN,  /* made where there is none */
    SQLITE_FILE_READ, /* has to be there; neither written nor checkpointed */
    SQLITE_FILE_COPY  /* empty, to be filled with another file's pages */
};

struct sqlite_file_options {
    const struct sqlite_place *place;
    const char *name; /* in the folder */
    enum sqlite_file_use use;
    bool shrinks; /* gives room that was freed back, when told to */
};

struct sqlite_file {
    sqlite3 *db; /* NULL when closed */
    sqlite3_stmt *statements[SQLITE_STATEMENTS_MAX];
    size_t statement_count;
    bool reads;   /* SQLITE_FILE_READ */
    bool corrupt; /* SQLite has met pages that do not hold together */
    char path[SQLITE_FILE_PATH_MAX];
    char name[SQLITE_FILE_NAME_MAX]; /* the path's end */
};

/* "folder/name", cut where it does not fit; false then. */
bool sqlite_path(char path[SQLITE_FILE_PATH_MAX], const char *folder, const char *name);

MUST_CHECK enum store_result sqlite_file_open(struct sqlite_file *file,
                                              const struct sqlite_file_options *options);

/* Every further call gives STORE_FAILED. */
void sqlite_file_close(struct sqlite_file *file);

/* Leaves the file as it is from now on: closing it does not write either. */
void sqlite_file_retire(struct sqlite_file *file);

/* Brings the file's tables to the newest format: migrations[n] leads from format n to n + 1. All in
 * one transaction, always synced, together with what `fill` adds to a file of format `from`, 0 for a
 * new one. A file that is only read stays as it is. Refuses a newer format as STORE_FAILED, and a
 * database that is not ours as STORE_DAMAGED. */
typedef enum store_result sqlite_file_fill(struct sqlite_file *file, uint64_t from, void *context);
MUST_CHECK enum store_result sqlite_file_migrate(struct sqlite_file *file,
                                                 const char *const migrations[],
                                                 uint64_t newest,
                                                 sqlite_file_fill *fill,
                                                 void *context);

/* As the place says; files are made with full synchronisation whatever that is. */
MUST_CHECK enum store_result sqlite_file_set_sync(struct sqlite_file *file, bool sync);

MUST_CHECK enum store_result
sqlite_file_prepare(struct sqlite_file *file, const char *const sql[], size_t count);
MUST_CHECK enum store_result sqlite_file_exec(struct sqlite_file *file, const char *sql);

/* The only place that reads SQLite's codes. Those of success are STORE_OK. */
enum store_result sqlite_file_result(struct sqlite_file *file, int code);

/* Runs a statement that gives no rows, and resets it. */
MUST_CHECK enum store_result sqlite_file_run(struct sqlite_file *file, sqlite3_stmt *statement);

/* Steps to the next row: STORE_OK, its columns good until the next step or sqlite3_reset();
 * STORE_NOT_FOUND after the last. Anything but STORE_OK has reset the statement. */
MUST_CHECK enum store_result sqlite_file_step(struct sqlite_file *file, sqlite3_stmt *statement);

/* A transaction: end() commits where `result` is STORE_OK and rolls back otherwise; it returns
 * `result`, or what the commit came to. */
MUST_CHECK enum store_result sqlite_file_begin(struct sqlite_file *file);
MUST_CHECK enum store_result sqlite_file_end(struct sqlite_file *file, enum store_result result);

/* Moves what was committed from the WAL into the file, as far as no reader stands in the way. */
MUST_CHECK enum store_result sqlite_file_checkpoint(struct sqlite_file *file);

/* Moves all of it, and leaves an empty WAL; STORE_BUSY when a reader stands in the way. */
MUST_CHECK enum store_result sqlite_file_empty_log(struct sqlite_file *file);

void sqlite_bind_bytes(sqlite3_stmt *statement, int index, struct bytes bytes);
void sqlite_bind_number(sqlite3_stmt *statement, int index, uint64_t number);
struct bytes sqlite_column_view(sqlite3_stmt *statement, int column);
uint64_t sqlite_column_number(sqlite3_stmt *statement, int column);

/* --- Facts of a file ---------------------------------------------------------------------------- */

/* Rows of the table `meta`: a key, a number or bytes, and a checksum over both. STORE_DAMAGED
 * where one is missing or does not check. */
MUST_CHECK enum store_result
sqlite_meta_number(struct sqlite_file *file, const char *key, uint64_t *number);
MUST_CHECK enum store_result
sqlite_meta_set_number(struct sqlite_file *file, const char *key, uint64_t number);

/* 128 random bits that the files of one store have in common. */
#define STORE_ID_BYTES 16u
MUST_CHECK enum store_result sqlite_meta_store(struct sqlite_file *file,
                                               uint8_t store[STORE_ID_BYTES]);
MUST_CHECK enum store_result sqlite_meta_set_store(struct sqlite_file *file,
                                                   const uint8_t store[STORE_ID_BYTES]);

#endif
