/* source.c: the teacher's logits of the open epoch in memory, one copy per machine, and from them
 * the rows of a step. */
#include <string.h>

#include "parts.h"

struct sld_teacher_source {
    const sld_teacher_env   *env;    /* borrowed */
    const sld_teacher_files *files;  /* borrowed; an outside teacher's */
    sld_teacher_store       *store;  /* NULL: from files */
    uint32_t                *row_of; /* (set->train.n) row of a sample */
    sld_shared              *shared[SLD_VIEWS];
    float                   *rows[SLD_VIEWS];  /* (n,K) in shared; NULL: never wanted */
    bool                     held[SLD_VIEWS];  /* the rows are the open epoch's */
    float                   *batch[SLD_VIEWS]; /* (max_rows,K) */
};

static bool ever_wanted(const sld_teacher_env *env, int v)
{
    for (int64_t e = 1; e <= env->opt->train.epochs; e++) {
        if (env->wanted[v][e]) {
            return true;
        }
    }
    return false;
}

/* Local. */
static sld_status make_local(sld_ctx *ctx, sld_teacher_source *s)
{
    const sld_teacher_env *env = s->env;

    SLD_TRY(sld_arena_alloc(ctx, env->arena, env->set->train.n * sizeof *s->row_of,
                            (void **)&s->row_of));
    for (size_t i = 0; i < env->subset->n_train; i++) {
        s->row_of[env->subset->train[i]] = (uint32_t)i;
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        SLD_TRY(sld_arena_alloc(ctx, env->arena, env->max_rows * env->set->K * sizeof(float),
                                (void **)&s->batch[v]));
    }
    return SLD_OK;
}

bool sld_teacher_source_serves(const sld_teacher_env *env)
{
    const bool given =
        env->opt->teacher.logits_files[0] != '\0' || env->opt->teacher.logits[0] != '\0';

    return given && (ever_wanted(env, SLD_WEAK) || ever_wanted(env, SLD_STRONG));
}

sld_status sld_teacher_source_create(sld_ctx *ctx, const sld_teacher_env *env,
                                     const sld_teacher_files *files, sld_teacher_source **out)
{
    const bool   outside         = env->opt->teacher.logits_files[0] != '\0';
    const size_t bytes           = env->subset->n_train * env->set->K * sizeof(float);
    const bool   ever[SLD_VIEWS] = {ever_wanted(env, SLD_WEAK), ever_wanted(env, SLD_STRONG)};

    *out = NULL;
    if (!sld_teacher_source_serves(env)) {
        return SLD_OK;
    }
    sld_teacher_source *s  = NULL;
    sld_status          st = sld_arena_alloc(ctx, env->arena, sizeof *s, (void **)&s);
    *out                   = s;
    if (st == SLD_OK) {
        s->env   = env;
        s->files = files;
        st       = make_local(ctx, s);
    }
    SLD_TRY(sld_agree(ctx, env->comm, st));
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (ever[v]) {
            SLD_TRY(sld_shared_create(ctx, env->comm, bytes, &s->shared[v]));
            s->rows[v] = sld_shared_ptr(s->shared[v]);
        }
    }
    return outside ? SLD_OK : sld_teacher_store_create(ctx, env, &s->store);
}

void sld_teacher_source_destroy(sld_teacher_source *s)
{
    for (int v = 0; s && v < SLD_VIEWS; v++) {
        sld_shared_destroy(s->shared[v]);
    }
    if (s) {
        sld_teacher_store_destroy(s->store);
    }
}

sld_status sld_teacher_source_epoch(sld_ctx *ctx, sld_teacher_source *s, int64_t epoch, bool *stop)
{
    *stop = false;
    if (!s) {
        return SLD_OK;
    }
    const sld_teacher_env *env   = s->env;
    const bool wanted[SLD_VIEWS] = {env->wanted[SLD_WEAK][epoch], env->wanted[SLD_STRONG][epoch]};
    s->held[SLD_WEAK] = s->held[SLD_STRONG] = false;
    if (!wanted[SLD_WEAK] && !wanted[SLD_STRONG]) {
        return SLD_OK;
    }
    SLD_TRY(sld_agree(ctx, env->comm, SLD_OK)); /* no rank still reads the rows of the last epoch */
    if (s->store) {
        SLD_TRY(sld_teacher_store_epoch(ctx, s->store, epoch, wanted, s->rows, s->held, stop));
    } else {
        SLD_TRY(sld_teacher_files_epoch(ctx, env, s->files, epoch, wanted, s->rows));
        memcpy(s->held, wanted, sizeof s->held);
    }
    for (int v = 0; v < SLD_VIEWS && !*stop; v++) {
        env->use->live += wanted[v] && !s->held[v];
        if (s->shared[v]) {
            SLD_TRY(sld_shared_ready(ctx, env->comm, s->shared[v]));
        }
    }
    return SLD_OK;
}

const float *sld_teacher_source_rows(const sld_teacher_source *s, int view, const sld_batch *batch)
{
    if (!s || !s->held[view]) {
        return NULL;
    }
    const size_t K = s->env->set->K;
    for (size_t i = 0; i < batch->n; i++) {
        memcpy(s->batch[view] + i * K, s->rows[view] + s->row_of[batch->sample[i]] * K,
               K * sizeof(float));
    }
    return s->batch[view];
}
