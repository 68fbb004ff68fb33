/* storage_life.h - a storage over a store that fails as told, life after life, and one room in it.
 *
 *   tcase_add_checked_fixture(tcase, life_setup, life_teardown);
 *   lobby_make(5);  lobby_write(1, 10);  lobby_expect(false);      a room that comes back as it was
 *   life_crash();  life_next();  lobby_expect(false);              what the journal tells
 *   life_end(true);  life_next();  lobby_expect(false);            what the archive tells
 *
 * The store outlives its storages, as a disk does. With threads a test waits for what it expects, and
 * its own time is the bound.
 */
#ifndef TESTS_STORAGE_LIFE_H
#define TESTS_STORAGE_LIFE_H

#include "server/storage.h"
#include "tests/faulty_store.h"
#include "tests/scratch.h"

struct life {
    struct scratch scratch;
    struct faulty_store faulty;
    struct storage_options options;
    struct storage *storage;
    struct room *room; /* the lobby as it is to come back; NULL before lobby_make() */
    uint64_t now_us;
    bool saw_trouble, saw_well; /* events that passed while another was awaited */
    unsigned lost;              /* how often STORAGE_LOST was told */
};
extern struct life life;

void life_setup(void); /* over a store in memory, without threads */
void life_setup_threads(void);
void life_teardown(void);

/* From the beginning, over another store. Bit 0: threads; bit 1: a store of files. */
void life_again(int which);

void life_next(void);
void life_end(bool saved);
void life_crash(void); /* what was not sealed stays in the journal */

struct storage_event await_event(enum storage_event_kind kind);

/* Into the open flush; and that on its way. */
void log_entry(struct bytes name, uint64_t incarnation, uint64_t tick, struct bytes bytes);
void hand_over(void);

/* --- A room ------------------------------------------------------------------------------------- */

extern const struct bytes lobby; /* its name */

void lobby_make(uint64_t incarnation);
void lobby_flush(void); /* what it did since */

/* A record of so many letters more, by a member who comes and goes. */
void lobby_write(unsigned number, unsigned letters);
void lobby_sleeps(void);
void lobby_remove(void);

struct storage_event lobby_load(void);

/* The room that comes back is the one that went. */
void lobby_expect(bool clean);

#endif
