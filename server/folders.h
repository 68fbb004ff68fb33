/* folders.h - where the pages are when nobody says: beside the server, wherever that was built or
 * installed. */
#ifndef SERVER_FOLDERS_H
#define SERVER_FOLDERS_H

#include <limits.h>

/* Writes the first of the places, relative to the running program's folder, that exists; when none
 * does, the first. `places` ends with NULL. */
void folders_find(char path[PATH_MAX], const char *const *places);

#endif
