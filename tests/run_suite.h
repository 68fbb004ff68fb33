/* run_suite.h - how every program of Check ends.
 *
 *   int main(void)
 *   {
 *       Suite *suite = suite_create("bucket");
 *       ...
 *       return run_suite(suite);
 *   }
 */
#ifndef TESTS_RUN_SUITE_H
#define TESTS_RUN_SUITE_H

#include <check.h>

/* Runs and frees it, as CK_RUN_CASE, CK_FORK and CK_VERBOSITY in the environment have it; the exit
 * status of the program. */
int run_suite(Suite *suite);

#endif
