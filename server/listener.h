/* listener.h - a listening socket on an event loop; it hands each accepted socket on.
 *
 * When the system has no more files or memory, accepting pauses for a moment instead of spinning
 * on an error that the next call would only repeat.
 */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include "server/options.h"

#include <ev.h>
#include <sys/socket.h>

/* Takes the socket over. Here the hub is chosen where a process has several. */
typedef void listener_accepted(void *context, int fd, const struct sockaddr *peer);

struct listener {
    struct ev_io readable;
    struct ev_timer pause;
    struct ev_loop *loop;
    struct endpoint endpoint; /* with the port that the system chose */
    listener_accepted *accepted;
    void (*paused)(void *context); /* may be NULL */
    void *context;
    int fd; /* -1 when closed */
};

/* Opens and starts it. False with errno: the object is closed. `context` and the callbacks are set
 * by the caller before. */
bool listener_open(struct listener *listener,
                   struct ev_loop *loop,
                   const struct endpoint *endpoint);

/* Closing a closed one does nothing. */
void listener_close(struct listener *listener);

#endif
