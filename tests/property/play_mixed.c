/* play_mixed.c - a kind with every sight and every merge, and rules that write. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/room.h"
#include "tests/property/play.h"

static const struct field_rules presence_fields[] = {
    {.name = "x", .type = FIELD_FIXED, .maximum = 4000, .steps = 2, .logged = true},
    {.name = "y", .type = FIELD_FIXED, .maximum = 4000, .steps = 2},
    {.name = "note", .type = FIELD_ANY, .logged = true},
};
enum {
    PRESENCE_X = 2,
    PRESENCE_NOTE = 4
};
static const struct field_rules shape_fields[] = {
    {.name = "x", .type = FIELD_INT, .minimum = -1000, .maximum = 1000},
    {.name = "y", .type = FIELD_INT, .minimum = -1000, .maximum = 1000},
    {.name = "label", .type = FIELD_STRING, .maximum = 20},
    {.name = "votes", .type = FIELD_INT, .merge = MERGE_ADD},
    {.name = "points", .type = FIELD_INTS, .merge = MERGE_APPEND, .maximum = 500},
};
static const struct field_rules count_fields[] = {
    {.name = "sum", .type = FIELD_INT, .merge = MERGE_ADD},
};
static const struct field_rules ledger_fields[] = {{.name = "value", .type = FIELD_INT}};
static const struct field_rules weather_fields[] = {{.name = "value", .type = FIELD_INT}};

enum {
    LEDGER = 4,
    WEATHER = 6
};

static const struct collection_rules collections[] = {
    {.name = "presence",
     .sight = SIGHT_PRESENCE,
     .learns = true,
     .fields = presence_fields,
     .field_count = 3},
    {.name = "shapes",
     .sight = SIGHT_EVERYONE,
     .learns = true,
     .fields = shape_fields,
     .field_count = 5},
    {.name = "secrets", .sight = SIGHT_ROLE, .role = ROLE_OWNER, .learns = true},
    {.name = "hands", .sight = SIGHT_MEMBER, .learns = true},
    [LEDGER] = {.name = "ledger", .sight = SIGHT_SERVER, .fields = ledger_fields, .field_count = 1},
    {.name = "counts", .sight = SIGHT_EVERYONE, .fields = count_fields, .field_count = 1},
    [WEATHER] = {.name = "weather",
                 .sight = SIGHT_EVERYONE,
                 .server_only = true,
                 .fields = weather_fields,
                 .field_count = 1},
};
static const struct event_rules events[] = {
    {.name = "chat", .kept = 4},
    {.name = "wave", .kept = 2, .presence = true},
};

#define CALMS_MAX 6u

/* Its ticks tell that all of it was kept. */
struct mixed_memory {
    uint64_t ticks;
    uint64_t calms;
    uint64_t seen; /* a digest of all that rules can see */
};

static void see(struct room *room, uint64_t what)
{
    struct mixed_memory *memory = room_memory(room);
    memory->seen = (memory->seen ^ what) * UINT64_C(0x9e3779b97f4a7c15);
    memory->seen ^= memory->seen >> 29;
}

static void see_bytes(struct room *room, struct bytes bytes)
{
    see(room, bytes.length);
    for (size_t i = 0; i < bytes.length; i++)
        see(room, bytes.data[i]);
}

static void see_member(struct room *room, uint32_t member)
{
    struct bytes presence = {0};
    int64_t x = -1;
    room_number(room, 0, member, presence, PRESENCE_X, &x);
    see(room, member);
    see(room, (uint64_t)x);
    see(room, room_member_role(room, member));
    see(room, room_member_away(room, member));
    see(room, room_input_held(room, member));
    see_bytes(room, room_input(room, member));
    see_bytes(room, room_member_user(room, member));
    see_bytes(room, room_field(room, 0, member, presence, PRESENCE_NOTE).packed);
}

static void see_all(struct room *room)
{
    see(room, room_tick_number(room));
    see(room, room_members(room));
    see(room, room_frame_due(room));
    for (uint32_t member = 0; (member = room_member_next(room, member)) != 0;)
        see_member(room, member);
}

static void rules_joined(struct room *room, uint32_t member)
{
    see_member(room, member);
    see_all(room);
}

static void rules_left(struct room *room, uint32_t member)
{
    see(room, room_member_here(room, member));
    see_all(room);
}

static void rules_woken(struct room *room)
{
    see(room, 1);
}

/* Now and then it likes no deletion. */
static enum status rules_accept(struct room *room, const struct edit_view *edit)
{
    const struct mixed_memory *memory = room_memory(room);
    return edit->verb == VERB_DELETE && memory->seen % 8 == 0 ? STATUS_REFUSED : STATUS_OK;
}

static void write_field(struct room *room, int collection, const char *id, int64_t value)
{
    struct field_value field = {.field = 0, .number = value};
    ck_assert_int_eq(room_put(room, collection, 0, bytes_of(id), &field, 1), STATUS_OK);
}

static void rules_tick(struct room *room)
{
    struct mixed_memory *memory = room_memory(room);
    memory->ticks++;
    see_all(room);
    /* A few times: each forgets an older one where few are remembered, and a first load begins anew. */
    bool calm = memory->calms < CALMS_MAX && room_random(room, 7) == 0;
    if (calm && room_remove(room, WEATHER, 0, bytes_of("wind")) == STATUS_OK)
        memory->calms++;
    if (room_random(room, 5) == 0)
        write_field(room, LEDGER, "secret", (int64_t)room_random(room, 1000));
    if (room_random(room, 9) == 0)
        write_field(room, WEATHER, "wind", (int64_t)room_random(room, 360));
    int64_t wish;
    if (room_input_number(room, 1, &wish) && room_random(room, 9) == 0)
        write_field(room, WEATHER, "wish", wish);
}

static void rules_timer(struct room *room, uint32_t timer)
{
    write_field(room, WEATHER, "timer", (int64_t)timer);
    see(room, timer);
    if (timer < 5)
        ck_assert_int_eq(room_set_timer(room, timer + 1, 7), STATUS_OK);
}

static void rules_created(struct room *room)
{
    ck_assert_int_eq(room_set_timer(room, 1, 3), STATUS_OK);
}

static const struct input_rules input = {
    .value = {.type = FIELD_INT, .maximum = 2},
    .hold = 1,
};

static const struct rules kind = {
    .name = "mixed",
    .tick_hz = 20,
    .frame_hz = 10,
    .records_presence = true,
    .collections = collections,
    .collection_count = 7,
    .events = events,
    .event_count = 2,
    .learns = true,
    .input = &input,
    .tick_records = 8,
    .memory_bytes = sizeof(struct mixed_memory),
    .memory_ticks = 1,
    .created = rules_created,
    .woken = rules_woken,
    .joined = rules_joined,
    .accept = rules_accept,
    .left = rules_left,
    .tick = rules_tick,
    .timer = rules_timer,
};

/* --- What members do ------------------------------------------------------------------------------ */

static uint32_t chance(const struct turn *turn, uint32_t bound)
{
    return play_chance(turn->random, bound);
}

static void write_id(const struct turn *turn, const char *collection, struct writer *writer)
{
    char id[24];
    bool hand = strcmp(collection, "hands") == 0;
    snprintf(id, sizeof id, "%s%u%sr%u", hand ? "m" : "", hand ? turn->member : 0, hand ? "-" : "",
             chance(turn, turn->ids));
    pack_string(writer, bytes_of(id));
}

static void write_value(const struct turn *turn, const char *field, struct writer *writer)
{
    if (chance(turn, 8) == 0) {
        pack_nil(writer);
    } else if (strcmp(field, "label") == 0) {
        pack_string(writer, bytes_of(chance(turn, 2) == 0 ? "red" : "a somewhat longer"));
    } else if (strcmp(field, "points") == 0) {
        uint32_t count = chance(turn, 4);
        pack_array(writer, count);
        for (uint32_t i = 0; i < count; i++)
            pack_integer(writer, (int64_t)chance(turn, 100));
    } else {
        pack_integer(writer, (int64_t)chance(turn, 400) - 200);
    }
}

static void write_pairs(const struct turn *turn, const char *collection, struct writer *writer)
{
    static const char *const declared[] = {"x", "y", "label", "votes", "points"};
    static const char *const learnt[] = {"a", "b", "c", "d"};
    bool shape = strcmp(collection, "shapes") == 0;
    uint32_t first = chance(turn, 4);
    for (uint32_t i = 0; i < 2; i++) {
        const char *field = shape ? declared[(first + i) % 5] : learnt[(first + i) % 4];
        pack_string(writer, bytes_of(field));
        write_value(turn, field, writer);
    }
}

/* The count of an edit's elements must stand in front of them: 3 and what is written after. */
static void write_edit(const struct turn *turn, struct writer *writer)
{
    static const char *const names[] = {"shapes", "shapes", "shapes", "secrets", "hands", "learnt"};
    const char *collection = names[chance(turn, 6)];
    uint32_t verb = chance(turn, 10);
    uint32_t guards = chance(turn, 6) == 0 ? 4 : 0; /* if mine */
    struct open_array edit = pack_array_begin(writer);
    if (verb <= 1 && strcmp(collection, "shapes") == 0) {
        pack_integer(writer, 2); /* append */
        pack_string(writer, bytes_of(collection));
        write_id(turn, collection, writer);
        pack_string(writer, bytes_of("points"));
        for (uint32_t left = 1 + chance(turn, 4); left > 0; left--)
            pack_integer(writer, (int64_t)chance(turn, 300));
    } else if (verb == 2 && strcmp(collection, "shapes") == 0) {
        pack_integer(writer, 3); /* add */
        pack_string(writer, bytes_of(collection));
        write_id(turn, collection, writer);
        pack_string(writer, bytes_of("votes"));
        pack_integer(writer, 1);
    } else if (verb == 3 || verb == 4) {
        pack_integer(writer, 4); /* delete */
        pack_string(writer, bytes_of(collection));
        write_id(turn, collection, writer);
    } else if (verb == 5) {
        pack_integer(writer, 5); /* emit */
        pack_string(writer, bytes_of(chance(turn, 2) == 0 ? "chat" : "wave"));
        uint32_t other = turn->others[chance(turn, turn->other_count)];
        pack_integer(writer, chance(turn, 2) == 0 ? 0 : other);
        pack_integer(writer, (int64_t)chance(turn, 1000));
    } else {
        pack_integer(writer, (int64_t)(verb == 6 ? 1 : 0) + 8 * guards);
        pack_string(writer, bytes_of(collection));
        write_id(turn, collection, writer);
        if (guards != 0)
            pack_integer(writer, turn->sequence);
        write_pairs(turn, collection, writer);
    }
    pack_array_end(writer, edit);
}

/* --- What must hold ------------------------------------------------------------------------------- */

/* What a member may hold: no ledger, secrets only as an owner, of hands only its own. */
static void
check_sight(const struct replica *replica, uint32_t member, enum role role, unsigned seed)
{
    const struct replica_collection *secrets = replica_collection(replica, bytes_of("secrets"));
    const struct replica_collection *hands = replica_collection(replica, bytes_of("hands"));
    ck_assert(replica_collection(replica, bytes_of("ledger")) == NULL);
    if (role < ROLE_OWNER && secrets != NULL)
        ck_assert_msg(replica_next(replica, secrets, NULL) == NULL,
                      "seed %u: a secret is shown to member %u", seed, member);
    char mine[16];
    int length = snprintf(mine, sizeof mine, "m%u-", member);
    const struct replica_record *record = NULL;
    while (hands != NULL && (record = replica_next(replica, hands, record)) != NULL) {
        struct bytes id = replica_record_id(record);
        ck_assert_msg(id.length > (size_t)length && memcmp(id.data, mine, (size_t)length) == 0,
                      "seed %u: member %u holds another's hand", seed, member);
    }
}

const struct play play_mixed = {.rules = &kind,
                                .counts = true,
                                .write_edit = write_edit,
                                .check = check_sight};
