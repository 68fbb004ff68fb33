#include "sync/section.h"

#include <assert.h>
#include <string.h>

#include "sync/delta.h"
#include "sync/room_parts.h"

/* Sections of one room are kept for the members that stand at the same place, or come there. */
#define KEPT_SECTIONS_MAX 64u
#define KEPT_BYTES        (KEPT_SECTIONS_MAX * MESSAGE_BYTES_MAX / 4)

/* As many as a first load of a million bytes has. */
#define DEFLATED_MAX 16u

/* A section as it was made when its scope had come to this stamp. */
struct kept {
    struct section section;
    uint64_t stamp;
    bool differences; /* it may hold some */
};

/* A part of a large state, deflated where that pays, of a room by its number. */
struct deflated {
    struct kept kept;
    uint64_t room;
    uint8_t bytes[MESSAGE_BYTES_MAX];
};

struct sections {
    struct memory memory;
    struct room *room;
    uint64_t number; /* of that room */
    size_t bytes_max;
    struct delta_work work;
    uint8_t runs[MESSAGE_BYTES_MAX];

    struct kept kept[KEPT_SECTIONS_MAX];
    uint32_t kept_count;
    size_t kept_used;
    uint8_t kept_bytes[KEPT_BYTES];
    struct section own; /* that nobody else sees */
    uint8_t own_bytes[MESSAGE_BYTES_MAX];

    deflate_may *may_deflate;
    void *context;
    size_t deflate_least;
    struct deflater *deflater;
    struct deflated deflated[DEFLATED_MAX];
    uint32_t deflated_next;
    uint64_t rooms; /* numbers given so far */
};

struct sections *sections_create(const struct memory *memory)
{
    struct sections *sections = memory_allocate(memory, sizeof *sections);
    struct deflater *deflater = deflater_create(memory);
    if (sections == NULL || deflater == NULL) {
        deflater_destroy(deflater);
        memory_release(memory, sections);
        return NULL;
    }
    sections->memory = *memory;
    sections->room = NULL;
    sections->number = 0;
    sections->kept_count = 0;
    sections->bytes_max = SECTION_BYTES_MAX;
    sections->deflater = deflater;
    sections->may_deflate = NULL;
    sections->rooms = 0;
    sections->deflated_next = 0;
    for (uint32_t i = 0; i < DEFLATED_MAX; i++)
        sections->deflated[i].room = 0;
    return sections;
}

void sections_destroy(struct sections *sections)
{
    if (sections == NULL)
        return;
    struct memory memory = sections->memory;
    deflater_destroy(sections->deflater);
    memory_release(&memory, sections);
}

void sections_limit(struct sections *sections, size_t bytes)
{
    sections->bytes_max = bytes < SECTION_BYTES_MAX ? bytes : SECTION_BYTES_MAX;
}

void sections_deflate(struct sections *sections, deflate_may *may, void *context, size_t least)
{
    sections->may_deflate = may;
    sections->context = context;
    sections->deflate_least = least;
}

static void forget_kept(struct sections *sections)
{
    sections->kept_count = 0;
    sections->kept_used = 0;
}

/* Addresses of rooms are used again, numbers are not. */
void sections_begin(struct sections *sections, struct room *room)
{
    if (room->number == 0)
        room->number = ++sections->rooms;
    sections->room = room;
    if (sections->number != room->number)
        forget_kept(sections);
    sections->number = room->number;
}

/* --- Plain --------------------------------------------------------------------------------------- */

void section_write_head(struct writer *writer, enum wire_scope scope, unsigned flags)
{
    pack_integer(writer, (int64_t)(8 * (unsigned)scope + flags));
}

static void write_beginning(const struct section *section, struct writer *writer)
{
    unsigned flags =
        (section->complete ? 0u : SECTION_MORE) | (section->restart ? SECTION_RESTART : 0u);
    section_write_head(writer, section->number, flags);
    pack_integer(writer, (int64_t)(section->position - section->place.position));
}

static bool is_at_frame_before(const struct section *section)
{
    const struct place *place = &section->place;
    return place->base == place->position && !section->restart &&
           place->base == section->scope->difference;
}

static void encode(struct sections *sections, struct section *section, uint8_t *buffer)
{
    const struct scope *scope = section->scope;
    struct delta_request request = {
        .place = section->place,
        .differences = is_at_frame_before(section),
        .budget = sections->bytes_max,
    };
    struct writer body = writer_on(sections->runs, sizeof sections->runs);
    struct delta_result result =
        delta_write(&sections->work, &sections->room->state, scope, &request, &body);
    assert(body.status == STATUS_OK); /* the budget is below the buffer's size */
    section->position = result.position;
    section->complete = result.complete && !section->open;
    struct writer writer = writer_on(buffer, MESSAGE_BYTES_MAX);
    struct open_array array = pack_array_begin(&writer);
    write_beginning(section, &writer);
    pack_raw(&writer, writer_bytes(&body), body.items);
    pack_array_end(&writer, array);
    section->bytes = writer_bytes(&writer);
}

static struct kept kept_now(const struct section *section)
{
    return (struct kept){*section, section->scope->stamp, is_at_frame_before(section)};
}

static bool same_section(const struct kept *kept, const struct section *wanted)
{
    const struct section *section = &kept->section;
    return section->scope == wanted->scope && kept->stamp == wanted->scope->stamp &&
           kept->differences == is_at_frame_before(wanted) &&
           section->place.base == wanted->place.base &&
           section->place.position == wanted->place.position &&
           section->restart == wanted->restart && section->open == wanted->open;
}

/* As it was made before, or made, and kept where others may want it. */
static const struct section *plain(struct sections *sections, const struct section *wanted)
{
    if (wanted->number == SCOPE_MINE) {
        sections->own = *wanted;
        encode(sections, &sections->own, sections->own_bytes);
        return &sections->own;
    }
    for (uint32_t i = 0; i < sections->kept_count; i++)
        if (same_section(&sections->kept[i], wanted))
            return &sections->kept[i].section;
    if (sections->kept_count == KEPT_SECTIONS_MAX ||
        KEPT_BYTES - sections->kept_used < MESSAGE_BYTES_MAX)
        forget_kept(sections);
    struct kept *kept = &sections->kept[sections->kept_count++];
    *kept = kept_now(wanted);
    encode(sections, &kept->section, sections->kept_bytes + sections->kept_used);
    sections->kept_used += kept->section.bytes.length;
    return &kept->section;
}

/* --- Deflated ------------------------------------------------------------------------------------ */

/* It is a first load, or the state that it is of takes several messages: worth some time. */
static bool is_large(const struct section *section)
{
    const struct place *place = &section->place;
    bool first = place->base == 0 && (section->restart || place->position > 0);
    return first || !section->complete || place->position != place->base;
}

static const struct section *deflated_find(const struct sections *sections,
                                           const struct section *wanted)
{
    for (uint32_t i = 0; i < DEFLATED_MAX; i++) {
        const struct deflated *deflated = &sections->deflated[i];
        if (deflated->room == sections->number && same_section(&deflated->kept, wanted))
            return &deflated->kept.section;
    }
    return NULL;
}

/* What stands in a section's runs, as one array. */
static struct bytes elements(struct sections *sections, const struct section *section)
{
    struct reader reader = reader_on(section->bytes);
    uint32_t count = read_array(&reader) - 2;
    read_integer(&reader);
    read_integer(&reader);
    struct writer writer = writer_on(sections->runs, sizeof sections->runs);
    pack_array(&writer, count);
    pack_raw(&writer, (struct bytes){reader.data + reader.at, reader.length - reader.at}, count);
    return writer_bytes(&writer);
}

/* [head, advance, deflated, size]; plain where that is not shorter by an eighth. Either is kept for
 * the next who joins. */
static const struct section *deflate(struct sections *sections, const struct section *section)
{
    struct deflated *deflated = &sections->deflated[sections->deflated_next];
    struct bytes whole = elements(sections, section);
    uint8_t scratch[MESSAGE_BYTES_MAX];
    size_t length = deflater_run(sections->deflater, whole, scratch, whole.length * 7 / 8);
    sections->deflated_next = (sections->deflated_next + 1) % DEFLATED_MAX;
    deflated->kept = kept_now(section);
    deflated->room = sections->number;
    struct writer writer = writer_on(deflated->bytes, sizeof deflated->bytes);
    if (length == 0) {
        pack_raw(&writer, section->bytes, 1);
    } else {
        pack_array(&writer, 4);
        write_beginning(section, &writer);
        pack_binary(&writer, (struct bytes){scratch, length});
        pack_integer(&writer, (int64_t)whole.length);
    }
    deflated->kept.section.bytes = writer_bytes(&writer);
    return &deflated->kept.section;
}

const struct section *section_for(struct sections *sections, const struct section *wanted)
{
    bool inflates =
        wanted->inflates && sections->may_deflate != NULL && wanted->number != SCOPE_MINE;
    const struct section *section = inflates ? deflated_find(sections, wanted) : NULL;
    if (section != NULL)
        return section;
    section = plain(sections, wanted);
    if (inflates && is_large(section) && section->bytes.length >= sections->deflate_least &&
        sections->may_deflate(sections->context, section->bytes.length))
        return deflate(sections, section);
    return section;
}
