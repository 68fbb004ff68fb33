#include "persistence/archive_sessions.h"

#include "persistence/archive_parts.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"
#include "persistence/store_session.h"

#include <assert.h>
#include <inttypes.h>

#define ROW "id, room, kind, incarnation, first, last, began_ms, ended_ms, title, pinned, checksum"

/* Over the lengths too, so that no byte of one text counts for another. */
static uint64_t sum_of(const struct store_session *session)
{
    const uint64_t numbers[] = {session->id,     session->incarnation, session->first,
                                session->last,   session->began_ms,    session->ended_ms,
                                session->pinned, session->kind.length, session->title.length};
    uint64_t named =
        checksum(numbers, sizeof numbers / sizeof numbers[0], session->room, session->kind);
    return checksum(&named, 1, (struct bytes){0}, session->title);
}

static bool take(sqlite3_stmt *statement, struct archive_row *row)
{
    row->session = (struct store_session){
        .id = row->id,
        .room = sqlite_column_view(statement, 1),
        .kind = sqlite_column_view(statement, 2),
        .incarnation = sqlite_column_number(statement, 3),
        .first = sqlite_column_number(statement, 4),
        .last = sqlite_column_number(statement, 5),
        .began_ms = sqlite_column_number(statement, 6),
        .ended_ms = sqlite_column_number(statement, 7),
        .title = sqlite_column_view(statement, 8),
        .pinned = sqlite_column_number(statement, 9) != 0,
    };
    const struct store_session *session = &row->session;
    return sum_of(session) == sqlite_column_number(statement, 10) && session->room.length > 0 &&
           session->room.length <= ROOM_NAME_MAX && session->kind.length <= NAME_BYTES_MAX &&
           session->title.length <= STORE_TITLE_MAX;
}

static enum store_result write(struct archive *archive, const struct store_session *session)
{
    sqlite3_stmt *row;
    enum store_result result = archive_statement(
        archive,
        "REPLACE INTO session(" ROW ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", &row);
    if (result == STORE_OK) {
        sqlite_bind_number(row, 1, session->id);
        sqlite_bind_bytes(row, 2, session->room);
        sqlite_bind_bytes(row, 3, session->kind);
        sqlite_bind_number(row, 4, session->incarnation);
        sqlite_bind_number(row, 5, session->first);
        sqlite_bind_number(row, 6, session->last);
        sqlite_bind_number(row, 7, session->began_ms);
        sqlite_bind_number(row, 8, session->ended_ms);
        sqlite_bind_bytes(row, 9, session->title);
        sqlite_bind_number(row, 10, session->pinned);
        sqlite_bind_number(row, 11, sum_of(session));
        result = sqlite_file_run(&archive->file, row);
    }
    sqlite3_finalize(row);
    return result;
}

static enum store_result add(struct archive *archive, const struct archive_row *row)
{
    return write(archive, &row->session);
}

const struct archive_table archive_session_table = {
    .name = "session",
    .since = 6,
    .row = ROW,
    .take = take,
    .add = add,
};

/* --- One ----------------------------------------------------------------------------------------- */

/* The session of this id with what its views show. STORE_DAMAGED where its row does not check. */
static enum store_result find(struct archive *archive,
                              uint64_t id,
                              struct store_session *session,
                              uint8_t text[STORE_SESSION_TEXT_MAX])
{
    sqlite3_stmt *walk;
    struct archive_row row;
    enum store_result result =
        archive_table_walk(archive, &archive_session_table, "WHERE id = ?1", &walk);
    if (result != STORE_OK)
        return result;
    sqlite_bind_number(walk, 1, id);
    result = archive_table_next(archive, &archive_session_table, walk, &row);
    if (result == STORE_OK)
        *session = store_session_in(&row.session, text);
    sqlite3_finalize(walk);
    return result;
}

static enum store_result run_on_room(struct archive *archive, const char *sql, struct bytes room)
{
    sqlite3_stmt *statement;
    enum store_result result = archive_statement(archive, sql, &statement);
    if (result == STORE_OK) {
        sqlite_bind_bytes(statement, 1, room);
        result = sqlite_file_run(&archive->file, statement);
    }
    sqlite3_finalize(statement);
    return result;
}

/* One of these is gone when it has run, where the room has any. */
static const char drop_oldest[] =
    "DELETE FROM session WHERE id = (SELECT id FROM session WHERE room = ?1 AND pinned = 0"
    " ORDER BY first, id LIMIT 1)";

/* Room for one more. */
static enum store_result make_room(struct archive *archive, struct bytes room)
{
    sqlite3_stmt *statement;
    enum store_result result =
        archive_statement(archive, "SELECT count(*) FROM session WHERE room = ?1", &statement);
    if (result == STORE_OK) {
        sqlite_bind_bytes(statement, 1, room);
        result = sqlite_file_step(&archive->file, statement);
    }
    bool full = result == STORE_OK && sqlite_column_number(statement, 0) >= STORE_SESSIONS_MAX;
    sqlite3_finalize(statement);
    if (!full)
        return result;
    result = run_on_room(archive, drop_oldest, room);
    if (result != STORE_OK || sqlite3_changes(archive->file.db) > 0)
        return result;
    store_place_set("archive sessions of room %s: all of %u are pinned", printable(room).text,
                    STORE_SESSIONS_MAX);
    return STORE_FULL;
}

static enum store_result put(struct archive *archive, const struct store_session *session)
{
    assert(session->id != 0 && session->room.length > 0 && session->room.length <= ROOM_NAME_MAX);
    assert(session->kind.length <= NAME_BYTES_MAX && session->title.length <= STORE_TITLE_MAX);
    assert(session->first <= session->last && session->last <= STORE_TICK_MAX);
    uint8_t text[STORE_SESSION_TEXT_MAX];
    struct store_session there, put = *session;
    enum store_result result = find(archive, session->id, &there, text);
    if (result == STORE_OK) {
        put.title = there.title;
        put.pinned = there.pinned;
    } else if (result == STORE_NOT_FOUND) {
        result = make_room(archive, session->room);
    } else if (result == STORE_DAMAGED && !archive->file.corrupt) {
        result = STORE_OK; /* this one takes its place */
    }
    return result == STORE_OK ? write(archive, &put) : result;
}

enum store_result archive_session_add(struct archive *archive, const struct store_session *session)
{
    uint8_t text[STORE_SESSION_TEXT_MAX];
    struct store_session there;
    enum store_result result = find(archive, session->id, &there, text);
    if (result == STORE_NOT_FOUND)
        return write(archive, session);
    if (result != STORE_OK)
        return result;
    store_place_set("archive session of room %s at tick %" PRIu64 ": its id is taken",
                    printable(session->room).text, session->first);
    return STORE_DAMAGED;
}

enum store_result
archive_sessions_put(struct archive *archive, const struct store_session *sessions, size_t count)
{
    enum store_result result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = put(archive, &sessions[i]);
    return archive_end(archive, result);
}

/* What is NULL stays as it is. */
static enum store_result
change(struct archive *archive, uint64_t id, const struct bytes *title, const bool *pinned)
{
    uint8_t text[STORE_SESSION_TEXT_MAX];
    struct store_session session;
    enum store_result result = find(archive, id, &session, text);
    if (result != STORE_OK)
        return result;
    if (title != NULL)
        session.title = *title;
    if (pinned != NULL)
        session.pinned = *pinned;
    return write(archive, &session);
}

enum store_result archive_session_entitle(struct archive *archive, uint64_t id, struct bytes title)
{
    assert(title.length <= STORE_TITLE_MAX);
    enum store_result result = archive_begin(archive);
    return result == STORE_OK ? archive_end(archive, change(archive, id, &title, NULL)) : result;
}

enum store_result archive_session_pin(struct archive *archive, uint64_t id, bool pinned)
{
    enum store_result result = archive_begin(archive);
    return result == STORE_OK ? archive_end(archive, change(archive, id, NULL, &pinned)) : result;
}

static enum store_result drop(struct archive *archive, uint64_t id)
{
    sqlite3_stmt *statement;
    enum store_result result =
        archive_statement(archive, "DELETE FROM session WHERE id = ?1", &statement);
    if (result == STORE_OK) {
        sqlite_bind_number(statement, 1, id);
        result = sqlite_file_run(&archive->file, statement);
    }
    sqlite3_finalize(statement);
    bool none = result == STORE_OK && sqlite3_changes(archive->file.db) == 0;
    return none ? STORE_NOT_FOUND : result;
}

enum store_result archive_session_remove(struct archive *archive, uint64_t id)
{
    enum store_result result = archive_begin(archive);
    return result == STORE_OK ? archive_end(archive, drop(archive, id)) : result;
}

enum store_result archive_sessions_drop_room(struct archive *archive, struct bytes room)
{
    enum store_result result = run_on_room(archive, "DELETE FROM session WHERE room = ?1", room);
    if (result == STORE_OK)
        result = run_on_room(archive, "DELETE FROM marker WHERE room = ?1", room);
    return result;
}

/* Where the last blob of the table ends that begins in the session or before. */
#define END_IN(table)                                                                              \
    "coalesce((SELECT last FROM " table " WHERE id BETWEEN ?3 AND ?3 | session.last"               \
    " ORDER BY id DESC LIMIT 1), 0)"

enum store_result archive_sessions_drop_empty(struct archive *archive,
                                              struct bytes room,
                                              uint64_t room_id,
                                              uint64_t tick)
{
    sqlite3_stmt *statement;
    enum store_result result =
        archive_statement(archive,
                          "DELETE FROM session WHERE room = ?1 AND pinned = 0 AND last < ?2"
                          " AND " END_IN("segment") " < first AND " END_IN("track") " < first",
                          &statement);
    if (result == STORE_OK) {
        sqlite_bind_bytes(statement, 1, room);
        sqlite_bind_number(statement, 2, tick);
        sqlite_bind_number(statement, 3, blob_id(room_id, 0));
        result = sqlite_file_run(&archive->file, statement);
    }
    sqlite3_finalize(statement);
    return result;
}

/* --- Many ---------------------------------------------------------------------------------------- */

struct listing {
    struct archive *archive;
    sqlite3_stmt *stored; /* bytes of a session */
};

static enum store_result weigh(const struct listing *listing, struct store_session *session)
{
    struct archive *archive = listing->archive;
    uint64_t room;
    enum store_result result = archive_room_id(archive, session->room, &room);
    if (result != STORE_OK || room == 0)
        return result;
    return archive_weigh(archive, listing->stored, room, session->first, session->last,
                         &session->bytes);
}

static enum store_result visit_all(const struct listing *listing,
                                   sqlite3_stmt *walk,
                                   store_session_visitor *visitor,
                                   void *context)
{
    struct archive_row row;
    enum store_result result = STORE_OK;
    bool more = true;
    while (more &&
           archive_table_step(listing->archive, &archive_session_table, walk, &row, &result)) {
        result = weigh(listing, &row.session);
        more = result == STORE_OK && visitor(context, &row.session);
    }
    return result;
}

enum store_result archive_sessions_list(struct archive *archive,
                                        struct bytes room,
                                        store_session_visitor *visitor,
                                        void *context)
{
    sqlite3_stmt *walk;
    struct listing listing = {.archive = archive};
    enum store_result result = archive_table_walk(
        archive, &archive_session_table,
        room.length > 0 ? "WHERE room = ?1 ORDER BY first, id" : "ORDER BY id", &walk);
    if (result != STORE_OK || walk == NULL)
        return result;
    if (room.length > 0)
        sqlite_bind_bytes(walk, 1, room);
    result = archive_weighing(archive, &listing.stored);
    if (result == STORE_OK)
        result = visit_all(&listing, walk, visitor, context);
    sqlite3_finalize(walk);
    sqlite3_finalize(listing.stored);
    return result;
}
