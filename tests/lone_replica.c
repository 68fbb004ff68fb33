#include "tests/lone_replica.h"

#include <check.h>
#include <stdio.h>

#include "tests/notation.h"

const char REPLICA_NAMES[] =
    "[2 10 [0 2 'secrets' 0 4] [0 0 'presence' 1 2] [1 0 0 'x' 3 0 0 4095 2] [0 1 'shapes' 0 1]"
    " [1 1 0 'n' 2 2 -1000 1000 1] [1 1 1 'text' 4 0 0 64 1]"
    " [1 1 2 'points' 6 1 0 64 1] [1 1 3 'any' 0 0 0 0 1 'later']"
    " [1 1 4 'flag' 1 0 0 0 1] [2 0 'chat' 2]]";

/* --- A watcher that writes down what it is told ------------------------------------------------- */

struct told {
    char text[4096];
    size_t length;
};

static void say(struct told *told, const char *what, struct bytes name, uint32_t number)
{
    if (told->length + 64 > sizeof told->text)
        return; /* enough for any test that looks */
    told->length +=
        (size_t)snprintf(told->text + told->length, sizeof told->text - told->length, "%s%.*s:%u ",
                         what, (int)name.length, (const char *)name.data, number);
}

static void on_added(void *context, const struct replica_record *record)
{
    say(context, "+", replica_record_id(record), replica_record_mask(record));
}

static void on_changed(void *context, const struct replica_record *record, uint32_t mask)
{
    say(context, "~", replica_record_id(record), mask);
}

static void on_removed(void *context, const struct replica_record *record)
{
    say(context, "-", replica_record_id(record), replica_record_mask(record));
}

static void on_event(void *context, const struct replica_occurrence *occurrence)
{
    say(context, occurrence->history ? "old " : "new ", occurrence->event->name, occurrence->from);
}

/* --- The replica under test --------------------------------------------------------------------- */

struct replica *replica;
static struct told told;

void watch_replica(void)
{
    struct replica_watcher watcher = {
        .context = &told,
        .record_added = on_added,
        .record_changed = on_changed,
        .record_removed = on_removed,
        .event = on_event,
    };
    replica_watch(replica, &watcher);
}

void setup_replica(void)
{
    replica = replica_create(&(struct memory){0});
    ck_assert_ptr_nonnull(replica);
    forget_watched();
    watch_replica();
    replica_welcome(replica, 0, false);
}

void teardown_replica(void)
{
    replica_destroy(replica);
}

enum status take(const char *sections)
{
    uint8_t buffer[4096];
    struct writer writer = writer_on(buffer, sizeof buffer);
    uint32_t count = notation_pack(&writer, sections);
    struct reader reader = reader_on(writer_bytes(&writer));
    enum status status = replica_sections(replica, &reader, count);
    return status == STATUS_OK ? reader_end(&reader) : status;
}

void takes(const char *sections)
{
    ck_assert_int_eq(take(sections), STATUS_OK);
}

void forget_watched(void)
{
    told = (struct told){0};
}

void expect_watched(const char *text)
{
    ck_assert_str_eq(told.text, text);
    forget_watched();
}

const struct replica_record *shape(const char *id)
{
    return replica_find(replica, replica_collection(replica, bytes_of("shapes")), bytes_of(id));
}

int64_t shape_number(const char *id)
{
    ck_assert_ptr_nonnull(shape(id));
    return replica_number(shape(id), 0);
}

void expect_field(const struct replica_record *record, int field, const char *value)
{
    uint8_t wanted[256], got[256];
    struct writer want = writer_on(wanted, sizeof wanted);
    struct writer have = writer_on(got, sizeof got);
    notation_pack(&want, value);
    replica_pack(record, field, &have);
    /* Notation's arrays have a long head: compare as the reader sees them. */
    if (value[0] == '[') {
        struct reader a = reader_on(writer_bytes(&want)), b = reader_on(writer_bytes(&have));
        ck_assert_uint_eq(read_array(&a), read_array(&b));
        ck_assert(bytes_equal((struct bytes){a.data + a.at, a.length - a.at},
                              (struct bytes){b.data + b.at, b.length - b.at}));
    } else {
        ck_assert(bytes_equal(writer_bytes(&want), writer_bytes(&have)));
    }
}

void take_shapes(void)
{
    takes(REPLICA_NAMES);
    takes("[10 4 9 1 4 0 'a' 10 1 'b' 20 2 'c' 30 4 'e' 50]");
    forget_watched();
}
