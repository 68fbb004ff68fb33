/* recorded_kinds.h - which kinds of rooms an operator wants recorded.
 *
 * A list is "all", "none", or names of kinds with commas between them. NULL is all.
 */
#ifndef SERVER_RECORDED_KINDS_H
#define SERVER_RECORDED_KINDS_H

#include "sync/kinds.h"

bool recorded_kinds_have(const char *list, struct bytes kind);

/* False where the list names a kind that there is not: `unknown` is a view of it. */
bool recorded_kinds_are_known(const char *list, const struct kinds *kinds, struct bytes *unknown);

#endif
