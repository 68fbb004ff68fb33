#include "persistence/memory_sessions.h"

#include "persistence/store_place.h"
#include "persistence/store_session.h"

#include <assert.h>
#include <stdlib.h>

struct memory_session {
    struct memory_session *next;
    struct store_session session; /* its views are of `text` */
    uint8_t text[];
};

struct memory_marker {
    struct memory_marker *next;
    struct store_marker marker; /* likewise */
    uint8_t text[];
};

static enum store_result full(const char *what)
{
    store_place_set("memory: %s", what);
    return STORE_FULL;
}

/* --- Sessions ------------------------------------------------------------------------------------ */

static size_t session_cost(const struct store_session *session)
{
    return sizeof(struct memory_session) + store_session_bytes(session);
}

static void free_session(struct memory_sessions *all, struct memory_session *session)
{
    memory_budget_give(all->budget, session_cost(&session->session));
    free(session);
}

static enum store_result make_session(struct memory_sessions *all,
                                      const struct store_session *session,
                                      struct memory_session **made)
{
    size_t cost = session_cost(session);
    if (!memory_budget_take(all->budget, cost))
        return STORE_FULL;
    *made = malloc(cost);
    if (*made == NULL) {
        memory_budget_give(all->budget, cost);
        return STORE_MEMORY;
    }
    (*made)->next = NULL;
    (*made)->session = store_session_in(session, (*made)->text);
    return STORE_OK;
}

/* Where the session of this id is, or the end. */
static struct memory_session **session_place(struct memory_sessions *all, uint64_t id)
{
    struct memory_session **at = &all->sessions;
    while (*at != NULL && (*at)->session.id != id)
        at = &(*at)->next;
    return at;
}

static void take_out(struct memory_sessions *all, struct memory_session **at)
{
    struct memory_session *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    free_session(all, gone);
}

static void put_in(struct memory_sessions *all, struct memory_session *made)
{
    struct memory_session **at = &all->sessions;
    const struct store_session *session = &made->session;
    while (*at != NULL &&
           ((*at)->session.first < session->first ||
            ((*at)->session.first == session->first && (*at)->session.id < session->id)))
        at = &(*at)->next;
    made->next = *at;
    *at = made;
}

/* Room for one more: *oldest is to make way, where it is not NULL. */
static enum store_result
make_room(struct memory_sessions *all, struct bytes room, struct memory_session ***oldest)
{
    unsigned count = 0;
    *oldest = NULL;
    for (struct memory_session **at = &all->sessions; *at != NULL; at = &(*at)->next) {
        if (!bytes_equal((*at)->session.room, room))
            continue;
        count++;
        if (*oldest == NULL && !(*at)->session.pinned)
            *oldest = at;
    }
    if (count >= STORE_SESSIONS_MAX && *oldest == NULL)
        return full("all sessions of the room are pinned");
    if (count < STORE_SESSIONS_MAX)
        *oldest = NULL;
    return STORE_OK;
}

static enum store_result put(struct memory_sessions *all, const struct store_session *session)
{
    assert(session->id != 0 && session->room.length > 0 && session->room.length <= ROOM_NAME_MAX);
    assert(session->kind.length <= NAME_BYTES_MAX && session->title.length <= STORE_TITLE_MAX);
    assert(session->first <= session->last && session->last <= STORE_TICK_MAX);
    struct memory_session *made, **there = session_place(all, session->id), **oldest = NULL;
    struct store_session put = *session;
    enum store_result result = STORE_OK;
    put.bytes = 0;
    if (*there != NULL) {
        put.title = (*there)->session.title;
        put.pinned = (*there)->session.pinned;
    } else {
        result = make_room(all, session->room, &oldest);
    }
    if (result == STORE_OK)
        result = make_session(all, &put, &made);
    if (result != STORE_OK)
        return result;
    take_out(all, oldest != NULL ? oldest : there);
    put_in(all, made);
    return STORE_OK;
}

static void free_sessions(struct memory_sessions *all)
{
    while (all->sessions != NULL)
        take_out(all, &all->sessions);
}

/* A copy of them all; what is there stays. */
static enum store_result copy_sessions(const struct memory_sessions *all,
                                       struct memory_sessions *copy)
{
    enum store_result result = STORE_OK;
    *copy = (struct memory_sessions){.budget = all->budget};
    struct memory_session **end = &copy->sessions;
    for (const struct memory_session *at = all->sessions; at != NULL && result == STORE_OK;
         at = at->next) {
        result = make_session(copy, &at->session, end);
        if (result == STORE_OK)
            end = &(*end)->next;
        else
            *end = NULL;
    }
    return result;
}

/* All of them or none: they are put into a copy, which takes the place of what was there. */
enum store_result
memory_sessions_put(struct memory_sessions *all, const struct store_session *sessions, size_t count)
{
    struct memory_sessions next;
    enum store_result result = copy_sessions(all, &next);
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = put(&next, &sessions[i]);
    if (result == STORE_OK) {
        struct memory_session *was = all->sessions;
        all->sessions = next.sessions;
        next.sessions = was;
    }
    free_sessions(&next);
    return result;
}

enum store_result
memory_sessions_entitle(struct memory_sessions *all, uint64_t id, struct bytes title)
{
    assert(title.length <= STORE_TITLE_MAX);
    struct memory_session *made, **at = session_place(all, id);
    if (*at == NULL)
        return STORE_NOT_FOUND;
    struct store_session session = (*at)->session;
    session.title = title;
    enum store_result result = make_session(all, &session, &made);
    if (result != STORE_OK)
        return result;
    take_out(all, at);
    put_in(all, made);
    return STORE_OK;
}

enum store_result memory_sessions_pin(struct memory_sessions *all, uint64_t id, bool pinned)
{
    struct memory_session **at = session_place(all, id);
    if (*at == NULL)
        return STORE_NOT_FOUND;
    (*at)->session.pinned = pinned;
    return STORE_OK;
}

enum store_result memory_sessions_remove(struct memory_sessions *all, uint64_t id)
{
    struct memory_session **at = session_place(all, id);
    if (*at == NULL)
        return STORE_NOT_FOUND;
    take_out(all, at);
    return STORE_OK;
}

void memory_sessions_each(const struct memory_sessions *all,
                          const struct memory_rooms *rooms,
                          struct bytes room,
                          store_session_visitor *visitor,
                          void *context)
{
    bool more = true;
    for (const struct memory_session *at = all->sessions; at != NULL && more; at = at->next) {
        struct store_session session = at->session;
        if (room.length > 0 && !bytes_equal(session.room, room))
            continue;
        session.bytes = memory_rooms_weigh(rooms, session.room, session.first, session.last);
        more = visitor(context, &session);
    }
}

void memory_sessions_drop_empty(struct memory_sessions *all,
                                const struct memory_rooms *rooms,
                                struct bytes room,
                                uint64_t tick)
{
    struct memory_session **at = &all->sessions;
    while (*at != NULL) {
        const struct store_session *session = &(*at)->session;
        if (bytes_equal(session->room, room) && !session->pinned && session->last < tick &&
            memory_rooms_weigh(rooms, room, session->first, session->last) == 0)
            take_out(all, at);
        else
            at = &(*at)->next;
    }
}

/* --- Markers ------------------------------------------------------------------------------------- */

static size_t marker_cost(const struct store_marker *marker)
{
    return sizeof(struct memory_marker) + store_marker_bytes(marker);
}

static void take_marker(struct memory_sessions *all, struct memory_marker **at)
{
    struct memory_marker *gone = *at;
    *at = gone->next;
    memory_budget_give(all->budget, marker_cost(&gone->marker));
    free(gone);
}

/* By tick, then incarnation. */
static int order(const struct store_marker *a, const struct store_marker *b)
{
    if (a->tick != b->tick)
        return a->tick < b->tick ? -1 : 1;
    return (a->incarnation > b->incarnation) - (a->incarnation < b->incarnation);
}

/* Where a marker with this one's key is, or where it would be; and how many its room has. */
static struct memory_marker **
marker_place(struct memory_sessions *all, const struct store_marker *marker, unsigned *count)
{
    struct memory_marker **found = NULL, **at = &all->markers;
    for (*count = 0; *at != NULL; at = &(*at)->next) {
        bool same = bytes_equal((*at)->marker.room, marker->room);
        *count += same;
        int before = order(&(*at)->marker, marker);
        if (found == NULL && (before > 0 || (before == 0 && same)))
            found = at;
    }
    return found != NULL ? found : at;
}

static bool has_key(const struct memory_marker *there, const struct store_marker *marker)
{
    return there != NULL && order(&there->marker, marker) == 0 &&
           bytes_equal(there->marker.room, marker->room);
}

enum store_result memory_mark(struct memory_sessions *all, const struct store_marker *marker)
{
    assert(marker->room.length > 0 && marker->room.length <= ROOM_NAME_MAX);
    assert(marker->tick <= STORE_TICK_MAX && marker->title.length <= STORE_TITLE_MAX);
    assert(marker->colour.length <= STORE_COLOUR_MAX && marker->by.length <= STORE_BY_MAX);
    unsigned count;
    struct memory_marker **at = marker_place(all, marker, &count);
    bool there = has_key(*at, marker);
    if (!there && count >= STORE_MARKERS_MAX)
        return full("the room has as many markers as it may");
    size_t cost = marker_cost(marker);
    if (!memory_budget_take(all->budget, cost))
        return STORE_FULL;
    struct memory_marker *made = malloc(cost);
    if (made == NULL) {
        memory_budget_give(all->budget, cost);
        return STORE_MEMORY;
    }
    made->marker = store_marker_in(marker, made->text);
    if (there)
        take_marker(all, at);
    made->next = *at;
    *at = made;
    return STORE_OK;
}

enum store_result memory_unmark(struct memory_sessions *all, const struct store_marker *marker)
{
    unsigned count;
    struct memory_marker **at = marker_place(all, marker, &count);
    if (!has_key(*at, marker))
        return STORE_NOT_FOUND;
    take_marker(all, at);
    return STORE_OK;
}

void memory_markers_each(const struct memory_sessions *all,
                         struct bytes room,
                         store_marker_visitor *visitor,
                         void *context)
{
    bool more = true;
    for (const struct memory_marker *at = all->markers; at != NULL && more; at = at->next)
        if (bytes_equal(at->marker.room, room))
            more = visitor(context, &at->marker);
}

void memory_markers_drop(struct memory_sessions *all,
                         struct bytes room,
                         uint64_t first,
                         uint64_t last)
{
    struct memory_marker **at = &all->markers;
    while (*at != NULL)
        if (bytes_equal((*at)->marker.room, room) && (*at)->marker.tick >= first &&
            (*at)->marker.tick <= last)
            take_marker(all, at);
        else
            at = &(*at)->next;
}

/* --- All of them --------------------------------------------------------------------------------- */

void memory_sessions_drop_room(struct memory_sessions *all, struct bytes room)
{
    struct memory_session **session = &all->sessions;
    while (*session != NULL)
        if (bytes_equal((*session)->session.room, room))
            take_out(all, session);
        else
            session = &(*session)->next;
    struct memory_marker **marker = &all->markers;
    while (*marker != NULL)
        if (bytes_equal((*marker)->marker.room, room))
            take_marker(all, marker);
        else
            marker = &(*marker)->next;
}

void memory_sessions_free(struct memory_sessions *all)
{
    free_sessions(all);
    while (all->markers != NULL)
        take_marker(all, &all->markers);
}
