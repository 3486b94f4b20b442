/* What a trial records of each epoch: columns by name, and their way through a file and back. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "history.h"

enum { EPOCHS = 5 };

typedef struct fixture {
    sld_ctx     ctx;
    sld_arena  *arena;
    sld_history h;
    char        path[64];
} fixture;

static void columns(fixture *f, sld_history *h, bool another)
{
    sld_history_column(h, "1", "lr");
    sld_history_column(h, "percent", "top1_%s", another ? "val" : "test");
    assert_int_equal(sld_history_reserve(&f->ctx, h, f->arena, EPOCHS), SLD_OK);
}

static int begin(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    sld_ctx_init(&f->ctx);
    snprintf(f->path, sizeof f->path, "/tmp/test-history-%ld.h5", (long)getpid());
    *state = f;
    if (sld_arena_create(&f->ctx, &f->arena) != SLD_OK) {
        return 1;
    }
    columns(f, &f->h, false);
    for (int e = 1; e <= 3; e++) {
        sld_history_set(&f->h, 0.1 * e, "lr");
        sld_history_set(&f->h, 10.0 * e, "top1_%s", "test");
        f->h.n_epochs++;
    }
    return 0;
}

static int end(void **state)
{
    fixture *f = *state;

    unlink(f->path);
    sld_arena_destroy(f->arena);
    free(f);
    return 0;
}

static void columns_are_found_by_name(void **state)
{
    const fixture *f = *state;

    assert_true(sld_history_get(&f->h, "lr", 2) == 0.2);
    assert_true(sld_history_get(&f->h, "top1_test", 3) == 30.0);
    assert_true(isnan(sld_history_get(&f->h, "top1_test", 0)));
    assert_true(isnan(sld_history_get(&f->h, "top1_test", 4))); /* not recorded yet */
    assert_true(isnan(sld_history_get(&f->h, "nothing", 1)));
}

static sld_doc *through_a_file(fixture *f)
{
    sld_doc *doc = NULL;

    assert_int_equal(sld_doc_create(&f->ctx, &doc), SLD_OK);
    assert_int_equal(sld_history_put(&f->ctx, &f->h, doc, "/history"), SLD_OK);
    assert_int_equal(sld_doc_publish(&f->ctx, &doc, f->path, true), SLD_OK);
    assert_int_equal(sld_doc_open(&f->ctx, f->path, &doc), SLD_OK);
    return doc;
}

/* As a trial that goes on reads it: what it records next stands behind. */
static void a_file_gives_it_back(void **state)
{
    fixture    *f     = *state;
    sld_history again = {0};
    sld_doc    *doc   = through_a_file(f);

    columns(f, &again, false);
    assert_int_equal(sld_history_read(&f->ctx, &again, doc, "/history", 3), SLD_OK);
    sld_doc_close(doc);
    assert_int_equal(again.n_epochs, 3);
    for (size_t e = 1; e <= 3; e++) {
        assert_true(sld_history_get(&again, "lr", e) == sld_history_get(&f->h, "lr", e));
        assert_true(sld_history_get(&again, "top1_test", e) == 10.0 * (double)e);
    }
    sld_history_set(&again, 0.5, "lr");
    again.n_epochs++;
    assert_true(sld_history_get(&again, "lr", 4) == 0.5);
    assert_true(isnan(sld_history_get(&again, "top1_test", 4))); /* nobody has set it */
}

static void another_history_is_refused(void **state)
{
    fixture    *f     = *state;
    sld_history other = {0}, same = {0};
    sld_doc    *doc = through_a_file(f);

    columns(f, &other, true);
    assert_int_not_equal(sld_history_read(&f->ctx, &other, doc, "/history", 3), SLD_OK);
    sld_err_clear(&f->ctx);
    columns(f, &same, false);
    assert_int_not_equal(sld_history_read(&f->ctx, &same, doc, "/history", 2), SLD_OK);
    sld_err_clear(&f->ctx);
    assert_int_equal(sld_history_read(&f->ctx, &same, doc, "/history", EPOCHS + 1), SLD_ERR_DATA);
    sld_doc_close(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(columns_are_found_by_name, begin, end),
        cmocka_unit_test_setup_teardown(a_file_gives_it_back, begin, end),
        cmocka_unit_test_setup_teardown(another_history_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
