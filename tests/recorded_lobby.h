/* recorded_lobby.h - a room that did something in each of ten seconds, sealed as it went on, and a page
 * that asks for its past.
 *
 *   tcase_add_checked_fixture(tcase, lobby_setup, lobby_teardown);
 *   read_timeline();
 *   number_at(element("sessions", 0, 1), "last")
 */
#ifndef TESTS_RECORDED_LOBBY_H
#define TESTS_RECORDED_LOBBY_H

#include <jansson.h>

#include "tests/hub_world.h"

#define ROOM "/v1/rooms/lobby"

struct recorded_lobby {
    struct peer *ada, *page;
    json_t *timeline; /* read last */
};
extern struct recorded_lobby visit;
void lobby_setup(void);
void lobby_teardown(void);

void read_timeline(void);
int64_t number_at(const json_t *object, const char *name);
const char *text_at(const json_t *object, const char *name);

/* The element of a list of the timeline, of so many that there have to be. */
json_t *element(const char *list, size_t index, size_t count);

/* The path of the first session. */
const char *session_path(void);

#endif
