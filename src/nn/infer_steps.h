/* infer_steps.h: what evaluation of a block does, in which order and in which memory. */
#ifndef SLD_INFER_STEPS_H
#define SLD_INFER_STEPS_H

#include "graph.h"
#include "sld/nn.h"

/* One call of a layer kind. Steps side by side that take the same part of a block are a run: it does
 * all its steps for the first part, then for the next. */
typedef struct sld_infer_step {
    int     layer;      /* its kind, inputs and tensors are used */
    int     norm;       /* the batch norm folded into it; -1: none */
    sld_val out;        /* the value it makes: the layer's, or the folded batch norm's */
    sld_val residual;   /* of a folded addition; -1: none */
    bool    copies;     /* the residual is still needed, so it is copied first */
    int     samples;    /* at a time, a divisor of SLD_EVAL_BLOCK */
    int     first, end; /* of its run: the first step, and the one behind its last */
    void   *state;
} sld_infer_step;

/* The memory of a value; values that do not live together share it. */
typedef struct sld_infer_value {
    float *at;
    size_t to_sample; /* floats from a sample to the next; 0: it has room for one part of its run */
} sld_infer_value;

/* Local. Writes at most n_layers steps; returns how many. */
int sld_infer_list_steps(const sld_graph *g, bool bf16, sld_infer_step *steps);
/* Local. values: (n_layers), of which those that steps make are written. features: the value that is
 * kept to the end of the block. Sets copies of the steps. The arena owns the memory. */
sld_status sld_infer_place_values(sld_ctx *ctx, sld_arena *arena, const sld_graph *g,
                                  sld_infer_step *steps, int n_steps, sld_val features,
                                  sld_infer_value *values);

#endif
