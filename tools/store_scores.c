/* store_scores.c - `tutti scores`: what stands on the boards, and names that are to stand there no more. */
#include "persistence/store_score.h"
#include "sync/log_read.h"
#include "tools/commands.h"
#include "tools/store_options.h"
#include "tools/store_order.h"
#include "tools/store_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: tutti scores [BOARD] [--remove NAME] [--data DIR]\n"
    "\n"
    "Prints a line of JSON for each score that is stored, on one board or on all: the best first,\n"
    "by the lowest and by the highest. What rooms gave in the last ten seconds may not be there "
    "yet.\n"
    "\n"
    "  --remove NAME  takes that name off the board, or off all of them\n" STORE_DATA_USAGE;

struct wish {
    struct bytes board; /* empty: all */
    struct bytes name;  /* empty: any */
};

static bool is_meant(const struct wish *wish, struct bytes board, struct bytes name)
{
    return (wish->board.length == 0 || bytes_equal(wish->board, board)) &&
           (wish->name.length == 0 || bytes_equal(wish->name, name));
}

/* --- What there is ------------------------------------------------------------------------------ */

struct score {
    struct store_score score;
    uint8_t *text;
};

struct scores {
    const struct wish *wish;
    struct score *list;
    size_t count, capacity;
    bool failed; /* no memory */
};

static bool grow(struct scores *scores)
{
    size_t capacity = 2 * scores->capacity + 64;
    struct score *list = realloc(scores->list, capacity * sizeof *list);
    if (list == NULL)
        return false;
    scores->list = list;
    scores->capacity = capacity;
    return true;
}

static bool take_score(void *context, const struct store_score *score)
{
    struct scores *scores = context;
    if (!is_meant(scores->wish, score->board, score->name))
        return true;
    uint8_t *text = malloc(store_score_bytes(score) + 1);
    scores->failed = text == NULL || (scores->count == scores->capacity && !grow(scores));
    if (scores->failed) {
        free(text);
        return false;
    }
    scores->list[scores->count++] = (struct score){store_score_in(score, text), text};
    return true;
}

static enum store_result
take_scores(struct store *store, const struct wish *wish, struct scores *scores, const char **why)
{
    *scores = (struct scores){.wish = wish};
    enum store_result result = store->scores(store, take_score, scores);
    if (result != STORE_OK || !scores->failed)
        return result;
    *why = "no memory";
    return STORE_MEMORY;
}

static void free_scores(struct scores *scores)
{
    for (size_t i = 0; i < scores->count; i++)
        free(scores->list[i].text);
    free(scores->list);
}

/* --- Listing ------------------------------------------------------------------------------------ */

/* As a board shows them. */
static int compare(const void *one, const void *other)
{
    const struct store_score *a = &((const struct score *)one)->score;
    const struct store_score *b = &((const struct score *)other)->score;
    int order = bytes_order(a->board, b->board);
    if (order != 0 || a->high != b->high)
        return order != 0 ? order : a->high - b->high;
    if (a->score != b->score)
        return (a->score < b->score) != a->high ? -1 : 1;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return bytes_order(a->name, b->name);
}

static void print(const struct store_score *score)
{
    fputs("{\"board\":", stdout);
    print_text(score->board);
    printf(",\"best\":\"%s\",\"name\":", score->high ? "high" : "low");
    print_text(score->name);
    printf(",\"score\":%" PRId64 ",\"at\":", score->score);
    print_time(score->at_ms);
    puts("}");
}

static int list(const struct wish *wish, const char *path)
{
    struct store_folder folder;
    struct scores scores = {0};
    const char *why = NULL;
    int status = 0;
    if (!store_folder_open(&folder, path))
        return complain("scores", folder.error);
    enum store_result result = take_scores(folder.store, wish, &scores, &why);
    if (result != STORE_OK)
        status = complain("scores", why != NULL ? why : folder.store->place(folder.store));
    if (scores.count > 0)
        qsort(scores.list, scores.count, sizeof *scores.list, compare);
    for (size_t i = 0; i < scores.count; i++)
        print(&scores.list[i].score);
    free_scores(&scores);
    store_folder_close(&folder);
    return status;
}

/* --- Taking off --------------------------------------------------------------------------------- */

struct search {
    const struct wish *wish;
    bool found;
};

static void
look_at_result(void *context, const struct log_entry *entry, const struct log_result *result)
{
    struct search *search = context;
    (void)entry;
    search->found |= is_meant(search->wish, result->board, result->name);
}

static bool look_at_flush(void *context, const struct store_flush *flush)
{
    struct search *search = context;
    struct flush_reader reader = {.bytes = flush->bytes};
    struct flush_entry entry;
    while (flush_next(&reader, &entry)) {
        enum status status = log_results(entry.bytes, look_at_result, search);
        (void)status; /* where it is damaged it tells of no more to a server either */
    }
    return !search->found;
}

/* What the journal still tells of, the next server would put back. */
static enum store_result
look_at_journal(struct store *store, const struct wish *wish, const char **why)
{
    struct search search = {.wish = wish};
    uint64_t last;
    enum store_result result = store->flushes(store, look_at_flush, &search, &last);
    if (result != STORE_OK || !search.found)
        return result;
    *why =
        "the last server was killed, and its journal tells of that name: start one, and ask again";
    return STORE_BUSY;
}

static enum store_result take_off(struct store_folder *folder, const void *about, const char **why)
{
    struct store *store = folder->store;
    struct scores scores = {0};
    enum store_result result = look_at_journal(store, about, why);
    if (result == STORE_OK)
        result = take_scores(store, about, &scores, why);
    if (result == STORE_OK && scores.count == 0)
        result = STORE_NOT_FOUND;
    for (size_t i = 0; i < scores.count && result == STORE_OK; i++) {
        scores.list[i].score.gone = true;
        result = store->write_scores(store, &scores.list[i].score, 1);
    }
    free_scores(&scores);
    return result;
}

static char *write_hex(char *at, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        at += sprintf(at, "%02x", bytes.data[i]);
    return at;
}

static int order_off(const struct wish *wish, const char *path)
{
    char request[16 + 2 * RESULT_NAME_BYTES_MAX + 2 * BOARD_BYTES_MAX];
    char *end = write_hex(request + sprintf(request, "strike "), wish->name);
    if (wish->board.length > 0) {
        *end++ = ' ';
        write_hex(end, wish->board);
    }
    return store_order(&(struct store_order){.what = "scores",
                                             .request = request,
                                             .nothing = "that name stands there nowhere",
                                             .carry_out = take_off,
                                             .about = wish},
                       path);
}

int command_scores(int count, char **arguments)
{
    struct store_options options;
    struct wish wish = {0};
    enum store_options_result read = store_options_read(
        &options, count, arguments, usage, STORE_MAY_TAKE_ARGUMENT | STORE_TAKES_REMOVE);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    if (options.argument != NULL)
        wish.board = bytes_of(options.argument);
    if (options.remove != NULL)
        wish.name = bytes_of(options.remove);
    if (wish.board.length > BOARD_BYTES_MAX || wish.name.length > RESULT_NAME_BYTES_MAX ||
        (options.remove != NULL && wish.name.length == 0))
        return complain("scores", "boards and names have up to 64 bytes");
    return options.remove != NULL ? order_off(&wish, options.data) : list(&wish, options.data);
}
