/* sld/nn.h: networks as graphs of layers, their tensors, evaluation on single samples and training
 * on shards of a global batch. Activations are NHWC float32 from the image to the logits; tensors
 * outside have PyTorch's names and layouts (OIHW convolutions, (out,in) linear layers). Axes: N
 * samples, H, W pixels, C channels, K classes. */
#ifndef SLD_NN_H
#define SLD_NN_H

#include "sld/base.h"
#include "sld/comm.h"

/* ---- the graph: what a zoo file builds; one small file per family in src/nn/zoo ---- */

typedef struct sld_graph sld_graph;
typedef int sld_val; /* a value in the graph: the output of one layer, (H,W,C) per sample */

typedef struct sld_conv_shape {
    int  out, kernel, stride, pad, groups; /* groups 0 means 1 */
    bool bias;
} sld_conv_shape;

/* The builders cannot fail visibly: the first mistake (a shape that does not fit, out of memory) is
 * kept in the graph and reported by sld_model_create(). NAME is the PyTorch module name. */
sld_val sld_graph_conv(sld_graph *g, sld_val x, sld_conv_shape shape, const char *name, ...)
    __attribute__((format(printf, 4, 5)));
/* y = act(bn(x) + residual): residual -1 = none; relu or identity. An addition of a bn's output
 * that nothing else reads becomes its residual by itself. */
sld_val sld_graph_bn(sld_graph *g, sld_val x, sld_val residual, bool relu, const char *name, ...)
    __attribute__((format(printf, 5, 6)));
sld_val sld_graph_relu(sld_graph *g, sld_val x);
sld_val sld_graph_add(sld_graph *g, sld_val a, sld_val b, bool relu);
/* Says that a batch norm moves its running statistics n times per training forward, not once. */
void    sld_graph_bn_updates(sld_graph *g, sld_val bn, int n);
sld_val sld_graph_max_pool(sld_graph *g, sld_val x, int kernel, int stride, int pad);
/* Padding is counted in the divisor. */
sld_val sld_graph_average_pool(sld_graph *g, sld_val x, int kernel, int stride, int pad);
sld_val sld_graph_global_pool(sld_graph *g, sld_val x); /* average over H and W -> (1,1,C) */
sld_val sld_graph_slice(sld_graph *g, sld_val x, int first, int channels);
sld_val sld_graph_concat(sld_graph *g, sld_val a, sld_val b); /* channels of a, then of b */
/* Channels as (groups, C / groups), transposed; right behind a concatenation one pass does both. */
sld_val sld_graph_shuffle(sld_graph *g, sld_val x, int groups);
int     sld_graph_height(sld_graph *g, sld_val x);
int     sld_graph_channels(sld_graph *g, sld_val x);
sld_val sld_graph_linear(sld_graph *g, sld_val x, int out, const char *name, ...)
    __attribute__((format(printf, 4, 5)));

/* One row of the zoo's table. build returns the logits' value. */
typedef struct sld_network {
    const char *name;
    int input_size; /* H = W of the public recipe; the graph is made for the size asked for */
    int classes;    /* of the public recipe, likewise */
    sld_val (*build)(sld_graph *g, sld_val x, int classes, int variant);
    int         variant; /* handed to build: depth, width ... as the family's file defines it */
    int         init;    /* enum sld_init_family in src/nn: docs/recipes.md, "Initialisation" */
    const char *alias;   /* another name it is found by, or NULL */
} sld_network;

const sld_network *sld_network_find(const char *name); /* Local. NULL when unknown. */
size_t             sld_network_count(void);
const sld_network *sld_network_at(size_t i);

/* ---- a model: a graph with its tensors' values ---- */

typedef struct sld_model sld_model;

typedef struct sld_tensor {
    const char *name;   /* PyTorch state_dict name, without num_batches_tracked */
    int         n_dims; /* 1, 2 or 4 */
    size_t      dims[4];
    size_t      n;       /* elements */
    float      *values;  /* owned by the model; row-major in PyTorch layout */
    bool        trained; /* false: running statistics */
} sld_tensor;

/* Local. For images (height,width,channels). Tensors are zero. Owned by the caller. SLD_ERR_CONFIG
 * for a name that is not in the zoo (with the nearest one) and sizes that do not fit. */
sld_status sld_model_create(sld_ctx *ctx, const char *network, int height, int width, int channels,
                            int classes, sld_model **out);
/* Local. The same for a network that is not in the zoo: *network is borrowed until destroy. */
sld_status sld_model_build(sld_ctx *ctx, const sld_network *network, int height, int width,
                           int channels, int classes, sld_model **out);
void       sld_model_destroy(sld_model *model); /* Local. Accepts NULL. */
/* Local. Frees the tensors' values, which are NULL from then on; names and shapes stay. For a model
 * that no longer changes, behind the last refresh of what evaluates it. */
void sld_model_release_values(sld_model *model);

/* Local. Initial values by the family's rule, from (seed, index of the tensor). */
void sld_model_init(sld_model *model, uint64_t seed);

const sld_network *sld_model_network(const sld_model *model);
int                sld_model_classes(const sld_model *model);
size_t             sld_model_tensor_count(const sld_model *model);
/* Local. Has it batch norms on maps of one pixel? */
bool              sld_model_norms_points(const sld_model *model);
const sld_tensor *sld_model_tensor(const sld_model *model, size_t i);
/* All trained tensors lie one after another in one buffer, tensor by tensor in state_dict order:
 * values and gradients share this numbering. */
size_t sld_model_trained_count(const sld_model *model); /* floats */
float *sld_model_trained(sld_model *model);
double
sld_model_macs(const sld_model *model); /* multiply-accumulates for one image, conv + linear */

/* ---- evaluation: running statistics, batch norms folded, samples in fixed blocks ---- */

#define SLD_EVAL_BLOCK                                                                             \
    8 /* samples; a sample's logits do not depend on its place or its neighbours */

typedef struct sld_infer sld_infer;

/* Local. Makes all primitives and buffers. model is borrowed until destroy. */
sld_status sld_infer_create(sld_ctx *ctx, const sld_model *model, sld_infer **out);
/* Local. The same in another precision. bf16: convolutions read their input and their weights
 * rounded to bfloat16 and sum in float32; additions, the other layers and the logits are float32.
 * SLD_ERR_CONFIG where the CPU or the build has none. */
typedef enum { SLD_PRECISION_F32, SLD_PRECISION_BF16 } sld_precision;
sld_status sld_infer_create_in(sld_ctx *ctx, const sld_model *model, sld_precision precision,
                               sld_infer **out);
/* Local. "f32" or "bf16"; false for another word. */
bool sld_precision_named(const char *name, sld_precision *out);
void sld_infer_destroy(sld_infer *infer); /* Local. Accepts NULL. */
/* Local. Takes over the model's present values. Call after they changed. */
sld_status sld_infer_refresh(sld_ctx *ctx, sld_infer *infer);
/* Local. From now on images, which come as (pixel/255 - mean)/std of 8-bit pixels, are seen as `table`
 * has them: the network was trained with other constants. mean, std: (C); table: (C,256) the value
 * that the network expects for each pixel. */
sld_status sld_infer_renormalise(sld_ctx *ctx, sld_infer *infer, const float *mean,
                                 const float *std, const float *table);
/* Local. images: (n,H,W,C); logits: (n,K). Any n; works block by block. */
sld_status sld_infer_run(sld_ctx *ctx, sld_infer *infer, const float *images, size_t n,
                         float *logits);
/* Local. Floats of a sample's features: of what the last layer makes its logits of. */
size_t sld_infer_feature_count(const sld_infer *infer);
size_t sld_infer_class_count(const sld_infer *infer); /* Local. Of the network. */
/* Local. The runs that follow give features too, (n,count) of each run. NULL: no more. */
void sld_infer_keep_features(sld_infer *infer, float *features);
/* Local. The same a little at a time, with anything else between: begin, then advance until done.
 * images and logits are borrowed until then, and logits are complete then. One evaluation at a
 * time: another begin or run forgets what was under way. */
void sld_infer_begin(sld_infer *infer, const float *images, size_t n, float *logits);
bool sld_infer_done(const sld_infer *infer);
/* Local. One layer of one block, 0.1 to 3 ms; nothing when done. After a failure begin again. */
sld_status sld_infer_advance(sld_ctx *ctx, sld_infer *infer);

/* ---- training on shards ---- */

typedef struct sld_backprop sld_backprop;

/* Local. What the trees' scratch_bytes must hold at least: longer sums travel in pieces. */
size_t sld_backprop_message_bytes(const sld_model *model);
/* Collective. For batches of the given trees (distinct global batch sizes: full and tail); trees
 * are borrowed until destroy. Everything is allocated here. */
sld_status sld_backprop_create(sld_ctx *ctx, const sld_comm *comm, sld_model *model,
                               sld_tree *const *trees, size_t n_trees, sld_backprop **out);
/* Collective. The same in another precision. bf16: convolutions read their input, their weights and
 * the gradient of their output rounded to bfloat16 and sum in float32; what they write, the weights
 * that are trained, their gradients and everything else stay float32. SLD_ERR_CONFIG where the CPU
 * or the build has none. */
sld_status sld_backprop_create_in(sld_ctx *ctx, const sld_comm *comm, sld_model *model,
                                  sld_tree *const *trees, size_t n_trees, sld_precision precision,
                                  sld_backprop **out);
void       sld_backprop_destroy(sld_backprop *net); /* Local. Accepts NULL. */
/* Local. Takes over the model's trained values. Call once per step, after the update. */
sld_status sld_backprop_refresh(sld_ctx *ctx, sld_backprop *net);
/* Collective. One view in training mode: batch statistics over the global batch, running statistics
 * of the model moved once (momentum 0.1, unbiased variance). images: this rank's rows (n,H,W,C),
 * borrowed until the end of the backward; logits: (n,K). */
sld_status sld_backprop_forward(sld_ctx *ctx, sld_backprop *net, size_t tree, const float *images,
                                float *logits);
/* Collective. Backward of the last forward, once. dlogits: (n,K), already divided by the global
 * batch. With add: of a second view of the same tree, to be added to the gradient of the backward
 * before. */
sld_status sld_backprop_backward(sld_ctx *ctx, sld_backprop *net, const float *dlogits, bool add);
/* Collective. The gradient of these backwards, once: G = tree(weak) + tree(strong). grad:
 * (trained_count) in the model's order, complete on every rank; overwritten. */
sld_status sld_backprop_gradient(sld_ctx *ctx, sld_backprop *net, float *grad);

/* Local. Names of the implementations chosen by the libraries and their versions, for the
 * fingerprint; text of at most n bytes. */
void sld_nn_fingerprint(const sld_backprop *net, const sld_infer *infer, char *text, size_t n);

#endif
