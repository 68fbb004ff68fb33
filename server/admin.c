#include "server/admin.h"

#include "server/hub.h"
#include "sync/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "admin.sock"

enum caller_state {
    CALLER_FREE,
    CALLER_ASKS,
    CALLER_WAITS, /* for the storage, about `name` and `board` */
    CALLER_READS
};

struct caller {
    struct admin *admin;
    struct ev_io io;
    struct ev_timer patience;
    enum caller_state state;
    size_t length, sent; /* of the request; of the answer */
    char request[ADMIN_REQUEST_MAX];
    struct flush_buffer answer; /* bytes that grow */
    bool cut;                   /* there was no memory for all of the answer */
    enum storage_event_kind awaits;
    uint8_t name_length;
    uint8_t name[ROOM_NAME_MAX]; /* of a room, or on a board */
    uint8_t board_length;        /* 0: any, or none is meant */
    uint8_t board[BOARD_BYTES_MAX];
};

struct admin {
    struct ev_loop *loop;
    struct hub *hub;
    int folder;
    struct ev_io listening;
    struct caller callers[ADMIN_CONNECTIONS_MAX];
};

/* --- Callers ------------------------------------------------------------------------------------ */

static void hang_up(struct caller *caller)
{
    struct admin *admin = caller->admin;
    ev_io_stop(admin->loop, &caller->io);
    ev_timer_stop(admin->loop, &caller->patience);
    close(caller->io.fd);
    free(caller->answer.data);
    *caller = (struct caller){.admin = admin};
    ev_io_start(admin->loop, &admin->listening); /* there is a place again */
}

__attribute__((format(printf, 2, 3))) static void
say(struct caller *caller, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    struct flush_buffer *answer = &caller->answer;
    if (length < 0 || (size_t)length >= sizeof line || !flush_reserve(answer, (size_t)length)) {
        caller->cut = true;
        return;
    }
    memcpy(answer->data + answer->length, line, (size_t)length);
    answer->length += (size_t)length;
}

static void watch_for(struct caller *caller, int events)
{
    struct ev_loop *loop = caller->admin->loop;
    ev_io_stop(loop, &caller->io);
    ev_io_set(&caller->io, caller->io.fd, events);
    ev_io_start(loop, &caller->io);
    ev_timer_again(loop, &caller->patience);
}

/* The last line; from here on the answer goes out. Without memory for it the caller finds the
 * connection closed before the last line. */
static void conclude(struct caller *caller, const char *last)
{
    say(caller, "%s\n", last);
    if (caller->cut) {
        hang_up(caller);
        return;
    }
    caller->state = CALLER_READS;
    watch_for(caller, EV_WRITE);
}

/* --- Requests ----------------------------------------------------------------------------------- */

static const char *state_of(const struct room_host *host)
{
    if (host->sleep_number > 0)
        return "falling asleep";
    if (host->held)
        return "opening";
    return host->awake ? "awake" : "empty";
}

static void say_room(struct caller *caller, const struct room_host *host)
{
    const struct room *room = host->room;
    uint64_t tick = room_tick_number(room), durable = room_durable(room);
    say(caller,
        "{\"room\":\"%s\",\"kind\":\"%s\",\"state\":\"%s\",\"members\":%" PRIu32
        ",\"records\":%" PRIu32 ",\"bytes\":%" PRIu64 ",\"tick\":%" PRIu64 ",\"durable\":%" PRIu64
        ",\"unsaved\":%s,\"stored\":%s}\n",
        host->name, room_rules(room)->name, state_of(host), room_members(room), room_records(room),
        room_bytes(room), tick, durable, room_logged(room) > durable ? "true" : "false",
        room_host_leaves_trace(host) ? "true" : "false");
}

static void answer_rooms(struct caller *caller)
{
    for (const struct room_host *host = caller->admin->hub->rooms; host != NULL;
         host = host->hh.next)
        say_room(caller, host);
    conclude(caller, "ok");
}

/* The answer may come at once. */
static void
await(struct caller *caller, enum storage_event_kind kind, struct bytes name, struct bytes board)
{
    caller->state = CALLER_WAITS;
    caller->awaits = kind;
    caller->name_length = (uint8_t)name.length;
    memcpy(caller->name, name.data, name.length);
    caller->board_length = (uint8_t)board.length;
    if (board.length > 0)
        memcpy(caller->board, board.data, board.length);
    watch_for(caller, 0);
}

static void answer_order(struct caller *caller, bool release, const char *name)
{
    struct bytes room = bytes_of(name);
    struct hub *hub = caller->admin->hub;
    if (!wire_room_name_valid(room)) {
        conclude(caller, "error that is no room's name");
        return;
    }
    await(caller, release ? STORAGE_RELEASED : STORAGE_REMOVED, room, (struct bytes){0});
    if (release ? !hub_release_room(hub, room) : !hub_delete_room(hub, room))
        conclude(caller, "busy");
}

static int digit_of(char letter)
{
    const char *digits = "0123456789abcdef", *digit = strchr(digits, letter);
    return letter != '\0' && digit != NULL ? (int)(digit - digits) : -1;
}

/* Hex digits up to a space or the end, which *text is left at. False where that is anything else, nothing,
 * or more than `most` bytes. */
static bool read_hex(const char **text, uint8_t *bytes, size_t most, size_t *length)
{
    const char *at = *text;
    for (*length = 0; *at != '\0' && *at != ' '; at += 2) {
        int high = digit_of(at[0]), low = high < 0 ? -1 : digit_of(at[1]);
        if (low < 0 || *length == most)
            return false;
        bytes[(*length)++] = (uint8_t)(high << 4 | low);
    }
    *text = at;
    return *length > 0;
}

static void answer_strike(struct caller *caller, const char *what)
{
    uint8_t name[RESULT_NAME_BYTES_MAX], board[BOARD_BYTES_MAX];
    size_t name_length, board_length = 0;
    bool good = read_hex(&what, name, sizeof name, &name_length);
    if (good && *what == ' ') {
        what++;
        good = read_hex(&what, board, sizeof board, &board_length);
    }
    if (!good || *what != '\0') {
        conclude(caller, "error that is no name and board, in hex digits");
        return;
    }
    struct bytes struck = {name, name_length}, from = {board, board_length};
    await(caller, STORAGE_STRUCK, struck, from);
    if (!hub_strike(caller->admin->hub, from, struck))
        conclude(caller, "busy");
}

static void answer(struct caller *caller)
{
    const char *request = caller->request;
    if (strcmp(request, "rooms") == 0)
        answer_rooms(caller);
    else if (strncmp(request, "delete ", 7) == 0)
        answer_order(caller, false, request + 7);
    else if (strncmp(request, "release ", 8) == 0)
        answer_order(caller, true, request + 8);
    else if (strncmp(request, "strike ", 7) == 0)
        answer_strike(caller, request + 7);
    else
        conclude(caller, "error there is no such request");
}

/* The storage has done what one or more have asked for. */
static void on_answer(void *context,
                      enum storage_event_kind kind,
                      struct bytes name,
                      struct bytes board,
                      enum store_result result,
                      const char *text)
{
    struct admin *admin = context;
    char failure[STORE_PLACE_MAX + 8];
    snprintf(failure, sizeof failure, "error %s", text);
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        struct caller *caller = &admin->callers[i];
        struct bytes awaited = {caller->name, caller->name_length};
        struct bytes awaited_on = {caller->board, caller->board_length};
        if (caller->state == CALLER_WAITS && caller->awaits == kind && bytes_equal(awaited, name) &&
            bytes_equal(awaited_on, board))
            conclude(caller, result == STORE_OK          ? "ok"
                             : result == STORE_NOT_FOUND ? "none"
                                                         : failure);
    }
}

/* --- Sockets ------------------------------------------------------------------------------------ */

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void receive(struct caller *caller)
{
    size_t room = sizeof caller->request - caller->length;
    ssize_t got = recv(caller->io.fd, caller->request + caller->length, room, 0);
    if (got < 0 && would_block())
        return;
    if (got <= 0) {
        hang_up(caller);
        return;
    }
    char *end = memchr(caller->request + caller->length, '\n', (size_t)got);
    caller->length += (size_t)got;
    if (end != NULL) {
        *end = '\0';
        answer(caller);
    } else if (caller->length == sizeof caller->request) {
        conclude(caller, "error the request is too long");
    }
}

static void send_answer(struct caller *caller)
{
    ssize_t sent = send(caller->io.fd, caller->answer.data + caller->sent,
                        caller->answer.length - caller->sent, MSG_NOSIGNAL);
    if (sent < 0 && would_block())
        return;
    caller->sent += sent > 0 ? (size_t)sent : 0;
    if (sent <= 0 || caller->sent == caller->answer.length)
        hang_up(caller);
    else
        ev_timer_again(caller->admin->loop, &caller->patience);
}

static void on_caller(struct ev_loop *loop, struct ev_io *watcher, int events)
{
    (void)loop;
    (void)events;
    struct caller *caller = watcher->data;
    if (caller->state == CALLER_ASKS)
        receive(caller);
    else if (caller->state == CALLER_READS)
        send_answer(caller);
}

static void on_patience(struct ev_loop *loop, struct ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    struct caller *caller = watcher->data;
    if (caller->state == CALLER_WAITS)
        conclude(caller,
                 "error the disk does not answer; it is done once it does, if the server lives");
    else
        hang_up(caller);
}

static void on_called(struct ev_loop *loop, struct ev_io *watcher, int events)
{
    (void)events;
    struct admin *admin = watcher->data;
    struct caller *caller = admin->callers;
    while (caller < admin->callers + ADMIN_CONNECTIONS_MAX && caller->state != CALLER_FREE)
        caller++;
    if (caller == admin->callers + ADMIN_CONNECTIONS_MAX) {
        ev_io_stop(loop, watcher); /* they wait in the kernel's queue */
        return;
    }
    int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    caller->state = CALLER_ASKS;
    ev_io_init(&caller->io, on_caller, fd, EV_READ);
    ev_timer_init(&caller->patience, on_patience, 0., ADMIN_PATIENCE_S);
    caller->io.data = caller;
    caller->patience.data = caller;
    ev_io_start(loop, &caller->io);
    ev_timer_again(loop, &caller->patience);
}

/* The folder's path may be longer than a socket's address; the way through its descriptor is not. */
static int listen_in(int folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" SOCKET_NAME, folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    unlinkat(folder, SOCKET_NAME, 0);
    /* The name gets the mode that the socket has: it is private from its first moment on. */
    if (fchmod(fd, 0600) == 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, (int)ADMIN_CONNECTIONS_MAX) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

struct admin *admin_open(struct ev_loop *loop, struct hub *hub, int folder)
{
    struct admin *admin = calloc(1, sizeof *admin);
    int fd = admin != NULL ? listen_in(folder) : -1;
    if (fd < 0) {
        free(admin);
        return NULL;
    }
    admin->loop = loop;
    admin->hub = hub;
    admin->folder = folder;
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        admin->callers[i].admin = admin;
    ev_io_init(&admin->listening, on_called, fd, EV_READ);
    admin->listening.data = admin;
    ev_io_start(loop, &admin->listening);
    hub->answered = on_answer;
    hub->answered_context = admin;
    return admin;
}

void admin_close(struct admin *admin)
{
    if (admin == NULL)
        return;
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        if (admin->callers[i].state != CALLER_FREE)
            hang_up(&admin->callers[i]);
    ev_io_stop(admin->loop, &admin->listening);
    close(admin->listening.fd);
    unlinkat(admin->folder, SOCKET_NAME, 0);
    admin->hub->answered = NULL;
    free(admin);
}
