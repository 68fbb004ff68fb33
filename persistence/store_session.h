/* store_session.h - sessions and markers that outlive what they were told from.
 *
 *   struct row *row = malloc(sizeof *row + store_session_bytes(session));
 *   row->session = store_session_in(session, row->text);
 */
#ifndef PERSISTENCE_STORE_SESSION_H
#define PERSISTENCE_STORE_SESSION_H

#include "persistence/store.h"

#define STORE_SESSION_TEXT_MAX (ROOM_NAME_MAX + NAME_BYTES_MAX + STORE_TITLE_MAX)

/* Of the session that began there: the same whenever the same stretch is told of. */
uint64_t store_session_id(struct bytes room, uint64_t incarnation, uint64_t first);

/* Of room, kind and title; of room, title, colour and author. */
size_t store_session_bytes(const struct store_session *session);
size_t store_marker_bytes(const struct store_marker *marker);

/* The same with views of `text`, where they are copied to. */
struct store_session store_session_in(const struct store_session *session, uint8_t *text);
struct store_marker store_marker_in(const struct store_marker *marker, uint8_t *text);

#endif
