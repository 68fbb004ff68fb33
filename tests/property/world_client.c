#include "tests/property/world_client.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct wire_limits limits = {
    MESSAGE_BYTES_MAX, 100, 200, 65536, 65536, OPERATIONS_IN_FLIGHT_MAX, RECORD_BYTES_MAX,
    DURABILITY_DISK,   true};

uint32_t chance(struct world *world, uint32_t bound)
{
    return play_chance(&world->random, bound);
}

void queue_drop(struct client *client)
{
    for (uint32_t i = 0; i < client->queued; i++)
        free(client->queue[i].data);
    client->queued = 0;
}

void queue_add(struct client *client, const uint8_t *data, size_t length)
{
    ck_assert_uint_lt(client->queued, QUEUE_MAX);
    uint8_t *copy = malloc(length);
    memcpy(copy, data, length);
    client->queue[client->queued++] = (struct message){copy, length, client->role};
}

void connect_client(struct world *world, struct client *client)
{
    struct hello hello = {.version = WIRE_VERSION,
                          .kind = bytes_of(world->play->rules->name),
                          .sequence = client->sequence,
                          .decided = client->decided,
                          .incarnation = client->incarnation,
                          .accepts = client->key[0] % 2 == 0 ? ACCEPTS_DEFLATED : 0};
    uint8_t user[32];
    struct writer writer = writer_on(user, sizeof user);
    pack_string(&writer, bytes_of("someone"));
    hello.user = writer_bytes(&writer);
    memcpy(hello.key, client->key, sizeof hello.key);
    for (int scope = 0; scope < SCOPE_COUNT; scope++)
        if (client->incarnation != 0 &&
            replica_place(client->replica, (enum wire_scope)scope, &hello.places[scope]))
            hello.places_held |= (uint8_t)(1u << scope);
    if (client->connected)
        queue_drop(client); /* the server sees the new connection before the end of the old one */
    client->role = chance(world, 4) == 0 ? ROLE_OWNER : ROLE_EDITOR;
    enum status status = room_join(world->room, &hello, client->role, &client->seat);
    ck_assert_int_eq(status, STATUS_OK);
    client->connected = true;
    client->welcomed = client->placed = client->choked = false;
    uint8_t welcome[2048];
    writer = writer_on(welcome, sizeof welcome);
    wire_write_welcome(&writer, world->room, client->seat, &limits);
    ck_assert_int_eq(writer.status, STATUS_OK);
    queue_add(client, welcome, writer.length);
}

void disconnect_client(struct world *world, struct client *client)
{
    if (chance(world, 4) == 0)
        room_leave(world->room, client->seat);
    else
        room_disconnect(world->room, client->seat);
    client->connected = false;
    queue_drop(client);
}

/* The oldest undecided operation has got its outcome. */
static void decide(struct client *client, bool applied)
{
    ck_assert_uint_gt(client->sent_count, 0);
    ck_assert_uint_eq(client->sent[0].sequence, client->decided + 1);
    if (applied && client->sent[0].counts)
        client->added++;
    client->decided++;
    client->sent_count--;
    if (client->first_unsent > 0)
        client->first_unsent--;
    memmove(client->sent, client->sent + 1, client->sent_count * sizeof client->sent[0]);
}

struct refused {
    uint32_t sequence[OPERATIONS_IN_FLIGHT_MAX];
    uint32_t count;
};

static bool was_refused(const struct refused *refused, uint32_t sequence)
{
    for (uint32_t i = 0; i < refused->count; i++)
        if (refused->sequence[i] == sequence)
            return true;
    return false;
}

static void take_welcome(struct client *client, struct reader *reader)
{
    client->member = (uint32_t)read_integer(reader);
    uint64_t incarnation = (uint64_t)read_integer(reader);
    client->tick = (uint64_t)read_integer(reader);
    client->awaits = client->sequence > 0 ? client->tick : 0;
    read_integer(reader);
    read_integer(reader);
    read_string(reader);
    uint32_t sequence = (uint32_t)read_integer(reader);
    bool known = read_bool(reader);
    read_bool(reader);
    uint8_t kept = 0;
    for (uint32_t left = read_array(reader); left > 0; left--)
        kept |= (uint8_t)(1u << read_integer(reader));
    read_integer(reader);
    read_value(reader);
    struct refused refused = {.count = 0};
    for (uint32_t left = read_array(reader); left > 0; left -= 2) {
        refused.sequence[refused.count++] = (uint32_t)read_integer(reader);
        read_integer(reader);
    }
    client->durable = client->tick - (uint64_t)read_integer(reader);
    read_value(reader); /* what inputs the kind takes */
    read_value(reader); /* where the room comes from */
    read_bool(reader);  /* whether it is recorded */
    ck_assert_int_eq(reader_end(reader), STATUS_OK);
    ck_assert(known || client->incarnation == 0);
    replica_welcome(client->replica, kept, incarnation == client->incarnation);
    client->incarnation = incarnation;
    client->welcomed = true;
    ck_assert_uint_ge(sequence, client->decided);
    while (client->decided < sequence)
        decide(client, !was_refused(&refused, client->decided + 1));
    client->first_unsent = 0;
    client->inputs_sent = false;
}

/* Whether news follow. */
static bool take_inputs(struct client *client, struct reader *reader)
{
    ck_assert(client->inputs_sent);
    if (read_type(reader) == PACK_NIL)
        read_nil(reader);
    else
        read_integer(reader);
    ck_assert_int_ge(read_integer(reader), 0);
    if (read_type(reader) != PACK_NIL)
        return true;
    read_nil(reader);
    return false;
}

static void take_news(struct client *client, struct reader *reader)
{
    uint32_t left = read_array(reader);
    uint32_t newest = client->decided + (uint32_t)read_integer(reader);
    client->durable += (uint64_t)read_integer(reader);
    ck_assert_uint_le(client->durable, client->tick);
    struct refused refused = {.count = 0};
    for (left -= 2; left > 0; left -= 2) {
        refused.sequence[refused.count++] = newest - (uint32_t)read_integer(reader);
        ck_assert_int_gt(read_integer(reader), STATUS_OK);
    }
    if (client->decided < newest)
        client->awaits = client->tick;
    while (client->decided < newest)
        decide(client, !was_refused(&refused, client->decided + 1));
}

static void take_message(struct world *world, struct client *client, const struct message *message)
{
    struct reader reader = reader_on((struct bytes){message->data, message->length});
    uint32_t count = read_array(&reader);
    int64_t type = read_integer(&reader);
    if (type == SERVER_WELCOME) {
        take_welcome(client, &reader);
        return;
    }
    ck_assert(server_message_is_frame(type));
    client->tick += (uint64_t)read_integer(&reader);
    bool news =
        type == SERVER_FRAME_INPUTS ? take_inputs(client, &reader) : type == SERVER_FRAME_NEWS;
    if (news)
        take_news(client, &reader);
    uint32_t sections = count - (type == SERVER_FRAME_INPUTS ? 5 : news ? 3 : 2);
    enum status status = replica_sections(client->replica, &reader, sections);
    ck_assert_msg(status == STATUS_OK, "seed %u: %s", world->seed, status_text(status));
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    if (replica_complete(client->replica))
        world->play->check(client->replica, client->member, message->role, world->seed);
}

void deliver(struct world *world, struct client *client, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        take_message(world, client, &client->queue[i]);
        free(client->queue[i].data);
    }
    client->queued -= count;
    memmove(client->queue, client->queue + count, client->queued * sizeof client->queue[0]);
}

/* --- What members send ---------------------------------------------------------------------------- */

void make_operation(struct world *world, struct client *client)
{
    if (client->sent_count >= SENT_MAX / 2)
        return;
    struct sent *sent = &client->sent[client->sent_count++];
    sent->sequence = ++client->sequence;
    sent->counts = chance(world, 3) == 0 && world->play->counts;
    uint32_t members[CLIENTS_MAX];
    for (uint32_t i = 0; i < world->client_count; i++)
        members[i] = world->clients[i].member;
    struct turn turn = {.random = &world->random,
                        .member = client->member,
                        .sequence = client->sequence,
                        .ids = world->ids,
                        .others = members,
                        .other_count = world->client_count};
    struct writer writer = writer_on(sent->operation, sizeof sent->operation);
    struct open_array operation = pack_array_begin(&writer);
    if (sent->counts) {
        pack_array(&writer, 3); /* put, so that the record is there */
        pack_integer(&writer, 0);
        pack_string(&writer, bytes_of("counts"));
        pack_string(&writer, bytes_of("all"));
        pack_array(&writer, 5);
        pack_integer(&writer, 3);
        pack_string(&writer, bytes_of("counts"));
        pack_string(&writer, bytes_of("all"));
        pack_string(&writer, bytes_of("sum"));
        pack_integer(&writer, 1);
    }
    for (uint32_t left = chance(world, 3) + (sent->counts ? 0 : 1); left > 0; left--)
        world->play->write_edit(&turn, &writer);
    pack_array_end(&writer, operation);
    ck_assert_int_eq(writer.status, STATUS_OK);
    sent->length = writer.length;
}

void send_operations(struct world *world, struct client *client)
{
    uint8_t bytes[SENT_MAX * 512];
    struct writer writer = writer_on(bytes, sizeof bytes);
    uint32_t count = client->sent_count - client->first_unsent;
    if (!client->welcomed || count == 0)
        return;
    pack_array(&writer, 1 + count);
    pack_integer(&writer, CLIENT_OPERATIONS);
    for (uint32_t i = client->first_unsent; i < client->sent_count; i++)
        pack_raw(&writer, (struct bytes){client->sent[i].operation, client->sent[i].length}, 1);
    client->first_unsent = client->sent_count;
    enum status status = room_submit(world->room, client->seat, writer_bytes(&writer));
    ck_assert_msg(status == STATUS_OK, "seed %u: %s", world->seed, status_text(status));
}

void send_presence(struct world *world, struct client *client)
{
    uint8_t bytes[64];
    struct writer writer = writer_on(bytes, sizeof bytes);
    int64_t x = client->x + (int64_t)chance(world, 40) - 20;
    int64_t y = client->y + (int64_t)(chance(world, 3) == 0 ? 0 : chance(world, 300)) - 0;
    x = x < 0 ? 0 : x;
    y = y > 4000 ? 0 : y;
    if (client->placed) {
        pack_array(&writer, 3);
        pack_integer(&writer, CLIENT_MOVED + 12);
        pack_integer(&writer, (int64_t)zigzag(x - client->x));
        pack_integer(&writer, (int64_t)zigzag(y - client->y));
    } else {
        pack_array(&writer, 7);
        pack_integer(&writer, CLIENT_PRESENCE);
        pack_string(&writer, bytes_of("x"));
        pack_integer(&writer, x);
        pack_string(&writer, bytes_of("y"));
        pack_integer(&writer, y);
        pack_string(&writer, bytes_of("note"));
        pack_integer(&writer, (int64_t)chance(world, 5));
        client->placed = true;
    }
    client->x = x;
    client->y = y;
    ck_assert_int_eq(room_submit(world->room, client->seat, writer_bytes(&writer)), STATUS_OK);
}

void send_inputs(struct world *world, struct client *client)
{
    uint8_t bytes[64];
    struct writer writer = writer_on(bytes, sizeof bytes);
    uint32_t count = 1 + chance(world, 4);
    pack_array(&writer, 2 + count);
    pack_integer(&writer, CLIENT_INPUTS);
    pack_integer(&writer, (int64_t)chance(world, 9) - 4);
    for (uint32_t i = 0; i < count; i++)
        pack_integer(&writer, (int64_t)chance(world, 3));
    enum status status = room_submit(world->room, client->seat, writer_bytes(&writer));
    /* Far enough back there are no ticks. */
    ck_assert(status == STATUS_OK || (status == STATUS_MALFORMED && client->tick < 100));
    client->inputs_sent |= status == STATUS_OK;
}
