/* store_svg.c - `tutti export --svg`: a board at a moment, as the board itself would save it. The picture is
 * made by the board's own code, in Node. */
#include "tools/store_svg.h"
#include "server/file_type.h"
#include "server/folders.h"
#include "sync/files.h"
#include "sync/room_parts.h"
#include "tools/json.h"
#include "tools/store_moment.h"
#include "tools/store_records.h"
#include "tools/store_text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit status of the board's program where there is nothing to make a picture of. */
#define NOTHING_THERE 3

static const char usage[] =
    "usage: tutti export --svg ROOM[@MOMENT] FILE [--theme light|dark] [--data DIR] [--client "
    "DIR]\n"
    "\n"
    "Writes a board at a moment as an SVG picture, its images in it: what the board itself saves "
    "in a\n"
    "browser. A moment is written as for `tutti show`; without one it is the last. FILE is \"-\" "
    "for the\n"
    "standard output. This needs Node.js and the built client.\n"
    "\n"
    "  --theme T    light (default) or dark\n"
    "  --data DIR   the server's data folder, in use or at rest (default: $TUTTI_DATA, or data)\n"
    "  --client DIR the built client (default: $TUTTI_CLIENT, or the one beside this program)\n";

enum svg_asked {
    SVG_RUN,
    SVG_HELP,
    SVG_BAD
};

struct svg_options {
    const char *room, *file;
    const char *theme;
    const char *data;
    char script[PATH_MAX];
};

static enum svg_asked read_options(struct svg_options *options, int count, char **arguments)
{
    static const struct option names[] = {
        {"svg", no_argument, NULL, 'S'},        {"theme", required_argument, NULL, 't'},
        {"data", required_argument, NULL, 'd'}, {"client", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
    };
    static const char *const places[] = {"../../../clients/js/dist", "../clients/js/dist",
                                         "../share/tutti/client", NULL};
    char found[PATH_MAX];
    const char *client = getenv("TUTTI_CLIENT");
    *options = (struct svg_options){.theme = "light"};
    for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        if (option == 't' && (strcmp(optarg, "light") == 0 || strcmp(optarg, "dark") == 0))
            options->theme = optarg;
        else if (option == 'd')
            options->data = optarg;
        else if (option == 'c')
            client = optarg;
        else if (option != 'S')
            return option == 'h' ? SVG_HELP : SVG_BAD;
    }
    if (count - optind != 2)
        return SVG_BAD;
    options->room = arguments[optind];
    options->file = arguments[optind + 1];
    options->data = store_folder_path(options->data);
    folders_find(found, places);
    if (client == NULL || client[0] == '\0')
        client = found;
    bool fits = snprintf(options->script, sizeof options->script, "%s/board_svg.js", client) <
                (int)sizeof options->script;
    return fits ? SVG_RUN : SVG_BAD;
}

/* --- What is on it --------------------------------------------------------------------------------- */

static void write_objects(FILE *out, const struct room *room)
{
    const struct scope *scope = room->state.scopes[SCOPE_EVERYONE];
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer)
        if (record->kind == RECORD_LIVE)
            record_write(out, &room->state.schema, record, 0);
}

struct writing {
    struct store_history *history;
    const struct room *room;
    FILE *out;
    struct store_file file;
    bool named;    /* by a record of the room */
    FILE *picture; /* where its bytes are put together */
};

static void compare_hash(void *context, const uint8_t hash[FILE_HASH_BYTES])
{
    struct writing *writing = context;
    writing->named |= memcmp(writing->file.hash, hash, FILE_HASH_BYTES) == 0;
}

static void take_part(void *context, struct bytes part)
{
    struct writing *writing = context;
    fwrite(part.data, 1, part.length, writing->picture);
}

/* Without its bytes the board shows a frame in its place, as it does in a browser. */
static void write_picture(struct writing *writing)
{
    struct store *store = writing->history->folder->store;
    char *bytes = NULL;
    size_t length = 0;
    enum store_result result = STORE_OK;
    writing->picture = open_memstream(&bytes, &length);
    if (writing->picture == NULL)
        return;
    for (uint64_t part = 0; result == STORE_OK; part++)
        result = store->files->read(store, writing->history->name, writing->file.hash, part,
                                    take_part, writing);
    fclose(writing->picture);
    if (result == STORE_NOT_FOUND && length == writing->file.bytes) {
        fputs("{\"type\":\"image\",\"hash\":", writing->out);
        hash_write(writing->out, writing->file.hash);
        fprintf(writing->out, ",\"address\":\"data:%s;base64,", file_type_text(writing->file.type));
        json_base64(writing->out, (struct bytes){(const uint8_t *)bytes, length});
        fputs("\"}\n", writing->out);
    }
    free(bytes);
}

static bool look_at_file(void *context, const struct store_file *file)
{
    struct writing *writing = context;
    writing->file = *file;
    writing->named = false;
    room_each_file(writing->room, compare_hash, writing);
    if (writing->named)
        write_picture(writing);
    return true;
}

/* --- Its picture ----------------------------------------------------------------------------------- */

/* The board's program reads the lines and writes the picture: its exit status, or -1. */
static int run_board(const struct svg_options *options, int lines, int picture)
{
    extern char **environ;
    char *const arguments[] = {(char *)"node", (char *)options->script, (char *)options->theme,
                               NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    bool ready = posix_spawn_file_actions_adddup2(&actions, lines, STDIN_FILENO) == 0 &&
                 posix_spawn_file_actions_adddup2(&actions, picture, STDOUT_FILENO) == 0;
    if (ready && posix_spawnp(&child, "node", &actions, NULL, arguments, environ) == 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
    posix_spawn_file_actions_destroy(&actions);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int tell_failure(int status)
{
    if (status == NOTHING_THERE)
        return complain("export", "there was nothing on the board then");
    return complain("export", status == -1 || status == 127
                                  ? "the picture is made by Node.js, and there is no `node` here"
                                  : "the board's program has failed");
}

/* Into a file of its own first: what was there before stays until the picture is whole. */
static int write_file(const struct svg_options *options, FILE *lines)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s.part", options->file) >= (int)sizeof part)
        return complain("export", "the file's name is too long");
    int picture = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (picture < 0)
        return complain("export", strerror(errno));
    int status = run_board(options, fileno(lines), picture);
    bool whole = close(picture) == 0 && status == 0;
    if (whole && rename(part, options->file) == 0)
        return 0;
    int error = errno;
    unlink(part);
    return whole ? complain("export", strerror(error)) : tell_failure(status);
}

static int make_picture(const struct svg_options *options, FILE *lines)
{
    if (access(options->script, R_OK) != 0)
        return complain("export", "the client is not built where this program looks for it: "
                                  "--client DIR says where board_svg.js is");
    if (fflush(lines) != 0 || lseek(fileno(lines), 0, SEEK_SET) != 0)
        return complain("export", strerror(errno));
    if (strcmp(options->file, "-") != 0)
        return write_file(options, lines);
    int status = run_board(options, fileno(lines), STDOUT_FILENO);
    return status == 0 ? 0 : tell_failure(status);
}

/* --- All of it ------------------------------------------------------------------------------------- */

static int export_room(const struct svg_options *options,
                       struct store_history *history,
                       const struct room *room)
{
    struct store *store = history->folder->store;
    FILE *lines = tmpfile();
    int result;
    if (lines == NULL)
        return complain("export", strerror(errno));
    struct writing writing = {.history = history, .room = room, .out = lines};
    write_objects(lines, room);
    if (store->files->list(store, history->name, look_at_file, &writing) == STORE_OK)
        result = make_picture(options, lines);
    else
        result = complain("export", store->place(store));
    fclose(lines);
    return result;
}

static int export_moment(const struct svg_options *options, struct store_folder *folder)
{
    struct store_history history;
    struct store_moment moment;
    if (!moment_read(&moment, options->room))
        return complain("export", "that is no ROOM, ROOM@TICK, ROOM@TICK.INCARNATION or ROOM@TIME");
    if (!history_find(&history, folder, moment.room))
        return complain("export", history.error);
    struct replay replay = history_replay_begin(&kinds_built_in);
    int result;
    if (!moment_replay(&moment, &history, &replay))
        result = complain("export", history.error);
    else if (strcmp(replay.room->rules->name, "board") != 0)
        result = complain("export", "only boards can be exported as pictures");
    else
        result = export_room(options, &history, replay.room);
    replay_abandon(&replay);
    return result;
}

int export_svg(int count, char **arguments)
{
    struct svg_options options;
    enum svg_asked asked = read_options(&options, count, arguments);
    if (asked != SVG_RUN) {
        fputs(usage, asked == SVG_HELP ? stdout : stderr);
        return asked == SVG_HELP ? 0 : 2;
    }
    struct store_folder folder;
    int result = store_folder_open(&folder, options.data) ? export_moment(&options, &folder)
                                                          : complain("export", folder.error);
    store_folder_close(&folder);
    return result;
}
