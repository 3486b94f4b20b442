/* record.c: what an epoch leaves: its row of the history, the logits on test, the best so far. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "parts.h"

void sld_trial_columns(sld_trial *t)
{
    const sld_objective *o = sld_learner_objective(t->setup.learner);
    sld_history         *h = &t->state.history;

    sld_history_column(h, "1", "lr");
    sld_history_column(h, "1", "loss_total");
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (!t->setup.views[v]) {
            continue;
        }
        for (size_t i = 0; i < sld_objective_terms(o); i++) {
            sld_history_column(h, "1", "loss_%s_%s", sld_objective_term_name(o, i),
                               sld_view_name[v]);
            sld_history_column(h, "1", "grad_norm_%s_%s", sld_objective_term_name(o, i),
                               sld_view_name[v]);
        }
        sld_history_column(h, "1", "swapped_teacher_%s", sld_view_name[v]);
        sld_history_column(h, "1", "swapped_student_%s", sld_view_name[v]);
    }
    sld_history_column(h, "1", "lss_active");
    if (sld_objective_trains(o)) {
        sld_history_column(h, "1", "temperature");
    }
    sld_history_column(h, "percent", "top1_train");
    sld_history_column(h, "percent", "top5_train");
    if (t->setup.labels) {
        sld_history_column(h, "percent", "top1_train_true");
    }
    if (t->setup.subset->n_val > 0) {
        sld_history_column(h, "percent", "top1_val");
        sld_history_column(h, "percent", "top5_val");
        sld_history_column(h, "1", "loss_val");
    }
    sld_history_column(h, "percent", "top1_test");
    sld_history_column(h, "percent", "top5_test");
    sld_history_column(h, "1", "loss_test");
    sld_history_column(h, "s", "seconds");
    sld_history_column(h, "1/s", "samples_per_second");
}

/* What was not computed on a view in an epoch has no value: the loss of a term without a weight, and
 * the rows that a teacher gets wrong whom no term asked. */
static void blank_absent(sld_trial *t, int view, size_t epoch)
{
    const sld_objective *o = sld_learner_objective(t->setup.learner);

    for (size_t i = 0; i < sld_objective_terms(o); i++) {
        if (sld_objective_weight(o, i, view, (int64_t)epoch) == 0.0) {
            sld_history_blank(&t->state.history, epoch, "loss_%s_%s", sld_objective_term_name(o, i),
                              sld_view_name[view]);
        }
    }
    if (!sld_objective_needs_teacher(o, view, (int64_t)epoch)) {
        sld_history_blank(&t->state.history, epoch, "swapped_teacher_%s", sld_view_name[view]);
    }
}

void sld_trial_blank_history(sld_trial *t)
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        for (size_t e = 1; t->setup.views[v] && e <= t->state.history.n_epochs; e++) {
            blank_absent(t, v, e);
        }
    }
}

static void record_view(sld_trial *t, int view)
{
    const sld_objective *o    = sld_learner_objective(t->setup.learner);
    const sld_view_sums *sums = &t->state.open[view];
    const double         rows = sums->rows, steps = (double)t->state.open_steps;

    for (size_t i = 0; i < sld_objective_terms(o); i++) {
        const char *term = sld_objective_term_name(o, i);
        sld_history_set(&t->state.history, sums->loss[i] / rows, "loss_%s_%s", term,
                        sld_view_name[view]);
        sld_history_set(&t->state.history, sqrt(sums->grad_sq[i] / steps), "grad_norm_%s_%s", term,
                        sld_view_name[view]);
    }
    sld_history_set(&t->state.history, sums->swapped_teacher / rows, "swapped_teacher_%s",
                    sld_view_name[view]);
    sld_history_set(&t->state.history, sums->swapped_student / rows, "swapped_student_%s",
                    sld_view_name[view]);
    blank_absent(t, view, (size_t)t->state.at.epoch);
}

static void record_training(sld_trial *t, double seconds)
{
    const int64_t        epoch = t->state.at.epoch;
    const sld_objective *o     = sld_learner_objective(t->setup.learner);
    const int            first = t->setup.views[SLD_WEAK] ? SLD_WEAK : SLD_STRONG;
    double               total = 0.0, lss = 0.0;

    sld_history_set(&t->state.history, sld_learning_rate(t->setup.opt, epoch), "lr");
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (!t->setup.views[v]) {
            continue;
        }
        record_view(t, v);
        total += t->state.open[v].total / t->state.open[v].rows;
        for (size_t i = 0; i < sld_objective_terms(o); i++) {
            lss += strcmp(sld_objective_term_name(o, i), "lss") == 0
                       ? sld_objective_weight(o, i, v, epoch)
                       : 0.0;
        }
    }
    const double rows = t->state.open[first].rows;
    sld_history_set(&t->state.history, total, "loss_total");
    sld_history_set(&t->state.history, lss > 0.0, "lss_active");
    if (sld_objective_trains(o)) {
        sld_history_set(&t->state.history, sld_objective_temperature(o), "temperature");
    }
    sld_history_set(&t->state.history, 100.0 * t->state.open[first].hits / rows, "top1_train");
    sld_history_set(&t->state.history, 100.0 * t->state.open[first].hits5 / rows, "top5_train");
    if (t->setup.labels) {
        sld_history_set(&t->state.history, 100.0 * t->state.open[first].hits_true / rows,
                        "top1_train_true");
    }
    sld_history_set(&t->state.history, seconds, "seconds");
    sld_history_set(&t->state.history, rows / seconds, "samples_per_second");
}

static void record_split(sld_trial *t, const char *split, const sld_metrics *m)
{
    sld_history_set(&t->state.history, m->top1, "top1_%s", split);
    sld_history_set(&t->state.history, m->top5, "top5_%s", split);
    sld_history_set(&t->state.history, m->loss, "loss_%s", split);
}

sld_eval_set sld_trial_test_set(const sld_trial *t)
{
    return (sld_eval_set){.set    = t->setup.set,
                          .images = &t->setup.set->test,
                          .n      = t->setup.set->test.n,
                          .chunk  = t->setup.images};
}

sld_status sld_trial_evaluate_val(sld_ctx *ctx, sld_trial *t)
{
    const sld_dataset *set = t->setup.set;
    const sld_subset  *sub = t->setup.subset;
    const sld_eval_set in  = {set, &set->train, sub->val, sub->n_val, t->setup.images};

    for (size_t i = 0; i < sub->n_val; i++) {
        t->setup.labels_val[i] = set->train.labels[sub->val[i]];
    }
    return sub->n_val > 0
               ? sld_evaluate(ctx, t->setup.comm, t->setup.eval, &in, t->setup.logits_val)
               : SLD_OK;
}

/* Collective. Logits and metrics of the test set into logits_last, and of the validation split. */
static sld_status evaluate(sld_ctx *ctx, sld_trial *t, sld_metrics *test, sld_metrics *val)
{
    const sld_dataset *set = t->setup.set;

    sld_enter(ctx, SLD_PHASE_EVALUATE);
    SLD_TRY(sld_agree(ctx, t->setup.comm, sld_infer_refresh(ctx, t->setup.eval)));
    const sld_eval_set on_test = sld_trial_test_set(t);
    SLD_TRY(sld_evaluate(ctx, t->setup.comm, t->setup.eval, &on_test, t->attempt.logits_last));
    *test = sld_metrics_of(t->attempt.logits_last, set->test.labels, set->test.n, set->K);
    SLD_TRY(sld_trial_evaluate_val(ctx, t));
    *val = sld_metrics_of(t->setup.logits_val, t->setup.labels_val, t->setup.subset->n_val, set->K);
    return SLD_OK;
}

/* The public code keeps the maximum on test, ties overwrite; a validation split takes its place. */
static void keep_best(sld_trial *t, double top1)
{
    if (t->state.best_epoch > 0 && top1 < t->state.best_top1) {
        return;
    }
    t->state.best_epoch = t->state.at.epoch;
    t->state.best_top1  = top1;
    sld_model_copy_out(t->state.student, t->state.best);
    memcpy(t->attempt.logits_best, t->attempt.logits_last,
           t->setup.set->test.n * t->setup.set->K * sizeof(float));
}

static const char *not_finite(const sld_trial *t, const sld_metrics *test, const sld_metrics *val)
{
    const size_t n = t->setup.set->test.n * t->setup.set->K;

    return !sld_all_finite(t->attempt.logits_last, n) || !isfinite(test->loss)
               ? "the loss on test is"
           : !isfinite(val->loss) ? "the loss on val is"
                                  : NULL;
}

sld_status sld_trial_record(sld_ctx *ctx, sld_trial *t, double seconds)
{
    sld_metrics test = {0}, val = {0};

    t->attempt.diverged = sld_learner_not_finite(t->setup.learner);
    if (t->attempt.diverged) {
        return SLD_OK;
    }
    record_training(t, seconds);
    SLD_TRY(evaluate(ctx, t, &test, &val));
    t->attempt.diverged = not_finite(t, &test, &val);
    if (t->attempt.diverged) {
        return SLD_OK;
    }
    record_split(t, "test", &test);
    if (t->setup.subset->n_val > 0) {
        record_split(t, "val", &val);
    }
    keep_best(t, t->setup.best_on_val ? val.top1 : test.top1);
    t->state.history.n_epochs++;
    return SLD_OK;
}

sld_status sld_trial_record_teacher(sld_ctx *ctx, sld_trial *t)
{
    const sld_dataset *set = t->setup.set;

    SLD_TRY(sld_agree(ctx, t->setup.comm,
                      sld_arena_alloc(ctx, t->setup.arena, set->test.n * set->K * sizeof(float),
                                      (void **)&t->attempt.logits_teacher)));
    const sld_eval_set on_test = sld_trial_test_set(t);
    return sld_evaluate(ctx, t->setup.comm, sld_learner_teacher(t->setup.learner), &on_test,
                        t->attempt.logits_teacher);
}

sld_status sld_trial_record_features(sld_ctx *ctx, sld_trial *t)
{
    const sld_dataset *set = t->setup.set;
    const size_t       F   = sld_infer_feature_count(t->setup.eval);

    if (t->setup.opt->run.features == SLD_FEATURES_NONE) {
        return SLD_OK;
    }
    SLD_TRY(sld_agree(ctx, t->setup.comm,
                      sld_arena_alloc(ctx, t->setup.arena, set->test.n * F * sizeof(float),
                                      (void **)&t->attempt.features)));
    SLD_TRY(sld_agree(ctx, t->setup.comm, sld_infer_refresh(ctx, t->setup.eval)));
    const sld_eval_set on_test = sld_trial_test_set(t);
    return sld_evaluate_features(ctx, t->setup.comm, t->setup.eval, &on_test, t->attempt.features);
}

void sld_trial_result_text(const sld_trial *t, char *text, size_t n)
{
    const sld_history *h = &t->state.history;

    snprintf(text, n, "top-1 on test %.2f %% last, %.2f %% in epoch %lld, the best on %s",
             sld_history_get(h, "top1_test", h->n_epochs),
             sld_history_get(h, "top1_test", (size_t)t->state.best_epoch),
             (long long)t->state.best_epoch, t->setup.best_on_val ? "validation" : "test");
}
