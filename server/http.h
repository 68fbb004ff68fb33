/* http.h - one HTTP response: its head as text, its body as a view. No sockets.
 *
 *   http_respond(&response, &request, 200, "text/plain", NULL, body);
 *   send response.head, then response.body; http_release(&response) when both are gone
 *
 * Ownership  `body` is borrowed, unless `owned` is set: then it is freed by http_release().
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "server/counters.h"

/* Status line, own headers, and a content security policy with its hashes. */
#define HTTP_HEAD_MAX 4096u

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER
};

struct http_request {
    enum http_method method;
    struct bytes path;          /* decoded, without the query */
    struct bytes query;         /* as it came, without the question mark */
    struct bytes if_none_match; /* empty when there was none */
};

/* What is said in the place of an answer. */
#define HTTP_DENIAL_MAX 160u
struct http_denial {
    int status;
    enum refusal refusal; /* as what it counts */
    uint32_t retry_s;     /* come back then; 0: nothing is said */
    char text[HTTP_DENIAL_MAX];
};

struct http_denial http_denial(int status, enum refusal refusal, const char *text);

struct http_response {
    int status;
    char head[HTTP_HEAD_MAX];
    size_t head_length;
    struct bytes body; /* empty for HEAD */
    void *owned;
};

/* Fills the response in. `headers` is further header lines, each with its CRLF, or NULL. */
void http_respond(struct http_response *response,
                  const struct http_request *request,
                  int status,
                  const char *type,
                  const char *headers,
                  struct bytes body);

/* The same with a line of text that is said to the person. */
void http_respond_text(struct http_response *response,
                       const struct http_request *request,
                       int status,
                       const char *text);

void http_release(struct http_response *response);

/* The type of a file by the end of its name, for example ".mjs". Never NULL. */
const char *http_type(const char *name);

#endif
