/* test_store_document.c: what is put into a document comes out of the published file, and what is
 * wrong with a call is said by name. */
#include "fixture.h"

#include <math.h>

static const float   weights[2][3] = {{0.5F, -1.0F, 3.0e-39F}, {1.0e30F, 0.1F, -0.0F}};
static const int64_t counts[]      = {-1, INT64_C(1) << 53, 3};
static const uint8_t pixels[]      = {0, 128, 255};

static sld_doc *write_and_reopen(fixture *f)
{
    sld_doc          *doc;
    const size_t      matrix[] = {2, 3}, three[] = {3};
    const double      lr      = 0.025;
    const int32_t     range[] = {1, 240};
    const char *const names[] = {"apple", "B\xc3\xa4r", ""};

    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_string_equal(sld_doc_path(doc), "new file");
    assert_ok(f,
              sld_doc_put(&f->ctx, doc, "/model/layer1.0.bn1.weight", SLD_F32, 2, matrix, weights));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/a/b/c", SLD_I64, 1, three, counts));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/pixels", SLD_U8, 1, three, pixels));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/lr", SLD_F64, 0, NULL, &lr));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/nothing", SLD_F64, 1, (const size_t[]){0}, NULL));
    assert_ok(f, sld_doc_put_text(&f->ctx, doc, "/names", names, 3));
    assert_ok(f, sld_doc_attr_text(&f->ctx, doc, "/", "status", "done"));
    assert_ok(f, sld_doc_attr_text(&f->ctx, doc, "/lr", "units", "1"));
    assert_ok(f, sld_doc_attr(&f->ctx, doc, "/a", "range", SLD_I32, 2, range));
    assert_ok(f, sld_doc_attr(&f->ctx, doc, "/", "lr", SLD_F64, 0, &lr));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    assert_null(doc);
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    return doc;
}

static void reads_back_what_was_put(void **state)
{
    fixture    *f   = *state;
    sld_doc    *doc = write_and_reopen(f);
    float       w[2][3];
    int64_t     n64[3];
    uint8_t     u8[3];
    double      lr = 0.0, lr_attr = 0.0;
    int32_t     range[2];
    const char *names[3], *text;
    int         n_dims = 0;
    size_t      dims[SLD_DOC_DIMS], n = 0;

    assert_ok(f, sld_doc_get(&f->ctx, doc, "/model/layer1.0.bn1.weight", SLD_F32, 6, w));
    assert_memory_equal(w, weights, sizeof w); /* every bit, denormal and negative zero too */
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/a/b/c", SLD_I64, 3, n64));
    assert_memory_equal(n64, counts, sizeof n64);
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/pixels", SLD_U8, 3, u8));
    assert_memory_equal(u8, pixels, sizeof u8);
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/lr", SLD_F64, 1, &lr));
    assert_true(lr == 0.025);
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/nothing", SLD_F64, 0, NULL));
    assert_ok(f, sld_doc_get_text(&f->ctx, doc, "/names", 3, names));
    assert_string_equal(names[1], "B\xc3\xa4r");
    assert_string_equal(names[2], "");
    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/", "status", &text));
    assert_string_equal(text, "done");
    assert_ok(f, sld_doc_attr_count(&f->ctx, doc, "/a", "range", &n));
    assert_int_equal(n, 2);
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/a", "range", SLD_I32, 2, range));
    assert_int_equal(range[1], 240);
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/", "lr", SLD_F64, 0, &lr_attr));
    assert_true(lr_attr == 0.025);
    assert_ok(f, sld_doc_dims(&f->ctx, doc, "/model/layer1.0.bn1.weight", &n_dims, dims));
    assert_int_equal(n_dims, 2);
    assert_int_equal(dims[1], 3);
    assert_string_equal(sld_doc_path(doc), f->path);
    sld_doc_close(doc);
}

static void finds_members_in_name_order(void **state)
{
    fixture                 *f       = *state;
    sld_doc                 *doc     = write_and_reopen(f);
    static const char *const roots[] = {"a", "lr", "model", "names", "nothing", "pixels"};

    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(sld_doc_member(doc, "/", i), roots[i]);
    }
    assert_null(sld_doc_member(doc, "/", 6));
    assert_null(sld_doc_member(doc, "/absent", 0));
    assert_null(sld_doc_member(doc, "/lr", 0)); /* a data set has no members */
    assert_true(sld_doc_has(doc, "/"));
    assert_true(sld_doc_has(doc, "/a/b/c"));
    assert_false(sld_doc_has(doc, "/a/x/c"));
    assert_false(sld_doc_has(doc, "/lr/x"));
    assert_false(sld_doc_has(doc, ""));
    assert_true(sld_doc_has_attr(doc, "/", "status"));
    assert_false(sld_doc_has_attr(doc, "/", "absent"));
    assert_false(sld_doc_has_attr(doc, "/absent", "status"));
    sld_doc_close(doc);
}

/* Each refused call names file and object, and leaves no identifier open although the document
 * still is. */
static void names_what_is_wrong_when_reading(void **state)
{
    fixture    *f   = *state;
    sld_ctx    *ctx = &f->ctx;
    sld_doc    *doc = write_and_reopen(f);
    double      x[8];
    int32_t     i32[8];
    const char *text;
    int         n_dims;
    size_t      dims[SLD_DOC_DIMS], n;
    const long  ids = open_ids();

    assert_fails(f, sld_doc_get(ctx, doc, "/a/x", SLD_F64, 1, x), SLD_ERR_DATA,
                 "file.h5|/a/x|without it");
    assert_fails(f, sld_doc_get(ctx, doc, "/a", SLD_F64, 1, x), SLD_ERR_DATA,
                 "file.h5|/a|data set");
    assert_fails(f, sld_doc_get(ctx, doc, "/pixels", SLD_F64, 4, x), SLD_ERR_DATA,
                 "file.h5|/pixels|expected 4 values|got 3|shape (3)");
    assert_fails(f, sld_doc_get(ctx, doc, "/names", SLD_F64, 3, x), SLD_ERR_DATA,
                 "/names|numbers|float64");
    assert_fails(f, sld_doc_get(ctx, doc, "/a/b/c", SLD_I32, 3, i32), SLD_ERR_DATA,
                 "/a/b/c|does not fit|int32");
    assert_fails(f, sld_doc_get(ctx, doc, "/lr", SLD_I32, 1, i32), SLD_ERR_DATA,
                 "/lr|does not fit");
    assert_fails(f, sld_doc_dims(ctx, doc, "/none", &n_dims, dims), SLD_ERR_DATA,
                 "/none|without it");
    assert_fails(f, sld_doc_get_attr(ctx, doc, "/a", "none", SLD_I32, 0, i32), SLD_ERR_DATA,
                 "file.h5|/a|none");
    assert_fails(f, sld_doc_get_attr(ctx, doc, "/a", "range", SLD_I32, 0, i32), SLD_ERR_DATA,
                 "range|expected 1 values|got 2");
    assert_fails(f, sld_doc_get_attr(ctx, doc, "/", "lr", SLD_I32, 0, i32), SLD_ERR_DATA,
                 "lr|does not fit");
    assert_fails(f, sld_doc_get_attr(ctx, doc, "/", "status", SLD_I32, 0, i32), SLD_ERR_DATA,
                 "status|expected a number");
    assert_fails(f, sld_doc_attr_count(ctx, doc, "/", "none", &n), SLD_ERR_DATA, "none");
    assert_fails(f, sld_doc_get_attr_text(ctx, doc, "/", "lr", &text), SLD_ERR_DATA,
                 "lr|expected text");
    assert_fails(f, sld_doc_get_attr_text(ctx, doc, "/", "none", &text), SLD_ERR_DATA, "none");
    assert_fails(f, sld_doc_get_text(ctx, doc, "/names", 2, &text), SLD_ERR_DATA,
                 "/names|expected 2 texts|got 3");
    assert_fails(f, sld_doc_get_text(ctx, doc, "/lr", 1, &text), SLD_ERR_DATA, "/lr|expected text");
    assert_fails(f, sld_doc_get_text(ctx, doc, "/a", 1, &text), SLD_ERR_DATA, "/a");
    assert_fails(f, sld_doc_put(ctx, doc, "/new", SLD_F64, 0, NULL, x), SLD_ERR_IO, "/new");
    assert_int_equal(open_ids(), ids);
    sld_doc_close(doc);
}

static void names_what_is_wrong_when_writing(void **state)
{
    fixture     *f     = *state;
    sld_ctx     *ctx   = &f->ctx;
    const size_t six[] = {1, 1, 1, 1, 1, 1};
    const double x     = 1.0;
    char         long_name[2000];
    sld_doc     *doc;

    assert_ok(f, sld_doc_create(ctx, &doc));
    assert_ok(f, sld_doc_put(ctx, doc, "/x", SLD_F64, 0, NULL, &x));
    assert_ok(f, sld_doc_attr(ctx, doc, "/x", "a", SLD_F64, 0, &x));
    const long ids = open_ids();
    assert_fails(f, sld_doc_put(ctx, doc, "/x", SLD_F64, 0, NULL, &x), SLD_ERR_IO, "/x|exists");
    assert_fails(f, sld_doc_put(ctx, doc, "/x/y", SLD_F64, 0, NULL, &x), SLD_ERR_IO, "/x/y");
    assert_fails(f, sld_doc_put(ctx, doc, "x", SLD_F64, 0, NULL, &x), SLD_ERR_ARG, "\"x\"");
    assert_fails(f, sld_doc_put(ctx, doc, "/six", SLD_F64, 6, six, &x), SLD_ERR_IO, "/six");
    assert_fails(f, sld_doc_attr(ctx, doc, "/x", "a", SLD_F64, 0, &x), SLD_ERR_IO, "a|exists");
    assert_fails(f, sld_doc_attr_text(ctx, doc, "/none", "a", "b"), SLD_ERR_IO, "/none");
    assert_fails(f, sld_doc_scale(ctx, doc, "/x", 0, "/none", "none"), SLD_ERR_DATA,
                 "/none|without it");
    assert_fails(f, sld_doc_scale(ctx, doc, "/x", 0, "/x", "x"), SLD_ERR_IO, "/x|axis 0");
    memset(long_name, 'x', sizeof long_name);
    long_name[0]                    = '/';
    long_name[sizeof long_name - 1] = '\0';
    assert_fails(f, sld_doc_put(ctx, doc, long_name, SLD_F64, 0, NULL, &x), SLD_ERR_ARG,
                 "expected the path of an object");
    assert_false(sld_doc_has(doc, long_name));
    assert_int_equal(open_ids(), ids);
    sld_doc_close(doc);
}

static void holds_texts_of_any_length(void **state)
{
    fixture    *f    = *state;
    const char *text = NULL;
    const int   n    = 300000; /* more than the 64 KiB that old HDF5 formats grant an attribute */
    char       *yaml = malloc((size_t)n + 1);
    sld_doc    *doc;

    memset(yaml, 'y', (size_t)n);
    yaml[n] = '\0';
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_doc_attr_text(&f->ctx, doc, "/", "config", yaml));
    assert_ok(f, sld_doc_attr_text(&f->ctx, doc, "/", "empty", ""));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/", "config", &text));
    assert_string_equal(text, yaml);
    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/", "empty", &text));
    assert_string_equal(text, "");
    sld_doc_close(doc);
    free(yaml);
}

/* Superblock 2 is the format of HDF5 1.8: every part of the metadata has a checksum of its own. */
static void writes_the_format_of_1_8(void **state)
{
    fixture *f = *state;
    void    *bytes;
    size_t   n;
    sld_doc_close(write_and_reopen(f));
    assert_ok(f, sld_file_read(&f->ctx, f->path, SIZE_MAX, &bytes, &n));
    assert_int_equal(((const uint8_t *)bytes)[8], 2);
    free(bytes);
}

static void keeps_many_documents_apart(void **state)
{
    fixture *f = *state;
    sld_doc *docs[4];
    for (int i = 0; i < 2; i++) {
        const int32_t value = i;
        assert_ok(f, sld_doc_create(&f->ctx, &docs[i]));
        assert_ok(f, sld_doc_put(&f->ctx, docs[i], "/value", SLD_I32, 0, NULL, &value));
    }
    assert_ok(f, sld_doc_publish(&f->ctx, &docs[0], f->path, true));
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &docs[2]));
    assert_ok(f, sld_doc_publish(&f->ctx, &docs[1], f->path, true)); /* while it is being read */
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &docs[3]));
    for (int i = 2; i < 4; i++) {
        int32_t value = -1;
        assert_ok(f, sld_doc_get(&f->ctx, docs[i], "/value", SLD_I32, 1, &value));
        assert_int_equal(value, i - 2);
        sld_doc_close(docs[i]);
    }
}

static void publishes_without_replacing(void **state)
{
    fixture      *f   = *state;
    const int32_t one = 1;
    sld_doc      *doc = write_and_reopen(f);
    sld_doc_close(doc);

    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/one", SLD_I32, 0, NULL, &one));
    assert_fails(f, sld_doc_publish(&f->ctx, &doc, f->path, false), SLD_ERR_IO, "file.h5");
    assert_null(doc);
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    assert_false(sld_doc_has(doc, "/one"));
    sld_doc_close(doc);
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_fails(f, sld_doc_publish(&f->ctx, &doc, "absent-folder/x.h5", true), SLD_ERR_IO,
                 "absent-folder/x.h5|No such file");
    assert_null(doc);
    sld_doc_close(NULL);
}

static void names_the_library(void **state)
{
    char text[64];
    sld_store_versions(text, sizeof text);
    assert_non_null(strstr(text, "HDF5 1."));
    assert_non_null(strstr(text, "parallel"));
}

/* A version that this build does not know is refused by both readers; older ones, ours, and whatever
 * files of others bear are not. */
static void newer_versions_are_refused(void **state)
{
    static const struct {
        const char *format;
        int64_t     version;
        bool        refused;
    } cases[]  = {{"sld-results", 2, true},    {"sld-results", 1, false},
                  {"sld-checkpoint", 9, true}, {"sld-checkpoint", 1, false},
                  {"sld-study", 2, true},      {"sld-views", 2, true},
                  {"sld-probe", 2, true},      {"somebody", 7, false}};
    fixture *f = *state;
    char     wanted[256];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sld_doc *doc;
        assert_ok(f, sld_doc_create(&f->ctx, &doc));
        assert_ok(f, sld_doc_attr_text(&f->ctx, doc, "/", "format", cases[i].format));
        assert_ok(f,
                  sld_doc_attr(&f->ctx, doc, "/", "format_version", SLD_I64, 0, &cases[i].version));
        assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
        snprintf(wanted, sizeof wanted,
                 "%s: format_version: expected %s of version 1 or older, got %d; a newer sld wrote "
                 "it: use that one",
                 f->path, cases[i].format, (int)cases[i].version);
        for (int whole = 0; whole < 2; whole++) {
            const sld_status st = whole ? sld_doc_open(&f->ctx, f->path, &doc)
                                        : sld_doc_open_file(&f->ctx, f->path, &doc);
            assert_int_equal(st, cases[i].refused ? SLD_ERR_CONFIG : SLD_OK);
            assert_string_equal(f->ctx.err.msg, cases[i].refused ? wanted : "");
            assert_int_equal(doc == NULL, cases[i].refused);
            sld_doc_close(doc);
            sld_err_clear(&f->ctx);
        }
    }
}

static void formats_are_written_with_their_version(void **state)
{
    fixture    *f = *state;
    sld_doc    *doc;
    const char *format;
    int64_t     version = 0;

    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_doc_put_format(&f->ctx, doc, "sld-probe"));
    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/", "format", &format));
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/", "format_version", SLD_I64, 0, &version));
    assert_string_equal(format, "sld-probe");
    assert_int_equal(version, 1);
    sld_doc_close(doc);
}

/* The value of a finite half precision number. */
static float of_half(unsigned bits)
{
    const int exponent = (int)(bits >> 10), fraction = (int)(bits & 1023);

    return exponent == 0 ? ldexpf((float)fraction, -24)
                         : ldexpf((float)(1024 + fraction), exponent - 25);
}

/* Every half, and what lies between it and the next: the nearest is kept, of two the even one. The first
 * values are subnormal halves. */
static void rounds_to_half_precision(void **state)
{
    enum { HALVES = 0x7bff, EACH = 4, N = HALVES * EACH + 3 };
    static float given[N], wanted[N], got[N];
    fixture     *f = *state;
    sld_doc     *doc;
    size_t       n = 0;

    for (unsigned b = 0; b < HALVES; b++) {
        const float low = of_half(b), high = of_half(b + 1), middle = (low + high) / 2,
                    sign      = b % 3 == 0 ? -1.0F : 1.0F;
        const float values[]  = {low, middle, nextafterf(middle, low), nextafterf(middle, high)};
        const float nearest[] = {low, b % 2 == 0 ? low : high, low, high};
        for (int i = 0; i < EACH; i++, n++) {
            given[n]  = sign * values[i];
            wanted[n] = sign * nearest[i];
        }
    }
    const float ends[]    = {65519.0F, 65520.0F, -INFINITY},
                rounded[] = {65504.0F, INFINITY, -INFINITY};
    memcpy(given + n, ends, sizeof ends);
    memcpy(wanted + n, rounded, sizeof rounded);
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/whole", SLD_F16, 1, (const size_t[]){N}, given));
    assert_ok(f, sld_doc_reserve(&f->ctx, doc, "/rows", SLD_F16, 1, (const size_t[]){N}));
    assert_ok(f, sld_doc_put_rows(&f->ctx, doc, "/rows", SLD_F32, (sld_range){0, N}, given));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    for (int i = 0; i < 2; i++) {
        assert_ok(f, sld_doc_get(&f->ctx, doc, i == 0 ? "/whole" : "/rows", SLD_F16, N, got));
        assert_memory_equal(got, wanted, sizeof got);
    }
    sld_doc_close(doc);
}

/* The type of half precision is made once and stays, as HDF5's own do. */
static int make_half_type(void **state)
{
    static sld_ctx ctx;
    sld_doc       *doc;

    sld_ctx_init(&ctx);
    const sld_status st = sld_doc_create(&ctx, &doc);
    if (st == SLD_OK) {
        (void)sld_doc_put(&ctx, doc, "/half", SLD_F16, 1, (const size_t[]){1}, &(float){0});
        sld_doc_close(doc);
    }
    return st;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_back_what_was_put),
        TEST(finds_members_in_name_order),
        TEST(names_what_is_wrong_when_reading),
        TEST(names_what_is_wrong_when_writing),
        TEST(holds_texts_of_any_length),
        TEST(writes_the_format_of_1_8),
        TEST(keeps_many_documents_apart),
        TEST(publishes_without_replacing),
        TEST(names_the_library),
        TEST(newer_versions_are_refused),
        TEST(formats_are_written_with_their_version),
        TEST(rounds_to_half_precision),
    };
    return cmocka_run_group_tests(tests, make_half_type, NULL);
}
