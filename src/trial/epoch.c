/* epoch.c: the steps of an epoch. */
#include "parts.h"

static void add_sums(sld_view_sums *sums, const sld_view_sums *step)
{
    for (size_t i = 0; i < SLD_MAX_TERMS; i++) {
        sums->loss[i] += step->loss[i];
        sums->grad_sq[i] += step->grad_sq[i];
    }
    sums->total += step->total;
    sums->hits += step->hits;
    sums->hits5 += step->hits5;
    sums->hits_true += step->hits_true;
    sums->swapped_teacher += step->swapped_teacher;
    sums->swapped_student += step->swapped_student;
    sums->rows += step->rows;
}

/* Which of the learner's trees a step takes. */
static size_t tree_of(const sld_setup *s, int64_t step)
{
    return sld_loader_rows(s->loader, step) == s->batch_rows[0] ? 0 : 1;
}

static sld_status load(sld_ctx *ctx, sld_trial *t, int64_t step, sld_batch *out)
{
    const sld_range mine = sld_learner_rows(t->setup.learner, tree_of(&t->setup, step));
    return sld_loader_next(ctx, t->setup.loader, t->state.at.epoch, step, mine, out);
}

/* Local. This step's batch and, where the epoch goes on, the next one's: its teacher may begin. */
static sld_status load_two(sld_ctx *ctx, sld_trial *t, sld_batch *now)
{
    *now            = t->attempt.next;
    t->attempt.next = (sld_batch){0};
    if (!now->sample) {
        SLD_TRY(load(ctx, t, t->state.at.step, now));
    }
    return t->state.at.step + 1 < sld_loader_steps(t->setup.loader)
               ? load(ctx, t, t->state.at.step + 1, &t->attempt.next)
               : SLD_OK;
}

/* Collective, once a loss is not finite. A teacher whose logits are not is the cause, on whatever rank. */
static sld_status blame_teacher(sld_ctx *ctx, sld_trial *t, size_t tree)
{
    const sld_learner *l    = t->setup.learner;
    const sld_range    mine = sld_learner_rows(l, tree);
    int                bad  = 0;

    for (int v = 0; v < SLD_VIEWS; v++) {
        const float *z = sld_learner_teacher_logits(l, v);
        bad |= z && !sld_all_finite(z, (mine.end - mine.begin) * t->setup.set->K);
    }
    SLD_TRY(sld_agree_request(ctx, t->setup.comm, SLD_OK, &bad));
    if (bad) {
        t->attempt.diverged = "the teacher's logits are";
        sld_log(ctx, SLD_LOG_ERROR,
                "%s: expected finite logits of the teacher on train; its weights, mean or std are "
                "out of bounds",
                t->setup.teacher.model ? t->setup.opt->teacher.weights
                                       : t->setup.opt->teacher.logits_files);
    }
    return SLD_OK;
}

/* Collective. One batch: load, agree, learn, add up. *request: what was agreed; nothing is learned
 * on STOP. */
static sld_status run_step(sld_ctx *ctx, sld_trial *t, int *request, bool *finite)
{
    sld_batch       batch;
    sld_step_output out;

    sld_enter(ctx, SLD_PHASE_BATCH);
    *request      = sld_trial_ask(t);
    sld_status st = load_two(ctx, t, &batch);
    if (st == SLD_OK && sld_fault(ctx, "step")) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "a fault was asked for by SLD_FAIL_AT");
    }
    SLD_TRY(sld_agree_request(ctx, t->setup.comm, st, request));
    if (*request >= SLD_ASK_SAVE && t->attempt.steps > 0) {
        SLD_TRY(sld_trial_save(ctx, t));
    }
    if (*request == SLD_ASK_STOP) {
        return SLD_OK;
    }

    const sld_step_input in = {
        .tree           = tree_of(&t->setup, t->state.at.step),
        .view           = {batch.view[SLD_WEAK], batch.view[SLD_STRONG]},
        .teacher_logits = {sld_teacher_source_rows(t->attempt.source, SLD_WEAK, &batch),
                           sld_teacher_source_rows(t->attempt.source, SLD_STRONG, &batch)},
        .labels         = batch.labels,
        .truth          = batch.truth,
        .sample         = batch.sample,
        .epoch          = t->state.at.epoch,
        .lr             = sld_learning_rate(t->setup.opt, t->state.at.epoch),
        .next_tree      = t->attempt.next.sample ? tree_of(&t->setup, t->state.at.step + 1) : 0,
        .next_view      = {t->attempt.next.view[SLD_WEAK], t->attempt.next.view[SLD_STRONG]}};
    SLD_TRY(sld_learner_step(ctx, t->setup.learner, &in, &out));
    for (int v = 0; v < SLD_VIEWS; v++) {
        add_sums(&t->state.open[v], &out.sums[v]);
    }
    *finite             = out.finite;
    t->attempt.diverged = out.what;
    SLD_TRY(out.finite ? sld_trial_record_label_p(ctx, t, &in) : blame_teacher(ctx, t, in.tree));
    t->state.open_steps++;
    t->attempt.steps++;
    t->state.at.step++;
    return SLD_OK;
}

sld_status sld_trial_epoch(sld_ctx *ctx, sld_trial *t, sld_epoch_end *end)
{
    const int64_t steps   = sld_loader_steps(t->setup.loader);
    const double  before  = t->state.open_seconds;
    const double  start_s = sld_clock_s();
    bool          finite  = true, stop;
    int           request;

    SLD_TRY(sld_teacher_source_epoch(ctx, t->attempt.source, t->state.at.epoch, &stop));
    if (stop) {
        *end = SLD_EPOCH_STOPPED;
        return t->attempt.steps > 0 ? sld_trial_save(ctx, t) : SLD_OK;
    }
    while (t->state.at.step < steps) {
        SLD_TRY(run_step(ctx, t, &request, &finite));
        if (request == SLD_ASK_STOP || !finite) {
            *end = request == SLD_ASK_STOP ? SLD_EPOCH_STOPPED : SLD_EPOCH_DIVERGED;
            return SLD_OK;
        }
        t->state.open_seconds = before + sld_clock_s() - start_s;
        sld_trial_show_step(t);
    }
    SLD_TRY(sld_trial_record(ctx, t, t->state.open_seconds));
    if (t->attempt.diverged) {
        *end = SLD_EPOCH_DIVERGED;
        return SLD_OK;
    }
    sld_trial_show_epoch(t);

    t->state.at           = (sld_position){.epoch = t->state.at.epoch + 1, .step = 0};
    t->state.open_steps   = 0;
    t->state.open_seconds = 0.0;
    for (int v = 0; v < SLD_VIEWS; v++) {
        t->state.open[v] = (sld_view_sums){0};
    }
    *end = SLD_EPOCH_DONE;
    return SLD_OK;
}
