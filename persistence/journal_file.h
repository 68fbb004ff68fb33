/* journal_file.h - one generation of the journal: a file `journal-<number>.db`.
 *
 *   meta    format, store, fence, released, last, after
 *   flush   number, incarnation, checksum, bytes: one row a flush
 *
 * `last` is the highest flush at the time of the last checkpoint, start or end: flushes up to there
 * are in the file itself, so that one that is missing there is missed.
 *
 * Errors     as sqlite_file.h; STORE_DAMAGED where a row or a fact does not check.
 */
#ifndef PERSISTENCE_JOURNAL_FILE_H
#define PERSISTENCE_JOURNAL_FILE_H

#include "persistence/sqlite_file.h"

/* More than any number of a flush, and still a number that SQLite can hold. */
#define FLUSH_NUMBER_MAX ((uint64_t)INT64_MAX)

/* What a generation knows from the ones before it. */
struct journal_facts {
    uint8_t store[STORE_ID_BYTES];
    uint64_t fence;
    uint64_t released; /* flushes up to here are in the archive */
    uint64_t after;    /* flushes above this in older generations do not count any more */
};

struct journal_file {
    uint64_t generation;
    struct sqlite_file file;
    struct journal_facts facts;
    uint64_t first, last; /* numbers of its flushes; last is 0 for none */
    uint64_t incarnation; /* highest in its flushes */
    unsigned appends;     /* since the last checkpoint */
    size_t bytes;         /* appended since then */
    uint64_t noted;       /* `last` as it stands in the file */
    bool owned;           /* written here */
    bool failed;          /* the disk lied about it: nothing more is written here */
};

/* Opens the file, or makes it from `facts` where there is none (SQLITE_FILE_OWN). Refuses that of
 * another store as STORE_FAILED. */
MUST_CHECK enum store_result journal_file_open(struct journal_file *journal,
                                               const struct sqlite_place *place,
                                               uint64_t generation,
                                               enum sqlite_file_use use,
                                               const struct journal_facts *facts);

/* Opens the file of this name as far as it can be read, to salvage it: facts that do not check are
 * guessed, and `last` may lie far above the last flush there is. */
MUST_CHECK enum store_result journal_file_open_damaged(struct journal_file *journal,
                                                       const struct sqlite_place *place,
                                                       uint64_t generation,
                                                       const char *name);
void journal_file_close(struct journal_file *journal);

/* Makes a journal without flushes under a name that is no generation's. */
MUST_CHECK enum store_result journal_file_make_model(const struct sqlite_place *place,
                                                     const char *name);

/* Closes and deletes it. What cannot be deleted is found again at the next start. */
void journal_file_delete(struct journal_file *journal, const struct sqlite_place *place);

/* STORE_FENCED, and STORE_OK for a flush that is there already with the same bytes. Checkpoints by
 * itself about once a second; when that fails, the flush stands and the file has failed. A row that
 * cannot be added for what stands in the file is STORE_FAILED too: another file is the cure. */
MUST_CHECK enum store_result
journal_file_append(struct journal_file *journal, uint64_t fence, const struct store_flush *flush);

/* One flush: a view that is good until journal_file_rest(). STORE_NOT_FOUND without it. */
MUST_CHECK enum store_result
journal_file_read(struct journal_file *journal, uint64_t number, struct bytes *bytes);
void journal_file_rest(struct journal_file *journal);

MUST_CHECK enum store_result journal_file_claim(struct journal_file *journal);
MUST_CHECK enum store_result journal_file_release(struct journal_file *journal, uint64_t number);

/* The fence as it stands in the file: another process may have claimed it. */
MUST_CHECK enum store_result journal_file_fence(struct journal_file *journal, uint64_t *fence);

void journal_file_name(char name[SQLITE_FILE_NAME_MAX], uint64_t generation);

/* The store that the journals in the folder belong to: that of the newest which can tell. */
MUST_CHECK enum store_result journal_files_store(const struct sqlite_place *place,
                                                 uint8_t store[STORE_ID_BYTES]);

/* Numbers of the generations in the folder, ascending; STORE_FAILED for more than `capacity`. */
MUST_CHECK enum store_result journal_files_list(const struct sqlite_place *place,
                                                uint64_t generations[],
                                                size_t capacity,
                                                size_t *count);

#endif
