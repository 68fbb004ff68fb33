/* bad_disk_server.h - the real server on a disk that is told to fail, and a crowd that writes meanwhile.
 *
 *   begin();
 *   bad_disk_fill(disk);
 *   expect(is_interrupted, "everyone is told that the disk is full");
 *   bad_disk_mend(disk);
 *   expect_recovery();
 *   end();
 */
#ifndef TESTS_DURABILITY_BAD_DISK_SERVER_H
#define TESTS_DURABILITY_BAD_DISK_SERVER_H

#include "tests/durability/bad_disk.h"
#include "tests/durability/crowd.h"
#include "tests/server_process.h"

#include <check.h>

#define CROWDED_ROOMS 3u

extern struct server_process server;
extern struct crowd crowd;
extern struct bad_disk *disk;

void begin(void);
void begin_with(const char *const *flags);
void end(void);

/* All becomes saved, and all of it is there once. */
void expect_whole(void);
/* Everyone is told that the disk is well, and it is. */
void expect_recovery(void);
/* Operations are decided, and none of them becomes saved. */
void expect_undurable_life(void);

bool health_has(const char *words); /* the body of /healthz */
uint64_t metric(const char *name);

/* --- What is waited for ------------------------------------------------------------------------- */

void expect(bool (*condition)(struct crowd *of), const char *what);
extern uint64_t wanted; /* how many, of those conditions that count */

/* What all authors were told last of saving. */
bool is_interrupted(struct crowd *of);
bool is_paused(struct crowd *of);
bool is_well(struct crowd *of);

bool is_decided(struct crowd *of);
bool drops_presence(struct crowd *of); /* asks by setting some */
bool archive_is_given_up(struct crowd *of);
bool archive_is_behind(struct crowd *of);
bool has_a_new_journal(struct crowd *of); /* counts */
bool has_sealed(struct crowd *of);        /* counts */
bool has_slept(struct crowd *of);         /* counts */
bool has_ended(struct crowd *of);

/* --- The program -------------------------------------------------------------------------------- */

/* A test takes a few seconds, and half a minute where something seals or is given up. */
TCase *add_case(Suite *suite, const char *name);

/* --- Visitors and files ------------------------------------------------------------------------- */

/* Someone who writes a note and goes, told of the disk where it fails. */
void visit(const char *room, bool disk_fails);

/* A file of the data folder; the caller closes it. */
struct sqlite3 *open_file(const char *name);

#endif
