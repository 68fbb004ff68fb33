/* rules_again.c - rules that run again over the log of a room, so that another one begins as that was. What
 * they run over may come from outside, and whatever it makes them do takes no longer than a room's tick may:
 * then the room begins with the memory that was written down. The archivist's. */
#include "server/guard.h"
#include "server/storage_parts.h"

#include <time.h>

/* While other rooms wait for the archive: so many ticks, some minutes of a room, and so long together. */
#define TICKS_MAX  20000u
#define CPU_MAX_NS UINT64_C(1000000000)

uint64_t rules_again_from(const struct rules *rules, uint64_t tick, bool stood_still)
{
    uint64_t ticks = 2 * (uint64_t)rules->memory_ticks;
    if (stood_still || ticks == 0 || ticks > TICKS_MAX)
        ticks = TICKS_MAX;
    return ticks < tick ? tick - ticks : 0;
}

/* A guard is its thread's, so the archivist's is made by itself. */
bool rules_again_begin(struct storage *storage, struct bytes room, struct rules_again *again)
{
    int folder = storage->options.folder;
    if (storage->guard == NULL)
        storage->guard = guard_create(folder > 0 ? folder : -1);
    *again = (struct rules_again){.guard = storage->guard, .room = room};
    return storage->guard != NULL;
}

static uint64_t cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

enum rerun_end rules_again_tick(void *context, struct room *room)
{
    struct rules_again *again = context;
    struct guard_account account = {0};
    if (again->spent_ns > CPU_MAX_NS)
        return RERUN_OVER;
    uint64_t from_ns = cpu_ns();
    enum guard_end end = guard_tick(again->guard, &account, again->room, room);
    again->spent_ns += cpu_ns() - from_ns;
    return end == GUARD_STUCK ? RERUN_STUCK : RERUN_WELL;
}

void rules_again_free(struct storage *storage)
{
    guard_destroy(storage->guard);
}
