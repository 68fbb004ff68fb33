/* check_saved - C clients and a room that crashes: what was told to be saved is there, all of it is
 * there once, and what crashed comes back.
 *
 * A seed makes a world: clients of clients/c against a room of the engine, with time and bytes handed
 * over by the test. Connections break with messages on their way, the disk is behind by a random
 * while, and now and then the room is gone and is built again from its log, which is cut anywhere
 * behind the durable tick. SAVED_SEEDS and SAVED_FIRST in the environment choose other seeds.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/frame.h"
#include "sync/log.h"
#include "tests/durability/author.h"
#include "tests/kept_log.h"
#include "tests/run_suite.h"

#define AUTHORS   3u
#define PEERS     (AUTHORS + 1) /* and one who comes fresh at the end */
#define TICK_US   UINT64_C(50000)
#define STEPS     600
#define STEPS_MAX 4000 /* until all is saved */
#define MARKS_MAX (STEPS + STEPS_MAX)

struct peer {
    struct tutti_client *client;
    bool open, joined;
    uint32_t seat;
};

/* The log ended here after this tick. */
struct mark {
    uint64_t tick;
    size_t length;
};

static struct world {
    unsigned seed;
    unsigned short random[3];
    uint64_t now_us;
    struct room *room;
    struct frames *frames;
    struct kept_log log;
    struct mark marks[MARKS_MAX];
    uint32_t mark_count, saved; /* the first so many marks are on the disk */
    uint64_t incarnation;
    bool calm; /* nothing breaks, nobody writes */
    struct author authors[AUTHORS];
    struct peer peers[PEERS];
    unsigned crashes;
} world;

static uint32_t chance(uint32_t bound)
{
    return (uint32_t)nrand48(world.random) % bound;
}

static bool strikes(uint32_t once_in)
{
    return !world.calm && chance(once_in) == 0;
}

static void fill_random(void *context, uint8_t *data, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t)chance(256);
}

/* --- The room, its log and its crashes -------------------------------------------------------------- */

static struct room_options room_options(void)
{
    return (struct room_options){
        .rules = &kind_open,
        .incarnation = world.incarnation,
        .seed = world.seed,
        .grace_ticks = 40,
        .logs = true,
        .saves = true,
    };
}

static void open_room(void)
{
    struct room_options options = room_options();
    bool clean;
    if (world.log.length == 0) {
        world.room = room_create(&options);
        ck_assert_ptr_nonnull(world.room);
        return;
    }
    world.room = kept_log_replay(&world.log, &options, &kinds_built_in, &clean);
    ck_assert_int_eq(room_wake(world.room, world.incarnation), STATUS_OK);
}

static void link_breaks(struct peer *peer)
{
    if (peer->joined)
        room_disconnect(world.room, peer->seat);
    peer->open = peer->joined = false;
    tutti_closed(peer->client, world.now_us, 0, "", 0);
}

static void crash(void)
{
    for (uint32_t i = 0; i < PEERS; i++)
        if (world.peers[i].open)
            link_breaks(&world.peers[i]);
    room_destroy(world.room);
    world.mark_count = world.saved + chance(world.mark_count - world.saved + 1);
    world.saved = world.mark_count;
    world.log.length = world.mark_count == 0 ? 0 : world.marks[world.mark_count - 1].length;
    world.incarnation++;
    world.crashes++;
    open_room();
}

static void write_log(void)
{
    size_t before = world.log.length;
    kept_log_take(&world.log, world.room);
    if (world.log.length > before)
        world.marks[world.mark_count++] =
            (struct mark){room_tick_number(world.room), world.log.length};
    if (world.saved == world.mark_count || (!world.calm && chance(4) != 0))
        return;
    world.saved +=
        world.calm ? world.mark_count - world.saved : 1 + chance(world.mark_count - world.saved);
    room_save(world.room, world.marks[world.saved - 1].tick);
}

/* --- Between clients and the room ------------------------------------------------------------------- */

static void answer(struct peer *peer, const struct writer *writer)
{
    ck_assert_int_eq(writer->status, STATUS_OK);
    tutti_received(peer->client, world.now_us, writer->data, writer->length);
}

static void take_hello(struct peer *peer, struct bytes message, struct writer *writer)
{
    static const struct wire_limits limits = {
        .message_bytes = MESSAGE_BYTES_MAX,
        .messages_per_second = 100000,
        .messages_burst = 100000,
        .bytes_per_second = 100000000,
        .bytes_burst = 100000000,
        .operations_in_flight = 8,
        .record_bytes = RECORD_BYTES_MAX,
        .durability = DURABILITY_DISK,
    };
    struct hello hello;
    ck_assert_int_eq(wire_read_hello(message, &hello), STATUS_OK);
    ck_assert_int_eq(room_join(world.room, &hello, ROLE_EDITOR, &peer->seat), STATUS_OK);
    peer->joined = true;
    wire_write_welcome(writer, world.room, peer->seat, &limits);
    answer(peer, writer);
}

static void take_message(struct peer *peer, struct bytes message)
{
    static uint8_t buffer[MESSAGE_BYTES_MAX];
    struct writer writer = writer_on(buffer, sizeof buffer);
    int64_t kind, echo;
    ck_assert_int_eq(wire_read_kind(message, &kind), STATUS_OK);
    if (kind == CLIENT_HELLO) {
        take_hello(peer, message, &writer);
    } else if (kind == CLIENT_CLOCK) {
        ck_assert_int_eq(wire_read_clock(message, &echo), STATUS_OK);
        wire_write_clock(&writer, echo, world.now_us / 1000, room_tick_number(world.room));
        answer(peer, &writer);
    } else {
        ck_assert_int_eq(room_submit(world.room, peer->seat, message), STATUS_OK);
    }
}

static void pump(struct peer *peer)
{
    static uint8_t output[TUTTI_MESSAGE_BYTES_MAX];
    tutti_advance(peer->client, world.now_us);
    ck_assert_msg(tutti_wish(peer->client) != TUTTI_DISCONNECT, "seed %u: %s", world.seed,
                  tutti_state_reason(peer->client, NULL));
    if (tutti_wish(peer->client) == TUTTI_CONNECT) {
        peer->open = true;
        tutti_opened(peer->client, world.now_us);
    }
    size_t length;
    while (peer->open &&
           (length = tutti_output(peer->client, world.now_us, output, sizeof output)) > 0) {
        if (strikes(60))
            link_breaks(peer); /* and the message is lost */
        else
            take_message(peer, (struct bytes){output, length});
    }
}

static void send_frames(void)
{
    if (!frames_begin(world.frames, world.room))
        return;
    for (uint32_t i = 0; i < PEERS; i++) {
        struct peer *peer = &world.peers[i];
        if (!peer->joined)
            continue;
        if (strikes(8)) {
            frames_skip(world.frames, peer->seat);
            continue;
        }
        struct frame frame = frames_next(world.frames, peer->seat);
        if (frame.message == NULL)
            continue;
        if (strikes(60))
            link_breaks(peer);
        else
            tutti_received(peer->client, world.now_us, frame.message, frame.length);
    }
    frames_end(world.frames, true);
}

static void step(void)
{
    for (uint32_t i = 0; i < AUTHORS && !world.calm; i++)
        for (uint32_t left = chance(3); left > 0; left--)
            author_write(&world.authors[i], world.crashes);
    for (uint32_t i = 0; i < PEERS; i++)
        if (world.peers[i].client != NULL)
            pump(&world.peers[i]);
    ck_assert_int_eq(room_prepare(world.room), STATUS_OK);
    room_tick(world.room);
    write_log();
    send_frames();
    world.now_us += TICK_US;
    if (strikes(60))
        crash();
}

/* --- Worlds ------------------------------------------------------------------------------------------ */

static struct tutti_client *create_client(const struct tutti_handlers *handlers)
{
    struct tutti_options options = {.kind = "open", .random = fill_random};
    struct tutti_client *client = tutti_create(&options, handlers, world.now_us);
    ck_assert_ptr_nonnull(client);
    return client;
}

static void begin(unsigned seed)
{
    world = (struct world){.seed = seed, .now_us = 1000 * TICK_US, .incarnation = 1};
    world.random[0] = (unsigned short)seed;
    world.random[1] = (unsigned short)(seed >> 16);
    world.frames = frames_create(&(struct memory){0});
    ck_assert_ptr_nonnull(world.frames);
    open_room();
    for (uint32_t i = 0; i < AUTHORS; i++) {
        struct tutti_handlers handlers = author_handlers(&world.authors[i]);
        world.authors[i].index = i;
        world.authors[i].client = world.peers[i].client = create_client(&handlers);
    }
}

static bool all_is_saved(uint32_t peers)
{
    for (uint32_t i = 0; i < peers; i++)
        if (tutti_state(world.peers[i].client) != TUTTI_LIVE ||
            tutti_unsaved(world.peers[i].client) > 0)
            return false;
    return true;
}

static void step_until_saved(uint32_t peers)
{
    for (unsigned left = STEPS_MAX / 2; !all_is_saved(peers) && left > 0; left--)
        step();
    ck_assert_msg(all_is_saved(peers), "seed %u: not all became saved", world.seed);
    for (int i = 0; i < 3; i++)
        step();
}

static void check_world(void)
{
    static const struct tutti_handlers nothing = {0};
    struct findings found = {0};
    world.calm = true;
    step_until_saved(AUTHORS);
    world.peers[AUTHORS].client = create_client(&nothing);
    step_until_saved(PEERS);
    const struct tutti_client *fresh = world.peers[AUTHORS].client;
    authors_check(world.authors, AUTHORS, fresh, &found);
    bool good = found.lost + found.twice + found.torn + found.foreign + found.moved == 0;
    uint64_t refused = 0;
    for (uint32_t i = 0; i < AUTHORS; i++) {
        good = good && tutti_hash(world.authors[i].client) == tutti_hash(fresh);
        refused += world.authors[i].refused;
    }
    ck_assert_msg(good && refused == 0,
                  "seed %u: lost %d, twice %d, torn %d, foreign %d, moved %d, refused %d",
                  world.seed, (int)found.lost, (int)found.twice, (int)found.torn,
                  (int)found.foreign, (int)found.moved, (int)refused);
}

static void end(void)
{
    for (uint32_t i = 0; i < AUTHORS; i++)
        author_leave(&world.authors[i]);
    tutti_destroy(world.peers[AUTHORS].client);
    room_destroy(world.room);
    frames_destroy(world.frames);
    kept_log_free(&world.log);
}

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

START_TEST(what_is_acknowledged_survives_and_nothing_counts_twice)
{
    unsigned first = from_environment("SAVED_FIRST", 1);
    unsigned seeds = from_environment("SAVED_SEEDS", 100);
    uint64_t saved = 0, repeated = 0, uncertain = 0;
    for (unsigned seed = first; seed < first + seeds; seed++) {
        begin(seed);
        for (int i = 0; i < STEPS; i++)
            step();
        check_world();
        for (uint32_t i = 0; i < AUTHORS; i++) {
            saved += world.authors[i].saved;
            uncertain += world.authors[i].uncertain;
            repeated += tutti_repeated(world.authors[i].client);
        }
        end();
    }
    ck_assert_uint_gt(repeated, saved / 100); /* crashes have struck */
    ck_assert_uint_lt(uncertain, saved / 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saved");
    TCase *cases = tcase_create("crashes");
    tcase_set_timeout(cases, 280);
    tcase_add_test(cases, what_is_acknowledged_survives_and_nothing_counts_twice);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
