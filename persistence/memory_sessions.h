/* memory_sessions.h - sessions and markers of the store that forgets: struct store_sessions. */
#ifndef PERSISTENCE_MEMORY_SESSIONS_H
#define PERSISTENCE_MEMORY_SESSIONS_H

#include "persistence/memory_rooms.h"

struct memory_session;
struct memory_marker;

struct memory_sessions {
    struct memory_budget *budget;
    struct memory_session *sessions; /* by first tick, then id */
    struct memory_marker *markers;   /* by tick, then incarnation */
};

void memory_sessions_free(struct memory_sessions *all);
void memory_sessions_drop_room(struct memory_sessions *all, struct bytes room);

MUST_CHECK enum store_result memory_sessions_put(struct memory_sessions *all,
                                                 const struct store_session *sessions,
                                                 size_t count);
MUST_CHECK enum store_result
memory_sessions_entitle(struct memory_sessions *all, uint64_t id, struct bytes title);
MUST_CHECK enum store_result
memory_sessions_pin(struct memory_sessions *all, uint64_t id, bool pinned);
MUST_CHECK enum store_result memory_sessions_remove(struct memory_sessions *all, uint64_t id);

/* Sessions of the room that ended before the tick, are not pinned, and of which nothing is kept in
 * `rooms`; markers of these ticks. */
void memory_sessions_drop_empty(struct memory_sessions *all,
                                const struct memory_rooms *rooms,
                                struct bytes room,
                                uint64_t tick);
void memory_markers_drop(struct memory_sessions *all,
                         struct bytes room,
                         uint64_t first,
                         uint64_t last);

/* Of the room, or of all where its name is empty; what they take is weighed in `rooms`. */
void memory_sessions_each(const struct memory_sessions *all,
                          const struct memory_rooms *rooms,
                          struct bytes room,
                          store_session_visitor *visitor,
                          void *context);

MUST_CHECK enum store_result memory_mark(struct memory_sessions *all,
                                         const struct store_marker *marker);
MUST_CHECK enum store_result memory_unmark(struct memory_sessions *all,
                                           const struct store_marker *marker);
void memory_markers_each(const struct memory_sessions *all,
                         struct bytes room,
                         store_marker_visitor *visitor,
                         void *context);

#endif
