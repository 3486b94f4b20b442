/* test_data_idx.c: IDX files of the MNIST family: round trip in each spelling, broken files. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

enum { H = 6, W = 5, N_TRAIN = 9, N_TEST = 4, CLASSES = 3 };

static uint8_t bytes[4096];

static size_t put_header(int n_dims, const uint32_t *dims)
{
    const uint8_t magic[4] = {0, 0, 8, (uint8_t)n_dims};

    memcpy(bytes, magic, 4);
    for (int d = 0; d < n_dims; d++) {
        for (int b = 0; b < 4; b++) {
            bytes[4 + 4 * d + b] = (uint8_t)(dims[d] >> 8 * (3 - b));
        }
    }
    return 4 + 4 * (size_t)n_dims;
}

static size_t make_images(uint32_t n, uint32_t C, uint64_t salt)
{
    const uint32_t dims[4] = {n, H, W, C};
    const size_t   header = put_header(C > 1 ? 4 : 3, dims), body = (size_t)n * H * W * C;

    for (size_t i = 0; i < body; i++) {
        bytes[header + i] = fixture_byte(salt, i);
    }
    return header + body;
}

static size_t make_labels(uint32_t n)
{
    const size_t header = put_header(1, &n);

    for (uint32_t i = 0; i < n; i++) {
        bytes[header + i] = (uint8_t)(i % CLASSES);
    }
    return header + n;
}

/* style: images of train, labels of train, images of test, labels of test */
static void make_set(const fixture *f, const char *const style[4], uint32_t C)
{
    char name[128];

    fixture_remove(f, "idx");
    fixture_folder(f, "idx");
    for (int k = 0; k < 4; k++) {
        const uint32_t n    = k < 2 ? N_TRAIN : N_TEST;
        const size_t   size = k % 2 ? make_labels(n) : make_images(n, C, (uint64_t)k + 1);
        snprintf(name, sizeof name, "idx/%s", style[k]);
        fixture_file(f, name, bytes, size);
    }
}

static const char *const USUAL[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

static void check_set(const sld_dataset *set, size_t C)
{
    assert_int_equal(set->train.n, N_TRAIN);
    assert_int_equal(set->test.n, N_TEST);
    assert_int_equal(set->H, H);
    assert_int_equal(set->W, W);
    assert_int_equal(set->C, C);
    assert_int_equal(set->K, CLASSES);
    assert_null(set->class_names);
    assert_null(set->train.coarse);
    for (size_t i = 0; i < N_TRAIN; i++) {
        assert_int_equal(set->train.labels[i], i % CLASSES);
    }
    for (size_t i = 0; i < N_TRAIN * H * W * C; i++) {
        assert_int_equal(set->train.pixels[i], fixture_byte(1, i));
    }
    for (size_t i = 0; i < N_TEST * H * W * C; i++) {
        assert_int_equal(set->test.pixels[i], fixture_byte(3, i));
    }
}

static void each_spelling_is_read(void **state)
{
    fixture           *f         = *state;
    const char *const  dots[4]   = {"train-images.idx3-ubyte", "train-labels.idx1-ubyte",
                                    "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"};
    const char *const  colour[4] = {"train-images-idx4-ubyte", "train-labels-idx1-ubyte",
                                    "test-images-idx4-ubyte", "test-labels-idx1-ubyte"};
    const char *const *styles[]  = {USUAL, dots, colour};

    for (int s = 0; s < 3; s++) {
        const uint32_t C = s == 2 ? 3 : 1;

        make_set(f, styles[s], C);
        sld_dataset *set = fixture_open(f, "idx", fixture_path(f, "idx"));
        check_set(set, C);
        sld_dataset_close(set);
    }
}

static void moments_are_those_of_train(void **state)
{
    fixture *f   = *state;
    double   sum = 0, squares = 0;

    make_set(f, USUAL, 1);
    sld_dataset *set = fixture_open(f, "idx", fixture_path(f, "idx"));
    for (size_t i = 0; i < N_TRAIN * H * W; i++) {
        const double v = fixture_byte(1, i) / 255.0;
        sum += v;
        squares += v * v;
    }
    const double mean = sum / (N_TRAIN * H * W);
    const double var  = squares / (N_TRAIN * H * W) - mean * mean;
    assert_float_equal(set->mean[0], mean, 1e-7);             /* float32 of a value near 0.5 */
    assert_float_equal(set->std[0] * set->std[0], var, 1e-7); /* the same, near 0.08 */
    sld_dataset_close(set);
}

static void broken_headers_are_refused(void **state)
{
    fixture    *f    = *state;
    const char *path = "idx/train-images-idx3-ubyte";
    size_t      n;

    make_set(f, USUAL, 1);
    n        = make_images(N_TRAIN, 1, 1);
    bytes[2] = 0x0d;
    fixture_file(f, path, bytes, n); /* floats */
    fixture_refused(f, "idx", fixture_path(f, "idx"), "train-images", "0x00000d03", "0x00000803",
                    NULL);
    n = make_labels(N_TRAIN);
    fixture_file(f, path, bytes, n); /* labels under the name of images */
    fixture_refused(f, "idx", fixture_path(f, "idx"), "0x00000801", "0x00000803", NULL);
    fixture_text(f, path, "GIF89a, an entirely different image");
    fixture_refused(f, "idx", fixture_path(f, "idx"), "0x47494638", NULL);
    fixture_file(f, path, bytes, 3);
    fixture_refused(f, "idx", fixture_path(f, "idx"), "got 3 bytes", NULL);
    n = make_images(N_TRAIN, 1, 1);
    fixture_file(f, path, bytes, 9);
    fixture_refused(f, "idx", fixture_path(f, "idx"), "header of 16 bytes", "got 9", NULL);
    fixture_file(f, path, bytes, 0);
    fixture_refused(f, "idx", fixture_path(f, "idx"), "empty file", NULL);
    bytes[8] = 0xff; /* rows: 4 billion */
    fixture_file(f, path, bytes, n);
    fixture_refused(f, "idx", fixture_path(f, "idx"), "dimension 1: expected 1 to",
                    "got 4278190086", NULL);
    make_images(0, 1, 1);
    fixture_file(f, path, bytes, 16);
    fixture_refused(f, "idx", fixture_path(f, "idx"), "train-images-idx3-ubyte",
                    "expected at least one sample, got 0", NULL);
}

static void sizes_must_fit_the_header(void **state)
{
    fixture    *f    = *state;
    const char *path = "idx/t10k-images-idx3-ubyte";
    size_t      n;

    make_set(f, USUAL, 1);
    n = make_images(N_TEST, 1, 3);
    fixture_file(f, path, bytes, n - 1);
    fixture_refused(f, "idx", fixture_path(f, "idx"), "t10k-images", "expected 136 bytes",
                    "got 135", NULL);
    fixture_file(f, path, bytes, n + H * W); /* a whole image too many */
    fixture_refused(f, "idx", fixture_path(f, "idx"), "expected 136 bytes", "got 166", NULL);

    make_set(f, USUAL, 1);
    fixture_file(f, "idx/t10k-labels-idx1-ubyte", bytes, make_labels(N_TEST + 1));
    fixture_refused(f, "idx", fixture_path(f, "idx"), "t10k-labels", "expected 4 labels", "got 5",
                    NULL);

    make_set(f, USUAL, 3); /* colour in train, grey in test */
    fixture_file(f, path, bytes, make_images(N_TEST, 1, 3));
    fixture_refused(f, "idx", fixture_path(f, "idx"), "6x5x1", "6x5x3", NULL);
}

static void a_test_label_that_train_has_not_is_refused(void **state)
{
    fixture *f = *state;

    make_set(f, USUAL, 1);
    const size_t n = make_labels(N_TEST);
    bytes[8 + 2]   = CLASSES;
    fixture_file(f, "idx/t10k-labels-idx1-ubyte", bytes, n);
    fixture_refused(f, "idx", fixture_path(f, "idx"), "test label 2: expected 0 to 2, got 3", NULL);
}

static void compressed_and_missing_files_are_named(void **state)
{
    fixture *f = *state;

    make_set(f, USUAL, 1);
    fixture_remove(f, "idx/t10k-labels-idx1-ubyte");
    fixture_refused(f, "idx", fixture_path(f, "idx"), "t10k-labels-idx1-ubyte", NULL);
    fixture_text(f, "idx/t10k-labels-idx1-ubyte.gz", "\x1f\x8b");
    fixture_refused(f, "idx", fixture_path(f, "idx"), "t10k-labels-idx1-ubyte.gz", "gunzip", NULL);
    fixture_text(f, "idx/t10k-labels-idx1-ubyte", "\x1f\x8b renamed, not unpacked");
    fixture_refused(f, "idx", fixture_path(f, "idx"), "t10k-labels-idx1-ubyte", "gunzip", NULL);
    fixture_refused(f, "idx", fixture_path(f, "none"), "none", "expected the folder", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_spelling_is_read),
        cmocka_unit_test(moments_are_those_of_train),
        cmocka_unit_test(broken_headers_are_refused),
        cmocka_unit_test(sizes_must_fit_the_header),
        cmocka_unit_test(a_test_label_that_train_has_not_is_refused),
        cmocka_unit_test(compressed_and_missing_files_are_named),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
