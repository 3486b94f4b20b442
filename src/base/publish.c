/* publish.c: writes files so that they appear complete or not at all. An older file of the same
 * name stays until then. */
#define _GNU_SOURCE /* renameat2 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sld/base.h"

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

/* fsync of the folder of path. Without it a power cut could lose the new name of a file whose
 * content is on the disk. */
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

enum { RANDOM_DIGITS = 16 };

/* Random bits for a name. If the system has none, the clock, the process number and an address are
 * different enough for programs that start at the same time. */
static uint64_t random_bits(void)
{
    uint64_t bits = 0;

    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits) {
        bits = (uint64_t)(sld_clock_s() * 1e9) ^ (uint64_t)getpid() << 40 ^ (uintptr_t)&bits;
    }
    return bits;
}

sld_status sld_file_temporary(sld_ctx *ctx, const char *path, char temporary[PATH_MAX], int *fd)
{
    enum { ATTEMPTS = 8 };

    *fd = -1;
    for (int i = 0; i < ATTEMPTS; i++) {
        if (snprintf(temporary, PATH_MAX, "%s.%0*" PRIx64 ".tmp", path, RANDOM_DIGITS,
                     random_bits()) >= PATH_MAX) {
            return SLD_FAIL(ctx, SLD_ERR_IO,
                            "%.200s...: expected a path of fewer than %d bytes; use a shorter one",
                            path, PATH_MAX);
        }
        *fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (*fd >= 0) {
            return SLD_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot create a file in its folder: %s", path,
                    strerror(errno));
}

/* Whether the name is "NAME.0123456789abcdef.tmp", or "NAME.PROCESS.tmp" as older versions used. */
static bool is_temporary(const char *name)
{
    const size_t n   = strlen(name);
    const size_t end = n > 4 ? n - 4 : 0; /* just after the last digit */
    size_t       at  = end;
    bool         hex = false;

    if (end == 0 || strcmp(name + end, ".tmp") != 0) {
        return false;
    }
    for (; at > 0 && strchr("0123456789abcdef", name[at - 1]); at--) {
        hex |= name[at - 1] > '9';
    }
    return at > 1 && name[at - 1] == '.' && at < end && (!hex || end - at == RANDOM_DIGITS);
}

sld_status sld_file_clean_up(sld_ctx *ctx, const char *folder)
{
    DIR           *d = opendir(folder);
    struct dirent *entry;

    if (!d) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot list: %s", folder, strerror(errno));
    }
    while ((entry = readdir(d))) {
        if (is_temporary(entry->d_name)) {
            (void)unlinkat(dirfd(d), entry->d_name, 0); /* one that stays does no harm */
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
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write it to the disk (fsync): %s", path,
                      strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return st;
}

/* Renames a file, and fails if the new name exists, which rename() does not. Uses a hard link, or
 * renameat2() on the few file systems without hard links. *linked: both names exist now. */
static int move_to_free_name(const char *from, const char *to, bool *linked)
{
    *linked = link(from, to) == 0;
    if (*linked || errno == EEXIST || errno == ENOENT || errno == ENOSPC || errno == EACCES ||
        errno == EROFS) {
        return *linked ? 0 : -1;
    }
    const int why = errno; /* EPERM, ENOTSUP, EMLINK ...: there are no hard links */
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    errno = errno == EEXIST ? EEXIST : why;
    return -1;
}

/* Text of an error of move_to_free_name(). */
static const char *why_not(int error)
{
    return error == EPERM || error == ENOTSUP || error == ENOSYS || error == EMLINK
               ? "this file system has neither hard links nor a rename that spares what exists; "
                 "put the folder on another one"
               : strerror(error);
}

/* Gives the new file the group and mode of the file that it replaces, so that the same users can
 * read it whatever this user's umask is. */
static void keep_mode(const char *temporary, const char *path)
{
    struct stat old, own;

    if (stat(path, &old) != 0 || !S_ISREG(old.st_mode) || stat(temporary, &own) != 0) {
        return;
    }
    if (own.st_gid != old.st_gid && chown(temporary, (uid_t)-1, old.st_gid) != 0) {
        return; /* it keeps this user's group, which must not get the rights of the other group */
    }
    (void)chmod(temporary, old.st_mode & 0777);
}

sld_status sld_file_publish_as(sld_ctx *ctx, const char *temporary, const char *path, bool replace)
{
    bool linked = false;

    if (replace) {
        keep_mode(temporary, path);
    }
    if (replace && rename(temporary, path) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot replace the file: %s", path, strerror(errno));
    }
    if (!replace && move_to_free_name(temporary, path, &linked) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot give the file its name: %s", path,
                        why_not(errno));
    }
    if (linked) {
        unlink(temporary);
    }
    if (sync_folder(path) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write its folder to the disk (fsync): %s",
                        path, strerror(errno));
    }
    return SLD_OK;
}

sld_status sld_file_publish(sld_ctx *ctx, const char *path, const void *bytes, size_t n,
                            bool replace)
{
    char temporary[PATH_MAX];
    int  fd, why = 0;

    SLD_TRY(sld_file_temporary(ctx, path, temporary, &fd));
    if (sld_fault(ctx, "write")) {
        why = EIO;
    } else if (write_all(fd, bytes, n) != 0 || fsync(fd) != 0) {
        why = errno;
    }
    if (close(fd) != 0 && why == 0) {
        why = errno;
    }
    sld_status st = why == 0 ? sld_file_publish_as(ctx, temporary, path, replace)
                             : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write %zu bytes: %s", path, n,
                                        strerror(why));
    if (st != SLD_OK) {
        unlink(temporary);
    }
    return st;
}

sld_status sld_file_settle(sld_ctx *ctx, const char *from, const char *to, bool *there)
{
    bool linked = false;

    *there = false;
    if (move_to_free_name(from, to, &linked) != 0) {
        *there = errno == EEXIST;
        if (!*there) {
            return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot be renamed to %s: %s", from, to,
                            why_not(errno));
        }
    }
    if (!*there && sync_folder(to) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write its folder to the disk (fsync): %s", to,
                        strerror(errno));
    }
    if (linked || *there) {
        unlink(from);
    }
    return SLD_OK;
}
