#include "server/http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *suffix;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
    {".ts", "text/plain; charset=utf-8"},
};

const char *http_type(const char *name)
{
    const char *suffix = strrchr(name, '.');
    for (size_t i = 0; suffix != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(suffix, types[i].suffix) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

static const char *status_words(int status)
{
    switch (status) {
#define HTTP_WORDS_ROW(number, words)                                                              \
    case number:                                                                                   \
        return words;
        HTTP_STATUS_MAP(HTTP_WORDS_ROW)
#undef HTTP_WORDS_ROW
    }
    return "Unknown";
}

struct http_denial http_denial(int status, enum refusal refusal, const char *text)
{
    struct http_denial denial = {.status = status, .refusal = refusal};
    snprintf(denial.text, sizeof denial.text, "%s", text);
    return denial;
}

void http_respond(struct http_response *response,
                  const struct http_request *request,
                  int status,
                  const char *type,
                  const char *headers,
                  struct bytes body)
{
    /* A 304 says nothing of the length of what it stands for, a 204 has none. */
    char length[64] = "";
    if (status != 304 && status != 204)
        snprintf(length, sizeof length, "content-length: %zu\r\n", body.length);
    int written = snprintf(response->head, HTTP_HEAD_MAX,
                           "HTTP/1.1 %d %s\r\n"
                           "content-type: %s\r\n"
                           "%s"
                           "x-content-type-options: nosniff\r\n"
                           "referrer-policy: no-referrer\r\n"
                           "%s"
                           "\r\n",
                           status, status_words(status), type, length,
                           headers != NULL ? headers : "cache-control: no-store\r\n");
    assert(written > 0 && (size_t)written < HTTP_HEAD_MAX);
    response->status = status;
    response->head_length = (size_t)written;
    response->body = request->method == HTTP_HEAD ? (struct bytes){0} : body;
    response->owned = NULL;
}

void http_respond_text(struct http_response *response,
                       const struct http_request *request,
                       int status,
                       const char *text)
{
    const char *headers = status == 405 ? "allow: GET, HEAD\r\ncache-control: no-store\r\n"
                          : status == 400
                              ? "sec-websocket-version: 13\r\ncache-control: no-store\r\n"
                              : NULL;
    http_respond(response, request, status, "text/plain; charset=utf-8", headers, bytes_of(text));
}

void http_release(struct http_response *response)
{
    free(response->owned);
    response->owned = NULL;
    response->body = (struct bytes){0};
}
