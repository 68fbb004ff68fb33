/* store.h - where rooms are kept: the contract of every store.
 *
 * A store has two halves, so that a large snapshot never stands in the way of a small commit:
 *
 *   journal   what rooms wrote in the last seconds, one append for all of them, durable on return
 *   archive   each room's log in segments, and its snapshots; what is sealed there leaves the
 *             journal
 *
 *   store->claim(store, &fence);
 *   store->append(store, fence, &(struct store_flush){.number = n, .bytes = flush});   every 40 ms at most
 *   store->seal(store, &sealing);  store->release(store, number);                     every 10 s
 *   store->room(store, name, &room);  store->snapshot(...);  store->read(...);        to load a room
 *
 * Order that must hold: append before anyone is told that it is saved; seal before release. What
 * follows the newest snapshot of a room is all that it needs to come back. Nothing here depends on
 * what the bytes mean.
 *
 * Ownership  what is passed in is copied or written before the call returns; views handed to a
 *            visitor are good until it returns.
 * Errors     enum store_result; after anything but STORE_OK the store holds what it held before,
 *            but for an append: after STORE_UNKNOWN it may have happened, and after STORE_FAILED it
 *            may show after a restart. Append it again with its number.
 * Limits     names are 1..ROOM_NAME_MAX bytes of any value, kinds 1..NAME_BYTES_MAX, a blob or a
 *            flush STORE_BLOB_MAX, ticks 1..STORE_TICK_MAX. Beyond them is the caller's mistake.
 * Threads    one thread for the journal half, one (the same or another) for the archive half.
 */
#ifndef PERSISTENCE_STORE_H
#define PERSISTENCE_STORE_H

#include "persistence/store_files.h"
#include "persistence/store_recording.h"
#include "persistence/store_result.h"
#include "persistence/store_sessions.h"
#include "sync/base.h"
#include "sync/limits.h"

#define STORE_BLOB_MAX  (64u << 20)
#define STORE_PLACE_MAX 128u

/* Of a quarantine; a longer one is cut. */
#define STORE_REASON_MAX 200u

/* Ticks are 1..STORE_TICK_MAX: 36 years at 60 a second. */
#define STORE_TICK_MAX ((UINT64_C(1) << 36) - 1)

struct store_flush {
    uint64_t number;    /* 1, 2, 3 ... without gaps, for ever */
    struct bytes bytes; /* flush.h */
};

enum store_room_state {
    STORE_ROOM_WELL,
    STORE_ROOM_QUARANTINED, /* not to be loaded nor written over */
    STORE_ROOM_DELETED      /* nothing of it is left but its incarnation */
};

/* What the archive knows of a room. Views, as the caller of room() or a visitor sees them. */
struct store_room {
    struct bytes name;
    struct bytes kind;      /* empty where nobody knows it any more */
    uint64_t incarnation;   /* above that of its newest blob after a restore: then the room has to
                              * come back under a new one */
    uint64_t first, last;   /* ticks of the log that is kept, gaps or not; 0, 0 for none */
    uint64_t created_ms;    /* since 1970, when it was first sealed */
    uint64_t bytes;         /* of its segments, tracks, summaries and snapshots, as stored */
    uint64_t snapshot_tick; /* of the newest; 0 for none */
    enum store_room_state state;
    struct bytes reason; /* of the quarantine */
};

struct store_blob {
    uint64_t incarnation;
    uint64_t first, last; /* ticks; of a snapshot both are its tick */
    struct bytes bytes;
};

/* One room's part of a sealing; a room has one at most. */
struct store_sealed {
    struct bytes name, kind;
    struct store_blob segment;   /* length 0 for none */
    struct store_blob track;     /* its presence; length 0 for none */
    struct store_blob snapshot;  /* length 0 for none */
    struct bytes summary;        /* of segment and track, 0..STORE_SUMMARY_MAX bytes */
    uint64_t began_ms, ended_ms; /* since 1970, of the first and the last entry of both */
};

/* The best that a name has on a board, by one of two orders. Board, order and name are its key. What
 * room it comes from is not kept: a score stays when its room is deleted, and boards are read by
 * strangers, while the name of a room is what lets one in. */
struct store_score {
    struct bytes board, name; /* 1..BOARD_BYTES_MAX, 1..RESULT_NAME_BYTES_MAX bytes of any value */
    struct bytes details;     /* 0..RESULT_DETAILS_BYTES_MAX */
    int64_t score;
    uint64_t at_ms; /* since 1970 */
    bool high;      /* the highest is the best; else the lowest */
    bool gone;      /* written: it is to be taken out */
};

struct store;
typedef bool store_score_visitor(void *context, const struct store_score *score);
typedef bool store_flush_visitor(void *context, const struct store_flush *flush);
typedef bool store_blob_visitor(void *context, const struct store_blob *blob);
typedef bool store_segment_visitor(void *context, const struct store_segment *segment);
typedef bool store_room_visitor(void *context, const struct store_room *room);

/* What check() found; `place` as "archive segment of room lobby at tick 120: checksum". */
typedef void store_damage_visitor(void *context, struct bytes room, const char *place);
typedef bool store_progress(void *context, uint64_t done, uint64_t all); /* false stops the work */

struct store {
    /* --- Journal ------------------------------------------------------------------------------ */

    /* Takes the store over: appends with an older fence are FENCED from now on. */
    MUST_CHECK enum store_result (*claim)(struct store *store, uint64_t *fence);

    /* Shows that the owner is alive, and whether it still owns. */
    MUST_CHECK enum store_result (*renew)(struct store *store, uint64_t fence);

    /* Durable on STORE_OK, as far as the store's mode goes. A number that is there already with the
     * same bytes, or was released, is OK and nothing happens; with other bytes it is STORE_FAILED.
     * The next number is one above the *last of flushes(). */
    MUST_CHECK enum store_result (*append)(struct store *store,
                                           uint64_t fence,
                                           const struct store_flush *flush);

    /* Every flush that has not been released, ascending; *last is the number of the last that was
     * given, or was ever released. A row that is missing or does not check ends the walk with
     * STORE_DAMAGED: what follows it may rest on it. After that, renew_journal() gives it up, and
     * the next number is *last + 1. A visitor of flushes may not call the journal half. */
    MUST_CHECK enum store_result (*flushes)(struct store *store,
                                            store_flush_visitor *visitor,
                                            void *context,
                                            uint64_t *last);

    /* Flushes up to `number` are in the archive: the journal forgets them. */
    MUST_CHECK enum store_result (*release)(struct store *store, uint64_t number);

    /* A new, empty journal beside the old one, which is never written again (nor deleted, unless all
     * that it held was released or, after many renewals, stands in a newer one too). The caller appends what has not been released once more; only
     * then is any of it durable. */
    MUST_CHECK enum store_result (*renew_journal)(struct store *store);

    /* --- Archive ------------------------------------------------------------------------------ */

    /* All of it or nothing, on the disk on STORE_OK in every mode. A room's segments follow each
     * other: one whose last tick was sealed before is there already, and left as it is; one that
     * overlaps the last is STORE_DAMAGED. Tracks need not follow each other: one that does not lie
     * behind the last is left out. A snapshot takes the place of one of the same tick. Of a
     * quarantined room segments are taken, so that nothing is lost for whoever mends it, and a
     * snapshot is STORE_DAMAGED. A room keeps the kind that it had first. Sealing a deleted room
     * makes a new one of its name. STORE_DAMAGED is also given once when the archive itself was
     * damaged and has been replaced by what could be read of it: the next sealing finds the new
     * one, and rooms that lost something are in quarantine. */
    MUST_CHECK enum store_result (*seal)(struct store *store,
                                         const struct store_sealed *sealed,
                                         size_t count,
                                         uint64_t wall_ms);

    /* The segment of a room that seal() cannot take because what is stored of this room is damaged:
     * kept beside that, behind its last tick, where nothing is written over. The room is in
     * quarantine from then on; where its row cannot take the mark, room() says STORE_DAMAGED until a
     * salvage has given it one. Snapshot, track and summary are not taken. STORE_DAMAGED as that of seal(). */
    MUST_CHECK enum store_result (*set_aside)(struct store *store,
                                              const struct store_sealed *sealed,
                                              struct bytes reason,
                                              uint64_t wall_ms);

    /* STORE_NOT_FOUND is certain. STORE_DAMAGED as that of seal(), or because the room's row does not
     * check: the next start salvages it. */
    MUST_CHECK enum store_result (*room)(struct store *store,
                                         struct bytes name,
                                         store_room_visitor *visitor,
                                         void *context);

    /* The newest snapshot whose tick is at most `tick`. */
    MUST_CHECK enum store_result (*snapshot)(struct store *store,
                                             struct bytes name,
                                             uint64_t tick,
                                             store_blob_visitor *visitor,
                                             void *context);

    /* The segments that tell of ticks above `after`, ascending; the first may begin before. One
     * that is damaged or missing ends the walk, and so does a gap, with STORE_NOT_FOUND: what is behind it
     * begins with a snapshot. There is none behind the newest snapshot. Visitors of the archive may call the archive half. */
    MUST_CHECK enum store_result (*read)(struct store *store,
                                         struct bytes name,
                                         uint64_t after,
                                         store_blob_visitor *visitor,
                                         void *context);

    /* Presence from a tick on: the newest track that begins at or before it, and those behind, ascending.
     * One that does not check is passed over, and check() tells of it. */
    MUST_CHECK enum store_result (*tracks)(struct store *store,
                                           struct bytes name,
                                           uint64_t tick,
                                           store_blob_visitor *visitor,
                                           void *context);

    /* What read() and tracks() would tell of ticks above `after`, but for the bytes: so its numbers are
     * not checked against them. A summary that does not check is passed over. */
    MUST_CHECK enum store_result (*segments)(struct store *store,
                                             struct bytes name,
                                             uint64_t after,
                                             store_segment_visitor *visitor,
                                             void *context);

    /* How much that is, as stored: of the log and of presence, in bytes. STORE_NOT_FOUND: no such room. */
    MUST_CHECK enum store_result (*recorded)(struct store *store,
                                             struct bytes name,
                                             uint64_t after,
                                             uint64_t *bytes);

    /* Every room, by name; the deleted ones too. One whose row does not check is in quarantine. */
    MUST_CHECK enum store_result (*rooms)(struct store *store,
                                          store_room_visitor *visitor,
                                          void *context);

    /* Also of a room that only the journal knows. The reason is cut to STORE_REASON_MAX. STORE_DAMAGED as
     * that of seal(), or because the room's row does not check: room() says so, too. */
    MUST_CHECK enum store_result (*quarantine)(struct store *store,
                                               struct bytes name,
                                               struct bytes reason);
    MUST_CHECK enum store_result (*release_quarantine)(struct store *store, struct bytes name);

    /* Segments, tracks, snapshots, sessions, markers and files go, damaged ones too; the name stays, with this incarnation or the
     * higher one that it has. A room that only the journal knows leaves that much as well; with
     * incarnation 0 it is STORE_NOT_FOUND. */
    MUST_CHECK enum store_result (*remove)(struct store *store,
                                           struct bytes name,
                                           uint64_t incarnation);

    /* Drops what is beyond these limits, oldest first, and tells what that freed, also where it failed; a
     * call does only so much, and the next ones go on. Sessions and markers of which nothing is kept go as
     * well. */
    MUST_CHECK enum store_result (*retain)(struct store *store,
                                           const struct store_retention *retention,
                                           uint64_t *freed);

    /* Drops what retain() may drop, oldest first, until `bytes` are free. STORE_NOT_FOUND when nothing may
     * go. */
    MUST_CHECK enum store_result (*reclaim)(struct store *store, uint64_t bytes, uint64_t *freed);

    /* Reads everything, the journal too, and reports what does not check; room and progress may be
     * empty and NULL. STORE_OK even where damage was found. */
    MUST_CHECK enum store_result (*check)(struct store *store,
                                          store_damage_visitor *visitor,
                                          store_progress *progress,
                                          void *context);

    /* Each takes the place of what had its key; all of them or none, on the disk on STORE_OK in every
     * mode. How many there are is the caller's care. STORE_DAMAGED as that of seal(). */
    MUST_CHECK enum store_result (*write_scores)(struct store *store,
                                                 const struct store_score *scores,
                                                 size_t count);

    /* Every score, in no order; one that does not check is passed over, and check() tells of it. The
     * visitor may not call the store. STORE_DAMAGED as that of seal(). */
    MUST_CHECK enum store_result (*scores)(struct store *store,
                                           store_score_visitor *visitor,
                                           void *context);

    const struct store_files *files;
    const struct store_sessions *sessions;

    /* --- Both --------------------------------------------------------------------------------- */

    uint64_t (*incarnation)(struct store *store); /* highest that is or was stored; 0 for none */

    /* The place of the last damage or failure that a call of this thread met, for people. */
    const char *(*place)(const struct store *store);

    void (*close)(struct store *store);
};

#endif
