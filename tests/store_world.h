/* store_world.h - a server's lives with one store, and a memory of all that the store said is saved.
 *
 *   struct store_world world;
 *   store_world_init(&world, &(struct store_world_options){.folder = ..., .sync = true, .seed = 1});
 *   store_world_open(&world);
 *   store_world_append(&world); ... store_world_seal(&world); store_world_release(&world);
 *   store_world_close(&world);
 *   store_world_open(&world);  store_world_look(&world, &sight);   sight.lost is to be 0
 *
 * Flush after flush holds entries of some of WORLD_ROOMS rooms, all of one tick: 1, 2, 3 ... All
 * bytes follow from the seed, so that only numbers need remembering. A flush that was not
 * acknowledged and did not survive is made anew with other bytes, as a server would do it.
 */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include "persistence/store_sqlite.h"
#include "tests/helpers.h"

#define WORLD_ROOMS     5u
#define WORLD_TICKS_MAX 512u

struct store_world_options {
    const char *folder;
    const char *vfs; /* NULL: the default one */
    bool sync;
    bool large; /* flushes of many pages and snapshots of several parts are among them */
    uint64_t seed;
    void (*in_store)(bool begins); /* told when a call of the store begins and ends; or NULL */
};

struct store_world {
    struct store_world_options options;
    struct store *store; /* NULL while closed */
    uint64_t fence;
    uint64_t acknowledged;                /* ticks up to it are saved */
    uint64_t attempted;                   /* and those up to it may be */
    uint64_t released;                    /* of ticks up to it the journal need not tell */
    uint64_t last_number;                 /* of a flush that is in the journal, or was */
    uint64_t number[WORLD_TICKS_MAX + 1]; /* of each tick's flush */
    bool in_journal[WORLD_TICKS_MAX + 1]; /* it went, or was found, there */
    uint32_t salt[WORLD_TICKS_MAX + 1];   /* of its bytes */
    uint64_t sealed[WORLD_ROOMS];         /* ticks of the room up to it are in the archive */
    uint64_t retained[WORLD_ROOMS];       /* what lies up to it may be dropped */
    uint64_t snapshot[WORLD_ROOMS];       /* tick of the newest that is saved; 0 for none */
    uint64_t scored;                      /* the score that is saved; 0 for none */
    uint64_t told_to;                     /* end of the session that is saved; 0 for none */
    bool offered[WORLD_ROOMS][WORLD_TICKS_MAX + 1]; /* snapshots that may be saved */
    bool tracked[WORLD_ROOMS][WORLD_TICKS_MAX + 1]; /* presence that ends there is saved */

    /* What the last open told: why it failed, or what it set aside. */
    char error[STORE_SQLITE_ERROR_MAX];
};

/* What a look at an open store found. */
struct store_sight {
    uint64_t lost;   /* entries and snapshots that were acknowledged and are nowhere */
    uint64_t wrong;  /* bytes, ticks or numbers that nobody wrote */
    uint64_t holes;  /* ticks that are there while an earlier one is not */
    uint64_t errors; /* calls that ended neither with STORE_OK nor with STORE_NOT_FOUND */
    uint64_t last;   /* all ticks up to it are there, in the journal or the archive */
    uint64_t last_number;
    bool in_journal[WORLD_TICKS_MAX + 1];
    uint64_t last_snapshot[WORLD_ROOMS];
    uint64_t last_sealed[WORLD_ROOMS];
    uint64_t lost_of[WORLD_ROOMS];
    bool hurt[WORLD_ROOMS]; /* quarantined, or reading its archive ended with an error */
    bool journal_hurt;      /* walking the journal did */
    char first[256];        /* of all that is amiss, in words */
};

void store_world_init(struct store_world *world, const struct store_world_options *options);

enum store_result store_world_open(struct store_world *world); /* and claims */
void store_world_close(struct store_world *world);

/* The next flush; after a failure the same one again, with the same bytes. */
enum store_result store_world_append(struct store_world *world);

/* All that is acknowledged and not sealed, with a snapshot of one room, presence of one, a score, and how
 * far its session goes. */
enum store_result store_world_seal(struct store_world *world);
/* All goes that may, which is nothing of the room with the session: that is pinned. */
enum store_result store_world_retain(struct store_world *world);
enum store_result store_world_release(struct store_world *world); /* what every room has sealed */

/* A new journal, into which all that is not released goes once more. Only the last of it makes it
 * the truth. */
enum store_result store_world_renew(struct store_world *world);

/* Reads everything. */
void store_world_look(struct store_world *world, struct store_sight *sight);

/* After a life that ended badly: goes on from what is there. */
void store_world_adopt(struct store_world *world, const struct store_sight *sight);

struct bytes store_world_room(unsigned room); /* its name */

#endif
