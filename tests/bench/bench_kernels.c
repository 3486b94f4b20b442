/* bench_kernels.c: GFLOP/s of every convolution of some networks, pass by pass, on one core: one
 * line of JSON a shape, for tests/bench/kernels.py, which documents them.
 *
 * usage: bench_kernels SECONDS ISA PRECISION ALGORITHM NETWORK ... ; ISA as parallel.isa, PRECISION
 * f32 or bf16; ALGORITHM is a row of src/kernels/conv/conv.c, or "table" for the one the program
 * would take. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conv/conv.h"
#include "layer.h"
#include "model.h"

enum { SAMPLES = 8, MAX_SHAPES = 512, SIDE = 32, CLASSES = 100 };

#define SLICE_S 0.002 /* of one measurement; the fastest counts */

static sld_ctx           ctx;
static const int         sizes[]              = {SAMPLES};
static const char *const pass_names[]         = {"forward", "backward_data", "backward_weights"};
static const sld_conv_algorithm *const rows[] = {&sld_winograd3x3, &sld_direct3x3, &sld_depthwise,
                                                 &sld_implicit_gemm, &sld_amx_gemm};

typedef struct {
    sld_conv *conv;
    float    *x, *y, *w, *dw;
} arrays;

typedef struct {
    sld_conv_params params;
    const char     *network; /* the first that has it */
} shape;

static shape  shapes[MAX_SHAPES];
static size_t n_shapes;
static bool   bf16;

static void stop(const char *what)
{
    fprintf(stderr, "bench_kernels: %s: %s\n", what, ctx.err.msg);
    exit(1);
}

static float *random_floats(size_t n)
{
    sld_rng r = sld_rng_make(1, SLD_RNG_SYNTH, 0, 0);
    float  *x = aligned_alloc(64, (n * sizeof *x + 64) / 64 * 64);
    for (size_t i = 0; x && i < n; i++) {
        x[i] = (float)sld_rng_normal(&r);
    }
    return x ? x : (stop("no memory"), NULL);
}

/* ---- shapes ---- */

static bool same(const sld_conv_params *a, const sld_conv_params *b)
{
    return a->height == b->height && a->width == b->width && a->in == b->in && a->out == b->out &&
           a->kernel == b->kernel && a->stride == b->stride && a->groups == b->groups &&
           a->data_gradient == b->data_gradient;
}

static void add_shape(const char *network, const sld_layer *layer, const sld_layer *in, bool first)
{
    const sld_conv_shape *c = &layer->conv;
    const sld_conv_params p = {.height        = in->height,
                               .width         = in->width,
                               .in            = in->channels,
                               .out           = c->out,
                               .kernel        = c->kernel,
                               .stride        = c->stride,
                               .pad           = c->pad,
                               .groups        = c->groups,
                               .bf16          = bf16,
                               .training      = true,
                               .data_gradient = !first,
                               .sizes         = sizes,
                               .n_sizes       = 1};
    for (size_t i = 0; i < n_shapes; i++) {
        if (same(&shapes[i].params, &p)) {
            return;
        }
    }
    if (n_shapes < MAX_SHAPES) {
        shapes[n_shapes++] = (shape){p, network};
    }
}

static void add_network(const char *network)
{
    sld_model *model = NULL;
    if (sld_model_create(&ctx, network, SIDE, SIDE, 3, CLASSES, &model) != SLD_OK) {
        stop(network);
    }
    const sld_graph *g = &model->graph;
    for (int l = 1; l < g->n_layers; l++) {
        if (g->layers[l].kind == &sld_conv_kind) {
            const int in = g->layers[l].in[0];
            add_shape(network, &g->layers[l], &g->layers[in], in == 0);
        }
    }
    sld_model_destroy(model);
}

/* ---- times ---- */

static void call(const arrays *a, int pass)
{
    sld_status st;
    if (pass == SLD_FORWARD) {
        st = sld_conv_forward(&ctx, a->conv, 0, a->x, a->y);
    } else if (pass == SLD_BACKWARD_DATA) {
        st = sld_conv_backward_data(&ctx, a->conv, 0, a->y, a->x);
    } else {
        st = sld_conv_backward_weights(&ctx, a->conv, 0, a->x, a->y, false, a->dw);
    }
    if (st != SLD_OK) {
        stop(pass_names[pass]);
    }
}

/* Seconds of one call at best. */
static double fastest(const arrays *a, int pass, double seconds)
{
    const double end  = sld_clock_s() + seconds;
    double       best = 1e30, now;
    do {
        const double start = sld_clock_s();
        int          n     = 0;
        do {
            call(a, pass);
            n++;
            now = sld_clock_s();
        } while (now - start < SLICE_S);
        best = (now - start) / n < best ? (now - start) / n : best;
    } while (now < end);
    return best;
}

static void print_head(const shape *s)
{
    const sld_conv_params *p = &s->params;
    printf(
        "{\"network\": \"%s\", \"height\": %d, \"width\": %d, \"in\": %d, \"out\": %d, \"kernel\": "
        "%d, \"stride\": %d, \"groups\": %d, \"samples\": %d",
        s->network, p->height, p->width, p->in, p->out, p->kernel, p->stride, p->groups, SAMPLES);
}

static void print_passes(const shape *s, const arrays *a, double seconds)
{
    const sld_conv_params *p = &s->params;
    const double flops = 2.0 * SAMPLES * p->kernel * p->kernel * (p->in / p->groups) * p->out *
                         sld_conv_out_size(p->height, p->kernel, p->stride, p->pad) *
                         sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);
    for (int pass = 0; pass < SLD_PASSES; pass++) {
        if (sld_conv_wants(p, (sld_conv_pass)pass)) {
            printf(", \"%s\": %.2f", pass_names[pass], flops * 1e-9 / fastest(a, pass, seconds));
        }
    }
    printf(", \"implementations\": [");
    const char *name;
    for (int i = 0; (name = sld_conv_implementation(a->conv, i)); i++) {
        printf("%s\"%s\"", i > 0 ? ", " : "", name);
    }
    printf("]}\n");
}

static void measure(const shape *s, const sld_conv_algorithm *row, double seconds)
{
    const sld_conv_params *p       = &s->params;
    sld_kernels           *kernels = NULL;
    arrays                 a       = {NULL};
    for (int pass = 0; row && pass < SLD_PASSES; pass++) {
        if (sld_conv_wants(p, (sld_conv_pass)pass) && !row->supports(p, (sld_conv_pass)pass)) {
            return;
        }
    }
    if (sld_kernels_create(&ctx, &kernels) != SLD_OK ||
        (row ? sld_conv_create_by(&ctx, kernels, row, p, &a.conv)
             : sld_conv_create(&ctx, kernels, p, &a.conv)) != SLD_OK ||
        sld_kernels_ready(&ctx, kernels) != SLD_OK) {
        stop("convolution");
    }
    a.x  = random_floats((size_t)(SAMPLES * p->height * p->width * p->in));
    a.y  = random_floats((size_t)(SAMPLES * p->height * p->width * p->out));
    a.w  = random_floats((size_t)(p->out * p->in / p->groups * p->kernel * p->kernel));
    a.dw = random_floats(sld_conv_gradient_floats(a.conv));
    if (sld_conv_refresh(&ctx, a.conv, a.w, NULL) != SLD_OK) {
        stop("weights");
    }
    print_head(s);
    print_passes(s, &a, seconds);
    sld_conv_destroy(a.conv);
    sld_kernels_destroy(kernels);
    free(a.x);
    free(a.y);
    free(a.w);
    free(a.dw);
}

int main(int argc, char **argv)
{
    sld_ctx_init(&ctx);
    if (argc < 6) {
        fprintf(stderr, "usage: bench_kernels SECONDS ISA PRECISION ALGORITHM NETWORK ...\n");
        return 2;
    }
    bf16                          = strcmp(argv[3], "bf16") == 0;
    const sld_conv_algorithm *row = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        row = strcmp(rows[i]->name, argv[4]) == 0 ? rows[i] : row;
    }
    if (!row && strcmp(argv[4], "table") != 0) {
        fprintf(stderr, "bench_kernels: no algorithm is called %s\n", argv[4]);
        return 2;
    }
    if (sld_kernels_pin_isa(&ctx, argv[2]) != SLD_OK) {
        stop("ISA");
    }
    char versions[256];
    sld_kernels_versions(versions, sizeof versions);
    printf("{\"versions\": \"%s\", \"isa\": \"%s\", \"peak_f32\": %.1f}\n", versions,
           sld_kernels_isa(), sld_kernels_peaks(0.1).f32);
    for (int i = 5; i < argc; i++) {
        add_network(argv[i]);
    }
    for (size_t i = 0; i < n_shapes; i++) {
        measure(&shapes[i], row, strtod(argv[1], NULL));
        fflush(stdout);
    }
    return 0;
}
