/* files.h - uploads and downloads of rooms' files, as the hub sees them: who may, how much at once,
 * and what the archivist made of it. It knows no HTTP; ws_files.c does.
 *
 *   struct upload *upload = upload_begin(hub, session, room, length, &denial);
 *   upload_take(upload, bytes);          as they come; FILE_STEP_PAUSE: wait for writable()
 *   upload->step                         after the transport's want_write()
 *   upload_end(upload);
 *
 *   struct download *download = download_begin(hub, session, room, hash, whole);
 *   download_turn(download);             likewise; download->part is there when it is ready
 *   download_next(download);             when that was sent
 *   download_end(download);
 *
 * Bytes go to the archivist in runs of UPLOAD_BUFFER_BYTES and come from it in parts of
 * STORE_FILE_PART: an upload holds one such run, a download one such part, and no more than
 * UPLOADS_MAX and DOWNLOADS_MAX of them are held at once. Downloads beyond wait for their turn, part
 * by part, so that who reads slowly holds nobody up.
 *
 * Threads    the hub's.
 */
#ifndef SERVER_FILES_H
#define SERVER_FILES_H

#include "server/file_work.h"
#include "server/http.h"
#include "server/image_size.h"

struct hub;
struct session;

struct files {
    struct upload *uploads;     /* under way */
    struct download *downloads; /* waiting for their turn */
    uint32_t upload_count;
    uint32_t parts; /* of downloads, in memory or on their way */
};

enum file_step {
    FILE_STEP_MORE,  /* the next bytes; of a download: its part is ready */
    FILE_STEP_PAUSE, /* no further bytes until session_...writable() comes */
    FILE_STEP_DONE,  /* upload->file is stored; all of the download was sent */
    FILE_STEP_DENIED /* upload->denial, download->denial */
};

struct upload {
    struct upload *prev, *next;
    struct hub *hub;
    struct session *session; /* outlives it */
    struct file_work *work;
    struct store_file file; /* FILE_STEP_DONE: as it is stored */
    struct image_size size;
    struct http_denial denial;
    struct bytes early;       /* came while it paused; owned */
    uint64_t length, arrived; /* bytes */
    uint64_t began_us;
    enum file_step step;
    bool away;  /* the work is with the archivist */
    bool added; /* the room did not have it before */
};

/* Bytes of its file may follow. NULL with a denial. */
struct upload *upload_begin(struct hub *hub,
                            struct session *session,
                            struct bytes room,
                            uint64_t length,
                            struct http_denial *denial);

/* Bytes may still come while it pauses, UPLOAD_SLACK of them: the socket's side has read ahead. */
enum file_step upload_take(struct upload *upload, struct bytes bytes);

/* What was begun is dropped, unless it is done. NULL is fine. */
void upload_end(struct upload *upload);

struct download {
    struct download *prev, *next;
    struct hub *hub;
    struct session *session; /* outlives it */
    struct file_work *work;
    struct http_denial denial;
    struct bytes part; /* to be sent, until download_next() */
    uint64_t given_us; /* when the part came */
    enum file_step step;
    bool away, waits, holds; /* holds one of the parts that there may be */
    bool whole;              /* not only what the file is */
};

/* Asks for the first part; `whole` false: only for what the file is. NULL without memory. */
struct download *download_begin(struct hub *hub,
                                struct session *session,
                                struct bytes room,
                                const uint8_t hash[STORE_HASH_BYTES],
                                bool whole);
enum file_step download_turn(struct download *download);
const struct store_file *download_file(const struct download *download);

/* The part was sent: FILE_STEP_DONE, or a pause until the next one is there. */
enum file_step download_next(struct download *download);
void download_end(struct download *download);

/* What the archivist has done; called whenever the storage has something to tell. */
void files_turn(struct hub *hub);

#endif
