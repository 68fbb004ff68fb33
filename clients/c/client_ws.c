/* client_ws.c - clients on libwebsockets: sockets, timers and loops. The only file that sees them.
 *
 * A client's socket is served in one place, serve(): it lets the state machine act on the time,
 * connects or closes as it wishes, asks for writability when there is something to say, and sets
 * the timer. It is called after every event and, by way of lws_cancel_service(), after the caller
 * has given work; so handlers run only from inside the loop.
 */
#include <assert.h>
#include <libwebsockets.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clients/c/client.h"

#define HOST_BYTES         256u
#define PATH_BYTES         320u
#define SOURCE_BYTES       64u
#define CLOSE_REASON_BYTES 124u
#define CONNECT_TIMEOUT_S  10u
#define REPEATS_MAX        8u

/* One read of the socket; frames of a busy room fit. */
#define RECEIVE_BYTES 16384u

struct repeat {
    lws_sorted_usec_list_t timer; /* first: the timer's callback finds the rest by it */
    struct tutti_loop *loop;
    uint64_t interval_us;
    void (*call)(void *context);
    void *context;
};

struct connection {
    lws_sorted_usec_list_t timer; /* first, likewise */
    struct tutti_loop *loop;
    struct tutti_client *client;
    struct lws *wsi;         /* NULL between connections */
    struct connection *next; /* in loop->connections */
    bool poked;
    bool attempting; /* lws has not told the fate of the last try */

    uint8_t *message; /* a message that came in pieces so far */
    size_t length, capacity;

    int close_code;
    char close_reason[CLOSE_REASON_BYTES];
    size_t close_length;

    bool tls;
    int port;
    char host[HOST_BYTES];
    char host_header[HOST_BYTES + 8];
    char path[PATH_BYTES];
    char source[SOURCE_BYTES];
};

struct tutti_loop {
    struct lws_context *context;
    struct lws_vhost *plain, *tls; /* tls is made for the first wss:// URL */
    struct connection *connections;
    bool foreign;
    bool poked;
    volatile sig_atomic_t stopped;
    struct repeat repeats[REPEATS_MAX];
    uint32_t repeat_count;
    uint8_t output[LWS_PRE + TUTTI_MESSAGE_BYTES_MAX]; /* lws writes its header before the payload,
                                                          and masks the payload in place */
};

uint64_t tutti_now_us(void)
{
    return (uint64_t)lws_now_usecs();
}

/* --- Serving one client ------------------------------------------------------------------------------- */

static void connect_now(struct connection *connection);

static void on_timer(lws_sorted_usec_list_t *timer);

static void set_timer(struct connection *connection, uint64_t now_us)
{
    uint64_t deadline = tutti_deadline(connection->client);
    if (deadline == UINT64_MAX) {
        lws_sul_schedule(connection->loop->context, 0, &connection->timer, on_timer,
                         LWS_SET_TIMER_USEC_CANCEL);
        return;
    }
    uint64_t wait = deadline > now_us ? deadline - now_us : 1;
    lws_sul_schedule(connection->loop->context, 0, &connection->timer, on_timer, (lws_usec_t)wait);
}

/* A peer that does not answer will not take part in a closing handshake either. */
static void close_now(struct connection *connection)
{
    if (tutti_close_code(connection->client) == CLOSE_SILENT)
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    else
        lws_callback_on_writable(connection->wsi);
}

static void serve(struct connection *connection)
{
    uint64_t now_us = tutti_now_us();
    connection->poked = false;
    tutti_advance(connection->client, now_us);
    enum tutti_wish wish = tutti_wish(connection->client);
    if (wish == TUTTI_CONNECT && connection->wsi == NULL)
        connect_now(connection);
    else if (wish == TUTTI_DISCONNECT && connection->wsi != NULL)
        close_now(connection);
    else if (connection->wsi != NULL && tutti_output_due(connection->client, now_us))
        lws_callback_on_writable(connection->wsi);
    set_timer(connection, now_us);
}

static void on_timer(lws_sorted_usec_list_t *timer)
{
    serve(lws_container_of(timer, struct connection, timer));
}

/* Has serve() called from inside the loop. */
static void poke(void *transport)
{
    struct connection *connection = transport;
    connection->poked = true;
    if (!connection->loop->poked)
        lws_cancel_service(connection->loop->context);
    connection->loop->poked = true;
}

static void serve_poked(struct tutti_loop *loop)
{
    loop->poked = false;
    for (struct connection *connection = loop->connections; connection != NULL;
         connection = connection->next)
        if (connection->poked)
            serve(connection);
}

/* --- What lws tells ------------------------------------------------------------------------------------ */

static void closed(struct connection *connection, int code, const char *reason, size_t length)
{
    connection->wsi = NULL;
    connection->attempting = false;
    connection->length = 0;
    tutti_closed(connection->client, tutti_now_us(), code, reason, length);
    set_timer(connection, tutti_now_us());
}

static void connect_now(struct connection *connection)
{
    struct lws_client_connect_info info = {
        .context = connection->loop->context,
        .vhost = connection->tls ? connection->loop->tls : connection->loop->plain,
        .address = connection->host,
        .port = connection->port,
        .path = connection->path,
        .host = connection->host_header,
        .protocol = WIRE_SUBPROTOCOL,
        .local_protocol_name = WIRE_SUBPROTOCOL,
        .ssl_connection = connection->tls ? LCCSCF_USE_SSL : 0,
        .ietf_version_or_minus_one = -1,
        .pwsi = &connection->wsi,
        .opaque_user_data = connection,
        .iface = connection->source[0] != 0 ? connection->source : NULL,
    };
    connection->attempting = true;
    connection->close_code = 0;
    connection->close_length = 0;
    if (lws_client_connect_via_info(&info) == NULL && connection->attempting)
        closed(connection, 0, "", 0);
}

/* The HTTP status that the server answered the upgrade with, if that is what went wrong. */
static void connection_failed(struct connection *connection, struct lws *wsi, const char *text)
{
    int status = wsi == NULL ? 0 : (int)lws_http_client_http_response(wsi);
    if (status < 400)
        status = 0;
    closed(connection, status, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

static void keep_close_reason(struct connection *connection, const uint8_t *data, size_t length)
{
    if (length < 2)
        return;
    connection->close_code = data[0] << 8 | data[1];
    connection->close_length = length - 2 < CLOSE_REASON_BYTES ? length - 2 : CLOSE_REASON_BYTES;
    memcpy(connection->close_reason, data + 2, connection->close_length);
}

/* Room for what has come of a message; false when it is too large or there is no memory. */
static bool collect(struct connection *connection, const uint8_t *data, size_t length)
{
    if (length > TUTTI_MESSAGE_BYTES_MAX - connection->length)
        return false;
    size_t needed = connection->length + length;
    if (needed > connection->capacity) {
        size_t capacity = 2 * connection->capacity < needed ? needed : 2 * connection->capacity;
        uint8_t *grown = realloc(connection->message, capacity);
        if (grown == NULL)
            return false;
        connection->message = grown;
        connection->capacity = capacity;
    }
    if (length > 0)
        memcpy(connection->message + connection->length, data, length);
    connection->length = needed;
    return true;
}

/* Returns what lws shall do: -1 closes. */
static int receive(struct connection *connection, const uint8_t *data, size_t length)
{
    struct lws *wsi = connection->wsi;
    uint64_t now_us = tutti_now_us();
    bool first = lws_is_first_fragment(wsi) != 0, final = lws_is_final_fragment(wsi) != 0;
    if (lws_frame_is_binary(wsi) == 0) {
        lws_close_reason(wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, NULL, 0);
        return -1;
    }
    if (first && final) {
        tutti_received(connection->client, now_us, data, length);
    } else {
        if (first)
            connection->length = 0;
        if (!collect(connection, data, length)) {
            lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
            return -1;
        }
        if (final) {
            tutti_received(connection->client, now_us, connection->message, connection->length);
            connection->length = 0;
        }
    }
    serve(connection);
    return 0;
}

static int write_next(struct connection *connection)
{
    struct tutti_loop *loop = connection->loop;
    struct lws *wsi = connection->wsi;
    if (tutti_wish(connection->client) == TUTTI_DISCONNECT) {
        lws_close_reason(wsi, (enum lws_close_status)tutti_close_code(connection->client), NULL, 0);
        return -1;
    }
    if (lws_partial_buffered(wsi))
        return 0; /* writable comes again when the rest is out */
    uint8_t *payload = loop->output + LWS_PRE;
    size_t length =
        tutti_output(connection->client, tutti_now_us(), payload, TUTTI_MESSAGE_BYTES_MAX);
    if (length > 0 && lws_write(wsi, payload, length, LWS_WRITE_BINARY) < 0)
        return -1;
    serve(connection);
    return 0;
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) {
        serve_poked(lws_context_user(lws_get_context(wsi)));
        return 0;
    }
    struct connection *connection = wsi == NULL ? NULL : lws_get_opaque_user_data(wsi);
    if (connection == NULL)
        return reason == LWS_CALLBACK_CLIENT_WRITEABLE || reason == LWS_CALLBACK_CLIENT_RECEIVE
                   ? -1
                   : 0; /* its client is gone */
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        connection->attempting = false;
        tutti_opened(connection->client, tutti_now_us());
        serve(connection);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(connection, in, length);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_next(connection);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        keep_close_reason(connection, in, length);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        connection_failed(connection, wsi, in);
        break;
    case LWS_CALLBACK_CLIENT_CLOSED:
        closed(connection, connection->close_code, connection->close_reason,
               connection->close_length);
        break;
    default: /* lws has many more reasons than concern a client */
        break;
    }
    return 0;
}

/* --- Loops --------------------------------------------------------------------------------------------- */

static const struct lws_protocols protocols[] = {
    {
        .name = WIRE_SUBPROTOCOL,
        .callback = on_event,
        .rx_buffer_size = RECEIVE_BYTES,
        .tx_packet_size = TUTTI_MESSAGE_BYTES_MAX + 64,
    },
    {.name = NULL},
};

/* The client asks the server's clock itself: lws keeps no timers of its own for it. */
static const lws_retry_bo_t no_keepalive = {0};

/* Of one kind of URL: reading the system's certificates takes time and memory that a client of
 * ws:// should not pay. */
static struct lws_vhost *vhost_create(struct tutti_loop *loop, bool tls)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .vhost_name = tls ? "wss" : "ws",
        .protocols = protocols,
        .options = tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0,
        .timeout_secs = CONNECT_TIMEOUT_S,
        .connect_timeout_secs = CONNECT_TIMEOUT_S,
        .retry_and_idle_policy = &no_keepalive,
    };
    return lws_create_vhost(loop->context, &info);
}

struct tutti_loop *tutti_loop_create(void *ev_loop)
{
    struct tutti_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->foreign = ev_loop != NULL;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .pt_serv_buf_size = RECEIVE_BYTES + LWS_PRE,
        .timeout_secs = CONNECT_TIMEOUT_S,
        .connect_timeout_secs = CONNECT_TIMEOUT_S,
        .retry_and_idle_policy = &no_keepalive,
        .user = loop,
    };
    if (loop->foreign) {
        info.options |= LWS_SERVER_OPTION_LIBEV;
        info.foreign_loops = &ev_loop;
    }
    lws_set_log_level(LLL_ERR, NULL);
    loop->context = lws_create_context(&info);
    if (loop->context != NULL)
        loop->plain = vhost_create(loop, false);
    if (loop->plain == NULL) {
        tutti_loop_destroy(loop);
        return NULL;
    }
    return loop;
}

void tutti_loop_destroy(struct tutti_loop *loop)
{
    if (loop == NULL)
        return;
    assert(loop->connections == NULL);
    if (loop->context != NULL)
        lws_context_destroy(loop->context);
    free(loop);
}

void tutti_loop_run(struct tutti_loop *loop)
{
    assert(!loop->foreign);
    loop->stopped = 0;
    while (!loop->stopped && lws_service(loop->context, 0) >= 0)
        continue;
}

void tutti_loop_stop(struct tutti_loop *loop)
{
    loop->stopped = 1;
    lws_cancel_service(loop->context);
}

static void on_repeat(lws_sorted_usec_list_t *timer)
{
    struct repeat *repeat = lws_container_of(timer, struct repeat, timer);
    lws_sul_schedule(repeat->loop->context, 0, &repeat->timer, on_repeat,
                     (lws_usec_t)repeat->interval_us);
    repeat->call(repeat->context);
}

enum tutti_status tutti_loop_every(struct tutti_loop *loop,
                                   uint32_t interval_ms,
                                   void (*call)(void *context),
                                   void *context)
{
    if (loop->repeat_count == REPEATS_MAX || interval_ms == 0)
        return TUTTI_LIMIT;
    struct repeat *repeat = &loop->repeats[loop->repeat_count++];
    repeat->loop = loop;
    repeat->interval_us = (uint64_t)interval_ms * 1000;
    repeat->call = call;
    repeat->context = context;
    lws_sul_schedule(loop->context, 0, &repeat->timer, on_repeat, (lws_usec_t)repeat->interval_us);
    return TUTTI_OK;
}

/* --- Joining ------------------------------------------------------------------------------------------- */

static void system_random(void *context, uint8_t *data, size_t length)
{
    (void)context;
    for (size_t at = 0; at < length;) {
        ssize_t got = getrandom(data + at, length - at, 0);
        if (got > 0)
            at += (size_t)got;
    }
}

static bool copy_text(char *to, size_t capacity, const char *text)
{
    size_t length = strlen(text);
    if (length >= capacity)
        return false;
    memcpy(to, text, length + 1);
    return true;
}

/* ws://HOST[:PORT][/PREFIX]; the room's path goes behind the prefix. */
static bool take_url(struct connection *connection, const char *url, const char *room)
{
    char copy[HOST_BYTES + PATH_BYTES];
    const char *scheme, *host, *path;
    if (!wire_room_name_valid(bytes_of(room)) || !copy_text(copy, sizeof copy, url) ||
        lws_parse_uri(copy, &scheme, &host, &connection->port, &path) != 0)
        return false;
    connection->tls = strcmp(scheme, "wss") == 0;
    if (!connection->tls && strcmp(scheme, "ws") != 0)
        return false;
    if (host[0] == 0 || !copy_text(connection->host, sizeof connection->host, host))
        return false;
    size_t prefix = strlen(path);
    while (prefix > 0 && path[prefix - 1] == '/')
        prefix--;
    lws_snprintf(connection->host_header, sizeof connection->host_header, "%s:%d", host,
                 connection->port);
    int length = lws_snprintf(connection->path, sizeof connection->path, "%s%.*s%s%s",
                              prefix > 0 ? "/" : "", (int)prefix, path, WIRE_PATH, room);
    return (size_t)length < sizeof connection->path - 1;
}

static void connection_destroy(void *transport)
{
    struct connection *connection = transport;
    struct connection **link = &connection->loop->connections;
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    lws_sul_schedule(connection->loop->context, 0, &connection->timer, on_timer,
                     LWS_SET_TIMER_USEC_CANCEL);
    if (connection->wsi != NULL) {
        lws_set_opaque_user_data(connection->wsi, NULL);
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    }
    free(connection->message);
    free(connection);
}

struct tutti_client *tutti_join(struct tutti_loop *loop,
                                const char *url,
                                const char *room,
                                const struct tutti_options *options,
                                const struct tutti_handlers *handlers)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->loop = loop;
    struct tutti_options filled = *options;
    if (filled.random == NULL)
        filled.random = system_random;
    if (!take_url(connection, url, room) ||
        (filled.source != NULL &&
         !copy_text(connection->source, sizeof connection->source, filled.source)))
        goto fail;
    if (connection->tls && loop->tls == NULL)
        loop->tls = vhost_create(loop, true);
    if (connection->tls && loop->tls == NULL)
        goto fail;
    connection->client = tutti_create(&filled, handlers, tutti_now_us());
    if (connection->client == NULL)
        goto fail;
    connection->next = loop->connections;
    loop->connections = connection;
    connection->client->transport = connection;
    connection->client->transport_destroy = connection_destroy;
    connection->client->transport_poke = poke;
    poke(connection);
    return connection->client;
fail:
    free(connection);
    return NULL;
}
