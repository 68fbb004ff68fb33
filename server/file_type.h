/* file_type.h - what a file is, told from how it begins. What its sender calls it is not believed.
 *
 * SVG is none of them: it can carry scripts.
 */
#ifndef SERVER_FILE_TYPE_H
#define SERVER_FILE_TYPE_H

#include "sync/base.h"

/* Numbers are stored: rows are only added at the end. */
#define FILE_TYPE_MAP(ROW)                                                                         \
    ROW(PNG, "image/png")                                                                          \
    ROW(JPEG, "image/jpeg")                                                                        \
    ROW(GIF, "image/gif")                                                                          \
    ROW(WEBP, "image/webp")

#define FILE_TYPE_ROW(name, text) FILE_##name,
enum file_type {
    FILE_UNKNOWN = 0,
    FILE_TYPE_MAP(FILE_TYPE_ROW) FILE_TYPE_COUNT
};
#undef FILE_TYPE_ROW

/* So many bytes of the beginning tell; a file that is shorter is none of them. */
#define FILE_TYPE_BYTES 12u

enum file_type file_type_of(struct bytes beginning);

/* As in "image/png"; of a number outside the table "application/octet-stream". */
const char *file_type_text(unsigned type);

#endif
