/* wayward.c - a kind that does to the server what its members order.
 *
 * An order is a record of `orders`: its id says what, its number for whom. */
#include "sync/rules.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define TICK_RECORDS 4u
#define TICK_BYTES   64u

/* More than an interval of 50 ms. */
#define SLOW_NS INT64_C(80000000)

enum {
    ORDERS = 1,
    HEAPS
};

static const struct field_rules order_fields[] = {{.name = "who", .type = FIELD_INT}};
static const struct field_rules heap_fields[] = {{.name = "bytes", .type = FIELD_BINARY}};
static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE},
    {.name = "orders", .fields = order_fields, .field_count = 1},
    {.name = "heaps", .server_only = true, .fields = heap_fields, .field_count = 1},
};

/* --- What is done -------------------------------------------------------------------------------- */

static void loop(void)
{
    for (volatile unsigned turns = 0;;)
        turns = turns + 1;
}

static int64_t used_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void dawdle(void)
{
    for (int64_t from = used_ns(); used_ns() < from + SLOW_NS;)
        ;
}

static void crash(void)
{
    volatile uintptr_t nowhere = 8;
    *(volatile int *)nowhere = 1;
}

static void sink(void); /* endless */
static void (*volatile deeper)(void) = sink;

static void sink(void)
{
    volatile char weight[4096];
    weight[0] = 1;
    deeper();
    weight[0]++;
}

static void heap_records(struct room *room)
{
    for (uint8_t i = 0; i <= TICK_RECORDS; i++) {
        uint8_t id = (uint8_t)('a' + i);
        struct field_value value = {.packed = bytes_of("\xc4\x01x")};
        (void)room_put(room, HEAPS, 0, (struct bytes){&id, 1}, &value, 1);
    }
}

static void heap_bytes(struct room *room)
{
    uint8_t packed[2 + TICK_BYTES + 1] = {0xc4, TICK_BYTES + 1};
    struct field_value value = {.packed = {packed, sizeof packed}};
    (void)room_put(room, HEAPS, 0, bytes_of("all"), &value, 1);
}

/* --- Orders --------------------------------------------------------------------------------------- */

static bool is_ordered(const struct room *room, const char *order, int64_t *who)
{
    return room_number(room, ORDERS, 0, bytes_of(order), 0, who);
}

static void tick(struct room *room)
{
    int64_t who;
    if (is_ordered(room, "loop", &who))
        loop();
    if (is_ordered(room, "slow", &who))
        dawdle();
    if (is_ordered(room, "crash", &who))
        crash();
    if (is_ordered(room, "abort", &who))
        abort();
    if (is_ordered(room, "sink", &who))
        sink();
    if (is_ordered(room, "records", &who))
        heap_records(room);
    if (is_ordered(room, "bytes", &who))
        heap_bytes(room);
    if (is_ordered(room, "killed", &who))
        raise(SIGKILL);
}

static void joined(struct room *room, uint32_t member)
{
    int64_t who;
    if (is_ordered(room, "joined", &who) && who == member)
        crash();
}

static void left(struct room *room, uint32_t member)
{
    int64_t who;
    if (is_ordered(room, "left", &who) && who == member)
        crash();
}

static enum status accept(struct room *room, const struct edit_view *edit)
{
    (void)room;
    if (bytes_equal(edit->id, bytes_of("accept")))
        crash();
    if (bytes_equal(edit->id, bytes_of("nonsense")))
        return (enum status)(STATUS_COUNT + 1000);
    return STATUS_OK;
}

static const struct rules rules = {
    .name = "wayward",
    .tick_hz = 20,
    .frame_hz = 20,
    .collections = collections,
    .collection_count = sizeof collections / sizeof collections[0],
    .tick_records = TICK_RECORDS,
    .tick_bytes = TICK_BYTES,
    .joined = joined,
    .left = left,
    .accept = accept,
    .tick = tick,
};

const struct room_kind room_kind = ROOM_KIND(&rules);
