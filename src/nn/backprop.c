/* backprop.c: runs forward and backward of one view or two: segment by segment, in a segment shard
 * by shard, in a shard layer by layer (plan.h). Of two views, one computes its segment while the
 * other's sums are on their way between the ranks. */
#include <string.h>

#include "backprop.h"

/* A pass over shards, and its present shard. */
typedef struct {
    sld_ctx             *ctx;
    const sld_view_pass *pass;
    int                  slot;    /* of the shard's partials */
    int                  merges;  /* of slots, to be done after it */
    size_t               row;     /* first row, counted in this rank's rows */
    size_t               n;       /* rows */
    int                  size;    /* index of n in net->sizes */
    double              *message; /* of this slot */
} shard_run;

static float *zone(const sld_backprop *net, const shard_run *run, const sld_place *place,
                   size_t floats)
{
    switch (place->where) {
    case SLD_AT_VALUE:
        return run->pass->values[place->value] + run->row * floats;
    case SLD_AT_SHARD:
        return net->shard_gradients + net->max_shard * place->offset;
    case SLD_AT_BATCH:
        return run->pass->batch_gradients + net->max_rows * place->offset + run->row * floats;
    case SLD_AT_NOWHERE:
        break;
    }
    return NULL;
}

static void look_up_gradient(const sld_backprop *net, const shard_run *run, int l, sld_shard *s)
{
    const sld_plan_layer *plan   = &net->plan->layers[l];
    const size_t          floats = sld_layer_floats(&net->model->graph.layers[l]);
    if (plan->gathered.where != SLD_AT_NOWHERE) {
        s->dy = zone(net, run, &plan->gathered, floats);
    } else if (plan->n_parts == 0) {
        s->dy = run->pass->dlogits + run->row * floats;
    } else {
        s->dy  = zone(net, run, &plan->parts[0], floats);
        s->dy2 = plan->n_parts > 1 ? zone(net, run, &plan->parts[1], floats) : NULL;
    }
}

/* Whether the layer itself does the first merge after this shard: it adds the shard's partial
 * weight gradient to the slot before. */
static bool adds_weights(const sld_backprop *net, const shard_run *run, int l)
{
    const sld_layer_kind *kind = net->model->graph.layers[l].kind;
    return run->merges > 0 && kind->adds_weights &&
           kind->adds_weights(run->pass->states[l], run->size);
}

static sld_shard look_up(const sld_backprop *net, const shard_run *run, int l, bool backward)
{
    const sld_graph *g     = &net->model->graph;
    const sld_layer *layer = &g->layers[l];
    sld_shard        s     = {.n = run->n, .size = run->size};
    for (int i = 0; i < layer->n_in; i++) {
        const sld_val in     = layer->in[i];
        const size_t  floats = sld_layer_floats(&g->layers[in]);
        s.x[i] = (in == 0 ? run->pass->images : run->pass->values[in]) + run->row * floats;
        if (backward) {
            s.dx[i] = zone(net, run, &net->plan->layers[l].dx[i], floats);
        }
    }
    s.y = run->pass->values[l] + run->row * sld_layer_floats(layer);
    if (backward) {
        look_up_gradient(net, run, l, &s);
        s.add = adds_weights(net, run, l);
        s.dw  = sld_backprop_partial(net, run->pass->root, run->slot - s.add, l);
    }
    return s;
}

static sld_moments moments_of(double *message, const sld_plan *plan, const sld_segment *segment,
                              int layer, bool backward)
{
    double *first = message + (backward ? 0 : 1) + plan->layers[layer].norm_at[backward];
    return (sld_moments){first, first + segment->channels};
}

static void gather(const sld_backprop *net, const shard_run *run, int l)
{
    const sld_plan_layer *plan   = &net->plan->layers[l];
    const size_t          floats = sld_layer_floats(&net->model->graph.layers[l]);
    float                *sum    = zone(net, run, &plan->gathered, floats);
    sld_add_forward(zone(net, run, &plan->parts[0], floats),
                    zone(net, run, &plan->parts[1], floats), false, run->n * floats, sum);
    for (int i = 2; i < plan->n_parts; i++) {
        sld_accumulate(zone(net, run, &plan->parts[i], floats), run->n * floats, sum);
    }
}

/* Merges the slots that are complete (comm.h), now that the shard's partial weight gradient is in
 * this slot. */
static void merge_weights(sld_backprop *net, const shard_run *run, int l, int slot)
{
    const int    root   = run->pass->root;
    const size_t floats = net->model->graph.layers[l].kind->gradient_floats(run->pass->states[l]);
    for (int k = slot; k > run->slot - run->merges; k--) {
        sld_op_combine(SLD_SUM_F32, sld_backprop_partial(net, root, k - 1, l),
                       sld_backprop_partial(net, root, k, l), floats);
    }
}

static sld_phase phase_of(const sld_layer_kind *kind, sld_action action)
{
    switch (action) {
    case SLD_DO_FORWARD:
        return kind->forward_phase;
    case SLD_DO_GATHER:
        return SLD_PHASE_LAYERS;
    case SLD_DO_WEIGHTS:
        return kind->weights_phase;
    default:
        return kind->data_phase;
    }
}

static sld_status run_task(sld_backprop *net, const sld_segment *segment, const shard_run *run,
                           const sld_task *task)
{
    const int             l     = task->layer;
    const sld_layer_kind *kind  = net->model->graph.layers[l].kind;
    void                 *state = run->pass->states[l];
    const bool            back  = task->action != SLD_DO_FORWARD && task->action != SLD_DO_MEASURE;
    const sld_shard       s     = look_up(net, run, l, back);
    sld_status            st    = SLD_OK;

    sld_enter(run->ctx, phase_of(kind, task->action));
    switch (task->action) {
    case SLD_DO_FORWARD:
        st = kind->forward(run->ctx, state, &s);
        break;
    case SLD_DO_MEASURE:
        kind->measure(state, &s, moments_of(run->message, net->plan, segment, l, false));
        break;
    case SLD_DO_GATHER:
        gather(net, run, l);
        break;
    case SLD_DO_SUMS:
        kind->backward_sums(state, &s, moments_of(run->message, net->plan, segment, l, true));
        break;
    case SLD_DO_WEIGHTS:
        st = kind->backward_weights(run->ctx, state, &s);
        break;
    case SLD_DO_BACKWARD:
        st = kind->backward(run->ctx, state, &s);
        break;
    }
    if (task->action == SLD_DO_WEIGHTS && run->merges > 0) {
        sld_enter(run->ctx, SLD_PHASE_ADD);
        merge_weights(net, run, l, run->slot - s.add);
    }
    return st;
}

/* Local. Runs one shard of one view through one segment, and lets the other view's sums move on. */
static sld_status run_shard(sld_ctx *ctx, sld_backprop *net, const sld_view_pass *pass,
                            const sld_segment *segment, int shard, bool backward)
{
    sld_tree       *tree = net->trees[net->tree];
    const sld_range rows = sld_tree_shard(tree, shard);
    shard_run       run  = {.ctx    = ctx,
                            .pass   = pass,
                            .slot   = sld_tree_slot(tree, shard),
                            .merges = sld_tree_merges(tree, shard),
                            .row    = rows.begin - sld_tree_mine(tree).begin,
                            .n      = rows.end - rows.begin};
    while ((size_t)net->sizes[run.size] != run.n) {
        run.size++;
    }
    const size_t stride = net->moments_stride / sizeof(double);
    run.message         = pass->moments + (size_t)run.slot * stride;
    if (!backward) {
        run.message[0] = (double)run.n;
    }
    for (int i = 0; i < segment->n_tasks; i++) {
        SLD_TRY(run_task(net, segment, &run, &net->plan->tasks[segment->first_task + i]));
        SLD_TRY(sld_tree_advance(ctx, tree));
    }
    for (int k = run.slot; segment->n_norms > 0 && k > run.slot - run.merges; k--) {
        sld_op_combine(backward ? SLD_SUM_F64 : SLD_MOMENTS,
                       pass->moments + (size_t)(k - 1) * stride, pass->moments + (size_t)k * stride,
                       2 * segment->channels + (backward ? 0 : 1));
    }
    return SLD_OK;
}

/* Finds a batch norm's gradients in a root. NULL: the tensor is not trained. */
static void norm_gradients(const sld_backprop *net, int root, int l,
                           float *gradients[SLD_LAYER_TENSORS])
{
    const sld_layer *layer = &net->model->graph.layers[l];
    float           *at    = sld_backprop_partial(net, root, 0, l);
    for (int j = 0; j < layer->n_tensors; j++) {
        const sld_tensor *tensor = &net->model->tensors[layer->first_tensor + j];
        gradients[j]             = tensor->trained ? at : NULL;
        at += tensor->trained ? tensor->n : 0;
    }
}

static void take_moments(sld_backprop *net, const sld_view_pass *pass, const sld_segment *segment,
                         bool backward)
{
    const sld_model *model = net->model;
    const size_t     rows  = sld_tree_rows(net->trees[net->tree]);
    for (int i = 0; i < segment->n_norms; i++) {
        const int         l     = net->plan->norms[segment->first_norm + i];
        const sld_layer  *layer = &model->graph.layers[l];
        const sld_moments all   = moments_of(pass->moments, net->plan, segment, l, backward);
        float            *tensors[SLD_LAYER_TENSORS];
        if (backward) {
            norm_gradients(net, pass->root, l, tensors);
            layer->kind->take_sums(pass->states[l], rows, all, tensors);
        } else {
            sld_model_layer_tensors(model, layer, tensors);
            layer->kind->take(pass->states[l], rows, all, tensors);
        }
    }
}

static sld_status begin_sums(sld_ctx *ctx, sld_backprop *net, int pass, const sld_segment *segment,
                             bool backward)
{
    sld_enter(ctx, SLD_PHASE_ADD);
    net->passes[pass].under_way = segment;
    return sld_tree_begin(ctx, net->trees[net->tree], pass, backward ? SLD_SUM_F64 : SLD_MOMENTS,
                          net->passes[pass].moments, net->moments_stride,
                          2 * segment->channels + (backward ? 0 : 1));
}

static sld_status finish_sums(sld_ctx *ctx, sld_backprop *net, int pass, bool backward)
{
    const sld_segment *segment = net->passes[pass].under_way;
    if (segment) {
        net->passes[pass].under_way = NULL;
        sld_enter(ctx, SLD_PHASE_ADD);
        SLD_TRY(sld_tree_finish(ctx, net->trees[net->tree], pass));
        sld_enter(ctx, SLD_PHASE_BATCH_NORM);
        take_moments(net, &net->passes[pass], segment, backward);
    }
    return SLD_OK;
}

/* Local. Runs one segment on all shards of this rank. */
static sld_status run_shards(sld_ctx *ctx, sld_backprop *net, const sld_view_pass *pass,
                             const sld_segment *segment, bool backward)
{
    const sld_tree *tree  = net->trees[net->tree];
    const int       first = sld_tree_first(tree), end = first + sld_tree_count(tree);
    for (int shard = first; shard < end; shard++) {
        const sld_range rows = sld_tree_shard(tree, shard);
        if (rows.end > rows.begin) {
            SLD_TRY(run_shard(ctx, net, pass, segment, shard, backward));
        }
    }
    return SLD_OK;
}

/* Collective. Runs all segments of a forward or a backward. The views take turns. */
static sld_status run_segments(sld_ctx *ctx, sld_backprop *net, const sld_segment *segments, int n,
                               bool backward)
{
    for (const sld_segment *segment = segments; segment < segments + n; segment++) {
        for (int i = 0; i < net->n_passes; i++) {
            SLD_TRY(finish_sums(ctx, net, i, backward));
            SLD_TRY(run_shards(ctx, net, &net->passes[i], segment, backward));
            if (segment->n_norms > 0) {
                SLD_TRY(begin_sums(ctx, net, i, segment, backward));
            }
        }
    }
    for (int i = 0; i < net->n_passes; i++) {
        SLD_TRY(finish_sums(ctx, net, i, backward));
    }
    return SLD_OK;
}

/* Adds the second view's gradient to the first's. */
static void add_view(sld_backprop *net, size_t begin, size_t end)
{
    sld_accumulate(sld_backprop_root(net, 1) + begin, end - begin,
                   sld_backprop_root(net, 0) + begin);
}

/* Collective. Reduces one piece: sums each view's partial weight gradients over all shards, adds
 * these sums on the rank that has them, and sends the result to every rank. */
static sld_status reduce_piece(sld_ctx *ctx, sld_backprop *net, sld_tree *tree, size_t at, size_t n)
{
    const size_t stride = net->root_floats * sizeof(float);
    sld_range    mine;
    for (int view = 0; view < net->views; view++) {
        SLD_TRY(sld_tree_reduce_part(ctx, tree, SLD_SUM_F32, sld_backprop_root(net, view) + at,
                                     stride, n, &mine));
    }
    if (net->views > 1) {
        add_view(net, at + mine.begin, at + mine.end);
    }
    return sld_tree_broadcast(ctx, tree, SLD_SUM_F32, sld_backprop_root(net, 0) + at, n);
}

/* Collective. Reduces the weight gradients in pieces that fit the tree. */
static sld_status reduce_weights(sld_ctx *ctx, sld_backprop *net)
{
    sld_tree    *tree = net->trees[net->tree];
    const size_t max  = sld_backprop_message_bytes(net->comm, net->model) / sizeof(float);
    sld_enter(ctx, SLD_PHASE_ADD);
    /* A short sum: while a rank waits for it, it may do overlapped work (comm.h). The partial sums
     * are used up. */
    SLD_TRY(
        sld_tree_reduce(ctx, tree, SLD_SUM_F64, net->passes[0].moments, net->moments_stride, 1));
    for (size_t at = 0; at < net->reduced_floats; at += max) {
        const size_t left = net->reduced_floats - at;
        SLD_TRY(reduce_piece(ctx, net, tree, at, left < max ? left : max));
    }
    if (net->views > 1) {
        add_view(net, net->reduced_floats, net->root_floats);
    }
    return SLD_OK;
}

/* Brings a layer's gradient into grad, which has the order of the model's trained values. */
static sld_status unpack_layer(sld_ctx *ctx, const sld_backprop *net, int l, float *grad)
{
    const sld_layer  *layer                        = &net->model->graph.layers[l];
    const sld_tensor *tensor                       = net->model->tensors + layer->first_tensor;
    float            *gradients[SLD_LAYER_TENSORS] = {NULL}, *norms[SLD_LAYER_TENSORS];

    for (int j = 0; j < layer->n_tensors; j++) {
        gradients[j] = tensor[j].trained ? grad + (tensor[j].values - net->model->trained) : NULL;
    }
    if (layer->kind->unpack) {
        return layer->kind->unpack(ctx, net->passes[0].states[l],
                                   sld_backprop_partial(net, 0, 0, l), gradients);
    }
    if (layer->kind->reduces) {
        norm_gradients(net, 0, l, norms);
        for (int j = 0; j < layer->n_tensors; j++) {
            if (gradients[j]) {
                memcpy(gradients[j], norms[j], tensor[j].n * sizeof *grad);
            }
        }
    }
    return SLD_OK;
}

/* Sets gradients to 0 whose exact value is 0, because the sum of their rounding errors is not
 * (shift.c). */
static void clear_unseen_biases(const sld_backprop *net, float *grad)
{
    const sld_model *model = net->model;
    for (int l = 1; l < model->graph.n_layers; l++) {
        const sld_layer *layer = &model->graph.layers[l];
        if (layer->bias_unseen) {
            const sld_tensor *bias = &model->tensors[layer->first_tensor + 1];
            memset(grad + (bias->values - model->trained), 0, bias->n * sizeof *grad);
        }
    }
}

/* In every pass that has a state of its own. */
static sld_status refresh_layer(sld_ctx *ctx, const sld_backprop *net, int l,
                                const float *const *tensors)
{
    const sld_layer_kind *kind = net->model->graph.layers[l].kind;
    for (int i = 0; i < net->max_passes; i++) {
        if (sld_backprop_owns_state(net, i, l)) {
            SLD_TRY(kind->refresh(ctx, net->passes[i].states[l], tensors));
        }
    }
    return SLD_OK;
}

sld_status sld_backprop_refresh(sld_ctx *ctx, sld_backprop *net)
{
    const sld_model *model = net->model;
    for (int l = 1; l < model->graph.n_layers; l++) {
        const sld_layer *layer = &model->graph.layers[l];
        if (layer->kind->refresh) {
            float *tensors[SLD_LAYER_TENSORS];
            sld_model_layer_tensors(model, layer, tensors);
            SLD_TRY(refresh_layer(ctx, net, l, (const float *const *)tensors));
        }
    }
    return SLD_OK;
}

int sld_backprop_views(const sld_backprop *net)
{
    return net->max_passes;
}

sld_status sld_backprop_forward(sld_ctx *ctx, sld_backprop *net, size_t tree, int views,
                                const float *const *images, float *const *logits)
{
    const sld_range mine = sld_tree_mine(net->trees[tree]);
    const size_t    n    = (mine.end - mine.begin) * (size_t)net->model->classes;
    net->tree            = tree;
    net->n_passes        = views;
    for (int i = 0; i < views; i++) {
        net->passes[i].images = images[i];
    }
    SLD_TRY(run_segments(ctx, net, net->plan->forward, net->plan->n_forward, false));
    for (int i = 0; i < views; i++) {
        if (n > 0) {
            memcpy(logits[i], net->passes[i].values[net->model->logits], n * sizeof *logits[i]);
        }
    }
    return SLD_OK;
}

sld_status sld_backprop_backward(sld_ctx *ctx, sld_backprop *net, const float *const *dlogits,
                                 bool add)
{
    net->views = add ? net->views : 0;
    for (int i = 0; i < net->n_passes; i++) {
        net->passes[i].root    = net->views++;
        net->passes[i].dlogits = dlogits[i];
    }
    return run_segments(ctx, net, net->plan->backward, net->plan->n_backward, true);
}

sld_status sld_backprop_gradient(sld_ctx *ctx, sld_backprop *net, float *grad)
{
    SLD_TRY(reduce_weights(ctx, net));
    sld_enter(ctx, SLD_PHASE_UPDATE);
    for (int l = 1; l < net->model->graph.n_layers; l++) {
        SLD_TRY(unpack_layer(ctx, net, l, grad));
    }
    clear_unseen_biases(net, grad);
    return SLD_OK;
}
