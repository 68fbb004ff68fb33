/* log.h - lines for the operator: `level event key=value key="two words"`.
 *
 *   struct log_line line = log_begin(log, LOG_LISTENING);
 *   log_text(&line, "address", bytes_of("127.0.0.1:7777"));
 *   log_number(&line, "connections", 3);
 *   log_end(&line);
 *
 * Values may come from hostile peers: control bytes, quotes and everything beyond ASCII are
 * escaped, a value is cut at LOG_VALUE_MAX, and each event may be written LOG_RATE times a second;
 * the next line of the event then says how many were left out.
 *
 * Ownership  a line lives on the caller's stack. The sink gets each line whole, with its newline.
 * Threads    one owner at a time.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/bucket.h"
#include "sync/base.h"

#define LOG_VALUE_MAX 512u
#define LOG_LINE_MAX  2048u

/* Lines of one event per second, and at once. */
#define LOG_RATE 100u

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_COUNT
};

/* Every event: name in code, level, name in the line. */
#define LOG_EVENT_MAP(ROW)                                                                         \
    ROW(STARTING, INFO, "starting")                                                                \
    ROW(KIND_LOADED, INFO, "kind_loaded")                                                          \
    ROW(LISTENING, INFO, "listening")                                                              \
    ROW(DRAINING, INFO, "draining")                                                                \
    ROW(STOPPED, INFO, "stopped")                                                                  \
    ROW(FAILED, ERROR, "failed")                                                                   \
    ROW(PAGES_MISSING, WARN, "pages_missing")                                                      \
    ROW(FILE_LEFT_OUT, WARN, "file_left_out")                                                      \
    ROW(ACCEPT_PAUSED, WARN, "accept_paused")                                                      \
    ROW(TICKS_DROPPED, WARN, "ticks_dropped")                                                      \
    ROW(ROOM_STUCK, WARN, "room_stuck")                                                            \
    ROW(ROOM_ENDED, WARN, "room_ended")                                                            \
    ROW(ROOM_UNSOUND, WARN, "room_unsound")                                                        \
    ROW(ROOM_UNREADABLE, ERROR, "room_unreadable")                                                 \
    ROW(ROOM_QUARANTINED, ERROR, "room_quarantined")                                               \
    ROW(ROOM_NOT_STORED, ERROR, "room_not_stored")                                                 \
    ROW(ROOM_UNLOGGED, WARN, "room_unlogged")                                                      \
    ROW(ROOM_LOGGED_AGAIN, INFO, "room_logged_again")                                              \
    ROW(DISK, ERROR, "disk")                                                                       \
    ROW(SAVING, WARN, "saving")                                                                    \
    ROW(RECORDINGS_DROPPED, INFO, "recordings_dropped")                                            \
    ROW(FENCED, ERROR, "fenced")                                                                   \
    ROW(DISK_LOST, ERROR, "disk_lost")                                                             \
    ROW(SALVAGED, ERROR, "salvaged")                                                               \
    ROW(NOT_SAVED, ERROR, "not_saved")                                                             \
    ROW(ADMIN_MISSING, WARN, "admin_missing")                                                      \
    ROW(ROOM_OPENED, DEBUG, "room_opened")                                                         \
    ROW(ROOM_SLEPT, DEBUG, "room_slept")                                                           \
    ROW(REFUSED, INFO, "refused")                                                                  \
    ROW(SESSION_JOINED, DEBUG, "session_joined")                                                   \
    ROW(SESSION_CLOSED, DEBUG, "session_closed")

#define LOG_EVENT_ENUM_ROW(name, level, text) LOG_##name,
enum log_event {
    LOG_EVENT_MAP(LOG_EVENT_ENUM_ROW) LOG_EVENT_COUNT
};
#undef LOG_EVENT_ENUM_ROW

typedef void log_sink(void *context, const char *line, size_t length);

struct log {
    log_sink *sink;
    void *context;
    enum log_level level; /* the least important that is written */
    uint64_t now_us;
    struct bucket buckets[LOG_EVENT_COUNT];
    uint64_t left_out[LOG_EVENT_COUNT];
};

struct log_line {
    struct log *log; /* NULL when the line is not written */
    size_t length;
    char text[LOG_LINE_MAX];
};

void log_init(struct log *log, enum log_level level, log_sink *sink, void *context);

/* Tells the time, for the limit on repeated events. */
void log_clock(struct log *log, uint64_t now_us);

struct log_line log_begin(struct log *log, enum log_event event);
void log_text(struct log_line *line, const char *key, struct bytes value);
void log_number(struct log_line *line, const char *key, int64_t value);
void log_end(struct log_line *line);

/* A sink that writes to standard error, one write per line. */
void log_to_stderr(void *context, const char *line, size_t length);

/* The level with this name ("error", "warn", "info", "debug"); false when there is none. */
bool log_level_named(const char *name, enum log_level *level);

#endif
