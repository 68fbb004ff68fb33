#include "tools/store_moment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool read_number(const char **text, uint64_t *number)
{
    char *end;
    errno = 0;
    if (**text < '0' || **text > '9')
        return false;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0;
}

/* Two digits behind a sign, below a bound. */
static bool read_part(const char **text, char sign, int bound, int *part)
{
    const char *at = *text;
    if (at[0] != sign || at[1] < '0' || at[1] > '9' || at[2] < '0' || at[2] > '9')
        return false;
    *part = 10 * (at[1] - '0') + at[2] - '0';
    *text = at + 3;
    return *part < bound;
}

bool moment_read_time(const char *text, uint64_t *wall_ms)
{
    struct tm parts = {0};
    uint64_t year;
    const char *at = text;
    if (!read_number(&at, &year) || at - text != 4 || year < 1970 ||
        !read_part(&at, '-', 13, &parts.tm_mon) || !read_part(&at, '-', 32, &parts.tm_mday) ||
        parts.tm_mon == 0 || parts.tm_mday == 0)
        return false;
    parts.tm_year = (int)year - 1900;
    parts.tm_mon--;
    if (*at != '\0' &&
        (!read_part(&at, 'T', 24, &parts.tm_hour) || !read_part(&at, ':', 60, &parts.tm_min)))
        return false;
    if (*at == ':' && !read_part(&at, ':', 61, &parts.tm_sec))
        return false;
    uint64_t ms = 0;
    if (*at == '.' && (strspn(at + 1, "0123456789") != 3 || (at++, !read_number(&at, &ms))))
        return false;
    at += *at == 'Z';
    time_t seconds = timegm(&parts);
    *wall_ms = (uint64_t)seconds * 1000 + ms;
    return *at == '\0' && seconds > 0;
}

bool moment_read(struct store_moment *moment, const char *text)
{
    size_t length = strcspn(text, "@");
    *moment = (struct store_moment){.tick = UINT64_MAX};
    if (length == 0 || length > ROOM_NAME_MAX)
        return false;
    memcpy(moment->room, text, length);
    if (text[length] == '\0')
        return true;
    const char *at = text + length + 1;
    if (moment_read_time(at, &moment->wall_ms))
        return true;
    if (!read_number(&at, &moment->tick))
        return false;
    if (*at == '.' && (at++, !read_number(&at, &moment->incarnation)))
        return false;
    return *at == '\0';
}

bool moment_replay(const struct store_moment *moment,
                   struct store_history *history,
                   struct replay *replay)
{
    uint64_t tick = moment->tick;
    if (moment->wall_ms != 0 && !history_tick_at(history, moment->wall_ms, &tick))
        return false;
    if (!history_replay(history, FROM_SNAPSHOT, tick, replay) ||
        !history_show_presence(history, tick, replay))
        return false;
    uint64_t incarnation = room_incarnation(replay->room);
    if (moment->incarnation == 0 || moment->incarnation == incarnation)
        return true;
    snprintf(history->error, sizeof history->error,
             "tick %" PRIu64 " is one of incarnation %" PRIu64
             ", and none that is kept of %" PRIu64,
             tick, incarnation, moment->incarnation);
    return false;
}
