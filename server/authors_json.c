#include "server/authors_json.h"

#include "server/json.h"
#include "sync/authors.h"

#include <inttypes.h>

static void write_collections(FILE *out, const struct room *room)
{
    fputs(",\"collections\":[", out);
    for (uint32_t i = 0; i < authors_collections(room); i++) {
        if (i > 0)
            putc(',', out);
        json_write_string(out, authors_collection(room, i));
    }
    putc(']', out);
}

/* Most records are one member's work: then there is nothing to say of their fields. */
static void write_fields(FILE *out, const struct authored *it)
{
    struct bytes name;
    uint32_t index = 0, member;
    char before = '{';
    while (authored_field(it, &index, &name, &member)) {
        fputs(before == '{' ? ",{" : ",", out);
        before = ',';
        json_write_string(out, name);
        fprintf(out, ":%" PRIu32, member);
    }
    if (before == ',')
        putc('}', out);
}

static void
write_list(FILE *out, const char *name, const struct room *room, enum authored_kind kind)
{
    struct authored it;
    const char *before = "";
    fprintf(out, ",\"%s\":[", name);
    for (authors_begin(room, kind, &it); it.there; authors_next(&it)) {
        fprintf(out, "%s[%" PRIu32 ",", before, it.collection);
        json_write_string(out, it.id);
        fprintf(out, ",%" PRIu32, it.member);
        write_fields(out, &it);
        putc(']', out);
        before = ",";
    }
    putc(']', out);
}

void authors_write(FILE *out, const struct room *room, uint64_t tick, uint64_t incarnation)
{
    fprintf(out, "{\"tick\":%" PRIu64 ",\"incarnation\":%" PRIu64 ",\"stamp\":%" PRIu64, tick,
            incarnation, authors_stamp(room));
    write_collections(out, room);
    write_list(out, "records", room, AUTHORED_RECORDS);
    write_list(out, "removed", room, AUTHORED_REMOVALS);
    fputs("}\n", out);
}
