/* store_place.h - where a store met damage or a failure: a line for people, one a thread.
 *
 * The two halves of a store may run on two threads, and each asks after its own call. So the text
 * belongs to the thread, as errno does, and to no store.
 */
#ifndef PERSISTENCE_STORE_PLACE_H
#define PERSISTENCE_STORE_PLACE_H

/* Takes the first STORE_PLACE_MAX - 1 bytes of the text. */
__attribute__((format(printf, 1, 2))) void store_place_set(const char *format, ...);

/* Never NULL; empty when nothing was met. Good until the thread's next store_place_set(). */
const char *store_place(void);

#endif
