/* The launcher's task count against MPI's: every real mismatch is refused, no ordinary environment
 * of a batch system is. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "world.h"

static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE",
                                        "PMI_SIZE",
                                        "SLURM_NTASKS",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_PROCID",
                                        "SLURM_PTY_PORT",
                                        "PMIX_RANK",
                                        "PMI_FD",
                                        "PMI_PORT",
                                        "OMPI_COMM_WORLD_RANK",
                                        "PMI_RANK"};

/* settings: NAME=VALUE separated by blanks, and nothing else of a launcher. */
static sld_launcher find(const char *settings)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    char text[256];
    snprintf(text, sizeof text, "%s", settings);
    for (char *item = strtok(text, " "); item; item = strtok(NULL, " ")) {
        char *value = strchr(item, '=');
        *value      = '\0';
        setenv(item, value + 1, 1);
    }
    sld_err_clear(&ctx);
    return sld_launcher_find();
}

/* The status for a world of world_size ranks. */
static sld_status check(const char *settings, int world_size)
{
    const sld_launcher launcher = find(settings);
    return sld_launcher_check(&ctx, &launcher, world_size);
}

/* Before MPI_Init: is MPI led to a server, and what is said where it has none. */
static sld_status check_before(const char *settings, bool connects)
{
    const sld_launcher launcher = find(settings);
    assert_int_equal(sld_launcher_connects(&launcher), connects);
    return sld_launcher_check_before(&ctx, &launcher, connects);
}

static void test_no_false_alarm(void **state)
{
    (void)state;
    assert_int_equal(check("", 1), SLD_OK);
    assert_int_equal(check("OMPI_COMM_WORLD_SIZE=4", 4), SLD_OK);
    /* a bare sld in a batch script of 8 tasks */
    assert_int_equal(check("SLURM_NTASKS=8 SLURM_PROCID=0", 1), SLD_OK);
    /* mpirun -n 4 in that script, its daemons started by srun on 2 machines */
    assert_int_equal(
        check("SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 OMPI_COMM_WORLD_SIZE=4", 4),
        SLD_OK);
    /* mpirun -n 1 below 8 daemons */
    assert_int_equal(check("SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=3 OMPI_COMM_WORLD_SIZE=1", 1),
                     SLD_OK);
    /* a bare sld typed under srun -n 4 --pty bash */
    assert_int_equal(check("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 SLURM_PTY_PORT=40123", 1),
                     SLD_OK);
    /* srun with PMIx, and with one task */
    assert_int_equal(check("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2", 4), SLD_OK);
    assert_int_equal(check("SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0", 1), SLD_OK);
    /* not a number: says nothing */
    assert_int_equal(check("PMI_SIZE=many", 1), SLD_OK);
}

static void expect_refused(const char *settings, int world_size, const char *cure)
{
    assert_int_equal(check(settings, world_size), SLD_ERR_CONFIG);
    assert_non_null(strstr(ctx.err.msg, "started 4 tasks"));
    assert_non_null(strstr(ctx.err.msg, world_size == 1 ? "only 1 " : "only 2 "));
    assert_non_null(strstr(ctx.err.msg, cure));
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2 SLURM_NTASKS=4", 1, "--mpi=pmi");
    expect_refused("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2 PMI_SIZE=4", 1, "--mpi=pmi");
    expect_refused("OMPI_COMM_WORLD_SIZE=4", 1, "mpirun that belongs to it");
    expect_refused("PMI_SIZE=4", 2, "mpirun of the MPI library");
}

static void test_before_mpi(void **state)
{
    (void)state;
    assert_int_equal(check_before("", false), SLD_OK);
    assert_int_equal(check_before("OMPI_COMM_WORLD_SIZE=4", true), SLD_OK);
    assert_int_equal(check_before("PMI_SIZE=4", true), SLD_OK);
    assert_int_equal(check_before("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=1 PMIX_RANK=1", true),
                     SLD_OK);
    /* typed below srun --pty, and the only task of a plain srun: worlds of one */
    assert_int_equal(
        check_before("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 SLURM_PTY_PORT=40123", false), SLD_OK);
    assert_int_equal(check_before("SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0", false), SLD_OK);
    assert_int_equal(check_before("SLURM_STEP_NUM_TASKS=3 SLURM_PROCID=2", false), SLD_ERR_CONFIG);
    assert_non_null(strstr(ctx.err.msg, "started 3 tasks"));
    assert_non_null(strstr(ctx.err.msg, "--mpi=pmi"));
}

static int rank_in(const char *settings)
{
    find(settings);
    return sld_launcher_rank();
}

static void test_rank(void **state)
{
    (void)state;
    assert_int_equal(rank_in(""), 0);
    assert_int_equal(rank_in("OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=3"), 3);
    assert_int_equal(rank_in("PMI_SIZE=4 PMI_RANK=2"), 2);
    assert_int_equal(rank_in("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=1 PMIX_RANK=1"), 1);
    assert_int_equal(rank_in("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=3"), 3);
    /* process 3 of an allocation, but no task of a step */
    assert_int_equal(rank_in("SLURM_NTASKS=4 SLURM_PROCID=3"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_false_alarm),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_before_mpi),
        cmocka_unit_test(test_rank),
    };
    sld_ctx_init(&ctx);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
