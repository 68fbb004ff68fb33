#include "tools/tracks/track_plan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRES_MAX 8000.0

static const char *const surfaces[SURFACE_COUNT] = {
    [SURFACE_ASPHALT] = "asphalt",
    [SURFACE_KERB] = "kerb",
    [SURFACE_GRASS] = "grass",
    [SURFACE_SAND] = "sand",
};

static bool refuse(char error[ERROR_MAX], const char *what, const char *why)
{
    snprintf(error, ERROR_MAX, "%s %s", what, why);
    return false;
}

/* A number of the object, within bounds; where there is none, what stands there already stays. */
static bool read_number(const json_t *object,
                        const char *key,
                        double least,
                        double most,
                        double *number,
                        char error[])
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return true;
    double read = json_number_value(value);
    if (!json_is_number(value) || !(read >= least && read <= most))
        return refuse(error, key, "is no number within its bounds");
    *number = read;
    return true;
}

static bool read_count(const json_t *object,
                       const char *key,
                       uint32_t least,
                       uint32_t most,
                       uint32_t *count,
                       char error[])
{
    const json_t *value = json_object_get(object, key);
    json_int_t read = json_integer_value(value);
    if (!json_is_integer(value) || read < (json_int_t)least || read > (json_int_t)most)
        return refuse(error, key, "is no count within its bounds");
    *count = (uint32_t)read;
    return true;
}

/* `letters` alone where that is given, else anything that can stand within quotes in C. */
static bool read_text(const json_t *object,
                      const char *key,
                      const char *letters,
                      char *text,
                      size_t bytes,
                      char error[])
{
    const char *read = json_string_value(json_object_get(object, key));
    if (read == NULL || read[0] == '\0' || strlen(read) >= bytes)
        return refuse(error, key, "is missing, empty or too long");
    if (letters != NULL ? read[strspn(read, letters)] != '\0' : strpbrk(read, "\"\\\n\r") != NULL)
        return refuse(error, key, "has letters that may not be in it");
    memset(text, 0, bytes);
    memcpy(text, read, strlen(read));
    return true;
}

static bool read_colour(const json_t *object, const char *key, uint32_t *colour, char error[])
{
    const char *read = json_string_value(json_object_get(object, key));
    if (read == NULL || read[0] != '#' || strlen(read) != 7 ||
        read[1 + strspn(read + 1, "0123456789abcdef")] != '\0')
        return refuse(error, key, "is no colour like #rrggbb");
    *colour = (uint32_t)strtoul(read + 1, NULL, 16);
    return true;
}

static bool
read_verge(const json_t *object, const char *side, double *verge, uint8_t *surface, char error[])
{
    const json_t *given = json_object_get(object, side);
    if (given == NULL)
        return true;
    if (!read_number(given, "verge", 0.5, 60, verge, error))
        return false;
    const char *name = json_string_value(json_object_get(given, "surface"));
    if (name == NULL)
        return true;
    for (uint8_t i = 0; i < SURFACE_COUNT; i++) {
        if (strcmp(name, surfaces[i]) == 0) {
            *surface = i;
            return true;
        }
    }
    return refuse(error, side, "has a surface that nobody knows");
}

static bool read_sides(const json_t *object, struct plan_point *point, char error[])
{
    return read_number(object, "width", 8, 60, &point->width, error) &&
           read_verge(object, "left", &point->left, &point->on_left, error) &&
           read_verge(object, "right", &point->right, &point->on_right, error);
}

/* [x, y] or [x, y, what differs here from the rest of the track]. */
static bool read_point(const json_t *given, struct plan_point *point, char error[])
{
    const json_t *x = json_array_get(given, 0), *y = json_array_get(given, 1);
    point->x = json_number_value(x);
    point->y = json_number_value(y);
    if (!json_is_number(x) || !json_is_number(y) || point->x > METRES_MAX ||
        point->x < -METRES_MAX || point->y > METRES_MAX || point->y < -METRES_MAX)
        return refuse(error, "a point", "is not [x, y] in metres");
    const json_t *differs = json_array_get(given, 2);
    return differs == NULL || read_sides(differs, point, error);
}

static bool read_points(const json_t *root, struct track_plan *plan, char error[])
{
    struct plan_point usual = {.width = 12, .left = 6, .right = 6};
    usual.on_left = usual.on_right = SURFACE_GRASS;
    const json_t *points = json_object_get(root, "points");
    size_t count = json_array_size(points);
    if (count < PLAN_POINTS_MIN || count > PLAN_POINTS_MAX)
        return refuse(error, "points", "are too few or too many");
    if (!read_sides(root, &usual, error))
        return false;
    plan->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        plan->points[i] = usual;
        if (!read_point(json_array_get(points, i), &plan->points[i], error))
            return false;
    }
    return true;
}

static bool read_root(const json_t *root, struct track_plan *plan, char error[])
{
    struct track *track = &plan->track;
    const json_t *colours = json_object_get(root, "colours");
    const json_t *grid = json_object_get(root, "grid");
    track->crosses = json_is_true(json_object_get(root, "crosses"));
    plan->grid_first = 6;
    plan->grid_step = 8;
    plan->grid_side = 2.5;
    return read_text(root, "name", "abcdefghijklmnopqrstuvwxyz", track->name, sizeof track->name,
                     error) &&
           read_text(root, "title", NULL, track->title, sizeof track->title, error) &&
           read_count(root, "laps", 1, 50, &track->laps, error) &&
           read_colour(colours, "ground", &track->ground, error) &&
           read_colour(colours, "road", &track->road, error) &&
           read_colour(colours, "accent", &track->accent, error) &&
           read_count(root, "checkpoints", 3, TRACK_CHECKPOINTS_MAX, &plan->checkpoints, error) &&
           read_number(grid, "first", 3, 50, &plan->grid_first, error) &&
           read_number(grid, "step", 2.5, 20, &plan->grid_step, error) &&
           read_number(grid, "side", 0, 20, &plan->grid_side, error) &&
           read_points(root, plan, error);
}

bool track_plan_read(struct track_plan *plan, const char *path, char error[ERROR_MAX])
{
    json_error_t problem;
    memset(plan, 0, sizeof *plan);
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL) {
        snprintf(error, ERROR_MAX, "line %d: %s", problem.line, problem.text);
        return false;
    }
    bool read = read_root(root, plan, error);
    json_decref(root);
    return read;
}
