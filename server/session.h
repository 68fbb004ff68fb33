/* session.h - one connection: from the accepted socket over the handshake and the hello to a seat
 * in a room, and to its end.
 *
 *   accepted     session = session_open(hub, peer); session->socket = ...
 *   upgraded     session_upgraded(session, target)      it has HELLO_S to say hello
 *   bytes in     session_receive(session, chunk)        hello -> room_host_join(); others -> room
 *   drained      session_writable(session)              what had to wait goes out now
 *   ended        session_peer_closed(), session_gone(), session_destroy()
 *
 * A session's memory is fixed. A message that arrives in pieces is put together in a buffer of its
 * own, which lives as long as that message is on its way. Nothing is queued for a socket that does
 * not take bytes: its member's place in the room stays behind, and is caught up from there.
 *
 * Threads    the hub's.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include "server/bucket.h"
#include "server/counters.h"
#include "server/wheel.h"
#include "sync/base.h"
#include "sync/wire.h"

#include <sys/socket.h>

struct hub;
struct room_host;
struct address;
struct assembly;
struct waiting;

enum session_state {
    SESSION_PAGE,    /* speaks HTTP; may ask for an upgrade */
    SESSION_HELLO,   /* a WebSocket that has not said hello */
    SESSION_WAITING, /* for its room to open */
    SESSION_JOINED,  /* has a seat */
    SESSION_CLOSING  /* a close was sent, or the socket was cut: it only waits for its end */
};

struct session {
    struct wheel_entry deadline; /* always set; see session_due() */
    struct hub *hub;
    void *socket;            /* the transport's */
    struct address *address; /* NULL where addresses are not counted */
    union {
        void *transfer;          /* SESSION_PAGE: the transport's, while it sends a page */
        char *target;            /* SESSION_HELLO: see target_write(); NUL-terminated, owned */
        struct waiting *waiting; /* SESSION_WAITING: see opening.h */
        struct room_host *host;  /* SESSION_JOINED */
    };
    struct assembly *assembly; /* of a message that has not arrived whole; else NULL */
    struct bucket messages;
    struct bucket bytes;
    union {
        int64_t echo;  /* newest clock question that could not be answered yet */
        uint64_t read; /* SESSION_PAGE: the transport's, bytes that its requests so far were in */
    };
    uint32_t seat;     /* SESSION_JOINED */
    uint32_t heard_s;  /* when the peer last gave a sign of life */
    uint32_t choked_s; /* since when the socket takes nothing, while `choked` */
    uint8_t state;     /* enum session_state */
    uint8_t saving;    /* SESSION_JOINED: enum saving, as it was told */
    bool choked : 1;   /* bits: each connection that idles has a session */
    bool behind : 1;   /* the member has not been sent all there is */
    bool echo_waits : 1;
    bool served : 1; /* SESSION_PAGE: at least one request came */
};

/* One piece of a message, as it comes from the socket. */
struct chunk {
    struct bytes bytes;
    size_t rest; /* of this frame, still to come */
    bool first;  /* of its message */
    bool final;  /* of its message */
    bool binary;
};

/* A session for an accepted socket. NULL without memory or when there are too many sockets. */
struct session *session_open(struct hub *hub, const struct sockaddr *peer);

/* Frees what the session holds; the socket is gone. */
void session_destroy(struct session *session);

/* The peer gave a sign of life. */
void session_alive(struct session *session);

/* The handshake ended with a WebSocket to this target: what target_recall() reads. */
void session_upgraded(struct session *session, struct bytes target);

/* Takes a seat with this hello; on anything but a seat the session is closed. */
void session_join(struct session *session, struct room_host *host, struct bytes hello);

void session_receive(struct session *session, const struct chunk *chunk);

/* What has come of a message that is not whole is given up. */
void session_drop_pieces(struct session *session);

void session_writable(struct session *session);

/* The peer closes, with this payload of its close frame. It is answered; the socket may go then. */
void session_peer_closed(struct session *session, struct bytes payload);

/* The connection is over, by whatever way. */
void session_gone(struct session *session);

/* Ends the connection: a close frame with the code's text, `detail` (NULL for none), and for codes
 * after which a client should wait a random time to do so. A socket that takes no bytes is cut. */
void session_close(struct session *session, enum close_code code, const char *detail);

/* The same for something the peer did or could not have; counted and logged by reason. */
void session_refuse(struct session *session,
                    enum refusal refusal,
                    enum close_code code,
                    const char *detail);

/* Sends a message, in front of which FRAME_HEADROOM bytes may be written. The socket must not be
 * choked. */
void session_send(struct session *session, uint8_t *message, size_t length);

/* True while the socket takes nothing; remembers since when. */
bool session_is_choked(struct session *session);

/* The deadline has come: looks at what is missing, and sets the next one. */
void session_due(struct session *session);

#endif
