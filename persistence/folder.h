/* folder.h - the data folder: one server at a time.
 *
 *   struct folder folder;
 *   enum folder_result result = folder_open(&folder, "data");
 *   ...
 *   folder_close(&folder);
 */
#ifndef PERSISTENCE_FOLDER_H
#define PERSISTENCE_FOLDER_H

struct folder {
    int fd;      /* of the folder */
    int lock_fd; /* of the file `lock` in it, locked for as long as it is open */
};

enum folder_result {
    FOLDER_OPEN,
    FOLDER_LOCKED, /* another process has it */
    FOLDER_FAILED  /* errno says why */
};

/* Makes the folder where there is none, readable by its owner alone, and locks it. The lock goes
 * with the process, however that ends. */
enum folder_result folder_open(struct folder *folder, const char *path);
void folder_close(struct folder *folder);

#endif
