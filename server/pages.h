/* pages.h - what the server says about itself: /healthz, /readyz, /metrics. */
#ifndef SERVER_PAGES_H
#define SERVER_PAGES_H

#include "server/http.h"
#include "server/hub.h"

/* False when the path is none of them. */
bool pages_answer(const struct hub *hub,
                  const struct http_request *request,
                  struct http_response *response);

#endif
