#include "clients/c/client.h"

/* Part of what the server allows: its clock and ours do not tick alike, and answers to its pings
 * are not counted here. */
#define PACE_SHARE 0.8

static double refill(double left, double rate, double burst, double seconds)
{
    double filled = left + rate * seconds;
    return filled < burst ? filled : burst;
}

void pace_begin(struct pace *pace, const struct wire_limits *limits, uint64_t now_us)
{
    pace->message_rate = PACE_SHARE * limits->messages_per_second;
    pace->message_burst = PACE_SHARE * limits->messages_burst;
    pace->byte_rate = PACE_SHARE * limits->bytes_per_second;
    pace->byte_burst = PACE_SHARE * limits->bytes_burst;
    pace->messages = pace->message_burst;
    pace->bytes = pace->byte_burst;
    pace->updated_us = now_us;
}

/* May go below zero: what has been sent has been sent. */
void pace_spend(struct pace *pace, size_t bytes, uint64_t now_us)
{
    double seconds = 0;
    if (now_us > pace->updated_us)
        seconds = (double)(now_us - pace->updated_us) / (double)SECOND_US;
    pace->updated_us = now_us;
    pace->messages = refill(pace->messages, pace->message_rate, pace->message_burst, seconds) - 1;
    pace->bytes = refill(pace->bytes, pace->byte_rate, pace->byte_burst, seconds) - (double)bytes;
}

/* Seconds until a bucket is at least half full: one more message then finds room in it. A limit
 * of 0 is none. */
static double wait_for(double left, double rate, double burst)
{
    if (rate <= 0 || left >= burst / 2)
        return 0;
    return (burst / 2 - left) / rate;
}

uint64_t pace_ready_us(const struct pace *pace)
{
    double messages = wait_for(pace->messages, pace->message_rate, pace->message_burst);
    double bytes = wait_for(pace->bytes, pace->byte_rate, pace->byte_burst);
    double wait = messages > bytes ? messages : bytes;
    return pace->updated_us + (uint64_t)(wait * (double)SECOND_US);
}
