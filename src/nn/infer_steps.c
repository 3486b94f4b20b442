/* infer_steps.c: the steps of an evaluation and their memory. A batch norm behind a convolution is
 * folded into it, with the addition and the relu after it.
 *
 * What a step reads and writes for a block is several megabytes in the first layers, and would come
 * from memory each time. There all steps are done for a few samples, whose values stay in the
 * second-level cache, then for the next. This asks for layers that give a sample the same bits in a
 * call of any number of samples. */
#include "infer_steps.h"

#include "layer.h"
#include "packing.h"

enum { PART_BYTES = 256 * 1024, PART_LEAST = 2 }; /* of a value; measured: docs/performance.md */

/* ---- steps ---- */

static int count_readers(const sld_graph *g, sld_val v)
{
    int n = 0;
    for (int l = v + 1; l < g->n_layers; l++) {
        for (int i = 0; i < g->layers[l].n_in; i++) {
            n += g->layers[l].in[i] == v;
        }
    }
    return n;
}

static bool folds(const sld_graph *g, int norm)
{
    const sld_layer *layer = &g->layers[norm];
    return layer->kind == &sld_bn_kind && g->layers[layer->in[0]].kind == &sld_conv_kind &&
           count_readers(g, layer->in[0]) == 1;
}

/* Samples at a time. */
static int part_of(const sld_graph *g, const sld_infer_step *s, bool bf16)
{
    const sld_layer *layer = &g->layers[s->layer];
    size_t           most  = sld_layer_floats(&g->layers[s->out]);
    int              n     = SLD_EVAL_BLOCK;
    for (int i = 0; i < layer->n_in; i++) {
        const size_t floats = sld_layer_floats(&g->layers[layer->in[i]]);
        most                = floats > most ? floats : most;
    }
    if (layer->kind->any_number &&
        !layer->kind->any_number(layer, &g->layers[layer->in[0]], bf16)) {
        return n;
    }
    while (n > PART_LEAST && (size_t)n * most * sizeof(float) > PART_BYTES) {
        n /= 2;
    }
    return n;
}

static void find_runs(sld_infer_step *steps, int n)
{
    for (int first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && steps[end].samples == steps[first].samples; end++) {
        }
        for (int t = first; t < end; t++) {
            steps[t].first = first;
            steps[t].end   = end;
        }
    }
}

int sld_infer_list_steps(const sld_graph *g, bool bf16, sld_infer_step *steps)
{
    int n = 0;
    for (int l = 1; l < g->n_layers; l++) {
        const sld_layer *layer = &g->layers[l];
        sld_infer_step   s     = {.layer = l, .norm = -1, .out = l, .residual = -1};
        if (folds(g, l)) {
            s.layer    = layer->in[0];
            s.norm     = l;
            s.residual = layer->n_in > 1 ? layer->in[1] : -1;
        } else if (layer->kind == &sld_conv_kind && count_readers(g, l) == 1) {
            bool taken = false;
            for (int b = l + 1; b < g->n_layers; b++) {
                taken = taken || (folds(g, b) && g->layers[b].in[0] == l);
            }
            if (taken) {
                continue; /* done in place of its batch norm, when the residual is ready */
            }
        }
        s.samples  = part_of(g, &s, bf16);
        steps[n++] = s;
    }
    find_runs(steps, n);
    return n;
}

/* ---- memory ---- */

typedef struct {
    const sld_graph *g;
    sld_infer_step  *steps;
    int              n_steps;
    sld_span        *spans;
    size_t           n_spans;
    int             *buffer, *last; /* per value: index of its span; last step that reads it */
} placing;

static void find_last_readers(placing *p, sld_val features)
{
    for (int t = 0; t < p->n_steps; t++) {
        const sld_infer_step *s     = &p->steps[t];
        const sld_layer      *layer = &p->g->layers[s->layer];
        for (int i = 0; i < layer->n_in; i++) {
            p->last[layer->in[i]] = t;
        }
        if (s->residual >= 0) {
            p->last[s->residual] = t;
        }
        p->last[s->out] = p->n_steps;
    }
    p->last[features] = p->n_steps;
}

/* A folded addition overwrites its residual if nobody reads that later. */
static void choose_buffers(placing *p)
{
    for (int t = 0; t < p->n_steps; t++) {
        sld_infer_step *s = &p->steps[t];
        if (s->residual > 0 && p->last[s->residual] == t &&
            p->g->layers[s->layer].in[0] != s->residual) {
            p->buffer[s->out]              = p->buffer[s->residual];
            p->spans[p->buffer[s->out]].to = p->last[s->out];
        } else {
            s->copies              = s->residual >= 0;
            p->buffer[s->out]      = (int)p->n_spans;
            p->spans[p->n_spans++] = (sld_span){.from = t, .to = p->last[s->out]};
        }
    }
}

/* What lives within one run has room for one part. Anything else has room for the block, and lives as
 * long as the runs that touch it, because these come to every step again. */
static void size_buffer(const placing *p, const sld_infer_step *maker, sld_span *span)
{
    const size_t floats = sld_layer_floats(&p->g->layers[maker->out]);
    const int    first = p->steps[span->from].first, end = p->steps[span->from].end;
    if (maker->samples < SLD_EVAL_BLOCK && span->to < end) {
        span->floats = (size_t)maker->samples * floats;
        return;
    }
    span->floats = SLD_EVAL_BLOCK * floats;
    span->from   = first;
    span->to     = span->to < p->n_steps ? p->steps[span->to].end - 1 : span->to;
}

static bool is_part(const placing *p, const sld_infer_step *s)
{
    const size_t floats = sld_layer_floats(&p->g->layers[s->out]);
    return p->spans[p->buffer[s->out]].floats < SLD_EVAL_BLOCK * floats;
}

static sld_status place(sld_ctx *ctx, sld_arena *arena, placing *p, sld_val features,
                        sld_infer_value *values)
{
    float *memory;

    find_last_readers(p, features);
    choose_buffers(p);
    for (size_t i = 0; i < p->n_spans; i++) {
        size_buffer(p, &p->steps[p->spans[i].from], &p->spans[i]);
    }
    SLD_TRY(sld_arena_alloc(ctx, arena, sld_pack_spans(p->spans, p->n_spans) * sizeof *memory,
                            (void **)&memory));
    for (int t = 0; t < p->n_steps; t++) {
        const sld_infer_step *s = &p->steps[t];
        values[s->out]          = (sld_infer_value){
                     .at        = memory + p->spans[p->buffer[s->out]].offset,
                     .to_sample = is_part(p, s) ? 0 : sld_layer_floats(&p->g->layers[s->out])};
    }
    return SLD_OK;
}

sld_status sld_infer_place_values(sld_ctx *ctx, sld_arena *arena, const sld_graph *g,
                                  sld_infer_step *steps, int n_steps, sld_val features,
                                  sld_infer_value *values)
{
    const size_t n = (size_t)g->n_layers;
    placing      p = {.g = g, .steps = steps, .n_steps = n_steps};
    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *p.spans, (void **)&p.spans));
    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *p.buffer, (void **)&p.buffer));
    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *p.last, (void **)&p.last));
    return place(ctx, arena, &p, features, values);
}
