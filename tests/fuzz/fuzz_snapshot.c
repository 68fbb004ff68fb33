/* fuzz_snapshot - any bytes as a snapshot: a status, or a room that goes on.
 *
 * The first byte chooses the kind. A room that is read is written and read again, the same, and
 * has members, ticks and frames that a replica takes. Memory is bounded by the bytes.
 */
#include <stdlib.h>

#include "sync/hash.h"
#include "tests/fuzz/counted.h"
#include "tests/fuzz/fuzzed.h"
#include "tests/member.h"

#define TICKS 8

/* What a room of nothing takes, and what each byte of its snapshot may add. */
#define MEMORY_BASE     ((size_t)4 << 20)
#define MEMORY_PER_BYTE 4096u

/* --- Rooms ---------------------------------------------------------------------------------------- */

static struct room *
read_room(struct counted *counted, const struct rules *rules, struct bytes bytes)
{
    struct room_options options = {
        .rules = rules,
        .incarnation = 1,
        .grace_ticks = 4,
        .memory = counted_memory(counted),
    };
    enum status status = STATUS_OK;
    struct room *room = snapshot_read(&options, bytes, &status);
    demand((room != NULL) == (status == STATUS_OK));
    return room;
}

/* The snapshot of a room makes the same room. */
static void check_again(struct counted *counted, const struct rules *rules, const struct room *room)
{
    struct bytes bytes = write_room(room);
    struct room *again = read_room(counted, rules, bytes);
    demand(again != NULL);
    demand(room_hash(again, SEAT_NONE) == room_hash(room, SEAT_NONE));
    free((void *)bytes.data);
    room_destroy(again);
}

/* --- A member in it ------------------------------------------------------------------------------- */

static void take_frames(struct frames *frames, struct room *room, struct member *member)
{
    bool tick = true;
    do {
        if (!frames_begin(frames, room))
            return;
        struct frame frame = frames_next(frames, member->seat);
        if (frame.message != NULL)
            demand(member_receive(member, (struct bytes){frame.message, frame.length}) ==
                   STATUS_OK);
        frames_end(frames, tick);
        tick = false;
        member->more = frame.more;
    } while (member->more);
}

/* A record put, changed and deleted, wherever the state leaves room for it. */
static void send(struct room *room, const struct member *member, int index)
{
    static const uint8_t messages[][21] = {
        "\x92\x01\x91\x95\x00\xa6shapes\xa1"
        "a\xa1x\x01",
        "\x92\x01\x91\x95\x01\xa6shapes\xa1"
        "a\xa1x\x07",
        "\x92\x01\x91\x93\x04\xa6shapes\xa1"
        "a",
    };
    static const size_t lengths[] = {17, 17, 14};
    if (index < 3)
        demand(room_submit(room, member->seat, (struct bytes){messages[index], lengths[index]}) ==
               STATUS_OK);
}

static void tick(struct room *room)
{
    demand(room_prepare(room) == STATUS_OK);
    room_tick(room);
}

/* In the end the room is without members again, as snapshots are. */
static void live(struct room *room)
{
    struct member member;
    member_create(&member, 0x5a);
    struct hello hello = member_hello(&member);
    if (member_join(&member, room, &hello, ROLE_ADMIN, NULL, NULL) == STATUS_OK) {
        for (int i = 0; i < TICKS; i++) {
            send(room, &member, i);
            tick(room);
            take_frames(shared_frames(), room, &member);
            demand(replica_complete(member.replica) && member_agrees(&member, room));
        }
        room_leave(room, member.seat);
        tick(room);
    }
    member_destroy(&member);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct counted counted = {.most = MEMORY_BASE + MEMORY_PER_BYTE * size, .blocks = UINT32_MAX};
    static const struct rules *const kinds[] = {&kind_open, &kind_every, &kind_board, &kind_race};
    const struct rules *rules = kinds[data[0] % 4];
    struct room *room = read_room(&counted, rules, (struct bytes){data + 1, size - 1});
    if (room != NULL) {
        demand(!counted.refused);
        counted.most = SIZE_MAX;
        check_again(&counted, rules, room);
        live(room);
        check_again(&counted, rules, room);
        room_destroy(room);
    }
    demand(counted.held == 0);
    return 0;
}
