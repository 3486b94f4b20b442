/* backprop_create.c: makes all that training needs, before the first step. */
#include <stdlib.h>

#include "backprop.h"

/* Bytes of a gradient in one message. On one machine a piece is added while it is in the
 * second-level cache; between machines a longer one waits for fewer messages. */
enum { NEAR_PIECE = 512 * 1024, FAR_PIECE = 2048 * 1024 };

size_t sld_backprop_message_bytes(const sld_comm *comm, const sld_model *model)
{
    const size_t most     = sld_comm_node_size(comm) < sld_comm_size(comm) ? FAR_PIECE : NEAR_PIECE;
    size_t       channels = 0;
    for (int l = 0; l < model->graph.n_layers; l++) {
        const sld_layer *layer = &model->graph.layers[l];
        channels += layer->kind->reduces ? (size_t)layer->channels : 0;
    }
    const size_t moments  = (1 + 2 * channels) * sizeof(double);
    const size_t gradient = model->n_trained * sizeof(float);
    const size_t piece    = gradient < most ? gradient : most;
    return piece > moments ? piece : moments;
}

/* ---- shard sizes ---- */

static int descending(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

/* Finds the shard sizes of all ranks, so that the kernels of every rank choose the same layouts. */
static sld_status find_sizes(sld_ctx *ctx, sld_backprop *net, int n_shards)
{
    const size_t max = net->n_trees * (size_t)n_shards;
    SLD_TRY(sld_arena_alloc(ctx, net->arena, max * sizeof *net->sizes, (void **)&net->sizes));
    for (size_t t = 0; t < net->n_trees; t++) {
        const sld_tree *tree = net->trees[t];
        const sld_range mine = sld_tree_mine(tree);
        net->max_rows =
            mine.end - mine.begin > net->max_rows ? mine.end - mine.begin : net->max_rows;
        net->max_slots =
            sld_tree_slots(tree) > net->max_slots ? sld_tree_slots(tree) : net->max_slots;
        net->max_roots =
            sld_tree_roots(tree) > net->max_roots ? sld_tree_roots(tree) : net->max_roots;
        for (int s = 0; s < n_shards; s++) {
            const sld_range shard = sld_tree_shard(tree, s);
            const int       rows  = (int)(shard.end - shard.begin);
            bool            known = rows == 0;
            for (int i = 0; i < net->n_sizes; i++) {
                known = known || net->sizes[i] == rows;
            }
            if (!known) {
                net->sizes[net->n_sizes++] = rows;
            }
        }
    }
    net->max_roots = net->max_roots < 1 ? 1 : net->max_roots; /* a rank without rows receives one */
    if (net->n_sizes == 0) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "training: expected a batch with at least one row");
    }
    qsort(net->sizes, (size_t)net->n_sizes, sizeof *net->sizes, descending);
    net->max_shard = (size_t)net->sizes[0];
    return SLD_OK;
}

/* ---- memory ---- */

static sld_status alloc_floats(sld_ctx *ctx, sld_backprop *net, size_t n, float **out)
{
    return sld_arena_alloc(ctx, net->arena, n * sizeof **out, (void **)out);
}

static sld_status make_values(sld_ctx *ctx, sld_backprop *net, sld_view_pass *pass)
{
    const sld_graph *g = &net->model->graph;
    SLD_TRY(sld_arena_alloc(ctx, net->arena, (size_t)g->n_layers * sizeof *pass->values,
                            (void **)&pass->values));
    for (int l = 1; l < g->n_layers; l++) {
        SLD_TRY(alloc_floats(ctx, net, net->max_rows * sld_layer_floats(&g->layers[l]),
                             &pass->values[l]));
    }
    SLD_TRY(
        alloc_floats(ctx, net, net->max_rows * net->plan->batch_floats, &pass->batch_gradients));
    return sld_arena_alloc(ctx, net->arena, (size_t)net->max_slots * net->moments_stride,
                           (void **)&pass->moments);
}

static sld_status make_memory(sld_ctx *ctx, sld_backprop *net)
{
    net->moments_stride = (1 + 2 * net->plan->max_channels) * sizeof(double);
    for (int i = 0; i < net->max_passes; i++) {
        SLD_TRY(make_values(ctx, net, &net->passes[i]));
    }
    return alloc_floats(ctx, net, net->max_shard * net->plan->shard_floats, &net->shard_gradients);
}

static size_t trained_floats(const sld_model *model, const sld_layer *layer)
{
    size_t n = 0;
    for (int j = 0; j < layer->n_tensors; j++) {
        const sld_tensor *tensor = &model->tensors[layer->first_tensor + j];
        n += tensor->trained ? tensor->n : 0;
    }
    return n;
}

static sld_status make_partials(sld_ctx *ctx, sld_backprop *net)
{
    const sld_graph *g      = &net->model->graph;
    const size_t     layers = (size_t)g->n_layers;
    SLD_TRY(
        sld_arena_alloc(ctx, net->arena, layers * sizeof *net->root_at, (void **)&net->root_at));
    SLD_TRY(
        sld_arena_alloc(ctx, net->arena, layers * sizeof *net->spill_at, (void **)&net->spill_at));
    for (int k = 0; k < net->plan->n_backward; k++) {
        const sld_segment *segment = &net->plan->backward[k];
        size_t             spill   = 0;
        for (int i = 0; i < segment->n_tasks; i++) {
            const sld_task *task = &net->plan->tasks[segment->first_task + i];
            if (task->action == SLD_DO_WEIGHTS) {
                const sld_layer_kind *kind = g->layers[task->layer].kind;
                const size_t floats = kind->gradient_floats(net->passes[0].states[task->layer]);
                net->root_at[task->layer]  = net->reduced_floats;
                net->spill_at[task->layer] = spill;
                net->reduced_floats += (floats + 15) / 16 * 16;
                spill += (floats + 15) / 16 * 16;
            }
        }
        net->spill_floats = spill > net->spill_floats ? spill : net->spill_floats;
    }
    net->root_floats = net->reduced_floats;
    for (int l = 1; l < g->n_layers; l++) {
        if (g->layers[l].kind->reduces) {
            net->root_at[l] = net->root_floats;
            net->root_floats += trained_floats(net->model, &g->layers[l]);
        }
    }
    net->root_floats   = (net->root_floats + 15) / 16 * 16;
    const int    above = net->max_slots > net->max_roots ? net->max_slots - net->max_roots : 0;
    const size_t roots = 2 * (size_t)net->max_roots * net->root_floats;
    return alloc_floats(ctx, net, roots + (size_t)above * net->spill_floats, &net->partials);
}

/* ---- layers ---- */

static sld_status make_states(sld_ctx *ctx, sld_backprop *net, int l, const sld_layer_env *env)
{
    for (int i = 0; i < net->max_passes; i++) {
        if (sld_backprop_owns_state(net, i, l)) {
            SLD_TRY(env->layer->kind->create(ctx, env, &net->passes[i].states[l]));
        } else {
            net->passes[i].states[l] = net->passes[0].states[l];
        }
    }
    return SLD_OK;
}

static sld_status make_layers(sld_ctx *ctx, sld_backprop *net)
{
    const sld_graph *g = &net->model->graph;
    for (int i = 0; i < net->max_passes; i++) {
        SLD_TRY(sld_arena_alloc(ctx, net->arena, (size_t)g->n_layers * sizeof(void *),
                                (void **)&net->passes[i].states));
    }
    SLD_TRY(sld_kernels_create(ctx, &net->kernels));
    for (int l = 1; l < g->n_layers; l++) {
        const sld_layer *layer = &g->layers[l];
        sld_layer_env    env   = {.kernels  = net->kernels,
                                  .arena    = net->arena,
                                  .layer    = layer,
                                  .sizes    = net->sizes,
                                  .n_sizes  = net->n_sizes,
                                  .training = true,
                                  .bf16     = net->precision == SLD_PRECISION_BF16};
        for (int i = 0; i < layer->n_in; i++) {
            env.inputs[i]   = &g->layers[layer->in[i]];
            env.wants_dx[i] = net->plan->layers[l].wants_dx[i];
        }
        SLD_TRY(make_states(ctx, net, l, &env));
    }
    return sld_kernels_ready(ctx, net->kernels);
}

static sld_status make_all(sld_ctx *ctx, sld_backprop *net, sld_tree *const *trees, int n_shards)
{
    SLD_TRY(sld_arena_create(ctx, &net->arena));
    SLD_TRY(
        sld_arena_alloc(ctx, net->arena, net->n_trees * sizeof(sld_tree *), (void **)&net->trees));
    for (size_t t = 0; t < net->n_trees; t++) {
        net->trees[t] = trees[t];
    }
    SLD_TRY(find_sizes(ctx, net, n_shards));
    SLD_TRY(sld_plan_create(ctx, net->arena, &net->model->graph, &net->plan));
    SLD_TRY(make_layers(ctx, net));
    SLD_TRY(make_memory(ctx, net));
    return make_partials(ctx, net);
}

/* The rank that has the last shard knows how many there are. */
static sld_status count_shards(sld_ctx *ctx, const sld_comm *comm, const sld_tree *tree, int *out)
{
    *out = sld_tree_first(tree) + sld_tree_count(tree);
    return sld_comm_bcast(ctx, comm, out, sizeof *out, sld_comm_size(comm) - 1);
}

sld_status sld_backprop_create(sld_ctx *ctx, const sld_comm *comm, sld_model *model,
                               sld_tree *const *trees, size_t n_trees, sld_precision precision,
                               sld_backprop **out)
{
    *out         = NULL;
    int n_shards = 0;
    SLD_TRY(count_shards(ctx, comm, trees[0], &n_shards));

    sld_backprop *net = calloc(1, sizeof *net);
    sld_status    st  = SLD_OK;
    if (net) {
        net->comm      = comm;
        net->model     = model;
        net->precision = precision;
        /* A rank by itself waits for nobody, and does with the values of one view. */
        net->max_passes = sld_comm_size(comm) > 1 ? SLD_TREE_LANES : 1;
        net->n_trees    = n_trees;
        st              = make_all(ctx, net, trees, n_shards);
    } else {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a network's training state of %zu bytes",
                      sizeof *net);
    }
    st = sld_agree(ctx, comm, st);
    if (st != SLD_OK) {
        sld_backprop_destroy(net);
        return st;
    }
    *out = net;
    return SLD_OK;
}

static void destroy_states(sld_backprop *net, int pass)
{
    void **states = net->passes[pass].states;
    for (int l = 1; states && l < net->model->graph.n_layers; l++) {
        const sld_layer_kind *kind = net->model->graph.layers[l].kind;
        if (kind->destroy && states[l] && sld_backprop_owns_state(net, pass, l)) {
            kind->destroy(states[l]);
        }
    }
}

void sld_backprop_destroy(sld_backprop *net)
{
    if (!net) {
        return;
    }
    for (int i = 0; i < net->max_passes; i++) {
        destroy_states(net, i);
    }
    sld_kernels_destroy(net->kernels);
    sld_arena_destroy(net->arena);
    free(net);
}
