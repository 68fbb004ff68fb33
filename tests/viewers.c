#include "tests/viewers.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"

struct room_options options;
struct room *room;
struct frames *frames;
struct replica *replicas[VIEWERS_MAX];

void setup_viewers(void)
{
    options = (struct room_options){.rules = &kind_mixed, .incarnation = 1};
    frames = frames_create(&(struct memory){0});
    ck_assert_ptr_nonnull(frames);
}

void teardown_viewers(void)
{
    for (int i = 0; i < VIEWERS_MAX; i++) {
        replica_destroy(replicas[i]);
        replicas[i] = NULL;
    }
    frames_destroy(frames);
    room_destroy(room);
    room = NULL;
}

void create(void)
{
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

uint32_t viewer(enum role role)
{
    uint32_t seat = join(room, room_members(room) + 1, role);
    replicas[seat] = replica_create(&(struct memory){0});
    replica_welcome(replicas[seat], 0, false);
    return seat;
}

/* --- A frame taken apart -------------------------------------------------------------------------- */

static struct seen take_apart(struct frame frame)
{
    struct seen seen = {.length = frame.length,
                        .shared = frame.shared,
                        .more = frame.more,
                        .at = frame.message,
                        .head = frame_head((struct bytes){frame.message, frame.length})};
    ck_assert_uint_le(frame.length, MESSAGE_BYTES_MAX);
    ck_assert_uint_le(seen.head.sections, SCOPE_COUNT);
    struct reader reader = seen.head.reader;
    for (uint32_t i = 0; i < seen.head.sections; i++) {
        struct section_seen *section = &seen.sections[i];
        uint32_t count = read_array(&reader);
        int64_t head = read_integer(&reader);
        section->scope = (int)(head / 8);
        section->flags = (int)(head % 8);
        if ((section->flags & SECTION_LOST) != 0) {
            ck_assert_uint_eq(count, 1);
            continue;
        }
        section->advance = read_integer(&reader);
        section->elements = count - 2;
        section->runs = reader;
        for (uint32_t k = 2; k < count; k++)
            read_value(&reader);
    }
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    return seen;
}

struct seen next(uint32_t seat)
{
    struct frame frame = frames_next(frames, seat);
    if (frame.message == NULL)
        return (struct seen){.at = NULL};
    struct seen seen = take_apart(frame);
    if (replicas[seat] != NULL)
        frame_apply(replicas[seat], (struct bytes){frame.message, frame.length});
    return seen;
}

const struct section_seen *section_of(const struct seen *seen, int scope)
{
    for (uint32_t i = 0; i < seen->head.sections; i++)
        if (seen->sections[i].scope == scope)
            return &seen->sections[i];
    return NULL;
}

void fill(unsigned records, unsigned from)
{
    static char edits[MESSAGE_BYTES_MAX];
    char text[900];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    for (unsigned i = 0; i < records; i++) {
        snprintf(edits, sizeof edits, "[0 'papers' 'r%u' 'text' '%s']", from + i, text);
        ck_assert_int_eq(server_edit(room, 0, edits), STATUS_OK);
    }
}

size_t catch_up(uint32_t seat)
{
    size_t bytes = 0;
    struct seen seen = {.more = true};
    while (seen.more && frames_begin(frames, room)) {
        seen = next(seat);
        frames_end(frames, false);
        bytes += seen.length;
    }
    return bytes;
}

struct seen round_for(uint32_t count)
{
    struct seen seen = {.at = NULL};
    if (!frames_begin(frames, room))
        return seen;
    for (uint32_t seat = 0; seat < count; seat++)
        seen = next(seat);
    frames_end(frames, true);
    return seen;
}

struct seen tick_for(uint32_t count)
{
    step(room);
    return round_for(count);
}

void do_one(uint32_t seat, const char *edits)
{
    ck_assert_int_eq(outcome(room, seat, edits), STATUS_OK);
}

void expect_equal(uint32_t count)
{
    for (uint32_t seat = 0; seat < count; seat++) {
        ck_assert(replica_complete(replicas[seat]));
        ck_assert_uint_eq(replica_hash(replicas[seat]), room_hash(room, seat));
    }
}
