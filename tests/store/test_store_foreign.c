/* test_store_foreign.c: files of other programs (data/foreign.h5, made by make_foreign.py with
 * h5py) are read with the same calls. argv[1]: the folder data. */
#include "fixture.h"

static const char *data;

static sld_doc *open_foreign(fixture *f, const char *name)
{
    char     path[600];
    sld_doc *doc;
    snprintf(path, sizeof path, "%s/%s", data, name);
    assert_ok(f, sld_doc_open(&f->ctx, path, &doc));
    return doc;
}

static void reads_attributes(void **state)
{
    fixture    *f   = *state;
    sld_doc    *doc = open_foreign(f, "foreign.h5");
    const char *text;
    uint8_t     yes = 9, no = 9;
    int32_t     flags[3], number;
    int64_t     large;

    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/", "fixed", &text));
    assert_string_equal(text, "fixed length");
    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/", "umlaut", &text));
    assert_string_equal(text, "Gr\xc3\xb6\xc3\x9f"
                              "e \xc2\xb5");
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/", "yes", SLD_U8, 0, &yes));
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/", "no", SLD_U8, 0, &no));
    assert_int_equal(yes, 1);
    assert_int_equal(no, 0);
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/", "flags", SLD_I32, 3, flags));
    assert_memory_equal(flags, ((int32_t[]){1, 0, 1}), sizeof flags);
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/", "input_size", SLD_I32, 0, &number));
    assert_int_equal(number, 8);
    assert_ok(f, sld_doc_get_attr(&f->ctx, doc, "/", "large", SLD_I64, 0, &large));
    assert_true(large == INT64_C(1) << 40);
    assert_fails(f, sld_doc_get_attr(&f->ctx, doc, "/", "large", SLD_I32, 0, &number), SLD_ERR_DATA,
                 "large|does not fit");
    assert_fails(f, sld_doc_get_attr(&f->ctx, doc, "/", "empty", SLD_I32, 0, &number), SLD_ERR_DATA,
                 "empty|expected 1 values, got 0");
    sld_doc_close(doc);
}

static void reads_data_sets(void **state)
{
    fixture    *f   = *state;
    sld_doc    *doc = open_foreign(f, "foreign.h5");
    int32_t     i32[3];
    uint8_t     mask[2];
    float       x[6];
    const char *names[3];
    int         n_dims;
    size_t      dims[SLD_DOC_DIMS];

    assert_ok(f, sld_doc_get(&f->ctx, doc, "/soft", SLD_I32, 3, i32));
    assert_int_equal(i32[2], 255);
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/mask", SLD_U8, 2, mask));
    assert_int_equal(mask[0], 1);
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/model/fc.weight", SLD_F32, 6, x)); /* gzip */
    assert_true(x[5] == 5.0F);
    assert_ok(f, sld_doc_get_text(&f->ctx, doc, "/names", 3, names));
    assert_string_equal(names[2], "B\xc3\xa4r");
    assert_ok(f, sld_doc_get_text(&f->ctx, doc, "/codes", 3, names));
    assert_string_equal(names[1], "bcd");
    assert_string_equal(names[2], "");
    assert_ok(f, sld_doc_dims(&f->ctx, doc, "/nothing", &n_dims, dims));
    assert_int_equal(dims[0], 0);
    assert_false(sld_doc_has(doc, "/dangling"));
    assert_fails(f, sld_doc_get(&f->ctx, doc, "/dangling", SLD_I32, 3, i32), SLD_ERR_DATA,
                 "/dangling|a link that leads nowhere");
    assert_fails(f, sld_doc_get(&f->ctx, doc, "/dangling/x", SLD_I32, 3, i32), SLD_ERR_DATA,
                 "/dangling|a link that leads nowhere");
    assert_fails(f, sld_doc_get(&f->ctx, doc, "/wide", SLD_I32, 2, i32), SLD_ERR_DATA,
                 "/wide|does not fit");
    assert_fails(f, sld_doc_get(&f->ctx, doc, "/pairs", SLD_I32, 2, i32), SLD_ERR_DATA,
                 "/pairs|numbers");
    assert_fails(f, sld_doc_dims(&f->ctx, doc, "/six", &n_dims, dims), SLD_ERR_DATA,
                 "/six|dimensions, got 6");
    sld_doc_close(doc);
}

static void reads_weights(void **state)
{
    fixture         *f   = *state;
    sld_doc         *doc = open_foreign(f, "foreign.h5");
    sld_weights_info info;
    float            conv[18], weight[6], bias[3];
    const sld_named  tensors[] = {{"conv1.weight", 4, {2, 1, 3, 3}, conv},
                                  {"fc.weight", 2, {3, 2}, weight},
                                  {"fc.bias", 1, {3}, bias}};

    assert_ok(f, sld_weights_info_get(&f->ctx, doc, &info));
    assert_string_equal(info.network, "tiny");
    assert_int_equal(info.classes, 3);
    assert_int_equal(info.channels, 3);
    assert_int_equal(info.input_size, 8);
    assert_true(info.mean[2] == 0.75F && info.std[2] == 0.125F);
    assert_string_equal(info.data_hash, "");
    assert_ok(f, sld_tensors_get(&f->ctx, doc, "/model", tensors, 3));
    assert_true(conv[17] == 17.0F && weight[5] == 5.0F && bias[2] == 3.0F);
    sld_doc_close(doc);
}

static void reads_the_newest_format(void **state)
{
    fixture    *f   = *state;
    sld_doc    *doc = open_foreign(f, "foreign_latest.h5");
    double      x[12];
    int64_t     number;
    const char *text;

    assert_ok(f, sld_doc_get_attr_text(&f->ctx, doc, "/", "title", &text));
    assert_string_equal(text, "latest");
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/x", SLD_F64, 12, x));
    assert_true(x[11] == 11.0);
    assert_fails(f, sld_doc_get(&f->ctx, doc, "/u64", SLD_I64, 1, &number), SLD_ERR_DATA,
                 "/u64|does not fit");
    sld_doc_close(doc);
}

static void refuses_what_is_no_hdf5_file(void **state)
{
    fixture *f = *state;
    sld_doc *doc;

    assert_fails(f, sld_doc_open(&f->ctx, "absent.h5", &doc), SLD_ERR_DATA,
                 "absent.h5|No such file");
    assert_null(doc);
    assert_fails(f, sld_doc_open(&f->ctx, f->folder, &doc), SLD_ERR_DATA, "folder");
    assert_ok(f, sld_file_publish(&f->ctx, f->path, "", 0, true));
    assert_fails(f, sld_doc_open(&f->ctx, f->path, &doc), SLD_ERR_DATA, "file.h5|empty");
    assert_ok(f, sld_file_publish(&f->ctx, f->path, "student: resnet20\n", 18, true));
    assert_fails(f, sld_doc_open(&f->ctx, f->path, &doc), SLD_ERR_DATA,
                 "file.h5|expected an HDF5 file");
    assert_null(doc);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_attributes),
        TEST(reads_data_sets),
        TEST(reads_weights),
        TEST(reads_the_newest_format),
        TEST(refuses_what_is_no_hdf5_file),
    };
    if (argc < 2) {
        fprintf(stderr, "usage: %s DATA_FOLDER\n", argv[0]);
        return 2;
    }
    data = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
