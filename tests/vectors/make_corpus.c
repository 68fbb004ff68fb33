/* make_corpus.c - where the fuzzers start from. */
#include "tests/vectors/make_vectors.h"

void make_corpus(const char *vectors, const char *folder)
{
    (void)vectors;
    (void)folder;
}
