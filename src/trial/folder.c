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
    char     path[PATH_MAX], holder[128] = "", host[64] = "";
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
    gethostname(host, sizeof host - 1);
    const int length = snprintf(holder, sizeof holder, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(io->lock, 0) != 0 || pwrite(io->lock, holder, (size_t)length, 0) != length) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    return SLD_OK;
}

/* Rank 0. */
static sld_status check_identity(sld_ctx *ctx, sld_setup *s, const sld_io *io)
{
    char *identity = NULL, *contents = NULL, *id = NULL; /* a former version's ID is another */

    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "identity", &identity));
    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "contents", &contents));
    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "id", &id));
    if (!identity || !id) {
        return SLD_OK; /* a checkpoint is compared when it is read */
    }
    SLD_TRY(sld_trial_check_same(ctx, &s->identity, io->dir, identity, contents));
    return sld_run_each_weights(ctx, io->dir, sld_weights_check_id, id);
}

static sld_status check_free(sld_ctx *ctx, const char *path)
{
    return access(path, F_OK) != 0 ? SLD_OK
                                   : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                              "%s: already exists and was not written by sld; "
                                              "choose another run.dir, or move it away",
                                              path);
}

/* Files of these names that no trial has made belong to somebody: they are not written over. A
 * folder that a trial has worked in holds its lock. */
static sld_status check_foreign(sld_ctx *ctx, sld_setup *s, const sld_io *io)
{
    static const sld_run_file names[] = {SLD_RUN_CONFIG, SLD_RUN_RESULTS, SLD_RUN_BEST,
                                         SLD_RUN_LAST, SLD_RUN_LOG};
    const sld_list           *kept    = &s->opt->run.keep_epochs;
    char                      path[PATH_MAX], name[NAME_MAX + 1], shown[NAME_MAX + 1];
    char                     *identity = NULL;

    if (sld_run_has(io->dir, SLD_RUN_LOCK)) {
        return SLD_OK;
    }
    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "identity", &identity));
    if (!identity && sld_run_foreign(io->dir, name)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%.200s: expected a new folder or a trial's, got one that holds %.100s; choose "
            "another run.dir",
            io->dir, sld_text_printable(name, shown, sizeof shown));
    }
    for (size_t i = 0; !identity && i < sizeof names / sizeof *names; i++) {
        sld_run_path(io->dir, names[i], 0, path);
        SLD_TRY(check_free(ctx, path));
    }
    for (size_t i = 0; !identity && i < kept->n; i++) {
        sld_run_epoch_path(io->dir, (int64_t)kept->v[i], 0, path);
        SLD_TRY(check_free(ctx, path));
    }
    return SLD_OK;
}

/* Rank 0. The claim is the lock: one of the kernel's would be held by a frozen process too. The log
 * is the sweep's: it keeps what the launcher says as well. */
static sld_status take_attempt(sld_ctx *ctx, sld_setup *s, const sld_io *io)
{
    SLD_TRY(sld_trial_check_claim(ctx, io));
    return check_identity(ctx, s, io);
}

/* Rank 0. */
static sld_status take(sld_ctx *ctx, sld_setup *s, sld_io *io)
{
    char path[PATH_MAX];

    SLD_TRY(sld_file_mkdirs(ctx, io->dir));
    if (sld_trial_is_attempt(io)) {
        return take_attempt(ctx, s, io);
    }
    SLD_TRY(check_foreign(ctx, s, io));
    SLD_TRY(take_lock(ctx, s, io));
    SLD_TRY(check_identity(ctx, s, io));
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
