/* ws_pace.c - who is answered is not read. Of what comes meanwhile the library tells again and again without
 * taking it, and of a socket that it does not read it does not write either. So the connection is deaf as long as
 * an answer is under way, and a watcher of our own tells when the socket takes more. What the client sends in between
 * waits in the kernel, and is the next request. */
#include "server/ws_parts.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>

static void hear(struct transfer *transfer, bool hears)
{
    if (transfer->deaf != hears)
        return;
    transfer->deaf = !hears;
    lws_rx_flow_control(transfer->wsi, hears);
    if (transfer->deaf && !transfer->completed) /* the hub's wheel looks after it */
        lws_set_timeout(transfer->wsi, NO_PENDING_TIMEOUT, 0);
}

static bool reads_body(const struct transfer *transfer)
{
    bool paused = transfer->upload != NULL && transfer->upload->step == FILE_STEP_PAUSE;
    return ws_http_body_due(transfer) && !paused;
}

void ws_pace(struct session *session)
{
    struct transfer *transfer = session->state == SESSION_PAGE ? session->transfer : NULL;
    if (transfer == NULL)
        return;
    bool reads = reads_body(transfer);
    bool writes =
        transfer->writes || (transfer->over && !reads) || lws_partial_buffered(transfer->wsi);
    hear(transfer, reads);
    if (!writes)
        return;
    if (reads)
        lws_callback_on_writable(transfer->wsi);
    else
        ev_io_start(transfer->options->loop, &transfer->drained);
}

/* --- What came along with a request ---------------------------------------------------------------- */

#define STATE_CLOSE_WAIT 8 /* of tcpi_state: its end has come, which counts as a byte */

/* More may come between two questions: then they are asked again, so often. */
#define QUESTIONS_MAX 8

/* Where nobody knows what was read. */
#define READ_UNKNOWN UINT64_MAX

/* Bytes that have come; 0 where the kernel does not say. */
static uint64_t bytes_come(int fd)
{
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
        length < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return 0;
    uint64_t come = info.tcpi_bytes_received;
    return come > 0 && info.tcpi_state == STATE_CLOSE_WAIT ? come - 1 : come;
}

/* Those of them that somebody has read. Urgent bytes are in the stream (ws_adopt()), else the count of what waits
 * would end in front of them. */
static uint64_t bytes_read(int fd)
{
    for (int question = 0; question < QUESTIONS_MAX; question++) {
        uint64_t come = bytes_come(fd);
        int waiting = -1;
        if (come == 0 || ioctl(fd, SIOCINQ, &waiting) != 0)
            break;
        if (bytes_come(fd) == come && waiting >= 0 && (uint64_t)waiting <= come)
            return come - (uint64_t)waiting;
    }
    return READ_UNKNOWN;
}

bool ws_pace_came_along(const struct session *session, struct lws *wsi)
{
    uint64_t read = bytes_read(lws_get_socket_fd(wsi));
    return read == READ_UNKNOWN || session->read == READ_UNKNOWN || read <= session->read;
}

/* --- Turns ------------------------------------------------------------------------------------------ */

/* The next request may be read. */
static void rest(struct session *session)
{
    struct transfer *transfer = session->transfer;
    struct lws *wsi = transfer->wsi;
    session->read = bytes_read(lws_get_socket_fd(wsi));
    hear(transfer, true);
    ws_http_forget(session);
    /* What the library has read of it already it looks at after an event of its own. */
    lws_callback_on_writable(wsi);
}

/* The library is told what became of the socket. False when the connection is gone. */
static bool tell(struct session *session, short revents)
{
    struct transfer *transfer = session->transfer;
    struct lws_pollfd socket = {.fd = transfer->drained.fd, .events = POLLOUT, .revents = revents};
    bool gone = false;
    transfer->gone = &gone;
    hear(transfer, true);
    lws_service_fd(lws_get_context(transfer->wsi), &socket);
    if (!gone)
        transfer->gone = NULL;
    return !gone;
}

/* As long as the library holds nothing of the answer the next of it goes out from here, and the connection stays
 * deaf: each time that it is not, the library would ask whether the socket takes more, for what it has read too
 * much of, and go on asking. */
static void on_drained(struct ev_loop *loop, struct ev_io *watcher, int events)
{
    (void)events;
    struct session *session = watcher->data;
    struct transfer *transfer = session->transfer;
    struct pollfd socket = {.fd = watcher->fd, .events = POLLOUT};
    if (poll(&socket, 1, 0) <= 0)
        return;
    ev_io_stop(loop, watcher);
    if (socket.revents & POLLHUP)
        (void)tell(session, POLLHUP); /* which ends it */
    else if (lws_partial_buffered(transfer->wsi)) {
        if (tell(session, POLLOUT))
            ws_pace(session);
    } else if (transfer->completed) {
        if (tell(session, POLLOUT))
            rest(session);
    } else if (ws_http_writable(transfer->options, transfer->wsi, session) == 0)
        ws_pace(session);
    else
        (void)tell(session, POLLHUP);
}

void ws_pace_begin(const struct ws_options *options, struct lws *wsi, struct session *session)
{
    struct transfer *transfer = session->transfer;
    transfer->options = options;
    transfer->wsi = wsi;
    ev_io_init(&transfer->drained, on_drained, lws_get_socket_fd(wsi), EV_WRITE);
    transfer->drained.data = session;
}

void ws_pace_end(struct transfer *transfer)
{
    ev_io_stop(transfer->options->loop, &transfer->drained);
    if (transfer->gone != NULL)
        *transfer->gone = true;
}

void ws_pace_wake(struct session *session)
{
    struct transfer *transfer = session->state == SESSION_PAGE ? session->transfer : NULL;
    if (transfer == NULL)
        return;
    transfer->writes = true;
    ws_pace(session);
}
