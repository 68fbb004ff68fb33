/* metrics.h - what a server says of itself at GET /metrics.
 *
 *   struct metrics metrics;
 *   if (metrics_read(&metrics, server)) use metrics.cpu_s
 *
 * Errors     false when the server does not answer within two seconds or tells none of it.
 * Source     Prometheus' text format; the process_* names are its convention.
 */
#ifndef TOOLS_METRICS_H
#define TOOLS_METRICS_H

#include <netinet/in.h>
#include <stdbool.h>

struct metrics {
    double cpu_s;          /* process_cpu_seconds_total */
    double resident_bytes; /* process_resident_memory_bytes; 0 where it is not told */
};

bool metrics_read(struct metrics *metrics, struct sockaddr_in server);

#endif
