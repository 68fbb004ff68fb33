/* check_portable.c - the portable file as bytes: what is written is read, and whatever is not that is refused
 * with its place. */
#include "persistence/portable_parts.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 8192u

static struct scratch scratch;
static char path[SCRATCH_PATH_MAX + 16];
static uint8_t bytes[FILE_MAX + 1]; /* of the file */
static size_t length;
static struct portable_writer *writer;
static char error[PORTABLE_ERROR_MAX];
static uint8_t hash[STORE_HASH_BYTES];

static void setup(void)
{
    scratch = scratch_make();
    snprintf(path, sizeof path, "%s/room", scratch.path);
    memset(hash, 7, sizeof hash);
    writer = NULL;
}

static void teardown(void)
{
    portable_drop(writer);
    scratch_remove(&scratch);
}

/* --- Pieces --------------------------------------------------------------------------------------- */

static const uint8_t much[300]; /* worth deflating */

#define ROOM                                                                                       \
    {                                                                                              \
        .kind = PORTABLE_ROOM, .incarnation = 3, .first = 1, .last = 90, .made_ms = 5,             \
        .exported_ms = 6, .name = {(const uint8_t *)"lobby", 5}, .room_kind = {                    \
            (const uint8_t *)"open",                                                               \
            4                                                                                      \
        }                                                                                          \
    }
#define SESSION(tick)                                                                              \
    {                                                                                              \
        .kind = PORTABLE_SESSION, .incarnation = 1, .first = (tick), .last = (tick) + 9,           \
        .began_ms = 11, .ended_ms = 12, .pinned = 1, .title = {                                    \
            (const uint8_t *)"talk",                                                               \
            4                                                                                      \
        }                                                                                          \
    }
#define MARKER(tick)                                                                               \
    {                                                                                              \
        .kind = PORTABLE_MARKER, .incarnation = 1, .first = (tick),                                \
        .title = {(const uint8_t *)"here", 4}, .colour = {(const uint8_t *)"red", 3}, .by = {      \
            (const uint8_t *)"Ada",                                                                \
            3                                                                                      \
        }                                                                                          \
    }
#define SNAPSHOT(tick)                                                                             \
    {                                                                                              \
        .kind = PORTABLE_SNAPSHOT, .incarnation = 1, .first = (tick), .bytes = {                   \
            much,                                                                                  \
            sizeof much                                                                            \
        }                                                                                          \
    }
#define LOG(from, to, opens)                                                                       \
    {                                                                                              \
        .kind = PORTABLE_LOG, .incarnation = 2, .first = (from), .last = (to), .begins = (opens),  \
        .bytes = {                                                                                 \
            (const uint8_t *)"log",                                                                \
            3                                                                                      \
        }                                                                                          \
    }
#define TRACK(from, to)                                                                            \
    {                                                                                              \
        .kind = PORTABLE_TRACK, .incarnation = 2, .first = (from), .last = (to), .bytes = {        \
            (const uint8_t *)"track",                                                              \
            5                                                                                      \
        }                                                                                          \
    }
#define IMAGE(size)                                                                                \
    {                                                                                              \
        .kind = PORTABLE_FILE, .length = (size), .type = 1, .added_ms = 8, .used_ms = 9, .hash = { \
            hash,                                                                                  \
            sizeof hash                                                                            \
        }                                                                                          \
    }
#define PART(size)                                                                                 \
    {                                                                                              \
        .kind = PORTABLE_PART, .bytes = { much, (size) }                                           \
    }

static const struct portable_piece whole[] = {
    ROOM,          SESSION(1),   SESSION(20),    MARKER(4),      MARKER(5),
    LOG(1, 10, 1), TRACK(2, 9),  LOG(11, 30, 0), LOG(31, 40, 0), TRACK(12, 20),
    TRACK(21, 40), SNAPSHOT(60), LOG(61, 90, 0), IMAGE(200),     PART(200),
};
#define PIECES (sizeof whole / sizeof whole[0])

static enum store_result put(const struct portable_piece *piece)
{
    if (writer == NULL)
        ck_assert_msg(portable_create(path, &writer, error) == STORE_OK, "%s", error);
    return portable_write(writer, piece, error);
}

static void read_bytes(void)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    length = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
}

static void write_whole(void)
{
    uint64_t told;
    for (size_t i = 0; i < PIECES; i++)
        ck_assert_msg(put(&whole[i]) == STORE_OK, "%zu: %s", i, error);
    ck_assert_msg(portable_end(writer, &told, error) == STORE_OK, "%s", error);
    writer = NULL;
    read_bytes();
    ck_assert_uint_eq(told, length);
}

/* Reads so many of the bytes to their end; what is wrong is in `error`. */
static enum store_result read_some(size_t count, size_t *pieces)
{
    FILE *file = fmemopen(bytes, count > 0 ? count : 1, "rb");
    struct portable_reader *reader = portable_open(file);
    struct portable_piece piece;
    enum store_result result;
    if (count == 0)
        fgetc(file);
    *pieces = 0;
    while ((result = portable_next(reader, &piece)) == STORE_OK)
        ++*pieces;
    snprintf(error, sizeof error, "%s", portable_place(reader));
    portable_close(reader);
    fclose(file);
    return result;
}

static void expect_refused(size_t count, const char *why)
{
    size_t pieces;
    ck_assert_int_eq(read_some(count, &pieces), STORE_DAMAGED);
    ck_assert_msg(strstr(error, why) != NULL, "%s, not %s", error, why);
}

/* --- What is written is read ---------------------------------------------------------------------- */

static void expect_text(struct bytes text, struct bytes wanted)
{
    ck_assert(bytes_equal(text, wanted));
}

START_TEST(what_is_written_is_read)
{
    write_whole();
    FILE *file = fopen(path, "rb");
    struct portable_reader *reader = portable_open(file);
    struct portable_piece piece;
    for (size_t i = 0; i < PIECES; i++) {
        const struct portable_piece *put = &whole[i];
        ck_assert_msg(portable_next(reader, &piece) == STORE_OK, "%s", portable_place(reader));
        ck_assert_int_eq(piece.kind, put->kind);
        ck_assert_uint_eq(piece.incarnation, put->incarnation);
        ck_assert_uint_eq(piece.first, put->first);
        ck_assert_uint_eq(piece.last, put->last);
        ck_assert_uint_eq(piece.began_ms, put->began_ms);
        ck_assert_uint_eq(piece.ended_ms, put->ended_ms);
        ck_assert_uint_eq(piece.added_ms, put->added_ms);
        ck_assert_uint_eq(piece.used_ms, put->used_ms);
        ck_assert_uint_eq(piece.made_ms, put->made_ms);
        ck_assert_uint_eq(piece.exported_ms, put->exported_ms);
        ck_assert_uint_eq(piece.pinned, put->pinned);
        ck_assert_uint_eq(piece.begins, put->begins);
        ck_assert_uint_eq(piece.length, put->length);
        ck_assert_uint_eq(piece.type, put->type);
        expect_text(piece.name, put->name);
        expect_text(piece.room_kind, put->room_kind);
        expect_text(piece.title, put->title);
        expect_text(piece.colour, put->colour);
        expect_text(piece.by, put->by);
        expect_text(piece.hash, put->hash);
        expect_text(piece.bytes, put->bytes);
    }
    ck_assert_int_eq(portable_next(reader, &piece), STORE_NOT_FOUND);
    ck_assert_uint_eq(portable_at(reader), length);
    portable_close(reader);
    fclose(file);
}
END_TEST

START_TEST(a_file_appears_when_it_is_whole_and_replaces_none)
{
    struct stat about;
    ck_assert_int_eq(put(&whole[0]), STORE_OK);
    ck_assert_int_ne(stat(path, &about), 0);
    portable_drop(writer);
    writer = NULL;
    write_whole();
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0600);
    ck_assert_int_eq(portable_create(path, &writer, error), STORE_FAILED);
    ck_assert_ptr_null(writer);
    /* Nothing else is left there. */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(scratch.path), 0);
    ck_assert_int_eq(mkdir(scratch.path, 0700), 0);
    ck_assert_int_eq(portable_create("/nowhere/at/all", &writer, error), STORE_FAILED);
    ck_assert_ptr_null(writer);
}
END_TEST

/* --- What is not that is refused ------------------------------------------------------------------ */

START_TEST(a_file_that_ends_early_is_refused_wherever)
{
    size_t pieces;
    write_whole();
    ck_assert_int_eq(read_some(length, &pieces), STORE_NOT_FOUND);
    ck_assert_uint_eq(pieces, PIECES);
    for (size_t count = 0; count < length; count++)
        expect_refused(count, count < PORTABLE_HEAD_BYTES ? "no recording of a room"
                                                          : "the file ends there");
    bytes[length] = 0;
    expect_refused(length + 1, "something stands behind it");
}
END_TEST

START_TEST(a_bit_that_flips_is_found_wherever)
{
    size_t pieces;
    write_whole();
    for (size_t i = 0; i < 8 * length; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_msg(read_some(length, &pieces) == STORE_DAMAGED, "bit %zu", i);
        ck_assert_str_ne(error, "");
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}
END_TEST

START_TEST(what_is_foreign_is_told_apart)
{
    write_whole();
    bytes[8] = PORTABLE_VERSION + 1;
    expect_refused(length, "it is of version 2, and 1 is the newest");
    memcpy(bytes, "SQLite format 3", 16);
    expect_refused(length, "it is no recording of a room");
}
END_TEST

/* A head that is signed, and nothing behind it: sizes are refused before anything is read. */
static void put_head(const char *name, uint64_t stored, uint64_t claimed)
{
    uint8_t *head = bytes + PORTABLE_HEAD_BYTES;
    memcpy(bytes, PORTABLE_MAGIC, PORTABLE_MAGIC_BYTES);
    put_number(bytes + PORTABLE_MAGIC_BYTES, PORTABLE_VERSION, 4);
    memcpy(head, name, 4);
    put_number(head + 4, 0, 4);
    put_number(head + 8, stored, 4);
    put_number(head + 12, claimed, 4);
    put_number(head + 16, portable_checksum(head, (struct bytes){head, 0}), 4);
    length = PORTABLE_HEAD_BYTES + PIECE_HEAD_BYTES;
}

START_TEST(sizes_that_no_piece_has_are_refused_unread)
{
    static const struct {
        const char *name;
        uint64_t stored, claimed;
        const char *why;
    } heads[] = {
        {"LOG ", 0, 1, "it is not as long as it may be"},
        {"LOG ", 2, 1, "it is not as long as it may be"},
        {"LOG ", 10, UINT32_MAX, "it is not as long as it may be"},
        {"LOG ", 10, PIECE_BYTES_MAX + 1, "it is not as long as it may be"},
        {"LOG ", 10, PIECE_BYTES_MAX, "the file ends there"},
        {"LOG ", PIECE_BYTES_MAX, PIECE_BYTES_MAX, "the file ends there"},
        {"ROOM", 10, PIECE_FRONT_MAX + 1, "it is not as long as it may be"},
        {"ROOM", 10, PIECE_FRONT_MAX, "the file ends there"},
        {"ROAM", 10, 10, "it is of no kind"},
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        put_head(heads[i].name, heads[i].stored, heads[i].claimed);
        expect_refused(length, heads[i].why);
    }
}
END_TEST

/* Pieces that a writer of ours would not write: what each comes to behind those before it. */
struct ordered {
    struct portable_piece pieces[6];
    const char *why; /* of the last; NULL: it is well */
};

static const struct ordered orders[] = {
    {{LOG(1, 2, 1)}, "a room comes first"},
    {{ROOM, ROOM}, "there is one already"},
    {{ROOM, LOG(1, 2, 0)}, "nothing leads to it"},
    {{ROOM, LOG(2, 1, 1)}, "it does not lie behind"},
    {{ROOM, LOG(0, 1, 1)}, "it does not lie behind"},
    {{ROOM, LOG(1, STORE_TICK_MAX, 1)}, NULL},
    {{ROOM, LOG(1, STORE_TICK_MAX + 1, 1)}, "it does not lie behind"},
    {{ROOM, LOG(1, 2, 2)}, "it does not lie behind"},
    {{ROOM, LOG(1, 2, 1), LOG(2, 3, 0)}, "it does not lie behind"},
    {{ROOM, LOG(1, 2, 1), LOG(3, 3, 0)}, NULL},
    {{ROOM, SNAPSHOT(5), LOG(5, 6, 0)}, "it does not lie behind"},
    {{ROOM, SNAPSHOT(5), LOG(6, 6, 0)}, NULL},
    {{ROOM, LOG(1, 5, 1), SNAPSHOT(4)}, "it is from before"},
    {{ROOM, LOG(1, 5, 1), SNAPSHOT(5)}, NULL},
    {{ROOM, SNAPSHOT(STORE_TICK_MAX + 1)}, "it is from before"},
    {{ROOM, SNAPSHOT(5), TRACK(5, 5)}, "presence comes behind"},
    {{ROOM, SNAPSHOT(5), LOG(6, 9, 0), TRACK(5, 6)}, "it does not lie in"},
    {{ROOM, SNAPSHOT(5), LOG(6, 9, 0), TRACK(6, 10)}, "it does not lie in"},
    {{ROOM, SNAPSHOT(5), LOG(6, 9, 0), TRACK(6, 9)}, NULL},
    {{ROOM, LOG(1, 9, 1), TRACK(2, 6), TRACK(6, 7)}, "it does not lie in"},
    {{ROOM, LOG(1, 9, 1), SESSION(1)}, "sessions come right behind"},
    {{ROOM, MARKER(1), SESSION(1)}, "sessions come right behind"},
    {{ROOM, SESSION(1), SESSION(1)}, "sessions come in the order"},
    {{ROOM, SESSION(0)}, "it has numbers that no session has"},
    {{ROOM, SESSION(STORE_TICK_MAX)}, "it has numbers that no session has"},
    {{ROOM, LOG(1, 9, 1), MARKER(1)}, "markers come before"},
    {{ROOM, MARKER(2), MARKER(2)}, "markers come in the order"},
    {{ROOM, MARKER(STORE_TICK_MAX + 1)}, "it has numbers that no marker has"},
    {{ROOM, IMAGE(1)}, "nothing was recorded"},
    {{ROOM, LOG(1, 9, 1), IMAGE(0)}, "it has numbers that no file has"},
    {{ROOM, LOG(1, 9, 1), IMAGE(STORE_FILE_MAX)}, NULL},
    {{ROOM, LOG(1, 9, 1), IMAGE(STORE_FILE_MAX + 1)}, "it has numbers that no file has"},
    {{ROOM, LOG(1, 9, 1), IMAGE(9), LOG(10, 11, 0)}, "the file before it is not whole"},
    {{ROOM, LOG(1, 9, 1), IMAGE(9), PART(8)}, "it is not as long as what the file lacks"},
    {{ROOM, LOG(1, 9, 1), IMAGE(9), PART(10)}, "it is not as long as what the file lacks"},
    {{ROOM, LOG(1, 9, 1), IMAGE(9), PART(9), PART(9)}, "it is not as long as what the file lacks"},
    {{ROOM, LOG(1, 9, 1), IMAGE(9), PART(9), IMAGE(9)}, "files come in the order"},
    {{ROOM, LOG(1, 9, 1), IMAGE(9), PART(9), LOG(10, 11, 0)}, "files come behind"},
    {{ROOM, LOG(1, 9, 1), IMAGE(9), PART(9), SNAPSHOT(10)}, "files come behind"},
};

START_TEST(pieces_come_in_their_order)
{
    const struct ordered *ordered = &orders[_i];
    struct portable_order order = {0};
    const char *why = NULL;
    const struct portable_piece *piece = ordered->pieces;
    while (why == NULL && piece - ordered->pieces < 6 &&
           (piece->kind != PORTABLE_ROOM || piece->incarnation > 0))
        why = portable_order_check(&order, piece++);
    ck_assert_msg((why == NULL) == (ordered->why == NULL), "%d: %s", _i, why);
    ck_assert_msg(why == NULL || strstr(why, ordered->why) != NULL, "%d: %s", _i, why);
}
END_TEST

START_TEST(incarnations_are_bounded)
{
    static const struct {
        uint64_t incarnation;
        bool well;
    } rows[] = {{0, false},
                {1, true},
                {PORTABLE_INCARNATION_MAX, true},
                {PORTABLE_INCARNATION_MAX + 1, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct portable_order order = {0};
        struct portable_piece room = ROOM;
        room.incarnation = rows[i].incarnation;
        ck_assert_int_eq(portable_order_check(&order, &room) == NULL, rows[i].well);
    }
}
END_TEST

START_TEST(times_are_bounded)
{
    static const struct {
        uint64_t time;
        bool well;
    } rows[] = {{0, true}, {(uint64_t)INTEGER_MAX, true}, {(uint64_t)INTEGER_MAX + 1, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct portable_order order = {0}, behind;
        struct portable_piece room = ROOM, session = SESSION(1), log = LOG(1, 9, 1);
        struct portable_piece image = IMAGE(9);
        room.made_ms = rows[i].time;
        ck_assert_int_eq(portable_order_check(&order, &room) == NULL, rows[i].well);
        order = (struct portable_order){0};
        room.made_ms = 0;
        ck_assert_ptr_null(portable_order_check(&order, &room));
        behind = order;
        session.ended_ms = rows[i].time;
        ck_assert_int_eq(portable_order_check(&behind, &session) == NULL, rows[i].well);
        ck_assert_ptr_null(portable_order_check(&order, &log));
        image.used_ms = rows[i].time;
        ck_assert_int_eq(portable_order_check(&order, &image) == NULL, rows[i].well);
    }
}
END_TEST

START_TEST(a_room_has_only_so_many_sessions_and_markers)
{
    struct portable_order order = {0};
    struct portable_piece room = ROOM, session = SESSION(1), marker = MARKER(1);
    ck_assert_ptr_null(portable_order_check(&order, &room));
    for (; session.first <= STORE_SESSIONS_MAX; session.first++, session.last++)
        ck_assert_ptr_null(portable_order_check(&order, &session));
    struct portable_order full = order;
    ck_assert_ptr_nonnull(portable_order_check(&full, &session));
    for (; marker.first <= STORE_MARKERS_MAX; marker.first++)
        ck_assert_ptr_null(portable_order_check(&order, &marker));
    ck_assert_ptr_nonnull(portable_order_check(&order, &marker));
}
END_TEST

/* A room's piece with a text of so many bytes. */
START_TEST(texts_are_bounded)
{
    static const struct {
        size_t length;
        const char *why;
    } rows[] = {{0, "a text"}, {1, NULL}, {ROOM_NAME_MAX, NULL}, {ROOM_NAME_MAX + 1, "a text"}};
    uint8_t content[256] = {0};
    struct portable_piece piece;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t at = 5 * 8;
        put_number(content + at, rows[i].length, 2);
        at += 2 + rows[i].length;
        put_number(content + at, 1, 2);
        put_number(content + at + 3, 0, 2);
        const char *why = portable_take(PORTABLE_ROOM, (struct bytes){content, at + 5}, &piece);
        ck_assert_msg((why == NULL) == (rows[i].why == NULL), "%zu: %s", i, why);
        for (size_t cut = 0; why == NULL && cut < at + 5; cut++)
            ck_assert_ptr_nonnull(
                portable_take(PORTABLE_ROOM, (struct bytes){content, cut}, &piece));
        if (why == NULL)
            ck_assert_ptr_nonnull(
                portable_take(PORTABLE_ROOM, (struct bytes){content, at + 6}, &piece));
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("portable");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_written_is_read);
    tcase_add_test(tcase, a_file_appears_when_it_is_whole_and_replaces_none);
    tcase_add_test(tcase, a_file_that_ends_early_is_refused_wherever);
    tcase_add_test(tcase, a_bit_that_flips_is_found_wherever);
    tcase_add_test(tcase, what_is_foreign_is_told_apart);
    tcase_add_test(tcase, sizes_that_no_piece_has_are_refused_unread);
    tcase_add_loop_test(tcase, pieces_come_in_their_order, 0,
                        (int)(sizeof orders / sizeof orders[0]));
    tcase_add_test(tcase, incarnations_are_bounded);
    tcase_add_test(tcase, times_are_bounded);
    tcase_add_test(tcase, a_room_has_only_so_many_sessions_and_markers);
    tcase_add_test(tcase, texts_are_bounded);
    Suite *suite = suite_create("portable");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
