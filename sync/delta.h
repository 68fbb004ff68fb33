/* delta.h - the runs of one section: what changed in a scope beyond a place.
 *
 * Runs are grouped by collection and mask, records named by slot; the document is sync/README.md,
 * "Runs". A section that would pass its budget is cut after any entry and goes on from there.
 */
#ifndef SYNC_DELTA_H
#define SYNC_DELTA_H

#include "sync/place.h"
#include "sync/state.h"

/* Distinct (form, collection, mask) in a section; one more cuts it. */
#define DELTA_GROUPS_MAX 32u

/* Records of one collection whose same fields go in the same kind of run. */
struct delta_group {
    uint32_t mask;
    uint32_t count;
    uint8_t collection;
    uint8_t form; /* RUN_PUT, RUN_SET_GAPS or RUN_MOVED_GAPS; bitmaps are chosen when written */
};

struct delta_entry {
    struct record *record;
    uint32_t lists;     /* fields of which the tail goes */
    int8_t whole_group; /* of a put or of whole values; -1 for none */
    int8_t moved_group; /* of differences; -1 for none */
};

struct slot_entry {
    uint32_t slot;
    uint32_t entry;
};

/* Scratch for one section at a time; nothing in it outlives delta_write(). */
struct delta_work {
    struct delta_entry entries[SECTION_ENTRIES_MAX];
    struct slot_entry sorted[SECTION_ENTRIES_MAX];
    struct slot_entry spare[SECTION_ENTRIES_MAX];
    struct delta_group groups[DELTA_GROUPS_MAX];
    uint8_t bitmap[MESSAGE_BYTES_MAX / 8];
    uint32_t count;
    uint32_t group_count;
};

struct delta_request {
    struct place place;
    bool differences; /* the place is the frame before (rule 6) */
    size_t budget;    /* bytes of runs at most; above RECORD_BYTES_MAX by 1 KiB or more */
};

struct delta_result {
    uint64_t position;
    bool complete;
};

/* Writes the runs, not the section's head; nothing where nothing has changed. */
struct delta_result delta_write(struct delta_work *work,
                                const struct state *state,
                                const struct scope *scope,
                                const struct delta_request *request,
                                struct writer *writer);

#endif
