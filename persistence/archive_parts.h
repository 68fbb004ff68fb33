/* archive_parts.h - the archive's rows, for the files of the archive and for salvage. */
#ifndef PERSISTENCE_ARCHIVE_PARTS_H
#define PERSISTENCE_ARCHIVE_PARTS_H

#include "persistence/archive.h"

#include <assert.h>

#define ARCHIVE_NAME "archive.db"

#define TICK_BITS      36u
#define ROOM_ID_MAX    ((UINT64_C(1) << 27) - 1)
#define BLOB_PART_MAX  (1u << 20)
#define BLOB_PARTS_MAX (STORE_BLOB_MAX / BLOB_PART_MAX + 1)

static_assert(STORE_TICK_MAX == (UINT64_C(1) << TICK_BITS) - 1, "a tick fits a blob's id");

enum blob_table {
    SEGMENTS,
    SNAPSHOTS,
    TRACKS,    /* not in files of older formats, which are only read; nor are */
    SUMMARIES, /* these */
    BLOB_TABLES
};

/* What is done with a blob's row, of whichever table. */
enum blob_statement {
    BLOB_ADD,
    BLOB_FIRST,     /* lowest id of a range */
    BLOB_LAST,      /* highest */
    BLOB_HEAD,      /* of the lowest, but for its bytes: struct blob_head */
    BLOB_HEAD_LAST, /* of the highest */
    BLOB_DROP,
    BLOB_STATEMENTS
};
#define BLOB_HEAD_ROW "id, last, previous, incarnation, sealed_ms, stored, part, parts"

enum archive_statement {
    ROOM_FIND,
    ROOM_AT,
    ROOM_NEXT,
    ROOM_ID,
    ROOM_ADD,
    ROOM_SET,
    PART_ADD,
    PART_READ,
    PART_LAST,
    PART_DROP,
    BLOBS_BEGIN, /* from here on, those of each table */
    UNTRACKED_STATEMENTS = BLOBS_BEGIN + TRACKS * BLOB_STATEMENTS,
    UNGAPPED_STATEMENTS = BLOBS_BEGIN + BLOB_TABLES * BLOB_STATEMENTS,
    GAP_FIRST = UNGAPPED_STATEMENTS, /* of a range of ids */
    GAP_SET,
    GAP_DROP,
    ARCHIVE_STATEMENTS
};
#define BLOB_STATEMENT(table, which) (BLOBS_BEGIN + (table)*BLOB_STATEMENTS + (which))

extern const char *const archive_sql[ARCHIVE_STATEMENTS];

/* Opens the file and its statements, and looks at no room. */
MUST_CHECK enum store_result archive_open_file(struct archive *archive,
                                               const struct sqlite_place *place,
                                               const char *name,
                                               enum sqlite_file_use use);

/* Prepares what the file's tables allow; archive_open_file() does. */
MUST_CHECK enum store_result archive_prepare(struct archive *archive);

/* A transaction; end() as that of the file, with a checkpoint after it. */
MUST_CHECK enum store_result archive_begin(struct archive *archive);
MUST_CHECK enum store_result archive_end(struct archive *archive, enum store_result result);

/* --- Rooms -------------------------------------------------------------------------------------- */

#define ARCHIVE_ROOM_ROW                                                                           \
    "id, name, kind, incarnation, first, last, created_ms, bytes, snapshot_tick, state, reason,"   \
    " checksum"

/* A room's row, with the bytes that its views show. */
struct archive_room {
    uint64_t id;
    uint64_t stored; /* its bytes, as the file has them */
    struct store_room room;
    uint8_t name[ROOM_NAME_MAX];
    uint8_t kind[NAME_BYTES_MAX];
    uint8_t reason[STORE_REASON_MAX];
};

/* What ARCHIVE_ROOM_ROW gave. STORE_DAMAGED when it does not check. */
MUST_CHECK enum store_result
archive_room_take(struct archive *archive, sqlite3_stmt *row, struct archive_room *room);

/* STORE_NOT_FOUND where it is certain that there is none; STORE_DAMAGED when its row does not check,
 * or nobody can tell. */
MUST_CHECK enum store_result
archive_room_find(struct archive *archive, struct bytes name, struct archive_room *room);
MUST_CHECK enum store_result
archive_room_at(struct archive *archive, uint64_t id, struct archive_room *room);

/* The id of the room under which the index has this name; 0 for none. */
MUST_CHECK enum store_result
archive_room_id(struct archive *archive, struct bytes name, uint64_t *id);

/* The id and name of a room whose row does not check, and nothing else of it. STORE_DAMAGED where the
 * index leads to another room's row: then the file as a whole is. */
MUST_CHECK enum store_result
archive_room_trace(struct archive *archive, struct bytes name, struct archive_room *room);

/* A row for a room of this name, with the next id, not written yet. */
MUST_CHECK enum store_result
archive_room_begin(struct archive *archive, struct bytes name, struct archive_room *room);

/* Takes all that is stored of the room out, but its name and incarnation: see struct store, remove().
 * Within a transaction. */
MUST_CHECK enum store_result
archive_room_empty(struct archive *archive, struct bytes name, uint64_t incarnation);

/* Writes the row, a new one when `add`, within a transaction. */
MUST_CHECK enum store_result
archive_room_write(struct archive *archive, struct archive_room *room, bool add);

/* A room's part of a sealing, within a transaction. Its segment goes on behind the tick `behind`, where that
 * is not 0: what lies between that and the end of the log is a gap. */
MUST_CHECK enum store_result archive_seal_room(struct archive *archive,
                                               const struct store_sealed *sealed,
                                               uint64_t behind,
                                               uint64_t wall_ms);

/* Copies what the views show into the row's own bytes; what is too long is cut. */
void archive_room_set_name(struct archive_room *room, struct bytes name);
void archive_room_set_kind(struct archive_room *room, struct bytes kind);
void archive_room_set_reason(struct archive_room *room, struct bytes reason);

/* The name for people: what is not plain ASCII becomes a dot. */
struct printable {
    char text[ROOM_NAME_MAX + 1];
};
struct printable printable(struct bytes name);

/* --- Names -------------------------------------------------------------------------------------- */

#define ARCHIVE_NAMES_SQL                                                                          \
    "CREATE TABLE chain(name BLOB PRIMARY KEY NOT NULL, next BLOB NOT NULL,"                       \
    " checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID"

/* Whether there is a room of this name; certain where STORE_OK. A file of an older format, which is
 * only read, has no chain: there the index is believed. */
MUST_CHECK enum store_result
archive_name_known(struct archive *archive, struct bytes name, bool *known);

/* The name that follows, of a room or the empty one, which is before all. STORE_NOT_FOUND after the
 * last. */
MUST_CHECK enum store_result archive_name_after(struct archive *archive,
                                                struct bytes name,
                                                uint8_t own[ROOM_NAME_MAX],
                                                size_t *length);

/* Adds a name that is not there, within a transaction. */
MUST_CHECK enum store_result archive_name_add(struct archive *archive, struct bytes name);

/* The names of all rooms, where the file has none of them yet; looks at every row. */
MUST_CHECK enum store_result archive_names_make(struct archive *archive, uint64_t *count);

/* Statements are prepared when they are needed. */
void archive_names_close(struct archive *archive);

/* --- Blobs -------------------------------------------------------------------------------------- */

struct archive_blob {
    enum blob_table table;
    uint64_t id;
    uint64_t incarnation;
    uint64_t last;      /* tick */
    uint64_t previous;  /* of segments: last tick of the one before; 0 for none */
    uint64_t sealed_ms; /* since 1970 */
    uint64_t codec;     /* 0: as it was; 1: zlib */
    uint64_t length;    /* when unpacked */
    uint64_t part;      /* first row in `part` */
    uint64_t parts;
    uint64_t checksum;
    uint64_t began_ms, ended_ms; /* of summaries */
    uint8_t name[ROOM_NAME_MAX];
    size_t name_length;
    uint8_t *stored; /* the blob's own, all parts */
    size_t stored_length;
};

/* Packs the bytes: STORE_MEMORY or STORE_OK. The blob wants archive_blob_free() either way. */
MUST_CHECK enum store_result archive_blob_pack(struct archive_blob *blob, struct bytes bytes);

/* Adds the row of a blob whose other fields are set, with its checksum and parts. */
MUST_CHECK enum store_result archive_blob_add(struct archive *archive, struct archive_blob *blob);

/* The blob of the lowest or the highest id in [from, to]: STORE_NOT_FOUND without one. */
MUST_CHECK enum store_result archive_blob_first(struct archive *archive,
                                                enum blob_table table,
                                                uint64_t from,
                                                uint64_t to,
                                                struct archive_blob *blob);
MUST_CHECK enum store_result archive_blob_last(struct archive *archive,
                                               enum blob_table table,
                                               uint64_t from,
                                               uint64_t to,
                                               struct archive_blob *blob);

/* Numbers of a blob, which nothing has checked. */
struct blob_head {
    enum blob_table table;
    uint64_t id;
    uint64_t last, previous; /* ticks */
    uint64_t incarnation;
    uint64_t sealed_ms;
    uint64_t stored; /* bytes */
    uint64_t part, parts;
};

/* As archive_blob_first() and archive_blob_last(). */
MUST_CHECK enum store_result archive_head_first(struct archive *archive,
                                                enum blob_table table,
                                                uint64_t from,
                                                uint64_t to,
                                                struct blob_head *head);
MUST_CHECK enum store_result archive_head_last(struct archive *archive,
                                               enum blob_table table,
                                               uint64_t from,
                                               uint64_t to,
                                               struct blob_head *head);

/* Bytes, as stored, of log and presence that tell of these ticks of a room; the statement, which the first
 * makes, serves many and is finalized by the caller, also where it failed. */
MUST_CHECK enum store_result archive_weighing(struct archive *archive, sqlite3_stmt **statement);
MUST_CHECK enum store_result archive_weigh(struct archive *archive,
                                           sqlite3_stmt *statement,
                                           uint64_t room,
                                           uint64_t first,
                                           uint64_t last,
                                           uint64_t *bytes);

/* STORE_DAMAGED unless it is what was written for the room of this name. */
MUST_CHECK enum store_result archive_blob_verify(const struct archive_blob *blob,
                                                 struct bytes name);

/* Unpacks a blob that was verified and shows it; *more is what the visitor says. */
MUST_CHECK enum store_result archive_blob_visit(const struct archive_blob *blob,
                                                store_blob_visitor *visitor,
                                                void *context,
                                                bool *more);

/* The bytes as they were, in memory of the caller's to free. */
MUST_CHECK enum store_result archive_blob_unpack(const struct archive_blob *blob, uint8_t **bytes);

/* Removes the blob's row and its parts. */
MUST_CHECK enum store_result archive_blob_drop(struct archive *archive,
                                               const struct blob_head *head);
void archive_blob_free(struct archive_blob *blob);

/* Removes all blobs with ids in [from, to], whatever state they are in. */
MUST_CHECK enum store_result
archive_blobs_drop(struct archive *archive, enum blob_table table, uint64_t from, uint64_t to);

/* Says where the damage is, and gives STORE_DAMAGED. */
enum store_result
archive_damage(enum blob_table table, struct bytes name, uint64_t tick, const char *what);

/* What SQLite says of a damaged page names no room; the one that was read is known to the caller. */
enum store_result archive_place_damage(enum store_result result,
                                       enum blob_table table,
                                       struct bytes name,
                                       uint64_t tick);

static inline uint64_t blob_id(uint64_t room, uint64_t tick)
{
    return room << TICK_BITS | tick;
}

static inline uint64_t id_tick(uint64_t id)
{
    return id & STORE_TICK_MAX;
}

static inline uint64_t blob_tick(const struct archive_blob *blob)
{
    return id_tick(blob->id);
}

/* STORE_OK when the segment goes on where the one before it, or the log, ended; STORE_NOT_FOUND when what
 * lies between is not kept any more, STORE_DAMAGED when it is missing. */
MUST_CHECK enum store_result archive_segment_follows(struct archive *archive,
                                                     const struct archive_room *room,
                                                     const struct archive_blob *segment,
                                                     uint64_t after);

/* --- Gaps --------------------------------------------------------------------------------------- */

#define ARCHIVE_GAPS_SQL                                                                           \
    "CREATE TABLE gap(id INTEGER PRIMARY KEY, room BLOB, last INTEGER, checksum INTEGER) STRICT"

/* Whether there is one before the segment of this id, behind what ends at `after` or before. */
MUST_CHECK enum store_result archive_gap_at(struct archive *archive,
                                            struct bytes room,
                                            uint64_t segment,
                                            uint64_t after,
                                            bool *there);

/* Within a transaction. */
MUST_CHECK enum store_result
archive_gap_set(struct archive *archive, struct bytes room, uint64_t segment, uint64_t last);
MUST_CHECK enum store_result archive_gaps_drop(struct archive *archive, uint64_t from, uint64_t to);

/* Copies those of a room, which may get another id. */
MUST_CHECK enum store_result archive_gaps_salvage(struct archive *from,
                                                  struct archive *to,
                                                  struct bytes room,
                                                  uint64_t from_room,
                                                  uint64_t to_room);

#endif
