/* store_import.c - `tutti import FILE`: a room made of what `tutti export` has written. The whole file is
 * judged before the folder is touched, and once more as it goes in: what goes in is what was judged. */
#include "persistence/flush.h"
#include "persistence/folder.h"
#include "persistence/import.h"
#include "sync/wire.h"
#include "tools/commands.h"
#include "tools/store_judge.h"
#include "tools/store_options.h"
#include "tools/store_text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char usage[] =
    "usage: tutti import FILE [--as ROOM] [--data DIR] [--kinds DIR]\n"
    "\n"
    "Makes a room of what `tutti export` has written, in a folder that no server uses: all of it, "
    "or\n"
    "nothing where anything in the file is not as it should be. What members know of the room "
    "from\n"
    "elsewhere is not taken for this one.\n"
    "\n"
    "  --as ROOM    under another name than the one that it had\n"
    "  --data DIR   the server's data folder, at rest; it is made where it is not there (default:\n"
    "               $TUTTI_DATA, or data)\n" STORE_KINDS_USAGE;

struct importing {
    struct judging judging;
    struct progress progress;
    const char *path;
    FILE *file;
    uint64_t length; /* of the file, as far as it is known */
    bool refused;    /* by the judge, who says why; else by the store */
};

static bool on_progress(void *context, uint64_t done)
{
    struct importing *importing = context;
    return progress_show(&importing->progress, done, importing->length) && !store_stopped();
}

static int refuse(struct importing *importing)
{
    char why[PORTABLE_ERROR_MAX + 128];
    progress_end(&importing->progress);
    snprintf(why, sizeof why, "%.120s: %s", importing->path, importing->judging.error);
    return complain("import", why);
}

/* --- The folder ----------------------------------------------------------------------------------- */

/* What the journal tells of a room of that name would be taken for this one's. */
struct looking {
    struct bytes name;
    bool found;
};

static bool look_into(void *context, const struct store_flush *flush)
{
    struct looking *looking = context;
    struct flush_reader reader = {.bytes = flush->bytes};
    struct flush_entry entry;
    while (!looking->found && flush_next(&reader, &entry))
        looking->found = bytes_equal(entry.room, looking->name);
    return !looking->found;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The same file as was judged, or nothing of it stays. */
static enum store_result fill(void *context, struct store_import *import)
{
    struct importing *importing = context;
    struct judging *judging = &importing->judging;
    uint8_t sum[PORTABLE_SUM_BYTES];
    memcpy(sum, judging->sum, sizeof sum);
    judging->import = import;
    rewind(importing->file);
    enum store_result result = judge(judging, importing->file);
    if (result == STORE_OK && memcmp(sum, judging->sum, sizeof sum) != 0) {
        snprintf(judging->error, sizeof judging->error, "it changed while it was read");
        result = STORE_DAMAGED;
    }
    importing->refused = result != STORE_OK;
    return result;
}

static int import_into(struct importing *importing, struct store *store, const char *name)
{
    struct looking looking = {.name = bytes_of(name)};
    uint64_t last;
    enum store_result result = store->flushes(store, look_into, &looking, &last);
    if (result != STORE_OK)
        return complain("import", store->place(store));
    if (looking.found)
        return complain("import", "a server that ended early has left something of a room of that "
                                  "name: start it once, and stop it");
    struct store_import_room room = {
        .name = bytes_of(name), .made_ms = importing->judging.made_ms, .wall_ms = now_ms()};
    result = store_sqlite_import(store, &room, fill, importing);
    progress_end(&importing->progress);
    if (result == STORE_OK)
        return 0;
    const char *place = store->place(store);
    if (importing->refused && strcmp(importing->judging.error, store_result_text(result)) != 0)
        return refuse(importing);
    return complain("import", place[0] != '\0' ? place : store_result_text(result));
}

static int open_store(struct importing *importing, const char *data, const char *name)
{
    char error[STORE_SQLITE_ERROR_MAX];
    struct store *store;
    struct store_sqlite_options options = {.folder = data, .sync = true};
    if (store_sqlite_open(&options, &store, error) != STORE_OK)
        return complain("import", error);
    if (error[0] != '\0')
        complain("import", error); /* what was salvaged */
    int status = import_into(importing, store, name);
    store->close(store);
    return status;
}

static int import_at_rest(struct importing *importing, const char *data, const char *name)
{
    struct folder folder;
    switch (folder_open(&folder, data)) {
    case FOLDER_OPEN:
        break;
    case FOLDER_LOCKED:
        return complain("import", "a server has this folder: stop it before, or take another one");
    case FOLDER_FAILED:
        return complain("import", strerror(errno));
    }
    int status = open_store(importing, data, name);
    folder_close(&folder);
    return status;
}

/* --- The command ---------------------------------------------------------------------------------- */

static int import(struct importing *importing, const struct store_options *options)
{
    struct stat about;
    if (fstat(fileno(importing->file), &about) != 0 || !S_ISREG(about.st_mode))
        return complain("import", "that is no file");
    importing->length = (uint64_t)about.st_size;
    store_catch_stop();
    if (judge(&importing->judging, importing->file) != STORE_OK)
        return refuse(importing);
    progress_end(&importing->progress);
    importing->progress.what = "import";
    char name[ROOM_NAME_MAX + 1];
    snprintf(name, sizeof name, "%s", options->as != NULL ? options->as : importing->judging.name);
    int status = import_at_rest(importing, options->data, name);
    if (status == 0)
        printf("%s is in %s as %s\n", options->argument, options->data, name);
    return status;
}

int command_import(int count, char **arguments)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, usage,
                           STORE_TAKES_ARGUMENT | STORE_TAKES_AS | STORE_TAKES_KINDS);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    if (options.as != NULL && !wire_room_name_valid(bytes_of(options.as)))
        return complain("import", "that is no room's name");
    struct importing importing = {.path = options.argument,
                                  .file = fopen(options.argument, "rb"),
                                  .progress = {.what = "judge"},
                                  .judging = {.kinds = &options.kinds, .progress = on_progress}};
    importing.judging.context = &importing;
    if (importing.file == NULL) {
        snprintf(importing.judging.error, sizeof importing.judging.error, "%s", strerror(errno));
        return refuse(&importing);
    }
    int status = import(&importing, &options);
    fclose(importing.file);
    return status;
}
