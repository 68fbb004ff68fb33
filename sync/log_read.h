/* log_read.h - a room's log, or its track, taken apart: for replaying it, and for telling what
 * happened.
 *
 *   struct reader log = reader_on(bytes);
 *   struct log_entry entry;
 *   while (log_read_entry(&log, &entry)) {
 *       struct reader acts = reader_on(entry.acts);
 *       struct log_act act;
 *       while (log_read_act(&acts, &act)) ...
 *   }
 *   if (reader_end(&log) != STATUS_OK) the bytes are damaged
 *
 * Nothing is applied and no room is needed; sync/log.h says what the acts mean.
 *
 * Errors     damage fails the reader, never asserts. An entry that was read holds whole acts alone.
 */
#ifndef SYNC_LOG_READ_H
#define SYNC_LOG_READ_H

#include "sync/log.h"

struct log_entry {
    uint64_t tick;
    uint64_t since;   /* ticks since the entry before */
    uint64_t wall_ms; /* since 1970 */
    bool resumes;     /* nothing is known of the ticks since the entry before */
    uint32_t act_count;
    struct bytes acts;  /* one after the other */
    struct bytes bytes; /* the whole entry */
};

/* The next entry; false at the end and at damage. */
bool log_read_entry(struct reader *log, struct log_entry *entry);

/* By what the log goes on; see sync/log.h. */
struct log_origin {
    uint64_t format;
    uint64_t incarnation;
    uint32_t tombstones, clients;
    uint64_t declared; /* 0 in format 1 */
};

/* What an act has, the others are zero. Views into the log. */
struct log_act {
    enum act act;
    uint32_t seat;            /* JOINED, LEFT, ROLE, OPERATION, INPUT, AWAY, HERE, HELD, TOLD */
    uint32_t member;          /* JOINED, EDIT, SHOWN, GONE; SAID: who said it, 0 for the server */
    struct bytes key;         /* JOINED: the client's, CLIENT_KEY_BYTES */
    uint32_t sequence;        /* JOINED */
    enum role role;           /* JOINED, ROLE, HERE */
    struct bytes user;        /* JOINED, HERE: packed, nil for none */
    struct bytes input;       /* INPUT: packed, nil for none */
    bool held;                /* HELD */
    enum status status;       /* OPERATION */
    struct bytes operation;   /* OPERATION, EDIT */
    struct bytes text;        /* OPENED, RESUMED: kind, NAMED: name, ENDED: reason */
    struct bytes snapshot;    /* RESUMED */
    struct log_origin origin; /* OPENED, WOKEN, RESUMED */
    uint64_t random[2];       /* OPENED: state and stream; RANDOM: state */
    uint64_t hash;            /* HASH, SLEPT */
    uint64_t presence;        /* SLEPT: stamp */
    uint32_t timer, ticks;    /* TIMER */
    struct bytes memory;      /* MEMORY */
    struct log_result result; /* RESULT */
    uint32_t pair_count;      /* SHOWN */
    struct bytes pairs;       /* SHOWN, TOLD: fields and packed values, one after the other */
    uint32_t event;           /* SAID */
    struct bytes value;       /* SAID: packed */
};

/* The next act; false at the end and at damage. */
bool log_read_act(struct reader *acts, struct log_act *act);

/* Calls `take` with each result of a log, in their order, and the entry that it stands in. OK when all
 * of the log was read; at damage those before it have been told. */
MUST_CHECK enum status log_results(struct bytes log,
                                   void (*take)(void *context,
                                                const struct log_entry *entry,
                                                const struct log_result *result),
                                   void *context);

struct log_origin log_read_origin(struct reader *reader);
struct log_result log_read_result(struct reader *reader);

/* 64 bits that are no number of the wire. */
uint64_t log_read_bits(struct reader *reader);

/* Reads where an act begins: its kind, with as many elements behind it as the kind has. */
enum act log_read_head(struct reader *reader, uint32_t *elements);

#endif
