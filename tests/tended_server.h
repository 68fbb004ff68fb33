/* tended_server.h - the real server, a member that writes, and an operator that looks with `tutti`.
 *
 *   write_room("lobby");
 *   ck_assert_msg(tutti("show lobby") == 0, "%s", out);
 *   expect_out(RECORD_A);
 *
 * What tutti said last is in `out`, as in operator.h.
 */
#ifndef TESTS_TENDED_SERVER_H
#define TESTS_TENDED_SERVER_H

#include "tests/operator.h"
#include "tests/raw_client.h"
#include "tests/server_process.h"

extern struct server_process server;
extern struct raw_client visitor;

void setup_tended(void); /* rooms sleep as soon as they are empty */
void teardown_tended(void);

/* The exit status of `tutti ARGUMENTS --data FOLDER`, the server's or another. */
__attribute__((format(printf, 1, 2))) int tutti(const char *format, ...);
__attribute__((format(printf, 2, 3))) int tutti_in(const char *folder, const char *format, ...);

void enter(const char *room);
int join_refused(const char *room); /* with this code */
void leave(const char *room);       /* and the room falls asleep */

/* Enters a room and gives it records a and b, made in two ticks at least, and a refused operation. */
void write_room(const char *name);
#define RECORD_A "\"collection\":\"shapes\",\"id\":\"a\",\"owner\":1,\"values\":{\"n\":1}"
#define RECORD_B "\"collection\":\"shapes\",\"id\":\"b\",\"owner\":1,\"values\":{\"n\":2}"
void expect_both_records(const char *name);
void expect_new_room(const char *name); /* the name has a room without them */

/* As `tutti rooms` has it. */
bool is_listed(const char *name);
bool is_stored(const char *name);
bool room_is(const char *name, const char *state);
void wait_for_records(const char *name, int records); /* until so many are there, and saved */

#endif
