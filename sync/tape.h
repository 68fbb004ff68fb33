/* tape.h - a piece of a log or a track that is played: its entries, one after the other, and how far
 * it is to the next one.
 *
 *   tape_add(&tape, &memory, bytes);
 *   while (tape_tick(&tape) <= tick)
 *       replay_log(&replay, tape_take(&tape).bytes);
 *
 * Ownership  bytes are copied. An entry's views are good until the next tape_add().
 * Errors     damaged bytes end the tape, and tape->status says what is wrong with them.
 */
#ifndef SYNC_TAPE_H
#define SYNC_TAPE_H

#include "sync/log_read.h"

/* No entry has this tick. */
#define TAPE_END UINT64_MAX

struct tape {
    uint8_t *data;
    uint32_t length, capacity;
    uint32_t behind;       /* where it goes on behind the next entry */
    struct log_entry next; /* its bytes are empty where there is none */
    uint32_t looked;       /* up to here tape_busy() has looked */
    uint64_t busy;         /* what it found; TAPE_END: nothing up to there */
    enum status status;
};

/* False without memory; then nothing has changed. */
MUST_CHECK bool tape_add(struct tape *tape, const struct memory *memory, struct bytes entries);

/* Tick of the next entry. */
uint64_t tape_tick(const struct tape *tape);

/* The next entry, behind which the tape then stands. */
struct log_entry tape_take(struct tape *tape);

/* Tick of the next entry in which something happens: keyframes, hashes and what rules keep to
 * themselves are nothing that one would wait for. */
uint64_t tape_busy(struct tape *tape);

void tape_free(struct tape *tape, const struct memory *memory);

#endif
