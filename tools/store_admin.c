/* store_admin.c - asking the server that has a data folder. */
#include "tools/store_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Longer than the server's own patience, so that its answer is what is told. */
#define PATIENCE_S 15

/* A room that is being opened is there in a moment. */
#define TRIES  50
#define TRY_MS 100

static int call(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/admin.sock", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    close(folder);
    return fd;
}

/* Everything up to the end; NULL when there is none, or no memory. */
static char *read_all(int fd)
{
    size_t length = 0, capacity = 4096;
    char *text = malloc(capacity);
    for (ssize_t got = 1; text != NULL && got > 0; length += got > 0 ? (size_t)got : 0) {
        if (capacity - length < 2) {
            char *grown = realloc(text, 2 * capacity);
            if (grown == NULL) {
                free(text);
                return NULL;
            }
            text = grown;
            capacity *= 2;
        }
        got = recv(fd, text + length, capacity - length - 1, 0);
    }
    if (text != NULL)
        text[length] = '\0';
    return text;
}

/* Cuts the last line off the text. */
static void take_last_line(char *text, char last[ADMIN_ERROR_MAX])
{
    size_t length = strlen(text);
    last[0] = '\0';
    if (length == 0 || text[length - 1] != '\n')
        return;
    text[length - 1] = '\0';
    char *before = strrchr(text, '\n');
    snprintf(last, ADMIN_ERROR_MAX, "%s", before != NULL ? before + 1 : text);
    *(before != NULL ? before + 1 : text) = '\0';
}

static enum admin_result read_answer(int fd, char **lines, bool *busy, char *error)
{
    char *text = read_all(fd);
    char last[ADMIN_ERROR_MAX] = "";
    if (text != NULL)
        take_last_line(text, last);
    enum admin_result result = ADMIN_FAILED;
    *busy = strcmp(last, "busy") == 0;
    snprintf(error, ADMIN_ERROR_MAX, "%s",
             strncmp(last, "error ", 6) == 0 ? last + 6 : "the server did not answer");
    if (strcmp(last, "ok") == 0)
        result = ADMIN_OK;
    else if (strcmp(last, "none") == 0)
        result = ADMIN_NONE;
    if (result == ADMIN_OK && lines != NULL)
        *lines = text;
    else
        free(text);
    return result;
}

static enum admin_result
ask_once(const char *path, const char *request, char **lines, bool *busy, char *error)
{
    int fd = call(path);
    *busy = false;
    if (fd < 0)
        return ADMIN_ABSENT;
    char line[512];
    int length = snprintf(line, sizeof line, "%s\n", request);
    enum admin_result result = ADMIN_FAILED;
    if (send(fd, line, (size_t)length, MSG_NOSIGNAL) == length)
        result = read_answer(fd, lines, busy, error);
    else
        snprintf(error, ADMIN_ERROR_MAX, "the server does not listen: %s", strerror(errno));
    close(fd);
    return result;
}

enum admin_result
admin_ask(const char *path, const char *request, char **lines, char error[ADMIN_ERROR_MAX])
{
    bool busy = true;
    enum admin_result result = ADMIN_FAILED;
    for (int i = 0; i < TRIES && busy; i++) {
        struct timespec moment = {.tv_nsec = i > 0 ? TRY_MS * 1000000L : 0};
        nanosleep(&moment, NULL);
        result = ask_once(path, request, lines, &busy, error);
    }
    if (busy)
        snprintf(error, ADMIN_ERROR_MAX, "the room is being opened; try again");
    return result;
}
