/* ws.h - WebSockets and HTTP on libwebsockets: the transport of sessions.
 *
 * ws.c and ws_http.c alone see libwebsockets. Sockets are accepted elsewhere and adopted here.
 */
#ifndef SERVER_WS_H
#define SERVER_WS_H

#include "server/hub.h"
#include "server/site.h"
#include "server/transport.h"

#include <ev.h>

struct ws;

struct ws_options {
    struct ev_loop *loop;
    struct hub *hub;
    const struct site *site;
    const struct bytes *origins; /* allowed beside the server's own */
    uint32_t origin_count;
};

/* What a hub is created with whose sessions live on a struct ws. */
extern const struct transport ws_transport;

/* NULL when the library or its libev plug-in cannot be set up. What the options point to must
 * outlive it. */
struct ws *ws_create(const struct ws_options *options);

/* Takes over an accepted socket; it is closed where it cannot be served. */
void ws_adopt(struct ws *ws, int fd, const struct sockaddr *peer);

/* Closes every socket that is left, without ceremony. */
void ws_destroy(struct ws *ws);

#endif
