/* track.h - presence, recorded beside a room's log: a track, and presence shown again from it.
 *
 *   if (room_track_pending(room)) {                      after the frames of a tick
 *       struct writer writer = writer_on(buffer, room_track_bytes(room, whole));
 *       room_track_write(room, wall_ms, whole, &writer);
 *   }
 *
 *   replay_log(&replay, log);                            up to a moment
 *   replay_track(&replay, track);                        up to the same one
 *
 * A track has the log's form: entries of acts, read with sync/log_read.h. One entry holds all that
 * changed in presence since the entry before: who shows what, who is gone, and the events that go
 * with presence. Some entries are keyframes, with all presence that there is: a replay begins at one.
 * A track may have gaps, which cost what was shown in them and nothing else: behind one a replay
 * waits for the next keyframe.
 *
 * Fields are numbered as the room numbers them: those that were learnt as the log's names say.
 *
 * Errors     replay_track() takes bytes from a disk: damage gives a status, never an assert.
 * Format     track.c; sync/README.md, "Recordings".
 */
#ifndef SYNC_TRACK_H
#define SYNC_TRACK_H

#include "sync/log.h"

/* --- Writing: between ticks ---------------------------------------------------------------------- */

/* True when presence has changed since the last entry, or no entry is a base for what comes, in a room
 * whose rules ask for a track. */
bool room_track_pending(const struct room *room);

/* Most bytes that room_track_write() takes now. */
size_t room_track_bytes(const struct room *room, bool whole);

/* The entry for all up to now. It is a keyframe where `whole` is asked for, and where it has to be
 * one: the first since the room was made, woken or its log resumed, and where so many have gone since
 * the last entry that the room has forgotten some. */
void room_track_write(struct room *room, uint64_t wall_ms, bool whole, struct writer *writer);

/* --- Reading ------------------------------------------------------------------------------------- */

/* Entries, whole ones, up to where the replay's log has come: presence in the replay's room is then
 * what it was. Its members have no seat in it. Those entries that were applied already are skipped, and
 * those from before its members came: before the room slept, woke, or its log had a hole. The room's
 * tick stays. */
MUST_CHECK enum status replay_track(struct replay *replay, struct bytes entries);

/* Whether an entry has all presence that there is: one can be shown without those before it. */
struct log_entry;
bool track_is_keyframe(const struct log_entry *entry);

#endif
