/* storage.h - the store's two threads, as a hub sees them.
 *
 *   storage_log(storage, &entry);         after a tick; it goes out with the open flush
 *   storage_flush(storage, now_us, false); at the end of a beat
 *   storage_load(storage, name, ticket);  a room that someone wants to join
 *   while (storage_next(storage, &event)) what has come of it, whenever wake() was called
 *
 * The writer makes flushes durable, one after the other. The archivist loads rooms, and every few
 * seconds seals what was flushed into the archive, with a snapshot where a room's log has grown
 * long: the room is built from its log, off the hub's thread, by the code that also loads it.
 *
 * When the disk fails or hangs, rooms go on: flushes wait in memory, STORAGE_RING_BYTES of them or
 * STORAGE_RING_S seconds, and nothing counts as saved. After an error of fsync the journal goes on
 * in a new file, which gets everything that is not in the archive.
 *
 * Ownership  what is passed in is copied; a loaded room is the caller's.
 * Threads    all of this is for the hub's thread; wake() is called by the others.
 */
#ifndef SERVER_STORAGE_H
#define SERVER_STORAGE_H

#include "persistence/flush.h"
#include "persistence/store.h"
#include "server/moments.h"
#include "server/notes.h"
#include "sync/log.h"

/* What may wait for a disk that does not take it, and how long. */
#define STORAGE_RING_BYTES (64u << 20)
#define STORAGE_RING_S     60u

/* A flush under way for longer tells of a disk that hangs. */
#define STORAGE_LATE_US 2000000u

/* At most one flush in so many microseconds, unless someone waits for it. */
#define STORAGE_FLUSH_US 40000u

/* A flush beyond this is handed over before rooms go on; one room's entry may come on top. */
#define STORAGE_FLUSH_BYTES (16u << 20)

/* Flushes under way at once; what is logged meanwhile is the next one. */
#define STORAGE_FLUSHES_MAX 2u

/* How often flushes are sealed into the archive. */
#define STORAGE_SEAL_MS 10000u

/* Log and snapshots that are held for one transaction of a sealing; one room's may come on top. */
#define STORAGE_SEALING_BYTES (4u << 20)

/* Presence that was recorded and is not sealed, all rooms together: beyond it none is taken. */
#define STORAGE_TRACK_BYTES (64u << 20)

/* Presence is handed over with the next flush, or where none goes out in so many microseconds. */
#define STORAGE_TRACK_US 1000000u

/* A room that records presence writes a keyframe first when it has not for half as long. */
#define STORAGE_TRACK_QUIET_MS 20000u

struct storage;

struct storage_options {
    struct store *store;       /* the storage's from here on */
    struct room_options rooms; /* limits and memory of rooms that are loaded */
    bool salvaged;             /* the store lost something: no room goes on as if it had slept */
    const struct kinds *kinds;
    void (*wake)(void *context); /* NULL: nothing happens but in storage_work() */
    void *context;
    uint64_t ring_bytes;        /* 0: STORAGE_RING_BYTES */
    uint32_t ring_s;            /* 0: STORAGE_RING_S */
    uint32_t seal_ms;           /* 0: STORAGE_SEAL_MS */
    uint64_t sealing_bytes;     /* 0: STORAGE_SEALING_BYTES */
    uint64_t track_bytes;       /* 0: STORAGE_TRACK_BYTES */
    uint64_t (*clock_ms)(void); /* monotonic; NULL: the system's */
    uint64_t (*wall_ms)(void);  /* since 1970; likewise */
    uint64_t file_grace_ms;     /* how long files stay that no record names; 0: for ever */
    uint64_t keep_ms;           /* how long recordings stay that nobody pinned; 0: for ever */
    uint64_t keep_room_bytes;   /* most of one room's, as stored; 0: no bound */
    uint64_t (*keep_bytes)(void *context); /* most of all rooms'; NULL or 0: no bound. Any thread */
    const char *record; /* kinds that are recorded: recorded_kinds.h; NULL: all */
    int folder;         /* of the data, where guards write whom to blame; 0: nowhere */
    uint64_t seed;      /* of the rooms' indexes */
};

/* Takes the store over and reads what its journal holds. NULL with an error for people; the store
 * is closed then. Damage that was met on the way is told by STORAGE_TROUBLE. */
#define STORAGE_ERROR_MAX 256u
struct storage *storage_create(const struct storage_options *options,
                               char error[STORAGE_ERROR_MAX]);

/* The boards that results stand on, as of the last flush that is durable. */
struct boards *storage_boards(struct storage *storage);

/* Room in the open flush for one entry with so many bytes. False without memory. */
MUST_CHECK bool storage_reserve(struct storage *storage, size_t bytes);

/* Adds to the open flush. False without memory. */
MUST_CHECK bool storage_log(struct storage *storage, const struct flush_entry *entry);

/* A room's track: entries behind what was logged of it up to their tick. Nothing waits for it. False where
 * it is not taken, for want of room or memory: what comes next has to begin with a keyframe. */
MUST_CHECK bool storage_track(struct storage *storage, const struct flush_entry *entry);

/* The number of the open flush: what was just logged is saved when this one is. */
uint64_t storage_open_number(const struct storage *storage);

/* Hands the open flush to the writer, if there is something in it and the writer is not behind. */
void storage_flush(struct storage *storage, uint64_t now_us, bool urgent);

/* When storage_flush() has something to do; UINT64_MAX for never. */
uint64_t storage_flush_us(const struct storage *storage);

/* Answered by one STORAGE_LOADED, after everything that is durable by now. NULL without memory, as
 * all that is answered says false: then nothing has happened. Who has asked is always answered, but
 * for a storage that is stopped or abandoned. */
struct job;
MUST_CHECK struct job *storage_load(struct storage *storage, struct bytes name, void *ticket);

/* Whether nobody waits for the load any more: one that has not begun by then is LOAD_FORSAKEN.
 * Until its STORAGE_LOADED is taken. */
void storage_forsake(struct storage *storage, struct job *load, bool forsaken);

/* The room as it was after a tick of that incarnation, and what follows it. Tick 0 is the first that there
 * is, one beyond the last the last; incarnation 0 is whichever has the tick. Answered by one
 * STORAGE_MOMENT, with what is durable by then; storage_forsake() as for a load. */
MUST_CHECK struct job *storage_moment(struct storage *storage,
                                      struct bytes name,
                                      uint64_t incarnation,
                                      uint64_t tick,
                                      void *ticket);

/* The same for a room that is to go on from there: its rules' memory too is what it was, where their rules
 * are still those that made it (sync/rerun.h); else it is as old as the log's. */
MUST_CHECK struct job *storage_origin(struct storage *storage,
                                      struct bytes name,
                                      uint64_t incarnation,
                                      uint64_t tick,
                                      void *ticket);

/* What follows the end of this tick, up to the end of the segment in which it goes on. Answered by one
 * STORAGE_MORE, likewise. */
MUST_CHECK struct job *
storage_more(struct storage *storage, struct bytes name, uint64_t after, void *ticket);

/* What there is of the room's past, for a timeline: out of summaries, no log is read. Of an awake room the
 * storage knows all that it did up to the tick `awake_to`; 0: it is not awake. Answered by one
 * STORAGE_RECORDING, likewise. */
MUST_CHECK struct job *
storage_recording(struct storage *storage, struct bytes name, uint64_t awake_to, void *ticket);

/* What somebody says of the room's recording, which is on the disk when that is answered: by one STORAGE_NOTED,
 * with STORE_NOT_FOUND where there is no such moment, marker or session, and STORE_FULL where the room may
 * have no more. False without memory. */
MUST_CHECK bool storage_note(struct storage *storage, const struct note *note, void *ticket);

/* Somebody watches the room's past: nothing of it goes before it was said as often that nobody does. False
 * without memory. */
MUST_CHECK bool storage_watch(struct storage *storage, struct bytes name);
void storage_unwatch(struct storage *storage, struct bytes name);

/* The room sleeps: its log goes on when it is loaded again. */
void storage_slept(struct storage *storage, struct bytes name);

/* The room is gone for good, with all that was logged of it in this incarnation or before: its log
 * and snapshots go, its name stays with the incarnation. The open flush says so, behind everything
 * that was logged of the room; once that is durable, the room does not come back, while a load that
 * was asked for before may find it still. Answered by one STORAGE_REMOVED after that: with
 * STORE_NOT_FOUND where nothing is stored of it, and with a failure where the archive does not take
 * it now and has its bytes until it does. */
MUST_CHECK bool storage_remove(struct storage *storage, struct bytes name, uint64_t incarnation);

/* The room is not loaded until it is released; what was logged of it is kept. Who asks has seen to it
 * that the room logs nothing more. A disk that does not take it is told of by STORAGE_TROUBLE and asked
 * again; the room is refused meanwhile. False without memory. */
MUST_CHECK bool storage_quarantine(struct storage *storage, struct bytes name, const char *reason);

/* A quarantined room may be loaded again. Answered by one STORAGE_RELEASED. */
MUST_CHECK bool storage_release_room(struct storage *storage, struct bytes name);

/* The name stands no more on that board, or on any where that is empty: neither in the archive, nor in
 * what the journal tells after a crash. What rooms give it from then on counts. Answered by one
 * STORAGE_STRUCK: with STORE_NOT_FOUND where it stands nowhere, and with a failure, however often that is
 * asked, while it is off the board, but not yet out of the archive or the journal. False without memory. */
MUST_CHECK bool storage_strike(struct storage *storage, struct bytes board, struct bytes name);

/* What is waiting to become durable. */
struct storage_load_figures {
    uint64_t waiting_bytes; /* logged and not durable */
    uint64_t waiting_us;    /* since when the oldest of it waits; 0 for nothing */
    uint64_t kept_bytes;    /* durable in the journal, not in the archive */
    uint64_t flushes, flush_bytes, seals, snapshots, loads, failures, generations;
    uint64_t quarantines; /* ordered, and not in the archive; wake() is called as they come there */
    uint64_t set_aside;   /* rooms whose log is kept beside what is damaged of them */
    uint64_t files_collected;
    uint64_t dropped_bytes;  /* of recordings, as they were beyond what is kept */
    uint64_t track_bytes;    /* of tracks, handed over and not sealed */
    uint64_t tracks_refused; /* entries of tracks that were left out */
    bool failing;            /* the last attempt to write failed */
    bool archive_fails;      /* nothing is sealed any more until a restart */
    bool
        archive_behind; /* the last attempt to seal failed, or far too much waits for it; the journal
                          * keeps it meanwhile */
};
struct storage_load_figures storage_figures(struct storage *storage);

/* True when the open flush takes no more: rooms do not tick until it has gone out. */
bool storage_flush_is_full(const struct storage *storage);

/* True while nothing becomes saved: the disk fails, or has not answered for STORAGE_LATE_US. */
bool storage_is_interrupted(struct storage *storage, uint64_t now_us);

/* True when no more may be logged: the ring is too old or full, of what is not durable and, while
 * disk or archive fail, of what is not sealed. */
bool storage_is_full(struct storage *storage, uint64_t now_us);

enum storage_event_kind {
    STORAGE_FLUSHED, /* everything up to `number` is durable */
    STORAGE_LOADED,
    STORAGE_MOMENT,    /* `moment` */
    STORAGE_MORE,      /* `more` */
    STORAGE_RECORDING, /* `recording` */
    STORAGE_NOTED,     /* `answer`; of a marker its `incarnation` */
    STORAGE_REMOVED,   /* the room of this name: `answer` */
    STORAGE_RELEASED,  /* likewise */
    STORAGE_STRUCK,    /* likewise, of the name on a board */
    STORAGE_TROUBLE,   /* the disk began to fail: `text` */
    STORAGE_WELL,      /* it took everything that had waited */
    STORAGE_LOST,  /* it fails for good, as far as this process goes: a journal begun anew failed
                       * too, or the archive takes nothing more. Told once */
    STORAGE_FENCED /* another server has taken the store: stop */
};

enum storage_load_result {
    LOAD_DONE,
    LOAD_NONE,        /* no such room, or one that was deleted: `incarnation` is the last it had */
    LOAD_KIND,        /* of a kind that this server does not have, or that declares other names than
                       * it did: it is left as it is; `text` says which */
    LOAD_QUARANTINED, /* damaged: it is left as it is; `text` says where */
    LOAD_FAILED,      /* no memory, or the disk does not answer: try again */
    LOAD_FORSAKEN     /* nobody waited for it, or the storage stops: nothing was looked for */
};

struct storage_event {
    enum storage_event_kind kind;
    uint64_t number;
    void *ticket;
    enum storage_load_result result;
    struct room *room; /* LOAD_DONE: nobody is seated */
    struct moment *moment;
    struct more *more;
    struct recording *recording;
    bool clean;           /* it slept: its incarnation may go on */
    uint64_t incarnation; /* the last it had */
    char text[STORE_PLACE_MAX];
    enum store_result answer;
    uint8_t name_length;
    uint8_t name[ROOM_NAME_MAX];
    uint8_t board_length; /* of STORAGE_STRUCK; 0: any */
    uint8_t board[BOARD_BYTES_MAX];
};

/* The next thing that happened; false for none. */
bool storage_next(struct storage *storage, struct storage_event *event);

/* Does all that waits, in the caller's thread. For a storage without wake(). */
void storage_work(struct storage *storage);

/* Saves and seals everything and ends the threads; false when something could not be saved in
 * time. The storage takes nothing any more. A thread that a hanging disk does not give back is left
 * behind with all that it holds, for the end of the process. */
bool storage_stop(struct storage *storage);

/* From here on nothing of what is logged reaches the store, as in a crash. */
void storage_abandon(struct storage *storage);

/* After storage_stop(): a thread was left behind. It may write yet, so nobody else may have the
 * store before this process has ended. */
bool storage_hangs(const struct storage *storage);

void storage_destroy(struct storage *storage);

/* Highest incarnation that is or was stored. */
uint64_t storage_incarnation(const struct storage *storage);

/* A room's newest snapshot, and what was recorded behind it. */
struct storage_piece {
    uint64_t log_bytes;       /* not packed */
    uint64_t recorded_bytes;  /* of log and presence, as stored */
    uint64_t after, last;     /* ticks: of the snapshot, or before the first; of its end */
    uint64_t snapshot_bytes;  /* not packed; 0: there is none */
    uint64_t snapshot_stored; /* bytes, as stored */
};

/* Whether another snapshot is due at its end. */
bool storage_snapshot_due(const struct storage_piece *piece,
                          const struct rules *rules,
                          bool asleep);

#endif
