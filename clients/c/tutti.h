/* tutti.h - rooms of people in sync: the C client.
 *
 *   static void moved(void *context, struct tutti_client *client,
 *                     const struct tutti_record *record, uint32_t fields)
 *   {
 *       printf("%u is at %g\n", tutti_record_member(record), tutti_number(record, "x"));
 *   }
 *
 *   struct tutti_loop *loop = tutti_loop_create(NULL);
 *   struct tutti_client *client =
 *       tutti_join(loop, "ws://127.0.0.1:7777", "lobby", &(struct tutti_options){.kind = "cursors"},
 *                  &(struct tutti_handlers){.record_changed = moved});
 *   tutti_presence(client, "x", tutti_real(12.5));
 *   tutti_loop_run(loop);                             until tutti_loop_stop()
 *
 * A client holds one seat in one room and reconnects by itself. What is read here is the state
 * that the server has confirmed; the caller's own operations are in it when they are decided.
 * A newer presence replaces an older one that was not sent yet. Operations are kept in their order
 * until the server has saved them, and are sent again, after a broken connection or a crash of the
 * server, exactly where the room does not have them.
 *
 * Units      numbers of fixed-point fields are in their own unit, not in steps.
 * Ownership  tutti_create() and tutti_join() allocate, tutti_destroy() frees. Names, values and
 *            options that are passed in are copied. Records and what is read from them are views:
 *            good until the next call that is handed time or bytes, at most until the handler
 *            returns.
 * Errors     calls that take work give an enum tutti_status and take all of it or nothing.
 * Threads    one thread per loop; a client is used on its loop's thread alone.
 */
#ifndef TUTTI_H
#define TUTTI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(TUTTI_BUILDING)
#define TUTTI_PUBLIC __attribute__((visibility("default")))
#else
#define TUTTI_PUBLIC
#endif

struct tutti_loop;
struct tutti_client;
struct tutti_record;

/* Outcomes of operations and of calls; the numbers are those of the protocol. */
enum tutti_status {
    TUTTI_OK = 0,
    TUTTI_TRUNCATED = 1,
    TUTTI_MALFORMED = 2,
    TUTTI_LIMIT = 3,     /* too large, too many, or as much is unsaved as may be */
    TUTTI_NOT_FOUND = 4, /* no such record, collection or field */
    TUTTI_DELETED = 5,
    TUTTI_EXISTS = 6,
    TUTTI_STALE = 7,
    TUTTI_DENIED = 8,
    TUTTI_TYPE = 9,
    TUTTI_RANGE = 10,
    TUTTI_KIND = 11,
    TUTTI_FULL = 12,
    TUTTI_MEMORY = 13,
    TUTTI_REFUSED = 14, /* by the room's rules */
    TUTTI_LOCKED = 15,
    TUTTI_INCOMPLETE = 16 /* a field that the record needs is missing */
};

/* English, static storage, never NULL. */
TUTTI_PUBLIC const char *tutti_status_text(enum tutti_status status);

/* --- Values ------------------------------------------------------------------------------------ */

enum tutti_type {
    TUTTI_NIL, /* unset */
    TUTTI_BOOL,
    TUTTI_INTEGER,
    TUTTI_REAL,
    TUTTI_TEXT, /* UTF-8, not terminated */
    TUTTI_BINARY,
    TUTTI_PACKED, /* one msgpack value: arrays, maps */
    TUTTI_ITEMS   /* read only: the items of a list, see tutti_item_next() */
};

struct tutti_value {
    enum tutti_type type;
    bool boolean;
    int64_t integer; /* of TUTTI_ITEMS: how many */
    double real;
    const void *data;
    size_t length;
};

static inline struct tutti_value tutti_nil(void)
{
    return (struct tutti_value){.type = TUTTI_NIL};
}

static inline struct tutti_value tutti_bool(bool value)
{
    return (struct tutti_value){.type = TUTTI_BOOL, .boolean = value};
}

static inline struct tutti_value tutti_integer(int64_t value)
{
    return (struct tutti_value){.type = TUTTI_INTEGER, .integer = value};
}

static inline struct tutti_value tutti_real(double value)
{
    return (struct tutti_value){.type = TUTTI_REAL, .real = value};
}

static inline struct tutti_value tutti_text_of(const char *text, size_t length)
{
    return (struct tutti_value){.type = TUTTI_TEXT, .data = text, .length = length};
}

static inline struct tutti_value tutti_binary(const void *data, size_t length)
{
    return (struct tutti_value){.type = TUTTI_BINARY, .data = data, .length = length};
}

static inline struct tutti_value tutti_packed(const void *data, size_t length)
{
    return (struct tutti_value){.type = TUTTI_PACKED, .data = data, .length = length};
}

/* A C string. */
TUTTI_PUBLIC struct tutti_value tutti_text(const char *text);

/* Reads the next of a list's items off its front; false when there is none left. */
TUTTI_PUBLIC bool tutti_item_next(struct tutti_value *items, struct tutti_value *item);

/* --- A client ---------------------------------------------------------------------------------- */

enum tutti_state {
    TUTTI_WAITING,    /* for the next try; tutti_state_reason() says why */
    TUTTI_CONNECTING, /* up to the server's welcome */
    TUTTI_LOADING,    /* welcomed; the state of the room is on its way */
    TUTTI_LIVE,       /* what is read is the room */
    TUTTI_ENDED       /* it will not try again */
};

/* What "saved" means in a room. */
enum tutti_durability {
    TUTTI_DURABLE_MEMORY, /* nothing is safe: it is called saved when it is decided */
    TUTTI_DURABLE_OS,     /* survives a crash of the server */
    TUTTI_DURABLE_DISK    /* survives the loss of power too */
};

/* How the server's disk is. */
enum tutti_saving {
    TUTTI_SAVING_WELL,
    TUTTI_SAVING_INTERRUPTED, /* the room goes on, and nothing becomes saved */
    TUTTI_SAVING_PAUSED       /* nothing is decided until the disk is well again */
};

/* What a room's members may send for each tick. */
struct tutti_input_terms {
    bool taken;               /* else they send none, and all else is 0 */
    uint32_t type;            /* 2: an integer, 5: binary, 6: an array of integers */
    int64_t minimum, maximum; /* of the integer; `maximum` of bytes or items */
    uint32_t hold;            /* ticks for which the last one stays where the next is missing */
    uint32_t ahead;           /* most ticks that one may be ahead of the room's */
};

/* The moment of another room that a room goes on from. */
struct tutti_fork {
    const char *room; /* its name; "" where the room was made new */
    uint64_t incarnation, tick;
};

/* What a frame tells of the own inputs: those for its tick and the ones before are over, applied or
 * too late. */
struct tutti_input_report {
    uint64_t tick;
    bool arrived;   /* any, since the frame before */
    int64_t margin; /* then: least number of ticks that one was there before it was needed; below 0:
                        so many too late */
    uint32_t missed; /* ticks without one of its own, since the frame before */
};

/* Zero and NULL mean the default. */
struct tutti_options {
    const char *kind;        /* the room's kind; NULL takes the room's own */
    struct tutti_value user; /* shown to the others: presence field `user` */
    uint8_t key[16];         /* client key of an earlier run, else a random one */
    bool key_given;
    uint32_t unsaved_operations; /* kept while not known to be saved; 4,096 */
    size_t unsaved_bytes;        /* of them; 4 MiB */
    const char *source;          /* tutti_join(): local address to connect from */

    /* tutti_create(): fills a buffer with random bytes, for the key, ids and the jitter of
     * reconnects. tutti_join() has its own where this is NULL. */
    void (*random)(void *context, uint8_t *data, size_t length);
    void *random_context;
};

/* Each may be NULL. Called from tutti_loop_run(), or from the calls that hand in time and bytes. */
struct tutti_handlers {
    void *context;
    void (*state_changed)(void *context, struct tutti_client *client, enum tutti_state state);

    /* What a frame made visible: removals, then additions and changes, then events. `fields` has
     * bit n for field number n. */
    void (*record_added)(void *context,
                         struct tutti_client *client,
                         const struct tutti_record *record);
    void (*record_changed)(void *context,
                           struct tutti_client *client,
                           const struct tutti_record *record,
                           uint32_t fields);
    void (*record_removed)(void *context,
                           struct tutti_client *client,
                           const struct tutti_record *record);

    /* `from` is a member, 0 for the server; `history`: it happened before this client looked. */
    void (*event)(void *context,
                  struct tutti_client *client,
                  const char *name,
                  uint32_t from,
                  struct tutti_value value,
                  bool history);

    /* An operation was applied (TUTTI_OK) or refused. `sequence` names it for TUTTI_IF_MINE. A
     * refusal ends an operation, as `saved` and `uncertain` do. It is told once, with one exception:
     * where a crash of the server has lost an operation that was applied and not saved, and others
     * then came first, the same operation may be refused. That is told as a second outcome. */
    void (*decided)(void *context,
                    struct tutti_client *client,
                    uint64_t operation,
                    uint32_t sequence,
                    enum tutti_status status);

    /* An operation that was applied will not be lost, as far as tutti_durability() goes. */
    void (*saved)(void *context, struct tutti_client *client, uint64_t operation);

    /* The server has forgotten this client: nobody can tell whether the operation, which was sent
     * and is not saved, is in the room. It is not sent again. */
    void (*uncertain)(void *context, struct tutti_client *client, uint64_t operation);

    /* The server's disk has got into another state. */
    void (*saving)(void *context, struct tutti_client *client, enum tutti_saving saving);

    /* With each frame, once an input was sent on this connection; after what it made visible. */
    void (*inputs)(void *context,
                   struct tutti_client *client,
                   const struct tutti_input_report *report);

    /* A presence or an input was refused. */
    void (*notice)(void *context,
                   struct tutti_client *client,
                   enum tutti_status status,
                   const char *text,
                   size_t length);
};

TUTTI_PUBLIC enum tutti_state tutti_state(const struct tutti_client *client);

/* Why it waits or has ended: English, valid until the state changes; "" while there is nothing to
 * say. `code` is the WebSocket close code, an HTTP status, or 0. */
TUTTI_PUBLIC const char *tutti_state_reason(const struct tutti_client *client, int *code);

TUTTI_PUBLIC uint32_t tutti_member(const struct tutti_client *client); /* own number; 0 unknown */
TUTTI_PUBLIC uint64_t tutti_tick(const struct tutti_client *client);
TUTTI_PUBLIC uint32_t tutti_tick_rate(const struct tutti_client *client);  /* 0 before a welcome */
TUTTI_PUBLIC uint32_t tutti_frame_rate(const struct tutti_client *client); /* likewise */
TUTTI_PUBLIC const char *tutti_kind(const struct tutti_client *client);    /* "" likewise */
TUTTI_PUBLIC const uint8_t *tutti_key(const struct tutti_client *client);  /* 16 bytes; secret */

/* The time of the quickest clock exchange of late, 0 before the first. */
TUTTI_PUBLIC uint64_t tutti_round_trip_us(const struct tutti_client *client);

/* The server's wall clock in milliseconds since 1970, 0 before the first exchange. */
TUTTI_PUBLIC uint64_t tutti_server_ms(const struct tutti_client *client, uint64_t now_us);

/* The room's tick by now, as far as the clock tells; at least tutti_tick(). */
TUTTI_PUBLIC uint64_t tutti_tick_now(const struct tutti_client *client, uint64_t now_us);

/* Equal for clients that see the same. */
TUTTI_PUBLIC uint64_t tutti_hash(const struct tutti_client *client);

/* --- Reading ------------------------------------------------------------------------------------ */

/* Record after `previous` of a collection, the first for NULL; NULL at the end. */
TUTTI_PUBLIC const struct tutti_record *tutti_next(const struct tutti_client *client,
                                                   const char *collection,
                                                   const struct tutti_record *previous);
TUTTI_PUBLIC const struct tutti_record *
tutti_find(const struct tutti_client *client, const char *collection, const char *id);
TUTTI_PUBLIC const struct tutti_record *tutti_find_member(const struct tutti_client *client,
                                                          uint32_t member);

TUTTI_PUBLIC const char *tutti_record_collection(const struct tutti_record *record);
TUTTI_PUBLIC const char *tutti_record_id(const struct tutti_record *record, size_t *length);
TUTTI_PUBLIC uint32_t tutti_record_member(const struct tutti_record *record); /* of presence */

/* The field number for masks, -1 for no such field. Names of fields: 0 <= field < count, NULL in
 * gaps. */
TUTTI_PUBLIC int tutti_field(const struct tutti_record *record, const char *name);
TUTTI_PUBLIC uint32_t tutti_field_count(const struct tutti_record *record);
TUTTI_PUBLIC const char *tutti_field_name(const struct tutti_record *record, uint32_t field);

/* One field, TUTTI_NIL where it is unset or there is none. */
TUTTI_PUBLIC struct tutti_value tutti_get(const struct tutti_record *record, const char *field);
TUTTI_PUBLIC struct tutti_value tutti_get_at(const struct tutti_record *record, uint32_t field);

/* The field as a number, 0 where it is none. */
TUTTI_PUBLIC double tutti_number(const struct tutti_record *record, const char *field);

/* --- Writing ------------------------------------------------------------------------------------ */

/* Sets a field of the own presence. It is sent with the next message to the server, at most one
 * per frame of the room, and again after each reconnect. TUTTI_LIMIT: too many fields or too long. */
TUTTI_PUBLIC enum tutti_status
tutti_presence(struct tutti_client *client, const char *field, struct tutti_value value);

enum tutti_verb {
    TUTTI_PUT = 0,    /* makes the record where there is none, and sets the fields */
    TUTTI_SET = 1,    /* of a record that exists */
    TUTTI_APPEND = 2, /* adds `count` values to the list `fields[0].name` */
    TUTTI_ADD = 3,    /* adds to numbers */
    TUTTI_DELETE = 4,
    TUTTI_EMIT = 5 /* event `collection` to member `to` with value `fields[0].value` */
};

enum tutti_guard {
    TUTTI_IF_NEW = 1,
    TUTTI_IF_STAMP = 2,
    TUTTI_IF_MINE = 4
};

struct tutti_pair {
    const char *name;
    struct tutti_value value;
};

struct tutti_edit {
    enum tutti_verb verb;
    const char *collection;
    const char *id;    /* 1..24 printable ASCII characters */
    unsigned guards;   /* sum of enum tutti_guard */
    uint64_t stamp;    /* of TUTTI_IF_STAMP */
    uint32_t sequence; /* of TUTTI_IF_MINE: what `decided` told */
    const struct tutti_pair *fields;
    size_t count;
    uint32_t to; /* 0 for everyone */
};

/* One operation: 1..64 edits that apply whole or not at all. `*operation` gets its number, that
 * handlers tell the outcome by; it may be NULL. May be called while offline once the client has
 * been live. */
TUTTI_PUBLIC enum tutti_status tutti_submit(struct tutti_client *client,
                                            const struct tutti_edit *edits,
                                            size_t count,
                                            uint64_t *operation);

/* Operations of one edit. */
TUTTI_PUBLIC enum tutti_status tutti_put(struct tutti_client *client,
                                         const char *collection,
                                         const char *id,
                                         const struct tutti_pair *fields,
                                         size_t count);
TUTTI_PUBLIC enum tutti_status
tutti_delete(struct tutti_client *client, const char *collection, const char *id);
TUTTI_PUBLIC enum tutti_status
tutti_emit(struct tutti_client *client, const char *event, struct tutti_value value);

/* Operations that the room has not decided: what is read does not show them. */
TUTTI_PUBLIC uint32_t tutti_pending(const struct tutti_client *client);

/* Operations that are not known to be saved, the pending ones among them: what would be lost if
 * this program and the server ended now. */
TUTTI_PUBLIC uint32_t tutti_unsaved(const struct tutti_client *client);

/* Operations that had to be sent once more, so far. */
TUTTI_PUBLIC uint64_t tutti_repeated(const struct tutti_client *client);

/* As of the last welcome. */
TUTTI_PUBLIC enum tutti_durability tutti_durability(const struct tutti_client *client);
TUTTI_PUBLIC enum tutti_saving tutti_saving(const struct tutti_client *client);

/* As of the last welcome. */
TUTTI_PUBLIC struct tutti_input_terms tutti_input_terms(const struct tutti_client *client);
TUTTI_PUBLIC struct tutti_fork tutti_forked_from(const struct tutti_client *client);

/* What this member wants at a tick of the room. It has to be there before that tick is made: lead it by
 * half a round trip and some ticks more, which handlers->inputs tells. It goes with the next message,
 * together with those for the ticks behind it; while the client is not live there are none.
 * TUTTI_REFUSED: it is not live. TUTTI_DENIED: the room takes none. TUTTI_STALE: not above the tick
 * given last. TUTTI_TYPE, TUTTI_RANGE: not what the room takes. TUTTI_LIMIT: too many wait. */
TUTTI_PUBLIC enum tutti_status
tutti_input(struct tutti_client *client, uint64_t tick, struct tutti_value value);

/* An id that meets no other: 12 random characters and a NUL. */
TUTTI_PUBLIC void tutti_new_id(struct tutti_client *client, char id[13]);

/* Gives the seat up at once and ends. */
TUTTI_PUBLIC void tutti_leave(struct tutti_client *client);

/* --- On libwebsockets --------------------------------------------------------------------------- */

/* `ev_loop` is a struct ev_loop of libev that the caller runs, or NULL for a loop of its own.
 * NULL when there is no memory or no libev plugin. */
TUTTI_PUBLIC struct tutti_loop *tutti_loop_create(void *ev_loop);

/* Its clients first. */
TUTTI_PUBLIC void tutti_loop_destroy(struct tutti_loop *loop);

/* Without an ev_loop: runs until tutti_loop_stop(), which may come from a signal handler. */
TUTTI_PUBLIC void tutti_loop_run(struct tutti_loop *loop);
TUTTI_PUBLIC void tutti_loop_stop(struct tutti_loop *loop);

/* Calls back every `interval_ms`; at most 8 of them in a loop. */
TUTTI_PUBLIC enum tutti_status tutti_loop_every(struct tutti_loop *loop,
                                                uint32_t interval_ms,
                                                void (*call)(void *context),
                                                void *context);

/* Microseconds of the clock that the loop hands in. */
TUTTI_PUBLIC uint64_t tutti_now_us(void);

/* Joins a room, `url` being ws://HOST:PORT or wss://HOST:PORT. NULL when there is no memory or the
 * URL or room name is not one; everything else comes as a state. */
TUTTI_PUBLIC struct tutti_client *tutti_join(struct tutti_loop *loop,
                                             const char *url,
                                             const char *room,
                                             const struct tutti_options *options,
                                             const struct tutti_handlers *handlers);

/* Also of one from tutti_create(). Not from inside a handler. */
TUTTI_PUBLIC void tutti_destroy(struct tutti_client *client);

/* --- On a transport of one's own ----------------------------------------------------------------
 *
 * The client is a state machine that is handed time, bytes and the fate of its socket:
 *
 *   whenever something has happened:
 *       tutti_advance(client, now)
 *       tutti_wish(client): connect (then tutti_opened() or tutti_closed()) or close
 *       while the socket takes bytes: tutti_output() and send it as one binary message
 *       call again at tutti_deadline() at the latest
 *   for each message: tutti_received()
 */

enum tutti_wish {
    TUTTI_STAY,
    TUTTI_CONNECT,
    TUTTI_DISCONNECT
};

#define TUTTI_MESSAGE_BYTES_MAX 65536

/* NULL when there is no memory. options->random is needed. */
TUTTI_PUBLIC struct tutti_client *tutti_create(const struct tutti_options *options,
                                               const struct tutti_handlers *handlers,
                                               uint64_t now_us);
TUTTI_PUBLIC void tutti_advance(struct tutti_client *client, uint64_t now_us);
TUTTI_PUBLIC enum tutti_wish tutti_wish(const struct tutti_client *client);
TUTTI_PUBLIC int tutti_close_code(const struct tutti_client *client); /* for TUTTI_DISCONNECT */
TUTTI_PUBLIC void tutti_opened(struct tutti_client *client, uint64_t now_us);
TUTTI_PUBLIC void
tutti_received(struct tutti_client *client, uint64_t now_us, const uint8_t *message, size_t length);

/* The socket is gone or never was: a close code with its reason, an HTTP status, or 0. */
TUTTI_PUBLIC void tutti_closed(struct tutti_client *client,
                               uint64_t now_us,
                               int code,
                               const char *reason,
                               size_t length);

/* Bytes of the next message; 0 when there is none now. */
TUTTI_PUBLIC size_t tutti_output(struct tutti_client *client,
                                 uint64_t now_us,
                                 uint8_t *buffer,
                                 size_t capacity);
TUTTI_PUBLIC bool tutti_output_due(const struct tutti_client *client, uint64_t now_us);

/* When time alone will change something; UINT64_MAX for never. */
TUTTI_PUBLIC uint64_t tutti_deadline(const struct tutti_client *client);

#endif
