#include "tests/screening.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "sync/hash.h"
#include "tests/helpers.h"
#include "tests/shown.h"

static uint64_t last_of(const struct screening *screening)
{
    return screening->last > 0 ? screening->last : screening->recording->last;
}

void screening_open(struct screening *screening, uint64_t tick)
{
    enum status status;
    screening->player = player_create(&(struct player_options){.rules = screening->options->rules,
                                                               .incarnation = 1,
                                                               .first = 1,
                                                               .last = last_of(screening),
                                                               .tick = tick},
                                      &status);
    ck_assert_int_eq(status, STATUS_OK);
    screening->frames = frames_create(&(struct memory){0});
    screening->viewer_count = 0;
    screening->under_way = (struct player_wish){0};
    screening->brought = 0;
}

void screening_close(struct screening *screening)
{
    for (uint32_t i = 0; i < screening->viewer_count; i++)
        replica_destroy(screening->replicas[i]);
    frames_destroy(screening->frames);
    player_destroy(screening->player);
}

uint32_t screening_viewer(struct screening *screening)
{
    uint32_t viewer = screening->viewer_count++;
    ck_assert_uint_lt(viewer, SCREENING_VIEWERS_MAX);
    screening->seats[viewer] = join(player_room(screening->player), 100 + viewer, ROLE_OWNER);
    screening->replicas[viewer] = replica_create(&(struct memory){0});
    replica_welcome(screening->replicas[viewer], 0, false);
    return viewer;
}

static struct recorded behind(const struct screening *screening, uint64_t tick)
{
    uint64_t to = tick + screening->reach;
    bool gap = screening->lost > 0 && tick <= screening->lost && to > screening->lost;
    to = to < last_of(screening) ? to : last_of(screening);
    to = gap ? screening->lost : to;
    return (struct recorded){.log = recording_log(screening->recording, tick, to),
                             .track = recording_track(screening->recording, tick, to),
                             .to = to,
                             .end = to == last_of(screening)};
}

static void bring_moment(struct screening *screening, uint64_t tick)
{
    struct replay moment =
        recording_replay(screening->recording, tick, screening->options, screening->kinds);
    player_load(screening->player, &moment, behind(screening, tick));
    ck_assert_ptr_null(moment.room);
}

void screening_bring(struct screening *screening)
{
    struct player_wish wish = screening->under_way;
    screening->under_way = (struct player_wish){0};
    screening->brought++;
    if (wish.wants == PLAYER_MOMENT)
        bring_moment(screening, wish.tick);
    else if (wish.tick == screening->lost && screening->lost > 0)
        bring_moment(screening, screening->found);
    else
        player_feed(screening->player, behind(screening, wish.tick));
}

static void show(struct screening *screening)
{
    struct room *room = player_room(screening->player);
    if (!room_frame_due(room) || !frames_begin(screening->frames, room))
        return;
    for (uint32_t i = 0; i < screening->viewer_count; i++) {
        if ((screening->choked >> i & 1) != 0) {
            frames_skip(screening->frames, screening->seats[i]);
            continue;
        }
        struct frame frame = frames_next(screening->frames, screening->seats[i]);
        if (frame.message != NULL)
            frame_apply(screening->replicas[i], (struct bytes){frame.message, frame.length});
    }
    frames_end(screening->frames, true);
    for (uint32_t i = 0; i < screening->viewer_count; i++)
        if (replica_complete(screening->replicas[i]) && (screening->choked >> i & 1) == 0)
            ck_assert_uint_eq(replica_hash(screening->replicas[i]),
                              room_hash(room, screening->seats[i]));
}

void screening_tick(struct screening *screening)
{
    struct room *room = player_room(screening->player);
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    player_tick(screening->player);
    expect_sound(room);
    show(screening);
    struct player_wish wish = player_wish(screening->player);
    if (wish.wants == PLAYER_NOTHING)
        return;
    ck_assert_int_eq(screening->under_way.wants, PLAYER_NOTHING);
    screening->under_way = wish;
    player_asked(screening->player);
    ck_assert_int_eq(player_wish(screening->player).wants, PLAYER_NOTHING);
    if (!screening->holds)
        screening_bring(screening);
}

void screening_ticks(struct screening *screening, unsigned ticks)
{
    for (unsigned i = 0; i < ticks; i++)
        screening_tick(screening);
}

enum status screening_say(struct screening *screening, uint32_t viewer, const char *pairs)
{
    char message[256];
    struct room *room = player_room(screening->player);
    uint64_t before[STATUS_COUNT];
    for (int i = 0; i < STATUS_COUNT; i++)
        before[i] = room_refusals(room)[i];
    snprintf(message, sizeof message, "[1 [[1 'replay' 'player' %s]]]", pairs);
    ck_assert_int_eq(submit(room, screening->seats[viewer], message), STATUS_OK);
    screening_tick(screening);
    for (int i = 0; i < STATUS_COUNT; i++)
        if (room_refusals(room)[i] > before[i])
            return (enum status)i;
    return STATUS_OK;
}

int64_t screening_number(const struct screening *screening, const char *field)
{
    uint8_t packed[128];
    size_t length = read_field(player_room(screening->player), "replay", 0, "player", field, packed,
                               sizeof packed);
    struct reader reader = reader_on((struct bytes){packed, length});
    if (length == 0)
        return -1;
    return read_type(&reader) == PACK_BOOL ? (int64_t)read_bool(&reader) : read_integer(&reader);
}

void screening_expect(const struct screening *screening)
{
    uint64_t tick = (uint64_t)screening_number(screening, "tick");
    ck_assert_msg(shown_hash(player_room(screening->player)) ==
                      recording_shown(screening->recording, tick),
                  "tick %u is not shown as it was", (unsigned)tick);
}
