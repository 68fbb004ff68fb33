/* log_pack_entry.c - an entry taken apart: what its acts say, and how they say it. */
#include "sync/limits.h"
#include "sync/log.h"
#include "sync/log_pack_cut.h"
#include "sync/operation.h"

/* An edit's head: sync/README.md, "operations". */
#define VERB_MASK      7u
#define VERB_BITS      3u
#define GUARDS_WITH_IT (GUARD_STAMP | GUARD_MINE) /* those that come with an element */
#define HEAD_MAX       ((GUARD_NEW | GUARDS_WITH_IT) << VERB_BITS | VERB_EMIT)

/* ACT_SHOWN of a track: a member's presence, pairs of field and value. */
#define ACT_OF_PRESENCE 33

/* --- Acts ---------------------------------------------------------------------------------------- */

/* A collection's, field's or event's number or name, which stays in the form. */
static struct bytes take_name(struct cutter *cutter)
{
    struct reader *reader = &cutter->reader;
    size_t from = reader->at;
    if (read_type(reader) == PACK_STRING)
        read_string(reader);
    else
        read_integer(reader);
    return cutter_between(cutter, from, reader->at);
}

static void cut_pairs(struct cutter *cutter, uint32_t elements)
{
    cutter_must(cutter, elements % 2 == 0);
    for (uint32_t i = 0; i < elements && cutter->reader.status == STATUS_OK; i += 2) {
        size_t before = path_add(cutter, take_name(cutter));
        cut_value(cutter, 0);
        cutter->path_length = before;
    }
}

/* The collection and the record from..to; of the first edit it is what the act is about. */
static void cut_what(struct cutter *cutter, size_t from, size_t to)
{
    struct bytes what = cutter_between(cutter, from, to);
    if (cutter->what.length == 0) {
        cutter->what = what;
        cut_part(cutter, from, to, PART_WHAT);
    } else {
        cut_next(cutter, from, to);
    }
}

static void cut_event(struct cutter *cutter, uint32_t elements)
{
    cutter_must(cutter, elements == 4);
    path_add(cutter, take_name(cutter));
    cut_integer(cutter); /* to whom */
    path_step(cutter, 0);
    cut_value(cutter, 0);
}

/* Items of one field: integers that the edit's head counts, or others. */
static void cut_append(struct cutter *cutter, uint32_t count, bool counted)
{
    if (counted) {
        cut_items(cutter, count);
        return;
    }
    for (uint32_t i = 0; i < count && cutter->reader.status == STATUS_OK; i++)
        cut_value(cutter, 0);
}

/* Of an edit of a record: what stands before fields and values. */
struct edit_head {
    size_t from, to; /* the array's head */
    size_t what_from, what_to;
    uint32_t verb, guards; /* those with an element */
    uint32_t left;         /* elements behind guards */
};

static void cut_record_edit(struct cutter *cutter, const struct edit_head *edit)
{
    struct cutter ahead = *cutter;
    ahead.reader.at = edit->what_to;
    for (uint32_t i = 0; i < edit->guards; i++)
        read_integer(&ahead.reader);
    bool appends = edit->verb == VERB_APPEND && edit->left > 0;
    struct bytes field = appends ? take_name(&ahead) : (struct bytes){NULL, 0};
    uint32_t items = appends ? edit->left - 1 : 0;
    bool counted = head_is_short(edit->from, edit->to, 3 + edit->guards + edit->left) &&
                   integers_follow(&ahead, items);
    if (counted) {
        size_t before = path_add(cutter, field);
        cut_count(cutter, edit->from, edit->to, items, 3 + edit->guards + 1);
        cutter->path_length = before;
    }
    cut_what(cutter, edit->what_from, edit->what_to);
    for (uint32_t i = 0; i < edit->guards; i++)
        cut_integer(cutter);
    if (appends) {
        path_add(cutter, take_name(cutter));
        cut_append(cutter, items, counted);
    } else {
        cut_pairs(cutter, edit->left);
    }
}

static void cut_edit(struct cutter *cutter)
{
    struct reader *reader = &cutter->reader;
    struct edit_head edit = {.from = reader->at};
    uint32_t elements = read_array(reader);
    edit.to = reader->at;
    uint32_t head = (uint32_t)read_integer_in(reader, 0, HEAD_MAX);
    edit.verb = head & VERB_MASK;
    edit.guards = (uint32_t)__builtin_popcount(head >> VERB_BITS & GUARDS_WITH_IT);
    cutter->path_length = 0;
    path_step(cutter, ACT_EDIT);
    if (edit.verb == VERB_EMIT) {
        cut_event(cutter, elements);
        return;
    }
    edit.what_from = reader->at;
    path_add(cutter, take_name(cutter));
    read_string(reader);
    edit.what_to = reader->at;
    cutter_must(cutter, edit.verb < VERB_EMIT && elements >= 3 + edit.guards);
    if (reader->status != STATUS_OK)
        return;
    edit.left = elements - 3 - edit.guards;
    cut_record_edit(cutter, &edit);
}

static void cut_operation(struct cutter *cutter)
{
    uint32_t edits = read_array(&cutter->reader);
    for (uint32_t i = 0; i < edits && cutter->reader.status == STATUS_OK; i++)
        cut_edit(cutter);
}

static void cut_elements(struct cutter *cutter, int64_t act, uint32_t elements)
{
    struct reader *reader = &cutter->reader;
    if (elements > 0 && read_type(reader) == PACK_INTEGER) {
        cut_who(cutter);
        elements--;
    }
    if (act == ACT_OPERATION && elements == 2) {
        read_integer(reader); /* what became of it */
        cut_operation(cutter);
    } else if (act == ACT_EDIT && elements == 1) {
        cut_operation(cutter);
    } else if (act == ACT_OF_PRESENCE) {
        cut_pairs(cutter, elements);
    } else {
        for (uint32_t i = 0; i < elements && reader->status == STATUS_OK; i++) {
            size_t before = path_step(cutter, i);
            cut_value(cutter, 0);
            cutter->path_length = before;
        }
    }
}

static void cut_act(struct cutter *cutter)
{
    struct reader *reader = &cutter->reader;
    struct act_parts act;
    act_begin(cutter, &act);
    uint32_t elements = read_array(reader);
    act.act = (uint64_t)read_integer(reader);
    cutter_must(cutter, elements > 0);
    path_step(cutter, act.act);
    if (reader->status != STATUS_OK)
        return;
    cut_elements(cutter, (int64_t)act.act, elements - 1);
    act_end(cutter, &act);
}

/* --- Entries ------------------------------------------------------------------------------------- */

bool entry_take_apart(struct entry_parts *parts, struct bytes entry)
{
    struct cutter cutter = {.parts = parts, .reader = reader_on(entry)};
    struct reader *reader = &cutter.reader;
    entry_parts_clear(parts);
    size_t from = reader->at;
    uint32_t elements = read_array(reader);
    cutter_must(&cutter, elements >= 3 && head_is_short(from, reader->at, elements));
    parts->tick = (uint64_t)cutter_integer(&cutter);
    parts->since = (uint64_t)cutter_integer(&cutter);
    parts->wall_ms = (uint64_t)cutter_integer(&cutter);
    for (uint32_t i = 3; i < elements && reader->status == STATUS_OK; i++)
        cut_act(&cutter);
    return reader_end(reader) == STATUS_OK && parts->status == STATUS_OK;
}
