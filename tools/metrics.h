/* metrics.h - what a server says of itself at GET /metrics.
 *
 *   struct metrics before, after;
 *   if (metrics_read(&before, server) && ... && metrics_read(&after, server))
 *       use after.cpu_s - before.cpu_s, spread_quantile(&before.lateness, &after.lateness, 0.99)
 *
 * Errors     false when the server does not answer within two seconds or tells no processor time; what else
 *            it does not tell is 0.
 * Source     Prometheus' text format; the process_* names are its convention.
 */
#ifndef TOOLS_METRICS_H
#define TOOLS_METRICS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define SPREAD_BUCKETS_MAX 24u

/* A histogram: how many were not above each bound, of which the last is infinite. */
struct spread {
    uint32_t buckets;
    double bounds_s[SPREAD_BUCKETS_MAX];
    double counts[SPREAD_BUCKETS_MAX];
};

struct metrics {
    double cpu_s;          /* process_cpu_seconds_total */
    double resident_bytes; /* process_resident_memory_bytes */
    double ticks, ticks_dropped;
    struct spread lateness; /* of ticks */
    struct spread beats;    /* how long all ticks that were due took, with their frames */
    double inputs_taken, inputs_late, inputs_early, inputs_duplicate, inputs_missed;
};

bool metrics_read(struct metrics *metrics, struct sockaddr_in server);

/* How many came between two readings. */
double spread_total(const struct spread *before, const struct spread *after);

/* The bound that a share of them is not above, of those beyond all bounds the last one; 0 for none. */
double spread_quantile(const struct spread *before, const struct spread *after, double share);

/* The share of them that is above a bound. */
double spread_above(const struct spread *before, const struct spread *after, double bound_s);

#endif
