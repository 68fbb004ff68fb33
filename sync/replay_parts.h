/* replay_parts.h - how replaying is divided: replay.c builds the room and what is in it, replay_seats.c
 * knows who is there. */
#ifndef SYNC_REPLAY_PARTS_H
#define SYNC_REPLAY_PARTS_H

#include "sync/log_read.h"
#include "sync/operation.h"

/* --- replay.c ------------------------------------------------------------------------------------- */

/* The first failure counts. */
void replay_fail(struct replay *replay, enum status status);
bool replay_failed(const struct replay *replay);

/* The tick is one of which the log has no more: the room stands at its end. */
void replay_pass(struct replay *replay, uint64_t tick);

/* A room out of a snapshot, as it stands between two ticks; NULL with the status of the replay. */
struct room *replay_load(struct replay *replay, struct bytes snapshot);

/* --- replay_seats.c ------------------------------------------------------------------------------- */

/* The seat that the act is about; NULL, and the replay has failed, where nobody sits in it. */
struct seat *replay_seat(struct replay *replay, const struct log_act *act);

void replay_joined(struct replay *replay, const struct log_act *act);
void replay_left(struct replay *replay, const struct log_act *act);
void replay_role(struct replay *replay, const struct log_act *act);
void replay_here(struct replay *replay, const struct log_act *act);
void replay_away(struct replay *replay, const struct log_act *act);
void replay_told(struct replay *replay, const struct log_act *act);
void replay_input(struct replay *replay, const struct log_act *act);
void replay_held(struct replay *replay, const struct log_act *act);

/* A field of presence that rules look at. MALFORMED where it is none or the value does not fit. */
MUST_CHECK enum status
seat_told(struct room *room, struct seat *seat, int64_t field, struct bytes value);

/* Memory for what the log tells of one seat's presence, so many bytes of values. */
MUST_CHECK bool seat_reserve(struct room *room, size_t bytes);

/* The packed value; empty where it is nil. */
struct bytes log_value(struct bytes packed);

#endif
