#include "tools/store_judge.h"

#include "server/file_type.h"
#include "server/storage.h"
#include "sync/log_piece.h"
#include "sync/room_parts.h"
#include "sync/snapshot.h"
#include "sync/summary.h"
#include "sync/wire.h"
#include "tools/store_judge_run.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* A log, or a track, with its bytes: they outlive the piece that they came in. */
struct kept {
    struct store_blob blob;
    struct flush_buffer stored;
    struct log_piece piece;
};

struct judge {
    struct judging *judging;
    struct portable_reader *reader;
    struct judge_run run;
    char kind[NAME_BYTES_MAX];
    struct kept log, track; /* not sealed yet; a track goes with the log before it */
    uint64_t behind; /* which the log goes on from, where that is not the log before; else 0 */
    struct storage_piece recorded; /* behind the newest snapshot */
    struct {
        EVP_MD_CTX *digest;
        struct store_file file;
        uint64_t upload, left;
    } file;
};

static enum store_result refuse(struct judge *judge, const char *why)
{
    return portable_refuse(judge->reader, why);
}

/* STORE_OK where there is nothing wrong. */
static enum store_result verdict(struct judge *judge, const char *why)
{
    return why == NULL ? STORE_OK : refuse(judge, why);
}

/* --- What is judged goes on ----------------------------------------------------------------------- */

static enum store_result
keep(struct judge *judge, struct kept *kept, const struct portable_piece *piece)
{
    kept->stored.length = 0;
    if (!flush_reserve(&kept->stored, piece->bytes.length))
        return STORE_MEMORY;
    memcpy(kept->stored.data, piece->bytes.data, piece->bytes.length);
    kept->stored.length = piece->bytes.length;
    kept->blob = (struct store_blob){.incarnation = piece->incarnation,
                                     .first = piece->first,
                                     .last = piece->last,
                                     .bytes = {kept->stored.data, kept->stored.length}};
    enum status status = log_piece_open(&kept->piece, kept->blob.bytes);
    if (status == STATUS_MEMORY)
        return STORE_MEMORY;
    if (status != STATUS_OK)
        return refuse(judge, "it does not unpack");
    return verdict(judge, run_charge(&judge->run, kept->piece.entries.length));
}

static void forget(struct kept *kept)
{
    log_piece_close(&kept->piece);
    kept->blob = (struct store_blob){0};
}

static void note_time(struct bytes entries, uint64_t *began_ms, uint64_t *ended_ms)
{
    struct reader reader = reader_on(entries);
    struct log_entry entry;
    while (log_read_entry(&reader, &entry)) {
        *began_ms = *began_ms == 0 ? entry.wall_ms : *began_ms;
        *ended_ms = entry.wall_ms;
    }
}

/* The room as it is by now, where a server would write it down. */
static enum store_result
make_snapshot(struct judge *judge, struct store_sealed *sealed, uint8_t **bytes)
{
    const struct room *room = judge->run.replay.room;
    judge->recorded.log_bytes += judge->log.piece.entries.length;
    judge->recorded.last = judge->log.blob.last;
    if (!storage_snapshot_due(&judge->recorded, room_rules(room), room->asleep))
        return STORE_OK;
    size_t length = snapshot_bytes(room);
    if (length > STORE_BLOB_MAX)
        return STORE_OK;
    *bytes = malloc(length);
    if (*bytes == NULL)
        return STORE_MEMORY;
    struct writer writer = writer_on(*bytes, length);
    snapshot_write(room, &writer);
    uint64_t tick = room_tick_number(room);
    uint8_t *packed = NULL;
    struct bytes kept = log_piece_pack(writer_bytes(&writer), snapshot_pack, &packed);
    if (packed != NULL) {
        free(*bytes);
        *bytes = packed;
    }
    sealed->snapshot = (struct store_blob){room_incarnation(room), tick, tick, kept};
    judge->recorded = (struct storage_piece){
        .after = tick, .snapshot_bytes = length, .snapshot_stored = kept.length};
    return STORE_OK;
}

/* The log and its track, with what a server would have made of them. */
static enum store_result seal(struct judge *judge)
{
    uint8_t summary[SUMMARY_BYTES_MAX], *snapshot = NULL;
    struct bytes log = judge->log.piece.entries, track = judge->track.piece.entries;
    struct store_sealed sealed = {
        .kind = judge->run.kind, .segment = judge->log.blob, .track = judge->track.blob};
    if (log.length == 0 && track.length == 0)
        return STORE_OK;
    note_time(log.length > 0 ? log : track, &sealed.began_ms, &sealed.ended_ms);
    enum store_result result = STORE_OK;
    judge->recorded.recorded_bytes += judge->log.blob.bytes.length + judge->track.blob.bytes.length;
    if (log.length > 0) {
        struct writer writer = writer_on(summary, sizeof summary);
        summary_write(log, track, &writer);
        if (writer.status == STATUS_OK)
            sealed.summary = writer_bytes(&writer);
        result = make_snapshot(judge, &sealed, &snapshot);
    }
    if (result == STORE_OK && judge->judging->import != NULL)
        result = store_import_seal(judge->judging->import, &sealed, judge->behind);
    judge->behind = 0;
    free(snapshot);
    forget(&judge->log);
    forget(&judge->track);
    return result;
}

/* --- Pieces --------------------------------------------------------------------------------------- */

static enum store_result take_room(struct judge *judge, const struct portable_piece *piece)
{
    struct judging *judging = judge->judging;
    if (!wire_room_name_valid(piece->name))
        return refuse(judge, "its name is none that a room has");
    if (kind_find(judging->kinds, piece->room_kind) == NULL)
        return refuse(judge, "its kind is none that is known here (see --kinds)");
    memcpy(judging->name, piece->name.data, piece->name.length);
    judging->name[piece->name.length] = '\0';
    memcpy(judge->kind, piece->room_kind.data, piece->room_kind.length);
    judge->run.kind = (struct bytes){(const uint8_t *)judge->kind, piece->room_kind.length};
    judging->made_ms = piece->made_ms;
    return STORE_OK;
}

static enum store_result take_session(struct judge *judge, const struct portable_piece *piece)
{
    struct judging *judging = judge->judging;
    struct store_session session = {.kind = judge->run.kind,
                                    .incarnation = piece->incarnation,
                                    .first = piece->first,
                                    .last = piece->last,
                                    .began_ms = piece->began_ms,
                                    .ended_ms = piece->ended_ms,
                                    .title = piece->title,
                                    .pinned = piece->pinned == 1};
    judging->sessions++;
    return judging->import != NULL ? store_import_session(judging->import, &session) : STORE_OK;
}

static enum store_result take_marker(struct judge *judge, const struct portable_piece *piece)
{
    struct judging *judging = judge->judging;
    struct store_marker marker = {.incarnation = piece->incarnation,
                                  .tick = piece->first,
                                  .title = piece->title,
                                  .colour = piece->colour,
                                  .by = piece->by};
    judging->markers++;
    return judging->import != NULL ? store_import_marker(judging->import, &marker) : STORE_OK;
}

static void note_tick(struct judging *judging, uint64_t first, uint64_t last)
{
    if (judging->first == 0)
        judging->first = first;
    judging->last = last;
}

static enum store_result take_snapshot(struct judge *judge, const struct portable_piece *piece)
{
    enum store_result result = verdict(judge, run_snapshot(&judge->run, piece));
    if (result != STORE_OK)
        return result;
    note_tick(judge->judging, piece->first, piece->first);
    judge->behind = piece->first;
    judge->recorded = (struct storage_piece){.after = piece->first,
                                             .snapshot_bytes = log_piece_length(piece->bytes),
                                             .snapshot_stored = piece->bytes.length};
    struct store_sealed sealed = {
        .kind = judge->run.kind,
        .snapshot = {piece->incarnation, piece->first, piece->first, piece->bytes}};
    struct store_import *import = judge->judging->import;
    return import != NULL ? store_import_seal(import, &sealed, 0) : STORE_OK;
}

static enum store_result take_log(struct judge *judge, const struct portable_piece *piece)
{
    enum store_result result = keep(judge, &judge->log, piece);
    if (result != STORE_OK)
        return result;
    note_tick(judge->judging, piece->first, piece->last);
    if (piece->begins == 1) {
        judge->behind = piece->first - 1;
        judge->recorded = (struct storage_piece){.after = piece->first - 1};
    }
    return verdict(judge, run_log(&judge->run, piece, judge->log.piece.entries));
}

/* A second one behind the same log is sealed alone. */
static enum store_result take_track(struct judge *judge, const struct portable_piece *piece)
{
    enum store_result result = judge->track.blob.bytes.length > 0 ? seal(judge) : STORE_OK;
    if (result == STORE_OK)
        result = keep(judge, &judge->track, piece);
    if (result != STORE_OK)
        return result;
    return verdict(judge, run_track(&judge->run, piece, judge->track.piece.entries));
}

/* --- Images --------------------------------------------------------------------------------------- */

static enum store_result take_file(struct judge *judge, const struct portable_piece *piece)
{
    struct judging *judging = judge->judging;
    judge->file.file = (struct store_file){.type = (uint8_t)piece->type,
                                           .bytes = piece->length,
                                           .added_ms = piece->added_ms,
                                           .used_ms = piece->used_ms};
    memcpy(judge->file.file.hash, piece->hash.data, STORE_HASH_BYTES);
    judge->file.left = piece->length;
    judging->files++;
    if (judge->file.digest == NULL)
        judge->file.digest = EVP_MD_CTX_new();
    if (judge->file.digest == NULL ||
        EVP_DigestInit_ex(judge->file.digest, EVP_sha256(), NULL) != 1)
        return STORE_MEMORY;
    return judging->import != NULL
               ? store_import_file(judging->import, piece->length, &judge->file.upload)
               : STORE_OK;
}

static enum store_result end_file(struct judge *judge)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned length;
    struct store_import *import = judge->judging->import;
    if (EVP_DigestFinal_ex(judge->file.digest, hash, &length) != 1)
        return STORE_MEMORY;
    if (memcmp(hash, judge->file.file.hash, STORE_HASH_BYTES) != 0)
        return refuse(judge, "with it the file is not what its hash says");
    return import != NULL ? store_import_file_end(import, judge->file.upload, &judge->file.file)
                          : STORE_OK;
}

static enum store_result take_part(struct judge *judge, const struct portable_piece *piece)
{
    struct store_import *import = judge->judging->import;
    bool first = judge->file.left == judge->file.file.bytes;
    if (first && (judge->file.file.type == FILE_UNKNOWN ||
                  file_type_of(piece->bytes) != judge->file.file.type))
        return refuse(judge, "the file is of another type than it says");
    if (EVP_DigestUpdate(judge->file.digest, piece->bytes.data, piece->bytes.length) != 1)
        return STORE_MEMORY;
    enum store_result result = verdict(judge, run_charge(&judge->run, piece->bytes.length));
    if (result == STORE_OK && import != NULL)
        result = store_import_part(import, judge->file.upload, piece->bytes);
    judge->file.left -= piece->bytes.length;
    return result == STORE_OK && judge->file.left == 0 ? end_file(judge) : result;
}

/* --- All of it ------------------------------------------------------------------------------------ */

static enum store_result take(struct judge *judge, const struct portable_piece *piece)
{
    /* What came before is whole with all but its track. */
    enum store_result result = piece->kind != PORTABLE_TRACK ? seal(judge) : STORE_OK;
    if (result != STORE_OK)
        return result;
    switch (piece->kind) {
    case PORTABLE_ROOM:
        return take_room(judge, piece);
    case PORTABLE_SESSION:
        return take_session(judge, piece);
    case PORTABLE_MARKER:
        return take_marker(judge, piece);
    case PORTABLE_SNAPSHOT:
        return take_snapshot(judge, piece);
    case PORTABLE_LOG:
        return take_log(judge, piece);
    case PORTABLE_TRACK:
        return take_track(judge, piece);
    case PORTABLE_FILE:
        return take_file(judge, piece);
    default:
        return take_part(judge, piece);
    }
}

static enum store_result judge_pieces(struct judge *judge)
{
    struct judging *judging = judge->judging;
    struct portable_piece piece;
    enum store_result result;
    while ((result = portable_next(judge->reader, &piece)) == STORE_OK) {
        result = verdict(judge, run_charge(&judge->run, piece.bytes.length));
        if (result == STORE_OK)
            result = take(judge, &piece);
        if (result == STORE_OK && judging->progress != NULL &&
            !judging->progress(judging->context, portable_at(judge->reader)))
            result = STORE_BUSY;
        if (result != STORE_OK)
            return result;
    }
    return result == STORE_NOT_FOUND ? seal(judge) : result;
}

static void tell(struct judge *judge, enum store_result result)
{
    const char *place = portable_place(judge->reader);
    if (place[0] != '\0')
        snprintf(judge->judging->error, sizeof judge->judging->error, "%s", place);
    else
        snprintf(judge->judging->error, sizeof judge->judging->error, "%s",
                 result == STORE_BUSY ? "stopped" : store_result_text(result));
}

static struct judge_limits limits_of(const struct judging *judging)
{
    struct judge_limits limits = judging->limits;
    limits.memory = limits.memory > 0 ? limits.memory : JUDGE_MEMORY_MAX;
    limits.bytes = limits.bytes > 0 ? limits.bytes : JUDGE_BYTES_MAX;
    limits.walked = limits.walked > 0 ? limits.walked : JUDGE_WALKED_MAX;
    return limits;
}

enum store_result judge(struct judging *judging, FILE *file)
{
    struct judge judge = {.judging = judging,
                          .reader = portable_open(file),
                          .run = {.kinds = judging->kinds, .limits = limits_of(judging)}};
    judging->error[0] = '\0';
    judging->first = judging->last = 0;
    judging->sessions = judging->markers = judging->files = 0;
    enum store_result result = STORE_MEMORY;
    if (judge.reader != NULL) {
        result = judge_pieces(&judge);
        if (result == STORE_OK)
            memcpy(judging->sum, portable_sum(judge.reader), PORTABLE_SUM_BYTES);
        else
            tell(&judge, result);
    }
    judging->bytes = judge.run.bytes;
    judging->walked = judge.run.walked;
    run_end(&judge.run);
    forget(&judge.log);
    forget(&judge.track);
    free(judge.log.stored.data);
    free(judge.track.stored.data);
    EVP_MD_CTX_free(judge.file.digest);
    portable_close(judge.reader);
    return result;
}
