/* check_frame_gather.c - members who wait for each other, to see in one frame what takes several messages. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/viewers.h"

#define PATIENCE 5u

/* So many who stand at the frame before. */
static void stand(uint32_t count)
{
    create();
    for (uint32_t i = 0; i < count; i++)
        viewer(ROLE_EDITOR);
    do_one(0, "[0 'shapes' 'first']");
    round_for(count);
    expect_equal(count);
}

/* So much to see that it takes several messages. */
static void jump(void)
{
    step(room);
    fill(200, 0);
    frames_gather(room, PATIENCE);
}

/* The frames of a tick, but for sockets that take nothing: those from this one on. */
static struct seen frames_before(uint32_t choked)
{
    struct seen seen = {.at = NULL};
    if (!frames_begin(frames, room))
        return seen;
    for (uint32_t seat = 0; seat < choked; seat++)
        seen = next(seat);
    frames_skip(frames, choked);
    frames_end(frames, true);
    return seen;
}

static struct seen tick_before(uint32_t choked)
{
    step(room);
    frames_gathered(room);
    return frames_before(choked);
}

START_TEST(who_has_all_waits_for_the_others)
{
    stand(2);
    jump();
    frames_before(1);
    catch_up(0);
    ck_assert(!replica_complete(replicas[0]));
    ck_assert_uint_eq(catch_up(0), 0); /* it is not told again and again that it waits */
    tick_before(1);
    ck_assert(!replica_complete(replicas[0]));
    catch_up(1);
    ck_assert(!replica_complete(replicas[1]));
    struct seen last = tick_before(2);
    ck_assert_uint_lt(last.length, 64);
    expect_equal(2);
    tick_before(0);
    tick_for(2);
    step(room);
    ck_assert(!frames_begin(frames, room));
}
END_TEST

START_TEST(nobody_waits_for_longer_than_was_said)
{
    stand(2);
    jump();
    frames_before(1);
    catch_up(0);
    for (unsigned tick = 1; tick < PATIENCE; tick++) {
        tick_before(1);
        ck_assert(!replica_complete(replicas[0]));
    }
    tick_before(1);
    expect_equal(1);
    catch_up(1);
    expect_equal(2);
}
END_TEST

/* Another moment before all have the one before: they wait for that, but not for longer. */
START_TEST(what_comes_meanwhile_is_waited_for_too)
{
    stand(2);
    jump();
    frames_before(1);
    catch_up(0);
    for (unsigned tick = 1; tick < PATIENCE; tick++) {
        step(room);
        frames_gathered(room);
        fill(100, 100 + tick * 100);
        frames_gather(room, PATIENCE);
        frames_before(2); /* as far as the moment before, not as far as this one */
        catch_up(0);
        ck_assert(!replica_complete(replicas[0]));
    }
    tick_before(1);
    expect_equal(1);
    catch_up(1);
    expect_equal(2);
}
END_TEST

/* The outcome of an operation is told when what it did can be seen. */
/* Somebody seeks in every tick: who has all of it is told once in a while all the same. */
START_TEST(who_waits_is_told_before_the_next_wait)
{
    stand(2);
    jump();
    uint32_t untold = 0;
    for (uint32_t tick = 0; tick < 5 * PATIENCE; tick++) {
        step(room);
        frames_gathered(room);
        char edit[64];
        snprintf(edit, sizeof edit, "[0 'shapes' 'moment%" PRIu32 "']", tick);
        ck_assert_int_eq(server_edit(room, 0, edit), STATUS_OK);
        frames_gather(room, PATIENCE);
        round_for(2);
        catch_up(0);
        catch_up(1);
        untold = replica_complete(replicas[0]) ? 0 : untold + 1;
        ck_assert_uint_le(untold, PATIENCE + 1);
    }
}
END_TEST

START_TEST(news_wait_too)
{
    stand(2);
    jump();
    do_one(0, "[0 'shapes' 'a' 'n' 1]");
    frames_before(1);
    catch_up(0);
    for (unsigned tick = 2; tick < PATIENCE; tick++)
        ck_assert(!tick_before(1).head.news);
    ck_assert(tick_before(1).head.news);
    expect_equal(1);
}
END_TEST

START_TEST(what_fits_one_message_is_seen_at_once)
{
    stand(2);
    step(room);
    fill(2, 0);
    frames_gather(room, PATIENCE);
    frames_before(1);
    expect_equal(1);
}
END_TEST

START_TEST(who_is_alone_waits_for_nobody)
{
    stand(2);
    room_disconnect(room, 1);
    jump();
    frames_before(1);
    catch_up(0);
    expect_equal(1);
}
END_TEST

/* Who goes, who comes, who was behind before. */
START_TEST(some_are_not_waited_for)
{
    stand(3);
    if (_i == 2) {
        do_one(0, "[0 'shapes' 'a' 'n' 1]");
        frames_before(2);
    }
    jump();
    frames_before(2);
    catch_up(0);
    catch_up(1);
    if (_i == 0)
        room_disconnect(room, 2);
    else if (_i == 1) {
        catch_up(2);
        viewer(ROLE_EDITOR);
    }
    ck_assert(!replica_complete(replicas[0]));
    tick_before(2);
    expect_equal(2);
}
END_TEST

int main(void)
{
    TCase *waiting = tcase_create("waiting");
    tcase_add_checked_fixture(waiting, setup_viewers, teardown_viewers);
    tcase_add_test(waiting, who_has_all_waits_for_the_others);
    tcase_add_test(waiting, nobody_waits_for_longer_than_was_said);
    tcase_add_test(waiting, what_comes_meanwhile_is_waited_for_too);
    tcase_add_test(waiting, who_waits_is_told_before_the_next_wait);
    tcase_add_test(waiting, news_wait_too);
    tcase_add_test(waiting, what_fits_one_message_is_seen_at_once);
    tcase_add_test(waiting, who_is_alone_waits_for_nobody);
    tcase_add_loop_test(waiting, some_are_not_waited_for, 0, 3);

    Suite *suite = suite_create("frame_gather");
    suite_add_tcase(suite, waiting);
    return run_suite(suite);
}
