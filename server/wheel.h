/* wheel.h - deadlines in whole seconds for many things at once: one slot per second.
 *
 *   wheel_set(&wheel, &session->deadline, now_s + 10);
 *   wheel_advance(&wheel, now_s, check_session, hub);     once a second
 *
 * Setting and clearing a deadline costs the same whatever the number of entries. Whoever is busy
 * does not touch the wheel at all: its deadline comes, and is set anew from what happened since.
 *
 * Units      seconds on the caller's monotonic clock.
 * Ownership  entries are embedded in what they belong to; clear one before its memory goes.
 */
#ifndef SERVER_WHEEL_H
#define SERVER_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

/* One turn, in seconds. Later deadlines work too; they are looked at once a turn. */
#define WHEEL_SLOTS 64u

struct wheel_entry {
    struct wheel_entry *next;
    struct wheel_entry **link; /* what points here; NULL when in no wheel */
    uint32_t due_s;
};

struct wheel {
    struct wheel_entry *slots[WHEEL_SLOTS];
    uint32_t now_s;
    uint32_t count; /* entries */
};

void wheel_init(struct wheel *wheel, uint32_t now_s);

/* Sets the entry's deadline, in place of the one it may have. One that has passed already is due
 * with the next advance. */
void wheel_set(struct wheel *wheel, struct wheel_entry *entry, uint32_t due_s);
void wheel_clear(struct wheel *wheel, struct wheel_entry *entry);
bool wheel_holds(const struct wheel_entry *entry);

/* Takes out every entry that is due at now_s and calls `due` with it. `due` may set and clear any
 * entry, its own too. */
void wheel_advance(struct wheel *wheel,
                   uint32_t now_s,
                   void (*due)(void *context, struct wheel_entry *entry),
                   void *context);

/* Takes out every entry, due or not, and calls `taken` with it, which may set any anew. */
void wheel_empty(struct wheel *wheel,
                 void (*taken)(void *context, struct wheel_entry *entry),
                 void *context);

#endif
