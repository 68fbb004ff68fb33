/* archive_names.c - the rooms' names, each with the one that follows it.
 *
 * Sound entries are what proves that there is no room of a name: it lies between two that follow
 * each other. That an index finds nothing proves nothing, since a damaged one does so too. */
#include "persistence/archive_parts.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <string.h>

/* One row. The empty name, which no room has, begins the chain; an empty `next` ends it. */
struct link {
    struct bytes name, next;
    uint8_t own[2][ROOM_NAME_MAX];
};

static const char *const sql[ARCHIVE_LINK_STATEMENTS] = {
    [LINK_UP_TO] =
        "SELECT name, next, checksum FROM chain WHERE name <= ?1 ORDER BY name DESC LIMIT 1",
    [LINK_ADD] = "INSERT INTO chain(name, next, checksum) VALUES(?1, ?2, ?3)",
    [LINK_SET] = "UPDATE chain SET next = ?2, checksum = ?3 WHERE name = ?1",
};

static enum store_result prepare(struct archive *archive)
{
    int code = SQLITE_OK;
    for (int i = 0; i < ARCHIVE_LINK_STATEMENTS && code == SQLITE_OK; i++)
        if (archive->links[i] == NULL)
            code = sqlite3_prepare_v3(archive->file.db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &archive->links[i], NULL);
    return sqlite_file_result(&archive->file, code);
}

void archive_names_close(struct archive *archive)
{
    for (int i = 0; i < ARCHIVE_LINK_STATEMENTS; i++) {
        sqlite3_finalize(archive->links[i]);
        archive->links[i] = NULL;
    }
}

static uint64_t sum_of(struct bytes name, struct bytes next)
{
    const uint64_t length = name.length;
    return checksum(&length, 1, name, next);
}

static enum store_result damaged(struct archive *archive, struct bytes name)
{
    archive->file.corrupt = true;
    store_place_set("archive names beside room %s: damaged", printable(name).text);
    return STORE_DAMAGED;
}

static struct bytes keep(uint8_t own[ROOM_NAME_MAX], struct bytes name)
{
    size_t length = name.length < ROOM_NAME_MAX ? name.length : ROOM_NAME_MAX;
    if (length > 0)
        memcpy(own, name.data, length);
    return (struct bytes){own, length};
}

/* The link that has this name, or lies over it. */
static enum store_result find_link(struct archive *archive, struct bytes name, struct link *link)
{
    enum store_result result = prepare(archive);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *row = archive->links[LINK_UP_TO];
    sqlite_bind_bytes(row, 1, name);
    result = sqlite_file_step(&archive->file, row);
    if (result == STORE_NOT_FOUND)
        return damaged(archive, name);
    if (result != STORE_OK)
        return result;
    link->name = keep(link->own[0], sqlite_column_view(row, 0));
    link->next = keep(link->own[1], sqlite_column_view(row, 1));
    bool sound = sqlite_column_number(row, 2) == sum_of(link->name, link->next);
    sqlite3_reset(row);
    bool over = bytes_order(link->name, name) <= 0 &&
                (link->next.length == 0 || bytes_order(name, link->next) < 0);
    return sound && over ? STORE_OK : damaged(archive, name);
}

static enum store_result indexed_after(struct archive *archive,
                                       struct bytes name,
                                       uint8_t own[ROOM_NAME_MAX],
                                       size_t *length)
{
    sqlite3_stmt *row = archive->file.statements[ROOM_NEXT];
    sqlite_bind_bytes(row, 1, name);
    enum store_result result = sqlite_file_step(&archive->file, row);
    if (result == STORE_OK)
        *length = keep(own, sqlite_column_view(row, 0)).length;
    sqlite3_reset(row);
    return result;
}

enum store_result archive_name_known(struct archive *archive, struct bytes name, bool *known)
{
    struct link link;
    *known = false;
    if (!archive->chained)
        return STORE_OK;
    enum store_result result = find_link(archive, name, &link);
    *known = result == STORE_OK && bytes_equal(link.name, name);
    return result;
}

enum store_result archive_name_after(struct archive *archive,
                                     struct bytes name,
                                     uint8_t own[ROOM_NAME_MAX],
                                     size_t *length)
{
    struct link link;
    if (!archive->chained)
        return indexed_after(archive, name, own, length);
    enum store_result result = find_link(archive, name, &link);
    if (result == STORE_OK && !bytes_equal(link.name, name))
        return damaged(archive, name);
    if (result == STORE_OK)
        *length = keep(own, link.next).length;
    return result == STORE_OK && *length == 0 ? STORE_NOT_FOUND : result;
}

static enum store_result write_link(struct archive *archive,
                                    enum archive_link_statement how,
                                    struct bytes name,
                                    struct bytes next)
{
    sqlite3_stmt *row = archive->links[how];
    sqlite_bind_bytes(row, 1, name);
    sqlite_bind_bytes(row, 2, next);
    sqlite_bind_number(row, 3, sum_of(name, next));
    enum store_result result = sqlite_file_run(&archive->file, row);
    sqlite3_clear_bindings(row);
    if (result == STORE_OK && sqlite3_changes(archive->file.db) != 1)
        return damaged(archive, name);
    return result;
}

enum store_result archive_name_add(struct archive *archive, struct bytes name)
{
    struct link before;
    enum store_result result = find_link(archive, name, &before);
    if (result == STORE_OK && bytes_equal(before.name, name))
        return damaged(archive, name);
    if (result == STORE_OK)
        result = write_link(archive, LINK_SET, before.name, name);
    if (result == STORE_OK)
        result = write_link(archive, LINK_ADD, name, before.next);
    return result;
}

/* --- A file that has none ----------------------------------------------------------------------- */

/* The last link is made first: then what follows each is known. */
static enum store_result
make_links(struct archive *archive, sqlite3_stmt *rooms, sqlite3_stmt *link, uint64_t *count)
{
    struct sqlite_file *file = &archive->file;
    struct archive_room room;
    uint8_t own[ROOM_NAME_MAX];
    struct bytes next = {0};
    enum store_result result;
    for (*count = 0; (result = sqlite_file_step(file, rooms)) == STORE_OK; ++*count) {
        result = archive_room_take(archive, rooms, &room);
        if (result != STORE_OK)
            return result;
        if (room.room.incarnation > archive->incarnation)
            archive->incarnation = room.room.incarnation;
        sqlite_bind_bytes(link, 1, room.room.name);
        sqlite_bind_bytes(link, 2, next);
        sqlite_bind_number(link, 3, sum_of(room.room.name, next));
        result = sqlite_file_run(file, link);
        if (result != STORE_OK)
            return result;
        next = keep(own, room.room.name);
    }
    if (result != STORE_NOT_FOUND)
        return result;
    sqlite_bind_bytes(link, 1, (struct bytes){0});
    sqlite_bind_bytes(link, 2, next);
    sqlite_bind_number(link, 3, sum_of((struct bytes){0}, next));
    return sqlite_file_run(file, link);
}

enum store_result archive_names_make(struct archive *archive, uint64_t *count)
{
    struct sqlite_file *file = &archive->file;
    sqlite3_stmt *rooms = NULL, *link = NULL;
    int code = sqlite3_prepare_v2(
        file->db, "SELECT " ARCHIVE_ROOM_ROW " FROM room ORDER BY name DESC", -1, &rooms, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(file->db, sql[LINK_ADD], -1, &link, NULL);
    enum store_result result = sqlite_file_result(file, code);
    if (result == STORE_OK)
        result = make_links(archive, rooms, link, count);
    sqlite3_finalize(rooms);
    sqlite3_finalize(link);
    return result;
}
