#include "persistence/store_memory.h"

#include "persistence/flush.h"
#include "persistence/memory_files.h"
#include "persistence/memory_retain.h"
#include "persistence/memory_rooms.h"
#include "persistence/memory_scores.h"
#include "persistence/memory_sessions.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct flush {
    struct flush *next;
    uint64_t number;
    size_t length;
    uint8_t bytes[];
};

struct store_memory {
    struct store store;
    struct memory_budget budget;
    struct flush *flushes, **flushes_end; /* {journal thread} ascending */
    uint64_t fence, last, released;       /* {journal thread} */
    struct memory_rooms rooms;            /* {archive thread} */
    struct memory_files files;            /* {archive thread} */
    struct memory_scores scores;          /* {archive thread} */
    struct memory_sessions sessions;      /* {archive thread} */
};

static struct store_memory *memory_of(struct store *store)
{
    return (struct store_memory *)store;
}

static struct memory_rooms *rooms_of(struct store *store)
{
    return &memory_of(store)->rooms;
}

static struct memory_files *files_of(struct store *store)
{
    return &memory_of(store)->files;
}

static struct memory_sessions *sessions_of(struct store *store)
{
    return &memory_of(store)->sessions;
}

/* --- Journal ------------------------------------------------------------------------------------ */

static enum store_result claim(struct store *store, uint64_t *fence)
{
    *fence = ++memory_of(store)->fence;
    return STORE_OK;
}

static enum store_result renew(struct store *store, uint64_t fence)
{
    return memory_of(store)->fence == fence ? STORE_OK : STORE_FENCED;
}

static enum store_result append_again(const struct store_memory *memory,
                                      const struct store_flush *flush)
{
    if (flush->number <= memory->released)
        return STORE_OK;
    const struct flush *there = memory->flushes;
    while (there->number != flush->number)
        there = there->next;
    if (bytes_equal((struct bytes){there->bytes, there->length}, flush->bytes))
        return STORE_OK;
    store_place_set("memory: flush %llu: there is another one", (unsigned long long)flush->number);
    return STORE_FAILED;
}

static enum store_result
append(struct store *store, uint64_t fence, const struct store_flush *flush)
{
    struct store_memory *memory = memory_of(store);
    assert(flush->number > 0 && flush->number <= memory->last + 1);
    if (memory->fence != fence)
        return STORE_FENCED;
    if (flush->number <= memory->last)
        return append_again(memory, flush);

    uint64_t cost = sizeof(struct flush) + flush->bytes.length;
    if (!memory_budget_take(&memory->budget, cost))
        return STORE_FULL;
    struct flush *added = malloc(sizeof *added + flush->bytes.length);
    if (added == NULL) {
        memory_budget_give(&memory->budget, cost);
        return STORE_MEMORY;
    }
    *added = (struct flush){.number = flush->number, .length = flush->bytes.length};
    if (flush->bytes.length > 0)
        memcpy(added->bytes, flush->bytes.data, flush->bytes.length);
    *memory->flushes_end = added;
    memory->flushes_end = &added->next;
    memory->last = flush->number;

    struct flush_reader reader = {.bytes = flush->bytes};
    struct flush_entry entry;
    while (flush_next(&reader, &entry))
        memory_budget_met(&memory->budget, entry.incarnation);
    return STORE_OK;
}

static enum store_result
flushes(struct store *store, store_flush_visitor *visitor, void *context, uint64_t *last)
{
    const struct store_memory *memory = memory_of(store);
    *last = memory->released;
    for (const struct flush *flush = memory->flushes; flush != NULL; flush = flush->next) {
        struct store_flush view = {.number = flush->number, .bytes = {flush->bytes, flush->length}};
        *last = flush->number;
        if (!visitor(context, &view))
            break;
    }
    return STORE_OK;
}

static enum store_result release(struct store *store, uint64_t number)
{
    struct store_memory *memory = memory_of(store);
    assert(number <= memory->last);
    while (memory->flushes != NULL && memory->flushes->number <= number) {
        struct flush *flush = memory->flushes;
        memory->flushes = flush->next;
        memory_budget_give(&memory->budget, sizeof *flush + flush->length);
        free(flush);
    }
    if (memory->flushes == NULL)
        memory->flushes_end = &memory->flushes;
    if (number > memory->released)
        memory->released = number;
    return STORE_OK;
}

/* There is no file to turn one's back on. */
static enum store_result renew_journal(struct store *store)
{
    (void)store;
    return STORE_OK;
}

/* --- Archive ------------------------------------------------------------------------------------ */

static enum store_result
seal(struct store *store, const struct store_sealed *sealed, size_t count, uint64_t wall_ms)
{
    return memory_rooms_seal(rooms_of(store), sealed, count, wall_ms);
}

static enum store_result set_aside(struct store *store,
                                   const struct store_sealed *sealed,
                                   struct bytes reason,
                                   uint64_t wall_ms)
{
    return memory_rooms_set_aside(rooms_of(store), sealed, reason, wall_ms);
}

static enum store_result
room(struct store *store, struct bytes name, store_room_visitor *visitor, void *context)
{
    return memory_rooms_room(rooms_of(store), name, visitor, context);
}

static enum store_result snapshot(struct store *store,
                                  struct bytes name,
                                  uint64_t tick,
                                  store_blob_visitor *visitor,
                                  void *context)
{
    return memory_rooms_snapshot(rooms_of(store), name, tick, visitor, context);
}

static enum store_result read(struct store *store,
                              struct bytes name,
                              uint64_t after,
                              store_blob_visitor *visitor,
                              void *context)
{
    return memory_rooms_read(rooms_of(store), name, after, visitor, context);
}

static enum store_result tracks(struct store *store,
                                struct bytes name,
                                uint64_t tick,
                                store_blob_visitor *visitor,
                                void *context)
{
    return memory_rooms_tracks(rooms_of(store), name, tick, visitor, context);
}

static enum store_result segments(struct store *store,
                                  struct bytes name,
                                  uint64_t after,
                                  store_segment_visitor *visitor,
                                  void *context)
{
    return memory_rooms_segments(rooms_of(store), name, after, visitor, context);
}

static enum store_result
recorded(struct store *store, struct bytes name, uint64_t after, uint64_t *bytes)
{
    return memory_rooms_recorded(rooms_of(store), name, after, bytes);
}

static enum store_result rooms(struct store *store, store_room_visitor *visitor, void *context)
{
    return memory_rooms_each(rooms_of(store), visitor, context);
}

static enum store_result quarantine(struct store *store, struct bytes name, struct bytes reason)
{
    return memory_rooms_quarantine(rooms_of(store), name, reason);
}

static enum store_result release_quarantine(struct store *store, struct bytes name)
{
    return memory_rooms_release(rooms_of(store), name);
}

static enum store_result remove_room(struct store *store, struct bytes name, uint64_t incarnation)
{
    memory_files_drop_room(files_of(store), name);
    memory_sessions_drop_room(sessions_of(store), name);
    return memory_rooms_remove(rooms_of(store), name, incarnation);
}

static enum store_result
retain(struct store *store, const struct store_retention *retention, uint64_t *freed)
{
    return memory_retain(rooms_of(store), sessions_of(store), retention, 0, freed);
}

static enum store_result reclaim(struct store *store, uint64_t bytes, uint64_t *freed)
{
    static const struct store_retention none;
    enum store_result result =
        memory_retain(rooms_of(store), sessions_of(store), &none, bytes, freed);
    return result == STORE_OK && *freed == 0 && bytes > 0 ? STORE_NOT_FOUND : result;
}

/* Memory does not rot, or nothing here could tell. */
static enum store_result
check(struct store *store, store_damage_visitor *visitor, store_progress *progress, void *context)
{
    (void)store;
    (void)visitor;
    if (progress != NULL)
        progress(context, 1, 1);
    return STORE_OK;
}

/* --- Scores -------------------------------------------------------------------------------------- */

static enum store_result
write_scores(struct store *store, const struct store_score *scores, size_t count)
{
    return memory_scores_write(&memory_of(store)->scores, scores, count);
}

static enum store_result scores(struct store *store, store_score_visitor *visitor, void *context)
{
    memory_scores_each(&memory_of(store)->scores, visitor, context);
    return STORE_OK;
}

/* --- Sessions ------------------------------------------------------------------------------------ */

static enum store_result
session_put(struct store *store, const struct store_session *sessions, size_t count)
{
    return memory_sessions_put(sessions_of(store), sessions, count);
}

static enum store_result session_entitle(struct store *store, uint64_t id, struct bytes title)
{
    return memory_sessions_entitle(sessions_of(store), id, title);
}

static enum store_result session_pin(struct store *store, uint64_t id, bool pinned)
{
    return memory_sessions_pin(sessions_of(store), id, pinned);
}

static enum store_result session_remove(struct store *store, uint64_t id)
{
    return memory_sessions_remove(sessions_of(store), id);
}

static enum store_result
session_list(struct store *store, struct bytes room, store_session_visitor *visitor, void *context)
{
    memory_sessions_each(sessions_of(store), rooms_of(store), room, visitor, context);
    return STORE_OK;
}

static enum store_result mark(struct store *store, const struct store_marker *marker)
{
    return memory_mark(sessions_of(store), marker);
}

static enum store_result unmark(struct store *store, const struct store_marker *marker)
{
    return memory_unmark(sessions_of(store), marker);
}

static enum store_result
markers(struct store *store, struct bytes room, store_marker_visitor *visitor, void *context)
{
    memory_markers_each(sessions_of(store), room, visitor, context);
    return STORE_OK;
}

static const struct store_sessions session_functions = {
    .put = session_put,
    .entitle = session_entitle,
    .pin = session_pin,
    .remove = session_remove,
    .list = session_list,
    .mark = mark,
    .unmark = unmark,
    .markers = markers,
};

/* --- Files --------------------------------------------------------------------------------------- */

static enum store_result
file_begin(struct store *store, struct bytes room, uint64_t bytes, uint64_t *upload)
{
    return memory_files_begin(files_of(store), room, bytes, upload);
}

static enum store_result file_write(struct store *store, uint64_t upload, struct bytes bytes)
{
    return memory_files_write(files_of(store), upload, bytes);
}

static enum store_result
file_end(struct store *store, uint64_t upload, const struct store_file *file, bool *added)
{
    return memory_files_end(files_of(store), upload, file, added);
}

static enum store_result file_put(struct store *store,
                                  struct bytes room,
                                  struct bytes bytes,
                                  const struct store_file *file,
                                  bool *added)
{
    return memory_files_put(files_of(store), room, bytes, file, added);
}

static enum store_result file_drop(struct store *store, uint64_t upload)
{
    return memory_files_drop(files_of(store), upload);
}

static enum store_result
file_find(struct store *store, struct bytes room, const uint8_t *hash, struct store_file *file)
{
    return memory_files_find(files_of(store), room, hash, file);
}

static enum store_result file_read(struct store *store,
                                   struct bytes room,
                                   const uint8_t *hash,
                                   uint64_t part,
                                   store_part_visitor *visitor,
                                   void *context)
{
    return memory_files_read(files_of(store), room, hash, part, visitor, context);
}

static enum store_result
file_list(struct store *store, struct bytes room, store_file_visitor *visitor, void *context)
{
    return memory_files_list(files_of(store), room, visitor, context);
}

static enum store_result file_held(struct store *store, struct bytes room, struct store_held *held)
{
    memory_files_held(files_of(store), room, held);
    return STORE_OK;
}

static enum store_result
file_use(struct store *store, struct bytes room, const struct store_use *uses, size_t count)
{
    return memory_files_use(files_of(store), room, uses, count);
}

static enum store_result file_remove(struct store *store, struct bytes room, const uint8_t *hash)
{
    return memory_files_remove(files_of(store), room, hash);
}

static enum store_result file_stalest(struct store *store, struct store_file *file)
{
    return memory_files_stalest(files_of(store), file);
}

static const struct store_files file_functions = {
    .begin = file_begin,
    .write = file_write,
    .end = file_end,
    .put = file_put,
    .drop = file_drop,
    .find = file_find,
    .read = file_read,
    .list = file_list,
    .held = file_held,
    .use = file_use,
    .remove = file_remove,
    .stalest = file_stalest,
};

/* --- Both --------------------------------------------------------------------------------------- */

static uint64_t incarnation(struct store *store)
{
    return atomic_load(&memory_of(store)->budget.incarnation);
}

static const char *place(const struct store *store)
{
    (void)store;
    return store_place();
}

static void close_store(struct store *store)
{
    struct store_memory *memory = memory_of(store);
    if (memory->last > 0) {
        enum store_result released = release(store, memory->last);
        (void)released;
    }
    memory_rooms_free(&memory->rooms);
    memory_files_free(&memory->files);
    memory_scores_free(&memory->scores);
    memory_sessions_free(&memory->sessions);
    free(memory);
}

struct store *store_memory_create(uint64_t bytes_max)
{
    struct store_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL)
        return NULL;
    memory->budget.bytes_max = bytes_max;
    memory->rooms.budget = &memory->budget;
    memory->files.budget = &memory->budget;
    memory->scores.budget = &memory->budget;
    memory->sessions.budget = &memory->budget;
    memory->flushes_end = &memory->flushes;
    memory->store = (struct store){
        .claim = claim,
        .renew = renew,
        .append = append,
        .flushes = flushes,
        .release = release,
        .renew_journal = renew_journal,
        .seal = seal,
        .set_aside = set_aside,
        .room = room,
        .snapshot = snapshot,
        .read = read,
        .tracks = tracks,
        .segments = segments,
        .recorded = recorded,
        .rooms = rooms,
        .quarantine = quarantine,
        .release_quarantine = release_quarantine,
        .remove = remove_room,
        .retain = retain,
        .reclaim = reclaim,
        .check = check,
        .write_scores = write_scores,
        .scores = scores,
        .files = &file_functions,
        .sessions = &session_functions,
        .incarnation = incarnation,
        .place = place,
        .close = close_store,
    };
    return &memory->store;
}
