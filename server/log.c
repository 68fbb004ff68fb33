#include "server/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[LOG_LEVEL_COUNT] = {"error", "warn", "info", "debug"};

static const struct {
    enum log_level level;
    const char *name;
} events[LOG_EVENT_COUNT] = {
#define LOG_EVENT_ROW(name, level, text) {LOG_LEVEL_##level, text},
    LOG_EVENT_MAP(LOG_EVENT_ROW)
#undef LOG_EVENT_ROW
};

static const struct bucket_rate event_rate = {.per_second = LOG_RATE, .burst = LOG_RATE};

void log_init(struct log *log, enum log_level level, log_sink *sink, void *context)
{
    *log = (struct log){.sink = sink, .context = context, .level = level};
    for (int event = 0; event < LOG_EVENT_COUNT; event++)
        bucket_fill(&log->buckets[event], &event_rate, 0);
}

void log_clock(struct log *log, uint64_t now_us)
{
    log->now_us = now_us;
}

/* Room is kept for the newline, and whatever does not fit is cut. */
static void put(struct log_line *line, const char *text, size_t length)
{
    size_t room = LOG_LINE_MAX - 1 - line->length;
    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void put_string(struct log_line *line, const char *text)
{
    put(line, text, strlen(text));
}

struct log_line log_begin(struct log *log, enum log_event event)
{
    struct log_line line;
    line.log = NULL;
    line.length = 0;
    if (events[event].level > log->level)
        return line;
    if (!bucket_take(&log->buckets[event], &event_rate, log->now_us, 1)) {
        log->left_out[event]++;
        return line;
    }

    line.log = log;
    put_string(&line, level_names[events[event].level]);
    put_string(&line, " ");
    put_string(&line, events[event].name);
    if (log->left_out[event] > 0) {
        log_number(&line, "left_out", (int64_t)log->left_out[event]);
        log->left_out[event] = 0;
    }
    return line;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != 0 && strchr("-_.:/[]@+,", byte) != NULL);
}

static bool needs_quotes(struct bytes value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (!is_plain(value.data[i]))
            return true;
    }
    return value.length == 0;
}

static void put_escaped(struct log_line *line, uint8_t byte)
{
    char text[8];
    if (byte == '"' || byte == '\\')
        snprintf(text, sizeof text, "\\%c", byte);
    else if (byte < 0x20 || byte >= 0x7f)
        snprintf(text, sizeof text, "\\x%02x", byte);
    else
        snprintf(text, sizeof text, "%c", byte);
    put_string(line, text);
}

void log_text(struct log_line *line, const char *key, struct bytes value)
{
    if (line->log == NULL)
        return;
    put_string(line, " ");
    put_string(line, key);
    put_string(line, "=");
    if (!needs_quotes(value) && value.length <= LOG_VALUE_MAX) {
        put(line, (const char *)value.data, value.length);
        return;
    }
    put_string(line, "\"");
    for (size_t i = 0; i < value.length && i < LOG_VALUE_MAX; i++)
        put_escaped(line, value.data[i]);
    put_string(line, value.length > LOG_VALUE_MAX ? "...\"" : "\"");
}

void log_number(struct log_line *line, const char *key, int64_t value)
{
    if (line->log == NULL)
        return;
    char text[64];
    snprintf(text, sizeof text, "=%" PRId64, value);
    put_string(line, " ");
    put_string(line, key);
    put_string(line, text);
}

void log_end(struct log_line *line)
{
    if (line->log == NULL)
        return;
    assert(line->length < LOG_LINE_MAX);
    line->text[line->length++] = '\n';
    line->log->sink(line->log->context, line->text, line->length);
}

void log_to_stderr(void *context, const char *line, size_t length)
{
    (void)context;
    /* Nobody is left to be told when standard error itself is gone. */
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
}

bool log_level_named(const char *name, enum log_level *level)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}
