/* limits.h - what peers may make one hub hold or do. Defaults and help: the table in options.c. */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#include "server/addresses.h"
#include "server/bucket.h"
#include "sync/room.h"

struct file_limits {
    uint32_t file_bytes; /* of one */
    uint32_t room_bytes; /* of a room's together */
    uint32_t all_mib;    /* of all rooms' together */
    uint32_t grace_s;    /* how long one stays that no record names */
};

struct hub_limits {
    uint32_t connections;             /* open WebSockets */
    uint32_t connections_per_address; /* sockets; an IPv6 address is its first 64 bits */
    struct address_rate address_rates[ADDRESS_ACTS];
    bool count_loopback;          /* loopback has no limit per address without this */
    uint32_t rooms;               /* awake */
    struct bucket_rate room_rate; /* rooms made new, whoever wishes for them */
    uint32_t openings;            /* rooms looked for in the store at once */
    uint32_t replays;             /* at once */
    uint32_t replays_per_address; /* that one has opened */
    struct bucket_rate load_rate; /* the same, by time */
    struct room_limits room;
    struct bucket_rate message_rate; /* per connection; per_second 0: after the kind's tick rate */
    struct bucket_rate bytes_rate;   /* per connection */
    struct file_limits files;
    uint32_t grace_s;  /* how long the seat of a broken connection is kept */
    uint32_t linger_s; /* how long an empty room stays awake */
};

/* Sockets beyond the connections above: pages, handshakes, answers that the server is full. */
#define SPARE_SOCKETS 256u

/* Memory for messages that have not arrived whole, all connections together. */
#define ASSEMBLY_BYTES_MAX (64u << 20)

/* Input has no effect before the next tick. Where so many messages come in a second, the loop lets
 * them gather for so long and reads them in one go: fewer wake-ups, and what is answered at once
 * (clocks, pages) waits that long at most. */
#define GATHER_MESSAGES_PER_SECOND 400u
#define GATHER_US                  25000u

/* Messages sent to one drained socket before others have their turn. */
#define CATCH_UP_MESSAGES 4u

/* Files of one room, however small. */
#define ROOM_FILES_MAX 4096u

/* Of one image: everyone who looks at it holds four bytes of memory for each. */
#define IMAGE_PIXELS_MAX (64u << 20)

/* Uploads under way: each holds a run of its bytes, as long as this, until the archive takes it.
 * A whole number of parts. */
#define UPLOADS_MAX             64u
#define UPLOADS_PER_ADDRESS_MAX 8u
#define UPLOAD_BUFFER_BYTES     (256u << 10)
#define UPLOAD_SLACK            8192u

/* An upload is over when it has taken so long, and a second more for so many bytes: more of them while
 * over half of the uploads that there may be are under way, so that slow ones do not hold all places. */
#define UPLOAD_S                        20u
#define UPLOAD_BYTES_PER_SECOND         8192u
#define UPLOAD_CROWDED_BYTES_PER_SECOND 131072u

/* The least that counts of an upload: what it makes the disk do does not become less with it. */
#define UPLOAD_KIB_MIN 64u

/* How long a file stays that no record names, where it came when files took over half of what they
 * may; the grace, where that is shorter. */
#define UNNAMED_S 1800u

/* Parts of files that are being sent, in memory at once; each must be gone after so long. */
#define DOWNLOADS_MAX   256u
#define DOWNLOAD_PART_S 20u

/* Of a body that was refused, so much is read and thrown away: who is still sending it would not
 * see the answer otherwise. */
#define REFUSED_BODY_MAX (16u << 20)

/* Deflating takes the hub 20 ms for a million bytes. Of this much it makes large states shorter, a
 * tenth of its time at most; what is beyond goes as it is. */
#define DEFLATE_RATE ((struct bucket_rate){.per_second = 4u << 20, .burst = 5u << 18})

/* What is told of a recording is written by the hub in one go, 10 ms for a million bytes, and is in memory until it
 * has been read. Bytes of the room, or of the texts, that answers are made of: a tenth of its time at
 * most. Larger ones count as all that there may be at once. */
#define ANSWER_RATE ((struct bucket_rate){.per_second = 8u << 20, .burst = 24u << 20})

/* For each of so many bytes an answer counts as one list more that its address has asked for. */
#define ANSWER_BYTES_PER_LIST (256u << 10)

/* Seconds. A connection must be useful soon, show life, and read what it is sent. */
#define HANDSHAKE_S  10u /* to the end of the HTTP request */
#define HELLO_S      10u
#define PING_AFTER_S 20u
#define SILENT_S     45u
#define SLOW_S       30u
#define IDLE_PAGE_S  15u /* an HTTP connection between requests, or one that does not read */
#define CLOSING_S    5u  /* for the peer's half of the closing handshake */

#endif
