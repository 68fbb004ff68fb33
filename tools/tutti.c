/* tutti - the command line: watch a room, load a server, look after what is stored. */
#include <stdio.h>
#include <string.h>

#include "tools/commands.h"

struct command {
    const char *name;
    int (*run)(int count, char **arguments);
    const char *does;
};

static const struct command commands[] = {
    {"watch", command_watch, "print a live room as JSON lines"},
    {"load", command_load, "fill rooms with moving cursors and measure the server"},
    {"rooms", command_rooms, "list the rooms, awake and stored"},
    {"sessions", command_sessions, "list what was recorded, and when"},
    {"show", command_show, "print what a room holds, or held at some tick"},
    {"log", command_log, "print who did what in a room, and when"},
    {"check", command_check, "read and replay all that is stored"},
    {"verify", command_verify, "run a room's rules again over its past"},
    {"record", command_record, "make a session as people would, many times as fast"},
    {"export", command_export, "write a room or a session into one file, a board as a picture"},
    {"import", command_import, "make a room of such a file"},
    {"sql", command_sql, "print a room's past for sqlite3 to ask"},
    {"backup", command_backup, "copy the data of a server, running or not"},
    {"restore", command_restore, "make a data folder of a backup"},
    {"scores", command_scores, "list what stands on boards, or take a name off"},
    {"delete", command_delete, "end a room for good"},
    {"release", command_release, "let a quarantined room be opened again"},
};

static void print_usage(FILE *out)
{
    fputs("usage: tutti COMMAND [OPTION...]\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].does);
    fputs("\n`tutti COMMAND --help` tells more; `tutti --version` which this is.\n", out);
}

int main(int count, char **arguments)
{
    if (count >= 2 && strcmp(arguments[1], "--version") == 0) {
        puts("tutti " TUTTI_VERSION);
        return 0;
    }
    if (count >= 2 && strcmp(arguments[1], "--help") == 0) {
        print_usage(stdout);
        return 0;
    }
    for (size_t i = 0; count >= 2 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(arguments[1], commands[i].name) == 0)
            return commands[i].run(count - 1, arguments + 1);
    if (count >= 2)
        fprintf(stderr, "tutti: there is no command \"%s\"\n", arguments[1]);
    print_usage(stderr);
    return 2;
}
