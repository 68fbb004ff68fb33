#include "tests/pair.h"

#include <check.h>
#include <string.h>

#include "sync/hash.h"

uint32_t ada, bob;

void pair_in(const struct rules *rules)
{
    room = room_of(rules);
    ada = join(room, 1, ROLE_OWNER);
    bob = join(room, 2, ROLE_EDITOR);
    step(room);
}

void setup_pair(void)
{
    pair_in(&kind_mixed);
}

void teardown_pair(void)
{
    room_destroy(room);
    room = NULL;
}

void good(const char *edits)
{
    ck_assert_int_eq(outcome(room, ada, edits), STATUS_OK);
}

void refused(const char *edits, enum status status)
{
    uint64_t before = room_hash(room, SEAT_NONE);
    enum status got = outcome(room, ada, edits);
    ck_assert_msg(got == status, "%.200s: %s", edits, status_text(got));
    ck_assert_uint_eq(room_hash(room, SEAT_NONE), before);
}

void expect(const char *collection, const char *id, const char *field, const char *value)
{
    expect_value(room, collection, 1, id, field, value);
}

void each_row(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(outcome(room, ada, rows[i].edits) == rows[i].status, "row %zu: %s", i,
                      rows[i].edits);
}

const char *padded(const char *before, size_t length, const char *after)
{
    static char line[MESSAGE_BYTES_MAX];
    size_t at = strlen(before);
    ck_assert_uint_lt(at + length + strlen(after), sizeof line);
    memcpy(line, before, at);
    memset(line + at, 'a', length);
    strcpy(line + at + length, after);
    return line;
}
