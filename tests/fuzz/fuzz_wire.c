/* fuzz_wire - any messages into a room, and what its members then hold.
 *
 * The input is a byte for the size of sections, then steps: a byte that says who does what, a
 * length (two bytes), and bytes. Whatever a room makes of them, its frames must be ones that a
 * replica takes, and in the end every replica holds what the room holds for it.
 *
 * All bytes are also read as a value: what is accepted, msgpack-c accepts with the same length,
 * and its canonical form is its own canonical form.
 */
#include <msgpack.h>
#include <string.h>

#include "sync/room.h"
#include "tests/fuzz/fuzzed.h"
#include "tests/fuzz/steps.h"
#include "tests/member.h"

#define MEMBERS 3

enum action {
    ACTION_SUBMIT = 0, /* and all that have no name: most steps are messages */
    ACTION_JOIN = 8,   /* with what the bytes say as a hello */
    ACTION_LEAVE = 9,
    ACTION_DISCONNECT = 10,
    ACTION_ROLE = 11,
    ACTION_SKIP = 12,
    ACTION_RENEW = 13, /* another client */
    ACTION_TICK = 14,
    ACTION_STRANGE = 15 /* a join with places that nobody has told it */
};

struct world {
    struct room *room;
    struct frames *frames;
    struct member members[MEMBERS];
    bool strange[MEMBERS]; /* claims to hold what it does not: its frames are made, not taken */
    uint8_t generation;
};

/* --- Readers -------------------------------------------------------------------------------------- */

static void check_oracle(struct bytes bytes, size_t length)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t at = 0;
    demand(msgpack_unpack_next(&unpacked, (const char *)bytes.data, bytes.length, &at) ==
           MSGPACK_UNPACK_SUCCESS);
    demand(at == length);
    msgpack_unpacked_destroy(&unpacked);
}

static void check_value(struct bytes bytes)
{
    static uint8_t once[2 * MESSAGE_BYTES_MAX], twice[2 * MESSAGE_BYTES_MAX];
    struct reader reader = reader_on(bytes);
    size_t length = read_value(&reader).length;
    if (reader.status != STATUS_OK)
        return;
    check_oracle(bytes, length);
    struct writer writer = writer_on(once, sizeof once);
    reader = reader_on(bytes);
    value_canonical(&reader, &writer);
    demand(reader.status == STATUS_OK && reader.at == length && writer.status == STATUS_OK);
    reader = reader_on(writer_bytes(&writer));
    struct writer again = writer_on(twice, sizeof twice);
    value_canonical(&reader, &again);
    demand(reader_end(&reader) == STATUS_OK);
    demand(bytes_equal(writer_bytes(&writer), writer_bytes(&again)));
}

static void read_alone(struct bytes bytes)
{
    struct hello hello;
    int64_t number;
    (void)wire_read_kind(bytes, &number);
    (void)wire_read_hello(bytes, &hello);
    (void)wire_read_clock(bytes, &number);
    check_value(bytes);
}

/* --- The room ------------------------------------------------------------------------------------- */

static void send_frames(struct world *world, bool tick)
{
    if (!frames_begin(world->frames, world->room))
        return;
    for (int i = 0; i < MEMBERS; i++) {
        struct member *member = &world->members[i];
        if (!member->connected)
            continue;
        if (member->skipped) {
            frames_skip(world->frames, member->seat);
            continue;
        }
        struct frame frame = frames_next(world->frames, member->seat);
        member->more = frame.more;
        if (frame.message == NULL || world->strange[i])
            continue;
        demand(member_receive(member, (struct bytes){frame.message, frame.length}) == STATUS_OK);
    }
    frames_end(world->frames, tick);
}

static void tick(struct world *world)
{
    demand(room_prepare(world->room) == STATUS_OK);
    room_tick(world->room);
    send_frames(world, true);
}

static void join(struct world *world, int number, struct bytes bytes, bool strange)
{
    struct member *member = &world->members[number];
    struct hello said, hello = member_hello(member);
    hello.accepts = number % 2 == 0 ? ACCEPTS_DEFLATED : 0;
    if (wire_read_hello(bytes, &said) == STATUS_OK && said.version == WIRE_VERSION) {
        hello.user = said.user;
        hello.sequence = said.sequence;
        hello.decided = said.decided;
        if (strange) {
            memcpy(hello.places, said.places, sizeof hello.places);
            hello.places_held = said.places_held;
            hello.incarnation = said.incarnation;
        }
    }
    enum role role = (enum role)((ROLE_EDITOR + bytes.length) % ROLE_COUNT);
    if (member_join(member, world->room, &hello, role, NULL, NULL) == STATUS_OK)
        world->strange[number] = strange;
}

static void renew(struct world *world, int number)
{
    struct member *member = &world->members[number];
    if (member->connected)
        room_disconnect(world->room, member->seat);
    member_destroy(member);
    member_create(member, ++world->generation);
    world->strange[number] = false;
}

/* A strange member's replica knows nothing of what it was told: it comes back as another one. */
static void depart(struct world *world, int number, bool leave)
{
    struct member *member = &world->members[number];
    if (leave)
        room_leave(world->room, member->seat);
    else
        room_disconnect(world->room, member->seat);
    member->connected = false;
    if (world->strange[number])
        renew(world, number);
}

static void act(struct world *world, uint8_t what, struct bytes bytes)
{
    int number = what % 4 % MEMBERS;
    struct member *member = &world->members[number];
    enum action action = (enum action)(what / 4 % 16);
    if (action == ACTION_TICK) {
        tick(world);
    } else if (action == ACTION_RENEW) {
        renew(world, number);
    } else if (!world->strange[number] && (action == ACTION_JOIN || action == ACTION_STRANGE)) {
        join(world, number, bytes, action == ACTION_STRANGE);
    } else if (!member->connected) {
        return;
    } else if (action == ACTION_LEAVE || action == ACTION_DISCONNECT) {
        depart(world, number, action == ACTION_LEAVE);
    } else if (action == ACTION_ROLE) {
        enum status status =
            room_set_role(world->room, member->seat, (enum role)(bytes.length % ROLE_COUNT));
        demand(status == STATUS_OK || status == STATUS_LIMIT);
    } else if (action == ACTION_SKIP) {
        member->skipped = !member->skipped;
    } else {
        enum status status = room_submit(world->room, member->seat, bytes);
        demand(status == STATUS_OK || status == STATUS_TRUNCATED || status == STATUS_MALFORMED ||
               status == STATUS_LIMIT);
    }
}

/* --- One input ------------------------------------------------------------------------------------ */

static bool always(void *context, size_t bytes)
{
    (void)context, (void)bytes;
    return true;
}

static struct frames *deflating_frames(void)
{
    static struct frames *frames;
    if (frames == NULL) {
        frames = frames_create(&(struct memory){0});
        demand(frames != NULL);
        frames_deflate(frames, always, NULL, 1);
    }
    return frames;
}

/* The first byte chooses the kind and how much goes into a section. */
static void begin(struct world *world, uint8_t first)
{
    *world = (struct world){.frames = deflating_frames()};
    world->room = room_create(&(struct room_options){
        .rules = first % 2 == 0 ? &kind_every : &kind_board,
        .incarnation = 1,
        .grace_ticks = 4,
        .limits = {.members = 8, .records = 40, .tombstones = 4, .clients = 2},
    });
    demand(world->room != NULL);
    frames_limit_sections(world->frames, first < 128 ? SIZE_MAX : first - 127u);
    for (int i = 0; i < MEMBERS; i++) {
        member_create(&world->members[i], ++world->generation);
        join(world, i, (struct bytes){NULL, 0}, false);
    }
    tick(world);
}

/* Everyone reads until nothing is left to say. */
static void heal(struct world *world)
{
    bool more = true;
    for (int i = 0; i < MEMBERS; i++)
        world->members[i].skipped = false;
    tick(world);
    for (int round = 0; more; round++) {
        demand(round < 4096);
        send_frames(world, false);
        more = false;
        for (int i = 0; i < MEMBERS; i++)
            more |= world->members[i].connected && world->members[i].more;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    struct steps steps = steps_on(data, size);
    uint8_t what;
    struct bytes bytes;
    begin(&world, size > 0 ? data[0] : 0);
    while (steps_next(&steps, &what, &bytes)) {
        read_alone(bytes);
        act(&world, what, bytes);
    }
    heal(&world);
    for (int i = 0; i < MEMBERS; i++) {
        const struct member *member = &world.members[i];
        if (member->connected && !world.strange[i])
            demand(replica_complete(member->replica) && member_agrees(member, world.room));
        member_destroy(&world.members[i]);
    }
    room_destroy(world.room);
    return 0;
}
