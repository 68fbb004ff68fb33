/* histogram.h - how long things took: quantiles within 3 percent, and a plot for a terminal.
 *
 *   struct histogram histogram = {0};
 *   histogram_add(&histogram, microseconds);
 *   printf("%.1f ms\n", (double)histogram_quantile(&histogram, 0.99) / 1000);
 *
 * Ownership  a plain value of fixed size; zeroed is empty.
 * Source     logarithmic buckets with a linear division of each, as in Gil Tene's HdrHistogram.
 */
#ifndef TOOLS_HISTOGRAM_H
#define TOOLS_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

/* Each power of two is divided into so many buckets. */
#define HISTOGRAM_DIVISIONS 32u
#define HISTOGRAM_BUCKETS   (40u * HISTOGRAM_DIVISIONS)

struct histogram {
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t count;
    uint64_t most; /* exact; 0 when empty */
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* The value that a share of all are not above: 0.5 is the median. 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/* Bars over milliseconds, in at most 16 lines. */
void histogram_plot(const struct histogram *histogram, FILE *out);

#endif
