/* comm/shared.c: memory that the ranks of one machine share.
 *
 * An anonymous file of the kernel (memfd) that rank 0 of the machine makes and the others open
 * through /proc. Not MPI_Win_allocate_shared: its segment lives in /dev/shm, which containers limit
 * to 64 MB by default, less than CIFAR-100 takes. Here only the machine's memory limits, the pages
 * are there before the function returns, and nothing stays behind when the ranks are killed.
 *
 * Where each rank has a user namespace of its own, as in containers that are started rank by rank
 * without setuid, the kernel closes that way. Then the file has a name for a moment, in a folder
 * that all of them see. */
#define _GNU_SOURCE /* memfd_create, mkostemp */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

struct sld_shared {
    void  *ptr;
    size_t bytes;
};

/* Local. Allocates the pages of the file, so that later writes cannot run out of memory. */
static sld_status give_pages(sld_ctx *ctx, size_t bytes, int fd)
{
    const int code = posix_fallocate(fd, 0, (off_t)bytes);

    if (code == EFBIG) {
        return SLD_FAIL(ctx, SLD_ERR_IO,
                        "shared memory: expected a limit on the size of files (ulimit -f) of at "
                        "least %zu bytes; raise it",
                        bytes);
    }
    return code == 0 ? SLD_OK
                     : SLD_FAIL(ctx, SLD_ERR_NOMEM, "shared memory of %zu bytes: %s", bytes,
                                strerror(code));
}

/* Local. The file on the machine's rank 0: *fd stays open until the others have opened it too. */
static sld_status make_file(sld_ctx *ctx, size_t bytes, int *fd)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size_t)sysconf(_SC_PHYS_PAGES);
    if (bytes / page >= pages) { /* the kernel would try, and kill somebody on the way */
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "shared memory: expected at most the %zu bytes of this machine, got %zu",
                        pages * page, bytes);
    }
    *fd = memfd_create("sld", MFD_CLOEXEC);
    if (*fd < 0) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "shared memory: memfd_create: %s", strerror(errno));
    }
    return give_pages(ctx, bytes, *fd);
}

/* Collective over the machine. The other ranks open rank 0's file through /proc. *all: every one of
 * them could. */
static sld_status open_by_process(sld_ctx *ctx, const sld_comm *comm, int *fd, bool *all)
{
    int name[2] = {(int)getpid(), *fd}, ok = 1;

    SLD_TRY(
        sld_mpi_status(ctx, MPI_Bcast(name, 2, MPI_INT, 0, comm->node), "broadcast of a handle"));
    if (comm->node_rank != 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/fd/%d", name[0], name[1]);
        *fd = open(path, O_RDWR | O_CLOEXEC);
        ok  = *fd >= 0;
    }
    SLD_TRY(sld_mpi_status(ctx, MPI_Allreduce(MPI_IN_PLACE, &ok, 1, MPI_INT, MPI_MIN, comm->node),
                           "all-reduce of a machine"));
    *all = ok != 0;
    return SLD_OK;
}

enum { NAME_BYTES = 512 };

/* Collective over the machine. The same through a named file, which is removed afterwards. */
static sld_status open_by_name(sld_ctx *ctx, const sld_comm *comm, const char *folder, size_t bytes,
                               int *fd, bool *all)
{
    char path[NAME_BYTES];
    int  ok = snprintf(path, sizeof path, "%s/sld-XXXXXX", folder) < (int)sizeof path;

    if (comm->node_rank == 0 && ok) {
        *fd = mkostemp(path, O_CLOEXEC);
        ok  = *fd >= 0 && posix_fallocate(*fd, 0, (off_t)bytes) == 0;
    }
    const bool made = comm->node_rank == 0 && *fd >= 0;
    SLD_TRY(sld_mpi_status(ctx, MPI_Bcast(path, NAME_BYTES, MPI_CHAR, 0, comm->node),
                           "broadcast of a path"));
    SLD_TRY(
        sld_mpi_status(ctx, MPI_Bcast(&ok, 1, MPI_INT, 0, comm->node), "broadcast of a verdict"));
    if (comm->node_rank != 0 && ok) {
        *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        ok  = *fd >= 0;
    }
    const int code = MPI_Allreduce(MPI_IN_PLACE, &ok, 1, MPI_INT, MPI_MIN, comm->node);
    if (made) {
        unlink(path);
    }
    SLD_TRY(sld_mpi_status(ctx, code, "all-reduce of a machine"));
    *all = ok != 0;
    return SLD_OK;
}

static void close_file(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* Collective over the machine. From rank 0's memfd in *fd to one file in all ranks' *fd. */
static sld_status open_together(sld_ctx *ctx, const sld_comm *comm, size_t bytes, int *fd)
{
    const char *tmp = getenv("TMPDIR"), *folders[] = {"/dev/shm", tmp ? tmp : "/tmp", "."};
    bool        all = false;

    SLD_TRY(open_by_process(ctx, comm, fd, &all));
    for (size_t i = 0; i < sizeof folders / sizeof *folders && !all; i++) {
        close_file(fd);
        SLD_TRY(open_by_name(ctx, comm, folders[i], bytes, fd, &all));
    }
    if (!all) {
        return SLD_FAIL(ctx, SLD_ERR_IO,
                        "shared memory of %zu bytes: the ranks of this machine see neither each "
                        "other's /proc/PID/fd nor one file in /dev/shm, TMPDIR or the current "
                        "folder: start all ranks in one container, or give their containers one "
                        "/dev/shm with that much room",
                        bytes);
    }
    return SLD_OK;
}

/* Local. */
static sld_status map_file(sld_ctx *ctx, int fd, sld_shared *shared)
{
    void *ptr = mmap(NULL, shared->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ptr == MAP_FAILED) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "shared memory of %zu bytes: mmap: %s", shared->bytes,
                        strerror(errno));
    }
    shared->ptr = ptr;
    return SLD_OK;
}

sld_status sld_shared_create(sld_ctx *ctx, const sld_comm *comm, size_t bytes, sld_shared **out)
{
    *out               = NULL;
    int         fd     = -1;
    sld_shared *shared = calloc(1, sizeof *shared);
    sld_status  st =
        shared ? SLD_OK
                : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the record of shared memory");
    if (st == SLD_OK) {
        shared->bytes = bytes > 0 ? bytes : 1; /* an empty mapping is an error */
        st            = comm->node_rank == 0 ? make_file(ctx, shared->bytes, &fd) : SLD_OK;
    }
    st = sld_agree(ctx, comm, st);
    if (st != SLD_OK) {
        goto done;
    }

    if (!comm->alone) {
        st = open_together(ctx, comm, shared->bytes, &fd);
    }
    if (st == SLD_OK) {
        st = map_file(ctx, fd, shared);
    }
    st = sld_agree(ctx, comm, st); /* after it all have opened the file, so rank 0 may close it */

done:
    close_file(&fd);
    if (st != SLD_OK) {
        sld_shared_destroy(shared);
        return st;
    }
    *out = shared;
    return SLD_OK;
}

void *sld_shared_ptr(const sld_shared *shared)
{
    return shared->ptr;
}

/* The fences keep writes before the barrier and reads after it. MPI guarantees this order only for
 * messages. */
sld_status sld_shared_ready(sld_ctx *ctx, const sld_comm *comm, sld_shared *shared)
{
    (void)shared;
    if (comm->alone) {
        return SLD_OK;
    }
    atomic_thread_fence(memory_order_seq_cst);
    const sld_phase before = sld_enter(ctx, SLD_PHASE_AGREE);
    SLD_TRY(sld_mpi_status(ctx, MPI_Barrier(comm->node), "barrier of one machine"));
    sld_enter(ctx, before);
    atomic_thread_fence(memory_order_seq_cst);
    return SLD_OK;
}

void sld_shared_destroy(sld_shared *shared)
{
    if (!shared) {
        return;
    }
    if (shared->ptr) {
        munmap(shared->ptr, shared->bytes);
    }
    free(shared);
}
