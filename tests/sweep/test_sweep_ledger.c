/* Claims and marks of two coordinators in one folder: a point is one's alone, and ends once. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "fixture.h"

#include "broken_listing.h"

static void test_a_point_is_claimed_once(void **state)
{
    folder *f = *state;
    ledger  a, b;

    join(f, NULL, &a);
    join(f, NULL, &b);
    assert_true(claims(&a, 1));
    assert_false(claims(&b, 1)); /* it had read the folder before */
    assert_true(claims(&b, 2));
    assert_true(claim_there(f, 1, "1"));
    assert_int_equal(sld_ledger_scan(&b), SLD_OK);
    assert_int_equal(b.claims.entries[1].claim, 1);
    assert_true(is_held(&b, 1));
    assert_true(is_held(&b, 2));
    assert_false(is_held(&b, 3)); /* nobody's */
    sld_ledger_close(&a);
    sld_ledger_close(&b);
}

static void test_the_highest_claim_counts(void **state)
{
    folder *f = *state;
    ledger  a, b;

    join(f, NULL, &a);
    join(f, NULL, &b);
    assert_true(claims(&a, 1));
    assert_int_equal(sld_ledger_scan(&b), SLD_OK);
    assert_true(claims(&b, 1)); /* attempt 2 supersedes attempt 1 */
    assert_int_equal(sld_ledger_scan(&a), SLD_OK);
    assert_int_equal(a.claims.entries[1].claim, 2);
    assert_true(is_held(&a, 1));
    assert_string_equal(a.claims.leases[a.claims.entries[1].lease].id, b.id);
    sld_ledger_close(&a);
    sld_ledger_close(&b);
}

static void test_no_claim_of_what_has_ended(void **state)
{
    folder *f = *state;
    ledger  a, b;

    join(f, NULL, &a);
    join(f, NULL, &b);
    assert_true(claims(&a, 1));
    assert_int_equal(sld_ledger_mark(&a, 1, SLD_POINT_DONE, "attempt 1 seconds 2.0\n"), SLD_OK);
    sld_ledger_forget(&a, 1);
    assert_false(claim_there(f, 1, "1"));
    assert_false(claims(&b, 1)); /* its look at the folder is older than the end */
    assert_false(claim_there(f, 1, "1"));
    assert_int_equal(sld_ledger_scan(&b), SLD_OK);
    assert_int_equal(b.claims.entries[1].mark, SLD_POINT_DONE);
    sld_ledger_close(&a);
    sld_ledger_close(&b);
}

static void test_marks_and_their_texts(void **state)
{
    static const sld_point_state ends[] = {SLD_POINT_DONE, SLD_POINT_DIVERGED, SLD_POINT_FAILED,
                                           SLD_POINT_SKIPPED};
    folder                      *f      = *state;
    char                         text[64];
    ledger                       l;

    join(f, NULL, &l);
    for (size_t i = 0; i < COUNT(ends); i++) {
        assert_int_equal(sld_ledger_mark(&l, 3, ends[i], "why\nwhere\n\n"), SLD_OK);
        assert_int_equal(sld_ledger_scan(&l), SLD_OK);
        assert_int_equal(l.claims.entries[3].mark, ends[i]);
        sld_grid_claims_text(&l.claims, 3, sld_point_state_name(ends[i]), text, sizeof text);
        assert_string_equal(text, "why\nwhere"); /* without the newlines at its end */
        assert_int_equal(sld_ledger_unmark(&l, 3), SLD_OK);
        assert_int_equal(sld_ledger_scan(&l), SLD_OK);
        assert_int_equal(l.claims.entries[3].mark, SLD_POINT_WAITING);
    }
    assert_int_equal(sld_ledger_unmark(&l, 3), SLD_OK); /* none is none */
    sld_ledger_close(&l);
}

static void test_errors_are_counted_and_forgotten(void **state)
{
    folder *f = *state;
    ledger  l;

    join(f, NULL, &l);
    for (int64_t n = 1; n <= 2; n++) {
        assert_true(claims(&l, 2));
        assert_int_equal(sld_ledger_error(&l, 2, n, "stuck\nno disk\n"), SLD_OK);
    }
    assert_int_equal(sld_ledger_scan(&l), SLD_OK);
    assert_int_equal(l.claims.entries[2].errors, 2);
    assert_int_equal(l.claims.entries[2].claim, 2);
    sld_ledger_forget(&l, 2);
    assert_int_equal(sld_ledger_scan(&l), SLD_OK);
    assert_int_equal(l.claims.entries[2].errors, 0);
    assert_int_equal(l.claims.entries[2].claim, 0);
    sld_ledger_close(&l);
}

static void test_names_of_others_are_left_alone(void **state)
{
    static const char *const strange[] = {"0", "-1", "x", "1.err", "done2"};
    folder                  *f         = *state;
    ledger                   l;

    join(f, NULL, &l);
    for (size_t i = 0; i < COUNT(strange); i++) {
        put_file(claim_path(f, 4, strange[i]), "");
    }
    assert_int_equal(sld_ledger_scan(&l), SLD_OK);
    assert_int_equal(l.claims.entries[4].mark, SLD_POINT_WAITING);
    assert_int_equal(l.claims.entries[4].claim, 0);
    assert_int_equal(l.claims.entries[4].errors, 0);
    sld_ledger_close(&l);
}

static void test_retry_and_skip(void **state)
{
    folder     *f  = *state;
    const char *id = sld_grid_point(f->grid, 1)->id;
    size_t      n  = 9;
    ledger      l;

    join(f, NULL, &l);
    assert_int_equal(sld_ledger_mark(&l, 0, SLD_POINT_FAILED, "no disk\n"), SLD_OK);
    assert_int_equal(sld_ledger_mark(&l, 1, SLD_POINT_FAILED, "its teacher failed\n"), SLD_OK);
    assert_int_equal(
        sld_sweep_take_back(&f->ctx, f->grid, sld_grid_point(f->grid, 0)->id, NULL, &n), SLD_OK);
    assert_int_equal(n, 2); /* the student failed with its teacher */
    assert_int_equal(sld_sweep_take_back(&f->ctx, f->grid, "failed", NULL, &n), SLD_OK);
    assert_int_equal(n, 0);
    assert_int_equal(sld_sweep_take_back(&f->ctx, f->grid, id, NULL, &n), SLD_ERR_CONFIG);
    assert_non_null(strstr(f->ctx.err.msg, id));
    sld_err_clear(&f->ctx);
    assert_int_equal(sld_sweep_take_back(&f->ctx, f->grid, NULL, id, &n), SLD_OK);
    assert_true(claim_there(f, 1, "skipped"));
    assert_int_equal(sld_ledger_mark(&l, 2, SLD_POINT_DONE, ""), SLD_OK);
    assert_int_equal(
        sld_sweep_take_back(&f->ctx, f->grid, NULL, sld_grid_point(f->grid, 2)->id, &n),
        SLD_ERR_CONFIG); /* a result is not left out */
    sld_err_clear(&f->ctx);
    sld_ledger_close(&l);
}

/* Both are checked before either does anything, and are of two points. */
static void test_retry_beside_skip(void **state)
{
    folder     *f  = *state;
    const char *id = sld_grid_point(f->grid, 1)->id, *done = sld_grid_point(f->grid, 2)->id;
    char        path[PATH_MAX], run[PATH_MAX];
    size_t      n = 9;
    ledger      l;

    join(f, NULL, &l);
    sld_grid_trial_dir(f->grid, 2, run);
    assert_int_equal(sld_file_mkdirs(&f->ctx, run), SLD_OK);
    snprintf(path, sizeof path, "%.4000s/last.h5", run);
    put_file(path, "");
    assert_int_equal(sld_ledger_mark(&l, 2, SLD_POINT_DONE, ""), SLD_OK);
    assert_int_equal(sld_ledger_mark(&l, 1, SLD_POINT_FAILED, "no disk\n"), SLD_OK);
    assert_int_equal(sld_sweep_take_back(&f->ctx, f->grid, done, done, &n), SLD_ERR_CONFIG);
    assert_non_null(strstr(f->ctx.err.msg, "expected another point than that of --retry"));
    sld_err_clear(&f->ctx);
    assert_int_equal(sld_sweep_take_back(&f->ctx, f->grid, id, done, &n), SLD_ERR_CONFIG);
    assert_non_null(strstr(f->ctx.err.msg, "leave --skip out"));
    sld_err_clear(&f->ctx);
    assert_true(claim_there(f, 2, "done") && claim_there(f, 1, "failed"));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(sld_sweep_take_back(&f->ctx, f->grid, "failed", id, &n), SLD_OK);
    assert_int_equal(n, 0); /* all that failed but this one */
    assert_true(claim_there(f, 1, "skipped"));
    sld_ledger_close(&l);
}

/* A point that waits with a checkpoint loses it, and its failures do not count any more. */
static void test_a_point_starts_over(void **state)
{
    folder     *f  = *state;
    const char *id = sld_grid_point(f->grid, 2)->id;
    char        run[PATH_MAX], path[PATH_MAX];
    size_t      n = 0;
    ledger      l;

    join(f, NULL, &l);
    assert_true(claims(&l, 2));
    assert_int_equal(sld_ledger_error(&l, 2, 1, "stuck\nno disk\n"), SLD_OK);
    assert_int_equal(sld_ledger_give_up(&l, 2, "left\n"), SLD_OK);
    sld_grid_trial_dir(f->grid, 2, run);
    assert_int_equal(sld_file_mkdirs(&f->ctx, run), SLD_OK);
    sld_ckpt_path(run, &(sld_ckpt){.epoch = 2, .attempt = 1}, path);
    put_file(path, "");
    assert_int_equal(sld_sweep_take_back(&f->ctx, f->grid, id, NULL, &n), SLD_OK);
    assert_int_equal(n, 1);
    assert_int_equal(sld_ckpt_newest(run).epoch, 0);
    assert_int_equal(sld_ledger_scan(&l), SLD_OK);
    assert_int_equal(l.claims.entries[2].errors, 0);
    sld_ledger_close(&l);
}

/* What is known of a claim that has gone does not count for the next of its number. */
static void test_claims_that_are_gone_are_forgotten(void **state)
{
    folder *f = *state;
    ledger  l, far;
    bool    held = false;

    join(f, NULL, &l);
    join(f, "far/1", &far);
    assert_true(claims(&far, 3));
    assert_int_equal(sld_ledger_scan(&l), SLD_OK);
    assert_int_equal(sld_ledger_held(&l, 3, &held), SLD_OK);
    assert_true(held);
    sld_ledger_forget(&far, 3);
    assert_int_equal(sld_ledger_scan(&l), SLD_OK);
    assert_int_equal(l.claims.entries[3].known, 0);
    sld_ledger_close(&far);
    sld_ledger_close(&l);
}

/* A part of the claims would make points look free. */
static void test_claims_that_cannot_be_listed(void **state)
{
    folder *f = *state;
    ledger  l;

    join(f, NULL, &l);
    broken_listing      = true;
    const sld_status st = sld_ledger_scan(&l);
    broken_listing      = false;
    assert_int_equal(st, SLD_ERR_IO);
    assert_non_null(strstr(f->ctx.err.msg, "cannot list"));
    sld_err_clear(&f->ctx);
    sld_ledger_close(&l);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

/* A name that no attempt has: its number is not counted on, nor up to. */
static void test_absurd_numbers(void **state)
{
    static const char *const numbers[] = {"9223372036854775807", "9223372036854775806",
                                          "99999999999999999999", "4294967296", "100001"};
    folder                  *f         = *state;
    ledger                   l;

    join(f, NULL, &l);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        put_file(claim_path(f, 1, numbers[i]), "holder far/1\n");
        assert_int_equal(sld_ledger_scan(&l), SLD_OK);
        assert_int_equal(l.claims.entries[1].claim, 0);
        sld_ledger_forget(&l, 1);
    }
    assert_true(claims(&l, 1));
    assert_int_equal(sld_ledger_scan(&l), SLD_OK);
    assert_int_equal(l.claims.entries[1].claim, 1);
    sld_ledger_close(&l);
}

/* An attempt that could not go on where it was started: others may, at once. */
static void test_a_claim_is_given_up(void **state)
{
    folder          *f = *state;
    ledger           a, b;
    sld_point_status status[5];

    join(f, NULL, &a);
    assert_true(claims(&a, 1));
    assert_int_equal(sld_ledger_give_up(&a, 1, "another kind"), SLD_OK);
    assert_false(is_held(&a, 1));
    join(f, "far/1", &b);
    assert_int_equal(b.claims.entries[1].claim, 1);
    assert_false(is_held(&b, 1)); /* though a lives */
    assert_int_equal(sld_grid_status(&f->ctx, f->grid, status), SLD_OK);
    assert_int_equal(status[1].state, SLD_POINT_WAITING);
    assert_non_null(strstr(status[1].reason, "--retry"));
    assert_true(claims(&b, 1));
    assert_true(claim_there(f, 1, "2")); /* no number comes twice */
    assert_int_equal(sld_ledger_scan(&a), SLD_OK);
    assert_true(is_held(&a, 1));
    sld_ledger_forget(&a, 1);
    assert_false(claim_there(f, 1, "1.left"));
    sld_ledger_close(&a);
    sld_ledger_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_point_is_claimed_once),
        IN_FOLDER(test_the_highest_claim_counts),
        IN_FOLDER(test_no_claim_of_what_has_ended),
        IN_FOLDER(test_marks_and_their_texts),
        IN_FOLDER(test_errors_are_counted_and_forgotten),
        IN_FOLDER(test_names_of_others_are_left_alone),
        IN_FOLDER(test_retry_and_skip),
        IN_FOLDER(test_retry_beside_skip),
        IN_FOLDER(test_a_point_starts_over),
        IN_FOLDER(test_claims_that_are_gone_are_forgotten),
        IN_FOLDER(test_claims_that_cannot_be_listed),
        IN_FOLDER(test_absurd_numbers),
        IN_FOLDER(test_a_claim_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
