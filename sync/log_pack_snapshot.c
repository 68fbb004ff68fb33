/* log_pack_snapshot.c - a snapshot taken apart: the records of its scopes, in the order of snapshot.c, are acts;
 * what is between them is carried as it stands.
 *
 * Numbers go into the same column as those that they follow most closely: the stamp of a record and of a list that
 * was added to last, the stamp of its making and those of the fields that were set then. Where somebody
 * has made one record after the other, most of these are nothing or little above the one before.
 */
#include "sync/log_pack_cut.h"
#include "sync/snapshot_parts.h"
#include "sync/wire.h"

/* Columns of a collection beside those of its fields' values. */
enum {
    STEP_STAMP, /* of the last change */
    STEP_MADE,  /* of the making, and of fields and items since */
    STEP_SLOT,
    STEP_ID,
    STEP_AUTHOR,
    STEP_SEQUENCE,
    STEP_EVENT,
    STEP_SEGMENTS,
    STEP_COUNT,
    STEP_FIELD /* of the first one, and so on */
};

struct walk {
    struct cutter cutter;
    const struct snapshot_taker *taker;
    struct act_parts act;
    bool open;        /* an act is under way */
    uint64_t subject; /* kind and collection of the record at hand */
    uint64_t collection;
    struct bytes owner; /* packed */
    size_t between_from;
};

static bool fine(const struct walk *walk)
{
    return walk->cutter.reader.status == STATUS_OK;
}

static void open_act(struct walk *walk)
{
    if (walk->open)
        return;
    act_begin(&walk->cutter, &walk->act);
    walk->open = true;
}

static void close_act(struct walk *walk)
{
    if (!walk->open || !fine(walk))
        return;
    walk->act.act = walk->subject;
    walk->cutter.who = walk->owner;
    act_end(&walk->cutter, &walk->act);
    walk->open = false;
}

/* The column of the collection that is meant. */
static void at_step(struct walk *walk, uint64_t step)
{
    walk->cutter.path_length = 0;
    path_step(&walk->cutter, walk->collection);
    path_step(&walk->cutter, step);
}

static void cut_number(struct walk *walk, uint64_t step)
{
    at_step(walk, step);
    cut_integer(&walk->cutter);
}

/* --- Fields -------------------------------------------------------------------------------------- */

/* Each segment is an act of its own: so records whose lists have grown differently have the same forms. */
static void take_list(struct walk *walk, uint64_t field)
{
    struct cutter *cutter = &walk->cutter;
    struct reader ahead = cutter->reader;
    uint32_t segments = (uint32_t)read_integer_in(&ahead, 0, UINT32_MAX);
    cut_number(walk, STEP_SEGMENTS);
    close_act(walk);
    for (uint32_t i = 0; i < segments && fine(walk); i++) {
        open_act(walk);
        cut_number(walk, STEP_MADE);
        ahead = cutter->reader;
        uint32_t count = (uint32_t)read_integer_in(&ahead, 0, UINT32_MAX);
        cut_number(walk, STEP_COUNT);
        at_step(walk, STEP_FIELD + field);
        struct cutter before = *cutter;
        if (!cut_list(cutter, count)) {
            *cutter = before;
            cut_binary(cutter);
        }
        close_act(walk);
    }
}

static void take_author(struct walk *walk)
{
    struct cutter *cutter = &walk->cutter;
    struct reader ahead = cutter->reader;
    size_t from = ahead.at;
    read_integer(&ahead);
    bool owns = bytes_equal(cutter_between(cutter, from, ahead.at), walk->owner);
    if (!owns) {
        cut_number(walk, STEP_AUTHOR);
        return;
    }
    cutter->reader = ahead;
    cut_part(cutter, from, ahead.at, PART_WHO);
}

static void take_cell(struct walk *walk, uint64_t field)
{
    struct cutter *cutter = &walk->cutter;
    struct reader ahead = cutter->reader;
    open_act(walk);
    if (read_integer(&ahead) == 0) { /* never set */
        cutter->reader = ahead;
        return;
    }
    read_integer(&ahead);
    read_integer(&ahead);
    bool list = read_integer(&ahead) == SNAPSHOT_LIST;
    cut_number(walk, list ? STEP_STAMP : STEP_MADE);
    take_author(walk);
    cut_number(walk, STEP_SEQUENCE);
    int64_t type = read_integer_in(&cutter->reader, SNAPSHOT_HOLE, SNAPSHOT_LIST);
    at_step(walk, STEP_FIELD + field);
    switch ((enum snapshot_cell)type) {
    case SNAPSHOT_HOLE:
        return;
    case SNAPSHOT_NUMBER:
        cut_integer(cutter);
        return;
    case SNAPSHOT_PACKED:
        cut_binary(cutter);
        return;
    case SNAPSHOT_LIST:
        take_list(walk, field);
    }
}

/* --- Records ------------------------------------------------------------------------------------- */

static void take_entry(struct walk *walk, uint64_t *live)
{
    struct cutter *cutter = &walk->cutter;
    struct reader *reader = &cutter->reader;
    struct reader ahead = *reader;
    int64_t kind = read_integer_in(&ahead, RECORD_LIVE, RECORD_EVENT);
    read_integer(&ahead);
    walk->collection = (uint64_t)read_integer_in(&ahead, 0, UINT8_MAX);
    walk->subject = walk->collection << 2 | (uint64_t)kind;
    open_act(walk);
    read_integer(reader);
    cut_number(walk, STEP_STAMP);
    read_integer(reader);
    size_t from = reader->at;
    cut_who(cutter);
    walk->owner = cutter_between(cutter, from, reader->at);
    if (kind == RECORD_EVENT) {
        at_step(walk, STEP_EVENT);
        cut_binary(cutter);
        close_act(walk);
        return;
    }
    cut_number(walk, STEP_MADE);
    cut_number(walk, STEP_SLOT);
    at_step(walk, STEP_ID);
    cut_text(cutter);
    if (kind == RECORD_LIVE) {
        ++*live;
        int64_t cells = read_integer_in(reader, 0, UINT8_MAX);
        for (int64_t i = 0; i < cells && fine(walk); i++)
            take_cell(walk, (uint64_t)i);
    }
    close_act(walk);
}

static bool give_acts(struct walk *walk)
{
    struct entry_parts *parts = walk->cutter.parts;
    bool given =
        fine(walk) && parts->status == STATUS_OK && walk->taker->acts(walk->taker->context);
    entry_parts_clear(parts);
    return given;
}

static bool give_between(struct walk *walk)
{
    const struct reader *reader = &walk->cutter.reader;
    struct bytes bytes = cutter_between(&walk->cutter, walk->between_from, reader->at);
    return fine(walk) && (bytes.length == 0 || walk->taker->between(walk->taker->context, bytes));
}

/* --- Scopes -------------------------------------------------------------------------------------- */

static void skip_integers(struct reader *reader, uint64_t count)
{
    for (; count > 0 && reader->status == STATUS_OK; count--)
        read_integer(reader);
}

static bool take_scope(struct walk *walk)
{
    struct reader *reader = &walk->cutter.reader;
    if (!read_bool(reader))
        return fine(walk);
    uint64_t live = 0;
    skip_integers(reader, 2); /* stamp, horizon */
    uint64_t slots = (uint64_t)read_integer_in(reader, 0, UINT32_MAX);
    int64_t count = read_integer_in(reader, 0, UINT32_MAX);
    bool taken = give_between(walk);
    for (int64_t i = 0; i < count && taken; i++) {
        take_entry(walk, &live);
        taken = give_acts(walk);
    }
    walk->between_from = reader->at;
    cutter_must(&walk->cutter, live <= slots);
    skip_integers(reader, slots - live);
    return taken && fine(walk);
}

/* Up to the scopes. */
static void skip_head(struct reader *reader)
{
    read_integer_in(reader, SNAPSHOT_FORMAT, SNAPSHOT_FORMAT);
    read_string(reader); /* kind */
    skip_integers(reader, 2);
    read_bool(reader); /* asleep */
    skip_integers(reader, 4);
    skip_integers(reader, 2 * (uint64_t)read_integer_in(reader, 0, UINT32_MAX)); /* timers */
    read_integer(reader);                                                        /* names */
    for (int64_t names = read_integer_in(reader, 0, UINT32_MAX);
         names > 0 && reader->status == STATUS_OK; names--) {
        bool field = read_integer(reader) == 1;
        skip_integers(reader, field ? 1 : 0);
        read_string(reader);
        skip_integers(reader, field ? 1 : 0);
    }
    if (read_type(reader) == PACK_BINARY)
        read_binary(reader); /* the rules' memory */
}

bool snapshot_take_apart(struct entry_parts *parts,
                         struct bytes snapshot,
                         const struct snapshot_taker *taker)
{
    struct walk walk = {.cutter = {.parts = parts, .reader = reader_on(snapshot)}, .taker = taker};
    struct reader *reader = &walk.cutter.reader;
    entry_parts_clear(parts);
    skip_head(reader);
    bool taken = true;
    while (taken && read_type(reader) == PACK_BOOL)
        taken = take_scope(&walk);
    reader->at = reader->length; /* clients, seats: as they stand */
    return taken && give_between(&walk);
}
