#include "tools/store_records.h"

#include "sync/files.h"
#include "tools/json.h"
#include "tools/store_edits.h"

#include <inttypes.h>
#include <stdlib.h>

void record_write_values(FILE *out,
                         const struct collection *collection,
                         const struct record *record,
                         int first)
{
    const char *between = "";
    putc('{', out);
    for (int i = first; i < record->cell_count; i++) {
        const struct cell *cell = record_cell(record, i);
        if (cell == NULL || cell->type == CELL_HOLE)
            continue;
        size_t length = cell_write_bytes(cell);
        uint8_t *data = malloc(length);
        struct writer writer = writer_on(data, data != NULL ? length : 0);
        cell_write(&writer, cell);
        fputs(between, out);
        between = ",";
        const struct field *field = &collection->fields[i];
        json_text(out, (const char *)field->name.data, field->name.length);
        putc(':', out);
        field_write_value(out, field, writer_bytes(&writer));
        free(data);
    }
    putc('}', out);
}

static void write_name(FILE *out, struct bytes name)
{
    json_text(out, (const char *)name.data, name.length);
}

void record_write(FILE *out,
                  const struct schema *schema,
                  const struct record *record,
                  uint32_t member)
{
    bool event = record->kind == RECORD_EVENT;
    const struct collection *collection = event ? NULL : &schema->collections[record->collection];
    fprintf(out, "{\"type\":\"%s\",\"%s\":", event ? "event" : "record",
            event ? "event" : "collection");
    write_name(out, event ? schema->events[record->collection].name : collection->name);
    if (member != 0)
        fprintf(out, ",\"seen_by\":%" PRIu32, member);
    if (event) {
        fprintf(out, ",\"from\":%" PRIu32 ",\"value\":", record->owner);
        json_packed(out, (struct bytes){record->content.value, record->length});
    } else {
        fputs(",\"id\":", out);
        write_name(out, record_id(record));
        fprintf(out, ",\"owner\":%" PRIu32 ",\"values\":", record->owner);
        record_write_values(out, collection, record, 0);
    }
    fputs("}\n", out);
}

void hash_write(FILE *out, const uint8_t *hash)
{
    putc('"', out);
    for (size_t i = 0; i < FILE_HASH_BYTES; i++)
        fprintf(out, "%02x", hash[i]);
    putc('"', out);
}
