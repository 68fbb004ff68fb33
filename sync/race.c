/* race.c - the kind `race`: cars on a track, 60 ticks and 20 frames a second. What each field means:
 * sync/README.md, "The kind race".
 */
#include "sync/kinds.h"
#include "sync/race_parts.h"

#define TICK .type = FIELD_INT, .maximum = INTEGER_MAX /* of the room */
#define TIME .type = FIELD_INT, .maximum = RACE_MS_MAX
#define NAME .type = FIELD_STRING, .maximum = RACER_NAME_MAX
#define PLACE                                                                                      \
    .type = FIELD_FIXED, .minimum = -SHOWN_PLACE_MAX, .maximum = SHOWN_PLACE_MAX,                  \
    .steps = SHOWN_PLACE_STEPS

static const struct field_rules presence_fields[] = {
    [PRESENCE_WATCH - 2] = {.name = "watch", .type = FIELD_BOOL, .logged = true},
};

static const struct field_rules race_fields[RACE_FIELDS] = {
    [RACE_PHASE] = {.name = "phase", .type = FIELD_INT, .maximum = PHASES - 1},
    [RACE_TRACK] = {.name = "track", .type = FIELD_INT, .maximum = TRACKS_MAX - 1},
    [RACE_LAPS] = {.name = "laps", .type = FIELD_INT, .minimum = 1, .maximum = LAPS_MAX},
    [RACE_ROUND] = {.name = "round", .type = FIELD_INT, .maximum = UINT32_MAX},
    [RACE_STARTS] = {.name = "starts", TICK},
    [RACE_ENDS] = {.name = "ends", TICK},
    [RACE_BEST] = {.name = "best", TIME},
    [RACE_HOLDER] = {.name = "holder", NAME},
};

static const struct field_rules settings_fields[SETTINGS_FIELDS] = {
    [SETTINGS_LAPS] = {.name = "laps", .type = FIELD_INT, .minimum = 1, .maximum = LAPS_MAX},
    [SETTINGS_BOTS] = {.name = "bots", .type = FIELD_INT, .maximum = BOTS_MAX},
    [SETTINGS_LEVEL] = {.name = "level", .type = FIELD_INT, .maximum = LEVELS - 1},
    [SETTINGS_LISTED] = {.name = "listed", .type = FIELD_BOOL},
};

static const struct field_rules driver_fields[DRIVER_FIELDS] = {
    [DRIVER_NAME] = {.name = "name", NAME},
    [DRIVER_COLOUR] = {.name = "colour", .type = FIELD_INT, .maximum = COLOURS - 1},
    [DRIVER_READY] = {.name = "ready", .type = FIELD_BOOL},
    [DRIVER_VOTE] = {.name = "vote", .type = FIELD_INT, .maximum = TRACKS_MAX - 1},
    [DRIVER_MEMBER] = {.name = "member", .type = FIELD_INT, .maximum = UINT32_MAX},
    [DRIVER_STATE] = {.name = "state", .type = FIELD_INT, .maximum = RACER_STATES - 1},
    [DRIVER_SKILL] = {.name = "skill", .type = FIELD_INT, .maximum = DRIVER_SKILL_MAX},
    [DRIVER_GRID] = {.name = "grid", .type = FIELD_INT, .maximum = RACERS_MAX},
    [DRIVER_POSITION] = {.name = "position", .type = FIELD_INT, .maximum = RACERS_MAX},
    [DRIVER_LAP] = {.name = "lap", .type = FIELD_INT, .maximum = LAPS_MAX},
    [DRIVER_GATE] = {.name = "gate", .type = FIELD_INT, .maximum = TRACK_CHECKPOINTS_MAX - 1},
    [DRIVER_GAP] = {.name = "gap", TIME},
    [DRIVER_BEGAN] = {.name = "began", TIME},
    [DRIVER_LAST] = {.name = "last", TIME},
    [DRIVER_BEST] = {.name = "best", TIME},
    [DRIVER_TOTAL] = {.name = "total", TIME},
    [DRIVER_PENALTY] = {.name = "penalty", TIME},
    [DRIVER_WARNING] = {.name = "warning", .type = FIELD_INT, .maximum = WARNINGS - 1},
    [DRIVER_PILOT] = {.name = "pilot", .type = FIELD_BOOL},
    [DRIVER_POINTS] = {.name = "points", .type = FIELD_INT, .maximum = UINT32_MAX},
    [DRIVER_GAINED] = {.name = "gained", .type = FIELD_INT, .maximum = UINT8_MAX},
    [DRIVER_MEDAL] = {.name = "medal", .type = FIELD_INT, .maximum = MEDALS},
    [DRIVER_RECORDS] = {.name = "records", .type = FIELD_INT, .maximum = UINT8_MAX},
};

static const struct field_rules car_fields[SHOWN_FIELDS] = {
    [SHOWN_X] = {.name = "x", PLACE},
    [SHOWN_Y] = {.name = "y", PLACE},
    [SHOWN_HEADING] = {.name = "heading", .type = FIELD_INT, .maximum = SHOWN_HEADINGS - 1},
    [SHOWN_SPEED] = {.name = "speed",
                     .type = FIELD_FIXED,
                     .maximum = SHOWN_SPEED_MAX,
                     .steps = SHOWN_SPEED_STEPS},
    [SHOWN_SIGNS] = {.name = "signs", .type = FIELD_INT, .maximum = UINT8_MAX},
};

static const struct field_rules own_fields[OWN_FIELDS] = {
    [OWN_CAR] = {.name = "car", .type = FIELD_INT, .maximum = RACERS_MAX - 1},
    [OWN_TICK] = {.name = "tick", TICK},
    [OWN_TOW] = {.name = "tow", .type = FIELD_INT, .maximum = CAR_TOW_MAX},
    [OWN_NEXT] = {.name = "next", .type = FIELD_INT, .maximum = CAR_TOW_MAX},
    [OWN_CHANGES] = {.name = "changes", TICK},
    [OWN_CAUSE] = {.name = "cause", .type = FIELD_INT, .maximum = CAUSES - 1},
    [OWN_STATE] = {.name = "state", .type = FIELD_BINARY, .maximum = sizeof(struct car)},
};

static const struct collection_rules race_collections[RACE_COLLECTIONS] = {
    [RACE_PRESENCE] = {.name = "presence",
                       .sight = SIGHT_PRESENCE,
                       .fields = presence_fields,
                       .field_count = sizeof presence_fields / sizeof presence_fields[0]},
    [RACE_RACE] = {.name = "race",
                   .server_only = true,
                   .fields = race_fields,
                   .field_count = RACE_FIELDS},
    [RACE_SETTINGS] = {.name = "settings",
                       .fields = settings_fields,
                       .field_count = SETTINGS_FIELDS},
    [RACE_DRIVERS] = {.name = "drivers", .fields = driver_fields, .field_count = DRIVER_FIELDS},
    [RACE_CARS] = {.name = "cars",
                   .server_only = true,
                   .fields = car_fields,
                   .field_count = SHOWN_FIELDS},
    [RACE_OWN] = {.name = "own",
                  .sight = SIGHT_MEMBER,
                  .server_only = true,
                  .fields = own_fields,
                  .field_count = OWN_FIELDS},
};

static const struct event_rules race_events[RACE_EVENTS] = {
    [RACE_CHAT] = {.name = "chat", .kept = 50},
};

static const struct input_rules race_input = {
    .value = {.type = FIELD_INT, .maximum = UINT8_MAX},
    .hold = HOLD_TICKS,
};

const struct rules kind_race = {
    .name = "race",
    .tick_hz = RACE_TICK_HZ,
    .frame_hz = RACE_FRAME_HZ,
    .unkept = UNKEPT_CONTINUE,
    .records_presence = true,
    .collections = race_collections,
    .collection_count = RACE_COLLECTIONS,
    .events = race_events,
    .event_count = RACE_EVENTS,
    .input = &race_input,
    .tick_records = RACE_TICK_RECORDS,
    .tick_bytes = RACE_TICK_BYTES,
    .member_records = 1, /* none: places are given and taken in frames */
    .member_bytes = 1,
    .memory_bytes = sizeof(struct race_memory),
    .memory_ticks = 10 * RACE_TICK_HZ,
    .sound = race_memory_sound,
    .created = race_created,
    .woken = race_woken,
    .joined = race_joined,
    .accept = race_accept,
    .left = race_left,
    .tick = race_tick,
};
