/* recording_json.h - what there is of a recording, as JSON for a page that shows it: server/README.md,
 * "Recordings".
 */
#ifndef SERVER_RECORDING_JSON_H
#define SERVER_RECORDING_JSON_H

#include "server/moments.h"
#include "sync/kinds.h"

#include <stdio.h>

/* The kind says how long a tick is; NULL where it is none of this server's. False without memory. */
MUST_CHECK bool
recording_write(FILE *out, const struct recording *recording, const struct rules *kind);

/* Of what people wrote in it, which is all that may make it long. */
uint64_t recording_text_bytes(const struct recording *recording);

#endif
