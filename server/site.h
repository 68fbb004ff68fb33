/* site.h - files served to browsers, read once into memory.
 *
 *   struct site *site = site_create(log);
 *   site_mount(site, "/", "clients/examples", "what to do when it is not there");
 *   site_answer(site, &request, &response);
 *
 * A request never touches the disk: it is looked up in a table of what was read at the start, so
 * there is nothing to escape from. Names with a leading dot and symbolic links are not read.
 *
 * Limits     SITE_FILES_MAX, SITE_BYTES_MAX, SITE_DEPTH_MAX: what is beyond them is left out, and
 *            said in the log.
 */
#ifndef SERVER_SITE_H
#define SERVER_SITE_H

#include "server/http.h"
#include "server/log.h"

#define SITE_FILES_MAX 2000u
#define SITE_BYTES_MAX (64u << 20)
#define SITE_DEPTH_MAX 8
#define SITE_PATH_MAX  512u
#define SITE_MOUNTS    2u

struct site;

/* NULL without memory. */
struct site *site_create(struct log *log);
void site_destroy(struct site *site);

/* Reads a folder; its files appear under `prefix`, which begins and ends with a slash. When the
 * folder cannot be read, requests under the prefix are answered with `advice` (static text). At
 * most SITE_MOUNTS times. */
void site_mount(struct site *site, const char *prefix, const char *folder, const char *advice);

/* Answers GET and HEAD: a file, a redirect from /folder to /folder/, 304 where the browser has the
 * file, 404; 405 for other methods. */
void site_answer(const struct site *site,
                 const struct http_request *request,
                 struct http_response *response);

#endif
