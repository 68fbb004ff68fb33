#include "persistence/archive_file_rows.h"
#include "persistence/archive_parts.h"
#include "persistence/store_place.h"

/* --- All of them -------------------------------------------------------------------------------- */

static enum store_result
next_by_id(struct archive *archive, bool upwards, uint64_t id, struct file_row *row)
{
    sqlite3_stmt *statement = archive->file_rows[upwards ? FILE_AFTER : FILE_BEFORE];
    sqlite_bind_number(statement, 1, id);
    return file_row_read(archive, statement, row);
}

static void look_away(void *context, struct bytes part)
{
    (void)context;
    (void)part;
}

static enum store_result check_parts(struct archive *archive, const struct file_row *row)
{
    enum store_result result = STORE_OK;
    uint64_t sum = 0;
    for (uint64_t part = 0; part < row->parts && result == STORE_OK; part++)
        result = file_part_read(archive, row, part, &sum, look_away, NULL);
    return result == STORE_OK && sum != row->sum ? file_row_damage(row, "another file's part")
                                                 : result;
}

enum store_result archive_files_check(struct archive *archive,
                                      store_damage_visitor *visitor,
                                      bool (*step)(void *context),
                                      void *visitor_context,
                                      void *step_context)
{
    enum store_result result = file_rows_ready(archive);
    struct file_row row = {0};
    bool more = true;
    while (result == STORE_OK && more) {
        uint64_t before = row.id;
        result = next_by_id(archive, true, before + 1, &row);
        if (result == STORE_OK)
            result = check_parts(archive, &row);
        if (result == STORE_DAMAGED) {
            visitor(visitor_context, store_file_room(&row.file), store_place());
            if (row.id <= before)
                return STORE_OK; /* the file's pages are damaged here; nothing behind is found */
            result = STORE_OK;
        }
        if (result == STORE_OK)
            more = step(step_context);
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* --- Salvage ------------------------------------------------------------------------------------ */

struct copying {
    struct archive *to;
    struct file_row row; /* as it grows there */
    enum store_result result;
};

static void copy_part(void *context, struct bytes part)
{
    struct copying *copying = context;
    copying->result = file_part_add(copying->to, &copying->row, part);
}

/* With the same id, which its parts' checksums rest on. */
static enum store_result
copy_parts(struct archive *from, struct archive *to, const struct file_row *row)
{
    struct copying copying = {.to = to, .row = *row};
    copying.row.parts = copying.row.sum = 0;
    enum store_result result = STORE_OK;
    uint64_t sum = 0;
    for (uint64_t part = 0; part < row->parts && result == STORE_OK; part++) {
        result = file_part_read(from, row, part, &sum, copy_part, &copying);
        if (result == STORE_OK)
            result = copying.result;
    }
    if (result == STORE_OK && copying.row.sum != row->sum)
        result = file_row_damage(row, "another file's part");
    return result == STORE_OK ? file_row_write(to, FILE_ADD, &copying.row) : result;
}

static enum store_result copy(struct archive *from, struct archive *to, const struct file_row *row)
{
    enum store_result result = archive_begin(to);
    return result == STORE_OK ? archive_end(to, copy_parts(from, to, row)) : result;
}

/* Files with ids in [*low, *high], which it narrows, until one cannot be reached. */
static enum store_result salvage_run(struct archive *from,
                                     struct archive *to,
                                     bool upwards,
                                     uint64_t *low,
                                     uint64_t *high,
                                     unsigned *kept,
                                     unsigned *lost)
{
    while (*low <= *high) {
        struct file_row row;
        enum store_result result = next_by_id(from, upwards, upwards ? *low : *high, &row);
        if (result != STORE_OK && (result != STORE_DAMAGED || row.id < *low || row.id > *high))
            return result;
        if (upwards)
            *low = row.id + 1;
        else
            *high = row.id - 1;
        if (result == STORE_OK && row.arriving)
            continue;
        if (result == STORE_OK)
            result = copy(from, to, &row);
        *kept += result == STORE_OK;
        *lost += result == STORE_DAMAGED;
        if (result != STORE_OK && result != STORE_DAMAGED)
            return result;
    }
    return STORE_NOT_FOUND;
}

enum store_result
archive_files_salvage(struct archive *from, struct archive *to, unsigned *kept, unsigned *lost)
{
    uint64_t low = 1, high = FOR_EVER >> FILE_PART_BITS;
    enum store_result result = file_rows_ready(from);
    if (result == STORE_NOT_FOUND || result == STORE_DAMAGED)
        return STORE_OK; /* there is no such table any more */
    if (result == STORE_OK)
        result = file_rows_ready(to);
    if (result == STORE_OK)
        result = salvage_run(from, to, true, &low, &high, kept, lost);
    if (result == STORE_DAMAGED)
        result = salvage_run(from, to, false, &low, &high, kept, lost);
    return result == STORE_NOT_FOUND || result == STORE_DAMAGED ? STORE_OK : result;
}
