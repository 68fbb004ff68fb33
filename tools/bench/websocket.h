/* websocket.h - as much of RFC 6455 as the benchmark programs speak: handshake and framing.
 *
 *   struct ws_header header;
 *   if (ws_read_header(data, length, &header))
 *       the payload is header.payload bytes, header.length bytes after data
 *
 * No fragments, no extensions. Nothing is allocated or kept.
 */
#ifndef TOOLS_BENCH_WEBSOCKET_H
#define TOOLS_BENCH_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_SUBPROTOCOL  "tutti.v1"
#define WS_HEADER_MAX   14
#define WS_CONTROL_MAX  125 /* payload of a close, ping or pong */
#define WS_ACCEPT_BYTES 28
#define WS_KEY_BYTES    24

enum ws_opcode {
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

struct ws_header {
    uint8_t opcode;
    bool masked;
    uint8_t mask[4];
    size_t length;    /* of the header itself */
    uint64_t payload; /* bytes that follow it */
};

/* False while the header is not whole. */
bool ws_read_header(const uint8_t *data, size_t length, struct ws_header *header);

/* Writes an unmasked header, as servers send, and returns its length. */
size_t ws_write_header(uint8_t header[WS_HEADER_MAX], enum ws_opcode opcode, size_t payload);

/* Writes a whole masked message, as clients send, and returns its length, which is at most
 * WS_HEADER_MAX more than the payload's. */
size_t ws_write_masked(uint8_t *out,
                       enum ws_opcode opcode,
                       const uint8_t *payload,
                       size_t length,
                       uint32_t mask);

/* Masks or, the second time, unmasks. */
void ws_mask(uint8_t *payload, size_t length, const uint8_t mask[4]);

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key of WS_KEY_BYTES characters, with a terminator. */
void ws_accept(const char *key, char accept[WS_ACCEPT_BYTES + 1]);

/* The value of a header in the head of an HTTP message, a C string; NULL where it is missing. It
 * ends at the next "\r\n". */
const char *http_header(const char *head, const char *name);

#endif
