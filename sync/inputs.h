/* inputs.h - what members want at each tick: a ring for each that sends, beside the inbox, and the
 * one that is in force.
 *
 *   inputs_submit(room, seat, message);     as it arrives: judged at once, put in its tick's slot
 *   inputs_tick(room);                      each tick, first of all: what is in force in it
 *   room_input(room, member)                for the rules, whenever they are called
 *   inputs_tell(room, seat, &report);       what the member's next frame says of them
 *
 * An input counts at its tick or never: one that comes too late is dropped, and so is one that comes
 * too early or for a tick that has one. None waits behind an operation.
 *
 * Ownership  a ring is in the room's heap: taken with a member's first input, given back with its
 *            seat. A seat that sends none has no more than the tick of its welcome.
 */
#ifndef SYNC_INPUTS_H
#define SYNC_INPUTS_H

#include "sync/room.h"

struct field;
struct seat;

/* Where none arrived since the last frame. */
#define INPUT_MARGIN_NONE INT64_MAX

struct inputs {
    uint64_t next;   /* the tick after that of the newest one sent on this connection */
    uint64_t first;  /* of this connection: from its tick on, one that is not there is missed */
    int64_t margin;  /* least number of ticks that one had left to wait, since the last frame */
    uint32_t missed; /* ticks without one of its own, likewise */
    uint32_t held;   /* ticks for which the one in force has been held */
    bool sending;    /* something came on this connection */
    bool holding;    /* the log says that the one in force is held */
    bool ends;       /* what is in force is not held any longer: its connection is another one */
    bool untold;     /* there is something to tell */
    uint8_t length;  /* of what is in force; 0: nothing */
    uint8_t packed[INPUT_BYTES_MAX];
    uint8_t slots[]; /* INPUT_AHEAD_MAX, each a length and room->input_bytes; none in a replay */
};

/* Most bytes that a value of this field takes, as an input; INT64_MAX for types that may be none. */
int64_t input_bytes_max(const struct field *field);

/* The kind's declaration as a field, and the most bytes that a value of it takes. */
void inputs_declare(struct room *room);

/* An `inputs` message. Values that do not fit are refused as presence is: a notice with the next
 * tick. TRUNCATED, MALFORMED, MEMORY: as room_submit(). */
MUST_CHECK enum status inputs_submit(struct room *room, uint32_t seat, struct bytes message);

void inputs_tick(struct room *room);
/* The tick is only the log's: inputs for it are lost, nothing changes. */
void inputs_pass(struct room *room);

/* The seat has a new connection; and it is given up. */
void inputs_renew(struct room *room, struct seat *seat);
void inputs_drop(struct room *room, struct seat *seat);

/* Whether frames of this member tell of inputs, and whether they have something to tell. */
bool inputs_are_told(const struct seat *seat);
bool inputs_untold(const struct seat *seat);

struct input_report {
    bool arrived; /* any, since the last frame that told */
    int64_t margin;
    uint32_t missed;
};
struct input_report inputs_tell(struct seat *seat);

/* What is in force; empty where nothing is. */
struct bytes inputs_in_force(const struct seat *seat);

/* From a log or a snapshot: what is in force from here on, nothing where it is empty, and for how many
 * ticks it has been held. False without memory. */
MUST_CHECK bool
inputs_replay(struct room *room, struct seat *seat, struct bytes input, uint32_t held);
/* What is in force is held from this tick on, or is its own again. False where nothing is. */
MUST_CHECK bool inputs_replay_held(struct seat *seat, bool held);
/* So many ticks pass in a log: what is held is held for as long. */
void inputs_replay_ticks(struct room *room, uint64_t ticks);

#endif
