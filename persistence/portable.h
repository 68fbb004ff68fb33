/* portable.h - a room's recording, or one session of it, in one file that can be read anywhere.
 *
 *   struct portable_writer *writer;
 *   if (portable_create(path, &writer, error) != STORE_OK) tell error
 *   portable_write(writer, &piece, error);                  in the order of the file
 *   portable_end(writer, error);                            now it is there, under its name
 *
 *   struct portable_reader *reader = portable_open(file);
 *   while ((result = portable_next(reader, &piece)) == STORE_OK) look at piece
 *   if (result != STORE_NOT_FOUND) tell portable_place(reader)
 *   portable_close(reader);
 *
 * The file is a head, pieces, and a last piece with a checksum over all of it; persistence/README.md, "The
 * portable file", is the standard. Its pieces come in this order:
 *
 *   ROOM  SESSION*  MARKER*  runs  (FILE PART+)*  END
 *   run = SNAPSHOT (LOG TRACK*)*  or  LOG that begins, TRACK* (LOG TRACK*)*
 *
 * A run is a stretch of the recording without a gap: it begins with all that the room was, or with its
 * opening. What the bytes of snapshots, logs and tracks mean is not known here.
 *
 * Errors     reading takes hostile bytes: STORE_DAMAGED with the place, STORE_FAILED where the file cannot
 *            be read; never an assert. Memory is bounded by two pieces, whatever a file claims.
 * Ownership  a piece that was read is made of views, good until the next one.
 */
#ifndef PERSISTENCE_PORTABLE_H
#define PERSISTENCE_PORTABLE_H

#include "persistence/store.h"

#include <stdio.h>

#define PORTABLE_VERSION 1u

/* Of what was made elsewhere: incarnations that come behind it are to be numbers of the wire, for ever. */
#define PORTABLE_INCARNATION_MAX (UINT64_C(1) << 52)

#define PORTABLE_ERROR_MAX   256u
#define PORTABLE_PROGRAM_MAX 64u
#define PORTABLE_SUM_BYTES   32u

enum portable_kind {
    PORTABLE_ROOM,
    PORTABLE_SESSION,
    PORTABLE_MARKER,
    PORTABLE_SNAPSHOT,
    PORTABLE_LOG,
    PORTABLE_TRACK,
    PORTABLE_FILE,
    PORTABLE_PART,
    PORTABLE_END, /* written by portable_end(), and not told by portable_next() */
    PORTABLE_KINDS
};

/* What a piece of its kind has, the others are zero. */
struct portable_piece {
    enum portable_kind kind;
    uint64_t incarnation;          /* ROOM: the newest; SESSION, MARKER, SNAPSHOT, LOG, TRACK */
    uint64_t first, last;          /* ticks: ROOM, SESSION, LOG, TRACK; MARKER, SNAPSHOT: first */
    uint64_t began_ms, ended_ms;   /* since 1970: SESSION */
    uint64_t added_ms, used_ms;    /* FILE */
    uint64_t made_ms, exported_ms; /* ROOM */
    uint64_t pinned;               /* SESSION: 0, 1 */
    uint64_t begins;               /* LOG: 0, 1: nothing before it in the file leads to it */
    uint64_t type, length;         /* FILE */
    uint64_t count;                /* END: of the pieces before it */
    struct bytes name, room_kind;  /* ROOM */
    struct bytes program;          /* ROOM: what has written the file */
    struct bytes title;            /* SESSION, MARKER */
    struct bytes colour, by;       /* MARKER */
    struct bytes hash;             /* FILE */
    struct bytes sum;              /* END: SHA-256 of all bytes of the file before it */
    struct bytes bytes;            /* SNAPSHOT, LOG, TRACK, PART */
};

/* As in "log": for people. */
const char *portable_kind_text(enum portable_kind kind);

/* --- Writing -------------------------------------------------------------------------------------- */

struct portable_writer;

/* There must be no file of this name. What is written goes to "<path>.XXXXXX" beside it. */
MUST_CHECK enum store_result
portable_create(const char *path, struct portable_writer **writer, char error[PORTABLE_ERROR_MAX]);

/* After a failure the writer is good for portable_drop() alone. */
MUST_CHECK enum store_result portable_write(struct portable_writer *writer,
                                            const struct portable_piece *piece,
                                            char error[PORTABLE_ERROR_MAX]);

/* On the disk under its name on STORE_OK; else nothing is left. The writer is gone either way. */
MUST_CHECK enum store_result
portable_end(struct portable_writer *writer, uint64_t *bytes, char error[PORTABLE_ERROR_MAX]);

/* NULL is fine: nothing is left. */
void portable_drop(struct portable_writer *writer);

/* --- Reading -------------------------------------------------------------------------------------- */

struct portable_reader;

/* Reads the file from where it stands, and leaves it open. NULL without memory. */
struct portable_reader *portable_open(FILE *file);

/* The next piece. STORE_NOT_FOUND at the end, and all of the file was what was written. STORE_DAMAGED,
 * STORE_FAILED, STORE_MEMORY: see portable_place(), and go no further. */
MUST_CHECK enum store_result portable_next(struct portable_reader *reader,
                                           struct portable_piece *piece);

/* Where the reader stands, or why it does not go on: "piece 7 (log) at byte 812: checksum". */
const char *portable_place(const struct portable_reader *reader);

/* Says why the piece that was read last is not taken, in portable_place(), and gives STORE_DAMAGED. */
enum store_result portable_refuse(struct portable_reader *reader, const char *why);

uint64_t portable_at(const struct portable_reader *reader); /* bytes that were read */

/* At the end: what the file is known by. */
const uint8_t *portable_sum(const struct portable_reader *reader);
void portable_close(struct portable_reader *reader);

/* --- Both ----------------------------------------------------------------------------------------- */

/* Whether pieces follow each other as they have to. NULL, or what is wrong with this one. */
struct portable_order {
    bool begun;
    struct portable_piece last; /* its numbers alone */
    uint64_t tick;              /* to which logs and snapshots have come */
    uint64_t run;               /* before its first tick */
    uint64_t shown;             /* where the last track ends */
    uint64_t left;              /* bytes of the file that are still to come */
    uint32_t sessions, markers;
    uint8_t hash[STORE_HASH_BYTES];
    bool in_run;
};
const char *portable_order_check(struct portable_order *order, const struct portable_piece *piece);

#endif
