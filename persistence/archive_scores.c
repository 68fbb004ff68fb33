#include "persistence/archive_scores.h"

#include "persistence/archive_parts.h"
#include "persistence/checksum.h"

/* Over the lengths too, so that no byte of one text counts for another. */
static uint64_t sum_of(const struct store_score *score)
{
    const uint64_t numbers[] = {score->board.length, score->high, (uint64_t)score->score,
                                score->at_ms, score->details.length};
    uint64_t named =
        checksum(numbers, sizeof numbers / sizeof numbers[0], score->board, score->name);
    return checksum(&named, 1, (struct bytes){0}, score->details);
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
    enum store_result result = archive_statement(
        archive,
        "INSERT INTO score(board, high, name, score, at_ms, details, checksum)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(board, high, name) DO UPDATE SET"
        " score = ?4, at_ms = ?5, details = ?6, checksum = ?7",
        &set);
    if (result == STORE_OK)
        result = archive_statement(
            archive, "DELETE FROM score WHERE board = ?1 AND high = ?2 AND name = ?3", &drop);
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

static bool take(sqlite3_stmt *statement, struct archive_row *row)
{
    row->score = (struct store_score){
        .board = sqlite_column_view(statement, 1),
        .high = sqlite_column_number(statement, 2) != 0,
        .name = sqlite_column_view(statement, 3),
        .score = (int64_t)sqlite_column_number(statement, 4),
        .at_ms = sqlite_column_number(statement, 5),
        .details = sqlite_column_view(statement, 6),
    };
    const struct store_score *score = &row->score;
    return sum_of(score) == sqlite_column_number(statement, 7) && score->board.length > 0 &&
           score->board.length <= BOARD_BYTES_MAX && score->name.length > 0 &&
           score->name.length <= RESULT_NAME_BYTES_MAX &&
           score->details.length <= RESULT_DETAILS_BYTES_MAX;
}

static enum store_result add(struct archive *archive, const struct archive_row *row)
{
    return write_all(archive, &row->score, 1);
}

const struct archive_table archive_score_table = {
    .name = "score",
    .since = 4,
    .row = "id, board, high, name, score, at_ms, details, checksum",
    .take = take,
    .add = add,
};

enum store_result
archive_scores_each(struct archive *archive, store_score_visitor *visitor, void *context)
{
    sqlite3_stmt *walk;
    struct archive_row row;
    enum store_result result =
        archive_table_walk(archive, &archive_score_table, "ORDER BY id", &walk);
    bool more = result == STORE_OK;
    while (more && archive_table_step(archive, &archive_score_table, walk, &row, &result))
        more = visitor(context, &row.score);
    sqlite3_finalize(walk);
    return result;
}
