#include "sync/race_track.h"

#define WIDTH_UNIT (RACE_METRE / TRACK_WIDTHS)
#define PART_UNIT  65536

static uint32_t after(const struct track *track, uint32_t point)
{
    return point + 1 < track->count ? point + 1 : 0;
}

static uint32_t before(const struct track *track, uint32_t point)
{
    return (point > 0 ? point : track->count) - 1;
}

static int32_t between(int32_t from, int32_t to, int32_t part)
{
    return from + (int32_t)(((int64_t)to - from) * part / PART_UNIT);
}

static int32_t far_at_most(int64_t distance)
{
    if (distance > RACE_FAR)
        return RACE_FAR;
    return distance < -RACE_FAR ? -RACE_FAR : (int32_t)distance;
}

/* How far (x, y) is beyond the crosswise line through a point, in 1/(RACE_METRE * TRACK_UNIT) m. */
static int64_t beyond(const struct track_point *point, int32_t x, int32_t y)
{
    return ((int64_t)x - point->x) * point->tx + ((int64_t)y - point->y) * point->ty;
}

static uint32_t search(const struct track *track, int32_t x, int32_t y, uint32_t near)
{
    uint32_t segment = near < track->count ? near : 0;
    for (uint32_t step = 0; step < TRACK_SEARCH; step++) {
        if (beyond(&track->points[segment], x, y) < 0)
            segment = before(track, segment);
        else if (beyond(&track->points[after(track, segment)], x, y) >= 0)
            segment = after(track, segment);
        else
            break;
    }
    return segment;
}

/* How far between the crosswise lines through both ends; false when it is not between them. */
static bool find_part(const struct track_point *from,
                      const struct track_point *to,
                      int32_t x,
                      int32_t y,
                      int32_t *part)
{
    int64_t behind = beyond(from, x, y);
    int64_t left = -beyond(to, x, y);
    bool between_them = behind >= 0 && left >= 0 && behind + left > 0;
    if (between_them)
        *part = (int32_t)(behind * PART_UNIT / (behind + left));
    else
        *part = behind < 0 ? 0 : PART_UNIT;
    return between_them;
}

bool track_find(const struct track *track,
                int32_t x,
                int32_t y,
                uint32_t near,
                struct track_place *place)
{
    x = far_at_most(x);
    y = far_at_most(y);
    uint32_t segment = search(track, x, y, near);
    const struct track_point *from = &track->points[segment];
    const struct track_point *to = &track->points[after(track, segment)];
    int32_t part;
    bool found = find_part(from, to, x, y, &part);

    place->segment = segment;
    place->part = part;
    place->along =
        track_wrap(track, (int64_t)segment * track->spacing + between(0, track->spacing, part));
    place->x = between(from->x, to->x, part);
    place->y = between(from->y, to->y, part);
    place->nx = between(-from->ty, -to->ty, part);
    place->ny = between(from->tx, to->tx, part);
    place->half = between(from->half * WIDTH_UNIT, to->half * WIDTH_UNIT, part);
    place->left = between(from->left * WIDTH_UNIT, to->left * WIDTH_UNIT, part);
    place->right = between(from->right * WIDTH_UNIT, to->right * WIDTH_UNIT, part);

    /* Counted in lengths of (nx, ny), so that an offset names the same position when it is put back. */
    int64_t across = ((int64_t)x - place->x) * place->nx + ((int64_t)y - place->y) * place->ny;
    int64_t length = place->nx * place->nx + place->ny * place->ny;
    place->offset = far_at_most(across * TRACK_UNIT / length);
    return found;
}

enum surface track_surface(const struct track *track, const struct track_place *place)
{
    const struct track_point *point = &track->points[place->segment];
    bool on_left = place->offset < 0;
    int32_t distance = on_left ? -place->offset : place->offset;
    if (distance <= place->half)
        return SURFACE_ASPHALT;
    uint32_t kerb = on_left ? TRACK_KERB_LEFT : TRACK_KERB_RIGHT;
    if ((point->kerbs & kerb) != 0 && distance <= place->half + TRACK_KERB)
        return SURFACE_KERB;
    return (enum surface)(on_left ? point->on_left : point->on_right);
}

int32_t track_wrap(const struct track *track, int64_t along)
{
    int32_t rest = (int32_t)(along % track->length);
    return rest < 0 ? rest + track->length : rest;
}

int32_t track_advance(const struct track *track, int32_t from, int32_t to)
{
    int32_t way = track_wrap(track, (int64_t)to - from);
    return way > track->length / 2 ? way - track->length : way;
}

int32_t track_crossing(const struct track *track, uint32_t checkpoint, int32_t from, int32_t to)
{
    int32_t way = track_advance(track, from, to);
    uint32_t point = track->checkpoints[checkpoint % track->checkpoint_count];
    int64_t line = (int64_t)point * track->spacing;
    int32_t gap = track_wrap(track, line - from);
    if (gap == 0 || gap > way)
        return -1;
    return (int32_t)((int64_t)gap * TRACK_STEP_PARTS / way);
}

int32_t track_speed(const struct track_place *place, int32_t vx, int32_t vy)
{
    return far_at_most(((int64_t)vx * place->ny - (int64_t)vy * place->nx) / TRACK_UNIT);
}

/* A distance along the lap as a point and a part of the way to the next one. */
struct stretch {
    const struct track_point *from, *to;
    uint32_t segment;
    int32_t part;
};

static void stretch_at(const struct track *track, int64_t along, struct stretch *stretch)
{
    int32_t within = track_wrap(track, along);
    stretch->segment = (uint32_t)(within / track->spacing);
    stretch->from = &track->points[stretch->segment];
    stretch->to = &track->points[after(track, stretch->segment)];
    stretch->part = (int32_t)((int64_t)(within % track->spacing) * PART_UNIT / track->spacing);
}

void track_at(const struct track *track, int64_t along, int32_t offset, struct track_spot *spot)
{
    struct stretch at;
    stretch_at(track, along, &at);
    offset = far_at_most(offset);
    int64_t nx = between(-at.from->ty, -at.to->ty, at.part);
    int64_t ny = between(at.from->tx, at.to->tx, at.part);
    spot->segment = at.segment;
    spot->x = between(at.from->x, at.to->x, at.part) + (int32_t)(nx * offset / TRACK_UNIT);
    spot->y = between(at.from->y, at.to->y, at.part) + (int32_t)(ny * offset / TRACK_UNIT);
}

int32_t track_line(const struct track *track, int64_t along)
{
    struct stretch at;
    stretch_at(track, along, &at);
    return between(at.from->line * WIDTH_UNIT, at.to->line * WIDTH_UNIT, at.part);
}

int32_t track_pace(const struct track *track, int64_t along)
{
    struct stretch at;
    stretch_at(track, along, &at);
    return between(at.from->pace * TRACK_PACES, at.to->pace * TRACK_PACES, at.part);
}
