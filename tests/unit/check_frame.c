#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "tests/helpers.h"

#define VIEWERS_MAX 60

static struct room_options options;
static struct room *room;
static struct frames *frames;
static struct replica *replicas[VIEWERS_MAX];

static void setup(void)
{
    options = (struct room_options){.rules = &kind_mixed, .incarnation = 1};
    frames = frames_create(&(struct memory){0});
    ck_assert_ptr_nonnull(frames);
}

static void teardown(void)
{
    for (int i = 0; i < VIEWERS_MAX; i++)
        replica_destroy(replicas[i]);
    frames_destroy(frames);
    room_destroy(room);
}

static void create(void)
{
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

/* A member with a replica; seats of new rooms are given out from 0. */
static uint32_t viewer(enum role role)
{
    uint32_t seat = join(room, room_members(room) + 1, role);
    replicas[seat] = replica_create(&(struct memory){0});
    replica_welcome(replicas[seat], 0, false);
    return seat;
}

/* --- A frame taken apart -------------------------------------------------------------------------- */

struct section_seen {
    int scope;
    int flags;
    int64_t advance;
    uint32_t elements; /* of runs, or definitions */
    struct reader runs;
};

struct seen {
    struct frame_head head;
    size_t length;
    bool shared, more;
    const uint8_t *at;
    struct section_seen sections[SCOPE_COUNT];
};

static struct seen take_apart(struct frame frame)
{
    struct seen seen = {.length = frame.length,
                        .shared = frame.shared,
                        .more = frame.more,
                        .at = frame.message,
                        .head = frame_head((struct bytes){frame.message, frame.length})};
    ck_assert_uint_le(frame.length, MESSAGE_BYTES_MAX);
    ck_assert_uint_le(seen.head.sections, SCOPE_COUNT);
    struct reader reader = seen.head.reader;
    for (uint32_t i = 0; i < seen.head.sections; i++) {
        struct section_seen *section = &seen.sections[i];
        uint32_t count = read_array(&reader);
        int64_t head = read_integer(&reader);
        section->scope = (int)(head / 8);
        section->flags = (int)(head % 8);
        if ((section->flags & SECTION_LOST) != 0) {
            ck_assert_uint_eq(count, 1);
            continue;
        }
        section->advance = read_integer(&reader);
        section->elements = count - 2;
        section->runs = reader;
        for (uint32_t k = 2; k < count; k++)
            read_value(&reader);
    }
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    return seen;
}

/* The next frame of this member, applied to its replica. */
static struct seen next(uint32_t seat)
{
    struct frame frame = frames_next(frames, seat);
    if (frame.message == NULL)
        return (struct seen){.at = NULL};
    struct seen seen = take_apart(frame);
    if (replicas[seat] != NULL)
        frame_apply(replicas[seat], (struct bytes){frame.message, frame.length});
    return seen;
}

static const struct section_seen *section_of(const struct seen *seen, int scope)
{
    for (uint32_t i = 0; i < seen->head.sections; i++)
        if (seen->sections[i].scope == scope)
            return &seen->sections[i];
    return NULL;
}

/* One round for the first `count` seats; the last one's frame. */
static struct seen round_for(uint32_t count)
{
    struct seen seen = {.at = NULL};
    if (!frames_begin(frames, room))
        return seen;
    for (uint32_t seat = 0; seat < count; seat++)
        seen = next(seat);
    frames_end(frames, true);
    return seen;
}

static struct seen tick_for(uint32_t count)
{
    step(room);
    return round_for(count);
}

static void do_one(uint32_t seat, const char *edits)
{
    ck_assert_int_eq(outcome(room, seat, edits), STATUS_OK);
}

static void expect_equal(uint32_t count)
{
    for (uint32_t seat = 0; seat < count; seat++) {
        ck_assert(replica_complete(replicas[seat]));
        ck_assert_uint_eq(replica_hash(replicas[seat]), room_hash(room, seat));
    }
}

/* --- What is sent, and to whom --------------------------------------------------------------------- */

START_TEST(every_member_gets_what_it_sees)
{
    create();
    viewer(ROLE_OWNER);
    viewer(ROLE_EDITOR);
    step(room);
    do_one(0, "[0 'shapes' 'a' 'n' 5] [0 'secrets' 's' 'v' 1] [0 'hands' 'h' 'v' 2]");
    struct seen bob = round_for(2);
    expect_equal(2);
    ck_assert_ptr_null(section_of(&bob, SCOPE_ROLE + ROLE_OWNER));
    do_one(1, "[1 'shapes' 'a' 'n' 6] [5 'chat' 1 'psst'] [5 'wave' 0 'hi']");
    round_for(2);
    expect_equal(2);
}
END_TEST

START_TEST(an_idle_room_sends_nothing)
{
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    for (int i = 0; i < 3; i++) {
        step(room);
        ck_assert(!frames_begin(frames, room));
    }
    do_one(0, "[0 'shapes' 'a']");
    ck_assert_int_eq(round_for(1).head.ticks, 4);
    do_one(0, "[0 'shapes' 'a']"); /* changes nothing, but it is decided */
    struct seen news = round_for(1);
    ck_assert(news.head.news);
    ck_assert_uint_eq(news.head.sections, 0);
    step(room);
    ck_assert(!frames_begin(frames, room));
}
END_TEST

START_TEST(the_first_frame_is_sent_even_when_it_says_nothing)
{
    create();
    viewer(ROLE_EDITOR);
    step(room);
    do_one(0, "[0 'shapes' 'a']");
    round_for(1);
    struct hello hello = hello_of(1);
    uint32_t seat;
    hello.incarnation = 1;
    hello.sequence = hello.decided = 1;
    for (unsigned scope = 0; scope <= SCOPE_PRESENCE; scope++) {
        hello.places_held |= (uint8_t)(1u << scope);
        ck_assert(replica_place(replicas[0], (enum wire_scope)scope, &hello.places[scope]));
    }
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &seat), STATUS_OK);
    replica_welcome(replicas[0], hello.places_held, true);
    struct seen first = tick_for(1);
    ck_assert_ptr_nonnull(first.at);
    ck_assert_ptr_null(section_of(&first, SCOPE_NAMES));
    ck_assert_ptr_null(section_of(&first, SCOPE_EVERYONE));
    expect_equal(1);
}
END_TEST

START_TEST(members_that_stand_together_share_one_message)
{
    options.rules = &kind_cursors;
    create();
    for (int i = 0; i < 10; i++)
        viewer(ROLE_EDITOR);
    tick_for(10);
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_int_eq(submit(room, i, "[2 'x' 10 'y' 10]"), STATUS_OK);
    tick_for(10);
    ck_assert_int_eq(submit(room, 3, "[20 5]"), STATUS_OK);
    ck_assert_int_eq(submit(room, 5, "[1 [[5 'chat' 0 'hi']]]"), STATUS_OK);
    step(room);
    ck_assert(frames_begin(frames, room));
    struct seen first = next(0);
    ck_assert(first.shared && !first.more);
    for (uint32_t seat = 1; seat < 10; seat++) {
        struct seen other = next(seat);
        ck_assert_int_eq(other.shared, seat != 5); /* who has news gets its own */
        ck_assert_int_eq(other.head.news, seat == 5);
        ck_assert_int_eq(other.at == first.at, other.shared);
        ck_assert_uint_eq(other.head.sections, 2);
    }
    frames_end(frames, true);
    expect_equal(10);
}
END_TEST

START_TEST(ticks_count_from_each_members_own_last_frame)
{
    options.rules = &kind_open;
    create();
    viewer(ROLE_EDITOR);
    viewer(ROLE_EDITOR);
    tick_for(2);
    do_one(0, "[0 'shapes' 'a']");
    round_for(2);
    do_one(0, "[1 'shapes' 'a']"); /* news for one, nothing for the other */
    round_for(2);
    ck_assert_int_eq(submit(room, 0, "[2 'x' 7]"), STATUS_OK);
    step(room);
    ck_assert(frames_begin(frames, room));
    ck_assert_int_eq(next(0).head.ticks, 1);
    ck_assert_int_eq(next(1).head.ticks, 2);
    frames_end(frames, true);
    ck_assert_int_eq(submit(room, 0, "[2 'x' 8]"), STATUS_OK);
    ck_assert_int_eq(tick_for(2).head.ticks, 1);
    expect_equal(2);
}
END_TEST

START_TEST(news_say_what_was_decided_and_refused)
{
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    ck_assert_int_eq(submit(room, 0,
                            "[1 [[0 'shapes' 'a']] [[1 'shapes' 'b']] [[0 'shapes' 'c']]"
                            " [[8 'shapes' 'a']] [[0 'shapes' 'd']]]"),
                     STATUS_OK);
    step(room);
    struct frame_head head = round_for(1).head;
    ck_assert(head.news);
    ck_assert_int_eq(head.decided, 5);
    ck_assert_uint_eq(head.refusals, 2);
    ck_assert_int_eq(head.back[0], 3);
    ck_assert_int_eq(head.status[0], STATUS_NOT_FOUND);
    ck_assert_int_eq(head.back[1], 1);
    ck_assert_int_eq(head.status[1], STATUS_EXISTS);
    do_one(0, "[0 'shapes' 'e']");
    head = round_for(1).head;
    ck_assert_int_eq(head.decided, 1);
    ck_assert_uint_eq(head.refusals, 0);
}
END_TEST

START_TEST(names_are_told_once_and_new_ones_as_they_come)
{
    create();
    viewer(ROLE_EDITOR);
    struct seen first = tick_for(1);
    ck_assert_int_eq(section_of(&first, SCOPE_NAMES)->flags, SECTION_RESTART);
    ck_assert_int_eq(section_of(&first, SCOPE_NAMES)->advance, 23);
    ck_assert_uint_eq(section_of(&first, SCOPE_NAMES)->elements, 23);
    do_one(0, "[0 'shapes' 'a']");
    struct seen second = round_for(1);
    ck_assert_ptr_null(section_of(&second, SCOPE_NAMES));
    do_one(0, "[0 'new' 'a' 'b' 1]");
    struct seen third = round_for(1);
    ck_assert_int_eq(section_of(&third, SCOPE_NAMES)->flags, 0);
    ck_assert_int_eq(section_of(&third, SCOPE_NAMES)->advance, 2);
}
END_TEST

/* --- Large states ---------------------------------------------------------------------------------- */

static void fill(unsigned records, unsigned from)
{
    static char edits[MESSAGE_BYTES_MAX];
    char text[900];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    for (unsigned i = 0; i < records; i++) {
        snprintf(edits, sizeof edits, "[0 'papers' 'r%u' 'text' '%s']", from + i, text);
        ck_assert_int_eq(server_edit(room, 0, edits), STATUS_OK);
    }
}

START_TEST(a_large_state_is_cut_and_goes_on)
{
    create();
    fill(200, 0);
    viewer(ROLE_EDITOR);
    step(room);
    unsigned parts = 0;
    struct seen seen;
    ck_assert(frames_begin(frames, room));
    do {
        seen = next(0);
        parts++;
        const struct section_seen *section = section_of(&seen, SCOPE_EVERYONE);
        ck_assert_int_eq((section->flags & SECTION_RESTART) != 0, parts == 1);
        ck_assert_int_eq((section->flags & SECTION_MORE) != 0, seen.more);
        ck_assert_int_eq(replica_complete(replicas[0]), !seen.more);
    } while (seen.more);
    frames_end(frames, true);
    ck_assert_uint_ge(parts, 3);
    ck_assert_uint_le(parts, 5);
    expect_equal(1);
}
END_TEST

/* Nothing is missed and nothing stays that has gone while the state is on its way. */
START_TEST(changes_during_a_transfer_arrive)
{
    options.limits.tombstones = _i == 0 ? 1000 : 2; /* with 2, it starts over again */
    create();
    fill(100, 0);
    viewer(ROLE_EDITOR);
    viewer(ROLE_EDITOR);
    frames_limit_sections(frames, 20000);
    for (unsigned tick = 0; tick < 40; tick++) {
        char edits[160];
        if (tick < 5) {
            /* A new record would take the slot of the one that went, and hide it. */
            snprintf(edits, sizeof edits,
                     "[4 'papers' 'r%u'] [1 'papers' 'r%u' 'text' 'changed'] %s", tick * 20,
                     tick * 20 + 1, _i == 0 ? "[0 'papers' 'new' 'x' 1]" : "");
            ck_assert_int_eq(server_edit(room, 0, edits), STATUS_OK);
        }
        tick_for(2); /* one message each, as for a socket that is slow */
    }
    expect_equal(2);
}
END_TEST

START_TEST(other_scopes_wait_for_a_large_one)
{
    create();
    fill(200, 0);
    viewer(ROLE_OWNER);
    step(room);
    do_one(0, "[0 'secrets' 's' 'v' 1]");
    ck_assert(frames_begin(frames, room));
    struct seen first = next(0);
    const struct section_seen *presence_section = section_of(&first, SCOPE_PRESENCE);
    ck_assert_ptr_nonnull(presence_section);
    ck_assert(first.more && !first.head.news);
    struct seen last = first;
    while (last.more)
        last = next(0);
    ck_assert(last.head.news);
    frames_end(frames, true);
    expect_equal(1);
}
END_TEST

/* What does not fit stands there with nothing in it, so that nothing looks complete. */
START_TEST(a_scope_that_does_not_fit_is_deferred)
{
    create();
    viewer(ROLE_OWNER);
    static char line[MESSAGE_BYTES_MAX], text[32700];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "[0 'papers' 'p%d' 'text' '%s']", i, text);
        ck_assert_int_eq(server_edit(room, 0, line), STATUS_OK);
    }
    snprintf(line, sizeof line, "[0 'secrets' 's' 'text' '%s']", text);
    ck_assert_int_eq(server_edit(room, 0, line), STATUS_OK);
    step(room);
    ck_assert(frames_begin(frames, room));
    bool deferred = false;
    struct seen seen;
    do {
        seen = next(0);
        const struct section_seen *secrets = section_of(&seen, SCOPE_ROLE + ROLE_OWNER);
        ck_assert_ptr_nonnull(secrets);
        if (secrets->elements == 0) {
            ck_assert_int_eq(secrets->flags, SECTION_MORE);
            ck_assert_int_eq(secrets->advance, 0);
            deferred = true;
        }
    } while (seen.more);
    frames_end(frames, true);
    ck_assert(deferred);
    expect_equal(1);
}
END_TEST

START_TEST(so_many_names_take_several_messages)
{
    options.rules = &kind_open;
    create();
    viewer(ROLE_EDITOR);
    static char line[MESSAGE_BYTES_MAX];
    for (unsigned collection = 0; collection < 63; collection++) {
        size_t at = (size_t)snprintf(line, sizeof line,
                                     "[0 'a_collection_with_a_long_name_%02u' 'r'", collection);
        for (unsigned field = 0; field < FIELDS_MAX; field++)
            at += (size_t)snprintf(line + at, sizeof line - at,
                                   " 'and_a_field_of_the_same_kind_%02u' 1", field);
        snprintf(line + at, sizeof line - at, "]");
        ck_assert_int_eq(server_edit(room, 0, line), STATUS_OK);
    }
    step(room);
    ck_assert(frames_begin(frames, room));
    struct seen first = next(0);
    ck_assert_int_eq(section_of(&first, SCOPE_NAMES)->flags, SECTION_MORE | SECTION_RESTART);
    struct seen last = first;
    while (last.more)
        last = next(0);
    frames_end(frames, true);
    expect_equal(1);
    ck_assert_uint_eq(replica_count(replicas[0]), 64);
}
END_TEST

/* --- Members that fall behind ---------------------------------------------------------------------- */

START_TEST(who_was_skipped_catches_up_in_one_message)
{
    create();
    viewer(ROLE_EDITOR);
    viewer(ROLE_EDITOR);
    tick_for(2);
    for (int i = 0; i < 5; i++) {
        char edits[96];
        snprintf(edits, sizeof edits,
                 "[0 'shapes' 'a' 'n' %d] [0 'shapes' 'r%d'] [4 'shapes' 'r%d']", i, i, i);
        do_one(0, edits);
        ck_assert(frames_begin(frames, room));
        next(0);
        frames_skip(frames, 1);
        frames_end(frames, true);
    }
    step(room);
    ck_assert(frames_begin(frames, room)); /* nothing has changed, but someone is behind */
    ck_assert_ptr_null(next(0).at);
    struct seen late = next(1);
    ck_assert_int_eq(late.head.ticks, 6);
    ck_assert_uint_lt(late.length, 64);
    frames_end(frames, true);
    expect_equal(2);
    step(room);
    ck_assert(!frames_begin(frames, room));
}
END_TEST

START_TEST(between_ticks_a_drained_socket_gets_what_it_missed)
{
    create();
    viewer(ROLE_EDITOR);
    viewer(ROLE_EDITOR);
    tick_for(2);
    do_one(0, "[0 'shapes' 'a' 'n' 1]");
    ck_assert(frames_begin(frames, room));
    next(0);
    frames_skip(frames, 1);
    frames_end(frames, true);
    ck_assert(frames_begin(frames, room));
    struct seen late = next(1);
    frames_end(frames, false);
    ck_assert_int_eq(late.head.ticks, 1);
    expect_equal(2);
    do_one(0, "[0 'shapes' 'a' 'n' 2]");
    round_for(2);
    expect_equal(2);
}
END_TEST

START_TEST(a_place_below_the_horizon_starts_over)
{
    options.limits.tombstones = 2;
    create();
    viewer(ROLE_EDITOR);
    viewer(ROLE_EDITOR);
    tick_for(2);
    do_one(0,
           "[0 'shapes' 'a'] [0 'shapes' 'b'] [0 'shapes' 'c'] [0 'shapes' 'd'] [0 'shapes' 'e']");
    round_for(2);
    do_one(0, "[4 'shapes' 'a']");
    do_one(0, "[4 'shapes' 'b']");
    ck_assert(frames_begin(frames, room));
    next(0);
    frames_skip(frames, 1);
    frames_end(frames, true);
    do_one(0, "[4 'shapes' 'c']"); /* the first tombstone goes */
    ck_assert(frames_begin(frames, room));
    struct seen first = next(0);
    struct seen second = next(1);
    frames_end(frames, true);
    ck_assert_int_eq(section_of(&first, SCOPE_EVERYONE)->flags, 0);
    ck_assert_int_eq(section_of(&second, SCOPE_EVERYONE)->flags, SECTION_RESTART);
    expect_equal(2);
}
END_TEST

START_TEST(scopes_come_into_and_out_of_sight)
{
    create();
    viewer(ROLE_OWNER);
    tick_for(1);
    do_one(0, "[0 'secrets' 's' 'v' 1]");
    round_for(1);
    ck_assert_int_eq(room_set_role(room, 0, ROLE_EDITOR), STATUS_OK);
    struct seen lost = tick_for(1);
    ck_assert_int_eq(section_of(&lost, SCOPE_ROLE + ROLE_OWNER)->flags, SECTION_LOST);
    expect_equal(1);
    ck_assert_int_eq(room_set_role(room, 0, ROLE_ADMIN), STATUS_OK);
    struct seen gained = tick_for(1);
    ck_assert_int_eq(section_of(&gained, SCOPE_ROLE + ROLE_OWNER)->flags, SECTION_RESTART);
    expect_equal(1);
}
END_TEST

/* --- Runs ------------------------------------------------------------------------------------------ */

static void cursors(uint32_t count)
{
    options.rules = &kind_cursors;
    create();
    for (uint32_t i = 0; i < count; i++)
        viewer(ROLE_EDITOR);
    tick_for(count);
    for (uint32_t i = 0; i < count; i++) {
        char line[64];
        snprintf(line, sizeof line, "[2 'x' %u 'y' %u]", 1000 + i, 2000 - i);
        ck_assert_int_eq(submit(room, i, line), STATUS_OK);
    }
    tick_for(count);
}

/* Everyone's next frame, all the same: the forms of its presence runs, in order. */
static struct seen forms_after_tick(uint32_t count, int *forms, uint32_t *runs)
{
    struct seen seen = tick_for(count);
    const struct section_seen *section = section_of(&seen, SCOPE_PRESENCE);
    struct reader reader = section->runs;
    size_t end = seen.length;
    expect_equal(count);
    *runs = 0;
    while (reader.at < end && *runs < 4) {
        int form = (int)read_integer(&reader) % 8;
        uint32_t mask = (uint32_t)read_integer(&reader);
        uint32_t records = 0;
        forms[(*runs)++] = form;
        if (form == RUN_MOVED_BITMAP || form == RUN_SET_BITMAP) {
            read_integer(&reader);
            struct bytes bitmap = read_binary(&reader);
            for (size_t i = 0; i < bitmap.length; i++)
                records += (uint32_t)__builtin_popcount(bitmap.data[i]);
        } else {
            records = (uint32_t)read_integer(&reader);
            for (uint32_t i = 0; i < records; i++)
                read_integer(&reader);
        }
        for (uint32_t i = 0; i < records * (uint32_t)__builtin_popcount(mask); i++)
            read_value(&reader);
        ck_assert_int_eq(reader.status, STATUS_OK);
    }
    return seen;
}

START_TEST(a_50_cursor_frame_takes_at_most_2_8_bytes_a_cursor)
{
    cursors(50);
    struct chance chance = chance_of(7);
    for (uint32_t i = 0; i < 50; i++) {
        char line[64];
        if (i % 5 == 4)
            continue;
        snprintf(line, sizeof line, "[28 %u %u]", 1 + chance_below(&chance, 80),
                 1 + chance_below(&chance, 80));
        ck_assert_int_eq(submit(room, i, line), STATUS_OK);
    }
    int forms[4];
    uint32_t runs;
    struct seen seen = forms_after_tick(50, forms, &runs);
    ck_assert_uint_eq(runs, 1);
    ck_assert_int_eq(forms[0], RUN_MOVED_BITMAP);
    ck_assert(seen.shared);
    ck_assert_msg(seen.length <= 40 * 28 / 10, "%zu bytes", seen.length);
}
END_TEST

START_TEST(few_of_many_go_by_gaps)
{
    cursors(50);
    int forms[4];
    uint32_t runs;
    ck_assert_int_eq(submit(room, 3, "[28 2 4]"), STATUS_OK);
    ck_assert_int_eq(submit(room, 47, "[28 2 4]"), STATUS_OK);
    struct seen seen = forms_after_tick(50, forms, &runs);
    ck_assert_uint_eq(runs, 1);
    ck_assert_int_eq(forms[0], RUN_MOVED_GAPS);
    ck_assert_uint_le(seen.length, 18);
}
END_TEST

START_TEST(a_hand_that_moved_only_sideways_joins_the_others)
{
    cursors(20);
    int forms[4];
    uint32_t runs;
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_int_eq(submit(room, i, i % 7 == 0 ? "[20 3]" : "[28 3 3]"), STATUS_OK);
    forms_after_tick(20, forms, &runs);
    ck_assert_uint_eq(runs, 1);
    for (uint32_t i = 0; i < 20; i++) /* as many each way: two runs are shorter */
        ck_assert_int_eq(submit(room, i, i < 10 ? "[20 3]" : "[24 3]"), STATUS_OK);
    forms_after_tick(20, forms, &runs);
    ck_assert_uint_eq(runs, 2);
}
END_TEST

START_TEST(a_hand_there_and_back_sends_nothing_of_itself)
{
    cursors(3);
    ck_assert_int_eq(submit(room, 1, "[20 6]"), STATUS_OK);
    ck_assert_int_eq(submit(room, 1, "[20 5]"), STATUS_OK);
    ck_assert_int_eq(submit(room, 2, "[20 2]"), STATUS_OK);
    struct seen seen = tick_for(3);
    ck_assert_uint_le(seen.length, 16);
    expect_equal(3);
}
END_TEST

START_TEST(who_missed_a_frame_gets_whole_values)
{
    cursors(3);
    ck_assert_int_eq(submit(room, 1, "[20 6]"), STATUS_OK);
    step(room);
    ck_assert(frames_begin(frames, room));
    next(0);
    frames_skip(frames, 1);
    next(2);
    frames_end(frames, true);
    ck_assert_int_eq(submit(room, 1, "[20 6]"), STATUS_OK);
    step(room);
    ck_assert(frames_begin(frames, room));
    struct seen healthy = next(0);
    struct seen late = next(1);
    next(2);
    frames_end(frames, true);
    struct reader reader = section_of(&healthy, SCOPE_PRESENCE)->runs;
    ck_assert_int_eq(read_integer(&reader) % 8, RUN_MOVED_GAPS);
    ck_assert_int_eq(late.head.ticks, 2);
    ck_assert(!late.shared);
    expect_equal(3);
}
END_TEST

START_TEST(a_list_sends_only_its_tail)
{
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    static char line[8192] = "[0 'papers' 'p'] [2 'papers' 'p' 'points'";
    for (int i = 0; i < 1000; i++)
        strcat(line, " 77");
    do_one(0, strcat(line, "]"));
    ck_assert_uint_gt(round_for(1).length, 1000);
    do_one(0, "[2 'papers' 'p' 'points' 1 2]");
    ck_assert_uint_lt(round_for(1).length, 32);
    expect_equal(1);
    do_one(0, "[1 'papers' 'p' 'points' []]");
    round_for(1);
    expect_equal(1);
}
END_TEST

START_TEST(made_and_removed_between_two_frames_was_never_there)
{
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    do_one(0, "[0 'shapes' 'a' 'text' 'abc'] [4 'shapes' 'a']");
    struct seen seen = round_for(1);
    ck_assert_uint_eq(section_of(&seen, SCOPE_EVERYONE)->elements, 0);
    expect_equal(1);
}
END_TEST

/* --- Memory ---------------------------------------------------------------------------------------- */

START_TEST(frames_take_memory_once)
{
    struct counted_memory counted = {.left = 0};
    struct memory memory = memory_counted(&counted);
    ck_assert_ptr_null(frames_create(&memory));
    counted.left = 1;
    struct frames *own = frames_create(&memory);
    ck_assert_ptr_nonnull(own);
    options.memory = memory;
    counted.left = UINT64_MAX;
    create();
    fill(100, 0);
    uint32_t seat = join(room, 1, ROLE_OWNER);
    step(room);
    counted.forbidden = true;
    ck_assert(frames_begin(own, room));
    while (frames_next(own, seat).more)
        continue;
    frames_end(own, true);
    counted.forbidden = false;
    frames_destroy(own);
    room_destroy(room);
    room = NULL;
    ck_assert_uint_eq(counted.live, 0);
}
END_TEST

int main(void)
{
    TCase *sending = tcase_create("sending");
    tcase_add_checked_fixture(sending, setup, teardown);
    tcase_add_test(sending, every_member_gets_what_it_sees);
    tcase_add_test(sending, an_idle_room_sends_nothing);
    tcase_add_test(sending, the_first_frame_is_sent_even_when_it_says_nothing);
    tcase_add_test(sending, members_that_stand_together_share_one_message);
    tcase_add_test(sending, ticks_count_from_each_members_own_last_frame);
    tcase_add_test(sending, news_say_what_was_decided_and_refused);
    tcase_add_test(sending, names_are_told_once_and_new_ones_as_they_come);
    tcase_add_test(sending, frames_take_memory_once);

    TCase *large = tcase_create("large");
    tcase_set_timeout(large, 30);
    tcase_add_checked_fixture(large, setup, teardown);
    tcase_add_test(large, a_large_state_is_cut_and_goes_on);
    tcase_add_loop_test(large, changes_during_a_transfer_arrive, 0, 2);
    tcase_add_test(large, other_scopes_wait_for_a_large_one);
    tcase_add_test(large, a_scope_that_does_not_fit_is_deferred);
    tcase_add_test(large, so_many_names_take_several_messages);

    TCase *behind = tcase_create("behind");
    tcase_add_checked_fixture(behind, setup, teardown);
    tcase_add_test(behind, who_was_skipped_catches_up_in_one_message);
    tcase_add_test(behind, between_ticks_a_drained_socket_gets_what_it_missed);
    tcase_add_test(behind, a_place_below_the_horizon_starts_over);
    tcase_add_test(behind, scopes_come_into_and_out_of_sight);

    TCase *runs = tcase_create("runs");
    tcase_add_checked_fixture(runs, setup, teardown);
    tcase_add_test(runs, a_50_cursor_frame_takes_at_most_2_8_bytes_a_cursor);
    tcase_add_test(runs, few_of_many_go_by_gaps);
    tcase_add_test(runs, a_hand_that_moved_only_sideways_joins_the_others);
    tcase_add_test(runs, a_hand_there_and_back_sends_nothing_of_itself);
    tcase_add_test(runs, who_missed_a_frame_gets_whole_values);
    tcase_add_test(runs, a_list_sends_only_its_tail);
    tcase_add_test(runs, made_and_removed_between_two_frames_was_never_there);

    Suite *suite = suite_create("frame");
    suite_add_tcase(suite, sending);
    suite_add_tcase(suite, large);
    suite_add_tcase(suite, behind);
    suite_add_tcase(suite, runs);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
