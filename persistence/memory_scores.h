/* memory_scores.h - the scores of the store that forgets: struct store. */
#ifndef PERSISTENCE_MEMORY_SCORES_H
#define PERSISTENCE_MEMORY_SCORES_H

#include "persistence/memory_rooms.h"

struct memory_score;

struct memory_scores {
    struct memory_budget *budget;
    struct memory_score *first; /* as they came */
};

void memory_scores_free(struct memory_scores *scores);

MUST_CHECK enum store_result
memory_scores_write(struct memory_scores *scores, const struct store_score *written, size_t count);
void memory_scores_each(const struct memory_scores *scores,
                        store_score_visitor *visitor,
                        void *context);

#endif
