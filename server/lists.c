#include "server/lists.h"

#include "server/boards.h"
#include "server/cards.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS   "/v1/kinds/"
#define ROOMS   "/rooms"
#define RESULTS "/v1/results/"

/* Of a board, where the request does not say how many. */
#define RESULTS_USUAL 10u

/* --- Requests ----------------------------------------------------------------------------------- */

/* /v1/kinds/NAME/rooms; the name may be one of nothing. */
static bool asks_for_rooms(struct bytes path, struct bytes *kind)
{
    size_t head = strlen(KINDS), tail = strlen(ROOMS);
    if (!bytes_begin_with(path, KINDS) || path.length < head + tail ||
        memcmp(path.data + path.length - tail, ROOMS, tail) != 0)
        return false;
    *kind = (struct bytes){path.data + head, path.length - head - tail};
    return kind->length == 0 || memchr(kind->data, '/', kind->length) == NULL;
}

/* /v1/results/BOARD; a board's name may have slashes. */
static bool asks_for_results(struct bytes path, struct bytes *board)
{
    size_t head = strlen(RESULTS);
    if (!bytes_begin_with(path, RESULTS))
        return false;
    *board = (struct bytes){path.data + head, path.length - head};
    return board->length > 0 && board->length <= BOARD_BYTES_MAX;
}

bool lists_asked(struct bytes path)
{
    struct bytes name;
    return asks_for_rooms(path, &name) || asks_for_results(path, &name);
}

struct board_wish {
    uint32_t limit;
    bool high;
};

static bool read_limit(struct bytes text, uint32_t *limit)
{
    *limit = 0;
    for (size_t i = 0; i < text.length && i < 4; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *limit = *limit * 10 + (uint32_t)(text.data[i] - '0');
    }
    return text.length <= 3 && *limit >= 1 && *limit <= BOARD_KEPT;
}

static bool read_wish(struct bytes part, struct board_wish *wish)
{
    if (bytes_begin_with(part, "limit="))
        return read_limit((struct bytes){part.data + 6, part.length - 6}, &wish->limit);
    wish->high = bytes_equal(part, bytes_of("best=high"));
    return wish->high || bytes_equal(part, bytes_of("best=low"));
}

/* limit=N and best=low|high, either or none; nothing else. */
static bool read_query(struct bytes query, struct board_wish *wish)
{
    *wish = (struct board_wish){.limit = RESULTS_USUAL};
    while (query.length > 0) {
        const uint8_t *end = memchr(query.data, '&', query.length);
        size_t length = end != NULL ? (size_t)(end - query.data) : query.length;
        if (!read_wish((struct bytes){query.data, length}, wish))
            return false;
        length += end != NULL;
        query = (struct bytes){query.data + length, query.length - length};
    }
    return true;
}

/* --- Answers ------------------------------------------------------------------------------------ */

/* Head and body with one more header line, or none. */
static void respond(struct http_response *response,
                    const struct http_request *request,
                    int status,
                    const char *type,
                    const char *line,
                    const char *headers,
                    struct bytes body)
{
    char lines[LISTS_HEADERS_MAX + 128];
    int written = snprintf(lines, sizeof lines, "%s%s", line, headers);
    assert(written > 0 && (size_t)written < sizeof lines);
    (void)written;
    http_respond(response, request, status, type, lines, body);
}

static void refuse(struct hub *hub,
                   const struct http_request *request,
                   enum refusal refusal,
                   int status,
                   const char *text,
                   const char *line,
                   const char *headers,
                   struct http_response *response)
{
    hub->counters.refused[refusal]++;
    struct log_line log = log_begin(hub->log, LOG_REFUSED);
    log_text(&log, "reason", bytes_of(refusal_label(refusal)));
    log_number(&log, "status", status);
    log_text(&log, "path", request->path);
    log_end(&log);
    char lines[96];
    snprintf(lines, sizeof lines, "cache-control: no-store\r\n%s", line);
    respond(response, request, status, "text/plain; charset=utf-8", lines, headers, bytes_of(text));
}

void lists_refuse(struct hub *hub,
                  const struct http_request *request,
                  enum refusal refusal,
                  int status,
                  const char *text,
                  const char *headers,
                  struct http_response *response)
{
    refuse(hub, request, refusal, status, text, "", headers, response);
}

/* The text is the response's from here on. */
static void answer(struct hub *hub,
                   const struct http_request *request,
                   char *text,
                   size_t length,
                   const char *headers,
                   struct http_response *response)
{
    hub->counters.lists_sent++;
    respond(response, request, 200, "application/json", "cache-control: max-age=1\r\n", headers,
            (struct bytes){(const uint8_t *)text, length});
    response->owned = text;
}

static void refuse_for_memory(struct hub *hub,
                              const struct http_request *request,
                              const char *headers,
                              struct http_response *response)
{
    refuse(hub, request, REFUSAL_MEMORY, 503, "The server has no memory left.\n",
           "retry-after: 1\r\n", headers, response);
}

/* The response has a copy: the list may be made anew while a slow reader still takes it. */
static void answer_rooms(struct hub *hub,
                         struct bytes name,
                         const struct http_request *request,
                         const char *headers,
                         struct http_response *response)
{
    const struct rules *kind = kind_find(hub->kinds, name);
    struct bytes json;
    char *copy = NULL;
    if (kind == NULL) {
        refuse(hub, request, REFUSAL_KIND, 404, "There is no such kind of rooms here.\n", "",
               headers, response);
        return;
    }
    if (!cards_list(hub, kind, &json) || (copy = malloc(json.length)) == NULL) {
        refuse_for_memory(hub, request, headers, response);
        return;
    }
    memcpy(copy, json.data, json.length);
    answer(hub, request, copy, json.length, headers, response);
}

static void answer_results(struct hub *hub,
                           struct bytes board,
                           const struct http_request *request,
                           const char *headers,
                           struct http_response *response)
{
    struct board_wish wish;
    char *text = NULL;
    size_t length = 0;
    if (!read_query(request->query, &wish)) {
        refuse(hub, request, REFUSAL_LIST_QUERY, 400,
               "Ask with limit=N, 1 to 100, and best=low or best=high.\n", "", headers, response);
        return;
    }
    FILE *out = open_memstream(&text, &length);
    if (out != NULL)
        boards_write(storage_boards(hub->storage), board, wish.high, wish.limit, out);
    bool whole = out != NULL && ferror(out) == 0;
    if (out == NULL || fclose(out) != 0 || !whole) {
        free(text);
        refuse_for_memory(hub, request, headers, response);
        return;
    }
    answer(hub, request, text, length, headers, response);
}

void lists_answer(struct hub *hub,
                  struct address *address,
                  const struct http_request *request,
                  const char *headers,
                  struct http_response *response)
{
    char line[64];
    struct bytes name;
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        refuse(hub, request, REFUSAL_PATH, 405, "Only GET and HEAD.\n", "allow: GET, HEAD\r\n",
               headers, response);
        return;
    }
    if (!address_may(&hub->addresses, address, ADDRESS_READS_LISTS, 1, hub->now_us)) {
        uint32_t wait_s =
            address_wait_s(&hub->addresses, address, ADDRESS_READS_LISTS, 1, hub->now_us);
        snprintf(line, sizeof line, "retry-after: %" PRIu32 "\r\n", wait_s);
        refuse(hub, request, REFUSAL_LIST_RATE, 429, "This address has asked for too many lists.\n",
               line, headers, response);
        return;
    }
    if (asks_for_rooms(request->path, &name))
        answer_rooms(hub, name, request, headers, response);
    else if (asks_for_results(request->path, &name))
        answer_results(hub, name, request, headers, response);
}
