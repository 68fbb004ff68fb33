#include "tests/recorded_lobby.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/ordering.h"

struct recorded_lobby visit;

void lobby_setup(void)
{
    world_setup();
    world.seals = true;
    world_restart();
    visit.ada = peer_join(0, "lobby");
    visit.page = peer_open(1);
    for (int i = 0; i < 10; i++) {
        char line[64];
        snprintf(line, sizeof line, "[1 [[0 'shapes' 's%d' 'x' %d]]]", i, i);
        peer_say(visit.ada, line);
        world_pass(1000);
    }
    world_pass(STORAGE_SEAL_MS);
}

void lobby_teardown(void)
{
    json_decref(visit.timeline);
    visit.timeline = NULL;
    order_forget();
    world_teardown();
}

void read_timeline(void)
{
    json_error_t error;
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/recording", ""), 200);
    json_decref(visit.timeline);
    visit.timeline = json_loadb(ordered->json, ordered->json_length, 0, &error);
    ck_assert_msg(visit.timeline != NULL, "%s in %.*s", error.text, (int)ordered->json_length,
                  ordered->json);
}

int64_t number_at(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_integer(value), "%s is no number", name);
    return json_integer_value(value);
}

const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    ck_assert_msg(text != NULL, "%s is no text", name);
    return text;
}

json_t *element(const char *list, size_t index, size_t count)
{
    json_t *array = json_object_get(visit.timeline, list);
    ck_assert_uint_eq(json_array_size(array), count);
    return json_array_get(array, index);
}

const char *session_path(void)
{
    static char path[96];
    read_timeline();
    json_t *session = element("sessions", 0, 1);
    const char *id = text_at(session, "id");
    ck_assert_uint_eq(strlen(id), 16);
    snprintf(path, sizeof path, ROOM "/sessions/%s", id);
    return path;
}
