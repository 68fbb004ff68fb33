/* section.h - sections of frames as the wire has them: each made once for all who stand at its place.
 *
 *   sections_begin(sections, room);                        before the frames of a room
 *   const struct section *section = section_for(sections, &wanted);
 *
 * Two caches, which serve as long as a section's scope has not changed: of the room's sections, as long as no
 * other room has frames, and of those that were deflated, of all rooms. What is deflated is a state that takes
 * a message or more: first loads, and what goes on over several messages.
 *
 * Ownership  what section_for() returns is good until the next call.
 * Errors     none: sections_create() returns NULL without memory, and nothing allocates after it.
 */
#ifndef SYNC_SECTION_H
#define SYNC_SECTION_H

#include "sync/deflate.h"
#include "sync/place.h"
#include "sync/room.h"
#include "sync/state.h"

/* What a message holds beside one large section: head, news, and the other sections' heads. */
#define MESSAGE_RESERVE   2048u
#define SECTION_BYTES_MAX (MESSAGE_BYTES_MAX - 2 * MESSAGE_RESERVE)
static_assert(RECORD_BYTES_MAX + MESSAGE_RESERVE < SECTION_BYTES_MAX, "a record fits");

/* How far a section takes whoever stands at `place`. */
struct section {
    enum wire_scope number;
    const struct scope *scope;
    struct place place;
    bool restart;
    bool inflates; /* its receiver can */
    bool open;     /* it does not say that it is complete, even if nothing is left */

    /* Filled in by section_for(). */
    struct bytes bytes;
    uint64_t position;
    bool complete;
};

struct sections;

struct sections *sections_create(const struct memory *memory);
void sections_destroy(struct sections *sections);

/* Cuts sections at about so many bytes instead of filling messages; one entry always goes. */
void sections_limit(struct sections *sections, size_t bytes);

/* See frames_deflate(). */
void sections_deflate(struct sections *sections, deflate_may *may, void *context, size_t least);

void sections_begin(struct sections *sections, struct room *room);
const struct section *section_for(struct sections *sections, const struct section *wanted);

/* The first element of a section, and how a section of its own is begun. */
void section_write_head(struct writer *writer, enum wire_scope scope, unsigned flags);

#endif
