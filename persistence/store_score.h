/* store_score.h - scores that outlive what they were told from.
 *
 *   struct row *row = malloc(sizeof *row + store_score_bytes(score));
 *   row->score = store_score_in(score, row->text);
 */
#ifndef PERSISTENCE_STORE_SCORE_H
#define PERSISTENCE_STORE_SCORE_H

#include "persistence/store.h"

/* Of board, name and details. */
size_t store_score_bytes(const struct store_score *score);

/* The score with views of `text`, where they are copied to. */
struct store_score store_score_in(const struct store_score *score, uint8_t *text);

#endif
