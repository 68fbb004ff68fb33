#include "tools/bench/dialect.h"

#include <stdio.h>
#include <string.h>

/* Kinds of messages of tutti.v1. */
#define HELLO    0
#define PRESENCE 2
#define CLOCK    3
#define MOVED    16
#define WELCOME  2

#define MOVED_MASK_MAX 111u

/* msgpack's shorts, of which the messages here are made. */
#define SHORT_ARRAY  0x90u
#define SHORT_MAP    0x80u
#define SHORT_STRING 0xa0u
#define BINARY8      0xc4u
#define UNSIGNED8    0xccu
#define UNSIGNED16   0xcdu
#define UNSIGNED64   0xcfu

struct text {
    uint8_t *at;
};

static void put(struct text *text, uint32_t byte)
{
    *text->at++ = (uint8_t)byte;
}

static void put_natural(struct text *text, uint64_t value)
{
    int bytes = value < 128 ? 0 : value <= UINT8_MAX ? 1 : value <= UINT16_MAX ? 2 : 8;
    if (bytes == 0) {
        put(text, (uint32_t)value);
        return;
    }
    put(text, bytes == 1 ? UNSIGNED8 : bytes == 2 ? UNSIGNED16 : UNSIGNED64);
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        put(text, (uint8_t)(value >> shift));
}

static void put_string(struct text *text, const char *string)
{
    size_t length = strlen(string);
    put(text, SHORT_STRING | (uint32_t)length);
    memcpy(text->at, string, length);
    text->at += length;
}

static uint64_t zigzag(int32_t value)
{
    return value < 0 ? 2 * (uint64_t)(-(int64_t)value) - 1 : 2 * (uint64_t)value;
}

size_t speak_hello(struct speaker *speaker,
                   uint32_t number,
                   const uint8_t key[SPEAKER_KEY_BYTES],
                   uint8_t out[SPEECH_BYTES_MAX])
{
    if (speaker->dialect == DIALECT_FLOOR) {
        speaker->joined = true;
        return 0;
    }

    char name[24];
    snprintf(name, sizeof name, "swarm %u", number);

    struct text text = {out};
    put(&text, SHORT_ARRAY | 9);
    put(&text, HELLO);
    put(&text, 1); /* version */
    put(&text, BINARY8);
    put(&text, SPEAKER_KEY_BYTES);
    memcpy(text.at, key, SPEAKER_KEY_BYTES);
    text.at += SPEAKER_KEY_BYTES;
    put_string(&text, speaker->kind);
    put(&text, SHORT_MAP | 1);
    put_string(&text, "name");
    put_string(&text, name);
    put(&text, 0); /* sequence */
    put(&text, 0); /* decided */
    put(&text, 0); /* incarnation */
    put(&text, SHORT_ARRAY | 0);
    return (size_t)(text.at - out);
}

/* Looks for the definition [1, collection 0, number, NAME, ...] of a presence field. Its first
 * elements are one byte each, so that it can be told from anything else in a first frame. */
static bool find_field(const uint8_t *message, size_t length, const char *name, uint8_t *number)
{
    uint8_t pattern[] = {1, 0, 0, SHORT_STRING | 1, (uint8_t)name[0]};
    for (size_t i = 1; i + sizeof pattern <= length; i++) {
        const uint8_t *at = message + i;
        if ((at[-1] & 0xf0) == SHORT_ARRAY && at[0] == pattern[0] && at[1] == pattern[1] &&
            at[3] == pattern[3] && at[4] == pattern[4]) {
            *number = at[2];
            return true;
        }
    }
    return false;
}

void speaker_hear(struct speaker *speaker, const uint8_t *message, size_t length)
{
    if (!speaker->welcomed) {
        bool array = length > 1 && ((message[0] & 0xf0) == SHORT_ARRAY || message[0] == 0xdc);
        size_t kind_at = array && message[0] == 0xdc ? 3 : 1;
        speaker->welcomed = array && length > kind_at && message[kind_at] == WELCOME;
        return;
    }
    if (!speaker->field_x_known)
        speaker->field_x_known = find_field(message, length, "x", &speaker->field_x);
    if (!speaker->field_y_known)
        speaker->field_y_known = find_field(message, length, "y", &speaker->field_y);
    speaker->joined = speaker->field_x_known && speaker->field_y_known;
}

static size_t say_floor(const struct speaker *speaker, uint8_t *out)
{
    int16_t position[2] = {(int16_t)speaker->x, (int16_t)speaker->y};
    memcpy(out, position, sizeof position);
    return sizeof position;
}

static size_t say_whole(const struct speaker *speaker, uint8_t *out)
{
    struct text text = {out};
    put(&text, SHORT_ARRAY | 5);
    put(&text, PRESENCE);
    put(&text, speaker->field_x);
    put_natural(&text, (uint64_t)speaker->x);
    put(&text, speaker->field_y);
    put_natural(&text, (uint64_t)speaker->y);
    return (size_t)(text.at - out);
}

struct difference {
    uint8_t field;
    int32_t value;
};

static size_t say_moved(struct difference first, struct difference second, uint8_t *out)
{
    if (first.field > second.field) {
        struct difference lower = second;
        second = first;
        first = lower;
    }
    uint32_t mask =
        (first.value != 0 ? 1u << first.field : 0) | (second.value != 0 ? 1u << second.field : 0);
    uint32_t fields = (first.value != 0 ? 1u : 0) + (second.value != 0 ? 1u : 0);

    struct text text = {out};
    put(&text, SHORT_ARRAY | (1 + fields));
    put(&text, MOVED + mask);
    if (first.value != 0)
        put_natural(&text, zigzag(first.value));
    if (second.value != 0)
        put_natural(&text, zigzag(second.value));
    return (size_t)(text.at - out);
}

/* The short form has room for the lowest fields only. */
static bool moved_reaches(const struct speaker *speaker)
{
    return speaker->field_x < 7 && speaker->field_y < 7 &&
           (1u << speaker->field_x | 1u << speaker->field_y) <= MOVED_MASK_MAX;
}

size_t speak_position(struct speaker *speaker, int32_t x, int32_t y, uint8_t out[SPEECH_BYTES_MAX])
{
    struct difference dx = {speaker->field_x, x - speaker->x};
    struct difference dy = {speaker->field_y, y - speaker->y};
    if (speaker->placed && dx.value == 0 && dy.value == 0)
        return 0;

    bool whole = !speaker->placed || !moved_reaches(speaker);
    speaker->x = x;
    speaker->y = y;
    speaker->placed = true;
    if (speaker->dialect == DIALECT_FLOOR)
        return say_floor(speaker, out);
    return whole ? say_whole(speaker, out) : say_moved(dx, dy, out);
}

void speaker_forget(struct speaker *speaker)
{
    speaker->placed = false;
}

size_t speak_clock(const struct speaker *speaker, uint64_t echo, uint8_t out[SPEECH_BYTES_MAX])
{
    if (speaker->dialect == DIALECT_FLOOR)
        return 0;
    struct text text = {out};
    put(&text, SHORT_ARRAY | 2);
    put(&text, CLOCK);
    put_natural(&text, echo);
    return (size_t)(text.at - out);
}
