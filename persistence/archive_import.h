/* archive_import.h - import.h's, on an archive. */
#ifndef PERSISTENCE_ARCHIVE_IMPORT_H
#define PERSISTENCE_ARCHIVE_IMPORT_H

#include "persistence/archive.h"
#include "persistence/import.h"

MUST_CHECK enum store_result archive_import(struct archive *archive,
                                            const struct store_import_room *room,
                                            store_import_fill *fill,
                                            void *context);

#endif
