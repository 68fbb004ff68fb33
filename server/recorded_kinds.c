#include "server/recorded_kinds.h"

#include <string.h>

/* The next name of the list, which moves past it; false at its end. */
static bool next_name(const char **list, struct bytes *name)
{
    if (**list == '\0')
        return false;
    *name = (struct bytes){(const uint8_t *)*list, strcspn(*list, ",")};
    *list += name->length;
    *list += **list == ',';
    return true;
}

static bool is_word(const char *list)
{
    return strcmp(list, "all") == 0 || strcmp(list, "none") == 0;
}

bool recorded_kinds_have(const char *list, struct bytes kind)
{
    struct bytes name;
    if (list == NULL || is_word(list))
        return list == NULL || strcmp(list, "all") == 0;
    while (next_name(&list, &name))
        if (bytes_equal(name, kind))
            return true;
    return false;
}

bool recorded_kinds_are_known(const char *list, const struct kinds *kinds, struct bytes *unknown)
{
    if (is_word(list))
        return true;
    while (next_name(&list, unknown))
        if (kind_find(kinds, *unknown) == NULL)
            return false;
    return true;
}
