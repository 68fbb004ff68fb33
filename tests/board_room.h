/* board_room.h - a board on which operations are tried: ada owns it, bob and carol draw, dan looks on.
 *
 * The room, ada and bob are those of pair.h.
 */
#ifndef TESTS_BOARD_ROOM_H
#define TESTS_BOARD_ROOM_H

#include "tests/pair.h"

extern uint32_t carol, dan;

void setup_board(void); /* ends with teardown_pair() */

/* One operation of theirs, and what becomes of it. */
void bobs(const char *edits, enum status status);
void carols(const char *edits, enum status status);

/* The least of what each has. */
#define BOX    "'type' 1 'z' 'a' 'x' 0 'y' 0 'w' 80 'h' 80"
#define STROKE "'type' 0 'z' 'a' 'x' 0 'y' 0"
#define ARROW  "'type' 5 'z' 'a' 'x' 0 'y' 0"
#define FRAME  "'type' 9 'z' 'a' 'x' 0 'y' 0 'w' 80 'h' 80"
#define WORDS  "'x' 0 'y' 0 'text' 'why?'"

#endif
