/* notes.h - what somebody says of a recording: a moment that is marked, a session's title or pin.
 *
 *   storage_note(storage, &note, ticket);          answered by STORAGE_NOTED
 *
 * Ownership  what is passed in is copied.
 */
#ifndef SERVER_NOTES_H
#define SERVER_NOTES_H

#include "persistence/store.h"

enum note_kind {
    NOTE_MARK,         /* the marker, in the place of one at its moment */
    NOTE_UNMARK,       /* by its moment */
    NOTE_SESSION,      /* its title, its pin, or both */
    NOTE_SESSION_GONE, /* only that it was one: what was recorded stays */
};

struct note {
    enum note_kind kind;
    struct store_marker marker; /* incarnation 0: the newest that has the tick. Names the room */
    uint64_t awake_incarnation; /* of a room that is awake, which has come to this tick; else 0 */
    uint64_t awake_to;
    uint64_t session;
    bool entitles; /* the session: marker.title is its title */
    bool pins;     /* likewise: `pinned` */
    bool pinned;
};

#endif
