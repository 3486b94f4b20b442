/* restart.c: the program once more, with kernels that suit the CPU. OpenBLAS chooses its kernels
 * when it is loaded, before main(); only a new image of the same process can choose others. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "sld/kernels.h"

#define CORE_TYPE "OPENBLAS_CORETYPE"

void sld_restart_for_kernels(char **argv)
{
    const char *core = sld_kernels_core_wanted();
    char        program[PATH_MAX];

    /* set by the user, or by us: this is the second image, whatever the library made of it */
    if (!core || getenv(CORE_TYPE)) {
        return;
    }
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0 || setenv(CORE_TYPE, core, 1) != 0) {
        return;
    }
    program[n] = '\0'; /* not the link itself: the process would be called "exe" */
    execv(program, argv);
    unsetenv(CORE_TYPE); /* the program's file is gone: on with the kernels that there are */
}
