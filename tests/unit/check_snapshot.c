#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/snapshot.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#define SNAPSHOT_BYTES_MAX (1u << 20)
#define MEMBERS            3

static uint8_t written[SNAPSHOT_BYTES_MAX], again[SNAPSHOT_BYTES_MAX];

static struct bytes snapshot_in(const struct room *room, uint8_t *buffer)
{
    struct writer writer = writer_on(buffer, SNAPSHOT_BYTES_MAX);
    snapshot_write(room, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    ck_assert_uint_eq(writer.length, snapshot_bytes(room));
    return writer_bytes(&writer);
}

/* --- A kind whose rules use chance and timers ---------------------------------------------------- */

static void on_tick(struct room *room)
{
    char edit[80];
    snprintf(edit, sizeof edit, "[0 'ledger' 'r%u' 'v' %u]", room_random(room, 5),
             room_random(room, 1000));
    ck_assert_int_eq(rules_edit(room, 0, edit), STATUS_OK);
}

static void on_timer(struct room *room, uint32_t timer)
{
    char edit[80];
    snprintf(edit, sizeof edit, "[0 'weather' 'w%u' 'tick' %u]", timer,
             (unsigned)room_tick_number(room));
    ck_assert_int_eq(rules_edit(room, 0, edit), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, timer, 1 + room_random(room, 9)), STATUS_OK);
}

static void on_created(struct room *room)
{
    for (uint32_t timer = 1; timer <= 3; timer++)
        ck_assert_int_eq(room_set_timer(room, timer, 2 * timer), STATUS_OK);
}

static struct rules kind;
static struct room_options options;

static void setup(void)
{
    kind = kind_mixed;
    kind.created = on_created;
    kind.tick = on_tick;
    kind.timer = on_timer;
    options = (struct room_options){
        .rules = &kind, .incarnation = 77, .seed = 5, .limits = {.tombstones = 6}};
}

static struct room *read_back(struct bytes bytes)
{
    enum status status;
    struct room *room = snapshot_read(&options, bytes, &status);
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_ptr_nonnull(room);
    return room;
}

/* --- Random lives -------------------------------------------------------------------------------- */

static void random_edit(struct chance *chance, char *edit, size_t size)
{
    static const char *const collections[] = {"shapes", "papers", "hands", "secrets"};
    const char *collection = collections[chance_below(chance, 4)];
    unsigned id = chance_below(chance, 8);
    int number = (int)chance_below(chance, 7) - 3;
    bool shapes = strcmp(collection, "shapes") == 0;
    switch (chance_below(chance, 8)) {
    case 0:
        snprintf(edit, size, "[4 '%s' 'r%u']", collection, id);
        return;
    case 1:
        snprintf(edit, size, "[2 '%s' 'r%u' '%s' %d %d]", collection, id,
                 shapes ? "points" : "trail", number, number + 1);
        return;
    case 2:
        snprintf(edit, size, "[3 '%s' 'r%u' '%s' %d]", collection, id, shapes ? "votes" : "sum",
                 number);
        return;
    case 3:
        snprintf(edit, size, "[5 'chat' 0 'line %d']", number);
        return;
    case 4:
        snprintf(edit, size, "[0 '%s' 'r%u' '%s' nil]", collection, id, shapes ? "any" : "a");
        return;
    case 5:
        snprintf(edit, size, "[0 '%s' 'r%u' '%s' 'a rather long text %d']", collection, id,
                 shapes ? "any" : "a", number);
        return;
    case 6:
        snprintf(edit, size, "[0 '%s' 'r%u' '%s' []]", collection, id, shapes ? "points" : "b");
        return;
    default:
        snprintf(edit, size, "[0 '%s' 'r%u' '%s' %d]", collection, id, shapes ? "n" : "c", number);
    }
}

/* One tick of the room; what happens in it depends on the chance alone. */
static void live(struct room *room, const uint32_t *seats, struct chance *chance)
{
    for (uint32_t i = 0; i < MEMBERS; i++) {
        char edits[4][96], message[512];
        uint32_t count = 1 + chance_below(chance, 2);
        for (uint32_t k = 0; k < 2; k++)
            random_edit(chance, edits[k], sizeof edits[k]);
        snprintf(message, sizeof message, "[1 [%s] [%s]]", edits[0],
                 count > 1 ? edits[1] : edits[0]);
        ck_assert_int_eq(submit(room, seats[i], message), STATUS_OK);
    }
    step(room);
}

static void join_all(struct room *room, uint32_t *seats)
{
    for (unsigned i = 0; i < MEMBERS; i++)
        seats[i] = join(room, i + 1, i == 0 ? ROLE_OWNER : ROLE_EDITOR);
}

/* One after the other: those who leave in one tick are remembered in the order of their seats. */
static void leave_all(struct room *room, const uint32_t *seats, struct frames *frames)
{
    for (unsigned i = 0; i < MEMBERS; i++) {
        room_leave(room, seats[i]);
        step(room);
    }
    if (frames_begin(frames, room))
        frames_end(frames, true);
}

/* A room with a past, everyone gone. */
static struct room *room_with_a_past(uint64_t seed, struct frames *frames)
{
    struct chance chance = chance_of(seed);
    struct room *room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    uint32_t seats[MEMBERS];
    join_all(room, seats);
    for (int tick = 0; tick < 30; tick++) {
        live(room, seats, &chance);
        if (frames_begin(frames, room)) {
            for (unsigned i = 0; i < MEMBERS; i++)
                frames_next(frames, seats[i]);
            frames_end(frames, true);
        }
    }
    leave_all(room, seats, frames);
    return room;
}

/* The next section that is not presence, whose stamps are allowed to differ. */
static struct bytes next_section(struct frame_head *head)
{
    while (head->sections > 0) {
        head->sections--;
        struct bytes section = read_value(&head->reader);
        ck_assert_int_eq(head->reader.status, STATUS_OK);
        struct reader reader = reader_on(section);
        read_array(&reader);
        if (read_integer(&reader) / 8 != SCOPE_PRESENCE)
            return section;
    }
    return (struct bytes){NULL, 0};
}

static void expect_same_frame(struct frame a, struct frame b)
{
    ck_assert((a.message == NULL) == (b.message == NULL));
    if (a.message == NULL)
        return;
    struct frame_head x = frame_head((struct bytes){a.message, a.length});
    struct frame_head y = frame_head((struct bytes){b.message, b.length});
    ck_assert_int_eq(x.news, y.news);
    ck_assert_int_eq(x.ticks, y.ticks);
    ck_assert_int_eq(x.decided, y.decided);
    ck_assert_uint_eq(x.refusals, y.refusals);
    ck_assert_mem_eq(x.status, y.status, x.refusals * sizeof x.status[0]);
    for (;;) {
        struct bytes section = next_section(&x);
        ck_assert(bytes_equal(section, next_section(&y)));
        if (section.length == 0)
            return;
    }
}

static void
expect_same_frames(struct frames **frames, struct room **rooms, uint32_t seats[2][MEMBERS])
{
    bool first = frames_begin(frames[0], rooms[0]);
    ck_assert_int_eq(first, frames_begin(frames[1], rooms[1]));
    if (!first)
        return;
    for (unsigned i = 0; i < MEMBERS; i++) {
        struct frame frame = frames_next(frames[0], seats[0][i]);
        expect_same_frame(frame, frames_next(frames[1], seats[1][i]));
    }
    frames_end(frames[0], true);
    frames_end(frames[1], true);
}

/* --- Tests ---------------------------------------------------------------------------------------- */

START_TEST(a_room_is_what_was_written)
{
    struct frames *frames = frames_create(&(struct memory){0});
    struct room *room = room_with_a_past(1, frames);
    struct room *copy = read_back(snapshot_in(room, written));
    ck_assert_uint_eq(room_hash(copy, SEAT_NONE), room_hash(room, SEAT_NONE));
    ck_assert_uint_eq(room_tick_number(copy), room_tick_number(room));
    ck_assert_uint_eq(room_incarnation(copy), 77);
    ck_assert_uint_eq(room_records(copy), room_records(room));
    ck_assert_uint_eq(room_members(copy), 0);
    room_destroy(copy);
    room_destroy(room);
    frames_destroy(frames);
}
END_TEST

/* Same state, stamps, slots, refusals, chance and timers: frames tell them all. */
START_TEST(a_room_goes_on_as_if_it_had_never_slept)
{
    struct frames *frames[2] = {frames_create(&(struct memory){0}),
                                frames_create(&(struct memory){0})};
    struct room *rooms[2] = {room_with_a_past((uint64_t)_i, frames[0])};
    rooms[1] = read_back(snapshot_in(rooms[0], written));
    uint32_t seats[2][MEMBERS];
    join_all(rooms[0], seats[0]);
    join_all(rooms[1], seats[1]);
    struct chance both[2] = {chance_of(1000 + (uint64_t)_i), chance_of(1000 + (uint64_t)_i)};
    for (int tick = 0; tick < 30; tick++) {
        live(rooms[0], seats[0], &both[0]);
        live(rooms[1], seats[1], &both[1]);
        expect_same_frames(frames, rooms, seats);
        ck_assert_uint_eq(room_hash(rooms[0], SEAT_NONE), room_hash(rooms[1], SEAT_NONE));
    }
    leave_all(rooms[0], seats[0], frames[0]);
    leave_all(rooms[1], seats[1], frames[1]);
    struct bytes a = snapshot_in(rooms[0], written);
    struct bytes b = snapshot_in(rooms[1], again);
    size_t shorter = a.length < b.length ? a.length : b.length;
    ck_assert_mem_eq(a.data, b.data, shorter - 9); /* the last value is the presence's stamp */
    for (int i = 0; i < 2; i++) {
        room_destroy(rooms[i]);
        frames_destroy(frames[i]);
    }
}
END_TEST

START_TEST(a_client_comes_back_to_the_places_and_outcomes_that_were)
{
    struct frames *frames = frames_create(&(struct memory){0});
    struct room *rooms[2] = {room_with_a_past(9, frames)};
    rooms[1] = read_back(snapshot_in(rooms[0], written));
    uint8_t welcomes[2][4096];
    size_t lengths[2];
    for (int i = 0; i < 2; i++) {
        struct hello hello = hello_of(2);
        uint32_t seat;
        hello.sequence = 100;
        hello.incarnation = 77;
        hello.places_held = 1u << SCOPE_NAMES | 1u << SCOPE_EVERYONE;
        hello.places[SCOPE_EVERYONE] = 40;
        ck_assert_int_eq(room_join(rooms[i], &hello, ROLE_EDITOR, &seat), STATUS_OK);
        struct writer writer = writer_on(welcomes[i], sizeof welcomes[i]);
        wire_write_welcome(&writer, rooms[i], seat, &(struct wire_limits){0});
        lengths[i] = writer.length;
    }
    ck_assert_uint_eq(lengths[0], lengths[1]);
    ck_assert_mem_eq(welcomes[0], welcomes[1], lengths[0]);
    room_destroy(rooms[0]);
    room_destroy(rooms[1]);
    frames_destroy(frames);
}
END_TEST

START_TEST(presence_is_not_kept_and_its_old_places_are_void)
{
    struct room *room = room_create(&options);
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    ck_assert_int_eq(presence(room, seat, "'x' 5"), STATUS_OK);
    ck_assert_int_eq(outcome(room, seat, "[0 'shapes' 'a' 'n' 1]"), STATUS_OK);
    struct room *copy = read_back(snapshot_in(room, written));
    struct hello hello = hello_of(1);
    uint32_t again_seat;
    uint8_t bytes[1024];
    hello.incarnation = 77;
    hello.places_held = 1u << SCOPE_NAMES | 1u << SCOPE_EVERYONE | 1u << SCOPE_PRESENCE;
    hello.places[SCOPE_PRESENCE] = 2;
    hello.places[SCOPE_EVERYONE] = 2;
    ck_assert_int_eq(room_join(copy, &hello, ROLE_EDITOR, &again_seat), STATUS_OK);
    struct writer writer = writer_on(bytes, sizeof bytes);
    wire_write_welcome(&writer, copy, again_seat, &(struct wire_limits){0});
    struct reader reader = reader_on(writer_bytes(&writer));
    ck_assert_uint_eq(read_array(&reader), 18);
    for (int i = 0; i < 10; i++)
        read_value(&reader);
    ck_assert_uint_eq(read_array(&reader), 2); /* names and everyone are kept, presence is not */
    ck_assert_int_eq(read_integer(&reader), SCOPE_NAMES);
    ck_assert_int_eq(read_integer(&reader), SCOPE_EVERYONE);
    expect_value(copy, "presence", 0, "1", "x", "nil");
    step(copy);
    expect_value(copy, "shapes", 0, "a", "n", "1");
    expect_value(copy, "presence", 0, "1", "x", "nil");
    room_destroy(room);
    room_destroy(copy);
}
END_TEST

START_TEST(another_kind_is_refused)
{
    struct room *room = room_create(&options);
    struct bytes bytes = snapshot_in(room, written);
    struct field_rules fields[2] = {{.name = "n", .type = FIELD_INT}, {.name = "m"}};
    struct collection_rules collections[7];
    struct rules changed = kind;
    enum status status;
    memcpy(collections, kind.collections, sizeof collections);
    changed.collections = collections;
    collections[2].fields = fields;
    collections[2].field_count = 1;
    options.rules = &changed;
    ck_assert_ptr_null(snapshot_read(&options, bytes, &status));
    ck_assert_int_eq(status, STATUS_KIND);
    collections[2] = kind.collections[2];
    collections[2].name = "pages";
    ck_assert_ptr_null(snapshot_read(&options, bytes, &status));
    ck_assert_int_eq(status, STATUS_KIND);
    options.rules = &kind_open;
    ck_assert_ptr_null(snapshot_read(&options, bytes, &status));
    ck_assert_int_eq(status, STATUS_KIND);
    room_destroy(room);
}
END_TEST

/* A room out of damaged bytes may hold other things, but it must work. */
static void use(struct room *room, struct frames *frames)
{
    struct chance chance = chance_of(3);
    uint32_t seats[MEMBERS];
    join_all(room, seats);
    for (int tick = 0; tick < 2; tick++) {
        for (uint32_t i = 0; i < MEMBERS; i++) {
            char edit[96], message[128];
            random_edit(&chance, edit, sizeof edit);
            snprintf(message, sizeof message, "[1 [%s]]", edit);
            enum status status = submit(room, seats[i], message);
            ck_assert(status == STATUS_OK || status == STATUS_LIMIT);
        }
        step(room);
        bool more = frames_begin(frames, room);
        for (unsigned i = 0; more && i < MEMBERS; i++)
            for (int part = 0; part < 3; part++)
                if (!frames_next(frames, seats[i]).more)
                    break;
        if (more)
            frames_end(frames, true);
    }
    room_hash(room, SEAT_NONE);
    snapshot_in(room, again);
}

static struct room *small_room(struct frames *frames)
{
    struct room *room = room_create(&options);
    uint32_t seat = join(room, 1, ROLE_OWNER);
    static const char *const lines[] = {
        "[0 'shapes' 'a' 'n' 1 'text' 'abc' 'any' 'longer than eight' 'points' [1 2]]",
        "[2 'shapes' 'a' 'points' 3 4]",
        "[0 'papers' 'p' 'q' 0.1]",
        "[0 'hands' 'h' 'v' 1]",
        "[0 'secrets' 's' 'v' true]",
        "[4 'papers' 'p']",
        "[5 'chat' 0 'hi']",
        "[1 'papers' 'p' 'q' 1]",
        "[0 'papers' 'z']",
        "[1 'shapes' 'a' 'text' nil]",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        outcome(room, seat, lines[i]);
    room_leave(room, seat);
    step(room);
    if (frames_begin(frames, room))
        frames_end(frames, true);
    return room;
}

START_TEST(every_truncation_is_refused_without_a_leak)
{
    struct frames *frames = frames_create(&(struct memory){0});
    struct room *room = small_room(frames);
    struct bytes bytes = snapshot_in(room, written);
    struct counted_memory counted = {.left = UINT64_MAX};
    enum status status;
    options.memory = memory_counted(&counted);
    for (size_t length = 0; length < bytes.length; length++) {
        uint8_t *exact = malloc(length + 1);
        memcpy(exact, bytes.data, length);
        ck_assert_ptr_null(snapshot_read(&options, (struct bytes){exact, length}, &status));
        ck_assert_int_ne(status, STATUS_OK);
        ck_assert_uint_eq(counted.live, 0);
        free(exact);
    }
    room_destroy(room);
    frames_destroy(frames);
}
END_TEST

START_TEST(damage_gives_a_status_or_a_sound_room)
{
    struct frames *frames = frames_create(&(struct memory){0});
    struct room *room = small_room(frames);
    struct bytes bytes = snapshot_in(room, written);
    struct counted_memory counted = {.left = UINT64_MAX};
    struct chance chance = chance_of((uint64_t)_i);
    uint8_t *damaged = malloc(bytes.length);
    unsigned refused = 0;
    options.memory = memory_counted(&counted);
    for (size_t at = 0; at < bytes.length; at++) {
        enum status status;
        memcpy(damaged, bytes.data, bytes.length);
        damaged[at] = (uint8_t)(_i == 0 ? damaged[at] + UINT64_C(1) : chance_bits(&chance));
        struct room *other =
            snapshot_read(&options, (struct bytes){damaged, bytes.length}, &status);
        ck_assert_int_eq(other == NULL, status != STATUS_OK);
        refused += other == NULL ? 1 : 0;
        if (other != NULL)
            use(other, frames);
        room_destroy(other);
        ck_assert_uint_eq(counted.live, 0);
        ck_assert_uint_lt(counted.peak, 4u << 20);
    }
    ck_assert_uint_gt(refused, bytes.length / 3);
    free(damaged);
    room_destroy(room);
    frames_destroy(frames);
}
END_TEST

/* The bytes with one part of them replaced, in `again`. */
static struct bytes spliced(struct bytes bytes, struct bytes part, struct bytes other)
{
    const uint8_t *at = memmem(bytes.data, bytes.length, part.data, part.length);
    ck_assert_ptr_nonnull(at);
    size_t before = (size_t)(at - bytes.data);
    size_t after = bytes.length - before - part.length;
    memcpy(again, bytes.data, before);
    memcpy(again + before, other.data, other.length);
    memcpy(again + before + other.length, at + part.length, after);
    return (struct bytes){again, before + other.length + after};
}

START_TEST(two_members_of_one_number_are_damage)
{
    enum status status;
    struct room *room = room_create(&options);
    join(room, 1, ROLE_EDITOR);
    join(room, 2, ROLE_EDITOR);
    struct bytes second = {(const uint8_t *)"\xc4\x10\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2", 20};
    struct bytes first = {(const uint8_t *)"\xc4\x10\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1", 20};
    struct bytes bytes = spliced(snapshot_in(room, written), second, first);
    ck_assert_ptr_null(snapshot_read(&options, bytes, &status));
    ck_assert_int_eq(status, STATUS_MALFORMED);
    room_destroy(room);
}
END_TEST

/* A field without a value is a hole; a nil in its place would be one thing here and another at members. */
START_TEST(a_value_of_nil_is_damage)
{
    enum status status;
    struct room *room = room_create(&options);
    ck_assert_int_eq(server_edit(room, 0, "[0 'secrets' 's' 'v' true]"), STATUS_OK);
    struct bytes yes = {(const uint8_t *)"\xc4\1\xc3", 3}, nil = {(const uint8_t *)"\xc4\1\xc0", 3};
    struct bytes bytes = spliced(snapshot_in(room, written), yes, nil);
    ck_assert_ptr_null(snapshot_read(&options, bytes, &status));
    ck_assert_int_eq(status, STATUS_MALFORMED);
    room_destroy(room);
}
END_TEST

static size_t long_value(uint8_t *buffer, size_t letters)
{
    static uint8_t packed[40000];
    static char text[40000];
    struct writer value = writer_on(packed, sizeof packed);
    struct writer writer = writer_on(buffer, 40000);
    memset(text, 'x', letters);
    pack_string(&value, (struct bytes){(const uint8_t *)text, letters});
    pack_binary(&writer, writer_bytes(&value));
    return writer.length;
}

/* It would not fit in a message. */
START_TEST(a_record_larger_than_a_record_may_be_is_damage)
{
    static uint8_t old_value[40000], new_value[40000];
    static char line[40000] = "[0 'papers' 'p' 'a' '";
    enum status status;
    struct room *room = room_create(&options);
    memset(line + strlen(line), 'x', 15000);
    strcat(line, "' 'b' '");
    memset(line + strlen(line), 'y', 15000);
    strcat(line, "']");
    ck_assert_int_eq(server_edit(room, 0, line), STATUS_OK);
    struct bytes bytes = snapshot_in(room, written);
    for (size_t letters = 17000; letters <= 18000; letters += 1000) {
        struct bytes part = {old_value, long_value(old_value, 15000)};
        struct bytes other = {new_value, long_value(new_value, letters)};
        struct room *copy = snapshot_read(&options, spliced(bytes, part, other), &status);
        ck_assert_int_eq(status, letters == 17000 ? STATUS_OK : STATUS_MALFORMED);
        room_destroy(copy);
    }
    room_destroy(room);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    struct frames *frames = frames_create(&(struct memory){0});
    struct room *room = room_with_a_past(4, frames);
    struct bytes bytes = snapshot_in(room, written);
    struct counted_memory counted = {0};
    struct room *copy = NULL;
    options.memory = memory_counted(&counted);
    for (uint64_t allowed = 0; copy == NULL; allowed++) {
        enum status status;
        counted.left = allowed;
        ck_assert_uint_eq(counted.live, 0);
        copy = snapshot_read(&options, bytes, &status);
        ck_assert_int_eq(status, copy == NULL ? STATUS_MEMORY : STATUS_OK);
        ck_assert_uint_lt(allowed, 1000);
    }
    ck_assert_uint_eq(room_hash(copy, SEAT_NONE), room_hash(room, SEAT_NONE));
    room_destroy(copy);
    ck_assert_uint_eq(counted.live, 0);
    room_destroy(room);
    frames_destroy(frames);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("snapshot");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_room_is_what_was_written);
    tcase_add_loop_test(tcase, a_room_goes_on_as_if_it_had_never_slept, 0, 20);
    tcase_add_test(tcase, a_client_comes_back_to_the_places_and_outcomes_that_were);
    tcase_add_test(tcase, presence_is_not_kept_and_its_old_places_are_void);
    tcase_add_test(tcase, another_kind_is_refused);
    tcase_add_test(tcase, every_truncation_is_refused_without_a_leak);
    tcase_add_loop_test(tcase, damage_gives_a_status_or_a_sound_room, 0, 8);
    tcase_add_test(tcase, two_members_of_one_number_are_damage);
    tcase_add_test(tcase, a_value_of_nil_is_damage);
    tcase_add_test(tcase, a_record_larger_than_a_record_may_be_is_damage);
    tcase_add_test(tcase, each_allocation_may_fail);

    Suite *suite = suite_create("snapshot");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
