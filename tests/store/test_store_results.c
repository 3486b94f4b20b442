/* test_store_results.c: columns and logits lie on named axes, wrong lengths are refused, and the
 * same results are the same bytes, whenever and wherever in memory they are put together. With an
 * argument: writes the sample to that file, for read_results.py. */
#include "fixture.h"

#include <malloc.h>
#include <time.h>

#include "results_sample.h"

static void columns_and_logits_come_back(void **state)
{
    fixture    *f = *state;
    sld_doc    *doc;
    double      lr[SAMPLE_EPOCHS];
    int64_t     epoch[SAMPLE_EPOCHS];
    float       logits[SAMPLE_SAMPLES * SAMPLE_CLASSES];
    const char *text, *names[SAMPLE_CLASSES];
    int         n_dims;
    size_t      dims[SLD_DOC_DIMS];

    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, put_results_sample(&f->ctx, doc));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/epoch/lr", SLD_F64, SAMPLE_EPOCHS, lr));
    assert_true(lr[2] == 0.005);
    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/epoch/lr", "units", &text));
    assert_string_equal(text, "1");
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/epoch/epoch", SLD_I64, SAMPLE_EPOCHS, epoch));
    assert_int_equal(epoch[0], 1);
    assert_int_equal(epoch[2], 3);
    assert_ok(f, sld_doc_dims(&f->ctx, doc, "/logits/test_best", &n_dims, dims));
    assert_int_equal(n_dims, 2);
    assert_int_equal(dims[0], SAMPLE_SAMPLES);
    assert_int_equal(dims[1], SAMPLE_CLASSES);
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/logits/test_best", SLD_F32,
                             SAMPLE_SAMPLES * SAMPLE_CLASSES, logits));
    assert_true(logits[19] == 9.5F);
    assert_ok(f, sld_doc_get_text(&f->ctx, doc, "/class_name", SAMPLE_CLASSES, names));
    assert_string_equal(names[3], "dog");
    sld_doc_close(doc);
}

static void lengths_must_agree(void **state)
{
    fixture     *f   = *state;
    sld_ctx     *ctx = &f->ctx;
    const double x[] = {1.0, 2.0, 3.0, 4.0};
    const float  z[] = {1.0F, 2.0F};
    sld_doc     *doc;

    assert_ok(f, sld_doc_create(ctx, &doc));
    assert_ok(f, put_results_sample(ctx, doc));
    assert_ok(f, sld_doc_put(ctx, doc, "/table", SLD_F64, 2, (const size_t[]){2, 2}, x));
    const long ids = open_ids();
    assert_fails(f, sld_doc_put_column(ctx, doc, "/epoch/top1", "1", x, 4), SLD_ERR_ARG,
                 "/epoch/epoch|expected 4 values|got 3");
    assert_fails(f, sld_doc_put_logits(ctx, doc, "/logits/teacher", z, 1, 2), SLD_ERR_ARG,
                 "/sample|expected 1 values|got 5");
    assert_fails(f, sld_doc_put_column(ctx, doc, "/top1", "1", x, 3), SLD_ERR_ARG, "\"/top1\"");
    assert_fails(f, sld_doc_put_column(ctx, doc, "top1", "1", x, 3), SLD_ERR_ARG, "\"top1\"");
    assert_fails(f, sld_doc_put_column(ctx, doc, "/epoch/lr", "1", x, 3), SLD_ERR_IO,
                 "/epoch/lr|exists");
    assert_fails(f, sld_doc_put_on_axes(ctx, doc, "/y", SLD_F64, 1, (const char *[]){"/table"}, x),
                 SLD_ERR_ARG, "/table|one dimension|got 2");
    assert_fails(f, sld_doc_put_on_axes(ctx, doc, "/y", SLD_F64, 1, (const char *[]){"/no"}, x),
                 SLD_ERR_DATA, "/no|without it");
    assert_fails(f, sld_doc_put_on_axes(ctx, doc, "/y", SLD_F64, 0, NULL, x), SLD_ERR_ARG, "/y");
    assert_int_equal(open_ids(), ids);
    sld_doc_close(doc);
}

static void a_run_of_no_epoch_can_be_stored(void **state)
{
    fixture *f = *state;
    sld_doc *doc;
    int      n_dims;
    size_t   dims[SLD_DOC_DIMS];

    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_doc_put_column(&f->ctx, doc, "/epoch/lr", "1", NULL, 0));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    assert_ok(f, sld_doc_dims(&f->ctx, doc, "/epoch/lr", &n_dims, dims));
    assert_int_equal(dims[0], 0);
    sld_doc_close(doc);
}

/* Leaves the byte on the stack where the library's local variables will lie. */
static __attribute__((noinline)) void stain_stack(int byte)
{
    volatile char stack[1 << 16];
    for (size_t i = 0; i < sizeof stack; i++) {
        stack[i] = (char)byte;
    }
}

static void publish_in_stained_memory(fixture *f, int byte)
{
    sld_doc *doc;
    mallopt(M_PERTURB, byte); /* glibc: fresh memory is filled with ~byte */
    stain_stack(byte);
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    stain_stack(byte);
    assert_ok(f, put_results_sample(&f->ctx, doc));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    mallopt(M_PERTURB, 0);
}

static void same_content_is_same_bytes(void **state)
{
    fixture *f = *state;
    void    *first, *second;
    size_t   n_first, n_second;

    publish_in_stained_memory(f, 0x11);
    assert_ok(f, sld_file_read(&f->ctx, f->path, SIZE_MAX, &first, &n_first));
    nanosleep(&(struct timespec){1, 100000000}, NULL); /* HDF5's times count seconds */
    publish_in_stained_memory(f, 0xEE);
    assert_ok(f, sld_file_read(&f->ctx, f->path, SIZE_MAX, &second, &n_second));
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    free(first);
    free(second);
}

static int write_sample(const char *path)
{
    sld_ctx  ctx;
    sld_doc *doc = NULL;
    sld_ctx_init(&ctx);
    sld_status st = sld_doc_create(&ctx, &doc);
    if (st == SLD_OK) st = put_results_sample(&ctx, doc);
    if (st == SLD_OK) st = sld_doc_publish(&ctx, &doc, path, true);
    if (st != SLD_OK) fprintf(stderr, "%s\n", ctx.err.msg);
    return st == SLD_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(columns_and_logits_come_back),
        TEST(lengths_must_agree),
        TEST(a_run_of_no_epoch_can_be_stored),
        TEST(same_content_is_same_bytes),
    };
    return argc > 1 ? write_sample(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
