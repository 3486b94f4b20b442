/* file.c: whole files in and out. A published name appears complete or not at all, and what stood
 * there before stays until then. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sld/base.h"

sld_status sld_file_mkdirs(sld_ctx *ctx, const char *path)
{
    char        part[PATH_MAX];
    struct stat st;

    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%.200s...: path of more than %d bytes", path, PATH_MAX);
    }
    for (char *p = part + 1;; p++) {
        const char c = *p;
        if (c != '/' && c != '\0') {
            continue;
        }
        *p = '\0';
        if (mkdir(part, 0777) != 0 &&
            (errno != EEXIST || stat(part, &st) != 0 || !S_ISDIR(st.st_mode))) {
            return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot make the folder: %s", part,
                            strerror(errno));
        }
        if (c == '\0') {
            return SLD_OK;
        }
        *p = c;
    }
}

sld_status sld_file_read(sld_ctx *ctx, const char *path, size_t max_bytes, void **bytes, size_t *n)
{
    sld_status  st = SLD_OK;
    struct stat info;
    char       *buf  = NULL;
    size_t      have = 0;
    const int   fd   = open(path, O_RDONLY | O_CLOEXEC);

    *bytes = NULL;
    *n     = 0;
    if (fd < 0 || fstat(fd, &info) != 0) {
        /* no such file, no permission: a wrong name more often than a broken disk */
        st = SLD_FAIL(ctx, errno == EIO ? SLD_ERR_IO : SLD_ERR_DATA, "%s: cannot open: %s", path,
                      strerror(errno));
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s, wanted a file", path,
                      S_ISDIR(info.st_mode) ? "is a folder" : "is not a regular file");
        goto done;
    }
    if ((uintmax_t)info.st_size > max_bytes) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %jd bytes, wanted at most %zu", path,
                      (intmax_t)info.st_size, max_bytes);
        goto done;
    }
    buf = malloc((size_t)info.st_size + 1);
    if (!buf) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for its %jd bytes", path,
                      (intmax_t)info.st_size);
        goto done;
    }
    while (have < (size_t)info.st_size) {
        const ssize_t got = read(fd, buf + have, (size_t)info.st_size - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot read at byte %zu of %jd: %s", path, have,
                          (intmax_t)info.st_size,
                          got < 0 ? strerror(errno) : "the file became shorter");
            goto done;
        }
        have += (size_t)got;
        sld_beat(ctx);
    }
    buf[have] = '\0'; /* one byte more than *n, so that text can be read as such */
    *bytes    = buf;
    *n        = have;
    buf       = NULL;
done:
    free(buf);
    if (fd >= 0) {
        close(fd);
    }
    return st;
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t put = write(fd, bytes, n < (size_t)1 << 30 ? n : (size_t)1 << 30);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        bytes += put;
        n -= (size_t)put;
    }
    return 0;
}

/* Makes the new name durable: without it a power cut could forget a name whose content is safe. */
static int sync_folder(const char *path)
{
    char  folder[PATH_MAX];
    char *slash;

    snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder] = '\0'; /* "/name" lies in "/" */
    } else {
        strcpy(folder, ".");
    }
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    const int rc = fsync(fd);
    close(fd);
    return rc == 0 || errno == EINVAL ? 0 : -1; /* EINVAL: a file system without folder sync */
}

/* NAME.PROCESS.tmp; false when the path is too long. */
static bool temporary_of(const char *path, char temporary[PATH_MAX])
{
    return snprintf(temporary, PATH_MAX, "%s.%ld.tmp", path, (long)getpid()) < PATH_MAX;
}

static bool is_temporary(const char *name)
{
    const size_t n     = strlen(name);
    size_t       digit = n > 4 ? n - 4 : 0; /* behind the last digit */

    if (digit == 0 || strcmp(name + digit, ".tmp") != 0) {
        return false;
    }
    const size_t end = digit;
    while (digit > 0 && name[digit - 1] >= '0' && name[digit - 1] <= '9') {
        digit--;
    }
    return digit < end && digit > 1 && name[digit - 1] == '.';
}

sld_status sld_file_sweep(sld_ctx *ctx, const char *folder)
{
    DIR           *d = opendir(folder);
    struct dirent *entry;

    if (!d) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot list: %s", folder, strerror(errno));
    }
    while ((entry = readdir(d))) {
        if (is_temporary(entry->d_name)) {
            (void)unlinkat(dirfd(d), entry->d_name, 0); /* in nobody's way where it cannot go */
        }
    }
    closedir(d);
    return SLD_OK;
}

sld_status sld_file_sync(sld_ctx *ctx, const char *path)
{
    sld_status st = SLD_OK;
    const int  fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot sync it: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return st;
}

sld_status sld_file_publish_as(sld_ctx *ctx, const char *temporary, const char *path, bool replace)
{
    if (replace ? rename(temporary, path) != 0 : link(temporary, path) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot %s it: %s", path,
                        replace ? "replace" : "publish", strerror(errno));
    }
    if (!replace) {
        unlink(temporary);
    }
    if (sync_folder(path) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot sync the folder of it: %s", path,
                        strerror(errno));
    }
    return SLD_OK;
}

sld_status sld_file_publish(sld_ctx *ctx, const char *path, const void *bytes, size_t n,
                            bool replace)
{
    sld_status  st = SLD_OK;
    char        temporary[PATH_MAX];
    const char *doing = "create";
    int         fd    = -1;

    if (!temporary_of(path, temporary)) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%.200s...: path of more than %d bytes", path, PATH_MAX);
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        goto failed;
    }
    doing = "write";
    if (sld_fault(ctx, "write")) {
        errno = EIO;
        goto failed;
    }
    if (write_all(fd, bytes, n) != 0 || fsync(fd) != 0) {
        goto failed;
    }
    if (close(fd) != 0) {
        fd = -1;
        goto failed;
    }
    st = sld_file_publish_as(ctx, temporary, path, replace);
    if (st != SLD_OK) {
        unlink(temporary);
    }
    return st;
failed:
    st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot %s %zu bytes: %s", path, doing, n, strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    unlink(temporary);
    return st;
}

sld_status sld_file_link(sld_ctx *ctx, const char *from, const char *to, bool *there)
{
    *there = false;
    if (link(from, to) != 0) {
        *there = errno == EEXIST;
        return *there ? SLD_OK
                      : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot link to %s: %s", from, to,
                                 strerror(errno));
    }
    return sync_folder(to) == 0 ? SLD_OK
                                : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot sync the folder of it: %s",
                                           to, strerror(errno));
}
