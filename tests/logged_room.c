#include "tests/logged_room.h"

#include <check.h>
#include <stdlib.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "sync/snapshot.h"

struct kept_log kept;
const struct kinds kinds = {.rules = {&kind_open, &kind_every}, .count = 2};

void setup_logged(void)
{
    options = (struct room_options){.rules = &kind_every,
                                    .limits = {.tombstones = 4, .clients = 3},
                                    .incarnation = 7,
                                    .logs = true,
                                    .saves = true};
    kept = (struct kept_log){0};
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

void teardown_logged(void)
{
    room_destroy(room);
    room = NULL;
    kept_log_free(&kept);
}

void tick(void)
{
    step(room);
    kept_log_take(&kept, room);
}

void seat_both(void)
{
    kept_log_take(&kept, room);
    ada = join(room, 1, ROLE_OWNER);
    bob = join(room, 2, ROLE_EDITOR);
    tick();
}

void does(uint32_t seat, const char *edits, enum status status)
{
    ck_assert_int_eq(outcome(room, seat, edits), status);
    kept_log_take(&kept, room);
}

void sleeps(void)
{
    room_leave(room, ada);
    room_leave(room, bob);
    tick();
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&kept, room);
}

struct bytes log_bytes(void)
{
    return (struct bytes){kept.data, kept.length};
}

enum status replay_all(struct replay *replay, struct bytes bytes)
{
    *replay = replay_begin(&options, &kinds);
    return replay_log(replay, bytes);
}

/* A snapshot but for what it says of presence, which is not logged. */
static struct bytes without_presence(const struct room *of, struct bytes snapshot)
{
    uint64_t stamp = of->state.scopes[SCOPE_PRESENCE]->stamp;
    return (struct bytes){snapshot.data, snapshot.length - pack_integer_bytes((int64_t)stamp)};
}

void expect_same(const struct room *again)
{
    struct bytes one = snapshot_of(room), two = snapshot_of(again);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    ck_assert(bytes_equal(without_presence(room, one), without_presence(again, two)));
    free((void *)one.data);
    free((void *)two.data);
}

void joined_and_left(void)
{
    seat_both();
    room_leave(room, ada);
    tick();
    join(room, 3, ROLE_VIEWER);
    tick();
    join(room, 1, ROLE_EDITOR);
    tick();
}

uint32_t play_in_a_hole(void)
{
    room_log_stop(room);
    uint32_t cyd = join(room, 3, ROLE_EDITOR);
    step(room);
    outcome(room, ada, "[0 'papers' 'unseen' 'f' 1] [0 'learnt' 'l' 'g' 2] [4 'shapes' 'a']");
    outcome(room, ada, "[1 'papers' 'none' 'f' 1]");
    ck_assert_int_eq(presence(room, ada, "'mood' 'good'"), STATUS_OK);
    room_leave(room, bob);
    for (int i = 0; i < 130; i++)
        step(room); /* the wind turns */
    return cyd;
}
