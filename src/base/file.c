/* file.c: makes and removes folders, and opens and reads whole files. Only regular files are opened,
 * because reading a pipe could wait for ever. */
#define _XOPEN_SOURCE 700 /* nftw */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sld/base.h"
#include "sld/base_read.h"

sld_status sld_file_mkdirs(sld_ctx *ctx, const char *path)
{
    char        part[PATH_MAX];
    struct stat st;

    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) {
        return SLD_FAIL(ctx, SLD_ERR_IO,
                        "%.200s...: expected a path of fewer than %d bytes; use a shorter one",
                        path, PATH_MAX);
    }
    for (char *p = part + 1;; p++) {
        const char c = *p;
        if (c != '/' && c != '\0') {
            continue;
        }
        *p = '\0';
        if (mkdir(part, 0777) != 0 &&
            (errno != EEXIST || stat(part, &st) != 0 || !S_ISDIR(st.st_mode))) {
            const int reason = errno;
            if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode) && stat(part, &st) != 0) {
                return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                "%s: cannot make the folder: a link whose target does not exist "
                                "has that name; remove it, or choose another folder",
                                part);
            }
            const bool named = reason == EEXIST || reason == ENOTDIR; /* the user named a file */
            return SLD_FAIL(ctx, named ? SLD_ERR_CONFIG : SLD_ERR_IO,
                            "%s: cannot make the folder: %s%s", part, strerror(reason),
                            named ? "; a file of that name is there, choose another folder" : "");
        }
        if (c == '\0') {
            return SLD_OK;
        }
        *p = c;
    }
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void sld_file_remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

sld_status sld_file_next_entry(sld_ctx *ctx, DIR *dir, const char *path,
                               const struct dirent **entry)
{
    errno  = 0;
    *entry = readdir(dir);
    return *entry || errno == 0
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot list: %s", path, strerror(errno));
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "a folder"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

/* Whose fault it is: the path's, which leads to no file; the user's, who may not; else that of the disk,
 * the network or the machine, perhaps for a moment. Who finds a file bad may make it anew, but not for
 * the latter two. */
static sld_status status_of_open(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:
    case ENODEV:
        return SLD_ERR_DATA;
    case EACCES:
    case EPERM:
        return SLD_ERR_CONFIG;
    default:
        return SLD_ERR_IO;
    }
}

static sld_status fail_open(sld_ctx *ctx, const char *path, int error)
{
    char why[SLD_PATH_WHY_BYTES];

    if (error == ENOENT && sld_path_is_odd(path, why)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: cannot open: %s", path, why);
    }
    return SLD_FAIL(ctx, status_of_open(error), "%s: cannot open: %s", path, strerror(error));
}

sld_status sld_file_open(sld_ctx *ctx, const char *path, int *fd, size_t *bytes)
{
    struct stat info;

    *bytes = 0;
    *fd    = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0) {
        return fail_open(ctx, path, errno);
    }
    if (fstat(*fd, &info) != 0) {
        const int error = errno;
        close(*fd);
        *fd = -1;
        return fail_open(ctx, path, error);
    }
    if (!S_ISREG(info.st_mode)) {
        close(*fd);
        *fd = -1;
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected a regular file, got %s", path,
                        kind_of(info.st_mode));
    }
    *bytes = (size_t)info.st_size;
    return SLD_OK;
}

FILE *sld_file_stream(const char *path)
{
    struct stat info;
    const int   fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *file = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? fdopen(fd, "r") : NULL;

    if (fd >= 0 && !file) {
        close(fd);
    }
    return file;
}

/* Reads n bytes, the whole of an open file, into buf. */
static sld_status read_whole(sld_ctx *ctx, const char *path, int fd, char *buf, size_t n)
{
    for (size_t have = 0; have < n;) {
        const ssize_t got = read(fd, buf + have, n - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot read at byte %zu of %zu: %s", path, have,
                            n, got < 0 ? strerror(errno) : "the file became shorter");
        }
        have += (size_t)got;
        sld_beat(ctx);
    }
    return SLD_OK;
}

sld_status sld_file_read(sld_ctx *ctx, const char *path, size_t max_bytes, void **bytes, size_t *n)
{
    char  *buf = NULL;
    size_t size;
    int    fd;

    *bytes        = NULL;
    *n            = 0;
    sld_status st = sld_file_open(ctx, path, &fd, &size);
    if (st == SLD_OK && size > max_bytes) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected at most %zu bytes, got %zu", path, max_bytes,
                      size);
    }
    if (st == SLD_OK && !(buf = malloc(size + 1))) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for its %zu bytes", path, size);
    }
    if (st == SLD_OK) {
        st = read_whole(ctx, path, fd, buf, size);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (st != SLD_OK) {
        free(buf);
        return st;
    }
    buf[size] = '\0'; /* so that callers can use it as a string */
    *bytes    = buf;
    *n        = size;
    return SLD_OK;
}

void sld_file_stamp(const char *path, char stamp[SLD_STAMP_BYTES])
{
    struct stat info;

    stamp[0] = '\0';
    if (stat(path, &info) == 0) {
        snprintf(stamp, SLD_STAMP_BYTES, "%jd %jd %ld", (intmax_t)info.st_size,
                 (intmax_t)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    }
}
