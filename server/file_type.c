#include "server/file_type.h"

#include <string.h>

static bool begins(struct bytes file, size_t at, const char *with, size_t length)
{
    return file.length >= at + length && memcmp(file.data + at, with, length) == 0;
}

enum file_type file_type_of(struct bytes beginning)
{
    if (beginning.length < FILE_TYPE_BYTES)
        return FILE_UNKNOWN;
    if (begins(beginning, 0, "\x89PNG\r\n\x1a\n", 8))
        return FILE_PNG;
    if (begins(beginning, 0, "\xff\xd8\xff", 3))
        return FILE_JPEG;
    if (begins(beginning, 0, "GIF87a", 6) || begins(beginning, 0, "GIF89a", 6))
        return FILE_GIF;
    if (begins(beginning, 0, "RIFF", 4) && begins(beginning, 8, "WEBP", 4))
        return FILE_WEBP;
    return FILE_UNKNOWN;
}

const char *file_type_text(unsigned type)
{
#define FILE_TYPE_TEXT_ROW(name, text) [FILE_##name] = (text),
    static const char *const texts[FILE_TYPE_COUNT] = {FILE_TYPE_MAP(FILE_TYPE_TEXT_ROW)};
#undef FILE_TYPE_TEXT_ROW
    return type > FILE_UNKNOWN && type < FILE_TYPE_COUNT ? texts[type] : "application/octet-stream";
}
