/* ws_files.c - files of rooms over HTTP: server/README.md, "Files". */
#include "server/file_type.h"
#include "server/target.h"
#include "server/ws_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FILES "files"

/* What the browser may do with an image that somebody sent: show it. */
#define INERT "content-security-policy: default-src 'none'; sandbox\r\n"

/* The bytes of a name never change. */
#define FOR_EVER "cache-control: private, max-age=31536000, immutable\r\n"

/* --- Paths -------------------------------------------------------------------------------------- */

/* Takes /v1/rooms/ROOM/files or /v1/rooms/ROOM/files/NAME apart; the former has no name, not even an
 * empty one. */
static bool take_apart(struct bytes path, struct bytes *room, struct bytes *name)
{
    struct bytes rest;
    size_t files = strlen(FILES);
    if (!target_split(path, room, &rest))
        return false;
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

#define METHODS "GET, HEAD, POST, OPTIONS"

static int deny(const struct ws_options *options,
                struct lws *wsi,
                struct session *session,
                const struct http_denial *denial)
{
    return ws_http_deny(options, wsi, session, denial, METHODS);
}

static int deny_with(const struct ws_options *options,
                     struct lws *wsi,
                     struct session *session,
                     int status,
                     enum refusal refusal,
                     const char *text)
{
    struct http_denial denial = http_denial(status, refusal, text);
    return deny(options, wsi, session, &denial);
}

/* --- Uploads ------------------------------------------------------------------------------------ */

static int begin_upload(const struct ws_options *options,
                        struct lws *wsi,
                        struct session *session,
                        struct bytes room)
{
    struct transfer *transfer = session->transfer;
    struct http_denial denial;
    uint64_t length;
    bool said = ws_http_length(wsi, &length);
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
             "cache-control: no-store\r\nlocation: " WIRE_PATH "%.*s/" FILES "/%s\r\n",
             upload->file.room_length, (const char *)upload->file.room, hash.text);
    snprintf(body, sizeof body, "{\"hash\":\"%s\",\"type\":\"%s\",\"bytes\":%" PRIu64 "}\n",
             hash.text, file_type_text(upload->file.type), upload->file.bytes);
    int status = upload->added ? 201 : 200;
    return ws_http_answer(options, wsi, session, status, "application/json", headers,
                          bytes_of(body), NULL);
}

/* Goes on as the upload's step says. */
static int follow_upload(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    struct upload *upload = transfer->upload;
    switch (upload->step) {
    case FILE_STEP_MORE:
    case FILE_STEP_PAUSE: /* until want_write() */
        return 0;
    case FILE_STEP_DONE:
        return conclude_upload(options, wsi, session);
    case FILE_STEP_DENIED:
        break;
    }
    transfer->closes = upload->arrived < upload->length;
    struct http_denial denial = upload->denial;
    ws_files_release(transfer);
    return deny(options, wsi, session, &denial);
}

int ws_files_body(const struct ws_options *options,
                  struct lws *wsi,
                  struct session *session,
                  struct bytes bytes)
{
    struct transfer *transfer = session->transfer;
    (void)upload_take(transfer->upload, bytes);
    /* The library wants no answer from within the last of a body. */
    return transfer->upload->arrived < transfer->upload->length
               ? follow_upload(options, wsi, session)
               : 0;
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
        return ws_http_answer(options, wsi, session, 304, "application/octet-stream", headers,
                              (struct bytes){0}, NULL);
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
    bool gone;
    transfer->response.body = download->part;
    if (!ws_http_send_piece(wsi, transfer, &gone))
        return -1;
    transfer->writes = !gone;
    if (!gone)
        return 0;
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
        transfer->writes = true;
        return 0;
    }
    return send_part(wsi, session);
}

/* --- Requests ----------------------------------------------------------------------------------- */

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
        return ws_http_preflight(options, wsi, session, METHODS);
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
    if (transfer->upload != NULL)
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
