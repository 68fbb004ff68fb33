/* check_json.c - values of rooms as JSON: read back by another's parser they are the same. */
#include "server/json.h"
#include "sync/limits.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t length;

static void teardown(void)
{
    free(text);
    text = NULL;
}

static const char *written(struct bytes packed)
{
    struct reader reader = reader_on(packed);
    free(text);
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    json_write_value(out, &reader);
    fclose(out);
    return text;
}

static const char *of(const char *notation)
{
    uint8_t packed[1024];
    struct writer writer = writer_on(packed, sizeof packed);
    ck_assert_uint_eq(notation_pack(&writer, notation), 1);
    return written(writer_bytes(&writer));
}

static const struct {
    const char *notation, *json;
} plain[] = {
    {"nil", "null"},
    {"true", "true"},
    {"false", "false"},
    {"0", "0"},
    {"-9007199254740991", "-9007199254740991"},
    {"9007199254740991", "9007199254740991"},
    {"0.5", "0.5"},
    {"'monza'", "\"monza\""},
    {"''", "\"\""},
    {"x00ff", "\"00ff\""},
    {"[]", "[]"},
    {"[1 [2 nil] 'x']", "[1,[2,null],\"x\"]"},
    {"{}", "{}"},
    {"{'a' 1 'b' {'c' []}}", "{\"a\":1,\"b\":{\"c\":[]}}"},
    {"'</script>&'", "\"\\u003c/script\\u003e\\u0026\""},
};

START_TEST(values_are_written_as_they_are)
{
    ck_assert_str_eq(of(plain[_i].notation), plain[_i].json);
}
END_TEST

START_TEST(every_character_comes_back)
{
    char all[0x80];
    uint8_t packed[256];
    for (size_t i = 0; i < sizeof all - 1; i++)
        all[i] = (char)(i + 1);
    all[sizeof all - 1] = '\0';
    struct writer writer = writer_on(packed, sizeof packed);
    pack_string(&writer, bytes_of(all));
    json_t *read = json_loads(written(writer_bytes(&writer)), JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(read);
    ck_assert_str_eq(json_string_value(read), all);
    json_decref(read);
}
END_TEST

START_TEST(floats_come_back_to_the_bit)
{
    static const double numbers[] = {0.1, -1e300, 5e-324, 1e22, 1.0 / 3.0};
    uint8_t packed[16];
    struct writer writer = writer_on(packed, sizeof packed);
    pack_double(&writer, numbers[_i]);
    ck_assert(strtod(written(writer_bytes(&writer)), NULL) == numbers[_i]);
}
END_TEST

/* What no room takes as a value is still read within its bytes, and gives JSON. */
START_TEST(what_is_no_value_is_null)
{
    uint8_t deep[4 * VALUE_DEPTH_MAX];
    memset(deep, 0x91, sizeof deep); /* arrays of one */
    static const uint8_t extension[] = {0xc1}, cut[] = {0x92, 0x01};
    const struct bytes packed[] = {{deep, sizeof deep}, {extension, 1}, {cut, 2}, {NULL, 0}};
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        json_t *read = json_loads(written(packed[i]), JSON_DECODE_ANY, NULL);
        ck_assert_msg(read != NULL, "%s", text);
        json_decref(read);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("json");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, values_are_written_as_they_are, 0,
                        (int)(sizeof plain / sizeof plain[0]));
    tcase_add_test(tcase, every_character_comes_back);
    tcase_add_loop_test(tcase, floats_come_back_to_the_bit, 0, 5);
    tcase_add_test(tcase, what_is_no_value_is_null);

    Suite *suite = suite_create("json");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
