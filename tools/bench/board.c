/* board.c - a board that many have drawn on, and how long it takes to have it.
 *
 *   bench_board fill --server 127.0.0.1:7777 --room NAME [--strokes 5000] [--points 50]
 *   bench_board join --server 127.0.0.1:7777 --room NAME
 *
 * `fill` draws the strokes of pen.h through the C client, one operation each, until all are saved.
 * `join` takes a socket of its own to the same client: prints the bytes that came until it is live,
 * WebSocket headers included, and how long the client worked on them and waited for them.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clients/c/tutti.h"
#include "tools/bench/pen.h"
#include "tools/bench/websocket.h"

#define BOARD_SEED 7u

/* Half pixels to the eighths that places have. */
#define PLACE_PER_POINT 4

struct bench {
    const char *verb, *room;
    struct sockaddr_in server;
    char url[64];
    uint32_t strokes, points;

    struct tutti_loop *loop;
    struct pen pen;
    uint32_t drawn, saved;
};

static uint64_t now_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- Filling ------------------------------------------------------------------------------------- */

/* Random ids take as much room deflated as people's own do. */
static bool draw(struct bench *bench, struct tutti_client *client)
{
    static struct pen_stroke stroke;
    static struct tutti_value numbers[3 * PEN_POINTS_MAX];
    struct tutti_pair points[3 * PEN_POINTS_MAX];
    char id[13], z[16];
    pen_draw(&bench->pen, bench->points, &stroke);
    tutti_new_id(client, id);
    snprintf(z, sizeof z, "a%05x", bench->drawn);
    for (uint32_t i = 0; i < 3 * stroke.count; i++)
        points[i] = (struct tutti_pair){"points", numbers[i] = tutti_integer(stroke.points[i])};
    const struct tutti_pair fields[] = {
        {"type", tutti_integer(0)},
        {"z", tutti_text(z)},
        {"x", tutti_real((double)(PLACE_PER_POINT * stroke.x) / 8)},
        {"y", tutti_real((double)(PLACE_PER_POINT * stroke.y) / 8)},
        {"colour", tutti_integer(bench->drawn / 40 % 6)},
        {"size", tutti_integer(8)},
    };
    const struct tutti_edit edits[] = {
        {.verb = TUTTI_PUT,
         .collection = "objects",
         .id = id,
         .fields = fields,
         .count = sizeof fields / sizeof fields[0]},
        {.verb = TUTTI_APPEND,
         .collection = "objects",
         .id = id,
         .fields = points,
         .count = 3 * stroke.count},
    };
    enum tutti_status status = tutti_submit(client, edits, 2, NULL);
    if (status == TUTTI_LIMIT)
        return false; /* enough is on its way */
    if (status != TUTTI_OK)
        errx(EXIT_FAILURE, "a stroke: %s", tutti_status_text(status));
    bench->drawn++;
    return true;
}

static void draw_on(struct bench *bench, struct tutti_client *client)
{
    struct pen before = bench->pen;
    while (bench->drawn < bench->strokes && draw(bench, client))
        before = bench->pen;
    bench->pen = before;
}

static void on_state(void *context, struct tutti_client *client, enum tutti_state state)
{
    int code;
    if (state == TUTTI_ENDED)
        errx(EXIT_FAILURE, "%s", tutti_state_reason(client, &code));
    if (state == TUTTI_LIVE)
        draw_on(context, client);
}

static void on_decided(void *context,
                       struct tutti_client *client,
                       uint64_t operation,
                       uint32_t sequence,
                       enum tutti_status status)
{
    (void)context, (void)client, (void)operation, (void)sequence;
    if (status != TUTTI_OK)
        errx(EXIT_FAILURE, "a stroke was refused: %s", tutti_status_text(status));
}

static void on_saved(void *context, struct tutti_client *client, uint64_t operation)
{
    struct bench *bench = context;
    (void)operation;
    if (++bench->saved == bench->strokes)
        tutti_leave(client);
    else
        draw_on(bench, client);
    if (bench->saved == bench->strokes)
        tutti_loop_stop(bench->loop);
}

static void fill(struct bench *bench)
{
    struct tutti_handlers handlers = {
        .context = bench, .state_changed = on_state, .decided = on_decided, .saved = on_saved};
    bench->loop = tutti_loop_create(NULL);
    struct tutti_client *client = tutti_join(bench->loop, bench->url, bench->room,
                                             &(struct tutti_options){.kind = "board"}, &handlers);
    if (client == NULL)
        errx(EXIT_FAILURE, "cannot join %s", bench->url);
    tutti_loop_run(bench->loop);
    printf("{\"strokes\": %u, \"points\": %u}\n", bench->saved, bench->points);
    tutti_destroy(client);
    tutti_loop_destroy(bench->loop);
}

/* --- Joining ------------------------------------------------------------------------------------- */

struct link {
    int fd;
    uint8_t data[2 * TUTTI_MESSAGE_BYTES_MAX];
    size_t length;
    uint64_t received, messages;
};

static void take(struct link *link)
{
    ssize_t got = recv(link->fd, link->data + link->length, sizeof link->data - link->length, 0);
    if (got <= 0)
        errx(EXIT_FAILURE, "the server has closed");
    link->length += (size_t)got;
    link->received += (uint64_t)got;
}

static void drop(struct link *link, size_t length)
{
    link->length -= length;
    memmove(link->data, link->data + length, link->length);
}

static void upgrade(struct link *link, const struct bench *bench)
{
    char request[512];
    int one = 1;
    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(link->fd, (const struct sockaddr *)&bench->server, sizeof bench->server) != 0)
        err(EXIT_FAILURE, "connect");
    int length = snprintf(request, sizeof request,
                          "GET /v1/rooms/%s HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                          "Sec-WebSocket-Protocol: " WS_SUBPROTOCOL "\r\n\r\n",
                          bench->room);
    if (send(link->fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        err(EXIT_FAILURE, "send");
    uint8_t *end;
    while ((end = memmem(link->data, link->length, "\r\n\r\n", 4)) == NULL)
        take(link);
    if (memcmp(link->data, "HTTP/1.1 101", 12) != 0)
        errx(EXIT_FAILURE, "no upgrade");
    drop(link, (size_t)(end + 4 - link->data));
    link->received = link->length;
}

static void speak(struct link *link, struct tutti_client *client, uint64_t now)
{
    static uint8_t payload[TUTTI_MESSAGE_BYTES_MAX];
    static uint8_t message[TUTTI_MESSAGE_BYTES_MAX + WS_HEADER_MAX];
    for (size_t length; (length = tutti_output(client, now, payload, sizeof payload)) > 0;) {
        size_t bytes = ws_write_masked(message, WS_BINARY, payload, length, 0x12345678);
        if (send(link->fd, message, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
            err(EXIT_FAILURE, "send");
    }
}

/* Every byte is 1: a key that no one else in the room has. */
static void fixed_bytes(void *context, uint8_t *data, size_t length)
{
    (void)context;
    memset(data, 1, length);
}

static void join(struct bench *bench)
{
    static struct link link;
    struct tutti_client *client = tutti_create(&(struct tutti_options){.random = fixed_bytes},
                                               &(struct tutti_handlers){0}, 0);
    if (client == NULL)
        errx(EXIT_FAILURE, "no memory");
    tutti_advance(client, 0);
    upgrade(&link, bench);
    uint64_t opened = now_us(CLOCK_MONOTONIC), worked = 0;
    tutti_opened(client, 0);
    while (tutti_state(client) != TUTTI_LIVE) {
        tutti_advance(client, now_us(CLOCK_MONOTONIC) - opened);
        speak(&link, client, now_us(CLOCK_MONOTONIC) - opened);
        struct ws_header header;
        while (!ws_read_header(link.data, link.length, &header) ||
               link.length < header.length + header.payload)
            take(&link);
        uint64_t began = now_us(CLOCK_PROCESS_CPUTIME_ID);
        if (header.opcode == WS_BINARY)
            tutti_received(client, now_us(CLOCK_MONOTONIC) - opened, link.data + header.length,
                           header.payload);
        worked += now_us(CLOCK_PROCESS_CPUTIME_ID) - began;
        link.messages++;
        drop(&link, header.length + header.payload);
    }
    uint64_t took = now_us(CLOCK_MONOTONIC) - opened;
    uint32_t objects = 0;
    for (const struct tutti_record *one = NULL; (one = tutti_next(client, "objects", one)) != NULL;)
        objects++;
    printf("{\"objects\": %u, \"bytes\": %llu, \"messages\": %llu, \"decode_ms\": %.1f, "
           "\"live_ms\": %.1f}\n",
           objects, (unsigned long long)(link.received - link.length),
           (unsigned long long)link.messages, (double)worked / 1000, (double)took / 1000);
    tutti_destroy(client);
    close(link.fd);
}

static void usage(void)
{
    errx(EXIT_FAILURE, "usage: bench_board fill|join --server ADDRESS:PORT --room NAME "
                       "[--strokes N] [--points N]");
}

int main(int argc, char **argv)
{
    struct bench bench = {.strokes = 5000, .points = 50, .pen = pen_of(BOARD_SEED)};
    bench.verb = argc > 1 ? argv[1] : "";
    for (int i = 2; i + 1 < argc; i += 2) {
        char address[INET_ADDRSTRLEN];
        unsigned port;
        if (strcmp(argv[i], "--server") == 0 &&
            sscanf(argv[i + 1], "%15[0-9.]:%u", address, &port) == 2 && port < 65536) {
            bench.server =
                (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
            if (inet_pton(AF_INET, address, &bench.server.sin_addr) != 1)
                usage();
            snprintf(bench.url, sizeof bench.url, "ws://%s", argv[i + 1]);
        } else if (strcmp(argv[i], "--room") == 0) {
            bench.room = argv[i + 1];
        } else if (strcmp(argv[i], "--strokes") == 0) {
            bench.strokes = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--points") == 0) {
            bench.points = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        } else {
            usage();
        }
    }
    if (bench.room == NULL || bench.server.sin_port == 0 || bench.strokes == 0 ||
        bench.points < 2 || bench.points > PEN_POINTS_MAX)
        usage();
    if (strcmp(bench.verb, "fill") == 0)
        fill(&bench);
    else if (strcmp(bench.verb, "join") == 0)
        join(&bench);
    else
        usage();
    return EXIT_SUCCESS;
}
