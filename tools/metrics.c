#include "tools/metrics.h"

#include <stdio.h>
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

/* The sample of a metric, its labels being a part of the name: a line "name value". */
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

/* Lines 'name_bucket{le="bound"} count', in the order of their bounds. */
static void find_spread(const char *text, const char *name, struct spread *spread)
{
    char head[128];
    size_t length = (size_t)snprintf(head, sizeof head, "\n%s_bucket{le=\"", name);
    const char *line = text;
    while (spread->buckets < SPREAD_BUCKETS_MAX && (line = strstr(line, head)) != NULL) {
        char *end;
        spread->bounds_s[spread->buckets] = strtod(line + length, &end);
        if (strncmp(end, "\"} ", 3) != 0)
            return;
        spread->counts[spread->buckets++] = strtod(end + 3, NULL);
        line = end;
    }
}

bool metrics_read(struct metrics *metrics, struct sockaddr_in server)
{
    *metrics = (struct metrics){0};
    char *answer = malloc(ANSWER_BYTES);
    if (answer == NULL)
        return false;
    const struct {
        const char *name;
        double *value;
    } samples[] = {
        {"process_resident_memory_bytes", &metrics->resident_bytes},
        {"tutti_ticks_total", &metrics->ticks},
        {"tutti_ticks_dropped_total", &metrics->ticks_dropped},
        {"tutti_inputs_total{outcome=\"taken\"}", &metrics->inputs_taken},
        {"tutti_inputs_total{outcome=\"late\"}", &metrics->inputs_late},
        {"tutti_inputs_total{outcome=\"early\"}", &metrics->inputs_early},
        {"tutti_inputs_total{outcome=\"duplicate\"}", &metrics->inputs_duplicate},
        {"tutti_inputs_missed_total", &metrics->inputs_missed},
    };
    bool good = fetch(server, answer, ANSWER_BYTES) &&
                find_sample(answer, "process_cpu_seconds_total", &metrics->cpu_s);
    for (size_t i = 0; good && i < sizeof samples / sizeof samples[0]; i++)
        (void)find_sample(answer, samples[i].name, samples[i].value);
    if (good) {
        find_spread(answer, "tutti_tick_lateness_seconds", &metrics->lateness);
        find_spread(answer, "tutti_beat_seconds", &metrics->beats);
    }
    free(answer);
    return good;
}

static double
count_between(const struct spread *before, const struct spread *after, uint32_t bucket)
{
    return after->counts[bucket] - (bucket < before->buckets ? before->counts[bucket] : 0);
}

double spread_total(const struct spread *before, const struct spread *after)
{
    return after->buckets > 0 ? count_between(before, after, after->buckets - 1) : 0;
}

double spread_quantile(const struct spread *before, const struct spread *after, double share)
{
    double wanted = share * spread_total(before, after);
    uint32_t bucket = 0;
    if (wanted <= 0 || after->buckets < 2)
        return 0;
    while (bucket < after->buckets - 2 && count_between(before, after, bucket) < wanted)
        bucket++;
    return after->bounds_s[bucket];
}

double spread_above(const struct spread *before, const struct spread *after, double bound_s)
{
    double all = spread_total(before, after), within = 0;
    for (uint32_t i = 0; i < after->buckets && after->bounds_s[i] <= bound_s; i++)
        within = count_between(before, after, i);
    return all > 0 ? 1 - within / all : 0;
}
