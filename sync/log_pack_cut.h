/* log_pack_cut.h - how what is packed is cut into forms and holes: for what takes entries and snapshots apart.
 *
 * Everything that is not cut out as a hole is a part of the act's form, as it stands. So only what is
 * cut out has to be written in the one way in which it is put together again; what is not, fails the reader,
 * and is not packed.
 */
#ifndef SYNC_LOG_PACK_CUT_H
#define SYNC_LOG_PACK_CUT_H

#include "sync/log_pack_parts.h"

/* What a column is of; longer descriptions share one. */
#define PATH_BYTES_MAX 192u

struct cutter {
    struct entry_parts *parts;
    struct reader reader;
    size_t literal_from; /* what stands from here on is in no part yet */
    uint8_t path[PATH_BYTES_MAX];
    size_t path_length;
    struct bytes who, what;
};

/* Else the reader fails. */
void cutter_must(struct cutter *cutter, bool holds);
struct bytes cutter_between(const struct cutter *cutter, size_t from, size_t to);

/* What the next column is of: a step more, until path_length is again what it was before, which is given. */
size_t path_add(struct cutter *cutter, struct bytes step);
size_t path_step(struct cutter *cutter, uint64_t step);

/* An act begins here and ends here; it is added to the parts. */
void act_begin(struct cutter *cutter, struct act_parts *act);
void act_end(struct cutter *cutter, struct act_parts *act);

/* Cuts from..to out as this part, and as one with a column. */
void cut_part(struct cutter *cutter, size_t from, size_t to, enum part part);
void cut_hole(struct cutter *cutter, size_t from, size_t to, struct hole hole);

/* A number of the part that was cut last. */
void form_add(struct cutter *cutter, uint64_t number);

/* Whose act it is: the integer that stands next. And what it is about from here on, from..to. */
void cut_who(struct cutter *cutter);
void cut_next(struct cutter *cutter, size_t from, size_t to);

/* The value that stands next. */
int64_t
cutter_integer(struct cutter *cutter); /* is not cut out, but as it would have to be written */
void cut_integer(struct cutter *cutter);
void cut_binary(struct cutter *cutter);
void cut_value(struct cutter *cutter, unsigned depth);
void cut_text(struct cutter *cutter); /* a string that hardly comes again */

/* The binary that stands next, of integers that were cut out just before as their number `count`. False where
 * it is none: then it is read, and nothing is cut. */
bool cut_list(struct cutter *cutter, uint32_t count);

/* Whether so many integers stand next, each as it is written. */
bool integers_follow(const struct cutter *cutter, uint32_t count);
void cut_items(struct cutter *cutter, uint32_t count);

/* The head from..to of an array of them and `more` elements; they stand next, or later. */
void cut_count(struct cutter *cutter, size_t from, size_t to, uint32_t count, uint32_t more);

/* As pack_array() writes it. */
bool head_is_short(size_t from, size_t to, uint32_t elements);

#endif
