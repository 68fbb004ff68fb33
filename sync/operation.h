/* operation.h - what a client asks to change: decoded, checked against the room, applied whole.
 *
 * An operation is a group of edits (sync/README.md, "operations"). Every edit is checked before
 * the first one is applied, with what the earlier edits of the group will have done in mind, so
 * that a refused operation leaves nothing behind, not even names.
 *
 * Errors     statuses as in the document. operation_count() tells malformed bytes from the rest
 *            before they reach the inbox; what passed it is never malformed again.
 */
#ifndef SYNC_OPERATION_H
#define SYNC_OPERATION_H

#include "sync/room.h"
#include "sync/state.h"

enum guard {
    GUARD_NEW = 1,
    GUARD_STAMP = 2,
    GUARD_MINE = 4
};

/* Who asks, and of whom. */
struct actor {
    struct room *room;
    struct state *state;
    const struct rules *rules;
    const struct room_limits *limits;
    struct author author;
    enum role role;
    bool server;        /* rules: everything is allowed */
    bool replay;        /* from the log: what touches presence is left out */
    struct scope *mine; /* of SIGHT_MEMBER collections; NULL where there is none */
};

/* Most heap that one edit takes beside four times its own bytes. */
size_t edit_reserve(const struct schema *schema);

/* Reads one operation without applying it: how many edits it has. Malformed bytes fail the
 * reader. */
uint32_t operation_count(struct reader *reader);

/* Checks and applies one operation, which operation_count() has passed. */
enum status operation_apply(const struct actor *actor, struct reader *reader);

/* A `presence` message behind its kind: whole values; and `presence moved`: differences. The
 * record is the member's own. `count` elements follow. */
void presence_check(struct reader *reader, uint32_t count);
enum status presence_set(const struct actor *actor,
                         struct record *record,
                         struct reader *reader,
                         uint32_t count);
enum status presence_move(const struct actor *actor,
                          struct record *record,
                          uint32_t mask,
                          struct reader *reader);

/* In seats.c: a member's private scope, made where there is none yet; NULL when no such member is
 * here. */
struct scope *room_private_scope(struct room *room, uint32_t member);

#endif
