/* files.h - which files a room's records name: images and the like, kept beside the room under the
 * SHA-256 of their bytes.
 *
 * A field that is declared so (field_rules.file) names a file by holding its hash, as does any
 * field that was learnt, in whose kind nothing is declared. Nothing here knows whether there is
 * such a file.
 */
#ifndef SYNC_FILES_H
#define SYNC_FILES_H

#include "sync/room.h"

#define FILE_HASH_BYTES 32u

typedef void room_file_visitor(void *context, const uint8_t hash[FILE_HASH_BYTES]);

/* Every hash that stands in a record that is kept; one may come several times. */
void room_each_file(const struct room *room, room_file_visitor *visitor, void *context);

/* False where no record of this kind can ever name one. */
bool rules_name_files(const struct rules *rules);

#endif
