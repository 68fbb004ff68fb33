/* load.h - the parts of `tutti load`: rooms full of members that move, write or race, some of which look
 * closely.
 *
 * A **walker** says what any client says (hello, presence, clock) and counts what comes back. An
 * **observer** is a whole client: it decodes every frame and finds each value that it sees among
 * those that were sent. Decoding in every member would measure this program, not the server.
 */
#ifndef TOOLS_LOAD_H
#define TOOLS_LOAD_H

#include "clients/c/client.h"
#include "sync/race_step.h"
#include "tools/bench/hand.h"
#include "tools/histogram.h"
#include "tools/link.h"
#include "tools/load_trail.h"
#include "tools/metrics.h"

#define LOAD_ROOM_NAME_BYTES 48u

struct load_options {
    struct sockaddr_in server;
    uint32_t rooms, clients; /* clients of each room */
    uint32_t observers;      /* of each room, at least 1 */
    double rate;             /* moves of each member a second, or messages of its inputs */
    double writes;           /* operations per second of each member, who then all observe */
    uint32_t bots;           /* of each race */
    double seconds;
    double stall_s;   /* 0: nobody stalls */
    int stall_buffer; /* bytes that its socket may hold; 0: the system's choice */
    const char *kind;
    bool idle, json, show_frame;
};

/* What one observer saw while the window was open. */
struct sightings {
    uint64_t updates, superseded, backwards, foreign;
};

/* More operations than these wait in no client. */
#define WRITES_KEPT 2048u

/* What an observer writes: strokes, made with a put and grown with appends. */
struct writes {
    uint64_t submitted_us[WRITES_KEPT]; /* by the operation's number; 0 outside the window */
};

/* Of the last so many ticks a driver knows what it did: no frame is farther behind. */
#define DRIVEN_TICKS 256u

struct driven {
    uint64_t tick;
    uint64_t sent_us; /* 0: the input was not taken */
    struct car car;   /* as foreseen at the end of the tick */
    uint8_t input;
};

/* What an observer does in a race. */
struct driver {
    uint32_t phase, track; /* of the race, as the room tells it */
    uint64_t starts;
    bool wished; /* has said that it is ready */
    bool placed; /* the room has told where its car is */
    struct car car;
    uint32_t tow, next_tow;
    uint64_t tow_changes; /* after this tick from the one to the other */
    uint64_t next;        /* the first tick without an input */
    uint64_t shown;       /* the last tick that a frame has shown */
    uint32_t lead;        /* ticks ahead of the room's */
    uint64_t settled;
    uint32_t reports; /* in a row that had time left */
    struct driven driven[DRIVEN_TICKS];

    /* While the window was open. */
    uint64_t sent, missed;
    uint64_t told, caused; /* states of its own car; those with a cause that it could not foresee */
    uint64_t astray;       /* without one, no frame passed over, and yet not foreseen to the bit */
};

struct observer {
    struct tutti_client *client;
    struct sightings sightings;
    uint64_t *seen;        /* for each member of the room */
    struct writes *writes; /* NULL where nobody writes */
    struct driver *driver; /* NULL where nobody races */
};

struct load;

struct member {
    struct link link; /* first: events of a link are events of its member */
    struct load *load;
    uint32_t index; /* in all; also its `user`, by which observers know it */
    uint32_t room;
    bool welcomed, joined, lost;
    uint64_t frames, frame_bytes; /* payload */

    struct hand hand;
    bool placed;      /* x and y were told on this connection */
    int32_t x, y;     /* in half pixels */
    uint64_t written; /* operations */
    struct trail *trail;
    struct observer *observer; /* NULL for a walker */
};

struct load_room {
    char name[LOAD_ROOM_NAME_BYTES];
    bool known;           /* an observer has seen its definitions */
    int field_x, field_y; /* -1 where the room has none yet */
    uint32_t steps;       /* of both; 0 where they are no fixed-point fields */
    bool set_up;          /* its race */
};

/* Totals over all members at one time. */
struct totals {
    struct link_traffic traffic;
    uint64_t frames, frame_bytes;
    uint64_t observer_frame_bytes;
    double tool_cpu_s;
    struct metrics server;
    bool server_told;
};

/* One client stops reading for a while. */
struct stall {
    struct member *member;
    bool resumed, caught_up;
    uint64_t resumed_us, caught_up_us;
    uint64_t tick_wanted; /* where the others stood when it read again */
    uint64_t messages_before, bytes_before;
    uint64_t messages, bytes; /* of its catch-up */
    struct metrics during;
};

/* Operations that were submitted while the window was open. */
struct outcomes {
    uint64_t submitted, refused, uncertain;
    uint64_t left_out; /* as many waited as may */
    struct histogram decided, saved;
};

struct load {
    struct load_options options;
    struct links links;
    struct load_room *rooms;
    struct member *members;
    uint32_t count, joined, lost;
    bool measuring; /* the window is open */
    struct histogram latency;
    struct outcomes outcomes;
    struct stall stall;
    uint8_t *scratch; /* one message */
    uint8_t *shown;   /* --show-frame: a copy */
    size_t shown_length;
    char first_loss[160];
};

/* --- load_members.c -------------------------------------------------------------------------------- */

extern const struct link_events load_link_events;

/* Connects a member; load->joined or load->lost tells when it is done. */
bool member_open(struct load *load, uint32_t index);

/* A moment in the life of a member that moves every `seconds`. */
void member_move(struct member *member, double seconds, uint64_t now_us);
void member_ask_clock(struct member *member, uint64_t now_us);

/* Lets the state machine of an observer act on the time. */
void member_pump(struct member *member, uint64_t now_us);
void member_close(struct member *member);

/* How many members an observer shows elsewhere than where they said they are. */
uint64_t observer_lost(const struct member *member);

/* --- load_writes.c ----------------------------------------------------------------------------------- */

/* Before the client of an observer is made: its handlers of outcomes and its limits. False without
 * memory. */
bool writes_prepare(struct observer *observer,
                    struct tutti_options *options,
                    struct tutti_handlers *handlers);

/* One operation of a member. */
void member_write(struct member *member, uint64_t now_us);

/* Operations of all members that are not saved. */
uint64_t load_unsaved(const struct load *load);

/* --- load_race.c ------------------------------------------------------------------------------------ */

/* True where members race instead of moving; all of them observe then. */
bool load_races(const struct load_options *options);

/* Before the client of an observer is made. False without memory. */
bool driver_prepare(struct observer *observer, struct tutti_handlers *handlers);

/* Something that a frame made visible. */
void driver_sees(struct member *member, const struct tutti_record *record);

/* A moment in the life of a member that races: in the lobby, on the grid, on the way. */
void member_race(struct member *member, uint64_t now_us);

/* States of own cars that nothing explains, of all drivers: an error. */
uint64_t load_astray(const struct load *load);

/* Rooms in which a race is under way. */
uint32_t load_racing(const struct load *load);

/* --- load_report.c ---------------------------------------------------------------------------------- */

struct report {
    double join_s, window_s;
    struct metrics empty; /* the server before anybody joined */
    struct totals before, after;
    uint64_t turns_late; /* moves that were left out because this program was behind */
    uint32_t racing;     /* rooms in which a race was under way at the end of the window */
    uint64_t lost_updates, unsaved;
    bool settled;
};

void load_report(const struct load *load, const struct report *report, FILE *out);
void load_report_json(const struct load *load, const struct report *report, FILE *out);

/* frame_text.c: a frame byte by byte with what each part means. */
void frame_print(FILE *out, const struct replica *replica, struct bytes message);

#endif
