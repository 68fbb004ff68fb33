/* pair.h - a room of two members in which operations are tried.
 *
 *   good("[0 'shapes' 'a' 'n' 5]");  expect("shapes", "a", "n", "5");
 *   refused("[8 'shapes' 'a']", STATUS_EXISTS);
 *
 * The room is that of viewers.h; nobody looks at its frames.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "tests/viewers.h"

extern uint32_t ada, bob; /* an owner and an editor, members 1 and 2 */

void setup_pair(void); /* in a room of kind_mixed */
void teardown_pair(void);
void pair_in(const struct rules *rules);

/* One operation of ada's: applied; refused, and the room is what it was. */
void good(const char *edits);
void refused(const char *edits, enum status status);

/* A field that ada sees. */
void expect(const char *collection, const char *id, const char *field, const char *value);

/* Operations of ada's in order, and what becomes of each. */
struct row {
    const char *edits;
    enum status status;
};
void each_row(const struct row *rows, size_t count);
#define EACH_ROW(rows) each_row(rows, sizeof rows / sizeof rows[0])

/* A string of so many characters between two other parts; good until the next one. */
const char *padded(const char *before, size_t length, const char *after);

#endif
