/* test_data_cifar.c: the binary versions of CIFAR-10 and CIFAR-100, from small files of the same
 * layout: what is decoded, and how broken files are refused. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLANE = 1024, IMAGE = 3 * PLANE, MAX = 20 };

static uint8_t records[MAX * (IMAGE + 2)];

static size_t record_bytes(int label_bytes)
{
    return (size_t)IMAGE + (size_t)label_bytes;
}

/* n records, image i from formula salt + i; labels count up from 0. */
static size_t make_records(int label_bytes, size_t n, uint64_t salt)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t *record = records + i * record_bytes(label_bytes);

        record[0]               = (uint8_t)(i % (label_bytes == 2 ? 20 : 10));
        record[label_bytes - 1] = (uint8_t)(label_bytes == 2 ? (salt + 7 * i) % 100 : i % 10);
        for (size_t p = 0; p < IMAGE; p++) {
            record[(size_t)label_bytes + p] = fixture_byte(salt + i, p);
        }
    }
    return n * record_bytes(label_bytes);
}

static void make_cifar100(const fixture *f)
{
    fixture_remove(f, "c100");
    fixture_folder(f, "c100");
    fixture_folder(f, "c100/cifar-100-binary");
    fixture_file(f, "c100/cifar-100-binary/train.bin", records, make_records(2, 12, 1000));
    fixture_file(f, "c100/cifar-100-binary/test.bin", records, make_records(2, 5, 2000));
}

static void make_cifar10(const fixture *f)
{
    fixture_remove(f, "c10");
    fixture_folder(f, "c10");
    for (int b = 1; b <= 5; b++) {
        char name[64];
        snprintf(name, sizeof name, "c10/data_batch_%d.bin", b);
        fixture_file(f, name, records, make_records(1, (size_t)b, 100 * (uint64_t)b));
    }
    fixture_file(f, "c10/test_batch.bin", records, make_records(1, 10, 900));
}

static void check_image(const sld_images *images, size_t i, uint64_t salt)
{
    for (size_t p = 0; p < PLANE; p++) {
        for (size_t c = 0; c < 3; c++) {
            assert_int_equal(images->pixels[i * IMAGE + p * 3 + c],
                             fixture_byte(salt, c * PLANE + p));
        }
    }
}

static void cifar100_is_decoded_from_its_folder_and_from_the_one_above(void **state)
{
    fixture    *f        = *state;
    const char *places[] = {"c100", "c100/cifar-100-binary"};
    char        hash[65];

    make_cifar100(f);
    for (int k = 0; k < 2; k++) {
        sld_dataset *set = fixture_open(f, "cifar100", fixture_path(f, places[k]));

        assert_int_equal(set->train.n, 12);
        assert_int_equal(set->test.n, 5);
        assert_int_equal(set->K, 100);
        assert_int_equal(set->n_coarse, 20);
        assert_int_equal(set->H * 10000 + set->W * 100 + set->C, 323203);
        assert_null(set->class_names);
        assert_string_equal(set->name, "cifar100");
        assert_float_equal(set->mean[1], 0.4867f,
                           0); /* the recipe's constants, not measured ones */
        assert_float_equal(set->std[2], 0.2761f, 0);
        for (size_t i = 0; i < 12; i++) {
            assert_int_equal(set->train.labels[i], (1000 + 7 * i) % 100);
            assert_int_equal(set->train.coarse[i], i % 20);
            check_image(&set->train, i, 1000 + i);
        }
        check_image(&set->test, 4, 2004);
        if (k == 1) {
            assert_string_equal(set->hash, hash); /* of content, not of places */
        }
        memcpy(hash, set->hash, sizeof hash);
        sld_dataset_close(set);
    }
}

static void cifar10_joins_its_batches_in_order(void **state)
{
    fixture *f = *state;
    size_t   i = 0;

    make_cifar10(f);
    sld_dataset *set = fixture_open(f, "cifar10", fixture_path(f, "c10"));
    assert_int_equal(set->train.n, 1 + 2 + 3 + 4 + 5);
    assert_int_equal(set->test.n, 10);
    assert_int_equal(set->K, 10);
    assert_int_equal(set->n_coarse, 0);
    assert_null(set->train.coarse);
    assert_float_equal(set->std[0], 0.2470f, 0); /* the published constant */
    for (uint64_t b = 1; b <= 5; b++) {
        for (uint64_t k = 0; k < b; k++, i++) {
            assert_int_equal(set->train.labels[i], k);
            check_image(&set->train, i, 100 * b + k);
        }
    }
    sld_dataset_close(set);
}

static void every_pixel_and_label_is_in_the_hash(void **state)
{
    fixture *f = *state;
    char     first[65];

    make_cifar100(f);
    sld_dataset *set = fixture_open(f, "cifar100", fixture_path(f, "c100"));
    memcpy(first, set->hash, sizeof first);
    sld_dataset_close(set);

    const size_t places[] = {0, 1, 2, 2 + IMAGE - 1}; /* coarse, fine, first and last pixel */
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        const size_t n = make_records(2, 12, 1000);
        records[places[k]] ^= 1;
        fixture_file(f, "c100/cifar-100-binary/train.bin", records, n);
        set = fixture_open(f, "cifar100", fixture_path(f, "c100"));
        assert_string_not_equal(set->hash, first);
        sld_dataset_close(set);
    }
}

static void names_are_read_where_they_are(void **state)
{
    fixture *f = *state;
    char     text[2000], *at = text;

    make_cifar100(f);
    for (int k = 0; k < 100; k++) {
        at += sprintf(at, "class_%d\r\n", k); /* as an editor of another system may leave it */
    }
    sprintf(at, "\n");
    fixture_text(f, "c100/cifar-100-binary/fine_label_names.txt", text);
    sld_dataset *set = fixture_open(f, "cifar100", fixture_path(f, "c100"));
    assert_string_equal(set->class_names[0], "class_0");
    assert_string_equal(set->class_names[99], "class_99");
    assert_null(set->coarse_names);
    sld_dataset_close(set);

    fixture_text(f, "c100/cifar-100-binary/coarse_label_names.txt",
                 "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nlast");
    set = fixture_open(f, "cifar100", fixture_path(f, "c100"));
    assert_string_equal(set->class_names[99], "class_99");
    assert_string_equal(set->coarse_names[0], "a");
    assert_string_equal(set->coarse_names[19], "last");
    sld_dataset_close(set);

    fixture_text(f, "c100/cifar-100-binary/coarse_label_names.txt", "a\nb\n");
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "coarse_label_names.txt",
                    "expected 20 lines", "got 2", NULL);
}

static void sizes_that_are_no_whole_records_are_refused(void **state)
{
    fixture     *f      = *state;
    const size_t record = record_bytes(2);

    make_cifar100(f);
    const size_t n = make_records(2, 12, 1000);
    fixture_file(f, "c100/cifar-100-binary/train.bin", records, n - 1); /* truncated */
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "train.bin", "got 36887",
                    "expected 153700000 bytes", "3074", NULL);
    fixture_file(f, "c100/cifar-100-binary/train.bin", records, n + 1); /* something behind it */
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "train.bin", "got 36889", NULL);
    fixture_file(f, "c100/cifar-100-binary/train.bin", records, 0);
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "train.bin", "empty file", NULL);

    /* More records than were ever published; a sparse file, so that the disk is spared. */
    make_cifar100(f);
    const char *path = fixture_path(f, "c100/cifar-100-binary/test.bin");
    assert_int_equal(truncate(path, (off_t)(10001 * record)), 0);
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "test.bin", "got 30743074",
                    "expected 30740000 bytes", NULL);
}

static void labels_out_of_range_are_refused(void **state)
{
    fixture *f = *state;
    size_t   n;

    make_cifar100(f);
    n                                = make_records(2, 12, 1000);
    records[3 * record_bytes(2) + 1] = 100;
    fixture_file(f, "c100/cifar-100-binary/train.bin", records, n);
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "train.bin", "record 3",
                    "class label of 0 to 99", "got 100", NULL);
    n                            = make_records(2, 12, 1000);
    records[4 * record_bytes(2)] = 20;
    fixture_file(f, "c100/cifar-100-binary/train.bin", records, n);
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "record 4", "coarse label of 0 to 19",
                    "got 20", NULL);
    /* A CIFAR-10 file of fitting size under CIFAR-100's name. */
    make_cifar10(f);
    n          = make_records(1, 10, 1);
    records[5] = 200;
    records[0] = 77;
    fixture_file(f, "c10/test_batch.bin", records, n);
    fixture_refused(f, "cifar10", fixture_path(f, "c10"), "test_batch.bin", "record 0",
                    "class label of 0 to 9", "got 77", NULL);
}

static void missing_and_foreign_things_are_named(void **state)
{
    fixture *f = *state;

    fixture_refused(f, "cifar100", fixture_path(f, "nowhere"), "nowhere", "No such file",
                    "cifar-100-binary", NULL);
    fixture_text(f, "file", "x");
    fixture_refused(f, "cifar100", fixture_path(f, "file"), "got a file", "cifar-100-binary", NULL);
    fixture_folder(f, "empty");
    fixture_refused(f, "cifar100", fixture_path(f, "empty"), "empty", "train.bin", NULL);

    make_cifar10(f);
    fixture_remove(f, "c10/data_batch_3.bin");
    fixture_refused(f, "cifar10", fixture_path(f, "c10"), "data_batch_3.bin", NULL);
    fixture_folder(f, "c10/data_batch_3.bin");
    fixture_refused(f, "cifar10", fixture_path(f, "c10"), "data_batch_3.bin", "a folder", NULL);

    make_cifar100(f);
    fixture_text(f, "c100/cifar-100-binary/test.bin", "\x1f\x8b\x08 and so on");
    fixture_refused(f, "cifar100", fixture_path(f, "c100"), "test.bin", "gunzip", NULL);
}

/* Root reads everything, so it takes another identity for the time of the test. */
static void unreadable_files_are_refused(void **state)
{
    fixture    *f      = *state;
    const uid_t me     = geteuid();
    const uid_t nobody = 65534;

    make_cifar100(f);
    assert_int_equal(chmod(f->folder, 0755), 0);
    assert_int_equal(chmod(fixture_path(f, "c100/cifar-100-binary/test.bin"), 0), 0);
    if (me == 0 && seteuid(nobody) != 0) {
        skip();
    }
    const sld_data_params params = {.format = "cifar100", .path = fixture_path(f, "c100")};
    sld_dataset          *set    = NULL;
    assert_int_equal(sld_dataset_open(&f->ctx, f->comm, &params, &set), SLD_ERR_CONFIG);
    assert_null(set);
    assert_non_null(strstr(f->ctx.err.msg, "test.bin"));
    assert_non_null(strstr(f->ctx.err.msg, "Permission denied"));
    sld_err_clear(&f->ctx);
    assert_int_equal(seteuid(me), 0);
}

static void requests_are_checked(void **state)
{
    fixture        *f      = *state;
    sld_data_params params = {.format = "cifar1000", .path = "/"};
    sld_dataset    *set    = NULL;

    assert_int_equal(sld_dataset_open(&f->ctx, f->comm, &params, &set), SLD_ERR_ARG);
    assert_non_null(strstr(f->ctx.err.msg, "cifar1000"));
    sld_err_clear(&f->ctx);
    params = (sld_data_params){.format = "cifar100", .path = ""};
    assert_int_equal(sld_dataset_open(&f->ctx, f->comm, &params, &set), SLD_ERR_CONFIG);
    assert_non_null(strstr(f->ctx.err.msg,
                           "data.path: expected the folder of its files for data.format cifar100"));
    sld_err_clear(&f->ctx);
    sld_dataset_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar100_is_decoded_from_its_folder_and_from_the_one_above),
        cmocka_unit_test(cifar10_joins_its_batches_in_order),
        cmocka_unit_test(every_pixel_and_label_is_in_the_hash),
        cmocka_unit_test(names_are_read_where_they_are),
        cmocka_unit_test(sizes_that_are_no_whole_records_are_refused),
        cmocka_unit_test(labels_out_of_range_are_refused),
        cmocka_unit_test(missing_and_foreign_things_are_named),
        cmocka_unit_test(unreadable_files_are_refused),
        cmocka_unit_test(requests_are_checked),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
