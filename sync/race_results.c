/* race_results.c - what a race was worth: points, medals, records, and what is told beyond the room. */
#include <string.h>

#include "sync/race_parts.h"

#define FASTEST_POINTS 1u
#define BOARD_PREFIX   "race/"

/* Of those who are home, by position. */
static const uint8_t points[RACERS_MAX] = {25, 20, 16, 13, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1};

void results_lap(struct race_memory *race, struct racer *racer)
{
    struct race_best *best = &race->bests[race->track];
    if (racer->skill > 0 || (best->lap > 0 && best->lap <= racer->best))
        return;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        race->racers[i].records &= (uint8_t)~RECORD_ROOM;
    best->lap = racer->best;
    best->name = racer->name;
    racer->records |= RECORD_ROOM;
}

static struct racer *fastest(struct race_memory *race)
{
    struct racer *fastest = NULL;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer->best > 0 && (fastest == NULL || racer->best < fastest->best))
            fastest = racer;
    }
    return fastest;
}

void results_count(struct race_memory *race)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].state == RACER_RACING)
            race->racers[i].state = RACER_LATE;
    judge_order(race);
    struct racer *best = fastest(race);
    if (best != NULL)
        best->records |= RECORD_FASTEST;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        struct racer *racer = &race->racers[i];
        if (racer->state != RACER_FINISHED)
            continue;
        racer->medal = racer->position <= MEDALS ? racer->position : 0;
        racer->gained = points[racer->position - 1];
        if (racer == best)
            racer->gained = (uint8_t)(racer->gained + FASTEST_POINTS);
        racer->points += racer->gained;
    }
}

/* --- Boards -------------------------------------------------------------------------------------- */

struct board {
    uint8_t text[64];
    size_t length;
};

static void board_add(struct board *board, struct bytes part)
{
    memcpy(board->text + board->length, part.data, part.length);
    board->length += part.length;
}

static struct board board_of(const struct track *track, const char *what)
{
    struct board board = {.length = 0};
    board_add(&board, bytes_of(BOARD_PREFIX));
    board_add(&board, bytes_of(track->name));
    board_add(&board, bytes_of(what));
    return board;
}

static void
board_tell(struct room *room, const struct board *board, const struct racer *racer, int32_t time)
{
    uint8_t packed[16];
    struct writer details = writer_on(packed, sizeof packed);
    pack_map(&details, 1);
    pack_string(&details, bytes_of("position"));
    pack_integer(&details, racer->position);
    (void)room_result(room, (struct bytes){board->text, board->length}, racer_name(&racer->name),
                      time, writer_bytes(&details));
}

void results_tell(struct room *room, const struct race_memory *race, const struct racer *racer)
{
    const struct track *track = race_track(race);
    if (racer->state == RACER_NONE || racer->skill > 0)
        return;
    if (racer->best > 0) {
        struct board laps = board_of(track, "/laps");
        board_tell(room, &laps, racer, racer->best);
    }
    if (racer->state != RACER_FINISHED || racer->helped)
        return;
    uint8_t digits[DECIMAL_DIGITS];
    struct board races = board_of(track, "/races/");
    board_add(&races, bytes_decimal(race->laps, digits));
    board_tell(room, &races, racer, racer->total);
}

/* --- The card ------------------------------------------------------------------------------------ */

/* What `card` remembers of a room that is on no list. */
#define CARD_NONE UINT32_MAX

static void card_hide(struct room *room, struct race_memory *race)
{
    if (race->card != CARD_NONE && room_card(room, (struct bytes){.length = 0}) == STATUS_OK)
        race->card = CARD_NONE;
}

void card_show(struct room *room, struct race_memory *race)
{
    if (!setting(room, SETTINGS_LISTED)) {
        card_hide(room, race);
        return;
    }
    const struct track *track = race_track(race);
    uint32_t drivers = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        drivers += race->racers[i].member != 0;
    uint32_t card = 1 + (drivers | (uint32_t)race->phase << 5 | (uint32_t)race->laps << 8 |
                         (uint32_t)race->track << 16);
    if (card == race->card)
        return;
    uint8_t packed[96];
    struct writer writer = writer_on(packed, sizeof packed);
    pack_map(&writer, 5);
    pack_string(&writer, bytes_of("track"));
    pack_string(&writer, bytes_of(track->name));
    pack_string(&writer, bytes_of("phase"));
    pack_integer(&writer, race->phase);
    pack_string(&writer, bytes_of("laps"));
    pack_integer(&writer, race->laps);
    pack_string(&writer, bytes_of("drivers"));
    pack_integer(&writer, drivers);
    pack_string(&writer, bytes_of("seats"));
    pack_integer(&writer, RACERS_MAX - drivers);
    if (room_card(room, writer_bytes(&writer)) == STATUS_OK)
        race->card = card;
}
