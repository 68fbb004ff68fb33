/* wire.h - messages of tutti.v1: their kinds, the close codes, and those that are not frames.
 *
 * The document is sync/README.md; what is here follows it. Readers take hostile bytes: they return
 * a status, allocate nothing, and give views into the message.
 */
#ifndef SYNC_WIRE_H
#define SYNC_WIRE_H

#include "sync/base.h"
#include "sync/limits.h"
#include "sync/pack.h"

#define WIRE_VERSION     1
#define WIRE_SUBPROTOCOL "tutti.v1"
#define WIRE_PATH        "/v1/rooms/" /* followed by the room's name */

enum client_message {
    CLIENT_HELLO = 0,
    CLIENT_OPERATIONS = 1,
    CLIENT_PRESENCE = 2,
    CLIENT_CLOCK = 3,
    CLIENT_LEAVE = 4,
    CLIENT_INPUTS = 5,
    CLIENT_MOVED = 16 /* + mask */
};
#define CLIENT_MOVED_MASK_MAX 111

enum server_message {
    SERVER_FRAME = 0,
    SERVER_FRAME_NEWS = 1,
    SERVER_WELCOME = 2,
    SERVER_CLOCK = 3,
    SERVER_NOTICE = 4,
    SERVER_SAVING = 5,
    SERVER_FRAME_INPUTS = 6
};

static inline bool server_message_is_frame(int64_t kind)
{
    return kind == SERVER_FRAME || kind == SERVER_FRAME_NEWS || kind == SERVER_FRAME_INPUTS;
}

/* Scopes as the wire numbers them. */
enum wire_scope {
    SCOPE_NAMES = 0,
    SCOPE_EVERYONE = 1,
    SCOPE_PRESENCE = 2,
    SCOPE_MINE = 3,
    SCOPE_ROLE = 4, /* + role */
    SCOPE_COUNT = 8
};

enum section_flag {
    SECTION_MORE = 1,
    SECTION_RESTART = 2,
    SECTION_LOST = 4
};

enum run_form {
    RUN_DELETE = 0,
    RUN_PUT = 1,
    RUN_SET_GAPS = 2,
    RUN_SET_BITMAP = 3,
    RUN_MOVED_GAPS = 4,
    RUN_MOVED_BITMAP = 5,
    RUN_APPEND = 6,
    RUN_EVENT = 7
};

/* Close codes: name, number, text of the reason. */
#define CLOSE_MAP(ROW)                                                                             \
    ROW(DONE, 1000, "done")                                                                        \
    ROW(TEXT, 1003, "messages are binary")                                                         \
    ROW(TOO_LARGE, 1009, "message too large")                                                      \
    ROW(MALFORMED, 4000, "malformed message")                                                      \
    ROW(RESTARTING, 4001, "the server is restarting")                                              \
    ROW(VERSION, 4002, "protocol version not supported")                                           \
    ROW(HELLO, 4008, "hello expected")                                                             \
    ROW(REPLACED, 4009, "another connection has taken this seat")                                  \
    ROW(ROOM_FULL, 4010, "the room is full")                                                       \
    ROW(TOO_FAST, 4011, "too many messages")                                                       \
    ROW(KIND, 4012, "room kind unknown, or the room has another")                                  \
    ROW(SILENT, 4013, "no sign of life")                                                           \
    ROW(ENDED, 4014, "the room was ended")                                                         \
    ROW(SERVER_FULL, 4015, "the server is full")                                                   \
    ROW(SLOW, 4016, "stopped reading for too long")                                                \
    ROW(MEMORY, 4017, "the server lacks memory")                                                   \
    ROW(DAMAGED, 4018, "what was saved of the room is damaged")

#define CLOSE_ENUM_ROW(name, code, text) CLOSE_##name = code,
enum close_code {
    CLOSE_MAP(CLOSE_ENUM_ROW)
};
#undef CLOSE_ENUM_ROW

/* What framing that breaks RFC 6455 is closed with, by session.c and by libwebsockets. */
#define CLOSE_PROTOCOL_ERROR 1002

/* The reason's text; "unknown" for a number outside the table. Static storage. */
const char *close_text(enum close_code code);

/* What a client can read beside what every client can. */
enum accepts {
    ACCEPTS_DEFLATED = 1
};

/* `kind` and `user` are views into the message. */
struct hello {
    int64_t version;
    uint8_t key[CLIENT_KEY_BYTES];
    struct bytes kind;    /* empty for nil */
    struct bytes user;    /* one packed value; empty for nil */
    uint32_t sequence;    /* highest ever used */
    uint32_t decided;     /* highest whose outcome is known, <= sequence */
    uint64_t incarnation; /* 0 for none */
    uint64_t places[SCOPE_COUNT];
    uint8_t places_held; /* bit per scope */
    uint64_t accepts;    /* sum of enum accepts; other bits mean nothing yet */
};

/* Reads the kind of a client's message without looking further. */
MUST_CHECK enum status wire_read_kind(struct bytes message, int64_t *kind);
MUST_CHECK enum status wire_read_hello(struct bytes message, struct hello *hello);
MUST_CHECK enum status wire_read_clock(struct bytes message, int64_t *echo);

void wire_write_clock(struct writer *writer, int64_t echo, uint64_t wall_ms, uint64_t tick);
void wire_write_notice(struct writer *writer, enum status status, const char *text);

/* How the server's disk is, for those who wait for it. */
enum saving {
    SAVING_WELL = 0,
    SAVING_INTERRUPTED = 1,
    SAVING_PAUSED = 2
};
void wire_write_saving(struct writer *writer, enum saving saving);

/* How safe "saved" is. */
enum durability {
    DURABILITY_MEMORY = 0,
    DURABILITY_OS = 1,
    DURABILITY_DISK = 2
};

/* What a server tells in each welcome beside what the room knows. */
struct wire_limits {
    uint32_t message_bytes;
    uint32_t messages_per_second, messages_burst;
    uint32_t bytes_per_second, bytes_burst;
    uint32_t operations_in_flight;
    uint32_t record_bytes;
    enum durability durability;
    bool recorded; /* the room's past is kept */
};

struct room;

/* The welcome of a member that has just joined (room_join() returned its seat). */
void wire_write_welcome(struct writer *writer,
                        struct room *room,
                        uint32_t seat,
                        const struct wire_limits *limits);

/* A room's name in a request target: 1..64 of A-Z a-z 0-9 _ -. */
bool wire_room_name_valid(struct bytes name);

#endif
