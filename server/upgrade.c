#include "server/upgrade.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* libwebsockets copies the list of subprotocols into a buffer of this size, its NUL included. */
#define SUBPROTOCOLS_MAX 127u

/* Base64 of 16 bytes. */
#define KEY_LENGTH 24u

static bool same_text(struct bytes a, const char *b)
{
    return a.length == strlen(b) && strncasecmp((const char *)a.data, b, a.length) == 0;
}

static struct bytes trimmed(struct bytes text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

/* The first element of a comma-separated list, which is moved past it. */
static struct bytes next_element(struct bytes *list)
{
    const uint8_t *comma = list->length > 0 ? memchr(list->data, ',', list->length) : NULL;
    size_t length = comma != NULL ? (size_t)(comma - list->data) : list->length;
    struct bytes element = {list->data, length};
    size_t passed = length + (comma != NULL);
    list->data += passed;
    list->length -= passed;
    return trimmed(element);
}

static bool list_has(struct bytes list, const char *wanted, bool exactly)
{
    while (list.length > 0) {
        struct bytes element = next_element(&list);
        if (exactly ? bytes_equal(element, bytes_of(wanted)) : same_text(element, wanted))
            return true;
    }
    return false;
}

/* Host without its port, and without the brackets of an IPv6 address. */
static struct bytes host_name(struct bytes host)
{
    if (host.length > 0 && host.data[0] == '[') {
        const uint8_t *end = memchr(host.data, ']', host.length);
        if (end != NULL)
            return (struct bytes){host.data + 1, (size_t)(end - host.data) - 1};
    }
    const uint8_t *colon = host.length > 0 ? memchr(host.data, ':', host.length) : NULL;
    if (colon != NULL)
        host.length = (size_t)(colon - host.data);
    return host;
}

static bool is_numeric(struct bytes name)
{
    char text[64];
    struct in6_addr address;
    if (name.length >= sizeof text)
        return false;
    memcpy(text, name.data, name.length);
    text[name.length] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* True for a host whose meaning no stranger decides. */
static bool host_is_fixed(struct bytes host)
{
    static const char below[] = ".localhost";
    struct bytes name = host_name(host);
    if (name.length == 0)
        return false;
    if (same_text(name, "localhost") || is_numeric(name))
        return true;
    size_t tail = sizeof below - 1;
    return name.length > tail &&
           same_text((struct bytes){name.data + name.length - tail, tail}, below);
}

bool upgrade_origin_allowed(struct bytes origin,
                            struct bytes host,
                            const struct bytes *origins,
                            uint32_t count)
{
    if (origin.length == 0)
        return true; /* not a page */
    for (uint32_t i = 0; i < count; i++) {
        if (origins[i].length == origin.length &&
            strncasecmp((const char *)origins[i].data, (const char *)origin.data, origin.length) ==
                0)
            return true;
    }
    size_t scheme = 0;
    if (origin.length > 7 && strncasecmp((const char *)origin.data, "http://", 7) == 0)
        scheme = 7;
    else if (origin.length > 8 && strncasecmp((const char *)origin.data, "https://", 8) == 0)
        scheme = 8;
    struct bytes page_host = {origin.data + scheme, origin.length - scheme};
    return scheme > 0 && host_is_fixed(host) && page_host.length == host.length &&
           strncasecmp((const char *)page_host.data, (const char *)host.data, page_host.length) ==
               0;
}

static struct upgrade_verdict refuse(int status, enum refusal refusal, const char *text)
{
    return (struct upgrade_verdict){.status = status, .refusal = refusal, .text = text};
}

struct upgrade_verdict
upgrade_judge(const struct upgrade_request *request, const struct bytes *origins, uint32_t count)
{
    struct target target;
    switch (target_read(request->path, request->query, &target)) {
    case TARGET_GOOD:
        break;
    case TARGET_PATH:
        return refuse(404, REFUSAL_PATH,
                      "rooms are at " WIRE_PATH "NAME, replays at " WIRE_PATH "NAME/replay/NAME");
    case TARGET_ROOM_NAME:
        return refuse(400, REFUSAL_ROOM_NAME,
                      "a room's name is 1 to 64 characters of A-Z a-z 0-9 _ -");
    case TARGET_REPLAY_NAME:
        return refuse(400, REFUSAL_ROOM_NAME,
                      "a replay's name is 1 to 32 characters of A-Z a-z 0-9 _ -");
    case TARGET_MOMENT:
        return refuse(400, REFUSAL_MOMENT,
                      "a replay begins at ?at=TICK or ?at=TICK.INCARNATION, or where the recording "
                      "does");
    }
    if (!request->get || !same_text(trimmed(request->upgrade), "websocket") ||
        !list_has(request->connection, "upgrade", false))
        return refuse(400, REFUSAL_UPGRADE,
                      "rooms are entered over WebSocket: GET with Upgrade: websocket and "
                      "Connection: Upgrade");
    if (request->host.length == 0 || trimmed(request->key).length != KEY_LENGTH)
        return refuse(400, REFUSAL_UPGRADE, "Host and Sec-WebSocket-Key are required");
    if (!bytes_equal(trimmed(request->version), bytes_of("13")))
        return refuse(400, REFUSAL_VERSION_HEADER, "Sec-WebSocket-Version must be 13");
    if (request->subprotocols.length > SUBPROTOCOLS_MAX ||
        !list_has(request->subprotocols, WIRE_SUBPROTOCOL, true))
        return refuse(400, REFUSAL_SUBPROTOCOL,
                      "offer the WebSocket subprotocol " WIRE_SUBPROTOCOL);
    if (!upgrade_origin_allowed(request->origin, request->host, origins, count))
        return refuse(403, REFUSAL_ORIGIN,
                      "pages of this origin may not connect; the server's --allow-origin names "
                      "those that may");
    return (struct upgrade_verdict){.status = 101, .target = target};
}
