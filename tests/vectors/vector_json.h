/* vector_json.h - messages, values and replicas as JSON, the way the vectors have them.
 *
 * Binary is {"$bin": "00ff"}, integers are JSON integers, floats JSON reals.
 *
 * Ownership  what is returned is the caller's: json_decref().
 * Errors     a mistake in a vector is a mistake in the test: it is told and the program ends.
 */
#ifndef TESTS_VECTORS_VECTOR_JSON_H
#define TESTS_VECTORS_VECTOR_JSON_H

#include <jansson.h>

#include "sync/pack.h"
#include "sync/replica.h"

/* Ends the program unless it holds. */
void demand(bool holds, const char *what, const char *name);

/* The next value of the reader; NULL where the reader fails. */
json_t *json_of_packed(struct reader *reader);

/* All of the bytes as one message, or NULL. */
json_t *json_of_message(struct bytes message);

/* Packs in canonical form. */
void json_pack_value(struct writer *writer, const json_t *value);

/* Packs a server's message: sections of frames have array heads of three bytes. */
void json_pack_message(struct writer *writer, const json_t *message);

/* JSON with ' for ", so that it can stand in a string of C. */
json_t *json_of_text(const char *text);

json_t *json_hex(struct bytes bytes);
struct bytes bytes_of_hex(const char *hex, uint8_t *buffer, size_t capacity);

/* What is visible: {"collections": {name: {id: {field: value}}}, "events": [...]}; collections
 * without a record are left out. */
json_t *json_of_replica(const struct replica *replica);

/* A file of vectors in a folder. Written one member of a vector a line, so that a change shows. */
json_t *vectors_read(const char *folder, const char *file);
void vectors_write(const char *folder, const char *file, const json_t *vectors);

#endif
