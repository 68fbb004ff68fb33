#include "tests/failing_memory.h"

#include <assert.h>
#include <check.h>
#include <sqlite3.h>

static sqlite3_mem_methods real;
static uint64_t fails_at, count;
static bool counted;

static bool fails(void)
{
    return counted && ++count == fails_at;
}

/* --- SQLite's -------------------------------------------------------------------------------------- */

static void *sqlite_malloc(int length)
{
    return fails() ? NULL : real.xMalloc(length);
}

static void *sqlite_realloc(void *block, int length)
{
    return fails() ? NULL : real.xRealloc(block, length);
}

void failing_memory_install(void)
{
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real), SQLITE_OK);
    sqlite3_mem_methods methods = real;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
}

void failing_memory_at(uint64_t at)
{
    fails_at = at;
    count = 0;
}

void failing_memory_counts(bool counts)
{
    counted = counts;
}

uint64_t failing_memory_count(void)
{
    return count;
}

/* --- The C library's ------------------------------------------------------------------------------- */

/* Sends the linker's --wrap=NAME here; __real_NAME is the library's. */
void *__real_malloc(size_t length);
void *__real_calloc(size_t number, size_t length);
void *__real_realloc(void *block, size_t length);
void *__wrap_malloc(size_t length);
void *__wrap_calloc(size_t number, size_t length);
void *__wrap_realloc(void *block, size_t length);

void *__wrap_malloc(size_t length)
{
    return fails() ? NULL : __real_malloc(length);
}

void *__wrap_calloc(size_t number, size_t length)
{
    return fails() ? NULL : __real_calloc(number, length);
}

void *__wrap_realloc(void *block, size_t length)
{
    return fails() ? NULL : __real_realloc(block, length);
}

void *sure_memory(void *block, size_t length)
{
    block = __real_realloc(block, length);
    assert(block != NULL);
    return block;
}
