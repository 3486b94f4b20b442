/* plan.h: the order of work in training. A batch norm needs statistics of the whole batch before it
 * can go on. So the graph is cut into segments, the longest runs of work that one shard can do
 * without the others. A segment is run shard by shard, so that a shard's data stay in the cache
 * from one layer to the next. Then the measurements of its batch norms are reduced in one message,
 * and the next segment begins. */
#ifndef SLD_PLAN_H
#define SLD_PLAN_H

#include "graph.h"

typedef enum {
    SLD_DO_FORWARD,
    SLD_DO_MEASURE,  /* batch norm: statistics of its input, right after that is computed */
    SLD_DO_GATHER,   /* adds gradients that come in more parts than the layer accepts */
    SLD_DO_SUMS,     /* batch norm: gradient through the activation, and its sums */
    SLD_DO_WEIGHTS,  /* weight gradient */
    SLD_DO_BACKWARD, /* gradient of the inputs */
} sld_action;

typedef struct sld_task {
    sld_action action;
    int        layer;
} sld_task;

typedef struct sld_segment {
    int    first_task, n_tasks;
    int    first_norm, n_norms; /* batch norms reduced at its end, in plan.norms */
    size_t channels;            /* of these batch norms together */
} sld_segment;

/* The memory of one part of a value's gradient, while it is needed. */
typedef enum {
    SLD_AT_NOWHERE, /* not wanted */
    SLD_AT_VALUE,   /* over the value `value`, whole batch */
    SLD_AT_SHARD,   /* memory of one shard, free after the segment */
    SLD_AT_BATCH,   /* memory for the whole batch */
} sld_where;

typedef struct sld_place {
    sld_where where;
    sld_val   value;  /* SLD_AT_VALUE */
    size_t    offset; /* floats, per row of the batch: the address is offset * rows */
} sld_place;

#define SLD_MAX_PARTS 8 /* layers that read one value */

typedef struct sld_plan_layer {
    sld_place dx[SLD_MAX_INPUTS];
    bool      wants_dx[SLD_MAX_INPUTS];
    int       n_parts;              /* of the gradient of this layer's output */
    sld_place parts[SLD_MAX_PARTS]; /* 0 parts: the gradient comes from outside (logits) */
    sld_place gathered;             /* SLD_DO_GATHER: their sum */
    size_t
        norm_at[2]; /* batch norm: its first channel in the segment's message; forward, backward */
} sld_plan_layer;

typedef struct sld_plan {
    sld_plan_layer *layers; /* one per layer of the graph */
    sld_task       *tasks;
    sld_segment    *forward, *backward;
    int            *norms;
    int             n_forward, n_backward, n_tasks, n_norms;
    size_t          shard_floats, batch_floats; /* memory for gradients, per row */
    size_t          max_channels;               /* of one segment */
} sld_plan;

/* Local. Makes the plan of a graph whose last layer makes the logits. *out lies in the arena. */
sld_status sld_plan_create(sld_ctx *ctx, sld_arena *arena, const sld_graph *g, sld_plan **out);

#endif
