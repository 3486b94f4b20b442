/* The watching thread beside real MPI: ranks exchange messages, share a page and leave while it
 * looks at their pulses. */
#include <unistd.h>

#include "comm/world.h"

static void never(sld_ctx *stalled, const char *message)
{
    _exit(1);
}

static void test_watched_world(void **state)
{
    enum { N = 64, ROUNDS = 40 };
    const sld_watchdog_params params = {.limit_s = 6.0, .setting = "test", .stalled = never};
    sld_shared               *shared = NULL;

    (void)state;
    assert_int_equal(sld_comm_watchdog(&ctx, comm, &params), SLD_OK);
    assert_int_equal(sld_shared_create(&ctx, comm, N * sizeof(float), &shared), SLD_OK);
    float *values = sld_shared_ptr(shared);
    for (int round = 1; round <= ROUNDS; round++) {
        float rows[N] = {0.0f};

        if (sld_comm_node_rank(comm) == 0) {
            values[round] = (float)round;
        }
        assert_int_equal(sld_shared_ready(&ctx, comm, shared), SLD_OK);
        assert_true(values[round] == (float)round);
        assert_int_equal(sld_comm_gather_rows(&ctx, comm, rows, N, 1, 1), SLD_OK);
        assert_int_equal(sld_agree(&ctx, comm, SLD_OK), SLD_OK);
        usleep(20000); /* three looks in all */
    }
    sld_shared_destroy(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_watched_world)};

    return world_begin() != 0 ? 1 : world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
