/* admin.h - the operator's end of a running server: a local socket in its data folder.
 *
 *   struct admin *admin = admin_open(loop, hub, folder);     `admin.sock`, for the folder's owner alone
 *   admin_close(admin);                                      and the socket's name is gone
 *
 * A connection is one request and its answer, in lines of text:
 *
 *   rooms          each room that is awake, as a line of JSON
 *   delete ROOM    ends the room for good: members are closed with 4014, nothing of it stays stored
 *   release ROOM   lets a quarantined room be opened again
 *   strike NAME [BOARD]   takes a name off a board, or off all; both as hex digits
 *
 * The last line of an answer is `ok`, `none` (no such room, no such name), `busy` (again in a moment) or
 * `error TEXT`; then the server closes.
 *
 * Limits     ADMIN_REQUEST_MAX bytes, ADMIN_CONNECTIONS_MAX connections, ADMIN_PATIENCE_S seconds
 *            in which nothing happens. Listing takes the loop about a microsecond a room.
 * Threads    the hub's.
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include <ev.h>

#define ADMIN_REQUEST_MAX     4096u
#define ADMIN_CONNECTIONS_MAX 8u
#define ADMIN_PATIENCE_S      10.0

struct admin;
struct hub;

/* Replaces a socket that an earlier server has left; the caller holds the folder's lock. NULL with
 * errno. */
struct admin *admin_open(struct ev_loop *loop, struct hub *hub, int folder);
void admin_close(struct admin *admin);

#endif
