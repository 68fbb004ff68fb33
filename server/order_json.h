/* order_json.h - what the bodies of orders say (server/README.md, "Recordings").
 *
 * False for a body of other words, too many of them, or numbers beyond what they may be; so for no document.
 *
 * Ownership  texts are views into the document.
 */
#ifndef SERVER_ORDER_JSON_H
#define SERVER_ORDER_JSON_H

#include "server/forks.h"

#include <jansson.h>

bool order_json_fork(json_t *document, struct fork_wish *wish);
bool order_json_marker(json_t *document, struct store_marker *marker);

/* The session's title, its pin, or both. */
bool order_json_session(json_t *document, struct note *note);

#endif
