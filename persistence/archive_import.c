#include "persistence/archive_import.h"

#include "persistence/archive_files.h"
#include "persistence/archive_parts.h"
#include "persistence/archive_sessions.h"
#include "persistence/store_place.h"
#include "persistence/store_session.h"

struct store_import {
    struct archive *archive;
    const struct store_import_room *room;
};

enum store_result
store_import_seal(struct store_import *import, const struct store_sealed *sealed, uint64_t behind)
{
    struct store_sealed named = *sealed;
    named.name = import->room->name;
    return archive_seal_room(import->archive, &named, behind, import->room->wall_ms);
}

enum store_result store_import_session(struct store_import *import,
                                       const struct store_session *session)
{
    struct store_session named = *session;
    named.room = import->room->name;
    named.id = store_session_id(named.room, named.incarnation, named.first);
    return archive_session_add(import->archive, &named);
}

enum store_result store_import_marker(struct store_import *import,
                                      const struct store_marker *marker)
{
    struct archive_row row = {.marker = *marker};
    row.marker.room = import->room->name;
    return archive_marker_table.add(import->archive, &row);
}

enum store_result store_import_file(struct store_import *import, uint64_t bytes, uint64_t *upload)
{
    return archive_upload_begin(import->archive, import->room->name, bytes, upload);
}

enum store_result
store_import_part(struct store_import *import, uint64_t upload, struct bytes bytes)
{
    return archive_upload_write(import->archive, upload, bytes);
}

enum store_result
store_import_file_end(struct store_import *import, uint64_t upload, const struct store_file *file)
{
    bool added;
    struct store_file wanted = *file;
    wanted.used_ms = import->room->wall_ms; /* whoever brings it wants it */
    return archive_upload_end(import->archive, upload, &wanted, &added);
}

static enum store_result check_name(struct archive *archive, struct bytes name)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, name, &room);
    if (result == STORE_NOT_FOUND || (result == STORE_OK && room.room.state == STORE_ROOM_DELETED))
        return STORE_OK;
    if (result != STORE_OK)
        return result;
    store_place_set("room %s is there already", printable(name).text);
    return STORE_FAILED;
}

/* It comes back in an incarnation in which nothing counts that clients hold. */
static enum store_result conclude(struct archive *archive, const struct store_import_room *import)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, import->name, &room);
    if (result != STORE_OK)
        return result;
    uint64_t highest =
        archive->incarnation > room.room.incarnation ? archive->incarnation : room.room.incarnation;
    room.room.incarnation = highest + 1;
    room.room.created_ms = import->made_ms;
    return archive_room_write(archive, &room, false);
}

enum store_result archive_import(struct archive *archive,
                                 const struct store_import_room *room,
                                 store_import_fill *fill,
                                 void *context)
{
    struct store_import import = {.archive = archive, .room = room};
    enum store_result result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    result = check_name(archive, room->name);
    if (result == STORE_OK)
        result = fill(context, &import);
    if (result == STORE_OK)
        result = conclude(archive, room);
    return archive_end(archive, result);
}
