/* server_process.h - the real server as a child process, and a relay that can be cut.
 *
 *   struct server_process server = server_start(0);        on any free port
 *   ... "ws://127.0.0.1:%u", server.port ...
 *   server_stop(&server);
 *
 * A relay stands between a client and the server, so that a connection breaks with nobody at its
 * ends having wished it.
 *
 * Errors     a server that does not start fails the test.
 */
#ifndef TESTS_SERVER_PROCESS_H
#define TESTS_SERVER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVER_FLAGS_MAX 16

struct server_process {
    pid_t pid;
    uint16_t port;
    int exit_status;                     /* of the one that ended last; -1: by a signal */
    const char *flags[SERVER_FLAGS_MAX]; /* further ones, up to a NULL */
    char folder[64];                     /* its data, removed by server_stop() */
    char log[64];                        /* what it said, since it was started first; likewise */
};

/* Listens on 127.0.0.1; port 0 takes any. */
struct server_process server_start(uint16_t port);

/* The same, on any port, with further flags and their values; the list ends with NULL. */
struct server_process server_start_with(const char *const *flags);

/* The same, with its data in this folder, which is there. */
struct server_process server_start_in(const char *folder, const char *const *flags);

/* True when it has ended by itself, or by a signal that somebody sent. */
bool server_has_ended(struct server_process *server);

/* True when the log has the words, at once or soon. */
bool server_has_said(const struct server_process *server, const char *words);

/* One number of its /metrics, which has to be there. */
double server_metric(const struct server_process *server, const char *name);

/* Ends it with a signal and waits for it; the data folder is kept for server_restart(). */
void server_signal(struct server_process *server, int signal);

/* Starts it again, on the port and data that it had. */
void server_restart(struct server_process *server);

/* SIGTERM, and its folder goes. */
void server_stop(struct server_process *server);

struct relay {
    pid_t pid;
    uint16_t port, target;
};

struct relay relay_start(uint16_t target);

/* Every connection through it breaks; no new ones until relay_resume(). */
void relay_cut(struct relay *relay);
void relay_resume(struct relay *relay);

#endif
