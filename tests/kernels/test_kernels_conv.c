/* Convolution, forward and backward, against sums in double over the definition; for several
 * numbers of samples, odd channel counts, groups, biases and the fused forms of evaluation; in
 * bfloat16 over what is left of the inputs once rounded. */
#include "conv/conv.h"
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
    {8, 8, 96, 96, 1, 1, 0, 1, true},
    /* depthwise.c: */
    {2, 2, 480, 480, 3, 1, 1, 480, false},
    {3, 4, 58, 58, 3, 2, 1, 58, false},
    {5, 5, 32, 32, 3, 1, 1, 2, true},
    {8, 8, 64, 116, 3, 1, 1, 1, true},
    {16, 16, 32, 64, 3, 1, 1, 1, true},
    {10, 7, 64, 48, 3, 1, 1, 1, true},
    {8, 8, 64, 64, 3, 1, 1, 1, false},
    {8, 8, 64, 24, 3, 2, 1, 1, true},
    {7, 8, 128, 16, 3, 2, 1, 1, false},
    /* conv3x3.c: */
    {5, 3, 80, 112, 3, 1, 1, 1, true},
    {4, 4, 144, 64, 3, 1, 1, 1, false},
    {1, 8, 8, 16, 3, 1, 1, 1, false},
    {2, 11, 40, 24, 3, 1, 1, 1, true},
    {33, 8, 8, 40, 3, 1, 1, 1, false},
    {3, 29, 48, 8, 3, 1, 1, 1, true},
    {9, 5, 144, 80, 3, 1, 1, 1, true},
    /* images smaller than the stride; images that amx.c takes in more than one piece: */
    {1, 1, 64, 64, 3, 2, 1, 1, false},
    {1, 7, 48, 40, 3, 2, 1, 1, true},
    {16, 16, 256, 16, 1, 1, 0, 1, true},
};
static const int sizes[] = {8, 3, 2, 1};
enum { SIZES = 4, MAX = 8 };

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
    p.x       = (size_t)s->height * (size_t)s->width * (size_t)s->in;
    p.y       = (size_t)p.out_h * (size_t)p.out_w * (size_t)s->out;
    p.w = (size_t)s->out * (size_t)(s->in / s->groups) * (size_t)s->kernel * (size_t)s->kernel;
    return p;
}

/* What the definition gives: of the first n images y and dx, and the sum dw over them. */
typedef struct {
    const problem *p;
    int            n;
    double        *x, *w, *dy; /* w and dw: (taps,out,in/groups), for inner loops over neighbours */
    double        *y, *dx, *dw;
} reference;

static double *doubles_of(const float *x, size_t n)
{
    double *y = zeros(n);
    for (size_t i = 0; i < n; i++) {
        y[i] = (double)x[i];
    }
    return y;
}

/* Place of a weight in the kernels' layout, (out,in/groups,taps), of the i-th in the reference's.
 */
static size_t weight_at(const problem *p, size_t i)
{
    const size_t ing = (size_t)(p->params.in / p->params.groups), out = (size_t)p->params.out;
    const size_t taps = (size_t)(p->params.kernel * p->params.kernel);
    return (i / ing % out * ing + i % ing) * taps + i / ing / out;
}

/* Of no images yet. dy: NULL for the forward alone. */
static reference reference_of(const problem *p, const float *x, const float *w, const float *dy)
{
    reference r = {
        .p = p, .x = doubles_of(x, MAX * p->x), .w = zeros(p->w), .y = zeros(MAX * p->y)};
    for (size_t i = 0; i < p->w; i++) {
        r.w[i] = (double)w[weight_at(p, i)];
    }
    if (dy) {
        r.dy = doubles_of(dy, MAX * p->y);
        r.dx = zeros(MAX * p->x);
        r.dw = zeros(p->w);
    }
    return r;
}

/* The products of one window's pixel with the weights of one tap and output channel. */
static void add_products(reference *r, size_t n, size_t x, size_t w, size_t y)
{
    double sum = 0;
    for (size_t c = 0; c < n; c++) {
        sum += r->x[x + c] * r->w[w + c];
    }
    r->y[y] += sum;
    if (r->dy) {
        const double dy = r->dy[y];
        double      *dx = r->dx + x, *dw = r->dw + w;
        for (size_t c = 0; c < n; c++) {
            dx[c] += dy * r->w[w + c];
            dw[c] += dy * r->x[x + c];
        }
    }
}

/* All output channels of one output pixel and tap; pixel and y: of its first channels. */
static void add_tap(reference *r, size_t tap, size_t pixel, size_t y)
{
    const sld_conv_params *c   = &r->p->params;
    const size_t           out = (size_t)c->out, groups = (size_t)c->groups;
    const size_t           ing = (size_t)c->in / groups;
    for (size_t o = 0; o < out; o++) {
        add_products(r, ing, pixel + o / (out / groups) * ing, (tap * out + o) * ing, y + o);
    }
}

static void add_image(reference *r)
{
    const problem         *p = r->p;
    const sld_conv_params *c = &p->params;
    for (int i = 0; i < p->out_h * p->out_w * c->kernel * c->kernel; i++) {
        const int tap = i % (c->kernel * c->kernel), at = i / (c->kernel * c->kernel);
        const int y = at / p->out_w * c->stride - c->pad + tap / c->kernel;
        const int x = at % p->out_w * c->stride - c->pad + tap % c->kernel;
        if (y >= 0 && y < c->height && x >= 0 && x < c->width) {
            add_tap(r, (size_t)tap, (size_t)r->n * p->x + (size_t)((y * c->width + x) * c->in),
                    (size_t)r->n * p->y + (size_t)(at * c->out));
        }
    }
    r->n++;
}

/* dw in the kernels' layout. */
static void copy_gradient(const reference *r, double *dw)
{
    for (size_t i = 0; i < r->p->w; i++) {
        dw[weight_at(r->p, i)] = r->dw[i];
    }
}

static void free_reference(reference *r)
{
    double *all[] = {r->x, r->w, r->dy, r->y, r->dx, r->dw};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
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

/* x rounded to bfloat16. The caller frees it. */
static float *rounded_of(const float *x, size_t n)
{
    float *y = random_floats(n);
    sld_round_bf16(x, n, y);
    return y;
}

/* Of two references the one whose inputs this pass sees: the second has them rounded. */
static reference *seen_by(reference *both, const sld_conv_params *p, sld_conv_pass pass)
{
    return &both[p->bf16 && sld_conv_in_bf16(p, pass)];
}

static void add_images(reference *both, int n)
{
    for (int i = 0; i < 2; i++) {
        while (both[i].n < n) {
            add_image(&both[i]);
        }
    }
}

static void spoil(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = NAN;
    }
}

/* The same gradient, added to another one: element by element, to the last bit. */
static void check_added(sld_conv *conv, int size, const float *x, const float *dy,
                        const float *gradient)
{
    if (!sld_conv_adds_gradient(conv, size)) {
        return;
    }
    const size_t n   = sld_conv_gradient_floats(conv);
    float       *sum = gradient_of(conv), *want = random_floats(n);
    for (size_t i = 0; i < n; i++) {
        sum[i] = want[i];
        want[i] += gradient[i];
    }
    assert_int_equal(sld_conv_backward_weights(&ctx, conv, size, x, dy, true, sum), SLD_OK);
    assert_memory_equal(sum, want, n * sizeof *want);
    free(sum);
    free(want);
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
    float *x = random_floats(MAX * p.x), *w = random_floats(p.w);
    float *bias = random_floats((size_t)s->out), *dy = random_floats(MAX * p.y);
    float *y = random_floats(MAX * p.y), *dx = random_floats(MAX * p.x);
    float *dw = random_floats(p.w), *db = random_floats((size_t)s->out);
    float *packed = gradient_of(conv), *x_rounded = rounded_of(x, MAX * p.x);
    float *w_rounded = rounded_of(w, p.w), *dy_rounded = rounded_of(dy, MAX * p.y);
    assert_int_equal(sld_conv_refresh(&ctx, conv, w, bias), SLD_OK);
    reference  both[] = {reference_of(&p, x, w, dy),
                         reference_of(&p, x_rounded, w_rounded, dy_rounded)};
    reference *r      = seen_by(both, &p.params, SLD_FORWARD);
    reference *r_dx   = seen_by(both, &p.params, SLD_BACKWARD_DATA);
    reference *r_dw   = seen_by(both, &p.params, SLD_BACKWARD_WEIGHTS);
    double    *want = zeros(p.w), *dsum = zeros((size_t)s->out);
    for (size_t j = 0; s->bias && j < MAX * p.y; j++) {
        r->y[j] = (double)bias[j % (size_t)s->out];
    }
    for (int i = SIZES - 1; i >= 0; i--) { /* ever larger */
        const size_t n = (size_t)sizes[i];
        for (size_t j = (size_t)r->n * p.y; j < n * p.y; j++) {
            dsum[j % (size_t)s->out] += r_dw->dy[j];
        }
        add_images(both, sizes[i]);
        copy_gradient(r_dw, want);
        spoil(y, MAX * p.y); /* else results of the size before would do */
        spoil(dx, MAX * p.x);
        spoil(dw, p.w);
        spoil(db, (size_t)s->out);
        assert_int_equal(sld_conv_forward(&ctx, conv, i, x, y), SLD_OK);
        assert_int_equal(sld_conv_backward_data(&ctx, conv, i, dy, dx), SLD_OK);
        assert_int_equal(sld_conv_backward_weights(&ctx, conv, i, x, dy, false, packed), SLD_OK);
        check_added(conv, i, x, dy, packed);
        assert_int_equal(sld_conv_unpack_gradient(&ctx, conv, packed, dw, db), SLD_OK);
        assert_true(distance(y, r->y, n * p.y) < TOLERANCE);
        assert_true(distance(dx, r_dx->dx, n * p.x) < TOLERANCE);
        assert_true(distance(dw, want, p.w) < TOLERANCE);
        assert_true(!s->bias || distance(db, dsum, (size_t)s->out) < TOLERANCE);
    }
    free(want);
    free(dsum);
    free_reference(&both[0]);
    free_reference(&both[1]);
    sld_conv_destroy(conv);
    sld_kernels_destroy(kernels);
    float *all[] = {x, w, bias, dy, y, dx, packed, dw, db, x_rounded, w_rounded, dy_rounded};
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

static void test_training_bf16(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_training(&shapes[i], true);
    }
}

/* Where a sample has the same bits in a call of any number. y: of all samples in one call; alone: what
 * was in it before. */
static void check_each_alone(const problem *p, sld_conv *conv, const float *x, const float *y,
                             float *alone)
{
    for (size_t i = 0; i < MAX && sld_conv_takes_any_number(&p->params); i++) {
        float *one = alone + i * p->y;
        assert_int_equal(sld_conv_forward(&ctx, conv, SIZES - 1, x + i * p->x, one), SLD_OK);
        assert_memory_equal(one, y + i * p->y, p->y * sizeof *y);
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
    float    *x = random_floats(MAX * p.x), *w = random_floats(p.w);
    float    *bias = random_floats((size_t)s->out), *y = random_floats(MAX * p.y);
    float    *x_rounded = rounded_of(x, MAX * p.x), *w_rounded = rounded_of(w, p.w);
    reference both[] = {reference_of(&p, x, w, NULL), reference_of(&p, x_rounded, w_rounded, NULL)};
    add_images(both, MAX);
    double *want = seen_by(both, &p.params, SLD_FORWARD)->y;
    for (size_t j = 0; j < MAX * p.y; j++) {
        want[j] += (double)bias[j % (size_t)s->out] + (add ? (double)y[j] : 0);
        want[j] = relu && want[j] < 0 ? 0 : want[j];
    }
    assert_int_equal(sld_conv_refresh(&ctx, conv, w, bias), SLD_OK);
    if (!add) {
        spoil(y, MAX * p.y);
    }
    float *alone = random_floats(MAX * p.y);
    memcpy(alone, y, MAX * p.y * sizeof *y);
    assert_int_equal(sld_conv_forward(&ctx, conv, 0, x, y), SLD_OK);
    assert_true(distance(y, want, MAX * p.y) < TOLERANCE);
    check_each_alone(&p, conv, x, y, alone);
    free_reference(&both[0]);
    free_reference(&both[1]);
    sld_conv_destroy(conv);
    sld_kernels_destroy(kernels);
    float *all[] = {x, w, bias, y, x_rounded, w_rounded, alone};
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
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_evaluation(&shapes[i], true, true, true);
    }
}

/* Every bfloat16 pass is computed by our own tiles where the CPU has them, and by nothing else. */
static void test_amx_takes_bf16(void **state)
{
    problem   p    = problem_of(&(shape){8, 8, 32, 48, 3, 2, 1, 1, true});
    sld_conv *conv = NULL;

    (void)state;
    if (!strstr(sld_kernels_isa(), "AMX")) {
        return; /* as in test_training_bf16, which then tries what there is */
    }
    p.params.training = p.params.data_gradient = p.params.bf16 = true;
    assert_int_equal(sld_kernels_create(&ctx, &kernels), SLD_OK);
    assert_int_equal(sld_conv_create(&ctx, kernels, &p.params, &conv), SLD_OK);
    assert_string_equal(sld_conv_implementation(conv, 0), "amx:bf16");
    assert_null(sld_conv_implementation(conv, 1));
    sld_conv_destroy(conv);
    sld_kernels_destroy(kernels);
}

int main(void)
{
    sld_ctx_init(&ctx);
    random_numbers                  = sld_rng_make(1, SLD_RNG_SYNTH, 0, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training), cmocka_unit_test(test_training_bf16),
        cmocka_unit_test(test_evaluation), cmocka_unit_test(test_evaluation_bf16),
        cmocka_unit_test(test_amx_takes_bf16)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
