/* check_store_damage.c - one flipped bit anywhere in the files: told, or harmless, never served.
 *
 * A folder with sealed and unsealed flushes is made once. Then, for one place after the other, a
 * bit of it is flipped in a copy, and the copy is opened and read whole. Every byte that comes out
 * has to be one that was put in. What is missing has to have been told: by open, by the walk that
 * misses it, by the room's quarantine. Rooms that nothing was told about have to be whole.
 *
 * A write-ahead log whose end does not check is what a power cut leaves as well, so there the last
 * two flushes may be missing without a word; never others.
 *
 * DAMAGE_STEP in the environment chooses the distance between two places; 1 takes every byte.
 */
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/store_world.h"

#include <check.h>
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 6
#ifdef __SANITIZE_ADDRESS__
#define STEP_DEFAULT 256u
#else
#define STEP_DEFAULT 64u
#endif
#define LARGE_FLIPS 40u

/* What of a score stands in one piece in its row and in the index of its key, and bytes around it. */
#define SCORE_TEXT   "lapsAda"
#define SCORE_BEFORE 16u
#define SCORE_AFTER  40u

/* The first page has what tables and columns are called. */
#define SCHEMA_BYTES 4096u
#define SCHEMA_STEP  8u

#define PATH_LENGTH (SCRATCH_PATH_MAX + NAME_MAX + 2)

struct image {
    char name[NAME_MAX + 1];
    uint8_t *bytes;
    size_t length;
};

static struct scratch original, copy;
static struct image images[FILES_MAX];
static size_t image_count;
static struct store_world told; /* what the original's store acknowledged */

/* --- The original ---------------------------------------------------------------------------------- */

static void path_in(const struct scratch *folder, const char *name, char path[PATH_LENGTH])
{
    int length = snprintf(path, PATH_LENGTH, "%s/%s", folder->path, name);
    ck_assert_int_lt(length, PATH_LENGTH);
}

static void image_read(const char *name)
{
    char path[PATH_LENGTH];
    struct image *image = &images[image_count++];
    ck_assert_uint_le(image_count, FILES_MAX);
    ck_assert_uint_lt(strlen(name), sizeof image->name);
    strcpy(image->name, name);
    path_in(&original, name, path);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    struct stat status;
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    image->length = (size_t)status.st_size;
    image->bytes = malloc(image->length + 1);
    ck_assert_ptr_nonnull(image->bytes);
    ck_assert_uint_eq(fread(image->bytes, 1, image->length, file), image->length);
    fclose(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct image *)a)->name, ((const struct image *)b)->name);
}

/* Without the index of a log, which is made anew by whoever opens it first. */
static void images_read(void)
{
    image_count = 0;
    DIR *folder = opendir(original.path);
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.' && !strstr(entry->d_name, "-shm"))
            image_read(entry->d_name);
    closedir(folder);
    qsort(images, image_count, sizeof images[0], by_name);
}

/* Everything that the store keeps: segments, snapshots, flushes that are only in the journal; when
 * `large`, of many pages and several parts. `close`: the logs have been written back and are gone. */
static void make_original(bool close, bool large)
{
    original = scratch_make();
    copy = scratch_make();
    store_world_init(&told, &(struct store_world_options){
                                .folder = original.path, .sync = true, .large = large, .seed = 64});
    ck_assert_int_eq(store_world_open(&told), STORE_OK);
    for (int part = 0; part < 3; part++) {
        for (int i = 0; i < 6; i++)
            ck_assert_int_eq(store_world_append(&told), STORE_OK);
        ck_assert_int_eq(store_world_seal(&told), STORE_OK);
        ck_assert_int_eq(store_world_release(&told), STORE_OK);
    }
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(store_world_append(&told), STORE_OK);
    if (close)
        store_world_close(&told);
    images_read();
    store_world_close(&told);
    told.options.folder = copy.path;
}

static void clear_up(void)
{
    for (size_t i = 0; i < image_count; i++)
        free(images[i].bytes);
    scratch_remove(&original);
    scratch_remove(&copy);
}

/* --- One flip -------------------------------------------------------------------------------------- */

static uint64_t damage_found;

struct tally {
    uint64_t flips, harmless, told, refused, shortened;
};

static void copy_out(const struct image *flipped, size_t at)
{
    scratch_empty(&copy);
    for (size_t i = 0; i < image_count; i++) {
        char path[PATH_LENGTH];
        path_in(&copy, images[i].name, path);
        FILE *file = fopen(path, "wb");
        ck_assert_ptr_nonnull(file);
        uint8_t bit = (uint8_t)(1u << (at / 64 + at) % 8);
        if (&images[i] == flipped)
            images[i].bytes[at] ^= bit;
        ck_assert_uint_eq(fwrite(images[i].bytes, 1, images[i].length, file), images[i].length);
        if (&images[i] == flipped)
            images[i].bytes[at] ^= bit;
        ck_assert_int_eq(fclose(file), 0);
    }
}

static void count_damage(void *context, struct bytes room, const char *place)
{
    (void)room;
    ck_assert(place[0] != '\0');
    (*(unsigned *)context)++;
}

static bool go_on(void *context, uint64_t done, uint64_t all)
{
    (void)context;
    ck_assert_uint_le(done, all);
    return true;
}

static void judge(const struct image *image,
                  size_t at,
                  const struct store_world *world,
                  struct store_sight *sight,
                  unsigned checked,
                  struct tally *tally)
{
    bool log = strstr(image->name, "-wal") != NULL;
    bool spoken = world->error[0] != '\0';
    ck_assert_msg(sight->wrong == 0, "%s byte %zu: served: %s", image->name, at, sight->first);
    /* Of flushes that are lost nobody can say whose they were; of what is archived one can. */
    bool journal = strncmp(image->name, "journal", strlen("journal")) == 0;
    bool told_of_all = sight->journal_hurt || (journal && spoken);
    for (unsigned room = 0; room < WORLD_ROOMS && !log; room++)
        ck_assert_msg(sight->lost_of[room] == 0 || sight->hurt[room] || told_of_all,
                      "%s byte %zu: silently lost of room %u: %s (open: %s)", image->name, at, room,
                      sight->first, world->error);
    ck_assert_msg(!log || sight->lost == 0 || spoken || sight->journal_hurt ||
                      (sight->holes == 0 && sight->last + 2 >= world->acknowledged),
                  "%s byte %zu: %s", image->name, at, sight->first);
    ck_assert_msg(log || sight->lost == 0 || spoken || checked != 0,
                  "%s byte %zu: check() found nothing of %s", image->name, at, sight->first);
    if (spoken || sight->errors != 0)
        tally->told++;
    else if (sight->lost != 0)
        tally->shortened++;
    else
        tally->harmless++;
}

static void one_flip(const struct image *image, size_t at, struct tally *tally)
{
    copy_out(image, at);
    struct store_world world = told;
    world.store = NULL;
    tally->flips++;
    if (store_world_open(&world) != STORE_OK) {
        ck_assert_str_ne(world.error, "");
        tally->refused++;
        return;
    }
    struct store_sight sight;
    unsigned checked = 0;
    store_world_look(&world, &sight);
    enum store_result result = world.store->check(world.store, count_damage, go_on, &checked);
    ck_assert_msg(result == STORE_OK, "%s byte %zu: %s", image->name, at,
                  store_result_text(result));
    judge(image, at, &world, &sight, checked, tally);
    store_world_close(&world);
}

/* --- All of them ----------------------------------------------------------------------------------- */

static size_t step_of(void)
{
    const char *text = getenv("DAMAGE_STEP");
    size_t step = text ? strtoul(text, NULL, 10) : STEP_DEFAULT;
    return step ? step : STEP_DEFAULT;
}

/* Every step-th byte, another one in each page, and all of the file's header where it is small. */
static void flip_all(const struct image *image, size_t step)
{
    struct tally tally = {0};
    for (size_t at = 0; at < image->length; at++)
        if ((at < 128 && step < 4096) || (at + at / 4096) % step == 0)
            one_flip(image, at, &tally);
    printf("%s, %zu bytes: %" PRIu64 " flips: %" PRIu64 " harmless, %" PRIu64 " told, %" PRIu64
           " refused at open, %" PRIu64 " shortened\n",
           image->name, image->length, tally.flips, tally.harmless, tally.told, tally.refused,
           tally.shortened);
    /* What can be salvaged is not refused. */
    ck_assert_uint_le(tally.refused * 100, tally.flips);
    damage_found += tally.told + tally.refused + tally.shortened;
}

START_TEST(bits_of_closed_files)
{
    make_original(true, false);
    ck_assert_uint_eq(image_count, 2);
    flip_all(&images[_i], step_of());
    ck_assert_uint_gt(damage_found, 0);
    clear_up();
}
END_TEST

/* Every byte of the rows and their index: scores are few, so that steps may miss them. */
START_TEST(bits_of_scores)
{
    make_original(true, false);
    const struct image *archive = &images[0];
    struct tally tally = {0};
    size_t length = strlen(SCORE_TEXT), places = 0;
    ck_assert(strncmp(archive->name, "archive", strlen("archive")) == 0);
    for (size_t at = SCORE_BEFORE; at + SCORE_AFTER < archive->length; at++) {
        if (memcmp(archive->bytes + at, SCORE_TEXT, length) != 0)
            continue;
        places++;
        for (size_t byte = at - SCORE_BEFORE; byte < at + SCORE_AFTER; byte++)
            one_flip(archive, byte, &tally);
    }
    ck_assert_uint_ge(places, 4); /* two rows, two entries of the index */
    ck_assert_uint_gt(tally.told + tally.refused + tally.shortened, 0);
    clear_up();
}
END_TEST

START_TEST(bits_of_the_schema)
{
    make_original(true, false);
    struct tally tally = {0};
    ck_assert(strncmp(images[0].name, "archive", strlen("archive")) == 0);
    for (size_t at = 0; at < SCHEMA_BYTES; at += SCHEMA_STEP)
        one_flip(&images[0], at, &tally);
    ck_assert_uint_gt(tally.told, 0);
    clear_up();
}
END_TEST

START_TEST(bits_of_files_that_a_killed_server_left)
{
    make_original(false, false);
    ck_assert_uint_eq(image_count, 4);
    flip_all(&images[_i], step_of());
    clear_up();
}
END_TEST

START_TEST(bits_of_large_rows)
{
    make_original(true, true);
    ck_assert_uint_eq(image_count, 2);
    flip_all(&images[_i], images[_i].length / LARGE_FLIPS);
    clear_up();
}
END_TEST

START_TEST(undamaged_files_are_whole)
{
    make_original(_i & 1, _i & 2);
    struct tally tally = {0};
    copy_out(NULL, 0);
    struct store_world world = told;
    world.store = NULL;
    ck_assert_int_eq(store_world_open(&world), STORE_OK);
    ck_assert_str_eq(world.error, "");
    struct store_sight sight;
    unsigned checked = 0;
    store_world_look(&world, &sight);
    ck_assert_int_eq(world.store->check(world.store, count_damage, go_on, &checked), STORE_OK);
    ck_assert_uint_eq(checked, 0);
    judge(&images[0], 0, &world, &sight, checked, &tally);
    ck_assert_uint_eq(tally.harmless, 1);
    store_world_close(&world);
    clear_up();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_damage");
    TCase *flips = tcase_create("flips");
    tcase_set_timeout(flips, 250);
    tcase_add_loop_test(flips, undamaged_files_are_whole, 0, 4);
    tcase_add_loop_test(flips, bits_of_closed_files, 0, 2);
    tcase_add_test(flips, bits_of_scores);
    tcase_add_test(flips, bits_of_the_schema);
    tcase_add_loop_test(flips, bits_of_files_that_a_killed_server_left, 0, 4);
    suite_add_tcase(suite, flips);
    TCase *large = tcase_create("large");
    tcase_set_timeout(large, 250);
    tcase_add_loop_test(large, bits_of_large_rows, 0, 2);
    suite_add_tcase(suite, large);
    return run_suite(suite);
}
