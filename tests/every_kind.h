/* every_kind.h - a room kind with every sight, type and merge, for vectors and fuzzers.
 *
 * Its rules write too: each member that joins is dealt a record that only it sees and is announced
 * by an event of the server's; a wind blows that members cannot change; a ledger is kept that
 * nobody sees.
 */
#ifndef TESTS_EVERY_KIND_H
#define TESTS_EVERY_KIND_H

#include "sync/rules.h"

extern const struct rules kind_every;

#endif
