/* rerun.h - a room's rules run again over its log, and what they do compared with what they did.
 *
 *   struct rerun rerun = rerun_begin(&options, &kinds, from);
 *   rerun_snapshot(&rerun, bytes);         where there is one
 *   rerun_log(&rerun, bytes);              what follows it, in its order
 *   if (rerun.differs) tell rerun.difference
 *   rerun_abandon(&rerun);
 *
 *   struct replay replay = rerun_moment(&options, &kinds, snapshot, log, tick, &exact);
 *   room = replay_end(&replay, ...);       the room of this moment, its rules' memory too
 *
 * A replay applies what is written; beside it, from the first moment on at which all is known that rules
 * can see, the same room lives: who joined, what was asked, which inputs were in force and who left are
 * what the log says, all else its rules do again. What they do in each tick has to be what stands in the
 * log, to the byte; their memory has to be what it says where it says it.
 *
 * A moment is known whole where the room woke, behind a hole, and where the log has the rules' memory, at the end of a
 * tick or with a hash right behind it; at its opening; and at any time where they have none. Logs of a format before LOG_FORMAT_COMPLETE lack what
 * rules can see: nothing runs over them, and `ticks` stays what it was.
 *
 * Errors     as those of a replay. That something differs is no error: the replay goes on alone.
 * Threads    none. Rules run in here, over what somebody else may have written: who cannot wait for them, or does not
 *            trust it, gives a rerun_tick.
 */
#ifndef SYNC_RERUN_H
#define SYNC_RERUN_H

#include "sync/log_read.h"

/* Ticks without an entry that rules are run over at once; beyond that the moment is no longer known. Some
 * days of a room that ticks 60 times a second for nobody. */
#define RERUN_TICKS_MAX 20000000u

/* Of `from`: rules do not run as yet. */
#define RERUN_NEVER UINT64_MAX

/* As much of a value as is told. */
#define RERUN_VALUE_MAX 64u

enum rerun_what {
    RERUN_FIELD,   /* a field of a record has another value */
    RERUN_RECORD,  /* a record is there on one side alone */
    RERUN_OUTCOME, /* an operation was applied, or refused for another reason */
    RERUN_MEMORY,  /* the rules' memory is another one */
    RERUN_ACT,     /* something else was done, or more, or less */
    RERUN_HASH,    /* the state is another one, and no record says why */
    RERUN_UNSOUND  /* the log has a memory that the rules do not take: they cannot begin with it */
};

struct rerun_value {
    bool there;
    bool cut;      /* it is longer */
    size_t length; /* packed; of a value that is cut as much as fits */
    uint8_t packed[RERUN_VALUE_MAX];
};

/* What the rules do now. `recorded` is the log's, `made` theirs. */
struct rerun_difference {
    uint64_t tick;
    enum rerun_what what;
    char collection[NAME_BYTES_MAX + 1]; /* FIELD, RECORD */
    char record[RECORD_ID_BYTES_MAX + 1];
    char field[NAME_BYTES_MAX + 1]; /* FIELD */
    uint32_t member; /* who alone sees the record, whose operation it is; 0: nobody's */
    struct rerun_value recorded, made; /* FIELD; of RECORD whether it is there; a byte of MEMORY */
    size_t at;                         /* MEMORY: which byte */
    enum status recorded_status, made_status; /* OUTCOME */
    bool recorded_acts, made_acts;            /* ACT: there is one */
    enum act recorded_act, made_act;          /* ACT */
    char ended[ROOM_REASON_BYTES_MAX + 1];    /* the rules have ended or broken the room by then */
};

enum rerun_end {
    RERUN_WELL,
    RERUN_OVER, /* rules are not to run any more; the tick was not made */
    RERUN_STUCK /* nor; the room was left in the middle of it, and may neither be touched nor freed */
};

/* Makes a tick of the room, which has been prepared, in the place of room_tick(). */
typedef enum rerun_end rerun_tick(void *context, struct room *room);

struct rerun {
    struct replay replay;
    struct room *room; /* in which rules run; NULL where they do not */
    uint64_t from;
    uint64_t ticks; /* that they have made */
    uint64_t last;  /* of them */
    bool moment;    /* what is wanted is the room: see rerun_moment() */
    bool over;      /* rules run no more, since a tick ended so */
    bool differs;
    rerun_tick *tick; /* NULL: room_tick(), however long that takes */
    void *context;
    struct rerun_difference difference;
};

/* Rules begin to run at the first moment from this tick on that is known whole. */
struct rerun
rerun_begin(const struct room_options *options, const struct kinds *kinds, uint64_t from);

/* As replay_snapshot() and replay_log(). */
MUST_CHECK enum status rerun_snapshot(struct rerun *rerun, struct bytes bytes);
MUST_CHECK enum status rerun_log(struct rerun *rerun, struct bytes bytes);

/* The ticks up to this one, of which the log has nothing. MEMORY. */
MUST_CHECK enum status rerun_pass(struct rerun *rerun, uint64_t tick);

/* Whether the room is what it was then, all of it, where the rules' memory counts as what it is by now. */
bool rerun_is_exact(const struct rerun *rerun);

/* The replay, with the memory that the rules have now where they run. `exact`: as above. Else
 * its rules' memory is as old as the log's. */
struct replay rerun_end(struct rerun *rerun, bool *exact);
void rerun_abandon(struct rerun *rerun);

/* The room after this tick, by a snapshot from before (empty: none) and a log that follows it and reaches
 * that far. Rules run from the newest memory on, if they have one and take it. A replay that has failed says
 * why. */
struct replay rerun_moment(const struct room_options *options,
                           const struct kinds *kinds,
                           struct bytes snapshot,
                           struct bytes log,
                           uint64_t tick,
                           bool *exact);

/* rerun_feed.c: before a tick, what an act of it says that came from outside. MEMORY, MALFORMED. */
MUST_CHECK enum status rerun_feed(struct room *room, const struct log_act *act);

/* rerun_compare.c: the first record, in the order of stamps, that is not the same in both. False where all
 * are. */
bool rerun_compare(const struct room *recorded,
                   const struct room *made,
                   struct rerun_difference *difference);

#endif
