#include "server/session.h"

#include "server/addresses.h"
#include "server/framing.h"
#include "server/hub.h"
#include "server/opening.h"
#include "server/room_host.h"
#include "server/target.h"
#include "sync/frame.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(FRAME_HEADROOM >= FRAMING_HEADER_MAX, "a frame's header fits in front of it");

/* First size of a buffer for a message in pieces; it doubles. */
#define ASSEMBLY_BYTES_MIN 1024u

struct assembly {
    uint32_t length, capacity;
    uint8_t data[];
};

/* --- Sockets ------------------------------------------------------------------------------------ */

struct session *session_open(struct hub *hub, const struct sockaddr *peer)
{
    if (hub->counters.sockets >= (uint64_t)hub->limits.connections + SPARE_SOCKETS) {
        hub->counters.refused[REFUSAL_CONNECTIONS]++;
        return NULL;
    }
    struct address *address = NULL;
    if (hub->limits.count_loopback || !address_is_loopback(peer)) {
        address = addresses_hold(&hub->addresses, peer, hub->now_us);
        /* Some beyond the limit are let in, to be told so over HTTP. */
        if (address == NULL || address_sockets(address) > 2 * hub->limits.connections_per_address) {
            hub->counters.refused[REFUSAL_ADDRESS]++;
            addresses_drop(&hub->addresses, address, hub->now_us);
            return NULL;
        }
    }
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        addresses_drop(&hub->addresses, address, hub->now_us);
        return NULL;
    }
    session->hub = hub;
    session->address = address;
    session->state = SESSION_PAGE;
    session->heard_s = hub->now_s;
    wheel_set(&hub->wheel, &session->deadline, hub->now_s + HANDSHAKE_S);
    hub->counters.sockets++;
    hub->counters.sockets_accepted++;
    return session;
}

static void release_assembly(struct session *session)
{
    if (session->assembly == NULL)
        return;
    session->hub->counters.assembly_bytes -= session->assembly->capacity;
    free(session->assembly);
    session->assembly = NULL;
}

void session_destroy(struct session *session)
{
    session_gone(session);
    struct hub *hub = session->hub;
    wheel_clear(&hub->wheel, &session->deadline);
    addresses_drop(&hub->addresses, session->address, hub->now_us);
    hub->counters.sockets--;
    free(session);
}

void session_alive(struct session *session)
{
    session->heard_s = session->hub->now_s;
}

bool session_is_choked(struct session *session)
{
    struct hub *hub = session->hub;
    if (!hub->transport->choked(session->socket)) {
        session->choked = false;
        return false;
    }
    if (!session->choked) {
        session->choked = true;
        session->choked_s = hub->now_s;
        if (session->deadline.due_s > hub->now_s + SLOW_S)
            wheel_set(&hub->wheel, &session->deadline, hub->now_s + SLOW_S);
    }
    return true;
}

static void
send_framed(struct session *session, uint8_t *payload, size_t length, enum framing_opcode opcode)
{
    struct hub *hub = session->hub;
    size_t header = framing_write(payload, length, opcode);
    hub->counters.messages_out++;
    hub->counters.bytes_out += header + length;
    if (!hub->transport->send(session->socket, payload - header, header + length))
        hub->transport->kill(session->socket);
}

void session_send(struct session *session, uint8_t *message, size_t length)
{
    send_framed(session, message, length, FRAMING_BINARY);
}

/* --- The end ------------------------------------------------------------------------------------ */

/* Gives up whatever the state holds, and is closing from here on. A seat is left for good when the
 * member wished so, else it is kept for the grace period. */
static void vacate(struct session *session, bool leave)
{
    struct hub *hub = session->hub;
    switch ((enum session_state)session->state) {
    case SESSION_PAGE:
        assert(session->transfer == NULL);
        break;
    case SESSION_HELLO:
        free(session->target);
        hub->counters.connections--;
        break;
    case SESSION_WAITING:
        opening_forsake(session);
        hub->counters.connections--;
        break;
    case SESSION_JOINED:
        room_host_unseat(session->host, session, leave);
        hub->counters.connections--;
        break;
    case SESSION_CLOSING:
        return;
    }
    release_assembly(session);
    session->state = SESSION_CLOSING;
    session->behind = false;
    session->echo_waits = false;
    wheel_set(&hub->wheel, &session->deadline, hub->now_s + CLOSING_S);
}

void session_gone(struct session *session)
{
    vacate(session, false);
}

/* A code that may stand in a close frame (RFC 6455, 7.4). */
static bool may_be_sent(unsigned code)
{
    bool defined = code >= 1000 && code <= 1011 && (code < 1004 || code > 1006);
    return defined || (code >= 3000 && code <= 4999);
}

void session_peer_closed(struct session *session, struct bytes payload)
{
    if (session->state == SESSION_CLOSING)
        return; /* this is the answer to ours */
    bool with_code = payload.length > 0;
    unsigned code = payload.length > 1 ? (unsigned)payload.data[0] << 8 | payload.data[1] : 0u;
    if (with_code && !may_be_sent(code))
        code = CLOSE_PROTOCOL_ERROR;
    vacate(session, code == 1000 || code == 1001);
    if (session->hub->transport->choked(session->socket))
        return;
    /* The code goes back without the text, which could be anything. */
    uint8_t frame[FRAMING_HEADER_MAX + 2];
    frame[FRAMING_HEADER_MAX] = (uint8_t)(code >> 8);
    frame[FRAMING_HEADER_MAX + 1] = (uint8_t)code;
    send_framed(session, frame + FRAMING_HEADER_MAX, with_code ? 2 : 0, FRAMING_CLOSE);
}

static void kill_socket(struct session *session)
{
    session->hub->counters.killed++;
    session->hub->transport->kill(session->socket);
}

/* How long a client should wait before it comes back, with a spread so that not all come at once;
 * 0 for codes that say nothing of it. */
static uint32_t retry_ms(struct hub *hub, enum close_code code)
{
    switch (code) {
    case CLOSE_RESTARTING:
        return 500 + hub_random(hub, 2500);
    case CLOSE_TOO_FAST:
        return 1000 + hub_random(hub, 2000);
    case CLOSE_ROOM_FULL:
    case CLOSE_SERVER_FULL:
    case CLOSE_MEMORY:
        return 2000 + hub_random(hub, 4000);
    default:
        return 0;
    }
}

/* Writes code and reason; the payload's length. */
static size_t
write_close(struct hub *hub, uint8_t *payload, enum close_code code, const char *detail)
{
    char wait[32] = "";
    uint32_t milliseconds = retry_ms(hub, code);
    if (milliseconds > 0)
        snprintf(wait, sizeof wait, "; retry_ms=%u", milliseconds);

    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)code;
    char *reason = (char *)payload + 2;
    size_t room = FRAMING_CONTROL_MAX - 2 - strlen(wait);
    int length = snprintf(reason, room + 1, "%s%s%s", close_text(code), detail != NULL ? ": " : "",
                          detail != NULL ? detail : "");
    size_t kept = (size_t)length < room ? (size_t)length : room;
    memcpy(reason + kept, wait, strlen(wait));
    return 2 + kept + strlen(wait);
}

void session_close(struct session *session, enum close_code code, const char *detail)
{
    if (session->state == SESSION_CLOSING)
        return;
    struct hub *hub = session->hub;
    struct log_line line = log_begin(hub->log, LOG_SESSION_CLOSED);
    log_number(&line, "code", code);
    log_text(&line, "reason", bytes_of(close_text(code)));
    log_end(&line);

    bool page = session->state == SESSION_PAGE;
    counters_closed(&hub->counters, code);
    vacate(session, code == CLOSE_DONE);
    if (page || hub->transport->choked(session->socket)) {
        kill_socket(session);
        return;
    }
    uint8_t frame[FRAMING_HEADER_MAX + FRAMING_CONTROL_MAX + 1];
    uint8_t *payload = frame + FRAMING_HEADER_MAX;
    send_framed(session, payload, write_close(hub, payload, code, detail), FRAMING_CLOSE);
}

void session_refuse(struct session *session,
                    enum refusal refusal,
                    enum close_code code,
                    const char *detail)
{
    struct hub *hub = session->hub;
    hub->counters.refused[refusal]++;
    struct log_line line = log_begin(hub->log, LOG_REFUSED);
    log_text(&line, "reason", bytes_of(refusal_label(refusal)));
    log_number(&line, "code", code);
    if (session->state == SESSION_JOINED)
        log_text(&line, "room", bytes_of(session->host->name));
    if (detail != NULL)
        log_text(&line, "detail", bytes_of(detail));
    log_end(&line);
    session_close(session, code, detail);
}

/* --- Deadlines ------------------------------------------------------------------------------------ */

static void ping(struct session *session)
{
    /* A pong without payload would not be reported by libwebsockets. */
    uint8_t frame[FRAMING_HEADER_MAX + 1];
    frame[FRAMING_HEADER_MAX] = 'p';
    session->hub->counters.pings++;
    send_framed(session, frame + FRAMING_HEADER_MAX, 1, FRAMING_PING);
}

static void look_at_member(struct session *session)
{
    struct hub *hub = session->hub;
    uint32_t silent_s = hub->now_s - session->heard_s;
    bool choked = session_is_choked(session);
    if (choked && hub->now_s - session->choked_s >= SLOW_S) {
        session_refuse(session, REFUSAL_SLOW, CLOSE_SLOW, NULL);
        return;
    }
    if (silent_s >= SILENT_S) {
        session_refuse(session, REFUSAL_SILENT, CLOSE_SILENT, NULL);
        return;
    }
    if (silent_s >= PING_AFTER_S && !choked)
        ping(session);
    uint32_t next_s = session->heard_s + (silent_s >= PING_AFTER_S ? SILENT_S : PING_AFTER_S);
    if (choked && session->choked_s + SLOW_S < next_s)
        next_s = session->choked_s + SLOW_S;
    wheel_set(&hub->wheel, &session->deadline, next_s);
}

void session_due(struct session *session)
{
    struct hub *hub = session->hub;
    switch ((enum session_state)session->state) {
    case SESSION_PAGE:
        if (hub->now_s - session->heard_s < HANDSHAKE_S) {
            wheel_set(&hub->wheel, &session->deadline, session->heard_s + HANDSHAKE_S);
            return;
        }
        if (!session->served)
            hub->counters.refused[REFUSAL_HANDSHAKE_SLOW]++;
        wheel_set(&hub->wheel, &session->deadline, hub->now_s + HANDSHAKE_S);
        kill_socket(session);
        return;
    case SESSION_HELLO:
        session_refuse(session, REFUSAL_HELLO, CLOSE_HELLO, "none came in time");
        return;
    case SESSION_WAITING:
        session_refuse(session, REFUSAL_ROOM, CLOSE_MEMORY, "the room did not open in time");
        return;
    case SESSION_JOINED:
        look_at_member(session);
        return;
    case SESSION_CLOSING:
        wheel_set(&hub->wheel, &session->deadline, hub->now_s + CLOSING_S);
        kill_socket(session);
        return;
    }
}

/* --- Messages ----------------------------------------------------------------------------------- */

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
