/* store_record.c - `tutti record`: a session as people would make it, at many times its speed, in a data
 * folder: the engine, the storage and the archive of a server, without its clock and its sockets. */
#include "server/storage.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/folder.h"
#include "persistence/store_sqlite.h"
#include "sync/kinds.h"
#include "tools/commands.h"
#include "tools/people.h"
#include "tools/store_text.h"

#define MINUTES_MAX (60u * 24 * 7)

/* Saturday the 3rd of January 2026, 12:00 UTC. */
#define BEGINS_MS UINT64_C(1767441600000)

/* Ticks come so much late at most. */
#define LATE_US 900u

/* A hash of what is kept once in so many bytes of the log, as a server writes it. */
#define HASH_LOG_BYTES (64u << 10)

#define GRACE_S 15u

static const char usage[] =
    "usage: tutti record --kind KIND [--people N] [--minutes M] [--seed S] DATA ROOM\n"
    "\n"
    "Makes a session in a new room of a data folder that no server uses: people who race, work on a\n"
    "board or point at a page, as fast as the machine can. The same options make the same session.\n"
    "\n"
    "  --kind KIND   race, board or cursors\n"
    "  --people N    how many (default 10; in a race bots take the places that are left)\n"
    "  --minutes M   how long it lasts (default 60)\n"
    "  --seed S      another session (default 1)\n";

struct record_options {
    const struct rules *rules;
    uint32_t people;
    uint32_t minutes;
    uint64_t seed;
    const char *data, *room;
};

/* What one hour took. */
struct hour {
    uint64_t entries, bytes;
};

struct recording {
    const struct record_options *options;
    struct folder folder;
    struct storage *storage;
    struct room *room;
    struct people *people;
    uint64_t begun_us;    /* the room's first tick, by the virtual clock */
    uint64_t since_hash;  /* bytes */
    uint64_t late_random; /* by how much ticks come late */
    uint8_t *entry;
    size_t entry_capacity;
    struct hour hours[MINUTES_MAX / 60 + 1];
    const char *trouble; /* NULL: all is well */
};

/* The storage asks for the time without saying whose. */
static uint64_t virtual_us;

static uint64_t clock_ms(void)
{
    return virtual_us / 1000;
}

static uint64_t wall_ms(void)
{
    return BEGINS_MS + virtual_us / 1000;
}
