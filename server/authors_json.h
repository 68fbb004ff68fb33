/* authors_json.h - who did what in a room, as JSON: server/README.md, "Who did what". */
#ifndef SERVER_AUTHORS_JSON_H
#define SERVER_AUTHORS_JSON_H

#include "sync/room.h"

#include <stdio.h>

void authors_write(FILE *out, const struct room *room, uint64_t tick, uint64_t incarnation);

#endif
