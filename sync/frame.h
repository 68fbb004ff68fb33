/* frame.h - what a member gets to see after a tick: one message, made from its own place.
 *
 *   struct frames *frames = frames_create(&memory);            one per hub, for all its rooms
 *   if (room_frame_due(room) && frames_begin(frames, room)) {
 *       for each seat with a connection
 *           if (its socket cannot take bytes) frames_skip(frames, seat);
 *           else send(frames_next(frames, seat).message);      nothing to send when it is empty
 *       frames_end(frames);
 *   }
 *
 * A member that stands where the last frame left it gets bytes that are the same for all such
 * members (`shared`); they are made once. Anyone else gets a delta from an older place.
 * Between ticks, frames_begin(), frames_next(), frames_end() may be used again for a socket that
 * has drained: `more` says that a large state goes on.
 *
 * Ownership  messages are views into the frames' buffer, valid until the next call with the same
 *            frames. FRAME_HEADROOM bytes in front of them may be written by the caller.
 * Errors     none: frames_create() returns NULL without memory, and nothing allocates after it.
 * Threads    one owner at a time, the rooms' own.
 */
#ifndef SYNC_FRAME_H
#define SYNC_FRAME_H

#include "sync/base.h"
#include "sync/deflate.h"
#include "sync/room.h"

/* Enough for a WebSocket header (RFC 6455, 5.2: at most 10 bytes unmasked). */
#define FRAME_HEADROOM 16u

struct frame {
    uint8_t *message; /* NULL when there is nothing to say */
    size_t length;
    bool shared; /* the same bytes, at the same address, as every shared frame of this begin/end */
    bool more;   /* the state goes on: call frames_next() again when the socket takes bytes */
};

struct frames;

struct frames *frames_create(const struct memory *memory);
void frames_destroy(struct frames *frames);

/* Cuts sections at about so many bytes instead of filling messages; one entry always goes. */
void frames_limit_sections(struct frames *frames, size_t bytes);

/* First loads, and what else takes several messages, go deflated to members that can inflate them, where it
 * pays and `may` allows it for so many bytes; sections of fewer than `least` bytes never do. */
void frames_deflate(struct frames *frames, deflate_may *may, void *context, size_t least);

/* False when no member has anything to get: skip the room. Then frames_end() is not called. */
bool frames_begin(struct frames *frames, struct room *room);

/* The member's next message. Its place advances as if the message had been sent: call it only for
 * a socket that takes it. */
struct frame frames_next(struct frames *frames, uint32_t seat);

/* This member gets nothing now; it is caught up later from where it stands. */
void frames_skip(struct frames *frames, uint32_t seat);

/* What has just been written shows to all in the same frame, also where it takes some of them longer: whoever
 * has it in several messages is told that it is complete when all have it who stood at the frame before, or
 * after so many ticks. Called again before that, it is about what there is by now. Before a tick's frames. */
void frames_gather(struct room *room, uint32_t ticks);

/* In each tick, before its frames: nobody is waited for any more if all have it. */
void frames_gathered(struct room *room);

/* `tick` is false for a call between ticks. */
void frames_end(struct frames *frames, bool tick);

#endif
