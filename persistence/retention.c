#include "persistence/retention.h"

bool retention_needs(const struct retention_pins *pins,
                     uint64_t first,
                     uint64_t last,
                     struct retention_pin *needs)
{
    bool needed = false;
    for (size_t i = 0; i < pins->count; i++) {
        const struct retention_pin *pin = &pins->pins[i];
        if (last <= pin->base || first > pin->last)
            continue;
        if (!needed || pin->base < needs->base)
            needs->base = pin->base;
        if (!needed || pin->last > needs->last)
            needs->last = pin->last;
        needed = true;
    }
    return needed;
}

/* Those in the middle are what makes it quick to seek in. */
bool retention_needs_snapshot(const struct retention_pins *pins, uint64_t tick)
{
    for (size_t i = 0; i < pins->count; i++)
        if (tick >= pins->pins[i].base && tick <= pins->pins[i].last)
            return true;
    return false;
}

bool retention_spares(const struct store_retention *retention, struct bytes room)
{
    for (size_t i = 0; i < retention->spared_count; i++)
        if (bytes_equal(retention->spared[i], room))
            return true;
    return false;
}
