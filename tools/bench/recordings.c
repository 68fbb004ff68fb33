/* recordings.c - how fast a moment of a recording is there, and whether it is what the live room was.
 *
 *   tutti record --kind board --moments moments.txt DATA ROOM
 *   bench_recordings seek DATA ROOM moments.txt
 *   bench_recordings origin DATA ROOM moments.txt
 *   bench_recordings forks DATA PREFIX moments.txt
 *   bench_recordings pin DATA ROOM FIRST-LAST
 *
 * Goes to each of the moments in the file, in an order of no meaning, as a server's storage does for whoever
 * seeks (`seek`), or wants to go on from there (`origin`: how many are exact, with the rules' memory as it was
 * then). Or loads rooms that were forked there, each by the name of the prefix and its tick (`forks`). Compares each with what the recorder noted of the live room. Prints one line of JSON: how many came out
 * equal, and the milliseconds that it took by the clock and of the processor, of which half and 99 of 100 took no more.
 * The exit status is 1 where one is not equal. Or makes a session of these ticks, which is pinned (`pin`).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "persistence/store_sqlite.h"
#include "server/storage.h"
#include "sync/hash.h"
#include "sync/kinds.h"
#include "tools/record_moments.h"

struct noted {
    uint64_t tick, incarnation, seen, kept;
};

struct bench {
    struct storage *storage;
    const char *room;
    const char *what;
    uint32_t count, equal, exact;
    struct noted noted[RECORD_MOMENTS];
    double wall_ms[RECORD_MOMENTS], cpu_ms[RECORD_MOMENTS];
};

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "bench_recordings: %s\n", what);
    exit(EXIT_FAILURE);
}

static double ms_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void read_moments(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "r");
    struct noted noted;
    must(file != NULL, "the moments are not to be read");
    while (bench->count < RECORD_MOMENTS &&
           fscanf(file, "%" SCNu64 " %" SCNu64 " %" SCNx64 " %" SCNx64, &noted.tick,
                  &noted.incarnation, &noted.seen, &noted.kept) == 4)
        bench->noted[bench->count++] = noted;
    fclose(file);
    must(bench->count > 0, "there are no moments");
}

static struct storage *open_storage(const char *folder)
{
    struct store *store;
    char error[STORAGE_ERROR_MAX] = "";
    struct store_sqlite_options files = {.folder = folder};
    enum store_result result = store_sqlite_open(&files, &store, error);
    must(result == STORE_OK, error);
    struct storage_options options = {
        .store = store, .rooms = {.saves = true}, .kinds = &kinds_built_in, .seed = 1};
    struct storage *storage = storage_create(&options, error);
    must(storage != NULL, error);
    return storage;
}

/* What the storage answers to what it was asked for. */
static struct storage_event answer(struct bench *bench, struct job *job)
{
    struct storage_event event = {0};
    must(job != NULL, "no memory");
    storage_work(bench->storage);
    while (storage_next(bench->storage, &event) && event.kind != STORAGE_MOMENT &&
           event.kind != STORAGE_LOADED)
        continue;
    return event;
}

static bool moment_is_equal(struct bench *bench, const struct noted *noted, struct moment *moment)
{
    must(moment != NULL && moment->result == MOMENT_DONE, "a moment is not there");
    const struct room *room = replay_room(&moment->replay);
    bool equal = room_hash_seen(room) == noted->seen &&
                 (!moment->exact || room_hash_kept(room) == noted->kept);
    bench->exact += moment->exact ? 1 : 0;
    moment_free(moment);
    return equal;
}

static bool fork_is_equal(const struct noted *noted, const struct storage_event *event)
{
    must(event->kind == STORAGE_LOADED && event->result == LOAD_DONE, "a fork is not there");
    bool equal = room_hash_kept(event->room) == noted->kept;
    room_destroy(event->room);
    return equal;
}

static bool look(struct bench *bench, uint32_t index)
{
    const struct noted *noted = &bench->noted[index];
    struct storage *storage = bench->storage;
    char name[ROOM_NAME_MAX + 1];
    bool forks = strcmp(bench->what, "forks") == 0, goes_on = strcmp(bench->what, "origin") == 0;
    snprintf(name, sizeof name, "%.40s%" PRIu64, bench->room, noted->tick);
    struct bytes room = bytes_of(forks ? name : bench->room);
    double wall = ms_of(CLOCK_MONOTONIC), cpu = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    struct job *job = forks ? storage_load(storage, room, NULL)
                      : goes_on
                          ? storage_origin(storage, room, noted->incarnation, noted->tick, NULL)
                          : storage_moment(storage, room, noted->incarnation, noted->tick, NULL);
    struct storage_event event = answer(bench, job);
    bench->wall_ms[index] = ms_of(CLOCK_MONOTONIC) - wall;
    bench->cpu_ms[index] = ms_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    bool equal = forks ? fork_is_equal(noted, &event) : moment_is_equal(bench, noted, event.moment);
    if (!equal)
        fprintf(stderr, "bench_recordings: tick %" PRIu64 " is not what it was\n", noted->tick);
    return equal;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_share(const char *what, double *values, uint32_t count, const char *behind)
{
    qsort(values, count, sizeof *values, compare);
    printf("\"%s_p50_ms\":%.2f,\"%s_p99_ms\":%.2f,\"%s_most_ms\":%.2f%s", what, values[count / 2],
           what, values[(uint32_t)(count * UINT64_C(99) / 100)], what, values[count - 1], behind);
}

static bool is_known(const char *what)
{
    return strcmp(what, "seek") == 0 || strcmp(what, "origin") == 0 || strcmp(what, "forks") == 0;
}

static bool is_found(void *context, const struct store_room *room)
{
    static uint8_t kind[NAME_BYTES_MAX];
    struct store_session *session = context;
    memcpy(kind, room->kind.data, room->kind.length);
    session->kind = (struct bytes){kind, room->kind.length};
    session->incarnation = room->incarnation;
    return false;
}

static int pin(const char *data, const char *room, const char *ticks)
{
    char error[STORE_SQLITE_ERROR_MAX];
    struct store *store;
    struct store_session session = {.id = 1, .room = bytes_of(room), .title = bytes_of("pinned")};
    must(sscanf(ticks, "%" SCNu64 "-%" SCNu64, &session.first, &session.last) == 2, "no ticks");
    struct store_sqlite_options files = {.folder = data, .sync = true};
    must(store_sqlite_open(&files, &store, error) == STORE_OK, error);
    must(store->room(store, session.room, is_found, &session) == STORE_OK &&
             store->sessions->put(store, &session, 1) == STORE_OK &&
             store->sessions->pin(store, session.id, true) == STORE_OK,
         "it cannot be pinned");
    store->close(store);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (argc == 5 && strcmp(argv[1], "pin") == 0)
        return pin(argv[2], argv[3], argv[4]);
    must(argc == 5 && is_known(argv[1]),
         "usage: bench_recordings seek|origin|forks DATA ROOM MOMENTS, pin DATA ROOM FIRST-LAST");
    bench.what = argv[1];
    bench.room = argv[3];
    read_moments(&bench, argv[4]);
    bench.storage = open_storage(argv[2]);
    /* By strides that have no divisor in common with their number: back and forth. */
    uint32_t stride = 77;
    while (bench.count % stride == 0)
        stride++;
    for (uint32_t i = 0; i < bench.count; i++)
        bench.equal += look(&bench, (uint32_t)((uint64_t)i * stride % bench.count)) ? 1 : 0;
    storage_stop(bench.storage);
    storage_destroy(bench.storage);
    printf("{\"moments\":%u,\"equal\":%u,", bench.count, bench.equal);
    if (strcmp(bench.what, "origin") == 0)
        printf("\"exact\":%u,", bench.exact);
    print_share("wall", bench.wall_ms, bench.count, ",");
    print_share("cpu", bench.cpu_ms, bench.count, "}\n");
    return bench.equal == bench.count ? EXIT_SUCCESS : EXIT_FAILURE;
}
