#include "persistence/sqlite_log.h"

#include "persistence/store_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_BYTES       32u
#define FRAME_HEADER_BYTES 24u
#define PAGE_BYTES         4096u
#define FRAME_BYTES        (FRAME_HEADER_BYTES + PAGE_BYTES)
#define WAL_PATH_MAX       1100u

/* A terabyte: a damaged number beyond it makes no such file. */
#define PAGES_MAX (1u << 28)

/* Its lowest bit tells the byte order of the checksums. */
#define MAGIC 0x377f0682u

struct log {
    int fd;
    bool big_endian;
    uint32_t sum[2]; /* over all that checked so far */
    uint8_t salts[8];
    uint64_t frames; /* that checked */
    uint64_t commits_behind;
    uint8_t frame[FRAME_BYTES];
};

static uint32_t big_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t word(const struct log *log, const uint8_t *at)
{
    if (log->big_endian)
        return big_32(at);
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static void add(const struct log *log, uint32_t sum[2], const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length; at += 8) {
        sum[0] += word(log, bytes + at) + sum[1];
        sum[1] += word(log, bytes + at + 4) + sum[0];
    }
}

static bool sums_stand(const uint32_t sum[2], const uint8_t *at)
{
    return big_32(at) == sum[0] && big_32(at + 4) == sum[1];
}

static bool read_header(struct log *log)
{
    uint8_t header[HEADER_BYTES];
    if (read(log->fd, header, sizeof header) != (ssize_t)sizeof header)
        return false;
    uint32_t magic = big_32(header);
    log->big_endian = (magic & 1) != 0;
    memcpy(log->salts, header + 16, sizeof log->salts);
    add(log, log->sum, header, 24);
    return (magic & ~1u) == MAGIC && big_32(header + 8) == PAGE_BYTES &&
           sums_stand(log->sum, header + 24);
}

static bool next_frame(struct log *log)
{
    return read(log->fd, log->frame, sizeof log->frame) == (ssize_t)sizeof log->frame;
}

/* Frames of an earlier round through the file have other salts. */
static bool is_of_this_round(const struct log *log)
{
    return memcmp(log->frame + 8, log->salts, sizeof log->salts) == 0;
}

static bool frame_checks(struct log *log)
{
    uint32_t sum[2] = {log->sum[0], log->sum[1]};
    add(log, sum, log->frame, 8);
    add(log, sum, log->frame + FRAME_HEADER_BYTES, PAGE_BYTES);
    if (!is_of_this_round(log) || !sums_stand(sum, log->frame + 16))
        return false;
    memcpy(log->sum, sum, sizeof sum);
    return true;
}

static bool is_commit(const struct log *log)
{
    return big_32(log->frame + 4) != 0;
}

/* False when what follows the frames that check cannot be a commit that was cut short. */
static bool is_sound(struct log *log)
{
    /* The header is synced before the first frame is written. */
    if (!read_header(log))
        return !next_frame(log);
    bool more = true;
    while ((more = next_frame(log)) && frame_checks(log))
        log->frames++;
    if (more && is_of_this_round(log) && is_commit(log))
        log->commits_behind++;
    while (more && (more = next_frame(log)))
        if (is_of_this_round(log) && is_commit(log))
            log->commits_behind++;
    return log->commits_behind < 2;
}

/* NULL without memory; fd is -1 where there is no log. */
static struct log *open_log(const char *path)
{
    char wal[WAL_PATH_MAX];
    snprintf(wal, sizeof wal, "%s-wal", path);
    struct log *log = calloc(1, sizeof *log);
    if (log != NULL)
        log->fd = open(wal, O_RDONLY | O_CLOEXEC);
    return log;
}

static void close_log(struct log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    free(log);
}

enum store_result sqlite_log_check(const char *path, const char *name)
{
    struct log *log = open_log(path);
    if (log == NULL)
        return STORE_MEMORY;
    bool sound = log->fd < 0 || is_sound(log);
    if (!sound)
        store_place_set("%s-wal: frame %llu: checksum", name, (unsigned long long)log->frames + 1);
    close_log(log);
    return sound ? STORE_OK : STORE_DAMAGED;
}

/* --- Applying ----------------------------------------------------------------------------------- */

static bool rewind_to_frames(const struct log *log)
{
    return lseek(log->fd, HEADER_BYTES, SEEK_SET) == (off_t)HEADER_BYTES;
}

/* Frames up to the last commit of this round; where the header cannot tell which round it is, the
 * first frame does. */
static uint64_t frames_to_apply(struct log *log)
{
    bool header_stands = read_header(log);
    uint64_t frames = 0, committed = 0;
    if (!rewind_to_frames(log))
        return 0;
    while (next_frame(log)) {
        if (frames == 0 && !header_stands)
            memcpy(log->salts, log->frame + 8, sizeof log->salts);
        frames++;
        if (is_of_this_round(log) && is_commit(log))
            committed = frames;
    }
    return committed;
}

static bool apply_frame(const struct log *log, int fd)
{
    uint32_t page = big_32(log->frame);
    if (!is_of_this_round(log) || page == 0 || page > PAGES_MAX)
        return true;
    off_t at = (off_t)(page - 1) * (off_t)PAGE_BYTES;
    return pwrite(fd, log->frame + FRAME_HEADER_BYTES, PAGE_BYTES, at) == (ssize_t)PAGE_BYTES;
}

static bool apply(struct log *log, int fd)
{
    uint64_t frames = frames_to_apply(log);
    bool applied = frames == 0 || rewind_to_frames(log);
    for (uint64_t i = 0; i < frames && applied && next_frame(log); i++)
        applied = apply_frame(log, fd);
    return applied;
}

enum store_result sqlite_log_apply(const char *path, int fd)
{
    struct log *log = open_log(path);
    if (log == NULL)
        return STORE_MEMORY;
    bool applied = log->fd < 0 || apply(log, fd);
    enum store_result result = applied ? STORE_OK : errno == ENOSPC ? STORE_FULL : STORE_FAILED;
    if (!applied)
        store_place_set("%s-wal: %s", path, strerror(errno));
    close_log(log);
    return result;
}
