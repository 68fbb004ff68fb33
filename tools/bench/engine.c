/* engine.c - the engine alone: bytes and time of a room of moving cursors, no sockets.
 *
 *   bench_engine [--members N] [--seconds S] [--show]
 *
 * Every member moves like a hand does (hand.h), 20 times a second, in half pixels, in the kind
 * `cursors`. Prints the payload of frames for each cursor that moved (message head and section
 * included, and again with the WebSocket header), what a member sends, and the processor time of a
 * tick with its frames. --show prints one frame byte by byte. Instructions: run it under
 * `valgrind --tool=callgrind`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sync/frame.h"
#include "sync/kinds.h"
#include "sync/room.h"
#include "tools/bench/hand.h"

#define HZ 20

struct member {
    struct hand hand;
    int32_t x, y; /* as sent last */
    uint32_t seat;
    bool placed;
};

struct totals {
    uint64_t frames, frame_bytes, moved, sent, sent_bytes;
    uint64_t prepare_ns, tick_ns, frames_ns, ticks;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "bench_engine: %s\n", what);
    exit(EXIT_FAILURE);
}

static void join(struct room *room, struct member *member, uint32_t number)
{
    struct hello hello = {.version = WIRE_VERSION};
    uint8_t user[32];
    struct writer writer = writer_on(user, sizeof user);
    pack_map(&writer, 1);
    pack_string(&writer, bytes_of("name"));
    pack_string(&writer, bytes_of("Member"));
    hello.user = writer_bytes(&writer);
    memcpy(hello.key, &number, sizeof number);
    must(room_join(room, &hello, ROLE_EDITOR, &member->seat) == STATUS_OK, "cannot join");
    hand_init(&member->hand, number + 1);
}

/* One step of the hand; true when it moved by half a pixel or more. */
static bool move(struct room *room, struct member *member, struct totals *totals)
{
    uint8_t bytes[32];
    struct writer writer = writer_on(bytes, sizeof bytes);
    hand_move(&member->hand, 1.0 / HZ);
    int64_t dx = member->hand.x - member->x;
    int64_t dy = member->hand.y - member->y;
    if (member->placed && dx == 0 && dy == 0)
        return false;
    if (member->placed) {
        unsigned mask = (dx != 0 ? 4u : 0u) | (dy != 0 ? 8u : 0u);
        pack_array(&writer, 1 + (uint32_t)__builtin_popcount(mask));
        pack_integer(&writer, CLIENT_MOVED + mask);
        if (dx != 0)
            pack_integer(&writer, (int64_t)zigzag(dx));
        if (dy != 0)
            pack_integer(&writer, (int64_t)zigzag(dy));
    } else {
        pack_array(&writer, 5);
        pack_integer(&writer, CLIENT_PRESENCE);
        pack_string(&writer, bytes_of("x"));
        pack_integer(&writer, member->hand.x);
        pack_string(&writer, bytes_of("y"));
        pack_integer(&writer, member->hand.y);
    }
    member->placed = true;
    member->x = member->hand.x;
    member->y = member->hand.y;
    must(room_submit(room, member->seat, writer_bytes(&writer)) == STATUS_OK, "refused");
    totals->sent++;
    totals->sent_bytes += writer.length + 6; /* header and mask of RFC 6455 */
    return true;
}

static void show(const struct frame *frame, uint64_t moved)
{
    printf("a frame of %zu bytes for %llu cursors that moved:", frame->length,
           (unsigned long long)moved);
    for (size_t i = 0; i < frame->length; i++)
        printf("%s%02x", i % 24 == 0 ? "\n  " : " ", frame->message[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    uint32_t members = 50;
    unsigned seconds = 60;
    bool showing = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--members") == 0 && i + 1 < argc)
            members = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--show") == 0)
            showing = true;
        else
            must(false, "usage: bench_engine [--members N] [--seconds S] [--show]");
    }
    struct room *room =
        room_create(&(struct room_options){.rules = &kind_cursors, .incarnation = 1});
    struct frames *frames = frames_create(&(struct memory){0});
    struct member *list = calloc(members, sizeof *list);
    must(room != NULL && frames != NULL && list != NULL, "no memory");
    for (uint32_t i = 0; i < members; i++)
        join(room, &list[i], i);

    struct totals totals = {0};
    for (unsigned tick = 0; tick < seconds * HZ; tick++) {
        uint64_t moved = 0;
        if (tick == HZ) /* everyone has joined and loaded */
            totals = (struct totals){0};
        for (uint32_t i = 0; i < members; i++)
            moved += move(room, &list[i], &totals) ? 1 : 0;
        uint64_t start = now_ns();
        must(room_prepare(room) == STATUS_OK, "no memory");
        uint64_t prepared = now_ns();
        room_tick(room);
        uint64_t ticked = now_ns();
        if (frames_begin(frames, room)) {
            for (uint32_t i = 0; i < members; i++) {
                struct frame frame;
                do {
                    frame = frames_next(frames, list[i].seat);
                    if (frame.message == NULL)
                        break;
                    totals.frames++;
                    totals.frame_bytes += frame.length;
                    totals.moved += moved;
                    if (showing && i == 0 && tick == seconds * HZ - 1)
                        show(&frame, moved);
                } while (frame.more);
            }
            frames_end(frames, true);
        }
        totals.prepare_ns += prepared - start;
        totals.tick_ns += ticked - prepared;
        totals.frames_ns += now_ns() - ticked;
        totals.ticks++;
    }
    double frame_count = (double)totals.frames;
    double bytes = (double)totals.frame_bytes;
    double moved = (double)totals.moved;
    double header = bytes / frame_count < 126 ? 2 : 4;
    double tick_us = 1e3 * (double)totals.ticks;
    printf("members %u, cursors that moved per frame %.1f\n", members, moved / frame_count);
    printf("payload per moving cursor %.3f bytes, with the WebSocket header %.3f\n", bytes / moved,
           (bytes + header * frame_count) / moved);
    printf("a member sends %.1f bytes a second, WebSocket framing included\n",
           (double)totals.sent_bytes / (double)totals.ticks * HZ / members);
    printf("per tick: prepare %.1f us, tick %.1f us, frames for all %.1f us\n",
           (double)totals.prepare_ns / tick_us, (double)totals.tick_ns / tick_us,
           (double)totals.frames_ns / tick_us);
    printf("room: %llu bytes of state, %llu taken\n", (unsigned long long)room_bytes(room),
           (unsigned long long)room_footprint(room));
    free(list);
    frames_destroy(frames);
    room_destroy(room);
    return EXIT_SUCCESS;
}
