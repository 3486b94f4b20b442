/* The launcher's task count against MPI's: every real mismatch is refused, no ordinary environment
 * of a batch system is. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "world.h"

static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",     "SLURM_NTASKS",
                                        "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_PTY_PORT"};

/* settings: NAME=VALUE separated by blanks. The status for a world of world_size ranks. */
static sld_status check(const char *settings, int world_size)
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
    const sld_launcher launcher = sld_launcher_find();
    return sld_launcher_check(&ctx, &launcher, world_size);
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
    expect_refused("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2 SLURM_NTASKS=4", 1, "--mpi=pmix");
    expect_refused("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2 PMI_SIZE=4", 1, "--mpi=pmix");
    expect_refused("OMPI_COMM_WORLD_SIZE=4", 1, "mpirun that belongs to it");
    expect_refused("PMI_SIZE=4", 2, "mpirun of the MPI library");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_false_alarm),
        cmocka_unit_test(test_refused),
    };
    sld_ctx_init(&ctx);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
