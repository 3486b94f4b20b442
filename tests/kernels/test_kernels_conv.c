/* Convolution, forward and backward, against sums in double over the definition; for several
 * numbers of samples, odd channel counts, groups, biases and the fused forms of evaluation; in
 * bfloat16 over what is left of the inputs once rounded. */
#include "fixture.h"

/* float32 sums of up to 9 * 128 products in another order than ours: a few times 1e-7 each. In
 * bfloat16 too: products of the rounded inputs are exact in float32. */
#define TOLERANCE 2e-6

typedef struct {
    int  height, width, in, out, kernel, stride, pad, groups;
    bool bias;
} shape;

static const shape shapes[] = {
    {8, 8, 3, 16, 3, 1, 1, 1, false},
    {8, 8, 16, 16, 3, 1, 1, 1, false},
    {9, 7, 16, 32, 3, 2, 1, 1, true},
    {8, 8, 16, 32, 1, 2, 0, 1, false},
    {8, 8, 58, 58, 1, 1, 0, 1, false},
    {6, 6, 10, 7, 3, 1, 1, 1, true},
    {6, 6, 24, 60, 1, 1, 0, 3, false},
    {6, 6, 58, 58, 3, 2, 1, 58, false},
    {14, 14, 3, 64, 7, 2, 3, 1, false},
    /* conv_depthwise.c: */
    {2, 2, 480, 480, 3, 1, 1, 480, false},
    {3, 4, 58, 58, 3, 2, 1, 58, false},
    {5, 5, 32, 32, 3, 1, 1, 2, true},
    {8, 8, 64, 116, 3, 1, 1, 1, true},
    {16, 16, 32, 64, 3, 1, 1, 1, true},
    {10, 7, 64, 48, 3, 1, 1, 1, true},
    {8, 8, 64, 64, 3, 1, 1, 1, false},
    {8, 8, 64, 24, 3, 2, 1, 1, true},
    {7, 8, 128, 16, 3, 2, 1, 1, false},
    /* conv3.c: */
    {5, 3, 80, 112, 3, 1, 1, 1, true},
    {4, 4, 144, 64, 3, 1, 1, 1, false},
    {1, 8, 8, 16, 3, 1, 1, 1, false},
    {2, 11, 40, 24, 3, 1, 1, 1, true},
    {33, 8, 8, 40, 3, 1, 1, 1, false},
    {3, 29, 48, 8, 3, 1, 1, 1, true},
    {9, 5, 144, 80, 3, 1, 1, 1, true},
};
static const int sizes[] = {8, 3, 2, 1};
enum { SIZES = 4, MOST = 8 };

static sld_ctx      ctx;
static sld_kernels *kernels;

typedef struct {
    sld_conv_params params;
    size_t          x, y, w; /* floats: of one sample, one result, all weights */
    int             out_h, out_w;
} problem;

static problem problem_of(const shape *s)
{
    problem p = {.params = {.height  = s->height,
                            .width   = s->width,
                            .in      = s->in,
                            .out     = s->out,
                            .kernel  = s->kernel,
                            .stride  = s->stride,
                            .pad     = s->pad,
                            .groups  = s->groups,
                            .bias    = s->bias,
                            .sizes   = sizes,
                            .n_sizes = SIZES}};
    p.out_h   = sld_conv_out_size(s->height, s->kernel, s->stride, s->pad);
    p.out_w   = sld_conv_out_size(s->width, s->kernel, s->stride, s->pad);
    p.x       = (size_t)(s->height * s->width * s->in);
    p.y       = (size_t)(p.out_h * p.out_w * s->out);
    p.w       = (size_t)(s->out * (s->in / s->groups) * s->kernel * s->kernel);
    return p;
}

/* Visits every product of the convolution: image value, weight and output it belongs to. */
typedef void (*visitor)(void *own, size_t x, size_t w, size_t y);

static void visit(const problem *p, int n, visitor visit_one, void *own)
{
    const sld_conv_params *c   = &p->params;
    const int              ing = c->in / c->groups, outg = c->out / c->groups;
    for (int i = 0; i < n * p->out_h * p->out_w * c->out; i++) {
        const int o = i % c->out, ox = i / c->out % p->out_w;
        const int oy = i / c->out / p->out_w % p->out_h, image = i / c->out / p->out_w / p->out_h;
        for (int t = 0; t < ing * c->kernel * c->kernel; t++) {
            const int kx = t % c->kernel, ky = t / c->kernel % c->kernel;
            const int ch = t / c->kernel / c->kernel;
            const int y = oy * c->stride - c->pad + ky, x = ox * c->stride - c->pad + kx;
            if (y >= 0 && y < c->height && x >= 0 && x < c->width) {
                const int channel = o / outg * ing + ch;
                visit_one(own, (size_t)(((image * c->height + y) * c->width + x) * c->in + channel),
                          (size_t)(o * ing * c->kernel * c->kernel + t), (size_t)i);
            }
        }
    }
}

typedef struct {
    const float *x, *w, *dy;
    double      *y, *dx, *dw;
} reference;

static void add_products(void *own, size_t x, size_t w, size_t y)
{
    reference *r = own;
    r->y[y] += (double)r->x[x] * (double)r->w[w];
    r->dx[x] += (double)r->dy[y] * (double)r->w[w];
    r->dw[w] += (double)r->dy[y] * (double)r->x[x];
}

static reference compute(const problem *p, int n, const float *x, const float *w, const float *dy)
{
    reference r = {.x = x, .w = w, .dy = dy};
    r.y         = zeros((size_t)n * p->y);
    r.dx        = zeros((size_t)n * p->x);
    r.dw        = zeros(p->w);
    visit(p, n, add_products, &r);
    return r;
}

static void free_reference(reference *r)
{
    free(r->y);
    free(r->dx);
    free(r->dw);
}

static void ready(void)
{
    assert_int_equal(sld_kernels_ready(&ctx, kernels), SLD_OK);
}

/* Its size is the library's: no random numbers, or they would hang on the layout it chose. */
static float *gradient_of(const sld_conv *conv)
{
    float *dw = aligned_alloc(64, (sld_conv_gradient_floats(conv) * sizeof *dw + 64) / 64 * 64);
    assert_non_null(dw);
    return dw;
}

/* What a convolution in bfloat16 sees of x; else x itself. The caller frees it. */
static float *seen(const float *x, size_t n, bool bf16)
{
    float    *y       = random_floats(n);
    uint16_t *rounded = calloc(n, sizeof *rounded);
    assert_non_null(rounded);
    sld_round_bf16(x, n, rounded);
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)rounded[i] << 16;
        memcpy(&y[i], bf16 ? (const void *)&bits : &x[i], sizeof *y);
    }
    free(rounded);
    return y;
}

static void check_training(const shape *s, bool bf16)
{
    problem   p            = problem_of(s);
    sld_conv *conv         = NULL;
    p.params.training      = true;
    p.params.bf16          = bf16;
    p.params.data_gradient = true;
    assert_int_equal(sld_kernels_create(&ctx, &kernels), SLD_OK);
    assert_int_equal(sld_conv_create(&ctx, kernels, &p.params, &conv), SLD_OK);
    ready();
    float *x = random_floats(MOST * p.x), *w = random_floats(p.w);
    float *bias = random_floats((size_t)s->out), *dy = random_floats(MOST * p.y);
    float *y = random_floats(MOST * p.y), *dx = random_floats(MOST * p.x);
    float *dw = random_floats(p.w), *db = random_floats((size_t)s->out);
    float *packed = gradient_of(conv), *x_seen = seen(x, MOST * p.x, bf16);
    float *w_seen = seen(w, p.w, bf16), *dy_seen = seen(dy, MOST * p.y, bf16);
    assert_int_equal(sld_conv_refresh(&ctx, conv, w, bias), SLD_OK);
    for (int i = 0; i < SIZES; i++) {
        const int n    = sizes[i];
        reference r    = compute(&p, n, x_seen, w_seen, dy_seen);
        double   *dsum = zeros((size_t)s->out);
        for (size_t j = 0; j < (size_t)n * p.y; j++) {
            r.y[j] += s->bias ? (double)bias[j % (size_t)s->out] : 0;
            dsum[j % (size_t)s->out] += (double)dy_seen[j];
        }
        assert_int_equal(sld_conv_forward(&ctx, conv, i, x, y), SLD_OK);
        assert_int_equal(sld_conv_backward_data(&ctx, conv, i, dy, dx), SLD_OK);
        assert_int_equal(sld_conv_backward_weights(&ctx, conv, i, x, dy, packed), SLD_OK);
        assert_int_equal(sld_conv_unpack_gradient(&ctx, conv, packed, dw, db), SLD_OK);
        assert_true(distance(y, r.y, (size_t)n * p.y) < TOLERANCE);
        assert_true(distance(dx, r.dx, (size_t)n * p.x) < TOLERANCE);
        assert_true(distance(dw, r.dw, p.w) < TOLERANCE);
        assert_true(!s->bias || distance(db, dsum, (size_t)s->out) < TOLERANCE);
        free(dsum);
        free_reference(&r);
    }
    sld_conv_destroy(conv);
    sld_kernels_destroy(kernels);
    float *all[] = {x, w, bias, dy, y, dx, packed, dw, db, x_seen, w_seen, dy_seen};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void test_training(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_training(&shapes[i], false);
    }
}

static bool has_bf16(void)
{
    if (sld_kernels_check_bf16(&ctx, "some.option") == SLD_OK) {
        return true;
    }
    assert_int_equal(ctx.err.code, SLD_ERR_CONFIG);
    assert_non_null(strstr(ctx.err.msg, "some.option: bf16 wants"));
    sld_err_clear(&ctx);
    return false;
}

static void test_training_bf16(void **state)
{
    (void)state;
    for (size_t i = 0; has_bf16() && i < sizeof shapes / sizeof *shapes; i++) {
        check_training(&shapes[i], true);
    }
}

static void check_evaluation(const shape *s, bool add, bool relu, bool bf16)
{
    problem   p    = problem_of(s);
    sld_conv *conv = NULL;
    p.params.bias  = true;
    p.params.add   = add;
    p.params.bf16  = bf16;
    p.params.relu  = relu;
    assert_int_equal(sld_kernels_create(&ctx, &kernels), SLD_OK);
    assert_int_equal(sld_conv_create(&ctx, kernels, &p.params, &conv), SLD_OK);
    ready();
    float    *x = random_floats(MOST * p.x), *w = random_floats(p.w);
    float    *bias = random_floats((size_t)s->out), *y = random_floats(MOST * p.y);
    float    *x_seen = seen(x, MOST * p.x, bf16), *w_seen = seen(w, p.w, bf16);
    reference r = compute(&p, MOST, x_seen, w_seen, y);
    for (size_t j = 0; j < MOST * p.y; j++) {
        r.y[j] += (double)bias[j % (size_t)s->out] + (add ? (double)y[j] : 0);
        r.y[j] = relu && r.y[j] < 0 ? 0 : r.y[j];
    }
    assert_int_equal(sld_conv_refresh(&ctx, conv, w, bias), SLD_OK);
    assert_int_equal(sld_conv_forward(&ctx, conv, 0, x, y), SLD_OK);
    assert_true(distance(y, r.y, MOST * p.y) < TOLERANCE);
    free_reference(&r);
    sld_conv_destroy(conv);
    sld_kernels_destroy(kernels);
    float *all[] = {x, w, bias, y, x_seen, w_seen};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void test_evaluation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_evaluation(&shapes[i], false, false, false);
        check_evaluation(&shapes[i], false, true, false);
        check_evaluation(&shapes[i], true, true, false);
    }
}

static void test_evaluation_bf16(void **state)
{
    (void)state;
    for (size_t i = 0; has_bf16() && i < sizeof shapes / sizeof *shapes; i++) {
        check_evaluation(&shapes[i], true, true, true);
    }
}

int main(void)
{
    sld_ctx_init(&ctx);
    random_numbers                  = sld_rng_make(1, SLD_RNG_SYNTH, 0, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training), cmocka_unit_test(test_training_bf16),
        cmocka_unit_test(test_evaluation), cmocka_unit_test(test_evaluation_bf16)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
