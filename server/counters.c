#include "server/counters.h"

#include <assert.h>
#include <inttypes.h>

static const uint32_t spread_bounds_us[SPREAD_COUNT] = SPREAD_BOUNDS_US;

static const char *const refusal_labels[REFUSAL_COUNT] = {
#define REFUSAL_LABEL_ROW(name, label) label,
    REFUSAL_MAP(REFUSAL_LABEL_ROW)
#undef REFUSAL_LABEL_ROW
};

static const char *const status_names[STATUS_COUNT] = {
#define STATUS_NAME_ROW(name, text) #name,
    STATUS_MAP(STATUS_NAME_ROW)
#undef STATUS_NAME_ROW
};

static const int close_codes[CLOSE_INDEX_COUNT] = {
#define CLOSE_CODE_ROW(name, code, text) code,
    CLOSE_MAP(CLOSE_CODE_ROW)
#undef CLOSE_CODE_ROW
};

static const int http_statuses[HTTP_INDEX_COUNT] = {
#define HTTP_STATUS_ROW(status, text) status,
    HTTP_STATUS_MAP(HTTP_STATUS_ROW)
#undef HTTP_STATUS_ROW
};

const char *refusal_label(enum refusal refusal)
{
    assert(refusal < REFUSAL_COUNT);
    return refusal_labels[refusal];
}

static int index_of(const int *table, int count, int value)
{
    int index = 0;
    while (index < count && table[index] != value)
        index++;
    assert(index < count);
    return index;
}

void counters_closed(struct counters *counters, enum close_code code)
{
    counters->closes[index_of(close_codes, CLOSE_INDEX_COUNT, (int)code)]++;
}

void counters_responded(struct counters *counters, int status)
{
    counters->responses[index_of(http_statuses, HTTP_INDEX_COUNT, status)]++;
}

void counters_time(struct spread_counts *spread, uint64_t us)
{
    int slot = 0;
    while (slot < SPREAD_COUNT && us > spread_bounds_us[slot])
        slot++;
    spread->buckets[slot]++;
    spread->sum_us += us;
}

static void write_head(FILE *out, const char *kind, const char *metric, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, kind);
}

void counters_write_row(FILE *out,
                        const char *kind,
                        const char *metric,
                        const char *help,
                        double value)
{
    write_head(out, kind, metric, help);
    fprintf(out, "%s %.15g\n", metric, value);
}

static void
write_spread(FILE *out, const char *metric, const char *help, const struct spread_counts *spread)
{
    write_head(out, "histogram", metric, help);
    uint64_t total = 0;
    for (int slot = 0; slot < SPREAD_COUNT; slot++) {
        total += spread->buckets[slot];
        fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", metric, spread_bounds_us[slot] / 1e6,
                total);
    }
    total += spread->buckets[SPREAD_COUNT];
    fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", metric, total);
    fprintf(out, "%s_sum %.6f\n", metric, (double)spread->sum_us / 1e6);
    fprintf(out, "%s_count %" PRIu64 "\n", metric, total);
}

void counters_add_room(struct room_figures *figures, const struct room *room)
{
    const uint64_t *refused = room_refusals(room);
    const struct input_counts *inputs = room_input_counts(room);
    for (int status = 0; status < STATUS_COUNT; status++)
        figures->refused[status] += refused[status];
    figures->inputs.taken += inputs->taken;
    figures->inputs.late += inputs->late;
    figures->inputs.early += inputs->early;
    figures->inputs.duplicate += inputs->duplicate;
    figures->inputs.missed += inputs->missed;
}

static void write_refused(FILE *out, const uint64_t refused[STATUS_COUNT])
{
    static const char metric[] = "tutti_inputs_refused_total";
    write_head(out, "counter", metric,
               "Operations, presence and inputs refused by rooms, by status.");
    for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++)
        fprintf(out, "%s{status=\"%s\"} %" PRIu64 "\n", metric, status_names[i], refused[i]);
}

static void write_inputs(FILE *out, const struct input_counts *inputs)
{
    static const char metric[] = "tutti_inputs_total";
    const struct {
        const char *outcome;
        uint64_t count;
    } rows[] = {{"taken", inputs->taken},
                {"late", inputs->late},
                {"early", inputs->early},
                {"duplicate", inputs->duplicate}};
    write_head(out, "counter", metric, "Members' inputs for ticks, by what became of them.");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fprintf(out, "%s{outcome=\"%s\"} %" PRIu64 "\n", metric, rows[i].outcome, rows[i].count);
    counters_write_row(out, "counter", "tutti_inputs_missed_total",
                       "Ticks without an input of a member that had begun to send them.",
                       (double)inputs->missed);
}

void counters_write_rooms(FILE *out, const struct room_figures *figures)
{
    write_refused(out, figures->refused);
    write_inputs(out, &figures->inputs);
}

void counters_write(const struct counters *counters, FILE *out)
{
#define COUNTER_WRITE_ROW(name, kind, metric, help)                                                \
    write_head(out, #kind, metric, help);                                                          \
    fprintf(out, metric " %" PRIu64 "\n", counters->name);
    COUNTER_MAP(COUNTER_WRITE_ROW)
#undef COUNTER_WRITE_ROW

    write_head(out, "counter", "tutti_refused_total", "Things refused, by reason.");
    for (int i = 0; i < REFUSAL_COUNT; i++)
        fprintf(out, "tutti_refused_total{reason=\"%s\"} %" PRIu64 "\n", refusal_labels[i],
                counters->refused[i]);

    write_head(out, "counter", "tutti_closed_total", "Connections closed by the server, by code.");
    for (int i = 0; i < CLOSE_INDEX_COUNT; i++)
        fprintf(out, "tutti_closed_total{code=\"%d\"} %" PRIu64 "\n", close_codes[i],
                counters->closes[i]);

    write_head(out, "counter", "tutti_http_responses_total", "HTTP responses, by status.");
    for (int i = 0; i < HTTP_INDEX_COUNT; i++)
        fprintf(out, "tutti_http_responses_total{status=\"%d\"} %" PRIu64 "\n", http_statuses[i],
                counters->responses[i]);

    write_spread(out, "tutti_tick_lateness_seconds",
                 "How late the first of the ticks due was noticed.", &counters->lateness);
    write_spread(
        out, "tutti_beat_seconds",
        "How long all ticks that were due took, one room's after the other's, with their frames.",
        &counters->beats);
}
