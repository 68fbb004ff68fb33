#include "tests/film.h"

#include <check.h>
#include <stdio.h>

#include "tests/helpers.h"

static const struct kinds kinds = {.rules = {&kind_mixed, &kind_open}, .count = 2};
static struct room_options options;
struct recording film;
struct screening screening;

static void record(void)
{
    struct frames *frames = frames_create(&(struct memory){0});
    struct room *room = room_create(&options);
    recording_take(&film, room, false);
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    uint32_t bob = join(room, 2, ROLE_EDITOR);
    for (uint64_t tick = 2; tick <= 500; tick++) {
        char message[128];
        unsigned n = (unsigned)tick;
        bool idle = tick > 150 && tick <= 350;
        if (tick == 2)
            submit(room, ada, "[1 [[0 'shapes' 'a' 'n' 0]]]");
        else if (!idle && tick % 3 == 0) {
            snprintf(message, sizeof message,
                     "[1 [[1 'shapes' 'a' 'n' %u] "
                     "[2 'shapes' 'a' 'points']]]",
                     n);
            submit(room, ada, message);
        }
        snprintf(message, sizeof message, "[2 'x' %u 'y' %u]", n, 2 * n);
        if (!idle)
            submit(room, tick % 2 == 0 || tick > 449 ? ada : bob, message);
        if (tick == 100)
            submit(room, bob, "[1 [[5 'chat' 0 'hello']]]");
        if (tick == 450)
            room_leave(room, bob);
        if (tick % 200 == 0)
            ck_assert_int_eq(room_log_hash(room), STATUS_OK);
        step(room);
        recording_take(&film, room, tick % 100 == 1);
        if (frames_begin(frames, room)) {
            frames_next(frames, ada);
            frames_end(frames, true);
        }
    }
    room_destroy(room);
    frames_destroy(frames);
}

void film_setup(void)
{
    options = (struct room_options){.rules = &kind_mixed, .incarnation = 3, .logs = true};
    film = (struct recording){0};
    record();
    screening =
        (struct screening){.recording = &film, .options = &options, .kinds = &kinds, .reach = 100};
}

void film_teardown(void)
{
    screening_close(&screening);
    recording_forget(&film);
}

void open_at(uint64_t tick)
{
    screening_open(&screening, tick);
    screening_viewer(&screening);
    screening_viewer(&screening);
    screening_ticks(&screening, 3);
}

void says(const char *pairs)
{
    ck_assert_int_eq(screening_say(&screening, 0, pairs), STATUS_OK);
}

int64_t told(const char *field)
{
    return screening_number(&screening, field);
}

void expect_at(int64_t tick)
{
    ck_assert_int_eq(told("tick"), tick);
    screening_expect(&screening);
}
