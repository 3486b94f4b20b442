/* sld/nn.h: networks as graphs of layers, their tensors, evaluation of single samples, and training
 * on shards of a global batch. Activations are NHWC float32 from the image to the logits. The
 * tensors that callers see have PyTorch's names and layouts (OIHW convolutions, (out,in) linear
 * layers).
 * Axes: N samples, H, W pixels, C channels, K classes. */
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

/* All builders are Local. They return no status: the graph keeps the first mistake (a shape that
 * does not fit, out of memory), and sld_model_create() reports it. name is the PyTorch module's, as
 * a printf format. */
sld_val sld_graph_conv(sld_graph *g, sld_val x, sld_conv_shape shape, const char *name, ...)
    __attribute__((format(printf, 4, 5)));
/* y = act(bn(x) + residual), where act is relu or the identity. residual -1: none. If nothing but
 * an addition reads a bn's output, the addition becomes the bn's residual. */
sld_val sld_graph_bn(sld_graph *g, sld_val x, sld_val residual, bool relu, const char *name, ...)
    __attribute__((format(printf, 5, 6)));
sld_val sld_graph_add(sld_graph *g, sld_val a, sld_val b, bool relu);
/* A batch norm moves its running statistics n times per training forward. Without this call:
 * once. */
void    sld_graph_bn_updates(sld_graph *g, sld_val bn, int n);
sld_val sld_graph_max_pool(sld_graph *g, sld_val x, int kernel, int stride, int pad);
/* The divisor counts the padding too. */
sld_val sld_graph_average_pool(sld_graph *g, sld_val x, int kernel, int stride, int pad);
sld_val sld_graph_global_pool(sld_graph *g, sld_val x); /* average over H and W -> (1,1,C) */
sld_val sld_graph_slice(sld_graph *g, sld_val x, int first, int channels);
sld_val sld_graph_concat(sld_graph *g, sld_val a, sld_val b); /* channels of a, then of b */
/* Transposes the channels, seen as (groups, C / groups). If x is a concatenation, one pass does
 * both. */
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
    const char *alias;   /* another name of it; NULL: none */
} sld_network;

const sld_network *sld_network_find(const char *name); /* Local. NULL: the zoo has none. */
size_t             sld_network_count(void);            /* Local. */
const sld_network *sld_network_at(size_t i);           /* Local. */

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

/* Local. Makes a network of the zoo for images (height,width,channels), with tensors of zeros. The
 * caller owns *out. SLD_ERR_CONFIG for a name that the zoo lacks, with the nearest one, and for
 * sizes that do not fit. */
sld_status sld_model_create(sld_ctx *ctx, const char *network, int height, int width, int channels,
                            int classes, sld_model **out);
/* Local. The same for a network outside the zoo. It borrows *network until destroy. */
sld_status sld_model_build(sld_ctx *ctx, const sld_network *network, int height, int width,
                           int channels, int classes, sld_model **out);
void       sld_model_destroy(sld_model *model); /* Local. Accepts NULL. */
/* Local. Frees the tensors' values; they are NULL afterwards, names and shapes stay. Call it for a
 * model that will not change any more, after the last refresh of what evaluates it. */
void sld_model_release_values(sld_model *model);

/* Local. Sets initial values by the family's rule (docs/recipes.md, "Initialisation"), drawn from
 * (seed, index of the tensor). */
void sld_model_init(sld_model *model, uint64_t seed);

const sld_network *sld_model_network(const sld_model *model);      /* Local. */
int                sld_model_classes(const sld_model *model);      /* Local. */
size_t             sld_model_tensor_count(const sld_model *model); /* Local. */
/* Local. Whether it has a batch norm on maps of one pixel. */
bool              sld_model_norms_points(const sld_model *model);
const sld_tensor *sld_model_tensor(const sld_model *model, size_t i); /* Local. Borrowed. */
/* Local. The floats of all trained tensors, and the one buffer that holds them: tensor by tensor,
 * in state_dict order. Gradients have the same order. */
size_t sld_model_trained_count(const sld_model *model);
float *sld_model_trained(sld_model *model);
/* Local. Multiply-accumulates of convolutions and linear layers for one image. */
double sld_model_macs(const sld_model *model);

/* ---- evaluation: running statistics, batch norms folded, samples in fixed blocks ---- */

/* Samples in a block. A sample's logits depend neither on its place in it nor on its neighbours. */
#define SLD_EVAL_BLOCK 8

typedef struct sld_infer sld_infer;

/* Local. Makes all primitives and buffers. Borrows model until destroy; the caller owns *out. */
sld_status sld_infer_create(sld_ctx *ctx, const sld_model *model, sld_infer **out);
typedef enum { SLD_PRECISION_F32, SLD_PRECISION_BF16 } sld_precision;
/* Local. The same in another precision. bf16: convolutions round their input and their weights to
 * bfloat16 and sum in float32; additions, the other layers and the logits are float32. */
sld_status sld_infer_create_in(sld_ctx *ctx, const sld_model *model, sld_precision precision,
                               sld_infer **out);
/* Local. Takes "f32" or "bf16". False: another word. */
bool sld_precision_named(const char *name, sld_precision *out);
void sld_infer_destroy(sld_infer *infer); /* Local. Accepts NULL. */
/* Local. Copies the model's present values. Call it after they have changed. */
sld_status sld_infer_refresh(sld_ctx *ctx, sld_infer *infer);
/* Local. For a network that was trained with other constants of normalisation than the images have.
 * Images come as (pixel/255 - mean)/std of 8-bit pixels; from now on the network sees what table
 * has for each pixel. mean, std: (C); table: (C,256). */
sld_status sld_infer_renormalise(sld_ctx *ctx, sld_infer *infer, const float *mean,
                                 const float *std, const float *table);
/* Local. Evaluates n samples, any number, block by block. images: (n,H,W,C); logits: (n,K). */
sld_status sld_infer_run(sld_ctx *ctx, sld_infer *infer, const float *images, size_t n,
                         float *logits);
/* Local. Floats of a sample's features, which are the input of the last layer. */
size_t sld_infer_feature_count(const sld_infer *infer);
size_t sld_infer_class_count(const sld_infer *infer); /* Local. Of the network. */
/* Local. The next runs write features too: (n,count) of each run. NULL: they write none any more. */
void sld_infer_keep_features(sld_infer *infer, float *features);
/* Local. The same a little at a time: begin, then advance until done; the caller may do anything
 * else in between. images and logits are borrowed until then, and logits are complete then. There
 * is one evaluation at a time: another begin or run drops the one under way. */
void sld_infer_begin(sld_infer *infer, const float *images, size_t n, float *logits);
bool sld_infer_done(const sld_infer *infer);
/* Local. Computes one layer for a block or a part of it, which takes 0.1 to 3 ms; nothing when done.
 * After a failure begin again. */
sld_status sld_infer_advance(sld_ctx *ctx, sld_infer *infer);

/* ---- training on shards ---- */

typedef struct sld_backprop sld_backprop;

/* Local. The least scratch_bytes of the trees. Longer sums are sent in pieces. */
size_t sld_backprop_message_bytes(const sld_comm *comm, const sld_model *model);
/* Collective. Allocates everything for batches of the given trees, which have distinct global batch
 * sizes: full and tail. bf16: convolutions round their input, their weights and the gradient of
 * their output to bfloat16 and sum in float32; their results, the trained weights, the gradients of
 * these and everything else are float32. Borrows model and trees until destroy; the caller owns
 * *out. */
sld_status sld_backprop_create(sld_ctx *ctx, const sld_comm *comm, sld_model *model,
                               sld_tree *const *trees, size_t n_trees, sld_precision precision,
                               sld_backprop **out);
void       sld_backprop_destroy(sld_backprop *net); /* Local. Accepts NULL. */
/* Local. Copies the model's trained values. Call it once per step, after the update. */
sld_status sld_backprop_refresh(sld_ctx *ctx, sld_backprop *net);
/* Local. How many views one forward may take, one or two: with several ranks two, so that one is
 * computed while the other's sums are on their way. The bits do not depend on it. */
int sld_backprop_views(const sld_backprop *net);
/* Collective. Computes views of one batch in training mode: batch norms take their statistics from
 * the global batch, view by view, and move the model's running statistics once for each (momentum
 * 0.1, unbiased variance), in the views' order. images: (views), each this rank's rows (n,H,W,C),
 * borrowed until the end of the backward; logits: (views), (n,K) each. */
sld_status sld_backprop_forward(sld_ctx *ctx, sld_backprop *net, size_t tree, int views,
                                const float *const *images, float *const *logits);
/* Collective. Computes the backward of the last forward, which it may do once. dlogits: (views),
 * (n,K) each, divided by the global batch already. add: these are more views of the same tree, and
 * their gradient is added to that of the backward before; two in all. */
sld_status sld_backprop_backward(sld_ctx *ctx, sld_backprop *net, const float *const *dlogits,
                                 bool add);
/* Collective. Sums the gradient of these backwards over all ranks, once: G = tree(weak) +
 * tree(strong). grad: (trained_count) in the model's order, written, complete on every rank. */
sld_status sld_backprop_gradient(sld_ctx *ctx, sld_backprop *net, float *grad);

/* Local. Writes the libraries' versions and the implementations that they chose, for the
 * fingerprint. text: n bytes. */
void sld_nn_fingerprint(const sld_backprop *net, const sld_infer *infer, char *text, size_t n);

#endif
