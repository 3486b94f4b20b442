/* attempt.c: a trial that a sweep started. Several may work on one trial without knowing of each
 * other: one that was frozen, and one that took over from it. Each has a number, all that it writes
 * carries that number, and before it writes it looks whether a higher one has come. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trial.h"

bool sld_trial_is_attempt(const sld_trial *t)
{
    return t->opt->run.attempt > 0;
}

/* open, not stat: on a network file system only that asks the server. */
static bool is_there(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

sld_status sld_trial_check_claim(sld_ctx *ctx, const sld_trial *t)
{
    const char     *claim = t->opt->run.claim;
    const long long mine = (long long)t->opt->run.attempt, next = mine + 1;
    const char     *dot = strrchr(claim, '.');
    char            path[PATH_MAX];

    if (!sld_trial_is_attempt(t) || !*claim) {
        return SLD_OK;
    }
    snprintf(path, sizeof path, "%.*s.%lld", dot ? (int)(dot - claim) : 0, claim, next);
    if (is_there(claim) && !is_there(path)) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_FENCED,
                    "attempt %lld of trial %s is superseded (%s): it leaves without a change", mine,
                    t->id, claim);
}

sld_status sld_trial_recheck(sld_ctx *ctx, const sld_trial *t, const char *path)
{
    const sld_status st = sld_trial_check_claim(ctx, t);

    if (st != SLD_OK) {
        unlink(path);
    }
    return st;
}

void sld_trial_path(const sld_trial *t, const char *stem, const char *ending, char path[PATH_MAX])
{
    if (sld_trial_is_attempt(t)) {
        snprintf(path, PATH_MAX, "%s/%s-a%lld%s", t->dir, stem, (long long)t->opt->run.attempt,
                 ending);
    } else {
        snprintf(path, PATH_MAX, "%s/%s%s", t->dir, stem, ending);
    }
}

sld_status sld_trial_settle(sld_ctx *ctx, const sld_trial *t, const char *stem, const char *ending)
{
    char from[PATH_MAX], to[PATH_MAX];
    bool there = false;

    if (!sld_trial_is_attempt(t)) {
        return SLD_OK;
    }
    sld_trial_path(t, stem, ending, from);
    snprintf(to, sizeof to, "%s/%s%s", t->dir, stem, ending);
    SLD_TRY(sld_file_link(ctx, from, to, &there));
    if (there) {
        sld_log(ctx, SLD_LOG_INFO, "%s is there already, of another attempt: it stays", to);
    }
    unlink(from);
    return SLD_OK;
}

/* Where the trial stands, for those who watch it and end it when it stalls. Written in place: a
 * line is read whole or not at all. */
void sld_trial_beat(sld_trial *t, double seconds_left)
{
    const double now = sld_clock_s();
    char         path[PATH_MAX], line[160];

    if (!sld_trial_is_attempt(t) || t->ctx->rank != 0 || now - t->beat_s < 1.0) {
        return;
    }
    sld_trial_path(t, "progress", "", path);
    /* made once: where a later attempt has ended the trial and cleaned up, nothing comes back */
    const int fd = open(path, O_WRONLY | O_CLOEXEC | (t->beat_s > 0 ? 0 : O_CREAT), 0666);
    t->beat_s    = now;
    if (fd < 0) {
        return; /* a full disk ends the trial where it hurts, not here */
    }
    const int n = snprintf(
        line, sizeof line, "epoch %lld of %lld step %lld of %lld left %.0f s beat %-12.0f\n",
        (long long)t->at.epoch, (long long)t->opt->train.epochs, (long long)t->at.step,
        (long long)sld_loader_steps(t->loader), seconds_left, now);
    if (pwrite(fd, line, (size_t)n, 0) != n || ftruncate(fd, n) != 0) {
        sld_log(t->ctx, SLD_LOG_DEBUG, "%s: %s", path, strerror(errno));
    }
    close(fd);
}
