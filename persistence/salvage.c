#include "persistence/salvage.h"

#include "persistence/archive_parts.h"
#include "persistence/store_place.h"

#include <sys/stat.h>

static bool exists(const struct sqlite_place *place, const char *name)
{
    char path[SQLITE_FILE_PATH_MAX];
    struct stat status;
    return sqlite_path(path, place->folder, name) && stat(path, &status) == 0 && status.st_size > 0;
}

/* A new archive beside an old journal would make every room forget what it was. */
static enum store_result expect_archive(const struct sqlite_place *place)
{
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    size_t count;
    if (exists(place, ARCHIVE_NAME))
        return STORE_OK;
    enum store_result result =
        journal_files_list(place, generations, JOURNAL_GENERATIONS_MAX, &count);
    if (result == STORE_OK && count > 0) {
        store_place_set("%s: a journal without its archive", place->folder);
        return STORE_FAILED;
    }
    return result;
}

enum store_result salvage_archive_open(struct archive *archive,
                                       const struct sqlite_place *place,
                                       struct salvage_report *report)
{
    (void)report;
    enum store_result result = expect_archive(place);
    if (result == STORE_OK)
        result = archive_open(archive, place);
    return result;
}

enum store_result salvage_journal_open(struct journal *journal,
                                       const struct sqlite_place *place,
                                       const uint8_t store[STORE_ID_BYTES],
                                       struct salvage_report *report)
{
    (void)report;
    return journal_open(journal, place, store);
}
