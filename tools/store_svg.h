/* store_svg.h - a board as a picture: `tutti export --svg`. */
#ifndef TOOLS_STORE_SVG_H
#define TOOLS_STORE_SVG_H

/* As a command of `tutti`. */
int export_svg(int count, char **arguments);

#endif
