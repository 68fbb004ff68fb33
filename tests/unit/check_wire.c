#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/wire.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

static uint8_t buffer[8192];

static struct bytes packed(const char *line)
{
    struct writer writer = writer_on(buffer, sizeof buffer);
    ck_assert_uint_eq(notation_pack(&writer, line), 1);
    return writer_bytes(&writer);
}

static enum status hello_status(const char *line)
{
    struct hello hello;
    return wire_read_hello(packed(line), &hello);
}

/* A hello with one element of it changed. */
enum element {
    VERSION,
    KEY,
    KIND,
    USER,
    SEQUENCE,
    DECIDED,
    INCARNATION,
    PLACES,
    ELEMENTS
};

static enum status hello_with(enum element changed, const char *value)
{
    static const char *const usual[ELEMENTS] = {
        "1", "x000102030405060708090a0b0c0d0e0f", "'open'", "'Ada'", "9", "7", "3", "[1 40]"};
    static char line[8192];
    strcpy(line, "[0");
    for (int i = 0; i < ELEMENTS; i++) {
        strcat(line, " ");
        strcat(line, i == (int)changed ? value : usual[i]);
    }
    strcat(line, "]");
    return hello_status(line);
}

/* --- hello ---------------------------------------------------------------------------------------- */

START_TEST(a_hello_is_read)
{
    struct hello hello;
    struct bytes message =
        packed("[0 1 x000102030405060708090a0b0c0d0e0f 'open' 'Ada' 9 7 3 [1 40 2 0]]");
    ck_assert_int_eq(wire_read_hello(message, &hello), STATUS_OK);
    ck_assert_int_eq(hello.version, 1);
    ck_assert_uint_eq(hello.key[15], 15);
    ck_assert(bytes_equal(hello.kind, bytes_of("open")));
    ck_assert(bytes_equal(hello.user, bytes_of("\xa3"
                                               "Ada")));
    ck_assert_uint_eq(hello.sequence, 9);
    ck_assert_uint_eq(hello.decided, 7);
    ck_assert_uint_eq(hello.incarnation, 3);
    ck_assert_uint_eq(hello.places_held, 1u << SCOPE_EVERYONE | 1u << SCOPE_PRESENCE);
    ck_assert_uint_eq(hello.places[SCOPE_EVERYONE], 40);
}
END_TEST

START_TEST(kind_and_user_may_be_nil)
{
    struct hello hello;
    struct bytes message = packed("[0 1 x000102030405060708090a0b0c0d0e0f nil nil 0 0 0 []]");
    ck_assert_int_eq(wire_read_hello(message, &hello), STATUS_OK);
    ck_assert_uint_eq(hello.kind.length, 0);
    ck_assert_uint_eq(hello.user.length, 0);
    ck_assert_uint_eq(hello.places_held, 0);
}
END_TEST

START_TEST(each_element_of_a_hello_keeps_its_range)
{
    static const struct {
        enum element element;
        const char *value;
        enum status status;
    } rows[] = {
        {KEY, "x00", STATUS_MALFORMED},
        {KEY, "x000102030405060708090a0b0c0d0e0f10", STATUS_MALFORMED},
        {KEY, "'sixteen letters!'", STATUS_MALFORMED},
        {KIND, "7", STATUS_MALFORMED},
        {KIND, "x00", STATUS_MALFORMED},
        {USER, "[1 'x' 0.5]", STATUS_OK},
        {USER, "[[[[[[[[[1]]]]]]]]]", STATUS_MALFORMED},
        {SEQUENCE, "4294967295", STATUS_OK},
        {SEQUENCE, "4294967296", STATUS_MALFORMED},
        {SEQUENCE, "-1", STATUS_MALFORMED},
        {SEQUENCE, "6", STATUS_MALFORMED}, /* below `decided` */
        {DECIDED, "9", STATUS_OK},
        {DECIDED, "10", STATUS_MALFORMED},
        {DECIDED, "-1", STATUS_MALFORMED},
        {INCARNATION, "0", STATUS_OK},
        {INCARNATION, "9007199254740992", STATUS_OK},
        {INCARNATION, "9007199254740993", STATUS_MALFORMED},
        {INCARNATION, "-1", STATUS_MALFORMED},
        {PLACES, "nil", STATUS_MALFORMED},
        {PLACES, "[1]", STATUS_MALFORMED},
        {PLACES, "[0 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7]", STATUS_OK},
        {PLACES, "[] 0", STATUS_OK},
        {PLACES, "[] 9007199254740992", STATUS_OK}, /* accepts what nobody knows yet */
        {PLACES, "[] 9007199254740993", STATUS_MALFORMED},
        {PLACES, "[] -1", STATUS_MALFORMED},
        {PLACES, "[] nil", STATUS_MALFORMED},
        {PLACES, "[8 0]", STATUS_MALFORMED},
        {PLACES, "[-1 0]", STATUS_MALFORMED},
        {PLACES, "[1 4 1 4]", STATUS_MALFORMED},
        {PLACES, "[1 9007199254740992]", STATUS_OK},
        {PLACES, "[1 9007199254740993]", STATUS_MALFORMED},
        {PLACES, "[1 -1]", STATUS_MALFORMED},
        {VERSION, "'1'", STATUS_MALFORMED},
        {VERSION, "-1", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(hello_with(rows[i].element, rows[i].value) == rows[i].status, "row %zu: %s",
                      i, rows[i].value);
}
END_TEST

START_TEST(a_user_takes_1024_bytes)
{
    char user[USER_BYTES_MAX + 8] = "'";
    memset(user + 1, 'a', USER_BYTES_MAX - 3); /* three bytes of head */
    strcpy(user + USER_BYTES_MAX - 2, "'");
    ck_assert_int_eq(hello_with(USER, user), STATUS_OK);
    strcpy(user + USER_BYTES_MAX - 2, "a'");
    ck_assert_int_eq(hello_with(USER, user), STATUS_MALFORMED);
}
END_TEST

START_TEST(a_hello_has_nine_elements_or_ten)
{
    ck_assert_int_eq(hello_with(PLACES, "[] 1 1"), STATUS_MALFORMED);
    ck_assert_int_eq(hello_with(PLACES, ""), STATUS_MALFORMED);
    ck_assert_int_eq(hello_status("[0]"), STATUS_MALFORMED);
    ck_assert_int_eq(hello_status("[1 1]"), STATUS_MALFORMED);
}
END_TEST

START_TEST(of_another_version_only_the_number_is_read)
{
    struct hello hello;
    ck_assert_int_eq(wire_read_hello(packed("[0 2 'what' 'ever']"), &hello), STATUS_OK);
    ck_assert_int_eq(hello.version, 2);
}
END_TEST

START_TEST(every_truncated_hello_is_refused)
{
    struct hello hello;
    struct bytes whole =
        packed("[0 1 x000102030405060708090a0b0c0d0e0f 'open' [1 'x'] 9 7 3 [1 40 2 300]]");
    ck_assert_int_eq(wire_read_hello(whole, &hello), STATUS_OK);
    for (size_t length = 0; length < whole.length; length++) {
        uint8_t *exact = malloc(length + 1);
        memcpy(exact, whole.data, length);
        enum status status = wire_read_hello((struct bytes){exact, length}, &hello);
        ck_assert(status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
        free(exact);
    }
    uint8_t longer[256];
    memcpy(longer, whole.data, whole.length);
    longer[whole.length] = 0xc0;
    ck_assert_int_eq(wire_read_hello((struct bytes){longer, whole.length + 1}, &hello),
                     STATUS_MALFORMED);
}
END_TEST

/* --- The others ----------------------------------------------------------------------------------- */

START_TEST(a_kind_is_read_without_the_rest)
{
    int64_t kind;
    ck_assert_int_eq(wire_read_kind(packed("[3 'anything']"), &kind), STATUS_OK);
    ck_assert_int_eq(kind, CLIENT_CLOCK);
    ck_assert_int_ne(wire_read_kind(packed("[]"), &kind), STATUS_OK);
    ck_assert_int_ne(wire_read_kind(packed("['x']"), &kind), STATUS_OK);
    ck_assert_int_ne(wire_read_kind(packed("7"), &kind), STATUS_OK);
    ck_assert_int_ne(wire_read_kind((struct bytes){NULL, 0}, &kind), STATUS_OK);
}
END_TEST

START_TEST(a_clock_message_is_an_echo)
{
    static const struct {
        const char *line;
        enum status status;
    } rows[] = {
        {"[3 0]", STATUS_OK},
        {"[3 9007199254740992]", STATUS_OK},
        {"[3 9007199254740993]", STATUS_MALFORMED},
        {"[3 -1]", STATUS_MALFORMED},
        {"[3 1.5]", STATUS_MALFORMED},
        {"[3 'x']", STATUS_MALFORMED},
        {"[3 nil]", STATUS_MALFORMED},
        {"[3]", STATUS_MALFORMED},
        {"[3 1 2]", STATUS_MALFORMED},
        {"[4 1]", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t echo;
        ck_assert_msg(wire_read_clock(packed(rows[i].line), &echo) == rows[i].status, "%s",
                      rows[i].line);
    }
    int64_t echo;
    ck_assert_int_eq(wire_read_clock(packed("[3 77]"), &echo), STATUS_OK);
    ck_assert_int_eq(echo, 77);
    struct bytes whole = packed("[3 70000]");
    for (size_t length = 0; length < whole.length; length++)
        ck_assert_int_ne(wire_read_clock((struct bytes){whole.data, length}, &echo), STATUS_OK);
}
END_TEST

START_TEST(answers_are_written_as_documented)
{
    struct writer writer = writer_on(buffer, sizeof buffer);
    wire_write_clock(&writer, 5, 1000, 7);
    ck_assert_uint_eq(writer.length, 7);
    ck_assert_mem_eq(buffer, "\x94\x03\x05\xcd\x03\xe8\x07", 7);
    writer = writer_on(buffer, sizeof buffer);
    wire_write_notice(&writer, STATUS_RANGE, "no");
    ck_assert_uint_eq(writer.length, 6);
    ck_assert_mem_eq(buffer, "\x93\x04\x0a\xa2no", 6);
}
END_TEST

START_TEST(every_close_code_has_a_text)
{
#define CLOSE_CODE(name, number, text) CLOSE_##name,
    static const enum close_code codes[] = {CLOSE_MAP(CLOSE_CODE)};
#undef CLOSE_CODE
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        ck_assert_str_ne(close_text(codes[i]), "unknown");
        ck_assert_uint_le(strlen(close_text(codes[i])), 100); /* a reason takes 123 bytes */
    }
    ck_assert_str_eq(close_text((enum close_code)4999), "unknown");
}
END_TEST

START_TEST(every_status_has_a_text)
{
    for (int i = 0; i < STATUS_COUNT; i++)
        ck_assert_str_ne(status_text((enum status)i), "unknown");
    ck_assert_str_eq(status_text(STATUS_COUNT), "unknown");
}
END_TEST

START_TEST(room_names_are_letters_digits_and_two_signs)
{
    char name[ROOM_NAME_MAX + 2] = {0};
    ck_assert(wire_room_name_valid(bytes_of("aZ09_-")));
    ck_assert(!wire_room_name_valid(bytes_of("")));
    memset(name, 'a', ROOM_NAME_MAX);
    ck_assert(wire_room_name_valid(bytes_of(name)));
    memset(name, 'a', ROOM_NAME_MAX + 1);
    ck_assert(!wire_room_name_valid(bytes_of(name)));
    for (int c = 1; c < 256; c++) {
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        ck_assert_int_eq(wire_room_name_valid((struct bytes){(uint8_t[]){(uint8_t)c}, 1}), good);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("wire");
    tcase_add_test(tcase, a_hello_is_read);
    tcase_add_test(tcase, kind_and_user_may_be_nil);
    tcase_add_test(tcase, each_element_of_a_hello_keeps_its_range);
    tcase_add_test(tcase, a_user_takes_1024_bytes);
    tcase_add_test(tcase, a_hello_has_nine_elements_or_ten);
    tcase_add_test(tcase, of_another_version_only_the_number_is_read);
    tcase_add_test(tcase, every_truncated_hello_is_refused);
    tcase_add_test(tcase, a_kind_is_read_without_the_rest);
    tcase_add_test(tcase, a_clock_message_is_an_echo);
    tcase_add_test(tcase, answers_are_written_as_documented);
    tcase_add_test(tcase, every_close_code_has_a_text);
    tcase_add_test(tcase, every_status_has_a_text);
    tcase_add_test(tcase, room_names_are_letters_digits_and_two_signs);

    Suite *suite = suite_create("wire");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
