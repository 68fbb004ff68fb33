/* counters.h - what the server counts: one table, read by tests and printed by /metrics.
 *
 * Every way to refuse, drop or close something has its own row: when a person asks "why did it
 * stop", the answer is a number that moved.
 *
 * To add a counter: a row in COUNTER_MAP, and the line that counts.
 * To add a reason to refuse: a row in REFUSAL_MAP, and session_refuse() where it happens.
 */
#ifndef SERVER_COUNTERS_H
#define SERVER_COUNTERS_H

#include "sync/base.h"
#include "sync/room.h"
#include "sync/wire.h"

#include <stdio.h>

/* name, kind (counter or gauge), name in /metrics, help */
#define COUNTER_MAP(ROW)                                                                           \
    ROW(sockets, gauge, "tutti_sockets", "Open TCP connections, pages included.")                  \
    ROW(sockets_accepted, counter, "tutti_sockets_accepted_total", "TCP connections accepted.")    \
    ROW(accept_pauses, counter, "tutti_accept_pauses_total",                                       \
        "Times accepting paused because the system had no more files or memory.")                  \
    ROW(connections, gauge, "tutti_connections", "Open WebSocket connections.")                    \
    ROW(connections_opened, counter, "tutti_connections_opened_total",                             \
        "WebSocket connections opened.")                                                           \
    ROW(joins, counter, "tutti_joins_total", "Seats taken, those taken again included.")           \
    ROW(takeovers, counter, "tutti_takeovers_total",                                               \
        "Seats taken over from an older connection of the same client.")                           \
    ROW(messages_in, counter, "tutti_messages_in_total", "Whole messages received.")               \
    ROW(bytes_in, counter, "tutti_bytes_in_total", "Payload bytes of messages received.")          \
    ROW(frames_out, counter, "tutti_frames_out_total", "Frames sent to members.")                  \
    ROW(frames_shared, counter, "tutti_frames_shared_total",                                       \
        "Frames sent whose bytes were made for several members at once.")                          \
    ROW(messages_out, counter, "tutti_messages_out_total", "Messages sent, frames included.")      \
    ROW(bytes_out, counter, "tutti_bytes_out_total", "Bytes of messages sent, framing included.")  \
    ROW(deflated, counter, "tutti_deflated_bytes_total",                                           \
        "Bytes of large states that were deflated, as they were before.")                          \
    ROW(undeflated, counter, "tutti_undeflated_bytes_total",                                       \
        "Bytes of large states that were not, as that would have taken too much time.")            \
    ROW(skipped, counter, "tutti_frames_skipped_total",                                            \
        "Frames not sent because the socket took no more bytes.")                                  \
    ROW(caught_up, counter, "tutti_frames_caught_up_total",                                        \
        "Frames sent between ticks, to sockets that had drained.")                                 \
    ROW(notices_dropped, counter, "tutti_notices_dropped_total",                                   \
        "Notices not sent because the socket took no more bytes.")                                 \
    ROW(pings, counter, "tutti_pings_total", "Pings sent to silent connections.")                  \
    ROW(killed, counter, "tutti_sockets_killed_total", "Sockets cut without a closing handshake.") \
    ROW(assembly_bytes, gauge, "tutti_assembly_bytes",                                             \
        "Memory that holds messages which have not arrived whole.")                                \
    ROW(turns, counter, "tutti_turns_total",                                                       \
        "Turns of the event loop: far more than there are events is a fault.")                     \
    ROW(ticks, counter, "tutti_ticks_total", "Ticks of rooms made.")                               \
    ROW(ticks_dropped, counter, "tutti_ticks_dropped_total",                                       \
        "Ticks of rooms not made because the server had fallen behind.")                           \
    ROW(ticks_without_memory, counter, "tutti_ticks_without_memory_total",                         \
        "Ticks of rooms put off because there was no memory for them.")                            \
    ROW(rooms_created, counter, "tutti_rooms_created_total", "Rooms made new.")                    \
    ROW(rooms_woken, counter, "tutti_rooms_woken_total", "Rooms taken out of the store.")          \
    ROW(rooms_slept, counter, "tutti_rooms_slept_total", "Rooms put into the store.")              \
    ROW(rooms_forgotten, counter, "tutti_rooms_forgotten_total",                                   \
        "Rooms left with nothing in them that is kept, and never stored.")                         \
    ROW(rooms_ended, counter, "tutti_rooms_ended_total", "Rooms ended by their rules.")            \
    ROW(rooms_stuck, counter, "tutti_rooms_stuck_total",                                           \
        "Rooms quarantined because their rules did not come back; their memory is lost.")          \
    ROW(rooms_slow, counter, "tutti_rooms_slow_total",                                             \
        "Rooms quarantined because their rules took more time than there is.")                     \
    ROW(rooms_broken, counter, "tutti_rooms_broken_total",                                         \
        "Rooms quarantined because their rules did what they may not.")                            \
    ROW(rooms_blamed, counter, "tutti_rooms_blamed_total",                                         \
        "Rooms quarantined at the start because their rules had ended the server.")                \
    ROW(rooms_recovered, counter, "tutti_rooms_recovered_total",                                   \
        "Rooms that came back from their log after a crash.")                                      \
    ROW(memories_cleared, counter, "tutti_rules_memories_cleared_total",                           \
        "Rooms whose rules began anew because they did not take the memory that was kept.")        \
    ROW(holes, counter, "tutti_log_holes_total",                                                   \
        "Logs that were stopped while the disk took nothing; their rooms went on.")                \
    ROW(replays, gauge, "tutti_replays", "Replays, those being opened included.")                  \
    ROW(replays_opened, counter, "tutti_replays_opened_total", "Replays opened.")                  \
    ROW(replay_fetches, counter, "tutti_replay_fetches_total",                                     \
        "Moments and stretches of recordings that replays went on with.")                          \
    ROW(replay_failures, counter, "tutti_replay_failures_total",                                   \
        "Those of them that could not be given.")                                                  \
    ROW(forks, counter, "tutti_forks_total", "Rooms made of a moment of another.")                 \
    ROW(track_bytes, counter, "tutti_track_bytes_total",                                           \
        "Bytes of presence written down for recordings.")                                          \
    ROW(presence_dropped, counter, "tutti_presence_dropped_total",                                 \
        "Presence not taken because rooms stood still for the disk.")                              \
    ROW(uploads, gauge, "tutti_uploads", "Uploads of files under way.")                            \
    ROW(files_added, counter, "tutti_files_added_total", "Files stored.")                          \
    ROW(files_sent, counter, "tutti_files_sent_total", "Files sent to their end.")                 \
    ROW(file_bytes_in, counter, "tutti_file_bytes_in_total", "Bytes of files received.")           \
    ROW(file_bytes_out, counter, "tutti_file_bytes_out_total", "Bytes of files sent.")             \
    ROW(lists_sent, counter, "tutti_lists_sent_total", "Lists answered.")                          \
    ROW(lists_made, counter, "tutti_lists_made_total",                                             \
        "Lists made; others were sent as they had been made shortly before.")                      \
    ROW(store_failures, counter, "tutti_store_failures_total",                                     \
        "Rooms that could not be stored or read.")

/* Why something was refused: name, label in tutti_refused_total. */
#define REFUSAL_MAP(ROW)                                                                           \
    ROW(PATH, "path")                                                                              \
    ROW(ROOM_NAME, "room_name")                                                                    \
    ROW(UPGRADE, "upgrade")                                                                        \
    ROW(VERSION_HEADER, "websocket_version")                                                       \
    ROW(SUBPROTOCOL, "subprotocol")                                                                \
    ROW(ORIGIN, "origin")                                                                          \
    ROW(ADDRESS, "connections_per_address")                                                        \
    ROW(ADDRESS_RATE, "connection_rate_per_address")                                               \
    ROW(CONNECTIONS, "connections")                                                                \
    ROW(DRAINING, "draining")                                                                      \
    ROW(HANDSHAKE_SLOW, "handshake_slow")                                                          \
    ROW(HELLO, "hello")                                                                            \
    ROW(VERSION, "version")                                                                        \
    ROW(KIND, "kind")                                                                              \
    ROW(ROOMS, "rooms")                                                                            \
    ROW(ROOM, "room_unreadable")                                                                   \
    ROW(ROOM_RATE, "room_rate")                                                                    \
    ROW(ADDRESS_ROOMS, "room_rate_per_address")                                                    \
    ROW(OPENINGS, "openings")                                                                      \
    ROW(LOAD_RATE, "load_rate")                                                                    \
    ROW(ADDRESS_OPENINGS, "open_rate_per_address")                                                 \
    ROW(MEMBERS, "members")                                                                        \
    ROW(TEXT, "text")                                                                              \
    ROW(MESSAGE_BYTES, "message_bytes")                                                            \
    ROW(MALFORMED, "malformed")                                                                    \
    ROW(MESSAGE_RATE, "message_rate")                                                              \
    ROW(BYTES_RATE, "bytes_rate")                                                                  \
    ROW(INBOX, "inbox")                                                                            \
    ROW(MEMORY, "memory")                                                                          \
    ROW(SILENT, "silent")                                                                          \
    ROW(SLOW, "slow")                                                                              \
    ROW(FILE, "file")                                                                              \
    ROW(FILE_ROOM, "file_room")                                                                    \
    ROW(FILE_LENGTH, "file_length")                                                                \
    ROW(FILE_BYTES, "file_bytes")                                                                  \
    ROW(FILE_TYPE, "file_type")                                                                    \
    ROW(FILE_PIXELS, "file_pixels")                                                                \
    ROW(FILE_RATE, "file_rate")                                                                    \
    ROW(FILES_OF_ROOM, "files_of_room")                                                            \
    ROW(FILES, "files")                                                                            \
    ROW(UPLOADS, "uploads")                                                                        \
    ROW(LIST_RATE, "list_rate_per_address")                                                        \
    ROW(LIST_QUERY, "list_query")                                                                  \
    ROW(MOMENT, "moment")                                                                          \
    ROW(REPLAY, "replay")                                                                          \
    ROW(REPLAYS, "replays")                                                                        \
    ROW(ADDRESS_REPLAYS, "replays_per_address")                                                    \
    ROW(FORK, "fork")                                                                              \
    ROW(RECORDING, "recording")                                                                    \
    ROW(RECORDING_RATE, "recording_rate_per_address")

#define REFUSAL_ENUM_ROW(name, label) REFUSAL_##name,
enum refusal {
    REFUSAL_MAP(REFUSAL_ENUM_ROW) REFUSAL_COUNT
};
#undef REFUSAL_ENUM_ROW

/* Positions of the close codes in counters.closes. */
#define CLOSE_INDEX_ROW(name, code, text) CLOSE_INDEX_##name,
enum close_index {
    CLOSE_MAP(CLOSE_INDEX_ROW) CLOSE_INDEX_COUNT
};
#undef CLOSE_INDEX_ROW

/* Statuses that the server answers over HTTP. */
#define HTTP_STATUS_MAP(ROW)                                                                       \
    ROW(200, "OK")                                                                                 \
    ROW(201, "Created")                                                                            \
    ROW(204, "No Content")                                                                         \
    ROW(301, "Moved Permanently")                                                                  \
    ROW(304, "Not Modified")                                                                       \
    ROW(400, "Bad Request")                                                                        \
    ROW(403, "Forbidden")                                                                          \
    ROW(404, "Not Found")                                                                          \
    ROW(405, "Method Not Allowed")                                                                 \
    ROW(408, "Request Timeout")                                                                    \
    ROW(409, "Conflict")                                                                           \
    ROW(411, "Length Required")                                                                    \
    ROW(413, "Content Too Large")                                                                  \
    ROW(415, "Unsupported Media Type")                                                             \
    ROW(429, "Too Many Requests")                                                                  \
    ROW(500, "Internal Server Error")                                                              \
    ROW(503, "Service Unavailable")                                                                \
    ROW(507, "Insufficient Storage")

#define HTTP_INDEX_ROW(status, text) HTTP_INDEX_##status,
enum http_index {
    HTTP_STATUS_MAP(HTTP_INDEX_ROW) HTTP_INDEX_COUNT
};
#undef HTTP_INDEX_ROW

/* Upper bounds of histograms of time, in microseconds; one more bucket takes the rest. */
#define SPREAD_BOUNDS_US                                                                           \
    {                                                                                              \
        100, 250, 500, 1000, 2500, 5000, 7500, 10000, 15000, 25000, 50000, 100000, 250000          \
    }
#define SPREAD_COUNT 13

/* A histogram of time. */
struct spread_counts {
    uint64_t buckets[SPREAD_COUNT + 1];
    uint64_t sum_us;
};

/* What rooms say of what their members sent. */
struct room_figures {
    uint64_t refused[STATUS_COUNT]; /* operations, presence and inputs */
    struct input_counts inputs;
};

struct counters {
#define COUNTER_FIELD_ROW(name, kind, metric, help) uint64_t name;
    COUNTER_MAP(COUNTER_FIELD_ROW)
#undef COUNTER_FIELD_ROW
    uint64_t refused[REFUSAL_COUNT];
    uint64_t closes[CLOSE_INDEX_COUNT];
    uint64_t responses[HTTP_INDEX_COUNT];
    struct room_figures rooms;     /* of those that are gone */
    struct spread_counts lateness; /* of ticks */
    struct spread_counts beats;    /* in which ticks were made */
};

void counters_closed(struct counters *counters, enum close_code code);

/* A status outside the table is a caller's mistake. */
void counters_responded(struct counters *counters, int status);
void counters_time(struct spread_counts *spread, uint64_t us);

/* The label of a refusal: one lower-case word. */
const char *refusal_label(enum refusal refusal);

/* Adds those of one room. */
void counters_add_room(struct room_figures *figures, const struct room *room);
void counters_write_rooms(FILE *out, const struct room_figures *figures);

/* Writes the table in Prometheus' text format. */
void counters_write(const struct counters *counters, FILE *out);

/* One row beside the table, for figures that are looked up when they are asked for. */
void counters_write_row(FILE *out,
                        const char *kind,
                        const char *metric,
                        const char *help,
                        double value);

#endif
