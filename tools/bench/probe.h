/* probe.h - what a server says of itself: processor time by HTTP, memory from /proc.
 *
 * Errors     a server that does not answer ends the program: there is nothing to measure.
 */
#ifndef TOOLS_BENCH_PROBE_H
#define TOOLS_BENCH_PROBE_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

/* User and system time of the server so far, from process_cpu_seconds_total of GET /metrics or
 * from GET /stats of the floor. */
double probe_cpu_s(struct sockaddr_in server, const char *path);

struct memory_use {
    int64_t resident_kib; /* VmRSS */
    int64_t private_kib;  /* RssAnon: without code and files */
};
struct memory_use probe_memory(pid_t pid);

#endif
