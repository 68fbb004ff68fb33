#include "tests/faulty_store.h"

#include <check.h>

static struct faulty_store *faulty_of(struct store *store)
{
    return (struct faulty_store *)store;
}

/* Counts the call and waits while it stands still: true when it fails, with *result. */
static bool fails(struct store *store, enum store_call call, enum store_result *result)
{
    struct faulty_store *faulty = faulty_of(store);
    pthread_mutex_lock(&faulty->mutex);
    faulty->calls[call]++;
    pthread_cond_broadcast(&faulty->changed);
    while (faulty->stalls[call])
        pthread_cond_wait(&faulty->changed, &faulty->mutex);
    bool fails = faulty->fails[call] > 0;
    if (fails && faulty->fails[call] != FAULTY_FOR_EVER)
        faulty->fails[call]--;
    *result = faulty->result[call];
    pthread_mutex_unlock(&faulty->mutex);
    return fails;
}

/* --- Calls --------------------------------------------------------------------------------------- */

static enum store_result claim(struct store *store, uint64_t *fence)
{
    struct store *under = faulty_of(store)->under;
    return under->claim(under, fence);
}

static enum store_result renew(struct store *store, uint64_t fence)
{
    struct store *under = faulty_of(store)->under;
    return under->renew(under, fence);
}

static enum store_result
append(struct store *store, uint64_t fence, const struct store_flush *flush)
{
    struct faulty_store *faulty = faulty_of(store);
    enum store_result result;
    pthread_mutex_lock(&faulty->mutex);
    ck_assert_uint_lt(faulty->appended_count, FAULTY_APPENDS_MAX);
    faulty->appended[faulty->appended_count++] = flush->number;
    pthread_mutex_unlock(&faulty->mutex);
    bool failed = fails(store, CALL_APPEND, &result);
    if (failed && !faulty->done_all_the_same)
        return result;
    enum store_result done = faulty->under->append(faulty->under, fence, flush);
    return failed ? result : done;
}

static enum store_result
flushes(struct store *store, store_flush_visitor *visitor, void *context, uint64_t *last)
{
    struct store *under = faulty_of(store)->under;
    return under->flushes(under, visitor, context, last);
}

static enum store_result release(struct store *store, uint64_t number)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_RELEASE, &result) ? result : under->release(under, number);
}

static enum store_result renew_journal(struct store *store)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_RENEW_JOURNAL, &result) ? result : under->renew_journal(under);
}

static enum store_result
seal(struct store *store, const struct store_sealed *sealed, size_t count, uint64_t wall_ms)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SEAL, &result) ? result : under->seal(under, sealed, count, wall_ms);
}

static enum store_result set_aside(struct store *store,
                                   const struct store_sealed *sealed,
                                   struct bytes reason,
                                   uint64_t wall_ms)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SET_ASIDE, &result) ? result
                                                 : under->set_aside(under, sealed, reason, wall_ms);
}

static enum store_result
room(struct store *store, struct bytes name, store_room_visitor *visitor, void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_ROOM, &result) ? result : under->room(under, name, visitor, context);
}

static enum store_result snapshot(struct store *store,
                                  struct bytes name,
                                  uint64_t tick,
                                  store_blob_visitor *visitor,
                                  void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SNAPSHOT, &result)
               ? result
               : under->snapshot(under, name, tick, visitor, context);
}

static enum store_result read(struct store *store,
                              struct bytes name,
                              uint64_t after,
                              store_blob_visitor *visitor,
                              void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_READ, &result) ? result
                                            : under->read(under, name, after, visitor, context);
}

static enum store_result tracks(struct store *store,
                                struct bytes name,
                                uint64_t tick,
                                store_blob_visitor *visitor,
                                void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_TRACKS, &result) ? result
                                              : under->tracks(under, name, tick, visitor, context);
}

static enum store_result segments(struct store *store,
                                  struct bytes name,
                                  uint64_t after,
                                  store_segment_visitor *visitor,
                                  void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SEGMENTS, &result)
               ? result
               : under->segments(under, name, after, visitor, context);
}

static enum store_result
recorded(struct store *store, struct bytes name, uint64_t after, uint64_t *bytes)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_RECORDED, &result) ? result
                                                : under->recorded(under, name, after, bytes);
}

static enum store_result rooms(struct store *store, store_room_visitor *visitor, void *context)
{
    struct store *under = faulty_of(store)->under;
    return under->rooms(under, visitor, context);
}

static enum store_result quarantine(struct store *store, struct bytes name, struct bytes reason)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_QUARANTINE, &result) ? result : under->quarantine(under, name, reason);
}

static enum store_result release_quarantine(struct store *store, struct bytes name)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_RELEASE_QUARANTINE, &result) ? result
                                                          : under->release_quarantine(under, name);
}

static enum store_result remove_room(struct store *store, struct bytes name, uint64_t incarnation)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_REMOVE, &result) ? result : under->remove(under, name, incarnation);
}

static enum store_result
write_scores(struct store *store, const struct store_score *scores, size_t count)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_WRITE_SCORES, &result) ? result
                                                    : under->write_scores(under, scores, count);
}

static enum store_result scores(struct store *store, store_score_visitor *visitor, void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SCORES, &result) ? result : under->scores(under, visitor, context);
}

static enum store_result
retain(struct store *store, const struct store_retention *retention, uint64_t *freed)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_RETAIN, &result) ? result : under->retain(under, retention, freed);
}

static enum store_result reclaim(struct store *store, uint64_t bytes, uint64_t *freed)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_RECLAIM, &result) ? result : under->reclaim(under, bytes, freed);
}

static enum store_result
check(struct store *store, store_damage_visitor *visitor, store_progress *progress, void *context)
{
    struct store *under = faulty_of(store)->under;
    return under->check(under, visitor, progress, context);
}

static enum store_result
file_begin(struct store *store, struct bytes room, uint64_t bytes, uint64_t *upload)
{
    struct store *under = faulty_of(store)->under;
    return under->files->begin(under, room, bytes, upload);
}

static enum store_result file_write(struct store *store, uint64_t upload, struct bytes bytes)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_FILE_WRITE, &result) ? result
                                                  : under->files->write(under, upload, bytes);
}

static enum store_result
file_end(struct store *store, uint64_t upload, const struct store_file *file, bool *added)
{
    struct store *under = faulty_of(store)->under;
    return under->files->end(under, upload, file, added);
}

static enum store_result file_put(struct store *store,
                                  struct bytes room,
                                  struct bytes bytes,
                                  const struct store_file *file,
                                  bool *added)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_FILE_WRITE, &result)
               ? result
               : under->files->put(under, room, bytes, file, added);
}

static enum store_result file_drop(struct store *store, uint64_t upload)
{
    struct store *under = faulty_of(store)->under;
    return under->files->drop(under, upload);
}

static enum store_result
file_find(struct store *store, struct bytes room, const uint8_t *hash, struct store_file *file)
{
    struct store *under = faulty_of(store)->under;
    return under->files->find(under, room, hash, file);
}

static enum store_result file_read(struct store *store,
                                   struct bytes room,
                                   const uint8_t *hash,
                                   uint64_t part,
                                   store_part_visitor *visitor,
                                   void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_FILE_READ, &result)
               ? result
               : under->files->read(under, room, hash, part, visitor, context);
}

static enum store_result
file_list(struct store *store, struct bytes room, store_file_visitor *visitor, void *context)
{
    struct store *under = faulty_of(store)->under;
    return under->files->list(under, room, visitor, context);
}

static enum store_result file_held(struct store *store, struct bytes room, struct store_held *held)
{
    struct store *under = faulty_of(store)->under;
    return under->files->held(under, room, held);
}

static enum store_result
file_use(struct store *store, struct bytes room, const struct store_use *uses, size_t count)
{
    struct store *under = faulty_of(store)->under;
    return under->files->use(under, room, uses, count);
}

static enum store_result file_remove(struct store *store, struct bytes room, const uint8_t *hash)
{
    struct store *under = faulty_of(store)->under;
    return under->files->remove(under, room, hash);
}

static enum store_result file_stalest(struct store *store, struct store_file *file)
{
    struct store *under = faulty_of(store)->under;
    return under->files->stalest(under, file);
}

static const struct store_files files = {
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

static enum store_result
session_put(struct store *store, const struct store_session *sessions, size_t count)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SESSION, &result) ? result
                                               : under->sessions->put(under, sessions, count);
}

static enum store_result session_entitle(struct store *store, uint64_t id, struct bytes title)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SESSION, &result) ? result
                                               : under->sessions->entitle(under, id, title);
}

static enum store_result session_pin(struct store *store, uint64_t id, bool pinned)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SESSION, &result) ? result : under->sessions->pin(under, id, pinned);
}

static enum store_result session_remove(struct store *store, uint64_t id)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SESSION, &result) ? result : under->sessions->remove(under, id);
}

static enum store_result
session_list(struct store *store, struct bytes room, store_session_visitor *visitor, void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SESSIONS, &result)
               ? result
               : under->sessions->list(under, room, visitor, context);
}

static enum store_result mark(struct store *store, const struct store_marker *marker)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_MARK, &result) ? result : under->sessions->mark(under, marker);
}

static enum store_result unmark(struct store *store, const struct store_marker *marker)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_MARK, &result) ? result : under->sessions->unmark(under, marker);
}

static enum store_result
markers(struct store *store, struct bytes room, store_marker_visitor *visitor, void *context)
{
    struct store *under = faulty_of(store)->under;
    enum store_result result;
    return fails(store, CALL_SESSIONS, &result)
               ? result
               : under->sessions->markers(under, room, visitor, context);
}

static const struct store_sessions sessions = {
    .put = session_put,
    .entitle = session_entitle,
    .pin = session_pin,
    .remove = session_remove,
    .list = session_list,
    .mark = mark,
    .unmark = unmark,
    .markers = markers,
};

static uint64_t incarnation(struct store *store)
{
    struct store *under = faulty_of(store)->under;
    return under->incarnation(under);
}

static const char *place(const struct store *store)
{
    (void)store;
    return "as the test wants it";
}

/* What is under it is for the next life. */
static void close_store(struct store *store)
{
    (void)store;
}

/* --- What the test says ----------------------------------------------------------------------------- */

struct store *faulty_store_init(struct faulty_store *faulty, struct store *under)
{
    *faulty = (struct faulty_store){.under = under};
    pthread_mutex_init(&faulty->mutex, NULL);
    pthread_cond_init(&faulty->changed, NULL);
    faulty->store = (struct store){
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
        .files = &files,
        .sessions = &sessions,
        .incarnation = incarnation,
        .place = place,
        .close = close_store,
    };
    return &faulty->store;
}

void faulty_store_free(struct faulty_store *faulty)
{
    faulty->under->close(faulty->under);
    pthread_cond_destroy(&faulty->changed);
    pthread_mutex_destroy(&faulty->mutex);
}

void faulty_store_fail(struct faulty_store *faulty,
                       enum store_call call,
                       enum store_result result,
                       uint32_t times)
{
    pthread_mutex_lock(&faulty->mutex);
    faulty->result[call] = result;
    faulty->fails[call] = times;
    pthread_mutex_unlock(&faulty->mutex);
}

void faulty_store_stall(struct faulty_store *faulty, enum store_call call, bool stalls)
{
    pthread_mutex_lock(&faulty->mutex);
    faulty->stalls[call] = stalls;
    pthread_cond_broadcast(&faulty->changed);
    pthread_mutex_unlock(&faulty->mutex);
}

uint32_t faulty_store_calls(struct faulty_store *faulty, enum store_call call)
{
    pthread_mutex_lock(&faulty->mutex);
    uint32_t calls = faulty->calls[call];
    pthread_mutex_unlock(&faulty->mutex);
    return calls;
}

void faulty_store_await(struct faulty_store *faulty, enum store_call call, uint32_t times)
{
    pthread_mutex_lock(&faulty->mutex);
    while (faulty->calls[call] < times)
        pthread_cond_wait(&faulty->changed, &faulty->mutex);
    pthread_mutex_unlock(&faulty->mutex);
}
