/* What the environment and one answer of a batch system say of a job: nodes, CPUs, memory, its end. The
 * batch systems' commands are shell scripts of the test's own. */
#include "fixture.h"

#include <sys/stat.h>
#include <time.h>

#include "allocation.h"
#include "nodes.h"

static void clear_environment(void)
{
    static const char *const names[] = {"SLURM_JOB_ID",
                                        "SLURM_JOB_NODELIST",
                                        "SLURM_JOB_CPUS_PER_NODE",
                                        "SLURM_MEM_PER_NODE",
                                        "SLURM_MEM_PER_CPU",
                                        "SLURMD_NODENAME",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_PROCID",
                                        "SLURM_JOB_END_TIME",
                                        "SLURM_PTY_PORT",
                                        "SLURM_RESTART_COUNT",
                                        "PBS_JOBID",
                                        "PBS_NODEFILE",
                                        "NCPUS",
                                        "FLUX_JOB_ID",
                                        "FLUX_URI",
                                        "FLUX_JOB_NNODES",
                                        "FLUX_JOB_SIZE",
                                        "OMPI_COMM_WORLD_SIZE",
                                        "PMI_SIZE",
                                        "SLURM_JOB_NUM_NODES"};

    for (size_t i = 0; i < COUNT(names); i++) {
        unsetenv(names[i]);
    }
}

/* A command of that name, the only ones to be found, that counts its calls in the file "calls". */
static void put_command(const folder *f, const char *name, const char *script)
{
    char path[160], text[2048];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    snprintf(text, sizeof text, "#!/bin/sh\necho \"$0 $*\" >> %s/calls\n%s\n", f->dir, script);
    put_file(path, text);
    chmod(path, 0755);
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", f->dir);
    setenv("PATH", path, 1);
}

static int calls(const folder *f)
{
    char  path[160];
    int   n = 0, byte;
    FILE *file;

    snprintf(path, sizeof path, "%s/calls", f->dir);
    file = fopen(path, "r");
    while (file && (byte = fgetc(file)) != EOF) {
        n += byte == '\n';
    }
    if (file) {
        fclose(file);
        unlink(path);
    }
    return n;
}

static void test_lists_of_nodes(void **state)
{
    static const struct {
        const char *list, *names; /* NULL: refused */
    } cases[] = {{"n1", "n1"},
                 {"n[1-3]", "n1 n2 n3"},
                 {"n[08-10,7]-ib,login", "n08-ib n09-ib n10-ib n7-ib login"},
                 {"r[1-2]c[01,3]", "r1c01 r1c3 r2c01 r2c3"},
                 {"a.site.org,b-[2]", "a.site.org b-2"},
                 {"", NULL},
                 {"n[1-", NULL},
                 {"n[3-1]", NULL},
                 {"n[a-b]", NULL},
                 {"n[]", NULL},
                 {"n[0-999999999]", NULL},
                 {"n[1-99999999999999999999]", NULL}};
    folder *f = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_allocation_node *nodes;
        size_t               n;
        char                 all[256] = "";
        const sld_status     st       = sld_hostlist_expand(&f->ctx, cases[i].list, &nodes, &n);
        for (size_t k = 0; k < n; k++) {
            strcat(strcat(all, k ? " " : ""), nodes[k].name);
        }
        free(nodes);
        sld_err_clear(&f->ctx);
        assert_int_equal(st, cases[i].names ? SLD_OK : SLD_ERR_DATA);
        assert_string_equal(all, cases[i].names ? cases[i].names : "");
    }
}

static void test_no_job(void **state)
{
    folder        *f = *state;
    sld_allocation a;

    clear_environment();
    put_command(f, "scontrol", "exit 1");
    assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
    assert_int_equal(a.scheduler, SLD_SCHEDULER_NONE);
    assert_int_equal(a.n_nodes, 0);
    assert_false(a.one_of_many);
    assert_true(sld_allocation_left_s(&a) > 1e9);
    assert_int_equal(calls(f), 0);
    sld_allocation_free(&a);
}

static void test_a_job_of_slurm(void **state)
{
    folder        *f = *state;
    sld_allocation a;

    clear_environment();
    setenv("SLURM_JOB_ID", "7", 1);
    setenv("SLURM_JOB_NODELIST", "n[1-3]", 1);
    setenv("SLURM_JOB_CPUS_PER_NODE", "2(x2),4", 1);
    setenv("SLURM_MEM_PER_CPU", "100", 1);
    setenv("SLURMD_NODENAME", "n3", 1);
    put_command(f, "scontrol",
                "echo \"JobId=7 JobName=EndTime=3 JobState=RUNNING Requeue=1 Restarts=2 "
                "EndTime=5000000000 Deadline=N/A\"");
    assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
    assert_int_equal(calls(f), 1);
    assert_int_equal(a.scheduler, SLD_SCHEDULER_SLURM);
    assert_int_equal(a.n_nodes, 3);
    assert_int_equal(a.here, 2);
    assert_int_equal(a.nodes[1].cpus, 2);
    assert_int_equal(a.nodes[2].cpus, 4);
    assert_true(a.memory_bytes == 400 * 1048576.0);
    assert_true(a.end_s == 5e9);
    assert_int_equal(a.requeue, 1);
    assert_int_equal(a.restarts, 2);
    assert_false(a.bound || a.one_of_many);
    sld_allocation_free(&a);

    setenv("SLURM_JOB_END_TIME", "4000000000", 1); /* then nobody is asked */
    setenv("SLURM_STEP_NUM_TASKS", "2", 1);
    setenv("SLURM_PROCID", "1", 1);
    assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
    assert_int_equal(calls(f), 0);
    assert_true(a.end_s == 4e9);
    assert_true(a.bound && a.one_of_many);
    sld_allocation_free(&a);
}

/* A controller that is down, has no limit for the job, or talks nonsense: the end is not known. */
static void test_answers_that_tell_nothing(void **state)
{
    static const char *const scripts[] = {"exit 1",
                                          "echo 'JobId=7 JobState=RUNNING EndTime=Unknown'",
                                          "echo EndTime=5", "head -c 100000 /dev/zero"};
    folder                  *f         = *state;
    sld_allocation           a;

    clear_environment();
    setenv("SLURM_JOB_ID", "7", 1);
    setenv("SLURM_JOB_NODELIST", "n[1-", 1);
    setenv("SLURM_JOB_NUM_NODES", "2", 1);
    for (size_t i = 0; i < COUNT(scripts); i++) {
        put_command(f, "scontrol", scripts[i]);
        assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
        assert_true(a.end_s == 0 && a.n_nodes == 2 && !a.nodes && a.here == -1);
        assert_true(sld_allocation_left_s(&a) > 1e9);
        sld_allocation_free(&a);
    }
}

/* The end stands before what an answer lists at length. */
static void test_an_answer_longer_than_is_read(void **state)
{
    folder        *f = *state;
    sld_allocation a;

    clear_environment();
    setenv("SLURM_JOB_ID", "7", 1);
    put_command(f, "scontrol",
                "echo JobId=7 JobName=x JobState=RUNNING EndTime=4000000000 $(seq 1 50000)");
    assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
    assert_true(a.end_s == 4e9);
    sld_allocation_free(&a);
}

static void test_a_job_of_pbs(void **state)
{
    static const struct {
        const char *walltime;
        double      seconds; /* 0: it is not read */
    } limits[] = {{"01:30:00", 5400}, {"1:01:30:00", 91800}, {"200:00:05", 720005}, {"30:00", 1800},
                  {"7200", 7200},     {"1:1:1:1:1", 0},      {"never", 0}};
    folder        *f = *state;
    char           path[160], host[64] = "", text[400];
    sld_allocation a;
    struct tm      start = {.tm_year = 130, .tm_mday = 2, .tm_hour = 3, .tm_isdst = -1};

    gethostname(host, sizeof host - 1);
    clear_environment();
    snprintf(path, sizeof path, "%s/nodes", f->dir);
    snprintf(text, sizeof text, "far\nfar\n%s.site.org\nfar\n", host);
    put_file(path, text);
    setenv("PBS_JOBID", "9.server", 1);
    setenv("PBS_NODEFILE", path, 1);
    setenv("NCPUS", "8", 1);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        snprintf(text, sizeof text,
                 "echo 'Job Id: 9.server\n    Rerunable = True\n    Resource_List.walltime = %s\n"
                 "    stime = Wed Jan  2 03:00:00 2030'",
                 limits[i].walltime);
        put_command(f, "qstat", text);
        assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
        assert_int_equal(calls(f), 1);
        assert_int_equal(a.scheduler, SLD_SCHEDULER_PBS);
        assert_int_equal(a.n_nodes, 2);
        assert_int_equal(a.here, 1);
        assert_int_equal(a.nodes[1].cpus, 8);
        assert_true(a.end_s ==
                    (limits[i].seconds > 0 ? (double)mktime(&start) + limits[i].seconds : 0));
        assert_int_equal(a.requeue, 1);
        sld_allocation_free(&a);
    }
}

static void test_a_job_of_flux(void **state)
{
    folder        *f = *state;
    sld_allocation a;

    clear_environment();
    setenv("FLUX_JOB_ID", "f7", 1);
    setenv("FLUX_JOB_NNODES", "4", 1);
    setenv("FLUX_JOB_SIZE", "4", 1);
    put_command(f, "flux", "echo 100");
    assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
    assert_int_equal(a.scheduler, SLD_SCHEDULER_FLUX);
    assert_int_equal(a.n_nodes, 4);
    assert_true(a.one_of_many);
    assert_true(sld_allocation_left_s(&a) > 95 && sld_allocation_left_s(&a) <= 101);
    put_command(f, "flux", "echo 4294967295"); /* no limit */
    assert_int_equal(sld_allocation_find(&f->ctx, true, &a), SLD_OK);
    assert_true(a.end_s == 0);
    sld_allocation_free(&a);
}

static bool among(char **words, const char *wanted)
{
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* What a batch script has in its environment for srun was not meant for this one. */
static void test_the_step_on_another_node(void **state)
{
    static const char *const  given[] = {"launch.ranks=2"};
    const sld_allocation_node node    = {.name = "n2", .cpus = 4};
    const node_command        command = {
               .program = "/opt/sld", .dir = "/s", .words = given, .n_words = 1, .end_s = 5e9};

    clear_environment();
    setenv("SLURM_JOB_ID", "7", 1);
    setenv("SLURM_CPU_BIND", "quiet,mask_cpu:0x1", 1);
    setenv("SLURM_NTASKS_PER_NODE", "9", 1);
    setenv("MINE", "x", 1);
    char **words       = sld_nodes_words(&command, &node),
         **environment = sld_nodes_environment(&command);
    assert_non_null(words);
    assert_non_null(environment);
    assert_string_equal(words[0], "srun");
    assert_true(among(words, "--overlap") && among(words, "--nodelist=n2"));
    assert_true(among(words, "--cpus-per-task=4") && among(words, "launch.ranks=2"));
    assert_true(among(environment, "SLURM_JOB_ID=7") && among(environment, "MINE=x"));
    assert_true(among(environment, "SLURM_JOB_END_TIME=5000000000"));
    assert_false(among(environment, "SLURM_CPU_BIND=quiet,mask_cpu:0x1"));
    assert_false(among(environment, "SLURM_NTASKS_PER_NODE=9"));
    sld_launch_free(words);
    sld_launch_free(environment);
}

static const char *const *mpirun_of_mpich(bool crowded)
{
    static const char *const words[] = {"mpirun", "-bind-to", "none", "-n", NULL};

    (void)crowded;
    return words;
}

/* Ranks that do not fit on one machine: by what srun offers of what the MPI needs; a line of the
 * user's own stands. */
static void test_a_trial_over_machines(void **state)
{
    static const struct {
        const char *plugins, *mine, *command, *wanted;
        int64_t     ranks;
        int         at_a_time;
    } cases[] = {{"pmix_v4\n\tpmix", "pmix", "", "srun --mpi=pmix --exact -N2 -n {ranks}", 4, 2},
                 {"pmix_v4\n\tpmix", "pmix", "", "srun --mpi=pmix --exact -N4 -n {ranks}", 99, 1},
                 {"pmix\n\tpmi2", "pmi2", "", "srun --mpi=pmi2 --exact -N2 -n {ranks}", 3, 2},
                 {"none\n\tpmix", "pmi2", "",
                  "env SLURM_OVERLAP=1 mpirun -bind-to none --host n1:2,n2:2,n3:2,n4:2 -n {ranks}",
                  3, 1},
                 {"pmix", "pmix", "", "", 2, 7},
                 {"pmix", "pmix", "mine", "mine", 4, 7}};
    folder      *f = *state;
    coordinator *c = calloc(1, sizeof *c);
    char         script[200];

    clear_environment();
    setenv("SLURM_JOB_ID", "7", 1);
    setenv("SLURM_JOB_END_TIME", "5000000000", 1);
    setenv("SLURM_JOB_NODELIST", "n[1-4]", 1);
    setenv("SLURMD_NODENAME", "n2", 1);
    assert_int_equal(sld_allocation_find(&f->ctx, true, &c->allocation), SLD_OK);
    c->ctx = &f->ctx;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const sld_launch launch = {.ranks = cases[i].ranks, .command = cases[i].command};
        snprintf(script, sizeof script, "printf '%s\n' >&2", cases[i].plugins);
        put_command(f, "srun", script);
        const sld_sweep_run_params params = {.mpirun      = mpirun_of_mpich,
                                             .srun_plugin = cases[i].mine};
        c->params                         = &params;
        c->launch                         = &launch;
        c->spans                          = false;
        c->slots                          = (slots){.n_cores = 2, .max_trials = 7};
        sld_span_choose(c);
        assert_string_equal(c->command, cases[i].wanted);
        assert_int_equal(c->slots.max_trials, cases[i].at_a_time);
        assert_int_equal(c->spans, *cases[i].wanted != '\0' && *cases[i].command == '\0');
    }
    sld_allocation_free(&c->allocation);
    free(c);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_lists_of_nodes),
        IN_FOLDER(test_no_job),
        IN_FOLDER(test_a_job_of_slurm),
        IN_FOLDER(test_answers_that_tell_nothing),
        IN_FOLDER(test_an_answer_longer_than_is_read),
        IN_FOLDER(test_a_job_of_pbs),
        IN_FOLDER(test_a_job_of_flux),
        IN_FOLDER(test_the_step_on_another_node),
        IN_FOLDER(test_a_trial_over_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
