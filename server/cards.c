#include "server/cards.h"

#include "server/hub.h"
#include "server/json.h"

#include <assert.h>
#include <stdlib.h>

static uint32_t place_of(const struct kinds *kinds, const struct rules *kind)
{
    uint32_t place = 0;
    while (place < kinds->count && kinds->rules[place] != kind)
        place++;
    assert(place < kinds->count);
    return place;
}

/* One that could be joined now. A room whose step was left in the middle is not to be looked at. */
static bool is_open(const struct room_host *host)
{
    return !host->stuck && !host->quarantined && !host->ended && !host->held;
}

static bool write_room(FILE *out, const struct room_host *host, bool first)
{
    uint64_t stamp;
    struct bytes card = room_card_shown(host->room, &stamp);
    if (card.length == 0)
        return false;
    struct reader reader = reader_on(card);
    fprintf(out, "%s{\"room\":", first ? "" : ",\n ");
    json_write_string(out, (struct bytes){(const uint8_t *)host->name, host->name_length});
    fprintf(out, ",\"members\":%u,\"card\":", room_members(host->room));
    json_write_value(out, &reader);
    putc('}', out);
    return true;
}

/* Rooms of a rhythm stand in the order in which they woke; the head's `prev` is the last. */
static void write_list(const struct hub *hub, const struct rules *kind, FILE *out)
{
    const struct room_host *head = hub->rhythms[kind->tick_hz].rooms;
    const struct room_host *host = head != NULL ? head->prev : NULL;
    uint32_t listed = 0;
    putc('[', out);
    while (host != NULL && listed < CARDS_LISTED_MAX) {
        if (is_open(host) && room_rules(host->room) == kind)
            listed += write_room(out, host, listed == 0);
        host = host != head ? host->prev : NULL;
    }
    fputs("]\n", out);
}

static bool make(struct hub *hub, const struct rules *kind, struct card_list *list)
{
    struct card_list made = {.made_us = hub->now_us};
    FILE *out = open_memstream(&made.text, &made.length);
    if (out == NULL)
        return false;
    write_list(hub, kind, out);
    bool whole = ferror(out) == 0;
    if (fclose(out) != 0 || !whole) {
        free(made.text);
        return false;
    }
    free(list->text);
    *list = made;
    hub->counters.lists_made++;
    return true;
}

bool cards_list(struct hub *hub, const struct rules *kind, struct bytes *json)
{
    struct card_list *list = &hub->cards.lists[place_of(hub->kinds, kind)];
    bool fresh = list->text != NULL && hub->now_us - list->made_us < CARDS_AGE_US;
    if (!fresh && !make(hub, kind, list))
        return false;
    *json = (struct bytes){(const uint8_t *)list->text, list->length};
    return true;
}

void cards_end(struct cards *cards)
{
    for (uint32_t i = 0; i < KINDS_MAX; i++)
        free(cards->lists[i].text);
}
