/* lone_client.h - a client of clients/c alone: time and its server are played by the test.
 *
 *   tcase_add_checked_fixture(cases, lone_setup, lone_teardown);
 *   go_live();
 *   put_shape("a");
 *   expect_output("[1 [[0 'shapes' 'a' 'n' 1]]]");
 *   hear("[1 1 [1 0]]");
 *   expect_told("#1@1=0 !1 ");
 *
 * Messages are in the notation of tests/notation.h. What handlers were told is written down:
 *
 *   waiting connecting loading live ended   a state
 *   +COLLECTION/ID  ~ID:FIELDS  -ID         a record
 *   NAME FROM 'TEXT'                        an event; "old" before it for history
 *   #OPERATION@SEQUENCE=STATUS              decided
 *   !OPERATION  ?OPERATION                  saved, uncertain
 *   saving STATE  notice STATUS 'TEXT'
 *   inputs TICK margin MARGIN missed TICKS  of inputs; without a margin where none arrived
 */
#ifndef TESTS_LONE_CLIENT_H
#define TESTS_LONE_CLIENT_H

#include "clients/c/tutti.h"

#define SECOND UINT64_C(1000000)

struct lone_client {
    struct tutti_client *client;
    uint64_t now;
    char told[2048]; /* since the last look */
    uint8_t output[TUTTI_MESSAGE_BYTES_MAX];
};
extern struct lone_client lone;

/* Its key is sixteen times 7, its user Ada, its room's kind cursors; it keeps 100 operations. */
void lone_setup(void);
void lone_teardown(void);

void expect_told(const char *text);

/* The next message of the client is this one. */
void expect_output(const char *message);
void expect_silence(void);

/* Whatever it has to say now is said. */
void drain_output(void);

/* A message of the server. */
void hear(const char *message);

extern const char HELLO[];

/* Its names (presence: x, y, state; shapes; chat) and its own presence. */
extern const char STATE[];

/* Member 5 of incarnation 9 at tick 100, 20 Hz, 4 operations in flight, durability memory; without
 * the element `unsaved`, which older servers do not know. */
void welcome(uint32_t sequence, bool known, const char *kept, const char *refusals);

/* Likewise; scopes 0 to 2 are kept in incarnation 9 for a key that is known. */
void welcome_at(uint32_t incarnation,
                uint32_t tick,
                uint32_t sequence,
                bool known,
                const char *refusals,
                int durability,
                uint32_t unsaved);

/* Up to the first whole state, at tick 101. What is to be said then, such as the question to the
 * clock, is. */
void go_live(void);
void break_link(int code, const char *reason);

/* After a broken link: up to the hello, which is checked. */
void reconnect(const char *hello);

/* The first frame after a welcome that kept everything. */
void resume(void);

/* Puts a record with n = 1 into `shapes`. */
void put_shape(const char *id);

#endif
