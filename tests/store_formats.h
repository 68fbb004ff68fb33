/* store_formats.h - an archive that nobody has open, changed behind the store's back.
 *
 *   store->close(store);
 *   archive_go_back(store_folder(), 4);        as a server left it that knew no presence
 *   archive_run_sql(store_folder(), "DELETE FROM track");
 */
#ifndef TESTS_STORE_FORMATS_H
#define TESTS_STORE_FORMATS_H

#include <stdint.h>

void archive_run_sql(const char *folder, const char *sql);

/* Takes out all that later formats have added. */
void archive_go_back(const char *folder, uint64_t format);

#endif
