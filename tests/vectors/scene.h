/* scene.h - a real room with a few members, whose frames become vectors.
 *
 *   struct scene scene;
 *   scene_begin(&scene, &(struct scene_options){.rules = &kind_every, .incarnation = 1}, vectors);
 *   scene_record(&scene, 0, "runs");            what member 0 gets is written down
 *   scene_join(&scene, 0, ROLE_EDITOR);
 *   scene_send(&scene, 0, "[1, [[0, 'shapes', 'a', 'x', 1]]]");
 *   scene_tick(&scene, "a record is put");
 *   scene_end(&scene);
 *
 * Every member has a replica, which is compared with the room whenever it is complete.
 */
#ifndef TESTS_VECTORS_SCENE_H
#define TESTS_VECTORS_SCENE_H

#include <jansson.h>

#include "sync/frame.h"
#include "sync/room.h"
#include "tests/member.h"

#define SCENE_MEMBERS 4

struct scene_options {
    const struct rules *rules;
    uint64_t incarnation;
    uint32_t tombstones;    /* of room_limits */
    uint32_t section_bytes; /* of frames_limit_sections(); 0 for whole sections */
    bool logs;              /* the room writes down what it does */
};

struct scene {
    struct room *room;
    struct frames *frames;
    struct member members[SCENE_MEMBERS];
    const char *sequences[SCENE_MEMBERS]; /* what is written down of a member; NULL for nothing */
    json_t *vectors;                      /* borrowed */
};

void scene_begin(struct scene *scene, const struct scene_options *options, json_t *vectors);
void scene_end(struct scene *scene);

/* From here on what the member gets is written down under this name. */
void scene_record(struct scene *scene, int member, const char *sequence);

/* Joins or comes back with what the replica holds; the welcome is a vector. */
void scene_join(struct scene *scene, int member, enum role role, const char *name);
void scene_disconnect(struct scene *scene, int member);

/* The room is another one from here on: members keep what they hold and have to join. */
void scene_replace_room(struct scene *scene, const struct scene_options *options);

/* A message of a member, as JSON with ' for ". */
void scene_send(struct scene *scene, int member, const char *text);

/* The member's socket takes nothing at the next tick. */
void scene_skip(struct scene *scene, int member);

/* A tick and its frames; scene_drain() then sends on what did not fit. */
void scene_tick(struct scene *scene, const char *name);
void scene_drain(struct scene *scene, const char *name);

#endif
