/* The names of files in a trial's and a sweep's folder, and what they say when read back. */
#include "fixture.h"

static void paths_of_a_run_and_of_an_attempt(void **state)
{
    char path[PATH_MAX];

    (void)state;
    sld_run_path("runs/a", SLD_RUN_RESULTS, 0, path);
    assert_string_equal(path, "runs/a/results.h5");
    sld_run_path("runs/a", SLD_RUN_RESULTS, 12, path);
    assert_string_equal(path, "runs/a/results-a12.h5");
    sld_run_path("runs/a", SLD_RUN_PROGRESS, 1, path);
    assert_string_equal(path, "runs/a/progress-a1");
    sld_run_path("runs/a", SLD_RUN_LOG, 3, path);
    assert_string_equal(path, "runs/a/log-a3.txt");
    sld_run_path("runs/a", SLD_RUN_LOCK, 0, path);
    assert_string_equal(path, "runs/a/lock");
    sld_run_epoch_path("runs/a", 7, 0, path);
    assert_string_equal(path, "runs/a/epoch-7.h5");
    sld_run_epoch_path("runs/a", 240, 2, path);
    assert_string_equal(path, "runs/a/epoch-240-a2.h5");
    sld_trial_dir("runs/s", "0123456789ab", path);
    assert_string_equal(path, "runs/s/trials/0123456789ab");
}

static void a_claim_names_trial_and_attempt(void **state)
{
    char    path[PATH_MAX], next[PATH_MAX], id[SLD_ID_LENGTH + 1];
    int64_t attempt = 0;

    (void)state;
    sld_claim_path("runs/v1.2", "0123456789ab", 9, path);
    assert_string_equal(path, "runs/v1.2/claims/0123456789ab.9");
    assert_true(sld_claim_parse(path, id, &attempt));
    assert_string_equal(id, "0123456789ab");
    assert_int_equal(attempt, 9);
    assert_true(sld_claim_next(path, next));
    assert_string_equal(next, "runs/v1.2/claims/0123456789ab.10");
}

/* What else lies in claims/, and what somebody may have put there. */
static void other_names_are_no_claims(void **state)
{
    static const char *const names[] = {"",
                                        "0123456789ab",
                                        "0123456789ab.",
                                        "0123456789ab.done",
                                        "0123456789ab.1.error",
                                        "0123456789ab.0",
                                        "0123456789ab.-1",
                                        "0123456789ab. 1",
                                        "0123456789ab.1x",
                                        "0123456789abc.1",
                                        ".1",
                                        "holder.beat",
                                        "a.b/0123456789ab",
                                        "0123456789ab.9223372036854775807",
                                        "0123456789ab.99999999999999999999"};
    char                     id[SLD_ID_LENGTH + 1], next[PATH_MAX];
    int64_t                  attempt;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (sld_claim_parse(names[i], id, &attempt) || sld_claim_next(names[i], next)) {
            fail_msg("'%s' was taken for a claim", names[i]);
        }
    }
}

static void what_attempts_leave_is_removed(void **state)
{
    static const char *const gone[] = {"config-a1.yaml", "results-a1.h5",  "best-a2.h5",
                                       "last-a2.h5",     "progress-a2",    "outcome-a1",
                                       "epoch-7-a1.h5",  "epoch-240-a2.h5"};
    static const char *const kept[] = {"config.yaml",   "results.h5",     "log-a1.txt",
                                       "best-a3.h5",    "epoch-7-a3.h5",  "epoch-7.h5",
                                       "epoch-7-a0.h5", "epoch-7-a1.txt", "epoch-7-a1.h5.old"};
    fixture                 *f      = *state;

    for (size_t i = 0; i < COUNT(gone); i++) {
        put(f, gone[i], "");
    }
    for (size_t i = 0; i < COUNT(kept); i++) {
        put(f, kept[i], "");
    }
    sld_run_remove_attempts(f->dir, 2);
    for (size_t i = 0; i < COUNT(gone); i++) {
        assert_false(is_there(f, gone[i]));
    }
    for (size_t i = 0; i < COUNT(kept); i++) {
        assert_true(is_there(f, kept[i]));
    }
    assert_true(sld_run_has(f->dir, SLD_RUN_RESULTS));
    assert_false(sld_run_has(f->dir, SLD_RUN_BEST));
}

static void logs_are_set_aside_by_their_names(void **state)
{
    static const char *const others[] = {"log.txt", "log-a0.txt", "log-a3.txt.old", "log-ax.txt"};
    fixture                 *f        = *state;

    for (size_t i = 0; i < COUNT(others); i++) {
        put(f, others[i], "");
    }
    assert_int_equal(sld_run_newest_log(f->dir), 0);
    put(f, "log-a3.txt", "");
    put(f, "log-a12.txt", "");
    assert_int_equal(sld_run_newest_log(f->dir), 12);
    assert_int_equal(sld_run_set_aside_logs(&f->ctx, f->dir), SLD_OK);
    assert_int_equal(sld_run_newest_log(f->dir), 0);
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_true(is_there(f, others[i]));
    }
    assert_true(is_there(f, "log-a12.txt.old"));
    assert_int_equal(sld_run_newest_log("nowhere"), 0);
}

/* Of sld's own lock, and of what other programs call lock. */
static void a_lock_is_known_by_its_text(void **state)
{
    static const char *const of_others[] = {"",      "\n", "foo\n", "process\n", "process x on y\n",
                                            "4711\n"};
    fixture                 *f           = *state;
    char                     text[SLD_LOCK_BYTES];

    assert_false(sld_lock_is_own(f->dir));
    for (size_t i = 0; i < COUNT(of_others); i++) {
        put(f, "lock", of_others[i]);
        assert_false(sld_lock_is_own(f->dir));
    }
    const int length = sld_lock_text(text);
    assert_int_equal(length, strlen(text));
    put(f, "lock", text);
    assert_true(sld_lock_is_own(f->dir));
    put(f, "lock", "process 12 on \n"); /* a machine without a name */
    assert_true(sld_lock_is_own(f->dir));
}

static bool kept(const fixture *f, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return sld_run_is_file(path);
}

/* By name and folder, and through links. */
static void files_of_runs_and_sweeps_are_known(void **state)
{
    static const char *const of_run[]    = {"config.yaml",    "results.h5",
                                            "best.h5",        "last-a2.h5",
                                            "epoch-7.h5",     "lock",
                                            "log-a1.txt",     "epoch-7-a3.h5",
                                            "results-a12.h5", "ckpt-0000002-000000007.h5"};
    static const char *const of_others[] = {
        "last-logits.h5", "results.h5.old", "best-all.h5", "epoch-.h5", "-a1", "config.yml"};
    static const char *const of_sweep[] = {"points",      "sweep.yaml",  "sweep.h5",
                                           "report.html", "late-claims", "claims/0123456789ab.1"};
    fixture                 *f          = *state;
    char                     path[PATH_MAX], link_to[PATH_MAX];

    put(f, "results.h5", "");
    assert_false(kept(f, "results.h5")); /* neither a run's folder nor a sweep's */
    assert_false(kept(f, "best.h5"));    /* nothing is there */
    put(f, "lock", "");
    assert_true(kept(f, "best.h5")); /* not yet */
    assert_true(kept(f, "ckpt-0000004-000000000.h5"));
    assert_false(kept(f, "logits.h5"));
    snprintf(path, sizeof path, "%s/lock", f->dir);
    unlink(path);
    for (size_t i = 0; i < COUNT(of_run); i++) {
        put(f, of_run[i], "");
    }
    for (size_t i = 0; i < COUNT(of_others); i++) {
        put(f, of_others[i], "");
        assert_false(kept(f, of_others[i]));
    }
    for (size_t i = 0; i < COUNT(of_run); i++) {
        if (!kept(f, of_run[i])) {
            fail_msg("'%s' is a file of a run", of_run[i]);
        }
    }
    snprintf(path, sizeof path, "%s/results.h5", f->dir);
    snprintf(link_to, sizeof link_to, "%s/other", f->dir);
    assert_int_equal(symlink(path, link_to), 0);
    assert_true(kept(f, "other"));

    snprintf(path, sizeof path, "%s/claims", f->dir);
    assert_int_equal(mkdir(path, 0755), 0);
    put(f, "sweep.h5", "");
    assert_false(kept(f, "sweep.h5"));
    assert_false(sld_sweep_is_folder(f->dir));
    for (size_t i = 0; i < COUNT(of_sweep); i++) {
        put(f, of_sweep[i], "");
    }
    for (size_t i = 0; i < COUNT(of_sweep); i++) {
        assert_true(kept(f, of_sweep[i]));
    }
    snprintf(path, sizeof path, "%s/claims/0123456789ab.1", f->dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/claims", f->dir);
    assert_int_equal(rmdir(path), 0);
    put(f, "points", "a list of the user's own\n");
    assert_false(sld_sweep_is_folder(f->dir));
    assert_false(kept(f, "points"));
    put(f, "points", "sld-sweep 9\n");
    assert_true(sld_sweep_is_folder(f->dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_a_run_and_of_an_attempt),
        cmocka_unit_test(a_claim_names_trial_and_attempt),
        cmocka_unit_test(other_names_are_no_claims),
        cmocka_unit_test_setup_teardown(what_attempts_leave_is_removed, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(logs_are_set_aside_by_their_names, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(a_lock_is_known_by_its_text, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(files_of_runs_and_sweeps_are_known, folder_make,
                                        folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
