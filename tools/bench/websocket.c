#include "tools/bench/websocket.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#define FINAL    0x80u
#define MASKED   0x80u
#define LENGTH16 126u
#define LENGTH64 127u

#define ACCEPT_SUFFIX "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */

static uint64_t big_endian(const uint8_t *data, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | data[i];
    return value;
}

static void put_big_endian(uint8_t *data, size_t bytes, uint64_t value)
{
    for (size_t i = bytes; i > 0; i--) {
        data[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

bool ws_read_header(const uint8_t *data, size_t length, struct ws_header *header)
{
    if (length < 2)
        return false;

    header->opcode = data[0] & 0x0f;
    header->masked = (data[1] & MASKED) != 0;
    header->payload = data[1] & 0x7f;
    size_t extended = header->payload == LENGTH16 ? 2 : header->payload == LENGTH64 ? 8 : 0;
    header->length = 2 + extended + (header->masked ? 4 : 0);
    if (length < header->length)
        return false;

    if (extended > 0)
        header->payload = big_endian(data + 2, extended);
    if (header->masked)
        memcpy(header->mask, data + 2 + extended, sizeof header->mask);
    return true;
}

size_t ws_write_header(uint8_t header[WS_HEADER_MAX], enum ws_opcode opcode, size_t payload)
{
    header[0] = (uint8_t)(FINAL | opcode);
    if (payload < LENGTH16) {
        header[1] = (uint8_t)payload;
        return 2;
    }
    if (payload <= UINT16_MAX) {
        header[1] = LENGTH16;
        put_big_endian(header + 2, 2, payload);
        return 4;
    }
    header[1] = LENGTH64;
    put_big_endian(header + 2, 8, payload);
    return 10;
}

size_t ws_write_masked(uint8_t *out,
                       enum ws_opcode opcode,
                       const uint8_t *payload,
                       size_t length,
                       uint32_t mask)
{
    size_t header = ws_write_header(out, opcode, length);
    out[1] |= MASKED;
    put_big_endian(out + header, 4, mask);
    uint8_t *body = out + header + 4;
    memcpy(body, payload, length);
    ws_mask(body, length, out + header);
    return header + 4 + length;
}

void ws_mask(uint8_t *payload, size_t length, const uint8_t mask[4])
{
    for (size_t i = 0; i < length; i++)
        payload[i] ^= mask[i & 3];
}

void ws_accept(const char *key, char accept[WS_ACCEPT_BYTES + 1])
{
    char text[WS_KEY_BYTES + sizeof ACCEPT_SUFFIX];
    memcpy(text, key, WS_KEY_BYTES);
    memcpy(text + WS_KEY_BYTES, ACCEPT_SUFFIX, sizeof ACCEPT_SUFFIX);

    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_bytes = 0;
    int digested = EVP_Digest(text, WS_KEY_BYTES + strlen(ACCEPT_SUFFIX), digest, &digest_bytes,
                              EVP_sha1(), NULL);
    assert(digested == 1);
    (void)digested;
    int encoded = EVP_EncodeBlock((unsigned char *)accept, digest, (int)digest_bytes);
    assert(encoded == WS_ACCEPT_BYTES);
    (void)encoded;
}

const char *http_header(const char *head, const char *name)
{
    size_t name_length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_length) == 0 && line[name_length] == ':')
            return line + name_length + 1 + strspn(line + name_length + 1, " ");
    }
    return NULL;
}
