/* check_state.c - what a room's state is made of: segments of lists, circles of events. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/room_parts.h"
#include "sync/snapshot.h"
#include "tests/run_suite.h"
#include "tests/viewers.h"

static const struct cell *cell_in(const struct room *of, const char *collection, const char *field)
{
    const struct schema *schema = &of->state.schema;
    int number = schema_collection(schema, bytes_of(collection));
    const struct record *record =
        state_find(&of->state, of->state.scopes[SCOPE_EVERYONE], number, bytes_of("a"));
    ck_assert_ptr_nonnull(record);
    return record_cell(record, collection_field(&schema->collections[number], bytes_of(field)));
}

/* How many segments a list has, which hang together as they should. */
static uint32_t segments(const struct cell *cell)
{
    uint32_t count = 0, items = 0, bytes = 0;
    uint64_t stamp = 0;
    const struct segment *previous = NULL;
    for (const struct segment *at = cell->value.first; at != NULL; at = at->next) {
        ck_assert_ptr_eq(at->previous, previous);
        ck_assert_uint_gt(at->stamp, stamp);
        ck_assert_uint_eq(at->start, items);
        ck_assert_uint_eq(at->offset, bytes);
        ck_assert_uint_le(at->length, at->capacity);
        stamp = at->stamp;
        items += at->count;
        bytes += at->length;
        previous = at;
        count++;
    }
    ck_assert_ptr_eq(cell->aux.last, previous);
    ck_assert_uint_eq(list_count(cell), items);
    ck_assert_uint_eq(list_bytes(cell), bytes);
    return count;
}

/* --- Lists --------------------------------------------------------------------------------------- */

#define ITEMS 3000

static void open_room(void)
{
    options.rules = &kind_open;
    create();
    viewer(ROLE_EDITOR);
    viewer(ROLE_EDITOR);
    tick_for(2);
    do_one(0, "[0 'lines' 'a'] [2 'lines' 'a' 'points' 1]");
    round_for(2);
}

START_TEST(a_list_of_single_items_is_a_few_segments_long)
{
    open_room();
    uint64_t before = room_bytes(room);
    for (unsigned i = 1; i < ITEMS; i++) {
        do_one(0, "[2 'lines' 'a' 'points' 1]");
        round_for(2);
    }
    const struct cell *cell = cell_in(room, "lines", "points");
    ck_assert_uint_eq(list_count(cell), ITEMS);
    ck_assert_uint_le(segments(cell), ITEMS / 400 + 3);
    ck_assert_uint_le(room_bytes(room) - before, ITEMS * 5 / 4);
    expect_equal(2);
}
END_TEST

START_TEST(items_of_one_tick_share_a_segment)
{
    open_room();
    for (unsigned i = 0; i < 60; i++)
        ck_assert_int_eq(submit(room, 0, "[1 [[2 'lines' 'a' 'points' 'some text']]]"), STATUS_OK);
    step(room);
    ck_assert_uint_eq(segments(cell_in(room, "lines", "points")),
                      1 + 600 / (SEGMENT_SMALL - 48) + 1);
    round_for(2);
    expect_equal(2);
}
END_TEST

/* Whoever is up to date gets the new items alone, however short the list's segments are. */
START_TEST(a_frame_carries_only_the_items_that_are_new)
{
    open_room();
    for (unsigned i = 0; i < 300; i++) {
        do_one(0, "[2 'lines' 'a' 'points' 1]");
        struct seen seen = round_for(2);
        struct reader runs = section_of(&seen, SCOPE_EVERYONE)->runs;
        ck_assert_int_eq(read_integer(&runs) % 8, RUN_APPEND);
        read_integer(&runs);
        read_integer(&runs);
        ck_assert_int_eq(read_integer(&runs), i + 1);
        ck_assert_int_eq(read_integer(&runs), 1);
    }
}
END_TEST

/* The same where a frame is made of the changes of several ticks. */
START_TEST(a_frame_of_several_ticks_carries_only_the_items_that_are_new)
{
    static struct rules slow;
    slow = kind_open;
    slow.frame_hz = 5;
    options.rules = &slow;
    create();
    viewer(ROLE_EDITOR);
    do_one(0, "[0 'lines' 'a'] [2 'lines' 'a' 'points' 1]");
    uint32_t held = 0;
    for (unsigned i = 0; i < 300; i++) {
        if (room_frame_due(room)) {
            struct seen seen = round_for(1);
            const struct section_seen *section = section_of(&seen, SCOPE_EVERYONE);
            ck_assert_ptr_nonnull(section);
            struct reader runs = section->runs;
            for (int k = 0; held > 0 && k < 3; k++)
                read_integer(&runs);
            if (held > 0)
                ck_assert_int_eq(read_integer(&runs), held);
            held = list_count(cell_in(room, "lines", "points"));
        }
        do_one(0, "[2 'lines' 'a' 'points' 1]");
    }
    ck_assert_uint_le(segments(cell_in(room, "lines", "points")), 8);
}
END_TEST

static void expect_same_segments(const struct room *one, const struct room *two)
{
    const struct segment *a = cell_in(one, "lines", "points")->value.first;
    const struct segment *b = cell_in(two, "lines", "points")->value.first;
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        ck_assert_uint_eq(a->stamp, b->stamp);
        ck_assert_uint_eq(a->count, b->count);
        ck_assert_uint_eq(a->capacity, b->capacity);
        ck_assert(
            bytes_equal((struct bytes){a->data, a->length}, (struct bytes){b->data, b->length}));
    }
    ck_assert_ptr_null(a);
    ck_assert_ptr_null(b);
}

static struct room *out_of_a_snapshot(struct room *saved)
{
    uint8_t *bytes = malloc(snapshot_bytes(saved));
    struct writer writer = writer_on(bytes, snapshot_bytes(saved));
    struct room_options same = {.rules = &kind_open};
    enum status status;
    snapshot_write(saved, &writer);
    room_destroy(saved);
    struct room *loaded = snapshot_read(&same, writer_bytes(&writer), &status);
    free(bytes);
    ck_assert_int_eq(status, STATUS_OK);
    return loaded;
}

/* Where segments end follows from what was done, tick by tick: neither frames nor a snapshot in
 * between change it. */
START_TEST(segments_do_not_depend_on_frames_or_snapshots)
{
    options.rules = &kind_open;
    create();
    struct room *other = room_of(&kind_open);
    viewer(ROLE_EDITOR);
    join(other, 1, ROLE_EDITOR);
    struct chance chance = chance_of(3);
    for (unsigned i = 0; i < 400; i++) {
        char line[600], text[500];
        uint32_t length = chance_below(&chance, 20) == 0 ? chance_below(&chance, 500) : i % 5;
        memset(text, '.', sizeof text);
        snprintf(line, sizeof line, "[1 [[0 'lines' 'a'] [2 'lines' 'a' 'points' '%.*s' 1]]]",
                 (int)length, text);
        for (uint32_t times = chance_below(&chance, 3); times > 0; times--) {
            ck_assert_int_eq(submit(room, 0, line), STATUS_OK);
            ck_assert_int_eq(submit(other, 0, line), STATUS_OK);
        }
        step(room);
        step(other);
        round_for(1);
        other->seats[0].told = other->seats[0].client->sequence;
        if (i > 5 && i % 97 == 0) {
            other = out_of_a_snapshot(other);
            ck_assert_uint_eq(join(other, 1, ROLE_EDITOR), 0);
        }
    }
    segments(cell_in(room, "lines", "points"));
    expect_same_segments(room, other);
    room_destroy(other);
}
END_TEST

/* --- Events -------------------------------------------------------------------------------------- */

static uint32_t events_in(const struct scope *scope, int event)
{
    uint32_t count = 0;
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer)
        count += record->kind == RECORD_EVENT && record->collection == event ? 1 : 0;
    return count;
}

START_TEST(each_name_keeps_its_own_newest_events)
{
    open_room();
    do_one(0, "[5 'rare' 0 'first']");
    round_for(2);
    for (unsigned i = 0; i < 3 * EVENTS_KEPT_DEFAULT; i++) {
        do_one(0, "[5 'often' 0 1] [5 'also' 0 2]");
        round_for(2);
        ck_assert_uint_eq(events_in(room->state.scopes[SCOPE_EVERYONE], 1),
                          i < EVENTS_KEPT_DEFAULT ? i + 1 : EVENTS_KEPT_DEFAULT);
    }
    ck_assert_uint_eq(events_in(room->state.scopes[SCOPE_EVERYONE], 0), 1);
    ck_assert_uint_eq(events_in(room->state.scopes[SCOPE_EVERYONE], 2), EVENTS_KEPT_DEFAULT);
    for (unsigned i = 0; i < EVENTS_KEPT_DEFAULT; i++) {
        do_one(0, "[5 'rare' 0 'more']");
        round_for(2);
    }
    ck_assert_uint_eq(events_in(room->state.scopes[SCOPE_EVERYONE], 0), EVENTS_KEPT_DEFAULT);
    expect_equal(2);
}
END_TEST

START_TEST(a_private_scope_gives_back_what_its_events_took)
{
    open_room();
    uint64_t before = room_bytes(room);
    ck_assert(heap_reserve(&room->state.heap, 65536));
    struct scope *scope = state_add_scope(&room->state);
    ck_assert_int_eq(schema_learn_event(&room->state.schema, &room->state.heap, bytes_of("e")), 0);
    uint64_t named = room_bytes(room) - heap_rounded(SCOPE_BYTES) - before;
    for (unsigned i = 0; i < 2 * EVENTS_KEPT_DEFAULT; i++)
        state_emit(&room->state, scope, 0, 1, bytes_of("\x01"));
    ck_assert_uint_eq(events_in(scope, 0), EVENTS_KEPT_DEFAULT);
    state_remove_scope(&room->state, scope);
    ck_assert_uint_eq(room_bytes(room), before + named);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("state");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup_viewers, teardown_viewers);
    tcase_add_test(tcase, a_list_of_single_items_is_a_few_segments_long);
    tcase_add_test(tcase, items_of_one_tick_share_a_segment);
    tcase_add_test(tcase, a_frame_carries_only_the_items_that_are_new);
    tcase_add_test(tcase, a_frame_of_several_ticks_carries_only_the_items_that_are_new);
    tcase_add_test(tcase, segments_do_not_depend_on_frames_or_snapshots);
    tcase_add_test(tcase, each_name_keeps_its_own_newest_events);
    tcase_add_test(tcase, a_private_scope_gives_back_what_its_events_took);

    Suite *suite = suite_create("state");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
