/* target.h - what the path of a request names below WIRE_PATH: a room, or something that is the room's.
 *
 *   if (target_split(path, &room, &rest)) ...
 *
 * Ownership  names are views into the path.
 */
#ifndef SERVER_TARGET_H
#define SERVER_TARGET_H

#include "sync/wire.h"

/* Takes WIRE_PATH ROOM/REST apart. False for another path; rest->data is NULL where there is no slash
 * behind the room. Whether the room's name is one is not looked at. */
bool target_split(struct bytes path, struct bytes *room, struct bytes *rest);

#endif
