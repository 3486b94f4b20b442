/* label_p.c: the probability that the student gives the label of each training sample, in each epoch,
 * where run.label_p asks for it: what dataset cartography is made of. */
#include <math.h>

#include "parts.h"

#define TRAIN_AXIS "/train_sample"

static size_t epochs_of(const sld_trial *t)
{
    return (size_t)t->setup.opt->train.epochs;
}

sld_status sld_trial_make_label_p(sld_ctx *ctx, sld_trial *t)
{
    sld_setup   *s = &t->setup;
    const size_t n = s->set->train.n * epochs_of(t);

    if (!s->opt->run.label_p) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, s->arena, s->batch_rows[0] * sizeof *t->attempt.label_rows,
                            (void **)&t->attempt.label_rows));
    if (sld_comm_rank(s->comm) != 0) {
        return SLD_OK;
    }
    SLD_TRY(
        sld_arena_alloc(ctx, s->arena, n * sizeof *t->state.label_p, (void **)&t->state.label_p));
    sld_trial_forget_label_p(t);
    return SLD_OK;
}

void sld_trial_forget_label_p(sld_trial *t)
{
    const size_t n = t->setup.set->train.n * epochs_of(t);

    for (size_t i = 0; t->state.label_p && i < n; i++) {
        t->state.label_p[i] = NAN;
    }
}

sld_status sld_trial_record_label_p(sld_ctx *ctx, sld_trial *t, const sld_step_input *in)
{
    sld_learner   *l    = t->setup.learner;
    sld_label_row *rows = t->attempt.label_rows;
    const size_t   K = t->setup.set->K, E = epochs_of(t);
    const float   *z = sld_learner_student_logits(l, SLD_WEAK);

    if (!rows) {
        return SLD_OK;
    }
    const sld_range mine = sld_learner_rows(l, in->tree);
    z                    = z ? z : sld_learner_student_logits(l, SLD_STRONG);
    for (size_t i = 0; i < mine.end - mine.begin; i++) {
        rows[mine.begin + i] = (sld_label_row){
            .sample = in->sample[i],
            .p      = (float)exp(-sld_cross_entropy(z + i * K, (size_t)in->labels[i], K))};
    }
    SLD_TRY(sld_learner_gather(ctx, l, in->tree, rows, sizeof *rows));
    for (size_t i = 0; t->state.label_p && i < t->setup.batch_rows[in->tree]; i++) {
        t->state.label_p[rows[i].sample * E + (size_t)in->epoch - 1] = rows[i].p;
    }
    return SLD_OK;
}

sld_status sld_trial_save_label_p(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    const size_t dims[2] = {t->setup.set->train.n, epochs_of(t)};

    return t->state.label_p ? sld_doc_put(ctx, doc, "/label_p", SLD_F16, 2, dims, t->state.label_p)
                            : SLD_OK;
}

/* A checkpoint of before the option was set has none: what was trained until then stays NaN. */
sld_status sld_trial_load_label_p(sld_ctx *ctx, sld_trial *t, sld_doc *doc)
{
    const size_t n = t->setup.set->train.n * epochs_of(t);

    if (!t->state.label_p) {
        return SLD_OK;
    }
    if (sld_doc_has(doc, "/label_p")) {
        return sld_doc_get(ctx, doc, "/label_p", SLD_F16, n, t->state.label_p);
    }
    if (t->state.at.epoch > 1 || t->state.at.step > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "run.label_p: nothing was recorded before epoch %lld, step %lld, where this start "
                "goes on; /train/label_p will hold NaN there; another run.dir records all epochs",
                (long long)t->state.at.epoch, (long long)t->state.at.step);
    }
    return SLD_OK;
}

sld_status sld_trial_put_label_p(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    static const char *const axes[] = {TRAIN_AXIS, "/epoch/epoch"};
    const sld_dataset       *set    = t->setup.set;

    if (!t->state.label_p || t->state.history.n_epochs != epochs_of(t)) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_axis(ctx, doc, TRAIN_AXIS, 0, set->train.n));
    SLD_TRY(sld_doc_put_on_axes(ctx, doc, "/train/label_p", SLD_F16, 2, axes, t->state.label_p));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/train/label_p", "units", "1"));
    return sld_doc_put_on_axes(ctx, doc, "/labels/train", SLD_I32, 1, axes,
                               t->setup.labels ? t->setup.labels : set->train.labels);
}
