#include "server/order_json.h"

/* A number of a moment; false beyond what one may be. */
static bool moment_number(json_int_t number)
{
    return number >= 0 && number <= INTEGER_MAX;
}

/* Texts are views into the document. */
struct text {
    const char *data;
    size_t length;
};

static struct bytes bytes_in(struct text text)
{
    return (struct bytes){(const uint8_t *)text.data, text.length};
}

bool order_json_fork(json_t *document, struct fork_wish *wish)
{
    json_int_t tick = 0, incarnation = 0;
    struct text name = {0};
    int unpacked = json_unpack_ex(document, NULL, JSON_STRICT, "{s:I, s?I, s?s%}", "tick", &tick,
                                  "incarnation", &incarnation, "room", &name.data, &name.length);
    if (unpacked != 0 || !moment_number(tick) || !moment_number(incarnation))
        return false;
    wish->tick = (uint64_t)tick;
    wish->incarnation = (uint64_t)incarnation;
    wish->name = bytes_in(name);
    return name.data == NULL || wire_room_name_valid(wish->name);
}

bool order_json_marker(json_t *document, struct store_marker *marker)
{
    json_int_t tick = 0, incarnation = 0;
    struct text title = {0}, colour = {0}, by = {0};
    int unpacked =
        json_unpack_ex(document, NULL, JSON_STRICT, "{s:I, s:s%, s?I, s?s%, s?s%}", "tick", &tick,
                       "title", &title.data, &title.length, "incarnation", &incarnation, "colour",
                       &colour.data, &colour.length, "by", &by.data, &by.length);
    if (unpacked != 0 || tick < 1 || tick > (json_int_t)STORE_TICK_MAX ||
        !moment_number(incarnation))
        return false;
    marker->tick = (uint64_t)tick;
    marker->incarnation = (uint64_t)incarnation;
    marker->title = bytes_in(title);
    marker->colour = bytes_in(colour);
    marker->by = bytes_in(by);
    return title.length <= STORE_TITLE_MAX && colour.length <= STORE_COLOUR_MAX &&
           by.length <= STORE_BY_MAX;
}

bool order_json_session(json_t *document, struct note *note)
{
    struct text title = {0};
    int pinned = -1;
    int unpacked = json_unpack_ex(document, NULL, JSON_STRICT, "{s?s%, s?b}", "title", &title.data,
                                  &title.length, "pinned", &pinned);
    note->marker.title = bytes_in(title);
    note->entitles = title.data != NULL;
    note->pins = pinned >= 0;
    note->pinned = pinned == 1;
    return unpacked == 0 && (note->entitles || note->pins) && title.length <= STORE_TITLE_MAX;
}
