/* file_work.h - what the archivist does with files, asked for by the hub.
 *
 *   struct file_work *work = file_work_create(room);
 *   work->task = FILE_READ; ...; storage_file(storage, work);
 *   while ((work = storage_file_done(storage)) != NULL)        whenever wake() was called
 *
 * One piece of work is one object that goes to the archivist and comes back with what came of it: so
 * an answer needs no memory and cannot get lost. While it is away nobody here looks into it.
 */
#ifndef SERVER_FILE_WORK_H
#define SERVER_FILE_WORK_H

#include "persistence/store_files.h"

struct job;
struct storage;

enum file_task {
    FILE_WRITE, /* the next bytes of an upload, which begins with the first and ends with the last */
    FILE_DROP,  /* of the upload that was begun: it will not be ended */
    FILE_READ,  /* one part; with part 0 also what the file is */
    FILE_LOOK   /* what the file is */
};

enum file_outcome {
    FILE_DONE,
    FILE_NOT_THERE,  /* no such file; of an upload: its room is gone */
    FILE_ROOM_FULL,  /* the room's files have all that they may */
    FILE_STORE_FULL, /* all rooms' files together have, or the disk is full */
    FILE_DAMAGED,    /* it does not check */
    FILE_FAILED      /* no memory, or the disk does not answer: again later */
};

/* What the files of a room, and of all rooms, may have. */
struct file_bounds {
    uint64_t room_files, room_bytes, all_bytes;
};

struct file_work {
    struct job *job;        /* the storage's, which carries it there */
    struct file_work *next; /* the storage's, on its way back */
    void *owner;            /* the hub's */
    enum file_task task;
    enum file_outcome outcome;
    struct store_file file; /* room; hash, where it is known; READ and WRITE find the rest out */
    struct file_bounds bounds;
    void *digest;    /* the archivist's, of an upload */
    bool crowded;    /* likewise: it began where files took over half of what they may */
    uint64_t upload; /* 0: not begun */
    uint64_t part;   /* READ: its number */
    bool last;       /* WRITE: nothing follows */
    bool added;      /* WRITE, last: the room did not have it */
    uint32_t taken;  /* WRITE: so many bytes, whole parts but at the end; the rest comes again */
    uint32_t length; /* of data */
    uint32_t capacity;
    uint8_t *data; /* READ: made by the archivist */
};

/* NULL without memory. */
struct file_work *file_work_create(struct bytes room);
void file_work_free(struct file_work *work);

/* Gives it to the archivist. */
void storage_file(struct storage *storage, struct file_work *work);

/* Work that came back; NULL for none. */
struct file_work *storage_file_done(struct storage *storage);

#endif
