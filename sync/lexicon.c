#include "sync/lexicon.h"

#include <string.h>

#include "sync/hash.h"

#define SLOTS_MIN 64u

struct lexicon lexicon_on(const struct memory *memory, uint64_t seed)
{
    return (struct lexicon){.memory = *memory, .seed = seed};
}

void lexicon_free(struct lexicon *lexicon)
{
    memory_release(&lexicon->memory, lexicon->text);
    memory_release(&lexicon->memory, lexicon->ends);
    memory_release(&lexicon->memory, lexicon->slots);
    *lexicon = lexicon_on(&lexicon->memory, lexicon->seed);
}

static struct bytes word_at(const struct lexicon *lexicon, uint32_t number)
{
    uint32_t from = number == 0 ? 0 : lexicon->ends[number - 1];
    return (struct bytes){lexicon->text + from, lexicon->ends[number] - from};
}

/* The slot of the word, or the free one where it would stand. */
static uint32_t slot_of(const struct lexicon *lexicon, struct bytes word)
{
    uint32_t mask = lexicon->slot_count - 1;
    uint32_t slot = (uint32_t)hash_bytes(lexicon->seed, word) & mask;
    while (lexicon->slots[slot] != 0 &&
           !bytes_equal(word_at(lexicon, lexicon->slots[slot] - 1), word))
        slot = (slot + 1) & mask;
    return slot;
}

/* So many slots that half of them stay free. */
static bool make_slots(struct lexicon *lexicon)
{
    uint32_t wanted = lexicon->slot_count == 0 ? SLOTS_MIN : 2 * lexicon->slot_count;
    if (lexicon->count < lexicon->slot_count / 2)
        return true;
    uint32_t *slots =
        wanted == 0 ? NULL : memory_allocate(&lexicon->memory, wanted * sizeof *slots);
    if (slots == NULL)
        return false;
    memory_release(&lexicon->memory, lexicon->slots);
    memset(slots, 0, wanted * sizeof *slots);
    lexicon->slots = slots;
    lexicon->slot_count = wanted;
    for (uint32_t i = 0; i < lexicon->count; i++)
        slots[slot_of(lexicon, word_at(lexicon, i))] = i + 1;
    return true;
}

static bool make_room(struct lexicon *lexicon, size_t length)
{
    void *text = lexicon->text, *ends = lexicon->ends;
    if (length > UINT32_MAX / 2 - lexicon->text_length)
        return false;
    bool room = memory_grow(&lexicon->memory, &text, &lexicon->text_capacity,
                            lexicon->text_length + (uint32_t)length, 1);
    lexicon->text = text;
    room = room && memory_grow(&lexicon->memory, &ends, &lexicon->end_capacity, lexicon->count + 1,
                               sizeof *lexicon->ends);
    lexicon->ends = ends;
    return room;
}

bool lexicon_take(struct lexicon *lexicon, struct bytes word, uint32_t *number)
{
    if (!make_slots(lexicon))
        return false;
    uint32_t slot = slot_of(lexicon, word);
    if (lexicon->slots[slot] == 0) {
        if (!make_room(lexicon, word.length))
            return false;
        if (word.length > 0)
            memcpy(lexicon->text + lexicon->text_length, word.data, word.length);
        lexicon->text_length += (uint32_t)word.length;
        lexicon->ends[lexicon->count] = lexicon->text_length;
        lexicon->slots[slot] = ++lexicon->count;
    }
    *number = lexicon->slots[slot] - 1;
    return true;
}
