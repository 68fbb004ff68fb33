/* misfit.c - kinds that no program loads: each is built with one thing that is wrong. With none, it is
 * a kind like any other. */
#include "sync/rules.h"

#ifndef SYMBOL
#define SYMBOL room_kind
#endif
#ifndef INTERFACE
#define INTERFACE KIND_INTERFACE
#endif
#ifndef RULES_BYTES
#define RULES_BYTES sizeof(struct rules)
#endif
#ifndef RULES
#define RULES &rules
#endif
#ifndef NAME
#define NAME "plain"
#endif
#ifndef TICK_HZ
#define TICK_HZ 20
#endif
#ifndef CALL
#define CALL room_random(room, 6)
#else
uint32_t room_nonsense(struct room *room);
#endif

static void tick(struct room *room)
{
    (void)CALL;
}

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE}};

const struct rules rules __attribute__((visibility("default"))) = {
    .name = NAME,
    .tick_hz = TICK_HZ,
    .frame_hz = 20,
    .collections = collections,
    .collection_count = 1,
    .tick = tick,
};

extern const struct room_kind SYMBOL __attribute__((visibility("default")));
const struct room_kind SYMBOL = {.interface = INTERFACE,
                                 .rules_bytes = RULES_BYTES,
                                 .rules = RULES};
