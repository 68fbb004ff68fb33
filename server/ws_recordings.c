/* ws_recordings.c - orders about recordings over HTTP: server/README.md, "Recordings". */
#include "server/ws_parts.h"

#include <stdlib.h>
#include <string.h>

bool ws_recordings_asked(struct bytes path)
{
    return recordings_asked(path);
}

static int deny(const struct ws_options *options,
                struct lws *wsi,
                struct session *session,
                const struct http_denial *denial)
{
    return ws_http_deny(options, wsi, session, denial, RECORDING_METHODS);
}

static int conclude(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    struct order *order = transfer->order;
    char headers[HEADERS_MAX] = "cache-control: no-store\r\n";
    struct bytes body = {(const uint8_t *)order->json, order->json_length};
    char *owned = order->json;
    order->json = NULL;
    return ws_http_answer(options, wsi, session, order->status, "application/json", headers, body,
                          owned);
}

int ws_recordings_follow(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct order *order = ((struct transfer *)session->transfer)->order;
    struct http_denial denial;
    switch (order_turn(order)) {
    case ORDER_WAITS:
        return 0;
    case ORDER_DONE:
        return conclude(options, wsi, session);
    case ORDER_DENIED:
        break;
    }
    denial = order->denial; /* which ends with the answer */
    return deny(options, wsi, session, &denial);
}

int ws_recordings_request(const struct ws_options *options,
                          struct lws *wsi,
                          struct session *session,
                          enum http_method method)
{
    struct transfer *transfer = session->transfer;
    struct http_request request = {.method = method, .path = ws_http_path(wsi)};
    struct http_denial denial;
    uint64_t length = 0;
    bool said = ws_http_length(wsi, &length);
    transfer->request.method = method;
    transfer->closes = !said ? lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0
                             : length > 0; /* where the body is not taken */
    if (!ws_http_origin_may(options, wsi, transfer)) {
        denial = http_denial(403, REFUSAL_ORIGIN,
                             "pages of this origin may not use recordings; the server's "
                             "--allow-origin names those that may");
        return deny(options, wsi, session, &denial);
    }
    if (method == HTTP_OPTIONS)
        return ws_http_preflight(options, wsi, session, RECORDING_METHODS);
    if (method == HTTP_POST && !said) {
        transfer->closes = true;
        denial = http_denial(411, REFUSAL_RECORDING,
                             "a Content-Length is needed, and no Transfer-Encoding");
        (void)deny(options, wsi, session, &denial);
        return -1; /* nobody knows where the body ends */
    }
    transfer->order = order_begin(options->hub, session, &request, length, &denial);
    if (transfer->order == NULL)
        return deny(options, wsi, session, &denial);
    transfer->closes = false;
    if (length > 0)
        return 0;
    order_carry_out(transfer->order);
    return ws_recordings_follow(options, wsi, session);
}
