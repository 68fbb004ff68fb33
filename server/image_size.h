/* image_size.h - how many pixels an image has, told from its bytes as they come in.
 *
 *   struct image_size size = {0};
 *   image_size_read(&size, bytes);       run by run, cut wherever they are cut
 *   size.pixels                          0 until it is told, and where it never is
 *
 * A few KiB of a file may ask whoever looks at it for gigabytes of memory. What says no size where a
 * decoder looks for it is no image to any decoder, and harmless.
 *
 * Limits     a run is read once, in time by its length; nothing is allocated.
 * Threads    no locking; one owner at a time.
 */
#ifndef SERVER_IMAGE_SIZE_H
#define SERVER_IMAGE_SIZE_H

#include "sync/base.h"

enum image_step {
    IMAGE_BEGINS = 0,
    IMAGE_PNG_HEADER,
    IMAGE_WEBP_CHUNK,
    IMAGE_GIF_BLOCK,
    IMAGE_GIF_EXTENSION,
    IMAGE_GIF_RUN,
    IMAGE_GIF_FRAME,
    IMAGE_JPEG_MARKER,
    IMAGE_JPEG_CODE,
    IMAGE_JPEG_LENGTH,
    IMAGE_JPEG_FRAME,
    IMAGE_TOLD /* or never: what follows is passed over */
};

struct image_size {
    uint64_t pixels;
    uint32_t width, height; /* of a GIF so far: its first frame may reach further */
    uint32_t skip;          /* bytes to pass over before the next step */
    enum image_step step;
    uint8_t held; /* bytes of what the step needs */
    uint8_t bytes[18];
};

void image_size_read(struct image_size *size, struct bytes bytes);

#endif
