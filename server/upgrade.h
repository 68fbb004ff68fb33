/* upgrade.h - judging a request to open a WebSocket, before it is answered: sync/README.md,
 * "Connecting". What the server's load has to say comes after, in hub_admit().
 *
 * A page's Origin must be the host that the request went to, or be allowed by name. The host
 * itself must be one that an attacker's name server cannot answer for: localhost or a numeric
 * address. Without that, any page could point a name of its own at this server and read what it
 * holds; a server that is reached by name allows that name's origin.
 */
#ifndef SERVER_UPGRADE_H
#define SERVER_UPGRADE_H

#include "server/counters.h"
#include "server/target.h"

/* Headers as they came; empty where there was none. */
struct upgrade_request {
    bool get; /* the method is GET */
    struct bytes path;
    struct bytes query; /* without the question mark */
    struct bytes host;
    struct bytes upgrade;
    struct bytes connection;
    struct bytes key;
    struct bytes version;
    struct bytes subprotocols;
    struct bytes origin;
};

struct upgrade_verdict {
    int status; /* 101 when it may go on, else what to answer */
    enum refusal refusal;
    const char *text;     /* for the person: what is wrong and what would be right */
    struct target target; /* views into the path */
};

/* Whether a page of this origin may speak to the server that it reached as `host`. True where there
 * is no origin: it is no page. */
bool upgrade_origin_allowed(struct bytes origin,
                            struct bytes host,
                            const struct bytes *origins,
                            uint32_t count);

struct upgrade_verdict
upgrade_judge(const struct upgrade_request *request, const struct bytes *origins, uint32_t count);

#endif
