#include "persistence/memory_scores.h"

#include "persistence/store_score.h"

#include <stdlib.h>
#include <string.h>

struct memory_score {
    struct memory_score *next;
    struct store_score score; /* its views are of `text` */
    uint8_t text[];
};

static size_t cost_of(const struct store_score *score)
{
    return sizeof(struct memory_score) + store_score_bytes(score);
}

static struct memory_score *make(const struct store_score *score)
{
    struct memory_score *made = malloc(cost_of(score));
    if (made == NULL)
        return NULL;
    made->next = NULL;
    made->score = store_score_in(score, made->text);
    return made;
}

static void take_out(struct memory_scores *scores, struct memory_score **at)
{
    struct memory_score *gone = *at;
    *at = gone->next;
    memory_budget_give(scores->budget, cost_of(&gone->score));
    free(gone);
}

/* Where the score with this one's key is, or the end. */
static struct memory_score **place_of(struct memory_scores *scores, const struct store_score *score)
{
    struct memory_score **at = &scores->first;
    while (*at != NULL &&
           ((*at)->score.high != score->high || !bytes_equal((*at)->score.board, score->board) ||
            !bytes_equal((*at)->score.name, score->name)))
        at = &(*at)->next;
    return at;
}

static void put_in(struct memory_scores *scores, struct memory_score *made)
{
    struct memory_score **at = place_of(scores, &made->score);
    if (*at != NULL) {
        made->next = (*at)->next;
        memory_budget_give(scores->budget, cost_of(&(*at)->score));
        free(*at);
    }
    *at = made;
}

/* All of them are made before one is put in. */
static enum store_result make_all(struct memory_scores *scores,
                                  const struct store_score *written,
                                  size_t count,
                                  struct memory_score **made)
{
    for (size_t i = 0; i < count; i++) {
        if (written[i].gone)
            continue;
        if (!memory_budget_take(scores->budget, cost_of(&written[i])))
            return STORE_FULL;
        made[i] = make(&written[i]);
        if (made[i] == NULL) {
            memory_budget_give(scores->budget, cost_of(&written[i]));
            return STORE_MEMORY;
        }
    }
    return STORE_OK;
}

enum store_result
memory_scores_write(struct memory_scores *scores, const struct store_score *written, size_t count)
{
    struct memory_score **made = calloc(count > 0 ? count : 1, sizeof(struct memory_score *));
    if (made == NULL)
        return STORE_MEMORY;
    enum store_result result = make_all(scores, written, count, made);
    for (size_t i = 0; i < count; i++) {
        struct memory_score **at = place_of(scores, &written[i]);
        if (result == STORE_OK && made[i] != NULL)
            put_in(scores, made[i]);
        else if (result == STORE_OK && *at != NULL)
            take_out(scores, at);
        else if (made[i] != NULL)
            take_out(scores, &made[i]);
    }
    free(made);
    return result;
}

void memory_scores_each(const struct memory_scores *scores,
                        store_score_visitor *visitor,
                        void *context)
{
    const struct memory_score *score = scores->first;
    while (score != NULL && visitor(context, &score->score))
        score = score->next;
}

void memory_scores_free(struct memory_scores *scores)
{
    while (scores->first != NULL)
        take_out(scores, &scores->first);
}
