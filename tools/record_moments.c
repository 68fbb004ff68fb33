#include "tools/record_moments.h"

#include <inttypes.h>

#include "sync/hash.h"
#include "sync/inputs.h"

uint64_t room_hash_seen(const struct room *room)
{
    return room_hash(room, SEAT_NONE) - room_memory_hash(room);
}

bool moments_open(struct moments *moments, const char *path, uint64_t count, uint64_t seed)
{
    *moments = (struct moments){.file = fopen(path, "w"),
                                .random = seed,
                                .left = count,
                                .wanted = count < RECORD_MOMENTS ? count : RECORD_MOMENTS};
    return moments->file != NULL;
}

/* Knuth's selection sampling. */
void moments_note(struct moments *moments, const struct room *room)
{
    if (moments->file == NULL || moments->left == 0)
        return;
    moments->random = moments->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    uint64_t at = (moments->random >> 32) * moments->left >> 32;
    moments->left--;
    if (at >= moments->wanted)
        return;
    moments->wanted--;
    fprintf(moments->file, "%" PRIu64 " %" PRIu64 " %016" PRIx64 " %016" PRIx64 "\n",
            room_tick_number(room), room_incarnation(room), room_hash_seen(room),
            room_hash_kept(room));
}

bool moments_close(struct moments *moments)
{
    if (moments->file == NULL)
        return true;
    bool written = ferror(moments->file) == 0 && moments->wanted == 0;
    return fclose(moments->file) == 0 && written;
}
