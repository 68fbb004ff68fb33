/* store_sessions.h - sessions of rooms, and moments that somebody marked.
 *
 *   sessions->put(store, &session, 1);          when a room woke, and as it goes on
 *   sessions->pin(store, id, true);             what it needs is never dropped
 *   sessions->list(store, room, visitor, context);
 *   sessions->mark(store, &marker);  sessions->markers(store, room, visitor, context);
 *
 * A session is a stretch of a room's recording, with a title. One that is not pinned goes with what was
 * recorded in it, and so do markers; all of them go with their room.
 *
 * Errors     as in store.h. What does not check is passed over, and check() tells of it; of the room of such
 *            a session nothing is dropped meanwhile.
 * Threads    that of the archive half. Visitors may not call the store.
 */
#ifndef PERSISTENCE_STORE_SESSIONS_H
#define PERSISTENCE_STORE_SESSIONS_H

#include "persistence/store_result.h"
#include "sync/base.h"
#include "sync/limits.h"

/* Of a session or a marker: a line that a person wrote, UTF-8 or not. */
#define STORE_TITLE_MAX 200u

/* Of a marker: its colour, and who made it. */
#define STORE_COLOUR_MAX 32u
#define STORE_BY_MAX     256u

/* Of one room. Of more sessions the oldest that is not pinned makes way. */
#define STORE_SESSIONS_MAX 1000u
#define STORE_MARKERS_MAX  1000u

struct store_session {
    uint64_t id; /* the caller's, the same for ever; not 0 */
    struct bytes room;
    struct bytes kind; /* 0..NAME_BYTES_MAX bytes */
    uint64_t incarnation;
    uint64_t first, last;        /* ticks */
    uint64_t began_ms, ended_ms; /* since 1970 */
    struct bytes title;          /* 0..STORE_TITLE_MAX bytes */
    bool pinned;
    uint64_t
        bytes; /* of its log and its tracks, as stored: told by list(), and not looked at by put() */
};

/* Room, tick and incarnation are its key. */
struct store_marker {
    struct bytes room;
    uint64_t incarnation, tick;
    struct bytes title;  /* 0..STORE_TITLE_MAX bytes */
    struct bytes colour; /* 0..STORE_COLOUR_MAX bytes */
    struct bytes by;     /* 0..STORE_BY_MAX bytes */
};

struct store;
typedef bool store_session_visitor(void *context, const struct store_session *session);
typedef bool store_marker_visitor(void *context, const struct store_marker *marker);

struct store_sessions {
    /* Each takes the place of what had its id, all of them or none; title and pin of that stay as they
     * are. STORE_FULL where the room may have no more, and all that it has are pinned. */
    MUST_CHECK enum store_result (*put)(struct store *store,
                                        const struct store_session *sessions,
                                        size_t count);

    /* STORE_NOT_FOUND without such a session, in these three. */
    MUST_CHECK enum store_result (*entitle)(struct store *store, uint64_t id, struct bytes title);
    MUST_CHECK enum store_result (*pin)(struct store *store, uint64_t id, bool pinned);
    MUST_CHECK enum store_result (*remove)(struct store *store, uint64_t id);

    /* Those of the room, by their first tick; where its name is empty, of all rooms, in no order. */
    MUST_CHECK enum store_result (*list)(struct store *store,
                                         struct bytes room,
                                         store_session_visitor *visitor,
                                         void *context);

    /* Takes the place of one with its key. STORE_FULL where the room has as many as it may. */
    MUST_CHECK enum store_result (*mark)(struct store *store, const struct store_marker *marker);

    /* STORE_NOT_FOUND where nobody had marked that. Title, colour and author are not looked at. */
    MUST_CHECK enum store_result (*unmark)(struct store *store, const struct store_marker *marker);

    /* The room's, by tick. */
    MUST_CHECK enum store_result (*markers)(struct store *store,
                                            struct bytes room,
                                            store_marker_visitor *visitor,
                                            void *context);
};

#endif
