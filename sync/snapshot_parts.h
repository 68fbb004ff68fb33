/* snapshot_parts.h - what snapshot.c, which writes, and snapshot_read.c have in common. */
#ifndef SYNC_SNAPSHOT_PARTS_H
#define SYNC_SNAPSHOT_PARTS_H

#include "sync/room.h"
#include "sync/state.h"

/* The first value of the stream. */
#define SNAPSHOT_FORMAT 3

/* Behind the clients it had the stamp of presence and the inputs in force, and nothing more. */
#define SNAPSHOT_FORMAT_BARE 2

/* How a cell stands in the stream; these are numbers of the format. */
enum snapshot_cell {
    SNAPSHOT_HOLE = 0,
    SNAPSHOT_NUMBER = 1,
    SNAPSHOT_PACKED = 2,
    SNAPSHOT_LIST = 3
};

/* What a field's cells are when they are set. */
enum snapshot_cell snapshot_cell_of(const struct field *field);

/* The name of the kind; empty where the bytes do not begin as a snapshot does. */
struct bytes snapshot_kind(struct bytes bytes);

/* snapshot_seats.c: what rules can see of those who are seated; and where the room stands in its life. */
void snapshot_write_seats(const struct room *room, struct writer *writer);
void snapshot_load_seats(struct room *room, struct reader *reader);
/* As SNAPSHOT_FORMAT_BARE has it: inputs alone, to the end of the stream. */
void snapshot_load_inputs(struct room *room, struct reader *reader);

void snapshot_write_life(const struct room *room, struct writer *writer);
void snapshot_load_life(struct room *room, struct reader *reader);

/* As snapshot_read(), but the room stands between two ticks as a replay goes on from there: seats
 * as they were. */
struct room *
snapshot_load(const struct room_options *options, struct bytes bytes, enum status *status);

#endif
