/* ordering.h - orders about recordings as a page gives them, without sockets.
 *
 *   ck_assert_int_eq(order_of(page, HTTP_POST, "/v1/rooms/lobby/forks", "{\"tick\":3}"), 201);
 *   ordered->json
 *   order_forget();
 */
#ifndef TESTS_ORDERING_H
#define TESTS_ORDERING_H

#include "server/recordings.h"
#include "tests/hub_world.h"

/* The last that was begun; NULL where it was not, and `order_denial` says why. */
extern struct order *ordered;
extern struct http_denial order_denial;

/* Carried out, with its body in pieces; the status of the answer. */
int order_of(struct peer *page, enum http_method method, const char *path, const char *body);
void order_forget(void);

#endif
