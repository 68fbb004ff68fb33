#include "server/lists.h"

#include "server/cards.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS "/v1/kinds/"
#define ROOMS "/rooms"

/* What is between the two, which the path has to begin and end with. */
static bool between(struct bytes path, const char *before, const char *after, struct bytes *name)
{
    size_t head = strlen(before), tail = strlen(after);
    if (path.length < head + tail || memcmp(path.data, before, head) != 0 ||
        memcmp(path.data + path.length - tail, after, tail) != 0)
        return false;
    *name = (struct bytes){path.data + head, path.length - head - tail};
    return name->length == 0 || memchr(name->data, '/', name->length) == NULL;
}

bool lists_asked(struct bytes path)
{
    struct bytes kind;
    return between(path, KINDS, ROOMS, &kind);
}

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

/* The response has a copy: the list may be made anew while a slow reader still takes it. */
static bool answer_rooms(struct hub *hub,
                         const struct http_request *request,
                         const struct rules *kind,
                         const char *headers,
                         struct http_response *response)
{
    struct bytes json;
    char *copy = NULL;
    if (!cards_list(hub, kind, &json) || (copy = malloc(json.length)) == NULL)
        return false;
    memcpy(copy, json.data, json.length);
    hub->counters.lists_sent++;
    respond(response, request, 200, "application/json", "cache-control: max-age=1\r\n", headers,
            (struct bytes){(const uint8_t *)copy, json.length});
    response->owned = copy;
    return true;
}

void lists_answer(struct hub *hub,
                  struct address *address,
                  const struct http_request *request,
                  const char *headers,
                  struct http_response *response)
{
    char line[64];
    struct bytes name = {0};
    bool asked = between(request->path, KINDS, ROOMS, &name);
    assert(asked);
    (void)asked;
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
    const struct rules *kind = kind_find(hub->kinds, name);
    if (kind == NULL)
        refuse(hub, request, REFUSAL_KIND, 404, "There is no such kind of rooms here.\n", "",
               headers, response);
    else if (!answer_rooms(hub, request, kind, headers, response))
        refuse(hub, request, REFUSAL_MEMORY, 503, "The server has no memory left.\n",
               "retry-after: 1\r\n", headers, response);
}
