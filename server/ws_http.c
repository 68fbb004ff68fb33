#include "server/ws_http.h"

#include "server/lists.h"
#include "server/pages.h"
#include "server/upgrade.h"
#include "server/ws_parts.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Sent in one go; other sockets have their turn in between. */
#define PIECE_BYTES 16384u

/* --- Requests ----------------------------------------------------------------------------------- */

struct bytes
ws_http_header(struct lws *wsi, enum lws_token_indexes token, char buffer[HEADER_VALUE_MAX])
{
    if (lws_hdr_total_length(wsi, token) <= 0)
        return (struct bytes){0};
    int length = lws_hdr_copy(wsi, buffer, HEADER_VALUE_MAX, token);
    if (length < 0)
        return bytes_of("?");
    return (struct bytes){(const uint8_t *)buffer, (size_t)length};
}

/* The query, which the library keeps in parts. */
static struct bytes query_of(struct lws *wsi, char buffer[HEADER_VALUE_MAX])
{
    size_t length = 0;
    for (int part = 0; lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, part) > 0; part++) {
        if (part > 0)
            buffer[length++] = '&';
        int copied = lws_hdr_copy_fragment(wsi, buffer + length, (int)(HEADER_VALUE_MAX - length),
                                           WSI_TOKEN_HTTP_URI_ARGS, part);
        if (copied < 0 || length + (size_t)copied + 2 > HEADER_VALUE_MAX)
            return bytes_of("?");
        length += (size_t)copied;
    }
    return (struct bytes){(const uint8_t *)buffer, length};
}

static enum http_method method_of(struct lws *wsi)
{
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0)
        return HTTP_GET;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0)
        return HTTP_HEAD;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0)
        return HTTP_POST;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_DELETE_URI) > 0)
        return HTTP_DELETE;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_OPTIONS_URI) > 0)
        return HTTP_OPTIONS;
    return HTTP_OTHER;
}

struct bytes ws_http_path(struct lws *wsi)
{
    char *path = NULL;
    int length = 0;
    if (lws_http_get_uri_and_method(wsi, &path, &length) < 0 || path == NULL || length < 0)
        return (struct bytes){0};
    return (struct bytes){(const uint8_t *)path, (size_t)length};
}

/* --- Origins ------------------------------------------------------------------------------------ */

bool ws_http_origin_may(const struct ws_options *options,
                        struct lws *wsi,
                        struct transfer *transfer)
{
    char origin[HEADER_VALUE_MAX], host[HEADER_VALUE_MAX];
    struct bytes from = ws_http_header(wsi, WSI_TOKEN_ORIGIN, origin);
    struct bytes to = ws_http_header(wsi, WSI_TOKEN_HOST, host);
    if (!upgrade_origin_allowed(from, to, options->origins, options->origin_count))
        return false;
    snprintf(transfer->origin, sizeof transfer->origin, "%.*s", (int)from.length,
             (const char *)from.data);
    return true;
}

void ws_http_add_origin(const struct ws_options *options,
                        const struct transfer *transfer,
                        char headers[HEADERS_MAX])
{
    bool other = transfer->origin[0] != '\0';
    size_t length = strlen(headers);
    int written =
        snprintf(headers + length, HEADERS_MAX - length,
                 "%s%s%s"
                 "vary: origin\r\n"
                 "cross-origin-resource-policy: %s\r\n",
                 other ? "access-control-allow-origin: " : "", transfer->origin,
                 other ? "\r\n" : "", options->origin_count > 0 ? "cross-origin" : "same-origin");
    assert(written > 0 &&
           (size_t)written < HEADERS_MAX - length); /* an origin's length is bounded */
    (void)written;
}

/* --- Responses ---------------------------------------------------------------------------------- */

/* What the response was made of. */
static void release(struct transfer *transfer)
{
    ws_files_release(transfer);
    order_end(transfer->order);
    transfer->order = NULL;
    http_release(&transfer->response);
    transfer->response.body = (struct bytes){0};
    transfer->sent = 0;
}

void ws_http_forget(struct session *session)
{
    struct transfer *transfer = session->transfer;
    release(transfer);
    ws_pace_end(transfer);
    free(transfer);
    session->transfer = NULL;
}

void ws_http_release(struct session *session)
{
    if (session->state == SESSION_PAGE && session->transfer != NULL)
        ws_http_forget(session);
}

bool ws_http_body_due(const struct transfer *transfer)
{
    return transfer->has_body && !transfer->body_ended;
}

int ws_http_complete(struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    if (!transfer->over)
        release(transfer);
    transfer->over = true;
    if (lws_partial_buffered(wsi))
        return 0; /* once more when it is out */
    if (transfer->closes && ws_http_body_due(transfer) && transfer->request.method == HTTP_POST)
        return 0; /* the body comes first */
    if (transfer->closes || transfer->endless || ws_http_body_due(transfer))
        return -1; /* nobody takes it */
    if (lws_http_transaction_completed(wsi) != 0)
        return -1;
    transfer->completed = true;
    return 0;
}

bool ws_http_send_head(struct hub *hub, struct lws *wsi, struct http_response *response)
{
    counters_responded(&hub->counters, response->status);
    return lws_write(wsi, (unsigned char *)response->head, response->head_length,
                     LWS_WRITE_HTTP_HEADERS) >= 0;
}

/* --- Answers that had to wait ----------------------------------------------------------------------- */

int ws_http_answer(const struct ws_options *options,
                   struct lws *wsi,
                   struct session *session,
                   int status,
                   const char *type,
                   char headers[HEADERS_MAX],
                   struct bytes body,
                   void *owned)
{
    struct transfer *transfer = session->transfer;
    struct http_response *response = &transfer->response;
    if (transfer->closes)
        strcat(headers, "connection: close\r\n");
    ws_http_add_origin(options, transfer, headers);
    http_respond(response, &transfer->request, status, type, headers, body);
    response->owned = owned;
    transfer->answered = true;
    transfer->sent = 0;
    if (response->body.length <= HTTP_HEAD_MAX - response->head_length) {
        if (response->body.length > 0)
            memcpy(response->head + response->head_length, response->body.data,
                   response->body.length);
        response->head_length += response->body.length;
        response->body = (struct bytes){0};
    }
    if (!ws_http_send_head(options->hub, wsi, response))
        return -1;
    if (response->body.length == 0)
        return ws_http_complete(wsi, session);
    transfer->writes = true;
    return 0;
}

int ws_http_deny(const struct ws_options *options,
                 struct lws *wsi,
                 struct session *session,
                 const struct http_denial *denial,
                 const char *methods)
{
    struct hub *hub = options->hub;
    hub->counters.refused[denial->refusal]++;
    struct log_line line = log_begin(hub->log, LOG_REFUSED);
    log_text(&line, "reason", bytes_of(refusal_label(denial->refusal)));
    log_number(&line, "status", denial->status);
    log_text(&line, "path", ws_http_path(wsi));
    log_end(&line);

    char headers[HEADERS_MAX] = "cache-control: no-store\r\n";
    size_t length = strlen(headers);
    if (denial->retry_s > 0)
        snprintf(headers + length, HEADERS_MAX - length, "retry-after: %" PRIu32 "\r\n",
                 denial->retry_s);
    else if (denial->status == 405)
        snprintf(headers + length, HEADERS_MAX - length, "allow: %s\r\n", methods);
    return ws_http_answer(options, wsi, session, denial->status, "text/plain; charset=utf-8",
                          headers, bytes_of(denial->text), NULL);
}

int ws_http_preflight(const struct ws_options *options,
                      struct lws *wsi,
                      struct session *session,
                      const char *methods)
{
    char headers[HEADERS_MAX];
    snprintf(headers, sizeof headers,
             "access-control-allow-methods: %s\r\n"
             "access-control-allow-headers: content-type\r\n"
             "access-control-max-age: 86400\r\n",
             methods);
    return ws_http_answer(options, wsi, session, 204, "text/plain; charset=utf-8", headers,
                          (struct bytes){0}, NULL);
}

bool ws_http_length(struct lws *wsi, uint64_t *length)
{
    char text[HEADER_VALUE_MAX];
    struct bytes said = ws_http_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text);
    uint64_t number = 0;
    *length = 0;
    for (size_t i = 0; i < said.length; i++) {
        if (said.data[i] < '0' || said.data[i] > '9' || i >= 18)
            return false;
        number = number * 10 + (uint64_t)(said.data[i] - '0');
    }
    *length = number;
    return said.length > 0 && lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) <= 0;
}

/* --- Requests that are answered at once -------------------------------------------------------------- */

static void answer_list(const struct ws_options *options,
                        struct lws *wsi,
                        const struct session *session,
                        const struct http_request *request)
{
    struct transfer *transfer = session->transfer;
    char headers[HEADERS_MAX] = "";
    bool may = ws_http_origin_may(options, wsi, transfer);
    ws_http_add_origin(options, transfer, headers);
    if (may)
        lists_answer(options->hub, session->address, request, headers, &transfer->response);
    else
        lists_refuse(options->hub, request, REFUSAL_ORIGIN, 403,
                     "pages of this origin may not read lists; the server's --allow-origin names "
                     "those that may\n",
                     headers, &transfer->response);
}

/* A body may come whose end nobody knows: its length is none, or so long a text that the library does not read
 * it, or is not said with a method for which the library takes all that follows. */
static bool is_endless(struct lws *wsi)
{
    static const enum lws_token_indexes signs[] = {
        WSI_TOKEN_HTTP_CONTENT_LENGTH, WSI_TOKEN_HTTP_TRANSFER_ENCODING, WSI_TOKEN_POST_URI,
        WSI_TOKEN_PUT_URI, WSI_TOKEN_PATCH_URI};
    uint64_t length;
    if (ws_http_length(wsi, &length))
        return false;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (lws_hdr_total_length(wsi, signs[i]) > 0)
            return true;
    return false;
}

static bool has_body(struct lws *wsi)
{
    uint64_t length;
    return ws_http_length(wsi, &length) && length > 0;
}

static int answer_page(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    char if_none_match[HEADER_VALUE_MAX], query[HEADER_VALUE_MAX];
    struct http_request request = {
        .method = method_of(wsi),
        .path = ws_http_path(wsi),
        .query = query_of(wsi, query),
        .if_none_match = ws_http_header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, if_none_match),
    };
    if (lists_asked(request.path))
        answer_list(options, wsi, session, &request);
    else if (!pages_answer(options->hub, &request, &transfer->response))
        site_answer(options->site, &request, &transfer->response);
    if (!ws_http_send_head(options->hub, wsi, &transfer->response))
        return -1;
    if (transfer->response.body.length == 0)
        return ws_http_complete(wsi, session);
    transfer->writes = true;
    return 0;
}

static int answer(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    if (ws_files_asked(ws_http_path(wsi)))
        return ws_files_request(options, wsi, session, method_of(wsi));
    if (ws_recordings_asked(ws_http_path(wsi)))
        return ws_recordings_request(options, wsi, session, method_of(wsi));
    return answer_page(options, wsi, session);
}

/* Whoever sends requests without waiting for answers has pages alone, and comes back for the rest. The library
 * keeps what it has read too much of; as long as it does it asks for the socket without end where an answer has to
 * wait, and as the body of a request that is in there it gives out memory that it has freed. */
static bool may_come_along(struct lws *wsi)
{
    struct bytes path = ws_http_path(wsi);
    return !has_body(wsi) && !is_endless(wsi) && !ws_files_asked(path) &&
           !ws_recordings_asked(path);
}

int ws_http_request(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    bool first = !session->served;
    session_alive(session);
    session->served = true;
    ws_http_release(session);
    if (!first && ws_pace_came_along(session, wsi) && !may_come_along(wsi))
        return -1;
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return -1;
    session->transfer = transfer;
    ws_pace_begin(options, wsi, session);
    transfer->has_body = has_body(wsi);
    transfer->endless = is_endless(wsi);
    return answer(options, wsi, session);
}

/* Not through the library: it would keep what the socket does not take, and then watch the socket itself, without end
 * where nothing more of the answer is there yet. */
bool ws_http_send_piece(struct lws *wsi, struct transfer *transfer, bool *gone)
{
    struct bytes body = transfer->response.body;
    size_t left = body.length - transfer->sent;
    size_t length = left < PIECE_BYTES ? left : PIECE_BYTES;
    *gone = false;
    if (lws_partial_buffered(wsi)) /* what is before it goes first */
        return true;
    ssize_t sent = send(lws_get_socket_fd(wsi), body.data + transfer->sent, length,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    transfer->sent += sent > 0 ? (size_t)sent : 0;
    *gone = transfer->sent == body.length;
    return true;
}

int ws_http_writable(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    if (session->state != SESSION_PAGE || session->transfer == NULL)
        return 0;
    struct transfer *transfer = session->transfer;
    transfer->writes = false;
    if (transfer->completed)
        return 0;
    session_alive(session);
    if (transfer->over)
        return ws_http_complete(wsi, session);
    bool waits = !transfer->answered;
    if (transfer->download != NULL || (waits && transfer->upload != NULL))
        return ws_files_writable(options, wsi, session);
    if (waits && transfer->order != NULL)
        return ws_recordings_follow(options, wsi, session);
    if (transfer->response.body.length == transfer->sent)
        return 0;
    bool gone;
    if (!ws_http_send_piece(wsi, transfer, &gone))
        return -1;
    if (gone)
        return ws_http_complete(wsi, session);
    transfer->writes = true;
    return 0;
}

/* --- Bodies -------------------------------------------------------------------------------------- */

int ws_http_body(const struct ws_options *options,
                 struct lws *wsi,
                 struct session *session,
                 struct bytes bytes)
{
    struct transfer *transfer = session->state == SESSION_PAGE ? session->transfer : NULL;
    if (transfer == NULL)
        return 0;
    bool wanted = !transfer->answered && (transfer->upload != NULL || transfer->order != NULL);
    if (!wanted) { /* who trickles it is cut as one who says nothing */
        transfer->refused += bytes.length;
        return transfer->refused > REFUSED_BODY_MAX ? -1 : 0;
    }
    session_alive(session);
    if (transfer->upload != NULL)
        return ws_files_body(options, wsi, session, bytes);
    order_take(transfer->order, bytes);
    return 0; /* it is carried out when all of it is there */
}

int ws_http_body_end(struct session *session)
{
    struct transfer *transfer = session->state == SESSION_PAGE ? session->transfer : NULL;
    if (transfer == NULL || transfer->body_ended)
        return -1; /* the library says so again, without end, where more has come than was announced */
    transfer->body_ended = true;
    if (transfer->order != NULL && !transfer->answered)
        order_carry_out(transfer->order);
    /* An answer from in here would leave the library waiting, without end, for somebody to read what
     * came behind the body. */
    transfer->writes = true;
    return 0;
}

/* --- Upgrades ----------------------------------------------------------------------------------- */

static int refuse(struct hub *hub,
                  struct lws *wsi,
                  struct session *session,
                  int status,
                  enum refusal refusal,
                  const char *text)
{
    hub->counters.refused[refusal]++;
    struct log_line line = log_begin(hub->log, LOG_REFUSED);
    log_text(&line, "reason", bytes_of(refusal_label(refusal)));
    log_number(&line, "status", status);
    log_text(&line, "path", ws_http_path(wsi));
    log_end(&line);

    session->served = true;
    struct http_request request = {.method = HTTP_GET};
    struct http_response response;
    http_respond_text(&response, &request, status, text);
    memcpy(response.head + response.head_length, response.body.data, response.body.length);
    response.head_length += response.body.length;
    return ws_http_send_head(hub, wsi, &response) ? 1 : -1;
}

int ws_http_confirm(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    /* After an Upgrade that the library does not know, it has answered and forgotten the headers,
     * and asks all the same. */
    if (lws_hdr_total_length(wsi, WSI_TOKEN_UPGRADE) <= 0)
        return -1;
    char values[8][HEADER_VALUE_MAX];
    struct upgrade_request request = {
        .get = method_of(wsi) == HTTP_GET,
        .path = ws_http_path(wsi),
        .query = query_of(wsi, values[7]),
        .host = ws_http_header(wsi, WSI_TOKEN_HOST, values[0]),
        .upgrade = ws_http_header(wsi, WSI_TOKEN_UPGRADE, values[1]),
        .connection = ws_http_header(wsi, WSI_TOKEN_CONNECTION, values[2]),
        .key = ws_http_header(wsi, WSI_TOKEN_KEY, values[3]),
        .version = ws_http_header(wsi, WSI_TOKEN_VERSION, values[4]),
        .subprotocols = ws_http_header(wsi, WSI_TOKEN_PROTOCOL, values[5]),
        .origin = ws_http_header(wsi, WSI_TOKEN_ORIGIN, values[6]),
    };
    struct upgrade_verdict verdict =
        upgrade_judge(&request, options->origins, options->origin_count);
    if (verdict.status == 101)
        verdict.status = hub_admit(options->hub, session, &verdict.refusal, &verdict.text);
    if (verdict.status == 101)
        return 0;
    return refuse(options->hub, wsi, session, verdict.status, verdict.refusal, verdict.text);
}

void ws_http_upgraded(struct lws *wsi, struct session *session)
{
    char query[HEADER_VALUE_MAX], text[TARGET_TEXT_MAX];
    struct target target; /* which ws_http_confirm() found good */
    (void)target_read(ws_http_path(wsi), query_of(wsi, query), &target);
    session_upgraded(session, target_write(&target, text));
}
