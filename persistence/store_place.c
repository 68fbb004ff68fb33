#include "persistence/store_place.h"

#include "persistence/store.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char place[STORE_PLACE_MAX];

void store_place_set(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(place, sizeof place, format, arguments);
    va_end(arguments);
}

const char *store_place(void)
{
    return place;
}

const char *store_result_text(enum store_result result)
{
    switch (result) {
    case STORE_OK:
        return "ok";
    case STORE_NOT_FOUND:
        return "not found";
    case STORE_BUSY:
        return "someone else holds the file";
    case STORE_FULL:
        return "no space left";
    case STORE_FENCED:
        return "someone else has claimed the store";
    case STORE_UNKNOWN:
        return "nobody can tell whether it was stored";
    case STORE_FAILED:
        return "the disk failed";
    case STORE_DAMAGED:
        return "what is stored is damaged";
    case STORE_MEMORY:
        return "no memory";
    }
    return "unknown";
}
