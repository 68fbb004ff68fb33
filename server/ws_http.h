/* ws_http.h - the HTTP side of ws.c: requests for pages, and for an upgrade. */
#ifndef SERVER_WS_HTTP_H
#define SERVER_WS_HTTP_H

#include "server/ws.h"

#include <libwebsockets.h>

/* Each returns what the library's callback is to return. */

/* An upgrade is asked for: 0 lets it go on, else it has been answered. */
int ws_http_confirm(const struct ws_options *options, struct lws *wsi, struct session *session);

/* A request has arrived whole. */
int ws_http_request(const struct ws_options *options, struct lws *wsi, struct session *session);

/* The socket takes more of the response. */
int ws_http_writable(const struct ws_options *options, struct lws *wsi, struct session *session);

/* Some of a request's body, and its end. */
int ws_http_body(const struct ws_options *options,
                 struct lws *wsi,
                 struct session *session,
                 struct bytes bytes);
int ws_http_body_end(struct session *session);

/* The connection is a WebSocket from here on. */
void ws_http_upgraded(struct lws *wsi, struct session *session);

/* The path of the request, decoded; a view that lasts until the handshake is over. */
struct bytes ws_http_path(struct lws *wsi);

/* Forgets a response that is under way. */
void ws_http_release(struct session *session);

/* To be called after each of those that returned 0: what the library is to watch from here on. */
void ws_pace(struct session *session);

/* Something that a response waited for has come, or its socket was shut down. */
void ws_pace_wake(struct session *session);

#endif
