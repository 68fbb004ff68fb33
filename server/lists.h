/* lists.h - what the server lists for pages, as JSON: server/README.md, "Lists". No sockets.
 *
 *   if (lists_asked(request.path))
 *       lists_answer(hub, address, &request, headers, &response);
 *
 * Whether the page that asks may has been decided before.
 */
#ifndef SERVER_LISTS_H
#define SERVER_LISTS_H

#include "server/http.h"
#include "server/hub.h"

/* Header lines that the caller adds, such as those about its origin. */
#define LISTS_HEADERS_MAX 1024u

bool lists_asked(struct bytes path);

/* `headers` are whole lines, of fewer than LISTS_HEADERS_MAX bytes together; `address` is of whoever
 * asks, NULL where addresses are not counted. What is refused is counted. */
void lists_answer(struct hub *hub,
                  struct address *address,
                  const struct http_request *request,
                  const char *headers,
                  struct http_response *response);

/* A refusal as the above would give it, counted: by the caller's own reasons. */
void lists_refuse(struct hub *hub,
                  const struct http_request *request,
                  enum refusal refusal,
                  int status,
                  const char *text,
                  const char *headers,
                  struct http_response *response);

#endif
