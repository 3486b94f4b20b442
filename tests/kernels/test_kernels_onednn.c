/* Our own conversion of weights to oneDNN's layouts: against the library's where that is right (version
 * 2), and back to what it came from; where channels fill no block, and with groups. */
#include "conv/onednn.h"
#include "fixture.h"

static dnnl_engine_t engine;
static dnnl_stream_t stream;

typedef struct {
    int               out, in, kernel, groups;
    dnnl_format_tag_t tag;
} layout_case;

static const layout_case cases[] = {
    {7, 10, 3, 1, dnnl_OIhw16i16o},   {116, 64, 3, 1, dnnl_OIhw16o16i},
    {16, 3, 3, 1, dnnl_Ohwi16o},      {7, 10, 3, 1, dnnl_OIhw8o8i},
    {58, 24, 1, 1, dnnl_OIhw8i8o},    {32, 32, 5, 1, dnnl_OIhw16i16o},
    {60, 24, 1, 3, dnnl_gOIhw16i16o}, {33, 33, 3, 33, dnnl_Goihw16g}};

/* The library's conversion of plain weights to `to`. */
static void convert(sld_const_md plain_md, float *plain, sld_const_md md, void *to)
{
    dnnl_primitive_desc_t pd        = NULL;
    dnnl_primitive_t      primitive = NULL;
    dnnl_memory_t         a = NULL, b = NULL;
    assert_int_equal(dnnl_reorder_primitive_desc_create(&pd, plain_md, engine, md, engine, NULL),
                     0);
    assert_int_equal(dnnl_primitive_create(&primitive, pd), 0);
    assert_int_equal(dnnl_memory_create(&a, plain_md, engine, plain), 0);
    assert_int_equal(dnnl_memory_create(&b, md, engine, to), 0);
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}};
    assert_int_equal(dnnl_primitive_execute(primitive, stream, 2, args), 0);
    assert_int_equal(dnnl_stream_wait(stream), 0);
    dnnl_memory_destroy(a);
    dnnl_memory_destroy(b);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(pd);
}

static sld_md md_of(const layout_case *c, dnnl_format_tag_t tag)
{
    const int         g       = c->groups;
    const dnnl_dims_t plain   = {c->out, c->in, c->kernel, c->kernel};
    const dnnl_dims_t grouped = {g, c->out / g, c->in / g, c->kernel, c->kernel};
    sld_md            md      = NULL;
    assert_int_equal(sld_md_create(g > 1 ? 5 : 4, g > 1 ? grouped : plain, dnnl_f32, tag, &md), 0);
    return md;
}

static void check(const layout_case *c)
{
    const sld_conv_params p = {
        .out = c->out, .in = c->in, .kernel = c->kernel, .groups = c->groups};
    const size_t n        = (size_t)(c->out * c->in / c->groups * c->kernel * c->kernel);
    sld_md       md       = md_of(c, c->tag);
    sld_md       plain_md = md_of(c, c->groups > 1 ? dnnl_goihw : dnnl_oihw);
    packed       w        = {.md = md, .bytes = dnnl_memory_desc_get_size(md)};
    float       *plain = random_floats(n), *back = random_floats(n);
    float       *ours = random_floats(w.bytes / 4), *theirs = random_floats(w.bytes / 4);
    w.offsets = calloc((size_t)(c->groups + c->out + c->in + 2 * c->kernel), sizeof *w.offsets);
    assert_int_equal(sld_onednn_offsets(md, w.offsets), dnnl_success);
    sld_onednn_pack(&p, &w, plain, ours);
    if (sld_onednn_pads()) {
        convert(plain_md, plain, md, theirs);
        assert_memory_equal(ours, theirs, w.bytes);
    }
    sld_onednn_unpack(&p, &w, ours, back);
    assert_memory_equal(back, plain, n * sizeof *plain);
    free(w.offsets);
    free(plain);
    free(back);
    free(ours);
    free(theirs);
    sld_md_destroy(md);
    sld_md_destroy(plain_md);
}

static void test_conversion(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(&cases[i]);
    }
}

int main(void)
{
    random_numbers = sld_rng_make(8, SLD_RNG_SYNTH, 0, 0);
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) != dnnl_success) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conversion)};
    const int               failed  = cmocka_run_group_tests(tests, NULL, NULL);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    return failed;
}
