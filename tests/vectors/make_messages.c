/* make_messages.c - what clients send, well and malformed; values; and the server's messages that
 * are not frames. */
#include <string.h>

#include "sync/wire.h"
#include "tests/vectors/make_vectors.h"
#include "tests/vectors/vector_json.h"

#define KEY "{'$bin': '000102030405060708090a0b0c0d0e0f'}"

/* A row has its bytes as JSON or, where the form of the bytes matters, as hexadecimal. */
struct row {
    const char *name, *json, *hex;
};

static struct bytes row_bytes(const struct row *row, uint8_t *buffer, size_t capacity)
{
    if (row->hex != NULL)
        return bytes_of_hex(row->hex, buffer, capacity);
    struct writer writer = writer_on(buffer, capacity);
    json_t *json = json_of_text(row->json);
    json_pack_value(&writer, json);
    json_decref(json);
    demand(writer.status == STATUS_OK, "too long", row->name);
    return writer_bytes(&writer);
}

/* --- Messages of clients ------------------------------------------------------------------------ */

static const struct row client_messages[] = {
    {"hello: a new client", "[0, 1, " KEY ", null, null, 0, 0, 0, []]", NULL},
    {"hello: with a room kind and a user",
     "[0, 1, " KEY ", 'cursors', {'name': 'Ada', 'colour': '#09f'}, 0, 0, 0, []]", NULL},
    {"hello: coming back with places",
     "[0, 1, " KEY ", 'open', 'Ada', 70000, 69998, 9007199254740992, [0, 12, 1, 4294967296, 2, 0,"
     " 7, 300]]",
     NULL},
    {"hello: that accepts deflated sections", "[0, 1, " KEY ", null, null, 0, 0, 0, [], 1]", NULL},
    {"hello: that accepts what nobody knows yet",
     "[0, 1, " KEY ", null, null, 0, 0, 0, [], 9007199254740992]", NULL},
    {"hello: of a later version", "[0, 2, 'as that version has it']", NULL},
    {"put", "[1, [[0, 'shapes', 'a', 'x', 1, 'label', 'one']]]", NULL},
    {"put: a record without fields", "[1, [[0, 'shapes', 'a']]]", NULL},
    {"put: by numbers", "[1, [[0, 1, 'a', 0, 1, 2, 'one']]]", NULL},
    {"put: if new", "[1, [[8, 'shapes', 'a', 'x', 1]]]", NULL},
    {"put: with all guards", "[1, [[56, 'shapes', 'a', 70000, 12, 'x', 1]]]", NULL},
    {"put: if mine, without fields", "[1, [[32, 'shapes', 'a', 3]]]", NULL},
    {"set", "[1, [[1, 'shapes', 'a', 'x', -7, 'label', null]]]", NULL},
    {"set: if stamp", "[1, [[17, 'shapes', 'a', 9007199254740992, 'x', 1]]]", NULL},
    {"set: if mine", "[1, [[33, 'shapes', 'a', 4294967295, 'x', 1]]]", NULL},
    {"append", "[1, [[2, 'shapes', 'a', 'points', 1, -2, 70000]]]", NULL},
    {"append: no items", "[1, [[2, 'shapes', 'a', 'points']]]", NULL},
    {"append: if stamp", "[1, [[18, 'shapes', 'a', 3, 'points', 1]]]", NULL},
    {"add", "[1, [[3, 'shapes', 'a', 'votes', 1, 'x', -1]]]", NULL},
    {"delete", "[1, [[4, 'shapes', 'a']]]", NULL},
    {"delete: if stamp and mine", "[1, [[52, 'shapes', 'a', 3, 4]]]", NULL},
    {"emit: to everyone", "[1, [[5, 'chat', 0, 'hello']]]", NULL},
    {"emit: to one member, by number", "[1, [[5, 0, 4294967295, {'text': 'psst'}]]]", NULL},
    {"operations: three, of which one has two edits",
     "[1, [[0, 'shapes', 'a', 'x', 1]], [[1, 'shapes', 'a', 'x', 2], [4, 'shapes', 'b']],"
     " [[5, 'chat', 0, 1]]]",
     NULL},
    {"operations: the longest names",
     "[1, [[0, 'abcdefghijklmnopqrstuvwxyzabcdef', '!bcdefghijklmnopqrstuvw~',"
     " 'ñandú and what else there is', null]]]",
     NULL},
    {"operations: values of every sort",
     "[1, [[0, 'shapes', 'a', 'v', [null, true, false, 0, -1, 1.5, 'text', {'$bin': '00ff'},"
     " [], {}, {'a': [{'b': null}]}]]]]",
     NULL},
    {"operations: numbers in their longest forms", NULL,
     "dd00000002"
     "d30000000000000001"
     "dc0001"
     "dd00000005"
     "cf0000000000000000"
     "d90173"
     "da000161"
     "db0000000178"
     "cb3ff0000000000000"},
    {"presence", "[2, 'x', 100, 3, 50, 'note', {'busy': true}]", NULL},
    {"presence: a field is unset", "[2, 'note', null]", NULL},
    {"presence moved: one field", "[17, 4]", NULL},
    {"presence moved: two fields", "[28, 1, 300]", NULL},
    {"presence moved: the highest mask", "[127, 0, 1, 2, 3, 4, 9007199254740992]", NULL},
    {"clock", "[3, 1700000000000]", NULL},
    {"clock: the highest echo", "[3, 9007199254740992]", NULL},
    {"leave", "[4]", NULL},
    {"inputs: one", "[5, 0, 7]", NULL},
    {"inputs: three ticks", "[5, 0, 7, -32, 1000]", NULL},
    {"inputs: after a gap", "[5, 12, 7]", NULL},
    {"inputs: the widest gap", "[5, 4294967296, 7]", NULL},
    {"inputs: one tick back", "[5, -1, 7]", NULL},
    {"inputs: as many as a message may hold",
     "[5, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,"
     " 24, 25, 26, 27, 28, 29, 30, 31]",
     NULL},
    {"inputs: of other types", "[5, 0, {'$bin': '00ff10'}, [1, -2, 70000]]", NULL},
    {"inputs: numbers in their longest forms", NULL,
     "dd00000003"
     "d30000000000000005"
     "cf0000000000000000"
     "d30000000000000007"},
};

static json_t *vector_of(const struct row *row)
{
    static uint8_t buffer[MESSAGE_BYTES_MAX], again[MESSAGE_BYTES_MAX];
    struct bytes bytes = row_bytes(row, buffer, sizeof buffer);
    json_t *message = json_of_message(bytes);
    demand(message != NULL, "cannot be decoded", row->name);
    json_t *vector =
        json_pack("{s:s s:o s:o}", "name", row->name, "hex", json_hex(bytes), "message", message);
    struct writer writer = writer_on(again, sizeof again);
    json_pack_value(&writer, message);
    if (!bytes_equal(bytes, writer_bytes(&writer)))
        json_object_set_new(vector, "canonical", json_hex(writer_bytes(&writer)));
    return vector;
}

static void write_rows(const char *folder, const char *file, const struct row *rows, size_t count)
{
    json_t *vectors = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(vectors, vector_of(&rows[i]));
    vectors_write(folder, file, vectors);
    json_decref(vectors);
}

/* --- Values -------------------------------------------------------------------------------------- */

static const struct row values[] = {
    {"nil", "null", NULL},
    {"true", "true", NULL},
    {"false", "false", NULL},
    {"0", "0", NULL},
    {"127", "127", NULL},
    {"128", "128", NULL},
    {"255", "255", NULL},
    {"256", "256", NULL},
    {"65535", "65535", NULL},
    {"65536", "65536", NULL},
    {"2^32 - 1", "4294967295", NULL},
    {"2^32", "4294967296", NULL},
    {"2^53", "9007199254740992", NULL},
    {"-1", "-1", NULL},
    {"-32", "-32", NULL},
    {"-33", "-33", NULL},
    {"-128", "-128", NULL},
    {"-129", "-129", NULL},
    {"-32768", "-32768", NULL},
    {"-32769", "-32769", NULL},
    {"-2^31", "-2147483648", NULL},
    {"-2^31 - 1", "-2147483649", NULL},
    {"-2^53", "-9007199254740992", NULL},
    {"1 in nine bytes", NULL, "cf0000000000000001"},
    {"-1 in nine bytes", NULL, "d3ffffffffffffffff"},
    {"1 as signed 8", NULL, "d001"},
    {"200 as signed 16", NULL, "d100c8"},
    {"1.5 as float 32", "1.5", NULL},
    {"1.5 as float 64", NULL, "cb3ff8000000000000"},
    {"0.1, which no float 32 holds", "0.1", NULL},
    {"1.0 as float 64", NULL, "cb3ff0000000000000"},
    {"-7.0 as float 32", NULL, "cac0e00000"},
    {"-0.0", NULL, "cb8000000000000000"},
    {"2^53 as float 64", NULL, "cb4340000000000000"},
    {"-2^53 as float 32", NULL, "cada000000"},
    {"2^53 + 2 stays a float", NULL, "cb4340000000000001"},
    {"2^54, a float 32", NULL, "cb4350000000000000"},
    {"the smallest float 64", NULL, "cb0000000000000001"},
    {"the smallest float 32 as float 64", NULL, "cb36a0000000000000"},
    {"the largest float 64", NULL, "cb7fefffffffffffff"},
    {"the largest float 32 as float 64", NULL, "cb47efffffe0000000"},
    {"an empty string", "''", NULL},
    {"31 bytes of text", "'0123456789012345678901234567890'", NULL},
    {"32 bytes of text", "'01234567890123456789012345678901'", NULL},
    {"text of one, two, three and four bytes a letter", "'aé€😀'", NULL},
    {"a byte order mark stays", NULL, "a4efbbbf61"},
    {"a NUL in text", NULL, "a3610062"},
    {"text with a head of five bytes", NULL, "db0000000161"},
    {"an empty binary", "{'$bin': ''}", NULL},
    {"a binary", "{'$bin': '00ff10'}", NULL},
    {"a binary with a head of three bytes", NULL, "c50001aa"},
    {"an empty array", "[]", NULL},
    {"15 items", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]", NULL},
    {"16 items", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]", NULL},
    {"an array with a head of five bytes", NULL, "dd0000000105"},
    {"an empty map", "{}", NULL},
    {"a map keeps the order of its keys", "{'b': 1, 'a': [2], 'c': {'d': null}}", NULL},
    {"a map with a head of three bytes", NULL, "de0001a16101"},
    {"a key that objects know", "{'__proto__': 1, 'constructor': 2, '': 3}", NULL},
    {"8 levels", "[[[[[[['deep']]]]]]]", NULL},
};

/* --- Malformed ----------------------------------------------------------------------------------- */

#define HELLO(rest) "[0, 1, " KEY ", " rest "]"
#define VALUE(hex)                                                                                 \
    "92019195"                                                                                     \
    "00a173"                                                                                       \
    "a161"                                                                                         \
    "a178" hex /* put into s, record a, field x */

static const struct {
    struct row row;
    const char *status;
} malformed[] = {
    {{"nothing", NULL, ""}, "truncated"},
    {{"no array", "0", NULL}, "malformed"},
    {{"a map", "{'kind': 1}", NULL}, "malformed"},
    {{"an empty array", "[]", NULL}, "malformed"},
    {{"a kind that is no integer", "['put']", NULL}, "malformed"},
    {{"an unknown kind", "[6]", NULL}, "malformed"},
    {{"a kind below 0", "[-1]", NULL}, "malformed"},
    {{"an array that ends too soon", NULL, "9201"}, "truncated"},
    {{"an array of four billion elements", NULL, "ddffffffff01"}, "truncated"},
    {{"a byte after the message", NULL,
      "920300"
      "00"},
     "malformed"},
    {{"hello: an element too few", "[0, 1, " KEY ", null, null, 0, 0, 0]", NULL}, "malformed"},
    {{"hello: an element too many", HELLO("null, null, 0, 0, 0, [], 1, 1"), NULL}, "malformed"},
    {{"hello: accepts below 0", HELLO("null, null, 0, 0, 0, [], -1"), NULL}, "malformed"},
    {{"hello: accepts above 2^53", HELLO("null, null, 0, 0, 0, [], 9007199254740993"), NULL},
     "malformed"},
    {{"hello: accepts nothing", HELLO("null, null, 0, 0, 0, [], null"), NULL}, "malformed"},
    {{"hello: no version", "[0]", NULL}, "malformed"},
    {{"hello: a version below 0", "[0, -1]", NULL}, "malformed"},
    {{"hello: a short key", "[0, 1, {'$bin': '0001'}, null, null, 0, 0, 0, []]", NULL},
     "malformed"},
    {{"hello: a key of text", "[0, 1, '0123456789abcdef', null, null, 0, 0, 0, []]", NULL},
     "malformed"},
    {{"hello: a room kind that is no text", HELLO("3, null, 0, 0, 0, []"), NULL}, "malformed"},
    {{"hello: a sequence too high", HELLO("null, null, 4294967296, 0, 0, []"), NULL}, "malformed"},
    {{"hello: more decided than sent", HELLO("null, null, 3, 4, 0, []"), NULL}, "malformed"},
    {{"hello: an incarnation below 0", HELLO("null, null, 0, 0, -1, []"), NULL}, "malformed"},
    {{"hello: an incarnation above 2^53", HELLO("null, null, 0, 0, 9007199254740993, []"), NULL},
     "malformed"},
    {{"hello: a scope without its place", HELLO("null, null, 0, 0, 1, [1]"), NULL}, "malformed"},
    {{"hello: a scope twice", HELLO("null, null, 0, 0, 1, [1, 5, 1, 6]"), NULL}, "malformed"},
    {{"hello: a scope that does not exist", HELLO("null, null, 0, 0, 1, [8, 5]"), NULL},
     "malformed"},
    {{"operations: none", "[1]", NULL}, "malformed"},
    {{"operations: one without edits", "[1, []]", NULL}, "malformed"},
    {{"operations: an edit that is no array", "[1, [0]]", NULL}, "malformed"},
    {{"operations: an unknown verb", "[1, [[6, 's', 'a']]]", NULL}, "malformed"},
    {{"operations: an unknown guard", "[1, [[64, 's', 'a']]]", NULL}, "malformed"},
    {{"operations: no record", "[1, [[0, 's']]]", NULL}, "malformed"},
    {{"operations: a record that is a number", "[1, [[0, 's', 1]]]", NULL}, "malformed"},
    {{"operations: an empty id", "[1, [[0, 's', '']]]", NULL}, "malformed"},
    {{"operations: an id of 25 bytes", "[1, [[0, 's', 'abcdefghijklmnopqrstuvwxy']]]", NULL},
     "malformed"},
    {{"operations: an id with a space", "[1, [[0, 's', 'a b']]]", NULL}, "malformed"},
    {{"operations: an id beyond ASCII", "[1, [[0, 's', 'é']]]", NULL}, "malformed"},
    {{"operations: an empty name", "[1, [[0, '', 'a']]]", NULL}, "malformed"},
    {{"operations: a name of 33 bytes", "[1, [[0, 'abcdefghijklmnopqrstuvwxyzabcdefg', 'a']]]",
      NULL},
     "malformed"},
    {{"operations: a collection below 0", "[1, [[0, -1, 'a']]]", NULL}, "malformed"},
    {{"put: a field without its value", "[1, [[0, 's', 'a', 'x']]]", NULL}, "malformed"},
    {{"put: a field that is nil", "[1, [[0, 's', 'a', null, 1]]]", NULL}, "malformed"},
    {{"put: without the stamp of its guard", "[1, [[16, 's', 'a']]]", NULL}, "malformed"},
    {{"put: a stamp below 0", "[1, [[16, 's', 'a', -1]]]", NULL}, "malformed"},
    {{"put: a sequence above 2^32 - 1", "[1, [[32, 's', 'a', 4294967296]]]", NULL}, "malformed"},
    {{"set: if new", "[1, [[9, 's', 'a', 'x', 1]]]", NULL}, "malformed"},
    {{"append: no field", "[1, [[2, 's', 'a']]]", NULL}, "malformed"},
    {{"append: if mine", "[1, [[34, 's', 'a', 1, 'x', 1]]]", NULL}, "malformed"},
    {{"add: a field without its amount", "[1, [[3, 's', 'a', 'x']]]", NULL}, "malformed"},
    {{"add: if mine", "[1, [[35, 's', 'a', 1, 'x', 1]]]", NULL}, "malformed"},
    {{"delete: with a field", "[1, [[4, 's', 'a', 'x', 1]]]", NULL}, "malformed"},
    {{"delete: if new", "[1, [[12, 's', 'a']]]", NULL}, "malformed"},
    {{"emit: no value", "[1, [[5, 'chat', 0]]]", NULL}, "malformed"},
    {{"emit: two values", "[1, [[5, 'chat', 0, 1, 2]]]", NULL}, "malformed"},
    {{"emit: to a name", "[1, [[5, 'chat', 'Ada', 1]]]", NULL}, "malformed"},
    {{"emit: to a member below 0", "[1, [[5, 'chat', -1, 1]]]", NULL}, "malformed"},
    {{"emit: if stamp", "[1, [[21, 'chat', 0, 3, 1]]]", NULL}, "malformed"},
    {{"value: an integer above 2^53", NULL, VALUE("cf0020000000000001")}, "malformed"},
    {{"value: an integer below -2^53", NULL, VALUE("d3ffdfffffffffffff")}, "malformed"},
    {{"value: an integer above 2^63", NULL, VALUE("cfffffffffffffffff")}, "malformed"},
    {{"value: not a number", NULL, VALUE("cb7ff8000000000000")}, "malformed"},
    {{"value: infinite", NULL, VALUE("ca7f800000")}, "malformed"},
    {{"value: minus infinite", NULL, VALUE("cbfff0000000000000")}, "malformed"},
    {{"value: an extension", NULL, VALUE("d40001")}, "malformed"},
    {{"value: a timestamp", NULL, VALUE("d6ff00000000")}, "malformed"},
    {{"value: the byte that is never used", NULL, VALUE("c1")}, "malformed"},
    {{"value: text that is no UTF-8", NULL, VALUE("a2c328")}, "malformed"},
    {{"value: overlong UTF-8", NULL, VALUE("a2c080")}, "malformed"},
    {{"value: half a surrogate pair", NULL, VALUE("a3eda080")}, "malformed"},
    {{"value: text above U+10FFFF", NULL, VALUE("a4f4908080")}, "malformed"},
    {{"value: text that ends inside a letter", NULL, VALUE("a1c3")}, "malformed"},
    {{"value: a key twice", NULL, VALUE("82a16101a16102")}, "malformed"},
    {{"value: a key that is no text", NULL, VALUE("810102")}, "malformed"},
    {{"value: 9 levels", NULL, VALUE("919191919191919101")}, "malformed"},
    {{"value: text longer than the message", NULL, VALUE("dbffffffff61")}, "truncated"},
    {{"value: a map of four billion pairs", NULL, VALUE("dfffffffff")}, "truncated"},
    {{"presence: no field", "[2]", NULL}, "malformed"},
    {{"presence: a field without its value", "[2, 'x']", NULL}, "malformed"},
    {{"presence: an empty name", "[2, '', 1]", NULL}, "malformed"},
    {{"presence moved: no field", "[16]", NULL}, "malformed"},
    {{"presence moved: a difference too few", "[19, 1]", NULL}, "malformed"},
    {{"presence moved: a difference too many", "[17, 1, 2]", NULL}, "malformed"},
    {{"presence moved: a difference below 0", "[17, -1]", NULL}, "malformed"},
    {{"presence moved: a difference of text", "[17, 'x']", NULL}, "malformed"},
    {{"presence moved: a mask too high", "[128, 1]", NULL}, "malformed"},
    {{"clock: no echo", "[3]", NULL}, "malformed"},
    {{"clock: an echo too many", "[3, 1, 2]", NULL}, "malformed"},
    {{"clock: an echo below 0", "[3, -1]", NULL}, "malformed"},
    {{"clock: an echo above 2^53", "[3, 9007199254740993]", NULL}, "malformed"},
    {{"clock: an echo of text", "[3, 'now']", NULL}, "malformed"},
    {{"inputs: no gap", "[5]", NULL}, "malformed"},
    {{"inputs: none", "[5, 0]", NULL}, "malformed"},
    {{"inputs: one too many",
      "[5, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,"
      " 24, 25, 26, 27, 28, 29, 30, 31, 32]",
      NULL},
     "malformed"},
    {{"inputs: a gap too wide", "[5, 4294967297, 7]", NULL}, "malformed"},
    {{"inputs: a gap too wide backwards", "[5, -4294967297, 7]", NULL}, "malformed"},
    {{"inputs: a tick below 0", "[5, -100000, 7]", NULL}, "malformed"},
    {{"inputs: a gap of nil", "[5, null, 7]", NULL}, "malformed"},
    {{"inputs: a gap of text", "[5, '0', 7]", NULL}, "malformed"},
    {{"inputs: not a number", NULL, "930500cb7ff8000000000000"}, "malformed"},
    {{"inputs: an extension", NULL, "930500d40001"}, "malformed"},
    {{"inputs: a byte after the message", NULL, "93050007c0"}, "malformed"},
    {{"inputs: fewer than announced", NULL, "94050007"}, "truncated"},
};

static void make_malformed(const char *folder)
{
    uint8_t buffer[1024];
    json_t *vectors = json_array();
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        struct bytes bytes = row_bytes(&malformed[i].row, buffer, sizeof buffer);
        json_array_append_new(vectors,
                              json_pack("{s:s s:o s:s}", "name", malformed[i].row.name, "hex",
                                        json_hex(bytes), "status", malformed[i].status));
    }
    vectors_write(folder, "malformed.json", vectors);
    json_decref(vectors);
}

/* --- Messages of servers that are not frames ------------------------------------------------------ */

#define LIMITS "[65536, 100, 200, 65536, 131072, 64, 32768]"

static const struct row server_messages[] = {
    {"welcome: a client that is new to the room",
     "[2, 1, 1, 0, 20, 20, 'open', 0, false, false, [], 0, " LIMITS ", []]", NULL},
    {"welcome: back in a seat that was kept",
     "[2, 4294967295, 9007199254740992, 72000, 60, 20, 'cursors', 70000, true, true, [0, 1, 2, 7],"
     " 0, " LIMITS ", []]",
     NULL},
    {"welcome: with refusals",
     "[2, 3, 5, 900, 20, 20, 'open', 12, true, false, [], 0, " LIMITS ", [9, 5, 12, 14]]", NULL},
    {"welcome: of a later version, with surplus elements",
     "[2, 1, 1, 0, 20, 20, 'open', 0, false, false, [], 0, " LIMITS ", [], 0, null, null, false,"
     " 'more', [1]]",
     NULL},
    {"welcome: of a kind that takes inputs",
     "[2, 1, 1, 7, 60, 20, 'open', 0, false, false, [], 0, " LIMITS ", [], 0, [2, 0, 255, 1, 12,"
     " 64]]",
     NULL},
    {"welcome: of one that takes inputs of a later version",
     "[2, 1, 1, 7, 60, 20, 'open', 0, false, false, [], 0, " LIMITS ", [], 0, [9, 0, 30, 1, 0,"
     " 64, 'more']]",
     NULL},
    {"welcome: of a room that was forked",
     "[2, 1, 4, 1300, 20, 20, 'board', 0, false, false, [], 2, " LIMITS ", [], 0, null,"
     " ['lobby', 3, 1200]]",
     NULL},
    {"welcome: of a room that is recorded",
     "[2, 1, 4, 1300, 20, 20, 'board', 0, false, false, [], 2, " LIMITS ", [], 0, null, null,"
     " true]",
     NULL},
    {"clock", "[3, 1234, 1700000000000, 72000]", NULL},
    {"notice", "[4, 9, 'the value does not fit the field']", NULL},
};

void make_messages(const char *folder)
{
    write_rows(folder, "client_messages.json", client_messages,
               sizeof client_messages / sizeof client_messages[0]);
    write_rows(folder, "values.json", values, sizeof values / sizeof values[0]);
    write_rows(folder, "welcome.json", server_messages,
               sizeof server_messages / sizeof server_messages[0]);
    make_malformed(folder);
}
