/* make_vectors VECTORS [CORPUS]: writes the vectors into one folder and, when a second one is
 * named, what the fuzzers start from into that. The bytes are the same at each run. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/vectors/make_vectors.h"

int main(int count, char **arguments)
{
    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: make_vectors VECTORS [CORPUS]\n");
        return EXIT_FAILURE;
    }
    make_messages(arguments[1]);
    make_frames(arguments[1]);
    if (count == 3)
        make_corpus(arguments[1], arguments[2]);
    return EXIT_SUCCESS;
}
