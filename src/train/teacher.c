/* teacher.c: the teacher's logits of the open epoch in memory, one copy per machine, and from them
 * the rows of a step. */
#include <string.h>

#include "teacher.h"

struct sld_teacher_source {
    sld_teacher_store *store;  /* NULL: from files */
    uint32_t          *row_of; /* (set->train.n) row of a sample */
    sld_shared        *shared[SLD_VIEWS];
    float             *rows[SLD_VIEWS];  /* (n,K) in shared; NULL: never wanted */
    bool               held[SLD_VIEWS];  /* the rows are the open epoch's */
    float             *batch[SLD_VIEWS]; /* (max_rows,K) */
};

static bool wanted_in(const sld_trial *t, int v, int64_t epoch)
{
    return sld_objective_needs_teacher(sld_learner_objective(t->learner), v, epoch);
}

static bool ever_wanted(const sld_trial *t, int v)
{
    for (int64_t e = 1; e <= t->opt->train.epochs; e++) {
        if (wanted_in(t, v, e)) {
            return true;
        }
    }
    return false;
}

/* Local. */
static sld_status make_local(sld_ctx *ctx, sld_trial *t, sld_teacher_source *s)
{
    SLD_TRY(
        sld_arena_alloc(ctx, t->arena, t->set->train.n * sizeof *s->row_of, (void **)&s->row_of));
    for (size_t i = 0; i < t->subset->n_train; i++) {
        s->row_of[t->subset->train[i]] = (uint32_t)i;
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        SLD_TRY(sld_arena_alloc(ctx, t->arena,
                                sld_learner_max_rows(t->learner) * t->set->K * sizeof(float),
                                (void **)&s->batch[v]));
    }
    return SLD_OK;
}

sld_status sld_teacher_source_create(sld_ctx *ctx, sld_trial *t)
{
    const bool   files           = t->opt->teacher.logits_files[0] != '\0';
    const size_t bytes           = t->subset->n_train * t->set->K * sizeof(float);
    const bool   ever[SLD_VIEWS] = {ever_wanted(t, SLD_WEAK), ever_wanted(t, SLD_STRONG)};

    t->source = NULL;
    if ((!ever[SLD_WEAK] && !ever[SLD_STRONG]) || (!files && !t->opt->teacher.logits[0])) {
        return SLD_OK;
    }
    sld_teacher_source *s  = NULL;
    sld_status          st = sld_arena_alloc(ctx, t->arena, sizeof *s, (void **)&s);
    t->source              = s;
    if (st == SLD_OK) {
        st = make_local(ctx, t, s);
    }
    SLD_TRY(sld_agree(ctx, t->comm, st));
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (ever[v]) {
            SLD_TRY(sld_shared_create(ctx, t->comm, bytes, &s->shared[v]));
            s->rows[v] = sld_shared_ptr(s->shared[v]);
        }
    }
    return files ? SLD_OK : sld_teacher_store_create(ctx, t, &s->store);
}

void sld_teacher_source_destroy(sld_trial *t)
{
    for (int v = 0; t->source && v < SLD_VIEWS; v++) {
        sld_shared_destroy(t->source->shared[v]);
    }
    if (t->source) {
        sld_teacher_store_destroy(t->source->store);
    }
}

sld_status sld_teacher_source_epoch(sld_ctx *ctx, sld_trial *t, bool *stop)
{
    sld_teacher_source *s     = t->source;
    const int64_t       epoch = t->at.epoch;

    *stop = false;
    if (!s) {
        return SLD_OK;
    }
    const bool wanted[SLD_VIEWS] = {wanted_in(t, SLD_WEAK, epoch), wanted_in(t, SLD_STRONG, epoch)};
    s->held[SLD_WEAK] = s->held[SLD_STRONG] = false;
    if (!wanted[SLD_WEAK] && !wanted[SLD_STRONG]) {
        return SLD_OK;
    }
    SLD_TRY(sld_agree(ctx, t->comm, SLD_OK)); /* no rank still reads the rows of the last epoch */
    if (s->store) {
        SLD_TRY(sld_teacher_store_epoch(ctx, s->store, epoch, wanted, s->rows, s->held, stop));
    } else {
        SLD_TRY(sld_teacher_files_epoch(ctx, t, epoch, wanted, s->rows));
        memcpy(s->held, wanted, sizeof s->held);
    }
    for (int v = 0; v < SLD_VIEWS && !*stop; v++) {
        t->teacher_use.live += wanted[v] && !s->held[v];
        if (s->shared[v]) {
            SLD_TRY(sld_shared_ready(ctx, t->comm, s->shared[v]));
        }
    }
    return SLD_OK;
}

const float *sld_teacher_source_rows(const sld_trial *t, int view, const sld_batch *batch)
{
    const sld_teacher_source *s = t->source;
    const size_t              K = t->set->K;

    if (!s || !s->held[view]) {
        return NULL;
    }
    for (size_t i = 0; i < batch->n; i++) {
        memcpy(s->batch[view] + i * K, s->rows[view] + s->row_of[batch->sample[i]] * K,
               K * sizeof(float));
    }
    return s->batch[view];
}
