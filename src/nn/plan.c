/* plan.c: cuts a graph into segments and finds memory for gradients.
 *
 * In the forward, a layer's segment is the latest of its inputs' segments; a batch norm comes one
 * segment after the input that it measures. In the backward it is the same, seen from the logits: a
 * batch norm gives its residual a gradient in the segment in which its own gradient is complete,
 * and its input one in the next segment, after the reduction. */
#include "plan.h"

#include "layer.h"
#include "packing.h"

/* What the planner knows of each layer. */
typedef struct {
    int  forward;                 /* segment of its forward */
    int  backward;                /* segment in which the gradient of its output is complete */
    bool needs;                   /* this layer, or one before it, is trained */
    int  task[SLD_MAX_INPUTS];    /* index of the task that writes dx[i] */
    int  gather, last;            /* indices of tasks; last: the last reader of the gradient here */
    int  part_of[SLD_MAX_INPUTS]; /* dx[i] is this part of the input's gradient */
} note;

typedef struct {
    const sld_graph *g;
    sld_plan        *plan;
    note            *notes;
} planner;

static bool reduces(const planner *p, int layer)
{
    return p->g->layers[layer].kind->reduces;
}

/* The segment in which dx[i] of the layer is computed. */
static int dx_segment(const planner *p, int layer, int i)
{
    return p->notes[layer].backward + (reduces(p, layer) && i == 0 ? 1 : 0);
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static void find_segments(planner *p)
{
    const int n = p->g->n_layers;
    for (int l = 1; l < n; l++) {
        const sld_layer *layer = &p->g->layers[l];
        note            *own   = &p->notes[l];
        own->needs             = layer->n_tensors > 0;
        for (int i = 0; i < layer->n_in; i++) {
            const note *in = &p->notes[layer->in[i]];
            own->needs     = own->needs || in->needs;
            own->forward   = max_int(own->forward, in->forward + (reduces(p, l) && i == 0));
        }
        p->plan->n_forward = max_int(p->plan->n_forward, own->forward + 1);
    }
    for (int l = n - 1; l > 0; l--) {
        const sld_layer *layer = &p->g->layers[l];
        for (int i = 0; i < layer->n_in; i++) {
            note *in            = &p->notes[layer->in[i]];
            in->backward        = max_int(in->backward, dx_segment(p, l, i));
            p->plan->n_backward = max_int(p->plan->n_backward, dx_segment(p, l, i) + 1);
        }
    }
}

/* ---- tasks ---- */

static int add_task(planner *p, sld_action action, int layer)
{
    p->plan->tasks[p->plan->n_tasks] = (sld_task){action, layer};
    return p->plan->n_tasks++;
}

static void add_norm(planner *p, sld_segment *s, int layer, bool backward)
{
    p->plan->layers[layer].norm_at[backward] = s->channels;
    s->channels += (size_t)p->g->layers[layer].channels;
    p->plan->norms[p->plan->n_norms++] = layer;
    s->n_norms++;
    p->plan->max_channels =
        s->channels > p->plan->max_channels ? s->channels : p->plan->max_channels;
}

static sld_segment open_segment(const planner *p)
{
    return (sld_segment){.first_task = p->plan->n_tasks, .first_norm = p->plan->n_norms};
}

static void plan_forward(planner *p)
{
    for (int k = 0; k < p->plan->n_forward; k++) {
        sld_segment s = open_segment(p);
        for (int l = 0; l < p->g->n_layers; l++) {
            if (p->notes[l].forward != k) {
                continue;
            }
            if (l > 0) {
                add_task(p, SLD_DO_FORWARD, l);
            }
            for (int reader = l + 1; reader < p->g->n_layers; reader++) {
                if (reduces(p, reader) && p->g->layers[reader].in[0] == l) {
                    add_task(p, SLD_DO_MEASURE, reader);
                    add_norm(p, &s, reader, false);
                }
            }
        }
        s.n_tasks           = p->plan->n_tasks - s.first_task;
        p->plan->forward[k] = s;
    }
}

/* Plans the tasks of one layer in segment k of the backward. */
static void plan_layer_backward(planner *p, sld_segment *s, int k, int l)
{
    const sld_layer *layer = &p->g->layers[l];
    note            *own   = &p->notes[l];
    bool             wants = false;
    for (int i = 0; i < layer->n_in; i++) {
        wants = wants || p->plan->layers[l].wants_dx[i];
    }
    if (own->backward == k) {
        if (p->plan->layers[l].n_parts > (layer->kind->adds_gradients ? 2 : 1)) {
            own->gather = own->last = add_task(p, SLD_DO_GATHER, l);
        }
        if (reduces(p, l)) {
            own->last = add_task(p, SLD_DO_SUMS, l);
            add_norm(p, s, l, true);
            own->task[1] = own->last;
        } else if (layer->n_tensors > 0) {
            own->last = add_task(p, SLD_DO_WEIGHTS, l);
        }
        if (!reduces(p, l) && wants) {
            own->last = add_task(p, SLD_DO_BACKWARD, l);
            for (int i = 0; i < layer->n_in; i++) {
                own->task[i] = own->last;
            }
        }
    }
    if (reduces(p, l) && own->backward + 1 == k && p->plan->layers[l].wants_dx[0]) {
        own->task[0] = add_task(p, SLD_DO_BACKWARD, l);
    }
}

static void plan_backward(planner *p)
{
    for (int k = 0; k < p->plan->n_backward; k++) {
        sld_segment s = open_segment(p);
        for (int l = p->g->n_layers - 1; l > 0; l--) {
            if (p->notes[l].needs) {
                plan_layer_backward(p, &s, k, l);
            }
        }
        s.n_tasks            = p->plan->n_tasks - s.first_task;
        p->plan->backward[k] = s;
    }
}

/* ---- places of gradients ---- */

/* Counts the parts of each value's gradient, in the order of its readers. */
static sld_status count_parts(sld_ctx *ctx, planner *p)
{
    for (int l = 1; l < p->g->n_layers; l++) {
        for (int i = 0; i < p->g->layers[l].n_in; i++) {
            const sld_val   v     = p->g->layers[l].in[i];
            sld_plan_layer *value = &p->plan->layers[v];
            if (value->n_parts == SLD_MAX_PARTS) {
                return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                "network: expected at most %d layers that read the output of %s %s",
                                SLD_MAX_PARTS, p->g->layers[v].kind->name, p->g->layers[v].name);
            }
            p->plan->layers[l].wants_dx[i] = p->notes[v].needs;
            p->notes[l].part_of[i]         = value->n_parts++;
        }
    }
    return SLD_OK;
}

/* Whether a gradient may overwrite the input: if nobody else reads the input, and the backward of
 * its maker does not either. The image belongs to the caller. */
static bool may_overwrite(const planner *p, int layer, int i)
{
    const sld_val v = p->g->layers[layer].in[i];
    return v > 0 && i == 0 && p->plan->layers[v].n_parts == 1 && !p->g->layers[v].kind->reads_y;
}

/* Requests for memory: for which place, and for how long. */
typedef struct {
    sld_span   *spans;
    sld_place **places; /* places[k] takes spans[k].offset */
    size_t      n;
} wanted;

static void want(wanted *w, sld_place *place, size_t floats, int from, int to)
{
    w->spans[w->n]    = (sld_span){.floats = floats, .from = from, .to = to};
    w->places[w->n++] = place;
}

static size_t pack(wanted *w)
{
    const size_t total = sld_pack_spans(w->spans, w->n);
    for (size_t i = 0; i < w->n; i++) {
        w->places[i]->offset = w->spans[i].offset;
    }
    return total;
}

static void place_gradient(planner *p, int l, int i, wanted *shard, wanted *batch)
{
    const sld_layer         *layer = &p->g->layers[l];
    const sld_val            v     = layer->in[i];
    const sld_gradient_place rule  = layer->kind->place[i];
    sld_place               *place = &p->plan->layers[l].dx[i];
    const int                made = dx_segment(p, l, i), used = p->notes[v].backward;
    if (rule == SLD_IN_OUTPUT) {
        *place = (sld_place){.where = SLD_AT_VALUE, .value = l};
    } else if (rule == SLD_IN_INPUT && may_overwrite(p, l, i)) {
        *place = (sld_place){.where = SLD_AT_VALUE, .value = v};
    } else if (made == used) {
        *place = (sld_place){.where = SLD_AT_SHARD};
        want(shard, place, sld_layer_floats(&p->g->layers[v]), p->notes[l].task[i],
             p->notes[v].last);
    } else {
        *place = (sld_place){.where = SLD_AT_BATCH};
        want(batch, place, sld_layer_floats(&p->g->layers[v]), made, used);
    }
}

static sld_status place_gradients(sld_ctx *ctx, sld_arena *arena, planner *p)
{
    const size_t max   = (size_t)p->g->n_layers * (SLD_MAX_INPUTS + 1);
    wanted       shard = {0}, batch = {0};
    SLD_TRY(sld_arena_alloc(ctx, arena, max * sizeof *shard.spans, (void **)&shard.spans));
    SLD_TRY(sld_arena_alloc(ctx, arena, max * sizeof *batch.spans, (void **)&batch.spans));
    SLD_TRY(sld_arena_alloc(ctx, arena, max * sizeof *shard.places, (void **)&shard.places));
    SLD_TRY(sld_arena_alloc(ctx, arena, max * sizeof *batch.places, (void **)&batch.places));

    for (int l = p->g->n_layers - 1; l > 0; l--) {
        for (int i = 0; i < p->g->layers[l].n_in; i++) {
            if (p->plan->layers[l].wants_dx[i]) {
                place_gradient(p, l, i, &shard, &batch);
            }
        }
        const note *own = &p->notes[l];
        if (own->gather >= 0) {
            sld_place *sum = &p->plan->layers[l].gathered;
            *sum           = (sld_place){.where = SLD_AT_SHARD};
            want(&shard, sum, sld_layer_floats(&p->g->layers[l]), own->gather, own->last);
        }
    }
    p->plan->shard_floats = pack(&shard);
    p->plan->batch_floats = pack(&batch);
    for (int l = 1; l < p->g->n_layers; l++) {
        for (int i = 0; i < p->g->layers[l].n_in; i++) {
            sld_plan_layer *value                = &p->plan->layers[p->g->layers[l].in[i]];
            value->parts[p->notes[l].part_of[i]] = p->plan->layers[l].dx[i];
        }
    }
    return SLD_OK;
}

sld_status sld_plan_create(sld_ctx *ctx, sld_arena *arena, const sld_graph *g, sld_plan **out)
{
    const size_t n = (size_t)g->n_layers;
    sld_plan    *plan;
    SLD_TRY(sld_arena_alloc(ctx, arena, sizeof *plan, (void **)&plan));
    planner p = {.g = g, .plan = plan};
    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *p.notes, (void **)&p.notes));
    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *plan->layers, (void **)&plan->layers));
    for (size_t l = 0; l < n; l++) {
        p.notes[l].gather = -1;
    }
    find_segments(&p);
    SLD_TRY(count_parts(ctx, &p));

    /* A layer has at most a forward, a measurement, a gathering, sums or weights, and a backward.
     */
    SLD_TRY(sld_arena_alloc(ctx, arena, 5 * n * sizeof *plan->tasks, (void **)&plan->tasks));
    SLD_TRY(sld_arena_alloc(ctx, arena, 2 * n * sizeof *plan->norms, (void **)&plan->norms));
    SLD_TRY(sld_arena_alloc(ctx, arena, (size_t)plan->n_forward * sizeof *plan->forward,
                            (void **)&plan->forward));
    SLD_TRY(sld_arena_alloc(ctx, arena, (size_t)plan->n_backward * sizeof *plan->backward,
                            (void **)&plan->backward));
    plan_forward(&p);
    plan_backward(&p);
    SLD_TRY(place_gradients(ctx, arena, &p));
    *out = plan;
    return SLD_OK;
}
