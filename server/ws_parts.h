/* ws_parts.h - HTTP on libwebsockets from the inside: shared by ws_http.c, ws_pace.c, ws_files.c and
 * ws_recordings.c alone. */
#ifndef SERVER_WS_PARTS_H
#define SERVER_WS_PARTS_H

#include "server/files.h"
#include "server/recordings.h"
#include "server/ws_http.h"

/* Longest value of a header that is looked at. Longer ones are taken for a value that nothing
 * matches. */
#define HEADER_VALUE_MAX 512

/* Header lines of a response that depend on the request, its origin's included. */
#define HEADERS_MAX 1024u

/* From a request until the next one may be read: a response under way, and what it waits for. */
struct transfer {
    struct lws *wsi;
    const struct ws_options *options;
    struct ev_io drained; /* runs until the socket takes more, where the library does not watch */
    bool *gone;           /* told when the transfer is freed; NULL: nobody asks */
    struct http_response response;
    size_t sent; /* of the body */
    struct upload *upload;
    struct download *download;
    struct order *order;
    uint64_t refused; /* bytes of a refused body that were thrown away */
    bool closes;      /* it was answered before its body came: the connection ends with that */
    bool has_body;    /* bytes come behind its head, until body_ended */
    bool endless;     /* nobody knows where its body ends: the connection ends with the answer */
    bool body_ended;
    bool answered;                 /* the head is out */
    bool writes;                   /* there is more to be done when the socket takes more */
    bool over;                     /* the library has all of the response */
    bool completed;                /* and knows that it is all */
    bool deaf;                     /* nothing is read */
    struct http_request request;   /* its method alone */
    char origin[HEADER_VALUE_MAX]; /* of the page that asks, which may; empty for none */
};

/* The value of a request's header, in the buffer; empty when there is none. */
struct bytes
ws_http_header(struct lws *wsi, enum lws_token_indexes token, char buffer[HEADER_VALUE_MAX]);

/* Whether the page that asks may, by its origin, which the transfer keeps. */
bool ws_http_origin_may(const struct ws_options *options,
                        struct lws *wsi,
                        struct transfer *transfer);

/* Adds the headers for pages of other origins that may: they see the answer, and draw what they load. */
void ws_http_add_origin(const struct ws_options *options,
                        const struct transfer *transfer,
                        char headers[HEADERS_MAX]);

bool ws_http_send_head(struct hub *hub, struct lws *wsi, struct http_response *response);

/* The library has all of the response: when that is out, on to the next request, or the end of the connection. */
int ws_http_complete(struct lws *wsi, struct session *session);

/* Whether bytes are to come that belong to the request. */
bool ws_http_body_due(const struct transfer *transfer);

/* The transfer is freed. */
void ws_http_forget(struct session *session);

/* Sends some of the body. False when the connection is broken; *gone when it was the last of it. */
bool ws_http_send_piece(struct lws *wsi, struct transfer *transfer, bool *gone);

/* Answers a request that had to wait, or never was one: short bodies go out with the head, of others the
 * response holds what is to be freed. `headers` has room for what is added to it. */
int ws_http_answer(const struct ws_options *options,
                   struct lws *wsi,
                   struct session *session,
                   int status,
                   const char *type,
                   char headers[HEADERS_MAX],
                   struct bytes body,
                   void *owned);

/* The same with a denial, counted and logged; `methods` are those that there are. */
int ws_http_deny(const struct ws_options *options,
                 struct lws *wsi,
                 struct session *session,
                 const struct http_denial *denial,
                 const char *methods);

/* A browser asks before a page of another origin may send something. */
int ws_http_preflight(const struct ws_options *options,
                      struct lws *wsi,
                      struct session *session,
                      const char *methods);

/* What a Content-Length says; false, and 0, for one that says nothing, or too much for anybody. */
bool ws_http_length(struct lws *wsi, uint64_t *length);

/* --- ws_pace.c ---------------------------------------------------------------------------------- */

/* Whether a request was in the same bytes as the one before: nothing has been read in between. Of a first request
 * it is not to be asked. */
bool ws_pace_came_along(const struct session *session, struct lws *wsi);

void ws_pace_begin(const struct ws_options *options, struct lws *wsi, struct session *session);
void ws_pace_end(struct transfer *transfer);

/* --- ws_files.c --------------------------------------------------------------------------------- */

/* A request for a room's files: is it one, and what is done about it. As libwebsockets wants it. */
bool ws_files_asked(struct bytes path);
int ws_files_request(const struct ws_options *options,
                     struct lws *wsi,
                     struct session *session,
                     enum http_method method);
int ws_files_writable(const struct ws_options *options, struct lws *wsi, struct session *session);
int ws_files_body(const struct ws_options *options,
                  struct lws *wsi,
                  struct session *session,
                  struct bytes bytes);
void ws_files_release(struct transfer *transfer);

/* --- ws_recordings.c: the same for what is recorded of rooms --------------------------------------- */

bool ws_recordings_asked(struct bytes path);
int ws_recordings_request(const struct ws_options *options,
                          struct lws *wsi,
                          struct session *session,
                          enum http_method method);

/* Goes on as the order's step says. */
int ws_recordings_follow(const struct ws_options *options,
                         struct lws *wsi,
                         struct session *session);

#endif
