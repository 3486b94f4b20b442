/* What rank 0 decides about the store of teacher logits, from the files and claims that it finds. Two
 * stores on one folder are two trials. */
#define _XOPEN_SOURCE 700 /* nftw */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"

enum { EPOCHS = 5 };

typedef struct fixture {
    sld_ctx           ctx;
    char              dir[64];
    sld_options       opt;
    sld_dataset       set;
    sld_subset        subset;
    bool              wanted[SLD_VIEWS][EPOCHS + 1];
    sld_teacher_env   env;
    sld_teacher_use   use;
    sld_teacher_store mine, theirs;
} fixture;

static const bool both[SLD_VIEWS] = {true, true}, weak[SLD_VIEWS] = {true, false};

static void open_store(fixture *f, sld_teacher_store *s)
{
    s->env = &f->env;
    for (int v = 0; v < SLD_VIEWS; v++) {
        sld_view_store *view = &s->view[v];

        view->used      = true;
        view->in_memory = view->bad_epoch = view->sight.epoch = -1;
        snprintf(view->key, sizeof view->key, "view: %d\n", v);
        snprintf(view->folder, sizeof view->folder, "%s/%d", f->dir, v);
        mkdir(view->folder, 0777);
        assert_int_equal(sld_claims_open(&f->ctx, view->folder, &view->claims), SLD_OK);
    }
}

static int begin(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    sld_ctx_init(&f->ctx);
    snprintf(f->dir, sizeof f->dir, "/tmp/test-plan-XXXXXX");
    *state = f;
    if (!mkdtemp(f->dir)) {
        return 1;
    }
    f->opt.train.epochs            = EPOCHS;
    f->opt.teacher.logits          = f->dir;
    f->opt.teacher.look_ahead      = 2;
    f->opt.teacher.logits_patience = 1e9;
    f->opt.augment.flip            = 0.5; /* views differ from epoch to epoch */
    f->set.K                       = 10;
    f->subset.n_train              = 100;
    f->env =
        (sld_teacher_env){.opt = &f->opt, .set = &f->set, .subset = &f->subset, .use = &f->use};
    for (int v = 0; v < SLD_VIEWS; v++) {
        for (int e = 1; e <= EPOCHS; e++) {
            f->wanted[v][e] = true;
        }
        f->env.wanted[v] = f->wanted[v];
    }
    open_store(f, &f->mine);
    open_store(f, &f->theirs);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    return remove(path);
}

static int end(void **state)
{
    fixture *f = *state;

    for (int v = 0; v < SLD_VIEWS; v++) {
        sld_claims_close(&f->mine.view[v].claims);
        sld_claims_close(&f->theirs.view[v].claims);
    }
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static void put_table(const fixture *f, int view, int64_t epoch)
{
    char  path[PATH_MAX];
    FILE *file;

    sld_table_path(&f->mine, view, epoch, path);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("a table", file);
    fclose(file);
}

static sld_plan plan(fixture *f, sld_teacher_store *s, int64_t epoch, const bool wanted[SLD_VIEWS])
{
    sld_plan p;

    sld_plan_make(&f->ctx, s, epoch, wanted, &p);
    return p;
}

static void what_is_missing_is_filled_once(void **state)
{
    fixture       *f = *state;
    const sld_plan p = plan(f, &f->mine, 1, weak), q = plan(f, &f->theirs, 1, weak);

    assert_int_equal(p.action, SLD_PLAN_FILL);
    assert_true(p.claimed && p.view == SLD_WEAK && p.epoch == 1);
    /* the other, meanwhile, takes an epoch that nobody has */
    assert_int_equal(q.action, SLD_PLAN_FILL);
    assert_true(q.claimed && q.epoch > 1 && q.epoch <= 1 + f->opt.teacher.look_ahead);
}

static void what_is_there_is_loaded(void **state)
{
    fixture *f = *state;

    put_table(f, SLD_WEAK, 1);
    put_table(f, SLD_STRONG, 1);
    const sld_plan p = plan(f, &f->mine, 1, both);
    assert_int_equal(p.action, SLD_PLAN_LOAD);
    assert_false(p.live[SLD_WEAK] || p.live[SLD_STRONG] || p.claimed);
}

/* Nothing is left to do but what the other one does. */
static void what_others_fill_is_waited_for(void **state)
{
    fixture *f = *state;

    for (int64_t e = 1; e <= EPOCHS; e++) {
        assert_true(sld_claims_take(&f->theirs.view[SLD_WEAK].claims, e));
        assert_true(sld_claims_take(&f->theirs.view[SLD_STRONG].claims, e));
    }
    assert_int_equal(plan(f, &f->mine, 1, both).action, SLD_PLAN_WAIT);
    f->opt.teacher.logits_patience = 0; /* it shows no life */
    const sld_plan p               = plan(f, &f->mine, 1, both);
    assert_int_equal(p.action, SLD_PLAN_FILL);
    assert_false(p.claimed);
}

static void beyond_the_budget_is_computed_live(void **state)
{
    fixture *f = *state;

    f->ctx.log_level             = SLD_LOG_ERROR;
    f->opt.teacher.logits_budget = 1e-9;
    const sld_plan p             = plan(f, &f->mine, 1, weak);
    assert_int_equal(p.action, SLD_PLAN_LOAD);
    assert_true(p.live[SLD_WEAK]);
    assert_non_null(strstr(f->use.why, "teacher.logits_budget is 1e-09"));
    f->opt.teacher.logits_budget = 0;
    f->mine.view[SLD_WEAK].live  = false;
    f->mine.closed               = true; /* nothing can be written there */
    assert_true(plan(f, &f->mine, 1, weak).live[SLD_WEAK]);
}

static void a_bad_file_is_replaced(void **state)
{
    fixture    *f = *state;
    char        path[PATH_MAX];
    struct stat info;

    put_table(f, SLD_WEAK, 3);
    sld_table_path(&f->mine, SLD_WEAK, 3, path);
    assert_int_equal(stat(path, &info), 0);
    f->mine.view[SLD_WEAK].bad_epoch = 3;
    f->mine.view[SLD_WEAK].bad_file  = info.st_ino;
    const sld_plan p                 = plan(f, &f->mine, 3, weak);
    assert_int_equal(p.action, SLD_PLAN_FILL);
    assert_true(p.replace && p.epoch == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_missing_is_filled_once, begin, end),
        cmocka_unit_test_setup_teardown(what_is_there_is_loaded, begin, end),
        cmocka_unit_test_setup_teardown(what_others_fill_is_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(beyond_the_budget_is_computed_live, begin, end),
        cmocka_unit_test_setup_teardown(a_bad_file_is_replaced, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
