#include "tests/vectors/scene.h"

#include "tests/vectors/vector_json.h"

static struct room *make_room(const struct scene_options *options)
{
    struct room *room =
        room_create(&(struct room_options){.rules = options->rules,
                                           .incarnation = options->incarnation,
                                           .seed = options->incarnation,
                                           .logs = options->logs,
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
    for (int i = 0; i < SCENE_MEMBERS; i++)
        member_create(&scene->members[i], (uint8_t)(0xa0 + i));
}

void scene_end(struct scene *scene)
{
    for (int i = 0; i < SCENE_MEMBERS; i++)
        member_destroy(&scene->members[i]);
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

void scene_record(struct scene *scene, int member, const char *sequence)
{
    scene->sequences[member] = sequence;
}

static void write_down(struct scene *scene, int member, const char *name, struct bytes message)
{
    const char *sequence = scene->sequences[member];
    if (sequence == NULL)
        return;
    json_t *vector = json_pack("{s:s s:s s:o s:o s:o}", "name", name, "sequence", sequence, "hex",
                               json_hex(message), "message", json_of_message(message), "after",
                               json_of_replica(scene->members[member].replica));
    demand(vector != NULL, "no vector", name);
    json_array_append_new(scene->vectors, vector);
}

/* --- Connections --------------------------------------------------------------------------------- */

void scene_join(struct scene *scene, int member, enum role role, const char *name)
{
    static const uint8_t user[] = {0x81, 0xa4, 'n', 'a', 'm', 'e', 0xa3, 'A', 'd', 'a'};
    uint8_t welcome[MEMBER_WELCOME_BYTES];
    size_t length;
    struct hello hello = member_hello(&scene->members[member]);
    hello.user = (struct bytes){user, sizeof user};
    enum status status =
        member_join(&scene->members[member], scene->room, &hello, role, welcome, &length);
    demand(status == STATUS_OK, status_text(status), name);
    write_down(scene, member, name, (struct bytes){welcome, length});
}

void scene_disconnect(struct scene *scene, int member)
{
    room_disconnect(scene->room, scene->members[member].seat);
    scene->members[member].connected = false;
}

void scene_send(struct scene *scene, int number, const char *text)
{
    struct member *member = &scene->members[number];
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

static void take_frame(struct scene *scene, int number, const char *name, struct bytes message)
{
    struct member *member = &scene->members[number];
    enum status status = member_receive(member, message);
    demand(status == STATUS_OK, status_text(status), name);
    demand(member_agrees(member, scene->room), "replica and room differ", name);
    write_down(scene, number, name, message);
}

static void send_frames(struct scene *scene, const char *name, bool tick)
{
    if (!frames_begin(scene->frames, scene->room))
        return;
    for (int i = 0; i < SCENE_MEMBERS; i++) {
        struct member *member = &scene->members[i];
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
            take_frame(scene, i, name, (struct bytes){frame.message, frame.length});
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
