#include "tests/hub_world.h"

#include "persistence/store_memory.h"
#include "tests/notation.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_MAX 1000000u

struct world world;

/* --- A transport that does what the test says --------------------------------------------------- */

static bool fake_choked(void *socket)
{
    return ((struct peer *)socket)->choked;
}

static bool fake_send(void *socket, uint8_t *frame, size_t length)
{
    struct peer *peer = socket;
    ck_assert_msg(!peer->choked, "sent into a socket that takes nothing");
    ck_assert_uint_le(peer->out_length + length, PEER_OUT_MAX);
    memcpy(peer->out + peer->out_length, frame, length);
    peer->out_length += length;
    return true;
}

static void fake_want_write(void *socket)
{
    ((struct peer *)socket)->wants_write = true;
}

static void fake_kill(void *socket)
{
    ((struct peer *)socket)->killed = true;
}

static const struct transport fake = {.choked = fake_choked,
                                      .send = fake_send,
                                      .want_write = fake_want_write,
                                      .kill = fake_kill};

static void discard(void *context, const char *line, size_t length)
{
    (void)context;
    (void)line;
    (void)length;
}

/* --- The world ---------------------------------------------------------------------------------- */

/* A rate that nobody reaches. */
#define UNBOUND                                                                                    \
    {                                                                                              \
        .per_minute = ADDRESS_RATE_MAX, .burst = ADDRESS_RATE_MAX                                  \
    }

static struct hub_options options(void)
{
    return (struct hub_options){
        .record = world.record,
        .limits =
            {
                .connections = 100,
                .connections_per_address = 100,
                .address_rates = {[ADDRESS_CONNECTS] = UNBOUND,
                                  [ADDRESS_MAKES_ROOMS] = UNBOUND,
                                  [ADDRESS_OPENS_ROOMS] = UNBOUND,
                                  [ADDRESS_SENDS_FILES] = UNBOUND,
                                  [ADDRESS_FILLS_FILES] = UNBOUND,
                                  [ADDRESS_READS_LISTS] = UNBOUND},
                .rooms = 100,
                .room_rate = {.per_second = 100, .burst = 100},
                .openings = 100,
                .replays = 8,
                .replays_per_address = 4,
                .load_rate = {.per_second = 1000000, .burst = 1000000},
                .bytes_rate = {.per_second = 65536, .burst = 1 << 20},
                .grace_s = 5,
                .linger_s = 30,
            },
        .transport = &fake,
        .storage = world.storage,
        .kinds = world.kinds,
        .durability = DURABILITY_DISK,
        .log = &world.log,
        .now_us = world.now_us,
        .wall_us = 1700000000 * SECOND + world.now_us,
        .seed = 42,
    };
}

static uint64_t world_ms(void)
{
    return world.now_us / 1000;
}

static void world_open_storage(void)
{
    char error[STORAGE_ERROR_MAX];
    world.storage =
        storage_create(&(struct storage_options){.store = world.store,
                                                 .rooms = {.saves = true},
                                                 .kinds = world.kinds,
                                                 .ring_bytes = world.ring_bytes,
                                                 .record = world.record,
                                                 .clock_ms = world.seals ? world_ms : NULL,
                                                 .seed = 42},
                       error);
    ck_assert_msg(world.storage != NULL, "%s", error);
}

/* A store that outlives its storage. */
static void leave_open(struct store *store)
{
    (void)store;
}

static void begin_again(bool crashes)
{
    for (int i = 0; i < WORLD_PEERS; i++)
        if (world.peers[i] != NULL)
            peer_disconnect(world.peers[i]);
    void (*close_store)(struct store *) = world.store->close;
    if (crashes)
        storage_abandon(world.storage);
    hub_destroy(world.hub);
    ck_assert(storage_stop(world.storage) != crashes);
    world.store->close = leave_open;
    storage_destroy(world.storage);
    world.store->close = close_store;
    world_open_storage();
    struct hub_options fresh = options();
    world.hub = hub_create(&fresh);
    ck_assert_ptr_nonnull(world.hub);
}

void world_crash(void)
{
    begin_again(true);
}

void world_restart(void)
{
    begin_again(false);
}

void world_setup(void)
{
    world.loses = world.hangs = false;
    world.ring_bytes = 0;
    world.seals = false;
    world.record = NULL;
    world.kinds = &kinds_built_in;
    world.now_us = 1000 * SECOND;
    log_init(&world.log, LOG_LEVEL_DEBUG, discard, NULL);
    world.store = store_memory_create(STORE_MAX);
    world_open_storage();
    struct hub_options fresh = options();
    world.hub = hub_create(&fresh);
    ck_assert_ptr_nonnull(world.hub);
    memset(world.peers, 0, sizeof world.peers);
}

void peer_disconnect(struct peer *peer)
{
    if (peer->session != NULL)
        session_destroy(peer->session);
    peer->session = NULL;
}

void world_teardown(void)
{
    for (int i = 0; i < WORLD_PEERS; i++) {
        if (world.peers[i] == NULL)
            continue;
        peer_disconnect(world.peers[i]);
        free(world.peers[i]);
    }
    hub_destroy(world.hub);
    ck_assert(storage_stop(world.storage) != world.loses);
    storage_destroy(world.storage);
}

/* The storage does all that it was asked for. */
void world_store(void)
{
    if (world.hangs)
        return;
    storage_work(world.storage);
    hub_storage_turn(world.hub);
    storage_work(world.storage);
    hub_storage_turn(world.hub);
}

/* Lets time pass in steps of 10 ms, with all beats that fall due. */
void world_pass(uint64_t milliseconds)
{
    for (uint64_t until_us = world.now_us + milliseconds * 1000; world.now_us < until_us;) {
        world.now_us += 10000;
        hub_turn(world.hub, world.now_us, 1700000000 * SECOND + world.now_us);
        while (hub_next_us(world.hub) <= world.now_us)
            hub_beat(world.hub);
        world_store();
    }
}

struct peer *peer_open(int index)
{
    return peer_open_from(index, 0x0a000001u + (uint32_t)index);
}

struct peer *peer_open_from(int index, uint32_t from)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(from)};
    struct peer *peer = calloc(1, sizeof *peer);
    world.peers[index] = peer;
    peer->session = session_open(world.hub, (struct sockaddr *)&address);
    ck_assert_ptr_nonnull(peer->session);
    peer->session->socket = peer;
    return peer;
}

void peer_free(int index)
{
    peer_disconnect(world.peers[index]);
    free(world.peers[index]);
    world.peers[index] = NULL;
}

void peer_receive(struct peer *peer, struct bytes message)
{
    struct chunk chunk = {.bytes = message, .first = true, .final = true, .binary = true};
    session_receive(peer->session, &chunk);
}

/* Sends a message written as in tests/notation.h. */
void peer_say(struct peer *peer, const char *line)
{
    uint8_t buffer[1024];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, line);
    peer_receive(peer, writer_bytes(&writer));
}

void peer_hello_only(struct peer *peer, int key, const char *kind)
{
    char line[160];
    snprintf(line, sizeof line, "[0 1 x000102030405060708090a0b0c0d0e%02x %s nil 0 0 0 []]", key,
             kind);
    peer_say(peer, line);
}

void peer_hello(struct peer *peer, int key, const char *kind)
{
    peer_hello_only(peer, key, kind);
    world_store();
}

struct peer *peer_join(int index, const char *room)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of(room));
    peer_hello(peer, index, "'open'");
    return peer;
}

/* The last whole frame that went to the peer: opcode and payload. */
uint8_t peer_last_frame(const struct peer *peer, struct bytes *payload)
{
    uint8_t opcode = 0;
    for (size_t at = 0; at < peer->out_length;) {
        const uint8_t *frame = peer->out + at;
        size_t length = frame[1];
        size_t header = 2;
        if (length == 126) {
            length = (size_t)frame[2] << 8 | frame[3];
            header = 4;
        }
        opcode = frame[0] & 0x0f;
        *payload = (struct bytes){frame + header, length};
        at += header + length;
        ck_assert_uint_le(at, peer->out_length);
    }
    return opcode;
}

int peer_close_code(const struct peer *peer)
{
    struct bytes payload = {0};
    if (peer_last_frame(peer, &payload) != 8)
        return 0;
    return payload.data[0] << 8 | payload.data[1];
}

bool peer_close_says(const struct peer *peer, const char *text)
{
    struct bytes payload = {0};
    return peer_last_frame(peer, &payload) == 8 &&
           memmem(payload.data, payload.length, text, strlen(text)) != NULL;
}

/* Messages of this kind that went to the peer. */
int peer_messages(const struct peer *peer, int kind)
{
    int count = 0;
    for (size_t at = 0; at < peer->out_length;) {
        const uint8_t *frame = peer->out + at;
        size_t length = frame[1], header = 2;
        if (length == 126) {
            length = (size_t)frame[2] << 8 | frame[3];
            header = 4;
        }
        int64_t found;
        if ((frame[0] & 0x0f) == 2 &&
            wire_read_kind((struct bytes){frame + header, length}, &found) == STATUS_OK)
            count += found == kind || (kind == SERVER_FRAME && server_message_is_frame(found));
        at += header + length;
    }
    return count;
}

void peer_piece(struct peer *peer, size_t length, size_t rest, bool first, bool final)
{
    static const uint8_t zeros[MESSAGE_BYTES_MAX + 1];
    struct chunk chunk = {
        .bytes = {zeros, length}, .rest = rest, .first = first, .final = final, .binary = true};
    session_receive(peer->session, &chunk);
}

void world_jump(uint64_t microseconds)
{
    world.now_us += microseconds;
    hub_turn(world.hub, world.now_us, world.now_us);
}
