/* check_export.c - rooms and sessions carried from one folder to another: `tutti export` and `tutti import`. */
#include "clients/c/messages.h"
#include "sync/replica.h"
#include "tests/portable_file.h"
#include "tests/run_suite.h"
#include "tests/tended_server.h"

#include <check.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "persistence/store_sqlite.h"

static char root[64], from[80], to[80], file[80], again[80];

static void setup(void)
{
    strcpy(root, "/tmp/check-export-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(from, sizeof from, "%s/from", root);
    snprintf(to, sizeof to, "%s/to", root);
    snprintf(file, sizeof file, "%s/room.tutti", root);
    snprintf(again, sizeof again, "%s/again.tutti", root);
    visitor.fd = -1;
}

static void teardown(void)
{
    raw_shut(&visitor);
    ck_assert_int_eq(run_command("rm -rf %s", root), 0);
}

#define expect_done(folder, ...)   ck_assert_msg(tutti_in(folder, __VA_ARGS__) == 0, "%s", out)
#define expect_failed(folder, ...) ck_assert_msg(tutti_in(folder, __VA_ARGS__) == 1, "%s", out)

static void record(const char *kind, const char *room)
{
    ck_assert_msg(run_command("%s record --kind %s --people 3 --minutes 1 %s %s 2>&1", TEST_TUTTI,
                              kind, from, room) == 0,
                  "%s", out);
}

/* A stranger finds every rule of the format kept. */
static void expect_readable(const char *path)
{
    ck_assert_msg(run_command("python3 %s %s 2>&1", TEST_READ_PORTABLE, path) == 0, "%s", out);
}

static void expect_no_folder(const char *folder)
{
    ck_assert_int_ne(access(folder, F_OK), 0);
}

/* --- As it was ------------------------------------------------------------------------------------ */

/* Without its images, which are wanted anew where they come in. */
static char *told_of(const char *folder, const char *room, unsigned tick)
{
    expect_done(folder, "show %s --tick %u", room, tick);
    char *images = strstr(out, "{\"type\":\"file\"");
    if (images != NULL)
        *images = '\0';
    return strdup(out);
}

/* The room is the same in both folders after any tick, records and hashes. */
static void expect_same_past(const char *room, const char *other, unsigned first, unsigned last)
{
    for (unsigned tick = first; tick <= last; tick += (last - first) / 7) {
        char *was = told_of(from, room, tick), *is = told_of(to, other, tick);
        const char *kind = strstr(was, "\"kind\""), *same = strstr(is, "\"kind\"");
        ck_assert(kind != NULL && same != NULL);
        ck_assert_msg(strcmp(kind, same) == 0, "%s differs at %u", room,
                      tick); /* all but the name */
        free(was);
        free(is);
    }
}

/* What was recorded, sessions and images are the same to the byte. */
static void expect_same_pieces(const char *left, const char *right)
{
    struct portable_file *a = portable_file_read(left), *b = portable_file_read(right);
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 1; i < a->count; i++) {
        const struct portable_piece *one = &a->pieces[i], *other = &b->pieces[i];
        ck_assert_int_eq(one->kind, other->kind);
        ck_assert_uint_eq(one->incarnation, other->incarnation);
        ck_assert_uint_eq(one->first, other->first);
        ck_assert_uint_eq(one->last, other->last);
        ck_assert_uint_eq(one->begins, other->begins);
        ck_assert_uint_eq(one->pinned, other->pinned);
        ck_assert_uint_eq(one->ended_ms, other->ended_ms);
        ck_assert(bytes_equal(one->title, other->title));
        ck_assert(bytes_equal(one->hash, other->hash));
        ck_assert(bytes_equal(one->bytes, other->bytes));
    }
    portable_file_free(a);
    portable_file_free(b);
}

/* --- Watched over the wire ------------------------------------------------------------------------ */

/* Someone who watches a room's past. */
struct watching {
    struct raw_client client;
    struct replica *replica;
};
static struct watching was, is;

static void
watch(struct watching *watching, uint16_t port, const char *room, const char *kind, unsigned tick)
{
    char target[96], notation[32];
    struct welcome welcome;
    snprintf(target, sizeof target, "%s/replay/at%u?at=%u", room, tick, tick);
    snprintf(notation, sizeof notation, "'%s'", kind);
    ck_assert_int_eq(raw_open(&watching->client, port, target), 101);
    raw_hello(&watching->client, 1, notation);
    struct bytes message = raw_expect(&watching->client, SERVER_WELCOME);
    ck_assert_int_eq(message_read_welcome(message, &welcome), STATUS_OK);
    watching->replica = replica_create(&(struct memory){0});
    replica_welcome(watching->replica, welcome.scopes_kept, false);
}

static void take_frame(struct watching *watching)
{
    struct frame_head frame;
    struct bytes message = raw_expect(&watching->client, SERVER_FRAME);
    ck_assert_int_eq(message_read_frame(message, &frame), STATUS_OK);
    ck_assert_int_eq(replica_sections(watching->replica, &frame.sections, frame.section_count),
                     STATUS_OK);
}

static int64_t told(const struct watching *watching, const char *field)
{
    const struct replica_collection *replay =
        replica_collection(watching->replica, bytes_of("replay"));
    if (replay == NULL)
        return -1;
    const struct replica_record *player =
        replica_find(watching->replica, replay, bytes_of("player"));
    return player == NULL ? -1 : replica_number(player, replica_field(replay, bytes_of(field)));
}

/* The whole state at the moment, and those who were there. */
static bool is_there(const struct watching *watching, unsigned tick)
{
    return replica_complete(watching->replica) && told(watching, "tick") == (int64_t)tick &&
           told(watching, "state") == 0;
}

static void unwatch(struct watching *watching)
{
    raw_shut(&watching->client);
    replica_destroy(watching->replica);
}

/* A replay stands still until somebody plays it: both come to the same and stay there. */
static void expect_same_replay(uint16_t old, uint16_t new, const char *kind, unsigned tick)
{
    watch(&was, old, kind, kind, tick);
    watch(&is, new, kind, kind, tick);
    while (!is_there(&was, tick))
        take_frame(&was);
    while (!is_there(&is, tick))
        take_frame(&is);
    while (replica_hash(was.replica) != replica_hash(is.replica)) {
        struct pollfd ready[] = {{.fd = was.client.fd, .events = POLLIN},
                                 {.fd = is.client.fd, .events = POLLIN}};
        bool waits = was.client.taken < was.client.length || is.client.taken < is.client.length;
        ck_assert_msg(waits || poll(ready, 2, RAW_WAIT_MS) > 0, "at tick %u they differ", tick);
        bool old_first = was.client.taken < was.client.length || ready[0].revents != 0;
        take_frame(old_first ? &was : &is);
    }
    unwatch(&was);
    unwatch(&is);
}

static const struct {
    const char *kind;
    unsigned last;
} recorded[] = {{"race", 3600}, {"board", 1200}, {"cursors", 1200}};

START_TEST(a_room_comes_back_as_it_was)
{
    const char *kind = recorded[_i].kind;
    record(kind, kind);
    expect_done(from, "export %s %s", kind, file);
    expect_readable(file);
    expect_done(to, "import %s", file);
    expect_done(to, "check");
    expect_out("1 rooms built, 0 damages");
    expect_same_past(kind, kind, 2, recorded[_i].last);
    if (strcmp(kind, "race") == 0)
        expect_done(to, "verify race");
    expect_done(to, "export %s %s", kind, again);
    expect_same_pieces(file, again);

    static const char *const no_flags[] = {NULL};
    struct server_process old = server_start_in(from, no_flags);
    struct server_process new = server_start_in(to, no_flags);
    for (unsigned tick = 100; tick <= recorded[_i].last; tick += recorded[_i].last / 4)
        expect_same_replay(old.port, new.port, kind, tick);
    /* It is a room that goes on, in an incarnation of its own. */
    char notation[32];
    struct welcome welcome;
    snprintf(notation, sizeof notation, "'%s'", kind);
    ck_assert_int_eq(raw_open(&visitor, new.port, kind), 101);
    raw_hello(&visitor, 1, notation);
    struct bytes message = raw_expect(&visitor, SERVER_WELCOME);
    ck_assert_int_eq(message_read_welcome(message, &welcome), STATUS_OK);
    ck_assert_uint_gt(welcome.incarnation, 1);
    server_stop(&old);
    server_stop(&new);
}
END_TEST

/* --- A session alone ------------------------------------------------------------------------------ */

static struct store_session found[8];
static char titles[8][STORE_TITLE_MAX + 1];
static size_t found_count;

static bool take_session(void *context, const struct store_session *session)
{
    (void)context;
    ck_assert_uint_lt(found_count, 8);
    found[found_count] = *session;
    snprintf(titles[found_count++], sizeof titles[0], "%.*s", (int)session->title.length,
             (const char *)session->title.data);
    return true;
}

static struct store *open_store(const char *folder)
{
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    struct store_sqlite_options options = {.folder = folder, .sync = true};
    ck_assert_msg(store_sqlite_open(&options, &store, error) == STORE_OK, "%s", error);
    return store;
}

static void list_sessions(struct store *store, const char *room)
{
    found_count = 0;
    ck_assert_int_eq(store->sessions->list(store, bytes_of(room), take_session, NULL), STORE_OK);
}

static void hash_image(char letter, uint8_t *image, size_t length, uint8_t hash[STORE_HASH_BYTES])
{
    unsigned hashed;
    memset(image, letter, length);
    memcpy(image, "\x89PNG\r\n\x1a\n", 8);
    ck_assert_int_eq(EVP_Digest(image, length, hash, &hashed, EVP_sha256(), NULL), 1);
}

static void put_image(struct store *store, char letter, size_t length)
{
    struct store_file about = {.type = 1, .bytes = length, .added_ms = 5, .used_ms = 6};
    uint8_t *image = malloc(length);
    bool added;
    hash_image(letter, image, length, about.hash);
    ck_assert_int_eq(
        store->files->put(store, bytes_of("lobby"), (struct bytes){image, length}, &about, &added),
        STORE_OK);
    free(image);
}

static void name_image(char letter, size_t length)
{
    char line[160];
    uint8_t hash[STORE_HASH_BYTES], *image = malloc(length);
    hash_image(letter, image, length, hash);
    int at = snprintf(line, sizeof line, "[1 [[0 'shapes' '%c' 'image' x", letter);
    for (size_t i = 0; i < sizeof hash; i++)
        at += snprintf(line + at, sizeof line - (size_t)at, "%02x", hash[i]);
    snprintf(line + at, sizeof line - (size_t)at, "]]]");
    raw_say(&visitor, line);
    free(image);
}

#define SMALL 3000u
#define LARGE 150000u /* three parts */

/* Three visits, of which the second names an image of three parts; then the folder is at rest. */
static void make_sessions(void)
{
    setup_tended();
    for (int i = 0; i < 3; i++) {
        char line[64];
        enter("lobby");
        snprintf(line, sizeof line, "[1 [[0 'shapes' 'visit' 'n' %d]]]", i);
        raw_say(&visitor, line);
        if (i < 2)
            name_image(i == 0 ? 's' : 'l', i == 0 ? SMALL : LARGE);
        wait_for_records("lobby", i == 0 ? 2 : 3);
        leave("lobby");
    }
    server_signal(&server, SIGTERM);
    ck_assert_int_eq(run_command("cp -r %s %s", server.folder, from), 0);
    teardown_tended();
    struct store *store = open_store(from);
    put_image(store, 's', SMALL);
    put_image(store, 'l', LARGE);
    list_sessions(store, "lobby");
    ck_assert_uint_eq(found_count, 3);
    ck_assert_int_eq(store->sessions->entitle(store, found[1].id, bytes_of("the second")),
                     STORE_OK);
    ck_assert_int_eq(store->sessions->pin(store, found[1].id, true), STORE_OK);
    for (size_t i = 0; i < 3; i++) {
        struct store_marker marker = {.room = bytes_of("lobby"),
                                      .incarnation = found[i].incarnation,
                                      .tick = found[i].first + 1,
                                      .title = bytes_of("look")};
        ck_assert_int_eq(store->sessions->mark(store, &marker), STORE_OK);
    }
    store->close(store);
}

static bool take_marker(void *context, const struct store_marker *marker)
{
    *(struct store_marker *)context = *marker;
    return true;
}

/* Of what nobody names in it nothing goes along: of a room everything does. */
static void expect_images(const char *room, uint64_t files, uint64_t bytes)
{
    struct store *store = open_store(to);
    struct store_held held;
    ck_assert_int_eq(store->files->held(store, bytes_of(room), &held), STORE_OK);
    ck_assert_uint_eq(held.files, files);
    ck_assert_uint_eq(held.bytes, bytes);
    list_sessions(store, room);
    store->close(store);
}

START_TEST(a_session_goes_alone)
{
    make_sessions();
    struct store_session first = found[0], second = found[1];
    expect_done(from, "export lobby %s --session %016llx", file, (unsigned long long)second.id);
    expect_readable(file);
    expect_out("MARK");
    expect_done(to, "import %s --as talk", file);
    expect_same_past("lobby", "talk", (unsigned)second.first, (unsigned)second.last - 1);
    expect_done(to, "log talk");
    expect_not_out("\"opened\"");

    /* The first image was named before, and stands in what the room was. */
    expect_images("talk", 2, SMALL + LARGE);
    ck_assert_uint_eq(found_count, 1);
    ck_assert_uint_eq(found[0].first, second.first);
    ck_assert_uint_eq(found[0].last, second.last);
    ck_assert_uint_eq(found[0].incarnation, second.incarnation);
    ck_assert_uint_ne(found[0].id, second.id);
    ck_assert(found[0].pinned);
    ck_assert_str_eq(titles[0], "the second");
    struct store *store = open_store(to);
    struct store_marker marker = {0};
    ck_assert_int_eq(store->sessions->markers(store, bytes_of("talk"), take_marker, &marker),
                     STORE_OK);
    ck_assert_uint_eq(marker.tick, second.first + 1);
    store->close(store);

    ck_assert_int_eq(unlink(file), 0);
    expect_done(from, "export lobby %s --session %016llx", file, (unsigned long long)first.id);
    expect_done(to, "import %s", file);
    expect_images("lobby", 1, SMALL);
    expect_done(from, "export lobby %s", again);
    expect_readable(again);
    expect_done(to, "import %s --as whole", again);
    expect_images("whole", 2, SMALL + LARGE);
    ck_assert_uint_eq(found_count, 3);
    expect_done(to, "check");
    expect_out("3 rooms built, 0 damages");
}
END_TEST

/* --- Beside a server ------------------------------------------------------------------------------ */

/* What a server has is exported while it runs, and after it was killed; it goes in where none runs. */
START_TEST(a_server_is_not_in_the_way)
{
    setup_tended();
    write_room("lobby");
    ck_assert_msg(tutti("export lobby %s", file) == 0, "%s", out);
    expect_readable(file);
    expect_done(to, "import %s", file);
    expect_done(to, "show lobby");
    expect_out(RECORD_A);
    expect_out(RECORD_B);
    ck_assert_int_eq(tutti("import %s --as other", file), 1);
    expect_out("a server has this folder");
    server_signal(&server, SIGKILL);
    ck_assert_int_eq(tutti("import %s", file), 1);
    expect_out("room of that name");
    ck_assert_msg(tutti("import %s --as other", file) == 0, "%s", out);
    server_restart(&server);
    expect_both_records("lobby");
    expect_both_records("other");
    teardown_tended();
}
END_TEST

/* --- Refused -------------------------------------------------------------------------------------- */

START_TEST(what_cannot_be_done_is_told)
{
    ck_assert_int_eq(tutti_in(from, "export"), 2);
    ck_assert_int_eq(tutti_in(from, "export lobby"), 2);
    ck_assert_int_eq(tutti_in(from, "export lobby %s --as other", file), 2);
    ck_assert_int_eq(tutti_in(from, "import"), 2);
    ck_assert_int_eq(tutti_in(from, "export lobby %s --session 12", file), 2);
    expect_failed(from, "export lobby %s", file);
    record("cursors", "lobby");
    expect_failed(from, "export nobody %s", file);
    expect_out("there is no such room");
    expect_failed(from, "export lobby %s --session 0123456789abcdef", file);
    expect_out("the room has no such session");
    expect_no_folder(file);
    expect_done(from, "export lobby %s", file);
    expect_failed(from, "export lobby %s", file);
    expect_out("File exists");
    expect_failed(from, "import %s", file);
    expect_out("room lobby is there already");
    expect_failed(to, "import %s --as 'no name'", file);
    expect_failed(to, "import %s", from);
    expect_failed(to, "import %s.not", file);
    ck_assert_int_eq(run_command("head -c 700 %s > %s", file, again), 0);
    expect_failed(to, "import %s", again);
    expect_out("the file ends there");
    expect_no_folder(to);
    expect_done(from, "check");
    expect_out("1 rooms built, 0 damages");
    expect_done(from, "delete lobby");
    expect_done(from, "import %s", file);
    expect_done(from, "check");
    expect_out("1 rooms built, 0 damages");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("export");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 180);
    tcase_add_loop_test(tcase, a_room_comes_back_as_it_was, 0,
                        (int)(sizeof recorded / sizeof recorded[0]));
    tcase_add_test(tcase, a_session_goes_alone);
    tcase_add_test(tcase, a_server_is_not_in_the_way);
    tcase_add_test(tcase, what_cannot_be_done_is_told);
    Suite *suite = suite_create("export");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
