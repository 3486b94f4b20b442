/* Which point comes next, what becomes of students whose teacher gives no weights, which trial takes
 * idle cores, and which launcher is ended. */
#include "fixture.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

static const sld_sweep_run_params params = {.program = "/nowhere/sld", .method = fixture_methods};

static coordinator *coordinator_make(folder *f, int cores)
{
    coordinator *c = calloc(1, sizeof *c);

    c->ctx    = &f->ctx;
    c->grid   = f->grid;
    c->params = &params;
    c->launch = sld_grid_launch(f->grid);
    c->slots  = (slots){.n_cores = cores, .n_free = cores, .max_trials = cores};
    snprintf(c->dir, sizeof c->dir, "%s", f->dir);
    c->attempts = calloc((size_t)cores, sizeof *c->attempts);
    join(f, NULL, &c->ledger);
    return c;
}

static void coordinator_free(coordinator *c)
{
    for (int i = 0; i < c->slots.max_trials; i++) {
        if (c->attempts[i].active) {
            kill(c->attempts[i].child.process.pid, SIGKILL);
            waitpid(c->attempts[i].child.process.pid, NULL, 0);
        }
    }
    sld_ledger_close(&c->ledger);
    free(c->attempts);
    free(c);
}

static void mark(coordinator *c, size_t point, sld_point_state state)
{
    assert_int_equal(sld_ledger_mark(&c->ledger, point, state, "no disk\nlog\n"), SLD_OK);
}

static void expect_next(coordinator *c, int wanted, size_t wanted_waiting)
{
    int    point;
    size_t waiting;

    assert_int_equal(sld_schedule_next(c, &point, &waiting), SLD_OK);
    assert_int_equal(point, wanted);
    assert_int_equal(waiting, wanted_waiting);
}

/* A trial that runs here: its launcher sleeps, and its file says how much is left. */
static attempt *run_here(coordinator *c, int place, size_t point, int ranks, double left_s)
{
    attempt *a = &c->attempts[place];
    char     run[PATH_MAX], path[PATH_MAX], text[128];

    *a = (attempt){.active = true, .point = point, .number = 1, .ranks = ranks, .n_cores = ranks};
    a->child.process.pid = fork();
    if (a->child.process.pid == 0) {
        signal(SIGUSR1, SIG_DFL);
        pause();
        _exit(1);
    }
    c->slots.running++;
    c->slots.n_free -= ranks;
    sld_grid_trial_dir(c->grid, point, run);
    assert_int_equal(sld_file_mkdirs(c->ctx, run), SLD_OK);
    sld_run_path(run, SLD_RUN_PROGRESS, 1, path);
    snprintf(text, sizeof text, "epoch 1 of 3 step 0 of 4 left %.0f s beat 1\n", left_s);
    put_file(path, text);
    return a;
}

/* The signal that has ended the launcher of the attempt. */
static int ended_by(attempt *a)
{
    int status = 0;

    assert_int_equal(waitpid(a->child.process.pid, &status, 0), a->child.process.pid);
    a->active = false;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static bool lives(const attempt *a)
{
    return waitpid(a->child.process.pid, NULL, WNOHANG) == 0;
}

static void test_teachers_before_their_students(void **state)
{
    coordinator *c = coordinator_make(*state, 8);

    expect_next(c, 0, 1);
    mark(c, 0, SLD_POINT_FAILED); /* it has ended, and gives no weights */
    expect_next(c, -1, 0);
    assert_int_equal(sld_ledger_unmark(&c->ledger, 0), SLD_OK);
    mark(c, 0, SLD_POINT_DONE);
    expect_next(c, 1, 4);
    mark(c, 1, SLD_POINT_DONE);
    mark(c, 2, SLD_POINT_SKIPPED);
    expect_next(c, 3, 2);
    run_here(c, 0, 3, 1, 100);
    expect_next(c, 4, 1);
    mark(c, 4, SLD_POINT_FAILED);
    expect_next(c, -1, 0);
    coordinator_free(c);
}

static void test_what_others_hold_is_theirs(void **state)
{
    coordinator *c = coordinator_make(*state, 8);
    ledger       far;

    mark(c, 0, SLD_POINT_DONE);
    join(*state, "far/1", &far);
    assert_true(claims(&far, 1));
    assert_true(claims(&c->ledger, 2)); /* our own attempt, that has ended without a result */
    assert_int_equal(sld_ledger_scan(&c->ledger), SLD_OK);
    expect_next(c, 2, 3);
    fixture_now += 61; /* far is silent beyond its lease */
    expect_next(c, 1, 4);
    sld_ledger_close(&far);
    coordinator_free(c);
}

static void test_students_fail_with_their_teacher(void **state)
{
    static const struct {
        sld_point_state teacher;
        const char     *says;
    } cases[]      = {{SLD_POINT_FAILED, "failed: no disk"},
                      {SLD_POINT_SKIPPED, "is skipped"},
                      {SLD_POINT_DIVERGED, "diverged"}};
    folder      *f = *state;
    coordinator *c = coordinator_make(f, 2);
    bool         all, failed;
    char         text[512], wanted[128];

    assert_int_equal(sld_schedule_settle(c, &all, &failed), SLD_OK);
    assert_false(all || failed);
    for (size_t i = 0; i < COUNT(cases); i++) {
        mark(c, 0, cases[i].teacher);
        assert_int_equal(sld_schedule_settle(c, &all, &failed), SLD_OK);
        assert_true(all && failed);
        snprintf(wanted, sizeof wanted, "its teacher big (%s) %s", sld_grid_point(f->grid, 0)->id,
                 cases[i].says);
        for (size_t p = 1; p < 5; p++) {
            sld_grid_claims_text(&c->ledger.claims, p, "failed", text, sizeof text);
            assert_string_equal(text, wanted);
            assert_int_equal(sld_ledger_unmark(&c->ledger, p), SLD_OK);
        }
        assert_int_equal(sld_ledger_unmark(&c->ledger, 0), SLD_OK);
    }
    coordinator_free(c);
}

static void end_all_but(coordinator *c, size_t a, size_t b)
{
    for (size_t i = 0; i < 5; i++) {
        if (i != a && i != b) {
            mark(c, i, SLD_POINT_DONE);
        }
    }
}

static void test_idle_cores_go_to_the_longest_trial(void **state)
{
    coordinator *c = coordinator_make(*state, 4);
    attempt     *brief, *lengthy;

    end_all_but(c, 1, 2);
    brief   = run_here(c, 0, 1, 1, 100);
    lengthy = run_here(c, 1, 2, 1, 600);
    assert_int_equal(sld_schedule_rescale(c), SLD_OK);
    assert_true(lengthy->rescales);
    assert_false(brief->rescales);
    assert_int_equal(sld_schedule_rescale(c), SLD_OK); /* one at a time: it takes what is idle */
    assert_false(brief->rescales);
    assert_int_equal(ended_by(lengthy), SIGUSR1); /* which a trial takes as save and stop */
    assert_true(lives(brief));
    coordinator_free(c);
}

static void test_no_trial_is_stopped_in_vain(void **state)
{
    coordinator *c = coordinator_make(*state, 4);
    attempt     *a;

    end_all_but(c, 1, 2);
    a = run_here(c, 0, 1, 1, 600);
    assert_int_equal(sld_schedule_rescale(c), SLD_OK); /* point 2 waits for the idle cores */
    assert_false(a->rescales);
    mark(c, 2, SLD_POINT_DONE);
    c->slots.n_free = 0; /* there are none */
    assert_int_equal(sld_schedule_rescale(c), SLD_OK);
    assert_false(a->rescales);
    c->slots.n_free = 3;
    a->n_cores      = 0; /* it shares its core with others already */
    assert_int_equal(sld_schedule_rescale(c), SLD_OK);
    assert_false(a->rescales);
    a->ranks = a->n_cores =
        sld_grid_point(c->grid, 1)->max_ranks; /* it has a rank for each of its shards */
    assert_int_equal(sld_schedule_rescale(c), SLD_OK);
    assert_false(a->rescales);
    a->active = false;
    kill(a->child.process.pid, SIGKILL);
    ended_by(a);
    a = run_here(c, 0, 1, 1, 12); /* of 12 s the idle two would save 8: a restart costs as much */
    assert_int_equal(c->slots.n_free, 2);
    assert_int_equal(sld_schedule_rescale(c), SLD_OK);
    assert_false(a->rescales);
    assert_true(lives(a));
    coordinator_free(c);
}

/* What grew and is slower for it, because others use the cores too, goes back, once. */
static void test_what_is_slower_on_more_ranks_goes_back(void **state)
{
    static const struct {
        double left_s; /* by its own estimate, 40 s after it was asked with 600 s left */
        bool   back;
    } cases[] = {{700, true}, {595, true}, {570, false}, {200, false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        coordinator *c = coordinator_make(*state, 4);
        attempt     *a;
        end_all_but(c, 1, 1);
        a = run_here(c, 0, 1, 1, 600);
        assert_int_equal(sld_schedule_rescale(c), SLD_OK);
        assert_true(a->rescales);
        assert_int_equal(ended_by(a), SIGUSR1);
        assert_int_equal(sld_schedule_ranks(c, 1, 4), 4);
        c->slots.n_free = 4;

        a            = run_here(c, 0, 1, 4, cases[i].left_s);
        a->started_s = fixture_now + 5;
        fixture_now += 20; /* too early to tell */
        sld_schedule_set_back(c);
        assert_false(a->rescales);
        fixture_now += 20;
        sld_schedule_set_back(c);
        assert_int_equal(a->shrinks, cases[i].back);
        if (cases[i].back) {
            assert_int_equal(ended_by(a), SIGUSR1);
            assert_int_equal(sld_schedule_ranks(c, 1, 4), 1);
            c->slots.n_free = 4;
            a               = run_here(c, 0, 1, 1, 500);
            a->started_s    = fixture_now;
            fixture_now += 100;
            sld_schedule_set_back(c);
            assert_int_equal(sld_schedule_rescale(c), SLD_OK); /* not to and fro */
            assert_false(a->rescales);
        }
        assert_true(lives(a));
        coordinator_free(c);
    }
}

static void test_a_launcher_without_ranks_is_ended(void **state)
{
    folder      *f = *state;
    coordinator *c = coordinator_make(f, 2);
    attempt     *done, *starting;
    char         run[PATH_MAX], path[PATH_MAX];

    done     = run_here(c, 0, 1, 1, 0);
    starting = run_here(c, 1, 2, 1, 0); /* none of its ranks was seen yet, and it has no result */
    sld_grid_trial_dir(f->grid, 1, run);
    sld_run_path(run, SLD_RUN_RESULTS, 0, path);
    put_file(path, "");
    for (int i = 0; i < 6; i++) { /* launch.leave_s is 60 */
        sld_schedule_reap(c);
        assert_true(lives(done));
        fixture_now += 11;
    }
    sld_schedule_reap(c);
    assert_true(done->reaped);
    assert_false(starting->reaped);
    assert_int_equal(ended_by(done), SIGKILL);
    assert_true(lives(starting));
    coordinator_free(c);
}

/* It forks to read a file of another program: that is no rank of it, and its end no end of ranks. */
static void test_a_trial_without_a_launcher_ends_by_itself(void **state)
{
    coordinator         *c   = coordinator_make(*state, 2);
    sld_sweep_run_params own = *c->params;
    char                 self[PATH_MAX];
    const ssize_t        n = readlink("/proc/self/exe", self, sizeof self - 1);
    attempt             *a = run_here(c, 0, 1, 1, 100);

    assert_true(n > 0);
    self[n]      = '\0';
    own.program  = self;
    c->params    = &own;
    a->had_ranks = true;
    for (int i = 0; i < 4; i++) {
        fixture_now += 61; /* launch.leave_s is 60 */
        sld_schedule_reap(c);
        assert_false(a->reaped);
    }
    assert_true(lives(a));
    coordinator_free(c);
}

/* An installation may replace the program while it runs. */
static void test_a_replaced_program_still_runs(void **state)
{
    char *const words[] = {"sleep", "100", NULL};
    char        path[PATH_MAX];
    (void)state;

    assert_int_equal(system("cp /bin/sleep replaced"), 0);
    assert_non_null(realpath("replaced", path));
    const pid_t pid = fork();
    if (pid == 0) {
        execv(path, words);
        _exit(1);
    }
    while (!sld_process_runs(pid, path)) {
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    }
    assert_int_equal(unlink(path), 0);
    assert_true(sld_process_runs(pid, path));
    *strrchr(path, 'd') = '\0';
    assert_false(sld_process_runs(pid, path));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* The attempt found a checkpoint of other libraries: it is no failure, the point is left to others and
 * the next one comes; once it is begun anew it is as any other. */
static void test_what_another_kind_began_is_passed_over(void **state)
{
    const sld_run_outcome end = {.end = SLD_END_KIND, .message = "another kind"};
    folder               *f   = *state;
    coordinator          *c   = coordinator_make(f, 8);
    char                  run[PATH_MAX], ckpt[PATH_MAX];
    bool                  rest;
    ledger                far;

    mark(c, 0, SLD_POINT_DONE);
    assert_true(claims(&c->ledger, 1));
    attempt *a = run_here(c, 0, 1, 1, 100);
    sld_grid_trial_dir(f->grid, 1, run);
    sld_ckpt_path(run, &(sld_ckpt){.epoch = 2, .attempt = 1}, ckpt);
    put_file(ckpt, "");
    sld_outcome_write(&f->ctx, run, 1, &end);
    kill(a->child.process.pid, SIGKILL);
    ended_by(a);
    assert_int_equal(sld_attempt_end(c, a, 2 << 8), SLD_OK);
    assert_int_equal(c->ledger.claims.entries[1].errors, 0);
    expect_next(c, 2, 3);
    assert_int_equal(sld_pass_over_rest(c, &rest), SLD_OK);
    assert_false(rest);
    end_all_but(c, 1, 1);
    assert_int_equal(sld_pass_over_rest(c, &rest), SLD_OK);
    assert_true(rest);

    join(f, "far/1", &far); /* one that can */
    assert_true(claims(&far, 1));
    assert_int_equal(sld_ledger_scan(&c->ledger), SLD_OK);
    assert_int_equal(sld_pass_over_rest(c, &rest), SLD_OK);
    assert_false(rest);
    sld_ledger_leave(&far);
    expect_next(c, -1, 0);
    assert_int_equal(sld_run_set_aside_checkpoints(&f->ctx, run), SLD_OK);
    expect_next(c, 1, 1);
    sld_ledger_close(&far);
    free(c->passed);
    coordinator_free(c);
}

/* A full disk ends the sweep, as one that the coordinator meets itself, and takes no trial's retries. */
static void test_a_full_disk_is_no_failure_of_a_trial(void **state)
{
    static const struct {
        const char *message;
        int         code;
        bool        stops;
    } cases[] = {{"ckpt.h5: cannot write 9 bytes: No space left on device", SLD_EXIT_STORAGE, true},
                 {"results.h5: cannot close: Disk quota exceeded", SLD_EXIT_STORAGE, true},
                 {"d.h5: cannot read: Input/output error", SLD_EXIT_STORAGE, false},
                 {"No space left on device is this trial's name", SLD_EXIT_FAILED, false}};
    folder      *f = *state;
    coordinator *c = coordinator_make(f, 1);

    mark(c, 0, SLD_POINT_DONE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sld_run_outcome end = {.end = SLD_END_FAILED};
        char            run[PATH_MAX];
        const size_t    point = i + 1;
        snprintf(end.message, sizeof end.message, "%s", cases[i].message);
        assert_true(claims(&c->ledger, point));
        attempt *a = run_here(c, 0, point, 1, 100);
        sld_grid_trial_dir(f->grid, point, run);
        sld_outcome_write(&f->ctx, run, 1, &end);
        kill(a->child.process.pid, SIGKILL);
        ended_by(a);
        assert_int_equal(sld_attempt_end(c, a, cases[i].code << 8),
                         cases[i].stops ? SLD_ERR_IO : SLD_OK);
        assert_int_equal(strstr(f->ctx.err.msg, "make room") != NULL, cases[i].stops);
        sld_err_clear(&f->ctx);
        assert_int_equal(claim_there(f, point, "1.error"), !cases[i].stops);
    }
    coordinator_free(c);
}

/* Signals that reach the coordinator after stops before (1: the job ends, or a disk is full), and by
 * what the trial is ended: the first SIGINT is gentle, the second is not. */
static void test_the_first_interrupt_is_gentle(void **state)
{
    static const struct {
        int before, signals[3], by;
    } cases[]  = {{0, {SIGINT}, SIGUSR1},          {1, {SIGINT}, SIGUSR1},
                  {0, {SIGTERM, SIGINT}, SIGUSR1}, {0, {SIGINT, SIGTERM}, SIGUSR1},
                  {0, {SIGINT, SIGINT}, SIGKILL},  {1, {SIGINT, SIGINT}, SIGKILL},
                  {1, {SIGTERM, SIGTERM}, SIGUSR1}};
    folder  *f = *state;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        coordinator *c       = coordinator_make(f, 1);
        attempt     *a       = run_here(c, 0, 1, 1, 100);
        const pid_t  pid     = a->child.process.pid;
        siginfo_t    stopped = {.si_pid = 0};

        kill(pid, SIGSTOP); /* all signals come before it can end by one of them */
        assert_int_equal(waitid(P_PID, (id_t)pid, &stopped, WSTOPPED), 0);
        c->signals = signalfd(-1, &set, SFD_NONBLOCK);
        c->stops   = cases[i].before;
        for (size_t k = 0; k < 3 && cases[i].signals[k]; k++) {
            kill(getpid(), cases[i].signals[k]);
            assert_false(sld_sweep_take_signals(c));
        }
        kill(pid, SIGCONT);
        assert_int_equal(ended_by(a), cases[i].by);
        assert_int_equal(c->stops, cases[i].by == SIGKILL ? 2 : 1);
        close(c->signals);
        coordinator_free(c);
    }
    assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
}

/* Exit code 1 of a coordinator on another machine: trials have failed, or it could not work. */
static void test_failed_trials_are_no_failure_of_a_helper(void **state)
{
    coordinator        *c    = coordinator_make(*state, 1);
    sld_allocation_node node = {.name = "far"};
    node_helper         far  = {.node = &node};
    const struct {
        sld_point_state last; /* of the last point; the others have ended */
        int             code, failures;
    } cases[] = {{SLD_POINT_FAILED, SLD_EXIT_FAILED, 0},
                 {SLD_POINT_FAILED, 127, 1},
                 {SLD_POINT_WAITING, SLD_EXIT_FAILED, 1},
                 {SLD_POINT_WAITING, SLD_EXIT_UNFINISHED, 0}};

    for (size_t point = 0; point < 4; point++) {
        mark(c, point, SLD_POINT_DONE);
    }
    c->helpers = (node_helpers){&far, 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].last == SLD_POINT_WAITING) {
            assert_int_equal(sld_ledger_unmark(&c->ledger, 4), SLD_OK);
        } else {
            mark(c, 4, cases[i].last);
        }
        far = (node_helper){.node = &node, .pid = 12};
        sld_nodes_end(c, 12, cases[i].code << 8);
        assert_int_equal(far.failures, cases[i].failures);
        assert_int_equal(far.again_at_s != 0, cases[i].failures);
        assert_int_equal(far.pid, 0);
    }
    c->helpers = (node_helpers){0};
    coordinator_free(c);
}

/* Of a sweep that others extend: what was added before the first look counts, what is not added changes
 * nothing, and an attempt that has ended keeps the index of a point that may be gone. */
static void test_points_that_change_meanwhile(void **state)
{
    static const char more[] = "name: s\nbase: {method: sld, teacher: big}\n"
                               "teachers: {big: {student: {network: resnet20}}}\n"
                               "axes: {arm: {A: {}, B: {correction: none}}}\nseeds: [1, 2, 3]\n";
    folder           *f      = *state;
    coordinator      *c      = coordinator_make(f, 2);
    sld_grid         *larger;
    sld_grid_change   change;

    assert_int_equal(sld_sweep_extend(c), SLD_OK);
    assert_ptr_equal(c->grid, f->grid);
    c->points[0] = '\0'; /* as before the first look */
    larger       = fixture_sweep(more, NULL);
    assert_int_equal(
        sld_grid_record(c->ctx, larger, f->dir, more, strlen(more), false, false, &change), SLD_OK);
    sld_grid_close(larger);
    assert_int_equal(sld_sweep_extend(c), SLD_OK);
    assert_int_equal(sld_grid_count(c->grid), 7);
    for (size_t point = 0; point < 7; point++) {
        mark(c, point, SLD_POINT_DONE);
    }
    c->attempts[1].point = 1000000;
    c->slots.n_free      = 1;
    assert_int_equal(sld_schedule_rescale(c), SLD_OK);
    sld_ledger_close(&c->ledger);
    sld_grid_close(c->own);
    free(c->attempts);
    free(c);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_teachers_before_their_students),
        IN_FOLDER(test_what_others_hold_is_theirs),
        IN_FOLDER(test_students_fail_with_their_teacher),
        IN_FOLDER(test_idle_cores_go_to_the_longest_trial),
        IN_FOLDER(test_no_trial_is_stopped_in_vain),
        IN_FOLDER(test_what_is_slower_on_more_ranks_goes_back),
        IN_FOLDER(test_a_launcher_without_ranks_is_ended),
        IN_FOLDER(test_a_trial_without_a_launcher_ends_by_itself),
        IN_FOLDER(test_a_replaced_program_still_runs),
        IN_FOLDER(test_what_another_kind_began_is_passed_over),
        IN_FOLDER(test_the_first_interrupt_is_gentle),
        IN_FOLDER(test_a_full_disk_is_no_failure_of_a_trial),
        IN_FOLDER(test_failed_trials_are_no_failure_of_a_helper),
        IN_FOLDER(test_points_that_change_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
