/* fuzz_player - any bytes as a recording that is played: a replay room that stays sound, and what its
 * viewer sees of it.
 *
 * The first byte chooses the kind and whether the recording grows; the rest are steps (enum step). A
 * moment, a log and a track are kept until what the player wishes for is brought, which is made of them.
 * After each tick the viewer holds what the room holds. Memory is bounded, and runs out where a step
 * says so.
 */
#include "sync/player.h"
#include "sync/track.h"
#include "tests/fuzz/counted.h"
#include "tests/fuzz/fuzzed.h"
#include "tests/fuzz/steps.h"
#include "tests/member.h"

enum step {
    STEP_MOMENT, /* the log up to the moments that are brought from here on */
    STEP_LOG,    /* what follows, likewise */
    STEP_TRACK,
    STEP_BRING, /* what is wished for; a byte: up to how many ticks behind it, odd ones end there */
    STEP_REFUSE, /* what is wished for is not to be had */
    STEP_TICKS,  /* a byte: how many */
    STEP_ASK,    /* a field, and a number in up to eight bytes */
    STEP_EXTEND, /* a number: the recording's last tick */
    STEP_MEMORY, /* a byte: so many more blocks; none: as many as it likes */
    STEP_COUNT
};

#define LAST        1000u
#define TICKS_MOST  600u
#define MEMORY_MOST ((size_t)64 << 20)

struct show {
    struct counted counted;
    struct room_options options; /* of the recorded room */
    struct player *player;
    struct member viewer;
    struct player_wish under_way;
    struct bytes moment, log, track;
    unsigned ticks;
};

static uint64_t number_of(struct bytes bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.length && i < 8; i++)
        number = number << 8 | bytes.data[i];
    return number;
}

/* --- The viewer ----------------------------------------------------------------------------------- */

static void look(struct show *show)
{
    struct room *room = player_room(show->player);
    struct frames *frames = shared_frames();
    bool more = room_frame_due(room);
    for (bool tick = true; more; tick = false) {
        if (!frames_begin(frames, room))
            return;
        struct frame frame = frames_next(frames, show->viewer.seat);
        if (frame.message != NULL)
            demand(member_receive(&show->viewer, (struct bytes){frame.message, frame.length}) ==
                   STATUS_OK);
        frames_end(frames, tick);
        more = frame.more;
    }
    demand(!room_frame_due(room) || member_agrees(&show->viewer, room));
}

static void ask(struct show *show, struct bytes what)
{
    static const char *const names[] = {"playing", "speed", "skip", "seek", "from", "until"};
    uint8_t message[64];
    struct writer writer = writer_on(message, sizeof message);
    if (what.length == 0)
        return;
    unsigned field = what.data[0] % 6;
    struct bytes rest = {what.data + 1, what.length - 1};
    int64_t number = (int64_t)(number_of(rest) & (uint64_t)INTEGER_MAX);
    pack_array(&writer, 2);
    pack_integer(&writer, 1);
    pack_array(&writer, 1);
    pack_array(&writer, 5);
    pack_integer(&writer, 1);
    pack_string(&writer, bytes_of("replay"));
    pack_string(&writer, bytes_of("player"));
    pack_string(&writer, bytes_of(names[field]));
    if (field % 2 == 0 && field < 4)
        pack_bool(&writer, number & 1);
    else
        pack_integer(&writer, number);
    demand(writer.status == STATUS_OK);
    enum status status =
        room_submit(player_room(show->player), show->viewer.seat, writer_bytes(&writer));
    demand(status == STATUS_OK || status == STATUS_LIMIT ||
           (status == STATUS_MEMORY && show->counted.refused));
}

/* --- The player ----------------------------------------------------------------------------------- */

static struct recorded what_follows(const struct show *show, uint64_t tick, struct bytes how)
{
    unsigned reach = how.length > 0 ? how.data[0] : 64;
    return (struct recorded){
        .log = show->log, .track = show->track, .to = tick + reach, .end = reach % 2 == 1};
}

static void bring(struct show *show, struct bytes how)
{
    struct player_wish wish = show->under_way;
    show->under_way = (struct player_wish){0};
    if (wish.wants == PLAYER_NOTHING)
        return;
    bool gap = how.length > 1;
    if (wish.wants == PLAYER_MORE && !gap) {
        player_feed(show->player, what_follows(show, wish.tick, how));
        return;
    }
    struct replay moment = replay_begin(&show->options, &fuzzed_kinds);
    enum status status = replay_log(&moment, show->moment);
    demand(status != STATUS_MEMORY || show->counted.refused);
    uint64_t tick = moment.room != NULL ? room_tick_number(moment.room) : 0;
    player_load(show->player, &moment, what_follows(show, gap ? tick : wish.tick, how));
    demand(moment.room == NULL);
}

static void tick(struct show *show)
{
    struct room *room = player_room(show->player);
    enum status status = room_prepare(room);
    demand(status == STATUS_OK || (status == STATUS_MEMORY && show->counted.refused));
    if (status != STATUS_OK)
        return;
    player_tick(show->player);
    look(show);
    struct player_wish wish = player_wish(show->player);
    if (wish.wants == PLAYER_NOTHING)
        return;
    demand(show->under_way.wants == PLAYER_NOTHING);
    show->under_way = wish;
    player_asked(show->player);
}

static void tick_times(struct show *show, unsigned times)
{
    for (unsigned i = 0; i < times && show->ticks < TICKS_MOST; i++, show->ticks++)
        tick(show);
}

static void take_step(struct show *show, uint8_t what, struct bytes bytes)
{
    switch ((enum step)(what % STEP_COUNT)) {
    case STEP_MOMENT:
        show->moment = bytes;
        break;
    case STEP_LOG:
        show->log = bytes;
        break;
    case STEP_TRACK:
        show->track = bytes;
        break;
    case STEP_BRING:
        bring(show, bytes);
        break;
    case STEP_REFUSE:
        if (show->under_way.wants != PLAYER_NOTHING)
            player_fail(show->player, "it is not there");
        show->under_way = (struct player_wish){0};
        break;
    case STEP_TICKS:
        tick_times(show, bytes.length > 0 ? bytes.data[0] : 1);
        break;
    case STEP_ASK:
        ask(show, bytes);
        break;
    case STEP_EXTEND:
        player_extend(show->player, number_of(bytes) >> 1, what & 0x80);
        break;
    case STEP_MEMORY:
        show->counted.blocks = bytes.length > 0 ? bytes.data[0] : UINT32_MAX;
        break;
    case STEP_COUNT:
        break;
    }
}

static bool begin(struct show *show, uint8_t choice)
{
    enum status status;
    const struct player_options options = {.rules = fuzzed_kinds.rules[choice % 4],
                                           .memory = counted_memory(&show->counted),
                                           .incarnation = 1,
                                           .grace_ticks = 4,
                                           .first = 1,
                                           .last = LAST,
                                           .tick = 1,
                                           .grows = choice & 4};
    show->player = player_create(&options, &status);
    demand(show->player != NULL && status == STATUS_OK);
    member_create(&show->viewer, 0x5a);
    struct hello hello = member_hello(&show->viewer);
    return member_join(&show->viewer, player_room(show->player), &hello, ROLE_ADMIN, NULL, NULL) ==
           STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct show show = {.counted = {.most = MEMORY_MOST, .blocks = UINT32_MAX}};
    show.options = (struct room_options){
        .rules = &kind_open, .grace_ticks = 4, .memory = counted_memory(&show.counted)};
    struct steps steps = steps_on(data, size);
    struct bytes bytes;
    uint8_t what;
    demand(begin(&show, size > 0 ? data[0] : 0));
    tick_times(&show, 1);
    while (steps_next(&steps, &what, &bytes))
        take_step(&show, what, bytes);
    show.counted.blocks = UINT32_MAX;
    tick_times(&show, 2);
    player_destroy(show.player);
    member_destroy(&show.viewer);
    demand(show.counted.held == 0);
    return 0;
}
