/* every_kind.h - a room kind with every sight, type and merge and with inputs (an integer, held for
 * two ticks), without rules and with them. */
#ifndef TESTS_EVERY_KIND_H
#define TESTS_EVERY_KIND_H

#include "sync/kinds.h"

/* Without callbacks: a test that needs some takes a copy. */
extern const struct rules kind_mixed;

/* The same names with rules that write, for vectors and fuzzers: each member that joins is dealt a
 * record that only it sees and is announced by an event of the server's; a wind blows that members
 * cannot change; a ledger is kept that nobody sees. It remembers how many came and left, and how often
 * the wind turned, and gives a result for each that leaves. */
extern const struct rules kind_every;

#endif
