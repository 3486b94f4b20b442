/* learner.c: one optimiser step of the student on one global batch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "overlap.h"
#include "sgd.h"
#include "sld/learn.h"

struct sld_learner {
    sld_model     *student; /* borrowed */
    sld_backprop  *net;
    sld_infer     *teacher; /* NULL: none */
    sld_overlap    overlap; /* of its forwards with waits for other ranks */
    sld_objective *objective;
    sld_tree      *trees[2];
    size_t         n_trees;
    sld_sgd_params sgd;
    sld_arena     *arena;
    size_t         K, n_trained, max_rows;
    float         *z_s[SLD_VIEWS], *dz_s[SLD_VIEWS]; /* (max rows, K) */
    float         *z_t[2][SLD_VIEWS];   /* (max rows, K) of two steps, used alternately */
    int            turn;                /* index of this step's */
    float         *grad, *momentum;     /* (n_trained) */
    float          parameter[2];        /* of the trained temperature; its momentum */
    bool           has_z_s[SLD_VIEWS];  /* in the last step */
    const float   *used_z_t[SLD_VIEWS]; /* likewise: the teacher's logits, or NULL */
};

static size_t rows_of(sld_range r)
{
    return r.end - r.begin;
}

/* The most rows of this rank in a batch. */
static size_t max_rows(const sld_comm *comm, const sld_learner_params *params)
{
    size_t max = 1;
    int    first, count;

    sld_shard_owned(params->n_shards, sld_comm_size(comm), sld_comm_rank(comm), &first, &count);
    for (int i = 0; i < 2 && count > 0; i++) {
        const size_t n    = params->batch_rows[i];
        const size_t mine = sld_shard_rows(n, params->n_shards, first + count - 1).end -
                            sld_shard_rows(n, params->n_shards, first).begin;
        max = mine > max ? mine : max;
    }
    return max;
}

static sld_status make_trees(sld_ctx *ctx, const sld_comm *comm, const sld_learner_params *params,
                             sld_learner *l)
{
    const size_t net  = sld_backprop_message_bytes(comm, params->student),
                 sums = sld_objective_message_bytes(l->objective);

    for (int i = 0; i < 2 && params->batch_rows[i] > 0; i++) {
        SLD_TRY(sld_tree_create(ctx, comm, params->n_shards, params->batch_rows[i],
                                net > sums ? net : sums, &l->trees[i]));
        l->n_trees++;
    }
    return SLD_OK;
}

static sld_status make_buffers(sld_ctx *ctx, sld_learner *l, size_t rows)
{
    const size_t logits = rows * l->K * sizeof(float), params = l->n_trained * sizeof(float);

    for (int v = 0; v < SLD_VIEWS; v++) {
        SLD_TRY(sld_arena_alloc(ctx, l->arena, logits, (void **)&l->z_s[v]));
        SLD_TRY(sld_arena_alloc(ctx, l->arena, logits, (void **)&l->dz_s[v]));
        SLD_TRY(sld_arena_alloc(ctx, l->arena, logits, (void **)&l->z_t[0][v]));
        SLD_TRY(sld_arena_alloc(ctx, l->arena, logits, (void **)&l->z_t[1][v]));
    }
    SLD_TRY(sld_arena_alloc(ctx, l->arena, params, (void **)&l->grad));
    return sld_arena_alloc(ctx, l->arena, params, (void **)&l->momentum);
}

/* Local. Makes all that a rank can make by itself. */
static sld_status make_local(sld_ctx *ctx, const sld_comm *comm, const sld_learner_params *params,
                             sld_learner *l)
{
    const size_t         rows      = max_rows(comm, params);
    sld_objective_params objective = params->objective;

    l->max_rows     = rows;
    objective.batch = params->batch_rows[0];
    SLD_TRY(sld_arena_create(ctx, &l->arena));
    SLD_TRY(sld_objective_create(ctx, &objective, rows, &l->objective));
    l->parameter[0] = (float)objective.ctkd_initial;
    sld_objective_set_parameter(l->objective, (double)l->parameter[0]);
    SLD_TRY(make_trees(ctx, comm, params, l));
    SLD_TRY(make_buffers(ctx, l, rows));
    if (params->teacher) {
        SLD_TRY(sld_infer_create_in(ctx, params->teacher, params->teacher_precision, &l->teacher));
        SLD_TRY(sld_infer_refresh(ctx, l->teacher));
        sld_model_release_values(params->teacher);
    }
    sld_overlap_init(&l->overlap, l->teacher);
    for (size_t i = 0; i < l->n_trees; i++) {
        sld_tree_work(l->trees[i], &l->overlap.work);
    }
    return SLD_OK;
}

sld_status sld_learner_create(sld_ctx *ctx, const sld_comm *comm, const sld_learner_params *params,
                              sld_learner **out)
{
    sld_learner *l  = calloc(1, sizeof *l);
    sld_status   st = SLD_OK;

    *out = NULL;
    if (l) {
        l->student   = params->student;
        l->sgd       = params->sgd;
        l->K         = params->objective.classes;
        l->n_trained = sld_model_trained_count(params->student);
        st           = make_local(ctx, comm, params, l);
    } else {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a learner");
    }
    if ((st = sld_agree(ctx, comm, st)) == SLD_OK) {
        st = sld_backprop_create(ctx, comm, params->student, l->trees, l->n_trees,
                                 params->student_precision, &l->net);
    }
    if (st == SLD_OK) {
        st = sld_agree(ctx, comm, sld_backprop_refresh(ctx, l->net));
    }
    if (st != SLD_OK) {
        sld_learner_destroy(l);
        return st;
    }
    *out = l;
    return SLD_OK;
}

void sld_learner_destroy(sld_learner *l)
{
    if (!l) {
        return;
    }
    sld_backprop_destroy(l->net);
    sld_infer_destroy(l->teacher);
    sld_objective_destroy(l->objective);
    sld_tree_destroy(l->trees[0]);
    sld_tree_destroy(l->trees[1]);
    sld_arena_destroy(l->arena);
    free(l);
}

/* The views of which a step like this one needs the teacher's forward. */
static sld_forwards forwards_of(const sld_learner *l, const sld_step_input *in,
                                const float *const *views, size_t tree, int turn)
{
    sld_forwards f = {.n = rows_of(sld_tree_mine(l->trees[tree]))};

    for (int v = 0; v < SLD_VIEWS; v++) {
        const bool wanted = l->teacher && !in->teacher_logits[v] &&
                            sld_objective_needs_teacher(l->objective, v, in->epoch);
        f.images[v] = wanted ? views[v] : NULL;
        f.logits[v] = l->z_t[turn][v];
    }
    return f;
}

/* Local. Takes the teacher's logits of this rank's rows from the caller, or begins its forward. */
static void begin_teacher(sld_learner *l, const sld_step_input *in)
{
    l->turn                 = 1 - l->turn;
    const sld_forwards now  = forwards_of(l, in, in->view, in->tree, l->turn),
                       next = forwards_of(l, in, in->next_view, in->next_tree, 1 - l->turn);

    for (int v = 0; v < SLD_VIEWS; v++) {
        const bool wanted = in->view[v] && sld_objective_needs_teacher(l->objective, v, in->epoch);
        l->used_z_t[v]    = now.images[v] ? now.logits[v] : wanted ? in->teacher_logits[v] : NULL;
    }
    sld_overlap_begin(&l->overlap, &now, &next);
}

/* Collective. One view's terms: the rest of the teacher's forward, losses and their gradient. */
static sld_status run_terms(sld_ctx *ctx, sld_learner *l, const sld_step_input *in, int view,
                            sld_view_sums *sums)
{
    sld_enter(ctx, SLD_PHASE_TEACHER);
    SLD_TRY(sld_overlap_finish(ctx, &l->overlap, view));
    sld_enter(ctx, SLD_PHASE_LOSS);

    const sld_rows rows = {.z_s    = l->z_s[view],
                           .z_t    = l->used_z_t[view],
                           .labels = in->labels,
                           .truth  = in->truth,
                           .sample = in->sample,
                           .view   = view,
                           .epoch  = in->epoch};
    return sld_objective_view(ctx, l->objective, l->trees[in->tree], &rows, l->dz_s[view], sums);
}

/* Collective. Runs views together: the student's forward, terms, backward. add: others ran before.
 * *gradient: of the temperature's parameter, to which theirs is added. */
static sld_status run_views(sld_ctx *ctx, sld_learner *l, const sld_step_input *in,
                            const int *views, int n, bool add, sld_step_output *out,
                            double *gradient)
{
    const float *images[SLD_VIEWS], *dlogits[SLD_VIEWS];
    float       *logits[SLD_VIEWS];

    for (int i = 0; i < n; i++) {
        images[i]  = in->view[views[i]];
        logits[i]  = l->z_s[views[i]];
        dlogits[i] = l->dz_s[views[i]];
    }
    sld_enter(ctx, SLD_PHASE_LAYERS);
    SLD_TRY(sld_backprop_forward(ctx, l->net, in->tree, n, images, logits));
    for (int i = 0; i < n; i++) {
        sld_view_sums *sums = &out->sums[views[i]];
        SLD_TRY(run_terms(ctx, l, in, views[i], sums));
        *gradient += sld_objective_parameter_gradient(l->objective) / sums->rows;
        out->what = isfinite(sums->total) ? out->what : "the loss is";
    }
    sld_enter(ctx, SLD_PHASE_LAYERS);
    return sld_backprop_backward(ctx, l->net, dlogits, add);
}

/* Local. Updates the temperature's parameter like a weight. Its gradient is a mean over the global
 * batch, summed over views, like those of the weights. */
static void update_parameter(sld_learner *l, double lr, double gradient)
{
    const float g = (float)gradient;

    if (sld_objective_trains(l->objective)) {
        sld_sgd_update(&l->sgd, lr, &g, 1, &l->parameter[0], &l->parameter[1]);
        sld_objective_set_parameter(l->objective, (double)l->parameter[0]);
    }
}

sld_status sld_learner_step(sld_ctx *ctx, sld_learner *l, const sld_step_input *in,
                            sld_step_output *out)
{
    const int together = sld_backprop_views(l->net);
    double    gradient = 0.0; /* of the temperature's parameter */
    int       views[SLD_VIEWS], n = 0;

    memset(out, 0, sizeof *out);
    begin_teacher(l, in);
    for (int view = 0; view < SLD_VIEWS; view++) {
        l->has_z_s[view] = in->view[view] != NULL;
        if (l->has_z_s[view]) {
            views[n++] = view;
        }
    }
    for (int i = 0; i < n; i += together) {
        const int count = n - i < together ? n - i : together;
        SLD_TRY(run_views(ctx, l, in, views + i, count, i > 0, out, &gradient));
    }
    if (!out->what) {
        SLD_TRY(sld_backprop_gradient(ctx, l->net, l->grad));
        out->what =
            sld_all_finite(l->grad, l->n_trained) && isfinite(gradient) ? NULL : "the gradient is";
    }
    out->finite = !out->what;
    if (!out->finite) {
        return SLD_OK;
    }
    sld_enter(ctx, SLD_PHASE_UPDATE);
    sld_sgd_update(&l->sgd, in->lr, l->grad, l->n_trained, sld_model_trained(l->student),
                   l->momentum);
    update_parameter(l, in->lr, gradient);
    SLD_TRY(sld_backprop_refresh(ctx, l->net));
    return SLD_OK;
}

sld_infer *sld_learner_teacher(const sld_learner *l)
{
    return l->teacher;
}

sld_status sld_learner_refresh(sld_ctx *ctx, sld_learner *l)
{
    sld_objective_set_parameter(l->objective, (double)l->parameter[0]);
    return sld_backprop_refresh(ctx, l->net);
}

sld_range sld_learner_rows(const sld_learner *l, size_t tree)
{
    return sld_tree_mine(l->trees[tree]);
}

sld_status sld_learner_gather(sld_ctx *ctx, sld_learner *l, size_t tree, void *rows,
                              size_t row_bytes)
{
    return sld_tree_gather(ctx, l->trees[tree], rows, row_bytes);
}

size_t sld_learner_max_rows(const sld_learner *l)
{
    return l->max_rows;
}

float *sld_learner_momentum(sld_learner *l)
{
    return l->momentum;
}

float *sld_learner_parameter(sld_learner *l)
{
    return sld_objective_trains(l->objective) ? l->parameter : NULL;
}

const float *sld_learner_gradient(const sld_learner *l)
{
    return l->grad;
}

const float *sld_learner_student_logits(const sld_learner *l, int view)
{
    return l->has_z_s[view] ? l->z_s[view] : NULL;
}

const float *sld_learner_teacher_logits(const sld_learner *l, int view)
{
    return l->used_z_t[view];
}

const char *sld_learner_not_finite(const sld_learner *l)
{
    for (size_t i = 0; i < sld_model_tensor_count(l->student); i++) {
        const sld_tensor *t = sld_model_tensor(l->student, i);
        if (!sld_all_finite(t->values, t->n)) {
            return t->trained ? "the weights are" : "the running statistics are";
        }
    }
    return !sld_all_finite(l->momentum, l->n_trained) ? "the momentum is"
           : !sld_all_finite(l->parameter, 2)         ? "the trained temperature is"
                                                      : NULL;
}

const sld_objective *sld_learner_objective(const sld_learner *l)
{
    return l->objective;
}

void sld_learner_fingerprint(const sld_learner *l, char *text, size_t n)
{
    sld_nn_fingerprint(l->net, l->teacher, text, n);
}
