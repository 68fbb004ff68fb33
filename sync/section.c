#include "sync/section.h"

#include <assert.h>
#include <string.h>

#include "sync/delta.h"
#include "sync/room_parts.h"

/* Sections of one round are kept for the members that stand at the same place. */
#define ROUND_SECTIONS_MAX 64u
#define ROUND_BYTES        (ROUND_SECTIONS_MAX * MESSAGE_BYTES_MAX / 4)

/* As many as a first load of a million bytes has. */
#define DEFLATED_MAX 16u

/* A section of a first load, deflated where that pays, of a room by its number. */
struct deflated {
    struct section section;
    uint64_t room;
    uint64_t stamp; /* of the scope when it was made */
    uint8_t bytes[MESSAGE_BYTES_MAX];
};

struct sections {
    struct memory memory;
    struct room *room;
    size_t bytes_max;
    struct delta_work work;
    uint8_t runs[MESSAGE_BYTES_MAX];

    struct section round[ROUND_SECTIONS_MAX];
    uint32_t round_count;
    size_t round_used;
    uint8_t round_bytes[ROUND_BYTES];
    struct section spare; /* that the round has no room for */
    uint8_t spare_bytes[MESSAGE_BYTES_MAX];

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

/* Addresses of rooms are used again, numbers are not. */
void sections_begin(struct sections *sections, struct room *room)
{
    if (room->number == 0)
        room->number = ++sections->rooms;
    sections->room = room;
    sections->round_count = 0;
    sections->round_used = 0;
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

static void encode(struct sections *sections, struct section *section, uint8_t *buffer)
{
    const struct scope *scope = section->scope;
    struct delta_request request = {
        .place = section->place,
        .differences = section->place.base == section->place.position && !section->restart &&
                       section->place.base == scope->difference,
        .budget = sections->bytes_max,
    };
    struct writer body = writer_on(sections->runs, sizeof sections->runs);
    struct delta_result result =
        delta_write(&sections->work, &sections->room->state, scope, &request, &body);
    assert(body.status == STATUS_OK); /* the budget is below the buffer's size */
    section->position = result.position;
    section->complete = result.complete;
    struct writer writer = writer_on(buffer, MESSAGE_BYTES_MAX);
    struct open_array array = pack_array_begin(&writer);
    write_beginning(section, &writer);
    pack_raw(&writer, writer_bytes(&body), body.items);
    pack_array_end(&writer, array);
    section->bytes = writer_bytes(&writer);
}

static bool same_section(const struct section *a, const struct section *b)
{
    return a->scope == b->scope && a->place.base == b->place.base &&
           a->place.position == b->place.position && a->restart == b->restart;
}

/* From this round, or made and, where there is room, kept for it. */
static const struct section *plain(struct sections *sections, const struct section *wanted)
{
    for (uint32_t i = 0; i < sections->round_count; i++)
        if (same_section(&sections->round[i], wanted))
            return &sections->round[i];
    bool kept = wanted->number != SCOPE_MINE && sections->round_count < ROUND_SECTIONS_MAX &&
                ROUND_BYTES - sections->round_used >= MESSAGE_BYTES_MAX;
    struct section *section = kept ? &sections->round[sections->round_count++] : &sections->spare;
    *section = *wanted;
    encode(sections, section,
           kept ? sections->round_bytes + sections->round_used : sections->spare_bytes);
    if (kept)
        sections->round_used += section->bytes.length;
    return section;
}

/* --- Deflated ------------------------------------------------------------------------------------ */

/* Of a first load each part is the same for everyone until its scope changes. */
static bool is_first_load(const struct section *section)
{
    const struct place *place = &section->place;
    return place->base == 0 && (section->restart || place->position > 0);
}

static const struct section *deflated_find(const struct sections *sections,
                                           const struct section *wanted)
{
    for (uint32_t i = 0; i < DEFLATED_MAX; i++) {
        const struct deflated *deflated = &sections->deflated[i];
        if (deflated->room == sections->room->number && deflated->stamp == wanted->scope->stamp &&
            same_section(&deflated->section, wanted))
            return &deflated->section;
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
    deflated->section = *section;
    deflated->room = sections->room->number;
    deflated->stamp = section->scope->stamp;
    struct writer writer = writer_on(deflated->bytes, sizeof deflated->bytes);
    if (length == 0) {
        pack_raw(&writer, section->bytes, 1);
    } else {
        pack_array(&writer, 4);
        write_beginning(section, &writer);
        pack_binary(&writer, (struct bytes){scratch, length});
        pack_integer(&writer, (int64_t)whole.length);
    }
    deflated->section.bytes = writer_bytes(&writer);
    return &deflated->section;
}

const struct section *section_for(struct sections *sections, const struct section *wanted)
{
    bool inflates = wanted->inflates && sections->may_deflate != NULL &&
                    wanted->number != SCOPE_MINE && is_first_load(wanted);
    const struct section *section = inflates ? deflated_find(sections, wanted) : NULL;
    if (section != NULL)
        return section;
    section = plain(sections, wanted);
    if (inflates && section->bytes.length >= sections->deflate_least &&
        sections->may_deflate(sections->context, section->bytes.length))
        return deflate(sections, section);
    return section;
}
