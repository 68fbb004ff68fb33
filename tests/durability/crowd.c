#include "tests/durability/crowd.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WRITE_PERIOD_MS 10u

/* How long a condition may take to come true: nothing is timed, but the rounds end. */
#define CHECK_PERIOD_MS 5u
#define CHECKS_MAX      18000u

uint32_t crowd_chance_below(struct crowd *crowd, uint32_t bound)
{
    return (uint32_t)nrand48(crowd->chance) % bound;
}

static void room_name(uint32_t room, char name[16])
{
    snprintf(name, 16, "room-%" PRIu32, room);
}

/* --- Waiting ------------------------------------------------------------------------------------- */

static void check_condition(void *context)
{
    struct crowd *crowd = context;
    crowd->came_true = crowd->came_true || crowd->condition(crowd);
    if (crowd->came_true || ++crowd->checks > CHECKS_MAX)
        tutti_loop_stop(crowd->loop);
}

bool crowd_wait(struct crowd *crowd, bool (*condition)(struct crowd *crowd))
{
    crowd->condition = condition;
    crowd->came_true = false;
    crowd->checks = 0;
    tutti_loop_run(crowd->loop);
    return crowd->came_true;
}

static bool time_is_over(struct crowd *crowd)
{
    return tutti_now_us() >= crowd->until_us;
}

void crowd_run_ms(struct crowd *crowd, uint32_t least, uint32_t most)
{
    uint32_t wait_ms = least + crowd_chance_below(crowd, most - least + 1);
    crowd->until_us = tutti_now_us() + UINT64_C(1000) * wait_ms;
    (void)crowd_wait(crowd, time_is_over);
}

/* --- Writing ------------------------------------------------------------------------------------- */

static void write_some(void *context)
{
    struct crowd *crowd = context;
    for (uint32_t i = 0; i < crowd->author_count; i++)
        if (crowd_chance_below(crowd, 1000) < crowd->rate)
            author_write(&crowd->authors[i], crowd->round);
}

void crowd_write(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->author_count; i++)
        author_write(&crowd->authors[i], crowd->round);
}

bool crowd_is_saved(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->author_count; i++) {
        const struct tutti_client *client = crowd->authors[i].client;
        if (tutti_state(client) != TUTTI_LIVE || tutti_unsaved(client) > 0)
            return false;
    }
    return true;
}

/* --- Newcomers ----------------------------------------------------------------------------------- */

static void on_newcomer_state(void *context, struct tutti_client *client, enum tutti_state state)
{
    struct newcomer *newcomer = context;
    (void)client;
    if (state == TUTTI_LIVE && newcomer->live_us == 0)
        newcomer->live_us = tutti_now_us();
}

void crowd_join_room(struct crowd *crowd, uint32_t room)
{
    struct newcomer *newcomer = &crowd->newcomers[room];
    char name[16];
    room_name(room, name);
    struct tutti_options fresh = {.kind = "open"};
    struct tutti_handlers handlers = {.context = newcomer, .state_changed = on_newcomer_state};
    newcomer->live_us = 0;
    newcomer->client = tutti_join(crowd->loop, crowd->url, name, &fresh, &handlers);
    ck_assert_ptr_nonnull(newcomer->client);
}

static bool newcomers_have_ended(struct crowd *crowd)
{
    for (uint32_t room = 0; room < crowd->rooms; room++)
        if (crowd->newcomers[room].client != NULL &&
            tutti_state(crowd->newcomers[room].client) != TUTTI_ENDED)
            return false;
    return true;
}

void crowd_leave_rooms(struct crowd *crowd)
{
    for (uint32_t room = 0; room < crowd->rooms; room++)
        if (crowd->newcomers[room].client != NULL)
            tutti_leave(crowd->newcomers[room].client);
    ck_assert_msg(crowd_wait(crowd, newcomers_have_ended), "fresh clients did not get away");
    for (uint32_t room = 0; room < crowd->rooms; room++) {
        tutti_destroy(crowd->newcomers[room].client);
        crowd->newcomers[room].client = NULL;
    }
}

/* --- Checking ------------------------------------------------------------------------------------ */

static bool room_is_equal(const struct crowd *crowd, uint32_t room)
{
    const struct tutti_client *reader = crowd->newcomers[room].client;
    uint32_t first = room * crowd->authors_a_room;
    if (tutti_state(reader) != TUTTI_LIVE)
        return false;
    for (uint32_t i = first; i < first + crowd->authors_a_room; i++)
        if (tutti_hash(crowd->authors[i].client) != tutti_hash(reader))
            return false;
    return true;
}

static bool all_are_equal(struct crowd *crowd)
{
    for (uint32_t room = 0; room < crowd->rooms; room++)
        if (!room_is_equal(crowd, room))
            return false;
    return true;
}

void crowd_check(struct crowd *crowd)
{
    ck_assert_msg(crowd_wait(crowd, crowd_is_saved), "round %" PRIu32 ": not all became saved",
                  crowd->round);
    for (uint32_t room = 0; room < crowd->rooms; room++)
        crowd_join_room(crowd, room);
    if (!crowd_wait(crowd, all_are_equal))
        crowd->unequal++;
    for (uint32_t room = 0; room < crowd->rooms; room++)
        authors_check(&crowd->authors[room * crowd->authors_a_room], crowd->authors_a_room,
                      crowd->newcomers[room].client, &crowd->findings);
    crowd_leave_rooms(crowd);
}

struct crowd_sums crowd_sums(const struct crowd *crowd)
{
    struct crowd_sums sums = {0};
    for (uint32_t i = 0; i < crowd->author_count; i++) {
        const struct author *author = &crowd->authors[i];
        sums.submitted += author->count;
        sums.saved += author->saved;
        sums.refused += author->refused;
        sums.uncertain += author->uncertain;
        sums.repeated += tutti_repeated(author->client);
    }
    return sums;
}

/* --- Beginning and end --------------------------------------------------------------------------- */

void crowd_begin(struct crowd *crowd,
                 uint16_t port,
                 uint32_t rooms,
                 uint32_t authors_a_room,
                 uint64_t seed)
{
    *crowd = (struct crowd){
        .rooms = rooms, .authors_a_room = authors_a_room, .author_count = rooms * authors_a_room};
    ck_assert_uint_le(rooms, CROWD_ROOMS_MAX);
    ck_assert_uint_le(crowd->author_count, CROWD_AUTHORS_MAX);
    for (int i = 0; i < 3; i++)
        crowd->chance[i] = (unsigned short)(seed >> 16 * i);
    snprintf(crowd->url, sizeof crowd->url, "ws://127.0.0.1:%u", port);
    crowd->loop = tutti_loop_create(NULL);
    ck_assert_ptr_nonnull(crowd->loop);
    tutti_loop_every(crowd->loop, CHECK_PERIOD_MS, check_condition, crowd);
    tutti_loop_every(crowd->loop, WRITE_PERIOD_MS, write_some, crowd);
    for (uint32_t i = 0; i < crowd->author_count; i++) {
        char name[16];
        room_name(i / authors_a_room, name);
        ck_assert(author_join(&crowd->authors[i], crowd->loop, crowd->url, name, i));
    }
    crowd_check(crowd);
    crowd_write(crowd);
    crowd_check(crowd);
}

void crowd_end(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->author_count; i++)
        author_leave(&crowd->authors[i]);
    tutti_loop_destroy(crowd->loop);
}
