/* faulty_io.c: loaded into sld with LD_PRELOAD, makes its K-th change to files of a folder fail, or
 * holds the program there until told.
 *
 * SLD_IO_MARK: a piece of path; files with it in their name count. SLD_IO_CALL: K, from 1; 0: none
 * fails. SLD_IO_ERRNO: the number to fail with. SLD_IO_FOREVER: set, every later call fails too.
 * SLD_IO_RANK: of mpirun's ranks this one alone counts.
 * SLD_IO_HOLD: a file; instead of failing it waits until that file is there, and then goes on.
 * SLD_IO_TRACE: a file that gets a line per counted call: its number, "ok", "failed" or "held", the
 * call, the path. One process of a run writes, so each counts for itself. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls;

/* Declares `real` as the function that this library hides. By its bytes: ISO C has no cast from an
 * object's address to a function's. */
#define REAL(name)                                                                                 \
    __typeof__(&name) real;                                                                        \
    find(#name, &real, sizeof real)

static void find(const char *name, void *function, size_t n)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, n);
}

static void trace(long call, const char *outcome, const char *what, const char *path)
{
    const char *file = getenv("SLD_IO_TRACE");
    char        line[PATH_MAX + 64];
    const int   fd =
        file ? (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT, 0666) : -1;

    if (fd >= 0) {
        const int n = snprintf(line, sizeof line, "%ld %s %s %s\n", call, outcome, what, path);
        (void)!syscall(SYS_write, fd, line, (size_t)n);
        syscall(SYS_close, fd);
    }
}

static void wait_for(const char *file)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    while (access(file, F_OK) != 0) {
        nanosleep(&moment, NULL);
    }
}

/* Counts a change to path; true when it is to fail, with errno set. */
static bool fails(const char *what, const char *path)
{
    const char *mark = getenv("SLD_IO_MARK"), *at = getenv("SLD_IO_CALL"),
               *number = getenv("SLD_IO_ERRNO"), *gate = getenv("SLD_IO_HOLD"),
               *rank = getenv("SLD_IO_RANK"), *open_mpi = getenv("OMPI_COMM_WORLD_RANK"),
               *mine = open_mpi ? open_mpi : getenv("PMI_RANK");

    if (rank && mine && strcmp(rank, mine) != 0) {
        return false;
    }
    if (!mark || !at || !number || !path || !strstr(path, mark)) {
        return false;
    }
    const long call = atomic_fetch_add(&calls, 1) + 1, k = atol(at);
    const bool now = k > 0 && (call == k || (call > k && getenv("SLD_IO_FOREVER")));
    trace(call, !now ? "ok" : gate ? "held" : "failed", what, path);
    if (!now) {
        return false;
    }
    if (gate) {
        wait_for(gate);
        return false;
    }
    errno = atoi(number);
    return true;
}

/* The same for what is written through a descriptor. */
static bool fails_at(const char *what, int fd)
{
    char        link[64], path[PATH_MAX];
    struct stat info;

    if (fstat(fd, &info) != 0 || !(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))) {
        return false;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n     = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return fails(what, path);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    REAL(write);
    if (fails_at("write", fd)) {
        const int why = errno;
        (void)!real(fd, bytes, n / 2); /* a disk fills up in the middle */
        errno = why;
        return -1;
    }
    return real(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    REAL(pwrite);
    return fails_at("pwrite", fd) ? -1 : real(fd, bytes, n, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    REAL(writev);
    return fails_at("writev", fd) ? -1 : real(fd, parts, n);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    REAL(pwritev);
    return fails_at("pwritev", fd) ? -1 : real(fd, parts, n, at);
}

int fsync(int fd)
{
    REAL(fsync);
    return fails_at("fsync", fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return fails_at("fdatasync", fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t n)
{
    REAL(ftruncate);
    return fails_at("ftruncate", fd) ? -1 : real(fd, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    REAL(posix_fallocate);
    return fails_at("posix_fallocate", fd) ? errno : real(fd, at, n);
}

/* The descriptor is gone all the same, as on Linux. */
int close(int fd)
{
    REAL(close);
    const int  flags = fcntl(fd, F_GETFL);
    const bool fail  = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fails_at("close", fd);
    const int  why   = errno;
    const int  code  = real(fd);
    if (fail) {
        errno = why;
    }
    return fail ? -1 : code;
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return fails("rename", to) ? -1 : real(from, to);
}

int link(const char *from, const char *to)
{
    REAL(link);
    return fails("link", to) ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    return fails("mkdir", path) ? -1 : real(path, mode);
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return flags & O_CREAT && fails("open", path) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    REAL(openat);
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return flags & O_CREAT && fails("open", path) ? -1 : real(folder, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    return mode[0] != 'r' && fails("open", path) ? NULL : real(path, mode);
}

int fflush(FILE *file)
{
    REAL(fflush);
    return file && fails_at("fflush", fileno(file)) ? EOF : real(file);
}
