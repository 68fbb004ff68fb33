/* check_image_size.c - how large images say they are: each format, cut anywhere, and what says nothing. */
#include "server/image_size.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PNG  "\x89PNG\r\n\x1a\n\0\0\0\15IHDR"
#define RIFF "RIFF\0\0\0\0WEBP"
#define EXIF "\xff\xe1\0\x0c\xff\xc0\0\x11\x08\0\1\0\1\0" /* a smaller picture of it within */

/* A size that is 0: it is never told. */
static const struct {
    const char *bytes;
    size_t length;
    uint64_t pixels;
} images[] = {
#define IMAGE(bytes, pixels)                                                                       \
    {                                                                                              \
        bytes, sizeof bytes - 1, UINT64_C(pixels)                                                  \
    }
    IMAGE(PNG "\0\0\1\0\0\0\0\2....", 512),
    IMAGE(PNG "\xff\xff\xff\xff\xff\xff\xff\xff", 18446744065119617025),
    IMAGE("\x89PNG\r\n\x1a\n\0\0\0\15IDAT\0\0\1\0\0\0\0\2", 0),
    IMAGE("GIF89a\3\0\5\0\0\0\0;", 15),
    IMAGE("GIF89a\3\0\5\0\0\0\0,\2\0\0\0\4\0\7\0", 42),         /* to 6 x 7 */
    IMAGE("GIF87a\3\0\5\0\x80\0\0......,\0\0\0\0\1\0\1\0", 15), /* a palette of 2 */
    IMAGE("GIF89a\1\0\1\0\0\0\0!\xf9\2..\1.\0,\0\0\0\0\xff\xff\xff\xff", 4294836225),
    IMAGE(RIFF "VP8X\12\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff", 281474976710656),
    IMAGE(RIFF "VP8L\0\0\0\0\x2f\3\x40\1\0.....", 24),            /* 4 x 6 */
    IMAGE(RIFF "VP8 \0\0\0\0...\x9d\1\x2a\x10\x40\x20\x80", 512), /* scaled, says no more */
    IMAGE(RIFF "ALPH\0\0\0\0..........", 0),
    IMAGE("\xff\xd8\xff\xc0\0\x11\x08\0\4\0\3\3..........", 12),
    IMAGE("\xff\xd8" EXIF "\xff\xff\xff\xc2\0\x11\x08\0\4\0\5\3", 20), /* progressive, filled up */
    IMAGE("\xff\xd8\xff\xc4\0\4..\0junk\xff\0\xff\xd0\xff\xc1\0\x11\x08\0\4\0\6", 24),
    IMAGE("\xff\xd8\xff\xda\0\2......\xff\xc0\0\x11\x08\0\4\0\3", 0), /* pixels without a frame */
    IMAGE("\xff\xd8\xff\xe0\0\1......\xff\xc0\0\x11\x08\0\4\0\3", 0), /* shorter than its length */
    IMAGE("<svg width='99999' height='99999'/>", 0),
#undef IMAGE
};

#define IMAGES (sizeof images / sizeof images[0])

/* In pieces of so many bytes. */
static uint64_t pixels_of(struct bytes image, size_t piece)
{
    struct image_size size = {0};
    for (size_t at = 0; at < image.length; at += piece) {
        size_t left = image.length - at;
        image_size_read(&size, (struct bytes){image.data + at, left < piece ? left : piece});
    }
    return size.pixels;
}

START_TEST(a_size_is_told_wherever_the_bytes_are_cut)
{
    struct bytes image = {(const uint8_t *)images[_i].bytes, images[_i].length};
    for (size_t piece = 1; piece <= image.length; piece++)
        ck_assert_uint_eq(pixels_of(image, piece), images[_i].pixels);
}
END_TEST

START_TEST(half_an_image_says_no_wrong_size)
{
    for (size_t length = 0; length < images[_i].length; length++) {
        struct bytes half = {(const uint8_t *)images[_i].bytes, length};
        ck_assert_uint_le(pixels_of(half, 5), images[_i].pixels);
    }
}
END_TEST

/* _i is the seed. What decoders make of it is theirs; reading it ends, and stays within its bytes. */
START_TEST(any_bytes_can_be_read)
{
    static const char *const beginnings[] = {PNG, "GIF89a", RIFF, "\xff\xd8\xff"};
    uint8_t bytes[600];
    srand((unsigned)_i);
    for (int round = 0; round < 500; round++) {
        const char *begins = beginnings[round % 4];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = rand() % 3 > 0 ? (uint8_t)rand() : 0xff;
        memcpy(bytes, begins, strlen(begins));
        (void)pixels_of((struct bytes){bytes, sizeof bytes}, 1 + (size_t)(rand() % 40));
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("image_size");
    tcase_add_loop_test(tcase, a_size_is_told_wherever_the_bytes_are_cut, 0, IMAGES);
    tcase_add_loop_test(tcase, half_an_image_says_no_wrong_size, 0, IMAGES);
    tcase_add_loop_test(tcase, any_bytes_can_be_read, 0, 10);

    Suite *suite = suite_create("image_size");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
