#include "server/boards.h"

#include "persistence/store_score.h"
#include "server/json.h"
#include "sync/log_read.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct row {
    struct row *next;         /* among those that are gone and not saved */
    struct store_score score; /* its views are of `text` */
    bool unsaved, handed;     /* handed: to whoever saves */
    uint8_t text[];
};

struct boards {
    pthread_mutex_t mutex; /* whoever takes needs it to change, others to look */
    struct row **rows;     /* by board, order, then the best first */
    struct row *gone;
    struct boards_figures figures;
    uint32_t count;
};

struct boards *boards_create(void)
{
    struct boards *boards = calloc(1, sizeof *boards);
    if (boards == NULL)
        return NULL;
    boards->rows = calloc(BOARDS_ROWS_MAX, sizeof(struct row *));
    if (boards->rows == NULL) {
        free(boards);
        return NULL;
    }
    pthread_mutex_init(&boards->mutex, NULL);
    return boards;
}

void boards_destroy(struct boards *boards)
{
    if (boards == NULL)
        return;
    for (uint32_t i = 0; i < boards->count; i++)
        free(boards->rows[i]);
    for (struct row *row; (row = boards->gone) != NULL;) {
        boards->gone = row->next;
        free(row);
    }
    pthread_mutex_destroy(&boards->mutex);
    free(boards->rows);
    free(boards);
}

/* --- Order -------------------------------------------------------------------------------------- */

static int compare_boards(const struct store_score *a, struct bytes board, bool high)
{
    int first = bytes_order(a->board, board);
    return first != 0 ? first : a->high - high;
}

/* Below 0 when `a` is the better one: by score, else the older, else by name. */
static int compare_worth(const struct store_score *a, const struct store_score *b)
{
    if (a->score != b->score)
        return (a->score < b->score) != a->high ? -1 : 1;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return bytes_order(a->name, b->name);
}

/* The first row that is not before the board. */
static uint32_t begin_of(const struct boards *boards, struct bytes board, bool high)
{
    uint32_t low = 0, end = boards->count;
    while (low < end) {
        uint32_t middle = low + (end - low) / 2;
        if (compare_boards(&boards->rows[middle]->score, board, high) < 0)
            low = middle + 1;
        else
            end = middle;
    }
    return low;
}

static bool is_of(const struct boards *boards, uint32_t at, struct bytes board, bool high)
{
    return at < boards->count && compare_boards(&boards->rows[at]->score, board, high) == 0;
}

/* --- Rows --------------------------------------------------------------------------------------- */

static struct row *make(const struct store_score *score)
{
    struct row *row = malloc(sizeof *row + store_score_bytes(score));
    if (row == NULL)
        return NULL;
    *row = (struct row){.unsaved = true}; /* first, since `text` may begin in its padding */
    row->score = store_score_in(score, row->text);
    return row;
}

static void put_in(struct boards *boards, uint32_t at, struct row *row)
{
    memmove(&boards->rows[at + 1], &boards->rows[at], (boards->count - at) * sizeof(struct row *));
    boards->rows[at] = row;
    boards->count++;
}

static struct row *take_out(struct boards *boards, uint32_t at)
{
    struct row *row = boards->rows[at];
    boards->count--;
    memmove(&boards->rows[at], &boards->rows[at + 1], (boards->count - at) * sizeof(struct row *));
    return row;
}

/* A board as it bears on one score. */
struct bearing {
    uint32_t begin, end;
    uint32_t place; /* where it would stand */
    uint32_t own;   /* where its name stands; `end` for nowhere */
};

static struct bearing bearing_of(const struct boards *boards, const struct store_score *score)
{
    struct bearing bearing = {.begin = begin_of(boards, score->board, score->high)};
    uint32_t at = bearing.begin;
    bool found = false;
    bearing.place = at;
    for (; is_of(boards, at, score->board, score->high); at++) {
        const struct store_score *there = &boards->rows[at]->score;
        if (compare_worth(there, score) < 0)
            bearing.place = at + 1;
        if (!found && bytes_equal(there->name, score->name)) {
            bearing.own = at;
            found = true;
        }
    }
    bearing.end = at;
    if (!found)
        bearing.own = at;
    return bearing;
}

/* It makes place for a better one, or is to stand there no more: the store is to hear of it. */
static void drop(struct boards *boards, uint32_t at)
{
    struct row *row = take_out(boards, at);
    row->score.gone = true;
    row->unsaved = true;
    row->handed = false;
    row->next = boards->gone;
    boards->gone = row;
}

static void take(struct boards *boards, const struct store_score *score, bool unsaved)
{
    struct bearing bearing = bearing_of(boards, score);
    bool known = bearing.own < bearing.end;
    bool full = bearing.end - bearing.begin >= BOARD_KEPT;
    bool better = known ? compare_worth(score, &boards->rows[bearing.own]->score) < 0
                        : !full || bearing.place < bearing.end;
    if (!better)
        return;
    bool room = known || full || boards->count < BOARDS_ROWS_MAX;
    struct row *row = room ? make(score) : NULL;
    if (row == NULL) {
        boards->figures.passed++;
        return;
    }
    row->unsaved = unsaved;
    if (known) /* not before `place`; the store replaces it by its key */
        free(take_out(boards, bearing.own));
    else if (full)
        drop(boards, bearing.end - 1);
    put_in(boards, bearing.place, row);
    boards->figures.taken += unsaved;
}

bool boards_put(void *context, const struct store_score *score)
{
    struct boards *boards = context;
    take(boards, score, false);
    return true;
}

static void
take_result(void *context, const struct log_entry *entry, const struct log_result *result)
{
    struct boards *boards = context;
    struct store_score score = {.board = result->board,
                                .name = result->name,
                                .details = result->details,
                                .score = result->score,
                                .at_ms = entry->wall_ms};
    pthread_mutex_lock(&boards->mutex);
    take(boards, &score, true);
    score.high = true;
    take(boards, &score, true);
    pthread_mutex_unlock(&boards->mutex);
}

void boards_take_log(struct boards *boards, struct bytes log)
{
    /* Who loads the room says where it is damaged. */
    enum status status = log_results(log, take_result, boards);
    (void)status;
}

static bool is_meant(const struct store_score *score, struct bytes board, struct bytes name)
{
    return (board.length == 0 || bytes_equal(score->board, board)) &&
           bytes_equal(score->name, name);
}

uint32_t boards_strike(struct boards *boards, struct bytes board, struct bytes name)
{
    uint32_t count = 0;
    pthread_mutex_lock(&boards->mutex);
    for (uint32_t i = boards->count; i-- > 0;) {
        if (!is_meant(&boards->rows[i]->score, board, name))
            continue;
        drop(boards, i);
        count++;
    }
    pthread_mutex_unlock(&boards->mutex);
    return count;
}

bool boards_owe(const struct boards *boards, struct bytes board, struct bytes name)
{
    for (const struct row *row = boards->gone; row != NULL; row = row->next)
        if (is_meant(&row->score, board, name))
            return true;
    return false;
}

/* --- Saving ------------------------------------------------------------------------------------- */

/* Those that are gone first: a name may have come back since. */
size_t boards_unsaved(struct boards *boards, struct store_score *scores, size_t capacity)
{
    size_t count = 0;
    for (struct row *row = boards->gone; row != NULL; row = row->next) {
        row->handed = count < capacity;
        if (row->handed)
            scores[count++] = row->score;
    }
    for (uint32_t i = 0; i < boards->count; i++) {
        struct row *row = boards->rows[i];
        row->handed = row->unsaved && count < capacity;
        if (row->handed)
            scores[count++] = row->score;
    }
    return count;
}

void boards_saved(struct boards *boards)
{
    for (struct row **at = &boards->gone; *at != NULL;) {
        struct row *row = *at;
        if (!row->handed) {
            at = &row->next;
            continue;
        }
        *at = row->next;
        free(row);
    }
    for (uint32_t i = 0; i < boards->count; i++) {
        struct row *row = boards->rows[i];
        row->unsaved &= !row->handed;
        row->handed = false;
    }
}

/* --- Looking ------------------------------------------------------------------------------------ */

static void write_row(FILE *out, const struct store_score *score, bool first)
{
    fputs(first ? "{\"name\":" : ",\n {\"name\":", out);
    json_write_string(out, score->name);
    fprintf(out, ",\"score\":%" PRId64 ",\"at_ms\":%" PRIu64 ",\"details\":", score->score,
            score->at_ms);
    struct reader details = reader_on(score->details);
    json_write_value(out, &details);
    putc('}', out);
}

void boards_write(struct boards *boards, struct bytes board, bool high, uint32_t limit, FILE *out)
{
    putc('[', out);
    pthread_mutex_lock(&boards->mutex);
    uint32_t begin = begin_of(boards, board, high);
    for (uint32_t i = 0; i < limit && is_of(boards, begin + i, board, high); i++)
        write_row(out, &boards->rows[begin + i]->score, i == 0);
    pthread_mutex_unlock(&boards->mutex);
    fputs("]\n", out);
}

struct boards_figures boards_figures(struct boards *boards)
{
    pthread_mutex_lock(&boards->mutex);
    struct boards_figures figures = boards->figures;
    figures.rows = boards->count;
    pthread_mutex_unlock(&boards->mutex);
    return figures;
}
