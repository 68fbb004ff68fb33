#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/replica.h"
#include "tests/notation.h"

/* presence (x fixed), shapes (n sum, text, points list, any), chat that keeps two. */
static const char NAMES[] =
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

static struct replica *replica;
static struct told told;

static void watch(void)
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

static void setup(void)
{
    replica = replica_create(&(struct memory){0});
    ck_assert_ptr_nonnull(replica);
    told = (struct told){0};
    watch();
    replica_welcome(replica, 0, false);
}

static void teardown(void)
{
    replica_destroy(replica);
}

/* One frame whose sections are written in notation. */
static enum status frame(const char *sections)
{
    uint8_t buffer[4096];
    struct writer writer = writer_on(buffer, sizeof buffer);
    uint32_t count = notation_pack(&writer, sections);
    struct reader reader = reader_on(writer_bytes(&writer));
    enum status status = replica_sections(replica, &reader, count);
    return status == STATUS_OK ? reader_end(&reader) : status;
}

static void good(const char *sections)
{
    ck_assert_int_eq(frame(sections), STATUS_OK);
}

static void expect_told(const char *text)
{
    ck_assert_str_eq(told.text, text);
    told = (struct told){0};
}

static const struct replica_record *shape(const char *id)
{
    return replica_find(replica, replica_collection(replica, bytes_of("shapes")), bytes_of(id));
}

static int64_t number_of(const char *id)
{
    ck_assert_ptr_nonnull(shape(id));
    return replica_number(shape(id), 0);
}

/* The field as notation would pack it. */
static void expect_field(const struct replica_record *record, int field, const char *value)
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

/* Slots 0, 1, 2, 4 hold a, b, c, e with n = 10, 20, 30, 50. */
static void good_shapes(void)
{
    good(NAMES);
    good("[10 4 9 1 4 0 'a' 10 1 'b' 20 2 'c' 30 4 'e' 50]");
    told = (struct told){0};
}

/* --- Forms -------------------------------------------------------------------------------------- */

START_TEST(a_first_load_is_read_from_plain_bytes)
{
    /* [2, 2, [0,1,"s",0,1], [1,1,0,"n",2,0,0,9,1]]  [10, 3, 9, 1, 1, 0, "a", 7] */
    static const uint8_t bytes[] = {
        0x94, 0x02, 0x02, 0x95, 0x00, 0x01, 0xa1, 's',  0x00, 0x01, 0x99,
        0x01, 0x01, 0x00, 0xa1, 'n',  0x02, 0x00, 0x00, 0x09, 0x01, 0x98,
        0x0a, 0x03, 0x09, 0x01, 0x01, 0x00, 0xa1, 'a',  0x07,
    };
    struct reader reader = reader_on((struct bytes){bytes, sizeof bytes});
    ck_assert_int_eq(replica_sections(replica, &reader, 2), STATUS_OK);
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    const struct replica_collection *collection = replica_collection(replica, bytes_of("s"));
    const struct replica_record *record = replica_find(replica, collection, bytes_of("a"));
    ck_assert_int_eq(replica_number(record, replica_field(collection, bytes_of("n"))), 7);
    uint64_t place = 0;
    ck_assert(replica_complete(replica));
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 3);
    ck_assert(!replica_place(replica, SCOPE_PRESENCE, &place));
}
END_TEST

START_TEST(definitions_are_found_by_name_and_number)
{
    good(NAMES);
    const struct replica_collection *shapes = replica_collection(replica, bytes_of("shapes"));
    ck_assert_ptr_eq(shapes, replica_collection_at(replica, 1));
    ck_assert_ptr_null(replica_collection(replica, bytes_of("nothing")));
    ck_assert(!shapes->presence && replica_collection_at(replica, 0)->presence);
    const struct replica_field *n = &shapes->fields[replica_field(shapes, bytes_of("n"))];
    ck_assert(n->type == FIELD_INT && n->merge == MERGE_ADD && n->minimum == -1000);
    ck_assert_int_eq(replica_collection_at(replica, 0)->fields[0].steps, 2);
    ck_assert_int_eq(replica_field(shapes, bytes_of("nothing")), -1);
    ck_assert_uint_eq(replica_event(replica, bytes_of("chat"))->kept, 2);
}
END_TEST

START_TEST(puts_make_records_and_tell_them)
{
    good(NAMES);
    good("[10 2 9 3 2 0 'a' 10 'one' 1 'b' 20 'two']");
    expect_told("+a:3 +b:3 ");
    ck_assert_int_eq(number_of("b"), 20);
    expect_field(shape("a"), 1, "'one'");
    ck_assert_uint_eq(replica_count(replica), 2);
}
END_TEST

START_TEST(a_put_of_a_known_record_replaces_it_and_unsets_the_rest)
{
    good(NAMES);
    good("[10 2 9 3 1 0 'a' 10 'one']");
    told = (struct told){0};
    good("[8 1 9 5 1 0 'a' 10 [1 2]]");
    expect_told("~a:6 ");
    ck_assert(!replica_has(shape("a"), 1));
    expect_field(shape("a"), 2, "[1 2]");
}
END_TEST

START_TEST(a_put_into_a_taken_slot_removes_what_was_there)
{
    good_shapes();
    good("[8 1 9 1 1 0 'z' 1]");
    expect_told("-a:1 +z:1 ");
    ck_assert_ptr_null(shape("a"));
}
END_TEST

START_TEST(presence_is_named_by_member)
{
    good(NAMES);
    good("[18 2 1 1 2 0 7 100 1 4000000000 200]");
    expect_told("+7:1 +4000000000:1 ");
    const struct replica_collection *presence = replica_collection_at(replica, 0);
    const struct replica_record *record = replica_find_member(replica, presence, 4000000000u);
    ck_assert_uint_eq(replica_record_member(record), 4000000000u);
    ck_assert_int_eq(replica_number(record, 0), 200);
}
END_TEST

START_TEST(deletes_are_gap_coded_and_skip_unknown_slots)
{
    good_shapes();
    good("[8 3 0 3 0 1 7]"); /* slots 0, 2, 10 */
    expect_told("-a:1 -c:1 ");
    ck_assert_uint_eq(replica_count(replica), 2);
    ck_assert_int_eq(number_of("e"), 50);
}
END_TEST

START_TEST(set_by_gaps)
{
    good_shapes();
    good("[8 2 10 3 2 1 2 21 'x' nil 'y']"); /* slots 1, 4 */
    expect_told("~b:3 ~e:3 ");
    ck_assert_int_eq(number_of("b"), 21);
    ck_assert(!replica_has(shape("e"), 0));
    expect_field(shape("e"), 1, "'y'");
}
END_TEST

START_TEST(set_by_bitmap)
{
    good_shapes();
    good("[8 3 11 1 1 x0b 21 31 51]"); /* slots 1, 2, 4 */
    expect_told("~b:1 ~c:1 ~e:1 ");
    ck_assert_int_eq(number_of("c"), 31);
    ck_assert_int_eq(number_of("e"), 51);
}
END_TEST

START_TEST(moved_by_gaps)
{
    good_shapes();
    good("[8 2 12 1 2 0 3 1 4]"); /* slot 0 by -1, slot 4 by +2 */
    expect_told("~a:1 ~e:1 ");
    ck_assert_int_eq(number_of("a"), 9);
    ck_assert_int_eq(number_of("e"), 52);
}
END_TEST

START_TEST(moved_by_bitmap)
{
    good_shapes();
    good("[8 2 13 1 0 x11 3 4]"); /* slot 0 by -2, slot 4 by +2 */
    ck_assert_int_eq(number_of("a"), 8);
    ck_assert_int_eq(number_of("e"), 52);
}
END_TEST

START_TEST(append_cuts_to_its_start_and_is_idempotent)
{
    good_shapes();
    good("[8 1 14 2 1 0 3 5 6 7]");
    expect_field(shape("b"), 2, "[5 6 7]");
    expect_told("~b:4 ");
    good("[8 1 14 2 1 3 2 8 9]");
    good("[8 1 14 2 1 3 2 8 9]");
    expect_field(shape("b"), 2, "[5 6 7 8 9]");
    good("[8 1 14 2 1 1 1 1]");
    expect_field(shape("b"), 2, "[5 1]");
    ck_assert_int_eq(frame("[8 1 14 2 1 3 1 1]"), STATUS_MALFORMED);
}
END_TEST

START_TEST(events_are_told_and_the_newest_kept)
{
    good(NAMES);
    good("[10 1 7 4 'old']");
    good("[8 2 7 5 'one' 7 6 'two']");
    expect_told("old chat:4 new chat:5 new chat:6 ");
    const struct replica_event *chat = replica_event(replica, bytes_of("chat"));
    const struct replica_occurrence *first = replica_occurrence_next(replica, chat, NULL);
    ck_assert_uint_eq(first->from, 5);
    const struct replica_occurrence *second = replica_occurrence_next(replica, chat, first);
    ck_assert_uint_eq(second->from, 6);
    ck_assert_ptr_null(replica_occurrence_next(replica, chat, second));
}
END_TEST

START_TEST(values_of_any_type_are_kept_as_they_came)
{
    good(NAMES);
    good("[10 1 9 24 1 0 'a' [1 'two' [true nil 1.5]] true]");
    expect_field(shape("a"), 3, "[1 'two' [true nil 1.5]]");
    expect_field(shape("a"), 4, "true");
}
END_TEST

/* --- Transfers and connections ------------------------------------------------------------------ */

START_TEST(a_transfer_shows_nothing_before_its_end)
{
    good_shapes();
    good("[9 2 10 1 1 0 11]");
    ck_assert(!replica_complete(replica));
    expect_told("");
    ck_assert_int_eq(number_of("a"), 10);
    uint64_t place = 0;
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 4);
    good("[8 3 12 1 1 0 2]");
    ck_assert(replica_complete(replica));
    expect_told("~a:1 ");
    ck_assert_int_eq(number_of("a"), 12);
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 9);
}
END_TEST

START_TEST(definitions_count_as_they_come)
{
    replica_welcome(replica, 0, false);
    good("[3 1 [0 1 'shapes' 0 1]] [10 1 9 0 1 0 'a']");
    ck_assert(!replica_complete(replica));
    uint64_t place = 0;
    ck_assert(replica_place(replica, SCOPE_NAMES, &place) && place == 1);
    /* The connection breaks; what is told again begins behind what was told. */
    replica_welcome(replica, 1 << SCOPE_NAMES | 1 << SCOPE_EVERYONE, true);
    good("[0 1 [1 1 0 'n' 2 0 0 9 1]] [8 1 10 1 1 0 7]");
    ck_assert(replica_complete(replica));
    ck_assert_int_eq(number_of("a"), 7);
    ck_assert(replica_place(replica, SCOPE_NAMES, &place) && place == 2);
}
END_TEST

START_TEST(the_first_state_shows_when_all_of_it_is_there)
{
    good(NAMES);
    replica_welcome(replica, 0, false);
    good("[2 1 [0 1 'shapes' 0 1]] [11 5 9 0 1 0 'a']");
    ck_assert_ptr_null(shape("a"));
    good("[8 1 9 0 1 1 'b']");
    expect_told("+a:0 +b:0 ");
}
END_TEST

START_TEST(a_restart_tells_only_the_difference)
{
    good_shapes();
    good("[10 9 9 1 3 5 'a' 10 6 'b' 21 7 'n' 1]");
    expect_told("-c:1 -e:1 ~b:1 +n:1 ");
    ck_assert_ptr_null(shape("c"));
}
END_TEST

START_TEST(a_restart_within_a_transfer_starts_over)
{
    good_shapes();
    good("[9 2 9 1 1 9 'q' 1]");
    good("[10 3 9 1 1 0 'a' 10]");
    ck_assert_ptr_null(shape("q"));
    uint64_t place = 0;
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 3);
}
END_TEST

START_TEST(a_scope_out_of_sight_is_dropped)
{
    good_shapes();
    good("[34 1 17 0 1 0 's']"); /* the scope of role 0 */
    good("[36]");
    ck_assert_uint_eq(replica_count(replica), 4);
    ck_assert_ptr_nonnull(shape("a"));
    expect_told("+s:0 -s:0 ");
}
END_TEST

START_TEST(a_kept_scope_goes_on_and_another_is_shown_until_it_is_renewed)
{
    good_shapes();
    good("[18 2 1 1 1 0 7 100]");
    told = (struct told){0};
    replica_welcome(replica, 1 << SCOPE_NAMES | 1 << SCOPE_EVERYONE, true);
    ck_assert(!replica_complete(replica));
    uint64_t place = 0;
    ck_assert(!replica_place(replica, SCOPE_PRESENCE, &place));
    ck_assert_uint_eq(replica_count(replica), 5);
    good("[8 1 12 1 1 0 2] [19 1 1 1 1 0 8 100]");
    ck_assert_int_eq(number_of("a"), 11);
    ck_assert_uint_eq(replica_count(replica), 5);
    good("[16 1 1 1 1 1 9 100]");
    expect_told("~a:1 -7:1 +8:1 +9:1 ");
}
END_TEST

START_TEST(a_stale_scope_that_is_not_renewed_goes)
{
    good_shapes();
    replica_welcome(replica, 1 << SCOPE_NAMES, true);
    good("");
    expect_told("-a:1 -b:1 -c:1 -e:1 ");
    ck_assert(replica_complete(replica));
}
END_TEST

START_TEST(another_incarnation_is_compared_by_names)
{
    good_shapes();
    replica_welcome(replica, 0, false);
    ck_assert_int_eq(number_of("a"), 10);
    /* The numbers of collections and fields are others now. */
    good("[3 3 [0 5 'shapes' 0 1] [1 5 7 'n' 2 2 -1000 1000 1] [1 5 6 'text' 4 0 0 9 1]]");
    ck_assert_int_eq(number_of("a"), 10);
    good("[0 0] [10 9 41 128 2 0 'b' 20 1 'a' 11]");
    expect_told("-c:1 -e:1 ~a:128 ");
    const struct replica_collection *shapes = replica_collection(replica, bytes_of("shapes"));
    ck_assert_uint_eq(shapes->number, 5);
    ck_assert_int_eq(replica_number(shape("a"), 7), 11);
}
END_TEST

START_TEST(records_are_iterated_by_slot)
{
    good_shapes();
    const struct replica_collection *shapes = replica_collection(replica, bytes_of("shapes"));
    const struct replica_record *record = NULL;
    char ids[8] = "";
    while ((record = replica_next(replica, shapes, record)) != NULL)
        strncat(ids, (const char *)replica_record_id(record).data, 1);
    ck_assert_str_eq(ids, "abce");
}
END_TEST

START_TEST(many_records_come_and_go)
{
    good(NAMES);
    for (int i = 0; i < 3000; i++) {
        char line[64];
        snprintf(line, sizeof line, "[8 1 9 1 1 %d 'id%d' %d]", i % 1000, i, i);
        good(line);
    }
    ck_assert_uint_eq(replica_count(replica), 1000);
    for (int i = 0; i < 3000; i++) {
        char id[16];
        snprintf(id, sizeof id, "id%d", i);
        ck_assert((shape(id) != NULL) == (i >= 2000));
        if (i >= 2000)
            ck_assert_int_eq(number_of(id), i % 1000 + 2000);
    }
}
END_TEST

/* --- The hash ----------------------------------------------------------------------------------- */

START_TEST(the_hash_chains_names_and_values)
{
    ck_assert_uint_eq(replica_hash(replica), 0);
    good(NAMES);
    good("[10 1 9 5 1 0 'a' 10 [5 -1] 7 9 'hi'] [18 1 1 0 1 0 77]");
    uint64_t record = hash_bytes(hash_bytes(0, bytes_of("shapes")), bytes_of("a"));
    record = hash_bytes(hash_bytes(record, bytes_of("n")), bytes_of("\x0a"));
    record = hash_bytes(record, bytes_of("points"));
    record = hash_bytes(hash_bytes(record, bytes_of("\x05")), bytes_of("\xff"));
    uint64_t event =
        hash_bytes(hash_member(hash_bytes(0, bytes_of("chat")), 9), bytes_of("\xa2hi"));
    uint64_t member = hash_member(hash_bytes(0, bytes_of("presence")), 77);
    ck_assert_uint_eq(replica_hash(replica), record + event + member);
}
END_TEST

START_TEST(the_hash_knows_neither_slots_nor_order)
{
    good_shapes();
    uint64_t hash = replica_hash(replica);
    good("[10 9 9 1 4 9 'e' 50 8 'c' 30 7 'b' 20 6 'a' 10]");
    ck_assert_uint_eq(replica_hash(replica), hash);
    good("[8 9 10 1 1 6 11]");
    ck_assert_uint_ne(replica_hash(replica), hash);
}
END_TEST

/* --- Hostile bytes ------------------------------------------------------------------------------ */

static const char *const MALFORMED[] = {
    "7",                            /* no section */
    "[]",                           /* no head */
    "[8]",                          /* no advance */
    "[8 -1]",                       /* backwards */
    "[64 1]",                       /* no such scope */
    "[12 1]",                       /* lost takes nothing more */
    "[4]",                          /* names cannot be lost */
    "[8 1 'x']",                    /* no run */
    "[8 1 513 0 0]",                /* collection out of range */
    "[8 1 25 0 0]",                 /* collection unknown */
    "[8 1 17 0 0]",                 /* another scope's collection */
    "[8 1 8 1 0]",                  /* delete with a collection */
    "[8 1 9 1 1 0 'a' 1 2]",        /* surplus */
    "[8 1 9 32 1 0 'a' 1]",         /* field unknown */
    "[8 1 9 4294967296 1 0 'a' 1]", /* mask too wide */
    "[8 1 9 0 1 1048576 'a']",      /* slot too high */
    "[8 1 9 0 1 0 '']",             /* no id */
    "[8 1 9 0 1 0 'a b']",          /* not printable */
    "[8 1 9 0 1 0 '1234567890123456789012345']",
    "[16 1 1 0 1 0 0]",                 /* no member 0 */
    "[16 1 1 0 1 0 'a']",               /* presence by name */
    "[8 1 10 1 1 9 5]",                 /* set in an empty slot */
    "[8 1 10 1 2 1048575 1048575 1 1]", /* gaps beyond all slots */
    "[8 1 12 2 1 0 2]",                 /* moving a string */
    "[8 1 12 1 1 0 18014398509481984]", /* moving out of range */
    "[8 1 11 1 0 xff 1 1 1 1 1 1 1 1]", /* bitmap over empty slots */
    "[8 1 9 1 1 0 'a' 'text']",         /* a string in a number */
    "[8 1 9 2 1 0 'a' 5]",              /* a number in a string */
    "[8 1 9 4 1 0 'a' [1 'x']]",        /* a string in ints */
    "[8 1 9 4 1 0 'a' [4294967296]]",   /* too large for ints */
    "[8 1 9 16 1 0 'a' 1]",             /* a number in a bool */
    "[8 1 14 1 0 0 1 5]",               /* append to what is no list */
    "[8 1 14 2 0 1 1 5]",               /* append behind the end */
    "[8 1 15 0 'x']",                   /* event unknown */
    "[8 1 7 -1 'x']",                   /* no such member */
    "[0 1 [0 1 'again' 0 1]]",          /* a number taken */
    "[0 1 [0 64 'x' 0 1]]",             /* number out of range */
    "[0 1 [0 5 'x' 0 0]]",              /* a collection of names */
    "[0 1 [0 5 '' 0 1]]",               /* no name */
    "[0 1 [0 5 '123456789012345678901234567890123' 0 1]]",
    "[0 1 [1 9 0 'x' 0 0 0 0 1]]", /* field of nothing */
    "[0 1 [1 1 5 'x' 4 2 0 0 1]]", /* a sum of strings */
    "[0 1 [1 1 5 'x' 7 0 0 0 1]]", /* no such type */
    "[0 1 [3 1]]",                 /* no such definition */
    "[0 1 [2 1 'short']]",         /* an element missing */
    "[0 2 [2 1 'x' 5]]",           /* advance is not their number */
};

START_TEST(what_breaks_the_format_is_refused)
{
    good_shapes();
    enum status status = frame(MALFORMED[_i]);
    ck_assert_msg(status == STATUS_MALFORMED || status == STATUS_TRUNCATED, "%s gave %s",
                  MALFORMED[_i], status_text(status));
    ck_assert(!replica_complete(replica));
    ck_assert_int_eq(frame(""), status); /* until the next welcome */
    replica_welcome(replica, 0, true);
    good_shapes();
    ck_assert_int_eq(number_of("a"), 10);
    ck_assert_uint_eq(replica_count(replica), 4);
}
END_TEST

/* One frame with every form, over good_shapes(). */
static const char EVERYTHING[] =
    "[0 1 [2 1 'wave' 3]]"
    " [8 9 0 1 0 9 31 1 3 'd' 4 'four' [1 2 3] [1 [2 'x']] true 10 3 2 1 2 21 'x' nil 'y'"
    " 11 1 1 x0b 21 31 51 12 1 1 1 4 13 1 1 x01 3 14 2 1 0 2 5 6 7 5 'one' 15 0 2.5]"
    " [18 2 1 1 2 0 7 100 1 8 200] [35 1 17 0 1 0 's']";

static size_t pack_everything(uint8_t *buffer, size_t capacity, uint32_t *sections)
{
    struct writer writer = writer_on(buffer, capacity);
    *sections = notation_pack(&writer, EVERYTHING);
    return writer.length;
}

START_TEST(every_form_in_one_frame)
{
    good_shapes();
    good(EVERYTHING);
    expect_told("-a:1 +d:31 ~b:7 ~e:3 ~c:1 +7:1 +8:1 new chat:5 new wave:0 ");
    ck_assert(!replica_complete(replica)); /* the role's scope goes on */
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t buffer[1024];
    uint32_t sections;
    size_t length = pack_everything(buffer, sizeof buffer, &sections);
    for (size_t cut = 0; cut < length; cut++) {
        replica_welcome(replica, 0, false);
        good_shapes();
        uint8_t *exact = malloc(cut + (cut == 0)); /* so that a sanitizer sees each byte too far */
        memcpy(exact, buffer, cut);
        struct reader reader = reader_on((struct bytes){exact, cut});
        ck_assert_int_ne(replica_sections(replica, &reader, sections), STATUS_OK);
        free(exact);
    }
}
END_TEST

/* Any answer is good; what is looked for is a crash, a leak, a read too far. */
START_TEST(mutated_bytes_do_no_harm)
{
    uint8_t buffer[1024];
    uint32_t sections;
    size_t length = pack_everything(buffer, sizeof buffer, &sections);
    uint64_t random = 88172645463325252u + (uint64_t)_i;
    for (int round = 0; round < 400; round++) {
        uint8_t mutant[1024];
        memcpy(mutant, buffer, length);
        for (int flips = 0; flips < 1 + round % 4; flips++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            mutant[random % length] = (uint8_t)(random >> 32);
        }
        replica_welcome(replica, 0, false);
        good_shapes();
        struct reader reader = reader_on((struct bytes){mutant, length});
        if (replica_sections(replica, &reader, sections) == STATUS_OK && round % 2 == 0)
            (void)frame(EVERYTHING);
        (void)replica_hash(replica);
        const struct replica_record *record = NULL;
        while ((record = replica_next(replica, replica_collection_at(replica, 1), record)) !=
               NULL) {
            uint8_t value[2048];
            struct writer writer = writer_on(value, sizeof value);
            for (int field = 0; field < 5; field++)
                replica_pack(record, field, &writer);
        }
    }
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------- */

struct purse {
    int allocations_left;
    int blocks;
};

static void *purse_allocate(void *context, size_t bytes)
{
    struct purse *purse = context;
    if (purse->allocations_left-- <= 0)
        return NULL;
    purse->blocks++;
    return malloc(bytes);
}

static void purse_release(void *context, void *block)
{
    ((struct purse *)context)->blocks--;
    free(block);
}

/* Each allocation fails once; the replica then recovers with the next welcome. */
START_TEST(lack_of_memory_is_a_status)
{
    replica_destroy(replica);
    replica = NULL;
    enum status status = STATUS_MEMORY;
    for (int n = 0; status != STATUS_OK; n++) {
        ck_assert_int_lt(n, 1000);
        struct purse purse = {.allocations_left = n};
        struct memory memory = {purse_allocate, purse_release, &purse};
        replica = replica_create(&memory);
        if (replica == NULL)
            continue;
        watch();
        status = frame(NAMES);
        if (status == STATUS_OK)
            status = frame("[10 4 9 1 4 0 'a' 10 1 'b' 20 2 'c' 30 4 'e' 50]");
        if (status == STATUS_OK)
            status = frame(EVERYTHING);
        ck_assert(status == STATUS_OK || status == STATUS_MEMORY);
        purse.allocations_left = 1000;
        replica_welcome(replica, 0, true);
        told = (struct told){0};
        good_shapes();
        good(EVERYTHING);
        replica_destroy(replica);
        replica = NULL;
        ck_assert_int_eq(purse.blocks, 0);
    }
}
END_TEST

START_TEST(a_transfer_without_end_hits_its_limit)
{
    good(NAMES);
    enum {
        LENGTH = 60000
    };
    static uint8_t buffer[LENGTH + 64];
    static uint8_t filling[LENGTH];
    enum status status = STATUS_OK;
    size_t sent = 0;
    while (status == STATUS_OK && sent < 2 * (size_t)REPLICA_TRANSFER_BYTES_MAX) {
        struct writer writer = writer_on(buffer, sizeof buffer);
        pack_array(&writer, 3);
        pack_integer(&writer, 8 * SCOPE_EVERYONE + SECTION_MORE);
        pack_integer(&writer, 1);
        pack_binary(&writer, (struct bytes){filling, LENGTH});
        struct reader reader = reader_on(writer_bytes(&writer));
        status = replica_sections(replica, &reader, 1);
        sent += LENGTH;
    }
    ck_assert_int_eq(status, STATUS_LIMIT);
}
END_TEST

static Suite *replica_suite(void)
{
    Suite *suite = suite_create("replica");
    TCase *forms = tcase_create("forms");
    tcase_add_checked_fixture(forms, setup, teardown);
    tcase_add_test(forms, a_first_load_is_read_from_plain_bytes);
    tcase_add_test(forms, definitions_are_found_by_name_and_number);
    tcase_add_test(forms, puts_make_records_and_tell_them);
    tcase_add_test(forms, a_put_of_a_known_record_replaces_it_and_unsets_the_rest);
    tcase_add_test(forms, a_put_into_a_taken_slot_removes_what_was_there);
    tcase_add_test(forms, presence_is_named_by_member);
    tcase_add_test(forms, deletes_are_gap_coded_and_skip_unknown_slots);
    tcase_add_test(forms, set_by_gaps);
    tcase_add_test(forms, set_by_bitmap);
    tcase_add_test(forms, moved_by_gaps);
    tcase_add_test(forms, moved_by_bitmap);
    tcase_add_test(forms, append_cuts_to_its_start_and_is_idempotent);
    tcase_add_test(forms, events_are_told_and_the_newest_kept);
    tcase_add_test(forms, values_of_any_type_are_kept_as_they_came);
    suite_add_tcase(suite, forms);

    TCase *transfers = tcase_create("transfers");
    tcase_add_checked_fixture(transfers, setup, teardown);
    tcase_add_test(transfers, a_transfer_shows_nothing_before_its_end);
    tcase_add_test(transfers, definitions_count_as_they_come);
    tcase_add_test(transfers, the_first_state_shows_when_all_of_it_is_there);
    tcase_add_test(transfers, a_restart_tells_only_the_difference);
    tcase_add_test(transfers, a_restart_within_a_transfer_starts_over);
    tcase_add_test(transfers, a_scope_out_of_sight_is_dropped);
    tcase_add_test(transfers, a_kept_scope_goes_on_and_another_is_shown_until_it_is_renewed);
    tcase_add_test(transfers, a_stale_scope_that_is_not_renewed_goes);
    tcase_add_test(transfers, another_incarnation_is_compared_by_names);
    tcase_add_test(transfers, records_are_iterated_by_slot);
    tcase_add_test(transfers, many_records_come_and_go);
    tcase_add_test(transfers, the_hash_chains_names_and_values);
    tcase_add_test(transfers, the_hash_knows_neither_slots_nor_order);
    suite_add_tcase(suite, transfers);

    TCase *hostile = tcase_create("hostile");
    tcase_add_checked_fixture(hostile, setup, teardown);
    tcase_set_timeout(hostile, 30);
    tcase_add_loop_test(hostile, what_breaks_the_format_is_refused, 0,
                        (int)(sizeof MALFORMED / sizeof MALFORMED[0]));
    tcase_add_test(hostile, every_form_in_one_frame);
    tcase_add_test(hostile, every_truncation_is_refused);
    tcase_add_loop_test(hostile, mutated_bytes_do_no_harm, 0, 16);
    tcase_add_test(hostile, lack_of_memory_is_a_status);
    tcase_add_test(hostile, a_transfer_without_end_hits_its_limit);
    suite_add_tcase(suite, hostile);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(replica_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
