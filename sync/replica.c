#include "sync/replica_state.h"

#include <string.h>

#include "sync/deflate.h"

/* --- Worlds and parts --------------------------------------------------------------------------- */

const struct replica_world *replica_shown(const struct replica *replica)
{
    return &replica->worlds[replica->shown];
}

/* The world that sections go to. */
static struct replica_world *target_world(struct replica *replica)
{
    return &replica->worlds[replica->building ? !replica->shown : replica->shown];
}

static const struct replica_world *target_world_const(const struct replica *replica)
{
    return &replica->worlds[replica->building ? !replica->shown : replica->shown];
}

static void transfer_drop(struct replica_transfer *transfer, const struct memory *memory)
{
    memory_release(memory, transfer->bytes);
    *transfer = (struct replica_transfer){0};
}

/* Nothing in it is told to anybody. */
static void world_clear(struct replica_world *world, const struct memory *memory)
{
    replica_changes_drop_events(&world->changes, memory, SCOPE_COUNT);
    replica_changes_settle(&world->changes, memory);
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        replica_scope_clear(&world->parts[i].scope, memory, NULL);
        transfer_drop(&world->parts[i].transfer, memory);
    }
    replica_names_clear(&world->names, memory);
    *world = (struct replica_world){0};
}

/* From here on sections make a new world; the shown one stays until that one is complete. */
static void build_world(struct replica *replica)
{
    replica->building = true;
    world_clear(target_world(replica), &replica->memory);
}

struct replica *replica_create(const struct memory *memory)
{
    struct replica *replica = memory_allocate(memory, sizeof *replica);
    if (replica == NULL)
        return NULL;
    memset(replica, 0, sizeof *replica);
    replica->memory = *memory;
    return replica;
}

void replica_destroy(struct replica *replica)
{
    if (replica == NULL)
        return;
    struct memory memory = replica->memory;
    world_clear(&replica->worlds[0], &memory);
    world_clear(&replica->worlds[1], &memory);
    memory_release(&memory, replica->inflated);
    memory_release(&memory, replica);
}

void replica_watch(struct replica *replica, const struct replica_watcher *watcher)
{
    replica->watcher = *watcher;
}

void replica_welcome(struct replica *replica, uint8_t scopes_kept, bool same_incarnation)
{
    replica->failed = STATUS_OK;
    replica->first_frame = false;
    struct replica_world *world = target_world(replica);
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        transfer_drop(&world->parts[i].transfer, &replica->memory);
    if (!same_incarnation || (scopes_kept & 1 << SCOPE_NAMES) == 0) {
        build_world(replica);
        return;
    }
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        struct replica_part *part = &world->parts[i];
        if ((scopes_kept >> i & 1) != 0)
            continue;
        part->held = false;
        part->stale = true;
        part->place = 0;
    }
}

/* --- Telling ------------------------------------------------------------------------------------ */

static void tell_records(const struct replica_watcher *watcher, struct replica_changes *changes)
{
    for (struct replica_record *record = changes->first; record != NULL; record = record->noted)
        if (record->change == CHANGE_REMOVED && watcher->record_removed != NULL)
            watcher->record_removed(watcher->context, record);
    for (struct replica_record *record = changes->first; record != NULL; record = record->noted) {
        if (record->change == CHANGE_ADDED && watcher->record_added != NULL)
            watcher->record_added(watcher->context, record);
        if (record->change == CHANGE_FIELDS && record->changed != 0 &&
            watcher->record_changed != NULL)
            watcher->record_changed(watcher->context, record, record->changed);
    }
}

static void tell_events(struct replica *replica, struct replica_world *world)
{
    const struct replica_watcher *watcher = &replica->watcher;
    struct replica_occurrence *occurrence = world->changes.first_event;
    world->changes.first_event = NULL;
    world->changes.last_event = NULL;
    while (occurrence != NULL) {
        struct replica_occurrence *next = occurrence->next;
        if (watcher->event != NULL)
            watcher->event(watcher->context, occurrence);
        replica_scope_keep(&world->parts[occurrence->scope].scope, &replica->memory, occurrence);
        occurrence = next;
    }
}

static void tell(struct replica *replica)
{
    struct replica_world *world = &replica->worlds[replica->shown];
    tell_records(&replica->watcher, &world->changes);
    tell_events(replica, world);
    replica_changes_settle(&world->changes, &replica->memory);
}

/* --- Sections ----------------------------------------------------------------------------------- */

/* Definitions count as they come, whether more follow or not: a place among them is how many there
 * are, and sections beside them may use them. */
static enum status
names_section(struct replica *replica, int64_t flags, uint64_t advance, struct bytes bytes)
{
    if ((flags & SECTION_RESTART) != 0 && target_world(replica)->names.count > 0)
        build_world(replica);
    struct replica_world *world = target_world(replica);
    struct replica_part *part = &world->parts[SCOPE_NAMES];
    struct reader reader = reader_on(bytes);
    uint64_t before = world->names.count;
    enum status status = replica_names_read(&world->names, &replica->memory, &reader);
    if (status == STATUS_OK && world->names.count - before != advance)
        status = STATUS_MALFORMED;
    part->place = world->names.count;
    part->held = true;
    part->transfer.open = (flags & SECTION_MORE) != 0 || status != STATUS_OK;
    return status;
}

/* Reads into a scope of its own, which takes the old one's place when all of it is good. */
static enum status scope_renew(struct replica *replica,
                               struct replica_world *world,
                               uint32_t number,
                               struct reader *reader)
{
    struct replica_part *part = &world->parts[number];
    struct replica_scope scope = {0};
    struct replica_changes changes = {0};
    struct replica_target target = {
        .memory = &replica->memory,
        .names = &world->names,
        .scope = &scope,
        .changes = &changes,
        .number = number,
        .history = part->transfer.history,
    };
    enum status status = replica_runs_read(&target, reader);
    if (status != STATUS_OK) {
        replica_scope_clear(&scope, &replica->memory, &changes);
        replica_changes_drop_events(&changes, &replica->memory, SCOPE_COUNT);
        replica_changes_settle(&changes, &replica->memory);
        return status;
    }
    replica_changes_drop_events(&world->changes, &replica->memory, number);
    replica_changes_append(&world->changes, &changes);
    replica_scope_replace(&part->scope, &scope, &world->names, &replica->memory, &world->changes);
    part->scope = scope;
    return STATUS_OK;
}

static enum status scope_apply(struct replica *replica,
                               struct replica_world *world,
                               uint32_t number,
                               struct reader *reader)
{
    struct replica_part *part = &world->parts[number];
    if (part->transfer.restart)
        return scope_renew(replica, world, number, reader);
    struct replica_target target = {
        .memory = &replica->memory,
        .names = &world->names,
        .scope = &part->scope,
        .changes = &world->changes,
        .number = number,
    };
    return replica_runs_read(&target, reader);
}

/* A transfer has all its bytes: makes them count. */
static enum status transfer_finish(struct replica *replica,
                                   struct replica_world *world,
                                   uint32_t number,
                                   struct bytes bytes)
{
    struct replica_part *part = &world->parts[number];
    struct reader reader = reader_on(bytes);
    enum status status = scope_apply(replica, world, number, &reader);
    if (status != STATUS_OK)
        return status;
    part->place = (part->transfer.restart ? 0 : part->place) + part->transfer.advance;
    part->held = true;
    part->stale = false;
    transfer_drop(&part->transfer, &replica->memory);
    return STATUS_OK;
}

static enum status
transfer_collect(struct replica *replica, struct replica_transfer *transfer, struct bytes bytes)
{
    if (bytes.length > REPLICA_TRANSFER_BYTES_MAX - transfer->length)
        return STATUS_LIMIT;
    void *collected = transfer->bytes;
    uint32_t length = transfer->length + (uint32_t)bytes.length;
    if (!memory_grow(&replica->memory, &collected, &transfer->capacity, length, 1))
        return STATUS_MEMORY;
    transfer->bytes = collected;
    if (bytes.length > 0)
        memcpy(transfer->bytes + transfer->length, bytes.data, bytes.length);
    transfer->length = length;
    return STATUS_OK;
}

/* The scope is out of sight: its records go. */
static void scope_lost(struct replica *replica, struct replica_world *world, uint32_t number)
{
    struct replica_part *part = &world->parts[number];
    transfer_drop(&part->transfer, &replica->memory);
    replica_changes_drop_events(&world->changes, &replica->memory, number);
    replica_scope_clear(&part->scope, &replica->memory, &world->changes);
    *part = (struct replica_part){0};
}

static void transfer_begin(struct replica_part *part, const struct memory *memory, int64_t flags)
{
    struct replica_transfer *transfer = &part->transfer;
    if ((flags & SECTION_RESTART) != 0) {
        transfer_drop(transfer, memory);
        transfer->history = true;
    }
    if (!transfer->open)
        transfer->restart = transfer->history || !part->held;
    transfer->open = true;
}

/* A section of any scope but the names. */
static enum status scope_section(struct replica *replica,
                                 uint32_t number,
                                 int64_t flags,
                                 uint64_t advance,
                                 struct bytes bytes)
{
    struct replica_world *world = target_world(replica);
    struct replica_part *part = &world->parts[number];
    transfer_begin(part, &replica->memory, flags);
    if (part->place + part->transfer.advance > (uint64_t)INTEGER_MAX - advance)
        return STATUS_MALFORMED;
    part->transfer.advance += advance;
    bool more = (flags & SECTION_MORE) != 0;
    if (more || part->transfer.length > 0) {
        enum status status = transfer_collect(replica, &part->transfer, bytes);
        if (more || status != STATUS_OK)
            return status;
        bytes = (struct bytes){part->transfer.bytes, part->transfer.length};
    }
    return transfer_finish(replica, world, number, bytes);
}

/* The elements of a deflated section, behind which nothing stands in it. They are good until the
 * next one. */
static enum status
elements_inflate(struct replica *replica, struct reader *reader, struct bytes *elements)
{
    struct bytes deflated = read_binary(reader);
    size_t size = (size_t)read_integer_in(reader, 1, MESSAGE_BYTES_MAX);
    if (reader->status != STATUS_OK)
        return reader->status;
    if (replica->inflated == NULL)
        replica->inflated = memory_allocate(&replica->memory, MESSAGE_BYTES_MAX);
    if (replica->inflated == NULL)
        return STATUS_MEMORY;
    enum status status = inflate_bytes(&replica->memory, deflated, replica->inflated, size);
    if (status != STATUS_OK)
        return status;
    struct reader inside = reader_on((struct bytes){replica->inflated, size});
    uint32_t count = read_array(&inside);
    *elements = (struct bytes){replica->inflated + inside.at, size - inside.at};
    replica_skip(&inside, count);
    return reader_end(&inside);
}

static enum status section_read(struct replica *replica, struct reader *reader)
{
    uint32_t count = read_array(reader);
    int64_t head = read_integer_in(reader, 0, 8 * SCOPE_COUNT - 1);
    uint32_t number = (uint32_t)(head / 8);
    int64_t flags = head % 8;
    if (flags == SECTION_LOST && number != SCOPE_NAMES && count == 1) {
        if (reader->status == STATUS_OK)
            scope_lost(replica, target_world(replica), number);
        return reader->status;
    }
    if (count < 2 || (flags & SECTION_LOST) != 0)
        reader_fail(reader, STATUS_MALFORMED);
    uint64_t advance = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
    struct bytes bytes = {reader->data + reader->at, 0};
    enum status status = reader->status;
    if (count == 4 && read_type(reader) == PACK_BINARY) {
        status = elements_inflate(replica, reader, &bytes);
    } else {
        size_t from = reader->at;
        replica_skip(reader, count - 2);
        bytes.length = reader->at - from;
        status = reader->status;
    }
    if (status != STATUS_OK)
        return status;
    if (number == SCOPE_NAMES)
        return names_section(replica, flags, advance, bytes);
    return scope_section(replica, number, flags, advance, bytes);
}

static bool transfers_done(const struct replica_world *world)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (world->parts[i].transfer.open)
            return false;
    return true;
}

/* The state is whole again: what is out of date goes, a new world comes into view. The old one is
 * returned, to be cleared when the watcher has seen the last of it. */
static struct replica_world *settle(struct replica *replica)
{
    struct replica_world *world = target_world(replica);
    for (uint32_t i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++)
        if (world->parts[i].stale)
            scope_lost(replica, world, i);
    if (!replica->building)
        return NULL;
    struct replica_world *old = &replica->worlds[replica->shown];
    for (uint32_t i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++)
        replica_scope_replace(&old->parts[i].scope, &world->parts[i].scope, &world->names,
                              &replica->memory, &world->changes);
    replica->shown = !replica->shown;
    replica->building = false;
    return old;
}

/* After a failure no scope with a transfer under way can be trusted to be at its place. */
static void fail(struct replica *replica, enum status status)
{
    struct replica_world *world = target_world(replica);
    replica->failed = status;
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        struct replica_part *part = &world->parts[i];
        if (!part->transfer.open)
            continue;
        transfer_drop(&part->transfer, &replica->memory);
        part->held = false;
        part->stale = true;
        part->place = 0;
    }
}

enum status replica_sections(struct replica *replica, struct reader *reader, uint32_t sections)
{
    if (replica->failed != STATUS_OK)
        return replica->failed;
    enum status status = reader->status;
    for (uint32_t i = 0; i < sections && status == STATUS_OK; i++)
        status = section_read(replica, reader);
    struct replica_world *old = NULL;
    if (status != STATUS_OK) {
        reader_fail(reader, status);
        fail(replica, status);
    } else {
        replica->first_frame = true;
        if (transfers_done(target_world(replica)))
            old = settle(replica);
    }
    tell(replica);
    if (old != NULL)
        world_clear(old, &replica->memory);
    return status;
}

bool replica_complete(const struct replica *replica)
{
    return replica->first_frame && replica->failed == STATUS_OK &&
           transfers_done(target_world_const(replica));
}

bool replica_place(const struct replica *replica, enum wire_scope scope, uint64_t *place)
{
    const struct replica_world *world = target_world_const(replica);
    if (!world->parts[SCOPE_NAMES].held || !world->parts[scope].held)
        return false;
    *place = world->parts[scope].place;
    return true;
}
