/* One of each mistake in a room, for the tests of the layer checks; never compiled. */
#include <mpi.h>
#include <yaml.h>

#include "../store/internal.h"
#include "sld/data.h"

/* A comment may say exit() and MPI_Abort(). */
void layer_fail(int code)
{
    const char *text = "a string may say exit(1)";
    if (code > 1) {
        MPI_Abort(MPI_COMM_WORLD, code);
    }
    if (code > 0) {
        exit(code); /* but code may not */
    }
    sld_comm_abort(NULL, text[0]);
}

void sld_convolve(const float *x, size_t N, size_t C, size_t H, size_t W, const float *w, size_t K,
                  size_t stride, float *y);
