#include "server/recording_json.h"

#include "server/json.h"

#include <inttypes.h>
#include <stdlib.h>

/* Between the elements of a list. */
static void separate(FILE *out, size_t index)
{
    if (index > 0)
        putc(',', out);
}

static void write_text(FILE *out, const char *name, struct bytes text)
{
    fprintf(out, ",\"%s\":", name);
    json_write_string(out, text);
}

/* --- The room --------------------------------------------------------------------------------------- */

static void write_room(FILE *out, const struct recording *recording, const struct rules *kind)
{
    const struct recorded_room *room = &recording->room;
    fputs("{\"kind\":", out);
    json_write_string(out, (struct bytes){room->kind, room->kind_length});
    if (kind != NULL)
        fprintf(out, ",\"hz\":%" PRIu32, kind->tick_hz);
    else
        fputs(",\"hz\":null", out);
    fprintf(out,
            ",\"incarnation\":%" PRIu64 ",\"first\":%" PRIu64 ",\"last\":%" PRIu64
            ",\"began_ms\":%" PRIu64 ",\"ended_ms\":%" PRIu64,
            room->incarnation, room->first, room->last, recording->began_ms, recording->ended_ms);
}

static void write_lives(FILE *out, const struct recording *recording)
{
    fputs(",\"incarnations\":[", out);
    for (size_t i = 0; i < recording->life_count; i++) {
        const struct recording_life *life = &recording->lives[i];
        separate(out, i);
        fprintf(out, "[%" PRIu64 ",%" PRIu64 "]", life->incarnation, life->first);
    }
    putc(']', out);
}

static const char *gap_text(enum recording_gap_kind kind)
{
    switch (kind) {
    case GAP_DROPPED:
        return "dropped";
    case GAP_HOLE:
        return "hole";
    case GAP_PRESENCE:
        return "presence";
    }
    return "";
}

static void write_gaps(FILE *out, const struct recording *recording)
{
    fputs(",\"gaps\":[", out);
    for (size_t i = 0; i < recording->gap_count; i++) {
        const struct recording_gap *gap = &recording->gaps[i];
        separate(out, i);
        fprintf(out, "{\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"kind\":\"%s\"}", gap->from,
                gap->to, gap_text(gap->kind));
    }
    putc(']', out);
}

static void write_activity(FILE *out, const struct recording *recording)
{
    fprintf(out, ",\"activity\":{\"ticks\":%" PRIu64 ",\"operations\":[", recording->bucket_ticks);
    for (size_t i = 0; i < recording->bucket_count; i++) {
        separate(out, i);
        fprintf(out, "%" PRIu32, recording->buckets[i].operations);
    }
    fputs("],\"presence\":[", out);
    for (size_t i = 0; i < recording->bucket_count; i++) {
        separate(out, i);
        fprintf(out, "%" PRIu32, recording->buckets[i].presence);
    }
    fputs("]}", out);
}

/* --- Sessions and markers ---------------------------------------------------------------------------- */

static void write_sessions(FILE *out, const struct recording *recording)
{
    fputs(",\"sessions\":[", out);
    for (size_t i = 0; i < recording->session_count; i++) {
        const struct store_session *session = &recording->sessions[i];
        separate(out, i);
        fprintf(out,
                "{\"id\":\"%016" PRIx64 "\",\"incarnation\":%" PRIu64 ",\"first\":%" PRIu64
                ",\"last\":%" PRIu64 ",\"began_ms\":%" PRIu64 ",\"ended_ms\":%" PRIu64,
                session->id, session->incarnation, session->first, session->last, session->began_ms,
                session->ended_ms);
        write_text(out, "title", session->title);
        fprintf(out, ",\"pinned\":%s,\"bytes\":%" PRIu64 "}", session->pinned ? "true" : "false",
                session->bytes);
    }
    putc(']', out);
}

static void write_markers(FILE *out, const struct recording *recording)
{
    fputs(",\"markers\":[", out);
    for (size_t i = 0; i < recording->marker_count; i++) {
        const struct store_marker *marker = &recording->markers[i];
        separate(out, i);
        fprintf(out, "{\"tick\":%" PRIu64 ",\"incarnation\":%" PRIu64, marker->tick,
                marker->incarnation);
        write_text(out, "title", marker->title);
        write_text(out, "colour", marker->colour);
        write_text(out, "by", marker->by);
        putc('}', out);
    }
    putc(']', out);
}

/* --- People ------------------------------------------------------------------------------------------ */

static int by_member(const void *one, const void *other)
{
    const struct recording_stay *a = *(const struct recording_stay *const *)one;
    const struct recording_stay *b = *(const struct recording_stay *const *)other;
    if (a->member != b->member)
        return a->member < b->member ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* Of several stays the newest says who it was. */
static struct bytes user_of(const struct recording_stay *const *stays, size_t count)
{
    while (count > 1 && stays[count - 1]->user.length == 0)
        count--;
    return stays[count - 1]->user;
}

static void write_person(FILE *out, const struct recording_stay *const *stays, size_t count)
{
    struct reader user = reader_on(user_of(stays, count));
    fprintf(out, "{\"member\":%" PRIu32 ",\"user\":", stays[0]->member);
    json_write_value(out, &user);
    fputs(",\"spans\":[", out);
    for (size_t i = 0; i < count; i++) {
        separate(out, i);
        fprintf(out, "[%" PRIu64 ",", stays[i]->from);
        if (stays[i]->to == UINT64_MAX)
            fputs("null]", out);
        else
            fprintf(out, "%" PRIu64 "]", stays[i]->to);
    }
    fputs("]}", out);
}

static bool write_people(FILE *out, const struct recording *recording)
{
    size_t all = recording->stay_count;
    const struct recording_stay **stays = calloc(all > 0 ? all : 1, sizeof *stays);
    if (stays == NULL)
        return false;
    for (size_t i = 0; i < all; i++)
        stays[i] = &recording->stays[i];
    qsort(stays, all, sizeof *stays, by_member);
    fputs(",\"people\":[", out);
    for (size_t first = 0, count; first < all; first += count) {
        for (count = 1; first + count < all; count++)
            if (stays[first + count]->member != stays[first]->member)
                break;
        separate(out, first);
        write_person(out, stays + first, count);
    }
    putc(']', out);
    free(stays);
    return true;
}

uint64_t recording_text_bytes(const struct recording *recording)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < recording->stay_count; i++)
        bytes += recording->stays[i].user.length;
    for (size_t i = 0; i < recording->marker_count; i++)
        bytes += recording->markers[i].title.length + recording->markers[i].by.length;
    return bytes;
}

bool recording_write(FILE *out, const struct recording *recording, const struct rules *kind)
{
    write_room(out, recording, kind);
    write_lives(out, recording);
    write_gaps(out, recording);
    write_activity(out, recording);
    write_sessions(out, recording);
    write_markers(out, recording);
    bool whole = write_people(out, recording);
    fputs("}\n", out);
    return whole;
}
