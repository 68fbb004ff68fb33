/* check_recording.c - random rooms, recorded, and played: every moment is what the room was then,
 * presence too, however one comes to it, and whoever looks holds what the player shows.
 *
 * A seed makes a world of clients that come, go, write and point; the room sleeps, crashes, and leaves
 * holes in its log. Then viewers push the player about. RECORDING_SEEDS (how many) and RECORDING_FIRST
 * (the first one) in the environment choose others than those of the test run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sync/hash.h"
#include "tests/property/world_client.h"
#include "tests/run_suite.h"
#include "tests/screening.h"
#include "tests/shown.h"

#define BATCH 25 /* seeds of one test */

struct recorded_world {
    struct world world;
    struct recording recording;
    struct room_options options;
    struct kinds kinds;
};

/* --- The room ------------------------------------------------------------------------------------- */

static void send_frames(struct world *world)
{
    if (!room_frame_due(world->room) || !frames_begin(world->frames, world->room))
        return;
    for (uint32_t i = 0; i < world->client_count; i++) {
        struct client *client = &world->clients[i];
        if (!client->connected)
            continue;
        if (client->queued > QUEUE_MAX / 2) {
            frames_skip(world->frames, client->seat);
            continue;
        }
        struct frame frame = frames_next(world->frames, client->seat);
        if (frame.message != NULL)
            queue_add(client, frame.message, frame.length);
    }
    frames_end(world->frames, true);
}

static void act(struct world *world, struct client *client)
{
    if (!client->connected) {
        if (chance(world, 6) == 0)
            connect_client(world, client);
        return;
    }
    if (chance(world, 40) == 0) {
        disconnect_client(world, client);
        return;
    }
    deliver(world, client, client->queued);
    if (!client->welcomed)
        return;
    if (chance(world, 40) == 0) {
        client->role = client->role == ROLE_OWNER ? ROLE_EDITOR : ROLE_OWNER;
        ck_assert_int_eq(room_set_role(world->room, client->seat, client->role), STATUS_OK);
    }
    if (chance(world, 2) == 0)
        send_presence(world, client);
    if (chance(world, 3) == 0)
        make_operation(world, client);
    if (chance(world, 2) == 0)
        send_operations(world, client);
}

static void tick(struct recorded_world *of)
{
    struct world *world = &of->world;
    struct recording *recording = &of->recording;
    if (!recording->hole && chance(world, 90) == 0) {
        recording->hole = true;
        room_log_stop(world->room);
    }
    ck_assert_int_eq(room_prepare(world->room), STATUS_OK);
    room_tick(world->room);
    recording_take(recording, world->room, chance(world, 25) == 0);
    if (recording->hole && chance(world, 8) == 0)
        recording_resume(recording, world->room);
    send_frames(world);
}

/* The room sleeps and comes back, or crashes and comes back from what was logged. */
static void end_and_wake(struct recorded_world *of)
{
    struct world *world = &of->world;
    struct recording *recording = &of->recording;
    bool sleeps = chance(world, 2) == 0, clean;
    if (recording->hole)
        recording_resume(recording, world->room);
    if (sleeps)
        ck_assert_int_eq(room_sleep(world->room), STATUS_OK);
    kept_log_take(&recording->log, world->room);
    struct room *again = kept_log_replay(&recording->log, &of->options, &of->kinds, &clean);
    recording_cut(recording, room_tick_number(again));
    if (sleeps)
        recording_take(recording, again, false); /* nobody is there any more */
    for (uint32_t i = 0; i < world->client_count; i++) {
        world->clients[i].connected = false;
        queue_drop(&world->clients[i]);
    }
    uint64_t incarnation = room_incarnation(world->room) + (sleeps ? 0u : 1u);
    room_destroy(world->room);
    world->room = again;
    ck_assert_int_eq(room_wake(again, incarnation), STATUS_OK);
    recording_take(recording, again, false);
}

static void record(struct recorded_world *of, const struct play *play, unsigned seed)
{
    struct world *world = &of->world;
    *of = (struct recorded_world){.world = {.play = play, .seed = seed}};
    world->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 88172645463325252u;
    for (int i = 0; i < 8; i++)
        chance(world, 2);
    world->client_count = 1 + chance(world, CLIENTS_MAX);
    world->ids = 1 + chance(world, 20);
    of->kinds = (struct kinds){.rules = {play->rules}, .count = 1};
    of->options = (struct room_options){.rules = play->rules,
                                        .incarnation = 1 + seed,
                                        .seed = seed,
                                        .grace_ticks = 1 + chance(world, 30),
                                        .limits = {.tombstones = 1 + chance(world, 12)},
                                        .logs = true};
    world->room = room_create(&of->options);
    world->frames = frames_create(&(struct memory){0});
    recording_take(&of->recording, world->room, false);
    for (uint32_t i = 0; i < world->client_count; i++) {
        for (unsigned k = 0; k < CLIENT_KEY_BYTES; k++)
            world->clients[i].key[k] = (uint8_t)chance(world, 256);
        world->clients[i].replica = replica_create(&(struct memory){0});
    }
    for (uint32_t left = 60 + chance(world, 200); left > 0; left--) {
        for (uint32_t i = 0; i < world->client_count; i++)
            act(world, &world->clients[i]);
        tick(of);
        if (chance(world, 100) == 0)
            end_and_wake(of);
    }
    if (of->recording.hole)
        recording_resume(&of->recording, world->room);
}

static void forget(struct recorded_world *of)
{
    for (uint32_t i = 0; i < of->world.client_count; i++) {
        queue_drop(&of->world.clients[i]);
        replica_destroy(of->world.clients[i].replica);
    }
    frames_destroy(of->world.frames);
    room_destroy(of->world.room);
    recording_forget(&of->recording);
}

/* --- Watching ------------------------------------------------------------------------------------- */

static void check_moments(struct recorded_world *of)
{
    const struct recording *recording = &of->recording;
    for (int i = 0; i < 6; i++) {
        uint64_t tick = 1 + chance(&of->world, (uint32_t)recording->last);
        if (!recording_knows(recording, tick))
            continue;
        struct replay replay = recording_replay(recording, tick, &of->options, &of->kinds);
        ck_assert_msg(room_hash(replay_room(&replay), SEAT_NONE) == recording_hash(recording, tick),
                      "seed %u: tick %u is not what it was", of->world.seed, (unsigned)tick);
        replay_abandon(&replay);
    }
}

static void push(struct recorded_world *of, struct screening *screening)
{
    static const char *const flags[] = {"false", "true"};
    struct world *world = &of->world;
    char pairs[128];
    switch (chance(world, 6)) {
    case 0:
    case 1:
        snprintf(pairs, sizeof pairs, "'seek' %u",
                 chance(world, (uint32_t)of->recording.last + 20));
        break;
    case 2:
        snprintf(pairs, sizeof pairs, "'playing' %s", flags[chance(world, 4) > 0]);
        break;
    case 3:
        snprintf(pairs, sizeof pairs, "'speed' %u", 1 + chance(world, 64));
        break;
    case 4:
        snprintf(pairs, sizeof pairs, "'skip' %s", flags[chance(world, 2)]);
        break;
    default:
        snprintf(pairs, sizeof pairs, "'from' %u 'until' %u",
                 chance(world, (uint32_t)of->recording.last),
                 chance(world, (uint32_t)of->recording.last));
    }
    ck_assert_int_eq(screening_say(screening, chance(world, screening->viewer_count), pairs),
                     STATUS_OK);
}

static void expect_shown(const struct recorded_world *of, const struct screening *screening)
{
    uint64_t tick = (uint64_t)screening_number(screening, "tick");
    if (!room_frame_due(player_room(screening->player)) ||
        screening_number(screening, "state") != 0 || !recording_knows(&of->recording, tick))
        return;
    ck_assert_msg(shown_hash(player_room(screening->player)) ==
                      recording_shown(&of->recording, tick),
                  "seed %u: tick %u is not shown as it was", of->world.seed, (unsigned)tick);
}

static void watch(struct recorded_world *of)
{
    struct world *world = &of->world;
    struct screening screening = {.recording = &of->recording,
                                  .options = &of->options,
                                  .kinds = &of->kinds,
                                  .reach = 5 + chance(world, 60)};
    screening_open(&screening, chance(world, (uint32_t)of->recording.last + 1));
    for (uint32_t left = 1 + chance(world, 4); left > 0; left--)
        screening_viewer(&screening);
    for (int i = 0; i < 150; i++) {
        screening.holds = chance(world, 4) == 0;
        if (screening.under_way.wants != PLAYER_NOTHING && !screening.holds)
            screening_bring(&screening);
        if (chance(world, 6) == 0 && i > 1)
            push(of, &screening);
        else
            screening_tick(&screening);
        expect_shown(of, &screening);
    }
    screening_close(&screening);
}

static void run_seed(const struct play *play, unsigned seed)
{
    struct recorded_world *of = calloc(1, sizeof *of);
    record(of, play, seed);
    check_moments(of);
    watch(of);
    forget(of);
    free(of);
}

static unsigned setting(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

START_TEST(every_moment_is_shown_as_it_was)
{
    unsigned first = setting("RECORDING_FIRST", 0);
    for (unsigned i = 0; i < BATCH; i++)
        run_seed(&play_mixed, first + (unsigned)_i * BATCH + i);
}
END_TEST

START_TEST(every_moment_of_a_board_is_shown_as_it_was)
{
    unsigned first = setting("RECORDING_FIRST", 0);
    for (unsigned i = 0; i < BATCH; i++)
        run_seed(&play_board, first + (unsigned)_i * BATCH + i);
}
END_TEST

int main(void)
{
    int batches = (int)((setting("RECORDING_SEEDS", 50) + BATCH - 1) / BATCH);
    TCase *tcase = tcase_create("recording");
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, every_moment_is_shown_as_it_was, 0, batches);
    tcase_add_loop_test(tcase, every_moment_of_a_board_is_shown_as_it_was, 0, (batches + 1) / 2);
    Suite *suite = suite_create("recording");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
