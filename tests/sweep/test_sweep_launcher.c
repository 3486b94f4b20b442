/* A trial as a program of its own: its command line, its environment, and the start barrier. */
#include "fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

static const char *const settings[] = {"run.dir=\"/a b/it's\"", "train.epochs=2"};

static const char *const mpirun[] = {"mpirun", "--bind-to", "none", "-n", NULL};

static launch_job job_of(int ranks, const char *command)
{
    return (launch_job){.program    = "/opt/sld",
                        .experiment = "/s/e.yaml",
                        .settings   = settings,
                        .n_settings = 2,
                        .ranks      = ranks,
                        .cpus       = "0,2",
                        .mpirun     = mpirun,
                        .command    = command,
                        .hosts      = "node7,node8",
                        .log        = "/dev/null",
                        .word       = SLD_CLAIM_NAME "x.1.y"};
}

/* wanted: words between bars. */
static void expect_words(const launch_job *job, const char *wanted)
{
    char **words     = sld_launch_words(job);
    char   all[1024] = "";
    size_t n         = 0;

    assert_non_null(words);
    for (size_t i = 0; words[i]; i++) {
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? "|" : "", words[i]);
    }
    assert_string_equal(all, wanted);
    sld_launch_free(words);
}

static void test_command_lines(void **state)
{
    launch_job job = job_of(1, "");

    expect_words(&job, "/opt/sld|run|/s/e.yaml|run.dir=\"/a b/it's\"|train.epochs=2");
    job = job_of(3, "");
    expect_words(&job, "mpirun|--bind-to|none|-n|3|/opt/sld|run|/s/e.yaml|"
                       "run.dir=\"/a b/it's\"|train.epochs=2");
}

/* The user's line goes to a shell as it stands; what sld adds is quoted. */
static void test_the_users_launcher(void **state)
{
    launch_job job = job_of(3, "srun -n {ranks} -w {hosts} --cpu-bind=map_cpu:{cpus} {rank} $X");

    expect_words(
        &job, "sh|-c|exec srun -n 3 -w node7,node8 --cpu-bind=map_cpu:0,2 {rank} $X /opt/sld run "
              "/s/e.yaml 'run.dir=\"/a b/it'\\''s\"' train.epochs=2");
}

/* How often an entry that begins so stands in the environment; *last: it. */
static int count(char **environment, const char *begins, const char **last)
{
    int n = 0;

    for (size_t i = 0; environment[i]; i++) {
        if (strncmp(environment[i], begins, strlen(begins)) == 0) {
            *last = environment[i];
            n++;
        }
    }
    return n;
}

static void test_environment(void **state)
{
    static const char *const foreign[] = {"OMPI_COMM_WORLD_RANK",
                                          "PMIX_RANK",
                                          "PMI_FD",
                                          "SLD_TERMINAL",
                                          "SLURM_STEPID",
                                          "SLURM_STEP_ID",
                                          "SLURM_STEP_NUM_TASKS",
                                          "SLURM_PROCID",
                                          "OMPI_MCA_orte_hnp_uri",
                                          "OMPI_MCA_ess",
                                          "OMPI_MCA_orte_ess_num_procs"};
    const launch_job         job       = job_of(2, "");
    const char              *last      = NULL;

    for (size_t i = 0; i < COUNT(foreign); i++) {
        setenv(foreign[i], "1", 1);
    }
    setenv("OMPI_MCA_pml", "ob1", 1); /* the user's own choices stay */
    setenv("OMPI_ALLOW_MORE", "1", 1);
    setenv("OMPI_MCA_ras", "slurm", 1); /* but not which machines its mpirun asks for */
    setenv("HYDRA_LAUNCHER", "slurm", 1);
    setenv("SLURM_JOB_ID", "7", 1);
    setenv("TERM", "xterm", 1);
    setenv("SLD_CLAIM", "outer.1.z", 1);
    setenv("MINE", "a=b", 1);
    char **environment = sld_launch_environment(&job);
    assert_non_null(environment);
    for (size_t i = 0; i < COUNT(foreign); i++) {
        assert_int_equal(count(environment, foreign[i], &last), 0);
    }
    assert_int_equal(count(environment, "OMPI_MCA_pml=ob1", &last), 1);
    assert_int_equal(count(environment, "OMPI_ALLOW_MORE=1", &last), 1);
    assert_int_equal(count(environment, "SLURM_JOB_ID=7", &last), 1);
    assert_int_equal(count(environment, "OMPI_MCA_ras=", &last), 1);
    assert_non_null(strchr(last, '^'));
    assert_int_equal(count(environment, "OMPI_MCA_plm=^slurm", &last), 1);
    assert_int_equal(count(environment, "HYDRA_RMK=user", &last), 1);
    assert_int_equal(count(environment, "HYDRA_LAUNCHER=", &last), 1);
    assert_string_equal(last, "HYDRA_LAUNCHER=fork");
    assert_int_equal(count(environment, "MINE=a=b", &last), 1);
    assert_int_equal(count(environment, "TERM=", &last), 1);
    assert_string_equal(last, "TERM=dumb");
    assert_int_equal(count(environment, SLD_CLAIM_NAME, &last), 1);
    assert_string_equal(last, SLD_CLAIM_NAME "x.1.y");
    sld_launch_free(environment);
}

/* What a batch script's own options become in its environment is not for the srun of a trial, which
 * has other tasks. A launcher of the user's gets all. */
static void test_what_srun_inherits(void **state)
{
    static const char *const options[] = {"SLURM_CPUS_PER_TASK=2", "SLURM_TRES_PER_TASK=cpu=2",
                                          "SRUN_CPUS_PER_TASK=2", "SLURM_NTASKS_PER_NODE=1"};
    const char              *last      = NULL;

    for (size_t i = 0; i < COUNT(options); i++) {
        putenv((char *)options[i]);
    }
    setenv("SLURM_JOB_ID", "7", 1);
    for (int by_srun = 0; by_srun < 2; by_srun++) {
        launch_job job     = job_of(3, "srun -n {ranks}");
        job.by_srun        = by_srun;
        char **environment = sld_launch_environment(&job);
        assert_non_null(environment);
        for (size_t i = 0; i < COUNT(options); i++) {
            assert_int_equal(count(environment, options[i], &last), !by_srun);
        }
        assert_int_equal(count(environment, "SLURM_JOB_ID=7", &last), 1);
        sld_launch_free(environment);
    }
}

/* A program that leaves its words in a file beside it. */
static void put_program(const folder *f, char *program, char *started, size_t n)
{
    char text[256];

    snprintf(program, n, "%s/program", f->dir);
    snprintf(started, n, "%s/started", f->dir);
    snprintf(text, sizeof text, "#!/bin/sh\necho \"$*\" > %s\nexit 7\n", started);
    put_file(program, text);
    chmod(program, 0755);
}

static void test_the_start_barrier(void **state)
{
    folder      *f = *state;
    char         program[128], started[128], text[128] = "";
    launch_job   job = job_of(1, "");
    launch_child child;
    int          status;

    put_program(f, program, started, sizeof program);
    job.program = program;
    assert_int_equal(sld_launch_prepare(&f->ctx, &job, &child), SLD_OK);
    assert_false(sld_process_gone(child.process)); /* it can be named in a claim */
    sld_launch_cancel(&child);
    assert_true(sld_process_gone(child.process));
    assert_int_not_equal(access(started, F_OK), 0); /* and has never begun */

    assert_int_equal(sld_launch_prepare(&f->ctx, &job, &child), SLD_OK);
    sld_launch_release(&child);
    assert_int_equal(waitpid(child.process.pid, &status, 0), child.process.pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    FILE *file = fopen(started, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "run /s/e.yaml run.dir=\"/a b/it's\" train.epochs=2\n");
}

/* A program that is not there is told in the trial's log and by the exit code of shells. */
static void test_a_program_that_is_not_there(void **state)
{
    folder      *f   = *state;
    launch_job   job = job_of(1, "");
    char         log[128], text[256] = "";
    launch_child child;
    int          status;

    snprintf(log, sizeof log, "%s/log", f->dir);
    job.program = "/nowhere/sld";
    job.log     = log;
    assert_int_equal(sld_launch_prepare(&f->ctx, &job, &child), SLD_OK);
    sld_launch_release(&child);
    assert_int_equal(waitpid(child.process.pid, &status, 0), child.process.pid);
    assert_int_equal(WEXITSTATUS(status), 127);
    sld_attempt_log_reason(log, text);
    assert_string_equal(text, "/nowhere/sld: cannot be started: No such file or directory");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_lines), cmocka_unit_test(test_the_users_launcher),
        cmocka_unit_test(test_environment),   cmocka_unit_test(test_what_srun_inherits),
        IN_FOLDER(test_the_start_barrier),    IN_FOLDER(test_a_program_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
