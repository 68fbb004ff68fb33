#include "tests/durability/bad_disk_server.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sync/wire.h"
#include "tests/raw_client.h"

#define AUTHORS_A_ROOM 2u
#define TEST_SECONDS   150

struct server_process server;
struct crowd crowd;
struct bad_disk *disk;
uint64_t wanted;

void begin_with(const char *const *flags)
{
    disk = bad_disk_prepare();
    server = server_start_with(flags);
    bad_disk_watch(disk, server.folder);
    crowd_begin(&crowd, server.port, CROWDED_ROOMS, AUTHORS_A_ROOM, (uint64_t)getpid());
    crowd.round = 1;
    crowd.rate = 100;
    crowd_run_ms(&crowd, 300, 500);
}

void begin(void)
{
    begin_with((const char *const[]){NULL});
}

void end(void)
{
    crowd_end(&crowd);
    server_stop(&server);
    bad_disk_release(disk);
}

void expect_whole(void)
{
    crowd.rate = 0;
    crowd_check(&crowd);
    struct crowd_sums sums = crowd_sums(&crowd);
    ck_assert_uint_eq(crowd.findings.lost, 0);
    ck_assert_uint_eq(crowd.findings.twice, 0);
    ck_assert_uint_eq(crowd.findings.torn, 0);
    ck_assert_uint_eq(crowd.findings.foreign, 0);
    ck_assert_uint_eq(crowd.findings.moved, 0);
    ck_assert_uint_eq(crowd.unequal, 0);
    ck_assert_uint_eq(sums.refused, 0);
    ck_assert_uint_eq(sums.uncertain, 0);
}

/* --- What the server says of itself -------------------------------------------------------------- */

bool health_has(const char *words)
{
    char body[512];
    return raw_get(server.port, "/healthz", body, sizeof body) == 200 &&
           strstr(body, words) != NULL;
}

uint64_t metric(const char *name)
{
    return (uint64_t)server_metric(&server, name);
}

/* --- What is waited for -------------------------------------------------------------------------- */

static bool all_are_told(enum tutti_saving saving)
{
    for (uint32_t i = 0; i < crowd.author_count; i++)
        if (tutti_saving(crowd.authors[i].client) != saving)
            return false;
    return true;
}

bool is_interrupted(struct crowd *of)
{
    (void)of;
    return all_are_told(TUTTI_SAVING_INTERRUPTED);
}

bool is_paused(struct crowd *of)
{
    (void)of;
    return all_are_told(TUTTI_SAVING_PAUSED);
}

bool is_well(struct crowd *of)
{
    (void)of;
    return all_are_told(TUTTI_SAVING_WELL);
}

bool is_decided(struct crowd *of)
{
    for (uint32_t i = 0; i < of->author_count; i++)
        if (tutti_pending(of->authors[i].client) > 0)
            return false;
    return true;
}

bool drops_presence(struct crowd *of)
{
    tutti_presence(of->authors[0].client, "x", tutti_integer((int64_t)tutti_now_us()));
    return metric("tutti_presence_dropped_total") > 0;
}

bool archive_is_given_up(struct crowd *of)
{
    (void)of;
    return health_has("degraded: the archive takes nothing more");
}

bool archive_is_behind(struct crowd *of)
{
    (void)of;
    return health_has("degraded: the archive takes nothing");
}

static bool health_is_ok(struct crowd *of)
{
    (void)of;
    return health_has("\"ok\"");
}

bool has_a_new_journal(struct crowd *of)
{
    (void)of;
    return metric("tutti_journal_generations_total") >= wanted;
}

bool has_sealed(struct crowd *of)
{
    (void)of;
    return metric("tutti_segments_total") >= wanted;
}

bool has_slept(struct crowd *of)
{
    (void)of;
    return metric("tutti_rooms_slept_total") >= wanted;
}

bool has_ended(struct crowd *of)
{
    (void)of;
    return server_has_ended(&server);
}

void expect(bool (*condition)(struct crowd *of), const char *what)
{
    ck_assert_msg(crowd_wait(&crowd, condition), "never: %s", what);
}

void expect_undurable_life(void)
{
    crowd.rate = 0;
    crowd_write(&crowd);
    expect(is_decided, "decided while the disk fails");
    uint64_t saved = crowd_sums(&crowd).saved;
    for (int i = 0; i < 5; i++) {
        crowd_write(&crowd);
        expect(is_decided, "decided while the disk fails");
    }
    ck_assert_uint_eq(crowd_sums(&crowd).saved, saved);
    for (uint32_t i = 0; i < crowd.author_count; i++)
        ck_assert_uint_gt(tutti_unsaved(crowd.authors[i].client), 0);
}

void expect_recovery(void)
{
    expect(is_well, "everyone is told that the disk is well");
    expect_whole();
    expect(health_is_ok, "/healthz is ok again");
}

/* --- Visitors and files -------------------------------------------------------------------------- */

void visit(const char *room, bool disk_fails)
{
    static struct raw_client visitor;
    ck_assert_int_eq(raw_open(&visitor, server.port, room), 101);
    raw_hello(&visitor, 2, "'open'");
    ck_assert_uint_gt(raw_expect(&visitor, SERVER_WELCOME).length, 0);
    if (disk_fails)
        ck_assert_uint_gt(raw_expect(&visitor, SERVER_SAVING).length, 0);
    raw_say(&visitor, "[1 [[0 'notes' 'n' 'a' 1]]]");
    (void)raw_expect(&visitor, SERVER_FRAME);
    raw_say(&visitor, "[4]");
    (void)raw_end(&visitor);
    raw_shut(&visitor);
}

sqlite3 *open_file(const char *name)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/%s", server.folder, name);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

TCase *add_case(Suite *suite, const char *name)
{
    TCase *added = tcase_create(name);
    tcase_set_timeout(added, TEST_SECONDS);
    suite_add_tcase(suite, added);
    return added;
}
