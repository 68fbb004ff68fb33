/* sessions.c - the stretches of a room's recording, from waking to sleeping, as they are sealed: the
 * archivist's. */
#include "persistence/store_session.h"
#include "server/storage_parts.h"

static void put_all(struct putting *putting)
{
    struct store *store = putting->storage->store;
    if (putting->count == 0)
        return;
    enum store_result result = store->sessions->put(store, putting->sessions, putting->count);
    if (result == STORE_DAMAGED) /* the archive may have been replaced */
        result = store->sessions->put(store, putting->sessions, putting->count);
    putting->count = 0;
    /* Where all that a room may have are pinned, this one is not told of. */
    if (putting->result == STORE_OK && result != STORE_FULL)
        putting->result = result;
}

static void put(struct putting *putting, struct tail *tail, uint64_t last, uint64_t ended_ms)
{
    const struct tail_session *session = &tail->session;
    if (putting->count == PUTTING_MAX)
        put_all(putting);
    putting->sessions[putting->count++] = (struct store_session){
        .id = session->id,
        .room = tail_name(tail),
        .kind = {tail->kind, tail->kind_length},
        .incarnation = session->incarnation,
        .first = session->first,
        .last = last,
        .began_ms = session->began_ms,
        .ended_ms = ended_ms,
    };
}

static void begin(struct tail *tail, const struct log_entry *entry, uint64_t incarnation)
{
    tail->session =
        (struct tail_session){.id = store_session_id(tail_name(tail), incarnation, entry->tick),
                              .incarnation = incarnation,
                              .first = entry->tick,
                              .began_ms = entry->wall_ms};
}

static void take_act(struct putting *putting,
                     struct tail *tail,
                     const struct log_entry *entry,
                     const struct log_act *act)
{
    bool open = tail->session.id != 0;
    switch (act->act) {
    case ACT_OPENED:
    case ACT_WOKEN:
        begin(tail, entry, act->origin.incarnation);
        break;
    case ACT_RESUMED:
        if (!open)
            begin(tail, entry, act->origin.incarnation);
        break;
    case ACT_SLEPT:
        if (open)
            put(putting, tail, entry->tick, entry->wall_ms);
        tail->session.id = 0;
        break;
    default:
        break;
    }
}

void sessions_take_open(struct putting *putting,
                        struct tail *tail,
                        uint64_t last,
                        uint64_t ended_ms)
{
    if (tail->kind_length > 0)
        put(putting, tail, last, ended_ms);
}

void sessions_take(struct putting *putting, struct tail *tail)
{
    struct reader log = reader_on((struct bytes){tail->log.data, tail->log.length});
    struct log_entry entry = {0};
    while (log_read_entry(&log, &entry)) {
        struct reader acts = reader_on(entry.acts);
        struct log_act act;
        while (log_read_act(&acts, &act))
            take_act(putting, tail, &entry, &act);
    }
    if (tail->session.id != 0 && tail->log.length > 0)
        sessions_take_open(putting, tail, tail->last, entry.wall_ms);
}

enum store_result sessions_put(struct putting *putting)
{
    put_all(putting);
    return putting->result;
}
