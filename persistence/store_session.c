#include "persistence/store_session.h"

#include "sync/hash.h"

#include <string.h>

uint64_t store_session_id(struct bytes room, uint64_t incarnation, uint64_t first)
{
    uint8_t tick[8];
    for (unsigned i = 0; i < sizeof tick; i++)
        tick[i] = (uint8_t)(first >> 8 * i);
    uint64_t id = hash_bytes(hash_bytes(incarnation, room), (struct bytes){tick, sizeof tick});
    return id != 0 ? id : 1;
}

static struct bytes keep(uint8_t **at, struct bytes bytes)
{
    struct bytes kept = {*at, bytes.length};
    if (bytes.length > 0)
        memcpy(*at, bytes.data, bytes.length);
    *at += bytes.length;
    return kept;
}

size_t store_session_bytes(const struct store_session *session)
{
    return session->room.length + session->kind.length + session->title.length;
}

size_t store_marker_bytes(const struct store_marker *marker)
{
    return marker->room.length + marker->title.length + marker->colour.length + marker->by.length;
}

struct store_session store_session_in(const struct store_session *session, uint8_t *text)
{
    struct store_session kept = *session;
    kept.room = keep(&text, session->room);
    kept.kind = keep(&text, session->kind);
    kept.title = keep(&text, session->title);
    return kept;
}

struct store_marker store_marker_in(const struct store_marker *marker, uint8_t *text)
{
    struct store_marker kept = *marker;
    kept.room = keep(&text, marker->room);
    kept.title = keep(&text, marker->title);
    kept.colour = keep(&text, marker->colour);
    kept.by = keep(&text, marker->by);
    return kept;
}
