/* session_messages.c - what a peer says: its hello, what goes to its room, and messages that come in pieces. */
#include "server/session.h"

#include "server/hub.h"
#include "server/opening.h"
#include "server/room_host.h"
#include "server/target.h"

#include <stdlib.h>
#include <string.h>

/* --- Hello -------------------------------------------------------------------------------------- */

void session_upgraded(struct session *session, struct bytes target)
{
    struct hub *hub = session->hub;
    session->state = SESSION_HELLO;
    session->target = strndup((const char *)target.data, target.length);
    bucket_fill(&session->messages, &hub->message_rate, hub->now_us);
    bucket_fill(&session->bytes, &hub->limits.bytes_rate, hub->now_us);
    wheel_set(&hub->wheel, &session->deadline, hub->now_s + HELLO_S);
    hub->counters.connections++;
    hub->counters.connections_opened++;
    if (session->target == NULL)
        session_refuse(session, REFUSAL_MEMORY, CLOSE_MEMORY, NULL);
}

static void malformed(struct session *session, enum status status)
{
    session_refuse(session, REFUSAL_MALFORMED, CLOSE_MALFORMED, status_text(status));
}

static void say_hello(struct session *session, struct bytes message)
{
    struct hub *hub = session->hub;
    struct hello hello;
    enum status status = wire_read_hello(message, &hello);
    if (status != STATUS_OK) {
        malformed(session, status);
        return;
    }
    if (hello.version != WIRE_VERSION) {
        session_refuse(session, REFUSAL_VERSION, CLOSE_VERSION, NULL);
        return;
    }
    if (hello.kind.length > NAME_BYTES_MAX ||
        (hello.kind.data != NULL &&
         hello.kind.length == 0)) { /* "" is a name, and no kind has it */
        session_refuse(session, REFUSAL_KIND, CLOSE_KIND, NULL);
        return;
    }
    uint8_t name[HUB_NAME_MAX];
    struct target target;
    struct hub_denial denial;
    struct room_host *host;
    if (target_recall(bytes_of(session->target), &target) != TARGET_GOOD) {
        session_refuse(session, REFUSAL_PATH, CLOSE_MALFORMED, "no such path");
        return;
    }
    if (!hub_room_find(hub, target_host(&target, name), &host, &denial) ||
        (host == NULL && !opening_wait(hub, session, &target, message, &denial)))
        session_refuse(session, denial.refusal, denial.code, denial.detail);
    else if (host != NULL)
        session_join(session, host, message);
}

void session_join(struct session *session, struct room_host *host, struct bytes message)
{
    struct hello hello;
    char *target = session->target;
    enum status status = wire_read_hello(message, &hello);
    if (status == STATUS_OK && !room_host_is_kind(host, hello.kind)) {
        session_refuse(session, REFUSAL_KIND, CLOSE_KIND, NULL);
        return;
    }
    if (status == STATUS_OK)
        status = room_host_join(host, session, &hello);
    switch (status) {
    case STATUS_OK:
        free(target);
        break;
    case STATUS_FULL:
        session_refuse(session, REFUSAL_MEMBERS, CLOSE_ROOM_FULL, NULL);
        break;
    case STATUS_LIMIT:
        session_refuse(session, REFUSAL_MESSAGE_RATE, CLOSE_TOO_FAST, "the room is busy");
        break;
    case STATUS_TRUNCATED:
    case STATUS_MALFORMED:
        malformed(session, status);
        break;
    default:
        session_refuse(session, REFUSAL_MEMORY, CLOSE_MEMORY, status_text(status));
        break;
    }
}

/* --- Joined ------------------------------------------------------------------------------------- */

static void send_clock(struct session *session)
{
    struct hub *hub = session->hub;
    struct writer writer = writer_on(hub_message(hub), MESSAGE_BYTES_MAX);
    wire_write_clock(&writer, session->echo, hub->wall_us / 1000,
                     room_tick_number(session->host->room));
    session->echo_waits = false;
    session_send(session, writer.data, writer.length);
}

static void ask_clock(struct session *session, struct bytes message)
{
    enum status status = wire_read_clock(message, &session->echo);
    if (status != STATUS_OK)
        malformed(session, status);
    else if (session_is_choked(session))
        session->echo_waits = true;
    else
        send_clock(session);
}

static bool is_presence(int64_t kind)
{
    return kind == CLIENT_PRESENCE || kind > CLIENT_MOVED;
}

static void submit(struct session *session, struct bytes message, int64_t kind)
{
    /* A room that stands still keeps the operations, and inputs count on from each other; of presence
     * only the newest counts anyway. */
    if (room_host_saving(session->host) == SAVING_PAUSED && is_presence(kind)) {
        session->hub->counters.presence_dropped++;
        return;
    }
    enum status status = room_submit(session->host->room, session->seat, message);
    switch (status) {
    case STATUS_OK:
        return;
    case STATUS_LIMIT:
        session_refuse(session, REFUSAL_INBOX, CLOSE_TOO_FAST, "the room takes no more this tick");
        return;
    case STATUS_MEMORY:
        session_refuse(session, REFUSAL_MEMORY, CLOSE_MEMORY, NULL);
        return;
    default:
        malformed(session, status);
        return;
    }
}

static void leave(struct session *session, struct bytes message)
{
    struct reader reader = reader_on(message);
    if (read_array(&reader) != 1 || read_integer(&reader) != CLIENT_LEAVE)
        reader_fail(&reader, STATUS_MALFORMED);
    enum status status = reader_end(&reader);
    if (status != STATUS_OK)
        malformed(session, status);
    else
        session_close(session, CLOSE_DONE, NULL);
}

/* Before the welcome nothing may be said, but that one does not want it any more. */
static void wait_on(struct session *session, int64_t kind)
{
    if (kind == CLIENT_LEAVE)
        session_close(session, CLOSE_DONE, NULL);
    else
        session_refuse(session, REFUSAL_HELLO, CLOSE_HELLO, "something came before the welcome");
}

static void on_message(struct session *session, struct bytes message)
{
    session->hub->counters.messages_in++;
    int64_t kind;
    enum status status = wire_read_kind(message, &kind);
    if (status != STATUS_OK)
        malformed(session, status);
    else if (session->state == SESSION_HELLO && kind == CLIENT_HELLO)
        say_hello(session, message);
    else if (session->state == SESSION_HELLO)
        session_refuse(session, REFUSAL_HELLO, CLOSE_HELLO, "something else came first");
    else if (session->state == SESSION_WAITING)
        wait_on(session, kind);
    else if (is_presence(kind) || kind == CLIENT_OPERATIONS || kind == CLIENT_INPUTS)
        submit(session, message, kind);
    else if (kind == CLIENT_CLOCK)
        ask_clock(session, message);
    else if (kind == CLIENT_LEAVE)
        leave(session, message);
    else
        malformed(session, STATUS_MALFORMED);
}

/* --- In pieces ---------------------------------------------------------------------------------- */

/* First size of a buffer for a message in pieces; it doubles. */
#define ASSEMBLY_BYTES_MIN 1024u

struct assembly {
    uint32_t length, capacity;
    uint8_t data[];
};

void session_drop_pieces(struct session *session)
{
    if (session->assembly == NULL)
        return;
    session->hub->counters.assembly_bytes -= session->assembly->capacity;
    free(session->assembly);
    session->assembly = NULL;
}

/* Pays for a piece of a message, before anything is done with it. */
static bool afford(struct session *session, const struct chunk *chunk)
{
    struct hub *hub = session->hub;
    const struct bucket_rate *rate =
        session->state == SESSION_JOINED ? &session->host->message_rate : &hub->message_rate;
    /* Empty pieces cost as much as a message: a message may have any number of them. */
    if ((chunk->first || chunk->bytes.length == 0) &&
        !bucket_take(&session->messages, rate, hub->now_us, 1)) {
        session_refuse(session, REFUSAL_MESSAGE_RATE, CLOSE_TOO_FAST, NULL);
        return false;
    }
    hub->counters.bytes_in += chunk->bytes.length;
    if (!bucket_take(&session->bytes, &hub->limits.bytes_rate, hub->now_us,
                     (uint32_t)chunk->bytes.length)) {
        session_refuse(session, REFUSAL_BYTES_RATE, CLOSE_TOO_FAST, "too many bytes");
        return false;
    }
    return true;
}

/* Room for `wanted` bytes in all. It grows with what has arrived, not with what was announced. */
static bool assembly_reserve(struct session *session, uint32_t wanted)
{
    struct hub *hub = session->hub;
    uint32_t held = session->assembly != NULL ? session->assembly->capacity : 0;
    if (session->assembly != NULL && wanted <= held)
        return true;
    uint32_t capacity = held > 0 ? held : ASSEMBLY_BYTES_MIN;
    while (capacity < wanted)
        capacity *= 2;
    if (hub->counters.assembly_bytes - held + capacity > ASSEMBLY_BYTES_MAX)
        return false;
    struct assembly *assembly = realloc(session->assembly, sizeof *assembly + capacity);
    if (assembly == NULL)
        return false;
    if (session->assembly == NULL)
        assembly->length = 0;
    assembly->capacity = capacity;
    session->assembly = assembly;
    hub->counters.assembly_bytes += capacity - held;
    return true;
}

/* Adds a piece to its message, which is handled when it is whole. */
static void assemble(struct session *session, const struct chunk *chunk)
{
    uint32_t held = session->assembly != NULL ? session->assembly->length : 0;
    uint32_t length = held + (uint32_t)chunk->bytes.length;
    if (!assembly_reserve(session, length)) {
        session_refuse(session, REFUSAL_MEMORY, CLOSE_MEMORY, NULL);
        return;
    }
    struct assembly *assembly = session->assembly;
    if (chunk->bytes.length > 0)
        memcpy(assembly->data + held, chunk->bytes.data, chunk->bytes.length);
    assembly->length = length;
    if (!chunk->final)
        return;

    /* Out of the session's hands while the message is handled, since that may end the session. */
    session->assembly = NULL;
    session->hub->counters.assembly_bytes -= assembly->capacity;
    on_message(session, (struct bytes){assembly->data, length});
    free(assembly);
}

void session_receive(struct session *session, const struct chunk *chunk)
{
    session_alive(session);
    if (session->state == SESSION_PAGE || session->state == SESSION_CLOSING)
        return;
    if (chunk->first && !chunk->binary) {
        session_refuse(session, REFUSAL_TEXT, CLOSE_TEXT, NULL);
        return;
    }
    size_t held = session->assembly != NULL ? session->assembly->length : 0;
    size_t free_bytes = MESSAGE_BYTES_MAX - held;
    if (chunk->bytes.length > free_bytes || chunk->rest > free_bytes - chunk->bytes.length) {
        session_refuse(session, REFUSAL_MESSAGE_BYTES, CLOSE_TOO_LARGE, NULL);
        return;
    }
    if (!afford(session, chunk))
        return;
    if (chunk->first && chunk->final)
        on_message(session, chunk->bytes);
    else
        assemble(session, chunk);
}

void session_writable(struct session *session)
{
    if (session->state != SESSION_JOINED || session_is_choked(session))
        return;
    if (session->echo_waits)
        send_clock(session);
    if (session->behind)
        room_host_catch_up(session->host, session);
}
