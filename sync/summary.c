#include "sync/summary.h"

#include "sync/log_read.h"
#include "sync/room_parts.h"

/* --- Writing -------------------------------------------------------------------------------------- */

/* A log and its track, entry by entry in the order of their ticks. */
struct lines {
    struct reader log, track;
    struct log_entry next_log, next_track;
    bool has_log, has_track;
};

static struct lines lines_of(struct bytes log, struct bytes track)
{
    struct lines lines = {.log = reader_on(log), .track = reader_on(track)};
    lines.has_log = log_read_entry(&lines.log, &lines.next_log);
    lines.has_track = log_read_entry(&lines.track, &lines.next_track);
    return lines;
}

/* False at the end; *presence where it is the track's. */
static bool lines_next(struct lines *lines, struct log_entry *entry, bool *presence)
{
    if (!lines->has_log && !lines->has_track)
        return false;
    *presence =
        !lines->has_log || (lines->has_track && lines->next_track.tick < lines->next_log.tick);
    *entry = *presence ? lines->next_track : lines->next_log;
    if (*presence)
        lines->has_track = log_read_entry(&lines->track, &lines->next_track);
    else
        lines->has_log = log_read_entry(&lines->log, &lines->next_log);
    return true;
}

static uint32_t operations_of(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    uint32_t count = 0;
    while (log_read_act(&acts, &act))
        count += act.act == ACT_OPERATION || act.act == ACT_INPUT;
    return count;
}

struct seconds {
    struct writer *writer;
    struct summary_second now, before;
    uint32_t count;
};

static void write_second(struct seconds *seconds)
{
    const struct summary_second *now = &seconds->now, *before = &seconds->before;
    if (now->operations + now->presence == 0 || seconds->count == SUMMARY_SECONDS_MAX)
        return;
    pack_integer(seconds->writer, (int64_t)(now->tick - before->tick));
    pack_integer(seconds->writer, (int64_t)(now->second - before->second));
    pack_integer(seconds->writer, now->operations);
    pack_integer(seconds->writer, now->presence);
    seconds->before = *now;
    seconds->count++;
}

/* A wall clock that was set back stands still. */
static void write_seconds(struct bytes log, struct bytes track, struct writer *writer)
{
    struct seconds seconds = {.writer = writer};
    struct lines lines = lines_of(log, track);
    struct log_entry entry;
    bool presence;
    while (lines_next(&lines, &entry, &presence)) {
        uint64_t second = entry.wall_ms / 1000;
        if (second > seconds.now.second) {
            write_second(&seconds);
            seconds.now = (struct summary_second){.tick = entry.tick, .second = second};
        }
        seconds.now.presence += presence;
        seconds.now.operations += presence ? 0 : operations_of(&entry);
    }
    write_second(&seconds);
}

static void begin_change(struct writer *writer,
                         const struct log_entry *entry,
                         enum summary_change_kind kind,
                         uint32_t elements)
{
    pack_array(writer, 3 + elements);
    pack_integer(writer, kind);
    pack_integer(writer, (int64_t)entry->tick);
    pack_integer(writer, (int64_t)entry->wall_ms);
}

static bool
write_change(const struct log_entry *entry, const struct log_act *act, struct writer *writer)
{
    switch (act->act) {
    case ACT_JOINED:
        begin_change(writer, entry, SUMMARY_JOINED, 3);
        pack_integer(writer, act->seat);
        pack_integer(writer, act->member);
        if (act->user.length > 0 && act->user.length <= SUMMARY_USER_MAX)
            pack_raw(writer, act->user, 1);
        else
            pack_nil(writer);
        return true;
    case ACT_LEFT:
        begin_change(writer, entry, SUMMARY_LEFT, 1);
        pack_integer(writer, act->seat);
        return true;
    case ACT_SLEPT:
        begin_change(writer, entry, SUMMARY_NOBODY, 0);
        return true;
    case ACT_OPENED:
    case ACT_WOKEN:
        begin_change(writer, entry, SUMMARY_WOKE, 1);
        pack_integer(writer, (int64_t)act->origin.incarnation);
        return true;
    case ACT_RESUMED:
        begin_change(writer, entry, SUMMARY_HOLE, 2);
        pack_integer(writer, (int64_t)act->origin.incarnation);
        pack_integer(writer, (int64_t)(entry->tick - entry->since));
        return true;
    default:
        return false;
    }
}

static void write_changes(struct bytes log, struct writer *writer)
{
    struct reader reader = reader_on(log);
    struct log_entry entry;
    uint32_t count = 0;
    while (log_read_entry(&reader, &entry)) {
        struct reader acts = reader_on(entry.acts);
        struct log_act act;
        while (count < SUMMARY_CHANGES_MAX && log_read_act(&acts, &act)) {
            uint32_t items = writer->items;
            bool written = write_change(&entry, &act, writer);
            writer->items = items + written; /* its elements are none of the array's */
            count += written;
        }
    }
}

void summary_write(struct bytes log, struct bytes track, struct writer *writer)
{
    pack_array(writer, 3);
    pack_integer(writer, SUMMARY_FORMAT);
    struct open_array open = pack_array_begin(writer);
    write_seconds(log, track, writer);
    pack_array_end(writer, open);
    open = pack_array_begin(writer);
    write_changes(log, writer);
    pack_array_end(writer, open);
}

/* --- A room -------------------------------------------------------------------------------------- */

/* Who it is says its presence. */
static struct bytes
user_of(const struct room *room, const struct seat *seat, uint8_t packed[SUMMARY_USER_MAX])
{
    const struct record *shown =
        seat->presence != NULL ? seat->presence : presence_shown(room, seat->client->member);
    const struct cell *user = shown != NULL ? record_cell(shown, PRESENCE_USER) : NULL;
    struct writer writer = writer_on(packed, SUMMARY_USER_MAX);
    if (user != NULL && user->type != CELL_HOLE)
        cell_write(&writer, user);
    return writer.status == STATUS_OK ? writer_bytes(&writer) : (struct bytes){0};
}

void summary_room(const struct room *room, uint64_t tick, const struct summary_visitor *visitor)
{
    uint8_t packed[SUMMARY_USER_MAX];
    struct summary_change change = {
        .kind = SUMMARY_WOKE, .tick = tick, .incarnation = room_incarnation(room)};
    visitor->change(visitor->context, &change);
    for (uint32_t i = 0; i < room->seat_count; i++) {
        const struct seat *seat = &room->seats[i];
        if (seat->state == SEAT_FREE)
            continue;
        change = (struct summary_change){.kind = SUMMARY_JOINED,
                                         .tick = tick,
                                         .seat = i,
                                         .member = seat->client->member,
                                         .user = user_of(room, seat, packed)};
        visitor->change(visitor->context, &change);
    }
}

/* --- Reading -------------------------------------------------------------------------------------- */

static uint64_t read_natural(struct reader *reader)
{
    return (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
}

static uint32_t read_small(struct reader *reader)
{
    return (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
}

static void read_seconds(struct reader *reader, const struct summary_visitor *visitor)
{
    struct summary_second second = {0};
    uint32_t elements = read_array(reader);
    if (elements % 4 != 0)
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < elements && reader->status == STATUS_OK; i += 4) {
        uint64_t ticks = read_natural(reader), passed = read_natural(reader);
        second.operations = read_small(reader);
        second.presence = read_small(reader);
        if (ticks > INTEGER_MAX - second.tick || passed > INTEGER_MAX - second.second)
            reader_fail(reader, STATUS_MALFORMED);
        second.tick += ticks;
        second.second += passed;
        if (reader->status == STATUS_OK)
            visitor->second(visitor->context, &second);
    }
}

static void read_change(struct reader *reader, struct summary_change *change)
{
    static const uint8_t elements_of[] = {
        [SUMMARY_JOINED] = 3, [SUMMARY_LEFT] = 1, [SUMMARY_NOBODY] = 0,
        [SUMMARY_WOKE] = 1,   [SUMMARY_HOLE] = 2,
    };
    uint32_t elements = read_array(reader);
    int64_t kind = read_integer_in(reader, 0, sizeof elements_of - 1);
    *change = (struct summary_change){.kind = (enum summary_change_kind)kind};
    change->tick = read_natural(reader);
    change->wall_ms = read_natural(reader);
    if (reader->status == STATUS_OK && elements != 3u + elements_of[kind])
        reader_fail(reader, STATUS_MALFORMED);
    if (reader->status != STATUS_OK)
        return;
    switch (change->kind) {
    case SUMMARY_JOINED:
        change->seat = read_small(reader);
        change->member = read_small(reader);
        bool none = read_type(reader) == PACK_NIL;
        struct bytes user = read_value(reader);
        if (!none)
            change->user = user;
        return;
    case SUMMARY_LEFT:
        change->seat = read_small(reader);
        return;
    case SUMMARY_NOBODY:
        return;
    case SUMMARY_WOKE:
        change->incarnation = read_natural(reader);
        return;
    case SUMMARY_HOLE:
        change->incarnation = read_natural(reader);
        change->known = read_natural(reader);
        return;
    }
}

enum status summary_read(struct bytes summary, const struct summary_visitor *visitor)
{
    struct reader reader = reader_on(summary);
    if (read_array(&reader) != 3)
        reader_fail(&reader, STATUS_MALFORMED);
    if (read_integer(&reader) != SUMMARY_FORMAT)
        reader_fail(&reader, STATUS_KIND);
    read_seconds(&reader, visitor);
    uint32_t changes = read_array(&reader);
    for (uint32_t i = 0; i < changes && reader.status == STATUS_OK; i++) {
        struct summary_change change;
        read_change(&reader, &change);
        if (reader.status == STATUS_OK)
            visitor->change(visitor->context, &change);
    }
    return reader_end(&reader);
}
