#include "server/target.h"

#include <string.h>

bool target_split(struct bytes path, struct bytes *room, struct bytes *rest)
{
    size_t prefix = strlen(WIRE_PATH);
    if (path.length < prefix || memcmp(path.data, WIRE_PATH, prefix) != 0)
        return false;
    *room = (struct bytes){path.data + prefix, path.length - prefix};
    *rest = (struct bytes){0};
    const uint8_t *slash = room->length > 0 ? memchr(room->data, '/', room->length) : NULL;
    if (slash == NULL)
        return true;
    size_t length = (size_t)(slash - room->data);
    *rest = (struct bytes){slash + 1, room->length - length - 1};
    room->length = length;
    return true;
}
