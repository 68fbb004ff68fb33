/* frame_text.c - one frame of tutti.v1 as a table: where, which bytes, what they mean. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "tools/load.h"

#define BYTES_PER_LINE 12u

struct table {
    FILE *out;
    const struct replica *replica;
    struct reader reader;
    size_t shown; /* bytes told about */
};

/* Prints the bytes read since the last row, and what they mean. */
__attribute__((format(printf, 2, 3))) static void row(struct table *table, const char *format, ...)
{
    size_t end = table->reader.at;
    bool first = true;
    for (size_t at = table->shown; at < end || first; at += BYTES_PER_LINE) {
        fprintf(table->out, "  %5zu  ", at);
        for (size_t i = at; i < at + BYTES_PER_LINE; i++) {
            if (i < end)
                fprintf(table->out, "%02x ", table->reader.data[i]);
            else
                fputs("   ", table->out);
        }
        if (first) {
            va_list arguments;
            va_start(arguments, format);
            vfprintf(table->out, format, arguments);
            va_end(arguments);
        }
        fputc('\n', table->out);
        first = false;
    }
    table->shown = end;
}

static int64_t number(struct table *table)
{
    return read_integer(&table->reader);
}

static void skip(struct reader *reader, uint32_t count)
{
    for (; count > 0; count--)
        (void)read_value(reader);
}

static const char *field_name(const struct replica_collection *collection, uint32_t field)
{
    if (collection == NULL || !collection->fields[field].defined)
        return "?";
    return (const char *)collection->fields[field].name.data;
}

/* The values of one record of a run. Returns how many elements they are. */
static uint32_t show_values(struct table *table,
                            const struct replica_collection *collection,
                            uint32_t mask,
                            bool moved,
                            int64_t slot)
{
    char text[128] = "";
    size_t length = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < FIELDS_MAX; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        count++;
        struct reader peek = table->reader;
        bool integer = read_type(&peek) == PACK_INTEGER;
        int64_t value = integer ? read_integer(&peek) : 0;
        (void)read_value(&table->reader);
        if (length < sizeof text - 40)
            length += (size_t)snprintf(
                text + length, sizeof text - length, moved ? "  %s %+" PRId64 : "  %s %" PRId64,
                field_name(collection, i), moved ? unzigzag((uint64_t)value) : value);
    }
    row(table, "slot %" PRId64 "%s", slot, text);
    return count;
}

static uint32_t
show_gaps(struct table *table, const struct replica_collection *collection, bool moved)
{
    uint32_t mask = (uint32_t)number(table);
    row(table, "fields %#x", mask);
    uint32_t count = (uint32_t)number(table);
    row(table, "%u records; their slots by gaps:", count);
    struct reader gaps = table->reader;
    skip(&table->reader, count);
    row(table, "gaps");
    uint32_t elements = 2 + count;
    int64_t slot = -1;
    for (uint32_t i = 0; i < count && table->reader.status == STATUS_OK; i++) {
        slot += 1 + read_integer(&gaps);
        elements += show_values(table, collection, mask, moved, slot);
    }
    return elements;
}

static uint32_t
show_bitmap(struct table *table, const struct replica_collection *collection, bool moved)
{
    uint32_t mask = (uint32_t)number(table);
    row(table, "fields %#x", mask);
    int64_t first = number(table);
    row(table, "from slot %" PRId64 " on", first);
    struct bytes bitmap = read_binary(&table->reader);
    row(table, "bitmap of %zu slots", 8 * bitmap.length);
    uint32_t elements = 3;
    for (size_t i = 0; i < 8 * bitmap.length && table->reader.status == STATUS_OK; i++)
        if ((bitmap.data[i / 8] >> (i % 8) & 1) != 0)
            elements += show_values(table, collection, mask, moved, first + (int64_t)i);
    return elements;
}

/* One run; returns how many elements of the section it took. Forms that frames of moving cursors
 * have not are shown as one row, to the section's end. */
static uint32_t show_run(struct table *table, uint32_t left)
{
    static const char *const forms[] = {"delete",        "put",           "set by gaps",
                                        "set by bitmap", "moved by gaps", "moved by bitmap",
                                        "append",        "event"};
    uint32_t head = (uint32_t)number(table) & 0xffff;
    const struct replica_collection *collection = replica_collection_at(table->replica, head / 8);
    row(table, "run: %s, %s", forms[head % 8],
        collection == NULL ? "?" : (const char *)collection->name.data);
    switch (head % 8) {
    case RUN_SET_GAPS:
    case RUN_MOVED_GAPS:
        return 1 + show_gaps(table, collection, head % 8 == RUN_MOVED_GAPS);
    case RUN_SET_BITMAP:
    case RUN_MOVED_BITMAP:
        return 1 + show_bitmap(table, collection, head % 8 == RUN_MOVED_BITMAP);
    }
    skip(&table->reader, left - 1);
    row(table, "(the rest of the section)");
    return left;
}

static void show_section(struct table *table)
{
    static const char *const scopes[] = {"names",   "everyone", "presence", "mine",
                                         "viewers", "editors",  "owners",   "admins"};
    uint32_t left = read_array(&table->reader);
    row(table, "section of %u elements", left);
    int64_t head = number(table);
    row(table, "scope %s, flags %d", scopes[(head / 8) & 7], (int)(head % 8));
    int64_t advance = number(table);
    row(table, "place + %" PRId64, advance);
    for (left = left < 2 ? 0 : left - 2; left > 0 && table->reader.status == STATUS_OK;) {
        uint32_t used = show_run(table, left);
        left = used < left ? left - used : 0;
    }
}

static void show_inputs(struct table *table)
{
    if (read_type(&table->reader) == PACK_NIL) {
        read_nil(&table->reader);
        row(table, "no input arrived");
    } else {
        int64_t margin = number(table);
        row(table, "inputs were there %" PRId64 " ticks before they were needed", margin);
    }
    int64_t missed = number(table);
    row(table, "%" PRId64 " ticks had none", missed);
}

static void show_news(struct table *table)
{
    if (read_type(&table->reader) == PACK_NIL) {
        read_nil(&table->reader);
        row(table, "no news");
        return;
    }
    uint32_t left = read_array(&table->reader);
    int64_t decided = number(table);
    int64_t durable = number(table);
    row(table, "news: %" PRId64 " decided, durable + %" PRId64, decided, durable);
    if (left > 2) {
        skip(&table->reader, left - 2);
        row(table, "refused: %u", (left - 2) / 2);
    }
}

/* Everything before the sections; how many elements that is. */
static uint32_t show_head(struct table *table)
{
    int64_t kind = number(table);
    row(table, "kind %" PRId64 ": frame", kind);
    int64_t ticks = number(table);
    row(table, "ticks + %" PRId64, ticks);
    if (kind == SERVER_FRAME)
        return 2;
    if (kind == SERVER_FRAME_INPUTS)
        show_inputs(table);
    show_news(table);
    return kind == SERVER_FRAME_INPUTS ? 5 : 3;
}

void frame_print(FILE *out, const struct replica *replica, struct bytes message)
{
    struct table table = {.out = out, .replica = replica, .reader = reader_on(message)};
    fprintf(out, "a frame of %zu bytes:\n", message.length);
    uint32_t elements = read_array(&table.reader);
    row(&table, "message of %u elements", elements);
    for (uint32_t i = show_head(&table); i < elements && table.reader.status == STATUS_OK; i++)
        show_section(&table);
    if (reader_end(&table.reader) != STATUS_OK)
        fputs("  (cannot be read further)\n", out);
}
