/* clients.c - the room's bounded memory of client keys: who was here, and what became of what it
 * asked for. */
#include <assert.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/room_parts.h"

#define BUCKETS_MIN 16u

static uint32_t bucket_of(const struct room *room, const uint8_t *key)
{
    uint64_t hash = hash_bytes(room->options.seed, (struct bytes){key, CLIENT_KEY_BYTES});
    return (uint32_t)hash & (room->client_buckets - 1);
}

struct client *client_find(const struct room *room, const uint8_t *key)
{
    if (room->client_buckets == 0)
        return NULL;
    struct client *client = room->clients[bucket_of(room, key)];
    while (client != NULL && memcmp(client->key, key, CLIENT_KEY_BYTES) != 0)
        client = client->chain;
    return client;
}

static void index_add(struct room *room, struct client *client)
{
    uint32_t bucket = bucket_of(room, client->key);
    client->chain = room->clients[bucket];
    room->clients[bucket] = client;
}

static bool index_reserve(struct room *room)
{
    uint32_t wanted = room->client_buckets < BUCKETS_MIN ? BUCKETS_MIN : room->client_buckets;
    while (wanted <= room->client_count)
        wanted *= 2;
    if (wanted == room->client_buckets)
        return true;
    struct client **old = room->clients;
    uint32_t old_buckets = room->client_buckets;
    struct client **buckets =
        memory_allocate(&room->options.memory, wanted * sizeof(struct client *));
    if (buckets == NULL)
        return false;
    memset(buckets, 0, wanted * sizeof(struct client *));
    room->clients = buckets;
    room->client_buckets = wanted;
    for (uint32_t i = 0; i < old_buckets; i++) {
        for (struct client *client = old[i], *next; client != NULL; client = next) {
            next = client->chain;
            index_add(room, client);
        }
    }
    memory_release(&room->options.memory, old);
    return true;
}

static void line_add(struct room *room, struct client *client)
{
    client->older = room->client_newest;
    client->newer = NULL;
    if (room->client_newest != NULL)
        room->client_newest->newer = client;
    else
        room->client_oldest = client;
    room->client_newest = client;
}

static void line_remove(struct room *room, struct client *client)
{
    if (client->older != NULL)
        client->older->newer = client->newer;
    else
        room->client_oldest = client->newer;
    if (client->newer != NULL)
        client->newer->older = client->older;
    else
        room->client_newest = client->older;
}

void client_forget(struct room *room, struct client *client)
{
    struct client **link = &room->clients[bucket_of(room, client->key)];
    while (*link != client)
        link = &(*link)->chain;
    *link = client->chain;
    line_remove(room, client);
    room->client_count--;
    if (client->mine != NULL)
        state_remove_scope(&room->state, client->mine);
    if (client->refusals != NULL)
        heap_give(&room->state.heap, client->refusals, REFUSALS_BYTES);
    heap_give(&room->state.heap, client, sizeof *client);
}

struct client *client_restore(struct room *room, const uint8_t *key, uint32_t member)
{
    if (!index_reserve(room) ||
        !heap_reserve(&room->state.heap, heap_rounded(sizeof(struct client))))
        return NULL;
    struct client *client = heap_take(&room->state.heap, sizeof *client);
    *client = (struct client){.member = member, .seat = SEAT_NONE};
    memcpy(client->key, key, CLIENT_KEY_BYTES);
    index_add(room, client);
    line_add(room, client);
    room->client_count++;
    return client;
}

void clients_trim(struct room *room)
{
    while (room->client_count - room->seats_taken >= room->options.limits.clients &&
           room->client_oldest != NULL)
        client_forget(room, room->client_oldest);
}

struct client *client_add(struct room *room, const uint8_t *key, uint32_t sequence)
{
    struct client *client = client_restore(room, key, room->last_member + 1);
    if (client == NULL)
        return NULL;
    client->sequence = sequence;
    room->last_member++;
    return client;
}

void client_sit(struct room *room, struct client *client, uint32_t seat)
{
    assert(client->seat == SEAT_NONE);
    line_remove(room, client);
    client->seat = seat;
}

void client_rise(struct room *room, struct client *client)
{
    assert(client->seat != SEAT_NONE);
    client->seat = SEAT_NONE;
    line_add(room, client);
}

void client_refuse(struct room *room, struct client *client, enum status status)
{
    if (client->refusals == NULL)
        client->refusals = heap_take(&room->state.heap, REFUSALS_BYTES);
    client->refusals[client->refused++ % OPERATIONS_IN_FLIGHT_MAX] =
        (struct refusal){client->sequence, (uint8_t)status};
}

const struct refusal *client_refusal(const struct client *client, uint32_t number)
{
    return &client->refusals[number % OPERATIONS_IN_FLIGHT_MAX];
}

uint32_t client_refusals_after(const struct client *client, uint32_t sequence)
{
    uint32_t first = client->refused;
    uint32_t oldest = first < OPERATIONS_IN_FLIGHT_MAX ? 0 : first - OPERATIONS_IN_FLIGHT_MAX;
    while (first > oldest && client_refusal(client, first - 1)->sequence > sequence)
        first--;
    return first;
}

void clients_free(struct room *room)
{
    for (uint32_t i = 0; i < room->client_buckets; i++)
        for (struct client *client = room->clients[i]; client != NULL; client = client->chain)
            if (client->mine != NULL)
                memory_release(&room->options.memory, client->mine->slots);
    memory_release(&room->options.memory, room->clients);
}
