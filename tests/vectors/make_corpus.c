/* make_corpus.c - where the fuzzers start from: the vectors as steps, snapshots and logs of rooms. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clients/c/messages.h"
#include "sync/log.h"
#include "sync/snapshot.h"
#include "sync/track.h"
#include "tests/every_kind.h"
#include "tests/vectors/make_vectors.h"
#include "tests/vectors/scene.h"
#include "tests/vectors/vector_json.h"

#define FILE_BYTES_MAX 16384

/* --- Files of steps ------------------------------------------------------------------------------ */

struct input {
    uint8_t data[FILE_BYTES_MAX];
    size_t length;
};

static void add(struct input *input, struct bytes bytes)
{
    demand(bytes.length <= sizeof input->data - input->length, "too long an input", "corpus");
    if (bytes.length > 0)
        memcpy(input->data + input->length, bytes.data, bytes.length);
    input->length += bytes.length;
}

static void add_byte(struct input *input, uint8_t byte)
{
    add(input, (struct bytes){&byte, 1});
}

static bool has_room(const struct input *input, size_t bytes)
{
    return sizeof input->data - input->length >= bytes + 3;
}

/* See tests/fuzz/steps.h. */
static void add_step(struct input *input, unsigned what, struct bytes bytes)
{
    add_byte(input, (uint8_t)what);
    add_byte(input, (uint8_t)(bytes.length >> 8));
    add_byte(input, (uint8_t)bytes.length);
    add(input, bytes);
}

/* The file's name is the vector's with what is no letter or digit left out. */
static void write_input(const struct input *input, const char *folder, const char *name)
{
    char path[512];
    int length = snprintf(path, sizeof path - 64, "%s/", folder);
    for (; *name != 0; name++) {
        bool plain = strchr("abcdefghijklmnopqrstuvwxyz0123456789", *name) != NULL;
        if (plain || path[length - 1] != '-')
            path[length++] = plain ? *name : '-';
    }
    path[length] = 0;
    FILE *file = fopen(path, "wb");
    demand(file != NULL, "cannot be written", path);
    fwrite(input->data, 1, input->length, file);
    demand(fclose(file) == 0, "cannot be written", path);
}

static void make_folder(char *path, size_t capacity, const char *folder, const char *fuzzer)
{
    int length = snprintf(path, capacity, "%s/%s", folder, fuzzer);
    demand(length > 0 && (size_t)length < capacity, "too long a path", folder);
    demand(mkdir(path, 0777) == 0 || errno == EEXIST, "cannot be made", path);
}

static struct bytes hex_of(const json_t *vector)
{
    static uint8_t buffer[MESSAGE_BYTES_MAX];
    return bytes_of_hex(json_string_value(json_object_get(vector, "hex")), buffer, sizeof buffer);
}

static const char *text_of(const json_t *vector, const char *member)
{
    return json_string_value(json_object_get(vector, member));
}

/* --- fuzz_wire ------------------------------------------------------------------------------------ */

/* Steps of tests/fuzz/fuzz_wire.c: action * 4 + member. */
#define SUBMIT     (0 * 4)
#define JOIN       (8 * 4)
#define DISCONNECT (10 * 4)
#define ROLE       (11 * 4)
#define SKIP       (12 * 4)
#define TICK       (14 * 4)

static const struct bytes nothing = {NULL, 0};

/* A record to work on, then the message from one member, then what follows it for all. */
static void make_wire_message(const char *folder, const json_t *vector)
{
    static const uint8_t put[] = "\x92\x01\x91\x97\x00\xa6shapes\xa1\x61\xa1n\x01\xa5votes\x02";
    struct input input = {0};
    add_byte(&input, 0);
    add_step(&input, SUBMIT + 1, (struct bytes){put, sizeof put - 1});
    add_step(&input, TICK, nothing);
    add_step(&input, SKIP + 2, nothing);
    bool hello = strncmp(text_of(vector, "name"), "hello", 5) == 0;
    if (hello)
        add_step(&input, DISCONNECT, nothing);
    add_step(&input, hello ? JOIN : SUBMIT, hex_of(vector));
    add_step(&input, TICK, nothing);
    add_step(&input, ROLE + 1, (struct bytes){put, 2});
    add_step(&input, TICK, nothing);
    write_input(&input, folder, text_of(vector, "name"));
}

/* Many short ones in one file: all that is read is also read as a value. */
static void make_wire_rest(const char *vectors, const char *file, const char *folder)
{
    struct input input = {0};
    add_byte(&input, 140);
    json_t *all = vectors_read(vectors, file);
    for (size_t i = 0; i < json_array_size(all); i++) {
        struct bytes bytes = hex_of(json_array_get(all, i));
        if (has_room(&input, bytes.length))
            add_step(&input, SUBMIT + (unsigned)i % 3, bytes);
    }
    json_decref(all);
    write_input(&input, folder, file);
}

static void add_json(struct input *input, unsigned what, const char *text)
{
    uint8_t buffer[512];
    struct writer writer = writer_on(buffer, sizeof buffer);
    json_t *json = json_of_text(text);
    json_pack_value(&writer, json);
    json_decref(json);
    demand(writer.status == STATUS_OK, "too long", text);
    add_step(input, what, writer_bytes(&writer));
}

/* More records are deleted than tombstones are kept, while one member does not read and another
 * one is away. */
static void make_wire_session(const char *folder)
{
    struct input input = {0};
    add_byte(&input, 0);
    add_json(&input, SUBMIT,
             "[1, [[0, 'shapes', 'a', 'n', 1], [0, 'shapes', 'b', 'n', 2], [0, 'shapes', 'c'],"
             " [0, 'shapes', 'd'], [0, 'shapes', 'e'], [0, 'shapes', 'f']]]");
    add_step(&input, TICK, nothing);
    add_step(&input, SKIP + 2, nothing);
    add_step(&input, DISCONNECT + 1, nothing);
    add_json(&input, SUBMIT, "[1, [[4, 'shapes', 'a'], [4, 'shapes', 'b'], [4, 'shapes', 'c']]]");
    add_step(&input, TICK, nothing);
    add_json(&input, SUBMIT, "[1, [[4, 'shapes', 'd'], [4, 'shapes', 'e'], [5, 'chat', 0, 1]]]");
    add_step(&input, TICK, nothing);
    add_step(&input, SKIP + 2, nothing);
    add_step(&input, JOIN + 1, nothing);
    add_json(&input, SUBMIT, "[2, 'x', 10, 'y', 20]");
    add_step(&input, TICK, nothing);
    add_json(&input, SUBMIT, "[28, 3, 4]");
    add_step(&input, TICK, nothing);
    write_input(&input, folder, "session");
}

/* The first byte is odd: a board. */
static void make_wire_board(const char *folder)
{
    static const char *const messages[] = {
        "[1, [[0, 'objects', 'a', 'type', 1, 'z', 'a', 'x', 0, 'y', 0, 'w', 8, 'h', 8],"
        " [0, 'objects', 'f', 'type', 9, 'z', 'b', 'x', 0, 'y', 0, 'w', 8, 'h', 8, 'frame', 'f']],"
        " [[0, 'objects', 'f', 'type', 9, 'z', 'b', 'x', 0, 'y', 0, 'w', 8, 'h', 8]]]",
        "[1, [[0, 'objects', 's', 'type', 0, 'z', 'c', 'x', 0, 'y', 0, 'frame', 'f'],"
        " [2, 'objects', 's', 'points', 0, 0, 64, 3, -3, 60]], [[2, 'objects', 's', 'cuts', 0, "
        "9]]]",
        "[1, [[0, 'objects', 'w', 'type', 5, 'z', 'd', 'x', 0, 'y', 0, 'start', 'a', 'end', 'v',"
        " 'start_at', [1, 2], 'groups', ['g']], [0, 'objects', 'v', 'type', 6, 'z', 'e', 'x', 0,"
        " 'y', 0]], [[1, 'objects', 'a', 'lock', 2]], [[33, 'objects', 'f', 2, 'frame', 'a']]]",
        "[1, [[0, 'comments', 'c', 'x', 0, 'y', 0, 'text', 'why', 'on', 'a'],"
        " [0, 'replies', 'r', 'comment', 'c', 'text', 'so']], [[4, 'comments', 'c'],"
        " [4, 'replies', 'r']], [[5, 'reaction', 0, {'x': 1, 'y': 2, 'emoji': '!'}]]]",
        "[2, 'x', 1, 'y', 2, 'view', [0, 0, 8, 8], 'selection', ['a'], 'laser', true]",
        "[1, [[4, 'objects', 'a'], [4, 'objects', 'f']], [[32, 'objects', 'a', 5, 'type', 1]]]",
    };
    struct input input = {0};
    add_byte(&input, 1);
    for (unsigned i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        add_json(&input, SUBMIT + i % 2, messages[i]);
        add_step(&input, TICK, nothing);
    }
    add_step(&input, DISCONNECT, nothing);
    add_step(&input, JOIN, nothing);
    add_step(&input, TICK, nothing);
    write_input(&input, folder, "board");
}

static void make_wire(const char *vectors, const char *corpus)
{
    char folder[256];
    make_folder(folder, sizeof folder, corpus, "fuzz_wire");
    json_t *messages = vectors_read(vectors, "client_messages.json");
    for (size_t i = 0; i < json_array_size(messages); i++)
        make_wire_message(folder, json_array_get(messages, i));
    json_decref(messages);
    make_wire_session(folder);
    make_wire_board(folder);
    make_wire_rest(vectors, "values.json", folder);
    make_wire_rest(vectors, "malformed.json", folder);
}

/* --- fuzz_replica --------------------------------------------------------------------------------- */

#define NEW_CONNECTION 255
#define FEW_BLOCKS     254

static struct bytes rest_of(const struct reader *reader)
{
    return (struct bytes){reader->data + reader->at, reader->length - reader->at};
}

static void add_server_message(struct input *input, struct bytes message)
{
    struct welcome welcome;
    struct frame_head head;
    if (message_read_frame(message, &head) == STATUS_OK) {
        struct bytes sections = rest_of(&head.sections);
        if (has_room(input, sections.length))
            add_step(input, head.section_count, sections);
    } else if (message_read_welcome(message, &welcome) == STATUS_OK) {
        uint8_t same = welcome.scopes_kept != 0;
        uint8_t step[] = {NEW_CONNECTION, same, welcome.scopes_kept};
        add(input, (struct bytes){step, sizeof step});
    }
}

static void make_replica_frames(const char *folder, const json_t *frames)
{
    struct input input = {0};
    for (size_t i = 0; i < json_array_size(frames); i++) {
        const json_t *vector = json_array_get(frames, i);
        const char *sequence = text_of(vector, "sequence");
        add_server_message(&input, hex_of(vector));
        const json_t *next = json_array_get(frames, i + 1);
        if (next != NULL && strcmp(text_of(next, "sequence"), sequence) == 0)
            continue;
        write_input(&input, folder, sequence);
        input.length = 0;
    }
}

static void make_replica(const char *vectors, const char *corpus)
{
    char folder[256];
    make_folder(folder, sizeof folder, corpus, "fuzz_replica");
    json_t *inputs = vectors_read(vectors, "input_frames.json");
    make_replica_frames(folder, inputs);
    json_decref(inputs);
    json_t *frames = vectors_read(vectors, "frames.json");
    make_replica_frames(folder, frames);
    struct input input = {0};
    add_step(&input, FEW_BLOCKS, nothing);
    add_server_message(&input, hex_of(json_array_get(frames, 1)));
    write_input(&input, folder, "no memory");
    json_decref(frames);
}

/* --- fuzz_race ------------------------------------------------------------------------------------- */

/* Steps of tests/fuzz/fuzz_race.c: action + 8 * member. */
#define RACE_SUBMIT     0
#define RACE_INPUTS     1
#define RACE_WISH       2
#define RACE_TICKS      3
#define RACE_JOIN       4
#define RACE_LEAVE      5
#define RACE_DISCONNECT 6
#define RACE_MEMORY     7
#define BY(member)      (8 * (member))

static void add_bytes(struct input *input, unsigned what, const char *bytes, size_t length)
{
    add_step(input, what, (struct bytes){(const uint8_t *)bytes, length});
}
#define ADD_BYTES(input, what, text) add_bytes(input, what, text, sizeof(text) - 1)

/* The lobby: chat, settings, marks, a car given up, a race that begins. */
static void make_race_lobby(const char *folder)
{
    struct input input = {0};
    add_byte(&input, 0);
    for (unsigned i = 0; i < 3; i++)
        add_step(&input, RACE_JOIN + BY(i), nothing);
    ADD_BYTES(&input, RACE_TICKS, "\x3f");
    add_json(&input, RACE_SUBMIT, "[1, [[1, 2, 'next', 0, 2, 1, 9, 2, 3, 3, false]]]");
    add_json(&input, RACE_SUBMIT + BY(1), "[1, [[5, 0, 0, 'hello']]]");
    add_json(&input, RACE_SUBMIT + BY(2), "[2, 'watch', true]");
    ADD_BYTES(&input, RACE_WISH,
              "\x00\xa3"
              "Ada");
    ADD_BYTES(&input, RACE_WISH + BY(1), "\x03\x01");
    ADD_BYTES(&input, RACE_TICKS, "\x08");
    ADD_BYTES(&input, RACE_WISH, "\x02\xc3");
    ADD_BYTES(&input, RACE_WISH + BY(1), "\x02\xc3");
    ADD_BYTES(&input, RACE_TICKS, "\x3f");
    write_input(&input, folder, "lobby");
}

/* On the way: members that come back, drive, lag, leave and go away. */
static void make_race_racing(const char *folder)
{
    struct input input = {0};
    add_byte(&input, 2);
    for (unsigned i = 0; i < 3; i++)
        add_step(&input, RACE_JOIN + BY(i), nothing);
    for (unsigned i = 0; i < 3; i++) {
        ADD_BYTES(&input, RACE_INPUTS, "\x02\x2f\x2f\x2f\x2c\x29\x2f\x4f\xaf\x2f\x3e\x20");
        ADD_BYTES(&input, RACE_INPUTS + BY(1), "\xfc\x2f\xff\x00\x41\x2f");
        ADD_BYTES(&input, RACE_TICKS, "\x1f");
    }
    add_step(&input, RACE_DISCONNECT + BY(1), nothing);
    add_step(&input, RACE_LEAVE + BY(2), nothing);
    ADD_BYTES(&input, RACE_TICKS, "\x3f");
    add_step(&input, RACE_JOIN + BY(1), nothing);
    ADD_BYTES(&input, RACE_TICKS, "\x3f");
    write_input(&input, folder, "racing");
}

/* Bytes over the beginning of the memory, and somewhere in it. */
static void make_race_memory(const char *folder, unsigned phase, const char *name)
{
    struct input input = {0};
    add_byte(&input, (uint8_t)phase);
    ADD_BYTES(&input, RACE_MEMORY, "\x00\x00\x07\x00\x00\x00");
    ADD_BYTES(&input, RACE_MEMORY, "\x00\x40\xff\x7f\x01");
    ADD_BYTES(&input, RACE_TICKS, "\x08");
    for (unsigned i = 0; i < 3; i++)
        add_step(&input, RACE_JOIN + BY(i), nothing);
    ADD_BYTES(&input, RACE_TICKS, "\x3f");
    write_input(&input, folder, name);
}

static void make_races(const char *corpus)
{
    char folder[256];
    make_folder(folder, sizeof folder, corpus, "fuzz_race");
    make_race_lobby(folder);
    make_race_racing(folder);
    make_race_memory(folder, 1, "memory of a countdown");
    make_race_memory(folder, 2, "memory of a race");
    make_race_memory(folder, 3, "memory of results");
}

/* --- fuzz_snapshot -------------------------------------------------------------------------------- */

static void write_snapshot(const struct scene *scene, const char *folder, const char *name)
{
    struct input input = {0};
    const struct rules *rules = room_rules(scene->room);
    add_byte(&input, rules == &kind_open    ? 0
                     : rules == &kind_every ? 1
                     : rules == &kind_board ? 2
                                            : 3);
    struct writer writer = writer_on(input.data + 1, sizeof input.data - 1);
    snapshot_write(scene->room, &writer);
    demand(writer.status == STATUS_OK, "too long a snapshot", name);
    input.length = 1 + writer.length;
    write_input(&input, folder, name);
}

static void send_and_tick(struct scene *scene, const char *text)
{
    scene_send(scene, 0, text);
    scene_tick(scene, text);
}

static void make_open_snapshots(const char *folder)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_open, .incarnation = 3}, NULL);
    write_snapshot(&scene, folder, "open and empty");
    scene_join(&scene, 0, ROLE_EDITOR, "a member");
    send_and_tick(&scene, "[1, [[0, 'shapes', 'a', 'x', 1, 'label', 'one', 'data', [1.5, {}]]],"
                          " [[2, 'shapes', 'a', 'points', 1, 2]], [[5, 'chat', 0, 'hello']]]");
    send_and_tick(&scene, "[1, [[3, 'shapes', 'a', 'votes', 3]], [[1, 'shapes', 'b', 'x', 1]],"
                          " [[2, 'shapes', 'a', 'points', 3]], [[0, 'texts', 't', 'x', null]]]");
    write_snapshot(&scene, folder, "open with names that were learnt");
    scene_end(&scene);
}

static void make_board_snapshot(const char *folder)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_board, .incarnation = 3}, NULL);
    scene_join(&scene, 0, ROLE_EDITOR, "a member");
    send_and_tick(&scene, "[1, [[0, 'objects', 's', 'type', 0, 'z', 'a', 'x', 0, 'y', 0, 'points',"
                          " [0, 0, 64, 3, -3, 60]], [0, 'comments', 'c', 'x', 0, 'y', 0, 'text',"
                          " 'why', 'on', 's']], [[1, 'objects', 's', 'lock', 2]]]");
    write_snapshot(&scene, folder, "a board");
    scene_end(&scene);
}

static void make_race_snapshot(const char *folder)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_race, .incarnation = 3}, NULL);
    scene_join(&scene, 0, ROLE_EDITOR, "a member");
    for (int i = 0; i < 60; i++) /* it gets a car within a second */
        scene_tick(&scene, "the lobby");
    write_snapshot(&scene, folder, "a race");
    scene_end(&scene);
}

static void make_every_snapshots(const char *folder)
{
    struct scene scene;
    scene_begin(&scene,
                &(struct scene_options){.rules = &kind_every, .incarnation = 4, .tombstones = 2},
                NULL);
    write_snapshot(&scene, folder, "every and empty");
    scene_join(&scene, 0, ROLE_OWNER, "an owner");
    scene_join(&scene, 1, ROLE_EDITOR, "an editor");
    send_and_tick(&scene, "[1, [[0, 'shapes', 'a', 'n', 1, 'fix', 2, 'text', 'one', 'on', true,"
                          " 'data', {'$bin': '00ff'}, 'ints', [1, 2], 'any', {'a': 1}],"
                          " [0, 'secrets', 's', 'text', 'hidden'], [0, 'hands', 'h', 'cards', 3]],"
                          " [[2, 'shapes', 'a', 'points', 1]], [[2, 'shapes', 'a', 'lines', 'r']],"
                          " [[0, 'shapes', 'b'], [0, 'shapes', 'c'], [0, 'shapes', 'd']]]");
    write_snapshot(&scene, folder, "every with records");
    send_and_tick(&scene, "[1, [[4, 'shapes', 'b']], [[4, 'shapes', 'c']], [[4, 'shapes', 'd']],"
                          " [[4, 'shapes', 'd']], [[5, 'chat', 0, 1]], [[5, 'chat', 2, 2]],"
                          " [[0, 'shapes', 'e', 'n', null]], [[1, 'shapes', 'a', 'points', []]]]");
    scene_disconnect(&scene, 1);
    scene_tick(&scene, "away");
    write_snapshot(&scene, folder, "every with tombstones events and refusals");
    scene_end(&scene);
}

static void make_snapshots(const char *corpus)
{
    char folder[256];
    make_folder(folder, sizeof folder, corpus, "fuzz_snapshot");
    make_open_snapshots(folder);
    make_every_snapshots(folder);
    make_board_snapshot(folder);
    make_race_snapshot(folder);
}

/* --- fuzz_log ------------------------------------------------------------------------------------- */

#define STEP_LOG      0
#define STEP_TRACK    254
#define STEP_SNAPSHOT 255

static void add_entry(struct input *input, struct scene *scene)
{
    uint8_t entry[FILE_BYTES_MAX];
    struct writer writer = writer_on(entry, sizeof entry);
    if (!room_log_pending(scene->room))
        return;
    room_log_write(scene->room, 1000 * room_tick_number(scene->room), &writer);
    demand(writer.status == STATUS_OK, "too long an entry", "log");
    add_step(input, STEP_LOG, writer_bytes(&writer));
}

static void add_track(struct input *input, struct scene *scene)
{
    uint8_t entry[FILE_BYTES_MAX];
    struct writer writer = writer_on(entry, sizeof entry);
    if (!room_track_pending(scene->room))
        return;
    bool whole = room_tick_number(scene->room) % 4 == 0;
    room_track_write(scene->room, 1000 * room_tick_number(scene->room), whole, &writer);
    demand(writer.status == STATUS_OK, "too long an entry", "track");
    add_step(input, STEP_TRACK, writer_bytes(&writer));
}

static void send_and_log(struct input *input, struct scene *scene, const char *text)
{
    send_and_tick(scene, text);
    add_entry(input, scene);
    add_track(input, scene);
}

/* Something happens that nobody writes down; then all that the room is. */
static void leave_a_hole(struct input *input, struct scene *scene)
{
    uint8_t entry[FILE_BYTES_MAX];
    struct writer writer = writer_on(entry, sizeof entry);
    room_log_stop(scene->room);
    send_and_tick(scene, "[1, [[0, 'papers', 'unseen', 'q', 1]]]");
    room_log_resume(scene->room, 1000 * room_tick_number(scene->room), &writer);
    demand(writer.status == STATUS_OK, "too long an entry", "log");
    add_step(input, STEP_LOG, writer_bytes(&writer));
}

static void add_snapshot(struct input *input, const struct scene *scene)
{
    uint8_t bytes[FILE_BYTES_MAX];
    struct writer writer = writer_on(bytes, sizeof bytes);
    snapshot_write(scene->room, &writer);
    demand(writer.status == STATUS_OK, "too long a snapshot", "log");
    add_step(input, STEP_SNAPSHOT, writer_bytes(&writer));
}

static void put_to_sleep(struct input *input, struct scene *scene)
{
    room_leave(scene->room, scene->members[0].seat);
    demand(room_prepare(scene->room) == STATUS_OK, "no memory", "log");
    room_tick(scene->room);
    add_entry(input, scene);
    demand(room_sleep(scene->room) == STATUS_OK, "no memory", "log");
    add_entry(input, scene);
}

/* With all that a room does: rules that write, names that presence teaches, events, refusals, a
 * deep value, a hash, more that is deleted than is kept, a hole, its sleep. */
static void
make_log(const char *folder, const char *name, const struct scene_options *options, bool behind)
{
    struct scene scene;
    struct input input = {0};
    scene_begin(&scene, options, NULL);
    add_byte(&input, (uint8_t)options->tombstones);
    add_entry(&input, &scene);
    scene_join(&scene, 0, ROLE_OWNER, name);
    send_and_log(&input, &scene,
                 "[1, [[0, 'shapes', 'a', 'n', 1, 'any', [[[[1]]]]]], [[4, 'no', 'b']],"
                 " [[2, 'shapes', 'a', 'points', 1, 2]], [[5, 'chat', 0, 'hi']]]");
    send_and_log(&input, &scene, "[2, 'mood', 'good']");
    send_and_log(&input, &scene, "[5, 1, 7]");
    send_and_log(&input, &scene, "[1, [[5, 'wave', 0, 'hi']]]");
    send_and_log(&input, &scene, "[2, 'mood', 'better']");
    send_and_log(&input, &scene,
                 "[1, [[0, 'papers', 'p', 'q', 0.5], [5, 'chat', 1, 'me']],"
                 " [[0, 'hands', 'h', 'cards', 3]], [[3, 'shapes', 'a', 'votes', 2]]]");
    if (behind) { /* a snapshot, and what follows it */
        input.length = 1;
        add_snapshot(&input, &scene);
    }
    demand(room_log_hash(scene.room) == STATUS_OK, "no memory", name);
    send_and_log(&input, &scene,
                 "[1, [[0, 'papers', 'b'], [0, 'papers', 'c'], [0, 'papers', 'd']],"
                 " [[4, 'papers', 'b'], [4, 'papers', 'c'], [4, 'papers', 'd']]]");
    leave_a_hole(&input, &scene);
    put_to_sleep(&input, &scene);
    write_input(&input, folder, name);
    scene_end(&scene);
}

static void make_logs(const char *corpus)
{
    static const struct scene_options open = {.rules = &kind_open, .incarnation = 3, .logs = true};
    static const struct scene_options every = {
        .rules = &kind_every, .incarnation = 4, .tombstones = 2, .logs = true};
    char folder[256];
    make_folder(folder, sizeof folder, corpus, "fuzz_log");
    make_log(folder, "open", &open, false);
    make_log(folder, "every", &every, false);
    make_log(folder, "every behind a snapshot", &every, true);
}

void make_corpus(const char *vectors, const char *folder)
{
    make_wire(vectors, folder);
    make_replica(vectors, folder);
    make_snapshots(folder);
    make_logs(folder);
    make_races(folder);
}
