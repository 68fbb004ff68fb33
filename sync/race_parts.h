/* race_parts.h - the inside of the kind `race`: numbers of its collections and fields in the order of
 * the tables in race.c, its memory, and who does what in a tick. sync/README.md, "The kind race", says
 * what all of it means to members.
 *
 *   race_phases.c   lobby, countdown, race, results: what follows what, and when
 *   race_wishes.c   who has a car, and what drivers may ask for
 *   race_names.c    what drivers are called
 *   race_drive.c    one tick of all cars: inputs, bots, slipstream, contacts
 *   race_judge.c    gates, laps, cuts, the wrong way; who is where, and how far behind
 *   race_results.c  points, medals, records, boards, the card
 *   race_show.c     the memory as records
 *   race_sound.c    whether a memory that comes from outside is one
 *
 * Units      places and speeds are those of race_track.h; `clock` and what is called ticks count ticks;
 *            times are milliseconds since the start.
 * Ownership  the race is in struct race_memory, and records are made from it; only what drivers and
 *            settings ask for is taken from records.
 */
#ifndef SYNC_RACE_PARTS_H
#define SYNC_RACE_PARTS_H

#include "sync/race_driver.h"
#include "sync/race_step.h"
#include "sync/race_track.h"
#include "sync/rules.h"

#define RACERS_MAX     16u
#define MEDALS         3u
#define RACER_NAME_MAX 24u
#define LAPS_DEFAULT   3
#define LAPS_MAX       20u
#define BOTS_DEFAULT   5
#define BOTS_MAX       (RACERS_MAX - 1)
#define LEVEL_DEFAULT  1
#define LEVELS         4u
#define COLOURS        16u
#define RACE_FRAME_HZ  20
#define FRAME_TICKS    ((uint32_t)(RACE_TICK_HZ / RACE_FRAME_HZ))
#define CHAT_BYTES_MAX 200u
#define RACE_MS_MAX    (INT32_C(24) * 60 * 60 * 1000)
#define PENALTY_MAX    (RACE_MS_MAX / 2) /* of all in a race */

/* How long things take, in ticks. */
#define SECOND_TICKS    ((uint32_t)RACE_TICK_HZ)
#define READY_TICKS     (20 * SECOND_TICKS) /* from the first ready mark, if not all are ready */
#define COUNTDOWN_TICKS (4 * SECOND_TICKS)
#define STRAGGLER_TICKS (45 * SECOND_TICKS)  /* for the others, when the first member is home */
#define BOT_HOME_TICKS  (120 * SECOND_TICKS) /* when the first bot is */
#define BOTS_LEFT_TICKS (10 * SECOND_TICKS)  /* when no member is on the way any more */
#define LAP_TICKS_MAX   (180 * SECOND_TICKS) /* for each lap, whoever is home */
#define RESULTS_TICKS   (30 * SECOND_TICKS)
#define SEATING_TICKS   SECOND_TICKS /* from one look for members without a car to the next */

/* A slipstream is found so often, and is in force the next time: so a driver knows of it before its car
 * comes to it, on a line of up to half a second there and back. */
#define TOW_TICKS (SECOND_TICKS / 2)

/* A member that sends nothing: its last input is held, then the car rolls, then it is driven for it. A
 * member that has not come back to a race that was loaded with its room has left. */
#define HOLD_TICKS   15u
#define PILOT_TICKS  SECOND_TICKS
#define RETURN_TICKS (15 * SECOND_TICKS)

/* A race that was forked stands still until somebody comes. */
#define AWAITS_ANYONE UINT16_MAX

enum race_collection {
    RACE_PRESENCE,
    RACE_RACE,
    RACE_SETTINGS,
    RACE_DRIVERS,
    RACE_CARS,
    RACE_OWN,
    RACE_COLLECTIONS
};

/* `user` and `away` come before it. */
enum race_presence_field {
    PRESENCE_WATCH = 2
};

enum race_field {
    RACE_PHASE,
    RACE_TRACK,
    RACE_LAPS,
    RACE_ROUND,
    RACE_STARTS,
    RACE_ENDS,
    RACE_BEST,
    RACE_HOLDER,
    RACE_FIELDS
};

enum settings_field {
    SETTINGS_LAPS,
    SETTINGS_BOTS,
    SETTINGS_LEVEL,
    SETTINGS_LISTED,
    SETTINGS_FIELDS
};

/* The wishes come first: drivers write them, the rules all else. */
enum racer_field {
    DRIVER_NAME,
    DRIVER_COLOUR,
    DRIVER_READY,
    DRIVER_VOTE,
    DRIVER_WISHES,
    DRIVER_MEMBER = DRIVER_WISHES,
    DRIVER_STATE,
    DRIVER_SKILL,
    DRIVER_GRID,
    DRIVER_POSITION,
    DRIVER_LAP,
    DRIVER_GATE,
    DRIVER_GAP,
    DRIVER_BEGAN,
    DRIVER_LAST,
    DRIVER_BEST,
    DRIVER_TOTAL,
    DRIVER_PENALTY,
    DRIVER_WARNING,
    DRIVER_PILOT,
    DRIVER_POINTS,
    DRIVER_GAINED,
    DRIVER_MEDAL,
    DRIVER_RECORDS,
    DRIVER_FIELDS
};

enum car_field {
    SHOWN_X,
    SHOWN_Y,
    SHOWN_HEADING,
    SHOWN_SPEED,
    SHOWN_SIGNS,
    SHOWN_FIELDS
};

enum own_car_field {
    OWN_CAR,
    OWN_TICK,
    OWN_TOW,
    OWN_NEXT,
    OWN_CHANGES,
    OWN_CAUSE,
    OWN_STATE,
    OWN_FIELDS
};

/* What moved a car, since its driver was told of it, that the driver could not foresee. */
enum own_cause {
    CAUSE_TOUCHED = 1, /* another car touched it */
    CAUSE_MISSED = 2,  /* a tick had no input of its own */
    CAUSE_PUT = 4,     /* it was put onto the grid, or back onto the road */
    CAUSES = 8
};

enum race_event {
    RACE_CHAT,
    RACE_EVENTS
};

/* What others see of a car, in steps with which the difference from one frame to the next fits one
 * byte: 63 sixteenths of a metre in 50 ms are 79 m/s. */
#define SHOWN_PLACE_STEPS 16
#define SHOWN_PLACE_MAX   (RACE_FAR / (RACE_METRE / SHOWN_PLACE_STEPS))
#define SHOWN_HEADINGS    1024
#define SHOWN_SPEED_STEPS 4
#define SHOWN_SPEED_MAX   (120 * SHOWN_SPEED_STEPS)
#define SHOWN_SPEED_TOP   (SHOWN_SPEED_MAX / SHOWN_SPEED_STEPS * (RACE_METRE / RACE_TICK_HZ))
enum shown_sign {
    SHOWN_BRAKES = 1,
    SHOWN_SLIDES = 2,
    SHOWN_GHOST = 4 /* nothing touches it */
};

enum race_phase {
    PHASE_LOBBY,
    PHASE_COUNTDOWN,
    PHASE_RACING,
    PHASE_RESULTS,
    PHASES
};

enum racer_state {
    RACER_NONE,     /* a free place */
    RACER_WAITING,  /* in the lobby */
    RACER_RACING,   /* on the grid or on the way */
    RACER_FINISHED, /* home; its car rolls on */
    RACER_LATE,     /* still on the way when the race was over; its car rolls on */
    RACER_RETIRED,  /* left for good; its car is gone */
    RACER_STATES
};

enum warning {
    WARNING_NONE,
    WARNING_WRONG_WAY,
    WARNING_MISSED, /* beyond a gate that it has not passed: it has to go back */
    WARNING_CUT,    /* it just got a penalty */
    WARNINGS
};

enum record_bit {
    RECORD_FASTEST = 1, /* the fastest lap of this race */
    RECORD_ROOM = 2     /* the fastest in this room on this track */
};

struct racer_name {
    uint8_t length;
    char text[RACER_NAME_MAX];
};

/* A place in the race with who has it; its number is the id of its records. The memory is kept and hashed
 * as it lies: it is cleared and filled field by field, so that holes in it stay zero. */
struct racer {
    int64_t travel;   /* along the track from the first crossing of the line on */
    int64_t furthest; /* of travel, as far as it counts as getting on */
    struct car car;
    uint32_t member; /* 0 for a bot, or nobody */
    uint32_t points; /* in this room so far */
    uint32_t told;   /* clock at which its own record was written */
    int32_t along;   /* where on the lap it was a tick ago */
    int32_t cut;     /* how much farther it came off the road than it drove there */
    int32_t lap_began;
    int32_t last, best, total; /* times; 0: none */
    int32_t penalty, gap;      /* times */
    uint16_t idle;             /* ticks without an input */
    uint16_t stuck;            /* ticks without getting on */
    uint16_t backwards;        /* ticks the wrong way */
    uint16_t ghost;            /* ticks left in which nothing touches it */
    uint16_t warned;           /* ticks left for which a penalty is shown */
    uint16_t tow, next_tow;    /* 0..CAR_TOW_MAX: in force, and from the next TOW_TICKS on */
    uint8_t state;             /* enum racer_state */
    uint8_t skill;             /* of a bot, 1..DRIVER_SKILL_MAX; 0: a member's */
    uint8_t laps;              /* complete ones */
    uint8_t gate;              /* the checkpoint that is next */
    uint8_t under_way;         /* it has crossed the line for the first time */
    uint8_t grid, position;    /* from 1; 0: none */
    uint8_t missed;            /* it is beyond the gate that is next */
    uint8_t cause;             /* enum own_cause: where there is any, it has to be told */
    uint8_t untold;            /* likewise, of what no state shows: a slipstream to come, or all */
    uint8_t piloted;           /* driven for a member that sends nothing */
    uint8_t helped;            /* so once in this race; a bot's: it is offered */
    uint8_t spoilt;            /* this lap is no record: cut, or piloted */
    uint8_t gained, medal;     /* in this race */
    uint8_t records;           /* enum record_bit */
    uint8_t colour;
    uint8_t ready;
    uint8_t vote; /* a track, from 1; 0: none */
    struct racer_name name;
};

struct race_best {
    int32_t lap; /* time; 0: none */
    struct racer_name name;
    uint8_t unused[3];
};

#define GATES_MAX (LAPS_MAX * TRACK_CHECKPOINTS_MAX + 1)

struct race_memory {
    uint32_t
        clock; /* ticks in this phase; in the lobby since the first ready mark, 0 without one */
    uint32_t deadline; /* clock at which the race is over */
    uint32_t round;    /* races begun */
    uint32_t card;     /* what of the card was told, plus 1 */
    uint8_t phase;     /* enum race_phase */
    uint8_t track;
    uint8_t laps;
    uint8_t members_home, bots_home;
    uint8_t unused;
    uint16_t awaited; /* ticks left for members to come back in, since it was loaded */
    struct racer racers[RACERS_MAX];
    struct race_best bests[TRACKS_MAX];
    int32_t first[GATES_MAX]; /* when the first one passed each gate of each lap */
};

static inline const struct track *race_track(const struct race_memory *race)
{
    return &tracks[race->track];
}

/* What a restart of the server does not end. */
static inline bool race_is_on(const struct race_memory *race)
{
    return race->phase == PHASE_COUNTDOWN || race->phase == PHASE_RACING;
}

static inline bool racer_rolls(const struct racer *racer)
{
    return racer->state == RACER_RACING || racer->state == RACER_FINISHED ||
           racer->state == RACER_LATE;
}

static inline struct bytes racer_name(const struct racer_name *name)
{
    return (struct bytes){(const uint8_t *)name->text, name->length};
}

/* The id of the records of a place. */
struct bytes racer_id(uint32_t place);

/* race_phases.c: callbacks of the rules; and a race that nobody is in any more. */
void race_created(struct room *room);
void race_woken(struct room *room);
void race_tick(struct room *room);

/* race_sound.c: whether it is what a race can have at the end of this tick of its room, or had some time before; and
 * as the rules' callback. */
bool race_sound(const struct race_memory *race, uint64_t tick);
bool race_memory_sound(const struct room *room, const void *memory);

/* race_wishes.c: callbacks; and what the lobby and the results ask for in each frame. */
void race_joined(struct room *room, uint32_t member);
void race_left(struct room *room, uint32_t member);
enum status race_accept(struct room *room, const struct edit_view *edit);
void wishes_take(struct room *room, struct race_memory *race);
/* In each tick: those who have not come back in time since the room was loaded have left. */
void racers_await(struct room *room, struct race_memory *race);
/* In a race that was forked bots drive the members' cars under the members' names, until somebody comes and takes
 * one of them. */
void cars_offer(struct room *room, struct race_memory *race);
bool cars_are_offered(const struct race_memory *race);
/* Takes places from members that want no car; gives free ones to those that do and have none. */
void places_clear(struct room *room, struct race_memory *race);
void places_give(struct room *room, struct race_memory *race);
void racer_free(struct racer *racer);
/* A bot in this place, of the settings' level. */
void racer_make_bot(struct room *room, struct race_memory *race, uint32_t place);
uint8_t setting(const struct room *room, enum settings_field field);

/* race_names.c: as much of a text as fits, without what is not seen; empty where nothing is. */
void name_set(struct racer_name *name, struct bytes text);
/* Whether it stays as it is, and is not empty. */
bool name_fits(struct bytes text);
/* As the member says of itself, or `Driver` and its number. */
void name_member(const struct room *room, struct racer *racer);
void name_bot(struct racer *racer, uint32_t place);

/* race_drive.c: cars onto the grid; one tick of all that roll. */
void cars_line_up(struct race_memory *race);
void cars_drive(struct room *room, struct race_memory *race);

/* race_judge.c */
void judge_begin(const struct race_memory *race, struct racer *racer);
void judge_tick(struct race_memory *race, struct racer *racer);
/* The places on the road, first to last: position, and gap of those who are home. */
void judge_order(struct race_memory *race);
enum warning judge_warning(const struct racer *racer);
/* Back onto the road, where it may go on. */
void judge_rescue(const struct race_memory *race, struct racer *racer);

/* race_results.c */
void results_count(struct race_memory *race);
void results_tell(struct room *room, const struct race_memory *race, const struct racer *racer);
void results_lap(struct race_memory *race, struct racer *racer); /* its `last` is a new best one */
void card_show(struct room *room, struct race_memory *race);

/* race_show.c: makes records say what the memory says; in frames. */
void race_show(struct room *room, struct race_memory *race);
/* Where drivers' cars are to the bit. */
void own_show(struct room *room, struct race_memory *race);

/* Most that all this writes in a tick: a frame's records; a member's two results. */
#define RACE_TICK_RECORDS (1 + 3 * RACERS_MAX + 2)
#define RACE_TICK_BYTES   4096u

#endif
