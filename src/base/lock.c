/* lock.c: locks whole files. The kernel drops the lock when the process ends, also if it is
 * killed. */
#define _GNU_SOURCE /* F_OFD_SETLK: a lock that belongs to the open file, not to the process */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sld/base.h"

enum { ERRNO_NOT_SUPPORTED = 524 }; /* internal to the kernel, but NFS and others return it */

sld_status sld_file_open_lock(sld_ctx *ctx, const char *path, int *fd)
{
    struct stat info;

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0666);
    if (*fd < 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot open: %s", path,
                        errno == ELOOP ? "it is a symbolic link, expected a file of sld's own"
                                       : strerror(errno));
    }
    if (fstat(*fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(*fd);
        *fd = -1;
        return SLD_FAIL(ctx, SLD_ERR_IO,
                        "%s: expected a regular file that sld made; move this one away", path);
    }
    return SLD_OK;
}

static bool is_unsupported(int error)
{
    return error == ENOSYS || error == ENOTSUP || error == ENOLCK || error == EINVAL ||
           error == ERRNO_NOT_SUPPORTED;
}

/* sld_file_is_locked() may be looking, which takes its lock for microseconds. */
static bool flock_now(int fd)
{
    const struct timespec moment = {.tv_nsec = 20L * 1000 * 1000};

    for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK || tries == 10) {
            return false;
        }
        nanosleep(&moment, NULL);
    }
    return true;
}

sld_status sld_file_lock(sld_ctx *ctx, const char *path, int fd, sld_lock *out)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    *out = SLD_LOCK_TAKEN;
    if (flock_now(fd)) {
        return SLD_OK;
    }
    if (is_unsupported(errno) && fcntl(fd, F_OFD_SETLK, &whole) == 0) {
        return SLD_OK;
    }
    if (is_unsupported(errno)) {
        *out = SLD_LOCK_NONE;
        return SLD_OK;
    }
    if (errno == EWOULDBLOCK || errno == EACCES) {
        *out = SLD_LOCK_HELD;
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot lock: %s", path, strerror(errno));
}

/* A shared flock() tells, and two that look do not see each other. fcntl() can look without. */
bool sld_file_is_locked(const char *path)
{
    struct flock whole  = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    const int    fd     = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    bool         locked = false;

    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0) {
        locked = is_unsupported(errno)
                     ? fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK
                     : errno == EWOULDBLOCK || errno == EACCES;
    }
    if (fd >= 0) {
        close(fd);
    }
    return locked;
}
