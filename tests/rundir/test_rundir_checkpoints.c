/* The list of checkpoints in a folder: which names are some, their order, which go. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "fixture.h"

#include "broken_listing.h"

static void names_are_read_back(void **state)
{
    static const sld_ckpt ckpts[] = {{1, 0, 0}, {240, 781, 0}, {3, 999999999, 1}, {9999999, 5, 12}};
    char                  path[PATH_MAX];
    sld_ckpt              out;

    (void)state;
    for (size_t i = 0; i < COUNT(ckpts); i++) {
        sld_ckpt_path("d", &ckpts[i], path);
        assert_true(sld_ckpt_parse(path + 2, &out));
        assert_int_equal(out.epoch, ckpts[i].epoch);
        assert_int_equal(out.step, ckpts[i].step);
        assert_int_equal(out.attempt, ckpts[i].attempt);
    }
    sld_ckpt_path("d", &ckpts[2], path);
    assert_string_equal(path, "d/ckpt-0000003-999999999-a1.h5");
}

static void other_names_are_none(void **state)
{
    static const char *const names[] = {"ckpt-0000001-000000000",
                                        "ckpt-0000001-000000000.h5.123.tmp",
                                        "ckpt-1-0.h5",
                                        "ckpt-000000x-000000000.h5",
                                        "ckpt-00000001-000000000.h5",
                                        "ckpt-0000001-000000000-a.h5",
                                        "ckpt-0000001-000000000-a1",
                                        "ckpt-0000001-000000000-b1.h5",
                                        "ckpt--000001-000000000.h5",
                                        "ckpt-0000001-000000000-a9999999999999999999.h5",
                                        "best.h5",
                                        ""};
    sld_ckpt                 out;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (sld_ckpt_parse(names[i], &out)) {
            fail_msg("'%s' was taken for a checkpoint", names[i]);
        }
    }
}

static void fill(const fixture *f)
{
    put(f, "ckpt-0000002-000000000.h5", "");
    put(f, "ckpt-0000010-000000000-a2.h5", "");
    put(f, "ckpt-0000009-000000500-a10.h5", "");
    put(f, "ckpt-0000009-000000500-a9.h5", "");
    put(f, "ckpt-0000009-000000004-a1.h5", "");
    put(f, "ckpt-0000011-000000000.h5.77.tmp", "");
    put(f, "best.h5", "");
}

/* By position, not by name: attempt 10 comes before 9. */
static void the_newest_comes_first(void **state)
{
    static const sld_ckpt wanted[] = {{10, 0, 2}, {9, 500, 10}, {9, 500, 9}, {9, 4, 1}, {2, 0, 0}};
    fixture              *f        = *state;
    sld_ckpt_list         list;

    fill(f);
    assert_int_equal(sld_ckpt_list_read(&f->ctx, f->dir, &list), SLD_OK);
    assert_int_equal(list.n, COUNT(wanted));
    for (size_t i = 0; i < list.n; i++) {
        assert_int_equal(list.at[i].epoch, wanted[i].epoch);
        assert_int_equal(list.at[i].step, wanted[i].step);
        assert_int_equal(list.at[i].attempt, wanted[i].attempt);
    }
    sld_ckpt_list_free(&list);
    assert_int_equal(sld_ckpt_newest(f->dir).epoch, 10);
}

/* An attempt keeps its two newest, and leaves alone what a later one writes. */
static void older_ones_go(void **state)
{
    fixture *f = *state;

    fill(f);
    assert_int_equal(sld_ckpt_remove_old(&f->ctx, f->dir, 9, 2), SLD_OK);
    assert_true(is_there(f, "ckpt-0000010-000000000-a2.h5"));
    assert_true(is_there(f, "ckpt-0000009-000000500-a9.h5"));
    assert_true(is_there(f, "ckpt-0000009-000000500-a10.h5"));
    assert_false(is_there(f, "ckpt-0000009-000000004-a1.h5"));
    assert_false(is_there(f, "ckpt-0000002-000000000.h5"));
    assert_true(is_there(f, "best.h5"));
    assert_int_equal(sld_ckpt_remove_old(&f->ctx, f->dir, 10, 0), SLD_OK);
    assert_int_equal(sld_ckpt_newest(f->dir).epoch, 0);
}

static void a_folder_without_any(void **state)
{
    fixture      *f = *state;
    sld_ckpt_list list;

    assert_int_equal(sld_ckpt_list_read(&f->ctx, f->dir, &list), SLD_OK);
    assert_int_equal(list.n, 0);
    assert_int_equal(sld_ckpt_list_read(&f->ctx, "/nowhere/at/all", &list), SLD_ERR_IO);
    assert_non_null(strstr(f->ctx.err.msg, "/nowhere/at/all"));
    assert_int_equal(sld_ckpt_newest("/nowhere/at/all").epoch, 0);
}

static sld_status accept(sld_ctx *ctx, const char *path, const void *user)
{
    (void)ctx, (void)path, (void)user;
    return SLD_OK;
}

/* A part of a list would begin a trial anew, over the checkpoints that it did not see, and pass
 * weights of another trial. */
static void a_folder_that_cannot_be_read(void **state)
{
    fixture      *f = *state;
    sld_ckpt_list list;

    broken_listing        = true;
    const sld_status st[] = {sld_ckpt_list_read(&f->ctx, f->dir, &list),
                             sld_run_each_weights(&f->ctx, f->dir, accept, NULL),
                             sld_run_set_aside(&f->ctx, f->dir)};
    broken_listing        = false;
    for (size_t i = 0; i < sizeof st / sizeof *st; i++) {
        assert_int_equal(st[i], SLD_ERR_IO);
    }
    assert_non_null(strstr(f->ctx.err.msg, "cannot list"));
    assert_int_equal(list.n, 0);
    assert_null(list.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(other_names_are_none),
        cmocka_unit_test_setup_teardown(the_newest_comes_first, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(older_ones_go, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_folder_without_any, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_read, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
