#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 4096

/* Accepted per turn of the loop, so that those who are in are not starved by those who come. */
#define ACCEPTS_PER_TURN 64

#define PAUSE_SECONDS 0.1

static bool is_exhausted(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_readable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
    (void)events;
    struct listener *listener = watcher->data;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof peer;
        int fd =
            accept4(listener->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->accepted(listener->context, fd, (struct sockaddr *)&peer);
            continue;
        }
        if (is_exhausted(errno)) {
            ev_io_stop(loop, &listener->readable);
            ev_timer_set(&listener->pause, PAUSE_SECONDS, 0.);
            ev_timer_start(loop, &listener->pause);
            if (listener->paused != NULL)
                listener->paused(listener->context);
        }
        return; /* all taken, or one that is broken already */
    }
}

static void on_pause_over(struct ev_loop *loop, struct ev_timer *watcher, int events)
{
    (void)events;
    struct listener *listener = watcher->data;
    ev_io_start(loop, &listener->readable);
}

static socklen_t address_of(const struct endpoint *endpoint, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    if (inet_pton(AF_INET, endpoint->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(endpoint->port);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    inet_pton(AF_INET6, endpoint->address, &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint->port);
    return sizeof *v6;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                              : ((struct sockaddr_in6 *)&address)->sin6_port);
}

bool listener_open(struct listener *listener, struct ev_loop *loop, const struct endpoint *endpoint)
{
    struct sockaddr_storage address;
    socklen_t length = address_of(endpoint, &address);
    const int yes = 1;
    listener->loop = loop;
    listener->endpoint = *endpoint;
    listener->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return false;
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (address.ss_family == AF_INET6)
        setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(listener->fd, (struct sockaddr *)&address, length) != 0 ||
        listen(listener->fd, BACKLOG) != 0) {
        int reason = errno;
        close(listener->fd);
        listener->fd = -1;
        errno = reason;
        return false;
    }
    listener->endpoint.port = port_of(listener->fd);
    ev_io_init(&listener->readable, on_readable, listener->fd, EV_READ);
    ev_timer_init(&listener->pause, on_pause_over, PAUSE_SECONDS, 0.);
    listener->readable.data = listener;
    listener->pause.data = listener;
    ev_io_start(loop, &listener->readable);
    return true;
}

void listener_close(struct listener *listener)
{
    if (listener->fd < 0)
        return;
    ev_io_stop(listener->loop, &listener->readable);
    ev_timer_stop(listener->loop, &listener->pause);
    close(listener->fd);
    listener->fd = -1;
}
