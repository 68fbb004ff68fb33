/* state_parts.h - how the work on a room's state is divided: state.c keeps scopes, their order and
 * the index, records.c what comes and goes in them, cells.c the fields of records. */
#ifndef SYNC_STATE_PARTS_H
#define SYNC_STATE_PARTS_H

#include "sync/state.h"

/* --- state.c ------------------------------------------------------------------------------------- */

/* Gives an entry its scope's next stamp and the place at the end of its order. */
void order_add(struct record *record);
void order_remove(struct scope *scope, struct record *record);
/* The record changes: the same for one that is in the order already. Returns the stamp. */
uint64_t touch(struct record *record);

uint32_t slot_take(struct scope *scope, struct record *record);
void slot_give(struct scope *scope, uint32_t slot);
void scope_free_slots(struct state *state, struct scope *scope); /* NULL: nothing */

void index_add(struct state *state, struct record *record);
void index_remove(struct state *state, struct record *record);

/* --- cells.c ------------------------------------------------------------------------------------- */

/* All that a record holds goes. */
void cells_free(struct state *state, struct record *record);

#endif
