#include "persistence/store_score.h"

#include <string.h>

static struct bytes keep(uint8_t **at, struct bytes bytes)
{
    struct bytes kept = {*at, bytes.length};
    if (bytes.length > 0)
        memcpy(*at, bytes.data, bytes.length);
    *at += bytes.length;
    return kept;
}

size_t store_score_bytes(const struct store_score *score)
{
    return score->board.length + score->name.length + score->details.length;
}

struct store_score store_score_in(const struct store_score *score, uint8_t *text)
{
    struct store_score kept = *score;
    kept.board = keep(&text, score->board);
    kept.name = keep(&text, score->name);
    kept.details = keep(&text, score->details);
    return kept;
}
