/* doctor_folder.c: checks a folder for runs: its file system, free space and speed, and whether the
 * calls work by which sld publishes files and locks folders. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "doctor.h"

#define GIB   1073741824.0
#define SYNCS 5
enum { BYTES = 1 << 20 };

/* Files that the probe makes in the folder, and removes at the end. */
typedef struct names {
    char temporary[PATH_MAX], published[PATH_MAX], lock[PATH_MAX];
} names;

static void make_names(const char *folder, names *n)
{
    const long id = (long)getpid();
    snprintf(n->temporary, PATH_MAX, "%.3900s/.sld-doctor-%ld.tmp", folder, id);
    snprintf(n->published, PATH_MAX, "%.3900s/.sld-doctor-%ld", folder, id);
    snprintf(n->lock, PATH_MAX, "%.3900s/.sld-doctor-%ld.lock", folder, id);
}

/* Finds the type of the file system in /proc/self/mountinfo, whose lines have the form "ID PARENT
 * MAJOR:MINOR ... - TYPE ...". */
static void file_system_of(const struct stat *s, char type[32])
{
    char     line[4096];
    unsigned device_major, device_minor;
    FILE    *file = fopen("/proc/self/mountinfo", "r");

    snprintf(type, 32, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *behind = strstr(line, " - ");
        if (behind && sscanf(line, "%*d %*d %u:%u", &device_major, &device_minor) == 2 &&
            device_major == major(s->st_dev) && device_minor == minor(s->st_dev)) {
            sscanf(behind, " - %31s", type);
        }
    }
    if (file) {
        fclose(file);
    }
}

static void file_system(const struct stat *s, const char *folder, sld_doctor_report *r)
{
    char type[32];

    file_system_of(s, type);
    sld_finding *f = sld_doctor_add(r, "folder", "%s, on %s", folder, type);
    if (strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0) {
        sld_finding_advise(f, SLD_WARN,
                           "it is in memory and lost at the next reboot: use a disk for runs");
    } else if (strcmp(type, "overlay") == 0) {
        sld_finding_advise(f, SLD_WARN,
                           "it is part of the container and is deleted with it: mount a volume");
    }
}

static void space(const char *folder, sld_doctor_report *r)
{
    struct statvfs s;

    if (statvfs(folder, &s) != 0) {
        return;
    }
    const double bytes = (double)s.f_bavail * (double)s.f_frsize;
    sld_finding *f     = sld_doctor_add(r, "free space", "%.1f GiB", bytes / GIB);
    if (bytes < 0.01 * GIB || (s.f_files > 0 && s.f_favail < 10)) {
        sld_finding_advise(f, SLD_BAD, "no room for a run (%llu files may be made): make room",
                           (unsigned long long)s.f_favail);
    } else if (bytes < GIB) {
        sld_finding_advise(f, SLD_WARN, "a run takes 5 to 500 MB, a sweep a multiple: make room");
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Measures how long fsync takes. The temporary file stays for publishing(). False: writing
 * fails. */
static bool sync_time(const names *n, sld_doctor_report *r)
{
    double    seconds[SYNCS];
    char     *bytes = calloc(1, BYTES);
    const int fd    = open(n->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool      good  = bytes && fd >= 0;

    for (int i = 0; good && i < SYNCS; i++) {
        const double start_s = sld_clock_s();
        errno                = ENOSPC; /* what a write that is cut short has met */
        good       = pwrite(fd, bytes, BYTES, (off_t)i * BYTES) == BYTES && fsync(fd) == 0;
        seconds[i] = sld_clock_s() - start_s;
    }
    const int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    free(bytes);
    if (!good) {
        sld_finding_advise(sld_doctor_add(r, "writing", "fails: %s", strerror(why)), SLD_BAD,
                           "no run can be kept here: choose another folder (run.dir)");
        return false;
    }
    qsort(seconds, SYNCS, sizeof *seconds, by_value);
    const double median = seconds[SYNCS / 2];
    sld_finding *f = sld_doctor_add(r, "fsync", "1 MiB reaches the disk in %.1f ms", 1e3 * median);
    if (median > 0.5) {
        sld_finding_advise(f, SLD_WARN,
                           "every checkpoint waits for it: raise run.checkpoint_epochs, or run in "
                           "a local folder and copy the results");
    }
    return true;
}

/* Tries the calls that publish a file, in their order, and reports the one that fails. */
static void publishing(const char *folder, const names *n, sld_doctor_report *r)
{
    const char *fails = NULL;
    int         fd    = -1;

    if (link(n->temporary, n->published) != 0) {
        fails = "link(2)";
    } else if (link(n->temporary, n->published) == 0) {
        fails = "link(2) over a name that exists";
        errno = EEXIST;
    }
    const int  why  = errno;
    const bool core = rename(n->temporary, n->published) == 0 &&
                      (fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 &&
                      (fsync(fd) == 0 || errno == EINVAL);
    if (!core) {
        sld_finding_advise(sld_doctor_add(r, "publishing",
                                          "rename or fsync of the folder fails: %s",
                                          strerror(errno)),
                           SLD_BAD, "results cannot appear whole here: choose another folder");
    } else if (fails) {
        sld_finding_advise(sld_doctor_add(r, "publishing", "%s fails: %s", fails, strerror(why)),
                           SLD_WARN,
                           "single runs work; a sweep shared by several coordinators does not: "
                           "choose another file system for it");
    } else {
        sld_doctor_add(r, "publishing", "rename, link and fsync of the folder work");
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* Checks that a second open of the file cannot take the lock, which a run takes in the same way. *fd:
 * holds the lock; -1: no file. */
static void locking(const names *n, sld_doctor_report *r, int *fd)
{
    sld_ctx  quiet;
    sld_lock lock = SLD_LOCK_NONE, second = SLD_LOCK_NONE;

    sld_ctx_init(&quiet);
    *fd = open(n->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0) {
        sld_finding_advise(sld_doctor_add(r, "locks", "cannot make a file: %s", strerror(errno)),
                           SLD_BAD, "choose another folder");
        return;
    }
    if (sld_file_lock(&quiet, n->lock, *fd, &lock) != SLD_OK) {
        sld_finding_advise(sld_doctor_add(r, "locks", "%s", quiet.err.msg), SLD_BAD,
                           "a run must lock its folder: mount it with locks (NFS: without nolock, "
                           "Lustre: -o flock), or choose another folder");
        return;
    }
    if (lock == SLD_LOCK_NONE) {
        sld_finding_advise(sld_doctor_add(r, "locks", "this file system has none"), SLD_WARN,
                           "nothing keeps a second run out of a run's folder: start one at a time, "
                           "mount it with locks (NFS: without nolock, Lustre: -o flock), or choose "
                           "another folder");
        return;
    }
    const int  other = open(n->lock, O_RDWR | O_CLOEXEC);
    const bool held  = other >= 0 && sld_file_lock(&quiet, n->lock, other, &second) == SLD_OK &&
                      second == SLD_LOCK_HELD;
    if (other >= 0) {
        close(other);
    }
    sld_finding *f = sld_doctor_add(r, "locks", held ? "locks work" : "a lock does not exclude");
    if (!held) {
        sld_finding_advise(f, SLD_WARN,
                           "two runs on one folder would not see each other: start "
                           "one at a time, or choose another folder");
    }
}

/* Called on rank 0. False: the folder cannot be used, so other machines need not look at it. */
static bool probe(const char *folder, const names *n, sld_doctor_report *r, int *lock)
{
    struct stat s;
    const bool  there = stat(folder, &s) == 0;

    if (!there || !S_ISDIR(s.st_mode)) {
        const bool   missing = !there && errno == ENOENT;
        const char  *what    = !there               ? strerror(errno)
                               : S_ISREG(s.st_mode) ? "a file"
                                                    : "a pipe, a socket or a device";
        sld_finding *f = sld_doctor_add(r, "folder", "%s: expected a folder, got %s%s", folder,
                                        there ? "" : "nothing: ", what);
        if (missing) {
            sld_finding_advise(f, SLD_BAD, "make it: mkdir -p %s; or name one that exists", folder);
        } else {
            sld_finding_advise(f, SLD_BAD, "name the folder that runs will be written to");
        }
        return false;
    }
    file_system(&s, folder, r);
    space(folder, r);
    if (!sync_time(n, r)) {
        return false;
    }
    publishing(folder, n, r);
    locking(n, r, lock);
    return *lock >= 0;
}

/* Called on one rank of each other machine while rank 0 holds the lock: it must see the lock. */
static void look_from_afar(const names *n, sld_doctor_report *r)
{
    sld_ctx   quiet;
    sld_lock  lock = SLD_LOCK_NONE;
    const int fd   = open(n->lock, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        sld_finding_advise(sld_doctor_add(r, "folder from afar", "%s does not see it", r->host),
                           SLD_WARN,
                           "rank 0 alone writes, but data and weights are read by every machine: "
                           "take a folder that all share");
        return;
    }
    sld_ctx_init(&quiet);
    if (sld_file_lock(&quiet, n->lock, fd, &lock) == SLD_OK && lock == SLD_LOCK_HELD) {
        sld_doctor_add(r, "folder from afar", "seen, with its locks");
    } else {
        sld_finding_advise(
            sld_doctor_add(r, "folder from afar", "%s sees it, not its locks", r->host), SLD_WARN,
            "locks hold on one machine only (NFS local_lock, Lustre localflock), or there are "
            "none: never start two runs on one folder from two machines");
    }
    close(fd);
}

sld_status sld_doctor_folder(sld_ctx *ctx, const sld_comm *comm, const char *folder,
                             sld_doctor_report *r)
{
    const bool first = sld_comm_rank(comm) == 0;
    names      n     = {0};
    int        lock = -1, more = 0;

    make_names(folder, &n);
    if (first) {
        more = probe(folder, &n, r, &lock);
    }
    sld_status st = sld_comm_bcast(ctx, comm, &n, sizeof n, 0); /* names contain rank 0's pid */
    if (st == SLD_OK) {
        st = sld_comm_bcast(ctx, comm, &more, sizeof more, 0);
    }
    if (st == SLD_OK && more && !first && sld_comm_node_rank(comm) == 0) {
        look_from_afar(&n, r);
    }
    if (st == SLD_OK) {
        st = sld_comm_barrier(ctx, comm);
    }
    if (first) {
        unlink(n.temporary);
        unlink(n.published);
        unlink(n.lock);
    }
    if (lock >= 0) {
        close(lock);
    }
    return st;
}
