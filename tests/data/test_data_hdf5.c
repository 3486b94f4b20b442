/* test_data_hdf5.c: the general HDF5 layout: round trip of all its parts, and files that lack some.
 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "sld/store.h"

enum { H = 4, W = 6, C = 3, N_TRAIN = 8, N_TEST = 5, K = 4, COARSE = 2, IMAGE = H * W * C };

typedef enum { /* what a file differs in from a complete one */
               COMPLETE,
               BARE, /* images and labels only */
               GREY,
               NO_TEST,
               FLOATS,
               FOUR_CHANNELS,
               OTHER_SIZE,
               FEW_LABELS,
               PAIRED_LABELS,
               PAIRED_COARSE,
               NEGATIVE_LABEL,
               LARGE_LABEL,
               HALF_COARSE,
               MEAN_ONLY,
               BYTE_MOMENTS,
               FLAT,
} variant;

static uint8_t pixel(int split, size_t i)
{
    return fixture_byte(40 + (uint64_t)split, i);
}

static void put_images(fixture *f, sld_doc *doc, const char *path, int split, size_t n, variant v)
{
    static uint8_t bytes[(N_TRAIN + 1) * H * W * 4];
    static float   units[N_TRAIN * IMAGE];
    const size_t   channels = v == FOUR_CHANNELS ? 4 : v == GREY ? 1 : C;
    const size_t   rows     = v == OTHER_SIZE && split ? H - 1 : H;
    const size_t   dims[4]  = {n, rows, W, channels};
    const size_t   flat[2]  = {n, rows * W * channels};
    const int      n_dims   = v == GREY ? 3 : 4;
    const bool     floats   = v == FLOATS;

    for (size_t i = 0; i < n * rows * W * channels; i++) {
        bytes[i] = pixel(split, i);
        if (floats) {
            units[i] = bytes[i] / 255.0f;
        }
    }
    assert_int_equal(sld_doc_put(&f->ctx, doc, path, floats ? SLD_F32 : SLD_U8,
                                 v == FLAT ? 2 : n_dims, v == FLAT ? flat : dims,
                                 floats ? (void *)units : (void *)bytes),
                     SLD_OK);
}

static void put_labels(fixture *f, sld_doc *doc, const char *path, size_t n, int64_t classes,
                       variant v)
{
    int64_t      labels[N_TRAIN];
    const bool   pairs   = v == PAIRED_LABELS || v == PAIRED_COARSE;
    const size_t columns = pairs ? 2 : 1;
    const size_t dims[2] = {v == FEW_LABELS ? n - 1 : n / columns, columns};

    for (size_t i = 0; i < n; i++) {
        labels[i] = (int64_t)i % classes;
    }
    if (v == NEGATIVE_LABEL) {
        labels[3] = -1;
    }
    if (v == LARGE_LABEL) {
        labels[2] = INT64_C(1) << 40;
    }
    assert_int_equal(sld_doc_put(&f->ctx, doc, path, SLD_I64, pairs ? 2 : 1, dims, labels), SLD_OK);
}

static void put_extras(fixture *f, sld_doc *doc, variant v)
{
    const char *const classes[K]     = {"ant", "bee", "cat", "dog"};
    const char *const coarse[COARSE] = {"insect", "pet"};
    const double      mean[C] = {0.25, 0.5, 0.75}, std[C] = {0.125, 0.25, 0.5};
    const double      large[C] = {125.3, 123.0, 113.9};

    if (v == BARE || v == GREY) {
        return;
    }
    put_labels(f, doc, "/train/coarse", N_TRAIN, COARSE, v == PAIRED_COARSE ? v : COMPLETE);
    if (v != HALF_COARSE) {
        put_labels(f, doc, "/test/coarse", N_TEST, COARSE, COMPLETE);
    }
    assert_int_equal(sld_doc_put_text(&f->ctx, doc, "/class_names", classes, K), SLD_OK);
    assert_int_equal(sld_doc_put_text(&f->ctx, doc, "/coarse_names", coarse, COARSE), SLD_OK);
    assert_int_equal(
        sld_doc_attr(&f->ctx, doc, "/", "mean", SLD_F64, C, v == BYTE_MOMENTS ? large : mean),
        SLD_OK);
    if (v != MEAN_ONLY) {
        assert_int_equal(sld_doc_attr(&f->ctx, doc, "/", "std", SLD_F64, C, std), SLD_OK);
    }
    assert_int_equal(sld_doc_attr_text(&f->ctx, doc, "/", "name", "pets"), SLD_OK);
}

static const char *make_file(fixture *f, variant v)
{
    const char *path = fixture_path(f, "set.h5");
    sld_doc    *doc  = NULL;

    assert_int_equal(sld_doc_create(&f->ctx, &doc), SLD_OK);
    put_images(f, doc, "/train/images", 0, N_TRAIN, v);
    put_labels(f, doc, "/train/labels", N_TRAIN, K, v == PAIRED_COARSE ? COMPLETE : v);
    if (v != NO_TEST) {
        put_images(f, doc, "/test/images", 1, N_TEST, v);
        put_labels(f, doc, "/test/labels", N_TEST, K, COMPLETE);
    }
    put_extras(f, doc, v);
    assert_int_equal(sld_doc_publish(&f->ctx, &doc, path, true), SLD_OK);
    return path;
}

static void check_content(const sld_dataset *set, size_t channels)
{
    const sld_images *images[2] = {&set->train, &set->test};

    assert_int_equal(set->train.n, N_TRAIN);
    assert_int_equal(set->test.n, N_TEST);
    assert_int_equal(set->H, H);
    assert_int_equal(set->W, W);
    assert_int_equal(set->C, channels);
    assert_int_equal(set->K, K);
    for (int split = 0; split < 2; split++) {
        for (size_t i = 0; i < images[split]->n * H * W * channels; i++) {
            assert_int_equal(images[split]->pixels[i], pixel(split, i));
        }
        for (size_t i = 0; i < images[split]->n; i++) {
            assert_int_equal(images[split]->labels[i], i % K);
        }
    }
}

static void a_complete_file_is_read_whole(void **state)
{
    fixture     *f   = *state;
    sld_dataset *set = fixture_open(f, "hdf5", make_file(f, COMPLETE));

    check_content(set, C);
    assert_string_equal(set->name, "pets");
    assert_string_equal(set->class_names[3], "dog");
    assert_int_equal(set->n_coarse, COARSE);
    assert_string_equal(set->coarse_names[1], "pet");
    assert_int_equal(set->test.coarse[4], 0);
    assert_int_equal(set->test.coarse[3], 1);
    assert_float_equal(set->mean[2], 0.75f, 0); /* exact in binary */
    assert_float_equal(set->std[0], 0.125f, 0);
    sld_dataset_close(set);
}

static void names_moments_and_superclasses_are_optional(void **state)
{
    fixture     *f   = *state;
    sld_dataset *set = fixture_open(f, "hdf5", make_file(f, BARE));

    check_content(set, C);
    assert_string_equal(set->name, "hdf5");
    assert_null(set->class_names);
    assert_null(set->coarse_names);
    assert_null(set->train.coarse);
    assert_true(set->mean[0] > 0.3f && set->mean[0] < 0.7f); /* random bytes: about half */
    assert_true(set->std[2] > 0.2f && set->std[2] < 0.4f);
    sld_dataset_close(set);
}

static void grey_images_need_no_channel_axis(void **state)
{
    fixture     *f   = *state;
    sld_dataset *set = fixture_open(f, "hdf5", make_file(f, GREY));

    check_content(set, 1);
    sld_dataset_close(set);
}

static void broken_files_are_refused(void **state)
{
    fixture *f = *state;

    fixture_refused(f, "hdf5", make_file(f, NO_TEST), "set.h5", "/test/images", "expected", NULL);
    fixture_refused(f, "hdf5", make_file(f, FLOATS), "set.h5", "/train/images", NULL);
    fixture_refused(f, "hdf5", make_file(f, FLAT), "/train/images", "2 dimensions", "(N,H,W,C)",
                    NULL);
    fixture_refused(f, "hdf5", make_file(f, FOUR_CHANNELS), "1 or 3 channels", "got 4", NULL);
    fixture_refused(f, "hdf5", make_file(f, OTHER_SIZE), "/test/images", "3x6x3", "4x6x3", NULL);
    fixture_refused(f, "hdf5", make_file(f, FEW_LABELS), "/train/labels", "7", "8", NULL);
    fixture_refused(f, "hdf5", make_file(f, PAIRED_LABELS),
                    "/train/labels: expected the shape (8), got (4,2)", NULL);
    fixture_refused(f, "hdf5", make_file(f, PAIRED_COARSE),
                    "/train/coarse: expected the shape (8), got (4,2)", NULL);
    fixture_refused(f, "hdf5", make_file(f, NEGATIVE_LABEL),
                    "/train/labels[3]: expected a whole number from 0 to 2147483647, got -1", NULL);
    fixture_refused(f, "hdf5", make_file(f, LARGE_LABEL),
                    "/train/labels[2]: expected a whole number", "got 1099511627776; numpy.unique",
                    NULL);
    fixture_refused(f, "hdf5", make_file(f, HALF_COARSE), "got none in /test/coarse", NULL);
    fixture_refused(f, "hdf5", make_file(f, MEAN_ONLY), "got no std", NULL);
    fixture_refused(f, "hdf5", make_file(f, BYTE_MOMENTS), "125.3", "pixel/255", NULL);
}

static void what_is_no_hdf5_file_is_refused(void **state)
{
    fixture *f = *state;

    fixture_text(f, "text.h5", "not HDF5 at all, but long enough to hold a signature");
    fixture_refused(f, "hdf5", fixture_path(f, "text.h5"), "text.h5", NULL);
    fixture_text(f, "empty.h5", "");
    fixture_refused(f, "hdf5", fixture_path(f, "empty.h5"), "empty.h5", NULL);
    fixture_refused(f, "hdf5", fixture_path(f, "absent.h5"), "absent.h5", NULL);
    fixture_refused(f, "hdf5", f->folder, f->folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complete_file_is_read_whole),
        cmocka_unit_test(names_moments_and_superclasses_are_optional),
        cmocka_unit_test(grey_images_need_no_channel_axis),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(what_is_no_hdf5_file_is_refused),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
