#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tools/load.h"

static struct member *member_of(struct link *link)
{
    return (struct member *)link;
}

static struct load_room *room_of(const struct member *member)
{
    return &member->load->rooms[member->room];
}

static void joined(struct member *member)
{
    if (member->joined || member->lost)
        return;
    member->joined = true;
    member->load->joined++;
}

static void lose(struct member *member, const char *reason)
{
    struct load *load = member->load;
    if (member->lost)
        return;
    member->lost = true;
    if (load->lost++ == 0)
        snprintf(load->first_loss, sizeof load->first_loss, "%s", reason);
}

/* --- Observers: clients on a link ------------------------------------------------------------------- */

static void fill_random(void *context, uint8_t *data, size_t length)
{
    (void)context;
    for (size_t at = 0; at < length;) {
        ssize_t got = getrandom(data + at, length - at, 0);
        at += got > 0 ? (size_t)got : 0;
    }
}

/* A presence that is on its way out is what others will see: remember it. */
static void note_sent(struct member *member, struct bytes message, uint64_t now_us)
{
    int64_t kind;
    if (wire_read_kind(message, &kind) != STATUS_OK)
        return;
    if (kind == CLIENT_PRESENCE || kind >= CLIENT_MOVED)
        trail_sent(member->trail, member->x, member->y, now_us);
}

void member_pump(struct member *member, uint64_t now_us)
{
    struct load *load = member->load;
    if (member->observer == NULL || member->lost || member->link.state != LINK_OPEN)
        return;
    struct tutti_client *client = member->observer->client;
    tutti_advance(client, now_us);
    size_t length;
    while ((length = tutti_output(client, now_us, load->scratch, MESSAGE_BYTES_MAX)) > 0) {
        note_sent(member, (struct bytes){load->scratch, length}, now_us);
        if (!link_send(&load->links, &member->link, load->scratch, length))
            lose(member, "a socket did not take a message");
    }
    if (tutti_wish(client) == TUTTI_DISCONNECT) {
        lose(member, tutti_state_reason(client, NULL));
        link_close(&load->links, &member->link);
    }
}

/* Where a record of this load's members says that it is; false for anybody else's. */
static bool read_position(const struct member *viewer,
                          const struct replica_record *record,
                          struct member **shown,
                          int32_t *x,
                          int32_t *y)
{
    const struct load *load = viewer->load;
    const struct tutti_record *outer = (const struct tutti_record *)record;
    struct tutti_value user = tutti_get(outer, "user");
    struct tutti_value at_x = tutti_get(outer, "x"), at_y = tutti_get(outer, "y");
    if (user.type != TUTTI_INTEGER || user.integer < 0 || user.integer >= load->count ||
        at_x.type == TUTTI_NIL || at_y.type == TUTTI_NIL)
        return false;
    *shown = &load->members[user.integer];
    *x = (int32_t)lround(2 * tutti_number(outer, "x"));
    *y = (int32_t)lround(2 * tutti_number(outer, "y"));
    return (*shown)->room == viewer->room;
}

static void see(struct member *viewer, const struct replica_record *record)
{
    struct load *load = viewer->load;
    struct observer *observer = viewer->observer;
    struct member *shown;
    struct trail_match match;
    int32_t x, y;
    if (load->options.idle || !read_position(viewer, record, &shown, &x, &y))
        return;
    uint64_t *seen = &observer->seen[shown->index / load->options.rooms];
    enum trail_outcome outcome = trail_match(shown->trail, seen, x, y, &match);
    if (!load->measuring)
        return;
    switch (outcome) {
    case TRAIL_NEW:
        observer->sightings.updates++;
        observer->sightings.superseded += match.superseded;
        if (viewer != load->stall.member)
            histogram_add(&load->latency, tutti_now_us() - match.sent_us);
        break;
    case TRAIL_AGAIN:
        break;
    case TRAIL_BACKWARDS:
        observer->sightings.backwards++;
        break;
    case TRAIL_FOREIGN:
        observer->sightings.foreign++;
        break;
    }
}

static void on_added(void *context, struct tutti_client *client, const struct tutti_record *record)
{
    struct member *member = context;
    (void)client;
    if (member->observer->driver != NULL)
        driver_sees(member, record);
    else
        see(member, (const struct replica_record *)record);
}

static void on_changed(void *context,
                       struct tutti_client *client,
                       const struct tutti_record *record,
                       uint32_t fields)
{
    struct member *member = context;
    const struct load_room *room = room_of(member);
    uint32_t position = 0;
    (void)client;
    if (member->observer->driver != NULL) {
        driver_sees(member, record);
        return;
    }
    if (room->field_x >= 0 && room->field_y >= 0)
        position = 1u << room->field_x | 1u << room->field_y;
    if (position == 0 || (fields & position) != 0)
        see(member, (const struct replica_record *)record);
}

/* The first live observer of a room tells how walkers are to say where they are. */
static void learn_room(struct load_room *room, const struct replica *replica)
{
    const struct replica_collection *presence = replica_collection_at(replica, 0);
    if (room->known || presence == NULL)
        return;
    room->known = true;
    room->field_x = replica_field(presence, bytes_of("x"));
    room->field_y = replica_field(presence, bytes_of("y"));
    if (room->field_x < 0 || room->field_y < 0)
        return;
    const struct replica_field *x = &presence->fields[room->field_x];
    const struct replica_field *y = &presence->fields[room->field_y];
    if (x->type == FIELD_FIXED && y->type == FIELD_FIXED && x->steps == y->steps)
        room->steps = x->steps;
}

static void on_state(void *context, struct tutti_client *client, enum tutti_state state)
{
    struct member *member = context;
    if (state != TUTTI_LIVE)
        return;
    learn_room(room_of(member), client->replica);
    joined(member);
}

static bool make_observer(struct member *member)
{
    struct load *load = member->load;
    struct tutti_options options = {
        .kind = load->options.kind,
        .user = tutti_integer(member->index),
        .random = fill_random,
    };
    struct tutti_handlers handlers = {
        .context = member,
        .state_changed = on_state,
        .record_added = on_added,
        .record_changed = on_changed,
    };
    struct observer *observer = calloc(1, sizeof *observer);
    if (observer == NULL)
        return false;
    member->observer = observer;
    if (load->options.writes > 0 && !writes_prepare(observer, &options, &handlers))
        return false;
    if (load_races(&load->options) && !driver_prepare(observer, &handlers))
        return false;
    observer->seen = calloc(load->options.clients + 1, sizeof *observer->seen);
    observer->client = tutti_create(&options, &handlers, tutti_now_us());
    return observer->seen != NULL && observer->client != NULL;
}

uint64_t observer_lost(const struct member *member)
{
    const struct load *load = member->load;
    const struct replica *replica = member->observer->client->replica;
    const struct replica_collection *presence = replica_collection_at(replica, 0);
    const struct replica_record *record = NULL;
    uint64_t right = 0, wanted = 0;
    for (uint32_t i = member->room; i < load->count; i += load->options.rooms)
        wanted += !load->members[i].lost;
    while ((record = replica_next(replica, presence, record)) != NULL) {
        struct member *shown;
        int32_t x, y;
        if (read_position(member, record, &shown, &x, &y) && !shown->lost)
            right += trail_is_last(shown->trail, x, y);
    }
    return wanted > right ? wanted - right : 0;
}

/* --- Walkers ----------------------------------------------------------------------------------------- */

static void walker_send(struct member *member, const struct writer *writer)
{
    struct load *load = member->load;
    if (writer->status == STATUS_OK &&
        !link_send(&load->links, &member->link, writer->data, writer->length))
        member->placed = false; /* what the server knows is uncertain: the next goes whole */
}

static void walker_hello(struct member *member)
{
    struct load *load = member->load;
    uint8_t user[9];
    struct writer packed = writer_on(user, sizeof user);
    pack_integer(&packed, member->index);
    struct hello hello = {
        .version = WIRE_VERSION,
        .kind = load->options.kind == NULL ? (struct bytes){NULL, 0} : bytes_of(load->options.kind),
        .user = writer_bytes(&packed),
    };
    fill_random(NULL, hello.key, sizeof hello.key);
    struct writer writer = writer_on(load->scratch, MESSAGE_BYTES_MAX);
    message_write_hello(&writer, &hello);
    walker_send(member, &writer);
}

static void pack_place(struct writer *writer, const struct load_room *room, int32_t half_pixels)
{
    if (room->steps > 0)
        pack_integer(writer, lround(half_pixels / 2.0 * room->steps));
    else
        pack_double(writer, half_pixels / 2.0);
}

/* Presence moved, where the fields have numbers low enough. */
static bool pack_moved(struct writer *writer, const struct member *member, int32_t x, int32_t y)
{
    const struct load_room *room = room_of(member);
    if (!member->placed || room->steps != 2 || room->field_x > 5 || room->field_y > 5)
        return false;
    int32_t moves[FIELDS_MAX] = {0};
    moves[room->field_x] = x - member->x;
    moves[room->field_y] = y - member->y;
    uint32_t mask =
        (x != member->x ? 1u << room->field_x : 0) | (y != member->y ? 1u << room->field_y : 0);
    pack_array(writer, 1 + (uint32_t)__builtin_popcount(mask));
    pack_integer(writer, CLIENT_MOVED + (int64_t)mask);
    for (uint32_t i = 0; mask >> i != 0; i++)
        if ((mask >> i & 1) != 0)
            pack_integer(writer, (int64_t)zigzag(moves[i]));
    return true;
}

static void pack_whole(struct writer *writer, const struct load_room *room, int32_t x, int32_t y)
{
    bool named = room->field_x < 0 || room->field_y < 0;
    pack_array(writer, 5);
    pack_integer(writer, CLIENT_PRESENCE);
    if (named)
        pack_string(writer, bytes_of("x"));
    else
        pack_integer(writer, room->field_x);
    pack_place(writer, room, x);
    if (named)
        pack_string(writer, bytes_of("y"));
    else
        pack_integer(writer, room->field_y);
    pack_place(writer, room, y);
}

static void walker_move(struct member *member, int32_t x, int32_t y, uint64_t now_us)
{
    struct load *load = member->load;
    struct writer writer = writer_on(load->scratch, MESSAGE_BYTES_MAX);
    if (!pack_moved(&writer, member, x, y))
        pack_whole(&writer, room_of(member), x, y);
    member->x = x;
    member->y = y;
    member->placed = true;
    trail_sent(member->trail, x, y, now_us);
    walker_send(member, &writer);
}

static void walker_hear(struct member *member, struct bytes payload, int64_t kind)
{
    struct welcome welcome;
    if (kind == SERVER_WELCOME) {
        if (message_read_welcome(payload, &welcome) != STATUS_OK)
            lose(member, "a malformed welcome");
        member->welcomed = true;
    } else if (server_message_is_frame(kind) && member->welcomed) {
        joined(member);
    }
}

/* --- Both --------------------------------------------------------------------------------------------- */

bool member_open(struct load *load, uint32_t index)
{
    struct member *member = &load->members[index];
    *member = (struct member){
        .load = load,
        .index = index,
        .room = index % load->options.rooms,
    };
    hand_init(&member->hand, index + 1);
    if (!load->options.idle && !load_races(&load->options)) {
        member->trail = calloc(1, sizeof *member->trail);
        if (member->trail == NULL)
            return false;
    }
    bool observes = index / load->options.rooms < load->options.observers;
    if (load->options.stall_s > 0 && index == load->count - 1) {
        load->stall.member = member;
        member->room = 0;
        observes = true;
    }
    if (observes && !make_observer(member))
        return false;
    int buffer = member == load->stall.member ? load->options.stall_buffer : 0;
    link_open(&load->links, &member->link, load->rooms[member->room].name, index, buffer);
    return true;
}

void member_move(struct member *member, double seconds, uint64_t now_us)
{
    if (!member->joined || member->lost)
        return;
    hand_move(&member->hand, seconds);
    int32_t x = member->hand.x, y = member->hand.y;
    bool moved = !member->placed || x != member->x || y != member->y;
    if (member->observer == NULL) {
        if (moved)
            walker_move(member, x, y, now_us);
        return;
    }
    if (moved) {
        member->x = x;
        member->y = y;
        member->placed = true;
        (void)tutti_presence(member->observer->client, "x", tutti_real(x / 2.0));
        (void)tutti_presence(member->observer->client, "y", tutti_real(y / 2.0));
    }
    member_pump(member, now_us);
}

void member_ask_clock(struct member *member, uint64_t now_us)
{
    if (!member->joined || member->lost)
        return;
    if (member->observer != NULL) {
        member_pump(member, now_us);
        return;
    }
    struct writer writer = writer_on(member->load->scratch, MESSAGE_BYTES_MAX);
    message_write_clock(&writer, clock_echo(now_us));
    walker_send(member, &writer);
}

void member_close(struct member *member)
{
    if (member->load == NULL)
        return;
    link_close(&member->load->links, &member->link);
    if (member->observer != NULL) {
        tutti_destroy(member->observer->client);
        free(member->observer->seen);
        free(member->observer->writes);
        free(member->observer->driver);
        free(member->observer);
    }
    free(member->trail);
}

/* --- Events of links ----------------------------------------------------------------------------------- */

static void on_opened(struct link *link)
{
    struct member *member = member_of(link);
    if (member->observer == NULL) {
        walker_hello(member);
        return;
    }
    tutti_opened(member->observer->client, tutti_now_us());
    member_pump(member, tutti_now_us());
}

static void keep_shown(struct load *load, struct bytes payload)
{
    load->shown = malloc(payload.length);
    if (load->shown == NULL)
        return;
    memcpy(load->shown, payload.data, payload.length);
    load->shown_length = payload.length;
}

static void watch_catching_up(struct load *load, const struct member *member)
{
    struct stall *stall = &load->stall;
    if (member != stall->member || !stall->resumed || stall->caught_up)
        return;
    if (tutti_tick(member->observer->client) < stall->tick_wanted)
        return;
    stall->caught_up = true;
    stall->caught_up_us = tutti_now_us();
    stall->messages = member->frames - stall->messages_before;
    stall->bytes = member->frame_bytes - stall->bytes_before;
}

static void on_message(struct link *link, struct bytes payload)
{
    struct member *member = member_of(link);
    struct load *load = member->load;
    int64_t kind;
    if (wire_read_kind(payload, &kind) != STATUS_OK) {
        lose(member, "a malformed message");
        link_close(&load->links, link);
        return;
    }
    if (server_message_is_frame(kind)) {
        member->frames++;
        member->frame_bytes += payload.length;
    }
    if (member->observer == NULL) {
        walker_hear(member, payload, kind);
        return;
    }
    bool usual = kind == SERVER_FRAME || kind == SERVER_FRAME_INPUTS;
    if (load->options.show_frame && load->measuring && load->shown == NULL && usual &&
        member->index == 0)
        keep_shown(load, payload);
    tutti_received(member->observer->client, tutti_now_us(), payload.data, payload.length);
    watch_catching_up(load, member);
    member_pump(member, tutti_now_us());
}

static void on_closed(struct link *link, int code, const char *reason)
{
    char text[160];
    snprintf(text, sizeof text, "%s (%d)", reason, code);
    lose(member_of(link), text);
}

const struct link_events load_link_events = {
    .opened = on_opened,
    .message = on_message,
    .closed = on_closed,
};
