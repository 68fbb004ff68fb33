#include "persistence/archive_scores.h"

#include "persistence/archive_parts.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <limits.h>

#define ROW    "id, board, high, name, score, at_ms, details, checksum"
#define SELECT "SELECT " ROW " FROM score "

/* One row; the views are good until its statement goes on. */
struct row {
    uint64_t id;
    struct store_score score;
};

/* Over the lengths too, so that no byte of one text counts for another. */
static uint64_t sum_of(const struct store_score *score)
{
    const uint64_t numbers[] = {score->board.length, score->high, (uint64_t)score->score,
                                score->at_ms, score->details.length};
    uint64_t named =
        checksum(numbers, sizeof numbers / sizeof numbers[0], score->board, score->name);
    return checksum(&named, 1, (struct bytes){0}, score->details);
}

static enum store_result prepare(struct archive *archive, const char *sql, sqlite3_stmt **statement)
{
    *statement = NULL;
    return sqlite_file_result(&archive->file,
                              sqlite3_prepare_v2(archive->file.db, sql, -1, statement, NULL));
}

/* STORE_NOT_FOUND in a file of an older format. */
static enum store_result has_table(struct archive *archive)
{
    sqlite3_stmt *statement;
    enum store_result result =
        prepare(archive, "SELECT 1 FROM sqlite_schema WHERE name = 'score'", &statement);
    if (result == STORE_OK)
        result = sqlite_file_step(&archive->file, statement);
    sqlite3_finalize(statement);
    return result;
}

static void bind(sqlite3_stmt *statement, const struct store_score *score)
{
    sqlite_bind_bytes(statement, 1, score->board);
    sqlite_bind_number(statement, 2, score->high);
    sqlite_bind_bytes(statement, 3, score->name);
}

static enum store_result
put(struct archive *archive, sqlite3_stmt *statement, const struct store_score *score)
{
    bind(statement, score);
    sqlite_bind_number(statement, 4, (uint64_t)score->score);
    sqlite_bind_number(statement, 5, score->at_ms);
    sqlite_bind_bytes(statement, 6, score->details);
    sqlite_bind_number(statement, 7, sum_of(score));
    return sqlite_file_run(&archive->file, statement);
}

static enum store_result
write_all(struct archive *archive, const struct store_score *scores, size_t count)
{
    sqlite3_stmt *set, *drop = NULL;
    enum store_result result =
        prepare(archive,
                "INSERT INTO score(board, high, name, score, at_ms, details, checksum)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(board, high, name) DO UPDATE SET"
                " score = ?4, at_ms = ?5, details = ?6, checksum = ?7",
                &set);
    if (result == STORE_OK)
        result = prepare(archive, "DELETE FROM score WHERE board = ?1 AND high = ?2 AND name = ?3",
                         &drop);
    for (size_t i = 0; i < count && result == STORE_OK; i++) {
        if (!scores[i].gone) {
            result = put(archive, set, &scores[i]);
            continue;
        }
        bind(drop, &scores[i]);
        result = sqlite_file_run(&archive->file, drop);
    }
    sqlite3_finalize(set);
    sqlite3_finalize(drop);
    return result;
}

enum store_result
archive_scores_write(struct archive *archive, const struct store_score *scores, size_t count)
{
    enum store_result result = archive_begin(archive);
    return result == STORE_OK ? archive_end(archive, write_all(archive, scores, count)) : result;
}

/* The next row of the statement: STORE_DAMAGED where it does not check, and *id is above 0; where it
 * cannot be read at all, *id is 0. */
static enum store_result next_row(struct archive *archive, sqlite3_stmt *statement, struct row *row)
{
    *row = (struct row){0};
    enum store_result result = sqlite_file_step(&archive->file, statement);
    if (result != STORE_OK)
        return result;
    row->id = sqlite_column_number(statement, 0);
    row->score = (struct store_score){
        .board = sqlite_column_view(statement, 1),
        .high = sqlite_column_number(statement, 2) != 0,
        .name = sqlite_column_view(statement, 3),
        .score = (int64_t)sqlite_column_number(statement, 4),
        .at_ms = sqlite_column_number(statement, 5),
        .details = sqlite_column_view(statement, 6),
    };
    const struct store_score *score = &row->score;
    if (sum_of(score) == sqlite_column_number(statement, 7) && score->board.length > 0 &&
        score->board.length <= BOARD_BYTES_MAX && score->name.length > 0 &&
        score->name.length <= RESULT_NAME_BYTES_MAX &&
        score->details.length <= RESULT_DETAILS_BYTES_MAX)
        return STORE_OK;
    store_place_set("archive score number %llu: checksum", (unsigned long long)row->id);
    return STORE_DAMAGED;
}

enum store_result
archive_scores_each(struct archive *archive, store_score_visitor *visitor, void *context)
{
    sqlite3_stmt *statement = NULL;
    struct row row = {0};
    enum store_result result = has_table(archive);
    if (result == STORE_OK)
        result = prepare(archive, SELECT "ORDER BY id", &statement);
    while (result == STORE_OK || (result == STORE_DAMAGED && row.id > 0)) {
        result = next_row(archive, statement, &row);
        if (result == STORE_OK && !visitor(context, &row.score))
            break;
    }
    sqlite3_finalize(statement);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result
archive_scores_check(struct archive *archive, store_damage_visitor *visitor, void *context)
{
    sqlite3_stmt *statement = NULL;
    struct row row = {0};
    enum store_result result = has_table(archive);
    if (result == STORE_OK)
        result = prepare(archive, SELECT "ORDER BY id", &statement);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    do {
        result = next_row(archive, statement, &row);
        if (result == STORE_DAMAGED)
            visitor(context, (struct bytes){0}, store_place());
    } while (result == STORE_OK || (result == STORE_DAMAGED && row.id > 0));
    sqlite3_finalize(statement);
    return result == STORE_NOT_FOUND || result == STORE_DAMAGED ? STORE_OK : result;
}

/* Rows of ids in [*low, *high], which it narrows, until one cannot be reached. */
static enum store_result
take_run(struct archive *from, struct archive *to, bool upwards, uint64_t *low, uint64_t *high)
{
    sqlite3_stmt *statement;
    struct row row = {0};
    enum store_result result =
        prepare(from,
                upwards ? SELECT "WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
                        : SELECT "WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC",
                &statement);
    if (result == STORE_OK) {
        sqlite_bind_number(statement, 1, *low);
        sqlite_bind_number(statement, 2, *high);
    }
    while (result == STORE_OK) {
        result = next_row(from, statement, &row);
        if (row.id == 0)
            break;
        *(upwards ? low : high) = upwards ? row.id + 1 : row.id - 1;
        result = result == STORE_OK ? write_all(to, &row.score, 1) : STORE_OK;
    }
    sqlite3_finalize(statement);
    return result;
}

static enum store_result take_all(struct archive *from, struct archive *to)
{
    uint64_t low = 1, high = INT64_MAX;
    enum store_result result = take_run(from, to, true, &low, &high);
    if (result == STORE_DAMAGED)
        result = take_run(from, to, false, &low, &high);
    return result == STORE_NOT_FOUND || result == STORE_DAMAGED ? STORE_OK : result;
}

enum store_result archive_scores_salvage(struct archive *from, struct archive *to)
{
    enum store_result result = has_table(from);
    if (result == STORE_NOT_FOUND || result == STORE_DAMAGED)
        return STORE_OK;
    if (result == STORE_OK)
        result = archive_begin(to);
    return result == STORE_OK ? archive_end(to, take_all(from, to)) : result;
}
