#include "persistence/salvage_parts.h"

#include "persistence/archive_parts.h"
#include "persistence/sqlite_log.h"
#include "persistence/store_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096u

void salvage_tell(struct salvage_report *report, const char *format, ...)
{
    size_t length = strlen(report->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->text + length, report->capacity - length, format, arguments);
    va_end(arguments);
}

/* --- Files -------------------------------------------------------------------------------------- */

static enum store_result failed(const char *name, const char *what)
{
    enum store_result result = errno == ENOSPC || errno == EDQUOT ? STORE_FULL : STORE_FAILED;
    store_place_set("%s: %s: %s", name, what, strerror(errno));
    return result;
}

bool salvage_exists(const struct sqlite_place *place, const char *name)
{
    char path[SQLITE_FILE_PATH_MAX];
    struct stat status;
    return sqlite_path(path, place->folder, name) && stat(path, &status) == 0 && status.st_size > 0;
}

static void beside(char name[SQLITE_FILE_NAME_MAX + 8], const char *of, const char *ending)
{
    snprintf(name, SQLITE_FILE_NAME_MAX + 8, "%s%s", of, ending);
}

static void delete_file(const struct sqlite_place *place, const char *name)
{
    char path[SQLITE_FILE_PATH_MAX];
    if (sqlite_path(path, place->folder, name))
        unlink(path);
}

void salvage_delete(const struct sqlite_place *place, const char *name)
{
    char other[SQLITE_FILE_NAME_MAX + 8];
    delete_file(place, name);
    beside(other, name, "-wal");
    delete_file(place, other);
    beside(other, name, "-shm");
    delete_file(place, other);
}

enum store_result salvage_rename(const struct sqlite_place *place, const char *from, const char *to)
{
    char old[SQLITE_FILE_PATH_MAX], new[SQLITE_FILE_PATH_MAX];
    if (!sqlite_path(old, place->folder, from) || !sqlite_path(new, place->folder, to)) {
        errno = ENAMETOOLONG;
        return failed(from, "rename");
    }
    return rename(old, new) == 0 ? STORE_OK : failed(from, "rename");
}

enum store_result salvage_sync_folder(const struct sqlite_place *place)
{
    int fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    enum store_result result = synced ? STORE_OK : failed(place->folder, "sync");
    if (fd >= 0)
        close(fd);
    return result;
}

/* The first n such that neither the file nor its WAL has been set aside under it; but a file that
 * was set aside without its WAL, by a process that ended between the two, still gets it. */
static void
name_aside(const struct sqlite_place *place, const char *name, char aside[SQLITE_FILE_NAME_MAX])
{
    bool whole = salvage_exists(place, name);
    for (unsigned n = 1;; n++) {
        char wal[SQLITE_FILE_NAME_MAX + 8];
        snprintf(aside, SQLITE_FILE_NAME_MAX, "%.40s.corrupt-%u", name, n);
        beside(wal, aside, "-wal");
        if ((!whole || !salvage_exists(place, aside)) && !salvage_exists(place, wal))
            return;
    }
}

enum store_result salvage_set_aside(const struct sqlite_place *place,
                                    const char *name,
                                    char aside[SQLITE_FILE_NAME_MAX])
{
    char wal[SQLITE_FILE_NAME_MAX + 8], wal_aside[SQLITE_FILE_NAME_MAX + 8];
    beside(wal, name, "-wal");
    name_aside(place, name, aside);
    beside(wal_aside, aside, "-wal");
    enum store_result result = STORE_OK;
    if (salvage_exists(place, name))
        result = salvage_rename(place, name, aside);
    if (result == STORE_OK && salvage_exists(place, wal))
        result = salvage_rename(place, wal, wal_aside);
    /* What is left is an empty log, or its index. */
    if (result == STORE_OK)
        salvage_delete(place, name);
    if (result == STORE_OK)
        result = salvage_sync_folder(place);
    return result;
}

/* --- Copies ------------------------------------------------------------------------------------- */

static enum store_result copy_bytes(int from, int to, const char *name)
{
    uint8_t bytes[65536];
    ssize_t length;
    while ((length = read(from, bytes, sizeof bytes)) > 0)
        for (ssize_t done = 0; done < length;) {
            ssize_t written = write(to, bytes + done, (size_t)(length - done));
            if (written < 0)
                return failed(name, "copy");
            done += written;
        }
    return length == 0 ? STORE_OK : failed(name, "copy");
}

static enum store_result
copy_file(const struct sqlite_place *place, const char *name, const char *copy)
{
    char from_path[SQLITE_FILE_PATH_MAX], to_path[SQLITE_FILE_PATH_MAX];
    sqlite_path(from_path, place->folder, name);
    sqlite_path(to_path, place->folder, copy);
    int from = open(from_path, O_RDONLY | O_CLOEXEC);
    int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum store_result result =
        from >= 0 && to >= 0 ? copy_bytes(from, to, name) : failed(name, "copy");
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return result;
}

static void put_32(uint8_t *at, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* Offsets are those of SQLite's file header. Free pages are not listed: the copy is only read. */
static enum store_result
replace_first_page(const struct sqlite_place *place, const char *model, const char *copy)
{
    char model_path[SQLITE_FILE_PATH_MAX], copy_path[SQLITE_FILE_PATH_MAX];
    sqlite_path(model_path, place->folder, model);
    sqlite_path(copy_path, place->folder, copy);
    int from = open(model_path, O_RDONLY | O_CLOEXEC);
    int to = open(copy_path, O_RDWR | O_CLOEXEC);
    uint8_t page[PAGE_BYTES];
    struct stat status;
    bool done = from >= 0 && to >= 0 && fstat(to, &status) == 0 &&
                pread(from, page, sizeof page, 0) == (ssize_t)sizeof page;
    if (done) {
        put_32(page + 28, (uint32_t)(status.st_size / PAGE_BYTES));
        put_32(page + 32, 0);
        put_32(page + 36, 0);
        done = pwrite(to, page, sizeof page, 0) == (ssize_t)sizeof page;
    }
    enum store_result result = done ? STORE_OK : failed(copy, "first page");
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return result;
}

static enum store_result
apply_log(const struct sqlite_place *place, const char *name, const char *copy)
{
    char path[SQLITE_FILE_PATH_MAX], copy_path[SQLITE_FILE_PATH_MAX];
    sqlite_path(path, place->folder, name);
    sqlite_path(copy_path, place->folder, copy);
    int fd = open(copy_path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return failed(copy, "copy");
    enum store_result result = sqlite_log_apply(path, fd);
    close(fd);
    return result;
}

enum store_result salvage_copy(const struct sqlite_place *place,
                               const char *name,
                               const char *model,
                               const char *copy)
{
    salvage_delete(place, copy);
    enum store_result result = copy_file(place, name, copy);
    if (result == STORE_OK)
        result = apply_log(place, name, copy);
    if (result == STORE_OK && model != NULL)
        result = replace_first_page(place, model, copy);
    return result;
}

bool salvage_log_is_sound(const struct sqlite_place *place, const char *name)
{
    char path[SQLITE_FILE_PATH_MAX];
    return !place->sync || !sqlite_path(path, place->folder, name) ||
           sqlite_log_check(path, name) != STORE_DAMAGED;
}

/* What our files have there: pages of 4,096 bytes, WAL, no byte of a page set apart, and SQLite's three
 * fractions (the file format, 1.3.2 to 1.3.5). With others, rows seem to be damaged that are not. */
#define FORM_AT 16
static const uint8_t form[8] = {0x10, 0x00, 2, 2, 0, 64, 32, 32};

bool salvage_form_is_sound(const struct sqlite_place *place, const char *name)
{
    char path[SQLITE_FILE_PATH_MAX];
    if (!sqlite_path(path, place->folder, name))
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    uint8_t found[sizeof form];
    ssize_t length = pread(fd, found, sizeof found, FORM_AT);
    close(fd);
    return length != (ssize_t)sizeof found || memcmp(found, form, sizeof form) == 0;
}

/* --- Opening ------------------------------------------------------------------------------------ */

/* A new archive beside an old journal would make every room forget what it was. */
static enum store_result expect_archive(const struct sqlite_place *place)
{
    if (salvage_exists(place, ARCHIVE_NAME))
        return STORE_OK;
    char aside[SQLITE_FILE_NAME_MAX];
    if (salvage_exists(place, ARCHIVE_SALVAGED))
        return salvage_archive_finish(place, aside);
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    size_t count;
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
    enum store_result result = expect_archive(place);
    if (result == STORE_OK)
        result = archive_open(archive, place);
    if (result != STORE_DAMAGED)
        return result;
    result = salvage_archive(place, report);
    if (result == STORE_OK)
        result = archive_open(archive, place);
    return result;
}

enum store_result salvage_journal_open(struct journal *journal,
                                       const struct sqlite_place *place,
                                       const uint8_t store[STORE_ID_BYTES],
                                       struct salvage_report *report)
{
    enum store_result result = journal_open(journal, place, store);
    if (result != STORE_DAMAGED)
        return result;
    result = salvage_journal(place, store, report);
    if (result == STORE_OK)
        result = journal_open(journal, place, store);
    return result;
}
