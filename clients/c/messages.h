/* messages.h - the client's side of tutti.v1: what it says, and what it is told beside sections.
 *
 * The document is sync/README.md. Readers take hostile bytes and give views into the message.
 */
#ifndef CLIENTS_C_MESSAGES_H
#define CLIENTS_C_MESSAGES_H

#include "sync/base.h"
#include "sync/pack.h"
#include "sync/wire.h"

/* What members may send for each tick. */
struct input_terms {
    bool taken; /* else they send none, and all else is 0 */
    uint32_t type;
    int64_t minimum, maximum;
    uint32_t steps;
    uint32_t hold;
    uint32_t ahead;
};

struct welcome {
    uint32_t member;
    uint64_t incarnation;
    uint64_t tick;
    uint32_t tick_hz, frame_hz;
    struct bytes kind;
    uint32_t sequence;
    bool key_known;
    bool seat_kept;
    uint8_t scopes_kept;
    enum durability durability;
    uint64_t durable; /* tick, at most `tick` */
    struct wire_limits limits;
    struct reader refusals; /* sequence, status, ...; checked */
    uint32_t refusal_count;
    struct input_terms input;
    struct bytes forked; /* the room's name; empty: from none */
    uint64_t forked_incarnation, forked_tick;
};

MUST_CHECK enum status message_read_welcome(struct bytes message, struct welcome *welcome);

struct frame_head {
    uint32_t ticks;
    uint32_t decided;       /* operations more than before */
    uint64_t durable;       /* ticks more than before */
    struct reader refusals; /* sequence back, status, ...; checked */
    uint32_t refusal_count;
    struct reader sections; /* stands at the first */
    uint32_t section_count;
    bool inputs;     /* it tells of this client's inputs */
    bool arrived;    /* any, since the frame before */
    int64_t margin;  /* then: the least of theirs */
    uint32_t missed; /* ticks */
};

/* Of a frame of any kind. */
MUST_CHECK enum status message_read_frame(struct bytes message, struct frame_head *frame);

struct clock_answer {
    int64_t echo;
    uint64_t wall_ms;
    uint64_t tick;
};

MUST_CHECK enum status message_read_clock(struct bytes message, struct clock_answer *answer);
MUST_CHECK enum status
message_read_notice(struct bytes message, enum status *status, struct bytes *text);
MUST_CHECK enum status message_read_saving(struct bytes message, enum saving *saving);

/* A status from the wire; one that a later version has added reads as STATUS_REFUSED. */
enum status message_read_status(struct reader *reader);

/* `hello->places` of scopes in `places_held`. */
void message_write_hello(struct writer *writer, const struct hello *hello);
void message_write_clock(struct writer *writer, int64_t echo);
void message_write_leave(struct writer *writer);

/* The head of so many inputs, which follow it packed. */
void message_write_inputs_head(struct writer *writer, int64_t gap, uint32_t count);

#endif
