#include "tools/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_BYTES (256u << 10)

static const char request[] =
    "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/* Fills the buffer with a C string; false on any trouble. */
static bool fetch(struct sockaddr_in server, char *answer, size_t capacity)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct timeval patience = {.tv_sec = 2};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t length = 0;
    bool sent = connect(fd, (struct sockaddr *)&server, sizeof server) == 0 &&
                send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1;
    for (ssize_t got; sent && length < capacity - 1; length += (size_t)got) {
        got = recv(fd, answer + length, capacity - 1 - length, 0);
        if (got <= 0)
            break;
    }
    close(fd);
    answer[length] = 0;
    return length > 0;
}

/* The sample of a metric without labels: a line "name value". */
static bool find_sample(const char *text, const char *name, double *value)
{
    size_t length = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            *value = strtod(line + length, NULL);
            return true;
        }
    }
    return false;
}

bool metrics_read(struct metrics *metrics, struct sockaddr_in server)
{
    *metrics = (struct metrics){0};
    char *answer = malloc(ANSWER_BYTES);
    if (answer == NULL)
        return false;
    bool good = fetch(server, answer, ANSWER_BYTES) &&
                find_sample(answer, "process_cpu_seconds_total", &metrics->cpu_s);
    if (good)
        (void)find_sample(answer, "process_resident_memory_bytes", &metrics->resident_bytes);
    free(answer);
    return good;
}
