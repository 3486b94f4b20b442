/* Documents on disk: rows, virtual data sets, links; what is told of a disk without room. */
#include <math.h>
#include <sys/stat.h>

#include "fixture.h"
#include "sld/store_large.h"

static const char *const axes[] = {"/row", "/column"};

static sld_doc *begin(fixture *f, const char *path, uint64_t bytes)
{
    sld_doc *doc = NULL;
    assert_ok(f, sld_doc_create_on_disk(&f->ctx, path, bytes, &doc));
    assert_ok(f, sld_doc_axis(&f->ctx, doc, "/row", 0, 3));
    assert_ok(f, sld_doc_axis(&f->ctx, doc, "/column", 0, 2));
    return doc;
}

static void test_rows_are_written_where_they_belong(void **state)
{
    fixture     *f      = *state;
    const double rows[] = {1.0, 2.0, 3.0, 4.0, 5.0, NAN};
    double       back[6];
    sld_doc     *doc = begin(f, f->path, 1000000);

    assert_ok(f, sld_doc_make_on_axes(&f->ctx, doc, "/table/x", SLD_F64, 2, axes));
    for (size_t i = 3; i-- > 0;) {
        assert_ok(f, sld_doc_put_rows(&f->ctx, doc, "/table/x", SLD_F64, (sld_range){i, i + 1},
                                      rows + 2 * i));
    }
    assert_int_equal(access(f->path, F_OK), -1); /* not before it is complete */
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, false));

    struct stat info;
    assert_int_equal(stat(f->path, &info), 0);
    assert_true(info.st_size < 100000); /* what was reserved too much is given back */
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/table/x", SLD_F64, 6, back));
    assert_memory_equal(back, rows, 5 * sizeof *rows);
    assert_true(isnan(back[5]));
    sld_doc_close(doc);
}

static void test_given_up_leaves_nothing(void **state)
{
    fixture *f   = *state;
    sld_doc *doc = begin(f, f->path, 0);
    sld_doc_close(doc); /* the teardown finds what is left */
    assert_int_equal(access(f->path, F_OK), -1);
}

static void test_no_room_is_told_first(void **state)
{
    fixture *f   = *state;
    sld_doc *doc = NULL;
    assert_fails(f, sld_doc_create_on_disk(&f->ctx, f->path, (uint64_t)1 << 60, &doc), SLD_ERR_IO,
                 "file.h5|no room|1152921504606846976");
    assert_null(doc);
    assert_fails(f, sld_doc_create_on_disk(&f->ctx, "absent/file.h5", 0, &doc), SLD_ERR_IO,
                 "absent/file.h5");
}

/* A source file "NAME" in the fixture's folder with /x = values. */
static void make_source(fixture *f, const char *name, const double *values, size_t n)
{
    char     path[160];
    sld_doc *doc = NULL;
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/x", SLD_F64, 1, &n, values));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, path, false));
}

static void remove_source(fixture *f, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    assert_int_equal(unlink(path), 0);
}

/* As other programs read it: by HDF5 alone. */
static void read_back(fixture *f, const char *object, double *back)
{
    const hid_t file = H5Fopen(f->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t set  = H5Dopen2(file, object, H5P_DEFAULT);
    assert_true(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, back) >= 0);
    assert_true(H5Dclose(set) >= 0 && H5Fclose(file) >= 0);
}

/* sld itself takes neither what has holes nor what lies in another file. */
static void refuse_holes_and_links(fixture *f)
{
    sld_doc *doc = NULL;
    double   back[6];
    assert_ok(f, sld_doc_open_file(&f->ctx, f->path, &doc));
    assert_fails(f, sld_doc_get(&f->ctx, doc, "/all/x", SLD_F64, 6, back), SLD_ERR_DATA,
                 "/all/x|empty");
    assert_fails(f, sld_doc_get(&f->ctx, doc, "/trial/one/x", SLD_F64, 2, back), SLD_ERR_DATA,
                 "/trial/one|external link|one.h5");
    sld_doc_close(doc);
}

/* Sources are found from the file's own folder; what has no source, or has lost it, is NaN. */
static void test_virtual_rows(void **state)
{
    fixture         *f     = *state;
    const double     one[] = {1.0, 2.0}, two[] = {3.0};
    const sld_source sources[] = {{"one.h5", {2}, NULL}, {NULL, {0}, NULL}, {"two.h5", {1}, NULL}};
    double           back[6], linked[2];

    make_source(f, "one.h5", one, 2);
    make_source(f, "two.h5", two, 1);
    sld_doc *doc = begin(f, f->path, 0);
    assert_ok(f, sld_doc_put_virtual(&f->ctx, doc, "/all/x", SLD_F64, 2, axes, "/x", sources));
    assert_ok(f, sld_doc_put_link(&f->ctx, doc, "/trial/one", "one.h5", "/"));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));

    refuse_holes_and_links(f);
    read_back(f, "/all/x", back);
    assert_true(back[0] == 1.0 && back[1] == 2.0 && back[4] == 3.0);
    assert_true(isnan(back[2]) && isnan(back[3]) && isnan(back[5]));
    read_back(f, "/trial/one/x", linked);
    assert_true(linked[0] == 1.0 && linked[1] == 2.0);

    remove_source(f, "one.h5");
    read_back(f, "/all/x", back);
    assert_true(isnan(back[0]) && isnan(back[1]) && back[4] == 3.0);
    remove_source(f, "two.h5");
}

static void test_in_place_names_what_is_wrong(void **state)
{
    fixture *f   = *state;
    sld_doc *doc = NULL;
    FILE    *out = fopen(f->path, "w");
    fputs("no HDF5 here", out);
    fclose(out);
    assert_fails(f, sld_doc_open_file(&f->ctx, f->path, &doc), SLD_ERR_DATA, "file.h5");
    assert_fails(f, sld_doc_open_file(&f->ctx, "absent.h5", &doc), SLD_ERR_DATA, "absent.h5");
    assert_null(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_written_where_they_belong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_given_up_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_room_is_told_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_virtual_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_place_names_what_is_wrong, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
