/* golden_networks FILE [NAME...]: networks against what the public PyTorch code computes in
 * float64: evaluation, one training forward, running statistics, loss and gradients. FILE: groups
 * cifar/NAME and imagenet/NAME (docs/golden.md, "Networks"). Prints the worst error per quantity;
 * fails past the tolerance, when a named case is missing or unknown to this build, or when nothing
 * ran. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/fill.h"
#include "golden/images.h"
#include "sld/store.h"

#define SHARDS 8

/* Forward quantities: float32 rounding through a deep network; where PyTorch's own float32 is
 * further from float64, five times its distance. */
#define FORWARD_TOLERANCE 1e-5
#define FORWARD_FACTOR    5
/* Deep networks magnify the rounding of their first layers in training mode: in cifar/ResNet50
 * PyTorch 1.13's own float32 logits are 1.2e-5 off. Past the tolerance, the forward is therefore
 * repeated with images that differ by some last bits at random, and the mean of all runs is judged:
 * rounding, drawn anew in each, averages out (Monte Carlo arithmetic: Parker, 1997); a mistake of
 * the program is the same in all. Differences come in pairs of both signs, so that they cancel.
 * Both results are printed. */
#define DRAWS            17      /* the images, and pairs */
#define DIFFERENCE       0x1p-19 /* of a value, at most: rounding of sums is 0x1p-24 of them */
#define LINEAR_TOLERANCE 1e-5    /* gradient of the last layer: no relu lies behind it */
#define GRADIENT_TOLERANCE                                                                         \
    2e-2 /* a relu that flips in float32 costs up to 1e-2, a wrong backward 1e-1 */

typedef struct {
    sld_ctx  *ctx;
    sld_comm *comm;
    sld_doc  *doc;
    int       ran, failed, missing;
} golden_run;

/* One case: what the file says, and the network under test. */
typedef struct {
    char        group[128];
    size_t      n, channels, height, width, classes;
    float      *x; /* (n,H,W,C) */
    int64_t    *y;
    double     *logits_eval, *logits_train;
    double      loss_train;
    sld_arena  *arena;
    sld_model  *model;
    const char *prefix;
    double      forward_tolerance;
    float      *logits; /* (n,K) ours, complete on every rank */
    float      *drawn;  /* (n,H,W,C) images of one draw */
    int         draws;  /* training forwards so far, and their sums: logits (n,K), statistics */
    double     *logits_sum, *running_sum;
    float      *grad;
    double      errors[6]; /* (QUANTITIES) */
} golden_case;

enum { EVAL, TRAIN, LOSS, RUNNING, GRADIENT, GRADIENT_LINEAR, QUANTITIES };
static const char *const quantity[] = {"logits_eval", "logits_train",
                                       "loss_train",  "running statistics",
                                       "gradients",   "last layer's gradients"};

static const char *at(const golden_case *c, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", c->group, name);
    return path;
}

static sld_status get_f64(golden_run *s, golden_case *c, const char *name, size_t n, double **out)
{
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, n * sizeof **out, (void **)out));
    return sld_doc_get(s->ctx, s->doc, at(c, name), SLD_F64, n, *out);
}

/* PyTorch's (n,C,H,W) -> (n,H,W,C). */
static void to_channels_last(const golden_case *c, const float *in, float *out)
{
    const size_t pixels = c->height * c->width;
    for (size_t i = 0; i < c->n * c->channels; i++) {
        for (size_t p = 0; p < pixels; p++) {
            const size_t image = i / c->channels, channel = i % c->channels;
            out[(image * pixels + p) * c->channels + channel] = in[i * pixels + p];
        }
    }
}

static sld_status load_case(golden_run *s, golden_case *c)
{
    int     n_dims;
    size_t  dims[SLD_DOC_DIMS];
    int64_t classes;
    double  torch_error;
    float  *planes;
    SLD_TRY(sld_doc_dims(s->ctx, s->doc, at(c, "x"), &n_dims, dims));
    if (n_dims != 4) {
        return SLD_FAIL(s->ctx, SLD_ERR_DATA, "%s: %d dimensions, wanted 4", at(c, "x"), n_dims);
    }
    c->n                = dims[0];
    c->channels         = dims[1];
    c->height           = dims[2];
    c->width            = dims[3];
    const size_t floats = dims[0] * dims[1] * dims[2] * dims[3];
    SLD_TRY(sld_doc_get_attr(s->ctx, s->doc, c->group, "classes", SLD_I64, 1, &classes));
    SLD_TRY(sld_doc_get_attr_text(s->ctx, s->doc, c->group, "fill_prefix", &c->prefix));
    SLD_TRY(sld_doc_get_attr(s->ctx, s->doc, c->group, "loss_train", SLD_F64, 1, &c->loss_train));
    SLD_TRY(sld_doc_get_attr(s->ctx, s->doc, c->group, "torch_float32_error_logits_eval", SLD_F64,
                             1, &torch_error));
    c->classes           = (size_t)classes;
    c->forward_tolerance = fmax(FORWARD_TOLERANCE, FORWARD_FACTOR * torch_error);

    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, floats * sizeof *planes, (void **)&planes));
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, floats * sizeof *c->x, (void **)&c->x));
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, c->n * sizeof *c->y, (void **)&c->y));
    SLD_TRY(golden_images(s->ctx, s->doc, at(c, "x"), floats, planes));
    SLD_TRY(sld_doc_get(s->ctx, s->doc, at(c, "y"), SLD_I64, c->n, c->y));
    to_channels_last(c, planes, c->x);
    SLD_TRY(get_f64(s, c, "logits_eval", c->n * c->classes, &c->logits_eval));
    SLD_TRY(get_f64(s, c, "logits_train", c->n * c->classes, &c->logits_train));
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, c->n * c->classes * sizeof *c->logits,
                            (void **)&c->logits));
    return SLD_OK;
}

/* max|a/n_a - b| / max|b|; NaN counts as infinite. */
static double distance(const double *a, int n_a, const double *b, size_t n)
{
    double worst = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs(a[i] / n_a - b[i]);
        worst          = !(d <= worst) ? (isnan(d) ? INFINITY : d) : worst;
        largest        = fmax(largest, fabs(b[i]));
    }
    return worst / largest;
}

static void add_floats(const float *a, size_t n, double *sum)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += (double)a[i];
    }
}

static void raise_to(double *worst, double error)
{
    if (!(error <= *worst)) {
        *worst = isnan(error) ? INFINITY : error;
    }
}

static sld_status check_eval(golden_run *s, golden_case *c)
{
    sld_infer *infer = NULL;
    sld_status st    = sld_infer_create(s->ctx, c->model, &infer);
    if (st == SLD_OK) {
        st = sld_infer_refresh(s->ctx, infer);
    }
    if (st == SLD_OK) {
        st = sld_infer_run(s->ctx, infer, c->x, c->n, c->logits);
    }
    sld_infer_destroy(infer);
    memset(c->logits_sum, 0, c->n * c->classes * sizeof *c->logits_sum);
    add_floats(c->logits, c->n * c->classes, c->logits_sum);
    c->errors[EVAL] = distance(c->logits_sum, 1, c->logits_eval, c->n * c->classes);
    return st;
}

/* Mean cross-entropy of all rows' mean logits; dlogits of this rank's. */
static double cross_entropy(const golden_case *c, float *dlogits, sld_range mine)
{
    double loss = 0;
    for (size_t i = 0; i < c->n; i++) {
        const double *z   = c->logits_sum + i * c->classes;
        const double  one = c->draws;
        double        max = z[0] / one, sum = 0;
        for (size_t k = 0; k < c->classes; k++) {
            max = fmax(max, z[k] / one);
        }
        for (size_t k = 0; k < c->classes; k++) {
            sum += exp(z[k] / one - max);
        }
        loss += max + log(sum) - z[c->y[i]] / one;
        for (size_t k = 0; i >= mine.begin && i < mine.end && k < c->classes; k++) {
            const double p = exp(z[k] / one - max) / sum - ((int64_t)k == c->y[i]);
            dlogits[(i - mine.begin) * c->classes + k] = (float)(p / (double)c->n);
        }
    }
    return loss / (double)c->n;
}

/* Collective. Puts this rank's rows in their place in c->logits and completes them everywhere. */
static sld_status share_logits(golden_run *s, golden_case *c, sld_tree *tree,
                               const float *mine_only)
{
    const sld_range mine  = sld_tree_mine(tree);
    const size_t    width = c->classes;
    memset(c->logits, 0, c->n * width * sizeof *c->logits);
    memcpy(c->logits + mine.begin * width, mine_only,
           (mine.end - mine.begin) * width * sizeof *c->logits);
    for (int r = 0; r < sld_comm_size(s->comm); r++) {
        sld_range rows = mine;
        SLD_TRY(sld_comm_bcast(s->ctx, s->comm, &rows, sizeof rows, r));
        if (rows.end > rows.begin) {
            SLD_TRY(sld_comm_bcast(s->ctx, s->comm, c->logits + rows.begin * width,
                                   (rows.end - rows.begin) * width * sizeof *c->logits, r));
        }
    }
    return SLD_OK;
}

/* What training needs besides the case: this rank's rows of logits and their gradient. */
typedef struct {
    sld_tree     *tree;
    sld_backprop *net;
    float        *own, *dlogits;
} golden_trainer;

/* Collective. One training forward from the filled state, added to the sums. */
static sld_status draw(golden_run *s, golden_case *c, golden_trainer *t)
{
    const size_t    image = c->height * c->width * c->channels;
    const sld_range mine  = sld_tree_mine(t->tree);
    const uint64_t  pair  = (uint64_t)(c->draws + 1) / 2 << 32;
    for (size_t i = 0; i < c->n * image; i++) { /* the first is the images themselves */
        const double d = c->draws == 0 ? 0 : DIFFERENCE * (2 * golden_u("draw", pair | i) - 1);
        c->drawn[i]    = (float)((double)c->x[i] * (c->draws % 2 ? 1 + d : 1 - d));
    }
    for (size_t i = 0; i < sld_model_tensor_count(c->model); i++) {
        if (!sld_model_tensor(c->model, i)->trained) { /* the forward before moved it */
            golden_fill(c->prefix, sld_model_tensor(c->model, i));
        }
    }
    SLD_TRY(sld_backprop_forward(s->ctx, t->net, 0, 1,
                                 (const float *[]){c->drawn + mine.begin * image},
                                 (float *[]){t->own}));
    SLD_TRY(share_logits(s, c, t->tree, t->own));
    add_floats(c->logits, c->n * c->classes, c->logits_sum);
    double *sum = c->running_sum;
    for (size_t i = 0; i < sld_model_tensor_count(c->model); i++) {
        const sld_tensor *tensor = sld_model_tensor(c->model, i);
        if (!tensor->trained) {
            add_floats(tensor->values, tensor->n, sum);
            sum += tensor->n;
        }
    }
    c->draws++;
    return SLD_OK;
}

static sld_status check_running(golden_run *s, golden_case *c)
{
    size_t n = 0;
    for (size_t i = 0; i < sld_model_tensor_count(c->model); i++) {
        n += !sld_model_tensor(c->model, i)->trained;
    }
    const char **names;
    double      *norms, *heads;
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, n * sizeof *names, (void **)&names));
    SLD_TRY(sld_doc_get_text(s->ctx, s->doc, at(c, "bn_names"), n, names));
    SLD_TRY(get_f64(s, c, "bn_norm", n, &norms));
    SLD_TRY(get_f64(s, c, "bn_head", 4 * n, &heads));
    c->errors[RUNNING]    = 0;
    const double *running = c->running_sum;
    for (size_t i = 0, j = 0; i < sld_model_tensor_count(c->model); i++) {
        const sld_tensor *t = sld_model_tensor(c->model, i);
        if (t->trained) {
            continue;
        }
        if (strcmp(t->name, names[j]) != 0) {
            return SLD_FAIL(s->ctx, SLD_ERR_DATA, "%s: statistic %zu is %s, this build has %s",
                            c->group, j, names[j], t->name);
        }
        double squares = 0;
        for (size_t k = 0; k < t->n; k++) {
            squares += running[k] / c->draws * running[k] / c->draws;
        }
        raise_to(&c->errors[RUNNING], fabs(sqrt(squares) - norms[j]) / norms[j]);
        raise_to(&c->errors[RUNNING],
                 distance(running, c->draws, heads + 4 * j, t->n < 4 ? t->n : 4));
        running += t->n;
        j++;
    }
    return SLD_OK;
}

/* Judges the mean of the draws so far. *good: within the tolerance. */
static sld_status check_forward(golden_run *s, golden_case *c, golden_trainer *t, bool *good)
{
    const sld_range mine = sld_tree_mine(t->tree);
    const double    loss = cross_entropy(c, t->dlogits, mine);
    c->errors[TRAIN]     = distance(c->logits_sum, c->draws, c->logits_train, c->n * c->classes);
    c->errors[LOSS]      = fabs(loss - c->loss_train) / fabs(c->loss_train);
    SLD_TRY(check_running(s, c));
    *good = true;
    for (int q = TRAIN; q <= RUNNING; q++) {
        *good = *good && c->errors[q] <= c->forward_tolerance;
    }
    return SLD_OK;
}

static sld_status train(golden_run *s, golden_case *c, golden_trainer *t)
{
    bool good = false;
    memset(c->logits_sum, 0, c->n * c->classes * sizeof *c->logits_sum);
    SLD_TRY(sld_backprop_refresh(s->ctx, t->net));
    SLD_TRY(draw(s, c, t));
    SLD_TRY(check_forward(s, c, t, &good));
    SLD_TRY(sld_backprop_backward(s->ctx, t->net, (const float *[]){t->dlogits}, false));
    SLD_TRY(sld_backprop_gradient(s->ctx, t->net, c->grad));
    if (!good) {
        if (sld_comm_rank(s->comm) == 0) {
            printf("%s: one run: logits_train %.2e, loss_train %.2e, running statistics %.2e "
                   "(limit %.1e); below, the mean of %d\n",
                   c->group, c->errors[TRAIN], c->errors[LOSS], c->errors[RUNNING],
                   c->forward_tolerance, DRAWS);
        }
        while (c->draws < DRAWS) {
            SLD_TRY(draw(s, c, t));
        }
        SLD_TRY(check_forward(s, c, t, &good));
    }
    return SLD_OK;
}

static sld_status check_gradients(golden_run *s, golden_case *c)
{
    size_t n = 0, at_value = 0;
    for (size_t i = 0; i < sld_model_tensor_count(c->model); i++) {
        n += sld_model_tensor(c->model, i)->trained;
    }
    const char **names;
    double      *norms, largest = 0;
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, n * sizeof *names, (void **)&names));
    SLD_TRY(sld_doc_get_text(s->ctx, s->doc, at(c, "param_names"), n, names));
    SLD_TRY(get_f64(s, c, "grad_norm", n, &norms));
    for (size_t j = 0; j < n; j++) {
        largest = fmax(largest, norms[j]);
    }
    for (size_t i = 0, j = 0; i < sld_model_tensor_count(c->model); i++) {
        const sld_tensor *t = sld_model_tensor(c->model, i);
        if (!t->trained) {
            continue;
        }
        if (strcmp(t->name, names[j]) != 0) {
            return SLD_FAIL(s->ctx, SLD_ERR_DATA, "%s: parameter %zu is %s, this build has %s",
                            c->group, j, names[j], t->name);
        }
        double squares = 0;
        for (size_t k = 0; k < t->n; k++) {
            squares += (double)c->grad[at_value + k] * (double)c->grad[at_value + k];
        }
        const double error = fabs(sqrt(squares) - norms[j]) / fmax(norms[j], 1e-6 * largest);
        raise_to(&c->errors[GRADIENT], error);
        if (error > GRADIENT_TOLERANCE && sld_comm_rank(s->comm) == 0) {
            printf("%s: gradient of %s: norm %.9g, wanted %.9g\n", c->group, t->name, sqrt(squares),
                   norms[j]);
        }
        if (j + 2 >= n) { /* weight and bias of the last linear layer */
            raise_to(&c->errors[GRADIENT_LINEAR], error);
        }
        at_value += t->n;
        j++;
    }
    return SLD_OK;
}

static sld_status make_trainer(golden_run *s, golden_case *c, golden_trainer *t)
{
    SLD_TRY(sld_tree_create(s->ctx, s->comm, SHARDS, c->n,
                            sld_backprop_message_bytes(s->comm, c->model), &t->tree));
    const sld_range mine   = sld_tree_mine(t->tree);
    const size_t    floats = (mine.end - mine.begin + 1) * c->classes;
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, floats * sizeof *t->own, (void **)&t->own));
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, floats * sizeof *t->dlogits, (void **)&t->dlogits));
    return sld_arena_alloc(s->ctx, c->arena, sld_model_trained_count(c->model) * sizeof *c->grad,
                           (void **)&c->grad);
}

static sld_status check_training(golden_run *s, golden_case *c)
{
    golden_trainer t  = {0};
    sld_status     st = sld_agree(s->ctx, s->comm, make_trainer(s, c, &t));
    if (st == SLD_OK) {
        st = sld_backprop_create(s->ctx, s->comm, c->model, &t.tree, 1, SLD_PRECISION_F32, &t.net);
    }
    if (st == SLD_OK) {
        st = train(s, c, &t);
    }
    if (st == SLD_OK) {
        st = check_gradients(s, c);
    }
    sld_backprop_destroy(t.net);
    sld_tree_destroy(t.tree);
    return st;
}

static void judge(golden_run *s, const golden_case *c)
{
    const double limits[] = {c->forward_tolerance, c->forward_tolerance, c->forward_tolerance,
                             c->forward_tolerance, GRADIENT_TOLERANCE,   LINEAR_TOLERANCE};
    bool         good     = true;
    for (int q = 0; q < QUANTITIES; q++) {
        const bool fits = c->errors[q] <= limits[q];
        good            = good && fits;
        if (sld_comm_rank(s->comm) == 0) {
            printf("%s: %s: %.2e (limit %.1e)%s\n", c->group, quantity[q], c->errors[q], limits[q],
                   fits ? "" : " FAIL");
        }
    }
    s->ran++;
    s->failed += !good;
}

static sld_status make_sums(golden_run *s, golden_case *c)
{
    size_t statistics = 0;
    for (size_t i = 0; i < sld_model_tensor_count(c->model); i++) {
        const sld_tensor *t = sld_model_tensor(c->model, i);
        statistics += t->trained ? 0 : t->n;
    }
    const size_t logits = c->n * c->classes, images = c->n * c->height * c->width * c->channels;
    SLD_TRY(sld_arena_alloc(s->ctx, c->arena, images * sizeof *c->drawn, (void **)&c->drawn));
    SLD_TRY(
        sld_arena_alloc(s->ctx, c->arena, logits * sizeof *c->logits_sum, (void **)&c->logits_sum));
    return sld_arena_alloc(s->ctx, c->arena, statistics * sizeof *c->running_sum,
                           (void **)&c->running_sum);
}

static sld_status run_case(golden_run *s, const char *network, golden_case *c)
{
    SLD_TRY(sld_arena_create(s->ctx, &c->arena));
    SLD_TRY(load_case(s, c));
    SLD_TRY(sld_model_create(s->ctx, network, (int)c->height, (int)c->width, (int)c->channels,
                             (int)c->classes, &c->model));
    int64_t parameters;
    SLD_TRY(sld_doc_get_attr(s->ctx, s->doc, c->group, "parameters", SLD_I64, 1, &parameters));
    if ((size_t)parameters != sld_model_trained_count(c->model)) {
        return SLD_FAIL(s->ctx, SLD_ERR_DATA, "%s: %zu parameters, wanted %lld", c->group,
                        sld_model_trained_count(c->model), (long long)parameters);
    }
    SLD_TRY(make_sums(s, c));
    golden_fill_model(c->prefix, c->model);
    SLD_TRY(check_eval(s, c));
    SLD_TRY(check_training(s, c));
    judge(s, c);
    return SLD_OK;
}

/* In the zoo, networks for large images carry the set's name. */
static const char *network_of(const char *set, const char *name)
{
    static char full[128];
    snprintf(full, sizeof full, "%s_%s", set, name);
    const sld_network *own = sld_network_find(full), *any = sld_network_find(name);
    if (own) {
        return full;
    }
    return any && (any->input_size == 32) == (strcmp(set, "cifar") == 0) ? name : NULL;
}

static bool asked_for(int n, char **names, const char *set, const char *name)
{
    char full[128];
    snprintf(full, sizeof full, "%s/%s", set, name);
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0 || strcmp(names[i], full) == 0) {
            return true;
        }
    }
    return n == 0;
}

static sld_status run_set(golden_run *s, const char *set, int n_names, char **names, bool *seen)
{
    char        group[64];
    const char *name;
    snprintf(group, sizeof group, "/%s", set);
    if (!sld_doc_has(s->doc, group)) {
        return SLD_OK;
    }
    for (size_t i = 0; (name = sld_doc_member(s->doc, group, i)); i++) {
        if (!asked_for(n_names, names, set, name)) {
            continue;
        }
        for (int j = 0; j < n_names; j++) {
            seen[j] = seen[j] || asked_for(1, names + j, set, name);
        }
        const char *network = network_of(set, name);
        if (!network) {
            if (sld_comm_rank(s->comm) == 0) {
                printf("skip: %s/%s: network not in this build\n", set, name);
            }
            s->missing += n_names > 0;
            continue;
        }
        golden_case c = {.classes = 0};
        snprintf(c.group, sizeof c.group, "/%s/%s", set, name);
        const sld_status st = run_case(s, network, &c);
        sld_model_destroy(c.model);
        sld_arena_destroy(c.arena);
        SLD_TRY(st);
    }
    return SLD_OK;
}

static sld_status run_all(golden_run *s, const char *path, int n_names, char **names)
{
    bool      *seen = calloc((size_t)n_names + 1, sizeof *seen);
    sld_status st   = seen ? SLD_OK : SLD_FAIL(s->ctx, SLD_ERR_NOMEM, "%d names", n_names);
    if (st == SLD_OK) {
        st = sld_doc_open(s->ctx, path, &s->doc);
    }
    if (st == SLD_OK) {
        st = run_set(s, "cifar", n_names, names, seen);
    }
    if (st == SLD_OK) {
        st = run_set(s, "imagenet", n_names, names, seen);
    }
    for (int i = 0; st == SLD_OK && i < n_names; i++) {
        if (!seen[i] && sld_comm_rank(s->comm) == 0) {
            printf("FAIL: %s has no case %s\n", path, names[i]);
            s->missing++;
        }
    }
    sld_doc_close(s->doc);
    free(seen);
    return st;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: golden_networks FILE [NAME...]\n");
        return 2;
    }
    sld_ctx ctx;
    sld_ctx_init(&ctx);
    golden_run s  = {.ctx = &ctx};
    sld_status st = sld_comm_create(&ctx, &s.comm);
    if (st == SLD_OK) {
        st = run_all(&s, argv[1], argc - 2, argv + 2);
    }
    if (st != SLD_OK) {
        fprintf(stderr, "golden_networks: %s: %s\n", sld_status_text(st), ctx.err.msg);
    } else if (sld_comm_rank(s.comm) == 0) {
        printf("%d cases run, %d failed, %d missing\n", s.ran, s.failed, s.missing);
    }
    const int verdict = st != SLD_OK || s.failed > 0 || s.missing > 0 || s.ran == 0;
    if (st != SLD_OK && s.comm) {
        sld_comm_abort(s.comm, verdict); /* the other ranks may be in the middle of a reduction */
    }
    sld_comm_destroy(s.comm);
    return verdict;
}
