/* progress.c: what a person sees of a trial: one line per event, on a terminal a live line too. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "trial.h"

static void duration(double s, char text[64])
{
    const long long t = isfinite(s) && s > 0 ? llround(s) : 0;
    snprintf(text, 64, "%lld:%02lld:%02lld", t / 3600, t / 60 % 60, t % 60);
}

/* Seconds to the end at the pace of this attempt. */
static double remaining(const sld_trial *t)
{
    const int64_t per_epoch = sld_loader_steps(t->loader);
    const int64_t done      = (t->at.epoch - 1) * per_epoch + t->at.step;
    const int64_t left      = t->opt->train.epochs * per_epoch - done;

    return (sld_clock_s() - t->attempt_s) / (double)(t->attempt_steps ? t->attempt_steps : 1) *
           (double)left;
}

void sld_trial_announce(sld_trial *t)
{
    const sld_options *opt = t->opt;
    sld_ctx           *ctx = t->ctx;

    sld_log(ctx, SLD_LOG_INFO, "trial %s in %s: %s, student %s%s%s, %s, seed %lld", t->id, t->dir,
            opt->top.method, opt->student.network, t->teacher.model ? ", teacher " : "",
            t->teacher.model ? t->teacher.info.network : "", t->set->name,
            (long long)opt->top.seed);
    sld_log(ctx, SLD_LOG_INFO,
            "%zu training, %zu validation, %zu test samples; batch %lld in %lld shards on %d ranks",
            t->subset->n_train, t->subset->n_val, t->set->test.n, (long long)opt->train.batch,
            (long long)opt->parallel.shards, sld_dist_size(t->dist));
    if (t->at.epoch > 1 || t->at.step > 0) {
        sld_log(ctx, SLD_LOG_INFO, "resumed at epoch %lld, step %lld", (long long)t->at.epoch,
                (long long)t->at.step);
    }
}

void sld_trial_show_step(sld_trial *t)
{
    const double now = sld_clock_s();
    char         eta[64];

    if (t->ctx->rank != 0 || !t->terminal || now - t->shown_s < 0.25) {
        return;
    }
    const int            first = t->views[SLD_WEAK] ? SLD_WEAK : SLD_STRONG;
    const sld_objective *o     = sld_learner_objective(t->learner);
    const sld_view_sums *sums  = &t->open[first];

    duration(remaining(t), eta);
    fprintf(stderr, "\r\033[Kepoch %lld/%lld step %lld/%lld", (long long)t->at.epoch,
            (long long)t->opt->train.epochs, (long long)t->at.step,
            (long long)sld_loader_steps(t->loader));
    for (size_t i = 0; i < sld_objective_terms(o); i++) {
        fprintf(stderr, "  %s %.3f", sld_objective_term_name(o, i), sums->loss[i] / sums->rows);
    }
    fprintf(stderr, "  top-1 %.1f %%  %.0f samples/s  ETA %s", 100.0 * sums->hits / sums->rows,
            sums->rows / t->open_seconds, eta);
    fflush(stderr);
    t->ctx->live_line = true;
    t->shown_s        = now;
}

void sld_trial_show_epoch(sld_trial *t)
{
    const sld_history *h     = &t->history;
    const size_t       epoch = h->n_epochs;
    char               eta[64];

    duration(remaining(t), eta);
    sld_log(t->ctx, SLD_LOG_INFO,
            "epoch %zu/%lld lr %g loss %.4f train %.2f %% test %.2f %% (best %.2f %% in %lld) %.0f "
            "samples/s ETA %s",
            epoch, (long long)t->opt->train.epochs, sld_history_get(h, "lr", epoch),
            sld_history_get(h, "loss_total", epoch), sld_history_get(h, "top1_train", epoch),
            sld_history_get(h, "top1_test", epoch), t->best_top1, (long long)t->best_epoch,
            sld_history_get(h, "samples_per_second", epoch), eta);
}
