/* check_server_cut - the whole server but its sockets, on a disk that loses what was not synced.
 *
 * A seed makes a world: C clients against a hub, whose storage writes SQLite files through the shim
 * disk; time and bytes are handed over by the test. The disk lags behind by a random while, links
 * break, the power is cut at any call to the disk, the process is killed, and now and then the
 * server ends cleanly. What a client was told to be saved has to be there, once, in every life that
 * follows. CUT_SEEDS and CUT_FIRST in the environment choose other seeds.
 */
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/store_sqlite.h"
#include "server/framing.h"
#include "server/hub.h"
#include "sync/log.h"
#include "tests/durability/author.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/shim_vfs.h"

#define ROOMS         2u
#define AUTHORS       4u
#define PEERS         (AUTHORS + ROOMS) /* and one who comes fresh to each room at the end */
#define TICK_US       UINT64_C(50000)
#define STEPS         250
#define STEPS_MAX     4000 /* until all is saved */
#define LINGER_S      2u
#define START_WALL_US UINT64_C(1700000000000000)

struct peer {
    struct tutti_client *client;
    struct session *session; /* NULL: no connection */
    uint32_t room;
    bool killed; /* the server cut it */
};

static struct world {
    unsigned seed;
    unsigned short random[3];
    uint64_t now_us;
    struct scratch folder;
    struct shim_vfs *shim;
    struct storage *storage;
    struct hub *hub;
    struct log log;
    bool calm; /* nothing breaks, nobody writes */
    struct author authors[AUTHORS];
    struct peer peers[PEERS];
    unsigned lives, cuts, cleans;
    uint64_t woken, recovered;
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

/* --- Sockets ------------------------------------------------------------------------------------- */

static bool never_choked(void *socket)
{
    (void)socket;
    return false;
}

static bool deliver(void *socket, uint8_t *frame, size_t length)
{
    struct peer *peer = socket;
    size_t header = frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10;
    struct bytes payload = {frame + header, length - header};
    uint8_t opcode = frame[0] & 0x0f;
    if (opcode == FRAMING_BINARY)
        tutti_received(peer->client, world.now_us, payload.data, payload.length);
    else if (opcode == FRAMING_CLOSE)
        peer->killed = true;
    return true;
}

static void want_nothing(void *socket)
{
    (void)socket;
}

static void cut(void *socket)
{
    ((struct peer *)socket)->killed = true;
}

static const struct transport transport = {.choked = never_choked,
                                           .send = deliver,
                                           .want_write = want_nothing,
                                           .kill = cut};

static void link_breaks(struct peer *peer)
{
    if (peer->session == NULL)
        return;
    session_destroy(peer->session);
    peer->session = NULL;
    peer->killed = false;
    tutti_closed(peer->client, world.now_us, 0, "", 0);
}

static void connect_peer(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    char name[] = {'r', (char)('0' + peer->room), 0};
    peer->session = session_open(world.hub, (struct sockaddr *)&address);
    ck_assert_ptr_nonnull(peer->session);
    peer->session->socket = peer;
    session_upgraded(peer->session, bytes_of(name));
    tutti_opened(peer->client, world.now_us);
}

/* --- Lives of the server --------------------------------------------------------------------------- */

static void discard(void *context, const char *line, size_t length)
{
    (void)context;
    (void)line;
    (void)length;
}

static uint64_t virtual_ms(void)
{
    return world.now_us / 1000;
}

static void power_on(enum shim_loss loss)
{
    shim_vfs_power_on(world.shim, loss);
    shim_vfs_fault(world.shim, (struct shim_fault){0});
    world.cuts += loss != SHIM_LOSS_NONE;
}

/* False when the power went meanwhile. */
static bool open_storage(void)
{
    char error[STORE_SQLITE_ERROR_MAX];
    char reason[STORAGE_ERROR_MAX] = "";
    struct store *store;
    struct store_sqlite_options files = {.folder = world.folder.path, .sync = true, .vfs = "shim"};
    enum store_result result = store_sqlite_open(&files, &store, error);
    if (result == STORE_OK)
        world.storage =
            storage_create(&(struct storage_options){.store = store,
                                                     .rooms = {.saves = true},
                                                     .kinds = &kinds_built_in,
                                                     .seal_ms = chance(2) == 0 ? 500 : 60000,
                                                     .clock_ms = virtual_ms,
                                                     .seed = world.seed},
                           reason);
    bool good = result == STORE_OK && world.storage != NULL;
    ck_assert_msg(good || !shim_vfs_power(world.shim), "seed %u, life %u: %s %s", world.seed,
                  world.lives, error, reason);
    return good;
}

/* A rate that nobody reaches. */
#define UNBOUND                                                                                    \
    {                                                                                              \
        .per_minute = ADDRESS_RATE_MAX, .burst = ADDRESS_RATE_MAX                                  \
    }

static void open_server(void)
{
    while (!open_storage())
        power_on(SHIM_LOSS_CHANCE);
    world.hub = hub_create(&(struct hub_options){
        .limits = {.connections = 100,
                   .connections_per_address = 100,
                   .rooms = 100,
                   .address_rates = {[ADDRESS_CONNECTS] = UNBOUND,
                                     [ADDRESS_MAKES_ROOMS] = UNBOUND,
                                     [ADDRESS_OPENS_ROOMS] = UNBOUND,
                                     [ADDRESS_SENDS_FILES] = UNBOUND,
                                     [ADDRESS_FILLS_FILES] = UNBOUND,
                                     [ADDRESS_READS_LISTS] = UNBOUND},
                   .room_rate = {.per_second = 1000, .burst = 1000},
                   .openings = 100,
                   .load_rate = {.per_second = 1000, .burst = 1000},
                   .message_rate = {.per_second = 100000, .burst = 100000},
                   .bytes_rate = {.per_second = 100000000, .burst = 100000000},
                   .grace_s = 1,
                   .linger_s = LINGER_S},
        .transport = &transport,
        .storage = world.storage,
        .kinds = &kinds_built_in,
        .durability = DURABILITY_DISK,
        .log = &world.log,
        .now_us = world.now_us,
        .wall_us = START_WALL_US + world.now_us,
        .seed = world.seed + world.lives,
    });
    ck_assert_ptr_nonnull(world.hub);
    world.lives++;
}

static void close_server(bool clean)
{
    for (uint32_t i = 0; i < PEERS; i++)
        link_breaks(&world.peers[i]);
    world.woken += world.hub->counters.rooms_woken;
    world.recovered += world.hub->counters.rooms_recovered;
    if (!clean)
        storage_abandon(world.storage);
    hub_destroy(world.hub);
    bool saved = storage_stop(world.storage);
    ck_assert_msg(saved || !clean || !shim_vfs_power(world.shim),
                  "seed %u: a clean end saved not all", world.seed);
    storage_destroy(world.storage);
}

/* The power is off, or the process is gone: nothing more reaches the disk. */
static void crash(enum shim_loss loss)
{
    shim_vfs_power_off(world.shim);
    close_server(false);
    power_on(loss);
    open_server();
}

static void restart(void)
{
    close_server(true);
    if (shim_vfs_power(world.shim))
        world.cleans++;
    else
        power_on(SHIM_LOSS_CHANCE); /* it went while the server ended */
    open_server();
}

static void work_disk(void)
{
    if (world.calm || chance(3) == 0)
        storage_work(world.storage);
    hub_storage_turn(world.hub);
}

/* --- Steps ----------------------------------------------------------------------------------------- */

static void pump(struct peer *peer)
{
    static uint8_t output[TUTTI_MESSAGE_BYTES_MAX];
    if (peer->killed)
        link_breaks(peer);
    tutti_advance(peer->client, world.now_us);
    if (tutti_wish(peer->client) == TUTTI_DISCONNECT)
        ck_abort_msg("seed %u: %s", world.seed, tutti_state_reason(peer->client, NULL));
    if (tutti_wish(peer->client) == TUTTI_CONNECT && peer->session == NULL)
        connect_peer(peer);
    size_t length;
    while (peer->session != NULL && !peer->killed &&
           (length = tutti_output(peer->client, world.now_us, output, sizeof output)) > 0) {
        struct chunk chunk = {
            .bytes = {output, length}, .first = true, .final = true, .binary = true};
        if (strikes(80))
            link_breaks(peer); /* and the message is lost */
        else
            session_receive(peer->session, &chunk);
    }
}

static void pass_tick(void)
{
    for (uint32_t i = 0; i < AUTHORS && !world.calm; i++)
        if (chance(3) == 0)
            author_write(&world.authors[i], world.lives);
    for (uint32_t i = 0; i < PEERS; i++)
        if (world.peers[i].client != NULL)
            pump(&world.peers[i]);
    world.now_us += TICK_US;
    hub_turn(world.hub, world.now_us, START_WALL_US + world.now_us);
    while (hub_next_us(world.hub) <= world.now_us)
        hub_beat(world.hub);
    if (strikes(60))
        shim_vfs_fault(
            world.shim,
            (struct shim_fault){.calls = SHIM_CALL_ALL, .at = 1 + chance(60), .power_off = true});
    work_disk();
    if (!shim_vfs_power(world.shim))
        crash(SHIM_LOSS_CHANCE);
    else if (strikes(100))
        crash(SHIM_LOSS_NONE);
    else if (strikes(150))
        restart();
}

/* --- Worlds ---------------------------------------------------------------------------------------- */

static struct tutti_client *create_client(const struct tutti_handlers *handlers)
{
    struct tutti_options options = {.kind = "open", .random = fill_random};
    struct tutti_client *client = tutti_create(&options, handlers, world.now_us);
    ck_assert_ptr_nonnull(client);
    return client;
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
    world.calm = true;
    shim_vfs_fault(world.shim, (struct shim_fault){0});
    for (unsigned left = STEPS_MAX; !all_is_saved(peers) && left > 0; left--)
        pass_tick();
    ck_assert_msg(all_is_saved(peers), "seed %u: not all became saved", world.seed);
    for (int i = 0; i < 3; i++)
        pass_tick();
}

static void begin(unsigned seed)
{
    world = (struct world){.seed = seed, .now_us = 1000 * TICK_US};
    world.random[0] = (unsigned short)seed;
    world.random[1] = (unsigned short)(seed >> 16);
    log_init(&world.log, LOG_LEVEL_ERROR, discard, NULL);
    world.folder = scratch_make();
    world.shim = shim_vfs_create("shim", seed);
    open_server();
    for (uint32_t i = 0; i < AUTHORS; i++) {
        struct tutti_handlers handlers = author_handlers(&world.authors[i]);
        world.authors[i].index = i;
        world.peers[i].room = i / (AUTHORS / ROOMS);
        world.authors[i].client = world.peers[i].client = create_client(&handlers);
    }
    /* A client that the room has saved is not forgotten. */
    step_until_saved(AUTHORS);
    for (uint32_t i = 0; i < AUTHORS; i++)
        author_write(&world.authors[i], 0);
    step_until_saved(AUTHORS);
    world.calm = false;
}

static void check_world(void)
{
    static const struct tutti_handlers nothing = {0};
    struct findings found = {0};
    bool equal = true;
    step_until_saved(AUTHORS);
    restart();
    for (uint32_t room = 0; room < ROOMS; room++) {
        world.peers[AUTHORS + room].room = room;
        world.peers[AUTHORS + room].client = create_client(&nothing);
    }
    step_until_saved(PEERS);
    for (uint32_t room = 0; room < ROOMS; room++) {
        const struct tutti_client *fresh = world.peers[AUTHORS + room].client;
        uint32_t first = room * (AUTHORS / ROOMS);
        authors_check(&world.authors[first], AUTHORS / ROOMS, fresh, &found);
        for (uint32_t i = first; i < first + AUTHORS / ROOMS; i++)
            equal = equal && tutti_hash(world.authors[i].client) == tutti_hash(fresh);
    }
    ck_assert_msg(equal && found.lost + found.twice + found.torn + found.foreign + found.moved == 0,
                  "seed %u: lost %d, twice %d, torn %d, foreign %d, moved %d, equal %d", world.seed,
                  (int)found.lost, (int)found.twice, (int)found.torn, (int)found.foreign,
                  (int)found.moved, (int)equal);
    for (uint32_t i = 0; i < AUTHORS; i++)
        ck_assert_msg(world.authors[i].uncertain == 0, "seed %u: uncertain", world.seed);
}

static void end(void)
{
    close_server(true);
    for (uint32_t i = 0; i < AUTHORS; i++)
        author_leave(&world.authors[i]);
    for (uint32_t i = AUTHORS; i < PEERS; i++)
        tutti_destroy(world.peers[i].client);
    shim_vfs_destroy(world.shim);
    scratch_remove(&world.folder);
}

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

START_TEST(what_is_acknowledged_survives_every_life)
{
    unsigned first = from_environment("CUT_FIRST", 1);
    unsigned seeds = from_environment("CUT_SEEDS", 60);
    uint64_t saved = 0, lives = 0, cuts = 0, cleans = 0, woken = 0, recovered = 0;
    for (unsigned seed = first; seed < first + seeds; seed++) {
        begin(seed);
        for (unsigned i = 0; i < STEPS; i++)
            pass_tick();
        check_world();
        for (uint32_t i = 0; i < AUTHORS; i++)
            saved += world.authors[i].saved;
        end();
        lives += world.lives;
        cuts += world.cuts;
        cleans += world.cleans;
        woken += world.woken;
        recovered += world.recovered;
    }
    printf("%u seeds: %d lives, %d power cuts, %d clean ends; %d rooms woken, %d recovered; %d "
           "operations acknowledged, none lost\n",
           seeds, (int)lives, (int)cuts, (int)cleans, (int)woken, (int)recovered, (int)saved);
    if (seeds > 10)
        ck_assert(cuts > 0 && cleans > 0 && woken > 0 && recovered > 0 && saved > 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server on a bad disk");
    TCase *cases = tcase_create("lives");
    tcase_set_timeout(cases, 280);
    tcase_add_test(cases, what_is_acknowledged_survives_every_life);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
