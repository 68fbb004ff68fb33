#include "sync/player.h"

#include <assert.h>
#include <string.h>

#include "sync/follow.h"
#include "sync/frame.h"
#include "sync/reel.h"
#include "sync/room_parts.h"

/* The collection, its record, and the record's fields. */
static const char replay_name[] = "replay";
static const char player_id[] = "player";

enum replay_field {
    REPLAY_PLAYING, /* what members ask for */
    REPLAY_SPEED,
    REPLAY_SKIP,
    REPLAY_SEEK,
    REPLAY_FROM,
    REPLAY_UNTIL,
    REPLAY_TICK, /* what the player tells */
    REPLAY_WALL,
    REPLAY_INCARNATION,
    REPLAY_FIRST,
    REPLAY_LAST,
    REPLAY_HZ,
    REPLAY_STATE,
    REPLAY_REASON,
    REPLAY_LIVE,
    REPLAY_FIELDS
};
#define REPLAY_ASKED ((UINT32_C(1) << REPLAY_TICK) - 1)

enum replay_state {
    REPLAY_READY,
    REPLAY_LOADING,
    REPLAY_FAILED
};

/* Why it stands still. */
static const char damaged[] = "the recording is damaged";

#define TICKS .type = FIELD_INT, .maximum = INTEGER_MAX

static const struct field_rules replay_fields[REPLAY_FIELDS] = {
    [REPLAY_PLAYING] = {.name = "playing", .type = FIELD_BOOL},
    [REPLAY_SPEED] = {.name = "speed",
                      .type = FIELD_INT,
                      .minimum = 1,
                      .maximum = PLAYER_SPEED_MAX},
    [REPLAY_SKIP] = {.name = "skip", .type = FIELD_BOOL},
    [REPLAY_SEEK] = {.name = "seek", TICKS},
    [REPLAY_FROM] = {.name = "from", TICKS},
    [REPLAY_UNTIL] = {.name = "until", TICKS},
    [REPLAY_TICK] = {.name = "tick", TICKS},
    [REPLAY_WALL] = {.name = "wall", TICKS},
    [REPLAY_INCARNATION] = {.name = "incarnation", TICKS},
    [REPLAY_FIRST] = {.name = "first", TICKS},
    [REPLAY_LAST] = {.name = "last", TICKS},
    [REPLAY_HZ] = {.name = "hz", .type = FIELD_INT, .maximum = TICK_HZ_MAX},
    [REPLAY_STATE] = {.name = "state", .type = FIELD_INT, .maximum = REPLAY_FAILED},
    [REPLAY_REASON] = {.name = "reason", .type = FIELD_STRING, .maximum = ROOM_REASON_BYTES_MAX},
    [REPLAY_LIVE] = {.name = "live", .type = FIELD_BOOL},
};

/* A speed that is as it was, in quarters. */
#define SPEED_SAME 4u

/* Ticks that one of the fastest takes: a seek so far forward is a step, which goes on. */
#define STEP_TICKS (PLAYER_SPEED_MAX / SPEED_SAME)

/* Of playing: what follows is asked for when there is less of it. */
#define AHEAD_SECONDS 3u

/* A stretch in which nothing happens is passed over from here on. */
#define IDLE_SECONDS 2u

/* So near to the end of a recording that grows it is live: what is written down is read a moment later. */
#define LIVE_SECONDS 2u

/* Another moment is compared with all that is shown, in the time of every room: so much of it in a second, while
 * members may ask in each tick. */
#define COMPARED_BYTES_PER_SECOND (32u << 20)

/* So long those who have another moment wait for the others who look, so that all show it in the same frame. */
#define GATHER_MS 250u

/* Puts of one tick: seek, playing, what is told. */
#define PUTS      4u
#define PUT_BYTES (ROOM_REASON_BYTES_MAX + 64u)

struct player {
    struct memory memory;
    const struct rules *kind; /* of the recorded room */
    struct rules rules;
    struct collection_rules collections[COLLECTIONS_MAX];
    struct room *room;
    struct follow follow;
    struct reel reel, next; /* `next`: behind a gap, where that has come */
    uint64_t first, last;   /* of the recording */
    bool grows;
    bool jumped;       /* the replay's room has not merely gone on since it was shown */
    bool starved;      /* it stands still since what follows is not there */
    uint32_t quarters; /* of a tick, played already */
    uint64_t rests_to; /* before this tick of its room it goes to no other moment by itself */

    struct player_wish wish, asked; /* what it lacks; what is being fetched */
    bool failed;
    uint32_t reason_bytes;
    char reason[ROOM_REASON_BYTES_MAX];
};

/* --- The replay room ------------------------------------------------------------------------------ */

static int replay_number(const struct room *room)
{
    return (int)room->rules->collection_count - 1;
}

static enum status accept(struct room *room, const struct edit_view *edit)
{
    bool asks = (edit->verb == VERB_PUT || edit->verb == VERB_SET) &&
                edit->target == replay_number(room) && !edit->makes &&
                (edit->changes & ~REPLAY_ASKED) == 0;
    return asks ? STATUS_OK : STATUS_DENIED;
}

/* The recorded kind's tables without its rules. */
static bool derive_rules(struct player *player, const struct rules *kind)
{
    char error[RULES_ERROR_BYTES];
    uint32_t count = kind->collection_count;
    if (count == COLLECTIONS_MAX)
        return false;
    memcpy(player->collections, kind->collections, count * sizeof player->collections[0]);
    player->collections[count] = (struct collection_rules){
        .name = replay_name, .fields = replay_fields, .field_count = REPLAY_FIELDS};
    player->rules = (struct rules){.name = kind->name,
                                   .tick_hz = kind->tick_hz,
                                   .frame_hz = kind->frame_hz,
                                   .collections = player->collections,
                                   .collection_count = count + 1,
                                   .events = kind->events,
                                   .event_count = kind->event_count,
                                   .tick_records = PUTS,
                                   .tick_bytes = PUT_BYTES,
                                   .accept = accept};
    return rules_check(&player->rules, error, sizeof error);
}

static void put(struct player *player, const struct field_value *values, uint32_t count)
{
    enum status status =
        room_put(player->room, replay_number(player->room), 0, bytes_of(player_id), values, count);
    assert(status == STATUS_OK);
    (void)status;
}

static void put_number(struct player *player, uint32_t field, int64_t number)
{
    put(player, &(struct field_value){.field = field, .number = number}, 1);
}

static bool asked_number(const struct player *player, uint32_t field, int64_t *number)
{
    return room_number(player->room, replay_number(player->room), 0, bytes_of(player_id), field,
                       number);
}

/* Of a field that is unset: what it is then. */
static uint64_t asked_or(const struct player *player, uint32_t field, uint64_t otherwise)
{
    int64_t number;
    return asked_number(player, field, &number) ? (uint64_t)number : otherwise;
}

/* --- What it tells -------------------------------------------------------------------------------- */

static uint64_t ms_of(const struct player *player, uint64_t ticks)
{
    return ticks * 1000 / player->rules.tick_hz;
}

/* Counted from the entry before; from the one to come where there was none. 0: there is neither. */
static uint64_t wall_ms(struct player *player)
{
    struct reel *reel = &player->reel;
    if (reel->entry_wall_ms > 0)
        return reel->entry_wall_ms + ms_of(player, reel->at - reel->entry_tick);
    const struct tape *tape = reel_next(reel);
    if (tape_tick(tape) == TAPE_END || tape_tick(tape) < reel->at)
        return 0;
    uint64_t lead = ms_of(player, tape_tick(tape) - reel->at);
    return tape->next.wall_ms > lead ? tape->next.wall_ms - lead : 0;
}

static enum replay_state state_of(const struct player *player)
{
    if (player->failed)
        return REPLAY_FAILED;
    bool loading = !reel_is_loaded(&player->reel) || player->wish.wants == PLAYER_MOMENT;
    return loading || player->starved ? REPLAY_LOADING : REPLAY_READY;
}

static struct bytes pack_reason(const struct player *player, uint8_t *packed, size_t size)
{
    struct writer writer = writer_on(packed, size);
    struct bytes reason = {(const uint8_t *)player->reason, player->reason_bytes};
    if (player->failed)
        pack_string(&writer, reason);
    else
        pack_nil(&writer);
    return writer_bytes(&writer);
}

static int64_t clamped(uint64_t number)
{
    return number < (uint64_t)INTEGER_MAX ? (int64_t)number : INTEGER_MAX;
}

static bool is_live(const struct player *player)
{
    return reel_is_loaded(&player->reel) && player->grows &&
           player->last - player->reel.at <= (uint64_t)LIVE_SECONDS * player->rules.tick_hz;
}

/* What changes all the time changes in the ticks that send frames. */
static void tell(struct player *player)
{
    uint8_t packed[ROOM_REASON_BYTES_MAX + 8];
    const struct room *shown = player->reel.replay.room;
    const struct field_value values[] = {
        {.field = REPLAY_TICK, .number = clamped(player->reel.at)},
        {.field = REPLAY_WALL, .number = clamped(wall_ms(player))},
        {.field = REPLAY_INCARNATION,
         .number = shown == NULL ? 0 : clamped(room_incarnation(shown))},
        {.field = REPLAY_FIRST, .number = clamped(player->first)},
        {.field = REPLAY_LAST, .number = clamped(player->last)},
        {.field = REPLAY_HZ, .number = player->rules.tick_hz},
        {.field = REPLAY_STATE, .number = state_of(player)},
        {.field = REPLAY_LIVE, .number = is_live(player)},
        {.field = REPLAY_REASON, .packed = pack_reason(player, packed, sizeof packed)},
    };
    if (room_frame_due(player->room))
        put(player, values, sizeof values / sizeof values[0]);
}

/* --- Life ----------------------------------------------------------------------------------------- */

static uint64_t within(const struct player *player, uint64_t tick)
{
    tick = tick < player->last ? tick : player->last;
    return tick > player->first ? tick : player->first;
}

static bool make_room(struct player *player, const struct player_options *options)
{
    player->room = room_create(&(struct room_options){.rules = &player->rules,
                                                      .limits = options->limits,
                                                      .incarnation = options->incarnation,
                                                      .seed = options->seed,
                                                      .grace_ticks = options->grace_ticks,
                                                      .memory = options->memory});
    if (player->room == NULL || room_prepare(player->room) != STATUS_OK)
        return false;
    player->room->last_member = FOLLOW_OWN_MEMBERS - 1;
    const struct field_value values[] = {{.field = REPLAY_PLAYING, .number = 0},
                                         {.field = REPLAY_SPEED, .number = SPEED_SAME},
                                         {.field = REPLAY_SKIP, .number = 0}};
    put(player, values, sizeof values / sizeof values[0]);
    tell(player);
    return true;
}

struct player *player_create(const struct player_options *options, enum status *status)
{
    struct player *player = memory_allocate(&options->memory, sizeof *player);
    *status = STATUS_MEMORY;
    if (player == NULL)
        return NULL;
    *player = (struct player){.memory = options->memory,
                              .kind = options->rules,
                              .first = options->first,
                              .last = options->last,
                              .grows = options->grows};
    player->reel.at = within(player, options->tick);
    player->wish = (struct player_wish){PLAYER_MOMENT, player->reel.at, options->tick_incarnation};
    if (!derive_rules(player, options->rules))
        *status = STATUS_KIND;
    else if (make_room(player, options))
        *status = STATUS_OK;
    if (*status == STATUS_OK)
        return player;
    player_destroy(player);
    return NULL;
}

void player_destroy(struct player *player)
{
    if (player == NULL)
        return;
    struct memory memory = player->memory;
    reel_free(&player->reel, &memory);
    reel_free(&player->next, &memory);
    room_destroy(player->room);
    memory_release(&memory, player);
}

struct room *player_room(struct player *player)
{
    return player->room;
}

/* --- Playing -------------------------------------------------------------------------------------- */

static void fail(struct player *player, const char *reason)
{
    struct bytes text = bytes_of(reason);
    if (text.length > ROOM_REASON_BYTES_MAX) {
        text.length = ROOM_REASON_BYTES_MAX;
        while (text.length > 0 && (text.data[text.length] & 0xc0) == 0x80)
            text.length--;
    }
    memcpy(player->reason, text.data, text.length);
    player->reason_bytes = (uint32_t)text.length;
    player->failed = true;
    player->wish = (struct player_wish){0};
}

/* All entries up to this tick. */
static void play_to(struct player *player, uint64_t tick)
{
    struct reel *reel = &player->reel;
    struct tape *tape = reel_next(reel);
    for (; reel_status(reel) == STATUS_OK && tape_tick(tape) <= tick; tape = reel_next(reel))
        player->jumped |= reel_play(reel, tape);
    reel->at = tick;
    if (reel_status(reel) == STATUS_MEMORY)
        fail(player, status_text(STATUS_MEMORY));
    else if (reel_status(reel) != STATUS_OK)
        fail(player, damaged);
}

static bool rests(const struct player *player)
{
    return player->room->tick < player->rests_to;
}

/* It has compared two moments. */
static void rest(struct player *player)
{
    uint64_t bytes = room_bytes(player->room);
    player->rests_to =
        player->room->tick + bytes * player->rules.tick_hz / COMPARED_BYTES_PER_SECOND;
}

/* Shows another tick: of what is there, or as soon as it is there. */
static void go_to(struct player *player, uint64_t tick)
{
    bool here = reel_is_loaded(&player->reel) && !player->failed && tick >= player->reel.at &&
                tick <= player->reel.to;
    player->quarters = 0;
    player->failed = false;
    if (!here) {
        player->wish = (struct player_wish){.wants = PLAYER_MOMENT, .tick = tick};
        return;
    }
    if (player->wish.wants == PLAYER_MOMENT)
        player->wish = (struct player_wish){0};
    player->jumped |= tick - player->reel.at > STEP_TICKS;
    play_to(player, tick);
}

static void take_seek(struct player *player)
{
    static const uint8_t nil[] = {0xc0};
    int64_t tick;
    if (rests(player) || !asked_number(player, REPLAY_SEEK, &tick))
        return;
    put(player, &(struct field_value){.field = REPLAY_SEEK, .packed = {nil, sizeof nil}}, 1);
    go_to(player, within(player, (uint64_t)tick));
}

/* Where a stretch in which nothing happens ends. */
static uint64_t behind_idle(struct player *player)
{
    uint64_t log = tape_busy(&player->reel.log), track = tape_busy(&player->reel.track);
    uint64_t busy = log < track ? log : track;
    if (busy == TAPE_END)
        busy = player->reel.to + 1;
    bool idle = busy > player->reel.at + IDLE_SECONDS * player->rules.tick_hz;
    return idle ? busy - 1 : player->reel.at;
}

/* The tick that this one of the room is to show. */
static uint64_t tick_due(struct player *player)
{
    player->quarters += (uint32_t)asked_or(player, REPLAY_SPEED, SPEED_SAME);
    uint64_t due = player->reel.at + player->quarters / SPEED_SAME;
    player->quarters %= SPEED_SAME;
    uint64_t busy = asked_or(player, REPLAY_SKIP, 0) != 0 ? behind_idle(player) : 0;
    return busy > due ? busy : due;
}

/* Where it goes back to `from`; TAPE_END where nothing is repeated. */
static uint64_t loop_end(const struct player *player, uint64_t *from)
{
    *from = within(player, asked_or(player, REPLAY_FROM, 0));
    uint64_t until = within(player, asked_or(player, REPLAY_UNTIL, 0));
    return until > *from ? until : TAPE_END;
}

/* Over the gap. */
static void play_next(struct player *player)
{
    reel_free(&player->reel, &player->memory);
    player->reel = player->next;
    player->next = (struct reel){0};
    player->jumped = true;
    play_to(player, player->reel.at);
}

static void play(struct player *player)
{
    struct reel *reel = &player->reel;
    uint64_t from, until = loop_end(player, &from);
    player->starved = false;
    if (asked_or(player, REPLAY_PLAYING, 0) == 0)
        return;
    if (reel->at >= until) {
        if (!rests(player))
            go_to(player, from);
        return;
    }
    uint64_t due = tick_due(player);
    due = due < until ? due : until;
    due = due < player->last ? due : player->last;
    bool lacks = due > reel->to;
    if (lacks && reel->at == reel->to && reel_is_loaded(&player->next)) {
        play_next(player);
        return;
    }
    player->starved = lacks && !is_live(player);
    play_to(player, lacks ? reel->to : due);
    if (reel->at == player->last && !player->grows && until == TAPE_END)
        put_number(player, REPLAY_PLAYING, 0);
}

static void look_ahead(struct player *player)
{
    if (player->wish.wants != PLAYER_NOTHING || player->reel.end || reel_is_loaded(&player->next))
        return;
    uint64_t speed = asked_or(player, REPLAY_SPEED, SPEED_SAME);
    uint64_t quarters = (uint64_t)AHEAD_SECONDS * player->rules.tick_hz * speed;
    if (player->reel.to < player->reel.at + quarters / SPEED_SAME + STEP_TICKS)
        player->wish = (struct player_wish){.wants = PLAYER_MORE, .tick = player->reel.to};
}

/* Without memory it shows all of it in the next tick. */
static void follow(struct player *player)
{
    bool compares = player->jumped;
    player->jumped =
        room_follow(&player->follow, player->room, player->reel.replay.room, compares) != STATUS_OK;
    if (!compares)
        return;
    rest(player);
    frames_gather(player->room, GATHER_MS * player->rules.tick_hz / 1000);
}

void player_tick(struct player *player)
{
    room_tick(player->room);
    take_seek(player);
    bool loaded = reel_is_loaded(&player->reel);
    bool shown = loaded && !player->jumped; /* another moment is shown before it goes on */
    if (shown && !player->failed && player->wish.wants != PLAYER_MOMENT)
        play(player);
    if (loaded && !player->failed)
        look_ahead(player);
    frames_gathered(player->room);
    if (loaded)
        follow(player);
    tell(player);
}

/* --- What it lacks -------------------------------------------------------------------------------- */

struct player_wish player_wish(const struct player *player)
{
    bool waits = player->asked.wants != PLAYER_NOTHING;
    return waits ? (struct player_wish){0} : player->wish;
}

void player_asked(struct player *player)
{
    assert(player->asked.wants == PLAYER_NOTHING && player->wish.wants != PLAYER_NOTHING);
    player->asked = player->wish;
}

static struct player_wish answered(struct player *player)
{
    struct player_wish asked = player->asked;
    player->asked = (struct player_wish){0};
    return asked;
}

/* What was fetched is what is wished for, and not something newer. */
static bool is_wished(const struct player *player, struct player_wish asked)
{
    return player->wish.wants == asked.wants && player->wish.tick == asked.tick;
}

static void add(struct player *player, struct reel *reel, struct recorded recorded)
{
    if (!reel_add(reel, &player->memory, recorded))
        fail(player, status_text(STATUS_MEMORY));
}

/* What was wished for has come, or what was wished for before, on the way to it. */
static void show_moment(struct player *player,
                        uint64_t tick,
                        struct replay *moment,
                        struct recorded what_follows)
{
    uint64_t wanted = player->wish.tick;
    reel_free(&player->reel, &player->memory);
    reel_free(&player->next, &player->memory);
    player->reel = reel_of(moment, tick);
    player->next = (struct reel){0};
    player->wish = (struct player_wish){0};
    player->jumped = true;
    add(player, &player->reel, what_follows);
    if (!player->failed)
        play_to(player, tick);
    if (!player->failed && wanted != tick) /* it has been sent elsewhere meanwhile */
        go_to(player, wanted);
}

/* The recording goes on behind a gap. */
static void keep_next(struct player *player, struct replay *moment, struct recorded what_follows)
{
    player->wish = (struct player_wish){0};
    if (moment->room->tick <= player->reel.to) {
        replay_abandon(moment);
        fail(player, damaged);
        return;
    }
    player->next = reel_of(moment, moment->room->tick);
    if (player->last < player->next.at)
        player->last = player->next.at;
    add(player, &player->next, what_follows);
}

void player_load(struct player *player, struct replay *moment, struct recorded what_follows)
{
    struct player_wish asked = answered(player);
    assert(asked.wants != PLAYER_NOTHING);
    if (player->wish.wants != asked.wants) {
        replay_abandon(moment);
    } else if (moment->status != STATUS_OK || moment->room == NULL ||
               moment->room->rules != player->kind) {
        replay_abandon(moment);
        fail(player, damaged);
    } else if (asked.wants == PLAYER_MOMENT) {
        show_moment(player, asked.tick, moment, what_follows);
    } else {
        keep_next(player, moment, what_follows);
    }
}

void player_feed(struct player *player, struct recorded more)
{
    struct player_wish asked = answered(player);
    assert(asked.wants == PLAYER_MORE);
    if (player->wish.wants == PLAYER_MORE)
        player->wish = (struct player_wish){0};
    if (asked.tick != player->reel.to)
        return;
    more.end |= more.to <= player->reel.to; /* who has nothing more says so */
    add(player, &player->reel, more);
}

void player_fail(struct player *player, const char *reason)
{
    struct player_wish asked = answered(player);
    if (is_wished(player, asked))
        fail(player, reason);
}

void player_extend(struct player *player, uint64_t last, bool grows)
{
    player->grows = grows;
    player->last = last > player->last ? last : player->last;
    player->reel.end &= player->last <= player->reel.to;
    player->next.end &= player->last <= player->next.to;
}
