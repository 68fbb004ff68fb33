/* check_files.c - uploads and downloads as the hub sees them: what they are, who may, how many and
 * how much, in turns; the archivist works when the test says so. */
#include "server/file_type.h"
#include "server/files.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define KIB 1024u

static struct peer *ada; /* in the room */
static struct peer *hal; /* who uploads and downloads, from an address of its own */
static struct http_denial denial;
static uint8_t bytes[600 * KIB];

static void setup(void)
{
    world_setup();
    world.hub->limits.files = (struct file_limits){
        .file_bytes = 400 * KIB, .room_bytes = 450 * KIB, .all_mib = 1, .grace_s = 86400};
    ada = peer_join(0, "lobby");
    hal = peer_open(1);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    memcpy(bytes, "\x89PNG\r\n\x1a\n", 8);
}

static void hub_turns(void)
{
    hub_storage_turn(world.hub);
}

/* A file of its own: what differs stands behind the beginning. */
static void mark(uint8_t letter)
{
    bytes[20] = letter;
}

static struct upload *begin_from(struct peer *peer, const char *room, uint64_t length)
{
    denial = (struct http_denial){0};
    return upload_begin(world.hub, peer->session, bytes_of(room), length, &denial);
}

static struct upload *begin(uint64_t length)
{
    return begin_from(hal, "lobby", length);
}

static void expect_denial(const struct upload *upload, int status, enum refusal refusal)
{
    ck_assert_ptr_null(upload);
    ck_assert_int_eq(denial.status, status);
    ck_assert_int_eq(denial.refusal, refusal);
}

/* As the socket does it: it stops where it is told, and goes on when the answer has come. */
static enum file_step send_from(struct upload *upload, uint64_t at, uint64_t to)
{
    enum file_step step = upload->step;
    while (at < to && step != FILE_STEP_DENIED) {
        uint64_t length = to - at < 4000 ? to - at : 4000;
        step = upload_take(upload, (struct bytes){bytes + at, length});
        at += length;
        for (int i = 0; i < 4 && step == FILE_STEP_PAUSE; i++) {
            world_store();
            step = upload->step;
        }
    }
    return step;
}

static enum file_step put(uint64_t length, uint8_t hash[STORE_HASH_BYTES])
{
    struct upload *upload = begin(length);
    ck_assert_msg(upload != NULL, "%d %s", denial.status, denial.text);
    enum file_step step = send_from(upload, 0, length);
    denial = upload->denial;
    memcpy(hash, upload->file.hash, STORE_HASH_BYTES);
    upload_end(upload);
    world_store();
    return step;
}

static void sha256(uint64_t length, uint8_t hash[STORE_HASH_BYTES])
{
    ck_assert_int_eq(EVP_Digest(bytes, length, hash, NULL, EVP_sha256(), NULL), 1);
}

static struct store_held held(void)
{
    struct store_held found;
    ck_assert_int_eq(world.store->files->held(world.store, bytes_of("lobby"), &found), STORE_OK);
    return found;
}

/* --- What it is --------------------------------------------------------------------------------- */

START_TEST(a_type_is_told_from_how_a_file_begins)
{
    static const struct {
        const char *begins;
        size_t length;
        enum file_type type;
    } cases[] = {
        {"\x89PNG\r\n\x1a\nxxxx", 12, FILE_PNG},
        {"\x89PNG\r\n\x1a\nxxx", 11, FILE_UNKNOWN},
        {"\x89PNG\r\r\x1a\nxxxx", 12, FILE_UNKNOWN},
        {"\xff\xd8\xff\xe0xxxxxxxx", 12, FILE_JPEG},
        {"GIF87axxxxxx", 12, FILE_GIF},
        {"GIF89axxxxxx", 12, FILE_GIF},
        {"GIF88axxxxxx", 12, FILE_UNKNOWN},
        {"RIFFxxxxWEBP", 12, FILE_WEBP},
        {"RIFFxxxxWAVE", 12, FILE_UNKNOWN},
        {"<svg xmlns=\"", 12, FILE_UNKNOWN},
        {"<!doctype ht", 12, FILE_UNKNOWN},
        {"", 0, FILE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes file = {(const uint8_t *)cases[i].begins, cases[i].length};
        ck_assert_int_eq(file_type_of(file), cases[i].type);
    }
    ck_assert_str_eq(file_type_text(FILE_WEBP), "image/webp");
    ck_assert_str_eq(file_type_text(FILE_UNKNOWN), "application/octet-stream");
    ck_assert_str_eq(file_type_text(200), "application/octet-stream");
}
END_TEST

/* --- Uploads ------------------------------------------------------------------------------------ */

START_TEST(a_file_is_stored_under_the_hash_of_its_bytes)
{
    static const uint64_t lengths[] = {12,        100,           64 * KIB,      64 * KIB + 1,
                                       256 * KIB, 256 * KIB + 1, 320 * KIB + 7, 400 * KIB};
    uint8_t hash[STORE_HASH_BYTES], wanted[STORE_HASH_BYTES];
    ck_assert_int_eq(put(lengths[_i], hash), FILE_STEP_DONE);
    sha256(lengths[_i], wanted);
    ck_assert_mem_eq(hash, wanted, STORE_HASH_BYTES);
    struct store_file file;
    ck_assert_int_eq(world.store->files->find(world.store, bytes_of("lobby"), wanted, &file),
                     STORE_OK);
    ck_assert_uint_eq(file.bytes, lengths[_i]);
    ck_assert_int_eq(file.type, FILE_PNG);
    ck_assert_uint_eq(world.hub->counters.files_added, 1);
    ck_assert_uint_eq(world.hub->counters.file_bytes_in, lengths[_i]);
    ck_assert_uint_eq(world.hub->counters.uploads, 0);
}
END_TEST

START_TEST(the_length_of_a_file_has_bounds)
{
    expect_denial(begin(11), 415, REFUSAL_FILE_TYPE);
    upload_end(begin(12));
    upload_end(begin(400 * KIB));
    expect_denial(begin(400 * KIB + 1), 413, REFUSAL_FILE_BYTES);
    expect_denial(begin(UINT64_C(1) << 60), 413, REFUSAL_FILE_BYTES);
}
END_TEST

START_TEST(a_rooms_files_together_have_a_bound)
{
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(350 * KIB, hash), FILE_STEP_DONE);
    mark(1);
    ck_assert_int_eq(put(100 * KIB + 1, hash), FILE_STEP_DENIED);
    ck_assert_int_eq(denial.status, 507);
    ck_assert_int_eq(denial.refusal, REFUSAL_FILES_OF_ROOM);
    ck_assert_uint_eq(held().files, 1);
    ck_assert_int_eq(put(100 * KIB, hash), FILE_STEP_DONE);
    mark(2);
    ck_assert_int_eq(put(12, hash), FILE_STEP_DENIED);
}
END_TEST

START_TEST(a_room_has_so_many_files)
{
    const struct store_files *files = world.store->files;
    for (uint32_t i = 1; i < ROOM_FILES_MAX; i++) {
        uint64_t upload;
        ck_assert_int_eq(files->begin(world.store, bytes_of("lobby"), 1, &upload), STORE_OK);
    }
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(12, hash), FILE_STEP_DONE);
    mark(1);
    ck_assert_int_eq(put(21, hash), FILE_STEP_DENIED);
    ck_assert_int_eq(denial.refusal, REFUSAL_FILES_OF_ROOM);
}
END_TEST

START_TEST(all_rooms_files_together_have_a_bound)
{
    uint8_t hash[STORE_HASH_BYTES];
    world.hub->limits.files.all_mib = 0;
    ck_assert_int_eq(put(12, hash), FILE_STEP_DENIED);
    ck_assert_int_eq(denial.status, 507);
    ck_assert_int_eq(denial.refusal, REFUSAL_FILES);
}
END_TEST

START_TEST(only_who_is_in_a_room_of_that_sort_may)
{
    expect_denial(begin_from(hal, "nobody", 100), 404, REFUSAL_FILE_ROOM);
    struct peer *eve = peer_open(2);
    session_upgraded(eve->session, bytes_of("pointing"));
    peer_hello(eve, 2, "'cursors'");
    expect_denial(begin_from(hal, "pointing", 100), 403, REFUSAL_FILE_ROOM);
    peer_disconnect(ada);
    world_pass(60000);
    expect_denial(begin_from(hal, "lobby", 100), 404, REFUSAL_FILE_ROOM);
}
END_TEST

START_TEST(what_is_no_image_is_refused_as_soon_as_that_shows)
{
    struct upload *upload = begin(300 * KIB);
    bytes[0] = '<';
    ck_assert_int_eq(upload_take(upload, (struct bytes){bytes, 11}), FILE_STEP_MORE);
    ck_assert_int_eq(upload_take(upload, (struct bytes){bytes + 11, 1}), FILE_STEP_DENIED);
    ck_assert_int_eq(upload->denial.status, 415);
    ck_assert_int_eq(upload_take(upload, (struct bytes){bytes, 100}), FILE_STEP_DENIED);
    upload_end(upload);
    ck_assert_uint_eq(held().files, 0);
}
END_TEST

/* Of a PNG that says so: 8,192 times this. */
static void say_height(uint32_t height)
{
    memcpy(bytes + 8, "\0\0\0\15IHDR\0\0\x20\0", 12);
    for (int i = 0; i < 4; i++)
        bytes[20 + i] = (uint8_t)(height >> (24 - 8 * i));
}

START_TEST(the_pixels_of_an_image_have_a_bound)
{
    static const uint32_t heights[] = {8191, 8192, 8193, UINT32_MAX};
    uint8_t hash[STORE_HASH_BYTES];
    say_height(heights[_i]);
    enum file_step step = put(300 * KIB, hash);
    if (heights[_i] <= IMAGE_PIXELS_MAX / 8192) {
        ck_assert_int_eq(step, FILE_STEP_DONE);
        return;
    }
    ck_assert_int_eq(step, FILE_STEP_DENIED);
    ck_assert_int_eq(denial.status, 413);
    ck_assert_int_eq(denial.refusal, REFUSAL_FILE_PIXELS);
    ck_assert_str_eq(denial.text, "an image may have up to 67108864 pixels");
    ck_assert_uint_eq(held().files, 0);
}
END_TEST

/* The socket has read ahead: what tells the size comes while the archivist has the first run. */
START_TEST(pixels_count_wherever_an_image_tells_of_them)
{
    struct upload *upload = begin(300 * KIB);
    memset(bytes, 0, 257 * KIB);
    memcpy(bytes, "\xff\xd8\xff\xe0\0\2", 6); /* what follows is passed over: no marker */
    memcpy(bytes + 256 * KIB + 50, "\xff\xc2\0\x11\x08\xff\xff\xff\xff", 9);
    ck_assert_int_eq(upload_take(upload, (struct bytes){bytes, 256 * KIB}), FILE_STEP_PAUSE);
    struct bytes rest = {bytes + 256 * KIB, KIB};
    ck_assert_int_eq(upload_take(upload, rest), FILE_STEP_DENIED);
    ck_assert_int_eq(upload->denial.refusal, REFUSAL_FILE_PIXELS);
    upload_end(upload);
    world_store();
    ck_assert_uint_eq(held().files, 0);
}
END_TEST

START_TEST(an_upload_that_takes_too_long_is_over)
{
    uint64_t length = 100 * KIB;
    uint64_t allowed_ms = (UPLOAD_S + length / UPLOAD_BYTES_PER_SECOND) * 1000;
    struct upload *upload = begin(length);
    ck_assert_int_eq(send_from(upload, 0, 1000), FILE_STEP_MORE);
    world_pass(allowed_ms);
    ck_assert_int_eq(send_from(upload, 1000, 2000), FILE_STEP_MORE);
    world_pass(10);
    ck_assert_int_eq(send_from(upload, 2000, 3000), FILE_STEP_DENIED);
    ck_assert_int_eq(upload->denial.status, 408);
    upload_end(upload);
}
END_TEST

/* Short ones count as UPLOAD_KIB_MIN. */
START_TEST(one_address_sends_so_much)
{
    world.hub->limits.address_rates[_i == 0 ? ADDRESS_SENDS_FILES : ADDRESS_FILLS_FILES] =
        (struct address_rate){.per_minute = 60 * UPLOAD_KIB_MIN, .burst = 100};
    struct peer *peer = peer_open(2);
    upload_end(begin_from(peer, "lobby", 100 * KIB));
    expect_denial(begin_from(peer, "lobby", 12), 429, REFUSAL_FILE_RATE);
    ck_assert_uint_eq(denial.retry_s, 1);
    upload_end(begin_from(peer_open(3), "lobby", 100 * KIB));
    world_pass(1000);
    upload_end(begin_from(peer, "lobby", 12));
    expect_denial(begin_from(peer, "lobby", 12), 429, REFUSAL_FILE_RATE);
}
END_TEST

/* As long as others find places. */
START_TEST(slow_uploads_hold_half_of_the_places)
{
    struct upload *uploads[UPLOADS_MAX / 2];
    struct peer *home = peer_open_from(2, 0x7f000001);
    uint64_t length = 400 * KIB;
    struct upload *slow = begin(length);
    for (uint32_t i = 0; i < UPLOADS_MAX / 2; i++)
        uploads[i] = begin_from(home, "lobby", 100);
    ck_assert_int_eq(send_from(slow, 0, 1000), FILE_STEP_MORE);
    world_pass((UPLOAD_S + length / UPLOAD_CROWDED_BYTES_PER_SECOND) * 1000);
    ck_assert_int_eq(send_from(slow, 1000, 2000), FILE_STEP_MORE);
    world_pass(10);
    if (_i == 0)
        upload_end(uploads[0]); /* now half of them are under way, not more */
    ck_assert_int_eq(send_from(slow, 2000, 3000), _i == 0 ? FILE_STEP_MORE : FILE_STEP_DENIED);
    for (uint32_t i = _i == 0 ? 1 : 0; i < UPLOADS_MAX / 2; i++)
        upload_end(uploads[i]);
    upload_end(slow);
}
END_TEST

START_TEST(so_many_uploads_are_under_way)
{
    struct upload *uploads[UPLOADS_MAX];
    struct peer *home = peer_open_from(2, 0x7f000001); /* loopback has no limit of its own */
    for (uint32_t i = 0; i < UPLOADS_MAX; i++) {
        uploads[i] = begin_from(home, "lobby", 100);
        ck_assert_ptr_nonnull(uploads[i]);
    }
    ck_assert_uint_eq(world.hub->counters.uploads, UPLOADS_MAX);
    expect_denial(begin(100), 503, REFUSAL_UPLOADS);
    ck_assert_uint_gt(denial.retry_s, 0);
    upload_end(uploads[0]);
    uploads[0] = begin(100);
    ck_assert_ptr_nonnull(uploads[0]);
    for (uint32_t i = 0; i < UPLOADS_MAX; i++)
        upload_end(uploads[i]);
    ck_assert_uint_eq(world.hub->counters.uploads, 0);
}
END_TEST

START_TEST(one_address_has_so_many_uploads)
{
    struct upload *uploads[UPLOADS_PER_ADDRESS_MAX];
    for (uint32_t i = 0; i < UPLOADS_PER_ADDRESS_MAX; i++)
        uploads[i] = begin(100);
    expect_denial(begin(100), 429, REFUSAL_UPLOADS);
    upload_end(begin_from(peer_open(2), "lobby", 100));
    upload_end(uploads[3]);
    uploads[3] = begin(100);
    ck_assert_ptr_nonnull(uploads[3]);
    for (uint32_t i = 0; i < UPLOADS_PER_ADDRESS_MAX; i++)
        upload_end(uploads[i]);
}
END_TEST

START_TEST(the_bytes_of_a_run_wait_for_the_archivist)
{
    struct upload *upload = begin(300 * KIB);
    enum file_step step = FILE_STEP_MORE;
    uint64_t at = 0;
    while (step == FILE_STEP_MORE && at < 300 * KIB) {
        step = upload_take(upload, (struct bytes){bytes + at, 4096});
        at += 4096;
    }
    ck_assert_uint_eq(at, UPLOAD_BUFFER_BYTES);
    ck_assert_int_eq(step, FILE_STEP_PAUSE);
    ck_assert(!hal->wants_write);

    /* The socket's side had read a little ahead; that much and no more is kept. */
    ck_assert_int_eq(upload_take(upload, (struct bytes){bytes + at, UPLOAD_SLACK}),
                     FILE_STEP_PAUSE);
    at += UPLOAD_SLACK;
    world_store();
    ck_assert(hal->wants_write);
    ck_assert_int_eq(upload->step, FILE_STEP_MORE);
    ck_assert_int_eq(send_from(upload, at, 300 * KIB), FILE_STEP_DONE);
    uint8_t wanted[STORE_HASH_BYTES];
    sha256(300 * KIB, wanted);
    ck_assert_mem_eq(upload->file.hash, wanted, STORE_HASH_BYTES);
    upload_end(upload);
}
END_TEST

START_TEST(who_reads_ahead_without_end_is_refused)
{
    struct upload *upload = begin(300 * KIB);
    for (uint64_t at = 0; at < UPLOAD_BUFFER_BYTES; at += 4096)
        upload_take(upload, (struct bytes){bytes + at, 4096});
    ck_assert_int_eq(upload_take(upload, (struct bytes){bytes, UPLOAD_SLACK + 1}),
                     FILE_STEP_DENIED);
    ck_assert_int_eq(upload->denial.status, 503);
    upload_end(upload);
    world_store();
    world_store();
    ck_assert_uint_eq(held().files, 0);
}
END_TEST

START_TEST(more_bytes_than_announced_are_refused)
{
    struct upload *upload = begin(100);
    ck_assert_int_eq(upload_take(upload, (struct bytes){bytes, 101}), FILE_STEP_DENIED);
    ck_assert_int_eq(upload->denial.status, 400);
    upload_end(upload);
}
END_TEST

/* Whenever its socket goes: nothing is left of it. */
START_TEST(an_upload_that_is_given_up_leaves_nothing)
{
    struct upload *upload = begin(300 * KIB);
    if (_i >= 1)
        send_from(upload, 0, 1000);
    if (_i == 2) /* the first run is with the archivist */
        for (uint64_t at = 1000; at < UPLOAD_BUFFER_BYTES; at += 1000)
            upload_take(upload, (struct bytes){bytes + at, 1000});
    if (_i == 3)
        send_from(upload, 1000, 290 * KIB);
    if (_i == 4) { /* the last one is */
        send_from(upload, 1000, 290 * KIB);
        upload_take(upload, (struct bytes){bytes + 290 * KIB, 10 * KIB});
    }
    upload_end(upload);
    world_store();
    world_store();
    ck_assert_uint_eq(world.hub->counters.uploads, 0);
    ck_assert_uint_eq(held().files, _i == 4 ? 1u : 0u); /* that one was whole */
}
END_TEST

START_TEST(an_upload_whose_room_is_deleted_ends)
{
    struct upload *upload = begin(300 * KIB);
    send_from(upload, 0, 260 * KIB);
    ck_assert_uint_eq(held().files, 1);
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    world_pass(1000);
    ck_assert_uint_eq(held().files, 0);
    ck_assert_int_eq(send_from(upload, 260 * KIB, 300 * KIB), FILE_STEP_DENIED);
    ck_assert_int_eq(upload->denial.status, 404);
    upload_end(upload);
    ck_assert_uint_eq(held().files, 0);
}
END_TEST

/* Nothing but an image was ever in it: it is there to be deleted all the same. */
START_TEST(an_image_goes_with_a_room_that_holds_nothing_else)
{
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(100, hash), FILE_STEP_DONE);
    if (_i == 1) {
        peer_disconnect(ada);
        world_pass(60000);
        ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);
    }
    ck_assert_uint_eq(held().files, 1);
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    world_pass(1000);
    ck_assert_uint_eq(held().files, 0);
}
END_TEST

START_TEST(an_upload_of_a_room_that_is_gone_does_not_begin)
{
    struct upload *upload = begin(100);
    send_from(upload, 0, 50);
    ck_assert(hub_delete_room(world.hub, bytes_of("lobby")));
    world_pass(1000);
    ck_assert_int_eq(send_from(upload, 50, 100), FILE_STEP_DENIED);
    ck_assert_int_eq(upload->denial.status, 404);
    upload_end(upload);
    world_store();
    ck_assert_uint_eq(held().files, 0);
}
END_TEST

/* --- Downloads ---------------------------------------------------------------------------------- */

static void expect_bytes(const struct download *download, uint64_t part, uint64_t length)
{
    ck_assert_uint_eq(download->part.length, length);
    ck_assert_mem_eq(download->part.data, bytes + part * STORE_FILE_PART, length);
}

START_TEST(a_file_comes_back_in_parts)
{
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(150 * KIB, hash), FILE_STEP_DONE);
    struct download *download =
        download_begin(world.hub, hal->session, bytes_of("lobby"), hash, true);
    ck_assert_int_eq(download_turn(download), FILE_STEP_PAUSE);
    for (uint64_t part = 0; part < 3; part++) {
        hal->wants_write = false;
        world_store();
        ck_assert(hal->wants_write);
        ck_assert_int_eq(download_turn(download), FILE_STEP_MORE);
        ck_assert_uint_eq(download_file(download)->bytes, 150 * KIB);
        expect_bytes(download, part, part < 2 ? STORE_FILE_PART : 22 * KIB);
        ck_assert_uint_eq(world.hub->files.parts, 1);
        ck_assert_int_eq(download_next(download), part < 2 ? FILE_STEP_PAUSE : FILE_STEP_DONE);
    }
    download_end(download);
    ck_assert_uint_eq(world.hub->files.parts, 0);
    ck_assert_uint_eq(world.hub->counters.files_sent, 1);
    ck_assert_uint_eq(world.hub->counters.file_bytes_out, 150 * KIB);
}
END_TEST

START_TEST(what_a_file_is_can_be_asked_alone)
{
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(150 * KIB, hash), FILE_STEP_DONE);
    struct download *download =
        download_begin(world.hub, hal->session, bytes_of("lobby"), hash, false);
    world_store();
    ck_assert_int_eq(download_turn(download), FILE_STEP_MORE);
    ck_assert_uint_eq(download_file(download)->bytes, 150 * KIB);
    ck_assert_uint_eq(download->part.length, 0);
    ck_assert_uint_eq(world.hub->files.parts, 0);
    download_end(download);
}
END_TEST

START_TEST(what_is_not_there_is_said)
{
    uint8_t hash[STORE_HASH_BYTES] = {0};
    struct download *download =
        download_begin(world.hub, hal->session, bytes_of("lobby"), hash, true);
    world_store();
    ck_assert_int_eq(download_turn(download), FILE_STEP_DENIED);
    ck_assert_int_eq(download->denial.status, 404);
    ck_assert_uint_eq(world.hub->files.parts, 0);
    download_end(download);
}
END_TEST

#define MANY (DOWNLOADS_MAX + 3u)

/* So many parts are in memory, whoever asks; each that was sent makes room for the next in line. */
START_TEST(downloads_take_turns)
{
    static struct download *downloads[MANY];
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(70 * KIB, hash), FILE_STEP_DONE);
    for (uint32_t i = 0; i < MANY; i++)
        downloads[i] = download_begin(world.hub, hal->session, bytes_of("lobby"), hash, true);
    ck_assert_uint_eq(world.hub->files.parts, DOWNLOADS_MAX);
    world_store();
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert_int_eq(download_turn(downloads[i]),
                         i < DOWNLOADS_MAX ? FILE_STEP_MORE : FILE_STEP_PAUSE);

    /* One has sent its part, and stands behind those who wait. */
    ck_assert_int_eq(download_next(downloads[0]), FILE_STEP_PAUSE);
    ck_assert_uint_eq(world.hub->files.parts, DOWNLOADS_MAX);
    world_store();
    ck_assert_int_eq(download_turn(downloads[DOWNLOADS_MAX]), FILE_STEP_MORE);
    ck_assert_int_eq(download_turn(downloads[0]), FILE_STEP_PAUSE);

    /* Others go, one of them while it waits. */
    download_end(downloads[1]);
    download_end(downloads[DOWNLOADS_MAX + 2]);
    download_end(downloads[2]);
    world_store();
    ck_assert_int_eq(download_turn(downloads[DOWNLOADS_MAX + 1]), FILE_STEP_MORE);
    ck_assert_int_eq(download_turn(downloads[0]), FILE_STEP_MORE);
    expect_bytes(downloads[0], 1, 6 * KIB);
    for (uint32_t i = 0; i < MANY; i++)
        if (i != 1 && i != 2 && i != DOWNLOADS_MAX + 2)
            download_end(downloads[i]);
    world_store();
    ck_assert_uint_eq(world.hub->files.parts, 0);
}
END_TEST

START_TEST(a_download_that_is_given_up_gives_its_turn_back)
{
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(70 * KIB, hash), FILE_STEP_DONE);
    struct download *download =
        download_begin(world.hub, hal->session, bytes_of("lobby"), hash, true);
    if (_i > 0)
        world_store();
    download_end(download);
    world_store();
    ck_assert_uint_eq(world.hub->files.parts, 0);
    hub_turns();
}
END_TEST

START_TEST(who_does_not_take_a_part_is_cut)
{
    uint8_t hash[STORE_HASH_BYTES];
    ck_assert_int_eq(put(70 * KIB, hash), FILE_STEP_DONE);
    struct download *download =
        download_begin(world.hub, hal->session, bytes_of("lobby"), hash, true);
    world_store();
    world_pass(DOWNLOAD_PART_S * 1000);
    ck_assert_int_eq(download_turn(download), FILE_STEP_MORE);
    world_pass(10);
    ck_assert_int_eq(download_turn(download), FILE_STEP_DENIED);
    ck_assert_int_eq(download->denial.status, 408);
    download_end(download);
    ck_assert_uint_eq(world.hub->files.parts, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("files");
    TCase *types = tcase_create("types");
    tcase_add_test(types, a_type_is_told_from_how_a_file_begins);
    suite_add_tcase(suite, types);

    TCase *uploads = tcase_create("uploads");
    tcase_add_checked_fixture(uploads, setup, world_teardown);
    tcase_add_loop_test(uploads, a_file_is_stored_under_the_hash_of_its_bytes, 0, 8);
    tcase_add_test(uploads, the_length_of_a_file_has_bounds);
    tcase_add_test(uploads, a_rooms_files_together_have_a_bound);
    tcase_add_test(uploads, a_room_has_so_many_files);
    tcase_add_test(uploads, all_rooms_files_together_have_a_bound);
    tcase_add_test(uploads, only_who_is_in_a_room_of_that_sort_may);
    tcase_add_test(uploads, what_is_no_image_is_refused_as_soon_as_that_shows);
    tcase_add_loop_test(uploads, the_pixels_of_an_image_have_a_bound, 0, 4);
    tcase_add_test(uploads, pixels_count_wherever_an_image_tells_of_them);
    tcase_add_test(uploads, an_upload_that_takes_too_long_is_over);
    tcase_add_loop_test(uploads, one_address_sends_so_much, 0, 2);
    tcase_add_loop_test(uploads, slow_uploads_hold_half_of_the_places, 0, 2);
    tcase_add_test(uploads, so_many_uploads_are_under_way);
    tcase_add_test(uploads, one_address_has_so_many_uploads);
    tcase_add_test(uploads, the_bytes_of_a_run_wait_for_the_archivist);
    tcase_add_test(uploads, who_reads_ahead_without_end_is_refused);
    tcase_add_test(uploads, more_bytes_than_announced_are_refused);
    tcase_add_loop_test(uploads, an_upload_that_is_given_up_leaves_nothing, 0, 5);
    tcase_add_test(uploads, an_upload_whose_room_is_deleted_ends);
    tcase_add_loop_test(uploads, an_image_goes_with_a_room_that_holds_nothing_else, 0, 2);
    tcase_add_test(uploads, an_upload_of_a_room_that_is_gone_does_not_begin);
    suite_add_tcase(suite, uploads);

    TCase *downloads = tcase_create("downloads");
    tcase_add_checked_fixture(downloads, setup, world_teardown);
    tcase_add_test(downloads, a_file_comes_back_in_parts);
    tcase_add_test(downloads, what_a_file_is_can_be_asked_alone);
    tcase_add_test(downloads, what_is_not_there_is_said);
    tcase_add_test(downloads, downloads_take_turns);
    tcase_add_loop_test(downloads, a_download_that_is_given_up_gives_its_turn_back, 0, 2);
    tcase_add_test(downloads, who_does_not_take_a_part_is_cut);
    suite_add_tcase(suite, downloads);

    return run_suite(suite);
}
