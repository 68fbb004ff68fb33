#include "server/image_size.h"

#include "server/file_type.h"

#include <assert.h>
#include <string.h>

/* Bytes that each step looks at. */
static const uint8_t needs[IMAGE_TOLD] = {
    [IMAGE_BEGINS] = FILE_TYPE_BYTES,
    [IMAGE_PNG_HEADER] = 12,
    [IMAGE_WEBP_CHUNK] = 18,
    [IMAGE_GIF_BLOCK] = 1,
    [IMAGE_GIF_EXTENSION] = 1,
    [IMAGE_GIF_RUN] = 1,
    [IMAGE_GIF_FRAME] = 8,
    [IMAGE_JPEG_MARKER] = 1,
    [IMAGE_JPEG_CODE] = 1,
    [IMAGE_JPEG_LENGTH] = 2,
    [IMAGE_JPEG_FRAME] = 7,
};

static uint32_t big(const uint8_t *bytes, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint32_t little(const uint8_t *bytes, int count)
{
    uint32_t value = 0;
    for (int i = count; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

static void measure(struct image_size *size, uint32_t width, uint32_t height)
{
    size->width = width;
    size->height = height;
    size->pixels = (uint64_t)width * height;
}

static enum image_step told(struct image_size *size, uint32_t width, uint32_t height)
{
    measure(size, width, height);
    return IMAGE_TOLD;
}

/* --- The formats -------------------------------------------------------------------------------- */

/* Of the three kinds of chunk that may come first, each says it in its own way. */
static enum image_step webp_chunk(struct image_size *size, const uint8_t *chunk)
{
    const uint8_t *data = chunk + 8;
    if (memcmp(chunk, "VP8X", 4) == 0)
        return told(size, little(data + 4, 3) + 1, little(data + 7, 3) + 1);
    if (memcmp(chunk, "VP8L", 4) == 0) {
        uint32_t bits = little(data + 1, 4);
        return told(size, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    }
    if (memcmp(chunk, "VP8 ", 4) == 0)
        return told(size, little(data + 6, 2) & 0x3fff, little(data + 8, 2) & 0x3fff);
    return IMAGE_TOLD;
}

/* Its palette has a bit in the flags that says whether, and three that say how long. */
static enum image_step gif_screen(struct image_size *size, const uint8_t *header)
{
    uint8_t flags = header[10];
    measure(size, little(header + 6, 2), little(header + 8, 2));
    size->skip = 1 + ((flags & 0x80) != 0 ? 3u << ((flags & 7) + 1) : 0);
    return IMAGE_GIF_BLOCK;
}

static enum image_step gif_block(uint8_t kind)
{
    if (kind == 0x21)
        return IMAGE_GIF_EXTENSION;
    return kind == 0x2c ? IMAGE_GIF_FRAME : IMAGE_TOLD;
}

/* Decoders make room for a first frame that reaches beyond the screen. */
static enum image_step gif_frame(struct image_size *size, const uint8_t *frame)
{
    uint32_t right = little(frame, 2) + little(frame + 4, 2);
    uint32_t bottom = little(frame + 2, 2) + little(frame + 6, 2);
    return told(size, right > size->width ? right : size->width,
                bottom > size->height ? bottom : size->height);
}

static bool is_jpeg_frame(uint8_t code)
{
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
}

static enum image_step jpeg_code(uint8_t code)
{
    bool stands_alone = code <= 0x01 || (code >= 0xd0 && code <= 0xd9);
    if (code == 0xff)
        return IMAGE_JPEG_CODE; /* a marker may be filled up with them */
    if (stands_alone)
        return IMAGE_JPEG_MARKER;
    if (code == 0xda)
        return IMAGE_TOLD; /* pixels before their frame are no image */
    return is_jpeg_frame(code) ? IMAGE_JPEG_FRAME : IMAGE_JPEG_LENGTH;
}

static enum image_step jpeg_length(struct image_size *size, const uint8_t *bytes)
{
    uint32_t length = big(bytes, 2);
    if (length < 2)
        return IMAGE_TOLD;
    size->skip = length - 2;
    return IMAGE_JPEG_MARKER;
}

/* --- Steps -------------------------------------------------------------------------------------- */

static enum image_step begin(struct image_size *size, const uint8_t *bytes)
{
    switch (file_type_of((struct bytes){bytes, FILE_TYPE_BYTES})) {
    case FILE_PNG:
        return IMAGE_PNG_HEADER;
    case FILE_WEBP:
        return IMAGE_WEBP_CHUNK;
    case FILE_GIF:
        return gif_screen(size, bytes);
    case FILE_JPEG:
        /* More than the first marker has come, which is two bytes long. */
        size->step = IMAGE_JPEG_MARKER;
        image_size_read(size, (struct bytes){bytes + 2, FILE_TYPE_BYTES - 2});
        return size->step;
    case FILE_UNKNOWN:
    case FILE_TYPE_COUNT:
        break;
    }
    return IMAGE_TOLD;
}

static enum image_step take_step(struct image_size *size, const uint8_t *bytes)
{
    switch (size->step) {
    case IMAGE_BEGINS:
        return begin(size, bytes);
    case IMAGE_PNG_HEADER: /* after its length: IHDR, width, height */
        return memcmp(bytes, "IHDR", 4) == 0 ? told(size, big(bytes + 4, 4), big(bytes + 8, 4))
                                             : IMAGE_TOLD;
    case IMAGE_WEBP_CHUNK:
        return webp_chunk(size, bytes);
    case IMAGE_GIF_BLOCK:
        return gif_block(bytes[0]);
    case IMAGE_GIF_EXTENSION:
        return IMAGE_GIF_RUN;
    case IMAGE_GIF_RUN:
        size->skip = bytes[0];
        return bytes[0] == 0 ? IMAGE_GIF_BLOCK : IMAGE_GIF_RUN;
    case IMAGE_GIF_FRAME:
        return gif_frame(size, bytes);
    case IMAGE_JPEG_MARKER: /* what stands between markers is passed over, as decoders do */
        return bytes[0] == 0xff ? IMAGE_JPEG_CODE : IMAGE_JPEG_MARKER;
    case IMAGE_JPEG_CODE:
        return jpeg_code(bytes[0]);
    case IMAGE_JPEG_LENGTH:
        return jpeg_length(size, bytes);
    case IMAGE_JPEG_FRAME: /* length, precision, height, width */
        return told(size, big(bytes + 5, 2), big(bytes + 3, 2));
    case IMAGE_TOLD:
        break;
    }
    return IMAGE_TOLD;
}

void image_size_read(struct image_size *size, struct bytes bytes)
{
    while (bytes.length > 0 && size->step != IMAGE_TOLD) {
        size_t wanted = size->skip > 0 ? size->skip : (size_t)(needs[size->step] - size->held);
        size_t taken = wanted < bytes.length ? wanted : bytes.length;
        if (size->skip > 0) {
            size->skip -= (uint32_t)taken;
        } else {
            assert(size->held + taken <= sizeof size->bytes);
            memcpy(size->bytes + size->held, bytes.data, taken);
            size->held += (uint8_t)taken;
        }
        bytes = (struct bytes){bytes.data + taken, bytes.length - taken};
        if (size->held < needs[size->step])
            continue;
        uint8_t step[sizeof size->bytes];
        memcpy(step, size->bytes, sizeof step);
        size->held = 0;
        size->step = take_step(size, step);
    }
}
