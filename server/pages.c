#include "server/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static bool path_is(const struct http_request *request, const char *path)
{
    return bytes_equal(request->path, bytes_of(path));
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/* Second field of /proc/self/statm, in pages. 0 where there is no such file. */
static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long total = 0, resident = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lu %lu", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void write_health(const struct hub *hub, FILE *out)
{
    fprintf(out,
            "{\"status\":\"%s\",\"ticks\":%" PRIu64 ",\"rooms\":%u,\"connections\":%" PRIu64 "}\n",
            hub_is_healthy(hub) ? "ok" : "the ticks stand still", hub->counters.ticks,
            HASH_COUNT(hub->rooms), hub->counters.connections);
}

static void write_metrics(const struct hub *hub, FILE *out)
{
    counters_write(&hub->counters, out);
    uint64_t inputs[STATUS_COUNT];
    hub_refused_inputs(hub, inputs);
    counters_write_inputs(out, inputs);
    counters_write_row(out, "gauge", "tutti_rooms", "Rooms awake, empty ones included.",
                       HASH_COUNT(hub->rooms));
    counters_write_row(out, "gauge", "tutti_rooms_stored", "Rooms in the store.",
                       (double)hub->store->count(hub->store));
    counters_write_row(out, "gauge", "tutti_store_bytes", "Bytes in the store.",
                       (double)hub->store->bytes(hub->store));
    counters_write_row(out, "gauge", "tutti_members", "Members of all rooms, those away included.",
                       (double)hub_members(hub));
    counters_write_row(out, "counter", "process_cpu_seconds_total", "User and system time.",
                       cpu_seconds());
    counters_write_row(out, "gauge", "process_resident_memory_bytes", "Resident memory.",
                       resident_bytes());
}

static void answer_with(const struct hub *hub,
                        const struct http_request *request,
                        struct http_response *response,
                        int status,
                        const char *type,
                        void (*write)(const struct hub *hub, FILE *out))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        http_respond_text(response, request, 503, "no memory\n");
        return;
    }
    write(hub, out);
    fclose(out);
    struct bytes body = {(const uint8_t *)text, text != NULL ? length : 0};
    http_respond(response, request, status, type, NULL, body);
    response->owned = text;
}

bool pages_answer(const struct hub *hub,
                  const struct http_request *request,
                  struct http_response *response)
{
    if (request->method == HTTP_OTHER)
        return false;
    if (path_is(request, "/healthz"))
        answer_with(hub, request, response, hub_is_healthy(hub) ? 200 : 503, "application/json",
                    write_health);
    else if (path_is(request, "/readyz") && hub->draining)
        http_respond_text(response, request, 503, "draining\n");
    else if (path_is(request, "/readyz"))
        http_respond_text(response, request, 200, "ready\n");
    else if (path_is(request, "/metrics"))
        answer_with(hub, request, response, 200, "text/plain; version=0.0.4; charset=utf-8",
                    write_metrics);
    else
        return false;
    return true;
}
