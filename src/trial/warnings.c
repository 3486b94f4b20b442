/* warnings.c: what an experiment may be and is rarely meant to be: one warning each. */
#include <string.h>

#include "parts.h"
#include "sld/store_large.h"

/* With two classes the non-target class is one alone, and standardised logits are +1 and -1. */
static void warn_two_classes(sld_ctx *ctx, const sld_dataset *set, const sld_objective_params *o)
{
    const bool  kd = o->kd.weight[SLD_WEAK] > 0 || o->kd.weight[SLD_STRONG] > 0;
    const char *what =
        o->zscore                         ? "standardised logits (zscore) are +1 and -1"
        : !kd                             ? NULL
        : o->loss == SLD_TEACHER_LOSS_DKD ? "the non-target part of dkd, kd.loss, is 0"
        : o->loss == SLD_TEACHER_LOSS_NKD ? "the non-target part of nkd, kd.loss, is 0"
                                          : NULL;

    if (set->K == 2 && what) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s has two classes: %s whatever the teacher says, so the term carries next to "
                "nothing; choose method kd or sld",
                set->name, what);
    }
}

static void warn_noise(sld_ctx *ctx, const sld_setup *s)
{
    const sld_subset *subset = s->subset;

    for (size_t i = 0; s->labels && i < subset->n_train; i++) {
        const uint32_t sample = subset->train[i];
        if (s->labels[sample] != s->set->train.labels[sample]) {
            return;
        }
    }
    if (s->labels) {
        sld_log(ctx, SLD_LOG_WARN,
                "data.label_noise: %.15g changes the label of none of the %zu samples that are "
                "trained on: it changes nothing, but with it the ID is another",
                s->opt->data.label_noise, subset->n_train);
    }
}

static void warn_single_sample(sld_ctx *ctx, const sld_setup *s, const sld_model *student)
{
    const size_t last = s->batch_rows[1] > 0 ? s->batch_rows[1] : s->batch_rows[0];

    if (last == 1 && sld_model_norms_points(student)) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "the last batch of an epoch holds one sample, and %s has batch norms on maps of 1 x "
            "1: each sees one value, which becomes its bias alone; choose another train.batch",
            s->opt->student.network);
    }
}

/* Weights of an epoch before a run diverged are finite, and no sign of what became of it. True: they
 * are. */
static bool warn_diverged_teacher(sld_ctx *ctx, const sld_setup *s)
{
    const char *weights = s->opt->teacher.weights, *slash = strrchr(weights, '/'), *status = NULL;
    char        folder[PATH_MAX], path[PATH_MAX];
    sld_doc    *doc      = NULL;
    bool        diverged = false;

    if (!s->teacher.model || ctx->rank != 0) {
        return false;
    }
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - weights) : 1,
             slash ? weights : ".");
    sld_run_path(folder, SLD_RUN_RESULTS, 0, path);
    if (sld_run_has(folder, SLD_RUN_RESULTS) && sld_doc_open_file(ctx, path, &doc) == SLD_OK &&
        sld_doc_has_attr(doc, "/", "status") &&
        sld_doc_get_attr_text(ctx, doc, "/", "status", &status) == SLD_OK &&
        strcmp(status, "diverged") == 0) {
        diverged = true;
        sld_log(ctx, SLD_LOG_WARN,
                "teacher.weights: %s: its run has diverged since (%s); these weights are of an "
                "epoch before",
                weights, path);
    }
    sld_doc_close(doc);
    sld_err_clear(ctx);
    return diverged;
}

/* Those of a sweep are told by the sweep, once for each file and not by each of its trials. */
static void warn_of_weights(sld_ctx *ctx, const sld_setup *s, bool diverged)
{
    sld_data_origin data = {0};

    if (s->opt->run.attempt > 0) {
        return;
    }
    sld_data_origin_of(s->set, &data);
    if (s->teacher.model) {
        sld_weights_warn(ctx, "teacher.weights", s->opt->teacher.weights, &data, diverged);
    }
    if (s->start.model) {
        sld_weights_warn(ctx, "student.weights", s->opt->student.weights, &data, false);
    }
}

/* Validation is to say how a network does on samples that it does not know. */
static void warn_known(sld_ctx *ctx, const sld_setup *s, const char *key, const char *path,
                       const sld_model_file *file)
{
    sld_trained_on run;
    sld_ctx        quiet;

    sld_ctx_init(&quiet);
    if (!file->model || s->subset->n_val == 0 ||
        sld_weights_trained_on(&quiet, path, file, s->set, s->subset->val, s->subset->n_val,
                               &run) != SLD_OK ||
        run.n == 0) {
        return;
    }
    sld_log(ctx, SLD_LOG_WARN,
            "%s: %s: its run trained on %zu of the %zu samples that are validation here: what "
            "this run has on validation is too good; %s",
            key, path, run.n, s->subset->n_val,
            run.held_out ? "give all runs the same data.val_fraction, data.train_fraction, "
                           "data.per_class and data.split_seed"
                         : "give weights of a run that held them out too, by data.val_fraction");
}

void sld_trial_warn(sld_ctx *ctx, const sld_setup *s, const sld_model *student,
                    const sld_objective_params *objective)
{
    warn_of_weights(ctx, s, warn_diverged_teacher(ctx, s));
    warn_known(ctx, s, "teacher.weights", s->opt->teacher.weights, &s->teacher);
    warn_known(ctx, s, "student.weights", s->opt->student.weights, &s->start);
    warn_two_classes(ctx, s->set, objective);
    warn_noise(ctx, s);
    warn_single_sample(ctx, s, student);
}
