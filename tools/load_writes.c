/* load_writes.c - members that write, and how long it takes until that is decided and saved. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/load.h"

/* Operations on one stroke, and how many strokes of a member there are at most. */
#define STROKE_OPERATIONS 32u
#define STROKES_KEPT      16u

#define POINT_NUMBERS 4u

static void submitted(struct member *member, uint64_t operation, uint64_t now_us)
{
    struct load *load = member->load;
    member->observer->writes->submitted_us[operation % WRITES_KEPT] = load->measuring ? now_us : 0;
    load->outcomes.submitted += load->measuring;
}

/* When an operation was submitted; 0 for one that does not count. */
static uint64_t submitted_us(const struct member *member, uint64_t operation)
{
    return member->observer->writes->submitted_us[operation % WRITES_KEPT];
}

static void on_decided(void *context,
                       struct tutti_client *client,
                       uint64_t operation,
                       uint32_t sequence,
                       enum tutti_status status)
{
    struct member *member = context;
    struct outcomes *outcomes = &member->load->outcomes;
    uint64_t since_us = submitted_us(member, operation);
    (void)client, (void)sequence;
    if (since_us == 0)
        return;
    outcomes->refused += status != TUTTI_OK;
    histogram_add(&outcomes->decided, tutti_now_us() - since_us);
}

static void on_saved(void *context, struct tutti_client *client, uint64_t operation)
{
    struct member *member = context;
    uint64_t since_us = submitted_us(member, operation);
    (void)client;
    if (since_us != 0)
        histogram_add(&member->load->outcomes.saved, tutti_now_us() - since_us);
}

static void on_uncertain(void *context, struct tutti_client *client, uint64_t operation)
{
    struct member *member = context;
    (void)client;
    member->load->outcomes.uncertain += submitted_us(member, operation) != 0;
}

bool writes_prepare(struct observer *observer,
                    struct tutti_options *options,
                    struct tutti_handlers *handlers)
{
    observer->writes = calloc(1, sizeof *observer->writes);
    options->unsaved_operations = WRITES_KEPT;
    handlers->decided = on_decided;
    handlers->saved = on_saved;
    handlers->uncertain = on_uncertain;
    return observer->writes != NULL;
}

struct stroke_name {
    char id[RECORD_ID_BYTES_MAX + 1];
};

static struct stroke_name stroke_name(const struct member *member, uint64_t number)
{
    struct stroke_name name;
    snprintf(name.id, sizeof name.id, "%" PRIx32 "-%" PRIx64, member->index, number);
    return name;
}

/* A new stroke takes the place of the member's oldest. */
static enum tutti_status begin_stroke(struct member *member, uint64_t number, uint64_t *operation)
{
    struct stroke_name made = stroke_name(member, number);
    struct stroke_name gone = stroke_name(member, number - STROKES_KEPT);
    struct tutti_pair width = {"width", tutti_integer(2)};
    struct tutti_edit edits[] = {
        {.verb = TUTTI_PUT, .collection = "strokes", .id = made.id, .fields = &width, .count = 1},
        {.verb = TUTTI_DELETE, .collection = "strokes", .id = gone.id},
    };
    return tutti_submit(member->observer->client, edits, number >= STROKES_KEPT ? 2 : 1, operation);
}

static enum tutti_status draw(struct member *member, uint64_t number, uint64_t *operation)
{
    struct stroke_name name = stroke_name(member, number);
    struct tutti_pair points[POINT_NUMBERS] = {{"points", tutti_integer(member->hand.x)},
                                               {NULL, tutti_integer(member->hand.y)},
                                               {NULL, tutti_integer(3)},
                                               {NULL, tutti_integer(-4)}};
    struct tutti_edit edit = {.verb = TUTTI_APPEND,
                              .collection = "strokes",
                              .id = name.id,
                              .fields = points,
                              .count = POINT_NUMBERS};
    return tutti_submit(member->observer->client, &edit, 1, operation);
}

void member_write(struct member *member, uint64_t now_us)
{
    if (!member->joined || member->lost)
        return;
    uint64_t written = member->written, operation;
    uint64_t number = written / STROKE_OPERATIONS;
    enum tutti_status status = written % STROKE_OPERATIONS == 0
                                   ? begin_stroke(member, number, &operation)
                                   : draw(member, number, &operation);
    if (status == TUTTI_OK) {
        submitted(member, operation, now_us);
        member->written++;
    } else {
        member->load->outcomes.left_out++;
    }
    member_pump(member, now_us);
}

uint64_t load_unsaved(const struct load *load)
{
    uint64_t unsaved = 0;
    for (uint32_t i = 0; i < load->count; i++)
        if (load->members[i].observer != NULL && !load->members[i].lost)
            unsaved += tutti_unsaved(load->members[i].observer->client);
    return unsaved;
}
