#include "persistence/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum folder_result folder_open(struct folder *folder, const char *path)
{
    *folder = (struct folder){.fd = -1, .lock_fd = -1};
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return FOLDER_FAILED;

    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd >= 0)
        folder->lock_fd = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum folder_result result = FOLDER_OPEN;
    if (folder->lock_fd < 0)
        result = FOLDER_FAILED;
    else if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) != 0)
        result = errno == EWOULDBLOCK ? FOLDER_LOCKED : FOLDER_FAILED;

    if (result != FOLDER_OPEN) {
        int reason = errno;
        folder_close(folder);
        errno = reason;
    }
    return result;
}

void folder_close(struct folder *folder)
{
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    if (folder->fd >= 0)
        close(folder->fd);
    *folder = (struct folder){.fd = -1, .lock_fd = -1};
}
