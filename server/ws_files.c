/* ws_files.c - files of rooms over HTTP: server/README.md, "Files". */
#include "server/file_type.h"
#include "server/ws_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FILES "/files"

/* What the browser may do with an image that somebody sent: show it. */
#define INERT "content-security-policy: default-src 'none'; sandbox\r\n"

/* The bytes of a name never change. */
#define FOR_EVER "cache-control: private, max-age=31536000, immutable\r\n"

/* --- Paths -------------------------------------------------------------------------------------- */

/* Takes /v1/rooms/ROOM/files or /v1/rooms/ROOM/files/NAME apart; the former has no name, not even an
 * empty one. */
static bool take_apart(struct bytes path, struct bytes *room, struct bytes *name)
{
    size_t prefix = strlen(WIRE_PATH), files = strlen(FILES);
    if (path.length < prefix || memcmp(path.data, WIRE_PATH, prefix) != 0)
        return false;
    struct bytes rest = {path.data + prefix, path.length - prefix};
    const uint8_t *slash = rest.length > 0 ? memchr(rest.data, '/', rest.length) : NULL;
    if (slash == NULL)
        return false;
    *room = (struct bytes){rest.data, (size_t)(slash - rest.data)};
    rest = (struct bytes){slash, rest.length - room->length};
    if (rest.length < files || memcmp(rest.data, FILES, files) != 0 ||
        (rest.length > files && rest.data[files] != '/'))
        return false;
    *name = (struct bytes){0};
    if (rest.length > files)
        *name = (struct bytes){rest.data + files + 1, rest.length - files - 1};
    return true;
}

bool ws_files_asked(struct bytes path)
{
    struct bytes room, name;
    return take_apart(path, &room, &name);
}

static int digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool read_hash(struct bytes name, uint8_t hash[STORE_HASH_BYTES])
{
    if (name.length != 2 * STORE_HASH_BYTES)
        return false;
    for (size_t i = 0; i < STORE_HASH_BYTES; i++) {
        int high = digit(name.data[2 * i]), low = digit(name.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

struct hash_text {
    char text[2 * STORE_HASH_BYTES + 1];
};

static struct hash_text hash_text(const uint8_t hash[STORE_HASH_BYTES])
{
    struct hash_text text;
    for (size_t i = 0; i < STORE_HASH_BYTES; i++)
        snprintf(text.text + 2 * i, 3, "%02x", hash[i]);
    return text;
}

/* --- Answers ------------------------------------------------------------------------------------ */

/* Head and a short body at once. */
static int answer(const struct ws_options *options,
                  struct lws *wsi,
                  struct session *session,
                  int status,
                  const char *type,
                  char headers[HEADERS_MAX],
                  struct bytes body)
{
    struct transfer *transfer = session->transfer;
    struct http_response *response = &transfer->response;
    if (transfer->closes)
        strcat(headers, "connection: close\r\n");
    ws_http_add_origin(options, transfer, headers);
    http_respond(response, &transfer->request, status, type, headers, body);
    if (response->body.length > 0)
        memcpy(response->head + response->head_length, response->body.data, response->body.length);
    response->head_length += response->body.length;
    transfer->answered = true;
    if (!ws_http_send_head(options->hub, wsi, response))
        return -1;
    return transfer->closes ? 0 : ws_http_complete(wsi, session);
}

static int deny(const struct ws_options *options,
                struct lws *wsi,
                struct session *session,
                const struct file_denial *denial)
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
        strcat(headers, "allow: GET, HEAD, POST, OPTIONS\r\n");
    return answer(options, wsi, session, denial->status, "text/plain; charset=utf-8", headers,
                  bytes_of(denial->text));
}

static struct file_denial denial_of(int status, enum refusal refusal, const char *text)
{
    struct file_denial denial = {.status = status, .refusal = refusal};
    snprintf(denial.text, sizeof denial.text, "%s", text);
    return denial;
}

static int deny_with(const struct ws_options *options,
                     struct lws *wsi,
                     struct session *session,
                     int status,
                     enum refusal refusal,
                     const char *text)
{
    struct file_denial denial = denial_of(status, refusal, text);
    return deny(options, wsi, session, &denial);
}

/* --- Uploads ------------------------------------------------------------------------------------ */

/* What a Content-Length says; false for one that says nothing, or too much for anybody. */
static bool read_length(struct lws *wsi, uint64_t *length)
{
    char text[HEADER_VALUE_MAX];
    struct bytes said = ws_http_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text);
    *length = 0;
    for (size_t i = 0; i < said.length; i++) {
        if (said.data[i] < '0' || said.data[i] > '9' || i >= 18)
            return false;
        *length = *length * 10 + (uint64_t)(said.data[i] - '0');
    }
    return said.length > 0 && lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) <= 0;
}

static int begin_upload(const struct ws_options *options,
                        struct lws *wsi,
                        struct session *session,
                        struct bytes room)
{
    struct transfer *transfer = session->transfer;
    struct file_denial denial;
    uint64_t length;
    bool said = read_length(wsi, &length);
    transfer->closes = !said || length > 0; /* where the body is not taken */
    if (!said) {
        (void)deny_with(options, wsi, session, 411, REFUSAL_FILE_LENGTH,
                        "a Content-Length is needed, and no Transfer-Encoding");
        return -1; /* nobody knows where the body ends */
    }
    transfer->upload = upload_begin(options->hub, session, room, length, &denial);
    if (transfer->upload == NULL)
        return deny(options, wsi, session, &denial);
    transfer->closes = false;
    return 0;
}

static int
conclude_upload(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    const struct upload *upload = transfer->upload;
    struct hash_text hash = hash_text(upload->file.hash);
    char headers[HEADERS_MAX], body[256];
    snprintf(headers, sizeof headers,
             "cache-control: no-store\r\nlocation: " WIRE_PATH "%.*s" FILES "/%s\r\n",
             upload->file.room_length, (const char *)upload->file.room, hash.text);
    snprintf(body, sizeof body, "{\"hash\":\"%s\",\"type\":\"%s\",\"bytes\":%" PRIu64 "}\n",
             hash.text, file_type_text(upload->file.type), upload->file.bytes);
    int status = upload->added ? 201 : 200;
    return answer(options, wsi, session, status, "application/json", headers, bytes_of(body));
}

/* Goes on as the upload's step says. */
static int follow_upload(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    struct upload *upload = transfer->upload;
    switch (upload->step) {
    case FILE_STEP_MORE:
        return 0;
    case FILE_STEP_PAUSE:
        lws_rx_flow_control(wsi, 0); /* until want_write() */
        return 0;
    case FILE_STEP_DONE:
        return conclude_upload(options, wsi, session);
    case FILE_STEP_DENIED:
        break;
    }
    transfer->closes = upload->arrived < upload->length;
    struct file_denial denial = upload->denial;
    ws_files_release(transfer);
    return deny(options, wsi, session, &denial);
}

int ws_http_body(const struct ws_options *options,
                 struct lws *wsi,
                 struct session *session,
                 struct bytes bytes)
{
    struct transfer *transfer = session->state == SESSION_PAGE ? session->transfer : NULL;
    if (transfer == NULL || transfer->upload == NULL || transfer->answered) {
        /* Who trickles it is cut as one who says nothing. */
        if (transfer != NULL)
            transfer->refused += bytes.length;
        return transfer != NULL && transfer->refused > REFUSED_BODY_MAX ? -1 : 0;
    }
    session_alive(session);
    (void)upload_take(transfer->upload, bytes);
    /* The library wants no answer from within the last of a body: it tells of its end next. */
    return transfer->upload->arrived < transfer->upload->length
               ? follow_upload(options, wsi, session)
               : 0;
}

int ws_http_body_end(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->state == SESSION_PAGE ? session->transfer : NULL;
    if (transfer == NULL)
        return 0;
    if (transfer->upload != NULL && !transfer->answered)
        return follow_upload(options, wsi, session);
    return transfer->closes ? -1 : 0;
}

/* --- Downloads ---------------------------------------------------------------------------------- */

static int begin_download(const struct ws_options *options,
                          struct lws *wsi,
                          struct session *session,
                          struct bytes room,
                          struct bytes name)
{
    struct transfer *transfer = session->transfer;
    uint8_t hash[STORE_HASH_BYTES];
    char known[HEADER_VALUE_MAX], tag[2 * STORE_HASH_BYTES + 3];
    if (!read_hash(name, hash))
        return deny_with(options, wsi, session, 404, REFUSAL_FILE,
                         "files are named by 64 digits, 0-9 a-f");
    struct bytes if_none_match = ws_http_header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, known);
    snprintf(tag, sizeof tag, "\"%s\"", hash_text(hash).text);
    if (bytes_equal(if_none_match, bytes_of(tag))) {
        char headers[HEADERS_MAX];
        snprintf(headers, sizeof headers, FOR_EVER "etag: %s\r\n", tag);
        return answer(options, wsi, session, 304, "application/octet-stream", headers,
                      (struct bytes){0});
    }
    transfer->download =
        download_begin(options->hub, session, room, hash, transfer->request.method == HTTP_GET);
    if (transfer->download == NULL)
        return deny_with(options, wsi, session, 503, REFUSAL_MEMORY,
                         "the server has no memory left");
    return 0;
}

static bool
send_file_head(const struct ws_options *options, struct lws *wsi, struct transfer *transfer)
{
    const struct store_file *file = download_file(transfer->download);
    char headers[HEADERS_MAX];
    snprintf(headers, sizeof headers, FOR_EVER INERT "etag: \"%s\"\r\n",
             hash_text(file->hash).text);
    ws_http_add_origin(options, transfer, headers);
    /* The view is only measured: what is sent comes in parts. */
    http_respond(&transfer->response, &(struct http_request){.method = HTTP_HEAD}, 200,
                 file_type_text(file->type), headers,
                 (struct bytes){(const uint8_t *)"", (size_t)file->bytes});
    transfer->answered = true;
    return ws_http_send_head(options->hub, wsi, &transfer->response);
}

static int send_part(struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    struct download *download = transfer->download;
    const struct store_file *file = download_file(download);
    bool last = (download->work->part + 1) * STORE_FILE_PART >= file->bytes;
    bool gone;
    transfer->response.body = download->part;
    if (!ws_http_send_piece(wsi, transfer, !last, &gone))
        return -1;
    if (!gone) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    transfer->response.body = (struct bytes){0};
    transfer->sent = 0;
    return download_next(download) == FILE_STEP_DONE ? ws_http_complete(wsi, session) : 0;
}

static int
follow_download(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    struct download *download = transfer->download;
    switch (download_turn(download)) {
    case FILE_STEP_PAUSE:
        return 0;
    case FILE_STEP_DENIED:
        if (transfer->answered)
            return -1; /* that it ends short is all that can still be said */
        return deny(options, wsi, session, &download->denial);
    case FILE_STEP_DONE:
        return ws_http_complete(wsi, session);
    case FILE_STEP_MORE:
        break;
    }
    if (!transfer->answered) {
        if (!send_file_head(options, wsi, transfer))
            return -1;
        if (!download->whole)
            return ws_http_complete(wsi, session);
        lws_callback_on_writable(wsi);
        return 0;
    }
    return send_part(wsi, session);
}

/* --- Requests ----------------------------------------------------------------------------------- */

/* A browser asks before a page of another origin may send a file. */
static int
answer_preflight(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    char headers[HEADERS_MAX] = "access-control-allow-methods: GET, HEAD, POST\r\n"
                                "access-control-allow-headers: content-type\r\n"
                                "access-control-max-age: 86400\r\n";
    return answer(options, wsi, session, 204, "text/plain; charset=utf-8", headers,
                  (struct bytes){0});
}

int ws_files_request(const struct ws_options *options,
                     struct lws *wsi,
                     struct session *session,
                     enum http_method method)
{
    struct transfer *transfer = session->transfer;
    struct bytes room, name, path = ws_http_path(wsi);
    bool asked = take_apart(path, &room, &name);
    transfer->request.method = method;
    transfer->closes = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    if (!asked || !wire_room_name_valid(room))
        return deny_with(options, wsi, session, 400, REFUSAL_ROOM_NAME,
                         "a room's name is 1 to 64 characters of A-Z a-z 0-9 _ -");
    if (!ws_http_origin_may(options, wsi, transfer))
        return deny_with(options, wsi, session, 403, REFUSAL_ORIGIN,
                         "pages of this origin may not use files; the server's --allow-origin "
                         "names those that may");
    if (method == HTTP_OPTIONS)
        return answer_preflight(options, wsi, session);
    bool named = name.data != NULL;
    if (method == HTTP_POST && !named)
        return begin_upload(options, wsi, session, room);
    if ((method == HTTP_GET || method == HTTP_HEAD) && named)
        return begin_download(options, wsi, session, room, name);
    return deny_with(options, wsi, session, 405, REFUSAL_PATH,
                     "POST a file to .../files, GET it from .../files/HASH");
}

int ws_files_writable(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    if (transfer->upload != NULL && !transfer->answered)
        return follow_upload(options, wsi, session);
    if (transfer->download != NULL)
        return follow_download(options, wsi, session);
    return 0;
}

void ws_files_release(struct transfer *transfer)
{
    upload_end(transfer->upload);
    download_end(transfer->download);
    transfer->upload = NULL;
    transfer->download = NULL;
}
