/* storage_parts.h - the inside of a storage, shared by storage.c, jobs.c, writer.c, archivist.c, loading.c,
 * moments.c, rules_again.c, timeline.c, sessions.c, notes.c, retention.c, quarantine.c, sealing.c, sealed_room.c, tails.c, tracks.c,
 * file_work.c and collector.c alone.
 *
 * One mutex guards the queues, the events and the figures. What else is here belongs to one thread. */
#ifndef SERVER_STORAGE_PARTS_H
#define SERVER_STORAGE_PARTS_H

#include "server/boards.h"
#include "server/file_work.h"
#include "server/storage.h"
#include "sync/log_read.h"
#include "sync/rerun.h"

#include <pthread.h>

#define HASH_NONFATAL_OOM                1
#define uthash_nonfatal_oom(added_entry) ((added_entry)->lost = true)
#include <uthash.h>

/* How long a failing disk is waited for when the server stops; and one that does not answer. What is
 * sealed last is in the journal already, and may take longer. */
#define STOP_SECONDS      5u
#define STOP_SEAL_SECONDS 20u

/* What rooms logged in one interval. */
struct batch {
    struct batch *next; /* among those kept */
    uint64_t number;
    uint64_t since_us; /* when it was handed over */
    size_t length;
    uint8_t data[];
};

enum job_kind {
    JOB_FLUSH,   /* writer: make it durable; archivist: take it into the tails */
    JOB_TRACK,   /* on its way through the writer, so that it comes behind its log */
    JOB_RELEASE, /* writer: sealed up to `number` */
    JOB_LOAD,
    JOB_MOMENT,    /* archivist: into event.moment */
    JOB_MORE,      /* likewise event.more */
    JOB_RECORDING, /* likewise event.recording */
    JOB_NOTE,      /* archivist: `note` */
    JOB_SLEPT,
    JOB_REMOVE,       /* waits with its batch */
    JOB_QUARANTINE,   /* archivist: the room, for the reason in event.text */
    JOB_RELEASE_ROOM, /* from its quarantine */
    JOB_STRIKE,       /* archivist: a name off boards; writer, behind the release: tell of it */
    JOB_RECLAIM,      /* archivist: free some space */
    JOB_TELL,         /* nothing is to be done, only told */
    JOB_FILE,         /* archivist: `file` owns the job */
    JOB_STOP
};

/* Carries its answer, so that who could ask is answered whatever becomes of the memory. */
struct job {
    struct job *next;
    enum job_kind kind;
    struct batch *batch;
    struct batch *track;  /* FLUSH, TRACK: what was recorded up to here; NULL for nothing */
    struct job *removals; /* of a flush: to be answered, in the order of the entries that delete */
    struct file_work *file;
    struct note *note;
    uint64_t number;
    bool forsaken;              /* guarded by the mutex: nobody waits for what was asked */
    struct storage_event event; /* names the room from the beginning */
};

/* What people ask for comes behind what the store is told: a load finds all that is durable, and
 * nobody holds up the sealing, or the end, by asking for much. Who looks at the past comes behind those who want
 * to come into rooms: a load waits for one moment at most, however many people scrub through recordings. */
enum queue_lane {
    LANE_TOLD,
    LANE_ASKED,   /* loads, origins, notes and files */
    LANE_WATCHED, /* moments, what follows them, timelines */
    QUEUE_LANES
};

/* One of those who look is served after so many others, so that nobody waits for ever. */
#define WATCHED_AFTER 8u

struct lane {
    struct job *first, *last;
};

struct queue {
    struct lane lanes[QUEUE_LANES];
    uint32_t passed; /* were asked while somebody waits to look */
    pthread_cond_t filled;
};

/* A room that the journal deletes further on, while it is read. */
struct foreseen {
    UT_hash_handle hh;
    uint64_t incarnation; /* and all before */
    bool lost;
    uint8_t name_length;
    uint8_t name[ROOM_NAME_MAX];
};

/* What was recorded of presence and is not sealed; it begins with a keyframe. */
struct tail_track {
    struct flush_buffer bytes;
    uint64_t incarnation;
    uint64_t last;     /* tick */
    uint64_t taken_ms; /* when anything came */
};

/* What of a track may be sealed: never beyond the log, whose ticks are given again after a crash, and up to
 * a keyframe, with which the next one begins. */
struct track_part {
    size_t length; /* bytes; 0 for nothing */
    uint64_t first, last;
    uint64_t began_ms, ended_ms;
};

/* From the room's opening or waking on; id 0: it sleeps, or nobody knows when it woke. */
struct tail_session {
    uint64_t id;
    uint64_t incarnation;
    uint64_t first, began_ms;
};

/* What was flushed of a room and is not sealed. */
struct tail {
    UT_hash_handle hh;
    struct flush_buffer log; /* entries, as the engine wrote them */
    size_t
        whole; /* bytes it begins with that are all of a room there was not before, as a fork; or 0 */
    struct tail_track track;
    struct tail_session session;
    uint64_t incarnation;
    uint64_t first, last;       /* ticks; of the last it is known when the log is empty, too */
    struct storage_piece piece; /* that is sealed */
    bool unrecorded;            /* whoever opened it wants nothing kept of its past */
    bool asleep;
    bool broken;  /* its log does not lead to what it should: no snapshots of it */
    bool aside;   /* what is stored of it is damaged: its log is kept beside that */
    bool removed; /* it is to go from the archive, which has not taken that yet */
    bool lost;
    uint64_t round; /* of sealing, the last that is through with it, or that it came too late for */
    uint8_t name_length, kind_length;
    uint8_t name[ROOM_NAME_MAX];
    uint8_t kind[NAME_BYTES_MAX];
};

/* Where a sealing is. */
enum round_phase {
    ROUND_OVER,
    ROUND_ROOMS,
    ROUND_BOARDS, /* then the journal forgets what the archive has */
    ROUND_PAST,   /* what is beyond the limits goes */
    ROUND_FILES   /* and files that nothing names any more */
};

struct round {
    enum round_phase phase;
    uint64_t number; /* of rounds, up to this one */
    uint64_t taken;  /* number of the last flush in the tails as it began */
    uint32_t served; /* who asked for something since its last step */
    uint32_t looks;  /* rooms whose files were looked at */
    bool behind;     /* something is left to the next one: the journal keeps all */
    bool at_once;    /* no step is cut short because somebody waits */
};

/* A room of which nothing may go. */
struct watched {
    UT_hash_handle hh;
    uint32_t count; /* of those who watch it */
    bool lost;
    uint8_t name_length;
    uint8_t name[ROOM_NAME_MAX];
};

struct storage {
    struct storage_options options;
    struct store *store;
    pthread_mutex_t mutex;
    pthread_t writer_thread, archivist_thread;
    bool threads;
    bool stopped;
    struct job *stop; /* until it is needed: the end takes no memory */
    bool hangs;       /* a thread did not come back: nothing may be freed */

    /* The hub's. */
    struct flush_buffer open, open_track;
    uint64_t track_us;                    /* when a track was last handed over */
    struct job *removals, *removals_last; /* of the open flush */
    uint64_t next_number;
    uint64_t flushed_us; /* when a flush was last handed over */
    uint32_t under_way;  /* flushes handed over whose end the hub has not taken */
    uint64_t told;       /* number of the last flush whose end it has taken */
    bool told_fenced;
    uint64_t incarnation;

    /* Guarded by the mutex. */
    struct queue to_writer, to_archivist;
    struct job *told_first, *told_last;         /* done: their events wait for the hub */
    struct file_work *files_first, *files_last; /* done */
    struct watched *watched;                    /* by name */
    struct storage_load_figures figures;
    uint64_t saved; /* number of the last flush that is durable */
    bool stopping;
    bool reclaiming; /* the archive was asked for space and has not answered */
    bool fenced;     /* the store is another server's */
    bool lost;       /* STORAGE_LOST was told */

    /* The writer's. */
    uint64_t fence;
    struct batch *kept, *kept_last;
    bool gave_up; /* fenced, or stopped while the disk failed */

    /* The archivist's. */
    struct tail *tails;
    struct job *quarantines;   /* that the archive has not taken */
    struct boards *boards;     /* which others may look at */
    struct foreseen *foreseen; /* empty once the journal is read */
    uint64_t taken;            /* number of the last flush in the tails */
    uint64_t tail_bytes;
    struct guard *guard; /* of rules that run again; NULL: none have as yet */
    bool ends;           /* what is sealed now is the last */
    bool incomplete;     /* a flush did not get into the tails: nothing can be loaded any more */
    struct round round;
    uint64_t sealed_ms;  /* when the last round began */
    uint32_t retentions; /* that it makes while it has nothing else to do */
};

/* jobs.c */
struct job *job_new(enum job_kind kind, struct bytes name);
struct bytes job_name(const struct job *job);
bool job_asks(const struct job *job); /* somebody waits for an answer */
void job_free(struct job *job);       /* with what it holds but its batch */
void jobs_free(struct job *jobs);     /* all that hang together, with their batches */
void event_free(const struct storage_event *event);
void queue_init(struct queue *queue);
void queue_free(struct queue *queue);
void queue_push(struct storage *storage, struct queue *queue, struct job *job);
/* NULL when nothing came until then, in milliseconds of the monotonic clock. */
#define QUEUE_FOR_EVER 0u
#define QUEUE_AT_ONCE  1u
struct job *queue_pop(struct storage *storage, struct queue *queue, uint64_t until_ms);
bool queue_is_asked(struct storage *storage,
                    struct queue *queue); /* somebody waits for an answer */

/* storage.c */
void storage_answer(struct storage *storage, struct job *job); /* which is the hub's from here on */
/* What nobody has asked for: without memory it is lost, and shows in the figures alone. */
void storage_tell(struct storage *storage, enum storage_event_kind kind, const char *text);
__attribute__((format(printf, 2, 3))) void
storage_trouble(struct storage *storage, const char *format, ...);
void wake_hub(struct storage *storage);
void storage_lost(struct storage *storage);
struct bytes batch_bytes(const struct batch *batch);
struct batch *batch_new(struct bytes bytes); /* a copy; NULL without memory */
uint64_t wall_clock_ms(void);                /* since 1970 */

/* writer.c */
void *writer_run(void *storage);
bool writer_do(struct storage *storage, struct job *job); /* false: it is over */
void writer_keep(struct storage *storage, struct batch *batch);
enum store_result writer_renew(struct storage *storage);
void writer_free(struct storage *storage);

/* archivist.c */
void *archivist_run(void *storage);
enum turn {
    TURN_DONE,
    TURN_BUSY, /* there is something to do without a job */
    TURN_OVER  /* nothing comes any more */
};
/* Does the job, where there is one, and as much of what is due by the clock or goes on by itself that nobody
 * waits for long. */
enum turn archivist_turn(struct storage *storage, struct job *job);
void archivist_answer(struct storage *storage,
                      struct job *job,
                      enum storage_event_kind kind,
                      enum store_result result);

/* Whether somebody waits for what was asked. A server that stops does not answer any more. */
bool archivist_is_asked(struct storage *storage, const struct job *job);

/* loading.c */
struct loading {
    struct storage *storage;
    struct replay replay;
    struct storage_piece piece;
};
struct loading loading_begin(struct storage *storage);
/* Everything of the room, applied; what the store says of it. */
enum store_result loading_read(struct loading *loading, struct bytes name, const struct tail *tail);
void archivist_load(struct storage *storage, struct bytes name, struct storage_event *event);
/* Whether what the archive has is of a room that is not recorded. */
bool room_was_unrecorded(struct storage *storage, struct bytes name);
/* A piece of log as it is stored; its length when it is not packed. */
MUST_CHECK enum status replay_piece(struct replay *replay, struct bytes stored, size_t *length);
/* What is wrong with a log, of a replay that has failed. */
const char *loading_complaint(const struct replay *replay);

/* moments.c: each answers its job. */
void archivist_moment(struct storage *storage, struct job *job);
void archivist_more(struct storage *storage, struct job *job);
/* The ends of what is recorded; *tail is NULL where nothing waits to be sealed. Text of other results than
 * DONE. One in quarantine has a past like any other. */
enum moment_result recorded_room_find(struct storage *storage,
                                      struct bytes name,
                                      struct recorded_room *room,
                                      const struct tail **tail,
                                      char text[STORE_PLACE_MAX]);
enum moment_result moment_result_of(enum store_result result);

/* rules_again.c: rules that run again over a log, held to their time. */
struct rules_again {
    struct guard *guard;
    struct bytes room; /* whom to blame */
    uint64_t spent_ns;
};
/* False where they cannot be held to it: they must not run then. */
MUST_CHECK bool
rules_again_begin(struct storage *storage, struct bytes room, struct rules_again *again);
/* They run as few ticks as they can: from the newest memory in the log, which is no older than this where it was
 * changing all the time, and may be older where it stood still. */
uint64_t rules_again_from(const struct rules *rules, uint64_t tick, bool stood_still);
enum rerun_end rules_again_tick(void *again, struct room *room);
void rules_again_free(struct storage *storage);

/* timeline.c: likewise. */
void archivist_recording(struct storage *storage, struct job *job);

/* sealed_room.c */
struct sealed_room {
    struct tail *tail;
    struct track_part part; /* of its track */
    uint8_t *segment, *track, *snapshot, *summary;
    struct storage_piece piece, next; /* that goes on; that begins with the snapshot */
};
/* False where there is nothing to seal. */
bool sealed_room_due(const struct storage *storage, struct tail *tail, struct sealed_room *room);
/* Views into the tail and into what the room owns until it is freed. */
struct store_sealed sealed_room_make(struct storage *storage, struct sealed_room *room);
void sealed_room_done(struct storage *storage, struct sealed_room *room); /* it is in the archive */
void sealed_room_free(struct sealed_room *room);
/* Of the first entry, where *began_ms is 0, and of the last. */
void log_time(struct bytes log, uint64_t *began_ms, uint64_t *ended_ms);

/* sessions.c: what the logs of rooms tell of their sessions. */
#define PUTTING_MAX 64u
struct putting {
    struct storage *storage;
    enum store_result result; /* of the first that failed */
    size_t count;
    struct store_session sessions[PUTTING_MAX]; /* views into tails */
};
void sessions_take(struct putting *putting, struct tail *tail);
/* The one that goes on, up to this tick. */
void sessions_take_open(struct putting *putting,
                        struct tail *tail,
                        uint64_t last,
                        uint64_t ended_ms);
MUST_CHECK enum store_result sessions_put(struct putting *putting); /* what was taken */

/* sealing.c */
/* A round begins, where none goes on; it is carried out in steps until it is over. */
void archivist_seal_begin(struct storage *storage);
void archivist_seal_step(struct storage *storage);
/* Before its time, where much has come; an archive that took nothing is asked again in due time. */
void archivist_seal_early(struct storage *storage);
/* All that is in the tails, by a round of its own; what comes behind that in a round is left to steps. */
enum store_result archivist_seal(struct storage *storage);
bool archivist_is_behind(struct storage *storage); /* it has not taken all, the last time */
/* One room's, in between. */
enum store_result archivist_seal_room(struct storage *storage, struct tail *tail);
void archivist_seal_failed(struct storage *storage, enum store_result result);
/* What was written of the room up to this incarnation counts no more, as the journal tells.
 * STORE_NOT_FOUND where there is nothing of it. Where the archive does not take it now, its tail
 * remembers it; STORE_MEMORY: without memory for that. */
enum store_result
archivist_remove(struct storage *storage, struct bytes name, uint64_t incarnation);
/* Tries again what the archive has not taken. */
enum store_result archivist_remove_again(struct storage *storage, struct tail *tail);

void archivist_free(struct storage *storage);

/* file_work.c */
void archivist_file(struct storage *storage, struct file_work *work);

/* collector.c: one room. True where there may be another. */
bool archivist_collect(struct storage *storage);

/* retention.c */
void archivist_retain(struct storage *storage);
void archivist_idle(struct storage *storage); /* what `retentions` asks for */
/* Of the room that stays alone which brings it back, and what pinned sessions need. */
MUST_CHECK enum store_result archivist_forget_past(struct storage *storage, struct bytes name);
void retention_free(struct storage *storage);

/* quarantine.c */
/* An order to be given to quarantine_room(), which owns it; NULL without memory. Whoever gives it is the
 * archivist, or pushes it to it. */
struct job *quarantine_new(struct storage *storage, struct bytes name, const char *reason);
void quarantine_room(struct storage *storage, struct job *job);
/* What is flushed of the room is kept, and no snapshot is made of it. */
void quarantine_keep_log(struct storage *storage, struct bytes name);
/* Why a room is one whose mark is not in the archive; NULL where it is none. */
const char *quarantine_reason(struct storage *storage, struct bytes name);
/* False where there was none. */
bool quarantine_forget(struct storage *storage, struct bytes name);
void quarantines_again(struct storage *storage);

/* tracks.c */
void tracks_hand_over(struct storage *storage,
                      struct job *job); /* what is open goes with the job */
void tracks_take(struct storage *storage, const struct batch *batch);
void track_empty(struct storage *storage, struct tail *tail);
void track_drop_front(struct storage *storage, struct tail *tail, size_t length);
struct track_part track_part_due(const struct storage *storage, const struct tail *tail);

/* notes.c */
void archivist_note(struct storage *storage, struct job *job);

/* tails.c */
struct tail *tail_find(const struct storage *storage, struct bytes name);
struct tail *tail_of(struct storage *storage, struct bytes name); /* made where there is none */
struct bytes tail_name(const struct tail *tail);
void tail_empty(struct storage *storage, struct tail *tail); /* of its log */
void tail_forget(struct storage *storage, struct tail *tail);
bool buffer_append(struct flush_buffer *buffer, struct bytes bytes); /* false without memory */
/* Answers the removals as it comes by them. Anything but STORE_OK: the tails do not have all of it,
 * and removals may be left. */
enum store_result
tails_take(struct storage *storage, const struct batch *batch, struct job **removals);
/* Before a journal is taken: what it deletes must not be sealed on the way there, where the archive
 * may have a later room of the name. False without memory. */
bool tails_foresee(struct storage *storage, struct bytes flush);
void tails_foresaw(struct storage *storage);

/* What the archive says of a room: for store->room(). */
struct known {
    uint64_t incarnation;
    uint64_t first, last;
    uint64_t snapshot_tick;
    enum store_room_state state;
    uint8_t kind[NAME_BYTES_MAX];
    uint8_t kind_length;
    char reason[STORE_PLACE_MAX];
};
/* Asked again where the archive was damaged, since that may have been replaced. */
enum store_result room_known(struct storage *storage, struct bytes name, struct known *known);
bool known_is_there(enum store_result result, const struct known *known);

/* Whether the room's past is kept, as far as its kind and its tail tell; NULL where it has none. */
bool room_is_kept(const struct storage *storage, struct bytes kind, const struct tail *tail);

#endif
