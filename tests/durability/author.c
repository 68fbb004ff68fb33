#include "tests/durability/author.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum part {
    PART_COUNTER = 1,
    PART_LIST = 2,
    PART_MARK = 4,
    PART_DELETE = 8, /* of the mark made MARKS_KEPT operations before */
    PART_DOOMED = 16 /* a change to a record that never was */
};

#define ALL_MARKS (PART_LIST | PART_MARK)

/* A multiple of the cycle of parts. */
#define MARKS_KEPT 100u

/* In lists a number stands with its author's. */
#define NUMBERS_PER_AUTHOR (1 << 24)

static const uint8_t parts_cycle[] = {
    PART_COUNTER, PART_LIST, PART_MARK, PART_DOOMED, PART_COUNTER | PART_LIST | PART_MARK,
};

/* --- What the author is told --------------------------------------------------------------------- */

static struct written *written_at(const struct author *author, uint64_t number)
{
    return &author->list[number - 1];
}

static void on_decided(void *context,
                       struct tutti_client *client,
                       uint64_t operation,
                       uint32_t sequence,
                       enum tutti_status status)
{
    struct author *author = context;
    (void)client, (void)sequence;
    if (status == TUTTI_OK)
        return;
    struct written *written = written_at(author, operation);
    written->fate = FATE_REFUSED;
    author->refused += (written->parts & PART_DOOMED) == 0;
}

static void on_saved(void *context, struct tutti_client *client, uint64_t operation)
{
    struct author *author = context;
    (void)client;
    written_at(author, operation)->fate = FATE_SAVED;
    author->saved++;
}

static void on_uncertain(void *context, struct tutti_client *client, uint64_t operation)
{
    struct author *author = context;
    (void)client;
    written_at(author, operation)->fate = FATE_UNCERTAIN;
    author->uncertain++;
}

struct tutti_handlers author_handlers(struct author *author)
{
    return (struct tutti_handlers){
        .context = author,
        .decided = on_decided,
        .saved = on_saved,
        .uncertain = on_uncertain,
    };
}

bool author_join(struct author *author,
                 struct tutti_loop *loop,
                 const char *url,
                 const char *room,
                 uint32_t index)
{
    *author = (struct author){.index = index};
    struct tutti_options options = {.kind = "open", .user = tutti_integer(index)};
    struct tutti_handlers handlers = author_handlers(author);
    author->client = tutti_join(loop, url, room, &options, &handlers);
    return author->client != NULL;
}

void author_leave(struct author *author)
{
    tutti_destroy(author->client);
    free(author->list);
    *author = (struct author){0};
}

/* --- Writing ------------------------------------------------------------------------------------- */

struct name {
    char id[25];
};

static struct name counter_name(uint32_t index)
{
    struct name name;
    snprintf(name.id, sizeof name.id, "c%" PRIu32, index);
    return name;
}

static struct name mark_name(uint32_t index, uint32_t number)
{
    struct name name;
    snprintf(name.id, sizeof name.id, "m%" PRIu32 "-%" PRIu32, index, number);
    return name;
}

static uint8_t parts_of_next(const struct author *author)
{
    uint32_t number = author->count + 1;
    uint8_t parts = parts_cycle[number % sizeof parts_cycle];
    if ((parts & PART_MARK) != 0 && number > MARKS_KEPT &&
        written_at(author, number - MARKS_KEPT)->fate == FATE_SAVED)
        parts |= PART_DELETE;
    return parts;
}

static bool reserve(struct author *author)
{
    if (author->count < author->capacity)
        return true;
    uint32_t capacity = author->capacity == 0 ? 256 : 2 * author->capacity;
    struct written *list = realloc(author->list, capacity * sizeof *list);
    if (list == NULL)
        return false;
    author->list = list;
    author->capacity = capacity;
    return true;
}

void author_write(struct author *author, uint32_t round)
{
    if (!reserve(author))
        return;
    uint32_t number = author->count + 1;
    uint8_t parts = parts_of_next(author);
    struct name counter = counter_name(author->index), list, mark, old;
    snprintf(list.id, sizeof list.id, "l%" PRIu32, round);
    mark = mark_name(author->index, number);
    old = mark_name(author->index, number - MARKS_KEPT);
    struct tutti_pair one = {"n", tutti_integer(1)};
    struct tutti_pair item = {"items",
                              tutti_integer((int64_t)author->index * NUMBERS_PER_AUTHOR + number)};
    struct tutti_pair value = {"number", tutti_integer(number)};
    struct tutti_edit edits[7];
    size_t count = 0;
    if ((parts & PART_COUNTER) != 0) {
        edits[count++] =
            (struct tutti_edit){.verb = TUTTI_PUT, .collection = "counters", .id = counter.id};
        edits[count++] = (struct tutti_edit){.verb = TUTTI_ADD,
                                             .collection = "counters",
                                             .id = counter.id,
                                             .fields = &one,
                                             .count = 1};
    }
    if ((parts & PART_LIST) != 0) {
        edits[count++] =
            (struct tutti_edit){.verb = TUTTI_PUT, .collection = "lists", .id = list.id};
        edits[count++] = (struct tutti_edit){.verb = TUTTI_APPEND,
                                             .collection = "lists",
                                             .id = list.id,
                                             .fields = &item,
                                             .count = 1};
    }
    if ((parts & PART_MARK) != 0)
        edits[count++] = (struct tutti_edit){.verb = TUTTI_PUT,
                                             .collection = "marks",
                                             .id = mark.id,
                                             .guards = TUTTI_IF_NEW,
                                             .fields = &value,
                                             .count = 1};
    if ((parts & PART_DELETE) != 0)
        edits[count++] =
            (struct tutti_edit){.verb = TUTTI_DELETE, .collection = "marks", .id = old.id};
    if ((parts & PART_DOOMED) != 0)
        edits[count++] =
            (struct tutti_edit){.verb = TUTTI_DELETE, .collection = "marks", .id = "never"};
    uint64_t operation;
    if (tutti_submit(author->client, edits, count, &operation) == TUTTI_OK)
        author->list[author->count++] = (struct written){.parts = parts};
}

/* --- Looking at the room: what of each operation is there ------------------------------------------ */

struct check {
    struct author *authors;
    uint32_t count;
    const struct tutti_client *reader;
    struct findings *findings;
};

/* The operation that a number of an author stands for; NULL where there is none. */
static struct written *find_written(const struct check *check, int64_t index, int64_t number)
{
    int64_t first = check->authors[0].index;
    if (index < first || index >= first + check->count)
        return NULL;
    const struct author *author = &check->authors[index - first];
    if (number < 1 || number > author->count)
        return NULL;
    return written_at(author, (uint64_t)number);
}

static void look_at_list(struct check *check, const struct tutti_record *record)
{
    struct tutti_value items = tutti_get(record, "items"), item;
    int64_t *last = calloc(check->count, sizeof *last);
    while (last != NULL && tutti_item_next(&items, &item)) {
        int64_t index = item.integer / NUMBERS_PER_AUTHOR;
        int64_t number = item.integer % NUMBERS_PER_AUTHOR;
        struct written *written = find_written(check, index, number);
        if (written == NULL || (written->parts & PART_LIST) == 0) {
            check->findings->foreign++;
            continue;
        }
        int64_t *before = &last[index - check->authors[0].index];
        if ((written->seen & PART_LIST) != 0)
            check->findings->twice++;
        else if (number < *before)
            check->findings->moved++;
        written->seen |= PART_LIST;
        *before = number;
    }
    free(last);
}

static void look_at_mark(struct check *check, const struct tutti_record *record)
{
    size_t length;
    const char *id = tutti_record_id(record, &length);
    char text[32];
    unsigned index = 0, number = 0;
    snprintf(text, sizeof text, "%.*s", (int)length, id);
    struct written *written =
        sscanf(text, "m%u-%u", &index, &number) == 2 ? find_written(check, index, number) : NULL;
    if (written == NULL || tutti_number(record, "number") != number)
        check->findings->foreign++;
    else
        written->seen |= PART_MARK;
}

static void look(struct check *check)
{
    for (uint32_t i = 0; i < check->count; i++)
        for (uint32_t n = 0; n < check->authors[i].count; n++)
            check->authors[i].list[n].seen = 0;
    const struct tutti_record *record = NULL;
    while ((record = tutti_next(check->reader, "lists", record)) != NULL)
        look_at_list(check, record);
    while ((record = tutti_next(check->reader, "marks", record)) != NULL)
        look_at_mark(check, record);
}

/* --- Judging --------------------------------------------------------------------------------------- */

static bool mark_is_deleted(const struct author *author, uint32_t number)
{
    if (number + MARKS_KEPT > author->count)
        return false;
    const struct written *later = written_at(author, number + MARKS_KEPT);
    return later->fate == FATE_SAVED && (later->parts & PART_DELETE) != 0;
}

/* Of an operation whose fate is uncertain its parts tell, but for the counter, which tells below. */
static bool judge_uncertain(struct written *written, struct findings *findings)
{
    uint8_t wanted = written->parts & ALL_MARKS;
    if (wanted == 0)
        return true;
    written->fate = written->seen == 0 ? FATE_ABSENT : FATE_SAVED;
    findings->torn += written->seen != 0 && written->seen != wanted;
    return false;
}

static void judge(const struct author *author, uint32_t number, struct findings *findings)
{
    struct written *written = written_at(author, number);
    uint8_t wanted = written->parts & ALL_MARKS;
    if (mark_is_deleted(author, number)) {
        findings->twice += (written->seen & PART_MARK) != 0;
        wanted &= (uint8_t)~PART_MARK;
        written->seen &= (uint8_t)~PART_MARK;
    }
    if (written->fate != FATE_SAVED || (written->parts & PART_DOOMED) != 0) {
        findings->foreign += written->seen != 0 || written->fate == FATE_SAVED;
        return;
    }
    if (written->seen == wanted)
        return;
    findings->lost++;
    findings->torn += written->seen != 0;
    if (written->seen == 0)
        written->fate = FATE_ABSENT;
}

/* The counter has 1 from each operation with that part that is in the room; of `uncertain` ones
 * nothing else tells. */
static void judge_counter(struct check *check, struct author *author, int64_t uncertain)
{
    struct name name = counter_name(author->index);
    const struct tutti_record *record = tutti_find(check->reader, "counters", name.id);
    int64_t value = record == NULL ? 0 : (int64_t)tutti_number(record, "n");
    int64_t wanted = author->counter_before;
    for (uint32_t number = 1; number <= author->count; number++) {
        const struct written *written = written_at(author, number);
        wanted += written->fate == FATE_SAVED && (written->parts & PART_COUNTER) != 0;
    }
    if (value < wanted)
        check->findings->lost += (uint64_t)(wanted - value);
    if (value > wanted + uncertain)
        check->findings->twice += (uint64_t)(value - wanted - uncertain);
    author->counter_before += value - wanted;
}

void authors_check(struct author *authors,
                   uint32_t count,
                   const struct tutti_client *reader,
                   struct findings *findings)
{
    struct check check = {
        .authors = authors, .count = count, .reader = reader, .findings = findings};
    look(&check);
    for (uint32_t i = 0; i < count; i++) {
        struct author *author = &authors[i];
        int64_t only_counted = 0;
        for (uint32_t number = 1; number <= author->count; number++) {
            struct written *written = written_at(author, number);
            if (written->fate == FATE_UNCERTAIN && judge_uncertain(written, findings)) {
                written->fate = FATE_ABSENT;
                only_counted++;
            }
        }
        for (uint32_t number = 1; number <= author->count; number++)
            judge(author, number, findings);
        judge_counter(&check, author, only_counted);
    }
}
