#include "tools/store_portable_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bool portable_fails(struct portable_work *work, enum store_result result, const char *why)
{
    if (work->result == STORE_OK) {
        work->result = result;
        snprintf(work->export->error, sizeof work->export->error, "%s", why);
    }
    return false;
}

bool portable_store_said(struct portable_work *work, enum store_result result)
{
    if (result == STORE_OK)
        return work->result == STORE_OK;
    const char *place = work->store->place(work->store);
    return portable_fails(work, result, place[0] != '\0' ? place : store_result_text(result));
}

bool portable_put(struct portable_work *work, const struct portable_piece *piece)
{
    char error[PORTABLE_ERROR_MAX];
    enum store_result result = portable_write(work->writer, piece, error);
    return result == STORE_OK || portable_fails(work, result, error);
}

/* --- The room ------------------------------------------------------------------------------------- */

struct about {
    struct portable_piece piece;
    uint8_t kind[NAME_BYTES_MAX];
    bool quarantined;
};

static bool take_about(void *context, const struct store_room *room)
{
    struct about *about = context;
    if (room->state == STORE_ROOM_DELETED)
        return false;
    memcpy(about->kind, room->kind.data, room->kind.length);
    about->piece.room_kind = (struct bytes){about->kind, room->kind.length};
    about->piece.made_ms = room->created_ms;
    about->quarantined = room->state == STORE_ROOM_QUARANTINED;
    return false;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool write_room(struct portable_work *work)
{
    const struct store_history *history = work->export->history;
    struct about about = {.piece = {.kind = PORTABLE_ROOM,
                                    .incarnation = history->incarnation,
                                    .first = work->after > 0 ? work->after + 1 : history->first,
                                    .last = work->to < history->last ? work->to : history->last,
                                    .exported_ms = now_ms(),
                                    .name = work->name,
                                    .program = bytes_of("tutti " TUTTI_VERSION)}};
    enum store_result result = work->store->room(work->store, work->name, take_about, &about);
    if (result != STORE_NOT_FOUND && !portable_store_said(work, result))
        return false;
    if (about.quarantined)
        return portable_fails(work, STORE_DAMAGED, "the room is in quarantine: see tutti check");
    if (about.piece.made_ms == 0)
        about.piece.made_ms = about.piece.exported_ms;
    if (about.piece.room_kind.length == 0 && history->tail != NULL)
        about.piece.room_kind =
            log_kind((struct bytes){history->tail->log.data, history->tail->log.length});
    if (about.piece.room_kind.length == 0)
        return portable_fails(work, STORE_DAMAGED, "nobody knows of what kind the room is");
    return portable_put(work, &about.piece);
}

/* --- Sessions and markers ------------------------------------------------------------------------- */

/* What is wanted is the session's ticks alone. */
static bool choose_ticks(struct portable_work *work)
{
    struct store_session found;
    work->after = 0;
    work->to = UINT64_MAX;
    if (work->export->session == 0)
        return true;
    enum store_result result =
        store_session_find(work->store, work->name, work->export->session, &found);
    if (result == STORE_NOT_FOUND)
        return portable_fails(work, result, "the room has no such session");
    if (!portable_store_said(work, result))
        return false;
    work->after = found.first - 1;
    work->to = found.last;
    return true;
}

/* Those of two lives may begin with the same tick; of one life nothing stands twice. */
struct gathered {
    struct portable_work *work;
    struct portable_piece *pieces;
    uint8_t (*texts)[STORE_TITLE_MAX + STORE_COLOUR_MAX + STORE_BY_MAX];
    size_t count;
};

static struct bytes keep_text(uint8_t **at, struct bytes text)
{
    struct bytes kept = {*at, text.length};
    if (text.length > 0)
        memcpy(*at, text.data, text.length);
    *at += text.length;
    return kept;
}

static bool gather(struct gathered *gathered, struct portable_piece piece, size_t most)
{
    if (gathered->count == most)
        return false;
    uint8_t *at = gathered->texts[gathered->count];
    piece.title = keep_text(&at, piece.title);
    piece.colour = keep_text(&at, piece.colour);
    piece.by = keep_text(&at, piece.by);
    gathered->pieces[gathered->count++] = piece;
    return true;
}

static bool gather_session(void *context, const struct store_session *session)
{
    struct gathered *gathered = context;
    uint64_t wanted = gathered->work->export->session;
    if (wanted != 0 && session->id != wanted)
        return true;
    return gather(gathered,
                  (struct portable_piece){.kind = PORTABLE_SESSION,
                                          .incarnation = session->incarnation,
                                          .first = session->first,
                                          .last = session->last,
                                          .began_ms = session->began_ms,
                                          .ended_ms = session->ended_ms,
                                          .pinned = session->pinned,
                                          .title = session->title},
                  STORE_SESSIONS_MAX);
}

static bool gather_marker(void *context, const struct store_marker *marker)
{
    struct gathered *gathered = context;
    const struct portable_work *work = gathered->work;
    if (marker->tick <= work->after || marker->tick > work->to)
        return true;
    return gather(gathered,
                  (struct portable_piece){.kind = PORTABLE_MARKER,
                                          .incarnation = marker->incarnation,
                                          .first = marker->tick,
                                          .title = marker->title,
                                          .colour = marker->colour,
                                          .by = marker->by},
                  STORE_MARKERS_MAX);
}

static int by_tick(const void *a, const void *b)
{
    const struct portable_piece *left = a, *right = b;
    if (left->first != right->first)
        return left->first < right->first ? -1 : 1;
    return left->incarnation < right->incarnation ? -1 : left->incarnation > right->incarnation;
}

static bool write_gathered(struct gathered *gathered)
{
    qsort(gathered->pieces, gathered->count, sizeof *gathered->pieces, by_tick);
    for (size_t i = 0; i < gathered->count; i++)
        if ((i == 0 || by_tick(&gathered->pieces[i - 1], &gathered->pieces[i]) != 0) &&
            !portable_put(gathered->work, &gathered->pieces[i]))
            return false;
    gathered->count = 0;
    return true;
}

static bool write_lists(struct portable_work *work)
{
    static_assert(STORE_SESSIONS_MAX == STORE_MARKERS_MAX, "one list is as long as the other");
    const struct store_sessions *sessions = work->store->sessions;
    struct gathered gathered = {
        .work = work,
        .pieces = calloc(STORE_SESSIONS_MAX, sizeof *gathered.pieces),
        .texts = calloc(STORE_SESSIONS_MAX, sizeof *gathered.texts),
    };
    bool done = gathered.pieces != NULL && gathered.texts != NULL;
    if (!done)
        portable_fails(work, STORE_MEMORY, "no memory");
    done = done &&
           portable_store_said(
               work, sessions->list(work->store, work->name, gather_session, &gathered)) &&
           write_gathered(&gathered) &&
           portable_store_said(
               work, sessions->markers(work->store, work->name, gather_marker, &gathered)) &&
           write_gathered(&gathered);
    free(gathered.pieces);
    free(gathered.texts);
    return done;
}

/* --- All of it ------------------------------------------------------------------------------------ */

static bool write_all(struct portable_work *work)
{
    return write_room(work) && write_lists(work) && portable_list_images(work) &&
           portable_recorded(work) && portable_images(work);
}

enum store_result portable_export(struct portable_export *export, const char *path)
{
    struct portable_work work = {
        .export = export, .store = export->history->folder->store, .name = export->history->name};
    export->error[0] = '\0';
    if (choose_ticks(&work)) {
        work.result = portable_create(path, &work.writer, export->error);
        if (work.result == STORE_OK && write_all(&work)) {
            work.result = portable_end(work.writer, &export->bytes, export->error);
            work.writer = NULL;
        }
    }
    portable_drop(work.writer);
    free(work.snapshots);
    free(work.images);
    return work.result;
}
