/* steps.h - a fuzzer's input as a row of steps: after the first byte of the input, each is a byte
 * that says what to do, a length (two bytes, highest first), and so many bytes or what is left. */
#ifndef TESTS_FUZZ_STEPS_H
#define TESTS_FUZZ_STEPS_H

#include "sync/base.h"

#define STEP_HEAD_BYTES 3u

struct steps {
    const uint8_t *data;
    size_t size, at;
};

static inline struct steps steps_on(const uint8_t *data, size_t size)
{
    return (struct steps){data, size, size > 0 ? 1 : 0};
}

static inline bool steps_next(struct steps *steps, uint8_t *what, struct bytes *bytes)
{
    if (steps->size - steps->at < STEP_HEAD_BYTES)
        return false;
    const uint8_t *head = steps->data + steps->at;
    steps->at += STEP_HEAD_BYTES;
    size_t length = (size_t)head[1] << 8 | head[2];
    if (length > steps->size - steps->at)
        length = steps->size - steps->at;
    *what = head[0];
    *bytes = (struct bytes){steps->data + steps->at, length};
    steps->at += length;
    return true;
}

#endif
