#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "tests/run_suite.h"
#include "tests/viewers.h"

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
    ck_assert_int_eq(section_of(&first, SCOPE_NAMES)->advance, 26);
    ck_assert_uint_eq(section_of(&first, SCOPE_NAMES)->elements, 26);
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

/* Sections are kept as long as their scope has not changed, and not an instant longer. */
START_TEST(what_was_made_for_one_is_not_for_another_when_it_has_changed)
{
    create();
    for (int i = 0; i < 3; i++)
        viewer(ROLE_EDITOR);
    tick_for(3);
    fill(200, 0);
    size_t first = catch_up(0);
    ck_assert_uint_eq(catch_up(1), first);
    ck_assert_int_eq(server_edit(room, 0, "[1 'papers' 'r0' 'text' 'short']"), STATUS_OK);
    ck_assert_uint_lt(catch_up(2), first);
    ck_assert(replica_complete(replicas[2]));
    ck_assert_uint_eq(replica_hash(replicas[2]), room_hash(room, 2));
    tick_for(3);
    expect_equal(3);
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

/* --- Memory ---------------------------------------------------------------------------------------- */

static bool always(void *context, size_t bytes)
{
    (void)context, (void)bytes;
    return true;
}

START_TEST(frames_take_memory_once)
{
    struct counted_memory counted = {.left = 0};
    struct memory memory = memory_counted(&counted);
    struct frames *own = frames_create(&memory);
    for (uint64_t left = 1; own == NULL; left++) {
        ck_assert_uint_eq(counted.live, 0);
        ck_assert_uint_lt(left, 20);
        counted.left = left;
        own = frames_create(&memory);
    }
    frames_deflate(own, always, NULL, 1);
    options.memory = memory;
    counted.left = UINT64_MAX;
    create();
    fill(100, 0);
    struct hello hello = hello_of(1);
    hello.accepts = ACCEPTS_DEFLATED;
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &hello, ROLE_OWNER, &seat), STATUS_OK);
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
    tcase_add_checked_fixture(sending, setup_viewers, teardown_viewers);
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
    tcase_add_checked_fixture(large, setup_viewers, teardown_viewers);
    tcase_add_test(large, a_large_state_is_cut_and_goes_on);
    tcase_add_loop_test(large, changes_during_a_transfer_arrive, 0, 2);
    tcase_add_test(large, other_scopes_wait_for_a_large_one);
    tcase_add_test(large, a_scope_that_does_not_fit_is_deferred);
    tcase_add_test(large, so_many_names_take_several_messages);

    TCase *behind = tcase_create("behind");
    tcase_add_checked_fixture(behind, setup_viewers, teardown_viewers);
    tcase_add_test(behind, who_was_skipped_catches_up_in_one_message);
    tcase_add_test(behind, between_ticks_a_drained_socket_gets_what_it_missed);
    tcase_add_test(behind, what_was_made_for_one_is_not_for_another_when_it_has_changed);
    tcase_add_test(behind, a_place_below_the_horizon_starts_over);
    tcase_add_test(behind, scopes_come_into_and_out_of_sight);

    Suite *suite = suite_create("frame");
    suite_add_tcase(suite, sending);
    suite_add_tcase(suite, large);
    suite_add_tcase(suite, behind);
    return run_suite(suite);
}
