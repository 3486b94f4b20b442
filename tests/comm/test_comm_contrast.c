/* What sld_agree() is for. Run on three ranks with SLD_FAIL_AT=step:2@1: `agree` must end with one
 * status everywhere, `plain` must leave the other ranks waiting. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

/* Local. The part of a step that may fail. */
static sld_status local_work(void)
{
    if (sld_fault(&ctx, "step")) {
        return SLD_FAIL(&ctx, SLD_ERR_IO, "injected on rank %d", ctx.rank);
    }
    return SLD_OK;
}

/* Collective. */
static sld_status step(bool agree)
{
    sld_status st = local_work();
    if (agree) {
        st = sld_agree(&ctx, comm, st);
    }
    SLD_TRY(st);
    return sld_comm_barrier(&ctx, comm); /* stands for the collective work of the step */
}

static void say_waiting(int signal)
{
    (void)signal;
    static const char text[] = "left waiting\n";
    _exit(write(STDOUT_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

int main(int argc, char **argv)
{
    const bool agree = argc > 1 && strcmp(argv[1], "agree") == 0;
    if (world_begin() != 0) {
        return 1;
    }
    signal(SIGALRM, say_waiting);
    alarm(agree ? 100 : 3); /* s; steps take milliseconds, but who must not be late has time */

    sld_status st = SLD_OK;
    for (int k = 0; k < 3 && st == SLD_OK; k++) {
        st = step(agree);
    }
    alarm(0);
    if (!agree && st != SLD_OK) {
        pause(); /* the rank that returned; mpirun ends it when the others' alarm has rung */
    }
    const bool right =
        st == SLD_ERR_IO && ctx.err.rank == 1 && strcmp(ctx.err.msg, "injected on rank 1") == 0;
    return world_end(right ? 0 : 1);
}
