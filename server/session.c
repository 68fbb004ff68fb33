#include "server/session.h"

#include "server/addresses.h"
#include "server/framing.h"
#include "server/hub.h"
#include "server/opening.h"
#include "server/room_host.h"
#include "sync/frame.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(FRAME_HEADROOM >= FRAMING_HEADER_MAX, "a frame's header fits in front of it");

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
    session_drop_pieces(session);
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
