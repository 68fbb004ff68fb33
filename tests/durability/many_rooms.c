/* many_rooms - kills a server with many rooms and looks how soon, and whether, all of them are back.
 *
 * Each room gets a client that makes records in it. When all of them are saved the server is
 * killed and started again; one client after the other joins each room and reads every record.
 */
#include <check.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/c/tutti.h"
#include "tests/server_process.h"

#define RECORDS         20u
#define CHECK_PERIOD_MS 5u
#define CHECKS_MAX      24000u

/* Clients that are on their way at once. */
#define JOINING_MAX 100u

static const char usage[] =
    "usage: many_rooms [--rooms N] [--clean]\n"
    "\n"
    "Fills N rooms (1000) with 20 records each, ends the server with kill -9 (with --clean by\n"
    "SIGTERM), starts it again, joins every room and reads all of it.\n";

static uint32_t rooms = 1000;
static bool clean;

struct visitor {
    struct tutti_client *client;
    uint32_t room;
    uint64_t live_us;
    bool wrote;
};

static struct {
    struct server_process server;
    struct tutti_loop *loop;
    char url[64];
    struct visitor *visitors;
    uint32_t asked, live, saved; /* rooms */
    uint64_t wrong;              /* records that are not as they were */
    unsigned checks;
    bool reads;
} world;

static void record_id(uint32_t record, char id[16])
{
    snprintf(id, 16, "record-%" PRIu32, record);
}

static void write_records(struct visitor *visitor)
{
    char ids[RECORDS][16];
    struct tutti_pair fields[RECORDS][2];
    struct tutti_edit edits[RECORDS];
    for (uint32_t i = 0; i < RECORDS; i++) {
        record_id(i, ids[i]);
        fields[i][0] = (struct tutti_pair){"number", tutti_integer(visitor->room * 1000 + i)};
        fields[i][1] = (struct tutti_pair){"text", tutti_text("what a record may say of itself")};
        edits[i] = (struct tutti_edit){.verb = TUTTI_PUT,
                                       .collection = "things",
                                       .id = ids[i],
                                       .fields = fields[i],
                                       .count = 2};
    }
    ck_assert_int_eq(tutti_submit(visitor->client, edits, RECORDS, NULL), TUTTI_OK);
    visitor->wrote = true;
}

static void read_records(const struct visitor *visitor)
{
    uint32_t count = 0;
    const struct tutti_record *record = NULL;
    while ((record = tutti_next(visitor->client, "things", record)) != NULL)
        count++;
    world.wrong += count > RECORDS ? count - RECORDS : 0;
    for (uint32_t i = 0; i < RECORDS; i++) {
        char id[16];
        record_id(i, id);
        record = tutti_find(visitor->client, "things", id);
        if (record == NULL || tutti_number(record, "number") != visitor->room * 1000.0 + i)
            world.wrong++;
    }
}

static void on_state(void *context, struct tutti_client *client, enum tutti_state state)
{
    struct visitor *visitor = context;
    if (state != TUTTI_LIVE || visitor->live_us != 0)
        return;
    visitor->client = client;
    visitor->live_us = tutti_now_us();
    world.live++;
    if (world.reads)
        read_records(visitor);
    else
        write_records(visitor);
}

static void on_saved(void *context, struct tutti_client *client, uint64_t operation)
{
    (void)context;
    (void)client;
    (void)operation;
    world.saved++;
}

static void join_next(void)
{
    struct visitor *visitor = &world.visitors[world.asked];
    char name[16];
    struct tutti_options options = {.kind = "open"};
    struct tutti_handlers handlers = {
        .context = visitor, .state_changed = on_state, .saved = on_saved};
    snprintf(name, sizeof name, "room-%" PRIu32, world.asked);
    *visitor = (struct visitor){.room = world.asked++};
    visitor->client = tutti_join(world.loop, world.url, name, &options, &handlers);
    ck_assert_ptr_nonnull(visitor->client);
}

static void check(void *context)
{
    (void)context;
    while (world.asked < rooms && world.asked - world.live < JOINING_MAX)
        join_next();
    bool done = world.live == rooms && (world.reads || world.saved == rooms);
    if (done || ++world.checks > CHECKS_MAX)
        tutti_loop_stop(world.loop);
}

/* Joins every room and does what there is to do in it; when the first and the last were live. */
static void visit_all(bool reads, uint64_t *first_us, uint64_t *last_us)
{
    world.loop = tutti_loop_create(NULL);
    world.visitors = calloc(rooms, sizeof *world.visitors);
    world.reads = reads;
    world.asked = world.live = world.saved = 0;
    world.checks = 0;
    tutti_loop_every(world.loop, CHECK_PERIOD_MS, check, NULL);
    tutti_loop_run(world.loop);
    ck_assert_uint_eq(world.live, rooms);
    *first_us = UINT64_MAX;
    *last_us = 0;
    for (uint32_t i = 0; i < rooms; i++) {
        uint64_t live_us = world.visitors[i].live_us;
        *first_us = live_us < *first_us ? live_us : *first_us;
        *last_us = live_us > *last_us ? live_us : *last_us;
    }
}

static void forget_all(void)
{
    for (uint32_t i = 0; i < rooms; i++)
        tutti_destroy(world.visitors[i].client);
    free(world.visitors);
    tutti_loop_destroy(world.loop);
}

START_TEST(every_room_is_back_as_it_was)
{
    uint64_t first_us, last_us;
    world.server = server_start_with((const char *const[]){
        "--room-burst", "100000", "--load-burst", "100000", "--max-openings", "100000", NULL});
    snprintf(world.url, sizeof world.url, "ws://127.0.0.1:%u", world.server.port);
    visit_all(false, &first_us, &last_us);
    ck_assert_uint_eq(world.saved, rooms);
    server_signal(&world.server, clean ? SIGTERM : SIGKILL);
    forget_all();

    uint64_t start_us = tutti_now_us();
    server_restart(&world.server);
    uint64_t listening_us = tutti_now_us();
    visit_all(true, &first_us, &last_us);
    printf("%" PRIu32
           " rooms of %u records after %s, from exec: listening %.0f ms, first joined %.0f ms,"
           " last joined and read %.0f ms; records that differ: %" PRIu64 "\n",
           rooms, RECORDS, clean ? "SIGTERM" : "kill -9", (double)(listening_us - start_us) / 1000,
           (double)(first_us - start_us) / 1000, (double)(last_us - start_us) / 1000, world.wrong);
    fflush(stdout);
    server_signal(&world.server, SIGTERM);
    forget_all();
    server_stop(&world.server);
    ck_assert_uint_eq(world.wrong, 0);
}
END_TEST

static bool take_options(int count, char **arguments)
{
    static const struct option names[] = {
        {"rooms", required_argument, NULL, 'r'},
        {"clean", no_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        if (option == 'r')
            rooms = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'c')
            clean = true;
        else
            return false;
    }
    return optind == count && rooms >= 1 && rooms <= 9000;
}

int main(int count, char **arguments)
{
    if (!take_options(count, arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    Suite *suite = suite_create("many rooms");
    TCase *cases = tcase_create("durability");
    tcase_add_test(cases, every_room_is_back_as_it_was);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
