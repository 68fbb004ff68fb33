/* check_pack_oracle.c - the bounded reader against msgpack-c: what one takes the other takes, within
 * our restrictions, and it means the same. */
#include <check.h>
#include <math.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "sync/limits.h"
#include "sync/pack.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#define BUFFER_BYTES 65536

static uint8_t buffer[BUFFER_BYTES], second[BUFFER_BYTES];

static struct bytes bytes_at(const uint8_t *data, size_t length)
{
    return (struct bytes){data, length};
}

static enum status value_status(struct bytes bytes)
{
    struct reader reader = reader_on(bytes);
    read_value(&reader);
    return reader_end(&reader);
}

static void pack_random(msgpack_packer *packer, struct chance *chance, unsigned depth)
{
    char text[300];
    size_t length = chance_below(chance, chance_below(chance, 8) == 0 ? sizeof text : 12);
    memset(text, 'a' + (int)chance_below(chance, 26), sizeof text);
    switch (chance_below(chance, depth < 6 ? 9 : 7)) {
    case 0:
        msgpack_pack_nil(packer);
        return;
    case 1:
        msgpack_pack_true(packer);
        return;
    case 2:
        msgpack_pack_int64(packer, (int64_t)(chance_bits(chance) >> chance_below(chance, 64)));
        return;
    case 3:
        msgpack_pack_int64(packer,
                           -(int64_t)(chance_bits(chance) >> 1 >> chance_below(chance, 63)));
        return;
    case 4:
        if (chance_below(chance, 2) == 0)
            msgpack_pack_float(packer, (float)chance_below(chance, 1000) / 8);
        else
            msgpack_pack_double(packer, (double)chance_bits(chance) / 3);
        return;
    case 5:
        msgpack_pack_str(packer, length);
        msgpack_pack_str_body(packer, text, length);
        return;
    case 6:
        msgpack_pack_bin(packer, length);
        msgpack_pack_bin_body(packer, text, length);
        return;
    case 7:
        length = chance_below(chance, 20);
        msgpack_pack_array(packer, length);
        for (size_t i = 0; i < length && length < 20; i++)
            pack_random(packer, chance, depth + 1);
        return;
    default:
        length = chance_below(chance, 4);
        msgpack_pack_map(packer, length);
        for (size_t i = 0; i < length; i++) {
            char key = (char)('a' + (int)i + (int)chance_below(chance, 2));
            msgpack_pack_str(packer, 1);
            msgpack_pack_str_body(packer, &key, 1);
            pack_random(packer, chance, depth + 1);
        }
    }
}

/* Decodes and encodes again: what comes out the same is UTF-8. */
static bool oracle_utf8(const uint8_t *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t more = text[i] < 0x80 ? 0 : text[i] >= 0xf0 ? 3 : text[i] >= 0xe0 ? 2 : 1;
        if (i + more >= length)
            return false;
        uint32_t point = more == 0 ? text[i] : text[i] & (0x3fu >> more);
        for (size_t k = 1; k <= more; k++)
            point = point << 6 | (text[i + k] & 0x3f);
        uint8_t again[4] = {(uint8_t)point};
        static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
        for (size_t k = more; k > 0; k--, point >>= 6)
            again[k] = (uint8_t)(0x80 | (point & 0x3f));
        if (more > 0)
            again[0] = (uint8_t)(leads[more] | point);
        if (memcmp(again, text + i, more + 1) != 0)
            return false;
        point = more == 0 ? text[i] : text[i] & (0x3fu >> more);
        for (size_t k = 1; k <= more; k++)
            point = point << 6 | (text[i + k] & 0x3f);
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return false;
        i += more + 1;
    }
    return true;
}

static bool oracle_allows(const msgpack_object *object, unsigned depth);

static bool oracle_allows_map(const msgpack_object_map *map, unsigned depth)
{
    if (map->size > MAP_KEYS_MAX)
        return false;
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *key = &map->ptr[i].key;
        if (key->type != MSGPACK_OBJECT_STR || !oracle_allows(key, 1) ||
            !oracle_allows(&map->ptr[i].val, depth + 1))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (msgpack_object_equal(map->ptr[k].key, *key))
                return false;
    }
    return true;
}

/* Our restrictions, said about msgpack-c's objects. */
static bool oracle_allows(const msgpack_object *object, unsigned depth)
{
    if (depth > VALUE_DEPTH_MAX)
        return false;
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_BOOLEAN:
    case MSGPACK_OBJECT_BIN:
        return true;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return object->via.u64 <= (uint64_t)INTEGER_MAX;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return object->via.i64 >= -INTEGER_MAX;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return isfinite(object->via.f64);
    case MSGPACK_OBJECT_STR:
        return oracle_utf8((const uint8_t *)object->via.str.ptr, object->via.str.size);
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < object->via.array.size; i++)
            if (!oracle_allows(&object->via.array.ptr[i], depth + 1))
                return false;
        return true;
    case MSGPACK_OBJECT_MAP:
        return oracle_allows_map(&object->via.map, depth);
    case MSGPACK_OBJECT_EXT:
        return false;
    }
    return false;
}

/* msgpack-c takes memory for as many elements as a 32-bit head declares, real or not; what is said
 * of those stands in a test above. */
static bool too_hungry(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if (bytes.data[i] == 0xdd || bytes.data[i] == 0xdf)
            return true;
    return false;
}

/* Both agree on whether one value stands here and where it ends. */
static bool agree(struct bytes bytes)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t end = 0;
    msgpack_unpack_return result =
        msgpack_unpack_next(&unpacked, (const char *)bytes.data, bytes.length, &end);
    bool allowed = result == MSGPACK_UNPACK_SUCCESS && oracle_allows(&unpacked.data, 1);
    struct reader reader = reader_on(bytes);
    struct bytes value = read_value(&reader);
    bool taken = reader.status == STATUS_OK;
    msgpack_unpacked_destroy(&unpacked);
    return allowed == taken && (!taken || value.length == end);
}

static bool same_number(const msgpack_object *object, double value)
{
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        return (double)object->via.u64 == value;
    return object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ? (double)object->via.i64 == value
                                                           : object->via.f64 == value;
}

/* The same but for how numbers are held. */
static bool same_value(const msgpack_object *a, const msgpack_object *b)
{
    if (a->type == MSGPACK_OBJECT_FLOAT32 || a->type == MSGPACK_OBJECT_FLOAT64)
        return same_number(b, a->via.f64);
    if (a->type == MSGPACK_OBJECT_ARRAY && b->type == a->type) {
        bool same = a->via.array.size == b->via.array.size;
        for (uint32_t i = 0; same && i < a->via.array.size; i++)
            same = same_value(&a->via.array.ptr[i], &b->via.array.ptr[i]);
        return same;
    }
    if (a->type == MSGPACK_OBJECT_MAP && b->type == a->type) {
        bool same = a->via.map.size == b->via.map.size;
        for (uint32_t i = 0; same && i < a->via.map.size; i++)
            same = msgpack_object_equal(a->via.map.ptr[i].key, b->via.map.ptr[i].key) &&
                   same_value(&a->via.map.ptr[i].val, &b->via.map.ptr[i].val);
        return same;
    }
    return msgpack_object_equal(*a, *b);
}

/* Canonical form keeps the value, is read again, and is its own canonical form. */
static void check_canonical(struct bytes bytes)
{
    struct reader reader = reader_on(bytes);
    struct writer writer = writer_on(buffer, sizeof buffer);
    value_canonical(&reader, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    ck_assert_uint_eq(writer.items, 1);
    struct reader again = reader_on(writer_bytes(&writer));
    struct writer twice = writer_on(second, sizeof second);
    value_canonical(&again, &twice);
    ck_assert_int_eq(reader_end(&again), STATUS_OK);
    ck_assert(bytes_equal(writer_bytes(&writer), writer_bytes(&twice)));
    msgpack_unpacked before, after;
    msgpack_unpacked_init(&before);
    msgpack_unpacked_init(&after);
    size_t at = 0;
    ck_assert(msgpack_unpack_next(&before, (const char *)bytes.data, bytes.length, &at));
    at = 0;
    ck_assert(msgpack_unpack_next(&after, (const char *)writer.data, writer.length, &at));
    ck_assert(same_value(&before.data, &after.data));
    msgpack_unpacked_destroy(&before);
    msgpack_unpacked_destroy(&after);
}

START_TEST(msgpack_c_agrees_on_values_whole_and_damaged)
{
    struct chance chance = chance_of((uint64_t)_i);
    for (int round = 0; round < 300; round++) {
        msgpack_sbuffer packed;
        msgpack_packer packer;
        msgpack_sbuffer_init(&packed);
        msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
        pack_random(&packer, &chance, 0);
        struct bytes bytes = {(const uint8_t *)packed.data, packed.size};
        ck_assert(agree(bytes));
        if (value_status(bytes) == STATUS_OK)
            check_canonical(bytes);
        for (int damage = 0; damage < 5; damage++) {
            packed.data[chance_below(&chance, (uint32_t)packed.size)] = (char)chance_bits(&chance);
            ck_assert(too_hungry(bytes) || agree(bytes));
        }
        msgpack_sbuffer_destroy(&packed);
    }
}
END_TEST

START_TEST(msgpack_c_agrees_on_random_bytes)
{
    struct chance chance = chance_of((uint64_t)_i);
    uint8_t random[24];
    for (int round = 0; round < 20000; round++) {
        size_t length = chance_below(&chance, sizeof random + 1);
        for (size_t i = 0; i < length; i++)
            random[i] = (uint8_t)(chance_below(&chance, 3) == 0 ? chance_below(&chance, 4)
                                                                : chance_bits(&chance));
        struct bytes bytes = bytes_at(random, length);
        ck_assert(too_hungry(bytes) || agree(bytes));
    }
}
END_TEST

int main(void)
{
    TCase *oracle = tcase_create("oracle");
    tcase_set_timeout(oracle, 60);
    tcase_add_loop_test(oracle, msgpack_c_agrees_on_values_whole_and_damaged, 0, 20);
    tcase_add_loop_test(oracle, msgpack_c_agrees_on_random_bytes, 0, 10);

    Suite *suite = suite_create("pack_oracle");
    suite_add_tcase(suite, oracle);
    return run_suite(suite);
}
