/* snapshot_parts.h - what snapshot.c, which writes, and snapshot_read.c have in common. */
#ifndef SYNC_SNAPSHOT_PARTS_H
#define SYNC_SNAPSHOT_PARTS_H

#include "sync/room.h"
#include "sync/state.h"

/* The first value of the stream. */
#define SNAPSHOT_FORMAT 2

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

/* As snapshot_read(), but the room stands between two ticks as a replay goes on from there: seats
 * as they were. */
struct room *
snapshot_load(const struct room_options *options, struct bytes bytes, enum status *status);

#endif
