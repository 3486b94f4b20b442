/* trial.c: a trial from start or resume to its end. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

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
    SLD_TRY(sld_trial_ended_before(ctx, t, &ended, out));
    if (ended) {
        return SLD_OK;
    }
    SLD_TRY(sld_trial_tell_dropped(ctx, t));
    SLD_TRY(sld_trial_write_config(ctx, t));
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

    *out = SLD_TRIAL_STOPPED;
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
