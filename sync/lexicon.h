/* lexicon.h - runs of bytes, numbered in the order in which they came first.
 *
 *   struct lexicon lexicon = lexicon_on(&memory, seed);
 *   uint32_t number;
 *   if (!lexicon_take(&lexicon, word, &number)) there is no memory
 *   lexicon_free(&lexicon);
 *
 * Words are looked up by a seeded hash: with a seed that depends on what is read nobody can choose words
 * that get into each other's way.
 *
 * Ownership  words are copied.
 */
#ifndef SYNC_LEXICON_H
#define SYNC_LEXICON_H

#include "sync/base.h"

struct lexicon {
    struct memory memory;
    uint64_t seed;
    uint32_t count;

    /* Of lexicon.c alone. */
    uint8_t *text; /* the words, one behind the other */
    uint32_t text_length, text_capacity;
    uint32_t *ends; /* of each in the text */
    uint32_t end_capacity;
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t slot_count;
};

/* Empty; nothing is allocated before the first word. */
struct lexicon lexicon_on(const struct memory *memory, uint64_t seed);
void lexicon_free(struct lexicon *lexicon);

/* The word's number: `count` as it was before, where the word is new. False without memory: the lexicon
 * is as it was. */
MUST_CHECK bool lexicon_take(struct lexicon *lexicon, struct bytes word, uint32_t *number);

#endif
