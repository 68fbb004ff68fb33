#include "tools/store_text.h"

#include "sync/operation_parts.h"
#include "tools/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void print_time(uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    char text[40] = "";
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    printf("\"%s.%03uZ\"", text, (unsigned)(wall_ms % 1000));
}

void print_text(struct bytes text)
{
    json_text(stdout, (const char *)text.data, text.length);
}

const char *act_name(enum act act)
{
    static const char *const names[] = {[ACT_OPENED] = "opened",
                                        [ACT_WOKEN] = "woken",
                                        [ACT_SLEPT] = "slept",
                                        [ACT_JOINED] = "joined",
                                        [ACT_LEFT] = "left",
                                        [ACT_ROLE] = "role",
                                        [ACT_OPERATION] = "operation",
                                        [ACT_EDIT] = "edit",
                                        [ACT_NAMED] = "named",
                                        [ACT_TIMER] = "timer",
                                        [ACT_RANDOM] = "random",
                                        [ACT_ENDED] = "ended",
                                        [ACT_HASH] = "hash",
                                        [ACT_RESUMED] = "resumed",
                                        [ACT_INPUT] = "input",
                                        [ACT_MEMORY] = "memory",
                                        [ACT_RESULT] = "result",
                                        [ACT_AWAY] = "away",
                                        [ACT_PRESENT] = "present",
                                        [ACT_SHOWN] = "shown",
                                        [ACT_GONE] = "gone",
                                        [ACT_SAID] = "said",
                                        [ACT_HERE] = "here",
                                        [ACT_HELD] = "held",
                                        [ACT_TOLD] = "told"};
    return (size_t)act < sizeof names / sizeof names[0] ? names[act] : "something unknown";
}

/* --- Operations --------------------------------------------------------------------------------- */

static void print_number(int64_t number)
{
    printf("\"#%" PRId64 "\"", number);
}

static const struct collection *collection_named(const struct edit *edit,
                                                 const struct schema *schema)
{
    int64_t number = edit->target.number;
    if (schema != NULL && number < 0)
        number = schema_collection(schema, edit->target.name);
    bool known = schema != NULL && number >= 0 && number < schema->collection_count;
    return known ? &schema->collections[number] : NULL;
}

static void print_field(const struct reference *field, const struct collection *collection)
{
    if (field->number < 0)
        print_text(field->name);
    else if (collection != NULL && field->number < collection->field_count)
        print_text(collection->fields[field->number].name);
    else
        print_number(field->number);
}

static void print_target(const struct edit *edit, const struct schema *schema)
{
    int64_t number = edit->target.number;
    const struct collection *collection = collection_named(edit, schema);
    if (number < 0)
        print_text(edit->target.name);
    else if (edit->verb == VERB_EMIT && schema != NULL && number < schema->event_count)
        print_text(schema->events[number].name);
    else if (edit->verb != VERB_EMIT && collection != NULL)
        print_text(collection->name);
    else
        print_number(number);
}

static void print_pairs(const struct edit *edit, const struct collection *collection)
{
    struct reader reader = reader_on(edit->arguments);
    fputs(",\"values\":{", stdout);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference field = read_reference(&reader);
        fputs(i > 0 ? "," : "", stdout);
        print_field(&field, collection);
        putchar(':');
        json_packed(stdout, read_value(&reader));
    }
    putchar('}');
}

static void print_items(const struct edit *edit, const struct collection *collection)
{
    struct reader reader = reader_on(edit->arguments);
    struct reference field = read_reference(&reader);
    fputs(",\"field\":", stdout);
    print_field(&field, collection);
    fputs(",\"items\":[", stdout);
    for (uint32_t i = 1; i < edit->argument_count; i++) {
        fputs(i > 1 ? "," : "", stdout);
        json_packed(stdout, read_value(&reader));
    }
    putchar(']');
}

static void print_edit(const struct edit *edit, const struct schema *schema)
{
    static const char *const verbs[] = {"put", "set", "append", "add", "delete", "emit"};
    const struct collection *collection = collection_named(edit, schema);
    printf("{\"%s\":", verbs[edit->verb]);
    print_target(edit, schema);
    if (edit->verb != VERB_EMIT) {
        fputs(",\"id\":", stdout);
        print_text(edit->id);
    } else if (edit->to != 0) {
        printf(",\"to\":%" PRIu32, edit->to);
    }
    switch (edit->verb) {
    case VERB_PUT:
    case VERB_SET:
    case VERB_ADD:
        print_pairs(edit, collection);
        break;
    case VERB_APPEND:
        print_items(edit, collection);
        break;
    case VERB_EMIT:
        fputs(",\"value\":", stdout);
        json_packed(stdout, edit->arguments);
        break;
    case VERB_DELETE:
        break;
    }
    putchar('}');
}

void print_operation(struct bytes operation, const struct schema *schema)
{
    struct reader reader = reader_on(operation);
    uint32_t count = read_array(&reader);
    putchar('[');
    for (uint32_t i = 0; i < count; i++) {
        struct edit edit = read_edit(&reader);
        if (reader.status != STATUS_OK)
            break;
        fputs(i > 0 ? "," : "", stdout);
        print_edit(&edit, schema);
    }
    putchar(']');
}

/* --- For people --------------------------------------------------------------------------------- */

bool progress_show(struct progress *progress, uint64_t done, uint64_t all)
{
    unsigned percent = all > 0 ? (unsigned)(100 * done / all) : 100;
    if ((progress->shown && percent == progress->percent) || !isatty(STDERR_FILENO))
        return true;
    fprintf(stderr, "\r%s %u%% ", progress->what, percent);
    progress->percent = percent;
    progress->shown = true;
    return true;
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}

int complain(const char *what, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "tutti %s: %s\n", what, why);
    return 1;
}
