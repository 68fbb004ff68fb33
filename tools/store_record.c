/* store_record.c - `tutti record`: a session as people would make it, at many times its speed, in a data
 * folder: the engine, the storage and the archive of a server, without its clock and its sockets. */
#include "server/recorder.h"
#include "server/storage.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "persistence/folder.h"
#include "persistence/store_sqlite.h"
#include "sync/kinds.h"
#include "sync/track.h"
#include "tools/commands.h"
#include "tools/people.h"
#include "tools/record_moments.h"
#include "tools/store_moment.h"
#include "tools/store_text.h"

#define MINUTES_MAX (60u * 24 * 7)
#define HOURS_MAX   (MINUTES_MAX / 60 + 1) /* the last minute's ticks may end in one more */

/* Ticks come so much late at most. */
#define LATE_US 900u

/* A hash of what is kept once in so many bytes of the log, as a server writes it. */
#define HASH_LOG_BYTES (64u << 10)

#define GRACE_S 15u

/* A session that ends now ends before who looks at it: people take a while to be gone. */
#define AFTER_S (2u * GRACE_S)

static const char usage[] =
    "usage: tutti record --kind KIND [--people N] [--minutes M] [--seed S] [--began TIME]\n"
    "                    [--moments FILE] DATA ROOM\n"
    "\n"
    "Makes a session in a new room of a data folder that no server uses: people who race, work on\n"
    "a board or point at a page, as fast as the machine can. The same options, --began among "
    "them,\n"
    "make the same session.\n"
    "\n"
    "  --kind KIND   race, board or cursors\n"
    "  --people N    how many (default 10; in a race bots take the places that are left)\n"
    "  --minutes M   how long it lasts (default 60)\n"
    "  --seed S      another session (default 1)\n"
    "  --began TIME  when, as 2026-01-31T12:00 in UTC (default: so that it has just ended)\n"
    "  --moments FILE  what the room is at 200 moments of it: a line with the tick, the "
    "incarnation,\n"
    "                and the hashes of what is seen and of what is kept\n";

struct record_options {
    const struct rules *rules;
    uint32_t people;
    uint32_t minutes;
    uint64_t seed;
    uint64_t began_ms;   /* 0: so that it has just ended */
    const char *moments; /* NULL: none are noted */
    const char *data, *room;
};

/* What one hour took, as it was told and as it is stored. */
struct hour {
    uint64_t log_bytes, track_bytes;
    uint64_t stored_log_bytes, stored_track_bytes;
};

struct session {
    const struct record_options *options;
    struct storage *storage;
    struct room *room;
    struct people *people;
    struct moments moments;
    uint64_t begun_us;    /* the room's first tick, by the virtual clock */
    uint64_t since_hash;  /* bytes */
    uint64_t late_random; /* by how much ticks come late */
    uint64_t keyframe;    /* tick of the last one of the track */
    uint64_t shown;       /* tick of its last entry */
    uint8_t *entry;
    size_t entry_capacity;
    struct hour hours[HOURS_MAX];
    const char *trouble; /* NULL: all is well */
};

/* The storage asks for the time without saying whose. */
static uint64_t virtual_us, began_ms;

static uint64_t clock_ms(void)
{
    return virtual_us / 1000;
}

static uint64_t wall_ms(void)
{
    return began_ms + virtual_us / 1000;
}

static bool fails(struct session *recording, const char *why)
{
    if (recording->trouble == NULL)
        recording->trouble = why;
    return false;
}

/* --- Options ---------------------------------------------------------------------------------------- */

static bool take_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == 0 && *text != '-' && *number >= least &&
           *number <= most;
}

static bool take_option(struct record_options *options, int option, const char *argument)
{
    uint64_t number = 0;
    bool good = false;
    switch (option) {
    case 'k':
        options->rules = kind_find(&kinds_built_in, bytes_of(argument));
        return options->rules != NULL;
    case 'p':
        good = take_number(argument, 1, PEOPLE_MAX, &number);
        options->people = (uint32_t)number;
        return good;
    case 'm':
        good = take_number(argument, 1, MINUTES_MAX, &number);
        options->minutes = (uint32_t)number;
        return good;
    case 's':
        return take_number(argument, 0, UINT64_MAX, &options->seed);
    case 'b':
        return moment_read_time(argument, &options->began_ms);
    case 'n':
        options->moments = argument;
        return true;
    }
    return false;
}

static bool read_options(struct record_options *options, int count, char **arguments)
{
    static const struct option names[] = {
        {"kind", required_argument, NULL, 'k'},
        {"people", required_argument, NULL, 'p'},
        {"minutes", required_argument, NULL, 'm'},
        {"seed", required_argument, NULL, 's'},
        {"began", required_argument, NULL, 'b'},
        {"moments", required_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct record_options){.people = 10, .minutes = 60, .seed = 1};
    for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;)
        if (!take_option(options, option, optarg))
            return false;
    if (options->rules == NULL || count - optind != 2)
        return false;
    options->data = arguments[optind];
    options->room = arguments[optind + 1];
    return wire_room_name_valid(bytes_of(options->room));
}

static uint64_t beginning_ms(const struct record_options *options)
{
    if (options->began_ms != 0)
        return options->began_ms;
    return ((uint64_t)time(NULL) - options->minutes * UINT64_C(60) - AFTER_S) * 1000;
}

/* --- The room --------------------------------------------------------------------------------------- */

static struct bytes room_name(const struct session *recording)
{
    return bytes_of(recording->options->room);
}

static struct hour *hour_now(struct session *recording)
{
    return &recording->hours[(virtual_us - recording->begun_us) / UINT64_C(3600000000)];
}

static bool make_room_for(struct session *recording, size_t bytes)
{
    if (bytes <= recording->entry_capacity)
        return true;
    free(recording->entry);
    recording->entry = malloc(2 * bytes);
    recording->entry_capacity = recording->entry == NULL ? 0 : 2 * bytes;
    return recording->entry != NULL || fails(recording, "no memory");
}

static struct flush_entry
entry_at(const struct session *recording, uint64_t tick, struct bytes bytes)
{
    return (struct flush_entry){.room = room_name(recording),
                                .incarnation = room_incarnation(recording->room),
                                .first = tick,
                                .last = tick,
                                .bytes = bytes};
}

/* What the room has done goes into the open flush, as room_host_log() does it. */
static bool take_log(struct session *recording)
{
    struct room *room = recording->room;
    if (!room_log_pending(room))
        return true;
    size_t bytes = room_log_bytes(room);
    if (!make_room_for(recording, bytes) || !storage_reserve(recording->storage, bytes))
        return fails(recording, "no memory");
    struct writer writer = writer_on(recording->entry, bytes);
    room_log_write(room, wall_ms(), &writer);
    struct flush_entry entry = entry_at(recording, room_logged(room), writer_bytes(&writer));
    if (writer.status != STATUS_OK || !storage_log(recording->storage, &entry))
        return fails(recording, "no memory");
    hour_now(recording)->log_bytes += writer.length;
    recording->since_hash += writer.length;
    if (recording->since_hash < HASH_LOG_BYTES || recording->since_hash < room_bytes(room))
        return true;
    recording->since_hash = 0;
    return room_log_hash(room) == STATUS_OK || fails(recording, "no memory");
}

/* And what its members showed goes beside it, as recorder_take() does it. */
static bool take_track(struct session *recording)
{
    struct room *room = recording->room;
    uint64_t tick = room_tick_number(room), apart = KEYFRAME_S * room_rules(room)->tick_hz;
    if (room_track_pending(room)) {
        bool whole = tick >= recording->keyframe + apart;
        size_t bytes = room_track_bytes(room, whole);
        if (!make_room_for(recording, bytes))
            return false;
        struct writer writer = writer_on(recording->entry, bytes);
        room_track_write(room, wall_ms(), whole, &writer);
        struct flush_entry entry = entry_at(recording, tick, writer_bytes(&writer));
        if (writer.status != STATUS_OK || !storage_track(recording->storage, &entry))
            return fails(recording, "no memory");
        hour_now(recording)->track_bytes += writer.length;
        recording->keyframe = whole ? tick : recording->keyframe;
        recording->shown = tick;
    }
    /* The log keeps up with what is shown. */
    bool behind = recording->shown > room_logged(room) && tick >= room_logged(room) + apart;
    if (!behind || room_log_pending(room))
        return true;
    return room_log_hash(room) == STATUS_OK || fails(recording, "no memory");
}

/* Hands over what was logged, and lets the store work. */
static bool save(struct session *recording)
{
    struct storage_event event;
    storage_flush(recording->storage, virtual_us, true);
    storage_work(recording->storage);
    while (storage_next(recording->storage, &event)) {
        if (event.kind == STORAGE_TROUBLE || event.kind == STORAGE_LOST)
            return fails(recording, "the disk fails");
        if (event.kind == STORAGE_FENCED)
            return fails(recording, "another server has taken the folder");
    }
    room_save(recording->room, room_logged(recording->room));
    return true;
}

/* Timers come a little late, each by another bit. */
static void wait_for_tick(struct session *recording, uint64_t tick)
{
    uint32_t hz = recording->options->rules->tick_hz;
    recording->late_random = recording->late_random * UINT64_C(6364136223846793005) + 1;
    uint64_t late_us = (recording->late_random >> 32) % LATE_US;
    virtual_us = recording->begun_us + tick * 1000000 / hz + late_us;
}

static bool make_tick(struct session *recording, uint64_t tick)
{
    struct room *room = recording->room;
    wait_for_tick(recording, tick);
    if (recording->people != NULL && !people_act(recording->people))
        return fails(recording, "the room refuses what people do");
    if (room_prepare(room) != STATUS_OK)
        return fails(recording, "no memory");
    room_tick(room);
    if (!take_log(recording))
        return false;
    if (recording->people != NULL)
        people_look(recording->people);
    if (room_frame_due(room)) {
        if (!take_track(recording))
            return false;
        moments_note(&recording->moments, room);
    }
    return tick % recording->options->rules->tick_hz != 0 || save(recording);
}

static bool play(struct session *recording)
{
    const struct record_options *options = recording->options;
    uint64_t ticks = (uint64_t)options->minutes * 60 * options->rules->tick_hz, tick = 0;
    struct progress progress = {.what = "record"};
    recording->people = people_create(recording->room, options->people, options->seed);
    if (recording->people == NULL)
        return fails(recording, "there is no such habit, or the room does not take so many");
    uint64_t frames = ticks / (options->rules->tick_hz / options->rules->frame_hz) - 1;
    if (options->moments != NULL &&
        !moments_open(&recording->moments, options->moments, frames, options->seed))
        return fails(recording, strerror(errno));
    for (; tick < ticks && make_tick(recording, tick); tick++)
        progress_show(&progress, tick, ticks);
    progress_end(&progress);
    if (!moments_close(&recording->moments))
        fails(recording, "the moments cannot be written down");
    people_leave(recording->people);
    people_destroy(recording->people);
    recording->people = NULL;
    while (recording->trouble == NULL && room_members(recording->room) > 0)
        make_tick(recording, tick++);
    return recording->trouble == NULL;
}

/* It is there as one that fell asleep. */
static bool fall_asleep(struct session *recording)
{
    if (room_sleep(recording->room) != STATUS_OK)
        return fails(recording, "no memory");
    if (!take_log(recording))
        return false;
    if (!save(recording))
        return false;
    storage_slept(recording->storage, room_name(recording));
    return storage_stop(recording->storage) || fails(recording, "the disk fails");
}

/* --- The folder ------------------------------------------------------------------------------------- */

static bool note_room(void *context, const struct store_room *room)
{
    bool *there = context;
    *there = room->state != STORE_ROOM_DELETED;
    return false;
}

static bool open_storage(struct session *recording, char error[STORAGE_ERROR_MAX])
{
    struct store *store;
    bool there = false;
    struct store_sqlite_options files = {.folder = recording->options->data};
    if (store_sqlite_open(&files, &store, error) != STORE_OK)
        return fails(recording, error);
    enum store_result found = store->room(store, room_name(recording), note_room, &there);
    if (there || (found != STORE_OK && found != STORE_NOT_FOUND)) {
        store->close(store);
        return fails(recording, there ? "the room is there already" : "the folder is damaged");
    }
    struct storage_options options = {.store = store,
                                      .rooms = {.saves = true},
                                      .kinds = &kinds_built_in,
                                      .clock_ms = clock_ms,
                                      .wall_ms = wall_ms,
                                      .seed = recording->options->seed};
    recording->storage = storage_create(&options, error);
    return recording->storage != NULL || fails(recording, error);
}

static bool make_room(struct session *recording)
{
    const struct rules *rules = recording->options->rules;
    recording->room = room_create(
        &(struct room_options){.rules = rules,
                               .incarnation = storage_incarnation(recording->storage) + 1,
                               .seed = recording->options->seed,
                               .grace_ticks = GRACE_S * rules->tick_hz,
                               .logs = true,
                               .saves = true});
    recording->begun_us = virtual_us;
    return recording->room != NULL || fails(recording, "no memory");
}

static bool record(struct session *recording, char error[STORAGE_ERROR_MAX])
{
    began_ms = beginning_ms(recording->options);
    bool done = open_storage(recording, error) && make_room(recording) && take_log(recording) &&
                play(recording) && fall_asleep(recording);
    people_destroy(recording->people);
    room_destroy(recording->room);
    storage_destroy(recording->storage);
    free(recording->entry);
    return done;
}

/* --- What it took ----------------------------------------------------------------------------------- */

/* What is there, as a reader finds it. */
struct stored {
    struct session *recording;
    uint64_t bytes; /* of the room, all in all */
};

static struct hour *hour_of(const struct stored *stored, uint64_t tick)
{
    struct session *recording = stored->recording;
    uint64_t hour = tick / (recording->options->rules->tick_hz * UINT64_C(3600));
    return &recording->hours[hour < HOURS_MAX ? hour : HOURS_MAX - 1];
}

static bool note_log(void *context, const struct store_segment *segment)
{
    hour_of(context, segment->first)->stored_log_bytes += segment->bytes;
    return true;
}

static bool note_track(void *context, const struct store_blob *track)
{
    hour_of(context, track->first)->stored_track_bytes += track->bytes.length;
    return true;
}

static bool note_bytes(void *context, const struct store_room *room)
{
    struct stored *stored = context;
    stored->bytes = room->bytes;
    return false;
}

static int print_sizes(struct session *recording)
{
    struct stored stored = {.recording = recording};
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    if (store_sqlite_open_to_read(recording->options->data, &store, error) != STORE_OK)
        return complain("record", error);
    struct bytes name = room_name(recording);
    bool read = store->segments(store, name, 0, note_log, &stored) == STORE_OK &&
                store->tracks(store, name, 0, note_track, &stored) == STORE_OK &&
                store->room(store, name, note_bytes, &stored) == STORE_OK;
    store->close(store);
    if (!read)
        return complain("record", "what was recorded cannot be read");
    puts("hour   log bytes      stored   presence      stored");
    for (uint32_t hour = 0; hour <= (recording->options->minutes - 1) / 60; hour++) {
        const struct hour *of = &recording->hours[hour];
        printf("%4" PRIu32 " %11" PRIu64 " %11" PRIu64 " %10" PRIu64 " %11" PRIu64 "\n", hour + 1,
               of->log_bytes, of->stored_log_bytes, of->track_bytes, of->stored_track_bytes);
    }
    printf("stored in all, with snapshots: %" PRIu64 " bytes\n", stored.bytes);
    return 0;
}

int command_record(int count, char **arguments)
{
    struct record_options options;
    char error[STORAGE_ERROR_MAX];
    if (count == 2 && strcmp(arguments[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_options(&options, count, arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    struct folder folder;
    switch (folder_open(&folder, options.data)) {
    case FOLDER_OPEN:
        break;
    case FOLDER_LOCKED:
        return complain("record", "a server uses this data folder");
    case FOLDER_FAILED:
        return complain("record", strerror(errno));
    }
    struct session *recording = calloc(1, sizeof *recording);
    int status = 1;
    if (recording == NULL) {
        complain("record", "no memory");
    } else {
        virtual_us = 0;
        recording->options = &options;
        status = record(recording, error) ? print_sizes(recording)
                                          : complain("record", recording->trouble);
    }
    free(recording);
    folder_close(&folder);
    return status;
}
