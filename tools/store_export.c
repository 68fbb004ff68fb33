/* store_export.c - `tutti export`: what leaves the archive in files of its own. */
#include "tools/commands.h"
#include "tools/store_svg.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool asks_for(const char *option, int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        if (strcmp(arguments[i], option) == 0)
            return true;
    return false;
}

int command_export(int count, char **arguments)
{
    if (asks_for("--svg", count, arguments) || asks_for("--help", count, arguments))
        return export_svg(count, arguments);
    fputs("tutti export: what? --svg\n", stderr);
    return 2;
}
