/* fuzz_race - a race whose memory may hold any bytes, and whose members may say anything.
 *
 * The first byte chooses the phase in which a race was kept, and whether it is loaded or goes on from there, as
 * where rules run again. Then come steps: bytes laid over the memory, as a damaged disk or a file would have them, while
 * nothing else has happened (where it goes on they stay only if it is one that the rules take); messages; inputs of
 * drivers; members that come and go; ticks. After each tick the memory has to be one that a race can
 * have, every car has to be within the limits of the step, and the engine must not have broken the
 * room off. In the end all members hold what the room holds for them.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/kinds.h"
#include "sync/log.h"
#include "sync/race_parts.h"
#include "sync/room_parts.h"
#include "tests/fuzz/fuzzed.h"
#include "tests/fuzz/steps.h"
#include "tests/member.h"

#define MEMBERS     3
#define TICKS_MAX   600u /* of one input */
#define TICKS_STEP  64u
#define RACE_TICKS  (2 * LAP_TICKS_MAX)
#define GRACE_TICKS 4

enum action {
    ACTION_SUBMIT, /* a message */
    ACTION_INPUTS, /* the gap, then an input a byte */
    ACTION_WISH,   /* its driver's fields, as they stand in an edit */
    ACTION_TICKS,  /* one for an empty step, else as many as its first byte says */
    ACTION_JOIN,
    ACTION_LEAVE,
    ACTION_DISCONNECT,
    ACTION_MEMORY, /* an offset of two bytes, then what is laid over it */
    ACTION_COUNT
};

struct world {
    struct room *room;
    struct frames *frames;
    struct member members[MEMBERS];
    uint32_t ticks;
};

/* --- A tick --------------------------------------------------------------------------------------- */

static void send_frames(struct world *world, bool tick)
{
    if (!frames_begin(world->frames, world->room))
        return;
    for (int i = 0; i < MEMBERS; i++) {
        struct member *member = &world->members[i];
        if (!member->connected)
            continue;
        struct frame frame = frames_next(world->frames, member->seat);
        member->more = frame.more;
        if (frame.message != NULL)
            demand(member_receive(member, (struct bytes){frame.message, frame.length}) ==
                   STATUS_OK);
    }
    frames_end(world->frames, tick);
}

static void check_race(const struct world *world)
{
    const struct race_memory *race = room_memory(world->room);
    demand(!room_is_broken(world->room) && room_ended(world->room) == NULL);
    demand(race_sound(race, room_tick_number(world->room)));
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        demand(car_speed(&race->racers[i].car) <= SHOWN_SPEED_TOP);
}

static void tick(struct world *world)
{
    demand(room_prepare(world->room) == STATUS_OK);
    room_tick(world->room);
    check_race(world);
    if (room_frame_due(world->room))
        send_frames(world, true);
}

/* --- Members -------------------------------------------------------------------------------------- */

static void join(struct world *world, int number, enum role role)
{
    struct member *member = &world->members[number];
    struct hello hello = member_hello(member);
    enum status status = member_join(member, world->room, &hello, role, NULL, NULL);
    demand(status == STATUS_OK || status == STATUS_FULL);
}

static void submit(struct world *world, const struct member *member, struct bytes message)
{
    enum status status = room_submit(world->room, member->seat, message);
    demand(status == STATUS_OK || status == STATUS_TRUNCATED || status == STATUS_MALFORMED ||
           status == STATUS_LIMIT);
}

/* As many inputs as a message may hold, the first one tick farther than the gap says. */
static void give_inputs(struct world *world, const struct member *member, struct bytes bytes)
{
    uint8_t message[8 + 2 * INPUTS_MESSAGE_MAX];
    struct writer writer = writer_on(message, sizeof message);
    size_t count = bytes.length > 1 ? bytes.length - 1 : 1;
    if (count > INPUTS_MESSAGE_MAX)
        count = INPUTS_MESSAGE_MAX;
    pack_array(&writer, (uint32_t)(2 + count));
    pack_integer(&writer, CLIENT_INPUTS);
    pack_integer(&writer, bytes.length > 0 ? (int8_t)bytes.data[0] : 0);
    for (size_t i = 0; i < count; i++)
        pack_integer(&writer, 1 + i < bytes.length ? bytes.data[1 + i] : CAR_THROTTLE);
    submit(world, member, writer_bytes(&writer));
}

/* [1, [1, drivers, place, ...]], with the step's bytes as pairs: two where they are two values. */
static void wish(struct world *world, const struct member *member, struct bytes bytes)
{
    uint8_t message[256];
    const struct race_memory *race = room_memory(world->room);
    uint32_t number = room_seat_member(world->room, member->seat);
    struct writer writer = writer_on(message, sizeof message);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        if (race->racers[i].member != number)
            continue;
        pack_array(&writer, 2);
        pack_integer(&writer, CLIENT_OPERATIONS);
        pack_array(&writer, 1);
        pack_array(&writer, 5);
        pack_integer(&writer, VERB_SET);
        pack_integer(&writer, RACE_DRIVERS);
        pack_string(&writer, racer_id(i));
        pack_raw(&writer, bytes, 2);
    }
    if (writer.length > 0 && writer.status == STATUS_OK)
        submit(world, member, writer_bytes(&writer));
}

/* --- Races that were kept ------------------------------------------------------------------------- */

static struct bytes keep(const struct room *room)
{
    size_t length = snapshot_bytes(room);
    uint8_t *bytes = malloc(length);
    demand(bytes != NULL);
    struct writer writer = writer_on(bytes, length);
    snapshot_write(room, &writer);
    demand(writer.status == STATUS_OK);
    return writer_bytes(&writer);
}

/* A race of one lap of these members and bots, kept where each phase begins; in the lobby everyone has
 * a car. */
static void play(struct bytes kept[PHASES])
{
    static const uint8_t lap[] = "\x92\x01\x91\x97\x01\x02\xa4next\x00\x01\x01\x03";
    static const uint8_t ready[] = {DRIVER_READY, 0xc3};
    struct world world = {.frames = shared_frames()};
    world.room =
        room_create(&(struct room_options){.rules = &kind_race, .incarnation = 1, .seed = 1});
    demand(world.room != NULL);
    for (int i = 0; i < MEMBERS; i++) {
        member_create(&world.members[i], (uint8_t)i);
        join(&world, i, ROLE_EDITOR);
    }
    for (uint32_t i = 0; i < 2 * SEATING_TICKS; i++)
        tick(&world);
    kept[PHASE_LOBBY] = keep(world.room);
    submit(&world, &world.members[0], (struct bytes){lap, sizeof lap - 1});
    for (int i = 0; i < MEMBERS; i++)
        wish(&world, &world.members[i], (struct bytes){ready, sizeof ready});
    const struct race_memory *race = room_memory(world.room);
    for (int phase = PHASE_COUNTDOWN; phase < PHASES; phase++) {
        for (uint32_t i = 0; i < RACE_TICKS && race->phase != phase; i++)
            tick(&world);
        for (uint32_t i = 0; i < SECOND_TICKS; i++)
            tick(&world);
        demand(race->phase == phase);
        kept[phase] = keep(world.room);
    }
    for (int i = 0; i < MEMBERS; i++)
        member_destroy(&world.members[i]);
    room_destroy(world.room);
}

/* --- One input ------------------------------------------------------------------------------------ */

static void begin(struct world *world, uint8_t first)
{
    static struct bytes kept[PHASES];
    enum status status = STATUS_OK;
    if (kept[PHASE_LOBBY].data == NULL)
        play(kept);
    *world = (struct world){.frames = shared_frames()};
    world->room = snapshot_read(
        &(struct room_options){.rules = &kind_race, .incarnation = 1, .grace_ticks = GRACE_TICKS},
        kept[first % PHASES], &status);
    demand(world->room != NULL && room_wake(world->room, 2) == STATUS_OK);
    world->room->loaded = first / PHASES % 2 == 0;
    for (int i = 0; i < MEMBERS; i++)
        member_create(&world->members[i], (uint8_t)i);
}

static void lay_over(struct world *world, struct bytes bytes)
{
    static struct race_memory before;
    uint8_t *memory = room_memory(world->room);
    if (world->ticks > 0 || bytes.length < 2)
        return;
    size_t at = (size_t)(bytes.data[0] << 8 | bytes.data[1]) % sizeof(struct race_memory);
    size_t length = bytes.length - 2;
    if (length > sizeof(struct race_memory) - at)
        length = sizeof(struct race_memory) - at;
    memcpy(&before, memory, sizeof before);
    memcpy(memory + at, bytes.data + 2, length);
    if (!world->room->loaded && !room_is_sound(world->room))
        memcpy(memory, &before, sizeof before);
}

static void run(struct world *world, struct bytes bytes)
{
    uint32_t ticks = bytes.length > 0 ? bytes.data[0] % TICKS_STEP + 1 : 1;
    for (uint32_t i = 0; i < ticks && world->ticks < TICKS_MAX; i++) {
        tick(world);
        world->ticks++;
    }
}

static void act(struct world *world, uint8_t what, struct bytes bytes)
{
    int number = what / ACTION_COUNT % MEMBERS;
    struct member *member = &world->members[number];
    enum action action = (enum action)(what % ACTION_COUNT);
    if (action == ACTION_MEMORY) {
        lay_over(world, bytes);
        return;
    }
    if (world->ticks == 0)
        run(world, (struct bytes){NULL, 0}); /* it wakes before anyone comes */
    if (action == ACTION_TICKS)
        run(world, bytes);
    else if (action == ACTION_JOIN)
        join(world, number, bytes.length == 0 ? ROLE_EDITOR : bytes.data[0] % ROLE_COUNT);
    else if (!member->connected)
        return;
    else if (action == ACTION_SUBMIT)
        submit(world, member, bytes);
    else if (action == ACTION_INPUTS)
        give_inputs(world, member, bytes);
    else if (action == ACTION_WISH)
        wish(world, member, bytes);
    else if (action == ACTION_LEAVE)
        room_leave(world->room, member->seat);
    else
        room_disconnect(world->room, member->seat);
    if (action == ACTION_LEAVE || action == ACTION_DISCONNECT)
        member->connected = false;
}

/* Everyone reads until nothing is left to say. */
static void heal(struct world *world)
{
    bool more = true;
    do {
        tick(world);
    } while (!room_frame_due(world->room));
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
    while (steps_next(&steps, &what, &bytes))
        act(&world, what, bytes);
    heal(&world);
    for (int i = 0; i < MEMBERS; i++) {
        const struct member *member = &world.members[i];
        if (member->connected)
            demand(replica_complete(member->replica) && member_agrees(member, world.room));
        member_destroy(&world.members[i]);
    }
    room_destroy(world.room);
    return 0;
}
