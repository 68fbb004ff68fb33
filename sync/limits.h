/* limits.h - every limit of the engine and of the wire, with its reason.
 *
 * Those that an operator may change are defaults here and fields of struct room_limits.
 */
#ifndef SYNC_LIMITS_H
#define SYNC_LIMITS_H

#include <assert.h>

/* Largest message either way. One frame of a full room fits, and a reader may hold one whole. */
#define MESSAGE_BYTES_MAX 65536u

/* Nesting of an `any` value. Deep enough for settings and small documents, bounded for readers. */
#define VALUE_DEPTH_MAX 8u

/* Keys of one map in an `any` value; telling that they are distinct is quadratic in it. */
#define MAP_KEYS_MAX 64u

/* A room's name in the request target, and names of collections, fields and events. */
#define ROOM_NAME_MAX       64u
#define NAME_BYTES_MAX      32u
#define RECORD_ID_BYTES_MAX 24u
#define CLIENT_KEY_BYTES    16u

/* Room for a name, a colour, a picture's address. */
#define USER_BYTES_MAX 1024u

/* Ticks a second: more than hands or screens tell apart. */
#define TICK_HZ_MAX 120u

/* A mask of fields is 32 bits wide. */
#define FIELDS_MAX      32u
#define COLLECTIONS_MAX 64u
#define EVENT_NAMES_MAX 32u

/* A group of edits; checking a group against itself is quadratic in it. */
#define EDITS_MAX 64u

/* A record travels whole in one message beside the message's other parts. */
#define RECORD_BYTES_MAX 32768u
static_assert(RECORD_BYTES_MAX + 8192 <= MESSAGE_BYTES_MAX, "any record fits one message");

/* A value of an event: a long chat line, a small payload. */
#define EVENT_BYTES_MAX     4096u
#define EVENTS_KEPT_DEFAULT 64u
#define EVENTS_KEPT_MAX     512u

/* Operations sent whose outcome the client has not been told; bounds the list of refusals. */
#define OPERATIONS_IN_FLIGHT_MAX 64u

/* One member's input for one tick, packed: some buttons and axes. */
#define INPUT_BYTES_MAX 32u

/* Ticks that inputs may be ahead of the room: half a second at 120 Hz, more than a second at 60, which
 * is as far as anyone can lead and still play. */
#define INPUT_AHEAD_MAX 64u

/* Inputs of one message: a client that sends ten times a second at 120 Hz fits. */
#define INPUTS_MESSAGE_MAX 32u

/* Ticks that one message may go forth or back: more than a year. */
#define INPUT_GAP_MAX (INT64_C(1) << 32)

/* Integers up to here, either way, are exact in a double: what JavaScript counts with. */
#define INTEGER_MAX (INT64_C(1) << 53)

/* Defaults of struct room_limits. */
#define ROOM_MEMBERS_DEFAULT     5000u
#define ROOM_RECORDS_DEFAULT     10000u
#define ROOM_STATE_BYTES_DEFAULT (16u << 20)
#define ROOM_TOMBSTONES_DEFAULT  5000u
#define ROOM_INBOX_BYTES_DEFAULT (1u << 20)

/* Client keys whose last sequence and refusals a room remembers beyond those seated. */
#define ROOM_CLIENTS_DEFAULT 10000u

/* More seats than an operator may allow a room. */
#define ROOM_MEMBERS_MAX 1000000u

/* How long the seat of a broken connection is kept. */
#define ROOM_GRACE_SECONDS_DEFAULT 15u

/* Timers a room's rules may have running. */
#define ROOM_TIMERS_MAX 64u

/* What rules may declare that they do in a tick: memory for it is set aside before each. As many
 * records as a room's members together may write, roughly; and what a few full frames hold. */
#define TICK_RECORDS_MAX 4096u
#define TICK_BYTES_MAX   (1u << 20)

/* Members of whom rules are told in one tick that they came, and as many that went; the others wait for
 * the next ones. What rules may write about each is set aside before the tick, in each private scope. */
#define MEMBERS_MOVING_MAX 64u

/* Timers set or cancelled in one tick: each running one again, and a start as large. */
#define TICK_TIMERS_MAX (2 * ROOM_TIMERS_MAX)

/* The rules' own memory of a room: it goes into the log whole. */
#define ROOM_MEMORY_MAX 65536u

/* The sentence of rules_check(): two names and what is wrong. */
#define RULES_ERROR_BYTES 256u

/* Why a room was ended; it fits a close reason. */
#define ROOM_REASON_BYTES_MAX 100u

/* A result of a game: where it counts, whose it is, and what else there is to tell. */
#define BOARD_BYTES_MAX          64u
#define RESULT_NAME_BYTES_MAX    64u
#define RESULT_DETAILS_BYTES_MAX 512u

/* A room in a list of rooms. */
#define CARD_BYTES_MAX 256u

/* Records, tombstones and events in one section; a longer one is cut and goes on. */
#define SECTION_ENTRIES_MAX 16384u

/* Presence refusals reported per tick; a room's members share them, the rest are only counted. */
#define NOTICES_MAX 16u

#endif
