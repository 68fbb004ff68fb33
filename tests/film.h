/* film.h - a recording of 500 ticks, and the player that shows it to two viewers.
 *
 *   tcase_add_checked_fixture(tcase, film_setup, film_teardown);
 *   open_at(100);
 *   says("'playing' true");
 *   screening_ticks(&screening, 20);
 *   expect_at(120);
 */
#ifndef TESTS_FILM_H
#define TESTS_FILM_H

#include "tests/screening.h"

/* What the player says of its state. */
enum {
    READY,
    LOADING,
    FAILED
};

/* A line is drawn, two move; then nothing for 10 s from tick 150 on, and again. */
extern struct recording film;
extern struct screening screening;
void film_setup(void);
void film_teardown(void);

void open_at(uint64_t tick);  /* with two viewers */
void says(const char *pairs); /* the first of them, who may */
int64_t told(const char *field);
void expect_at(int64_t tick);

#endif
