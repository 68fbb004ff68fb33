/* stored_files.h - files in a store, told apart by a letter, for the tests of what every store promises
 * and of what the archive's files promise beyond it.
 *
 *   put_file("a", 'x', 1000);
 *   expect_file("a", 'x', 1000);
 *
 * The store is that of contract.h. A letter says what hash a file has, and what bytes.
 */
#ifndef TESTS_STORED_FILES_H
#define TESTS_STORED_FILES_H

#include "tests/contract.h"

struct store_file file_named(char letter);
uint8_t file_byte(char letter, size_t at);

uint64_t begin_file(const char *room, uint64_t bytes);
void write_file(uint64_t upload, char letter, size_t bytes, size_t parts); /* so many at once */

/* All of it; whether it was not there before. */
bool put_file_at(const char *room, char letter, size_t bytes, uint64_t wall_ms);
bool put_file_at_once(const char *room, char letter, size_t bytes);
void put_file(const char *room, char letter, size_t bytes); /* one that was not */

enum store_result find_file(const char *room, char letter, struct store_file *file);
uint64_t used_ms(const char *room, char letter);

/* The result of the read behind the last part that was good. */
enum store_result read_file(const char *room, char letter, size_t *bytes);

void expect_file(const char *room, char letter, size_t bytes);
void expect_list(const char *room, const char *letters);
void expect_held(const char *room, uint64_t count, uint64_t bytes, uint64_t all);

void seal_room(const char *room);

#endif
