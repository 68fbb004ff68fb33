#include "tests/vectors/scene.h"

#include <string.h>

#include "clients/c/messages.h"
#include "sync/hash.h"
#include "tests/vectors/vector_json.h"

static const struct wire_limits wire_limits = {
    MESSAGE_BYTES_MAX, 100, 200, 65536, 131072, OPERATIONS_IN_FLIGHT_MAX, RECORD_BYTES_MAX};

static struct room *make_room(const struct scene_options *options)
{
    struct room *room =
        room_create(&(struct room_options){.rules = options->rules,
                                           .incarnation = options->incarnation,
                                           .seed = options->incarnation,
                                           .limits = {.tombstones = options->tombstones}});
    demand(room != NULL, "no room", options->rules->name);
    return room;
}

void scene_begin(struct scene *scene, const struct scene_options *options, json_t *vectors)
{
    *scene = (struct scene){.room = make_room(options), .vectors = vectors};
    scene->frames = frames_create(&(struct memory){0});
    demand(scene->frames != NULL, "no memory", "frames");
    if (options->section_bytes > 0)
        frames_limit_sections(scene->frames, options->section_bytes);
    for (int i = 0; i < SCENE_MEMBERS; i++) {
        struct scene_member *member = &scene->members[i];
        memset(member->key, 0xa0 + i, sizeof member->key);
        member->replica = replica_create(&(struct memory){0});
        demand(member->replica != NULL, "no memory", "replica");
    }
}

void scene_end(struct scene *scene)
{
    for (int i = 0; i < SCENE_MEMBERS; i++)
        replica_destroy(scene->members[i].replica);
    frames_destroy(scene->frames);
    room_destroy(scene->room);
}

void scene_replace_room(struct scene *scene, const struct scene_options *options)
{
    room_destroy(scene->room);
    scene->room = make_room(options);
    for (int i = 0; i < SCENE_MEMBERS; i++)
        scene->members[i].connected = false;
}

void scene_record(struct scene *scene, int member, const char *sequence_name)
{
    scene->members[member].sequence_name = sequence_name;
}

static void write_down(struct scene *scene,
                       const struct scene_member *member,
                       const char *name,
                       struct bytes message)
{
    if (member->sequence_name == NULL)
        return;
    json_t *vector = json_pack("{s:s s:s s:o s:o s:o}", "name", name, "sequence",
                               member->sequence_name, "hex", json_hex(message), "message",
                               json_of_message(message), "after", json_of_replica(member->replica));
    demand(vector != NULL, "no vector", name);
    json_array_append_new(scene->vectors, vector);
}

/* --- Connections --------------------------------------------------------------------------------- */

static struct hello hello_of(const struct scene_member *member)
{
    static const uint8_t user[] = {0x81, 0xa4, 'n', 'a', 'm', 'e', 0xa3, 'A', 'd', 'a'};
    struct hello hello = {.version = WIRE_VERSION,
                          .user = {user, sizeof user},
                          .sequence = member->sequence,
                          .decided = member->decided,
                          .incarnation = member->incarnation};
    memcpy(hello.key, member->key, sizeof hello.key);
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (member->incarnation != 0 &&
            replica_place(member->replica, (enum wire_scope)i, &hello.places[i]))
            hello.places_held |= (uint8_t)(1u << i);
    return hello;
}

static void take_welcome(struct scene_member *member, struct bytes message)
{
    struct welcome welcome;
    demand(message_read_welcome(message, &welcome) == STATUS_OK, "bad welcome", "join");
    replica_welcome(member->replica, welcome.scopes_kept,
                    welcome.incarnation == member->incarnation);
    member->incarnation = welcome.incarnation;
    member->sequence = member->decided = welcome.sequence;
}

void scene_join(struct scene *scene, int number, enum role role, const char *name)
{
    struct scene_member *member = &scene->members[number];
    struct hello hello = hello_of(member);
    demand(room_join(scene->room, &hello, role, &member->seat) == STATUS_OK, "no seat", name);
    uint8_t bytes[1024];
    struct writer writer = writer_on(bytes, sizeof bytes);
    wire_write_welcome(&writer, scene->room, member->seat, &wire_limits);
    demand(writer.status == STATUS_OK, "no welcome", name);
    take_welcome(member, writer_bytes(&writer));
    member->connected = true;
    member->more = false;
    write_down(scene, member, name, writer_bytes(&writer));
}

void scene_disconnect(struct scene *scene, int member)
{
    room_disconnect(scene->room, scene->members[member].seat);
    scene->members[member].connected = false;
}

void scene_send(struct scene *scene, int number, const char *text)
{
    struct scene_member *member = &scene->members[number];
    uint8_t bytes[4096];
    struct writer writer = writer_on(bytes, sizeof bytes);
    json_t *message = json_of_text(text);
    json_pack_value(&writer, message);
    if (json_integer_value(json_array_get(message, 0)) == CLIENT_OPERATIONS)
        member->sequence += (uint32_t)json_array_size(message) - 1;
    json_decref(message);
    enum status status = room_submit(scene->room, member->seat, writer_bytes(&writer));
    demand(status == STATUS_OK, status_text(status), text);
}

/* --- Frames -------------------------------------------------------------------------------------- */

void scene_skip(struct scene *scene, int member)
{
    scene->members[member].skipped = true;
}

static void
take_frame(struct scene *scene, struct scene_member *member, const char *name, struct bytes message)
{
    struct frame_head head;
    enum status status = message_read_frame(message, &head);
    if (status == STATUS_OK)
        status = replica_sections(member->replica, &head.sections, head.section_count);
    if (status == STATUS_OK)
        status = reader_end(&head.sections);
    demand(status == STATUS_OK, status_text(status), name);
    member->decided += head.decided;
    if (replica_complete(member->replica))
        demand(replica_hash(member->replica) == room_hash(scene->room, member->seat),
               "replica and room differ", name);
    write_down(scene, member, name, message);
}

static void send_frames(struct scene *scene, const char *name, bool tick)
{
    if (!frames_begin(scene->frames, scene->room))
        return;
    for (int i = 0; i < SCENE_MEMBERS; i++) {
        struct scene_member *member = &scene->members[i];
        if (!member->connected || (!tick && !member->more))
            continue;
        if (member->skipped) {
            frames_skip(scene->frames, member->seat);
            member->skipped = false;
            continue;
        }
        struct frame frame = frames_next(scene->frames, member->seat);
        member->more = frame.more;
        if (frame.message != NULL)
            take_frame(scene, member, name, (struct bytes){frame.message, frame.length});
    }
    frames_end(scene->frames, tick);
}

void scene_tick(struct scene *scene, const char *name)
{
    demand(room_prepare(scene->room) == STATUS_OK, "no memory", name);
    room_tick(scene->room);
    send_frames(scene, name, true);
}

static bool anyone_has_more(const struct scene *scene)
{
    for (int i = 0; i < SCENE_MEMBERS; i++)
        if (scene->members[i].connected && scene->members[i].more)
            return true;
    return false;
}

void scene_drain(struct scene *scene, const char *name)
{
    for (int round = 0; anyone_has_more(scene); round++) {
        demand(round < 100, "no end of frames", name);
        send_frames(scene, name, false);
    }
}
