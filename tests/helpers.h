/* helpers.h - what the tests of rooms have in common: memory that counts, chance from a seed,
 * members, messages in notation, and frames taken apart.
 *
 *   struct room *room = room_of(&kind_open);
 *   uint32_t ada = join(room, 1, ROLE_EDITOR);
 *   ck_assert_int_eq(outcome(room, ada, "[0 'shapes' 'a' 'x' 5]"), STATUS_OK);
 *   expect_value(room, "shapes", 0, "a", "x", "5");
 *
 * Lines in notation are those of tests/notation.h.
 */
#ifndef TESTS_HELPERS_H
#define TESTS_HELPERS_H

#include "sync/frame.h"
#include "sync/replica.h"
#include "sync/room.h"
#include "tests/every_kind.h"
#include "tests/read_field.h"

/* Memory that counts its blocks, gives only so many, and aborts while it is forbidden. */
struct counted_memory {
    uint64_t left; /* blocks that may still be had; UINT64_MAX: any number */
    uint64_t live; /* blocks not yet given back */
    uint64_t peak; /* largest block asked for */
    bool forbidden;
};
struct memory memory_counted(struct counted_memory *counted);

/* The same seed gives the same numbers. */
struct chance {
    uint64_t state;
};
struct chance chance_of(uint64_t seed);
uint64_t chance_bits(struct chance *chance);
uint32_t chance_below(struct chance *chance, uint32_t bound);

/* --- Rooms ------------------------------------------------------------------------------------- */

struct room *room_of(const struct rules *rules);

struct hello hello_of(unsigned key); /* a client that was never here */
uint32_t join(struct room *room, unsigned key, enum role role);

/* One message, whole, in notation. */
enum status submit(struct room *room, uint32_t seat, const char *message);
/* Prepare and tick, without what earlier ticks set aside and did not use: too little shows. */
void step(struct room *room);
void forget_spare_memory(struct room *room);

/* Sends one operation, its edits in notation, and ticks: what became of it. */
enum status outcome(struct room *room, uint32_t seat, const char *edits);
/* The same for a presence message, its pairs in notation. */
enum status presence(struct room *room, uint32_t seat, const char *pairs);
/* One operation as the server, whatever names it teaches: inside a callback of the rules; and between
 * ticks. */
enum status rules_edit(struct room *room, uint32_t member, const char *edits);
enum status server_edit(struct room *room, uint32_t member, const char *edits);

/* A field's value, "nil" when it is unset or its record is not there. */
void expect_value(const struct room *room,
                  const char *collection,
                  uint32_t member,
                  const char *id,
                  const char *field,
                  const char *value);

/* --- Frames ------------------------------------------------------------------------------------ */

#define NEWS_REFUSALS_MAX 64

/* A frame's head; the reader stands at the first section. */
struct frame_head {
    bool news;
    bool inputs; /* it tells of the member's inputs */
    bool arrived;
    int64_t margin, missed;
    int64_t ticks;
    int64_t decided;
    uint32_t refusals;
    int64_t back[NEWS_REFUSALS_MAX];
    int64_t status[NEWS_REFUSALS_MAX];
    uint32_t sections;
    struct reader reader;
};
struct frame_head frame_head(struct bytes message);

/* Applies one frame to the replica. */
void frame_apply(struct replica *replica, struct bytes message);

/* The member's frames until nothing more follows, applied; how many there were. */
unsigned
frames_apply(struct frames *frames, struct room *room, uint32_t seat, struct replica *replica);

#endif
