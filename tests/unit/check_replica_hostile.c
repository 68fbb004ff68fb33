/* check_replica_hostile.c - frames that break the format or ask for too much, and no memory. */
#include <stdlib.h>
#include <string.h>

#include "tests/lone_replica.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

static const char *const MALFORMED[] = {
    "7",                            /* no section */
    "[]",                           /* no head */
    "[8]",                          /* no advance */
    "[8 -1]",                       /* backwards */
    "[64 1]",                       /* no such scope */
    "[12 1]",                       /* lost takes nothing more */
    "[4]",                          /* names cannot be lost */
    "[8 1 'x']",                    /* no run */
    "[8 1 513 0 0]",                /* collection out of range */
    "[8 1 25 0 0]",                 /* collection unknown */
    "[8 1 17 0 0]",                 /* another scope's collection */
    "[8 1 8 1 0]",                  /* delete with a collection */
    "[8 1 9 1 1 0 'a' 1 2]",        /* surplus */
    "[8 1 9 32 1 0 'a' 1]",         /* field unknown */
    "[8 1 9 4294967296 1 0 'a' 1]", /* mask too wide */
    "[8 1 9 0 1 1048576 'a']",      /* slot too high */
    "[8 1 9 0 1 0 '']",             /* no id */
    "[8 1 9 0 1 0 'a b']",          /* not printable */
    "[8 1 9 0 1 0 '1234567890123456789012345']",
    "[16 1 1 0 1 0 0]",                 /* no member 0 */
    "[16 1 1 0 1 0 'a']",               /* presence by name */
    "[8 1 10 1 1 9 5]",                 /* set in an empty slot */
    "[8 1 10 1 2 1048575 1048575 1 1]", /* gaps beyond all slots */
    "[8 1 12 2 1 0 2]",                 /* moving a string */
    "[8 1 12 1 1 0 18014398509481984]", /* moving out of range */
    "[8 1 11 1 0 xff 1 1 1 1 1 1 1 1]", /* bitmap over empty slots */
    "[8 1 9 1 1 0 'a' 'text']",         /* a string in a number */
    "[8 1 9 2 1 0 'a' 5]",              /* a number in a string */
    "[8 1 9 4 1 0 'a' [1 'x']]",        /* a string in ints */
    "[8 1 9 4 1 0 'a' [4294967296]]",   /* too large for ints */
    "[8 1 9 16 1 0 'a' 1]",             /* a number in a bool */
    "[8 1 14 1 0 0 1 5]",               /* append to what is no list */
    "[8 1 14 2 0 1 1 5]",               /* append behind the end */
    "[8 1 15 0 'x']",                   /* event unknown */
    "[8 1 7 -1 'x']",                   /* no such member */
    "[0 1 [0 1 'again' 0 1]]",          /* a number taken */
    "[0 1 [0 64 'x' 0 1]]",             /* number out of range */
    "[0 1 [0 5 'x' 0 0]]",              /* a collection of names */
    "[0 1 [0 5 '' 0 1]]",               /* no name */
    "[0 1 [0 5 '123456789012345678901234567890123' 0 1]]",
    "[0 1 [1 9 0 'x' 0 0 0 0 1]]", /* field of nothing */
    "[0 1 [1 1 5 'x' 4 2 0 0 1]]", /* a sum of strings */
    "[0 1 [1 1 5 'x' 7 0 0 0 1]]", /* no such type */
    "[0 1 [3 1]]",                 /* no such definition */
    "[0 1 [2 1 'short']]",         /* an element missing */
    "[0 2 [2 1 'x' 5]]",           /* advance is not their number */
};

START_TEST(what_breaks_the_format_is_refused)
{
    take_shapes();
    enum status status = take(MALFORMED[_i]);
    ck_assert_msg(status == STATUS_MALFORMED || status == STATUS_TRUNCATED, "%s gave %s",
                  MALFORMED[_i], status_text(status));
    ck_assert(!replica_complete(replica));
    ck_assert_int_eq(take(""), status); /* until the next welcome */
    replica_welcome(replica, 0, true);
    take_shapes();
    ck_assert_int_eq(shape_number("a"), 10);
    ck_assert_uint_eq(replica_count(replica), 4);
}
END_TEST

/* One frame with every form, over take_shapes(). */
static const char EVERYTHING[] =
    "[0 1 [2 1 'wave' 3]]"
    " [8 9 0 1 0 9 31 1 3 'd' 4 'four' [1 2 3] [1 [2 'x']] true 10 3 2 1 2 21 'x' nil 'y'"
    " 11 1 1 x0b 21 31 51 12 1 1 1 4 13 1 1 x01 3 14 2 1 0 2 5 6 7 5 'one' 15 0 2.5]"
    " [18 2 1 1 2 0 7 100 1 8 200] [35 1 17 0 1 0 's']";

static size_t pack_everything(uint8_t *buffer, size_t capacity, uint32_t *sections)
{
    struct writer writer = writer_on(buffer, capacity);
    *sections = notation_pack(&writer, EVERYTHING);
    return writer.length;
}

START_TEST(every_form_in_one_frame)
{
    take_shapes();
    takes(EVERYTHING);
    expect_watched("-a:1 +d:31 ~b:7 ~e:3 ~c:1 +7:1 +8:1 new chat:5 new wave:0 ");
    ck_assert(!replica_complete(replica)); /* the role's scope goes on */
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t buffer[1024];
    uint32_t sections;
    size_t length = pack_everything(buffer, sizeof buffer, &sections);
    for (size_t cut = 0; cut < length; cut++) {
        replica_welcome(replica, 0, false);
        take_shapes();
        uint8_t *exact = malloc(cut + (cut == 0)); /* so that a sanitizer sees each byte too far */
        memcpy(exact, buffer, cut);
        struct reader reader = reader_on((struct bytes){exact, cut});
        ck_assert_int_ne(replica_sections(replica, &reader, sections), STATUS_OK);
        free(exact);
    }
}
END_TEST

/* Any answer is good; what is looked for is a crash, a leak, a read too far. */
START_TEST(mutated_bytes_do_no_harm)
{
    uint8_t buffer[1024];
    uint32_t sections;
    size_t length = pack_everything(buffer, sizeof buffer, &sections);
    uint64_t random = 88172645463325252u + (uint64_t)_i;
    for (int round = 0; round < 400; round++) {
        uint8_t mutant[1024];
        memcpy(mutant, buffer, length);
        for (int flips = 0; flips < 1 + round % 4; flips++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            mutant[random % length] = (uint8_t)(random >> 32);
        }
        replica_welcome(replica, 0, false);
        take_shapes();
        struct reader reader = reader_on((struct bytes){mutant, length});
        if (replica_sections(replica, &reader, sections) == STATUS_OK && round % 2 == 0)
            (void)take(EVERYTHING);
        (void)replica_hash(replica);
        const struct replica_record *record = NULL;
        while ((record = replica_next(replica, replica_collection_at(replica, 1), record)) !=
               NULL) {
            uint8_t value[2048];
            struct writer writer = writer_on(value, sizeof value);
            for (int field = 0; field < 5; field++)
                replica_pack(record, field, &writer);
        }
    }
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------- */

struct purse {
    int allocations_left;
    int blocks;
};

static void *purse_allocate(void *context, size_t bytes)
{
    struct purse *purse = context;
    if (purse->allocations_left-- <= 0)
        return NULL;
    purse->blocks++;
    return malloc(bytes);
}

static void purse_release(void *context, void *block)
{
    ((struct purse *)context)->blocks--;
    free(block);
}

/* Each allocation fails once; the replica then recovers with the next welcome. */
START_TEST(lack_of_memory_is_a_status)
{
    replica_destroy(replica);
    replica = NULL;
    enum status status = STATUS_MEMORY;
    for (int n = 0; status != STATUS_OK; n++) {
        ck_assert_int_lt(n, 1000);
        struct purse purse = {.allocations_left = n};
        struct memory memory = {purse_allocate, purse_release, &purse};
        replica = replica_create(&memory);
        if (replica == NULL)
            continue;
        watch_replica();
        status = take(REPLICA_NAMES);
        if (status == STATUS_OK)
            status = take("[10 4 9 1 4 0 'a' 10 1 'b' 20 2 'c' 30 4 'e' 50]");
        if (status == STATUS_OK)
            status = take(EVERYTHING);
        ck_assert(status == STATUS_OK || status == STATUS_MEMORY);
        purse.allocations_left = 1000;
        replica_welcome(replica, 0, true);
        forget_watched();
        take_shapes();
        takes(EVERYTHING);
        replica_destroy(replica);
        replica = NULL;
        ck_assert_int_eq(purse.blocks, 0);
    }
}
END_TEST

START_TEST(a_transfer_without_end_hits_its_limit)
{
    takes(REPLICA_NAMES);
    enum {
        LENGTH = 60000
    };
    static uint8_t buffer[LENGTH + 64];
    static uint8_t filling[LENGTH];
    enum status status = STATUS_OK;
    size_t sent = 0;
    while (status == STATUS_OK && sent < 2 * (size_t)REPLICA_TRANSFER_BYTES_MAX) {
        struct writer writer = writer_on(buffer, sizeof buffer);
        pack_array(&writer, 3);
        pack_integer(&writer, 8 * SCOPE_EVERYONE + SECTION_MORE);
        pack_integer(&writer, 1);
        pack_binary(&writer, (struct bytes){filling, LENGTH});
        struct reader reader = reader_on(writer_bytes(&writer));
        status = replica_sections(replica, &reader, 1);
        sent += LENGTH;
    }
    ck_assert_int_eq(status, STATUS_LIMIT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replica hostile");
    TCase *hostile = tcase_create("hostile");
    tcase_add_checked_fixture(hostile, setup_replica, teardown_replica);
    tcase_set_timeout(hostile, 30);
    tcase_add_loop_test(hostile, what_breaks_the_format_is_refused, 0,
                        (int)(sizeof MALFORMED / sizeof MALFORMED[0]));
    tcase_add_test(hostile, every_form_in_one_frame);
    tcase_add_test(hostile, every_truncation_is_refused);
    tcase_add_loop_test(hostile, mutated_bytes_do_no_harm, 0, 16);
    tcase_add_test(hostile, lack_of_memory_is_a_status);
    tcase_add_test(hostile, a_transfer_without_end_hits_its_limit);
    suite_add_tcase(suite, hostile);
    return run_suite(suite);
}
