#include "tests/server_process.h"

#include "tests/raw_client.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_TIMEOUT_MS 60000
#define SAYS_TIMEOUT_MS  10000
#define LOG_BYTES        4096u
#define PORT_FIRST       10000u
#define PORTS            22000u /* up to ip_local_port_range, where connections get theirs */

/* --- The server --------------------------------------------------------------------------------- */

static void run_server(const struct server_process *server, int log_fd)
{
    char address[32];
    const char *arguments[8 + SERVER_FLAGS_MAX] = {
        TEST_SERVER, "--listen", address, "--data", server->folder, "--www", server->folder};
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves no server behind */
    snprintf(address, sizeof address, "127.0.0.1:%u", server->port);
    for (int i = 0; server->flags[i] != NULL; i++)
        arguments[7 + i] = server->flags[i];
    dup2(log_fd, STDERR_FILENO);
    dup2(log_fd, STDOUT_FILENO);
    execv(TEST_SERVER, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static void keep(int file, const char *text, size_t length)
{
    ck_assert_int_eq(write(file, text, length), (ssize_t)length);
}

/* Reads the log up to the line that tells the address. */
static uint16_t wait_for_port(int log_fd, int file)
{
    char log[LOG_BYTES];
    size_t length = 0;
    struct pollfd readable = {.fd = log_fd, .events = POLLIN};
    while (length < sizeof log - 1 && poll(&readable, 1, START_TIMEOUT_MS) > 0) {
        ssize_t got = read(log_fd, log + length, sizeof log - 1 - length);
        if (got <= 0)
            break;
        keep(file, log + length, (size_t)got);
        length += (size_t)got;
        log[length] = 0;
        const char *line = strstr(log, "listening address=127.0.0.1:");
        if (line != NULL && strchr(line, '\n') != NULL)
            return (uint16_t)atoi(line + strlen("listening address=127.0.0.1:"));
    }
    log[length] = 0;
    ck_abort_msg("the server did not start: %s", log);
    return 0;
}

/* Whatever it logs later must not fill a pipe. */
static void drain_in_background(int log_fd, int file)
{
    pid_t pid = fork();
    if (pid != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char text[LOG_BYTES];
    ssize_t got;
    while ((got = read(log_fd, text, sizeof text)) > 0)
        keep(file, text, (size_t)got);
    _exit(0);
}

void server_restart(struct server_process *server)
{
    int log[2];
    ck_assert_int_eq(pipe(log), 0);
    server->pid = fork();
    if (server->pid == 0)
        run_server(server, log[1]);
    ck_assert_int_gt(server->pid, 0);
    close(log[1]);
    int file = open(server->log, O_WRONLY | O_APPEND);
    ck_assert_int_ge(file, 0);
    server->port = wait_for_port(log[0], file);
    drain_in_background(log[0], file);
    close(file);
    close(log[0]);
}

static bool is_free(uint16_t port)
{
    int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool is = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is;
}

/* One that nobody takes while the server restarts: no connection, and no other running test, since
 * each begins to look at the place of its own process. */
static uint16_t choose_port(void)
{
    static unsigned chosen;
    for (unsigned tries = 0; tries < PORTS; tries++) {
        unsigned place = (unsigned)getpid() * 16 + chosen++;
        uint16_t port = (uint16_t)(PORT_FIRST + place % PORTS);
        if (is_free(port))
            return port;
    }
    ck_abort_msg("no free port");
    return 0;
}

static struct server_process start(struct server_process server)
{
    if (server.port == 0)
        server.port = choose_port();
    if (server.folder[0] == '\0') {
        snprintf(server.folder, sizeof server.folder, "/tmp/check-server-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(server.folder));
    }
    snprintf(server.log, sizeof server.log, "/tmp/check-server-log-XXXXXX");
    int log = mkstemp(server.log);
    ck_assert_int_ge(log, 0);
    close(log);
    server_restart(&server);
    return server;
}

struct server_process server_start(uint16_t port)
{
    return start((struct server_process){.port = port});
}

struct server_process server_start_in(const char *folder, const char *const *flags)
{
    struct server_process server = {0};
    ck_assert_uint_lt(strlen(folder), sizeof server.folder);
    strcpy(server.folder, folder);
    for (int i = 0; flags[i] != NULL; i++) {
        ck_assert_int_lt(i, SERVER_FLAGS_MAX - 1);
        server.flags[i] = flags[i];
    }
    return start(server);
}

struct server_process server_start_with(const char *const *flags)
{
    return server_start_in("", flags);
}

static void note_end(struct server_process *server, int status)
{
    server->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    server->pid = 0;
}

bool server_has_ended(struct server_process *server)
{
    int status = 0;
    if (server->pid != 0 && waitpid(server->pid, &status, WNOHANG) == server->pid)
        note_end(server, status);
    return server->pid == 0;
}

bool server_has_said(const struct server_process *server, const char *words)
{
    char command[192];
    snprintf(command, sizeof command, "grep -qF -- '%s' %s", words, server->log);
    for (unsigned tries = 0; tries < SAYS_TIMEOUT_MS / 50; tries++) {
        if (system(command) == 0)
            return true;
        usleep(50000);
    }
    return false;
}

double server_metric(const struct server_process *server, const char *name)
{
    static char text[65536];
    char wanted[128];
    ck_assert_int_eq(raw_get(server->port, "/metrics", text, sizeof text), 200);
    snprintf(wanted, sizeof wanted, "\n%s ", name);
    const char *line = strstr(text, wanted);
    ck_assert_msg(line != NULL, "no metric %s", name);
    return strtod(line + strlen(wanted), NULL);
}

void server_signal(struct server_process *server, int signal)
{
    int status = 0;
    kill(server->pid, signal);
    waitpid(server->pid, &status, 0);
    note_end(server, status);
}

void server_stop(struct server_process *server)
{
    if (server->pid != 0)
        server_signal(server, SIGTERM);
    char command[192];
    snprintf(command, sizeof command, "rm -r %s %s", server->folder, server->log);
    ck_assert_int_eq(system(command), 0);
}

/* --- The relay ----------------------------------------------------------------------------------- */

#define PAIRS_MAX 16

struct pair {
    int ends[2];
};

/* Moves what is there from one end to the other; false when an end is closed. */
static int pump(int from, int to)
{
    char bytes[65536];
    ssize_t got = recv(from, bytes, sizeof bytes, 0);
    return got > 0 && send(to, bytes, (size_t)got, MSG_NOSIGNAL) == got;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static int pair_make(int listener, uint16_t target, struct pair *pair)
{
    pair->ends[0] = accept(listener, NULL, NULL);
    pair->ends[1] = connect_to(target);
    return pair->ends[0] >= 0 && pair->ends[1] >= 0;
}

static void run_relay(int listener, uint16_t target)
{
    struct pair pairs[PAIRS_MAX];
    struct pollfd polls[1 + 2 * PAIRS_MAX];
    int count = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        polls[0] = (struct pollfd){.fd = listener, .events = count < PAIRS_MAX ? POLLIN : 0};
        for (int i = 0; i < 2 * count; i++)
            polls[1 + i] = (struct pollfd){.fd = pairs[i / 2].ends[i % 2], .events = POLLIN};
        if (poll(polls, (nfds_t)(1 + 2 * count), -1) < 0)
            _exit(1);
        for (int i = 2 * count - 1; i >= 0; i--) {
            struct pair *pair = &pairs[i / 2];
            if (polls[1 + i].revents == 0 || pump(pair->ends[i % 2], pair->ends[1 - i % 2]))
                continue;
            close(pair->ends[0]);
            close(pair->ends[1]);
            *pair = pairs[--count];
            break; /* the rest of this round's events may be another pair's now */
        }
        if ((polls[0].revents & POLLIN) != 0 && pair_make(listener, target, &pairs[count]))
            count++;
    }
}

void relay_resume(struct relay *relay)
{
    int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(relay->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, PAIRS_MAX), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    relay->port = ntohs(address.sin_port);
    relay->pid = fork();
    if (relay->pid == 0)
        run_relay(listener, relay->target);
    close(listener);
}

struct relay relay_start(uint16_t target)
{
    struct relay relay = {.target = target, .port = choose_port()};
    relay_resume(&relay);
    return relay;
}

void relay_cut(struct relay *relay)
{
    kill(relay->pid, SIGKILL);
    waitpid(relay->pid, NULL, 0);
    relay->pid = 0;
}
