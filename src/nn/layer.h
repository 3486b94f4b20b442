/* layer.h: a kind of layer, which is one constant table in a file of its own. The engines of
 * training (backprop.c) and evaluation (infer.c) know nothing else about it. */
#ifndef SLD_LAYER_H
#define SLD_LAYER_H

#define SLD_LAYER_TENSORS 4 /* the most that one layer has: a batch norm's */

#include "graph.h"

/* The memory for the gradient with respect to an input. */
typedef enum {
    SLD_IN_NEW,    /* memory of its own */
    SLD_IN_OUTPUT, /* over the layer's own output, which nobody needs after the layer's backward */
    SLD_IN_INPUT,  /* over the input itself, if its maker and other readers allow; else new */
} sld_gradient_place;

/* One layer on one shard, forward or backward. Pointers are to the shard's first row, shapes are
 * (n,H,W,C). Backward functions may change y. */
typedef struct sld_shard {
    size_t       n;    /* rows */
    int          size; /* index of n among the sizes the layer was made for */
    const float *x[SLD_MAX_INPUTS];
    float       *y;
    const float *dy,
        *dy2; /* gradient of y is dy + dy2; dy2 NULL for kinds without adds_gradients */
    float *dx[SLD_MAX_INPUTS]; /* written; NULL: not needed */
    float *dw;                 /* partial weight gradient of this shard, written */
    bool   add;                /* dw is added to another shard's: for kinds with adds_weights */
} sld_shard;

/* What create() of a layer gets when a network is set up for training or evaluation. */
typedef struct sld_layer_env {
    sld_kernels     *kernels;
    sld_arena       *arena;
    const sld_layer *layer, *inputs[SLD_MAX_INPUTS];
    const int       *sizes; /* samples per call, largest first */
    int              n_sizes;
    bool             training;
    bool             wants_dx[SLD_MAX_INPUTS];
    bool             fused_bias, fused_add, fused_relu; /* evaluation: folded from a batch norm */
    bool             bf16;                              /* convolutions read bfloat16 */
} sld_layer_env;

/* What the engine reduces over shards for a batch norm in training. (C) doubles each. */
typedef struct sld_moments {
    double *a, *b; /* forward: mean, m2; backward: sum of dz, sum of dz * (x - mean) */
} sld_moments;

struct sld_layer_kind {
    const char        *name;
    sld_gradient_place place[SLD_MAX_INPUTS];
    bool               adds_gradients; /* takes dy2 */
    bool               reduces;        /* has measure and backward_sums: a batch norm */
    bool               reads_y;        /* backward needs the values of y */
    sld_phase          forward_phase, data_phase, weights_phase; /* for the account of time */

    double (*macs)(const sld_layer *layer, const sld_layer *input); /* NULL: 0 */
    /* Evaluation: whether a sample has the same bits in a call of any number. NULL: it has. */
    bool (*any_number)(const sld_layer *layer, const sld_layer *input, bool bf16);

    /* state: made by create, in the arena or to be freed by destroy (NULL: nothing to free). */
    sld_status (*create)(sld_ctx *ctx, const sld_layer_env *env, void **state);
    void (*destroy)(void *state);
    /* tensors: the layer's, in their order; NULL function: the kind has none. Copies what
     * evaluation uses; what training alone uses may be borrowed until the next refresh. */
    sld_status (*refresh)(sld_ctx *ctx, void *state, const float *const *tensors);
    sld_status (*forward)(sld_ctx *ctx, void *state, const sld_shard *s);
    sld_status (*backward)(sld_ctx *ctx, void *state, const sld_shard *s); /* dx */
    sld_status (*backward_weights)(sld_ctx *ctx, void *state, const sld_shard *s);
    bool (*adds_weights)(const void *state, int size); /* whether backward_weights can add */
    size_t (*gradient_floats)(const void *state);      /* of dw; NULL: 0 */
    /* dw summed over shards -> gradients: the layer's trained tensors in their order. */
    sld_status (*unpack)(sld_ctx *ctx, void *state, const float *dw, float *const *gradients);

    /* Kinds that reduce. measure: of x, right after it was made. take: the reduced moments of all
     * rows; moves running statistics. backward_sums: dz into y. take_sums: the reduced sums;
     * writes the gradients of the trained tensors. */
    void (*measure)(void *state, const sld_shard *s, sld_moments out);
    void (*take)(void *state, size_t rows, sld_moments all, float *const *tensors);
    void (*backward_sums)(void *state, const sld_shard *s, sld_moments out);
    void (*take_sums)(void *state, size_t rows, sld_moments all, float *const *gradients);
    const char *(*implementation)(const void *state, int i); /* NULL: none worth naming */
};

extern const sld_layer_kind sld_conv_kind, sld_bn_kind, sld_add_kind, sld_max_pool_kind,
    sld_average_pool_kind, sld_global_pool_kind, sld_slice_kind, sld_concat_kind, sld_shuffle_kind,
    sld_linear_kind;

#endif
