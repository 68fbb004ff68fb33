/* power_cut.h - a data folder on a disk of its own, whose power can be cut.
 *
 *   power_begin(&power);                           a small ext4 in an image, mounted
 *   server = server_start_in(power.data, flags);
 *   power_cut(&power, &server);                    the server is gone
 *   server_restart(&server);                       on what its disk held
 *   power_end(&power);
 *
 * The image is copied while the server stands still: what the file system holds in memory and has
 * not brought to its disk is not in it, and the copy is what goes on. It models a lost cache, not a
 * drive that writes in an order of its own. The work is done by power_cut.sh.
 */
#ifndef TESTS_DURABILITY_POWER_CUT_H
#define TESTS_DURABILITY_POWER_CUT_H

#include "tests/server_process.h"

/* Exit status of a test that cannot run here. */
#define POWER_SKIPPED 77

struct power_cut {
    char place[40]; /* of image and mount */
    char data[64];  /* for the server; "" before power_begin() */
};

/* False where there is no root, no loop device or no ext4. */
bool power_is_there(void);

void power_begin(struct power_cut *power);
void power_cut(struct power_cut *power, struct server_process *server);
void power_end(struct power_cut *power);

#endif
