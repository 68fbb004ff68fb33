/* make_tracks.c - turns the plans of sync/tracks/ into the table that the race drives on.
 *
 *   make_tracks race_tracks.c meadow.json harbour.json ...
 *
 * Exits with 1, and one line on stderr for what is wrong, when a plan is none or makes no track.
 */
#include "tools/tracks/track_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_points(FILE *out, const struct track_shape *shape)
{
    fprintf(out, "static const struct track_point %s[] = {\n", shape->track.name);
    for (uint32_t i = 0; i < shape->track.count; i++) {
        const struct track_point *p = &shape->points[i];
        fprintf(out,
                "    {%" PRId32 ", %" PRId32 ", %d, %d, %u, %u, %u, %u, %d, %u, %u, %u, %u},\n",
                p->x, p->y, p->tx, p->ty, p->heading, p->half, p->left, p->right, p->line, p->pace,
                p->on_left, p->on_right, p->kerbs);
    }
    fprintf(out, "};\n\n");
}

static void write_number(FILE *out, const char *name, int64_t number)
{
    fprintf(out, "        .%s = %" PRId64 ",\n", name, number);
}

static void write_track(FILE *out, const struct track *track)
{
    fprintf(out,
            "    {\n        .name = \"%s\",\n        .title = \"%s\",\n        .points = %s,\n",
            track->name, track->title, track->name);
    write_number(out, "count", track->count);
    write_number(out, "spacing", track->spacing);
    write_number(out, "length", track->length);
    write_number(out, "laps", track->laps);
    write_number(out, "checkpoint_count", track->checkpoint_count);
    fprintf(out, "        .checkpoints = {");
    for (uint32_t i = 0; i < track->checkpoint_count; i++)
        fprintf(out, "%s%" PRIu32, i > 0 ? ", " : "", track->checkpoints[i]);
    fprintf(out, "},\n");
    write_number(out, "grid_first", track->grid_first);
    write_number(out, "grid_step", track->grid_step);
    write_number(out, "grid_side", track->grid_side);
    write_number(out, "west", track->west);
    write_number(out, "north", track->north);
    write_number(out, "east", track->east);
    write_number(out, "south", track->south);
    write_number(out, "ground", track->ground);
    write_number(out, "road", track->road);
    write_number(out, "accent", track->accent);
    write_number(out, "crosses", track->crosses);
    fprintf(out, "    },\n");
}

static bool write_table(const char *path,
                        const struct track made[],
                        uint32_t count,
                        const char *points,
                        size_t length)
{
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return false;
    fprintf(out,
            "/* Made by tools/tracks from sync/tracks/. */\n#include \"sync/race_track.h\"\n\n");
    fwrite(points, 1, length, out);
    fprintf(out, "const struct track tracks[] = {\n");
    for (uint32_t i = 0; i < count; i++)
        write_track(out, &made[i]);
    fprintf(out, "};\n\nconst uint32_t track_count = sizeof tracks / sizeof tracks[0];\n");
    bool written = ferror(out) == 0;
    return fclose(out) == 0 && written;
}

static bool add_track(const char *path, struct track made[], uint32_t count, FILE *points)
{
    static struct track_plan plan;
    static struct track_shape shape;
    char error[ERROR_MAX] = "";
    bool good = track_plan_read(&plan, path, error) && track_shape_make(&shape, &plan, error);
    for (uint32_t i = 0; good && i < count; i++) {
        if (strcmp(made[i].name, shape.track.name) == 0) {
            snprintf(error, sizeof error, "another track has this name");
            good = false;
        }
    }
    if (!good) {
        fprintf(stderr, "make_tracks: %s: %s\n", path, error);
        return false;
    }
    made[count] = shape.track;
    write_points(points, &shape);
    return true;
}

/* All plans, as long as they are tracks. */
static bool make(int count, char **plans, const char *path)
{
    static struct track all[TRACKS_MAX];
    char *text = NULL;
    size_t length = 0;
    FILE *points = open_memstream(&text, &length);
    bool made = points != NULL;
    for (int i = 0; made && i < count; i++)
        made = add_track(plans[i], all, (uint32_t)i, points);
    if (points != NULL)
        made = fclose(points) == 0 && made;
    if (made && !write_table(path, all, (uint32_t)count, text, length)) {
        fprintf(stderr, "make_tracks: %s cannot be written\n", path);
        made = false;
    }
    free(text);
    return made;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc - 2 > TRACKS_MAX) {
        fprintf(stderr, "make_tracks TABLE.c PLAN.json... (at most %d)\n", TRACKS_MAX);
        return 2;
    }
    return make(argc - 2, argv + 2, argv[1]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
