/* rules.c - the game: everyone has a marble, and whoever reaches the gem first has it.
 *
 * The server calls these functions, one tick after the other. They are the only ones who move a
 * marble or count a gem; what players send is how they tilt the table.
 */
#include "sync/rules.h"
#include "step.h"

#define PLAYERS      16 /* who comes beyond watches */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- What everyone sees ------------------------------------------------------------------------- */

/* Their numbers, in the order of the tables. */
enum {
    PRESENCE,
    MARBLES,
    GEMS
};
enum {
    MARBLE_MEMBER,
    MARBLE_X,
    MARBLE_Y,
    MARBLE_VX,
    MARBLE_VY,
    MARBLE_GEMS
};
enum {
    GEM_X,
    GEM_Y
};

static const struct field_rules marble_fields[] = {
    {.name = "member", .type = FIELD_INT},
    {.name = "x", .type = FIELD_INT, .minimum = 0, .maximum = TABLE_WIDTH},
    {.name = "y", .type = FIELD_INT, .minimum = 0, .maximum = TABLE_HEIGHT},
    {.name = "vx", .type = FIELD_INT, .minimum = -SPEED_MAX, .maximum = SPEED_MAX},
    {.name = "vy", .type = FIELD_INT, .minimum = -SPEED_MAX, .maximum = SPEED_MAX},
    {.name = "gems", .type = FIELD_INT},
};

static const struct field_rules gem_fields[] = {
    {.name = "x", .type = FIELD_INT, .minimum = 0, .maximum = TABLE_WIDTH},
    {.name = "y", .type = FIELD_INT, .minimum = 0, .maximum = TABLE_HEIGHT},
};

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE},
    {.name = "marbles",
     .server_only = true,
     .fields = marble_fields,
     .field_count = COUNT(marble_fields)},
    {.name = "gems", .server_only = true, .fields = gem_fields, .field_count = COUNT(gem_fields)},
};

/* --- What the room remembers -------------------------------------------------------------------- */

struct player {
    uint32_t member; /* 0: the place is free */
    uint32_t gems;
    struct marble marble;
};

struct game {
    struct player players[PLAYERS];
    int32_t gem_x, gem_y;
};

/* --- Records made from it ----------------------------------------------------------------------- */

/* A marble's record is named by its place: a to p. */
static struct bytes id_of(uint32_t place, uint8_t id[1])
{
    id[0] = (uint8_t)('a' + place);
    return (struct bytes){id, 1};
}

static void show_player(struct room *room, uint32_t place)
{
    const struct game *game = room_memory(room);
    const struct player *player = &game->players[place];
    const struct field_value values[] = {
        {.field = MARBLE_MEMBER, .number = player->member},
        {.field = MARBLE_X, .number = player->marble.x},
        {.field = MARBLE_Y, .number = player->marble.y},
        {.field = MARBLE_VX, .number = player->marble.vx},
        {.field = MARBLE_VY, .number = player->marble.vy},
        {.field = MARBLE_GEMS, .number = player->gems},
    };
    uint8_t id[1];
    room_put(room, MARBLES, 0, id_of(place, id), values, COUNT(values));
}

static int32_t somewhere(struct room *room, int32_t length)
{
    return RADIUS + (int32_t)room_random(room, (uint32_t)(length - 2 * RADIUS));
}

static void place_gem(struct room *room)
{
    struct game *game = room_memory(room);
    game->gem_x = somewhere(room, TABLE_WIDTH);
    game->gem_y = somewhere(room, TABLE_HEIGHT);
    const struct field_value values[] = {
        {.field = GEM_X, .number = game->gem_x},
        {.field = GEM_Y, .number = game->gem_y},
    };
    room_put(room, GEMS, 0, bytes_of("gem"), values, COUNT(values));
}

/* --- What happens ------------------------------------------------------------------------------- */

static void clear_place(struct room *room, uint32_t place)
{
    struct game *game = room_memory(room);
    uint8_t id[1];
    room_remove(room, MARBLES, 0, id_of(place, id));
    game->players[place] = (struct player){0};
}

static void created(struct room *room)
{
    place_gem(room);
}

/* It slept, or the server stopped: whoever was here has gone. */
static void woken(struct room *room)
{
    for (uint32_t place = 0; place < PLAYERS; place++)
        clear_place(room, place);
}

static void joined(struct room *room, uint32_t member)
{
    struct game *game = room_memory(room);
    uint32_t place = 0;
    while (place < PLAYERS && game->players[place].member != 0)
        place++;
    if (place == PLAYERS)
        return;
    game->players[place] = (struct player){
        .member = member,
        .marble = {.x = somewhere(room, TABLE_WIDTH), .y = somewhere(room, TABLE_HEIGHT)},
    };
    show_player(room, place);
}

static void left(struct room *room, uint32_t member)
{
    struct game *game = room_memory(room);
    for (uint32_t place = 0; place < PLAYERS; place++)
        if (game->players[place].member == member)
            clear_place(room, place);
}

static bool touches_gem(const struct game *game, const struct marble *marble)
{
    int64_t across = marble->x - game->gem_x, down = marble->y - game->gem_y;
    return across * across + down * down < (int64_t)(2 * RADIUS) * (2 * RADIUS);
}

static void tick(struct room *room)
{
    struct game *game = room_memory(room);
    for (uint32_t place = 0; place < PLAYERS; place++) {
        struct player *player = &game->players[place];
        int64_t tilt = TILT_LEVEL;
        if (player->member == 0)
            continue;
        room_input_number(room, player->member, &tilt);
        marble_step(&player->marble, (uint32_t)tilt);
        if (touches_gem(game, &player->marble)) {
            player->gems++;
            place_gem(room);
        }
        if (room_frame_due(room)) /* frames are sent 20 times a second: between them nobody looks */
            show_player(room, place);
    }
}

/* --- What is taken from a disk ------------------------------------------------------------------- */

static bool within(int32_t number, int32_t least, int32_t most)
{
    return number >= least && number <= most;
}

/* A memory that comes back may be damaged, or out of a file that somebody made: the game goes on with
 * one that it can have left behind, and begins anew in the place of any other. */
static bool sound(const struct room *room, const void *memory)
{
    const struct game *game = memory;
    bool fits = true;
    (void)room;
    for (uint32_t place = 0; place < PLAYERS; place++) {
        const struct marble *marble = &game->players[place].marble;
        fits = fits && within(marble->x, 0, TABLE_WIDTH) && within(marble->y, 0, TABLE_HEIGHT) &&
               within(marble->vx, -SPEED_MAX, SPEED_MAX) &&
               within(marble->vy, -SPEED_MAX, SPEED_MAX);
    }
    return fits;
}

/* --- The kind ----------------------------------------------------------------------------------- */

/* One tilt for each tick; where one is missing, the last stays for half a second. */
static const struct input_rules tilts = {
    .value = {.type = FIELD_INT, .minimum = 0, .maximum = TILT_MAX},
    .hold = 30,
};

static const struct rules rules = {
    .name = "@NAME@",
    .tick_hz = 60,
    .frame_hz = 20,
    .collections = collections,
    .collection_count = COUNT(collections),
    .input = &tilts,
    .tick_records = 3 * PLAYERS + 1, /* places cleared, marbles shown, gems found; the first gem */
    .tick_bytes = 1024,              /* of values that are no numbers: there are none yet */
    .member_records = 1,             /* who comes or goes: a marble is shown or cleared */
    .memory_bytes = sizeof(struct game),
    .memory_ticks = 60,
    .sound = sound,
    .created = created,
    .woken = woken,
    .joined = joined,
    .left = left,
    .tick = tick,
};

const struct room_kind room_kind = ROOM_KIND(&rules);
