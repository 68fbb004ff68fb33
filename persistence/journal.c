#include "persistence/journal.h"

#include "persistence/store_place.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* Of opening beside the one that writes. */
#define TRIES    3u
#define PAUSE_MS 20

static struct journal_file *newest(struct journal *journal)
{
    return &journal->files[journal->count - 1];
}

static uint64_t released(const struct journal *journal)
{
    return journal->files[journal->count - 1].facts.released;
}

/* Flushes of the file that count: none above where a newer generation went on from. */
static uint64_t counts_up_to(const struct journal *journal, size_t index)
{
    uint64_t up_to = journal->files[index].last;
    for (size_t newer = index + 1; newer < journal->count; newer++)
        if (journal->files[newer].facts.after < up_to)
            up_to = journal->files[newer].facts.after;
    return up_to;
}

void journal_count(struct journal *journal)
{
    journal->last = released(journal);
    for (size_t i = 0; i < journal->count; i++)
        if (counts_up_to(journal, i) > journal->last)
            journal->last = counts_up_to(journal, i);
}

static bool needed(const struct journal *journal, size_t index)
{
    return index + 1 == journal->count || counts_up_to(journal, index) > released(journal);
}

/* Deletes the older generations that nothing is needed of. What was released has to be on the disk
 * before: a power cut must not bring it back to a journal that has lost the flushes. */
static void drop_released(struct journal *journal)
{
    size_t kept = 0;
    for (size_t i = 0; i < journal->count; i++)
        kept += needed(journal, i);
    if (kept == journal->count)
        return;
    if (!journal->place.sync && sqlite_file_checkpoint(&newest(journal)->file) != STORE_OK)
        return;
    size_t count = journal->count;
    for (size_t i = 0, to = 0; i < count; i++) {
        if (needed(journal, i))
            journal->files[to++] = journal->files[i];
        else
            journal_file_delete(&journal->files[i], &journal->place);
    }
    journal->count = kept;
}

/* True when a newer generation has every flush of this one that is not released. */
static bool is_repeated(const struct journal *journal, size_t index)
{
    for (size_t newer = index + 1; newer < journal->count; newer++) {
        const struct journal_file *file = &journal->files[newer];
        if (file->first > 0 && file->first <= released(journal) + 1 &&
            counts_up_to(journal, newer) >= counts_up_to(journal, index))
            return true;
    }
    return false;
}

/* For a disk that has failed so often that there is no place for one more. */
static void drop_repeated(struct journal *journal)
{
    size_t count = journal->count, kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && is_repeated(journal, i))
            journal_file_delete(&journal->files[i], &journal->place);
        else
            journal->files[kept++] = journal->files[i];
    }
    journal->count = kept;
}

/* --- Opening ------------------------------------------------------------------------------------ */

/* What a generation after this one starts with. */
static void pass_on(struct journal_facts *facts, const struct journal_file *file)
{
    facts->fence = file->facts.fence;
    facts->released = file->facts.released;
}

static enum store_result open_files(struct journal *journal,
                                    const uint64_t generations[],
                                    size_t count,
                                    enum sqlite_file_use newest_use,
                                    const uint8_t store[STORE_ID_BYTES])
{
    struct journal_facts facts = {.after = FLUSH_NUMBER_MAX};
    memcpy(facts.store, store, STORE_ID_BYTES);
    for (size_t i = 0; i < count; i++) {
        struct journal_file *file = &journal->files[i];
        enum sqlite_file_use use = i + 1 < count ? SQLITE_FILE_READ : newest_use;
        enum store_result result =
            journal_file_open(file, &journal->place, generations[i], use, &facts);
        if (result != STORE_OK) {
            journal_close(journal);
            return result;
        }
        journal->count = i + 1;
        pass_on(&facts, file);
    }
    journal_count(journal);
    return STORE_OK;
}

enum store_result journal_open(struct journal *journal,
                               const struct sqlite_place *place,
                               const uint8_t store[STORE_ID_BYTES])
{
    *journal = (struct journal){.place = *place, .cut = FLUSH_NUMBER_MAX};
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    size_t count;
    enum store_result result =
        journal_files_list(place, generations, JOURNAL_GENERATIONS_MAX, &count);
    if (result != STORE_OK)
        return result;
    if (count == 0)
        generations[count++] = 1;
    result = open_files(journal, generations, count, SQLITE_FILE_OWN, store);
    if (result == STORE_OK)
        drop_released(journal);
    return result;
}

static enum store_result open_to_read(struct journal *journal, const uint8_t store[STORE_ID_BYTES])
{
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    size_t count;
    enum store_result result =
        journal_files_list(&journal->place, generations, JOURNAL_GENERATIONS_MAX, &count);
    if (result == STORE_OK && count == 0)
        return STORE_NOT_FOUND;
    if (result == STORE_OK)
        result = open_files(journal, generations, count, SQLITE_FILE_READ, store);
    return result;
}

enum store_result journal_open_to_read(struct journal *journal,
                                       const struct sqlite_place *place,
                                       const uint8_t store[STORE_ID_BYTES])
{
    *journal = (struct journal){.place = *place, .cut = FLUSH_NUMBER_MAX};
    enum store_result result = open_to_read(journal, store);
    /* The owner may have deleted a generation since the listing, or be making one. */
    for (unsigned again = 0; result == STORE_FAILED && again < TRIES; again++) {
        sqlite3_sleep(PAUSE_MS);
        result = open_to_read(journal, store);
    }
    return result;
}

void journal_close(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        journal_file_close(&journal->files[i]);
    journal->count = 0;
}

/* --- Ownership ---------------------------------------------------------------------------------- */

enum store_result journal_claim(struct journal *journal, uint64_t *fence)
{
    enum store_result result = journal_file_claim(newest(journal));
    if (result == STORE_OK)
        *fence = newest(journal)->facts.fence;
    return result;
}

enum store_result journal_renew(struct journal *journal, uint64_t fence)
{
    uint64_t current;
    enum store_result result = journal_file_fence(newest(journal), &current);
    if (result == STORE_OK && current != fence)
        return STORE_FENCED;
    return result;
}

/* --- Flushes ------------------------------------------------------------------------------------ */

enum store_result
journal_append(struct journal *journal, uint64_t fence, const struct store_flush *flush)
{
    assert(flush->number > 0 && flush->number <= journal->last + 1);
    if (flush->number <= released(journal))
        return STORE_OK;
    enum store_result result = journal_file_append(newest(journal), fence, flush);
    if (result == STORE_OK && flush->number > journal->last)
        journal->last = flush->number;
    return result;
}

/* The file has to be put to rest when the bytes have been used. */
static enum store_result read_flush(struct journal *journal,
                                    uint64_t number,
                                    struct bytes *bytes,
                                    struct journal_file **file)
{
    for (size_t i = journal->count; i-- > 0;) {
        if (number > counts_up_to(journal, i))
            continue;
        *file = &journal->files[i];
        enum store_result result = journal_file_read(*file, number, bytes);
        if (result != STORE_NOT_FOUND)
            return result;
    }
    store_place_set("journal: flush %" PRIu64 ": missing", number);
    return STORE_DAMAGED;
}

enum store_result journal_flushes(struct journal *journal,
                                  store_flush_visitor *visitor,
                                  void *context,
                                  uint64_t *last)
{
    *last = released(journal);
    while (*last < journal->last) {
        struct store_flush flush = {.number = *last + 1};
        struct journal_file *file;
        enum store_result result = read_flush(journal, flush.number, &flush.bytes, &file);
        if (result == STORE_DAMAGED)
            journal->cut = *last;
        if (result != STORE_OK)
            return result;
        *last = flush.number;
        bool more = visitor(context, &flush);
        journal_file_rest(file);
        if (!more)
            return STORE_OK;
    }
    return STORE_OK;
}

enum store_result journal_release(struct journal *journal, uint64_t number)
{
    assert(number <= journal->last);
    if (number <= released(journal))
        return STORE_OK;
    enum store_result result = journal_file_release(newest(journal), number);
    if (result == STORE_OK)
        drop_released(journal);
    return result;
}

/* One that an earlier failure left behind was made for another moment. */
static enum store_result bring_up_to_date(struct journal_file *fresh,
                                          const struct journal_facts *facts)
{
    if (memcmp(&fresh->facts, facts, sizeof *facts) == 0)
        return STORE_OK;
    fresh->facts = *facts;
    enum store_result result = sqlite_meta_set_number(&fresh->file, "fence", facts->fence);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&fresh->file, "released", facts->released);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&fresh->file, "after", facts->after);
    return result;
}

enum store_result journal_start_generation(struct journal *journal)
{
    if (journal->count + 1 >= JOURNAL_GENERATIONS_MAX)
        drop_repeated(journal); /* one place is left for a salvage */
    if (journal->count == JOURNAL_GENERATIONS_MAX) {
        store_place_set("journal: %u generations have failed", JOURNAL_GENERATIONS_MAX);
        return STORE_FAILED;
    }
    struct journal_file *old = newest(journal);
    struct journal_facts facts = old->facts;
    /* A flush that failed may stand in the old file all the same, in the kernel's memory alone. */
    facts.after = journal->cut < journal->last ? journal->cut : journal->last;
    struct journal_file *fresh = old + 1;
    enum store_result result =
        journal_file_open(fresh, &journal->place, old->generation + 1, SQLITE_FILE_OWN, &facts);
    if (result == STORE_OK)
        result = bring_up_to_date(fresh, &facts);
    if (result != STORE_OK) {
        /* Half made, it would be taken for the newest generation at the next start. */
        journal_file_delete(fresh, &journal->place);
        return result;
    }
    sqlite_file_retire(&old->file);
    old->failed = true;
    journal->count++;
    journal->cut = FLUSH_NUMBER_MAX;
    journal_count(journal);
    drop_released(journal);
    return STORE_OK;
}

uint64_t journal_unreleased(const struct journal *journal)
{
    return journal->last - released(journal);
}

uint64_t journal_incarnation(const struct journal *journal)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < journal->count; i++)
        if (journal->files[i].incarnation > highest)
            highest = journal->files[i].incarnation;
    return highest;
}
