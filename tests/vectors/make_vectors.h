/* make_vectors.h - how the work on the vectors is divided. Each of these writes its files into a
 * folder. */
#ifndef TESTS_VECTORS_MAKE_VECTORS_H
#define TESTS_VECTORS_MAKE_VECTORS_H

/* make_messages.c: client_messages.json, malformed.json, values.json, welcome.json. */
void make_messages(const char *folder);

/* make_frames.c: frames.json, input_frames.json, malformed_frames.json. */
void make_frames(const char *folder);

/* make_corpus.c: a folder for each fuzzer, from the vectors in a folder. */
void make_corpus(const char *vectors, const char *folder);

#endif
