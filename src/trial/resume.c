/* resume.c: which checkpoint a trial goes on from: the newest that can be read and that is one of this
 * trial. Logits, which follow from its weights, are made again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

/* ---- as it began, before a checkpoint was read that turned out to be damaged ---- */

typedef struct beginning {
    sld_state state;
    float    *values; /* (all tensors) owned */
    float     parameter[2];
} beginning;

static sld_status keep_beginning(sld_ctx *ctx, const sld_trial *t, beginning *b)
{
    const size_t bytes = sld_model_floats(t->state.student) * sizeof(float);

    *b = (beginning){.state = t->state, .values = malloc(bytes)};
    if (!b->values) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu bytes of weights", bytes);
    }
    sld_model_copy_out(t->state.student, b->values);
    if (t->state.parameter) {
        memcpy(b->parameter, t->state.parameter, sizeof b->parameter);
    }
    return SLD_OK;
}

static sld_status begin_again(sld_ctx *ctx, sld_trial *t, const beginning *b)
{
    t->state = b->state;
    sld_model_copy_in(t->state.student, b->values);
    memset(t->state.momentum, 0, sld_model_trained_count(t->state.student) * sizeof(float));
    if (t->state.parameter) {
        memcpy(t->state.parameter, b->parameter, sizeof b->parameter);
    }
    sld_trial_forget_label_p(t);
    return sld_learner_refresh(ctx, t->setup.learner);
}

/* ---- the newest that can be read ---- */

/* Damage is no end while an older checkpoint is left. */
static void pass_over(sld_ctx *ctx)
{
    sld_log(ctx, SLD_LOG_WARN, "%s; this checkpoint is passed over; move it away", ctx->err.msg);
    sld_err_clear(ctx);
}

/* Rank 0. The path of the next one from *i on that can be opened; "": there is none. */
static sld_status next_open(sld_ctx *ctx, const char *run, const sld_ckpt_list *all, size_t *i,
                            char path[PATH_MAX])
{
    sld_doc *doc = NULL;

    for (path[0] = '\0'; *i < all->n; ++*i) {
        sld_ckpt_path(run, &all->at[*i], path);
        const sld_status st = sld_doc_open(ctx, path, &doc);
        sld_doc_close(doc);
        /* What a newer sld wrote, or what cannot be opened now, is not to be trained over. */
        if (st != SLD_ERR_DATA) {
            ++*i;
            return st;
        }
        pass_over(ctx);
        path[0] = '\0';
    }
    return SLD_OK;
}

/* Collective. Reads them, the newest first, until one is good. all: on rank 0. */
static sld_status load_one_of(sld_ctx *ctx, sld_trial *t, const sld_ckpt_list *all,
                              const beginning *b, bool *resumed)
{
    const sld_comm *comm  = t->setup.comm;
    const bool      first = sld_comm_rank(comm) == 0;
    char            path[PATH_MAX];
    size_t          i = 0;

    while (!*resumed) {
        path[0] = '\0';
        SLD_TRY(sld_agree(ctx, comm, first ? next_open(ctx, t->io.dir, all, &i, path) : SLD_OK));
        SLD_TRY(sld_comm_bcast(ctx, comm, path, sizeof path, 0));
        if (!path[0]) {
            return SLD_OK;
        }
        sld_status st = sld_agree(ctx, comm, sld_trial_load(ctx, t, path));
        if (st == SLD_ERR_DATA) {
            pass_over(ctx);
            st = sld_agree(ctx, comm, begin_again(ctx, t, b));
        } else {
            *resumed = st == SLD_OK;
        }
        SLD_TRY(st);
    }
    return SLD_OK;
}

static sld_status none_is_good(sld_ctx *ctx, const sld_io *io)
{
    if (sld_trial_is_attempt(io)) { /* nobody is there to decide; the bits are the same */
        sld_log(ctx, SLD_LOG_WARN, "%s: no checkpoint can be read; the trial starts anew", io->dir);
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_IO,
                    "%s: no checkpoint can be read (see the warnings above); move ckpt-*.h5 away "
                    "to start anew",
                    io->dir);
}

/* Collective. */
static sld_status load_newest(sld_ctx *ctx, sld_trial *t, bool *resumed)
{
    const bool    first = sld_comm_rank(t->setup.comm) == 0;
    beginning     b     = {.values = NULL};
    sld_ckpt_list all   = {0};
    sld_status    st    = first ? sld_ckpt_list_read(ctx, t->io.dir, &all) : SLD_OK;

    if (st == SLD_OK) {
        st = keep_beginning(ctx, t, &b);
    }
    st = sld_agree(ctx, t->setup.comm, st);
    if (st == SLD_OK) {
        st = load_one_of(ctx, t, &all, &b, resumed);
    }
    if (st == SLD_OK && !*resumed) {
        st = sld_agree(ctx, t->setup.comm, all.n > 0 ? none_is_good(ctx, &t->io) : SLD_OK);
    }
    sld_ckpt_list_free(&all);
    free(b.values);
    return st;
}

/* ---- what follows from its weights ---- */

/* Collective. The logits of the best epoch follow from its weights. */
static sld_status best_logits(sld_ctx *ctx, sld_trial *t)
{
    const size_t bytes = sld_model_floats(t->state.student) * sizeof(float);
    float       *held  = malloc(bytes);
    sld_status   st =
        held ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu bytes of weights", bytes);

    if (st == SLD_OK) {
        sld_model_copy_out(t->state.student, held);
        sld_model_copy_in(t->state.student, t->state.best);
        st = sld_infer_refresh(ctx, t->setup.eval);
        sld_model_copy_in(t->state.student, held);
    }
    free(held);
    SLD_TRY(sld_agree(ctx, t->setup.comm, st));
    const sld_eval_set on_test = sld_trial_test_set(t);
    return sld_evaluate(ctx, t->setup.comm, t->setup.eval, &on_test, t->attempt.logits_best);
}

/* Collective. The logits of the last finished epoch are known only when no step was made after it.
 */
static sld_status last_logits(sld_ctx *ctx, sld_trial *t)
{
    SLD_TRY(sld_agree(ctx, t->setup.comm, sld_infer_refresh(ctx, t->setup.eval)));
    const sld_eval_set on_test = sld_trial_test_set(t);
    SLD_TRY(sld_evaluate(ctx, t->setup.comm, t->setup.eval, &on_test, t->attempt.logits_last));
    return sld_trial_evaluate_val(ctx, t);
}

sld_status sld_trial_resume(sld_ctx *ctx, sld_trial *t, bool *resumed)
{
    *resumed = false;
    sld_enter(ctx, SLD_PHASE_RESUME);
    SLD_TRY(load_newest(ctx, t, resumed));
    if (!*resumed) {
        return SLD_OK;
    }
    if (t->state.best_epoch > 0) {
        SLD_TRY(best_logits(ctx, t));
    }
    return t->state.at.epoch > 1 && t->state.at.step == 0 ? last_logits(ctx, t) : SLD_OK;
}
