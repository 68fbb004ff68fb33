/* kept_log.h - a room's log as a test keeps it, and the room built from it again. */
#ifndef TESTS_KEPT_LOG_H
#define TESTS_KEPT_LOG_H

#include "sync/log.h"

struct kept_log {
    uint8_t *data;
    size_t length, capacity;
    size_t last;   /* where the last entry begins */
    uint64_t tick; /* of the last entry */
    uint8_t *snapshot;
    size_t snapshot_length;
};

/* Takes the entry that the room has to write, if there is one. */
void kept_log_take(struct kept_log *log, struct room *room);

/* Takes the entry behind a hole, of a room whose log was stopped. */
void kept_log_resume(struct kept_log *log, struct room *room);

/* Adds the last entry of another one, where it is not there yet. */
void kept_log_copy(struct kept_log *log, const struct kept_log *from);

/* What it has up to this tick, without a snapshot. */
struct kept_log kept_log_until(const struct kept_log *log, uint64_t tick);

/* Puts a snapshot in the place of everything up to now: made by a replay, as the archive does it. */
void kept_log_compact(struct kept_log *log,
                      const struct room_options *options,
                      const struct kinds *kinds);

/* The room as it was after the last entry. Fails the test on any other status than `expected`. */
struct room *kept_log_replay(const struct kept_log *log,
                             const struct room_options *options,
                             const struct kinds *kinds,
                             bool *clean);

/* A room's snapshot; the caller frees data. */
struct bytes snapshot_of(const struct room *room);

void kept_log_free(struct kept_log *log);

#endif
