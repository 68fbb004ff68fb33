/* race_names.c - what drivers are called: text of strangers, that stands on everyone's screen and on boards. */
#include <string.h>

#include "sync/race_parts.h"

struct range {
    uint32_t first, last;
};

/* Controls, and what turns the direction of writing or is not seen: a name with these would look like
 * another one. The two joiners that scripts and emoji need are not among them.
 * clients/examples/race/names.js takes the same ranges out. */
static const struct range hidden[] = {{0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},
                                      {0x61c, 0x61c},   {0x180e, 0x180e}, {0x200b, 0x200b},
                                      {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                                      {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff}};

/* What alone is no name: spaces, fillers, joiners, selectors. */
static const struct range blank[] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x115f, 0x1160},
                                     {0x1680, 0x1680}, {0x2000, 0x200d}, {0x202f, 0x202f},
                                     {0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000},
                                     {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xffa0, 0xffa0}};

static bool within(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* The first code point of valid UTF-8, and of how many bytes it is. */
static uint32_t code_point(struct bytes text, size_t *bytes)
{
    uint8_t head = text.data[0];
    size_t length = head < 0x80 ? 1 : head < 0xe0 ? 2 : head < 0xf0 ? 3 : 4;
    uint32_t point = head < 0x80 ? head : head & (0x7fu >> length);
    for (size_t i = 1; i < length && i < text.length; i++)
        point = point << 6 | (text.data[i] & 0x3fu);
    *bytes = length < text.length ? length : text.length;
    return point;
}

static void name_clear(struct racer_name *name)
{
    memset(name, 0, sizeof *name);
}

void name_set(struct racer_name *name, struct bytes text)
{
    bool seen = false;
    name_clear(name);
    while (text.length > 0) {
        size_t bytes;
        uint32_t point = code_point(text, &bytes);
        if (name->length + bytes > RACER_NAME_MAX)
            break;
        if (!within(point, hidden, sizeof hidden / sizeof hidden[0])) {
            memcpy(name->text + name->length, text.data, bytes);
            name->length = (uint8_t)(name->length + bytes);
            seen |= !within(point, blank, sizeof blank / sizeof blank[0]);
        }
        text = (struct bytes){text.data + bytes, text.length - bytes};
    }
    if (!seen)
        name_clear(name);
}

bool name_fits(struct bytes text)
{
    struct racer_name name;
    name_set(&name, text);
    return text.length > 0 && bytes_equal(racer_name(&name), text);
}

/* Winds, for bots: short, and nobody's name. */
static const char *const bot_names[RACERS_MAX] = {
    "Mistral", "Bora",  "Zonda",   "Chinook", "Sirocco", "Foehn",   "Levante",  "Ostro",
    "Pampero", "Buran", "Khamsin", "Etesian", "Ponente", "Gregale", "Libeccio", "Tramontane",
};

void name_bot(struct racer *racer, uint32_t place)
{
    name_set(&racer->name, bytes_of(bot_names[place]));
}

/* `name` of what the member says of itself, where that is a map with one. */
static struct bytes user_name(struct bytes user)
{
    struct reader reader = reader_on(user);
    if (user.length == 0 || read_type(&reader) != PACK_MAP)
        return (struct bytes){0};
    for (uint32_t pairs = read_map(&reader); pairs > 0; pairs--) {
        bool wanted = bytes_equal(read_string(&reader), bytes_of("name"));
        if (wanted && read_type(&reader) == PACK_STRING)
            return read_string(&reader);
        read_value(&reader);
    }
    return (struct bytes){0};
}

void name_member(const struct room *room, struct racer *racer)
{
    static const char prefix[] = "Driver ";
    uint8_t text[sizeof prefix + DECIMAL_DIGITS], digits[DECIMAL_DIGITS];
    name_set(&racer->name, user_name(room_member_user(room, racer->member)));
    if (racer->name.length > 0)
        return;
    struct bytes number = bytes_decimal(racer->member, digits);
    memcpy(text, prefix, sizeof prefix - 1);
    memcpy(text + sizeof prefix - 1, number.data, number.length);
    name_set(&racer->name, (struct bytes){text, sizeof prefix - 1 + number.length});
}
