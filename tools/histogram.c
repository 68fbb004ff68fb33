#include "tools/histogram.h"

#define PLOT_LINES 16u
#define PLOT_WIDTH 50u

/* Values below HISTOGRAM_DIVISIONS have a bucket each; above, the leading bits choose. */
static uint32_t bucket_of(uint64_t value)
{
    uint32_t shift = 0;
    while (value >> shift >= 2 * HISTOGRAM_DIVISIONS)
        shift++;
    uint64_t bucket = shift * HISTOGRAM_DIVISIONS + (value >> shift);
    return bucket < HISTOGRAM_BUCKETS ? (uint32_t)bucket : HISTOGRAM_BUCKETS - 1;
}

/* The largest value of a bucket. */
static uint64_t bucket_top(uint32_t bucket)
{
    if (bucket < 2 * HISTOGRAM_DIVISIONS)
        return bucket;
    uint32_t shift = bucket / HISTOGRAM_DIVISIONS - 1;
    uint64_t leading = bucket % HISTOGRAM_DIVISIONS + HISTOGRAM_DIVISIONS;
    return ((leading + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->buckets[bucket_of(value)]++;
    histogram->count++;
    if (histogram->most < value)
        histogram->most = value;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t rank = (uint64_t)(share * (double)histogram->count);
    uint64_t below = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        below += histogram->buckets[i];
        if (below > rank || (below == histogram->count && below > 0))
            return bucket_top(i) < histogram->most ? bucket_top(i) : histogram->most;
    }
    return 0;
}

/* How many lie in [from, to) as far as buckets tell: by their tops. */
static uint64_t count_between(const struct histogram *histogram, uint64_t from, uint64_t to)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (bucket_top(i) >= from && bucket_top(i) < to)
            count += histogram->buckets[i];
    return count;
}

/* A step of 1, 2 or 5 times a power of ten that covers 99.9% in the plot's lines. */
static uint64_t plot_step(const struct histogram *histogram)
{
    static const uint64_t factors[] = {1, 2, 5};
    uint64_t reach = histogram_quantile(histogram, 0.999);
    for (uint64_t power = 1000;; power *= 10)
        for (unsigned i = 0; i < sizeof factors / sizeof factors[0]; i++)
            if (factors[i] * power * (PLOT_LINES - 1) > reach)
                return factors[i] * power;
}

void histogram_plot(const struct histogram *histogram, FILE *out)
{
    static const char bar[] = "##################################################";
    if (histogram->count == 0)
        return;
    uint64_t step = plot_step(histogram), tallest = 1;
    uint64_t counts[PLOT_LINES];
    for (uint32_t i = 0; i < PLOT_LINES; i++) {
        uint64_t to = i == PLOT_LINES - 1 ? UINT64_MAX : (i + 1) * step;
        counts[i] = count_between(histogram, i * step, to);
        if (tallest < counts[i])
            tallest = counts[i];
    }
    uint32_t lines = PLOT_LINES;
    while (lines > 1 && counts[lines - 1] == 0)
        lines--;
    for (uint32_t i = 0; i < lines; i++) {
        int width = (int)(counts[i] * PLOT_WIDTH / tallest);
        fprintf(out, "  %s%5llu ms %9llu %.*s\n", i == PLOT_LINES - 1 ? ">" : " ",
                (unsigned long long)(i * step / 1000), (unsigned long long)counts[i], width, bar);
    }
}
