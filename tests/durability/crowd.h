/* crowd.h - authors in several rooms of one server, on one loop, and what became of their writing.
 *
 *   crowd_begin(&crowd, server.port, 5, 4, seed);
 *   crowd.rate = 150;                          they write, by chance
 *   crowd_run_ms(&crowd, 50, 800);             whatever happens to the server meanwhile
 *   crowd.rate = 0;
 *   crowd_check(&crowd);                       all becomes saved; fresh clients look at the rooms
 *   ck_assert_uint_eq(crowd.findings.lost, 0);
 *   crowd_end(&crowd);
 *
 * Waits have no time of their own, but an end.
 */
#ifndef TESTS_DURABILITY_CROWD_H
#define TESTS_DURABILITY_CROWD_H

#include "tests/durability/author.h"

#define CROWD_ROOMS_MAX   8u
#define CROWD_AUTHORS_MAX 32u

/* A client that held nothing when it joined. */
struct newcomer {
    struct tutti_client *client;
    uint64_t live_us; /* when it was; 0 before */
};

struct crowd {
    struct tutti_loop *loop;
    char url[64];
    uint32_t rooms, authors_a_room, author_count;
    struct author authors[CROWD_AUTHORS_MAX]; /* room by room */
    struct newcomer newcomers[CROWD_ROOMS_MAX];
    uint32_t round; /* of each the lists are apart */
    uint32_t rate;  /* operations of an author per 1,000 periods of 10 ms; 0: nobody writes */
    struct findings findings;
    uint32_t unequal;         /* rooms that members saw differently at the end of a check */
    unsigned short chance[3]; /* nrand48()'s */

    /* The wait under way. */
    bool (*condition)(struct crowd *crowd);
    uint64_t until_us;
    unsigned checks;
    bool came_true;
};

struct crowd_sums {
    uint64_t submitted, saved, refused, uncertain, repeated;
};

/* Joins all, and goes on when each has something saved: a client that a room has saved is not
 * forgotten. */
void crowd_begin(struct crowd *crowd,
                 uint16_t port,
                 uint32_t rooms,
                 uint32_t authors_a_room,
                 uint64_t seed);
void crowd_end(struct crowd *crowd);

uint32_t crowd_chance_below(struct crowd *crowd, uint32_t bound);

/* Runs the loop until the condition has held once; false when it does not come true. */
bool crowd_wait(struct crowd *crowd, bool (*condition)(struct crowd *crowd));
void crowd_run_ms(struct crowd *crowd, uint32_t least, uint32_t most);

/* Each author writes one operation. */
void crowd_write(struct crowd *crowd);

/* Every author is live, and all it wrote is saved. */
bool crowd_is_saved(struct crowd *crowd);

void crowd_join_room(struct crowd *crowd, uint32_t room);
void crowd_leave_rooms(struct crowd *crowd);

/* Waits until all is saved, and holds what each was told against what a newcomer sees. */
void crowd_check(struct crowd *crowd);

struct crowd_sums crowd_sums(const struct crowd *crowd);

#endif
