#include "tests/board_room.h"

#include <check.h>

uint32_t carol, dan;

void setup_board(void)
{
    pair_in(&kind_board);
    carol = join(room, 3, ROLE_EDITOR);
    dan = join(room, 4, ROLE_VIEWER);
    step(room);
}

void bobs(const char *edits, enum status status)
{
    enum status got = outcome(room, bob, edits);
    ck_assert_msg(got == status, "%s: %s", edits, status_text(got));
}

void carols(const char *edits, enum status status)
{
    enum status got = outcome(room, carol, edits);
    ck_assert_msg(got == status, "%s: %s", edits, status_text(got));
}
