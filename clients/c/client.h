/* client.h - the inside of a client: its connection, clock, own presence and pending operations.
 *
 * The public contract is clients/c/tutti.h. One file for each noun here; client.c, receive.c and
 * send.c hold them together.
 */
#ifndef CLIENTS_C_CLIENT_H
#define CLIENTS_C_CLIENT_H

#include "clients/c/messages.h"
#include "clients/c/tutti.h"
#include "sync/limits.h"
#include "sync/replica.h"

#define SECOND_US UINT64_C(1000000)

/* --- value.c: values of the caller, packed ------------------------------------------------------ */

/* Packs one value as the field takes it: numbers of fixed-point fields become steps. `field` may
 * be NULL. A value that the protocol does not carry fails the writer. */
void value_pack(struct writer *writer,
                const struct tutti_value *value,
                const struct replica_field *field);

/* One packed value; what is no scalar stays packed. */
struct tutti_value value_unpack(struct bytes packed);

/* --- presence.c: what this member shows of itself ----------------------------------------------- */

struct own_field {
    char name[NAME_BYTES_MAX + 1];
    struct tutti_value value; /* its data is `bytes` */
    uint8_t *bytes;
    bool dirty; /* not sent since it changed */
    bool told;  /* as a number on this connection, so that differences go on from */
    int64_t told_number;
};

struct presence {
    struct own_field fields[FIELDS_MAX];
    uint32_t count;
    uint64_t next_us; /* when the next message may go: at most one per frame */
};

/* `collection` is the room's presence, NULL while it is not known: then a number that turns out not
 * to fit its field is not sent. */
enum tutti_status presence_put(struct presence *presence,
                               const char *name,
                               const struct tutti_value *value,
                               const struct replica_collection *collection);
void presence_release(struct presence *presence);
bool presence_dirty(const struct presence *presence);

/* A connection that knows nothing of what was told before. */
void presence_renew(struct presence *presence);

/* The message that says all that is dirty, which then is not. It may turn out to be none. */
void presence_write(struct presence *presence,
                    struct writer *writer,
                    const struct replica_collection *collection);

/* --- inputs.c: what this member wants at each tick ------------------------------------------------ */

struct own_input {
    uint64_t tick;
    uint8_t length;
    uint8_t packed[INPUT_BYTES_MAX];
};

/* A ring of those that were not sent yet, by tick. */
struct own_inputs {
    struct own_input ring[INPUT_AHEAD_MAX];
    uint32_t first, count;
    uint64_t newest; /* tick given last on this connection */
    uint64_t next;   /* the tick after that of the newest one sent */
    struct input_terms terms;
};

void inputs_welcome(struct own_inputs *inputs, const struct welcome *welcome);
enum tutti_status
inputs_put(struct own_inputs *inputs, uint64_t tick, const struct tutti_value *value);

/* The next message: those for consecutive ticks, as many as one may hold. */
void inputs_write(struct own_inputs *inputs, struct writer *writer);

/* --- operations.c: what was submitted and is not acknowledged ------------------------------------ */

/* What the caller was told. A refusal is final; what was applied may still be lost with the server. */
enum told {
    TOLD_NOTHING,
    TOLD_APPLIED,
    TOLD_REFUSED
};

struct pending {
    uint64_t operation; /* the caller's number */
    uint64_t tick;      /* that told its outcome; UINT64_MAX while the room has not decided it */
    uint32_t sequence;  /* 0 while it was never sent, or is known not to be in the room */
    enum told told;
    bool sent;       /* at least once */
    uint8_t *packed; /* an array of edits; NULL once it is refused */
    uint32_t length;
};

/* A ring of them in the order of their sequences: those decided, those sent on this connection,
 * those that wait. One that was refused keeps its turn, so that in a room that has lost them all,
 * each of the others gets the sequence that it had. */
struct operations {
    struct pending *ring;
    uint32_t capacity, first, count;
    uint32_t settled;   /* the first so many are decided */
    uint32_t in_flight; /* so many behind them were sent on this connection */
    uint32_t refused;   /* so many of all keep no more than their turn */
    uint32_t sequence;  /* of the newest that was sent or decided: the next has it + 1 */
    uint32_t highest;   /* ever sent */
    uint32_t decided;
    size_t bytes;
    uint64_t submitted; /* numbers given so far */
    uint64_t repeated;  /* operations sent once more */
};

/* The front one; the caller frees pending.packed. */
struct pending operations_take(struct operations *operations);
struct pending *operations_at(const struct operations *operations, uint32_t index);

/* The outcome of `pending` is a refusal: of the operation only its turn is left. */
void operations_refuse(struct operations *operations, struct pending *pending);
enum tutti_status operations_submit(struct tutti_client *client,
                                    const struct tutti_edit *edits,
                                    size_t count,
                                    uint64_t *operation);
void operations_release(struct operations *operations);

/* The next message of operations: as many as `window` and the buffer take. */
void operations_write(struct operations *operations, struct writer *writer, uint32_t window);

/* --- outcomes.c: what became of them --------------------------------------------------------------- */

/* The next `frame->decided` of those in flight are decided. */
void outcomes_of_frame(struct tutti_client *client, const struct frame_head *frame);

/* Those sent on an earlier connection are decided, not in the room and to be sent again, or nobody
 * knows. */
void outcomes_of_welcome(struct tutti_client *client, const struct welcome *welcome);

/* Lets go of all that the durable tick covers. */
void outcomes_acknowledge(struct tutti_client *client);

/* --- clock.c: the server's time, and whether the link is alive ------------------------------------ */

#define CLOCK_SAMPLES 8u

struct clock_sample {
    uint64_t round_trip_us;
    int64_t offset_us; /* server's wall clock minus ours */
};

struct server_clock {
    struct clock_sample samples[CLOCK_SAMPLES];
    uint32_t count; /* samples taken so far */
    bool asked;     /* an answer is awaited */
    uint64_t asked_us;
    uint64_t next_us; /* when to ask */
};

/* What a question asked at this time says. */
int64_t clock_echo(uint64_t asked_us);
void clock_ask(struct server_clock *clock, uint64_t now_us);
bool clock_answered(struct server_clock *clock, const struct clock_answer *answer, uint64_t now_us);
const struct clock_sample *clock_best(const struct server_clock *clock); /* NULL for none */

/* --- pace.c: the server's limits on what one client sends ----------------------------------------- */

struct pace {
    double message_rate, message_burst, messages; /* per second, most, left */
    double byte_rate, byte_burst, bytes;
    uint64_t updated_us;
};

void pace_begin(struct pace *pace, const struct wire_limits *limits, uint64_t now_us);
void pace_spend(struct pace *pace, size_t bytes, uint64_t now_us);
uint64_t pace_ready_us(const struct pace *pace); /* when operations may be sent */

/* --- client.c, receive.c, send.c ------------------------------------------------------------------ */

#define REASON_BYTES 160u

struct tutti_client {
    struct tutti_handlers handlers;
    void (*random)(void *context, uint8_t *data, size_t length);
    void *random_context;
    uint8_t key[CLIENT_KEY_BYTES];
    char kind_wanted[NAME_BYTES_MAX + 1];
    uint8_t user[USER_BYTES_MAX];
    size_t user_length;
    uint32_t unsaved_operations_max;
    size_t unsaved_bytes_max;

    enum tutti_state state;
    int reason_code;
    char reason[REASON_BYTES];
    bool been_live;
    bool open;       /* the socket is */
    bool hello_sent; /* on this connection */
    bool leaving;
    int dropping;      /* close code with which the client wants out, 0 for none */
    uint64_t hello_us; /* the socket opened */
    uint64_t wake_us;  /* of the next try */
    uint32_t tries;    /* in a row that did not get to TUTTI_LIVE */

    struct replica *replica;
    uint32_t member;
    uint64_t incarnation;
    uint64_t tick;
    uint64_t durable; /* tick */
    enum durability durability;
    enum saving saving;
    uint32_t tick_hz, frame_hz;
    uint64_t clock_tick;    /* the room's, by the last answer of the clock or the welcome */
    uint64_t clock_tick_us; /* when it was that */
    char kind[NAME_BYTES_MAX + 1];
    char forked[ROOM_NAME_MAX + 1]; /* from that room; empty: from none */
    uint64_t forked_incarnation, forked_tick;
    struct wire_limits limits;

    struct presence presence;
    struct own_inputs inputs;
    struct operations operations;
    struct server_clock clock;
    struct pace pace;

    void *transport; /* client_ws.c's */
    void (*transport_destroy)(void *transport);
    void (*transport_poke)(void *transport); /* the caller has given work */
};

void client_set_state(struct tutti_client *client, enum tutti_state state);

/* Why it waits or has ended. */
void client_set_reason(struct tutti_client *client, int code, const char *text, size_t length);

/* Asks the transport to close. What led here is the server's fault or silence: the client comes
 * back. */
void client_drop(struct tutti_client *client, int code, const char *reason);

/* send.c: when there will be something to say; UINT64_MAX for never. */
uint64_t client_send_due_us(const struct tutti_client *client);

#endif
