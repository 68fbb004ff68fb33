#include "tests/vectors/vector_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/wire.h"

void demand(bool holds, const char *what, const char *name)
{
    if (holds)
        return;
    fprintf(stderr, "vectors: %s: %s\n", what, name);
    exit(EXIT_FAILURE);
}

/* --- msgpack to JSON ---------------------------------------------------------------------------- */

json_t *json_hex(struct bytes bytes)
{
    char *hex = malloc(2 * bytes.length + 1);
    demand(hex != NULL, "no memory", "hex");
    for (size_t i = 0; i < bytes.length; i++)
        sprintf(hex + 2 * i, "%02x", bytes.data[i]);
    json_t *text = json_stringn(hex, 2 * bytes.length);
    free(hex);
    return text;
}

static json_t *json_of_string(struct bytes text)
{
    return json_stringn((const char *)text.data, text.length);
}

static json_t *json_of_array(struct reader *reader)
{
    json_t *array = json_array();
    uint32_t count = read_array(reader);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        json_t *item = json_of_packed(reader);
        if (item != NULL)
            json_array_append_new(array, item);
    }
    return array;
}

static json_t *json_of_map(struct reader *reader)
{
    json_t *map = json_object();
    uint32_t count = read_map(reader);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        struct bytes key = read_string(reader);
        json_t *item = json_of_packed(reader);
        if (item != NULL)
            json_object_setn_new(map, (const char *)key.data, key.length, item);
    }
    return map;
}

json_t *json_of_packed(struct reader *reader)
{
    json_t *json = NULL;
    switch (read_type(reader)) {
    case PACK_NIL:
        read_nil(reader);
        json = json_null();
        break;
    case PACK_BOOL:
        json = json_boolean(read_bool(reader));
        break;
    case PACK_INTEGER:
        json = json_integer(read_integer(reader));
        break;
    case PACK_FLOAT:
        json = json_real(read_double(reader));
        break;
    case PACK_STRING:
        json = json_of_string(read_string(reader));
        break;
    case PACK_BINARY:
        json = json_pack("{s:o}", "$bin", json_hex(read_binary(reader)));
        break;
    case PACK_ARRAY:
        json = json_of_array(reader);
        break;
    case PACK_MAP:
        json = json_of_map(reader);
        break;
    case PACK_BAD:
        reader_fail(reader, STATUS_MALFORMED);
    }
    if (reader->status == STATUS_OK)
        return json;
    json_decref(json);
    return NULL;
}

json_t *json_of_message(struct bytes message)
{
    struct reader reader = reader_on(message);
    json_t *json = json_of_packed(&reader);
    if (reader_end(&reader) == STATUS_OK)
        return json;
    json_decref(json);
    return NULL;
}

/* --- JSON to msgpack ---------------------------------------------------------------------------- */

static struct bytes bytes_of_json(const json_t *text)
{
    return (struct bytes){(const uint8_t *)json_string_value(text), json_string_length(text)};
}

static void pack_object(struct writer *writer, json_t *object)
{
    uint8_t data[4096];
    const json_t *binary = json_object_get(object, "$bin");
    if (binary != NULL) {
        pack_binary(writer, bytes_of_hex(json_string_value(binary), data, sizeof data));
        return;
    }
    pack_map(writer, (uint32_t)json_object_size(object));
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        struct bytes key = {(const uint8_t *)json_object_iter_key(at),
                            json_object_iter_key_len(at)};
        pack_string(writer, key);
        json_pack_value(writer, json_object_iter_value(at));
    }
}

void json_pack_value(struct writer *writer, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        pack_nil(writer);
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        pack_bool(writer, json_is_true(value));
        return;
    case JSON_INTEGER:
        pack_integer(writer, json_integer_value(value));
        return;
    case JSON_REAL:
        pack_double(writer, json_real_value(value));
        return;
    case JSON_STRING:
        pack_string(writer, bytes_of_json(value));
        return;
    case JSON_ARRAY:
        pack_array(writer, (uint32_t)json_array_size(value));
        for (size_t i = 0; i < json_array_size(value); i++)
            json_pack_value(writer, json_array_get(value, i));
        return;
    case JSON_OBJECT:
        pack_object(writer, (json_t *)value);
    }
}

static void pack_section(struct writer *writer, const json_t *section)
{
    struct open_array array = pack_array_begin(writer);
    for (size_t i = 0; i < json_array_size(section); i++)
        json_pack_value(writer, json_array_get(section, i));
    pack_array_end(writer, array);
}

/* A lost scope is no more than its head, which has no reason to be long. */
static bool is_section(const json_t *message, size_t index)
{
    json_int_t kind = json_integer_value(json_array_get(message, 0));
    const json_t *element = json_array_get(message, index);
    size_t first = kind == SERVER_FRAME_INPUTS ? 5 : kind == SERVER_FRAME_NEWS ? 3 : 2;
    return server_message_is_frame(kind) && index >= first && json_array_size(element) > 1;
}

void json_pack_message(struct writer *writer, const json_t *message)
{
    pack_array(writer, (uint32_t)json_array_size(message));
    for (size_t i = 0; i < json_array_size(message); i++) {
        if (is_section(message, i))
            pack_section(writer, json_array_get(message, i));
        else
            json_pack_value(writer, json_array_get(message, i));
    }
}

/* --- Text ---------------------------------------------------------------------------------------- */

json_t *json_of_text(const char *text)
{
    char *quoted = strdup(text);
    demand(quoted != NULL, "no memory", text);
    for (char *at = strchr(quoted, '\''); at != NULL; at = strchr(at, '\''))
        *at = '"';
    json_t *json = json_loads(quoted, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    free(quoted);
    demand(json != NULL, "no JSON", text);
    return json;
}

static unsigned nibble(const char *hex)
{
    const char *digits = "0123456789abcdef";
    const char *at = memchr(digits, *hex, 16);
    demand(at != NULL, "no hexadecimal digit", hex);
    return (unsigned)(at - digits);
}

struct bytes bytes_of_hex(const char *hex, uint8_t *buffer, size_t capacity)
{
    size_t length = strlen(hex) / 2;
    demand(length <= capacity && strlen(hex) % 2 == 0, "too long or odd", hex);
    for (size_t i = 0; i < length; i++)
        buffer[i] = (uint8_t)(nibble(hex + 2 * i) << 4 | nibble(hex + 2 * i + 1));
    return (struct bytes){buffer, length};
}

/* --- What a replica shows ------------------------------------------------------------------------ */

static json_t *json_of_field(const struct replica_record *record, int field)
{
    static uint8_t packed[2 * MESSAGE_BYTES_MAX];
    struct writer writer = writer_on(packed, sizeof packed);
    replica_pack(record, field, &writer);
    demand(writer.status == STATUS_OK, "too large a value", "replica");
    return json_of_message(writer_bytes(&writer));
}

static json_t *json_of_record(const struct replica_record *record)
{
    const struct replica_collection *collection = replica_record_collection(record);
    json_t *fields = json_object();
    for (int i = 0; i < (int)collection->field_count; i++)
        if (replica_has(record, i))
            json_object_setn_new(fields, (const char *)collection->fields[i].name.data,
                                 collection->fields[i].name.length, json_of_field(record, i));
    return fields;
}

static json_t *json_of_collections(const struct replica *replica)
{
    json_t *collections = json_object();
    for (uint32_t i = 0; i < COLLECTIONS_MAX; i++) {
        const struct replica_collection *collection = replica_collection_at(replica, i);
        json_t *records = json_object();
        const struct replica_record *record = NULL;
        while ((record = replica_next(replica, collection, record)) != NULL) {
            struct bytes id = replica_record_id(record);
            json_object_setn_new(records, (const char *)id.data, id.length, json_of_record(record));
        }
        if (json_object_size(records) > 0)
            json_object_setn(collections, (const char *)collection->name.data,
                             collection->name.length, records);
        json_decref(records);
    }
    return collections;
}

static json_t *json_of_occurrence(const struct replica_occurrence *occurrence)
{
    return json_pack("{s:o s:I s:o s:b}", "name", json_of_string(occurrence->event->name), "from",
                     (json_int_t)occurrence->from, "value", json_of_message(occurrence->value),
                     "history", occurrence->history);
}

static json_t *json_of_events(const struct replica *replica)
{
    json_t *events = json_array();
    for (uint32_t i = 0; i < EVENT_NAMES_MAX; i++) {
        const struct replica_event *event = replica_event_at(replica, i);
        const struct replica_occurrence *occurrence = NULL;
        while ((occurrence = replica_occurrence_next(replica, event, occurrence)) != NULL)
            json_array_append_new(events, json_of_occurrence(occurrence));
    }
    return events;
}

json_t *json_of_replica(const struct replica *replica)
{
    return json_pack("{s:o s:o}", "collections", json_of_collections(replica), "events",
                     json_of_events(replica));
}

/* --- Files --------------------------------------------------------------------------------------- */

static void file_path(char *path, size_t capacity, const char *folder, const char *file)
{
    int length = snprintf(path, capacity, "%s/%s", folder, file);
    demand(length > 0 && (size_t)length < capacity, "too long a path", file);
}

json_t *vectors_read(const char *folder, const char *file)
{
    char path[512];
    file_path(path, sizeof path, folder, file);
    json_error_t error;
    json_t *vectors = json_load_file(path, JSON_ALLOW_NUL, &error);
    demand(vectors != NULL, error.text, path);
    return vectors;
}

static void write_vector(FILE *file, json_t *vector, bool last)
{
    const char *opening = "  {";
    for (void *at = json_object_iter(vector); at != NULL; at = json_object_iter_next(vector, at)) {
        fprintf(file, "%s\"%s\": ", opening, json_object_iter_key(at));
        json_dumpf(json_object_iter_value(at), file, JSON_ENCODE_ANY);
        opening = ",\n   ";
    }
    fprintf(file, "}%s\n", last ? "" : ",");
}

void vectors_write(const char *folder, const char *name, const json_t *vectors)
{
    char path[512];
    file_path(path, sizeof path, folder, name);
    FILE *file = fopen(path, "w");
    demand(file != NULL, "cannot be written", path);
    fputs("[\n", file);
    for (size_t i = 0; i < json_array_size(vectors); i++)
        write_vector(file, json_array_get(vectors, i), i + 1 == json_array_size(vectors));
    fputs("]\n", file);
    demand(fclose(file) == 0, "cannot be written", path);
}
