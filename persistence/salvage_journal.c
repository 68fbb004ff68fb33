#include "persistence/salvage_parts.h"
#include "persistence/store_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOURNAL_MODEL "journal-model"

struct salvage {
    struct journal from; /* all generations, as far as they can be read */
    bool damaged[JOURNAL_GENERATIONS_MAX];
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    struct journal_file to;
    enum store_result result; /* of appending to it */
    unsigned kept;
    char why[STORE_PLACE_MAX];
    char lost[STORE_PLACE_MAX]; /* where the flushes end too early; empty when they do not */
};

static void copy_name(char name[SQLITE_FILE_NAME_MAX], uint64_t generation)
{
    snprintf(name, SQLITE_FILE_NAME_MAX, "journal-%" PRIu64 ".db-copy", generation);
}

static enum store_result open_copy(struct journal_file *file,
                                   const struct sqlite_place *place,
                                   uint64_t generation,
                                   const char *model)
{
    char name[SQLITE_FILE_NAME_MAX], copy[SQLITE_FILE_NAME_MAX];
    journal_file_name(name, generation);
    copy_name(copy, generation);
    enum store_result result = salvage_copy(place, name, model, copy);
    if (result == STORE_OK)
        result = journal_file_open_damaged(file, place, generation, copy);
    return result;
}

static enum store_result
open_remade(struct journal_file *file, const struct sqlite_place *place, uint64_t generation)
{
    salvage_delete(place, JOURNAL_MODEL);
    enum store_result result = journal_file_make_model(place, JOURNAL_MODEL);
    if (result == STORE_OK)
        result = open_copy(file, place, generation, JOURNAL_MODEL);
    salvage_delete(place, JOURNAL_MODEL);
    return result;
}

/* One that cannot be read at all stands as one without flushes. */
static enum store_result
open_generation(struct salvage *salvage, size_t index, const struct journal_facts *facts)
{
    struct journal_file *file = &salvage->from.files[index];
    const struct sqlite_place *place = &salvage->from.place;
    uint64_t generation = salvage->generations[index];
    char name[SQLITE_FILE_NAME_MAX];
    journal_file_name(name, generation);
    enum store_result result = STORE_DAMAGED;
    if (salvage_log_is_sound(place, name))
        result = journal_file_open(file, place, generation, SQLITE_FILE_READ, facts);
    if (result != STORE_DAMAGED)
        return result;

    salvage->damaged[index] = true;
    result = open_copy(file, place, generation, NULL);
    if (result == STORE_DAMAGED)
        result = open_remade(file, place, generation);
    if (result == STORE_DAMAGED) {
        *file = (struct journal_file){.generation = generation, .facts = *facts};
        result = STORE_OK;
    }
    return result;
}

static enum store_result open_all(struct salvage *salvage, struct journal_facts *facts)
{
    struct journal *from = &salvage->from;
    size_t count;
    enum store_result result =
        journal_files_list(&from->place, salvage->generations, JOURNAL_GENERATIONS_MAX - 1, &count);
    for (size_t i = 0; i < count && result == STORE_OK; i++) {
        result = open_generation(salvage, i, facts);
        if (result != STORE_OK)
            break;
        struct journal_file *file = &from->files[i];
        /* What a damaged one does not know, the one before it does. */
        if (file->facts.fence < facts->fence)
            file->facts.fence = facts->fence;
        if (file->facts.released < facts->released)
            file->facts.released = facts->released;
        facts->fence = file->facts.fence;
        facts->released = file->facts.released;
        from->count = i + 1;
    }
    return result;
}

static bool count_flush(void *context, const struct store_flush *flush)
{
    (void)context;
    (void)flush;
    return true;
}

static bool take_flush(void *context, const struct store_flush *flush)
{
    struct salvage *salvage = context;
    salvage->result = journal_file_append(&salvage->to, salvage->to.facts.fence, flush);
    salvage->kept += salvage->result == STORE_OK;
    return salvage->result == STORE_OK;
}

/* Flushes up to the first that is lost go into a new generation, after which nothing of the older
 * ones counts: what follows a lost flush may rest on it. */
static enum store_result build(struct salvage *salvage, struct journal_facts *facts)
{
    struct journal *from = &salvage->from;
    uint64_t last;
    enum store_result result = journal_flushes(from, count_flush, NULL, &last);
    if (result != STORE_OK && result != STORE_DAMAGED)
        return result;
    if (result == STORE_DAMAGED)
        snprintf(salvage->lost, sizeof salvage->lost, "%s", store_place());
    facts->after = last;
    struct sqlite_place synced = from->place;
    synced.sync = true;
    uint64_t generation = salvage->generations[from->count - 1] + 1;
    result = journal_file_open(&salvage->to, &synced, generation, SQLITE_FILE_OWN, facts);
    if (result != STORE_OK)
        return result;
    if (from->last > facts->released && last > facts->released)
        result = journal_flushes(from, take_flush, salvage, &last);
    if (result == STORE_DAMAGED)
        result = STORE_OK;
    if (result == STORE_OK)
        result = salvage->result;
    if (result == STORE_OK)
        result = sqlite_file_checkpoint(&salvage->to.file);
    journal_file_close(&salvage->to);
    return result;
}

static enum store_result
set_damaged_aside(struct salvage *salvage, size_t count, struct salvage_report *report)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < count && result == STORE_OK; i++) {
        char name[SQLITE_FILE_NAME_MAX], copy[SQLITE_FILE_NAME_MAX];
        char aside[SQLITE_FILE_NAME_MAX];
        if (!salvage->damaged[i])
            continue;
        copy_name(copy, salvage->generations[i]);
        salvage_delete(&salvage->from.place, copy);
        journal_file_name(name, salvage->generations[i]);
        result = salvage_set_aside(&salvage->from.place, name, aside);
        if (result == STORE_OK)
            salvage_tell(report, "%s; set aside as %s; ", salvage->why, aside);
    }
    return result;
}

static enum store_result
run(struct salvage *salvage, const uint8_t store[STORE_ID_BYTES], struct salvage_report *report)
{
    struct journal_facts facts = {.after = FLUSH_NUMBER_MAX};
    memcpy(facts.store, store, STORE_ID_BYTES);
    enum store_result result = open_all(salvage, &facts);
    size_t count = salvage->from.count;
    if (result == STORE_OK) {
        journal_count(&salvage->from);
        result = build(salvage, &facts);
    }
    journal_close(&salvage->from);
    if (result == STORE_OK)
        result = set_damaged_aside(salvage, count, report);
    if (result == STORE_OK)
        salvage_tell(report, "%u flushes kept%s%s. ", salvage->kept,
                     salvage->lost[0] != '\0' ? "; lost what follows " : "", salvage->lost);
    return result;
}

enum store_result salvage_journal(const struct sqlite_place *place,
                                  const uint8_t store[STORE_ID_BYTES],
                                  struct salvage_report *report)
{
    struct salvage *salvage = calloc(1, sizeof *salvage);
    if (salvage == NULL)
        return STORE_MEMORY;
    snprintf(salvage->why, sizeof salvage->why, "%s", store_place());
    salvage->from = (struct journal){.place = *place, .cut = FLUSH_NUMBER_MAX};
    enum store_result result = run(salvage, store, report);
    free(salvage);
    return result;
}
