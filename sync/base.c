#include "sync/base.h"

#include <stdlib.h>
#include <string.h>

const char *status_text(enum status status)
{
#define STATUS_TEXT_ROW(name, text) text,
    static const char *const texts[] = {STATUS_MAP(STATUS_TEXT_ROW)};
#undef STATUS_TEXT_ROW
    if ((unsigned)status >= STATUS_COUNT)
        return "unknown";
    return texts[status];
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

int bytes_order(struct bytes a, struct bytes b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

bool bytes_begin_with(struct bytes bytes, const char *beginning)
{
    size_t length = strlen(beginning);
    return bytes.length >= length && memcmp(bytes.data, beginning, length) == 0;
}

struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

struct bytes bytes_decimal(uint32_t number, uint8_t digits[DECIMAL_DIGITS])
{
    size_t first = DECIMAL_DIGITS;
    do {
        digits[--first] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return (struct bytes){digits + first, DECIMAL_DIGITS - first};
}

void *memory_allocate(const struct memory *memory, size_t bytes)
{
    if (memory->allocate == NULL)
        return malloc(bytes);
    return memory->allocate(memory->context, bytes);
}

void memory_release(const struct memory *memory, void *block)
{
    if (block == NULL)
        return;
    if (memory->release == NULL)
        free(block);
    else
        memory->release(memory->context, block);
}

bool memory_grow(const struct memory *memory,
                 void **array,
                 uint32_t *capacity,
                 uint32_t wanted,
                 size_t element)
{
    if (wanted <= *capacity)
        return true;
    uint32_t grown = *capacity < 4 ? 4 : *capacity;
    while (grown < wanted) {
        if (grown > UINT32_MAX / 3 * 2)
            return false;
        grown += grown / 2;
    }
    if (grown > SIZE_MAX / element)
        return false;
    uint8_t *block = memory_allocate(memory, grown * element);
    if (block == NULL)
        return false;
    size_t used = *capacity * element;
    if (used > 0)
        memcpy(block, *array, used);
    memset(block + used, 0, grown * element - used);
    memory_release(memory, *array);
    *array = block;
    *capacity = grown;
    return true;
}
