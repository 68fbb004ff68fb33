/* framing.h - headers of WebSocket frames that a server sends (RFC 6455, 5.2): unmasked, whole. */
#ifndef SERVER_FRAMING_H
#define SERVER_FRAMING_H

#include <stddef.h>
#include <stdint.h>

#define FRAMING_HEADER_MAX  10u
#define FRAMING_CONTROL_MAX 125u /* payload of a ping or a close */

enum framing_opcode {
    FRAMING_BINARY = 0x2,
    FRAMING_CLOSE = 0x8,
    FRAMING_PING = 0x9
};

/* Writes the header into the bytes just in front of the payload, of which there must be
 * FRAMING_HEADER_MAX; how many it takes. */
size_t framing_write(uint8_t *payload, size_t length, enum framing_opcode opcode);

#endif
