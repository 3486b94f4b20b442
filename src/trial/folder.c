/* folder.c: the run folder: one process group at a time, one trial for ever. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

/* A job that was started again may meet its old run, alive on a machine that nobody reaches. */
static sld_status await_lock(sld_ctx *ctx, const sld_setup *s, const sld_io *io, const char *path)
{
    const double end_s = sld_clock_s() + 60 * s->opt->run.wait_minutes;
    char         holder[128];
    sld_lock     lock = SLD_LOCK_HELD;

    const ssize_t n               = pread(io->lock, holder, sizeof holder - 1, 0);
    holder[n > 0 ? n : 0]         = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (s->opt->run.wait_minutes > 0) {
        sld_log(ctx, SLD_LOG_WARN, "%s: another run works in this folder (%s): waiting for its end",
                io->dir, holder);
    }
    while (lock == SLD_LOCK_HELD) {
        if (sld_clock_s() >= end_s || (s->params->stop && *s->params->stop)) {
            return SLD_FAIL(ctx, SLD_ERR_FENCED,
                            "%s: another run works in this folder (%s); choose another run.dir, or "
                            "wait for its end (run.wait_minutes)",
                            io->dir, holder);
        }
        sleep(1);
        sld_beat(ctx);
        SLD_TRY(sld_file_lock(ctx, path, io->lock, &lock));
    }
    return SLD_OK;
}

/* The lock is the kernel's: it ends with the process, however that ends. Its file names the holder
 * for the message alone. */
static sld_status take_lock(sld_ctx *ctx, const sld_setup *s, sld_io *io)
{
    char     path[PATH_MAX], holder[SLD_LOCK_BYTES];
    sld_lock lock;

    sld_run_path(io->dir, SLD_RUN_LOCK, 0, path);
    SLD_TRY(sld_file_open_lock(ctx, path, &io->lock));
    SLD_TRY(sld_file_lock(ctx, path, io->lock, &lock));
    if (lock == SLD_LOCK_HELD) {
        SLD_TRY(await_lock(ctx, s, io, path));
    }
    if (lock == SLD_LOCK_NONE) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: this file system has no locks, so nothing keeps a second run out of this "
                "folder; start none there meanwhile, or choose a run.dir on another file system",
                io->dir);
    }
    /* in this order: it is empty at no time, and by its text the folder is known as sld's */
    const int length = sld_lock_text(holder);
    errno            = ENOSPC; /* what a write that is cut short has met */
    if (pwrite(io->lock, holder, (size_t)length, 0) != length || ftruncate(io->lock, length) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    return SLD_OK;
}

/* Rank 0. The claim is the lock: one of the kernel's would be held by a frozen process too. The log
 * is the sweep's: it keeps what the launcher says as well. */
static sld_status take_attempt(sld_ctx *ctx, sld_setup *s, const sld_io *io)
{
    SLD_TRY(sld_trial_check_claim(ctx, io));
    return sld_trial_check_own(ctx, s, io);
}

/* Rank 0. */
static sld_status take(sld_ctx *ctx, sld_setup *s, sld_io *io)
{
    char path[PATH_MAX];

    if (!sld_trial_is_attempt(io) && sld_run_in_sweep(io->dir)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: expected a folder of its own, got one inside the folder of a sweep, "
                        "which alone writes there; choose another run.dir, or train the sweep's "
                        "trials by sld sweep",
                        io->dir);
    }
    SLD_TRY(sld_file_mkdirs(ctx, io->dir));
    if (sld_trial_is_attempt(io)) {
        return take_attempt(ctx, s, io);
    }
    SLD_TRY(sld_trial_check_inputs(ctx, s, io));
    SLD_TRY(sld_trial_check_foreign(ctx, s, io));
    SLD_TRY(take_lock(ctx, s, io));
    SLD_TRY(sld_trial_check_own(ctx, s, io));
    SLD_TRY(sld_file_clean_up(ctx, io->dir));
    sld_run_path(io->dir, SLD_RUN_LOG, 0, path);
    const int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    io->log       = log < 0 ? NULL : fdopen(log, "a");
    if (!io->log) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    }
    sld_log_to(ctx, io->log);
    return SLD_OK;
}

sld_status sld_trial_folder(sld_ctx *ctx, sld_setup *s, sld_io *io)
{
    const char *dir = s->opt->run.dir;
    int         n;

    if (dir[0]) {
        n = snprintf(io->dir, sizeof io->dir, "%s", dir);
    } else {
        n = snprintf(io->dir, sizeof io->dir, "runs/%s",
                     s->opt->top.name[0] ? s->opt->top.name : s->params->name);
    }
    sld_status st = SLD_OK;
    if (n >= (int)sizeof io->dir) {
        st = SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "run.dir: expected a path of fewer than %zu bytes, got %d; choose a shorter one",
            sizeof io->dir, n);
    } else if (sld_comm_rank(s->comm) == 0) {
        st = take(ctx, s, io);
    }
    return sld_agree(ctx, s->comm, st);
}

sld_status sld_trial_write_config(sld_ctx *ctx, sld_trial *t)
{
    const char *text = sld_config_text(t->setup.params->config);
    char        path[PATH_MAX];
    sld_status  st = SLD_OK;

    if (sld_comm_rank(t->setup.comm) == 0) {
        sld_trial_path(&t->io, SLD_RUN_CONFIG, path);
        st = sld_trial_check_claim(ctx, &t->io);
        st = st == SLD_OK ? sld_file_publish(ctx, path, text, strlen(text), true) : st;
        st = st == SLD_OK ? sld_trial_settle(ctx, &t->io, SLD_RUN_CONFIG) : st;
    }
    return sld_agree(ctx, t->setup.comm, st);
}

void sld_trial_leave_folder(sld_ctx *ctx, sld_io *io)
{
    sld_log_to(ctx, NULL);
    if (io->log) {
        fclose(io->log);
    }
    if (io->lock >= 0) {
        close(io->lock);
    }
}
