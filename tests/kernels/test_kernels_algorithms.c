/* Every row of the table of convolutions, on random shapes with odd sizes, channels that fill no
 * vector, strides, borders and groups: small whole numbers, of which each algorithm's sums are
 * exact, Winograd's halves and quarters too, so that one wrong place in packing, tiles or borders
 * shows and no tolerance is needed. usage: test_kernels_algorithms [auto|avx2|avx512] */
#include "conv/conv.h"
#include "fixture.h"

enum { SHAPES = 60, SAMPLES = 5, GUARD = 32 };
static const int sizes[] = {SAMPLES, 2, 1};
static sld_ctx   ctx;

static const sld_conv_algorithm *const rows[] = {&sld_winograd3x3, &sld_direct3x3, &sld_depthwise,
                                                 &sld_implicit_gemm, &sld_amx_gemm};
enum { ROWS = sizeof rows / sizeof *rows };
static int tried[ROWS];

static int below(int n)
{
    return (int)sld_rng_below(&random_numbers, (uint32_t)n);
}

/* n whole numbers from -3 to 3, and behind them a guard that nobody may touch. */
static float *whole_numbers(size_t n)
{
    float *x = random_floats(n + GUARD);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(below(7) - 3);
    }
    for (size_t i = n; i < n + GUARD; i++) {
        x[i] = 12345;
    }
    return x;
}

static void check_guard(const float *x, size_t n)
{
    for (size_t i = n; i < n + GUARD; i++) {
        assert_true(x[i] == 12345);
    }
}

typedef struct {
    sld_conv_params p;
    int             H, W;          /* of the result */
    size_t          x, y, w;       /* floats: of one sample, of all weights */
    float          *xs, *dys, *ws; /* inputs of SAMPLES samples */
    float          *bias;
} problem;

static problem make(sld_conv_params p)
{
    problem q   = {.p = p};
    q.p.sizes   = sizes;
    q.p.n_sizes = 3;
    q.H         = sld_conv_out_size(p.height, p.kernel, p.stride, p.pad);
    q.W         = sld_conv_out_size(p.width, p.kernel, p.stride, p.pad);
    q.x         = (size_t)(p.height * p.width * p.in);
    q.y         = (size_t)(q.H * q.W * p.out);
    q.w         = (size_t)(p.out * (p.in / p.groups) * p.kernel * p.kernel);
    q.xs        = whole_numbers(SAMPLES * q.x);
    q.dys       = whole_numbers(SAMPLES * q.y);
    q.ws        = whole_numbers(q.w);
    q.bias      = whole_numbers((size_t)p.out);
    return q;
}

static void drop(problem *q)
{
    free(q->xs);
    free(q->dys);
    free(q->ws);
    free(q->bias);
}

/* The definition, for n samples: y, dx, dw and db in double, exact. */
typedef struct {
    double *y, *dx, *dw, *db;
} results;

static void add_pixel(const problem *q, results *r, int s, int oy, int ox, int t)
{
    const sld_conv_params *p = &q->p;
    const int iy = oy * p->stride - p->pad + t / p->kernel, taps = p->kernel * p->kernel;
    const int ix = ox * p->stride - p->pad + t % p->kernel, in = p->in / p->groups;
    if (iy < 0 || iy >= p->height || ix < 0 || ix >= p->width) {
        return;
    }
    const size_t x = (size_t)s * q->x + (size_t)((iy * p->width + ix) * p->in);
    const size_t y = (size_t)s * q->y + (size_t)((oy * q->W + ox) * p->out);
    for (int o = 0; o < p->out; o++) {
        for (int i = 0; i < in; i++) {
            const size_t from = x + (size_t)(o / (p->out / p->groups) * in + i);
            const size_t to = y + (size_t)o, w = (size_t)((o * in + i) * taps + t);
            r->y[to] += (double)q->xs[from] * (double)q->ws[w];
            r->dx[from] += (double)q->dys[to] * (double)q->ws[w];
            r->dw[w] += (double)q->dys[to] * (double)q->xs[from];
        }
    }
}

static results define(const problem *q, int n)
{
    results r = {zeros(SAMPLES * q->y), zeros(SAMPLES * q->x), zeros(q->w),
                 zeros((size_t)q->p.out)};
    for (int i = 0; i < n * q->H * q->W; i++) {
        for (int t = 0; t < q->p.kernel * q->p.kernel; t++) {
            add_pixel(q, &r, i / (q->H * q->W), i / q->W % q->H, i % q->W, t);
        }
    }
    for (size_t i = 0; i < (size_t)n * q->y; i++) {
        r.db[i % (size_t)q->p.out] += (double)q->dys[i];
        r.y[i] += q->p.bias ? (double)q->bias[i % (size_t)q->p.out] : 0;
    }
    return r;
}

static void drop_results(results *r)
{
    free(r->y);
    free(r->dx);
    free(r->dw);
    free(r->db);
}

static void check_equal(const float *x, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_true((double)x[i] == want[i]);
    }
    check_guard(x, n);
}

static void check_size(const problem *q, sld_conv *conv, int size)
{
    const int    n = sizes[size];
    const size_t g = sld_conv_gradient_floats(conv);
    results      r = define(q, n);
    float       *y = whole_numbers((size_t)n * q->y), *dx = whole_numbers((size_t)n * q->x);
    float *dw = whole_numbers(g), *w = whole_numbers(q->w), *db = whole_numbers((size_t)q->p.out);
    assert_int_equal(sld_conv_forward(&ctx, conv, size, q->xs, y), SLD_OK);
    assert_int_equal(sld_conv_backward_data(&ctx, conv, size, q->dys, dx), SLD_OK);
    assert_int_equal(sld_conv_backward_weights(&ctx, conv, size, q->xs, q->dys, false, dw), SLD_OK);
    if (sld_conv_adds_gradient(conv, size)) { /* once more on top: twice as much, exactly */
        assert_int_equal(sld_conv_backward_weights(&ctx, conv, size, q->xs, q->dys, true, dw),
                         SLD_OK);
        for (size_t i = 0; i < g; i++) {
            dw[i] *= 0.5f;
        }
    }
    assert_int_equal(sld_conv_unpack_gradient(&ctx, conv, dw, w, db), SLD_OK);
    check_equal(y, r.y, (size_t)n * q->y);
    check_equal(dx, r.dx, (size_t)n * q->x);
    check_guard(dw, g);
    check_equal(w, r.dw, q->w);
    if (q->p.bias) {
        check_equal(db, r.db, (size_t)q->p.out);
    }
    drop_results(&r);
    float *all[] = {y, dx, dw, w, db};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

/* Evaluation: y = relu(conv(x) + bias + y). */
static void check_fused(const problem *q, const sld_conv_algorithm *row)
{
    sld_kernels    *kernels = NULL;
    sld_conv       *conv    = NULL;
    sld_conv_params p       = q->p;
    p.training = p.data_gradient = false;
    p.bias = p.add = p.relu = true;
    if (!row->supports(&p, SLD_FORWARD)) {
        return;
    }
    problem biased = *q;
    biased.p.bias  = true;
    results r      = define(&biased, SAMPLES);
    float  *y      = whole_numbers(SAMPLES * q->y);
    for (size_t i = 0; i < SAMPLES * q->y; i++) {
        r.y[i] = fmax(0, r.y[i] + (double)y[i]);
    }
    assert_int_equal(sld_kernels_create(&ctx, &kernels), SLD_OK);
    assert_int_equal(sld_conv_create_by(&ctx, kernels, row, &p, &conv), SLD_OK);
    assert_int_equal(sld_kernels_ready(&ctx, kernels), SLD_OK);
    assert_int_equal(sld_conv_refresh(&ctx, conv, q->ws, q->bias), SLD_OK);
    assert_int_equal(sld_conv_forward(&ctx, conv, 0, q->xs, y), SLD_OK);
    check_equal(y, r.y, SAMPLES * q->y);
    drop_results(&r);
    free(y);
    sld_conv_destroy(conv);
    sld_kernels_destroy(kernels);
}

/* The whole numbers are bfloat16 too: so is the row's result exact. */
static void check(problem *q, size_t which)
{
    const sld_conv_algorithm *row     = rows[which];
    sld_kernels              *kernels = NULL;
    sld_conv                 *conv    = NULL;
    q->p.bf16                         = row == &sld_amx_gemm;
    for (int pass = 0; pass < SLD_PASSES; pass++) {
        if (!row->supports(&q->p, (sld_conv_pass)pass)) {
            return;
        }
    }
    tried[which]++;
    assert_int_equal(sld_kernels_create(&ctx, &kernels), SLD_OK);
    assert_int_equal(sld_conv_create_by(&ctx, kernels, row, &q->p, &conv), SLD_OK);
    assert_int_equal(sld_kernels_ready(&ctx, kernels), SLD_OK);
    assert_int_equal(sld_conv_refresh(&ctx, conv, q->ws, q->bias), SLD_OK);
    for (int size = 0; size < 3; size++) {
        check_size(q, conv, size);
    }
    sld_conv_destroy(conv);
    sld_kernels_destroy(kernels);
    check_fused(q, row);
}

static void check_all(sld_conv_params p)
{
    p.training = p.data_gradient = true;
    p.bias                       = below(2);
    problem q                    = make(p);
    for (size_t i = 0; i < ROWS; i++) {
        check(&q, i);
    }
    drop(&q);
}

static void test_any_shape(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        sld_conv_params p = {
            .groups = 1 + below(3), .kernel = 1 + below(4), .stride = 1 + below(3)};
        p.in     = p.groups * (1 + below(p.groups == 1 ? 60 : 20));
        p.out    = p.groups * (1 + below(p.groups == 1 ? 60 : 20));
        p.pad    = below(p.kernel);
        p.height = p.kernel + below(9);
        p.width  = p.kernel + below(9);
        check_all(p);
    }
}

static void test_3x3(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES / 2; i++) {
        check_all((sld_conv_params){.height = 1 + below(11),
                                    .width  = 1 + below(11),
                                    .in     = 16 * (1 + below(5)),
                                    .out    = 16 * (1 + below(5)),
                                    .kernel = 3,
                                    .stride = 1,
                                    .pad    = 1,
                                    .groups = 1});
    }
}

static void test_depthwise(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES / 2; i++) {
        const int channels = 2 + below(70);
        check_all((sld_conv_params){.height = 1 + below(9),
                                    .width  = 1 + below(9),
                                    .in     = channels,
                                    .out    = channels,
                                    .kernel = 3,
                                    .stride = 1 + below(2),
                                    .pad    = 1,
                                    .groups = channels});
    }
}

/* A row that supported nothing would pass every test; without AVX2 depthwise alone has work, without
 * AMX its row has none. */
static void test_every_row_was_tried(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const char *isa  = sld_kernels_isa();
        const bool  none = rows[i] == &sld_amx_gemm
                               ? !strstr(isa, "AMX")
                               : rows[i] != &sld_depthwise && strcmp(isa, "no AVX2") == 0;
        assert_true(tried[i] > 0 || none);
    }
}

/* docs/performance.md, "bf16": the passes that round, as bits. */
static void test_bf16_rule(void **state)
{
    enum { F = 1 << SLD_FORWARD, D = 1 << SLD_BACKWARD_DATA, W = 1 << SLD_BACKWARD_WEIGHTS };
    static const struct {
        int      side, in, out, kernel, stride, groups;
        unsigned passes;
    } cases[] = {
        {32, 3, 16, 3, 1, 1, 0},          {16, 58, 58, 3, 1, 58, 0},
        {6, 48, 96, 3, 1, 3, 0},          {32, 16, 16, 3, 1, 1, F | D | W},
        {16, 32, 64, 3, 2, 1, F | D | W}, {4, 512, 512, 3, 1, 1, F | D | W},
        {16, 58, 58, 1, 1, 1, F | D | W}, {32, 24, 58, 1, 1, 1, D | W},
        {4, 96, 16, 1, 1, 1, F | W},      {32, 16, 32, 1, 1, 1, D},
        {16, 16, 16, 1, 1, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sld_conv_params p      = {.height = cases[i].side,
                                        .width  = cases[i].side,
                                        .in     = cases[i].in,
                                        .out    = cases[i].out,
                                        .kernel = cases[i].kernel,
                                        .stride = cases[i].stride,
                                        .pad    = cases[i].kernel / 2,
                                        .groups = cases[i].groups};
        unsigned              passes = 0;
        for (int pass = 0; pass < SLD_PASSES; pass++) {
            passes |= sld_conv_in_bf16(&p, pass) ? 1u << pass : 0;
        }
        assert_int_equal(passes, cases[i].passes);
    }
}

int main(int argc, char **argv)
{
    sld_ctx_init(&ctx);
    random_numbers = sld_rng_make(6, SLD_RNG_SYNTH, 0, 0);
    if (argc > 1 && sld_kernels_pin_isa(&ctx, argv[1]) != SLD_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bf16_rule),
                                       cmocka_unit_test(test_any_shape), cmocka_unit_test(test_3x3),
                                       cmocka_unit_test(test_depthwise),
                                       cmocka_unit_test(test_every_row_was_tried)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
