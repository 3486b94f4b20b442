/* CPU placement: none leaves, a list pins rank i to its i-th CPU, auto spreads without overlap. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

#include "internal.h"
#include "world.h"

static cpu_set_t at_start;

static int restore(void **state)
{
    (void)state;
    sld_err_clear(&ctx);
    return sched_setaffinity(0, sizeof at_start, &at_start);
}

static cpu_set_t now(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return set;
}

static int first_allowed(void)
{
    int cpu = 0;
    while (!CPU_ISSET(cpu, &at_start)) {
        cpu++;
    }
    return cpu;
}

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(sld_comm_set_affinity(&ctx, comm, "none"), SLD_OK);
    const cpu_set_t set = now();
    assert_true(CPU_EQUAL(&set, &at_start));
}

/* Each CPU goes to one rank when there are enough, else nothing changes. */
static void test_auto(void **state)
{
    (void)state;
    const bool enough = CPU_COUNT(&at_start) >= comm->node_size && comm->same_cpus;
    assert_int_equal(sld_comm_set_affinity(&ctx, comm, "auto"), SLD_OK);
    const cpu_set_t set = now();
    assert_true(CPU_COUNT(&set) > 0);
    int held[CPU_SETSIZE], total[CPU_SETSIZE];
    for (int i = 0; i < CPU_SETSIZE; i++) {
        held[i] = CPU_ISSET(i, &set) ? 1 : 0;
    }
    MPI_Allreduce(held, total, CPU_SETSIZE, MPI_INT, MPI_SUM, comm->node);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        const int allowed = CPU_ISSET(i, &at_start) ? 1 : 0;
        assert_int_equal(total[i], allowed * (enough ? 1 : comm->node_size));
    }
}

static void test_list(void **state)
{
    (void)state;
    const int cpu       = first_allowed();
    char      list[256] = "";
    for (int r = 0; r < comm->node_size; r++) {
        snprintf(list + strlen(list), sizeof list - strlen(list), r ? ",%d" : "%d-%d", cpu, cpu);
    }
    assert_int_equal(sld_comm_set_affinity(&ctx, comm, list), SLD_OK);
    const cpu_set_t set = now();
    assert_int_equal(CPU_COUNT(&set), 1);
    assert_true(CPU_ISSET(cpu, &set));
}

static void test_bad_lists(void **state)
{
    (void)state;
    const char *const lists[] = {"",
                                 "x",
                                 "0,",
                                 ",0",
                                 "0-",
                                 "3-1",
                                 "-1",
                                 "0 1",
                                 "0,,1",
                                 "auto,0",
                                 "0-9999",
                                 "99999999999",
                                 "1023-1023,1023,1023,1023,1023,1023,1023,1023"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        sld_err_clear(&ctx);
        assert_int_equal(sld_comm_set_affinity(&ctx, comm, lists[i]), SLD_ERR_CONFIG);
        assert_non_null(strstr(ctx.err.msg, "parallel.cpus"));
    }
}

static void test_too_short(void **state)
{
    (void)state;
    char list[16], expected[80];
    snprintf(list, sizeof list, "%d", first_allowed());
    snprintf(expected, sizeof expected, "each of the %d ranks on this machine, got 1",
             comm->node_size);
    const sld_status st = sld_comm_set_affinity(&ctx, comm, list);
    assert_int_equal(st, comm->node_size > 1 ? SLD_ERR_CONFIG : SLD_OK);
    assert_true(comm->node_size == 1 || strstr(ctx.err.msg, expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_none, restore),
        cmocka_unit_test_teardown(test_auto, restore),
        cmocka_unit_test_teardown(test_list, restore),
        cmocka_unit_test_teardown(test_bad_lists, restore),
        cmocka_unit_test_teardown(test_too_short, restore),
    };
    if (world_begin() != 0) {
        return 1;
    }
    at_start = now();
    return world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
