#include "server/ws.h"

#include "server/framing.h"
#include "server/ws_http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes that the kernel may hold unsent for one socket. Small, so that a slow reader shows at once
 * and what it gets then is new. */
#define NOTSENT_BYTES 16384

/* Malloc'ed per connection. Not below 128, since control frames are collected in it. */
#define RECEIVE_BYTES 128u

/* Requests with cookies of every other server on localhost still fit. */
#define HEADER_BYTES 16384

/* Requests being read at once; more wait. */
#define HEADER_TABLES 1024

struct ws {
    struct ws_options options;
    struct lws_context *context;
    struct lws_vhost *vhost;
};

/* --- The transport ------------------------------------------------------------------------------ */

/* Bytes that the kernel did not take are kept by the library, one message at most, since nothing
 * is sent while some are left. */
static bool is_choked(void *socket)
{
    return lws_partial_buffered(socket) != 0;
}

/* LWS_WRITE_HTTP sends bytes as they are; the frame's header is in them already. */
static bool send_bytes(void *socket, uint8_t *frame, size_t length)
{
    return lws_write(socket, frame, length, LWS_WRITE_HTTP) >= 0;
}

static void want_write(void *socket)
{
    struct session *session = lws_wsi_user(socket);
    if (session->state == SESSION_PAGE)
        ws_pace_wake(session);
    else
        lws_callback_on_writable(socket);
}

/* The library has no way to end a connection from anywhere at any time without waiting for bytes
 * to drain. A socket that was shut down reads as ended, whatever it held; the linger time of 0
 * makes the kernel forget the rest. */
static void kill_connection(void *socket)
{
    int fd = lws_get_socket_fd(socket);
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(fd, SHUT_RDWR);
    ws_pace_wake(lws_wsi_user(socket));
}

const struct transport ws_transport = {
    .choked = is_choked,
    .send = send_bytes,
    .want_write = want_write,
    .kill = kill_connection,
};

/* --- Events ------------------------------------------------------------------------------------- */

static void receive(struct lws *wsi, struct session *session, const void *data, size_t length)
{
    struct chunk chunk = {
        .bytes = {data, length},
        .rest = lws_remaining_packet_payload(wsi),
        .first = lws_is_first_fragment(wsi) != 0,
        .final = lws_is_final_fragment(wsi) != 0,
        .binary = lws_frame_is_binary(wsi) != 0,
    };
    session_receive(session, &chunk);
}

/* After what was done for a page. */
static int paced(struct session *session, int result)
{
    if (result == 0)
        ws_pace(session);
    return result;
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct session *session = user;
    if (session == NULL)
        return 0; /* the library's own, or one that is being adopted */
    const struct ws *ws = lws_context_user(lws_get_context(wsi));

    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return ws_http_confirm(&ws->options, wsi, session);
    case LWS_CALLBACK_HTTP:
        return paced(session, ws_http_request(&ws->options, wsi, session));
    case LWS_CALLBACK_HTTP_BODY:
        return paced(session, ws_http_body(&ws->options, wsi, session, (struct bytes){in, length}));
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return paced(session, ws_http_body_end(session));
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return paced(session, ws_http_writable(&ws->options, wsi, session));
    case LWS_CALLBACK_ESTABLISHED:
        ws_http_upgraded(wsi, session);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        receive(wsi, session, in, length);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        session_alive(session);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        session_writable(session);
        return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        session_peer_closed(session, (struct bytes){in, length});
        return -1;
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
        session_gone(session); /* the library closes, for an error in the framing perhaps */
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        ws_http_release(session);
        session_destroy(session);
        return 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_CONNECTED:
    case LWS_CALLBACK_RAW_RX:
        return -1; /* the CONNECT method; there is nothing to connect to */
    default:
        return 0;
    }
}

/* --- Setting up ---------------------------------------------------------------------------------- */

/* One protocol for pages and WebSockets: any that is listed here can be asked for by name. */
static const struct lws_protocols protocols[] = {
    {
        .name = WIRE_SUBPROTOCOL,
        .callback = on_event,
        .rx_buffer_size = RECEIVE_BYTES,
        .tx_packet_size = FRAME_HEADROOM + MESSAGE_BYTES_MAX,
    },
    {0},
};

/* All zero: no timers of the library's own, whose list is searched for each that is set. */
static const lws_retry_bo_t no_retry = {0};

static bool open_context(struct ws *ws)
{
    void *loops[] = {ws->options.loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .foreign_loops = loops,
        .user = ws,
        .retry_and_idle_policy = &no_retry,
        .alpn = "http/1.1",
        .max_http_header_data2 = HEADER_BYTES,
        .max_http_header_pool = HEADER_TABLES,
        .timeout_secs = HANDSHAKE_S,
        .keepalive_timeout = HANDSHAKE_S,
        .server_string = "tutti",
    };
    lws_set_log_level(0, NULL); /* hostile peers can make it write at will */
    ws->context = lws_create_context(&info);
    if (ws->context != NULL)
        ws->vhost = lws_create_vhost(ws->context, &info);
    return ws->vhost != NULL;
}

struct ws *ws_create(const struct ws_options *options)
{
    struct ws *ws = calloc(1, sizeof *ws);
    if (ws == NULL)
        return NULL;
    ws->options = *options;
    if (!open_context(ws)) {
        ws_destroy(ws);
        return NULL;
    }
    return ws;
}

void ws_adopt(struct ws *ws, int fd, const struct sockaddr *peer)
{
    struct session *session = session_open(ws->options.hub, peer);
    if (session == NULL) {
        close(fd);
        return;
    }
    const int yes = 1;
    const int unsent = NOTSENT_BYTES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    /* What ws_pace.c counts ends in front of an urgent byte otherwise. */
    if (setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &yes, sizeof yes) != 0) {
        session_destroy(session);
        close(fd);
        return;
    }
    struct lws *wsi = lws_adopt_socket_vhost(ws->vhost, fd);
    if (wsi == NULL) { /* the library has closed the socket */
        session_destroy(session);
        return;
    }
    session->socket = wsi;
    lws_set_wsi_user(wsi, session);
}

void ws_destroy(struct ws *ws)
{
    if (ws == NULL)
        return;
    if (ws->context != NULL) {
        lws_context_destroy(ws->context);
        /* What the library left to its loop. */
        ev_run(ws->options.loop, EVRUN_NOWAIT);
    }
    free(ws);
}
