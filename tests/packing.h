/* packing.h - pieces of logs, tracks and snapshots that are packed and come back, in memory that is counted.
 *
 *   packing_begin();
 *   struct bytes piece = packed(log_pack, entries_of("[2 1 50 [4 0]]"));
 *   ck_assert_int_eq(unpacks(piece, entries), STATUS_OK);
 *   piece_free(piece);
 *
 * Each of them looks that no memory is left behind.
 */
#ifndef TESTS_PACKING_H
#define TESTS_PACKING_H

#include "sync/log_pack.h"
#include "tests/helpers.h"

typedef bool piece_pack(const struct memory *memory, struct bytes bytes, struct writer *writer);

/* Of the packing; any number of blocks after packing_begin(). */
extern struct counted_memory packing;
void packing_begin(void);

/* The piece packed, data NULL where it is not. */
struct bytes packed(piece_pack *pack, struct bytes bytes);
void piece_free(struct bytes piece);

/* Unpacks the piece, and looks that it is what is expected. */
enum status unpacks(struct bytes piece, struct bytes expected);

/* A log packed, and back again; how many bytes it took, 0 where it is not packed. */
size_t there_and_back(struct bytes log);

/* However few blocks there are: packed and unpacked whole, or nothing. */
void packs_or_gives_up(piece_pack *pack, struct bytes bytes, struct bytes piece);

/* --- Entries in notation --------------------------------------------------------------------------- */

#define ENTRIES_BYTES_MAX (1u << 20)
extern uint8_t entries[ENTRIES_BYTES_MAX];

/* As a room writes it, all in the shortest way; where that is not to be had, as it is. */
void add_entry(struct writer *writer, const char *line);
struct bytes entries_of(const char *line); /* stands in entries */

/* What logs and tracks are made of, and what stands in none so far. */
#define ODD_ENTRIES 39
extern const char *const odd_entries[ODD_ENTRIES];

#endif
