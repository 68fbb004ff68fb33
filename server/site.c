#include "server/site.h"

#include "server/policy.h"
#include "sync/hash.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADERS_MAX (POLICY_MAX + 256u)
#define ETAG_LENGTH 18 /* 16 hex digits in quotes */

struct file {
    char *path; /* as requested */
    uint8_t *data;
    size_t length;
    char *headers; /* lines of a 200; begins with the etag */
    char etag[ETAG_LENGTH + 1];
};

struct mount {
    const char *prefix;
    const char *advice; /* NULL when the folder was read */
};

struct site {
    struct log *log;
    struct file *files; /* by path */
    uint32_t count, capacity;
    uint64_t bytes;
    struct mount mounts[SITE_MOUNTS];
    uint32_t mount_count;
};

struct site *site_create(struct log *log)
{
    struct site *site = calloc(1, sizeof *site);
    if (site != NULL)
        site->log = log;
    return site;
}

static void file_release(struct file *file)
{
    free(file->path);
    free(file->data);
    free(file->headers);
}

void site_destroy(struct site *site)
{
    if (site == NULL)
        return;
    for (uint32_t i = 0; i < site->count; i++)
        file_release(&site->files[i]);
    free(site->files);
    free(site);
}

/* --- Reading folders -------------------------------------------------------------------------- */

static void left_out(struct site *site, const char *path, const char *why)
{
    struct log_line line = log_begin(site->log, LOG_FILE_LEFT_OUT);
    log_text(&line, "path", bytes_of(path));
    log_text(&line, "reason", bytes_of(why));
    log_end(&line);
}

static uint8_t *read_all(int fd, size_t length)
{
    uint8_t *data = malloc(length > 0 ? length : 1);
    size_t got = 0;
    while (data != NULL && got < length) {
        ssize_t n = read(fd, data + got, length - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            free(data);
            return NULL;
        }
        got += (size_t)n;
    }
    return data;
}

static char *headers_for(struct site *site, const struct file *file)
{
    bool page = strncmp(http_type(file->path), "text/html", 9) == 0;
    char policy[POLICY_MAX];
    if (!policy_write(policy, page ? (struct bytes){file->data, file->length} : (struct bytes){0}))
        left_out(site, file->path, "too many scripts in the page: the last of them will not run");

    char *headers = malloc(HEADERS_MAX);
    if (headers != NULL)
        snprintf(headers, HEADERS_MAX,
                 "etag: %s\r\ncache-control: no-cache\r\ncontent-security-policy: %s\r\n",
                 file->etag, policy);
    return headers;
}

static bool grow(struct site *site)
{
    if (site->count < site->capacity)
        return true;
    uint32_t capacity = site->capacity > 0 ? 2 * site->capacity : 64;
    struct file *files = realloc(site->files, capacity * sizeof *files);
    if (files == NULL)
        return false;
    site->files = files;
    site->capacity = capacity;
    return true;
}

static void add_file(struct site *site, int fd, const char *path, size_t length)
{
    if (site->count == SITE_FILES_MAX || length > SITE_BYTES_MAX - site->bytes) {
        left_out(site, path, "too many files or bytes");
        return;
    }
    struct file file = {.path = strdup(path), .data = read_all(fd, length), .length = length};
    if (file.path != NULL && file.data != NULL) {
        uint64_t hash = hash_bytes(0, (struct bytes){file.data, file.length});
        snprintf(file.etag, sizeof file.etag, "\"%016" PRIx64 "\"", hash);
        file.headers = headers_for(site, &file);
    }
    if (file.headers == NULL || !grow(site)) {
        left_out(site, path, "cannot be read, or no memory");
        file_release(&file);
        return;
    }
    site->files[site->count++] = file;
    site->bytes += length;
}

static void add_folder(struct site *site, int fd, const char *prefix, int depth);

/* Takes over the file descriptor. */
static void add_entry(struct site *site, int fd, const char *path, int depth)
{
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        left_out(site, path, strerror(errno));
    } else if (S_ISDIR(status.st_mode) && depth < SITE_DEPTH_MAX) {
        char folder[SITE_PATH_MAX + 1];
        snprintf(folder, sizeof folder, "%s/", path);
        add_folder(site, fd, folder, depth + 1);
        return;
    } else if (S_ISREG(status.st_mode)) {
        add_file(site, fd, path, (size_t)status.st_size);
    }
    if (fd >= 0)
        close(fd);
}

/* Takes over the file descriptor. */
static void add_folder(struct site *site, int fd, const char *prefix, int depth)
{
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[SITE_PATH_MAX];
        if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
            continue;
        int length = snprintf(path, sizeof path, "%s%s", prefix, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path)
            continue;
        /* Without O_NONBLOCK a named pipe would hold the server here for ever. */
        int child =
            openat(dirfd(folder), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        add_entry(site, child, path, depth);
    }
    closedir(folder);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

void site_mount(struct site *site, const char *prefix, const char *folder, const char *advice)
{
    assert(site->mount_count < SITE_MOUNTS);
    struct mount *mount = &site->mounts[site->mount_count++];
    *mount = (struct mount){.prefix = prefix};

    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        add_folder(site, fd, prefix, 0);
        if (site->count > 0)
            qsort(site->files, site->count, sizeof *site->files, by_path);
        return;
    }
    mount->advice = advice;
    struct log_line line = log_begin(site->log, LOG_PAGES_MISSING);
    log_text(&line, "path", bytes_of(prefix));
    log_text(&line, "folder", bytes_of(folder));
    log_text(&line, "reason", bytes_of(strerror(errno)));
    log_end(&line);
}

/* --- Answering ---------------------------------------------------------------------------------- */

static const struct file *find(const struct site *site, const char *path)
{
    if (site->count == 0)
        return NULL;
    struct file wanted = {.path = (char *)(uintptr_t)path};
    return bsearch(&wanted, site->files, site->count, sizeof *site->files, by_path);
}

/* The advice of the folder that would have had this path, had it been there. */
static const char *advice_for(const struct site *site, const char *path)
{
    const struct mount *best = NULL;
    for (uint32_t i = 0; i < site->mount_count; i++) {
        const struct mount *mount = &site->mounts[i];
        if (strncmp(path, mount->prefix, strlen(mount->prefix)) == 0 &&
            (best == NULL || strlen(mount->prefix) > strlen(best->prefix)))
            best = mount;
    }
    return best != NULL ? best->advice : NULL;
}

static void answer_missing(const struct site *site,
                           const struct http_request *request,
                           const char *path,
                           struct http_response *response)
{
    const char *advice = advice_for(site, path);
    if (advice == NULL) {
        http_respond_text(response, request, 404, "There is nothing at this address.\n");
        return;
    }
    char *page = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&page, &length);
    if (out != NULL) {
        fprintf(out,
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width\"><title>Tutti</title>"
                "<body style=\"font:18px/1.6 system-ui;max-width:36em;margin:15vh auto;"
                "padding:0 1em\"><h1>Tutti is running</h1><p>%s</p></body></html>\n",
                advice);
        fclose(out);
    }
    http_respond(response, request, 404, "text/html; charset=utf-8", NULL,
                 (struct bytes){(const uint8_t *)page, page != NULL ? length : 0});
    response->owned = page;
}

static bool matches(const struct file *file, struct bytes if_none_match)
{
    if (if_none_match.length == 1 && if_none_match.data[0] == '*')
        return true;
    return if_none_match.length >= ETAG_LENGTH &&
           memmem(if_none_match.data, if_none_match.length, file->etag, ETAG_LENGTH) != NULL;
}

static void answer_file(const struct file *file,
                        const struct http_request *request,
                        struct http_response *response)
{
    struct bytes body = {file->data, file->length};
    int status = matches(file, request->if_none_match) ? 304 : 200;
    http_respond(response, request, status, http_type(file->path), file->headers,
                 status == 200 ? body : (struct bytes){0});
}

void site_answer(const struct site *site,
                 const struct http_request *request,
                 struct http_response *response)
{
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        http_respond_text(response, request, 405, "Only GET and HEAD.\n");
        return;
    }
    char path[SITE_PATH_MAX + sizeof "/index.html"];
    if (request->path.length >= SITE_PATH_MAX ||
        (request->path.length > 0 && memchr(request->path.data, 0, request->path.length) != NULL)) {
        http_respond_text(response, request, 404, "There is nothing at this address.\n");
        return;
    }
    size_t length = request->path.length;
    memcpy(path, request->path.data, length);
    path[length] = '\0';
    if (length > 0 && path[length - 1] == '/')
        strcpy(path + length, "index.html");

    const struct file *file = find(site, path);
    if (file != NULL) {
        answer_file(file, request, response);
        return;
    }
    strcpy(path + length, "/index.html");
    const struct file *index = length > 0 && path[length - 1] != '/' ? find(site, path) : NULL;
    path[length] = '\0';
    if (index == NULL) {
        answer_missing(site, request, path, response);
        return;
    }
    /* The target is a path that was read from the disk, not what the request said. */
    char headers[SITE_PATH_MAX + 32];
    snprintf(headers, sizeof headers, "location: %.*s/\r\n", (int)length, index->path);
    http_respond(response, request, 301, "text/plain; charset=utf-8", headers, (struct bytes){0});
}
