/* recordings.c - how fast a moment of a recording is there, and whether it is what the live room was.
 *
 *   tutti record --kind board --moments moments.txt DATA ROOM
 *   bench_recordings seek DATA ROOM moments.txt
 *   bench_recordings origin DATA ROOM moments.txt
 *
 * Goes to each of the moments in the file, in an order of no meaning, as a server's storage does for whoever
 * seeks (`seek`), or wants to go on from there (`origin`: how many are exact, with the rules' memory as it was
 * then). Compares each with what the recorder noted of the live room. Prints one line of JSON: how many came out
 * equal, and the milliseconds that it took by the clock and of the processor, of which half and 99 of 100 took no more.
 * The exit status is 1 where one is not equal.
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
    struct bytes room;
    bool goes_on;
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

/* The moment, as the storage answers for it; the caller's. */
static struct moment *ask(struct bench *bench, const struct noted *noted)
{
    struct storage *storage = bench->storage;
    struct storage_event event = {0};
    struct job *job =
        bench->goes_on
            ? storage_origin(storage, bench->room, noted->incarnation, noted->tick, NULL)
            : storage_moment(storage, bench->room, noted->incarnation, noted->tick, NULL);
    must(job != NULL, "no memory");
    storage_work(storage);
    while (storage_next(storage, &event) && event.kind != STORAGE_MOMENT)
        continue;
    must(event.kind == STORAGE_MOMENT && event.moment->result == MOMENT_DONE,
         "a moment is not there");
    return event.moment;
}

static void look(struct bench *bench, uint32_t index)
{
    const struct noted *noted = &bench->noted[index];
    double wall = ms_of(CLOCK_MONOTONIC), cpu = ms_of(CLOCK_PROCESS_CPUTIME_ID);
    struct moment *moment = ask(bench, noted);
    bench->wall_ms[index] = ms_of(CLOCK_MONOTONIC) - wall;
    bench->cpu_ms[index] = ms_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    const struct room *room = replay_room(&moment->replay);
    bool equal = room_hash_seen(room) == noted->seen &&
                 (!moment->exact || room_hash_kept(room) == noted->kept);
    if (!equal)
        fprintf(stderr, "bench_recordings: tick %" PRIu64 " is not what it was\n", noted->tick);
    bench->equal += equal ? 1 : 0;
    bench->exact += moment->exact ? 1 : 0;
    moment_free(moment);
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

int main(int argc, char **argv)
{
    static struct bench bench;
    bool known = argc == 5 && (strcmp(argv[1], "seek") == 0 || strcmp(argv[1], "origin") == 0);
    must(known, "usage: bench_recordings seek|origin DATA ROOM MOMENTS");
    bench.goes_on = strcmp(argv[1], "origin") == 0;
    bench.room = bytes_of(argv[3]);
    read_moments(&bench, argv[4]);
    bench.storage = open_storage(argv[2]);
    /* By strides that have no divisor in common with their number: back and forth. */
    uint32_t stride = 77;
    while (bench.count % stride == 0)
        stride++;
    for (uint32_t i = 0; i < bench.count; i++)
        look(&bench, (uint32_t)((uint64_t)i * stride % bench.count));
    storage_stop(bench.storage);
    storage_destroy(bench.storage);
    printf("{\"moments\":%u,\"equal\":%u,", bench.count, bench.equal);
    if (bench.goes_on)
        printf("\"exact\":%u,", bench.exact);
    print_share("wall", bench.wall_ms, bench.count, ",");
    print_share("cpu", bench.cpu_ms, bench.count, "}\n");
    return bench.equal == bench.count ? EXIT_SUCCESS : EXIT_FAILURE;
}
