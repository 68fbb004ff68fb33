/* check_vectors.c - the vectors against the readers, the packer, the replica and their generator. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/c/messages.h"
#include "sync/room.h"
#include "tests/every_kind.h"
#include "tests/run_suite.h"
#include "tests/vectors/vector_json.h"

static uint8_t buffer[MESSAGE_BYTES_MAX], again[MESSAGE_BYTES_MAX];

static const char *text_of(const json_t *vector, const char *member)
{
    return json_string_value(json_object_get(vector, member));
}

static struct bytes hex_of(const json_t *vector)
{
    return bytes_of_hex(text_of(vector, "hex"), buffer, sizeof buffer);
}

static void check_json(const json_t *got, const json_t *expected, const char *name)
{
    char *text = json_dumps(got, JSON_ENCODE_ANY);
    ck_assert_msg(json_equal(got, expected), "%s: %s", name, text);
    free(text);
}

/* Decoding gives the vector's message. */
static void check_decodes(const json_t *vector, struct bytes message)
{
    json_t *decoded = json_of_message(message);
    ck_assert_msg(decoded != NULL, "%s", text_of(vector, "name"));
    check_json(decoded, json_object_get(vector, "message"), text_of(vector, "name"));
    json_decref(decoded);
}

static void check_bytes(const struct writer *writer, const json_t *vector)
{
    const char *canonical = text_of(vector, "canonical");
    json_t *hex = json_hex(writer_bytes(writer));
    ck_assert_int_eq(writer->status, STATUS_OK);
    ck_assert_msg(
        strcmp(json_string_value(hex), canonical != NULL ? canonical : text_of(vector, "hex")) == 0,
        "%s: %s", text_of(vector, "name"), json_string_value(hex));
    json_decref(hex);
}

/* --- Messages of clients ------------------------------------------------------------------------ */

static struct room *room;
static uint32_t seat;

static void setup_room(void)
{
    struct hello hello = {.version = WIRE_VERSION};
    room = room_create(&(struct room_options){.rules = &kind_every, .incarnation = 1});
    ck_assert_ptr_nonnull(room);
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &seat), STATUS_OK);
}

static void teardown_room(void)
{
    room_destroy(room);
}

/* As a server would read it; what a message asks for is decided by the tick. */
static enum status read_message(struct bytes message)
{
    struct hello hello;
    int64_t kind, echo;
    enum status status = wire_read_kind(message, &kind);
    if (status != STATUS_OK)
        return status;
    if (kind == CLIENT_HELLO)
        return wire_read_hello(message, &hello);
    if (kind == CLIENT_CLOCK)
        return wire_read_clock(message, &echo);
    if (kind == CLIENT_LEAVE)
        return message.length == 2 ? STATUS_OK : STATUS_MALFORMED;
    return room_submit(room, seat, message);
}

/* What was submitted is taken, so that the limit of operations in flight is not in the way. */
static void take_messages(void)
{
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_tick(room);
    teardown_room();
    setup_room();
}

static void check_client_message(const json_t *vector)
{
    const char *name = text_of(vector, "name");
    struct bytes message = hex_of(vector);
    ck_assert_msg(read_message(message) == STATUS_OK, "%s", name);
    check_decodes(vector, message);
    struct writer writer = writer_on(again, sizeof again);
    json_pack_value(&writer, json_object_get(vector, "message"));
    check_bytes(&writer, vector);
    take_messages();
}

START_TEST(messages_of_clients_are_read_and_packed)
{
    json_t *vectors = vectors_read(TEST_VECTORS, "client_messages.json");
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check_client_message(json_array_get(vectors, i));
    json_decref(vectors);
}
END_TEST

/* Of another version nothing but the number is read, so that it may be as it likes. */
static bool of_this_version(const json_t *vector)
{
    const json_t *message = json_object_get(vector, "message");
    return json_integer_value(json_array_get(message, 0)) != CLIENT_HELLO ||
           json_integer_value(json_array_get(message, 1)) == WIRE_VERSION;
}

START_TEST(no_part_of_a_message_is_a_message)
{
    json_t *vectors = vectors_read(TEST_VECTORS, "client_messages.json");
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        struct bytes message = hex_of(vector);
        for (size_t length = 0; of_this_version(vector) && length < message.length; length++) {
            enum status status = read_message((struct bytes){message.data, length});
            ck_assert_msg(status == STATUS_TRUNCATED || status == STATUS_MALFORMED,
                          "%s, its first %zu bytes", text_of(vector, "name"), length);
        }
        buffer[message.length] = 0;
        message.length++;
        ck_assert_msg(!of_this_version(vector) || read_message(message) == STATUS_MALFORMED,
                      "%s and a byte more", text_of(vector, "name"));
    }
    json_decref(vectors);
}
END_TEST

START_TEST(hellos_are_written_as_the_client_writes_them)
{
    json_t *vectors = vectors_read(TEST_VECTORS, "client_messages.json");
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        struct hello hello;
        if (strncmp(text_of(vector, "name"), "hello", 5) != 0 || !of_this_version(vector))
            continue;
        ck_assert_int_eq(wire_read_hello(hex_of(vector), &hello), STATUS_OK);
        struct writer writer = writer_on(again, sizeof again);
        message_write_hello(&writer, &hello);
        check_bytes(&writer, vector);
    }
    json_decref(vectors);
}
END_TEST

START_TEST(malformed_messages_are_refused)
{
    json_t *vectors = vectors_read(TEST_VECTORS, "malformed.json");
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        enum status expected = strcmp(text_of(vector, "status"), "truncated") == 0
                                   ? STATUS_TRUNCATED
                                   : STATUS_MALFORMED;
        enum status status = read_message(hex_of(vector));
        ck_assert_msg(status == expected, "%s: %s", text_of(vector, "name"), status_text(status));
    }
    json_decref(vectors);
}
END_TEST

/* --- Values --------------------------------------------------------------------------------------- */

START_TEST(values_take_their_canonical_form)
{
    json_t *vectors = vectors_read(TEST_VECTORS, "values.json");
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        struct reader reader = reader_on(hex_of(vector));
        struct reader measure = reader;
        read_value(&measure);
        ck_assert_msg(reader_end(&measure) == STATUS_OK, "%s", text_of(vector, "name"));
        struct writer writer = writer_on(again, sizeof again);
        value_canonical(&reader, &writer);
        check_bytes(&writer, vector);
        check_decodes(vector, hex_of(vector));
    }
    json_decref(vectors);
}
END_TEST

/* --- Messages of servers -------------------------------------------------------------------------- */

static struct replica *replica;
static uint64_t incarnation;

static void setup_replica(void)
{
    incarnation = 0;
    replica = replica_create(&(struct memory){0});
    ck_assert_ptr_nonnull(replica);
}

static void teardown_replica(void)
{
    replica_destroy(replica);
}

static enum status receive_welcome(struct bytes message)
{
    struct welcome welcome;
    enum status status = message_read_welcome(message, &welcome);
    if (status != STATUS_OK)
        return status;
    replica_welcome(replica, welcome.scopes_kept, welcome.incarnation == incarnation);
    incarnation = welcome.incarnation;
    return STATUS_OK;
}

static enum status receive_frame(struct bytes message)
{
    struct frame_head head;
    enum status status = message_read_frame(message, &head);
    if (status == STATUS_OK)
        status = replica_sections(replica, &head.sections, head.section_count);
    return status == STATUS_OK ? reader_end(&head.sections) : status;
}

static enum status receive(struct bytes message)
{
    struct clock_answer answer;
    struct bytes text;
    int64_t kind;
    enum status refusal, status = wire_read_kind(message, &kind);
    if (status != STATUS_OK)
        return status;
    switch (kind) {
    case SERVER_WELCOME:
        return receive_welcome(message);
    case SERVER_CLOCK:
        return message_read_clock(message, &answer);
    case SERVER_NOTICE:
        return message_read_notice(message, &refusal, &text);
    }
    return receive_frame(message);
}

static void check_server_message(const json_t *vector)
{
    struct bytes message = hex_of(vector);
    enum status status = receive(message);
    ck_assert_msg(status == STATUS_OK, "%s: %s", text_of(vector, "name"), status_text(status));
    check_decodes(vector, message);
    struct writer writer = writer_on(again, sizeof again);
    json_pack_message(&writer, json_object_get(vector, "message"));
    check_bytes(&writer, vector);
}

START_TEST(other_messages_of_servers_are_read)
{
    json_t *vectors = vectors_read(TEST_VECTORS, "welcome.json");
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check_server_message(json_array_get(vectors, i));
    json_decref(vectors);
}
END_TEST

static const char *const frame_files[] = {"frames.json", "input_frames.json"};

START_TEST(frames_lead_to_what_follows_them)
{
    json_t *vectors = vectors_read(TEST_VECTORS, frame_files[_i]);
    const char *sequence = "";
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        if (strcmp(sequence, text_of(vector, "sequence")) != 0) {
            teardown_replica();
            setup_replica();
            sequence = text_of(vector, "sequence");
        }
        check_server_message(vector);
        json_t *after = json_of_replica(replica);
        check_json(after, json_object_get(vector, "after"), text_of(vector, "name"));
        json_decref(after);
    }
    json_decref(vectors);
}
END_TEST

/* Brings the replica to where a sequence ends. */
static void receive_sequence(const json_t *frames, const char *sequence)
{
    for (size_t i = 0; i < json_array_size(frames); i++) {
        const json_t *vector = json_array_get(frames, i);
        if (strcmp(text_of(vector, "sequence"), sequence) == 0)
            ck_assert_int_eq(receive(hex_of(vector)), STATUS_OK);
    }
    ck_assert(replica_complete(replica));
}

START_TEST(malformed_frames_are_refused)
{
    json_t *frames = vectors_read(TEST_VECTORS, "frames.json");
    json_t *vectors = vectors_read(TEST_VECTORS, "malformed_frames.json");
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        teardown_replica();
        setup_replica();
        receive_sequence(frames, text_of(vector, "sequence"));
        enum status status = receive(hex_of(vector));
        ck_assert_msg(status == STATUS_TRUNCATED || status == STATUS_MALFORMED, "%s: %s",
                      text_of(vector, "name"), status_text(status));
    }
    json_decref(frames);
    json_decref(vectors);
}
END_TEST

/* --- The generator -------------------------------------------------------------------------------- */

static void run_generator(const char *folder)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        execl(TEST_MAKE_VECTORS, TEST_MAKE_VECTORS, folder, (char *)NULL);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static char *file_content(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    char *content = calloc(1, 1 << 20);
    size_t length = fread(content, 1, (1 << 20) - 1, file);
    ck_assert_uint_lt(length, (1 << 20) - 1);
    fclose(file);
    return content;
}

/* What the wire says cannot change unnoticed: README.md there says how to make them anew. */
START_TEST(generator_makes_the_files_that_are_committed)
{
    static const char *const files[] = {
        "client_messages.json",  "frames.json", "input_frames.json", "malformed.json",
        "malformed_frames.json", "values.json", "welcome.json"};
    char folder[] = "/tmp/vectors-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    run_generator(folder);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *committed = file_content(TEST_VECTORS, files[i]);
        char *made = file_content(folder, files[i]);
        ck_assert_msg(strcmp(committed, made) == 0, "%s is not what the generator makes", files[i]);
        free(committed);
        free(made);
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
    TCase *clients = tcase_create("clients");
    tcase_add_checked_fixture(clients, setup_room, teardown_room);
    tcase_add_test(clients, messages_of_clients_are_read_and_packed);
    tcase_add_test(clients, no_part_of_a_message_is_a_message);
    tcase_add_test(clients, hellos_are_written_as_the_client_writes_them);
    tcase_add_test(clients, malformed_messages_are_refused);
    tcase_add_test(clients, values_take_their_canonical_form);
    TCase *servers = tcase_create("servers");
    tcase_add_checked_fixture(servers, setup_replica, teardown_replica);
    tcase_add_test(servers, other_messages_of_servers_are_read);
    tcase_add_loop_test(servers, frames_lead_to_what_follows_them, 0,
                        (int)(sizeof frame_files / sizeof frame_files[0]));
    tcase_add_test(servers, malformed_frames_are_refused);
    TCase *generator = tcase_create("generator");
    tcase_set_timeout(generator, 60);
    tcase_add_test(generator, generator_makes_the_files_that_are_committed);

    Suite *suite = suite_create("vectors");
    suite_add_tcase(suite, clients);
    suite_add_tcase(suite, servers);
    suite_add_tcase(suite, generator);
    return run_suite(suite);
}
