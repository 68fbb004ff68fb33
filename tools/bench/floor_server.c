/* floor_server.c - the cheapest program that does a server's job: what every speed is measured by.
 *
 * One process, one thread, epoll, one send() for a frame, one recv() for what has arrived. It keeps
 * no state beyond the last position of each member, checks nothing that a peer of good will gets
 * right, and answers GET /stats with its own costs.
 */
#include "tools/bench/floor_room.h"
#include "tools/bench/websocket.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define INPUT_BYTES    16384u
#define EVENTS_AT_ONCE 256
#define BODY_BYTES_MAX 65536u
#define LISTEN_BACKLOG 1024
#define NANOSECONDS    1000000000L

enum mode {
    MODE_FANOUT,
    MODE_RECEIVE,
    MODE_RELAY,
    MODE_COUNT
};
static const char *const mode_names[MODE_COUNT] = {"fanout", "receive", "relay"};

struct options {
    enum mode mode;
    struct sockaddr_in address;
    long ticks_per_second;
    size_t body_bytes; /* of a frame in mode fanout */
    uint64_t seconds;  /* after which a server without clients ends */
};

struct server {
    struct floor floor;
    struct options options;
    int listener_fd, tick_fd, second_fd, signal_fd;
    uint32_t clients; /* connections, upgraded or not */
    uint64_t ticks, ticks_missed, seconds_run;
    bool ending;
    size_t fanout_length;
    uint8_t fanout[WS_HEADER_MAX + BODY_BYTES_MAX];
    uint8_t input[HELD_BYTES + INPUT_BYTES + 1]; /* room for a terminator */
};

static const char usage[] =
    "usage: floor_server [--mode fanout|receive|relay] [--listen 127.0.0.1:PORT] [--hz N]\n"
    "                    [--bytes N] [--seconds N]\n"
    "\n"
    "  --mode     fanout: one prebuilt frame of --bytes to every client, every tick\n"
    "             receive: read, unmask and count messages, send nothing\n"
    "             relay: every tick, to every member of a room, who of it moved (default)\n"
    "  --listen   an address of 127.0.0.0/8; port 0 takes a free one (default 127.0.0.1:0)\n"
    "  --hz       ticks per second (default 20)\n"
    "  --bytes    payload of a frame in mode fanout (default 100)\n"
    "  --seconds  end after so long as soon as there is no client (default 600)\n";

/* Stats */

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static int stats_write(const struct server *server, char *out, size_t capacity)
{
    const struct floor *floor = &server->floor;
    struct rusage usage_now;
    getrusage(RUSAGE_SELF, &usage_now);
    return snprintf(out, capacity,
                    "{\"mode\":\"%s\",\"cpu_user_s\":%.6f,\"cpu_system_s\":%.6f,"
                    "\"clients\":%u,\"messages_in\":%ju,\"frames_out\":%ju,\"bytes_out\":%ju,"
                    "\"updates_delivered\":%ju,\"skipped\":%ju,\"ticks\":%ju,"
                    "\"ticks_missed\":%ju}\n",
                    mode_names[server->options.mode], seconds_of(usage_now.ru_utime),
                    seconds_of(usage_now.ru_stime), server->clients, (uintmax_t)floor->messages_in,
                    (uintmax_t)floor->frames_out, (uintmax_t)floor->bytes_out,
                    (uintmax_t)floor->updates_delivered, (uintmax_t)floor->skipped,
                    (uintmax_t)server->ticks, (uintmax_t)server->ticks_missed);
}

/* Connections */

static void watch_input(struct server *server, int fd, void *tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};
    if (epoll_ctl(server->floor.epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        err(EXIT_FAILURE, "epoll_ctl");
}

static void connections_accept(struct server *server)
{
    int fd;
    while ((fd = accept4(server->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *connection = allocate(sizeof *connection);
        connection->fd = fd;
        watch_input(server, fd, connection);
        server->clients++;
    }
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        err(EXIT_FAILURE, "accept4");
}

static void connection_end(struct server *server, struct connection *connection)
{
    if (connection->room != NULL)
        room_leave(connection);
    close(connection->fd);
    free(connection->tail);
    free(connection);
    server->clients--;
}

static void answer(const struct connection *connection, const char *status, const char *body)
{
    char head[1024];
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                          status, strlen(body), body);
    (void)send(connection->fd, head, (size_t)length, MSG_NOSIGNAL);
}

static void answer_stats(const struct server *server, const struct connection *connection)
{
    char body[768];
    stats_write(server, body, sizeof body);
    answer(connection, "200 OK", body);
}

static void
upgrade(struct server *server, struct connection *connection, const char *head, const char *key)
{
    char accept[WS_ACCEPT_BYTES + 1];
    ws_accept(key, accept);
    bool offered = http_header(head, "Sec-WebSocket-Protocol") != NULL;

    char response[512];
    int length = snprintf(response, sizeof response,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
                          accept, offered ? "Sec-WebSocket-Protocol: " WS_SUBPROTOCOL "\r\n" : "");
    (void)send(connection->fd, response, (size_t)length, MSG_NOSIGNAL);

    const char *path = head + strlen("GET ");
    room_enter(room_find(&server->floor, path, strcspn(path, " \r\n")), connection);
}

/* Takes the head of a request off `data`, which ends with a terminator. False when the connection
 * is of no further use. */
static bool
request_take(struct server *server, struct connection *connection, char *data, size_t *used)
{
    char *end = strstr(data, "\r\n\r\n");
    if (end == NULL)
        return true;
    *used = (size_t)(end - data) + strlen("\r\n\r\n");

    if (strncmp(data, "GET /stats ", strlen("GET /stats ")) == 0) {
        answer_stats(server, connection);
        return false;
    }
    end[2] = '\0'; /* what follows is no part of the head */
    const char *key = http_header(data, "Sec-WebSocket-Key");
    if (strncmp(data, "GET ", strlen("GET ")) != 0 || key == NULL ||
        strcspn(key, "\r\n") != WS_KEY_BYTES) {
        answer(connection, "400 Bad Request", "{}\n");
        return false;
    }
    upgrade(server, connection, data, key);
    return true;
}

/* Takes every whole message off `data`. False when the client says goodbye. */
static bool messages_take(struct server *server,
                          struct connection *connection,
                          uint8_t *data,
                          size_t length,
                          size_t *used)
{
    struct ws_header header;
    while (ws_read_header(data + *used, length - *used, &header)) {
        if (header.payload > length - *used - header.length)
            break;
        if (header.opcode == WS_CLOSE || !header.masked)
            return false;

        uint8_t *payload = data + *used + header.length;
        ws_mask(payload, header.payload, header.mask);
        if (server->options.mode == MODE_RELAY && header.payload == POSITION_BYTES)
            room_point(connection, payload);
        server->floor.messages_in++;
        *used += header.length + header.payload;
    }
    return true;
}

/* False when the connection has ended. */
static bool connection_receive(struct server *server, struct connection *connection)
{
    uint8_t *data = server->input;
    memcpy(data, connection->held, connection->held_length);
    ssize_t got = recv(connection->fd, data + connection->held_length, INPUT_BYTES, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;

    size_t length = connection->held_length + (size_t)got;
    size_t used = 0;
    if (connection->room == NULL) {
        data[length] = '\0';
        if (!request_take(server, connection, (char *)data, &used))
            return false;
    }
    if (connection->room != NULL && !messages_take(server, connection, data, length, &used))
        return false;

    connection->held_length = length - used;
    if (connection->held_length > HELD_BYTES)
        return false;
    memcpy(connection->held, data + used, connection->held_length);
    return true;
}

static void connection_turn(struct server *server, struct connection *connection, uint32_t events)
{
    bool alive = true;
    if (events & EPOLLOUT && connection->tail != NULL)
        alive = connection_drain(&server->floor, connection);
    if (alive && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        alive = connection_receive(server, connection);
    if (!alive)
        connection_end(server, connection);
}

/* Ticks */

static int timer_open(struct timespec interval)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct itimerspec schedule = {.it_interval = interval, .it_value = interval};
    if (fd < 0 || timerfd_settime(fd, 0, &schedule, NULL) != 0)
        err(EXIT_FAILURE, "timerfd");
    return fd;
}

static uint64_t timer_take(int fd)
{
    uint64_t expirations = 0;
    return read(fd, &expirations, sizeof expirations) == sizeof expirations ? expirations : 0;
}

/* Ticks that came too late are counted, not made up for. */
static void tick(struct server *server)
{
    uint64_t expirations = timer_take(server->tick_fd);
    if (expirations == 0)
        return;
    server->ticks++;
    server->ticks_missed += expirations - 1;

    for (struct room *room = server->floor.rooms; room != NULL; room = room->next) {
        if (server->options.mode == MODE_RELAY)
            room_relay(&server->floor, room);
        else
            room_send(&server->floor, room, server->fanout, server->fanout_length);
    }
}

static void second(struct server *server)
{
    server->seconds_run += timer_take(server->second_fd);
    if (server->seconds_run > server->options.seconds && server->clients == 0)
        server->ending = true;
}

static void fanout_prepare(struct server *server)
{
    size_t header = ws_write_header(server->fanout, WS_BINARY, server->options.body_bytes);
    memset(server->fanout + header, 0x5a, server->options.body_bytes);
    server->fanout_length = header + server->options.body_bytes;
}

/* Options */

static long number_of(const char *text, const char *option, long minimum, long maximum)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < minimum || value > maximum)
        errx(EXIT_FAILURE, "--%s wants a number from %ld to %ld, not '%s'", option, minimum,
             maximum, text);
    return value;
}

static enum mode mode_of(const char *text)
{
    for (int mode = 0; mode < MODE_COUNT; mode++)
        if (strcmp(text, mode_names[mode]) == 0)
            return (enum mode)mode;
    errx(EXIT_FAILURE, "no mode '%s'\n%s", text, usage);
}

/* Loopback alone: a program that checks nothing must not be reachable. */
static struct sockaddr_in address_of(const char *text)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        errx(EXIT_FAILURE, "--listen wants ADDRESS:PORT, not '%s'", text);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    address.sin_port = htons((uint16_t)number_of(colon + 1, "listen", 0, UINT16_MAX));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        ntohl(address.sin_addr.s_addr) >> 24 != 127)
        errx(EXIT_FAILURE, "--listen wants an address of 127.0.0.0/8, not '%s'", host);
    return address;
}

static struct options options_read(int argc, char **argv)
{
    static const struct option table[] = {{"mode", required_argument, NULL, 'm'},
                                          {"listen", required_argument, NULL, 'l'},
                                          {"hz", required_argument, NULL, 'z'},
                                          {"bytes", required_argument, NULL, 'b'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct options options = {.mode = MODE_RELAY,
                              .address = address_of("127.0.0.1:0"),
                              .ticks_per_second = 20,
                              .body_bytes = 100,
                              .seconds = 600};
    int option;
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (option) {
        case 'm':
            options.mode = mode_of(optarg);
            break;
        case 'l':
            options.address = address_of(optarg);
            break;
        case 'z':
            options.ticks_per_second = number_of(optarg, "hz", 1, 1000);
            break;
        case 'b':
            options.body_bytes = (size_t)number_of(optarg, "bytes", 1, BODY_BYTES_MAX);
            break;
        case 's':
            options.seconds = (uint64_t)number_of(optarg, "seconds", 0, 86400);
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            fputs(usage, stderr);
            exit(EXIT_FAILURE);
        }
    }
    if (optind < argc)
        errx(EXIT_FAILURE, "what is '%s'?\n%s", argv[optind], usage);
    return options;
}

/* The loop */

static int listener_open(struct sockaddr_in address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    socklen_t address_bytes = sizeof address;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &address_bytes) != 0)
        err(EXIT_FAILURE, "listen");

    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
    fprintf(stderr, "info listening address=%s:%u\n", host, ntohs(address.sin_port));
    return fd;
}

static int signals_open(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        err(EXIT_FAILURE, "signalfd");
    return fd;
}

static void files_allow(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void server_open(struct server *server)
{
    files_allow();
    server->floor.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->floor.epoll_fd < 0)
        err(EXIT_FAILURE, "epoll_create1");

    server->signal_fd = signals_open();
    watch_input(server, server->signal_fd, &server->signal_fd);
    server->second_fd = timer_open((struct timespec){.tv_sec = 1});
    watch_input(server, server->second_fd, &server->second_fd);
    if (server->options.mode != MODE_RECEIVE) {
        long period_ns = NANOSECONDS / server->options.ticks_per_second;
        server->tick_fd = timer_open((struct timespec){.tv_sec = period_ns / NANOSECONDS,
                                                       .tv_nsec = period_ns % NANOSECONDS});
        watch_input(server, server->tick_fd, &server->tick_fd);
    }
    fanout_prepare(server);
    server->listener_fd = listener_open(server->options.address);
    watch_input(server, server->listener_fd, &server->listener_fd);
}

static void server_run(struct server *server)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    while (!server->ending) {
        int count = epoll_wait(server->floor.epoll_fd, events, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < count; i++) {
            void *tag = events[i].data.ptr;
            if (tag == &server->tick_fd)
                tick(server);
            else if (tag == &server->listener_fd)
                connections_accept(server);
            else if (tag == &server->second_fd)
                second(server);
            else if (tag == &server->signal_fd)
                server->ending = true;
            else
                connection_turn(server, tag, events[i].events);
        }
    }
}

int main(int argc, char **argv)
{
    static struct server server;
    server.options = options_read(argc, argv);
    server_open(&server);
    server_run(&server);

    char stats[768];
    stats_write(&server, stats, sizeof stats);
    fputs(stats, stdout);
    return EXIT_SUCCESS;
}
