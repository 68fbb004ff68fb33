#include "tools/store_edits.h"

#include "tools/json.h"

#include <inttypes.h>

static void write_name(FILE *out, struct bytes name)
{
    json_text(out, (const char *)name.data, name.length);
}

static void write_number(FILE *out, int64_t number)
{
    fprintf(out, "\"#%" PRId64 "\"", number);
}

static const struct collection *collection_named(const struct edit *edit,
                                                 const struct schema *schema)
{
    int64_t number = edit->target.number;
    if (schema == NULL || edit->verb == VERB_EMIT)
        return NULL;
    if (number < 0)
        number = schema_collection(schema, edit->target.name);
    bool known = number >= 0 && number < schema->collection_count;
    return known ? &schema->collections[number] : NULL;
}

struct edits_told edits_of(struct bytes operation, const struct schema *schema)
{
    struct edits_told told = {.reader = reader_on(operation), .schema = schema};
    told.left = read_array(&told.reader);
    return told;
}

bool edits_next(struct edits_told *told, struct edit_told *edit)
{
    static const char *const verbs[] = {"put", "set", "append", "add", "delete", "emit"};
    const struct schema *schema = told->schema;
    if (told->left == 0)
        return false;
    told->left--;
    *edit = (struct edit_told){.edit = read_edit(&told->reader)};
    if (told->reader.status != STATUS_OK)
        return false;
    int64_t number = edit->edit.target.number;
    edit->verb = verbs[edit->edit.verb];
    edit->collection = collection_named(&edit->edit, schema);
    if (number < 0)
        edit->target = edit->edit.target.name;
    else if (edit->collection != NULL)
        edit->target = edit->collection->name;
    else if (edit->edit.verb == VERB_EMIT && schema != NULL && number < schema->event_count)
        edit->target = schema->events[number].name;
    return true;
}

void edit_write_target(FILE *out, const struct edit_told *edit)
{
    if (edit->target.length > 0)
        write_name(out, edit->target);
    else
        write_number(out, edit->edit.target.number);
}

/* --- Values --------------------------------------------------------------------------------------- */

void field_write_value(FILE *out, const struct field *field, struct bytes packed)
{
    struct reader reader = reader_on(packed);
    bool is_fixed = field != NULL && field->type == FIELD_FIXED && field->steps > 1;
    if (is_fixed && read_type(&reader) == PACK_INTEGER)
        json_number(out, (double)read_integer(&reader) / field->steps);
    else
        json_packed(out, packed);
}

static const struct field *field_named(const struct reference *reference,
                                       const struct collection *collection)
{
    int64_t number = reference->number;
    if (collection == NULL)
        return NULL;
    if (number < 0)
        number = collection_field(collection, reference->name);
    return number >= 0 && number < collection->field_count ? &collection->fields[number] : NULL;
}

/* Its number stands for a field whose name is not known. */
static const struct field *
write_field(FILE *out, struct reader *reader, const struct collection *collection)
{
    struct reference reference = read_reference(reader);
    const struct field *field = field_named(&reference, collection);
    if (reference.number < 0)
        write_name(out, reference.name);
    else if (field != NULL)
        write_name(out, field->name);
    else
        write_number(out, reference.number);
    return field;
}

static void write_pairs(FILE *out, const struct edit_told *edit)
{
    struct reader reader = reader_on(edit->edit.arguments);
    putc('{', out);
    for (uint32_t i = 0; i < edit->edit.argument_count; i += 2) {
        fputs(i > 0 ? "," : "", out);
        const struct field *field = write_field(out, &reader, edit->collection);
        putc(':', out);
        field_write_value(out, field, read_value(&reader));
    }
    putc('}', out);
}

static void write_items(FILE *out, struct reader *reader, uint32_t count)
{
    putc('[', out);
    for (uint32_t i = 1; i < count; i++) {
        fputs(i > 1 ? "," : "", out);
        json_packed(out, read_value(reader));
    }
    putc(']', out);
}

void edit_write_values(FILE *out, const struct edit_told *edit)
{
    struct reader reader = reader_on(edit->edit.arguments);
    switch (edit->edit.verb) {
    case VERB_PUT:
    case VERB_SET:
    case VERB_ADD:
        write_pairs(out, edit);
        break;
    case VERB_APPEND:
        putc('{', out);
        write_field(out, &reader, edit->collection);
        putc(':', out);
        write_items(out, &reader, edit->edit.argument_count);
        putc('}', out);
        break;
    case VERB_EMIT:
        json_packed(out, edit->edit.arguments);
        break;
    case VERB_DELETE:
        fputs("null", out);
        break;
    }
}

/* --- Operations ----------------------------------------------------------------------------------- */

static void write_edit(FILE *out, const struct edit_told *edit)
{
    enum verb verb = edit->edit.verb;
    fprintf(out, "{\"%s\":", edit->verb);
    edit_write_target(out, edit);
    if (verb != VERB_EMIT) {
        fputs(",\"id\":", out);
        write_name(out, edit->edit.id);
    } else if (edit->edit.to != 0) {
        fprintf(out, ",\"to\":%" PRIu32, edit->edit.to);
    }
    if (verb == VERB_APPEND) {
        struct reader reader = reader_on(edit->edit.arguments);
        fputs(",\"field\":", out);
        write_field(out, &reader, edit->collection);
        fputs(",\"items\":", out);
        write_items(out, &reader, edit->edit.argument_count);
    } else if (verb != VERB_DELETE) {
        fputs(verb == VERB_EMIT ? ",\"value\":" : ",\"values\":", out);
        edit_write_values(out, edit);
    }
    putc('}', out);
}

void operation_write(FILE *out, struct bytes operation, const struct schema *schema)
{
    struct edits_told told = edits_of(operation, schema);
    struct edit_told edit;
    putc('[', out);
    for (bool first = true; edits_next(&told, &edit); first = false) {
        fputs(first ? "" : ",", out);
        write_edit(out, &edit);
    }
    putc(']', out);
}
