/* journal.h - flushes that are not in the archive yet, over the journal's generations.
 *
 * The newest generation is written. The older ones were left when the disk had failed under them;
 * they are read, never written, and deleted when all they hold has been released. A flush that
 * stands in several of them counts as the newest generation has it.
 *
 * It is the journal half of struct store; see there.
 */
#ifndef PERSISTENCE_JOURNAL_H
#define PERSISTENCE_JOURNAL_H

#include "persistence/journal_file.h"

/* Each was left by a disk that failed; a disk that has failed so often is not to be used. */
#define JOURNAL_GENERATIONS_MAX 16u

struct journal {
    struct sqlite_place place;
    struct journal_file files[JOURNAL_GENERATIONS_MAX]; /* oldest first */
    size_t count;
    uint64_t last; /* highest flush there is, or was before it was released */
    uint64_t cut;  /* the last flush before damage that was met; FLUSH_NUMBER_MAX without */
};

MUST_CHECK enum store_result journal_open(struct journal *journal,
                                          const struct sqlite_place *place,
                                          const uint8_t store[STORE_ID_BYTES]);

/* For reading alone, beside the one that writes; nothing is made or deleted. STORE_NOT_FOUND where
 * there is no journal. */
MUST_CHECK enum store_result journal_open_to_read(struct journal *journal,
                                                  const struct sqlite_place *place,
                                                  const uint8_t store[STORE_ID_BYTES]);
void journal_close(struct journal *journal);

MUST_CHECK enum store_result journal_claim(struct journal *journal, uint64_t *fence);
MUST_CHECK enum store_result journal_renew(struct journal *journal, uint64_t fence);
MUST_CHECK enum store_result
journal_append(struct journal *journal, uint64_t fence, const struct store_flush *flush);
MUST_CHECK enum store_result journal_flushes(struct journal *journal,
                                             store_flush_visitor *visitor,
                                             void *context,
                                             uint64_t *last);
MUST_CHECK enum store_result journal_release(struct journal *journal, uint64_t number);
MUST_CHECK enum store_result journal_start_generation(struct journal *journal);

/* Finds `last` in what the files hold, for who has filled in the files. */
void journal_count(struct journal *journal);

/* How many flushes there are to walk. */
uint64_t journal_unreleased(const struct journal *journal);

uint64_t journal_incarnation(const struct journal *journal);

#endif
