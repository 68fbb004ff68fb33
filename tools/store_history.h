/* store_history.h - what a stored room went through: its log, and the room built from it.
 *
 *   struct store_history history;
 *   if (!history_find(&history, &folder, "lobby")) tell history.error
 *   history_replay(&history, tick, &replay)         the room as it was after this tick
 *   history_entries(&history, visitor, context)     all that is kept behind its last gap, in its order
 *
 * Archive and journal are one log here; what stands in both is told once.
 */
#ifndef TOOLS_STORE_HISTORY_H
#define TOOLS_STORE_HISTORY_H

#include "sync/log_read.h"
#include "tools/store_folder.h"

struct store_history {
    struct store_folder *folder;
    struct bytes name;
    const struct store_tail *tail; /* NULL for none */
    bool archived;                 /* the archive knows it, and it is not deleted */
    enum store_room_state state;
    uint64_t first, last; /* ticks that the log is kept of, */
    uint64_t whole_from;  /* and from which on it has no gaps; 0 where it has none */
    uint64_t gap_after;   /* where what is kept before the last gap ends */
    uint64_t sealed_last; /* of the log that the archive has */
    uint64_t segments;    /* of it */
    uint64_t incarnation;
    char error[STORE_SQLITE_ERROR_MAX];
};

/* False with an error when there is no such room. */
bool history_find(struct store_history *history, struct store_folder *folder, const char *name);

/* A replay whose limits let every room be built that a server could have had. */
struct replay history_replay_begin(const struct kinds *kinds);

/* Why it has failed, for people. */
const char *history_complaint(const struct replay *replay);

enum history_from {
    FROM_SNAPSHOT, /* the newest one up to the tick: what a server does */
    FROM_BEGINNING /* the log alone; NOT_FOUND where a part of it is not kept any more */
};

/* Builds the room as it was after `tick`; the caller abandons the replay. False with an error. */
bool history_replay(struct store_history *history,
                    enum history_from from,
                    uint64_t tick,
                    struct replay *replay);

/* The last tick of which something is kept up to a time, in milliseconds since 1970. False with an error. */
bool history_tick_at(struct store_history *history, uint64_t wall_ms, uint64_t *tick);

/* Presence after `tick`, in a replay's room that history_replay() has built for it: as far as a track of it
 * is kept. False with an error. */
bool history_show_presence(struct store_history *history, uint64_t tick, struct replay *replay);

/* Where the log's beginning is not kept any more, `replay` gets the snapshot that leads to its first entry. The end
 * of a log may be all that is kept of it: then it gets the newest, and the log counts from there on. Else it stays
 * empty. False with an error, also where what led to the first entry is missing. */
bool history_begin(struct store_history *history, struct replay *replay);

/* `replay` gets the newest snapshot up to the tick; it stays empty where there is none. False with an
 * error. */
bool history_start(struct store_history *history, uint64_t tick, struct replay *replay);

/* Calls the visitor with each entry, as long as it returns true. False with an error. */
typedef bool history_visitor(void *context, const struct log_entry *entry);
bool history_entries(struct store_history *history, history_visitor *visitor, void *context);

#endif
