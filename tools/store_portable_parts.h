/* store_portable_parts.h - for tools/store_portable*.c alone. */
#ifndef TOOLS_STORE_PORTABLE_PARTS_H
#define TOOLS_STORE_PORTABLE_PARTS_H

#include "tools/store_portable.h"

/* An image of the room. */
struct portable_image {
    struct store_file file;
    bool named; /* by what was written */
};

struct portable_work {
    struct portable_export *export;
    struct portable_writer *writer;
    struct store *store;
    struct bytes name;
    uint64_t after, to;   /* ticks that are wanted: those above `after`, up to `to` */
    uint64_t at;          /* up to which the log was written, or passed over */
    uint64_t run;         /* before the first tick of the run, */
    bool in_run;          /* which has begun */
    uint64_t incarnation; /* in which the room is there */
    uint64_t shown;       /* up to which presence was written */
    uint64_t logged;      /* up to which the log was written */
    bool ended;           /* all of it */
    uint64_t *snapshots;  /* ticks, ascending */
    size_t snapshot_count;
    struct portable_image *images; /* by hash */
    size_t image_count;
    enum store_result result;
};

/* Says why, for the whole work; always false. */
bool portable_fails(struct portable_work *work, enum store_result result, const char *why);

/* What the store has said, unless the work has failed by itself. */
bool portable_store_said(struct portable_work *work, enum store_result result);

bool portable_put(struct portable_work *work, const struct portable_piece *piece);

/* The log and the track of the ticks that are wanted. */
bool portable_recorded(struct portable_work *work);

/* Reads which images there are; and writes those that are to go along. */
bool portable_list_images(struct portable_work *work);
bool portable_images(struct portable_work *work);

/* Marks the images that are named in what is written. */
void portable_note_images(struct portable_work *work, struct bytes written);

#endif
