/* lone_replica.h - a replica whose server is the test, and a watcher that writes down what it is told.
 *
 *   take_shapes();
 *   takes("[8 3 0 3 0 1 7]");
 *   expect_watched("-a:1 -c:1 ");
 *
 * Sections of frames are in the notation of tests/notation.h. What was watched is written down as
 * +ID:FIELDS, ~ID:FIELDS and -ID:FIELDS for records, and as "new EVENT:FROM" or "old EVENT:FROM".
 */
#ifndef TESTS_LONE_REPLICA_H
#define TESTS_LONE_REPLICA_H

#include "sync/replica.h"

extern struct replica *replica;

/* presence (x fixed), shapes (n sum, text, points list, any), chat that keeps two. */
extern const char REPLICA_NAMES[];

void setup_replica(void);
void teardown_replica(void);
void watch_replica(void); /* one that the test has made itself */

/* One frame with these sections; takes() wants it to be right. */
enum status take(const char *sections);
void takes(const char *sections);

/* Names, and slots 0, 1, 2, 4 with a, b, c, e whose n = 10, 20, 30, 50. */
void take_shapes(void);

/* What was watched since the last look. */
void expect_watched(const char *text);
void forget_watched(void);

const struct replica_record *shape(const char *id); /* NULL when there is none */
int64_t shape_number(const char *id);               /* its n */

/* The field as notation would pack it. */
void expect_field(const struct replica_record *record, int field, const char *value);

#endif
