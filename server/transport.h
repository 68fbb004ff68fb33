/* transport.h - what sessions ask of their sockets. ws.c implements it on libwebsockets; whoever
 * implements it anew (a test, another library) calls the functions of session.h in return.
 *
 * A successful send means that the bytes were taken, not that they have arrived.
 */
#ifndef SERVER_TRANSPORT_H
#define SERVER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport {
    /* True while the socket can take no bytes. When that ends, session_writable() is called. */
    bool (*choked)(void *socket);

    /* Sends one whole WebSocket frame, its header included; only while not choked. False when the
     * connection is broken; session_gone() follows. */
    bool (*send)(void *socket, uint8_t *frame, size_t length);

    /* Asks for session_writable() in a later turn of the loop. */
    void (*want_write)(void *socket);

    /* Cuts the connection, without ceremony. session_gone() follows in a later turn. */
    void (*kill)(void *socket);
};

#endif
