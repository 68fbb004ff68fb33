/* base.h - the few words every other file speaks: results, byte views, handed-in memory.
 *
 * Depends on the C library only. Nothing here locks or logs.
 */
#ifndef SYNC_BASE_H
#define SYNC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every way a call can end. One row per result; the text is for logs, notices and close reasons.
 * The numbers are wire format (sync/README.md, "Statuses"): rows are only added at the end. */
#define STATUS_MAP(ROW)                                                                            \
    ROW(OK, "ok")                                                                                  \
    ROW(TRUNCATED, "the message ends before a value does")                                         \
    ROW(MALFORMED, "the message breaks the format")                                                \
    ROW(LIMIT, "a limit of the room or the server is reached")                                     \
    ROW(NOT_FOUND, "no such record, collection, field or member")                                  \
    ROW(DELETED, "the record was deleted")                                                         \
    ROW(EXISTS, "the record exists")                                                               \
    ROW(STALE, "someone else has changed it since")                                                \
    ROW(DENIED, "this member may not write there")                                                 \
    ROW(TYPE, "the value does not fit the field's type or merge")                                  \
    ROW(RANGE, "the value is outside the field's range")                                           \
    ROW(KIND, "no such room kind, or the room has another one")                                    \
    ROW(FULL, "the room takes no more members")                                                    \
    ROW(MEMORY, "the server has no memory left for this")                                          \
    ROW(REFUSED, "the rules of the room refused it")                                               \
    ROW(LOCKED, "the record is locked")                                                            \
    ROW(INCOMPLETE, "a field that the record needs is missing")

#define STATUS_ENUM_ROW(name, text) STATUS_##name,
enum status {
    STATUS_MAP(STATUS_ENUM_ROW) STATUS_COUNT
};
#undef STATUS_ENUM_ROW

/* The text of a status. Never NULL, static storage; a number outside the table gives "unknown". */
const char *status_text(enum status status);

/* A borrowed, read-only run of bytes. Whoever made the view says how long it stays valid. */
struct bytes {
    const uint8_t *data; /* may be NULL only when length is 0 */
    size_t length;       /* bytes */
};

/* True when both hold the same bytes. */
bool bytes_equal(struct bytes a, struct bytes b);

/* Below, at or above 0 as a comes before b, is the same or comes behind it: by bytes, and what the other begins
 * with before it. */
int bytes_order(struct bytes a, struct bytes b);

/* True when the bytes begin with those of the C string. */
bool bytes_begin_with(struct bytes bytes, const char *beginning);

/* A view of a C string without its terminator. */
struct bytes bytes_of(const char *text);

/* The number in decimal digits, in the caller's buffer. */
#define DECIMAL_DIGITS 10
struct bytes bytes_decimal(uint32_t number, uint8_t digits[DECIMAL_DIGITS]);

/* Where the engine's memory comes from; all zero means malloc and free. `allocate` returns NULL
 * when there is none left, which every caller survives. */
struct memory {
    void *(*allocate)(void *context, size_t bytes);
    void (*release)(void *context, void *block);
    void *context;
};

void *memory_allocate(const struct memory *memory, size_t bytes); /* not cleared */
void memory_release(const struct memory *memory, void *block);    /* NULL is fine */

/* Gives an array room for at least `wanted` elements, by halves of what it has. *array and *capacity stay as
 * they are on failure; what is added is zeroed. */
bool memory_grow(const struct memory *memory,
                 void **array,
                 uint32_t *capacity,
                 uint32_t wanted,
                 size_t element);

/* The caller must look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

#endif
