/* store_result.h - what a call of a store comes to. */
#ifndef PERSISTENCE_STORE_RESULT_H
#define PERSISTENCE_STORE_RESULT_H

enum store_result {
    STORE_OK,
    STORE_NOT_FOUND,
    STORE_BUSY,    /* someone else holds the file; try again */
    STORE_FULL,    /* no space; there may be again */
    STORE_FENCED,  /* someone else has claimed the store */
    STORE_UNKNOWN, /* nobody can tell whether it happened (a connection lost in COMMIT) */
    STORE_FAILED,  /* the disk lies: the journal wants a new generation, see renew_journal() */
    STORE_DAMAGED, /* bytes do not check; `place` says where */
    STORE_MEMORY
};
const char *store_result_text(enum store_result result);

#endif
