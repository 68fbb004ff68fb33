/* dialect.h - what a member of the swarm says, to the floor or to a Tutti server.
 *
 *   struct speaker speaker = {.dialect = DIALECT_TUTTI, .kind = "cursors"};
 *   send speak_hello(); for each message: speaker_hear(); when speaker.joined:
 *   length = speak_position(&speaker, x, y, out); send unless it is 0
 *   if that could not be sent: speaker_forget(&speaker)
 *
 * The floor's members say int16 x, int16 y and nothing else. Tutti's say hello, presence whole once
 * and moved from then on, and the clock, as sync/README.md has it; of what they hear they understand
 * the welcome and the numbers of the fields x and y.
 */
#ifndef TOOLS_BENCH_DIALECT_H
#define TOOLS_BENCH_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPEECH_BYTES_MAX  128u
#define SPEAKER_KEY_BYTES 16u
#define SPEAKER_KIND_MAX  31u

enum dialect {
    DIALECT_FLOOR,
    DIALECT_TUTTI
};

struct speaker {
    enum dialect dialect;
    const char *kind; /* of Tutti's rooms, of at most SPEAKER_KIND_MAX bytes */
    bool welcomed;
    bool joined; /* may speak of its position */
    bool placed; /* the other side knows where it was */
    uint8_t field_x, field_y;
    bool field_x_known, field_y_known;
    int32_t x, y; /* as said last */
};

/* The first message after the upgrade; 0 bytes where the dialect has none, and the speaker has
 * then joined. */
size_t speak_hello(struct speaker *speaker,
                   uint32_t number,
                   const uint8_t key[SPEAKER_KEY_BYTES],
                   uint8_t out[SPEECH_BYTES_MAX]);

/* Takes a message in while the speaker has not joined. */
void speaker_hear(struct speaker *speaker, const uint8_t *message, size_t length);

/* 0 bytes when nothing has changed. */
size_t speak_position(struct speaker *speaker, int32_t x, int32_t y, uint8_t out[SPEECH_BYTES_MAX]);

/* The last position was not sent after all: the next one is said whole. */
void speaker_forget(struct speaker *speaker);

/* 0 bytes where the dialect has no clock. */
size_t speak_clock(const struct speaker *speaker, uint64_t echo, uint8_t out[SPEECH_BYTES_MAX]);

#endif
