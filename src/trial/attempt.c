/* attempt.c: a trial that a sweep started. Several may work on one trial without knowing of each
 * other: one that was frozen, and one that took over from it. Each has a number, all that it writes
 * carries that number, and before it writes it looks whether a higher one has come. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

bool sld_trial_is_attempt(const sld_io *io)
{
    return io->attempt > 0;
}

/* open, not stat: on a network file system only that asks the server. 0: it is there; else why not. */
static int look_for(const char *path)
{
    const int fd  = open(path, O_RDONLY | O_CLOEXEC);
    const int why = fd < 0 ? errno : 0;

    if (fd >= 0) {
        close(fd);
    }
    return why;
}

static bool is_gone(int why)
{
    return why == ENOENT || why == ESTALE;
}

sld_status sld_trial_check_claim(sld_ctx *ctx, const sld_io *io)
{
    const char *claim = io->claim;
    char        next[PATH_MAX];

    if (!sld_trial_is_attempt(io) || !*claim) {
        return SLD_OK;
    }
    if (sld_claim_next(claim, next) && !is_gone(look_for(claim))) {
        const int why = look_for(next);
        if (is_gone(why)) {
            return SLD_OK;
        }
        if (why != 0 && why != EACCES) { /* EACCES: it is another user's */
            return SLD_FAIL(
                ctx, SLD_ERR_IO,
                "%s: cannot be looked for: %s; so whether a newer attempt has taken over "
                "is not known",
                next, strerror(why));
        }
    }
    return SLD_FAIL(ctx, SLD_ERR_FENCED,
                    "%s: attempt %lld was superseded by a newer one; exiting without writing",
                    claim, (long long)io->attempt);
}

sld_status sld_trial_recheck(sld_ctx *ctx, const sld_io *io, const char *path)
{
    const sld_status st = sld_trial_check_claim(ctx, io);

    if (st != SLD_OK) {
        unlink(path);
    }
    return st;
}

void sld_trial_path(const sld_io *io, sld_run_file file, char path[PATH_MAX])
{
    sld_run_path(io->dir, file, io->attempt, path);
}

static sld_status settle(sld_ctx *ctx, const char *from, const char *to)
{
    bool there = false;

    SLD_TRY(sld_file_settle(ctx, from, to, &there));
    if (there) {
        sld_log(ctx, SLD_LOG_INFO, "%s: another attempt has written it; it stays as it is", to);
    }
    return SLD_OK;
}

sld_status sld_trial_settle(sld_ctx *ctx, const sld_io *io, sld_run_file file)
{
    char from[PATH_MAX], to[PATH_MAX];

    sld_trial_path(io, file, from);
    sld_run_path(io->dir, file, 0, to);
    return sld_trial_is_attempt(io) ? settle(ctx, from, to) : SLD_OK;
}

sld_status sld_trial_settle_epoch(sld_ctx *ctx, const sld_io *io, int64_t epoch)
{
    char from[PATH_MAX], to[PATH_MAX];

    sld_run_epoch_path(io->dir, epoch, io->attempt, from);
    sld_run_epoch_path(io->dir, epoch, 0, to);
    return sld_trial_is_attempt(io) ? settle(ctx, from, to) : SLD_OK;
}

/* Where the trial stands, for those who watch it and end it when it stalls. Written in place: a
 * line is read whole or not at all. */
void sld_trial_beat(sld_trial *t, double seconds_left)
{
    const double now = sld_clock_s();
    char         path[PATH_MAX], line[SLD_PROGRESS_BYTES];

    if (!sld_trial_is_attempt(&t->io) || t->ctx->rank != 0 || now - t->io.beat_s < 1.0) {
        return;
    }
    sld_trial_path(&t->io, SLD_RUN_PROGRESS, path);
    /* made once: where a later attempt has ended the trial and cleaned up, nothing comes back */
    const int fd = open(path, O_WRONLY | O_CLOEXEC | (t->io.beat_s > 0 ? 0 : O_CREAT), 0666);
    t->io.beat_s = now;
    if (fd < 0) {
        return; /* a full disk ends the trial where it hurts, not here */
    }
    const sld_progress now_at = {.epoch  = t->state.at.epoch,
                                 .epochs = t->setup.opt->train.epochs,
                                 .step   = t->state.at.step,
                                 .steps  = sld_loader_steps(t->setup.loader),
                                 .left_s = seconds_left,
                                 .beat_s = now,
                                 .ranks  = sld_comm_size(t->setup.comm)};
    const int          n      = sld_progress_text(&now_at, line);
    if (pwrite(fd, line, (size_t)n, 0) != n || ftruncate(fd, n) != 0) {
        sld_log(t->ctx, SLD_LOG_DEBUG, "%s: %s", path, strerror(errno));
    }
    close(fd);
}

static void describe_end(const sld_trial *t, sld_status st, sld_outcome outcome,
                         sld_run_outcome *out)
{
    out->epoch = t->state.at.epoch;
    out->step  = t->state.at.step;
    if (st != SLD_OK) {
        out->end = st == SLD_ERR_KIND ? SLD_END_KIND : SLD_END_FAILED;
        snprintf(out->message, sizeof out->message, "%s", t->ctx->err.msg);
    } else if (outcome == SLD_TRIAL_DONE) {
        out->end = SLD_END_DONE;
        sld_trial_result_text(t, out->message, sizeof out->message);
    } else if (outcome == SLD_TRIAL_DIVERGED) {
        out->end = SLD_END_DIVERGED;
        snprintf(out->message, sizeof out->message, "diverged at epoch %lld, step %lld%s%s%s",
                 (long long)out->epoch, (long long)out->step, t->attempt.diverged ? ": " : "",
                 t->attempt.diverged ? t->attempt.diverged : "",
                 t->attempt.diverged ? " not finite" : "");
    } else {
        out->end = SLD_END_STOPPED;
    }
}

void sld_trial_report_end(sld_ctx *ctx, const sld_trial *t, sld_status st, sld_outcome outcome)
{
    sld_run_outcome end  = {.end = SLD_END_UNKNOWN};
    const sld_err   held = ctx->err;

    if (!sld_trial_is_attempt(&t->io) || ctx->rank != 0 || st == SLD_ERR_FENCED) {
        return;
    }
    describe_end(t, st, outcome, &end);
    if (sld_trial_check_claim(ctx, &t->io) == SLD_OK) {
        sld_outcome_write(ctx, t->setup.opt->run.dir, t->io.attempt, &end);
    }
    ctx->err = held;
}

sld_status sld_trial_clean(sld_ctx *ctx, const sld_io *io)
{
    sld_run_remove_attempts(io->dir, io->attempt);
    SLD_TRY(sld_ckpt_remove_old(ctx, io->dir, io->attempt, 0));
    return sld_file_clean_up(ctx, io->dir);
}
