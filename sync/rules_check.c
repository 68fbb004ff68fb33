/* rules_check.c - whether the tables of a kind keep the limits, and if not, what to tell its writer. */
#include <string.h>

#include "sync/inputs.h"
#include "sync/rules.h"
#include "sync/schema.h"

/* --- The sentence --------------------------------------------------------------------------------- */

struct sentence {
    char *text;
    size_t size, length;
};

static void say(struct sentence *sentence, const char *words)
{
    for (; *words != 0 && sentence->length + 1 < sentence->size; words++)
        sentence->text[sentence->length++] = *words;
    if (sentence->size > 0)
        sentence->text[sentence->length] = 0;
}

static void say_number(struct sentence *sentence, uint32_t number)
{
    uint8_t digits[DECIMAL_DIGITS];
    char text[DECIMAL_DIGITS + 1] = {0};
    struct bytes decimal = bytes_decimal(number, digits);
    memcpy(text, decimal.data, decimal.length);
    say(sentence, text);
}

static const char bad_name[] = ": a name is 1 to 32 bytes without control characters";
static_assert(NAME_BYTES_MAX == 32, "as bad_name says");

static bool is_name(const char *name)
{
    return name != NULL && schema_name_valid(bytes_of(name));
}

static void say_name(struct sentence *sentence, const char *what, const char *name, uint32_t number)
{
    say(sentence, what);
    say(sentence, " ");
    if (!is_name(name)) {
        say_number(sentence, number);
        return;
    }
    say(sentence, "\"");
    say(sentence, name);
    say(sentence, "\"");
}

/* A check that fails says why, and ends the others. */
static bool wrong(struct sentence *sentence, const char *why)
{
    say(sentence, why);
    return false;
}

static bool too_many(struct sentence *sentence, const char *what, uint32_t most)
{
    say(sentence, what);
    say(sentence, " may be at most ");
    say_number(sentence, most);
    return false;
}

/* --- Fields --------------------------------------------------------------------------------------- */

static bool is_number(const struct field_rules *field)
{
    return field->type == FIELD_INT || field->type == FIELD_FIXED;
}

static bool check_merge(const struct field_rules *field, struct sentence *sentence)
{
    if ((unsigned)field->merge >= MERGE_COUNT)
        return wrong(sentence, ": no such merge");
    if (field->merge == MERGE_ADD && !is_number(field))
        return wrong(sentence, ": merge add is for int and fixed");
    if (field->merge == MERGE_APPEND && (is_number(field) || field->type == FIELD_BOOL))
        return wrong(sentence, ": merge append is for any, string, binary and ints");
    if (field->file && (field->type != FIELD_BINARY || field->merge != MERGE_SET))
        return wrong(sentence, ": a file is a binary with merge set");
    return true;
}

static bool check_bounds(const struct field_rules *field, struct sentence *sentence)
{
    int64_t least = is_number(field) ? -INTEGER_MAX : 0;
    int64_t most = is_number(field) ? INTEGER_MAX : RECORD_BYTES_MAX;
    if (field->minimum > field->maximum)
        return wrong(sentence, ": minimum is above maximum");
    if (!is_number(field) && field->minimum != 0)
        return wrong(sentence, ": only numbers have a minimum");
    if (field->minimum < least || field->maximum > most)
        return wrong(sentence, ": its bounds are wider than may be");
    if (field->steps > 1 && field->type != FIELD_FIXED)
        return wrong(sentence, ": only fixed has steps");
    return true;
}

static bool
check_field(const struct collection_rules *collection, uint32_t number, struct sentence *sentence)
{
    const struct field_rules *field = &collection->fields[number];
    say(sentence, ", ");
    say_name(sentence, "field", field->name, number);
    if (!is_name(field->name))
        return wrong(sentence, bad_name);
    bool taken = collection->sight == SIGHT_PRESENCE &&
                 (strcmp(field->name, "user") == 0 || strcmp(field->name, "away") == 0);
    for (uint32_t i = 0; i < number; i++)
        taken |= strcmp(collection->fields[i].name, field->name) == 0;
    if (taken)
        return wrong(sentence, ": another field has this name");
    if ((unsigned)field->type >= FIELD_TYPE_COUNT)
        return wrong(sentence, ": no such type");
    if (field->logged && collection->sight != SIGHT_PRESENCE)
        return wrong(sentence, ": only presence has fields that are logged, all others are");
    return check_merge(field, sentence) && check_bounds(field, sentence);
}

/* --- Collections and events ----------------------------------------------------------------------- */

static bool
check_sight(const struct collection_rules *collection, uint32_t number, struct sentence *sentence)
{
    bool presence = collection->sight == SIGHT_PRESENCE;
    if ((unsigned)collection->sight > SIGHT_SERVER)
        return wrong(sentence, ": no such sight");
    if ((number == 0) != presence || (number == 0 && strcmp(collection->name, "presence") != 0))
        return wrong(sentence, ": the first collection, and no other, is \"presence\" with "
                               "SIGHT_PRESENCE");
    if ((unsigned)collection->role >= ROLE_COUNT)
        return wrong(sentence, ": no such role");
    return true;
}

static bool check_collection(const struct rules *rules, uint32_t number, struct sentence *sentence)
{
    const struct collection_rules *collection = &rules->collections[number];
    say_name(sentence, "collection", collection->name, number);
    if (!is_name(collection->name))
        return wrong(sentence, bad_name);
    for (uint32_t i = 0; i < number; i++)
        if (strcmp(rules->collections[i].name, collection->name) == 0)
            return wrong(sentence, ": another collection has this name");
    if (!check_sight(collection, number, sentence))
        return false;
    uint32_t most = FIELDS_MAX - (number == 0 ? PRESENCE_FIELDS : 0);
    if (collection->field_count > most)
        return too_many(sentence, ": fields", most);
    if (collection->field_count > 0 && collection->fields == NULL)
        return wrong(sentence, ": its fields are missing");
    size_t length = sentence->length;
    for (uint32_t i = 0; i < collection->field_count; i++) {
        sentence->length = length;
        if (!check_field(collection, i, sentence))
            return false;
    }
    return true;
}

static bool check_event(const struct rules *rules, uint32_t number, struct sentence *sentence)
{
    const struct event_rules *event = &rules->events[number];
    say_name(sentence, "event", event->name, number);
    if (!is_name(event->name))
        return wrong(sentence, bad_name);
    for (uint32_t i = 0; i < number; i++)
        if (strcmp(rules->events[i].name, event->name) == 0)
            return wrong(sentence, ": another event has this name");
    return event->kept <= EVENTS_KEPT_MAX || too_many(sentence, ": kept", EVENTS_KEPT_MAX);
}

/* --- The kind ------------------------------------------------------------------------------------- */

static bool check_rates(const struct rules *rules, struct sentence *sentence)
{
    if (rules->tick_hz < 1 || rules->tick_hz > TICK_HZ_MAX)
        return wrong(sentence, "tick_hz is 1 to 120");
    if (rules->frame_hz < 1 || rules->tick_hz % rules->frame_hz != 0)
        return wrong(sentence, "frame_hz divides tick_hz");
    if (rules->unkept != UNKEPT_PAUSE && rules->unkept != UNKEPT_CONTINUE)
        return wrong(sentence, "unkept is one of two");
    return true;
}

static bool check_input(const struct rules *rules, struct sentence *sentence)
{
    const struct input_rules *input = rules->input;
    if (input == NULL)
        return true;
    const struct field_rules *value = &input->value;
    say(sentence, "the input");
    bool fits =
        value->type == FIELD_INT || value->type == FIELD_INTS || value->type == FIELD_BINARY;
    if (!fits || value->merge != MERGE_SET)
        return wrong(sentence, ": its value is int, ints or binary with merge set");
    if (!check_bounds(value, sentence))
        return false;
    struct field field = schema_field(value);
    if (input_bytes_max(&field) > INPUT_BYTES_MAX)
        return too_many(sentence, ": bytes of its value", INPUT_BYTES_MAX);
    return true;
}

static bool check_amounts(const struct rules *rules, struct sentence *sentence)
{
    if (rules->tick_records > TICK_RECORDS_MAX)
        return too_many(sentence, "tick_records", TICK_RECORDS_MAX);
    if (rules->tick_bytes > TICK_BYTES_MAX)
        return too_many(sentence, "tick_bytes", TICK_BYTES_MAX);
    if (rules->member_records > TICK_RECORDS_MAX)
        return too_many(sentence, "member_records", TICK_RECORDS_MAX);
    if (rules->member_bytes > TICK_BYTES_MAX)
        return too_many(sentence, "member_bytes", TICK_BYTES_MAX);
    if (rules->memory_bytes > ROOM_MEMORY_MAX)
        return too_many(sentence, "memory_bytes", ROOM_MEMORY_MAX);
    if (rules->memory_bytes == 0 && rules->memory_ticks > 0)
        return wrong(sentence, "memory_ticks is of a memory: memory_bytes is 0");
    if (rules->memory_bytes == 0 && rules->sound != NULL)
        return wrong(sentence, "sound is of a memory: memory_bytes is 0");
    return true;
}

bool rules_check(const struct rules *rules, char *error, size_t size)
{
    struct sentence sentence = {.text = error, .size = size};
    say(&sentence, "");
    if (!is_name(rules->name)) {
        say(&sentence, "the kind");
        return wrong(&sentence, bad_name);
    }
    if (!check_rates(rules, &sentence) || !check_amounts(rules, &sentence) ||
        !check_input(rules, &sentence))
        return false;
    sentence.length = 0;
    if (rules->collection_count == 0 || rules->collections == NULL)
        return wrong(&sentence, "the first collection, \"presence\", is missing");
    if (rules->collection_count > COLLECTIONS_MAX)
        return too_many(&sentence, "collections", COLLECTIONS_MAX);
    if (rules->event_count > EVENT_NAMES_MAX)
        return too_many(&sentence, "events", EVENT_NAMES_MAX);
    if (rules->event_count > 0 && rules->events == NULL)
        return wrong(&sentence, "the events are missing");
    for (uint32_t i = 0; i < rules->collection_count; i++) {
        sentence.length = 0;
        if (!check_collection(rules, i, &sentence))
            return false;
    }
    for (uint32_t i = 0; i < rules->event_count; i++) {
        sentence.length = 0;
        if (!check_event(rules, i, &sentence))
            return false;
    }
    sentence.length = 0;
    say(&sentence, "");
    return true;
}
