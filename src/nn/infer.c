/* infer.c: evaluates in blocks of a fixed number of samples, by the steps of infer_steps.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batch_norm.h"
#include "infer.h"
#include "infer_steps.h"
#include "layer.h"
#include "model.h"

struct sld_infer {
    const sld_model *model; /* borrowed */
    sld_arena       *arena;
    sld_kernels     *kernels;
    sld_precision    precision;
    sld_infer_step  *steps;
    int              n_steps;
    sld_infer_value *values;   /* per layer */
    float           *padded;   /* (block,H,W,C): a short last block, or a renormalised one */
    float *mean, *std, *table; /* see sld_infer_renormalise(); NULL: images are used as they come */

    /* The evaluation under way. */
    const float *images;   /* (n,H,W,C), borrowed */
    float       *logits;   /* (n,K), borrowed */
    float       *features; /* (n,F), borrowed; NULL: not wanted */
    size_t       n, at;    /* number of samples; the first of the present block */
    int          next;     /* the next step of the block, for its samples from `part` on */
    int          part;
};

/* ---- made and freed ---- */

/* The input of the last layer. */
static sld_val feature_value(const sld_infer *infer)
{
    return infer->model->graph.layers[infer->model->logits].in[0];
}

static sld_status make_steps(sld_ctx *ctx, sld_infer *infer)
{
    const sld_graph *g = &infer->model->graph;
    for (int t = 0; t < infer->n_steps; t++) {
        sld_infer_step  *s     = &infer->steps[t];
        const sld_layer *layer = &g->layers[s->layer];
        sld_layer_env    env   = {.kernels = infer->kernels,
                                  .arena   = infer->arena,
                                  .layer   = layer,
                                  .sizes   = &s->samples,
                                  .n_sizes = 1};
        for (int i = 0; i < layer->n_in; i++) {
            env.inputs[i] = &g->layers[layer->in[i]];
        }
        env.bf16 = infer->precision == SLD_PRECISION_BF16;
        if (s->norm >= 0) {
            env.fused_bias = true;
            env.fused_add  = s->residual >= 0;
            env.fused_relu = g->layers[s->norm].relu;
        }
        SLD_TRY(layer->kind->create(ctx, &env, &s->state));
    }
    return sld_kernels_ready(ctx, infer->kernels);
}

static sld_status make_all(sld_ctx *ctx, sld_infer *infer)
{
    const sld_graph *g = &infer->model->graph;
    const size_t     n = (size_t)g->n_layers;
    SLD_TRY(sld_arena_create(ctx, &infer->arena));
    SLD_TRY(sld_kernels_create(ctx, &infer->kernels));
    SLD_TRY(sld_arena_alloc(ctx, infer->arena, n * sizeof *infer->steps, (void **)&infer->steps));
    SLD_TRY(sld_arena_alloc(ctx, infer->arena, n * sizeof *infer->values, (void **)&infer->values));
    SLD_TRY(sld_arena_alloc(ctx, infer->arena,
                            SLD_EVAL_BLOCK * sld_layer_floats(&g->layers[0]) * sizeof(float),
                            (void **)&infer->padded));
    infer->n_steps = sld_infer_list_steps(g, infer->precision == SLD_PRECISION_BF16, infer->steps);
    SLD_TRY(sld_infer_place_values(ctx, infer->arena, g, infer->steps, infer->n_steps,
                                   feature_value(infer), infer->values));
    return make_steps(ctx, infer);
}

bool sld_precision_named(const char *name, sld_precision *out)
{
    *out = strcmp(name, "bf16") == 0 ? SLD_PRECISION_BF16 : SLD_PRECISION_F32;
    return *out == SLD_PRECISION_BF16 || strcmp(name, "f32") == 0;
}

sld_status sld_infer_create(sld_ctx *ctx, const sld_model *model, sld_infer **out)
{
    return sld_infer_create_in(ctx, model, SLD_PRECISION_F32, out);
}

sld_status sld_infer_create_in(sld_ctx *ctx, const sld_model *model, sld_precision precision,
                               sld_infer **out)
{
    *out             = NULL;
    sld_infer *infer = calloc(1, sizeof *infer);
    if (!infer) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "out of memory: a network's evaluation state of %zu bytes", sizeof *infer);
    }
    infer->model        = model;
    infer->precision    = precision;
    const sld_status st = make_all(ctx, infer);
    if (st != SLD_OK) {
        sld_infer_destroy(infer);
        return st;
    }
    *out = infer;
    return SLD_OK;
}

void sld_infer_destroy(sld_infer *infer)
{
    if (!infer) {
        return;
    }
    for (int t = 0; t < infer->n_steps; t++) {
        const sld_infer_step *s    = &infer->steps[t];
        const sld_layer_kind *kind = infer->model->graph.layers[s->layer].kind;
        if (kind->destroy && s->state) {
            kind->destroy(s->state);
        }
    }
    sld_kernels_destroy(infer->kernels);
    sld_arena_destroy(infer->arena);
    free(infer);
}

/* ---- use ---- */

/* Weights, then bias: w' = w * a, b' = bias + (b - mean) * a with a = weight / sqrt(var + eps), in
 * double. */
static void fold(const sld_model *model, const sld_layer *conv, const sld_layer *norm,
                 float *weights, float *bias)
{
    float *c[SLD_LAYER_TENSORS], *n[SLD_LAYER_TENSORS];
    sld_model_layer_tensors(model, conv, c);
    sld_model_layer_tensors(model, norm, n);
    const size_t channels = (size_t)conv->channels;
    const size_t each     = model->tensors[conv->first_tensor].n / channels;
    for (size_t o = 0; o < channels; o++) {
        const double a = (double)n[0][o] / sqrt((double)n[3][o] + SLD_BN_EPS);
        for (size_t i = 0; i < each; i++) {
            weights[o * each + i] = (float)((double)c[0][o * each + i] * a);
        }
        const double b = c[1] ? (double)c[1][o] : 0;
        bias[o]        = (float)((double)n[1][o] + (b - (double)n[2][o]) * a);
    }
}

/* Folds into memory that it frees at once: it is as large as the largest layer, and a teacher needs
 * it once. */
static sld_status refresh_folded(sld_ctx *ctx, const sld_model *model, const sld_infer_step *s)
{
    const sld_layer *conv    = &model->graph.layers[s->layer];
    const size_t     weights = model->tensors[conv->first_tensor].n;
    const size_t     bytes   = (weights + (size_t)conv->channels) * sizeof(float);
    float           *folded  = malloc(bytes);
    if (!folded) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "out of memory: a network's evaluation state of %zu bytes", bytes);
    }
    const float *const tensors[] = {folded, folded + weights};
    fold(model, conv, &model->graph.layers[s->norm], folded, folded + weights);
    const sld_status st = conv->kind->refresh(ctx, s->state, tensors);
    free(folded);
    return st;
}

sld_status sld_infer_refresh(sld_ctx *ctx, sld_infer *infer)
{
    const sld_model *model = infer->model;
    for (int t = 0; t < infer->n_steps; t++) {
        const sld_infer_step *s     = &infer->steps[t];
        const sld_layer      *layer = &model->graph.layers[s->layer];
        if (s->norm >= 0) {
            SLD_TRY(refresh_folded(ctx, model, s));
        } else if (layer->kind->refresh) {
            float *tensors[SLD_LAYER_TENSORS];
            sld_model_layer_tensors(model, layer, tensors);
            SLD_TRY(layer->kind->refresh(ctx, s->state, (const float *const *)tensors));
        }
    }
    return SLD_OK;
}

void sld_infer_begin(sld_infer *infer, const float *images, size_t n, float *logits)
{
    infer->images = images;
    infer->logits = logits;
    infer->n      = n;
    infer->at     = 0;
    infer->next   = 0;
    infer->part   = 0;
}

bool sld_infer_done(const sld_infer *infer)
{
    return infer->at >= infer->n;
}

static size_t rows_of_block(const sld_infer *infer)
{
    const size_t rest = infer->n - infer->at;
    return rest < SLD_EVAL_BLOCK ? rest : SLD_EVAL_BLOCK;
}

sld_status sld_infer_renormalise(sld_ctx *ctx, sld_infer *infer, const float *mean,
                                 const float *std, const float *table)
{
    const size_t C     = (size_t)infer->model->graph.layers[0].channels;
    const size_t bytes = C * sizeof *infer->mean;

    SLD_TRY(sld_arena_alloc(ctx, infer->arena, bytes, (void **)&infer->mean));
    SLD_TRY(sld_arena_alloc(ctx, infer->arena, bytes, (void **)&infer->std));
    SLD_TRY(sld_arena_alloc(ctx, infer->arena, 256 * bytes, (void **)&infer->table));
    memcpy(infer->mean, mean, bytes);
    memcpy(infer->std, std, bytes);
    memcpy(infer->table, table, 256 * bytes);
    return SLD_OK;
}

/* Goes back to the pixel, which is exact, and to the network's own value of it. n: floats of
 * (...,C). */
static void renormalise(const sld_infer *infer, float *images, size_t n)
{
    const size_t C = (size_t)infer->model->graph.layers[0].channels;

    for (size_t i = 0; i < n; i++) {
        const size_t c     = i % C;
        const float  pixel = rintf((images[i] * infer->std[c] + infer->mean[c]) * 255.0f);
        const int    v     = pixel < 0.0f ? 0 : pixel > 255.0f ? 255 : (int)pixel;
        images[i]          = infer->table[c * 256 + (size_t)v];
    }
}

/* The images of the block. A short block is padded before its first step. */
static const float *block_images(sld_infer *infer)
{
    const size_t image = sld_layer_floats(&infer->model->graph.layers[0]);
    const size_t rows  = rows_of_block(infer);
    const float *block = infer->images + infer->at * image;
    if (rows == SLD_EVAL_BLOCK && !infer->table) {
        return block;
    }
    if (infer->next == 0 && infer->part == 0) {
        memset(infer->padded, 0, SLD_EVAL_BLOCK * image * sizeof *infer->padded);
        memcpy(infer->padded, block, rows * image * sizeof *infer->padded);
        if (infer->table) {
            renormalise(infer, infer->padded, rows * image);
        }
    }
    return infer->padded;
}

/* A value of the block, from the present part on. */
static float *value_of(const sld_infer *infer, sld_val v)
{
    return infer->values[v].at + (size_t)infer->part * infer->values[v].to_sample;
}

/* Of the image and of what steps have made. */
static const float *read_value(const sld_infer *infer, sld_val v, const float *images)
{
    const size_t image = sld_layer_floats(&infer->model->graph.layers[0]);
    return v == 0 ? images + (size_t)infer->part * image : value_of(infer, v);
}

static sld_status run_step(sld_ctx *ctx, sld_infer *infer, const sld_infer_step *s,
                           const float *images)
{
    const sld_graph *g     = &infer->model->graph;
    const sld_layer *layer = &g->layers[s->layer];
    sld_shard        shard = {.n = (size_t)s->samples, .y = value_of(infer, s->out)};
    for (int i = 0; i < layer->n_in; i++) {
        shard.x[i] = read_value(infer, layer->in[i], images);
    }
    if (s->copies) {
        memcpy(shard.y, read_value(infer, s->residual, images),
               shard.n * sld_layer_floats(&g->layers[s->out]) * sizeof *shard.y);
    }
    return layer->kind->forward(ctx, s->state, &shard);
}

size_t sld_infer_feature_count(const sld_infer *infer)
{
    return sld_layer_floats(&infer->model->graph.layers[feature_value(infer)]);
}

size_t sld_infer_class_count(const sld_infer *infer)
{
    return (size_t)infer->model->classes;
}

void sld_infer_keep_features(sld_infer *infer, float *features)
{
    infer->features = features;
}

/* Copies the block's logits to the caller, and begins the next block. */
static void end_block(sld_infer *infer)
{
    const size_t classes = (size_t)infer->model->classes;
    memcpy(infer->logits + infer->at * classes, infer->values[infer->model->logits].at,
           rows_of_block(infer) * classes * sizeof *infer->logits);
    if (infer->features) {
        const size_t F = sld_infer_feature_count(infer);
        memcpy(infer->features + infer->at * F, infer->values[feature_value(infer)].at,
               rows_of_block(infer) * F * sizeof *infer->features);
    }
    infer->at += SLD_EVAL_BLOCK;
    infer->next = 0;
}

sld_status sld_infer_advance(sld_ctx *ctx, sld_infer *infer)
{
    if (sld_infer_done(infer)) {
        return SLD_OK;
    }
    const sld_infer_step *s = &infer->steps[infer->next];
    SLD_TRY(run_step(ctx, infer, s, block_images(infer)));
    infer->next++;
    if (infer->next == s->end) { /* of the run: it begins again with the next part */
        infer->part = (infer->part + s->samples) % SLD_EVAL_BLOCK;
        infer->next = infer->part > 0 ? s->first : s->end;
    }
    if (infer->next == infer->n_steps) {
        end_block(infer);
    }
    return SLD_OK;
}

sld_status sld_infer_run(sld_ctx *ctx, sld_infer *infer, const float *images, size_t n,
                         float *logits)
{
    sld_infer_begin(infer, images, n, logits);
    while (!sld_infer_done(infer)) {
        SLD_TRY(sld_infer_advance(ctx, infer));
    }
    return SLD_OK;
}

const char *sld_infer_implementation(const sld_infer *infer, int step_index, int i)
{
    if (step_index >= infer->n_steps) {
        return NULL;
    }
    const sld_infer_step *s    = &infer->steps[step_index];
    const sld_layer_kind *kind = infer->model->graph.layers[s->layer].kind;
    const char           *name = kind->implementation ? kind->implementation(s->state, i) : NULL;
    return name ? name : "";
}
