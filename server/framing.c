#include "server/framing.h"

#define FINAL 0x80u

size_t framing_write(uint8_t *payload, size_t length, enum framing_opcode opcode)
{
    size_t extra = length < 126 ? 0 : length <= UINT16_MAX ? 2 : 8;
    uint8_t *header = payload - extra - 2;
    header[0] = (uint8_t)(FINAL | (unsigned)opcode);
    header[1] = (uint8_t)(extra == 0 ? length : extra == 2 ? 126 : 127);
    for (size_t i = 0; i < extra; i++)
        header[2 + i] = (uint8_t)(length >> (8 * (extra - 1 - i)));
    return extra + 2;
}
