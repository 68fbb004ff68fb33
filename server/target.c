#include "server/target.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REPLAY     "replay/"
#define AT         "at="
#define UNRECORDED "record=no"

/* As many as INTEGER_MAX has. */
#define DIGITS_MAX 16u

static struct bytes behind(struct bytes text, size_t length)
{
    return (struct bytes){text.data + length, text.length - length};
}

/* At the first such letter; what is behind it is NULL where there is none. */
static void split_at(struct bytes text, char letter, struct bytes *before, struct bytes *rest)
{
    const uint8_t *at = text.length > 0 ? memchr(text.data, letter, text.length) : NULL;
    *before = text;
    *rest = (struct bytes){0};
    if (at == NULL)
        return;
    before->length = (size_t)(at - text.data);
    *rest = behind(text, before->length + 1);
}

bool target_split(struct bytes path, struct bytes *room, struct bytes *rest)
{
    if (!bytes_begin_with(path, WIRE_PATH))
        return false;
    split_at(behind(path, strlen(WIRE_PATH)), '/', room, rest);
    return true;
}

static bool read_number(struct bytes text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || i == DIGITS_MAX)
            return false;
        *number = *number * 10 + (uint64_t)(text.data[i] - '0');
    }
    return text.length > 0 && *number <= INTEGER_MAX;
}

bool target_moment(struct bytes text, uint64_t *tick, uint64_t *incarnation)
{
    struct bytes first, second;
    split_at(text, '.', &first, &second);
    return read_number(first, tick) && (second.data == NULL || read_number(second, incarnation));
}

/* at=TICK or at=TICK.INCARNATION, or nothing at all. */
static bool read_moment(struct bytes query, struct target *target)
{
    if (query.length == 0)
        return true;
    if (!bytes_begin_with(query, AT))
        return false;
    return target_moment(behind(query, strlen(AT)), &target->tick, &target->incarnation);
}

/* Among the words of the query, between which stands &. */
static bool has_word(struct bytes query, const char *word)
{
    for (struct bytes first; query.length > 0;) {
        split_at(query, '&', &first, &query);
        if (bytes_equal(first, bytes_of(word)))
            return true;
    }
    return false;
}

/* Of the letters that a room's name may have. */
static bool replay_name_valid(struct bytes name)
{
    return name.length <= REPLAY_NAME_MAX && wire_room_name_valid(name);
}

/* Of what stands behind WIRE_PATH. */
static enum target_fault read_names(struct bytes names, struct bytes query, struct target *target)
{
    struct bytes rest;
    *target = (struct target){0};
    split_at(names, '/', &target->room, &rest);
    bool replays = rest.data != NULL;
    if (replays && !bytes_begin_with(rest, REPLAY))
        return TARGET_PATH;
    if (!wire_room_name_valid(target->room))
        return TARGET_ROOM_NAME;
    target->unrecorded = !replays && has_word(query, UNRECORDED);
    if (!replays)
        return TARGET_GOOD;
    target->replay = behind(rest, strlen(REPLAY));
    if (!replay_name_valid(target->replay))
        return TARGET_REPLAY_NAME;
    return read_moment(query, target) ? TARGET_GOOD : TARGET_MOMENT;
}

enum target_fault target_read(struct bytes path, struct bytes query, struct target *target)
{
    if (!bytes_begin_with(path, WIRE_PATH))
        return TARGET_PATH;
    return read_names(behind(path, strlen(WIRE_PATH)), query, target);
}

struct bytes target_write(const struct target *target, char text[TARGET_TEXT_MAX])
{
    static_assert(HUB_NAME_MAX + sizeof REPLAY + sizeof AT + 2 * DIGITS_MAX < TARGET_TEXT_MAX,
                  "all of it fits");
    const struct bytes *room = &target->room, *replay = &target->replay;
    int length = snprintf(text, TARGET_TEXT_MAX, "%.*s%s", (int)room->length,
                          (const char *)room->data, target->unrecorded ? "?" UNRECORDED : "");
    if (replay->length > 0)
        length = snprintf(text, TARGET_TEXT_MAX, "%.*s/" REPLAY "%.*s?" AT "%" PRIu64 ".%" PRIu64,
                          (int)room->length, (const char *)room->data, (int)replay->length,
                          (const char *)replay->data, target->tick, target->incarnation);
    return (struct bytes){(const uint8_t *)text, (size_t)length};
}

enum target_fault target_recall(struct bytes text, struct target *target)
{
    struct bytes names, query;
    split_at(text, '?', &names, &query);
    return read_names(names, query, target);
}

struct bytes target_host(const struct target *target, uint8_t buffer[HUB_NAME_MAX])
{
    if (target->replay.length == 0)
        return target->room;
    size_t length = target->room.length;
    memcpy(buffer, target->room.data, length);
    buffer[length++] = '/';
    memcpy(buffer + length, target->replay.data, target->replay.length);
    return (struct bytes){buffer, length + target->replay.length};
}
