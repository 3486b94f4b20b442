/* core_locks.c: locks on cores, in one file per user and machine, with one record per CPU. The user
 * of a core locks the first half of its record and writes its process number there; a coordinator
 * that waits for the core locks the second half. The kernel drops the locks when a process ends. */
#define _GNU_SOURCE /* F_OFD_SETLK: a POSIX lock ends when any descriptor of the file is closed */
#include "core_locks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD = 16, HALF = 8 };

struct core_locks {
    int fd, n_waits;
    int waits[SLD_CPUS_MAX]; /* (n_waits) CPUs that this coordinator has reserved */
};

/* Opens or makes a file that belongs to this user: in /dev/shm and /tmp anybody may have made one
 * of that name. -1: not possible. */
static int open_own(const char *path)
{
    struct stat info;
    const int   fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

    if (fd >= 0 && (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid())) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool control(const core_locks *l, int command, int cpu, int half, short type, short *found)
{
    struct flock lock = {.l_type   = type,
                         .l_whence = SEEK_SET,
                         .l_start  = (off_t)cpu * RECORD + (off_t)half * HALF,
                         .l_len    = HALF};
    const bool   done = fcntl(l->fd, command, &lock) == 0;

    *found = lock.l_type;
    return done;
}

static bool lock(const core_locks *l, int cpu, int half)
{
    short found;

    return control(l, F_OFD_SETLK, cpu, half, F_WRLCK, &found);
}

static void unlock(const core_locks *l, int cpu, int half)
{
    short found;

    (void)control(l, F_OFD_SETLK, cpu, half, F_UNLCK, &found);
}

/* Whether another coordinator holds the lock. */
static bool is_locked(const core_locks *l, int cpu, int half)
{
    short found;

    return control(l, F_OFD_GETLK, cpu, half, F_WRLCK, &found) && found != F_UNLCK;
}

/* Whether the file system supports such locks. A read lock behind the last record disturbs
 * nobody. */
static bool works(const core_locks *l)
{
    short found;

    return control(l, F_OFD_SETLK, SLD_CPUS_MAX, 0, F_RDLCK, &found);
}

core_locks *sld_core_locks_open(sld_ctx *ctx)
{
    static const char *const folders[] = {"/dev/shm", "/tmp"};
    const char              *given     = getenv("SLD_TEST_CORES");
    core_locks              *l         = calloc(1, sizeof *l);
    char                     path[64];

    if (!l) {
        return NULL;
    }
    l->fd = given ? open_own(given) : -1;
    for (size_t i = 0; !given && l->fd < 0 && i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/sld-cores-%ld", folders[i], (long)geteuid());
        l->fd = open_own(path);
    }
    if (l->fd < 0 || !works(l)) {
        sld_log(ctx, SLD_LOG_WARN,
                "no file for locks in /dev/shm or /tmp: a second sweep on this machine would use "
                "the same cores; give each its own by taskset or --slots");
        sld_core_locks_close(l);
        return NULL;
    }
    return l;
}

void sld_core_locks_close(core_locks *l)
{
    if (l && l->fd >= 0) {
        close(l->fd);
    }
    free(l);
}

bool sld_core_locks_is_free(core_locks *l, int cpu)
{
    return !is_locked(l, cpu, 0) && !is_locked(l, cpu, 1);
}

bool sld_core_locks_take(core_locks *l, int cpu)
{
    const int64_t self = getpid();

    if (!lock(l, cpu, 0)) {
        return false;
    }
    (void)!pwrite(l->fd, &self, sizeof self, (off_t)cpu * RECORD); /* only messages need it */
    return true;
}

void sld_core_locks_give(core_locks *l, int cpu)
{
    unlock(l, cpu, 0);
}

pid_t sld_core_locks_holder(core_locks *l, int cpu)
{
    int64_t pid = 0;

    return pread(l->fd, &pid, sizeof pid, (off_t)cpu * RECORD) == (ssize_t)sizeof pid ? (pid_t)pid
                                                                                      : 0;
}

void sld_core_locks_wait_no_more(core_locks *l)
{
    while (l->n_waits > 0) {
        unlock(l, l->waits[--l->n_waits], 1);
    }
}

void sld_core_locks_wait(core_locks *l, const int *cpus, int n, int wanted)
{
    if (l->n_waits == wanted) {
        return;
    }
    sld_core_locks_wait_no_more(l);
    for (int i = 0; i < n && l->n_waits < wanted; i++) {
        if (lock(l, cpus[i], 1)) {
            l->waits[l->n_waits++] = cpus[i];
        }
    }
    if (l->n_waits < wanted) {
        sld_core_locks_wait_no_more(l);
    }
}
