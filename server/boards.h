/* boards.h - the boards that games' results stand on, in memory, each name once by either order.
 *
 *   boards_put(boards, &score)              as the store has it
 *   boards_take_log(boards, log)            the results of a room's log: room_result()
 *   boards_write(boards, board, high, 10, out)
 *   count = boards_unsaved(boards, scores, capacity);  the store writes them;  boards_saved(boards)
 *
 * Taking a result again changes nothing, so a log may be taken as often as one comes by it: after a
 * crash, or from a journal that tells again what is stored.
 *
 * Limits     BOARD_KEPT names a board and order, the best ones; BOARDS_ROWS_MAX in all: a result that
 *            finds no place is passed over, and counted. None pushes another board's out.
 * Threads    one takes and saves; any may write and look at the figures.
 */
#ifndef SERVER_BOARDS_H
#define SERVER_BOARDS_H

#include "persistence/store.h"

#include <stdio.h>

#define BOARD_KEPT      100u
#define BOARDS_ROWS_MAX 20000u

struct boards;

struct boards_figures {
    uint64_t rows;
    uint64_t taken;  /* results that came to stand on a board, or replaced a worse one */
    uint64_t passed; /* that found no place: no memory, or no row left */
};

/* NULL without memory. */
struct boards *boards_create(void);
void boards_destroy(struct boards *boards);

/* What the store has, which needs no saving. A visitor. */
bool boards_put(void *boards, const struct store_score *score);

/* Every result of the log, up to where it is damaged. */
void boards_take_log(struct boards *boards, struct bytes log);

/* Takes a name off a board, or off all where that is empty, by either order: how often it stood there. What
 * is taken after that counts. By who takes. */
uint32_t boards_strike(struct boards *boards, struct bytes board, struct bytes name);

/* Whether the store has yet to hear that the name is gone from that board, or from any where that is empty.
 * By who takes. */
bool boards_owe(const struct boards *boards, struct bytes board, struct bytes name);

/* Of what has changed since it was saved; views, good until the next call that takes. With
 * boards_saved() the store has those of the last call. */
size_t boards_unsaved(struct boards *boards, struct store_score *scores, size_t capacity);
void boards_saved(struct boards *boards);

/* The best of a board, as a JSON array. */
void boards_write(struct boards *boards, struct bytes board, bool high, uint32_t limit, FILE *out);

struct boards_figures boards_figures(struct boards *boards);

#endif
