#include "server/pages.h"

#include "server/boards.h"

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

static const char *const saving_texts[] = {"well", "interrupted", "paused"};

static const char *status_of(const struct hub *hub)
{
    if (!hub_is_healthy(hub))
        return "the ticks stand still";
    struct storage_load_figures figures = storage_figures(hub->storage);
    if (figures.archive_fails)
        return "degraded: the archive takes nothing more, restart the server";
    if (figures.archive_behind)
        return "degraded: the archive takes nothing";
    if (figures.quarantines > 0)
        return "degraded: the archive has not taken a quarantine";
    return hub->saving == SAVING_WELL ? "ok" : "degraded";
}

static void write_health(const struct hub *hub, FILE *out)
{
    struct storage_load_figures figures = storage_figures(hub->storage);
    fprintf(out,
            "{\"status\":\"%s\",\"saving\":\"%s\",\"ticks\":%" PRIu64
            ",\"rooms\":%u,\"connections\":%" PRIu64 ",\"unsaved_bytes\":%" PRIu64 "}\n",
            status_of(hub), saving_texts[hub->saving], hub->counters.ticks, HASH_COUNT(hub->rooms),
            hub->counters.connections, figures.waiting_bytes);
}

static void write_storage(const struct hub *hub, FILE *out)
{
    struct storage_load_figures figures = storage_figures(hub->storage);
    const struct {
        const char *kind, *name, *help;
        double value;
    } rows[] = {
        {"gauge", "tutti_saving", "0 well, 1 interrupted, 2 paused.", (double)hub->saving},
        {"gauge", "tutti_unsaved_bytes", "Logged by rooms and not durable.",
         (double)figures.waiting_bytes},
        {"gauge", "tutti_journal_kept_bytes", "Durable in the journal and not in the archive.",
         (double)figures.kept_bytes},
        {"counter", "tutti_flushes_total", "Commits of the journal.", (double)figures.flushes},
        {"counter", "tutti_flush_bytes_total", "Bytes committed to the journal.",
         (double)figures.flush_bytes},
        {"counter", "tutti_segments_total", "Segments sealed into the archive.",
         (double)figures.seals},
        {"counter", "tutti_snapshots_total", "Snapshots made.", (double)figures.snapshots},
        {"gauge", "tutti_quarantines_waiting", "Rooms whose quarantine is not in the archive yet.",
         (double)figures.quarantines},
        {"counter", "tutti_rooms_set_aside_total",
         "Rooms quarantined because what is stored of them is damaged.", (double)figures.set_aside},
        {"counter", "tutti_room_loads_total", "Rooms looked for in the store.",
         (double)figures.loads},
        {"counter", "tutti_recordings_dropped_bytes_total",
         "Recordings let go because they were older or more than what is kept.",
         (double)figures.dropped_bytes},
        {"gauge", "tutti_track_waiting_bytes", "Presence that was recorded and is not sealed.",
         (double)figures.track_bytes},
        {"counter", "tutti_tracks_refused_total",
         "Entries of recorded presence left out for want of room or memory.",
         (double)figures.tracks_refused},
        {"counter", "tutti_files_collected_total", "Files let go that no record named any more.",
         (double)figures.files_collected},
        {"counter", "tutti_disk_failures_total", "Writes that the disk did not take.",
         (double)figures.failures},
        {"counter", "tutti_journal_generations_total", "Journals begun anew after a failure.",
         (double)figures.generations},
    };
    struct boards_figures boards = boards_figures(storage_boards(hub->storage));
    counters_write_row(out, "gauge", "tutti_results", "Names on boards, by either order.",
                       (double)boards.rows);
    counters_write_row(out, "counter", "tutti_results_taken_total",
                       "Results that came to stand on a board, or replaced a worse one.",
                       (double)boards.taken);
    counters_write_row(out, "counter", "tutti_results_passed_total",
                       "Results that found no place, as all boards together are full.",
                       (double)boards.passed);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        counters_write_row(out, rows[i].kind, rows[i].name, rows[i].help, rows[i].value);
}

static void write_metrics(const struct hub *hub, FILE *out)
{
    counters_write(&hub->counters, out);
    struct room_figures figures = hub_room_figures(hub);
    counters_write_rooms(out, &figures);
    counters_write_row(out, "gauge", "tutti_rooms", "Rooms awake, empty ones included.",
                       HASH_COUNT(hub->rooms));
    write_storage(hub, out);
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
    if (request->method != HTTP_GET && request->method != HTTP_HEAD)
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
