/* trial.c: a trial from start or resume to its end. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

static bool is_whole(sld_ctx *ctx, const char *path)
{
    sld_doc   *doc = NULL;
    const bool yes = sld_doc_open(ctx, path, &doc) == SLD_OK;

    sld_doc_close(doc);
    sld_err_clear(ctx);
    return yes;
}

/* Rank 0. Whether a finished run lacks its weights and they can be written again: its last checkpoint
 * has them. Those of a sweep are its coordinator's care. */
static bool can_restore(sld_ctx *ctx, const sld_trial *t)
{
    static const sld_run_file files[] = {SLD_RUN_LAST, SLD_RUN_BEST};
    const bool                kept  = sld_ckpt_newest(t->io.dir).epoch > t->setup.opt->train.epochs;
    bool                      lacks = false;

    for (size_t i = 0; i < sizeof files / sizeof *files && !sld_trial_is_attempt(&t->io); i++) {
        char path[PATH_MAX];
        sld_run_path(t->io.dir, files[i], 0, path);
        if (!is_whole(ctx, path)) {
            lacks = true;
            sld_log(ctx, SLD_LOG_WARN, "%s: %s, and the trial is done: %s", path,
                    sld_run_has(t->io.dir, files[i]) ? "damaged" : "not there",
                    kept
                        ? "written again from the last checkpoint"
                        : "no checkpoint is left to write it from; another run.dir trains it anew");
        }
    }
    return lacks && kept;
}

/* Rank 0. The status that the folder's results tell: "" when there are none, or when a finished run is
 * to write its files again. */
static sld_status stored_status(sld_ctx *ctx, sld_trial *t, char status[32])
{
    char *told = NULL;

    SLD_TRY(sld_trial_stored(ctx, &t->io, t->setup.arena, "status", &told));
    snprintf(status, 32, "%s", told ? told : "");
    if (strcmp(status, "done") == 0 && can_restore(ctx, t)) {
        status[0] = '\0';
    }
    return SLD_OK;
}

/* Collective. A folder may hold the end already: then nothing is trained. */
static sld_status ended_before(sld_ctx *ctx, sld_trial *t, bool *ended, sld_outcome *out)
{
    char       status[32] = "";
    sld_status st = sld_comm_rank(t->setup.comm) == 0 ? stored_status(ctx, t, status) : SLD_OK;

    SLD_TRY(sld_agree(ctx, t->setup.comm, st));
    SLD_TRY(sld_comm_bcast(ctx, t->setup.comm, status, sizeof status, 0));
    *ended = strcmp(status, "done") == 0 || strcmp(status, "diverged") == 0;
    if (*ended) {
        *out = strcmp(status, "done") == 0 ? SLD_TRIAL_DONE : SLD_TRIAL_DIVERGED;
        sld_log(ctx, SLD_LOG_INFO, "trial %s in %s: %s already", t->setup.identity.id, t->io.dir,
                status);
        sld_trial_miss_kept(ctx, &t->setup, &t->io, t->setup.opt->train.epochs + 1);
    }
    return SLD_OK;
}

/* Collective. The last word: all of results.h5, the teacher's logits too. */
static sld_status publish_done(sld_ctx *ctx, sld_trial *t)
{
    if (t->setup.teacher.model && t->setup.opt->run.logits) {
        sld_log(ctx, SLD_LOG_INFO, "the teacher runs on the %zu test samples, for the report",
                t->setup.set->test.n);
        SLD_TRY(sld_trial_record_teacher(ctx, t));
    } else if (t->setup.opt->run.logits) {
        t->attempt.logits_teacher = t->setup.teacher_files.test;
    }
    SLD_TRY(sld_trial_record_features(ctx, t));
    return sld_trial_publish(ctx, t, "done");
}

/* Collective. */
static sld_status train(sld_ctx *ctx, sld_trial *t, sld_outcome *out)
{
    const int64_t epochs  = t->setup.opt->train.epochs,
                  cadence = t->setup.opt->run.checkpoint_epochs;
    sld_epoch_end end;

    while (t->state.at.epoch <= epochs) {
        SLD_TRY(sld_trial_epoch(ctx, t, &end));
        if (end == SLD_EPOCH_STOPPED) {
            sld_log(ctx, SLD_LOG_INFO,
                    "stopped at epoch %lld, step %lld; all is saved, and the same command goes on",
                    (long long)t->state.at.epoch, (long long)t->state.at.step);
            *out = SLD_TRIAL_STOPPED;
            return SLD_OK;
        }
        if (end == SLD_EPOCH_DIVERGED) {
            sld_log(ctx, SLD_LOG_ERROR, "diverged at epoch %lld, step %lld: %s not finite",
                    (long long)t->state.at.epoch, (long long)t->state.at.step, t->attempt.diverged);
            *out = SLD_TRIAL_DIVERGED;
            return sld_trial_publish(ctx, t, "diverged");
        }
        SLD_TRY(sld_trial_keep(ctx, t));
        if ((t->state.at.epoch - 1) % cadence == 0 || t->state.at.epoch > epochs) {
            SLD_TRY(sld_trial_save(ctx, t));
            SLD_TRY(t->state.at.epoch > epochs ? publish_done(ctx, t)
                                               : sld_trial_publish(ctx, t, "running"));
        }
    }
    *out = SLD_TRIAL_DONE;
    return SLD_OK;
}

/* Collective. In the folder, from where it stands. */
static sld_status run(sld_ctx *ctx, sld_trial *t, sld_outcome *out)
{
    bool ended = false, resumed = false;

    SLD_TRY(sld_trial_folder(ctx, &t->setup, &t->io));
    SLD_TRY(ended_before(ctx, t, &ended, out));
    if (ended) {
        return SLD_OK;
    }
    sld_clock_utc(t->state.started);
    SLD_TRY(sld_comm_bcast(ctx, t->setup.comm, t->state.started, sizeof t->state.started, 0));
    SLD_TRY(sld_trial_resume(ctx, t, &resumed));
    sld_trial_announce(t);
    sld_trial_miss_kept(ctx, &t->setup, &t->io, t->state.at.epoch);
    sld_times_start(ctx);
    t->attempt.start_s = t->io.saved_s = t->io.shown_s = sld_clock_s();
    if (t->state.at.epoch <= t->setup.opt->train.epochs) {
        SLD_TRY(sld_teacher_source_create(ctx, &t->setup.teacher_env, &t->setup.teacher_files,
                                          &t->attempt.source));
        if (!resumed) {
            SLD_TRY(sld_trial_publish(ctx, t, "running"));
        }
        SLD_TRY(train(ctx, t, out));
    } else { /* killed between the last checkpoint and its results */
        *out = SLD_TRIAL_DONE;
        SLD_TRY(publish_done(ctx, t));
    }
    if (*out == SLD_TRIAL_DONE) {
        sld_trial_show_end(t);
    }
    return SLD_OK;
}

sld_status sld_trial_run(sld_ctx *ctx, const sld_comm *comm, const sld_trial_params *params,
                         sld_outcome *out)
{
    sld_trial  t;
    sld_status st = sld_trial_setup(ctx, comm, params, &t);

    if (st == SLD_OK) {
        sld_trial_open_terminal(&t);
        st = run(ctx, &t, out);
        sld_trial_close_terminal(&t);
    }
    sld_trial_report_end(ctx, &t, st, *out);
    if (st != SLD_OK && !ctx->err.agreed) {
        return st; /* this rank alone: to take things down together is no longer possible */
    }
    sld_trial_leave_folder(ctx, &t.io);
    sld_trial_teardown(&t);
    return st;
}
