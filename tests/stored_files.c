#include "tests/stored_files.h"

#include <stdlib.h>
#include <string.h>

struct store_file file_named(char letter)
{
    struct store_file file = {.type = 3, .added_ms = 1000, .used_ms = 1000};
    memset(file.hash, 7, STORE_HASH_BYTES);
    file.hash[0] = (uint8_t)letter;
    return file;
}

uint8_t file_byte(char letter, size_t at)
{
    return (uint8_t)((size_t)letter * 131 + at * 7 + at / STORE_FILE_PART);
}

uint64_t begin_file(const char *room, uint64_t bytes)
{
    uint64_t upload = 0;
    ok(store->files->begin(store, bytes_of(room), bytes, &upload));
    return upload;
}

void write_file(uint64_t upload, char letter, size_t bytes, size_t parts)
{
    uint8_t *data = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        data[i] = file_byte(letter, i);
    for (size_t at = 0; at < bytes; at += parts * STORE_FILE_PART) {
        size_t left = bytes - at, most = parts * STORE_FILE_PART;
        ok(store->files->write(store, upload,
                               (struct bytes){data + at, left < most ? left : most}));
    }
    free(data);
}

bool put_file_at(const char *room, char letter, size_t bytes, uint64_t wall_ms)
{
    struct store_file file = file_named(letter);
    file.added_ms = file.used_ms = wall_ms;
    uint64_t upload = begin_file(room, bytes);
    write_file(upload, letter, bytes, 2);
    bool added = false;
    ok(store->files->end(store, upload, &file, &added));
    return added;
}

void put_file(const char *room, char letter, size_t bytes)
{
    ck_assert(put_file_at(room, letter, bytes, 1000));
}

bool put_file_at_once(const char *room, char letter, size_t bytes)
{
    struct store_file file = file_named(letter);
    uint8_t *data = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        data[i] = file_byte(letter, i);
    bool added = false;
    ok(store->files->put(store, bytes_of(room), (struct bytes){data, bytes}, &file, &added));
    free(data);
    return added;
}

enum store_result find_file(const char *room, char letter, struct store_file *file)
{
    struct store_file wanted = file_named(letter);
    return store->files->find(store, bytes_of(room), wanted.hash, file);
}

uint64_t used_ms(const char *room, char letter)
{
    struct store_file file;
    ok(find_file(room, letter, &file));
    return file.used_ms;
}

struct reading {
    char letter;
    size_t at;
};

static void compare_part(void *context, struct bytes part)
{
    struct reading *reading = context;
    ck_assert_uint_gt(part.length, 0);
    for (size_t i = 0; i < part.length; i++)
        if (part.data[i] != file_byte(reading->letter, reading->at + i))
            ck_abort_msg("byte %zu of %c is another", reading->at + i, reading->letter);
    reading->at += part.length;
}

enum store_result read_file(const char *room, char letter, size_t *bytes)
{
    struct store_file wanted = file_named(letter);
    struct reading reading = {.letter = letter};
    enum store_result result = STORE_OK;
    for (uint64_t part = 0; result == STORE_OK; part++)
        result =
            store->files->read(store, bytes_of(room), wanted.hash, part, compare_part, &reading);
    *bytes = reading.at;
    return result;
}

void expect_file(const char *room, char letter, size_t bytes)
{
    struct store_file file;
    size_t read;
    ok(find_file(room, letter, &file));
    ck_assert_uint_eq(file.bytes, bytes);
    ck_assert_uint_eq(file.type, 3);
    ck_assert(bytes_equal(store_file_room(&file), bytes_of(room)));
    gives(STORE_NOT_FOUND, read_file(room, letter, &read));
    ck_assert_uint_eq(read, bytes);
}

static bool add_letter(void *context, const struct store_file *file)
{
    char *text = context;
    size_t length = strlen(text);
    text[length] = (char)file->hash[0];
    text[length + 1] = '\0';
    return text[length] != '!';
}

void expect_list(const char *room, const char *letters)
{
    char text[64] = "";
    ok(store->files->list(store, bytes_of(room), add_letter, text));
    ck_assert_str_eq(text, letters);
}

void expect_held(const char *room, uint64_t count, uint64_t bytes, uint64_t all)
{
    struct store_held held;
    ok(store->files->held(store, bytes_of(room), &held));
    ck_assert_uint_eq(held.files, count);
    ck_assert_uint_eq(held.bytes, bytes);
    ck_assert_uint_eq(held.all_bytes, all);
}

void seal_room(const char *room)
{
    ok(seal_segment(room, 1, 1, "log"));
}
