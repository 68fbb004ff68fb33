#include "sync/frame.h"

#include <assert.h>
#include <string.h>

#include "sync/log.h"
#include "sync/room_parts.h"
#include "sync/section.h"

/* [head, 0]: this scope follows in the next message. */
#define DEFERRED_BYTES 8u

struct frames {
    struct memory memory;
    struct room *room;
    struct sections *sections;

    struct frame shared; /* made at most once between begin and end */
    bool shared_made;
    bool behind; /* someone will not stand at the newest stamp after this */
    uint8_t shared_bytes[FRAME_HEADROOM + MESSAGE_BYTES_MAX];
    uint8_t message_bytes[FRAME_HEADROOM + MESSAGE_BYTES_MAX];
};

struct frames *frames_create(const struct memory *memory)
{
    struct frames *frames = memory_allocate(memory, sizeof *frames);
    struct sections *sections = sections_create(memory);
    if (frames == NULL || sections == NULL) {
        sections_destroy(sections);
        memory_release(memory, frames);
        return NULL;
    }
    frames->memory = *memory;
    frames->room = NULL;
    frames->sections = sections;
    return frames;
}

void frames_limit_sections(struct frames *frames, size_t bytes)
{
    sections_limit(frames->sections, bytes);
}

void frames_deflate(struct frames *frames, deflate_may *may, void *context, size_t least)
{
    sections_deflate(frames->sections, may, context, least);
}

void frames_destroy(struct frames *frames)
{
    if (frames == NULL)
        return;
    struct memory memory = frames->memory;
    sections_destroy(frames->sections);
    memory_release(&memory, frames);
}

/* --- One member's message ------------------------------------------------------------------------ */

/* Definitions from `known` on; how many went. */
static uint32_t write_names(const struct schema *schema, uint32_t known, struct writer *writer)
{
    uint8_t scratch[MESSAGE_BYTES_MAX - MESSAGE_RESERVE];
    struct writer body = writer_on(scratch, sizeof scratch);
    uint32_t count = 0;
    for (uint32_t i = known; i < schema->definition_count; i++) {
        struct writer before = body;
        schema_write_definition(schema, i, &body);
        if (body.status != STATUS_OK) {
            body = before;
            break;
        }
        count++;
    }
    bool more = known + count < schema->definition_count;
    unsigned flags = (more ? SECTION_MORE : 0u) | (known == 0 ? SECTION_RESTART : 0u);
    struct open_array array = pack_array_begin(writer);
    section_write_head(writer, SCOPE_NAMES, flags);
    pack_integer(writer, count);
    pack_raw(writer, writer_bytes(&body), count);
    pack_array_end(writer, array);
    return count;
}

struct building {
    struct writer writer; /* sections, one after the other */
    uint32_t sections;
    bool more;
    bool waits; /* for others: all there is has been sent, but that it is complete */
};

static bool add_bytes(struct building *building, struct bytes section)
{
    size_t left = building->writer.capacity - building->writer.length;
    if (section.length + SCOPE_COUNT * DEFERRED_BYTES > left)
        return false;
    pack_raw(&building->writer, section, 1);
    building->sections++;
    return true;
}

static void add_names(const struct room *room, struct seat *seat, struct building *building)
{
    const struct schema *schema = &room->state.schema;
    if (seat->names == schema->definition_count)
        return;
    seat->names += write_names(schema, seat->names, &building->writer);
    seat->held |= 1u << SCOPE_NAMES;
    building->sections++;
    building->more |= seat->names < schema->definition_count;
}

static void add_lost(struct seat *seat, enum wire_scope number, struct building *building)
{
    pack_array(&building->writer, 1);
    section_write_head(&building->writer, number, SECTION_LOST);
    building->sections++;
    seat->held &= (uint8_t) ~(1u << number);
}

static void add_deferred(struct building *building, enum wire_scope number)
{
    pack_array(&building->writer, 2);
    section_write_head(&building->writer, number, SECTION_MORE);
    pack_integer(&building->writer, 0);
    building->sections++;
    building->more = true;
}

/* Rule 3: too old a place starts over. */
static bool must_restart(const struct seat *seat,
                         enum wire_scope number,
                         const struct scope *scope,
                         const struct place *place)
{
    if ((seat->held >> number & 1) == 0)
        return true;
    if (place->base > 0)
        return place->base < scope->horizon;
    return place->position > 0 && place->began < scope->horizon;
}

/* Whether what went in several messages is not called complete yet. */
static bool gathers(const struct room *room, enum wire_scope number, const struct place *place)
{
    return number == SCOPE_EVERYONE && room->gathering.until > room->tick &&
           place->position != place->base;
}

static void add_scope(struct frames *frames,
                      struct seat *seat,
                      enum wire_scope number,
                      struct building *building)
{
    struct scope *scope = seat_scope(frames->room, seat, number);
    struct place *place = seat_place(seat, number);
    struct section wanted = {
        .number = number, .scope = scope, .place = *place, .inflates = seat->inflates};
    bool held = (seat->held >> number & 1) != 0;
    if (!held && scope->stamp == 0) {
        seat->held |= (uint8_t)(1u << number); /* nothing to load: it stands at 0 */
        return;
    }
    if (held && place->base == place->position && place->base == scope->stamp)
        return;
    wanted.restart = must_restart(seat, number, scope, place);
    if (wanted.restart)
        wanted.place = (struct place){0};
    if (wanted.place.position == 0)
        wanted.place.began = scope->stamp;
    wanted.open = gathers(frames->room, number, &wanted.place);
    building->waits |= wanted.open;
    if (wanted.open && wanted.place.position == scope->stamp)
        return;
    const struct section *section = section_for(frames->sections, &wanted);
    if (!add_bytes(building, section->bytes)) {
        add_deferred(building, number);
        return;
    }
    seat->held |= (uint8_t)(1u << number);
    *place = wanted.place;
    place->position = section->position;
    if (section->complete)
        place->base = place->position;
    building->more |= section->position != scope->stamp;
}

/* Where nothing is saved there is no durable tick, and none is told of. What a member was told stays
 * true: a room all of which is saved counts its quiet ticks in, one with an entry on its way does not. */
static uint64_t saved_tick(const struct room *room, const struct seat *seat)
{
    uint64_t durable = room->options.saves ? room_durable(room) : 0;
    return durable > seat->durable_told ? durable : seat->durable_told;
}

/* Outcomes that the member was not told, or saved what it waits for. */
static bool has_news(const struct room *room, const struct seat *seat)
{
    return seat->told != seat->client->sequence ||
           (seat->durable_told < seat->awaits && seat->durable_told < saved_tick(room, seat));
}

static void write_news(const struct seat *seat, uint64_t durable, struct writer *writer)
{
    const struct client *client = seat->client;
    uint32_t first = client_refusals_after(client, seat->told);
    pack_array(writer, 2 + 2 * (client->refused - first));
    pack_integer(writer, client->sequence - seat->told);
    pack_integer(writer, (int64_t)(durable - seat->durable_told));
    for (uint32_t i = first; i < client->refused; i++) {
        const struct refusal *refusal = client_refusal(client, i);
        pack_integer(writer, client->sequence - refusal->sequence);
        pack_integer(writer, refusal->status);
    }
}

static void write_inputs(struct seat *seat, struct writer *writer)
{
    struct input_report report = inputs_tell(seat);
    if (report.arrived)
        pack_integer(writer, report.margin);
    else
        pack_nil(writer);
    pack_integer(writer, report.missed);
}

static void write_head(const struct frames *frames,
                       struct seat *seat,
                       uint32_t sections,
                       bool news,
                       struct writer *writer)
{
    bool inputs = inputs_are_told(seat);
    pack_array(writer, sections + (inputs ? 5 : news ? 3 : 2));
    pack_integer(writer, inputs ? SERVER_FRAME_INPUTS : news ? SERVER_FRAME_NEWS : SERVER_FRAME);
    pack_integer(writer, (int64_t)(frames->room->tick - seat->frame_tick));
    if (inputs)
        write_inputs(seat, writer);
    if (news)
        write_news(seat, saved_tick(frames->room, seat), writer);
    else if (inputs)
        pack_nil(writer);
}

/* --- The frames of a room ------------------------------------------------------------------------ */

static bool changed(const struct room *room)
{
    for (int i = 0; i < SCOPE_COUNT; i++) {
        const struct scope *scope = room->state.scopes[i];
        if (scope != NULL && scope->stamp != scope->difference)
            return true;
    }
    return room->names_framed != room->state.schema.definition_count;
}

void frames_gather(struct room *room, uint32_t ticks)
{
    const struct scope *everyone = room->state.scopes[SCOPE_EVERYONE];
    room->gathering.stamp = everyone->stamp;
    bool together = room->seats_taken - room->seats_away > 1 && everyone->difference > 0;
    bool waited = room->gathering.until > 0 && room->behind; /* who waits is told first */
    if (room->gathering.until > room->tick || waited || !together)
        return;
    room->gathering.base = everyone->difference;
    room->gathering.until = room->tick + ticks;
}

void frames_gathered(struct room *room)
{
    if (room->gathering.until <= room->tick)
        return;
    for (uint32_t i = 0; i < room->seat_count; i++) {
        const struct seat *seat = &room->seats[i];
        if (seat->state == SEAT_TAKEN && seat->everyone.base == room->gathering.base &&
            seat->everyone.position < room->gathering.stamp)
            return;
    }
    room->gathering.until = room->tick; /* told in the next frames */
}

bool frames_begin(struct frames *frames, struct room *room)
{
    if (!room->behind && !room->news && !room->private_changed && !room->saved_moved &&
        !room->inputs_untold && !changed(room))
        return false;
    frames->room = room;
    sections_begin(frames->sections, room);
    frames->shared_made = false;
    frames->behind = false;
    return true;
}

static bool stands_at_frame_before(const struct place *place, const struct scope *scope)
{
    return place->base == place->position && place->base == scope->difference;
}

/* Whether this member's message is the one that all share who stand where the last frame left
 * them and have no news of their own. */
static bool takes_shared(const struct frames *frames, const struct seat *seat)
{
    const struct room *room = frames->room;
    const uint8_t both = 1u << SCOPE_EVERYONE | 1u << SCOPE_PRESENCE;
    return !seat->fresh && seat->extra == NULL && !has_news(room, seat) && !inputs_are_told(seat) &&
           seat->frame_tick == room->shared_tick && (seat->held & both) == both &&
           seat->names == room->names_framed &&
           stands_at_frame_before(&seat->everyone, room->state.scopes[SCOPE_EVERYONE]) &&
           stands_at_frame_before(&seat->presence_place, room->state.scopes[SCOPE_PRESENCE]);
}

/* The message for the seat from its own place. */
static struct frame build(struct frames *frames, struct seat *seat, uint8_t *buffer)
{
    struct room *room = frames->room;
    uint8_t body[MESSAGE_BYTES_MAX - MESSAGE_RESERVE / 2];
    struct building building = {.writer = writer_on(body, sizeof body)};
    add_names(room, seat, &building);
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++) {
        enum wire_scope number = (enum wire_scope)i;
        if (seat_place(seat, number) == NULL)
            continue;
        if (seat_sees(room, seat, number))
            add_scope(frames, seat, number, &building);
        else if ((seat->held >> number & 1) != 0)
            add_lost(seat, number, &building);
    }
    bool news = !building.more && !building.waits && has_news(room, seat);
    frames->behind |= building.waits;
    if (building.sections == 0 && !news && !seat->fresh && !inputs_untold(seat))
        return (struct frame){0};
    struct writer writer = writer_on(buffer + FRAME_HEADROOM, MESSAGE_BYTES_MAX);
    write_head(frames, seat, building.sections, news, &writer);
    pack_raw(&writer, writer_bytes(&building.writer), building.sections);
    assert(writer.status == STATUS_OK && building.writer.status == STATUS_OK);
    if (news) {
        seat->awaits = seat->told != seat->client->sequence ? room->tick : seat->awaits;
        seat->told = seat->client->sequence;
        seat->durable_told = saved_tick(room, seat);
    }
    seat->frame_tick = room->tick;
    seat->fresh = false;
    return (struct frame){
        .message = buffer + FRAME_HEADROOM, .length = writer.length, .more = building.more};
}

/* Every member that takes the shared message comes to stand where the first one did. */
static void follow_shared(const struct frames *frames, struct seat *seat)
{
    const struct room *room = frames->room;
    uint64_t everyone = room->state.scopes[SCOPE_EVERYONE]->stamp;
    uint64_t presence = room->state.scopes[SCOPE_PRESENCE]->stamp;
    seat->names = room->state.schema.definition_count;
    seat->everyone.base = seat->everyone.position = everyone;
    seat->presence_place.base = seat->presence_place.position = presence;
    if (frames->shared.message != NULL)
        seat->frame_tick = room->tick;
}

struct frame frames_next(struct frames *frames, uint32_t number)
{
    struct seat *seat = &frames->room->seats[number];
    if (!takes_shared(frames, seat)) {
        struct frame frame = build(frames, seat, frames->message_bytes);
        frames->behind |= frame.more;
        return frame;
    }
    if (!frames->shared_made) {
        struct frame frame = build(frames, seat, frames->shared_bytes);
        frames->shared_made = !frame.more;
        frames->behind |= frame.more;
        frame.shared = frames->shared_made;
        if (frames->shared_made)
            frames->shared = frame;
        return frame;
    }
    follow_shared(frames, seat);
    return frames->shared;
}

void frames_skip(struct frames *frames, uint32_t seat)
{
    (void)seat;
    frames->behind = true;
}

void frames_end(struct frames *frames, bool tick)
{
    struct room *room = frames->room;
    if (!tick) {
        room->behind |= frames->behind;
        return;
    }
    if (room->gathering.until <= room->tick)
        room->gathering.until = 0;
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (room->state.scopes[i] != NULL)
            room->state.scopes[i]->difference = room->state.scopes[i]->stamp;
    room->names_framed = room->state.schema.definition_count;
    room->behind = frames->behind;
    room->news = false;
    room->inputs_untold = false;
    room->private_changed = false;
    room->saved_moved = false;
    if (!frames->shared_made || frames->shared.message != NULL)
        room->shared_tick = room->tick;
}
