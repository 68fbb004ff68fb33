#include <inttypes.h>
#include <stdio.h>

#include "tools/load.h"

/* A tick that is noticed later than this after it was due is called late. */
#define LATE_S 0.0025

/* What the totals come to, per client and per second. */
struct figures {
    double frames_down, payload_down, wire_down; /* of a client, per second */
    double messages_up, payload_up, wire_up;
    struct sightings sightings; /* of all observers */
    double delivered;           /* updates that reached members, all of them, per second */
    double cursor_bytes;        /* payload of frames for each update in them */
    double server_cpu;          /* cores */
    double us_per_frame, us_per_update;
    double tool_cpu;
};

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static double ms(uint64_t us)
{
    return (double)us / 1000;
}

/* What the observers of a room saw stands for what each of its members got. */
static double delivered_updates(const struct load *load)
{
    double total = 0;
    for (uint32_t room = 0; room < load->options.rooms; room++) {
        uint64_t updates = 0;
        for (uint32_t i = 0; i < load->options.observers; i++)
            updates += load->members[i * load->options.rooms + room].observer->sightings.updates;
        total += ratio((double)updates, load->options.observers) * load->options.clients;
    }
    return total;
}

static struct sightings all_sightings(const struct load *load)
{
    struct sightings sum = {0};
    for (uint32_t i = 0; i < load->count; i++) {
        const struct member *member = &load->members[i];
        if (member->observer == NULL || member == load->stall.member)
            continue;
        sum.updates += member->observer->sightings.updates;
        sum.superseded += member->observer->sightings.superseded;
        sum.backwards += member->observer->sightings.backwards;
        sum.foreign += member->observer->sightings.foreign;
    }
    return sum;
}

static struct figures compute(const struct load *load, const struct report *report)
{
    const struct totals *a = &report->before, *b = &report->after;
    double share = ratio(1, load->count * report->window_s);
    double frames = (double)(b->frames - a->frames);
    double cpu_s = b->server.cpu_s - a->server.cpu_s;
    double delivered = delivered_updates(load);
    struct figures figures = {
        .frames_down = frames * share,
        .payload_down = (double)(b->traffic.payload_in - a->traffic.payload_in) * share,
        .wire_down = (double)(b->traffic.wire_in - a->traffic.wire_in) * share,
        .messages_up = (double)(b->traffic.messages_out - a->traffic.messages_out) * share,
        .payload_up = (double)(b->traffic.payload_out - a->traffic.payload_out) * share,
        .wire_up = (double)(b->traffic.wire_out - a->traffic.wire_out) * share,
        .sightings = all_sightings(load),
        .delivered = ratio(delivered, report->window_s),
        .server_cpu = ratio(cpu_s, report->window_s),
        .us_per_frame = ratio(cpu_s * 1e6, frames),
        .us_per_update = ratio(cpu_s * 1e6, delivered),
        .tool_cpu = ratio(b->tool_cpu_s - a->tool_cpu_s, report->window_s),
    };
    figures.cursor_bytes = ratio((double)(b->observer_frame_bytes - a->observer_frame_bytes),
                                 (double)figures.sightings.updates);
    return figures;
}

/* What the server's memory has grown by, rooms and all. */
static double member_kib(const struct load *load, const struct report *report)
{
    double grown = report->after.server.resident_bytes - report->empty.resident_bytes;
    return ratio(grown / 1024, load->joined);
}

/* --- For people ------------------------------------------------------------------------------------- */

static void print_server(const struct load *load,
                         const struct report *report,
                         const struct figures *figures,
                         FILE *out)
{
    if (!report->before.server_told || !report->after.server_told) {
        fputs("server     tells no process_cpu_seconds_total at /metrics\n", out);
        return;
    }
    fprintf(out, "server     %.1f%% of a core, %.2f%% for each room", 100 * figures->server_cpu,
            100 * figures->server_cpu / load->options.rooms);
    if (!load->options.idle)
        fprintf(out, ", %.2f us per frame, %.1f us per 1,000 updates", figures->us_per_frame,
                1000 * figures->us_per_update);
    if (report->after.server.resident_bytes > 0)
        fprintf(out, "; memory %.1f MiB, %.2f KiB more for each that joined",
                report->after.server.resident_bytes / (1 << 20), member_kib(load, report));
    fputc('\n', out);
    const struct metrics *a = &report->before.server, *b = &report->after.server;
    fprintf(out,
            "ticks      all rooms' together p50 %g ms, p99 %g ms; late p50 %g ms, p99 %g ms; %.0f "
            "dropped\n",
            1000 * spread_quantile(&a->beats, &b->beats, 0.5),
            1000 * spread_quantile(&a->beats, &b->beats, 0.99),
            1000 * spread_quantile(&a->lateness, &b->lateness, 0.5),
            1000 * spread_quantile(&a->lateness, &b->lateness, 0.99),
            b->ticks_dropped - a->ticks_dropped);
}

static void print_stall(const struct load *load, const struct report *report, FILE *out)
{
    const struct stall *stall = &load->stall;
    if (stall->member == NULL)
        return;
    fprintf(out, "stalled    %.1f s; ", load->options.stall_s);
    if (stall->member->lost)
        fprintf(out, "its connection was lost: %s\n", load->first_loss);
    else if (stall->caught_up)
        fprintf(out, "caught up in %.1f ms with %" PRIu64 " messages of %" PRIu64 " bytes in all\n",
                ms(stall->caught_up_us - stall->resumed_us), stall->messages, stall->bytes);
    else
        fputs("did not catch up\n", out);
    fprintf(out, "           server memory before, during, after: %.2f, %.2f, %.2f MiB\n",
            report->before.server.resident_bytes / (1 << 20),
            stall->during.resident_bytes / (1 << 20),
            report->after.server.resident_bytes / (1 << 20));
}

static void print_content(const struct report *report, const struct figures *figures, FILE *out)
{
    const struct sightings *seen = &figures->sightings;
    fprintf(out,
            "content    %" PRIu64 " values checked: %" PRIu64 " never sent, %" PRIu64
            " backwards, %" PRIu64 " superseded; %" PRIu64 " lost at the end\n",
            seen->updates, seen->foreign, seen->backwards, seen->superseded, report->lost_updates);
}

static const char *durability_text(const struct load *load)
{
    static const char *const texts[] = {"memory", "os", "disk"};
    return texts[tutti_durability(load->members[0].observer->client)];
}

static void print_quantiles(const char *name, const struct histogram *histogram, FILE *out)
{
    fprintf(out, "%-10s p50 %.1f ms, p99 %.1f ms, most %.1f ms\n", name,
            ms(histogram_quantile(histogram, 0.5)), ms(histogram_quantile(histogram, 0.99)),
            ms(histogram->most));
}

static void print_writes(const struct load *load, const struct report *report, FILE *out)
{
    const struct outcomes *outcomes = &load->outcomes;
    if (load->options.writes == 0)
        return;
    fprintf(out,
            "writes     %" PRIu64 " operations, %g per second each, to \"%s\": %" PRIu64
            " refused, %" PRIu64 " uncertain, %" PRIu64 " left out; %" PRIu64
            " not saved at the end\n",
            outcomes->submitted, load->options.writes, durability_text(load), outcomes->refused,
            outcomes->uncertain, outcomes->left_out, report->unsaved);
    print_quantiles("decided", &outcomes->decided, out);
    print_quantiles("saved", &outcomes->saved, out);
}

/* --- Races ------------------------------------------------------------------------------------------- */

struct drivers {
    uint64_t sent, missed, told, caused;
};

static struct drivers all_drivers(const struct load *load)
{
    struct drivers sum = {0};
    for (uint32_t i = 0; i < load->count; i++) {
        const struct driver *driver = load->members[i].observer->driver;
        sum.sent += driver->sent;
        sum.missed += driver->missed;
        sum.told += driver->told;
        sum.caused += driver->caused;
    }
    return sum;
}

static void print_race(const struct load *load, const struct report *report, FILE *out)
{
    struct drivers drivers = all_drivers(load);
    const struct metrics *a = &report->before.server, *b = &report->after.server;
    fprintf(out, "races      with %u bots each; %u of %u still on at the end\n", load->options.bots,
            report->racing, load->options.rooms);
    fprintf(out,
            "inputs     %.1f sent a second each, %" PRIu64
            " ticks missed; the server took %.0f in time, %.0f late, %.0f early, %.0f twice\n",
            ratio((double)drivers.sent, load->count * report->window_s), drivers.missed,
            b->inputs_taken - a->inputs_taken, b->inputs_late - a->inputs_late,
            b->inputs_early - a->inputs_early, b->inputs_duplicate - a->inputs_duplicate);
    fprintf(out,
            "own cars   told %" PRIu64 " times, %" PRIu64
            " of them moved by others or for want of an input; %" PRIu64
            " of the rest not as foreseen to the bit\n",
            drivers.told, drivers.caused, load_astray(load));
}

void load_report(const struct load *load, const struct report *report, FILE *out)
{
    const struct load_options *options = &load->options;
    struct figures figures = compute(load, report);
    fprintf(out, "%u x %u %s, ", options->rooms, options->clients, options->kind);
    bool races = load_races(options);
    if (options->idle)
        fprintf(out, "idle");
    else
        fprintf(out, "%g %s per second each", options->rate, races ? "messages" : "moves");
    fprintf(out, ", %.1f s; %u joined in %.2f s, %u lost\n", report->window_s, load->joined,
            report->join_s, load->lost);
    fprintf(out, "down       %.1f frames, %.0f bytes of payload, %.0f on the wire a second each\n",
            figures.frames_down, figures.payload_down, figures.wire_down);
    fprintf(out,
            "up         %.1f messages, %.0f bytes of payload, %.0f on the wire a second each\n",
            figures.messages_up, figures.payload_up, figures.wire_up);
    if (!options->idle) {
        fprintf(out, "%-10s %.2f bytes of payload each in a frame, everything counted\n",
                races ? "car" : "cursor", figures.cursor_bytes);
        fprintf(out, "delivered  %.0f updates a second to all\n", figures.delivered);
    }
    if (races)
        print_race(load, report, out);
    else if (!options->idle)
        print_content(report, &figures, out);
    print_server(load, report, &figures, out);
    print_stall(load, report, out);
    print_writes(load, report, out);
    fprintf(out, "this tool  %.1f%% of a core, %" PRIu64 " turns left out for being late\n",
            100 * figures.tool_cpu, report->turns_late);
    if (!options->idle) {
        print_quantiles("latency", &load->latency, out);
        histogram_plot(&load->latency, out);
    }
    if (load->shown != NULL)
        frame_print(out, load->members[0].observer->client->replica,
                    (struct bytes){load->shown, load->shown_length});
}

/* --- For programs ----------------------------------------------------------------------------------- */

static void json_stall(const struct load *load, const struct report *report, FILE *out)
{
    const struct stall *stall = &load->stall;
    if (stall->member == NULL)
        return;
    fprintf(out,
            ",\"stall\":{\"seconds\":%g,\"lost\":%s,\"caught_up\":%s,\"catch_up_ms\":%.3f,"
            "\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64
            ",\"server_bytes_before\":%.0f,\"server_bytes_during\":%.0f,"
            "\"server_bytes_after\":%.0f}",
            load->options.stall_s, stall->member->lost ? "true" : "false",
            stall->caught_up ? "true" : "false",
            stall->caught_up ? ms(stall->caught_up_us - stall->resumed_us) : 0, stall->messages,
            stall->bytes, report->before.server.resident_bytes, stall->during.resident_bytes,
            report->after.server.resident_bytes);
}

static void
json_spread(const char *name, const struct spread *before, const struct spread *after, FILE *out)
{
    fprintf(out, ",\"%s\":{\"p50\":%g,\"p99\":%g}", name,
            1000 * spread_quantile(before, after, 0.5),
            1000 * spread_quantile(before, after, 0.99));
}

static void json_server(const struct report *report, const struct figures *figures, FILE *out)
{
    if (!report->before.server_told || !report->after.server_told) {
        fputs(",\"server\":null", out);
        return;
    }
    fprintf(out,
            ",\"server\":{\"cpu\":%.5f,\"us_per_frame\":%.3f,\"us_per_1000_updates\":%.3f,"
            "\"bytes_empty\":%.0f,\"bytes_before\":%.0f,\"bytes_after\":%.0f",
            figures->server_cpu, figures->us_per_frame, 1000 * figures->us_per_update,
            report->empty.resident_bytes, report->before.server.resident_bytes,
            report->after.server.resident_bytes);
    const struct metrics *a = &report->before.server, *b = &report->after.server;
    fprintf(out, ",\"ticks\":%.0f,\"ticks_dropped\":%.0f,\"beats\":%.0f,\"late_share\":%.5f",
            b->ticks - a->ticks, b->ticks_dropped - a->ticks_dropped,
            spread_total(&a->beats, &b->beats), spread_above(&a->lateness, &b->lateness, LATE_S));
    json_spread("beat_ms", &a->beats, &b->beats, out);
    json_spread("late_ms", &a->lateness, &b->lateness, out);
    fputc('}', out);
}

static void json_quantiles(const char *name, const struct histogram *histogram, FILE *out)
{
    fprintf(out, ",\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"most\":%.3f}", name,
            ms(histogram_quantile(histogram, 0.5)), ms(histogram_quantile(histogram, 0.99)),
            ms(histogram->most));
}

static void json_race(const struct load *load, const struct report *report, FILE *out)
{
    if (!load_races(&load->options))
        return;
    struct drivers drivers = all_drivers(load);
    const struct metrics *a = &report->before.server, *b = &report->after.server;
    fprintf(out,
            ",\"race\":{\"bots\":%u,\"racing\":%u,\"sent\":%" PRIu64 ",\"missed\":%" PRIu64
            ",\"taken\":%.0f,\"late\":%.0f,\"early\":%.0f,\"duplicate\":%.0f"
            ",\"told\":%" PRIu64 ",\"caused\":%" PRIu64 ",\"astray\":%" PRIu64 "}",
            load->options.bots, report->racing, drivers.sent, drivers.missed,
            b->inputs_taken - a->inputs_taken, b->inputs_late - a->inputs_late,
            b->inputs_early - a->inputs_early, b->inputs_duplicate - a->inputs_duplicate,
            drivers.told, drivers.caused, load_astray(load));
}

static void json_writes(const struct load *load, const struct report *report, FILE *out)
{
    const struct outcomes *outcomes = &load->outcomes;
    if (load->options.writes == 0)
        return;
    fprintf(out,
            ",\"writes\":{\"rate\":%g,\"durability\":\"%s\",\"submitted\":%" PRIu64
            ",\"refused\":%" PRIu64 ",\"uncertain\":%" PRIu64 ",\"left_out\":%" PRIu64
            ",\"unsaved\":%" PRIu64 ",\"saved\":%" PRIu64,
            load->options.writes, durability_text(load), outcomes->submitted, outcomes->refused,
            outcomes->uncertain, outcomes->left_out, report->unsaved, outcomes->saved.count);
    json_quantiles("decided_ms", &outcomes->decided, out);
    json_quantiles("saved_ms", &outcomes->saved, out);
    fputc('}', out);
}

void load_report_json(const struct load *load, const struct report *report, FILE *out)
{
    const struct load_options *options = &load->options;
    struct figures figures = compute(load, report);
    fprintf(out,
            "{\"rooms\":%u,\"clients\":%u,\"kind\":\"%s\",\"rate\":%g,\"idle\":%s,"
            "\"seconds\":%.3f,\"join_s\":%.3f,\"joined\":%u,\"connections_lost\":%u",
            options->rooms, options->clients, options->kind, options->rate,
            options->idle ? "true" : "false", report->window_s, report->join_s, load->joined,
            load->lost);
    fprintf(out,
            ",\"down\":{\"frames\":%.3f,\"payload\":%.1f,\"wire\":%.1f}"
            ",\"up\":{\"messages\":%.3f,\"payload\":%.1f,\"wire\":%.1f}",
            figures.frames_down, figures.payload_down, figures.wire_down, figures.messages_up,
            figures.payload_up, figures.wire_up);
    fprintf(out,
            ",\"cursor_bytes\":%.3f,\"updates_per_s\":%.0f,\"checked\":%" PRIu64
            ",\"foreign\":%" PRIu64 ",\"backwards\":%" PRIu64 ",\"superseded\":%" PRIu64
            ",\"lost\":%" PRIu64,
            figures.cursor_bytes, figures.delivered, figures.sightings.updates,
            figures.sightings.foreign, figures.sightings.backwards, figures.sightings.superseded,
            report->lost_updates);
    json_quantiles("latency_ms", &load->latency, out);
    json_server(report, &figures, out);
    json_stall(load, report, out);
    json_writes(load, report, out);
    json_race(load, report, out);
    fprintf(out, ",\"tool\":{\"cpu\":%.4f,\"moves_left_out\":%" PRIu64 "}}\n", figures.tool_cpu,
            report->turns_late);
}
