/* check_rules_tables.c - a kind's tables that break a limit are told in a sentence. */
#include <check.h>
#include <string.h>

#include "tests/helpers.h"
#include "tests/run_suite.h"

static struct field_rules presence_fields[FIELDS_MAX], fields[FIELDS_MAX + 1];
static struct collection_rules collections[COLLECTIONS_MAX + 1];
static struct event_rules events[EVENT_NAMES_MAX + 1];
static struct input_rules input;
static struct rules kind;
static char error[RULES_ERROR_BYTES];

#define LONGEST  "a name of two-and-thirty letters"
#define TOO_LONG LONGEST "s"
#define BAD_NAME ": a name is 1 to 32 bytes without control characters"

/* A sound kind, with a name for every element that a test may count in. */
static void setup(void)
{
    static char names[COLLECTIONS_MAX + 1][4];
    for (uint32_t i = 0; i <= COLLECTIONS_MAX; i++) {
        names[i][0] = (char)('a' + i / 26);
        names[i][1] = (char)('a' + i % 26);
        collections[i] = (struct collection_rules){.name = names[i]};
    }
    for (uint32_t i = 0; i <= FIELDS_MAX; i++)
        fields[i] = (struct field_rules){.name = names[i], .type = FIELD_INT};
    for (uint32_t i = 0; i < FIELDS_MAX; i++)
        presence_fields[i] = (struct field_rules){.name = names[i]};
    for (uint32_t i = 0; i <= EVENT_NAMES_MAX; i++)
        events[i] = (struct event_rules){.name = names[i]};
    collections[0] = (struct collection_rules){
        .name = "presence", .sight = SIGHT_PRESENCE, .fields = presence_fields, .field_count = 1};
    collections[1] = (struct collection_rules){.name = "cars", .fields = fields, .field_count = 2};
    input = (struct input_rules){.value = {.type = FIELD_INT, .maximum = 255}};
    kind = (struct rules){.name = "game",
                          .tick_hz = 20,
                          .frame_hz = 10,
                          .collections = collections,
                          .collection_count = 2,
                          .input = &input,
                          .events = events,
                          .event_count = 2};
}

static void expect_sound(void)
{
    ck_assert_msg(rules_check(&kind, error, sizeof error), "%s", error);
    ck_assert_str_eq(error, "");
    struct room *room = room_of(&kind);
    step(room);
    room_destroy(room);
}

static bool takes_any(const struct room *room, const void *memory)
{
    (void)room;
    return memory != NULL;
}

/* Each spoils one thing; what is told of it. NULL: no more of them. */
static const char *spoil_kind(int number)
{
    switch (number) {
    case 0:
        kind.name = NULL;
        return "the kind" BAD_NAME;
    case 1:
        kind.name = TOO_LONG;
        return "the kind" BAD_NAME;
    case 2:
        kind.tick_hz = 0;
        return "tick_hz is 1 to 120";
    case 3:
        kind.tick_hz = kind.frame_hz = TICK_HZ_MAX + 1;
        return "tick_hz is 1 to 120";
    case 4:
        kind.frame_hz = 0;
        return "frame_hz divides tick_hz";
    case 5:
        kind.frame_hz = 40;
        return "frame_hz divides tick_hz";
    case 6:
        kind.unkept = (enum unkept)2;
        return "unkept is one of two";
    case 7:
        kind.tick_records = TICK_RECORDS_MAX + 1;
        return "tick_records may be at most 4096";
    case 8:
        kind.tick_bytes = TICK_BYTES_MAX + 1;
        return "tick_bytes may be at most 1048576";
    case 9:
        kind.member_records = TICK_RECORDS_MAX + 1;
        return "member_records may be at most 4096";
    case 10:
        kind.member_bytes = TICK_BYTES_MAX + 1;
        return "member_bytes may be at most 1048576";
    case 11:
        kind.memory_bytes = ROOM_MEMORY_MAX + 1;
        return "memory_bytes may be at most 65536";
    case 12:
        kind.memory_ticks = 1;
        return "memory_ticks is of a memory: memory_bytes is 0";
    case 13:
        kind.collection_count = 0;
        return "the first collection, \"presence\", is missing";
    case 14:
        kind.collection_count = COLLECTIONS_MAX + 1;
        return "collections may be at most 64";
    case 15:
        kind.event_count = EVENT_NAMES_MAX + 1;
        return "events may be at most 32";
    case 16:
        kind.events = NULL;
        return "the events are missing";
    case 17:
        input.value.type = FIELD_FIXED;
        return "the input: its value is int, ints or binary with merge set";
    case 18:
        input.value.merge = MERGE_ADD;
        return "the input: its value is int, ints or binary with merge set";
    case 19:
        input.value.minimum = 256;
        return "the input: minimum is above maximum";
    case 20:
        input.value = (struct field_rules){.type = FIELD_BINARY, .maximum = INPUT_BYTES_MAX - 1};
        return "the input: bytes of its value may be at most 32";
    case 21:
        kind.sound = takes_any;
        return "sound is of a memory: memory_bytes is 0";
    }
    return NULL;
}

#define FIRST_IS_PRESENCE                                                                          \
    ": the first collection, and no other, is \"presence\" with SIGHT_PRESENCE"

static const char *spoil_collection(int number)
{
    switch (number) {
    case 0:
        collections[0].name = "people";
        return "collection \"people\"" FIRST_IS_PRESENCE;
    case 1:
        collections[0].sight = SIGHT_EVERYONE;
        return "collection \"presence\"" FIRST_IS_PRESENCE;
    case 2:
        collections[1].sight = SIGHT_PRESENCE;
        return "collection \"cars\"" FIRST_IS_PRESENCE;
    case 3:
        collections[1].name = "";
        return "collection 1" BAD_NAME;
    case 4:
        collections[1].name = "presence";
        return "collection \"presence\": another collection has this name";
    case 5:
        collections[1].sight = (enum sight)(SIGHT_SERVER + 1);
        return "collection \"cars\": no such sight";
    case 6:
        collections[1].role = ROLE_COUNT;
        return "collection \"cars\": no such role";
    case 7:
        collections[1].field_count = FIELDS_MAX + 1;
        return "collection \"cars\": fields may be at most 32";
    case 8:
        collections[0].field_count = FIELDS_MAX - 1;
        return "collection \"presence\": fields may be at most 30";
    case 9:
        collections[1].fields = NULL;
        return "collection \"cars\": its fields are missing";
    case 10:
        events[1].name = "a\n";
        return "event 1" BAD_NAME;
    case 11:
        events[1].name = "aa";
        return "event \"aa\": another event has this name";
    case 12:
        events[1].kept = EVENTS_KEPT_MAX + 1;
        return "event \"ab\": kept may be at most 512";
    }
    return NULL;
}

#define FIELD "collection \"cars\", field \"ab\": "

static const char *spoil_field(int number)
{
    struct field_rules *field = &fields[1];
    switch (number) {
    case 0:
        field->name = NULL;
        return "collection \"cars\", field 1" BAD_NAME;
    case 1:
        field->name = "aa";
        return "collection \"cars\", field \"aa\": another field has this name";
    case 2:
        presence_fields[0].name = "user";
        return "collection \"presence\", field \"user\": another field has this name";
    case 3:
        field->type = FIELD_TYPE_COUNT;
        return FIELD "no such type";
    case 4:
        field->merge = MERGE_COUNT;
        return FIELD "no such merge";
    case 5:
        *field = (struct field_rules){.name = "ab", .type = FIELD_ANY, .merge = MERGE_ADD};
        return FIELD "merge add is for int and fixed";
    case 6:
        field->merge = MERGE_APPEND;
        return FIELD "merge append is for any, string, binary and ints";
    case 7:
        field->file = true;
        return FIELD "a file is a binary with merge set";
    case 8:
        field->minimum = 1;
        return FIELD "minimum is above maximum";
    case 9:
        *field =
            (struct field_rules){.name = "ab", .type = FIELD_STRING, .minimum = 1, .maximum = 2};
        return FIELD "only numbers have a minimum";
    case 10:
        field->maximum = INTEGER_MAX + 1;
        return FIELD "its bounds are wider than may be";
    case 11:
        field->minimum = -INTEGER_MAX - 1;
        return FIELD "its bounds are wider than may be";
    case 12:
        *field = (struct field_rules){
            .name = "ab", .type = FIELD_BINARY, .maximum = RECORD_BYTES_MAX + 1};
        return FIELD "its bounds are wider than may be";
    case 13:
        field->steps = 2;
        return FIELD "only fixed has steps";
    }
    return NULL;
}

START_TEST(each_limit_that_is_broken_is_told)
{
    static const char *(*const spoils[])(int) = {spoil_kind, spoil_collection, spoil_field};
    int told = 0;
    for (;; told++) {
        setup();
        const char *sentence = spoils[_i](told);
        if (sentence == NULL)
            break;
        ck_assert_msg(!rules_check(&kind, error, sizeof error), "%s", sentence);
        ck_assert_str_eq(error, sentence);
    }
    ck_assert_int_gt(told, 10);
}
END_TEST

START_TEST(a_sound_kind_is_fine)
{
    setup();
    expect_sound();
}
END_TEST

START_TEST(the_kinds_built_in_are_fine)
{
    static const struct rules *const kinds[] = {&kind_open, &kind_cursors, &kind_board, &kind_mixed,
                                                &kind_every};
    ck_assert_msg(rules_check(kinds[_i], error, sizeof error), "%s", error);
}
END_TEST

START_TEST(tables_at_each_limit_are_fine)
{
    setup();
    kind.name = LONGEST;
    kind.tick_hz = kind.frame_hz = TICK_HZ_MAX;
    kind.tick_records = kind.member_records = TICK_RECORDS_MAX;
    kind.tick_bytes = kind.member_bytes = TICK_BYTES_MAX;
    kind.memory_bytes = ROOM_MEMORY_MAX;
    kind.memory_ticks = 1;
    kind.collection_count = COLLECTIONS_MAX;
    kind.event_count = EVENT_NAMES_MAX;
    collections[0].field_count = FIELDS_MAX - 2;
    collections[1].field_count = FIELDS_MAX;
    fields[0].minimum = -INTEGER_MAX;
    fields[0].maximum = INTEGER_MAX;
    fields[1] = (struct field_rules){
        .name = LONGEST, .type = FIELD_BINARY, .maximum = RECORD_BYTES_MAX, .file = true};
    events[0].kept = EVENTS_KEPT_MAX;
    input.value = (struct field_rules){.type = FIELD_BINARY, .maximum = INPUT_BYTES_MAX - 2};
    expect_sound();
}
END_TEST

START_TEST(a_sentence_ends_where_its_buffer_does)
{
    setup();
    kind.tick_hz = 0;
    memset(error, 'x', sizeof error);
    ck_assert(!rules_check(&kind, error, 8));
    ck_assert_str_eq(error, "tick_hz");
    ck_assert_int_eq(error[8], 'x');
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("tables");
    tcase_add_test(tcase, a_sound_kind_is_fine);
    tcase_add_loop_test(tcase, the_kinds_built_in_are_fine, 0, 5);
    tcase_add_loop_test(tcase, each_limit_that_is_broken_is_told, 0, 3);
    tcase_add_test(tcase, tables_at_each_limit_are_fine);
    tcase_add_test(tcase, a_sentence_ends_where_its_buffer_does);

    Suite *suite = suite_create("rules_tables");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
