#include "server/wheel.h"

#include <stddef.h>

void wheel_init(struct wheel *wheel, uint32_t now_s)
{
    *wheel = (struct wheel){.now_s = now_s};
}

bool wheel_holds(const struct wheel_entry *entry)
{
    return entry->link != NULL;
}

static void link_at(struct wheel_entry **head, struct wheel_entry *entry)
{
    entry->next = *head;
    entry->link = head;
    if (entry->next != NULL)
        entry->next->link = &entry->next;
    *head = entry;
}

static void unlink_entry(struct wheel_entry *entry)
{
    *entry->link = entry->next;
    if (entry->next != NULL)
        entry->next->link = entry->link;
    entry->next = NULL;
    entry->link = NULL;
}

void wheel_clear(struct wheel *wheel, struct wheel_entry *entry)
{
    if (!wheel_holds(entry))
        return;
    unlink_entry(entry);
    wheel->count--;
}

void wheel_set(struct wheel *wheel, struct wheel_entry *entry, uint32_t due_s)
{
    wheel_clear(wheel, entry);
    /* The slot of this second has been looked at: what is late goes into the next one. */
    entry->due_s = due_s > wheel->now_s ? due_s : wheel->now_s + 1;
    link_at(&wheel->slots[entry->due_s % WHEEL_SLOTS], entry);
    wheel->count++;
}

/* Moves a whole slot into a list of the caller's. */
static void take_slot(struct wheel *wheel, uint32_t slot, struct wheel_entry **list)
{
    while (wheel->slots[slot] != NULL) {
        struct wheel_entry *entry = wheel->slots[slot];
        unlink_entry(entry);
        link_at(list, entry);
    }
}

static void look_at(struct wheel *wheel,
                    uint32_t second,
                    void (*due)(void *context, struct wheel_entry *entry),
                    void *context)
{
    struct wheel_entry *waiting = NULL;
    take_slot(wheel, second % WHEEL_SLOTS, &waiting);
    /* The callback may clear any of those that still wait, hence always the first one. */
    while (waiting != NULL) {
        struct wheel_entry *entry = waiting;
        if (entry->due_s > wheel->now_s) {
            unlink_entry(entry);
            link_at(&wheel->slots[entry->due_s % WHEEL_SLOTS], entry);
            continue;
        }
        wheel_clear(wheel, entry);
        due(context, entry);
    }
}

void wheel_advance(struct wheel *wheel,
                   uint32_t now_s,
                   void (*due)(void *context, struct wheel_entry *entry),
                   void *context)
{
    if (now_s <= wheel->now_s)
        return;
    uint32_t from = wheel->now_s + 1;
    if (now_s - from >= WHEEL_SLOTS)
        from = now_s - WHEEL_SLOTS + 1;
    wheel->now_s = now_s;
    for (uint32_t second = from; second <= now_s; second++)
        look_at(wheel, second, due, context);
}

void wheel_empty(struct wheel *wheel,
                 void (*taken)(void *context, struct wheel_entry *entry),
                 void *context)
{
    struct wheel_entry *waiting = NULL;
    for (uint32_t slot = 0; slot < WHEEL_SLOTS; slot++)
        take_slot(wheel, slot, &waiting);
    while (waiting != NULL) {
        struct wheel_entry *entry = waiting;
        wheel_clear(wheel, entry);
        taken(context, entry);
    }
}
