#include "tools/bench/probe.h"

#include "tools/bench/websocket.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX (256u << 10)
#define PATIENCE_S       5

static int connect_to(struct sockaddr_in server)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE_S};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (struct sockaddr *)&server, sizeof server) != 0)
        err(EXIT_FAILURE, "connect for the server's figures");
    return fd;
}

/* True when the head and as many bytes as it promises are there. */
static bool answer_whole(const char *answer, size_t length)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *promised = end == NULL ? NULL : http_header(answer, "Content-Length");
    return promised != NULL && promised < end &&
           length >= (size_t)(end + 4 - answer) + strtoul(promised, NULL, 10);
}

/* The whole answer to GET `path`, to be freed. */
static char *get(struct sockaddr_in server, const char *path)
{
    int fd = connect_to(server);
    char request[256];
    int request_length =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    if (send(fd, request, (size_t)request_length, MSG_NOSIGNAL) != request_length)
        err(EXIT_FAILURE, "GET %s", path);

    char *answer = malloc(ANSWER_BYTES_MAX + 1);
    if (answer == NULL)
        err(EXIT_FAILURE, "GET %s", path);
    size_t length = 0;
    ssize_t got = 1;
    answer[0] = '\0';
    while (got > 0 && length < ANSWER_BYTES_MAX && !answer_whole(answer, length)) {
        got = recv(fd, answer + length, ANSWER_BYTES_MAX - length, 0);
        length += got > 0 ? (size_t)got : 0;
        answer[length] = '\0';
    }
    close(fd);
    if (strncmp(answer, "HTTP/1.1 200", strlen("HTTP/1.1 200")) != 0)
        errx(EXIT_FAILURE, "GET %s: %.60s", path, length == 0 ? "no answer" : answer);
    return answer;
}

/* The number behind a label; false where there is none. */
static bool number_after(const char *text, const char *label, double *number)
{
    const char *at = strstr(text, label);
    if (at == NULL)
        return false;
    *number = strtod(at + strlen(label), NULL);
    return true;
}

double probe_cpu_s(struct sockaddr_in server, const char *path)
{
    char *answer = get(server, path);
    double total = 0, user = 0, in_kernel = 0;
    if (!number_after(answer, "\nprocess_cpu_seconds_total ", &total)) {
        if (!number_after(answer, "\"cpu_user_s\":", &user) ||
            !number_after(answer, "\"cpu_system_s\":", &in_kernel))
            errx(EXIT_FAILURE, "GET %s tells no processor time", path);
        total = user + in_kernel;
    }
    free(answer);
    return total;
}

struct memory_use probe_memory(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        err(EXIT_FAILURE, "%s", path);

    struct memory_use use = {0};
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        double kib;
        if (number_after(line, "VmRSS:", &kib))
            use.resident_kib = (int64_t)kib;
        if (number_after(line, "RssAnon:", &kib))
            use.private_kib = (int64_t)kib;
    }
    fclose(file);
    return use;
}
