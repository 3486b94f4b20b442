/* folder.c: the run folder: one process group at a time, one trial for ever. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

/* The lock is the kernel's: it ends with the process, however that ends. Its file names the holder
 * for the message alone. */
static sld_status take_lock(sld_ctx *ctx, sld_trial *t)
{
    char     path[PATH_MAX], holder[128] = "", host[64] = "";
    sld_lock lock;

    sld_run_path(t->dir, SLD_RUN_LOCK, 0, path);
    SLD_TRY(sld_file_open_lock(ctx, path, &t->lock));
    SLD_TRY(sld_file_lock(ctx, path, t->lock, &lock));
    if (lock == SLD_LOCK_HELD) {
        const ssize_t n               = read(t->lock, holder, sizeof holder - 1);
        holder[n > 0 ? n : 0]         = '\0';
        holder[strcspn(holder, "\n")] = '\0';
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: another run works in this folder (%s); choose another run.dir", t->dir,
                        holder);
    }
    if (lock == SLD_LOCK_NONE) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: this file system has no locks: nothing keeps a second run out of this folder; "
                "start none there meanwhile, or choose a run.dir on another file system",
                t->dir);
    }
    gethostname(host, sizeof host - 1);
    const int length = snprintf(holder, sizeof holder, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(t->lock, 0) != 0 || pwrite(t->lock, holder, (size_t)length, 0) != length) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    return SLD_OK;
}

/* Rank 0. */
static sld_status check_identity(sld_ctx *ctx, sld_trial *t)
{
    char *identity = NULL, *contents = NULL;

    SLD_TRY(sld_trial_stored(ctx, t, "identity", &identity));
    SLD_TRY(sld_trial_stored(ctx, t, "contents", &contents));
    return identity ? sld_trial_check_same(ctx, t, t->dir, identity, contents) : SLD_OK;
}

static sld_status check_free(sld_ctx *ctx, const char *path)
{
    return access(path, F_OK) != 0
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "%s: stands in the way: the folder holds no trial, and this file would "
                          "be written over; choose another run.dir",
                          path);
}

/* Files of these names that no trial has made belong to somebody: they are not written over. A
 * folder that a trial has worked in holds its lock. */
static sld_status check_foreign(sld_ctx *ctx, sld_trial *t)
{
    static const sld_run_file names[] = {SLD_RUN_CONFIG, SLD_RUN_RESULTS, SLD_RUN_BEST,
                                         SLD_RUN_LAST, SLD_RUN_LOG};
    const sld_list           *kept    = &t->opt->run.keep_epochs;
    char                      path[PATH_MAX];
    char                     *identity = NULL;

    if (sld_run_has(t->dir, SLD_RUN_LOCK)) {
        return SLD_OK;
    }
    SLD_TRY(sld_trial_stored(ctx, t, "identity", &identity));
    for (size_t i = 0; !identity && i < sizeof names / sizeof *names; i++) {
        sld_run_path(t->dir, names[i], 0, path);
        SLD_TRY(check_free(ctx, path));
    }
    for (size_t i = 0; !identity && i < kept->n; i++) {
        sld_run_epoch_path(t->dir, (int64_t)kept->v[i], 0, path);
        SLD_TRY(check_free(ctx, path));
    }
    return SLD_OK;
}

/* Rank 0. The claim is the lock: one of the kernel's would be held by a frozen process too. The log
 * is the sweep's: it keeps what the launcher says as well. */
static sld_status take_attempt(sld_ctx *ctx, sld_trial *t)
{
    const char *text = sld_config_text(t->params->config);
    char        path[PATH_MAX];

    SLD_TRY(sld_trial_check_claim(ctx, t));
    SLD_TRY(check_identity(ctx, t));
    sld_trial_path(t, SLD_RUN_CONFIG, path);
    SLD_TRY(sld_file_publish(ctx, path, text, strlen(text), true));
    return sld_trial_settle(ctx, t, SLD_RUN_CONFIG);
}

/* Rank 0. */
static sld_status take(sld_ctx *ctx, sld_trial *t)
{
    char path[PATH_MAX];

    SLD_TRY(sld_file_mkdirs(ctx, t->dir));
    if (sld_trial_is_attempt(t)) {
        return take_attempt(ctx, t);
    }
    SLD_TRY(check_foreign(ctx, t));
    SLD_TRY(take_lock(ctx, t));
    SLD_TRY(check_identity(ctx, t));
    SLD_TRY(sld_file_sweep(ctx, t->dir));
    const char *text = sld_config_text(t->params->config);
    sld_run_path(t->dir, SLD_RUN_CONFIG, 0, path);
    SLD_TRY(sld_file_publish(ctx, path, text, strlen(text), true));
    sld_run_path(t->dir, SLD_RUN_LOG, 0, path);
    const int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    t->log        = log < 0 ? NULL : fdopen(log, "a");
    if (!t->log) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    }
    ctx->log_file = t->log;
    return SLD_OK;
}

sld_status sld_trial_folder(sld_ctx *ctx, sld_trial *t)
{
    const char *dir = t->opt->run.dir;
    int         n;

    if (dir[0]) {
        n = snprintf(t->dir, sizeof t->dir, "%s", dir);
    } else {
        n = snprintf(t->dir, sizeof t->dir, "runs/%s",
                     t->opt->top.name[0] ? t->opt->top.name : t->params->name);
    }
    sld_status st = SLD_OK;
    if (n >= (int)sizeof t->dir) {
        st = SLD_FAIL(ctx, SLD_ERR_CONFIG, "run.dir: %d bytes, wanted fewer than %zu", n,
                      sizeof t->dir);
    } else if (sld_comm_rank(t->comm) == 0) {
        st = take(ctx, t);
    }
    return sld_agree(ctx, t->comm, st);
}

void sld_trial_leave_folder(sld_ctx *ctx, sld_trial *t)
{
    ctx->log_file = NULL;
    if (t->log) {
        fclose(t->log);
    }
    if (t->lock >= 0) {
        close(t->lock);
    }
}
